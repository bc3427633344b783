//! What senders, the engine and operators may rely on.

use std::path::Path;

use super::sample::{observed, patient};
use super::*;
use crate::model::{Entry, Span};

const NOON: Time = Time(1_795_262_400_000);

fn message(key: &str, events: Vec<Event>) -> Submission {
    Submission {
        key: (!key.is_empty()).then(|| key.to_owned()),
        source: "MONITOR|6E".into(),
        via: "mllp",
        raw: format!("MSH|{key}").into_bytes(),
        events,
        answer: format!("AA {key}").into_bytes(),
        quarantined: Vec::new(),
    }
}

fn piece(id: &str, class: &str, raw: &[u8]) -> Quarantined {
    Quarantined {
        id: id.into(),
        class: class.into(),
        reason: "unit is not known".into(),
        place: "OBX^3".into(),
        raw: raw.to_vec(),
        patient: Some(patient()),
    }
}

fn open(dir: &Path) -> Opened {
    Journal::open(dir, Clock::stopped_at(NOON)).expect("a journal")
}

fn all(reader: &Reader) -> Vec<Entry> {
    reader.entries(1).expect("a walk").collect::<Result<_, _>>().expect("good entries")
}

#[test]
fn a_submission_becomes_numbered_entries() {
    let dir = tempfile::tempdir().expect("a folder");
    let Opened { journal, reader, tail, last_seq } = open(dir.path());
    assert_eq!(last_seq, 0);
    let first = journal.append_blocking(message("a", vec![observed(1), observed(2)]));
    assert_eq!(first, Ok(Appended::New { first: 1, last: 2, accepted_at: NOON }));
    let second = journal.append_blocking(message("b", vec![observed(3)]));
    assert_eq!(second, Ok(Appended::New { first: 3, last: 3, accepted_at: NOON }));
    journal.close();
    let entries: Vec<Entry> = tail.collect();
    assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(entries[2].event, observed(3));
    assert_eq!(all(&reader), entries, "what is read again is what the engine heard");
    assert_eq!(reader.last_seq(), Ok(3));
    assert_eq!(reader.message_of(2).expect("a read").expect("a message").raw, b"MSH|a");
    assert_eq!(reader.entries(3).expect("a walk").count(), 1);
    assert_eq!(reader.entries(9).expect("a walk").count(), 0);
}

#[test]
fn every_kind_of_event_comes_back_as_it_went_in() {
    let dir = tempfile::tempdir().expect("a folder");
    let Opened { journal, reader, .. } = open(dir.path());
    journal.append_blocking(message("a", sample::events())).expect("an append");
    journal.close();
    let events: Vec<Event> = all(&reader).into_iter().map(|entry| entry.event).collect();
    assert_eq!(events, sample::events());
}

#[test]
fn a_repeated_message_changes_nothing_and_hears_the_same() {
    let dir = tempfile::tempdir().expect("a folder");
    let opened = open(dir.path());
    opened.journal.append_blocking(message("a", vec![observed(1)])).expect("an append");
    let again = Submission { answer: b"AA another".to_vec(), ..message("a", vec![observed(2)]) };
    let repeated = Ok(Appended::Repeated { answer: b"AA a".to_vec() });
    assert_eq!(opened.journal.append_blocking(again.clone()), repeated);
    opened.journal.close();
    let opened = open(dir.path());
    assert_eq!(opened.journal.append_blocking(again), repeated, "also after a restart");
    assert_eq!(opened.journal.health().repeats, 1);
    assert_eq!(opened.reader.last_seq(), Ok(1));
    opened.journal.close();
}

#[test]
fn messages_without_a_key_are_always_new() {
    let dir = tempfile::tempdir().expect("a folder");
    let opened = open(dir.path());
    for seq in 1..=3 {
        let appended = opened.journal.append_blocking(message("", vec![observed(1)]));
        assert_eq!(appended, Ok(Appended::New { first: seq, last: seq, accepted_at: NOON }));
    }
    opened.journal.close();
}

