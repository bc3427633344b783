//! How far the truth may reach: an interval of whole thousandths, and answers that may be unknown.

use crate::model::{Bound, Quantity, Value};

/// A closed interval in thousandths. An exact value has equal ends; a missing one reaches everywhere.
///
/// Values are whole thousandths, so `< 0.05` is exactly `<= 0.049`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    pub low: i64,
    pub high: i64,
}

impl Reach {
    pub const UNKNOWN: Reach = Reach { low: i64::MIN, high: i64::MAX };
    /// Beyond every limit: "has not happened" where hours until it are asked for.
    pub const NEVER: Reach = Reach { low: i64::MAX, high: i64::MAX };

    pub const fn exactly(thousandths: i64) -> Reach {
        Reach { low: thousandths, high: thousandths }
    }
    pub const fn points(low: i64, high: i64) -> Reach {
        Reach { low: low * 1000, high: high * 1000 }
    }
    pub fn of(quantity: Quantity) -> Reach {
        let value = quantity.value.0;
        match quantity.bound {
            Bound::Exactly => Reach::exactly(value),
            Bound::Below => Reach { low: i64::MIN, high: value.saturating_sub(1) },
            Bound::AtMost => Reach { low: i64::MIN, high: value },
            Bound::Above => Reach { low: value.saturating_add(1), high: i64::MAX },
            Bound::AtLeast => Reach { low: value, high: i64::MAX },
        }
    }
    pub fn is_exact(self) -> bool {
        self.low == self.high
    }
    /// The one value it can be.
    pub fn value(self) -> Option<Value> {
        self.is_exact().then_some(Value(self.low))
    }
    /// Whether it is `limit` or more.
    pub fn at_least(self, limit: i64) -> Truth {
        match (self.low >= limit, self.high >= limit) {
            (true, _) => Truth::Yes,
            (false, false) => Truth::No,
            (false, true) => Truth::Unknown,
        }
    }
    pub fn above(self, limit: i64) -> Truth {
        self.at_least(limit.saturating_add(1))
    }
    pub fn at_most(self, limit: i64) -> Truth {
        self.above(limit).not()
    }
    pub fn below(self, limit: i64) -> Truth {
        self.at_least(limit).not()
    }
    /// The smallest interval that holds both.
    pub fn hull(self, other: Reach) -> Reach {
        Reach { low: self.low.min(other.low), high: self.high.max(other.high) }
    }
    /// The greater of two unknown numbers.
    pub fn greater(self, other: Reach) -> Reach {
        Reach { low: self.low.max(other.low), high: self.high.max(other.high) }
    }
    pub fn plus(self, other: Reach) -> Reach {
        Reach { low: self.low.saturating_add(other.low), high: self.high.saturating_add(other.high) }
    }
    pub fn capped(self, cap: i64) -> Reach {
        Reach { low: self.low.min(cap), high: self.high.min(cap) }
    }
    /// Both ends to the nearest multiple of `step`, half upwards, as a nurse reads a chart.
    pub fn rounded(self, step: i64) -> Reach {
        let round = |end: i64| match end {
            i64::MIN | i64::MAX => end,
            end => end.saturating_add(step / 2).div_euclid(step) * step,
        };
        Reach { low: round(self.low), high: round(self.high) }
    }
}

/// Yes, no, or not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    Yes,
    No,
    Unknown,
}

impl Truth {
    pub fn of(known: Option<bool>) -> Truth {
        match known {
            Some(true) => Truth::Yes,
            Some(false) => Truth::No,
            None => Truth::Unknown,
        }
    }
    #[allow(clippy::should_implement_trait)] // `!truth` would hide that unknown stays unknown
    pub fn not(self) -> Truth {
        match self {
            Truth::Yes => Truth::No,
            Truth::No => Truth::Yes,
            Truth::Unknown => Truth::Unknown,
        }
    }
    pub fn and(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::No, _) | (_, Truth::No) => Truth::No,
            (Truth::Yes, Truth::Yes) => Truth::Yes,
            (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
        }
    }
    pub fn or(self, other: Truth) -> Truth {
        self.not().and(other.not()).not()
    }
    /// Certainly so.
    pub fn is_certain(self) -> bool {
        self == Truth::Yes
    }
    /// So, or not known to be otherwise.
    pub fn is_possible(self) -> bool {
        self != Truth::No
    }
    /// `points` (whole) if so, 0 if not, anything between if unknown.
    pub fn points(self, points: i64) -> Reach {
        Reach::points(if self.is_certain() { points } else { 0 }, if self.is_possible() { points } else { 0 })
    }
}
