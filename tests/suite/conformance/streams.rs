//! Rows 78 to 86: MQTT, and screens that are slow or come back.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::broker::{Broker, connected, temperature};
use crate::support::*;

const TOPIC: &str = "stormwatch/v1/6E/01/vitals";

fn ward(broker: &Broker) -> Service {
    let service = Service::start_with(&["--mqtt", &broker.url()]);
    service.send(&adt("S1", "01", "A", "A01"));
    connected(&service, "mqtt");
    service
}

fn arrives(service: &Service, value: f64) {
    let there = || service.values("S1", "temperature").contains(&value).then_some(());
    eventually(PATIENCE, there).unwrap_or_else(|| panic!("{value} did not arrive"));
}

fn padded(seconds_ago: i64, value: &str, bytes: usize) -> String {
    let note = format!("\"note\":\"{}\",\"patient\"", "x".repeat(bytes));
    temperature("S1", seconds_ago, value).replace("\"patient\"", &note)
}

#[test]
fn row_78_a_large_payload_is_taken_and_one_too_large_is_named_and_blocks_nothing() {
    let broker = Broker::configured("allow_anonymous true\nmessage_size_limit 0\n");
    let service = ward(&broker);
    // Larger than the client library's own limit, which would block the session for ever.
    broker.publish_lines(TOPIC, &format!("{}\n", padded(30, "38.1", 20_000)));
    arrives(&service, 38.1);
    // Larger than telemetry may be: refused by name.
    broker.publish_lines(TOPIC, &format!("{}\n", padded(20, "38.2", 2_000_000)));
    broker.publish(TOPIC, &temperature("S1", 10, "38.3"));
    arrives(&service, 38.3);
    assert!(service.quarantine().iter().any(|row| row["class"] == "too-large"));
    // Larger than anything we take off the line: the broker repeats it with every connection until it is taken.
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("huge");
    std::fs::write(&file, padded(5, "38.4", 20_000_000)).expect("written");
    broker.publish_with(&["-t", TOPIC, "-f", file.to_str().expect("a plain path")]);
    broker.publish(TOPIC, &temperature("S1", 1, "38.5"));
    arrives(&service, 38.5);
    assert!(service.figure("stormwatch_oddities_total{what=\"oversized-publication\"}") >= 1);
    assert_eq!(service.quarantine().iter().filter(|row| row["class"] == "too-large").count(), 2);
    assert!(!service.values("S1", "temperature").contains(&38.2));
}

#[test]
fn row_79_what_was_not_acknowledged_comes_again_and_counts_once() {
    // What waits for a service that is away is the broker's to keep: as many as may come meanwhile.
    let broker = Broker::configured("allow_anonymous true\nmax_queued_messages 100000\n");
    let mut service = ward(&broker);
    let lines: String =
        (0..2_000).map(|n| temperature("S1", 4_000 - n, &format!("37.{:03}", n % 1000)) + "\n").collect();
    let (data, url) = (service.data.clone(), broker.url());
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| broker.publish_lines(TOPIC, &lines));
        std::thread::sleep(Duration::from_millis(400));
        // Killed between the disk and the acknowledgements.
        service.kill();
        sending.join().expect("sent");
    });
    let again = Service::start_in(&data, &["--mqtt", &url]);
    let all = || (again.values("S1", "temperature").len() >= 2_000).then_some(());
    eventually(PATIENCE, all).expect("everything arrives");
    assert_eq!(again.values("S1", "temperature").len(), 2_000, "and each once");
    again.get_text("/healthz");
    drop(service);
}

#[test]
fn row_80_a_broker_that_forgot_the_session_is_asked_again_and_the_gap_is_said() {
    // Without persistence: a restart forgets sessions and what waited in them.
    let mut broker = Broker::start();
    let service = ward(&broker);
    broker.publish(TOPIC, &temperature("S1", 20, "38.1"));
    arrives(&service, 38.1);
    broker.restart();
    let forgotten =
        || (service.figure("stormwatch_oddities_total{what=\"session-lost\"}") == 1).then_some(());
    eventually(PATIENCE, forgotten).expect("the gap is noticed");
    connected(&service, "mqtt");
    broker.publish(TOPIC, &temperature("S1", 2, "38.2"));
    arrives(&service, 38.2);
    let alerts = service.get("/api/v1/alerts").to_string();
    assert!(alerts.contains("service-impaired") && alerts.contains("mqtt"), "{alerts}");
}

