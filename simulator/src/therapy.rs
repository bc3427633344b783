//! What the patient receives: derived from the course by the guidelines, in hours since the infusion.

use crate::chance::Chance;
use crate::course::{Course, Grade, Route};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    NasalCannula,
    SimpleMask,
    NonRebreather,
    HighFlow,
    Bipap,
    Ventilator,
}

impl Device {
    pub fn code(self) -> &'static str {
        match self {
            Device::NasalCannula => "nasal_cannula",
            Device::SimpleMask => "simple_mask",
            Device::NonRebreather => "non_rebreather",
            Device::HighFlow => "high_flow",
            Device::Bipap => "bipap",
            Device::Ventilator => "ventilator",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Treatment {
    Infusion,
    /// Acetaminophen, in mg.
    Antipyretic(f64),
    /// In mg: 8 mg/kg, at most 800 mg (ASCO 2021).
    Tocilizumab(f64),
    /// In mg.
    Dexamethasone(f64),
    /// In µg/kg/min.
    Norepinephrine(f64),
    /// In µg/kg/min.
    Epinephrine(f64),
    /// Flow in L/min.
    Oxygen(Device, f64),
    /// In mmol.
    Phosphate(f64),
}

/// A treatment and its time; `end` is none for what is given at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Therapy {
    pub treatment: Treatment,
    pub start: f64,
    pub end: Option<f64>,
}

impl Therapy {
    fn once(treatment: Treatment, start: f64) -> Self {
        Self { treatment, start, end: None }
    }

