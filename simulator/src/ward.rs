//! `ward`: plays a ward over real sockets: history as fast as it is taken, then life at a speed, then in real
//! time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use crate::broker::Mosquitto;
use crate::cast::{self, Setting};
use crate::fault::{self, Act, Fault, Faulty};
use crate::feed::Feed;
use crate::moment::{self, DAY};
use crate::publish::{self, Broker, Publication, Published};
use crate::say;
use crate::send::{Answer, Mllp, control_of};
use crate::stay::{Message, Via};

#[derive(clap::Args, Clone)]
pub struct Options {
    #[arg(long, default_value_t = 12)]
    pub beds: usize,
    /// Simulated time per wall time until the ward has caught up with the wall clock; then 1.
    #[arg(long, default_value_t = 60.0)]
    pub speed: f64,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where the HL7 messages go.
    #[arg(long, default_value = "127.0.0.1:2575")]
    pub mllp: String,
    /// Where the vital signs go: mqtt://[user:password@]host:port. Without a broker they go over MLLP.
    #[arg(long, conflicts_with = "broker")]
    pub mqtt: Option<String>,
    /// Bring a broker (Mosquitto) that listens here, on loopback.
    #[arg(long)]
    pub broker: Option<String>,
    /// Comma-separated: duplicate, reorder, late, truncate, half-frame, bad-charset, future-clock,
    /// unit-switch, burst, garbage, correction.
    #[arg(long, value_delimiter = ',')]
    pub faults: Vec<Fault>,
    #[arg(long, default_value = "6E")]
    pub ward: String,
    /// How much simulated time lies between the end of the history and the wall clock: it is lived at `--speed`.
    /// Watchers may call vital signs stale that are more than 15 minutes behind the wall clock, hence no more by
    /// default; 6h or 2d shows whole courses.
    #[arg(long, default_value = "20m")]
    pub live: String,
    /// Stop by itself after this much wall time.
    #[arg(long = "for")]
    pub stop_after: Option<String>,
}

