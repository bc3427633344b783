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
    let folder = open(folder)?;
    let bench = Bench::new(folder.rules).map_err(refused)?;
    let cases = bench.cases(&folder.cases).map_err(refused)?;
    if cases.is_empty() {
        bail!("there is no case; cases stand in cases/*.case beside the rules");
    }
    let outcomes = bench.play(&cases, &mut ());
    let report = match format {
        "text" => report::text(&outcomes),
        "json" => report::json(&outcomes),
        "junit" => report::junit(&outcomes),
        other => bail!("there is no format {other}; text, json and junit are"),
    };
    Ok(Answer { report, good: outcomes.iter().all(Outcome::passed) })
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
