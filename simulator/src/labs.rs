//! The laboratory values of one patient at any hour, in the units of the laboratory.
//!
//! Levels by grade are those of the clinical parameter table of the simulator (engineering, calibrated to
//! published anchors); IL-6 follows the medians by day from onset of the public data of Lichtenstein 2021
//! (CD22 CAR, 52 patients).

use crate::chance::Chance;
use crate::course::{Course, Grade};
use crate::curve::Curve;
use crate::therapy::{Therapy, Treatment, first_tocilizumab};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lab {
    Phosphate,
    Pai1,
    Crp,
    Ferritin,
    Il6,
    Ldh,
    Creatinine,
    Platelets,
    Fibrinogen,
    DDimer,
    Wbc,
    Hemoglobin,
    Ast,
    Alt,
    Bilirubin,
    Lactate,
    Sodium,
}

impl Lab {
    pub const ALL: [Lab; 17] = [
        Lab::Phosphate,
        Lab::Pai1,
        Lab::Crp,
        Lab::Ferritin,
        Lab::Il6,
        Lab::Ldh,
        Lab::Creatinine,
        Lab::Platelets,
        Lab::Fibrinogen,
        Lab::DDimer,
        Lab::Wbc,
        Lab::Hemoglobin,
        Lab::Ast,
        Lab::Alt,
        Lab::Bilirubin,
        Lab::Lactate,
        Lab::Sodium,
    ];

    /// The spread of repeated measurements, as a share of the value: analytical and biological together.
    /// Engineering.
    fn spread(self) -> f64 {
        match self {
            Lab::Phosphate => 0.02,
            Lab::Sodium => 0.006,
            Lab::Hemoglobin => 0.015,
            Lab::Creatinine | Lab::Bilirubin | Lab::Wbc | Lab::Lactate => 0.04,
            Lab::Crp | Lab::Ldh | Lab::Platelets | Lab::Fibrinogen | Lab::Ast | Lab::Alt => 0.03,
            Lab::Ferritin | Lab::DDimer | Lab::Pai1 => 0.05,
            Lab::Il6 => 0.08,
        }
    }
}

/// The patient's own phosphate, drawn first because replacement depends on it. In mg/dL and hours.
#[derive(Clone, Copy, Debug)]
pub struct Phosphate {
    pub rest: f64,
    pub lowest: f64,
    pub lowest_at: f64,
}

impl Phosphate {
    /// Baseline 3.4 (0.5) mg/dL; nadir by grade 3.2, 2.5, 2.1, 2.0, 1.9 (1.99 with ICANS: Banner, ASCO
    /// e14524), within two days of onset.
    pub fn draw(course: &Course, chance: &mut Chance) -> Self {
        let rest = chance.normal_within(3.4, 0.45, 2.6, 4.5);
        let mut nadir = [3.2, 2.5, 2.1, 2.0, 1.9][course.crs.number()];
        if course.icans > Grade::None && nadir > 1.99 {
            nadir = 1.99;
        }
        let lowest = rest * nadir / 3.4 * chance.normal_within(1.0, 0.06, 0.85, 1.15);
        Self { rest, lowest, lowest_at: course.onset() + chance.between(4.0, 44.0) }
    }

    /// When the laboratory first shows less than 2.0 mg/dL, if it does.
    pub fn low_at(&self) -> Option<f64> {
        (self.lowest < 2.0).then_some(self.lowest_at)
    }

    /// The fall starts 24 h before onset. A quarter of it comes slowly before that (day +1 median 3.0 mg/dL
    /// in the Kyoto series); recovery takes 3 to 5 days, less after replacement.
    fn curve(&self, course: &Course, given: &[Therapy], chance: &mut Chance) -> Curve {
        let depth = self.rest - self.lowest;
        let at = |share: f64| self.rest - depth * share;
        let onset = course.onset();
        let replaced = given.iter().find(|t| matches!(t.treatment, Treatment::Phosphate(_))).map(|t| t.start);
        let (turn, back) = match replaced {
            Some(start) => (start, start + 30.0),
            None => (self.lowest_at + 10.0, self.lowest_at + chance.between(72.0, 120.0)),
        };
        Curve::straight(vec![
            (-12.0, self.rest),
            ((onset - 24.0).clamp(2.0, 24.0), at(0.20)),
            (onset - 24.0, at(0.25)),
            (onset - 13.0, at(0.68)),
            (self.lowest_at, self.lowest),
            (turn, at(0.97)),
            (back, at(0.10)),
            (back + 48.0, self.rest),
        ])
    }
}

