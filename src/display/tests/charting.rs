//! What people chart, and what they hear when it cannot be used.

use serde_json::{Value as Json, json};

use super::house::{House, house, seen};
use crate::model::Span;

async fn chart(house: &House, what: &str, body: Json) -> (u16, Json) {
    house.post(&format!("/api/v1/patients/B1/{what}"), None, body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_charted_value_is_there_when_the_answer_comes() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    let (status, patient) =
        chart(&house, "observations", json!({"analyte": "temperature", "value": 38.4, "unit": "Cel"})).await;
    assert_eq!(status, 201, "{patient}");
    let latest = &patient["latest"]["temperature"];
    assert_eq!((&latest["value"], &latest["stale"]), (&json!(38.4), &json!(false)));
    assert_eq!(patient["crs"]["suggested"].is_null(), patient["crs"]["grade"].is_null());
    let rows = json!({"observations": [
        {"code": "14879-1", "system": "LN", "value": "1.0", "unit": "mmol/L"},
        {"analyte": "heart_rate", "value": 112, "unit": "/min"},
    ]});
    let (status, patient) = chart(&house, "observations", rows).await;
    assert_eq!(status, 201, "{patient}");
    assert_eq!(patient["latest"]["phosphate"]["value"], 3.1);
    assert_eq!(patient["latest"]["heart_rate"]["value"], 112);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_physician_charts_grade_5_which_is_death() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    let (status, patient) = chart(&house, "assessments", json!({"charted": {"crs": 5, "icans": 0}})).await;
    assert_eq!(status, 201, "{patient}");
    assert_eq!(
        (&patient["crs"]["charted"], &patient["icans"]["charted"]),
        (&json!(5), &json!(0)),
        "{patient}"
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_used_is_refused_with_field_and_remedy_and_changes_nothing() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    let before = house.recorded().len();
    let future = (house.clock.now() + Span::HOUR).rfc3339();
    for (what, body, field) in [
        ("observations", json!({"analyte": "temperature", "value": 38.4, "unit": "furlong"}), "unit"),
        ("observations", json!({"analyte": "temprature", "value": 38.4}), "analyte"),
        ("observations", json!({"analyte": "temperature"}), "value"),
        ("observations", json!({"analyte": "temperature", "value": 384, "unit": "Cel"}), "value"),
        ("observations", json!({"analyte": "temperature", "value": 38.4, "unit": "Cel", "at": future}), "at"),
        (
            "observations",
            json!({"observations": [{"analyte": "heart_rate", "value": 80, "uint": "/min"}]}),
            "observations[0].uint",
        ),
        ("assessments", json!({"ice": {"orientation": 5}}), "ice.orientation"),
        ("assessments", json!({"ice": {"orientation": 4}}), "ice.naming"),
        ("assessments", json!({"consciousness": "sleepy"}), "consciousness"),
        ("assessments", json!({"charted": {"crs": 6}}), "charted.crs"),
        ("therapies", json!({"kind": "leeches"}), "kind"),
        ("therapies", json!({}), "kind"),
        ("therapies", json!({"kind": "oxygen"}), "device"),
        ("therapies", json!({"kind": "oxygen", "device": "tent"}), "device"),
        ("therapies", json!({"kind": "steroid", "at": "yesterday"}), "at"),
        (
            "therapies",
            json!({"kind": "steroid", "at": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}),
            "until",
        ),
        ("factors", json!({"age": 200}), "age"),
    ] {
        let (status, problem) = chart(&house, what, body.clone()).await;
        assert_eq!((status, problem["field"].as_str()), (422, Some(field)), "{what} {body}: {problem}");
        let detail = problem["detail"].as_str().expect("a sentence");
        assert!(detail.len() > 20, "{detail}");
        assert_eq!(problem["status"], 422);
    }
    for (what, body) in [("assessments", json!({})), ("factors", json!({})), ("therapies", json!([1]))] {
        assert_eq!(chart(&house, what, body).await.0, 400, "{what}");
    }
    assert_eq!(house.recorded().len(), before);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn therapies_assessments_and_factors_show_in_the_patient() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    let (status, patient) =
        chart(&house, "therapies", json!({"kind": "oxygen", "device": "nasal_cannula", "flow": 2})).await;
    assert_eq!(status, 201, "{patient}");
    let therapies = patient["therapies"].as_array().expect("a list");
    let oxygen = therapies.iter().find(|therapy| therapy["kind"] == "oxygen").expect("listed");
    assert_eq!(
        (&oxygen["device"], &oxygen["flow"], &oxygen["action"]),
        (&json!("nasal_cannula"), &json!(2), &json!("started"))
    );
    let ice = json!({"orientation": 4, "naming": 3, "commands": 1, "writing": 0, "attention": 1});
    let (status, patient) =
        chart(&house, "assessments", json!({"ice": ice, "consciousness": "spontaneous"})).await;
    assert_eq!(status, 201, "{patient}");
    assert_eq!(patient["latest"]["ice"]["value"], 9);
    assert_eq!(chart(&house, "factors", json!({"age": 61, "bulky": true})).await.0, 201);
    let (_, patient) = house.get("/api/v1/patients/B1", None).await;
    assert_eq!(
        (&patient["factors"]["age"], &patient["assessments"][0]["ice_total"]),
        (&json!(61), &json!(9))
    );
    assert!(patient["scores"]["news2"].is_object(), "{patient}");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drug_counts_the_same_under_whatever_name_it_is_charted() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    for agent in ["norepinephrine", "Noradrenaline", "ノルアドレナリン", "バソプレシン", "ピトレシン"]
    {
        let (status, answer) =
            chart(&house, "therapies", json!({"kind": "vasopressor", "agent": agent})).await;
        assert_eq!(status, 201, "{answer}");
    }
    let (_, patient) = house.get("/api/v1/patients/B1", None).await;
    let agents: std::collections::BTreeSet<&str> = patient["therapies"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|therapy| therapy["kind"] == "vasopressor")
        .map(|therapy| therapy["agent"].as_str().expect("a name"))
        .collect();
    assert_eq!(agents.into_iter().collect::<Vec<_>>(), ["norepinephrine", "vasopressin"]);
    let (status, patient) =
        chart(&house, "therapies", json!({"kind": "infusion", "product": "Yescarta"})).await;
    assert_eq!((status, &patient["product"]), (201, &json!("axi-cel")));
    assert_eq!(chart(&house, "factors", json!({"product": "アベクマ"})).await.0, 201);
    for (body, named) in [
        (json!({"kind": "vasopressor", "agent": "Decadron"}), "steroid"),
        (json!({"kind": "vasopressor", "agent": "norepinephrine + vasopressin"}), "each by itself"),
    ] {
        let (status, problem) = chart(&house, "therapies", body).await;
        assert_eq!(status, 422, "{problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(named)), "{problem}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_again_has_no_second_effect() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    let before = house.recorded().len();
    for _ in 0..3 {
        let body = json!({"kind": "steroid", "agent": "dexamethasone"});
        let headers = "idempotency-key: 7f3a\r\n";
        let (status, _, body) = house.raw("POST", "/api/v1/patients/B1/therapies", headers, Some(body)).await;
        assert_eq!(status, 201, "{body}");
    }
    assert_eq!(house.recorded().len(), before + 1);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_series_is_cut_and_thinned_as_asked() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    let now = house.clock.now();
    let minutes = |n: i64| now - Span::minutes(n);
    let events = (0..300).map(|n| seen("B1", "heart_rate", 80_000 + (n % 7) * 1000, minutes(n))).collect();
    house.happen(events).await;
    let all = "/api/v1/patients/B1/series?analyte=heart_rate";
    let (status, series) = house.get(all, None).await;
    assert_eq!((status, &series["analyte"], &series["unit"]), (200, &json!("heart_rate"), &json!("/min")));
    let points = series["points"].as_array().expect("points");
    assert_eq!(points.len(), 300);
    for field in ["at", "value", "status", "source"] {
        assert!(points[0].get(field).is_some(), "{field}");
    }
    let (_, few) = house.get(&format!("{all}&points=20"), None).await;
    assert!((2..=20).contains(&few["points"].as_array().expect("points").len()));
    let from = minutes(10).rfc3339();
    let (_, cut) = house.get(&format!("{all}&from={from}&to=2100-01-01T00:00:00Z"), None).await;
    assert_eq!(cut["points"].as_array().map(Vec::len), Some(11));
    let (_, none) = house.get("/api/v1/patients/B1/series?analyte=ferritin", None).await;
    assert_eq!(none["points"], json!([]));
    for bad in ["analyte=nonsense", "analyte=", "analyte=ice&points=0", "analyte=ice&from=today"] {
        let (status, _) = house.get(&format!("/api/v1/patients/B1/series?{bad}"), None).await;
        assert_eq!(status, 422, "{bad}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_is_acknowledged_taken_back_shelved_rated_and_explained() {
    let house = house().await;
    house.admit("B1", "6E", "01").await;
    house.phosphate_falls("B1").await;
    let (_, list) = house.get("/api/v1/alerts?ward=6E&state=active&patient=B1", None).await;
    let alerts = list["alerts"].as_array().expect("alerts").clone();
    let id = alerts.iter().find(|alert| alert["rule"] == "phosphate-fall").expect("warned")["id"]
        .as_str()
        .expect("an id");
    let act = |what: &str, body: Json| {
        let (path, house) = (format!("/api/v1/alerts/{id}/{what}"), &house);
        async move { house.post(&path, None, body).await }
    };
    let (status, alert) = act("acknowledge", json!({"comment": "seen"})).await;
    assert_eq!((status, &alert["state"]), (200, &json!("acknowledged")), "{alert}");
    assert_eq!(alert["acknowledged"]["comment"], "seen");
    assert!(alert["acknowledged"]["expires_at"].is_string());
    let (status, alert) = act("undo", json!({})).await;
    assert_eq!((status, &alert["state"]), (200, &json!("active")), "{alert}");
    assert_eq!(act("shelve", json!({"minutes": 30})).await.0, 422);
    assert_eq!(act("shelve", json!({"minutes": 5000, "reason": "x"})).await.0, 422);
    let (status, alert) = act("shelve", json!({"minutes": 30, "reason": "replacement runs"})).await;
    assert_eq!((status, &alert["state"]), (200, &json!("shelved")), "{alert}");
    assert_eq!(act("acknowledge", json!({})).await.0, 409);
    assert_eq!(act("unshelve", json!({})).await.1["state"], "active");
    let (status, alert) = act("rate", json!({"verdict": "useful"})).await;
    assert_eq!((status, &alert["rating"]["verdict"]), (200, &json!("useful")), "{alert}");
    assert_eq!(act("rate", json!({"verdict": "nice"})).await.0, 422);
    let (status, why) = house.get(&format!("/api/v1/alerts/{id}/explanation"), None).await;
    assert_eq!(status, 200);
    assert!(why["rule"]["when"].as_str().is_some_and(|when| when.contains("phosphate")), "{why}");
    assert!(why["alert"]["transitions"].as_array().is_some_and(|all| all.len() >= 4), "{why}");
    assert_eq!(house.get("/api/v1/alerts/99-9", None).await.0, 404);
    assert_eq!(house.get("/api/v1/alerts?state=angry", None).await.0, 422);
    house.close().await;
}
