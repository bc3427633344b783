//! Writes HL7 v2.5 messages. Knows only the standard, nothing of who reads them.
//!
//! Segments end with CR; text is UTF-8 (MSH-18 `UNICODE UTF-8`); times carry the offset of Japan; patients
//! are `ID^^^KUH^MR`, places `WARD^BED^1`.

use std::fmt::Write;

use crate::moment;
use crate::person::Person;

/// Who sends: MSH-3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The hospital information system: admissions and administrations.
    Hospital,
    /// The laboratory.
    Laboratory,
    /// The ward: charted vital signs and examinations.
    Ward,
}

impl Sender {
    fn name(self) -> &'static str {
        match self {
            Sender::Hospital => "HIS",
            Sender::Laboratory => "LIS",
            Sender::Ward => "WARD",
        }
    }
}

/// Text as a field may hold it: the delimiters and line ends escaped.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\E\\"),
            '|' => escaped.push_str("\\F\\"),
            '^' => escaped.push_str("\\S\\"),
            '&' => escaped.push_str("\\T\\"),
            '~' => escaped.push_str("\\R\\"),
            '\r' => escaped.push_str("\\X0D\\"),
            '\n' => escaped.push_str("\\X0A\\"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// One OBX. `code`, `unit` and `value` are fields ready to send.
#[derive(Clone, Debug)]
pub struct Row {
    /// OBX-2: NM, SN, ST or CWE.
    pub kind: &'static str,
    pub code: String,
    pub value: String,
    pub unit: String,
    pub range: String,
    /// OBX-11: F final, C corrected, X could not be obtained.
    pub status: char,
}

impl Row {
    pub fn number(code: &str, value: String, unit: &str) -> Self {
        Self {
            kind: "NM",
            code: code.to_string(),
            value,
            unit: unit.to_string(),
            range: String::new(),
            status: 'F',
        }
    }

    /// OBX-8, where value and range say so.
    fn flag(&self) -> &'static str {
        let Some((low, high)) = self.range.split_once('-') else { return "" };
        match (self.value.parse::<f64>(), low.parse::<f64>(), high.parse::<f64>()) {
            (Ok(value), Ok(low), _) if value < low => "L",
            (Ok(value), _, Ok(high)) if value > high => "H",
            _ => "",
        }
    }
}

/// One OBR with its rows.
#[derive(Clone)]
pub struct Group {
    /// OBR-4, ready to send.
    pub panel: String,
    /// OBR-3.
    pub filler: String,
    /// Seconds since 1970: when the specimen was taken or the value measured.
    pub collected: i64,
    pub rows: Vec<Row>,
}

/// Something given: RAS^O17. Without `end` it is running; what is given at once ends when it starts.
pub struct Administration<'a> {
    /// ORC-2; start, change and stop of one running therapy carry the same.
    pub order: &'a str,
    /// RXA-5, ready to send.
    pub code: &'a str,
    pub amount: String,
    pub unit: &'a str,
    pub start: i64,
    pub end: Option<i64>,
    /// RXR-1, ready to send.
    pub route: &'a str,
}

fn header(sender: Sender, kind: &str, control: &str, at: i64) -> String {
    format!(
        "MSH|^~\\&|{}|KUH|STORMWATCH|KUH|{}||{kind}|{control}|P|2.5||||||UNICODE UTF-8\r",
        sender.name(),
        moment::hl7(at)
    )
}

fn who(person: &Person) -> String {
    let [(family, given), (family_ja, given_ja)] = person.names();
    format!(
        "PID|1||{}^^^KUH^MR||{}^{}^^^^^L^A~{}^{}^^^^^L^I||{}|{}\r",
        escape(&person.id),
        escape(&family),
        escape(&given),
        escape(&family_ja),
        escape(&given_ja),
        moment::hl7_date(person.born),
        if person.female { 'F' } else { 'M' },
    )
}

fn place(person: &Person) -> String {
    format!("PV1|1|I|{}^{}^1\r", escape(&person.ward), escape(&person.bed))
}

/// ADT: `event` is A01 for an admission, A03 for a discharge.
pub fn admission(person: &Person, event: &str, control: &str, at: i64) -> String {
    let structure = if event == "A01" { "ADT_A01" } else { "ADT_A03" };
    let mut text = header(Sender::Hospital, &format!("ADT^{event}^{structure}"), control, at);
    let _ = write!(text, "EVN|{event}|{}\r", moment::hl7(at));
    text + &who(person) + &place(person)
}

/// ORU^R01 with any number of groups.
pub fn results(person: &Person, sender: Sender, control: &str, at: i64, groups: &[Group]) -> String {
    let mut text = header(sender, "ORU^R01^ORU_R01", control, at);
    text += &who(person);
    text += &place(person);
    for (index, group) in groups.iter().enumerate() {
        let (collected, reported) = (moment::hl7(group.collected), moment::hl7(at));
        let corrected = group.rows.iter().any(|row| row.status == 'C');
        let status = if corrected { 'C' } else { 'F' };
        let _ = write!(
            text,
            "OBR|{}||{}|{}|||{collected}|||||||||||||||{reported}|||{status}\r",
            index + 1,
            group.filler,
            group.panel,
        );
        for (row_index, row) in group.rows.iter().enumerate() {
            let _ = write!(
                text,
                "OBX|{}|{}|{}||{}|{}|{}|{}|||{}|||{collected}\r",
                row_index + 1,
                row.kind,
                row.code,
                row.value,
                row.unit,
                row.range,
                row.flag(),
                row.status,
            );
        }
    }
    text
}

