//! SenML packs (RFC 8428): a list of records, each inheriting the base fields of those before it.
//!
//! A name ends in `SYSTEM:CODE`. Before that stands `urn:stormwatch:PATIENT:` where the sender knows the
//! patient, else the device: `urn:stormwatch:CT0007:LN:8310-5`, `urn:dev:mac:0024befffe804ff1:MDC:147842`.

use crate::model::{Coding, RawValue, Reading, Time};

use super::json::{Json, Object, decimal};
use super::{Problem, Telemetry, patient, reading};

/// Times below 2^28 seconds are relative to now (RFC 8428, 4.5.3).
const ABSOLUTE: f64 = 268_435_456.0;
/// The version of RFC 8428; a higher one may mean something else.
const VERSION: f64 = 10.0;
const OURS: &str = "urn:stormwatch:";

/// Base fields in force.
#[derive(Clone, Debug, Default)]
struct Base {
    name: String,
    time: f64,
    unit: Option<String>,
    value: Option<f64>,
}

/// What a resolved name says.
struct Named {
    patient: Option<String>,
    device: Option<String>,
    coding: Coding,
}

pub(super) fn of_pack(records: &[Json]) -> Result<Telemetry, Problem> {
    let mut telemetry = Telemetry::default();
    let mut base = Base::default();
    let mut of: Option<String> = None;
    for (index, record) in records.iter().enumerate() {
        let place = format!("[{index}]");
        let Json::Object(record) = record else {
            return Err(Problem::new("malformed", &place, "a record is an object; send a SenML pack"));
        };
        base.take(record, &place)?;
        if is_base_only(record) {
            continue;
        }
        match of_record(record, &base, &place) {
            Ok((named, reading)) => {
                // Whom the other half of the pack belongs to would be a guess.
                if let Some(name) = named {
                    if of.as_ref().is_some_and(|known| *known != name) {
                        return Err(Problem::new(
                            "bad-patient",
                            &place,
                            "two patients in one pack; send one",
                        ));
                    }
                    of = Some(name);
                }
                telemetry.readings.push(reading);
            }
            Err(problem) => telemetry.problems.push(problem),
        }
    }
    telemetry.patient = of.map(|name| patient(&name, "bn")).transpose()?;
    Ok(telemetry)
}

impl Base {
    fn take(&mut self, record: &Object, place: &str) -> Result<(), Problem> {
        let bad = |key: &str| {
            let place = format!("{place}.{key}");
            move |reason: String| Problem::new("bad-field", &place, reason)
        };
        // A field that ends so must be understood, and none is (RFC 8428, 4.4).
        if let Some(key) = record.keys().find(|key| key.ends_with('_')) {
            return Err(bad(key)("a field that must be understood and is not; send plain SenML".into()));
        }
        if record.number("bver").map_err(bad("bver"))?.is_some_and(|version| version > VERSION) {
            return Err(bad("bver")("a later version than 10; send RFC 8428".into()));
        }
        if let Some(name) = record.text("bn").map_err(bad("bn"))? {
            self.name = name;
        }
        if let Some(time) = record.number("bt").map_err(bad("bt"))? {
            self.time = time;
        }
        if let Some(unit) = record.text("bu").map_err(bad("bu"))? {
            self.unit = Some(unit);
        }
        if let Some(value) = record.number("bv").map_err(bad("bv"))? {
            self.value = Some(value);
        }
        Ok(())
    }
}

fn is_base_only(record: &Object) -> bool {
    record.keys().all(|key| matches!(key, "bn" | "bt" | "bu" | "bv" | "bs" | "bver"))
}

fn of_record(record: &Object, base: &Base, place: &str) -> Result<(Option<String>, Reading), Problem> {
    let bad = |class, key: &str| {
        let place = format!("{place}.{key}");
        move |reason: String| Problem::new(class, &place, reason)
    };
    let name = record.text("n").map_err(bad("bad-code", "n"))?.unwrap_or_default();
    let named = resolve(&format!("{}{name}", base.name))
        .ok_or_else(|| bad("bad-code", "n")("the name does not end in SYSTEM:CODE; send it so".into()))?;
    let at = instant(base.time + record.number("t").map_err(bad("bad-time", "t"))?.unwrap_or(0.0))
        .map_err(bad("bad-time", "t"))?;
    let unit = record.text("u").map_err(bad("bad-field", "u"))?.or_else(|| base.unit.clone());
    let value = value(record, base).map_err(bad("bad-field", "v"))?;
    let mut reading = reading(place, named.coding, value, Some(at));
    reading.units = unit.into_iter().collect();
    reading.device = named.device;
    Ok((named.patient, reading))
}

fn resolve(name: &str) -> Option<Named> {
    let (rest, code) = name.rsplit_once(':')?;
    let (before, system) = rest.rsplit_once(':').unwrap_or(("", rest));
    let system = system.rsplit(['/', '_']).next().unwrap_or(system);
    if code.is_empty() || system.is_empty() {
        return None;
    }
    let coding = Coding { code: code.into(), name: String::new(), system: system.into() };
    // The prefix is ours only with a patient behind it.
    match name.strip_prefix(OURS).and_then(|_| before.strip_prefix(OURS)) {
        Some(patient) => Some(Named { patient: Some(patient.into()), device: None, coding }),
        None => {
            let device = Some(before.to_string()).filter(|device| !device.is_empty());
            Some(Named { patient: None, device, coding })
        }
    }
}

/// Seconds since 1970. A time relative to now is refused: a payload that waited in a broker would look fresh.
fn instant(seconds: f64) -> Result<Time, String> {
    if seconds < ABSOLUTE {
        return Err("no absolute time; send seconds since 1970 in `bt` or `t`".into());
    }
    let milliseconds = libm::round(seconds * 1000.0);
    if milliseconds > 9.0e15 {
        return Err("a time beyond all calendars; check the sender".into());
    }
    Ok(Time(milliseconds as i64))
}

fn value(record: &Object, base: &Base) -> Result<RawValue, String> {
    let sent: Vec<&str> = record.keys().filter(|key| matches!(*key, "v" | "vs" | "vb" | "vd")).collect();
    match sent.as_slice() {
        ["v"] => {
            let number = record.number("v")?.unwrap_or_default();
            match base.value {
                None => Ok(RawValue::Number(decimal(number))),
                Some(base) if (base + number).is_finite() => Ok(RawValue::Number(decimal(base + number))),
                Some(_) => Err("a number beyond all measure; check the sender".into()),
            }
        }
        ["vs"] => Ok(record.text("vs")?.map_or(RawValue::Absent, RawValue::Text)),
        ["vb"] => Ok(RawValue::Unusable("boolean".into())),
        ["vd"] => Ok(RawValue::Unusable("data".into())),
        [] => Err("no value; send `v` or `vs` (sums alone are not used)".into()),
        _ => Err("more than one value; send one".into()),
    }
}
