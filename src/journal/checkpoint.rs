//! Folds the write-ahead log back into the store.
//!
//! In idle gaps the writer does it itself. A writer without gaps has most of it done by a thread of its own while
//! it goes on committing; what came in the meantime it then folds in itself, and the log starts afresh.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::sqlite;

/// A writer without gaps lets the log grow to about this many bytes before it asks for help.
pub(super) const LOG_BYTES: usize = 16 * 1024 * 1024;

pub(super) struct Checkpoint {
    /// About how much the log has grown since it was last empty.
    bytes: usize,
    asked: bool,
    ask: SyncSender<()>,
    done: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Checkpoint {
    pub(super) fn start(dir: PathBuf) -> std::io::Result<Checkpoint> {
        let (ask, asked) = sync_channel(1);
        let done = Arc::new(AtomicBool::new(false));
        let run = {
            let done = done.clone();
            move || help(&dir, &asked, &done)
        };
        let thread = std::thread::Builder::new().name("journal-checkpoint".into()).spawn(run)?;
        // What an earlier life left in the log is folded in at the first gap.
        Ok(Checkpoint { bytes: LOG_BYTES / 4, asked: false, ask, done, thread })
    }

    /// The log grew by about so many bytes.
    pub(super) fn grew(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Nobody waits.
    pub(super) fn in_gap(&mut self, connection: &Connection) {
        if self.bytes > 0 && !self.asked {
            self.fold(connection);
        } else {
            self.between_groups(connection);
        }
    }

    /// Senders wait: only what must be.
    pub(super) fn between_groups(&mut self, connection: &Connection) {
        if self.asked && self.done.swap(false, Ordering::AcqRel) {
            self.asked = false;
            self.fold(connection);
        } else if !self.asked && self.bytes >= LOG_BYTES {
            self.asked = self.ask.try_send(()).is_ok();
        }
    }

    fn fold(&mut self, connection: &Connection) {
        // A checkpoint that fails or is held up by a reader loses nothing: the log keeps it all until the next.
        self.bytes = match sqlite::checkpoint(connection) {
            Ok(true) => 0,
            Ok(false) | Err(_) => LOG_BYTES / 2,
        };
    }

    pub(super) fn finish(self) {
        drop(self.ask);
        // A thread that panicked holds nothing that a checkpoint needs.
        let _ = self.thread.join();
    }
}

fn help(dir: &std::path::Path, asked: &Receiver<()>, done: &AtomicBool) {
    let mut connection = None;
    for () in asked {
        if connection.is_none() {
            connection = sqlite::open_to_checkpoint(dir).ok();
        }
        if let Some(open) = &connection
            && sqlite::checkpoint(open).is_err()
        {
            connection = None;
        }
        done.store(true, Ordering::Release);
    }
}
