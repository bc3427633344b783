//! MLLP listeners: frames in, one acknowledgement frame each, in order, every one in a single write.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tracing::{debug, info, warn};

use super::desk::{Delivery, Desk, Outcome};
use crate::clock::Stopwatch;
use crate::hl7::{self, AckMode, FrameLimits, Framed, Framer, ReadSettings};
use crate::model::limits::{FRAME_MAX, GARBAGE_MAX};

/// Messages of one connection on their way to the disk before its socket is no longer read.
const IN_FLIGHT: usize = 64;

/// One listener and how its senders are read.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listener {
    /// Part of what makes a message the same message, and what metrics and logs call it.
    pub name: String,
    pub bind: String,
    /// `auto` follows MSH-15/16, `original` always gives AA/AE/AR, `enhanced` always a commit answer first.
    pub acks: String,
    /// Refuse what the lenient reader would mend.
    pub strict: bool,
    /// End a frame at FS also without CR.
    pub lenient_end: bool,
    /// Zone of times without an offset.
    pub time_zone: String,
    /// Character set for bytes that are neither declared nor UTF-8.
    pub charset_fallback: String,
    /// Assigning authority of the patient identifier, where more than one is sent.
    pub authority: Option<String>,
    /// `{ward}`, `{room}`, `{bed}` stand for PV1-3.1 to 3.3.
    pub bed: String,
    /// `row`: OBX-14 before OBR-7; `order`: the other way round.
    pub measured_at: String,
    /// `38,7` is 38.7.
    pub decimal_comma: bool,
    /// The only MSH-11 accepted; empty accepts any.
    pub processing_id: String,
    /// Message types that are acknowledged and not used.
    pub ignore: Vec<String>,
    pub max_frame_bytes: usize,
    pub max_garbage_bytes: usize,
    /// A frame that stalls this long is given up; an idle connection between frames never is.
    pub stall_seconds: u64,
    pub max_connections: usize,
    pub max_connections_per_address: usize,
    pub tls: Option<crate::tls::TlsFiles>,
}

impl Default for Listener {
    fn default() -> Listener {
        Listener {
            name: "mllp".into(),
            bind: "127.0.0.1:2575".into(),
            acks: "auto".into(),
            strict: false,
            lenient_end: false,
            time_zone: "Asia/Tokyo".into(),
            charset_fallback: "windows-1252".into(),
            authority: None,
            bed: "{room}".into(),
            measured_at: "row".into(),
            decimal_comma: false,
            processing_id: String::new(),
            ignore: Vec::new(),
            max_frame_bytes: FRAME_MAX,
            max_garbage_bytes: GARBAGE_MAX,
            stall_seconds: 30,
            max_connections: 4096,
            max_connections_per_address: 256,
            tls: None,
        }
    }
}

/// A word in a listener's settings that means nothing.
#[derive(Debug, thiserror::Error)]
#[error("listener {listener:?}: {key} = {found:?}; use {wanted}")]
pub struct BadSetting {
    listener: String,
    key: &'static str,
    found: String,
    wanted: &'static str,
}

impl Listener {
    pub fn acks(&self) -> Result<AckMode, BadSetting> {
        match self.acks.as_str() {
            "auto" => Ok(AckMode::Auto),
            "original" => Ok(AckMode::Original),
            "enhanced" => Ok(AckMode::Enhanced),
            _ => Err(self.bad("acks", &self.acks, "\"auto\", \"original\" or \"enhanced\"")),
        }
    }

    pub fn read_settings(&self) -> Result<ReadSettings, BadSetting> {
        let zone = jiff::tz::TimeZone::get(&self.time_zone)
            .map_err(|_| self.bad("time_zone", &self.time_zone, "an IANA name such as \"Asia/Tokyo\""))?;
        let fallback = hl7::Charset::parse(&self.charset_fallback).ok_or_else(|| {
            self.bad(
                "charset_fallback",
                &self.charset_fallback,
                "\"windows-1252\", \"shift_jis\" or \"utf-8\"",
            )
        })?;
        let measured_at = match self.measured_at.as_str() {
            "row" => hl7::MeasuredAt::Row,
            "order" => hl7::MeasuredAt::Order,
            _ => return Err(self.bad("measured_at", &self.measured_at, "\"row\" or \"order\"")),
        };
        Ok(ReadSettings {
            zone,
            fallback,
            strict: self.strict,
            authority: self.authority.clone(),
            bed: self.bed.clone(),
            measured_at,
            decimal_comma: self.decimal_comma,
            processing_id: (!self.processing_id.is_empty()).then(|| self.processing_id.clone()),
            ignore: self.ignore.clone(),
            ..ReadSettings::default()
        })
    }

