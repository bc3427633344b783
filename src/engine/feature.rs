//! Named facts computed from one patient's windows, therapies, grades and scores: the answers to what a
//! condition asks.

use super::bedside::{self, Support};
use super::patient::{Grade, Patient};
use super::rule::{Band, Fact, FactValue, Facts, Measure};
use super::score::{self, Score};
use super::window::{Sample, Samples, Window, divide};
use crate::model::{Analyte, AnalyteSettings, Bound, Quantity, Span, TherapyKind, Time, Value};

/// Staleness of an analyte the terminology does not list.
pub const STALE_DEFAULT: Span = Span::hours(24);

/// ICE is due every 12 h, every 8 h after CRS of grade 1 or an ICE under 10, every 4 h after ICANS of grade 2, on days 0
/// to 14; engineering.
const ICE_DUE: [Span; 3] = [Span::hours(12), Span::hours(8), Span::hours(4)];

/// Facts that are a score's value.
const SCORES: [(Fact, &str); 10] = [
    (Fact::News2, "news2"),
    (Fact::Qsofa, "qsofa"),
    (Fact::Sirs, "sirs"),
    (Fact::Sofa, "sofa"),
    (Fact::ShockIndex, "shock_index"),
    (Fact::Easix, "easix"),
    (Fact::SEasix, "s_easix"),
    (Fact::MEasix, "m_easix"),
    (Fact::CrsEws, "crs_ews"),
    (Fact::IcansEws, "icans_ews"),
];

/// One patient at one instant.
pub struct View<'a> {
    pub patient: &'a Patient,
    pub settings: &'a dyn Fn(Analyte) -> Option<&'a AnalyteSettings>,
    pub now: Time,
}

