//! ISO 2022 as Japanese senders use it: ASCII, JIS X 0201 Roman and katakana, JIS X 0208, JIS X 0212,
//! switched by escape sequences inside fields.
//!
//! `encoding_rs` has ISO-2022-JP, but for mail: it marks two adjacent escape sequences as an error, keeps the
//! two-byte state across a segment end, lacks JIS X 0212 and turns the HL7 escape character into a yen sign
//! under JIS Roman. So the switching is done here and only the two-byte characters are given to it, as EUC-JP.

use encoding_rs::EUC_JP;

const ESC: u8 = 0x1b;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    /// Also JIS Roman, whose yen sign and overline stand where `\` and `~` do: as delimiters they must stay.
    Ascii,
    Katakana,
    Jis0208,
    Jis0212,
}

/// The text, and whether anything in it could not be read (U+FFFD stands there).
pub fn decode(bytes: &[u8], eight_bit: impl Fn(&[u8], &mut String) -> bool) -> (String, bool) {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 4);
    let mut bad = false;
    let mut set = Set::Ascii;
    let mut rest = bytes;
    while let Some(&byte) = rest.first() {
        if byte == ESC {
            match switch(rest) {
                Some((next, length)) => {
                    set = next.unwrap_or(set);
                    rest = &rest[length..];
                }
                None => {
                    // Not one of ours: kept as it stands, so that nothing is lost.
                    text.push('\u{1b}');
                    bad = true;
                    rest = &rest[1..];
                }
            }
            continue;
        }
        if byte == b'\r' || byte == b'\n' {
            // A sender that forgot to switch back loses this segment's text, never the next segment.
            set = Set::Ascii;
        }
        let run = rest.iter().position(|b| matches!(b, &ESC | b'\r' | b'\n')).unwrap_or(rest.len()).max(1);
        bad |= decode_run(&rest[..run], set, &eight_bit, &mut text);
        rest = &rest[run..];
    }
    (text, bad)
}

/// The set that an escape sequence at the start of `bytes` switches to, and its length. `None` in the set for
/// sequences that designate what we do not use (G1 and up) and may be passed over.
fn switch(bytes: &[u8]) -> Option<(Option<Set>, usize)> {
    const SEQUENCES: [(&[u8], Option<Set>); 17] = [
        (b"\x1b$B", Some(Set::Jis0208)),
        (b"\x1b(B", Some(Set::Ascii)),
        (b"\x1b(J", Some(Set::Ascii)),
        (b"\x1b$@", Some(Set::Jis0208)),
        (b"\x1b(I", Some(Set::Katakana)),
        (b"\x1b$(D", Some(Set::Jis0212)),
        (b"\x1b$(B", Some(Set::Jis0208)),
        (b"\x1b$(@", Some(Set::Jis0208)),
        (b"\x1b(H", Some(Set::Ascii)),
        // The revision announcer that precedes JIS X 0208-1990.
        (b"\x1b&@", None),
        (b"\x1b)I", None),
        (b"\x1b)J", None),
        (b"\x1b)B", None),
        (b"\x1b-A", None),
        (b"\x1b-F", None),
        (b"\x1b-G", None),
        (b"\x1b.A", None),
    ];
    SEQUENCES
        .iter()
        .find(|(sequence, _)| bytes.starts_with(sequence))
        .map(|(sequence, set)| (*set, sequence.len()))
}

fn decode_run(
    run: &[u8],
    set: Set,
    eight_bit: &impl Fn(&[u8], &mut String) -> bool,
    text: &mut String,
) -> bool {
    match set {
        Set::Ascii => eight_bit(run, text),
        Set::Katakana => {
            let mut bad = false;
            for &byte in run {
                match byte {
                    0x21..=0x5f => text.extend(char::from_u32(0xff61 + u32::from(byte - 0x21))),
                    0x60..=0x7e => {
                        text.push('\u{fffd}');
                        bad = true;
                    }
                    _ => bad |= eight_bit(&[byte], text),
                }
            }
            bad
        }
        Set::Jis0208 => pairs(run, None, text),
        Set::Jis0212 => pairs(run, Some(0x8f), text),
    }
}

