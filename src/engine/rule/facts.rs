//! What a condition may ask about one patient at one instant.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{Analyte, Quantity, Span, TherapyKind, Value};

/// Answers a condition's questions about one patient at one instant.
///
/// `None` is *unknown*, never zero and never "no". An answer of another kind than the catalogue promises
/// (`catalogue::MEASURES`, `catalogue::FACTS`) counts as unknown.
pub trait Facts {
    /// `phosphate.last`, `temperature.max("6h")`, `spo2.sustained_below(88, "5m")`, …
    fn measure(&self, analyte: Analyte, measure: &Measure) -> Option<FactValue>;
    /// `day`, `crs.grade`, `crs_ews.band`, `given("phosphate", "24h")`, …
    fn fact(&self, fact: Fact) -> Option<FactValue>;
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FactValue {
    Number(Quantity),
    Flag(bool),
    Text(Arc<str>),
    Duration(Span),
    Band(Band),
}

impl FactValue {
    pub fn number(value: Value) -> FactValue {
        FactValue::Number(Quantity::exactly(value))
    }
    pub fn whole(n: i64) -> FactValue {
        FactValue::number(Value::whole(n))
    }
    pub fn text(text: &str) -> FactValue {
        FactValue::Text(text.into())
    }
    pub fn kind(&self) -> Type {
        match self {
            FactValue::Number(_) => Type::Number,
            FactValue::Flag(_) => Type::Flag,
            FactValue::Text(_) => Type::Text,
            FactValue::Duration(_) => Type::Duration,
            FactValue::Band(_) => Type::Band,
        }
    }
}

impl fmt::Display for FactValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FactValue::Number(quantity) => {
                write!(f, "{}{}", quantity.bound.sign().unwrap_or(""), quantity.value)
            }
            FactValue::Flag(true) => f.write_str("yes"),
            FactValue::Flag(false) => f.write_str("no"),
            FactValue::Text(text) => f.write_str(text),
            FactValue::Duration(span) => write!(f, "{span}"),
            FactValue::Band(band) => f.write_str(band.name()),
        }
    }
}

/// What kind of thing a part of a condition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Type {
    Number,
    Flag,
    Text,
    Duration,
    Band,
}

impl Type {
    pub fn name(self) -> &'static str {
        match self {
            Type::Number => "a number",
            Type::Flag => "yes or no",
            Type::Text => "a text",
            Type::Duration => "a duration",
            Type::Band => "a band",
        }
    }
}

/// Bands of the early-warning scores, in order of urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

/// What is asked of one analyte's values. Values are in the analyte's canonical unit. Windows reach back from
/// now and include both ends; a value that was withdrawn or replaced does not exist.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Measure {
    /// The newest value, unknown once it is stale.
    Last,
    /// How long ago the newest value was measured; a duration. Unknown when there never was one.
    Age,
    /// The newest value is older than the analyte's limit. Unknown when there never was one.
    Stale,
    /// The patient's own value before infusion, frozen then.
    Baseline,
    Min(Span),
    Max(Span),
    Mean(Span),
    Median(Span),
    /// How many values; known and 0 when there are none.
    Count(Span),
    /// Least-squares slope, units per hour; needs two values at different instants.
    Slope(Span),
    /// Newest value in the window minus the oldest in it; needs two values.
    Change(Span),
    /// The same in per cent of the oldest.
    ChangePercent(Span),
    /// Highest value in the window up to the newest, minus the newest; never negative.
    Fall(Span),
    /// Newest value minus the lowest in the window up to the newest; never negative.
    Rise(Span),
    /// Newest value in the window against the baseline, per cent of the baseline; falls are negative.
    ChangeFromBaseline(Span),
    /// Newest value in the window divided by the baseline.
    RatioToBaseline(Span),
    /// The newest values, without a break, are below the limit, and the first and the last of them are at
    /// least the span apart (so at least two). No: the newest is not below, or not yet so long.
    SustainedBelow(Value, Span),
    SustainedAtMost(Value, Span),
    SustainedAbove(Value, Span),
    SustainedAtLeast(Value, Span),
}

impl Measure {
    /// The limit written inside it.
    pub fn limit(&self) -> Option<Value> {
        if let Measure::SustainedBelow(limit, _)
        | Measure::SustainedAtMost(limit, _)
        | Measure::SustainedAbove(limit, _)
        | Measure::SustainedAtLeast(limit, _) = self
        {
            Some(*limit)
        } else {
            None
        }
    }

    /// How far back it looks; `None` where it reads only the newest value.
    pub fn window(&self) -> Option<Span> {
        match self {
            Measure::Last | Measure::Age | Measure::Stale | Measure::Baseline => None,
            Measure::Min(span)
            | Measure::Max(span)
            | Measure::Mean(span)
            | Measure::Median(span)
            | Measure::Count(span)
            | Measure::Slope(span)
            | Measure::Change(span)
            | Measure::ChangePercent(span)
            | Measure::Fall(span)
            | Measure::Rise(span)
            | Measure::ChangeFromBaseline(span)
            | Measure::RatioToBaseline(span)
            | Measure::SustainedBelow(_, span)
            | Measure::SustainedAtMost(_, span)
            | Measure::SustainedAbove(_, span)
            | Measure::SustainedAtLeast(_, span) => Some(*span),
        }
    }
}

/// A named fact about the patient, computed by the engine. `catalogue::FACTS` has its name, kind and unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Fact {
    Day,
    HoursSinceInfusion,
    Product,
    Age,
    Admitted,
    PostTreatment,
    CrsGrade,
    CrsAtLeast,
    CrsCharted,
    CrsEpisode,
    FeverHours,
    IcansGrade,
    IcansAtLeast,
    IcansCharted,
    IecHs,
    IecHsCharted,
    Seizure,
    SoftSign,
    IceDue,
    Hypotension,
    HypotensionSustained,
    HypoxiaSustained,
    NewOxygen,
    OnOxygen,
    OxygenSupport,
    Vasopressors,
    Vasopressin,
    TocilizumabGiven,
    SteroidGiven,
    AntipyreticGiven,
    News2,
    News2Highest,
    Qsofa,
    Sirs,
    Sofa,
    ShockIndex,
    Easix,
    SEasix,
    MEasix,
    CrsEws,
    CrsEwsP,
    CrsEwsBand,
    IcansEws,
    IcansEwsBand,
    /// A dose of, or a running therapy of this kind, within the span.
    Given(TherapyKind, Span),
    /// Highest ICE within the span minus the newest; points.
    IceDrop(Span),
}

impl Fact {
    /// How far back it looks, where its own arguments say so.
    pub fn window(self) -> Option<Span> {
        if let Fact::Given(_, span) | Fact::IceDrop(span) = self { Some(span) } else { None }
    }
}
