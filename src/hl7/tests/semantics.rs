//! Rows 57 to 71 of the conformance table, as far as they are a matter of reading.

use super::*;
use crate::model::{Coding, Location, RawValue, Status};

fn number(text: &str) -> RawValue {
    RawValue::Number(text.into())
}

fn words(text: &str) -> RawValue {
    RawValue::Text(text.into())
}

fn value(obx_2: &str, obx_5: &str) -> RawValue {
    let content = row(&format!("OBX|1|{obx_2}|2777-1^P^LN||{obx_5}|mg/dL|||||F"));
    let found = readings(&content);
    assert_eq!(found.len(), 1, "{obx_5}");
    found[0].value.clone()
}

fn status(obr_25: &str, obx_11: &str) -> (Status, usize) {
    let head =
        HEAD.replace("20261122080000+0900\n", &format!("20261122080000+0900{}{obr_25}\n", "|".repeat(18)));
    let content = content(&format!("{head}OBX|1|NM|2777-1^P^LN||3.1|mg/dL|||||{obx_11}"));
    (readings(&content)[0].status, content.warnings.len())
}

#[test]
fn rows_57_to_60_every_status_is_understood() {
    for (letters, wanted) in [
        ("FAUV", Status::Final),
        ("PRS", Status::Preliminary),
        ("C", Status::Corrected),
        ("D", Status::Deleted),
        ("W", Status::Wrong),
        ("X", Status::Unavailable),
        ("ION", Status::Pending),
    ] {
        for letter in letters.chars() {
            assert_eq!(status("", &letter.to_string()), (wanted, 0));
            assert_eq!(status("", &letter.to_ascii_lowercase().to_string()), (wanted, 0));
            assert_eq!(status("P", &format!("{letter}^text^HL70085")), (wanted, 0));
        }
    }
    assert_eq!(status("F", ""), (Status::Final, 0));
    assert_eq!(status("C", "unknown"), (Status::Corrected, 0));
    assert_eq!(status("", ""), (Status::Preliminary, 1), "nothing said: preliminary, with a warning");
    assert_eq!(status("Z", "unknown"), (Status::Preliminary, 1));
}

#[test]
fn row_59_a_row_that_cannot_be_obtained_is_kept() {
    let content = row("OBX|1|NM|2823-3^K^LN|||mmol/L|||||X\nNTE|1|L|haemolysed");
    let reading = readings(&content)[0];
    assert_eq!((&reading.value, reading.status), (&RawValue::Absent, Status::Unavailable));
    assert_eq!(reading.notes, ["haemolysed"]);
}

#[test]
fn row_61_a_number_is_a_number_and_nothing_else_is() {
    for (raw, wanted) in [
        ("38.7", number("38.7")),
        ("+38.7", number("+38.7")),
        ("3.87E1", number("3.87E1")),
        (" 38.7 ", number("38.7")),
        ("３８．７", number("38.7")),
        ("－0.5", number("-0.5")),
        ("38,7", words("38,7")),
        ("None", words("None")),
        ("---", words("---")),
        ("測定不能", words("測定不能")),
        ("<0.5", words("<0.5")),
        ("\"\"", RawValue::Absent),
        ("", RawValue::Absent),
        ("  ", RawValue::Absent),
    ] {
        assert_eq!(value("NM", raw), wanted, "{raw}");
    }
    let comma = ReadSettings { decimal_comma: true, ..tokyo() };
    let text = format!("{HEAD}OBX|1|NM|2777-1^P^LN||38,7|mg/dL|||||F");
    let content = read(&message(&text), &comma).expect("content");
    assert_eq!(readings(&content)[0].value, number("38.7"));
}

#[test]
fn a_row_with_several_numbers_is_several_readings() {
    let content = row("OBX|1|NM|2777-1^P^LN||3.1~3.2~|mg/dL|||||F\nNTE|1||both");
    let values: Vec<RawValue> = readings(&content).iter().map(|reading| reading.value.clone()).collect();
    assert_eq!(values, [number("3.1"), number("3.2")]);
    assert!(readings(&content).iter().all(|reading| reading.notes == ["both"]));
}

