//! What a screen of each identity level may show.

use serde_json::{Value as Json, json};

use super::house::{house, subscribe};
use crate::display::access::Identity;
use crate::model::Role;

const NAMES: [&str; 5] = ["Yamadaxyz", "Hanakoxyz", "ヤマダ", "1961-02-03", "MRN-4711"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_and_answers_to_a_bed_only_display_hold_neither_name_nor_identifier() {
    let house = house().await;
    house.admit("MRN-4711", "6E", "01").await;
    let wall = house.user("wall", Role::Display, &["6E"], Identity::P0);
    let mut screen = house.follow(Some(&wall), subscribe()).await;
    let mut seen: Vec<String> = Vec::new();
    let snapshot = screen.until_type("snapshot").await;
    let alias = snapshot["patients"][0]["id"].as_str().expect("an id").to_owned();
    assert!(alias.starts_with("p-"), "{alias}");
    seen.push(snapshot.to_string());
    house.phosphate_falls("MRN-4711").await;
    let physician = house.user("sato", Role::Physician, &[], Identity::P3);
    let (_, alerts) = house.get("/api/v1/alerts", Some(&physician)).await;
    let alert = alerts["alerts"][0]["id"].as_str().expect("warned").to_owned();
    let comment = json!({"comment": "Yamadaxyz is asleep"});
    house.post(&format!("/api/v1/alerts/{alert}/acknowledge"), Some(&physician), comment).await;
    house
        .post(
            "/api/v1/patients/MRN-4711/assessments",
            Some(&physician),
            json!({"note": "Hanakoxyz", "acvpu": "A"}),
        )
        .await;
    let mut kinds = std::collections::BTreeSet::new();
    let mut acknowledged = false;
    while kinds.len() < 3 || !acknowledged {
        let frame = screen.next().await.expect("a frame");
        kinds.insert(frame["type"].to_string());
        seen.push(frame.to_string());
        if frame["type"] == "alert" {
            assert_eq!(frame["alert"]["patient"], json!(alias));
            acknowledged |= frame["change"] == "acknowledged";
        }
    }
    for path in [
        "/api/v1/patients".to_owned(),
        format!("/api/v1/patients/{alias}"),
        format!("/api/v1/patients/{alias}/series?analyte=phosphate"),
        format!("/api/v1/alerts?patient={alias}"),
        format!("/api/v1/alerts/{alert}"),
    ] {
        let (status, body) = house.get(&path, Some(&wall)).await;
        assert_eq!(status, 200, "{path}: {body}");
        seen.push(body.to_string());
    }
    for path in ["/api/v1/patients/MRN-4711", "/api/v1/patients/MRN-4711/series?analyte=phosphate"] {
        let (status, body) = house.get(path, Some(&wall)).await;
        assert_eq!(status, 404, "a screen must not tell whether somebody lies here: {path}: {body}");
    }
    let (_, none) = house.get("/api/v1/alerts?patient=MRN-4711", Some(&wall)).await;
    assert_eq!(none["alerts"], json!([]), "{none}");
    for text in &seen {
        for name in NAMES {
            assert!(!text.contains(name), "{name} in {text}");
        }
    }
    let (_, metrics) = house.get("/metrics", None).await;
    assert!(NAMES.iter().all(|name| !metrics.to_string().contains(name)));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_level_shows_what_it_may_and_no_more() {
    let house = house().await;
    house.admit("MRN-4711", "6E", "01").await;
    let levels = [Identity::P0, Identity::P1, Identity::P2, Identity::P3];
    let mut shown = Vec::new();
    for level in levels {
        let token = house.user(&format!("screen-{}", level.name()), Role::Display, &["6E"], level);
        let mut screen = house.follow(Some(&token), subscribe()).await;
        let snapshot = screen.until_type("snapshot").await;
        shown.push(snapshot["patients"][0].clone());
    }
    let names: Vec<&Json> = shown.iter().map(|patient| &patient["name"]).collect();
    assert_eq!(
        names,
        [&Json::Null, &json!("ヤマ"), &json!("Yamadaxyz Hanakoxyz"), &json!("Yamadaxyz Hanakoxyz")]
    );
    let known: Vec<bool> = shown.iter().map(|patient| patient["id"] == "MRN-4711").collect();
    assert_eq!(known, [false, false, false, true]);
    let born: Vec<bool> = shown.iter().map(|patient| !patient["birth_date"].is_null()).collect();
    assert_eq!(born, [false, false, false, true]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_may_ask_for_less_and_a_display_for_no_more() {
    let house = house().await;
    house.admit("MRN-4711", "6E", "01").await;
    let nurse = house.user("aoki", Role::Nurse, &["6E"], Identity::P3);
    let wall = house.user("wall", Role::Display, &["6E"], Identity::P0);
    for (token, asked) in [(&nurse, "P0"), (&wall, "P3")] {
        let mut screen = house.follow(Some(token), json!({"type": "subscribe", "identity": asked})).await;
        let snapshot = screen.until_type("snapshot").await;
        assert_eq!(snapshot["identity"], "P0");
        assert!(NAMES.iter().all(|name| !snapshot.to_string().contains(name)), "{snapshot}");
        // Asking for less is no reason to be signed out at the next look.
        for _ in 0..3 {
            screen.until_type("heartbeat").await;
        }
    }
    house.close().await;
}
