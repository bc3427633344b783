//! Four hundred shapes of messages, as vendors, versions, character sets and mistakes make them, sent over one socket:
//! each is answered with its own control id, kept as it came, and none harms the next. What each is answered stands in
//! `tests/hl7/corpus/expected.txt`; `UPDATE=1` writes it anew, and the difference is reviewed like code.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use stormwatch::hl7::{Delimiters, Message, ReadSettings, split};
use stormwatch::journal::Reader;

use super::support::*;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/hl7/corpus")
}

/// Names and bytes, in order of names.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(folder())
        .expect("the corpus")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "hl7"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, fs::read(path).expect("readable"))
        })
        .collect();
    files.sort();
    files
}

/// The control ids of a file, found without our parser: tenth field of every line that begins with MSH. `None` where
/// kanji in the header hide its separators from such a simple look.
fn control_ids(raw: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut ids = Vec::new();
    for line in raw.split(|byte| matches!(byte, b'\r' | b'\n')) {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii_start();
        let Some(separator) = line.strip_prefix(b"MSH").and_then(|rest| rest.first()) else { continue };
        if separator.is_ascii_alphanumeric() || !separator.is_ascii_graphic() {
            continue;
        }
        if line.contains(&0x1b) {
            return None;
        }
        ids.push(line.split(|byte| byte == separator).nth(9).unwrap_or_default().to_vec());
    }
    Some(ids)
}

/// MSA-1, MSA-2 and the reasons of one answer, whatever its delimiters.
fn said(answer: &str) -> (String, String, Vec<String>) {
    let bar = answer.chars().nth(3).expect("a separator");
    let field = |segment: &str, n: usize| segment.split(bar).nth(n).unwrap_or_default().to_owned();
    let mut said = (String::new(), String::new(), Vec::new());
    for segment in answer.split('\r') {
        if segment.starts_with("MSA") {
            (said.0, said.1) = (field(segment, 1), field(segment, 2));
            said.2.extend(Some(field(segment, 3)).filter(|text| !text.is_empty()));
        } else if segment.starts_with("ERR") {
            let class = field(segment, 5);
            let reason = if class.is_empty() { field(segment, 8) } else { class };
            said.2.extend(Some(reason).filter(|text| !text.is_empty()));
        }
    }
    said
}

/// Sends one file, and then a message that is always accepted; what was answered before its acknowledgement.
fn exchange(line: &mut Line, n: usize, raw: &[u8]) -> Vec<String> {
    let last = format!("LAST-{n}");
    let mut bytes = vec![0x0b];
    bytes.extend_from_slice(raw);
    bytes.extend_from_slice(&[0x1c, b'\r']);
    bytes.extend(frame(&adt("CT0999", "99", &last, "A08")));
    line.write(&bytes);
    let mut answers = Vec::new();
    loop {
        let answer = line.answer().unwrap_or_else(|| panic!("no answer after {answers:?}"));
        if answer.contains(&format!("|{last}\r")) {
            return answers;
        }
        answers.push(answer);
    }
}

