//! Rows 57 to 77: what results, times, identifiers and moves mean on the ward.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::support::*;

/// One row of this patient at a fixed instant of the past days, so that it can be sent again.
fn result(patient: &str, control: &str, at: &str, obx: &str) -> String {
    format!(
        "MSH|^~\\&|LIS|KUH|STORMWATCH|KUH|{at}||ORU^R01|{control}|P|2.5\nPID|1||{patient}^^^KUH^MR||TEST^PATIENT\n\
         OBR|1|||PANEL^Panel^L|||{at}\n{obx}\n"
    )
}

fn phosphate(value: &str, status: &str, at: &str) -> String {
    format!("OBX|1|NM|2777-1^P^LN||{value}|mg/dL|||||{status}|||{at}")
}

fn admitted(patients: &[&str]) -> Service {
    let service = Service::start();
    for patient in patients {
        assert_eq!(code(&service.send(&adt(patient, "01", &format!("ADT-{patient}"), "A01"))), "AA");
    }
    service
}

fn points(service: &Service, patient: &str, analyte: &str) -> Vec<Json> {
    let path = format!(
        "/api/v1/patients/{patient}/series?analyte={analyte}&points=1000&from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"
    );
    service.get(&path)["points"].as_array().expect("points").clone()
}

fn instant(point: &Json) -> jiff::Timestamp {
    point["at"].as_str().expect("an instant").parse().expect("RFC 3339")
}

#[test]
fn row_57_a_correction_takes_the_place_of_what_it_corrects() {
    let service = admitted(&["M1"]);
    let at = stamp(-60);
    for (status, value) in [("P", "3.0"), ("F", "2.8"), ("C", "2.6")] {
        let control = format!("{status}1");
        assert_eq!(code(&service.send(&result("M1", &control, &at, &phosphate(value, status, &at)))), "AA");
    }
    let seen = points(&service, "M1", "phosphate");
    assert_eq!(service.values("M1", "phosphate"), [2.6]);
    assert_eq!(seen[0]["status"], "corrected", "{seen:?}");
    assert_eq!(service.get("/api/v1/patients/M1")["latest"]["phosphate"]["value"], 2.6);
}

#[test]
fn row_58_a_withdrawn_value_is_gone_and_whoever_saw_the_alert_is_told() {
    for status in ["D", "W"] {
        let service = Service::start();
        with_baseline(&service, "M2", "01");
        let at = stamp(-1);
        service.send(&result("M2", "LOW", &at, &phosphate("2.3", "F", &at)));
        service.alert("M2", "phosphate-fall-deep");
        let mut frames = service.subscribe();
        assert_eq!(code(&service.send(&result("M2", "GONE", &at, &phosphate("", status, &at)))), "AA");
        let told = frames.alert("M2", "phosphate-fall-deep", "retracted");
        assert!(told.is_some(), "{status}: recipients are told");
        assert!(!service.values("M2", "phosphate").contains(&2.3), "{status}");
    }
}

#[test]
fn row_59_what_cannot_be_obtained_is_no_value_and_the_old_one_ages() {
    let service = admitted(&["M3"]);
    let (early, late) = (stamp(-120), stamp(-5));
    service.send(&result("M3", "OLD", &early, &phosphate("3.1", "F", &early)));
    assert_eq!(code(&service.send(&result("M3", "HAEM", &late, &phosphate("", "X", &late)))), "AA");
    assert_eq!(service.values("M3", "phosphate"), [3.1]);
    let latest = &service.get("/api/v1/patients/M3")["latest"]["phosphate"];
    let measured: jiff::Timestamp =
        latest["measured_at"].as_str().expect("an instant").parse().expect("RFC 3339");
    assert!(jiff::Timestamp::now().duration_since(measured).as_mins() > 100, "{latest}");
}

