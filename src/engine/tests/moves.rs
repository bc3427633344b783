//! Admissions, moves, merges, discharges: windows and alerts go where the patient goes.

use super::*;

fn ward() -> Story {
    Story::of(&[rule("fever", "when = 'temperature.last >= 38'\nuntil = 'temperature.last < 37.5'")])
}

fn values(story: &Story, patient: &str) -> Vec<i64> {
    let window = story.engine.patient(&id(patient)).and_then(|p| p.window(Analyte::TEMPERATURE));
    window.map_or(Vec::new(), |w| w.samples().map(|s| s.value.0).collect())
}

fn observe(story: &mut Story, patient: &str, value: &str) {
    let seen = story.seen(patient, "temperature", value);
    story.happen(Event::Observed(seen));
}

#[test]
fn a_move_keeps_windows_and_alerts() {
    let mut story = ward();
    story.observe("temperature", "38.5");
    story.at("5m").census("P1", CensusKind::Move, Some("7"), None);
    let alert = story.newest("fever");
    assert_eq!((alert.state, alert.location.bed.as_str()), (AlertState::Active, "7"));
    story.at("20m");
    assert_eq!(story.told("fever"), [(0, 1, 0), (10, 2, 0), (15, 2, 1), (20, 2, 2)]);
    assert_eq!(values(&story, "P1"), [38_500]);
}

#[test]
fn two_patients_change_places_with_their_alerts() {
    let mut story = ward();
    story.census("P2", CensusKind::Admit, Some("7"), None);
    story.observe("temperature", "38.5");
    story.at("5m").census("P1", CensusKind::Swap, Some("7"), Some("P2"));
    assert_eq!(story.newest("fever").location.bed, "7");
    assert_eq!(story.engine.patient(&id("P2")).map(|p| p.location.bed.as_str()), Some("12"));
}

#[test]
fn what_was_measured_of_somebody_who_has_left_is_kept_for_35_days() {
    let mut story = ward();
    story.census("P2", CensusKind::Admit, Some("7"), None);
    observe(&mut story, "P1", "36.6");
    observe(&mut story, "P2", "36.8");
    story.assess(|found| found.ice_total = Some(9));
    story.at("1h").census("P1", CensusKind::Discharge, None, None);
    let days_later = |story: &mut Story, days: i64| {
        story.now = story.now + Span::days(days);
        story.happen(Event::Tick);
        values(story, "P1")
    };
    assert_eq!(days_later(&mut story, 34), [36_600], "the discharge can be cancelled");
    assert_eq!(days_later(&mut story, 2), Vec::<i64>::new());
    let left = story.engine.patient(&id("P1")).expect("known");
    assert_eq!(left.windows.keys().map(Analyte::as_str).collect::<Vec<_>>(), ["ice"]);
    assert_eq!(values(&story, "P2"), [36_800], "who lies here keeps a value that nothing newer has replaced");
}

#[test]
fn an_old_discharge_that_comes_late_does_not_end_a_newer_stay() {
    let mut story = ward();
    story.at("1h");
    let old = Census {
        patient: id("P1"),
        kind: CensusKind::Discharge,
        location: None,
        person: None,
        other: None,
        at: BEGIN - Span::days(3),
    };
    story.happen(Event::Census(old));
    assert!(story.engine.patient(&id("P1")).is_some_and(|p| p.admitted));
}

#[test]
fn a_merge_brings_everything_to_the_survivor_and_nothing_to_a_third() {
    let mut story = ward();
    for (patient, bed) in [("P2", "7"), ("P3", "8")] {
        story.census(patient, CensusKind::Admit, Some(bed), None);
    }
    observe(&mut story, "P3", "36.1");
    story.at("1m");
    observe(&mut story, "P2", "38.7");
    let alert = story.newest("fever").id.clone();
    story.at("2m");
    observe(&mut story, "P1", "36.6");
    story.at("3m").census("P1", CensusKind::Merge, None, Some("P2"));
    assert_eq!(values(&story, "P1"), [38_700, 36_600]);
    assert_eq!(values(&story, "P3"), [36_100]);
    let moved = story.engine.alert(&alert).expect("kept");
    assert_eq!((moved.patient.clone(), moved.state), (Some(id("P1")), AlertState::Returned), "36.6 is newer");
    story.at("4m");
    observe(&mut story, "P2", "38.9");
    assert_eq!(values(&story, "P1"), [38_700, 36_600, 38_900], "the old identifier leads to the survivor");
    let returned = story.newest("fever");
    assert_eq!((returned.id.clone(), returned.state), (alert, AlertState::Active));
}

