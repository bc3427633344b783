//! The whole engine as bytes, so that a restart need not fold the journal from its first entry.
//!
//! A snapshot is a stretch of the fold saved up, nothing more: an engine read from one gives the same changes to the
//! entries that follow as the engine that was written, and two engines that folded the same entries give the same bytes.
//! It is read only by the build that wrote it, so there is one form and no older one.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::alert::Alerts;
use super::patient::Patient;
use super::rule::RuleSet;
use super::score::Tables;
use super::technical::Machinery;
use super::{Engine, sweep, zone_of};
use crate::model::event::Site;
use crate::model::{Analyte, AnalyteSettings, PatientId, Time};

/// Bytes that are not a snapshot of this build.
#[derive(Debug, thiserror::Error)]
#[error("not a snapshot of this build: {0}")]
pub struct Unreadable(String);

/// What cannot be worked out from the rest.
#[derive(Serialize)]
struct Writing<'a> {
    now: Time,
    seq: u64,
    site: &'a Site,
    analytes: &'a BTreeMap<Analyte, AnalyteSettings>,
    terminology: &'a str,
    rules: &'a RuleSet,
    score_files: &'a [(String, String)],
    patients: &'a BTreeMap<PatientId, Patient>,
    merged: &'a BTreeMap<PatientId, PatientId>,
    alerts: &'a Alerts,
    machinery: &'a Machinery,
    fired: &'a BTreeMap<Arc<str>, (u64, Time)>,
    swept_at: Time,
}

#[derive(Deserialize)]
struct Reading {
    now: Time,
    seq: u64,
    site: Site,
    analytes: BTreeMap<Analyte, AnalyteSettings>,
    terminology: Arc<str>,
    rules: RuleSet,
    score_files: Vec<(String, String)>,
    patients: BTreeMap<PatientId, Patient>,
    merged: BTreeMap<PatientId, PatientId>,
    alerts: Alerts,
    machinery: Machinery,
    fired: BTreeMap<Arc<str>, (u64, Time)>,
    swept_at: Time,
}

impl Engine {
    /// Everything the engine knows, as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let writing = Writing {
            now: self.now,
            seq: self.seq,
            site: &self.site,
            analytes: &self.analytes,
            terminology: &self.terminology,
            rules: &self.rules,
            score_files: &self.score_files,
            patients: &self.patients,
            merged: &self.merged,
            alerts: &self.alerts,
            machinery: &self.machinery,
            fired: &self.fired,
            swept_at: self.swept_at,
        };
        rmp_serde::to_vec_named(&writing).expect("plain data can be written to memory")
    }

    /// The engine that [`Engine::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Engine, Unreadable> {
        let read: Reading = rmp_serde::from_slice(bytes).map_err(|error| Unreadable(error.to_string()))?;
        let tables = Tables::load(&read.score_files)
            .map_err(|mistakes| Unreadable(mistakes.first().map(ToString::to_string).unwrap_or_default()))?;
        let mut engine = Engine {
            now: read.now,
            seq: read.seq,
            zone: zone_of(&read.site),
            site: read.site,
            analytes: Arc::new(read.analytes),
            terminology: read.terminology,
            standing: sweep::standing_of(&read.rules),
            rules: Arc::new(read.rules),
            tables: Arc::new(tables),
            score_files: read.score_files.into(),
            nothing: "".into(),
            patients: read.patients,
            merged: read.merged,
            alerts: read.alerts,
            machinery: read.machinery,
            fired: read.fired,
            swept_at: read.swept_at,
        };
        engine.alerts.share(&engine.standing);
        Ok(engine)
    }
}
