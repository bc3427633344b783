//! SOFA, the version of 1996: Vincent JL et al., Intensive Care Med 1996;22:707-710, as in the MIMIC concepts
//! (sofa.sql). The worst value of 24 hours.

use super::answer::Score;
use super::ask::Ask;
use super::card::{Card, Row};
use super::input::Inputs;
use super::reach::{Reach, Truth};
use super::scale::{LOWEST, Scale, step};
use super::tally::Tally;

const SOURCE: &str = "SOFA, Vincent et al., Intensive Care Med 1996, as in MIT-LCP mimic-code sofa.sql";
const SURROGATE: &str = "SpO2/FiO2 in place of PaO2/FiO2, Rice et al. 2007 (unverified); SOFA 1996";

const PLATELETS: Scale = Scale {
    item: "platelets",
    steps: &[
        step(LOWEST, 4, "below 20"),
        step(20_000, 3, "below 50"),
        step(50_000, 2, "below 100"),
        step(100_000, 1, "below 150"),
        step(150_000, 0, "150 or more"),
    ],
};
const BILIRUBIN: Scale = Scale {
    item: "bilirubin",
    steps: &[
        step(LOWEST, 0, "below 1.2"),
        step(1_200, 1, "1.2 to 1.9"),
        step(2_000, 2, "2.0 to 5.9"),
        step(6_000, 3, "6.0 to 11.9"),
        step(12_000, 4, "12.0 or more"),
    ],
};
const GCS: Scale = Scale {
    item: "GCS",
    steps: &[
        step(LOWEST, 4, "below 6"),
        step(6_000, 3, "6 to 9"),
        step(10_000, 2, "10 to 12"),
        step(13_000, 1, "13 to 14"),
        step(15_000, 0, "15"),
    ],
};
const CREATININE: Scale = Scale {
    item: "creatinine",
    steps: &[
        step(LOWEST, 0, "below 1.2"),
        step(1_200, 1, "1.2 to 1.9"),
        step(2_000, 2, "2.0 to 3.4"),
        step(3_500, 3, "3.5 to 4.9"),
        step(5_000, 4, "5.0 or more"),
    ],
};
const URINE: Scale = Scale {
    item: "urine",
    steps: &[
        step(LOWEST, 4, "below 200 mL/d"),
        step(200_000, 3, "below 500 mL/d"),
        step(500_000, 0, "500 or more"),
    ],
};
/// Dopamine up to 5, above 5, above 15; epinephrine and norepinephrine up to 0.1, above 0.1; any dobutamine.
/// All bands need more than 0 (µg/kg/min).
const DOPAMINE: Scale = Scale {
    item: "dopamine",
    steps: &[
        step(LOWEST, 0, "none"),
        step(1, 2, "up to 5"),
        step(5_001, 3, "above 5"),
        step(15_001, 4, "above 15"),
    ],
};
const DOBUTAMINE: Scale = Scale { item: "dobutamine", steps: &[step(LOWEST, 0, "none"), step(1, 2, "any")] };
const EPINEPHRINE: Scale = Scale {
    item: "epinephrine, norepinephrine",
    steps: &[step(LOWEST, 0, "none"), step(1, 3, "up to 0.1"), step(101, 4, "above 0.1")],
};
/// Mean arterial pressure below 70 mmHg.
const MAP: Scale =
    Scale { item: "MAP", steps: &[step(LOWEST, 1, "below 70"), step(70_000, 0, "70 or more")] };

const DRUGS: [(&str, Scale); 4] = [
    ("dopamine", DOPAMINE),
    ("dobutamine", DOBUTAMINE),
    ("epinephrine", EPINEPHRINE),
    ("norepinephrine", EPINEPHRINE),
];

static ASKS: [Ask; 16] = [
    Ask::number("pao2", "mmHg", 10, 700, "arterial oxygen"),
    Ask::number("spo2", "%", 1, 100, "oxygen saturation, in place of PaO2 up to 97 %").optional(),
    Ask::number("fio2", "%", 15, 100, "inspired oxygen"),
    Ask::flag("ventilated", "has ventilatory support"),
    Ask::number("platelets", "10^9/L", 0, 3_000, "platelets"),
    Ask::number("bilirubin", "mg/dL", 0, 80, "total bilirubin"),
    Ask::number("map", "mmHg", 15, 260, "mean arterial pressure"),
    Ask::whole("vasopressors", "", 0, 10, "vasopressors running; 0 stands for no rate of any").optional(),
    Ask::number("dopamine", "µg/kg/min", 0, 100, "rate"),
    Ask::number("dobutamine", "µg/kg/min", 0, 100, "rate"),
    Ask::number("epinephrine", "µg/kg/min", 0, 20, "rate"),
    Ask::number("norepinephrine", "µg/kg/min", 0, 20, "rate"),
    Ask::whole("gcs", "", 3, 15, "Glasgow Coma Scale"),
    Ask::number("creatinine", "mg/dL", 0, 40, "creatinine"),
    Ask::number("urine", "mL/d", 0, 20_000, "urine of 24 h, where collected").optional(),
    Ask::whole("sofa_baseline", "", 0, 24, "SOFA before the infusion").optional(),
];

