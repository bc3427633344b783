//! What a receiver reads: the alert as the HTTP interface shows it, and why it is told now. Never a person's
//! name: an alert holds none of the patient's, and comments and accounts of staff stay inside.

use std::collections::BTreeMap;

use ring::digest::{SHA256, digest};
use serde_json::{Value as Json, json};

use super::sent::Offer;
use crate::model::alert::Evidence;
use crate::model::{Alert, Analyte, Notification, Time};

/// A delivery of `notification` to `webhook`.
pub(super) fn offer(
    webhook: &str,
    notification: &Notification,
    alert: &Alert,
    units: &BTreeMap<Analyte, String>,
) -> Offer {
    let id = delivery_id(webhook, notification, alert.raised_at);
    let body = write(&id, notification, alert, units).to_string();
    Offer {
        id,
        webhook: webhook.to_owned(),
        alert: alert.id.clone(),
        step: notification.step,
        priority: alert.priority,
        body,
    }
}

/// The same alert, step and repeat for the same webhook always has the same id, whichever life of the program
/// asks.
fn delivery_id(webhook: &str, notification: &Notification, raised_at: Time) -> String {
    let Notification { alert, step, attempt, .. } = notification;
    let whole = digest(&SHA256, format!("{webhook}|{alert}|{}|{step}|{attempt}", raised_at.0).as_bytes());
    hex(&whole.as_ref()[..16])
}

fn write(id: &str, notification: &Notification, alert: &Alert, units: &BTreeMap<Analyte, String>) -> Json {
    let roles: Vec<&str> = notification.roles.iter().map(|role| role.name()).collect();
    let evidence: Vec<Json> = alert.evidence.iter().map(|one| shown_evidence(one, units)).collect();
    json!({
        "delivery": id,
        "reason": notification.reason,
        "step": notification.step,
        "attempt": notification.attempt,
        "roles": roles,
        "alert": {
            "id": alert.id.as_str(),
            "rule": &*alert.rule,
            "rule_version": &*alert.rule_version,
            "kind": alert.kind.name(),
            "priority": alert.priority.name(),
            "state": alert.state.name(),
            "patient": alert.patient.as_ref().map(|patient| patient.as_str()),
            "ward": alert.location.ward,
            "bed": alert.location.bed,
            "title": { "en": &*alert.title_en, "ja": &*alert.title_ja },
            "instruction": { "en": &*alert.instruction_en, "ja": &*alert.instruction_ja },
            "raised_at": alert.raised_at.rfc3339(),
            "measured_at": alert.measured_at.map(Time::rfc3339),
            "step": alert.step,
            "next_step_at": alert.next_step_at.map(Time::rfc3339),
            "acknowledged": alert.acknowledged.as_ref().map(|one| json!({
                "role": one.by.role.name(),
                "at": one.at.rfc3339(),
                "expires_at": one.expires_at.rfc3339(),
            })),
            "evidence": evidence,
            "missing": alert.missing,
            "source": &*alert.source,
        },
    })
}

/// The value is written as a decimal number; a bound (`<0.05`) stands beside it.
fn shown_evidence(one: &Evidence, units: &BTreeMap<Analyte, String>) -> Json {
    let mut shown = json!({
        "analyte": one.analyte.as_str(),
        "value": one.quantity.value.as_f64(),
        "unit": units.get(&one.analyte),
        "measured_at": one.measured_at.rfc3339(),
    });
    if let Some(sign) = one.quantity.bound.sign() {
        shown["comparator"] = sign.into();
    }
    shown
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
