//! HScore for reactive hemophagocytic syndrome: Fardet L et al., Arthritis Rheumatol 2014;66:2613-2620.

use super::answer::Score;
use super::ask::Ask;
use super::card::{Card, Row};
use super::input::Inputs;
use super::reach::{Reach, Truth};
use super::scale::{LOWEST, Scale, step};
use super::tally::Tally;
use crate::model::Value;

const SOURCE: &str = "HScore, Fardet et al., Arthritis Rheumatol 2014";

const TEMPERATURE: Scale = Scale {
    item: "temperature",
    steps: &[step(LOWEST, 0, "below 38.4"), step(38_400, 33, "38.4 to 39.4"), step(39_401, 49, "above 39.4")],
};
const FERRITIN: Scale = Scale {
    item: "ferritin",
    steps: &[
        step(LOWEST, 0, "below 2000"),
        step(2_000_000, 35, "2000 to 6000"),
        step(6_000_001, 50, "above 6000"),
    ],
};
/// 1.5 and 4 mmol/L, printed as 132.7 and 354 mg/dL; 4 mmol/L itself, 354.28 mg/dL, is not above 4.
const TRIGLYCERIDES: Scale = Scale {
    item: "triglycerides",
    steps: &[
        step(LOWEST, 0, "below 132.7"),
        step(132_700, 44, "132.7 to 354"),
        step(354_281, 64, "above 354"),
    ],
};
/// 2.5 g/L.
const FIBRINOGEN: Scale =
    Scale { item: "fibrinogen", steps: &[step(LOWEST, 30, "250 or less"), step(250_001, 0, "above 250")] };
const AST: Scale =
    Scale { item: "AST", steps: &[step(LOWEST, 0, "below 30"), step(30_000, 19, "30 or more")] };

/// Lineages are low at these or less: hemoglobin 9.2 g/dL, white cells 5.0 and platelets 110 x10^9/L.
const LINEAGES: [(&str, i64); 3] = [("hemoglobin", 9_200), ("wbc", 5_000), ("platelets", 110_000)];
const LINEAGE_POINTS: [i64; 4] = [0, 0, 24, 34];

/// Probability of the syndrome, per cent, at 100, 110, … 240 points; below 1 at 90, above 99 at 250.
const PROBABILITY: [i64; 15] = [1, 3, 5, 9, 16, 25, 40, 54, 70, 80, 88, 93, 96, 98, 99];

static ASKS: [Ask; 11] = [
    Ask::flag("immunosuppressed", "known underlying immunosuppression"),
    Ask::number("temperature", "°C", 25, 45, "highest temperature"),
    Ask::words("organomegaly", &["none", "one", "both"], "liver or spleen enlarged, or both"),
    Ask::number("hemoglobin", "g/dL", 1, 25, "hemoglobin"),
    Ask::number("wbc", "10^9/L", 0, 1_000, "white cells"),
    Ask::number("platelets", "10^9/L", 0, 3_000, "platelets"),
    Ask::number("ferritin", "ng/mL", 0, 2_000_000, "ferritin"),
    Ask::number("triglycerides", "mg/dL", 5, 15_000, "triglycerides"),
    Ask::number("fibrinogen", "mg/dL", 5, 2_000, "fibrinogen"),
    Ask::number("ast", "U/L", 0, 50_000, "aspartate aminotransferase"),
    Ask::flag("hemophagocytosis", "hemophagocytosis on marrow aspirate"),
];

/// 0 to 337 points; the probability as a flag once the score is decided.
pub fn compute(inputs: &Inputs) -> Score {
    let mut tally = Tally::new(inputs, &ASKS);
    let immunosuppressed = tally.flag("immunosuppressed").points(18);
    tally.term("immunosuppression", immunosuppressed, SOURCE);
    let temperature = TEMPERATURE.points(tally.number("temperature"));
    tally.term("temperature", temperature, SOURCE);
    let organs = match tally.word("organomegaly") {
        None => Reach::points(0, 38),
        Some("none") => Reach::points(0, 0),
        Some("one") => Reach::points(23, 23),
        Some(_both) => Reach::points(38, 38),
    };
    tally.term("organomegaly", organs, SOURCE);
    let low: Vec<Truth> = LINEAGES.iter().map(|(name, limit)| tally.number(name).at_most(*limit)).collect();
    let certain = low.iter().filter(|low| low.is_certain()).count();
    let possible = low.iter().filter(|low| low.is_possible()).count();
    tally.term("cytopenia", Reach::points(LINEAGE_POINTS[certain], LINEAGE_POINTS[possible]), SOURCE);
    for (name, scale) in
        [("ferritin", FERRITIN), ("triglycerides", TRIGLYCERIDES), ("fibrinogen", FIBRINOGEN), ("ast", AST)]
    {
        let points = scale.points(tally.number(name));
        tally.term(scale.item, points, SOURCE);
    }
    let marrow = tally.flag("hemophagocytosis").points(35);
    tally.term("hemophagocytosis", marrow, SOURCE);
    if let Some(value) = tally.sum.value() {
        tally.flag_up(format!("probability {}", probability(value)));
    }
    tally.total("hscore", SOURCE)
}

/// The printed table at multiples of ten, and the two rows around a score between them.
pub fn probability(points: Value) -> String {
    let row = (points.0 / 1000 - 100).div_euclid(10);
    let between = points.0 % 10_000 != 0;
    let at = |row: i64| usize::try_from(row).ok().and_then(|row| PROBABILITY.get(row));
    match (at(row), at(row + 1)) {
        (Some(here), _) if !between => format!("{here} %"),
        (Some(here), Some(next)) => format!("{here} to {next} %"),
        (Some(_), None) => "99 % or more".to_owned(),
        (None, Some(_)) if between => "1 % or less".to_owned(),
        (None, _) => if row < 0 { "below 1 %" } else { "above 99 %" }.to_owned(),
    }
}

pub fn card() -> Card {
    let scales = [TEMPERATURE, FERRITIN, TRIGLYCERIDES, FIBRINOGEN, AST];
    let mut rows: Vec<Row> = scales.iter().flat_map(Scale::rows).collect();
    rows.extend([
        Row::new("immunosuppression", "known", 18),
        Row::new("organomegaly", "liver or spleen", 23),
        Row::new("organomegaly", "both", 38),
        Row::new("cytopenia", "2 of hemoglobin 9.2, white cells 5.0, platelets 110 or less", 24),
        Row::new("cytopenia", "all 3", 34),
        Row::new("hemophagocytosis", "on marrow aspirate", 35),
    ]);
    Card {
        name: "hscore",
        title_en: "HScore".into(),
        title_ja: "HScore(血球貪食症候群)".into(),
        inputs: ASKS.to_vec(),
        rows,
        unit: "points".into(),
        source: SOURCE.into(),
        limits:
            "best cut-off 169. After CAR-T nearly every patient has the points for immunosuppression and \
                 cytopenia: it over-calls; prefer the IEC-HS watch."
                .into(),
    }
}
