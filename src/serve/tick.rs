//! Ticks: when time alone will change something, an entry says that it has passed.

use std::time::Duration;

use tokio::sync::watch;
use tracing::warn;

use crate::clock::Clock;
use crate::journal::{Journal, Submission};
use crate::model::{Event, Time};

/// Appends a tick at each instant the fold asks for, at most one a second.
pub async fn keep(
    journal: Journal,
    clock: Clock,
    mut due: watch::Receiver<Option<Time>>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let wait = match *due.borrow_and_update() {
            Some(at) => Duration::from_millis(u64::try_from((at - clock.now()).0).unwrap_or(0)),
            None => Duration::from_secs(3600),
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = due.changed() => continue,
            _ = stop.changed() => return,
        }
        let tick = Submission {
            source: "self".into(),
            via: "self",
            events: vec![Event::Tick],
            ..Submission::default()
        };
        if let Err(error) = journal.append(tick).await {
            warn!(%error, "time cannot be recorded; timers wait");
        }
        // The fold answers with the next instant; until then there is nothing to wait for.
        let _ = tokio::time::timeout(Duration::from_secs(1), due.changed()).await;
    }
}
