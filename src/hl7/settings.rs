//! What a listener knows about its senders. Every choice that messages leave open is made here, per source.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::charset::Charset;

/// How messages of one listener are read.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadSettings {
    /// Zone of times that come without an offset.
    pub zone: TimeZone,
    /// Overrides MSH-18, for senders that declare one set and send another.
    pub charset: Option<Charset>,
    /// For bytes that are neither declared nor UTF-8.
    pub fallback: Charset,
    /// Refuse a line that begins no segment instead of joining it to the field before it, and end segments at
    /// CR only when there is one.
    pub strict: bool,
    /// More segments than this are refused.
    pub max_segments: usize,
    /// More fields than this in one segment are refused.
    pub max_fields: usize,
    /// Assigning authority (PID-3.4) of the identifier we know patients by.
    pub authority: Option<String>,
    /// Identifier types (PID-3.5), the best first.
    pub identifier_types: Vec<String>,
    /// The bed's name from PV1-3: `{ward}`, `{room}` and `{bed}` stand for its first three components. Where
    /// it comes out empty, the room is used, else the bed.
    pub bed: String,
    pub measured_at: MeasuredAt,
    /// An encoded order (RXE) says that the drug is given as ordered: for houses that send no administrations. Elsewhere an
    /// order is not an administration.
    pub orders_are_given: bool,
    /// `38,7` is 38.7.
    pub decimal_comma: bool,
    /// The only MSH-11 that is accepted (`P`); any when `None`.
    pub processing_id: Option<String>,
    /// For messages without MSH-12.
    pub default_version: String,
    /// The only message types (`ORU`, `ADT^A01`) this listener reads; all we know where empty.
    pub accept: Vec<String>,
    /// Message types (`MDM`, `ADT^A60`) that are accepted and not used.
    pub ignore: Vec<String>,
}

/// Where a row's time of measurement is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasuredAt {
    /// OBX-14, else OBR-7, else SPM-17.
    #[default]
    Row,
    /// OBR-7, else SPM-17, else OBX-14: for laboratories that put the verification time into OBX-14.
    Order,
}

impl Default for ReadSettings {
    fn default() -> ReadSettings {
        ReadSettings {
            zone: TimeZone::UTC,
            charset: None,
            fallback: Charset::Windows1252,
            strict: false,
            max_segments: 50_000,
            max_fields: 10_000,
            authority: None,
            identifier_types: ["MR", "PI", "PT", "AN"].map(String::from).to_vec(),
            bed: "{room}".into(),
            measured_at: MeasuredAt::Row,
            orders_are_given: false,
            decimal_comma: false,
            processing_id: None,
            default_version: "2.5".into(),
            accept: Vec::new(),
            ignore: Vec::new(),
        }
    }
}
