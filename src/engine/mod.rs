//! Floor 1. The fold: entries in, changes out.
//!
//! [`Engine::apply`] is the only way anything happens. It reads no clock, no disk, no socket and no chance; it
//! cannot fail, because bad data is data; and two folds over the same entries give the same changes, byte for byte.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod action;
pub mod alert;
pub mod bedside;
mod escalation;
mod evidence;
pub mod feature;
mod follow;
mod gather;
mod grading;
pub mod life;
pub mod patient;
mod pressure;
pub mod quality;
pub mod rule;
pub mod score;
mod snapshot;
mod sweep;
pub mod technical;
mod therapy;
mod touch;
pub mod transcript;
mod turn;
pub mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::model::event::Site;
use crate::model::{
    ActionKind, Actor, Alert, AlertId, Analyte, AnalyteSettings, Census, CensusKind, Change, Entry, Event,
    Evidence, FindingKind, Ice, Observation, PatientId, Quality, Quantity, Span, Status, Therapy,
    TherapyAction, Time, Value,
};
use alert::{Alerts, Moment};
use patient::Patient;
use rule::RuleSet;
use technical::Machinery;
use window::{Pushed, Sample};

pub use snapshot::Unreadable;
pub use touch::{Touch, concerns, matters};

/// A discharged patient's alerts stay this long, in case the discharge is cancelled; engineering.
const DISCHARGE_GRACE: Span = Span::minutes(30);
/// What is measured or given longer ago than this when it comes changes what was known in between; engineering.
const LATE: Span = Span::minutes(5);
/// Conditions that depend on time alone are looked at this often.
const SWEEP: Span = Span::minutes(1);

/// All that is known of one ward.
#[derive(Clone, Debug)]
pub struct Engine {
    now: Time,
    seq: u64,
    site: Site,
    zone: TimeZone,
    analytes: Arc<BTreeMap<Analyte, AnalyteSettings>>,
    /// The version of the terminology they came with; empty before the first.
    terminology: Arc<str>,
    rules: Arc<RuleSet>,
    tables: Arc<score::Tables>,
    /// The files those tables were read from; none where they are the built-in ones.
    score_files: Arc<[(String, String)]>,
    /// The rules in force, each ready to be judged.
    standing: Arc<[Arc<sweep::Standing>]>,
    /// The empty text, shared.
    nothing: Arc<str>,
    patients: BTreeMap<PatientId, Patient>,
    /// Identifiers that ceased, and who survived.
    merged: BTreeMap<PatientId, PatientId>,
    alerts: Alerts,
    machinery: Machinery,
    fired: BTreeMap<Arc<str>, (u64, Time)>,
    swept_at: Time,
}

impl Default for Engine {
    fn default() -> Engine {
        Engine::new()
    }
}

impl Engine {
    /// A ward about which nothing is known: no rules, no analytes, no patients. All of that comes with entries.
    pub fn new() -> Engine {
        Engine {
            now: Time(0),
            seq: 0,
            site: Site::default(),
            zone: zone_of(&Site::default()),
            analytes: Arc::default(),
            terminology: "".into(),
            rules: Arc::new(RuleSet::default()),
            tables: Arc::new(score::Tables::builtin()),
            score_files: Arc::from([]),
            standing: Arc::from([]),
            nothing: "".into(),
            patients: BTreeMap::new(),
            merged: BTreeMap::new(),
            alerts: Alerts::default(),
            machinery: Machinery::default(),
            fired: BTreeMap::new(),
            swept_at: Time(0),
        }
    }

    /// Applies one entry: first the time that has passed, then what happened.
    pub fn apply(&mut self, entry: &Entry) -> Vec<Change> {
        let mut changes = Vec::new();
        self.seq = entry.seq;
        self.now = self.now.max(entry.accepted_at);
        self.pass_time(&mut changes);
        let patient = subject(&entry.event).map(|id| self.survivor(id));
        // One patient's impossible state must not stop the ward: the entry is given up, the patient marked.
        let applied = catch_unwind(AssertUnwindSafe(|| {
            let mut own = Vec::new();
            self.happen(&entry.event, &mut own);
            own
        }));
        match applied {
            Ok(own) => changes.extend(own),
            Err(_) => self.give_up(patient, &mut changes),
        }
        self.remember_fired(&changes);
        changes
    }

