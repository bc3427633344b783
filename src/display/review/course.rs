//! One patient's course after the infusion: worst grades, first alert, first treatment, stay, and what came unannounced.

use serde_json::{Value as Json, json};

use crate::display::view::{number_or_null, time, time_or_null};
use crate::engine::Engine;
use crate::engine::patient::Patient;
use crate::engine::score::{self, Inputs};
use crate::model::{
    Alert, Analyte, Assessment, Kind, Priority, Span, TherapyAction, TherapyKind, Time, Value,
};

/// Grades are counted up to this day after the infusion: most CRS and ICANS begins within it, and registries ask for it.
pub const COUNTED: Span = Span::days(30);
/// From this grade on an event without any alert before it is a miss; engineering, as treatment begins there.
const GRAVE: u8 = 2;

/// The worst grade of the counted days; `None` is unknown, never zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Worst {
    /// By a physician.
    pub charted: Option<u8>,
    /// By the rules of the consensus from what was measured.
    pub suggested: Option<u8>,
}

/// Something grave that no alert had announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Miss {
    /// `crs`, `icans`, `tocilizumab`, `steroid`.
    pub what: &'static str,
    pub at: Time,
}

/// One infusion and the thirty days after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    pub ward: String,
    pub bed: String,
    pub product: Option<String>,
    pub infused_at: Time,
    /// All counted days are over.
    pub is_over: bool,
    pub crs: Worst,
    pub icans: Worst,
    /// The first alert about this patient that told anybody.
    pub alerted_at: Option<Time>,
    pub tocilizumab_at: Option<Time>,
    pub steroid_at: Option<Time>,
    /// The stay in which the infusion was given.
    pub admitted_at: Option<Time>,
    pub discharged_at: Option<Time>,
    pub misses: Vec<Miss>,
}

impl Course {
    /// The course of a patient who has had an infusion. Alerts before `known_from` are no longer kept: without them
    /// nothing can be called unannounced.
    pub fn of(
        patient: &Patient,
        alerts: &[&Alert],
        engine: &Engine,
        known_from: Option<Time>,
    ) -> Option<Course> {
        let infused_at = patient.infusion()?.at;
        let until = infused_at + COUNTED;
        let now = engine.now();
        let within = |at: Time| at >= infused_at && at <= until;
        let told = alerts.iter().filter(|alert| announces(alert) && alert.raised_at >= infused_at);
        let alerted_at = told.map(|alert| alert.raised_at).min();
        let given = |kind: TherapyKind| {
            let fits = |t: &&crate::model::Therapy| {
                t.kind == kind && t.action != TherapyAction::Stopped && within(t.at)
            };
            patient.therapies.iter().find(fits).map(|therapy| therapy.at)
        };
        let stay = patient
            .stays
            .iter()
            .find(|(start, end)| *start <= infused_at && end.is_none_or(|end| end >= infused_at));
        let mut course = Course {
            ward: patient.location.ward.clone(),
            bed: patient.location.bed.clone(),
            product: patient.product().map(str::to_owned),
            infused_at,
            is_over: now >= until,
            crs: Worst {
                charted: charted(patient, within, |a| a.charted.and_then(|c| c.crs)),
                suggested: patient.crs_worst(infused_at, until.min(now)).and_then(whole),
            },
            icans: Worst {
                charted: charted(patient, within, |a| a.charted.and_then(|c| c.icans)),
                suggested: icans(patient, engine, infused_at, until),
            },
            alerted_at,
            tocilizumab_at: given(TherapyKind::Tocilizumab),
            steroid_at: given(TherapyKind::Steroid),
            admitted_at: stay.map(|(start, _)| *start),
            discharged_at: stay.and_then(|(_, end)| *end),
            misses: Vec::new(),
        };
        if known_from.is_none_or(|from| from <= infused_at) {
            course.misses = course.unannounced(patient, within);
        }
        Some(course)
    }

    /// What happened before the first alert, or without any.
    fn unannounced(&self, patient: &Patient, within: impl Fn(Time) -> bool) -> Vec<Miss> {
        let first_grave = |pick: fn(&Assessment) -> Option<u8>| {
            let grave = |a: &&Assessment| within(a.at) && pick(a).is_some_and(|grade| grade >= GRAVE);
            patient.assessments.iter().find(grave).map(|a| a.at)
        };
        let happened = [
            ("crs", first_grave(|a| a.charted.and_then(|c| c.crs))),
            ("icans", first_grave(|a| a.charted.and_then(|c| c.icans))),
            ("tocilizumab", self.tocilizumab_at),
            ("steroid", self.steroid_at),
        ];
        let is_missed = |at: Time| self.alerted_at.is_none_or(|alerted| alerted > at);
        let misses = happened.into_iter().filter_map(|(what, at)| Some(Miss { what, at: at? }));
        misses.filter(|miss| is_missed(miss.at)).collect()
    }

