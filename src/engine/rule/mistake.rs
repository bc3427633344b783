//! A mistake in a rule or case file: what, where, and what to write instead.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::token::Fault;

/// One mistake with its place, as it is shown to the person who wrote the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mistake {
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The whole line.
    pub snippet: String,
    /// How many characters are wrong, at least 1.
    pub length: usize,
    /// Lower case, without a full stop.
    pub message: String,
    pub suggestion: Option<String>,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        if let Some(suggestion) = &self.suggestion {
            write!(f, "; did you mean `{suggestion}`?")?;
        }
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        writeln!(f, "\n{margin} |\n{number} | {}", self.snippet)?;
        let before: String = self.snippet.chars().take(self.column - 1).map(blank).collect();
        write!(f, "{margin} | {before}{}", "^".repeat(self.length))
    }
}

/// As wide as the letter above it: Japanese letters take two columns on a terminal.
fn blank(letter: char) -> &'static str {
    match letter {
        '\t' => "\t",
        '\u{1100}'.. => "  ",
        _ => " ",
    }
}

/// A file's name and text, to turn byte ranges into places.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub file: &'a str,
    pub text: &'a str,
}

impl Source<'_> {
    pub fn mistake(&self, span: Range<usize>, message: impl Into<String>) -> Mistake {
        let start = floor(self.text, span.start);
        let end = floor(self.text, span.end).max(start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        Mistake {
            file: self.file.to_string(),
            line: self.text[..start].matches('\n').count() + 1,
            column: self.text[line_start..start].chars().count() + 1,
            snippet: self.text[line_start..line_end].trim_end().to_string(),
            length: self.text[start..end.min(line_end)].chars().count().max(1),
            message: message.into(),
            suggestion: None,
        }
    }

    /// A fault of a condition whose text begins at byte `start` of the file.
    pub fn fault(&self, start: usize, fault: &Fault) -> Mistake {
        let span = start + fault.span.start..start + fault.span.end;
        Mistake { suggestion: fault.suggestion.clone(), ..self.mistake(span, fault.message.clone()) }
    }
}

/// The nearest place at or before `at` where a character begins.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_points_at_its_words() {
        let text = "id = \"a\"\nwhen = 'tmp.last >= 38'\n";
        let source = Source { file: "crs.toml", text };
        let mut mistake = source.mistake(17..20, "unknown name `tmp`");
        mistake.suggestion = Some("temperature".into());
        let shown = "crs.toml:2:9: unknown name `tmp`; did you mean `temperature`?\n  |\n2 | when = 'tmp.last >= 38'\n  |         ^^^";
        assert_eq!(mistake.to_string(), shown);
    }

    #[test]
    fn a_place_beyond_the_end_is_the_end() {
        let source = Source { file: "x", text: "血清" };
        assert_eq!(source.mistake(99..120, "gone").column, 3);
        assert_eq!(source.mistake(1..2, "inside a letter").column, 1);
    }
}
