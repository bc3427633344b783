//! Shorthand for tests.

use crate::engine::score::{InputValue, Inputs, Score, Tables, compute};
use crate::model::{Bound, Quantity, Value};

/// Inputs from `name value` pairs: `yes`/`no` are flags, numbers (also `<0.05`) numbers, the rest words; `?` is absent.
pub fn inputs(pairs: &[(&'static str, &str)]) -> Inputs {
    pairs.iter().fold(Inputs::new(), |inputs, (name, text)| match parse(text) {
        None => inputs,
        Some(value) => inputs.with(*name, value),
    })
}

/// The same from one line: `temperature_max 38.4, episode yes`.
pub fn line(text: &'static str) -> Inputs {
    let pairs: Vec<(&'static str, &str)> = text
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once(' ').expect("name and value"))
        .collect();
    inputs(&pairs)
}

fn parse(text: &str) -> Option<InputValue> {
    let bounds = [("<=", Bound::AtMost), (">=", Bound::AtLeast), ("<", Bound::Below), (">", Bound::Above)];
    if text == "?" {
        return None;
    }
    if let "yes" | "no" = text {
        return Some(InputValue::Flag(text == "yes"));
    }
    let bound = bounds.iter().find(|(sign, _)| text.starts_with(sign));
    let number = bound.map_or(text, |(sign, _)| &text[sign.len()..]);
    Some(match Value::parse(number) {
        Some(value) => {
            InputValue::Number(Quantity { value, bound: bound.map_or(Bound::Exactly, |(_, bound)| *bound) })
        }
        None => InputValue::Word(text.to_owned()),
    })
}

pub fn score(name: &str, inputs: &Inputs) -> Score {
    compute(name, inputs, &Tables::builtin()).expect("a known score")
}

/// `4`, `>2` (at least, undecided), or `?`.
pub fn answer(score: &Score) -> String {
    match (score.value, score.at_least) {
        (Some(value), None) => value.to_string(),
        (None, Some(least)) => format!(">{least}"),
        (None, None) => "?".to_owned(),
        (Some(value), Some(least)) if value == least => value.to_string(),
        (Some(_), Some(_)) => panic!("a value that is a floor is its own least: {score:?}"),
    }
}

pub fn check(name: &str, text: &'static str, expected: &str) {
    let score = score(name, &line(text));
    assert_eq!(answer(&score), expected, "{name}: {text}\n{score:#?}");
}

/// The points of the term whose name begins with `term`.
pub fn points(score: &Score, term: &str) -> Option<Value> {
    score.terms.iter().find(|each| each.name.starts_with(term)).expect("the term is listed").points
}