impl View<'_> {
    fn stale_after(&self, analyte: Analyte) -> Span {
        (self.settings)(analyte).map_or(STALE_DEFAULT, |s| s.stale_after)
    }

    fn same_assay(&self, analyte: Analyte) -> bool {
        (self.settings)(analyte).is_some_and(|s| s.same_assay)
    }

    /// The baseline that the sample may be compared with.
    fn baseline_for(&self, analyte: Analyte, sample: &Sample) -> Option<Value> {
        self.patient.baseline(analyte, self.same_assay(analyte).then_some(sample.code))
    }

    /// Newest value within the span.
    fn newest(&self, window: &Window, span: Span) -> Option<Sample> {
        window.last_until(self.now).filter(|newest| newest.at >= self.now - span)
    }

    fn score(&self, name: &str) -> Option<&Score> {
        self.patient.scores.get(name)
    }

    fn score_value(&self, name: &str) -> Option<FactValue> {
        let score = self.score(name)?;
        let bound = if score.is_floor() { Bound::AtLeast } else { Bound::Exactly };
        Some(FactValue::Number(Quantity { value: score.value?, bound }))
    }

    /// The points that predict, without those that detect.
    fn ews_part(&self, name: &str) -> Option<FactValue> {
        let score = self.score(name)?;
        let bound = if score.is_floor() { Bound::AtLeast } else { Bound::Exactly };
        Some(FactValue::Number(Quantity { value: score.part("p")?.value?, bound }))
    }

    /// The band as shown, with its dwell; unknown while the score knows nothing.
    fn band(&self, name: &str) -> Option<FactValue> {
        let score = self.score(name)?;
        let hold = self.patient.bands.get(name)?;
        if score.band.is_none() && hold.band() == score::Band::Green {
            return None;
        }
        Some(FactValue::Band(match hold.band() {
            score::Band::Green => Band::Green,
            score::Band::Yellow => Band::Yellow,
            score::Band::Amber => Band::Amber,
            score::Band::Red => Band::Red,
        }))
    }

    fn latest<T>(&self, find: impl Fn(&crate::model::Assessment) -> Option<T>) -> Option<T> {
        let recent = self
            .patient
            .assessments
            .iter()
            .rev()
            .filter(|a| a.at <= self.now && self.now - a.at <= Span::hours(14));
        recent.into_iter().find_map(find)
    }

    fn since_infusion(&self) -> Option<Time> {
        self.patient.infusion().map(|t| t.at)
    }

    fn given_since_infusion(&self, kind: TherapyKind) -> Option<FactValue> {
        let since = self.since_infusion()?;
        Some(FactValue::Flag(self.patient.given(kind, since, self.now).is_some()))
    }

    /// A value with a poor signal neither holds nor breaks what is sustained.
    fn sustained(
        &self,
        analyte: Analyte,
        span: Span,
        holds: impl Fn(&Sample) -> Option<bool>,
    ) -> Option<FactValue> {
        let window = self.patient.window(analyte)?;
        let reach = self.stale_after(analyte).max(span);
        let good = |until: Time| window.between(Time(i64::MIN), until).rev().filter(|s| !s.quality.signal);
        let newest = good(self.now).next().filter(|s| self.now - s.at <= reach)?;
        if !holds(&newest)? {
            return Some(FactValue::Flag(false));
        }
        for sample in good(newest.at) {
            match holds(&sample) {
                Some(true) if newest.at - sample.at >= span => return Some(FactValue::Flag(true)),
                Some(true) => {}
                Some(false) => return Some(FactValue::Flag(false)),
                None => return None,
            }
        }
        Some(FactValue::Flag(false))
    }

    /// Tocilizumab or a steroid since the infusion.
    fn post_treatment(&self) -> Option<FactValue> {
        let since = self.since_infusion()?;
        let treated = |kind| self.patient.given(kind, since, self.now).is_some();
        Some(FactValue::Flag(treated(TherapyKind::Tocilizumab) || treated(TherapyKind::Steroid)))
    }

    /// Oxygen that runs now and did not at the infusion.
    fn new_oxygen(&self) -> Option<FactValue> {
        let since = self.since_infusion()?;
        let support = bedside::oxygen_support(self.patient, self.now)?;
        let before = bedside::oxygen_support(self.patient, since).unwrap_or(Support::None);
        Some(FactValue::Flag(support > Support::None && before == Support::None))
    }

    fn antipyretic_given(&self) -> Option<FactValue> {
        let since = bedside::episode(self.patient, self.now)?;
        Some(FactValue::Flag(self.patient.given(TherapyKind::Antipyretic, since, self.now).is_some()))
    }

    /// Most points of a single NEWS2 item, once the score is complete.
    fn news2_highest(&self) -> Option<FactValue> {
        let score = self.score("news2")?;
        score.value?;
        score.terms.iter().filter_map(|t| t.points).max().map(FactValue::number)
    }

    fn change(&self, window: &Window, span: Span) -> Option<FactValue> {
        let (old, new) = ends(window.between(self.now - span, self.now))?;
        Some(FactValue::number(Value(new.0 - old.0)))
    }

    fn change_percent(&self, window: &Window, span: Span) -> Option<FactValue> {
        let (old, new) = ends(window.between(self.now - span, self.now))?;
        percent(new.0 - old.0, old)
    }

    /// Highest value of the span minus the newest.
    fn fall(&self, window: &Window, span: Span) -> Option<FactValue> {
        let newest = exact(&self.newest(window, span)?)?;
        let highest = window.max(self.now - span, self.now).filter(|q| q.bound == Bound::Exactly)?;
        Some(FactValue::number(Value(highest.value.0 - newest.0)))
    }

    /// Newest value minus the lowest of the span.
    fn rise(&self, window: &Window, span: Span) -> Option<FactValue> {
        let newest = exact(&self.newest(window, span)?)?;
        let lowest = window.min(self.now - span, self.now).filter(|q| q.bound == Bound::Exactly)?;
        Some(FactValue::number(Value(newest.0 - lowest.value.0)))
    }

    /// Hours by which the next ICE is overdue.
    fn ice_due(&self) -> Option<FactValue> {
        let infused = self.since_infusion()?;
        let day = self.patient.day(self.now)?;
        if !self.patient.admitted || day < Value::ZERO || day > Value::whole(14) {
            return Some(FactValue::whole(0));
        }
        let last = self.patient.window(Analyte::ICE).and_then(|w| w.last_until(self.now));
        let ice_low = last.is_some_and(|s| s.value < Value::whole(10));
        let at_least = |grade: &Grade, n| grade.at_least().is_some_and(|g| g >= Value::whole(n));
        let due = if at_least(&self.patient.icans, 2) {
            ICE_DUE[2]
        } else if at_least(&self.patient.crs, 1) || ice_low {
            ICE_DUE[1]
        } else {
            ICE_DUE[0]
        };
        let since = last.map_or(infused, |s| s.at.max(infused));
        Some(FactValue::number(hours(self.now - (since + due))))
    }
}

