//! What the measurements mean at the bedside: hypotension, hypoxia, fever, oxygen support, the CRS episode.
//!
//! Every answer is `None` where it is not known. The rules are those of the consensus tables with the
//! operational definitions this project adds; each says which it is.

use std::collections::BTreeSet;

use super::patient::Patient;
use super::pressure::{Pressure, Readings};
use crate::model::{Analyte, OxygenDevice, Quantity, Span, Therapy, TherapyAction, TherapyKind, Time, Value};

/// Fever by the ASTCT consensus (Lee 2019): 38.0 °C or more.
pub const FEVER: Value = Value(38_000);
/// Blood pressure older than this says nothing about now; ward charting interval, engineering.
const PRESSURE_REACH: Span = Span::hours(6);
/// Two readings at least this far apart make a finding sustained; engineering.
const SUSTAINED: Span = Span::minutes(5);
/// CRS is over when all its signs have been away this long; engineering (the consensus gives no dwell).
const EPISODE_GAP: Span = Span::hours(24);
/// Oxygen support newer than this counts as current; support is charted at least each shift, engineering.
const OXYGEN_REACH: Span = Span::hours(24);

/// Oxygen support in the four steps the CRS table knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Support {
    None,
    Low,
    /// A nasal cannula whose flow nobody has stated: low or high.
    Cannula,
    High,
    PositivePressure,
}

impl Support {
    pub fn name(self) -> &'static str {
        match self {
            Support::None => "none",
            Support::Low => "low",
            Support::Cannula => "nasal_cannula",
            Support::High => "high",
            Support::PositivePressure => "positive_pressure",
        }
    }

    /// Device and flow to support. Low flow is a nasal cannula at 6 L/min or less, or blow-by (Lee 2019); any
    /// mask, Venturi or high-flow device is high at any flow; the mapping of unnamed devices by flow is
    /// engineering.
    pub fn of(device: Option<OxygenDevice>, flow: Option<Value>) -> Option<Support> {
        let by_flow = |flow: Value| match flow {
            flow if flow <= Value::ZERO => Support::None,
            flow if flow <= Value::whole(6) => Support::Low,
            _ => Support::High,
        };
        match device {
            Some(OxygenDevice::None) => Some(Support::None),
            Some(OxygenDevice::NasalCannula) => {
                Some(flow.map_or(Support::Cannula, |f| by_flow(f).max(Support::Low)))
            }
            Some(OxygenDevice::BlowBy) => Some(Support::Low),
            Some(
                OxygenDevice::SimpleMask
                | OxygenDevice::Venturi
                | OxygenDevice::NonRebreather
                | OxygenDevice::HighFlow,
            ) => Some(Support::High),
            Some(OxygenDevice::Cpap | OxygenDevice::Bipap | OxygenDevice::Ventilator) => {
                Some(Support::PositivePressure)
            }
            None => flow.map(by_flow),
        }
    }
}

/// The support the patient has now; unknown without a statement in the last day.
pub fn oxygen_support(patient: &Patient, now: Time) -> Option<Support> {
    let (device, flow, at) = patient.oxygen(now)?;
    let running = patient.therapies.iter().any(|t| t.kind == TherapyKind::Oxygen && t.at == at);
    // A charted device runs until somebody says otherwise; a measured flow grows old.
    if !running && now - at > OXYGEN_REACH {
        return None;
    }
    Support::of(device, flow)
}

/// Positive pressure that only protects the airway does not count as hypoxia.
pub fn airway_only(patient: &Patient, now: Time) -> bool {
    patient.running(TherapyKind::Oxygen, now).first().is_some_and(|t| t.airway_only)
}

/// Agents running, vasopressin apart; unknown where none runs and nobody reports this patient's drugs.
pub fn vasopressors(patient: &Patient, now: Time) -> Option<(u8, bool)> {
    let running = patient.running(TherapyKind::Vasopressor, now);
    if running.is_empty() && !patient.drugs_are_reported(now) {
        return None;
    }
    let is_vasopressin = |agent: Option<&str>| agent.is_some_and(|a| a.contains("vasopressin"));
    let others: BTreeSet<Option<&str>> =
        running.iter().map(|t| t.agent.as_deref()).filter(|a| !is_vasopressin(*a)).collect();
    let vasopressin = running.iter().any(|t| is_vasopressin(t.agent.as_deref()));
    Some((u8::try_from(others.len()).unwrap_or(u8::MAX), vasopressin))
}

