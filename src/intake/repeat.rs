//! What makes a delivery the same delivery: who sent it, which name it gave it, and what it says.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use ring::digest::{Context, SHA256, digest};

use crate::hl7::{Header, Message};

/// Names of deliveries that are remembered to notice a sender which uses one for two.
const REMEMBERED: usize = 4096;

/// A delivery's name and its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// `mllp|LIS|KUH|A1`
    name: String,
    /// SHA-256, as hexadecimal digits.
    body: String,
}

impl Identity {
    /// The listener, MSH-3, MSH-4 and MSH-10; the content without MSH-7, because a sender that repeats a message
    /// stamps it anew.
    pub fn of_message(door: &str, header: &Header, message: &Message) -> Identity {
        let [before, after] = message.without_time();
        let mut context = Context::new(&SHA256);
        context.update(before.as_bytes());
        context.update(after.as_bytes());
        let name = format!("{door}|{}|{}|{}", header.sending_app, header.sending_facility, header.control_id);
        Identity { name, body: hex(context.finish().as_ref()) }
    }

    /// Bytes that never became a message, and payloads: the bytes themselves.
    pub fn of_bytes(door: &str, name: &str, raw: &[u8]) -> Identity {
        Identity { name: format!("{door}|{name}"), body: hex(digest(&SHA256, raw).as_ref()) }
    }

    /// What the journal knows it by.
    pub fn key(&self) -> String {
        format!("{}|{}", self.name, self.body)
    }

    /// The key of its name alone, whatever it says.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn body(&self) -> &str {
        &self.body
    }
}

/// The last names heard and what they stood for. Some laboratories number every message alike: what they send is
/// used, and it is counted.
#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<Names>);

#[derive(Debug, Default)]
struct Names {
    bodies: BTreeMap<String, String>,
    order: VecDeque<String>,
}

impl Recent {
    /// Takes note of a delivery; `true` where its name stood for something else before.
    pub fn is_reused(&self, identity: &Identity) -> bool {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match names.bodies.insert(identity.name.clone(), identity.body.clone()) {
            Some(before) => before != identity.body,
            None => {
                names.order.push_back(identity.name.clone());
                if names.order.len() > REMEMBERED
                    && let Some(oldest) = names.order.pop_front()
                {
                    names.bodies.remove(&oldest);
                }
                false
            }
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hl7::ReadSettings;

    fn identity(text: &str) -> Identity {
        let settings = ReadSettings::default();
        let message = Message::parse(text.as_bytes(), &settings).expect("a message");
        Identity::of_message("mllp", &Header::of(&message, &settings), &message)
    }

    #[test]
    fn a_message_sent_again_with_a_fresh_stamp_is_the_same() {
        let first = identity("MSH|^~\\&|LIS|KUH|||20261122081500||ORU^R01|A1|P|2.5\rPID|1||X\r");
        let again = identity("\u{feff}MSH|^~\\&|LIS|KUH|||20261122081700||ORU^R01|A1|P|2.5\rPID|1||X\r");
        assert_eq!(first, again);
        let other = identity("MSH|^~\\&|LIS|KUH|||20261122081500||ORU^R01|A1|P|2.5\rPID|1||Y\r");
        assert_ne!(first.key(), other.key());
        assert_eq!(first.name(), other.name());
    }

    #[test]
    fn kanji_before_msh_7_do_not_hide_a_repetition() {
        // In ISO-2022-JP the kanji of MSH-4 hold the byte of the field separator.
        let bytes = |stamp: &str| {
            let mut raw = b"MSH|^~\\&|LIS|\x1b$BE|5~\x1b(B|||".to_vec();
            raw.extend(format!("{stamp}||ORU^R01|A1|P|2.5||||||~ISO IR87\rPID|1||X\r").bytes());
            raw
        };
        let settings = ReadSettings::default();
        let of = |raw: &[u8]| {
            let message = Message::parse(raw, &settings).expect("a message");
            Identity::of_message("mllp", &Header::of(&message, &settings), &message)
        };
        assert_eq!(of(&bytes("20261122081500")), of(&bytes("20261122081700")));
    }

    #[test]
    fn a_name_that_stands_for_two_things_is_noticed_and_few_are_remembered() {
        let recent = Recent::default();
        let one = |id: usize, body: &str| Identity { name: format!("mllp|L|K|{id}"), body: body.into() };
        assert!(!recent.is_reused(&one(1, "a")));
        assert!(!recent.is_reused(&one(1, "a")));
        assert!(recent.is_reused(&one(1, "b")));
        for id in 2..3 * REMEMBERED {
            assert!(!recent.is_reused(&one(id, "a")));
        }
        assert_eq!(recent.0.lock().expect("not poisoned").bodies.len(), REMEMBERED);
    }
}
