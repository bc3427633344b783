//! Grades from what was measured and given, and from what is not known.

use super::*;

fn infused() -> Story {
    let mut story = Story::of(&[rule("fever", "when = 'temperature.last >= 38'")]);
    story.infuse();
    story.at("1d");
    story
}

/// The suggested CRS grade, and what is certain: `2`, `>= 1`.
fn crs(story: &Story) -> String {
    let patient = story.engine.patient(&id("P1")).expect("admitted");
    match (patient.crs.value(), patient.crs.at_least()) {
        (Some(grade), _) => grade.to_string(),
        (None, Some(least)) => format!(">= {least}"),
        (None, None) => "unknown".into(),
    }
}

fn pressure(story: &mut Story, systolic: &str) {
    story.observe("systolic", systolic);
}

#[test]
fn without_a_drug_record_a_fever_is_only_at_least_grade_1() {
    let mut story = infused();
    story.observe("temperature", "38.4");
    pressure(&mut story, "120");
    story.oxygen(TherapyAction::Started, OxygenDevice::None, None);
    assert_eq!(crs(&story), ">= 1", "nobody reports vasopressors");
    story.treat(TherapyKind::Antipyretic, TherapyAction::Given, Some("acetaminophen"));
    assert_eq!(crs(&story), "1");
}

#[test]
fn a_fever_masked_by_an_antipyretic_still_counts() {
    let mut story = infused();
    story.observe("temperature", "38.4");
    story.oxygen(TherapyAction::Started, OxygenDevice::NasalCannula, Some(2));
    story.later(Span::HOUR);
    story.treat(TherapyKind::Antipyretic, TherapyAction::Given, Some("acetaminophen"));
    pressure(&mut story, "120");
    assert_eq!(crs(&story), "2");
    for hour in 1..30 {
        story.at(&format!("1d{}h", hour + 1));
        story.observe("temperature", "36.8");
        pressure(&mut story, "120");
    }
    story.treat(TherapyKind::Other, TherapyAction::Given, Some("omeprazole"));
    assert_eq!(crs(&story), "2", "the cannula holds the episode open");
    story.oxygen(TherapyAction::Stopped, OxygenDevice::NasalCannula, None);
    assert_eq!(crs(&story), "0");
}

#[test]
fn a_fever_before_the_infusion_hides_none_after_it() {
    let mut story = Story::of(&[rule("fever", "when = 'temperature.last >= 38'")]);
    story.observe("temperature", "39.5");
    story.at("1h").infuse();
    story.at("2h").observe("temperature", "38.2");
    assert_eq!(crs(&story), ">= 1");
}

fn with_drugs() -> Story {
    let mut story = infused();
    story.observe("temperature", "38.4");
    pressure(&mut story, "120");
    story.oxygen(TherapyAction::Started, OxygenDevice::None, None);
    story.treat(TherapyKind::Antipyretic, TherapyAction::Given, Some("acetaminophen"));
    story
}

#[test]
fn vasopressors_are_counted_by_agent_until_they_stop() {
    let mut story = with_drugs();
    story.treat(TherapyKind::Vasopressor, TherapyAction::Started, Some("norepinephrine"));
    assert_eq!(crs(&story), "3");
    story.later(Span::MINUTE);
    story.treat(TherapyKind::Vasopressor, TherapyAction::Started, Some("norepinephrine"));
    assert_eq!(crs(&story), "3", "a new rate is not a second agent");
    story.treat(TherapyKind::Vasopressor, TherapyAction::Started, Some("vasopressin"));
    assert_eq!(crs(&story), "3", "vasopressin is not counted");
    story.treat(TherapyKind::Vasopressor, TherapyAction::Started, Some("epinephrine"));
    assert_eq!(crs(&story), "4");
    story.later(Span::MINUTE);
    story.treat(TherapyKind::Vasopressor, TherapyAction::Stopped, Some("epinephrine"));
    assert_eq!(crs(&story), "3");
    story.treat(TherapyKind::Vasopressor, TherapyAction::Stopped, None);
    assert_eq!(crs(&story), "1", "a stop without a name ends whatever ran");
}

#[test]
fn the_end_of_an_old_order_leaves_a_new_order_of_the_same_drug_running() {
    let mut story = with_drugs();
    for (action, order) in
        [(TherapyAction::Started, "A"), (TherapyAction::Started, "B"), (TherapyAction::Stopped, "A")]
    {
        let mut therapy = story.therapy(TherapyKind::Vasopressor, action, Some("norepinephrine"));
        therapy.order = Some(order.into());
        story.happen(Event::Therapy(therapy));
        story.later(Span::MINUTE);
    }
    assert_eq!(crs(&story), "3");
    let mut stop = story.therapy(TherapyKind::Vasopressor, TherapyAction::Stopped, Some("norepinephrine"));
    stop.order = Some("B".into());
    story.happen(Event::Therapy(stop));
    assert_eq!(crs(&story), "1");
}

