//! OBX-2 and OBX-5: a value as its sender wrote it, and the codes and units beside it.

use crate::model::{Coding, RawValue, Status, Value};

use super::field::{Field, Repetition};

/// Types that are text with a meaning of its own, never a measurement we could use.
const NO_MEASUREMENT: [&str; 39] = [
    "AD", "AUI", "CCD", "CK", "CP", "CX", "DR", "DT", "DTM", "ED", "EI", "FC", "FN", "HD", "JCC", "MA", "MO",
    "MOP", "NA", "NR", "OSD", "PL", "PN", "PPN", "PRL", "PT", "RI", "RP", "TM", "TN", "TQ", "TS", "XAD",
    "XCN", "XON", "XPN", "XTN", "CN", "VID",
];

/// What OBX-5 holds.
#[derive(Debug, PartialEq)]
pub struct RowValue {
    /// One for each repetition of a number or code; exactly one otherwise.
    pub values: Vec<RawValue>,
    /// The unit inside the value (type CQ).
    pub unit: Option<String>,
    /// OBX-2 was empty or unknown, and the value was read as text.
    pub doubtful_type: bool,
}

/// Reads OBX-5 by OBX-2. Nothing of a document (ED, RP, …) is copied.
pub fn read_value(kind: &str, field: Field<'_>, decimal_comma: bool) -> RowValue {
    let kind = kind.trim();
    let plain = |values| RowValue { values, unit: None, doubtful_type: false };
    if field.is_empty() || field.is_null() {
        return plain(vec![RawValue::Absent]);
    }
    match kind {
        "NM" | "SI" => plain(each(field, |one| number_or_text(&one.text(), decimal_comma))),
        "SN" => plain(each(field, |one| structured(&one, decimal_comma))),
        "CE" | "CWE" | "CNE" | "CF" => plain(each(field, |one| coded(&one))),
        "CQ" => {
            let first = field.first();
            let unit = Some(first.component(2).subcomponent(1).text().trim().to_owned());
            let value = number_or_text(&first.component(1).text(), decimal_comma);
            RowValue { values: vec![value], unit: unit.filter(|unit| !unit.is_empty()), doubtful_type: false }
        }
        "ST" | "TX" | "FT" | "IS" | "ID" => plain(vec![free_text(field)]),
        _ if NO_MEASUREMENT.contains(&kind) => plain(vec![RawValue::Unusable(kind.to_owned())]),
        _ => RowValue { values: vec![free_text(field)], unit: None, doubtful_type: true },
    }
}

fn each(field: Field<'_>, read: impl Fn(Repetition<'_>) -> RawValue) -> Vec<RawValue> {
    let values: Vec<RawValue> =
        field.repetitions().filter(|one| !one.raw().trim().is_empty() && !one.is_null()).map(read).collect();
    if values.is_empty() { vec![RawValue::Absent] } else { values }
}

/// The whole field: senders of text forget to escape `^`, `&` and `~`.
fn free_text(field: Field<'_>) -> RawValue {
    let text = field.text();
    let text = text.trim();
    if text.is_empty() { RawValue::Absent } else { RawValue::Text(text.to_owned()) }
}

/// A number in ASCII digits, or the text as it stands where it is none: `None`, `---`, `<0.5` and `測定不能` say
/// something, and it is not zero.
fn number_or_text(text: &str, decimal_comma: bool) -> RawValue {
    match read_number(text, decimal_comma) {
        Some(number) => RawValue::Number(number),
        None => RawValue::Text(text.trim().to_owned()),
    }
}

/// Full-width digits become ASCII. A comma is a decimal point only where the source is known to mean that;
/// elsewhere `38,7` is no number, and certainly not 387.
pub fn read_number(text: &str, decimal_comma: bool) -> Option<String> {
    let text = text.trim();
    if text.is_ascii() && !(decimal_comma && text.contains(',')) {
        return Value::parse(text).is_some().then(|| text.to_owned());
    }
    let number: String = text
        .chars()
        .map(|letter| match letter {
            '\u{ff10}'..='\u{ff19}' => char::from(b'0' + (letter as u32 - 0xff10) as u8),
            '．' => '.',
            '＋' => '+',
            '－' | '\u{2212}' => '-',
            ',' | '，' if decimal_comma => '.',
            _ => letter,
        })
        .collect();
    Value::parse(&number).is_some().then_some(number)
}

