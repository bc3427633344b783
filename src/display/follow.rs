//! What one subscriber may see, has seen and has drawn.

use std::collections::{BTreeSet, VecDeque};

use axum::extract::ws::Utf8Bytes;
use serde_json::{Value, json};

use super::access::Identity;
use super::allowance::{Allowance, Allowances};
use super::caller::Caller;
use super::cursor::Cursor;
use super::form::parse;
use super::hub::{Live, News, What};
use super::patients::views;
use super::presence::Report;
use super::problem::Problem;
use super::state::Shared;
use super::view::{AlertView, list_text, time};
use crate::model::{Alert, AlertId, Kind, PatientId, Priority, Role, Span, Time};

/// Frames of one client: 20 a second, 100 at once. [engineering]
const FRAMES: Allowance = Allowance { reserve: 100, refill: Span(50) };
/// Alerts sent and not yet receipted; a page that receipts nothing needs no longer list.
const UNPAINTED: usize = 1024;
/// Wards one subscription may name.
const WARDS: usize = 100;

/// The client's first frame.
#[derive(Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Empty: every ward the caller may see.
    pub wards: Vec<String>,
    pub least: Priority,
    pub after: Option<Cursor>,
    /// Show no more of persons than this, whatever the caller may see: a wall asks for the bed only.
    pub identity: Option<Identity>,
}

impl Subscription {
    /// A client's first frame. `holds` says of a ward whether the client may see it.
    pub fn read(text: &str, holds: impl Fn(&str) -> bool, epoch: &str) -> Result<Subscription, Problem> {
        let sent = parse(text.as_bytes())?;
        if sent.get("type").and_then(Value::as_str) != Some("subscribe") {
            return Err(Problem::unreadable("the first frame must be {\"type\":\"subscribe\"}"));
        }
        let wards = match sent.get("wards") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(names)) if names.len() <= WARDS => {
                let names: Option<Vec<String>> =
                    names.iter().map(|name| name.as_str().map(str::to_owned)).collect();
                names.ok_or_else(|| Problem::field("wards", "`wards` is a list of names, [\"6E\"]"))?
            }
            Some(_) => return Err(Problem::field("wards", "`wards` is a list of names, [\"6E\"]")),
        };
        if let Some(other) = wards.iter().find(|ward| !holds(ward)) {
            return Err(Problem::not_allowed(format!("ward {other:?} is not one of yours; leave it out")));
        }
        let least = match sent.get("min_priority") {
            None | Some(Value::Null) => Priority::Info,
            Some(word) => word.as_str().and_then(Priority::parse).ok_or_else(|| {
                Problem::field("min_priority", "`min_priority` is one of info, low, medium, high")
            })?,
        };
        let identity = match sent.get("identity") {
            None | Some(Value::Null) => None,
            Some(word) => Some(
                word.as_str()
                    .and_then(Identity::parse)
                    .ok_or_else(|| Problem::field("identity", "`identity` is one of P0, P1, P2, P3"))?,
            ),
        };
        // A cursor that is not ours is a page that outlived another journal: it gets a snapshot.
        let after = sent.get("after").and_then(Value::as_str).and_then(|text| Cursor::parse(text, epoch));
        Ok(Subscription { wards, least, after, identity })
    }
}

/// Whether a text can be a client's first frame; for the fuzzer, which has no client.
#[doc(hidden)]
pub fn is_subscription(text: &str) -> bool {
    Subscription::read(text, |_| true, "0").is_ok()
}

/// The screen shows a patient or an alert of a ward it no longer covers: only a fresh snapshot takes it away.
#[derive(Debug, PartialEq, Eq)]
pub struct OutOfDate;

/// An alert on its way to being drawn.
struct Unpainted {
    cursor: Cursor,
    alert: AlertId,
    step: u32,
    sent_at: Time,
}

/// What one subscriber may see and wants to.
#[derive(Clone, Debug)]
struct Sight {
    caller: Caller,
    level: Identity,
    wards: Vec<String>,
    least: Priority,
}

