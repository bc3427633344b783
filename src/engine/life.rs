//! The life of one alert: what may follow what, and which instant matters next.
//!
//! pending → active → acknowledged → closed, with *returned* (over, not yet acknowledged), *shelved* and *out of
//! service* beside them, after ISA-18.2. An alert leaves *active* only for a recorded cause: a value, an
//! acknowledgement, a person's action. An unknown condition changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::rule::{Policy, Verdict};
use super::sweep::Standing;
use crate::model::alert::{Acknowledgement, LedgerLine, Shelf, Transition};
use crate::model::limits::ALERT_HISTORY;
use crate::model::{Actor, Alert, AlertState, Evidence, Kind, Priority, Role, Span, Time};

/// A returned alert that is not latched stays on the wall this long; engineering.
pub const RETURNED_STAYS: Span = Span::minutes(30);
/// More activations than this within [`FLAP_SPAN`] are flapping; engineering.
pub const FLAP_ACTIVATIONS: usize = 3;
pub const FLAP_SPAN: Span = Span::hours(1);
/// A flapping alert must be over this long before it returns; engineering.
pub const FLAP_HOLD: Span = Span::minutes(15);
/// The last action can be taken back this long.
pub const UNDO_SPAN: Span = Span::seconds(10);

/// How the alert's rule wants it treated; a running alert keeps the manner it was raised with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manner {
    /// The condition must hold this long before anybody is told.
    pub hold: Span,
    /// Stays until somebody acknowledged it, also when the condition is over.
    pub latch: bool,
    /// After closing, not raised again for this long.
    pub cooldown: Span,
    pub inhibits: Vec<Arc<str>>,
    pub policy: Arc<Policy>,
    pub acknowledgement_expires: Span,
    pub shelve_max: Span,
}

/// What one look at the rule's conditions gave.
#[derive(Clone, Debug)]
pub struct Judged {
    /// `when`.
    pub met: Verdict,
    /// `until`; the opposite of `when` where a rule has none.
    pub over: Verdict,
    /// The rule's own sign that it got worse; *becoming* met is what counts.
    pub worse: Verdict,
    pub evidence: Vec<Evidence>,
    pub missing: Vec<String>,
    /// In words, for the transition: `phosphate 2.9 mg/dL`.
    pub words: String,
}

/// What a person did last, so that it can be taken back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Undo {
    pub by: Actor,
    pub at: Time,
    pub before: Box<Running>,
}

impl Undo {
    /// By the same person, within [`UNDO_SPAN`].
    pub fn may_be_taken_back(&self, by: &Actor, now: Time) -> bool {
        self.by == *by && now - self.at <= UNDO_SPAN
    }
}

/// One alert that is not closed, with what its life needs beyond what is shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Running {
    pub alert: Alert,
    pub manner: Arc<Manner>,
    /// The rule it was raised under; `None` for alerts about the machinery.
    pub standing: Option<Arc<Standing>>,
    /// Since when the condition has held without becoming active.
    pub pending_since: Option<Time>,
    /// When the escalation began to run: activation, re-alarm, release of an inhibition.
    pub told_from: Time,
    /// Repeats of the last step in this run of the escalation.
    pub repeats: u32,
    /// How often each step was told, over all runs: a re-alarm is news, not a repetition of what was delivered.
    pub tells: BTreeMap<u32, u32>,
    pub returned_at: Option<Time>,
    /// A flapping alert's condition has been over since.
    pub over_since: Option<Time>,
    pub met_last: Verdict,
    pub over_last: Verdict,
    pub worse_last: bool,
    pub activations: Vec<Time>,
    /// Somebody must be told once inhibition is settled; the reason.
    pub announce: Option<String>,
    pub undo: Option<Undo>,
    /// The patient left; the alert closes then.
    pub leaves_at: Option<Time>,
}

impl Running {
    /// Puts one shared rule in the place of each own copy, also in what can be taken back.
    pub(super) fn share(&mut self, one: &mut impl FnMut(&mut Arc<Standing>)) {
        if let Some(standing) = &mut self.standing {
            one(standing);
            self.manner = standing.manner.clone();
        }
        if let Some(undo) = &mut self.undo {
            undo.before.share(one);
        }
    }

    pub fn new(alert: Alert, manner: Arc<Manner>, standing: Option<Arc<Standing>>, now: Time) -> Running {
        Running {
            alert,
            manner,
            standing,
            pending_since: None,
            told_from: now,
            repeats: 0,
            tells: BTreeMap::new(),
            returned_at: None,
            over_since: None,
            met_last: Verdict::Met,
            over_last: Verdict::NotMet,
            worse_last: false,
            activations: Vec::new(),
            announce: None,
            undo: None,
            leaves_at: None,
        }
    }

    /// Whether anybody may be told about it now.
    pub fn may_tell(&self) -> bool {
        !self.alert.shadow && self.alert.inhibited_by.is_none() && self.alert.priority != Priority::Info
    }