/// A span as hours in thousandths.
pub fn hours(span: Span) -> Value {
    Value(divide(i128::from(span.0) * 1000, i128::from(Span::HOUR.0)))
}

/// Part of a whole in per cent.
fn percent(part: i64, whole: Value) -> Option<FactValue> {
    (whole.0 != 0).then(|| FactValue::number(Value(divide(i128::from(part) * 100_000, i128::from(whole.0)))))
}

fn below(sample: &Sample, limit: Value) -> Option<bool> {
    match sample.bound {
        Bound::Exactly => Some(sample.value < limit),
        Bound::Below => (sample.value <= limit).then_some(true),
        Bound::AtMost => (sample.value < limit).then_some(true),
        Bound::Above | Bound::AtLeast => (sample.value >= limit).then_some(false),
    }
}

fn above(sample: &Sample, limit: Value) -> Option<bool> {
    match sample.bound {
        Bound::Exactly => Some(sample.value > limit),
        Bound::Above => (sample.value >= limit).then_some(true),
        Bound::AtLeast => (sample.value > limit).then_some(true),
        Bound::Below | Bound::AtMost => (sample.value <= limit).then_some(false),
    }
}

impl Facts for View<'_> {
    fn measure(&self, analyte: Analyte, measure: &Measure) -> Option<FactValue> {
        let window = self.patient.window(analyte);
        if let Measure::Count(span) = measure {
            let count = window.map_or(0, |w| w.count(self.now - *span, self.now));
            return Some(FactValue::whole(i64::try_from(count).ok()?));
        }
        let window = window?;
        let from = |span: &Span| self.now - *span;
        let quantity = FactValue::Number;
        match measure {
            Measure::Count(_) => None,
            Measure::Last => {
                let sample = self.newest(window, self.stale_after(analyte))?;
                // "Cannot be obtained" after the value: the newest state of knowledge is that there is none.
                if window.unavailable_at.is_some_and(|at| at > sample.at) {
                    return None;
                }
                Some(quantity(sample.quantity()))
            }
            Measure::Age => window.last_until(self.now).map(|s| FactValue::Duration(self.now - s.at)),
            Measure::Stale => window
                .last_until(self.now)
                .map(|s| FactValue::Flag(self.now - s.at > self.stale_after(analyte))),
            Measure::Baseline => {
                let code = window.last().filter(|_| self.same_assay(analyte)).map(|s| s.code);
                self.patient.baseline(analyte, code).map(FactValue::number)
            }
            Measure::Min(span) => window.min(from(span), self.now).map(quantity),
            Measure::Max(span) => window.max(from(span), self.now).map(quantity),
            Measure::Mean(span) => window.mean(from(span), self.now).map(FactValue::number),
            Measure::Median(span) => window.median(from(span), self.now).map(FactValue::number),
            Measure::Slope(span) => window.slope_per_hour(from(span), self.now).map(FactValue::number),
            Measure::Change(span) => self.change(window, *span),
            Measure::ChangePercent(span) => self.change_percent(window, *span),
            Measure::Fall(span) => self.fall(window, *span),
            Measure::Rise(span) => self.rise(window, *span),
            Measure::ChangeFromBaseline(span) => {
                let newest = self.newest(window, *span)?;
                let baseline = self.baseline_for(analyte, &newest).filter(|b| b.0 > 0)?;
                let change =
                    divide(i128::from(newest.value.0 - baseline.0) * 100_000, i128::from(baseline.0));
                Some(quantity(Quantity { value: Value(change), bound: newest.bound }))
            }
            Measure::RatioToBaseline(span) => {
                let newest = self.newest(window, *span)?;
                let baseline = self.baseline_for(analyte, &newest).filter(|b| b.0 > 0)?;
                let ratio = divide(i128::from(newest.value.0) * 1000, i128::from(baseline.0));
                Some(quantity(Quantity { value: Value(ratio), bound: newest.bound }))
            }
            Measure::SustainedBelow(limit, span) => self.sustained(analyte, *span, |s| below(s, *limit)),
            Measure::SustainedAtMost(limit, span) => {
                self.sustained(analyte, *span, |s| above(s, *limit).map(|b| !b))
            }
            Measure::SustainedAbove(limit, span) => self.sustained(analyte, *span, |s| above(s, *limit)),
            Measure::SustainedAtLeast(limit, span) => {
                self.sustained(analyte, *span, |s| below(s, *limit).map(|b| !b))
            }
        }
    }

    fn fact(&self, fact: Fact) -> Option<FactValue> {
        let patient = self.patient;
        let now = self.now;
        let flag = FactValue::Flag;
        let whole = |n: u8| FactValue::whole(i64::from(n));
        match fact {
            Fact::Day => patient.day(now).map(FactValue::number),
            Fact::HoursSinceInfusion => self.since_infusion().map(|at| FactValue::number(hours(now - at))),
            Fact::Product => patient.product().map(FactValue::text),
            Fact::Age => patient.factors.age.map(whole),
            Fact::Admitted => Some(flag(patient.admitted)),
            Fact::PostTreatment => self.post_treatment(),
            Fact::CrsGrade => patient.crs.value().map(FactValue::number),
            Fact::CrsAtLeast => patient.crs.at_least().map(FactValue::number),
            Fact::CrsCharted => patient.crs.charted.as_ref().map(|c| whole(c.grade)),
            Fact::CrsEpisode => {
                let episode = self.since_infusion().map(|_| bedside::episode(patient, now))?;
                bedside::episode_open(patient, episode, now).map(flag)
            }
            Fact::FeverHours => {
                bedside::fever_lasting(patient, now).map(|span| FactValue::number(hours(span)))
            }
            Fact::IcansGrade => patient.icans.value().map(FactValue::number),
            Fact::IcansAtLeast => patient.icans.at_least().map(FactValue::number),
            Fact::IcansCharted => patient.icans.charted.as_ref().map(|c| whole(c.grade)),
            Fact::IecHs => self.score("iec_hs")?.value.map(|v| flag(v > Value::ZERO)),
            Fact::IecHsCharted => {
                patient.assessments.iter().rev().find_map(|a| a.charted.and_then(|c| c.iec_hs)).map(whole)
            }
            Fact::Seizure => self.latest(|a| a.seizure.clone()).map(|s| flag(s != "none")),
            Fact::SoftSign => self.latest(|a| a.soft_sign).map(flag),
            Fact::IceDue => self.ice_due(),
            Fact::Hypotension => bedside::hypotension(patient, now).map(flag),
            Fact::HypotensionSustained => bedside::hypotension_sustained(patient, now).map(flag),
            Fact::HypoxiaSustained => {
                bedside::hypoxia_sustained(patient, now, self.stale_after(Analyte::SPO2)).map(flag)
            }
            Fact::NewOxygen => self.new_oxygen(),
            Fact::OnOxygen => bedside::oxygen_support(patient, now).map(|s| flag(s > Support::None)),
            Fact::OxygenSupport => bedside::oxygen_support(patient, now).map(|s| FactValue::text(s.name())),
            Fact::Vasopressors => bedside::vasopressors(patient, now).map(|(n, _)| whole(n)),
            Fact::Vasopressin => bedside::vasopressors(patient, now).map(|(_, v)| flag(v)),
            Fact::TocilizumabGiven => self.given_since_infusion(TherapyKind::Tocilizumab),
            Fact::SteroidGiven => self.given_since_infusion(TherapyKind::Steroid),
            Fact::AntipyreticGiven => self.antipyretic_given(),
            Fact::News2
            | Fact::Qsofa
            | Fact::Sirs
            | Fact::Sofa
            | Fact::ShockIndex
            | Fact::Easix
            | Fact::SEasix
            | Fact::MEasix
            | Fact::CrsEws
            | Fact::IcansEws => self.score_value(SCORES.iter().find(|(of, _)| *of == fact)?.1),
            Fact::CrsEwsP => self.ews_part("crs_ews"),
            Fact::CrsEwsBand => self.band("crs_ews"),
            Fact::IcansEwsBand => self.band("icans_ews"),
            Fact::News2Highest => self.news2_highest(),
            Fact::Given(kind, span) => Some(flag(patient.given(kind, now - span, now).is_some())),
            Fact::IceDrop(span) => bedside::ice_drop(patient, span, now).map(FactValue::number),
        }
    }
}

/// Oldest and newest of at least two exact values.
fn ends(mut samples: Samples<'_>) -> Option<(Value, Value)> {
    let (first, last) = (samples.next()?, samples.next_back()?);
    Some((exact(&first)?, exact(&last)?))
}

fn exact(sample: &Sample) -> Option<Value> {
    (sample.bound == Bound::Exactly).then_some(sample.value)
}
