//! A row as sent -> what it means, or why it cannot be used.

use crate::model::Factors;
use crate::model::limits::FUTURE;
use crate::model::{
    Analyte, Observation, OxygenDevice, PatientId, Quality, Quantity, RawValue, Reading, Status, Time, Value,
};

use super::Terminology;
use super::code::Found;
use super::examine::Examined;
use super::mapping::{CodeRow, Target};
use super::share::Share;
use super::text::shown;

/// Every class of refusal, for counting and for the operator's handbook.
pub const CLASSES: [&str; 17] = [
    "unknown-code",
    "refused-code",
    "conflicting-codes",
    "unknown-specimen",
    "unknown-unit",
    "conflicting-units",
    "unusable-type",
    "unknown-word",
    "number",
    "interval",
    "hard-limit",
    "no-time",
    "future-time",
    "incomplete",
    "withdrawn-factor",
    "unknown-drug",
    "ambiguous-drug",
];

/// Why a row cannot be used: what, where, and what to do about it. Never a person's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// One of [`CLASSES`].
    pub class: &'static str,
    /// The row's place in its message: `OBX^3`, `observations[2]`.
    pub place: String,
    pub reason: String,
}

impl Refused {
    pub(super) fn new(class: &'static str, place: &str, reason: String) -> Refused {
        debug_assert!(CLASSES.contains(&class), "`{class}` is not in the list of classes");
        Refused { class, place: place.to_string(), reason }
    }
}

/// What a row means.
#[derive(Clone, Debug, PartialEq)]
pub enum Meaning {
    Observation(Observation),
    /// Known of the patient before the infusion.
    Factors(Factors),
    /// The oxygen device in use from `at` on, with the flow in L/min where the same field carries it; the
    /// caller makes a therapy of it.
    OxygenDevice {
        device: OxygenDevice,
        flow: Option<Value>,
        at: Time,
        withdrawn: bool,
    },
    /// One part of a bedside examination; [`super::assessments`] joins the parts of one message.
    Examined(Examined),
    /// A part of the white cells in per cent; [`super::counts`] makes a count of it.
    Share(Share),
    /// Nothing to use, and nothing lost: the tree of devices, a result still pending, a code known to be of
    /// no use.
    Nothing,
}

/// The explanation of one reading, line by line; silent in daily work, so that it costs nothing there.
pub(super) struct Steps(Option<Vec<String>>);

impl Steps {
    pub(super) fn note(&mut self, step: impl FnOnce() -> String) {
        if let Some(steps) = &mut self.0 {
            steps.push(step());
        }
    }
}

impl Terminology {
    /// What a row means for this patient. `sender` is the source as the journal will name it (`LIS|KUH`);
    /// `accepted_at` is the instant of acceptance, against which a measurement in the future is refused.
    ///
    /// Conversion is exact and rounds once, to thousandths, halves away from zero. `<0.05`, `0.05未満` and
    /// HL7's `<^0.05` give a value with its bound; `測定不能`, `---`, `""` and -100 give an observation without a
    /// value (status unavailable), never zero. A value outside the hard limits is refused, outside the soft
    /// ones flagged.
    pub fn observe(
        &self,
        reading: &Reading,
        patient: &PatientId,
        sender: &str,
        accepted_at: Time,
    ) -> Result<Meaning, Refused> {
        self.understand(reading, patient, sender, accepted_at, &mut Steps(None))
    }

