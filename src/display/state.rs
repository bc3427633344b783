//! What every request and connection needs.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};

use super::access::Access;
use super::access::audit::{Audit, Line};
use super::allowance::{Allowances, LOGIN_ACCOUNT, LOGIN_ADDRESS, REQUESTS};
use super::caller::Caller;
use super::hub::Hub;
use super::presence::Report;
use super::problem::Problem;
use crate::clock::Clock;
use crate::fold::FoldHandle;
use crate::journal::{Appended, Journal, Reader, Submission};
use crate::metrics::Metrics;
use crate::model::{Event, Role, Time};
use crate::terminology::Terminology;

/// An answer waits so long for the fold to have applied what was recorded; then it says "accepted". [engineering]
const APPLIED_WITHIN: Duration = Duration::from_secs(2);
/// A question waits so long for the fold to catch up with what was durable when it was asked. [engineering]
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(2);
/// An append waits so long for a slow disk before the person hears that it is slow. [engineering]
const RECORDED_WITHIN: Duration = Duration::from_secs(10);

/// The code and unit tables in use now.
pub type TerminologyNow = Arc<dyn Fn() -> Arc<Terminology> + Send + Sync>;
/// Tries a row of quarantine again, by its id.
pub type Retry = Arc<dyn Fn(String) -> BoxFuture<'static, Result<Retried, String>> + Send + Sync>;

/// What came of trying a row of quarantine again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retried {
    /// Rows used now.
    pub used: usize,
    /// Rows that still cannot be used.
    pub rejected: usize,
}

/// What the rest of the service gives to this part.
#[derive(Clone)]
pub struct Parts {
    pub fold: FoldHandle,
    pub journal: Journal,
    pub reader: Reader,
    pub hub: Hub,
    pub access: Access,
    pub clock: Clock,
    pub metrics: Metrics,
    pub terminology: TerminologyNow,
    pub retry: Retry,
}

/// The parts, and what this part keeps itself.
pub struct State {
    pub fold: FoldHandle,
    pub journal: Journal,
    pub reader: Reader,
    pub hub: Hub,
    pub access: Access,
    pub audit: Audit,
    pub clock: Clock,
    pub metrics: Metrics,
    pub terminology: TerminologyNow,
    pub retry: Retry,
    /// The port speaks TLS, so the cookie may be `Secure`.
    pub tls: bool,
    pub requests: Allowances,
    pub login_account: Allowances,
    pub login_address: Allowances,
    /// Passwords being checked at once: each costs 19 MiB and tens of milliseconds.
    pub password_checks: tokio::sync::Semaphore,
    pub reports: mpsc::Sender<Report>,
    /// Becomes true when the service stops.
    pub stopping: watch::Receiver<bool>,
}

pub type Shared = Arc<State>;

impl State {
    pub fn new(
        parts: Parts,
        tls: bool,
        reports: mpsc::Sender<Report>,
        stopping: watch::Receiver<bool>,
    ) -> Result<State, super::access::Error> {
        Ok(State {
            audit: Audit::start(&parts.access)?,
            fold: parts.fold,
            journal: parts.journal,
            reader: parts.reader,
            hub: parts.hub,
            access: parts.access,
            clock: parts.clock,
            metrics: parts.metrics,
            terminology: parts.terminology,
            retry: parts.retry,
            tls,
            requests: Allowances::new(REQUESTS),
            login_account: Allowances::new(LOGIN_ACCOUNT),
            login_address: Allowances::new(LOGIN_ADDRESS),
            password_checks: tokio::sync::Semaphore::new(2),
            reports,
            stopping,
        })
    }

    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// Waits until the fold has applied everything that was durable when this was asked: whoever heard AA a moment ago
    /// finds the result here.
    pub async fn caught_up(&self) {
        let durable = self.journal.health().last_seq;
        self.hub.wait_for(durable, CAUGHT_UP_WITHIN).await;
    }

    /// Records what a person did and waits until the fold has applied it. `Ok(false)`: durable, not applied yet.
    pub async fn record(
        &self,
        caller: &Caller,
        key: Option<String>,
        raw: Vec<u8>,
        events: Vec<Event>,
    ) -> Result<bool, Problem> {
        let submission = Submission {
            key,
            source: caller.account.name.clone(),
            via: "http",
            raw,
            events,
            answer: Vec::new(),
            quarantined: Vec::new(),
        };
        let appended = tokio::time::timeout(RECORDED_WITHIN, self.journal.append(submission)).await;
        match appended {
            Ok(Ok(Appended::New { last, .. })) => Ok(self.hub.wait_for(last, APPLIED_WITHIN).await),
            Ok(Ok(Appended::Repeated { .. })) => Ok(true),
            Ok(Err(cause)) => Err(cause.into()),
            Err(_) => Err(Problem::unavailable(
                "the disk is too slow; whether this was recorded is not known, look before you repeat it",
            )),
        }
    }

    /// Leaves a line in the audit. What a display shows nobody asked for, so a display's reading leaves none; that it is
    /// connected does.
    pub async fn note(
        &self,
        caller: &Caller,
        action: &str,
        patient: Option<&str>,
        subject: Option<&str>,
        outcome: &str,
    ) {
        if caller.account.role == Role::Display && outcome == "done" && action != "connect" {
            return;
        }
        let line = Line {
            at: self.now(),
            who: caller.account.name.clone(),
            role: caller.account.role.name().to_owned(),
            action: action.to_owned(),
            patient: patient.map(str::to_owned),
            subject: subject.map(str::to_owned),
            address: caller.address.to_string(),
            outcome: outcome.to_owned(),
        };
        self.audit.note(line).await;
    }
}
