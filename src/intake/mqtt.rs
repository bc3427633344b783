//! MQTT brokers: telemetry in at QoS 1, acknowledged to the broker only after the journal has it.
//!
//! The traps of MQTT clients are handled here: the client is polled in a task of its own; every reconnect subscribes
//! again and checks the answer; a publication over the limit is told apart from a lost line and taken out of the way;
//! acknowledgements of an earlier connection are dropped; a session the broker has forgotten is said aloud.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, watch};
use tracing::{info, warn};

pub use super::broker::{Broker, Error, check, redacted};
use super::broker::{Format, Plan};
use super::brokers::Brokers;
use super::client::{Arrived, Client, Line, Lost, Polled};
use super::desk::{Delivery, Desk, Outcome};
use crate::clock::Stopwatch;
use crate::hl7::{AckCode, Answer, Problem, content::code, frame};
use crate::model::Time;
use crate::model::limits::{MQTT_FRAME_MAX, MQTT_FRAME_ONCE};
use crate::telemetry;

/// Payloads being stored at once; with [`WAITING`] the most that is held of a broker's backlog.
pub(super) const STORING: usize = 512;
/// Payloads taken from the socket that wait for their turn. When they are full the socket is not read: the broker
/// waits, as it should.
const WAITING: usize = 1024;
/// Requests on their way to the client, acknowledgements of an MQTT 5 broker among them: more than it may be owed.
const REQUESTS: usize = 8 * STORING;
/// A broker that cannot be reached for this long is worth an alert; a restart is not.
const OUT_OF_REACH: Duration = Duration::from_secs(10);
/// A payload that cannot be stored now is tried again after so long.
const AGAIN: Duration = Duration::from_secs(1);
/// So often in a row the same publication must break the connection before it counts as the cause.
const POISON: u32 = 3;
/// Of a publication above the limit so much is kept.
const HEAD: usize = 64 * 1024;

/// Connects to every broker, and reconnects for ever, until `stop`. `heard_before`: an earlier run of this service
/// had a session, so one that is gone is a gap.
pub fn start(
    brokers: &[Broker],
    desk: &Desk,
    heard_before: bool,
    stop: &watch::Receiver<bool>,
) -> Result<(), Error> {
    let states = Arc::new(Brokers::new(desk.clone()));
    for broker in brokers {
        let plan = Plan::of(broker)?;
        let (client, line) = Client::new(&plan, REQUESTS);
        let (publications, waiting) = mpsc::channel(WAITING);
        let feed = Arc::new(Feed {
            plan,
            desk: desk.clone(),
            states: states.clone(),
            client,
            epoch: AtomicU64::new(0),
        });
        tokio::spawn(feed.clone().keep(waiting, stop.clone()));
        let watcher =
            Watcher { feed, broker: broker.clone(), failures: 0, poison: 0, lost: None, heard_before };
        tokio::spawn(watcher.watch(line, publications, stop.clone()));
    }
    Ok(())
}

/// What both tasks of a broker know.
struct Feed {
    plan: Plan,
    desk: Desk,
    states: Arc<Brokers>,
    client: Client,
    /// Counts connections; packet ids mean nothing across them.
    epoch: AtomicU64,
}

type Publications = mpsc::Sender<(u64, Arrived)>;

/// Polls the client. Publications go to [`Feed::keep`] over a bounded queue; a full queue holds up the poll and so the
/// socket, which is how a slow disk slows a broker.
struct Watcher {
    feed: Arc<Feed>,
    broker: Broker,
    /// In a row.
    failures: u32,
    poison: u32,
    /// Since when the line is down.
    lost: Option<(Stopwatch, Time)>,
    /// There was a session before.
    heard_before: bool,
}

