//! All alerts of the ward: raised, judged again, acknowledged, told, closed.
//!
//! Reading order: [`Alerts::judge`] (a rule was looked at), [`Alerts::settle`] (inhibition, then telling),
//! [`Alerts::act`] (a person did something), [`Alerts::pass`] (time did).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::escalation::Watch;
use super::life::{Judged, Manner, Running, Undo};
use super::rule::Verdict;
use super::sweep::Standing;
use super::turn;
use crate::model::limits::CLOSED_ALERTS;
use crate::model::{
    Alert, AlertChange, AlertId, AlertState, Change, Kind, Location, PatientId, Priority, Span, Time,
};

/// What an alert is about: a rule for a patient, or for a feed, a display or a ward.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AlertKey {
    pub patient: Option<PatientId>,
    pub rule: Arc<str>,
    pub subject: Arc<str>,
}

/// What an alert says of itself when it is raised.
#[derive(Clone, Debug)]
pub struct Notice {
    pub rule_version: Arc<str>,
    pub kind: Kind,
    pub priority: Priority,
    pub location: Location,
    pub title_en: Arc<str>,
    pub title_ja: Arc<str>,
    pub instruction_en: Arc<str>,
    pub instruction_ja: Arc<str>,
    pub source: Arc<str>,
    pub shadow: bool,
    /// The rule it is raised under; a running alert is judged by it to its end.
    pub standing: Option<Arc<Standing>>,
}

/// The instant, and where changes go.
#[derive(Debug)]
pub struct Moment<'a> {
    pub now: Time,
    pub seq: u64,
    pub zone: &'a TimeZone,
    /// Wards with a display that paints.
    pub watched: &'a BTreeSet<String>,
    pub changes: &'a mut Vec<Change>,
}

impl Moment<'_> {
    pub(super) fn watch(&self, location: &Location) -> Watch<'_> {
        // A technical alert without a ward is watched when any ward is.
        let watched = if location.ward.is_empty() {
            !self.watched.is_empty()
        } else {
            self.watched.contains(&location.ward)
        };
        Watch { now: self.now, zone: self.zone, watched }
    }

    pub(super) fn changed(&mut self, change: AlertChange, alert: &Alert, cause: &str) {
        if alert.state == AlertState::Pending {
            return;
        }
        let alert = Box::new(alert.clone());
        self.changes.push(Change::Alert { change, alert, cause: cause.to_owned() });
    }
}

/// What a new alert has to know of the one before it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Ended {
    pub at: Time,
    /// When its condition made it active: a condition that comes and goes flaps, also where each alert was answered.
    pub activations: Vec<Time>,
}

/// The alerts of one ward.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Alerts {
    pub(super) running: BTreeMap<AlertKey, Running>,
    closed: VecDeque<Alert>,
    pub(super) ended: BTreeMap<AlertKey, Ended>,
    pub(super) keys: BTreeMap<AlertId, AlertKey>,
    pub(super) timers: BTreeSet<(Time, AlertKey)>,
    pub(super) set: BTreeMap<AlertKey, Time>,
    /// The entry that numbered alerts last, and how many it raised.
    numbered: (u64, u32),
}

impl Alerts {
    /// Lets alerts that were raised under one rule share it, as they did before they were written down.
    pub(super) fn share(&mut self, in_force: &[Arc<Standing>]) {
        let mut shared: BTreeMap<(Arc<str>, Arc<str>), Arc<Standing>> =
            in_force.iter().map(|standing| (standing.key(), standing.clone())).collect();
        for running in self.running.values_mut() {
            running.share(&mut |standing| {
                *standing = shared.entry(standing.key()).or_insert_with(|| standing.clone()).clone();
            });
        }
    }

    pub fn open(&self) -> impl Iterator<Item = &Alert> {
        self.running.values().map(|r| &r.alert).filter(|a| a.state != AlertState::Pending)
    }

    /// Every alert that is kept: open ones, then closed ones, newest first.
    pub fn all(&self) -> impl Iterator<Item = &Alert> {
        self.open().chain(self.closed.iter().rev())
    }

