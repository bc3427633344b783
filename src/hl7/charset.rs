//! Which characters the bytes of a message stand for (MSH-18, table 0211), decided and decoded before any
//! delimiter is looked for: kanji in ISO-2022-JP and Shift_JIS contain the bytes of `|`, `^`, `~`, `\` and `&`.

use encoding_rs::Encoding;
use serde::{Deserialize, Serialize};

use super::iso2022;
use super::settings::ReadSettings;
use super::warning::{Malformed, Warning};

/// A character set we can read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Charset {
    #[default]
    Utf8,
    /// Also what 8859/1 is read as: the same letters, and a few more where 8859/1 has none.
    Windows1252,
    /// ISO 8859 part 2 to 16.
    Iso8859(u8),
    /// ISO 2022 with the Japanese sets (ISO IR14, IR87, IR159); the default set is ASCII.
    Iso2022Jp,
    ShiftJis,
    EucJp,
    Gb18030,
    /// KS X 1001.
    EucKr,
    Big5,
}

impl TryFrom<String> for Charset {
    type Error = String;
    fn try_from(name: String) -> Result<Charset, String> {
        Charset::parse(&name)
            .ok_or_else(|| format!("unknown character set {name:?}; use a name of HL7 table 0211"))
    }
}
impl From<Charset> for String {
    fn from(charset: Charset) -> String {
        match charset {
            Charset::Utf8 => "UNICODE UTF-8".into(),
            Charset::Windows1252 => "WINDOWS-1252".into(),
            Charset::Iso8859(part) => format!("8859/{part}"),
            Charset::Iso2022Jp => "ISO IR87".into(),
            Charset::ShiftJis => "SHIFT_JIS".into(),
            Charset::EucJp => "EUC-JP".into(),
            Charset::Gb18030 => "GB 18030-2000".into(),
            Charset::EucKr => "KS X 1001".into(),
            Charset::Big5 => "BIG-5".into(),
        }
    }
}

