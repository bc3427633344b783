//! From a message to its content. What a message is decides who reads it; what none of us reads is refused
//! with the code that says why.

use super::ack::AckCode;
use super::content::{Content, Problem, Refusal, code};
use super::header::Header;
use super::message::Message;
use super::settings::ReadSettings;
use super::warning::Warning;
use super::{adt, alarm, order, oru, therapy};

/// Everything usable in a message, or why nothing is.
pub fn read(message: &Message, settings: &ReadSettings) -> Result<Content, Refusal> {
    let header = Header::of(message, settings);
    check_envelope(message, &header, settings)?;
    let ignored = is_listed(&header, &settings.ignore);
    if !ignored && !settings.accept.is_empty() && !is_listed(&header, &settings.accept) {
        let reason = format!("this listener is not for {}; send it to the one that is", header.kind());
        return Err(refuse(code::MESSAGE, "unsupported-message", 9, reason));
    }
    let mut content =
        Content { header, groups: Vec::new(), problems: Vec::new(), warnings: Vec::new(), ignored };
    if ignored {
        return Ok(content);
    }
    let header = content.header.clone();
    match (header.message_code.as_str(), header.trigger.as_str()) {
        ("ORU", "R01" | "R30" | "R31" | "R32" | "") | ("OUL", "R21" | "R22" | "R23") => {
            oru::read(message, &header, settings, &mut content);
        }
        ("ORU", "R40") => alarm::read(message, &header, settings, &mut content),
        ("ADT", trigger) if adt::knows(trigger) => adt::read(message, &header, settings, &mut content),
        ("RAS", "O17" | "O01") | ("RDE", "O11" | "O01") => therapy::read(message, settings, &mut content),
        ("ORM", "O01" | "") | ("OML", "O21" | "O33" | "O35") => {
            order::read_orders(message, settings, &mut content)
        }
        ("SIU", trigger) if order::knows_appointment(trigger) => {
            order::read_appointment(message, &header, settings, &mut content);
        }
        ("ORU" | "OUL" | "ADT" | "RAS" | "RDE" | "ORM" | "OML" | "SIU", _) => {
            let reason =
                format!("{} is not an event this service reads; stop sending it here", header.kind());
            return Err(refuse(code::EVENT, "unsupported-event", 9, reason));
        }
        _ => {
            let reason = match header.kind().as_str() {
                "" => "MSH-9 is empty; send the type of the message".to_owned(),
                kind => format!("{kind} is not a message this service reads; stop sending it here"),
            };
            return Err(refuse(code::MESSAGE, "unsupported-message", 9, reason));
        }
    }
    // Results ride along in other messages too: height and weight in an admission, a value with an order.
    if !matches!(header.message_code.as_str(), "ORU" | "OUL") {
        oru::read_beside(message, &header, settings, &mut content);
    }
    Ok(content)
}

/// A list holds whole types (`ORU`) and single events (`ADT^A01`).
fn is_listed(header: &Header, list: &[String]) -> bool {
    list.iter().any(|kind| {
        kind.eq_ignore_ascii_case(&header.message_code) || kind.eq_ignore_ascii_case(&header.kind())
    })
}

fn check_envelope(message: &Message, header: &Header, settings: &ReadSettings) -> Result<(), Refusal> {
    if message.segments().next().is_none_or(|first| first.name() != "MSH") {
        let reason = "a batch is not one message; its messages have to be taken one by one".to_owned();
        return Err(refuse(code::SEQUENCE, "batch", 0, reason));
    }
    if header.is_answer {
        let reason = "this is an answer, and answers are not answered".to_owned();
        return Err(refuse(code::MESSAGE, "answer", 9, reason));
    }
    if message.delimiters().unusable {
        let reason = "MSH-2 holds letters or digits; send the encoding characters ^~\\&".to_owned();
        return Err(refuse(code::TYPE, "delimiters", 2, reason));
    }
    if message.warnings().iter().any(|warning| matches!(warning, Warning::SecondHeader { .. })) {
        let reason = "two messages in one frame; send each in a frame of its own, or as a batch".to_owned();
        return Err(refuse(code::SEQUENCE, "two-messages", 0, reason));
    }
    let continued = message.segments().any(|segment| match segment.name() {
        "ADD" => true,
        "DSC" => !segment.field(1).is_empty(),
        _ => false,
    });
    if continued || !header.continuation.is_empty() {
        let reason = "continuation is not supported; send the whole message in one".to_owned();
        return Err(refuse(code::INTERNAL, "continuation", 14, reason));
    }
    if header.control_id.trim().is_empty() {
        let reason = "MSH-10 is empty; send a control id, or the answer cannot name its message".to_owned();
        return Err(refuse(code::REQUIRED, "no-control-id", 10, reason));
    }
    let version = if header.version.is_empty() { &settings.default_version } else { &header.version };
    if !is_known_version(version) {
        let reason = format!("version {version} is not HL7 2.1 to 2.9");
        return Err(refuse(code::VERSION, "version", 12, reason));
    }
    match &settings.processing_id {
        Some(wanted) if !header.processing_id.is_empty() && *wanted != header.processing_id => {
            let reason = format!("processing id {} on a listener for {wanted}", header.processing_id);
            Err(refuse(code::PROCESSING, "processing-id", 11, reason))
        }
        _ => Ok(()),
    }
}

/// `2`, `2.1` to `2.9`, with or without a further number.
fn is_known_version(version: &str) -> bool {
    let digits = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    match version.split('.').collect::<Vec<&str>>().as_slice() {
        ["2"] => true,
        ["2", minor, rest @ ..] => {
            minor.len() == 1 && *minor != "0" && digits(minor) && rest.iter().all(digits)
        }
        _ => false,
    }
}

fn refuse(code: u16, class: &'static str, field: usize, reason: String) -> Refusal {
    Refusal { code: AckCode::AR, problem: Problem::at(("MSH", 1, field), code, class, reason) }
}
