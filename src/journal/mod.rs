//! Floor 2. Durable order: what was accepted, in the order in which it counts.
//!
//! One thread writes (`writer`), many senders share one commit, and nobody is answered before the disk has
//! it. Everything else reads beside it ([`Reader`]) or follows along (`Opened::tail`).

mod checkpoint;
mod command;
mod delivery;
mod export;
mod files;
mod health;
mod import;
mod prepared;
mod quarantine;
mod read;
mod record;
mod snapshot;
mod sqlite;
mod tail;
mod verify;
mod walk;
mod writer;

#[cfg(test)]
mod copy_test;
#[cfg(test)]
mod crash_test;
#[cfg(test)]
mod damage_test;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod snapshot_test;
#[cfg(test)]
mod test;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc as waiting;

use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::Clock;
use crate::model::limits::JOURNAL_QUEUE;
use crate::model::{Event, PatientId, Time};

pub use export::{Copied, export};
pub use health::Health;
pub use import::import;
pub use quarantine::{Filter, QuarantineRow, QuarantineState};
pub use read::{Entries, Message, Piece, Reader};
pub use snapshot::{Snapshot, Useless};
pub use tail::{Quiet, Tail};
pub use verify::{Report, verify};

use command::Command;
use health::Pulse;
use prepared::Prepared;
use writer::Writer;

/// One delivery, decoded: what it means, how it was worded, and what its sender will hear.
#[derive(Clone, Debug, Default)]
pub struct Submission {
    /// What makes it *the same* delivery: `listener|MSH-3|MSH-4|MSH-10|sha256(body)`. The same key again has no
    /// second effect and gets the first answer. `None`: always new.
    pub key: Option<String>,
    /// Who sent it, as in [`crate::model::Observation::source`].
    pub source: String,
    /// `mllp`, `mqtt`, `http`, `self`.
    pub via: &'static str,
    /// The bytes as received.
    pub raw: Vec<u8>,
    /// May be empty: a message that changes nothing is kept all the same.
    pub events: Vec<Event>,
    /// What the sender hears once this is durable; repeated for the same key.
    pub answer: Vec<u8>,
    pub quarantined: Vec<Quarantined>,
}

/// A message, or a part of one, that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// The same as in the [`crate::model::Rejection`] that tells of it.
    pub id: String,
    pub class: String,
    /// Never with a person's name.
    pub reason: String,
    pub place: String,
    pub raw: Vec<u8>,
    pub patient: Option<PatientId>,
}

/// What became of a submission. By then it is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// The events are entries `first` to `last`; without events `last` is `first - 1`.
    New { first: u64, last: u64, accepted_at: Time },
    /// The key was known: nothing was written, this is what the sender heard the first time.
    Repeated { answer: Vec<u8> },
}

/// Why the journal cannot do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("cannot use the data directory {dir}: {reason}; give a writable one with --data")]
    Directory { dir: String, reason: String },
    #[error("another stormwatch writes the journal in {dir}; stop it, or give this one its own --data")]
    Locked { dir: String },
    #[error(
        "the journal in {dir} has format {found} and this stormwatch knows up to {known}; run the newer one"
    )]
    Newer { dir: String, found: i64, known: i64 },
    #[error("{file} is not a journal of stormwatch; give another --data")]
    Foreign { file: String },
    #[error(
        "the journal in {dir} ends at message {found}, but message {written} was once written; restore a \
         backup, or delete {dir}/journal.head to go on without what is lost"
    )]
    LostEnd { dir: String, found: u64, written: u64 },
    #[error("the journal cannot be written now: {reason}; nothing was kept, send it again")]
    Unwritable { reason: String },
    #[error("the journal cannot keep this message: {reason}; send it in smaller parts")]
    Unstorable { reason: String },
    #[error("the journal cannot be read: {reason}; check the disk, then `stormwatch journal verify`")]
    Unreadable { reason: String },
    #[error("message {message} of the journal is damaged: {reason}; restore a backup")]
    Damaged { message: u64, reason: String },
    #[error("cannot write the export: {reason}")]
    Export { reason: String },
    #[error("line {line} of the import: {reason}; nothing was kept")]
    Import { line: u64, reason: String },
    #[error("{dir} already holds a journal; import into an empty --data")]
    Occupied { dir: String },
    #[error("the journal is closed")]
    Closed,
}

