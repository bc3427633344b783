//! What the cases saw of each rule, and which limits could be moved without any case noticing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::evaluate::{Traced, Verdict};
use super::expression::{Expression, Known, Threshold};
use super::facts::{FactValue, Facts};
use super::file::{Rule, RuleSet};
use super::run::Witness;
use crate::model::Value;

/// Which answers were seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub met: bool,
    pub not_met: bool,
    pub unknown: bool,
}

impl Seen {
    fn note(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Met => self.met = true,
            Verdict::NotMet => self.not_met = true,
            Verdict::Unknown => self.unknown = true,
        }
    }
    /// Met and not met: a branch that was only ever unknown was not tested.
    pub fn both(self) -> bool {
        self.met && self.not_met
    }
}

/// One comparison of a rule's condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// `when`, `until` or `worsens`.
    pub condition: &'static str,
    pub words: String,
    pub seen: Seen,
}

/// What was seen of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCoverage {
    pub id: Arc<str>,
    pub file: Arc<str>,
    /// The whole of `when`.
    pub whole: Seen,
    pub branches: Vec<Branch>,
    /// Limits that no case holds in place.
    pub survivors: Vec<Survivor>,
    pub mutants: usize,
}

/// A limit that was moved by one step and nothing failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survivor {
    pub condition: &'static str,
    /// `phosphate.last <= 2` with the number before and after.
    pub words: String,
    pub from: String,
    pub to: String,
}

/// Watches runs and gathers what each comparison answered.
#[derive(Debug)]
pub struct Coverage<'a> {
    rules: &'a RuleSet,
    /// By rule, then condition, then part.
    seen: Vec<BTreeMap<(&'static str, usize), Seen>>,
}

impl<'a> Coverage<'a> {
    pub fn new(rules: &'a RuleSet) -> Coverage<'a> {
        Coverage { rules, seen: vec![BTreeMap::new(); rules.rules.len()] }
    }

    fn note(
        seen: &mut BTreeMap<(&'static str, usize), Seen>,
        name: &'static str,
        expression: &Expression,
        traced: &Traced,
    ) {
        for at in expression.atoms() {
            seen.entry((name, at)).or_default().note(verdict(&traced.trace[at]));
        }
        let root = expression.parts().len() - 1;
        if !expression.atoms().contains(&root) {
            seen.entry((name, root)).or_default().note(traced.verdict);
        }
    }

    /// What was seen, rule by rule; no mutants yet.
    pub fn report(&self) -> Vec<RuleCoverage> {
        let rules = self.rules.rules.iter().zip(&self.seen);
        rules
            .map(|(rule, seen)| {
                let of = |name, at| seen.get(&(name, at)).copied().unwrap_or_default();
                let mut branches = Vec::new();
                for (condition, expression) in rule.conditions() {
                    branches.extend(expression.atoms().into_iter().map(|at| Branch {
                        condition,
                        words: expression.words(&expression.parts()[at]).to_string(),
                        seen: of(condition, at),
                    }));
                }
                let whole = of("when", rule.when.parts().len() - 1);
                let (id, file) = (rule.id.clone(), rule.file.clone());
                RuleCoverage { id, file, whole, branches, survivors: Vec::new(), mutants: 0 }
            })
            .collect()
    }
}

fn verdict(answer: &Option<FactValue>) -> Verdict {
    match answer {
        Some(FactValue::Flag(true)) => Verdict::Met,
        Some(FactValue::Flag(false)) => Verdict::NotMet,
        Some(FactValue::Number(_) | FactValue::Text(_) | FactValue::Duration(_) | FactValue::Band(_))
        | None => Verdict::Unknown,
    }
}

impl Witness for Coverage<'_> {
    fn see(&mut self, facts: &dyn Facts) {
        for (rule, seen) in self.rules.rules.iter().zip(&mut self.seen) {
            for (name, expression) in rule.conditions() {
                Coverage::note(seen, name, expression, &expression.evaluate(facts));
            }
        }
    }
}

/// One changed rule file and what was changed in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutant {
    pub rule: Arc<str>,
    pub survivor: Survivor,
    pub files: Vec<(String, String)>,
    /// The condition before and after.
    pub before: Expression,
    pub after: Expression,
}

/// Watches one case for instants at which a moved limit gives another verdict. Where there is none, playing the case
/// with the moved limit could not end differently: an alert never changes a fact.
#[derive(Debug)]
pub struct Twins<'a> {
    mutants: Vec<(usize, &'a Mutant)>,
    /// Places of the mutants that differed.
    pub differed: Vec<usize>,
}

impl<'a> Twins<'a> {
    /// Only mutants of rules the case expects something of.
    pub fn new(mutants: &'a [Mutant], rules: &[&str]) -> Twins<'a> {
        let concerned = |(_, mutant): &(usize, &Mutant)| rules.contains(&mutant.rule.as_ref());
        Twins { mutants: mutants.iter().enumerate().filter(concerned).collect(), differed: Vec::new() }
    }
}

impl Witness for Twins<'_> {
    fn see(&mut self, facts: &dyn Facts) {
        let differed = &mut self.differed;
        self.mutants.retain(|(at, mutant)| {
            let same = mutant.before.verdict(facts) == mutant.after.verdict(facts);
            if !same {
                differed.push(*at);
            }
            same
        });
    }
}