/// Two-byte characters, given on as EUC-JP: high bits set, and 0x8F before those of JIS X 0212.
fn pairs(run: &[u8], prefix: Option<u8>, text: &mut String) -> bool {
    let mut bad = false;
    let mut euc = Vec::with_capacity(run.len() + run.len() / 2);
    let mut rest = run;
    while let Some(&lead) = rest.first() {
        let graphic = |byte: u8| (0x21..=0x7e).contains(&(byte & 0x7f));
        if !graphic(lead) {
            // Blanks and controls keep their meaning between two-byte characters.
            if lead < 0x80 {
                euc.push(lead);
            } else {
                euc.push(0xff);
            }
            rest = &rest[1..];
            continue;
        }
        let Some(&trail) = rest.get(1).filter(|byte| graphic(**byte)) else {
            // Half a character before a blank or the segment's end.
            euc.push(0xff);
            rest = &rest[1..];
            continue;
        };
        euc.extend(prefix);
        euc.extend([lead | 0x80, trail | 0x80]);
        rest = &rest[2..];
    }
    let (decoded, errors) = EUC_JP.decode_without_bom_handling(&euc);
    bad |= errors;
    text.push_str(&decoded);
    bad
}

/// The bytes of `text` with escape sequences around two-byte characters; ASCII at the end of every line.
/// Characters that JIS X 0208 and 0212 lack become `?`.
pub fn encode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut set = Set::Ascii;
    let mut buffer = [0u8; 4];
    for letter in text.chars() {
        if letter.is_ascii() {
            enter(&mut bytes, &mut set, Set::Ascii);
            bytes.push(letter as u8);
            continue;
        }
        let (euc, _, unmappable) = EUC_JP.encode(letter.encode_utf8(&mut buffer));
        match (unmappable, &*euc) {
            (false, [lead, trail]) if *lead != 0x8e => {
                enter(&mut bytes, &mut set, Set::Jis0208);
                bytes.extend([lead & 0x7f, trail & 0x7f]);
            }
            (false, [0x8e, kana]) => {
                enter(&mut bytes, &mut set, Set::Katakana);
                bytes.push(kana & 0x7f);
            }
            (false, [0x8f, lead, trail]) => {
                enter(&mut bytes, &mut set, Set::Jis0212);
                bytes.extend([lead & 0x7f, trail & 0x7f]);
            }
            _ => {
                enter(&mut bytes, &mut set, Set::Ascii);
                bytes.push(b'?');
            }
        }
    }
    enter(&mut bytes, &mut set, Set::Ascii);
    bytes
}

fn enter(bytes: &mut Vec<u8>, set: &mut Set, wanted: Set) {
    if *set == wanted {
        return;
    }
    let sequence: &[u8] = match wanted {
        Set::Ascii => b"\x1b(B",
        Set::Katakana => b"\x1b(I",
        Set::Jis0208 => b"\x1b$B",
        Set::Jis0212 => b"\x1b$(D",
    };
    bytes.extend_from_slice(sequence);
    *set = wanted;
}

/// Splits `bytes` at `separator`, not inside two-byte text: what reads MSH before its charset is known.
pub fn split(bytes: &[u8], separator: u8) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut at = 0;
    let mut set = Set::Ascii;
    while at < bytes.len() {
        if bytes[at] == ESC
            && let Some((next, length)) = switch(&bytes[at..])
        {
            set = next.unwrap_or(set);
            at += length;
            continue;
        }
        if bytes[at] == separator && set == Set::Ascii {
            parts.push(&bytes[start..at]);
            start = at + 1;
        }
        at += 1;
    }
    parts.push(&bytes[start..]);
    parts
}
