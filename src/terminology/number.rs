//! Exact numbers: a value is converted without rounding and rounded once, to thousandths, at the end.

use crate::model::Value;

/// Decimals kept when reading; more cannot move a thousandth.
const DECIMALS: usize = 18;
/// Digits before the decimal point beyond which nothing measured lies.
const DIGITS: usize = 15;

/// A fraction in lowest terms; the denominator is positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exact {
    numerator: i128,
    denominator: i128,
}

impl Exact {
    pub(super) const ZERO: Exact = Exact { numerator: 0, denominator: 1 };
    pub(super) const ONE: Exact = Exact { numerator: 1, denominator: 1 };

    fn new(numerator: i128, denominator: i128) -> Option<Exact> {
        if denominator == 0 {
            return None;
        }
        let divisor = greatest_common_divisor(numerator.unsigned_abs(), denominator.unsigned_abs());
        let divisor = i128::try_from(divisor).ok()?.checked_mul(denominator.signum())?;
        Some(Exact { numerator: numerator / divisor, denominator: denominator / divisor })
    }

    /// Reads `38.4`, `-0.5`, `+2`, `3.87e1`; digits are ASCII. `None` for anything else and for numbers of
    /// more than 15 digits before the point.
    pub(super) fn decimal(text: &str) -> Option<Exact> {
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (plain, exponent) = match rest.split_once(['e', 'E']) {
            Some((plain, exponent)) => (plain, exponent.parse::<i32>().ok().filter(|e| e.abs() <= 15)?),
            None => (rest, 0),
        };
        let (whole, decimals) = plain.split_once('.').unwrap_or((plain, ""));
        let digits_only = whole.bytes().chain(decimals.bytes()).all(|b| b.is_ascii_digit());
        if !digits_only || (whole.is_empty() && decimals.is_empty()) {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let decimals = &decimals[..decimals.len().min(DECIMALS)];
        if whole.len() > DIGITS {
            return None;
        }
        let mut numerator = 0i128;
        for digit in whole.bytes().chain(decimals.bytes()) {
            numerator = numerator * 10 + i128::from(digit - b'0');
        }
        let sign = if negative { -1 } else { 1 };
        let mut number = Exact::new(sign * numerator, power_of_ten(decimals.len())?)?;
        let power = Exact::new(power_of_ten(exponent.unsigned_abs() as usize)?, 1)?;
        number = if exponent < 0 { number.over(power)? } else { number.times(power)? };
        Some(number)
    }

    /// Reads a decimal or a fraction of two decimals, `5/9`.
    pub(super) fn parse(text: &str) -> Option<Exact> {
        match text.split_once('/') {
            Some((above, below)) => Exact::decimal(above.trim())?.over(Exact::decimal(below.trim())?),
            None => Exact::decimal(text.trim()),
        }
    }

    pub(super) fn times(self, other: Exact) -> Option<Exact> {
        Exact::new(
            self.numerator.checked_mul(other.numerator)?,
            self.denominator.checked_mul(other.denominator)?,
        )
    }

    /// `None` when `other` is zero.
    pub(super) fn over(self, other: Exact) -> Option<Exact> {
        Exact::new(
            self.numerator.checked_mul(other.denominator)?,
            self.denominator.checked_mul(other.numerator)?,
        )
    }

    pub(super) fn plus(self, other: Exact) -> Option<Exact> {
        let left = self.numerator.checked_mul(other.denominator)?;
        let right = other.numerator.checked_mul(self.denominator)?;
        Exact::new(left.checked_add(right)?, self.denominator.checked_mul(other.denominator)?)
    }

    pub(super) fn minus(self, other: Exact) -> Option<Exact> {
        self.plus(Exact { numerator: -other.numerator, ..other })
    }

    pub(super) fn is_positive(self) -> bool {
        self.numerator > 0
    }

    pub(super) fn is_whole(self) -> bool {
        self.denominator == 1
    }

    pub(super) fn at_most(self, other: Exact) -> bool {
        other.minus(self).is_some_and(|difference| difference.numerator >= 0)
    }

    /// The nearest thousandth, halves away from zero; `None` where it does not fit.
    pub(super) fn to_value(self) -> Option<Value> {
        let scaled = self.numerator.unsigned_abs().checked_mul(1000)?;
        let below = self.denominator.unsigned_abs();
        let rounded = i64::try_from((scaled + below / 2) / below).ok()?;
        let half_up = scaled % below * 2 == below && below % 2 == 1;
        debug_assert!(!half_up, "a half needs an even denominator");
        Some(Value(if self.numerator < 0 { -rounded } else { rounded }))
    }
}

fn power_of_ten(exponent: usize) -> Option<i128> {
    10i128.checked_pow(u32::try_from(exponent).ok()?)
}

fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<Value> {
        Exact::parse(text).and_then(Exact::to_value)
    }

    #[test]
    fn a_number_is_read_exactly_and_rounded_half_away_from_zero() {
        assert_eq!(value("38.4"), Some(Value(38_400)));
        assert_eq!(value("0.0005"), Some(Value(1)));
        assert_eq!(value("-0.0005"), Some(Value(-1)));
        assert_eq!(value("0.00049999999999999999999"), Some(Value(0)));
        assert_eq!(value("3.87E1"), Some(Value(38_700)));
        assert_eq!(value("1e-3"), Some(Value(1)));
        assert_eq!(value("5/9"), Some(Value(556)));
        assert_eq!(value(".5"), Some(Value(500)));
        assert_eq!(value("100."), Some(Value(100_000)));
    }

    #[test]
    fn what_is_no_number_is_not_read() {
        for no in
            ["", "-", ".", "e5", "1e", "38,7", "1.2.3", "NaN", "inf", "1e999", "1234567890123456", "1/0"]
        {
            assert_eq!(Exact::parse(no), None, "{no}");
        }
    }

    #[test]
    fn conversion_is_exact_in_both_directions() {
        let factor = Exact::parse("0.32285").expect("a number");
        let molar = Exact::parse("3.5").and_then(|mass| mass.times(factor)).expect("fits");
        assert_eq!(molar.over(factor), Exact::parse("3.5"));
    }
}
