//! Every address at which a person sees or changes a patient leaves a line in the audit.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Value as Json, json};

use super::house::{House, house, subscribe};
use crate::display::access::Identity;
use crate::display::route::{Who, table};
use crate::model::Role;

/// What an address leaves in the audit.
enum Line {
    /// This action, with the patient's identifier.
    Patient(&'static str),
    /// This action; it concerns many patients, or none that has a name yet.
    Many(&'static str),
    /// Nothing of a patient is seen or changed.
    None,
}

/// By method and path. An address that is not here fails the test below.
const LINES: [(&str, &str, Line); 32] = [
    ("GET", "/healthz", Line::None),
    ("GET", "/readyz", Line::None),
    ("GET", "/metrics", Line::None),
    ("GET", "/openapi.json", Line::None),
    ("GET", "/api/v1/session", Line::None),
    ("POST", "/api/v1/login", Line::None),
    ("POST", "/api/v1/logout", Line::None),
    ("GET", "/api/v1/patients", Line::Many("list patients")),
    ("GET", "/api/v1/patients/{id}", Line::Patient("read patient")),
    ("GET", "/api/v1/patients/{id}/series", Line::Patient("read series")),
    ("POST", "/api/v1/patients/{id}/observations", Line::Patient("chart observation")),
    ("POST", "/api/v1/patients/{id}/assessments", Line::Patient("chart assessment")),
    ("POST", "/api/v1/patients/{id}/therapies", Line::Patient("chart therapy")),
    ("POST", "/api/v1/patients/{id}/factors", Line::Patient("chart factors")),
    ("GET", "/api/v1/alerts", Line::Many("list alerts")),
    ("GET", "/api/v1/alerts/{id}", Line::Patient("read alert")),
    ("GET", "/api/v1/alerts/{id}/explanation", Line::Patient("read explanation")),
    ("POST", "/api/v1/alerts/{id}/acknowledge", Line::Patient("acknowledge alert")),
    ("POST", "/api/v1/alerts/{id}/rate", Line::Patient("rate alert")),
    ("POST", "/api/v1/alerts/{id}/undo", Line::Patient("undo action on alert")),
    ("POST", "/api/v1/alerts/{id}/shelve", Line::Patient("shelve alert")),
    ("POST", "/api/v1/alerts/{id}/unshelve", Line::Patient("unshelve alert")),
    ("POST", "/api/v1/alerts/{id}/close", Line::Patient("close alert")),
    ("GET", "/api/v1/quarantine", Line::Many("list quarantine")),
    // A row in quarantine has a patient only where the message could be read that far.
    ("GET", "/api/v1/quarantine/{id}", Line::Many("read quarantine")),
    ("POST", "/api/v1/quarantine/{id}/retry", Line::Many("retry quarantine")),
    ("GET", "/api/v1/rules", Line::None),
    ("GET", "/api/v1/scores", Line::None),
    ("GET", "/api/v1/quality", Line::Many("read quality figures")),
    ("GET", "/api/v1/feeds", Line::None),
    ("GET", "/api/v1/audit", Line::Many("search audit")),
    ("GET", "/ws/v1", Line::Many("connect")),
];

#[test]
fn every_address_has_a_word_on_its_audit_line() {
    let listed: BTreeSet<String> = LINES.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    let there: BTreeSet<String> =
        table().into_iter().map(|row| format!("{} {}", row.entrance.method, row.entrance.path)).collect();
    assert_eq!(listed, there);
}

/// A body that this address takes.
fn body(path: &str) -> Json {
    match path.rsplit('/').next().unwrap_or_default() {
        "observations" => json!({"analyte": "temperature", "value": 36.9, "unit": "Cel"}),
        "assessments" => json!({"consciousness": "spontaneous"}),
        "therapies" => json!({"kind": "steroid"}),
        "factors" => json!({"age": 60}),
        "rate" => json!({"verdict": "known"}),
        "shelve" => json!({"minutes": 5, "reason": "dialysis"}),
        _ => json!({}),
    }
}

async fn newest(house: &House, auditor: &str, action: &str) -> Option<Json> {
    let path = format!("/api/v1/audit?who=sato&action={}&outcome=done", action.replace(' ', "%20"));
    let (status, found) = house.get(&path, Some(auditor)).await;
    assert_eq!(status, 200, "{found}");
    found["audit"].as_array().expect("a list").first().cloned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_read_and_write_of_a_patient_by_a_person_leaves_its_line() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    house.phosphate_falls("B1").await;
    house.quarantine("q-1").await;
    let person = house.user("sato", Role::Admin, &[], Identity::P3);
    let auditor = house.user("root", Role::Admin, &[], Identity::P3);
    let (_, alerts) = house.get("/api/v1/alerts?state=open", Some(&auditor)).await;
    let rows = alerts["alerts"].as_array().expect("a list");
    let alert = rows.iter().find(|alert| alert["rule"] == "phosphate-fall").expect("raised")["id"].clone();
    let alert = alert.as_str().expect("an id").to_owned();
    for (method, path, line) in &LINES {
        let (action, patient) = match line {
            Line::None => continue,
            Line::Patient(action) => (*action, Some("B1")),
            Line::Many(action) => (*action, None),
        };
        assert!(newest(&house, &auditor, action).await.is_none(), "{action} before it was done");
        let id = match path {
            path if path.contains("/alerts/") => alert.as_str(),
            path if path.contains("/quarantine/") => "q-1",
            _ => "B1",
        };
        let asked = format!("{}?analyte=phosphate", path.replace("{id}", id));
        if *path == "/ws/v1" {
            house.follow(Some(&person), subscribe()).await.until_type("snapshot").await;
        } else if *method == Method::GET.as_str() {
            assert_eq!(house.get(&asked, Some(&person)).await.0, 200, "{path}");
        } else {
            let (status, answer) = house.post(&asked, Some(&person), body(path)).await;
            assert!(status < 300, "{path}: {status} {answer}");
        }
        let found = newest(&house, &auditor, action).await;
        let found = found.unwrap_or_else(|| panic!("{method} {path} left no line {action:?}"));
        if patient.is_some() {
            assert_eq!(found["patient"], json!(patient), "{method} {path}: {found}");
        }
        assert_eq!((&found["by"], &found["role"]), (&json!("sato"), &json!("admin")));
        assert!(found["address"] == "127.0.0.1" && found["at"].is_string(), "{found}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_was_refused_leaves_a_line_too() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    let stranger = house.user("ueda", Role::Nurse, &["7W"], Identity::P3);
    let auditor = house.user("root", Role::Admin, &[], Identity::P3);
    let refusals = table().into_iter().map(|row| row.entrance).filter(|row| match row.who {
        Who::Anyone => false,
        Who::Roles(_) => !row.who.admits(Role::Nurse) || row.path.contains("/patients/{id}"),
    });
    for row in refusals {
        let search = "/api/v1/audit?who=ueda&outcome=refused";
        let before = house.get(search, Some(&auditor)).await.1["audit"].as_array().expect("a list").len();
        let path = format!("{}?analyte=phosphate", row.path.replace("{id}", "B1"));
        let status = match row.method {
            Method::GET => house.get(&path, Some(&stranger)).await.0,
            _ => house.post(&path, Some(&stranger), body(row.path)).await.0,
        };
        assert!(status == 403 || status == 404, "{} {path}: {status}", row.method);
        let after = house.get(search, Some(&auditor)).await.1["audit"].as_array().expect("a list").len();
        assert_eq!(after, before + 1, "{} {path}", row.method);
    }
    house.close().await;
}