#[test]
fn of_two_alerts_of_one_rule_a_merge_keeps_the_one_nobody_has_answered() {
    let mut story = ward();
    story.census("P2", CensusKind::Admit, Some("7"), None);
    observe(&mut story, "P1", "38.5");
    let answered = story.newest("fever").id.clone();
    story.acknowledge("fever", nurse());
    story.at("1m");
    observe(&mut story, "P2", "38.6");
    let open = story
        .engine
        .open_alerts()
        .find(|a| a.patient == Some(id("P2")))
        .map(|a| a.id.clone())
        .expect("raised");
    story.at("2m").census("P1", CensusKind::Merge, None, Some("P2"));
    assert_eq!(story.engine.alert(&answered).map(|a| a.state), Some(AlertState::Closed));
    let kept = story.engine.alert(&open).expect("kept");
    assert_eq!((kept.state, kept.patient.clone()), (AlertState::Active, Some(id("P1"))));
    story.at("11m");
    assert!(story.told("fever").contains(&(11, 2, 0)), "its escalation goes on: {:?}", story.told("fever"));
}

#[test]
fn what_was_withdrawn_under_the_old_identifier_stays_withdrawn() {
    let mut story = ward();
    story.census("P2", CensusKind::Admit, Some("7"), None);
    observe(&mut story, "P2", "39.9");
    let wrong = Observation { status: Status::Wrong, quantity: None, ..story.seen("P2", "temperature", "0") };
    let again = story.seen("P1", "temperature", "39.9");
    story.happen(Event::Observed(wrong));
    story.at("1m").census("P1", CensusKind::Merge, None, Some("P2"));
    story.happen(Event::Observed(again));
    assert_eq!(values(&story, "P1"), [0; 0]);
}

#[test]
fn an_action_taken_back_after_a_merge_does_not_take_back_the_merge() {
    let mut story = ward();
    story.census("P2", CensusKind::Admit, Some("7"), None);
    observe(&mut story, "P2", "38.6");
    story.acknowledge("fever", nurse());
    story.at("2s").census("P1", CensusKind::Merge, None, Some("P2"));
    story.at("5s").act("fever", nurse(), ActionKind::Undo);
    let alert = story.newest("fever");
    assert_eq!((alert.state, alert.patient.clone()), (AlertState::Active, Some(id("P1"))));
}

#[test]
fn a_discharge_closes_alerts_after_half_an_hour() {
    let mut story = ward();
    story.observe("temperature", "38.5");
    story.acknowledge("fever", nurse());
    story.at("1m").census("P1", CensusKind::Discharge, None, None);
    story.at("30m");
    assert_eq!(story.state("fever"), Some(AlertState::Acknowledged));
    story.at("31m");
    assert_eq!(story.state("fever"), Some(AlertState::Closed));
}

#[test]
fn a_cancelled_discharge_brings_the_alert_and_its_history_back() {
    let mut story = ward();
    story.observe("temperature", "38.5");
    story.at("1m").census("P1", CensusKind::Discharge, None, None);
    story.at("20m").census("P1", CensusKind::CancelDischarge, Some("12"), None);
    story.at("3h");
    assert_eq!(story.state("fever"), Some(AlertState::Active));
    assert_eq!(values(&story, "P1"), [38_500]);
    assert_eq!(story.engine.patient(&id("P1")).map(|p| p.stays.len()), Some(1));
}

#[test]
fn an_old_cancellation_undoes_no_newer_admission_and_no_newer_discharge() {
    let mut story = Story::of(&[rule("fever", "when = 'temperature.last >= 38'")]);
    story.at("5d");
    let census = |story: &mut Story, kind, at: &str| {
        let at = BEGIN + Span::parse(at).expect("an offset");
        let location = Some(Location { ward: "W".into(), bed: "3".into() });
        let census = Census { patient: id("P2"), kind, location, person: None, other: None, at };
        story.happen(Event::Census(census));
        story.engine.patient(&id("P2")).expect("known").admitted
    };
    assert!(census(&mut story, CensusKind::Admit, "4d"));
    assert!(census(&mut story, CensusKind::CancelAdmit, "1d"), "it is about an earlier admission");
    assert!(!census(&mut story, CensusKind::Discharge, "4d12h"));
    assert!(!census(&mut story, CensusKind::CancelDischarge, "2d"), "it is about an earlier discharge");
    assert!(census(&mut story, CensusKind::CancelDischarge, "4d13h"));
    assert!(!census(&mut story, CensusKind::CancelAdmit, "4d14h"));
}
