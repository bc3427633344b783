//! Every name a condition may use, with its kind, its unit and its meaning in a sentence.
//!
//! `alert-rules/README.md` lists the same names; a test compares them.

use super::facts::{Fact, Measure, Type};
use crate::model::{Span, Value};

/// What a measure takes in its parentheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arguments {
    None,
    Window,
    LimitAndWindow,
}

impl Arguments {
    /// How to write them, for messages and the manual.
    pub fn shown(self) -> &'static str {
        match self {
            Arguments::None => "",
            Arguments::Window => "(\"6h\")",
            Arguments::LimitAndWindow => "(90, \"5m\")",
        }
    }
}

/// One measure of an analyte.
#[derive(Debug)]
pub struct MeasureRow {
    pub name: &'static str,
    pub arguments: Arguments,
    pub gives: Type,
    pub unit: &'static str,
    pub meaning: &'static str,
}

const fn row(
    name: &'static str,
    arguments: Arguments,
    gives: Type,
    unit: &'static str,
    meaning: &'static str,
) -> MeasureRow {
    MeasureRow { name, arguments, gives, unit, meaning }
}

/// Measures, asked as `analyte.name` or `analyte.name("6h")`.
pub const MEASURES: [MeasureRow; 20] = [
    row("last", Arguments::None, Type::Number, "the analyte's", "newest value; unknown once stale"),
    row("age", Arguments::None, Type::Duration, "duration", "time since the newest value was measured"),
    row("stale", Arguments::None, Type::Flag, "yes/no", "the newest value is older than the analyte's limit"),
    row(
        "baseline",
        Arguments::None,
        Type::Number,
        "the analyte's",
        "own value before infusion, frozen at infusion",
    ),
    row("min", Arguments::Window, Type::Number, "the analyte's", "lowest value in the window"),
    row("max", Arguments::Window, Type::Number, "the analyte's", "highest value in the window"),
    row("mean", Arguments::Window, Type::Number, "the analyte's", "arithmetic mean of the window"),
    row("median", Arguments::Window, Type::Number, "the analyte's", "median of the window"),
    row("count", Arguments::Window, Type::Number, "values", "how many values the window has; 0 is known"),
    row("slope", Arguments::Window, Type::Number, "units per hour", "least-squares slope over the window"),
    row(
        "change",
        Arguments::Window,
        Type::Number,
        "the analyte's",
        "newest minus oldest value in the window",
    ),
    row("change_percent", Arguments::Window, Type::Number, "per cent", "the same, in per cent of the oldest"),
    row(
        "fall",
        Arguments::Window,
        Type::Number,
        "the analyte's",
        "highest value in the window minus the newest",
    ),
    row(
        "rise",
        Arguments::Window,
        Type::Number,
        "the analyte's",
        "newest value minus the lowest in the window",
    ),
    row(
        "change_from_baseline",
        Arguments::Window,
        Type::Number,
        "per cent",
        "newest value in the window against the own baseline; a fall is negative",
    ),
    row(
        "ratio_to_baseline",
        Arguments::Window,
        Type::Number,
        "ratio",
        "newest value in the window divided by the own baseline",
    ),
    row(
        "sustained_below",
        Arguments::LimitAndWindow,
        Type::Flag,
        "yes/no",
        "the newest values are all below the limit, first and last of them at least so long apart",
    ),
    row(
        "sustained_at_most",
        Arguments::LimitAndWindow,
        Type::Flag,
        "yes/no",
        "the same for at or below the limit",
    ),
    row("sustained_above", Arguments::LimitAndWindow, Type::Flag, "yes/no", "the same for above the limit"),
    row(
        "sustained_at_least",
        Arguments::LimitAndWindow,
        Type::Flag,
        "yes/no",
        "the same for at or above the limit",
    ),
];

