//! Entries on their way to the engine: handed over a group at a time, because waking a thread costs more than
//! applying an entry.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::time::Duration;

use crate::clock::Stopwatch;
use crate::model::Entry;
use crate::model::limits::{JOURNAL_GROUP, JOURNAL_QUEUE};

/// Groups the engine may be behind before the writer waits for it: full ones hold sixteen times what may wait for the
/// writer, and `serve` may append a good many alone before it follows.
const GROUPS: usize = 16 * JOURNAL_QUEUE / JOURNAL_GROUP;

/// How long closing waits for an engine that no longer takes entries; a restart reads them again.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Between two looks whether the engine has room again.
const FULL: Duration = Duration::from_millis(1);

/// Every entry committed after opening, in order, each once. Ends when the journal is closed.
///
/// The writer waits for whoever follows, once some dozens of groups are behind: follow from a thread that does not
/// itself append, or take what is there between appends.
#[derive(Debug)]
pub struct Tail {
    groups: Receiver<Vec<Entry>>,
    rest: VecDeque<Entry>,
}

/// No entry now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// None has come in the time given.
    Yet,
    /// The journal is closed and all was taken.
    Ended,
}

impl Tail {
    /// Waits for the next entry; `None` once the journal is closed and all was taken.
    pub fn next_entry(&mut self) -> Option<Entry> {
        while self.rest.is_empty() {
            self.rest = self.groups.recv().ok()?.into();
        }
        self.rest.pop_front()
    }

    /// Waits at most so long.
    pub fn wait(&mut self, longest: Duration) -> Result<Entry, Quiet> {
        if self.rest.is_empty() {
            self.rest = match self.groups.recv_timeout(longest) {
                Ok(group) => group.into(),
                Err(RecvTimeoutError::Timeout) => return Err(Quiet::Yet),
                Err(RecvTimeoutError::Disconnected) => return Err(Quiet::Ended),
            };
        }
        self.rest.pop_front().ok_or(Quiet::Yet)
    }

    /// Does not wait.
    pub fn ready(&mut self) -> Result<Entry, Quiet> {
        if self.rest.is_empty() {
            self.rest = match self.groups.try_recv() {
                Ok(group) => group.into(),
                Err(TryRecvError::Empty) => return Err(Quiet::Yet),
                Err(TryRecvError::Disconnected) => return Err(Quiet::Ended),
            };
        }
        self.rest.pop_front().ok_or(Quiet::Yet)
    }
}

impl Iterator for Tail {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        self.next_entry()
    }
}

/// The writer's end.
#[derive(Clone, Debug)]
pub(super) struct TailIn {
    groups: SyncSender<Vec<Entry>>,
    /// The engine took nothing for long while the journal was closing; a restart reads what it missed.
    given_up: bool,
}

pub(super) fn tail() -> (TailIn, Tail) {
    let (sender, groups) = sync_channel(GROUPS);
    (TailIn { groups: sender, given_up: false }, Tail { groups, rest: VecDeque::new() })
}

impl TailIn {
    /// Does not wait; gives back what the engine has no room for. Nobody following is room enough.
    pub(super) fn try_hand_on(&mut self, group: Vec<Entry>) -> Vec<Entry> {
        if group.is_empty() || self.given_up {
            return Vec::new();
        }
        match self.groups.try_send(group) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => Vec::new(),
            Err(TrySendError::Full(group)) => group,
        }
    }

    /// Waits where the engine is far behind, but not for ever once the journal is `closing`.
    pub(super) fn hand_on(&mut self, group: Vec<Entry>, closing: &AtomicBool) {
        let mut hurry: Option<Stopwatch> = None;
        let mut left = self.try_hand_on(group);
        while !left.is_empty() {
            if closing.load(Ordering::Acquire)
                && hurry.get_or_insert_with(Stopwatch::start).elapsed() > LAST_WORDS
            {
                self.given_up = true;
            } else {
                std::thread::sleep(FULL);
            }
            left = self.try_hand_on(left);
        }
    }
}
