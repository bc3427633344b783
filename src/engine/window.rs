//! The observations of one analyte of one patient, by event time.
//!
//! Samples lie in order of `measured_at`, whatever order they came in; a tree of exact integer sums above
//! them answers minimum, maximum, mean and slope of any span in time that grows with the logarithm of the
//! number of samples, not with the span. Memory: 32 bytes a sample and 7 for the tree; 14 days of one vital
//! sign a minute are 0.8 MB.

mod doubt;
mod kept;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::limits::{WINDOW_SAMPLES, WINDOW_SPAN};
use crate::model::{Bound, Observation, Quality, Quantity, Span, Status, Time, Value};

/// Samples under one sum, and sums under one larger sum.
const FAN: usize = 16;

/// One value as the window keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    /// The order of samples: by instant, and at one instant by content, never by arrival, so that the same set of
    /// results gives the same window in whatever order it came.
    fn key(&self) -> (Time, Value, u16, u16) {
        (self.at, self.value, self.code, self.source)
    }
}

/// Exact sums over some consecutive samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sum {
    count: u32,
    censored: u32,
    min: i64,
    max: i64,
    value: i128,
    /// Seconds since [`EPOCH`], and their products with the values, for the slope.
    time: i128,
    time_time: i128,
    time_value: i128,
}

/// 2020-01-01: keeps the products of the slope small.
const EPOCH: i64 = 1_577_836_800;

impl Sum {
    fn of(sample: &Sample) -> Sum {
        let seconds = i128::from(sample.at.0.div_euclid(1000) - EPOCH);
        let value = i128::from(sample.value.0);
        Sum {
            count: 1,
            censored: u32::from(sample.bound != Bound::Exactly),
            min: sample.value.0,
            max: sample.value.0,
            value,
            time: seconds,
            time_time: seconds * seconds,
            time_value: seconds * value,
        }
    }

    fn add(&mut self, other: &Sum) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        self.count += other.count;
        self.censored += other.censored;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.value += other.value;
        self.time += other.time;
        self.time_time += other.time_time;
        self.time_value += other.time_value;
    }
}

/// What became of an observation offered to a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// A new value.
    New,
    /// Already there, or superseded by a correction that came first.
    Unchanged,
    /// Earlier values were replaced or withdrawn; here they are.
    Superseded(Vec<Sample>),
}

/// A result that was corrected or withdrawn: earlier or equal claims for its key no longer count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ResultKey {
    at: Time,
    code: u16,
    order: Option<String>,
}

/// All samples of one analyte.
#[derive(Clone, Debug, Default)]
pub struct Window {
    samples: Vec<Sample>,
    levels: Vec<Vec<Sum>>,
    /// Keys settled by a correction or a withdrawal.
    settled: BTreeSet<ResultKey>,
    /// The order numbers that samples carry, from 1, for finding what a correction replaces.
    orders: BTreeMap<String, u32>,
    /// The newest of those numbers.
    ordered: u32,
    /// The laboratory said that a newer value cannot be had.
    pub unavailable_at: Option<Time>,
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
                    return Pushed::Unchanged;
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

