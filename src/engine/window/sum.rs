//! Exact sums over consecutive samples, and a tree of them: a question about any span costs what the logarithm of the
//! window's length costs, not the length of the span.

use super::Sample;
use crate::model::Bound;

/// Sums under one larger sum.
const FAN: usize = 16;

/// 2020-01-01: keeps the products of the slope small.
const EPOCH: i64 = 1_577_836_800;

/// Exact sums over some consecutive samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sum {
    pub count: u32,
    pub censored: u32,
    pub min: i64,
    pub max: i64,
    pub value: i128,
    /// Seconds since [`EPOCH`], and their products with the values, for the slope.
    pub time: i128,
    pub time_time: i128,
    pub time_value: i128,
}

impl Sum {
    pub fn of(sample: &Sample) -> Sum {
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

    pub fn over(samples: &[Sample]) -> Sum {
        let mut sum = Sum::default();
        samples.iter().for_each(|sample| sum.add(&Sum::of(sample)));
        sum
    }

    pub fn add(&mut self, other: &Sum) {
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

/// Sums of leaves, and above each level the sums of [`FAN`] of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    levels: Vec<Vec<Sum>>,
}

impl Tree {
    pub fn leaves(&self) -> &[Sum] {
        self.levels.first().map_or(&[], Vec::as_slice)
    }

    /// Puts these leaves in the place of `replaced`.
    pub fn splice(&mut self, replaced: std::ops::Range<usize>, leaves: impl IntoIterator<Item = Sum>) {
        if self.levels.is_empty() {
            self.levels.push(Vec::new());
        }
        let from = replaced.start;
        self.levels[0].splice(replaced, leaves);
        self.mend(from);
    }

    /// Brings the levels above in line with the leaves from one on.
    fn mend(&mut self, mut from: usize) {
        let mut level = 0;
        while self.levels[level].len() > FAN {
            from /= FAN;
            if self.levels.len() == level + 1 {
                self.levels.push(Vec::new());
                from = 0;
            }
            let (under, over) = self.levels.split_at_mut(level + 1);
            over[0].truncate(from);
            for children in under[level].chunks(FAN).skip(from) {
                let mut sum = Sum::default();
                children.iter().for_each(|child| sum.add(child));
                over[0].push(sum);
            }
            level += 1;
        }
        self.levels.truncate(level + 1);
    }

    /// As few sums as together cover a range of leaves; each level gives its ragged ends and the one above the rest.
    pub fn walk(&self, leaves: std::ops::Range<usize>, mut take: impl FnMut(&Sum)) {
        let (mut from, mut to) = (leaves.start, leaves.end);
        for (level, sums) in self.levels.iter().enumerate() {
            if to.saturating_sub(from) <= 2 * FAN || level + 1 == self.levels.len() {
                sums[from..to.max(from)].iter().for_each(take);
                return;
            }
            let (first, last) = (from.next_multiple_of(FAN), to - to % FAN);
            sums[from..first].iter().for_each(&mut take);
            sums[last..to].iter().for_each(&mut take);
            (from, to) = (first / FAN, last / FAN);
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.levels.iter().map(|row| row.capacity() * size_of::<Sum>()).sum()
    }
}
