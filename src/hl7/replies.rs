//! Which answers a message gets: what its sender asks for in MSH-15 and MSH-16, and what the listener gives.

use serde::{Deserialize, Serialize};

use super::ack::{AckCode, AckStamp, Answer, acknowledge, acknowledge_unreadable};
use super::header::Header;
use super::message::Message;
use super::settings::ReadSettings;

/// The acknowledgements this message wants for this outcome, in order, in its own character set.
pub fn answers(
    message: &Message,
    header: &Header,
    acks: AckMode,
    answer: &Answer,
    stamp: &AckStamp,
) -> Vec<Vec<u8>> {
    let write = |code| message.encode(&acknowledge(message, &answer.with_code(code), stamp));
    mode(header, acks).codes(answer.code).into_iter().map(write).collect()
}

/// The same for what could not be read as a whole (malformed, too large, or nothing at all), by what its first
/// segment says. Nothing where it is itself an answer.
pub fn answers_to_bytes(
    raw: &[u8],
    settings: &ReadSettings,
    acks: AckMode,
    answer: &Answer,
    stamp: &AckStamp,
) -> Vec<Vec<u8>> {
    match Message::head(raw, settings) {
        Ok(head) => answers(&head, &Header::of(&head, settings), acks, answer, stamp),
        Err(malformed) => {
            let reason =
                answer.problems.first().map_or_else(|| malformed.to_string(), |first| first.reason.clone());
            vec![acknowledge_unreadable(&reason, stamp).into_bytes()]
        }
    }
}

/// Which answers a listener gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AckMode {
    /// What MSH-15 and MSH-16 ask for.
    #[default]
    Auto,
    /// One application acknowledgement, for senders that ask for two and read one.
    Original,
    /// Always an accept acknowledgement.
    Enhanced,
}

/// Under which condition (table 0155) an acknowledgement is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Never,
    Always,
    OnSuccess,
    OnError,
}

impl When {
    fn holds(self, code: AckCode) -> bool {
        match self {
            When::Never => false,
            When::Always => true,
            When::OnSuccess => code.is_positive(),
            When::OnError => !code.is_positive(),
        }
    }
}

/// Which acknowledgements a message wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replies {
    pub accept: When,
    pub application: When,
    /// MSH-15 or MSH-16 held a word that table 0155 does not have; taken as empty.
    pub odd: bool,
}

impl Replies {
    /// The codes to send, in order, for an outcome said as AA, AE or AR.
    pub fn codes(&self, outcome: AckCode) -> Vec<AckCode> {
        let both = self.accept != When::Never && self.application != When::Never;
        // Where an application acknowledgement follows, a message at fault is still a message received.
        let accept = match outcome.accept() {
            AckCode::CE if both => AckCode::CA,
            code => code,
        };
        let mut codes = Vec::with_capacity(2);
        if self.accept.holds(accept) {
            codes.push(accept);
        }
        // A message that was rejected at the door never reaches the application.
        if self.application.holds(outcome) && !(both && accept == AckCode::CR && !codes.is_empty()) {
            codes.push(outcome);
        }
        codes
    }
}

/// Which replies a message gets. An answer gets none, whatever it asks for.
pub fn mode(header: &Header, mode: AckMode) -> Replies {
    let silent = Replies { accept: When::Never, application: When::Never, odd: false };
    if header.is_answer {
        return silent;
    }
    let (accept, odd_accept) = condition(&header.accept_ack);
    let (application, odd_application) = condition(&header.application_ack);
    let odd = odd_accept || odd_application;
    if (accept, application) == (Some(When::Never), Some(When::Never)) {
        return silent;
    }
    let original = Replies { accept: When::Never, application: When::Always, odd };
    match mode {
        AckMode::Original => original,
        AckMode::Enhanced => {
            Replies { accept: When::Always, application: application.unwrap_or(When::Never), odd }
        }
        AckMode::Auto => match (accept, application) {
            // Nothing said, or only that no accept acknowledgement is wanted: the sender waits for one answer.
            (None | Some(When::Never), None) => original,
            (accept, application) => Replies {
                accept: accept.unwrap_or(When::Never),
                application: application.unwrap_or(When::Never),
                odd,
            },
        },
    }
}

/// A word of table 0155; `true` where it is none of them.
fn condition(word: &str) -> (Option<When>, bool) {
    match word.to_ascii_uppercase().as_str() {
        "" => (None, false),
        "AL" => (Some(When::Always), false),
        "NE" => (Some(When::Never), false),
        "ER" => (Some(When::OnError), false),
        "SU" => (Some(When::OnSuccess), false),
        _ => (None, true),
    }
}
