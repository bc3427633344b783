//! The outbox: every delivery ever offered, and what became of it. It is what makes a restart tell nobody twice.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Error;
use super::recorder::Wish;
use crate::model::{AlertId, Priority, Span, Time};

/// `raised_at` is part of what makes a delivery the same, so a journal begun anew does not meet old alerts' ids.
/// An index covers what is queued and what is unreported only: both are few.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS delivery (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  webhook TEXT NOT NULL,
  alert TEXT NOT NULL,
  step INTEGER NOT NULL,
  priority TEXT NOT NULL,
  seq INTEGER NOT NULL,
  offered_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'accepted', 'dropped')),
  tries INTEGER NOT NULL DEFAULT 0,
  next_at INTEGER NOT NULL DEFAULT 0,
  unreachable INTEGER NOT NULL DEFAULT 0,
  detail TEXT NOT NULL DEFAULT '',
  reported INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX IF NOT EXISTS delivery_queued ON delivery (webhook, alert, number) WHERE state = 'queued';
CREATE INDEX IF NOT EXISTS delivery_unreported ON delivery (webhook, number) WHERE reported = 0;
CREATE TABLE IF NOT EXISTS recorded (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO recorded VALUES (1, 0);
";

/// Accepted and dropped deliveries older than this are forgotten; the journal has their outcome.
const KEPT: Span = Span::days(35);

/// A delivery to one webhook, before it is recorded.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Offer {
    /// The same for every try: `Stormwatch-Delivery-Id`.
    pub id: String,
    pub webhook: String,
    pub alert: AlertId,
    pub step: u32,
    pub priority: Priority,
    pub body: String,
}

/// A delivery whose turn has come.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Due {
    pub number: i64,
    pub id: String,
    pub alert: AlertId,
    pub step: u32,
    pub priority: Priority,
    pub offered_at: Time,
    /// Tries so far.
    pub tries: u32,
    pub body: String,
}

/// An outcome the journal does not know of yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Unreported {
    pub number: i64,
    pub id: String,
    pub alert: AlertId,
    pub step: u32,
    pub accepted: bool,
    pub tries: u32,
    pub detail: String,
}

pub(super) struct Outbox {
    connection: Connection,
    file: String,
}

impl Outbox {
    pub(super) fn open(dir: &Path) -> Result<Outbox, Error> {
        let path = dir.join("notify.db");
        let file = path.display().to_string();
        let opened = Connection::open(&path).and_then(|connection| {
            connection.busy_timeout(Duration::from_secs(5))?;
            connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
            connection.execute_batch(&format!("BEGIN IMMEDIATE; {TABLES} COMMIT"))?;
            Ok(connection)
        });
        match opened {
            Ok(connection) => Ok(Outbox { connection, file }),
            Err(problem) => Err(Error::Outbox { file, reason: problem.to_string() }),
        }
    }

    /// The entry up to which offers are recorded. An outbox ahead of the journal belonged to another one: then 0,
    /// and ids alone decide.
    pub(super) fn follow_journal(&mut self, last_seq: u64) -> Result<u64, Error> {
        let last = i64::try_from(last_seq).unwrap_or(i64::MAX);
        let seq: rusqlite::Result<i64> = self
            .connection
            .execute("UPDATE recorded SET seq = 0 WHERE seq > ?1", [last])
            .and_then(|_| self.connection.query_row("SELECT seq FROM recorded", [], |row| row.get(0)));
        self.told(seq).map(|seq| u64::try_from(seq).unwrap_or(0))
    }

