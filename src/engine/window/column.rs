//! Samples in their order: the newest open, all before them sealed in blocks.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::block::Block;
use super::sum::{Sum, Tree};
use super::{Key, Sample};
use crate::model::Time;

/// Samples of one block; one that grows to twice as many is halved.
const BLOCK: usize = 64;
/// Newest samples that stay open when those before them are sealed, so that what comes a little late is cheap.
const OPEN: usize = 32;

#[derive(Clone, Debug, Default)]
pub(super) struct Column {
    sealed: Vec<Block>,
    /// One leaf for each sealed block.
    tree: Tree,
    open: Vec<Sample>,
}

impl Serialize for Column {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (&self.sealed, &self.open).serialize(to)
    }
}

/// The sums are worked out again.
impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Column, D::Error> {
        let (sealed, open) = <(Vec<Block>, Vec<Sample>)>::deserialize(from)?;
        let mut tree = Tree::default();
        tree.splice(0..0, sealed.iter().map(|block| Sum::over(&block.samples().collect::<Vec<_>>())));
        Ok(Column { sealed, tree, open })
    }
}

impl Column {
    pub fn len(&self) -> usize {
        let mut sealed = 0;
        self.tree.walk(0..self.sealed.len(), |sum| sealed += sum.count as usize);
        sealed + self.open.len()
    }

    pub fn insert(&mut self, sample: Sample) {
        let key = sample.key();
        if let Some(place) = self.block_of(key) {
            let mut samples: Vec<Sample> = self.sealed[place].samples().collect();
            let within = samples.partition_point(|known| known.key() <= key);
            samples.insert(within, sample);
            self.put(place, &samples);
            return;
        }
        let place = self.open.partition_point(|known| known.key() <= key);
        if self.open.len() == self.open.capacity() {
            // Doubling up to the size at which it is sealed, and never beyond: there are very many of these.
            let room = (self.open.len() * 2).clamp(4, BLOCK + OPEN);
            self.open.reserve_exact(room - self.open.len());
        }
        self.open.insert(place, sample);
        if self.open.len() == BLOCK + OPEN {
            let block: Vec<Sample> = self.open.drain(..BLOCK).collect();
            self.tree.splice(self.sealed.len()..self.sealed.len(), [Sum::over(&block)]);
            self.sealed.push(Block::seal(&block));
        }
    }

    pub fn remove(&mut self, sample: &Sample) -> bool {
        let first = self.sealed.partition_point(|block| block.last < sample.key());
        for place in first..self.sealed.len() {
            if self.sealed[place].first > sample.key() {
                break;
            }
            let mut samples: Vec<Sample> = self.sealed[place].samples().collect();
            if let Some(within) = samples.iter().rposition(|known| known == sample) {
                samples.remove(within);
                self.put(place, &samples);
                return true;
            }
        }
        let place = self.open.iter().rposition(|known| known == sample);
        place.map(|place| self.open.remove(place)).is_some()
    }

    /// The sealed block among whose samples this key belongs; `None` where that is among the open ones.
    fn block_of(&self, key: Key) -> Option<usize> {
        let place = self.sealed.partition_point(|block| block.last <= key);
        (place < self.sealed.len()).then_some(place)
    }

    /// Seals what a block has become: nothing, one block or two.
    fn put(&mut self, place: usize, samples: &[Sample]) {
        let parts = || samples.chunks(if samples.len() >= 2 * BLOCK { BLOCK } else { 2 * BLOCK });
        self.tree.splice(place..place + 1, parts().map(Sum::over));
        self.sealed.splice(place..place + 1, parts().map(Block::seal));
    }

