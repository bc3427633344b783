//! A snapshot beside the journal: what some entries of it come to, so that a start need not fold them all again.
//!
//! It is worth nothing by itself and may be deleted at any time. It counts only where it is whole, was written by the
//! build that reads it, and hangs on the very chain that lies beside it; otherwise the journal is folded from its first
//! entry, which gives the same.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::files::{hex, sync};
use super::read::Reader;
use super::record::sha256;

/// What the file begins with. The line after it is the SHA-256 of all that follows.
const TITLE: &[u8] = b"stormwatch snapshot 1\n";

/// What the entries up to one come to.
#[derive(Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The newest entry it covers.
    pub seq: u64,
    pub bytes: Vec<u8>,
}

/// Why a snapshot does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Useless {
    #[error("there is none")]
    Absent,
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    #[error("it is damaged")]
    Damaged,
    #[error("another build wrote it")]
    Foreign,
    #[error("it belongs to another journal, or to entries that this one has lost")]
    Elsewhere,
}

fn path(dir: &Path) -> PathBuf {
    dir.join("snapshot")
}

impl Snapshot {
    /// Writes it in the place of an older one, which stays whole until this one is. `build` names who can read it.
    pub fn write(&self, reader: &Reader, build: &str) -> std::io::Result<()> {
        let chain = reader.chain_at(self.seq).map_err(std::io::Error::other)?;
        let chain = chain.ok_or_else(|| std::io::Error::other("the journal does not hold that entry"))?;
        let mut rest = format!("{build} {} {}\n", self.seq, hex(&chain)).into_bytes();
        rest.extend_from_slice(&self.bytes);
        let fresh = path(reader.dir()).with_extension("new");
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(TITLE)?;
        file.write_all(format!("{}\n", hex(&sha256(&rest))).as_bytes())?;
        file.write_all(&rest)?;
        file.sync_all()?;
        fs::rename(&fresh, path(reader.dir()))?;
        sync(reader.dir()).map_err(std::io::Error::other)
    }

    /// The one beside the journal, if it counts.
    pub fn read(reader: &Reader, build: &str) -> Result<Snapshot, Useless> {
        let file = match fs::read(path(reader.dir())) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(Useless::Absent),
            Err(error) => return Err(Useless::Unreadable(error.to_string())),
        };
        let after_title = file.strip_prefix(TITLE).ok_or(Useless::Damaged)?;
        let (digest, rest) = line(after_title)?;
        if digest != hex(&sha256(rest)) {
            return Err(Useless::Damaged);
        }
        let (header, bytes) = line(rest)?;
        let [writer, seq, chain] = header.split(' ').collect::<Vec<_>>()[..] else {
            return Err(Useless::Damaged);
        };
        if writer != build {
            return Err(Useless::Foreign);
        }
        let seq: u64 = seq.parse().map_err(|_| Useless::Damaged)?;
        match reader.chain_at(seq) {
            Ok(Some(here)) if hex(&here) == chain => Ok(Snapshot { seq, bytes: bytes.to_vec() }),
            Ok(_) => Err(Useless::Elsewhere),
            Err(error) => Err(Useless::Unreadable(error.to_string())),
        }
    }
}

/// The first line as text, and what follows it.
fn line(bytes: &[u8]) -> Result<(&str, &[u8]), Useless> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(Useless::Damaged)?;
    let text = std::str::from_utf8(&bytes[..end]).map_err(|_| Useless::Damaged)?;
    Ok((text, &bytes[end + 1..]))
}