#[test]
fn a_message_of_megabytes_does_not_become_gigabytes() {
    let many = "1~".repeat(500_000);
    let found = row(&format!("OBX|1|NM|a||{many}|mg/dL|||||F"));
    assert_eq!(readings(&found).len(), 16);
    assert_eq!((found.problems[0].place.as_str(), found.problems[0].class), ("OBX^1^5", "too-many-values"));
    let long = "x".repeat(100_000);
    let notes = format!("NTE|1||{long}\n").repeat(20);
    let rows = "OBX|1|NM|a||1||||||F\n".repeat(100);
    let found = content(&format!("{}{notes}{rows}", HEAD.replace("F100^LIS", &long)));
    for reading in readings(&found) {
        assert!(reading.notes.len() <= 8 && reading.notes.iter().all(|note| note.len() <= 200));
        assert!(reading.order.as_ref().is_some_and(|order| order.len() <= 200));
    }
}

#[test]
fn row_62_limits_stay_limits() {
    let structured = |comparator: &str, first: &str, separator: &str, second: &str| RawValue::Structured {
        comparator: comparator.into(),
        first: first.into(),
        separator: separator.into(),
        second: second.into(),
    };
    assert_eq!(value("SN", "<^0.5"), structured("<", "0.5", "", ""));
    assert_eq!(value("SN", ">=^100"), structured(">=", "100", "", ""));
    assert_eq!(value("SN", "^100^-^200"), structured("", "100", "-", "200"));
    assert_eq!(value("SN", "^1^:^128"), structured("", "1", ":", "128"));
    assert_eq!(value("SN", "^2^+"), structured("", "2", "+", ""));
    assert_eq!(value("SN", "^３．５"), structured("", "3.5", "", ""));
    assert_eq!(value("SN", "<0.5"), words("<0.5"));
    assert_eq!(value("SN", "12"), number("12"));
    assert_eq!(value("ST", "<0.5"), words("<0.5"));
    assert_eq!(value("ST", "0.5未満"), words("0.5未満"));
}

#[test]
fn row_63_a_unit_is_given_every_way_it_was_written() {
    let units = |raw: &str| readings(&row(&format!("OBX|1|NM|a||1|{raw}|||||F")))[0].units.clone();
    assert_eq!(units("mg/L^mg/L^UCUM"), ["mg/L"]);
    assert_eq!(units("264864^MDC_DIM_BEAT_PER_MIN^MDC"), ["264864", "MDC_DIM_BEAT_PER_MIN"]);
    assert_eq!(units("mg/dl^mg/dl^99UNT^mg/dL^^UCUM"), ["mg/dl", "mg/dL"]);
    assert_eq!(units("*10＾3/ul"), ["*10＾3/ul"]);
    assert_eq!(units("10^3/uL"), ["10^3/uL"]);
    assert_eq!(units("10*3/uL^x^UCUM"), ["10*3/uL", "x"]);
    assert_eq!(units("10\\S\\3/uL"), ["10^3/uL"]);
    assert_eq!(units(""), [""; 0]);
    let content = row("OBX|1|CQ|a||38.4^Cel||||||F");
    assert_eq!(
        (&readings(&content)[0].value, readings(&content)[0].units.as_slice()),
        (&number("38.4"), ["Cel".to_owned()].as_slice())
    );
}

#[test]
fn row_64_and_65_the_row_s_own_time_comes_first() {
    let measured = |text: &str| readings(&content(text))[0].measured_at.map(|time| time.at);
    let with = format!("{HEAD}OBX|1|NM|a||1||||||F|||20261122075500+0900");
    assert_eq!(measured(&with), Some(at("2026-11-22T07:55:00+09:00")));
    let without = format!("{HEAD}OBX|1|NM|a||1||||||F");
    assert_eq!(measured(&without), Some(at("2026-11-22T08:00:00+09:00")));
    let neither = without.replace("|||20261122080000+0900", "");
    assert_eq!(measured(&neither), None);
    let specimen = format!("{neither}\nSPM|1|S-1||023^serum^JC10|||||||||||||20261122073000+0900");
    assert_eq!(measured(&specimen), Some(at("2026-11-22T07:30:00+09:00")));
    let other = ReadSettings { measured_at: MeasuredAt::Order, ..tokyo() };
    let content = read(&message(&with), &other).expect("content");
    assert_eq!(readings(&content)[0].measured_at.expect("a time").at, at("2026-11-22T08:00:00+09:00"));
    let content = read(&message(&with.replace("|||20261122080000+0900", "")), &other).expect("content");
    assert_eq!(readings(&content)[0].measured_at.expect("a time").at, at("2026-11-22T07:55:00+09:00"));
}

