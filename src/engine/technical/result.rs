//! What is wrong with the results of one patient.

use std::collections::BTreeMap;

use super::{Finding, Machinery, raise_or_end};
use crate::engine::alert::{Alerts, Moment};
use crate::model::{Analyte, Location, PatientId, Priority, Time};

impl Machinery {
    pub fn unmatched(&mut self, patient: &PatientId, unmatched: bool) {
        if unmatched {
            self.unmatched.insert(patient.clone());
        } else {
            self.unmatched.remove(patient);
        }
    }

    /// A result came as final after it had been withdrawn. Which of the two was meant last cannot be told, so it is not
    /// used, and people have to ask.
    pub fn came_again(&mut self, patient: &PatientId, analyte: Analyte, at: Time) {
        let newest = self.again.entry(patient.clone()).or_default().entry(analyte).or_insert(at);
        *newest = at.max(*newest);
    }

    /// A correction, or something newer, answers what came again; whether it did.
    pub fn answered(&mut self, patient: &PatientId, analyte: Analyte, at: Time) -> bool {
        let Some(of_patient) = self.again.get_mut(patient) else { return false };
        let answered = of_patient.get(&analyte).is_some_and(|open| at >= *open);
        if answered {
            of_patient.remove(&analyte);
        }
        if of_patient.is_empty() {
            self.again.remove(patient);
        }
        answered
    }

    /// Nobody waits for the results of a patient who has left.
    pub fn left(&mut self, patient: &PatientId) {
        self.again.remove(patient);
    }

    /// Whoever has an identifier that was merged away is known under the other one.
    pub fn merge(&mut self, from: &PatientId, into: &PatientId) {
        self.unmatched.remove(from);
        self.unmatched.remove(into);
        for (analyte, at) in self.again.remove(from).unwrap_or_default() {
            self.came_again(into, analyte, at);
        }
    }

    /// Results of somebody who is not admitted: shown as a technical alert once they keep coming.
    pub fn judge_unmatched(&self, patient: &PatientId, alerts: &mut Alerts, moment: &mut Moment<'_>) {
        let holds = self.unmatched.contains(patient);
        let finding = Finding {
            rule: "unmatched-patient",
            subject: "census",
            patient: Some(patient),
            location: Location::default(),
            priority: Priority::Low,
            title: ("Results without an admission", "入院登録のない患者の結果"),
            instruction: (
                "Check the identifier and the admission message.",
                "患者IDと入院情報を確認してください。",
            ),
            holds,
            words: if holds { "results came without an admission" } else { "the patient is known now" }
                .into(),
        };
        raise_or_end(&finding, alerts, moment);
    }

    /// Results that came again after they had been withdrawn.
    pub fn judge_again(
        &self,
        patient: &PatientId,
        location: &Location,
        alerts: &mut Alerts,
        moment: &mut Moment<'_>,
    ) {
        let open = self.again.get(patient);
        let named = |open: &BTreeMap<Analyte, Time>| {
            let each = open.iter().map(|(analyte, at)| format!("{analyte} of {}", at.rfc3339()));
            each.collect::<Vec<_>>().join(", ")
        };
        let finding = Finding {
            rule: "withdrawn-again",
            subject: "results",
            patient: Some(patient),
            location: location.clone(),
            priority: Priority::Low,
            title: ("A withdrawn result came again", "取消済みの結果が再送されました"),
            instruction: (
                "Ask the laboratory which holds; the right one has to come as corrected (C).",
                "どちらが正しいか検査室に確認。正しい結果は訂正（C）として送信が必要です。",
            ),
            holds: open.is_some(),
            words: open.map_or_else(
                || "answered by a correction or a newer result, or the patient has left".to_owned(),
                named,
            ),
        };
        raise_or_end(&finding, alerts, moment);
    }
}

pub(super) fn not_evaluated<'a>(patient: &'a PatientId, location: &Location) -> Finding<'a> {
    Finding {
        rule: "patient-not-evaluated",
        subject: "engine",
        patient: Some(patient),
        location: location.clone(),
        priority: Priority::High,
        title: ("A patient is not being evaluated", "この患者の評価が停止しています"),
        instruction: (
            "Watch this patient at the bedside; call the engineer.",
            "この患者をベッドサイドで監視し、エンジニアに連絡してください。",
        ),
        holds: true,
        words: "evaluating this patient failed".into(),
    }
}
