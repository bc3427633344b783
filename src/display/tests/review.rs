//! What the ward looks back on.

use serde_json::{Value as Json, json};

use super::house::{House, house, moved};
use crate::display::access::Identity;
use crate::model::{
    Assessment, CensusKind, Charted, Event, PatientId, Role, Span, Therapy, TherapyAction, TherapyKind, Time,
};

fn given(id: &str, kind: TherapyKind, at: Time) -> Event {
    Event::Therapy(Therapy {
        patient: PatientId::parse(id).expect("an identifier"),
        kind,
        action: TherapyAction::Given,
        at,
        until: None,
        agent: None,
        product: (kind == TherapyKind::Infusion).then(|| "tisa-cel".to_owned()),
        device: None,
        flow: None,
        dose: None,
        airway_only: false,
        source: "test".into(),
        order: None,
    })
}

fn assessed(id: &str, at: Time, assessment: Assessment) -> Event {
    let patient = PatientId::parse(id).expect("an identifier");
    Event::Assessed { patient, assessment: Assessment { at, by: "sato".into(), ..assessment } }
}

fn charted(crs: Option<u8>, icans: Option<u8>) -> Assessment {
    Assessment { charted: Some(Charted { crs, icans, iec_hs: None }), ..Assessment::default() }
}

/// Somebody whose thirty days are over: grade 2, treated, no alert ever.
async fn an_old_course(house: &House) {
    let now = house.clock.now();
    let day = |n: i64| now - Span::days(35) + Span::days(n);
    let events = vec![
        moved("OLD1", CensusKind::Admit, "6E", "09", day(-5)),
        given("OLD1", TherapyKind::Infusion, day(0)),
        assessed("OLD1", day(3), charted(Some(1), None)),
        assessed("OLD1", day(4), charted(Some(2), Some(0))),
        assessed("OLD1", day(5), Assessment { ice_total: Some(5), ..Assessment::default() }),
        given("OLD1", TherapyKind::Tocilizumab, day(4) + Span::hours(2)),
        assessed("OLD1", day(33), charted(Some(4), Some(4))),
        moved("OLD1", CensusKind::Discharge, "6E", "09", day(20)),
    ];
    house.happen(events).await;
}

