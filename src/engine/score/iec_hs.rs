//! Watch for immune effector cell-associated hemophagocytic syndrome: Hines MR et al. (ASTCT), Transplant
//! Cell Ther 2023;29(7):438.e1-e16. The criteria are unverified against the paper; the watch rule is engineering.

use super::answer::Score;
use super::ask::Ask;
use super::card::{Card, Row};
use super::input::Inputs;
use super::reach::{Reach, Truth};
use super::tally::Tally;

const SOURCE: &str =
    "IEC-HS, Hines et al., Transplant Cell Ther 2023;29(7):438 (unverified); watch rule: engineering";

/// From day 2 on (engineering).
const FIRST_DAY: i64 = 2_000;
/// Below 150 mg/dL (Hines 2023).
const FIBRINOGEN: i64 = 150_000;
/// Ferritin more than twice, transaminases more than five times the reference (Hines 2023).
const FERRITIN_TIMES: i64 = 2;
const ENZYME_TIMES: i64 = 5;
/// So many of the three supporting criteria (engineering).
const SUPPORTING: usize = 2;

/// Grade 4 by CTCAE v5.0 (unverified): platelets under 25, neutrophils under 0.5 x10^9/L. Of anemia grade 4 is a
/// clinical judgement without a number.
const GRADE_4: [(&str, &str, i64); 2] =
    [("platelets", "platelets_baseline", 25_000), ("neutrophils", "neutrophils_baseline", 500)];

static ASKS: [Ask; 16] = [
    Ask::number("day", "days", -100, 1_000, "days since infusion"),
    Ask::number("ferritin", "ng/mL", 0, 2_000_000, "ferritin"),
    Ask::number("ferritin_baseline", "ng/mL", 0, 2_000_000, "ferritin at infusion"),
    Ask::number("ferritin_uln", "ng/mL", 1, 2_000, "upper limit of normal of the laboratory"),
    Ask::number("ast", "U/L", 0, 50_000, "aspartate aminotransferase"),
    Ask::number("ast_baseline", "U/L", 0, 50_000, "AST at infusion"),
    Ask::number("ast_uln", "U/L", 1, 200, "upper limit of normal of the laboratory"),
    Ask::number("alt", "U/L", 0, 50_000, "alanine aminotransferase"),
    Ask::number("alt_baseline", "U/L", 0, 50_000, "ALT at infusion"),
    Ask::number("alt_uln", "U/L", 1, 200, "upper limit of normal of the laboratory"),
    Ask::number("fibrinogen", "mg/dL", 5, 2_000, "fibrinogen"),
    Ask::number("platelets", "10^9/L", 0, 3_000, "platelets"),
    Ask::number("platelets_baseline", "10^9/L", 0, 3_000, "platelets at infusion"),
    Ask::number("neutrophils", "10^9/L", 0, 1_000, "neutrophils"),
    Ask::number("neutrophils_baseline", "10^9/L", 0, 1_000, "neutrophils at infusion"),
    Ask::flag(
        "cytopenia_grade4",
        "new grade 4 cytopenia of at least one line, as stated; else by the counts",
    ),
];

/// 1: watch; 0: the rule is not met; unknown otherwise.
pub fn compute(inputs: &Inputs) -> Score {
    let mut tally = Tally::new(inputs, &ASKS);
    let late = tally.number("day").at_least(FIRST_DAY);
    tally.reason("day 2 or later", late.points(1), SOURCE);
    let ferritin = tally.number("ferritin");
    let risen = exceeds(ferritin, tally.number("ferritin_uln"), FERRITIN_TIMES).or(exceeds(
        ferritin,
        tally.number("ferritin_baseline"),
        FERRITIN_TIMES,
    ));
    tally.reason("ferritin", risen.points(1), SOURCE);

    let liver = enzyme(&mut tally, "ast", "ast_uln", "ast_baseline").or(enzyme(
        &mut tally,
        "alt",
        "alt_uln",
        "alt_baseline",
    ));
    tally.reason("transaminases", liver.points(1), SOURCE);
    let fibrinogen = tally.number("fibrinogen").below(FIBRINOGEN);
    tally.reason("fibrinogen", fibrinogen.points(1), SOURCE);
    let cytopenia = cytopenia(&mut tally);
    tally.reason("cytopenia", cytopenia.points(1), SOURCE);

    let supporting = [liver, fibrinogen, cytopenia];
    let certain = supporting.iter().filter(|met| met.is_certain()).count();
    let possible = supporting.iter().filter(|met| met.is_possible()).count();
    let enough = match (certain >= SUPPORTING, possible >= SUPPORTING) {
        (true, _) => Truth::Yes,
        (false, true) => Truth::Unknown,
        (false, false) => Truth::No,
    };
    let watch = late.and(risen).and(enough);
    if watch.is_certain() {
        tally.flag_up("watch for IEC-HS");
    }
    tally.finish("iec_hs", watch.points(1), SOURCE)
}

/// More than `times` the reference, where both are known well enough.
fn exceeds(value: Reach, reference: Reach, times: i64) -> Truth {
    let (low, high) = (reference.low.max(0).saturating_mul(times), reference.high.saturating_mul(times));
    if value.low > high {
        Truth::Yes
    } else if value.high <= low {
        Truth::No
    } else {
        Truth::Unknown
    }
}

/// Five times the upper limit where the baseline was normal, five times the baseline where it was not: five
/// times the greater of the two either way.
fn enzyme(tally: &mut Tally<'_>, name: &str, limit: &str, baseline: &str) -> Truth {
    let value = tally.number(name);
    let reference = tally.number(limit).greater(tally.number(baseline));
    exceeds(value, reference, ENZYME_TIMES)
}

/// As stated by a person; else whether a line is of grade 4 now and was not at the infusion.
fn cytopenia(tally: &mut Tally<'_>) -> Truth {
    if tally.is_known("cytopenia_grade4") {
        return tally.flag("cytopenia_grade4");
    }
    GRADE_4.iter().fold(Truth::No, |any, (line, baseline, limit)| {
        let low = tally.number(line).below(*limit);
        // A count that is not low needs no baseline.
        let new = if low.is_possible() { tally.number(baseline).below(*limit).not() } else { Truth::No };
        any.or(low.and(new))
    })
}

pub fn card() -> Card {
    Card {
        name: "iec_hs",
        title_en: "IEC-HS watch".into(),
        title_ja: "IEC-HS 監視".into(),
        inputs: ASKS.to_vec(),
        rows: vec![
            Row::new("day", "2 or later", "required"),
            Row::new("ferritin", "over 2 x upper limit of normal, or over 2 x baseline", "required"),
            Row::new("transaminases", "over 5 x upper limit, or over 5 x an abnormal baseline", "one of 3"),
            Row::new("fibrinogen", "below 150 mg/dL", "one of 3"),
            Row::new("cytopenia", "new, grade 4: platelets below 25 or neutrophils below 0.5", "one of 3"),
        ],
        unit: "1 watch, 0 not".into(),
        source: SOURCE.into(),
        limits:
            "two of the three supporting criteria. Grade 4 anemia, hemophagocytosis, the course of CRS and a rapid rise of \
                 ferritin are clinical judgement."
                .into(),
    }
}
