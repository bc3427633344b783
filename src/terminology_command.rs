//! Floor 4. `stormwatch terminology try MESSAGE`: how a message would be read, row by row, with reasons.

use std::fmt::Write as _;

use crate::clock::Clock;
use crate::hl7::{self, Message, Part, ReadSettings};
use crate::model::{PatientId, Reading};
use crate::rules::Answer;
use crate::telemetry;
use crate::terminology::Terminology;

/// Reads one HL7 message or telemetry payload; nothing is stored. Code 1 where a row cannot be used.
pub fn try_message(terminology: &Terminology, raw: &[u8]) -> Answer {
    let mut text = String::new();
    let trimmed = raw.trim_ascii();
    let refused = if trimmed.starts_with(b"MSH") || trimmed.starts_with(&[0x0b]) {
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
    let settings = ReadSettings::default();
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
        for part in &group.parts {
            match part {
                Part::Reading(reading) => {
                    refused += row(terminology, reading, patient.as_ref(), &sender, text)
                }
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
            let rows = sent.readings.iter();
            sent.problems.len()
                + rows.map(|r| row(terminology, r, sent.patient.as_ref(), "try", text)).sum::<usize>()
        }
        Err(problem) => {
            let _ = writeln!(text, "not readable at {:?}: {}", problem.place, problem.reason);
            1
        }
    }
}

/// The steps of one row; 1 where it cannot be used.
fn row(
    terminology: &Terminology,
    reading: &Reading,
    patient: Option<&PatientId>,
    sender: &str,
    text: &mut String,
) -> usize {
    let somebody = PatientId::parse("try").expect("a constant identifier is good");
    let steps = terminology.try_reading(reading, patient.unwrap_or(&somebody), sender, Clock::system().now());
    let _ = writeln!(text, "{}:", reading.place);
    for step in &steps {
        let _ = writeln!(text, "  {step}");
    }
    usize::from(steps.last().is_some_and(|outcome| outcome.starts_with("refused")))
}
