//! Who is told after how long, and when nobody is watching.

use jiff::tz::TimeZone;

use super::life::Running;
use super::rule::{Policy, Step};
use crate::model::{AlertState, Notification, Span, Time};

/// What the escalation has to know of the ward.
#[derive(Clone, Debug)]
pub struct Watch<'a> {
    pub now: Time,
    pub zone: &'a TimeZone,
    /// Some display of the alert's ward is painting.
    pub watched: bool,
}

/// Tells whoever is to be told at `watch.now`, and sets the next instant. Each step is told once for a run of
/// the escalation; the last one may repeat.
pub fn advance(running: &mut Running, watch: &Watch<'_>) -> Vec<Notification> {
    let mut told = Vec::new();
    if !running.may_tell() || !is_waiting(running) {
        return told;
    }
    let policy = running.manner.policy.clone();
    if let Some(reason) = running.announce.take() {
        running.alert.next_step_at = step_at(running, &policy, 0, watch);
        if due(running, watch) {
            told.push(tell(running, &policy, watch, &reason));
        }
    }
    while due(running, watch) {
        told.push(tell(running, &policy, watch, "not acknowledged in time"));
    }
    told
}

/// A display went away: where a policy says so, the next step comes sooner.
pub fn nobody_watches(running: &mut Running, watch: &Watch<'_>) {
    let policy = running.manner.policy.clone();
    let steps_are_left = (running.alert.step as usize) < policy.steps.len();
    if let (Some(after), Some(next)) = (policy.nobody_watching_after, running.alert.next_step_at)
        && !watch.watched
        && steps_are_left
    {
        running.alert.next_step_at = Some(next.min(watch.now + after));
    }
}

fn is_waiting(running: &Running) -> bool {
    match running.alert.state {
        AlertState::Active => true,
        AlertState::Returned => running.manner.latch,
        AlertState::Pending
        | AlertState::Acknowledged
        | AlertState::Closed
        | AlertState::Shelved
        | AlertState::OutOfService => false,
    }
}

fn due(running: &Running, watch: &Watch<'_>) -> bool {
    running.alert.next_step_at.is_some_and(|at| at <= watch.now)
}

/// Tells the next step, or the last one again.
fn tell(running: &mut Running, policy: &Policy, watch: &Watch<'_>, reason: &str) -> Notification {
    let steps = policy.steps.len();
    let reached = running.alert.step as usize;
    if reached < steps {
        running.alert.step += 1;
        running.repeats = 0;
    } else {
        running.repeats += 1;
    }
    let told = running.tells.entry(running.alert.step).or_insert(0);
    let attempt = *told;
    *told += 1;
    let at = running.alert.step as usize;
    let roles = policy.steps.get(at.saturating_sub(1)).map(|step| step.roles.clone()).unwrap_or_default();
    for role in &roles {
        if !running.alert.told.contains(role) {
            running.alert.told.push(*role);
        }
    }
    running.alert.next_step_at = step_at(running, policy, at, watch);
    let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    running.note("told", watch.now, &format!("{}: {reason}", names.join(", ")));
    Notification {
        alert: running.alert.id.clone(),
        step: running.alert.step,
        attempt,
        roles,
        reason: reason.to_owned(),
    }
}

/// When the step with this index (0 is the first) is due; after the last, when it repeats.
fn step_at(running: &Running, policy: &Policy, index: usize, watch: &Watch<'_>) -> Option<Time> {
    let at = match policy.steps.get(index) {
        Some(step) => into_hours(running.told_from + step.after, step, watch),
        None => {
            let every = policy.repeat_every.filter(|_| running.repeats < policy.repeat_times)?;
            watch.now + every
        }
    };
    // Only the next step comes sooner; repeats of the last keep their distance, or they would soon be used up.
    let is_next = index > 0 && index < policy.steps.len();
    let sooner = policy.nobody_watching_after.filter(|_| !watch.watched && is_next);
    Some(sooner.map_or(at, |after| at.min(watch.now + after)))
}

/// The first instant from `at` on that lies within the step's hours of the day.
fn into_hours(at: Time, step: &Step, watch: &Watch<'_>) -> Time {
    let Some((from, _)) = step.only_between else { return at };
    let (minute, _) = at.wall_clock(watch.zone);
    if u16::try_from(minute).is_ok_and(|minute| step.holds_at(minute)) {
        return at;
    }
    at + Span::minutes((i64::from(from) - minute).rem_euclid(24 * 60))
}
