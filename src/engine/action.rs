//! What people do with alerts.

use super::alert::{Alerts, Moment};
use super::life::{Running, Undo};
use super::rule::Verdict;
use super::turn::realarm;
use crate::model::{Action, ActionKind, AlertChange, AlertState};

impl Alerts {
    /// Applies a person's action. One that no longer fits (already closed, undo too late) has no effect: the
    /// state had moved on before the action was durable.
    pub fn act(&mut self, action: &Action, moment: &mut Moment<'_>) {
        self.with(&action.alert, |running| {
            if action.kind == ActionKind::Undo {
                take_back(running, action, moment);
                return;
            }
            let before = Box::new(Running { undo: None, ..running.clone() });
            if perform(running, action, moment) {
                running.undo = Some(Undo { by: action.by.clone(), at: moment.now, before });
            }
        });
    }
}

/// `false` where the action has no effect in this state.
fn perform(running: &mut Running, action: &Action, moment: &mut Moment<'_>) -> bool {
    let who = format!("{} ({})", action.by.name, action.by.role.name());
    if running.alert.state == AlertState::Pending {
        // Nobody has seen it yet.
        return false;
    }
    match &action.kind {
        ActionKind::Acknowledge { comment } => acknowledge(running, action, comment, moment),
        ActionKind::Shelve { minutes, reason } => {
            running.shelve(&action.by, *minutes, reason, moment.now);
            running.go(AlertState::Shelved, &format!("shelved by {who}: {reason}"), moment.now, moment.seq);
            moment.changed(AlertChange::Shelved, &running.alert, reason);
            true
        }
        ActionKind::OutOfService { reason } => {
            running.go(
                AlertState::OutOfService,
                &format!("out of service by {who}: {reason}"),
                moment.now,
                moment.seq,
            );
            moment.changed(AlertChange::Shelved, &running.alert, reason);
            true
        }
        ActionKind::Unshelve | ActionKind::BackInService => {
            let hidden = matches!(running.alert.state, AlertState::Shelved | AlertState::OutOfService);
            if hidden && running.over_last == Verdict::Met {
                running.go(
                    AlertState::Closed,
                    &format!("back in service by {who}, condition over"),
                    moment.now,
                    moment.seq,
                );
                moment.changed(AlertChange::Closed, &running.alert, "the condition is over");
            } else if hidden {
                realarm(running, &format!("back in service by {who}"), moment);
            }
            hidden
        }
        ActionKind::Rate { rating } => {
            running.alert.rating = Some((*rating, action.by.clone()));
            moment.changed(AlertChange::Rated, &running.alert, &who);
            true
        }
        ActionKind::Close { comment } => {
            running.go(AlertState::Closed, &format!("closed by {who}: {comment}"), moment.now, moment.seq);
            moment.changed(AlertChange::Closed, &running.alert, comment);
            true
        }
        ActionKind::Undo => false,
    }
}

fn acknowledge(running: &mut Running, action: &Action, comment: &str, moment: &mut Moment<'_>) -> bool {
    let who = format!("{} ({})", action.by.name, action.by.role.name());
    match running.alert.state {
        AlertState::Active | AlertState::Acknowledged => {
            let complete = running.acknowledge(&action.by, comment, moment.now);
            running.announce = None;
            if complete {
                running.alert.next_step_at = None;
                running.go(
                    AlertState::Acknowledged,
                    &format!("acknowledged by {who}"),
                    moment.now,
                    moment.seq,
                );
            }
            moment.changed(AlertChange::Acknowledged, &running.alert, &who);
            true
        }
        AlertState::Returned => {
            running.acknowledge(&action.by, comment, moment.now);
            running.go(
                AlertState::Closed,
                &format!("over, and acknowledged by {who}"),
                moment.now,
                moment.seq,
            );
            moment.changed(AlertChange::Closed, &running.alert, &who);
            true
        }
        AlertState::Pending | AlertState::Closed | AlertState::Shelved | AlertState::OutOfService => false,
    }
}

fn take_back(running: &mut Running, action: &Action, moment: &mut Moment<'_>) {
    let Some(undo) = running.undo.take() else { return };
    if !undo.may_be_taken_back(&action.by, moment.now) {
        running.undo = Some(undo);
        return;
    }
    // Only what the action did goes back; what was measured, moved or merged since then stays.
    let before = undo.before.alert;
    running.alert.acknowledged = before.acknowledged;
    running.alert.awaiting = before.awaiting;
    running.alert.shelf = before.shelf;
    running.alert.rating = before.rating;
    if before.state != running.alert.state {
        running.go(before.state, &format!("taken back by {}", action.by.name), moment.now, moment.seq);
        running.alert.step = before.step;
        running.alert.next_step_at = before.next_step_at;
        running.repeats = undo.before.repeats;
        running.told_from = undo.before.told_from;
        running.returned_at = undo.before.returned_at;
        running.announce = undo.before.announce;
    }
    running.note("undone", moment.now, &action.by.name);
    moment.changed(AlertChange::TakenBack, &running.alert, "the last action was taken back");
}
