//! Does the journal still say what it said when it was written?

use std::path::Path;

use super::Error;
use super::files::{Head, hex};
use super::sqlite::open_to_read;
use super::walk::{Broken, Walk};

/// What a check of the whole journal found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Messages whose hashes fit, from 1 without a gap.
    pub messages: u64,
    /// Their entries.
    pub entries: u64,
    /// Of the last good message, in hexadecimal. Written down elsewhere, it proves what the journal was.
    pub last_hash: String,
    /// The first thing that is wrong, in a sentence; `None` is a good journal.
    pub broken: Option<String>,
    /// The first entry that cannot be trusted any more, where something is wrong with a message.
    pub first_broken: Option<u64>,
}

impl Report {
    pub fn is_good(&self) -> bool {
        self.broken.is_none()
    }
}

/// Checks every message with its entries against the chain, the store's own structure, and the head. `progress`
/// hears the number of messages checked from time to time. Errors are about asking (no journal, a newer format);
/// what is wrong inside is in the report.
pub fn verify(dir: &Path, mut progress: impl FnMut(u64)) -> Result<Report, Error> {
    // The head first: it may then only lag behind what is read.
    let head = Head::read(dir);
    let connection = match open_to_read(dir) {
        Ok(connection) => connection,
        Err(Error::Unreadable { reason }) => {
            return Ok(Report { broken: Some(reason), first_broken: Some(1), ..Report::default() });
        }
        Err(other) => return Err(other),
    };
    let mut walk = Walk::new(head);
    let mut checked = 0u64;
    let walked = walk.run(&connection, &mut |_, _| {
        checked += 1;
        if checked.is_multiple_of(50_000) {
            progress(checked);
        }
        Ok(())
    });
    let (broken, first_broken) = match walked {
        Ok(()) => (None, None),
        Err(Broken::Damaged { reason, at }) => (Some(reason), at),
        Err(Broken::Stopped(problem)) => return Err(problem),
    };
    let Walk { messages, entries, hash, .. } = walk;
    Ok(Report { messages, entries, last_hash: hex(&hash), broken, first_broken })
}
