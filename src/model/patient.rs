//! A person under an identifier, and where that person lies.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::time::Time;

/// The identifier under the configured assigning authority (usually the MRN). Never a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PatientId(Arc<str>);

impl PatientId {
    /// `None` for empty or blank text, control characters, or more than 64 bytes.
    pub fn parse(text: &str) -> Option<PatientId> {
        let text = text.trim();
        let good = !text.is_empty() && text.len() <= 64 && !text.chars().any(char::is_control);
        good.then(|| PatientId(text.into()))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for PatientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for PatientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A place in the hospital.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    pub ward: String,
    pub bed: String,
}

/// What a display above the lowest identity level may show. Never logged.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    pub family: String,
    pub given: String,
    /// Phonetic (kana) reading, where sent.
    pub phonetic: String,
    /// `YYYY-MM-DD` as far as known.
    pub birth_date: String,
    pub sex: String,
}
impl Person {
    /// Takes over what `newer` says. An empty field says nothing; HL7's `""` (two quotes) clears.
    pub fn update(&mut self, newer: &Person) {
        let pairs = [
            (&mut self.family, &newer.family),
            (&mut self.given, &newer.given),
            (&mut self.phonetic, &newer.phonetic),
            (&mut self.birth_date, &newer.birth_date),
            (&mut self.sex, &newer.sex),
        ];
        for (known, said) in pairs {
            match said.as_str() {
                "" => {}
                "\"\"" => known.clear(),
                said => said.clone_into(known),
            }
        }
    }
}
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(…)")
    }
}

/// Admissions, moves, discharges, merges and their cancellations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Census {
    pub patient: PatientId,
    pub kind: CensusKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// `None`: nothing said, keep what is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
    /// The other patient of a swap, or the identifier that ceases in a merge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<PatientId>,
    /// When it happened (EVN-6, else EVN-2); an older event never overrides a newer location.
    pub at: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CensusKind {
    /// A01, A04.
    Admit,
    /// A05, A14: expected, no bed yet.
    Expect,
    /// A02.
    Move,
    /// A03.
    Discharge,
    /// A08, A28, A31.
    Update,
    /// A11.
    CancelAdmit,
    /// A12: back to the location carried.
    CancelMove,
    /// A13: monitoring resumes with history.
    CancelDischarge,
    /// A17: `patient` and `other` change places; `location` is where `patient` now lies.
    Swap,
    /// A40 and kin: `other` ceases, `patient` survives.
    Merge,
}