#[test]
fn row_60_a_status_may_be_empty_coded_or_in_small_letters() {
    let service = admitted(&["M4"]);
    for (n, (order, row, shown)) in [
        ("P", "", "preliminary"),
        ("", "", "preliminary"),
        ("", "C^Corrected^HL70085", "corrected"),
        ("", "f", "final"),
    ]
    .into_iter()
    .enumerate()
    {
        let at = stamp(-60 - n as i64);
        let message = result("M4", &format!("ST{n}"), &at, &phosphate("2.9", row, &at)).replacen(
            &format!("|||{at}\nOBX"),
            &format!("|||{at}{}{order}\nOBX", "|".repeat(18)),
            1,
        );
        assert_eq!(code(&service.send(&message)), "AA");
        let seen = points(&service, "M4", "phosphate");
        assert_eq!(seen[0]["status"], shown, "{order:?} {row:?}: {seen:?}");
    }
}

#[test]
fn row_61_a_number_is_a_number_and_nothing_else_is() {
    for (text, value) in [
        ("+38.7", Some(38.7)),
        ("3.87E1", Some(38.7)),
        ("３８．７", Some(38.7)),
        ("38,7", None),
        ("None", None),
        ("\"\"", None),
        ("---", None),
        ("測定不能", None),
    ] {
        let service = admitted(&["M5"]);
        let at = stamp(-10);
        let row = format!("OBX|1|NM|8310-5^T^LN||{text}|Cel|||||F|||{at}");
        let answer = service.send(&result("M5", "NUM", &at, &row));
        assert!(matches!(code(&answer), "AA" | "AE"), "{answer}");
        assert_eq!(service.values("M5", "temperature"), value.into_iter().collect::<Vec<f64>>(), "{text}");
    }
    let comma = Service::configured("[[mllp]]\ndecimal_comma = true\n");
    comma.send(&adt("M5", "01", "A", "A01"));
    let at = stamp(-10);
    comma.send(&result("M5", "COMMA", &at, &format!("OBX|1|NM|8310-5^T^LN||38,7|Cel|||||F|||{at}")));
    assert_eq!(comma.values("M5", "temperature"), [38.7], "where the source is known to mean it");
}

/// A rule of its own for each condition, on a ward of its own.
fn judged(conditions: &[(&str, &str)], rows: &str, at: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/alert-rules/escalation.toml");
    std::fs::copy(shipped, folder.path().join("escalation.toml")).expect("copied");
    let mut text = String::new();
    for (id, when) in conditions {
        text.push_str(&format!(
            "[[rule]]\nid = \"{id}\"\ntitle = {{ en = \"{id}\", ja = \"{id}\" }}\nwhen = '{when}'\npriority = \"low\"\n\
             kind = \"physiological\"\nescalate = \"bedside-first\"\ninstruction = {{ en = \"look\", ja = \"確認\" }}\n\
             source = \"a test\"\nevidence = \"engineering\"\n\
             rationale = {{ cause = \"c\", consequence = \"q\", response = \"r\", time_to_respond = \"30m\" }}\n\n"
        ));
    }
    std::fs::write(folder.path().join("site.toml"), text).expect("written");
    let rules = folder.path().to_str().expect("a plain path");
    let data = folder.path().join("data");
    let service = Service::start_in(&data, &["--rules", rules]);
    service.send(&adt("M6", "01", "A", "A01"));
    assert_eq!(code(&service.send(&result("M6", "LIMIT", at, rows))), "AA");
    std::thread::sleep(Duration::from_millis(300));
    let mut open: Vec<String> = service
        .open_alerts("M6")
        .iter()
        .map(|alert| alert["rule"].as_str().expect("a rule").to_owned())
        .filter(|rule| conditions.iter().any(|(id, _)| id == rule))
        .collect();
    open.sort();
    open
}

#[test]
fn row_62_a_limit_decides_what_it_can_and_no_more() {
    let conditions = [
        ("above-ten", "phosphate.last > 10"),
        ("below-point-six", "phosphate.last < 0.6"),
        ("below-point-three", "phosphate.last < 0.3"),
        ("not-below-point-three", "phosphate.last >= 0.3"),
    ];
    let at = stamp(-5);
    for (kind, value) in [("SN", "<^0.5"), ("ST", "<0.5"), ("ST", "0.5未満"), ("NM", "＜0.5")] {
        let row = format!("OBX|1|{kind}|2777-1^P^LN||{value}|mg/dL|||||F|||{at}");
        assert_eq!(judged(&conditions, &row, &at), ["below-point-six"], "{kind} {value}");
    }
}

