//! How many messages a second become durable and answered, against the same disk without a journal.
//!
//! 64 connections with 16 messages in flight each, vitals of eight values a message. In turns, in one run: the
//! journal; a bare SQLite loop that commits 256 rows of the raw message at a time; a bare loop that appends
//! the raw messages to a preallocated file and syncs 256 at a time. Compare only within a run.
//!
//! The processor time a message costs the one thread that writes stands beside the same of the bare SQLite loop: it says
//! more than the clock where neighbours are busy.
//!
//! Prints one line of JSON. `cargo bench --bench journal -- [DIRECTORY]`.
#![allow(clippy::print_stdout, reason = "the printed line is what this program is for")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a bench measures time")]

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use stormwatch::clock::Clock;
use stormwatch::journal::{Journal, Submission};
use stormwatch::model::limits::JOURNAL_GROUP;
use stormwatch::model::{Analyte, Event, Observation, PatientId, Quality, Quantity, Status, Time, Value};

const CONNECTIONS: usize = 64;
const IN_FLIGHT: usize = 16;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(1500);

const VITALS: [(&str, &str, i64); 8] = [
    ("8867-4^Heart rate^LN", "heart_rate", 97_000),
    ("9279-1^Respiratory rate^LN", "respiratory_rate", 18_000),
    ("59408-5^SpO2^LN", "spo2", 96_000),
    ("8310-5^Body temperature^LN", "temperature", 38_400),
    ("8480-6^Systolic^LN", "systolic", 104_000),
    ("8462-4^Diastolic^LN", "diastolic", 61_000),
    ("8478-0^MAP^LN", "map", 75_000),
    ("3151-8^Oxygen flow^LN", "oxygen_flow", 2_000),
];

fn main() {
    let place = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let place = place.map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let dir = place.join(format!("stormwatch-bench-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a directory for the bench");
    let (mut ours, mut sqlite, mut file, mut waits) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut our_work, mut sqlite_work) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let (rate, work) = journal(&dir.join(format!("journal-{round}")), &mut waits);
        ours.push(rate);
        our_work.push(work);
        let before = processor_us("");
        let rate = bare_sqlite(&dir.join(format!("sqlite-{round}.db")));
        sqlite_work.push((processor_us("") - before) / (rate * ROUND.as_secs_f64()));
        sqlite.push(rate);
        file.push(bare_file(&dir.join(format!("file-{round}"))));
    }
    std::fs::remove_dir_all(&dir).expect("the directory of the bench");
    waits.sort_unstable();
    let share = |part: usize| waits[(waits.len() - 1) * part / 1000];
    let ratios = |base: &[f64]| median(ours.iter().zip(base).map(|(ours, base)| ours / base).collect());
    println!(
        "{{\"bench\":\"durable_acks\",\"connections\":{CONNECTIONS},\"in_flight\":{IN_FLIGHT},\"events_per_append\":{},\
         \"appends_per_second\":{:.0},\"bare_sqlite_group_commit_per_second\":{:.0},\"ratio\":{:.3},\
         \"bare_preallocated_file_per_second\":{:.0},\"ratio_to_file\":{:.3},\"p50_us\":{},\"p99_us\":{},\
         \"writer_cpu_us_per_append\":{:.1},\"bare_sqlite_cpu_us_per_append\":{:.1}}}",
        VITALS.len(),
        median(ours.clone()),
        median(sqlite.clone()),
        ratios(&sqlite),
        median(file.clone()),
        ratios(&file),
        share(500),
        share(990),
        median(our_work),
        median(sqlite_work),
    );
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Processor time of this process's threads of that name so far, in microseconds; of this thread where it is empty.
fn processor_us(name: &str) -> f64 {
    let own = PathBuf::from("/proc/thread-self");
    let tasks = std::fs::read_dir("/proc/self/task").expect("the threads");
    let named =
        |task: &PathBuf| std::fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.trim() == name);
    let tasks = tasks.map(|task| task.expect("a thread").path()).filter(named);
    let of = |task: PathBuf| -> Option<f64> {
        let text = std::fs::read_to_string(task.join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    };
    let nanoseconds: f64 = if name.is_empty() { of(own).unwrap_or(0.0) } else { tasks.filter_map(of).sum() };
    nanoseconds / 1000.0
}

