//! The words of a condition, each with its place.

use std::ops::Range;

use crate::model::Value;

/// A mistake in a condition, by byte range in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub span: Range<usize>,
    /// Lower case, without a full stop.
    pub message: String,
    /// What to write instead, if there is a good guess.
    pub suggestion: Option<String>,
}

impl Fault {
    pub fn new(span: Range<usize>, message: impl Into<String>) -> Fault {
        Fault { span, message: message.into(), suggestion: None }
    }
    pub fn suggest(mut self, suggestion: Option<impl Into<String>>) -> Fault {
        self.suggestion = suggestion.map(Into::into);
        self
    }
}

/// One word.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Number(Value),
    Text(String),
    Name(String),
    /// An operator or a bracket.
    Sign(&'static str),
    End,
}

/// Longest first, so that `<=` is not read as `<`.
const SIGNS: [&str; 21] = [
    "&&", "||", "<=", ">=", "==", "!=", "<", ">", "!", "+", "-", "*", "/", "(", ")", "[", "]", ",", ".", "?",
    ":",
];

/// Splits a condition into words; the last one is always [`Token::End`].
pub fn tokens(text: &str) -> Result<Vec<(Token, Range<usize>)>, Fault> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let (token, length) = if letter.is_whitespace() {
            at += letter.len_utf8();
            continue;
        } else if letter.is_ascii_digit() {
            number(text, at)?
        } else if letter == '"' || letter == '\'' {
            quoted(text, at, letter)?
        } else if letter.is_ascii_alphabetic() || letter == '_' {
            let length = text[at..].bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
            (Token::Name(text[at..at + length].to_string()), length)
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| text[at..].starts_with(sign)) {
            (Token::Sign(sign), sign.len())
        } else {
            return Err(stray(letter, at));
        };
        found.push((token, at..at + length));
        at += length;
    }
    found.push((Token::End, text.len()..text.len()));
    Ok(found)
}

fn stray(letter: char, at: usize) -> Fault {
    let remedy = match letter {
        '&' => Some("&&"),
        '|' => Some("||"),
        '=' => Some("=="),
        '≥' | '≧' => Some(">="),
        '≤' | '≦' => Some("<="),
        '≠' => Some("!="),
        _ => None,
    };
    Fault::new(at..at + letter.len_utf8(), format!("`{letter}` has no meaning in a condition"))
        .suggest(remedy)
}

fn number(text: &str, at: usize) -> Result<(Token, usize), Fault> {
    let rest = &text[at..];
    let whole = rest.bytes().take_while(u8::is_ascii_digit).count();
    let mut length = whole;
    let mut decimals = 0;
    if rest[whole..].starts_with('.') {
        decimals = rest[whole + 1..].bytes().take_while(u8::is_ascii_digit).count();
        length = whole + 1 + decimals;
    }
    if rest[length..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        let word = rest[length..].bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let span = at..at + length + word;
        let shown = &text[span.clone()];
        return Err(Fault::new(span, format!("`{shown}` is neither a number nor a name"))
            .suggest(Some(format!("a number without its unit, or a duration in quotes: \"{shown}\""))));
    }
    let span = at..at + length;
    if decimals == 0 && length > whole {
        return Err(Fault::new(span, "a number does not end with a point"));
    }
    if decimals > 3 {
        return Err(Fault::new(span, "a number has at most three decimals"));
    }
    match Value::parse(&rest[..length]) {
        Some(value) => Ok((Token::Number(value), length)),
        None => Err(Fault::new(span, "this number is too large")),
    }
}

fn quoted(text: &str, at: usize, quote: char) -> Result<(Token, usize), Fault> {
    let rest = &text[at + 1..];
    let Some(length) = rest.find(quote) else {
        return Err(Fault::new(at..text.len(), "this text has no closing quote"));
    };
    if let Some(back) = rest[..length].find('\\') {
        let span = at + 1 + back..at + 2 + back;
        return Err(Fault::new(span, "a text has no escapes; `\\` cannot stand here"));
    }
    Ok((Token::Text(rest[..length].to_string()), length + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Token> {
        tokens(text).expect("words").into_iter().map(|(token, _)| token).collect()
    }

    #[test]
    fn words_know_their_place() {
        let found = tokens("day >= 0.5").expect("words");
        assert_eq!(found[0], (Token::Name("day".into()), 0..3));
        assert_eq!(found[1], (Token::Sign(">="), 4..6));
        assert_eq!(found[2], (Token::Number(Value(500)), 7..10));
        assert_eq!(found[3], (Token::End, 10..10));
    }

    #[test]
    fn both_quotes_make_a_text() {
        assert_eq!(words("\"6h\" '6h'")[..2], [Token::Text("6h".into()), Token::Text("6h".into())]);
    }

    #[test]
    fn a_slip_in_a_word_is_explained() {
        let fault = tokens("day ≥ 0").expect_err("not a sign");
        assert_eq!(fault.suggestion.as_deref(), Some(">="));
        assert_eq!(tokens("age > 6h").expect_err("a unit").span, 6..8);
        assert!(tokens("x == 1.2345").expect_err("too fine").message.contains("three decimals"));
        assert!(tokens("'6h").expect_err("open").message.contains("closing quote"));
    }
}
