//! Floor 3. Tells the outside: webhooks, each (alert, step, repeat) accepted once, in order, also after a crash.
//!
//! The engine's thread only offers; one thread writes the outbox (`sent`), and one for each webhook posts what is
//! due (`poster`). A slow or broken receiver delays nobody else.

mod body;
mod poster;
mod recorder;
mod sent;
mod webhook;

#[cfg(test)]
mod test;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::clock::Clock;
use crate::journal::Journal;
use crate::model::{Alert, AlertState, Analyte, Notification, Span, limits};

pub use webhook::Webhook;

use poster::Poster;
use recorder::{Recorder, Wish};
use sent::Outbox;
use webhook::Target;

/// Offers waiting for the disk before the engine's thread waits too. Offers stop when the journal's disk does,
/// so only a disk that hangs under the outbox alone gets here.
const OFFERS: usize = limits::CLOSED_ALERTS;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("webhook {name:?}: {reason}")]
    Webhook { name: String, reason: String },
    #[error("two webhooks are named {name:?}; give each its own name")]
    Twice { name: String },
    #[error("cannot keep the outbox {file}: {reason}; check the disk and who owns the data directory")]
    Outbox { file: String, reason: String },
    #[error("cannot start the thread {name:?}: {reason}")]
    Thread { name: String, reason: String },
}

/// How patient the posting is; the defaults suit a hospital.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// Before the second try; doubled before each further one.
    pub first: Span,
    /// Between two tries at most.
    pub longest: Span,
    /// Alerts below high priority are given up after so long without success. High ones never are.
    pub give_up: Span,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace { first: Span(500), longest: Span::MINUTE, give_up: Span::DAY }
    }
}

/// What the notifier needs from the rest.
pub struct Setup<'a> {
    pub webhooks: Vec<Webhook>,
    pub pace: Pace,
    /// Takes the outcome of every attempt.
    pub journal: Journal,
    /// The journal's last entry at opening: offers up to it are a replay.
    pub last_seq: u64,
    pub clock: Clock,
    pub dir: &'a Path,
    /// Canonical units, so that evidence can be read.
    pub units: BTreeMap<Analyte, String>,
}

/// The offering end, for the thread that folds.
pub struct Notifier {
    targets: Vec<Arc<Target>>,
    units: BTreeMap<Analyte, String>,
    wishes: SyncSender<Wish>,
    /// Offers and settlements of earlier entries are in the outbox already.
    recorded: u64,
    queued: Arc<AtomicU64>,
    recorder: JoinHandle<()>,
    posters: Vec<JoinHandle<()>>,
}

impl Notifier {
    /// Opens the outbox and starts the threads. Nothing is posted before [`Notifier::replayed`].
    pub fn start(setup: Setup<'_>) -> Result<Notifier, Error> {
        let targets: Vec<Arc<Target>> = webhook::load(setup.webhooks)?.into_iter().map(Arc::new).collect();
        let mut outbox = Outbox::open(setup.dir)?;
        let recorded = outbox.follow_journal(setup.last_seq)?;
        let live = Arc::new(AtomicBool::new(false));
        let queued = Arc::new(AtomicU64::new(outbox.queued()?));
        let (wishes, inbox) = sync_channel(OFFERS);
        let (mut wakes, mut posters) = (Vec::new(), Vec::new());
        for target in &targets {
            // One wake-up is as good as many: the poster looks for itself what is due.
            let (wake, woken) = sync_channel(1);
            wakes.push(wake);
            let poster = Poster {
                target: target.clone(),
                outbox: Outbox::open(setup.dir)?,
                journal: setup.journal.clone(),
                clock: setup.clock.clone(),
                pace: setup.pace.clone(),
                live: live.clone(),
                queued: queued.clone(),
            };
            posters.push(thread("webhook", move || poster.run(&woken))?);
        }
        let recorder = Recorder { outbox, inbox, wakes, live, queued: queued.clone(), clock: setup.clock };
        let recorder = thread("outbox", move || recorder.run())?;
        Ok(Notifier { targets, units: setup.units, wishes, recorded, queued, recorder, posters })
    }

    /// Takes a notification of entry `seq` for every webhook that wants it. Returns at once; what was offered before
    /// (in this life or an earlier one) is not posted again. Call in the order of entries.
    pub fn offer(&self, notification: &Notification, alert: &Alert, seq: u64) {
        if seq < self.recorded {
            return;
        }
        let wanting = self.targets.iter().filter(|target| target.wants(notification, alert));
        let offers =
            wanting.map(|target| body::offer(&target.name, notification, alert, &self.units)).collect();
        self.wish(Wish::Tell { offers, seq });
    }

    /// Call for every alert that moved: once it needs nobody any more, what is still queued for it is dropped.
    pub fn follow(&self, alert: &Alert, seq: u64) {
        let reason = match alert.state {
            AlertState::Pending | AlertState::Active | AlertState::Returned => return,
            AlertState::Acknowledged => "acknowledged before it could be delivered",
            AlertState::Closed => "closed before it could be delivered",
            AlertState::Shelved => "shelved before it could be delivered",
            AlertState::OutOfService => "taken out of service before it could be delivered",
        };
        if seq >= self.recorded {
            self.wish(Wish::Settle { alert: alert.id.to_string(), seq, reason });
        }
    }

    /// Everything that entries before this one asked for is in the outbox, from this life or an earlier one.
    pub fn recorded(&self) -> u64 {
        self.recorded
    }

    /// Says, by the channel it gives back, when everything that entries up to this one asked for is in the outbox.
    pub fn record_up_to(&self, seq: u64) -> Receiver<()> {
        let (done, recorded) = sync_channel(1);
        self.wish(Wish::UpTo { seq, done });
        recorded
    }

    /// Call where an action on an alert was taken back: what that action had kept from being delivered is owed again.
    pub fn resume(&self, alert: &Alert, seq: u64) {
        if seq >= self.recorded && alert.state == AlertState::Active {
            self.wish(Wish::Resume { alert: alert.id.to_string(), seq });
        }
    }

    /// Canonical units, after a change of terminology.
    pub fn units(&mut self, units: BTreeMap<Analyte, String>) {
        self.units = units;
    }

    /// The fold has caught up with the journal: from now on what is queued is posted. What was acknowledged in the
    /// meantime has been dropped by then.
    pub fn replayed(&self) {
        self.wish(Wish::Replayed);
    }

    /// Deliveries not yet accepted, over all webhooks.
    pub fn queued(&self) -> u64 {
        self.queued.load(Ordering::Relaxed)
    }

    /// Records what was offered and ends the threads, after a post under way is over (at most its timeout). What
    /// is queued is posted by the next life.
    pub fn close(self) {
        drop(self.wishes);
        for thread in self.posters.into_iter().chain([self.recorder]) {
            // A thread that panicked has nothing left to finish.
            let _ = thread.join();
        }
    }

    fn wish(&self, wish: Wish) {
        // Without a recorder the program is ending; the next life's replay offers it again.
        let _ = self.wishes.send(wish);
    }
}

fn thread(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    let started = std::thread::Builder::new().name(name.into()).spawn(run);
    started.map_err(|reason| Error::Thread { name: name.into(), reason: reason.to_string() })
}
