//! An alert of ours, as displays, webhooks and the journal's readers see it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::analyte::Analyte;
use super::event::{Actor, Rating, Role};
use super::observation::Quantity;
use super::patient::{Location, PatientId};
use super::time::Time;

/// `41-1`: the first alert that entry 41 raised. The same fold gives the same ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlertId(pub Arc<str>);

impl AlertId {
    pub fn new(seq: u64, index: u32) -> AlertId {
        AlertId(format!("{seq}-{index}").into())
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The signal scheme of IEC 60601-1-8, plus *info*, which never interrupts. Ordered by urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Info,
    Low,
    Medium,
    High,
}

impl Priority {
    pub const ALL: [Priority; 4] = [Priority::Info, Priority::Low, Priority::Medium, Priority::High];

    pub fn name(self) -> &'static str {
        match self {
            Priority::Info => "info",
            Priority::Low => "low",
            Priority::Medium => "medium",
            Priority::High => "high",
        }
    }
    pub fn parse(name: &str) -> Option<Priority> {
        Priority::ALL.into_iter().find(|priority| priority.name() == name)
    }
    /// One step more urgent; high stays high.
    pub fn raised(self) -> Priority {
        match self {
            Priority::Info => Priority::Low,
            Priority::Low => Priority::Medium,
            Priority::Medium | Priority::High => Priority::High,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Physiological,
    Technical,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Physiological => "physiological",
            Kind::Technical => "technical",
        }
    }
}

/// Where an alert is in its life (after ISA-18.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// The condition holds, not yet for long enough. Nobody is told.
    Pending,
    Active,
    Acknowledged,
    /// The condition is over by a value; nobody has acknowledged yet.
    Returned,
    Closed,
    /// A person suppressed it for a stated time.
    Shelved,
    /// A person took the rule out of service for this patient.
    OutOfService,
}

impl AlertState {
    pub fn name(self) -> &'static str {
        match self {
            AlertState::Pending => "pending",
            AlertState::Active => "active",
            AlertState::Acknowledged => "acknowledged",
            AlertState::Returned => "returned",
            AlertState::Closed => "closed",
            AlertState::Shelved => "shelved",
            AlertState::OutOfService => "out_of_service",
        }
    }
    pub fn parse(name: &str) -> Option<AlertState> {
        [
            AlertState::Pending,
            AlertState::Active,
            AlertState::Acknowledged,
            AlertState::Returned,
            AlertState::Closed,
            AlertState::Shelved,
            AlertState::OutOfService,
        ]
        .into_iter()
        .find(|state| state.name() == name)
    }
}

/// One input the rule looked at when it was judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    pub analyte: Analyte,
    pub quantity: Quantity,
    pub measured_at: Time,
    pub source: String,
    /// What the condition asked: `change_from_baseline("24h")`; empty for the plain last value.
    pub feature: String,
    /// What the feature gave, where it is not the value itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<super::value::Value>,
    /// `<=` and the limit it was compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<(String, super::value::Value)>,
    /// The value was later corrected or withdrawn.
    #[serde(default)]
    pub superseded: bool,
    /// What was known against the value when it counted: `implausible`, `unconfirmed`, `specimen`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
}

/// An acknowledgement: it is part of the product and it expires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Acknowledgement {
    pub by: Actor,
    pub at: Time,
    pub expires_at: Time,
    pub comment: String,
}

/// A person's suppression with its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shelf {
    pub by: Actor,
    pub at: Time,
    pub until: Time,
    pub reason: String,
}

/// One transition, with its cause. Kept on the alert, newest last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    pub at: Time,
    /// The entry that caused it.
    pub seq: u64,
    pub from: AlertState,
    pub to: AlertState,
    /// In a sentence: `phosphate 2.9 mg/dL: until is met`.
    pub cause: String,
}

/// What happened to the news of an alert: durable, pushed, painted, acknowledged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LedgerLine {
    pub stage: String,
    pub at: Time,
    pub step: u32,
    pub detail: String,
}

/// The whole of one alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    pub id: AlertId,
    pub rule: Arc<str>,
    /// Hash of the rule set it was raised under; a running alert keeps its version.
    pub rule_version: Arc<str>,
    pub kind: Kind,
    pub priority: Priority,
    pub state: AlertState,
    /// `None` for technical alerts of the service or a feed.
    pub patient: Option<PatientId>,
    pub location: Location,
    pub title_en: Arc<str>,
    pub title_ja: Arc<str>,
    pub instruction_en: Arc<str>,
    pub instruction_ja: Arc<str>,
    pub source: Arc<str>,
    pub raised_at: Time,
    /// Newest measurement behind it.
    pub measured_at: Option<Time>,
    pub escalation: Arc<str>,
    /// 0 before anybody was told, then the step reached.
    pub step: u32,
    pub next_step_at: Option<Time>,
    /// Roles told so far.
    pub told: Vec<Role>,
    pub acknowledged: Option<Acknowledgement>,
    /// Roles that still must acknowledge, where the policy wants more than one.
    pub awaiting: Vec<Role>,
    pub shelf: Option<Shelf>,
    pub rating: Option<(Rating, Actor)>,
    pub evidence: Vec<Evidence>,
    /// Names the condition needed and did not have.
    pub missing: Vec<String>,
    /// Another active alert that keeps this one quiet.
    pub inhibited_by: Option<AlertId>,
    /// Changed too often of late: shown, told less often.
    pub flapping: bool,
    /// Judged, shown in `/rules`, told to nobody.
    pub shadow: bool,
    /// Groups alerts of one patient that belong together.
    pub episode: Option<AlertId>,
    pub transitions: Vec<Transition>,
    pub ledger: Vec<LedgerLine>,
}

impl Alert {
    /// Neither closed nor pending: somebody may have to look.
    pub fn is_open(&self) -> bool {
        match self.state {
            AlertState::Pending | AlertState::Closed => false,
            AlertState::Active
            | AlertState::Acknowledged
            | AlertState::Returned
            | AlertState::Shelved
            | AlertState::OutOfService => true,
        }
    }
}
