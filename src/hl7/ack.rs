//! Acknowledgements: what a sender is told about its message, in its own version and with its own delimiters.

use jiff::tz::TimeZone;

use crate::model::Time;

use super::content::{Problem, Refusal, code};
use super::escape::escape;
use super::message::Message;
use super::time::write_time;
use super::warning::Malformed;

/// Table 0008.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AckCode {
    /// Durably stored.
    AA,
    /// The content is at fault; the same again would be so too.
    AE,
    /// Not acceptable at all, or we cannot store now.
    AR,
    /// The same three as accept acknowledgements of enhanced mode.
    CA,
    CE,
    CR,
}

impl AckCode {
    pub fn as_str(self) -> &'static str {
        match self {
            AckCode::AA => "AA",
            AckCode::AE => "AE",
            AckCode::AR => "AR",
            AckCode::CA => "CA",
            AckCode::CE => "CE",
            AckCode::CR => "CR",
        }
    }
    pub fn is_positive(self) -> bool {
        match self {
            AckCode::AA | AckCode::CA => true,
            AckCode::AE | AckCode::AR | AckCode::CE | AckCode::CR => false,
        }
    }
    /// The accept acknowledgement that says the same.
    pub fn accept(self) -> AckCode {
        match self {
            AckCode::AA | AckCode::CA => AckCode::CA,
            AckCode::AE | AckCode::CE => AckCode::CE,
            AckCode::AR | AckCode::CR => AckCode::CR,
        }
    }
}

/// What is to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub code: AckCode,
    /// Severity W beside a positive code (part of the message was used), E otherwise.
    pub problems: Vec<Problem>,
    /// MSA-4, for the sequence number protocol.
    pub expected_sequence: Option<i64>,
}

impl Answer {
    pub fn new(code: AckCode, problems: Vec<Problem>) -> Answer {
        Answer { code, problems, expected_sequence: None }
    }
    /// To a frame above the limit, of which only the head is left.
    pub fn too_large(limit: usize) -> Answer {
        let reason = format!("the message is larger than the {limit} bytes accepted here; split it");
        Answer::new(AckCode::AR, vec![Problem::at(("MSH", 1, 0), code::INTERNAL, "too-large", reason)])
    }
    /// The same answer under another code, where [`Replies::codes`] wants one.
    pub fn with_code(&self, code: AckCode) -> Answer {
        Answer { code, ..self.clone() }
    }
}

impl From<&Refusal> for Answer {
    fn from(refusal: &Refusal) -> Answer {
        Answer::new(refusal.code, vec![refusal.problem.clone()])
    }
}

impl From<&Malformed> for Answer {
    fn from(malformed: &Malformed) -> Answer {
        let code = match malformed {
            Malformed::Stray { .. }
            | Malformed::SmallLetters { .. }
            | Malformed::TooManySegments { .. }
            | Malformed::TooManyFields { .. } => AckCode::AE,
            Malformed::Empty
            | Malformed::NoHeader
            | Malformed::Wide
            | Malformed::NoSeparator
            | Malformed::TooLong => AckCode::AR,
        };
        let problem = Problem::at(("MSH", 1, 0), code::SEQUENCE, "malformed", malformed.to_string());
        Answer::new(code, vec![problem])
    }
}

/// When, under which control id, and in whose time zone we answer.
#[derive(Clone, Debug)]
pub struct AckStamp {
    pub now: Time,
    pub control_id: String,
    pub zone: TimeZone,
}

/// More errors than this are counted, not listed.
const LISTED: usize = 50;

/// The acknowledgement of a message whose MSH could be read. Every segment ends with CR. To be sent as
/// [`Message::encode`] gives its bytes.
pub fn acknowledge(message: &Message, answer: &Answer, stamp: &AckStamp) -> String {
    let request = message.msh();
    let delimiters = message.delimiters();
    let bar = char::from(delimiters.field);
    let copied = |n: usize| harmless(request.field(n).raw());
    let version = request.field(12).component(1).raw().trim();
    let modern = is_modern(version);

    let mut header = vec![format!("MSH{bar}{}", copied(2))];
    header.extend([copied(5), copied(6), copied(3), copied(4)]);
    header.push(write_time(stamp.now, &stamp.zone));
    header.push(String::new());
    header.push(ack_kind(message));
    header.push(escape(&stamp.control_id, delimiters).into_owned());
    header.push(copied(11));
    header.push(if version.is_empty() { "2.5".to_owned() } else { copied(12) });
    let mut fields = header;
    for n in 13..=20 {
        fields.push(if matches!(n, 18 | 20) { copied(n) } else { String::new() });
    }
    let mut text = String::with_capacity(256);
    push_segment(&mut text, fields, bar);

    let mut msa = vec!["MSA".to_owned(), answer.code.as_str().to_owned(), harmless(message.control_id_raw())];
    let first = answer.problems.first();
    msa.push(
        first
            .filter(|_| !modern)
            .map(|first| escape(&first.reason, delimiters).into_owned())
            .unwrap_or_default(),
    );
    msa.push(answer.expected_sequence.map(|n| n.to_string()).unwrap_or_default());
    msa.push(String::new());
    msa.push(
        first.filter(|_| !modern).map(|first| coded(first.code, delimiters.component)).unwrap_or_default(),
    );
    push_segment(&mut text, msa, bar);
    push_errors(&mut text, message, answer, modern);
    text
}

