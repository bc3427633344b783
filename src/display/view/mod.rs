//! The fold as people see it: patients and alerts in the words of the API, never above a caller's identity level.

mod alert;
mod patient;
pub mod series;

pub use alert::AlertView;
pub use patient::PatientView;

use std::collections::BTreeMap;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Number, Value as Json};

use super::access::{Identity, secret};
use crate::engine::Engine;
use crate::model::{Alert, PatientId, Time, Value};

/// The name a patient has on screens that may not know the identifier: `p-` and 16 hexadecimal digits of a keyed hash.
///
/// It stays the same when the patient moves (a bed's name would not), differs from site to site, and says nothing.
pub fn alias(key: &[u8; 32], id: &PatientId) -> String {
    format!("p-{}", secret::hex(&secret::keyed(key, id.as_str())[..8]))
}

/// The patient behind an identifier or an alias. Who is sent no identifiers is answered to none either: a screen in a
/// corridor must not tell whether somebody lies here.
pub fn find<'a>(
    engine: &'a Engine,
    key: &[u8; 32],
    name: &str,
    level: Identity,
) -> Option<&'a crate::engine::patient::Patient> {
    match name.strip_prefix("p-").filter(|digits| digits.len() == 16) {
        Some(_) => engine.patients().find(|patient| alias(key, &patient.id) == name),
        None if level < Identity::P3 => None,
        None => engine.patient(&PatientId::parse(name)?),
    }
}

/// Open alerts of each patient that `wanted` holds, in one walk over all alerts.
pub fn open_alerts_of(
    engine: &Engine,
    wanted: impl Fn(&PatientId) -> bool,
) -> BTreeMap<PatientId, Vec<&Alert>> {
    let mut found: BTreeMap<PatientId, Vec<&Alert>> = BTreeMap::new();
    for alert in engine.open_alerts().filter(|alert| alert.is_open() && !alert.shadow) {
        if let Some(patient) = alert.patient.as_ref().filter(|id| wanted(id)) {
            found.entry(patient.clone()).or_default().push(alert);
        }
    }
    found
}

/// The members of an object as JSON text, without the braces around them.
fn members_text(object: &Map<String, Json>) -> Box<str> {
    let text = serde_json::to_string(object).expect("a JSON tree can always be written");
    text[1..text.len() - 1].into()
}

/// Text this part wrote itself, as a tree again.
fn read_back(text: &str) -> Json {
    serde_json::from_str(text).expect("it was written from a tree")
}

/// An answer that is JSON text already.
pub struct JsonText(pub String);

impl IntoResponse for JsonText {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "application/json")], self.0).into_response()
    }
}

/// A list of objects that are text already.
pub fn list_text(objects: impl Iterator<Item = String>) -> String {
    format!("[{}]", objects.collect::<Vec<_>>().join(","))
}

/// A whole number where it is one, otherwise the shortest decimal.
pub fn number(value: Value) -> Json {
    if value.0 % 1000 == 0 {
        return Json::from(value.0 / 1000);
    }
    Number::from_f64(value.as_f64()).map_or(Json::Null, Json::Number)
}

pub fn number_or_null(value: Option<Value>) -> Json {
    value.map_or(Json::Null, number)
}

pub fn time(at: Time) -> Json {
    Json::from(at.rfc3339())
}

pub fn time_or_null(at: Option<Time>) -> Json {
    at.map_or(Json::Null, time)
}
