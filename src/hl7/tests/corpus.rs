//! The samples of `tests/hl7`, every one loaded. What each of them says stands in `tests/hl7/transcript.txt`; a
//! change to it is reviewed like code.

use std::fmt::Write;

use super::*;
use crate::model::{Coding, DrugGiven, RawValue};

struct Sample {
    name: &'static str,
    raw: &'static [u8],
}

const fn sample(name: &'static str, raw: &'static [u8]) -> Sample {
    Sample { name, raw }
}

const SAMPLES: [Sample; 36] = [
    sample("adt-a01-admit", include_bytes!("../../../tests/hl7/adt-a01-admit.hl7")),
    sample("adt-a02-move", include_bytes!("../../../tests/hl7/adt-a02-move.hl7")),
    sample("adt-a03-discharge", include_bytes!("../../../tests/hl7/adt-a03-discharge.hl7")),
    sample("adt-a08-update", include_bytes!("../../../tests/hl7/adt-a08-update.hl7")),
    sample("adt-a11-cancel-admit", include_bytes!("../../../tests/hl7/adt-a11-cancel-admit.hl7")),
    sample("adt-a12-cancel-move", include_bytes!("../../../tests/hl7/adt-a12-cancel-move.hl7")),
    sample("adt-a13-cancel-discharge", include_bytes!("../../../tests/hl7/adt-a13-cancel-discharge.hl7")),
    sample("adt-a17-swap", include_bytes!("../../../tests/hl7/adt-a17-swap.hl7")),
    sample("adt-a40-merge", include_bytes!("../../../tests/hl7/adt-a40-merge.hl7")),
    sample("batch-miscounted", include_bytes!("../../../tests/hl7/batch-miscounted.hl7")),
    sample("custom-delimiters", include_bytes!("../../../tests/hl7/custom-delimiters.hl7")),
    sample("document-beside-numbers", include_bytes!("../../../tests/hl7/document-beside-numbers.hl7")),
    sample("lab-older-version", include_bytes!("../../../tests/hl7/lab-older-version.hl7")),
    sample("lab3-correction", include_bytes!("../../../tests/hl7/lab3-correction.hl7")),
    sample("latin-1-undeclared", include_bytes!("../../../tests/hl7/latin-1-undeclared.hl7")),
    sample("malformed/bad-values", include_bytes!("../../../tests/hl7/malformed/bad-values.hl7")),
    sample("malformed/broken-utf8", include_bytes!("../../../tests/hl7/malformed/broken-utf8.hl7")),
    sample("malformed/continuation", include_bytes!("../../../tests/hl7/malformed/continuation.hl7")),
    sample(
        "malformed/line-end-inside-a-field",
        include_bytes!("../../../tests/hl7/malformed/line-end-inside-a-field.hl7"),
    ),
    sample("malformed/no-header", include_bytes!("../../../tests/hl7/malformed/no-header.hl7")),
    sample("malformed/no-patient", include_bytes!("../../../tests/hl7/malformed/no-patient.hl7")),
    sample(
        "malformed/two-letter-segment",
        include_bytes!("../../../tests/hl7/malformed/two-letter-segment.hl7"),
    ),
    sample("malformed/unsupported", include_bytes!("../../../tests/hl7/malformed/unsupported.hl7")),
    sample("orm-o01-infusion", include_bytes!("../../../tests/hl7/orm-o01-infusion.hl7")),
    sample("oul-r22-jlac10-iso2022jp", include_bytes!("../../../tests/hl7/oul-r22-jlac10-iso2022jp.hl7")),
    sample("pcd01-monitor", include_bytes!("../../../tests/hl7/pcd01-monitor.hl7")),
    sample("pcd04-device-alarm", include_bytes!("../../../tests/hl7/pcd04-device-alarm.hl7")),
    sample("r30-point-of-care", include_bytes!("../../../tests/hl7/r30-point-of-care.hl7")),
    sample("r30-vitals-iso2022jp", include_bytes!("../../../tests/hl7/r30-vitals-iso2022jp.hl7")),
    sample("ras-o17-norepinephrine", include_bytes!("../../../tests/hl7/ras-o17-norepinephrine.hl7")),
    sample("ras-o17-tocilizumab", include_bytes!("../../../tests/hl7/ras-o17-tocilizumab.hl7")),
    sample("rde-o11-dexamethasone", include_bytes!("../../../tests/hl7/rde-o11-dexamethasone.hl7")),
    sample("siu-s12-infusion", include_bytes!("../../../tests/hl7/siu-s12-infusion.hl7")),
    sample("truncation-character", include_bytes!("../../../tests/hl7/truncation-character.hl7")),
    sample("two-patients", include_bytes!("../../../tests/hl7/two-patients.hl7")),
    sample("windows-line-ends-and-bom", include_bytes!("../../../tests/hl7/windows-line-ends-and-bom.hl7")),
];

