//! Feeds, displays, quarantine, and patients that cannot be evaluated.

use super::*;

fn heard(story: &mut Story, source: &str) {
    story.happen(Event::Heard { source: source.into(), via: "mqtt".into(), skew_seconds: None });
}

fn open(story: &Story, rule: &str) -> Vec<String> {
    let of_rule = story.engine.open_alerts().filter(|a| &*a.rule == rule);
    of_rule.map(|a| a.title_en.to_string()).collect()
}

#[test]
fn a_feed_that_falls_silent_is_told_to_the_minute_and_ends_when_it_speaks() {
    let mut story = Story::empty();
    heard(&mut story, "mqtt A");
    story.at("2m");
    heard(&mut story, "mqtt B");
    story.at("4m59s");
    assert_eq!(open(&story, "feed-silent"), [""; 0]);
    story.at("5m");
    assert_eq!(open(&story, "feed-silent"), ["A feed is silent: mqtt A"]);
    story.at("7m");
    assert_eq!(open(&story, "feed-silent").len(), 2, "one silent feed does not hide the next");
    assert_eq!(story.told("feed-silent"), [(5, 1, 0), (7, 1, 0)]);
    heard(&mut story, "mqtt A");
    let states: Vec<AlertState> = story.engine.open_alerts().map(|a| a.state).collect();
    assert_eq!(states, [AlertState::Active], "the other one is still silent");
}

#[test]
fn a_growing_quarantine_is_told_and_forgotten_an_hour_later() {
    let mut story = Story::empty();
    for n in 0..10 {
        story.happen(Event::Rejected(Rejection {
            id: format!("q-{n}"),
            source: "LIS".into(),
            via: "mllp".into(),
            class: "unknown-code".into(),
            reason: "no row".into(),
            place: "OBX-3".into(),
            patient: None,
        }));
        story.later(Span::MINUTE);
    }
    assert_eq!(story.newest("quarantine-growing").state, AlertState::Active);
    story.at("59m59s");
    assert_eq!(story.newest("quarantine-growing").state, AlertState::Active);
    story.at("60m");
    assert_eq!(story.newest("quarantine-growing").state, AlertState::Closed);
}

#[test]
fn an_occupied_ward_without_a_painting_display_is_a_high_alert() {
    let mut story = Story::of(&[rule("fever", "when = 'temperature.last >= 38'")]);
    story.display(false);
    story.at("19s");
    assert_eq!(open(&story, "display-gone"), [""; 0]);
    story.at("20s");
    assert_eq!(story.newest("display-gone").priority.name(), "high");
    story.display(true);
    assert_eq!(story.newest("display-gone").state, AlertState::Closed);
}

#[test]
fn a_muted_display_that_goes_away_takes_its_alert_along() {
    let mut story = Story::of(&[rule("fever", "when = 'temperature.last >= 38'")]);
    let report = |sound, painting| {
        Event::Display(DisplayReport { display: "tablet".into(), ward: "W".into(), painting, sound })
    };
    story.happen(report(Some(false), true));
    assert_eq!(story.newest("display-muted").state, AlertState::Active);
    story.happen(report(None, false));
    assert_eq!(story.newest("display-muted").state, AlertState::Closed);
}

#[test]
fn results_for_an_unknown_patient_are_told_and_end_with_the_admission() {
    let mut story = Story::of(&[rule("fever", "when = 'temperature.last >= 38'")]);
    let seen = story.seen("P9", "temperature", "36");
    story.happen(Event::Observed(seen));
    story.at("10m");
    assert_eq!(story.newest("unmatched-patient").state, AlertState::Active);
    story.census("P9", CensusKind::Admit, Some("9"), None);
    assert_eq!(story.newest("unmatched-patient").state, AlertState::Closed);
}

