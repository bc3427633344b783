//! Rules, scores, feeds and the figures by which an alarm system is judged.

use std::collections::BTreeMap;

use axum::extract::{Extension, Query, State};
use axum::response::Json;
use serde_json::{Value, json};

use super::alerts::rule_json;
use super::caller::Caller;
use super::patients::{Asked, instant};
use super::problem::Problem;
use super::review;
use super::state::Shared;
use super::view::{time, time_or_null};
use crate::engine::Engine;
use crate::engine::quality::Quality;
use crate::engine::rule::Policy;
use crate::engine::score;
use crate::model::{Alert, Role, Span, Time};

/// Figures look back so far unless asked otherwise.
const LOOK_BACK: Span = Span::days(7);
/// Courses after an infusion are looked back at for so long.
const LOOK_BACK_INFUSED: Span = Span::days(365);
/// Rules shown as the most frequent.
const TOP: usize = 10;
/// Alerts shown with each rule, newest first.
const RECENT: usize = 5;

pub async fn rules(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Value>, Problem> {
    state.caught_up().await;
    let json = state.fold.ask(move |engine| {
        let rules = engine.rules();
        let mut recent = recent(engine, &caller);
        let rows: Vec<Value> = rules
            .rules
            .iter()
            .map(|rule| {
                let mut json = rule_json(rule);
                let fired = engine.fired(&rule.id);
                json["fired"] = fired.map_or(0, |(times, _)| times).into();
                json["last_fired"] = time_or_null(fired.map(|(_, at)| at));
                json["recent"] = recent.remove(&*rule.id).unwrap_or_default().into();
                json
            })
            .collect();
        let warnings: Vec<String> = rules.warnings.iter().map(|warning| warning.to_string()).collect();
        let lasts = &rules.policies.acknowledgement_lasts;
        json!({
            "hash": &*rules.hash,
            "rules": rows,
            "warnings": warnings,
            "policies": rules.policies.policies.iter().map(policy_json).collect::<Vec<_>>(),
            "acknowledgement_seconds": {
                "high": lasts.high.0 / 1000, "medium": lasts.medium.0 / 1000, "low": lasts.low.0 / 1000,
            },
        })
    });
    Ok(Json(json.await?))
}

/// The newest alerts of each rule that the caller may see, those on trial too: that is what a trial is looked at for.
fn recent(engine: &Engine, caller: &Caller) -> BTreeMap<String, Vec<Value>> {
    let mut alerts: Vec<&Alert> = engine.alerts().filter(|alert| caller.sees(alert)).collect();
    alerts.sort_by_key(|alert| std::cmp::Reverse(alert.raised_at));
    let mut recent: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for alert in alerts {
        let rows = recent.entry(alert.rule.to_string()).or_default();
        if rows.len() < RECENT {
            rows.push(json!({
                "at": time(alert.raised_at), "ward": alert.location.ward, "bed": alert.location.bed,
                "state": alert.state.name(), "shadow": alert.shadow,
            }));
        }
    }
    recent
}

/// Who is told, when: so that a page can show the steps that are still to come.
fn policy_json(policy: &Policy) -> Value {
    let names = |roles: &[Role]| roles.iter().map(|role| role.name()).collect::<Vec<_>>();
    let steps: Vec<Value> = policy
        .steps
        .iter()
        .map(|step| json!({"after_seconds": step.after.0 / 1000, "roles": names(&step.roles)}))
        .collect();
    json!({
        "id": &*policy.id,
        "steps": steps,
        "repeat_seconds": policy.repeat_every.map(|every| every.0 / 1000),
        "repeat_times": policy.repeat_times,
        "acknowledge_by": names(&policy.acknowledge_by),
    })
}

pub async fn scores(State(state): State<Shared>) -> Result<Json<Value>, Problem> {
    let cards = state.fold.ask(|engine| {
        let cards: Vec<Value> = score::NAMES
            .iter()
            .filter_map(|name| score::card(name, engine.tables()))
            .map(|card| {
                json!({
                    "name": card.name,
                    "title": {"en": card.title_en, "ja": card.title_ja},
                    "inputs": card.inputs,
                    "table": card.rows,
                    "unit": card.unit,
                    "source": card.source,
                    "limits": card.limits,
                })
            })
            .collect();
        json!({"scores": cards})
    });
    Ok(Json(cards.await?))
}

pub async fn feeds(State(state): State<Shared>) -> Result<Json<Value>, Problem> {
    state.caught_up().await;
    let now = state.now();
    let feeds = state.fold.ask(move |engine| {
        let rows: Vec<Value> = engine
            .feeds()
            .iter()
            .map(|(source, feed)| {
                let silent = feed.last_seen.map(|at| (now - at).0 / 1000);
                let lag =
                    feed.last_seen.zip(feed.last_measured).map(|(seen, measured)| (seen - measured).0 / 1000);
                json!({
                    "source": source,
                    "via": feed.via,
                    "last_seen": time_or_null(feed.last_seen),
                    "last_measured": time_or_null(feed.last_measured),
                    "silent_seconds": silent,
                    "lag_seconds": lag,
                    "skew_seconds": feed.skew_seconds,
                    "values": feed.values,
                    "rejected": feed.rejected,
                })
            })
            .collect();
        json!({"feeds": rows})
    });
    Ok(Json(feeds.await?))
}

pub async fn quality(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Problem> {
    let from = instant(&asked, "from")?.unwrap_or(state.now() - LOOK_BACK);
    let infused_from = instant(&asked, "infused_from")?.unwrap_or(state.now() - LOOK_BACK_INFUSED);
    state.note(&caller, "read quality figures", None, None, "done").await;
    let json = state.fold.ask(move |engine| {
        let mut json = figures(&engine.quality(from), from, engine, &caller);
        json["waits"] = review::waits(engine, from, |alert| caller.sees(alert));
        // An engineer looks after machines; rows about patients are not for that work.
        let rows = caller.account.role != Role::Engineer;
        json["outcomes"] = review::outcomes(engine, infused_from, &caller.account.wards, rows);
        json
    });
    Ok(Json(json.await?))
}

fn figures(quality: &Quality, from: Time, engine: &Engine, caller: &Caller) -> Value {
    let per_day =
        |count: usize| (quality.patient_days > 0.0).then(|| rounded(count as f64 / quality.patient_days));
    let mut top: Vec<(&String, &usize)> = quality.by_rule.iter().collect();
    top.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    let top: Vec<Value> =
        top.into_iter().take(TOP).map(|(rule, count)| json!({"rule": rule, "count": count})).collect();
    // An alert is named by rule and bed: this page is looked at in meetings.
    let named = |alerts: &[Alert]| -> Vec<Value> {
        let seen = alerts.iter().filter(|alert| caller.sees(alert));
        seen.map(|a| json!({"rule": &*a.rule, "ward": a.location.ward, "bed": a.location.bed, "since": time(a.raised_at)}))
            .collect()
    };
    let by_day: Vec<Value> = quality
        .by_day
        .iter()
        .map(|(day, [high, medium, low])| json!({"day": day, "high": high, "medium": medium, "low": low}))
        .collect();
    json!({
        "from": time(from),
        "to": time(engine.now()),
        "patient_days": rounded(quality.patient_days),
        "alerts": quality.alerts,
        "interruptive": quality.interruptive,
        "alerts_per_patient_day": per_day(quality.alerts),
        "interruptive_per_patient_day": per_day(quality.interruptive),
        "floods": quality.floods.iter().map(|(at, count)| json!({"at": time(*at), "alerts": count})).collect::<Vec<_>>(),
        "chattering": named(&quality.chattering),
        "standing": named(&quality.standing),
        "top": top,
        "ack_seconds": {"p50": quality.acknowledge_percentile(50), "p90": quality.acknowledge_percentile(90)},
        "ratings": quality.ratings,
        "by_day": by_day,
    })
}

fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
