//! One measured value with its instant, canonical unit, source and quality.

use serde::{Deserialize, Serialize};

use super::analyte::Analyte;
use super::patient::PatientId;
use super::time::Time;
use super::value::Value;

/// How a number bounds the truth: `<0.05` says *below*, and nothing more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    #[default]
    Exactly,
    Below,
    AtMost,
    Above,
    AtLeast,
}

impl Bound {
    /// `<`, `<=`, `>`, `>=`, or nothing.
    pub fn sign(self) -> Option<&'static str> {
        match self {
            Bound::Exactly => None,
            Bound::Below => Some("<"),
            Bound::AtMost => Some("<="),
            Bound::Above => Some(">"),
            Bound::AtLeast => Some(">="),
        }
    }
}

/// A value and how it bounds the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantity {
    pub value: Value,
    #[serde(default, skip_serializing_if = "is_exact")]
    pub bound: Bound,
}

fn is_exact(bound: &Bound) -> bool {
    *bound == Bound::Exactly
}

impl Quantity {
    pub const fn exactly(value: Value) -> Quantity {
        Quantity { value, bound: Bound::Exactly }
    }
}

/// Result status (HL7 table 0085), reduced to what changes our behaviour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// P, S; also R, which is normal for devices.
    Preliminary,
    /// F, A, U, V.
    #[default]
    Final,
    /// C: replaces the earlier value of the same key.
    Corrected,
    /// D: the earlier value is withdrawn.
    Deleted,
    /// W: the earlier value belonged to somebody else.
    Wrong,
    /// X: cannot be obtained (haemolysed and the like); staleness keeps running.
    Unavailable,
    /// I, O, N: nothing measured yet.
    Pending,
}

impl Status {
    /// D and W: what was said of the same result before no longer holds, and nothing takes its place.
    pub fn withdraws(self) -> bool {
        matches!(self, Status::Deleted | Status::Wrong)
    }

    pub fn name(self) -> &'static str {
        match self {
            Status::Preliminary => "preliminary",
            Status::Final => "final",
            Status::Corrected => "corrected",
            Status::Deleted => "deleted",
            Status::Wrong => "wrong",
            Status::Unavailable => "unavailable",
            Status::Pending => "pending",
        }
    }
}

/// What is known against a value. All false is good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quality {
    /// Outside the soft limits.
    #[serde(skip_serializing_if = "is_false")]
    pub implausible: bool,
    /// Haemolysed, lipaemic, clotted: the laboratory said so.
    #[serde(skip_serializing_if = "is_false")]
    pub specimen: bool,
    /// The sender marked the signal as poor.
    #[serde(skip_serializing_if = "is_false")]
    pub signal: bool,
    /// An old value a broker repeated (MQTT retained).
    #[serde(skip_serializing_if = "is_false")]
    pub retained: bool,
    /// The instant is uncertain (clock change, date only).
    #[serde(skip_serializing_if = "is_false")]
    pub time: bool,
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Quality {
    pub fn is_good(self) -> bool {
        self == Quality::default()
    }
}

/// One value. `measured_at` is the source's claim; the entry that carries it knows when we accepted it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    pub patient: PatientId,
    pub analyte: Analyte,
    /// Absent where the status withdraws or lacks a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    pub measured_at: Time,
    /// Who sent it: `LIS|KUH`, an MQTT topic's ward and bed, or the person who charted it.
    pub source: String,
    /// The code as sent, `2777-1^LN`: what "same assay" means.
    pub code: String,
    pub status: Status,
    #[serde(default, skip_serializing_if = "Quality::is_good_ref")]
    pub quality: Quality,
    /// Filler order or specimen number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// As sent, for people: `0.74 mmol/L`.
    pub original: String,
}

impl Quality {
    fn is_good_ref(quality: &Quality) -> bool {
        quality.is_good()
    }
}
