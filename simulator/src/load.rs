//! `load`: sends vital signs over many connections as fast as they are answered, and measures.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, timeout};

use crate::chance::Chance;
use crate::hl7;
use crate::moment;
use crate::person::Person;
use crate::probe::{self, Probed};
use crate::say;
use crate::send::{Answer, Mllp, PATIENCE, frame, unframe};

#[derive(clap::Args, Clone)]
pub struct Options {
    #[arg(long, default_value = "127.0.0.1:2575")]
    pub mllp: String,
    #[arg(long, default_value_t = 8)]
    pub connections: usize,
    /// Messages on their way at once on each connection.
    #[arg(long, default_value_t = 1)]
    pub in_flight: usize,
    /// Over all connections together.
    #[arg(long, default_value_t = 100_000)]
    pub messages: usize,
    /// Patients on each connection.
    #[arg(long, default_value_t = 4)]
    pub patients: usize,
    #[arg(long, default_value = "LOAD")]
    pub ward: String,
    /// Also measure how long a result takes to become an alert here: ws://127.0.0.1:8080/ws/v1.
    #[arg(long)]
    pub ws: Option<String>,
    /// How many alerts to measure with `--ws`.
    #[arg(long, default_value_t = 100, requires = "ws")]
    pub probe: usize,
    /// Measure alerts while the load is on, instead of afterwards.
    #[arg(long, requires = "ws")]
    pub probe_under_load: bool,
    /// Bearer token for the WebSocket.
    #[arg(long, requires = "ws")]
    pub token: Option<String>,
}

/// The figures of one run. Times in milliseconds from writing a message to reading its answer.
#[derive(Serialize)]
struct Figures {
    messages: usize,
    connections: usize,
    in_flight: usize,
    seconds: f64,
    acks_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    p999_ms: f64,
    aa: usize,
    ae: usize,
    ar: usize,
    /// Answers to another message or without a code, and messages never answered.
    bad: usize,
    #[serde(flatten)]
    probed: Option<Probed>,
}

/// What one connection saw.
#[derive(Default)]
struct Tally {
    micros: Vec<u32>,
    aa: usize,
    ae: usize,
    ar: usize,
    bad: usize,
}

pub fn run(options: &Options) -> Result<()> {
    if options.connections == 0 || options.in_flight == 0 || options.patients == 0 {
        bail!("--connections, --in-flight and --patients are at least 1");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let figures = runtime.block_on(measure(options))?;
    say::answer(&serde_json::to_string(&figures)?);
    Ok(())
}

async fn measure(options: &Options) -> Result<Figures> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as i64;
    let run = format!("L{}", now / 1000 % 100_000_000);
    let patients = admit(options, &run, now / 1000).await?;
    let probes = |options: Options, run: String| async move {
        match &options.ws {
            Some(url) => {
                probe::run(&options.mllp, url, options.token.as_deref(), options.probe, &options.ward, &run)
                    .await
                    .map(Some)
            }
            None => Ok(None),
        }
    };
    let together = options.probe_under_load.then(|| tokio::spawn(probes(options.clone(), run.clone())));
    let started = Instant::now();
    let mut tasks = Vec::new();
    for (index, patients) in patients.into_iter().enumerate() {
        let count = options.messages / options.connections
            + usize::from(index < options.messages % options.connections);
        let stream = TcpStream::connect(&options.mllp)
            .await
            .with_context(|| format!("cannot connect to {}; is the service running?", options.mllp))?;
        stream.set_nodelay(true)?;
        let template = Template::new(patients, format!("{run}{index:02}-"), now - 20 * count as i64);
        tasks.push(tokio::spawn(converse(stream, template, count, options.in_flight)));
    }
    let mut total = Tally::default();
    for task in tasks {
        total.add(task.await.context("a connection's task")?);
    }
    let seconds = started.elapsed().as_secs_f64();
    let probed = match together {
        Some(task) => task.await.context("the probes' task")??,
        None => probes(options.clone(), run).await?,
    };
    Ok(total.figures(options, seconds, probed))
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.micros.extend(other.micros);
        self.aa += other.aa;
        self.ae += other.ae;
        self.ar += other.ar;
        self.bad += other.bad;
    }

    fn figures(mut self, options: &Options, seconds: f64, probed: Option<Probed>) -> Figures {
        self.micros.sort_unstable();
        let quantile = |share: f64| millis_at(&self.micros, share);
        Figures {
            messages: options.messages,
            connections: options.connections,
            in_flight: options.in_flight,
            seconds: (seconds * 1000.0).round() / 1000.0,
            acks_per_second: (self.micros.len() as f64 / seconds.max(1e-9)).round(),
            p50_ms: quantile(0.5),
            p99_ms: quantile(0.99),
            p999_ms: quantile(0.999),
            aa: self.aa,
            ae: self.ae,
            ar: self.ar,
            bad: self.bad,
            probed,
        }
    }
}

