//! The same entries give the same transcript, byte for byte.

use std::fmt::Write as _;

use stormwatch::engine::{Engine, transcript};
use stormwatch::journal::Reader;

use super::support::*;

fn fold(service: &Service) -> String {
    let mut engine = Engine::new();
    let mut text = String::new();
    for entry in Reader::new(&service.data).entries(1).expect("a journal") {
        let entry = entry.expect("a readable entry");
        let changes = engine.apply(&entry);
        text.push_str(&transcript::lines(&entry, &changes));
        let _ = write!(text, "{:?}", engine.next_due());
    }
    text
}

#[test]
fn two_folds_over_the_same_journal_are_byte_identical() {
    let mut service = Service::start();
    for (patient, bed) in [("R1", "01"), ("R2", "02")] {
        with_baseline(&service, patient, bed);
        for (n, value) in ["3.2", "2.9", "2.3", "2.0"].iter().enumerate() {
            let rows =
                [(PHOSPHATE.0, PHOSPHATE.1, *value, "mg/dL"), (TEMPERATURE.0, TEMPERATURE.1, "38.6", "Cel")];
            service.send(&oru(patient, &format!("{patient}{n}"), n as i64 - 4, "F", &rows));
        }
    }
    service.alert("R1", "phosphate-fall-deep");
    service.stop();
    let (first, second) = (fold(&service), fold(&service));
    assert!(first.contains("notify"), "the recorded ward has alerts:\n{first}");
    assert_eq!(first, second);
}

#[test]
fn explain_shows_the_evidence_and_proves_the_replay() {
    let mut service = Service::start();
    with_baseline(&service, "X1", "01");
    service.send(&oru("X1", "LOW", 0, "F", &[(PHOSPHATE.0, PHOSPHATE.1, "2.3", "mg/dL")]));
    let id = service.alert("X1", "phosphate-fall-deep")["id"].as_str().expect("an id").to_owned();
    service.stop();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_stormwatch"))
        .args(["explain", &id, "--data"])
        .arg(&service.data)
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("phosphate 2.3"), "{text}");
    assert!(text.contains("REPLAY IDENTICAL sha256="), "{text}");
}

#[test]
fn an_export_imports_to_the_same_transcript_and_both_verify() {
    let mut service = Service::start();
    with_baseline(&service, "J1", "01");
    service.send(&oru("J1", "LOW", 0, "F", &[(PHOSPHATE.0, PHOSPHATE.1, "2.3", "mg/dL")]));
    service.alert("J1", "phosphate-fall-deep");
    service.stop();
    let before = fold(&service);
    let run = |arguments: &[&str], data: &std::path::Path, input: Vec<u8>| {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_stormwatch"))
            .args(arguments)
            .arg("--data")
            .arg(data)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("it runs");
        std::io::Write::write_all(&mut child.stdin.take().expect("piped"), &input).expect("written");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stdout)
        );
        output.stdout
    };
    let exported = run(&["journal", "export"], &service.data, Vec::new());
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy");
    run(&["journal", "import"], &copy, exported);
    for data in [&service.data, &copy] {
        let said = run(&["journal", "verify"], data, Vec::new());
        assert!(said.starts_with(b"good"), "{}", String::from_utf8_lossy(&said));
    }
    service.data = copy;
    assert_eq!(before, fold(&service));
}
