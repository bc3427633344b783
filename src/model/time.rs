//! Instants and spans in whole milliseconds. No clock is read here; instants come with entries.

use std::fmt;
use std::ops::{Add, Sub};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01T00:00:00Z. Written to the journal as that number,
/// shown to people as RFC 3339.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub i64);

/// A length of time in milliseconds; may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(pub i64);

impl Time {
    /// Reads RFC 3339 (`2026-11-22T06:00:00+09:00`); an offset or `Z` is required, because an instant without
    /// one is a guess.
    pub fn parse(text: &str) -> Option<Time> {
        text.parse::<jiff::Timestamp>().ok().map(|t| Time(t.as_millisecond()))
    }

    /// RFC 3339 in UTC, to the second, or to the millisecond where there is a fraction.
    pub fn rfc3339(self) -> String {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(instant) => instant.to_string(),
            // Outside the years -9999..9999; shown as the number it is rather than dropped.
            Err(_) => format!("{}ms", self.0),
        }
    }

    /// Minutes after midnight and days since 1970 on the wall clock of `zone`.
    pub fn wall_clock(self, zone: &TimeZone) -> (i64, i64) {
        let offset = jiff::Timestamp::from_millisecond(self.0)
            .map(|instant| i64::from(zone.to_offset(instant).seconds()))
            .unwrap_or(0);
        let seconds = self.0.div_euclid(1000) + offset;
        (seconds.rem_euclid(86_400) / 60, seconds.div_euclid(86_400))
    }
}

impl Span {
    pub const ZERO: Span = Span(0);
    pub const SECOND: Span = Span(1000);
    pub const MINUTE: Span = Span(60_000);
    pub const HOUR: Span = Span(3_600_000);
    pub const DAY: Span = Span(86_400_000);

    pub const fn seconds(n: i64) -> Span {
        Span(n * 1000)
    }
    pub const fn minutes(n: i64) -> Span {
        Span(n * 60_000)
    }
    pub const fn hours(n: i64) -> Span {
        Span(n * 3_600_000)
    }
    pub const fn days(n: i64) -> Span {
        Span(n * 86_400_000)
    }

    /// Reads `30s`, `10m`, `6h`, `2d`, and sums of them such as `1h30m`; a leading `-` or `+` is allowed.
    pub fn parse(text: &str) -> Option<Span> {
        let (sign, rest) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let mut total = 0i64;
        let mut digits = String::new();
        let mut seen_unit = false;
        for letter in rest.chars() {
            if letter.is_ascii_digit() {
                digits.push(letter);
                continue;
            }
            let unit = match letter {
                's' => 1000,
                'm' => 60_000,
                'h' => 3_600_000,
                'd' => 86_400_000,
                _ => return None,
            };
            total = total.checked_add(digits.parse::<i64>().ok()?.checked_mul(unit)?)?;
            digits.clear();
            seen_unit = true;
        }
        (seen_unit && digits.is_empty()).then_some(Span(sign * total))
    }
}

impl fmt::Display for Span {
    /// `1h30m`, `2d`, `45s`; whole seconds, the form [`Span::parse`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let mut seconds = self.0.unsigned_abs() / 1000;
        let mut wrote = false;
        for (unit, letter) in [(86_400, 'd'), (3600, 'h'), (60, 'm'), (1, 's')] {
            if seconds >= unit {
                write!(f, "{}{letter}", seconds / unit)?;
                seconds %= unit;
                wrote = true;
            }
        }
        if wrote { Ok(()) } else { f.write_str("0s") }
    }
}

impl Add<Span> for Time {
    type Output = Time;
    fn add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}
impl Sub<Span> for Time {
    type Output = Time;
    fn sub(self, span: Span) -> Time {
        Time(self.0.saturating_sub(span.0))
    }
}
impl Sub for Time {
    type Output = Span;
    fn sub(self, other: Time) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_reads_back_what_it_writes() {
        for text in ["45s", "10m", "6h", "2d", "1h30m", "1d2h3m4s", "-26h"] {
            let span = Span::parse(text).expect("a span");
            assert_eq!(Span::parse(&span.to_string()), Some(span), "{text}");
        }
        assert_eq!(Span::parse("10"), None);
        assert_eq!(Span::parse("h"), None);
        assert_eq!(Span::parse(""), None);
    }

    #[test]
    fn an_instant_needs_an_offset() {
        assert_eq!(Time::parse("2026-11-22T06:00:00+09:00"), Time::parse("2026-11-21T21:00:00Z"));
        assert_eq!(Time::parse("2026-11-22T06:00:00"), None);
    }
}
