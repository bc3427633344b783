//! Which displays paint, which can be heard, and which alert was drawn where: told to the journal, sparsely.
//!
//! A page sends a receipt after it has drawn a frame. No receipts for a while means that nobody can be looking at that
//! screen, whatever its connection says. Only changes become entries.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tracing::warn;

use crate::clock::Clock;
use crate::journal::{Journal, Submission};
use crate::model::event::{Delivery, DisplayReport};
use crate::model::{AlertId, Event, Span, Time};

/// Reports that may wait; more are dropped, because a display must never wait for the journal.
pub const WAITING: usize = 4096;
/// A page draws and receipts at least every 3 s, because a heartbeat comes every 2 s; two missed ones are silence. [engineering]
const SILENT: Span = Span::seconds(6);
/// After a start displays get so long to come back: they try at least every 5 s. [engineering]
const START: Span = Span::seconds(15);
/// First paintings remembered, so that each is told once.
const REMEMBERED: usize = 20_000;

/// What a connection noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// The display has drawn an alert at this step of its escalation.
    Painted {
        display: String,
        alert: AlertId,
        step: u32,
        detail: String,
    },
    /// The display drew something just now, for this ward.
    Painting {
        display: String,
        ward: String,
    },
    Sound {
        display: String,
        ward: String,
        on: bool,
    },
}

/// One display in one ward.
#[derive(Clone, Debug)]
struct Watched {
    painted_at: Time,
    sound: Option<bool>,
    /// What the journal was last told.
    told: Option<(bool, Option<bool>)>,
}

/// What is known of displays, and what the journal has to be told.
#[derive(Debug, Default)]
struct Ledger {
    displays: BTreeMap<(String, String), Watched>,
    painted: BTreeSet<(AlertId, u32, String)>,
    oldest: VecDeque<(AlertId, u32, String)>,
    /// Paintings not recorded yet.
    deliveries: Vec<Delivery>,
}

impl Ledger {
    /// Displays that were painting when the service stopped: gone, unless they come back soon.
    fn expect(&mut self, painting: Vec<(String, String)>, now: Time) {
        for key in painting {
            let painted_at = now + START - SILENT;
            self.displays.insert(key, Watched { painted_at, sound: None, told: Some((true, None)) });
        }
    }

    fn take(&mut self, report: Report, now: Time) {
        match report {
            Report::Painting { display, ward } => self.display(display, ward, now).painted_at = now,
            Report::Sound { display, ward, on } => self.display(display, ward, now).sound = Some(on),
            Report::Painted { display, alert, step, detail } => {
                let key = (alert.clone(), step, display);
                if !self.painted.insert(key.clone()) {
                    return;
                }
                self.oldest.push_back(key);
                if self.oldest.len() > REMEMBERED
                    && let Some(oldest) = self.oldest.pop_front()
                {
                    self.painted.remove(&oldest);
                }
                self.deliveries.push(Delivery {
                    alert,
                    step,
                    channel: "painted".into(),
                    delivered: true,
                    detail,
                });
            }
        }
    }

    fn display(&mut self, display: String, ward: String, now: Time) -> &mut Watched {
        let fresh = Watched { painted_at: now, sound: None, told: None };
        self.displays.entry((display, ward)).or_insert(fresh)
    }

    /// What changed since the journal was last told.
    fn news(&self, now: Time) -> Vec<Event> {
        let displays = self.displays.iter().filter_map(|((display, ward), watched)| {
            let state = watched.state(now);
            (watched.told != Some(state)).then(|| {
                Event::Display(DisplayReport {
                    display: display.clone(),
                    ward: ward.clone(),
                    painting: state.0,
                    sound: state.1,
                })
            })
        });
        displays.chain(self.deliveries.iter().cloned().map(Event::Delivery)).collect()
    }

    /// The journal has it.
    fn told(&mut self, now: Time) {
        self.deliveries.clear();
        for watched in self.displays.values_mut() {
            watched.told = Some(watched.state(now));
        }
        self.displays.retain(|_, watched| watched.state(now).0);
    }
}