/// A broker that lets everybody in and refuses every subscription.
fn refusing_broker() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut packet = [0u8; 1024];
            while let Ok(count @ 1..) = stream.read(&mut packet) {
                let answer: &[u8] = match packet[0] >> 4 {
                    1 => &[0x20, 2, 0, 0],
                    // The packet's number follows its two bytes of header.
                    8 if count > 3 => &[0x90, 3, packet[2], packet[3], 0x80],
                    12 => &[0xd0, 0],
                    _ => &[],
                };
                if stream.write_all(answer).is_err() {
                    break;
                }
            }
        }
    });
    port
}

#[test]
fn row_80_a_subscription_that_is_refused_is_said() {
    let service = Service::start_with(&["--mqtt", &format!("mqtt://127.0.0.1:{}", refusing_broker())]);
    let said = || {
        let alerts = service.get("/api/v1/alerts");
        let alert =
            alerts["alerts"].as_array()?.iter().find(|alert| alert["rule"] == "service-impaired")?.clone();
        let whole = service.get(&format!("/api/v1/alerts/{}", alert["id"].as_str()?)).to_string();
        whole.contains("refuses stormwatch/v1/+/+/vitals").then_some(())
    };
    eventually(PATIENCE, said).expect("a refused subscription is no silence");
}

#[test]
fn row_81_a_retained_value_raises_nothing_however_young_and_says_what_it_is() {
    let at = stamp(-2);
    let hl7 = format!(
        "MSH|^~\\&|GW|KUH|S|K|{at}||ORU^R01|KEPT|P|2.5\rPID|||S1^^^KUH^MR\rOBR|1|||V|||{at}\r\
         OBX|1|NM|8480-6^SBP^LN||60|mm[Hg]|||||F|||{at}\r"
    );
    let json = temperature("S1", 120, "40.5")
        .replace("}]}", "},{\"code\":\"8480-6\",\"system\":\"LN\",\"value\":60,\"unit\":\"mm[Hg]\"}]}");
    for kept in [json, hl7] {
        let broker = Broker::start();
        broker.publish_with(&["-r", "-t", TOPIC, "-m", &kept]);
        let service = ward(&broker);
        let latest = || service.get("/api/v1/patients/S1")["latest"]["systolic"].clone();
        let there =
            eventually(PATIENCE, || Some(latest()).filter(|row| row["value"] == 60)).expect("it is shown");
        assert_eq!((&there["stale"], &there["flag"]), (&json!(true), &json!("retained")), "{there}");
        broker.publish(TOPIC, &temperature("S1", 10, "36.8"));
        arrives(&service, 36.8);
        assert!(service.open_alerts("S1").is_empty(), "{:?}", service.open_alerts("S1"));
        assert!(service.values("S1", "systolic").is_empty(), "and no window holds it");
    }
}

#[test]
fn row_82_the_same_payload_twice_counts_once_without_any_mark() {
    let broker = Broker::start();
    let service = ward(&broker);
    let payload = temperature("S1", 30, "38.1");
    for _ in 0..3 {
        broker.publish(TOPIC, &payload);
    }
    broker.publish(TOPIC, &temperature("S1", 10, "38.2"));
    arrives(&service, 38.2);
    assert_eq!(service.values("S1", "temperature"), [38.1, 38.2]);
    assert_eq!(service.figure("stormwatch_messages_total{answer=\"repeated\",via=\"mqtt\"}"), 2);
}

#[test]
fn row_82_an_id_used_for_two_payloads_loses_neither() {
    let broker = Broker::start();
    let service = ward(&broker);
    let with_id = |value: &str, seconds| temperature("S1", seconds, value).replacen('{', "{\"id\":\"1\",", 1);
    let first = with_id("38.1", 40);
    broker.publish(TOPIC, &first);
    broker.publish(TOPIC, &first);
    broker.publish(TOPIC, &with_id("38.9", 30));
    broker.publish(TOPIC, &temperature("S1", 10, "38.2"));
    arrives(&service, 38.2);
    assert_eq!(
        service.values("S1", "temperature"),
        [38.1, 38.2],
        "the first use of an id is the one that counts"
    );
    // A refusal is written beside what is used, and may be a moment later.
    let told = || service.quarantine().iter().any(|row| row["class"] == "reused-id").then_some(());
    eventually(PATIENCE, told).expect("the second use is told of");
}