    /// Minutes from the first alert to `treated_at`; `None` where either is missing or treatment came first.
    pub fn waited(&self, treated_at: Option<Time>) -> Option<i64> {
        let waited = treated_at? - self.alerted_at?;
        (waited >= Span::ZERO).then_some(waited.0 / Span::MINUTE.0)
    }

    /// Days from admission to discharge, to the tenth.
    pub fn stay(&self) -> Option<i64> {
        Some(tenths_of_days(self.discharged_at? - self.admitted_at?))
    }

    /// Days from infusion to discharge, to the tenth.
    pub fn stay_after(&self) -> Option<i64> {
        Some(tenths_of_days(self.discharged_at? - self.infused_at))
    }

    /// Days from admission to infusion, to the tenth.
    pub fn wait_for_infusion(&self) -> Option<i64> {
        Some(tenths_of_days(self.infused_at - self.admitted_at?))
    }

    /// One row, without anything that names the patient.
    pub fn json(&self) -> Json {
        let worst = |worst: Worst| json!({"charted": worst.charted, "suggested": worst.suggested});
        json!({
            "ward": self.ward,
            "bed": self.bed,
            "product": self.product,
            "infused_at": time(self.infused_at),
            "day_30_over": self.is_over,
            "crs": worst(self.crs),
            "icans": worst(self.icans),
            "alerted_at": time_or_null(self.alerted_at),
            "tocilizumab_at": time_or_null(self.tocilizumab_at),
            "steroid_at": time_or_null(self.steroid_at),
            "minutes_to_tocilizumab": self.waited(self.tocilizumab_at),
            "minutes_to_steroid": self.waited(self.steroid_at),
            "admitted_at": time_or_null(self.admitted_at),
            "discharged_at": time_or_null(self.discharged_at),
            "stay_days": number_or_null(self.stay().map(tenths)),
            "misses": self.misses.iter().map(|m| json!({"what": m.what, "at": time(m.at)})).collect::<Vec<_>>(),
        })
    }
}

/// Tenths as the value they are.
pub fn tenths(tenths: i64) -> Value {
    Value(tenths * 100)
}

fn tenths_of_days(span: Span) -> i64 {
    span.0 * 10 / Span::DAY.0
}

/// It was meant for somebody, and about the patient.
fn announces(alert: &Alert) -> bool {
    alert.kind == Kind::Physiological && alert.priority > Priority::Info && !alert.shadow
}

fn charted(
    patient: &Patient,
    within: impl Fn(Time) -> bool,
    pick: impl Fn(&Assessment) -> Option<u8>,
) -> Option<u8> {
    patient.assessments.iter().filter(|a| within(a.at)).filter_map(pick).max()
}

fn whole(grade: Value) -> Option<u8> {
    u8::try_from(grade.0 / 1000).ok()
}

/// The worst ICANS grade of each examination by itself: a grade, or what it is at least.
fn icans(patient: &Patient, engine: &Engine, from: Time, to: Time) -> Option<u8> {
    let graded = |inputs: Inputs| {
        let score = score::compute("icans", &inputs, engine.tables())?;
        score.value.or(score.at_least).and_then(whole)
    };
    let examined = patient.assessments.iter().filter(|a| a.at >= from && a.at <= to && is_examination(a));
    let by_hand = examined.filter_map(|found| graded(inputs_of(found)));
    let sent = patient.window(Analyte::ICE).into_iter().flat_map(|window| window.between(from, to));
    let by_total = sent.filter_map(|s| graded(Inputs::new().with_number("ice", s.value)));
    by_hand.chain(by_total).max()
}

fn is_examination(found: &Assessment) -> bool {
    found.ice.is_some()
        || found.ice_total.is_some()
        || found.consciousness.is_some()
        || found.seizure.is_some()
        || found.motor.is_some()
        || found.edema.is_some()
}

fn inputs_of(found: &Assessment) -> Inputs {
    let mut inputs = Inputs::new();
    if let Some(total) = found.ice.and_then(|ice| ice.total()).or(found.ice_total) {
        inputs = inputs.with_number("ice", Value::whole(i64::from(total)));
    }
    if let Some(motor) = found.motor {
        inputs = inputs.with_flag("motor", motor);
    }
    let words =
        [("consciousness", &found.consciousness), ("seizure", &found.seizure), ("edema", &found.edema)];
    for (name, word) in words {
        if let Some(word) = word {
            inputs = inputs.with_word(name, word);
        }
    }
    inputs
}