impl Watched {
    fn state(&self, now: Time) -> (bool, Option<bool>) {
        let painting = now - self.painted_at <= SILENT;
        (painting, if painting { self.sound } else { None })
    }
}

/// Writes reports down for as long as the service runs. `painting` are the displays, with their wards, that the fold
/// believed to paint when the service started.
pub async fn record(
    mut reports: mpsc::Receiver<Report>,
    journal: Journal,
    clock: Clock,
    painting: Vec<(String, String)>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut ledger = Ledger::default();
    ledger.expect(painting, clock.now());
    let mut second = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            _ = second.tick() => {}
            Some(report) = reports.recv() => {
                ledger.take(report, clock.now());
                while let Ok(report) = reports.try_recv() {
                    ledger.take(report, clock.now());
                }
            }
        }
        let now = clock.now();
        let events = ledger.news(now);
        if events.is_empty() {
            continue;
        }
        let submission =
            Submission { source: "displays".into(), via: "self", events, ..Submission::default() };
        match journal.append(submission).await {
            Ok(_) => ledger.told(now),
            // Said again in a second; meanwhile the journal itself is the bigger news.
            Err(cause) => warn!(%cause, "what displays reported is not recorded yet"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_000_000_000);

    fn painting(name: &str) -> Report {
        Report::Painting { display: name.into(), ward: "6E".into() }
    }

    fn shown(events: &[Event]) -> Vec<(bool, Option<bool>)> {
        let reports = events.iter().filter_map(|event| match event {
            Event::Display(report) => Some((report.painting, report.sound)),
            _ => None,
        });
        reports.collect()
    }

    #[test]
    fn a_display_is_told_once_when_it_paints_and_once_when_it_stops() {
        let mut ledger = Ledger::default();
        ledger.take(painting("wall"), NOW);
        assert_eq!(shown(&ledger.news(NOW)), [(true, None)]);
        ledger.told(NOW);
        for second in 1..60 {
            ledger.take(painting("wall"), NOW + Span::seconds(second));
            assert_eq!(ledger.news(NOW + Span::seconds(second)), []);
        }
        let gone = NOW + Span::seconds(59) + SILENT + Span(1);
        assert_eq!(shown(&ledger.news(gone)), [(false, None)]);
        ledger.told(gone);
        assert_eq!(ledger.news(gone + Span::HOUR), []);
        assert!(ledger.displays.is_empty());
    }

    #[test]
    fn a_display_that_loses_its_sound_is_told_and_an_untold_change_is_told_later() {
        let mut ledger = Ledger::default();
        ledger.take(painting("wall"), NOW);
        ledger.told(NOW);
        ledger.take(Report::Sound { display: "wall".into(), ward: "6E".into(), on: false }, NOW);
        assert_eq!(shown(&ledger.news(NOW)), [(true, Some(false))]);
        // The journal could not be written: the same is news again.
        assert_eq!(shown(&ledger.news(NOW)), [(true, Some(false))]);
    }

    #[test]
    fn a_display_that_does_not_come_back_after_a_start_is_gone() {
        let mut ledger = Ledger::default();
        ledger.expect(vec![("wall".into(), "6E".into()), ("desk".into(), "6E".into())], NOW);
        ledger.take(painting("desk"), NOW + Span::seconds(14));
        assert_eq!(ledger.news(NOW + START), []);
        assert_eq!(shown(&ledger.news(NOW + START + Span(1))), [(false, None)]);
    }

    #[test]
    fn the_first_painting_of_a_step_is_told_and_no_other() {
        let mut ledger = Ledger::default();
        let report = |display: &str, step| Report::Painted {
            display: display.into(),
            alert: AlertId::new(4, 1),
            step,
            detail: String::new(),
        };
        for (display, step) in [("wall", 1), ("wall", 1), ("desk", 1), ("wall", 2), ("desk", 1)] {
            ledger.take(report(display, step), NOW);
        }
        assert_eq!(ledger.news(NOW).len(), 3);
        ledger.told(NOW);
        ledger.take(report("wall", 1), NOW);
        assert_eq!(ledger.news(NOW), []);
    }
}
