//! The whole journal, message by message, each checked before anybody uses it.

use rusqlite::{Connection, Row, Rows};

use super::prepared::Prepared;
use super::record::{self, GENESIS, Hash, Link};
use super::sqlite::{number, unreadable};
use super::{Error, Quarantined};
use crate::model::{Event, PatientId, Time};

/// How far a walk got, and what it found good.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    pub messages: u64,
    pub entries: u64,
    /// Of the last good message.
    pub hash: Hash,
    /// What is known to have been written.
    head: Option<(u64, Hash)>,
}

/// Why a walk ended early.
#[derive(Debug)]
pub(super) enum Broken {
    /// Something is not as it was written, from this entry on where that can be said.
    Damaged { reason: String, at: Option<u64> },
    /// The visitor gave up.
    Stopped(Error),
}

impl From<rusqlite::Error> for Broken {
    fn from(problem: rusqlite::Error) -> Broken {
        Broken::Damaged { reason: unreadable(problem).to_string(), at: None }
    }
}

/// What is done with each message and its events; an error stops the walk.
type Each<'a> = dyn FnMut(&Stored, Vec<Event>) -> Result<(), Error> + 'a;

impl Walk {
    /// `head` as read before the connection was opened: it may then only lag behind.
    pub(super) fn new(head: Option<(u64, Hash)>) -> Walk {
        Walk { messages: 0, entries: 0, hash: GENESIS, head }
    }

    /// Shows every message and its events to `each`, in order.
    pub(super) fn run(&mut self, connection: &Connection, each: &mut Each<'_>) -> Result<(), Broken> {
        // One read transaction: a writer may go on beside it.
        let _reading = connection.unchecked_transaction()?;
        let mut messages = connection.prepare(MESSAGES)?;
        let mut pieces = connection.prepare(PIECES)?;
        let mut messages = messages.query([])?;
        let mut pieces = Pieces { rows: pieces.query([])?, next: None };
        pieces.step()?;
        while let Some(row) = messages.next().map_err(|problem| self.here(&problem))? {
            let stored = Stored::read(row, &mut pieces).map_err(|problem| self.here(&problem))?;
            let events = self.check(&stored)?;
            each(&stored, events).map_err(Broken::Stopped)?;
        }
        if pieces.next.is_some() {
            let reason = "a piece in quarantine belongs to no message".into();
            return Err(Broken::Damaged { reason, at: None });
        }
        match self.head {
            Some((written, _)) if written > self.messages => {
                let end = self.messages;
                Err(self
                    .broken(&format!("it ends after message {end}, but message {written} was once written")))
            }
            Some(_) | None => structure(connection),
        }
    }

    fn check(&mut self, stored: &Stored) -> Result<Vec<Event>, Broken> {
        let Stored { link, hash, message, .. } = stored;
        let id = self.messages + 1;
        let place = link.id == id && link.first == self.entries + 1;
        if !place || link.rest != message.rest() || record::chain(&self.hash, link) != *hash {
            return Err(self.broken(&format!("the hash of message {id} does not fit")));
        }
        let events = record::read(&message.record)
            .map_err(|reason| self.broken(&format!("message {id}: {reason}")))?;
        if events.len() as u64 != link.events {
            return Err(self.broken(&format!("message {id} holds another number of events than it says")));
        }
        if self.head.is_some_and(|(written, head)| written == id && head != *hash) {
            return Err(self.broken(&format!("message {id} is not the one that was once written")));
        }
        (self.messages, self.entries, self.hash) = (id, self.entries + link.events, *hash);
        Ok(events)
    }

    fn broken(&self, reason: &str) -> Broken {
        Broken::Damaged { reason: reason.to_owned(), at: Some(self.entries + 1) }
    }

    fn here(&self, problem: &rusqlite::Error) -> Broken {
        self.broken(&format!("message {} cannot be read ({problem})", self.messages + 1))
    }
}

/// SQLite's own check finds what the chain does not cover: an index that leads nowhere, a lost page.
fn structure(connection: &Connection) -> Result<(), Broken> {
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found == "ok" {
        return Ok(());
    }
    Err(Broken::Damaged { reason: format!("the store's structure is damaged ({found})"), at: None })
}

const MESSAGES: &str = "SELECT id, accepted_at, first, events, hash, rest, source, via, key, record, answer, raw FROM message ORDER BY id";
const PIECES: &str = "SELECT q.message, q.id, q.class, q.reason, q.place, q.patient, q.raw, m.raw, q.state
     FROM quarantine q LEFT JOIN message m ON m.id = q.message ORDER BY q.number";

/// A message with everything that belongs to it, as the store has it.
pub(super) struct Stored {
    pub link: Link,
    pub hash: Hash,
    /// Without `events`.
    pub message: Prepared,
    /// Of the quarantined pieces.
    pub states: Vec<String>,
}

impl Stored {
    /// Of a row of [`MESSAGES`], with its pieces from a walk of [`PIECES`].
    fn read(row: &Row, pieces: &mut Pieces) -> rusqlite::Result<Stored> {
        let id = number(row, 0)?;
        let text: Option<String> = row.get(9)?;
        let text = text.unwrap_or_default();
        let record = record::sha256(text.as_bytes());
        let (quarantined, states) = pieces.of(id)?;
        let link = Link {
            id,
            accepted_at: Time(row.get(1)?),
            first: number(row, 2)?,
            events: number(row, 3)?,
            record,
            rest: row.get(5)?,
        };
        let message = Prepared {
            key: row.get(8)?,
            source: row.get(6)?,
            via: row.get(7)?,
            raw: row.get(11)?,
            answer: row.get(10)?,
            quarantined,
            events: Vec::new(),
            record: text,
            record_hash: record,
            rest: link.rest,
        };
        Ok(Stored { link, hash: row.get(4)?, message, states })
    }
}

/// The quarantine walked beside the messages, one row ahead.
struct Pieces<'r> {
    rows: Rows<'r>,
    next: Option<(u64, Quarantined, String)>,
}

impl Pieces<'_> {
    fn step(&mut self) -> rusqlite::Result<()> {
        self.next = match self.rows.next()? {
            None => None,
            Some(row) => {
                let patient: Option<String> = row.get(5)?;
                let own: Option<Vec<u8>> = row.get(6)?;
                let whole: Option<Vec<u8>> = row.get(7)?;
                let piece = Quarantined {
                    id: row.get(1)?,
                    class: row.get(2)?,
                    reason: row.get(3)?,
                    place: row.get(4)?,
                    raw: own.or(whole).unwrap_or_default(),
                    patient: patient.as_deref().and_then(PatientId::parse),
                };
                Some((number(row, 0)?, piece, row.get(8)?))
            }
        };
        Ok(())
    }

    fn of(&mut self, message: u64) -> rusqlite::Result<(Vec<Quarantined>, Vec<String>)> {
        let (mut found, mut states) = (Vec::new(), Vec::new());
        while self.next.as_ref().is_some_and(|(of, ..)| *of == message) {
            if let Some((_, piece, state)) = self.next.take() {
                found.push(piece);
                states.push(state);
            }
            self.step()?;
        }
        Ok((found, states))
    }
}
