//! Everything the engine knows of one patient.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::score::{Score, listed};
use super::window::{Pushed, Window};
use crate::model::{
    Analyte, Assessment, Census, CensusKind, Charted, Factors, FindingKind, Ice, Location, Observation,
    PatientId, Person, Quantity, Span, Therapy, Time, Value,
};

/// A CAR-T baseline is the median of what was measured in this span before the infusion (days -1 and 0);
/// engineering.
pub const BASELINE_SPAN: Span = Span::days(2);
/// Where nothing was measured that close, the newest value of this span serves; engineering.
pub const BASELINE_REACH: Span = Span::days(14);

/// One patient under one identifier.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Patient {
    pub id: PatientId,
    pub location: Location,
    /// In the house. Results that come before the admission wait here and count from then on.
    pub admitted: bool,
    /// Spans of stay, for figures per patient-day; the last one may be open.
    pub stays: Vec<(Time, Option<Time>)>,
    pub person: Option<Person>,
    pub factors: Factors,
    /// In order of `at`; at one instant by content, never by arrival, with stops before starts.
    pub therapies: Vec<Therapy>,
    /// In order of `at`.
    pub assessments: Vec<Assessment>,
    pub windows: BTreeMap<Analyte, Window>,
    /// The newest value of each analyte that a broker had kept. It is shown as old and nothing is judged by it: nobody
    /// knows whether it still holds.
    pub remembered: BTreeMap<Analyte, Remembered>,
    pub crs: Grade,
    pub icans: Grade,
    #[serde(with = "listed::map")]
    pub scores: BTreeMap<&'static str, Score>,
    /// The display bands of the early-risk scores, with their dwell.
    #[serde(with = "listed::map")]
    pub bands: BTreeMap<&'static str, super::score::BandHold>,
    /// What each score was computed from.
    #[serde(with = "listed::map")]
    pub asked: BTreeMap<&'static str, super::score::Inputs>,
    /// What each item of an early-risk score was worth when last it could be decided.
    #[serde(with = "listed::map")]
    pub items: BTreeMap<&'static str, BTreeMap<String, i64>>,
    /// Applying an entry panicked; the patient is shown as broken until the service is mended.
    pub broken: bool,
    /// When the CRS grade's certain part changed, and to what.
    crs_course: Vec<(Time, Value)>,
    names: Names,
    /// When the location last changed, so that a late move does not override a newer one.
    located_at: Time,
    /// When the stay last began or ended.
    stayed_at: Time,
    /// An admission system has spoken of this patient.
    pub(super) listed: bool,
}

/// A value that a broker had kept, and when it was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    pub at: Time,
    pub quantity: Quantity,
}

/// Names kept once and spoken of by number.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Names(Vec<String>);

impl Names {
    fn number(&mut self, name: &str) -> u16 {
        let place = self.0.iter().position(|known| known == name).unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        });
        u16::try_from(place).unwrap_or(u16::MAX)
    }
    fn name(&self, number: u16) -> &str {
        self.0.get(usize::from(number)).map_or("", String::as_str)
    }
}

/// A grade as suggested by the rules of the consensus, beside what a clinician charted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Grade {
    pub suggested: Option<Score>,
    /// Since when the suggested value has been what it is.
    pub since: Option<Time>,
    pub charted: Option<ChartedGrade>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChartedGrade {
    pub grade: u8,
    pub by: String,
    pub at: Time,
}

impl Grade {
    /// Takes a fresh suggestion; `since` moves only when the value does.
    pub fn suggest(&mut self, score: Score, now: Time) {
        let before = self.suggested.as_ref().map(|s| (s.value, s.at_least));
        if before != Some((score.value, score.at_least)) {
            self.since = Some(now);
        }
        self.suggested = Some(score);
    }

    /// The suggested grade, 0 to 4.
    pub fn value(&self) -> Option<Value> {
        self.suggested.as_ref().and_then(|s| s.value)
    }

