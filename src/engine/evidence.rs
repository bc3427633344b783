//! The measurements an alert rests on: those its condition asked for, and those behind a grade, a score or a bedside
//! finding it asked for.

use super::feature::View;
use super::patient::Patient;
use super::rule::{FactValue, Read};
use super::score::{InputValue, NAMES, Score};
use super::window::Sample;
use crate::model::{Analyte, Evidence, Quantity, Value};

/// Inputs of scores that stand for an analyte under another name.
const CALLED: [(&str, Analyte); 2] =
    [("temperature_max", Analyte::TEMPERATURE), ("pulse", Analyte::HEART_RATE)];

/// What findings at the bedside are read from.
const FOUND_IN: [(&str, &[Analyte]); 7] = [
    ("hypotension", &[Analyte::SYSTOLIC, Analyte::MAP]),
    ("hypotension_sustained", &[Analyte::SYSTOLIC, Analyte::MAP]),
    ("hypoxia_sustained", &[Analyte::SPO2]),
    ("oxygen", &[Analyte::OXYGEN_FLOW]),
    ("on_oxygen", &[Analyte::OXYGEN_FLOW]),
    ("new_oxygen", &[Analyte::OXYGEN_FLOW]),
    ("oxygen_support", &[Analyte::OXYGEN_FLOW]),
];

/// One row for each analyte and each thing that was asked of it.
pub(super) fn behind(view: &View<'_>, reads: &[Read]) -> Vec<Evidence> {
    let mut found: Vec<Evidence> = Vec::new();
    for read in reads {
        let samples = match (read.analyte, score_of(&read.feature)) {
            (Some(analyte), _) => newest(view, analyte).into_iter().collect(),
            (None, Some(name)) => behind_score(view, name),
            (None, None) => behind_finding(view, &read.feature),
        };
        for (analyte, sample) in samples {
            let is_own = read.analyte.is_some();
            let result = match &read.result {
                Some(FactValue::Number(quantity)) if is_own => Some(quantity.value),
                Some(_) | None => None,
            };
            let rate = (view.settings)(analyte).and_then(|settings| settings.rate.as_ref());
            let doubt = view.patient.window(analyte).and_then(|window| window.doubt(&sample, rate));
            let row = Evidence {
                analyte,
                quantity: sample.quantity(),
                measured_at: sample.at,
                source: view.patient.name_of(sample.source).to_owned(),
                feature: read.feature.clone(),
                result,
                // A limit of a grade is not one of the value behind it.
                comparison: read.comparison.clone().filter(|_| is_own),
                superseded: false,
                doubt: doubt.map(str::to_owned),
            };
            let is_there = |e: &Evidence| e.analyte == analyte && (e.feature == row.feature || !is_own);
            if !found.iter().any(is_there) {
                found.push(row);
            }
        }
    }
    found
}

fn newest(view: &View<'_>, analyte: Analyte) -> Option<(Analyte, Sample)> {
    Some((analyte, view.patient.window(analyte)?.last_until(view.now)?))
}

/// `crs.at_least` asks for the score `crs`.
fn score_of(feature: &str) -> Option<&'static str> {
    let name = feature.split('.').next()?;
    NAMES.into_iter().find(|known| *known == name)
}

fn kept<'p>(patient: &'p Patient, name: &str) -> Option<&'p Score> {
    match name {
        "crs" => patient.crs.suggested.as_ref(),
        "icans" => patient.icans.suggested.as_ref(),
        _ => patient.scores.get(name),
    }
}

/// The samples among a score's inputs that its points rest on, and those behind the findings among them.
fn behind_score(view: &View<'_>, name: &str) -> Vec<(Analyte, Sample)> {
    let (Some(inputs), Some(score)) = (view.patient.asked.get(name), kept(view.patient, name)) else {
        return Vec::new();
    };
    let counting = |term: &&super::score::Term| term.points.is_some_and(|points| points > Value::ZERO);
    let instants: Vec<_> = score.terms.iter().filter(counting).filter_map(|term| term.measured_at).collect();
    let mut found = Vec::new();
    for input in inputs.names() {
        match inputs.get(input).map(|known| (&known.value, known.measured_at)) {
            Some((InputValue::Number(quantity), Some(at))) if instants.contains(&at) => {
                let called = CALLED.iter().find(|(name, _)| *name == input).map(|(_, analyte)| *analyte);
                let analyte = called.or_else(|| Analyte::parse(input));
                found.extend(analyte.and_then(|analyte| {
                    let mut there = view.patient.window(analyte)?.between(at, at);
                    there.find(|sample| sample.quantity() == *quantity).map(|sample| (analyte, sample))
                }));
            }
            Some((InputValue::Flag(true) | InputValue::Word(_), _)) => {
                found.extend(behind_finding(view, input));
            }
            Some(_) | None => {}
        }
    }
    found
}

fn behind_finding(view: &View<'_>, finding: &str) -> Vec<(Analyte, Sample)> {
    let analytes =
        FOUND_IN.iter().find(|(name, _)| *name == finding).map_or(&[][..], |(_, analytes)| *analytes);
    analytes.iter().filter_map(|analyte| newest(view, *analyte)).collect()
}

/// What was found, for the record: `phosphate 2.3 (change_from_baseline("24h") = -34.3)`, or
/// `crs.at_least = 3 (fever 38.7 °C, oxygen high)`.
pub(super) fn words(patient: &Patient, evidence: &[Evidence], reads: &[Read]) -> String {
    let own =
        |e: &&Evidence| reads.iter().any(|read| read.analyte == Some(e.analyte) && read.feature == e.feature);
    let mut parts: Vec<String> = evidence
        .iter()
        .filter(own)
        .map(|e| {
            let Quantity { value, bound } = &e.quantity;
            let sign = bound.sign().unwrap_or("");
            match (&e.result, e.feature.is_empty()) {
                (Some(result), false) => format!("{} {sign}{value} ({} = {result})", e.analyte, e.feature),
                _ => format!("{} {sign}{value}", e.analyte),
            }
        })
        .collect();
    for read in reads.iter().filter(|r| r.analyte.is_none()) {
        let Some(result) = &read.result else { continue };
        let reasons = score_of(&read.feature).and_then(|name| kept(patient, name)).map(reasons);
        match reasons.filter(|reasons| !reasons.is_empty()) {
            Some(reasons) => parts.push(format!("{} = {result} ({reasons})", read.feature)),
            None => parts.push(format!("{} = {result}", read.feature)),
        }
    }
    parts.join(", ")
}

/// The terms of a score that count, with what they looked at.
fn reasons(score: &Score) -> String {
    let counting = score.terms.iter().filter(|term| term.points.is_some_and(|points| points > Value::ZERO));
    let texts = counting.map(|term| format!("{} {}", term.name, term.value).trim().to_owned());
    texts.collect::<Vec<_>>().join(", ")
}