pub struct Labs {
    curves: Vec<Curve>,
}

impl Labs {
    pub fn draw(course: &Course, given: &[Therapy], phosphate: &Phosphate, chance: &mut Chance) -> Self {
        let curves = Lab::ALL
            .map(|lab| match lab {
                Lab::Phosphate => phosphate.curve(course, given, chance),
                Lab::Pai1 => pai1(course, chance),
                Lab::Crp => crp(course, given, chance),
                Lab::Ferritin => ferritin(course, chance),
                Lab::Il6 => il6(course, given, chance),
                Lab::Platelets => platelets(course, chance),
                Lab::Fibrinogen => fibrinogen(course, chance),
                Lab::Wbc => white_cells(chance),
                Lab::Hemoglobin => hemoglobin(chance),
                Lab::Ldh => Rise::of(280.0, 0.45, [1.0, 1.1, 1.4, 2.0, 3.0]).curve(course, chance),
                Lab::Creatinine => Rise::of(0.8, 0.2, [1.0, 1.0, 1.1, 1.4, 2.0]).curve(course, chance),
                Lab::DDimer => Rise::d_dimer().curve(course, chance),
                Lab::Ast | Lab::Alt => Rise::liver().curve(course, chance),
                // The factors of bilirubin are engineering.
                Lab::Bilirubin => Rise::of(0.6, 0.3, [1.0, 1.05, 1.2, 1.6, 2.2]).curve(course, chance),
                Lab::Lactate => lactate(course, chance),
                Lab::Sodium => sodium(course, chance),
            })
            .into();
        Self { curves }
    }

    pub fn true_value(&self, lab: Lab, hour: f64) -> f64 {
        self.curves[lab as usize].at(hour)
    }

    pub fn measured(&self, lab: Lab, hour: f64, chance: &mut Chance) -> f64 {
        let factor =
            chance.normal_within(1.0, lab.spread(), 1.0 - 2.5 * lab.spread(), 1.0 + 2.5 * lab.spread());
        self.true_value(lab, hour) * factor
    }
}

/// Total PAI-1 in ng/mL: mean 22.5 before, 41.0 at the onset of mostly mild CRS, 25.1 on day 13
/// (Yamasaki-Morita 2022).
fn pai1(course: &Course, chance: &mut Chance) -> Curve {
    let rest = chance.lognormal_within(21.0, 0.40, 6.0, 48.0);
    let ratio = [24.0, 41.0, 55.0, 90.0, 150.0][course.crs.number()] / 22.5 * chance.lognormal(1.0, 0.15);
    let peak = rest * ratio.max(1.0);
    let onset = course.onset();
    Curve::doubling(vec![
        (onset - 14.0, rest),
        (onset, rest * libm::pow(ratio.max(1.0), 0.7)),
        (onset + 24.0, peak),
        (onset + 60.0, peak),
        ((onset + 130.0).max(312.0), rest * 1.1),
    ])
}

