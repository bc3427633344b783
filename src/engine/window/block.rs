//! Some consecutive samples in few bytes: of a vital sign a minute, two bytes a sample.
//!
//! Each sample is written as what differs from what its forerunners lead to expect: its instant as the change of the
//! step in time, its value as the step from the one before, both in the largest unit that loses nothing, and the rest
//! only where it changes. The method is Gorilla's (Pelkonen 2015) with whole numbers in place of floats.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::{ByteBuf, Bytes};

use super::{Key, Sample};
use crate::model::{Bound, Quality, Status, Time, Value};

/// What of a sample hardly ever changes from one to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    bound: Bound,
    status: Status,
    quality: Quality,
    source: u16,
    code: u16,
    order: u32,
}

/// Samples in their order, sealed.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub first: Key,
    pub last: Key,
    /// Milliseconds, and thousandths, of which every step in this block is a multiple.
    time_unit: i64,
    value_unit: i64,
    steps: Box<[u8]>,
    /// The first sample's mark, and those after it in the order in which they change.
    mark: Mark,
    marks: Box<[Mark]>,
}

/// By place and without names: there are very many of them.
impl Serialize for Block {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Block { first, last, time_unit, value_unit, steps, mark, marks } = self;
        (first, last, time_unit, value_unit, Bytes::new(steps), mark, marks).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Block {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Block, D::Error> {
        let (first, last, time_unit, value_unit, steps, mark, marks) =
            <(Key, Key, i64, i64, ByteBuf, Mark, Box<[Mark]>)>::deserialize(from)?;
        let steps = steps.into_vec().into();
        Ok(Block { first, last, time_unit, value_unit, steps, mark, marks })
    }
}

impl Block {
    /// Seals samples that are in order; there is at least one.
    pub fn seal(samples: &[Sample]) -> Block {
        let (first, last) = (samples[0], samples[samples.len() - 1]);
        let steps =
            || samples.windows(2).map(|two| (two[1].at.0 - two[0].at.0, two[1].value.0 - two[0].value.0));
        let unit = |units: [i64; 4], step: &dyn Fn((i64, i64)) -> i64| {
            let fits = |unit: &i64| steps().all(|both| step(both) % unit == 0);
            units.into_iter().find(fits).unwrap_or(1)
        };
        let time_unit = unit([60_000, 1000, 100, 1], &|(time, _)| time);
        let value_unit = unit([1000, 100, 10, 1], &|(_, value)| value);
        let (mut bytes, mut marks) = (Vec::with_capacity(samples.len() * 3), Vec::new());
        let mut step_before = 0;
        for two in samples.windows(2) {
            let step = (two[1].at.0 - two[0].at.0) / time_unit;
            let is_marked = two[1].mark() != two[0].mark();
            if is_marked {
                marks.push(two[1].mark());
            }
            // The lowest bit says whether the next mark begins here.
            write(&mut bytes, zigzag(step - step_before) << 1 | u64::from(is_marked));
            write(&mut bytes, zigzag((two[1].value.0 - two[0].value.0) / value_unit));
            step_before = step;
        }
        Block {
            first: first.key(),
            last: last.key(),
            time_unit,
            value_unit,
            steps: bytes.into(),
            mark: first.mark(),
            marks: marks.into(),
        }
    }

    /// The samples in their order, each worked out when it is asked for.
    pub fn samples(&self) -> impl Iterator<Item = Sample> + '_ {
        let (mut at, mut value, mut step) = (self.first.0.0, self.first.1.0, 0);
        let (mut mark, mut marks) = (self.mark, self.marks.iter());
        let mut rest = &self.steps[..];
        let first = std::iter::once(mark.sample(at, value));
        first.chain(std::iter::from_fn(move || {
            let written = read(&mut rest)?;
            if written & 1 == 1 {
                mark = *marks.next()?;
            }
            step += unzigzag(written >> 1);
            at += step * self.time_unit;
            value += unzigzag(read(&mut rest)?) * self.value_unit;
            Some(mark.sample(at, value))
        }))
    }

    /// Bytes held beside the block itself.
    pub fn bytes(&self) -> usize {
        self.steps.len() + self.marks.len() * size_of::<Mark>()
    }
}

impl Sample {
    fn mark(&self) -> Mark {
        let Sample { at: _, value: _, bound, status, quality, source, code, order } = *self;
        Mark { bound, status, quality, source, code, order }
    }
}

impl Mark {
    fn sample(&self, at: i64, value: i64) -> Sample {
        let Mark { bound, status, quality, source, code, order } = *self;
        Sample { at: Time(at), value: Value(value), bound, status, quality, source, code, order }
    }
}

/// Small numbers of either sign as small numbers. Instants and values stay far under 62 bits, so one is left.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(written: u64) -> i64 {
    (written >> 1).cast_signed() ^ -(written & 1).cast_signed()
}

/// Seven bits a byte, the lowest first; the high bit says that more follow.
fn write(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// `None` at the end.
#[inline]
fn read(bytes: &mut &[u8]) -> Option<u64> {
    let (byte, rest) = bytes.split_first()?;
    *bytes = rest;
    let mut number = u64::from(byte & 0x7f);
    let (mut byte, mut shift) = (*byte, 0);
    while byte & 0x80 != 0 {
        let (next, rest) = bytes.split_first()?;
        *bytes = rest;
        shift += 7;
        number |= u64::from(next & 0x7f) << shift;
        byte = *next;
    }
    Some(number)
}
