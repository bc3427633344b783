//! From a result to an alert on a subscriber's screen, and what people do with it.

use serde_json::json;

use super::support::*;

#[test]
fn phosphate_in_mmol_and_mg_is_the_same_alert() {
    let service = Service::start();
    for (patient, bed, code_of, unit, base, low) in
        [("B1", "01", "2777-1", "mg/dL", "3.5", "2.3"), ("B2", "02", "14879-1", "mmol/L", "1.13", "0.74")]
    {
        assert_eq!(code(&service.send(&adt(patient, bed, &format!("A{patient}"), "A01"))), "AA");
        let baseline = oru(patient, &format!("O{patient}0"), -26 * 60, "F", &[(code_of, "LN", base, unit)]);
        assert_eq!(code(&service.send(&baseline)), "AA");
        let infusion = json!({"kind": "infusion", "product": "tisa-cel", "at": rfc3339(-24 * 60)});
        assert!(service.post(&format!("/api/v1/patients/{patient}/therapies"), infusion).0 < 300);
        let mut frames = service.subscribe();
        let fall = oru(patient, &format!("O{patient}1"), 0, "F", &[(code_of, "LN", low, unit)]);
        assert_eq!(code(&service.send(&fall)), "AA");
        let raised = frames
            .wait(PATIENCE, |frame| {
                frame["type"] == "alert"
                    && frame["change"] == "raised"
                    && frame["alert"]["patient"] == patient
            })
            .unwrap_or_else(|| panic!("no alert for {patient} in {unit}"));
        assert!(raised["alert"]["rule"].as_str().expect("a rule").starts_with("phosphate"), "{raised}");
        assert_eq!(raised["alert"]["bed"], bed);
    }
}

#[test]
fn the_same_message_twice_changes_nothing() {
    let service = Service::start();
    with_baseline(&service, "D1", "01");
    let fall = oru("D1", "ONE", 0, "F", &[(PHOSPHATE.0, PHOSPHATE.1, "2.3", "mg/dL")]);
    let first = service.send(&fall);
    let alerts = service.open_alerts("D1").len();
    let again = service.send(&fall);
    assert_eq!(first, again, "the same message gets the same answer");
    let series = service.get("/api/v1/patients/D1/series?analyte=phosphate");
    assert_eq!(series["points"].as_array().expect("points").len(), 2);
    assert_eq!(service.open_alerts("D1").len(), alerts);
}

#[test]
fn missing_data_resolves_nothing() {
    let service = Service::start();
    with_baseline(&service, "M1", "01");
    service.send(&oru("M1", "LOW", 0, "F", &[(PHOSPHATE.0, PHOSPHATE.1, "2.3", "mg/dL")]));
    let alert = service.alert("M1", "phosphate-fall-deep");
    // Cannot be obtained, then withdrawn without a new value: nobody knows, so nothing is over.
    let haemolysed = oru("M1", "GONE", 0, "X", &[(PHOSPHATE.0, PHOSPHATE.1, "", "mg/dL")]);
    service.send(&haemolysed);
    let after = service.get(&format!("/api/v1/alerts/{}", alert["id"].as_str().expect("an id")));
    let state = after["state"].as_str().or(after["alert"]["state"].as_str()).expect("a state").to_owned();
    assert_eq!(state, "active");
}

#[test]
fn an_acknowledgement_is_told_to_everybody_and_ends_the_escalation() {
    let service = Service::start();
    with_baseline(&service, "K1", "01");
    service.send(&oru("K1", "LOW", 0, "F", &[(PHOSPHATE.0, PHOSPHATE.1, "2.3", "mg/dL")]));
    let alert = service.alert("K1", "phosphate-fall-deep");
    let id = alert["id"].as_str().expect("an id");
    let mut frames = service.subscribe();
    let (status, body) =
        service.post(&format!("/api/v1/alerts/{id}/acknowledge"), json!({"comment": "on it"}));
    assert!(status < 300, "{status} {body}");
    let told = frames.alert("K1", "phosphate-fall-deep", "acknowledged").expect("everybody hears");
    assert_eq!(told["alert"]["acknowledged"]["comment"], "on it");
    assert_eq!(told["alert"]["next_step_at"], serde_json::Value::Null);
    assert!(told["alert"]["acknowledged"]["expires_at"].is_string(), "an acknowledgement expires");
}

#[test]
fn a_correction_withdraws_the_evidence_and_says_so() {
    let service = Service::start();
    with_baseline(&service, "C1", "01");
    let low = oru("C1", "LOW", -1, "F", &[(PHOSPHATE.0, PHOSPHATE.1, "2.3", "mg/dL")]);
    service.send(&low);
    service.alert("C1", "phosphate-fall-deep");
    let mut frames = service.subscribe();
    // The same instant and code to the second, now 3.4: it never was low.
    let fixed = low.replace("|LOW|", "|FIX|").replace("||2.3|", "||3.4|").replace("|||||F|||", "|||||C|||");
    service.send(&fixed);
    assert!(
        frames.alert("C1", "phosphate-fall-deep", "retracted").is_some(),
        "recipients are told of the retraction"
    );
    let points = service.get("/api/v1/patients/C1/series?analyte=phosphate")["points"].clone();
    assert!(!points.to_string().contains("2.3"), "the wrong value is gone: {points}");
}

#[test]
fn a_merge_moves_windows_and_alerts_to_the_survivor() {
    let service = Service::start();
    with_baseline(&service, "OLD", "01");
    service.send(&oru("OLD", "LOW", 0, "F", &[(PHOSPHATE.0, PHOSPHATE.1, "2.3", "mg/dL")]));
    service.alert("OLD", "phosphate-fall-deep");
    let now = stamp(0);
    let merge = format!(
        "MSH|^~\\&|HIS|KUH|STORMWATCH|KUH|{now}||ADT^A40|MERGE|P|2.5\nEVN|A40|{now}\n\
         PID|1||NEW^^^KUH^MR||TEST^PATIENT\nMRG|OLD^^^KUH^MR\n"
    );
    assert_eq!(code(&service.send(&merge)), "AA");
    let alert = service.alert("NEW", "phosphate-fall-deep");
    assert_eq!(alert["bed"], "01");
    let points = service.get("/api/v1/patients/NEW/series?analyte=phosphate")["points"].clone();
    assert_eq!(points.as_array().expect("points").len(), 2);
}

#[test]
fn health_and_metrics_answer() {
    let service = Service::start();
    assert_eq!(service.get_text("/healthz").0, 200);
    assert_eq!(service.get_text("/readyz").0, 200);
    service.send(&adt("H1", "01", "H", "A01"));
    let (status, text) = service.get_text("/metrics");
    assert_eq!(status, 200);
    assert!(text.contains("stormwatch_messages_total{answer=\"AA\",via=\"mllp\"} 1"), "{text}");
    assert!(!text.contains("TEST"), "no names in metrics");
}

#[test]
fn a_stop_answers_what_was_accepted_and_exits_0() {
    let mut service = Service::start();
    service.send(&adt("S1", "01", "S", "A01"));
    assert_eq!(service.stop(), Some(0));
}
