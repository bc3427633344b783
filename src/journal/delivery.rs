//! After a commit: answers for the senders, entries for the engine.
//!
//! Small groups are answered on the spot, which is quickest for a lone sender. Large ones go to a thread of their own,
//! so that the next commit is on its way to the disk while hundreds of senders are woken.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::Appended;
use super::command::{Command, Outcome};
use super::sqlite::Stored;
use super::tail::TailIn;
use crate::model::{Entry, Time};

/// Up to so many commands are answered on the spot.
const SMALL: usize = 8;
/// Groups committed and not yet delivered, before the writer waits.
const AHEAD: usize = 4;

/// What a commit leaves to be told.
struct Committed {
    at: Time,
    group: Vec<(Command, Outcome)>,
    /// Of commands already answered.
    entries: Vec<Entry>,
}

pub(super) struct Delivery {
    tail: TailIn,
    groups: SyncSender<Committed>,
    /// Groups with the thread. While there are any, later entries must not overtake theirs.
    pending: Arc<AtomicUsize>,
    closing: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Delivery {
    pub(super) fn start(tail: TailIn) -> std::io::Result<Delivery> {
        let (groups, committed) = sync_channel(AHEAD);
        let (pending, closing) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let run = {
            let (tail, pending, closing) = (tail.clone(), pending.clone(), closing.clone());
            move || deliver_all(&committed, tail, &pending, &closing)
        };
        let thread = std::thread::Builder::new().name("journal-answers".into()).spawn(run)?;
        Ok(Delivery { tail, groups, pending, closing, thread })
    }

    /// Answers a committed group and hands its entries on, in the order of groups.
    pub(super) fn deliver(&mut self, at: Time, group: Vec<(Command, Outcome)>) {
        if group.len() > SMALL {
            return self.leave(Committed { at, group, entries: Vec::new() });
        }
        self.hand_on(answer(at, group));
    }

    /// Entries alone, in their turn.
    pub(super) fn hand_on(&mut self, entries: Vec<Entry>) {
        let alone = self.pending.load(Ordering::Acquire) == 0;
        let left = if alone { self.tail.try_hand_on(entries) } else { entries };
        if !left.is_empty() {
            self.leave(Committed { at: Time::default(), group: Vec::new(), entries: left });
        }
    }

    fn leave(&self, committed: Committed) {
        self.pending.fetch_add(1, Ordering::AcqRel);
        // The thread outlives this sender, so somebody takes it.
        let _ = self.groups.send(committed);
    }

    /// From now on an engine that no longer takes entries holds nothing up for long.
    pub(super) fn hurry(&self) {
        self.closing.store(true, Ordering::Release);
    }

    /// Returns once all is answered and handed on; the tail then ends.
    pub(super) fn finish(self) {
        self.hurry();
        drop((self.groups, self.tail));
        // A thread that panicked has nobody left to answer.
        let _ = self.thread.join();
    }
}

fn deliver_all(
    committed: &Receiver<Committed>,
    mut tail: TailIn,
    pending: &AtomicUsize,
    closing: &AtomicBool,
) {
    for Committed { at, group, mut entries } in committed {
        // Answers first, because senders wait; the engine has its own pace.
        entries.extend(answer(at, group));
        tail.hand_on(entries, closing);
        pending.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Answers everybody and returns the entries. A sender that has gone away does not change what is durable.
fn answer(at: Time, group: Vec<(Command, Outcome)>) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (command, outcome) in group {
        match (command, outcome) {
            (Command::Append { prepared, answer }, Outcome::Stored(Stored::New { first, last })) => {
                let _ = answer.send(Ok(Appended::New { first, last, accepted_at: at }));
                let numbered = (first..).zip(prepared.events);
                entries.extend(numbered.map(|(seq, event)| Entry { seq, accepted_at: at, event }));
            }
            (Command::Append { answer: heard, .. }, Outcome::Stored(Stored::Repeated { answer })) => {
                let _ = heard.send(Ok(Appended::Repeated { answer }));
            }
            (Command::Mark { answer, .. }, Outcome::Marked(found)) => {
                let _ = answer.send(Ok(found));
            }
            // The writer itself ends after its last group.
            (Command::Close { .. }, _) => {}
            #[cfg(test)]
            (Command::Pages(_), _) => {}
            (Command::Append { .. } | Command::Mark { .. }, _) => {
                unreachable!("each command gets the outcome of its own kind")
            }
        }
    }
    entries
}
