//! Any text as a condition, as a rule file and as a case file: read, or every mistake shown with its place.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use stormwatch::engine::rule::{Expression, Known, RuleSet, shipped};
use stormwatch::model::AnalyteSettings;
use stormwatch::terminology::Terminology;

static ANALYTES: LazyLock<Vec<AnalyteSettings>> =
    LazyLock::new(|| Terminology::builtin().analytes().to_vec());
static POLICIES: LazyLock<Vec<(String, String)>> =
    LazyLock::new(|| shipped::rules().into_iter().filter(|(file, _)| file.contains("escalation")).collect());

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let known = Known { analytes: &ANALYTES };
    match Expression::compile(text, &known) {
        Ok(expression) => assert_eq!(expression.text(), text),
        Err(faults) => assert!(!faults.is_empty()),
    }
    let mut files = POLICIES.clone();
    files.push(("site.toml".into(), text.into()));
    if let Err(mistakes) = RuleSet::load("hash", &files, &known) {
        assert!(mistakes.iter().all(|mistake| !mistake.to_string().is_empty()));
    }
});
