//! One message, from bytes to its durable answer. Both doors, and a retry from quarantine, come here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, RwLock};

use ring::digest::{SHA256, digest};

use super::translate::{self, Translated};
use crate::clock::Clock;
use crate::hl7::{self, AckCode, AckMode, AckStamp, Answer, Header, Message, Problem, ReadSettings};
use crate::journal::{Appended, Journal, Quarantined, Submission};
use crate::metrics::Metrics;
use crate::model::{Event, Rejection, Span, Time};
use crate::telemetry;
use crate::terminology::Terminology;

/// What every door needs. Clones share it.
#[derive(Clone)]
pub struct Desk {
    pub journal: Journal,
    pub clock: Clock,
    pub metrics: Metrics,
    terminology: Arc<RwLock<Arc<Terminology>>>,
    heard: Arc<Mutex<BTreeMap<String, Time>>>,
    numbers: Arc<std::sync::atomic::AtomicU64>,
}

/// Bytes from one source, and how that source is to be read.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    pub raw: &'a [u8],
    /// Name of the listener or broker; part of what makes a message the same message.
    pub door: &'a str,
    pub via: &'static str,
    pub settings: &'a ReadSettings,
    pub acks: AckMode,
    /// MQTT topic, as ward and bed.
    pub topic: Option<(&'a str, &'a str)>,
    /// The broker kept this for us; it may be old.
    pub retained: bool,
    /// Process it although the same message was seen before (a retry from quarantine).
    pub again: bool,
}

/// What became of a delivery.
#[derive(Debug)]
pub struct Outcome {
    /// What to write back; empty where the sender wants none.
    pub answers: Vec<Vec<u8>>,
    /// Durable, or deliberately refused for ever; `false`: could not be stored now.
    pub settled: bool,
    /// `AA`, `AE`, `AR`, `repeated`, … for counting.
    pub code: &'static str,
    pub used: usize,
    pub rejected: usize,
}

/// Sources report themselves to the fold at most this often.
const HEARD_EVERY: Span = Span::minutes(1);

impl Desk {
    pub fn new(journal: Journal, clock: Clock, metrics: Metrics, terminology: Arc<Terminology>) -> Desk {
        Desk {
            journal,
            clock,
            metrics,
            terminology: Arc::new(RwLock::new(terminology)),
            heard: Arc::default(),
            numbers: Arc::default(),
        }
    }

    pub fn terminology(&self) -> Arc<Terminology> {
        self.terminology.read().expect("nobody panics while holding it").clone()
    }

    /// New code and unit tables take effect with the next message.
    pub fn use_terminology(&self, terminology: Arc<Terminology>) {
        *self.terminology.write().expect("nobody panics while holding it") = terminology;
    }

    /// Reads, stores and answers what one frame holds: a message, or a batch of them. Decoding happens before the first
    /// await, so that pipelined messages reach the journal in the order they came.
    pub async fn take_hl7(&self, delivery: Delivery<'_>) -> Outcome {
        let batch = hl7::split(delivery.raw);
        if batch.messages.len() == 1 && !batch.is_batch {
            return self.take_message(&delivery, batch.messages[0]).await;
        }
        if batch.messages.is_empty() {
            return self.take_message(&delivery, delivery.raw).await;
        }
        let mut whole = Outcome { answers: Vec::new(), settled: true, code: "AA", used: 0, rejected: 0 };
        for raw in &batch.messages {
            let one = self.take_message(&Delivery { raw, ..delivery }, raw).await;
            whole.answers.extend(one.answers);
            whole.settled &= one.settled;
            whole.used += one.used;
            whole.rejected += one.rejected;
        }
        if batch.is_miscounted() {
            let reason = format!(
                "the batch trailer (BTS-1) promises another number of messages than the {} that came",
                batch.messages.len()
            );
            let translated = Translated::unusable("batch-count", "BTS", &reason);
            whole.settled &= self
                .record(&delivery, format!("{} {}", delivery.via, delivery.door), &translated, Vec::new())
                .await;
        }
        whole
    }

    async fn take_message(&self, delivery: &Delivery<'_>, raw: &[u8]) -> Outcome {
        let now = self.clock.now();
        let message = match Message::parse(raw, delivery.settings) {
            Ok(message) => message,
            Err(malformed) => return self.refuse_unreadable(delivery, &malformed.to_string(), now).await,
        };
        let header = Header::of(&message, delivery.settings);
        if header.is_answer {
            // An acknowledgement is never acknowledged.
            return Outcome { answers: Vec::new(), settled: true, code: "ACK", used: 0, rejected: 0 };
        }
        let source = source_of(&header);
        let translated = match hl7::read(&message, delivery.settings) {
            Ok(content) => translate::hl7(content, &self.terminology(), &source, now),
            Err(refusal) => Translated::refused(refusal),
        };
        self.settle(delivery, raw, &message, &header, translated, now).await
    }

