//! National Early Warning Score 2: Royal College of Physicians, 2017; 16 years and over, not pregnant.

use std::borrow::Cow;

use super::answer::Score;
use super::ask::{Ask, AskKind};
use super::card::{Card, Row};
use super::input::Inputs;
use super::reach::{Reach, Truth};
use super::scale::{LOWEST, Scale, step};
use super::tally::Tally;

const SOURCE: &str = "NEWS2, Royal College of Physicians 2017, chart 1";

const RESPIRATION: Scale = Scale {
    item: "respiratory rate",
    steps: &[
        step(LOWEST, 3, "8 or less"),
        step(9_000, 1, "9 to 11"),
        step(12_000, 0, "12 to 20"),
        step(21_000, 2, "21 to 24"),
        step(25_000, 3, "25 or more"),
    ],
};
const SATURATION: Scale = Scale {
    item: "SpO2, scale 1",
    steps: &[
        step(LOWEST, 3, "91 or less"),
        step(92_000, 2, "92 to 93"),
        step(94_000, 1, "94 to 95"),
        step(96_000, 0, "96 or more"),
    ],
};
/// Target 88-92 %, hypercapnic failure only, and only where a clinician chose it.
const SATURATION_2_OXYGEN: Scale = Scale {
    item: "SpO2, scale 2, on oxygen",
    steps: &[
        step(LOWEST, 3, "83 or less"),
        step(84_000, 2, "84 to 85"),
        step(86_000, 1, "86 to 87"),
        step(88_000, 0, "88 to 92"),
        step(93_000, 1, "93 to 94"),
        step(95_000, 2, "95 to 96"),
        step(97_000, 3, "97 or more"),
    ],
};
const SATURATION_2_AIR: Scale = Scale {
    item: "SpO2, scale 2, on air",
    steps: &[
        step(LOWEST, 3, "83 or less"),
        step(84_000, 2, "84 to 85"),
        step(86_000, 1, "86 to 87"),
        step(88_000, 0, "88 or more"),
    ],
};
const SYSTOLIC: Scale = Scale {
    item: "systolic",
    steps: &[
        step(LOWEST, 3, "90 or less"),
        step(91_000, 2, "91 to 100"),
        step(101_000, 1, "101 to 110"),
        step(111_000, 0, "111 to 219"),
        step(220_000, 3, "220 or more"),
    ],
};
const PULSE: Scale = Scale {
    item: "pulse",
    steps: &[
        step(LOWEST, 3, "40 or less"),
        step(41_000, 1, "41 to 50"),
        step(51_000, 0, "51 to 90"),
        step(91_000, 1, "91 to 110"),
        step(111_000, 2, "111 to 130"),
        step(131_000, 3, "131 or more"),
    ],
};
const TEMPERATURE: Scale = Scale {
    item: "temperature",
    steps: &[
        step(LOWEST, 3, "35.0 or less"),
        step(35_100, 1, "35.1 to 36.0"),
        step(36_100, 0, "36.1 to 38.0"),
        step(38_100, 1, "38.1 to 39.0"),
        step(39_100, 2, "39.1 or more"),
    ],
};

static ASKS: [Ask; 8] = [
    Ask::number("respiratory_rate", "/min", 0, 120, "respiratory rate"),
    Ask::number("spo2", "%", 1, 100, "oxygen saturation"),
    Ask::whole("scale", "", 1, 2, "SpO2 scale; 2 only where a clinician chose it, 1 unless stated")
        .optional(),
    Ask::flag("oxygen", "breathes supplemental oxygen"),
    Ask::number("systolic", "mmHg", 20, 320, "systolic pressure"),
    Ask::or_plain(
        "pulse",
        "/min",
        AskKind::Number { min: 0, max: 350_000, whole: false },
        "pulse",
        &[Cow::Borrowed("heart_rate")],
    ),
    Ask::words(
        "consciousness",
        &["A", "C", "V", "P", "U"],
        "alert, new confusion, voice, pain, unresponsive",
    ),
    Ask::number("temperature", "°C", 25, 45, "temperature"),
];

/// One whole unit and one decimal, in thousandths: values are rounded half up before the table (engineering).
const WHOLE: i64 = 1_000;
const TENTH: i64 = 100;

/// 0 to 20 points. Inputs: see [`card`].
pub fn compute(inputs: &Inputs) -> Score {
    let mut tally = Tally::new(inputs, &ASKS);
    let respiration = RESPIRATION.points(tally.number("respiratory_rate").rounded(WHOLE));
    tally.term("respiratory rate", respiration, SOURCE);
    let saturation = saturation(&mut tally);
    tally.term("SpO2", saturation, SOURCE);
    let oxygen = tally.flag("oxygen").points(2);
    tally.term("oxygen", oxygen, SOURCE);
    let systolic = SYSTOLIC.points(tally.number("systolic").rounded(WHOLE));
    tally.term("systolic", systolic, SOURCE);
    let pulse = PULSE.points(tally.number("pulse").rounded(WHOLE));
    tally.term("pulse", pulse, SOURCE);
    let consciousness = match tally.word("consciousness") {
        None => Reach::points(0, 3),
        Some("A") => Reach::points(0, 0),
        Some(_not_alert) => Reach::points(3, 3),
    };
    tally.term("consciousness", consciousness, SOURCE);
    let temperature = TEMPERATURE.points(tally.number("temperature").rounded(TENTH));
    tally.term("temperature", temperature, SOURCE);

    let single = [respiration, saturation, systolic, pulse, consciousness, temperature]
        .iter()
        .any(|points| points.low >= 3_000);
    // 5 or more: urgent; 7 or more: emergency; a single 3 counts like 5 to 6 (Royal College of Physicians 2017).
    if tally.sum.low >= 7_000 {
        tally.flag_up("emergency response: 7 or more");
    } else if tally.sum.low >= 5_000 {
        tally.flag_up("urgent response: 5 or more");
    }
    if single {
        tally.flag_up("a single parameter scores 3");
    }
    if !tally.sum.is_exact() {
        tally.flag_up("partial");
    }
    tally.total("news2", SOURCE)
}

fn saturation(tally: &mut Tally<'_>) -> Reach {
    let spo2 = tally.number("spo2").rounded(WHOLE);
    let second = tally.is_known("scale") && tally.number("scale").at_least(2_000).is_certain();
    if !second {
        return SATURATION.points(spo2);
    }
    let (air, oxygen) = (SATURATION_2_AIR.points(spo2), SATURATION_2_OXYGEN.points(spo2));
    match tally.flag("oxygen") {
        Truth::Yes => oxygen,
        Truth::No => air,
        Truth::Unknown => air.hull(oxygen),
    }
}

pub fn card() -> Card {
    let scales =
        [RESPIRATION, SATURATION, SATURATION_2_AIR, SATURATION_2_OXYGEN, SYSTOLIC, PULSE, TEMPERATURE];
    let mut rows: Vec<Row> = scales.iter().flat_map(Scale::rows).collect();
    rows.push(Row::new("oxygen", "on oxygen", 2));
    rows.push(Row::new("consciousness", "new confusion, voice, pain or unresponsive", 3));
    Card {
        name: "news2",
        title_en: "NEWS2".into(),
        title_ja: "NEWS2(英国早期警告スコア)".into(),
        inputs: ASKS.to_vec(),
        rows,
        unit: "points".into(),
        source: SOURCE.into(),
        limits: "16 years and over, not pregnant. Fever alone gives points for temperature and pulse, so 5 or more \
                 is common in uncomplicated grade 1 CRS: context, not a trigger for CRS."
            .into(),
    }
}
