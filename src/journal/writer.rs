//! The one thread that writes. It takes what waits, up to a group's size, commits it with one sync, and only then
//! answers everybody and hands the entries to the engine.

use std::path::{Path, PathBuf};
use std::sync::mpsc as waiting;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::mpsc;

use super::Error;
use super::checkpoint::Checkpoint;
use super::command::{Command, Outcome};
use super::delivery::Delivery;
use super::files::{self, Head, Lock};
use super::health::Gauge;
use super::read::Reader;
use super::record::Hash;
use super::sqlite::{self, Statements, Tip};
use super::tail::TailIn;
use crate::clock::{Clock, Stopwatch};
use crate::model::limits::JOURNAL_GROUP;
use crate::model::{Entry, Time};

/// Nothing to do for so long: time for a checkpoint, or to see whether a failing disk is back.
const IDLE: Duration = Duration::from_millis(50);

pub(super) struct Writer {
    dir: PathBuf,
    clock: Clock,
    inbox: mpsc::Receiver<Command>,
    delivery: Delivery,
    checkpoint: Checkpoint,
    gauge: Gauge,
    tip: Tip,
    head: Head,
    connection: Option<Connection>,
    closing: Vec<waiting::Sender<()>>,
    lock: Lock,
}

/// Why the writer leaves a connection.
enum Leave {
    Closed,
    /// The disk failed; the next connection starts from what is really there.
    Reopen,
}

impl Writer {
    pub(super) fn open(
        dir: &Path,
        clock: Clock,
        inbox: mpsc::Receiver<Command>,
        tail: TailIn,
        gauge: Gauge,
    ) -> Result<Writer, Error> {
        files::make(dir)?;
        let lock = Lock::take(dir)?;
        if let Some((written, hash)) = Head::read(dir) {
            // Before anything is written: what a damaged log hides may still be rescued from it.
            check_head(dir, written, &hash)?;
        }
        let connection = sqlite::open_to_write(dir)?;
        let tip = Tip::read(&connection).map_err(sqlite::unreadable)?;
        let head = Head::open(dir)?;
        files::sync(dir)?;
        gauge.opened(tip.seq);
        let problem =
            |reason: std::io::Error| Error::Directory { dir: files::shown(dir), reason: reason.to_string() };
        Ok(Writer {
            dir: dir.to_owned(),
            clock,
            inbox,
            delivery: Delivery::start(tail).map_err(problem)?,
            checkpoint: Checkpoint::start(dir.to_owned()).map_err(problem)?,
            gauge,
            tip,
            head,
            connection: Some(connection),
            closing: Vec::new(),
            lock,
        })
    }

    pub(super) fn last_seq(&self) -> u64 {
        self.tip.seq
    }