impl Watcher {
    async fn watch(mut self, mut line: Line, publications: Publications, stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match line.poll().await {
                Ok(polled) => {
                    if !self.take(polled, &mut line, &publications).await {
                        return;
                    }
                }
                Err(lost) => {
                    self.lose(lost, &mut line).await;
                    // Longer each time, and never in step with other clients.
                    tokio::time::sleep(pause(self.failures)).await;
                    // After the pause, so that what is renewed during it counts at once.
                    self.renew(&mut line);
                }
            }
        }
    }

    /// `false`: nobody takes publications any more.
    async fn take(&mut self, polled: Polled, line: &mut Line, publications: &Publications) -> bool {
        match polled {
            Polled::Connected { session } => self.connected(session).await,
            Polled::Subscribed { refused } if !refused.is_empty() => {
                let topics: Vec<&str> = refused
                    .iter()
                    .filter_map(|n| self.feed.plan.topics.get(*n))
                    .map(|topic| topic.filter.as_str())
                    .collect();
                let detail = format!("refuses {}; check its access list", topics.join(", "));
                self.feed.state(Some(detail)).await;
            }
            Polled::Subscribed { .. } => self.feed.state(None).await,
            Polled::Arrived(arrived) => {
                if std::mem::take(&mut self.poison) > 0 && arrived.body().len() > MQTT_FRAME_MAX {
                    line.allow(MQTT_FRAME_MAX);
                }
                let epoch = self.feed.epoch.load(Ordering::SeqCst);
                return publications.send((epoch, arrived)).await.is_ok();
            }
            Polled::Nothing => {}
        }
        true
    }

    async fn connected(&mut self, session: bool) {
        let feed = &self.feed;
        self.failures = 0;
        feed.gauge(1);
        feed.epoch.fetch_add(1, Ordering::SeqCst);
        info!(broker = %feed.plan.name, session, "connected to the broker");
        let lost = self.lost.take();
        if !session && self.heard_before {
            let since = lost.map_or_else(|| "the last run".to_owned(), |(_, at)| at.rfc3339());
            feed.gap(&format!("has forgotten our session; what was sent since {since} is missing here"))
                .await;
        }
        self.heard_before = true;
        let filters = feed.plan.topics.iter().map(|topic| topic.filter.clone()).collect();
        let (client, name) = (feed.client.clone(), feed.plan.name.clone());
        // On every connection: a session that is present may still lack a topic added since. In a task of its own:
        // the request waits for room that only the poll makes.
        tokio::spawn(async move {
            if let Err(error) = client.subscribe(filters).await {
                warn!(broker = %name, %error, "cannot subscribe");
            }
        });
    }

    async fn lose(&mut self, lost: Lost, line: &mut Line) {
        let feed = &self.feed;
        let (watch, _) = *self.lost.get_or_insert_with(|| (Stopwatch::start(), feed.desk.clock.now()));
        self.failures = self.failures.saturating_add(1);
        feed.gauge(0);
        // What is still being stored came over a connection that is gone.
        feed.epoch.fetch_add(1, Ordering::SeqCst);
        info!(broker = %feed.plan.name, reason = %lost.reason, "the connection to the broker is lost");
        match lost.too_large {
            // It comes again with every connection, and everything behind it waits. So it is taken once.
            Some(bytes) => {
                self.poison += 1;
                if self.poison >= POISON {
                    warn!(broker = %feed.plan.name, bytes, "a publication over the limit blocks the session");
                    feed.desk.metrics.oddities.with_label_values(&["oversized-publication"]).inc();
                    line.allow((bytes + 16).min(MQTT_FRAME_ONCE));
                }
            }
            None => self.poison = 0,
        }
        if watch.elapsed() >= OUT_OF_REACH {
            feed.state(Some(format!("cannot be reached: {}", lost.reason))).await;
        }
    }

    /// A password or certificate that was renewed is used from the next connection on.
    fn renew(&self, line: &mut Line) {
        if self.poison == 0
            && let Ok(plan) = Plan::of(&self.broker)
        {
            line.renew(&plan);
        }
    }
}

/// Longer each time up to eight seconds; which part of it, the process decides, so that many clients do not come back
/// together.
fn pause(failures: u32) -> Duration {
    let step = 250u64 << failures.min(5);
    let share = u64::from(std::process::id().wrapping_mul(2_654_435_761).wrapping_add(failures) % 250);
    Duration::from_millis((step + share).min(8_000))
}

