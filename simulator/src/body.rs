//! The vital signs of one patient at any hour, without and with the noise of measuring them.
//!
//! Peaks and nadirs are drawn around the clinical parameter table of the simulator (engineering, calibrated
//! to the published anchors it names); the way between them is drawn by knots.

use crate::chance::Chance;
use crate::course::{Course, Grade};
use crate::curve::Curve;
use crate::moment;
use crate::therapy::{Device, Therapy, Treatment, first_tocilizumab};

/// One set of vital signs. Temperature in °C, rates per minute, pressures in mmHg, SpO2 in %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vitals {
    pub temperature: f64,
    pub heart_rate: f64,
    pub systolic: f64,
    pub diastolic: f64,
    pub map: f64,
    pub spo2: f64,
    pub respiratory_rate: f64,
}

pub struct Body {
    /// Seconds since 1970 of hour 0: body temperature follows the time of day.
    infusion: i64,
    temperature_rest: f64,
    temperature_peak: f64,
    /// 0 at rest, 1 at the height of the fever.
    fever: Curve,
    spike_from: f64,
    spike_every: f64,
    spike_depth: f64,
    antipyretics: Vec<f64>,
    heart_rest: f64,
    heart_strain: f64,
    systolic: Curve,
    map_share: f64,
    spo2: Curve,
    breath_rest: f64,
    breath_peak: f64,
    /// 0 at rest, 1 when shock or hypoxia is at its worst.
    strain: Curve,
    course_severe: bool,
}

impl Body {
    pub fn draw(course: &Course, given: &[Therapy], infusion: i64, chance: &mut Chance) -> Self {
        let grade = course.crs.number();
        let temperature_rest = chance.normal_within(36.6, 0.25, 36.0, 37.0);
        let temperature_peak = match course.crs {
            Grade::None => chance.normal_within(37.3, 0.25, 36.9, 37.7),
            Grade::One | Grade::Two | Grade::Three | Grade::Four => {
                let (mean, deviation) =
                    [(0.0, 0.0), (38.8, 0.4), (39.2, 0.5), (39.6, 0.5), (40.0, 0.6)][grade];
                chance.normal_within(mean, deviation, 38.25, 41.5)
            }
        };
        let heart_rest = chance.normal_within(82.0, 9.0, 58.0, 104.0);
        let (heart_peak, heart_spread) =
            [(90.0, 6.0), (105.0, 10.0), (118.0, 12.0), (132.0, 12.0), (145.0, 15.0)][grade];
        let heart_peak = chance.normal_within(heart_peak, heart_spread, heart_rest + 4.0, 185.0);
        let breath_rest = chance.normal_within(16.0, 1.5, 12.0, 20.0);
        let breath_peak = [(17.0, 1.0), (20.0, 2.0), (24.0, 3.0), (29.0, 4.0), (35.0, 5.0)][grade];
        let mut body = Self {
            infusion,
            temperature_rest,
            temperature_peak,
            fever: Curve::level(0.0),
            spike_from: f64::INFINITY,
            spike_every: chance.between(6.0, 12.0),
            spike_depth: chance.between(0.2, 0.5),
            antipyretics: given
                .iter()
                .filter(|t| matches!(t.treatment, Treatment::Antipyretic(_)))
                .map(|t| t.start)
                .collect(),
            heart_rest,
            heart_strain: 0.0,
            systolic: Curve::level(0.0),
            map_share: chance.normal_within(0.72, 0.015, 0.69, 0.75),
            spo2: Curve::level(0.0),
            breath_rest,
            breath_peak: chance.normal_within(breath_peak.0, breath_peak.1, breath_rest + 0.5, 48.0),
            strain: strain(course),
            course_severe: course.crs >= Grade::Two,
        };
        body.set_fever(course, given, chance);
        body.set_heart_strain(course, heart_peak);
        body.systolic = systolic(course, chance);
        body.spo2 = spo2(course, given, chance);
        body
    }

