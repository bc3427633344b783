//! Gathers the inputs of each score from a patient's windows, with their ages.

use super::bedside::{self, Support, fresh};
use super::feature::{STALE_DEFAULT, hours};
use super::patient::Patient;
use super::score::{Input, InputValue, Inputs};
use super::window::Sample;
use crate::model::{Analyte, AnalyteSettings, Quantity, Span, TherapyKind, Time, Value};

/// Highest temperature the CRS grade looks at; engineering.
const CRS_FEVER_SPAN: Span = Span::hours(24);
/// Vital signs count for bedside scores up to this age: the interval of ward charting; engineering.
const CHARTED: Span = Span::hours(6);
/// Laboratory values count up to this age; engineering.
const LABORATORY: Span = Span::hours(30);
/// An ICE or other examination counts up to this age; engineering.
const EXAMINED: Span = Span::hours(14);
/// SOFA takes the worst of a day.
const DAY: Span = Span::hours(24);

/// What `name` looks at, as known of the patient now.
pub fn inputs<'s>(
    name: &str,
    patient: &Patient,
    settings: &dyn Fn(Analyte) -> Option<&'s AnalyteSettings>,
    now: Time,
) -> Inputs {
    Gather { patient, settings, now, inputs: Inputs::new() }.of(name)
}

struct Gather<'a, 's> {
    patient: &'a Patient,
    settings: &'a dyn Fn(Analyte) -> Option<&'s AnalyteSettings>,
    now: Time,
    inputs: Inputs,
}

impl Gather<'_, '_> {
    fn of(mut self, name: &str) -> Inputs {
        match name {
            "crs" => self.crs(),
            "icans" => self.icans(),
            "news2" => self.news2(),
            "qsofa" => self.qsofa(),
            "sirs" => self.sirs(),
            "sofa" => self.sofa(),
            "shock_index" | "modified_shock_index" | "diastolic_shock_index" => self.pressures(),
            "easix" | "s_easix" | "m_easix" => self.easix(),
            "hematotox" => self.hematotox(),
            "hscore" => self.hscore(),
            "iec_hs" => self.iec_hs(),
            "crs_ews" => self.crs_ews(),
            "icans_ews" => self.icans_ews(),
            _ => {}
        }
        self.inputs
    }

    fn put(&mut self, name: &'static str, value: InputValue, at: Option<Time>, source: &str) {
        self.inputs.insert(name, Input { value, measured_at: at, source: source.to_owned() });
    }
    fn number(&mut self, name: &'static str, value: Option<Value>, at: Option<Time>) {
        if let Some(value) = value {
            self.put(name, InputValue::Number(Quantity::exactly(value)), at, "");
        }
    }
    fn flag(&mut self, name: &'static str, flag: Option<bool>) {
        if let Some(flag) = flag {
            self.put(name, InputValue::Flag(flag), None, "");
        }
    }
    fn word(&mut self, name: &'static str, word: Option<&str>, at: Option<Time>) {
        if let Some(word) = word {
            self.put(name, InputValue::Word(word.to_owned()), at, "");
        }
    }
    fn sample(&mut self, name: &'static str, sample: Option<Sample>) {
        if let Some(sample) = sample {
            let source = self.patient.name_of(sample.source).to_owned();
            self.put(name, InputValue::Number(sample.quantity()), Some(sample.at), &source);
        }
    }

    /// The newest value within `reach`.
    fn newest(&mut self, name: &'static str, analyte: Analyte, reach: Span) {
        if let Some((quantity, at, source)) = fresh(self.patient, analyte, reach, self.now) {
            let source = self.patient.name_of(source).to_owned();
            self.put(name, InputValue::Number(quantity), Some(at), &source);
        }
    }
    fn named(&mut self, name: &'static str, reach: Span) {
        self.newest(name, Analyte::named(name), reach);
    }
    fn highest(&self, analyte: Analyte, reach: Span) -> Option<Sample> {
        let window = self.patient.window(analyte)?;
        let best = window.max(self.now - reach, self.now)?;
        window.last_of_value(best.value, self.now - reach, self.now)
    }
    fn lowest(&self, analyte: Analyte, reach: Span) -> Option<Sample> {
        let window = self.patient.window(analyte)?;
        let best = window.min(self.now - reach, self.now)?;
        window.last_of_value(best.value, self.now - reach, self.now)
    }
    fn stale_after(&self, analyte: Analyte) -> Span {
        (self.settings)(analyte).map_or(STALE_DEFAULT, |s| s.stale_after)
    }
    fn infused(&self) -> Option<Time> {
        self.patient.infusion().map(|t| t.at)
    }
    fn oxygen(&self) -> Option<bool> {
        bedside::oxygen_support(self.patient, self.now).map(|s| s > Support::None)
    }

