//! From inputs to grades and scores: computes what a change can matter to.

use super::gather;
use super::patient::Patient;
use super::score::{self, Score, Tables};
use super::touch::{Touch, is_vital, matters};
use crate::model::{Analyte, AnalyteSettings, Time, Value};

/// Recomputes what the touch can matter to, and gives the names of scores that changed.
pub fn grade<'s>(
    patient: &mut Patient,
    touch: Touch,
    tables: &Tables,
    settings: &dyn Fn(Analyte) -> Option<&'s AnalyteSettings>,
    now: Time,
) -> Vec<&'static str> {
    let mut changed = Vec::new();
    for name in score::NAMES {
        if !matters(name, touch) {
            continue;
        }
        let mut inputs = gather::inputs(name, patient, settings, now);
        if let Some(points) = patient.items.get(name) {
            inputs.hold(points.clone());
        }
        // A score is a function of its inputs: the same inputs need no second answer, unless its table is new.
        let settled = touch != Touch::All && patient.asked.get(name) == Some(&inputs);
        if !settled {
            let Some(score) = score::compute(name, &inputs, tables) else { continue };
            patient.asked.insert(name, inputs);
            if keep(patient, name, score, now) {
                changed.push(name);
            }
        }
        if matches!(name, "crs_ews" | "icans_ews")
            && dwell(patient, name, touch, now)
            && !changed.contains(&name)
        {
            changed.push(name);
        }
    }
    changed
}

/// What was corrected, withdrawn or came late changes what the CRS grade was from `from` on: it is worked out again for
/// the instants at which it changed, with what is known now. So a wrong value leaves no trace in "the worst of 72 h".
pub fn revise<'s>(
    patient: &mut Patient,
    from: Time,
    tables: &Tables,
    settings: &dyn Fn(Analyte) -> Option<&'s AnalyteSettings>,
) {
    let mut instants = patient.crs_instants(from);
    instants.insert(0, from);
    let grades: Vec<(Time, Option<Value>)> = instants
        .into_iter()
        .map(|at| {
            let inputs = gather::inputs("crs", patient, settings, at);
            let score = score::compute("crs", &inputs, tables);
            (at, score.and_then(|score| score.value.or(score.at_least)))
        })
        .collect();
    patient.revise_crs(from, grades);
}

/// Keeps a fresh score; `true` where it differs from what was known.
fn keep(patient: &mut Patient, name: &'static str, score: Score, now: Time) -> bool {
    let known = match name {
        "crs" => patient.crs.suggested.as_ref(),
        "icans" => patient.icans.suggested.as_ref(),
        _ => patient.scores.get(name),
    };
    let differs = known.is_none_or(|known| {
        (known.value, known.at_least, known.band) != (score.value, score.at_least, score.band)
            || known.missing != score.missing
    });
    match name {
        "crs" => {
            patient.crs.suggest(score, now);
            patient.note_crs(now);
        }
        "icans" => patient.icans.suggest(score, now),
        _ => {
            if !score.items.is_empty() {
                patient.items.entry(name).or_default().extend(score.items.iter().cloned());
            }
            patient.scores.insert(name, score);
        }
    }
    differs
}

/// Lets an early-warning band rise or fall as it has held; `true` where it did.
fn dwell(patient: &mut Patient, name: &'static str, touch: Touch, now: Time) -> bool {
    let Some(score) = patient.scores.get(name) else { return false };
    let hold = patient.bands.entry(name).or_default();
    let before = hold.band();
    let by_laboratory = matches!(touch, Touch::Analyte(a) if !is_vital(a));
    let hard = by_laboratory || score.flags.iter().any(|flag| flag == score::HARD);
    hold.step(score.band, score.band_held, now, hard) != before
}
