//! The mean pressure of a cuff that sends none.

use super::*;

fn ward() -> Story {
    Story::of(&[rule("low", "when = 'map.last < 65'")])
}

/// Mean pressures as the patient has them, by minute.
fn means(story: &Story) -> Vec<(i64, String, String)> {
    let patient = story.engine.patient(&id("P1")).expect("admitted");
    let window = patient.window(Analyte::MAP);
    let all = window.into_iter().flat_map(|window| window.samples());
    all.map(|s| ((s.at - BEGIN).0 / 60_000, s.value.to_string(), patient.name_of(s.source).to_owned()))
        .collect()
}

fn cuff(story: &mut Story, systolic: &str, diastolic: &str) {
    story.observe("systolic", systolic);
    story.observe("diastolic", diastolic);
}

#[test]
fn a_cuff_without_a_mean_has_one_all_the_same() {
    let mut story = ward();
    story.at("1h");
    cuff(&mut story, "84", "40");
    assert_eq!(means(&story), [(60, "54.667".into(), "systolic and diastolic".into())]);
    assert_eq!(story.state("low"), Some(AlertState::Active));
}

#[test]
fn a_mean_that_was_measured_counts_and_none_is_derived_beside_it() {
    for measured_first in [true, false] {
        let mut story = ward();
        story.at("1h");
        if measured_first {
            story.observe("map", "70");
        }
        cuff(&mut story, "84", "40");
        if !measured_first {
            story.observe("map", "70");
        }
        assert_eq!(means(&story), [(60, "70".into(), "LIS".into())]);
    }
}

#[test]
fn a_corrected_pressure_corrects_the_mean_and_tells_the_alert() {
    let mut story = ward();
    story.at("1h");
    cuff(&mut story, "84", "40");
    story.at("1h5m").correct("systolic", "120", "1h", Status::Corrected);
    assert_eq!(means(&story), [(60, "66.667".into(), "systolic and diastolic".into())]);
    assert_ne!(story.state("low"), Some(AlertState::Active));
    let evidence = &story.newest("low").evidence;
    assert!(evidence.iter().any(|e| e.analyte == Analyte::MAP && e.superseded), "{evidence:#?}");
}

#[test]
fn a_withdrawn_pressure_takes_the_mean_with_it_and_a_withdrawn_mean_brings_it_back() {
    let mut story = ward();
    story.at("1h");
    cuff(&mut story, "120", "60");
    story.observe("map", "82");
    story.correct("map", "1", "1h", Status::Wrong);
    assert_eq!(means(&story), [(60, "80".into(), "systolic and diastolic".into())]);
    story.correct("diastolic", "1", "1h", Status::Deleted);
    assert!(means(&story).is_empty());
}

#[test]
fn a_flushed_line_has_no_mean() {
    let mut story = ward();
    story.at("1h");
    cuff(&mut story, "60", "55");
    assert!(means(&story).is_empty());
}

#[test]
fn two_halves_of_one_patient_have_their_mean_once_they_are_one() {
    let mut story = ward();
    story.census("P2", CensusKind::Admit, Some("13"), None);
    story.at("1h").observe("systolic", "84");
    for (patient, analyte, value) in [("P2", "diastolic", "40"), ("P2", "systolic", "90")] {
        let mut seen = story.seen(patient, analyte, value);
        seen.measured_at = story.now + Span::minutes(if analyte == "systolic" { 1 } else { 0 });
        story.happen(Event::Observed(seen));
    }
    story.at("1h2m").census("P1", CensusKind::Merge, None, Some("P2"));
    assert_eq!(means(&story), [(60, "54.667".into(), "systolic and diastolic".into())]);
}