#[test]
fn taking_the_cannula_away_takes_no_mask_away() {
    let mut story = with_drugs();
    story.later(Span::MINUTE);
    story.oxygen(TherapyAction::Started, OxygenDevice::NasalCannula, Some(4));
    assert_eq!(crs(&story), "2");
    story.later(Span::MINUTE);
    story.oxygen(TherapyAction::Started, OxygenDevice::NonRebreather, Some(10));
    story.later(Span::MINUTE);
    story.oxygen(TherapyAction::Stopped, OxygenDevice::NasalCannula, None);
    assert_eq!(crs(&story), "3");
    story.later(Span::MINUTE);
    story.oxygen(TherapyAction::Stopped, OxygenDevice::NonRebreather, None);
    assert_eq!(crs(&story), "1", "and the cannula does not come back by itself");
}

#[test]
fn one_low_pressure_is_neither_a_finding_nor_its_absence() {
    let mut story = with_drugs();
    story.later(Span::MINUTE);
    pressure(&mut story, "85");
    assert_eq!(crs(&story), ">= 1");
    story.later(Span::minutes(5));
    pressure(&mut story, "86");
    assert_eq!(crs(&story), "2");
    story.later(Span::minutes(5));
    pressure(&mut story, "110");
    assert_eq!(crs(&story), "1");
}

#[test]
fn icans_follows_the_examination_and_grows_old_with_it() {
    let mut story = infused();
    story.assess(|a| {
        a.ice_total = Some(5);
        a.consciousness = Some("spontaneous".into());
        a.seizure = Some("none".into());
        a.motor = Some(false);
        a.edema = Some("none".into());
    });
    let grade = |story: &Story| story.engine.patient(&id("P1")).and_then(|p| p.icans.value());
    assert_eq!(grade(&story), Some(Value::whole(2)));
    story.later(Span::hours(15));
    assert_eq!(grade(&story), None, "an examination of this morning says nothing of tonight");
}

#[test]
fn an_episode_whose_signs_nobody_reports_has_not_been_seen_to_end() {
    let mut story = infused();
    story.observe("temperature", "38.4");
    for hour in 1..30 {
        story.at(&format!("1d{}h", hour + 1));
        story.observe("temperature", "36.8");
        pressure(&mut story, "120");
    }
    story.oxygen(TherapyAction::Started, OxygenDevice::None, None);
    assert_eq!(crs(&story), "unknown", "a vasopressor may hold the pressure, an antipyretic the temperature");
    story.treat(TherapyKind::Vasopressor, TherapyAction::Stopped, Some("norepinephrine"));
    assert_eq!(crs(&story), "0", "somebody reports drugs, and none is running");
}

#[test]
fn a_flow_said_beside_the_device_belongs_to_it_and_a_cannula_without_one_may_be_either() {
    let graded = |flow: Option<&str>| {
        let mut story = infused();
        story.observe("temperature", "38.7");
        pressure(&mut story, "120");
        story.treat(TherapyKind::Antipyretic, TherapyAction::Given, Some("acetaminophen"));
        story.oxygen(TherapyAction::Started, OxygenDevice::NasalCannula, None);
        if let Some(flow) = flow {
            story.observe("oxygen_flow", flow);
        }
        crs(&story)
    };
    assert_eq!(graded(Some("6")), "2");
    assert_eq!(graded(Some("7")), "3");
    assert_eq!(graded(None), ">= 2", "up to 6 L/min is grade 2, above grade 3, and nobody said");
}

#[test]
fn an_alert_from_a_grade_names_the_measurements_behind_it_and_says_when_one_is_withdrawn() {
    let mut story = Story::of(&[rule("grade", "when = 'crs.at_least >= 2'\nuntil = 'has(crs.grade)'")]);
    story.infuse();
    story.at("1d").observe("temperature", "38.9");
    story.observe("systolic", "82");
    story.at("1d10m").observe("systolic", "80");
    let alert = story.newest("grade").clone();
    let rows: Vec<(&str, String)> =
        alert.evidence.iter().map(|row| (row.analyte.as_str(), row.quantity.value.to_string())).collect();
    assert_eq!(rows, [("systolic", "80".to_string()), ("temperature", "38.9".to_string())]);
    assert_eq!(alert.measured_at, Some(BEGIN + Span::days(1) + Span::minutes(10)));
    let cause = &alert.transitions[0].cause;
    assert!(cause.contains("crs.at_least = 2 (") && cause.contains("38.9"), "{cause}");
    story.correct("temperature", "0", "1d", Status::Wrong);
    let alert = story.newest("grade");
    assert!(
        alert.evidence.iter().any(|row| row.analyte == Analyte::TEMPERATURE && row.superseded),
        "{alert:?}"
    );
}

