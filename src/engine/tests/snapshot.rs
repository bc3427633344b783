//! An engine that was written down and read again goes on as if nothing had happened.

use proptest::prelude::*;

use super::histories::{deed, play};
use super::*;

/// Folds the entries and puts the engine aside after every `every`th of them.
fn told_with_breaks(entries: &[Entry], every: usize) -> (String, Engine) {
    let mut engine = Engine::new();
    let mut text = String::new();
    for (n, entry) in entries.iter().enumerate() {
        let changes = engine.apply(entry);
        text += &transcript::lines(entry, &changes);
        if n % every == 0 {
            engine = Engine::from_bytes(&engine.to_bytes()).expect("what was written can be read");
        }
    }
    (text, engine)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_history_reads_the_same_with_breaks_as_without(
        deeds in prop::collection::vec(deed(), 1..40),
        every in 1usize..9,
    ) {
        let story = play(&deeds);
        let (text, engine) = told_with_breaks(&story.entries, every);
        prop_assert!(text == story.text, "a break changed what followed");
        prop_assert!(engine.to_bytes() == story.engine.to_bytes(), "a break changed what is known");
        prop_assert_eq!(engine.next_due(), story.engine.next_due());
    }
}

#[test]
fn the_golden_ward_reads_the_same_with_many_breaks() {
    let ward = super::golden::whole_story();
    let (text, engine) = told_with_breaks(&ward.entries, ward.entries.len() / 60);
    assert!(text == ward.text, "a break changed what followed");
    assert!(engine.to_bytes() == ward.engine.to_bytes(), "a break changed what is known");
}

#[test]
fn thousands_of_samples_of_every_kind_are_read_back_as_they_were() {
    let mut story = Story::of(&[rule("fever", "when = 'temperature.mean(\"24h\") >= 38'")]);
    for n in 0..3_000i64 {
        let mut seen = story.seen("P1", "temperature", &format!("{}.{}", 36 + n % 4, n % 10));
        seen.order = (n % 50 == 0).then(|| format!("O{n}"));
        seen.quality.signal = n % 70 == 0;
        seen.source = if n % 400 < 200 { "LIS" } else { "MONITOR" }.into();
        if n % 90 == 0 {
            seen.quantity = Some(Quantity { bound: Bound::Below, ..seen.quantity.expect("a number") });
        }
        story.happen(Event::Observed(seen));
        story.now = story.now + Span::seconds(61);
    }
    let again = Engine::from_bytes(&story.engine.to_bytes()).expect("readable");
    let window = |engine: &Engine| {
        let window = engine.patient(&id("P1")).and_then(|p| p.window(Analyte::TEMPERATURE).cloned());
        window.expect("a window").between(BEGIN, BEGIN + Span::days(9)).collect::<Vec<_>>()
    };
    assert_eq!(window(&again).len(), 3_000);
    assert_eq!(window(&again), window(&story.engine));
}

#[test]
fn rules_that_changed_while_an_alert_runs_are_kept_with_the_alert() {
    let mut story =
        Story::of(&[rule("fever", "when = 'temperature.last >= 38'\nuntil = 'temperature.last < 37'")]);
    story.observe("temperature", "38.4");
    let files = [
        ("escalation.toml".to_string(), POLICY.to_string()),
        (
            "rules.toml".to_string(),
            rule("fever", "when = 'temperature.last >= 40'\nuntil = 'temperature.last < 39'"),
        ),
    ];
    story.happen(Event::Rules { hash: "r2".into(), author: "test".into(), files: files.to_vec() });
    story.engine = Engine::from_bytes(&story.engine.to_bytes()).expect("readable");
    // Under the new rule 38.2 is over; the running alert is judged by the one it was raised under.
    story.later(Span::minutes(5));
    story.observe("temperature", "38.2");
    assert_eq!(story.state("fever"), Some(AlertState::Active), "{}", story.text);
    assert_eq!(&*story.newest("fever").rule_version, "r");
    story.later(Span::minutes(5));
    story.observe("temperature", "36.8");
    assert_eq!(story.state("fever"), Some(AlertState::Returned), "{}", story.text);
}

#[test]
fn bytes_that_are_no_snapshot_are_refused() {
    let whole = Story::of(&[rule("fever", "when = 'temperature.last >= 38'")]).engine.to_bytes();
    for cut in [0, 1, whole.len() / 2, whole.len() - 1] {
        assert!(Engine::from_bytes(&whole[..cut]).is_err(), "{cut} bytes");
    }
}
