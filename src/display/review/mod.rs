//! What the ward looks back on: how long alerts waited for an answer, and what became of patients after their infusion.
//!
//! Counts and spans only. Nothing here names a patient: these figures are looked at in meetings and saved as files.

mod course;

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use self::course::{Course, Worst, tenths};
use super::access::Wards;
use super::view::{number, time};
use crate::engine::Engine;
use crate::model::limits::CLOSED_ALERTS;
use crate::model::{Alert, AlertState, PatientId, Priority, Span, Time};

/// Grades of the consensus tables: 0, which is none, to 5, which is death and only ever charted.
const GRADES: usize = 6;

/// How long alerts raised from `from` on waited for an answer, by priority. An answer is late after the time to respond
/// that its rule names.
pub fn waits(engine: &Engine, from: Time, seen: impl Fn(&Alert) -> bool) -> Json {
    let raised = engine.alerts().filter(|a| a.raised_at >= from && !a.shadow && seen(a));
    let mut by_priority: BTreeMap<Priority, Answers> = BTreeMap::new();
    for alert in raised {
        by_priority.entry(alert.priority).or_default().add(alert, engine);
    }
    let row = |priority: Priority| {
        let answers = by_priority.remove(&priority).unwrap_or_default();
        (priority.name().to_owned(), answers.json())
    };
    [Priority::High, Priority::Medium, Priority::Low].map(row).into_iter().collect()
}

#[derive(Default)]
struct Answers {
    alerts: usize,
    /// Seconds from raised to acknowledged.
    waited: Vec<i64>,
    late: usize,
    /// Over, or longer open than its time to respond, and never acknowledged.
    never: usize,
}

impl Answers {
    fn add(&mut self, alert: &Alert, engine: &Engine) {
        self.alerts += 1;
        let allowed = engine.rules().get(&alert.rule).map(|rule| rule.rationale.time_to_respond);
        let exceeds = |waited: Span| allowed.is_some_and(|allowed| waited > allowed);
        match alert.transitions.iter().find(|moved| moved.to == AlertState::Acknowledged) {
            Some(answered) => {
                let waited = answered.at - alert.raised_at;
                self.late += usize::from(exceeds(waited));
                self.waited.push(waited.0 / 1000);
            }
            None => self.never += usize::from(!alert.is_open() || exceeds(engine.now() - alert.raised_at)),
        }
    }

    fn json(mut self) -> Json {
        self.waited.sort_unstable();
        json!({
            "alerts": self.alerts,
            "acknowledged": self.waited.len(),
            "p50_seconds": percentile(&self.waited, 50),
            "p90_seconds": percentile(&self.waited, 90),
            "late": self.late,
            "never": self.never,
        })
    }
}

/// What became of patients infused from `from` on, on these wards. `rows` adds a row for each of them.
pub fn outcomes(engine: &Engine, from: Time, wards: &Wards, rows: bool) -> Json {
    let courses = courses(engine, from, wards);
    let over: Vec<&Course> = courses.iter().filter(|course| course.is_over).collect();
    let all: Vec<&Course> = courses.iter().collect();
    let mut json = json!({
        "infused_from": time(from),
        "patients": courses.len(),
        "day_30_over": over.len(),
        "incidence": {"day_30": incidence(&over), "so_far": incidence(&all)},
        "to_tocilizumab": treatment(&all, |course| course.tocilizumab_at),
        "to_steroid": treatment(&all, |course| course.steroid_at),
        "stay_days": days(&all, Course::stay),
        "infusion_to_discharge_days": days(&all, Course::stay_after),
        "admission_to_infusion_days": days(&all, Course::wait_for_infusion),
        "missed_patients": courses.iter().filter(|course| !course.misses.is_empty()).count(),
    });
    if rows {
        json["courses"] = courses.iter().map(Course::json).collect();
    }
    json
}

/// In order of infusion.
fn courses(engine: &Engine, from: Time, wards: &Wards) -> Vec<Course> {
    let mut alerts: BTreeMap<&PatientId, Vec<&Alert>> = BTreeMap::new();
    let mut closed = 0;
    let mut oldest = None;
    for alert in engine.alerts() {
        closed += usize::from(alert.state == AlertState::Closed);
        oldest = oldest.min(Some(alert.raised_at)).or(Some(alert.raised_at));
        if let Some(patient) = &alert.patient {
            alerts.entry(patient).or_default().push(alert);
        }
    }
    let known_from = oldest.filter(|_| closed >= CLOSED_ALERTS);
    let patients = engine.patients().filter(|patient| wards.hold(&patient.location.ward));
    let mut found: Vec<Course> = patients
        .filter_map(|patient| {
            let own = alerts.get(&patient.id).map_or(&[][..], Vec::as_slice);
            Course::of(patient, own, engine, known_from)
        })
        .filter(|course| course.infused_at >= from)
        .collect();
    found.sort_by(|a, b| (a.infused_at, &a.ward, &a.bed).cmp(&(b.infused_at, &b.ward, &b.bed)));
    found
}

/// How many patients reached which grade at worst: index 0 to 5, and those of whom nothing is known.
fn incidence(courses: &[&Course]) -> Json {
    let count = |pick: fn(&Course) -> Option<u8>| {
        let mut by_grade = [0usize; GRADES];
        let mut unknown = 0;
        for course in courses {
            match pick(course).and_then(|grade| by_grade.get_mut(usize::from(grade))) {
                Some(patients) => *patients += 1,
                None => unknown += 1,
            }
        }
        json!({"grades": by_grade, "unknown": unknown})
    };
    let both = |charted: fn(&Course) -> Option<u8>, suggested: fn(&Course) -> Option<u8>| json!({"charted": count(charted), "suggested": count(suggested)});
    json!({
        "patients": courses.len(),
        "crs": both(|c| charted(c.crs), |c| suggested(c.crs)),
        "icans": both(|c| charted(c.icans), |c| suggested(c.icans)),
    })
}

fn charted(worst: Worst) -> Option<u8> {
    worst.charted
}

fn suggested(worst: Worst) -> Option<u8> {
    worst.suggested
}

/// From the first alert to the treatment, in minutes, and how often treatment came first.
fn treatment(courses: &[&Course], pick: fn(&Course) -> Option<Time>) -> Json {
    let treated: Vec<&&Course> = courses.iter().filter(|course| pick(course).is_some()).collect();
    let mut minutes: Vec<i64> = treated.iter().filter_map(|course| course.waited(pick(course))).collect();
    minutes.sort_unstable();
    json!({
        "patients": treated.len(),
        "before_alert": treated.len() - minutes.len(),
        "p50_minutes": percentile(&minutes, 50),
        "p90_minutes": percentile(&minutes, 90),
    })
}

fn days(courses: &[&Course], pick: fn(&Course) -> Option<i64>) -> Json {
    let mut found: Vec<i64> = courses.iter().filter_map(|course| pick(course)).collect();
    found.sort_unstable();
    let at = |percent| percentile(&found, percent).map_or(Json::Null, |days| number(tenths(days)));
    json!({"patients": found.len(), "p50": at(50), "p90": at(90)})
}

/// The value below which this share of the sorted values lies; `None` of nothing.
fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get(last * percent / 100).copied()
}