/// The measure of that name; `None` where the arguments do not fit its row.
pub fn measure(name: &str, limit: Option<Value>, window: Option<Span>) -> Option<Measure> {
    Some(match (name, limit, window) {
        ("last", None, None) => Measure::Last,
        ("age", None, None) => Measure::Age,
        ("stale", None, None) => Measure::Stale,
        ("baseline", None, None) => Measure::Baseline,
        ("min", None, Some(span)) => Measure::Min(span),
        ("max", None, Some(span)) => Measure::Max(span),
        ("mean", None, Some(span)) => Measure::Mean(span),
        ("median", None, Some(span)) => Measure::Median(span),
        ("count", None, Some(span)) => Measure::Count(span),
        ("slope", None, Some(span)) => Measure::Slope(span),
        ("change", None, Some(span)) => Measure::Change(span),
        ("change_percent", None, Some(span)) => Measure::ChangePercent(span),
        ("fall", None, Some(span)) => Measure::Fall(span),
        ("rise", None, Some(span)) => Measure::Rise(span),
        ("change_from_baseline", None, Some(span)) => Measure::ChangeFromBaseline(span),
        ("ratio_to_baseline", None, Some(span)) => Measure::RatioToBaseline(span),
        ("sustained_below", Some(limit), Some(span)) => Measure::SustainedBelow(limit, span),
        ("sustained_at_most", Some(limit), Some(span)) => Measure::SustainedAtMost(limit, span),
        ("sustained_above", Some(limit), Some(span)) => Measure::SustainedAbove(limit, span),
        ("sustained_at_least", Some(limit), Some(span)) => Measure::SustainedAtLeast(limit, span),
        _ => return None,
    })
}

/// One named fact.
#[derive(Debug)]
pub struct FactRow {
    pub name: &'static str,
    pub fact: Fact,
    pub gives: Type,
    pub unit: &'static str,
    pub meaning: &'static str,
}

const fn fact(
    name: &'static str,
    fact: Fact,
    gives: Type,
    unit: &'static str,
    meaning: &'static str,
) -> FactRow {
    FactRow { name, fact, gives, unit, meaning }
}
const fn flag(name: &'static str, which: Fact, meaning: &'static str) -> FactRow {
    fact(name, which, Type::Flag, "yes/no", meaning)
}
const fn number(name: &'static str, which: Fact, unit: &'static str, meaning: &'static str) -> FactRow {
    fact(name, which, Type::Number, unit, meaning)
}

/// Named facts without arguments.
pub const FACTS: [FactRow; 44] = [
    number(
        "day",
        Fact::Day,
        "days",
        "days since the infusion, decimal, negative before it; unknown until it is recorded",
    ),
    number("hours_since_infusion", Fact::HoursSinceInfusion, "hours", "the same in hours"),
    fact("product", Fact::Product, Type::Text, "name", "CAR-T product: \"tisa-cel\", \"axi-cel\", …"),
    number("age", Fact::Age, "years", "the patient's age"),
    flag("admitted", Fact::Admitted, "the patient is on a ward"),
    flag("post_treatment", Fact::PostTreatment, "tocilizumab or a steroid was given since the infusion"),
    number("crs.grade", Fact::CrsGrade, "0 to 4", "suggested CRS grade; unknown while an input is missing"),
    number(
        "crs.at_least",
        Fact::CrsAtLeast,
        "0 to 4",
        "the CRS grade that is certain whatever is missing; unknown while none is",
    ),
    number("crs.charted", Fact::CrsCharted, "0 to 5", "CRS grade a clinician charted"),
    flag("crs.episode", Fact::CrsEpisode, "a CRS episode is open"),
    number(
        "fever_hours",
        Fact::FeverHours,
        "hours",
        "how long the present fever (38.0 °C) has lasted; 0 without fever",
    ),
    number(
        "icans.grade",
        Fact::IcansGrade,
        "0 to 4",
        "suggested ICANS grade; unknown while an input is missing",
    ),
    number(
        "icans.at_least",
        Fact::IcansAtLeast,
        "0 to 4",
        "the ICANS grade that is certain whatever is missing; unknown while none is",
    ),
    number("icans.charted", Fact::IcansCharted, "0 to 5", "ICANS grade a clinician charted"),
    flag("iec_hs", Fact::IecHs, "the watch criteria for IEC-HS are met"),
    number("iec_hs.charted", Fact::IecHsCharted, "0 to 5", "IEC-HS grade a clinician charted"),
    flag("seizure", Fact::Seizure, "the newest assessment reports a seizure"),
    flag(
        "soft_sign",
        Fact::SoftSign,
        "the newest assessment reports tremor, handwriting change or word-finding difficulty",
    ),
    number(
        "ice_due",
        Fact::IceDue,
        "hours",
        "how long the next ICE assessment is overdue; 0 or less when it is not",
    ),
    flag(
        "hypotension",
        Fact::Hypotension,
        "systolic <= 90, MAP < 65 or a systolic fall of 40 from baseline, newest reading",
    ),
    flag(
        "hypotension_sustained",
        Fact::HypotensionSustained,
        "the same over two readings at least 5 minutes apart",
    ),
    flag("hypoxia_sustained", Fact::HypoxiaSustained, "SpO2 below 92 % on air for at least 5 minutes"),
    flag("new_oxygen", Fact::NewOxygen, "oxygen was started since the infusion and is running"),
    flag("on_oxygen", Fact::OnOxygen, "oxygen is running"),
    fact(
        "oxygen_support",
        Fact::OxygenSupport,
        Type::Text,
        "name",
        "\"none\", \"low\", \"nasal_cannula\" (flow not stated: low or high), \"high\" or \"positive_pressure\"",
    ),
    number("vasopressors", Fact::Vasopressors, "agents", "vasopressors running, vasopressin apart"),
    flag("vasopressin", Fact::Vasopressin, "vasopressin is running"),
    flag("tocilizumab_given", Fact::TocilizumabGiven, "tocilizumab was given since the infusion"),
    flag("steroid_given", Fact::SteroidGiven, "a steroid was given since the infusion"),
    flag("antipyretic_given", Fact::AntipyreticGiven, "an antipyretic was given since the CRS episode began"),
    number("news2", Fact::News2, "0 to 20", "NEWS2; unknown while one of its seven items is missing"),
    number("news2.highest", Fact::News2Highest, "0 to 3", "most points a single NEWS2 item has"),
    number("qsofa", Fact::Qsofa, "0 to 3", "qSOFA"),
    number("sirs", Fact::Sirs, "0 to 4", "SIRS criteria met"),
    number("sofa", Fact::Sofa, "0 to 24", "SOFA"),
    number("shock_index", Fact::ShockIndex, "ratio", "heart rate divided by systolic pressure"),
    number("easix", Fact::Easix, "index", "EASIX"),
    number("s_easix", Fact::SEasix, "index", "simplified EASIX"),
    number("m_easix", Fact::MEasix, "index", "modified EASIX"),
    number("crs_ews", Fact::CrsEws, "points", "early-warning points for CRS, in all"),
    number("crs_ews.p", Fact::CrsEwsP, "points", "the predictive part of them (before detection)"),
    fact(
        "crs_ews.band",
        Fact::CrsEwsBand,
        Type::Band,
        "band",
        "\"green\" < \"yellow\" < \"amber\" < \"red\"",
    ),
    number("icans_ews", Fact::IcansEws, "points", "early-warning points for ICANS"),
    fact("icans_ews.band", Fact::IcansEwsBand, Type::Band, "band", "the same four bands"),
];

