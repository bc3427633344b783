//! The suggested grade of immune effector cell-associated neurotoxicity: ASTCT consensus, Lee DW et al.,
//! Biol Blood Marrow Transplant 2019;25(4):625-638.

use super::answer::Score;
use super::ask::Ask;
use super::card::{Card, Row};
use super::input::Inputs;
use super::reach::{Reach, Truth};
use super::scale::{LOWEST, Scale, step};
use super::tally::Tally;

const SOURCE: &str = "ASTCT consensus grading, Lee et al., Biol Blood Marrow Transplant 2019;25:625";
/// From this age on ICE is the instrument; below it CAPD (Lee 2019).
const ICE_AGE: i64 = 12_000;

/// ICE 7-9, 3-6, 0-2 (Lee 2019, table of adults). ICE 0 in an unarousable patient is grade 4 by consciousness.
const ICE: Scale = Scale {
    item: "ICE",
    steps: &[
        step(LOWEST, 3, "0 to 2"),
        step(3_000, 2, "3 to 6"),
        step(7_000, 1, "7 to 9"),
        step(10_000, 0, "10"),
    ],
};
/// CAPD 1-8 and 9 or more (Lee 2019, table of children under 12 years); grade 2 comes from consciousness.
const CAPD: Scale = Scale {
    item: "CAPD, under 12 years",
    steps: &[step(LOWEST, 0, "0"), step(1_000, 1, "1 to 8"), step(9_000, 3, "9 or more")],
};

static ASKS: [Ask; 7] = [
    Ask::whole("ice", "", 0, 10, "immune effector cell encephalopathy score, 10 is no impairment"),
    Ask::words(
        "consciousness",
        &["spontaneous", "voice", "tactile", "unarousable"],
        "what the patient awakens to; not attributable to sedation",
    ),
    Ask::words(
        "seizure",
        &["none", "brief", "prolonged"],
        "brief: resolves rapidly; prolonged: over 5 min, or repeated without return to baseline",
    ),
    Ask::flag("motor", "deep focal motor weakness such as hemiparesis"),
    Ask::words(
        "edema",
        &["none", "focal", "diffuse"],
        "cerebral edema on imaging, or signs of raised pressure",
    ),
    Ask::number(
        "age",
        "years",
        0,
        120,
        "12 years and over: ICE; under: CAPD; unstated: the one that was charted",
    )
    .optional(),
    Ask::whole("capd", "", 0, 32, "Cornell Assessment of Pediatric Delirium, under 12 years").optional(),
];

/// The suggested grade, 0 to 4: the gravest domain. Inputs: see [`card`].
pub fn compute(inputs: &Inputs) -> Score {
    let mut tally = Tally::new(inputs, &ASKS);
    let cognition = cognition(&mut tally);
    tally.reason_by_name("cognition", cognition, SOURCE);
    let consciousness = consciousness(tally.word("consciousness"));
    tally.reason("consciousness", consciousness, SOURCE);
    let seizure = match tally.word("seizure") {
        None => Reach::points(0, 4),
        Some("none") => Reach::points(0, 0),
        Some("brief") => Reach::points(3, 3),
        Some(_prolonged) => Reach::points(4, 4),
    };
    tally.reason("seizure", seizure, SOURCE);
    let motor = tally.flag("motor").points(4);
    tally.reason("motor findings", motor, SOURCE);
    let edema = match tally.word("edema") {
        None => Reach::points(0, 4),
        Some("none") => Reach::points(0, 0),
        Some("focal") => Reach::points(3, 3),
        Some(_diffuse) => Reach::points(4, 4),
    };
    tally.reason("cerebral edema", edema, SOURCE);

    // The most severe domain decides (Lee 2019).
    let grade = cognition.greater(consciousness).greater(seizure).greater(motor).greater(edema);
    if !grade.is_exact() {
        if grade.low > 0 {
            tally.flag_up(format!("possible >= {}", grade.low / 1000));
        }
        tally.flag_up(format!("grade {} not excluded", grade.high / 1000));
    }
    tally.finish("icans", grade, SOURCE)
}

/// "Awakens spontaneously" is grade 1 of *depressed* consciousness. With full marks in ICE nothing is
/// depressed, and with fewer the grade is 1 already: alone it grades nothing.
fn consciousness(word: Option<&str>) -> Reach {
    match word {
        None => Reach::points(0, 4),
        Some("spontaneous") => Reach::points(0, 0),
        Some("voice") => Reach::points(2, 2),
        Some("tactile") => Reach::points(3, 3),
        Some(_unarousable) => Reach::points(4, 4),
    }
}

/// ICE or CAPD by age. Without an age the instrument that was charted tells which applies; with both
/// charted either may.
fn cognition(tally: &mut Tally<'_>) -> Reach {
    let age = tally.is_known("age").then(|| tally.number("age"));
    let charted = (tally.is_known("ice"), tally.is_known("capd"));
    let adult = match (age, charted) {
        (Some(age), _) => age.at_least(ICE_AGE),
        (None, (true, true)) => Truth::Unknown,
        (None, (false, true)) => Truth::No,
        (None, (_, false)) => Truth::Yes,
    };
    match adult {
        Truth::Yes => ICE.points(tally.number("ice")),
        Truth::No => child(tally),
        Truth::Unknown => {
            let both = ICE.points(tally.number("ice")).hull(child(tally));
            if !both.is_exact() {
                tally.miss("age");
            }
            both
        }
    }
}

fn child(tally: &mut Tally<'_>) -> Reach {
    let capd = tally.number("capd");
    if !tally.is_known("capd") {
        tally.miss("capd");
    }
    CAPD.points(capd)
}

pub fn card() -> Card {
    let mut rows: Vec<Row> = ICE.rows().chain(CAPD.rows()).collect();
    rows.extend([
        Row::new("consciousness", "awakens spontaneously (alone: no grade)", 0),
        Row::new("consciousness", "awakens to voice", 2),
        Row::new("consciousness", "awakens only to tactile stimulus", 3),
        Row::new("consciousness", "unarousable, or vigorous or repetitive stimuli needed; stupor or coma", 4),
        Row::new(
            "seizure",
            "any seizure that resolves rapidly; nonconvulsive, resolving with intervention",
            3,
        ),
        Row::new("seizure", "over 5 min, or repetitive without return to baseline", 4),
        Row::new("motor findings", "deep focal weakness such as hemiparesis or paraparesis", 4),
        Row::new("cerebral edema", "focal edema on imaging", 3),
        Row::new(
            "cerebral edema",
            "diffuse edema, posturing, sixth nerve palsy, papilledema, Cushing's triad",
            4,
        ),
    ]);
    Card {
        name: "icans",
        title_en: "ICANS grade (ASTCT 2019)".into(),
        title_ja: "ICANS グレード(ASTCT 2019)".into(),
        inputs: ASKS.to_vec(),
        rows,
        unit: "grade".into(),
        source: SOURCE.into(),
        limits: "a suggestion: the gravest domain not attributable to another cause. Tremor, myoclonus and \
                 intracranial hemorrhage do not count. With developmental delay chart CAPD and leave the age \
                 out. Grade 5 is charted, never computed."
            .into(),
    }
}