/// SN: `<^0.5`, `^100^-^200`, `^1^:^128`, `^2^+`.
fn structured(one: &Repetition<'_>, decimal_comma: bool) -> RawValue {
    let number = |n: usize| {
        let text = one.component(n).text();
        read_number(&text, decimal_comma).unwrap_or_else(|| text.trim().to_owned())
    };
    let (comparator, first) = (one.component(1).word(), number(2));
    if first.is_empty() {
        // `<0.5` or `0.5` in the first component: not SN, but readable.
        return number_or_text(&one.component(1).text(), decimal_comma);
    }
    RawValue::Structured { comparator, first, separator: one.component(3).word(), second: number(4) }
}

fn coded(one: &Repetition<'_>) -> RawValue {
    let mut codings = read_codings(one);
    if codings.is_empty() {
        // Original text (CWE-9) is all that some senders give.
        let text = one.component(9).word();
        return if text.is_empty() { RawValue::Absent } else { RawValue::Text(text) };
    }
    RawValue::Coded(codings.swap_remove(0))
}

/// The primary and the alternate triplet of a coded element, those that say something.
pub fn read_codings(one: &Repetition<'_>) -> Vec<Coding> {
    let mut codings = Vec::with_capacity(2);
    let mut words = one.components();
    for _ in 0..2 {
        let mut word = || words.next().map(|component| component.word()).unwrap_or_default();
        let coding = Coding { code: word(), name: word(), system: word() };
        if !coding.code.is_empty() || !coding.name.is_empty() {
            codings.push(coding);
        }
    }
    codings
}

/// OBX-6 each way it was written. `10^3/uL`, with a caret nobody escaped, is put together again.
pub fn read_units(field: Field<'_>) -> Vec<String> {
    if field.is_empty() || field.is_null() {
        return Vec::new();
    }
    let first = field.first();
    let power = ["10", "*10", "x10", "X10", "×10"].contains(&first.component(1).raw().trim());
    if power && first.component(2).raw().starts_with(|letter: char| letter.is_ascii_digit()) {
        return vec![first.text().trim().to_owned()];
    }
    let mut units: Vec<String> = Vec::with_capacity(2);
    // Code and text of either triplet; the systems' names are no units.
    for component in
        first.components().take(5).enumerate().filter(|(n, _)| *n != 2).map(|(_, component)| component)
    {
        if component.is_empty() || units.iter().any(|known| known == component.raw()) {
            continue;
        }
        let unit = component.word();
        if !unit.is_empty() && !units.contains(&unit) {
            units.push(unit);
        }
    }
    units
}

/// OBX-11 (table 0085), in any case, also as a coded element; `None` for what the table does not have.
pub fn read_status(field: Field<'_>) -> Option<Status> {
    match letter(field)? {
        b'F' | b'A' | b'U' | b'V' | b'B' => Some(Status::Final),
        b'P' | b'R' | b'S' => Some(Status::Preliminary),
        b'C' => Some(Status::Corrected),
        b'D' => Some(Status::Deleted),
        b'W' => Some(Status::Wrong),
        b'X' => Some(Status::Unavailable),
        b'I' | b'O' | b'N' => Some(Status::Pending),
        _ => None,
    }
}

/// OBR-25 (table 0123), for rows that say nothing themselves.
pub fn read_order_status(field: Field<'_>) -> Option<Status> {
    match letter(field)? {
        b'F' => Some(Status::Final),
        b'C' => Some(Status::Corrected),
        b'P' | b'R' | b'A' => Some(Status::Preliminary),
        b'X' => Some(Status::Unavailable),
        b'I' | b'O' | b'S' => Some(Status::Pending),
        _ => None,
    }
}

/// A code of one letter, in upper case.
fn letter(field: Field<'_>) -> Option<u8> {
    match field.component(1).raw().trim().as_bytes() {
        [letter] => Some(letter.to_ascii_uppercase()),
        _ => None,
    }
}
