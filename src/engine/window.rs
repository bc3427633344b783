//! The observations of one analyte of one patient, by event time.
//!
//! Samples lie in order of `measured_at`, whatever order they came in; a tree of exact integer sums above
//! them answers minimum, maximum, mean and slope of any span in time that grows with the logarithm of the
//! number of samples, not with the span. All but the newest samples are packed: a vital sign a minute takes
//! four bytes a sample with its part of the tree, and 14 days of it 80 KB.

mod block;
mod column;
mod derived;
mod doubt;
mod kept;
mod sum;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::limits::{WINDOW_SAMPLES, WINDOW_SPAN};
use crate::model::{Bound, Observation, Quality, Quantity, Span, Status, Time, Value};
use column::Column;
pub use column::Samples;
use sum::Sum;

/// The order of samples: by instant, and at one instant by content, never by arrival, so that the same set of results
/// gives the same window in whatever order it came.
type Key = (Time, Value, u16, u16);

/// One value as the window keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    pub at: Time,
    pub value: Value,
    pub bound: Bound,
    pub status: Status,
    pub quality: Quality,
    /// Index into the patient's list of source names.
    pub source: u16,
    /// Index into the patient's list of codes; equal codes are the same assay.
    pub code: u16,
    /// The window's number for its order; 0 where none was sent.
    pub(super) order: u32,
}

impl Sample {
    pub fn quantity(&self) -> Quantity {
        Quantity { value: self.value, bound: self.bound }
    }

    fn key(&self) -> Key {
        (self.at, self.value, self.code, self.source)
    }
}

/// What became of an observation offered to a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// A new value.
    New,
    /// Already there, or superseded by a correction that came first.
    Unchanged,
    /// It was withdrawn before it came, or before it came again; not used.
    Withdrawn,
    /// Earlier values were replaced or withdrawn; here they are.
    Superseded(Vec<Sample>),
}

/// A result that was corrected or withdrawn: earlier or equal claims for its key no longer count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct ResultKey {
    at: Time,
    code: u16,
    order: Option<String>,
}

/// All samples of one analyte.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Window {
    column: Column,
    /// Keys settled by a correction or a withdrawal.
    settled: BTreeSet<ResultKey>,
    /// The order numbers that samples carry, from 1, for finding what a correction replaces.
    orders: BTreeMap<String, u32>,
    /// The newest of those numbers.
    ordered: u32,
    /// The laboratory said that a newer value cannot be had.
    pub unavailable_at: Option<Time>,
    #[serde(skip)]
    kept: kept::Kept,
}

impl Window {
    /// Takes in one observation. `source` and `code` are the patient's numbers for its names.
    pub fn push(&mut self, seen: &Observation, source: u16, code: u16) -> Pushed {
        let key = ResultKey { at: seen.measured_at, code, order: seen.order.clone() };
        match seen.status {
            Status::Preliminary | Status::Final => {
                let Some(quantity) = seen.quantity else { return Pushed::Unchanged };
                if self.is_settled(&key) {
                    let stands = !self.matching(&key).is_empty();
                    return if stands { Pushed::Unchanged } else { Pushed::Withdrawn };
                }
                self.push_value(seen, quantity, key, source)
            }
            Status::Corrected => {
                let Some(quantity) = seen.quantity else { return self.withdraw(key) };
                let replaced = self.take(&key);
                let order = self.order_number(&key);
                self.settled.insert(key);
                self.insert(sample(seen, quantity, source, code, order));
                self.trim();
                if replaced.len() == 1 && replaced[0].value == quantity.value {
                    return Pushed::Unchanged;
                }
                if replaced.is_empty() { Pushed::New } else { Pushed::Superseded(replaced) }
            }
            Status::Deleted | Status::Wrong => self.withdraw(key),
            Status::Unavailable => {
                self.unavailable_at = self.unavailable_at.max(Some(seen.measured_at));
                Pushed::New
            }
            Status::Pending => Pushed::Unchanged,
        }
    }