impl Sight {
    /// An engineer looks after machines and sees no patients.
    fn has_ward(&self, ward: &str) -> bool {
        let role_fits = match self.caller.account.role {
            Role::Display | Role::Nurse | Role::Physician | Role::Admin => true,
            Role::Engineer => false,
        };
        role_fits && self.caller.account.wards.hold(ward) && self.wants(ward)
    }

    fn wants(&self, ward: &str) -> bool {
        self.wards.is_empty() || self.wards.iter().any(|wanted| wanted == ward)
    }

    fn has_alert(&self, ward: &str, priority: Priority, kind: Kind, has_patient: bool) -> bool {
        priority >= self.least
            && self.caller.sees_place(ward, kind, has_patient)
            && (ward.is_empty() || self.wants(ward))
    }
}

/// One subscriber.
pub struct Follower {
    pub state: Shared,
    sight: Sight,
    /// Everything up to here was sent, or was not for this subscriber.
    pub position: Cursor,
    /// Wards it shows: those named, or those of the patients sent.
    covers: BTreeSet<String>,
    unpainted: VecDeque<Unpainted>,
    frames: Allowances,
    /// Patients whose values were sent; those of them no audit line tells of yet.
    seen: BTreeSet<PatientId>,
    unnoted: Vec<PatientId>,
}

impl Follower {
    pub fn new(state: Shared, caller: Caller, subscription: Subscription) -> Follower {
        // Only ever less than the account may see.
        let level = caller.identity().min(subscription.identity.unwrap_or(Identity::P3));
        Follower {
            state,
            covers: subscription.wards.iter().cloned().collect(),
            sight: Sight { caller, level, wards: subscription.wards, least: subscription.least },
            position: Cursor::default(),
            unpainted: VecDeque::new(),
            frames: Allowances::new(FRAMES),
            seen: BTreeSet::new(),
            unnoted: Vec::new(),
        }
    }

    pub fn caller(&self) -> &Caller {
        &self.sight.caller
    }

    /// The frame of news that was missed while away: a patient who was shown here then may have moved on twice since.
    pub fn missed(&mut self, news: &News) -> Result<Option<Utf8Bytes>, OutOfDate> {
        if let What::Patient { patient, left: _, shown_in } = &news.what
            && !self.sight.has_ward(&patient.ward)
            && shown_in.iter().any(|ward| self.sight.has_ward(ward))
        {
            return Err(OutOfDate);
        }
        self.frame(news)
    }

    /// The frame of one piece of news; `None` where it is not for this subscriber.
    pub fn frame(&mut self, news: &News) -> Result<Option<Utf8Bytes>, OutOfDate> {
        // What a snapshot already held comes again where the two overlap.
        if news.cursor <= self.position {
            return Ok(None);
        }
        self.position = news.cursor;
        let is_for_us = match &news.what {
            What::Alert { change: _, alert } => {
                let place = (&alert.ward, alert.priority, alert.kind, alert.patient.is_some());
                let seen = self.sight.has_alert(place.0, place.1, place.2, place.3);
                if seen {
                    self.sent(news.cursor, alert.id.clone(), alert.step);
                }
                seen
            }
            What::Patient { patient, left, shown_in: _ } => {
                let seen = self.sight.has_ward(&patient.ward);
                if !seen && left.as_ref().is_some_and(|ward| self.sight.has_ward(ward)) {
                    return Err(OutOfDate);
                }
                if seen {
                    self.see(&patient.id);
                }
                if seen && patient.admitted {
                    self.covers.insert(patient.ward.clone());
                }
                seen
            }
        };
        let (level, epoch) = (self.sight.level, self.state.hub.epoch());
        Ok(is_for_us.then(|| news.frame(level, self.sight.least, epoch)))
    }

    fn see(&mut self, patient: &PatientId) {
        if self.seen.insert(patient.clone()) {
            self.unnoted.push(patient.clone());
        }
    }

    /// Who was shown to a person leaves a line each, once a connection.
    pub async fn note_seen(&mut self) {
        for patient in std::mem::take(&mut self.unnoted) {
            self.state.note(&self.sight.caller, "see patient", Some(patient.as_str()), None, "done").await;
        }
    }