    async fn settle(
        &self,
        delivery: &Delivery<'_>,
        raw: &[u8],
        message: &Message,
        header: &Header,
        mut translated: Translated,
        now: Time,
    ) -> Outcome {
        let (code, source) = (translated.code(), source_of(header));
        let stamp = AckStamp { now, control_id: self.number(now), zone: delivery.settings.zone.clone() };
        let answers = answers(message, header, delivery.acks, code, translated.problems.clone(), &stamp);
        let (used, rejected) = (translated.events.len(), translated.problems.len());
        let (rejections, quarantined) = self.quarantine(delivery, &source, &translated);
        translated.events.extend(rejections);
        if let Some(heard) = self.heard(&source, delivery.via, header.sent_at, now) {
            translated.events.push(heard);
        }
        let submission = Submission {
            key: (!delivery.again).then(|| key(delivery.door, header, raw)),
            source,
            via: delivery.via,
            raw: raw.to_vec(),
            events: translated.events,
            answer: join(&answers),
            quarantined,
        };
        match self.journal.append(submission).await {
            Ok(Appended::New { last, .. }) => {
                self.metrics.journal_seq.set(i64::try_from(last).unwrap_or(i64::MAX));
                Outcome { answers, settled: true, code: code.as_str(), used, rejected }
            }
            Ok(Appended::Repeated { answer }) => {
                Outcome { answers: split(&answer), settled: true, code: "repeated", used: 0, rejected: 0 }
            }
            Err(error) => {
                let problem =
                    Problem::at(("MSH", 1, 0), hl7::content::code::INTERNAL, "not-stored", error.to_string());
                let answers =
                    self::answers(message, header, delivery.acks, AckCode::AR, vec![problem], &stamp);
                Outcome { answers, settled: false, code: "AR", used: 0, rejected: 0 }
            }
        }
    }

    /// Keeps and refuses bytes that never became a message (cut off, too large).
    pub async fn refuse(
        &self,
        raw: &[u8],
        door: &str,
        via: &'static str,
        settings: &ReadSettings,
        reason: &str,
    ) -> Outcome {
        let delivery = Delivery {
            raw,
            door,
            via,
            settings,
            acks: AckMode::Original,
            topic: None,
            retained: false,
            again: false,
        };
        self.refuse_unreadable(&delivery, reason, self.clock.now()).await
    }

    /// Not HL7 at all, or past its MSH unreadable: kept, refused, counted.
    async fn refuse_unreadable(&self, delivery: &Delivery<'_>, reason: &str, now: Time) -> Outcome {
        let stamp = AckStamp { now, control_id: self.number(now), zone: delivery.settings.zone.clone() };
        let answers = match Message::head(delivery.raw, delivery.settings) {
            Ok(head) => {
                let header = Header::of(&head, delivery.settings);
                let problem = Problem::at(("MSH", 1, 0), hl7::content::code::SEQUENCE, "malformed", reason);
                answers(&head, &header, delivery.acks, AckCode::AR, vec![problem], &stamp)
            }
            Err(_) => vec![hl7::acknowledge_unreadable(reason, &stamp).into_bytes()],
        };
        let translated = Translated::unusable("malformed", "MSH", reason);
        let source = format!("{} {}", delivery.via, delivery.door);
        let settled = self.record(delivery, source, &translated, join(&answers)).await;
        Outcome { answers, settled, code: "AR", used: 0, rejected: 1 }
    }

    /// Keeps bytes of which nothing was used.
    async fn record(
        &self,
        delivery: &Delivery<'_>,
        source: String,
        translated: &Translated,
        answer: Vec<u8>,
    ) -> bool {
        let (events, quarantined) = self.quarantine(delivery, &source, translated);
        let raw = delivery.raw.to_vec();
        let submission =
            Submission { key: None, source, via: delivery.via, raw, events, answer, quarantined };
        self.journal.append(submission).await.is_ok()
    }

    /// Reads and stores one telemetry payload (JSON or SenML).
    pub async fn take_telemetry(&self, delivery: Delivery<'_>) -> Outcome {
        let now = self.clock.now();
        let (ward, bed) = delivery.topic.unwrap_or(("", ""));
        let source = if bed.is_empty() { delivery.door.to_owned() } else { format!("{ward}/{bed}") };
        let mut sent_id = None;
        let mut translated = match telemetry::read(delivery.raw) {
            Ok(telemetry) => {
                sent_id = telemetry.id.clone();
                translate::telemetry(&telemetry, &self.terminology(), &source, delivery.retained, now)
            }
            Err(refused) => Translated::unusable(refused.class, &refused.place, &refused.reason),
        };
        let (used, rejected) = (translated.events.len(), translated.problems.len());
        let (rejections, quarantined) = self.quarantine(&delivery, &source, &translated);
        translated.events.extend(rejections);
        if let Some(heard) = self.heard(&format!("mqtt {ward}"), delivery.via, None, now) {
            translated.events.push(heard);
        }
        let body = hex(digest(&SHA256, delivery.raw).as_ref());
        let identity = sent_id.map_or(body, |id| format!("id:{id}"));
        let submission = Submission {
            key: (!delivery.again).then(|| format!("{}|{source}|{identity}", delivery.door)),
            source,
            via: delivery.via,
            raw: delivery.raw.to_vec(),
            events: translated.events,
            answer: Vec::new(),
            quarantined,
        };
        match self.journal.append(submission).await {
            Ok(Appended::New { .. }) => {
                let code = if rejected == 0 { "AA" } else { "AE" };
                Outcome { answers: Vec::new(), settled: true, code, used, rejected }
            }
            Ok(Appended::Repeated { .. }) => {
                Outcome { answers: Vec::new(), settled: true, code: "repeated", used: 0, rejected: 0 }
            }
            Err(_) => Outcome { answers: Vec::new(), settled: false, code: "AR", used: 0, rejected: 0 },
        }
    }

