//! The suggested grade of cytokine release syndrome: ASTCT consensus, Lee DW et al., Biol Blood Marrow
//! Transplant 2019;25(4):625-638.
//!
//! Grade 5 is death and is charted by people. Attribution to another cause cannot be computed: the grade is
//! a suggestion beside the clinician's.

use super::answer::Score;
use super::ask::Ask;
use super::card::{Card, Row};
use super::input::Inputs;
use super::reach::{Reach, Truth};
use super::tally::Tally;
use crate::model::{OxygenDevice, Value};

const SOURCE: &str = "ASTCT consensus grading, Lee et al., Biol Blood Marrow Transplant 2019;25:625";
/// Fever is 38.0 °C or more, exactly (Lee 2019, table 2).
const FEVER: i64 = 38_000;
/// Up to 6 L/min by nasal cannula is low flow, above is high flow (Lee 2019, table 2, note).
const LOW_FLOW: Value = Value::whole(6);

static ASKS: [Ask; 8] = [
    Ask::number(
        "temperature_max",
        "°C",
        25,
        45,
        "highest temperature of the last 24 h (window: engineering)",
    ),
    Ask::flag("episode", "an episode of CRS is open"),
    Ask::flag("masked", "antipyretic, tocilizumab, anakinra, siltuximab or steroid given since onset"),
    Ask::whole("vasopressors", "", 0, 10, "vasopressors running, vasopressin not counted"),
    Ask::flag("vasopressin", "vasopressin is running"),
    Ask::flag("hypotension", "hypotension not attributable to another cause"),
    Ask::words(
        "oxygen",
        &["none", "low", "high", "positive_pressure", "nasal_cannula", "some"],
        "support for hypoxia; nasal_cannula: flow not known; some: device and flow not known",
    ),
    Ask::flag("airway_only", "positive pressure only to protect the airway, without hypoxia").optional(),
];

/// Everything the table asks, known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Case {
    fever: bool,
    episode: bool,
    masked: bool,
    vasopressors: i64,
    vasopressin: bool,
    hypotension: bool,
    /// Grade of the hypoxia row: 0, 2, 3 or 4.
    hypoxia: i64,
}

impl Case {
    /// Fever, or an open episode in which fever is masked by treatment: it is then no longer required
    /// (Lee 2019, table 2, note).
    fn counts(self) -> bool {
        self.fever || (self.episode && self.masked)
    }

    /// One vasopressor with or without vasopressin is grade 3, several (vasopressin not counted) are grade 4
    /// (Lee 2019, table 2). Vasopressin alone is not in the table: grade 3 with a flag is engineering.
    fn circulation(self) -> i64 {
        match (self.vasopressors, self.vasopressin, self.hypotension) {
            (2.., _, _) => 4,
            (1, _, _) | (_, true, _) => 3,
            (_, false, true) => 2,
            (_, false, false) => 0,
        }
    }

    /// The graver of hypotension and hypoxia decides (Lee 2019, table 2, note).
    fn grade(self) -> i64 {
        if !self.counts() {
            return 0;
        }
        self.circulation().max(self.hypoxia).max(i64::from(self.fever))
    }
}

/// Inputs as they are known: every one may be open.
struct Known {
    fever: Truth,
    episode: Truth,
    masked: Truth,
    vasopressors: Reach,
    vasopressin: Truth,
    hypotension: Truth,
    hypoxia: Reach,
}

impl Known {
    /// The grade never falls when an input gets worse, so the mildest and the gravest case that fit what is
    /// known bound every other.
    fn mildest(&self) -> Case {
        Case {
            fever: self.fever.is_certain(),
            episode: self.episode.is_certain(),
            masked: self.masked.is_certain(),
            vasopressors: self.vasopressors.low / 1000,
            vasopressin: self.vasopressin.is_certain(),
            hypotension: self.hypotension.is_certain(),
            hypoxia: self.hypoxia.low / 1000,
        }
    }
    fn gravest(&self) -> Case {
        Case {
            fever: self.fever.is_possible(),
            episode: self.episode.is_possible(),
            masked: self.masked.is_possible(),
            vasopressors: self.vasopressors.high / 1000,
            vasopressin: self.vasopressin.is_possible(),
            hypotension: self.hypotension.is_possible(),
            hypoxia: self.hypoxia.high / 1000,
        }
    }
    fn grade(&self) -> Reach {
        Reach::points(self.mildest().grade(), self.gravest().grade())
    }
}