    /// What the grade is at least: the grade itself, or what is certain without the missing inputs.
    pub fn at_least(&self) -> Option<Value> {
        self.suggested.as_ref().and_then(|s| s.value.or(s.at_least))
    }
}

impl Patient {
    pub fn new(id: PatientId) -> Patient {
        Patient {
            id,
            location: Location::default(),
            admitted: false,
            stays: Vec::new(),
            person: None,
            factors: Factors::default(),
            therapies: Vec::new(),
            assessments: Vec::new(),
            remembered: BTreeMap::new(),
            windows: BTreeMap::new(),
            crs: Grade::default(),
            icans: Grade::default(),
            scores: BTreeMap::new(),
            bands: BTreeMap::new(),
            items: BTreeMap::new(),
            asked: BTreeMap::new(),
            broken: false,
            crs_course: Vec::new(),
            names: Names::default(),
            located_at: Time(i64::MIN),
            stayed_at: Time(i64::MIN),
            listed: false,
        }
    }

    pub fn window(&self, analyte: Analyte) -> Option<&Window> {
        self.windows.get(&analyte)
    }

    pub fn name_of(&self, number: u16) -> &str {
        self.names.name(number)
    }

    /// The number of a name, which it is given at its first use.
    pub(super) fn number_of(&mut self, name: &str) -> u16 {
        self.names.number(name)
    }

    pub fn observe(&mut self, seen: &Observation) -> Pushed {
        let source = self.names.number(&seen.source);
        let code = self.names.number(&seen.code);
        self.windows.entry(seen.analyte).or_default().push(seen, source, code)
    }

    /// Takes in a value that a broker had kept; whether it is newer than all that is known.
    pub fn remember(&mut self, seen: &Observation) -> bool {
        let Some(quantity) = seen.quantity else { return false };
        let measured = self.window(seen.analyte).and_then(Window::last).map(|newest| newest.at);
        let known = self.remembered.get(&seen.analyte).map(|known| known.at);
        let is_news = measured.max(known).is_none_or(|newest| newest < seen.measured_at);
        if is_news {
            self.remembered.insert(seen.analyte, Remembered { at: seen.measured_at, quantity });
        }
        is_news
    }

    /// What a broker had kept of this analyte, where nothing newer was measured since.
    pub fn remembered(&self, analyte: Analyte) -> Option<Remembered> {
        let measured = self.window(analyte).and_then(Window::last).map(|newest| newest.at);
        self.remembered.get(&analyte).copied().filter(|old| measured.is_none_or(|newest| newest < old.at))
    }

    pub fn assess(&mut self, found: &Assessment) {
        if let Some(Charted { crs, icans, iec_hs: _ }) = found.charted {
            let note = |grade| ChartedGrade { grade, by: found.by.clone(), at: found.at };
            if let Some(grade) = crs {
                replace_if_newer(&mut self.crs.charted, note(grade));
            }
            if let Some(grade) = icans {
                replace_if_newer(&mut self.icans.charted, note(grade));
            }
        }
        let mut found = found.clone();
        if self.ice_was_settled(found.at) && !found.settles.contains(&FindingKind::Ice) {
            found.forget(FindingKind::Ice);
        }
        self.keep(found);
    }

    fn ice_was_settled(&mut self, at: Time) -> bool {
        let code = self.names.number(Ice::CODE);
        self.window(Analyte::ICE).is_some_and(|window| window.has_settled(at, code))
    }

    /// An ICE that was withdrawn is no finding of the examination it was part of.
    pub(super) fn forget_ice(&mut self, at: Time) {
        for found in self.assessments.iter_mut().filter(|a| a.at == at) {
            found.forget(FindingKind::Ice);
        }
        self.assessments.retain(|a| !a.is_empty());
    }

