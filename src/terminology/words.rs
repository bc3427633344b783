//! Words where a number is expected: no value, bounds, oxygen devices, levels of consciousness.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Bound, OxygenDevice, Value};

use super::number::Exact;
use super::sheet::{Row, Sheet};
use super::text::{amount_key, plain, word_key};
use super::unit::{UnitId, Units};

/// What `words.toml` says.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    unavailable: BTreeSet<String>,
    sentinels: Vec<Exact>,
    specimen: Vec<String>,
    /// Behind such a word: the specimen was fit after all (`溶血(-)`).
    denials: Vec<String>,
    good_signal: BTreeSet<String>,
    /// Longest first, so that `<=` is not read as `<`.
    before: Vec<(String, Bound)>,
    after: Vec<(String, Bound)>,
    oxygen: BTreeMap<String, OxygenDevice>,
    acvpu: BTreeMap<String, String>,
    disease: BTreeMap<String, String>,
}

/// What stands in a value field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    /// The sender says that there is no value.
    Nothing,
    /// A number, how it bounds the truth, and the unit that stood behind it in the same text.
    Number { number: Exact, bound: Bound, unit: Option<UnitId> },
    /// Neither; the reason.
    Unreadable(&'static str),
}

const BOUNDS: [(&str, Bound); 5] = [
    ("exactly", Bound::Exactly),
    ("below", Bound::Below),
    ("at_most", Bound::AtMost),
    ("above", Bound::Above),
    ("at_least", Bound::AtLeast),
];

impl Words {
    pub(super) fn read(sheet: &Sheet<'_>) -> Words {
        let mut words = Words::default();
        let top = sheet.top(&["comparator", "oxygen", "acvpu", "disease_state"]);
        words.unavailable = top.texts("unavailable").iter().map(|word| word_key(word)).collect();
        words.specimen = top.texts("specimen").iter().map(|word| amount_key(word)).collect();
        words.denials = top.texts("denials").iter().map(|word| amount_key(word)).collect();
        words.good_signal = top.texts("good_signal").iter().map(|word| word_key(word)).collect();
        for sentinel in top.texts("sentinels") {
            match Exact::parse(&sentinel) {
                Some(number) => words.sentinels.push(number),
                None => {
                    top.mistake("sentinels", format!("`{sentinel}` is no number"), "write numbers in quotes")
                }
            }
        }
        top.finish();
        for row in sheet.rows("comparator") {
            words.read_comparator(&row);
            row.finish();
        }
        for row in sheet.rows("oxygen") {
            words.read_oxygen(&row);
            row.finish();
        }
        for row in sheet.rows("acvpu") {
            words.read_acvpu(&row);
            row.finish();
        }
        for row in sheet.rows("disease_state") {
            words.read_disease_state(&row);
            row.finish();
        }
        words.before.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        words.after.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        words
    }

    fn read_comparator(&mut self, row: &Row<'_, '_>) {
        let words = [row.texts("before"), row.texts("after")];
        let Some(name) = row.text("bound") else { return };
        let Some((_, bound)) = BOUNDS.into_iter().find(|(known, _)| *known == name) else {
            let known = BOUNDS.map(|(name, _)| name).join(", ");
            row.mistake("bound", format!("unknown bound `{name}`"), &format!("known: {known}"));
            return;
        };
        for (words, list) in words.into_iter().zip([&mut self.before, &mut self.after]) {
            for word in words {
                let word = amount_key(&word);
                if list.iter().any(|(known, other)| *known == word && *other != bound) {
                    row.mistake("bound", format!("`{word}` has two meanings"), "a word bounds one way only");
                }
                list.push((word, bound));
            }
        }
    }

    fn read_oxygen(&mut self, row: &Row<'_, '_>) {
        let name = row.text("device");
        let words = row.texts("words");
        let Some(name) = name else { return };
        let Some(device) = OxygenDevice::parse(&name) else {
            let known = OxygenDevice::ALL.map(OxygenDevice::name).join(", ");
            row.mistake("device", format!("unknown oxygen device `{name}`"), &format!("known: {known}"));
            return;
        };
        for word in words.iter().chain([&name]) {
            if self.oxygen.insert(word_key(word), device).is_some_and(|other| other != device) {
                row.mistake(
                    "words",
                    format!("`{word}` is another device already"),
                    "a word means one device",
                );
            }
        }
    }

    fn read_acvpu(&mut self, row: &Row<'_, '_>) {
        let letter = row.text("letter");
        let words = row.texts("words");
        let Some(letter) = letter else { return };
        if !["A", "C", "V", "P", "U"].contains(&letter.as_str()) {
            row.mistake("letter", format!("`{letter}` is no level"), "use A, C, V, P or U");
            return;
        }
        for word in words {
            if self.acvpu.insert(word_key(&word), letter.clone()).is_some_and(|other| other != letter) {
                row.mistake("words", format!("`{word}` is another level already"), "a word means one level");
            }
        }
    }

    fn read_disease_state(&mut self, row: &Row<'_, '_>) {
        let state = row.text("state");
        let words = row.texts("words");
        let Some(state) = state else { return };
        if !["cr", "pr", "active"].contains(&state.as_str()) {
            row.mistake("state", format!("`{state}` is no state"), "use cr, pr or active");
            return;
        }
        for word in words {
            if self.disease.insert(word_key(&word), state.clone()).is_some_and(|other| other != state) {
                row.mistake("words", format!("`{word}` is another state already"), "a word means one state");
            }
        }
    }

