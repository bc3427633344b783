//! Floor 4. `stormwatch rules test|coverage|list`, and the rules' part of `check`.

use std::path::Path;

use anyhow::{Context, anyhow, bail};

use crate::engine::Engine;
use crate::engine::rule::case::{self, Case, Vocabulary};
use crate::engine::rule::coverage::{Coverage, Mutant, Twins, mutants};
use crate::engine::rule::run::{self, Outcome, Witness};
use crate::engine::rule::{Facts, Known, Measure, Mistake, Question, RuleSet, Threshold, report, shipped};
use crate::files::{self, Files};
use crate::model::event::Site;
use crate::model::{Analyte, AnalyteSettings, Event, Quantity, Value};
use crate::terminology::Terminology;

/// Where rules are looked for when no folder is named.
pub const FOLDER: &str = "./alert-rules";

/// A report for standard output, and whether the answer is yes: exit code 0, or 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub report: String,
    pub good: bool,
}

/// Rule and case files, from a folder or as built in.
pub struct Folder {
    pub rules: Files,
    pub cases: Files,
}

/// Reads `folder`; without a name `./alert-rules`, without that the set built in. A folder or a file of cases alone is
/// played against the built-in rules.
pub fn open(folder: Option<&Path>) -> anyhow::Result<Folder> {
    let path = folder.unwrap_or(Path::new(FOLDER));
    if path.is_file() {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        return Ok(Folder { rules: shipped::rules(), cases: vec![(path.display().to_string(), text)] });
    }
    let rules = files::read(path, "toml").with_context(|| format!("reading rules in {}", path.display()))?;
    let cases = files::read(path, "case").with_context(|| format!("reading cases in {}", path.display()))?;
    match (rules, cases) {
        (Some(rules), Some(cases)) if rules.is_empty() && cases.is_empty() => {
            bail!("{} has neither rules (*.toml) nor cases (*.case)", path.display())
        }
        (Some(rules), Some(cases)) if rules.is_empty() => Ok(Folder { rules: shipped::rules(), cases }),
        (Some(rules), Some(cases)) => Ok(Folder { rules, cases }),
        (None, _) | (_, None) if folder.is_none() => {
            Ok(Folder { rules: shipped::rules(), cases: shipped::cases() })
        }
        (None, _) | (_, None) => {
            Err(anyhow!("there is no folder {}; name the folder with the rules", path.display()))
        }
    }
}

/// Everything needed to play cases.
struct Bench {
    terminology: Terminology,
    rules: RuleSet,
    files: Files,
}

impl Bench {
    fn new(files: Files) -> Result<Bench, Vec<Mistake>> {
        let terminology = Terminology::builtin();
        let known = Known { analytes: terminology.analytes() };
        let rules = RuleSet::load(&crate::files::version(&files), &files, &known)?;
        Ok(Bench { terminology, rules, files })
    }

    fn cases(&self, files: &Files) -> Result<Vec<Case>, Vec<Mistake>> {
        let convert = |analyte: &str, number: &str, unit: &str| self.convert(analyte, number, unit);
        let known = Known { analytes: self.terminology.analytes() };
        let vocabulary = Vocabulary { known, rules: &self.rules, convert: &convert };
        let mut cases = Vec::new();
        let mut mistakes = Vec::new();
        for (file, text) in files {
            match case::parse(file, text, &vocabulary) {
                Ok(found) => cases.extend(found),
                Err(found) => mistakes.extend(found),
            }
        }
        if mistakes.is_empty() { Ok(cases) } else { Err(mistakes) }
    }

    fn convert(&self, analyte: &str, number: &str, unit: &str) -> Option<Quantity> {
        let analyte = Analyte::parse(analyte)?;
        let own = self.terminology.settings(analyte)?.unit.as_str();
        let unit = if unit.is_empty() { own } else { unit };
        if unit == own {
            return Value::parse(number).map(Quantity::exactly);
        }
        self.terminology.convert(analyte, number, unit).ok()
    }

    /// What holds before a case begins.
    fn opening(&self, files: Files) -> Vec<Event> {
        vec![
            Event::Terminology { hash: "case".into(), analytes: self.terminology.analytes().to_vec() },
            Event::Site(Site::default()),
            Event::Rules { hash: crate::files::version(&files), author: "case".into(), files },
        ]
    }

