//! The journal as newline-delimited JSON.
//!
//! First a line that says what it is, then one line for each entry, last a line that counts and carries the SHA-256 of all
//! lines before it, so that a copy that was cut short or changed is known. With the raw messages, each message's
//! line stands before its entries, and importing them gives the same chain.

use std::io::Write;
use std::path::Path;

use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::files::{Head, hex, unhex};
use super::sqlite::open_to_read;
use super::walk::{Broken, Stored, Walk};
use super::{Error, Quarantined};
use crate::model::{Event, PatientId};

/// The version of the lines.
pub(super) const VERSION: u32 = 1;

/// How much was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    pub messages: u64,
    pub entries: u64,
}

/// One line.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum Line {
    Start { stormwatch_journal: u32, raw: bool },
    Message { message: Box<MessageLine> },
    Entry { seq: u64, accepted_at: String, event: Box<Event> },
    End { end: End },
}

/// A message without its events, which follow.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageLine {
    pub id: u64,
    pub accepted_at: String,
    pub events: u64,
    pub source: String,
    pub via: String,
    pub key: Option<Bytes>,
    pub answer: Bytes,
    pub raw: Bytes,
    pub quarantined: Vec<Piece>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Piece {
    pub id: String,
    pub class: String,
    pub reason: String,
    pub place: String,
    pub patient: Option<PatientId>,
    pub raw: Bytes,
    pub state: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    pub messages: u64,
    pub entries: u64,
    /// Of all lines before this one, with their line ends.
    pub sha256: String,
    /// Where the chain ends; only with the raw messages can it be computed again.
    pub last_hash: String,
}

/// Text where it is UTF-8, as nearly all messages are; else hexadecimal digits.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Bytes {
    Text(String),
    Hex { hex: String },
}

impl Bytes {
    fn new(bytes: &[u8]) -> Bytes {
        match std::str::from_utf8(bytes) {
            Ok(text) => Bytes::Text(text.to_owned()),
            Err(_) => Bytes::Hex { hex: hex(bytes) },
        }
    }
    /// `None` where the digits are none.
    pub(super) fn read(self) -> Option<Vec<u8>> {
        match self {
            Bytes::Text(text) => Some(text.into_bytes()),
            Bytes::Hex { hex } => unhex(&hex),
        }
    }
}

/// Writes the journal in `dir`, also while another process writes it. Each message is checked before it is written;
/// at damage the export ends with [`Error::Damaged`] and without its last line. `progress` hears the number of
/// messages from time to time.
pub fn export(
    dir: &Path,
    out: impl Write,
    raw: bool,
    mut progress: impl FnMut(u64),
) -> Result<Copied, Error> {
    let head = Head::read(dir);
    let connection = open_to_read(dir)?;
    let mut lines = Lines { out, digest: Context::new(&SHA256) };
    lines.write(&Line::Start { stormwatch_journal: VERSION, raw })?;
    let mut walk = Walk::new(head);
    let mut copied = Copied::default();
    let walked = walk.run(&connection, &mut |stored, events| {
        if raw {
            lines.write(&Line::Message { message: Box::new(message_line(stored)) })?;
        }
        for (seq, event) in (stored.link.first..).zip(events) {
            let accepted_at = stored.link.accepted_at.rfc3339();
            lines.write(&Line::Entry { seq, accepted_at, event: Box::new(event) })?;
            copied.entries += 1;
        }
        copied.messages += 1;
        if copied.messages.is_multiple_of(50_000) {
            progress(copied.messages);
        }
        Ok(())
    });
    match walked {
        Ok(()) => {}
        Err(Broken::Stopped(problem)) => return Err(problem),
        Err(Broken::Damaged { reason, .. }) => {
            return Err(Error::Damaged { message: walk.messages + 1, reason });
        }
    }
    let sha256 = hex(lines.digest.clone().finish().as_ref());
    let Copied { messages, entries } = copied;
    lines.write(&Line::End { end: End { messages, entries, sha256, last_hash: hex(&walk.hash) } })?;
    lines.out.flush().map_err(|reason| Error::Export { reason: reason.to_string() })?;
    Ok(copied)
}

fn message_line(stored: &Stored) -> MessageLine {
    let Stored { link, message, states, .. } = stored;
    let piece = |(piece, state): (&Quarantined, &String)| Piece {
        id: piece.id.clone(),
        class: piece.class.clone(),
        reason: piece.reason.clone(),
        place: piece.place.clone(),
        patient: piece.patient.clone(),
        raw: Bytes::new(&piece.raw),
        state: state.clone(),
    };
    MessageLine {
        id: link.id,
        accepted_at: link.accepted_at.rfc3339(),
        events: link.events,
        source: message.source.clone(),
        via: message.via.clone(),
        key: message.key.as_deref().map(Bytes::new),
        answer: Bytes::new(&message.answer),
        raw: Bytes::new(&message.raw),
        quarantined: message.quarantined.iter().zip(states).map(piece).collect(),
    }
}

struct Lines<W> {
    out: W,
    digest: Context,
}

impl<W: Write> Lines<W> {
    fn write(&mut self, line: &Line) -> Result<(), Error> {
        let mut text = serde_json::to_string(line).expect("a line has only text keys and finite numbers");
        text.push('\n');
        self.digest.update(text.as_bytes());
        self.out.write_all(text.as_bytes()).map_err(|reason| Error::Export { reason: reason.to_string() })
    }
}
