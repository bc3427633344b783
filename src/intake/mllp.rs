//! MLLP listeners: frames in, one acknowledgement frame each, in order, every one in a single write.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadHalf};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::{Interval, MissedTickBehavior, timeout};
use tracing::{debug, info, warn};

use super::desk::{Delivery, Desk, Outcome};
pub use super::listener::{BadSetting, Listener};
use super::seat::{Addresses, Seat};
use super::writer::write_answers;
use crate::clock::Stopwatch;
use crate::hl7::content::code;
use crate::hl7::{AckCode, AckMode, Answer, FrameLimits, Framed, Framer, Problem, ReadSettings};
use crate::model::limits::FRAMES_HELD_MAX;

/// Messages of one connection on their way to the disk before its socket is no longer read.
const IN_FLIGHT: usize = 64;
/// How long what is still coming of a frame above the limit is thrown away before the connection is closed, so that
/// its sender can read why. [engineering]
const LINGER: Duration = Duration::from_secs(10);

type Queue = mpsc::Sender<oneshot::Receiver<Outcome>>;

/// What follows a piece of the stream.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Read,
    Close,
    /// Close once the sender has had time to read its answer.
    Linger,
}

/// Below this an unfinished frame is never given up for want of room.
const SMALL: usize = 256 * 1024;
/// Room for messages on their way to the disk is counted in pieces of so many bytes.
const PIECE: usize = 1024;

/// What every connection of a listener shares.
struct Post {
    desk: Desk,
    listener: Listener,
    settings: ReadSettings,
    acks: AckMode,
    /// Bytes of unfinished frames, of all connections.
    held: AtomicUsize,
    /// For messages on their way to the disk, in pieces of [`PIECE`] bytes.
    room: Arc<Semaphore>,
}

/// One connection's share of what is held; given back when dropped.
struct Share<'a> {
    held: &'a AtomicUsize,
    own: usize,
}

impl Share<'_> {
    /// `false` where all connections together hold too much and this one has its part in it.
    fn set(&mut self, own: usize) -> bool {
        self.held.fetch_add(own, Ordering::Relaxed);
        let all = self.held.fetch_sub(self.own, Ordering::Relaxed) - self.own;
        self.own = own;
        all <= FRAMES_HELD_MAX || own <= SMALL
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.held.fetch_sub(self.own, Ordering::Relaxed);
    }
}