    /// Writes offers and settlements in their order, in one transaction. In a replay (`live` is false) what was never
    /// tried is dropped without a report: it is history.
    pub(super) fn record(&mut self, group: &[Wish], now: Time, live: bool) -> Result<(), Error> {
        let written = (|| {
            let writing = self.connection.transaction()?;
            for wish in group {
                match wish {
                    Wish::Tell { offers, seq } => {
                        let seq = i64::try_from(*seq).unwrap_or(i64::MAX);
                        for offer in offers {
                            insert(&writing, offer, seq, now)?;
                        }
                        writing.execute("UPDATE recorded SET seq = max(seq, ?1)", [seq])?;
                    }
                    Wish::Settle { alert, seq, reason } => {
                        let seq = i64::try_from(*seq).unwrap_or(i64::MAX);
                        let mut settle = writing.prepare_cached(
                            "UPDATE delivery SET state = 'dropped', detail = ?3, reported = (tries = 0 AND NOT ?4)
                             WHERE state = 'queued' AND alert = ?1 AND seq <= ?2",
                        )?;
                        settle.execute(params![alert, seq, reason, live])?;
                        writing.execute("UPDATE recorded SET seq = max(seq, ?1)", [seq])?;
                    }
                    Wish::Resume { alert, seq } => {
                        let seq = i64::try_from(*seq).unwrap_or(i64::MAX);
                        // All webhooks of the newest step that was dropped; what was dropped before that is history.
                        let mut resume = writing.prepare_cached(
                            "UPDATE delivery SET state = 'queued', detail = '', next_at = ?3, reported = 0
                             WHERE state = 'dropped' AND alert = ?1 AND seq <= ?2 AND detail LIKE '% before it could be delivered'
                               AND seq = (SELECT max(seq) FROM delivery WHERE alert = ?1)",
                        )?;
                        resume.execute(params![alert, seq, now.0])?;
                        writing.execute("UPDATE recorded SET seq = max(seq, ?1)", [seq])?;
                    }
                    Wish::UpTo { seq, done: _ } => {
                        let seq = i64::try_from(*seq).unwrap_or(i64::MAX);
                        writing.execute("UPDATE recorded SET seq = max(seq, ?1)", [seq])?;
                    }
                    Wish::Replayed => {
                        let old = now - KEPT;
                        let forget =
                            "DELETE FROM delivery WHERE state <> 'queued' AND reported AND offered_at < ?1
                                      AND seq < (SELECT seq FROM recorded)";
                        writing.execute(forget, [old.0])?;
                    }
                }
            }
            writing.commit()
        })();
        self.told(written)
    }

    /// The oldest queued delivery of some alert whose wait is over; the most urgent alert first. A later one of the
    /// same alert waits for it.
    pub(super) fn next_due(&self, webhook: &str, now: Time) -> Result<Option<Due>, Error> {
        let query = "SELECT number, id, alert, step, priority, offered_at, tries, body FROM delivery AS d
             WHERE state = 'queued' AND webhook = ?1 AND next_at <= ?2 AND NOT EXISTS
               (SELECT 1 FROM delivery AS e WHERE e.state = 'queued' AND e.webhook = d.webhook AND e.alert = d.alert
                AND e.number < d.number)
             ORDER BY priority <> 'high', priority <> 'medium', next_at, number LIMIT 1";
        let found = self
            .connection
            .prepare_cached(query)
            .and_then(|mut statement| statement.query_row(params![webhook, now.0], due).optional());
        self.told(found)
    }

    /// When the next wait is over.
    pub(super) fn next_at(&self, webhook: &str) -> Result<Option<Time>, Error> {
        let query = "SELECT min(next_at) FROM delivery WHERE state = 'queued' AND webhook = ?1";
        let found = self
            .connection
            .prepare_cached(query)
            .and_then(|mut statement| statement.query_row([webhook], |row| row.get::<_, Option<i64>>(0)));
        self.told(found).map(|at| at.map(Time))
    }

    /// The receiver has it. Others that could not reach it before need wait no longer.
    pub(super) fn accepted(&mut self, due: &Due, webhook: &str, detail: &str) -> Result<(), Error> {
        let accept = "UPDATE delivery SET state = 'accepted', tries = tries + 1, detail = ?2, reported = 0
                      WHERE number = ?1";
        let others = "UPDATE delivery SET next_at = 0, unreachable = 0
                      WHERE state = 'queued' AND webhook = ?1 AND unreachable = 1";
        let written = (|| {
            let writing = self.connection.transaction()?;
            writing.execute(accept, params![due.number, detail])?;
            writing.execute(others, [webhook])?;
            writing.commit()
        })();
        self.told(written)
    }