    /// What of a message goes to quarantine: one row a problem, each with the whole of what was sent.
    fn quarantine(
        &self,
        delivery: &Delivery<'_>,
        source: &str,
        translated: &Translated,
    ) -> (Vec<Event>, Vec<Quarantined>) {
        let mut events = Vec::new();
        let mut rows = Vec::new();
        let body = hex(&digest(&SHA256, delivery.raw).as_ref()[..8]);
        for (n, problem) in translated.problems.iter().enumerate() {
            // From the content, so that the same message gives the same row.
            let id = format!("q-{body}-{}", n + 1);
            self.metrics.rejections.with_label_values(&[source, problem.class]).inc();
            rows.push(Quarantined {
                id: id.clone(),
                class: problem.class.to_owned(),
                reason: problem.reason.clone(),
                place: problem.place.clone(),
                raw: delivery.raw.to_vec(),
                patient: translated.patient.clone(),
            });
            events.push(Event::Rejected(Rejection {
                id,
                source: source.to_owned(),
                via: delivery.via.to_owned(),
                class: problem.class.to_owned(),
                reason: problem.reason.clone(),
                place: problem.place.clone(),
                patient: translated.patient.clone(),
            }));
        }
        (events, rows)
    }

    fn heard(&self, source: &str, via: &str, sent_at: Option<Time>, now: Time) -> Option<Event> {
        let mut heard = self.heard.lock().expect("nobody panics while holding it");
        if heard.get(source).is_some_and(|at| now - *at < HEARD_EVERY) {
            return None;
        }
        heard.insert(source.to_owned(), now);
        let skew_seconds = sent_at.map_or(0, |sent| (sent - now).0 / 1000);
        // A message about the past (a resend, a recording) is late, not skewed.
        let skew_seconds = if skew_seconds < 0 { 0 } else { skew_seconds };
        Some(Event::Heard { source: source.to_owned(), via: via.to_owned(), skew_seconds })
    }

    /// Our own MSH-10: unique, also after a restart.
    fn number(&self, now: Time) -> String {
        let n = self.numbers.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        format!("SW{:x}-{n:x}", now.0)
    }
}

/// The acknowledgements this message wants for this outcome, as bytes.
fn answers(
    message: &Message,
    header: &Header,
    acks: AckMode,
    code: AckCode,
    problems: Vec<Problem>,
    stamp: &AckStamp,
) -> Vec<Vec<u8>> {
    let answer = Answer::new(code, problems);
    let codes = hl7::mode(header, acks).codes(code);
    let write = |code| message.encode(&hl7::acknowledge(message, &answer.with_code(code), stamp));
    codes.into_iter().map(write).collect()
}

/// Who sent it: MSH-3 and MSH-4.
fn source_of(header: &Header) -> String {
    format!("{}|{}", header.sending_app, header.sending_facility)
}

/// What makes it the same message: the listener, who sent it, MSH-10, and the body apart from MSH-7.
fn key(door: &str, header: &Header, raw: &[u8]) -> String {
    let body = without_sent_at(raw);
    let hash = hex(digest(&SHA256, &body).as_ref());
    format!("{door}|{}|{}|{}|{hash}", header.sending_app, header.sending_facility, header.control_id)
}

/// The message with MSH-7 blank: a resend may carry a fresh one.
fn without_sent_at(raw: &[u8]) -> Vec<u8> {
    let end = raw.iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(raw.len());
    let Some(bar) = raw.get(3).copied() else { return raw.to_vec() };
    let mut fields: Vec<&[u8]> = raw[..end].split(|b| *b == bar).collect();
    if let Some(sent_at) = fields.get_mut(6) {
        *sent_at = b"";
    }
    let mut masked = fields.join(&bar);
    masked.extend_from_slice(&raw[end..]);
    masked
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Several answers (commit, then application acknowledgement) in one stored field.
fn join(answers: &[Vec<u8>]) -> Vec<u8> {
    answers.join(&0u8)
}

fn split(stored: &[u8]) -> Vec<Vec<u8>> {
    stored.split(|byte| *byte == 0).filter(|part| !part.is_empty()).map(<[u8]>::to_vec).collect()
}
