//! Pages, probes, lists, and what every answer carries.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::house::{SOON, house, opened};
use crate::display::access::{Identity, NewUser, Wards};
use crate::display::probe::OPENAPI;
use crate::display::route::{Who, table};
use crate::model::Role;
use crate::tls::{self, Tls, TlsFiles};

#[test]
fn the_description_lists_exactly_the_addresses_and_roles_there_are() {
    let described: Json = serde_json::from_str(OPENAPI).expect("JSON");
    let mut listed = BTreeSet::new();
    for (path, methods) in described["paths"].as_object().expect("paths") {
        for (method, told) in methods.as_object().expect("methods") {
            listed.insert(format!("{} {path} {}", method.to_uppercase(), told["x-roles"]));
        }
    }
    let rows = table().into_iter().map(|row| row.entrance);
    let there: BTreeSet<String> = rows
        .map(|row| {
            let roles: Json = match row.who {
                Who::Anyone => Json::Null,
                Who::Roles(roles) => roles.iter().map(|role| role.name()).collect(),
            };
            format!("{} {} {roles}", row.method, row.path)
        })
        .collect();
    assert_eq!(listed, there);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_probe_tells_alive_from_ready() {
    let house = house().await;
    assert_eq!(house.get("/healthz", None).await.0, 200);
    let (status, ready) = house.get("/readyz", None).await;
    assert_eq!((status, &ready["ready"]), (200, &json!(true)), "{ready}");
    let (status, figures) = house.get("/metrics", None).await;
    assert_eq!(status, 200);
    assert!(figures.as_str().is_some_and(|text| text.contains("stormwatch_sockets")), "{figures}");
    let journal = house.journal.clone();
    tokio::task::spawn_blocking(move || journal.close()).await.expect("no panic");
    let (status, ready) = house.get("/readyz", None).await;
    assert_eq!(status, 503);
    assert!(ready["reasons"][0].as_str().is_some_and(|reason| reason.contains("journal")), "{ready}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_forbids_what_is_not_ours() {
    let house = house().await;
    for (path, status) in [
        ("/", 200),
        ("/wall?ward=6E", 200),
        ("/patients/B1", 200),
        ("/api/v1/patients", 200),
        ("/api/v1/nothing", 404),
        ("/nothing", 404),
    ] {
        let (got, head, _) = house.raw("GET", path, "", None).await;
        assert_eq!(got, status, "{path}");
        for line in [
            "content-security-policy: default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; style-src 'self'; script-src 'self'; font-src 'self'; worker-src 'self'; frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
        ] {
            assert!(head.contains(line), "{path}: {head}");
        }
    }
    let (_, head, _) = house.raw("GET", "/api/v1/patients", "", None).await;
    assert!(head.contains("cache-control: no-store"), "{head}");
    let (status, problem) = house.post("/api/v1/patients", None, json!({})).await;
    assert_eq!((status, &problem["status"]), (405, &json!(405)));
    // Refused by the framework before anything of ours saw it, and told in the same form.
    let (status, problem) = house.get("/ws/v1", None).await;
    assert!((400..500).contains(&status), "{status}");
    assert!(problem["detail"].is_string(), "{problem}");
    assert_eq!(house.get("/api/v1/patients/%FF", None).await.1["status"], 400);
    let large = json!({"comment": "x".repeat(300_000)});
    assert_eq!(house.post("/api/v1/alerts/1-1/acknowledge", None, large).await.0, 413);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quarantine_is_listed_read_and_tried_again() {
    let house = house().await;
    house.quarantine("q-1").await;
    let (status, list) = house.get("/api/v1/quarantine", None).await;
    assert_eq!(status, 200);
    assert!(
        list["quarantine"][0]["reason"].as_str().is_some_and(|reason| reason.contains("furlong")),
        "{list}"
    );
    let (_, one) = house.get("/api/v1/quarantine/q-1", None).await;
    assert_eq!(one["raw"], "MSH|^~\\&|LIS\nOBX|1");
    let (status, tried) = house.post("/api/v1/quarantine/q-1/retry", None, json!({})).await;
    assert_eq!((status, &tried["used"]), (200, &json!(1)), "{tried}");
    assert_eq!(house.post("/api/v1/quarantine/q-9/retry", None, json!({})).await.0, 404);
    assert_eq!(house.retries.load(Ordering::SeqCst), 1);
    assert_eq!(house.get("/api/v1/quarantine?state=odd", None).await.0, 422);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_scores_feeds_and_figures_are_listed() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    house.phosphate_falls("B1").await;
    let (_, rules) = house.get("/api/v1/rules", None).await;
    let fall = rules["rules"].as_array().expect("rules").iter().find(|rule| rule["id"] == "phosphate-fall");
    let fall = fall.expect("shipped");
    assert_eq!((&fall["fired"], &fall["priority"]), (&json!(1), &json!("low")), "{fall}");
    assert!(fall["last_fired"].is_string() && fall["rationale"]["cause"].is_string());
    let (_, scores) = house.get("/api/v1/scores", None).await;
    let crs = scores["scores"]
        .as_array()
        .expect("scores")
        .iter()
        .find(|score| score["name"] == "crs")
        .expect("listed");
    assert!(crs["table"].as_array().is_some_and(|rows| !rows.is_empty()) && crs["title"]["ja"].is_string());
    let (status, feeds) = house.get("/api/v1/feeds", None).await;
    assert_eq!(status, 200);
    assert!(feeds["feeds"].is_array());
    let (_, quality) = house.get("/api/v1/quality", None).await;
    assert!(quality["alerts"].as_u64().is_some_and(|count| count >= 1), "{quality}");
    for field in [
        "patient_days",
        "alerts_per_patient_day",
        "interruptive_per_patient_day",
        "floods",
        "chattering",
        "standing",
        "top",
        "ack_seconds",
        "ratings",
        "by_day",
    ] {
        assert!(quality.get(field).is_some(), "{field} in {quality}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_tls_the_cookie_is_for_tls_only_and_a_stalled_handshake_delays_nobody() {
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let files = TlsFiles {
        certificate: folder.path().join("http.crt"),
        key: folder.path().join("http.key"),
        client_ca: None,
    };
    std::fs::write(&files.certificate, made.cert.pem()).expect("written");
    std::fs::write(&files.key, made.signing_key.serialize_pem()).expect("written");
    let house = opened(folder, Some(Tls::load(&files).expect("a pair that fits"))).await;
    let user =
        NewUser { name: "aoki".into(), role: Role::Nurse, wards: Wards::Every, identity: Identity::P3 };
    house.access.add_user(&user, Some("a long enough password"), house.clock.now()).expect("added");

    let _stalled = TcpStream::connect(house.at).await.expect("connects");
    let body = json!({"name": "aoki", "password": "a long enough password"}).to_string();
    let request = format!(
        "POST /api/v1/login HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let ask = async {
        let connector =
            tokio_rustls::TlsConnector::from(tls::client(&files.certificate).expect("an authority"));
        let stream = TcpStream::connect(house.at).await.expect("connects");
        let mut stream =
            connector.connect("localhost".try_into().expect("a name"), stream).await.expect("TLS");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        // A server that closes without a farewell is no failure once the answer is whole.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).expect("text")
    };
    let answer = tokio::time::timeout(SOON, ask).await.expect("answered soon");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let cookie = answer.lines().find(|line| line.starts_with("set-cookie: ")).expect("a cookie");
    assert!(cookie.contains("__Host-stormwatch=") && cookie.contains("; Secure"), "{cookie}");
    assert!(answer.contains("strict-transport-security: max-age="), "{answer}");
    house.close().await;
}
