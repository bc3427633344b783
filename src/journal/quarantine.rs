//! What could not be used: kept, countable, retryable.

use rusqlite::{Connection, Row, ToSql};

use super::sqlite::{Number, number};
use crate::model::{PatientId, Time};

/// Where a quarantined piece stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QuarantineState {
    /// Nobody has dealt with it.
    Waiting,
    /// It was tried again, in vain so far.
    Retried,
    /// It was used after all, or a person has dealt with it.
    Resolved,
}

impl QuarantineState {
    pub const ALL: [QuarantineState; 3] =
        [QuarantineState::Waiting, QuarantineState::Retried, QuarantineState::Resolved];

    pub fn name(self) -> &'static str {
        match self {
            QuarantineState::Waiting => "waiting",
            QuarantineState::Retried => "retried",
            QuarantineState::Resolved => "resolved",
        }
    }
    pub fn parse(name: &str) -> Option<QuarantineState> {
        QuarantineState::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// One quarantined piece without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineRow {
    /// Counts up; newest is largest.
    pub number: u64,
    pub id: String,
    /// The message it came with.
    pub message: u64,
    pub accepted_at: Time,
    pub source: String,
    pub via: String,
    pub class: String,
    pub reason: String,
    pub place: String,
    pub patient: Option<PatientId>,
    pub state: QuarantineState,
    /// Of the raw bytes.
    pub bytes: u64,
}

/// Which rows to list; everything absent matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub id: Option<String>,
    pub state: Option<QuarantineState>,
    pub class: Option<String>,
    pub source: Option<String>,
    /// Rows with a smaller number only: the next page after a list's last row.
    pub before: Option<u64>,
    /// At most so many rows; 0 is 100.
    pub limit: usize,
}

/// Newest first.
pub(super) fn list(connection: &Connection, filter: &Filter) -> rusqlite::Result<Vec<QuarantineRow>> {
    let mut query = String::from(
        "SELECT q.number, q.id, q.message, m.accepted_at, m.source, m.via, q.class, q.reason, q.place,
                q.patient, q.state, length(coalesce(q.raw, m.raw))
         FROM quarantine q JOIN message m ON m.id = q.message WHERE true",
    );
    let state = filter.state.map(QuarantineState::name);
    // What was tried again in vain waits as before.
    let is_waiting = filter.state == Some(QuarantineState::Waiting);
    let of_state = if is_waiting { "q.state <> 'resolved' AND 'waiting' =" } else { "q.state =" };
    let before = filter.before.map(Number);
    let limit = if filter.limit == 0 { 100 } else { filter.limit };
    let conditions: [(&str, Option<&dyn ToSql>); 5] = [
        ("q.id =", filter.id.as_ref().map(|id| id as &dyn ToSql)),
        (of_state, state.as_ref().map(|state| state as &dyn ToSql)),
        ("q.class =", filter.class.as_ref().map(|class| class as &dyn ToSql)),
        ("m.source =", filter.source.as_ref().map(|source| source as &dyn ToSql)),
        ("q.number <", before.as_ref().map(|before| before as &dyn ToSql)),
    ];
    let mut values: Vec<&dyn ToSql> = Vec::new();
    for (column, value) in conditions {
        if let Some(value) = value {
            values.push(value);
            query.push_str(&format!(" AND {column} ?{}", values.len()));
        }
    }
    query.push_str(&format!(" ORDER BY q.number DESC LIMIT {limit}"));
    let mut statement = connection.prepare(&query)?;
    statement.query_map(values.as_slice(), row)?.collect()
}

fn row(row: &Row) -> rusqlite::Result<QuarantineRow> {
    let patient: Option<String> = row.get(9)?;
    let state: String = row.get(10)?;
    Ok(QuarantineRow {
        number: number(row, 0)?,
        id: row.get(1)?,
        message: number(row, 2)?,
        accepted_at: Time(row.get(3)?),
        source: row.get(4)?,
        via: row.get(5)?,
        class: row.get(6)?,
        reason: row.get(7)?,
        place: row.get(8)?,
        patient: patient.as_deref().and_then(PatientId::parse),
        // The table allows no other word.
        state: QuarantineState::parse(&state).unwrap_or(QuarantineState::Waiting),
        bytes: number(row, 11)?,
    })
}
