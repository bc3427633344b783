//! A snapshot counts where it belongs and is whole, and nowhere else.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::sample::observed;
use super::*;

const BUILD: &str = "0123456789abcdef";

fn journal(dir: &Path, entries: i64) -> Reader {
    let opened = Journal::open(dir, Clock::stopped_at(Time(1_000))).expect("a journal");
    let (mut at, mut left) = (0, entries);
    while left > 0 {
        // Messages of one, two and three entries in turn.
        let events: Vec<Event> = (0..left.min(1 + at % 3)).map(|n| observed(at * 10 + n)).collect();
        left -= events.len() as i64;
        at += 1;
        let submission = Submission { source: "LIS".into(), via: "mllp", events, ..Submission::default() };
        opened.journal.append_blocking(submission).expect("an append");
    }
    opened.journal.close();
    opened.reader
}

fn snapshot(seq: u64) -> Snapshot {
    Snapshot { seq, bytes: b"what they come to\n\0\xff".repeat(9) }
}

#[test]
fn a_snapshot_is_read_back_whole_by_the_build_that_wrote_it_and_by_its_owner_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    let reader = journal(dir.path(), 20);
    assert_eq!(Snapshot::read(&reader, BUILD), Err(Useless::Absent));
    for seq in 1..=20 {
        snapshot(seq).write(&reader, BUILD).expect("written");
        assert_eq!(Snapshot::read(&reader, BUILD), Ok(snapshot(seq)));
    }
    assert_eq!(Snapshot::read(&reader, "another"), Err(Useless::Foreign));
    let mode = std::fs::metadata(dir.path().join("snapshot")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(snapshot(21).write(&reader, BUILD).is_err(), "the journal has no such entry");
    assert_eq!(Snapshot::read(&reader, BUILD), Ok(snapshot(20)), "the older one stays");
}

#[test]
fn every_flipped_bit_and_every_cut_of_a_snapshot_is_noticed() {
    let dir = tempfile::tempdir().expect("a folder");
    let reader = journal(dir.path(), 20);
    snapshot(20).write(&reader, BUILD).expect("written");
    let path = dir.path().join("snapshot");
    let whole = std::fs::read(&path).expect("readable");
    for place in 0..whole.len() {
        for bit in 0..8 {
            let mut flipped = whole.clone();
            flipped[place] ^= 1 << bit;
            std::fs::write(&path, flipped).expect("writable");
            assert_eq!(Snapshot::read(&reader, BUILD), Err(Useless::Damaged), "bit {bit} of byte {place}");
        }
        std::fs::write(&path, &whole[..place]).expect("writable");
        assert_eq!(Snapshot::read(&reader, BUILD), Err(Useless::Damaged), "the first {place} bytes");
    }
}

#[test]
fn a_snapshot_of_another_journal_or_of_a_lost_end_does_not_count() {
    let (one, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let reader = journal(one.path(), 18);
    snapshot(18).write(&reader, BUILD).expect("written");
    for entries in [7, 40] {
        let folder = other.path().join(entries.to_string());
        let elsewhere = journal(&folder, entries);
        std::fs::copy(one.path().join("snapshot"), folder.join("snapshot")).expect("copied");
        // The same entries at the same instants are the same chain; one fewer or one message cut otherwise is not.
        let read = Snapshot::read(&elsewhere, BUILD);
        assert_eq!(read.is_ok(), entries == 40, "{read:?}");
    }
    let strange = other.path().join("strange");
    let opened = Journal::open(&strange, Clock::stopped_at(Time(2_000))).expect("a journal");
    for n in 0..30 {
        let events = vec![observed(n)];
        opened.journal.append_blocking(Submission { events, ..Submission::default() }).expect("an append");
    }
    std::fs::copy(one.path().join("snapshot"), strange.join("snapshot")).expect("copied");
    assert_eq!(Snapshot::read(&opened.reader, BUILD), Err(Useless::Elsewhere));
}