/// The rule files with one limit moved by one step, each limit both ways. `step` says how far the limit of a
/// question moves, in thousandths of its unit.
pub fn mutants(
    rules: &RuleSet,
    files: &[(String, String)],
    known: &Known,
    step: &dyn Fn(&Threshold) -> i64,
) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for rule in &rules.rules {
        for (condition, expression) in rule.conditions() {
            for threshold in expression.thresholds() {
                for direction in [-1, 1] {
                    let moved = Value(threshold.value.0 + direction * step(&threshold));
                    mutants.extend(mutant(rule, condition, expression, &threshold, moved, files, known));
                }
            }
        }
    }
    mutants
}

fn mutant(
    rule: &Rule,
    condition: &'static str,
    before: &Expression,
    threshold: &Threshold,
    moved: Value,
    files: &[(String, String)],
    known: &Known,
) -> Option<Mutant> {
    let to = moved.to_string();
    let mut text = before.text().to_string();
    let from = text[threshold.span.clone()].to_string();
    text.replace_range(threshold.span.clone(), &to);
    let after = Expression::compile(&text, known).ok()?;
    let files = with_condition(files, &rule.file, &rule.id, condition, before.text(), &text)?;
    let words: Vec<&str> = before.text().split_whitespace().collect();
    let survivor = Survivor { condition, words: words.join(" "), from, to };
    Some(Mutant { rule: rule.id.clone(), survivor, files, before: before.clone(), after })
}

/// The files with one condition's text replaced; `None` where escapes hide it.
fn with_condition(
    files: &[(String, String)],
    file: &str,
    rule: &str,
    condition: &str,
    old: &str,
    new: &str,
) -> Option<Vec<(String, String)>> {
    let mut changed = files.to_vec();
    let (_, text) = changed.iter_mut().find(|(name, _)| name == file)?;
    let id = text.find(&format!("\"{rule}\""))?;
    let start = text[..id].rfind("[[rule]]")?;
    let end = text[id..].find("[[rule]]").map_or(text.len(), |length| id + length);
    let field = text[start..end].match_indices(condition).map(|(at, _)| start + at).find(|at| {
        let begins_line = text[..*at].ends_with('\n');
        begins_line && text[*at + condition.len()..].trim_start().starts_with('=')
    })?;
    let at = field + text[field..end].find(old)?;
    text.replace_range(at..at + old.len(), new);
    Some(changed)
}

#[cfg(test)]
mod tests {
    use super::super::doubles::{Answers, analytes, case_files, case_rules};
    use super::*;

    #[test]
    fn a_branch_counts_only_when_it_was_met_and_not_met() {
        let analytes = analytes();
        let rules = case_rules(&analytes);
        let mut coverage = Coverage::new(&rules);
        coverage.see(&Answers::new(&[("temperature.last", "38")]));
        coverage.see(&Answers::new(&[]));
        let report = coverage.report();
        let fever = &report[0];
        assert_eq!(
            (fever.id.as_ref(), fever.whole),
            ("fever", Seen { met: true, not_met: false, unknown: true })
        );
        assert!(!fever.branches[0].seen.both());
        coverage.see(&Answers::new(&[("temperature.last", "37.9")]));
        assert!(coverage.report()[0].branches[0].seen.both());
    }

    #[test]
    fn each_limit_is_moved_both_ways_in_its_own_rule() {
        let analytes = analytes();
        let rules = case_rules(&analytes);
        let known = Known { analytes: &analytes };
        let made = mutants(&rules, &case_files(), &known, &|_| 100);
        let shown: Vec<String> = made
            .iter()
            .map(|mutant| {
                format!(
                    "{} {} {}->{}",
                    mutant.rule, mutant.survivor.condition, mutant.survivor.from, mutant.survivor.to
                )
            })
            .collect();
        assert_eq!(
            shown[..4],
            [
                "fever when 38->37.9",
                "fever when 38->38.1",
                "fever until 37.5->37.4",
                "fever until 37.5->37.6"
            ]
        );
        let changed = RuleSet::load("x", &made[0].files, &known).expect("still a rule set");
        assert_eq!(changed.get("fever").expect("fever").when.thresholds()[0].value, Value(37_900));
        assert_eq!(changed.get("phosphate-fall"), rules.get("phosphate-fall"));
        let mut twins = Twins::new(&made, &["fever"]);
        twins.see(&Answers::new(&[("temperature.last", "38.2")]));
        assert!(twins.differed.is_empty());
        twins.see(&Answers::new(&[("temperature.last", "38")]));
        assert_eq!(twins.differed, [1]);
    }
}
