//! The bytes of a message's entries and the chain that makes any change of them visible.
//!
//! A record is one line of JSON, `{"v":1,"events":[{…},…]}`: readable with any tool in ten years. A change of the
//! format gets a new `v`, a new golden file, and the old ones stay readable.

use ring::digest::{Context, SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::model::{Event, Time};

/// The version written today.
pub(super) const VERSION: u32 = 1;

pub(super) type Hash = [u8; 32];

/// The hash before message 1.
pub(super) const GENESIS: Hash = [0; 32];

#[derive(Serialize)]
struct Written<'a> {
    v: u32,
    events: &'a [Event],
}

#[derive(Deserialize)]
struct Read {
    #[serde(rename = "v")]
    _version: u32,
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// The record of a message's events; empty where it has none.
pub(super) fn write(events: &[Event]) -> String {
    if events.is_empty() {
        return String::new();
    }
    serde_json::to_string(&Written { v: VERSION, events })
        .expect("an event has only text keys and finite numbers")
}

/// The events of a record, or why it cannot be read.
pub(super) fn read(record: &str) -> Result<Vec<Event>, String> {
    if record.is_empty() {
        return Ok(Vec::new());
    }
    match serde_json::from_str::<Read>(record) {
        Ok(read) => Ok(read.events),
        Err(problem) => match serde_json::from_str::<Version>(record) {
            Ok(version) if version.v > VERSION => {
                Err(format!("its format {} is newer than this stormwatch knows ({VERSION})", version.v))
            }
            Ok(_) | Err(_) => Err(format!("its record cannot be read ({problem})")),
        },
    }
}

/// What the chain covers: everything that was accepted, and its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    /// The message's number.
    pub id: u64,
    pub accepted_at: Time,
    /// The first of its entries.
    pub first: u64,
    /// How many.
    pub events: u64,
    /// SHA-256 of its record.
    pub record: Hash,
    /// [`Content`] of all else that came with it.
    pub rest: Hash,
}

/// Links a message to the one before it: SHA-256 of the previous hash and the link's fields, numbers as eight
/// bytes, most significant first.
pub(super) fn chain(previous: &Hash, link: &Link) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(previous);
    for number in [link.id, link.first, link.events] {
        context.update(&number.to_be_bytes());
    }
    context.update(&link.accepted_at.0.to_be_bytes());
    context.update(&link.record);
    context.update(&link.rest);
    finish(context)
}

pub(super) fn sha256(bytes: &[u8]) -> Hash {
    digest(&SHA256, bytes).as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// A digest of fields whose borders count: each is preceded by its length.
pub(super) struct Content(Context);

impl Content {
    pub(super) fn new() -> Content {
        Content(Context::new(&SHA256))
    }
    pub(super) fn field(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }
    pub(super) fn finish(self) -> Hash {
        finish(self.0)
    }
}

/// What the index of keys holds: the beginning of the key, so that one sender's messages lie side by side and a group
/// touches few pages, and half a SHA-256 of the whole, so that two keys never meet.
pub(super) fn stored_key(key: &str) -> Vec<u8> {
    const BEGINNING: usize = 48;
    let beginning = &key.as_bytes()[..key.len().min(BEGINNING)];
    [beginning, &sha256(key.as_bytes())[..16]].concat()
}

fn finish(context: Context) -> Hash {
    context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/record-v1.jsonl");

    #[test]
    fn records_of_the_first_version_are_read_and_written_byte_for_byte() {
        let samples: Vec<Vec<Event>> = sample::events().into_iter().map(|event| vec![event]).collect();
        let whole = vec![sample::events()];
        let samples: Vec<Vec<Event>> = samples.into_iter().chain(whole).collect();
        let written: String = samples.iter().map(|events| write(events) + "\n").collect();
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(GOLDEN, &written).expect("the golden folder");
        }
        let golden = std::fs::read_to_string(GOLDEN).expect("the golden file");
        assert_eq!(written, golden, "the bytes of version 1 never change; a new form is version 2");
        for (line, events) in golden.lines().zip(samples) {
            assert_eq!(read(line), Ok(events), "{line}");
        }
    }

    #[test]
    fn a_record_of_the_future_is_refused_with_the_reason() {
        let problem = read(r#"{"v":2,"events":[{"beamed_up":{}}]}"#);
        assert_eq!(problem, Err("its format 2 is newer than this stormwatch knows (1)".into()));
        assert!(read(r#"{"v":1,"events":[{"beamed_up":{}}]}"#).is_err_and(|why| why.contains("beamed_up")));
    }

    #[test]
    fn the_chain_depends_on_everything_it_covers() {
        let link = Link { id: 1, accepted_at: Time(2), first: 3, events: 4, record: [5; 32], rest: [6; 32] };
        let base = chain(&GENESIS, &link);
        let others = [
            chain(&[1; 32], &link),
            chain(&GENESIS, &Link { id: 9, ..link }),
            chain(&GENESIS, &Link { accepted_at: Time(9), ..link }),
            chain(&GENESIS, &Link { first: 9, ..link }),
            chain(&GENESIS, &Link { events: 9, ..link }),
            chain(&GENESIS, &Link { record: [9; 32], ..link }),
            chain(&GENESIS, &Link { rest: [9; 32], ..link }),
        ];
        assert!(others.iter().all(|other| *other != base));
    }

    #[test]
    fn keys_of_one_sender_lie_side_by_side_and_never_meet() {
        let long = "mllp|".to_owned() + &"LABORATORY".repeat(9);
        let (one, two) = (stored_key(&(long.clone() + "1")), stored_key(&(long + "2")));
        assert_eq!(one[..48], two[..48]);
        assert_ne!(one, two);
        assert!(stored_key("mllp|A|1") < stored_key("mllp|A|2"));
    }
}
