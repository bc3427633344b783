//! One MLLP listener's profile: how its senders are read, answered and bounded.

use serde::Deserialize;

use crate::hl7::{self, AckMode, ReadSettings};
use crate::model::limits::{FRAME_MAX, GARBAGE_MAX};

/// One listener and how its senders are read.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listener {
    /// Part of what makes a message the same message, and what metrics and logs call it.
    pub name: String,
    pub bind: String,
    /// `auto` follows MSH-15/16, `original` always gives AA/AE/AR, `enhanced` always a commit answer first.
    pub acks: String,
    /// Refuse what the lenient reader would mend.
    pub strict: bool,
    /// End a frame at FS also without CR.
    pub lenient_end: bool,
    /// Zone of times without an offset.
    pub time_zone: String,
    /// Overrides MSH-18, for senders that declare one set and send another; empty believes them.
    pub charset: String,
    /// Character set for bytes that are neither declared nor UTF-8.
    pub charset_fallback: String,
    /// Assigning authority of the patient identifier, where more than one is sent.
    pub authority: Option<String>,
    /// Types of the patient identifier (PID-3.5), the best first.
    pub identifier_types: Vec<String>,
    /// `{ward}`, `{room}`, `{bed}` stand for PV1-3.1 to 3.3.
    pub bed: String,
    /// `row`: OBX-14 before OBR-7; `order`: the other way round.
    pub measured_at: String,
    /// An encoded order (RDE) says that the drug is given as ordered.
    pub orders_are_given: bool,
    /// `38,7` is 38.7.
    pub decimal_comma: bool,
    /// The only MSH-11 accepted; empty accepts any.
    pub processing_id: String,
    /// The only message types read here (`ORU`, `ADT^A01`); empty reads all that are known.
    pub accept: Vec<String>,
    /// Message types that are acknowledged and not used.
    pub ignore: Vec<String>,
    /// Follow MSH-13 and say in MSA-4 which number is expected next.
    pub sequence_numbers: bool,
    pub max_frame_bytes: usize,
    pub max_garbage_bytes: usize,
    /// A frame that stalls this long is given up; an idle connection between frames never is.
    pub stall_seconds: u64,
    /// A frame takes no longer than this from its first byte to its last.
    pub frame_seconds: u64,
    /// Messages of one connection in a second before its socket is read more slowly; 0 sets no limit.
    pub max_messages_per_second: u32,
    pub max_connections: usize,
    pub max_connections_per_address: usize,
    pub tls: Option<crate::tls::TlsFiles>,
}

impl Default for Listener {
    fn default() -> Listener {
        Listener {
            name: "mllp".into(),
            bind: "127.0.0.1:2575".into(),
            acks: "auto".into(),
            strict: false,
            lenient_end: false,
            time_zone: "Asia/Tokyo".into(),
            charset: String::new(),
            charset_fallback: "windows-1252".into(),
            authority: None,
            identifier_types: ReadSettings::default().identifier_types,
            bed: "{room}".into(),
            measured_at: "row".into(),
            orders_are_given: false,
            decimal_comma: false,
            processing_id: String::new(),
            accept: Vec::new(),
            ignore: Vec::new(),
            sequence_numbers: false,
            max_frame_bytes: FRAME_MAX,
            max_garbage_bytes: GARBAGE_MAX,
            stall_seconds: 30,
            frame_seconds: 300,
            max_messages_per_second: 0,
            max_connections: 4096,
            max_connections_per_address: 256,
            tls: None,
        }
    }
}

/// A word in a listener's settings that means nothing.
#[derive(Debug, thiserror::Error)]
#[error("listener {listener:?}: {key} = {found:?}; use {wanted}")]
pub struct BadSetting {
    listener: String,
    key: &'static str,
    found: String,
    wanted: &'static str,
}

impl Listener {
    pub fn acks(&self) -> Result<AckMode, BadSetting> {
        match self.acks.as_str() {
            "auto" => Ok(AckMode::Auto),
            "original" => Ok(AckMode::Original),
            "enhanced" => Ok(AckMode::Enhanced),
            _ => Err(self.bad("acks", &self.acks, "\"auto\", \"original\" or \"enhanced\"")),
        }
    }

    pub fn read_settings(&self) -> Result<ReadSettings, BadSetting> {
        let zone = jiff::tz::TimeZone::get(&self.time_zone)
            .map_err(|_| self.bad("time_zone", &self.time_zone, "an IANA name such as \"Asia/Tokyo\""))?;
        let set = |key, name: &String| {
            hl7::Charset::parse(name).ok_or_else(|| {
                self.bad(key, name, "\"windows-1252\", \"shift_jis\", \"utf-8\" or a name of HL7 table 0211")
            })
        };
        let fallback = set("charset_fallback", &self.charset_fallback)?;
        let charset = match self.charset.as_str() {
            "" => None,
            _ => Some(set("charset", &self.charset)?),
        };
        let measured_at = match self.measured_at.as_str() {
            "row" => hl7::MeasuredAt::Row,
            "order" => hl7::MeasuredAt::Order,
            _ => return Err(self.bad("measured_at", &self.measured_at, "\"row\" or \"order\"")),
        };
        Ok(ReadSettings {
            zone,
            charset,
            fallback,
            strict: self.strict,
            authority: self.authority.clone(),
            identifier_types: self.identifier_types.clone(),
            bed: self.bed.clone(),
            measured_at,
            orders_are_given: self.orders_are_given,
            decimal_comma: self.decimal_comma,
            processing_id: (!self.processing_id.is_empty()).then(|| self.processing_id.clone()),
            accept: self.accept.clone(),
            ignore: self.ignore.clone(),
            ..ReadSettings::default()
        })
    }

    fn bad(&self, key: &'static str, found: &str, wanted: &'static str) -> BadSetting {
        BadSetting { listener: self.name.clone(), key, found: found.to_owned(), wanted }
    }
}