#[test]
fn row_66_a_time_that_is_none_takes_its_row_out_and_says_so() {
    let content = row("OBX|1|NM|a||1||||||F|||20261399\nOBX|2|NM|b||2||||||F");
    assert_eq!(readings(&content).len(), 1);
    assert_eq!(content.problems.len(), 1);
    let problem = &content.problems[0];
    assert_eq!((problem.place.as_str(), problem.code, problem.class), ("OBX^1^14", 102, "bad-time"));
    assert_eq!((problem.segment.as_str(), problem.sequence, problem.field), ("OBX", 1, 14));
    let content = row("OBX|1|NM|a||1||||||F|||20261122\nOBX|2|NM|b||2||||||F|||2026112224");
    let dates: Vec<bool> =
        readings(&content).iter().map(|r| r.measured_at.expect("a time").date_only).collect();
    assert_eq!(dates, [true, false]);
}

#[test]
fn row_69_an_untyped_value_is_text_with_a_warning() {
    let content = row("OBX|1||a||5 & 6^7~8||||||F\nOBX|2|QQ|b||x||||||F\nOBX|3|TX|c||a&b^c~d \\T\\ e||||||F");
    let found = readings(&content);
    assert_eq!(found[0].value, words("5 & 6^7~8"));
    assert_eq!(found[1].value, words("x"));
    assert_eq!(found[2].value, words("a&b^c~d & e"));
    let places: Vec<&str> = content.warnings.iter().map(|warning| warning.place.as_str()).collect();
    assert_eq!(places, ["OBX^1^2", "OBX^2^2"]);
    assert!(content.problems.is_empty());
}

#[test]
fn row_70_a_document_is_passed_over_and_the_numbers_beside_it_used() {
    let document = "A".repeat(3_000_000);
    let content = row(&format!(
        "OBX|1|ED|PDF^Report^L||LIS^application^pdf^Base64^{document}||||||F\nOBX|2|NM|2777-1^P^LN||3.1|mg/dL|||||F"
    ));
    let found = readings(&content);
    assert_eq!(found[0].value, RawValue::Unusable("ED".into()));
    assert_eq!(found[1].value, number("3.1"));
}

#[test]
fn coded_values_and_codes_keep_both_triplets() {
    let content = row(
        "OBX|1|CWE|3B050000002327201^ＬＤＨ^JC10^10206^LDH^99LAB|1.1|LA6576-8^Positive^LN^P^pos^L||||||F",
    );
    let reading = readings(&content)[0];
    let coding = |code: &str, name: &str, system: &str| Coding {
        code: code.into(),
        name: name.into(),
        system: system.into(),
    };
    assert_eq!(
        reading.codings,
        [coding("3B050000002327201", "ＬＤＨ", "JC10"), coding("10206", "LDH", "99LAB")]
    );
    assert_eq!(reading.value, RawValue::Coded(coding("LA6576-8", "Positive", "LN")));
    assert_eq!((reading.sub_id.as_str(), reading.place.as_str()), ("1.1", "OBX^1"));
    assert_eq!(value("CWE", "^^^^^^^^only text"), words("only text"));
    let content = row("OBX|1|NM|^^^10206^LDH^99LAB||240||||||F\nOBX|2|NM|||1||||||F");
    assert_eq!(readings(&content)[0].codings, [coding("10206", "LDH", "99LAB")]);
    assert_eq!((readings(&content).len(), content.problems[0].place.as_str()), (1, "OBX^2^3"));
}

fn patient(pid_3: &str, settings: &ReadSettings) -> Option<String> {
    let text = HEAD.replace("CT0007^^^KUH^MR", pid_3) + "OBX|1|NM|a||1||||||F";
    let content = read(&message(&text), settings).expect("content");
    let id = content.groups[0].patient.as_ref().map(|patient| patient.id.to_string());
    assert_eq!(id.is_none(), content.problems.iter().any(|problem| problem.place == "PID^1^3"));
    assert_eq!(readings(&content).len(), 1, "the row itself is there either way");
    id
}