    /// The rise takes 4 to 8 h and crosses 38.0 °C exactly at onset; fever ends 6 to 24 h after tocilizumab,
    /// else with the course.
    fn set_fever(&mut self, course: &Course, given: &[Therapy], chance: &mut Chance) {
        let onset = course.onset();
        let rise = chance.between(4.0, 8.0);
        if course.crs == Grade::None {
            let knots = vec![(onset - 12.0, 0.0), (onset, 1.0), (onset + 12.0, 0.9), (onset + 48.0, 0.0)];
            self.fever = Curve::straight(knots);
            return;
        }
        let rest = self.rest_at(onset);
        let crossing = (38.0 - rest) / (self.temperature_peak - rest);
        let peak_at = onset + (1.0 - crossing) * rise;
        let end = match first_tocilizumab(given) {
            Some(dose) => (dose + chance.between(6.0, 24.0)).max(peak_at + 8.0).min(course.crs_end),
            None => course.crs_end,
        };
        self.spike_from = peak_at;
        self.fever = Curve::straight(vec![
            (onset - crossing * rise, 0.0),
            (peak_at, 1.0),
            (peak_at + 12.0, 1.0),
            (end - 6.0, 0.95_f64.min(crossing + 0.1)),
            (end, crossing * 0.95),
            (end + 10.0, 0.15),
            (end + 30.0, 0.0),
        ]);
    }

    /// The heart beats 9 faster for each °C; what is missing to the peak of the table comes with shock or
    /// hypoxia, or in milder courses with the fever itself.
    fn set_heart_strain(&mut self, course: &Course, peak: f64) {
        let worst = course.crs_reached.last().copied().unwrap_or(course.onset());
        let missing = |hour: f64| {
            let share = if self.course_severe { self.strain.at(hour) } else { self.fever.at(hour) };
            (peak - self.heart_rest - 9.0 * self.heat(hour)) / share.max(0.05)
        };
        self.heart_strain = (-8..=40)
            .map(|quarter| missing(worst + f64::from(quarter) / 4.0))
            .fold(f64::MAX, f64::min)
            .max(0.0);
    }

    fn rest_at(&self, hour: f64) -> f64 {
        let clock = moment::hour_of_day(self.infusion + (hour * 3600.0) as i64);
        // Warmest in the late afternoon, by 0.15 °C: engineering.
        self.temperature_rest + 0.15 * libm::cos((clock - 17.0) / 24.0 * std::f64::consts::TAU)
    }

    /// Acetaminophen takes 0.7 °C off after two hours and wears off by the fifth: engineering.
    fn cooled(&self, hour: f64) -> f64 {
        let effect = |since: f64| match since {
            s if s <= 0.0 || s >= 5.0 => 0.0,
            s if s < 2.0 => s / 2.0,
            s => (5.0 - s) / 3.0,
        };
        0.7 * self.antipyretics.iter().map(|dose| effect(hour - dose)).fold(0.0, f64::max)
    }

    /// Degrees above rest, spikes and antipyretics included.
    fn heat(&self, hour: f64) -> f64 {
        let turn = (hour - self.spike_from) / self.spike_every * std::f64::consts::TAU;
        let spike = if hour <= self.spike_from {
            1.0
        } else {
            1.0 - self.spike_depth * (0.5 - 0.5 * libm::cos(turn))
        };
        let heat = (self.temperature_peak - self.rest_at(hour)) * self.fever.at(hour) * spike;
        heat - self.cooled(hour).min(heat * 0.5)
    }

    /// What a perfect instrument would show.
    pub fn true_vitals(&self, hour: f64) -> Vitals {
        let (heat, fever, strain) = (self.heat(hour), self.fever.at(hour), self.strain.at(hour));
        let systolic = self.systolic.at(hour);
        let map = systolic * self.map_share;
        let (strained, short_of_breath) =
            if self.course_severe { (strain, strain.max(0.45 * fever)) } else { (fever, fever) };
        Vitals {
            temperature: self.rest_at(hour) + heat,
            heart_rate: self.heart_rest + 9.0 * heat + self.heart_strain * strained,
            systolic,
            diastolic: (3.0 * map - systolic) / 2.0,
            map,
            spo2: self.spo2.at(hour).min(100.0),
            respiratory_rate: self.breath_rest + (self.breath_peak - self.breath_rest) * short_of_breath,
        }
    }

