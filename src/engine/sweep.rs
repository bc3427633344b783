//! Looking at patients: grades and scores first, then every rule that what changed can matter to.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Engine;
use super::SWEEP;
use super::alert::{AlertKey, Notice};
use super::evidence;
use super::feature::View;
use super::grading;
use super::life::{Judged, Manner};
use super::rule::{Known, Policies, Policy, References, Rule, RuleSet, Verdict, WhenUnknown};
use super::touch::{self, Touch};
use crate::model::limits::WINDOW_SPAN;
use crate::model::{Analyte, AnalyteSettings, Change, Location, PatientId, Span, Time};

/// A person may suppress an alert for at most this long; engineering.
const SHELVE_MAX: Span = Span::hours(8);
/// An information is never acknowledged; were it, this long; engineering.
const INFO_ACKNOWLEDGED: Span = Span::hours(24);

/// A rule in force, ready to be judged. A running alert keeps the one it was raised under.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Standing {
    pub rule: Rule,
    pub version: Arc<str>,
    pub manner: Arc<Manner>,
    pub references: References,
}

impl Standing {
    /// Version and rule: two that agree in both are the same.
    pub(super) fn key(&self) -> (Arc<str>, Arc<str>) {
        (self.version.clone(), self.rule.id.clone())
    }
}

/// What a rule found when it was looked at: enough to judge its alert, nothing borrowed.
struct Finding {
    standing: Arc<Standing>,
    judged: Judged,
}

impl Engine {
    /// Runs timers up to now, then looks at conditions that depend on time alone.
    pub(super) fn pass_time(&mut self, changes: &mut Vec<Change>) {
        self.with_alerts(changes, |alerts, _, moment| alerts.pass(moment));
        if self.machinery.next_due(&self.site).is_some_and(|at| at <= self.now) {
            self.judge_machinery(changes);
        }
        if self.now - self.swept_at >= SWEEP {
            self.swept_at = self.now;
            let ids: Vec<PatientId> =
                self.patients.values().filter(|p| p.admitted).map(|p| p.id.clone()).collect();
            for id in ids {
                self.look_at(&id, Touch::Time, changes);
            }
            // Windows reach no further back, and who is not in the house is not watched: without this every patient
            // who ever lay here would stay in memory.
            let before = self.now - WINDOW_SPAN;
            self.patients.values_mut().filter(|p| !p.admitted).for_each(|p| p.forget(before));
        }
    }

    pub(super) fn look_at_everybody(&mut self, changes: &mut Vec<Change>) {
        let ids: Vec<PatientId> = self.patients.keys().cloned().collect();
        for id in ids {
            self.look_at(&id, Touch::All, changes);
        }
    }

    /// Brings a patient's grades, scores and alerts up to date with what was touched.
    ///
    /// One patient's impossible state must not stop the others: a panic in here marks this patient and no more.
    pub(super) fn look_at(&mut self, id: &PatientId, touch: Touch, changes: &mut Vec<Change>) {
        if catch_unwind(AssertUnwindSafe(|| self.look(id, touch, changes))).is_err() {
            self.give_up(Some(id.clone()), changes);
        }
    }

    /// Brings the course of a patient's CRS grade in line with what now is known of the past.
    pub(super) fn revise(&mut self, id: &PatientId, touch: Touch, from: Time) {
        let Some(patient) = self.patients.get_mut(id).filter(|patient| !patient.broken) else { return };
        if from < self.now && touch::matters("crs", touch) {
            let settings = |analyte: Analyte| self.analytes.get(&analyte);
            grading::revise(patient, from, &self.tables, &settings);
        }
    }

    fn look(&mut self, id: &PatientId, touch: Touch, changes: &mut Vec<Change>) {
        let Some(patient) = self.patients.get_mut(id).filter(|patient| !patient.broken) else { return };
        let settings = |analyte: Analyte| self.analytes.get(&analyte);
        let regraded = grading::grade(patient, touch, &self.tables, &settings, self.now);
        let findings = if patient.admitted {
            let running = self.alerts.standing_of(id);
            let view = View { patient, settings: &settings, now: self.now };
            findings(&self.standing, &running, &view, touch, &regraded)
        } else {
            Vec::new()
        };
        let location = patient.location.clone();
        if touch != Touch::Time || !regraded.is_empty() {
            changes.push(Change::Patient(id.clone()));
        }
        if findings.is_empty() {
            return;
        }
        let nothing = self.nothing.clone();
        self.with_alerts(changes, |alerts, _, moment| {
            for Finding { standing, judged } in findings {
                let key = AlertKey {
                    patient: Some(id.clone()),
                    rule: standing.rule.id.clone(),
                    subject: nothing.clone(),
                };
                let manner = standing.manner.clone();
                alerts.judge(&key, judged, &manner, || notice(&standing, &location), moment);
            }
            alerts.settle(Some(id), moment);
        });
    }

