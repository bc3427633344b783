//! What happened: the only thing the engine ever hears.

use serde::{Deserialize, Serialize};

use super::alert::AlertId;
use super::analyte::AnalyteSettings;
use super::assessment::{Assessment, Factors};
use super::observation::Observation;
use super::patient::{Census, PatientId};
use super::therapy::Therapy;
use super::time::Time;

/// An event with its place in the journal and the instant it was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// 1, 2, 3, … without gaps.
    pub seq: u64,
    /// Ours, never decreasing; the source's own claim is inside the event.
    pub accepted_at: Time,
    pub event: Event,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    Observed(Observation),
    Census(Census),
    Therapy(Therapy),
    Assessed {
        patient: PatientId,
        assessment: Assessment,
    },
    /// Facts known before the infusion.
    Factors {
        patient: PatientId,
        factors: Factors,
        by: String,
    },
    /// A person did something with an alert or a rule.
    Acted(Action),
    /// A message, or a part of one, that could not be used; the raw bytes lie in quarantine.
    Rejected(Rejection),
    /// A rule set takes effect. The text is here, so a replay needs nothing else.
    Rules {
        hash: String,
        author: String,
        files: Vec<(String, String)>,
    },
    /// A changed rule set was refused; the old one stays.
    RulesRefused {
        author: String,
        reason: String,
    },
    /// Code maps and limits take effect; the engine needs the analytes' settings.
    Terminology {
        hash: String,
        analytes: Vec<AnalyteSettings>,
    },
    /// Settings of the site that change what the fold does.
    Site(Site),
    /// A display connected, painted, went away, or reported its sound.
    Display(DisplayReport),
    /// A notification was delivered, or an attempt failed.
    Delivery(Delivery),
    /// A source was heard (kept sparse by intake: at most one a minute for each source).
    Heard {
        source: String,
        via: String,
        /// How far the sender's clock is ahead; `None` where it was not told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        skew_seconds: Option<i64>,
    },
    /// The service reports on itself: journal slow or full, a broker gone.
    Service {
        part: String,
        healthy: bool,
        detail: String,
    },
    /// Time passed; timers that are due run.
    Tick,
}

/// Settings of the site that the fold depends on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Site {
    /// IANA time zone of the ward, for shifts and night.
    pub time_zone: String,
    /// A continuous feed (MQTT) that was heard and is then silent this long raises a technical alert.
    pub feed_silent_after_seconds: i64,
    /// The same for a sender over MLLP, which may have nothing to say for hours.
    pub sender_silent_after_seconds: i64,
    /// A ward with no painting display this long raises a technical alert.
    pub display_gone_after_seconds: i64,
    /// A source's clock this far off raises a technical alert.
    pub clock_skew_seconds: i64,
    /// So many rejections from one source within an hour raise a technical alert.
    pub quarantine_per_hour: u32,
}

impl Default for Site {
    fn default() -> Site {
        Site {
            time_zone: "Asia/Tokyo".into(),
            feed_silent_after_seconds: 300,
            sender_silent_after_seconds: 86_400,
            display_gone_after_seconds: 20,
            clock_skew_seconds: 120,
            quarantine_per_hour: 10,
        }
    }
}

/// Who did something: an account and its role, or `system`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    pub name: String,
    pub role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Display,
    Nurse,
    Physician,
    Engineer,
    Admin,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Role::Display => "display",
            Role::Nurse => "nurse",
            Role::Physician => "physician",
            Role::Engineer => "engineer",
            Role::Admin => "admin",
        }
    }
    pub fn parse(name: &str) -> Option<Role> {
        [Role::Display, Role::Nurse, Role::Physician, Role::Engineer, Role::Admin]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

/// A person's action on an alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Action {
    pub alert: AlertId,
    pub by: Actor,
    pub kind: ActionKind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    Acknowledge {
        comment: String,
    },
    /// Suppress this rule for this patient for a stated time.
    Shelve {
        minutes: u32,
        reason: String,
    },
    Unshelve,
    /// Take this rule out of service for this patient until put back.
    OutOfService {
        reason: String,
    },
    BackInService,
    Rate {
        /// `verdict` in the journal and in the API.
        #[serde(rename = "verdict")]
        rating: Rating,
    },
    /// Take back the last action of the same person within ten seconds.
    Undo,
    /// A person ends a latched or technical alert.
    Close {
        comment: String,
    },
}

/// One-tap usefulness of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rating {
    Useful,
    Known,
    Artefact,
    Threshold,
}

impl Rating {
    pub const ALL: [Rating; 4] = [Rating::Useful, Rating::Known, Rating::Artefact, Rating::Threshold];

    pub fn name(self) -> &'static str {
        match self {
            Rating::Useful => "useful",
            Rating::Known => "known",
            Rating::Artefact => "artefact",
            Rating::Threshold => "threshold",
        }
    }
    pub fn parse(name: &str) -> Option<Rating> {
        Rating::ALL.into_iter().find(|rating| rating.name() == name)
    }
}

/// Why something could not be used. The raw bytes are kept with the journal, not here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rejection {
    /// Quarantine row.
    pub id: String,
    pub source: String,
    /// `mllp`, `mqtt`, `http`.
    pub via: String,
    /// A short fixed word for counting: `unknown-code`, `unknown-unit`, `hard-limit`, `malformed`, …
    pub class: String,
    /// What, where and the remedy, in a sentence. Never a person's name.
    pub reason: String,
    pub place: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientId>,
}

/// What a display told us, or that it went away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DisplayReport {
    pub display: String,
    pub ward: String,
    /// It has drawn something lately.
    pub painting: bool,
    /// `Some(false)`: the browser will not play sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sound: Option<bool>,
}

/// One attempt to tell somebody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    pub alert: AlertId,
    pub step: u32,
    /// `pushed`, `painted`, `webhook:NAME`.
    pub channel: String,
    pub delivered: bool,
    pub detail: String,
}
