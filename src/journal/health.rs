//! How the writer is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use super::command::Outcome;
use super::sqlite::Stored;
use crate::clock::Stopwatch;

/// What an operator or a probe wants to know of the writer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The last attempt to write succeeded (or none was needed yet).
    pub writable: bool,
    /// Why not, while it is not.
    pub reason: Option<String>,
    /// Submissions waiting for the writer.
    pub queue: usize,
    pub last_seq: u64,
    /// How long the last commit took, in milliseconds, with its sync.
    pub last_commit_ms: u64,
    /// How long the commit now under way has lasted, in milliseconds; 0 where none is. A disk that hangs
    /// without failing shows here.
    pub committing_ms: u64,
    pub commits: u64,
    pub submissions: u64,
    /// Submissions whose key was known.
    pub repeats: u64,
}

/// Tells how long the commit now under way has lasted.
#[derive(Debug)]
pub(super) struct Pulse {
    born: Stopwatch,
    /// Milliseconds after `born`, plus one; 0 while nothing is being committed.
    began: AtomicU64,
}

impl Pulse {
    pub(super) fn committing_ms(&self) -> u64 {
        match self.began.load(Ordering::Relaxed) {
            0 => 0,
            began => (self.born.milliseconds() + 1).saturating_sub(began),
        }
    }
}

/// The writer's end of its own health.
#[derive(Debug)]
pub(super) struct Gauge {
    health: watch::Sender<Health>,
    pulse: Arc<Pulse>,
}

pub(super) fn gauge() -> (Gauge, watch::Receiver<Health>, Arc<Pulse>) {
    let pulse = Arc::new(Pulse { born: Stopwatch::start(), began: AtomicU64::new(0) });
    let (sender, health) = watch::channel(Health { writable: true, ..Health::default() });
    (Gauge { health: sender, pulse: pulse.clone() }, health, pulse)
}

impl Gauge {
    pub(super) fn opened(&self, last_seq: u64) {
        self.health.send_modify(|health| health.last_seq = last_seq);
    }

    pub(super) fn begin(&self) {
        self.pulse.began.store(self.pulse.born.milliseconds() + 1, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        self.pulse.began.store(0, Ordering::Relaxed);
    }

    pub(super) fn succeeded(&self, watch: Stopwatch, last_seq: u64, outcomes: &[Outcome]) {
        let appended = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Stored(_))).count();
        let repeated = |outcome: &&Outcome| matches!(outcome, Outcome::Stored(Stored::Repeated { .. }));
        self.health.send_modify(|health| {
            health.writable = true;
            health.reason = None;
            health.last_seq = last_seq;
            health.last_commit_ms = watch.milliseconds();
            health.commits += 1;
            health.submissions += appended as u64;
            health.repeats += outcomes.iter().filter(repeated).count() as u64;
        });
    }

    pub(super) fn recovered(&self) {
        self.health.send_modify(|health| {
            health.writable = true;
            health.reason = None;
        });
    }

    pub(super) fn failed(&self, reason: &str) {
        self.health.send_modify(|health| {
            health.writable = false;
            health.reason = Some(reason.to_owned());
        });
    }

    pub(super) fn is_writable(&self) -> bool {
        self.health.borrow().writable
    }
}
