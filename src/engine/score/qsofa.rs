//! qSOFA: Singer M et al. (Sepsis-3), JAMA 2016;315(8):801-810.

use super::answer::Score;
use super::ask::Ask;
use super::card::{Card, Row};
use super::input::Inputs;
use super::tally::Tally;

const SOURCE: &str = "qSOFA, Singer et al. (Sepsis-3), JAMA 2016";

/// Limits of Sepsis-3: respiratory rate 22 or more, systolic 100 or less, GCS below 15.
const RATE: i64 = 22_000;
const SYSTOLIC: i64 = 100_000;
const GCS: i64 = 15_000;

static ASKS: [Ask; 4] = [
    Ask::number("respiratory_rate", "/min", 0, 120, "respiratory rate"),
    Ask::number("systolic", "mmHg", 20, 320, "systolic pressure"),
    Ask::whole("gcs", "", 3, 15, "Glasgow Coma Scale"),
    Ask::flag("altered_mentation", "beside or in place of the GCS: mentation is altered"),
];

/// 0 to 3 points.
pub fn compute(inputs: &Inputs) -> Score {
    let mut tally = Tally::new(inputs, &ASKS);
    let fast = tally.number("respiratory_rate").at_least(RATE);
    tally.term("respiratory rate", fast.points(1), SOURCE);
    let low = tally.number("systolic").at_most(SYSTOLIC);
    tally.term("systolic", low.points(1), SOURCE);
    let altered = match (tally.is_known("gcs"), tally.is_known("altered_mentation")) {
        // A full GCS does not see every change of the mind.
        (true, true) => tally.number("gcs").below(GCS).or(tally.flag("altered_mentation")),
        (false, true) => tally.flag("altered_mentation"),
        (_, false) => tally.number("gcs").below(GCS),
    };
    tally.term("mentation", altered.points(1), SOURCE);
    if tally.sum.low >= 2_000 {
        tally.flag_up("positive: 2 or more");
    }
    tally.total("qsofa", SOURCE)
}

pub fn card() -> Card {
    Card {
        name: "qsofa",
        title_en: "qSOFA".into(),
        title_ja: "qSOFA".into(),
        inputs: ASKS.to_vec(),
        rows: vec![
            Row::new("respiratory rate", "22 or more", 1),
            Row::new("systolic", "100 or less", 1),
            Row::new("mentation", "GCS below 15", 1),
        ],
        unit: "points".into(),
        source: SOURCE.into(),
        limits: "2 or more is positive; made for suspected infection outside intensive care".into(),
    }
}
