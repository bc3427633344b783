//! What the early-warning scores look at.

use super::bedside::{self, Support};
use super::{CHARTED, DAY, EXAMINED, Gather, InputValue, LABORATORY, Sample, fresh, hours};
use crate::model::{Analyte, Bound, Span, TherapyKind, Time, Value};

impl Gather<'_, '_> {
    /// What both early-warning scores take from before the infusion.
    fn prior(&mut self) {
        let patient = self.patient;
        self.word("product", patient.product(), None);
        let baseline = |name: &str| patient.baseline(Analyte::named(name), None);
        let easix = patient.factors.easix_pre.or_else(|| {
            let (ldh, creatinine, platelets) =
                (baseline("ldh")?, baseline("creatinine")?, baseline("platelets")?);
            (platelets.0 > 0).then(|| {
                Value(super::super::window::divide(
                    i128::from(ldh.0) * i128::from(creatinine.0),
                    i128::from(platelets.0),
                ))
            })
        });
        // Without an instant: a term is as old as what was measured now, not as what it is held against.
        self.number("easix_pre", easix, None);
        self.number("ferritin_pre", patient.factors.ferritin_pre.or_else(|| baseline("ferritin")), None);
        self.number("crp_pre", patient.factors.crp_pre.or_else(|| baseline("crp")), None);
        let active = patient.factors.disease_state.as_deref().map(|s| !matches!(s, "cr" | "pr"));
        self.flag("disease_active", active.or(patient.factors.bulky.filter(|bulky| *bulky)));
        self.number("ecog", patient.factors.ecog.map(|n| Value::whole(i64::from(n))), None);
        // To a hundredth, as people read it: a quarter of an hour in which the score need not be computed anew.
        let day = patient.day(self.now).map(|day| Value(day.0.div_euclid(10) * 10));
        self.number("day", day, None);
        if let Some(infused) = self.infused() {
            self.first_fever("hours_to_first_fever", Value(38_000), infused);
            self.first_fever("hours_to_high_fever", Value(38_900), infused);
            let given = |kind| patient.given(kind, infused, self.now).is_some();
            let treated = given(TherapyKind::Tocilizumab)
                || given(TherapyKind::Anticytokine)
                || given(TherapyKind::Steroid);
            self.flag("post_treatment", Some(treated));
        }
    }

    fn first_fever(&mut self, name: &'static str, limit: Value, infused: Time) {
        let Some(window) = self.patient.window(Analyte::TEMPERATURE) else { return };
        if window.max(infused, self.now).is_none() {
            return;
        }
        match window.first_at_or_above(limit, infused, self.now) {
            Some(first) => self.number(name, Some(hours(first.at - infused)), Some(first.at)),
            None => self.word(name, Some("never"), None),
        }
    }

    pub(super) fn crs_ews(&mut self) {
        self.prior();
        let patient = self.patient;
        let now = self.now;
        let temperature = self.highest(Analyte::TEMPERATURE, Span::hours(6));
        self.sample("temperature_max_6h", temperature);
        let phosphate = self.lowest(Analyte::PHOSPHATE, DAY);
        self.sample("phosphate_min_24h", phosphate);
        self.number("phosphate_baseline", patient.baseline(Analyte::PHOSPHATE, None), None);
        let replaced = patient.given(TherapyKind::Phosphate, now - DAY, now).is_some();
        let flagged = [patient.factors.tumor_lysis, patient.factors.kidney_injury].contains(&Some(true));
        self.flag("phosphate_suspended", (replaced || flagged).then_some(true));
        self.named("pai1", Span::hours(36));
        self.own_assay("pai1_baseline", Analyte::PAI1, Span::hours(36));
        let pulse = patient.window(Analyte::HEART_RATE);
        let median = pulse.and_then(|w| w.median(now - Span::HOUR, now));
        self.number("heart_rate_median_1h", median, pulse.and_then(|w| w.last()).map(|s| s.at));
        self.named("heart_rate", CHARTED);
        let crp = fresh(patient, Analyte::named("crp"), Span::hours(36), now);
        self.named("crp", Span::hours(36));
        if let Some((_, at, _)) = crp {
            let earlier = patient
                .window(Analyte::named("crp"))
                .and_then(|w| w.between(at - Span::hours(36), at - Span::hours(12)).next_back());
            self.sample("crp_earlier", earlier);
        }
        self.named("ferritin", Span::hours(48));
        self.sustained_pressure("systolic", Analyte::SYSTOLIC);
        self.sustained_pressure("map", Analyte::MAP);
        self.number("systolic_baseline", patient.baseline(Analyte::SYSTOLIC, None), None);
        self.sustained_saturation();
        self.flag("oxygen", self.oxygen());
        let before =
            self.infused().and_then(|at| bedside::oxygen_support(patient, at)).unwrap_or(Support::None);
        self.flag("new_oxygen", self.oxygen().map(|on| on && before == Support::None));
        self.named("respiratory_rate", CHARTED);
        self.flag("endpoint_reached", patient.crs_reached(2, now).then_some(true));
        self.hard_rule();
    }