/// The suggested grade, 0 to 4. Inputs: see [`card`].
pub fn compute(inputs: &Inputs) -> Score {
    let mut tally = Tally::new(inputs, &ASKS);
    let fever = tally.number("temperature_max").at_least(FEVER);
    let (mut episode, mut masked) = (Truth::No, Truth::No);
    if !fever.is_certain() {
        episode = tally.flag("episode");
        if episode.is_possible() {
            masked = tally.flag("masked");
        }
    }
    let counts = fever.or(episode.and(masked));
    tally.reason("fever", fever.points(1), SOURCE);
    let heard = |points: Reach| if counts.is_possible() { points } else { Reach::exactly(0) };

    let vasopressors = at_most_several(tally.number("vasopressors"));
    let (mut vasopressin, mut hypotension) = (Truth::No, Truth::No);
    if vasopressors.low < 1000 {
        vasopressin = tally.flag("vasopressin");
        hypotension = tally.flag("hypotension");
    }
    let mut known =
        Known { fever, episode, masked, vasopressors, vasopressin, hypotension, hypoxia: Reach::exactly(0) };
    let circulation = Reach::points(known.mildest().circulation(), known.gravest().circulation());
    tally.reason_by_name("hypotension", heard(circulation), SOURCE);
    let word = tally.word("oxygen");
    let may_be_ventilated = word.is_none_or(|word| word == "positive_pressure");
    let airway_only = may_be_ventilated && tally.flag("airway_only").is_certain();
    known.hypoxia = hypoxia(word, airway_only);
    tally.reason("hypoxia", heard(known.hypoxia), SOURCE);

    let grade = known.grade();
    for flag in flags(&known, counts, grade) {
        tally.flag_up(flag);
    }
    // Fever decides itself whether treatment may stand in for it; the term alone does not say so.
    if fever == Truth::No && counts == Truth::Unknown {
        for name in ["episode", "masked"] {
            if !tally.is_known(name) {
                tally.miss(name);
            }
        }
    }
    tally.finish("crs", grade, SOURCE)
}

/// Two or more vasopressors are "multiple"; how many more does not matter.
fn at_most_several(count: Reach) -> Reach {
    Reach { low: count.low.clamp(0, 2000), high: count.high.clamp(0, 2000) }
}

/// The hypoxia row of the table, as a range of grades (Lee 2019, table 2).
fn hypoxia(word: Option<&str>, airway_only: bool) -> Reach {
    match word {
        None if airway_only => Reach::points(0, 3),
        None => Reach::points(0, 4),
        Some("none") => Reach::points(0, 0),
        Some("low") => Reach::points(2, 2),
        Some("high") => Reach::points(3, 3),
        Some("nasal_cannula") => Reach::points(2, 3),
        // Intubation to protect the airway, without hypoxia, is not grade 4 by itself. The exception has to
        // be stated; unstated, the graver grade stands.
        Some("positive_pressure") if airway_only => Reach::points(0, 0),
        Some("positive_pressure") => Reach::points(4, 4),
        Some(_some) => Reach::points(2, 4),
    }
}

fn flags(known: &Known, counts: Truth, grade: Reach) -> Vec<String> {
    let mut flags = Vec::new();
    if counts.is_possible() && known.vasopressin.is_certain() && known.vasopressors.high < 1000 {
        flags.push("check: vasopressin is the only vasopressor, which the table does not grade".to_owned());
    }
    let support = known.mildest().circulation() > 0 || known.hypoxia.low > 0;
    if counts == Truth::No && support {
        flags.push("CRS criteria not met: hypotension or oxygen without fever".to_owned());
    }
    if !grade.is_exact() {
        if grade.low > 0 {
            flags.push(format!("possible >= {}", grade.low / 1000));
        }
        flags.push(format!("grade {} not excluded", grade.high / 1000));
    }
    flags
}

/// The word for `oxygen` that a device and its flow (L/min) stand for, and whether the device was guessed.
///
/// The mapping is engineering: room air `none`; cannula up to 6 L/min and blow-by `low`; cannula above, high
/// flow, simple mask, Venturi, non-rebreather `high`; CPAP, BiPAP, ventilator `positive_pressure`.
pub fn oxygen_word(device: Option<OxygenDevice>, flow: Option<Value>) -> (&'static str, bool) {
    let by_flow = |flow: Value| if flow <= LOW_FLOW { "low" } else { "high" };
    match device {
        Some(OxygenDevice::None) => ("none", false),
        Some(OxygenDevice::NasalCannula) => (flow.map_or("nasal_cannula", by_flow), false),
        Some(OxygenDevice::BlowBy) => ("low", false),
        Some(
            OxygenDevice::SimpleMask
            | OxygenDevice::Venturi
            | OxygenDevice::NonRebreather
            | OxygenDevice::HighFlow,
        ) => ("high", false),
        Some(OxygenDevice::Cpap | OxygenDevice::Bipap | OxygenDevice::Ventilator) => {
            ("positive_pressure", false)
        }
        None => (flow.map_or("some", by_flow), true),
    }
}

pub fn card() -> Card {
    let row = |item: &str, condition: &str, points: &str| Row::new(item, condition, points);
    Card {
        name: "crs",
        title_en: "CRS grade (ASTCT 2019)".into(),
        title_ja: "CRS グレード(ASTCT 2019)".into(),
        inputs: ASKS.to_vec(),
        rows: vec![
            row("fever", "38.0 °C or more; not required once masked by treatment in an open episode", "1"),
            row("hypotension", "not requiring vasopressors", "2"),
            row("hypotension", "one vasopressor, with or without vasopressin", "3"),
            row("hypotension", "vasopressin as the only vasopressor (engineering; flagged)", "3"),
            row("hypotension", "several vasopressors, vasopressin not counted", "4"),
            row("hypoxia", "nasal cannula up to 6 L/min, or blow-by", "2"),
            row("hypoxia", "nasal cannula above 6 L/min, face mask, non-rebreather or Venturi mask", "3"),
            row("hypoxia", "positive pressure (CPAP, BiPAP, intubation and ventilation)", "4"),
        ],
        unit: "grade".into(),
        source: SOURCE.into(),
        limits: "a suggestion: attribution to CRS is a clinician's judgement. Fever plus the graver of hypotension \
                 and hypoxia. Without therapy data only \"grade 1 or more\" can be said. Organ toxicity does not \
                 count. Grade 5 is charted, never computed."
            .into(),
    }
}
