//! What a score answers: a value or what is certain already, the terms behind it, and what is missing.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value as Json};

use crate::model::{Time, Value};

/// One line of the reasons.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Term {
    pub name: String,
    /// `None` where the inputs do not decide it.
    pub points: Option<Value>,
    /// What it looked at: `38.4 °C`. Empty where nothing was known.
    pub value: String,
    /// The oldest of what it looked at.
    pub measured_at: Option<Time>,
    /// Citation.
    pub source: String,
}

/// Early-warning bands, ordered by urgency. [engineering]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    Green,
    Yellow,
    Amber,
    Red,
}

impl Band {
    pub const ALL: [Band; 4] = [Band::Green, Band::Yellow, Band::Amber, Band::Red];

    pub fn name(self) -> &'static str {
        match self {
            Band::Green => "green",
            Band::Yellow => "yellow",
            Band::Amber => "amber",
            Band::Red => "red",
        }
    }
    pub fn parse(name: &str) -> Option<Band> {
        Band::ALL.into_iter().find(|band| band.name() == name)
    }
}

/// A further number beside the value: a block's sum, a logarithm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub name: String,
    pub value: Option<Value>,
    /// What is certain already, where the value is not and this is more than nothing.
    pub at_least: Option<Value>,
}

/// One of [`super::NAMES`]. Under a name of its own, because serde takes a plain `&str` for borrowed from its input.
type Name = &'static str;

/// A computed score or suggested grade.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    #[serde(with = "super::listed::name")]
    pub name: Name,
    /// `None` when it cannot be computed from what is known. Of a points table with items missing: the points known,
    /// and `at_least` says the same.
    pub value: Option<Value>,
    pub terms: Vec<Term>,
    /// Names the answer needs and does not have.
    pub missing: Vec<String>,
    pub source: String,
    /// By the points known.
    pub band: Option<Band>,
    /// With what is missing the band may be higher: green does not mean low risk then.
    pub band_open: bool,
    /// The band if every item that cannot be decided now still had the points it had when last it could: what
    /// vanished must not lower an alert.
    pub band_held: Option<Band>,
    /// Points of a table's items that are decided, by id, whole points.
    pub items: Vec<(String, i64)>,
    /// What is certain already where `value` is not; `None` where that would be nothing.
    pub at_least: Option<Value>,
    pub flags: Vec<String>,
    pub parts: Vec<Part>,
    /// Terms whose points are known, and how many there are.
    pub available: (u32, u32),
}

impl Score {
    /// The value is only what is certain already; more may be missing.
    pub fn is_floor(&self) -> bool {
        self.value.is_some() && self.value == self.at_least
    }

    pub fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }

    /// The answer of `stormwatch score`, and of the API: numbers as decimals, instants as RFC 3339.
    pub fn to_json(&self) -> Json {
        let mut object = Map::new();
        object.insert("name".into(), self.name.into());
        object.insert("value".into(), decimal(self.value));
        object.insert("terms".into(), self.terms.iter().map(term).collect());
        object.insert("missing".into(), self.missing.clone().into());
        object.insert("source".into(), self.source.clone().into());
        object.insert("at_least".into(), decimal(self.at_least));
        object.insert("band".into(), self.band.map(Band::name).into());
        object.insert("band_open".into(), self.band_open.into());
        object.insert("flags".into(), self.flags.clone().into());
        object.insert("available".into(), self.available.0.into());
        object.insert("total".into(), self.available.1.into());
        for part in &self.parts {
            object.insert(part.name.clone(), decimal(part.value));
            if part.at_least.is_some() {
                object.insert(format!("{}_at_least", part.name), decimal(part.at_least));
            }
        }
        Json::Object(object)
    }
}

fn term(term: &Term) -> Json {
    let mut object = Map::new();
    object.insert("name".into(), term.name.clone().into());
    object.insert("points".into(), decimal(term.points));
    object.insert("value".into(), term.value.clone().into());
    if let Some(at) = term.measured_at {
        object.insert("at".into(), at.rfc3339().into());
    }
    object.insert("source".into(), term.source.clone().into());
    Json::Object(object)
}

/// A whole number where it is one, otherwise the shortest decimal; null where unknown.
fn decimal(value: Option<Value>) -> Json {
    match value {
        None => Json::Null,
        Some(value) if value.0 % 1000 == 0 => Json::Number(Number::from(value.0 / 1000)),
        Some(value) => Number::from_f64(value.as_f64()).map_or(Json::Null, Json::Number),
    }
}