    /// To be tried again at `next_at`, unless it was dropped in the meantime.
    pub(super) fn failed(
        &self,
        due: &Due,
        next_at: Time,
        unreachable: bool,
        detail: &str,
    ) -> Result<(), Error> {
        let query = "UPDATE delivery SET tries = tries + 1, next_at = ?2, unreachable = ?3, detail = ?4
                     WHERE number = ?1 AND state = 'queued'";
        let written = self.connection.execute(query, params![due.number, next_at.0, unreachable, detail]);
        self.told(written.map(drop))
    }

    pub(super) fn given_up(&self, due: &Due, detail: &str) -> Result<(), Error> {
        let query = "UPDATE delivery SET state = 'dropped', tries = tries + 1, detail = ?2, reported = 0
                     WHERE number = ?1 AND state = 'queued'";
        self.told(self.connection.execute(query, params![due.number, detail]).map(drop))
    }

    /// Outcomes the journal still has to hear, oldest first.
    pub(super) fn unreported(&self, webhook: &str) -> Result<Vec<Unreported>, Error> {
        let query = "SELECT number, id, alert, step, state = 'accepted', tries, detail FROM delivery
                     WHERE reported = 0 AND webhook = ?1 ORDER BY number LIMIT 64";
        let found = self.connection.prepare_cached(query).and_then(|mut statement| {
            statement.query_map([webhook], unreported)?.collect::<rusqlite::Result<Vec<_>>>()
        });
        self.told(found)
    }

    pub(super) fn reported(&self, number: i64) -> Result<(), Error> {
        let written = self.connection.execute("UPDATE delivery SET reported = 1 WHERE number = ?1", [number]);
        self.told(written.map(drop))
    }

    /// Deliveries not yet accepted or dropped.
    pub(super) fn queued(&self) -> Result<u64, Error> {
        let count = "SELECT count(*) FROM delivery WHERE state = 'queued'";
        let found = self.connection.query_row(count, [], |row| row.get::<_, i64>(0));
        self.told(found).map(|count| u64::try_from(count).unwrap_or(0))
    }

    fn told<T>(&self, result: rusqlite::Result<T>) -> Result<T, Error> {
        result.map_err(|problem| Error::Outbox { file: self.file.clone(), reason: problem.to_string() })
    }
}

fn insert(writing: &Connection, offer: &Offer, seq: i64, now: Time) -> rusqlite::Result<()> {
    let mut insert = writing.prepare_cached(
        "INSERT OR IGNORE INTO delivery (id, webhook, alert, step, priority, seq, offered_at, body, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'queued')",
    )?;
    let Offer { id, webhook, alert, step, priority, body } = offer;
    insert.execute(params![id, webhook, alert.as_str(), step, priority.name(), seq, now.0, body]).map(drop)
}

fn due(row: &Row) -> rusqlite::Result<Due> {
    let (alert, priority): (String, String) = (row.get(2)?, row.get(4)?);
    Ok(Due {
        number: row.get(0)?,
        id: row.get(1)?,
        alert: AlertId(alert.into()),
        step: row.get(3)?,
        // A word of a later version counts as the most urgent.
        priority: Priority::parse(&priority).unwrap_or(Priority::High),
        offered_at: Time(row.get(5)?),
        tries: row.get(6)?,
        body: row.get(7)?,
    })
}

fn unreported(row: &Row) -> rusqlite::Result<Unreported> {
    let alert: String = row.get(2)?;
    Ok(Unreported {
        number: row.get(0)?,
        id: row.get(1)?,
        alert: AlertId(alert.into()),
        step: row.get(3)?,
        accepted: row.get(4)?,
        tries: row.get(5)?,
        detail: row.get(6)?,
    })
}