    /// Corrections are read whichever came first.
    fn keep(&mut self, mut found: Assessment) {
        for other in self.assessments.iter_mut() {
            if other.at == found.at {
                found.settles.iter().for_each(|finding| other.forget(*finding));
                let earlier = other.settles.iter().filter(|finding| !found.settles.contains(finding));
                earlier.copied().collect::<Vec<_>>().into_iter().for_each(|finding| found.forget(finding));
            }
        }
        self.assessments.retain(|a| !a.is_empty());
        if !found.is_empty() && !self.assessments.contains(&found) {
            let order = |a: &Assessment| (a.at, a.by.clone(), format!("{a:?}"));
            let after = |a: &Assessment| a.at < found.at || a.at == found.at && order(a) <= order(&found);
            // At one instant by content, never by arrival.
            let place = self.assessments.partition_point(after);
            self.assessments.insert(place, found);
        }
    }

    /// Remembers the course of the CRS grade, for "the worst of 72 h".
    pub fn note_crs(&mut self, now: Time) {
        if let Some(grade) = self.crs.at_least()
            && self.crs_course.last().is_none_or(|(_, last)| *last != grade)
        {
            self.crs_course.push((now, grade));
        }
    }

    /// The instants at which the course of the CRS grade changed, from one on.
    pub(super) fn crs_instants(&self, from: Time) -> Vec<Time> {
        self.crs_course.iter().map(|(at, _)| *at).filter(|at| *at >= from).collect()
    }

    /// Puts these grades in the place of the course from their first instant on. They are in order of time.
    pub(super) fn revise_crs(&mut self, from: Time, grades: impl IntoIterator<Item = (Time, Option<Value>)>) {
        self.crs_course.retain(|(at, _)| *at < from);
        for (at, grade) in grades {
            if let Some(grade) = grade
                && self.crs_course.last().is_none_or(|(_, last)| *last != grade)
            {
                self.crs_course.push((at, grade));
            }
        }
    }

    /// The worst grade that held in the span; unknown where none was ever known.
    pub fn crs_worst(&self, from: Time, to: Time) -> Option<Value> {
        let before = self.crs_course.iter().rev().find(|(at, _)| *at <= from);
        let within = self.crs_course.iter().filter(|(at, _)| *at > from && *at <= to);
        before.into_iter().chain(within).map(|(_, grade)| *grade).max()
    }

    /// Whether the grade was at least this before `now`.
    pub fn crs_reached(&self, grade: i64, now: Time) -> bool {
        self.crs_course.iter().any(|(at, value)| *at < now && *value >= Value::whole(grade))
    }

    /// Days since the infusion in thousandths, negative before; unknown without one.
    pub fn day(&self, now: Time) -> Option<Value> {
        self.infusion()
            .map(|t| Value(super::window::divide(i128::from((now - t.at).0) * 1000, i128::from(Span::DAY.0))))
    }

    /// The patient's own value before the infusion, for results of `code`'s assay where `same_assay`.
    pub fn baseline(&self, analyte: Analyte, code: Option<u16>) -> Option<Value> {
        let infused = self.infusion()?.at;
        let window = self.window(analyte)?;
        window.baseline(infused, code, || {
            let fits = |s: &super::window::Sample| {
                code.is_none_or(|code| s.code == code) && s.bound == crate::model::Bound::Exactly
            };
            let near: Vec<Value> =
                window.between(infused - BASELINE_SPAN, infused).filter(fits).map(|s| s.value).collect();
            super::window::median(near)
                .or_else(|| window.between(infused - BASELINE_REACH, infused).rfind(fits).map(|s| s.value))
        })
    }

    /// Applies an admission, move, discharge or update; `false` where it was too old to matter.
    pub fn census(&mut self, census: &Census) -> bool {
        if let Some(person) = &census.person {
            self.person.get_or_insert_default().update(person);
        }
        self.listed = true;
        let is_of_stay = match census.kind {
            CensusKind::Admit
            | CensusKind::Discharge
            | CensusKind::CancelAdmit
            | CensusKind::CancelDischarge => true,
            CensusKind::Move
            | CensusKind::CancelMove
            | CensusKind::Swap
            | CensusKind::Update
            | CensusKind::Expect
            | CensusKind::Merge => false,
        };
        if is_of_stay && census.at < self.stayed_at {
            // An old admission or discharge that comes late does not undo a newer one, nor does an old cancellation.
            return false;
        }
        match census.kind {
            CensusKind::Admit | CensusKind::CancelDischarge => {
                self.locate(census);
                self.open_stay(census.at);
                true
            }
            CensusKind::Move | CensusKind::CancelMove | CensusKind::Swap | CensusKind::Update => {
                self.locate(census)
            }
            CensusKind::Discharge | CensusKind::CancelAdmit => {
                self.close_stay(census.at);
                true
            }
            CensusKind::Expect | CensusKind::Merge => {
                self.locate(census);
                true
            }
        }
    }

