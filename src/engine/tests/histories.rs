//! Random histories of values, people and moves: what must be true after every entry.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::model::{AlertId, Kind, Priority};

#[derive(Clone, Debug)]
pub enum Deed {
    Value { patient: usize, analyte: usize, value: i64 },
    Withdraw { patient: usize, analyte: usize },
    Act { nth: usize, by: usize, what: usize },
    Census { patient: usize, kind: usize, other: usize },
    Display(bool),
    Wait(i64),
}

const PATIENTS: [&str; 3] = ["P1", "P2", "P3"];
const ANALYTES: [&str; 2] = ["temperature", "phosphate"];

pub fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => (0usize..3, 0usize..2, 30i64..42).prop_map(|(patient, analyte, value)| Deed::Value { patient, analyte, value }),
        1 => (0usize..3, 0usize..2).prop_map(|(patient, analyte)| Deed::Withdraw { patient, analyte }),
        5 => (0usize..6, 0usize..2, 0usize..8).prop_map(|(nth, by, what)| Deed::Act { nth, by, what }),
        1 => (0usize..3, 0usize..6, 0usize..3).prop_map(|(patient, kind, other)| Deed::Census { patient, kind, other }),
        1 => any::<bool>().prop_map(Deed::Display),
        4 => prop_oneof![4 => 1i64..20, 4 => 60i64..900, 1 => 1_800i64..30_000].prop_map(Deed::Wait),
    ]
}

fn rules() -> Vec<String> {
    vec![
        rule(
            "fever",
            "when = 'temperature.last >= 38'\nuntil = 'temperature.last < 37'\nworsens = 'temperature.last >= 40'",
        ),
        rule(
            "high",
            "when = 'temperature.last >= 40'\ninhibits = [\"fever\"]\npriority = \"high\"\nescalate = \"both\"\nlatch = true",
        ),
        rule("low", "when = 'phosphate.last < 35'\nfor = \"5m\"\ncooldown = \"20m\"\npriority = \"medium\""),
        rule("note", "when = 'phosphate.last > 39'\npriority = \"info\"")
            .replace("escalate = \"bedside\"\n", ""),
    ]
}

fn act(story: &mut Story, nth: usize, by: usize, what: usize) {
    let open: Vec<AlertId> = story.engine.open_alerts().map(|a| a.id.clone()).collect();
    let Some(alert) = open.get(nth % open.len().max(1)).cloned() else { return };
    let reason = String::from("a test");
    let kind = match what {
        0 | 1 => ActionKind::Acknowledge { comment: reason },
        2 => ActionKind::Shelve { minutes: 20, reason },
        3 => ActionKind::Unshelve,
        4 => ActionKind::OutOfService { reason },
        5 => ActionKind::BackInService,
        6 => ActionKind::Rate { rating: Rating::Useful },
        _ => ActionKind::Undo,
    };
    story.happen(Event::Acted(Action { alert, by: if by == 0 { nurse() } else { physician() }, kind }));
}

fn census(story: &mut Story, patient: usize, kind: usize, other: usize) {
    let (patient, other) = (PATIENTS[patient], PATIENTS[other]);
    match kind {
        0 => story.census(patient, CensusKind::Admit, Some("5"), None),
        1 => story.census(patient, CensusKind::Discharge, None, None),
        2 => story.census(patient, CensusKind::CancelDischarge, Some("5"), None),
        3 => story.census(patient, CensusKind::Move, Some("6"), None),
        4 if patient != other => story.census(patient, CensusKind::Merge, None, Some(other)),
        _ => story.census(patient, CensusKind::Swap, Some("7"), Some(other)),
    }
}

pub fn play(deeds: &[Deed]) -> Story {
    let mut story = Story::of(&rules());
    story.census("P2", CensusKind::Admit, Some("2"), None);
    for deed in deeds {
        match deed {
            Deed::Value { patient, analyte, value } => {
                let seen = story.seen(PATIENTS[*patient], ANALYTES[*analyte], &value.to_string());
                story.happen(Event::Observed(seen));
            }
            Deed::Withdraw { patient, analyte } => {
                let newest = story.engine.patient(&id(PATIENTS[*patient]));
                let at = newest.and_then(|p| Some(p.window(Analyte::parse(ANALYTES[*analyte])?)?.last()?.at));
                let seen = story.seen(PATIENTS[*patient], ANALYTES[*analyte], "0");
                let wrong = Observation { quantity: None, status: Status::Wrong, ..seen };
                story.happen(Event::Observed(Observation {
                    measured_at: at.unwrap_or(wrong.measured_at),
                    ..wrong
                }));
            }
            Deed::Act { nth, by, what } => act(&mut story, *nth, *by, *what),
            Deed::Census { patient, kind, other } => census(&mut story, *patient, *kind, *other),
            Deed::Display(painting) => story.display(*painting),
            Deed::Wait(seconds) => story.later(Span::seconds(*seconds)),
        }
    }
    story
}