    /// The baseline of the assay that the newest value within `reach` was measured with.
    fn own_assay(&mut self, name: &'static str, analyte: Analyte, reach: Span) {
        let window = self.patient.window(analyte);
        let newest = window.and_then(|w| w.last_until(self.now)).filter(|s| self.now - s.at <= reach);
        if let Some(code) = newest.map(|s| s.code) {
            self.number(name, self.patient.baseline(analyte, Some(code)), None);
        }
    }

    /// The higher of the last two readings at least five minutes apart: what has lasted.
    fn sustained_pressure(&mut self, name: &'static str, analyte: Analyte) {
        let Some(window) = self.patient.window(analyte) else { return };
        let Some(last) = window.last_until(self.now).filter(|s| self.now - s.at <= CHARTED) else {
            return;
        };
        let Some(before) = window.last_until(last.at - Span::minutes(5)) else { return };
        let between = window.between(before.at, last.at);
        let highest = between.max_by_key(|s| s.value);
        self.sample(name, highest);
    }

    /// The highest of at least five minutes to the newest reading, of readings with a good signal. One reading alone
    /// says that the highest is not lower, and nothing more: 97 rules hypoxia out, 85 may be an artefact.
    fn sustained_saturation(&mut self) {
        let Some(window) = self.patient.window(Analyte::SPO2) else { return };
        let is_good = |s: &Sample| !s.quality.signal;
        let (now, reach) = (self.now, self.stale_after(Analyte::SPO2));
        let Some(newest) = window.between(now - reach, now).rfind(is_good) else { return };
        let begins = newest.at - Span::minutes(5);
        let before = window.between(newest.at - CHARTED, begins).rfind(is_good);
        let from = before.map_or(begins, |before| before.at);
        let highest = window.max(from, newest.at);
        let highest =
            highest.and_then(|top| window.last_of_value(top.value, from, newest.at)).filter(is_good);
        // Cheap first: only where the highest of all has a poor signal is each looked at.
        let highest =
            highest.or_else(|| window.between(from, newest.at).filter(is_good).max_by_key(|s| s.value));
        let (Some(highest), None) = (highest, before) else { return self.sample("spo2", highest) };
        self.sample("spo2", Some(Sample { bound: Bound::AtLeast, ..highest }));
    }

    /// What warns by itself: a vasopressor, high-flow oxygen, or pressures and saturation that have stayed very low.
    fn hard_rule(&mut self) {
        let pressor = bedside::vasopressors(self.patient, self.now).is_some_and(|(n, v)| n > 0 || v);
        let oxygen = bedside::oxygen_support(self.patient, self.now).is_some_and(|s| s >= Support::High);
        let low = |name: &str, limit: i64| {
            self.inputs.get(name).is_some_and(|input| match &input.value {
                InputValue::Number(q) => {
                    !matches!(q.bound, Bound::Above | Bound::AtLeast) && q.value < Value::whole(limit)
                }
                InputValue::Flag(_) | InputValue::Word(_) => false,
            })
        };
        let hard = pressor || oxygen || low("map", 65) || low("systolic", 80) || low("spo2", 88);
        self.flag("hard_rule", hard.then_some(true));
    }

    pub(super) fn icans_ews(&mut self) {
        self.prior();
        let patient = self.patient;
        let now = self.now;
        let worst = patient.crs_worst(now - Span::hours(72), now);
        self.number("crs_grade_max_72h", worst, None);
        let phosphate = self.lowest(Analyte::PHOSPHATE, Span::hours(48));
        self.sample("phosphate_min_48h", phosphate);
        if let Some(infused) = self.infused() {
            let until = patient
                .given(TherapyKind::Tocilizumab, infused, now)
                .map_or(infused + Span::hours(36), |t| t.at.min(infused + Span::hours(36)));
            let highest = patient
                .window(Analyte::named("il6"))
                .and_then(|w| w.between(infused, until.min(now)).max_by_key(|s| s.value));
            self.sample("il6_max_first_36h", highest);
        }
        for name in ["fibrinogen", "platelets", "d_dimer"] {
            self.named(name, LABORATORY);
        }
        self.own_assay("d_dimer_baseline", Analyte::named("d_dimer"), LABORATORY);
        self.named("ferritin", Span::hours(48));
        let soft = patient
            .assessments
            .iter()
            .rev()
            .filter(|a| a.at <= now && now - a.at <= EXAMINED)
            .find_map(|a| a.soft_sign);
        self.flag("soft_sign", soft);
        let temperature = self.highest(Analyte::TEMPERATURE, Span::hours(48));
        self.sample("temperature_max_48h", temperature);
        let seizure = patient
            .assessments
            .iter()
            .rev()
            .filter(|a| a.at <= now && now - a.at <= EXAMINED)
            .find_map(|a| a.seizure.clone());
        let icans = patient.icans.at_least().is_some_and(|g| g >= Value::whole(2));
        let dropped = bedside::ice_drop(patient, Span::hours(12), now).is_some_and(|d| d >= Value::whole(3));
        let hard = icans || dropped || seizure.is_some_and(|s| s != "none");
        self.flag("hard_rule", hard.then_some(true));
    }
}