/// Accepts connections until `stop`, then lets open ones finish what they have read.
pub async fn run(
    socket: TcpListener,
    listener: Listener,
    desk: Desk,
    tls: Option<crate::tls::Tls>,
    mut stop: watch::Receiver<bool>,
) -> Result<(), BadSetting> {
    warn_of_few_files(listener.max_connections);
    let places = Arc::new(Semaphore::new(listener.max_connections));
    let addresses: Addresses = Arc::default();
    let post = Arc::new(Post {
        settings: listener.read_settings()?,
        acks: listener.acks()?,
        desk,
        listener,
        held: AtomicUsize::new(0),
        room: Arc::new(Semaphore::new(FRAMES_HELD_MAX / PIECE)),
    });
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
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => post.clone().serve(stream, peer, stop).await,
                    Err(error) => {
                        post.count("no_tls");
                        debug!(%peer, %error, "no TLS");
                    }
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

/// A connection is an open file; most systems let a process open fewer than a listener is allowed here.
fn warn_of_few_files(wanted: usize) {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let most = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    if let Some(most) = most.filter(|most| *most < wanted + 64) {
        warn!(most, wanted, "the system lets this process open too few files; raise LimitNOFILE");
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

    /// Serves one connection. A writer task answers in order, while later messages are being stored.
    async fn serve<S>(self: Arc<Self>, stream: S, peer: SocketAddr, stop: watch::Receiver<bool>)
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (mut reader, writer) = tokio::io::split(stream);
        let (queue, waiting) = mpsc::channel(IN_FLIGHT);
        let answers = tokio::spawn(write_answers(writer, waiting));
        let next = self.read(&mut reader, peer, &queue, stop).await;
        drop(queue);
        let _ = answers.await;
        if next == Next::Linger {
            let mut scrap = vec![0u8; 64 * 1024];
            let rest = async { while matches!(reader.read(&mut scrap).await, Ok(1..)) {} };
            let _ = timeout(LINGER, rest).await;
        }
    }

    /// Reads one connection to its end.
    async fn read<S: AsyncRead>(
        self: Arc<Self>,
        reader: &mut ReadHalf<S>,
        peer: SocketAddr,
        queue: &Queue,
        mut stop: watch::Receiver<bool>,
    ) -> Next {
        let mut framer = Framer::new(FrameLimits {
            max_frame: self.listener.max_frame_bytes,
            max_garbage: self.listener.max_garbage_bytes,
            lenient_end: self.listener.lenient_end,
        });
        let mut pace = self.pace();
        let post = self.clone();
        let mut share = Share { held: &post.held, own: 0 };
        let mut buffer = vec![0u8; 64 * 1024];
        // When the frame now coming began.
        let mut began: Option<Stopwatch> = None;
        let end = loop {
            let patience = self.patience(began);
            let read = async {
                match patience {
                    Some(patience) => timeout(patience, reader.read(&mut buffer)).await,
                    None => Ok(reader.read(&mut buffer).await),
                }
            };
            let got = tokio::select! {
                got = read => got,
                _ = stop.changed() => break Next::Close,
            };
            let count = match got {
                Ok(Ok(0) | Err(_)) => break Next::Close,
                Ok(Ok(count)) => count,
                Err(_) => {
                    self.count("stalled");
                    warn!(%peer, "a frame stalled; connection closed");
                    break Next::Close;
                }
            };
            framer.push(&buffer[..count]);
            let mut next = Next::Read;
            while next == Next::Read
                && let Some(framed) = framer.next()
            {
                began = None;
                next = self.clone().take(framed, peer, queue, &mut pace).await;
            }
            if next != Next::Read {
                break next;
            }
            if !share.set(framer.held()) {
                self.count("crowded");
                warn!(%peer, "all unfinished frames together are too large; connection closed");
                break Next::Close;
            }
            began = framer.in_frame().then(|| began.unwrap_or_else(Stopwatch::start));
        };
        if let Some(Framed::Truncated { .. }) = framer.finish() {
            self.count("truncated");
            info!(%peer, "the connection ended inside a frame; nothing of it was accepted");
        }
        end
    }

    /// How long the next bytes may take: inside a frame only.
    fn patience(&self, began: Option<Stopwatch>) -> Option<Duration> {
        let whole = Duration::from_secs(self.listener.frame_seconds);
        let stall = Duration::from_secs(self.listener.stall_seconds);
        began.map(|began| stall.min(whole.saturating_sub(began.elapsed())))
    }

    /// Ticks as often as messages may come.
    fn pace(&self) -> Option<Interval> {
        let most = self.listener.max_messages_per_second;
        (most > 0).then(|| {
            let mut pace = tokio::time::interval(Duration::from_secs(1) / most);
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            pace
        })
    }

    async fn take(
        self: Arc<Self>,
        framed: Framed,
        peer: SocketAddr,
        queue: &Queue,
        pace: &mut Option<Interval>,
    ) -> Next {
        match framed {
            Framed::Message(raw) => {
                if let Some(pace) = pace {
                    pace.tick().await;
                }
                self.message(raw, queue).await
            }
            Framed::CommitAck { positive } => {
                self.count("commit_ack");
                debug!(%peer, positive, "a release 2 commit acknowledgement");
                Next::Read
            }
            Framed::Truncated { partial } => {
                self.count("truncated");
                // Kept, and not answered: whoever begins anew waits for the answer to what follows.
                let reason = "a new frame began before this one ended; send the message again";
                let problem = Problem::at(("MSH", 1, 0), code::SEQUENCE, "truncated", reason);
                self.refuse(&partial, &Answer::new(AckCode::AR, vec![problem])).await;
                Next::Read
            }
            Framed::TooLarge { head } => {
                self.count("too_large");
                let outcome = self.refuse(&head, &Answer::too_large(self.listener.max_frame_bytes)).await;
                let (done, answer) = oneshot::channel();
                let _ = done.send(outcome);
                let _ = queue.send(answer).await;
                Next::Linger
            }
            Framed::Garbage => {
                self.count("garbage");
                info!(%peer, "this is not MLLP; connection closed");
                Next::Close
            }
            Framed::Empty => {
                self.count("empty");
                Next::Read
            }
        }
    }

    async fn message(self: Arc<Self>, raw: Vec<u8>, queue: &Queue) -> Next {
        let watch = Stopwatch::start();
        let (done, answer) = oneshot::channel();
        let post = self.clone();
        let pieces = u32::try_from(raw.len().div_ceil(PIECE).min(FRAMES_HELD_MAX / PIECE));
        let pieces = pieces.expect("the room has fewer pieces than 2^32");
        let room = self.room.clone().acquire_many_owned(pieces).await.expect("the room is never closed");
        // Polled once here: decoding runs now, and the message takes its place in the journal's queue.
        let mut storing = Box::pin(async move {
            let _room = room;
            let outcome = post.desk.take_hl7(post.delivery(&raw)).await;
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
        if queue.send(answer).await.is_ok() { Next::Read } else { Next::Close }
    }

    fn delivery<'a>(&'a self, raw: &'a [u8]) -> Delivery<'a> {
        Delivery {
            acks: self.acks,
            numbered: self.listener.sequence_numbers,
            ..Delivery::new(raw, &self.listener.name, "mllp", &self.settings)
        }
    }

    /// Keeps what cannot be read as a message; gives the refusal.
    async fn refuse(&self, raw: &[u8], answer: &Answer) -> Outcome {
        let outcome = self.desk.refuse(self.delivery(raw), answer).await;
        self.desk.metrics.messages.with_label_values(&["mllp", outcome.code]).inc();
        outcome
    }
}
