//! What the journal already holds: folded before anything new is accepted, from the newest snapshot on where one counts.

use std::time::Duration;

use anyhow::Context as _;
use tracing::{error, info, warn};

use super::{Everybody, save};
use crate::clock::Stopwatch;
use crate::engine::Engine;
use crate::fold::Audience as _;
use crate::journal::{Journal, Reader, Snapshot, Submission, Useless};
use crate::model::Event;
use crate::model::event::Site;

/// Entries read without a pause where nobody waits for them, and the pause. [engineering]
const BREATH: usize = 2_000;
const PAUSE: Duration = Duration::from_millis(10);

/// What is in force according to the journal.
#[derive(Debug)]
pub struct InForce {
    pub rules: String,
    pub terminology: String,
    pub site: Site,
}

impl InForce {
    /// `None` before anything took effect.
    pub fn of(engine: &Engine) -> Option<InForce> {
        let terminology = engine.terminology().to_owned();
        let rules = engine.rules().hash.to_string();
        (!terminology.is_empty()).then(|| InForce { rules, terminology, site: engine.site().clone() })
    }
}

/// Folds every entry, in order. Displays and webhooks hear of them too: what was already sent is not sent again, and
/// what a crash cut off is. Gives back the entry after which it began, too.
pub fn fold(reader: &Reader, last_seq: u64, everybody: &mut Everybody) -> anyhow::Result<(Engine, u64)> {
    let watch = Stopwatch::start();
    let mut engine = saved(reader, everybody);
    let begun = engine.seq();
    for entry in reader.entries(begun + 1)? {
        let entry = entry.context("reading the journal")?;
        everybody.about_to_apply();
        let changes = engine.apply(&entry);
        everybody.applied(&entry, &changes, &engine);
        if entry.seq % 100_000 == 0 {
            info!(seq = entry.seq, of = last_seq, "folding the journal");
        }
    }
    if last_seq > 0 {
        let entries = engine.seq() - begun;
        info!(entries, after = begun, milliseconds = watch.milliseconds(), "the journal is folded");
    }
    Ok((engine, begun))
}

/// Walks what a start from a snapshot did not read, in the background and at a gentle pace: damage there would otherwise
/// stay unseen until somebody asks. What it finds is a technical alert.
pub fn check(reader: Reader, until: u64, journal: Journal) -> std::io::Result<()> {
    let look = move || {
        let damage = reader.entries(1).and_then(|entries| {
            for (n, entry) in entries.enumerate() {
                if entry?.seq >= until {
                    break;
                }
                if n % BREATH == 0 {
                    std::thread::sleep(PAUSE);
                }
            }
            Ok(())
        });
        match damage {
            Ok(()) => info!(entries = until, "the journal before the snapshot is whole"),
            Err(problem) => {
                error!(%problem, "the journal before the snapshot is not whole");
                let detail = problem.to_string();
                let event = Event::Service { part: "journal".into(), healthy: false, detail };
                let told = Submission {
                    source: "self".into(),
                    via: "self",
                    events: vec![event],
                    ..Submission::default()
                };
                if let Err(problem) = journal.append_blocking(told) {
                    error!(%problem, "and nobody could be told");
                }
            }
        }
    };
    std::thread::Builder::new().name("journal-check".into()).spawn(look).map(drop)
}

/// The engine as of the newest snapshot; one that knows nothing where none counts.
fn saved(reader: &Reader, everybody: &mut Everybody) -> Engine {
    let read = Snapshot::read(reader, save::BUILD).map_err(|reason| match reason {
        Useless::Absent => None,
        other => Some(other.to_string()),
    });
    // Webhooks are owed what an entry before the snapshot asked for, if the outbox does not have it.
    let read = read.and_then(|snapshot| match everybody.notifier.recorded() >= snapshot.seq {
        true => Ok(snapshot),
        false => Err(Some("the outbox of webhooks is older".to_owned())),
    });
    let engine = read
        .and_then(|snapshot| Engine::from_bytes(&snapshot.bytes).map_err(|error| Some(error.to_string())));
    match engine {
        Ok(engine) => {
            info!(seq = engine.seq(), "starting from the snapshot");
            everybody.begin(&engine);
            engine
        }
        Err(reason) => {
            if let Some(reason) = reason {
                warn!(%reason, "the snapshot is passed over; the whole journal is folded, which takes longer");
            }
            Engine::new()
        }
    }
}
