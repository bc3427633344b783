//! The parts of a segment, as views into the message's text: nothing is copied until a value has an escape
//! sequence in it. Whatever is not there reads as empty.

use std::borrow::Cow;

use super::delimiters::Delimiters;
use super::escape::unescape;

/// One field, with all its repetitions.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    pub(super) raw: &'a str,
    pub(super) delimiters: &'a Delimiters,
}

/// One repetition of a field.
#[derive(Clone, Copy, Debug)]
pub struct Repetition<'a> {
    raw: &'a str,
    delimiters: &'a Delimiters,
}

#[derive(Clone, Copy, Debug)]
pub struct Component<'a> {
    raw: &'a str,
    delimiters: &'a Delimiters,
}

#[derive(Clone, Copy, Debug)]
pub struct Subcomponent<'a> {
    raw: &'a str,
    delimiters: &'a Delimiters,
}

/// Splits at a delimiter, or not at all where the message has none for that level.
#[derive(Clone, Debug)]
struct Parts<'a> {
    rest: Option<&'a str>,
    delimiter: Option<u8>,
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a str;
    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let end = self.delimiter.and_then(|delimiter| find(rest, delimiter));
        match end {
            Some(end) => {
                self.rest = Some(&rest[end + 1..]);
                Some(&rest[..end])
            }
            None => {
                self.rest = None;
                Some(rest)
            }
        }
    }
}

/// Components are a few bytes long: a plain walk is faster than preparing a wide one.
#[inline]
fn find(text: &str, delimiter: u8) -> Option<usize> {
    text.as_bytes().iter().position(|byte| *byte == delimiter)
}

/// As `str::trim`, at once where there is plainly nothing to trim.
#[inline]
fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

fn parts(raw: &str, delimiter: Option<u8>) -> Parts<'_> {
    Parts { rest: Some(raw), delimiter }
}

/// The `n`th part, counted from 1; empty where there are fewer.
fn nth(raw: &str, delimiter: Option<u8>, n: usize) -> &str {
    n.checked_sub(1).and_then(|skip| parts(raw, delimiter).nth(skip)).unwrap_or("")
}

impl<'a> Field<'a> {
    /// Exactly as it stands in the message, escape sequences and all.
    pub fn raw(&self) -> &'a str {
        self.raw
    }
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }
    /// HL7's `""`: known to be nothing, as opposed to not said.
    pub fn is_null(&self) -> bool {
        self.raw == "\"\""
    }
    /// The whole field as text, separators left as they are: for ST, TX and FT, whose senders often forget to
    /// escape them.
    pub fn text(&self) -> Cow<'a, str> {
        unescape(self.raw, self.delimiters)
    }
    /// At least one; an empty field has one empty repetition.
    pub fn repetitions(&self) -> impl Iterator<Item = Repetition<'a>> + use<'a> {
        let delimiters = self.delimiters;
        parts(self.raw, delimiters.repetition).map(move |raw| Repetition { raw, delimiters })
    }
    pub fn first(&self) -> Repetition<'a> {
        Repetition { raw: nth(self.raw, self.delimiters.repetition, 1), delimiters: self.delimiters }
    }
    /// Component `n` (from 1) of the first repetition.
    pub fn component(&self, n: usize) -> Component<'a> {
        self.first().component(n)
    }
}

impl<'a> Repetition<'a> {
    pub fn raw(&self) -> &'a str {
        self.raw
    }
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }
    pub fn is_null(&self) -> bool {
        self.raw == "\"\""
    }
    pub fn text(&self) -> Cow<'a, str> {
        unescape(self.raw, self.delimiters)
    }
    pub fn components(&self) -> impl Iterator<Item = Component<'a>> + use<'a> {
        let delimiters = self.delimiters;
        parts(self.raw, delimiters.component).map(move |raw| Component { raw, delimiters })
    }
    /// Component `n`, from 1.
    pub fn component(&self, n: usize) -> Component<'a> {
        Component { raw: nth(self.raw, self.delimiters.component, n), delimiters: self.delimiters }
    }
}

impl<'a> Component<'a> {
    pub fn raw(&self) -> &'a str {
        self.raw
    }
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }
    pub fn is_null(&self) -> bool {
        self.raw == "\"\""
    }
    pub fn text(&self) -> Cow<'a, str> {
        unescape(self.raw, self.delimiters)
    }
    pub fn subcomponents(&self) -> impl Iterator<Item = Subcomponent<'a>> + use<'a> {
        let delimiters = self.delimiters;
        parts(self.raw, delimiters.subcomponent).map(move |raw| Subcomponent { raw, delimiters })
    }
    /// Subcomponent `n`, from 1.
    pub fn subcomponent(&self, n: usize) -> Subcomponent<'a> {
        Subcomponent { raw: nth(self.raw, self.delimiters.subcomponent, n), delimiters: self.delimiters }
    }
    /// Trimmed text; empty for HL7's `""` too. What most readers of identifiers and codes want.
    pub fn word(&self) -> String {
        if self.raw.is_empty() || self.is_null() {
            return String::new();
        }
        match self.text() {
            Cow::Borrowed(text) => trim(text).to_owned(),
            Cow::Owned(text) => trim(&text).to_owned(),
        }
    }
}

impl<'a> Subcomponent<'a> {
    pub fn raw(&self) -> &'a str {
        self.raw
    }
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }
    pub fn is_null(&self) -> bool {
        self.raw == "\"\""
    }
    pub fn text(&self) -> Cow<'a, str> {
        unescape(self.raw, self.delimiters)
    }
}
