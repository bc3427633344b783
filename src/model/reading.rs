//! A row as its sender wrote it, before terminology gives it a meaning.

use serde::{Deserialize, Serialize};

use super::observation::Status;
use super::time::Time;

/// A code with its system: `2777-1^Phosphate^LN`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coding {
    pub code: String,
    pub name: String,
    /// `LN`, `MDC`, `JC10`, `99LAB`, … as sent, not normalised.
    pub system: String,
}

/// A value as sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum RawValue {
    /// A decimal number in text: `38.4`.
    Number(String),
    /// HL7 SN: comparator, first number, separator, second number; empty where absent.
    Structured {
        comparator: String,
        first: String,
        separator: String,
        second: String,
    },
    /// Free text; may still hold a number with a comparator (`0.5未満`).
    Text(String),
    Coded(Coding),
    /// Nothing was sent, or HL7's `""`.
    Absent,
    /// A type that cannot be a measurement (ED, RP, …); its name.
    Unusable(String),
}

/// When a value was measured, as far as the sender said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingTime {
    pub at: Time,
    /// The sender gave only the date: too coarse for a window of hours.
    pub date_only: bool,
    /// The time fell into a clock change and one of two readings was chosen.
    pub ambiguous: bool,
}

/// One observation row (an OBX, or one element of an MQTT payload).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Where it stood, for ERR-2 and quarantine: `OBX^3` or `observations[2]`.
    pub place: String,
    /// Primary and alternate triplet, in that order; either may be the usable one.
    pub codings: Vec<Coding>,
    pub sub_id: String,
    pub value: RawValue,
    /// Unit, each way it was written (first triplet, alternate triplet).
    pub units: Vec<String>,
    pub status: Status,
    pub measured_at: Option<ReadingTime>,
    pub issued_at: Option<Time>,
    /// Specimen code, e.g. JLAC10 `023` (serum), where sent.
    pub specimen: Option<String>,
    /// Filler order or specimen number, part of what makes a result the same result.
    pub order: Option<String>,
    pub device: Option<String>,
    /// Comments (NTE) that belong to the row: haemolysis and the like.
    pub notes: Vec<String>,
}

/// A drug administration or order row (RXA, RXE), before terminology says what kind of therapy it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DrugGiven {
    pub place: String,
    pub codings: Vec<Coding>,
    pub starts_at: Option<Time>,
    pub ends_at: Option<Time>,
    /// Amount with unit as sent, e.g. `480 mg`.
    pub dose: String,
    /// Rate with unit as sent, e.g. `0.1 ug/kg/min`.
    pub rate: String,
    pub status: DrugStatus,
    pub order: Option<String>,
}

/// What happened to the drug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DrugStatus {
    /// A single administration is complete.
    Given,
    /// An infusion is running from `starts_at`.
    Started,
    Stopped,
    /// Ordered, not yet given: recorded, never counted as given.
    Ordered,
    /// The earlier row was wrong.
    Withdrawn,
}
