//! The value field and the unit field of a row -> a quantity in the analyte's own unit.

use crate::model::{Analyte, Quality, Quantity, RawValue, Reading, Value};

use super::Terminology;
use super::mapping::CodeRow;
use super::number::Exact;
use super::observe::{Refused, Steps};
use super::text::shown;
use super::unit::{UnitId, Written};
use super::words::Amount;

impl Terminology {
    /// A number with its unit in an analyte's own unit, for charts and rule cases: `("1.13", "mmol/L")` of
    /// phosphate is 3.5 mg/dL. The same refusals as [`Terminology::observe`], limits included.
    pub fn convert(&self, analyte: Analyte, value: &str, unit: &str) -> Result<Quantity, Refused> {
        let place = analyte.to_string();
        let Some(row) = self.analytes.iter().find(|row| row.settings.name == analyte) else {
            return Err(Refused::new("unknown-code", &place, format!("unknown analyte `{analyte}`")));
        };
        let refused = |class, reason| Refused::new(class, &place, reason);
        let written = self.read_text(value).map_err(|reason| refused("number", reason))?;
        let Amount::Number { number, bound, unit: behind } = written else {
            return Err(refused("number", "no value was given".into()));
        };
        let unit = self.unit_of(&place, analyte, &[unit], behind, None, &[])?;
        let value = self.own_value(&place, row.settings.name, number, unit)?;
        self.check_hard(&place, analyte, value)?;
        Ok(Quantity { value, bound })
    }

    /// The quantity of an analyte, `None` where the sender says that there is none; flags go into `quality`.
    pub(super) fn quantity(
        &self,
        reading: &Reading,
        row: &CodeRow,
        analyte: Analyte,
        quality: &mut Quality,
        steps: &mut Steps,
    ) -> Result<Option<Quantity>, Refused> {
        let place = reading.place.as_str();
        let (number, bound, behind) = match self.amount(reading)? {
            Amount::Number { number, .. } if self.words.is_sentinel(number) => {
                steps.note(|| "the number devices send for no value".into());
                return Ok(None);
            }
            Amount::Number { number, bound, unit } => (number, bound, unit),
            Amount::Nothing => {
                steps.note(|| "the sender says that there is no value".into());
                return Ok(None);
            }
            Amount::Unreadable(reason) => return Err(Refused::new("number", place, reason.to_string())),
        };
        let texts: Vec<&str> = reading.units.iter().map(String::as_str).collect();
        let unit = self.unit_of(place, analyte, &texts, behind, row.default_unit, &row.means)?;
        steps.note(|| format!("unit {}", self.units.name(unit)));
        let value = self.own_value(place, analyte, number, unit)?;
        steps.note(|| format!("{analyte} {}{value}", bound.sign().unwrap_or("")));
        self.check_hard(place, analyte, value)?;
        let of = self.row(analyte);
        let settings = &of.settings;
        quality.implausible |= settings.soft_min.is_some_and(|least| value < least)
            || settings.soft_max.is_some_and(|greatest| value > greatest);
        quality.signal |= of.lead_off == Some(value);
        Ok(Some(Quantity { value, bound }))
    }

    /// What the value field holds.
    pub(super) fn amount(&self, reading: &Reading) -> Result<Amount, Refused> {
        let refused = |class, reason| Refused::new(class, &reading.place, reason);
        let text = match &reading.value {
            RawValue::Absent => return Ok(Amount::Nothing),
            RawValue::Number(text) | RawValue::Text(text) => text.clone(),
            RawValue::Structured { comparator, first, separator, second } => {
                if !separator.trim().is_empty() || !second.trim().is_empty() {
                    let reason = "two numbers (a range, a ratio, a grade) are no one value; send a number";
                    return Err(refused("interval", reason.into()));
                }
                format!("{}{}", comparator.trim(), first.trim())
            }
            // The code of an answer is a number of a catalogue, never a measurement.
            RawValue::Coded(coding) if coding.system.trim().is_empty() && coding.name.trim().is_empty() => {
                coding.code.clone()
            }
            RawValue::Coded(coding) => coding.name.clone(),
            RawValue::Unusable(kind) => {
                let reason = format!("a value of type {} is no measurement; send a number", shown(kind, 20));
                return Err(refused("unusable-type", reason));
            }
        };
        if self.words.is_specimen_trouble(&text) && !text.contains(|letter: char| letter.is_numeric()) {
            return Ok(Amount::Nothing);
        }
        self.read_text(&text).map_err(|reason| refused("number", reason))
    }

