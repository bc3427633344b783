//! The built-in set against what laboratories and monitors really send.

mod codes;
mod drugs;
mod sets;
mod shares;
mod values;

use super::*;
use crate::model::{
    Bound, Coding, DrugGiven, DrugStatus, Observation, OxygenDevice, PatientId, Quantity, RawValue, Reading,
    ReadingTime, Span, Status, TherapyAction, TherapyKind, Time, Value,
};

/// The built-in set, loaded once.
static SET: std::sync::LazyLock<Terminology> = std::sync::LazyLock::new(Terminology::builtin);

const NOW: Time = Time(1_795_305_600_000);

fn coding(code: &str, system: &str) -> Coding {
    Coding { code: code.into(), name: String::new(), system: system.into() }
}

fn reading(code: &str, system: &str, value: &str, unit: &str) -> Reading {
    Reading {
        place: "OBX^1".into(),
        codings: vec![coding(code, system)],
        sub_id: String::new(),
        value: RawValue::Text(value.into()),
        units: if unit.is_empty() { vec![] } else { vec![unit.into()] },
        status: Status::Final,
        measured_at: Some(ReadingTime { at: NOW, date_only: false, ambiguous: false }),
        issued_at: None,
        specimen: None,
        order: None,
        device: None,
        notes: vec![],
    }
}

fn patient() -> PatientId {
    PatientId::parse("CT0007").expect("an identifier")
}

fn meaning(reading: &Reading) -> Result<Meaning, Refused> {
    SET.observe(reading, &patient(), "LIS|KUH", NOW)
}

fn observed(reading: &Reading) -> Observation {
    match meaning(reading) {
        Ok(Meaning::Observation(observation)) => observation,
        other => panic!("no observation: {other:?}"),
    }
}

/// The value in thousandths of the analyte's own unit.
fn value(code: &str, system: &str, value: &str, unit: &str) -> i64 {
    let quantity = observed(&reading(code, system, value, unit)).quantity.expect("a value");
    assert_eq!(quantity.bound, Bound::Exactly);
    quantity.value.0
}

fn class(reading: &Reading) -> &'static str {
    match meaning(reading) {
        Err(refused) => {
            assert_eq!(refused.place, "OBX^1");
            assert!(CLASSES.contains(&refused.class));
            refused.class
        }
        Ok(other) => panic!("not refused: {other:?}"),
    }
}