    fn play(&self, cases: &[Case], witness: &mut dyn Witness) -> Vec<Outcome> {
        let opening = self.opening(self.files.clone());
        cases.iter().map(|case| run::run(case, &self.rules, &opening, &mut Engine::new(), witness)).collect()
    }
}

fn listed(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(|mistake| format!("{mistake}\n\n")).collect()
}

fn refused(mistakes: Vec<Mistake>) -> anyhow::Error {
    anyhow!("the rules or cases cannot be read\n\n{}", listed(&mistakes).trim_end())
}

/// Plays every case. `format` is `text`, `json` or `junit`.
pub fn test(folder: Option<&Path>, format: &str) -> anyhow::Result<Answer> {
    let shown = match format {
        "text" => report::text,
        "json" => report::json,
        "junit" => report::junit,
        other => bail!("there is no format {other}; text, json and junit are"),
    };
    let folder = open(folder)?;
    let bench = Bench::new(folder.rules).map_err(refused)?;
    let cases = bench.cases(&folder.cases).map_err(refused)?;
    if cases.is_empty() {
        bail!("there is no case; cases stand in cases/*.case beside the rules");
    }
    let outcomes = bench.play(&cases, &mut ());
    Ok(Answer { report: shown(&outcomes), good: outcomes.iter().all(Outcome::passed) })
}

/// What of each rule no case tests. `format` is `text` or `json`.
pub fn coverage(folder: Option<&Path>, format: &str) -> anyhow::Result<Answer> {
    if format != "text" && format != "json" {
        bail!("there is no format {format}; text and json are");
    }
    let folder = open(folder)?;
    let bench = Bench::new(folder.rules).map_err(refused)?;
    let cases = bench.cases(&folder.cases).map_err(refused)?;
    let known = Known { analytes: bench.terminology.analytes() };
    let mutants = mutants(&bench.rules, &bench.files, &known, &|threshold| step(threshold, known.analytes));
    let mut coverage = Coverage::new(&bench.rules);
    let mut outcomes = Vec::new();
    // For each mutant, the cases in which it gave another verdict.
    let mut noticed: Vec<Vec<&Case>> = vec![Vec::new(); mutants.len()];
    for case in &cases {
        let mut both = Both { coverage: &mut coverage, twins: Twins::new(&mutants, &case.rules()) };
        outcomes.extend(bench.play(std::slice::from_ref(case), &mut both));
        both.twins.differed.iter().for_each(|at| noticed[*at].push(case));
    }
    if !outcomes.iter().all(Outcome::passed) {
        return Ok(Answer { report: report::text(&outcomes), good: false });
    }
    let mut rules = coverage.report();
    for (mutant, survives) in mutants.iter().zip(survive(&bench, &mutants, &noticed)) {
        let row = rules.iter_mut().find(|row| row.id == mutant.rule).expect("a mutant is made of a rule");
        row.mutants += 1;
        if survives {
            row.survivors.push(mutant.survivor.clone());
        }
    }
    let report = if format == "json" { report::coverage_json(&rules) } else { report::coverage(&rules) };
    Ok(Answer { report, good: report::is_complete(&rules) })
}

/// Coverage and moved limits, watched in one play.
struct Both<'a, 'b> {
    coverage: &'a mut Coverage<'b>,
    twins: Twins<'b>,
}

impl Witness for Both<'_, '_> {
    fn see(&mut self, facts: &dyn Facts) {
        self.coverage.see(facts);
        self.twins.see(facts);
    }
}

/// Whether each moved limit passes every case that could notice it. Two halves at once, in the order of the mutants.
fn survive(bench: &Bench, mutants: &[Mutant], noticed: &[Vec<&Case>]) -> Vec<bool> {
    let middle = mutants.len() / 2;
    let half = |range: std::ops::Range<usize>| -> Vec<bool> {
        range.map(|at| survives(bench, &mutants[at], &noticed[at])).collect()
    };
    std::thread::scope(|scope| {
        let second = scope.spawn(|| half(middle..mutants.len()));
        let mut all = half(0..middle);
        all.extend(second.join().expect("playing a case does not panic"));
        all
    })
}

fn survives(bench: &Bench, mutant: &Mutant, cases: &[&Case]) -> bool {
    let known = Known { analytes: bench.terminology.analytes() };
    // A limit that the checks of the rule set itself refuse is held in place by them.
    let Ok(changed) = RuleSet::load("moved", &mutant.files, &known) else { return false };
    let opening = bench.opening(mutant.files.clone());
    cases.iter().all(|case| run::passes(case, &changed, &opening, &mut Engine::new()))
}