#[test]
fn row_63_units_are_converted_or_refused_and_the_engineer_hears_of_many() {
    let service = admitted(&["M7"]);
    let at = stamp(-10);
    let row = |n: usize, code: &str, value: &str, unit: &str| {
        result("M7", &format!("U{n}"), &at, &format!("OBX|1|NM|{code}^x^LN||{value}|{unit}|||||F|||{at}"))
    };
    assert_eq!(code(&service.send(&row(1, "14879-1", "0.74", "mmol/L"))), "AA");
    assert_eq!(service.values("M7", "phosphate"), [2.292]);
    assert_eq!(code(&service.send(&row(2, "8310-5", "101.3", "[degF]"))), "AA");
    assert_eq!(service.values("M7", "temperature"), [38.5]);
    for n in 10..22 {
        let answer = service.send(&row(n, "2777-1", &format!("3.{n}"), "furlong"));
        assert!(answer.contains("MSA|AE|") && answer.contains("unknown-unit"), "{answer}");
    }
    let growing = || service.get("/api/v1/alerts").to_string().contains("quarantine-growing").then_some(());
    eventually(PATIENCE, growing).expect("an alert on growth");
    assert_eq!(service.figure("stormwatch_quarantined_total{class=\"unknown-unit\",source=\"LIS|KUH\"}"), 12);
}

#[test]
fn row_64_and_row_65_the_row_s_own_instant_comes_first_then_the_order_s_then_none() {
    let service = admitted(&["M8"]);
    let (own, order) = (stamp(-30), stamp(-90));
    let minutes = |n: usize| {
        let at = instant(&points(&service, "M8", "phosphate")[n]);
        jiff::Timestamp::now().duration_since(at).as_mins()
    };
    service.send(&result("M8", "OWN", &order, &phosphate("3.1", "F", &own)));
    assert!((29..32).contains(&minutes(0)));
    service.send(&result("M8", "ORDER", &order, &phosphate("3.2", "F", "")));
    assert!((89..92).contains(&minutes(0)), "the earlier one now is the order's");
    let neither = result("M8", "NONE", &order, &phosphate("9.9", "F", "")).replacen(
        &format!("|||{order}\nOBX"),
        "|||\nOBX",
        1,
    );
    let answer = service.send(&neither);
    assert!(answer.contains("MSA|AE|NONE") && answer.contains("no-time"), "{answer}");
    assert_eq!(
        service.values("M8", "phosphate"),
        [3.2, 3.1],
        "the time of the message is no time of measurement"
    );
}

#[test]
fn row_65_without_any_time_a_value_enters_no_window() {
    let service = admitted(&["M9"]);
    let at = stamp(0);
    let message = result("M9", "NONE", &at, &phosphate("9.9", "F", "")).replacen(
        &format!("|||{at}\nOBX"),
        "|||\nOBX",
        1,
    );
    assert_eq!(code(&service.send(&message)), "AE");
    assert!(service.values("M9", "phosphate").is_empty());
}

#[test]
fn row_66_every_way_of_writing_a_time_is_the_instant_it_means() {
    let service = Service::configured("[[mllp]]\ntime_zone = \"Europe/Berlin\"\n");
    service.send(&adt("N1", "01", "A", "A01"));
    for (n, (text, instant_meant)) in [
        ("20260715120000", "2026-07-15T10:00:00Z"),
        ("20260115120000", "2026-01-15T11:00:00Z"),
        ("20260715120000+09", "2026-07-15T03:00:00Z"),
        ("20260715120000123", "2026-07-15T10:00:00.123Z"),
        ("202607151200", "2026-07-15T10:00:00Z"),
        ("20260715", "2026-07-14T22:00:00Z"),
        ("20260714240000", "2026-07-14T22:00:00Z"),
        ("20260715115960", "2026-07-15T09:59:59Z"),
        // The hour that the clocks repeat in autumn: the first of the two.
        ("20251026023000", "2025-10-26T00:30:00Z"),
        // The hour they skip in spring: moved forward.
        ("20260329023000", "2026-03-29T01:30:00Z"),
    ]
    .into_iter()
    .enumerate()
    {
        let patient = format!("N1{n}");
        service.send(&adt(&patient, "01", &format!("A{n}"), "A01"));
        let message = result(&patient, &format!("T{n}"), text, &phosphate("3.0", "F", text));
        assert_eq!(code(&service.send(&message)), "AA", "{text}");
        let at = instant(&points(&service, &patient, "phosphate")[0]);
        assert_eq!(at, instant_meant.parse::<jiff::Timestamp>().expect("RFC 3339"), "{text}");
    }
}