    /// Alert, confused, voice, pain, unresponsive: from what was examined, ICE or the GCS, in that order. A fall of
    /// ICE by one or more is new confusion; GCS 15 is alert (engineering).
    fn consciousness(&self) -> Option<(String, Time)> {
        let recent = |at: Time| self.now - at <= EXAMINED && at <= self.now;
        let examined = self
            .patient
            .assessments
            .iter()
            .rev()
            .find(|a| recent(a.at) && (a.acvpu.is_some() || a.consciousness.is_some()));
        if let Some(found) = examined {
            let word = found.acvpu.clone().or_else(|| {
                let by_words = match found.consciousness.as_deref()? {
                    "spontaneous" => "A",
                    "voice" => "V",
                    "tactile" => "P",
                    _ => "U",
                };
                Some(by_words.to_owned())
            });
            return word.map(|word| (word, found.at));
        }
        if let Some((ice, at, _)) = fresh(self.patient, Analyte::ICE, EXAMINED, self.now) {
            return Some((if ice.value < Value::whole(10) { "C" } else { "A" }.to_owned(), at));
        }
        let (gcs, at, _) = fresh(self.patient, Analyte::named("gcs"), CHARTED, self.now)?;
        (gcs.value == Value::whole(15)).then(|| ("A".to_owned(), at))
    }

    fn crs(&mut self) {
        let episode = bedside::episode(self.patient, self.now);
        // A fever before the infusion is not cytokine release, however high.
        let since_infusion = self.infused().map_or(CRS_FEVER_SPAN, |infused| self.now - infused);
        let fever = self.highest(Analyte::TEMPERATURE, CRS_FEVER_SPAN.min(since_infusion));
        self.sample("temperature_max", fever);
        // Without an infusion there is no CRS to grade: the episode is not open, which is known.
        self.flag("episode", bedside::episode_open(self.patient, episode, self.now));
        self.flag("masked", bedside::masked(self.patient, episode, self.now));
        let pressors = bedside::vasopressors(self.patient, self.now);
        self.number("vasopressors", pressors.map(|(n, _)| Value::whole(i64::from(n))), None);
        self.flag("vasopressin", pressors.map(|(_, v)| v));
        self.flag("hypotension", bedside::hypotension_sustained(self.patient, self.now));
        let support = bedside::oxygen_support(self.patient, self.now);
        self.word("oxygen", support.map(Support::name), None);
        self.flag("airway_only", Some(bedside::airway_only(self.patient, self.now)));
    }

    fn icans(&mut self) {
        self.newest("ice", Analyte::ICE, EXAMINED);
        let now = self.now;
        let recent: Vec<crate::model::Assessment> = self
            .patient
            .assessments
            .iter()
            .rev()
            .filter(|a| a.at <= now && now - a.at <= EXAMINED)
            .cloned()
            .collect();
        let find = |pick: &dyn Fn(&crate::model::Assessment) -> Option<String>| {
            recent.iter().find_map(|a| pick(a).map(|word| (word, a.at)))
        };
        for (name, found) in [
            ("consciousness", find(&|a| a.consciousness.clone())),
            ("seizure", find(&|a| a.seizure.clone())),
            ("edema", find(&|a| a.edema.clone())),
        ] {
            self.word(name, found.as_ref().map(|(w, _)| w.as_str()), found.as_ref().map(|(_, at)| *at));
        }
        self.flag("motor", recent.iter().find_map(|a| a.motor));
        let capd = recent.iter().find_map(|a| a.capd);
        self.number("capd", capd.map(|n| Value::whole(i64::from(n))), None);
        let age = self.patient.factors.age;
        self.number("age", age.map(|n| Value::whole(i64::from(n))), None);
    }

