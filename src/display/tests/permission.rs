//! Every address, every role, every kind of bad credential, every ward but one's own.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::json;

use super::house::{House, house, subscribe};
use crate::display::access::{Identity, secret, session};
use crate::display::route::{Who, table};
use crate::model::{Role, Span};

const ROLES: [Role; 5] = [Role::Display, Role::Nurse, Role::Physician, Role::Engineer, Role::Admin];

async fn status(house: &House, method: &Method, path: &str, token: Option<&str>) -> u16 {
    let path = path.replace("{id}", "B1");
    match *method {
        Method::GET => house.get(&path, token).await.0,
        _ => house.post(&path, token, json!({})).await.0,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_address_admits_exactly_the_roles_of_its_row() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    let tokens: Vec<(Role, String)> =
        ROLES.iter().map(|role| (*role, house.user(role.name(), *role, &["6E"], Identity::P3))).collect();
    let revoked = house.user("revoked", Role::Admin, &[], Identity::P3);
    house.access.revoke("revoked", house.clock.now()).expect("revoked");
    house.user("expired", Role::Admin, &[], Identity::P3);
    let past = house.clock.now() - Span::SECOND;
    let expired = house.access.add_token("expired", Some(past), past - Span::DAY).expect("a token");
    for endpoint in table().into_iter().map(|row| row.entrance) {
        let (method, path) = (&endpoint.method, endpoint.path);
        for bad in [None, Some(revoked.as_str()), Some(expired.as_str()), Some("not-a-token")] {
            let got = status(&house, method, path, bad).await;
            match endpoint.who {
                Who::Roles(_) => assert_eq!(got, 401, "{method} {path} with {bad:?}"),
                Who::Anyone => assert_ne!(got, 403, "{method} {path} with {bad:?}"),
            }
        }
        for (role, token) in &tokens {
            let got = status(&house, method, path, Some(token)).await;
            let admitted = got != 401 && got != 403;
            assert_eq!(admitted, endpoint.who.admits(*role), "{method} {path} as {}: {got}", role.name());
        }
    }
    house.close().await;
}

/// A cookie for this user, as if the person had signed in so long ago.
fn cookie(house: &House, user: &str, ago: Span) -> String {
    let token = house.access.start_session(user, "127.0.0.1", house.clock.now() - ago).expect("a session");
    format!("cookie: {}={token}\r\norigin: http://{}\r\n", session::COOKIE, house.at)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_address_refuses_a_session_that_is_over_unused_signed_out_or_revoked() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    for name in ["idle", "over", "out", "revoked", "good"] {
        house.user(name, Role::Admin, &[], Identity::P3);
    }
    // Starting a session clears away the stale ones, so those come last.
    let good = cookie(&house, "good", Span::ZERO);
    let signed_out = house.access.start_session("out", "127.0.0.1", house.clock.now()).expect("a session");
    house.access.end_session(&secret::hash(&signed_out)).expect("ended");
    let signed_out = format!("cookie: {}={signed_out}\r\n", session::COOKIE);
    let revoked = cookie(&house, "revoked", Span::ZERO);
    house.access.revoke("revoked", house.clock.now()).expect("revoked");
    let over = cookie(&house, "over", session::LONGEST);
    let idle = cookie(&house, "idle", session::IDLE);
    for row in table().into_iter().map(|row| row.entrance) {
        let path = row.path.replace("{id}", "B1");
        let body = (row.method != Method::GET).then(|| json!({}));
        for (bad, what) in [(&signed_out, "out"), (&revoked, "revoked"), (&over, "over"), (&idle, "idle")] {
            let (status, _, text) = house.raw(row.method.as_str(), &path, bad, body.clone()).await;
            match row.who {
                Who::Roles(_) => assert_eq!(status, 401, "{} {path}, {what}: {text}", row.method),
                Who::Anyone => assert_ne!(status, 403, "{} {path}, {what}: {text}", row.method),
            }
        }
        if row.path != "/api/v1/logout" {
            let (status, _, text) = house.raw(row.method.as_str(), &path, &good, body).await;
            assert!(row.path == "/api/v1/login" || status != 401, "{} {path}: {text}", row.method);
            assert_ne!(status, 403, "{} {path}: {text}", row.method);
        }
    }
    house.close().await;
}

/// What an account of another ward meets.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Elsewhere {
    /// Nothing here belongs to a ward.
    Alike,
    /// The ward's patients and alerts are left out.
    LeftOut,
    /// No such patient, no such alert.
    NotFound,
}

