//! Parts of a count: so many per cent of the white cells are neutrophils. The count itself follows from the white cells
//! of the same instant in the same message, and from nothing else.

use crate::model::{Analyte, Bound, Observation, Quality, Quantity, Reading, Status, Value};

use super::Terminology;
use super::observe::{Refused, Steps};
use super::text::shown;
use super::unit::Written;
use super::words::Amount;

/// Per cent of what.
const WHOLE: Analyte = Analyte::named("wbc");

/// A part in per cent, waiting for the count it is a part of.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// The row's place in its message.
    pub place: String,
    /// What becomes of it; its quantity is still in per cent.
    pub part: Observation,
}

/// Counts from shares and from what the same message says of the same patient. A part whose count was sent beside its
/// share needs none; a share without the white cells of its instant is refused.
pub fn counts(shares: Vec<Share>, seen: &[&Observation]) -> (Vec<Observation>, Vec<Refused>) {
    let mut counted: Vec<Observation> = Vec::new();
    let mut refused = Vec::new();
    for Share { place, part } in shares {
        let beside = |analyte: Analyte| {
            let of_instant = move |other: &&&Observation| {
                other.analyte == analyte && other.measured_at == part.measured_at && other.quantity.is_some()
            };
            seen.iter().find(of_instant).copied()
        };
        if beside(part.analyte).is_some() {
            continue;
        }
        let withdrawn = matches!(part.status, Status::Deleted | Status::Wrong | Status::Unavailable);
        match (part.quantity, beside(WHOLE)) {
            (Some(percent), Some(whole)) if !withdrawn => match count(percent, whole) {
                Some(quantity) => counted.push(of(part, quantity, whole)),
                None => {
                    let reason =
                        "two limits of opposite kinds multiply to nothing; send the count".to_string();
                    refused.push(Refused::new("interval", &place, reason));
                }
            },
            (Some(_), None) if !withdrawn => {
                let reason = format!(
                    "{} came in per cent, and the white cells of that instant are not in the message; \
                     send them, or the count",
                    part.analyte
                );
                refused.push(Refused::new("incomplete", &place, reason));
            }
            // Withdrawn, or not obtained: that needs no number.
            (_, _) => counted.push(Observation { quantity: None, ..part }),
        }
    }
    (counted, refused)
}

/// `percent` of `whole`, rounded once, halves away from zero. `None` where both are limits and differ in kind.
fn count(percent: Quantity, whole: &Observation) -> Option<Quantity> {
    let whole = whole.quantity?;
    let bound = match (percent.bound, whole.bound) {
        (Bound::Exactly, bound) | (bound, Bound::Exactly) => bound,
        (one, other) if one == other => one,
        (_, _) => return None,
    };
    let product = i128::from(percent.value.0) * i128::from(whole.value.0);
    // Thousandths of per cent times thousandths of the unit.
    const PARTS: i128 = 100 * 1000;
    let value = i64::try_from((product + PARTS / 2) / PARTS).ok()?;
    Some(Quantity { value: Value(value), bound })
}

fn of(part: Observation, quantity: Quantity, whole: &Observation) -> Observation {
    let status = match (part.status, whole.status) {
        (Status::Preliminary, _) | (_, Status::Preliminary) => Status::Preliminary,
        (Status::Corrected, _) | (_, Status::Corrected) => Status::Corrected,
        (own, _) => own,
    };
    let (one, other) = (part.quality, whole.quality);
    let quality = Quality {
        implausible: one.implausible || other.implausible,
        specimen: one.specimen || other.specimen,
        signal: one.signal || other.signal,
        retained: one.retained || other.retained,
        time: one.time || other.time,
    };
    let original = shown(&format!("{} of {}", part.original, whole.original), 80);
    Observation { quantity: Some(quantity), status, quality, original, ..part }
}

impl Terminology {
    /// The per cent of a row; `None` where its sender says that there is none, or takes it back.
    pub(super) fn share(&self, reading: &Reading, steps: &mut Steps) -> Result<Option<Quantity>, Refused> {
        match reading.status {
            Status::Deleted | Status::Wrong => Ok(self.percent(reading, steps).unwrap_or(None)),
            Status::Unavailable | Status::Pending => Ok(None),
            Status::Preliminary | Status::Final | Status::Corrected => self.percent(reading, steps),
        }
    }

    fn percent(&self, reading: &Reading, steps: &mut Steps) -> Result<Option<Quantity>, Refused> {
        let refused = |class, reason| Err(Refused::new(class, &reading.place, reason));
        let (number, bound, behind) = match self.amount(reading)? {
            Amount::Number { number, .. } if self.words.is_sentinel(number) => return Ok(None),
            Amount::Number { number, bound, unit } => (number, bound, unit),
            Amount::Nothing => return Ok(None),
            Amount::Unreadable(reason) => return refused("number", reason.to_string()),
        };
        let mut texts: Vec<&str> = reading.units.iter().map(String::as_str).collect();
        texts.extend(behind.map(|unit| self.units.name(unit)));
        match self.units.written(&texts) {
            Written::Unit(unit) if self.units.name(unit) == "%" => {}
            Written::Unit(unit) => {
                let name = self.units.name(unit);
                return refused(
                    "unknown-unit",
                    format!("a share is sent in %, not in {name}; correct the unit"),
                );
            }
            Written::Nothing => {
                return refused(
                    "unknown-unit",
                    "no unit was sent with a share, and none is guessed; send %".into(),
                );
            }
            Written::Unknown(text) => {
                let text = shown(&text, 30);
                return refused(
                    "unknown-unit",
                    format!("a share is sent in %, not in `{text}`; correct the unit"),
                );
            }
            Written::Conflict(one, other) => {
                let (one, other) = (shown(&one, 30), shown(&other, 30));
                return refused(
                    "conflicting-units",
                    format!("units `{one}` and `{other}` differ; correct one"),
                );
            }
        }
        let value = number.to_value().filter(|value| (0..=100_000).contains(&value.0));
        let Some(value) = value else {
            return refused("hard-limit", "a share lies between 0 and 100 %; check the sender".into());
        };
        steps.note(|| format!("{value} % of the white cells"));
        Ok(Some(Quantity { value, bound }))
    }
}