    pub fn get(&self, id: &AlertId) -> Option<&Alert> {
        let open = self.keys.get(id).and_then(|key| self.running.get(key)).map(|r| &r.alert);
        open.filter(|a| a.id == *id).or_else(|| self.closed.iter().rev().find(|a| a.id == *id))
    }

    /// What a person did last with an open alert, while it may still be taken back.
    pub(super) fn last_action(&self, id: &AlertId) -> Option<&Undo> {
        self.running.get(self.keys.get(id)?)?.undo.as_ref()
    }

    pub fn of(&self, key: &AlertKey) -> Option<&Running> {
        self.running.get(key)
    }

    pub fn next_due(&self) -> Option<Time> {
        self.timers.first().map(|(at, _)| *at)
    }

    fn number(&mut self, seq: u64) -> AlertId {
        self.numbered = if self.numbered.0 == seq { (seq, self.numbered.1 + 1) } else { (seq, 1) };
        AlertId::new(seq, self.numbered.1)
    }

    /// Takes one look at a rule into its alert. `notice` is asked only when an alert begins.
    pub fn judge(
        &mut self,
        key: &AlertKey,
        judged: Judged,
        manner: &Arc<Manner>,
        notice: impl FnOnce() -> Notice,
        moment: &mut Moment<'_>,
    ) {
        if !self.running.contains_key(key) {
            let ended = self.ended.get(key);
            let cooling = ended.is_some_and(|ended| moment.now - ended.at < manner.cooldown);
            let activations = ended.map_or_else(Vec::new, |ended| ended.activations.clone());
            if judged.met != Verdict::Met || cooling {
                return;
            }
            let mut notice = notice();
            let standing = notice.standing.take();
            let alert = self.begin(key, notice, manner, moment);
            self.keys.insert(alert.id.clone(), key.clone());
            let mut running = Running::new(alert, manner.clone(), standing, moment.now);
            running.pending_since = Some(moment.now);
            running.activations = activations;
            self.running.insert(key.clone(), running);
        }
        let Some(mut running) = self.running.remove(key) else { return };
        turn::judge(&mut running, judged, moment);
        self.put_back(key, running);
    }

    fn begin(&mut self, key: &AlertKey, notice: Notice, manner: &Manner, moment: &Moment<'_>) -> Alert {
        Alert {
            id: self.number(moment.seq),
            rule: key.rule.clone(),
            rule_version: notice.rule_version,
            kind: notice.kind,
            priority: notice.priority,
            state: AlertState::Pending,
            patient: key.patient.clone(),
            location: notice.location,
            title_en: notice.title_en,
            title_ja: notice.title_ja,
            instruction_en: notice.instruction_en,
            instruction_ja: notice.instruction_ja,
            source: notice.source,
            raised_at: moment.now,
            measured_at: None,
            escalation: manner.policy.id.clone(),
            step: 0,
            next_step_at: None,
            told: Vec::new(),
            acknowledged: None,
            awaiting: Vec::new(),
            shelf: None,
            rating: None,
            evidence: Vec::new(),
            missing: Vec::new(),
            inhibited_by: None,
            flapping: false,
            shadow: notice.shadow,
            episode: None,
            transitions: Vec::new(),
            ledger: Vec::new(),
        }
    }

    /// The rules under which a patient's alerts run.
    pub(super) fn standing_of(&self, patient: &PatientId) -> Vec<Arc<Standing>> {
        let keys = self.keys_of(Some(patient));
        keys.iter().filter_map(|key| self.running.get(key)?.standing.clone()).collect()
    }

    /// Puts an alert back where its life now belongs, and sets its timer.
    pub(super) fn put_back(&mut self, key: &AlertKey, running: Running) {
        if let Some(at) = self.set.remove(key) {
            self.timers.remove(&(at, key.clone()));
        }
        let dropped = running.alert.state == AlertState::Pending && running.pending_since.is_none();
        if running.alert.state == AlertState::Closed || dropped {
            if dropped {
                self.keys.remove(&running.alert.id);
                return;
            }
            if let Some(last) = running.alert.transitions.last() {
                self.ended.insert(key.clone(), Ended { at: last.at, activations: running.activations });
            }
            self.closed.push_back(running.alert);
            if self.closed.len() > CLOSED_ALERTS
                && let Some(oldest) = self.closed.pop_front()
            {
                self.keys.remove(&oldest.id);
            }
            return;
        }
        if let Some(at) = running.due() {
            self.timers.insert((at, key.clone()));
            self.set.insert(key.clone(), at);
        }
        self.running.insert(key.clone(), running);
    }

