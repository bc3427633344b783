//! Who looked at whom, who did what, when and from where. Kept in `access.db`, never in the log.

use rusqlite::{Connection, params, params_from_iter};
use tokio::sync::{mpsc, oneshot};
use tracing::error;

use super::{Access, Error};
use crate::model::Time;

/// Lines that may wait for the writer before a reader has to wait.
const WAITING: usize = 1024;
/// Lines answered to one search.
pub const SEARCH_MOST: u32 = 1000;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub at: Time,
    pub who: String,
    pub role: String,
    /// `read patient`, `acknowledge alert`, …
    pub action: String,
    pub patient: Option<String>,
    /// The alert or quarantine row, where there is one.
    pub subject: Option<String>,
    pub address: String,
    /// `done`, or why not.
    pub outcome: String,
}

/// What a search asks for; what is absent does not narrow it.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub who: Option<String>,
    pub patient: Option<String>,
    /// How the action begins: `read`, `acknowledge alert`.
    pub action: Option<String>,
    /// How the outcome begins: `done`, `refused`, `failed`.
    pub outcome: Option<String>,
    pub from: Option<Time>,
    pub to: Option<Time>,
    pub limit: Option<u32>,
}

/// Where lines are handed in. One thread writes them, many to a commit.
#[derive(Clone)]
pub struct Audit {
    handed: mpsc::Sender<Handed>,
}

enum Handed {
    Line(Line),
    /// Somebody waits until everything before this is written.
    Waits(oneshot::Sender<()>),
}

impl Audit {
    /// Starts the writing thread; it ends when the last clone is dropped and everything is written.
    pub fn start(access: &Access) -> Result<Audit, Error> {
        let connection = access.connect_again()?;
        let (handed, waiting) = mpsc::channel(WAITING);
        std::thread::Builder::new()
            .name("audit".into())
            .spawn(move || write(connection, waiting))
            .map_err(|cause| Error::Open { path: access.inner.path.clone(), cause: cause.to_string() })?;
        Ok(Audit { handed })
    }

    /// Hands in a line. Waits where the writer is behind: nobody reads a patient without leaving a line.
    pub async fn note(&self, line: Line) {
        if self.handed.send(Handed::Line(line)).await.is_err() {
            error!("audit line lost: its writer has ended");
        }
    }

    /// Returns once every line handed in before is written.
    pub async fn written(&self) {
        let (done, waits) = oneshot::channel();
        // A writer that has ended writes nothing more; there is nothing to wait for.
        if self.handed.send(Handed::Waits(done)).await.is_ok() {
            let _ = waits.await;
        }
    }
}

fn write(mut connection: Connection, mut waiting: mpsc::Receiver<Handed>) {
    let mut group = Vec::new();
    while waiting.blocking_recv_many(&mut group, WAITING) > 0 {
        let (mut lines, mut waits) = (Vec::new(), Vec::new());
        for handed in group.drain(..) {
            match handed {
                Handed::Line(line) => lines.push(line),
                Handed::Waits(done) => waits.push(done),
            }
        }
        if let Err(cause) = insert(&mut connection, &lines) {
            // The lines are lost, and the log says how many; patients' identifiers stay out of it.
            error!(%cause, lines = lines.len(), "audit lines could not be written");
        }
        for done in waits {
            let _ = done.send(());
        }
    }
}

fn insert(connection: &mut Connection, group: &[Line]) -> Result<(), Error> {
    let all = connection.transaction()?;
    for line in group {
        all.prepare_cached(
            "INSERT INTO audit (at, who, role, action, patient, subject, address, outcome)
             VALUES (?1,?2,?3,?4,?5,?6,?7,?8)",
        )?
        .execute(params![
            line.at.0,
            line.who,
            line.role,
            line.action,
            line.patient,
            line.subject,
            line.address,
            line.outcome
        ])?;
    }
    all.commit()?;
    Ok(())
}

impl Access {
    /// Newest first.
    pub fn search_audit(&self, search: &Search) -> Result<Vec<Line>, Error> {
        let mut wanted = vec!["1 = 1"];
        let mut values: Vec<rusqlite::types::Value> = Vec::new();
        let mut narrow = |clause: &'static str, value: Option<rusqlite::types::Value>| {
            if let Some(value) = value {
                wanted.push(clause);
                values.push(value);
            }
        };
        narrow("who = ?", search.who.clone().map(Into::into));
        narrow("patient = ?", search.patient.clone().map(Into::into));
        // Compared as text, not as a pattern: what a person types has no wildcards.
        narrow("instr(action, ?) = 1", search.action.clone().map(Into::into));
        narrow("instr(outcome, ?) = 1", search.outcome.clone().map(Into::into));
        narrow("at >= ?", search.from.map(|t| t.0.into()));
        narrow("at <= ?", search.to.map(|t| t.0.into()));
        values.push(i64::from(search.limit.unwrap_or(SEARCH_MOST).min(SEARCH_MOST)).into());
        let question = format!(
            "SELECT at, who, role, action, patient, subject, address, outcome FROM audit
             WHERE {} ORDER BY at DESC, id DESC LIMIT ?",
            wanted.join(" AND ")
        );
        let connection = self.connection();
        let mut rows = connection.prepare_cached(&question)?;
        let lines = rows.query_map(params_from_iter(values), |row| {
            Ok(Line {
                at: Time(row.get(0)?),
                who: row.get(1)?,
                role: row.get(2)?,
                action: row.get(3)?,
                patient: row.get(4)?,
                subject: row.get(5)?,
                address: row.get(6)?,
                outcome: row.get(7)?,
            })
        })?;
        Ok(lines.collect::<Result<_, _>>()?)
    }
}