/// CRP in mg/dL: 12 to 24 h behind the fever, doubling about every 12 h, halving every 36 h, every 18 h after
/// tocilizumab.
fn crp(course: &Course, given: &[Therapy], chance: &mut Chance) -> Curve {
    let rest = chance.lognormal_within(1.0, 0.8, 0.05, 8.0);
    let level = [2.0, 6.0, 11.0, 18.0, 25.0][course.crs.number()] * chance.lognormal(1.0, 0.25);
    let peak = level.max(rest * 1.3);
    let start = course.onset() + chance.between(12.0, 20.0);
    let doublings = libm::log2(peak / rest);
    let peak_at = start + (12.0 * doublings).clamp(18.0, 48.0);
    let (fall_at, half) = match first_tocilizumab(given) {
        Some(dose) => (peak_at.max(dose + 18.0), 18.0),
        None => (peak_at + 12.0, 36.0),
    };
    let floor = (rest * 0.5).max(0.05);
    let fall = half * libm::log2(peak / floor);
    Curve::doubling(vec![(start, rest), (peak_at, peak), (fall_at, peak), (fall_at + fall, floor)])
}

/// Ferritin in ng/mL: peak 2 to 4 days after onset; like HLH a median of 92,000 (Lichtenstein 2021).
fn ferritin(course: &Course, chance: &mut Chance) -> Curve {
    let rest = chance.lognormal_within(400.0, 0.8, 40.0, 4_000.0);
    let level = match course.hlh_like {
        true => chance.lognormal(92_000.0, 0.8),
        false => {
            [600.0, 1_500.0, 2_500.0, 5_500.0, 15_000.0][course.crs.number()] * chance.lognormal(1.0, 0.5)
        }
    };
    let peak = level.max(rest * 1.3);
    let onset = course.onset();
    let peak_at =
        onset + if course.hlh_like { chance.between(110.0, 170.0) } else { chance.between(48.0, 96.0) };
    Curve::doubling(vec![
        (onset, rest),
        (peak_at, peak),
        (peak_at + 24.0, peak * 0.9),
        (peak_at + 260.0, rest * 1.2),
    ])
}

/// IL-6 in pg/mL. After tocilizumab it rises three to ten times; in grades 3 and 4 the published medians
/// already contain that.
fn il6(course: &Course, given: &[Therapy], chance: &mut Chance) -> Curve {
    const DAYS: [[f64; 11]; 3] = [
        [6.0, 5.0, 11.0, 19.0, 42.0, 15.0, 24.0, 14.0, 14.0, 6.0, 6.0],
        [3.0, 5.0, 15.0, 16.0, 50.0, 36.0, 25.0, 129.0, 14.0, 11.0, 10.0],
        [4.0, 9.0, 13.0, 28.0, 130.0, 883.0, 1_472.0, 273.0, 119.0, 44.0, 21.0],
    ];
    let own = chance.lognormal_within(1.0, 0.6, 0.2, 6.0);
    let onset = course.onset();
    let row = match course.crs {
        Grade::None => {
            return Curve::doubling(vec![
                (onset - 24.0, 5.0 * own),
                (onset + 24.0, 12.0 * own),
                (onset + 72.0, 5.0 * own),
            ]);
        }
        Grade::One => DAYS[0],
        Grade::Two => DAYS[1],
        Grade::Three | Grade::Four => DAYS[2],
    };
    let spike = chance.between(3.0, 10.0);
    let dose = first_tocilizumab(given).filter(|_| course.crs < Grade::Three);
    let knots = row.iter().enumerate().map(|(index, level)| {
        let at = onset + (index as f64 - 2.0) * 24.0;
        let after = dose.is_some_and(|dose| at > dose && at < dose + 72.0);
        (at, level * own * if after { spike } else { 1.0 })
    });
    Curve::doubling(knots.chain([(onset + 300.0, 5.0 * own)]).collect())
}

/// Platelets in 10^9/L: lymphodepletion takes them down by day 5 to 10, the further the worse the CRS.
fn platelets(course: &Course, chance: &mut Chance) -> Curve {
    let rest = chance.normal_within(130.0, 55.0, 28.0, 300.0);
    let lost = [0.30, 0.35, 0.45, 0.60, 0.75][course.crs.number()];
    let lowest_at = chance.between(120.0, 240.0);
    Curve::straight(vec![(-24.0, rest), (lowest_at, rest * (1.0 - lost)), (lowest_at + 300.0, rest * 0.9)])
}

