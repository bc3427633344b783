//! How long a band must hold before it counts: up slowly unless something hard says so, down very slowly.

use serde::{Deserialize, Serialize};

use super::answer::Band;
use crate::model::{Span, Time};

/// Up after two evaluations in a row at least this far apart (engineering).
const UP: Span = Span::minutes(10);
/// Down after this long below (engineering).
const DOWN: Span = Span::hours(4);

/// The band shown for one patient and one score. A fold over its steps: the same steps give the same band.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BandHold {
    yellow: Level,
    amber: Level,
    red: Level,
}

/// One band's threshold: shown or not, and since when evaluations speak for or against it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Level {
    shown: bool,
    reached_since: Option<Time>,
    below_since: Option<Time>,
}

impl BandHold {
    /// Takes in one evaluation and gives the band to show.
    ///
    /// `least` is the band by what is known, `most` with what has vanished as it was when last known: a band rises by
    /// the one and falls by the other, so that missing data never lower it. `None` is unknown and moves nothing.
    /// `hard` (a hard rule, or a new laboratory result) lets the band rise at once. `now` must not go back.
    pub fn step(&mut self, least: Option<Band>, most: Option<Band>, now: Time, hard: bool) -> Band {
        let levels =
            [(Band::Yellow, &mut self.yellow), (Band::Amber, &mut self.amber), (Band::Red, &mut self.red)];
        for (band, level) in levels {
            let reached = least.is_some_and(|least| least >= band);
            let below = most.is_some_and(|most| most < band);
            level.step(reached, below, now, hard);
        }
        self.band()
    }

    pub fn band(&self) -> Band {
        if self.red.shown {
            Band::Red
        } else if self.amber.shown {
            Band::Amber
        } else if self.yellow.shown {
            Band::Yellow
        } else {
            Band::Green
        }
    }
}

impl Level {
    fn step(&mut self, reached: bool, below: bool, now: Time, hard: bool) {
        self.reached_since = reached.then(|| self.reached_since.unwrap_or(now));
        self.below_since = below.then(|| self.below_since.unwrap_or(now));
        if self.reached_since.is_some_and(|since| hard || now - since >= UP) {
            self.shown = true;
        }
        if self.below_since.is_some_and(|since| now - since >= DOWN) {
            self.shown = false;
        }
    }
}