    fn push_value(&mut self, seen: &Observation, quantity: Quantity, key: ResultKey, source: u16) -> Pushed {
        let (mut finals, mut preliminary) = (Vec::new(), Vec::new());
        for known in self.matching(&key) {
            if known.status == Status::Preliminary { preliminary.push(known) } else { finals.push(known) }
        }
        let is_there = |known: &[Sample]| known.iter().any(|s| s.quantity() == quantity);
        if seen.status == Status::Preliminary {
            if !finals.is_empty() || is_there(&preliminary) {
                return Pushed::Unchanged;
            }
        } else {
            preliminary.iter().for_each(|old| self.remove(old));
        }
        if is_there(&finals) {
            return if preliminary.is_empty() { Pushed::Unchanged } else { Pushed::Superseded(preliminary) };
        }
        let order = self.order_number(&key);
        self.insert(sample(seen, quantity, source, key.code, order));
        self.trim();
        // A final result that says what its preliminary said supersedes nothing that anybody saw.
        preliminary.retain(|old| seen.status != Status::Preliminary && old.quantity() != quantity);
        if preliminary.is_empty() { Pushed::New } else { Pushed::Superseded(preliminary) }
    }

    fn withdraw(&mut self, key: ResultKey) -> Pushed {
        let replaced = self.take(&key);
        self.settled.insert(key);
        if replaced.is_empty() { Pushed::Unchanged } else { Pushed::Superseded(replaced) }
    }

    fn is_settled(&self, key: &ResultKey) -> bool {
        let unnamed = ResultKey { order: None, ..key.clone() };
        // `None` sorts before every order number, so the keys of one instant and code follow this one.
        let mut same = self.settled.range(&unnamed..).take_while(|s| s.at == key.at && s.code == key.code);
        same.any(|settled| key.order.is_none() || settled.order.is_none() || settled.order == key.order)
    }

    /// Whether a correction or a withdrawal has settled what was measured with this code at this instant.
    pub fn has_settled(&self, at: Time, code: u16) -> bool {
        self.is_settled(&ResultKey { at, code, order: None })
    }

    /// Samples the key speaks of: same instant and code, and the same order number where both have one.
    fn matching(&self, key: &ResultKey) -> Vec<Sample> {
        let here = self.column.between(key.at, key.at).filter(|s| s.code == key.code);
        match &key.order {
            None => here.collect(),
            Some(order) => {
                let number = self.orders.get(order).copied();
                here.filter(|s| s.order == 0 || Some(s.order) == number).collect()
            }
        }
    }

    /// The number under which samples carry this order.
    fn order_number(&mut self, key: &ResultKey) -> u32 {
        let Some(order) = &key.order else { return 0 };
        if let Some(number) = self.orders.get(order) {
            return *number;
        }
        self.ordered += 1;
        self.orders.insert(order.clone(), self.ordered);
        self.ordered
    }

    fn take(&mut self, key: &ResultKey) -> Vec<Sample> {
        let replaced = self.matching(key);
        for old in &replaced {
            self.remove(old);
        }
        replaced
    }

    fn insert(&mut self, sample: Sample) {
        self.kept.forget(sample.at);
        self.column.insert(sample);
    }

    fn remove(&mut self, sample: &Sample) {
        if self.column.remove(sample) {
            self.kept.forget(sample.at);
        }
    }

    /// Forgets what is older than the window keeps, in large steps so that it costs little.
    fn trim(&mut self) {
        let Some(newest) = self.column.last() else { return };
        let oldest = newest.at - WINDOW_SPAN;
        if self.column.trim(oldest, WINDOW_SAMPLES) {
            self.kept = kept::Kept::default();
            let from = self.column.first().map_or(oldest, |s| s.at);
            let used: BTreeSet<u32> = self.samples().map(|s| s.order).collect();
            self.orders.retain(|_, number| used.contains(number));
            self.settled.retain(|key| key.at >= from);
        }
    }

