//! The thread that writes offers into the outbox, many in one transaction, and wakes the posters.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Duration;

use super::sent::{Offer, Outbox};
use crate::clock::Clock;
use crate::model::limits::JOURNAL_GROUP;

/// Between two attempts to write where the disk fails.
const AGAIN: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(super) enum Wish {
    Tell {
        offers: Vec<Offer>,
        seq: u64,
    },
    /// What is queued for the alert up to this entry is dropped.
    Settle {
        alert: String,
        seq: u64,
        reason: &'static str,
    },
    /// The newest of what was dropped for the alert is queued again.
    Resume {
        alert: String,
        seq: u64,
    },
    Replayed,
    /// Nothing more comes of entries up to this one; says so when that is durable.
    UpTo {
        seq: u64,
        done: SyncSender<()>,
    },
}

pub(super) struct Recorder {
    pub outbox: Outbox,
    pub inbox: Receiver<Wish>,
    pub wakes: Vec<SyncSender<()>>,
    pub live: Arc<AtomicBool>,
    pub queued: Arc<AtomicU64>,
    pub clock: Clock,
}

impl Recorder {
    /// Until the notifier is closed; ends the posters by dropping their wakes.
    pub(super) fn run(mut self) {
        while let Ok(first) = self.inbox.recv() {
            let mut group = vec![first];
            group.extend(self.inbox.try_iter().take(JOURNAL_GROUP));
            self.record(&group);
            if group.iter().any(|wish| matches!(wish, Wish::Replayed)) {
                self.live.store(true, Ordering::Release);
            }
            for wish in &group {
                if let Wish::UpTo { done, seq: _ } = wish {
                    // Nobody waiting any more is no failure.
                    let _ = done.try_send(());
                }
            }
            self.queued.store(self.outbox.queued().unwrap_or(0), Ordering::Relaxed);
            for wake in &self.wakes {
                // A full channel means that the poster is about to look anyway.
                let _ = wake.try_send(());
            }
        }
    }

    /// Tries until the disk takes it: an offer is never dropped for want of a disk.
    fn record(&mut self, group: &[Wish]) {
        let live = self.live.load(Ordering::Acquire);
        while let Err(problem) = self.outbox.record(group, self.clock.now(), live) {
            tracing::error!(%problem, "cannot record notifications; trying again");
            std::thread::sleep(AGAIN);
        }
    }
}
