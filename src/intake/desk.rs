//! One message, from bytes to its durable answer. Both doors, and a retry from quarantine, come here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Mutex;

use super::quarantine;
use super::repeat::{Identity, Recent};
use super::sequence::{self, Sequences, Turn};
use super::source::Sources;
use super::translate::{self, Translated};
use crate::clock::Clock;
use crate::hl7::{self, AckCode, AckMode, AckStamp, Answer, Header, Message, Problem, ReadSettings};
use crate::journal::{Appended, Error, Journal, Reader, Submission};
use crate::metrics::Metrics;
use crate::model::Time;
use crate::telemetry;
use crate::terminology::Terminology;

/// What every door needs. Clones share it.
#[derive(Clone)]
pub struct Desk {
    pub journal: Journal,
    pub clock: Clock,
    pub metrics: Metrics,
    terminology: Arc<RwLock<Arc<Terminology>>>,
    memory: Arc<Memory>,
}

/// What is remembered from one message to the next. All of it is bounded, and none of it is needed to be right.
struct Memory {
    reader: Reader,
    sources: Sources,
    recent: Recent,
    sequences: Mutex<Sequences>,
    /// Of our own control ids.
    numbers: AtomicU64,
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
    /// Its sender numbers its messages in MSH-13.
    pub numbered: bool,
    /// MQTT topic, as ward and bed.
    pub topic: Option<(&'a str, &'a str)>,
    /// The broker kept this for us; it may be old.
    pub retained: bool,
    /// Process it although the same message was seen before (a retry from quarantine).
    pub again: bool,
}

impl<'a> Delivery<'a> {
    /// With nothing special about it.
    pub fn new(raw: &'a [u8], door: &'a str, via: &'static str, settings: &'a ReadSettings) -> Delivery<'a> {
        Delivery {
            raw,
            door,
            via,
            settings,
            acks: AckMode::Original,
            numbered: false,
            topic: None,
            retained: false,
            again: false,
        }
    }
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
    /// What the quarantine calls what was rejected.
    pub rows: Vec<String>,
}

impl Outcome {
    fn settled(code: &'static str, answers: Vec<Vec<u8>>) -> Outcome {
        Outcome { answers, settled: true, code, used: 0, rejected: 0, rows: Vec::new() }
    }

    /// Of a gateway's word about itself.
    pub(super) fn of_status(settled: bool) -> Outcome {
        Outcome { settled, ..Outcome::settled("status", Vec::new()) }
    }

    /// One more of a batch.
    fn join(&mut self, one: Outcome) {
        self.answers.extend(one.answers);
        self.settled &= one.settled;
        self.used += one.used;
        self.rejected += one.rejected;
        self.rows.extend(one.rows);
    }
}

/// Messages of one batch on their way to the journal at once.
const AT_ONCE: usize = 30;
/// So many of a sender's messages are looked through for its last sequence number.
const LOOK_BACK: usize = 50;

impl Desk {
    pub fn new(
        journal: Journal,
        reader: Reader,
        clock: Clock,
        metrics: Metrics,
        terminology: Arc<Terminology>,
    ) -> Desk {
        let memory = Memory {
            reader,
            sources: Sources::default(),
            recent: Recent::default(),
            sequences: Mutex::default(),
            numbers: AtomicU64::default(),
        };
        let terminology = Arc::new(RwLock::new(terminology));
        Desk { journal, clock, metrics, terminology, memory: Arc::new(memory) }
    }