#[test]
fn a_message_without_events_is_kept_with_its_quarantine() {
    let dir = tempfile::tempdir().expect("a folder");
    let Opened { journal, reader, .. } = open(dir.path());
    let useless =
        Submission { quarantined: vec![piece("q1", "unknown-unit", b"MSH|a")], ..message("a", vec![]) };
    assert_eq!(journal.append_blocking(useless), Ok(Appended::New { first: 1, last: 0, accepted_at: NOON }));
    let appended = journal.append_blocking(message("b", vec![observed(1)]));
    assert_eq!(appended, Ok(Appended::New { first: 1, last: 1, accepted_at: NOON }));
    assert_eq!(reader.quarantined_raw("q1"), Ok(Some(b"MSH|a".to_vec())));
    assert_eq!(reader.raw(1), Ok(Some(b"MSH|a".to_vec())));
    journal.close();
    assert!(verify(dir.path(), |_| {}).expect("a report").is_good());
}

#[test]
fn quarantine_is_listed_by_what_is_asked_and_can_be_marked() {
    let dir = tempfile::tempdir().expect("a folder");
    let Opened { journal, reader, .. } = open(dir.path());
    let pieces = vec![piece("q1", "unknown-unit", b"OBX|1"), piece("q2", "malformed", b"OBX|2")];
    journal.append_blocking(Submission { quarantined: pieces, ..message("a", vec![]) }).expect("an append");
    let ids = |filter: Filter| -> Vec<String> {
        reader.quarantine(&filter).expect("a list").into_iter().map(|row| row.id).collect()
    };
    assert_eq!(ids(Filter::default()), ["q2", "q1"]);
    assert_eq!(ids(Filter { class: Some("malformed".into()), ..Filter::default() }), ["q2"]);
    assert_eq!(ids(Filter { before: Some(2), ..Filter::default() }), ["q1"]);
    assert_eq!(ids(Filter { limit: 1, ..Filter::default() }), ["q2"]);
    assert_eq!(ids(Filter { source: Some("NOBODY".into()), ..Filter::default() }), Vec::<String>::new());

    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mark = |id: &str, state| runtime.block_on(journal.mark_quarantined(id, state));
    assert_eq!(mark("q1", QuarantineState::Retried), Ok(true));
    assert_eq!(mark("q9", QuarantineState::Retried), Ok(false));
    let retried = Filter { state: Some(QuarantineState::Retried), ..Filter::default() };
    let rows = reader.quarantine(&retried).expect("a list");
    assert_eq!(rows.len(), 1);
    let waiting = Filter { state: Some(QuarantineState::Waiting), ..Filter::default() };
    assert_eq!(ids(waiting), ["q2", "q1"], "what was tried in vain waits as before");
    assert_eq!((rows[0].id.as_str(), rows[0].via.as_str(), rows[0].bytes), ("q1", "mllp", 5));
    assert_eq!((rows[0].accepted_at, rows[0].patient.clone()), (NOON, Some(patient())));
    journal.close();
}

#[test]
fn a_restart_keeps_order_chain_and_time() {
    let dir = tempfile::tempdir().expect("a folder");
    let opened = open(dir.path());
    opened.journal.append_blocking(message("a", vec![observed(1)])).expect("an append");
    opened.journal.close();
    // The host's clock came back an hour early.
    let early = Clock::stopped_at(NOON - Span::HOUR);
    let opened = Journal::open(dir.path(), early).expect("a journal");
    assert_eq!(opened.last_seq, 1);
    let appended = opened.journal.append_blocking(message("b", vec![observed(2)]));
    assert_eq!(appended, Ok(Appended::New { first: 2, last: 2, accepted_at: NOON }));
    opened.journal.close();
    let tail: Vec<u64> = opened.tail.map(|entry| entry.seq).collect();
    assert_eq!(tail, [2], "the tail starts after what was there");
    let report = verify(dir.path(), |_| {}).expect("a report");
    assert_eq!((report.broken, report.entries, report.messages), (None, 2, 2));
}

