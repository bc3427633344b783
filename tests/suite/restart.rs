//! A service that stops and starts again knows what it knew, without folding everything anew.

use serde_json::{Value as Json, json};

use super::support::*;

fn restarted(mut service: Service) -> Service {
    assert_eq!(service.stop(), Some(0), "a good end");
    service.crash_and_restart()
}

fn folded(service: &Service) -> u64 {
    service.figure("stormwatch_entries_total")
}

fn warned() -> Service {
    let service = Service::start();
    with_baseline(&service, "Z1", "01");
    service.send(&oru("Z1", "LOW", 0, "F", &[(PHOSPHATE.0, PHOSPHATE.1, "2.3", "mg/dL")]));
    service.alert("Z1", "phosphate-fall-deep");
    // Enough that folding them again cannot be mistaken for what a start writes itself.
    for n in 0..60 {
        let value = format!("36.{n:02}");
        let row = [(TEMPERATURE.0, TEMPERATURE.1, value.as_str(), "Cel")];
        assert_eq!(code(&service.send(&oru("Z1", &format!("Z{n}"), -n - 1, "F", &row))), "AA");
    }
    service
}

/// What does not change by itself while a service is down for a moment.
fn known(service: &Service) -> Json {
    let alert = service.alert("Z1", "phosphate-fall-deep");
    let patient = service.get("/api/v1/patients/Z1");
    let alert =
        ["id", "state", "rule_version", "raised_at", "step", "next_step_at", "evidence", "transitions"]
            .map(|field| alert[field].clone());
    let patient = ["id", "ward", "bed", "day", "product", "crs", "icans"].map(|field| patient[field].clone());
    json!([alert, patient, service.values("Z1", "temperature"), service.values("Z1", "phosphate")])
}

#[test]
fn a_service_that_was_stopped_starts_from_its_snapshot_and_knows_the_same() {
    let service = warned();
    let (before, all) = (known(&service), folded(&service));
    let service = restarted(service);
    assert_eq!(known(&service), before);
    assert!(folded(&service) < all / 2, "{} entries were folded again, of {all}", folded(&service));
    // What comes after the snapshot is folded on top of it, also after a crash.
    let row = [(TEMPERATURE.0, TEMPERATURE.1, "38.9", "Cel")];
    assert_eq!(code(&service.send(&oru("Z1", "AFTER", 0, "F", &row))), "AA");
    let before = known(&service);
    let service = service.crash_and_restart();
    assert_eq!(known(&service), before);
    assert!(service.values("Z1", "temperature").contains(&38.9));
    assert!(folded(&service) < all / 2);
    let id = service.alert("Z1", "phosphate-fall-deep")["id"].as_str().expect("an id").to_owned();
    let (status, text) =
        service.post(&format!("/api/v1/alerts/{id}/acknowledge"), json!({"comment": "seen"}));
    assert_eq!(
        (status, text["state"].as_str().or(text["alert"]["state"].as_str())),
        (200, Some("acknowledged"))
    );
}

#[test]
fn a_snapshot_that_is_damaged_is_passed_over_and_the_whole_journal_folded() {
    let mut service = warned();
    let (before, all) = (known(&service), folded(&service));
    assert_eq!(service.stop(), Some(0));
    let path = service.data.join("snapshot");
    let mut bytes = std::fs::read(&path).expect("a snapshot");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    std::fs::write(&path, bytes).expect("writable");
    let service = service.crash_and_restart();
    assert_eq!(known(&service), before);
    assert!(folded(&service) >= all, "{} of {all}", folded(&service));
}

#[test]
fn a_snapshot_newer_than_the_outbox_of_webhooks_is_passed_over() {
    let mut service = warned();
    let (before, all) = (known(&service), folded(&service));
    assert_eq!(service.stop(), Some(0));
    let outbox = ["notify.db", "notify.db-wal", "notify.db-shm"].map(|name| service.data.join(name));
    assert!(outbox[0].exists(), "{outbox:?}");
    outbox.iter().for_each(|file| drop(std::fs::remove_file(file)));
    let service = service.crash_and_restart();
    assert_eq!(known(&service), before);
    assert!(folded(&service) >= all, "{} of {all}", folded(&service));
}

#[test]
fn a_display_that_was_there_until_the_end_misses_nothing_by_the_restart() {
    let service = warned();
    let mut frames = service.subscribe();
    let last = frames.wait(PATIENCE, |frame| frame["type"] == "heartbeat").expect("a heartbeat");
    let cursor = last["cursor"].as_str().expect("a cursor").to_owned();
    drop(frames);
    let service = restarted(service);
    service.send(&oru("Z1", "FEVER", 0, "F", &[(TEMPERATURE.0, TEMPERATURE.1, "39.4", "Cel")]));
    let mut again = service.subscribe_after(&cursor);
    let fever = |frame: &Json| frame["patient"]["latest"]["temperature"]["value"] == json!(39.4);
    let whole = |frame: &Json| frame["type"] == "snapshot";
    let frame = again.wait(PATIENCE, |frame| fever(frame) || whole(frame)).expect("news");
    assert!(
        fever(&frame) || frame["patients"].as_array().is_some_and(|all| all.iter().any(|p| p["id"] == "Z1"))
    );
}

#[test]
fn damage_in_the_journal_before_the_snapshot_is_told_as_a_technical_alert() {
    let mut service = warned();
    assert_eq!(service.stop(), Some(0));
    let store = rusqlite::Connection::open(service.data.join("journal.db")).expect("a store");
    let change = "UPDATE message SET record = replace(record, '36010', '36020') WHERE record LIKE '%36010%'";
    assert_eq!(store.execute(change, []).expect("a change"), 1);
    drop(store);
    let service = service.crash_and_restart();
    let impaired = || {
        let alerts = service.get("/api/v1/alerts");
        let rows = alerts["alerts"].as_array().or(alerts.as_array()).expect("alerts").clone();
        rows.into_iter().find(|alert| alert["rule"] == "service-impaired" && alert["state"] != "closed")
    };
    let alert = eventually(PATIENCE, impaired).expect("somebody is told");
    let whole = service.get(&format!("/api/v1/alerts/{}", alert["id"].as_str().expect("an id")));
    assert!(whole.to_string().contains("its hash does not fit"), "{whole}");
}
