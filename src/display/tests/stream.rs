//! What a subscriber is sent.

use futures_util::SinkExt as _;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};
use tokio_tungstenite::tungstenite::Message;

use super::house::{House, Screen, house, moved, reopened, seen, subscribe};
use crate::display::access::Identity;
use crate::model::{AlertId, CensusKind, Event, Role, Span};

fn is_alert(frame: &Json, rule: &str, change: &str) -> bool {
    frame["type"] == "alert" && frame["alert"]["rule"] == rule && frame["change"] == change
}

/// An alert of this patient. On a slow machine another patient's may move once more after the frame whose cursor was kept.
fn of(patient: &str, frame: &Json) -> bool {
    frame["type"] == "alert" && frame["alert"]["patient"] == patient
}

async fn warned(screen: &mut Screen) -> Json {
    screen.until(|frame| is_alert(frame, "phosphate-fall", "raised")).await
}

/// The tile that carries the alerts: everything the fall has raised came before it.
async fn drawn(screen: &mut Screen) -> Json {
    screen.until(|frame| frame["type"] == "patient" && frame["patient"]["alerts"][0].is_object()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fall_of_phosphate_reaches_a_subscriber_in_the_words_of_the_contract() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    let mut screen = house.follow(None, subscribe()).await;
    let snapshot = screen.next().await.expect("a frame");
    assert_eq!(snapshot["type"], "snapshot");
    let patient = &snapshot["patients"][0];
    assert_eq!(
        (&patient["id"], &patient["ward"], &patient["bed"]),
        (&json!("B1"), &json!("6E"), &json!("01"))
    );
    assert_eq!((&patient["day"], &patient["product"]), (&json!(1), &json!("tisa-cel")));
    assert_eq!(patient["latest"]["phosphate"]["value"], 3.5);
    assert_eq!(patient["latest"]["phosphate"]["unit"], "mg/dL");
    for name in ["crs", "icans"] {
        for field in ["grade", "suggested", "charted", "since", "reasons", "missing"] {
            assert!(patient[name].get(field).is_some(), "{name}.{field} in {patient}");
        }
        for field in ["points", "band", "terms", "missing"] {
            assert!(patient["risk"][name].get(field).is_some(), "risk.{name}.{field} in {patient}");
        }
    }
    house.phosphate_falls("B1").await;
    let frame = warned(&mut screen).await;
    let alert = &frame["alert"];
    assert_eq!(
        (&alert["patient"], &alert["ward"], &alert["bed"]),
        (&json!("B1"), &json!("6E"), &json!("01"))
    );
    assert_eq!((&alert["kind"], &alert["state"]), (&json!("physiological"), &json!("active")));
    assert!(alert["title"]["ja"].as_str().is_some_and(|title| !title.is_empty()));
    let evidence = &alert["evidence"][0];
    assert_eq!(
        (&evidence["analyte"], &evidence["value"], &evidence["unit"]),
        (&json!("phosphate"), &json!(2.3), &json!("mg/dL"))
    );
    assert_eq!((&evidence["comparison"], &evidence["limit"]), (&json!("<="), &json!(-15)));
    for field in [
        "id",
        "rule_version",
        "priority",
        "raised_at",
        "measured_at",
        "step",
        "next_step_at",
        "acknowledged",
        "source",
    ] {
        assert!(alert.get(field).is_some(), "{field} in {alert}");
    }
    // The tile follows, with the alert in it.
    let tile = drawn(&mut screen).await;
    assert_eq!(tile["patient"]["latest"]["phosphate"]["value"], 2.3);
    let heartbeat = screen.until_type("heartbeat").await;
    assert!(heartbeat["now"].is_string() && heartbeat["cursor"].is_string());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_that_comes_back_gets_only_what_followed() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    house.admit("B2", "6E", "02").await;
    let mut screen = house.follow(None, subscribe()).await;
    screen.until_type("snapshot").await;
    house.phosphate_falls("B1").await;
    let last = drawn(&mut screen).await["cursor"].clone();
    drop(screen);
    house.phosphate_falls("B2").await;

    let mut again = house.follow(None, json!({"type": "subscribe", "after": last})).await;
    let frame = again.until(|frame| of("B2", frame) || frame["type"] == "snapshot").await;
    assert_eq!(frame["type"], "alert", "{frame}");

    for strange in
        ["", "nonsense", "00000000-1-1", last.as_str().expect("text").split('-').next().expect("an epoch")]
    {
        let mut other = house.follow(None, json!({"type": "subscribe", "after": strange})).await;
        assert_eq!(other.next().await.expect("a frame")["type"], "snapshot", "{strange}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_from_before_a_restart_still_counts() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    house.admit("B2", "6E", "02").await;
    let mut screen = house.follow(None, subscribe()).await;
    screen.until_type("snapshot").await;
    house.phosphate_falls("B1").await;
    let last = drawn(&mut screen).await["cursor"].clone();
    let closed = screen.until_closed();
    let (folder, ()) = tokio::join!(house.close(), closed);

    let house = reopened(folder).await;
    house.phosphate_falls("B2").await;
    let mut again = house.follow(None, json!({"type": "subscribe", "after": last})).await;
    let frame = again.until(|frame| of("B2", frame) || frame["type"] == "snapshot").await;
    assert_eq!(frame["type"], "alert", "{frame}");
    // Tiles are drawn again for everybody, because nobody knows what was lost with the process.
    again.until(|frame| frame["type"] == "patient" && frame["patient"]["id"] == "B1").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_subscriber_gets_a_fresh_snapshot_and_delays_nobody() {
    const BEDS: i64 = 60;
    const ROUNDS: i64 = 15;
    let house = house().await;
    let beds: Vec<String> = (1..=BEDS).map(|bed| format!("{bed:02}")).collect();
    let now = house.clock.now();
    house
        .happen(beds.iter().map(|bed| moved(&format!("B{bed}"), CensusKind::Admit, "6E", bed, now)).collect())
        .await;
    let mut slow = house.connect_small(None).await;
    slow.send(subscribe()).await;
    let mut quick = house.follow(None, subscribe()).await;
    quick.until_type("snapshot").await;
    // Nobody reads from `slow` while every bed changes again and again, until its connection and then its queue are
    // full. The quick one sees each round to its end.
    let shows = |frame: &Json, bed: &str, rate: i64| {
        let tiles = frame["patients"].as_array().into_iter().flatten().chain([&frame["patient"]]);
        tiles.into_iter().any(|tile| tile["bed"] == bed && tile["latest"]["heart_rate"]["value"] == rate)
    };
    for round in 1..=ROUNDS {
        let at = now - Span::minutes(ROUNDS - round);
        let values = beds.iter().map(|bed| seen(&format!("B{bed}"), "heart_rate", (60 + round) * 1000, at));
        house.happen(values.collect()).await;
        quick.until(|frame| shows(frame, "60", 60 + round)).await;
    }
    let resyncs = |figures: &Json| {
        figures.as_str().is_some_and(|text| !text.contains("stormwatch_socket_resyncs_total 0"))
    };
    assert!(!resyncs(&house.get("/metrics", None).await.1), "the quick one never fell behind");
    slow.until(|frame| frame["type"] == "snapshot" && shows(frame, "60", 60 + ROUNDS)).await;
    assert!(resyncs(&house.get("/metrics", None).await.1));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_is_narrowed_by_ward_and_priority_on_the_server() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    house.admit("B2", "7W", "02").await;
    let mut east = house.follow(None, json!({"type": "subscribe", "wards": ["6E"]})).await;
    let snapshot = east.until_type("snapshot").await;
    assert_eq!(snapshot["patients"].as_array().map(Vec::len), Some(1));
    let mut grave = house.follow(None, json!({"type": "subscribe", "min_priority": "medium"})).await;
    grave.until_type("snapshot").await;
    house.phosphate_falls("B2").await;
    house.phosphate_falls("B1").await;
    let first = east.until(|frame| frame["type"] == "alert").await;
    assert_eq!(first["alert"]["patient"], "B1");
    // A fall by a third is also the deeper rule, of medium priority: of the two only that one comes here.
    let first = grave.until(|frame| frame["type"] == "alert").await;
    assert_eq!(first["alert"]["priority"], "medium");
    let tile = drawn(&mut grave).await;
    let alerts = tile["patient"]["alerts"].as_array().expect("a list").clone();
    assert!(
        alerts.iter().all(|alert| alert["priority"] != "low" && alert["priority"] != "info"),
        "{alerts:?}"
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patient_who_leaves_the_ward_leaves_its_screens() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    let mut east = house.follow(None, json!({"type": "subscribe", "wards": ["6E"]})).await;
    let first = east.until_type("snapshot").await["cursor"].clone();
    let mut west = house.follow(None, json!({"type": "subscribe", "wards": ["7W"]})).await;
    west.until_type("snapshot").await;
    // Drawn once in its place, so that displays know where it was.
    east.until_type("patient").await;
    house.happen(vec![moved("B1", CensusKind::Move, "7W", "09", house.clock.now())]).await;
    let snapshot = east.until_type("snapshot").await;
    assert_eq!(snapshot["patients"], json!([]));
    // A screen that was away while its patient went on twice must not keep the patient either.
    let place = snapshot["cursor"].clone();
    let arrived = west.until(|frame| frame["type"] == "patient").await;
    assert_eq!((&arrived["patient"]["id"], &arrived["patient"]["bed"]), (&json!("B1"), &json!("09")));
    house.happen(vec![moved("B1", CensusKind::Discharge, "7W", "09", house.clock.now())]).await;
    let left = west.until(|frame| frame["type"] == "patient").await;
    assert_eq!((&left["patient"]["bed"], &left["patient"]["admitted"]), (&Json::Null, &json!(false)));
    let before =
        house.follow(None, json!({"type": "subscribe", "wards": ["6E"], "after": first})).await.next().await;
    assert_eq!(before.expect("a frame")["type"], "snapshot");
    let mut since = house.follow(None, json!({"type": "subscribe", "wards": ["5S"], "after": place})).await;
    let frame = since.next().await.expect("a frame");
    assert_eq!(frame["type"], "heartbeat", "a ward the patient was never in has missed nothing: {frame}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acknowledgement_reaches_every_screen_and_a_refusal_only_its_sender() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    let nurse = house.user("aoki", Role::Nurse, &["6E"], Identity::P3);
    let wall = house.user("wall", Role::Display, &["6E"], Identity::P0);
    let mut desk = house.follow(Some(&nurse), subscribe()).await;
    let mut screen = house.follow(Some(&wall), subscribe()).await;
    desk.until_type("snapshot").await;
    screen.until_type("snapshot").await;
    house.phosphate_falls("B1").await;
    let id = warned(&mut desk).await["alert"]["id"].clone();

    screen.send(json!({"type": "acknowledge", "alert": id})).await;
    let refused = screen.until_type("error").await;
    assert!(refused["reason"].as_str().is_some_and(|reason| reason.contains("display")), "{refused}");
    for strange in [
        json!({"type": "shout"}),
        json!([1]),
        json!({"type": "painted", "cursor": "x"}),
        json!({"type": "subscribe"}),
    ] {
        screen.send(strange).await;
        screen.until_type("error").await;
    }

    desk.send(json!({"type": "acknowledge", "alert": id, "comment": "replacing"})).await;
    // What was typed may name the patient, so a wall that shows beds only does not get it.
    for (other, comment) in [(&mut desk, "replacing"), (&mut screen, "")] {
        let frame = other.until(|frame| is_alert(frame, "phosphate-fall", "acknowledged")).await;
        let by = &frame["alert"]["acknowledged"];
        assert_eq!(
            (&by["by"], &by["role"], &by["comment"]),
            (&json!("aoki"), &json!("nurse"), &json!(comment))
        );
    }
    desk.send(json!({"type": "acknowledge", "alert": "99-9"})).await;
    let refused = desk.until_type("error").await;
    assert_eq!(refused["alert"], "99-9");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_screen_drew_and_that_it_stopped_is_recorded() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    let wall = house.user("wall", Role::Display, &["6E"], Identity::P0);
    let mut screen = house.follow(Some(&wall), subscribe()).await;
    screen.until_type("snapshot").await;
    house.phosphate_falls("B1").await;
    let frame = warned(&mut screen).await;
    let painted = json!({"type": "painted", "cursor": frame["cursor"]});
    let id = frame["alert"]["id"].as_str().expect("an id").to_owned();
    screen.send(json!({"type": "sound", "on": false})).await;
    screen.send(painted.clone()).await;
    screen.send(painted).await;
    let drawn = |house: &House| {
        let wanted = AlertId(id.as_str().into());
        let events = house.recorded();
        let deliveries =
            events.iter().filter(|event| matches!(event, Event::Delivery(d) if d.alert == wanted));
        (deliveries.count(), events)
    };
    // Receipts are written within a second or so; each heartbeat is a look.
    let mut found = drawn(&house);
    while found.0 == 0 {
        screen.until_type("heartbeat").await;
        found = drawn(&house);
    }
    assert_eq!(found.0, 1, "the same drawing is recorded once");
    let reports = |events: &[Event]| -> Vec<(String, bool, Option<bool>)> {
        let reports = events.iter().filter_map(|event| match event {
            Event::Display(report) => Some((report.display.clone(), report.painting, report.sound)),
            _ => None,
        });
        reports.collect()
    };
    assert_eq!(reports(&found.1), [("wall@6E".to_owned(), true, Some(false))]);
    // It goes on hearing and draws no more: nobody can be looking at it.
    while reports(&house.recorded()).len() < 2 {
        screen.until_type("heartbeat").await;
    }
    assert_eq!(reports(&house.recorded())[1], ("wall@6E".to_owned(), false, None));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_subscribe_first_or_is_revoked_is_let_go() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    let token = house.user("aoki", Role::Nurse, &["6E"], Identity::P3);
    assert!(house.connect(None).await.is_err(), "with users, nobody comes in without a token");
    assert!(house.connect(Some("wrong")).await.is_err());
    for first in [json!({"type": "painted", "cursor": "x"}), json!({"type": "subscribe", "wards": ["7W"]})] {
        let mut screen = house.follow(Some(&token), first).await;
        assert_eq!(screen.next().await.expect("a frame")["type"], "error");
        assert_eq!(screen.next().await, None);
    }
    let mut screen = house.follow(Some(&token), subscribe()).await;
    screen.until_type("snapshot").await;
    house.access.revoke("aoki", house.clock.now()).expect("revoked");
    screen.until_type("error").await;
    assert_eq!(screen.next().await, None);
    let mut silent =
        house.connect(Some(&house.user("baba", Role::Nurse, &["6E"], Identity::P3))).await.expect("accepted");
    assert_eq!(silent.next().await.expect("a frame")["type"], "error");
    house.close().await;
}

/// Frames as no page of ours would send them: wrong words, wrong types, too much, nothing.
fn nonsense() -> Vec<String> {
    let text = || prop_oneof!["\\PC{0,12}", Just("acknowledge".to_owned()), Just("painted".to_owned())];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        text().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
    ];
    let tree = leaf.prop_recursive(4, 32, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::vec((text(), inner), 0..5)
                .prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    });
    let key =
        prop_oneof!["type", "alert", "cursor", "comment", "on", "wards", "after", "identity", "min_priority"];
    let kind = prop_oneof![Just("subscribe"), Just("acknowledge"), Just("painted"), Just("sound")];
    let frame = (kind, prop::collection::vec((key, tree.clone()), 0..5)).prop_map(|(kind, fields)| {
        let mut frame: serde_json::Map<String, Json> =
            [("type".to_owned(), Json::from(kind))].into_iter().collect();
        frame.extend(fields);
        Json::Object(frame).to_string()
    });
    let cut = (frame.clone(), any::<prop::sample::Index>()).prop_map(|(frame, place)| {
        frame.chars().take(place.index(frame.chars().count().max(1))).collect::<String>()
    });
    let any_frame = prop_oneof![frame, cut, tree.prop_map(|tree| tree.to_string()), "\\PC{0,64}"];
    let mut runner = TestRunner::deterministic();
    (0..600).map(|_| any_frame.new_tree(&mut runner).expect("a frame").current()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_that_make_no_sense_are_refused_and_harm_nobody_else() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    let mut other = house.follow(None, subscribe()).await;
    other.until_type("snapshot").await;
    for (n, frames) in nonsense().chunks(60).enumerate() {
        // Every second connection says nothing sensible from its first frame on.
        let mut screen = house.connect(None).await.expect("accepted");
        if n % 2 == 0 {
            screen.send(subscribe()).await;
        }
        for frame in frames {
            // Closed after too much of it, which is an answer too.
            if screen.socket.send(Message::Text(frame.clone().into())).await.is_err() {
                break;
            }
        }
        if n % 2 == 0 {
            let refused = screen.until_type("error").await;
            assert!(refused["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{refused}");
        } else {
            screen.until_closed().await;
        }
    }
    house.happen(vec![seen("B1", "temperature", 38_400, house.clock.now())]).await;
    let told = |frame: &Json| frame["patient"]["latest"]["temperature"]["value"] == 38.4;
    other.until(told).await;
}