impl Charset {
    /// Reads a name of table 0211 as it occurs in messages; `None` for names we do not know.
    /// UTF-16 and UTF-32 are names we do not accept: MLLP cannot carry them.
    pub fn parse(name: &str) -> Option<Charset> {
        let name: String = name
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '/')
            .collect::<String>()
            .to_ascii_uppercase();
        if let Some(part) = name.strip_prefix("ISO").unwrap_or(&name).strip_prefix("8859") {
            return match part.trim_start_matches('/').parse::<u8>().ok()? {
                1 => Some(Charset::Windows1252),
                part @ (2..=11 | 13..=16) => Some(Charset::Iso8859(part)),
                _ => None,
            };
        }
        match name.as_str() {
            "UNICODEUTF8" | "UTF8" | "UNICODE" | "ASCII" | "USASCII" | "ISOIR6" => Some(Charset::Utf8),
            "WINDOWS1252" | "CP1252" | "ANSI" | "LATIN1" => Some(Charset::Windows1252),
            "ISOIR87" | "ISOIR14" | "ISOIR159" | "ISOIR13" | "ISO2022JP" | "JISX0208" => {
                Some(Charset::Iso2022Jp)
            }
            "SHIFTJIS" | "SJIS" | "CP932" | "MS932" | "WINDOWS31J" => Some(Charset::ShiftJis),
            "EUCJP" => Some(Charset::EucJp),
            "GB180302000" | "GB18030" | "GB2312" | "GBK" => Some(Charset::Gb18030),
            "KSX1001" | "EUCKR" | "KSC5601" => Some(Charset::EucKr),
            "BIG5" => Some(Charset::Big5),
            _ => None,
        }
    }

    fn table(self) -> Option<&'static Encoding> {
        use encoding_rs::*;
        match self {
            Charset::Utf8 | Charset::Iso2022Jp => None,
            Charset::Windows1252 => Some(WINDOWS_1252),
            Charset::Iso8859(part) => Some(match part {
                2 => ISO_8859_2,
                3 => ISO_8859_3,
                4 => ISO_8859_4,
                5 => ISO_8859_5,
                6 => ISO_8859_6,
                7 => ISO_8859_7,
                8 => ISO_8859_8,
                // Part 9 is Turkish and part 11 Thai; their Windows tables contain them.
                9 => WINDOWS_1254,
                10 => ISO_8859_10,
                11 => WINDOWS_874,
                13 => ISO_8859_13,
                14 => ISO_8859_14,
                15 => ISO_8859_15,
                16 => ISO_8859_16,
                _ => WINDOWS_1252,
            }),
            Charset::ShiftJis => Some(SHIFT_JIS),
            Charset::EucJp => Some(EUC_JP),
            Charset::Gb18030 => Some(GB18030),
            Charset::EucKr => Some(EUC_KR),
            Charset::Big5 => Some(BIG5),
        }
    }

    /// Multi-byte sets whose second byte may look like a delimiter.
    fn hides_delimiters(self) -> bool {
        match self {
            Charset::ShiftJis | Charset::Gb18030 | Charset::Big5 => true,
            Charset::Utf8
            | Charset::Windows1252
            | Charset::Iso8859(_)
            | Charset::Iso2022Jp
            | Charset::EucJp
            | Charset::EucKr => false,
        }
    }

    /// The text and whether some of it could not be read; U+FFFD stands where that was.
    pub fn decode(self, bytes: &[u8]) -> (String, bool) {
        if self == Charset::Iso2022Jp {
            return iso2022::decode(bytes, eight_bit);
        }
        match self.table() {
            None => decode_utf8(bytes),
            Some(table) => {
                let (text, bad) = table.decode_without_bom_handling(bytes);
                (text.into_owned(), bad)
            }
        }
    }

    /// The bytes of an answer in the set its request came in. What the set lacks becomes `?` or a character
    /// reference.
    pub fn encode(self, text: &str) -> Vec<u8> {
        if self == Charset::Iso2022Jp {
            return iso2022::encode(text);
        }
        match self.table() {
            None => text.as_bytes().to_vec(),
            Some(table) => table.encode(text).0.into_owned(),
        }
    }
}

/// Bytes above 0x7F beside escape sequences: UTF-8 from a careless sender, or katakana (ISO IR13), which
/// Shift_JIS has at the same places.
fn eight_bit(run: &[u8], text: &mut String) -> bool {
    if let Ok(good) = std::str::from_utf8(run) {
        text.push_str(good);
        return false;
    }
    let (decoded, bad) = encoding_rs::SHIFT_JIS.decode_without_bom_handling(run);
    text.push_str(&decoded);
    bad
}

fn decode_utf8(bytes: &[u8]) -> (String, bool) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (String::from_utf8_lossy(bytes).into_owned(), true),
    }
}

/// Decodes a whole message that starts at its header segment.
pub(super) fn decode_message(
    raw: &[u8],
    settings: &ReadSettings,
    warnings: &mut Vec<Warning>,
) -> Result<(String, Charset), Malformed> {
    refuse_wide(raw)?;
    if raw.is_ascii() && !raw.contains(&0x1b) {
        // Every set we accept reads plain ASCII the same way.
        let text = std::str::from_utf8(raw).expect("ASCII is UTF-8").to_owned();
        return Ok((text, settings.charset.unwrap_or_default()));
    }
    let charset = settings.charset.unwrap_or_else(|| declared(raw, settings, warnings));
    let (text, bad) = charset.decode(raw);
    if bad {
        warnings.push(Warning::Undecodable(charset));
    }
    Ok((text, charset))
}