    /// Forgets the oldest blocks: those that end before `oldest`, and as many as are over `most` samples. Only where that
    /// is an eighth of them, so that it costs little. Says whether it did.
    pub fn trim(&mut self, oldest: Time, most: usize) -> bool {
        let mut gone = self.sealed.partition_point(|block| block.last.0 < oldest);
        let count = |leaf: &Sum| leaf.count as usize;
        let mut left = self.len() - self.tree.leaves()[..gone].iter().map(count).sum::<usize>();
        while left > most && gone < self.sealed.len() {
            left -= count(&self.tree.leaves()[gone]);
            gone += 1;
        }
        if gone * 8 <= self.sealed.len() {
            return false;
        }
        self.sealed.drain(..gone);
        self.tree.splice(0..gone, []);
        true
    }

    pub fn first(&self) -> Option<Sample> {
        self.between(Time(i64::MIN), Time(i64::MAX)).next()
    }

    pub fn last(&self) -> Option<Sample> {
        self.last_until(Time(i64::MAX))
    }

    pub fn last_until(&self, at: Time) -> Option<Sample> {
        let open = &self.open[..self.open.partition_point(|s| s.at <= at)];
        let sealed = || {
            let block = self.sealed[..self.sealed.partition_point(|block| block.first.0 <= at)].last();
            block?.samples().take_while(|s| s.at <= at).last()
        };
        open.last().copied().or_else(sealed)
    }

    /// Samples with `from <= at <= to`, from either end.
    pub fn between(&self, from: Time, to: Time) -> Samples<'_> {
        Samples {
            from,
            to,
            sealed: self.sealed[self.overlapping(from, to)].iter(),
            front: Vec::new().into_iter(),
            back: Vec::new().into_iter(),
            open: self.open_between(from, to).iter(),
        }
    }

    /// Blocks that hold samples of a span, perhaps among others.
    fn overlapping(&self, from: Time, to: Time) -> std::ops::Range<usize> {
        let first = self.sealed.partition_point(|block| block.last.0 < from);
        let end = self.sealed.partition_point(|block| block.first.0 <= to);
        first..end.max(first)
    }

    fn open_between(&self, from: Time, to: Time) -> &[Sample] {
        let first = self.open.partition_point(|s| s.at < from);
        let end = self.open.partition_point(|s| s.at <= to);
        &self.open[first..end.max(first)]
    }

    /// The samples of a span as few parts: first the sums of blocks that lie in it whole, then single samples. A block
    /// at an end of the span is opened unless its sum says that `idle` holds for all of it.
    pub fn walk(
        &self,
        from: Time,
        to: Time,
        mut sample: impl FnMut(&Sample),
        sum: impl FnMut(&Sum),
        idle: impl Fn(&Sum) -> bool,
    ) {
        let touched = self.overlapping(from, to);
        let is_ragged = |place: &usize| {
            let block = &self.sealed[*place];
            block.first.0 < from || block.last.0 > to
        };
        let (first, last) = (touched.start, touched.end.saturating_sub(1));
        let ragged = [Some(first), Some(last).filter(|last| *last != first)];
        let ragged = ragged.map(|end| end.filter(|place| touched.contains(place) && is_ragged(place)));
        let start = first + usize::from(ragged[0].is_some());
        let end = touched.end - usize::from(ragged[1].is_some());
        self.tree.walk(start..end.max(start), sum);
        self.open_between(from, to).iter().for_each(&mut sample);
        for place in ragged.into_iter().flatten().filter(|place| !idle(&self.tree.leaves()[*place])) {
            let within = self.sealed[place].samples().skip_while(|s| s.at < from).take_while(|s| s.at <= to);
            within.for_each(|s| sample(&s));
        }
    }

    /// Whether a sum over part of a span has what is sought: `true` also where it lies just outside.
    pub fn may_hold(&self, from: Time, to: Time, seeks: impl Fn(&Sum) -> bool) -> bool {
        self.tree.leaves()[self.overlapping(from, to)].iter().any(&seeks)
            || self.open_between(from, to).iter().any(|s| seeks(&Sum::of(s)))
    }

    /// The first sample of a span that `is` what is sought, leaving out blocks whose sums say that none `may` be.
    pub fn first_where(
        &self,
        (from, to): (Time, Time),
        may: impl Fn(&Sum) -> bool,
        is: impl Fn(&Sample) -> bool,
    ) -> Option<Sample> {
        let is = |s: &Sample| s.at >= from && s.at <= to && is(s);
        let mut likely = self.overlapping(from, to).filter(|place| may(&self.tree.leaves()[*place]));
        likely
            .find_map(|place| self.sealed[place].samples().find(&is))
            .or_else(|| self.open_between(from, to).iter().copied().find(&is))
    }

    /// The last such sample.
    pub fn last_where(
        &self,
        (from, to): (Time, Time),
        may: impl Fn(&Sum) -> bool,
        is: impl Fn(&Sample) -> bool,
    ) -> Option<Sample> {
        let is = |s: &Sample| s.at >= from && s.at <= to && is(s);
        let open = self.open_between(from, to).iter().copied().rfind(&is);
        open.or_else(|| {
            let likely = self.overlapping(from, to).rev().filter(|place| may(&self.tree.leaves()[*place]));
            likely.into_iter().find_map(|place| self.sealed[place].samples().filter(&is).last())
        })
    }

    /// Bytes held beside the column itself.
    pub fn bytes(&self) -> usize {
        self.open.capacity() * size_of::<Sample>()
            + self.sealed.capacity() * size_of::<Block>()
            + self.sealed.iter().map(Block::bytes).sum::<usize>()
            + self.tree.bytes()
    }
}