/// RAS^O17. A therapy that runs: RXA-4 empty, RXA-20 PA. Its end: the same order and start, ORC-1 DC, RXA-4
/// the end, RXA-20 CP, RXA-21 U. What is given at once ends when it starts.
pub fn administration(person: &Person, control: &str, at: i64, given: &Administration) -> String {
    let mut text = header(Sender::Hospital, "RAS^O17^RAS_O17", control, at);
    text += &who(person);
    text += &place(person);
    let (end, completion) = match given.end {
        Some(end) => (moment::hl7(end), "CP"),
        None => (String::new(), "PA"),
    };
    let is_stop = given.end.is_some_and(|end| end > given.start);
    let (order_control, action) = if is_stop { ("DC", 'U') } else { ("RE", 'A') };
    let _ = write!(
        text,
        "ORC|{order_control}|{}\rRXA|0|1|{}|{end}|{}|{}|{}|||||||||||||{completion}|{action}\rRXR|{}\r",
        escape(given.order),
        moment::hl7(given.start),
        given.code,
        given.amount,
        given.unit,
        given.route,
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    const AT: i64 = 1_795_302_900; // 2026-11-22T08:15:00+09:00

    fn person() -> Person {
        Person::draw(1, 7, "6E", "07", AT, &mut Chance::new(1, 7))
    }

    fn field(text: &str, segment: &str, index: usize) -> String {
        let line = text.split('\r').find(|line| line.starts_with(segment)).expect("the segment is there");
        line.split('|').nth(index).unwrap_or("").to_string()
    }

    #[test]
    fn delimiters_in_text_are_escaped() {
        assert_eq!(escape("a|b^c&d~e\\f\rg"), "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f\\X0D\\g");
        assert_eq!(escape("体温"), "体温");
    }

    #[test]
    fn an_admission_carries_identity_place_and_charset() {
        let text = admission(&person(), "A01", "X1", AT);
        assert!(
            text.starts_with(
                "MSH|^~\\&|HIS|KUH|STORMWATCH|KUH|20261122081500+0900||ADT^A01^ADT_A01|X1|P|2.5|"
            )
        );
        // Position n of a split MSH is MSH-(n+1), because MSH-1 is the separator itself.
        assert_eq!(field(&text, "MSH", 17), "UNICODE UTF-8");
        assert_eq!(field(&text, "PID", 3), "S1P0007^^^KUH^MR");
        assert_eq!(field(&text, "PV1", 3), "6E^07^1");
        assert!(text.ends_with('\r') && !text.contains('\n'));
    }

    #[test]
    fn a_result_has_its_fields_where_the_standard_puts_them() {
        let mut row = Row::number("2777-1^Phosphate^LN", "2.30".into(), "mg/dL");
        row.range = "2.7-4.6".into();
        let group =
            Group { panel: "CHEM^^99LAB".into(), filler: "F1".into(), collected: AT - 3600, rows: vec![row] };
        let text = results(&person(), Sender::Laboratory, "X2", AT, &[group]);
        assert_eq!(field(&text, "OBR", 7), "20261122071500+0900");
        assert_eq!(field(&text, "OBR", 22), "20261122081500+0900");
        assert_eq!(field(&text, "OBR", 25), "F");
        assert_eq!(field(&text, "OBX", 5), "2.30");
        assert_eq!(field(&text, "OBX", 6), "mg/dL");
        assert_eq!(field(&text, "OBX", 8), "L");
        assert_eq!(field(&text, "OBX", 11), "F");
        assert_eq!(field(&text, "OBX", 14), "20261122071500+0900");
    }

    #[test]
    fn an_administration_tells_order_start_end_and_completion() {
        let mut given = Administration {
            order: "T1",
            code: "norepinephrine^Norepinephrine^99STW",
            amount: "0.1".into(),
            unit: "ug/kg/min",
            start: AT,
            end: None,
            route: "IV^Intravenous^HL70162",
        };
        let running = administration(&person(), "X3", AT, &given);
        assert_eq!((field(&running, "ORC", 1), field(&running, "ORC", 2)), ("RE".into(), "T1".into()));
        assert_eq!(field(&running, "RXA", 3), "20261122081500+0900");
        assert_eq!(field(&running, "RXA", 4), "");
        assert_eq!(field(&running, "RXA", 5), "norepinephrine^Norepinephrine^99STW");
        assert_eq!(
            (field(&running, "RXA", 6), field(&running, "RXA", 7)),
            ("0.1".into(), "ug/kg/min".into())
        );
        assert_eq!((field(&running, "RXA", 20), field(&running, "RXA", 21)), ("PA".into(), "A".into()));
        assert_eq!(field(&running, "RXR", 1), "IV^Intravenous^HL70162");
        given.end = Some(AT + 60);
        let over = administration(&person(), "X4", AT + 60, &given);
        assert_eq!((field(&over, "ORC", 1), field(&over, "ORC", 2)), ("DC".into(), "T1".into()));
        assert_eq!(field(&over, "RXA", 4), "20261122081600+0900");
        assert_eq!((field(&over, "RXA", 20), field(&over, "RXA", 21)), ("CP".into(), "U".into()));
    }
}
