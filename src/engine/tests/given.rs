//! What the scores are given: which measurement counts for what.

use super::*;
use crate::engine::score::{Band, Score};

fn infused() -> Story {
    let mut story = Story::of(&[rule("fever", "when = 'temperature.last >= 38'")]);
    story.at("6h").infuse();
    story
}

fn score<'a>(story: &'a Story, name: &str) -> &'a Score {
    story.engine.patient(&id("P1")).and_then(|p| p.scores.get(name)).expect("computed")
}

/// The points of one item, unless it is open.
fn points(story: &Story, name: &str, item: &str) -> Option<Value> {
    score(story, name).terms.iter().find(|term| term.name.starts_with(item)).expect("listed").points
}

fn is_red(story: &Story, name: &str) -> bool {
    score(story, name).band == Some(Band::Red)
}

fn poor(story: &mut Story, analyte: &str, value: &str) {
    let mut seen = story.seen("P1", analyte, value);
    seen.quality.signal = true;
    story.happen(Event::Observed(seen));
}

#[test]
fn one_low_saturation_is_neither_sustained_nor_a_hard_finding() {
    let mut story = infused();
    story.oxygen(TherapyAction::Started, OxygenDevice::None, None);
    story.at("30h").observe("spo2", "85");
    assert!(!is_red(&story, "crs_ews"));
    assert_eq!(points(&story, "crs_ews", "H2"), None, "it may be an artefact, and it may not");
    story.at("30h5m").observe("spo2", "86");
    assert!(is_red(&story, "crs_ews"), "five minutes of it are a finding");
    story.at("30h6m").observe("spo2", "97");
    assert!(!is_red(&story, "crs_ews"));
}

#[test]
fn one_good_saturation_is_good_over_five_minutes() {
    let mut story = infused();
    story.oxygen(TherapyAction::Started, OxygenDevice::None, None);
    story.at("20h").observe("spo2", "97");
    assert_eq!(points(&story, "crs_ews", "H2"), Some(Value::ZERO));
}

#[test]
fn a_poor_signal_is_neither_low_saturation_nor_its_absence() {
    let mut story = infused();
    for minute in 0..8 {
        story.at(&format!("30h{minute}m"));
        poor(&mut story, "spo2", "80");
    }
    assert!(!is_red(&story, "crs_ews"));
    for minute in 10..16 {
        story.at(&format!("30h{minute}m")).observe("spo2", "86");
    }
    poor(&mut story, "spo2", "99");
    assert!(is_red(&story, "crs_ews"), "a poor 99 does not make five minutes of 86 good");
}

#[test]
fn a_rule_does_not_sustain_on_a_poor_signal() {
    let low = rule("low", "when = 'spo2.sustained_below(88, \"5m\")'");
    let mut story = Story::of(&[low]);
    for minute in 0..8 {
        story.at(&format!("1h{minute}m"));
        poor(&mut story, "spo2", "80");
    }
    assert_eq!(story.state("low"), None);
    story.at("1h10m").observe("spo2", "86");
    story.at("1h12m");
    poor(&mut story, "spo2", "95");
    story.at("1h15m").observe("spo2", "86");
    assert_eq!(story.state("low"), Some(AlertState::Active), "what the poor signal said breaks nothing");
}

/// The points NEWS2 gives for consciousness.
fn mind(story: &Story) -> Option<Value> {
    points(story, "news2", "consciousness")
}

fn ice(story: &mut Story, total: u8) {
    story.assess(|a| a.ice_total = Some(total));
}

#[test]
fn an_ice_that_fell_after_the_examination_is_new_confusion() {
    let mut story = Story::of(&[rule("fever", "when = 'temperature.last >= 38'")]);
    ice(&mut story, 10);
    story.at("6h").infuse();
    story.at("20h").assess(|a| a.consciousness = Some("spontaneous".into()));
    assert_eq!(mind(&story), Some(Value::ZERO));
    story.at("24h");
    ice(&mut story, 9);
    assert_eq!(mind(&story), Some(Value::whole(3)));
    assert_eq!(points(&story, "qsofa", "mentation"), Some(Value::whole(1)));
    story.at("28h").assess(|a| a.acvpu = Some("A".into()));
    assert_eq!(mind(&story), Some(Value::ZERO), "a newer examination wins");
}

