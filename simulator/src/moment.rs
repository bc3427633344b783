//! Instants and spans as HL7, JSON and the command line write them; everything is shown in Japan's time zone.

use anyhow::{Result, bail};

pub const MINUTE: i64 = 60;
pub const HOUR: i64 = 3600;
pub const DAY: i64 = 86_400;

/// Japan has had one offset and no summer time since 1951.
const JAPAN: jiff::tz::Offset = jiff::tz::Offset::constant(9);

/// `20261122081500+0900`, the form of MSH-7 and OBX-14. `at` is in seconds since 1970 (UTC).
pub fn hl7(at: i64) -> String {
    let t = civil(at);
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}+0900",
        t.year(),
        t.month(),
        t.day(),
        t.hour(),
        t.minute(),
        t.second()
    )
}

/// The same with milliseconds: `20261122081500.123+0900`.
pub fn hl7_millis(at_millis: i64) -> String {
    let whole = hl7(at_millis.div_euclid(1000));
    let (date, offset) = whole.split_at(14);
    format!("{date}.{:03}{offset}", at_millis.rem_euclid(1000))
}

/// `19600131`, the form of PID-7.
pub fn hl7_date(at: i64) -> String {
    hl7(at)[..8].to_string()
}

/// `2026-11-22T08:15:00+09:00`.
pub fn rfc3339(at: i64) -> String {
    let t = civil(at);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+09:00",
        t.year(),
        t.month(),
        t.day(),
        t.hour(),
        t.minute(),
        t.second()
    )
}

/// `2026-11-22 08:15`, for people.
pub fn short(at: i64) -> String {
    rfc3339(at)[..16].replace('T', " ")
}

/// Hours since midnight in Japan, with fraction.
pub fn hour_of_day(at: i64) -> f64 {
    (at + 9 * HOUR).rem_euclid(DAY) as f64 / HOUR as f64
}

fn civil(at: i64) -> jiff::civil::DateTime {
    JAPAN.to_datetime(jiff::Timestamp::from_second(at).expect("simulated years have four digits"))
}

/// Reads `2026-11-22T08:15:00+09:00` or a bare date, which means midnight in Japan.
pub fn parse(text: &str) -> Result<i64> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(at.as_second());
    }
    match text.parse::<jiff::civil::Date>() {
        Ok(date) if text.len() == 10 => Ok(JAPAN.to_timestamp(date.at(0, 0, 0, 0))?.as_second()),
        Ok(_) | Err(_) => bail!("`{text}` is not a time; write 2026-01-01 or 2026-01-01T09:00:00+09:00"),
    }
}

/// Reads a span such as `90s`, `30m`, `12h`, `14d` or `-26h` as seconds.
pub fn span(text: &str) -> Result<i64> {
    let unit = match text.chars().last() {
        Some('s') => 1.0,
        Some('m') => MINUTE as f64,
        Some('h') => HOUR as f64,
        Some('d') => DAY as f64,
        Some(_) | None => bail!("`{text}` is not a span; write a number and s, m, h or d, such as 30m"),
    };
    match text[..text.len() - 1].parse::<f64>() {
        Ok(count) if count.is_finite() && count.abs() < 1e6 => Ok((count * unit).round() as i64),
        Ok(_) | Err(_) => bail!("`{text}` is not a span; write a number and s, m, h or d, such as 30m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_with_the_offset_of_japan() {
        let at = parse("2026-11-22T08:15:00+09:00").unwrap();
        assert_eq!(hl7(at), "20261122081500+0900");
        assert_eq!(rfc3339(at), "2026-11-22T08:15:00+09:00");
        assert_eq!(hl7_millis(at * 1000 + 7), "20261122081500.007+0900");
        assert_eq!(hour_of_day(at), 8.25);
        assert_eq!(parse("2026-11-22").unwrap(), at - 8 * HOUR - 15 * MINUTE);
    }

    #[test]
    fn spans_are_read_and_nonsense_is_named() {
        assert_eq!(span("30m").unwrap(), 1800);
        assert_eq!(span("-26h").unwrap(), -26 * HOUR);
        assert_eq!(span("1.5d").unwrap(), 36 * HOUR);
        for wrong in ["", "30", "h", "30x", "é"] {
            assert!(span(wrong).unwrap_err().to_string().contains("is not a span"), "{wrong}");
        }
    }
}
