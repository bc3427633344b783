//! HL7 date and time (DTM, TS) to an instant, with the precision its sender gave.

use jiff::civil;
use jiff::tz::{Offset, TimeZone};

use crate::model::{ReadingTime, Span, Time};

/// Reads `YYYY[MM[DD[HH[MM[SS[.fraction]]]]]][+ZZZZ]`, any number of fraction digits, also without the point
/// (17 digits), `+09` and `+09:00` as offset, 24:00 as the next midnight, and second 60 as 59. Without an
/// offset the clock of `zone` is meant: of a repeated hour the first is taken, a skipped one is moved forward,
/// and both are marked as ambiguous. `None` for empty text and for what is no time.
pub fn read_time(text: &str, zone: &TimeZone) -> Option<ReadingTime> {
    let text = text.trim();
    let (clock, offset) = match text.find(['+', '-', 'Z']) {
        Some(at) => (&text[..at], Some(read_offset(&text[at..])?)),
        None => (text, None),
    };
    let (digits, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let pure = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let length = digits.len();
    let fitting =
        matches!(length, 4 | 6 | 8 | 10 | 12 | 14) || (15..=20).contains(&length) && fraction.is_empty();
    if !pure(digits) || !pure(fraction) || !fitting || (clock.contains('.') && length != 14) {
        return None;
    }
    let part = |from: usize, to: usize, absent: i16| -> Option<i16> {
        if length < to { Some(absent) } else { digits[from..to].parse().ok() }
    };
    let (year, month, day) = (part(0, 4, 0)?, part(4, 6, 1)?, part(6, 8, 1)?);
    let (mut hour, minute, mut second) = (part(8, 10, 0)?, part(10, 12, 0)?, part(12, 14, 0)?);
    let leap = second == 60;
    let midnight = hour == 24;
    if year == 0 || (midnight && (minute, second) != (0, 0)) {
        return None;
    }
    if leap {
        second = 59;
    }
    if midnight {
        hour = 0;
    }
    let date = civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let date = if midnight { date.tomorrow().ok()? } else { date };
    let narrow = |number: i16| i8::try_from(number).ok();
    let clock = civil::Time::new(narrow(hour)?, narrow(minute)?, narrow(second)?, 0).ok()?;
    let (instant, ambiguous) = place(date.to_datetime(clock), offset, zone)?;
    let fraction = if length > 14 { &digits[14..] } else { fraction };
    let at = Time(instant) + Span(milliseconds(fraction));
    Some(ReadingTime { at, date_only: length <= 8, ambiguous: ambiguous || leap })
}

/// `20261122081500+0900`: an instant as an answer states it.
pub fn write_time(at: Time, zone: &TimeZone) -> String {
    let Ok(instant) = jiff::Timestamp::from_millisecond(at.0) else { return String::new() };
    let clock = instant.to_zoned(zone.clone());
    let offset = clock.offset().seconds() / 60;
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.unsigned_abs();
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}{sign}{:02}{:02}",
        clock.year(),
        clock.month(),
        clock.day(),
        clock.hour(),
        clock.minute(),
        clock.second(),
        minutes / 60,
        minutes % 60
    )
}

/// Milliseconds since 1970, and whether the wall clock left a choice.
fn place(clock: civil::DateTime, offset: Option<Offset>, zone: &TimeZone) -> Option<(i64, bool)> {
    if let Some(offset) = offset {
        return Some((offset.to_timestamp(clock).ok()?.as_millisecond(), false));
    }
    let choice = zone.to_ambiguous_timestamp(clock);
    let ambiguous = choice.is_ambiguous();
    Some((choice.compatible().ok()?.as_millisecond(), ambiguous))
}

/// `Z`, `+09`, `+0900`, `-0030`, `+09:00`; at most fourteen hours, the widest there is.
fn read_offset(text: &str) -> Option<Offset> {
    if text == "Z" {
        return Some(Offset::UTC);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text.get(1..)?.chars().filter(|letter| *letter != ':').collect();
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let hours: i32 = digits[..2].parse().ok()?;
    let minutes: i32 = digits.get(2..4).map_or(Some(0), |text| text.parse().ok())?;
    let all = hours * 60 + minutes;
    if minutes > 59 || all > 14 * 60 {
        return None;
    }
    Offset::from_seconds(sign * all * 60).ok()
}

fn milliseconds(fraction: &str) -> i64 {
    let mut digits = fraction.bytes().map(|byte| i64::from(byte - b'0')).chain(std::iter::repeat(0));
    (0..3).fold(0, |sum, _| sum * 10 + digits.next().unwrap_or(0))
}
