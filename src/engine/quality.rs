//! Alarm burden: how often the ward is interrupted, by what, and what people made of it.

use std::collections::BTreeMap;

use super::Engine;
use crate::model::{Alert, AlertState, Priority, Span, Time};

/// More interruptions than this within [`FLOOD_SPAN`] are a flood (ISA-18.2 / EEMUA 191: ten in ten minutes).
const FLOOD: usize = 10;
const FLOOD_SPAN: Span = Span::minutes(10);
/// Activations of one alert within an hour that make it chatter; engineering.
const CHATTER: usize = 3;
/// An alert open this long stands (EEMUA 191: 24 h).
const STANDING: Span = Span::hours(24);

/// The figures of `/quality`.
#[derive(Clone, Debug, Default)]
pub struct Quality {
    pub patient_days: f64,
    pub alerts: usize,
    /// Alerts that told somebody: low and above.
    pub interruptive: usize,
    /// Raised alerts by rule.
    pub by_rule: BTreeMap<String, usize>,
    /// Starts of floods, with how many alerts.
    pub floods: Vec<(Time, usize)>,
    pub chattering: Vec<Alert>,
    pub standing: Vec<Alert>,
    /// Seconds from telling to acknowledgement, sorted.
    pub acknowledge_seconds: Vec<i64>,
    pub ratings: BTreeMap<&'static str, usize>,
    /// By day of the ward's calendar: high, medium, low.
    pub by_day: BTreeMap<String, [usize; 3]>,
}

impl Engine {
    /// Counts what is kept of alerts, from `from` on.
    pub fn quality(&self, from: Time) -> Quality {
        let mut quality = Quality { patient_days: self.patient_days(from), ..Quality::default() };
        let mut interruptions = Vec::new();
        for alert in self.alerts().filter(|a| a.raised_at >= from && !a.shadow) {
            quality.alerts += 1;
            *quality.by_rule.entry(alert.rule.to_string()).or_default() += 1;
            if alert.priority > Priority::Info {
                interruptions.push(alert.raised_at);
                let day = day_of(alert.raised_at, self);
                let counts = quality.by_day.entry(day).or_default();
                match alert.priority {
                    Priority::High => counts[0] += 1,
                    Priority::Medium => counts[1] += 1,
                    Priority::Low | Priority::Info => counts[2] += 1,
                }
            }
            quality.look_at(alert, self.now());
        }
        quality.interruptive = interruptions.len();
        interruptions.sort_unstable();
        quality.floods = floods(&interruptions);
        quality.acknowledge_seconds.sort_unstable();
        quality
    }

    fn patient_days(&self, from: Time) -> f64 {
        let span = |(start, end): &(Time, Option<Time>)| {
            let (start, end) = ((*start).max(from), end.unwrap_or(self.now()));
            (end - start).0.max(0) as f64 / Span::DAY.0 as f64
        };
        self.patients().flat_map(|p| p.stays.iter().map(span)).sum()
    }
}

impl Quality {
    fn look_at(&mut self, alert: &Alert, now: Time) {
        let activations: Vec<Time> =
            alert.transitions.iter().filter(|t| t.to == AlertState::Active).map(|t| t.at).collect();
        let chatters = activations.windows(CHATTER).any(|w| w[CHATTER - 1] - w[0] <= Span::HOUR);
        if chatters {
            self.chattering.push(alert.clone());
        }
        if alert.is_open() && now - alert.raised_at >= STANDING {
            self.standing.push(alert.clone());
        }
        if let Some(seen) = alert.transitions.iter().find(|t| t.to == AlertState::Acknowledged) {
            self.acknowledge_seconds.push((seen.at - alert.raised_at).0 / 1000);
        }
        if let Some((rating, _)) = &alert.rating {
            *self.ratings.entry(rating.name()).or_default() += 1;
        }
    }

    /// The value below which this share of acknowledgements lies.
    pub fn acknowledge_percentile(&self, percent: usize) -> Option<i64> {
        let last = self.acknowledge_seconds.len().checked_sub(1)?;
        self.acknowledge_seconds.get(last * percent / 100).copied()
    }
}

fn floods(times: &[Time]) -> Vec<(Time, usize)> {
    let mut floods = Vec::new();
    let mut first = 0;
    while first < times.len() {
        let within = times[first..].iter().take_while(|at| **at - times[first] <= FLOOD_SPAN).count();
        if within > FLOOD {
            floods.push((times[first], within));
            first += within;
        } else {
            first += 1;
        }
    }
    floods
}

fn day_of(at: Time, engine: &Engine) -> String {
    let zoned =
        jiff::Timestamp::from_millisecond(at.0).map(|instant| instant.to_zoned(engine.zone().clone()));
    zoned.map_or_else(|_| String::new(), |zoned| zoned.date().to_string())
}