    fn sent(&mut self, cursor: Cursor, alert: AlertId, step: u32) {
        if self.unpainted.len() >= UNPAINTED {
            self.unpainted.pop_front();
        }
        self.unpainted.push_back(Unpainted { cursor, alert, step, sent_at: self.state.now() });
    }

    /// Everything this subscriber may see, as it is between two entries, and the stream from there on.
    pub async fn snapshot(&mut self) -> Result<(Live, Utf8Bytes), Problem> {
        let state = self.state.clone();
        let (hub, key, sight) = (state.hub.clone(), *state.hub.key(), self.sight.clone());
        let found = state.fold.ask(move |engine| {
            let (live, cursor) = hub.subscribe();
            let patients =
                views(engine, |patient| patient.admitted && sight.has_ward(&patient.location.ward), &key);
            let is_shown = |alert: &&Alert| {
                let ward = &alert.location.ward;
                alert.is_open()
                    && !alert.shadow
                    && sight.has_alert(ward, alert.priority, alert.kind, alert.patient.is_some())
            };
            let shown = engine.open_alerts().filter(is_shown);
            let alerts: Vec<AlertView> = shown.map(|alert| AlertView::of(alert, engine, &key)).collect();
            (live, cursor, patients, alerts)
        });
        let (live, cursor, patients, alerts) = found.await?;
        self.position = cursor;
        self.unpainted.clear();
        patients.iter().for_each(|patient| self.see(&patient.id));
        self.covers.extend(patients.iter().map(|patient| patient.ward.clone()));
        for alert in &alerts {
            self.sent(cursor, alert.id.clone(), alert.step);
        }
        let level = self.sight.level;
        let frame = format!(
            "{{\"type\":\"snapshot\",\"cursor\":\"{}\",\"now\":{},\"identity\":\"{}\",\"patients\":{},\"alerts\":{}}}",
            cursor.text(state.hub.epoch()),
            time(state.now()),
            level.name(),
            list_text(patients.iter().map(|patient| patient.text(level, self.sight.least))),
            list_text(alerts.iter().map(|alert| alert.text(level))),
        );
        Ok((live, frame.into()))
    }

    /// The cursor is this subscriber's own place, so that resuming from a heartbeat skips nothing.
    pub fn heartbeat(&self) -> Utf8Bytes {
        let cursor = self.position.text(self.state.hub.epoch());
        json!({"type": "heartbeat", "cursor": cursor, "now": time(self.state.now())}).to_string().into()
    }

    /// Counts a frame of the client.
    pub fn may_send(&self) -> Result<(), Problem> {
        self.frames.take("", self.state.now()).map_err(Problem::too_often)
    }

    /// The client has drawn everything up to `cursor`.
    pub fn painted(&mut self, cursor: &str) -> Result<(), Problem> {
        let Some(cursor) = Cursor::parse(cursor, self.state.hub.epoch()) else {
            return Err(Problem::field(
                "cursor",
                "`cursor` is not one of this service; send that of the frame drawn",
            ));
        };
        // A receipt for what was never sent proves nothing.
        let cursor = cursor.min(self.position);
        let now = self.state.now();
        let drawn = self.unpainted.partition_point(|sent| sent.cursor <= cursor);
        for drawn in self.unpainted.drain(..drawn).collect::<Vec<_>>() {
            let name = self.caller().account.name.clone();
            let detail = format!("{name}, {} ms after it was sent", (now - drawn.sent_at).0);
            self.report(Report::Painted { display: name, alert: drawn.alert, step: drawn.step, detail });
        }
        for ward in &self.covers {
            self.report(Report::Painting { display: self.display_in(ward), ward: ward.clone() });
        }
        Ok(())
    }

    pub fn sound(&self, on: bool) {
        for ward in &self.covers {
            self.report(Report::Sound { display: self.display_in(ward), ward: ward.clone(), on });
        }
    }

    /// The fold knows a display by one name in one ward.
    fn display_in(&self, ward: &str) -> String {
        format!("{}@{ward}", self.caller().account.name)
    }

    /// Never waits: a display must not be held up by the journal. What is lost here is a receipt, and the next follows.
    fn report(&self, report: Report) {
        let _ = self.state.reports.try_send(report);
    }
}