/// Blood-pressure readings of the last six hours, newest first.
fn pressures(patient: &Patient, now: Time) -> impl Iterator<Item = Pressure> + '_ {
    Readings::between(patient, now - PRESSURE_REACH, now).rev()
}

/// Whether the newest reading is low.
pub fn hypotension(patient: &Patient, now: Time) -> Option<bool> {
    let baseline = patient.baseline(Analyte::SYSTOLIC, None);
    pressures(patient, now).next().map(|p| p.is_low(baseline))
}

/// Low over at least two readings five minutes apart, with none between that is not. `None` where there is no
/// reading, or where the newest is low and not yet confirmed: one low reading is neither a finding nor its absence.
pub fn hypotension_sustained(patient: &Patient, now: Time) -> Option<bool> {
    let baseline = patient.baseline(Analyte::SYSTOLIC, None);
    let mut readings = pressures(patient, now);
    let newest = readings.next()?;
    if !newest.is_low(baseline) {
        return Some(false);
    }
    let mut low = readings.take_while(|p| p.is_low(baseline));
    low.any(|p| newest.at - p.at >= SUSTAINED).then_some(true)
}

/// SpO2 under 92 % without oxygen for at least five minutes, signal good.
pub fn hypoxia_sustained(patient: &Patient, now: Time, stale_after: Span) -> Option<bool> {
    let window = patient.window(Analyte::SPO2)?;
    // A value with a poor signal is neither hypoxia nor its absence.
    let good = || window.between(now - Span::hours(6), now).rev().filter(|s| !s.quality.signal);
    let newest = good().next().filter(|s| now - s.at <= stale_after)?;
    if oxygen_support(patient, now).is_some_and(|support| support != Support::None) {
        return Some(false);
    }
    let limit = Value::whole(92);
    if newest.value >= limit {
        return Some(false);
    }
    Some(good().take_while(|s| s.value < limit).any(|s| newest.at - s.at >= SUSTAINED))
}

/// The open CRS episode: its first fever, if there is one at `now`.
///
/// Computed from what was measured and given, never from what the engine thought before, so that the order of
/// arrival cannot change it: from now back over fevers, low pressures, oxygen and vasopressors with no
/// gap of 24 h, and only where that chain holds a fever after the infusion. A pressure is low here as it is in
/// [`hypotension`].
pub fn episode(patient: &Patient, now: Time) -> Option<Time> {
    let infused = patient.infusion()?.at;
    let mut reached = now;
    let mut first_fever = None;
    loop {
        let from = (reached - EPISODE_GAP).max(infused);
        let fever = oldest_fever(patient, from, reached);
        first_fever = fever.or(first_fever);
        let signs =
            [fever, oldest_low_pressure(patient, from, reached), oldest_support(patient, from, reached)];
        match signs.into_iter().flatten().min() {
            Some(earliest) if earliest < reached => reached = earliest,
            _ => return first_fever,
        }
    }
}

/// Whether a CRS episode is open. Signs that nobody reports have not been seen to go away: after a fever, `None` where
/// the last 24 h lack a temperature, a pressure, a statement on oxygen, or reports of drugs.
pub fn episode_open(patient: &Patient, episode: Option<Time>, now: Time) -> Option<bool> {
    if episode.is_some() {
        return Some(true);
    }
    let since = |infused: Time| patient.window(Analyte::TEMPERATURE)?.max(infused, now);
    let highest = patient.infusion().and_then(|infusion| since(infusion.at));
    if highest.is_none_or(|highest| highest.value < FEVER) {
        return Some(false);
    }
    let is_measured = |analyte| {
        let newest = patient.window(analyte).and_then(|window| window.last_until(now));
        newest.is_some_and(|sample| now - sample.at <= EPISODE_GAP)
    };
    let is_watched = is_measured(Analyte::TEMPERATURE)
        && (is_measured(Analyte::SYSTOLIC) || is_measured(Analyte::MAP))
        && oxygen_support(patient, now).is_some()
        && patient.drugs_are_reported(now);
    is_watched.then_some(false)
}

fn oldest_fever(patient: &Patient, from: Time, to: Time) -> Option<Time> {
    let window = patient.window(Analyte::TEMPERATURE)?;
    window.first_at_or_above(FEVER, from, to).map(|s| s.at)
}

