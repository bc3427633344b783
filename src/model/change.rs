//! What people and machines see: the fold's output.

use serde::{Deserialize, Serialize};

use super::alert::{Alert, AlertId};
use super::event::Role;
use super::patient::PatientId;

/// One consequence of one entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Something a patient's tile or page shows has changed.
    Patient(PatientId),
    /// An alert moved; the alert as it is now.
    Alert { change: AlertChange, alert: Box<Alert>, cause: String },
    /// Somebody has to be told. Each (alert, step, attempt) exactly once.
    Notify(Notification),
    /// A rule set took effect.
    Rules { hash: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertChange {
    Raised,
    Escalated,
    Acknowledged,
    Returned,
    Closed,
    /// Active again: the acknowledgement expired, or it got worse, or it came back.
    Realarmed,
    Shelved,
    Unshelved,
    /// An input was corrected or withdrawn.
    Retracted,
    Rated,
    /// A person's last action was taken back; the state is what it was before.
    TakenBack,
    /// Evidence, location or another detail.
    Updated,
}

impl AlertChange {
    pub fn name(self) -> &'static str {
        match self {
            AlertChange::Raised => "raised",
            AlertChange::Escalated => "escalated",
            AlertChange::Acknowledged => "acknowledged",
            AlertChange::Returned => "returned",
            AlertChange::Closed => "closed",
            AlertChange::Realarmed => "realarmed",
            AlertChange::Shelved => "shelved",
            AlertChange::Unshelved => "unshelved",
            AlertChange::Retracted => "retracted",
            AlertChange::Rated => "rated",
            AlertChange::TakenBack => "taken_back",
            AlertChange::Updated => "updated",
        }
    }
}

/// Tell these roles about this alert, and why now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    pub alert: AlertId,
    pub step: u32,
    /// Counts repeats of the same step (re-alarm, repeat of the last step); 0 is the first.
    pub attempt: u32,
    pub roles: Vec<Role>,
    pub reason: String,
}