/// Those that are UTF-8 and one message, for the second opinion.
pub fn plain_samples() -> impl Iterator<Item = &'static str> {
    SAMPLES
        .iter()
        .filter(|sample| !sample.name.starts_with("malformed/") && !split(sample.raw).is_batch)
        .filter_map(|sample| std::str::from_utf8(sample.raw).ok())
        .filter(|text| !text.contains('\u{1b}'))
}

#[test]
fn every_sample_says_what_the_transcript_says() {
    let mut transcript = String::new();
    for sample in &SAMPLES {
        writeln!(transcript, "== {}", sample.name).expect("a string takes all");
        let batch = split(sample.raw);
        if batch.is_batch {
            let count = batch.messages.len();
            writeln!(transcript, "batch of {count}, miscounted {}", batch.is_miscounted())
                .expect("a string takes all");
        }
        for raw in batch.messages {
            describe(&mut transcript, raw);
        }
    }
    let expected = include_str!("../../../tests/hl7/transcript.txt");
    assert!(transcript == expected, "the transcript is now\n{transcript}");
}

#[test]
fn every_file_beside_the_samples_is_loaded() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hl7");
    for (folder, prefix) in [(root.to_owned(), ""), (format!("{root}/malformed"), "malformed/")] {
        for entry in std::fs::read_dir(folder).expect("the folder of samples") {
            let file = entry.expect("an entry").file_name().into_string().expect("ASCII names");
            let Some(name) = file.strip_suffix(".hl7") else { continue };
            let name = format!("{prefix}{name}");
            assert!(SAMPLES.iter().any(|sample| sample.name == name), "{name} is not loaded");
        }
    }
}

#[test]
fn line_ends_change_nothing_in_any_sample() {
    for sample in SAMPLES.iter().filter(|sample| !sample.name.contains("line-end")) {
        let lines = |end: &[u8]| -> Vec<u8> {
            let normal: Vec<u8> = sample
                .raw
                .iter()
                .copied()
                .filter(|byte| *byte != b'\n' || !sample.raw.contains(&b'\r'))
                .collect();
            normal
                .iter()
                .flat_map(|byte| if matches!(byte, b'\r' | b'\n') { end.to_vec() } else { vec![*byte] })
                .collect()
        };
        let transcripts: Vec<String> = [b"\r".as_slice(), b"\n", b"\r\n"]
            .iter()
            .map(|end| {
                let mut text = String::new();
                for raw in split(&lines(end)).messages {
                    describe(&mut text, raw);
                }
                text
            })
            .collect();
        assert_eq!(transcripts[0], transcripts[1], "{}", sample.name);
        assert_eq!(transcripts[0], transcripts[2], "{}", sample.name);
    }
}