    fn news2(&mut self) {
        for name in ["respiratory_rate", "spo2", "systolic", "temperature"] {
            self.named(name, CHARTED);
        }
        self.newest("pulse", Analyte::HEART_RATE, CHARTED);
        self.flag("oxygen", self.oxygen());
        let scale = self.patient.factors.spo2_scale;
        self.number("scale", scale.map(|n| Value::whole(i64::from(n))), None);
        let found = self.consciousness();
        self.word(
            "consciousness",
            found.as_ref().map(|(w, _)| w.as_str()),
            found.as_ref().map(|(_, at)| *at),
        );
    }

    fn qsofa(&mut self) {
        self.named("respiratory_rate", CHARTED);
        self.named("systolic", CHARTED);
        self.named("gcs", CHARTED);
        let altered = self.consciousness().map(|(word, _)| word != "A");
        self.flag("altered_mentation", altered);
    }

    fn sirs(&mut self) {
        for name in ["temperature", "heart_rate", "respiratory_rate"] {
            self.named(name, CHARTED);
        }
        self.named("wbc", LABORATORY);
    }

    fn sofa(&mut self) {
        for name in ["spo2", "fio2", "gcs"] {
            self.named(name, CHARTED);
        }
        let support = bedside::oxygen_support(self.patient, self.now);
        self.flag("ventilated", support.map(|s| s == Support::PositivePressure));
        if support == Some(Support::None) {
            // Room air.
            self.number("fio2", Some(Value::whole(21)), None);
        }
        let worst = [("platelets", false), ("bilirubin", true), ("map", false), ("creatinine", true)];
        for (name, high) in worst {
            let analyte = Analyte::named(name);
            let sample = if high { self.highest(analyte, DAY) } else { self.lowest(analyte, DAY) };
            self.sample(name, sample);
        }
        let pressors = bedside::vasopressors(self.patient, self.now);
        self.number("vasopressors", pressors.map(|(n, _)| Value::whole(i64::from(n))), None);
    }

    fn pressures(&mut self) {
        for name in ["heart_rate", "systolic", "diastolic", "map"] {
            self.named(name, CHARTED);
        }
    }

    fn easix(&mut self) {
        for name in ["ldh", "creatinine", "crp", "platelets"] {
            self.named(name, LABORATORY);
        }
    }

    /// Before lymphodepletion: what was known before the infusion; the newest values until there is one.
    fn hematotox(&mut self) {
        for name in ["platelets", "neutrophils", "hemoglobin", "crp", "ferritin"] {
            match self.patient.baseline(Analyte::named(name), None) {
                Some(value) => self.number(name, Some(value), self.infused()),
                None if self.infused().is_none() => self.named(name, Span::days(14)),
                None => {}
            }
        }
    }

    fn hscore(&mut self) {
        let highest = self.highest(Analyte::TEMPERATURE, DAY);
        self.sample("temperature", highest);
        for name in ["hemoglobin", "wbc", "platelets", "ferritin", "triglycerides", "fibrinogen", "ast"] {
            self.named(name, LABORATORY);
        }
        let factors = self.patient.factors.clone();
        self.flag("immunosuppressed", factors.immunosuppressed);
        self.word("organomegaly", factors.organomegaly.as_deref(), None);
        self.flag("hemophagocytosis", factors.hemophagocytosis);
    }

    fn iec_hs(&mut self) {
        self.number("day", self.patient.day(self.now), None);
        for (name, baseline) in [
            ("ferritin", Some("ferritin_baseline")),
            ("ast", Some("ast_baseline")),
            ("alt", Some("alt_baseline")),
            ("fibrinogen", None),
        ] {
            self.named(name, LABORATORY);
            if let Some(baseline) = baseline {
                // A term is as old as what was measured now, not as the baseline it is held against.
                self.number(baseline, self.patient.baseline(Analyte::named(name), None), None);
            }
        }
    }

