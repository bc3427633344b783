//! CAR-HEMATOTOX: Rejeski K et al., Blood 2021;138(24):2499. The cut-offs are unverified against the paper.

use super::answer::Score;
use super::ask::Ask;
use super::card::{Card, Row};
use super::input::Inputs;
use super::scale::{LOWEST, Scale, step};
use super::tally::Tally;

const SOURCE: &str = "CAR-HEMATOTOX, Rejeski et al., Blood 2021;138(24):2499; cut-offs unverified";

const PLATELETS: Scale = Scale {
    item: "platelets",
    steps: &[step(LOWEST, 2, "below 75"), step(75_000, 1, "75 to 175"), step(175_001, 0, "above 175")],
};
/// 1200 /uL.
const NEUTROPHILS: Scale =
    Scale { item: "neutrophils", steps: &[step(LOWEST, 1, "1.2 or less"), step(1_201, 0, "above 1.2")] };
const HEMOGLOBIN: Scale =
    Scale { item: "hemoglobin", steps: &[step(LOWEST, 1, "9.0 or less"), step(9_001, 0, "above 9.0")] };
/// 3.0 mg/dL.
const CRP: Scale =
    Scale { item: "CRP", steps: &[step(LOWEST, 0, "below 30 mg/L"), step(30_000, 1, "30 mg/L or more")] };
const FERRITIN: Scale = Scale {
    item: "ferritin",
    steps: &[step(LOWEST, 0, "below 650"), step(650_000, 1, "650 to 2000"), step(2_000_001, 2, "above 2000")],
};

static ASKS: [Ask; 5] = [
    Ask::number("platelets", "10^9/L", 0, 3_000, "platelets before lymphodepletion"),
    Ask::number("neutrophils", "10^9/L", 0, 500, "neutrophils before lymphodepletion"),
    Ask::number("hemoglobin", "g/dL", 1, 25, "hemoglobin before lymphodepletion"),
    Ask::number("crp", "mg/L", 0, 1_000, "C-reactive protein before lymphodepletion"),
    Ask::number("ferritin", "ng/mL", 0, 2_000_000, "ferritin before lymphodepletion"),
];

/// 0 to 7 points.
pub fn compute(inputs: &Inputs) -> Score {
    let mut tally = Tally::new(inputs, &ASKS);
    let scales = [PLATELETS, NEUTROPHILS, HEMOGLOBIN, CRP, FERRITIN];
    for (scale, ask) in scales.iter().zip(&ASKS) {
        let points = scale.points(tally.number(&ask.name));
        tally.term(scale.item, points, SOURCE);
    }
    if tally.sum.low >= 2_000 {
        tally.flag_up("high: 2 or more");
    }
    tally.total("hematotox", SOURCE)
}

pub fn card() -> Card {
    let scales = [PLATELETS, NEUTROPHILS, HEMOGLOBIN, CRP, FERRITIN];
    Card {
        name: "hematotox",
        title_en: "CAR-HEMATOTOX".into(),
        title_ja: "CAR-HEMATOTOX(血球減少リスク)".into(),
        inputs: ASKS.to_vec(),
        rows: scales.iter().flat_map(Scale::rows).collect::<Vec<Row>>(),
        unit: "points".into(),
        source: SOURCE.into(),
        limits: "before lymphodepletion; predicts prolonged neutropenia and infection, not CRS or ICANS"
            .into(),
    }
}