    fn bad(&self, key: &'static str, found: &str, wanted: &'static str) -> BadSetting {
        BadSetting { listener: self.name.clone(), key, found: found.to_owned(), wanted }
    }
}

/// How many connections each address holds.
type Addresses = Arc<Mutex<BTreeMap<IpAddr, usize>>>;

/// What every connection of a listener shares.
struct Post {
    desk: Desk,
    listener: Listener,
    settings: ReadSettings,
    acks: AckMode,
}

/// Accepts connections until `stop`, then lets open ones finish what they have read.
pub async fn run(
    socket: TcpListener,
    listener: Listener,
    desk: Desk,
    tls: Option<crate::tls::Tls>,
    mut stop: watch::Receiver<bool>,
) -> Result<(), BadSetting> {
    let places = Arc::new(Semaphore::new(listener.max_connections));
    let addresses: Addresses = Arc::default();
    let post = Arc::new(Post { settings: listener.read_settings()?, acks: listener.acks()?, desk, listener });
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            _ = stop.changed() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            post.count("refused");
            continue;
        };
        let Some(seat) = Seat::take(&addresses, peer.ip(), post.listener.max_connections_per_address) else {
            post.count("refused");
            continue;
        };
        let (post, tls, stop) = (post.clone(), tls.clone(), stop.clone());
        connections.spawn(async move {
            let _held = (place, seat);
            let _ = stream.set_nodelay(true);
            keep_alive(&stream);
            post.desk.metrics.connections.inc();
            match tls {
                None => post.clone().serve(stream, peer, stop).await,
                Some(tls) => match tls.acceptor().accept(stream).await {
                    Ok(stream) => post.clone().serve(stream, peer, stop).await,
                    Err(error) => debug!(%peer, %error, "no TLS"),
                },
            }
            post.desk.metrics.connections.dec();
        });
    }
    // What was read gets its answer; nobody waits for ever.
    let _ = tokio::time::timeout(Duration::from_secs(5), async {
        while connections.join_next().await.is_some() {}
    })
    .await;
    Ok(())
}

/// One address's share of the connections; given back when dropped.
struct Seat {
    addresses: Addresses,
    address: IpAddr,
}

impl Seat {
    fn take(addresses: &Addresses, address: IpAddr, most: usize) -> Option<Seat> {
        let mut held = addresses.lock().expect("nobody panics while holding it");
        let count = held.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Seat { addresses: addresses.clone(), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut held = self.addresses.lock().expect("nobody panics while holding it");
        if let Some(count) = held.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.address);
            }
        }
    }
}

/// Dead peers are noticed within minutes; live idle ones are never closed.
fn keep_alive(stream: &tokio::net::TcpStream) {
    let socket = socket2::SockRef::from(stream);
    let probes = socket2::TcpKeepalive::new()
        .with_time(Duration::from_secs(60))
        .with_interval(Duration::from_secs(15));
    let _ = socket.set_tcp_keepalive(&probes);
}

impl Post {
    fn count(&self, what: &str) {
        self.desk.metrics.framing.with_label_values(&[what]).inc();
    }

