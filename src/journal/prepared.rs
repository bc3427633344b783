//! A submission made ready for the writer, on its sender's thread: whatever can be computed without knowing
//! its place in the journal is computed here, because the writer is the one thread nobody can share.

use super::record::{self, Content, Hash};
use super::{Quarantined, Submission};
use crate::model::Event;

#[derive(Debug)]
pub(super) struct Prepared {
    pub key: Option<Vec<u8>>,
    pub source: String,
    pub via: String,
    pub raw: Vec<u8>,
    pub answer: Vec<u8>,
    pub quarantined: Vec<Quarantined>,
    /// For the tail.
    pub events: Vec<Event>,
    /// The same for the disk.
    pub record: String,
    pub record_hash: Hash,
    /// Covers all but the events.
    pub rest: Hash,
}

impl Prepared {
    pub(super) fn new(submission: Submission) -> Prepared {
        let Submission { key, source, via, raw, events, answer, quarantined } = submission;
        let record = record::write(&events);
        let mut prepared = Prepared {
            key: key.as_deref().map(record::stored_key),
            source,
            via: via.to_owned(),
            raw,
            answer,
            quarantined,
            events,
            record_hash: record::sha256(record.as_bytes()),
            record,
            rest: record::GENESIS,
        };
        prepared.rest = prepared.rest();
        prepared
    }

    /// About how many bytes of the write-ahead log this needs.
    pub(super) fn size(&self) -> usize {
        self.raw.len() + self.answer.len() + self.record.len() + 256
    }

    /// What the chain covers besides the events, place and time.
    pub(super) fn rest(&self) -> Hash {
        let mut content = Content::new();
        content.field(self.key.as_deref().unwrap_or(&[]));
        content.field(self.source.as_bytes());
        content.field(self.via.as_bytes());
        content.field(&self.answer);
        content.field(&self.raw);
        for piece in &self.quarantined {
            content.field(piece.id.as_bytes());
            content.field(piece.class.as_bytes());
            content.field(piece.reason.as_bytes());
            content.field(piece.place.as_bytes());
            content.field(&piece.raw);
            content.field(piece.patient.as_ref().map_or("", |patient| patient.as_str()).as_bytes());
        }
        content.finish()
    }
}
