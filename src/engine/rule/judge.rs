//! One rule against one patient's facts.

use super::evaluate::{Traced, Verdict};
use super::facts::Facts;
use super::file::{Rule, RuleSet, WhenUnknown};

/// The conditions of one rule, judged with proof.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    pub when: Traced,
    pub until: Option<Traced>,
    pub worsens: Option<Traced>,
    /// `when`, with unknown counted as met where the rule says `unknown = "raise"`.
    pub raises: Verdict,
    /// Whether an open alert is over: by `until`, or without one by `when` not being met. Unknown ends nothing.
    pub ends: bool,
    pub worse: bool,
}

/// The same answers without proof; cheap enough to ask on every entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    pub raises: Verdict,
    pub ends: bool,
    pub worse: bool,
}

impl RuleSet {
    /// Judges one rule with the answer of every part.
    pub fn judge(rule: &Rule, facts: &dyn Facts) -> Judgement {
        let when = rule.when.evaluate(facts);
        let until = rule.until.as_ref().map(|until| until.evaluate(facts));
        let worsens = rule.worsens.as_ref().map(|worsens| worsens.evaluate(facts));
        let raises = raises(rule, when.verdict);
        let ends = ends(raises, until.as_ref().map(|until| until.verdict));
        let worse = worsens.as_ref().is_some_and(|worsens| worsens.verdict == Verdict::Met);
        Judgement { when, until, worsens, raises, ends, worse }
    }

    /// Judges one rule without proof.
    pub fn glance(rule: &Rule, facts: &dyn Facts) -> Glance {
        let raises = raises(rule, rule.when.verdict(facts));
        let ends = ends(raises, rule.until.as_ref().map(|until| until.verdict(facts)));
        let worse = rule.worsens.as_ref().is_some_and(|worsens| worsens.verdict(facts) == Verdict::Met);
        Glance { raises, ends, worse }
    }
}

fn raises(rule: &Rule, when: Verdict) -> Verdict {
    match (when, rule.unknown) {
        (Verdict::Unknown, WhenUnknown::Raise) => Verdict::Met,
        (verdict, WhenUnknown::Keep | WhenUnknown::Raise) => verdict,
    }
}

fn ends(raises: Verdict, until: Option<Verdict>) -> bool {
    match until {
        Some(until) => until == Verdict::Met && raises != Verdict::Met,
        None => raises == Verdict::NotMet,
    }
}

#[cfg(test)]
mod tests {
    use super::super::doubles::{Answers, POLICY, analytes, rule_text};
    use super::super::expression::Known;
    use super::super::policy;
    use super::*;

    fn set(lines: &str) -> RuleSet {
        let analytes = analytes();
        let files =
            [("a.toml".to_string(), rule_text("a", lines)), (policy::FILE.to_string(), POLICY.to_string())];
        RuleSet::load("hash", &files, &Known { analytes: &analytes }).expect("a good rule")
    }
    #[track_caller]
    fn check(lines: &str, answers: &[(&str, &str)], raises: Verdict, ends: bool) {
        let set = set(lines);
        let judged = RuleSet::judge(&set.rules[0], &Answers::new(answers));
        assert_eq!((judged.raises, judged.ends), (raises, ends), "{answers:?}");
        let glance = RuleSet::glance(&set.rules[0], &Answers::new(answers));
        assert_eq!(glance, Glance { raises, ends, worse: judged.worse });
    }

    #[test]
    fn between_the_limits_an_alert_neither_starts_nor_ends() {
        let lines = "when = 'phosphate.last <= 2'\nuntil = 'phosphate.last > 2.2'";
        check(lines, &[("phosphate.last", "2")], Verdict::Met, false);
        check(lines, &[("phosphate.last", "2.1")], Verdict::NotMet, false);
        check(lines, &[("phosphate.last", "2.3")], Verdict::NotMet, true);
    }

    #[test]
    fn unknown_ends_nothing() {
        let lines = "when = 'phosphate.last <= 2'\nuntil = 'phosphate.last > 2.2'";
        check(lines, &[], Verdict::Unknown, false);
        check("when = 'seizure'", &[], Verdict::Unknown, false);
        check("when = 'seizure'", &[("seizure", "no")], Verdict::NotMet, true);
    }

    #[test]
    fn a_rule_may_take_not_knowing_for_its_finding() {
        check("when = 'seizure'\nunknown = \"raise\"", &[], Verdict::Met, false);
    }

    #[test]
    fn an_until_that_is_met_too_early_does_not_end_what_still_holds() {
        let lines = "when = 'phosphate.last <= 2'\nuntil = 'phosphate.last > 1.8'";
        check(lines, &[("phosphate.last", "1.9")], Verdict::Met, false);
    }
}
