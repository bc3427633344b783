//! Which analytes exist, in which unit, and between which limits.

use std::collections::BTreeMap;

use crate::model::{Analyte, AnalyteSettings, RateLimit, Span, Value};

use super::number::Exact;
use super::sheet::{Place, Row, Sheet};

/// One row of `analytes.toml`: what the engine gets, and what only the door needs.
#[derive(Clone, Debug)]
pub(super) struct AnalyteRow {
    pub(super) settings: AnalyteSettings,
    /// Only whole numbers are values.
    pub(super) whole: bool,
    /// A value equal to this usually means a loose lead.
    pub(super) lead_off: Option<Value>,
    pub(super) place: Place,
}

/// The rows of the file; two of one name, limits in the wrong order and the like are among the mistakes.
pub(super) fn read(sheet: &Sheet<'_>) -> Vec<AnalyteRow> {
    sheet.top(&["analyte"]).finish();
    let mut seen: BTreeMap<Analyte, usize> = BTreeMap::new();
    let mut rows = Vec::new();
    for row in sheet.rows("analyte") {
        let read = read_row(&row);
        row.finish();
        let Some(read) = read else { continue };
        let name = read.settings.name;
        if let Some(line) = seen.insert(name, read.place.line) {
            row.mistake("name", format!("analyte `{name}` is there twice, first in line {line}"), "keep one");
            continue;
        }
        rows.push(read);
    }
    rows
}

fn read_row(row: &Row<'_, '_>) -> Option<AnalyteRow> {
    let name = row.text("name");
    let analyte = name.as_deref().and_then(Analyte::parse);
    if let (Some(name), None) = (&name, analyte) {
        row.mistake(
            "name",
            format!("`{name}` is no analyte name"),
            "use 1 to 24 of a-z, 0-9 and _, starting with a letter",
        );
    }
    let unit = row.text("unit");
    row.text("source");
    let (title_en, title_ja) = titles(row);
    let hard = limits(row, "hard");
    let soft = limits(row, "soft");
    let (hard_min, hard_max) = (hard.map(|pair| pair.0), hard.map(|pair| pair.1));
    let (soft_min, soft_max) = (soft.map(|pair| pair.0), soft.map(|pair| pair.1));
    if let (Some((hard_min, hard_max)), Some((soft_min, soft_max))) = (hard, soft)
        && (soft_min < hard_min || soft_max > hard_max)
    {
        row.mistake(
            "soft",
            format!(
                "soft limits {soft_min} to {soft_max} lie outside the hard ones, {hard_min} to {hard_max}"
            ),
            "narrow the soft limits or widen the hard ones",
        );
    }
    // Everything is asked for before anything is missed, so that one mistake does not hide the next.
    let (rate, stale_after, decimals) = (rate(row), span(row, "stale_after"), decimals(row));
    let (continuous, same_assay, whole) = (row.flag("continuous"), row.flag("same_assay"), row.flag("whole"));
    let lead_off = row.number("lead_off").and_then(Exact::to_value);
    let upper_normal = row.number("upper_normal").and_then(Exact::to_value);
    let settings = AnalyteSettings {
        name: analyte?,
        unit: unit?,
        title_en: title_en?,
        title_ja: title_ja?,
        hard_min,
        hard_max,
        soft_min,
        soft_max,
        rate,
        stale_after: stale_after?,
        decimals: decimals?,
        continuous,
        upper_normal,
        same_assay,
    };
    Some(AnalyteRow { settings, whole, lead_off, place: row.place() })
}

fn titles(row: &Row<'_, '_>) -> (Option<String>, Option<String>) {
    let Some(title) = row.inner("title") else {
        if !row.has("title") {
            row.mistake("title", "`title` is missing".into(), "add title = { en = \"…\", ja = \"…\" }");
        }
        return (None, None);
    };
    let titles = (title.text("en"), title.text("ja"));
    title.finish();
    titles
}

fn limits(row: &Row<'_, '_>, key: &str) -> Option<(Value, Value)> {
    let (least, greatest) = row.range(key)?;
    if !least.at_most(greatest) || least == greatest {
        row.mistake(key, format!("`{key}` does not go from less to more"), "write [least, greatest]");
        return None;
    }
    Some((least.to_value()?, greatest.to_value()?))
}

fn rate(row: &Row<'_, '_>) -> Option<RateLimit> {
    let limit = row.inner("rate")?;
    let change = limit.number("change").and_then(Exact::to_value);
    let percent = limit.number("percent").and_then(Exact::to_value);
    let within = span(&limit, "within");
    limit.finish();
    if change.is_none() && percent.is_none() {
        row.mistake("rate", "`rate` names no change".into(), "add `change` or `percent`");
        return None;
    }
    Some(RateLimit { change, percent, within: within? })
}

fn span(row: &Row<'_, '_>, key: &str) -> Option<Span> {
    let text = row.text(key)?;
    let span = Span::parse(&text).filter(|span| *span > Span::ZERO);
    if span.is_none() {
        row.mistake(key, format!("`{text}` is no span of time"), "write 15m, 6h or 2d");
    }
    span
}

fn decimals(row: &Row<'_, '_>) -> Option<u32> {
    if !row.has("decimals") {
        row.mistake("decimals", "`decimals` is missing".into(), "add how many decimals people read, 0 to 3");
        return None;
    }
    let number = row.number("decimals")?;
    let decimals = (0..=3).find(|decimals| Exact::parse(&decimals.to_string()) == Some(number));
    if decimals.is_none() {
        row.mistake("decimals", "`decimals` is not 0, 1, 2 or 3".into(), "write 0 to 3");
    }
    decimals
}
