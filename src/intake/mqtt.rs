//! MQTT brokers: telemetry in at QoS 1, acknowledged to the broker only after the journal has it.
//!
//! The one file that talks to the MQTT client. Its known traps are handled here: the client is polled in a task
//! of its own and never inside a `select!`; every reconnect subscribes again and checks the SUBACK; a packet over
//! the limit is told apart from a lost line; acknowledgements of an earlier connection are dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rumqttc::{
    AsyncClient, ConnectReturnCode, Event as Polled, EventLoop, MqttOptions, Packet, Publish, QoS,
    StateError, SubscribeFilter, SubscribeReasonCode, Transport,
};
use serde::Deserialize;
use tokio::sync::{Semaphore, mpsc, watch};
use tracing::{info, warn};

use super::desk::{Delivery, Desk};
use crate::clock::Stopwatch;
use crate::hl7::{AckMode, ReadSettings};
use crate::journal::Submission;
use crate::model::Event;
use crate::model::limits::MQTT_PACKET_MAX;

/// Payloads being stored at once; with [`WAITING`] the most that is held of a broker's backlog.
const STORING: usize = 512;
/// Payloads taken from the socket that wait for their turn. When they are full the socket is not read: the broker
/// waits, as it should.
const WAITING: usize = 1024;
/// Acknowledgements on their way to the client: more than can be outstanding, so that none is dropped.
const REQUESTS: usize = 8 * (STORING + WAITING);
/// A broker that cannot be reached for this long is worth an alert; a restart is not.
const OUT_OF_REACH: Duration = Duration::from_secs(10);

/// One broker.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Broker {
    /// Part of what makes a payload the same payload, and what metrics and logs call it.
    pub name: String,
    /// `mqtt://host:port` or `mqtts://host:port`; a user and password may be given in it or by file.
    pub url: String,
    pub client_id: String,
    pub user: Option<String>,
    /// File whose first line is the password.
    pub password_file: Option<std::path::PathBuf>,
    /// CA certificates (PEM) that the broker's certificate must chain to; needed for `mqtts`.
    pub ca_file: Option<std::path::PathBuf>,
    /// Topic filters; the topic is read as `…/{ward}/{bed}/vitals`.
    pub topics: Vec<String>,
    pub keep_alive_seconds: u64,
}

impl Default for Broker {
    fn default() -> Broker {
        Broker {
            name: "mqtt".into(),
            url: String::new(),
            client_id: "stormwatch".into(),
            user: None,
            password_file: None,
            ca_file: None,
            topics: vec!["stormwatch/v1/+/+/vitals".into()],
            keep_alive_seconds: 30,
        }
    }
}

/// Why a broker's settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("broker {broker:?}: cannot read {url:?} as mqtt://host:port or mqtts://host:port")]
    Url { broker: String, url: String },
    #[error("broker {broker:?}: cannot read {file}: {reason}")]
    File { broker: String, file: String, reason: String },
    #[error("broker {broker:?}: mqtts needs ca_file, the certificates the broker is trusted by")]
    NoCa { broker: String },
}

/// Connects, and reconnects for ever, until `stop`.
pub fn start(
    broker: Broker,
    desk: Desk,
    settings: ReadSettings,
    stop: watch::Receiver<bool>,
) -> Result<(), Error> {
    let options = options(&broker)?;
    let (client, events) = AsyncClient::new(options, REQUESTS);
    let epoch = Arc::new(AtomicU64::new(0));
    let (publishes, waiting) = mpsc::channel(WAITING);
    tokio::spawn(keep(
        client.clone(),
        waiting,
        Line { broker: broker.clone(), desk: desk.clone(), settings, epoch: epoch.clone() },
    ));
    tokio::spawn(poll(
        events,
        client,
        publishes,
        Line { broker, desk, settings: ReadSettings::default(), epoch },
        stop,
    ));
    Ok(())
}

/// Whether the broker's settings can be used; nothing is connected.
pub fn check(broker: &Broker) -> Result<(), Error> {
    options(broker).map(|_| ())
}

/// What both tasks of a broker know.
struct Line {
    broker: Broker,
    desk: Desk,
    settings: ReadSettings,
    /// Counts connections; packet ids mean nothing across them.
    epoch: Arc<AtomicU64>,
}