/// The least change of a limit that a reader of the value could see, in thousandths.
fn step(threshold: &Threshold, analytes: &[AnalyteSettings]) -> i64 {
    let Some(Question::Measure(analyte, measure)) = &threshold.question else { return Value::whole(1).0 };
    match measure {
        Measure::RatioToBaseline(_) => 100,
        Measure::ChangeFromBaseline(_) | Measure::ChangePercent(_) | Measure::Count(_) => Value::whole(1).0,
        Measure::Last
        | Measure::Age
        | Measure::Stale
        | Measure::Baseline
        | Measure::Min(_)
        | Measure::Max(_)
        | Measure::Mean(_)
        | Measure::Median(_)
        | Measure::Slope(_)
        | Measure::Change(_)
        | Measure::Fall(_)
        | Measure::Rise(_)
        | Measure::SustainedBelow(..)
        | Measure::SustainedAtMost(..)
        | Measure::SustainedAbove(..)
        | Measure::SustainedAtLeast(..) => {
            let decimals = analytes.iter().find(|row| row.name == *analyte).map_or(0, |row| row.decimals);
            10i64.pow(3u32.saturating_sub(decimals))
        }
    }
}

/// Every rule with its condition and its source.
pub fn list(folder: Option<&Path>) -> anyhow::Result<Answer> {
    let bench = Bench::new(open(folder)?.rules).map_err(refused)?;
    let mut report = String::new();
    for rule in &bench.rules.rules {
        let hold = if rule.hold.0 > 0 { format!(", for {}", rule.hold) } else { String::new() };
        let (id, priority, kind) = (&rule.id, rule.priority.name(), rule.kind.name());
        report += &format!("{id}  {priority} {kind}{hold}  {} / {}\n", rule.title_en, rule.title_ja);
        for (name, expression) in rule.conditions() {
            let text: Vec<&str> = expression.text().split_whitespace().collect();
            report += &format!("    {name:<8}{}\n", text.join(" "));
        }
        if let Some(policy) = &rule.escalate {
            report += &format!("    tells   {policy}\n");
        }
        report += &format!("    source  {} [{}]\n", rule.source, rule.grounds.name());
    }
    report += &format!("{} rules, version {}\n", bench.rules.rules.len(), bench.rules.hash);
    Ok(Answer { report, good: true })
}

