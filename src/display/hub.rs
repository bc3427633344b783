//! News for every display: one ordered stream, kept for a while, that nobody can hold up.
//!
//! The fold's thread hands in what changed and goes on at once. Alerts are news immediately. Patients are only marked;
//! a moment later they are drawn once for everybody, so that a thousand values a second do not become a thousand frames.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use tokio::sync::{Notify, broadcast, watch};

use super::access::{Access, Identity, secret};
use super::cursor::Cursor;
use super::view::{AlertView, PatientView, open_alerts_of};
use crate::engine::Engine;
use crate::fold::FoldHandle;
use crate::model::limits::{RESUME_CHANGES, SUBSCRIBER_QUEUE};
use crate::model::{AlertChange, CensusKind, Change, Entry, Event, PatientId, Priority};

/// Patients are drawn together after so long; below what an eye notices. [engineering]
const GATHER: Duration = Duration::from_millis(40);
/// Everybody is looked at again this often: values grow stale and days pass without any entry. [engineering]
const LOOK_AGAIN: Duration = Duration::from_secs(15);
/// Patients who have left and are still told of to displays that come back.
const DEPARTED: usize = 64;
/// Patients drawn in one turn of the fold, so that the fold's thread is not held up.
const TURN: usize = 64;

/// One piece of news, written at most once for each identity level however many displays there are.
#[derive(Debug)]
pub struct News {
    pub cursor: Cursor,
    pub what: What,
    frames: [OnceLock<Utf8Bytes>; Identity::ALL.len()],
}

#[derive(Debug, PartialEq)]
pub enum What {
    Alert {
        change: AlertChange,
        alert: AlertView,
    },
    Patient {
        patient: PatientView,
        /// The ward whose displays showed the patient until now.
        left: Option<String>,
        /// Every ward whose displays ever showed the patient.
        shown_in: BTreeSet<String>,
    },
}

impl News {
    fn new(cursor: Cursor, what: What) -> Arc<News> {
        Arc::new(News { cursor, what, frames: Default::default() })
    }

    /// The frame for a display of this level; patients with their open alerts of at least `least`.
    pub fn frame(&self, level: Identity, least: Priority, epoch: &str) -> Utf8Bytes {
        // Only the usual case is shared: what few ask for is not worth keeping.
        if least > Priority::Info {
            return self.write(level, least, epoch);
        }
        self.frames[level as usize].get_or_init(|| self.write(level, least, epoch)).clone()
    }

    fn write(&self, level: Identity, least: Priority, epoch: &str) -> Utf8Bytes {
        let cursor = self.cursor.text(epoch);
        let frame = match &self.what {
            What::Alert { change, alert } => {
                let (change, alert) = (change.name(), alert.text(level));
                format!(
                    "{{\"type\":\"alert\",\"cursor\":\"{cursor}\",\"change\":\"{change}\",\"alert\":{alert}}}"
                )
            }
            What::Patient { patient, left: _, shown_in: _ } => {
                let patient = patient.text(level, least);
                format!("{{\"type\":\"patient\",\"cursor\":\"{cursor}\",\"patient\":{patient}}}")
            }
        };
        frame.into()
    }
}

/// The stream. Clones are the same hub.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

struct Inner {
    stream: Mutex<Stream>,
    live: broadcast::Sender<Arc<News>>,
    folded: watch::Sender<u64>,
    marked: Notify,
    key: [u8; 32],
    epoch: String,
}

#[derive(Default)]
struct Stream {
    /// Alerts, oldest first.
    alerts: VecDeque<Arc<News>>,
    /// The newest of each patient: it says everything the earlier ones said.
    patients: BTreeMap<PatientId, Arc<News>>,
    /// Those of them who have left, longest ago first.
    departed: VecDeque<PatientId>,
    /// Nothing after this has been forgotten. `None` until the first entry.
    floor: Option<Cursor>,
    head: Cursor,
    /// Patients drawn at the present entry, so that each gets a cursor of its own.
    drawn: u32,
    marked: BTreeSet<PatientId>,
    /// Displays with their wards that paint, as far as the journal says.
    painting: BTreeSet<(String, String)>,
}

/// Where a subscriber starts.
pub enum Start {
    /// What it has missed, without a gap.
    Resumed(Vec<Arc<News>>),
    /// That can no longer be told; it needs a snapshot.
    Fresh,
}

pub type Live = broadcast::Receiver<Arc<News>>;

