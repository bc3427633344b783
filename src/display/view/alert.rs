//! An alert in the words of the API.

use serde_json::{Map, Value as Json, json};

use super::{alias, members_text, number, number_or_null, read_back, time, time_or_null};
use crate::display::access::Identity;
use crate::engine::Engine;
use crate::model::{Alert, AlertId, AlertState, Evidence, Kind, PatientId, Priority, Role, Time};

/// One alert, ready to be written at any identity level. Kept as text: a tree of the same takes eight times the memory.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertView {
    pub id: AlertId,
    pub patient: Option<PatientId>,
    alias: Option<String>,
    /// Empty for technical alerts that belong to no ward.
    pub ward: String,
    pub kind: Kind,
    pub priority: Priority,
    pub step: u32,
    /// Every member but `id` and `patient`.
    members: Box<str>,
    /// The same without what people typed, where they typed anything.
    reserved: Option<Box<str>>,
}

impl AlertView {
    pub fn of(alert: &Alert, engine: &Engine, key: &[u8; 32]) -> AlertView {
        let mut object = members(alert, engine);
        let text = members_text(&object);
        let typed = alert.acknowledged.is_some() || alert.shelf.is_some();
        let reserved = typed.then(|| {
            leave_out_free_text(&mut object);
            members_text(&object)
        });
        AlertView {
            id: alert.id.clone(),
            patient: alert.patient.clone(),
            alias: alert.patient.as_ref().map(|id| alias(key, id)),
            ward: alert.location.ward.clone(),
            kind: alert.kind,
            priority: alert.priority,
            step: alert.step,
            members: text,
            reserved,
        }
    }

    /// The alert as a caller of this level may see it, as JSON text.
    pub fn text(&self, level: Identity) -> String {
        let patient = match level {
            Identity::P0 | Identity::P1 | Identity::P2 => self.alias.as_deref(),
            Identity::P3 => self.patient.as_ref().map(PatientId::as_str),
        };
        let members = match level {
            // What people type may name the patient.
            Identity::P0 | Identity::P1 => self.reserved.as_ref().unwrap_or(&self.members),
            Identity::P2 | Identity::P3 => &self.members,
        };
        format!("{{\"id\":{},\"patient\":{},{members}}}", Json::from(self.id.as_str()), Json::from(patient))
    }

    pub fn json(&self, level: Identity) -> Json {
        read_back(&self.text(level))
    }

    /// With how it came to be: every transition and what became of the news. Both quote what people typed, so screens
    /// that may show no name do not get them.
    pub fn json_with_history(&self, level: Identity, alert: &Alert) -> Json {
        let mut object = self.json(level);
        if level >= Identity::P2 {
            object["transitions"] = transitions(alert);
            object["ledger"] = ledger(alert);
        }
        object
    }
}

fn leave_out_free_text(object: &mut Map<String, Json>) {
    for (member, text) in [("acknowledged", "comment"), ("shelf", "reason")] {
        if let Some(Json::Object(done)) = object.get_mut(member) {
            done.insert(text.into(), "".into());
        }
    }
}

/// Everything of an alert that does not depend on who looks, without `id` and `patient`.
fn members(alert: &Alert, engine: &Engine) -> Map<String, Json> {
    let place = |text: &str| if text.is_empty() { Json::Null } else { Json::from(text) };
    let evidence: Vec<Json> = alert.evidence.iter().map(|seen| evidence(seen, engine)).collect();
    let object = json!({
        "rule": &*alert.rule,
        "rule_version": &*alert.rule_version,
        "kind": alert.kind.name(),
        "priority": alert.priority.name(),
        "state": alert.state.name(),
        "ward": place(&alert.location.ward),
        "bed": place(&alert.location.bed),
        "title": {"en": &*alert.title_en, "ja": &*alert.title_ja},
        "instruction": {"en": &*alert.instruction_en, "ja": &*alert.instruction_ja},
        "raised_at": time(alert.raised_at),
        "closed_at": time_or_null(closed_at(alert)),
        "measured_at": time_or_null(alert.measured_at),
        "escalation": &*alert.escalation,
        "step": alert.step,
        "next_step_at": time_or_null(alert.next_step_at),
        "told": roles(&alert.told),
        "awaiting": roles(&alert.awaiting),
        "acknowledged": acknowledged(alert),
        "shelf": alert.shelf.as_ref().map(|shelf| json!({
            "by": shelf.by.name, "role": shelf.by.role.name(), "at": time(shelf.at), "until": time(shelf.until),
            "reason": shelf.reason,
        })),
        "rating": alert.rating.as_ref().map(|(rating, by)| json!({
            "verdict": rating, "by": by.name, "role": by.role.name(),
        })),
        "evidence": evidence,
        "missing": alert.missing,
        "inhibited_by": alert.inhibited_by.as_ref().map(AlertId::as_str),
        "flapping": alert.flapping,
        "shadow": alert.shadow,
        "episode": alert.episode.as_ref().map(AlertId::as_str),
        "source": &*alert.source,
    });
    match object {
        Json::Object(members) => members,
        _ => Map::new(),
    }
}

fn closed_at(alert: &Alert) -> Option<Time> {
    let mut closings = alert.transitions.iter().filter(|moved| moved.to == AlertState::Closed);
    closings.next_back().map(|moved| moved.at).filter(|_| alert.state == AlertState::Closed)
}

fn acknowledged(alert: &Alert) -> Json {
    alert.acknowledged.as_ref().map_or(Json::Null, |done| {
        json!({
            "by": done.by.name,
            "role": done.by.role.name(),
            "at": time(done.at),
            "expires_at": time(done.expires_at),
            "comment": done.comment,
        })
    })
}

fn roles(roles: &[Role]) -> Vec<&'static str> {
    roles.iter().map(|role| role.name()).collect()
}

fn evidence(seen: &Evidence, engine: &Engine) -> Json {
    let mut row = Map::new();
    row.insert("analyte".into(), seen.analyte.as_str().into());
    row.insert("value".into(), number(seen.quantity.value));
    if let Some(sign) = seen.quantity.bound.sign() {
        row.insert("comparator".into(), sign.into());
    }
    row.insert("unit".into(), engine.settings(seen.analyte).map(|settings| settings.unit.clone()).into());
    row.insert("measured_at".into(), time(seen.measured_at));
    row.insert("source".into(), seen.source.clone().into());
    row.insert("feature".into(), seen.feature.clone().into());
    row.insert("result".into(), number_or_null(seen.result));
    let (comparison, limit) = match &seen.comparison {
        Some((sign, limit)) => (Json::from(sign.clone()), number(*limit)),
        None => (Json::Null, Json::Null),
    };
    row.insert("comparison".into(), comparison);
    row.insert("limit".into(), limit);
    row.insert("superseded".into(), seen.superseded.into());
    if let Some(doubt) = &seen.doubt {
        row.insert("flag".into(), doubt.clone().into());
    }
    Json::Object(row)
}

fn transitions(alert: &Alert) -> Json {
    let rows = alert.transitions.iter().map(|moved| {
        json!({
            "at": time(moved.at),
            "seq": moved.seq,
            "from": moved.from.name(),
            "to": moved.to.name(),
            "cause": moved.cause,
        })
    });
    rows.collect()
}

fn ledger(alert: &Alert) -> Json {
    let rows = alert.ledger.iter().map(
        |line| json!({"stage": line.stage, "at": time(line.at), "step": line.step, "detail": line.detail}),
    );
    rows.collect()
}