#[test]
fn a_result_that_was_withdrawn_and_comes_again_is_told_until_a_correction_answers_it() {
    let mut story = Story::of(&[rule("low", "when = 'phosphate.last < 2'")]);
    let mut seen = story.seen("P1", "phosphate", "3.4");
    seen.order = Some("O1".into());
    let with = |status, value: Option<i64>| Observation {
        status,
        quantity: value.map(|value| Quantity::exactly(Value(value))),
        ..seen.clone()
    };
    let told = |story: &Story| story.state("withdrawn-again");
    story.happen(Event::Observed(with(Status::Final, Some(3_400))));
    story.happen(Event::Observed(with(Status::Wrong, None)));
    assert_eq!(told(&story), None);
    story.happen(Event::Observed(with(Status::Final, Some(1_900))));
    assert_eq!(story.state("low"), None, "which of the two was meant last cannot be told");
    assert_eq!(told(&story), Some(AlertState::Active));
    story.happen(Event::Observed(with(Status::Corrected, Some(1_900))));
    assert_eq!(story.state("low"), Some(AlertState::Active));
    assert_eq!(story.newest("withdrawn-again").state, AlertState::Closed);
    story.happen(Event::Observed(with(Status::Final, Some(3_400))));
    assert_eq!(story.newest("withdrawn-again").state, AlertState::Closed, "a late original is no question");
}

#[test]
fn a_late_result_of_a_discharged_patient_is_not_unmatched() {
    let mut story = Story::of(&[rule("fever", "when = 'temperature.last >= 38'")]);
    story.census("P1", CensusKind::Discharge, None, None);
    story.at("1d").observe("temperature", "36");
    story.at("2d");
    assert_eq!(story.state("unmatched-patient"), None);
}

/// The engine has no state that is known to panic, so a sum beyond every number stands for one; release builds wrap.
#[cfg(debug_assertions)]
#[test]
fn a_panic_marks_one_patient_and_the_ward_goes_on() {
    let changes = rule("change", "when = 'temperature.change(\"1h\") > 2'");
    let mut story = Story::of(&[changes, rule("fever", "when = 'temperature.last >= 38'")]);
    story.census("P2", CensusKind::Admit, Some("7"), None);
    let huge = |story: &Story, value| Observation {
        quantity: Some(Quantity { value: Value(value), bound: Bound::Exactly }),
        ..story.seen("P1", "temperature", "0")
    };
    let lowest = huge(&story, i64::MIN);
    story.happen(Event::Observed(lowest));
    story.at("5s");
    let highest = huge(&story, i64::MAX);
    story.happen(Event::Observed(highest));
    let broken = story.engine.patient(&id("P1")).expect("kept with all its history");
    assert!(broken.broken && broken.admitted);
    assert_eq!((broken.location.bed.as_str(), broken.windows.len()), ("12", 1));
    let alert = story.newest("patient-not-evaluated");
    assert_eq!((alert.state, alert.location.bed.as_str()), (AlertState::Active, "12"));
    assert_eq!(story.told("patient-not-evaluated").len(), 1);
    let other = story.seen("P2", "temperature", "39");
    story.at("10s").happen(Event::Observed(other));
    assert_eq!(story.newest("fever").patient, Some(id("P2")));
    story.at("10m");
}

#[test]
fn a_bed_that_falls_silent_is_no_silent_feed_and_a_ward_is() {
    let mut story = Story::of(&[rule("fever", "when = 'temperature.last >= 38'")]);
    let bed = Observation { source: "6E/01".into(), ..story.seen("P1", "temperature", "36") };
    story.happen(Event::Observed(bed));
    story.happen(Event::Rejected(Rejection {
        id: "q".into(),
        source: "6E/01".into(),
        via: "mqtt".into(),
        class: "unknown-code".into(),
        reason: String::new(),
        place: String::new(),
        patient: None,
    }));
    heard(&mut story, "mqtt 6E");
    story.at("2d");
    let silent = story.engine.alerts().filter(|alert| &*alert.rule == "feed-silent");
    assert_eq!(
        silent.map(|alert| alert.title_en.to_string()).collect::<Vec<_>>(),
        ["A feed is silent: mqtt 6E"]
    );
}