    fn read_text(&self, text: &str) -> Result<Amount, String> {
        match self.words.amount(text, &self.units) {
            // Free text may be about a person: only what looks like a number is repeated.
            Amount::Unreadable(reason) if text.chars().count() <= 24 && text.contains(char::is_numeric) => {
                Err(format!("value `{}` {reason}; send a decimal number with a point", shown(text, 24)))
            }
            Amount::Unreadable(reason) => {
                Err(format!("the value {reason}; send a decimal number with a point"))
            }
            amount @ (Amount::Nothing | Amount::Number { .. }) => Ok(amount),
        }
    }

    fn unit_of(
        &self,
        place: &str,
        analyte: Analyte,
        texts: &[&str],
        behind: Option<UnitId>,
        default: Option<UnitId>,
        means: &[(UnitId, UnitId)],
    ) -> Result<UnitId, Refused> {
        let refused = |class, reason| Refused::new(class, place, reason);
        let mut texts = texts.to_vec();
        texts.extend(behind.map(|unit| self.units.name(unit)));
        let unit = match self.units.written(&texts) {
            Written::Unit(unit) => unit,
            Written::Nothing => match default.or_else(|| self.units.spelled("")) {
                Some(unit) if self.units.can_convert(analyte, unit) => unit,
                Some(_) | None => {
                    let reason = format!(
                        "no unit was sent with {analyte}, and none is guessed; send it, or add `default_unit` \
                         to a row with `sender` in terminology/codes/local.toml"
                    );
                    return Err(refused("unknown-unit", reason));
                }
            },
            Written::Unknown(text) => {
                let reason = format!(
                    "unknown unit `{}` of {analyte}; add the spelling to terminology/units.toml",
                    shown(&text, 30)
                );
                return Err(refused("unknown-unit", reason));
            }
            Written::Conflict(one, other) => {
                let reason = format!(
                    "units `{}` and `{}` of {analyte} differ; correct one at the sender",
                    shown(&one, 30),
                    shown(&other, 30)
                );
                return Err(refused("conflicting-units", reason));
            }
        };
        let unit = means.iter().find(|(from, _)| *from == unit).map_or(unit, |(_, to)| *to);
        if self.units.can_convert(analyte, unit) {
            return Ok(unit);
        }
        let name = self.units.name(unit);
        let why = self
            .units
            .refusal(analyte, unit)
            .unwrap_or("nothing converts it; add a bridge to terminology/units.toml");
        Err(refused("unknown-unit", format!("unit `{name}` is not used for {analyte}: {why}")))
    }

    fn own_value(
        &self,
        place: &str,
        analyte: Analyte,
        number: Exact,
        unit: UnitId,
    ) -> Result<Value, Refused> {
        let own = self.units.convert(analyte, unit, number);
        let whole_needed = self.row(analyte).whole;
        match own.and_then(|own| own.to_value().map(|value| (own, value))) {
            Some((own, _)) if whole_needed && !own.is_whole() => {
                Err(Refused::new("number", place, format!("{analyte} is a whole number; send it so")))
            }
            Some((_, value)) => Ok(value),
            None => Err(Refused::new(
                "number",
                place,
                format!("a number too large for {analyte}; check the sender"),
            )),
        }
    }

    fn check_hard(&self, place: &str, analyte: Analyte, value: Value) -> Result<(), Refused> {
        let settings = &self.row(analyte).settings;
        let below = settings.hard_min.is_some_and(|least| value < least);
        let above = settings.hard_max.is_some_and(|greatest| value > greatest);
        if !below && !above {
            return Ok(());
        }
        let limit = |limit: Option<Value>| limit.map_or("any".into(), |limit| limit.to_string());
        let reason = format!(
            "{analyte} {value} {} lies outside {} to {}; check the sender, or `hard` in terminology/analytes.toml",
            settings.unit,
            limit(settings.hard_min),
            limit(settings.hard_max)
        );
        Err(Refused::new("hard-limit", place, reason))
    }
}
