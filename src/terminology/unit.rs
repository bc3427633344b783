//! Units: spellings, sizes, and the way from any of them to an analyte's own unit.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Analyte;

use super::analyte::AnalyteRow;
use super::number::Exact;
use super::sheet::{Mistake, Place, Row, Sheet};
use super::text::{code_key, unit_key};

/// A unit by its place in the list.
pub(super) type UnitId = usize;

#[derive(Clone, Debug)]
struct Unit {
    name: String,
    dimension: String,
    /// What one is worth in the base of its dimension.
    size: Exact,
    /// Where its zero lies: base = (value - zero) * size.
    zero: Exact,
    place: Place,
}

/// Turns amounts of one dimension into another, for some analytes.
#[derive(Clone, Debug)]
struct Bridge {
    analytes: Vec<Analyte>,
    from: UnitId,
    to: UnitId,
    factor: Exact,
}

/// value in the analyte's unit = (value - minus) * times + plus
#[derive(Clone, Copy, Debug)]
struct Conversion {
    minus: Exact,
    times: Exact,
    plus: Exact,
}

#[derive(Clone, Copy, Debug)]
struct Fraction {
    min: Exact,
    max: Exact,
    times: Exact,
}

/// All that is known of units, with the conversions worked out.
#[derive(Clone, Debug, Default)]
pub(super) struct Units {
    units: Vec<Unit>,
    spellings: BTreeMap<String, UnitId>,
    systems: BTreeSet<String>,
    bridges: Vec<Bridge>,
    conversions: BTreeMap<(Analyte, UnitId), Conversion>,
    refusals: BTreeMap<(Analyte, UnitId), String>,
    fractions: BTreeMap<Analyte, Fraction>,
}

/// What the unit texts of a row say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Nothing,
    Unit(UnitId),
    /// No text is a known unit; the first is shown.
    Unknown(String),
    /// Two texts are different units.
    Conflict(String, String),
}

impl Units {
    /// Reads `units.toml`; names of analytes are checked against the rows.
    pub(super) fn read(sheet: &Sheet<'_>, analytes: &[AnalyteRow]) -> Units {
        let mut units = Units::default();
        let top = sheet.top(&["unit", "bridge", "refusal", "fraction"]);
        units.systems = top.texts("systems").iter().map(|system| code_key(system)).collect();
        top.finish();
        for row in sheet.rows("unit") {
            units.read_unit(&row);
            row.finish();
        }
        for row in sheet.rows("bridge") {
            units.read_bridge(&row, analytes);
            row.finish();
        }
        for row in sheet.rows("refusal") {
            units.read_refusal(&row, analytes);
            row.finish();
        }
        for row in sheet.rows("fraction") {
            units.read_fraction(&row, analytes);
            row.finish();
        }
        units
    }

    fn read_unit(&mut self, row: &Row<'_, '_>) {
        let name = row.text("name");
        let dimension = row.text("dimension");
        row.optional("source");
        let size = row.number("size").unwrap_or(Exact::ONE);
        if !row.has("size") {
            let remedy = "add what one is worth in the base of its dimension";
            row.mistake("size", "`size` is missing: a unit without a factor".into(), remedy);
        }
        if !size.is_positive() {
            row.mistake("size", "`size` is not above zero".into(), "write what one is worth in the base");
        }
        let zero = if row.has("zero") { row.number("zero") } else { Some(Exact::ZERO) };
        let spellings = row.texts("spellings");
        let (Some(name), Some(dimension), Some(zero)) = (name, dimension, zero) else {
            return;
        };
        if let Some(first) = self.units.iter().find(|unit| unit.name == name) {
            row.mistake(
                "name",
                format!("unit `{name}` is there twice, first in line {}", first.place.line),
                "keep one",
            );
            return;
        }
        let id = self.units.len();
        self.units.push(Unit { name: name.clone(), dimension, size, zero, place: row.place() });
        for spelling in spellings.iter().chain([&name]) {
            if let Some(other) = self.spellings.insert(unit_key(spelling), id).filter(|other| *other != id) {
                row.mistake(
                    "spellings",
                    format!("`{spelling}` is a spelling of `{}` already", self.units[other].name),
                    "a spelling belongs to one unit",
                );
            }
        }
    }

