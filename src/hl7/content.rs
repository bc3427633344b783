//! What a message says, once read: groups of parts, each under its own patient, and what could not be used.

use crate::model::{Census, Coding, DrugGiven, Location, Reading, Time};

use super::ack::AckCode;
use super::header::Header;
use super::patient::PatientRef;

/// Every class of [`Problem`] that takes a message or a row out of use, for counting and for the operator's handbook.
pub const CLASSES: [&str; 18] = [
    "malformed",
    "too-large",
    "batch",
    "answer",
    "delimiters",
    "two-messages",
    "continuation",
    "no-control-id",
    "version",
    "processing-id",
    "unsupported-message",
    "unsupported-event",
    "no-patient",
    "no-code",
    "no-time",
    "bad-time",
    "too-many-values",
    "visit-moved",
];

/// The same for what is used although it is odd: [`Content::warnings`] and the names of [`super::Warning`].
pub const ODDITIES: [&str; 10] = [
    "byte-order-mark",
    "joined-line",
    "odd-segment",
    "odd-delimiters",
    "unknown-charset",
    "undeclared-charset",
    "undecodable-bytes",
    "second-header",
    "value-type",
    "status",
];

/// The whole of one message.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    pub header: Header,
    /// One for each patient the message names, in its order. Rows of a message without PID stand in a group
    /// without a patient.
    pub groups: Vec<Group>,
    /// Rows that could not be used, for ERR and quarantine.
    pub problems: Vec<Problem>,
    /// Rows that were used although something about them is odd.
    pub warnings: Vec<Problem>,
    /// A type the site accepts and does not use.
    pub ignored: bool,
}

/// Everything a message says about one patient.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// `None` where PID is missing or names nobody we can know; a [`Problem`] of class `no-patient` says so.
    pub patient: Option<PatientRef>,
    /// PV1-3.
    pub location: Option<Location>,
    pub parts: Vec<Part>,
}

/// One thing a message says.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Reading(Reading),
    Census(Census),
    Drug(DrugGiven),
    DeviceAlarm(DeviceAlarm),
}

/// A device's own alarm (IHE PCD-04). Kinds of rows are known by their reference identifiers, because two
/// families of numbers are in use for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceAlarm {
    pub place: String,
    /// What start and end of one alarm share (OBR-29, else OBR-3).
    pub id: String,
    /// What the device alarms about: `0^CARTX_EVT_CRS_SUSPECT^99CART`.
    pub event: Coding,
    /// As the device words it.
    pub text: String,
    /// The measurement it comes from, and that value where sent: `150364^MDC_TEMP_BODY^MDC`, `38.7`.
    pub source: Option<Coding>,
    pub value: String,
    /// `start`, `continue`, `end`, `update`, `escalate`, `deescalate`, `reset`.
    pub phase: String,
    /// `inactive`, `active`, `latched`.
    pub state: String,
    /// `enabled`, `audio-paused`, `alarm-off`, …
    pub inactivation: String,
    /// `PN`, `PL`, `PM`, `PH`.
    pub priority: String,
    /// `SP` physiological, `ST` technical, `SA` advisory.
    pub kind: String,
    pub at: Option<Time>,
    pub device: Option<String>,
}

/// Something in a message that could not be used, or is odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `OBX^3^5`: segment, which one of its name in the message, field. As ERR-2 has it.
    pub place: String,
    pub segment: String,
    /// Counted from 1 among the segments of that name.
    pub sequence: usize,
    /// 0 where the whole segment is meant.
    pub field: usize,
    /// Table 0357.
    pub code: u16,
    /// A short fixed word for counting.
    pub class: &'static str,
    /// What, and the remedy, in a sentence. Never a person's name.
    pub reason: String,
}

/// Table 0357, as far as we use it.
pub mod code {
    pub const SEQUENCE: u16 = 100;
    pub const REQUIRED: u16 = 101;
    pub const TYPE: u16 = 102;
    pub const TABLE: u16 = 103;
    pub const MESSAGE: u16 = 200;
    pub const EVENT: u16 = 201;
    pub const PROCESSING: u16 = 202;
    pub const VERSION: u16 = 203;
    pub const UNKNOWN_KEY: u16 = 204;
    pub const INTERNAL: u16 = 207;

    /// The text that table 0357 gives a code.
    pub fn text(code: u16) -> &'static str {
        match code {
            0 => "Message accepted",
            100 => "Segment sequence error",
            101 => "Required field missing",
            102 => "Data type error",
            103 => "Table value not found",
            200 => "Unsupported message type",
            201 => "Unsupported event code",
            202 => "Unsupported processing id",
            203 => "Unsupported version id",
            204 => "Unknown key identifier",
            205 => "Duplicate key identifier",
            206 => "Application record locked",
            _ => "Application internal error",
        }
    }
}

impl Problem {
    /// `field` is 0 for the whole segment.
    pub fn at(
        (segment, sequence, field): (&str, usize, usize),
        code: u16,
        class: &'static str,
        reason: impl Into<String>,
    ) -> Problem {
        let place = match field {
            0 => format!("{segment}^{sequence}"),
            _ => format!("{segment}^{sequence}^{field}"),
        };
        Problem { place, segment: segment.to_owned(), sequence, field, code, class, reason: reason.into() }
    }
}

/// Why nothing of a message was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// AR, or AE where the content is at fault.
    pub code: AckCode,
    pub problem: Problem,
}
