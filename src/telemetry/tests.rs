//! Payloads as brokers deliver them.

use super::*;

const TIME: &str = "2026-11-22T06:00:00+09:00";

fn observations(elements: &str) -> Telemetry {
    let payload = format!(r#"{{"patient":"CT0007","time":"{TIME}","observations":[{elements}]}}"#);
    read(payload.as_bytes()).expect("a payload")
}

fn refused(payload: &str) -> &'static str {
    let problem = read(payload.as_bytes()).expect_err("refused");
    assert!(CLASSES.contains(&problem.class) && !problem.reason.is_empty());
    problem.class
}

#[test]
fn the_documented_payload_is_read_whole() {
    let payload = r#"{"id":"m-1","patient":"CT0007","time":"2026-11-22T06:00:00+09:00","observations":
        [{"code":"8310-5","system":"LN","value":38.4,"unit":"Cel","device":"thermo-3","quality":"good"},
         {"code":147842,"system":"MDC","value":"118","unit":"bpm","time":"2026-11-21T20:59:00Z"}]}"#;
    let telemetry = read(payload.as_bytes()).expect("a payload");
    assert_eq!(telemetry.id.as_deref(), Some("m-1"));
    assert_eq!(telemetry.patient, PatientId::parse("CT0007"));
    assert_eq!(telemetry.problems, vec![]);
    let [first, second] = telemetry.readings.as_slice() else { panic!("two readings") };
    assert_eq!(first.value, RawValue::Number("38.4".into()));
    assert_eq!((first.place.as_str(), first.units.as_slice()), ("observations[0]", &["Cel".to_string()][..]));
    assert_eq!(first.device.as_deref(), Some("thermo-3"));
    assert_eq!(first.notes, ["quality:good"]);
    assert_eq!(first.measured_at.map(|time| time.at), Time::parse(TIME));
    assert_eq!(second.codings[0].code, "147842");
    assert_eq!(second.measured_at.map(|time| time.at), Time::parse("2026-11-21T20:59:00Z"));
}

#[test]
fn a_value_may_be_text_or_missing_and_nothing_becomes_zero() {
    let telemetry = observations(
        r#"{"code":"1988-5","system":"LN","value":"<0.05","unit":"mg/dL"},
           {"code":"2777-1","system":"LN","value":null},
           {"code":"2777-1","system":"LN"},
           {"code":"2777-1","system":"LN","value":true},
           {"code":"2777-1","system":"LN","value":[3.4]}"#,
    );
    let values: Vec<&RawValue> = telemetry.readings.iter().map(|reading| &reading.value).collect();
    assert_eq!(
        values,
        [
            &RawValue::Text("<0.05".into()),
            &RawValue::Absent,
            &RawValue::Absent,
            &RawValue::Unusable("boolean".into()),
            &RawValue::Unusable("list".into()),
        ]
    );
}

#[test]
fn a_bad_element_does_not_take_the_good_ones_with_it() {
    let telemetry = observations(
        r#"{"code":"8310-5","system":"LN","value":38.4,"unit":"Cel"}, 7,
           {"system":"LN","value":1}, {"code":"8310-5","system":"LN","unit":5},
           {"code":"8310-5","system":"LN","time":"06:00"}, {"code":"8867-4","system":"LN","value":80,"unit":"bpm"}"#,
    );
    assert_eq!(telemetry.readings.len(), 2);
    let problems: Vec<(&str, &str)> =
        telemetry.problems.iter().map(|problem| (problem.class, problem.place.as_str())).collect();
    assert_eq!(
        problems,
        [
            ("bad-field", "observations[1]"),
            ("bad-code", "observations[2].code"),
            ("bad-field", "observations[3].unit"),
            ("bad-time", "observations[4].time"),
        ]
    );
}

