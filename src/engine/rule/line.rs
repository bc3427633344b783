//! One line of a case: `24h  phosphate 2.3 mg/dL`.

use std::ops::Range;

use super::case::{CaseStep, Vocabulary, location, patient};
use super::catalogue::closest;
use super::token::Fault;
use crate::model::event::DisplayReport;
use crate::model::{
    Analyte, Bound, Census, CensusKind, Event, Location, Observation, Quality, Quantity, Span, Status,
    Therapy, Time, Value,
};

/// A word of a line with its place in the line.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    pub text: String,
    pub span: Range<usize>,
}

/// Words apart by blanks; quotes hold a sentence together; `#` begins a comment.
pub fn words(line: &str) -> Result<Vec<Word>, Fault> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(letter) = line[at..].chars().next() {
        if letter == '#' {
            break;
        }
        if letter.is_whitespace() {
            at += letter.len_utf8();
            continue;
        }
        let end = if letter == '"' {
            let Some(length) = line[at + 1..].find('"') else {
                return Err(Fault::new(at..line.trim_end().len(), "this text has no closing quote"));
            };
            at + length + 2
        } else {
            line[at..].find(char::is_whitespace).map_or(line.len(), |length| at + length)
        };
        let text = line[at..end].trim_matches('"').to_string();
        words.push(Word { text, span: at..end });
        at = end;
    }
    Ok(words)
}

/// What a line says.
pub enum Read {
    Begin(Time),
    Steps(Vec<(Span, CaseStep)>),
}

/// Vasopressors that may stand for themselves: `norepinephrine start`.
const VASOPRESSORS: [&str; 6] =
    ["norepinephrine", "epinephrine", "dopamine", "dobutamine", "phenylephrine", "vasopressin"];
/// The other first words of an event.
const VERBS: [&str; 31] = [
    "infusion",
    "oxygen",
    "give",
    "start",
    "stop",
    "ice",
    "consciousness",
    "acvpu",
    "seizure",
    "motor",
    "edema",
    "capd",
    "soft-sign",
    "chart",
    "factors",
    "admit",
    "move",
    "discharge",
    "acknowledge",
    "shelve",
    "unshelve",
    "out-of-service",
    "back-in-service",
    "close",
    "rate",
    "undo",
    "display",
    "expect",
    "still",
    "to",
    "begin",
];

pub(super) type Faults = Vec<Fault>;

/// A word nobody reads is a slip of the pen, not a comment.
pub(super) fn nothing_after(words: &[Word], count: usize) -> Result<(), Faults> {
    match words.get(count) {
        Some(word) => Err(vec![fault(word, format!("`{}` has no meaning here", word.text))]),
        None => Ok(()),
    }
}

pub(super) fn fault(word: &Word, message: impl Into<String>) -> Fault {
    Fault::new(word.span.clone(), message)
}

/// Reads the words of one line; `begin` is the instant of offset 0.
pub fn read(words: &[Word], begin: Time, vocabulary: &Vocabulary) -> Result<Read, Faults> {
    let first = &words[0];
    if first.text == "begin" {
        let instant = words.get(1).and_then(|word| Time::parse(&word.text));
        return instant.map(Read::Begin).ok_or_else(|| {
            vec![fault(first, "`begin` needs an instant with its offset: 2026-11-22T06:00:00+09:00")]
        });
    }
    let Some(at) = Span::parse(&first.text) else {
        return Err(vec![fault(first, "a line begins with an offset from the infusion: 24h, -26h, 1d6h30m")]);
    };
    let reading = Line { begin, vocabulary, at };
    match words.get(1).map(|word| word.text.as_str()) {
        None => Err(vec![fault(first, "nothing happens at this offset")]),
        Some("to") => reading.series(words),
        Some(_) => Ok(Read::Steps(vec![(at, reading.step(&words[1..], None)?)])),
    }
}

/// The line being read: when it is, and what it may speak of.
pub(super) struct Line<'a> {
    pub begin: Time,
    pub vocabulary: &'a Vocabulary<'a>,
    pub at: Span,
}

