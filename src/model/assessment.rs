//! Structured bedside examinations, charted grades and pre-infusion factors.

use serde::{Deserialize, Serialize};

use super::time::Time;
use super::value::Value;

/// ICE items as points obtained (ASTCT 2019, Lee et al.): orientation 0-4, naming 0-3, commands 0-1,
/// writing 0-1, attention 0-1; 10 is no impairment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ice {
    pub orientation: u8,
    pub naming: u8,
    pub commands: u8,
    pub writing: u8,
    pub attention: u8,
}

impl Ice {
    /// The code of the sum among the measurements of ICE.
    pub const CODE: &'static str = "ice";

    /// The sum, 0 to 10; `None` where an item is above its maximum.
    pub fn total(self) -> Option<u8> {
        let good = self.orientation <= 4
            && self.naming <= 3
            && self.commands <= 1
            && self.writing <= 1
            && self.attention <= 1;
        good.then(|| self.orientation + self.naming + self.commands + self.writing + self.attention)
    }
}

/// A finding that a message corrects or withdraws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    Ice,
    Capd,
    Acvpu,
}

/// What a nurse or physician found at the bedside. Everything absent is unknown, never normal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Assessment {
    pub at: Time,
    /// Who, by account; the role follows.
    pub by: String,
    pub ice: Option<Ice>,
    /// The total alone, where a system sends only that.
    pub ice_total: Option<u8>,
    /// Why ICE was not possible: `sedated`, `intubated`, `asleep`, `refused`.
    pub not_testable: Option<String>,
    /// `spontaneous`, `voice`, `tactile`, `unarousable`.
    pub consciousness: Option<String>,
    /// `none`, `brief`, `prolonged`.
    pub seizure: Option<String>,
    /// Deep focal motor weakness.
    pub motor: Option<bool>,
    /// `none`, `focal`, `diffuse`.
    pub edema: Option<String>,
    /// Cornell Assessment of Pediatric Delirium, 0-32, under 12 years.
    pub capd: Option<u8>,
    /// ACVPU letter for NEWS2: `A`, `C`, `V`, `P`, `U`.
    pub acvpu: Option<String>,
    /// New tremor, handwriting change, word-finding difficulty with ICE still 10.
    pub soft_sign: Option<bool>,
    pub charted: Option<Charted>,
    pub note: Option<String>,
    /// What of the same instant was corrected or withdrawn by this: it counts no more, also where it comes later.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub settles: Vec<FindingKind>,
}

impl Assessment {
    pub fn forget(&mut self, finding: FindingKind) {
        match finding {
            FindingKind::Ice => (self.ice, self.ice_total) = (None, None),
            FindingKind::Capd => self.capd = None,
            FindingKind::Acvpu => self.acvpu = None,
        }
    }

    /// Nothing was found and nothing corrected.
    pub fn is_empty(&self) -> bool {
        *self == Assessment { at: self.at, by: self.by.clone(), ..Assessment::default() }
    }
}

/// Grades a clinician has set; they stand beside the suggested ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Charted {
    pub crs: Option<u8>,
    pub icans: Option<u8>,
    pub iec_hs: Option<u8>,
}

/// Facts known before the infusion, and a few states that a clinician declares. `None` is unknown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Factors {
    pub age: Option<u8>,
    /// `tisa-cel`, …, where known before the infusion is recorded.
    pub product: Option<String>,
    /// `cr`, `pr`, `active`: anything but CR/PR at infusion counts as active.
    pub disease_state: Option<String>,
    pub bulky: Option<bool>,
    pub prior_lines: Option<u8>,
    pub ecog: Option<u8>,
    /// Lymphocytes before lymphodepletion, 10^9/L.
    pub lymphocytes_pre: Option<Value>,
    pub easix_pre: Option<Value>,
    pub ferritin_pre: Option<Value>,
    pub crp_pre: Option<Value>,
    /// NEWS2 SpO2 scale, 1 or 2; 2 only when a clinician chose it.
    pub spo2_scale: Option<u8>,
    /// Known underlying immunosuppression, organomegaly and haemophagocytosis for HScore.
    pub immunosuppressed: Option<bool>,
    /// `none`, `one`, `both` (liver, spleen).
    pub organomegaly: Option<String>,
    pub hemophagocytosis: Option<bool>,
    /// Tumor lysis, and acute kidney injury, until said to be over: while one stands, phosphate says nothing of CRS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tumor_lysis: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kidney_injury: Option<bool>,
}

impl Factors {
    /// Takes over what `newer` knows and keeps the rest.
    pub fn update(&mut self, newer: &Factors) {
        fn keep<T: Clone>(old: &mut Option<T>, new: &Option<T>) {
            if new.is_some() {
                old.clone_from(new);
            }
        }
        keep(&mut self.age, &newer.age);
        keep(&mut self.product, &newer.product);
        keep(&mut self.disease_state, &newer.disease_state);
        keep(&mut self.bulky, &newer.bulky);
        keep(&mut self.prior_lines, &newer.prior_lines);
        keep(&mut self.ecog, &newer.ecog);
        keep(&mut self.lymphocytes_pre, &newer.lymphocytes_pre);
        keep(&mut self.easix_pre, &newer.easix_pre);
        keep(&mut self.ferritin_pre, &newer.ferritin_pre);
        keep(&mut self.crp_pre, &newer.crp_pre);
        keep(&mut self.spo2_scale, &newer.spo2_scale);
        keep(&mut self.immunosuppressed, &newer.immunosuppressed);
        keep(&mut self.organomegaly, &newer.organomegaly);
        keep(&mut self.hemophagocytosis, &newer.hemophagocytosis);
        keep(&mut self.tumor_lysis, &newer.tumor_lysis);
        keep(&mut self.kidney_injury, &newer.kidney_injury);
    }
}
