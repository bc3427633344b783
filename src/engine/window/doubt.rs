//! What is known against a value. It is shown wherever the value is; the value is used all the same, because a storm
//! looks implausible too.

use super::{Sample, Window};
use crate::model::RateLimit;

impl Window {
    /// The weightiest thing known against one of the window's samples, by the name the API gives it.
    pub fn doubt(&self, sample: &Sample, rate: Option<&RateLimit>) -> Option<&'static str> {
        let quality = sample.quality;
        let found = [
            (self.unavailable_at > Some(sample.at), "unavailable"),
            (quality.implausible, "implausible"),
            (rate.is_some_and(|limit| self.leaps(sample, limit)), "unconfirmed"),
            (quality.specimen, "specimen"),
            (quality.signal, "signal"),
            (quality.retained, "retained"),
            (quality.time, "time"),
        ];
        found.into_iter().find(|(holds, _)| *holds).map(|(_, name)| name)
    }

    /// Further than the limit from every other value within the limit's span: until a second value confirms it,
    /// that is an artefact as likely as a change. Alone in its span, nothing is known of its speed.
    fn leaps(&self, sample: &Sample, limit: &RateLimit) -> bool {
        let near = |other: &Sample| {
            let change = sample.value.0.abs_diff(other.value.0);
            let most =
                |percent: i64| u128::from(other.value.0.unsigned_abs()) * u128::from(percent.unsigned_abs());
            limit.change.is_none_or(|most| change <= most.0.unsigned_abs())
                && limit.percent.is_none_or(|percent| u128::from(change) * 100_000 <= most(percent.0))
        };
        let around = self.between(sample.at - limit.within, sample.at + limit.within);
        let mut others = around.filter(|other| other.key() != sample.key()).peekable();
        others.peek().is_some() && !others.any(|other| near(&other))
    }
}