/// Plays the entries again, with an eye on every alert after each.
fn watch(entries: &[Entry]) -> (String, Option<Time>) {
    let mut engine = Engine::new();
    let mut text = String::new();
    let mut before: BTreeMap<AlertId, AlertState> = BTreeMap::new();
    let mut told = BTreeSet::new();
    for entry in entries {
        let changes = engine.apply(entry);
        text += &transcript::lines(entry, &changes);
        for change in &changes {
            let Change::Notify(one) = change else { continue };
            assert!(told.insert((one.alert.clone(), one.step, one.attempt)), "told twice: {one:?}\n{text}");
            let alert = engine.alert(&one.alert).expect("known");
            let may_be_told = matches!(alert.state, AlertState::Active | AlertState::Returned);
            assert!(may_be_told && alert.inhibited_by.is_none(), "told of {alert:?}\n{text}");
        }
        for alert in engine.alerts() {
            assert!(
                alert.state != AlertState::Closed || !engine.open_alerts().any(|open| open.id == alert.id)
            );
            leaves_active_for_a_reason(before.get(&alert.id).copied(), alert, entry, &text);
        }
        engine.open_alerts().for_each(|alert| keeps_escalating(&engine, alert, entry, &text));
        before = engine.alerts().map(|a| (a.id.clone(), a.state)).collect();
    }
    (text, engine.next_due())
}

fn leaves_active_for_a_reason(before: Option<AlertState>, alert: &Alert, entry: &Entry, text: &str) {
    if before != Some(AlertState::Active)
        || alert.state == AlertState::Active
        || alert.kind == Kind::Technical
    {
        return;
    }
    let last = alert.transitions.last().expect("a transition");
    assert_eq!((last.to, last.seq), (alert.state, entry.seq), "{text}");
    let because_of_time = entry.event == Event::Tick;
    let allowed = ["over for long enough after flapping", "the patient was discharged"];
    assert!(!last.cause.is_empty(), "{text}");
    assert!(
        !because_of_time || allowed.contains(&last.cause.as_str()),
        "time alone ended {}: {}\n{text}",
        alert.id,
        last.cause
    );
}

fn keeps_escalating(engine: &Engine, alert: &Alert, entry: &Entry, text: &str) {
    let waits =
        alert.state == AlertState::Active && alert.priority != Priority::Info && alert.inhibited_by.is_none();
    if waits && alert.step < 2 {
        let next = alert.next_step_at;
        assert!(
            alert.step > 0 && next.is_some_and(|at| at > entry.accepted_at),
            "{} waits for {next:?}\n{text}",
            alert.id
        );
        assert!(engine.next_due().is_some_and(|due| Some(due) <= next), "no tick for {}\n{text}", alert.id);
    }
    if let Some(by) = &alert.inhibited_by {
        let loud = engine.alert(by).expect("known");
        assert_eq!(loud.patient, alert.patient, "{text}");
        assert!(
            matches!(loud.state, AlertState::Active | AlertState::Acknowledged),
            "{} is kept quiet by {loud:?}\n{text}",
            alert.id
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_history_keeps_the_promises(deeds in prop::collection::vec(deed(), 1..50)) {
        let story = play(&deeds);
        let (text, next_due) = watch(&story.entries);
        prop_assert_eq!(next_due, story.engine.next_due());
        prop_assert!(text == story.text, "two folds of the same entries differ");
    }
}

#[test]
fn a_shelf_taken_back_after_a_merge_that_ended_the_condition_returns_the_alert_at_once() {
    let value = |patient, value| Deed::Value { patient, analyte: 1, value };
    let act = |what| Deed::Act { nth: 0, by: 1, what };
    let merge = Deed::Census { patient: 0, kind: 4, other: 1 };
    let deeds = [value(1, 30), value(0, 35), Deed::Wait(300), act(2), merge, act(7), Deed::Wait(60)];
    let (text, _) = watch(&play(&deeds).entries);
    assert!(text.contains("returned low"), "{text}");
}