impl Line<'_> {
    pub(super) fn now(&self) -> Time {
        self.begin + self.at
    }

    /// `24h to 26h every 5m  spo2 92..86 %`: both ends included.
    fn series(&self, words: &[Word]) -> Result<Read, Faults> {
        let span = |at: usize| words.get(at).and_then(|word| Span::parse(&word.text));
        let every_is_there = words.get(3).is_some_and(|word| word.text == "every");
        let (Some(until), Some(every), true) = (span(2), span(4), every_is_there) else {
            return Err(vec![fault(
                &words[1],
                "a series is written `24h to 26h every 5m` and then the event",
            )]);
        };
        if every <= Span::ZERO || until < self.at || (until.0 - self.at.0) / every.0 > 5_000 {
            return Err(vec![fault(&words[1], "a series goes forward and has at most 5000 values")]);
        }
        if words.len() < 6 {
            return Err(vec![fault(&words[4], "nothing happens in this series")]);
        }
        let count = (until.0 - self.at.0) / every.0;
        let mut steps = Vec::new();
        for number in 0..=count {
            let at = Span(self.at.0 + number * every.0);
            let one = Line { begin: self.begin, vocabulary: self.vocabulary, at };
            steps.push((at, one.step(&words[5..], Some((number, count.max(1))))?));
        }
        Ok(Read::Steps(steps))
    }

    /// `along` is the place within a series, for values written `92..86`.
    fn step(&self, words: &[Word], along: Option<(i64, i64)>) -> Result<CaseStep, Faults> {
        let (verb, rest) = (&words[0], &words[1..]);
        match verb.text.as_str() {
            "expect" | "still" => self.expectation(verb, rest).map(CaseStep::Expects),
            "acknowledge" | "shelve" | "unshelve" | "out-of-service" | "back-in-service" | "close"
            | "rate" | "undo" => self.action(verb, rest),
            "admit" | "move" | "discharge" => self.census(verb, rest),
            "infusion" | "oxygen" | "give" | "start" | "stop" => {
                let (rest, at) = self.given_at(rest)?;
                self.therapy(verb, rest)
                    .map(|therapy| CaseStep::Happens(Event::Therapy(Therapy { at, ..therapy })))
            }
            "ice" if rest.len() == 1 => self.assessment(verb, rest),
            "consciousness" | "acvpu" | "seizure" | "motor" | "edema" | "capd" | "soft-sign" | "chart" => {
                self.assessment(verb, rest)
            }
            "factors" => self.factors(rest),
            "display" => self.display(verb, rest),
            name if VASOPRESSORS.contains(&name) => self.vasopressor(verb, rest),
            name => match self.vocabulary.known.analyte(name) {
                Some(analyte) => self.observation(analyte, verb, rest, along),
                None => {
                    let names = self.vocabulary.known.analytes.iter().map(|row| row.name.as_str());
                    let guess = closest(name, names.chain(VERBS).chain(VASOPRESSORS));
                    Err(vec![fault(verb, format!("nothing is called `{name}`")).suggest(guess)])
                }
            },
        }
    }

    fn observation(
        &self,
        analyte: Analyte,
        verb: &Word,
        rest: &[Word],
        along: Option<(i64, i64)>,
    ) -> Result<CaseStep, Faults> {
        let mut status = Status::Final;
        let mut quality = Quality::default();
        let mut measured_at = self.now();
        let mut plain: Vec<&Word> = Vec::new();
        let mut at = 0;
        while let Some(word) = rest.get(at) {
            match word.text.as_str() {
                "corrected" => status = Status::Corrected,
                "preliminary" => status = Status::Preliminary,
                "withdrawn" => status = Status::Deleted,
                "unavailable" => status = Status::Unavailable,
                "poor" => quality.signal = true,
                "haemolysed" => quality.specimen = true,
                "measured" => {
                    at += 1;
                    let offset = rest.get(at).and_then(|word| Span::parse(&word.text));
                    let offset = offset
                        .ok_or_else(|| vec![fault(word, "`measured` needs an offset: measured 24h")])?;
                    measured_at = self.begin + offset;
                }
                _ => plain.push(word),
            }
            at += 1;
        }
        let absent = status == Status::Deleted || status == Status::Unavailable;
        let original = plain.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
        let quantity = match plain.as_slice() {
            [] if absent => None,
            [number] => Some(self.quantity(analyte, number, None, along)?),
            [number, unit] => Some(self.quantity(analyte, number, Some(unit), along)?),
            [] => return Err(vec![fault(verb, format!("{analyte} needs a value and its unit"))]),
            [_, _, other, ..] => {
                return Err(vec![fault(other, format!("`{}` has no meaning here", other.text))]);
            }
        };
        Ok(CaseStep::Happens(Event::Observed(Observation {
            patient: patient(),
            analyte,
            quantity,
            measured_at,
            source: "case".into(),
            code: format!("{analyte}^CASE"),
            status,
            quality,
            order: Some(format!("{analyte}@{}", measured_at.0)),
            device: None,
            original,
        })))
    }

    fn quantity(
        &self,
        analyte: Analyte,
        number: &Word,
        unit: Option<&Word>,
        along: Option<(i64, i64)>,
    ) -> Result<Quantity, Faults> {
        let signs = [("<=", Bound::AtMost), (">=", Bound::AtLeast), ("<", Bound::Below), (">", Bound::Above)];
        let text = number.text.as_str();
        let (bound, digits) = signs
            .into_iter()
            .find_map(|(sign, bound)| text.strip_prefix(sign).map(|rest| (bound, rest)))
            .unwrap_or((Bound::Exactly, text));
        let digits = match (digits.split_once(".."), along) {
            (Some((from, to)), Some((number_in_series, of))) => {
                let ends = Value::parse(from).zip(Value::parse(to));
                let (from, to) = ends.ok_or_else(|| vec![fault(number, "a range is two numbers: 92..86")])?;
                Value(from.0 + (to.0 - from.0) * number_in_series / of).to_string()
            }
            (Some(_), None) => {
                return Err(vec![fault(number, "a range stands in a series: 24h to 26h every 5m")]);
            }
            (None, _) => digits.to_string(),
        };
        if Value::parse(&digits).is_none() {
            return Err(vec![fault(number, format!("`{text}` is not a number"))]);
        }
        let shown = unit.map_or("", |unit| unit.text.as_str());
        match (self.vocabulary.convert)(analyte.as_str(), &digits, shown) {
            Some(quantity) => Ok(Quantity { bound, ..quantity }),
            None => Err(vec![fault(unit.unwrap_or(number), format!("`{shown}` is not a unit of {analyte}"))]),
        }
    }

    fn census(&self, verb: &Word, rest: &[Word]) -> Result<CaseStep, Faults> {
        nothing_after(rest, 2)?;
        let kind = match verb.text.as_str() {
            "admit" => CensusKind::Admit,
            "move" => CensusKind::Move,
            _ => CensusKind::Discharge,
        };
        let place = match (rest, kind) {
            ([ward, bed, ..], _) => Some(Location { ward: ward.text.clone(), bed: bed.text.clone() }),
            ([], CensusKind::Admit) => Some(location()),
            ([], CensusKind::Discharge) => None,
            _ => return Err(vec![fault(verb, format!("`{}` needs a ward and a bed", verb.text))]),
        };
        let at = self.now();
        Ok(CaseStep::Happens(Event::Census(Census {
            patient: patient(),
            kind,
            location: place,
            person: None,
            other: None,
            at,
        })))
    }

    fn display(&self, verb: &Word, rest: &[Word]) -> Result<CaseStep, Faults> {
        nothing_after(rest, 1)?;
        let painting = match rest.first().map(|word| word.text.as_str()) {
            Some("painting") => true,
            Some("gone") => false,
            Some(_) | None => return Err(vec![fault(verb, "write `display painting` or `display gone`")]),
        };
        let report = DisplayReport { display: "case".into(), ward: location().ward, painting, sound: None };
        Ok(CaseStep::Happens(Event::Display(report)))
    }
}
