//! Floor 2. The one place that reads the time.
//!
//! Everything below gets instants as arguments; everything above asks a [`Clock`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::model::{Span, Time};

/// A clock that never goes back: it remembers the largest instant it gave out, so a host whose time is set
/// back stands still here until the host has caught up. Clones share that memory.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Face>);

#[derive(Debug)]
struct Face {
    largest: AtomicI64,
    /// Only moved by hand, for tests and simulations.
    stopped: AtomicBool,
}

impl Clock {
    /// The host's clock, in milliseconds since 1970 (UTC).
    pub fn system() -> Clock {
        Clock(Arc::new(Face { largest: AtomicI64::new(0), stopped: AtomicBool::new(false) }))
    }

    /// A clock that shows `at` until it is moved with [`Clock::advance`] or [`Clock::set`].
    pub fn stopped_at(at: Time) -> Clock {
        Clock(Arc::new(Face { largest: AtomicI64::new(at.0), stopped: AtomicBool::new(true) }))
    }

    pub fn now(&self) -> Time {
        if self.0.stopped.load(Ordering::Relaxed) {
            return Time(self.0.largest.load(Ordering::SeqCst));
        }
        let host = host_milliseconds();
        Time(self.0.largest.fetch_max(host, Ordering::SeqCst).max(host))
    }

    /// Moves a stopped clock forward and returns what it shows then.
    pub fn advance(&self, span: Span) -> Time {
        self.set(self.now() + span)
    }

    /// Sets a stopped clock; an instant before the one it shows changes nothing.
    pub fn set(&self, at: Time) -> Time {
        Time(self.0.largest.fetch_max(at.0, Ordering::SeqCst).max(at.0))
    }
}

fn host_milliseconds() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        // A host set before 1970; the largest instant given out still holds.
        Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
    }
}

/// Measures how long something took. Says nothing about what time it is.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
    pub fn milliseconds(self) -> u64 {
        u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_never_goes_back() {
        let clock = Clock::system();
        let first = clock.now();
        assert!(first > Time::parse("2024-01-01T00:00:00Z").expect("an instant"));
        // As if the host had been set forward by an hour and then back again.
        clock.set(first + Span::HOUR);
        assert_eq!(clock.now(), first + Span::HOUR);
        assert_eq!(clock.clone().now(), first + Span::HOUR);
    }

    #[test]
    fn a_stopped_clock_moves_only_by_hand() {
        let clock = Clock::stopped_at(Time(1_000));
        assert_eq!(clock.now(), Time(1_000));
        assert_eq!(clock.advance(Span::seconds(2)), Time(3_000));
        assert_eq!(clock.set(Time(5)), Time(3_000));
        assert_eq!(clock.now(), Time(3_000));
    }
}
