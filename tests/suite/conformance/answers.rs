//! Rows 21 to 36: which answer, when, and in whose words.

use std::process::Command;
use std::time::Duration;

use crate::support::*;

const SOON: Duration = Duration::from_millis(400);

/// An admission whose header ends with MSH-13 and following.
fn asking(control: &str, rest: &str) -> String {
    adt("A1", "01", control, "A08").replacen("|P|2.5\n", &format!("|P|2.5{rest}\n"), 1)
}

/// MSA-1 of everything answered before a message that is always answered.
fn answered(line: &mut Line, message: &str) -> Vec<String> {
    line.write(&frame(message));
    line.write(&frame(&adt("LAST", "99", "LAST", "A08").replacen("|P|2.5\n", &unique(), 1)));
    let mut codes = Vec::new();
    loop {
        let answer = line.answer().expect("an answer");
        if answer.contains("|LAST\r") {
            return codes;
        }
        codes.push(code(&answer).to_owned());
    }
}

/// A repeated message is answered from the journal; a fresh country code makes it another.
fn unique() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("|P|2.5|||||X{}\n", COUNT.fetch_add(1, Ordering::Relaxed))
}

#[test]
fn row_21_aa_means_that_a_power_cut_takes_nothing_away() {
    let service = Service::start();
    service.send(&adt("A2", "01", "A", "A01"));
    let message = oru("A2", "DURABLE", -1, "F", &[(TEMPERATURE.0, TEMPERATURE.1, "38.4", "Cel")]);
    assert_eq!(code(&service.send(&message)), "AA");
    let service = service.crash_and_restart();
    assert_eq!(service.values("A2", "temperature"), [38.4]);
}

#[test]
fn row_22_to_row_25_the_sender_says_which_answers_it_wants() {
    let service = Service::start();
    let mut line = service.connect();
    for (accept, application, good, bad) in [
        ("", "", vec!["AA"], vec!["AR"]),
        ("AL", "NE", vec!["CA"], vec!["CR"]),
        ("AL", "AL", vec!["CA", "AA"], vec!["CR"]),
        ("NE", "AL", vec!["AA"], vec!["AR"]),
        ("NE", "NE", vec![], vec![]),
        ("ER", "NE", vec![], vec!["CR"]),
        ("SU", "NE", vec!["CA"], vec![]),
    ] {
        let message = |control: &str| {
            asking(&format!("{control}{accept}{application}"), &format!("|||{accept}|{application}"))
        };
        assert_eq!(answered(&mut line, &message("G")), good, "{accept}/{application}");
        let refused = message("B").replace("ADT^A08", "QRY^A19");
        assert_eq!(answered(&mut line, &refused), bad, "{accept}/{application} refused");
    }
}

#[test]
fn row_22_al_and_ne_ask_for_the_commit_answer_alone() {
    let service = Service::start();
    assert_eq!(code(&service.send(&asking("C1", "|||AL|NE"))), "CA");
}

#[test]
fn row_23_a_listener_may_give_one_answer_to_senders_that_read_only_one() {
    let service = Service::configured("[[mllp]]\nacks = \"original\"\n");
    assert_eq!(answered(&mut service.connect(), &asking("C2", "|||AL|AL")), ["AA"]);
    let service = Service::configured("[[mllp]]\nacks = \"enhanced\"\n");
    assert_eq!(answered(&mut service.connect(), &asking("C3", "")), ["CA"]);
}

#[test]
fn row_24_who_wants_no_answer_has_its_message_kept_in_silence() {
    let service = Service::start();
    let mut line = service.connect();
    let message = oru("A3", "QUIET", -1, "F", &[(TEMPERATURE.0, TEMPERATURE.1, "37.7", "Cel")]).replacen(
        "|P|2.5\n",
        "|P|2.5|||NE|NE\n",
        1,
    );
    service.send(&adt("A3", "01", "A", "A01"));
    line.write(&frame(&message));
    assert!(line.is_silent(SOON));
    assert_eq!(service.values("A3", "temperature"), [37.7]);
}