    /// The baseline of an infusion, worked out once from samples up to it.
    pub fn baseline(
        &self,
        infused: Time,
        code: Option<u16>,
        work_out: impl FnOnce() -> Option<Value>,
    ) -> Option<Value> {
        self.kept.or_work_out(infused, code, work_out)
    }

    /// All samples in their order.
    pub fn samples(&self) -> Samples<'_> {
        self.column.between(Time(i64::MIN), Time(i64::MAX))
    }

    pub fn is_empty(&self) -> bool {
        self.column.last().is_none()
    }

    pub fn last(&self) -> Option<Sample> {
        self.column.last()
    }

    /// The newest sample at or before `at`.
    pub fn last_until(&self, at: Time) -> Option<Sample> {
        self.column.last_until(at)
    }

    /// Samples with `from <= at <= to`, from either end.
    pub fn between(&self, from: Time, to: Time) -> Samples<'_> {
        self.column.between(from, to)
    }

    /// The first value of a span at or above a limit.
    pub fn first_at_or_above(&self, limit: Value, from: Time, to: Time) -> Option<Sample> {
        self.column.first_where((from, to), |sum| sum.max >= limit.0, |s| s.value >= limit)
    }

    /// The newest sample of a span with exactly this value.
    pub fn last_of_value(&self, value: Value, from: Time, to: Time) -> Option<Sample> {
        let may = |sum: &Sum| (sum.min..=sum.max).contains(&value.0);
        self.column.last_where((from, to), may, |s| s.value == value)
    }

    /// Whether a value of the span, or of one little longer, is at or below the limit; much cheaper than the minimum.
    pub fn may_fall_to(&self, limit: Value, from: Time, to: Time) -> bool {
        self.column.may_hold(from, to, |sum| sum.min <= limit.0)
    }

    fn sum(&self, from: Time, to: Time) -> Sum {
        let total = std::cell::RefCell::new(Sum::default());
        self.column.walk(
            from,
            to,
            |s| total.borrow_mut().add(&Sum::of(s)),
            |sum| total.borrow_mut().add(sum),
            |_| false,
        );
        total.into_inner()
    }

    /// The smallest value, and whether any that was looked at is censored; cheaper than all sums. `of` gives it of a
    /// smallest and a largest one.
    fn extreme(&self, from: Time, to: Time, of: impl Fn(i64, i64) -> i64) -> Option<(i64, bool)> {
        let found = std::cell::Cell::new((i64::MAX, false));
        let widen = |value: i64, is_censored: bool| {
            let (lowest, any) = found.get();
            found.set((lowest.min(value), any || is_censored));
        };
        self.column.walk(
            from,
            to,
            |s| widen(of(s.value.0, s.value.0), s.bound != Bound::Exactly),
            |sum| widen(of(sum.min, sum.max), sum.censored > 0),
            |sum| sum.censored == 0 && of(sum.min, sum.max) >= found.get().0,
        );
        Some(found.get()).filter(|(lowest, _)| *lowest < i64::MAX)
    }

    pub fn count(&self, from: Time, to: Time) -> usize {
        let count = std::cell::Cell::new(0);
        let add = |more: usize| count.set(count.get() + more);
        self.column.walk(from, to, |_| add(1), |sum| add(sum.count as usize), |_| false);
        count.get()
    }

    /// The smallest value; a censored one (`<0.5`) keeps its bound.
    pub fn min(&self, from: Time, to: Time) -> Option<Quantity> {
        let (min, censored) = self.extreme(from, to, |min, _| min)?;
        if !censored {
            return Some(Quantity::exactly(Value(min)));
        }
        let lowest = |s: &Sample| (s.value, u8::from(!matches!(s.bound, Bound::Below | Bound::AtMost)));
        self.between(from, to).min_by_key(lowest).map(|s| s.quantity())
    }

    /// The largest value; a censored one (`>300`) keeps its bound.
    pub fn max(&self, from: Time, to: Time) -> Option<Quantity> {
        let (max, censored) = self.extreme(from, to, |_, max| -max)?;
        if !censored {
            return Some(Quantity::exactly(Value(-max)));
        }
        let highest = |s: &Sample| (s.value, u8::from(matches!(s.bound, Bound::Above | Bound::AtLeast)));
        self.between(from, to).max_by_key(highest).map(|s| s.quantity())
    }

    /// The mean, rounded half away from zero to a thousandth; unknown where a value is censored.
    pub fn mean(&self, from: Time, to: Time) -> Option<Value> {
        let sum = self.sum(from, to);
        (sum.count > 0 && sum.censored == 0).then(|| Value(divide(sum.value, i128::from(sum.count))))
    }

    /// The median; of an even number, the mean of the middle two. Unknown where a value is censored.
    pub fn median(&self, from: Time, to: Time) -> Option<Value> {
        let exact = |s: Sample| (s.bound == Bound::Exactly).then_some(s.value);
        median(self.between(from, to).map(exact).collect::<Option<_>>()?)
    }

    /// Least-squares slope in units an hour; needs two instants. Unknown where a value is censored.
    pub fn slope_per_hour(&self, from: Time, to: Time) -> Option<Value> {
        let sum = self.sum(from, to);
        let n = i128::from(sum.count);
        let spread = n * sum.time_time - sum.time * sum.time;
        if sum.count < 2 || sum.censored > 0 || spread == 0 {
            return None;
        }
        Some(Value(divide((n * sum.time_value - sum.time * sum.value) * 3600, spread)))
    }

    /// Bytes this window holds, for the memory figure.
    pub fn bytes(&self) -> usize {
        self.column.bytes() + self.orders.len() * 64 + self.settled.len() * 64
    }

    /// Takes over another window's samples, corrections and withdrawals (two identifiers turned out to be one
    /// patient). `renumber` gives this patient's number for the other's name.
    pub fn absorb(&mut self, other: &Window, renumber: impl Fn(u16) -> u16) {
        let names: BTreeMap<u32, &String> =
            other.orders.iter().map(|(name, number)| (*number, name)).collect();
        for settled in &other.settled {
            let key = ResultKey { code: renumber(settled.code), ..settled.clone() };
            // What the other corrected or withdrew is wrong here too; its corrected value follows below.
            if !self.is_settled(&key) {
                self.take(&key);
            }
            self.settled.insert(key);
        }
        for old in other.samples() {
            let code = renumber(old.code);
            let key =
                ResultKey { at: old.at, code, order: names.get(&old.order).map(|name| (*name).clone()) };
            let found = Sample { source: renumber(old.source), code, order: self.order_number(&key), ..old };
            let is_there = self.between(found.at, found.at).any(|s| s.key() == found.key());
            let is_outdated = found.status != Status::Corrected && self.is_settled(&key);
            if !is_there && !is_outdated {
                self.insert(found);
            }
        }
        self.unavailable_at = self.unavailable_at.max(other.unavailable_at);
        self.trim();
    }

    /// How long ago the newest value was measured.
    pub fn age(&self, now: Time) -> Option<Span> {
        self.last().map(|s| now - s.at)
    }
}

fn sample(seen: &Observation, quantity: Quantity, source: u16, code: u16, order: u32) -> Sample {
    Sample {
        at: seen.measured_at,
        value: quantity.value,
        bound: quantity.bound,
        status: seen.status,
        quality: seen.quality,
        source,
        code,
        order,
    }
}

/// The median of some values, rounded half away from zero; `None` for none.
pub fn median(mut values: Vec<Value>) -> Option<Value> {
    values.sort_unstable();
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some(Value(divide(i128::from(values[middle - 1].0) + i128::from(values[middle].0), 2))),
    }
}

/// Whole division, rounded half away from zero.
pub fn divide(numerator: i128, denominator: i128) -> i64 {
    let (n, d) = if denominator < 0 { (-numerator, -denominator) } else { (numerator, denominator) };
    let half = if n < 0 { -d / 2 } else { d / 2 };
    i64::try_from((n + half) / d).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
