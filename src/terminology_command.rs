//! Floor 4. `stormwatch terminology try MESSAGE`: how a message would be read, row by row, with reasons.

use std::fmt::Write as _;

use crate::clock::Clock;
use crate::hl7::{self, Message, Part};
use crate::intake::mllp::Listener;
use crate::model::{PatientId, Reading};
use crate::rules::Answer;
use crate::telemetry;
use crate::terminology::{Meaning, Share, Terminology, counts};

/// Reads one HL7 message or telemetry payload; nothing is stored. Code 1 where a row cannot be used.
pub fn try_message(terminology: &Terminology, raw: &[u8]) -> Answer {
    let mut text = String::new();
    let trimmed = raw.trim_ascii();
    let refused = if telemetry::is_hl7(trimmed) {
        hl7_rows(terminology, trimmed.trim_ascii_start(), &mut text)
    } else {
        telemetry_rows(terminology, trimmed, &mut text)
    };
    let _ = writeln!(
        text,
        "{}",
        if refused == 0 { "every row is used".to_owned() } else { format!("{refused} not used") }
    );
    Answer { report: text, good: refused == 0 }
}

fn hl7_rows(terminology: &Terminology, raw: &[u8], text: &mut String) -> usize {
    // As a listener without settings of its own reads it.
    let settings = Listener::default().read_settings().expect("the defaults are sound");
    let message = match Message::parse(raw, &settings) {
        Ok(message) => message,
        Err(malformed) => {
            let _ = writeln!(text, "not readable: {malformed}");
            return 1;
        }
    };
    let content = match hl7::read(&message, &settings) {
        Ok(content) => content,
        Err(refusal) => {
            let _ = writeln!(text, "refused ({}): {}", refusal.code.as_str(), refusal.problem.reason);
            return 1;
        }
    };
    let sender = format!("{}|{}", content.header.sending_app, content.header.sending_facility);
    let _ = writeln!(text, "{} from {sender}", content.header.kind());
    let mut refused = content.problems.len();
    for problem in &content.problems {
        let _ = writeln!(text, "{}: not used: {}", problem.place, problem.reason);
    }
    for group in &content.groups {
        let patient = group.patient.as_ref().map(|p| p.id.clone());
        let readings = group.parts.iter().filter_map(|part| match part {
            Part::Reading(reading) => Some(reading),
            Part::Drug(_) | Part::Census(_) | Part::DeviceAlarm(_) => None,
        });
        refused += rows(terminology, readings, patient.as_ref(), &sender, text);
        for part in &group.parts {
            match part {
                Part::Reading(_) => {}
                Part::Drug(drug) => {
                    let Some(patient) = &patient else { continue };
                    match terminology.drug(drug, patient, &sender) {
                        Ok(Some(therapy)) => {
                            let agent = therapy.agent.as_deref().or(therapy.product.as_deref()).unwrap_or("");
                            let _ = writeln!(text, "{}: therapy {} {agent}", drug.place, therapy.kind.name());
                        }
                        Ok(None) => {
                            let _ = writeln!(text, "{}: recorded, no therapy follows", drug.place);
                        }
                        Err(problem) => {
                            refused += 1;
                            let _ = writeln!(text, "{}: not used: {}", drug.place, problem.reason);
                        }
                    }
                }
                Part::Census(census) => {
                    let _ = writeln!(text, "census: {:?}", census.kind);
                }
                Part::DeviceAlarm(alarm) => {
                    let _ = writeln!(text, "{}: a device's own alarm: {}", alarm.place, alarm.text);
                }
            }
        }
    }
    refused
}

fn telemetry_rows(terminology: &Terminology, raw: &[u8], text: &mut String) -> usize {
    match telemetry::read(raw) {
        Ok(sent) => {
            for problem in &sent.problems {
                let _ = writeln!(text, "{}: not used: {}", problem.place, problem.reason);
            }
            sent.problems.len() + rows(terminology, sent.readings.iter(), sent.patient.as_ref(), "try", text)
        }
        Err(problem) => {
            let _ = writeln!(text, "not readable at {:?}: {}", problem.place, problem.reason);
            1
        }
    }
}

/// The steps of every row of one patient; how many cannot be used.
fn rows<'r>(
    terminology: &Terminology,
    readings: impl Iterator<Item = &'r Reading>,
    patient: Option<&PatientId>,
    sender: &str,
    text: &mut String,
) -> usize {
    let somebody = PatientId::parse("try").expect("a constant identifier is good");
    let patient = patient.unwrap_or(&somebody);
    let now = Clock::system().now();
    let mut refused = 0;
    let (mut seen, mut shares): (Vec<_>, Vec<Share>) = (Vec::new(), Vec::new());
    for reading in readings {
        let steps = terminology.try_reading(reading, patient, sender, now);
        let _ = writeln!(text, "{}:", reading.place);
        for step in &steps {
            let _ = writeln!(text, "  {step}");
        }
        refused += usize::from(steps.last().is_some_and(|outcome| outcome.starts_with("refused")));
        match terminology.observe(reading, patient, sender, now) {
            Ok(Meaning::Observation(observation)) => seen.push(observation),
            Ok(Meaning::Share(share)) => shares.push(share),
            Ok(
                Meaning::OxygenDevice { .. } | Meaning::Examined(_) | Meaning::Factors(_) | Meaning::Nothing,
            )
            | Err(_) => {}
        }
    }
    let (counted, without) = counts(shares, &seen.iter().collect::<Vec<_>>());
    for count in counted {
        let value =
            count.quantity.map_or_else(|| "no value".to_owned(), |quantity| quantity.value.to_string());
        let _ = writeln!(text, "counted: {} {value}, from {}", count.analyte, count.original);
    }
    for problem in &without {
        let _ = writeln!(text, "{}: not used: {}", problem.place, problem.reason);
    }
    refused + without.len()
}