pub fn run(options: &Options) -> Result<()> {
    if !(1..=200).contains(&options.beds) {
        bail!("--beds is 1 to 200");
    }
    if !(0.1..=100_000.0).contains(&options.speed) {
        bail!("--speed is 0.1 to 100000");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(play(options));
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

/// When each simulated instant is played: never before the wall clock has reached it.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Seconds since 1970 when the ward started to play.
    pub started: i64,
    /// Where history ends.
    pub live: i64,
    pub speed: f64,
}

impl Pace {
    /// How long after the start something of `at` is due.
    pub fn due(&self, at: i64) -> Duration {
        if at <= self.live {
            return Duration::ZERO;
        }
        let lived = (at - self.live) as f64 / self.speed;
        let real = (at - self.started) as f64;
        Duration::from_secs_f64(lived.max(real).max(0.0))
    }
}

#[derive(Default)]
struct Figures {
    simulated: AtomicI64,
    sent: AtomicU64,
    acknowledged: AtomicU64,
    refused: AtomicU64,
}

async fn play(options: &Options) -> Result<()> {
    let live_span = moment::span(&options.live).context("--live")?;
    let stop_after = options.stop_after.as_deref().map(moment::span).transpose().context("--for")?;
    let mut stop = Box::pin(stop_signal(stop_after)?);
    let mosquitto = match &options.broker {
        Some(address) => Some(Mosquitto::start(address).await?),
        None => None,
    };
    let broker = match (&mosquitto, &options.mqtt) {
        (Some(own), _) => {
            say::answer(&format!("broker mqtt://{}", own.address));
            Some(Broker::parse(&format!("mqtt://{}", own.address))?)
        }
        (None, Some(url)) => Some(Broker::parse(url)?),
        (None, None) => None,
    };
    let mut mllp = Mllp::new(&options.mllp);
    tokio::select! {
        () = mllp.connect() => {}
        () = &mut stop => return leave(mosquitto).await,
    }
    let started = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() as i64;
    let pace = Pace { started, live: started - live_span, speed: options.speed };
    let run = control_prefix(started);
    let setting = Setting {
        ward: &options.ward,
        beds: options.beds,
        seed: options.seed,
        live: pace.live,
        over_mqtt: broker.is_some(),
        slips: fault::slips(&options.faults),
        run: &run,
    };
    let stays = cast::stays(&setting);
    let infusions: Vec<i64> = stays.iter().map(|stay| stay.plan.infusion).collect();
    let acts = Faulty::new(Feed::new(stays.into_iter()), &options.faults, options.seed);
    let figures = Arc::new(Figures::default());
    let (counted, published) = watch::channel(Published::default());
    let (queue, publications) = mpsc::channel(50_000);
    let publishing = broker.map(|broker| {
        tokio::spawn(publish::publish(broker, format!("stormwatch-simulator-{run}"), publications, counted))
    });
    let reporter = tokio::spawn(report(Arc::clone(&figures), published.clone(), infusions, pace));
    let player = Player {
        mllp,
        in_history: true,
        address: options.mllp.clone(),
        queue,
        figures: Arc::clone(&figures),
    };
    tokio::select! {
        () = player.play(acts, pace) => {}
        () = &mut stop => {}
    }
    reporter.abort();
    if let Some(publishing) = publishing {
        // The queue is closed with the player; what is left goes out if the broker is quick.
        let _ = tokio::time::timeout(Duration::from_secs(2), publishing).await;
    }
    say::progress(&summary(&figures, &published.borrow()));
    leave(mosquitto).await
}

async fn leave(mosquitto: Option<Mosquitto>) -> Result<()> {
    match mosquitto {
        Some(broker) => broker.stop().await,
        None => Ok(()),
    }
}

/// Comes when someone asks us to stop, or when the time is over.
fn stop_signal(after: Option<i64>) -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        let over = async {
            match after {
                Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds.max(0) as u64)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hang_up.recv() => {}
            () = over => {}
        }
    })
}

/// Unique for every run, so that MSH-10 never repeats after a restart: the start in base 36.
fn control_prefix(started: i64) -> String {
    let mut left = started.unsigned_abs();
    let mut digits = Vec::new();
    while left > 0 {
        let digit = u32::try_from(left % 36).expect("a remainder of 36 is small");
        digits.push(char::from_digit(digit, 36).expect("a digit below 36 has a letter"));
        left /= 36;
    }
    digits.iter().rev().collect::<String>().to_uppercase()
}

/// Between two vital signs of the history. The broker acknowledges at once what it has only queued, and
/// Mosquitto 2.0.11 lets a backlog run past its own window of unacknowledged messages: a ward that floods it
/// floods whoever listens.
const HISTORY_PAUSE: Duration = Duration::from_millis(1);

struct Player {
    mllp: Mllp,
    in_history: bool,
    address: String,
    queue: mpsc::Sender<Publication>,
    figures: Arc<Figures>,
}

impl Player {
    async fn play(mut self, acts: impl Iterator<Item = (i64, Act)>, pace: Pace) {
        let start = Instant::now();
        for (at, act) in acts {
            let due = pace.due(at);
            if due > Duration::ZERO {
                sleep_until(start + due).await;
            }
            self.figures.simulated.store(at, Ordering::Relaxed);
            self.in_history = at <= pace.live;
            self.act(act).await;
        }
    }

    async fn act(&mut self, act: Act) {
        match act {
            Act::Send(message) => self.send(message).await,
            Act::Spoiled { via: Via::Mllp, bytes, .. } => {
                self.figures.sent.fetch_add(1, Ordering::Relaxed);
                let answer = self.mllp.send_once(&bytes).await;
                self.count(answer.is_some_and(|answer| answer.is_good()));
            }
            Act::Spoiled { via: Via::Mqtt, topic, bytes } => self.publish(topic, bytes).await,
            Act::BreakOff(bytes) => self.mllp.break_off(&bytes).await,
            Act::Babble(bytes) => {
                let mut stranger = Mllp::new(&self.address);
                stranger.babble(&bytes).await;
            }
        }
    }

