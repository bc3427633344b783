//! The life of an alert, from the first value to the last.

use super::*;

const FEVER: &str = "when = 'temperature.last >= 38'\nuntil = 'temperature.last < 37.5'";

fn fever(more: &str) -> Story {
    Story::of(&[rule("fever", &format!("{FEVER}\n{more}"))])
}

fn feverish(more: &str) -> Story {
    let mut story = fever(more);
    story.observe("temperature", "38.5");
    story
}

#[test]
fn missing_data_never_ends_an_alert() {
    let mut story = feverish("");
    story.at("5d");
    assert_eq!(story.state("fever"), Some(AlertState::Active));
    story.observe("temperature", "37");
    assert_eq!(story.state("fever"), Some(AlertState::Returned));
}

#[test]
fn between_its_two_limits_an_alert_neither_begins_nor_ends() {
    let mut story = fever("");
    story.observe("temperature", "37.8");
    assert_eq!(story.state("fever"), None);
    story.at("5m").observe("temperature", "38.2");
    story.at("10m").observe("temperature", "37.8");
    assert_eq!(story.state("fever"), Some(AlertState::Active));
    story.at("15m").observe("temperature", "37.2");
    assert_eq!(story.state("fever"), Some(AlertState::Returned));
}

#[test]
fn a_condition_must_hold_before_anybody_is_told() {
    let mut story = feverish("for = \"10m\"");
    story.at("9m59s");
    assert_eq!(story.told("fever"), []);
    story.at("10m");
    assert_eq!(story.told("fever"), [(10, 1, 0)]);
}

#[test]
fn a_condition_that_passes_in_time_leaves_no_trace() {
    let mut story = feverish("for = \"10m\"");
    story.at("5m").observe("temperature", "37");
    story.at("30m");
    assert_eq!(story.state("fever"), None);
    story.observe("temperature", "38.5");
    story.at("39m");
    assert_eq!(story.told("fever"), [], "the ten minutes begin anew");
    story.at("40m");
    assert_eq!(story.told("fever"), [(40, 1, 0)]);
}

#[test]
fn a_returned_alert_goes_by_itself_but_a_latched_one_waits_for_a_person() {
    let mut plain = feverish("");
    let mut latched = feverish("latch = true");
    for story in [&mut plain, &mut latched] {
        story.at("5m").observe("temperature", "37");
        assert_eq!(story.state("fever"), Some(AlertState::Returned));
        story.at("35m");
    }
    assert_eq!(plain.state("fever"), Some(AlertState::Closed));
    assert_eq!(latched.state("fever"), Some(AlertState::Returned));
    assert_eq!(plain.told("fever"), [(0, 1, 0)]);
    assert_eq!(latched.told("fever"), [(0, 1, 0), (10, 2, 0), (15, 2, 1), (20, 2, 2)]);
    latched.acknowledge("fever", nurse());
    assert_eq!(latched.state("fever"), Some(AlertState::Closed));
}

#[test]
fn after_its_end_a_rule_rests() {
    let mut story = feverish("cooldown = \"1h\"");
    story.acknowledge("fever", nurse());
    story.at("5m").observe("temperature", "37");
    assert_eq!(story.state("fever"), Some(AlertState::Closed));
    story.at("30m").observe("temperature", "38.5");
    story.at("1h4m");
    assert_eq!(story.state("fever"), Some(AlertState::Closed));
    story.at("1h6m");
    assert_eq!(story.state("fever"), Some(AlertState::Active), "the fever still holds when the rest is over");
}

#[test]
fn steps_are_taken_on_time_and_the_last_is_repeated() {
    let mut story = feverish("");
    story.at("3h");
    assert_eq!(story.told("fever"), [(0, 1, 0), (10, 2, 0), (15, 2, 1), (20, 2, 2)]);
}

#[test]
fn after_an_acknowledgement_nobody_is_told() {
    let mut story = feverish("");
    story.at("9m").acknowledge("fever", nurse());
    story.at("7h");
    assert_eq!(story.told("fever"), [(0, 1, 0)]);
}

#[test]
fn an_expired_acknowledgement_makes_the_alert_active_and_more_urgent_and_tells_anew() {
    let mut story = feverish("");
    story.acknowledge("fever", nurse());
    story.at("8h");
    let alert = story.newest("fever");
    assert_eq!((alert.state, alert.priority.name()), (AlertState::Active, "medium"));
    assert_eq!(alert.acknowledged, None);
    assert_eq!(
        story.told("fever"),
        [(0, 1, 0), (480, 1, 1)],
        "the second telling is not taken for the first"
    );
    assert!(!alert.flapping, "a timer does not flap");
}

