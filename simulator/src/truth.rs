//! What really happened to a patient, for judging alerts: one JSON line each.

use serde::Serialize;

use crate::moment;
use crate::stay::Stay;

#[derive(Serialize)]
pub struct Truth {
    patient: String,
    product: &'static str,
    infusion: String,
    followed_until: Option<String>,
    /// Every grade that was reached and when, in order; empty without CRS.
    crs: Vec<Step>,
    icans: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    grade: usize,
    onset: String,
    end: String,
}

impl Truth {
    /// The end of each step is the end of the whole episode: when fever, pressor and oxygen are over, or ICE
    /// is back at 10.
    pub fn of(stay: &Stay) -> Self {
        let instant = |hour: f64| moment::rfc3339(stay.plan.infusion + (hour * 3600.0).round() as i64);
        let steps = |reached: &[f64], end: f64| {
            let step = |(index, onset): (usize, &f64)| Step {
                grade: index + 1,
                onset: instant(*onset),
                end: instant(end),
            };
            reached.iter().enumerate().map(step).collect()
        };
        let course = &stay.plan.course;
        Self {
            patient: stay.plan.person.id.clone(),
            product: course.product.code(),
            infusion: moment::rfc3339(stay.plan.infusion),
            followed_until: stay.plan.discharged.map(moment::rfc3339),
            crs: steps(&course.crs_reached, course.crs_end),
            icans: steps(&course.icans_reached, course.icans_end),
        }
    }
}
