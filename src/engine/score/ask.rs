//! What a score asks for: the name, the unit, what is possible.

use std::borrow::Cow;

use serde::Serialize;

use super::input::{Input, InputValue};
use super::reach::Reach;
use crate::model::Value;

/// What may stand under a name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AskKind {
    /// A number within these ends (thousandths, inclusive); `whole` numbers only where so.
    Number {
        min: i64,
        max: i64,
        whole: bool,
    },
    /// Hours since the infusion, or the word `never`: has not happened so far.
    HoursOrNever,
    Flag,
    /// Any word.
    Word,
    Words(&'static [&'static str]),
}

/// One input of a score, as its page lists it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ask {
    pub name: Cow<'static, str>,
    pub unit: Cow<'static, str>,
    pub kind: AskKind,
    pub meaning: Cow<'static, str>,
    /// An exception or an extra that somebody states: unstated it is not claimed, and not missing.
    pub optional: bool,
    /// Plain analyte names that may stand in when the score is asked for by hand.
    pub plain: Cow<'static, [Cow<'static, str>]>,
}

impl Ask {
    const fn of(name: &'static str, unit: &'static str, kind: AskKind, meaning: &'static str) -> Ask {
        Ask::or_plain(name, unit, kind, meaning, &[])
    }
    /// An ask for which, by hand, one of the `plain` names may stand in.
    pub const fn or_plain(
        name: &'static str,
        unit: &'static str,
        kind: AskKind,
        meaning: &'static str,
        plain: &'static [Cow<'static, str>],
    ) -> Ask {
        Ask {
            name: Cow::Borrowed(name),
            unit: Cow::Borrowed(unit),
            kind,
            meaning: Cow::Borrowed(meaning),
            optional: false,
            plain: Cow::Borrowed(plain),
        }
    }
    /// A number between `min` and `max` units.
    pub const fn number(
        name: &'static str,
        unit: &'static str,
        min: i64,
        max: i64,
        meaning: &'static str,
    ) -> Ask {
        Ask::of(name, unit, AskKind::Number { min: min * 1000, max: max * 1000, whole: false }, meaning)
    }
    /// A whole number between `min` and `max`.
    pub const fn whole(
        name: &'static str,
        unit: &'static str,
        min: i64,
        max: i64,
        meaning: &'static str,
    ) -> Ask {
        Ask::of(name, unit, AskKind::Number { min: min * 1000, max: max * 1000, whole: true }, meaning)
    }
    pub const fn flag(name: &'static str, meaning: &'static str) -> Ask {
        Ask::of(name, "", AskKind::Flag, meaning)
    }
    pub const fn words(name: &'static str, words: &'static [&'static str], meaning: &'static str) -> Ask {
        Ask::of(name, "", AskKind::Words(words), meaning)
    }
    pub const fn optional(mut self) -> Ask {
        self.optional = true;
        self
    }

    /// Why `value` cannot stand under this name; `Ok` where it can.
    pub fn admits(&self, value: &InputValue) -> Result<(), String> {
        let name = &self.name;
        match (&self.kind, value) {
            (AskKind::Flag, InputValue::Flag(_)) | (AskKind::Word, InputValue::Word(_)) => Ok(()),
            (AskKind::Flag, InputValue::Number(_) | InputValue::Word(_)) => {
                Err(format!("{name} is true or false"))
            }
            (AskKind::Word, InputValue::Number(_) | InputValue::Flag(_)) => Err(format!("{name} is a word")),
            (AskKind::Words(words), InputValue::Word(word)) if words.contains(&word.as_str()) => Ok(()),
            (AskKind::Words(words), _) => Err(format!("{name} is one of {}", words.join(", "))),
            (AskKind::HoursOrNever, InputValue::Word(word)) if word == "never" => Ok(()),
            (AskKind::HoursOrNever, InputValue::Number(hours)) if hours.value.0 >= 0 => Ok(()),
            (AskKind::HoursOrNever, _) => Err(format!("{name} is a number of hours, or \"never\"")),
            (AskKind::Number { min, max, whole }, InputValue::Number(number)) => {
                let value = number.value.0;
                if value < *min || value > *max {
                    let (min, max, value) = (Value(*min), Value(*max), Value(value));
                    return Err(format!("{name} {value} is outside {min} to {max} {}", self.unit));
                }
                if *whole && value % 1000 != 0 {
                    return Err(format!("{name} is a whole number"));
                }
                Ok(())
            }
            (AskKind::Number { .. }, InputValue::Flag(_) | InputValue::Word(_)) => {
                Err(format!("{name} is a number"))
            }
        }
    }

    /// How far an admitted number may reach, within what is possible at all.
    pub fn reach(&self, value: &InputValue) -> Reach {
        match value {
            InputValue::Number(quantity) => match self.kind {
                AskKind::Number { min, max, .. } => {
                    let reach = Reach::of(*quantity);
                    Reach { low: reach.low.clamp(min, max), high: reach.high.clamp(min, max) }
                }
                AskKind::HoursOrNever | AskKind::Flag | AskKind::Word | AskKind::Words(_) => {
                    Reach::of(*quantity)
                }
            },
            InputValue::Word(_) => Reach::NEVER,
            InputValue::Flag(_) => Reach::UNKNOWN,
        }
    }

    /// For people: `38.4 °C`, `< 0.05 ng/mL`, `yes`, `nasal_cannula`.
    pub fn show(&self, input: &Input) -> String {
        match &input.value {
            InputValue::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
            InputValue::Word(word) => word.clone(),
            InputValue::Number(quantity) => {
                let sign = quantity.bound.sign().map_or(String::new(), |sign| format!("{sign} "));
                let space = if self.unit.is_empty() || self.unit.starts_with('/') { "" } else { " " };
                format!("{sign}{}{space}{}", quantity.value, self.unit)
            }
        }
    }
}

/// The name most like `wrong`, where one is near enough to be what was meant.
pub fn suggest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = names.into_iter().map(|name| (distance(wrong, name), name)).min()?;
    (near.0 <= (wrong.chars().count() / 3).max(1)).then_some(near.1)
}

/// Letters to change, add or drop to make one word the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let change = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
