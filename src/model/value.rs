//! Numbers: whole thousandths of a canonical unit.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A number in whole thousandths of its canonical unit: `2300` is 2.3 mg/dL of phosphate.
///
/// Exact thresholds and sums, no NaN, the same bytes on every machine. Conversion from another unit rounds
/// half away from zero, once, at the door.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Value(pub i64);

impl Value {
    pub const ZERO: Value = Value(0);

    /// A whole number of units.
    pub const fn whole(n: i64) -> Value {
        Value(n * 1000)
    }

    /// The nearest thousandth; `None` for NaN, infinity and what does not fit.
    pub fn from_f64(number: f64) -> Option<Value> {
        let scaled = libm::round(number * 1000.0);
        (scaled.is_finite() && scaled.abs() < 9.0e15).then_some(Value(scaled as i64))
    }

    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// Reads plain decimals: `38.4`, `-0.5`, `+38.7`, `3.87E1`. More than three decimals round half away
    /// from zero. Words, commas and empty text are `None`.
    pub fn parse(text: &str) -> Option<Value> {
        let text = text.trim();
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let digits_only =
            unsigned.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'-' | b'+'));
        if unsigned.is_empty() || !digits_only || !unsigned.bytes().any(|b| b.is_ascii_digit()) {
            return None;
        }
        text.parse::<f64>().ok().and_then(Value::from_f64)
    }

    /// Rounded half away from zero to `decimals` (0 to 3) places.
    pub fn rounded(self, decimals: u32) -> Value {
        let step = 10i64.pow(3u32.saturating_sub(decimals));
        let half = if self.0 < 0 { -step / 2 } else { step / 2 };
        Value((self.0 + half) / step * step)
    }
}

impl fmt::Display for Value {
    /// The shortest decimal: `2.3`, `40`, `-0.05`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let whole = self.0.unsigned_abs() / 1000;
        let thousandths = self.0.unsigned_abs() % 1000;
        if thousandths == 0 {
            return write!(f, "{sign}{whole}");
        }
        let decimals = format!("{thousandths:03}");
        write!(f, "{sign}{whole}.{}", decimals.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_reads_plain_decimals_only() {
        assert_eq!(Value::parse("38.4"), Some(Value(38_400)));
        assert_eq!(Value::parse("+38.7"), Some(Value(38_700)));
        assert_eq!(Value::parse("3.87E1"), Some(Value(38_700)));
        for no in ["", "None", "38,7", "NaN", "inf", "---", ".", "e5"] {
            assert_eq!(Value::parse(no), None, "{no}");
        }
    }

    #[test]
    fn a_value_shows_the_shortest_decimal() {
        assert_eq!(Value(2_300).to_string(), "2.3");
        assert_eq!(Value(40_000).to_string(), "40");
        assert_eq!(Value(-50).to_string(), "-0.05");
        assert_eq!(Value(2_345).rounded(1), Value(2_300));
        assert_eq!(Value(2_350).rounded(1), Value(2_400));
    }
}