/// Fibrinogen in mg/dL: rises with the acute phase, then is consumed in severe CRS.
fn fibrinogen(course: &Course, chance: &mut Chance) -> Curve {
    let rest = chance.normal_within(380.0, 70.0, 220.0, 560.0);
    let level = match course.hlh_like {
        true => 120.0,
        false => [400.0, 450.0, 400.0, 280.0, 180.0][course.crs.number()],
    };
    let onset = course.onset();
    Curve::straight(vec![
        (onset, rest),
        (onset + 30.0, rest * 1.15),
        (onset + 110.0, rest * level / 380.0),
        (onset + 150.0, rest * level / 380.0),
        (onset + 260.0, rest),
    ])
}

/// White cells in 10^9/L after lymphodepletion. Engineering.
fn white_cells(chance: &mut Chance) -> Curve {
    let rest = chance.lognormal_within(2.6, 0.35, 0.8, 6.0);
    Curve::doubling(vec![(-72.0, rest), (96.0, rest * 0.18), (170.0, rest * 0.15), (340.0, rest * 0.8)])
}

/// Haemoglobin in g/dL. Engineering.
fn hemoglobin(chance: &mut Chance) -> Curve {
    let rest = chance.normal_within(9.8, 1.2, 7.4, 13.0);
    Curve::straight(vec![(-48.0, rest), (240.0, rest * 0.88), (480.0, rest * 0.95)])
}

/// A laboratory value that rises by a factor of its own baseline and comes back.
struct Rise {
    median: f64,
    log_spread: f64,
    /// By grade of CRS 0 to 4.
    factors: [f64; 5],
    hlh_factor: f64,
    /// What is left of the rise at the end.
    rest_factor: f64,
}

impl Rise {
    fn of(median: f64, log_spread: f64, factors: [f64; 5]) -> Self {
        Self { median, log_spread, factors, hlh_factor: factors[4], rest_factor: 1.0 }
    }

    /// Engineering, also the factors.
    fn liver() -> Self {
        Self { hlh_factor: 9.0, ..Self::of(25.0, 0.35, [1.0, 1.2, 1.6, 2.5, 4.0]) }
    }

    fn d_dimer() -> Self {
        Self { rest_factor: 1.3, ..Self::of(1.0, 0.6, [1.5, 2.5, 5.0, 10.0, 20.0]) }
    }

    fn curve(&self, course: &Course, chance: &mut Chance) -> Curve {
        let rest =
            chance.lognormal_within(self.median, self.log_spread, self.median / 3.0, self.median * 4.0);
        let factor = if course.hlh_like { self.hlh_factor } else { self.factors[course.crs.number()] };
        let peak = rest * (1.0 + (factor - 1.0) * chance.lognormal(1.0, 0.15));
        let onset = course.onset();
        Curve::doubling(vec![
            (onset, rest),
            (onset + 66.0, peak),
            (onset + 100.0, peak),
            (onset + 280.0, rest * self.rest_factor),
        ])
    }
}

/// Lactate in mmol/L: highest when the last grade is reached.
fn lactate(course: &Course, chance: &mut Chance) -> Curve {
    let rest = chance.normal_within(1.1, 0.25, 0.6, 1.8);
    let peak = rest * [1.0, 1.3 / 1.1, 1.8 / 1.1, 3.0 / 1.1, 5.0 / 1.1][course.crs.number()];
    let worst = course.crs_reached.last().copied().unwrap_or(course.onset());
    Curve::straight(vec![
        (worst - 8.0, rest),
        (worst + 1.0, peak),
        (worst + 14.0, peak),
        (worst + 40.0, rest),
    ])
}

/// Sodium in mmol/L. Engineering.
fn sodium(course: &Course, chance: &mut Chance) -> Curve {
    let rest = chance.normal_within(139.0, 2.0, 134.0, 144.0);
    let onset = course.onset();
    let fall = [0.5, 1.5, 3.0, 4.0, 5.0][course.crs.number()];
    Curve::straight(vec![(onset, rest), (onset + 60.0, rest - fall), (onset + 160.0, rest)])
}