/// Some 700 bytes, different for every number.
fn raw(number: u64) -> Vec<u8> {
    let mut text = format!(
        "MSH|^~\\&|MON|6E|STORM|WARD|20261122060000+0900||ORU^R01^ORU_R01|{number:010}|P|2.6\r\
         PID|1||0012345^^^KUH^MR\rPV1|1|I|6E^^07\rOBR|1|||VITALS|||20261122060000+0900\r"
    );
    for (index, (code, _, value)) in VITALS.iter().enumerate() {
        text.push_str(&format!("OBX|{}|NM|{code}||{}|1^1^UCUM|||||F\r", index + 1, value / 1000));
    }
    text.into_bytes()
}

fn message(number: u64) -> Submission {
    let patient = PatientId::parse("0012345").expect("an identifier");
    let observed = |(code, analyte, value): &(&str, &str, i64)| {
        Event::Observed(Observation {
            patient: patient.clone(),
            analyte: Analyte::named(analyte),
            quantity: Some(Quantity::exactly(Value(*value))),
            measured_at: Time(1_795_298_400_000),
            source: "MON|6E".into(),
            code: (*code).into(),
            status: Status::Final,
            quality: Quality::default(),
            order: None,
            device: None,
            original: format!("{} 1", value / 1000),
        })
    };
    Submission {
        key: Some(format!("mllp|MON|6E|{number:010}|e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")),
        source: "MON|6E".into(),
        via: "mllp",
        raw: raw(number),
        events: VITALS.iter().map(observed).collect(),
        answer: format!("MSH|^~\\&|STORM|WARD|MON|6E|20261122060000+0900||ACK^R01^ACK|{number}|P|2.6\rMSA|AA|{number:010}\r").into_bytes(),
        quarantined: Vec::new(),
    }
}

/// Appends a second, and microseconds of the writer's processor time for each; every wait in microseconds goes to
/// `waits`.
fn journal(dir: &Path, waits: &mut Vec<u64>) -> (f64, f64) {
    let opened = Journal::open(dir, Clock::system()).expect("a journal");
    let engine = std::thread::spawn(move || opened.tail.count());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let began = Instant::now();
    let journal = opened.journal.clone();
    let heard = runtime.block_on(async move {
        let mut senders = tokio::task::JoinSet::new();
        for sender in 0..CONNECTIONS * IN_FLIGHT {
            let journal = journal.clone();
            senders.spawn(async move {
                let mut heard = Vec::new();
                let mut number = (sender as u64) << 32;
                while began.elapsed() < ROUND {
                    let sent = Instant::now();
                    journal.append(message(number)).await.expect("an append");
                    heard.push(sent.elapsed().as_micros() as u64);
                    number += 1;
                }
                heard
            });
        }
        senders.join_all().await
    });
    let took = began.elapsed();
    let work = processor_us("journal");
    opened.journal.close();
    let before = waits.len();
    waits.extend(heard.into_iter().flatten());
    let appended = waits.len() - before;
    assert_eq!(engine.join().expect("the engine's thread"), appended * VITALS.len());
    (appended as f64 / took.as_secs_f64(), work / appended as f64)
}

fn bare_sqlite(path: &Path) -> f64 {
    let store = rusqlite::Connection::open(path).expect("a store");
    store
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE message (id INTEGER PRIMARY KEY, key TEXT UNIQUE, raw BLOB)",
        )
        .expect("a table");
    let mut insert = store.prepare("INSERT INTO message (key, raw) VALUES (?1, ?2)").expect("a statement");
    bare(|first| {
        store.execute_batch("BEGIN").expect("a transaction");
        for number in first..first + JOURNAL_GROUP as u64 {
            insert
                .execute(rusqlite::params![format!("mllp|MON|6E|{number:010}"), raw(number)])
                .expect("a row");
        }
        store.execute_batch("COMMIT").expect("a commit");
    })
}

fn bare_file(path: &Path) -> f64 {
    let file = Arc::new(File::create(path).expect("a file"));
    let size = 1 << 20;
    for at in 0..512 {
        file.write_all_at(&vec![0; size], at * size as u64).expect("room for the file");
    }
    file.sync_all().expect("a sync");
    let mut at = 0;
    bare(|first| {
        let group: Vec<u8> = (first..first + JOURNAL_GROUP as u64).flat_map(raw).collect();
        file.write_all_at(&group, at % (480 << 20)).expect("a write");
        at += group.len() as u64;
        file.sync_data().expect("a sync");
    })
}

/// Groups a second times their size.
fn bare(mut commit: impl FnMut(u64)) -> f64 {
    let began = Instant::now();
    let mut done = 0;
    while began.elapsed() < ROUND {
        commit(done);
        done += JOURNAL_GROUP as u64;
    }
    done as f64 / began.elapsed().as_secs_f64()
}