fn options(broker: &Broker) -> Result<MqttOptions, Error> {
    let bad = || Error::Url { broker: broker.name.clone(), url: redacted(&broker.url) };
    let (scheme, rest) = broker.url.split_once("://").ok_or_else(bad)?;
    let (login, place) = rest.rsplit_once('@').map_or((None, rest), |(login, place)| (Some(login), place));
    let secure = match scheme {
        "mqtt" | "tcp" => false,
        "mqtts" | "ssl" => true,
        _ => return Err(bad()),
    };
    let place = place.trim_end_matches('/');
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().map_err(|_| bad())?),
        None => (place, if secure { 8883 } else { 1883 }),
    };
    if host.is_empty() {
        return Err(bad());
    }
    let mut options = MqttOptions::new(&broker.client_id, host, port);
    options.set_keep_alive(Duration::from_secs(broker.keep_alive_seconds.max(5)));
    // The session lives on at the broker, so what comes while we are away is kept there.
    options.set_clean_session(false);
    options.set_manual_acks(true);
    // The client's own default of 10 KiB makes one larger payload block everything behind it, for ever.
    options.set_max_packet_size(MQTT_PACKET_MAX, MQTT_PACKET_MAX);
    if let Some((user, password)) = credentials(broker, login)? {
        options.set_credentials(user, password);
    }
    if secure {
        let file = broker.ca_file.as_ref().ok_or_else(|| Error::NoCa { broker: broker.name.clone() })?;
        let config = crate::tls::client(file).map_err(|error| Error::File {
            broker: broker.name.clone(),
            file: file.display().to_string(),
            reason: error.to_string(),
        })?;
        options.set_transport(Transport::tls_with_config(rumqttc::TlsConfiguration::Rustls(config)));
    }
    Ok(options)
}

fn credentials(broker: &Broker, login: Option<&str>) -> Result<Option<(String, String)>, Error> {
    let in_url =
        login.map(|login| login.split_once(':').map_or((login, ""), |(user, password)| (user, password)));
    let user = broker.user.clone().or(in_url.map(|(user, _)| user.to_owned()));
    let password = match &broker.password_file {
        None => in_url.map(|(_, password)| password.to_owned()).unwrap_or_default(),
        Some(file) => std::fs::read_to_string(file)
            .map_err(|error| Error::File {
                broker: broker.name.clone(),
                file: file.display().to_string(),
                reason: error.to_string(),
            })?
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned(),
    };
    Ok(user.map(|user| (user, password)))
}

/// A URL without its password, for messages.
pub fn redacted(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://…@{place}"),
        _ => url.to_owned(),
    }
}

/// Polls the client; publishes go to [`keep`] over a bounded queue. A full queue holds up the poll and so the socket, which
/// is how a slow disk slows a broker; pings resume long before the broker misses them.
async fn poll(
    mut events: EventLoop,
    client: AsyncClient,
    publishes: mpsc::Sender<(u64, Publish)>,
    line: Line,
    stop: watch::Receiver<bool>,
) {
    let mut failures = 0u32;
    let mut too_large = 0u32;
    let mut up = true;
    let mut lost = Stopwatch::start();
    while !*stop.borrow() {
        match events.poll().await {
            Ok(Polled::Incoming(Packet::ConnAck(ack))) if ack.code == ConnectReturnCode::Success => {
                failures = 0;
                line.gauge(1);
                line.epoch.fetch_add(1, Ordering::SeqCst);
                info!(broker = %line.broker.name, session = ack.session_present, "connected to the broker");
                subscribe(&client, &line.broker);
                line.state(true, &mut up, "connected").await;
            }
            Ok(Polled::Incoming(Packet::SubAck(ack))) => {
                if ack.return_codes.contains(&SubscribeReasonCode::Failure) {
                    warn!(broker = %line.broker.name, "the broker refused a subscription; check its access list");
                    line.state(false, &mut up, "the broker refused a subscription").await;
                }
            }
            Ok(Polled::Incoming(Packet::Publish(publish))) => {
                too_large = 0;
                let epoch = line.epoch.load(Ordering::SeqCst);
                if publishes.send((epoch, publish)).await.is_err() {
                    return;
                }
            }
            Ok(_) => {}
            Err(error) => {
                if failures == 0 {
                    lost = Stopwatch::start();
                }
                failures = failures.saturating_add(1);
                line.gauge(0);
                if is_too_large(&error) {
                    too_large += 1;
                }
                if too_large >= 3 {
                    line.state(
                        false,
                        &mut up,
                        "a payload over the size limit blocks the session; remove it at the broker",
                    )
                    .await;
                } else if lost.elapsed() >= OUT_OF_REACH {
                    line.state(false, &mut up, &error.to_string()).await;
                }
                // Longer each time, and never in step with other clients.
                let wait = (250u64 << failures.min(5)) + u64::from(std::process::id() % 250);
                tokio::time::sleep(Duration::from_millis(wait.min(8_000))).await;
            }
        }
    }
}