    async fn send(&mut self, message: Message) {
        match message.via {
            Via::Mllp => {
                self.figures.sent.fetch_add(1, Ordering::Relaxed);
                let answer = self.mllp.send(&message.body).await;
                if !answer.is_good() {
                    warn(&message, &answer);
                }
                self.count(answer.is_good());
            }
            Via::Mqtt => self.publish(message.topic, message.body.into_bytes()).await,
        }
    }

    async fn publish(&mut self, topic: String, body: Vec<u8>) {
        if self.in_history {
            sleep(HISTORY_PAUSE).await;
        }
        // Fails only when the publisher has stopped, which it does after us.
        let _ = self.queue.send(Publication { topic, body }).await;
    }

    fn count(&self, good: bool) {
        let counter = if good { &self.figures.acknowledged } else { &self.figures.refused };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

fn warn(message: &Message, answer: &Answer) {
    let kind = message.body.split('|').nth(8).unwrap_or("");
    say::progress(&format!(
        "warning: {kind} {} was answered {}: {}",
        control_of(&message.body),
        answer.code,
        answer.text
    ));
}

async fn report(
    figures: Arc<Figures>,
    published: watch::Receiver<Published>,
    infusions: Vec<i64>,
    pace: Pace,
) {
    let start = Instant::now();
    let mut caught_up = false;
    loop {
        sleep_until(Instant::now() + Duration::from_secs(if caught_up { 30 } else { 5 })).await;
        let at = figures.simulated.load(Ordering::Relaxed);
        let now = pace.started + start.elapsed().as_secs() as i64;
        let speed = match (at <= pace.live, now - at < 90) {
            (true, _) => "history".to_string(),
            (false, true) => "real time".to_string(),
            (false, false) => format!("{}x", pace.speed),
        };
        caught_up = speed == "real time";
        let days = infusions.iter().map(|infusion| (at - infusion).div_euclid(DAY)).filter(|day| *day >= -3);
        let (first, last) = days.fold((i64::MAX, i64::MIN), |(low, high), day| (low.min(day), high.max(day)));
        let counts = summary(&figures, &published.borrow());
        say::progress(&format!("{} JST  {speed}  days {first}..{last}  {counts}", moment::short(at)));
    }
}

fn summary(figures: &Figures, published: &Published) -> String {
    let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    format!(
        "sent {}  acknowledged {}  refused {}",
        get(&figures.sent) + published.sent,
        get(&figures.acknowledged) + published.acknowledged,
        get(&figures.refused) + published.refused
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_is_due_at_once_life_at_its_speed_and_nothing_before_the_wall_clock() {
        let pace = Pace { started: 10_000, live: 6_400, speed: 60.0 };
        assert_eq!(pace.due(0), Duration::ZERO);
        assert_eq!(pace.due(6_400), Duration::ZERO);
        assert_eq!(pace.due(7_000), Duration::from_secs(10));
        // Caught up after 61 s: from then on simulated and wall time are the same.
        assert_eq!(pace.due(10_100), Duration::from_secs(100));
        for at in (0..20_000).step_by(7) {
            assert!(
                at as f64 <= 10_000.0 + pace.due(at).as_secs_f64() + 1e-6,
                "{at} is ahead of the wall clock"
            );
        }
    }

    #[test]
    fn a_run_has_a_short_name_of_its_own() {
        assert_eq!(control_prefix(36 * 36), "100");
        assert_ne!(control_prefix(1_795_300_000), control_prefix(1_795_300_001));
        assert!(control_prefix(1_795_300_000).len() <= 6);
    }
}