#[test]
fn row_83_payloads_that_cannot_be_used_are_acknowledged_and_kept() {
    let broker = Broker::start();
    let service = ward(&broker);
    let deep = "[".repeat(5_000) + &"]".repeat(5_000);
    let huge = temperature("S1", 50, "1e999");
    let nan = temperature("S1", 50, "NaN");
    let bad = ["{", "null", "[]", deep.as_str(), huge.as_str(), nan.as_str(), "\u{0}\u{1}", "38.4"];
    for payload in bad {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("payload");
        std::fs::write(&file, payload).expect("written");
        broker.publish_with(&["-t", TOPIC, "-f", file.to_str().expect("a plain path")]);
    }
    broker.publish(TOPIC, &temperature("S1", 10, "38.2"));
    arrives(&service, 38.2);
    let rows = service.quarantine().len();
    assert_eq!(rows, bad.len(), "each is kept");
    // Acknowledged: another connection brings none of them again.
    let service = service.crash_and_restart();
    drop(service);
}

#[test]
fn row_84_a_gateway_that_goes_offline_is_said_at_once() {
    let broker = Broker::start();
    let config = format!(
        "[[mqtt]]\nurl = \"{}\"\ntopics = [\"gw/{{ward}}/{{bed}}/vitals\", \"gw/{{ward}}/{{bed}}/status\"]\n",
        broker.url()
    );
    let service = Service::configured(&config);
    service.send(&adt("S1", "01", "A", "A01"));
    connected(&service, "mqtt");
    broker.publish("gw/6E/01/status", "offline");
    let impaired = |service: &Service| {
        let alerts = service.get("/api/v1/alerts");
        let rows = alerts["alerts"].as_array().expect("alerts").clone();
        rows.into_iter().find(|alert| alert["rule"] == "service-impaired")
    };
    let alert = eventually(PATIENCE, || impaired(&service)).expect("an alert");
    assert_eq!(alert["state"], "active");
    assert!(service.quarantine().is_empty(), "a last will is no broken payload");
    broker.publish("gw/6E/01/vitals", &temperature("S1", 5, "37.5"));
    let over = || impaired(&service).filter(|alert| alert["state"] != "active");
    eventually(PATIENCE, over).expect("values from the gateway end it");
}

#[test]
fn row_84_a_feed_that_falls_silent_raises_an_alert() {
    let broker = Broker::start();
    let config = format!("[site]\nfeed_silent_after_seconds = 2\n[[mqtt]]\nurl = \"{}\"\n", broker.url());
    let service = Service::configured(&config);
    service.send(&adt("S1", "01", "A", "A01"));
    connected(&service, "mqtt");
    broker.publish(TOPIC, &temperature("S1", 5, "37.5"));
    arrives(&service, 37.5);
    let silent = || service.get("/api/v1/alerts").to_string().contains("feed-silent").then_some(());
    eventually(PATIENCE, silent).expect("silence is not good news");
}

#[test]
fn row_85_a_screen_that_does_not_read_costs_nobody_else_anything() {
    let service = Service::start();
    service.send(&adt("S1", "01", "A", "A01"));
    let before = service.memory();
    // They subscribe and never read again.
    let slow: Vec<Frames> = (0..20).map(|_| service.subscribe()).collect();
    let mut quick = service.subscribe();
    let mut line = service.connect();
    for n in 0..1_500 {
        let rows = [(TEMPERATURE.0, TEMPERATURE.1, "37.4", "Cel")];
        assert_eq!(code(&line.exchange(&oru("S1", &format!("N{n}"), -n, "F", &rows))), "AA");
    }
    service.send(&adt("S2", "02", "LAST", "A01"));
    let arrived = quick.wait(PATIENCE, |frame| frame["type"] == "patient" && frame["patient"]["id"] == "S2");
    assert!(arrived.is_some(), "a quick screen is served");
    let grown = service.memory().saturating_sub(before);
    assert!(grown < 128, "memory grew {grown} MiB");
    drop(slow);
}

#[test]
fn row_86_a_screen_that_comes_back_gets_what_it_missed() {
    let service = Service::start();
    service.send(&adt("S1", "01", "A", "A01"));
    let mut frames = service.subscribe();
    let beat = frames.wait(PATIENCE, |frame| frame["type"] == "heartbeat").expect("a heartbeat");
    let cursor = beat["cursor"].as_str().expect("a cursor").to_owned();
    drop(frames);
    service.send(&adt("S2", "02", "B", "A01"));
    let mut again = service.subscribe_after(&cursor);
    let missed = again.wait(PATIENCE, |frame: &Json| match frame["type"].as_str() {
        Some("patient") => frame["patient"]["id"] == "S2",
        Some("snapshot") => frame.to_string().contains("\"S2\""),
        _ => false,
    });
    assert!(missed.is_some(), "what happened meanwhile is told, or the whole of it");
}
