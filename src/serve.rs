//! Floor 4. The service: the journal's tail through the fold to displays and webhooks, with the doors beside it.

mod past;
mod retry;
mod rules;
mod save;
mod tick;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing::info;

use crate::cli::ServeArguments;
use crate::clock::{Clock, Stopwatch};
use crate::config::Config;
use crate::display::{self, Hub, access::Access};
use crate::engine::Engine;
use crate::fold::{self, Audience, FoldHandle};
use crate::intake::{Desk, mllp, mqtt};
use crate::journal::{Journal, Opened, Reader};
use crate::metrics::Metrics;
use crate::model::{AlertChange, Change, Entry, Priority, Time};
use crate::notify::{Notifier, Pace, Setup};
use crate::tls::Tls;

use save::Saving;

pub use rules::{check, terminology};

/// Who hears of each entry once it is folded: counters, webhooks, displays, the ticker.
struct Everybody {
    metrics: Metrics,
    hub: Hub,
    notifier: Notifier,
    saving: Saving,
    due: watch::Sender<Option<Time>>,
    watch: Stopwatch,
}

impl Audience for Everybody {
    fn applied(&mut self, entry: &Entry, changes: &[Change], engine: &Engine) {
        for change in changes {
            match change {
                Change::Notify(notification) => {
                    if let Some(alert) = engine.alert(&notification.alert) {
                        self.notifier.offer(notification, alert, entry.seq);
                    }
                }
                Change::Alert { change, alert, cause: _ } => {
                    self.notifier.follow(alert, entry.seq);
                    if *change == AlertChange::TakenBack {
                        self.notifier.resume(alert, entry.seq);
                    }
                    self.metrics.alerts.with_label_values(&[&alert.rule, change.name()]).inc();
                    if *change == AlertChange::Acknowledged {
                        let seconds = (entry.accepted_at - alert.raised_at).0 as f64 / 1000.0;
                        let priority = alert.priority.name();
                        self.metrics.acknowledge_seconds.with_label_values(&[priority]).observe(seconds);
                    }
                }
                Change::Patient(_) | Change::Rules { .. } => {}
            }
        }
        self.hub.publish(entry, changes, engine);
        self.metrics.entries.inc();
        self.metrics.folded_seq.set(i64::try_from(entry.seq).unwrap_or(i64::MAX));
        self.metrics.fold_seconds.observe(self.watch.elapsed().as_secs_f64());
        if changes.iter().any(|change| matches!(change, Change::Alert { .. })) {
            self.count_open(engine);
        }
        self.saving.consider(engine, &self.notifier);
    }

    fn about_to_apply(&mut self) {
        self.watch = Stopwatch::start();
    }

    fn due(&mut self, at: Option<Time>) {
        // Unchanged instants wake nobody.
        self.due.send_if_modified(|known| std::mem::replace(known, at) != at);
    }

    fn ended(&mut self, engine: &Engine) {
        self.saving.finish(engine, &self.notifier);
    }
}

impl Everybody {
    /// The fold does not begin at the journal's first entry.
    fn begin(&mut self, engine: &Engine) {
        self.hub.begin(engine);
        self.saving.begin(engine.seq());
        self.metrics.folded_seq.set(i64::try_from(engine.seq()).unwrap_or(i64::MAX));
        self.count_open(engine);
    }

    fn count_open(&self, engine: &Engine) {
        for priority in Priority::ALL {
            let open = engine.open_alerts().filter(|a| a.priority == priority).count();
            let gauge = self.metrics.open_alerts.with_label_values(&[priority.name()]);
            gauge.set(i64::try_from(open).unwrap_or(0));
        }
    }
}