/// The rules' part of `check`: every mistake of rules and cases at once, and warnings, which do not fail it.
pub fn check(folder: Option<&Path>) -> anyhow::Result<Answer> {
    let folder = open(folder)?;
    let scores: Files = folder.rules.iter().filter(|(name, _)| name.contains("scores/")).cloned().collect();
    let tables = crate::engine::score::Tables::load(&scores);
    let mut report = String::new();
    let mut good = true;
    if let Err(mistakes) = tables {
        good = false;
        report += &mistakes.iter().map(|mistake| format!("{mistake}\n")).collect::<String>();
    }
    match Bench::new(folder.rules) {
        Err(mistakes) => {
            good = false;
            report += &listed(&mistakes);
        }
        Ok(bench) => {
            let warnings = bench.rules.warnings.iter().map(|warning| format!("warning: {warning}\n\n"));
            report += &warnings.collect::<String>();
            match bench.cases(&folder.cases) {
                Err(mistakes) => {
                    good = false;
                    report += &listed(&mistakes);
                }
                Ok(cases) => {
                    report +=
                        &format!("{} rules and {} cases are sound\n", bench.rules.rules.len(), cases.len())
                }
            }
        }
    }
    Ok(Answer { report, good })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rule::catalogue::{FACTS, FUNCTIONS, MEASURES};

    fn folder() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("alert-rules")
    }

    #[test]
    fn the_set_built_in_is_the_folder() {
        let rules = files::read(&folder(), "toml").expect("readable").expect("there");
        let cases = files::read(&folder(), "case").expect("readable").expect("there");
        assert_eq!(shipped::rules(), rules);
        assert_eq!(shipped::cases(), cases);
    }

    #[test]
    fn every_name_of_the_language_is_in_the_manual() {
        let manual = std::fs::read_to_string(folder().join("README.md")).expect("the manual");
        let mut names: Vec<String> =
            FACTS.iter().map(|row| format!("| `{}` | {} |", row.name, row.unit)).collect();
        names.extend(
            MEASURES.iter().map(|row| format!("| `.{}{}` | {} |", row.name, row.arguments.shown(), row.unit)),
        );
        names.extend(FUNCTIONS.iter().map(|row| format!("| `{}` |", row.1)));
        let absent: Vec<&String> = names.iter().filter(|name| !manual.contains(name.as_str())).collect();
        assert!(absent.is_empty(), "alert-rules/README.md lacks {absent:#?}");
    }

    #[test]
    fn the_shipped_rules_have_neither_mistakes_nor_warnings() {
        let answer = check(Some(&folder())).expect("a folder");
        assert!(answer.good && !answer.report.contains("warning"), "{}", answer.report);
    }

    #[test]
    fn every_shipped_rule_is_expected_and_not_expected_by_some_case() {
        let bench = Bench::new(shipped::rules()).expect("sound rules");
        let cases = bench.cases(&shipped::cases()).expect("sound cases");
        let expected: Vec<(String, bool)> = cases
            .iter()
            .flat_map(|case| &case.lines)
            .filter_map(|line| match &line.step {
                case::CaseStep::Expects(expectation) => Some((expectation.rule.clone(), expectation.none)),
                case::CaseStep::Happens(_) | case::CaseStep::Acts { .. } => None,
            })
            .collect();
        for rule in &bench.rules.rules {
            let of = |none| expected.iter().any(|(id, absent)| id == rule.id.as_ref() && *absent == none);
            assert!(of(false) && of(true), "{} needs a case that raises it and one that does not", rule.id);
        }
    }

    /// Cases of one file against the engine.
    #[track_caller]
    fn pass(file: &str) {
        let bench = Bench::new(shipped::rules()).expect("sound rules");
        let files: Files = shipped::cases().into_iter().filter(|(name, _)| name == file).collect();
        assert_eq!(files.len(), 1, "{file}");
        let outcomes = bench.play(&bench.cases(&files).expect("sound cases"), &mut ());
        assert!(outcomes.iter().all(Outcome::passed), "{}", report::text(&outcomes));
    }

    #[test]
    fn the_cases_of_phosphate_pass() {
        pass("cases/phosphate.case");
    }
    #[test]
    fn the_cases_of_haemodynamic_pass() {
        pass("cases/haemodynamic.case");
    }

    #[test]
    fn a_limit_nobody_holds_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let rule =
            shipped::rules().into_iter().find(|(name, _)| name == "technical.toml").expect("technical").1;
        let rule = rule
            .split("[[rule]]")
            .nth(1)
            .expect("a rule")
            .replace("heart_rate.stale", "heart_rate.last > 150");
        let rule =
            rule.replace("'!heart_rate.last > 150'", "'heart_rate.last < 140'").replace("for = \"5m\"\n", "");
        let policy =
            shipped::rules().into_iter().find(|(name, _)| name == "escalation.toml").expect("policies").1;
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
        write("a.toml", &format!("[[rule]]{rule}"));
        write("escalation.toml", &policy);
        write(
            "a.case",
            "case a\n 0h heart_rate 151 /min\n 0h expect heart-rate-stale low\n 1m heart_rate 139 /min\n 1m expect no heart-rate-stale\n",
        );
        let answer = coverage(Some(folder.path()), "text").expect("an answer");
        assert!(!answer.good && answer.report.contains("150 could be 149"), "{}", answer.report);
        assert!(
            !answer.report.contains("150 could be 151") && !answer.report.contains("140 could be 139"),
            "{}",
            answer.report
        );
        assert!(answer.report.contains("140 could be 141"), "{}", answer.report);
    }

    #[test]
    fn a_folder_that_is_not_there_cannot_be_asked() {
        let error = test(Some(Path::new("/no/such/folder")), "text").expect_err("no folder").to_string();
        assert!(error.contains("/no/such/folder"), "{error}");
        assert!(test(Some(&folder()), "yaml").is_err());
    }

    #[test]
    fn a_case_that_fails_answers_no() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = "case a\n 0h infusion tisa-cel\n 1h temperature 37.0 °C\n 1h expect fever-onset low\n";
        std::fs::write(folder.path().join("a.case"), text).expect("written");
        let answer = test(Some(folder.path()), "text").expect("an answer");
        assert!(!answer.good && answer.report.contains("fever-onset is not there"), "{}", answer.report);
    }
}
