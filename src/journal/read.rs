//! Reading beside the writer. Each question opens the store anew and closes it: no reader ever holds the log
//! back for longer than its question takes.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Error;
use super::quarantine::{self, Filter, QuarantineRow};
use super::record::{self, GENESIS, Hash, Link};
use super::sqlite::{Number, Tip, number, open_to_read, unreadable};
use crate::model::{Entry, Time};

/// Messages taken at once, so that a long walk holds no read transaction.
const PAGE: i64 = 256;

/// The reading end: a path, cheap to clone and to send.
#[derive(Clone, Debug)]
pub struct Reader {
    dir: PathBuf,
}

/// A message as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub id: u64,
    pub accepted_at: Time,
    pub source: String,
    pub via: String,
    /// Its entries are `first` to `first + events - 1`.
    pub first: u64,
    pub events: u64,
    pub answer: Vec<u8>,
    pub raw: Vec<u8>,
}

/// A quarantined piece as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub raw: Vec<u8>,
    pub source: String,
    pub via: String,
    /// The listener or broker it came by; `None` for what has no key.
    pub door: Option<String>,
}

impl Reader {
    /// Of the journal in `dir`, whether or not a process writes it.
    pub fn new(dir: &Path) -> Reader {
        Reader { dir: dir.to_owned() }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The chain's hash after the message that holds entry `seq`; `None` where no message does.
    pub(super) fn chain_at(&self, seq: u64) -> Result<Option<Hash>, Error> {
        let connection = open_to_read(&self.dir)?;
        let id = holder(&connection, seq).map_err(unreadable)?;
        let query = "SELECT hash FROM message WHERE id = ?1 AND first <= ?2 AND ?2 < first + events";
        let found = connection.query_row(query, [Number(id), Number(seq)], |row| row.get(0));
        found.optional().map_err(unreadable)
    }

    /// Every entry from `from` on, in order, up to the last one committed when the walk gets there. Each is
    /// checked against the chain; the walk ends after the first error.
    pub fn entries(&self, from: u64) -> Result<Entries, Error> {
        let connection = open_to_read(&self.dir)?;
        let start = holder(&connection, from).map_err(unreadable)?;
        let before: Option<(Hash, u64)> = connection
            .query_row("SELECT hash, first + events FROM message WHERE id = ?1", [Number(start - 1)], |row| {
                Ok((row.get(0)?, number(row, 1)?))
            })
            .optional()
            .map_err(unreadable)?;
        let (previous, first) = before.unwrap_or((GENESIS, 1));
        Ok(Entries { connection, from, id: start, first, previous, page: VecDeque::new(), done: false })
    }

    /// 0 where there is none.
    pub fn last_seq(&self) -> Result<u64, Error> {
        Tip::read(&open_to_read(&self.dir)?).map(|tip| tip.seq).map_err(unreadable)
    }

    /// The message that brought entry `seq`.
    pub fn message_of(&self, seq: u64) -> Result<Option<Message>, Error> {
        let connection = open_to_read(&self.dir)?;
        let found = holder(&connection, seq).and_then(|id| message(&connection, id)).map_err(unreadable)?;
        Ok(found.filter(|message| (message.first..message.first + message.events).contains(&seq)))
    }

    pub fn message(&self, id: u64) -> Result<Option<Message>, Error> {
        message(&open_to_read(&self.dir)?, id).map_err(unreadable)
    }

    /// The bytes of message `id` as received.
    pub fn raw(&self, id: u64) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.message(id)?.map(|message| message.raw))
    }

    /// The bytes of a sender's newest messages, newest first; those among the last hundred thousand of all.
    pub fn newest_of(&self, source: &str, via: &str, most: usize) -> Result<Vec<Vec<u8>>, Error> {
        let connection = open_to_read(&self.dir)?;
        let query = "SELECT raw FROM message
                     WHERE id > (SELECT coalesce(max(id), 0) FROM message) - 100000 AND source = ?1 AND via = ?2
                     ORDER BY id DESC LIMIT ?3";
        let mut statement = connection.prepare(query).map_err(unreadable)?;
        let rows = statement.query_map(params![source, via, most as i64], |row| row.get(0));
        rows.and_then(Iterator::collect).map_err(unreadable)
    }

    /// Newest first.
    pub fn quarantine(&self, filter: &Filter) -> Result<Vec<QuarantineRow>, Error> {
        quarantine::list(&open_to_read(&self.dir)?, filter).map_err(unreadable)
    }

    /// Ids in quarantine that begin so and are not resolved.
    pub fn quarantined_ids(&self, beginning: &str) -> Result<Vec<String>, Error> {
        let connection = open_to_read(&self.dir)?;
        let query = "SELECT DISTINCT id FROM quarantine
                     WHERE id >= ?1 AND id < ?1 || char(1114111) AND state <> 'resolved'";
        let mut statement = connection.prepare(query).map_err(unreadable)?;
        let rows = statement.query_map([beginning], |row| row.get(0));
        rows.and_then(Iterator::collect).map_err(unreadable)
    }

    /// The first piece under `id`.
    pub fn quarantined(&self, id: &str) -> Result<Option<Piece>, Error> {
        let query = "SELECT coalesce(q.raw, m.raw), m.source, m.via, m.key
                     FROM quarantine q JOIN message m ON m.id = q.message
                     WHERE q.id = ?1 ORDER BY q.number LIMIT 1";
        let piece = |row: &Row| {
            let key: Option<Vec<u8>> = row.get(3)?;
            // Keys begin with the door's name.
            let door = key.as_deref().and_then(|key| key.split(|byte| *byte == b'|').next());
            let door = door.and_then(|door| std::str::from_utf8(door).ok()).map(str::to_owned);
            Ok(Piece { raw: row.get(0)?, source: row.get(1)?, via: row.get(2)?, door })
        };
        open_to_read(&self.dir)?.query_row(query, [id], piece).optional().map_err(unreadable)
    }

    /// The bytes of the newest piece under `id`.
    pub fn quarantined_raw(&self, id: &str) -> Result<Option<Vec<u8>>, Error> {
        let query = "SELECT coalesce(q.raw, m.raw) FROM quarantine q JOIN message m ON m.id = q.message
                     WHERE q.id = ?1 ORDER BY q.number DESC LIMIT 1";
        open_to_read(&self.dir)?.query_row(query, [id], |row| row.get(0)).optional().map_err(unreadable)
    }
}