    /// What the monitor shows: rounded, with the noise of measuring (engineering).
    pub fn measured(&self, hour: f64, chance: &mut Chance) -> Vitals {
        let v = self.true_vitals(hour);
        let systolic = (v.systolic + chance.normal(0.0, 2.0)).round();
        let diastolic = (v.diastolic + chance.normal(0.0, 1.5)).round().min(systolic - 12.0);
        Vitals {
            temperature: tenths(v.temperature + chance.normal(0.0, 0.05)),
            heart_rate: (v.heart_rate + chance.normal(0.0, 2.0)).round(),
            systolic,
            diastolic,
            // The mean the cuff computes, so that it always lies between the two.
            map: ((systolic + 2.0 * diastolic) / 3.0).round(),
            spo2: (v.spo2 + chance.normal(0.0, 0.5)).round().clamp(50.0, 100.0),
            respiratory_rate: (v.respiratory_rate + chance.normal(0.0, 0.8)).round().max(6.0),
        }
    }
}

pub fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn strain(course: &Course) -> Curve {
    let (Some(second), Some(last)) = (course.reached(Grade::Two), course.crs_reached.last().copied()) else {
        return Curve::level(0.0);
    };
    Curve::straight(vec![
        (second - 6.0, 0.0),
        (second, if last > second { 0.45 } else { 0.8 }),
        (last + 1.0, 1.0),
        (last + 10.0, 0.8),
        (course.crs_end - 6.0, 0.2),
        (course.crs_end + 12.0, 0.0),
    ])
}

/// Systolic pressure. In grade 2 it recovers with fluid within 1 to 3 h; in grades 3 and 4 pressors hold the
/// mean at 65 to 70.
fn systolic(course: &Course, chance: &mut Chance) -> Curve {
    let rest = chance.normal_within(122.0, 11.0, 100.0, 150.0);
    let onset = course.onset();
    let held = chance.between(93.0, 97.0);
    let end = course.crs_end;
    let mut knots = vec![(onset - 3.0, rest)];
    match course.shock() {
        None => {
            let (mean, spread) = if course.crs == Grade::None { (112.0, 6.0) } else { (106.0, 7.0) };
            let lowest = chance.normal_within(mean, spread, 95.0, rest.min(128.0));
            knots.extend([
                (onset + 20.0, lowest),
                (onset + 40.0, lowest + 3.0),
                (end.max(onset + 48.0), rest),
            ]);
        }
        Some(shock) => {
            let (mean, spread) =
                [(0.0, 0.0), (0.0, 0.0), (86.0, 4.0), (78.0, 6.0), (68.0, 8.0)][course.crs.number()];
            let lowest = chance.normal_within(mean, spread, 48.0, 89.0);
            knots.extend([(onset + 6.0, (rest - 8.0).max(104.0)), (shock - 1.2, 102.0), (shock, 90.0)]);
            match (course.reached(Grade::Three), course.reached(Grade::Four)) {
                (Some(third), Some(fourth)) => knots.extend([
                    (third, lowest.max(80.0)),
                    (third + 0.8, held),
                    (fourth - 3.0, held - 3.0),
                    (fourth, lowest),
                    (fourth + 0.8, held),
                ]),
                (Some(third), None) => knots.extend([(third, lowest), (third + 0.8, held)]),
                (None, _) => {
                    let better = shock + 1.2 + chance.between(1.0, 3.0);
                    knots.extend([(shock + 1.2, lowest), (better, 104.0), (better + 20.0, 106.0)]);
                }
            }
            if course.crs >= Grade::Three {
                knots.extend([(course.pressor_end, held + 3.0), (course.pressor_end + 6.0, 106.0)]);
            }
            knots.push((end + 24.0, rest));
        }
    }
    Curve::straight(knots)
}