    /// The next instant at which time alone changes something; a tick is due then.
    pub fn next_due(&self) -> Option<Time> {
        let sweep = (!self.patients.is_empty()).then(|| self.swept_at + SWEEP);
        [self.alerts.next_due(), self.machinery.next_due(&self.site), sweep].into_iter().flatten().min()
    }

    fn happen(&mut self, event: &Event, changes: &mut Vec<Change>) {
        match event {
            Event::Observed(seen) => self.observe(seen, changes),
            Event::Census(census) => self.census(census, changes),
            Event::Therapy(therapy) => self.treat(therapy, changes),
            Event::Assessed { patient, assessment } => self.assess(patient, assessment, changes),
            Event::Factors { patient, factors, by: _ } => {
                let id = self.survivor(patient);
                self.patient_entry(&id).factors.update(factors);
                self.look_at(&id, Touch::All, changes);
            }
            Event::Acted(action) => {
                let patient = self.alerts.get(&action.alert).and_then(|a| a.patient.clone());
                self.with_alerts(changes, |alerts, _, moment| {
                    alerts.act(action, moment);
                    alerts.settle(patient.as_ref(), moment);
                });
                // What was taken back may stand on a condition that is over by now.
                if let (ActionKind::Undo, Some(patient)) = (&action.kind, patient) {
                    self.look_at(&patient, Touch::All, changes);
                }
            }
            Event::Rejected(rejection) => {
                self.machinery.rejected(rejection, self.now);
                self.judge_machinery(changes);
            }
            Event::Rules { hash, author: _, files } => self.take_rules(hash, files, changes),
            Event::RulesRefused { author: _, reason } => {
                self.machinery.rules_refused(Some(reason.clone()));
                self.judge_machinery(changes);
            }
            Event::Terminology { hash, analytes } => {
                self.terminology = hash.as_str().into();
                self.analytes = Arc::new(analytes.iter().map(|s| (s.name, s.clone())).collect());
                self.look_at_everybody(changes);
            }
            Event::Site(site) => {
                self.site = site.clone();
                self.zone = zone_of(site);
                self.judge_machinery(changes);
            }
            Event::Display(report) => {
                if self.machinery.display(report, self.now) {
                    self.with_alerts(changes, |alerts, _, moment| alerts.watched_changed(moment));
                }
                self.judge_machinery(changes);
            }
            Event::Delivery(delivery) => {
                let now = self.now;
                self.alerts.with(&delivery.alert, |running| {
                    let outcome = if delivery.delivered { "" } else { "failed: " };
                    running.note(&delivery.channel, now, &format!("{outcome}{}", delivery.detail));
                });
            }
            Event::Heard { source, via, skew_seconds } => {
                self.machinery.heard(source, via, *skew_seconds, self.now);
                self.judge_machinery(changes);
            }
            Event::Service { part, healthy, detail } => {
                self.machinery.service(part, *healthy, detail);
                self.judge_machinery(changes);
            }
            Event::Tick => {}
        }
    }

    fn observe(&mut self, seen: &Observation, changes: &mut Vec<Change>) {
        let id = self.survivor(&seen.patient);
        self.machinery.received(&seen.source, seen.measured_at, self.now);
        if !self.measure(&id, seen, changes) {
            return;
        }
        // A result that comes after the discharge is late, not unmatched.
        if self.patients.get(&id).is_some_and(|p| !p.listed) {
            self.machinery.unmatched(&id, true);
            self.judge_results(&id, changes);
        }
        self.look_at(&id, Touch::Analyte(seen.analyte), changes);
    }