/// The facts with arguments and the other functions: name, how it is written, what it gives, meaning.
pub const FUNCTIONS: [(&str, &str, Type, &str); 4] = [
    (
        "given",
        "given(\"phosphate\", \"24h\")",
        Type::Flag,
        "a therapy of that kind was given or ran within the span; not recorded means no",
    ),
    ("ice_drop", "ice_drop(\"12h\")", Type::Number, "highest ICE within the span minus the newest, points"),
    ("duration", "duration(\"30m\")", Type::Duration, "a duration to compare an `age` with"),
    ("has", "has(phosphate.last)", Type::Flag, "the value is known; this is never unknown"),
];

/// The row of a named fact.
pub fn fact_row(name: &str) -> Option<&'static FactRow> {
    FACTS.iter().find(|row| row.name == name)
}

/// The row of a measure.
pub fn measure_row(name: &str) -> Option<&'static MeasureRow> {
    MEASURES.iter().find(|row| row.name == name)
}

/// The candidate closest to `word`, if it is close enough to be a slip of the pen.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = match word.chars().count() {
        0..=3 => 1,
        4..=6 => 2,
        _ => 3,
    };
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let mut away = distance(word, candidate);
        // `temp` for `temperature`: a beginning counts as one slip.
        if word.len() >= 3 && candidate.starts_with(word) {
            away = away.min(1);
        }
        if away <= allowed && best.is_none_or(|(least, _)| away < least) {
            best = Some((away, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Edit distance with swaps of neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut rows = vec![vec![0usize; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = least;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_can_be_made_from_its_row() {
        for row in &MEASURES {
            let (limit, window) = match row.arguments {
                Arguments::None => (None, None),
                Arguments::Window => (None, Some(Span::HOUR)),
                Arguments::LimitAndWindow => (Some(Value::whole(1)), Some(Span::HOUR)),
            };
            let made = measure(row.name, limit, window).expect("each row has its measure");
            assert_eq!(made.window(), window, "{}", row.name);
        }
        assert_eq!(measure("last", None, Some(Span::HOUR)), None);
    }

    #[test]
    fn a_slip_of_the_pen_finds_its_word() {
        let names = ["temperature", "phosphate", "day"];
        assert_eq!(closest("temprature", names), Some("temperature"));
        assert_eq!(closest("temp", names), Some("temperature"));
        assert_eq!(closest("dya", names), Some("day"));
        assert_eq!(closest("glucose", names), None);
    }
}