    pub fn terminology(&self) -> Arc<Terminology> {
        self.terminology.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// New code and unit tables take effect with the next message.
    pub fn use_terminology(&self, terminology: Arc<Terminology>) {
        *self.terminology.write().unwrap_or_else(PoisonError::into_inner) = terminology;
    }

    /// Reads, stores and answers what one frame holds: a message, or a batch of them. Decoding happens before the first
    /// await, so that pipelined messages reach the journal in the order they came.
    pub async fn take_hl7(&self, delivery: Delivery<'_>) -> Outcome {
        let batch = hl7::split(delivery.raw);
        if !batch.is_batch {
            let raw = batch.messages.first().copied().unwrap_or(delivery.raw);
            return self.take_message(Delivery { raw, ..delivery }).await;
        }
        let mut whole = Outcome::settled("AA", Vec::new());
        for group in batch.messages.chunks(AT_ONCE) {
            let taking = group.iter().map(|raw| self.take_message(Delivery { raw, ..delivery }));
            for one in futures_util::future::join_all(taking).await {
                whole.join(one);
            }
        }
        if batch.is_miscounted() {
            let reason = format!(
                "the batch trailer (BTS-1) promises another number of messages than the {} that came",
                batch.messages.len()
            );
            let translated = Translated::unusable("batch-count", "BTS", &reason);
            match self.keep(&delivery, translated, Vec::new()).await {
                Ok(kept) => whole.rows.extend(kept.rows),
                Err(_) => whole.settled = false,
            }
        }
        whole
    }

    async fn take_message(&self, delivery: Delivery<'_>) -> Outcome {
        let now = self.clock.now();
        let message = match Message::parse(delivery.raw, delivery.settings) {
            Ok(message) => message,
            Err(malformed) => return self.refuse(delivery, &Answer::from(&malformed)).await,
        };
        let header = Header::of(&message, delivery.settings);
        for warning in message.warnings() {
            self.odd(warning.name());
        }
        if header.is_answer {
            // An acknowledgement is never acknowledged; it is kept like everything else.
            let identity = Identity::of_message(delivery.door, &header, &message);
            let key = (!delivery.again).then(|| identity.key());
            let kept = self.append(&delivery, source(&header), key, Translated::default(), &[]).await;
            let settled = kept.is_ok();
            return Outcome { settled, ..Outcome::settled("ACK", Vec::new()) };
        }
        match header.sequence.filter(|_| delivery.numbered) {
            Some(number) => self.take_numbered(&delivery, &message, &header, number, now).await,
            None => self.take_one(&delivery, &message, &header, None, now).await,
        }
    }

    /// One after the other: whether a number is the next one is known once the one before it is durable.
    async fn take_numbered(
        &self,
        delivery: &Delivery<'_>,
        message: &Message,
        header: &Header,
        number: i64,
        now: Time,
    ) -> Outcome {
        let sender = source(header);
        let place = format!("{}|{sender}", delivery.door);
        let mut sequences = self.memory.sequences.lock().await;
        if !sequences.knows(&place) {
            let last = self.last_number(sender, delivery.settings.clone()).await;
            sequences.found(&place, last);
        }
        let turn = sequences.turn(&place, number);
        if let Turn::Take { then } = turn {
            let outcome = self.take_one(delivery, message, header, Some(then), now).await;
            if outcome.settled {
                sequences.settle(&place, then);
            }
            return outcome;
        }
        if let (Turn::Talk { expected }, ..0) = (turn, number) {
            sequences.settle(&place, expected);
        }
        // Nothing of its content counts: a message refused for its number comes again, and must then be new.
        let answer = sequence::answer(turn, number);
        let stamp = self.stamp(delivery.settings, now);
        Outcome::settled(answer.code.as_str(), hl7::answers(message, header, delivery.acks, &answer, &stamp))
    }

    /// The last sequence number of a sender that the journal holds.
    async fn last_number(&self, source: String, settings: ReadSettings) -> Option<i64> {
        let reader = self.memory.reader.clone();
        let newest = move || reader.newest_of(&source, "mllp", LOOK_BACK).unwrap_or_default();
        let raws = tokio::task::spawn_blocking(newest).await.unwrap_or_default();
        let number = |raw: &Vec<u8>| Header::of(&Message::head(raw, &settings).ok()?, &settings).sequence;
        raws.iter().filter_map(number).find(|number| *number > 0)
    }

    async fn take_one(
        &self,
        delivery: &Delivery<'_>,
        message: &Message,
        header: &Header,
        expected_sequence: Option<i64>,
        now: Time,
    ) -> Outcome {
        let source = source(header);
        let mut translated = match hl7::read(message, delivery.settings) {
            Ok(content) => {
                content.warnings.iter().for_each(|warning| self.odd(warning.class));
                translate::hl7(content, &self.terminology(), &source, now)
            }
            Err(refusal) => Translated::refused(refusal),
        };
        if delivery.retained {
            translated.mark_retained();
        }
        let identity = Identity::of_message(delivery.door, header, message);
        if !delivery.again && self.memory.recent.is_reused(&identity) {
            self.odd("reused-control-id");
        }
        if hl7::mode(header, delivery.acks).odd {
            self.odd("unknown-acknowledgement-wish");
        }
        let (used, rejected) = (translated.events.len(), translated.problems.len());
        let code = translated.code();
        let answer = Answer { expected_sequence, ..Answer::new(code, translated.problems.clone()) };
        let stamp = self.stamp(delivery.settings, now);
        let answers = hl7::answers(message, header, delivery.acks, &answer, &stamp);
        let name = self.memory.sources.name(&source);
        translated.heard = self.memory.sources.heard(&name, delivery.via, header.sent_at, now);
        let key = (!delivery.again).then(|| identity.key());
        match self.append(delivery, source, key, translated, &answers).await {
            Ok((Appended::New { .. }, rows)) => {
                Outcome { used, rejected, rows, ..Outcome::settled(code.as_str(), answers) }
            }
            Ok((Appended::Repeated { answer }, _)) => Outcome::settled("repeated", split(&answer)),
            Err(error) => {
                let answer = not_stored(&error);
                let answers = hl7::answers(message, header, delivery.acks, &answer, &stamp);
                Outcome { settled: false, ..Outcome::settled("AR", answers) }
            }
        }
    }

    /// Keeps and refuses what never became a message: unreadable, cut off, too large.
    pub async fn refuse(&self, delivery: Delivery<'_>, answer: &Answer) -> Outcome {
        let stamp = self.stamp(delivery.settings, self.clock.now());
        let write =
            |answer| hl7::answers_to_bytes(delivery.raw, delivery.settings, delivery.acks, answer, &stamp);
        match self.keep(&delivery, Translated::refused_with(answer), write(answer)).await {
            Ok(kept) => Outcome { rejected: answer.problems.len(), code: answer.code.as_str(), ..kept },
            Err(error) => {
                let answers = write(&not_stored(&error));
                Outcome { settled: false, ..Outcome::settled("AR", answers) }
            }
        }
    }

    /// Keeps bytes of which nothing was used. The sender of a repetition hears what it heard before.
    async fn keep(
        &self,
        delivery: &Delivery<'_>,
        translated: Translated,
        answers: Vec<Vec<u8>>,
    ) -> Result<Outcome, Error> {
        let identity = Identity::of_bytes(delivery.door, "unreadable", delivery.raw);
        let key = (!delivery.again).then(|| identity.key());
        let source = format!("{} {}", delivery.via, delivery.door);
        Ok(match self.append(delivery, source, key, translated, &answers).await? {
            (Appended::New { .. }, rows) => Outcome { rows, ..Outcome::settled("AR", answers) },
            (Appended::Repeated { answer }, _) => Outcome::settled("repeated", split(&answer)),
        })
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
                translate::telemetry(&telemetry, &self.terminology(), &source, now)
            }
            Err(refused) => Translated::unusable(refused.class, &refused.place, &refused.reason),
        };
        if delivery.retained {
            translated.mark_retained();
        }
        let (used, rejected) = (translated.events.len(), translated.problems.len());
        let feed = self.memory.sources.name(&format!("{} {ward}", delivery.via));
        translated.heard = self.memory.sources.heard(&feed, delivery.via, None, now);
        let name = sent_id.as_ref().map_or_else(|| source.clone(), |id| format!("{source}|id:{id}"));
        let identity = Identity::of_bytes(delivery.door, &name, delivery.raw);
        // What the sender calls the same is the same; whether it said the same is compared below.
        let key = if sent_id.is_some() { identity.name().to_owned() } else { identity.key() };
        let body = vec![identity.body().as_bytes().to_vec()];
        let key = (!delivery.again).then_some(key);
        match self.append(&delivery, source.clone(), key, translated, &body).await {
            Ok((Appended::New { .. }, rows)) => {
                let code = if rejected == 0 { "AA" } else { "AE" };
                Outcome { used, rejected, rows, ..Outcome::settled(code, Vec::new()) }
            }
            Ok((Appended::Repeated { answer }, _)) if answer == identity.body().as_bytes() => {
                Outcome::settled("repeated", Vec::new())
            }
            Ok((Appended::Repeated { .. }, _)) => {
                self.keep_reused(&delivery, source, &identity, sent_id).await
            }
            Err(_) => Outcome { settled: false, ..Outcome::settled("AR", Vec::new()) },
        }
    }

    /// The same id with another content: not used, and not lost either.
    async fn keep_reused(
        &self,
        delivery: &Delivery<'_>,
        source: String,
        identity: &Identity,
        id: Option<String>,
    ) -> Outcome {
        let id = id.unwrap_or_default();
        let reason = format!(
            "the id {:?} came before with another content; give each payload an id of its own, or none",
            id.chars().take(40).collect::<String>()
        );
        let translated = Translated::unusable("reused-id", "id", &reason);
        let kept = self.append(delivery, source, Some(identity.key()), translated, &[]).await;
        let settled = kept.is_ok();
        Outcome { settled, rejected: 1, ..Outcome::settled("AE", Vec::new()) }
    }

    /// Puts into the journal what a delivery means, what of it was not used, and its bytes. Also gives what the
    /// quarantine calls what was not used.
    async fn append(
        &self,
        delivery: &Delivery<'_>,
        source: String,
        key: Option<String>,
        translated: Translated,
        answers: &[Vec<u8>],
    ) -> Result<(Appended, Vec<String>), Error> {
        let name = self.memory.sources.name(&source);
        let kept = quarantine::rows(delivery.raw, delivery.via, &name, &translated);
        let rows: Vec<String> = kept.iter().map(|kept| kept.row.id.clone()).collect();
        // What is tried again lies there already.
        let known = if delivery.again { self.quarantined(delivery.raw).await } else { Vec::new() };
        let Translated { mut events, problems, heard, .. } = translated;
        let mut quarantined = Vec::new();
        for one in kept.into_iter().filter(|kept| !known.contains(&kept.row.id)) {
            quarantined.push(one.row);
            events.push(one.event);
        }
        events.extend(heard);
        let appended = self.journal.append(Submission {
            key,
            source,
            via: delivery.via,
            raw: delivery.raw.to_vec(),
            events,
            answer: answers.join(&SEPARATOR),
            quarantined,
        });
        let appended = appended.await?;
        if let Appended::New { last, .. } = appended {
            self.metrics.journal_seq.set(i64::try_from(last).unwrap_or(i64::MAX));
            for problem in &problems {
                self.metrics.rejections.with_label_values(&[name.as_str(), problem.class]).inc();
            }
        }
        Ok((appended, rows))
    }

    /// Rows of this content that lie in quarantine.
    async fn quarantined(&self, raw: &[u8]) -> Vec<String> {
        let (reader, beginning) = (self.memory.reader.clone(), quarantine::beginning(raw));
        let ids = tokio::task::spawn_blocking(move || reader.quarantined_ids(&beginning));
        // Without them a row lies there twice, which harms nobody.
        ids.await.ok().and_then(Result::ok).unwrap_or_default()
    }

    fn odd(&self, what: &str) {
        self.metrics.oddities.with_label_values(&[what]).inc();
    }

    fn stamp(&self, settings: &ReadSettings, now: Time) -> AckStamp {
        // Unique, also after a restart.
        let n = self.memory.numbers.fetch_add(1, Ordering::Relaxed);
        AckStamp { now, control_id: format!("SW{:x}-{n:x}", now.0), zone: settings.zone.clone() }
    }
}

/// Who sent a message, as the journal names it.
fn source(header: &Header) -> String {
    format!("{}|{}", header.sending_app, header.sending_facility)
}

fn not_stored(error: &Error) -> Answer {
    let problem = Problem::at(("MSH", 1, 0), hl7::content::code::INTERNAL, "not-stored", error.to_string());
    Answer::new(AckCode::AR, vec![problem])
}

/// Several answers (commit, then application acknowledgement) lie in one stored field; no answer holds this byte.
const SEPARATOR: u8 = 0;

fn split(stored: &[u8]) -> Vec<Vec<u8>> {
    stored.split(|byte| *byte == SEPARATOR).filter(|part| !part.is_empty()).map(<[u8]>::to_vec).collect()
}
