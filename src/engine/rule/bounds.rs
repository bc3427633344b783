//! Arithmetic and comparison of numbers that may be bounds: `<0.5` says *below 0.5*, and nothing more.

use serde::{Deserialize, Serialize};

use crate::model::{Bound, Quantity, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Different,
}

impl Comparison {
    pub fn parse(sign: &str) -> Option<Comparison> {
        Some(match sign {
            "<" => Comparison::Less,
            "<=" => Comparison::AtMost,
            ">" => Comparison::More,
            ">=" => Comparison::AtLeast,
            "==" => Comparison::Equal,
            "!=" => Comparison::Different,
            _ => return None,
        })
    }
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::More => ">",
            Comparison::AtLeast => ">=",
            Comparison::Equal => "==",
            Comparison::Different => "!=",
        }
    }
    /// The same comparison read from the other side: `15 < x` is `x > 15`.
    pub fn mirrored(self) -> Comparison {
        match self {
            Comparison::Less => Comparison::More,
            Comparison::AtMost => Comparison::AtLeast,
            Comparison::More => Comparison::Less,
            Comparison::AtLeast => Comparison::AtMost,
            Comparison::Equal => Comparison::Equal,
            Comparison::Different => Comparison::Different,
        }
    }
    /// For things with an order and no bounds.
    pub fn holds<T: Ord>(self, left: &T, right: &T) -> bool {
        match self {
            Comparison::Less => left < right,
            Comparison::AtMost => left <= right,
            Comparison::More => left > right,
            Comparison::AtLeast => left >= right,
            Comparison::Equal => left == right,
            Comparison::Different => left != right,
        }
    }
    pub fn needs_order(self) -> bool {
        match self {
            Comparison::Less | Comparison::AtMost | Comparison::More | Comparison::AtLeast => true,
            Comparison::Equal | Comparison::Different => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arithmetic {
    Plus,
    Minus,
    Times,
    Over,
}

/// One end of where a number can lie: the value, and whether the value itself belongs to it.
type End = Option<(Value, bool)>;

fn ends(quantity: Quantity) -> (End, End) {
    let value = quantity.value;
    match quantity.bound {
        Bound::Exactly => (Some((value, true)), Some((value, true))),
        Bound::Below => (None, Some((value, false))),
        Bound::AtMost => (None, Some((value, true))),
        Bound::Above => (Some((value, false)), None),
        Bound::AtLeast => (Some((value, true)), None),
    }
}

/// Whether the comparison holds; `None` where the bounds allow both answers.
pub fn compare(left: Quantity, comparison: Comparison, right: Quantity) -> Option<bool> {
    match comparison {
        Comparison::Less => less(left, right),
        Comparison::AtLeast => less(left, right).map(|less| !less),
        Comparison::More => less(right, left),
        Comparison::AtMost => less(right, left).map(|more| !more),
        Comparison::Equal => equal(left, right),
        Comparison::Different => equal(left, right).map(|equal| !equal),
    }
}

fn less(left: Quantity, right: Quantity) -> Option<bool> {
    let ((left_low, left_high), (right_low, right_high)) = (ends(left), ends(right));
    if let (Some((high, high_in)), Some((low, low_in))) = (left_high, right_low)
        && (high < low || (high == low && !(high_in && low_in)))
    {
        return Some(true);
    }
    if let (Some((low, _)), Some((high, _))) = (left_low, right_high)
        && low >= high
    {
        return Some(false);
    }
    None
}

fn equal(left: Quantity, right: Quantity) -> Option<bool> {
    if left.bound == Bound::Exactly && right.bound == Bound::Exactly {
        return Some(left.value == right.value);
    }
    let apart = less(left, right) == Some(true) || less(right, left) == Some(true);
    apart.then_some(false)
}

/// The result, rounded half away from zero to a thousandth; `None` for division by zero, a result too large,
/// or bounds that say nothing about it.
pub fn arithmetic(left: Quantity, operation: Arithmetic, right: Quantity) -> Option<Quantity> {
    match operation {
        Arithmetic::Plus => plus(left, right),
        Arithmetic::Minus => plus(left, negated(right)?),
        Arithmetic::Times => times(left, right),
        Arithmetic::Over => over(left, right),
    }
}

pub fn negated(quantity: Quantity) -> Option<Quantity> {
    Some(Quantity { value: Value(quantity.value.0.checked_neg()?), bound: flipped(quantity.bound) })
}

fn flipped(bound: Bound) -> Bound {
    match bound {
        Bound::Exactly => Bound::Exactly,
        Bound::Below => Bound::Above,
        Bound::AtMost => Bound::AtLeast,
        Bound::Above => Bound::Below,
        Bound::AtLeast => Bound::AtMost,
    }
}

fn plus(left: Quantity, right: Quantity) -> Option<Quantity> {
    let bound = match (left.bound, right.bound) {
        (bound, Bound::Exactly) | (Bound::Exactly, bound) => bound,
        (Bound::AtMost, Bound::AtMost) => Bound::AtMost,
        (Bound::AtLeast, Bound::AtLeast) => Bound::AtLeast,
        (Bound::Below | Bound::AtMost, Bound::Below | Bound::AtMost) => Bound::Below,
        (Bound::Above | Bound::AtLeast, Bound::Above | Bound::AtLeast) => Bound::Above,
        (Bound::Below | Bound::AtMost, Bound::Above | Bound::AtLeast)
        | (Bound::Above | Bound::AtLeast, Bound::Below | Bound::AtMost) => return None,
    };
    Some(Quantity { value: Value(left.value.0.checked_add(right.value.0)?), bound })
}

/// A bound times or over a known number keeps its direction, or turns round below zero.
fn scaled(bound: Bound, by: Value) -> Bound {
    if by.0 < 0 { flipped(bound) } else { bound }
}

fn times(left: Quantity, right: Quantity) -> Option<Quantity> {
    let value = rounded(i128::from(left.value.0) * i128::from(right.value.0), 1000)?;
    let bound = match (left.bound, right.bound) {
        (Bound::Exactly, Bound::Exactly) => Bound::Exactly,
        (Bound::Exactly, bound) if left.value != Value::ZERO => scaled(bound, left.value),
        (bound, Bound::Exactly) if right.value != Value::ZERO => scaled(bound, right.value),
        (Bound::Exactly, _) | (_, Bound::Exactly) => Bound::Exactly,
        _ => return None,
    };
    Some(Quantity { value, bound })
}

fn over(left: Quantity, right: Quantity) -> Option<Quantity> {
    if right.bound != Bound::Exactly || right.value == Value::ZERO {
        return None;
    }
    let value = rounded(i128::from(left.value.0) * 1000, i128::from(right.value.0))?;
    Some(Quantity { value, bound: scaled(left.bound, right.value) })
}

fn rounded(numerator: i128, denominator: i128) -> Option<Value> {
    let negative = (numerator < 0) != (denominator < 0);
    let (top, bottom) = (numerator.unsigned_abs(), denominator.unsigned_abs());
    let magnitude = i64::try_from((top + bottom / 2) / bottom).ok()?;
    Some(Value(if negative { -magnitude } else { magnitude }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quantity(text: &str) -> Quantity {
        let (bound, rest) = [
            ("<=", Bound::AtMost),
            (">=", Bound::AtLeast),
            ("<", Bound::Below),
            (">", Bound::Above),
            ("", Bound::Exactly),
        ]
        .into_iter()
        .find_map(|(sign, bound)| text.strip_prefix(sign).map(|rest| (bound, rest)))
        .expect("a bound");
        Quantity { value: Value::parse(rest).expect("a number"), bound }
    }

    #[track_caller]
    fn check(left: &str, sign: &str, right: &str, answer: Option<bool>) {
        let comparison = Comparison::parse(sign).expect("a sign");
        assert_eq!(compare(quantity(left), comparison, quantity(right)), answer, "{left} {sign} {right}");
    }

    #[test]
    fn a_bound_decides_only_what_it_says() {
        check("<0.5", "<", "0.5", Some(true));
        check("<0.5", "<=", "0.4", None);
        check("<0.5", ">=", "0.5", Some(false));
        check("<0.5", ">", "2", Some(false));
        check("<=0.5", "<", "0.5", None);
        check("<=0.5", "<=", "0.5", Some(true));
        check(">1000", ">", "1000", Some(true));
        check(">1000", ">", "2000", None);
        check(">=2", "<", "2", Some(false));
        check("<0.5", "==", "0.5", Some(false));
        check("<0.5", "==", "0.4", None);
        check("<0.5", "!=", "0.5", Some(true));
        check("<1", "<", ">2", Some(true));
    }

    #[test]
    fn arithmetic_carries_bounds() {
        let answer = |a: &str, operation, b: &str| arithmetic(quantity(a), operation, quantity(b));
        assert_eq!(answer("<0.5", Arithmetic::Plus, "1"), Some(quantity("<1.5")));
        assert_eq!(answer("2", Arithmetic::Minus, "<0.5"), Some(quantity(">1.5")));
        assert_eq!(answer("<0.5", Arithmetic::Times, "-2"), Some(quantity(">-1")));
        assert_eq!(answer("<6", Arithmetic::Over, "2"), Some(quantity("<3")));
        assert_eq!(answer("6", Arithmetic::Over, "<2"), None);
        assert_eq!(answer("1", Arithmetic::Over, "0"), None);
        assert_eq!(answer("<1", Arithmetic::Plus, ">1"), None);
        assert_eq!(answer("41", Arithmetic::Over, "22.5"), Some(quantity("1.822")));
        assert_eq!(answer("8000000000000", Arithmetic::Times, "8000000000000"), None);
    }

    fn any_quantity() -> impl Strategy<Value = Quantity> {
        let bound = prop::sample::select(vec![
            Bound::Exactly,
            Bound::Below,
            Bound::AtMost,
            Bound::Above,
            Bound::AtLeast,
        ]);
        (-4i64..5, bound).prop_map(|(n, bound)| Quantity { value: Value(n), bound })
    }
    /// Numbers a quantity allows, on a grid fine enough to see every border.
    fn allowed(quantity: Quantity) -> Vec<i64> {
        let (low, high) = ends(Quantity { value: Value(quantity.value.0 * 4), bound: quantity.bound });
        (-60i64..61)
            .filter(|n| low.is_none_or(|(Value(v), inside)| *n > v || (inside && *n == v)))
            .filter(|n| high.is_none_or(|(Value(v), inside)| *n < v || (inside && *n == v)))
            .collect()
    }

    proptest! {
        #[test]
        fn a_comparison_is_decided_exactly_when_every_allowed_number_agrees(
            left in any_quantity(), right in any_quantity(), sign in prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]),
        ) {
            let comparison = Comparison::parse(sign).expect("a sign");
            let answers: Vec<bool> = allowed(left).iter()
                .flat_map(|a| allowed(right).into_iter().map(move |b| comparison.holds(a, &b)))
                .collect();
            let agreed = answers.iter().all(|answer| *answer == answers[0]).then(|| answers[0]);
            prop_assert_eq!(compare(left, comparison, right), agreed);
        }
    }
}
