//! No damage goes unseen: it is found, or it changed nothing.

use std::path::Path;

use proptest::prelude::*;

use super::sample::observed;
use super::*;
use crate::model::Entry;

/// A journal of some messages of every shape, closed.
fn journal(dir: &Path, messages: u64) {
    open_journal(dir, messages).close();
}

/// The same, still open.
fn open_journal(dir: &Path, messages: u64) -> Journal {
    let opened = Journal::open(dir, Clock::stopped_at(Time(1_000))).expect("a journal");
    for number in 0..messages {
        let quarantined = Quarantined {
            id: format!("q{number}"),
            class: "malformed".into(),
            reason: "no OBX^5".into(),
            place: "OBX^1".into(),
            raw: vec![b'x'; 40],
            patient: None,
        };
        let submission = Submission {
            key: Some(format!("key {number}")),
            source: "LIS".into(),
            via: "mllp",
            raw: format!("MSH|{number}|").repeat(20).into_bytes(),
            events: (0..number as i64 % 4).map(observed).collect(),
            answer: b"AA".to_vec(),
            quarantined: if number % 3 == 0 { vec![quarantined] } else { Vec::new() },
        };
        opened.journal.append_blocking(submission).expect("an append");
    }
    opened.journal
}

/// The files as a power cut leaves them: the log not folded in, nothing of what was only in memory.
fn power_cut(from: &Path, to: &Path) {
    for name in ["journal.db", "journal.db-wal", "journal.head"] {
        std::fs::copy(from.join(name), to.join(name)).expect("a copy");
    }
}

type Content = (Vec<Entry>, Vec<Message>, Vec<(QuarantineRow, Option<Vec<u8>>)>);

/// Everything a reader can get out of it, or `None` where reading fails.
fn content(dir: &Path) -> Option<Content> {
    let reader = Reader::new(dir);
    let entries = reader.entries(1).ok()?.collect::<Result<_, _>>().ok()?;
    let messages = (1..=40).map_while(|id| reader.message(id).transpose()).collect::<Result<_, _>>().ok()?;
    let rows = reader.quarantine(&Filter { limit: 1000, ..Filter::default() }).ok()?;
    let raws = rows.into_iter().map(|row| reader.quarantined_raw(&row.id).map(|raw| (row, raw)));
    Some((entries, messages, raws.collect::<Result<_, _>>().ok()?))
}

#[test]
fn any_flipped_bit_of_the_store_is_found_or_changed_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    journal(dir.path(), 40);
    let whole = content(dir.path()).expect("a good journal");
    let store = files::store(dir.path());
    let bytes = std::fs::read(&store).expect("the store");
    let damaged = tempfile::tempdir().expect("a folder");
    let (mut found, mut harmless) = (0, 0);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(300));
    let positions = (0..bytes.len(), 0..8u8);
    let outcome = runner.run(&positions, |(at, bit)| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1 << bit;
        std::fs::write(files::store(damaged.path()), &bytes).expect("a write");
        let good = verify(damaged.path(), |_| {}).is_ok_and(|report| report.is_good());
        prop_assert!(!good || content(damaged.path()).as_ref() == Some(&whole), "byte {}, bit {}", at, bit);
        Ok(())
    });
    outcome.expect("no flipped bit goes unseen");
    for at in (0..bytes.len()).step_by(1499) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 4;
        std::fs::write(files::store(damaged.path()), &bytes).expect("a write");
        match verify(damaged.path(), |_| {}) {
            Ok(report) if report.is_good() => harmless += 1,
            Ok(_) | Err(_) => found += 1,
        }
    }
    assert!(found > harmless, "{found} found, {harmless} in unused space");
}

#[test]
fn any_flipped_bit_of_the_log_is_found_or_changed_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let running = open_journal(dir.path(), 30);
    let cut = tempfile::tempdir().expect("a folder");
    power_cut(dir.path(), cut.path());
    running.close();
    let whole = content(dir.path()).expect("a good journal");
    let log = std::fs::read(cut.path().join("journal.db-wal")).expect("a log");
    assert!(log.len() > 30 * 4096, "the log holds the messages");
    let damaged = tempfile::tempdir().expect("a folder");
    let mut found = 0;
    for at in (0..log.len()).step_by(log.len() / 200) {
        let mut bytes = log.clone();
        bytes[at] ^= 1 << (at % 8);
        power_cut(cut.path(), damaged.path());
        std::fs::write(damaged.path().join("journal.db-wal"), &bytes).expect("a write");
        let _ = std::fs::remove_file(damaged.path().join("journal.db-shm"));
        let good = verify(damaged.path(), |_| {}).is_ok_and(|report| report.is_good());
        found += usize::from(!good);
        assert!(!good || content(damaged.path()).as_ref() == Some(&whole), "byte {at} of the log");
        let opened = Journal::open(damaged.path(), Clock::system());
        assert_eq!(opened.is_ok(), good, "byte {at}: what is damaged is not written on");
        if !good {
            let left = std::fs::read(damaged.path().join("journal.db-wal")).expect("a log");
            assert!(left == bytes, "byte {at}: looking destroyed what could still be rescued");
        }
        opened.into_iter().for_each(|opened| opened.journal.close());
    }
    assert!(found > 50, "only {found} of 200 flips mattered");
}

#[test]
fn a_log_cut_at_any_byte_leaves_a_good_beginning() {
    let dir = tempfile::tempdir().expect("a folder");
    let running = open_journal(dir.path(), 30);
    let cut = tempfile::tempdir().expect("a folder");
    power_cut(dir.path(), cut.path());
    running.close();
    let (whole, ..) = content(dir.path()).expect("a good journal");
    let log = std::fs::read(cut.path().join("journal.db-wal")).expect("a log");
    let torn = tempfile::tempdir().expect("a folder");
    let mut lengths = std::collections::BTreeSet::new();
    for length in (0..log.len()).step_by(log.len() / 150) {
        power_cut(cut.path(), torn.path());
        std::fs::write(torn.path().join("journal.db-wal"), &log[..length]).expect("a write");
        let _ = std::fs::remove_file(torn.path().join("journal.db-shm"));
        // The head is never synced: after a real power cut it may be anything that was once true.
        std::fs::remove_file(torn.path().join("journal.head")).expect("a head");
        let opened = Journal::open(torn.path(), Clock::system()).expect("a torn log is no damage");
        opened.journal.close();
        let (entries, ..) = content(torn.path()).expect("a good journal");
        assert_eq!(entries, whole[..entries.len()], "cut to {length} bytes");
        lengths.insert(entries.len());
    }
    assert!(lengths.len() > 10, "cuts at many places leave many lengths: {lengths:?}");
}