    /// Reads one connection to its end. A writer task answers in order, while later messages are being stored.
    async fn serve<S>(self: Arc<Self>, stream: S, peer: SocketAddr, mut stop: watch::Receiver<bool>)
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (mut reader, writer) = tokio::io::split(stream);
        let (queue, waiting) = mpsc::channel::<oneshot::Receiver<Outcome>>(IN_FLIGHT);
        let answers = tokio::spawn(write_answers(writer, waiting));
        let limits = FrameLimits {
            max_frame: self.listener.max_frame_bytes,
            max_garbage: self.listener.max_garbage_bytes,
            lenient_end: self.listener.lenient_end,
        };
        let mut framer = Framer::new(limits);
        let mut buffer = vec![0u8; 64 * 1024];
        let stall = Duration::from_secs(self.listener.stall_seconds);
        'connection: loop {
            let read = async {
                if framer.in_frame() {
                    tokio::time::timeout(stall, reader.read(&mut buffer)).await
                } else {
                    Ok(reader.read(&mut buffer).await)
                }
            };
            let got = tokio::select! {
                got = read => got,
                _ = stop.changed() => break,
            };
            let count = match got {
                Ok(Ok(0) | Err(_)) => break,
                Ok(Ok(count)) => count,
                Err(_) => {
                    self.count("stalled");
                    warn!(%peer, "a frame stalled; connection closed");
                    break;
                }
            };
            framer.push(&buffer[..count]);
            while let Some(framed) = framer.next() {
                if !self.clone().take(framed, peer, &queue).await {
                    break 'connection;
                }
            }
        }
        if let Some(Framed::Truncated { .. }) = framer.finish() {
            self.count("truncated");
            info!(%peer, "the connection ended inside a frame; nothing of it was accepted");
        }
        drop(queue);
        let _ = answers.await;
    }

    /// `false`: close the connection.
    async fn take(
        self: Arc<Self>,
        framed: Framed,
        peer: SocketAddr,
        queue: &mpsc::Sender<oneshot::Receiver<Outcome>>,
    ) -> bool {
        match framed {
            Framed::Message(raw) => self.message(raw, queue).await,
            Framed::CommitAck { positive } => {
                debug!(%peer, positive, "a release 2 commit acknowledgement");
                true
            }
            Framed::Truncated { partial } => {
                self.count("truncated");
                self.keep(&partial, "a new frame began before this one ended").await;
                true
            }
            Framed::TooLarge { head } => {
                self.count("too_large");
                let reason =
                    format!("a frame is larger than max_frame_bytes = {}", self.listener.max_frame_bytes);
                let outcome = self.keep(&head, &reason).await;
                let (done, answer) = oneshot::channel();
                let _ = done.send(outcome);
                let _ = queue.send(answer).await;
                false
            }
            Framed::Garbage => {
                self.count("garbage");
                info!(%peer, "this is not MLLP; connection closed");
                false
            }
            Framed::Empty => {
                self.count("empty");
                true
            }
        }
    }

    async fn message(
        self: Arc<Self>,
        raw: Vec<u8>,
        queue: &mpsc::Sender<oneshot::Receiver<Outcome>>,
    ) -> bool {
        let watch = Stopwatch::start();
        let (done, answer) = oneshot::channel();
        let post = self.clone();
        // Polled once here: decoding runs now, and the message takes its place in the journal's queue.
        let mut storing = Box::pin(async move {
            let delivery = Delivery {
                raw: &raw,
                door: &post.listener.name,
                via: "mllp",
                settings: &post.settings,
                acks: post.acks,
                topic: None,
                retained: false,
                again: false,
            };
            let outcome = post.desk.take_hl7(delivery).await;
            post.desk.metrics.messages.with_label_values(&["mllp", outcome.code]).inc();
            post.desk
                .metrics
                .answer_seconds
                .with_label_values(&["mllp"])
                .observe(watch.elapsed().as_secs_f64());
            // The connection may be gone; the message is stored all the same.
            let _ = done.send(outcome);
        });
        if futures_util::poll!(storing.as_mut()).is_pending() {
            tokio::spawn(storing);
        }
        queue.send(answer).await.is_ok()
    }

    /// Keeps what cannot be read as a message; gives the refusal.
    async fn keep(&self, raw: &[u8], reason: &str) -> Outcome {
        self.desk.refuse(raw, &self.listener.name, "mllp", &self.settings, reason).await
    }
}

/// Writes answers in the order of their messages; those that are ready together share a write.
async fn write_answers<S>(mut writer: S, mut waiting: mpsc::Receiver<oneshot::Receiver<Outcome>>)
where
    S: AsyncWrite + Unpin,
{
    while let Some(next) = waiting.recv().await {
        let mut bytes = Vec::new();
        let mut go_on = add(&mut bytes, next.await);
        while go_on {
            let Ok(mut more) = waiting.try_recv() else { break };
            match more.try_recv() {
                Ok(outcome) => go_on = add(&mut bytes, Ok(outcome)),
                Err(oneshot::error::TryRecvError::Empty) => {
                    // Whole answers only, and none later than it has to be.
                    if writer.write_all(&bytes).await.is_err() {
                        return;
                    }
                    bytes.clear();
                    go_on = add(&mut bytes, more.await);
                }
                Err(oneshot::error::TryRecvError::Closed) => break,
            }
        }
        if writer.write_all(&bytes).await.is_err() || writer.flush().await.is_err() || !go_on {
            break;
        }
    }
    let _ = writer.shutdown().await;
}

/// Frames one outcome's answers; `false` where the message could not be stored and the sender must stop.
fn add(bytes: &mut Vec<u8>, outcome: Result<Outcome, oneshot::error::RecvError>) -> bool {
    let Ok(outcome) = outcome else { return false };
    for answer in &outcome.answers {
        match hl7::frame::encode(answer) {
            Ok(frame) => bytes.extend(frame),
            Err(error) => warn!(%error, "an answer cannot be framed"),
        }
    }
    true
}