#[test]
fn row_67_the_future_is_refused_and_the_far_past_pages_nobody() {
    let service = admitted(&["N2"]);
    let (ahead, past) = (stamp(10), stamp(-3 * 24 * 60));
    let hot = |at: &str| format!("OBX|1|NM|8310-5^T^LN||39.8|Cel|||||F|||{at}");
    let answer = service.send(&result("N2", "AHEAD", &stamp(0), &hot(&ahead)));
    assert!(answer.contains("MSA|AE|AHEAD") && answer.contains("future-time"), "{answer}");
    assert!(service.values("N2", "temperature").is_empty());
    assert_eq!(code(&service.send(&result("N2", "PAST", &past, &hot(&past)))), "AA");
    assert_eq!(service.values("N2", "temperature"), [39.8], "late, and in its place");
    std::thread::sleep(Duration::from_millis(500));
    assert!(service.open_alerts("N2").is_empty(), "{:?}", service.open_alerts("N2"));
}

#[test]
fn row_67_a_sender_whose_clock_runs_ahead_is_told_of() {
    let service = Service::start();
    let ahead = adt("N2", "01", "AHEAD", "A01").replacen(&stamp(0)[..12], &stamp(10)[..12], 1);
    assert_eq!(code(&service.send(&ahead)), "AA");
    let told = || service.get("/api/v1/alerts").to_string().contains("clock-skew").then_some(());
    eventually(PATIENCE, told).expect("an alert on the clock");
}

#[test]
fn row_68_the_order_of_arrival_changes_nothing() {
    let service = admitted(&["N3", "N4"]);
    let vitals: Vec<(i64, &str, &str, &str)> = vec![
        (-50, "8310-5", "37.2", "Cel"),
        (-40, "8310-5", "38.6", "Cel"),
        (-35, "8480-6", "88", "mm[Hg]"),
        (-30, "59408-5", "91", "%"),
        (-20, "8310-5", "39.1", "Cel"),
        (-10, "8480-6", "84", "mm[Hg]"),
    ];
    let stamps: Vec<String> = vitals.iter().map(|(minutes, ..)| stamp(*minutes)).collect();
    let send = |patient: &str, n: usize| {
        let (_, code_of, value, unit) = vitals[n];
        let at = &stamps[n];
        let row = format!("OBX|1|NM|{code_of}^x^LN||{value}|{unit}|||||F|||{at}");
        assert_eq!(code(&service.send(&result(patient, &format!("{patient}{n}"), at, &row))), "AA");
    };
    (0..vitals.len()).for_each(|n| send("N3", n));
    [3, 0, 5, 2, 4, 1].into_iter().for_each(|n| send("N4", n));
    let state = |patient: &str| {
        let patient = service.get(&format!("/api/v1/patients/{patient}"));
        (patient["latest"].clone(), patient["crs"]["grade"].clone(), patient["news2"].clone())
    };
    let ordered = eventually(PATIENCE, || (state("N3") == state("N4")).then_some(()));
    assert!(ordered.is_some(), "{:?}\n{:?}", state("N3"), state("N4"));
    assert_eq!(service.values("N3", "temperature"), service.values("N4", "temperature"));
}

#[test]
fn row_69_an_untyped_value_is_read_as_text_and_counted() {
    let service = admitted(&["N5"]);
    let at = stamp(-5);
    let row = format!(
        "OBX|1||2777-1^P^LN||3.1|mg/dL|||||F|||{at}\nOBX|2|TX|o2-device^x^cart-ews||nasal & cannula|||||F|||{at}"
    );
    let answer = service.send(&result("N5", "UNTYPED", &at, &row));
    assert!(answer.contains("MSA|AA|UNTYPED"), "{answer}");
    assert_eq!(service.values("N5", "phosphate"), [3.1]);
    assert_eq!(service.figure("stormwatch_oddities_total{what=\"value-type\"}"), 1);
}

