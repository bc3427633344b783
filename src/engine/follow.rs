//! Alerts go where their patient goes, and hear of what was taken back: moves, discharges, merges, corrections.

use super::alert::{AlertKey, Alerts, Moment};
use super::escalation::nobody_watches;
use super::life::Running;
use super::turn;
use crate::model::{AlertChange, AlertState, Evidence, Location, PatientId, Span, Time};

impl Alerts {
    /// Evidence that was corrected or withdrawn is marked in every open alert that rests on it.
    pub fn retract(
        &mut self,
        patient: &PatientId,
        is_gone: impl Fn(&Evidence) -> bool,
        moment: &mut Moment<'_>,
    ) {
        for key in self.keys_of(Some(patient)) {
            let Some(mut running) = self.running.remove(&key) else { continue };
            let mut touched = false;
            for evidence in running.alert.evidence.iter_mut().filter(|e| !e.superseded && is_gone(e)) {
                evidence.superseded = true;
                touched = true;
            }
            if touched {
                running.note("retracted", moment.now, "an input was corrected or withdrawn");
                moment.changed(AlertChange::Retracted, &running.alert, "an input was corrected or withdrawn");
            }
            self.put_back(&key, running);
        }
    }

    /// The patient lies elsewhere now; alerts go along.
    pub fn relocate(&mut self, patient: &PatientId, location: &Location, moment: &mut Moment<'_>) {
        for key in self.keys_of(Some(patient)) {
            let Some(mut running) = self.running.remove(&key) else { continue };
            if running.alert.location != *location {
                running.alert.location = location.clone();
                moment.changed(AlertChange::Updated, &running.alert, "the patient was moved");
            }
            self.put_back(&key, running);
        }
    }

    /// The patient left: alerts close after `grace`, unless the discharge is cancelled (`None`) before.
    pub fn leave(&mut self, patient: &PatientId, grace: Option<Span>, now: Time) {
        for key in self.keys_of(Some(patient)) {
            let Some(mut running) = self.running.remove(&key) else { continue };
            running.leaves_at = grace.map(|grace| now + grace);
            self.put_back(&key, running);
        }
    }

    /// Two identifiers are one patient: alerts go to the survivor. Where both have one of the same rule, the one that
    /// still asks for somebody stays; of two alike, the survivor's.
    pub fn merge(&mut self, from: &PatientId, into: &PatientId, moment: &mut Moment<'_>) {
        let moved = |key: &AlertKey| AlertKey { patient: Some(into.clone()), ..key.clone() };
        for key in self.keys_of(Some(from)) {
            let survivor = moved(&key);
            let Some(running) = self.running.remove(&key) else { continue };
            let Some(other) = self.running.remove(&survivor) else {
                self.take_over(&key, survivor, running, moment);
                continue;
            };
            if urgency(running.alert.state) > urgency(other.alert.state) {
                self.give_way(&survivor, other, moment);
                self.take_over(&key, survivor, running, moment);
            } else {
                self.put_back(&survivor, other);
                self.give_way(&key, running, moment);
            }
        }
        let ended: Vec<AlertKey> =
            self.ended.keys().filter(|key| key.patient.as_ref() == Some(from)).cloned().collect();
        for key in ended {
            let Some(one) = self.ended.remove(&key) else { continue };
            match self.ended.get(&moved(&key)) {
                Some(known) if known.at >= one.at => {}
                _ => drop(self.ended.insert(moved(&key), one)),
            }
        }
    }

    fn take_over(
        &mut self,
        key: &AlertKey,
        survivor: AlertKey,
        mut running: Running,
        moment: &mut Moment<'_>,
    ) {
        if let Some(at) = self.set.remove(key) {
            self.timers.remove(&(at, key.clone()));
        }
        running.alert.patient.clone_from(&survivor.patient);
        self.keys.insert(running.alert.id.clone(), survivor.clone());
        moment.changed(AlertChange::Updated, &running.alert, "the patient's identifiers were merged");
        self.put_back(&survivor, running);
    }

    fn give_way(&mut self, key: &AlertKey, mut running: Running, moment: &mut Moment<'_>) {
        turn::close(&mut running, "merged: the same alert of the other identifier goes on", moment);
        self.put_back(key, running);
    }

    /// A display of the ward came or went.
    pub fn watched_changed(&mut self, moment: &mut Moment<'_>) {
        let keys: Vec<AlertKey> = self.running.keys().cloned().collect();
        for key in keys {
            let Some(mut running) = self.running.remove(&key) else { continue };
            let watch = moment.watch(&running.alert.location);
            nobody_watches(&mut running, &watch);
            self.put_back(&key, running);
        }
    }
}

/// Of two alerts of one rule, the one that asks for more stays.
fn urgency(state: AlertState) -> u8 {
    match state {
        AlertState::Active => 4,
        AlertState::Returned => 3,
        AlertState::Acknowledged => 2,
        AlertState::Shelved | AlertState::OutOfService => 1,
        AlertState::Pending | AlertState::Closed => 0,
    }
}