fn describe(out: &mut String, raw: &[u8]) {
    let mut line = |text: String| {
        out.push_str(text.trim_end());
        out.push('\n');
    };
    let settings = ReadSettings { authority: Some("KUH".into()), ..tokyo() };
    let settings = if raw.windows(9).any(|part| part == b"||CT0007|") { tokyo() } else { settings };
    let message = match Message::parse(raw, &settings) {
        Ok(message) => message,
        Err(malformed) => return line(format!("malformed: {malformed}")),
    };
    line(format!(
        "{} in {} segments, {:?}",
        message.control_id_raw(),
        message.segments().len(),
        message.charset()
    ));
    for warning in message.warnings() {
        line(format!("  warning {warning:?}"));
    }
    let content = match read(&message, &settings) {
        Ok(content) => content,
        Err(refusal) => {
            let problem = refusal.problem;
            return line(format!(
                "  {} {} {}: {}",
                refusal.code.as_str(),
                problem.code,
                problem.place,
                problem.reason
            ));
        }
    };
    for group in &content.groups {
        let patient = group.patient.as_ref().map_or("nobody", |patient| patient.id.as_str());
        let place = group
            .location
            .as_ref()
            .map(|place| format!(" in {} {}", place.ward, place.bed))
            .unwrap_or_default();
        line(format!("  {patient}{place}"));
        for part in &group.parts {
            line(format!("    {}", describe_part(part)));
        }
    }
    for (word, list) in [("problem", &content.problems), ("doubt", &content.warnings)] {
        for problem in list {
            line(format!(
                "  {word} {} {} {}: {}",
                problem.code, problem.place, problem.class, problem.reason
            ));
        }
    }
}

fn describe_part(part: &Part) -> String {
    let time = |at: Option<Time>| at.map_or("at no time".to_owned(), Time::rfc3339);
    match part {
        Part::Reading(reading) => describe_reading(reading),
        Part::Census(census) => {
            let other = census.other.as_ref().map(|other| format!(" with {other}")).unwrap_or_default();
            let person = match &census.person {
                Some(person) => {
                    format!(" {}, {} {} {}", person.family, person.given, person.birth_date, person.sex)
                }
                None => String::new(),
            };
            format!("{:?}{other} {}{person}", census.kind, census.at.rfc3339())
        }
        Part::Drug(DrugGiven { place, codings, starts_at, ends_at, dose, rate, status, order }) => format!(
            "{place} {status:?} {} dose {dose:?} rate {rate:?} from {} to {} order {}",
            describe_codings(codings),
            time(*starts_at),
            time(*ends_at),
            order.as_deref().unwrap_or("none"),
        ),
        Part::DeviceAlarm(alarm) => format!(
            "{} alarm {} {} {:?} {} {} {} {} {} {} {}",
            alarm.place,
            alarm.id,
            alarm.event.name,
            alarm.text,
            alarm.source.as_ref().map_or("", |source| source.name.as_str()),
            alarm.value,
            alarm.phase,
            alarm.state,
            alarm.priority,
            alarm.kind,
            time(alarm.at),
        ),
    }
}

fn describe_reading(reading: &Reading) -> String {
    let value = match &reading.value {
        RawValue::Number(number) => number.clone(),
        RawValue::Structured { comparator, first, separator, second } => {
            format!("{comparator}{first}{separator}{second}")
        }
        RawValue::Text(text) => format!("{text:?}"),
        RawValue::Coded(coding) => describe_codings(std::slice::from_ref(coding)),
        RawValue::Absent => "nothing".into(),
        RawValue::Unusable(kind) => format!("a {kind}"),
    };
    let at = match reading.measured_at {
        Some(at) => format!("{}{}", at.at.rfc3339(), if at.date_only { " (date)" } else { "" }),
        None => "at no time".into(),
    };
    let mut text = format!(
        "{} {} = {value} {} {} {at}",
        reading.place,
        describe_codings(&reading.codings),
        reading.units.join(" or "),
        reading.status.name(),
    );
    for (word, extra) in
        [("specimen", &reading.specimen), ("order", &reading.order), ("device", &reading.device)]
    {
        if let Some(extra) = extra {
            write!(text, " {word} {extra}").expect("a string takes all");
        }
    }
    for note in &reading.notes {
        write!(text, " note {note:?}").expect("a string takes all");
    }
    text
}

fn describe_codings(codings: &[Coding]) -> String {
    let one = |coding: &Coding| format!("{}^{}^{}", coding.code, coding.name, coding.system);
    codings.iter().map(one).collect::<Vec<_>>().join(" or ")
}
