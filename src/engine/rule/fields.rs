//! Reading the tables of a TOML file field by field, so that every mistake is found in one go.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::catalogue::closest;
use super::mistake::{Mistake, Source};
use crate::model::{Role, Span};

pub type Found<'a> = &'a Spanned<DeValue<'a>>;

/// One table, its place, and what it is called in messages: `rule "crs-2"`.
pub struct Fields<'a, 'm> {
    pub source: Source<'a>,
    pub table: &'a DeTable<'a>,
    pub place: Range<usize>,
    pub what: String,
    pub mistakes: &'m mut Vec<Mistake>,
}

impl<'a> Fields<'a, '_> {
    pub fn refuse(&mut self, place: Range<usize>, message: impl Into<String>, suggestion: Option<String>) {
        let message = format!("{}: {}", self.what, message.into());
        self.mistakes.push(Mistake { suggestion, ..self.source.mistake(place, message) });
    }

    pub fn get(&self, name: &str) -> Option<Found<'a>> {
        self.table.get(name)
    }

    /// Says so where a field is absent.
    pub fn required(&mut self, name: &str) -> Option<Found<'a>> {
        let found = self.get(name);
        if found.is_none() {
            self.refuse(self.place.clone(), format!("`{name}` is missing"), None);
        }
        found
    }

    fn wrong(&mut self, found: Found<'a>, name: &str, wanted: &str) {
        let message = format!("`{name}` is {wanted}, not {}", a_kind(found.get_ref().type_str()));
        self.refuse(found.span(), message, None);
    }

    /// Names nobody reads are mistakes: a misspelt `untl` must not pass for a rule without `until`.
    pub fn only(&mut self, allowed: &[&str]) {
        for (key, _) in self.table.iter() {
            let name = key.get_ref().as_ref();
            if !allowed.contains(&name) {
                let guess = closest(name, allowed.iter().copied()).map(str::to_string);
                self.refuse(key.span(), format!("unknown field `{name}`"), guess);
            }
        }
    }

    pub fn text_of(&mut self, found: Found<'a>, name: &str) -> Option<&'a str> {
        match found.get_ref().as_str() {
            Some(text) if text.trim().is_empty() => {
                self.refuse(found.span(), format!("`{name}` is empty"), None);
                None
            }
            Some(text) => Some(text),
            None => {
                self.wrong(found, name, "a text");
                None
            }
        }
    }
    pub fn text(&mut self, name: &str) -> Option<&'a str> {
        let found = self.required(name)?;
        self.text_of(found, name)
    }
    pub fn optional_text(&mut self, name: &str) -> Option<&'a str> {
        let found = self.get(name)?;
        self.text_of(found, name)
    }

    /// One of a fixed set of words.
    pub fn word<T: Copy>(&mut self, name: &str, found: Found<'a>, words: &[(&str, T)]) -> Option<T> {
        let text = self.text_of(found, name)?;
        let known = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if known.is_none() {
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let guess = closest(text, all.iter().copied()).map(str::to_string);
            self.refuse(
                found.span(),
                format!("`{name}` is one of {}, not \"{text}\"", all.join(", ")),
                guess,
            );
        }
        known
    }

    pub fn flag(&mut self, name: &str) -> bool {
        let Some(found) = self.get(name) else { return false };
        match found.get_ref().as_bool() {
            Some(flag) => flag,
            None => {
                self.wrong(found, name, "true or false");
                false
            }
        }
    }

    pub fn whole(&mut self, name: &str) -> Option<u32> {
        let found = self.get(name)?;
        let number = found.get_ref().as_integer().and_then(|number| number.as_str().parse::<u32>().ok());
        if number.is_none() {
            self.wrong(found, name, "a whole number, 0 or more");
        }
        number
    }

    pub fn span_of(&mut self, found: Found<'a>, name: &str) -> Option<Span> {
        let text = self.text_of(found, name)?;
        match Span::parse(text) {
            Some(span) if span >= Span::ZERO => Some(span),
            Some(_) | None => {
                let message =
                    format!("`{name}` is a duration such as \"30s\", \"10m\", \"8h\", not \"{text}\"");
                self.refuse(found.span(), message, None);
                None
            }
        }
    }
    pub fn span(&mut self, name: &str) -> Option<Span> {
        let found = self.get(name)?;
        self.span_of(found, name)
    }

    /// The elements of a list; none where the field is absent.
    pub fn list(&mut self, name: &str) -> Vec<Found<'a>> {
        let Some(found) = self.get(name) else { return Vec::new() };
        match found.get_ref().as_array() {
            Some(items) => items.iter().collect(),
            None => {
                self.wrong(found, name, "a list");
                Vec::new()
            }
        }
    }

    pub fn texts(&mut self, name: &str) -> Vec<(Arc<str>, Range<usize>)> {
        let items = self.list(name);
        let text = |item: Found<'a>, fields: &mut Self| {
            fields.text_of(item, name).map(|text| (text.into(), item.span()))
        };
        items.into_iter().filter_map(|item| text(item, self)).collect()
    }

    pub fn roles(&mut self, name: &str) -> Vec<Role> {
        let words = [
            ("nurse", Role::Nurse),
            ("physician", Role::Physician),
            ("engineer", Role::Engineer),
            ("admin", Role::Admin),
        ];
        let items = self.list(name);
        items.into_iter().filter_map(|item| self.word(name, item, &words)).collect()
    }

    /// A table inside this one, with the same mistakes list.
    pub fn inner(&mut self, found: Found<'a>, what: String) -> Option<Fields<'a, '_>> {
        match found.get_ref().as_table() {
            Some(table) => Some(Fields {
                source: self.source,
                table,
                place: found.span(),
                what,
                mistakes: self.mistakes,
            }),
            None => {
                self.wrong(found, &what, "a table");
                None
            }
        }
    }

    /// `{ en = "…", ja = "…" }`, both required: the ward reads either.
    pub fn both_languages(&mut self, name: &str) -> Option<(Arc<str>, Arc<str>)> {
        let found = self.required(name)?;
        let what = format!("{}, `{name}`", self.what);
        let mut inner = self.inner(found, what)?;
        inner.only(&["en", "ja"]);
        let (en, ja) = (inner.text("en"), inner.text("ja"));
        Some((en?.into(), ja?.into()))
    }
}

fn a_kind(kind: &str) -> String {
    match kind {
        "string" => "a text".into(),
        "integer" | "float" => "a number".into(),
        "boolean" => "true or false".into(),
        "array" => "a list".into(),
        "table" => "a table".into(),
        other => format!("a {other}"),
    }
}

/// Reads TOML, keeping what is readable; the syntax mistakes come with their places.
pub fn document<'a>(source: Source<'a>, mistakes: &mut Vec<Mistake>) -> Spanned<DeTable<'a>> {
    let (table, errors) = DeTable::parse_recoverable(source.text);
    for error in errors {
        let place = error.span().unwrap_or(0..0);
        mistakes.push(source.mistake(place, error.message().to_lowercase()));
    }
    table
}

/// Where the text of a TOML string begins in the file; `None` where escapes make it differ from the file.
pub fn text_start(source: Source, found: Found) -> Option<usize> {
    let span = found.span();
    let raw = source.text.get(span.clone())?;
    let inner = found.get_ref().as_str()?;
    let opening = raw.find(|c| c != '\'' && c != '"').unwrap_or(1);
    let opening =
        if raw[opening..].starts_with('\n') && !inner.starts_with('\n') { opening + 1 } else { opening };
    raw.get(opening..)?.starts_with(inner).then_some(span.start + opening)
}
