//! From what a message says to events; what means nothing here becomes a problem with a reason.

use crate::hl7::{AckCode, Answer, Content, Part, Problem, Refusal, content::code};
use crate::model::limits::FUTURE;
use crate::model::{
    Analyte, Event, Observation, OxygenDevice, PatientId, Quality, Reading, Span, Therapy, TherapyAction,
    TherapyKind, Time, Value,
};
use crate::telemetry::Telemetry;
use crate::terminology::{Examined, Meaning, Refused, Share, Terminology, assessments, counts};

/// One message's events and what of it could not be used.
#[derive(Debug, Default)]
pub struct Translated {
    pub events: Vec<Event>,
    pub problems: Vec<Problem>,
    /// The first patient, for quarantine rows.
    pub patient: Option<PatientId>,
    /// That its source was heard, where it is time to say so.
    pub heard: Option<Event>,
    /// The whole message is refused with this code.
    pub(super) refused: Option<AckCode>,
}

impl Translated {
    pub fn refused(refusal: Refusal) -> Translated {
        Translated { refused: Some(refusal.code), problems: vec![refusal.problem], ..Translated::default() }
    }

    /// Nothing of it is used, and the sender is told so with this answer.
    pub fn refused_with(answer: &Answer) -> Translated {
        Translated { refused: Some(answer.code), problems: answer.problems.clone(), ..Translated::default() }
    }

    pub fn unusable(class: &'static str, place: &str, reason: &str) -> Translated {
        let problem =
            Problem { place: place.to_owned(), ..Problem::at(("MSH", 1, 0), code::SEQUENCE, class, reason) };
        Translated { refused: Some(AckCode::AE), problems: vec![problem], ..Translated::default() }
    }

    /// What a broker kept for us may be old: every value says so.
    pub fn mark_retained(&mut self) {
        for event in &mut self.events {
            if let Event::Observed(seen) = event {
                seen.quality = Quality { retained: true, ..seen.quality };
            }
        }
    }

    /// Something was used: AA, problems as warnings. Nothing was, and something should have been: AE.
    pub fn code(&self) -> AckCode {
        match self.refused {
            Some(code) => code,
            None if self.events.is_empty() && !self.problems.is_empty() => AckCode::AE,
            None => AckCode::AA,
        }
    }
}

pub fn hl7(content: Content, terminology: &Terminology, source: &str, now: Time) -> Translated {
    let mut translated = Translated { problems: content.problems, ..Translated::default() };
    for group in content.groups {
        let patient = group.patient.map(|p| p.id);
        translated.patient = translated.patient.take().or(patient.clone());
        let from = translated.events.len();
        let mut reader = Reader::new(terminology, source, now, patient.as_ref(), from);
        for part in group.parts {
            match part {
                Part::Census(mut census) => {
                    // An event of next year would keep every later one from counting.
                    if let Err(ahead) = in_time(census.at, now) {
                        let reason = format!(
                            "the event lies {ahead} in the future and is taken as of now; correct the sender's clock"
                        );
                        translated.problems.push(row("future-time", "EVN^1^2", &reason));
                        // Senders tell whole seconds, and what they send next must not seem older.
                        census.at = Time(now.0 - now.0.rem_euclid(1000));
                    }
                    translated.events.push(Event::Census(census));
                }
                Part::Reading(reading) => reader.reading(&reading, &mut translated),
                Part::Drug(drug) => {
                    let Some(patient) = &patient else { continue };
                    match terminology.drug(&drug, patient, source) {
                        Ok(Some(therapy)) => match in_time(therapy.at, now) {
                            Ok(()) => translated.events.push(Event::Therapy(therapy)),
                            Err(ahead) => {
                                let reason =
                                    format!("given {ahead} in the future; send it when it was given");
                                translated.problems.push(row("future-time", &drug.place, &reason));
                            }
                        },
                        Ok(None) => {}
                        Err(refused) => translated.problems.push(problem(&refused)),
                    }
                }
                // A device's own alarm is the device's; ours come from values. It is kept with the raw message.
                Part::DeviceAlarm(_) => {}
            }
        }
        reader.finish(&mut translated);
    }
    translated
}

pub fn telemetry(sent: &Telemetry, terminology: &Terminology, source: &str, now: Time) -> Translated {
    let mut translated = Translated { patient: sent.patient.clone(), ..Translated::default() };
    translated.problems.extend(sent.problems.iter().map(|p| row(p.class, &p.place, &p.reason)));
    let Some(patient) = &sent.patient else {
        let reason = "the payload names no patient; data are never attached by bed alone. Send \"patient\"";
        translated.problems.extend(Translated::unusable("no-patient", "patient", reason).problems);
        return translated;
    };
    let mut reader = Reader::new(terminology, source, now, Some(patient), 0);
    for reading in &sent.readings {
        reader.reading(reading, &mut translated);
    }
    reader.finish(&mut translated);
    translated
}