    /// Puts a value into its window, and goes after what it corrects; whether anything changed.
    fn measure(&mut self, id: &PatientId, seen: &Observation, changes: &mut Vec<Change>) -> bool {
        let patient = self.patient_entry(id);
        if seen.quality.retained {
            if patient.remember(seen) {
                changes.push(Change::Patient(id.clone()));
            }
            return false;
        }
        let superseded = match patient.observe(seen) {
            Pushed::Unchanged => return false,
            Pushed::Withdrawn => {
                self.machinery.came_again(id, seen.analyte, seen.measured_at);
                self.judge_results(id, changes);
                return false;
            }
            Pushed::New => Vec::new(),
            Pushed::Superseded(old) => old,
        };
        if seen.analyte == Analyte::ICE && seen.quantity.is_none() {
            patient.forget_ice(seen.measured_at);
        }
        let pressures = [Analyte::SYSTOLIC, Analyte::DIASTOLIC, Analyte::MAP];
        let means = match pressures.contains(&seen.analyte) {
            true => patient.derive_mean(seen.measured_at),
            false => Vec::new(),
        };
        if !superseded.is_empty() || !means.is_empty() {
            let of = |analyte, old: &[Sample], e: &Evidence| {
                let is_it = |s: &Sample| s.at == e.measured_at && s.value == e.quantity.value;
                e.analyte == analyte && old.iter().any(is_it)
            };
            let gone = |e: &Evidence| of(seen.analyte, &superseded, e) || of(Analyte::MAP, &means, e);
            self.with_alerts(changes, |alerts, _, moment| alerts.retract(id, gone, moment));
        }
        let changed = superseded.iter().map(|sample| sample.at).min();
        if changed.is_some() || self.now - seen.measured_at > LATE {
            let since = changed.map_or(seen.measured_at, |at| at.min(seen.measured_at));
            self.revise(id, Touch::Analyte(seen.analyte), since);
        }
        if self.machinery.answered(id, seen.analyte, seen.measured_at) {
            self.judge_results(id, changes);
        }
        true
    }

    fn treat(&mut self, therapy: &Therapy, changes: &mut Vec<Change>) {
        let id = self.survivor(&therapy.patient);
        let touch = Touch::Therapy(therapy.kind);
        self.patient_entry(&id).treat(therapy);
        if therapy.action == TherapyAction::Withdrawn || self.now - therapy.at > LATE {
            self.revise(&id, touch, therapy.at);
        }
        self.look_at(&id, touch, changes);
    }

    fn assess(&mut self, patient: &PatientId, found: &crate::model::Assessment, changes: &mut Vec<Change>) {
        let id = self.survivor(patient);
        let total = found.ice.and_then(|ice| ice.total()).or(found.ice_total);
        self.patient_entry(&id).assess(found);
        let corrects = found.settles.contains(&FindingKind::Ice);
        if total.is_some() || corrects {
            // The sum is a measurement like any other: it has a window, an age and a trend.
            let seen = Observation {
                patient: id.clone(),
                analyte: Analyte::ICE,
                quantity: total.map(|total| Quantity::exactly(Value::whole(i64::from(total)))),
                measured_at: found.at,
                source: found.by.clone(),
                code: Ice::CODE.into(),
                status: if corrects { Status::Corrected } else { Status::Final },
                quality: Quality::default(),
                order: None,
                device: None,
                original: total.map_or_else(String::new, |total| total.to_string()),
            };
            self.measure(&id, &seen, changes);
        }
        self.look_at(&id, Touch::Assessment, changes);
    }

