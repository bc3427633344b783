//! Nothing that was answered is lost, whenever the process is killed.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::sample::observed;
use super::*;
use crate::clock::Stopwatch;

/// Set in the child: the directory whose journal it fills until it is killed.
const CHILD: &str = "STORMWATCH_TEST_JOURNAL";
const KILLS: u32 = 12;

#[test]
fn nothing_answered_is_lost_when_the_process_is_killed() {
    if let Some(dir) = std::env::var_os(CHILD) {
        append_for_ever(Path::new(&dir));
    }
    let kills = std::env::var("STORMWATCH_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let dir = tempfile::tempdir().expect("a folder");
    let mut answered: Vec<(u64, String)> = Vec::new();
    for kill in 0..kills {
        answered.extend(one_life(dir.path(), kill));
        let report = verify(dir.path(), |_| {}).expect("a report");
        assert_eq!(report.broken, None, "after kill {kill}");
        assert!(report.entries >= answered.len() as u64);
    }
    assert!(answered.len() as u32 >= kills, "only {} answers in {kills} lives", answered.len());
    let reader = Reader::new(dir.path());
    // A fast disk answers tens of thousands; each look is a query of its own. Every seventeenth, and the last of them
    // all, which the kill came closest to; the chain above counted every one.
    let looked_at = answered.iter().step_by(17).chain(answered.iter().rev().take(300));
    for (seq, key) in looked_at {
        let message = reader.message_of(*seq).expect("a read").expect("an answered message");
        assert_eq!(message.raw, key.as_bytes(), "entry {seq}");
    }
    // All of them are known again by their keys.
    let opened = Journal::open(dir.path(), Clock::system()).expect("a journal");
    let before = opened.last_seq;
    for (_, key) in answered.iter().take(200) {
        let again = opened.journal.append_blocking(submission(key.clone()));
        assert_eq!(again, Ok(Appended::Repeated { answer: key.clone().into_bytes() }));
    }
    opened.journal.close();
    assert_eq!(opened.reader.last_seq(), Ok(before));
}

fn submission(key: String) -> Submission {
    let bytes = key.clone().into_bytes();
    let events = vec![observed(1)];
    Submission {
        key: Some(key),
        via: "mllp",
        raw: bytes.clone(),
        answer: bytes,
        events,
        ..Submission::default()
    }
}

/// Starts the child, collects its answers, kills it after a while that differs from life to life.
fn one_life(dir: &Path, kill: u32) -> Vec<(u64, String)> {
    let exe = std::env::current_exe().expect("this program");
    let mut child = Command::new(exe)
        .args([
            "--exact",
            "journal::crash_test::nothing_answered_is_lost_when_the_process_is_killed",
            "--nocapture",
        ])
        .env(CHILD, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a child");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut answered = Vec::new();
    let mut since: Option<Stopwatch> = None;
    let life = Duration::from_millis(u64::from(kill * 37 % 151));
    for line in lines {
        let Ok(line) = line else { break };
        // The test harness writes before the first answer, without a line end.
        let Some((_, answer)) = line.split_once("answered ") else { continue };
        if let Some((seq, key)) = answer.split_once(' ')
            && key.ends_with('.')
        {
            answered.push((seq.parse().expect("a number"), key.to_owned()));
        }
        // The first answer starts the clock: a child slow to start is not killed before it did anything. What it
        // had already said when it was killed is still read.
        if since.get_or_insert_with(Stopwatch::start).elapsed() >= life {
            child.kill().expect("a kill");
        }
    }
    child.kill().expect("a kill");
    child.wait().expect("an end");
    answered
}

/// Four senders; each says what was answered as soon as it hears it.
fn append_for_ever(dir: &Path) -> ! {
    let Opened { journal, tail, last_seq, .. } = Journal::open(dir, Clock::system()).expect("a journal");
    std::thread::spawn(move || tail.count());
    let senders: Vec<_> = (0..4)
        .map(|sender| {
            let journal = journal.clone();
            std::thread::spawn(move || {
                for number in 0u64.. {
                    let key = format!("{}-{last_seq}-{sender}-{number}.", std::process::id());
                    let appended = journal.append_blocking(submission(key.clone())).expect("an append");
                    let Appended::New { first, .. } = appended else { panic!("the key is new") };
                    // The parent may be gone; then this ends too.
                    let line = format!("answered {first} {key}\n");
                    if std::io::stdout().lock().write_all(line.as_bytes()).is_err() {
                        std::process::exit(1);
                    }
                }
            })
        })
        .collect();
    senders.into_iter().for_each(|sender| drop(sender.join()));
    std::process::exit(1)
}
