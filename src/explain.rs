//! Floor 4. `stormwatch explain ALERT`: folds the journal up to the alert again and says why it was raised.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use ring::digest::{Context, SHA256};

use crate::engine::Engine;
use crate::engine::transcript;
use crate::journal::Reader;
use crate::model::{Alert, AlertId};
use crate::rules::Answer;

/// Everything one alert rests on, and proof that folding the same entries twice gives the same transcript.
pub fn run(alert: &str, data: &Path) -> anyhow::Result<Answer> {
    if !data.join("journal.db").exists() {
        bail!("{} holds no journal; name the data folder with --data", data.display());
    }
    let reader = Reader::new(data);
    let id = AlertId(alert.into());
    let (engine, first) = fold(&reader)?;
    let (_, second) = fold(&reader)?;
    let Some(found) = engine.alert(&id) else {
        let text = format!("no alert {alert} in {}; GET /api/v1/alerts lists them", data.display());
        return Ok(Answer { report: text, good: false });
    };
    let mut text = describe(found);
    let same = first == second;
    let verdict = if same { "REPLAY IDENTICAL" } else { "REPLAY DIFFERS" };
    let _ = writeln!(text, "\n{verdict} sha256={first} entries={}", engine.seq());
    Ok(Answer { report: text, good: same })
}

/// Folds the whole journal; the engine, and the hash of the transcript.
fn fold(reader: &Reader) -> anyhow::Result<(Engine, String)> {
    let mut engine = Engine::new();
    let mut hash = Context::new(&SHA256);
    for entry in reader.entries(1)? {
        let entry = entry.context("reading the journal")?;
        let changes = engine.apply(&entry);
        hash.update(transcript::lines(&entry, &changes).as_bytes());
    }
    let hash = hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((engine, hash))
}

/// The alert in lines a physician can read.
pub fn describe(alert: &Alert) -> String {
    let mut text = String::new();
    let patient = alert.patient.as_ref().map_or("-", |p| p.as_str());
    let _ = writeln!(text, "alert {}: {} ({})", alert.id, alert.title_en, alert.rule);
    let _ = writeln!(
        text,
        "patient {patient}, ward {} bed {}; {} priority, {}; {}",
        alert.location.ward,
        alert.location.bed,
        alert.priority.name(),
        alert.kind.name(),
        alert.state.name()
    );
    let _ = writeln!(text, "rule set {}; source: {}", alert.rule_version, alert.source);
    let _ = writeln!(text, "\nevidence");
    for row in &alert.evidence {
        let sign = row.quantity.bound.sign().unwrap_or("");
        let _ = write!(
            text,
            "  {} {sign}{} at {} from {}",
            row.analyte,
            row.quantity.value,
            row.measured_at.rfc3339(),
            row.source
        );
        if let Some(result) = row.result.filter(|_| !row.feature.is_empty()) {
            let _ = write!(text, "; {} = {result}", row.feature);
        }
        if let Some((comparison, limit)) = &row.comparison {
            let _ = write!(text, " {comparison} {limit}");
        }
        let _ = writeln!(text, "{}", if row.superseded { "; since corrected or withdrawn" } else { "" });
    }
    if !alert.missing.is_empty() {
        let _ = writeln!(text, "  not known: {}", alert.missing.join(", "));
    }
    let _ = writeln!(text, "\nlife");
    for step in &alert.transitions {
        let _ = writeln!(
            text,
            "  {} entry {}: {} -> {}: {}",
            step.at.rfc3339(),
            step.seq,
            step.from.name(),
            step.to.name(),
            step.cause
        );
    }
    let _ = writeln!(text, "\nnews");
    for line in &alert.ledger {
        let _ = writeln!(text, "  {} step {} {}: {}", line.at.rfc3339(), line.step, line.stage, line.detail);
    }
    text
}