#[test]
fn every_shape_of_message_is_answered_for_itself_and_kept_as_it_came() {
    let service = Service::start();
    let mut line = service.connect();
    let mut transcript = String::new();
    let files = corpus();
    assert!(files.len() >= 150, "{} shapes", files.len());
    for (n, (name, raw)) in files.iter().enumerate() {
        let answers = exchange(&mut line, n, raw);
        let mut heard = BTreeSet::new();
        let _ = write!(transcript, "{name}:");
        for answer in &answers {
            let (code, id, reasons) = said(answer);
            assert!(["AA", "AE", "AR", "CA", "CE", "CR"].contains(&code.as_str()), "{name}: {answer}");
            assert!(!matches!(code.as_str(), "AE" | "AR") || !reasons.is_empty(), "{name}: {answer}");
            heard.insert(id.clone().into_bytes());
            let _ = write!(transcript, " {code}");
            for reason in reasons.iter().take(4) {
                let _ = write!(transcript, " ({})", reason.chars().take(60).collect::<String>());
            }
        }
        transcript.push_str(if answers.is_empty() { " nothing\n" } else { "\n" });
        if let Some(wanted) = control_ids(raw).filter(|ids| !answers.is_empty() && !ids.is_empty()) {
            let wanted: BTreeSet<Vec<u8>> = wanted.into_iter().collect();
            assert_eq!(heard, wanted, "{name}: MSA-2 repeats MSH-10");
        }
    }
    everything_was_kept(&service, &files);
    every_class_is_known(&service);
    let (status, alerts) = service.get_text("/api/v1/alerts");
    assert!(
        status == 200 && !alerts.contains("patient-not-evaluated"),
        "no message broke a patient: {alerts}"
    );
    let expected = folder().join("expected.txt");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&expected, &transcript).expect("written");
    }
    assert_eq!(fs::read_to_string(expected).expect("the expected answers"), transcript);
}

/// What the operator's handbook explains is all there is.
fn every_class_is_known(service: &Service) {
    use stormwatch::{hl7, intake, terminology};
    let known = [hl7::CLASSES.as_slice(), &intake::CLASSES, &terminology::CLASSES].concat();
    let odd = [hl7::ODDITIES.as_slice(), &intake::ODDITIES].concat();
    let scraped = service.get_text("/metrics").1;
    let mut seen = 0;
    for line in scraped.lines() {
        let label = |name: &str| Some(line.split_once(name)?.1.split('"').next().unwrap_or_default());
        if line.starts_with("stormwatch_quarantined_total") {
            let class = label("class=\"").expect("a class");
            assert!(known.contains(&class), "{class} is in no list");
            seen += 1;
        } else if line.starts_with("stormwatch_oddities_total") {
            let what = label("what=\"").expect("a word");
            assert!(odd.contains(&what), "{what} is in no list");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} classes are counted");
}

/// Each message of each file lies in the journal with the bytes it came with.
fn everything_was_kept(service: &Service, files: &[(String, Vec<u8>)]) {
    let reader = Reader::new(&service.data);
    let mut kept = BTreeSet::new();
    for id in 1.. {
        let Some(raw) = reader.raw(id).expect("a journal") else { break };
        kept.insert(raw);
    }
    for (name, raw) in files {
        for message in split(raw).messages {
            assert!(kept.contains(message), "{name} was not kept as it came");
        }
    }
}

/// Text without what line ends, marks and blanks before segments may take away.
fn substance(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control() && !matches!(letter, ' ' | '\u{feff}')).collect()
}

#[test]
fn every_segment_of_every_shape_is_kept_by_the_reader() {
    let mut read = 0;
    for (name, raw) in corpus() {
        for raw in split(&raw).messages {
            let Ok(message) = Message::parse(raw, &ReadSettings::default()) else { continue };
            read += 1;
            assert_eq!(substance(message.text()), substance(&message.write()), "{name}");
            let Some(delimiters) = Delimiters::read(message.text()) else { continue };
            // Lines that begin with a name of three capitals and the field separator are segments, and no other
            // reading of them is right.
            let bar = char::from(delimiters.field);
            let named = |line: &&str| {
                let name = line.get(..3).unwrap_or_default();
                let plain = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
                name.len() == 3
                    && plain
                    && !name.starts_with(|c: char| c.is_ascii_digit())
                    && line[3..].starts_with(bar)
            };
            let wanted: Vec<&str> = message
                .text()
                .split(['\r', '\n'])
                .map(str::trim_start)
                .filter(|l| l.len() > 3)
                .filter(named)
                .collect();
            let found: Vec<&str> = message.segments().map(|segment| segment.raw()).collect();
            for line in wanted {
                assert!(found.iter().any(|raw| raw.starts_with(line)), "{name}: {line:?} is a segment");
            }
        }
    }
    assert!(read >= 350, "only {read} were read");
}
