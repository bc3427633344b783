//! An export becomes a journal again, in an empty directory.

use std::io::BufRead;
use std::path::Path;

use ring::digest::{Context, SHA256};
use rusqlite::Connection;

use super::export::{Copied, End, Line, MessageLine, Piece, VERSION};
use super::files::{self, Head, Lock, hex, shown, store};
use super::prepared::Prepared;
use super::quarantine::QuarantineState;
use super::record;
use super::sqlite::{self, Statements, Stored, Tip};
use super::{Error, Quarantined};
use crate::model::{Event, Time};

/// Messages in one transaction.
const GROUP: u64 = 4096;

/// Reads what [`super::export`] wrote into `dir`, which may not hold a journal. Entries keep their numbers and instants;
/// with the raw messages the chain is the same too. On any error the directory is left without a journal.
/// `progress` hears the number of messages from time to time.
pub fn import(dir: &Path, input: impl BufRead, mut progress: impl FnMut(u64)) -> Result<Copied, Error> {
    files::make(dir)?;
    let _lock = Lock::take(dir)?;
    if store(dir).exists() {
        return Err(Error::Occupied { dir: shown(dir) });
    }
    let imported = write(dir, input, &mut progress);
    if imported.is_err() {
        for ending in ["journal.db", "journal.db-wal", "journal.db-shm", "journal.head"] {
            // What cannot be removed was not made.
            let _ = std::fs::remove_file(dir.join(ending));
        }
    }
    imported
}

fn write(dir: &Path, input: impl BufRead, progress: &mut dyn FnMut(u64)) -> Result<Copied, Error> {
    let connection = sqlite::open_to_write(dir)?;
    let statements = Statements::prepare(&connection).map_err(unwritable)?;
    let digest = Context::new(&SHA256);
    let mut import =
        Import { statements, tip: Tip::START, open: false, digest, line: 0, raw: false, current: None };
    let mut end = None;
    for line in input.lines() {
        import.line += 1;
        let text = line.map_err(|reason| import.problem(&reason.to_string()))?;
        if end.is_some() {
            return Err(import.problem("something follows the last line"));
        }
        end = import.take(&text, &connection)?;
        if import.tip.message.is_multiple_of(50_000) {
            progress(import.tip.message);
        }
    }
    let Some(end) = end else {
        return Err(import.problem("the export is cut short: its last line is missing"));
    };
    import.finish(&end)?;
    let Import { tip, statements, .. } = import;
    drop(statements);
    // One file, whole, on the disk, before anybody relies on it.
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").map_err(unwritable)?;
    Head::open(dir)?.write(tip.message, &tip.hash);
    files::sync(dir)?;
    Ok(Copied { messages: end.messages, entries: tip.seq })
}

fn unwritable(problem: rusqlite::Error) -> Error {
    Error::Unwritable { reason: problem.to_string() }
}

struct Import<'c> {
    statements: Statements<'c>,
    tip: Tip,
    /// A transaction is open.
    open: bool,
    digest: Context,
    line: u64,
    raw: bool,
    /// A message whose events are still coming.
    current: Option<(MessageLine, Time, Vec<Event>)>,
}