#[test]
fn what_is_no_json_is_refused_with_a_class() {
    for payload in [
        "",
        "{",
        r#"{"observations":[{"code":"1","value":NaN}]}"#,
        r#"{"observations":[{"code":"1","value":1e999}]}"#,
        "\"text\"",
        "5",
        "{}",
        r#"{"observations":{}}"#,
        "\u{0}\u{1}\u{2}",
    ] {
        assert_eq!(refused(payload), "malformed", "{payload}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(refused(&deep), "malformed");
    assert_eq!(refused(&" ".repeat(MQTT_PACKET_MAX + 1)), "too-large");
    assert_eq!(read(b"\xff\xfe{}").expect_err("refused").class, "malformed");
}

#[test]
fn nobody_is_guessed_at() {
    assert_eq!(refused(r#"{"patient":7,"observations":[]}"#), "bad-patient");
    assert_eq!(refused(r#"{"patient":"A\u0000B","observations":[]}"#), "bad-patient");
    assert_eq!(refused(r#"{"patient":"A","patient":"B","observations":[]}"#), "malformed");
    assert_eq!(refused(r#"{"patient":"A","time":"2026-11-22T06:00:00","observations":[]}"#), "bad-time");
    let nobody = read(br#"{"observations":[]}"#).expect("a payload");
    assert_eq!(nobody, Telemetry::default());
    // A sender that has no time sends none; the reading says so.
    let timeless = read(br#"{"patient":"A","observations":[{"code":"1","value":1}]}"#).expect("a payload");
    assert_eq!(timeless.readings[0].measured_at, None);
}

#[test]
fn a_quality_that_is_no_word_is_not_good() {
    let telemetry = observations(
        r#"{"code":"1","value":1,"quality":"poor"}, {"code":"1","value":1,"quality":0}, {"code":"1","value":1}"#,
    );
    let notes: Vec<&[String]> = telemetry.readings.iter().map(|reading| reading.notes.as_slice()).collect();
    assert_eq!(notes, [&["quality:poor".to_string()][..], &["quality:number".to_string()], &[]]);
}

#[test]
fn a_senml_pack_inherits_its_base() {
    let pack = r#"[{"bn":"urn:stormwatch:CT0007:","bt":1795305600,"bu":"Cel","n":"LN:8310-5","v":38.4},
                   {"n":"LN:8867-4","u":"beat/min","t":-60.5,"v":118},
                   {"n":"LN:1988-5","u":"mg/dL","vs":"<0.05"}]"#;
    let telemetry = read(pack.as_bytes()).expect("a pack");
    assert_eq!(telemetry.patient, PatientId::parse("CT0007"));
    assert_eq!(telemetry.problems, vec![]);
    let [temperature, rate, crp] = telemetry.readings.as_slice() else { panic!("three readings") };
    assert_eq!(
        temperature.codings[0],
        Coding { code: "8310-5".into(), name: String::new(), system: "LN".into() }
    );
    assert_eq!(temperature.units, ["Cel"]);
    assert_eq!(rate.units, ["beat/min"]);
    assert_eq!(rate.measured_at.map(|time| time.at), Some(Time(1_795_305_539_500)));
    assert_eq!(crp.value, RawValue::Text("<0.05".into()));
}

#[test]
fn a_senml_name_carries_a_device_where_no_patient_is_known() {
    let pack = r#"[{"bn":"urn:dev:mac:0024befffe804ff1:","bt":1795305600},
                   {"n":"MDC:147842","u":"beat/min","v":118},
                   {"n":"temperature","u":"Cel","v":38.4}]"#;
    let telemetry = read(pack.as_bytes()).expect("a pack");
    assert_eq!(telemetry.patient, None);
    assert_eq!(telemetry.readings[0].device.as_deref(), Some("urn:dev:mac:0024befffe804ff1"));
    assert_eq!(telemetry.readings[0].codings[0].system, "MDC");
    assert_eq!(
        telemetry.readings[1].codings[0].code, "temperature",
        "terminology refuses the system, not this part"
    );
}

#[test]
fn a_senml_time_relative_to_now_is_refused() {
    let pack = r#"[{"bn":"urn:stormwatch:A:","n":"LN:8310-5","u":"Cel","v":38.4},
                   {"n":"LN:8310-5","u":"Cel","v":38.4,"t":-5},
                   {"n":"LN:8310-5","u":"Cel","v":38.4,"t":1e300},
                   {"n":"LN:8310-5","u":"Cel","t":1795305600}]"#;
    let telemetry = read(pack.as_bytes()).expect("a pack");
    assert_eq!(telemetry.readings, vec![]);
    let classes: Vec<&str> = telemetry.problems.iter().map(|problem| problem.class).collect();
    assert_eq!(classes, ["bad-time", "bad-time", "bad-time", "bad-field"]);
}

#[test]
fn a_senml_pack_that_cannot_be_trusted_is_refused_whole() {
    let of = |fields: &str| {
        format!(r#"[{{"bn":"urn:stormwatch:A:","bt":1795305600,"n":"LN:8310-5","v":1{fields}}}]"#)
    };
    assert_eq!(refused(&of(r#","new_":1"#)), "bad-field");
    assert_eq!(refused(&of(r#","bver":11"#)), "bad-field");
    assert_eq!(refused("[7]"), "malformed");
    let two = r#"[{"bn":"urn:stormwatch:A:","bt":1795305600,"n":"LN:8310-5","v":1},
                  {"bn":"urn:stormwatch:B:","n":"LN:8310-5","v":1}]"#;
    assert_eq!(refused(two), "bad-patient");
}

#[test]
fn a_gateway_s_last_will_is_no_telemetry() {
    for (payload, up) in [
        ("offline", Some(false)),
        (" Offline\n", Some(false)),
        ("\"online\"", Some(true)),
        ("{\"status\":\"offline\"}", Some(false)),
        ("{\"state\":\"connected\",\"at\":1}", Some(true)),
        ("{\"status\":\"offline\",\"observations\":[]}", None),
        ("{\"status\":\"alarm\"}", None),
        ("38.4", None),
        ("", None),
    ] {
        assert_eq!(gateway_status(payload.as_bytes()), up, "{payload}");
    }
}

#[test]
fn hl7_is_seen_at_the_first_look() {
    for payload in ["MSH|^~\\&|", "\u{b}MSH|^~\\&|", "\r\nMSH|", "\u{feff}MSH|"] {
        assert!(is_hl7(payload.as_bytes()), "{payload:?}");
    }
    assert!(!is_hl7(br#"{"id":"MSH"}"#));
    assert!(!is_hl7(b""));
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_a_payload_or_a_refusal(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        if let Err(problem) = read(&bytes) {
            proptest::prop_assert!(CLASSES.contains(&problem.class));
        }
    }

    #[test]
    fn a_number_arrives_as_it_was_written(hundredths in -100_000i64..100_000) {
        let written = crate::model::Value(hundredths * 10).to_string();
        let telemetry = observations(&format!(r#"{{"code":"1","value":{written}}}"#));
        proptest::prop_assert_eq!(&telemetry.readings[0].value, &RawValue::Number(written));
    }
}