#[test]
fn row_70_a_document_of_eight_megabytes_is_passed_over_and_the_number_beside_it_used() {
    let service = admitted(&["N6"]);
    let before = service.memory();
    let at = stamp(-5);
    let row = format!(
        "{}\nOBX|2|ED|PDF^Report^L||^application^pdf^Base64^{}||||||F",
        phosphate("3.1", "F", &at),
        "JVBERi0x".repeat(1024 * 1024)
    );
    let message = result("N6", "DOCUMENT", &at, &row);
    assert!(message.len() > 8_000_000);
    let began = Instant::now();
    let answer = service.send(&message);
    assert!(answer.contains("MSA|AA|DOCUMENT"), "{answer}");
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    assert_eq!(service.values("N6", "phosphate"), [3.1]);
    assert!(service.memory().saturating_sub(before) < 200);
}

#[test]
fn row_71_the_identifier_is_the_configured_one_or_none() {
    let service = Service::configured("[[mllp]]\nauthority = \"KUH\"\n");
    let named = |pid: &str, control: &str| adt("X", "01", control, "A01").replace("X^^^KUH^MR", pid);
    let three = "999^^^NHI^NH~N7^^^KUH^PI~N8^^^KUH^MR";
    assert_eq!(code(&service.send(&named(three, "THREE"))), "AA");
    assert_eq!(service.get("/api/v1/patients/N8")["bed"], "01", "of the right authority the best type");
    assert_eq!(service.get_text("/api/v1/patients/999").0, 404);
    for (n, pid) in ["77^^^OTHER^MR", ""].into_iter().enumerate() {
        let answer = service.send(&named(pid, &format!("BAD{n}")));
        assert!(answer.contains("MSA|AE|BAD") && answer.contains("no-patient"), "{answer}");
    }
    assert_eq!(service.quarantine().iter().filter(|row| row["class"] == "no-patient").count(), 2);
    assert_eq!(service.get_text("/api/v1/patients/77").0, 404, "a bed alone names nobody");
}

#[test]
fn row_72_a_merge_brings_windows_and_one_alert_to_the_survivor() {
    let service = Service::start();
    with_baseline(&service, "OLD", "01");
    let at = stamp(-1);
    service.send(&result("OLD", "LOW", &at, &phosphate("2.3", "F", &at)));
    let before = service.alert("OLD", "phosphate-fall-deep");
    let now = stamp(0);
    let merge = format!(
        "MSH|^~\\&|HIS|KUH|STORMWATCH|KUH|{now}||ADT^A40|MERGE|P|2.5\nEVN|A40|{now}\n\
         PID|1||NEW^^^KUH^MR||TEST^PATIENT\nMRG|OLD^^^KUH^MR\n"
    );
    assert_eq!(code(&service.send(&merge)), "AA");
    let after = service.alert("NEW", "phosphate-fall-deep");
    assert_eq!(after["id"], before["id"], "the same alert");
    assert_eq!(service.values("NEW", "phosphate"), [3.5, 2.3]);
    let deep =
        service.open_alerts("NEW").iter().filter(|alert| alert["rule"] == "phosphate-fall-deep").count();
    assert_eq!(deep, 1);
}

#[test]
fn row_73_a_cancelled_discharge_resumes_with_all_that_was_known() {
    let service = Service::start();
    with_baseline(&service, "N9", "01");
    assert_eq!(code(&service.send(&adt("N9", "01", "OUT", "A03"))), "AA");
    assert_eq!(code(&service.send(&adt("N9", "01", "BACK", "A13"))), "AA");
    let at = stamp(-1);
    service.send(&result("N9", "LOW", &at, &phosphate("2.3", "F", &at)));
    service.alert("N9", "phosphate-fall-deep");
    assert_eq!(service.values("N9", "phosphate"), [3.5, 2.3]);
}

