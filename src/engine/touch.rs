//! What an entry touched, and what that can matter to: scores, and the rules that read them.

use super::rule::{Fact, References};
use crate::model::{Analyte, TherapyKind};

/// What an entry touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    Analyte(Analyte),
    Therapy(TherapyKind),
    Assessment,
    /// Only time passed.
    Time,
    All,
}

const VITALS: [Analyte; 9] = [
    Analyte::TEMPERATURE,
    Analyte::HEART_RATE,
    Analyte::SYSTOLIC,
    Analyte::DIASTOLIC,
    Analyte::MAP,
    Analyte::SPO2,
    Analyte::RESPIRATORY_RATE,
    Analyte::OXYGEN_FLOW,
    Analyte::FIO2,
];

pub(super) fn is_vital(analyte: Analyte) -> bool {
    VITALS.contains(&analyte)
}

/// Whether a score can change when this was touched. The early-warning scores look at nearly everything.
pub fn matters(name: &str, touch: Touch) -> bool {
    let analyte = match touch {
        Touch::Time | Touch::All | Touch::Therapy(TherapyKind::Infusion) => return true,
        Touch::Therapy(_) => {
            return matches!(name, "crs" | "news2" | "sofa" | "crs_ews" | "icans_ews");
        }
        Touch::Assessment => {
            return matches!(name, "icans" | "news2" | "qsofa" | "sofa" | "icans_ews" | "crs_ews");
        }
        Touch::Analyte(analyte) => analyte,
    };
    match name {
        "crs_ews" => !matches!(analyte.as_str(), "ice" | "gcs" | "weight" | "height"),
        "icans_ews" => !matches!(
            analyte.as_str(),
            "heart_rate"
                | "systolic"
                | "diastolic"
                | "map"
                | "spo2"
                | "respiratory_rate"
                | "oxygen_flow"
                | "fio2"
        ),
        "crs" => matches!(analyte.as_str(), "temperature" | "systolic" | "diastolic" | "map" | "oxygen_flow"),
        "icans" => analyte == Analyte::ICE,
        "news2" => is_vital(analyte) || matches!(analyte.as_str(), "ice" | "gcs"),
        "qsofa" => matches!(analyte.as_str(), "respiratory_rate" | "systolic" | "gcs" | "ice"),
        "sirs" => {
            matches!(analyte.as_str(), "temperature" | "heart_rate" | "respiratory_rate" | "wbc" | "paco2")
        }
        "shock_index" => matches!(analyte.as_str(), "heart_rate" | "systolic"),
        "modified_shock_index" => matches!(analyte.as_str(), "heart_rate" | "map" | "systolic" | "diastolic"),
        "diastolic_shock_index" => matches!(analyte.as_str(), "heart_rate" | "diastolic"),
        "hscore" => analyte == Analyte::TEMPERATURE || !is_vital(analyte),
        "sofa" => {
            !is_vital(analyte)
                || matches!(
                    analyte.as_str(),
                    "map" | "systolic" | "diastolic" | "spo2" | "fio2" | "oxygen_flow"
                )
        }
        _ => !is_vital(analyte),
    }
}

/// Whether a rule has to be judged again after this touch.
pub fn concerns(reads: &References, touch: Touch, regraded: &[&'static str]) -> bool {
    let analyte = match touch {
        Touch::Time | Touch::All | Touch::Therapy(_) | Touch::Assessment => return true,
        Touch::Analyte(analyte) => analyte,
    };
    // A mean pressure may follow from the two.
    let gives_mean = matches!(analyte, Analyte::SYSTOLIC | Analyte::DIASTOLIC);
    reads.analytes.contains(&analyte)
        || gives_mean && reads.analytes.contains(&Analyte::MAP)
        || reads.facts.iter().any(|fact| fact_moves(*fact, analyte, regraded))
}

/// Whether a named fact can have moved: its score did, or it looks at this analyte itself.
fn fact_moves(fact: Fact, analyte: Analyte, regraded: &[&'static str]) -> bool {
    let score = |name: &str| regraded.contains(&name);
    match fact {
        Fact::CrsGrade | Fact::CrsAtLeast => score("crs"),
        Fact::IcansGrade | Fact::IcansAtLeast => score("icans"),
        Fact::IecHs => score("iec_hs"),
        Fact::News2 | Fact::News2Highest => score("news2"),
        Fact::Qsofa => score("qsofa"),
        Fact::Sirs => score("sirs"),
        Fact::Sofa => score("sofa"),
        Fact::ShockIndex => score("shock_index"),
        Fact::Easix => score("easix"),
        Fact::SEasix => score("s_easix"),
        Fact::MEasix => score("m_easix"),
        Fact::CrsEws | Fact::CrsEwsP | Fact::CrsEwsBand => score("crs_ews"),
        Fact::IcansEws | Fact::IcansEwsBand => score("icans_ews"),
        Fact::CrsEpisode => {
            matches!(analyte.as_str(), "temperature" | "systolic" | "diastolic" | "map" | "oxygen_flow")
        }
        Fact::FeverHours | Fact::AntipyreticGiven => analyte == Analyte::TEMPERATURE,
        Fact::Hypotension | Fact::HypotensionSustained => {
            matches!(analyte.as_str(), "systolic" | "diastolic" | "map")
        }
        Fact::HypoxiaSustained => matches!(analyte.as_str(), "spo2" | "oxygen_flow"),
        Fact::NewOxygen | Fact::OnOxygen | Fact::OxygenSupport => analyte == Analyte::OXYGEN_FLOW,
        Fact::IceDue | Fact::IceDrop(_) => analyte == Analyte::ICE,
        // These move with therapies, assessments, the census or time, where every rule is judged.
        Fact::Day
        | Fact::HoursSinceInfusion
        | Fact::Product
        | Fact::Age
        | Fact::Admitted
        | Fact::PostTreatment
        | Fact::CrsCharted
        | Fact::IcansCharted
        | Fact::IecHsCharted
        | Fact::Seizure
        | Fact::SoftSign
        | Fact::Vasopressors
        | Fact::Vasopressin
        | Fact::TocilizumabGiven
        | Fact::SteroidGiven
        | Fact::Given(..) => false,
    }
}
