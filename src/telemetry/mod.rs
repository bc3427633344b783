//! Floor 1. Telemetry: the JSON of MQTT topics -> readings as their sender wrote them.
//!
//! Two forms are read: the project's own (an object with `observations`) and SenML packs (RFC 8428, a list).
//! Which analyte a code stands for, and whether the value is any good, is terminology's business; here a
//! payload is taken apart without losing or guessing anything. A payload that begins with `MSH`, or with the header of a
//! batch, is HL7 and not for this part.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod json;
mod senml;

#[cfg(test)]
mod tests;

use crate::model::limits::MQTT_PACKET_MAX;
use crate::model::{Coding, PatientId, RawValue, Reading, ReadingTime, Status, Time};

use json::{Json, Object};

/// Every class of problem, for counting and for the operator's handbook.
pub const CLASSES: [&str; 6] = ["malformed", "too-large", "bad-patient", "bad-time", "bad-code", "bad-field"];

/// What a payload carries. Readings without a time, or of nobody, are for the caller to refuse.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Telemetry {
    /// The sender's own key: the same id again is the same payload.
    pub id: Option<String>,
    /// `None` where the payload names nobody.
    pub patient: Option<PatientId>,
    pub readings: Vec<Reading>,
    /// Elements that could not be used; the others are in `readings`.
    pub problems: Vec<Problem>,
}

/// Why a payload, or one element of it, cannot be used. Never a person's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// One of [`CLASSES`].
    pub class: &'static str,
    /// `observations[2].value`; empty for the whole payload.
    pub place: String,
    pub reason: String,
}

impl Problem {
    fn new(class: &'static str, place: &str, reason: impl Into<String>) -> Problem {
        debug_assert!(CLASSES.contains(&class), "`{class}` is not in the list of classes");
        Problem { class, place: place.to_string(), reason: reason.into() }
    }
}

/// The payload is an HL7 v2 message or a batch of them, perhaps in an MLLP frame.
pub fn is_hl7(payload: &[u8]) -> bool {
    let start = payload.iter().position(|byte| !matches!(byte, b' ' | b'\r' | b'\n' | b'\t' | 0x0b));
    let Some(text) = start.map(|start| unmarked(&payload[start..])) else { return false };
    [b"MSH", b"BHS", b"FHS"].iter().any(|name| text.starts_with(*name))
}

/// What a gateway says of itself, as a last will or a greeting: `offline` and `online` as a word or under `status` or
/// `state`. `None` for everything else.
pub fn gateway_status(payload: &[u8]) -> Option<bool> {
    /// Longer ones carry more than a word.
    const LONGEST: usize = 200;
    let payload = unmarked(payload).trim_ascii();
    let word = match payload.first()? {
        _ if payload.len() > LONGEST => return None,
        b'{' => match serde_json::from_slice::<Json>(payload).ok()? {
            Json::Object(object) if object.get("observations").is_none() => {
                ["status", "state"].into_iter().find_map(|key| object.text(key).ok().flatten())?
            }
            _ => return None,
        },
        _ => std::str::from_utf8(payload).ok()?.trim_matches('"').to_owned(),
    };
    match word.trim().to_ascii_lowercase().as_str() {
        "offline" | "disconnected" => Some(false),
        "online" | "connected" => Some(true),
        _ => None,
    }
}

/// Takes a payload apart.
///
/// # Errors
/// The whole payload is refused where it is no JSON (`NaN`, numbers beyond all measure and nesting beyond 128
/// levels are none), larger than 1 MiB, neither an object nor a SenML pack, names a field twice, or names a
/// patient or a time that cannot be read: attaching the rest to nobody or to no instant would hide that.
pub fn read(payload: &[u8]) -> Result<Telemetry, Problem> {
    if payload.len() > MQTT_PACKET_MAX {
        let reason =
            format!("{} bytes are more than {MQTT_PACKET_MAX}; send fewer values at once", payload.len());
        return Err(Problem::new("too-large", "", reason));
    }
    let json = serde_json::from_slice::<Json>(unmarked(payload)).map_err(|error| {
        Problem::new("malformed", "", format!("no usable JSON, {error}; send the documented form"))
    })?;
    match json {
        Json::Object(object) => of_object(&object),
        Json::List(records) => senml::of_pack(&records),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) => {
            Err(Problem::new("malformed", "", "neither an object nor a SenML pack; send the documented form"))
        }
    }
}

/// Without the byte order mark some senders put first.
fn unmarked(payload: &[u8]) -> &[u8] {
    payload.strip_prefix(b"\xef\xbb\xbf").unwrap_or(payload)
}

