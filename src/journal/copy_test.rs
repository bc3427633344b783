//! An export read back is the same journal.

use std::path::Path;

use super::sample::observed;
use super::*;
use crate::model::Entry;

fn filled(dir: &Path) {
    let Opened { journal, .. } =
        Journal::open(dir, Clock::stopped_at(Time(1_795_262_400_123))).expect("a journal");
    let piece = |id: &str, raw: &[u8]| Quarantined {
        id: id.into(),
        class: "malformed".into(),
        reason: "no OBX^5".into(),
        place: "OBX^1".into(),
        raw: raw.to_vec(),
        patient: None,
    };
    let message =
        Submission { source: "LIS".into(), via: "mllp", answer: b"AA".to_vec(), ..Submission::default() };
    let raw = b"MSH|\x1b$B;3ED\x1b(B|\xff\r".to_vec();
    let submissions = [
        Submission {
            key: Some("one".into()),
            events: sample::events(),
            raw: b"MSH|\r".to_vec(),
            ..message.clone()
        },
        Submission { quarantined: vec![piece("q1", &raw), piece("q2", b"OBX|")], raw, ..message.clone() },
        Submission { key: Some("k".repeat(90)), events: vec![observed(1), observed(2)], ..message },
    ];
    for submission in submissions {
        journal.append_blocking(submission).expect("an append");
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(journal.mark_quarantined("q2", QuarantineState::Resolved)).expect("a mark");
    journal.close();
}

fn exported(dir: &Path, raw: bool) -> String {
    let mut out = Vec::new();
    export(dir, &mut out, raw, |_| {}).expect("an export");
    String::from_utf8(out).expect("text")
}

fn entries(dir: &Path) -> Vec<Entry> {
    Reader::new(dir).entries(1).expect("a walk").collect::<Result<_, _>>().expect("entries")
}

#[test]
fn with_raw_messages_the_copy_has_the_same_chain_keys_and_quarantine() {
    let (from, to) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    filled(from.path());
    let text = exported(from.path(), true);
    let copied = import(to.path(), text.as_bytes(), |_| {}).expect("an import");
    assert_eq!(copied, Copied { messages: 3, entries: sample::events().len() as u64 + 2 });
    let report = verify(to.path(), |_| {}).expect("a report");
    assert_eq!(Ok(report), verify(from.path(), |_| {}));
    assert_eq!(exported(to.path(), true), text);
    let states = |dir: &Path| Reader::new(dir).quarantine(&Filter::default()).expect("a list");
    assert_eq!(states(to.path()), states(from.path()));

    let opened = Journal::open(to.path(), Clock::system()).expect("a journal");
    let again = Submission { key: Some("one".into()), ..Submission::default() };
    assert_eq!(opened.journal.append_blocking(again), Ok(Appended::Repeated { answer: b"AA".to_vec() }));
    opened.journal.close();
}

#[test]
fn without_raw_messages_the_entries_are_the_same() {
    let (from, to) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    filled(from.path());
    let text = exported(from.path(), false);
    assert!(!text.contains("MSH|"));
    import(to.path(), text.as_bytes(), |_| {}).expect("an import");
    assert_eq!(entries(to.path()), entries(from.path()));
    assert!(verify(to.path(), |_| {}).expect("a report").is_good());
    let refused = import(to.path(), text.as_bytes(), |_| {}).expect_err("there is a journal");
    assert!(matches!(refused, Error::Occupied { .. }), "{refused}");
}

#[test]
fn a_copy_that_was_cut_or_changed_is_refused_and_leaves_nothing() {
    let from = tempfile::tempdir().expect("a folder");
    filled(from.path());
    for raw in [true, false] {
        let text = exported(from.path(), raw);
        let lines: Vec<&str> = text.lines().collect();
        let without = |gone: usize| -> String {
            let kept = lines.iter().enumerate().filter(|(at, _)| *at != gone);
            kept.map(|(_, line)| format!("{line}\n")).collect()
        };
        let mut changed: Vec<String> = (0..lines.len()).map(without).collect();
        changed.push(text.replace("38400", "38500"));
        changed.push(text.clone() + lines[1] + "\n");
        changed.push("{}\n".into());
        changed.push(String::new());
        for (number, bad) in changed.iter().enumerate() {
            let to = tempfile::tempdir().expect("a folder");
            let refused = import(to.path(), bad.as_bytes(), |_| {});
            assert!(matches!(refused, Err(Error::Import { .. })), "change {number}: {refused:?}");
            assert!(!files::store(to.path()).exists(), "change {number}");
        }
    }
}

#[test]
fn people_can_ask_the_store_with_sql() {
    let dir = tempfile::tempdir().expect("a folder");
    filled(dir.path());
    let store = rusqlite::Connection::open(files::store(dir.path())).expect("a store");
    let query = "SELECT group_concat(seq), max(event ->> '$.observed.analyte') FROM entry
                 WHERE event ->> '$.observed.patient' = '0012345'";
    let found: (String, String) =
        store.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?))).expect("an answer");
    let last = sample::events().len() + 2;
    assert_eq!(found, (format!("1,2,{},{last}", last - 1), "temperature".into()));
}
