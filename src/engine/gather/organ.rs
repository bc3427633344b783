//! What is known of the organs: SOFA and the scores of the laboratory.

use super::bedside::{self, Support};
use super::{CHARTED, DAY, Gather, LABORATORY};
use crate::model::{Analyte, Span, Value};

impl Gather<'_, '_> {
    pub(super) fn sofa(&mut self) {
        for name in ["spo2", "fio2"] {
            self.named(name, CHARTED);
        }
        let support = bedside::oxygen_support(self.patient, self.now);
        self.flag("ventilated", support.map(|s| s == Support::PositivePressure));
        if support == Some(Support::None) {
            // Room air.
            self.number("fio2", Some(Value::whole(21)), None);
        }
        let worst =
            [("platelets", false), ("bilirubin", true), ("map", false), ("gcs", false), ("creatinine", true)];
        for (name, high) in worst {
            let analyte = Analyte::named(name);
            let sample = if high { self.highest(analyte, DAY) } else { self.lowest(analyte, DAY) };
            self.sample(name, sample);
        }
        let pressors = bedside::vasopressors(self.patient, self.now);
        self.number("vasopressors", pressors.map(|(n, _)| Value::whole(i64::from(n))), None);
    }

    /// Before lymphodepletion: what was known before the infusion; the newest values until there is one.
    pub(super) fn hematotox(&mut self) {
        for name in ["platelets", "neutrophils", "hemoglobin", "crp", "ferritin"] {
            match self.patient.baseline(Analyte::named(name), None) {
                Some(value) => self.number(name, Some(value), self.infused()),
                None if self.infused().is_none() => self.named(name, Span::days(14)),
                None => {}
            }
        }
    }

    pub(super) fn hscore(&mut self) {
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

    pub(super) fn iec_hs(&mut self) {
        self.number("day", self.patient.day(self.now), None);
        self.named("fibrinogen", LABORATORY);
        for (name, baseline) in [
            ("ferritin", "ferritin_baseline"),
            ("ast", "ast_baseline"),
            ("alt", "alt_baseline"),
            ("platelets", "platelets_baseline"),
            ("neutrophils", "neutrophils_baseline"),
        ] {
            self.named(name, LABORATORY);
            // A term is as old as what was measured now, not as the baseline it is held against.
            self.number(baseline, self.patient.baseline(Analyte::named(name), None), None);
        }
        for (name, limit) in [("ferritin", "ferritin_uln"), ("ast", "ast_uln"), ("alt", "alt_uln")] {
            let settings = (self.settings)(Analyte::named(name));
            self.number(limit, settings.and_then(|s| s.upper_normal), None);
        }
    }
}