/// The answer to what has no readable MSH: AR, an empty MSA-2, error 100.
pub fn acknowledge_unreadable(reason: &str, stamp: &AckStamp) -> String {
    let delimiters = super::delimiters::Delimiters::USUAL;
    format!(
        "MSH|^~\\&|||||{}||ACK|{}|P|2.5\rMSA|AR|\rERR||MSH^1|100^{}^HL70357|E||||{}\r",
        write_time(stamp.now, &stamp.zone),
        escape(&stamp.control_id, &delimiters),
        code::text(100),
        escape(reason, &delimiters),
    )
}

/// ERR-2 and following since 2.5; before that one ERR-1 that repeats.
fn is_modern(version: &str) -> bool {
    let minor: String = version.chars().skip(2).take_while(char::is_ascii_digit).collect();
    !version.starts_with("2.") || minor.parse::<u32>().map_or(true, |minor| minor >= 5)
}

/// `ACK^R01^ACK`, as far as the message has components.
fn ack_kind(message: &Message) -> String {
    let trigger = message.msh().field(9).component(2).raw();
    match message.delimiters().component.map(char::from) {
        Some(caret) if !trigger.trim().is_empty() => format!("ACK{caret}{}{caret}ACK", harmless(trigger)),
        _ => "ACK".to_owned(),
    }
}

/// A field of the request as it stands, but for control characters: those could end a segment or a frame.
fn harmless(raw: &str) -> String {
    raw.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// `102^Data type error^HL70357`
fn coded(number: u16, separator: Option<u8>) -> String {
    match separator.map(char::from) {
        Some(separator) => format!("{number}{separator}{}{separator}HL70357", code::text(number)),
        None => number.to_string(),
    }
}

fn push_segment(text: &mut String, mut fields: Vec<String>, bar: char) {
    while fields.len() > 3 && fields.last().is_some_and(String::is_empty) {
        fields.pop();
    }
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            text.push(bar);
        }
        text.push_str(field);
    }
    text.push('\r');
}

fn push_errors(text: &mut String, message: &Message, answer: &Answer, modern: bool) {
    if answer.problems.is_empty() {
        return;
    }
    let delimiters = message.delimiters();
    let bar = char::from(delimiters.field);
    let caret = delimiters.component;
    let place = |problem: &Problem| match caret.map(char::from) {
        Some(caret) => problem.place.replace('^', &caret.to_string()),
        None => problem.segment.clone(),
    };
    let listed = &answer.problems[..answer.problems.len().min(LISTED)];
    if !modern {
        let separator = delimiters.repetition.map_or(' ', char::from);
        let error = |problem: &Problem| {
            let levels = usize::from(problem.field == 0) + 1;
            let gap = caret.map(|caret| char::from(caret).to_string()).unwrap_or_else(|| " ".to_owned());
            format!(
                "{}{}{}",
                place(problem),
                gap.repeat(levels),
                coded(problem.code, delimiters.subcomponent)
            )
        };
        let errors: Vec<String> = listed.iter().map(error).collect();
        push_segment(text, vec!["ERR".to_owned(), errors.join(&separator.to_string())], bar);
        return;
    }
    let severity = if answer.code.is_positive() { "W" } else { "E" };
    for problem in listed {
        let reason = escape(&problem.reason, delimiters).into_owned();
        let fields = vec![
            "ERR".to_owned(),
            String::new(),
            place(problem),
            coded(problem.code, caret),
            severity.to_owned(),
            problem.class.to_owned(),
            String::new(),
            String::new(),
            reason,
        ];
        push_segment(text, fields, bar);
    }
    let more = answer.problems.len() - listed.len();
    if more > 0 {
        text.push_str(&format!(
            "ERR{bar}{bar}{bar}{}{bar}I{bar}{bar}{bar}{bar}and {more} more",
            coded(207, caret)
        ));
        text.push('\r');
    }
}