    /// The instant at which time alone changes something.
    pub fn due(&self) -> Option<Time> {
        let step = self.alert.next_step_at.filter(|_| self.may_tell());
        let flap = self.over_since.map(|since| since + FLAP_HOLD);
        let answered = self.alert.acknowledged.as_ref().map(|ack| ack.expires_at);
        let by_state = match self.alert.state {
            AlertState::Pending => self.pending_since.map(|since| since + self.manner.hold),
            // One of several roles may have answered already; that answer expires too.
            AlertState::Active => earliest([step, flap, answered]),
            AlertState::Acknowledged => earliest([answered, flap]),
            AlertState::Returned if self.manner.latch => step,
            AlertState::Returned => self.returned_at.map(|at| at + RETURNED_STAYS),
            AlertState::Shelved => self.alert.shelf.as_ref().map(|shelf| shelf.until),
            AlertState::OutOfService | AlertState::Closed => None,
        };
        earliest([by_state, self.leaves_at])
    }

    /// Moves to another state and records why.
    pub fn go(&mut self, to: AlertState, cause: &str, now: Time, seq: u64) {
        let from = self.alert.state;
        // Once the alert has moved on, the action before that can no longer be taken back.
        self.undo = None;
        self.alert.state = to;
        self.alert.transitions.push(Transition { at: now, seq, from, to, cause: cause.to_owned() });
        if self.alert.transitions.len() > ALERT_HISTORY {
            self.alert.transitions.remove(0);
        }
        match to {
            AlertState::Active => {
                self.returned_at = None;
                self.over_since = None;
            }
            AlertState::Returned => self.returned_at = Some(now),
            AlertState::Closed | AlertState::Shelved | AlertState::OutOfService => {
                self.alert.next_step_at = None;
            }
            AlertState::Pending | AlertState::Acknowledged => {}
        }
    }

    /// Becomes active, again or for the first time; the escalation starts over.
    pub fn activate(&mut self, cause: &str, now: Time, seq: u64) {
        // Only the condition makes an alert flap; that an acknowledgement or a shelf ran out does not.
        let by_condition = matches!(self.alert.state, AlertState::Pending | AlertState::Returned);
        self.go(AlertState::Active, cause, now, seq);
        self.pending_since = None;
        self.alert.acknowledged = None;
        self.alert.shelf = None;
        self.alert.awaiting = self.manner.policy.acknowledge_by.clone();
        self.activations.retain(|at| now - *at <= FLAP_SPAN);
        self.activations.extend(by_condition.then_some(now));
        self.alert.flapping = self.activations.len() > FLAP_ACTIVATIONS;
        self.restart_escalation(cause, now);
    }

    /// The steps run from now on, beginning with the first.
    pub fn restart_escalation(&mut self, reason: &str, now: Time) {
        self.told_from = now;
        self.repeats = 0;
        self.alert.step = 0;
        self.alert.next_step_at = None;
        self.announce = Some(reason.to_owned());
    }

    /// The condition is over by a value: *returned* where somebody should still look, else closed.
    pub fn end(&mut self, cause: &str, now: Time, seq: u64) {
        let seen = self.alert.state == AlertState::Acknowledged;
        // A machine that works again needs nobody's look; a patient's value that came back does.
        let nobody_need_look =
            self.alert.priority == Priority::Info || self.alert.shadow || self.alert.kind == Kind::Technical;
        self.announce = None;
        self.over_since = None;
        if seen || nobody_need_look {
            self.go(AlertState::Closed, cause, now, seq);
            return;
        }
        self.go(AlertState::Returned, cause, now, seq);
        if !self.manner.latch {
            // The value came back by itself; telling more people about it would only add noise.
            self.alert.next_step_at = None;
        }
    }

    /// A flapping alert waits before it may end.
    pub fn must_stay_over(&mut self, now: Time) -> bool {
        self.activations.retain(|at| now - *at <= FLAP_SPAN);
        self.alert.flapping = self.activations.len() > FLAP_ACTIVATIONS;
        if !self.alert.flapping {
            return false;
        }
        let since = *self.over_since.get_or_insert(now);
        now - since < FLAP_HOLD
    }

    /// Records an acknowledgement; `true` when no further role is awaited.
    pub fn acknowledge(&mut self, by: &Actor, comment: &str, now: Time) -> bool {
        self.alert.awaiting.retain(|role| *role != by.role && by.role != Role::Admin);
        self.alert.acknowledged = Some(Acknowledgement {
            by: by.clone(),
            at: now,
            expires_at: now + self.manner.acknowledgement_expires,
            comment: comment.to_owned(),
        });
        self.note("acknowledged", now, &format!("{} ({})", by.name, by.role.name()));
        self.alert.awaiting.is_empty()
    }

    pub fn shelve(&mut self, by: &Actor, minutes: u32, reason: &str, now: Time) {
        let wanted = Span::minutes(i64::from(minutes));
        let until = now + wanted.min(self.manner.shelve_max);
        self.alert.shelf = Some(Shelf { by: by.clone(), at: now, until, reason: reason.to_owned() });
    }

    /// One line in the ledger of what became of the news.
    pub fn note(&mut self, stage: &str, at: Time, detail: &str) {
        if self.alert.ledger.len() < ALERT_HISTORY {
            let step = self.alert.step;
            self.alert.ledger.push(LedgerLine {
                stage: stage.to_owned(),
                at,
                step,
                detail: detail.to_owned(),
            });
        }
    }
}

fn earliest<const N: usize>(times: [Option<Time>; N]) -> Option<Time> {
    times.into_iter().flatten().min()
}