#[test]
fn two_roles_must_both_answer() {
    let mut story = feverish("priority = \"high\"\nescalate = \"both\"");
    story.at("1m").acknowledge("fever", nurse());
    assert_eq!(story.newest("fever").awaiting, [Role::Physician]);
    story.at("3m");
    assert_eq!(story.told("fever"), [(0, 1, 0), (3, 2, 0)]);
    story.acknowledge("fever", physician());
    assert_eq!(story.state("fever"), Some(AlertState::Acknowledged));
}

#[test]
fn an_answer_of_one_of_two_roles_expires_like_a_whole_one() {
    let mut story = feverish("priority = \"high\"\nescalate = \"both\"");
    story.at("1m").acknowledge("fever", nurse());
    story.at("6m");
    assert_eq!(story.newest("fever").awaiting, [Role::Nurse, Role::Physician], "five minutes for a high one");
    assert!(story.newest("fever").acknowledged.is_none());
    story.at("90m").acknowledge("fever", physician());
    assert_eq!(story.state("fever"), Some(AlertState::Active), "the nurse has to answer again");
    story.acknowledge("fever", nurse());
    assert_eq!(story.state("fever"), Some(AlertState::Acknowledged));
}

#[test]
fn where_nobody_watches_the_next_step_comes_sooner() {
    let mut story = feverish("");
    story.at("2m").display(false);
    story.at("40m");
    assert_eq!(story.told("fever"), [(0, 1, 0), (3, 2, 0), (8, 2, 1), (13, 2, 2)]);
}

#[test]
fn a_more_urgent_alert_keeps_another_quiet_and_lets_it_speak_at_its_own_end() {
    let high = rule("high", "when = 'temperature.last >= 40'\ninhibits = [\"fever\"]\npriority = \"high\"");
    let mut story = Story::of(&[rule("fever", FEVER), high]);
    story.observe("temperature", "40.2");
    let loud = story.newest("high").id.clone();
    assert_eq!(story.newest("fever").inhibited_by, Some(loud));
    story.at("20m");
    assert_eq!(story.told("fever"), []);
    story.observe("temperature", "39");
    assert_eq!(story.newest("fever").inhibited_by, None);
    assert_eq!(story.told("fever"), [(20, 1, 0)]);
}

#[test]
fn a_latched_alert_that_was_kept_quiet_speaks_when_the_loud_one_ends() {
    let high = rule("high", "when = 'temperature.last >= 40'\ninhibits = [\"fever\"]\npriority = \"high\"");
    let mut story = Story::of(&[rule("fever", &format!("{FEVER}\nlatch = true")), high]);
    story.observe("temperature", "40.2");
    story.at("5m").observe("temperature", "37");
    assert_eq!(story.state("fever"), Some(AlertState::Returned));
    assert_eq!(story.told("fever"), [(5, 1, 0)], "latched and never told: somebody has to hear of it");
}

#[test]
fn a_shelf_ends_on_time_with_a_new_telling() {
    let mut story = feverish("");
    story.at("1m").act("fever", physician(), ActionKind::Shelve { minutes: 30, reason: "bath".into() });
    assert_eq!(story.state("fever"), Some(AlertState::Shelved));
    story.at("30m59s");
    assert_eq!(story.told("fever"), [(0, 1, 0)]);
    story.at("31m");
    assert_eq!(story.state("fever"), Some(AlertState::Active));
    assert_eq!(story.told("fever"), [(0, 1, 0), (31, 1, 1)]);
}

#[test]
fn between_the_limits_a_shelf_does_not_end_the_alert() {
    let mut story = feverish("");
    story.act("fever", physician(), ActionKind::Shelve { minutes: 30, reason: "bath".into() });
    story.at("10m").observe("temperature", "37.8");
    story.at("30m");
    assert_eq!(story.state("fever"), Some(AlertState::Active));
}

#[test]
fn an_alert_that_was_over_while_shelved_closes_with_the_shelf() {
    let mut story = feverish("");
    story.act("fever", physician(), ActionKind::Shelve { minutes: 30, reason: "bath".into() });
    story.at("10m").observe("temperature", "37");
    assert_eq!(story.state("fever"), Some(AlertState::Shelved));
    story.at("30m");
    assert_eq!(story.state("fever"), Some(AlertState::Closed));
}

