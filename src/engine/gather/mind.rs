//! What is known of the mind: consciousness, ICE, and the scores that ask for it.

use super::{CHARTED, EXAMINED, Gather, fresh};
use crate::model::{Analyte, Assessment, Time, Value};

impl Gather<'_, '_> {
    /// Alert, confused, voice, pain, unresponsive: from what was examined, ICE or the GCS, whichever is newest. An ICE
    /// that fell by one or more from the patient's own is new confusion, GCS 15 is alert (engineering). A lower GCS says
    /// that the patient is not alert and not which of the others holds.
    pub(super) fn consciousness(&self) -> Option<(String, Time)> {
        let charted = match (self.examined(), self.confused()) {
            // Found at one examination: the ICE sees what the waking does not, and nothing of a graver word.
            (Some((word, at)), Some((confused, ice_at))) => {
                let ice_counts = ice_at > at || ice_at == at && confused && word == "A";
                Some(if ice_counts { (by_ice(confused), ice_at) } else { (word, at) })
            }
            (Some(examined), None) => Some(examined),
            (None, Some((confused, at))) => Some((by_ice(confused), at)),
            (None, None) => None,
        };
        let Some((gcs, at, _)) = fresh(self.patient, Analyte::named("gcs"), CHARTED, self.now) else {
            return charted;
        };
        let is_full = gcs.value == Value::whole(15);
        match charted {
            Some((word, charted_at)) if at <= charted_at || (word == "A") == is_full => {
                Some((word, charted_at))
            }
            // A full GCS takes no fall of ICE back, which is the finer test.
            Some((word, charted_at)) if word == "C" => Some((word, charted_at)),
            Some(_) | None => is_full.then(|| ("A".to_owned(), at)),
        }
    }

    /// The newest letter or level somebody found at the bedside.
    fn examined(&self) -> Option<(String, Time)> {
        let recent = |at: Time| self.now - at <= EXAMINED && at <= self.now;
        let is_examined = |a: &&Assessment| recent(a.at) && (a.acvpu.is_some() || a.consciousness.is_some());
        let found = self.patient.assessments.iter().rev().find(is_examined)?;
        let word = found.acvpu.clone().or_else(|| {
            let by_words = match found.consciousness.as_deref()? {
                "spontaneous" => "A",
                "voice" => "V",
                "tactile" => "P",
                _ => "U",
            };
            Some(by_words.to_owned())
        });
        word.map(|word| (word, found.at))
    }

    /// Whether the newest ICE is lower than the patient's own; than 10, which is no impairment (ASTCT 2019), where
    /// none was taken before the infusion.
    fn confused(&self) -> Option<(bool, Time)> {
        let (ice, at, _) = fresh(self.patient, Analyte::ICE, EXAMINED, self.now)?;
        let own = self.patient.baseline(Analyte::ICE, None).unwrap_or(Value::whole(10));
        Some((own.0 - ice.value.0 >= Value::whole(1).0, at))
    }

    pub(super) fn icans(&mut self) {
        self.newest("ice", Analyte::ICE, EXAMINED);
        let now = self.now;
        let recent: Vec<Assessment> = self
            .patient
            .assessments
            .iter()
            .rev()
            .filter(|a| a.at <= now && now - a.at <= EXAMINED)
            .cloned()
            .collect();
        let find = |pick: &dyn Fn(&Assessment) -> Option<String>| {
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
        let found = self.consciousness();
        let gcs = fresh(self.patient, Analyte::named("gcs"), CHARTED, self.now);
        // An older GCS says nothing beside a newer examination.
        if gcs.is_some_and(|(_, at, _)| found.as_ref().is_none_or(|(_, found_at)| at >= *found_at)) {
            self.named("gcs", CHARTED);
        }
        self.flag("altered_mentation", found.map(|(word, _)| word != "A"));
    }
}

fn by_ice(confused: bool) -> String {
    if confused { "C" } else { "A" }.to_owned()
}