    /// The same, explained: one line for each step, the last one being the outcome.
    pub fn try_reading(
        &self,
        reading: &Reading,
        patient: &PatientId,
        sender: &str,
        accepted_at: Time,
    ) -> Vec<String> {
        let mut steps = Steps(Some(Vec::new()));
        let meaning = self.understand(reading, patient, sender, accepted_at, &mut steps);
        steps.note(|| match meaning {
            Ok(Meaning::Observation(seen)) => {
                let value = seen.quantity.map_or("no value".to_string(), |quantity| {
                    format!("{}{}", quantity.bound.sign().unwrap_or(""), quantity.value)
                });
                let unit = self.settings(seen.analyte).map_or("", |settings| settings.unit.as_str());
                format!("used: {} {value} {unit}, {}", seen.analyte, seen.status.name())
            }
            Ok(Meaning::OxygenDevice { device, .. }) => format!("used: oxygen device {}", device.name()),
            Ok(Meaning::Factors(_)) => "used: known of the patient before the infusion".to_owned(),
            Ok(Meaning::Examined(examined)) => format!("used: part of an examination, {:?}", examined.part),
            Ok(Meaning::Share(share)) => {
                format!(
                    "used where the message brings the white cells of that instant: {}",
                    share.part.analyte
                )
            }
            Ok(Meaning::Nothing) => "passed over: nothing to use and nothing lost".to_string(),
            Err(refused) => format!("refused: {}: {}", refused.class, refused.reason),
        });
        steps.0.unwrap_or_default()
    }

    fn understand(
        &self,
        reading: &Reading,
        patient: &PatientId,
        sender: &str,
        accepted_at: Time,
        steps: &mut Steps,
    ) -> Result<Meaning, Refused> {
        if reading.status == Status::Pending {
            steps.note(|| "status pending: nothing was measured yet".into());
            return Ok(Meaning::Nothing);
        }
        let Some((row, code)) = self.known(reading, sender)? else {
            steps.note(|| "the row carries no measurement".into());
            return Ok(Meaning::Nothing);
        };
        steps.note(|| format!("code {code} from {sender}: {:?}", row.target));
        let (analyte, share) = match &row.target {
            Target::Ignore => return Ok(Meaning::Nothing),
            Target::Refuse(why) => {
                let reason = format!("code `{code}` is not used: {why}");
                return Err(Refused::new("refused-code", &reading.place, reason));
            }
            Target::Part(part) if part.is_of_ice() && reading.status.withdraws() => {
                return self.withdrawn_ice(reading, patient, sender, accepted_at);
            }
            Target::Part(part) => return self.examine(reading, *part, accepted_at),
            Target::Analyte(analyte) => (*analyte, false),
            Target::Share(analyte) => (*analyte, true),
        };
        let (at, uncertain) = instant(reading, accepted_at)?;
        let mut quality = self.marks(reading);
        quality.time |= uncertain;
        let quantity = match share {
            true => self.share(reading, steps)?,
            false => self.measure(reading, row, analyte, &mut quality, steps)?,
        };
        let seen = Observation {
            patient: patient.clone(),
            analyte,
            quantity,
            measured_at: at,
            source: sender.to_string(),
            code,
            status: effective_status(reading.status, quantity.is_some()),
            quality,
            order: reading.order.clone(),
            device: reading.device.clone(),
            original: original(reading),
        };
        Ok(match share {
            true => Meaning::Share(Share { place: reading.place.clone(), part: seen }),
            false => Meaning::Observation(seen),
        })
    }

    /// The row of the codes and the code as sent; `None` where the reading carries no measurement.
    fn known(&self, reading: &Reading, sender: &str) -> Result<Option<(&CodeRow, String)>, Refused> {
        let refused = |class, reason| Err(Refused::new(class, &reading.place, reason));
        match self.codes.find(&reading.codings, reading.specimen.as_deref(), sender) {
            Found::Row { row, code } => Ok(Some((row, code))),
            Found::Containment => Ok(None),
            // What could not be obtained, of a code that was never mapped, loses nothing.
            Found::Unknown { .. }
                if reading.status == Status::Unavailable && reading.value == RawValue::Absent =>
            {
                Ok(None)
            }
            Found::Unknown { code, file } => {
                let name = named(reading);
                let reason = format!("unknown code `{code}`{name}; add a row to terminology/{file}");
                refused("unknown-code", reason)
            }
            Found::Specimen { code, specimen } => {
                let specimen =
                    specimen.map_or("none was sent".into(), |sent| format!("`{}`", shown(&sent, 20)));
                let reason = format!(
                    "code `{code}` is not known for this specimen ({specimen}); \
                     add the specimen to its row in terminology/codes, or a row"
                );
                refused("unknown-specimen", reason)
            }
            Found::Conflict { code } => {
                let reason = format!(
                    "codes `{code}` mean different things; \
                     correct one at the sender, or its row in terminology/codes"
                );
                refused("conflicting-codes", reason)
            }
        }
    }

