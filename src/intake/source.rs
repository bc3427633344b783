//! Sources as they are counted: when each was last told of, and how it is called in figures.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use crate::model::{Event, Span, Time};

/// Sources report themselves to the fold at most this often.
const HEARD_EVERY: Span = Span::minutes(1);
/// Sources that figures tell apart. A sender writes its own name, so there may be any number of names.
const NAMED: usize = 512;
/// Longest name of a source, in characters.
const LONGEST: usize = 120;
/// How all further ones are called.
const OTHERS: &str = "(others)";

/// What is remembered of sources.
#[derive(Debug, Default)]
pub(super) struct Sources(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    named: BTreeSet<String>,
    heard: BTreeMap<String, Time>,
}

impl Sources {
    /// A source's name for figures, feeds and quarantine: its own, cut where it is long; one name for all beyond the
    /// first few hundred.
    pub fn name(&self, source: &str) -> String {
        let source: String = source.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.named.contains(&source) {
            return source;
        }
        if known.named.len() >= NAMED {
            return OTHERS.to_owned();
        }
        known.named.insert(source.clone());
        source
    }

    /// The event that tells the fold of a source, once a minute. `sent_at` is MSH-7.
    pub fn heard(&self, name: &str, via: &str, sent_at: Option<Time>, now: Time) -> Option<Event> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.heard.get(name).is_some_and(|at| now - *at < HEARD_EVERY) {
            return None;
        }
        known.heard.insert(name.to_owned(), now);
        // A message about the past (a resend, a recording) is late, not skewed.
        let skew_seconds = sent_at.map(|sent| ((sent - now).0 / 1000).max(0));
        Some(Event::Heard { source: name.to_owned(), via: via.to_owned(), skew_seconds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_names_takes_little_room() {
        let sources = Sources::default();
        for n in 0..10 * NAMED {
            let name = sources.name(&format!("S{n}|KUH"));
            assert_eq!(name == OTHERS, n >= NAMED);
            sources.heard(&name, "mllp", None, Time(0));
        }
        assert_eq!(sources.name("S1|KUH"), "S1|KUH", "those that were known keep their names");
        assert!(sources.0.lock().expect("not poisoned").heard.len() <= NAMED + 1);
        assert_eq!(sources.name(&"x".repeat(10_000)).len(), OTHERS.len());
    }

    #[test]
    fn a_source_is_told_of_once_a_minute_and_only_a_fast_clock_is_skewed() {
        let sources = Sources::default();
        let now = Time(1_790_000_000_000);
        let skew = |event: Option<Event>| match event {
            Some(Event::Heard { skew_seconds, .. }) => skew_seconds,
            _ => None,
        };
        assert_eq!(skew(sources.heard("LIS", "mllp", Some(now + Span::seconds(90)), now)), Some(90));
        assert_eq!(skew(sources.heard("LIS", "mllp", Some(now), now + Span::seconds(59))), None);
        let later = now + Span::minutes(1);
        assert_eq!(skew(sources.heard("LIS", "mllp", Some(now - Span::hours(2)), later)), Some(0));
    }
}