/// The value below which `share` of the sorted times lie, in milliseconds; 0 when there are none.
pub fn millis_at(sorted_micros: &[u32], share: f64) -> f64 {
    let rank = (share * sorted_micros.len() as f64).ceil() as usize;
    sorted_micros.get(rank.max(1) - 1).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
}

/// Admits the patients of every connection, so that no result waits for its patient.
async fn admit(options: &Options, run: &str, now: i64) -> Result<Vec<Vec<Person>>> {
    let mut mllp = Mllp::new(&options.mllp);
    let mut all = Vec::new();
    for connection in 0..options.connections {
        let mut patients = Vec::new();
        for index in 0..options.patients {
            let number = connection * options.patients + index + 1;
            let bed = format!("{number:03}");
            let mut person =
                Person::draw(0, number, &options.ward, &bed, now, &mut Chance::new(0, number as u64));
            person.id = format!("{run}-{number}");
            let control = format!("{run}A{number}");
            let message = hl7::admission(&person, "A01", &control, now - moment::HOUR);
            let answer = timeout(PATIENCE, mllp.send(&message))
                .await
                .with_context(|| format!("{} does not answer; is the service running?", options.mllp))?;
            if !answer.is_good() {
                bail!("an admission was answered {}: {}", answer.code, answer.text);
            }
            patients.push(person);
        }
        all.push(patients);
    }
    Ok(all)
}

/// Messages of eight OBX that differ in id, patient, time and values.
struct Template {
    patients: Vec<String>,
    control: String,
    /// Milliseconds since 1970 of the first message; each later one is 20 ms younger, all in the past.
    first: i64,
}

const SIGNS: [(&str, &str, &str, [&str; 4]); 8] = [
    ("8310-5", "Body temperature", "Cel", ["36.6", "36.7", "36.8", "36.7"]),
    ("8867-4", "Heart rate", "/min", ["78", "80", "79", "81"]),
    ("76534-7", "Systolic blood pressure by Noninvasive", "mm[Hg]", ["118", "121", "119", "120"]),
    ("76535-4", "Diastolic blood pressure by Noninvasive", "mm[Hg]", ["70", "71", "72", "71"]),
    ("76536-2", "Mean blood pressure by Noninvasive", "mm[Hg]", ["86", "88", "88", "87"]),
    ("59408-5", "Oxygen saturation by Pulse oximetry", "%", ["97", "98", "97", "98"]),
    ("9279-1", "Respiratory rate", "/min", ["15", "16", "16", "15"]),
    ("8889-8", "Heart rate by Pulse oximetry", "/min", ["78", "80", "79", "81"]),
];

impl Template {
    fn new(patients: Vec<Person>, control: String, first: i64) -> Self {
        let patients = patients
            .iter()
            .map(|person| {
                format!(
                    "PID|1||{}^^^KUH^MR||SIMULATED^LOAD||19600101|M\rPV1|1|I|{}^{}^1\r",
                    person.id, person.ward, person.bed
                )
            })
            .collect();
        Self { patients, control, first }
    }

    /// The message as a block.
    fn block(&self, index: usize) -> Vec<u8> {
        let time = moment::hl7_millis(self.first + 20 * index as i64);
        let patient = &self.patients[index % self.patients.len()];
        let mut text = String::with_capacity(1600);
        let _ = write!(
            text,
            "MSH|^~\\&|WARD|KUH|STORMWATCH|KUH|{time}||ORU^R01^ORU_R01|{}{index}|P|2.5||||||UNICODE UTF-8\r\
             {patient}OBR|1||{index}|VITALS^Vital signs^99STW|||{time}|||||||||||||||{time}|||F\r",
            self.control
        );
        for (row, (code, name, unit, values)) in SIGNS.iter().enumerate() {
            let value = values[index / self.patients.len() % values.len()];
            let _ = write!(
                text,
                "OBX|{}|NM|{code}^{name}^LN||{value}|{unit}^{unit}^UCUM|||||F|||{time}\r",
                row + 1
            );
        }
        frame(text.as_bytes())
    }
}

/// Sends `count` messages with at most `window` unanswered, and reads every answer.
async fn converse(stream: TcpStream, template: Template, count: usize, window: usize) -> Tally {
    let (reader, writer) = stream.into_split();
    let room = Arc::new(Semaphore::new(window));
    let (times, sent) = mpsc::unbounded_channel();
    let control = template.control.clone();
    let writing = tokio::spawn(write_all(writer, template, count, Arc::clone(&room), times));
    let tally = read_all(reader, &control, count, &room, sent).await;
    writing.abort();
    tally
}