async fn outcomes(house: &House, token: &str) -> Json {
    let (status, found) = house.get("/api/v1/quality", Some(token)).await;
    assert_eq!(status, 200, "{found}");
    found["outcomes"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grades_by_day_thirty_treatment_stay_and_misses_are_counted() {
    let house = house().await;
    an_old_course(&house).await;
    house.admit("B1", "6E", "01").await;
    house.phosphate_falls("B1").await;
    house.happen(vec![given("B1", TherapyKind::Tocilizumab, house.clock.now())]).await;
    house.admit("B2", "6E", "02").await;
    house.happen(vec![given("B2", TherapyKind::Steroid, house.clock.now() - Span::HOUR)]).await;
    let physician = house.user("sato", Role::Physician, &[], Identity::P3);
    let found = outcomes(&house, &physician).await;

    assert_eq!((&found["patients"], &found["day_30_over"]), (&json!(3), &json!(1)), "{found}");
    let over = &found["incidence"]["day_30"];
    // Grade 4 was charted on day 33: it does not count.
    assert_eq!(over["crs"]["charted"], json!({"grades": [0, 0, 1, 0, 0, 0], "unknown": 0}), "{over}");
    assert_eq!(over["icans"]["charted"], json!({"grades": [1, 0, 0, 0, 0, 0], "unknown": 0}), "{over}");
    // ICE 5 of 10 is ICANS grade 2 (Lee 2019).
    assert_eq!(over["icans"]["suggested"], json!({"grades": [0, 0, 1, 0, 0, 0], "unknown": 0}), "{over}");
    assert_eq!(found["incidence"]["so_far"]["crs"]["charted"]["unknown"], 2, "not charted is not grade 0");

    let toci = &found["to_tocilizumab"];
    assert_eq!((&toci["patients"], &toci["before_alert"]), (&json!(2), &json!(1)), "{toci}");
    assert_eq!((&toci["p50_minutes"], &toci["p90_minutes"]), (&json!(0), &json!(0)), "{toci}");
    let steroid = &found["to_steroid"];
    assert_eq!((&steroid["patients"], &steroid["before_alert"]), (&json!(1), &json!(1)), "{steroid}");
    assert_eq!(steroid["p50_minutes"], Json::Null);

    assert_eq!(found["stay_days"], json!({"patients": 1, "p50": 25, "p90": 25}));
    assert_eq!(found["infusion_to_discharge_days"]["p50"], 20);
    assert_eq!(found["admission_to_infusion_days"]["p50"], 5);

    assert_eq!(found["missed_patients"], 2);
    let courses = found["courses"].as_array().expect("rows");
    let what = |n: usize| {
        let misses = courses[n]["misses"].as_array().expect("a list");
        misses.iter().map(|miss| miss["what"].as_str().expect("a word").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(what(0), ["crs", "tocilizumab"], "{}", courses[0]);
    assert_eq!(courses.iter().filter(|course| course["bed"] == "01").count(), 1);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_figures_name_nobody_keep_to_the_wards_and_give_an_engineer_no_rows() {
    let house = house().await;
    an_old_course(&house).await;
    house.admit("MRN-4711", "6E", "01").await;
    let physician = house.user("sato", Role::Physician, &[], Identity::P3);
    let stranger = house.user("ueda", Role::Physician, &["7W"], Identity::P3);
    let engineer = house.user("mori", Role::Engineer, &[], Identity::P3);
    let text = outcomes(&house, &physician).await.to_string();
    for name in ["OLD1", "MRN-4711", "Yamadaxyz", "Hanakoxyz", "ヤマダ", "1961-02-03"] {
        assert!(!text.contains(name), "{name} in {text}");
    }
    assert_eq!(outcomes(&house, &stranger).await["patients"], 0);
    let machines = outcomes(&house, &engineer).await;
    assert_eq!((&machines["patients"], machines.get("courses")), (&json!(2), None));
    let (_, narrowed) =
        house.get("/api/v1/quality?infused_from=2100-01-01T00:00:00Z", Some(&physician)).await;
    assert_eq!(narrowed["outcomes"]["patients"], 0);
    assert_eq!(house.get("/api/v1/quality?infused_from=yesterday", Some(&physician)).await.0, 422);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waits_for_an_answer_are_counted_by_priority() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    house.phosphate_falls("B1").await;
    let physician = house.user("sato", Role::Physician, &[], Identity::P3);
    let waits = house.get("/api/v1/quality", Some(&physician)).await.1["waits"].clone();
    assert_eq!((&waits["low"]["acknowledged"], &waits["low"]["p50_seconds"]), (&json!(0), &Json::Null));
    let (_, alerts) = house.get("/api/v1/alerts?state=open", Some(&physician)).await;
    let rows = alerts["alerts"].as_array().expect("a list");
    let low: Vec<&Json> = rows.iter().filter(|alert| alert["priority"] == "low").collect();
    assert_eq!(waits["low"]["alerts"], json!(low.len()));
    let id = low[0]["id"].as_str().expect("an id");
    house.post(&format!("/api/v1/alerts/{id}/acknowledge"), Some(&physician), json!({})).await;
    let waits = house.get("/api/v1/quality", Some(&physician)).await.1["waits"].clone();
    assert_eq!((&waits["low"]["acknowledged"], &waits["low"]["late"]), (&json!(1), &json!(0)), "{waits}");
    assert!(waits["low"]["p90_seconds"].as_i64().is_some_and(|seconds| seconds < 60), "{waits}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_shows_its_newest_alerts_and_who_is_told_when() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    house.phosphate_falls("B1").await;
    let nurse = house.user("aoki", Role::Nurse, &["6E"], Identity::P3);
    let (_, listed) = house.get("/api/v1/rules", Some(&nurse)).await;
    let rules = listed["rules"].as_array().expect("rules");
    let fall = rules.iter().find(|rule| rule["id"] == "phosphate-fall").expect("shipped");
    assert_eq!((&fall["recent"][0]["bed"], &fall["recent"][0]["state"]), (&json!("01"), &json!("active")));
    let policies = listed["policies"].as_array().expect("policies");
    let named = |id: &Json| policies.iter().find(|policy| policy["id"] == *id);
    for rule in rules.iter().filter(|rule| rule["escalate"].is_string()) {
        let policy = named(&rule["escalate"]).unwrap_or_else(|| panic!("{}", rule["escalate"]));
        assert!(policy["steps"].as_array().is_some_and(|steps| steps[0]["roles"].is_array()), "{policy}");
    }
    assert!(listed["acknowledgement_seconds"]["high"].as_i64().is_some_and(|seconds| seconds > 0));
    house.close().await;
}