/// By method and path. An address that is not here fails the test below.
const ELSEWHERE: [(&str, &str, Elsewhere); 32] = [
    ("GET", "/healthz", Elsewhere::Alike),
    ("GET", "/readyz", Elsewhere::Alike),
    ("GET", "/metrics", Elsewhere::Alike),
    ("GET", "/openapi.json", Elsewhere::Alike),
    ("GET", "/api/v1/session", Elsewhere::LeftOut),
    ("POST", "/api/v1/login", Elsewhere::Alike),
    ("POST", "/api/v1/logout", Elsewhere::Alike),
    ("GET", "/api/v1/patients", Elsewhere::LeftOut),
    ("GET", "/api/v1/patients/{id}", Elsewhere::NotFound),
    ("GET", "/api/v1/patients/{id}/series", Elsewhere::NotFound),
    ("POST", "/api/v1/patients/{id}/observations", Elsewhere::NotFound),
    ("POST", "/api/v1/patients/{id}/assessments", Elsewhere::NotFound),
    ("POST", "/api/v1/patients/{id}/therapies", Elsewhere::NotFound),
    ("POST", "/api/v1/patients/{id}/factors", Elsewhere::NotFound),
    ("GET", "/api/v1/alerts", Elsewhere::LeftOut),
    ("GET", "/api/v1/alerts/{id}", Elsewhere::NotFound),
    ("GET", "/api/v1/alerts/{id}/explanation", Elsewhere::NotFound),
    ("POST", "/api/v1/alerts/{id}/acknowledge", Elsewhere::NotFound),
    ("POST", "/api/v1/alerts/{id}/rate", Elsewhere::NotFound),
    ("POST", "/api/v1/alerts/{id}/undo", Elsewhere::NotFound),
    ("POST", "/api/v1/alerts/{id}/shelve", Elsewhere::NotFound),
    ("POST", "/api/v1/alerts/{id}/unshelve", Elsewhere::NotFound),
    ("POST", "/api/v1/alerts/{id}/close", Elsewhere::NotFound),
    // What could not be read has no ward yet; engineers and administrators alone see it.
    ("GET", "/api/v1/quarantine", Elsewhere::Alike),
    ("GET", "/api/v1/quarantine/{id}", Elsewhere::Alike),
    ("POST", "/api/v1/quarantine/{id}/retry", Elsewhere::Alike),
    ("GET", "/api/v1/rules", Elsewhere::LeftOut),
    ("GET", "/api/v1/scores", Elsewhere::Alike),
    ("GET", "/api/v1/quality", Elsewhere::LeftOut),
    ("GET", "/api/v1/feeds", Elsewhere::Alike),
    ("GET", "/api/v1/audit", Elsewhere::Alike),
    ("GET", "/ws/v1", Elsewhere::LeftOut),
];

