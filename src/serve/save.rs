//! Saves snapshots: now and then while the service runs, so that a crash costs little, and at its end.
//!
//! The fold's thread writes the engine into memory and goes on; a thread of its own waits until the outbox of webhooks
//! has everything up to there, and writes the file. A disk that hangs holds up neither.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tracing::{info, warn};

use crate::clock::Stopwatch;
use crate::engine::Engine;
use crate::journal::{Reader, Snapshot};
use crate::model::limits::{SNAPSHOT_ENTRIES, SNAPSHOT_PAUSE};
use crate::notify::Notifier;

/// The sources of the fold, as a digest: only a build with the same ones reads a snapshot.
pub const BUILD: &str = env!("STORMWATCH_FOLD");
/// How long the outbox may take to write what it was told. [engineering]
const OUTBOX: Duration = Duration::from_secs(4);

struct Work {
    snapshot: Snapshot,
    /// Says when the outbox has everything up to the snapshot.
    recorded: Receiver<()>,
}

/// The end that the fold's thread holds.
pub struct Saving {
    work: Option<SyncSender<Work>>,
    thread: Option<JoinHandle<()>>,
    since: Stopwatch,
    /// The newest entry that a snapshot covers or will.
    covered: u64,
}

impl Saving {
    pub fn start(reader: Reader) -> std::io::Result<Saving> {
        let (work, wanted) = sync_channel(1);
        let thread =
            std::thread::Builder::new().name("snapshot".into()).spawn(move || write(&reader, &wanted))?;
        Ok(Saving { work: Some(work), thread: Some(thread), since: Stopwatch::start(), covered: 0 })
    }

    /// The fold begins at this entry's end.
    pub fn begin(&mut self, seq: u64) {
        self.covered = seq;
    }

    /// Called after each entry: saves where enough came since, and the last one is long enough ago.
    pub fn consider(&mut self, engine: &Engine, notifier: &Notifier) {
        if engine.seq() - self.covered >= SNAPSHOT_ENTRIES && self.since.elapsed() >= SNAPSHOT_PAUSE {
            self.since = Stopwatch::start();
            self.save(engine, notifier);
        }
    }

    /// The last one of this life; returns when it is written.
    pub fn finish(&mut self, engine: &Engine, notifier: &Notifier) {
        if engine.seq() > self.covered {
            self.save(engine, notifier);
        }
        self.work = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has written nothing, and the next start folds more.
            let _ = thread.join();
        }
    }

    fn save(&mut self, engine: &Engine, notifier: &Notifier) {
        let watch = Stopwatch::start();
        let snapshot = Snapshot { seq: engine.seq(), bytes: engine.to_bytes() };
        let (seq, bytes) = (snapshot.seq, snapshot.bytes.len());
        let recorded = notifier.record_up_to(seq);
        let work = Work { snapshot, recorded };
        // One that is still being written is as good, a little older.
        if self.work.as_ref().is_some_and(|thread| thread.try_send(work).is_ok()) {
            self.covered = seq;
            info!(seq, bytes, milliseconds = watch.milliseconds(), "a snapshot was taken");
        }
    }
}

fn write(reader: &Reader, wanted: &Receiver<Work>) {
    while let Ok(Work { snapshot, recorded }) = wanted.recv() {
        if recorded.recv_timeout(OUTBOX).is_err() {
            warn!(seq = snapshot.seq, "the outbox of webhooks does not answer; this snapshot is not kept");
            continue;
        }
        if let Err(error) = snapshot.write(reader, BUILD) {
            warn!(%error, "a snapshot cannot be written; a restart will fold more of the journal");
        }
    }
}
