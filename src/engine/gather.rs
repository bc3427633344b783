//! Gathers the inputs of each score from a patient's windows, with their ages.

mod early;
mod mind;
mod organ;

use super::bedside::{self, Support, fresh};
use super::feature::{STALE_DEFAULT, hours};
use super::patient::Patient;
use super::score::{Input, InputValue, Inputs};
use super::window::Sample;
use crate::model::{Analyte, AnalyteSettings, Quantity, Span, Time, Value};

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

    fn sirs(&mut self) {
        for name in ["temperature", "heart_rate", "respiratory_rate"] {
            self.named(name, CHARTED);
        }
        self.named("wbc", LABORATORY);
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
}