impl Stream {
    fn keep(&mut self, news: &Arc<News>) {
        match &news.what {
            What::Alert { .. } => {
                if self.alerts.len() >= RESUME_CHANGES {
                    self.floor = self.floor.max(self.alerts.pop_front().map(|oldest| oldest.cursor));
                }
                self.alerts.push_back(news.clone());
            }
            What::Patient { patient, .. } => {
                self.departed.retain(|id| *id != patient.id);
                if !patient.admitted {
                    self.departed.push_back(patient.id.clone());
                }
                self.patients.insert(patient.id.clone(), news.clone());
                if self.departed.len() > DEPARTED
                    && let Some(id) = self.departed.pop_front()
                {
                    self.floor = self.floor.max(self.patients.remove(&id).map(|oldest| oldest.cursor));
                }
            }
        }
        self.head = news.cursor;
    }

    /// What displays were last told of a patient.
    fn shown(&self, id: &PatientId) -> Option<(&PatientView, &BTreeSet<String>)> {
        match &self.patients.get(id)?.what {
            What::Patient { patient, left: _, shown_in } => Some((patient, shown_in)),
            What::Alert { .. } => None,
        }
    }

    /// News after a cursor, in order.
    fn after(&self, cursor: Cursor) -> Vec<Arc<News>> {
        let kept = self.alerts.iter().chain(self.patients.values());
        let mut missed: Vec<Arc<News>> = kept.filter(|news| news.cursor > cursor).cloned().collect();
        missed.sort_by_key(|news| news.cursor);
        missed
    }

    /// What an event means for displays beside its changes.
    fn notice(&mut self, event: &Event) {
        match event {
            // The identifier that ceased must leave the screens.
            Event::Census(census) if census.kind == CensusKind::Merge => {
                self.marked.extend(census.other.clone())
            }
            Event::Display(report) => {
                let display = (report.display.clone(), report.ward.clone());
                if report.painting {
                    self.painting.insert(display)
                } else {
                    self.painting.remove(&display)
                };
            }
            Event::Census(_)
            | Event::Observed(_)
            | Event::Therapy(_)
            | Event::Assessed { .. }
            | Event::Factors { .. }
            | Event::Acted(_)
            | Event::Rejected(_)
            | Event::Rules { .. }
            | Event::RulesRefused { .. }
            | Event::Terminology { .. }
            | Event::Site(_)
            | Event::Delivery(_)
            | Event::Heard { .. }
            | Event::Service { .. }
            | Event::Tick => {}
        }
    }
}

impl Hub {
    /// The cursors' epoch comes from the access file, so that a cursor of another site's journal is recognised.
    pub fn new(access: &Access) -> Hub {
        let key = *access.server_key();
        let epoch = secret::hex(&secret::keyed(&key, "epoch of cursors")[..4]);
        let (live, _) = broadcast::channel(SUBSCRIBER_QUEUE);
        let (folded, _) = watch::channel(0);
        let marked = Notify::new();
        Hub { inner: Arc::new(Inner { stream: Mutex::default(), live, folded, marked, key, epoch }) }
    }

    fn stream(&self) -> MutexGuard<'_, Stream> {
        self.inner.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn epoch(&self) -> &str {
        &self.inner.epoch
    }

    pub fn key(&self) -> &[u8; 32] {
        &self.inner.key
    }

    /// The fold begins at the end of an entry whose news nobody here has seen: who comes back from before it gets a
    /// snapshot. Patients are drawn anew for everybody.
    pub fn begin(&self, engine: &Engine) {
        let mut stream = self.stream();
        stream.head = Cursor::before_patients(engine.seq());
        stream.floor = Some(stream.head);
        stream.painting = engine.painting().map(|(name, ward)| (name.to_owned(), ward.to_owned())).collect();
        drop(stream);
        self.inner.folded.send_replace(engine.seq());
    }

    /// Takes in what one entry changed; called on the fold's thread after each entry, live or replayed. Never waits.
    pub fn publish(&self, entry: &Entry, changes: &[Change], engine: &Engine) {
        let mut stream = self.stream();
        stream.floor.get_or_insert(Cursor::end_of(entry.seq.saturating_sub(1)));
        for (place, change) in (0u32..).zip(changes) {
            match change {
                Change::Patient(id) => {
                    stream.marked.insert(id.clone());
                }
                Change::Alert { change, alert, cause: _ } => {
                    stream.marked.extend(alert.patient.clone());
                    if !alert.shadow {
                        let alert = AlertView::of(alert, engine, &self.inner.key);
                        let news = What::Alert { change: *change, alert };
                        self.tell(&mut stream, Cursor { seq: entry.seq, index: place }, news);
                    }
                }
                Change::Notify(_) | Change::Rules { .. } => {}
            }
        }
        stream.notice(&entry.event);
        stream.head = stream.head.max(Cursor::before_patients(entry.seq));
        stream.drawn = 0;
        let wanted = !stream.marked.is_empty();
        drop(stream);
        self.inner.folded.send_replace(entry.seq);
        if wanted {
            self.inner.marked.notify_one();
        }
    }