#[test]
fn an_examination_that_finds_a_lower_ice_finds_new_confusion() {
    let mut story = infused();
    story.at("20h").assess(|a| {
        a.consciousness = Some("spontaneous".into());
        a.ice_total = Some(8);
    });
    assert_eq!(mind(&story), Some(Value::whole(3)));
    story.at("24h").assess(|a| {
        a.consciousness = Some("spontaneous".into());
        a.ice_total = Some(10);
    });
    assert_eq!(mind(&story), Some(Value::ZERO));
}

#[test]
fn confusion_is_new_against_the_patients_own_ice() {
    let mut story = Story::of(&[rule("fever", "when = 'temperature.last >= 38'")]);
    ice(&mut story, 8);
    story.at("6h").infuse();
    story.at("20h");
    ice(&mut story, 8);
    assert_eq!(mind(&story), Some(Value::ZERO), "8 is this patient's own");
    story.at("22h");
    ice(&mut story, 7);
    assert_eq!(mind(&story), Some(Value::whole(3)));
}

#[test]
fn a_gcs_under_15_after_an_alert_examination_leaves_consciousness_open() {
    let mut story = infused();
    story.at("20h").assess(|a| a.acvpu = Some("A".into()));
    story.at("21h").observe("gcs", "13");
    assert_eq!(mind(&story), None, "not alert any more, and nobody has said what instead");
    assert_eq!(points(&story, "qsofa", "mentation"), Some(Value::whole(1)));
    story.at("22h").observe("gcs", "15");
    assert_eq!(mind(&story), Some(Value::ZERO));
}

#[test]
fn an_ice_that_fell_by_three_within_twelve_hours_makes_the_band_red() {
    let mut story = infused();
    story.at("20h");
    ice(&mut story, 10);
    story.at("31h");
    ice(&mut story, 8);
    assert!(!is_red(&story, "icans_ews"), "grade 1");
    story.at("31h30m");
    ice(&mut story, 7);
    assert!(is_red(&story, "icans_ews"), "also grade 1, and three points in twelve hours");
}

#[test]
fn a_d_dimer_is_held_against_its_own_assay_only() {
    let mut story = Story::of(&[rule("fever", "when = 'temperature.last >= 38'")]);
    let d_dimer = |story: &mut Story, code: &str, value: &str| {
        let mut seen = story.seen("P1", "d_dimer", value);
        seen.code = code.into();
        story.happen(Event::Observed(seen));
    };
    d_dimer(&mut story, "48066-5^LN", "0.5");
    for (analyte, value) in [("fibrinogen", "300"), ("platelets", "100")] {
        story.observe(analyte, value);
    }
    story.at("6h").infuse();
    story.at("20h");
    d_dimer(&mut story, "48065-7^LN", "1.2");
    assert_eq!(points(&story, "icans_ews", "N5"), None, "FEU over DDU is no ratio");
    d_dimer(&mut story, "48066-5^LN", "1.2");
    story.at("21h");
    d_dimer(&mut story, "48066-5^LN", "1.3");
    assert_eq!(points(&story, "icans_ews", "N5"), Some(Value::whole(1)));
}

#[test]
fn sofa_takes_the_worst_gcs_of_a_day() {
    let mut story = infused();
    story.at("20h").observe("gcs", "9");
    story.at("40h").observe("gcs", "15");
    assert_eq!(points(&story, "sofa", "consciousness"), Some(Value::whole(3)));
}