#[test]
fn one_commit_answers_all_who_wait_for_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let Opened { journal, reader, tail, .. } = open(dir.path());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let answers = runtime.expect("a runtime").block_on(async {
        let mut senders = tokio::task::JoinSet::new();
        for sender in 0..64 {
            let journal = journal.clone();
            senders.spawn(async move {
                let mut heard = Vec::new();
                for number in 0..8 {
                    let key = format!("{sender}-{number}");
                    heard.push(
                        journal.append(message(&key, vec![observed(number)])).await.expect("an append"),
                    );
                }
                heard
            });
        }
        senders.join_all().await
    });
    let health = journal.health();
    journal.close();
    let mut seqs: Vec<u64> = Vec::new();
    for sender in answers {
        let firsts: Vec<u64> = sender
            .into_iter()
            .map(|appended| match appended {
                Appended::New { first, .. } => first,
                Appended::Repeated { .. } => panic!("no key was used twice"),
            })
            .collect();
        assert!(firsts.is_sorted(), "one sender's messages keep their order");
        seqs.extend(firsts);
    }
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=512).collect::<Vec<u64>>());
    assert_eq!(health.submissions, 512);
    assert!(health.commits < 512, "512 submissions took {} commits", health.commits);
    assert_eq!(tail.map(|entry| entry.seq).collect::<Vec<_>>(), (1..=512).collect::<Vec<u64>>());
    assert_eq!(all(&reader).len(), 512);
}

#[test]
fn a_second_writer_is_refused_and_readers_are_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let opened = open(dir.path());
    opened.journal.append_blocking(message("a", vec![observed(1)])).expect("an append");
    let refused = Journal::open(dir.path(), Clock::system()).expect_err("the journal is taken");
    assert!(matches!(refused, Error::Locked { .. }), "{refused}");
    assert_eq!(Reader::new(dir.path()).last_seq(), Ok(1));
    assert!(verify(dir.path(), |_| {}).expect("a report").is_good());
    opened.journal.close();
    open(dir.path()).journal.close();
}

#[test]
fn a_newer_format_and_a_strangers_file_are_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    open(dir.path()).journal.close();
    let store = files::store(dir.path());
    rusqlite::Connection::open(&store)
        .and_then(|store| store.pragma_update(None, "user_version", 9))
        .expect("a change");
    let refused = Journal::open(dir.path(), Clock::system()).expect_err("a newer format");
    assert!(matches!(refused, Error::Newer { found: 9, known: 1, .. }), "{refused}");

    let dir = tempfile::tempdir().expect("a folder");
    let store = rusqlite::Connection::open(files::store(dir.path())).expect("a store");
    store.execute_batch("CREATE TABLE recipes (x)").expect("a table");
    let refused = Journal::open(dir.path(), Clock::system()).expect_err("a stranger's file");
    assert!(matches!(refused, Error::Foreign { .. }), "{refused}");
}

#[test]
fn the_directory_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("a folder");
    let inner = dir.path().join("new").join("data");
    open(&inner).journal.close();
    let mode = std::fs::metadata(&inner).expect("a directory").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_closed_journal_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let opened = open(dir.path());
    let other = opened.journal.clone();
    opened.journal.close();
    assert_eq!(other.append_blocking(message("a", vec![])), Err(Error::Closed));
    assert!(!other.health().writable);
    other.close();
}

#[test]
fn an_engine_that_stopped_listening_holds_up_neither_answers_nor_the_end() {
    let dir = tempfile::tempdir().expect("a folder");
    let Opened { journal, reader, tail, .. } = open(dir.path());
    drop(tail);
    for number in 0..200 {
        journal.append_blocking(message("", vec![observed(number)])).expect("an append");
    }
    journal.close();
    assert_eq!(reader.last_seq(), Ok(200));

    // Somebody could follow but does not: in the end the writer waits, until the journal is closed.
    let Opened { journal, reader, tail, .. } = open(dir.path());
    let other = journal.clone();
    let append = move |_: &i32| other.append_blocking(message("", vec![observed(1)])).is_ok();
    let sender = std::thread::spawn(move || (0..1_000).filter(append).count());
    let since = crate::clock::Stopwatch::start();
    while reader.last_seq().is_ok_and(|last| last < 250) && since.milliseconds() < 10_000 {
        std::thread::yield_now();
    }
    journal.close();
    let answered = sender.join().expect("a sender") as u64;
    assert_eq!(reader.last_seq(), Ok(200 + answered), "what was answered is there");
    assert!(tail.map(|entry| entry.seq).eq(201..201 + 64.min(answered)), "what was handed on is in order");
}

