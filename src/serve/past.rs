//! What the journal already holds: folded before anything new is accepted.

use anyhow::Context as _;
use tracing::info;

use super::Everybody;
use crate::clock::Stopwatch;
use crate::engine::Engine;
use crate::fold::Audience as _;
use crate::journal::Reader;
use crate::model::Event;
use crate::model::event::Site;

/// What is in force according to the journal.
#[derive(Debug, Default)]
pub struct Known {
    pub rules: Option<String>,
    pub terminology: Option<String>,
    pub site: Option<Site>,
}

impl Known {
    fn notice(&mut self, event: &Event) {
        match event {
            Event::Rules { hash, .. } => self.rules = Some(hash.clone()),
            Event::Terminology { hash, .. } => self.terminology = Some(hash.clone()),
            Event::Site(site) => self.site = Some(site.clone()),
            Event::Observed(_)
            | Event::Census(_)
            | Event::Therapy(_)
            | Event::Assessed { .. }
            | Event::Factors { .. }
            | Event::Acted(_)
            | Event::Rejected(_)
            | Event::RulesRefused { .. }
            | Event::Display(_)
            | Event::Delivery(_)
            | Event::Heard { .. }
            | Event::Service { .. }
            | Event::Tick => {}
        }
    }
}

/// Folds every entry, in order, and notes what took effect last. Displays and webhooks hear of them too: what was
/// already sent is not sent again, and what a crash cut off is.
pub fn fold(reader: &Reader, last_seq: u64, everybody: &mut Everybody) -> anyhow::Result<(Engine, Known)> {
    let (mut engine, mut known) = (Engine::new(), Known::default());
    let watch = Stopwatch::start();
    for entry in reader.entries(1)? {
        let entry = entry.context("reading the journal")?;
        known.notice(&entry.event);
        everybody.about_to_apply();
        let changes = engine.apply(&entry);
        everybody.applied(&entry, &changes, &engine);
        if entry.seq % 100_000 == 0 {
            info!(seq = entry.seq, of = last_seq, "folding the journal");
        }
    }
    if last_seq > 0 {
        info!(entries = last_seq, milliseconds = watch.milliseconds(), "the journal is folded");
    }
    Ok((engine, known))
}