    /// What both early-warning scores take from before the infusion.
    fn prior(&mut self) {
        let patient = self.patient;
        self.word("product", patient.product(), None);
        let baseline = |name: &str| patient.baseline(Analyte::named(name), None);
        let easix = patient.factors.easix_pre.or_else(|| {
            let (ldh, creatinine, platelets) =
                (baseline("ldh")?, baseline("creatinine")?, baseline("platelets")?);
            (platelets.0 > 0).then(|| {
                Value(super::window::divide(
                    i128::from(ldh.0) * i128::from(creatinine.0),
                    i128::from(platelets.0),
                ))
            })
        });
        self.number("easix_pre", easix, self.infused());
        self.number(
            "ferritin_pre",
            patient.factors.ferritin_pre.or_else(|| baseline("ferritin")),
            self.infused(),
        );
        self.number("crp_pre", patient.factors.crp_pre.or_else(|| baseline("crp")), self.infused());
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

    fn crs_ews(&mut self) {
        self.prior();
        let patient = self.patient;
        let now = self.now;
        let temperature = self.highest(Analyte::TEMPERATURE, Span::hours(6));
        self.sample("temperature_max_6h", temperature);
        let phosphate = self.lowest(Analyte::PHOSPHATE, DAY);
        self.sample("phosphate_min_24h", phosphate);
        self.number("phosphate_baseline", patient.baseline(Analyte::PHOSPHATE, None), None);
        let replaced = patient.given(TherapyKind::Phosphate, now - DAY, now).is_some();
        self.flag("phosphate_suspended", replaced.then_some(true));
        self.pai1();
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
        let reach = self.stale_after(Analyte::SPO2);
        let spo2 = self.highest(Analyte::SPO2, Span::minutes(5)).or_else(|| {
            patient.window(Analyte::SPO2).and_then(|w| w.last_until(now)).filter(|s| now - s.at <= reach)
        });
        self.sample("spo2", spo2);
        self.flag("oxygen", self.oxygen());
        let before =
            self.infused().and_then(|at| bedside::oxygen_support(patient, at)).unwrap_or(Support::None);
        self.flag("new_oxygen", self.oxygen().map(|on| on && before == Support::None));
        self.named("respiratory_rate", CHARTED);
        self.flag("endpoint_reached", patient.crs_reached(2, now).then_some(true));
        self.hard_rule();
    }

    /// Total PAI-1 with the baseline of the same assay only.
    fn pai1(&mut self) {
        let Some(window) = self.patient.window(Analyte::PAI1) else { return };
        let newest = window.between(self.now - Span::hours(36), self.now).next_back();
        self.sample("pai1", newest);
        if let Some(code) = newest.map(|s| s.code) {
            self.number("pai1_baseline", self.patient.baseline(Analyte::PAI1, Some(code)), None);
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

    /// What warns by itself: a vasopressor, high-flow oxygen, or pressures and saturation that have stayed very low.
    fn hard_rule(&mut self) {
        let pressor = bedside::vasopressors(self.patient, self.now).is_some_and(|(n, v)| n > 0 || v);
        let oxygen = bedside::oxygen_support(self.patient, self.now).is_some_and(|s| s >= Support::High);
        let low = |name: &str, limit: i64| {
            self.inputs.get(name).is_some_and(|input| match &input.value {
                InputValue::Number(q) => q.value < Value::whole(limit),
                InputValue::Flag(_) | InputValue::Word(_) => false,
            })
        };
        let hard = pressor || oxygen || low("map", 65) || low("systolic", 80) || low("spo2", 88);
        self.flag("hard_rule", hard.then_some(true));
    }

    fn icans_ews(&mut self) {
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
        self.number("d_dimer_baseline", patient.baseline(Analyte::named("d_dimer"), None), None);
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
        let hard = icans || seizure.is_some_and(|s| s != "none");
        self.flag("hard_rule", hard.then_some(true));
    }
}