    fn read_bridge(&mut self, row: &Row<'_, '_>, known: &[AnalyteRow]) {
        let analytes = named_analytes(row, known);
        row.text("source");
        let from = self.named(row, "from");
        let to = self.named(row, "to");
        let times = if row.has("times") { row.number("times") } else { Some(Exact::ONE) };
        let divide = if row.has("divide") { row.number("divide") } else { Some(Exact::ONE) };
        if !row.has("times") && !row.has("divide") {
            row.mistake("from", "a bridge without a factor".into(), "add `times` or `divide`");
            return;
        }
        let factor = times.zip(divide).and_then(|(times, divide)| times.over(divide));
        let Some(factor) = factor.filter(|factor| factor.is_positive()) else {
            row.mistake("times", "the factor is not above zero".into(), "correct `times` or `divide`");
            return;
        };
        let (Some(from), Some(to)) = (from, to) else { return };
        if self.units[from].dimension == self.units[to].dimension {
            row.mistake(
                "from",
                format!(
                    "`{}` and `{}` have one dimension already",
                    self.units[from].name, self.units[to].name
                ),
                "correct their sizes instead",
            );
            return;
        }
        self.bridges.push(Bridge { analytes, from, to, factor });
    }

    fn read_refusal(&mut self, row: &Row<'_, '_>, known: &[AnalyteRow]) {
        let analytes = named_analytes(row, known);
        let unit = self.named(row, "unit");
        let (Some(unit), Some(reason)) = (unit, row.text("reason")) else { return };
        self.refusals.extend(analytes.into_iter().map(|analyte| ((analyte, unit), reason.clone())));
    }

    fn read_fraction(&mut self, row: &Row<'_, '_>, known: &[AnalyteRow]) {
        row.text("source");
        let analyte = row.text("analyte").and_then(|name| known_analyte(row, "analyte", &name, known));
        let range = row.number("min").zip(row.number("max"));
        let (Some(analyte), Some((min, max)), Some(times)) = (analyte, range, row.number("times")) else {
            return;
        };
        self.fractions.insert(analyte, Fraction { min, max, times });
    }

    /// The unit a row names by `name` or a spelling.
    pub(super) fn named(&self, row: &Row<'_, '_>, key: &str) -> Option<UnitId> {
        let name = row.text(key)?;
        let unit = self.spelled(&name);
        if unit.is_none() {
            row.mistake(key, format!("unknown unit `{name}`"), "add a [[unit]] to units.toml, or correct it");
        }
        unit
    }

    pub(super) fn spelled(&self, text: &str) -> Option<UnitId> {
        self.spellings.get(&unit_key(text)).copied()
    }

    pub(super) fn name(&self, unit: UnitId) -> &str {
        &self.units[unit].name
    }

    /// Works out the conversions of every analyte; what does not lead anywhere is a mistake.
    pub(super) fn connect(&mut self, analytes: &[AnalyteRow], mistakes: &mut Vec<Mistake>) {
        for row in analytes {
            let analyte = row.settings.name;
            let Some(own) = self.spelled(&row.settings.unit) else {
                mistakes.push(row.place.mistake(
                    format!(
                        "analyte `{analyte}` has the unit `{}`, which is no unit of the set",
                        row.settings.unit
                    ),
                    "add a [[unit]] with this spelling to units.toml",
                ));
                continue;
            };
            for (unit, conversion) in self.ways_to(analyte, own) {
                if !self.refusals.contains_key(&(analyte, unit)) {
                    self.conversions.insert((analyte, unit), conversion);
                }
            }
        }
        for (id, unit) in self.units.iter().enumerate() {
            let used = self.conversions.keys().chain(self.refusals.keys()).any(|(_, used)| *used == id);
            let shares =
                self.units.iter().any(|other| other.place != unit.place && other.dimension == unit.dimension);
            if !used && !shares {
                mistakes.push(unit.place.mistake(
                    format!("unit `{}` leads to no analyte", unit.name),
                    "add a bridge or a refusal, or take the unit out",
                ));
            }
        }
    }

    fn ways_to(&self, analyte: Analyte, own: UnitId) -> Vec<(UnitId, Conversion)> {
        let target = &self.units[own];
        let mut ways = Vec::new();
        for (id, unit) in self.units.iter().enumerate() {
            let factor = if unit.dimension == target.dimension {
                unit.size.over(target.size)
            } else {
                self.bridge(analyte, unit, target)
            };
            if let Some(times) = factor {
                ways.push((id, Conversion { minus: unit.zero, times, plus: target.zero }));
            }
        }
        ways
    }