fn oldest_low_pressure(patient: &Patient, from: Time, to: Time) -> Option<Time> {
    let baseline = patient.baseline(Analyte::SYSTOLIC, None);
    let may_fall = |analyte, limit| {
        patient.window(analyte).is_some_and(|window| window.may_fall_to(Value(limit), from, to))
    };
    // Cheap first: a mean under 65 with a systolic above 90 needs a diastolic under 52.5.
    let may_be_low = may_fall(Analyte::SYSTOLIC, baseline.map_or(90_000, |b| (b.0 - 40_000).max(90_000)))
        || may_fall(Analyte::MAP, 64_999)
        || may_fall(Analyte::DIASTOLIC, 52_499);
    if !may_be_low {
        return None;
    }
    Readings::between(patient, from, to).find(|p| p.is_low(baseline)).map(|p| p.at)
}

/// The first instant in the span at which oxygen or a vasopressor ran.
fn oldest_support(patient: &Patient, from: Time, to: Time) -> Option<Time> {
    let counts = |t: &&Therapy| {
        matches!(t.kind, TherapyKind::Vasopressor | TherapyKind::Oxygen)
            && t.device != Some(OxygenDevice::None)
            && t.action != TherapyAction::Stopped
            && t.at <= to
    };
    let ended_by = |start: &Therapy| {
        let next = patient
            .therapies
            .iter()
            .find(|t| t.kind == start.kind && t.at > start.at && t.agent == start.agent);
        start.until.or(next.map(|t| t.at)).unwrap_or(to)
    };
    let charted =
        patient.therapies.iter().filter(counts).filter(|t| ended_by(t) >= from).map(|t| t.at.max(from)).min();
    let above_zero = Value(1);
    let flow = patient.window(Analyte::OXYGEN_FLOW);
    let measured = flow.and_then(|w| w.first_at_or_above(above_zero, from, to)).map(|s| s.at);
    charted.into_iter().chain(measured).min()
}

/// Whether fever no longer counts: an antipyretic, anticytokine agent or steroid was given since the episode began
/// (Lee 2019), or since the infusion where it is not known whether one is open. Unknown where nobody reports this
/// patient's drugs.
pub fn masked(patient: &Patient, episode: Option<Time>, now: Time) -> Option<bool> {
    let since = match episode {
        Some(began) => began,
        None if episode_open(patient, episode, now).is_some() => return Some(false),
        None => patient.infusion()?.at,
    };
    let kinds =
        [TherapyKind::Antipyretic, TherapyKind::Tocilizumab, TherapyKind::Anticytokine, TherapyKind::Steroid];
    if kinds.into_iter().any(|kind| patient.given(kind, since, now).is_some()) {
        return Some(true);
    }
    patient.drugs_are_reported(now).then_some(false)
}

/// How long the present fever has lasted, to its newest value; fevers less than a day apart are one, because fever
/// is spiky by nature. Zero without fever, unknown without a temperature in the last day.
pub fn fever_lasting(patient: &Patient, now: Time) -> Option<Span> {
    let window = patient.window(Analyte::TEMPERATURE)?;
    let newest = window.last_until(now).filter(|s| now - s.at <= EPISODE_GAP)?;
    let mut reached = newest.at;
    let mut first = None;
    while let Some(earlier) =
        oldest_fever(patient, reached - EPISODE_GAP, reached).filter(|at| Some(*at) != first)
    {
        first = Some(earlier);
        reached = earlier;
    }
    Some(first.map_or(Span::ZERO, |first| newest.at - first))
}

/// Highest ICE within the span minus the newest of it.
pub fn ice_drop(patient: &Patient, span: Span, now: Time) -> Option<Value> {
    let window = patient.window(Analyte::ICE)?;
    let newest = window.last_until(now).filter(|newest| newest.at >= now - span)?;
    let highest = window.max(now - span, newest.at)?;
    Some(Value(highest.value.0 - newest.value.0))
}

/// The newest value of an analyte that is not older than `reach`.
pub fn fresh(patient: &Patient, analyte: Analyte, reach: Span, now: Time) -> Option<(Quantity, Time, u16)> {
    let sample = patient.window(analyte)?.last_until(now)?;
    (now - sample.at <= reach).then_some((sample.quantity(), sample.at, sample.source))
}
