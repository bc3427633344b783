//! Bedside examinations and oxygen devices, which are words and points rather than numbers with a unit.

use crate::model::{
    Analyte, Assessment, Bound, FindingKind, Ice, Observation, PatientId, Quality, RawValue, Reading, Status,
    Time,
};

use super::Terminology;
use super::mapping::Part;
use super::number::Exact;
use super::observe::{Meaning, Refused, instant};
use super::words::Amount;

/// One part of a bedside examination and when it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    pub at: Time,
    pub place: String,
    pub part: Examination,
    /// It corrects what was sent for the same instant.
    pub corrects: bool,
}

/// Points obtained (ASTCT 2019: orientation 0-4, naming 0-3, the others 0-1; CAPD 0-32), or the ACVPU letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Examination {
    Orientation(u8),
    Naming(u8),
    Commands(u8),
    Writing(u8),
    Attention(u8),
    Capd(u8),
    Acvpu(String),
    /// Nothing: what stood there is withdrawn.
    Withdrawn(FindingKind),
}

impl Examination {
    /// What the part is a part of.
    fn finding(&self) -> FindingKind {
        match self {
            Examination::Orientation(_)
            | Examination::Naming(_)
            | Examination::Commands(_)
            | Examination::Writing(_)
            | Examination::Attention(_) => FindingKind::Ice,
            Examination::Capd(_) => FindingKind::Capd,
            Examination::Acvpu(_) => FindingKind::Acvpu,
            Examination::Withdrawn(finding) => *finding,
        }
    }
}

/// Joins the parts found in one message into one assessment for each instant. An ICE of which an item is
/// missing is refused as `incomplete`: a missing item is unknown, not zero.
pub fn assessments(parts: &[Examined], by: &str) -> (Vec<Assessment>, Vec<Refused>) {
    let mut instants: Vec<Time> = parts.iter().map(|part| part.at).collect();
    instants.sort_unstable();
    instants.dedup();
    let mut whole = Vec::new();
    let mut refused = Vec::new();
    for at in instants {
        let of_instant: Vec<&Examined> = parts.iter().filter(|part| part.at == at).collect();
        let mut items: [Option<u8>; 5] = [None; 5];
        let mut assessment = Assessment { at, by: by.to_string(), ..Assessment::default() };
        for one in &of_instant {
            if one.corrects && !assessment.settles.contains(&one.part.finding()) {
                assessment.settles.push(one.part.finding());
            }
            match &one.part {
                Examination::Orientation(points) => items[0] = Some(*points),
                Examination::Naming(points) => items[1] = Some(*points),
                Examination::Commands(points) => items[2] = Some(*points),
                Examination::Writing(points) => items[3] = Some(*points),
                Examination::Attention(points) => items[4] = Some(*points),
                Examination::Capd(points) => assessment.capd = Some(*points),
                Examination::Acvpu(letter) => assessment.acvpu = Some(letter.clone()),
                Examination::Withdrawn(_) => {}
            }
        }
        assessment.settles.sort_unstable();
        match items {
            [Some(orientation), Some(naming), Some(commands), Some(writing), Some(attention)] => {
                assessment.ice = Some(Ice { orientation, naming, commands, writing, attention });
            }
            [None, None, None, None, None] => {}
            _ => {
                let place = of_instant.first().map_or("", |one| one.place.as_str());
                let missing = items.iter().filter(|item| item.is_none()).count();
                let gone = match assessment.settles.contains(&FindingKind::Ice) {
                    true => ", and the ICE that they correct counts no more",
                    false => "",
                };
                let reason =
                    format!("{missing} of the 5 items of ICE are missing{gone}; send all, or the total");
                refused.push(Refused::new("incomplete", place, reason));
            }
        }
        if !assessment.is_empty() {
            whole.push(assessment);
        }
    }
    (whole, refused)
}

impl Terminology {
    pub(super) fn examine(
        &self,
        reading: &Reading,
        part: Part,
        accepted_at: Time,
    ) -> Result<Meaning, Refused> {
        let withdrawn = reading.status.withdraws();
        let at = instant(reading, accepted_at)?.0;
        if reading.status == Status::Unavailable {
            return Ok(Meaning::Nothing);
        }
        let gone = |finding| Ok(examined(at, reading, Examination::Withdrawn(finding)));
        match part {
            Part::OxygenDevice => self.oxygen(reading, at, withdrawn),
            Part::Capd if withdrawn => gone(FindingKind::Capd),
            Part::Acvpu if withdrawn => gone(FindingKind::Acvpu),
            _ if withdrawn => {
                let reason =
                    "a fact known before the infusion is not withdrawn by message; send the right one";
                Err(Refused::new("withdrawn-factor", &reading.place, reason.into()))
            }
            Part::Acvpu => self.acvpu(reading, at),
            Part::Orientation => self.points(reading, at, 4, Examination::Orientation),
            Part::Naming => self.points(reading, at, 3, Examination::Naming),
            Part::Commands => self.points(reading, at, 1, Examination::Commands),
            Part::Writing => self.points(reading, at, 1, Examination::Writing),
            Part::Attention => self.points(reading, at, 1, Examination::Attention),
            Part::Capd => self.points(reading, at, 32, Examination::Capd),
            Part::Ecog | Part::PriorLines | Part::DiseaseState => self.factor(reading, part),
        }
    }