    fn running(treatment: Treatment, start: f64, end: f64) -> Self {
        Self { treatment, start, end: Some(end.max(start + 0.5)) }
    }
}

/// Everything given to a patient of `weight` kg on this course, in order of time. `phosphate_low_at` is the
/// hour at which the laboratory shows phosphate below 2.0 mg/dL, if it does: replacement then starts
/// (engineering).
pub fn plan(
    course: &Course,
    weight: f64,
    phosphate_low_at: Option<f64>,
    chance: &mut Chance,
) -> Vec<Therapy> {
    let mut given = vec![Therapy::once(Treatment::Infusion, 0.0)];
    against_fever(course, chance, &mut given);
    against_inflammation(course, weight, chance, &mut given);
    against_shock(course, chance, &mut given);
    against_hypoxia(course, chance, &mut given);
    against_icans(course, &mut given);
    if let Some(at) = phosphate_low_at {
        let at = at + chance.between(2.0, 5.0);
        given.push(Therapy::once(Treatment::Phosphate(20.0), at));
        given.push(Therapy::once(Treatment::Phosphate(20.0), at + 12.0));
    }
    given.sort_by(|a, b| a.start.total_cmp(&b.start));
    given
}

/// The first dose of tocilizumab, which ends the fever.
pub fn first_tocilizumab(given: &[Therapy]) -> Option<f64> {
    given.iter().find(|therapy| matches!(therapy.treatment, Treatment::Tocilizumab(_))).map(|t| t.start)
}

fn against_fever(course: &Course, chance: &mut Chance, given: &mut Vec<Therapy>) {
    let Some(onset) = course.reached(Grade::One) else { return };
    let mut at = onset + chance.between(0.5, 2.0);
    for _ in 0..chance.whole(2, 6) {
        if at > course.crs_end {
            break;
        }
        given.push(Therapy::once(Treatment::Antipyretic(500.0), at));
        at += chance.between(7.0, 12.0);
    }
}

/// Tocilizumab from grade 2 on, q8 h as needed; in grade 1 only when fever lasts 3 days (ASCO 2021, JSMO).
/// Steroids from grade 3 on, in grade 2 when refractory. How often a grade 1 or 2 gets them is engineering.
fn against_inflammation(course: &Course, weight: f64, chance: &mut Chance, given: &mut Vec<Therapy>) {
    let dose = Treatment::Tocilizumab((8.0 * weight).min(800.0).round());
    let steroid = Treatment::Dexamethasone(10.0);
    match course.crs {
        Grade::None => {}
        Grade::One => {
            let late = course.onset() + 72.0 + chance.between(1.0, 6.0);
            if late < course.crs_end && chance.yes(0.4) {
                given.push(Therapy::once(dose, late));
            }
        }
        Grade::Two => {
            let start = course.crs_reached[1] + chance.between(1.0, 3.0);
            given.push(Therapy::once(dose, start));
            if chance.yes(0.3) {
                given.push(Therapy::once(dose, start + 8.0));
                given.push(Therapy::once(steroid, start + 10.0));
                given.push(Therapy::once(steroid, start + 22.0));
            }
        }
        Grade::Three | Grade::Four => {
            let start = course.crs_reached[1] + chance.between(1.0, 2.5);
            given.push(Therapy::once(dose, start));
            given.push(Therapy::once(dose, start + 8.0));
            let third = course.crs_reached[2] + 0.7;
            let doses = if course.crs == Grade::Four { 16 } else { 8 };
            given.extend((0..doses).map(|n| Therapy::once(steroid, third + 6.0 * f64::from(n))));
        }
    }
}

fn against_shock(course: &Course, chance: &mut Chance, given: &mut Vec<Therapy>) {
    let (Some(_), Some(third)) = (course.shock(), course.reached(Grade::Three)) else { return };
    let rate = (chance.between(0.04, 0.15) * 100.0).round() / 100.0;
    given.push(Therapy::running(Treatment::Norepinephrine(rate), third, course.pressor_end));
    if let Some(fourth) = course.reached(Grade::Four) {
        let until = fourth + 0.7 * (course.pressor_end - fourth);
        given.push(Therapy::running(Treatment::Epinephrine(0.05), fourth, until));
    }
}

/// Low flow is grade 2, high flow or a mask 3, positive pressure 4 (Lee 2019); weaned in the reverse order.
fn against_hypoxia(course: &Course, chance: &mut Chance, given: &mut Vec<Therapy>) {
    let Some(start) = course.hypoxia() else { return };
    let low = Treatment::Oxygen(Device::NasalCannula, chance.whole(2, 4) as f64);
    let high = match chance.weighted(&[0.5, 0.2, 0.3]) {
        0 => Treatment::Oxygen(Device::HighFlow, 40.0),
        1 => Treatment::Oxygen(Device::SimpleMask, 8.0),
        _ => Treatment::Oxygen(Device::NonRebreather, 12.0),
    };
    let pressed = if chance.yes(0.6) { Device::Bipap } else { Device::Ventilator };
    // Where pressure carries the grade, the oxygen need stays one step behind it.
    let (to_high, to_pressure) = match course.route {
        Route::Oxygen => (course.reached(Grade::Three), course.reached(Grade::Four)),
        Route::Both | Route::Pressure => (course.reached(Grade::Four), None),
    };
    let end = course.oxygen_end;
    let mut steps = vec![(start, low)];
    if let Some(at) = to_high {
        steps.push((at, high));
    }
    if let Some(at) = to_pressure {
        steps.push((at, Treatment::Oxygen(pressed, 30.0)));
    }
    let last = steps.last().expect("low flow comes first").0;
    if to_pressure.is_some() {
        steps.push((last + 0.5 * (end - last), high));
    }
    if to_high.is_some() {
        steps.push((last + 0.75 * (end - last), low));
    }
    for (index, (at, treatment)) in steps.iter().enumerate() {
        let until = steps.get(index + 1).map_or(end, |next| next.0);
        given.push(Therapy::running(*treatment, *at, until));
    }
}

/// Grade 2: dexamethasone 10 mg twice; from grade 3 on every 6 h (ASCO 2021).
fn against_icans(course: &Course, given: &mut Vec<Therapy>) {
    let doses = match course.icans {
        Grade::None | Grade::One => return,
        Grade::Two => 2,
        Grade::Three => 8,
        Grade::Four => 12,
    };
    let start = course.icans_reached[1] + 1.0;
    let every = if doses == 2 { 12.0 } else { 6.0 };
    given.extend(
        (0..doses).map(|n| Therapy::once(Treatment::Dexamethasone(10.0), start + every * f64::from(n))),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::Product;

    fn given(crs: Grade, stream: u64) -> (Course, Vec<Therapy>) {
        let mut chance = Chance::new(5, stream);
        let course = Course::draw(Product::AxiCel, crs, Grade::None, &mut chance);
        let given = plan(&course, 60.0, None, &mut chance);
        (course, given)
    }

    fn pressors(given: &[Therapy]) -> usize {
        let is_pressor =
            |t: &&Therapy| matches!(t.treatment, Treatment::Norepinephrine(_) | Treatment::Epinephrine(_));
        given.iter().filter(is_pressor).count()
    }

    #[test]
    fn the_number_of_pressors_and_the_device_match_the_grade() {
        for stream in 0..300 {
            let (course, third) = given(Grade::Three, stream);
            let high = third.iter().any(|t| {
                matches!(
                    t.treatment,
                    Treatment::Oxygen(Device::HighFlow | Device::SimpleMask | Device::NonRebreather, _)
                )
            });
            match course.route {
                Route::Pressure | Route::Both => assert_eq!(pressors(&third), 1),
                Route::Oxygen => assert!(pressors(&third) == 0 && high),
            }
            let (course, fourth) = given(Grade::Four, stream);
            let pressed = fourth
                .iter()
                .any(|t| matches!(t.treatment, Treatment::Oxygen(Device::Bipap | Device::Ventilator, _)));
            match course.route {
                Route::Pressure | Route::Both => assert_eq!(pressors(&fourth), 2),
                Route::Oxygen => assert!(pressed),
            }
        }
    }

    #[test]
    fn fever_alone_gets_neither_pressor_nor_oxygen() {
        for stream in 0..100 {
            let (_, given) = given(Grade::One, stream);
            assert_eq!(pressors(&given), 0);
            assert!(!given.iter().any(|t| matches!(t.treatment, Treatment::Oxygen(..))));
            assert!(given.iter().any(|t| matches!(t.treatment, Treatment::Antipyretic(_))));
        }
    }

    #[test]
    fn nothing_but_the_infusion_is_given_to_a_patient_who_stays_well() {
        let (_, given) = given(Grade::None, 1);
        assert_eq!(given, [Therapy::once(Treatment::Infusion, 0.0)]);
    }

    #[test]
    fn one_oxygen_device_ends_when_the_next_begins() {
        for stream in 0..200 {
            let (_, given) = given(Grade::Four, stream);
            let oxygen: Vec<&Therapy> =
                given.iter().filter(|t| matches!(t.treatment, Treatment::Oxygen(..))).collect();
            for pair in oxygen.windows(2) {
                assert_eq!(pair[0].end, Some(pair[1].start));
            }
        }
    }
}