/// UTF-16 and UTF-32 show themselves by NUL beside ASCII, or by their byte order mark.
fn refuse_wide(raw: &[u8]) -> Result<(), Malformed> {
    let marked = raw.starts_with(&[0xff, 0xfe]) || raw.starts_with(&[0xfe, 0xff]);
    let wide = raw.windows(2).take(8).filter(|pair| pair.contains(&0) && pair != &[0, 0]).count() > 3;
    if marked || wide { Err(Malformed::Wide) } else { Ok(()) }
}

/// What MSH-18 says, checked against the bytes where it says nothing.
fn declared(raw: &[u8], settings: &ReadSettings, warnings: &mut Vec<Warning>) -> Charset {
    let (names, alternates) = declaration(raw, settings);
    let switching = raw.contains(&0x1b);
    if switching && (names.iter().any(|name| Charset::parse(name) == Some(Charset::Iso2022Jp)) || alternates)
    {
        return Charset::Iso2022Jp;
    }
    let first = names.iter().find(|name| !name.trim().is_empty());
    let known = first.and_then(|name| Charset::parse(name));
    if let (Some(name), None) = (first, known) {
        warnings.push(Warning::UnknownCharset(name.clone()));
    }
    let says_unicode = first.is_some_and(|name| name.to_ascii_uppercase().contains("UTF"));
    match known {
        Some(Charset::Utf8) if !says_unicode => undeclared(raw, switching, settings, warnings),
        Some(Charset::Iso2022Jp) | None => undeclared(raw, switching, settings, warnings),
        // A header that was copied from an older interface: text of one byte a letter is hardly ever valid UTF-8.
        Some(Charset::Windows1252 | Charset::Iso8859(_)) if is_wide_utf8(raw) => {
            warnings.push(Warning::UndeclaredCharset(Charset::Utf8));
            Charset::Utf8
        }
        Some(charset) => charset,
    }
}

fn undeclared(raw: &[u8], switching: bool, settings: &ReadSettings, warnings: &mut Vec<Warning>) -> Charset {
    if switching && looks_japanese(raw) {
        return Charset::Iso2022Jp;
    }
    if raw.is_ascii() {
        return Charset::Utf8;
    }
    if std::str::from_utf8(raw).is_ok() {
        // Text in another set is hardly ever valid UTF-8 by chance.
        return Charset::Utf8;
    }
    warnings.push(Warning::UndeclaredCharset(settings.fallback));
    settings.fallback
}

fn is_wide_utf8(raw: &[u8]) -> bool {
    !raw.is_ascii() && std::str::from_utf8(raw).is_ok()
}

fn looks_japanese(raw: &[u8]) -> bool {
    [b"\x1b$B".as_slice(), b"\x1b$@", b"\x1b$(", b"\x1b(J", b"\x1b(I"]
        .iter()
        .any(|sequence| raw.windows(sequence.len()).any(|window| window == *sequence))
}

/// The repetitions of MSH-18, and whether MSH-20 announces ISO 2022. Kanji in MSH-4 come before MSH-18, so the
/// splitting here must not be misled by them.
fn declaration(raw: &[u8], settings: &ReadSettings) -> (Vec<String>, bool) {
    let end = raw.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(raw.len());
    let line = &raw[..end];
    let Some(&separator) = line.get(3) else { return (Vec::new(), false) };
    let decoded: String;
    let fields: Vec<&[u8]> = if settings.fallback.hides_delimiters() && std::str::from_utf8(line).is_err() {
        decoded = settings.fallback.decode(line).0;
        decoded.as_bytes().split(|byte| *byte == separator).collect()
    } else {
        iso2022::split(line, separator)
    };
    let text = |n: usize| fields.get(n - 1).map(|field| String::from_utf8_lossy(field)).unwrap_or_default();
    // MSH-2 holds component, repetition and so on, in that order.
    let repetition = text(2).chars().nth(1).unwrap_or('~');
    let names = text(18).split(repetition).map(str::to_owned).collect();
    (names, text(20).to_ascii_uppercase().contains("2022"))
}