impl Feed {
    /// Stores publications, several at a time, and acknowledges each once it is durable.
    async fn keep(self: Arc<Self>, mut waiting: mpsc::Receiver<(u64, Arrived)>, stop: watch::Receiver<bool>) {
        let places = Arc::new(Semaphore::new(STORING));
        while let Some((epoch, arrived)) = waiting.recv().await {
            let (feed, stop) = (self.clone(), stop.clone());
            let place = places.clone().acquire_owned().await.expect("the semaphore is never closed");
            let mut storing = Box::pin(async move {
                feed.store(epoch, arrived, stop).await;
                drop(place);
            });
            // Polled once in order, so that the journal gets payloads in the order they came.
            if futures_util::poll!(storing.as_mut()).is_pending() {
                tokio::spawn(storing);
            }
        }
    }

    async fn store(&self, epoch: u64, arrived: Arrived, stop: watch::Receiver<bool>) {
        let watch = Stopwatch::start();
        loop {
            let outcome = self.take(&arrived).await;
            self.desk.metrics.messages.with_label_values(&["mqtt", outcome.code]).inc();
            // An id of an earlier connection means nothing now; the broker sends the payload again under another.
            if self.epoch.load(Ordering::SeqCst) != epoch {
                return;
            }
            if outcome.settled {
                self.desk
                    .metrics
                    .answer_seconds
                    .with_label_values(&["mqtt"])
                    .observe(watch.elapsed().as_secs_f64());
                return self.client.acknowledge(&arrived);
            }
            // Not stored, so not acknowledged. The broker would send it again only on another connection.
            if *stop.borrow() {
                return;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn take(&self, arrived: &Arrived) -> Outcome {
        let topic = arrived.topic();
        let body = arrived.body();
        let delivery = Delivery {
            topic: self.plan.place(&topic),
            retained: arrived.is_retained(),
            ..Delivery::new(body, &self.plan.name, "mqtt", &self.plan.settings)
        };
        if body.len() > MQTT_FRAME_MAX {
            let reason =
                format!("{} bytes are more than {MQTT_FRAME_MAX}; send fewer values at once", body.len());
            let problem = Problem::at(("MSH", 1, 0), code::INTERNAL, "too-large", reason);
            let head = Delivery { raw: &body[..HEAD], ..delivery };
            return self.desk.refuse(head, &Answer::new(AckCode::AR, vec![problem])).await;
        }
        let (ward, bed) = delivery.topic.unwrap_or(("", &topic));
        let gateway = format!("{ward}/{bed}");
        if let Some(up) = telemetry::gateway_status(body) {
            // A gateway's last will, or its greeting.
            let state = (!up).then(|| format!("the gateway {gateway} says that it is offline"));
            return Outcome::of_status(self.states.set(&gateway, state).await);
        }
        let hl7 = match self.plan.format {
            Format::Auto => telemetry::is_hl7(body),
            Format::Telemetry => false,
            Format::Hl7 => true,
        };
        let outcome = if hl7 {
            self.desk.take_hl7(Delivery { raw: frame::unframed(body), ..delivery }).await
        } else {
            self.desk.take_telemetry(delivery).await
        };
        if outcome.used > 0 {
            self.states.well(&gateway).await;
        }
        outcome
    }

    fn gauge(&self, up: i64) {
        self.desk.metrics.broker_up.with_label_values(&[&self.plan.name]).set(up);
    }

    /// Tells the journal, and so the wall, when the broker goes and comes.
    async fn state(&self, problem: Option<String>) {
        let name = &self.plan.name;
        self.states.set(name, problem.map(|detail| format!("broker {name} {detail}"))).await;
    }

    /// Said and over at once: the alert stays until somebody has acknowledged it.
    async fn gap(&self, detail: &str) {
        self.desk.metrics.oddities.with_label_values(&["session-lost"]).inc();
        self.state(Some(detail.to_owned())).await;
        self.state(None).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_at_eight_seconds() {
        let pauses: Vec<Duration> = (0..20).map(pause).collect();
        assert!(pauses.windows(2).take(5).all(|pair| pair[1] > pair[0]), "{pauses:?}");
        assert!(pauses.iter().all(|pause| *pause >= Duration::from_millis(250)));
        assert!(pauses.iter().all(|pause| *pause <= Duration::from_secs(8)));
    }
}