#[test]
fn row_74_a_move_older_than_the_present_place_moves_nobody() {
    let service = admitted(&["P1"]);
    let at = |event: &str, control: &str, bed: &str, minutes: i64| {
        let time = stamp(minutes);
        adt("P1", bed, control, event)
            .replace(&format!("EVN|{event}|{}", stamp(0)), &format!("EVN|{event}|{time}"))
    };
    let moved = |control: &str, bed: &str, minutes: i64| {
        let time = stamp(minutes);
        let text = at("A02", control, bed, minutes);
        let start = text.find("EVN|").expect("EVN");
        let end = start + text[start..].find('\n').expect("a line");
        format!("{}EVN|A02|{time}{}", &text[..start], &text[end..])
    };
    assert_eq!(code(&service.send(&moved("NEWER", "07", 0))), "AA");
    assert_eq!(code(&service.send(&moved("OLDER", "03", -600))), "AA");
    assert_eq!(service.get("/api/v1/patients/P1")["bed"], "07");
}

#[test]
fn row_75_empty_says_nothing_and_two_quotes_say_that_there_is_nothing() {
    let service = admitted(&["P2"]);
    let update = |control: &str, name: &str| adt("P2", "01", control, "A08").replace("TEST^PATIENT", name);
    service.send(&update("EMPTY", ""));
    assert!(service.get("/api/v1/patients/P2").to_string().contains("TEST"), "unchanged");
    service.send(&update("NULL", "\"\""));
    let gone = || (!service.get("/api/v1/patients/P2").to_string().contains("TEST")).then_some(());
    eventually(PATIENCE, gone).expect("cleared");
}

#[test]
fn row_76_results_before_the_admission_are_held_and_attached() {
    let service = Service::start();
    let at = stamp(-26 * 60);
    assert_eq!(code(&service.send(&result("P3", "EARLY", &at, &phosphate("3.5", "F", &at)))), "AA");
    assert_eq!(code(&service.send(&adt("P3", "04", "IN", "A01"))), "AA");
    assert_eq!(service.values("P3", "phosphate"), [3.5]);
    let infusion = json!({"kind": "infusion", "product": "tisa-cel", "at": rfc3339(-24 * 60)});
    assert!(service.post("/api/v1/patients/P3/therapies", infusion).0 < 300);
    let now = stamp(-1);
    service.send(&result("P3", "LOW", &now, &phosphate("2.3", "F", &now)));
    assert_eq!(service.alert("P3", "phosphate-fall-deep")["bed"], "04", "it counts as the baseline");
}

#[test]
fn row_77_device_alarms_of_both_families_of_numbers_are_understood() {
    let service = admitted(&["P4"]);
    let now = stamp(0);
    for (base, word) in [(68481, "ALARM"), (68165, "ALERT")] {
        let alarm = format!(
            "MSH|^~\\&|MON^0012AB^EUI-64|KUH|S|K|{now}||ORU^R40^ORU_R40|D{base}|P|2.6|||AL|AL||UNICODE UTF-8\n\
             PID|||P4^^^KUH^MR\nPV1||I|6E^01^1\nOBR|1|77^M|77^M|196616^MDC_EVT_ALARM^MDC|||{now}\n\
             OBX|1|ST|196670^MDC_EVT_HI^MDC|1.0.0.0.1|HR high|||PH~SP|||R|||{now}\n\
             OBX|2|ST|{base}^MDC_ATTR_EVENT_PHASE^MDC|1.0.0.0.3|start||||||R\n\
             OBX|3|ST|{}^MDC_ATTR_{word}_STATE^MDC|1.0.0.0.4|active||||||R\n\
             OBX|4|NM|147842^MDC_ECG_HEART_RATE^MDC|1.0.0.0.2|{base}|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R|||{now}\n\
             OBX|5|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.0.0.0.2|84|262688^MDC_DIM_PERCENT^MDC|||||R|||{now}\n",
            base + 1
        );
        let mut line = service.connect();
        assert_eq!(code(&line.exchange(&alarm)), "CA");
        assert_eq!(code(&line.answer().expect("both are wanted")), "AA");
    }
    assert_eq!(service.values("P4", "spo2"), [84.0], "the value a device alarms at is a value");
    let refused: Vec<Json> = service.quarantine().iter().map(|row| row["location"].clone()).collect();
    assert!(
        refused.iter().all(|place| place.to_string().contains("OBX^4")) && refused.len() == 2,
        "{refused:?}"
    );
}
