//! Stand-ins for the terminology and the engine, for tests of this part alone.

use std::collections::BTreeMap;

use super::expression::Question;
use super::facts::{Fact, FactValue, Facts, Measure};
use crate::model::{
    Alert, AlertId, AlertState, Analyte, AnalyteSettings, Bound, Kind, Priority, Quantity, Span, Time, Value,
};

/// Names of the public surface.
pub const NAMES: &str = "temperature heart_rate systolic diastolic map spo2 respiratory_rate oxygen_flow fio2 gcs weight \
     height urine phosphate pai1 crp ferritin il6 ldh creatinine bilirubin ast alt platelets wbc neutrophils lymphocytes \
     hemoglobin fibrinogen d_dimer lactate triglycerides sodium potassium calcium ice";

/// A small `escalation.toml`.
pub const POLICY: &str = r#"
[[policy]]
id = "bedside-first"
acknowledge_by = ["nurse"]
nobody_watching = "20s"
repeat = { every = "10m", times = 1 }
step = [{ after = "0s", roles = ["nurse"] }, { after = "10m", roles = ["physician"] }]
"#;

/// A whole rule of low priority with these lines of its own, which begin on line 5.
pub fn rule_text(id: &str, lines: &str) -> String {
    let priority = if lines.contains("priority") { "" } else { "priority = \"low\"" };
    format!(
        r#"
[[rule]]
id = "{id}"
title = {{ en = "A", ja = "あ" }}
{lines}
{priority}
kind = "physiological"
escalate = "bedside-first"
instruction = {{ en = "Look.", ja = "見る。" }}
source = "a test"
evidence = "engineering"
rationale = {{ cause = "storm", consequence = "harm", response = "look", time_to_respond = "30m" }}
"#
    )
}

pub fn analytes() -> Vec<AnalyteSettings> {
    let row = |name: &str| AnalyteSettings {
        name: Analyte::parse(name).expect("a name"),
        unit: "mg/dL".into(),
        title_en: name.into(),
        title_ja: name.into(),
        hard_min: None,
        hard_max: None,
        soft_min: None,
        soft_max: None,
        rate: None,
        stale_after: Span::hours(24),
        decimals: 1,
        continuous: matches!(name, "heart_rate" | "spo2" | "respiratory_rate" | "temperature" | "systolic"),
        upper_normal: None,
        same_assay: name == "pai1",
    };
    NAMES.split_whitespace().map(row).collect()
}

/// Answers from a list of `phosphate.last = 2.3`, `crs_ews.band = amber`, `phosphate.last = <0.5`.
#[derive(Debug, Default)]
pub struct Answers(pub BTreeMap<String, FactValue>);

impl Answers {
    pub fn new(lines: &[(&str, &str)]) -> Answers {
        Answers(lines.iter().map(|(name, value)| (name.to_string(), answer(name, value))).collect())
    }
}

fn answer(name: &str, text: &str) -> FactValue {
    if name.ends_with(".band") {
        return FactValue::Band(super::facts::Band::parse(text).expect("a band"));
    }
    if name.ends_with(".age") {
        return FactValue::Duration(Span::parse(text).expect("a duration"));
    }
    let (bound, rest) = match text.chars().next() {
        Some('<') => (Bound::Below, &text[1..]),
        Some('>') => (Bound::Above, &text[1..]),
        _ => (Bound::Exactly, text),
    };
    match (text, Value::parse(rest)) {
        ("yes", _) => FactValue::Flag(true),
        ("no", _) => FactValue::Flag(false),
        (_, Some(value)) => FactValue::Number(Quantity { value, bound }),
        (_, None) => FactValue::text(text),
    }
}

impl Facts for Answers {
    fn measure(&self, analyte: Analyte, measure: &Measure) -> Option<FactValue> {
        self.0.get(&Question::Measure(analyte, measure.clone()).to_string()).cloned()
    }
    fn fact(&self, fact: Fact) -> Option<FactValue> {
        self.0.get(&fact.to_string()).cloned()
    }
}

/// The rules the tests of cases speak of: `fever` and `phosphate-fall`.
pub fn case_rules(analytes: &[AnalyteSettings]) -> super::file::RuleSet {
    let known = super::expression::Known { analytes };
    super::file::RuleSet::load("hash", &case_files(), &known).expect("good rules")
}

pub fn case_files() -> Vec<(String, String)> {
    let fever = rule_text("fever", "when = 'temperature.last >= 38'\nuntil = 'temperature.last < 37.5'");
    let lines = "when = 'day >= 0 && phosphate.last <= 2.5'\nuntil = 'phosphate.last > 2.6'";
    let files = [
        ("a.toml", format!("{fever}{}", rule_text("phosphate-fall", lines))),
        ("escalation.toml", POLICY.to_string()),
    ];
    files.map(|(name, text)| (name.to_string(), text)).to_vec()
}

/// A fresh alert of a rule, as the first alert of entry 1.
pub fn raised(rule: &str, priority: Priority, at: Time) -> Alert {
    Alert {
        id: AlertId::new(1, 1),
        rule: rule.into(),
        rule_version: "hash".into(),
        kind: Kind::Physiological,
        priority,
        state: AlertState::Active,
        patient: Some(super::case::patient()),
        location: super::case::location(),
        title_en: "A".into(),
        title_ja: "あ".into(),
        instruction_en: "Look.".into(),
        instruction_ja: "見る。".into(),
        source: "a test".into(),
        raised_at: at,
        measured_at: None,
        escalation: "bedside-first".into(),
        step: 0,
        next_step_at: None,
        told: Vec::new(),
        acknowledged: None,
        awaiting: Vec::new(),
        shelf: None,
        rating: None,
        evidence: Vec::new(),
        missing: Vec::new(),
        inhibited_by: None,
        flapping: false,
        shadow: false,
        episode: None,
        transitions: Vec::new(),
        ledger: Vec::new(),
    }
}

/// `convert` of a vocabulary: phosphate knows mmol/L, everything knows its own unit.
pub fn converted(analyte: &str, number: &str, unit: &str) -> Option<Quantity> {
    let value = Value::parse(number)?;
    match (analyte, unit) {
        (_, "" | "mg/dL" | "°C" | "%" | "/min" | "mmHg") => Some(Quantity::exactly(value)),
        ("phosphate", "mmol/L") => Value::from_f64(value.as_f64() * 3.097).map(Quantity::exactly),
        _ => None,
    }
}
