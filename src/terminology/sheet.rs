//! Reading the TOML files of a set row by row, collecting every mistake with its line.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::number::Exact;

/// One mistake in a set, as an editor wants it: where, what, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Path inside the set: `codes/loinc.toml`.
    pub file: String,
    /// 1 is the first; 0 where the whole file is meant.
    pub line: usize,
    /// 1 is the first character.
    pub column: usize,
    pub message: String,
    pub remedy: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}; {}", self.file, self.line, self.column, self.message, self.remedy)
    }
}

/// Where a row stands, kept for mistakes that only the whole set shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Place {
    pub(super) fn mistake(&self, message: String, remedy: &str) -> Mistake {
        Mistake {
            file: self.file.clone(),
            line: self.line,
            column: self.column,
            message,
            remedy: remedy.into(),
        }
    }
}

/// One file of the set, parsed.
pub(super) struct Sheet<'t> {
    file: &'t str,
    text: &'t str,
    table: DeTable<'t>,
    mistakes: RefCell<Vec<Mistake>>,
}

impl<'t> Sheet<'t> {
    /// Parses as far as it goes; errors of syntax are among the mistakes.
    pub(super) fn parse(file: &'t str, text: &'t str) -> Sheet<'t> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let sheet = Sheet { file, text, table: table.into_inner(), mistakes: RefCell::new(Vec::new()) };
        for error in errors {
            let place = sheet.place(error.span().map_or(0, |span| span.start));
            sheet.note(place.mistake(format!("not TOML: {}", error.message()), "correct the line"));
        }
        sheet
    }

    pub(super) fn note(&self, mistake: Mistake) {
        self.mistakes.borrow_mut().push(mistake);
    }

    pub(super) fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes.into_inner()
    }

    fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place {
            file: self.file.into(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    /// The file's own keys, outside any row; `lists` names the tables of rows the file may hold.
    pub(super) fn top(&self, lists: &[&str]) -> Row<'_, 't> {
        let row = self.row(&self.table, 0..0);
        row.asked.borrow_mut().extend(lists.iter().map(|list| (*list).to_string()));
        row
    }

    /// The rows of `[[list]]`, in the order of the file.
    pub(super) fn rows(&self, list: &str) -> Vec<Row<'_, 't>> {
        let Some(value) = self.table.get(list) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.note(
                self.place(value.span().start)
                    .mistake(format!("`{list}` is not a list of rows"), "write [[…]]"),
            );
            return Vec::new();
        };
        let mut rows = Vec::new();
        for element in array.iter() {
            match element.get_ref().as_table() {
                Some(table) => rows.push(self.row(table, element.span())),
                None => self.note(
                    self.place(element.span().start)
                        .mistake(format!("`{list}` holds something that is no row"), "write [[…]]"),
                ),
            }
        }
        rows
    }

    fn row<'s>(&'s self, table: &'s DeTable<'t>, span: Range<usize>) -> Row<'s, 't> {
        Row { sheet: self, table, span, asked: RefCell::new(BTreeSet::new()) }
    }
}

/// One row. Asking for a key marks it as known; [`Row::finish`] reports the keys nobody asked for.
pub(super) struct Row<'s, 't> {
    sheet: &'s Sheet<'t>,
    table: &'s DeTable<'t>,
    span: Range<usize>,
    asked: RefCell<BTreeSet<String>>,
}

impl<'s, 't> Row<'s, 't> {
    pub(super) fn place(&self) -> Place {
        self.sheet.place(self.span.start)
    }

    pub(super) fn place_of(&self, key: &str) -> Place {
        self.table.get(key).map_or_else(|| self.place(), |value| self.sheet.place(value.span().start))
    }

