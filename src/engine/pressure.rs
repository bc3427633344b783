//! Blood pressure as it is read at the bedside: what of it was measured at one instant, and readings in their order.

use super::patient::Patient;
use super::score::shock_index::mean_arterial;
use super::window::{Sample, Samples};
use crate::model::{Analyte, Bound, Quality, Time, Value};

/// Source and code of a mean that was worked out and not measured.
const DERIVED: &str = "systolic and diastolic";

/// One reading: what of it was measured at one instant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pressure {
    pub at: Time,
    systolic: Option<Value>,
    diastolic: Option<Value>,
    map: Option<Value>,
}

impl Pressure {
    fn is_artefact(&self) -> bool {
        matches!((self.systolic, self.diastolic), (Some(s), Some(d)) if is_flush(s, d))
    }

    /// Systolic 90 or less, mean under 65, or systolic 40 under the patient's own baseline (SBP < 90 is the
    /// usual operational form of a consensus that gives no number; the rest engineering).
    pub fn is_low(&self, baseline: Option<Value>) -> bool {
        self.systolic.is_some_and(|s| s <= Value::whole(90))
            || self.map.is_some_and(|m| m < Value::whole(65))
            || matches!((self.systolic, baseline), (Some(s), Some(b)) if b.0 - s.0 >= 40_000)
    }
}

/// A pulse pressure under 10 mmHg is a flushed or damped line, not a patient; engineering.
fn is_flush(systolic: Value, diastolic: Value) -> bool {
    systolic.0 - diastolic.0 < 10_000
}

impl Patient {
    /// Keeps a mean pressure, (SBP + 2 DBP) / 3, for an instant at which both were measured and no mean was. It stands
    /// in the window of the mean like a measured one, says where it comes from, and follows what becomes of the two.
    /// Gives back an earlier one that no longer holds.
    pub(super) fn derive_mean(&mut self, at: Time) -> Vec<Sample> {
        let code = self.number_of(DERIVED);
        let derived = self.mean_of(at, code);
        match self.windows.get_mut(&Analyte::MAP) {
            Some(window) => window.derive(at, code, derived),
            None if derived.is_some() => {
                self.windows.entry(Analyte::MAP).or_default().derive(at, code, derived)
            }
            None => Vec::new(),
        }
    }

    /// The same for every instant, where two patients turn out to be one.
    pub(super) fn derive_means(&mut self) {
        let systolic = self.window(Analyte::SYSTOLIC).map_or(Samples::none(), |window| window.samples());
        let mut instants: Vec<Time> = systolic.map(|s| s.at).collect();
        instants.dedup();
        for at in instants {
            self.derive_mean(at);
        }
    }

    fn mean_of(&self, at: Time, code: u16) -> Option<Sample> {
        let measured = |s: &Sample| s.code != code;
        if self.window(Analyte::MAP).is_some_and(|window| window.between(at, at).any(|s| measured(&s))) {
            return None;
        }
        // A bound of one of them would be none of the mean.
        let one = |analyte| self.window(analyte)?.between(at, at).rfind(|s| s.bound == Bound::Exactly);
        let (systolic, diastolic): (Sample, Sample) = (one(Analyte::SYSTOLIC)?, one(Analyte::DIASTOLIC)?);
        if is_flush(systolic.value, diastolic.value) {
            return None;
        }
        let value = mean_arterial(systolic.value, diastolic.value);
        let quality = worse(systolic.quality, diastolic.quality);
        Some(Sample { value, quality, source: code, code, order: 0, ..systolic })
    }
}

/// Whatever is known against one of the two.
fn worse(one: Quality, other: Quality) -> Quality {
    Quality {
        implausible: one.implausible || other.implausible,
        specimen: one.specimen || other.specimen,
        signal: one.signal || other.signal,
        retained: one.retained || other.retained,
        time: one.time || other.time,
    }
}

/// Readings of a span, artefacts left out, from either end; each is put together only when it is asked for.
pub(super) struct Readings<'a> {
    systolic: Samples<'a>,
    diastolic: Samples<'a>,
    map: Samples<'a>,
}