    pub(super) fn start(self) -> Result<(), Error> {
        let dir = files::shown(&self.dir);
        let problem = |reason: std::io::Error| Error::Directory { dir, reason: reason.to_string() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let thread = std::thread::Builder::new().name("journal".into());
        let started = runtime.and_then(|runtime| thread.spawn(move || self.run(&runtime)));
        started.map(drop).map_err(problem)
    }

    fn run(mut self, runtime: &tokio::runtime::Runtime) {
        let mut group = Vec::with_capacity(JOURNAL_GROUP);
        loop {
            let connection = match self.connect() {
                Ok(connection) => connection,
                Err(problem) => {
                    if self.refuse(runtime, &mut group, &problem) {
                        break;
                    }
                    continue;
                }
            };
            if let Leave::Closed = self.serve(runtime, &connection, &mut group) {
                self.checkpoint.finish();
                // Leaves no log behind, so that a copy of journal.db alone is whole.
                let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
                break;
            }
        }
        self.delivery.finish();
        drop(self.lock);
        for done in self.closing {
            let _ = done.send(());
        }
    }

    /// The first connection, or after a failure a new one. A commit whose failure was only in its last step may
    /// turn out to be there: the engine gets its entries now.
    fn connect(&mut self) -> Result<Connection, Error> {
        if let Some(connection) = self.connection.take() {
            return Ok(connection);
        }
        let connection = sqlite::open_to_write(&self.dir)?;
        let tip = Tip::read(&connection).map_err(sqlite::unreadable)?;
        if tip.message < self.tip.message {
            let dir = files::shown(&self.dir);
            return Err(Error::LostEnd { dir, found: tip.message, written: self.tip.message });
        }
        if tip.seq > self.tip.seq {
            let missed: Vec<Entry> =
                Reader::new(&self.dir).entries(self.tip.seq + 1)?.collect::<Result<_, _>>()?;
            self.delivery.hand_on(missed);
        }
        self.tip = tip;
        Ok(connection)
    }

    /// Groups on one connection.
    fn serve(
        &mut self,
        runtime: &tokio::runtime::Runtime,
        connection: &Connection,
        group: &mut Vec<Command>,
    ) -> Leave {
        let mut statements = match Statements::prepare(connection) {
            Ok(statements) => statements,
            Err(problem) => {
                self.gauge.failed(&problem.to_string());
                std::thread::sleep(IDLE);
                return Leave::Reopen;
            }
        };
        loop {
            match self.take(runtime, group) {
                None => self.rest(connection, &mut statements),
                Some(0) => return Leave::Closed,
                Some(_) => {
                    let good = self.commit_group(connection, &mut statements, group);
                    if !good && disk_gone(connection, self.tip) {
                        return Leave::Reopen;
                    }
                }
            }
            self.checkpoint.between_groups(connection);
        }
    }

    /// `None` after [`IDLE`] without work; 0 once everybody has gone.
    fn take(&mut self, runtime: &tokio::runtime::Runtime, group: &mut Vec<Command>) -> Option<usize> {
        if let Ok(first) = self.inbox.try_recv() {
            group.push(first);
            while group.len() < JOURNAL_GROUP
                && let Ok(next) = self.inbox.try_recv()
            {
                group.push(next);
            }
            return Some(group.len());
        }
        let waiting = self.inbox.recv_many(group, JOURNAL_GROUP);
        runtime.block_on(async { tokio::time::timeout(IDLE, waiting).await }).ok()
    }

    /// Writes a group and answers it. `false`: the disk did not take it.
    fn commit_group(
        &mut self,
        connection: &Connection,
        statements: &mut Statements,
        group: &mut Vec<Command>,
    ) -> bool {
        let watch = Stopwatch::start();
        self.gauge.begin();
        let at = self.clock.now().max(self.tip.at);
        let written = self.write(connection, statements, at, group);
        self.gauge.end();
        match written {
            Ok((tip, outcomes)) => {
                if tip != self.tip {
                    self.head.write(tip.message, &tip.hash);
                }
                self.tip = tip;
                self.gauge.succeeded(watch, self.tip.seq, &outcomes);
                self.note_closing(group);
                self.delivery.deliver(at, group.drain(..).zip(outcomes).collect());
                true
            }
            // One submission that cannot be stored must not take the others with it.
            Err(problem) if group.len() > 1 && is_about_content(&problem) => {
                let mut good = true;
                for command in std::mem::take(group) {
                    good &= self.commit_group(connection, statements, &mut vec![command]);
                }
                good
            }
            Err(problem) if is_about_content(&problem) => {
                self.turn_away(group, &Error::Unstorable { reason: problem.to_string() });
                true
            }
            Err(problem) => {
                self.gauge.failed(&problem.to_string());
                self.turn_away(group, &Error::Unwritable { reason: problem.to_string() });
                false
            }
        }
    }

    /// One transaction. The tip moves only if it is committed.
    fn write(
        &mut self,
        connection: &Connection,
        statements: &mut Statements,
        at: Time,
        group: &[Command],
    ) -> rusqlite::Result<(Tip, Vec<Outcome>)> {
        let mut tip = self.tip;
        let mut bytes = 0;
        statements.begin()?;
        let written = group.iter().map(|command| {
            Ok(match command {
                Command::Append { prepared, .. } => {
                    bytes += prepared.size();
                    Outcome::Stored(statements.store(&mut tip, at, prepared)?)
                }
                Command::Mark { id, state, .. } => Outcome::Marked(statements.mark(id, *state)? > 0),
                Command::Close { .. } => Outcome::Nothing,
                #[cfg(test)]
                Command::Pages(pages) => {
                    connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
                    Outcome::Nothing
                }
            })
        });
        let written: rusqlite::Result<Vec<Outcome>> = written.collect();
        let committed = written.and_then(|outcomes| statements.commit().map(|()| outcomes));
        if committed.is_err() && !connection.is_autocommit() {
            statements.rollback();
        }
        // Each commit rewrites the newest page of every table and of the index.
        self.checkpoint.grew(bytes + 5 * 4096);
        committed.map(|outcomes| (tip, outcomes))
    }

    fn note_closing(&mut self, group: &[Command]) {
        for command in group {
            if let Command::Close { done } = command {
                self.closing.push(done.clone());
                self.inbox.close();
                self.delivery.hurry();
            }
        }
    }

    fn turn_away(&mut self, group: &mut Vec<Command>, problem: &Error) {
        self.note_closing(group);
        group.drain(..).for_each(|command| command.refuse(problem));
    }

    /// While the store cannot even be opened: everybody is turned away. `true` once everybody has gone.
    fn refuse(
        &mut self,
        runtime: &tokio::runtime::Runtime,
        group: &mut Vec<Command>,
        problem: &Error,
    ) -> bool {
        self.gauge.failed(&problem.to_string());
        let waiting = self.take(runtime, group);
        self.turn_away(group, &Error::Unwritable { reason: problem.to_string() });
        waiting == Some(0)
    }

    /// Nobody waits: fold the log back into the store, or see whether the disk is back.
    fn rest(&mut self, connection: &Connection, statements: &mut Statements) {
        if !self.gauge.is_writable() {
            let probe = connection.execute_batch(
                "BEGIN IMMEDIATE;
                 INSERT INTO quarantine VALUES (-1, '', 0, '', '', '', NULL, zeroblob(65536), 'waiting');
                 DELETE FROM quarantine WHERE number = -1;
                 COMMIT",
            );
            match probe {
                Ok(()) => self.gauge.recovered(),
                Err(_) => statements.rollback(),
            }
        } else {
            self.checkpoint.in_gap(connection);
        }
    }
}

/// Errors of one submission (a row too big, a limit broken) as against errors of the disk.
fn is_about_content(problem: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{ConstraintViolation, TooBig, TypeMismatch};
    problem.sqlite_error_code().is_none_or(|code| matches!(code, TooBig | ConstraintViolation | TypeMismatch))
}

/// The connection does not show what was last committed: its view of the files is no longer to be trusted.
fn disk_gone(connection: &Connection, tip: Tip) -> bool {
    Tip::read(connection).ok() != Some(tip)
}

/// Refuses a store that has lost messages which were once durable.
fn check_head(dir: &Path, written: u64, hash: &Hash) -> Result<(), Error> {
    let lost = |found| Err(Error::LostEnd { dir: files::shown(dir), found, written });
    if !files::store(dir).exists() {
        return lost(0);
    }
    let connection = sqlite::open_to_read(dir)?;
    let empty = "SELECT count(*) = 0 FROM sqlite_schema";
    if connection.query_row(empty, [], |row| row.get(0)).map_err(sqlite::unreadable)? {
        return lost(0);
    }
    let tip = Tip::read(&connection).map_err(sqlite::unreadable)?;
    if written > tip.message {
        return lost(tip.message);
    }
    let query = "SELECT hash FROM message WHERE id = ?1";
    let stored: Hash = connection
        .query_row(query, [sqlite::Number(written)], |row| row.get(0))
        .map_err(sqlite::unreadable)?;
    if stored == *hash {
        return Ok(());
    }
    Err(Error::Damaged { message: written, reason: "it is not the one that was once written".into() })
}
