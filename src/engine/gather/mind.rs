//! What is known of the mind: consciousness, ICE, and the scores that ask for it.

use super::{CHARTED, EXAMINED, Gather, fresh};
use crate::model::{Analyte, Time, Value};

impl Gather<'_, '_> {
    /// Alert, confused, voice, pain, unresponsive: from what was examined, ICE or the GCS, in that order. A fall of
    /// ICE by one or more is new confusion; GCS 15 is alert (engineering).
    pub(super) fn consciousness(&self) -> Option<(String, Time)> {
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

    pub(super) fn icans(&mut self) {
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

    pub(super) fn news2(&mut self) {
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

    pub(super) fn qsofa(&mut self) {
        self.named("respiratory_rate", CHARTED);
        self.named("systolic", CHARTED);
        self.named("gcs", CHARTED);
        let altered = self.consciousness().map(|(word, _)| word != "A");
        self.flag("altered_mentation", altered);
    }
}
