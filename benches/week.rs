//! A week of a hospital, as fast as it is taken: laboratory and census over MLLP, vital signs over MQTT, at once.
//!
//! The simulator writes the week (BEDS=1000 patients, DAYS=7, vital signs every EVERY=5m); this program plays it to the
//! built service through a Mosquitto of its own, watches memory and lag, and then counts: everything that was
//! acknowledged has to lie in the journal, once, and the chain of hashes has to hold. Prints one line of JSON; the exit
//! code is 1 where anything is lost.
//!
//! With ADMIT=6 patients come one after another, every six hours, and go again when they have been followed: BEDS then counts
//! patients, and DAYS how long each of them is followed with two days before the infusion.
//!
//! `make week`, or `cargo bench --bench week` after `cargo build --release --workspace`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the printed lines are what this program is for"
)]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a bench measures time")]

use std::collections::VecDeque;
use std::collections::hash_map::DefaultHasher;
use std::fs::File;
use std::hash::{Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rumqttc::{Client, Event, MqttOptions, Packet, QoS};
use serde_json::{Value as Json, json};

/// Senders over MLLP; a patient's messages stay on one of them, in order.
const CONNECTIONS: usize = 8;
/// Unanswered messages of one connection.
const IN_FLIGHT: u64 = 16;
/// Publications the service may be behind before more are published.
const BEHIND: u64 = 20_000;
/// Memory and lag are looked at this often.
const LOOK: Duration = Duration::from_millis(500);

/// Programs and folders of one run; everything ends with it.
struct Stage {
    service: Child,
    broker: Child,
    folder: PathBuf,
    http: String,
    mllp: String,
    mqtt: u16,
}

impl Drop for Stage {
    fn drop(&mut self) {
        for child in [&mut self.service, &mut self.broker] {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn setting(name: &str, otherwise: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}

/// The binaries of this build, or those beside STORMWATCH_BIN.
fn program(name: &str) -> PathBuf {
    let ours = PathBuf::from(setting("STORMWATCH_BIN", env!("CARGO_BIN_EXE_stormwatch")));
    let path = ours.with_file_name(name);
    assert!(path.exists(), "{} is missing; run `cargo build --release --workspace`", path.display());
    path
}

/// Lets the simulator write the week, all of it in the past. Three days are the least it writes.
fn record(file: &Path, beds: &str, days: i64, every: &str, admit: i64) {
    // Two days before the infusion belong to the week. Infusions are given at a fixed hour of the day, so a day more may
    // pass; times in the future would only fill the quarantine.
    let followed = (days - 2).max(1);
    let admissions = admit * (beds.parse::<i64>().expect("BEDS is a number") - 1);
    let from =
        jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * (followed + 3) + 1 + admissions);
    let status = Command::new(program("stormwatch-simulator"))
        .args(["cohort", "--patients", beds, "--seed", "1", "--admit-every", &format!("{admit}h")])
        .args(["--vitals-every", every])
        .args(["--days", &followed.to_string(), "--from", &from.to_string(), "--out"])
        .arg(file)
        .status()
        .expect("the simulator runs");
    assert!(status.success());
}

impl Stage {
    fn set() -> Stage {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("week-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let mqtt = free.local_addr().expect("bound").port();
        drop(free);
        let config = folder.join("mosquitto.conf");
        let lines =
            format!("user root\nlistener {mqtt} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n");
        std::fs::write(&config, lines).expect("written");
        let mosquitto =
            ["/usr/sbin/mosquitto", "/usr/bin/mosquitto"].into_iter().find(|p| Path::new(p).exists());
        let broker = Command::new(mosquitto.expect("mosquitto is missing; run `make test-tools`"))
            .arg("-c")
            .arg(&config)
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto runs");
        while TcpStream::connect(("127.0.0.1", mqtt)).is_err() {
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut service = Command::new(program("stormwatch"))
            .args(["serve", "--http", "127.0.0.1:0", "--mllp", "127.0.0.1:0"])
            .args(["--mqtt", &format!("mqtt://127.0.0.1:{mqtt}"), "--data"])
            .arg(folder.join("data"))
            .env("RUST_LOG", setting("RUST_LOG", "error"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the service starts");
        let line = BufReader::new(service.stdout.take().expect("piped")).lines().next();
        let line = line.expect("a line before the end").expect("text");
        let word =
            |name: &str| line.split(name).nth(1).and_then(|rest| rest.split(' ').next()).expect("a word");
        let (http, mllp) = (word("http=").to_owned(), word("mllp=").to_owned());
        let stage = Stage { service, broker, folder, http, mllp, mqtt };
        while stage.figure("stormwatch_mqtt_up{broker=\"mqtt\"}") == 0 {
            std::thread::sleep(Duration::from_millis(50));
        }
        stage
    }

    fn scrape(&self) -> String {
        let mut stream = TcpStream::connect(&self.http).expect("the port accepts");
        let request = format!("GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.http);
        stream.write_all(request.as_bytes()).expect("written");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer");
        text
    }

    fn figure(&self, name: &str) -> u64 {
        number(&self.scrape(), name) as u64
    }

    /// Resident memory in MiB: now (`VmRSS:`) or at its highest (`VmHWM:`).
    fn memory(&self, which: &str) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.service.id())).expect("it lives");
        let line = status.lines().find(|line| line.starts_with(which)).expect("it is said");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a number") / 1024
    }
}

fn number(scraped: &str, name: &str) -> f64 {
    let line = scraped.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0.0, |number| number.trim().parse().expect("a number"))
}

/// Everything the service has heard over MQTT, whatever became of it.
fn heard(scraped: &str) -> u64 {
    scraped
        .lines()
        .filter(|line| line.starts_with("stormwatch_messages_total{") && line.contains("via=\"mqtt\""))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum::<f64>() as u64
}

#[derive(Default)]
struct Counts {
    mllp: AtomicU64,
    /// Answered AA, and anything else.
    good: AtomicU64,
    other: AtomicU64,
    /// Milliseconds from a message to its answer.
    waited: Mutex<Vec<u64>>,
    published: AtomicU64,
    confirmed: AtomicU64,
    heard: AtomicU64,
}

/// One sender over MLLP with a few messages under way.
fn send(address: &str, messages: &Receiver<String>, counts: &Arc<Counts>) {
    let mut stream = TcpStream::connect(address).expect("the port accepts");
    stream.set_nodelay(true).expect("set");
    let mut answers = stream.try_clone().expect("a second handle");
    let open = Arc::new(AtomicU64::new(0));
    // When each unanswered message left; answers come in order.
    let left = Arc::new(Mutex::new(VecDeque::new()));
    let reading = {
        let (open, left, counts) = (open.clone(), left.clone(), counts.clone());
        std::thread::spawn(move || {
            let (mut text, mut buffer) = (Vec::new(), [0u8; 65_536]);
            while let Ok(count @ 1..) = answers.read(&mut buffer) {
                text.extend_from_slice(&buffer[..count]);
                while let Some(end) = text.windows(2).position(|pair| pair == [0x1c, b'\r']) {
                    let frame: Vec<u8> = text.drain(..end + 2).collect();
                    let good = frame.windows(7).any(|window| window == b"MSA|AA|");
                    let count = if good { &counts.good } else { &counts.other };
                    count.fetch_add(1, Ordering::SeqCst);
                    let left: Instant =
                        left.lock().expect("whole").pop_front().expect("a message before its answer");
                    counts.waited.lock().expect("whole").push(left.elapsed().as_millis() as u64);
                    open.fetch_sub(1, Ordering::SeqCst);
                }
            }
        })
    };
    for message in messages {
        while open.load(Ordering::SeqCst) >= IN_FLIGHT {
            std::thread::sleep(Duration::from_micros(200));
        }
        open.fetch_add(1, Ordering::SeqCst);
        counts.mllp.fetch_add(1, Ordering::SeqCst);
        left.lock().expect("whole").push_back(Instant::now());
        let frame = [b"\x0b", message.as_bytes(), b"\x1c\r"].concat();
        stream.write_all(&frame).expect("written");
    }
    while open.load(Ordering::SeqCst) > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    stream.shutdown(std::net::Shutdown::Both).expect("closed");
    reading.join().expect("the reader ends");
}

/// Publishes at QoS 1, never far ahead of what the service has heard.
fn publish(port: u16, messages: &Receiver<(String, String)>, counts: &Arc<Counts>) {
    let mut options = MqttOptions::new("the-week", "127.0.0.1", port);
    options.set_inflight(200);
    options.set_keep_alive(Duration::from_secs(60));
    let (client, mut connection) = Client::new(options, 400);
    let confirming = {
        let counts = counts.clone();
        std::thread::spawn(move || {
            for event in connection.iter() {
                match event {
                    Ok(Event::Incoming(Packet::PubAck(_))) => {
                        let _ = counts.confirmed.fetch_add(1, Ordering::SeqCst);
                    }
                    Ok(Event::Outgoing(rumqttc::Outgoing::Disconnect)) | Err(_) => break,
                    Ok(_) => {}
                }
            }
        })
    };
    for (topic, body) in messages {
        while counts.published.load(Ordering::SeqCst) > counts.heard.load(Ordering::SeqCst) + BEHIND {
            std::thread::sleep(Duration::from_millis(5));
        }
        counts.published.fetch_add(1, Ordering::SeqCst);
        client.publish(topic, QoS::AtLeastOnce, false, body).expect("queued");
    }
    while counts.confirmed.load(Ordering::SeqCst) < counts.published.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(5));
    }
    client.disconnect().expect("queued");
    confirming.join().expect("the line ends");
}

/// What was seen while the week was played.
#[derive(Default)]
struct Seen {
    /// Resident MiB at the end of each day of the week.
    memory: Vec<u64>,
    lags: Vec<u64>,
}

/// Plays the recording; lines go to their sender in order.
fn play(
    recording: &Path,
    mllp: &[SyncSender<String>],
    mqtt: &SyncSender<(String, String)>,
    day_over: impl Fn(),
) {
    let mut today = String::new();
    for line in BufReader::with_capacity(1 << 20, File::open(recording).expect("readable")).lines() {
        let line: Json = serde_json::from_str(&line.expect("text")).expect("a line of the recording");
        let text = |key: &str| line[key].as_str().expect("text").to_owned();
        let day = text("at").split('T').next().expect("a date").to_owned();
        if !today.is_empty() && day != today {
            day_over();
        }
        today = day;
        if line["via"] == "mqtt" {
            mqtt.send((text("topic"), text("body"))).expect("the publisher lives");
        } else {
            let body = text("body");
            let mut hasher = DefaultHasher::new();
            body.split('\r').find(|segment| segment.starts_with("PID|")).hash(&mut hasher);
            mllp[hasher.finish() as usize % mllp.len()].send(body).expect("the sender lives");
        }
    }
}

fn watch(stage: &Stage, counts: &Counts, over: &AtomicU64, seen: &mut Seen, ended: &AtomicU64) {
    while over.load(Ordering::SeqCst) == 0 {
        let scraped = stage.scrape();
        counts.heard.store(heard(&scraped), Ordering::SeqCst);
        let lag = number(&scraped, "stormwatch_journal_seq") - number(&scraped, "stormwatch_folded_seq");
        seen.lags.push(lag.max(0.0) as u64);
        while (seen.memory.len() as u64) < ended.load(Ordering::SeqCst) {
            seen.memory.push(stage.memory("VmRSS:"));
            let memory = seen.memory.last().expect("just added");
            eprintln!("day {}: {memory} MiB, {lag} entries behind", seen.memory.len());
        }
        std::thread::sleep(LOOK);
    }
}

fn main() {
    let (beds, days, every) = (setting("BEDS", "1000"), setting("DAYS", "7"), setting("EVERY", "5m"));
    let stage = Stage::set();
    let recording = stage.folder.join("week.jsonl");
    let admit = setting("ADMIT", "0").parse().expect("ADMIT is a number of hours");
    record(&recording, &beds, days.parse().expect("DAYS is a number"), &every, admit);
    let lines = BufReader::new(File::open(&recording).expect("readable")).lines().count() as u64;
    eprintln!("{beds} beds, {days} days, {lines} messages");
    let start = stage.memory("VmRSS:");
    let counts = Arc::new(Counts::default());
    let (over, ended, mut seen) = (AtomicU64::new(0), AtomicU64::new(0), Seen::default());
    let began = Instant::now();
    std::thread::scope(|scope| {
        let (published, publications) = sync_channel(1_000);
        let publisher = scope.spawn(|| {
            let (publications, counts) = (publications, counts.clone());
            publish(stage.mqtt, &publications, &counts);
        });
        let mut queues = Vec::new();
        let mut senders = Vec::new();
        for _ in 0..CONNECTIONS {
            let (queue, messages) = sync_channel(1_000);
            queues.push(queue);
            let (address, counts) = (stage.mllp.clone(), counts.clone());
            senders.push(scope.spawn(move || send(&address, &messages, &counts)));
        }
        let (over, ended, counts, seen, stage) = (&over, &ended, &counts, &mut seen, &stage);
        let watching = scope.spawn(move || watch(stage, counts, over, seen, ended));
        play(&recording, &queues, &published, || {
            let _ = ended.fetch_add(1, Ordering::SeqCst);
        });
        drop((queues, published));
        senders.into_iter().for_each(|sender| sender.join().expect("a sender ends"));
        publisher.join().expect("the publisher ends");
        while counts.heard.load(Ordering::SeqCst) < counts.published.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(20));
        }
        over.store(1, Ordering::SeqCst);
        watching.join().expect("the watch ends");
    });
    let good = report(stage, &counts, seen, start, began.elapsed().as_secs_f64());
    std::process::exit(i32::from(!good));
}