#[test]
fn out_of_service_holds_until_somebody_puts_it_back() {
    let mut story = feverish("");
    story.act("fever", physician(), ActionKind::OutOfService { reason: "trial".into() });
    story.at("3d");
    assert_eq!((story.state("fever"), story.told("fever").len()), (Some(AlertState::OutOfService), 1));
    story.act("fever", physician(), ActionKind::BackInService);
    assert_eq!((story.state("fever"), story.told("fever").len()), (Some(AlertState::Active), 2));
}

#[test]
fn an_action_is_taken_back_within_ten_seconds_and_not_after() {
    let mut story = feverish("");
    story.at("1m").acknowledge("fever", nurse());
    story.at("1m10s").act("fever", physician(), ActionKind::Undo);
    assert_eq!(story.state("fever"), Some(AlertState::Acknowledged), "somebody else's");
    story.act("fever", nurse(), ActionKind::Undo);
    assert_eq!(story.state("fever"), Some(AlertState::Active));
    story.at("11m");
    assert_eq!(story.told("fever"), [(0, 1, 0), (10, 2, 0)], "the escalation goes on as if nothing had been");
    story.acknowledge("fever", nurse());
    story.at("11m11s").act("fever", nurse(), ActionKind::Undo);
    assert_eq!(story.state("fever"), Some(AlertState::Acknowledged));
}

#[test]
fn a_condition_that_comes_and_goes_flaps_and_then_ends_only_after_a_while() {
    let mut story = fever("");
    for (at, value) in [
        ("1m", "38.5"),
        ("3m", "37"),
        ("5m", "38.5"),
        ("7m", "37"),
        ("9m", "38.5"),
        ("11m", "37"),
        ("13m", "38.5"),
    ] {
        story.at(at).observe("temperature", value);
    }
    assert!(story.newest("fever").flapping);
    story.at("15m").observe("temperature", "37");
    story.at("29m");
    assert_eq!(story.state("fever"), Some(AlertState::Active));
    story.at("30m");
    assert_eq!(story.state("fever"), Some(AlertState::Returned));
}

#[test]
fn a_condition_flaps_also_where_each_alert_was_answered() {
    let mut story = fever("");
    for minute in [1, 5, 9, 13] {
        story.at(&format!("{minute}m")).observe("temperature", "38.5");
        story.acknowledge("fever", nurse());
        story.at(&format!("{}m", minute + 2)).observe("temperature", "37");
    }
    assert!(story.newest("fever").flapping);
    assert_eq!(story.state("fever"), Some(AlertState::Acknowledged));
}

#[test]
fn getting_worse_rings_once_more_and_not_again_and_again() {
    let mut story = feverish("worsens = 'temperature.last >= 40'");
    story.acknowledge("fever", nurse());
    story.at("5m").observe("temperature", "40.1");
    assert_eq!(story.state("fever"), Some(AlertState::Active));
    story.acknowledge("fever", nurse());
    story.at("10m").observe("temperature", "40.2");
    assert_eq!(story.state("fever"), Some(AlertState::Acknowledged));
}

#[test]
fn a_withdrawn_value_is_marked_and_the_rule_looked_at_again() {
    let mut story = Story::of(&[rule("fever", "when = 'temperature.last >= 38'")]);
    story.observe("temperature", "36.8");
    story.at("5m").observe("temperature", "38.5");
    assert_eq!(story.state("fever"), Some(AlertState::Active));
    story.at("6m").correct("temperature", "0", "5m", Status::Wrong);
    let alert = story.newest("fever");
    assert!(alert.evidence.iter().all(|e| e.superseded), "{:?}", alert.evidence);
    assert_eq!(alert.state, AlertState::Returned, "36.8 is the newest value again");
}

#[test]
fn not_knowing_may_itself_be_the_finding() {
    let mut story = Story::of(&[rule("lost", "when = 'temperature.last >= 38'\nunknown = \"raise\"")]);
    story.at("2m");
    assert_eq!(story.state("lost"), Some(AlertState::Active));
}

#[test]
fn a_running_alert_is_judged_by_the_rule_it_was_raised_under() {
    let mut story = feverish("");
    let strict = rule("fever", "when = 'temperature.last >= 40'");
    story.rules(&[("escalation.toml".into(), POLICY.into()), ("rules.toml".into(), strict)]);
    story.at("5m").observe("temperature", "37.8");
    assert_eq!(story.state("fever"), Some(AlertState::Active), "37.8 is not under 37.5");
    story.at("10m").observe("temperature", "37");
    assert_eq!(story.state("fever"), Some(AlertState::Returned));
}
