//! Publishes over MQTT 5, QoS 1, so that nothing is lost: not when the broker goes away, not when nobody has
//! subscribed yet.
//!
//! MQTT 5 because its acknowledgement tells when a message reached no subscriber (reason 0x10): such a
//! message is published again until somebody listens. Only what a publisher needs is written here.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::say;

/// Where a broker is: `mqtt://[user:password@]host:port`.
#[derive(Clone, PartialEq, Eq)]
pub struct Broker {
    pub address: String,
    pub user: Option<(String, String)>,
}

impl Broker {
    pub fn parse(url: &str) -> Result<Self> {
        let Some(rest) = url.strip_prefix("mqtt://") else {
            bail!("`{url}` is not a broker; write mqtt://host:1883 or mqtt://user:password@host:1883");
        };
        let rest = rest.trim_end_matches('/');
        let (user, address) = match rest.rsplit_once('@') {
            Some((who, address)) => {
                let (name, word) = who.split_once(':').unwrap_or((who, ""));
                (Some((name.to_string(), word.to_string())), address)
            }
            None => (None, rest),
        };
        if address.is_empty() {
            bail!("`{url}` names no host; write mqtt://host:1883");
        }
        let has_port = address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let address = if has_port { address.to_string() } else { format!("{address}:1883") };
        Ok(Self { address, user })
    }
}

/// One message to publish.
#[derive(Clone, Debug, PartialEq)]
pub struct Publication {
    pub topic: String,
    pub body: Vec<u8>,
}

/// What became of publications, counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Published {
    pub sent: u64,
    pub acknowledged: u64,
    pub refused: u64,
}

const IN_FLIGHT: usize = 50;
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// Nothing heard for this long: the connection is dead.
const PATIENCE: Duration = Duration::from_secs(30);
const NOBODY_PAUSE: Duration = Duration::from_millis(300);
const NO_MATCHING_SUBSCRIBERS: u8 = 0x10;

struct Sent {
    number: u16,
    publication: Publication,
    /// The answer, once it came.
    reason: Option<u8>,
}