/// The value below which so many of a hundred lie.
fn share(of: &mut [u64], percent: usize) -> u64 {
    of.sort_unstable();
    of.get(of.len().saturating_sub(1) * percent / 100).copied().unwrap_or(0)
}

/// Messages the journal holds, by the door they came in.
fn kept(data: &Path, via: &str) -> u64 {
    let journal = rusqlite::Connection::open(data.join("journal.db")).expect("the journal opens");
    let count: i64 = journal
        .query_row("select count(*) from message where via = ?1", [via], |row| row.get(0))
        .expect("messages are counted");
    count.unsigned_abs()
}

/// Waits until everything is folded, stops the service, counts, and says so; `false` where anything is lost.
fn report(mut stage: Stage, counts: &Counts, mut seen: Seen, started_with: u64, seconds: f64) -> bool {
    let played = Instant::now();
    let scraped = loop {
        let scraped = stage.scrape();
        if number(&scraped, "stormwatch_journal_seq") <= number(&scraped, "stormwatch_folded_seq") {
            break scraped;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let caught_up = played.elapsed().as_secs_f64();
    let (end, highest) = (stage.memory("VmRSS:"), stage.memory("VmHWM:"));
    let _ = Command::new("kill").args(["-TERM", &stage.service.id().to_string()]).status();
    let stopped = stage.service.wait().expect("a child");
    let data = stage.folder.join("data");
    let chain_holds = stormwatch::journal::verify(&data, |_| {}).expect("the journal can be read").is_good();
    let load = |count: &AtomicU64| count.load(Ordering::SeqCst);
    let (mllp, mqtt) = (load(&counts.mllp), load(&counts.published));
    let (kept_mllp, kept_mqtt) = (kept(&data, "mllp"), kept(&data, "mqtt"));
    let unanswered = mllp - load(&counts.good) - load(&counts.other) + mqtt - load(&counts.confirmed);
    let mut waited = std::mem::take(&mut *counts.waited.lock().expect("whole"));
    let days = seen.memory.len() as f64;
    println!(
        "{}",
        json!({
            "bench": "week", "beds": setting("BEDS", "1000"), "days": setting("DAYS", "7"),
            "mllp": {"sent": mllp, "kept": kept_mllp, "not_aa": load(&counts.other)},
            "mqtt": {"sent": mqtt, "kept": kept_mqtt}, "unanswered": unanswered,
            "seconds": seconds.round(), "messages_per_second": ((mllp + mqtt) as f64 / seconds).round(),
            "faster_than_life": (days * 86_400.0 / seconds).round(),
            "answer_ms": {"p50": share(&mut waited, 50), "p99": share(&mut waited, 99), "max": share(&mut waited, 100)},
            "lag_entries": {"p50": share(&mut seen.lags, 50), "p99": share(&mut seen.lags, 99), "max": share(&mut seen.lags, 100)},
            "caught_up_seconds": caught_up, "entries": number(&scraped, "stormwatch_folded_seq"),
            "memory_mib": {"start": started_with, "after_each_day": seen.memory, "end": end, "highest": highest},
            "chain_holds": chain_holds, "stopped_well": stopped.success(),
        })
    );
    chain_holds && stopped.success() && unanswered == 0 && kept_mllp == mllp && kept_mqtt == mqtt
}
