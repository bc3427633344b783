//! The same set of news gives the same patient, in whatever order it came.

use proptest::prelude::*;

use super::*;

/// One result, charted therapy or examination, with what was said of it later.
#[derive(Clone, Debug)]
struct News {
    first: Event,
    later: Option<Event>,
}

const ANALYTES: [(&str, i64, i64); 6] = [
    ("temperature", 36_000, 40_000),
    ("systolic", 70_000, 130_000),
    ("diastolic", 40_000, 80_000),
    ("oxygen_flow", 0, 12_000),
    ("phosphate", 500, 4_000),
    ("ice", 0, 10_000),
];

fn result(n: usize, analyte: usize, minute: i64, share: i64, later: u8) -> News {
    let (name, low, high) = ANALYTES[analyte];
    let value = |share: i64| Some(Quantity::exactly(Value((low + (high - low) * share / 100) / 1000 * 1000)));
    let seen = Observation {
        patient: id("P1"),
        analyte: Analyte::parse(name).expect("an analyte"),
        quantity: value(share),
        measured_at: BEGIN + Span::minutes(minute * 7),
        source: "LIS".into(),
        code: name.into(),
        status: Status::Final,
        quality: Quality::default(),
        order: Some(format!("O{n}")),
        device: None,
        original: String::new(),
    };
    let corrected = Observation { quantity: value(100 - share), status: Status::Corrected, ..seen.clone() };
    let withdrawn = Observation { quantity: None, status: Status::Wrong, ..seen.clone() };
    let later = match later {
        0 => Some(corrected),
        1 => Some(withdrawn),
        _ => None,
    };
    News { first: Event::Observed(seen), later: later.map(Event::Observed) }
}

fn therapy(n: usize, what: usize, minute: i64, action: u8) -> News {
    let kinds = [
        (TherapyKind::Vasopressor, Some("norepinephrine"), None),
        (TherapyKind::Vasopressor, Some("epinephrine"), None),
        (TherapyKind::Vasopressor, Some("vasopressin"), None),
        (TherapyKind::Antipyretic, Some("acetaminophen"), None),
        (TherapyKind::Oxygen, None, Some(OxygenDevice::NasalCannula)),
        (TherapyKind::Oxygen, None, Some(OxygenDevice::NonRebreather)),
        (TherapyKind::Oxygen, None, Some(OxygenDevice::None)),
    ];
    let (kind, agent, device) = kinds[what];
    let first = Event::Therapy(Therapy {
        patient: id("P1"),
        kind,
        action: if action == 0 { TherapyAction::Stopped } else { TherapyAction::Started },
        at: BEGIN + Span::minutes(minute * 7),
        until: None,
        agent: agent.map(String::from),
        product: None,
        device,
        flow: None,
        dose: None,
        airway_only: false,
        source: "PDMS".into(),
        order: (action == 1).then(|| format!("T{n}")),
    });
    News { first, later: None }
}

/// Never at the instant of a result: two corrections of one instant are read in the order they came.
fn examination(minute: i64, worst: bool, ice: u8, later: u8) -> News {
    let assessment = Assessment {
        at: BEGIN + Span::minutes(minute * 7 + 3),
        by: "n1".into(),
        ice_total: Some(ice),
        consciousness: Some(if worst { "voice" } else { "spontaneous" }.into()),
        seizure: Some("none".into()),
        motor: Some(false),
        edema: Some("none".into()),
        ..Assessment::default()
    };
    let settles = vec![FindingKind::Ice];
    let later = match later {
        0 => Some(Assessment {
            at: assessment.at,
            ice_total: Some(10 - ice),
            settles,
            ..Assessment::default()
        }),
        1 => Some(Assessment { at: assessment.at, settles, ..Assessment::default() }),
        _ => None,
    };
    let assessed = |assessment| Event::Assessed { patient: id("P1"), assessment };
    News { first: assessed(assessment), later: later.map(assessed) }
}

fn news() -> impl Strategy<Value = Vec<News>> {
    let results = prop::collection::btree_map((0usize..6, 0i64..400), (0i64..=100, 0u8..6), 1..40);
    let therapies = prop::collection::vec((0usize..7, 0i64..400, 0u8..3), 0..12);
    let examinations = prop::collection::btree_map(300i64..400, (any::<bool>(), 0u8..=10, 0u8..4), 0..4);
    (results, therapies, examinations).prop_map(|(results, therapies, examinations)| {
        let results = results.into_iter().enumerate();
        let mut all: Vec<News> = results
            .map(|(n, ((analyte, minute), (share, later)))| result(n, analyte, minute, share, later))
            .collect();
        all.extend(
            therapies
                .into_iter()
                .enumerate()
                .map(|(n, (what, minute, action))| therapy(n, what, minute, action)),
        );
        all.extend(
            examinations
                .into_iter()
                .map(|(minute, (worst, ice, later))| examination(minute, worst, ice, later)),
        );
        all
    })
}