/// SpO2 as measured, with the oxygen that is given. The nadir of the parameter table is reached on air or on
/// the device that no longer suffices; each new device brings it back to 94 to 96 %.
fn spo2(course: &Course, given: &[Therapy], chance: &mut Chance) -> Curve {
    let rest = chance.normal_within(97.5, 0.8, 96.0, 99.0);
    let (mean, spread) =
        [(96.0, 0.5), (96.0, 0.8), (90.5, 1.2), (87.0, 2.5), (82.0, 4.0)][course.crs.number()];
    let Some(start) = course.hypoxia() else {
        let lowest = rest - chance.between(0.5, 1.5);
        let onset = course.onset();
        return Curve::straight(vec![
            (onset, rest),
            (onset + 30.0, lowest),
            (course.crs_end.max(onset + 60.0), rest),
        ]);
    };
    let lowest = chance.normal_within(mean, spread, 68.0, 91.4);
    let mut knots = vec![(start - 12.0, rest), (start - 0.6, 91.4)];
    let steps: Vec<(f64, Device)> = given
        .iter()
        .filter_map(|t| {
            if let Treatment::Oxygen(device, _) = t.treatment { Some((t.start, device)) } else { None }
        })
        .collect();
    let mut strongest = None;
    for (at, device) in &steps {
        let escalated = strongest.is_none_or(|before| rank(*device) > rank(before));
        if escalated {
            // Going from one device to a stronger one happens because the first no longer suffices.
            if strongest.is_some() {
                knots.push((at - 3.0, 94.0));
            }
            let is_worst = !steps.iter().any(|(later, next)| later > at && rank(*next) > rank(*device));
            knots.push((*at, if is_worst { lowest } else { lowest.max(90.0) }));
            knots.push((at + 0.5, chance.between(94.0, 96.0)));
            strongest = Some(*device);
        }
    }
    knots.extend([(course.oxygen_end, 95.5), (course.oxygen_end + 12.0, rest)]);
    Curve::straight(knots)
}

fn rank(device: Device) -> u8 {
    match device {
        Device::NasalCannula => 0,
        Device::SimpleMask | Device::NonRebreather | Device::HighFlow => 1,
        Device::Bipap | Device::Ventilator => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::Product;
    use crate::therapy;

    fn patient(crs: Grade, stream: u64) -> (Course, Body, Chance) {
        let mut chance = Chance::new(21, stream);
        let course = Course::draw(Product::TisaCel, crs, Grade::None, &mut chance);
        let given = therapy::plan(&course, 60.0, None, &mut chance);
        let body = Body::draw(&course, &given, 1_790_000_000, &mut chance);
        (course, body, chance)
    }

    #[test]
    fn temperature_crosses_38_exactly_at_onset() {
        for stream in 0..300 {
            let (course, body, _) = patient(Grade::One, stream);
            let at = |h| body.true_vitals(course.onset() + h).temperature;
            assert!((at(0.0) - 38.0).abs() < 0.02, "{}", at(0.0));
            assert!(at(-1.0) < 38.0 && at(0.5) > 38.0);
        }
    }

    #[test]
    fn a_patient_without_crs_never_has_a_fever() {
        for stream in 0..300 {
            let (_, body, mut chance) = patient(Grade::None, stream);
            let highest =
                (-48..500).map(|h| body.measured(f64::from(h), &mut chance).temperature).fold(0.0, f64::max);
            assert!(highest < 38.0, "{highest}");
        }
    }

    #[test]
    fn the_mean_always_lies_between_diastolic_and_systolic() {
        for stream in 0..100 {
            let (_, body, mut chance) = patient(Grade::Four, stream);
            for hour in -48..500 {
                let v = body.measured(f64::from(hour), &mut chance);
                assert!(v.diastolic < v.map && v.map < v.systolic, "{v:?}");
                assert!(v.diastolic >= 10.0 && v.temperature < 42.0, "{v:?}");
            }
        }
    }

    #[test]
    fn hypotension_begins_when_the_course_says_so() {
        for stream in 0..200 {
            let (course, body, _) = patient(Grade::Three, stream);
            let Some(shock) = course.shock() else { continue };
            assert!((body.true_vitals(shock).systolic - 90.0).abs() < 0.5);
            assert!(body.true_vitals(shock - 2.0).systolic > 90.0);
            assert!(body.true_vitals(shock + 1.0).systolic < 90.0);
        }
    }
}
