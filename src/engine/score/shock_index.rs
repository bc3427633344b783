//! Pulse over pressure: shock index and relatives, and mean arterial pressure from a cuff.
//!
//! Usual ranges are from common teaching and not verified against a paper.

use super::answer::Score;
use super::ask::Ask;
use super::card::{Card, Row};
use super::input::Inputs;
use super::reach::Reach;
use super::tally::Tally;
use crate::model::Value;

const SOURCE: &str = "shock index: heart rate over pressure; usual ranges unverified";

/// Heart rate over one pressure.
#[derive(Debug)]
pub struct Index {
    name: &'static str,
    title_en: &'static str,
    title_ja: &'static str,
    pressure: &'static str,
    usual: &'static str,
    asks: &'static [Ask],
}

const HEART_RATE: Ask = Ask::number("heart_rate", "/min", 0, 350, "heart rate");
static SHOCK_ASKS: [Ask; 2] = [HEART_RATE, Ask::number("systolic", "mmHg", 20, 320, "systolic pressure")];
static MODIFIED_ASKS: [Ask; 2] = [HEART_RATE, Ask::number("map", "mmHg", 15, 260, "mean arterial pressure")];
static DIASTOLIC_ASKS: [Ask; 2] =
    [HEART_RATE, Ask::number("diastolic", "mmHg", 10, 220, "diastolic pressure")];

pub static SHOCK: Index = Index {
    name: "shock_index",
    title_en: "Shock index",
    title_ja: "ショック指数",
    pressure: "systolic",
    usual: "usually 0.5 to 0.7; 0.9 or more abnormal",
    asks: &SHOCK_ASKS,
};
pub static MODIFIED: Index = Index {
    name: "modified_shock_index",
    title_en: "Modified shock index",
    title_ja: "修正ショック指数",
    pressure: "map",
    usual: "usually 0.7 to 1.3",
    asks: &MODIFIED_ASKS,
};
pub static DIASTOLIC: Index = Index {
    name: "diastolic_shock_index",
    title_en: "Diastolic shock index",
    title_ja: "拡張期ショック指数",
    pressure: "diastolic",
    usual: "no usual range given",
    asks: &DIASTOLIC_ASKS,
};

impl Index {
    pub fn compute(&self, inputs: &Inputs) -> Score {
        let mut tally = Tally::new(inputs, self.asks);
        let rate = tally.number("heart_rate");
        let pressure = tally.number(self.pressure);
        let reach = Reach {
            low: ratio(rate.low, pressure.high).unwrap_or(0),
            high: ratio(rate.high, pressure.low).unwrap_or(i64::MAX),
        };
        // A ratio of two bounds is never exact, even where both ends round to the same thousandth.
        let reach = if rate.is_exact() && pressure.is_exact() {
            reach
        } else {
            Reach { low: reach.low, high: i64::MAX }
        };
        tally.reason("heart rate over pressure", reach, SOURCE);
        tally.finish(self.name, reach, SOURCE)
    }

    pub fn card(&self) -> Card {
        Card {
            name: self.name,
            title_en: self.title_en.into(),
            title_ja: self.title_ja.into(),
            inputs: self.asks.to_vec(),
            rows: vec![Row::new(
                self.title_en,
                &format!("heart rate / {}; {}", self.pressure, self.usual),
                "",
            )],
            unit: "ratio".into(),
            source: SOURCE.into(),
            limits: "fever alone raises the heart rate".into(),
        }
    }
}

/// To the nearest thousandth, half up. `None` where an end is open or the pressure is not positive.
fn ratio(rate: i64, pressure: i64) -> Option<i64> {
    if pressure <= 0 || rate < 0 || rate == i64::MAX || pressure == i64::MAX {
        return None;
    }
    let (rate, pressure) = (i128::from(rate), i128::from(pressure));
    i64::try_from((rate * 1000 + pressure / 2) / pressure).ok()
}

/// Mean arterial pressure from a cuff's two: (systolic + 2 diastolic) / 3, mmHg. A measured mean is better.
pub fn mean_arterial(systolic: Value, diastolic: Value) -> Value {
    Value((systolic.0 + 2 * diastolic.0 + 1).div_euclid(3))
}