/// Runs until SIGTERM or Ctrl-C.
pub fn run(arguments: &ServeArguments) -> anyhow::Result<()> {
    let config = match Config::load(arguments) {
        Ok(config) => config,
        Err(mistakes) => bail!("the configuration cannot be used:\n{}", mistakes.join("\n")),
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting threads")?;
    let outcome = runtime.block_on(serve(config));
    // Connections that will not end are left behind; everything accepted is already durable.
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let clock = Clock::system();
    let metrics = Metrics::new();
    let mut doors = Doors::bind(&config).await?;
    let Opened { journal, reader, tail, last_seq } = Journal::open(&config.data, clock.clone())?;
    let access = Access::open(&config.data)?;
    for (place, address) in doors.addresses.iter().enumerate() {
        let port = if place == 0 { display::Port::Http } else { display::Port::Mllp };
        display::bind_allowed(port, *address, doors.tls_at(*address), access.has_users()?)?;
    }
    let terminology = Arc::new(terminology(&config.terminology)?);
    let notifier = Notifier::start(Setup {
        webhooks: config.webhook.clone(),
        pace: Pace::default(),
        journal: journal.clone(),
        last_seq,
        clock: clock.clone(),
        dir: &config.data,
        units: terminology.analytes().iter().map(|a| (a.name, a.unit.clone())).collect(),
    })?;
    let hub = Hub::new(&access);
    let (due, ticks) = watch::channel(None);
    let saving = Saving::start(reader.clone()).context("starting the thread that writes snapshots")?;
    let watch = Stopwatch::start();
    let mut everybody =
        Everybody { metrics: metrics.clone(), hub: hub.clone(), notifier, saving, due, watch };
    let (engine, saved) = past::fold(&reader, last_seq, &mut everybody)?;
    let in_force = past::InForce::of(&engine);
    everybody.notifier.replayed();
    doors.heard_before = engine.feeds().values().any(|feed| feed.via == "mqtt");
    let desk =
        Desk::new(journal.clone(), reader.clone(), clock.clone(), metrics.clone(), terminology.clone());
    let (fold, folding) = fold::start(engine, tail, everybody);
    rules::take_effect(&config, in_force.as_ref(), &terminology, &journal).await?;
    if saved > 0 {
        past::check(reader.clone(), saved, journal.clone()).context("starting to check the journal")?;
    }
    let (stop, stopping) = watch::channel(false);
    tokio::spawn(tick::keep(journal.clone(), clock.clone(), ticks, stopping.clone()));
    tokio::spawn(rules::watch(config.clone(), journal.clone(), desk.clone(), stopping.clone()));
    let parts = parts(&fold, &journal, &reader, &hub, &access, &clock, &metrics, &desk, &config)?;
    let listening = doors.open(&config, desk, parts, &stopping).await?;
    // Everything accepts from here on; scripts wait for this line.
    #[allow(clippy::print_stdout)]
    {
        println!("{listening}");
    }
    asked_to_stop().await;
    info!("stopping: no new connections, what was accepted is answered");
    let _ = stop.send(true);
    doors_closed(listening.tasks).await;
    let closing = journal.clone();
    tokio::task::spawn_blocking(move || closing.close()).await.context("closing the journal")?;
    let _ = tokio::task::spawn_blocking(move || folding.join()).await;
    Ok(())
}

/// What the pages and the API need of the rest.
#[allow(clippy::too_many_arguments)]
fn parts(
    fold: &FoldHandle,
    journal: &Journal,
    reader: &Reader,
    hub: &Hub,
    access: &Access,
    clock: &Clock,
    metrics: &Metrics,
    desk: &Desk,
    config: &Config,
) -> anyhow::Result<display::Parts> {
    let current = desk.clone();
    let again = Arc::new(retry::Again::new(desk, reader, config)?);
    Ok(display::Parts {
        fold: fold.clone(),
        journal: journal.clone(),
        reader: reader.clone(),
        hub: hub.clone(),
        access: access.clone(),
        clock: clock.clone(),
        metrics: metrics.clone(),
        terminology: Arc::new(move || current.terminology()),
        retry: Arc::new(move |id| {
            let again = again.clone();
            Box::pin(async move { again.retry(&id).await })
        }),
    })
}

/// Sockets bound before anything is promised.
struct Doors {
    http: TcpListener,
    mllp: Vec<TcpListener>,
    addresses: Vec<SocketAddr>,
    tls: Vec<(SocketAddr, bool)>,
    /// An earlier run heard MQTT: a broker that has forgotten us has forgotten payloads too.
    heard_before: bool,
}

/// Everything accepts; the line that says where.
struct Listening {
    line: String,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl std::fmt::Display for Listening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.line)
    }
}

impl Doors {
    async fn bind(config: &Config) -> anyhow::Result<Doors> {
        let http = bind(&config.http.bind, "http").await?;
        let mut addresses = vec![http.local_addr()?];
        let mut tls = vec![(addresses[0], config.http.tls.is_some())];
        let mut mllp = Vec::new();
        for listener in &config.mllp {
            let socket = bind(&listener.bind, &listener.name).await?;
            addresses.push(socket.local_addr()?);
            tls.push((socket.local_addr()?, listener.tls.is_some()));
            mllp.push(socket);
        }
        Ok(Doors { http, mllp, addresses, tls, heard_before: false })
    }

    fn tls_at(&self, address: SocketAddr) -> bool {
        self.tls.iter().any(|(at, tls)| *at == address && *tls)
    }

    async fn open(
        self,
        config: &Config,
        desk: Desk,
        parts: display::Parts,
        stop: &watch::Receiver<bool>,
    ) -> anyhow::Result<Listening> {
        let http = self.http.local_addr()?;
        let mut tasks = Vec::new();
        let mllp_at = self.mllp.first().map(TcpListener::local_addr).transpose()?;
        for (socket, listener) in self.mllp.into_iter().zip(&config.mllp) {
            let tls = listener.tls.as_ref().map(Tls::load).transpose()?;
            if let Some(tls) = &tls {
                tasks.push(tokio::spawn(until(stop.clone(), tls.clone().watch())));
            }
            let (listener, desk, stop) = (listener.clone(), desk.clone(), stop.clone());
            tasks.push(tokio::spawn(async move {
                if let Err(error) = mllp::run(socket, listener, desk, tls, stop).await {
                    tracing::error!(%error, "a listener ended");
                }
            }));
        }
        mqtt::start(&config.mqtt, &desk, self.heard_before, stop)?;
        let tls = config.http.tls.as_ref().map(Tls::load).transpose()?;
        let page = display::run(self.http, tls, parts, stop.clone());
        tasks.push(tokio::spawn(async move {
            if let Err(error) = page.await {
                tracing::error!(%error, "the pages ended");
            }
        }));
        let mqtt = config.mqtt.first().map_or_else(|| "off".to_owned(), |broker| mqtt::redacted(&broker.url));
        let mllp = mllp_at.map_or_else(|| "off".to_owned(), |at| at.to_string());
        Ok(Listening { line: format!("listening http={http} mllp={mllp} mqtt={mqtt}"), tasks })
    }
}

async fn bind(address: &str, what: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} for {what}; is another program using it?"))
}

async fn until(mut stop: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        _ = stop.changed() => {}
    }
}

async fn doors_closed(tasks: Vec<tokio::task::JoinHandle<()>>) {
    let all = async {
        for task in tasks {
            // A task that panicked has nothing more to answer.
            let _ = task.await;
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(6), all).await;
}

async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).expect("the system lets a process handle SIGTERM");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
