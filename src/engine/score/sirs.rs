//! Systemic inflammatory response syndrome: ACCP/SCCM criteria as in the MIMIC concepts (sirs.sql).

use super::answer::Score;
use super::ask::Ask;
use super::card::{Card, Row};
use super::input::Inputs;
use super::reach::Truth;
use super::tally::Tally;

const SOURCE: &str = "SIRS, ACCP/SCCM criteria, as in MIT-LCP mimic-code concepts/score/sirs.sql";

/// Limits of the criteria, in thousandths of the unit.
const WARM: i64 = 38_000;
const COLD: i64 = 36_000;
const PULSE: i64 = 90_000;
const RATE: i64 = 20_000;
const PACO2: i64 = 32_000;
const WBC_HIGH: i64 = 12_000;
const WBC_LOW: i64 = 4_000;
const BANDS: i64 = 10_000;

static ASKS: [Ask; 6] = [
    Ask::number("temperature", "°C", 25, 45, "temperature"),
    Ask::number("heart_rate", "/min", 0, 350, "heart rate"),
    Ask::number("respiratory_rate", "/min", 0, 120, "respiratory rate"),
    Ask::number("paco2", "mmHg", 5, 200, "arterial carbon dioxide, where measured").optional(),
    Ask::number("wbc", "10^9/L", 0, 1_000, "white cells"),
    Ask::number("bands", "%", 0, 100, "immature forms, where counted").optional(),
];

/// 0 to 4 points.
pub fn compute(inputs: &Inputs) -> Score {
    let mut tally = Tally::new(inputs, &ASKS);
    let temperature = tally.number("temperature");
    let deviates = temperature.above(WARM).or(temperature.below(COLD));
    tally.term("temperature", deviates.points(1), SOURCE);
    let fast = tally.number("heart_rate").above(PULSE);
    tally.term("heart rate", fast.points(1), SOURCE);
    let breathing = tally.number("respiratory_rate").above(RATE).or(extra(&mut tally, "paco2").below(PACO2));
    tally.term("respiration", breathing.points(1), SOURCE);
    let wbc = tally.number("wbc");
    let cells = wbc.above(WBC_HIGH).or(wbc.below(WBC_LOW)).or(extra(&mut tally, "bands").above(BANDS));
    tally.term("white cells", cells.points(1), SOURCE);
    if tally.sum.low >= 2_000 {
        tally.flag_up("positive: 2 or more");
    }
    tally.total("sirs", SOURCE)
}

/// Another way to meet a criterion: where it was not measured the first way decides.
fn extra(tally: &mut Tally<'_>, name: &str) -> Extra {
    if tally.is_known(name) { Extra(Some(tally.number(name))) } else { Extra(None) }
}

struct Extra(Option<super::Reach>);

impl Extra {
    fn below(&self, limit: i64) -> Truth {
        self.0.map_or(Truth::No, |reach| reach.below(limit))
    }
    fn above(&self, limit: i64) -> Truth {
        self.0.map_or(Truth::No, |reach| reach.above(limit))
    }
}

pub fn card() -> Card {
    Card {
        name: "sirs",
        title_en: "SIRS".into(),
        title_ja: "SIRS(全身性炎症反応症候群)".into(),
        inputs: ASKS.to_vec(),
        rows: vec![
            Row::new("temperature", "above 38.0 or below 36.0 °C", 1),
            Row::new("heart rate", "above 90", 1),
            Row::new("respiration", "rate above 20, or PaCO2 below 32 mmHg", 1),
            Row::new("white cells", "above 12 or below 4 x10^9/L, or over 10 % bands", 1),
        ],
        unit: "points".into(),
        source: SOURCE.into(),
        limits:
            "after lymphodepletion white cells are always below 4: that point says nothing. PaCO2 and bands \
                 count where they were measured and are not asked for otherwise."
                .into(),
    }
}
