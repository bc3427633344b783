//! What is known of a patient before the infusion and comes as a row of a message: general condition, earlier
//! lines of therapy, state of the disease. What a laboratory measures (EASIX, ferritin, CRP) is taken from its
//! results instead.

use crate::model::{Factors, Reading};

use super::Terminology;
use super::mapping::Part;
use super::observe::{Meaning, Refused};

/// ECOG performance status runs from 0 to 5 (Oken et al., Am J Clin Oncol 1982).
const ECOG_MOST: u8 = 5;
/// More lines of therapy than anybody has had are a mistake of the sender; engineering.
const LINES_MOST: u8 = 30;

impl Terminology {
    pub(super) fn factor(&self, reading: &Reading, part: Part) -> Result<Meaning, Refused> {
        let mut factors = Factors::default();
        match part {
            Part::Ecog => factors.ecog = self.whole(reading, ECOG_MOST)?,
            Part::PriorLines => factors.prior_lines = self.whole(reading, LINES_MOST)?,
            _ => factors.disease_state = self.disease_state(reading)?,
        }
        Ok(if factors == Factors::default() { Meaning::Nothing } else { Meaning::Factors(factors) })
    }

    fn disease_state(&self, reading: &Reading) -> Result<Option<String>, Refused> {
        let texts = self.words_of(reading);
        if texts.iter().all(|text| self.words.says_nothing(text)) {
            return Ok(None);
        }
        let state = texts.iter().find_map(|text| self.words.disease_state(text));
        state.map(|state| Some(state.to_owned())).ok_or_else(|| {
            let reason = "unknown state of the disease; add the word to terminology/words.toml".into();
            Refused::new("unknown-word", &reading.place, reason)
        })
    }
}
