//! What a score looks at: plain names and what is known under them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Quantity, Time, Value};

/// What is known under one name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum InputValue {
    /// In the unit the score's card names, always the analyte's canonical unit.
    Number(Quantity),
    Flag(bool),
    /// One of the words the card lists; `never` in place of hours to something that has not happened.
    Word(String),
}

/// One known input, its age and who said so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    pub value: InputValue,
    pub measured_at: Option<Time>,
    pub source: String,
}

/// Inputs in the order of their names. A name that is absent is unknown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    named: BTreeMap<Cow<'static, str>, Input>,
    /// Points that items of a points table had when last they could be decided, by id, whole points.
    held: BTreeMap<String, i64>,
}

impl Inputs {
    pub fn new() -> Inputs {
        Inputs::default()
    }
    pub fn get(&self, name: &str) -> Option<&Input> {
        self.named.get(name)
    }
    /// Puts `input` under `name`; gives back what was there.
    pub fn insert(&mut self, name: impl Into<Cow<'static, str>>, input: Input) -> Option<Input> {
        self.named.insert(name.into(), input)
    }
    pub fn remove(&mut self, name: &str) -> Option<Input> {
        self.named.remove(name)
    }
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.named.keys().map(Cow::as_ref)
    }
    pub fn is_empty(&self) -> bool {
        self.named.is_empty()
    }
    /// What the item was worth when last it could be decided.
    pub fn held(&self, item: &str) -> Option<i64> {
        self.held.get(item).copied()
    }
    pub fn hold(&mut self, items: BTreeMap<String, i64>) {
        self.held = items;
    }

    /// The same inputs and this exact number.
    pub fn with_number(self, name: impl Into<Cow<'static, str>>, value: Value) -> Inputs {
        self.with(name, InputValue::Number(Quantity::exactly(value)))
    }
    pub fn with_flag(self, name: impl Into<Cow<'static, str>>, flag: bool) -> Inputs {
        self.with(name, InputValue::Flag(flag))
    }
    pub fn with_word(self, name: impl Into<Cow<'static, str>>, word: &str) -> Inputs {
        self.with(name, InputValue::Word(word.to_owned()))
    }
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: InputValue) -> Inputs {
        self.insert(name, Input { value, measured_at: None, source: String::new() });
        self
    }
}