    pub(super) fn mistake(&self, key: &str, message: String, remedy: &str) {
        self.sheet.note(self.place_of(key).mistake(message, remedy));
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    fn get(&self, key: &str) -> Option<&'s Spanned<DeValue<'t>>> {
        self.asked.borrow_mut().insert(key.into());
        self.table.get(key)
    }

    fn wrong_type(&self, key: &str, wanted: &str) {
        self.mistake(key, format!("`{key}` is not {wanted}"), &format!("write {wanted}"));
    }

    /// Text that may be absent.
    pub(super) fn optional(&self, key: &str) -> Option<String> {
        let text = self.get(key)?.get_ref().as_str().map(str::to_string);
        if text.is_none() {
            self.wrong_type(key, "text in quotes");
        }
        text
    }

    /// Text that must be there and not be blank.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        if !self.has(key) {
            self.mistake(key, format!("`{key}` is missing"), &format!("add `{key}` to the row"));
            return None;
        }
        let text = self.optional(key)?;
        if text.trim().is_empty() {
            self.mistake(key, format!("`{key}` is empty"), "write what it is");
            return None;
        }
        Some(text)
    }

    pub(super) fn flag(&self, key: &str) -> bool {
        let Some(value) = self.get(key) else { return false };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong_type(key, "true or false");
            false
        })
    }

    /// A list of texts; empty where absent.
    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let texts = value.get_ref().as_array().and_then(|array| {
            array
                .iter()
                .map(|element| element.get_ref().as_str().map(str::to_string))
                .collect::<Option<Vec<_>>>()
        });
        texts.unwrap_or_else(|| {
            self.wrong_type(key, "a list of texts");
            Vec::new()
        })
    }

    /// A number written as a number or in quotes.
    pub(super) fn number(&self, key: &str) -> Option<Exact> {
        let number = exact(self.get(key)?.get_ref());
        if number.is_none() {
            self.wrong_type(key, "a number");
        }
        number
    }

    /// `[least, greatest]`.
    pub(super) fn range(&self, key: &str) -> Option<(Exact, Exact)> {
        let range = self.get(key)?.get_ref().as_array().and_then(|array| {
            let numbers = array.iter().map(|n| exact(n.get_ref())).collect::<Option<Vec<_>>>()?;
            <[Exact; 2]>::try_from(numbers).ok()
        });
        if range.is_none() {
            self.wrong_type(key, "two numbers, [least, greatest]");
        }
        range.map(|[least, greatest]| (least, greatest))
    }

    /// A table inside the row: `title = { en = "…", ja = "…" }`.
    pub(super) fn inner(&self, key: &str) -> Option<Row<'s, 't>> {
        let value = self.get(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(key, "a table, { … }");
            return None;
        };
        Some(self.sheet.row(table, value.span()))
    }

    /// Pairs of texts: `means = { "mL" = "mL/d" }`.
    pub(super) fn pairs(&self, key: &str) -> Vec<(String, String)> {
        let Some(row) = self.inner(key) else { return Vec::new() };
        let keys: Vec<String> = row.table.iter().map(|(key, _)| key.get_ref().to_string()).collect();
        keys.into_iter().filter_map(|key| row.text(&key).map(|text| (key, text))).collect()
    }

    /// Reports keys that no one asked for, with the nearest known one.
    pub(super) fn finish(&self) {
        let asked = self.asked.borrow();
        for (key, _) in self.table.iter() {
            let name = key.get_ref().as_ref();
            if asked.contains(name) {
                continue;
            }
            let remedy = match asked.iter().min_by_key(|known| distance(known, name)) {
                Some(near) if distance(near, name) <= 2 => format!("did you mean `{near}`?"),
                Some(_) | None => {
                    format!("known here: {}", asked.iter().cloned().collect::<Vec<_>>().join(", "))
                }
            };
            self.sheet
                .note(self.sheet.place(key.span().start).mistake(format!("unknown key `{name}`"), &remedy));
        }
    }
}

fn exact(value: &DeValue<'_>) -> Option<Exact> {
    if let Some(integer) = value.as_integer() {
        return (integer.radix() == 10).then(|| Exact::parse(integer.as_str())).flatten();
    }
    if let Some(float) = value.as_float() {
        return Exact::parse(float.as_str());
    }
    value.as_str().and_then(Exact::parse)
}

/// Letters to change, add or drop to turn one word into the other.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