    /// A comment or a value that says the specimen was not fit; `溶血(-)` and `no hemolysis` say that it was.
    pub(super) fn is_specimen_trouble(&self, text: &str) -> bool {
        let key = amount_key(text);
        self.specimen.iter().any(|word| {
            key.match_indices(word.as_str()).any(|(start, word)| {
                let denied_before =
                    ["no", "not", "non", "non-", "without"].iter().any(|no| key[..start].ends_with(no));
                !denied_before && !self.is_denied(&key[start + word.len()..])
            })
        })
    }

    fn is_denied(&self, behind: &str) -> bool {
        let behind = behind.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
        let behind = behind.trim_start_matches([':', '=']);
        let dash = behind
            .strip_prefix('-')
            .is_some_and(|rest| !rest.starts_with(|l: char| l.is_ascii_alphanumeric()));
        dash || self.denials.iter().any(|denial| behind.starts_with(denial.as_str()))
    }

    pub(super) fn is_good_signal(&self, word: &str) -> bool {
        self.good_signal.contains(&word_key(word))
    }

    /// The device and, where the same text carries it (`カニューラ 3L`), the flow in L/min.
    pub(super) fn oxygen_device(&self, text: &str) -> Option<(OxygenDevice, Option<Value>)> {
        let key = word_key(text);
        if let Some(device) = self.oxygen.get(&key) {
            return Some((*device, None));
        }
        let digits = key.find(|letter: char| letter.is_ascii_digit())?;
        let flow = key[digits..].trim_end_matches("min").trim_end_matches('分').strip_suffix('l')?;
        let device = self.oxygen.get(&key[..digits])?;
        Some((*device, Some(Exact::decimal(flow)?.to_value()?)))
    }

    pub(super) fn acvpu(&self, text: &str) -> Option<&str> {
        self.acvpu.get(&word_key(text)).map(String::as_str)
    }

    /// `cr`, `pr` or `active`.
    pub(super) fn disease_state(&self, text: &str) -> Option<&str> {
        self.disease.get(&word_key(text)).map(String::as_str)
    }

    pub(super) fn is_sentinel(&self, number: Exact) -> bool {
        self.sentinels.contains(&number)
    }

    pub(super) fn says_nothing(&self, text: &str) -> bool {
        let key = word_key(text);
        key.is_empty() || key == "\"\"" || self.unavailable.contains(&key)
    }

    /// Reads `38.7`, `<0.05`, `0.5 未満`, `> 100000`, `3.5 mg/dL`; full width and half width alike.
    pub(super) fn amount(&self, text: &str, units: &Units) -> Amount {
        if self.says_nothing(text) {
            return Amount::Nothing;
        }
        if spaced_digits(text) {
            return Amount::Unreadable("holds two numbers");
        }
        let key = amount_key(text);
        let (before, rest) = strip(&key, &self.before, |key, word| key.strip_prefix(word));
        let (after, rest) = strip(rest, &self.after, |key, word| key.strip_suffix(word));
        let bound = match (before, after) {
            (None, None) => Bound::Exactly,
            (Some(bound), None) | (None, Some(bound)) => bound,
            (Some(before), Some(after)) if before == after => before,
            (Some(_), Some(_)) => return Amount::Unreadable("is bounded in two ways"),
        };
        let (digits, unit) = rest.split_at(number_length(rest));
        if unit.starts_with(',') {
            return Amount::Unreadable("holds a comma, which is a decimal point for some and not for others");
        }
        let Some(number) = Exact::decimal(digits) else {
            return Amount::Unreadable("is no number");
        };
        if unit.is_empty() {
            return Amount::Number { number, bound, unit: None };
        }
        match units.spelled(unit) {
            Some(unit) => Amount::Number { number, bound, unit: Some(unit) },
            None => Amount::Unreadable("has something behind its number that is no unit"),
        }
    }
}

fn strip<'k>(
    key: &'k str,
    words: &[(String, Bound)],
    cut: fn(&'k str, &str) -> Option<&'k str>,
) -> (Option<Bound>, &'k str) {
    for (word, bound) in words {
        if let Some(rest) = cut(key, word).filter(|rest| !rest.is_empty()) {
            return (Some(*bound), rest);
        }
    }
    (None, key)
}

/// `12 34` must not become 1234.
fn spaced_digits(text: &str) -> bool {
    let plain = plain(text);
    let mut previous = ' ';
    let mut gap = false;
    for letter in plain.chars() {
        if letter.is_whitespace() {
            gap = previous.is_ascii_digit();
            continue;
        }
        if gap && letter.is_ascii_digit() {
            return true;
        }
        gap = false;
        previous = letter;
    }
    false
}

/// Length of the number at the start: sign, digits, point, digits, and an exponent where it is complete.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut end = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    end += digits(end);
    if bytes.get(end) == Some(&b'.') {
        end += 1 + digits(end + 1);
    }
    if bytes.get(end) == Some(&b'e') {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
        let exponent = if end + 1 + sign <= bytes.len() { digits(end + 1 + sign) } else { 0 };
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    end
}