    fn locate(&mut self, census: &Census) -> bool {
        let Some(location) = &census.location else { return true };
        if census.at < self.located_at || location.ward.is_empty() {
            return false;
        }
        self.located_at = census.at;
        self.location = location.clone();
        true
    }

    fn open_stay(&mut self, at: Time) {
        self.admitted = true;
        self.stayed_at = self.stayed_at.max(at);
        match self.stays.last_mut() {
            // A cancelled discharge: the stay goes on as if it had not ended.
            Some(last) if last.1.is_some_and(|end| at - end < Span::days(1)) => last.1 = None,
            Some((_, None)) => {}
            _ => self.stays.push((at, None)),
        }
    }

    fn close_stay(&mut self, at: Time) {
        self.admitted = false;
        self.stayed_at = self.stayed_at.max(at);
        if let Some(last) = self.stays.last_mut()
            && last.1.is_none()
        {
            last.1 = Some(at);
        }
    }

    /// Takes over all of another identifier's history: they are one patient.
    pub fn absorb(&mut self, other: Patient) {
        for (analyte, window) in &other.windows {
            let numbers: BTreeMap<u16, u16> = (0..other.names.0.len() as u16)
                .map(|n| (n, self.names.number(other.names.name(n))))
                .collect();
            let renumber = |number: u16| numbers.get(&number).copied().unwrap_or(number);
            self.windows.entry(*analyte).or_default().absorb(window, renumber);
        }
        self.derive_means();
        for (analyte, old) in other.remembered {
            let newest = self.remembered.entry(analyte).or_insert(old);
            *newest = if newest.at < old.at { old } else { *newest };
        }
        other.therapies.iter().for_each(|t| self.treat(&Therapy { patient: self.id.clone(), ..t.clone() }));
        other.assessments.iter().for_each(|a| self.assess(a));
        let mut factors = other.factors.clone();
        factors.update(&self.factors);
        self.factors = factors;
        if other.admitted && !self.admitted {
            self.admitted = true;
            self.location = other.location;
            self.located_at = other.located_at;
            self.stays.extend(other.stays.last().copied().filter(|_| !self.stays.is_empty()));
        }
        if self.stays.is_empty() {
            self.stays = other.stays;
        }
        self.stayed_at = self.stayed_at.max(other.stayed_at);
        self.listed |= other.listed;
        self.broken |= other.broken;
        self.crs_course.extend(other.crs_course);
        self.crs_course.sort_unstable();
        for (name, band) in other.bands {
            self.bands.entry(name).or_insert(band);
        }
        for (name, items) in other.items {
            self.items.entry(name).or_insert(items);
        }
        if self.person.is_none() {
            self.person = other.person;
        }
    }

    /// Lets go of what was measured where nothing has come since `before`. ICE stays: courses are counted from it.
    pub fn forget(&mut self, before: Time) {
        self.windows.retain(|analyte, window| {
            *analyte == Analyte::ICE || window.last().is_some_and(|newest| newest.at >= before)
        });
    }

    /// Bytes of windows, for the memory figure.
    pub fn bytes(&self) -> usize {
        self.windows.values().map(Window::bytes).sum::<usize>() + size_of::<Patient>()
    }
}

fn replace_if_newer(charted: &mut Option<ChartedGrade>, found: ChartedGrade) {
    if charted.as_ref().is_none_or(|old| old.at <= found.at) {
        *charted = Some(found);
    }
}