#[test]
fn the_tail_can_be_asked_without_waiting() {
    let dir = tempfile::tempdir().expect("a folder");
    let Opened { journal, mut tail, .. } = open(dir.path());
    assert_eq!(tail.ready(), Err(Quiet::Yet));
    assert_eq!(tail.wait(std::time::Duration::from_millis(1)), Err(Quiet::Yet));
    journal.append_blocking(message("a", vec![observed(1), observed(2)])).expect("an append");
    assert_eq!(tail.next_entry().map(|entry| entry.seq), Some(1));
    assert_eq!(tail.ready().map(|entry| entry.seq), Ok(2));
    journal.close();
    assert_eq!(tail.ready(), Err(Quiet::Ended));
    assert_eq!(tail.wait(std::time::Duration::from_secs(1)), Err(Quiet::Ended));
    assert_eq!(tail.next_entry(), None);
}

#[test]
fn a_full_disk_refuses_quickly_and_recovers() {
    let dir = tempfile::tempdir().expect("a folder");
    let Opened { journal, reader, tail, .. } = open(dir.path());
    journal.append_blocking(message("a", vec![observed(1)])).expect("an append");
    journal.limit_pages(1);
    let large = Submission { raw: vec![7; 64 * 1024], ..message("b", vec![observed(2)]) };
    let refused = journal.append_blocking(large.clone()).expect_err("the disk is full");
    assert!(matches!(&refused, Error::Unwritable { reason } if reason.contains("full")), "{refused}");
    let health = journal.health();
    assert!(!health.writable && health.reason.is_some_and(|reason| reason.contains("full")));
    assert_eq!(reader.last_seq(), Ok(1), "nothing of it was kept");

    journal.limit_pages(1_000_000);
    let accepted = journal.append_blocking(large);
    assert_eq!(accepted, Ok(Appended::New { first: 2, last: 2, accepted_at: NOON }));
    assert!(journal.health().writable);
    journal.close();
    assert_eq!(tail.map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2]);
    assert!(verify(dir.path(), |_| {}).expect("a report").is_good());
}

#[test]
fn a_disk_that_is_back_is_noticed_without_a_message() {
    let dir = tempfile::tempdir().expect("a folder");
    let Opened { journal, .. } = open(dir.path());
    journal.limit_pages(1);
    let large = Submission { raw: vec![7; 64 * 1024], ..message("b", vec![]) };
    journal.append_blocking(large).expect_err("the disk is full");
    journal.limit_pages(1_000_000);
    let since = crate::clock::Stopwatch::start();
    while !journal.health().writable {
        assert!(since.milliseconds() < 10_000, "the writer never looked again");
        std::thread::yield_now();
    }
    journal.close();
    assert!(verify(dir.path(), |_| {}).expect("a report").is_good());
}

#[test]
fn a_message_too_large_to_store_does_not_take_others_with_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let opened = open(dir.path());
    let mut writer_busy = Vec::new();
    for number in 0..16 {
        let journal = opened.journal.clone();
        // SQLite holds at most 1,000,000,000 bytes in one row.
        let raw = vec![0; if number == 7 { 1_000_000_001 } else { 10 }];
        let submission = Submission { raw, ..message(&number.to_string(), vec![observed(number)]) };
        writer_busy.push(std::thread::spawn(move || journal.append_blocking(submission)));
    }
    let answers: Vec<_> = writer_busy.into_iter().map(|sender| sender.join().expect("a sender")).collect();
    assert!(matches!(&answers[7], Err(Error::Unstorable { .. })), "{:?}", answers[7]);
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 15);
    assert!(opened.journal.health().writable, "the disk is not at fault");
    opened.journal.close();
    assert_eq!(opened.reader.last_seq(), Ok(15));
}
