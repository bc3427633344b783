//! The course of one patient: which grades are reached and when, in hours since the infusion.

use crate::chance::Chance;
use crate::product::Product;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    None,
    One,
    Two,
    Three,
    Four,
}

impl Grade {
    pub const ALL: [Grade; 5] = [Grade::None, Grade::One, Grade::Two, Grade::Three, Grade::Four];

    /// # Panics
    /// Above 4: grade 5 is death, which is not simulated.
    pub fn of(number: usize) -> Self {
        Grade::ALL[number]
    }

    pub fn number(self) -> usize {
        self as usize
    }
}

/// What carries a CRS beyond fever: pressure, oxygen, or both (at least one from grade 2 on).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    Pressure,
    Oxygen,
    Both,
}

/// The times at which grades are reached follow one another; `crs_reached[0]` is grade 1, the first 38.0 °C.
#[derive(Clone, Debug)]
pub struct Course {
    pub product: Product,
    pub crs: Grade,
    pub icans: Grade,
    pub route: Route,
    pub crs_reached: Vec<f64>,
    pub icans_reached: Vec<f64>,
    /// When fever, pressor and oxygen are over. Without CRS: 0.
    pub crs_end: f64,
    pub pressor_end: f64,
    pub oxygen_end: f64,
    /// When ICE is back at 10. Without ICANS: 0.
    pub icans_end: f64,
    /// Hyperinflammation like HLH on top of a severe CRS.
    pub hlh_like: bool,
}

impl Course {
    /// Draws the times for given grades.
    ///
    /// Onset is lognormal around the product's median, within 1 to 12 days (clinical parameter table).
    /// Hypotension follows fever after 12 to 48 h, hypoxia after 24 to 72 h; grade 4 comes a median of 4.5
    /// days after onset (Levine 2021). The way from grade 2 to 3 (3 to 10 h) and the spread of durations are
    /// engineering.
    pub fn draw(product: Product, crs: Grade, icans: Grade, chance: &mut Chance) -> Self {
        let earliest = if product == Product::IdeCel { 12.0 } else { 24.0 };
        let onset = chance.lognormal_within(product.rates().onset * 24.0, 0.45, earliest, 288.0);
        // Hypotension 41 %, hypoxia 22 % of the CRS in ZUMA-1: twice as often; the overlap is engineering.
        let route = [Route::Pressure, Route::Oxygen, Route::Both][chance.weighted(&[0.50, 0.20, 0.30])];
        let second = onset
            + match route {
                Route::Pressure | Route::Both => chance.between(12.0, 48.0),
                Route::Oxygen => chance.between(24.0, 72.0),
            };
        let third = second + chance.between(3.0, 10.0);
        let fourth = (onset + chance.lognormal_within(108.0, 0.4, 36.0, 240.0)).max(third + 8.0);
        let mut crs_reached = vec![onset, second, third, fourth];
        crs_reached.truncate(crs.number());
        // ICANS follows CRS by 2 to 4 days (clinical parameter table); the steps between grades are
        // engineering.
        let mut at = onset + chance.between(48.0, 96.0);
        let mut icans_reached = Vec::new();
        for _ in 0..icans.number() {
            icans_reached.push(at);
            at += chance.between(6.0, 18.0);
        }
        Self::staged(product, crs, icans, route, crs_reached, icans_reached, chance)
    }

    /// The course whose grades are reached at these times. One time for every grade up to the highest.
    pub fn staged(
        product: Product,
        crs: Grade,
        icans: Grade,
        route: Route,
        crs_reached: Vec<f64>,
        icans_reached: Vec<f64>,
        chance: &mut Chance,
    ) -> Self {
        assert_eq!(crs_reached.len(), crs.number(), "one time for every grade of CRS");
        assert_eq!(icans_reached.len(), icans.number(), "one time for every grade of ICANS");
        // Severe CRS lasts longer (Levine 2021: 8 d, grade 3-4 10 d); the factors are engineering.
        let factor = [0.0, 0.6, 1.0, 1.2, 1.4][crs.number()];
        let duration = chance.lognormal_within(product.rates().duration * 24.0, 0.35, 48.0, 480.0) * factor;
        let pressor_end = match crs_reached.last() {
            Some(last) => last + chance.between(18.0, 60.0),
            None => 0.0,
        };
        let oxygen_end = match crs_reached.last() {
            Some(last) => last + chance.between(30.0, 96.0),
            None => 0.0,
        };
        let crs_end = match (crs_reached.first(), crs >= Grade::Two) {
            (Some(onset), true) => (onset + duration).max(pressor_end + 6.0).max(oxygen_end + 6.0),
            (Some(onset), false) => onset + duration,
            (None, _) => 0.0,
        };
        let icans_end = match icans_reached.last() {
            Some(last) => last + chance.lognormal_within(120.0, 0.5, 30.0, 400.0),
            None => 0.0,
        };
        let hlh_like = crs >= Grade::Three && chance.yes(0.06);
        Self {
            product,
            crs,
            icans,
            route,
            crs_reached,
            icans_reached,
            crs_end,
            pressor_end,
            oxygen_end,
            icans_end,
            hlh_like,
        }
    }