#[test]
fn row_71_the_identifier_is_the_configured_one_or_none() {
    let open = tokyo();
    let bound = ReadSettings { authority: Some("KUH".into()), ..tokyo() };
    let three = "AC9^^^BANK^AN~V77^^^KUH^VN~P55^^^KUH^PI~M1^^^KUH&1.2.3&ISO^MR~M2^^^OTHER^MR";
    for (raw, without, with) in [
        ("CT0007^^^KUH^MR", Some("CT0007"), Some("CT0007")),
        ("CT0007", Some("CT0007"), None),
        (three, Some("M1"), Some("M1")),
        ("X1^^^OTHER^MR", Some("X1"), None),
        ("~^^^KUH^MR~B2^^^kuh^PI", Some("B2"), Some("B2")),
        ("\"\"", None, None),
        ("", None, None),
        ("V1^^^KUH^VN~A1^^^KUH^AN", Some("V1"), Some("A1")),
    ] {
        assert_eq!(patient(raw, &open).as_deref(), without, "{raw}");
        assert_eq!(patient(raw, &bound).as_deref(), with, "{raw}");
    }
    let by_oid = ReadSettings { authority: Some("1.2.3".into()), ..tokyo() };
    assert_eq!(patient(three, &by_oid).as_deref(), Some("M1"));
}

#[test]
fn rows_without_any_pid_stand_in_a_group_without_a_patient() {
    let content = content(
        "MSH|^~\\&|MON|KUH|SW|KUH|20261122||ORU^R01|A1|P|2.5\nPV1|1|I|6E^01\nOBR|1|||X|||20261122080000\nOBX|1|NM|a||1||||||F",
    );
    assert_eq!(content.groups.len(), 1);
    assert_eq!(content.groups[0].patient, None);
    assert_eq!(content.groups[0].location, Some(Location { ward: "6E".into(), bed: "01".into() }));
    assert_eq!((readings(&content).len(), content.problems[0].class), (1, "no-patient"));
}

#[test]
fn two_patients_in_one_message_keep_their_own_rows() {
    let text = format!(
        "{HEAD}OBX|1|NM|a||1|x|||||F\nNTE|1||first\nPID|2||CT0008^^^KUH^MR\nOBR|1|||X\nOBX|1|NM|a||2|x|||||F\nPID|3\nOBX|1|NM|a||3||||||F"
    );
    let content = content(&text);
    let seen: Vec<(Option<String>, usize, bool)> = content
        .groups
        .iter()
        .map(|group| {
            (group.patient.as_ref().map(|p| p.id.to_string()), group.parts.len(), group.location.is_some())
        })
        .collect();
    assert_eq!(seen, [(Some("CT0007".into()), 1, true), (Some("CT0008".into()), 1, false), (None, 1, false)]);
    assert_eq!(readings(&content)[1].measured_at, None, "no time leaks from one patient to the next");
    assert_eq!(content.problems[0].place, "PID^3^3");
}

#[test]
fn notes_orders_devices_and_specimens_reach_their_rows() {
    let text = format!(
        "{HEAD}NTE|1||lipaemic\nOBX|1|NM|a||1||||||F|||||||DEV7^^x^y\nNTE|1||one~two\nNTE|2||\\T\\ three\n\
         OBX|2|NM|b||2||||||F\nSPM|1|S-1||023^serum^JC10\nORC|RE|P9|F9\nOBR|2||||||20261122090000|||||||||||||||20261122093000\nOBX|1|NM|c||3||||||F"
    );
    let content = content(&text);
    let found = readings(&content);
    assert_eq!(found[0].notes, ["lipaemic", "one", "two", "& three"]);
    assert_eq!(found[1].notes, ["lipaemic"]);
    assert_eq!(found[0].device.as_deref(), Some("DEV7"));
    assert_eq!(found[0].specimen.as_deref(), Some("023"));
    assert_eq!(found[0].order.as_deref(), Some("F100"));
    assert_eq!(found[2].order.as_deref(), Some("F9"), "ORC-3 where OBR-3 is empty");
    assert_eq!((found[2].specimen.as_deref(), found[2].notes.len()), (None, 0));
    assert_eq!(found[2].issued_at, Some(at("2026-11-22T09:30:00+09:00")));
    let places: Vec<&str> = found.iter().map(|reading| reading.place.as_str()).collect();
    assert_eq!(places, ["OBX^1", "OBX^2", "OBX^3"], "counted over the whole message, as ERR-2 counts");
}
