//! What a patient was given, and what of it runs.

use std::cmp::Ordering;

use super::patient::Patient;
use crate::model::{Analyte, OxygenDevice, Span, Therapy, TherapyAction, TherapyKind, Time, Value};

/// A report of one drug says that drugs are reported for this long: they are charted at least daily; engineering.
const DRUGS_REACH: Span = Span::hours(24);

impl Patient {
    /// Keeps therapies in order of time; the same one twice is one, a withdrawal removes its start.
    pub fn treat(&mut self, therapy: &Therapy) {
        if therapy.action == TherapyAction::Withdrawn {
            self.therapies.retain(|t| !(same_order(t, therapy) && t.kind == therapy.kind));
            return;
        }
        if self.therapies.contains(therapy) {
            return;
        }
        let place = self.therapies.partition_point(|t| in_order(t, therapy).is_le());
        self.therapies.insert(place, therapy.clone());
    }

    /// The newest infusion of CAR-T cells; it sets Day 0.
    pub fn infusion(&self) -> Option<&Therapy> {
        self.therapies
            .iter()
            .rev()
            .find(|t| t.kind == TherapyKind::Infusion && t.action != TherapyAction::Stopped)
    }

    pub fn product(&self) -> Option<&str> {
        self.infusion()
            .and_then(|t| t.product.as_deref().or(t.agent.as_deref()))
            .or(self.factors.product.as_deref())
    }

    /// Therapies of a kind that run at `now`, newest first, one for each agent.
    pub fn running(&self, kind: TherapyKind, now: Time) -> Vec<&Therapy> {
        let mut newer: Vec<&Therapy> = Vec::new();
        let mut running = Vec::new();
        for therapy in self.therapies.iter().rev().filter(|t| t.kind == kind && t.at <= now) {
            let stops = therapy.action == TherapyAction::Stopped;
            let ended = newer.iter().any(|later| self.ends(later, therapy));
            newer.push(therapy);
            if !stops && !ended && therapy.until.is_none_or(|until| until > now) {
                running.push(therapy);
            }
        }
        running
    }

    /// Whether a later record of the same kind ends or replaces an earlier start.
    fn ends(&self, later: &Therapy, start: &Therapy) -> bool {
        if later.action != TherapyAction::Stopped {
            // Oxygen comes from one device at a time; of drugs, a new rate replaces the old one of the same agent.
            return start.kind == TherapyKind::Oxygen || later.agent == start.agent;
        }
        let of_order = |t: &Therapy| {
            t.kind == start.kind && t.action != TherapyAction::Stopped && t.order == later.order
        };
        if later.order.is_some() && self.therapies.iter().any(of_order) {
            // The end of an old order says nothing about a new one of the same drug.
            return start.order == later.order;
        }
        if start.kind == TherapyKind::Oxygen {
            // Taking the cannula away while a mask runs takes no oxygen away.
            return later
                .device
                .is_none_or(|d| d == OxygenDevice::None || start.device.is_none_or(|s| s == d));
        }
        // A stop without a name ends whatever ran.
        later.agent.is_none() || start.agent.is_none() || later.agent == start.agent
    }

    /// The newest administration of a kind within the span before `now`.
    pub fn given(&self, kind: TherapyKind, from: Time, now: Time) -> Option<&Therapy> {
        let counts = |t: &&Therapy| {
            t.kind == kind
                && t.action != TherapyAction::Stopped
                && t.at <= now
                && t.until.unwrap_or(t.at) >= from
        };
        self.therapies.iter().rev().find(counts)
    }

    /// Whether anybody reports this patient's drugs now: something was said of one within the last day. Without that,
    /// "no vasopressor" is not known; a dose of days ago tells nothing of what was hung up since.
    pub fn drugs_are_reported(&self, now: Time) -> bool {
        let is_recent = |t: &Therapy| t.at <= now && now - t.at <= DRUGS_REACH;
        let is_drug = |t: &Therapy| !matches!(t.kind, TherapyKind::Infusion | TherapyKind::Oxygen);
        self.therapies.iter().rev().any(|t| is_drug(t) && is_recent(t))
    }

    /// The newest statement on oxygen: device and flow in L/min.
    pub fn oxygen(&self, now: Time) -> Option<Oxygen> {
        let charted = self.running(TherapyKind::Oxygen, now).first().map(|t| (t.device, t.flow, t.at));
        let by_therapy = charted.or_else(|| {
            // Nothing runs: off since the last stop or end.
            let said = self.therapies.iter().filter(|t| t.kind == TherapyKind::Oxygen && t.at <= now);
            let off = said.map(|t| t.until.filter(|until| *until <= now).unwrap_or(t.at)).max()?;
            Some((Some(OxygenDevice::None), None, off))
        });
        let flow = self.window(Analyte::OXYGEN_FLOW).and_then(|w| w.last_until(now));
        let by_flow = flow.map(|s| (None, Some(s.value), s.at));
        match (by_therapy, by_flow) {
            // A newer flow with the same device, or the flow said beside it: the device stays what it is.
            (Some(therapy), Some(flow)) if flow.2 > therapy.2 || completes(&therapy, flow.2) => {
                let same_device =
                    therapy.0.filter(|d| *d != OxygenDevice::None && flow.1 > Some(Value::ZERO));
                Some((same_device, flow.1, flow.2))
            }
            (Some(therapy), _) => Some(therapy),
            (None, flow) => flow,
        }
    }
}

/// Device, flow in L/min, and when that was said.
type Oxygen = (Option<OxygenDevice>, Option<Value>, Time);

/// A flow of this instant belongs to a device stated without one at the same instant: monitors send them as two rows.
fn completes((device, flow, said): &Oxygen, at: Time) -> bool {
    at == *said && flow.is_none() && *device != Some(OxygenDevice::None)
}

/// The order of therapies: by instant, then stops before starts, then by content, so that the same set gives the same
/// list in whatever order it came.
fn in_order(a: &Therapy, b: &Therapy) -> Ordering {
    let starts = |t: &Therapy| t.action != TherapyAction::Stopped;
    let first = a.at.cmp(&b.at).then_with(|| starts(a).cmp(&starts(b)));
    first
        .then_with(|| (a.kind, &a.agent, a.device, a.flow).cmp(&(b.kind, &b.agent, b.device, b.flow)))
        .then_with(|| {
            (&a.order, a.until, &a.dose, &a.product, &a.source)
                .cmp(&(&b.order, b.until, &b.dose, &b.product, &b.source))
        })
}

fn same_order(a: &Therapy, b: &Therapy) -> bool {
    match (&a.order, &b.order) {
        (Some(a), Some(b)) => a == b,
        _ => a.at == b.at && a.agent == b.agent,
    }
}
