//! Endothelial Activation and Stress Index and its two relatives: Pennisi M et al., Blood Adv
//! 2021;5(17):3397-3406; Korell F et al., Front Immunol 2022 (10.3389/fimmu.2022.877477).

use super::answer::Score;
use super::ask::Ask;
use super::card::{Card, Row};
use super::input::Inputs;
use super::reach::Reach;
use super::tally::Tally;
use crate::model::Value;

const SOURCE: &str = "EASIX family, Pennisi et al., Blood Adv 2021;5(17):3397";

/// One formula: LDH times something, divided by platelets.
#[derive(Debug)]
pub struct Index {
    name: &'static str,
    title_en: &'static str,
    title_ja: &'static str,
    formula: &'static str,
    factor: Factor,
    asks: &'static [Ask],
}

#[derive(Debug)]
enum Factor {
    None,
    Creatinine,
    /// In mg/dL, a tenth of the canonical mg/L.
    Crp,
}

const LDH: Ask = Ask::number("ldh", "U/L", 5, 50_000, "lactate dehydrogenase");
const CREATININE: Ask = Ask::number("creatinine", "mg/dL", 0, 40, "creatinine");
const CRP: Ask = Ask::number("crp", "mg/L", 0, 1_000, "C-reactive protein; the formula uses mg/dL");
const PLATELETS: Ask = Ask::number("platelets", "10^9/L", 0, 3_000, "platelets");

static PLAIN_ASKS: [Ask; 3] = [LDH, CREATININE, PLATELETS];
static SIMPLE_ASKS: [Ask; 2] = [LDH, PLATELETS];
static MODIFIED_ASKS: [Ask; 3] = [LDH, CRP, PLATELETS];

pub static PLAIN: Index = Index {
    name: "easix",
    title_en: "EASIX",
    title_ja: "EASIX(内皮活性化・ストレス指数)",
    formula: "LDH (U/L) x creatinine (mg/dL) / platelets (10^9/L)",
    factor: Factor::Creatinine,
    asks: &PLAIN_ASKS,
};
pub static SIMPLE: Index = Index {
    name: "s_easix",
    title_en: "s-EASIX",
    title_ja: "s-EASIX",
    formula: "LDH (U/L) / platelets (10^9/L)",
    factor: Factor::None,
    asks: &SIMPLE_ASKS,
};
pub static MODIFIED: Index = Index {
    name: "m_easix",
    title_en: "m-EASIX",
    title_ja: "m-EASIX",
    formula: "LDH (U/L) x CRP (mg/dL) / platelets (10^9/L)",
    factor: Factor::Crp,
    asks: &MODIFIED_ASKS,
};

impl Index {
    /// The index to the nearest thousandth, and its base-2 logarithm as the part `log2`.
    pub fn compute(&self, inputs: &Inputs) -> Score {
        let mut tally = Tally::new(inputs, self.asks);
        let ldh = tally.number("ldh");
        tally.reason("LDH", open_unless_exact(ldh), SOURCE);
        // The factor in thousandths of its unit, times `parts` of a unit.
        let (factor, parts) = match self.factor {
            Factor::None => (Reach::exactly(1_000), 1),
            Factor::Creatinine => (tally.number("creatinine"), 1),
            Factor::Crp => (tally.number("crp"), 10),
        };
        match self.factor {
            Factor::None => {}
            Factor::Creatinine => tally.reason("creatinine", open_unless_exact(factor), SOURCE),
            Factor::Crp => tally.reason("CRP", open_unless_exact(factor), SOURCE),
        }
        let platelets = tally.number("platelets");
        tally.reason("platelets", open_unless_exact(platelets), SOURCE);
        for term in &mut tally.terms {
            // A formula has no points.
            term.points = None;
        }
        let low = quotient(ldh.low, factor.low, platelets.high, parts);
        let high = quotient(ldh.high, factor.high, platelets.low, parts);
        if platelets == Reach::exactly(0) {
            tally.flag_up("platelets are 0: the index has no value");
        }
        let exact = ldh.is_exact() && factor.is_exact() && platelets.is_exact();
        let reach = match (low, high) {
            (Some(low), Some(_)) if exact => Reach::exactly(low),
            (low, _) => Reach { low: low.unwrap_or(0), high: i64::MAX },
        };
        let log2 = reach.value().filter(|value| value.0 > 0);
        let log2 = log2.and_then(|value| Value::from_f64(libm::log2(value.as_f64())));
        tally.part("log2", log2.map_or(Reach::UNKNOWN, |value| Reach::exactly(value.0)));
        tally.finish(self.name, reach, SOURCE)
    }

    pub fn card(&self) -> Card {
        let mut rows = vec![Row::new(self.title_en, self.formula, "")];
        if matches!(self.factor, Factor::Creatinine) {
            // Korell 2022, validation cohort.
            rows.push(Row::new(
                "EASIX before infusion",
                "above 4.67: odds ratio 4.3 for grade 3 or more",
                "",
            ));
        }
        Card {
            name: self.name,
            title_en: self.title_en.into(),
            title_ja: self.title_ja.into(),
            inputs: self.asks.to_vec(),
            rows,
            unit: "index".into(),
            source: SOURCE.into(),
            limits:
                "lymphodepletion and transfusion change platelets: values after it are not on the scale of \
                     values before it. State when it was taken."
                    .into(),
        }
    }
}

/// Known or not, for the count of what is available; the number itself is no number of points.
fn open_unless_exact(reach: Reach) -> Reach {
    if reach.is_exact() { Reach::exactly(0) } else { Reach::UNKNOWN }
}

/// `a` x `b` / `c`, all in thousandths, rounded half up to thousandths; `parts` divides `b`. `None` where
/// an end is open or `c` is 0.
fn quotient(a: i64, b: i64, c: i64, parts: i128) -> Option<i64> {
    if c <= 0 || [a, b, c].contains(&i64::MAX) || a < 0 || b < 0 {
        return None;
    }
    let divisor = i128::from(c) * parts;
    let rounded = (i128::from(a) * i128::from(b) + divisor / 2) / divisor;
    i64::try_from(rounded).ok()
}
