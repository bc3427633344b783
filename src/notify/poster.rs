//! One webhook's thread: posts what is due, tries again later, tells the journal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use ring::digest::{SHA256, digest};

use super::sent::{Due, Outbox, Unreported};
use super::webhook::{Refusal, Target};
use super::{Error, Pace};
use crate::clock::Clock;
use crate::journal::{Journal, Submission};
use crate::model::event::Delivery;
use crate::model::{Event, Priority, Span, Time};

/// Looks again after so long even if nothing is known to be due.
const LOOK: Duration = Duration::from_secs(60);
/// Looks again after so long where the outbox or the journal could not be written.
const TROUBLE: Duration = Duration::from_millis(500);

pub(super) struct Poster {
    pub target: Arc<Target>,
    pub outbox: Outbox,
    pub journal: Journal,
    pub clock: Clock,
    pub pace: Pace,
    pub live: Arc<AtomicBool>,
    pub queued: Arc<AtomicU64>,
}

impl Poster {
    /// Until the recorder has gone.
    pub(super) fn run(mut self, woken: &Receiver<()>) {
        loop {
            let wait = if self.live.load(Ordering::Acquire) {
                self.turn().unwrap_or_else(|problem| {
                    tracing::error!(webhook = %self.target.name, %problem, "cannot read or write the outbox");
                    TROUBLE
                })
            } else {
                LOOK
            };
            match woken.recv_timeout(wait) {
                Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Does one thing that is due and says how long to wait for the next.
    fn turn(&mut self) -> Result<Duration, Error> {
        let told = self.report()?;
        if let Some(due) = self.outbox.next_due(&self.target.name, self.clock.now())? {
            self.post(&due)?;
            self.queued.store(self.outbox.queued()?, Ordering::Relaxed);
            return Ok(Duration::ZERO);
        }
        let next = self.outbox.next_at(&self.target.name)?;
        let wait = next.map_or(LOOK, |at| {
            let milliseconds = (at - self.clock.now()).0.max(1);
            Duration::from_millis(milliseconds.unsigned_abs()).min(LOOK)
        });
        Ok(if told { wait } else { wait.min(TROUBLE) })
    }

    fn post(&mut self, due: &Due) -> Result<(), Error> {
        let tried_at = self.clock.now();
        match self.target.post(&due.id, tried_at, &due.body) {
            Ok(status) => {
                let detail = format!("HTTP {status} at try {}", due.tries + 1);
                self.outbox.accepted(due, &self.target.name, &detail)?;
                self.report()?;
            }
            Err(refusal) => self.refused(due, &refusal)?,
        }
        Ok(())
    }

    fn refused(&mut self, due: &Due, refusal: &Refusal) -> Result<(), Error> {
        let now = self.clock.now();
        let tries = due.tries + 1;
        let late = now - due.offered_at >= self.pace.give_up;
        if late && due.priority < Priority::High {
            let detail = format!("given up after {tries} tries: {refusal}");
            tracing::warn!(webhook = %self.target.name, alert = %due.alert, tries, "a notification was given up");
            self.outbox.given_up(due, &detail)?;
            self.report()?;
            return Ok(());
        }
        let wait = back_off(&self.pace, &due.id, tries);
        let detail = format!("try {tries}: {refusal}");
        tracing::warn!(webhook = %self.target.name, alert = %due.alert, tries, %refusal, "a notification was not accepted");
        self.outbox.failed(due, now + wait, refusal.is_unreachable(), &detail)?;
        // One of many attempts: where the journal is busy failing, the next attempt tells the same.
        let _ = self.tell_journal(
            &due.id,
            "failed",
            tries,
            Delivery {
                alert: due.alert.clone(),
                step: due.step,
                channel: self.channel(),
                delivered: false,
                detail,
            },
        );
        Ok(())
    }

    /// Tells the journal of outcomes it has not heard of. `false` where it would not take them now.
    fn report(&mut self) -> Result<bool, Error> {
        for outcome in self.outbox.unreported(&self.target.name)? {
            let Unreported { number, id, alert, step, accepted, tries, detail } = outcome;
            let word = if accepted { "accepted" } else { "dropped" };
            let delivery = Delivery { alert, step, channel: self.channel(), delivered: accepted, detail };
            if !self.tell_journal(&id, word, tries, delivery) {
                return Ok(false);
            }
            self.outbox.reported(number)?;
        }
        Ok(true)
    }

    /// The key makes a second telling of the same outcome a repetition.
    fn tell_journal(&self, id: &str, outcome: &str, tries: u32, delivery: Delivery) -> bool {
        let submission = Submission {
            key: Some(format!("notify|{id}|{tries}|{outcome}")),
            source: delivery.channel.clone(),
            via: "notify",
            events: vec![Event::Delivery(delivery)],
            ..Submission::default()
        };
        self.journal.append_blocking(submission).is_ok()
    }

    fn channel(&self) -> String {
        format!("webhook:{}", self.target.name)
    }
}

/// Doubled for each try, at most the longest, and a quarter more or less by chance, so that many alerts do not knock at
/// once. The chance comes from the delivery's id: the same run waits the same.
pub(super) fn back_off(pace: &Pace, id: &str, tries: u32) -> Span {
    let doubled = pace.first.0.saturating_mul(1 << tries.saturating_sub(1).min(30));
    let wait = doubled.min(pace.longest.0).max(1);
    let chance = digest(&SHA256, format!("{id}|{tries}").as_bytes());
    let chance = i64::from(u16::from_be_bytes([chance.as_ref()[0], chance.as_ref()[1]]));
    // Three quarters to five quarters of the wait.
    Span(wait * 3 / 4 + wait * chance / (2 * 65_536))
}

/// The instant as seconds since 1970, as signatures carry it.
pub(super) fn seconds(at: Time) -> i64 {
    at.0.div_euclid(1000)
}