/// The project's own form: `{"id", "patient", "time", "observations": [{"code", "system", "value", "unit",
/// "device", "quality", "time"}]}`.
fn of_object(object: &Object) -> Result<Telemetry, Problem> {
    let id = object.text("id").map_err(|reason| Problem::new("bad-field", "id", reason))?;
    let patient = match object.text("patient") {
        Ok(None) => None,
        Ok(Some(text)) => Some(patient(&text, "patient")?),
        Err(reason) => return Err(Problem::new("bad-patient", "patient", reason)),
    };
    let time = instant(object, "time")?;
    let observations = match object.get("observations") {
        Some(Json::List(observations)) => observations,
        Some(_) | None => {
            return Err(Problem::new("malformed", "observations", "no list of observations; send one"));
        }
    };
    let mut telemetry = Telemetry { id, patient, ..Telemetry::default() };
    for (index, element) in observations.iter().enumerate() {
        match of_element(element, &format!("observations[{index}]"), time) {
            Ok(reading) => telemetry.readings.push(reading),
            Err(problem) => telemetry.problems.push(problem),
        }
    }
    Ok(telemetry)
}

fn of_element(element: &Json, place: &str, time: Option<Time>) -> Result<Reading, Problem> {
    let Json::Object(object) = element else {
        return Err(Problem::new("bad-field", place, "an observation is an object; send one"));
    };
    let field = |key: &str, class| {
        object.text(key).map_err(|reason| Problem::new(class, &format!("{place}.{key}"), reason))
    };
    let code = match object.get("code") {
        Some(Json::Number(number)) => number.clone(),
        Some(_) | None => field("code", "bad-code")?.unwrap_or_default(),
    };
    if code.trim().is_empty() {
        return Err(Problem::new("bad-code", &format!("{place}.code"), "no code; send one with its system"));
    }
    let coding = Coding {
        code,
        name: field("name", "bad-field")?.unwrap_or_default(),
        system: field("system", "bad-code")?.unwrap_or_default(),
    };
    let own_time =
        instant(object, "time").map_err(|problem| Problem { place: format!("{place}.time"), ..problem })?;
    let status = match field("status", "bad-field")? {
        None => Status::Final,
        Some(word) => status(&word).ok_or_else(|| {
            let reason = "unknown status; send final, preliminary, corrected, deleted or a letter of HL7";
            Problem::new("bad-field", &format!("{place}.status"), reason)
        })?,
    };
    let mut reading = reading(place, coding, value(object.get("value")), own_time.or(time));
    reading.status = status;
    reading.units = field("unit", "bad-field")?.into_iter().collect();
    reading.device = field("device", "bad-field")?;
    reading.specimen = field("specimen", "bad-field")?;
    reading.order = field("order", "bad-field")?;
    reading.notes = quality(object).into_iter().collect();
    Ok(reading)
}

fn reading(place: &str, coding: Coding, value: RawValue, at: Option<Time>) -> Reading {
    Reading {
        place: place.to_string(),
        codings: vec![coding],
        sub_id: String::new(),
        value,
        units: Vec::new(),
        status: Status::Final,
        measured_at: at.map(|at| ReadingTime { at, date_only: false, ambiguous: false }),
        issued_at: None,
        specimen: None,
        order: None,
        device: None,
        notes: Vec::new(),
    }
}

fn value(json: Option<&Json>) -> RawValue {
    match json {
        None | Some(Json::Null) => RawValue::Absent,
        Some(Json::Number(number)) => RawValue::Number(number.clone()),
        Some(Json::Text(text)) => RawValue::Text(text.clone()),
        Some(other @ (Json::Bool(_) | Json::List(_) | Json::Object(_))) => {
            RawValue::Unusable(other.kind().to_string())
        }
    }
}

/// The sender's word for the signal, as the note terminology reads: `quality:poor`. Anything but a word
/// cannot be understood as good.
fn quality(object: &Object) -> Option<String> {
    match object.get("quality") {
        None | Some(Json::Null) => None,
        Some(Json::Text(word)) => Some(format!("quality:{}", word.trim())),
        Some(other) => Some(format!("quality:{}", other.kind())),
    }
}

fn patient(text: &str, place: &str) -> Result<PatientId, Problem> {
    PatientId::parse(text).ok_or_else(|| {
        Problem::new(
            "bad-patient",
            place,
            "no usable identifier; send 1 to 64 bytes without control characters",
        )
    })
}

fn instant(object: &Object, key: &str) -> Result<Option<Time>, Problem> {
    let unreadable = || {
        let reason = "no instant with an offset; send RFC 3339, such as 2026-11-22T06:00:00+09:00";
        Problem::new("bad-time", key, reason)
    };
    match object.text(key) {
        Ok(None) => Ok(None),
        Ok(Some(text)) => Time::parse(text.trim()).map(Some).ok_or_else(unreadable),
        Err(_) => Err(unreadable()),
    }
}

/// A word of ours, or a letter of HL7 table 0085.
fn status(word: &str) -> Option<Status> {
    match word.trim().to_ascii_lowercase().as_str() {
        "preliminary" | "p" | "s" | "r" => Some(Status::Preliminary),
        "final" | "f" | "a" | "u" | "v" => Some(Status::Final),
        "corrected" | "c" => Some(Status::Corrected),
        "deleted" | "d" => Some(Status::Deleted),
        "wrong" | "w" => Some(Status::Wrong),
        "unavailable" | "x" => Some(Status::Unavailable),
        "pending" | "i" | "o" | "n" => Some(Status::Pending),
        _ => None,
    }
}