    /// An item that is withdrawn takes the ICE of its instant with it: a missing item is unknown, not zero.
    pub(super) fn withdrawn_ice(
        &self,
        reading: &Reading,
        patient: &PatientId,
        sender: &str,
        accepted_at: Time,
    ) -> Result<Meaning, Refused> {
        Ok(Meaning::Observation(Observation {
            patient: patient.clone(),
            analyte: Analyte::ICE,
            quantity: None,
            measured_at: instant(reading, accepted_at)?.0,
            source: sender.to_string(),
            code: Ice::CODE.to_string(),
            status: reading.status,
            quality: Quality::default(),
            order: None,
            device: reading.device.clone(),
            original: String::new(),
        }))
    }

    fn points(
        &self,
        reading: &Reading,
        at: Time,
        most: u8,
        make: fn(u8) -> Examination,
    ) -> Result<Meaning, Refused> {
        let points = self.whole(reading, most)?;
        Ok(points.map_or(Meaning::Nothing, |points| examined(at, reading, make(points))))
    }

    /// A whole number from 0 to `most`; `None` where the sender says that there is none.
    pub(super) fn whole(&self, reading: &Reading, most: u8) -> Result<Option<u8>, Refused> {
        let place = reading.place.as_str();
        let number = match self.amount(reading)? {
            Amount::Nothing => return Ok(None),
            Amount::Number { number, bound: Bound::Exactly, .. } => number,
            Amount::Number { .. } | Amount::Unreadable(_) => {
                let reason = "points of an examination are one whole number; send it".into();
                return Err(Refused::new("number", place, reason));
            }
        };
        let points = (0..=most).find(|points| Exact::decimal(&points.to_string()) == Some(number));
        let Some(points) = points else {
            let reason = format!("points are whole numbers from 0 to {most}; check the sender");
            return Err(Refused::new("hard-limit", place, reason));
        };
        Ok(Some(points))
    }

    fn acvpu(&self, reading: &Reading, at: Time) -> Result<Meaning, Refused> {
        let texts = self.words_of(reading);
        if texts.iter().all(|text| self.words.says_nothing(text)) {
            return Ok(Meaning::Nothing);
        }
        match texts.iter().find_map(|text| self.words.acvpu(text)) {
            Some(letter) => Ok(examined(at, reading, Examination::Acvpu(letter.to_string()))),
            None => {
                let reason = "unknown level of consciousness; add the word to terminology/words.toml".into();
                Err(Refused::new("unknown-word", &reading.place, reason))
            }
        }
    }

    fn oxygen(&self, reading: &Reading, at: Time, withdrawn: bool) -> Result<Meaning, Refused> {
        let texts = self.words_of(reading);
        let found = texts.iter().find_map(|text| self.words.oxygen_device(text));
        if let Some((device, flow)) = found {
            return Ok(Meaning::OxygenDevice { device, flow, at, withdrawn });
        }
        if texts.iter().all(|text| self.words.says_nothing(text)) {
            return Ok(Meaning::Nothing);
        }
        let reason = "unknown oxygen device; add the word to terminology/words.toml".into();
        Err(Refused::new("unknown-word", &reading.place, reason))
    }

    /// The words of a value: its text, or the name and the code of an answer.
    pub(super) fn words_of(&self, reading: &Reading) -> Vec<String> {
        match &reading.value {
            RawValue::Text(text) | RawValue::Number(text) => vec![text.clone()],
            RawValue::Coded(coding) => vec![coding.name.clone(), coding.code.clone()],
            RawValue::Absent => Vec::new(),
            RawValue::Structured { comparator, first, .. } => vec![format!("{comparator}{first}")],
            RawValue::Unusable(kind) => vec![kind.clone()],
        }
    }
}

fn examined(at: Time, reading: &Reading, part: Examination) -> Meaning {
    let corrects = reading.status == Status::Corrected || matches!(part, Examination::Withdrawn(_));
    Meaning::Examined(Examined { at, place: reading.place.clone(), part, corrects })
}