    fn census(&mut self, census: &Census, changes: &mut Vec<Change>) {
        if census.kind == CensusKind::Merge {
            self.merge(census, changes);
            return;
        }
        let id = self.survivor(&census.patient);
        let before = self.patients.get(&id).map(|p| (p.admitted, p.location.clone()));
        self.patient_entry(&id).census(census);
        if census.kind == CensusKind::Swap
            && let (Some(other), Some((_, location))) = (&census.other, before.clone())
        {
            let other = self.survivor(other);
            let swapped = Census {
                patient: other.clone(),
                location: Some(location),
                other: None,
                person: None,
                ..census.clone()
            };
            self.patient_entry(&other).census(&swapped);
            self.follow(&other, changes);
        }
        let admitted = self.patients.get(&id).is_some_and(|p| p.admitted);
        let was_admitted = before.is_some_and(|(admitted, _)| admitted);
        if admitted != was_admitted {
            self.alerts.leave(&id, (!admitted).then_some(DISCHARGE_GRACE), self.now);
        }
        self.machinery.unmatched(&id, false);
        if !admitted {
            self.machinery.left(&id);
        }
        self.judge_results(&id, changes);
        self.follow(&id, changes);
        self.look_at(&id, Touch::All, changes);
    }

    fn judge_results(&mut self, id: &PatientId, changes: &mut Vec<Change>) {
        let location = self.patients.get(id).map(|p| p.location.clone()).unwrap_or_default();
        self.with_alerts(changes, |alerts, machinery, moment| {
            machinery.judge_unmatched(id, alerts, moment);
            machinery.judge_again(id, &location, alerts, moment);
            alerts.settle(Some(id), moment);
        });
    }

    /// Alerts go where the patient lies.
    fn follow(&mut self, id: &PatientId, changes: &mut Vec<Change>) {
        let Some(location) = self.patients.get(id).map(|p| p.location.clone()) else { return };
        self.with_alerts(changes, |alerts, _, moment| alerts.relocate(id, &location, moment));
        changes.push(Change::Patient(id.clone()));
    }

    fn merge(&mut self, census: &Census, changes: &mut Vec<Change>) {
        let into = self.survivor(&census.patient);
        let Some(from) = census.other.as_ref().map(|other| self.survivor(other)).filter(|from| *from != into)
        else {
            return;
        };
        if let Some(ceased) = self.patients.remove(&from) {
            self.patient_entry(&into).absorb(ceased);
        }
        self.patient_entry(&into).census(census);
        self.merged.insert(from.clone(), into.clone());
        self.machinery.merge(&from, &into);
        let stays = self.patients.get(&into).is_some_and(|p| p.admitted);
        self.with_alerts(changes, |alerts, _, moment| {
            alerts.merge(&from, &into, moment);
            if stays {
                alerts.leave(&into, None, moment.now);
            }
        });
        self.judge_results(&into, changes);
        self.follow(&into, changes);
        self.look_at(&into, Touch::All, changes);
    }

    /// Follows merges to the identifier that survived.
    fn survivor(&self, id: &PatientId) -> PatientId {
        let mut id = id;
        while let Some(next) = self.merged.get(id) {
            id = next;
        }
        id.clone()
    }

    fn patient_entry(&mut self, id: &PatientId) -> &mut Patient {
        self.patients.entry(id.clone()).or_insert_with(|| Patient::new(id.clone()))
    }

    pub(super) fn give_up(&mut self, patient: Option<PatientId>, changes: &mut Vec<Change>) {
        match patient {
            Some(id) => {
                self.patient_entry(&id).broken = true;
                changes.push(Change::Patient(id));
            }
            None => self.machinery.service("engine", false, "an entry could not be applied"),
        }
        self.judge_machinery(changes);
    }

    fn remember_fired(&mut self, changes: &[Change]) {
        for change in changes {
            if let Change::Alert { change: crate::model::AlertChange::Raised, alert, cause: _ } = change {
                let fired = self.fired.entry(alert.rule.clone()).or_insert((0, self.now));
                *fired = (fired.0 + 1, self.now);
            }
        }
    }