/// A freshly opened journal.
#[derive(Debug)]
pub struct Opened {
    pub journal: Journal,
    pub reader: Reader,
    pub tail: Tail,
    /// The last entry present at opening; the tail starts after it.
    pub last_seq: u64,
}

/// The writing end. Clones share one writer.
#[derive(Clone, Debug)]
pub struct Journal {
    commands: mpsc::Sender<Command>,
    health: watch::Receiver<Health>,
    pulse: Arc<Pulse>,
}

impl Journal {
    /// Opens `dir` (made if absent, for its owner only) and starts the writer. Refuses a directory that
    /// another process writes, a newer format, and a journal that has lost its end.
    pub fn open(dir: &Path, clock: Clock) -> Result<Opened, Error> {
        let (commands, inbox) = mpsc::channel(JOURNAL_QUEUE);
        let (tail_in, tail) = tail::tail();
        let (gauge, health, pulse) = health::gauge();
        let writer = Writer::open(dir, clock, inbox, tail_in, gauge)?;
        let last_seq = writer.last_seq();
        writer.start()?;
        let reader = Reader::new(dir);
        Ok(Opened { journal: Journal { commands, health, pulse }, reader, tail, last_seq })
    }

    /// Returns once the submission is on the disk, or quickly with [`Error::Unwritable`]. Waits while the queue is
    /// full: that is how a slow disk slows its senders.
    pub async fn append(&self, submission: Submission) -> Result<Appended, Error> {
        let (answer, heard) = oneshot::channel();
        let prepared = Box::new(Prepared::new(submission));
        self.commands.send(Command::Append { prepared, answer }).await.map_err(|_| Error::Closed)?;
        heard.await.map_err(|_| Error::Closed)?
    }

    /// [`Journal::append`] for plain threads; panics on a thread of the tokio runtime.
    pub fn append_blocking(&self, submission: Submission) -> Result<Appended, Error> {
        let (answer, heard) = oneshot::channel();
        let prepared = Box::new(Prepared::new(submission));
        self.commands.blocking_send(Command::Append { prepared, answer }).map_err(|_| Error::Closed)?;
        heard.blocking_recv().map_err(|_| Error::Closed)?
    }

    /// Marks what lies in quarantine under `id`. `false`: there is no such row.
    pub async fn mark_quarantined(&self, id: &str, state: QuarantineState) -> Result<bool, Error> {
        let (answer, heard) = oneshot::channel();
        let command = Command::Mark { id: id.to_owned(), state, answer };
        self.commands.send(command).await.map_err(|_| Error::Closed)?;
        heard.await.map_err(|_| Error::Closed)?
    }

    /// Commits and answers what is queued, then ends the writer and frees the directory. Blocks until done;
    /// whoever appends afterwards gets [`Error::Closed`].
    pub fn close(self) {
        let (done, finished) = waiting::channel();
        let mut command = Command::Close { done };
        loop {
            match self.commands.try_send(command) {
                Ok(()) => break,
                Err(mpsc::error::TrySendError::Closed(_)) => return,
                Err(mpsc::error::TrySendError::Full(back)) => {
                    command = back;
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
            }
        }
        // An error means that another clone closed it first and the writer has ended.
        let _ = finished.recv();
    }

    pub fn health(&self) -> Health {
        let mut health = self.health.borrow().clone();
        health.queue = JOURNAL_QUEUE - self.commands.capacity();
        health.committing_ms = self.pulse.committing_ms();
        if self.commands.is_closed() {
            health.writable = false;
            health.reason = Some(Error::Closed.to_string());
        }
        health
    }

    /// Limits the size of the store, so that a test can fill the disk.
    #[cfg(test)]
    fn limit_pages(&self, pages: u32) {
        self.commands.blocking_send(Command::Pages(pages)).expect("the writer runs");
    }
}
