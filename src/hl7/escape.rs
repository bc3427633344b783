//! Escape sequences: how a value says the characters that separate values.

use std::borrow::Cow;

use super::delimiters::Delimiters;

/// The value as people read it. `\F\ \S\ \T\ \R\ \E\ \P\` and `\X..\` become their characters, `\.br\` a line
/// feed; layout that has no meaning in plain text (`\H\`, `\N\`, `\.in\`, …) goes. Everything else, an
/// unfinished sequence or a site's own `\Z..\`, stays as it stands: nothing is lost.
pub fn unescape<'a>(raw: &'a str, delimiters: &Delimiters) -> Cow<'a, str> {
    let Some(mark) = delimiters.escape else { return Cow::Borrowed(raw) };
    // Most values are a few bytes without any: a plain walk costs least.
    let Some(first) = raw.bytes().position(|byte| byte == mark) else { return Cow::Borrowed(raw) };
    let mark = char::from(mark);
    let mut text = String::with_capacity(raw.len());
    text.push_str(&raw[..first]);
    let mut rest = &raw[first..];
    while let Some(start) = rest.find(mark) {
        text.push_str(&rest[..start]);
        let after = &rest[start + 1..];
        let read = after.find(mark).filter(|end| read_sequence(&after[..*end], delimiters, &mut text));
        rest = match read {
            Some(end) => &after[end + 1..],
            None => {
                // Only the mark is kept as text, so that a later mark may still begin a sequence.
                text.push(mark);
                after
            }
        };
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// Appends what the sequence between two marks stands for; `false` where it is none.
fn read_sequence(body: &str, delimiters: &Delimiters, text: &mut String) -> bool {
    let usual = Delimiters::USUAL;
    let mut push = |own: Option<u8>, usual: Option<u8>| text.extend(own.or(usual).map(char::from));
    match body {
        "F" => push(Some(delimiters.field), None),
        "S" => push(delimiters.component, usual.component),
        "T" => push(delimiters.subcomponent, usual.subcomponent),
        "R" => push(delimiters.repetition, usual.repetition),
        "E" => push(delimiters.escape, None),
        "P" => push(delimiters.truncation, Some(b'#')),
        "H" | "N" => {}
        _ => {
            if let Some(digits) = body.strip_prefix('X') {
                return push_hex(digits, text);
            }
            if let Some(command) = body.strip_prefix('.') {
                return push_layout(command, text);
            }
            // A site's own sequence, or a change of character set we do not follow: kept whole, so that its
            // end is not taken for the start of another.
            let kept = body.starts_with(['Z', 'C', 'M']) && body.len() > 1 && !body.contains(' ');
            if kept {
                let mark = delimiters.escape.map_or('\\', char::from);
                text.push(mark);
                text.push_str(body);
                text.push(mark);
            }
            return kept;
        }
    }
    true
}

fn push_hex(digits: &str, text: &mut String) -> bool {
    let digits = digits.as_bytes();
    if digits.is_empty() || !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
        return false;
    }
    let nibble = |digit: u8| char::from(digit).to_digit(16).unwrap_or(0) as u8;
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| nibble(pair[0]) << 4 | nibble(pair[1])).collect();
    match std::str::from_utf8(&bytes) {
        Ok(good) => text.push_str(good),
        Err(_) => text.push_str(&encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes).0),
    }
    true
}

/// Formatting commands of FT fields. Counts are bounded: a value is not a way to ask for memory.
fn push_layout(command: &str, text: &mut String) -> bool {
    let Some(name) = command.get(..2) else { return false };
    let argument = command[2..].trim();
    let number = argument.trim_start_matches(['+', '-']);
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let count = number.parse::<usize>().unwrap_or(1).clamp(1, 80);
    match name {
        "br" | "ce" => text.push('\n'),
        "sp" => text.extend(std::iter::repeat_n('\n', count)),
        "sk" => text.extend(std::iter::repeat_n(' ', count)),
        "in" | "ti" | "fi" | "nf" => {}
        _ => return false,
    }
    true
}

/// The inverse for text of ours that goes into a field: delimiters become sequences, and line ends too, so
/// that no value can begin a segment. Other control characters become blanks.
pub fn escape<'a>(text: &'a str, delimiters: &Delimiters) -> Cow<'a, str> {
    let sequence = |letter: char| -> Option<&'static str> {
        let byte = u8::try_from(letter).ok().filter(u8::is_ascii)?;
        match byte {
            b'\r' => Some("X0D"),
            b'\n' => Some("X0A"),
            _ if byte == delimiters.field => Some("F"),
            _ if Some(byte) == delimiters.component => Some("S"),
            _ if Some(byte) == delimiters.repetition => Some("R"),
            _ if Some(byte) == delimiters.escape => Some("E"),
            _ if Some(byte) == delimiters.subcomponent => Some("T"),
            _ => None,
        }
    };
    if !text.chars().any(|letter| letter.is_control() || sequence(letter).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut raw = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match (sequence(letter), delimiters.escape.map(char::from)) {
            (Some(name), Some(mark)) => {
                raw.push(mark);
                raw.push_str(name);
                raw.push(mark);
            }
            // Without an escape character the delimiter cannot be said; a blank cannot break the message.
            (Some(_), None) => raw.push(' '),
            (None, _) if letter.is_control() => raw.push(' '),
            (None, _) => raw.push(letter),
        }
    }
    Cow::Owned(raw)
}