#[test]
fn a_corrected_grade_leaves_no_trace_in_the_course() {
    let course = |wrong: bool| {
        let mut story = Story::of(&[rule("worst", "when = 'icans_ews >= 1'")]);
        story.infuse();
        story.at("1d");
        story.oxygen(TherapyAction::Started, OxygenDevice::None, None);
        story.treat(TherapyKind::Steroid, TherapyAction::Withdrawn, None);
        for (offset, temperature, systolic) in [("1d1h", "39.2", "82"), ("1d1h10m", "39.1", "80")] {
            let (temperature, systolic) = if wrong { (temperature, systolic) } else { ("36.9", "122") };
            story.at(offset).observe("temperature", temperature);
            story.observe("systolic", systolic);
        }
        if wrong {
            assert_eq!(crs(&story), ">= 2");
            story.later(Span::HOUR);
            for offset in ["1d1h", "1d1h10m"] {
                story.correct("temperature", "36.9", offset, Status::Corrected);
                story.correct("systolic", "122", offset, Status::Corrected);
            }
        }
        story.at("1d3h").observe("temperature", "36.8");
        let patient = story.engine.patient(&id("P1")).expect("admitted");
        (patient.crs_worst(BEGIN, story.now), patient.crs_reached(1, story.now))
    };
    assert_eq!(course(true), course(false));
    assert!(!course(true).1);
}

#[test]
fn a_grade_that_was_only_known_later_stands_in_the_course_where_it_was() {
    let mut story = infused();
    story.at("1d6h").observe("temperature", "36.9");
    let late = |story: &Story, analyte, value, at: Span| Observation {
        measured_at: BEGIN + Span::days(1) + at,
        ..story.seen("P1", analyte, value)
    };
    for seen in [
        late(&story, "temperature", "39.0", Span::HOUR),
        late(&story, "systolic", "80", Span::HOUR),
        late(&story, "systolic", "79", Span::minutes(70)),
    ] {
        story.happen(Event::Observed(seen));
    }
    let patient = story.engine.patient(&id("P1")).expect("admitted");
    assert_eq!(patient.crs_worst(BEGIN, BEGIN + Span::days(1) + Span::minutes(71)), Some(Value::whole(2)));
}

#[test]
fn an_ice_that_was_withdrawn_is_no_finding() {
    let mut story = infused();
    story.assess(|a| {
        a.ice_total = Some(2);
        a.consciousness = Some("spontaneous".into());
    });
    let patient = |story: &Story| story.engine.patient(&id("P1")).expect("admitted").clone();
    assert_eq!(patient(&story).icans.at_least(), Some(Value::whole(3)));
    let found = patient(&story).assessments[0].clone();
    let mut wrong = story.seen("P1", "ice", "0");
    (wrong.quantity, wrong.status, wrong.code) = (None, Status::Wrong, "ice".into());
    story.happen(Event::Observed(wrong));
    assert_eq!(patient(&story).icans.at_least(), None, "nothing is certain any more");
    assert_eq!(patient(&story).assessments[0].ice_total, None);
    story.happen(Event::Assessed { patient: id("P1"), assessment: found });
    assert!(patient(&story).assessments.iter().all(|a| a.ice_total.is_none()), "also where it comes late");
}

#[test]
fn an_examination_that_was_corrected_counts_as_it_was_corrected_whichever_came_first() {
    let patient = |story: &Story| story.engine.patient(&id("P1")).expect("admitted").clone();
    for corrected_first in [false, true] {
        let mut story = infused();
        let found = |ice, capd, settles| Assessment {
            at: story.now,
            by: "HIS".into(),
            ice_total: ice,
            capd,
            settles,
            ..Assessment::default()
        };
        let wrong = found(Some(2), Some(9), Vec::new());
        let right = found(Some(8), None, vec![FindingKind::Ice, FindingKind::Capd]);
        let both = if corrected_first { [right, wrong] } else { [wrong, right] };
        for assessment in both {
            story.happen(Event::Assessed { patient: id("P1"), assessment });
        }
        assert_eq!(patient(&story).icans.at_least(), Some(Value::whole(1)), "ICE 8, not 2");
        assert!(patient(&story).assessments.iter().all(|a| a.capd.is_none() && a.ice_total != Some(2)));
    }
}

#[test]
fn an_alert_says_that_the_ice_it_rests_on_was_corrected() {
    let mut story = Story::of(&[rule("confused", "when = 'ice.last <= 6'")]);
    story.infuse();
    story.assess(|a| a.ice_total = Some(2));
    assert_eq!(story.state("confused"), Some(AlertState::Active));
    story.assess(|a| (a.ice_total, a.settles) = (Some(9), vec![FindingKind::Ice]));
    assert!(story.newest("confused").ledger.iter().any(|line| line.stage == "retracted"));
}