async fn write_all(
    mut writer: OwnedWriteHalf,
    template: Template,
    count: usize,
    room: Arc<Semaphore>,
    times: mpsc::UnboundedSender<Instant>,
) {
    let mut next = 0;
    while next < count {
        let Ok(permit) = room.acquire().await else { return };
        permit.forget();
        let mut batch = template.block(next);
        let mut batched = 1;
        next += 1;
        // What there is room for goes out in one write.
        while next < count && batch.len() < 64 * 1024 {
            let Ok(permit) = room.try_acquire() else { break };
            permit.forget();
            batch.extend(template.block(next));
            batched += 1;
            next += 1;
        }
        let now = Instant::now();
        for _ in 0..batched {
            let _ = times.send(now);
        }
        if writer.write_all(&batch).await.is_err() {
            return;
        }
    }
    // Stays open until the reader has every answer.
    std::future::pending::<()>().await;
}

async fn read_all(
    mut reader: OwnedReadHalf,
    control: &str,
    count: usize,
    room: &Semaphore,
    mut sent: mpsc::UnboundedReceiver<Instant>,
) -> Tally {
    let mut tally = Tally { micros: Vec::with_capacity(count), ..Tally::default() };
    let mut received = Vec::with_capacity(1 << 16);
    let mut answered = 0;
    while answered < count {
        match timeout(PATIENCE, reader.read_buf(&mut received)).await {
            Ok(Ok(n)) if n > 0 => {}
            Ok(Ok(_)) | Ok(Err(_)) | Err(_) => {
                say::progress(&format!("a connection ended with {} messages unanswered", count - answered));
                tally.bad += count - answered;
                return tally;
            }
        }
        let now = Instant::now();
        let mut taken = 0;
        while let Some(block) = unframe(&mut received) {
            let written = sent.recv().await.unwrap_or(now);
            tally.micros.push(u32::try_from((now - written).as_micros()).unwrap_or(u32::MAX));
            tally.judge(&block, control, answered);
            answered += 1;
            taken += 1;
        }
        room.add_permits(taken);
    }
    tally
}

impl Tally {
    fn judge(&mut self, block: &[u8], control: &str, index: usize) {
        let answer = Answer::parse(&String::from_utf8_lossy(block));
        let counter = match &answer {
            Some(answer) if !is_answer_to(answer, control, index) => &mut self.bad,
            Some(answer) if answer.code == "AA" => &mut self.aa,
            Some(answer) if answer.code == "AE" => &mut self.ae,
            Some(answer) if answer.code == "AR" => &mut self.ar,
            Some(_) | None => &mut self.bad,
        };
        *counter += 1;
    }
}

fn is_answer_to(answer: &Answer, control: &str, index: usize) -> bool {
    answer.control.strip_prefix(control).is_some_and(|rest| rest.parse() == Ok(index))
}

/// The longest a probe waits for its alert.
pub const LONGEST_PROBE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let micros: Vec<u32> = (1..=1000).map(|n| n * 1000).collect();
        assert_eq!(millis_at(&micros, 0.5), 500.0);
        assert_eq!(millis_at(&micros, 0.99), 990.0);
        assert_eq!(millis_at(&micros, 0.999), 999.0);
        assert_eq!(millis_at(&[], 0.5), 0.0);
    }

    #[test]
    fn every_message_has_an_id_and_a_time_of_its_own_and_eight_rows() {
        let person = Person::draw(0, 1, "LOAD", "001", 1_795_302_900, &mut Chance::new(0, 1));
        let template = Template::new(vec![person], "L1-".into(), 1_795_302_900_000);
        let text = |index| String::from_utf8(template.block(index)).unwrap();
        assert_eq!(text(0).matches("\rOBX|").count(), 8);
        assert!(text(3).contains("|L1-3|P|2.5|") && text(3).contains("20261122081500.060+0900"));
        assert!((900..1900).contains(&text(0).len()), "{}", text(0).len());
    }

    #[test]
    fn an_answer_to_another_message_counts_as_bad() {
        let mut tally = Tally::default();
        for (text, index) in [("MSA|AA|L1-0", 0), ("MSA|AA|L1-7", 1), ("MSA|AE|L1-2", 2), ("nothing", 3)] {
            tally.judge(text.as_bytes(), "L1-", index);
        }
        assert_eq!((tally.aa, tally.ae, tally.ar, tally.bad), (1, 1, 0, 2));
    }
}