/// The last message that begins at or before entry `seq`: the one that holds it, if any does. Messages are numbered
/// without gaps and begin in order, so halving finds it without an index. At least 1.
fn holder(connection: &Connection, seq: u64) -> rusqlite::Result<u64> {
    let (mut low, mut high) = (1, Tip::read(connection)?.message.max(1));
    let mut first = connection.prepare("SELECT first FROM message WHERE id = ?1")?;
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if first.query_row([Number(middle)], |row| number(row, 0))? <= seq {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Ok(low)
}

fn message(connection: &Connection, id: u64) -> rusqlite::Result<Option<Message>> {
    let query = "SELECT id, accepted_at, source, via, first, events, answer, raw FROM message WHERE id = ?1";
    let found = connection.query_row(query, [Number(id)], |row| {
        Ok(Message {
            id: number(row, 0)?,
            accepted_at: Time(row.get(1)?),
            source: row.get(2)?,
            via: row.get(3)?,
            first: number(row, 4)?,
            events: number(row, 5)?,
            answer: row.get(6)?,
            raw: row.get(7)?,
        })
    });
    found.optional()
}

/// A walk over entries; see [`Reader::entries`].
#[derive(Debug)]
pub struct Entries {
    connection: Connection,
    /// Earlier entries of the first message are left out.
    from: u64,
    /// The next message, its first entry, and the hash of the one before it.
    id: u64,
    first: u64,
    previous: Hash,
    page: VecDeque<Entry>,
    done: bool,
}

impl Entries {
    /// Reads messages until there is an entry or no message.
    fn turn_page(&mut self) -> Result<(), Error> {
        while self.page.is_empty() {
            let query = "SELECT id, accepted_at, first, events, hash, rest, record FROM message
                         WHERE id >= ?1 ORDER BY id LIMIT ?2";
            let mut statement = self.connection.prepare_cached(query).map_err(unreadable)?;
            let rows = statement.query_map(params![Number(self.id), PAGE], linked).map_err(unreadable)?;
            let rows = rows.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
            drop(statement);
            if rows.is_empty() {
                return Ok(());
            }
            for (link, hash, text) in rows {
                self.check(link, hash, &text)?;
            }
        }
        Ok(())
    }

    fn check(&mut self, link: Link, hash: Hash, text: &str) -> Result<(), Error> {
        let damaged = |message: u64, reason: &str| Error::Damaged { message, reason: reason.to_owned() };
        if link.id != self.id || link.first != self.first {
            return Err(damaged(self.id, "it is gone"));
        }
        if record::chain(&self.previous, &link) != hash {
            return Err(damaged(link.id, "its hash does not fit"));
        }
        let events = record::read(text).map_err(|reason| damaged(link.id, &reason))?;
        if events.len() as u64 != link.events {
            return Err(damaged(link.id, "it holds another number of events than it says"));
        }
        for (seq, event) in (link.first..).zip(events) {
            if seq >= self.from {
                self.page.push_back(Entry { seq, accepted_at: link.accepted_at, event });
            }
        }
        (self.id, self.first, self.previous) = (link.id + 1, link.first + link.events, hash);
        Ok(())
    }
}

fn linked(row: &Row) -> rusqlite::Result<(Link, Hash, String)> {
    let text: Option<String> = row.get(6)?;
    let text = text.unwrap_or_default();
    let link = Link {
        id: number(row, 0)?,
        accepted_at: Time(row.get(1)?),
        first: number(row, 2)?,
        events: number(row, 3)?,
        record: record::sha256(text.as_bytes()),
        rest: row.get(5)?,
    };
    Ok((link, row.get(4)?, text))
}

impl Iterator for Entries {
    type Item = Result<Entry, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        if self.page.is_empty()
            && let Err(problem) = self.turn_page()
        {
            // What was read of the damaged page before the damage is good, but the walk is not.
            self.done = true;
            return Some(Err(problem));
        }
        let entry = self.page.pop_front();
        self.done = entry.is_none();
        entry.map(Ok)
    }
}