    fn bridge(&self, analyte: Analyte, unit: &Unit, target: &Unit) -> Option<Exact> {
        let bridge = self.bridges.iter().find(|bridge| {
            bridge.analytes.contains(&analyte)
                && self.units[bridge.from].dimension == unit.dimension
                && self.units[bridge.to].dimension == target.dimension
        })?;
        let in_from = unit.size.over(self.units[bridge.from].size)?;
        let in_to = in_from.times(bridge.factor)?;
        in_to.times(self.units[bridge.to].size)?.over(target.size)
    }

    /// What the unit field says, each way it was written. A `^` divides the parts of an HL7 field and belongs
    /// to `10^3/uL`, so a text is asked for whole, then by its parts, then all texts as the parts of one.
    pub(super) fn written(&self, texts: &[&str]) -> Written {
        let parts: Vec<&str> = texts
            .iter()
            .flat_map(
                |text| if self.spelled(text).is_some() { vec![*text] } else { text.split('^').collect() },
            )
            .map(str::trim)
            .filter(|part| !part.is_empty() && *part != "\"\"" && !self.systems.contains(&code_key(part)))
            .collect();
        let mut found: Option<(UnitId, &str)> = None;
        for part in &parts {
            let Some(unit) = self.spelled(part) else { continue };
            match found {
                Some((first, text)) if !self.same(first, unit) => {
                    return Written::Conflict(text.to_string(), (*part).to_string());
                }
                Some(_) => {}
                None => found = Some((unit, part)),
            }
        }
        match (found, parts.first()) {
            (Some((unit, _)), _) => Written::Unit(unit),
            (None, Some(first)) => match self.spelled(&parts.join("^")) {
                Some(unit) => Written::Unit(unit),
                None => Written::Unknown((*first).to_string()),
            },
            (None, None) => Written::Nothing,
        }
    }

    fn same(&self, a: UnitId, b: UnitId) -> bool {
        let (a, b) = (&self.units[a], &self.units[b]);
        a.dimension == b.dimension && a.size == b.size && a.zero == b.zero
    }

    pub(super) fn can_convert(&self, analyte: Analyte, unit: UnitId) -> bool {
        self.conversions.contains_key(&(analyte, unit))
    }

    /// Why this unit must not be converted, where the set says so.
    pub(super) fn refusal(&self, analyte: Analyte, unit: UnitId) -> Option<&str> {
        self.refusals.get(&(analyte, unit)).map(String::as_str)
    }

    /// The number in the analyte's own unit; `None` where no way leads there or the number is too large.
    pub(super) fn convert(&self, analyte: Analyte, unit: UnitId, number: Exact) -> Option<Exact> {
        let conversion = self.conversions.get(&(analyte, unit))?;
        let own = number.minus(conversion.minus)?.times(conversion.times)?.plus(conversion.plus)?;
        match self.fractions.get(&analyte) {
            Some(fraction) if fraction.min.at_most(own) && own.at_most(fraction.max) => {
                own.times(fraction.times)
            }
            Some(_) | None => Some(own),
        }
    }
}

fn named_analytes(row: &Row<'_, '_>, known: &[AnalyteRow]) -> Vec<Analyte> {
    let names = row.texts("analytes");
    if names.is_empty() {
        row.mistake("analytes", "no analytes are named".into(), "add analytes = [\"…\"]");
    }
    names.iter().filter_map(|name| known_analyte(row, "analytes", name, known)).collect()
}

/// The analyte of this name, where `analytes.toml` has it; else a mistake of the row.
pub(super) fn known_analyte(
    row: &Row<'_, '_>,
    key: &str,
    name: &str,
    known: &[AnalyteRow],
) -> Option<Analyte> {
    let analyte =
        Analyte::parse(name).filter(|analyte| known.iter().any(|row| row.settings.name == *analyte));
    if analyte.is_none() {
        let near = known
            .iter()
            .map(|row| row.settings.name)
            .min_by_key(|near| super::sheet::distance(near.as_str(), name))
            .filter(|near| super::sheet::distance(near.as_str(), name) <= 3);
        let remedy = match near {
            Some(near) => format!("did you mean `{near}`? otherwise add it to analytes.toml"),
            None => "add it to analytes.toml, or correct the name".into(),
        };
        row.mistake(key, format!("unknown analyte `{name}`"), &remedy);
    }
    analyte
}