#[test]
fn row_25_er_and_ne_hear_of_errors_alone() {
    let service = Service::start();
    let mut line = service.connect();
    line.write(&frame(&asking("C4", "|||ER|NE")));
    assert!(line.is_silent(SOON));
    let unit = oru("A1", "C5", 0, "F", &[("2777-1", "LN", "3", "furlong")]).replacen(
        "|P|2.5\n",
        "|P|2.5|||ER|NE\n",
        1,
    );
    assert_eq!(code(&line.exchange(&unit)), "CE");
}

#[test]
fn row_26_an_unknown_wish_is_answered_as_none_and_counted() {
    let service = Service::start();
    assert_eq!(code(&service.send(&asking("C6", "|||ACCEPT|ACKNOWLEDGE"))), "AA");
    assert_eq!(service.figure("stormwatch_oddities_total{what=\"unknown-acknowledgement-wish\"}"), 1);
}

#[test]
fn row_27_what_cannot_be_stored_is_refused_with_207_and_readiness_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    // A file may grow to so many kilobytes; beyond that the disk is as good as full.
    let mut shell = Command::new("bash");
    let limited = "trap '' XFSZ; ulimit -f 1500; exec \"$0\" \"$@\"";
    shell.args(["-c", limited, env!("CARGO_BIN_EXE_stormwatch")]);
    let service = Service::start_as(shell, &folder.path().join("data"), &[]);
    assert_eq!(code(&service.send(&adt("A4", "01", "A", "A01"))), "AA");
    let mut refused = None;
    for n in 0..400 {
        let rows = [(TEMPERATURE.0, TEMPERATURE.1, "37.7", "Cel")];
        let message = oru("A4", &format!("FILL{n}"), -1, "F", &rows)
            + &format!("OBX|2|TX|NOTE^Note^L||{}||||||F\n", "x".repeat(30_000));
        let answer = service.send(&message);
        if code(&answer) != "AA" {
            refused = Some((n, answer));
            break;
        }
    }
    let (n, answer) = refused.expect("the disk fills up");
    assert!(answer.contains("MSA|AR|FILL") && answer.contains("|207^"), "{answer}");
    let unready = || (service.get_text("/readyz").0 == 503).then_some(());
    eventually(PATIENCE, unready).expect("readiness says so");
    assert_eq!(service.get_text("/healthz").0, 200, "it lives");
    assert!(service.values("A4", "temperature").len() <= n + 1, "what was refused changed nothing");
}

#[test]
fn row_28_a_type_nobody_reads_is_refused_with_200_in_the_words_of_its_version() {
    let service = Service::start();
    let of = |version: &str| {
        service.send(&format!("MSH|^~\\&|X|Y|S|K|20260101||MDM^T02|D{version}|P|{version}\nTXA|1\n"))
    };
    let new = of("2.6");
    assert!(
        new.contains("MSA|AR|D2.6\r") && new.contains("ERR||MSH^1^9|200^Unsupported message type^HL70357|E"),
        "{new}"
    );
    let old = of("2.3");
    assert!(old.contains("MSA|AR|D2.3|MDM^T02") || old.contains("MSA|AR|D2.3|MDM\\S\\T02"), "{old}");
    assert!(old.contains("ERR|MSH^1^9^200&Unsupported message type&HL70357"), "{old}");
}

#[test]
fn row_29_a_test_message_is_refused_on_a_listener_for_production() {
    let service = Service::configured("[[mllp]]\nprocessing_id = \"P\"\n");
    let test = adt("A5", "01", "T1", "A01").replacen("|P|2.5", "|T|2.5", 1);
    let answer = service.send(&test);
    assert!(answer.contains("MSA|AR|T1") && answer.contains("|202^"), "{answer}");
    assert_eq!(code(&Service::start().send(&test)), "AA", "any is taken where nothing is said");
}

