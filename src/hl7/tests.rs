//! The conformance table, row by row, and everything the parser must never do.

mod acks;
mod corpus;
mod encoding;
mod frames;
mod oracle;
mod people;
mod properties;
mod semantics;
mod times;

use super::*;
use crate::model::{Reading, Time};

/// A listener in Tokyo.
fn tokyo() -> ReadSettings {
    ReadSettings { zone: jiff::tz::TimeZone::get("Asia/Tokyo").expect("a zone"), ..ReadSettings::default() }
}

/// Reads text written with line feeds, as the samples here are.
fn message(text: &str) -> Message {
    Message::parse(text.replace('\n', "\r").as_bytes(), &tokyo()).expect("a message")
}

fn content(text: &str) -> Content {
    read(&message(text), &tokyo()).expect("content")
}

/// All readings, whatever their patient.
fn readings(content: &Content) -> Vec<&Reading> {
    content
        .groups
        .iter()
        .flat_map(|group| &group.parts)
        .filter_map(|part| match part {
            Part::Reading(reading) => Some(reading),
            Part::Census(_) | Part::Drug(_) | Part::DeviceAlarm(_) => None,
        })
        .collect()
}

fn stamp() -> AckStamp {
    AckStamp {
        now: Time::parse("2026-11-22T08:15:03+09:00").expect("a time"),
        control_id: "SW-1".into(),
        zone: jiff::tz::TimeZone::get("Asia/Tokyo").expect("a zone"),
    }
}

fn at(text: &str) -> Time {
    Time::parse(text).expect("a time")
}

const HEAD: &str = "MSH|^~\\&|LIS|KUH|STORMWATCH|KUH|20261122081500+0900||ORU^R01^ORU_R01|A1|P|2.5\n\
                    PID|1||CT0007^^^KUH^MR||TEST^ALPHA||19600101|M\n\
                    PV1|1|I|6E^01^1\n\
                    OBR|1||F100^LIS|PANEL^Panel^L|||20261122080000+0900\n";

/// One row under [`HEAD`].
fn row(obx: &str) -> Content {
    content(&format!("{HEAD}{obx}"))
}