/// Samples of a span in their order; blocks are opened one at a time, from whichever end is asked.
#[derive(Clone, Debug)]
pub struct Samples<'a> {
    from: Time,
    to: Time,
    sealed: std::slice::Iter<'a, Block>,
    /// What is left of the blocks opened from the front and from the back.
    front: std::vec::IntoIter<Sample>,
    back: std::vec::IntoIter<Sample>,
    open: std::slice::Iter<'a, Sample>,
}

impl Samples<'_> {
    /// No samples at all.
    pub fn none() -> Samples<'static> {
        Samples {
            from: Time(0),
            to: Time(0),
            sealed: [].iter(),
            front: Vec::new().into_iter(),
            back: Vec::new().into_iter(),
            open: [].iter(),
        }
    }

    /// The sample that [`Iterator::next`] would give.
    pub fn peek(&mut self) -> Option<Sample> {
        while self.front.as_slice().is_empty()
            && let Some(block) = self.sealed.next()
        {
            self.front = self.within(block);
        }
        let rest = [self.front.as_slice(), self.back.as_slice(), self.open.as_slice()];
        rest.into_iter().find_map(|samples| samples.first().copied())
    }

    /// The sample that [`DoubleEndedIterator::next_back`] would give.
    pub fn peek_back(&mut self) -> Option<Sample> {
        if let Some(sample) = self.open.as_slice().last() {
            return Some(*sample);
        }
        while self.back.as_slice().is_empty()
            && let Some(block) = self.sealed.next_back()
        {
            self.back = self.within(block);
        }
        let rest = [self.back.as_slice(), self.front.as_slice()];
        rest.into_iter().find_map(|samples| samples.last().copied())
    }

    fn within(&self, block: &Block) -> std::vec::IntoIter<Sample> {
        let within = block.samples().skip_while(|s| s.at < self.from).take_while(|s| s.at <= self.to);
        within.collect::<Vec<_>>().into_iter()
    }
}

impl Iterator for Samples<'_> {
    type Item = Sample;

    fn next(&mut self) -> Option<Sample> {
        self.peek()?;
        self.front.next().or_else(|| self.back.next()).or_else(|| self.open.next().copied())
    }
}

impl DoubleEndedIterator for Samples<'_> {
    fn next_back(&mut self) -> Option<Sample> {
        self.peek_back()?;
        let open = self.open.next_back().copied();
        open.or_else(|| self.back.next_back()).or_else(|| self.front.next_back())
    }
}