/// The patient two days after all of it, when every grade has been computed anew.
fn told(events: Vec<Event>) -> Story {
    let mut story = Story::empty();
    story.census("P1", CensusKind::Admit, Some("12"), None);
    story.infuse();
    story.now = BEGIN + Span::days(2);
    for event in events {
        story.happen(event);
    }
    story.now = story.now + Span::MINUTE;
    story.happen(Event::Tick);
    story
}

type Known = (Option<Value>, Option<Value>);

fn grades(story: &Story) -> (Known, Known) {
    let patient = story.engine.patient(&id("P1")).expect("admitted");
    ((patient.crs.value(), patient.crs.at_least()), (patient.icans.value(), patient.icans.at_least()))
}

fn windows(story: &Story) -> Vec<(Analyte, Vec<(Time, Value)>)> {
    let patient = story.engine.patient(&id("P1")).expect("admitted");
    let filled = patient.windows.iter().filter(|(_, w)| !w.is_empty());
    filled.map(|(analyte, w)| (*analyte, w.samples().map(|s| (s.at, s.value)).collect())).collect()
}

fn all(news: &[News]) -> Vec<Event> {
    news.iter().flat_map(|one| [Some(one.first.clone()), one.later.clone()]).flatten().collect()
}

/// What remains where the first, wrong saying was never sent.
fn truth(news: &[News]) -> Vec<Event> {
    let last = |one: &News| match (&one.first, &one.later) {
        (first, None) => Some(first.clone()),
        (Event::Assessed { patient, assessment }, Some(Event::Assessed { assessment: later, .. })) => {
            let assessment = Assessment { ice_total: later.ice_total, ..assessment.clone() };
            Some(Event::Assessed { patient: patient.clone(), assessment })
        }
        (_, Some(Event::Observed(seen))) if seen.quantity.is_some() => {
            Some(Event::Observed(Observation { status: Status::Final, ..seen.clone() }))
        }
        (_, Some(_)) => None,
    };
    news.iter().filter_map(last).collect()
}

#[derive(Clone, Copy, Debug)]
enum Source {
    Temperatures,
    Pressures,
    Drugs,
    Oxygen,
    Examinations,
}

fn is_from(source: Source, event: &Event) -> bool {
    match (source, event) {
        (Source::Temperatures, Event::Observed(seen)) => seen.analyte == Analyte::TEMPERATURE,
        (Source::Pressures, Event::Observed(seen)) => {
            matches!(seen.analyte.as_str(), "systolic" | "diastolic")
        }
        (Source::Oxygen, Event::Observed(seen)) => seen.analyte == Analyte::OXYGEN_FLOW,
        (Source::Examinations, Event::Observed(seen)) => seen.analyte == Analyte::ICE,
        (Source::Drugs, Event::Therapy(therapy)) => therapy.kind != TherapyKind::Oxygen,
        (Source::Oxygen, Event::Therapy(therapy)) => therapy.kind == TherapyKind::Oxygen,
        (Source::Examinations, Event::Assessed { .. }) => true,
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_order_of_arrival_changes_no_grade_and_no_window(
        (sent, shuffled) in news().prop_map(|news| all(&news)).prop_flat_map(|sent| (Just(sent.clone()), Just(sent).prop_shuffle())),
    ) {
        let (one, other) = (told(sent), told(shuffled));
        prop_assert_eq!(windows(&one), windows(&other));
        prop_assert_eq!(grades(&one), grades(&other));
    }

    #[test]
    fn a_correction_is_as_if_the_wrong_value_had_never_been(news in news()) {
        let (corrected, right) = (told(all(&news)), told(truth(&news)));
        prop_assert_eq!(windows(&corrected), windows(&right));
        prop_assert_eq!(grades(&corrected), grades(&right));
    }

    #[test]
    fn a_source_that_is_missing_never_gives_a_smaller_grade_that_looks_known(
        news in news(),
        source in prop::sample::select(vec![
            Source::Temperatures, Source::Pressures, Source::Drugs, Source::Oxygen, Source::Examinations,
        ]),
    ) {
        let whole = all(&news);
        let less: Vec<Event> = whole.iter().filter(|event| !is_from(source, event)).cloned().collect();
        let (whole, less) = (grades(&told(whole)), grades(&told(less)));
        for (name, (with, least_with), (without, _)) in [("crs", whole.0, less.0), ("icans", whole.1, less.1)] {
            if let Some(without) = without {
                prop_assert!(
                    with.or(least_with).is_none_or(|with| without >= with),
                    "{} is {} without {:?} and {:?} with it", name, without, source, with
                );
            }
        }
    }
}
