//! What holds for every score and all inputs.

use proptest::prelude::*;

use super::support::answer;
use crate::engine::score::{
    Ask, AskKind, Band, Card, InputValue, Inputs, NAMES, Score, Tables, card, compute,
};
use crate::model::{Bound, Quantity, Value};

/// A possible value of `ask`: numbers cluster where limits lie, now and then as a bound.
fn possible(ask: &Ask) -> BoxedStrategy<InputValue> {
    match &ask.kind {
        AskKind::Flag => any::<bool>().prop_map(InputValue::Flag).boxed(),
        AskKind::Words(words) => proptest::sample::select(words.to_vec())
            .prop_map(|word| InputValue::Word(word.to_owned()))
            .boxed(),
        AskKind::Word => {
            proptest::sample::select(vec!["axi-cel", "brexu-cel", "cilta-cel", "tisa-cel", "liso-cel"])
                .prop_map(|word| InputValue::Word(word.to_owned()))
                .boxed()
        }
        AskKind::HoursOrNever => prop_oneof![
            (0i64..100_000).prop_map(|hours| InputValue::Number(Quantity::exactly(Value(hours)))),
            Just(InputValue::Word("never".to_owned())),
        ]
        .boxed(),
        AskKind::Number { min, max, whole } => {
            let (min, max, whole) = (*min, *max, *whole);
            let number =
                prop_oneof![min..=max, min..=(min + (max - min) / 10), min..=(min + (max - min) / 1000)];
            let number = number.prop_map(move |n| if whole { n / 1000 * 1000 } else { n });
            let bounds = vec![Bound::Exactly, Bound::Exactly, Bound::Exactly, Bound::Below, Bound::AtLeast];
            (number, proptest::sample::select(bounds))
                .prop_map(move |(n, bound)| InputValue::Number(Quantity { value: Value(n.max(min)), bound }))
                .boxed()
        }
    }
}

/// What chooses an instrument or another way to the same fact is no measurement: taking it away may settle
/// what it left open. Optional inputs are claims; unstated they are not made.
fn is_measurement(name: &str, ask: &Ask) -> bool {
    let instead = ["altered_mentation", "capd", "age", "cytopenia_grade4"];
    let window = name.ends_with("_ews") && ask.name == "day";
    !ask.optional && !instead.contains(&ask.name.as_ref()) && !window
}

/// Some of a score's measurements, and one of them to take away.
fn case(card: &Card) -> BoxedStrategy<(Inputs, String)> {
    let asks: Vec<Ask> = card.inputs.iter().filter(|ask| is_measurement(card.name, ask)).cloned().collect();
    let values: Vec<_> = asks.iter().map(|ask| proptest::option::weighted(0.85, possible(ask))).collect();
    let names: Vec<String> = asks.iter().map(|ask| ask.name.to_string()).collect();
    (values, proptest::sample::select(names.clone()))
        .prop_map(move |(values, away)| {
            let inputs = names.iter().zip(values).fold(Inputs::new(), |inputs, (name, value)| match value {
                Some(value) => inputs.with(name.clone(), value),
                None => inputs,
            });
            (inputs, away)
        })
        .boxed()
}

fn any_case() -> BoxedStrategy<(&'static str, Inputs, String)> {
    let tables = Tables::builtin();
    proptest::sample::select(NAMES.to_vec())
        .prop_flat_map(move |name| {
            let card = card(name, &tables).expect("listed");
            case(&card).prop_map(move |(inputs, away)| (name, inputs, away))
        })
        .boxed()
}

/// What is certain: the value, or the floor.
fn floor(score: &Score) -> Value {
    score.value.or(score.at_least).unwrap_or(Value(i64::MIN))
}

fn most(name: &str) -> i64 {
    match name {
        "crs" | "icans" | "sirs" => 4,
        "news2" => 20,
        "qsofa" => 3,
        "sofa" => 24,
        "hematotox" => 7,
        "hscore" => 337,
        "iec_hs" => 1,
        "crs_ews" => 26,
        "icans_ews" => 18,
        _formula_without_a_bound => i64::MAX / 1000,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn taking_an_input_away_never_makes_a_patient_look_better((name, inputs, away) in any_case()) {
        let tables = Tables::builtin();
        let before = compute(name, &inputs, &tables).expect("listed");
        let mut fewer = inputs.clone();
        fewer.remove(&away);
        let after = compute(name, &fewer, &tables).expect("listed");
        // Either the answer did not need it, or it is open now; it never becomes another answer.
        if after.value.is_some() && !after.is_floor() {
            prop_assert_eq!(after.value, before.value, "{} without {}: {:?}", name, away, inputs);
        }
        prop_assert!(floor(&after) <= floor(&before), "{} without {}", name, away);
        if after.band == Some(Band::Green) && !after.band_open {
            prop_assert_eq!(before.band, Some(Band::Green), "{} without {}", name, away);
        }
        if let (Some(before), Some(after)) = (before.band, after.band) {
            prop_assert!(after <= before);
        }
    }

    #[test]
    fn an_answer_is_in_range_and_tells_why((name, inputs, _away) in any_case()) {
        let found = compute(name, &inputs, &Tables::builtin()).expect("listed");
        for value in [found.value, found.at_least].into_iter().flatten() {
            prop_assert!(value.0 >= 0 && value.0 / 1000 <= most(name), "{}: {}", name, answer(&found));
        }
        prop_assert!(found.value.is_none() || found.at_least.is_none() || found.is_floor());
        prop_assert!(found.value.is_none() || found.is_floor() || found.missing.is_empty());
        prop_assert!(found.available.0 <= found.available.1);
        let again = compute(name, &inputs, &Tables::builtin()).expect("listed");
        prop_assert_eq!(found, again);
    }
}
