//! One alert's turn: a look at its rule, the passing of time, a more urgent alert beside it.

use super::alert::Moment;
use super::escalation::advance;
use super::life::{FLAP_HOLD, Judged, Running};
use super::rule::Verdict;
use crate::model::{AlertChange, AlertId, AlertState, Change, Kind};

/// Takes one look at the rule's conditions into its alert.
pub(super) fn judge(running: &mut Running, judged: Judged, moment: &mut Moment<'_>) {
    let now = moment.now;
    running.met_last = judged.met;
    running.over_last = judged.over;
    let got_worse = judged.worse == Verdict::Met && !running.worse_last;
    running.worse_last = match judged.worse {
        Verdict::Met => true,
        Verdict::NotMet => false,
        Verdict::Unknown => running.worse_last,
    };
    running.alert.missing = judged.missing;
    if judged.met == Verdict::Met && !judged.evidence.is_empty() {
        running.alert.measured_at = judged.evidence.iter().map(|e| e.measured_at).max();
        running.alert.evidence = judged.evidence;
    }
    match running.alert.state {
        AlertState::Pending => {
            if judged.met == Verdict::NotMet {
                running.pending_since = None;
            } else if judged.met == Verdict::Met
                && running.pending_since.is_some_and(|since| now - since >= running.manner.hold)
            {
                raise(running, &judged.words, moment);
            }
        }
        AlertState::Active | AlertState::Acknowledged => {
            if judged.over == Verdict::Met {
                if !running.must_stay_over(now) {
                    end(running, &judged.words, moment);
                }
                return;
            }
            running.over_since = None;
            if got_worse && running.alert.state == AlertState::Acknowledged {
                realarm(running, &format!("it got worse: {}", judged.words), moment);
            }
        }
        AlertState::Returned => {
            if judged.met == Verdict::Met {
                realarm(running, &format!("it came back: {}", judged.words), moment);
            }
        }
        AlertState::Shelved | AlertState::OutOfService | AlertState::Closed => {}
    }
}

fn raise(running: &mut Running, words: &str, moment: &mut Moment<'_>) {
    let (now, seq) = (moment.now, moment.seq);
    running.activate(words, now, seq);
    running.alert.raised_at = now;
    running.note("durable", now, &format!("entry {seq}"));
    moment.changed(AlertChange::Raised, &running.alert, words);
}

/// Closes an alert for a reason that is not its condition. One that nobody has seen is forgotten.
pub(super) fn close(running: &mut Running, cause: &str, moment: &mut Moment<'_>) {
    if running.alert.state == AlertState::Pending {
        running.pending_since = None;
        return;
    }
    running.go(AlertState::Closed, cause, moment.now, moment.seq);
    moment.changed(AlertChange::Closed, &running.alert, cause);
}

fn end(running: &mut Running, words: &str, moment: &mut Moment<'_>) {
    running.end(words, moment.now, moment.seq);
    let change =
        if running.alert.state == AlertState::Closed { AlertChange::Closed } else { AlertChange::Returned };
    moment.changed(change, &running.alert, words);
}

pub(super) fn realarm(running: &mut Running, cause: &str, moment: &mut Moment<'_>) {
    running.activate(cause, moment.now, moment.seq);
    moment.changed(AlertChange::Realarmed, &running.alert, cause);
}

/// Notes who keeps the alert quiet. Released, it tells from the first step on.
pub(super) fn inhibit(running: &mut Running, inhibitor: Option<AlertId>, moment: &mut Moment<'_>) {
    if running.alert.inhibited_by == inhibitor {
        return;
    }
    let released = inhibitor.is_none();
    running.alert.inhibited_by = inhibitor;
    let is_latched = running.alert.state == AlertState::Returned && running.manner.latch;
    if released && (running.alert.state == AlertState::Active || is_latched) {
        running.restart_escalation("the more urgent alert that kept it quiet is over", moment.now);
    }
    moment.changed(
        AlertChange::Updated,
        &running.alert,
        if released { "inhibition ended" } else { "inhibited" },
    );
}

/// Tells whoever is due and reports the step.
pub(super) fn tell(running: &mut Running, moment: &mut Moment<'_>) {
    let watch = moment.watch(&running.alert.location);
    let before = running.alert.step;
    let notifications = advance(running, &watch);
    for notification in notifications {
        if notification.step > 1 || before > 0 {
            let reason = notification.reason.clone();
            moment.changed(AlertChange::Escalated, &running.alert, &reason);
        }
        moment.changes.push(Change::Notify(notification));
    }
}

/// Does what is due by time alone.
pub(super) fn on_time(running: &mut Running, moment: &mut Moment<'_>) {
    let now = moment.now;
    if running.leaves_at.is_some_and(|at| at <= now) {
        close(running, "the patient was discharged", moment);
        return;
    }
    match running.alert.state {
        AlertState::Pending => {
            let held = running.pending_since.is_some_and(|since| now - since >= running.manner.hold);
            if held && running.met_last == Verdict::Met {
                let words = format!("the condition held for {}", running.manner.hold);
                raise(running, &words, moment);
            } else if held {
                // Unknown: look again when something new comes; nothing is concluded from silence.
                running.pending_since = Some(now);
            }
        }
        AlertState::Acknowledged => {
            if running.alert.acknowledged.as_ref().is_some_and(|ack| ack.expires_at <= now) {
                let raised = running.alert.priority.raised();
                if running.alert.kind == Kind::Physiological {
                    running.alert.priority = raised;
                }
                realarm(
                    running,
                    "the acknowledgement expired and the condition is not known to be over",
                    moment,
                );
            } else {
                finish_flapping(running, moment);
            }
        }
        AlertState::Active => {
            let expired = running.alert.acknowledged.as_ref().is_some_and(|ack| ack.expires_at <= now);
            if expired {
                running.alert.acknowledged = None;
                running.alert.awaiting = running.manner.policy.acknowledge_by.clone();
                let cause = "the first acknowledgement expired before the others came";
                running.note("expired", now, cause);
                moment.changed(AlertChange::Updated, &running.alert, cause);
            }
            finish_flapping(running, moment);
        }
        AlertState::Returned if !running.manner.latch => {
            close(running, "over for half an hour, nobody needed to act", moment);
        }
        AlertState::Shelved => {
            running.alert.shelf = None;
            if running.over_last == Verdict::Met {
                close(running, "the shelf ended and the condition is over", moment);
            } else {
                realarm(running, "the shelf ended", moment);
            }
        }
        AlertState::Returned | AlertState::OutOfService | AlertState::Closed => {}
    }
}

/// A flapping alert whose condition has been over for long enough ends now.
fn finish_flapping(running: &mut Running, moment: &mut Moment<'_>) {
    let over_long_enough = running.over_since.is_some_and(|since| moment.now - since >= FLAP_HOLD);
    if over_long_enough {
        end(running, "over for long enough after flapping", moment);
    }
}