    /// A rule set takes effect between two entries. One that does not load is refused and the old one stays.
    pub(super) fn take_rules(&mut self, hash: &str, files: &[(String, String)], changes: &mut Vec<Change>) {
        let analytes: Vec<AnalyteSettings> = self.analytes.values().cloned().collect();
        let loaded = RuleSet::load(hash, files, &Known { analytes: &analytes });
        let scores: Vec<(String, String)> =
            files.iter().filter(|(name, _)| name.contains("scores/")).cloned().collect();
        let tables = super::score::Tables::load(&scores);
        match (loaded, tables) {
            (Ok(rules), Ok(tables)) => {
                self.standing = standing_of(&rules);
                self.rules = Arc::new(rules);
                self.tables = Arc::new(tables);
                self.score_files = scores.into();
                self.machinery.rules_refused(None);
                changes.push(Change::Rules { hash: hash.to_owned() });
                self.look_at_everybody(changes);
            }
            (Err(mistakes), _) => self.machinery.rules_refused(mistakes.first().map(|m| m.to_string())),
            (_, Err(mistakes)) => self.machinery.rules_refused(mistakes.first().map(|m| m.to_string())),
        }
        self.judge_machinery(changes);
    }
}

/// Every rule of a set, ready to be judged.
pub(super) fn standing_of(rules: &RuleSet) -> Arc<[Arc<Standing>]> {
    rules.rules.iter().map(|rule| Arc::new(standing(rule, rules))).collect()
}

/// Judges the rules that read something that changed, or all when time passed. A rule that is not met and has no
/// alert running has nothing to say.
fn findings(
    rules: &[Arc<Standing>],
    running: &[Arc<Standing>],
    view: &View<'_>,
    touch: Touch,
    regraded: &[&'static str],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let own = |id: &Arc<str>| running.iter().find(|standing| standing.rule.id == *id);
    let gone = running.iter().filter(|standing| !rules.iter().any(|rule| rule.rule.id == standing.rule.id));
    for standing in rules.iter().chain(gone) {
        if !touch::concerns(&standing.references, touch, regraded) {
            continue;
        }
        let runs = own(&standing.rule.id);
        let standing = runs.unwrap_or(standing);
        let met = match (standing.rule.when.verdict(view), standing.rule.unknown) {
            // Not knowing is itself the finding.
            (Verdict::Unknown, WhenUnknown::Raise) => Verdict::Met,
            (verdict, WhenUnknown::Keep | WhenUnknown::Raise) => verdict,
        };
        if met == Verdict::Met || runs.is_some() {
            findings.push(Finding { judged: judge(&standing.rule, met, view), standing: standing.clone() });
        }
    }
    findings
}

fn judge(rule: &Rule, met: Verdict, view: &View<'_>) -> Judged {
    let over = rule.until.as_ref().map_or(opposite(met), |until| match met {
        // A condition that holds again is not over, whatever its `until` says.
        Verdict::Met => Verdict::NotMet,
        Verdict::NotMet | Verdict::Unknown => until.verdict(view),
    });
    let worse = rule.worsens.as_ref().map_or(Verdict::NotMet, |worsens| worsens.verdict(view));
    let looked = if met == Verdict::Met { &rule.when } else { rule.until.as_ref().unwrap_or(&rule.when) };
    let traced = looked.evaluate(view);
    let found = evidence::behind(view, &traced.reads);
    let words = evidence::words(view.patient, &found, &traced.reads);
    let evidence = if met == Verdict::Met { found } else { Vec::new() };
    Judged { met, over, worse, evidence, missing: traced.missing, words }
}

fn opposite(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Met => Verdict::NotMet,
        Verdict::NotMet => Verdict::Met,
        Verdict::Unknown => Verdict::Unknown,
    }
}

fn notice(standing: &Arc<Standing>, location: &Location) -> Notice {
    let rule = &standing.rule;
    Notice {
        rule_version: standing.version.clone(),
        kind: rule.kind,
        priority: rule.priority,
        location: location.clone(),
        title_en: rule.title_en.clone(),
        title_ja: rule.title_ja.clone(),
        instruction_en: rule.instruction_en.clone(),
        instruction_ja: rule.instruction_ja.clone(),
        source: rule.source.clone(),
        shadow: rule.shadow,
        standing: Some(standing.clone()),
    }
}

fn standing(rule: &Rule, rules: &RuleSet) -> Standing {
    let manner = Arc::new(manner(rule, &rules.policies));
    Standing { rule: rule.clone(), version: rules.hash.clone(), manner, references: rule.references() }
}

fn manner(rule: &Rule, policies: &Policies) -> Manner {
    let named = rule.escalate.as_ref().and_then(|id| policies.get(id));
    let policy = named.cloned().unwrap_or_else(|| Policy {
        // A rule that names no policy tells nobody; it only shows.
        id: "show".into(),
        steps: Vec::new(),
        repeat_every: None,
        repeat_times: 0,
        acknowledge_by: Vec::new(),
        nobody_watching_after: None,
    });
    Manner {
        hold: rule.hold,
        latch: rule.latch,
        cooldown: rule.cooldown,
        inhibits: rule.inhibits.clone(),
        policy: Arc::new(policy),
        acknowledgement_expires: policies.acknowledgement(rule.priority).unwrap_or(INFO_ACKNOWLEDGED),
        shelve_max: SHELVE_MAX,
    }
}