impl Import<'_> {
    /// `Some` is the last line.
    fn take(&mut self, text: &str, connection: &Connection) -> Result<Option<End>, Error> {
        let line: Line = serde_json::from_str(text)
            .map_err(|_| self.problem("it is not a line of a journal's export, or of a newer stormwatch"))?;
        let before = hex(self.digest.clone().finish().as_ref());
        self.digest.update(text.as_bytes());
        self.digest.update(b"\n");
        match line {
            Line::Start { stormwatch_journal: VERSION, raw } if self.line == 1 => self.raw = raw,
            Line::Start { .. } => {
                return Err(self.problem("a first line of another version, or not the first"));
            }
            _ if self.line == 1 => return Err(self.problem("the first line of an export is missing")),
            Line::Message { message } => {
                let accepted_at = self.instant(&message.accepted_at)?;
                if self.current.is_some() || message.id != self.tip.message + 1 {
                    return Err(self.problem("messages or entries before it are missing"));
                }
                self.current = Some((*message, accepted_at, Vec::new()));
                self.store_if_whole(connection)?;
            }
            Line::Entry { seq, accepted_at, event } => {
                let accepted_at = self.instant(&accepted_at)?;
                self.entry(seq, accepted_at, *event, connection)?;
            }
            Line::End { end } => {
                if end.sha256 != before {
                    return Err(self.problem("the lines before it are not those that were exported"));
                }
                return Ok(Some(end));
            }
        }
        Ok(None)
    }

    fn entry(
        &mut self,
        seq: u64,
        accepted_at: Time,
        event: Event,
        connection: &Connection,
    ) -> Result<(), Error> {
        let waiting = self.current.as_ref().map_or(0, |(_, _, events)| events.len() as u64);
        if seq != self.tip.seq + waiting + 1 {
            return Err(self.problem("entries before it are missing"));
        }
        match &mut self.current {
            Some((_, at, events)) if *at == accepted_at => {
                events.push(event);
                self.store_if_whole(connection)
            }
            Some(_) => Err(self.problem("its instant is not its message's")),
            None if self.raw => Err(self.problem("its message is missing")),
            None => {
                let nothing = || super::export::Bytes::Text(String::new());
                let message = MessageLine {
                    id: self.tip.message + 1,
                    accepted_at: String::new(),
                    events: 1,
                    source: "import".into(),
                    via: "import".into(),
                    key: None,
                    answer: nothing(),
                    raw: nothing(),
                    quarantined: Vec::new(),
                };
                self.current = Some((message, accepted_at, vec![event]));
                self.store_if_whole(connection)
            }
        }
    }

    /// Stores the current message once all its events are there.
    fn store_if_whole(&mut self, connection: &Connection) -> Result<(), Error> {
        let whole = self.current.take_if(|(message, _, events)| events.len() as u64 == message.events);
        let Some((message, accepted_at, events)) = whole else { return Ok(()) };
        if accepted_at < self.tip.at {
            return Err(self.problem("it is earlier than the one before it"));
        }
        if !self.open {
            self.statements.begin().map_err(unwritable)?;
            self.open = true;
        }
        let (prepared, states) = self.prepared(message, events)?;
        match self.statements.store(&mut self.tip, accepted_at, &prepared).map_err(unwritable)? {
            Stored::New { .. } => {}
            Stored::Repeated { .. } => return Err(self.problem("its key was used before")),
        }
        for (piece, state) in prepared.quarantined.iter().zip(states) {
            self.statements.mark(&piece.id, state).map_err(unwritable)?;
        }
        if self.tip.message.is_multiple_of(GROUP) {
            self.commit()?;
            sqlite::checkpoint(connection).map_err(unwritable)?;
        }
        Ok(())
    }

    fn prepared(
        &self,
        message: MessageLine,
        events: Vec<Event>,
    ) -> Result<(Prepared, Vec<QuarantineState>), Error> {
        let digits = || self.problem("its bytes are not hexadecimal");
        let (mut quarantined, mut states) = (Vec::new(), Vec::new());
        for Piece { id, class, reason, place, patient, raw, state } in message.quarantined {
            let raw = raw.read().ok_or_else(digits)?;
            quarantined.push(Quarantined { id, class, reason, place, raw, patient });
            states.push(
                QuarantineState::parse(&state).ok_or_else(|| self.problem("no such state of quarantine"))?,
            );
        }
        let key = match message.key {
            Some(key) => Some(key.read().ok_or_else(digits)?),
            None => None,
        };
        let record = record::write(&events);
        let mut prepared = Prepared {
            key,
            source: message.source,
            via: message.via,
            raw: message.raw.read().ok_or_else(digits)?,
            answer: message.answer.read().ok_or_else(digits)?,
            quarantined,
            events,
            record_hash: record::sha256(record.as_bytes()),
            record,
            rest: record::GENESIS,
        };
        prepared.rest = prepared.rest();
        Ok((prepared, states))
    }

    fn commit(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.open) {
            self.statements.commit().map_err(unwritable)?;
        }
        Ok(())
    }

    fn finish(&mut self, end: &End) -> Result<(), Error> {
        if self.current.is_some() || end.entries != self.tip.seq {
            return Err(self.problem("it counts other entries than there were"));
        }
        if self.raw && (end.messages != self.tip.message || end.last_hash != hex(&self.tip.hash)) {
            return Err(self.problem("the chain does not end as it did in the journal that was exported"));
        }
        self.commit()
    }

    fn instant(&self, text: &str) -> Result<Time, Error> {
        Time::parse(text).ok_or_else(|| self.problem("its instant cannot be read"))
    }

    fn problem(&self, reason: &str) -> Error {
        Error::Import { line: self.line, reason: reason.to_owned() }
    }
}