/// A packet over the limit, which the client reports as a broken state.
fn is_too_large(error: &rumqttc::ConnectionError) -> bool {
    match error {
        rumqttc::ConnectionError::MqttState(StateError::Deserialization(inner)) => {
            matches!(inner, rumqttc::mqttbytes::Error::PayloadSizeLimitExceeded(_))
        }
        _ => false,
    }
}

/// Asks for the topics again on every connection. In a task of its own: the request waits for room among
/// acknowledgements that only the poll takes away.
fn subscribe(client: &AsyncClient, broker: &Broker) {
    let filters: Vec<SubscribeFilter> =
        broker.topics.iter().map(|topic| SubscribeFilter::new(topic.clone(), QoS::AtLeastOnce)).collect();
    let (client, name) = (client.clone(), broker.name.clone());
    tokio::spawn(async move {
        if let Err(error) = client.subscribe_many(filters).await {
            warn!(broker = %name, %error, "cannot subscribe");
        }
    });
}

/// Stores publishes, several at a time, and acknowledges each once it is durable.
async fn keep(client: AsyncClient, mut waiting: mpsc::Receiver<(u64, Publish)>, line: Line) {
    let line = Arc::new(line);
    let places = Arc::new(Semaphore::new(STORING));
    while let Some((epoch, publish)) = waiting.recv().await {
        let (client, line) = (client.clone(), line.clone());
        let place = places.clone().acquire_owned().await.expect("the semaphore is never closed");
        let mut storing = Box::pin(async move {
            line.store(epoch, publish, &client).await;
            drop(place);
        });
        // Polled once in order, so that the journal gets payloads in the order they came.
        if futures_util::poll!(storing.as_mut()).is_pending() {
            tokio::spawn(storing);
        }
    }
}

impl Line {
    async fn store(&self, epoch: u64, publish: Publish, client: &AsyncClient) {
        let watch = Stopwatch::start();
        let delivery = Delivery {
            raw: &publish.payload,
            door: &self.broker.name,
            via: "mqtt",
            settings: &self.settings,
            acks: AckMode::Original,
            topic: ward_and_bed(&publish.topic),
            retained: publish.retain,
            again: false,
        };
        let outcome = if publish.payload.starts_with(b"MSH") {
            self.desk.take_hl7(delivery).await
        } else {
            self.desk.take_telemetry(delivery).await
        };
        self.desk.metrics.messages.with_label_values(&["mqtt", outcome.code]).inc();
        self.desk.metrics.answer_seconds.with_label_values(&["mqtt"]).observe(watch.elapsed().as_secs_f64());
        // Not stored: not acknowledged; it comes again. An id of an earlier connection means nothing now.
        if outcome.settled && self.epoch.load(Ordering::SeqCst) == epoch {
            let _ = client.try_ack(&publish);
        }
    }

    fn gauge(&self, up: i64) {
        self.desk.metrics.broker_up.with_label_values(&[&self.broker.name]).set(up);
    }

    /// Tells the journal, and so the wall, when the broker goes and comes.
    async fn state(&self, healthy: bool, up: &mut bool, detail: &str) {
        if *up == healthy {
            return;
        }
        *up = healthy;
        if !healthy {
            warn!(broker = %self.broker.name, detail, "the broker is out of reach");
        }
        let detail = format!("broker {}: {detail}", self.broker.name);
        let event = Event::Service { part: "mqtt".into(), healthy, detail };
        let submission =
            Submission { source: "self".into(), via: "self", events: vec![event], ..Submission::default() };
        if let Err(error) = self.desk.journal.append(submission).await {
            warn!(%error, "the broker's state cannot be recorded");
        }
    }
}

/// `stormwatch/v1/6E/01/vitals` is ward 6E, bed 01.
fn ward_and_bed(topic: &str) -> Option<(&str, &str)> {
    let mut parts = topic.rsplit('/').skip(1);
    let bed = parts.next()?;
    Some((parts.next()?, bed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_and_never_shown_with_its_password() {
        let broker = Broker { url: "mqtt://ward:secret@broker.local:1884".into(), ..Broker::default() };
        assert_eq!(options(&broker).expect("a good url").broker_address(), ("broker.local".into(), 1884));
        assert_eq!(redacted(&broker.url), "mqtt://…@broker.local:1884");
        let bad = Broker { url: "broker.local".into(), ..Broker::default() };
        assert!(options(&bad).is_err());
    }

    #[test]
    fn the_topic_names_ward_and_bed() {
        assert_eq!(ward_and_bed("stormwatch/v1/6E/01/vitals"), Some(("6E", "01")));
        assert_eq!(ward_and_bed("vitals"), None);
    }
}