    /// Samples the key speaks of: same instant and code, and the same order number where both have one.
    fn matching(&self, key: &ResultKey) -> Vec<Sample> {
        let from = self.samples.partition_point(|s| s.at < key.at);
        let here = self.samples[from..].iter().take_while(|s| s.at == key.at).filter(|s| s.code == key.code);
        match &key.order {
            None => here.copied().collect(),
            Some(order) => {
                let number = self.orders.get(order).copied();
                here.filter(|s| s.order == 0 || Some(s.order) == number).copied().collect()
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
        let place = self.samples.partition_point(|s| s.key() <= sample.key());
        self.samples.insert(place, sample);
        if place + 1 == self.samples.len() {
            self.append_sum(&Sum::of(&sample))
        } else {
            self.rebuild_from(place)
        }
    }

    fn remove(&mut self, sample: &Sample) {
        if let Some(place) = self.samples.iter().rposition(|s| s == sample) {
            self.samples.remove(place);
            self.kept.forget(sample.at);
            self.rebuild_from(place);
        }
    }

    /// The newest sample came last: one sum on each level grows.
    fn append_sum(&mut self, sum: &Sum) {
        let mut under = self.samples.len();
        let mut level = 0;
        while under > FAN || level == 0 {
            let sums = under.div_ceil(FAN);
            if self.levels.len() == level {
                // A new level starts from what lies below it.
                self.rebuild_from(0);
                return;
            }
            let row = &mut self.levels[level];
            if row.len() < sums {
                row.push(*sum)
            } else {
                row[sums - 1].add(sum)
            }
            under = sums;
            level += 1;
        }
    }

    fn rebuild_from(&mut self, place: usize) {
        let mut level = 0;
        let mut under = self.samples.len();
        let mut first = place / FAN;
        while under > FAN || level == 0 {
            let sums = under.div_ceil(FAN);
            let mut row =
                if level < self.levels.len() { std::mem::take(&mut self.levels[level]) } else { Vec::new() };
            let keep = first.min(row.len()).min(sums);
            row.truncate(keep);
            for block in keep..sums {
                let mut sum = Sum::default();
                let (from, to) = (block * FAN, ((block + 1) * FAN).min(under));
                if level == 0 {
                    self.samples[from..to].iter().for_each(|s| sum.add(&Sum::of(s)));
                } else {
                    self.levels[level - 1][from..to].iter().for_each(|s| sum.add(s));
                }
                row.push(sum);
            }
            if level < self.levels.len() {
                self.levels[level] = row
            } else {
                self.levels.push(row)
            }
            under = sums;
            first /= FAN;
            level += 1;
        }
        self.levels.truncate(level);
    }

    /// Forgets what is older than the window keeps, in large steps so that it costs little.
    fn trim(&mut self) {
        let Some(newest) = self.samples.last() else { return };
        let oldest = newest.at - WINDOW_SPAN;
        let old = self.samples.partition_point(|s| s.at < oldest);
        let surplus = self.samples.len().saturating_sub(WINDOW_SAMPLES).max(old);
        if surplus > self.samples.len() / 8 && surplus > 0 {
            self.samples.drain(..surplus);
            self.kept = kept::Kept::default();
            let from = self.samples.first().map_or(oldest, |s| s.at);
            let used: BTreeSet<u32> = self.samples.iter().map(|s| s.order).collect();
            self.orders.retain(|_, number| used.contains(number));
            self.settled.retain(|key| key.at >= from);
            self.rebuild_from(0);
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

    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    pub fn last(&self) -> Option<&Sample> {
        self.samples.last()
    }

    /// The newest sample at or before `at`.
    pub fn last_until(&self, at: Time) -> Option<&Sample> {
        self.samples[..self.samples.partition_point(|s| s.at <= at)].last()
    }

    /// Samples with `from <= at <= to`.
    pub fn between(&self, from: Time, to: Time) -> &[Sample] {
        let (from, to) = self.places(from, to);
        &self.samples[from..to]
    }

    fn places(&self, from: Time, to: Time) -> (usize, usize) {
        let start = self.samples.partition_point(|s| s.at < from);
        let end = self.samples.partition_point(|s| s.at <= to);
        (start, end.max(start))
    }

    /// Walks the tree over a span: as many parts of it as needed, each a sample or the sum of some.
    fn walk(&self, from: Time, to: Time, mut sample: impl FnMut(&Sample), mut sum: impl FnMut(&Sum)) {
        let (mut from, mut to) = self.places(from, to);
        let mut level = 0;
        let mut take = |level: usize, places: std::ops::Range<usize>| match level {
            // Below level 0 lie the samples.
            0 => self.samples[places].iter().for_each(&mut sample),
            _ => self.levels[level - 1][places].iter().for_each(&mut sum),
        };
        // Each round takes the ragged ends and climbs.
        while to - from > 2 * FAN && level < self.levels.len() {
            let (first, last) = (from.next_multiple_of(FAN), to - to % FAN);
            take(level, from..first);
            take(level, last..to);
            (from, to) = (first / FAN, last / FAN);
            level += 1;
        }
        take(level, from..to);
    }

    fn sum(&self, from: Time, to: Time) -> Sum {
        let total = std::cell::RefCell::new(Sum::default());
        self.walk(from, to, |s| total.borrow_mut().add(&Sum::of(s)), |sum| total.borrow_mut().add(sum));
        total.into_inner()
    }

    /// The smallest and largest value, and whether any is censored; cheaper than all sums.
    fn extremes(&self, from: Time, to: Time) -> Option<(i64, i64, bool)> {
        let found = std::cell::Cell::new((i64::MAX, i64::MIN, false));
        let widen = |min: i64, max: i64, censored: bool| {
            let (lowest, highest, any) = found.get();
            found.set((lowest.min(min), highest.max(max), any || censored));
        };
        self.walk(
            from,
            to,
            |s| widen(s.value.0, s.value.0, s.bound != Bound::Exactly),
            |sum| widen(sum.min, sum.max, sum.censored > 0),
        );
        Some(found.get()).filter(|(min, max, _)| min <= max)
    }

    pub fn count(&self, from: Time, to: Time) -> usize {
        let (from, to) = self.places(from, to);
        to - from
    }

    /// The smallest value; a censored one (`<0.5`) keeps its bound.
    pub fn min(&self, from: Time, to: Time) -> Option<Quantity> {
        let (min, _, censored) = self.extremes(from, to)?;
        if !censored {
            return Some(Quantity::exactly(Value(min)));
        }
        let lowest = |s: &&Sample| (s.value, u8::from(!matches!(s.bound, Bound::Below | Bound::AtMost)));
        self.between(from, to).iter().min_by_key(lowest).map(Sample::quantity)
    }

    /// The largest value; a censored one (`>300`) keeps its bound.
    pub fn max(&self, from: Time, to: Time) -> Option<Quantity> {
        let (_, max, censored) = self.extremes(from, to)?;
        if !censored {
            return Some(Quantity::exactly(Value(max)));
        }
        let highest = |s: &&Sample| (s.value, u8::from(matches!(s.bound, Bound::Above | Bound::AtLeast)));
        self.between(from, to).iter().max_by_key(highest).map(Sample::quantity)
    }

    /// The mean, rounded half away from zero to a thousandth; unknown where a value is censored.
    pub fn mean(&self, from: Time, to: Time) -> Option<Value> {
        let sum = self.sum(from, to);
        (sum.count > 0 && sum.censored == 0).then(|| Value(divide(sum.value, i128::from(sum.count))))
    }

    /// The median; of an even number, the mean of the middle two. Unknown where a value is censored.
    pub fn median(&self, from: Time, to: Time) -> Option<Value> {
        let samples = self.between(from, to);
        if samples.iter().any(|s| s.bound != Bound::Exactly) {
            return None;
        }
        median(samples.iter().map(|s| s.value).collect())
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

    /// The newest instant at or before `until` whose value is at or above `limit`, and after `since`.
    pub fn last_at_or_above(&self, limit: Value, since: Time, until: Time) -> Option<Time> {
        self.between(since, until).iter().rev().find(|s| s.value >= limit).map(|s| s.at)
    }

    /// Bytes this window holds, for the memory figure.
    pub fn bytes(&self) -> usize {
        self.samples.capacity() * size_of::<Sample>()
            + self.levels.iter().map(|row| row.capacity() * size_of::<Sum>()).sum::<usize>()
            + self.orders.len() * 64
            + self.settled.len() * 64
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
        for old in &other.samples {
            let code = renumber(old.code);
            let key =
                ResultKey { at: old.at, code, order: names.get(&old.order).map(|name| (*name).clone()) };
            let found = Sample { source: renumber(old.source), code, order: self.order_number(&key), ..*old };
            let is_there = self.between(found.at, found.at).iter().any(|s| s.key() == found.key());
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
