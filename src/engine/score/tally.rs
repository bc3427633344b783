//! Reads inputs, collects terms with their reasons, and adds up what is certain.

use super::answer::{Band, Part, Score, Term};
use super::ask::Ask;
use super::input::{Input, Inputs};
use super::reach::{Reach, Truth};
use crate::model::{Time, Value};

/// One score in the making. Read inputs, then close each term with its points.
pub(super) struct Tally<'a> {
    inputs: &'a Inputs,
    asks: &'a [Ask],
    pub terms: Vec<Term>,
    pub missing: Vec<String>,
    pub flags: Vec<String>,
    pub parts: Vec<Part>,
    pub sum: Reach,
    known: u32,
    draft: Draft,
}

/// What was read since the last term.
#[derive(Default)]
struct Draft {
    shown: Vec<(String, String)>,
    oldest: Option<Time>,
    /// Absent, or known only as a bound.
    open: Vec<String>,
}

impl<'a> Tally<'a> {
    pub fn new(inputs: &'a Inputs, asks: &'a [Ask]) -> Tally<'a> {
        Tally {
            inputs,
            asks,
            terms: Vec::new(),
            missing: Vec::new(),
            flags: Vec::new(),
            parts: Vec::new(),
            sum: Reach::exactly(0),
            known: 0,
            draft: Draft::default(),
        }
    }

    /// The ask and, where it is present and possible, the input. Anything else counts as absent and is flagged.
    fn read(&mut self, name: &str) -> (&'a Ask, Option<&'a Input>) {
        let (asks, inputs) = (self.asks, self.inputs);
        let ask = asks.iter().find(|ask| ask.name == name).expect("a score reads only what its card lists");
        let input = inputs.get(name).and_then(|input| match ask.admits(&input.value) {
            Ok(()) => Some(input),
            Err(problem) => {
                let flag = format!("not used: {problem}");
                if !self.flags.contains(&flag) {
                    self.flags.push(flag);
                }
                None
            }
        });
        match input {
            Some(input) => self.draft.show(ask, input),
            None if ask.optional => {}
            None => self.draft.leave_open(name),
        }
        (ask, input)
    }

    pub fn number(&mut self, name: &str) -> Reach {
        let (ask, input) = self.read(name);
        let reach = input.map_or(Reach::UNKNOWN, |input| ask.reach(&input.value));
        if input.is_some() && !reach.is_exact() {
            self.draft.leave_open(name);
        }
        reach
    }

    /// An optional flag that nobody stated is not claimed: no.
    pub fn flag(&mut self, name: &str) -> Truth {
        let (ask, input) = self.read(name);
        match input.map(|input| &input.value) {
            Some(super::InputValue::Flag(flag)) => Truth::of(Some(*flag)),
            Some(super::InputValue::Number(_) | super::InputValue::Word(_)) | None if ask.optional => {
                Truth::No
            }
            Some(super::InputValue::Number(_) | super::InputValue::Word(_)) | None => Truth::Unknown,
        }
    }

    pub fn word(&mut self, name: &str) -> Option<&'a str> {
        match self.read(name).1.map(|input| &input.value) {
            Some(super::InputValue::Word(word)) => Some(word),
            Some(super::InputValue::Number(_) | super::InputValue::Flag(_)) | None => None,
        }
    }

    pub fn is_known(&self, name: &str) -> bool {
        let ask = self.asks.iter().find(|ask| ask.name == name);
        self.inputs.get(name).zip(ask).is_some_and(|(input, ask)| ask.admits(&input.value).is_ok())
    }

    /// Closes a term worth `points` (thousandths) and adds them to the sum.
    pub fn term(&mut self, name: &str, points: Reach, source: &str) {
        self.sum = self.sum.plus(points);
        self.reason(name, points, source);
    }

    /// Closes a term without adding it up: for grades, where the gravest domain counts.
    pub fn reason(&mut self, name: &str, points: Reach, source: &str) {
        self.close(name, points, source, false);
    }

    /// The same where a lone value says nothing without its own name: 1 is one vasopressor, not a hypotension of 1.
    pub fn reason_by_name(&mut self, name: &str, points: Reach, source: &str) {
        self.close(name, points, source, true);
    }

    fn close(&mut self, name: &str, points: Reach, source: &str, named: bool) {
        let draft = std::mem::take(&mut self.draft);
        if points.is_exact() {
            self.known += 1;
        } else {
            for open in draft.open {
                self.miss(&open);
            }
        }
        let value = match draft.shown.as_slice() {
            [(_, value)] if !named => value.clone(),
            several => {
                let each: Vec<String> = several
                    .iter()
                    .map(|(name, value)| format!("{} {value}", name.replace('_', " ")))
                    .collect();
                each.join(", ")
            }
        };
        let (name, source) = (name.to_owned(), source.to_owned());
        self.terms.push(Term { name, points: points.value(), value, measured_at: draft.oldest, source });
    }

    /// A term that is not counted at present, and says why.
    pub fn switched_off(&mut self, name: &str, why: &str, source: &str) {
        self.terms.push(Term {
            name: name.to_owned(),
            points: None,
            value: why.to_owned(),
            measured_at: None,
            source: source.to_owned(),
        });
    }

    /// Adds to what the open term looked at: a derived number such as `fall 32.4 %`.
    pub fn mention(&mut self, name: &str, value: String) {
        self.draft.shown.push((name.to_owned(), value));
    }

    /// Forgets what was read since the last term.
    pub fn drop_draft(&mut self) {
        self.draft = Draft::default();
    }

    pub fn miss(&mut self, name: &str) {
        if !self.missing.iter().any(|known| known == name) {
            self.missing.push(name.to_owned());
        }
    }

    /// The open term would be decided by this, which was not asked for.
    pub fn lacks(&mut self, name: &str) {
        self.draft.leave_open(name);
    }

    pub fn flag_up(&mut self, flag: impl Into<String>) {
        self.flags.push(flag.into());
    }

    pub fn part(&mut self, name: &str, reach: Reach) {
        let (value, at_least) = settled(reach);
        self.parts.push(Part { name: name.to_owned(), value, at_least });
    }

    /// The sum of the terms is the score.
    pub fn total(self, name: &'static str, source: &str) -> Score {
        let sum = self.sum;
        self.finish(name, sum, source)
    }

    /// The score is `reach`, in thousandths.
    pub fn finish(self, name: &'static str, reach: Reach, source: &str) -> Score {
        let (value, at_least) = settled(reach);
        let total = u32::try_from(self.terms.len()).expect("a score has few terms");
        Score {
            name,
            value,
            terms: self.terms,
            // What is absent without changing the answer is not missing.
            missing: if value.is_some() { Vec::new() } else { self.missing },
            source: source.to_owned(),
            band: None::<Band>,
            band_open: false,
            band_held: None,
            items: Vec::new(),
            at_least,
            flags: self.flags,
            parts: self.parts,
            available: (self.known, total),
        }
    }
}

impl Draft {
    fn show(&mut self, ask: &Ask, input: &Input) {
        let entry = (ask.name.to_string(), ask.show(input));
        if !self.shown.contains(&entry) {
            self.shown.push(entry);
        }
        self.oldest = match (self.oldest, input.measured_at) {
            (Some(old), Some(new)) => Some(old.min(new)),
            (old, new) => old.or(new),
        };
    }
    fn leave_open(&mut self, name: &str) {
        if !self.open.iter().any(|open| open == name) {
            self.open.push(name.to_owned());
        }
    }
}

/// The value where it is decided; otherwise what is certain already, if that is more than nothing.
fn settled(reach: Reach) -> (Option<Value>, Option<Value>) {
    match reach.value() {
        Some(value) => (Some(value), None),
        None => (None, (reach.low > 0).then_some(Value(reach.low))),
    }
}