    fn measure(
        &self,
        reading: &Reading,
        row: &CodeRow,
        analyte: Analyte,
        quality: &mut Quality,
        steps: &mut Steps,
    ) -> Result<Option<Quantity>, Refused> {
        match reading.status {
            // What is withdrawn needs no value, so a bad one is no reason to keep the earlier one alive.
            Status::Deleted | Status::Wrong => {
                Ok(self.quantity(reading, row, analyte, quality, steps).unwrap_or(None))
            }
            Status::Unavailable | Status::Pending => Ok(None),
            Status::Preliminary | Status::Final | Status::Corrected => {
                self.quantity(reading, row, analyte, quality, steps)
            }
        }
    }

    /// What comments and quality words say against a value.
    fn marks(&self, reading: &Reading) -> Quality {
        let mut quality = Quality::default();
        for note in &reading.notes {
            match note.split_once(':').filter(|(key, _)| key.trim().eq_ignore_ascii_case("quality")) {
                Some((_, word)) if word.trim().eq_ignore_ascii_case("retained") => quality.retained = true,
                Some((_, word)) => quality.signal |= !self.words.is_good_signal(word),
                None => quality.specimen |= self.words.is_specimen_trouble(note),
            }
        }
        if let RawValue::Text(text) = &reading.value {
            quality.specimen |= self.words.is_specimen_trouble(text);
        }
        quality
    }
}

/// When it was measured, and whether that is uncertain.
pub(super) fn instant(reading: &Reading, accepted_at: Time) -> Result<(Time, bool), Refused> {
    let Some(time) = reading.measured_at else {
        let reason = "no time of measurement was sent; send it (OBX-14, OBR-7, or `time`)".into();
        return Err(Refused::new("no-time", &reading.place, reason));
    };
    if time.at > accepted_at + FUTURE {
        let ahead = time.at - accepted_at;
        let reason = format!("measured {ahead} in the future; correct the sender's clock");
        return Err(Refused::new("future-time", &reading.place, reason));
    }
    Ok((time.at, time.date_only || time.ambiguous))
}

/// A result without a value cannot be obtained; a correction without one takes the earlier value back.
fn effective_status(sent: Status, has_value: bool) -> Status {
    match sent {
        Status::Preliminary | Status::Final if !has_value => Status::Unavailable,
        Status::Corrected if !has_value => Status::Deleted,
        Status::Preliminary
        | Status::Final
        | Status::Corrected
        | Status::Deleted
        | Status::Wrong
        | Status::Unavailable
        | Status::Pending => sent,
    }
}

/// The name sent beside an unknown code, for whoever maps it.
fn named(reading: &Reading) -> String {
    let name = reading.codings.iter().map(|coding| coding.name.trim()).find(|name| !name.is_empty());
    name.map_or(String::new(), |name| format!(" (`{}`)", shown(name, 40)))
}

/// The value as sent, with its unit, for people.
fn original(reading: &Reading) -> String {
    let value = match &reading.value {
        RawValue::Number(text) | RawValue::Text(text) => text.clone(),
        RawValue::Structured { comparator, first, separator, second } => {
            [comparator, first, separator, second].map(|part| part.trim()).concat()
        }
        RawValue::Coded(coding) if coding.name.trim().is_empty() => coding.code.clone(),
        RawValue::Coded(coding) => coding.name.clone(),
        RawValue::Absent => String::new(),
        RawValue::Unusable(kind) => format!("({kind})"),
    };
    let units = reading.units.iter().map(|unit| unit.trim()).filter(|unit| !unit.is_empty());
    let unit = units.clone().find(|unit| unit.contains(|letter: char| !letter.is_ascii_digit()));
    // `mmol/L^mmol/L^UCUM` is one unit written twice and its system; `10^3/uL` is one.
    let unit = unit.map(|unit| match unit.split_once('^') {
        Some((first, rest)) if rest.contains('^') || rest == first => first,
        Some(_) | None => unit,
    });
    shown(&format!("{} {}", value.trim(), unit.unwrap_or("")), 80)
}
