//! What the patient receives that grades depend on.

use serde::{Deserialize, Serialize};

use super::patient::PatientId;
use super::time::Time;
use super::value::Value;

/// One start, stop or single administration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Therapy {
    pub patient: PatientId,
    pub kind: TherapyKind,
    pub action: TherapyAction,
    pub at: Time,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// `norepinephrine`, `vasopressin`, `dexamethasone`, …; lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// CAR-T product of an infusion: `tisa-cel`, `axi-cel`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<OxygenDevice>,
    /// Oxygen flow, L/min.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<Value>,
    /// Dose or rate as sent or charted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dose: Option<String>,
    /// Positive pressure only to protect the airway, without hypoxia: not grade 4 by itself.
    #[serde(default)]
    pub airway_only: bool,
    pub source: String,
    /// Order number, so that a stop finds its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TherapyKind {
    /// The CAR-T infusion: sets Day 0 and freezes baselines.
    Infusion,
    Oxygen,
    Vasopressor,
    Antipyretic,
    Tocilizumab,
    /// Anakinra, siltuximab and other anticytokine agents.
    Anticytokine,
    Steroid,
    Phosphate,
    Fluid,
    Transfusion,
    /// Recorded, used by no grade.
    Other,
}

impl TherapyKind {
    pub const ALL: [TherapyKind; 11] = [
        TherapyKind::Infusion,
        TherapyKind::Oxygen,
        TherapyKind::Vasopressor,
        TherapyKind::Antipyretic,
        TherapyKind::Tocilizumab,
        TherapyKind::Anticytokine,
        TherapyKind::Steroid,
        TherapyKind::Phosphate,
        TherapyKind::Fluid,
        TherapyKind::Transfusion,
        TherapyKind::Other,
    ];

    pub fn name(self) -> &'static str {
        match self {
            TherapyKind::Infusion => "infusion",
            TherapyKind::Oxygen => "oxygen",
            TherapyKind::Vasopressor => "vasopressor",
            TherapyKind::Antipyretic => "antipyretic",
            TherapyKind::Tocilizumab => "tocilizumab",
            TherapyKind::Anticytokine => "anticytokine",
            TherapyKind::Steroid => "steroid",
            TherapyKind::Phosphate => "phosphate",
            TherapyKind::Fluid => "fluid",
            TherapyKind::Transfusion => "transfusion",
            TherapyKind::Other => "other",
        }
    }

    pub fn parse(name: &str) -> Option<TherapyKind> {
        TherapyKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TherapyAction {
    /// A single dose.
    Given,
    /// Runs until stopped, or until `until`.
    Started,
    Stopped,
    /// The earlier record was wrong.
    Withdrawn,
}

/// Oxygen devices, in the words of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OxygenDevice {
    None,
    NasalCannula,
    BlowBy,
    SimpleMask,
    Venturi,
    NonRebreather,
    HighFlow,
    Cpap,
    Bipap,
    Ventilator,
}

impl OxygenDevice {
    pub const ALL: [OxygenDevice; 10] = [
        OxygenDevice::None,
        OxygenDevice::NasalCannula,
        OxygenDevice::BlowBy,
        OxygenDevice::SimpleMask,
        OxygenDevice::Venturi,
        OxygenDevice::NonRebreather,
        OxygenDevice::HighFlow,
        OxygenDevice::Cpap,
        OxygenDevice::Bipap,
        OxygenDevice::Ventilator,
    ];

    pub fn name(self) -> &'static str {
        match self {
            OxygenDevice::None => "none",
            OxygenDevice::NasalCannula => "nasal_cannula",
            OxygenDevice::BlowBy => "blow_by",
            OxygenDevice::SimpleMask => "simple_mask",
            OxygenDevice::Venturi => "venturi",
            OxygenDevice::NonRebreather => "non_rebreather",
            OxygenDevice::HighFlow => "high_flow",
            OxygenDevice::Cpap => "cpap",
            OxygenDevice::Bipap => "bipap",
            OxygenDevice::Ventilator => "ventilator",
        }
    }

    pub fn parse(name: &str) -> Option<OxygenDevice> {
        OxygenDevice::ALL.into_iter().find(|device| device.name() == name)
    }
}