#[test]
fn row_30_an_unknown_version_is_refused_with_203_and_none_is_taken_as_usual() {
    let service = Service::start();
    let of = |version: &str| {
        service.send(&adt("A6", "01", &format!("V{version}"), "A08").replacen(
            "|P|2.5",
            &format!("|P|{version}"),
            1,
        ))
    };
    let answer = of("9.9");
    assert!(answer.contains("MSA|AR|V9.9") && answer.contains("|203^"), "{answer}");
    assert_eq!(code(&of("")), "AA");
    assert_eq!(code(&of("2.5.1^USA")), "AA");
}

#[test]
fn row_31_without_a_control_id_the_answer_names_none() {
    let service = Service::start();
    let answer = service.send(&adt("A7", "01", "", "A01"));
    assert!(answer.contains("MSA|AR|\r") && answer.contains("|101^"), "{answer}");
}

#[test]
fn row_32_a_control_id_comes_back_byte_for_byte_however_odd() {
    let service = Service::start();
    let long = "L".repeat(199);
    for id in ["AB\\T\\7", long.as_str(), " 7 ", "A^B&C~D", "検査7"] {
        let answer = service.send(&adt("A8", "01", id, "A08"));
        assert!(answer.contains(&format!("MSA|AA|{id}\r")), "{answer}");
    }
}

#[test]
fn row_33_an_acknowledgement_is_never_acknowledged() {
    let service = Service::start();
    let mut line = service.connect();
    line.write(&frame("MSH|^~\\&|X|Y|S|K|20260101||ACK^R01^ACK|Q1|P|2.5|||AL|AL\nMSA|AA|SW-1\n"));
    assert!(line.is_silent(SOON));
    assert_eq!(service.figure("stormwatch_messages_total{answer=\"ACK\",via=\"mllp\"}"), 1);
}

#[test]
fn row_34_an_answer_uses_the_delimiters_of_its_question() {
    let service = Service::start();
    let truncated = service.send(&adt("A9", "01", "T7", "A01").replacen("^~\\&|", "^~\\&#|", 1));
    assert!(truncated.starts_with("MSH|^~\\&#|STORMWATCH|KUH|HIS|KUH|"), "{truncated}");
    let other = adt("A9", "01", "T8", "A08").replace('|', "!").replace('^', "@").replace("@~\\&", "@~\\%");
    let answer = service.send(&other);
    assert!(answer.starts_with("MSH!@~\\%!") && answer.contains("MSA!AA!T8"), "{answer}");
}

#[test]
fn row_35_what_is_no_message_is_refused_and_kept() {
    let service = Service::start();
    for text in ["hello", "{\"resourceType\":\"Observation\"}", "PID|1||X"] {
        let answer = service.send(text);
        assert!(answer.contains("MSA|AR|\r") && answer.contains("|100^"), "{answer}");
    }
    let rows = service.quarantine();
    assert_eq!(rows.iter().filter(|row| row["class"] == "malformed").count(), 3);
    let id = rows[0]["id"].as_str().expect("an id");
    assert!(
        service.get_text(&format!("/api/v1/quarantine/{id}")).1.contains("PID|1||X"),
        "the bytes are there to look at"
    );
}

#[test]
fn row_36_a_crash_between_disk_and_answer_leaves_one_effect() {
    let mut service = Service::start();
    service.send(&adt("B1", "01", "A", "A01"));
    let message = oru("B1", "CRASH", -2, "F", &[(TEMPERATURE.0, TEMPERATURE.1, "38.2", "Cel")]);
    let mut heard = 0;
    for _ in 0..3 {
        let mut line = service.connect();
        line.write(&frame(&message));
        // Killed at once: perhaps before the disk had it, perhaps after.
        service = service.crash_and_restart();
        heard += usize::from(!service.values("B1", "temperature").is_empty());
    }
    assert_eq!(code(&service.send(&message)), "AA");
    assert_eq!(service.values("B1", "temperature"), [38.2], "kept {heard} times before it was answered");
}
