//! A row of a published points table: where each number of points begins.

use super::card::Row;
use super::reach::Reach;

/// From this value on (thousandths, inclusive) so many whole points.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub from: i64,
    pub points: i64,
    /// The condition as the paper prints it.
    pub text: &'static str,
}

/// `from` in thousandths.
pub(super) const fn step(from: i64, points: i64, text: &'static str) -> Step {
    Step { from, points, text }
}

/// The lowest step of every scale begins here.
pub(super) const LOWEST: i64 = i64::MIN;

/// Steps in ascending order; the first begins at [`LOWEST`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub item: &'static str,
    pub steps: &'static [Step],
}

impl Scale {
    /// The points a value within `reach` can have, in thousandths of a point.
    pub fn points(&self, reach: Reach) -> Reach {
        let mut found: Option<Reach> = None;
        for (i, step) in self.steps.iter().enumerate() {
            let next = self.steps.get(i + 1).map_or(i64::MAX, |next| next.from.saturating_sub(1));
            if reach.high >= step.from && reach.low <= next {
                let here = Reach::points(step.points, step.points);
                found = Some(found.map_or(here, |found| found.hull(here)));
            }
        }
        found.expect("steps begin at the lowest value and leave no gap")
    }

    pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        self.steps.iter().map(|step| Row::new(self.item, step.text, step.points))
    }
}
