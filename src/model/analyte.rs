//! What is measured, labs and vitals alike, and what the site knows about it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::time::Span;
use super::value::Value;

const LONGEST: usize = 24;

/// The name of something measured, such as `phosphate`: lower-case ASCII, at most 24 bytes, kept inline so
/// that it copies and compares like a number. Which names exist is data (`terminology/analytes.toml`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Analyte([u8; LONGEST]);

impl Ord for Analyte {
    /// As text, eight letters at a time: names are looked up in maps dozens of times for each reading.
    fn cmp(&self, other: &Analyte) -> std::cmp::Ordering {
        self.words().cmp(&other.words())
    }
}

impl PartialOrd for Analyte {
    fn partial_cmp(&self, other: &Analyte) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Analyte {
    pub const TEMPERATURE: Analyte = Analyte::named("temperature");
    pub const HEART_RATE: Analyte = Analyte::named("heart_rate");
    pub const SYSTOLIC: Analyte = Analyte::named("systolic");
    pub const DIASTOLIC: Analyte = Analyte::named("diastolic");
    pub const MAP: Analyte = Analyte::named("map");
    pub const SPO2: Analyte = Analyte::named("spo2");
    pub const RESPIRATORY_RATE: Analyte = Analyte::named("respiratory_rate");
    pub const OXYGEN_FLOW: Analyte = Analyte::named("oxygen_flow");
    pub const FIO2: Analyte = Analyte::named("fio2");
    pub const PHOSPHATE: Analyte = Analyte::named("phosphate");
    pub const PAI1: Analyte = Analyte::named("pai1");
    pub const ICE: Analyte = Analyte::named("ice");

    /// A name known to be good when the program is written; a bad one does not compile in a constant.
    pub const fn named(name: &str) -> Analyte {
        let bytes = name.as_bytes();
        assert!(bytes.len() <= LONGEST, "an analyte's name has at most 24 bytes");
        let mut inline = [0u8; LONGEST];
        let mut i = 0;
        while i < bytes.len() {
            inline[i] = bytes[i];
            i += 1;
        }
        Analyte(inline)
    }

    /// `None` unless the name is 1 to 24 of `a-z`, `0-9`, `_`, starting with a letter.
    pub fn parse(name: &str) -> Option<Analyte> {
        let good = name.len() <= LONGEST
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        good.then(|| Analyte::named(name))
    }

    /// The letters as numbers in the same order.
    fn words(&self) -> [u64; LONGEST / 8] {
        let mut words = [0; LONGEST / 8];
        for (word, letters) in words.iter_mut().zip(self.0.as_chunks::<8>().0) {
            *word = u64::from_be_bytes(*letters);
        }
        words
    }

    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|b| *b == 0).unwrap_or(LONGEST);
        std::str::from_utf8(&self.0[..end]).expect("names are ASCII, checked when made")
    }
}

impl fmt::Display for Analyte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Debug for Analyte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl Serialize for Analyte {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}
impl<'de> Deserialize<'de> for Analyte {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Analyte, D::Error> {
        let name = String::deserialize(d)?;
        Analyte::parse(&name)
            .ok_or_else(|| serde::de::Error::custom(format!("not an analyte name: {name:?}")))
    }
}

/// One row of `terminology/analytes.toml`, as the engine and the displays need it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnalyteSettings {
    pub name: Analyte,
    /// Canonical unit as people read it: `mg/dL`, `°C`, `/min`.
    pub unit: String,
    pub title_en: String,
    pub title_ja: String,
    /// Outside these a value is kept in quarantine and not used.
    pub hard_min: Option<Value>,
    pub hard_max: Option<Value>,
    /// Outside these a value is used and flagged.
    pub soft_min: Option<Value>,
    pub soft_max: Option<Value>,
    /// A faster change than this is used and flagged until a second value confirms it.
    pub rate: Option<RateLimit>,
    /// A value older than this is shown as stale and no score uses it.
    pub stale_after: Span,
    /// Decimals people read; the engine keeps thousandths.
    pub decimals: u32,
    /// Continuous signals (from monitors) may raise "data stale"; sporadic ones (most labs) only grey out.
    #[serde(default)]
    pub continuous: bool,
    /// The upper limit of normal that stands in where no laboratory has given its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper_normal: Option<Value>,
    /// Values of different assays are never compared with each other's baseline (PAI-1).
    #[serde(default)]
    pub same_assay: bool,
}

/// The most a value may change within a span before a second value must confirm it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Absolute change in canonical units, if limited so.
    pub change: Option<Value>,
    /// Change in per cent of the earlier value, if limited so.
    pub percent: Option<Value>,
    pub within: Span,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn an_analyte_keeps_its_name() {
        assert_eq!(Analyte::parse("respiratory_rate"), Some(Analyte::RESPIRATORY_RATE));
        assert_eq!(Analyte::RESPIRATORY_RATE.as_str(), "respiratory_rate");
        assert_eq!(Analyte::parse("Temp"), None);
        assert_eq!(Analyte::parse(""), None);
    }

    #[test]
    fn analytes_are_in_the_order_of_their_names() {
        let names =
            ["a", "alt", "ast", "crp", "fio2", "heart_rate", "heart_rate2", "oxygen_flow", "systolic"];
        let ordered: BTreeSet<Analyte> = names.into_iter().rev().map(Analyte::named).collect();
        assert_eq!(ordered.iter().map(Analyte::as_str).collect::<Vec<_>>(), names);
        assert!(Analyte::named("abcdefghijklmnopqrstuvwx") > Analyte::named("abcdefghijklmnopqrstuvwa"));
    }
}