#[test]
fn every_address_says_what_another_ward_meets() {
    let listed: BTreeSet<String> =
        ELSEWHERE.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    let there: BTreeSet<String> =
        table().into_iter().map(|row| format!("{} {}", row.entrance.method, row.entrance.path)).collect();
    assert_eq!(listed, there);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_and_news_leave_other_wards_out_for_every_role() {
    let house = house().await;
    house.admit("B1", "6E", "BED-77").await;
    house.phosphate_falls("B1").await;
    for role in ROLES {
        let own = house.user(&format!("own-{}", role.name()), role, &["6E"], Identity::P3);
        let other = house.user(&format!("other-{}", role.name()), role, &["7W"], Identity::P3);
        for (_, path, _) in ELSEWHERE.iter().filter(|row| row.2 == Elsewhere::LeftOut) {
            let row = table().into_iter().map(|row| row.entrance).find(|row| row.path == *path);
            if *path == "/ws/v1" || !row.expect("listed").who.admits(role) {
                continue;
            }
            let (status, answer) = house.get(path, Some(&other)).await;
            assert_eq!(status, 200, "{path} as {}", role.name());
            let text = answer.to_string();
            assert!(!text.contains("B1\"") && !text.contains("BED-77"), "{path} as {}: {text}", role.name());
            assert!(!text.contains("\"6E\""), "{path} as {}: {text}", role.name());
            if role != Role::Engineer && role != Role::Display {
                assert!(house.get(path, Some(&own)).await.1.to_string().contains("6E"), "{path}");
            }
        }
        let mut screen = house.follow(Some(&other), subscribe()).await;
        let snapshot = screen.until_type("snapshot").await;
        assert_eq!((&snapshot["patients"], &snapshot["alerts"]), (&json!([]), &json!([])), "{}", role.name());
        let mut screen = house.follow(Some(&other), json!({"type": "subscribe", "wards": ["6E"]})).await;
        let refused = screen.next().await.expect("a frame");
        assert_eq!(refused["type"], "error", "{}: {refused}", role.name());
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_ward_looks_like_no_patient_at_all() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    house.phosphate_falls("B1").await;
    let physician = house.user("sato", Role::Physician, &[], Identity::P3);
    let (_, alerts) = house.get("/api/v1/alerts", Some(&physician)).await;
    let alert = alerts["alerts"][0]["id"].as_str().expect("an alert").to_owned();
    let stranger = house.user("ueda", Role::Admin, &["7W"], Identity::P3);
    let hidden = |path: &str| ELSEWHERE.iter().any(|row| row.1 == path && row.2 == Elsewhere::NotFound);
    for endpoint in table().into_iter().map(|row| row.entrance).filter(|row| hidden(row.path)) {
        let is_alert = endpoint.path.contains("/alerts/");
        let body = json!({"minutes": 5, "reason": "x", "verdict": "known", "kind": "steroid", "age": 60});
        for (there, path) in [
            (true, endpoint.path.replace("{id}", if is_alert { &alert } else { "B1" })),
            (false, endpoint.path.replace("{id}", if is_alert { "99-9" } else { "B9" })),
        ] {
            let path = format!("{path}?analyte=phosphate");
            let (status, answer) = match endpoint.method {
                Method::GET => house.get(&path, Some(&stranger)).await,
                _ => {
                    let fitting: serde_json::Map<String, serde_json::Value> =
                        fields_of(endpoint.path, &body).into_iter().collect();
                    house.post(&path, Some(&stranger), fitting.into()).await
                }
            };
            assert_eq!(status, 404, "{} {path} ({there}): {answer}", endpoint.method);
        }
    }
    for path in ["/api/v1/patients?ward=6E", "/api/v1/alerts?patient=B1"] {
        let (status, answer) = house.get(path, Some(&stranger)).await;
        assert_eq!(status, 200, "{path}");
        assert!(!answer.to_string().contains("B1"), "{path}: {answer}");
    }
    house.close().await;
}

/// The fields of a good body for this address.
fn fields_of(path: &str, all: &serde_json::Value) -> Vec<(String, serde_json::Value)> {
    let names: &[&str] = match path.rsplit('/').next().unwrap_or_default() {
        "shelve" => &["minutes", "reason"],
        "rate" => &["verdict"],
        "therapies" => &["kind"],
        "factors" => &["age"],
        _ => &[],
    };
    names.iter().map(|name| ((*name).to_owned(), all[*name].clone())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grade_is_charted_by_a_physician_only_and_an_engineer_sees_machines_only() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    house.phosphate_falls("B1").await;
    let nurse = house.user("aoki", Role::Nurse, &["6E"], Identity::P3);
    let physician = house.user("sato", Role::Physician, &[], Identity::P3);
    let engineer = house.user("mori", Role::Engineer, &[], Identity::P3);
    let grade = json!({"charted": {"crs": 2}});
    let path = "/api/v1/patients/B1/assessments";
    assert_eq!(house.post(path, Some(&nurse), grade.clone()).await.0, 403);
    let (status, patient) = house.post(path, Some(&physician), grade).await;
    assert_eq!(status, 201, "{patient}");
    assert_eq!((&patient["crs"]["grade"], &patient["crs"]["by"]), (&json!(2), &json!("sato")));
    assert_eq!(house.get("/api/v1/alerts", Some(&engineer)).await.1, json!({"alerts": []}));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_in_works_with_a_cookie_and_signs_out() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    let user = crate::display::access::NewUser {
        name: "aoki".into(),
        role: Role::Nurse,
        wards: crate::display::access::Wards::Only(vec!["6E".into()]),
        identity: Identity::P3,
    };
    house.access.add_user(&user, Some("a long enough password"), house.clock.now()).expect("added");
    let sign_in = |name: &str, password: &str| json!({"name": name, "password": password});
    let wrong = house.post("/api/v1/login", None, sign_in("aoki", "not this password")).await;
    let unknown = house.post("/api/v1/login", None, sign_in("nobody", "not this password")).await;
    assert_eq!(wrong.0, 401);
    assert_eq!(wrong, unknown, "the answer must not tell which accounts exist");

    let good = sign_in("aoki", "a long enough password");
    let (status, head, _) = house.raw("POST", "/api/v1/login", "", Some(good)).await;
    assert_eq!(status, 200, "{head}");
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let pair = cookie.split(';').next().expect("a pair").to_owned();
    let sent = format!("cookie: {pair}\r\n");
    let (status, _, body) = house.raw("GET", "/api/v1/session", &sent, None).await;
    assert_eq!(status, 200);
    assert!(body.contains("aoki") && body.contains("\"open\":false"), "{body}");
    let steroid = json!({"kind": "steroid", "agent": "Dexamethasone", "dose": "10 mg"});
    let path = "/api/v1/patients/B1/therapies";
    let (status, _, _) = house.raw("POST", path, &sent, Some(steroid.clone())).await;
    assert_eq!(status, 403, "a cookie alone could have been sent by a page of another site");
    let own = format!("{sent}origin: http://{}\r\n", house.at);
    let (status, _, body) = house.raw("POST", path, &own, Some(steroid)).await;
    assert_eq!(status, 201, "{body}");
    let (status, _, _) = house.raw("POST", "/api/v1/logout", &own, Some(json!({}))).await;
    assert_eq!(status, 204);
    let (status, _, _) = house.raw("GET", "/api/v1/patients", &sent, None).await;
    assert_eq!(status, 401);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_passwords_is_slowed_down_whether_or_not_the_account_exists() {
    let house = house().await;
    house.user("aoki", Role::Nurse, &["6E"], Identity::P3);
    for name in ["aoki", "nobody"] {
        let mut answers = Vec::new();
        for _ in 0..6 {
            let body = json!({"name": name, "password": "guess guess guess"});
            answers.push(house.post("/api/v1/login", None, body).await.0);
        }
        assert_eq!(answers, [401, 401, 401, 401, 401, 429], "{name}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_read_whom_is_found_in_the_audit() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    let nurse = house.user("aoki", Role::Nurse, &["6E"], Identity::P3);
    let admin = house.user("root", Role::Admin, &[], Identity::P3);
    house.get("/api/v1/patients/B1", Some(&nurse)).await;
    house.get("/api/v1/patients", Some(&nurse)).await;
    house.get("/api/v1/patients/B404", Some(&nurse)).await;
    house.get("/api/v1/quarantine", Some(&nurse)).await;
    let lines = house.get("/api/v1/audit?who=aoki", Some(&admin)).await.1["audit"].clone();
    let told: Vec<String> = lines
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| format!("{} {} {}", line["action"], line["patient"], line["outcome"]))
        .collect();
    let all = told.join("\n");
    assert!(all.contains("\"read patient\" \"B1\" \"done\""), "{all}");
    assert!(all.contains("\"read patient\" \"B404\" \"refused: not on the wards\""), "{all}");
    assert!(all.contains("\"refused: role\""), "{all}");
    let seen = |all: &str| all.matches("\"see patient\" \"B1\" \"done\"").count();
    assert_eq!(seen(&all), 1, "who is on a list was seen: {all}");
    let mut console = house.follow(Some(&nurse), subscribe()).await;
    console.until_type("snapshot").await;
    console.until_type("heartbeat").await;
    let lines = house.get("/api/v1/audit?patient=B1&action=see", Some(&admin)).await.1["audit"].clone();
    assert_eq!(lines.as_array().map(Vec::len), Some(2), "and who is on a console: {lines}");
    assert!(lines.to_string().contains("127.0.0.1"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_users_a_page_of_another_site_is_refused() {
    let house = house().await;
    let (status, session) = house.get("/api/v1/session", None).await;
    assert_eq!((status, &session["open"], &session["user"]), (200, &json!(true), &json!(null)));
    house.admit("B1", "6E", "01").await;
    let body = json!({"kind": "steroid"});
    let path = "/api/v1/patients/B1/therapies";
    let (status, _, _) =
        house.raw("POST", path, "origin: https://evil.example\r\n", Some(body.clone())).await;
    assert_eq!(status, 403);
    assert_eq!(house.post(path, None, body).await.0, 201);
    house.close().await;
}