/// 0 to 24 points; `without_platelets` and `change` (from `sofa_baseline`) as parts.
pub fn compute(inputs: &Inputs) -> Score {
    let mut tally = Tally::new(inputs, &ASKS);
    let (respiration, source) = respiration(&mut tally);
    tally.term("respiration", respiration, source);
    let platelets = PLATELETS.points(tally.number("platelets"));
    tally.term("coagulation", platelets, SOURCE);
    let bilirubin = BILIRUBIN.points(tally.number("bilirubin"));
    tally.term("liver", bilirubin, SOURCE);
    let circulation = circulation(&mut tally);
    tally.term("circulation", circulation, SOURCE);
    let gcs = GCS.points(tally.number("gcs"));
    tally.term("consciousness", gcs, SOURCE);
    let mut kidney = CREATININE.points(tally.number("creatinine"));
    if tally.is_known("urine") {
        kidney = kidney.greater(URINE.points(tally.number("urine")));
    }
    tally.term("kidney", kidney, SOURCE);

    let others = [respiration, bilirubin, circulation, gcs, kidney];
    tally.part("without_platelets", others.into_iter().fold(Reach::exactly(0), Reach::plus));
    if tally.is_known("sofa_baseline") {
        let before = tally.number("sofa_baseline");
        tally.drop_draft();
        let change = Reach { low: tally.sum.low - before.high, high: tally.sum.high - before.low };
        tally.part("change", change);
    }
    tally.total("sofa", SOURCE)
}

/// PaO2/FiO2 below 400, 300, and with ventilatory support 200 and 100.
fn respiration(tally: &mut Tally<'_>) -> (Reach, &'static str) {
    /// SpO2 above this says nothing about PaO2 (Rice 2007).
    const USABLE: i64 = 97_000;
    let surrogate = !tally.is_known("pao2") && tally.is_known("spo2");
    if surrogate {
        let (spo2, fio2) = (tally.number("spo2"), tally.number("fio2"));
        let (low, high) = quotient(spo2, fio2);
        if spo2.at_most(USABLE).is_certain() {
            let ventilated = if high < 300 { tally.flag("ventilated") } else { Truth::Unknown };
            let points = by_saturation(low, high, ventilated);
            if !points.is_exact() {
                // Saturation tells less than the blood gas in whose place it stands.
                tally.lacks("pao2");
            }
            return (points, SURROGATE);
        }
    }
    let (pao2, fio2) = (tally.number("pao2"), tally.number("fio2"));
    let (low, high) = quotient(pao2, fio2);
    let ventilated = if low < 200 { tally.flag("ventilated") } else { Truth::No };
    let grave = |ratio: i64, ventilated: bool| match (ratio, ventilated) {
        (..100, true) => 4,
        (100..200, true) => 3,
        (..200, false) | (200..300, _) => 2,
        (300..400, _) => 1,
        (400.., _) => 0,
    };
    (Reach::points(grave(high, ventilated.is_certain()), grave(low, ventilated.is_possible())), SOURCE)
}

/// SpO2/FiO2 235 stands for PaO2/FiO2 200, and 315 for 300 (Rice 2007); 100 and 400 have no counterpart.
fn by_saturation(low: i64, high: i64, ventilated: Truth) -> Reach {
    let least = match (high, ventilated.is_certain()) {
        (..235, true) => 3,
        (..235, false) | (235..315, _) => 2,
        (315.., _) => 0,
    };
    let most = match (low, ventilated.is_possible()) {
        (..235, true) => 4,
        (..235, false) | (235..315, _) => 2,
        (315.., _) => 1,
    };
    Reach::points(least, most)
}

/// Oxygen over its fraction in whole mmHg (or per cent), rounded down; the fraction comes in per cent. Rounding
/// down keeps "below" a whole limit exact.
fn quotient(oxygen: Reach, fraction: Reach) -> (i64, i64) {
    let whole = |oxygen: i64, fraction: i64| match (oxygen, fraction) {
        (i64::MAX, _) | (_, ..=0) => i64::MAX,
        (..=0, _) | (_, i64::MAX) => 0,
        (oxygen, fraction) => {
            let ratio = i128::from(oxygen) * 100 / i128::from(fraction);
            i64::try_from(ratio).unwrap_or(i64::MAX)
        }
    };
    (whole(oxygen.low, fraction.high), whole(oxygen.high, fraction.low))
}

fn circulation(tally: &mut Tally<'_>) -> Reach {
    let pressure = MAP.points(tally.number("map"));
    let count = tally.is_known("vasopressors").then(|| tally.number("vasopressors"));
    let none = count.is_some_and(|count| count.high <= 0);
    let mut gravest = pressure;
    for (name, scale) in DRUGS {
        if none && !tally.is_known(name) {
            continue;
        }
        gravest = gravest.greater(scale.points(tally.number(name)));
    }
    gravest
}

pub fn card() -> Card {
    let scales = [PLATELETS, BILIRUBIN, MAP, DOPAMINE, DOBUTAMINE, EPINEPHRINE, GCS, CREATININE, URINE];
    let mut rows = vec![
        Row::new("PaO2/FiO2", "below 400", 1),
        Row::new("PaO2/FiO2", "below 300", 2),
        Row::new("PaO2/FiO2", "below 200 with ventilatory support", 3),
        Row::new("PaO2/FiO2", "below 100 with ventilatory support", 4),
    ];
    rows.extend(scales.iter().flat_map(Scale::rows));
    Card {
        name: "sofa",
        title_en: "SOFA".into(),
        title_ja: "SOFA(臓器障害スコア)".into(),
        inputs: ASKS.to_vec(),
        rows,
        unit: "points".into(),
        source: SOURCE.into(),
        limits:
            "lymphodepletion lowers platelets: see also the sum without them and the change from before the \
                 infusion. Without blood gas, SpO2/FiO2 up to 97 % stands in and decides less."
                .into(),
    }
}