    fn tell(&self, stream: &mut Stream, cursor: Cursor, what: What) {
        let news = News::new(cursor, what);
        stream.keep(&news);
        // Nobody listening is no failure.
        let _ = self.inner.live.send(news);
    }

    /// Draws marked patients for as long as it is polled; does nothing while nobody looks.
    pub async fn draw(self, fold: FoldHandle) {
        let mut again = tokio::time::interval(LOOK_AGAIN);
        loop {
            let everybody = tokio::select! {
                () = self.inner.marked.notified() => false,
                _ = again.tick() => true,
            };
            if self.inner.live.receiver_count() == 0 {
                continue;
            }
            tokio::time::sleep(GATHER).await;
            let hub = self.clone();
            if fold.ask(move |engine| hub.draw_marked(engine, everybody)).await.is_err() {
                return;
            }
        }
    }

    /// Runs on the fold's thread, so that what is drawn stands between two entries.
    fn draw_marked(&self, engine: &Engine, everybody: bool) {
        let turn = self.next_turn(engine, everybody);
        let mut alerts = open_alerts_of(engine, |id| turn.contains(id));
        let views: Vec<(PatientId, Option<PatientView>)> = turn
            .into_iter()
            .map(|id| {
                let own = alerts.remove(&id).unwrap_or_default();
                let patient = engine.patient(&id).filter(|patient| patient.id == id);
                let view = patient.map(|patient| PatientView::of(patient, &own, engine, &self.inner.key));
                (id, view)
            })
            .collect();
        let mut stream = self.stream();
        for (id, view) in views {
            self.show(&mut stream, engine.seq(), &id, view);
        }
        if !stream.marked.is_empty() {
            self.inner.marked.notify_one();
        }
    }

    fn next_turn(&self, engine: &Engine, everybody: bool) -> BTreeSet<PatientId> {
        let mut stream = self.stream();
        if everybody || stream.patients.is_empty() {
            stream.marked.extend(engine.patients().filter(|p| p.admitted).map(|p| p.id.clone()));
        }
        let rest = stream.marked.iter().nth(TURN).cloned().map(|id| stream.marked.split_off(&id));
        std::mem::replace(&mut stream.marked, rest.unwrap_or_default())
    }

    /// Tells displays of a patient, where that says anything new. Without a view the identifier has ceased.
    fn show(&self, stream: &mut Stream, seq: u64, id: &PatientId, view: Option<PatientView>) {
        let before = stream.shown(id);
        let Some(patient) = view.or_else(|| before.map(|(shown, _)| shown.departed())) else { return };
        let (left, shown_in) = match before {
            Some((shown, _)) if *shown == patient => return,
            // Nobody has seen this patient, and there is nothing to see.
            None if !patient.admitted => return,
            None => (None, BTreeSet::new()),
            Some((shown, wards)) => {
                (Some(shown.ward.clone()).filter(|ward| *ward != patient.ward), wards.clone())
            }
        };
        let shown_in = shown_in.into_iter().chain([patient.ward.clone()]).collect();
        stream.drawn += 1;
        let cursor = Cursor::of_patient(seq, stream.drawn);
        self.tell(stream, cursor, What::Patient { patient, left, shown_in });
    }

    /// Subscribes after a cursor. What `Live` brings follows `Resumed` without gap or repetition.
    pub fn resume(&self, after: Cursor) -> (Live, Start) {
        let stream = self.stream();
        let live = self.inner.live.subscribe();
        let held = stream.floor.is_some_and(|floor| floor <= after) && after <= stream.head;
        let start = if held { Start::Resumed(stream.after(after)) } else { Start::Fresh };
        drop(stream);
        self.inner.marked.notify_one();
        (live, start)
    }

    /// Subscribes from now on; called on the fold's thread together with what makes the snapshot.
    pub fn subscribe(&self) -> (Live, Cursor) {
        let stream = self.stream();
        let live = self.inner.live.subscribe();
        let head = stream.head;
        drop(stream);
        self.inner.marked.notify_one();
        (live, head)
    }

    /// Displays with their wards that paint, as far as the journal says: after a start, those of before it.
    pub fn painting(&self) -> Vec<(String, String)> {
        self.stream().painting.iter().cloned().collect()
    }

    /// The newest entry folded.
    pub fn folded(&self) -> u64 {
        *self.inner.folded.borrow()
    }

    /// Waits until entry `seq` is folded; `false` where that takes longer than `bound`.
    pub async fn wait_for(&self, seq: u64, bound: Duration) -> bool {
        let mut folded = self.inner.folded.subscribe();
        let reached = folded.wait_for(|at| *at >= seq);
        tokio::time::timeout(bound, reached).await.is_ok_and(|outcome| outcome.is_ok())
    }
}