/// Publishes what arrives on `queue` until it is closed and everything is acknowledged. `tell` gets the
/// counts after each change.
pub async fn publish(
    broker: Broker,
    name: String,
    mut queue: mpsc::Receiver<Publication>,
    tell: tokio::sync::watch::Sender<Published>,
) {
    let mut line = Line { waiting: VecDeque::new(), open: true, counts: Published::default() };
    let mut pause = Duration::from_millis(100);
    let mut told = false;
    while line.open || !line.waiting.is_empty() {
        let started = Instant::now();
        match line.converse(&broker, &name, &mut queue, &tell).await {
            Ok(()) => break,
            Err(error) => {
                if !told {
                    say::progress(&format!("mqtt {}: {error:#}; trying again", broker.address));
                }
                told = started.elapsed() < Duration::from_secs(5);
            }
        }
        if started.elapsed() > Duration::from_secs(5) {
            pause = Duration::from_millis(100);
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

struct Line {
    /// Taken from the queue, or given back because it was not delivered; the oldest first.
    waiting: VecDeque<Publication>,
    /// The queue may still bring more.
    open: bool,
    counts: Published,
}

impl Line {
    /// One connection: ends well when everything is delivered, else with the reason; what was not
    /// acknowledged is then waiting again.
    async fn converse(
        &mut self,
        broker: &Broker,
        name: &str,
        queue: &mut mpsc::Receiver<Publication>,
        tell: &tokio::sync::watch::Sender<Published>,
    ) -> Result<()> {
        let mut flying: VecDeque<Sent> = VecDeque::new();
        let outcome = self.talk(broker, name, queue, tell, &mut flying).await;
        while let Some(sent) = flying.pop_back() {
            if sent.reason.is_none_or(|reason| reason == NO_MATCHING_SUBSCRIBERS) {
                self.waiting.push_front(sent.publication);
            }
        }
        outcome
    }

    async fn talk(
        &mut self,
        broker: &Broker,
        name: &str,
        queue: &mut mpsc::Receiver<Publication>,
        tell: &tokio::sync::watch::Sender<Published>,
        flying: &mut VecDeque<Sent>,
    ) -> Result<()> {
        let (stream, window) = timeout(PATIENCE, connect(broker, name)).await.context("no answer")??;
        let (mut reader, mut writer) = stream.into_split();
        let (answer, mut answers) = mpsc::channel(IN_FLIGHT * 2);
        let reading =
            tokio::spawn(async move { while answer.send(read_packet(&mut reader).await).await.is_ok() {} });
        let _stop = Stop(reading);
        let mut number = 0_u16;
        let mut heard = Instant::now();
        let mut nobody_since: Option<Instant> = None;
        loop {
            while flying.len() < window.min(IN_FLIGHT)
                && let Some(publication) = self.waiting.pop_front()
            {
                number = number.checked_add(1).unwrap_or(1);
                let packet = publish_packet(&publication, number);
                flying.push_back(Sent { number, publication, reason: None });
                writer.write_all(&packet).await?;
            }
            if flying.is_empty() && self.waiting.is_empty() && !self.open {
                writer.write_all(&[0xE0, 0x00]).await?;
                return Ok(());
            }
            let room = self.open && self.waiting.is_empty() && flying.len() < window.min(IN_FLIGHT);
            tokio::select! {
                next = queue.recv(), if room => match next {
                    Some(publication) => {
                        self.counts.sent += 1;
                        self.waiting.push_back(publication);
                    }
                    None => self.open = false,
                },
                packet = answers.recv() => {
                    heard = Instant::now();
                    match packet.context("the reader stopped")?? {
                        Packet::Acknowledged { number, reason } => {
                            settle(flying, number, reason);
                        }
                        Packet::Closing(reason) => bail!("the broker closes the connection, reason 0x{reason:02x}"),
                        Packet::Other => {}
                    }
                }
                () = sleep(KEEP_ALIVE / 2) => writer.write_all(&[0xC0, 0x00]).await?,
            }
            if heard.elapsed() > PATIENCE {
                bail!("nothing heard for {} s", PATIENCE.as_secs());
            }
            if self.take_settled(flying, broker, &mut nobody_since) {
                sleep(NOBODY_PAUSE).await;
            }
            tell.send_replace(self.counts);
        }
    }

    /// Counts what is settled from the front. True when nobody listened: then everything waits again, in its
    /// order.
    fn take_settled(
        &mut self,
        flying: &mut VecDeque<Sent>,
        broker: &Broker,
        nobody_since: &mut Option<Instant>,
    ) -> bool {
        while let Some(reason) = flying.front().and_then(|sent| sent.reason) {
            if reason == NO_MATCHING_SUBSCRIBERS {
                break;
            }
            let sent = flying.pop_front().expect("the front was just seen");
            if reason >= 0x80 {
                self.counts.refused += 1;
                say::progress(&format!(
                    "mqtt {}: refused with reason 0x{reason:02x}: {}",
                    broker.address, sent.publication.topic
                ));
            } else {
                self.counts.acknowledged += 1;
                *nobody_since = None;
            }
        }
        let all_settled = !flying.is_empty() && flying.iter().all(|sent| sent.reason.is_some());
        if !all_settled {
            return false;
        }
        let topic = flying[0].publication.topic.clone();
        while let Some(sent) = flying.pop_back() {
            if sent.reason == Some(NO_MATCHING_SUBSCRIBERS) {
                self.waiting.push_front(sent.publication);
            } else {
                self.counts.acknowledged += 1;
            }
        }
        if nobody_since.is_none_or(|since| since.elapsed() > Duration::from_secs(15)) {
            *nobody_since = Some(Instant::now());
            say::progress(&format!(
                "mqtt {0}: nobody subscribes to {topic} yet; is the service started with --mqtt mqtt://{0} ?",
                broker.address
            ));
        }
        true
    }
}

/// Stops a task when the connection it belongs to is left.
struct Stop(tokio::task::JoinHandle<()>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn settle(flying: &mut VecDeque<Sent>, number: u16, reason: u8) {
    if let Some(sent) = flying.iter_mut().find(|sent| sent.number == number) {
        sent.reason = Some(reason);
    }
}

enum Packet {
    Acknowledged { number: u16, reason: u8 },
    Closing(u8),
    Other,
}

/// Connects and returns the stream with the number of messages the broker takes at once.
async fn connect(broker: &Broker, name: &str) -> Result<(TcpStream, usize)> {
    let mut stream = TcpStream::connect(&broker.address).await?;
    stream.set_nodelay(true)?;
    let mut body = vec![0, 4, b'M', b'Q', b'T', b'T', 5];
    body.push(if broker.user.is_some() { 0b1100_0010 } else { 0b0000_0010 });
    body.extend((KEEP_ALIVE.as_secs() as u16).to_be_bytes());
    body.push(0); // no properties
    put_text(&mut body, name.as_bytes());
    if let Some((user, word)) = &broker.user {
        put_text(&mut body, user.as_bytes());
        put_text(&mut body, word.as_bytes());
    }
    stream.write_all(&packet(0x10, &body)).await?;
    let (kind, answer) = read_raw(&mut stream).await?;
    let reason = answer.get(1).copied().unwrap_or(0);
    match (kind, reason) {
        (0x20, 0) => Ok((stream, receive_maximum(answer.get(2..).unwrap_or(&[])))),
        (0x20, 0x84 | 0x01) => bail!("the broker does not speak MQTT 5; use Mosquitto 1.6 or later"),
        (0x20, 0x86 | 0x87 | 0x04 | 0x05) => {
            bail!("the broker refuses user or password; write mqtt://user:password@host:port")
        }
        (0x20, other) => bail!("the broker refuses the connection, reason 0x{other:02x}"),
        (other, _) => bail!("the broker answers packet 0x{other:02x} instead of CONNACK"),
    }
}

/// Property 0x21 of a CONNACK, 65,535 when absent. Properties that come before it are skipped by their
/// length.
fn receive_maximum(properties: &[u8]) -> usize {
    let mut rest = properties.get(1..).unwrap_or(&[]);
    while let [kind, value @ ..] = rest {
        let length = match kind {
            0x21 => {
                let bytes = [value.first().copied().unwrap_or(0xFF), value.get(1).copied().unwrap_or(0xFF)];
                return usize::from(u16::from_be_bytes(bytes)).max(1);
            }
            0x24 | 0x25 | 0x28 | 0x29 | 0x2A => 1,
            0x13 | 0x22 => 2,
            0x11 | 0x27 => 4,
            0x12 | 0x15 | 0x16 | 0x1A | 0x1C | 0x1F => {
                2 + usize::from(u16::from_be_bytes([
                    value.first().copied().unwrap_or(0),
                    value.get(1).copied().unwrap_or(0),
                ]))
            }
            _ => return IN_FLIGHT,
        };
        rest = value.get(length..).unwrap_or(&[]);
    }
    usize::from(u16::MAX)
}

fn publish_packet(publication: &Publication, number: u16) -> Vec<u8> {
    let mut body = Vec::with_capacity(publication.body.len() + publication.topic.len() + 8);
    put_text(&mut body, publication.topic.as_bytes());
    body.extend(number.to_be_bytes());
    body.push(0); // no properties
    body.extend_from_slice(&publication.body);
    packet(0x32, &body) // PUBLISH, QoS 1
}

fn put_text(body: &mut Vec<u8>, text: &[u8]) {
    body.extend((text.len() as u16).to_be_bytes());
    body.extend_from_slice(text);
}

fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    let mut left = body.len();
    loop {
        let low = (left % 128) as u8;
        left /= 128;
        bytes.push(if left > 0 { low | 0x80 } else { low });
        if left == 0 {
            break;
        }
    }
    bytes.extend_from_slice(body);
    bytes
}

async fn read_packet(stream: &mut (impl AsyncReadExt + Unpin)) -> Result<Packet> {
    let (kind, body) = read_raw(stream).await?;
    Ok(match (kind & 0xF0, body.as_slice()) {
        (0x40, [high, low, rest @ ..]) => Packet::Acknowledged {
            number: u16::from_be_bytes([*high, *low]),
            reason: rest.first().copied().unwrap_or(0),
        },
        (0xE0, rest) => Packet::Closing(rest.first().copied().unwrap_or(0)),
        _ => Packet::Other,
    })
}

async fn read_raw(stream: &mut (impl AsyncReadExt + Unpin)) -> Result<(u8, Vec<u8>)> {
    let kind = stream.read_u8().await?;
    let (mut length, mut shift) = (0_usize, 0);
    loop {
        let byte = stream.read_u8().await?;
        length |= usize::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            break;
        }
        shift += 7;
        if shift > 21 {
            bail!("a packet length of more than four bytes");
        }
    }
    if length > 1 << 20 {
        bail!("a packet of {length} bytes");
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok((kind, body))
}

/// Waits until `counts` show that everything sent so far is acknowledged, or until the deadline.
pub async fn settled(
    counts: &mut tokio::sync::watch::Receiver<Published>,
    wanted: u64,
    until: Instant,
) -> bool {
    let enough = counts.wait_for(|c| c.acknowledged + c.refused >= wanted);
    matches!(timeout_at(until, enough).await, Ok(Ok(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_is_read_with_and_without_user_and_port() {
        let plain = Broker::parse("mqtt://localhost").unwrap();
        assert_eq!((plain.address.as_str(), plain.user), ("localhost:1883", None));
        let full = Broker::parse("mqtt://ward:se@cret@10.0.0.1:2883/").unwrap();
        assert_eq!(full.address, "10.0.0.1:2883");
        assert_eq!(full.user, Some(("ward".into(), "se@cret".into())));
        assert!(Broker::parse("localhost:1883").is_err() && Broker::parse("mqtt://").is_err());
    }

    #[test]
    fn long_packets_have_their_length_in_groups_of_seven_bits() {
        assert_eq!(packet(0x30, &[0; 127])[..2], [0x30, 127]);
        assert_eq!(packet(0x30, &[0; 128])[..3], [0x30, 0x80, 1]);
        assert_eq!(packet(0x30, &[0; 20_000])[..4], [0x30, 0xA0, 0x9C, 0x01]);
    }

    #[test]
    fn the_broker_says_how_much_it_takes_at_once() {
        assert_eq!(receive_maximum(&[0]), 65_535);
        assert_eq!(receive_maximum(&[6, 0x22, 0, 10, 0x21, 0, 20]), 20);
    }
}
