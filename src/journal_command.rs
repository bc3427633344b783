//! Floor 4. `stormwatch journal verify|export|import`: is the journal what it was, and a copy of it.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "reports on stdout, progress on stderr: it is a command"
)]

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::journal::{self, Copied, Error, Report};

/// The command was carried out and the answer is yes.
const GOOD: u8 = 0;
/// The answer is no: the chain is broken, the copy is not whole.
const NO: u8 = 1;
/// It could not be asked.
const UNASKED: u8 = 2;

/// What to do with the journal of a data directory.
#[derive(Clone, Debug, Subcommand)]
pub enum JournalCommand {
    /// Check every message and entry against the chain of hashes
    Verify,
    /// Write the entries as newline-delimited JSON
    Export {
        /// With the messages as received, their answers and the quarantine; an import then gives the same chain
        #[arg(long)]
        raw: bool,
        /// Write to this file, which must not exist yet, instead of standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Read an export into an empty data directory
    Import {
        /// Read this file instead of standard input
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
}

/// Carries it out and returns the exit code: 0 good, 1 the answer is no, 2 it could not be asked. Verify and export also
/// work while `serve` writes the journal.
pub fn run(data: &Path, command: &JournalCommand) -> u8 {
    let done = match command {
        JournalCommand::Verify => {
            journal::verify(data, |messages| progress("checked", messages)).map(|report| {
                println!("{}", shown(&report));
                if report.is_good() { GOOD } else { NO }
            })
        }
        JournalCommand::Export { raw, out } => export(data, *raw, out.as_deref()),
        JournalCommand::Import { from } => import(data, from.as_deref()),
    };
    done.unwrap_or_else(|problem| {
        eprintln!("{problem}");
        exit_code(&problem)
    })
}

fn shown(report: &Report) -> String {
    let Report { messages, entries, last_hash, broken, first_broken } = report;
    match (broken, first_broken) {
        (None, _) => format!("good: {messages} messages, {entries} entries, last hash {last_hash}"),
        (Some(reason), Some(seq)) => {
            format!("broken from entry {seq} on: {reason}; {messages} messages before it are good")
        }
        (Some(reason), None) => format!("broken: {reason}; {messages} messages are good"),
    }
}

fn export(data: &Path, raw: bool, out: Option<&Path>) -> Result<u8, Error> {
    let copied = match out {
        None => journal::export(data, BufWriter::new(io::stdout().lock()), raw, |n| progress("exported", n))?,
        Some(file) => {
            let unwritable =
                |reason: io::Error| Error::Export { reason: format!("{}: {reason}", file.display()) };
            let mut out = BufWriter::new(File::create_new(file).map_err(unwritable)?);
            let copied = journal::export(data, &mut out, raw, |messages| progress("exported", messages))?;
            out.flush().and_then(|()| out.get_ref().sync_all()).map_err(unwritable)?;
            copied
        }
    };
    told("exported", copied);
    Ok(GOOD)
}

fn import(data: &Path, from: Option<&Path>) -> Result<u8, Error> {
    let copied = match from {
        None => journal::import(data, io::stdin().lock(), |messages| progress("imported", messages))?,
        Some(file) => {
            let unreadable =
                |reason: io::Error| Error::Unreadable { reason: format!("{}: {reason}", file.display()) };
            let input = BufReader::new(File::open(file).map_err(unreadable)?);
            journal::import(data, input, |messages| progress("imported", messages))?
        }
    };
    told("imported", copied);
    Ok(GOOD)
}

fn progress(verb: &str, messages: u64) {
    if messages > 0 {
        eprintln!("{verb} {messages} messages so far");
    }
}

fn told(verb: &str, Copied { messages, entries }: Copied) {
    eprintln!("{verb} {messages} messages, {entries} entries");
}

fn exit_code(problem: &Error) -> u8 {
    match problem {
        Error::Damaged { .. } | Error::LostEnd { .. } | Error::Import { .. } => NO,
        Error::Directory { .. }
        | Error::Locked { .. }
        | Error::Newer { .. }
        | Error::Foreign { .. }
        | Error::Unwritable { .. }
        | Error::Unstorable { .. }
        | Error::Unreadable { .. }
        | Error::Export { .. }
        | Error::Occupied { .. }
        | Error::Closed => UNASKED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::journal::{Journal, Submission};
    use crate::model::Event;

    #[test]
    fn a_journal_is_checked_copied_and_checked_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to, file) =
            (folder.path().join("from"), folder.path().join("to"), folder.path().join("copy"));
        assert_eq!(run(&from, &JournalCommand::Verify), UNASKED, "there is no journal");
        let opened = Journal::open(&from, Clock::system()).expect("a journal");
        let tick = Submission { events: vec![Event::Tick], raw: b"MSH|".to_vec(), ..Submission::default() };
        opened.journal.append_blocking(tick).expect("an append");
        let export = JournalCommand::Export { raw: true, out: Some(file.clone()) };
        assert_eq!(run(&from, &JournalCommand::Verify), GOOD, "also while it is written");
        assert_eq!(run(&from, &export), GOOD);
        assert_eq!(run(&from, &export), UNASKED, "no file is overwritten");
        opened.journal.close();

        let import = JournalCommand::Import { from: Some(file.clone()) };
        assert_eq!(run(&to, &import), GOOD);
        assert_eq!(run(&to, &JournalCommand::Verify), GOOD);
        assert_eq!(journal::verify(&to, |_| {}), journal::verify(&from, |_| {}));
        assert_eq!(run(&to, &import), UNASKED, "there is a journal now");

        let cut = std::fs::read_to_string(&file).expect("the copy");
        std::fs::write(&file, &cut[..cut.len() / 2]).expect("a shorter copy");
        assert_eq!(run(&folder.path().join("third"), &import), NO);

        let store = rusqlite::Connection::open(to.join("journal.db")).expect("the store");
        store.execute("UPDATE message SET raw = x'00'", []).expect("a forgery");
        assert_eq!(run(&to, &JournalCommand::Verify), NO);
        assert_eq!(run(&to, &JournalCommand::Export { raw: false, out: Some(folder.path().join("no")) }), NO);
    }

    #[test]
    fn a_report_says_from_where_on_it_is_broken() {
        let good =
            Report { messages: 2, entries: 3, last_hash: "ab".into(), broken: None, first_broken: None };
        assert_eq!(shown(&good), "good: 2 messages, 3 entries, last hash ab");
        let broken = Report {
            broken: Some("the hash of message 3 does not fit".into()),
            first_broken: Some(4),
            ..good
        };
        assert_eq!(
            shown(&broken),
            "broken from entry 4 on: the hash of message 3 does not fit; 2 messages before it are good"
        );
    }
}