    /// After all rules of a patient were looked at: who keeps whom quiet, which episode an alert belongs to,
    /// and then whoever is to be told.
    pub fn settle(&mut self, patient: Option<&PatientId>, moment: &mut Moment<'_>) {
        let keys = self.keys_of(patient);
        let loud: Vec<(AlertId, Vec<Arc<str>>)> = keys
            .iter()
            .filter_map(|key| self.running.get(key))
            .filter(|r| {
                matches!(r.alert.state, AlertState::Active | AlertState::Acknowledged) && !r.alert.shadow
            })
            .map(|r| (r.alert.id.clone(), r.manner.inhibits.clone()))
            .collect();
        let episode = keys
            .iter()
            .filter_map(|key| self.running.get(key))
            .filter(|r| r.alert.is_open() && r.alert.kind == Kind::Physiological)
            .min_by_key(|r| (r.alert.raised_at, r.alert.id.clone()))
            .map(|r| r.alert.episode.clone().unwrap_or_else(|| r.alert.id.clone()));
        for key in keys {
            let Some(mut running) = self.running.remove(&key) else { continue };
            let inhibitor =
                loud.iter().find(|(_, quiets)| quiets.contains(&key.rule)).map(|(id, _)| id.clone());
            turn::inhibit(&mut running, inhibitor, moment);
            if running.alert.kind == Kind::Physiological && running.alert.episode.is_none() {
                running.alert.episode.clone_from(&episode);
            }
            turn::tell(&mut running, moment);
            self.put_back(&key, running);
        }
    }

    /// Keys of one patient's alerts, or of those without a patient.
    pub(super) fn keys_of(&self, patient: Option<&PatientId>) -> Vec<AlertKey> {
        let from = AlertKey { patient: patient.cloned(), rule: "".into(), subject: "".into() };
        self.running
            .range(from..)
            .map(|(key, _)| key)
            .take_while(|key| key.patient.as_ref() == patient)
            .cloned()
            .collect()
    }

    /// Runs every timer that is due, then settles the patients whose alerts moved: an alert that ended may have kept
    /// another one quiet.
    pub fn pass(&mut self, moment: &mut Moment<'_>) {
        // Each round moves its timers on; the bound only guards against a policy without delays.
        for _ in 0..100 {
            let due: Vec<(Time, AlertKey)> =
                self.timers.iter().take_while(|(at, _)| *at <= moment.now).cloned().collect();
            if due.is_empty() {
                return;
            }
            let mut touched = BTreeSet::new();
            for (_, key) in &due {
                let Some(mut running) = self.running.remove(key) else { continue };
                turn::on_time(&mut running, moment);
                self.put_back(key, running);
                touched.insert(key.patient.clone());
            }
            for patient in touched {
                self.settle(patient.as_ref(), moment);
            }
            for timer in due {
                if self.timers.contains(&timer) {
                    self.postpone(&timer.1, moment.now + Span::SECOND);
                }
            }
        }
    }

    fn postpone(&mut self, key: &AlertKey, to: Time) {
        if let Some(at) = self.set.remove(key) {
            self.timers.remove(&(at, key.clone()));
            self.timers.insert((to, key.clone()));
            self.set.insert(key.clone(), to);
        }
    }

    /// Lets `change` work on one open alert and puts it back; `None` where there is none.
    pub(super) fn with<T>(&mut self, id: &AlertId, change: impl FnOnce(&mut Running) -> T) -> Option<T> {
        let key = self.keys.get(id)?.clone();
        let mut running = self.running.remove(&key)?;
        if running.alert.id != *id {
            self.running.insert(key, running);
            return None;
        }
        let answer = change(&mut running);
        self.put_back(&key, running);
        Some(answer)
    }
}