/// Reads the rows of one patient.
struct Reader<'a> {
    terminology: &'a Terminology,
    source: &'a str,
    now: Time,
    patient: Option<&'a PatientId>,
    /// Parts of bedside examinations; one examination arrives as several rows.
    examined: Vec<Examined>,
    /// Parts of the white cells in per cent; their counts follow from other rows.
    shares: Vec<Share>,
    /// Where this patient's events begin.
    from: usize,
}

impl<'a> Reader<'a> {
    fn new(
        terminology: &'a Terminology,
        source: &'a str,
        now: Time,
        patient: Option<&'a PatientId>,
        from: usize,
    ) -> Reader<'a> {
        Reader { terminology, source, now, patient, examined: Vec::new(), shares: Vec::new(), from }
    }

    fn reading(&mut self, reading: &Reading, translated: &mut Translated) {
        // Rows without a patient already stand among the problems.
        let Some(patient) = self.patient else { return };
        match self.terminology.observe(reading, patient, self.source, self.now) {
            Ok(Meaning::Observation(seen)) => translated.events.push(Event::Observed(seen)),
            Ok(Meaning::OxygenDevice { device, flow, at, withdrawn }) => {
                translated.events.push(Event::Therapy(self.oxygen(patient, device, flow, at, withdrawn)));
            }
            Ok(Meaning::Examined(part)) => self.examined.push(part),
            Ok(Meaning::Factors(factors)) => translated.events.push(Event::Factors {
                patient: patient.clone(),
                factors,
                by: self.source.to_owned(),
            }),
            Ok(Meaning::Share(share)) => self.shares.push(share),
            Ok(Meaning::Nothing) => {}
            Err(refused) => translated.problems.push(problem(&refused)),
        }
    }

    fn oxygen(
        &self,
        patient: &PatientId,
        device: OxygenDevice,
        flow: Option<Value>,
        at: Time,
        withdrawn: bool,
    ) -> Therapy {
        Therapy {
            patient: patient.clone(),
            kind: TherapyKind::Oxygen,
            action: if withdrawn { TherapyAction::Withdrawn } else { TherapyAction::Started },
            at,
            until: None,
            agent: None,
            product: None,
            device: Some(device),
            flow,
            dose: None,
            airway_only: false,
            source: self.source.to_owned(),
            order: None,
        }
    }

    fn finish(self, translated: &mut Translated) {
        let Some(patient) = self.patient else { return };
        let (found, refused) = assessments(&self.examined, self.source);
        for assessment in found {
            translated.events.push(Event::Assessed { patient: patient.clone(), assessment });
        }
        translated.problems.extend(refused.iter().map(problem));
        let seen: Vec<&Observation> = translated.events[self.from..]
            .iter()
            .filter_map(|event| if let Event::Observed(seen) = event { Some(seen) } else { None })
            .collect();
        let (counted, refused) = counts(self.shares, &seen);
        translated.events.extend(counted.into_iter().map(Event::Observed));
        translated.problems.extend(refused.iter().map(problem));
        measured_mean_first(&mut translated.events[self.from..]);
    }
}

/// A mean that was measured is told before the pressures it came with, so that none is worked out for a moment in its
/// place.
fn measured_mean_first(events: &mut [Event]) {
    let is_of = |event: &Event, analytes: &[Analyte]| match event {
        Event::Observed(seen) => analytes.contains(&seen.analyte),
        _ => false,
    };
    let pressures = [Analyte::SYSTOLIC, Analyte::DIASTOLIC];
    let Some(first) = events.iter().position(|event| is_of(event, &pressures)) else { return };
    events[first..].sort_by_key(|event| !is_of(event, &[Analyte::MAP]));
}

/// How far ahead of now, where that is more than a clock may be off.
fn in_time(at: Time, now: Time) -> Result<(), Span> {
    if at - now > FUTURE { Err(at - now) } else { Ok(()) }
}

fn problem(refused: &Refused) -> Problem {
    row(refused.class, &refused.place, &refused.reason)
}

/// A row's refusal as ERR and quarantine have it; its place is `OBX^3` in HL7 and `observations[2]` elsewhere.
fn row(class: &'static str, place: &str, reason: &str) -> Problem {
    let mut words = place.split('^');
    let segment = words.next().unwrap_or("MSH").to_owned();
    let sequence = words.next().and_then(|n| n.parse().ok()).unwrap_or(1);
    let field = words.next().and_then(|n| n.parse().ok()).unwrap_or(0);
    let number = match class {
        "unknown-code" | "unknown-unit" | "unknown-drug" => code::TABLE,
        "no-time" | "no-patient" | "incomplete" => code::REQUIRED,
        _ => code::TYPE,
    };
    Problem { place: place.to_owned(), ..Problem::at((&segment, sequence, field), number, class, reason) }
}
