//! The files of a data directory: the store, the lock that keeps a second writer out, and the head.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::Error;
use super::record::Hash;

pub(super) fn store(dir: &Path) -> PathBuf {
    dir.join("journal.db")
}

pub(super) fn shown(dir: &Path) -> String {
    dir.display().to_string()
}

/// Makes `dir` for its owner only where it is absent.
pub(super) fn make(dir: &Path) -> Result<(), Error> {
    let problem = |reason: std::io::Error| Error::Directory { dir: shown(dir), reason: reason.to_string() };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(problem)
}

/// Makes the names of new files in `dir` survive a power cut.
pub(super) fn sync(dir: &Path) -> Result<(), Error> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(|reason| Error::Directory { dir: shown(dir), reason: reason.to_string() })
}

/// Held as long as this process writes the journal; the kernel frees it however the process ends.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held, not used")] File);

impl Lock {
    pub(super) fn take(dir: &Path) -> Result<Lock, Error> {
        let problem =
            |reason: std::io::Error| Error::Directory { dir: shown(dir), reason: reason.to_string() };
        let path = dir.join("journal.lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path)
            .map_err(problem)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(Error::Locked { dir: shown(dir) }),
            Err(TryLockError::Error(reason)) => Err(problem(reason)),
        }
    }
}

/// The last message known to be durable, written beside the store after each commit and never synced.
///
/// SQLite ends its log at the first damaged frame and takes all that follows for never written: one flipped
/// bit can hide the newest commits. This file tells that they were there. It can only lag behind.
#[derive(Debug)]
pub(super) struct Head {
    file: File,
}

impl Head {
    pub(super) fn open(dir: &Path) -> Result<Head, Error> {
        let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path(dir));
        opened
            .map(|file| Head { file })
            .map_err(|reason| Error::Directory { dir: shown(dir), reason: reason.to_string() })
    }

    /// A failure is ignored: a head that lags proves less, and the commit stands without it.
    pub(super) fn write(&self, message: u64, hash: &Hash) {
        let line = format!("{message:020} {}\n", hex(hash));
        let _ = self.file.write_all_at(line.as_bytes(), 0);
    }

    /// `None` where there is no head, or a power cut left it unreadable.
    pub(super) fn read(dir: &Path) -> Option<(u64, Hash)> {
        let text = fs::read_to_string(path(dir)).ok()?;
        let (message, hash) = text.strip_suffix('\n')?.split_once(' ')?;
        Some((message.parse().ok()?, unhex(hash)?.try_into().ok()?))
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join("journal.head")
}

pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|letter| letter.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = (0..text.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}