#[test]
fn a_ferritin_item_is_as_old_as_the_ferritin_measured_now() {
    let mut story = Story::of(&[rule("fever", "when = 'temperature.last >= 38'")]);
    story.observe("ferritin", "500");
    story.at("6h").infuse();
    story.at("30h").observe("ferritin", "2000");
    let ferritin = score(&story, "crs_ews").terms.iter().find(|term| term.name.starts_with("D7"));
    assert_eq!(ferritin.and_then(|term| term.measured_at), Some(story.now));
}

#[test]
fn a_dose_days_ago_does_not_say_that_no_vasopressor_runs() {
    let mut story = infused();
    story.treat(TherapyKind::Antipyretic, TherapyAction::Given, Some("acetaminophen"));
    let pressors = |story: &Story| {
        let patient = story.engine.patient(&id("P1")).expect("admitted");
        crate::engine::bedside::vasopressors(patient, story.now)
    };
    story.at("29h");
    assert_eq!(pressors(&story), Some((0, false)), "somebody reports drugs");
    story.at("31h");
    assert_eq!(pressors(&story), None, "nobody has for a day");
    story.treat(TherapyKind::Vasopressor, TherapyAction::Started, Some("norepinephrine"));
    story.at("5d");
    assert_eq!(pressors(&story), Some((1, false)), "it runs until somebody says otherwise");
    story.treat(TherapyKind::Vasopressor, TherapyAction::Stopped, Some("norepinephrine"));
    assert_eq!(pressors(&story), Some((0, false)), "it was seen to end");
    story.at("9d");
    assert_eq!(pressors(&story), None, "nobody has reported a drug since");
}

#[test]
fn phosphate_says_nothing_of_crs_while_tumor_lysis_or_kidney_injury_is_declared() {
    let mut story = Story::of(&[rule("fever", "when = 'temperature.last >= 38'")]);
    story.observe("phosphate", "3.6");
    story.at("6h").infuse();
    story.at("30h").observe("phosphate", "1.9");
    let d3 = |story: &Story| points(story, "crs_ews", "D3");
    assert_eq!(d3(&story), Some(Value::whole(2)));
    story.at("31h").observe("phosphate", "3.6");
    let declare = |story: &mut Story, lysis, injury| {
        let factors = Factors { tumor_lysis: lysis, kidney_injury: injury, ..Factors::default() };
        story.happen(Event::Factors { patient: id("P1"), factors, by: "d1".into() });
    };
    story.at("60h").observe("phosphate", "7.9");
    assert_eq!(d3(&story), Some(Value::ZERO));
    declare(&mut story, Some(true), None);
    story.at("61h").observe("phosphate", "1.8");
    assert_eq!(d3(&story), Some(Value::ZERO), "the last points before hold");
    declare(&mut story, Some(false), Some(true));
    assert_eq!(d3(&story), Some(Value::ZERO));
    declare(&mut story, None, Some(false));
    assert_eq!(d3(&story), Some(Value::whole(2)), "over, so phosphate counts again");
}

#[test]
fn what_a_broker_had_kept_is_shown_as_old_and_judged_by_nobody() {
    let mut story = Story::of(&[rule("low", "when = 'systolic.last < 80'")]);
    let kept = |story: &Story, value| {
        let seen = story.seen("P1", "systolic", value);
        Observation { quality: Quality { retained: true, ..seen.quality }, ..seen }
    };
    let seen = kept(&story, "60");
    story.happen(Event::Observed(seen));
    assert_eq!(story.state("low"), None);
    let remembered = |story: &Story| {
        let patient = story.engine.patient(&id("P1")).expect("admitted");
        patient.remembered(Analyte::SYSTOLIC).map(|old| old.quantity.value)
    };
    assert_eq!(remembered(&story), Some(Value::whole(60)));
    story.at("1h").observe("systolic", "118");
    assert_eq!(remembered(&story), None, "a newer value was measured");
    story.at("2h").observe("systolic", "70");
    assert_eq!(story.state("low"), Some(AlertState::Active));
}