    /// When a grade of CRS is reached, if it ever is.
    pub fn reached(&self, grade: Grade) -> Option<f64> {
        grade.number().checked_sub(1).and_then(|index| self.crs_reached.get(index)).copied()
    }

    /// When the temperature crosses 38.0 °C. For patients who never have CRS the hour around which their
    /// harmless changes are centred: the product's median.
    pub fn onset(&self) -> f64 {
        self.crs_reached.first().copied().unwrap_or(self.product.rates().onset * 24.0)
    }

    /// When hypotension begins (systolic 90 mmHg), if it does.
    pub fn shock(&self) -> Option<f64> {
        match self.route {
            Route::Pressure | Route::Both => self.reached(Grade::Two),
            Route::Oxygen => None,
        }
    }

    /// When oxygen is first given, if it is.
    pub fn hypoxia(&self) -> Option<f64> {
        match self.route {
            Route::Oxygen => self.reached(Grade::Two),
            Route::Both => self.reached(Grade::Two).map(|second| second + 2.5),
            Route::Pressure => None,
        }
    }

    /// ICE at an hour: 10 without ICANS, else what the grade reached by then allows (10, 8, 5, 1, 0 points,
    /// clinical parameter table); it comes back in steps.
    pub fn ice(&self, hour: f64) -> u8 {
        const POINTS: [u8; 5] = [10, 8, 5, 1, 0];
        let reached = self.icans_reached.iter().filter(|at| **at <= hour).count();
        if reached == 0 || hour >= self.icans_end {
            return 10;
        }
        let last = *self.icans_reached.last().expect("at least one grade was reached");
        if hour < last {
            return POINTS[reached];
        }
        // Recovery starts after a third of what is left.
        let passed = (hour - last) / (self.icans_end - last);
        let steps = ((passed - 1.0 / 3.0).max(0.0) * 1.5 * reached as f64) as usize;
        POINTS[reached.saturating_sub(steps).max(1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_are_reached_in_order_and_within_the_published_windows() {
        for stream in 0..500 {
            let mut chance = Chance::new(9, stream);
            let course = Course::draw(Product::TisaCel, Grade::Four, Grade::Three, &mut chance);
            assert_eq!(course.crs_reached.len(), 4);
            assert!(course.crs_reached.is_sorted() && course.icans_reached.is_sorted());
            let onset = course.onset();
            assert!((24.0..=288.0).contains(&onset), "onset {onset}");
            let second = course.reached(Grade::Two).unwrap() - onset;
            assert!((12.0..=72.0).contains(&second), "grade 2 after {second} h");
            assert!(course.crs_end >= course.pressor_end && course.crs_end >= course.oxygen_end);
        }
    }

    #[test]
    fn ice_falls_with_each_grade_of_icans_and_comes_back_to_ten() {
        let mut chance = Chance::new(9, 1);
        let course = Course::draw(Product::AxiCel, Grade::Two, Grade::Three, &mut chance);
        let points: Vec<u8> = course.icans_reached.iter().map(|at| course.ice(at + 0.1)).collect();
        assert_eq!(points, [8, 5, 1]);
        assert_eq!(course.ice(course.icans_reached[0] - 0.1), 10);
        assert_eq!(course.ice(course.icans_end), 10);
        let steps: Vec<u8> = (0..600).map(|h| course.ice(course.icans_reached[2] + f64::from(h))).collect();
        assert!(steps.is_sorted(), "ICE must not fall again while ICANS goes: {steps:?}");
    }

    #[test]
    fn a_patient_without_crs_reaches_no_grade() {
        let mut chance = Chance::new(9, 2);
        let course = Course::draw(Product::LisoCel, Grade::None, Grade::None, &mut chance);
        assert_eq!(course.reached(Grade::One), None);
        assert_eq!((course.shock(), course.hypoxia()), (None, None));
        assert_eq!(course.ice(100.0), 10);
    }
}