    /// Lets `work` change alerts with everything it needs at hand.
    fn with_alerts(
        &mut self,
        changes: &mut Vec<Change>,
        work: impl FnOnce(&mut Alerts, &mut Machinery, &mut Moment<'_>),
    ) {
        let watched = self.machinery.watched.clone();
        let mut moment =
            Moment { now: self.now, seq: self.seq, zone: &self.zone, watched: &watched, changes };
        work(&mut self.alerts, &mut self.machinery, &mut moment);
    }

    fn judge_machinery(&mut self, changes: &mut Vec<Change>) {
        let occupied: BTreeSet<String> =
            self.patients.values().filter(|p| p.admitted).map(|p| p.location.ward.clone()).collect();
        let site = self.site.clone();
        let broken =
            self.patients.values().filter(|p| p.broken).map(|p| (p.id.clone(), p.location.clone())).collect();
        self.with_alerts(changes, |alerts, machinery, moment| {
            machinery.judge(&site, &occupied, &broken, alerts, moment);
            alerts.settle(None, moment);
            broken.keys().for_each(|id| alerts.settle(Some(id), moment));
        });
    }
}

/// What others may ask between two entries.
impl Engine {
    pub fn now(&self) -> Time {
        self.now
    }
    /// The newest entry applied.
    pub fn seq(&self) -> u64 {
        self.seq
    }
    pub fn patients(&self) -> impl Iterator<Item = &Patient> {
        self.patients.values()
    }
    /// The patient under this identifier, or the one it was merged into.
    pub fn patient(&self, id: &PatientId) -> Option<&Patient> {
        self.patients.get(&self.survivor(id))
    }
    /// Open alerts and the closed ones still kept.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.all()
    }
    pub fn open_alerts(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.open()
    }
    pub fn alert(&self, id: &AlertId) -> Option<&Alert> {
        self.alerts.get(id)
    }
    /// Whether the last action on an alert is this person's, and recent enough to be taken back.
    pub fn may_take_back(&self, id: &AlertId, by: &Actor, now: Time) -> bool {
        self.alerts.last_action(id).is_some_and(|undo| undo.may_be_taken_back(by, now))
    }
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }
    /// How often a rule raised an alert, and when last.
    pub fn fired(&self, rule: &str) -> Option<(u64, Time)> {
        self.fired.get(rule).copied()
    }
    pub fn tables(&self) -> &score::Tables {
        &self.tables
    }
    pub fn settings(&self, analyte: Analyte) -> Option<&AnalyteSettings> {
        self.analytes.get(&analyte)
    }
    pub fn analytes(&self) -> impl Iterator<Item = &AnalyteSettings> {
        self.analytes.values()
    }
    /// The version of the terminology in force; empty before the first.
    pub fn terminology(&self) -> &str {
        &self.terminology
    }
    pub fn site(&self) -> &Site {
        &self.site
    }
    pub fn feeds(&self) -> &BTreeMap<String, technical::Feed> {
        &self.machinery.feeds
    }
    /// Displays with their wards that paint.
    pub fn painting(&self) -> impl Iterator<Item = (&str, &str)> {
        self.machinery.painting()
    }
    /// Wards with a display that paints.
    pub fn watched(&self) -> &BTreeSet<String> {
        &self.machinery.watched
    }
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

/// The patient an event is about.
fn subject(event: &Event) -> Option<&PatientId> {
    match event {
        Event::Observed(seen) => Some(&seen.patient),
        Event::Census(census) => Some(&census.patient),
        Event::Therapy(therapy) => Some(&therapy.patient),
        Event::Assessed { patient, .. } | Event::Factors { patient, .. } => Some(patient),
        Event::Acted(_)
        | Event::Rejected(_)
        | Event::Rules { .. }
        | Event::RulesRefused { .. }
        | Event::Terminology { .. }
        | Event::Site(_)
        | Event::Display(_)
        | Event::Delivery(_)
        | Event::Heard { .. }
        | Event::Service { .. }
        | Event::Tick => None,
    }
}

fn zone_of(site: &Site) -> TimeZone {
    TimeZone::get(&site.time_zone).unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests;