impl<'a> Readings<'a> {
    /// What was measured with `from <= at <= to`; a diastolic pressure alone makes no reading.
    pub fn between(patient: &'a Patient, from: Time, to: Time) -> Readings<'a> {
        let row = |analyte| patient.window(analyte).map_or(Samples::none(), |w| w.between(from, to));
        Readings {
            systolic: row(Analyte::SYSTOLIC),
            diastolic: row(Analyte::DIASTOLIC),
            map: row(Analyte::MAP),
        }
    }
}

impl Iterator for Readings<'_> {
    type Item = Pressure;

    fn next(&mut self) -> Option<Pressure> {
        loop {
            let firsts = [self.systolic.peek(), self.map.peek()];
            let at = firsts.into_iter().flatten().map(|sample| sample.at).min()?;
            let reading = Pressure {
                at,
                systolic: taken_first(&mut self.systolic, at),
                diastolic: taken_first(&mut self.diastolic, at),
                map: taken_first(&mut self.map, at),
            };
            if !reading.is_artefact() {
                return Some(reading);
            }
        }
    }
}

impl DoubleEndedIterator for Readings<'_> {
    fn next_back(&mut self) -> Option<Pressure> {
        loop {
            let lasts = [self.systolic.peek_back(), self.map.peek_back()];
            let at = lasts.into_iter().flatten().map(|sample| sample.at).max()?;
            let reading = Pressure {
                at,
                systolic: taken_last(&mut self.systolic, at),
                diastolic: taken_last(&mut self.diastolic, at),
                map: taken_last(&mut self.map, at),
            };
            if !reading.is_artefact() {
                return Some(reading);
            }
        }
    }
}

/// Drops everything up to an instant; of several values of that instant the last in the window's order counts.
fn taken_first(row: &mut Samples<'_>, at: Time) -> Option<Value> {
    let mut value = None;
    while row.peek().is_some_and(|first| first.at <= at) {
        value = row.next().filter(|first| first.at == at).map(|first| first.value);
    }
    value
}

/// Drops everything from an instant on; of several values of that instant the last in the window's order counts.
fn taken_last(row: &mut Samples<'_>, at: Time) -> Option<Value> {
    let mut value = None;
    while row.peek_back().is_some_and(|last| last.at >= at) {
        let last = row.next_back().filter(|last| last.at == at);
        value = value.or(last.map(|last| last.value));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::window::Window;
    use crate::model::{Observation, PatientId, Quality, Quantity, Status};

    fn row(samples: &[(i64, i64)]) -> Window {
        let mut window = Window::default();
        for (at, value) in samples {
            let seen = Observation {
                patient: PatientId::parse("P1").expect("an id"),
                analyte: Analyte::SYSTOLIC,
                quantity: Some(Quantity::exactly(Value::whole(*value))),
                measured_at: Time(*at),
                source: String::new(),
                code: String::new(),
                status: Status::Final,
                quality: Quality::default(),
                order: None,
                device: None,
                original: String::new(),
            };
            window.push(&seen, 0, 0);
        }
        window
    }

    #[test]
    fn readings_are_the_same_from_either_end_and_artefacts_are_left_out() {
        let systolic = row(&[(1, 120), (3, 80), (3, 100), (5, 70), (9, 110)]);
        let diastolic = row(&[(0, 50), (1, 60), (2, 61), (3, 50), (5, 65), (10, 40)]);
        let map = row(&[(4, 60), (5, 66), (9, 77)]);
        let readings =
            || Readings { systolic: systolic.samples(), diastolic: diastolic.samples(), map: map.samples() };
        let shown = |p: Pressure| (p.at.0, p.systolic.map(|v| v.0 / 1000), p.diastolic.map(|v| v.0 / 1000));
        let forwards: Vec<_> = readings().map(shown).collect();
        let mut backwards: Vec<_> = readings().rev().map(shown).collect();
        backwards.reverse();
        let expected =
            [(1, Some(120), Some(60)), (3, Some(100), Some(50)), (4, None, None), (9, Some(110), None)];
        assert_eq!(forwards, expected);
        assert_eq!(backwards, expected);
    }
}
