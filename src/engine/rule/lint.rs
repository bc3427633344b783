//! Rules that can be read but should not be trusted: inhibitions that hide too much, limits that chatter.

use std::collections::BTreeMap;

use super::catalogue::closest;
use super::evaluate::Verdict;
use super::expression::{Expression, PartKind, Question};
use super::facts::{Band, Fact, FactValue, Facts, Measure, Type};
use super::file::{Places, Rule};
use super::mistake::Mistake;
use crate::model::{Analyte, Kind, Span, Value};

/// Combinations of answers tried for one rule; the rest is not looked at.
const TRIES: usize = 20_000;

/// Names in `inhibits` must exist, and nothing may keep a more urgent rule quiet. `places` has every rule of the files,
/// also those with mistakes of their own, which `rules` lacks.
pub fn inhibitions(rules: &[Rule], places: &[Places], mistakes: &mut Vec<Mistake>) {
    let read = |id: &str| rules.iter().find(|rule| rule.id.as_ref() == id);
    for Places { id, inhibits } in places {
        for (name, place) in inhibits {
            let is_there = places.iter().any(|other| other.id == *name);
            let message = match (read(id), read(name)) {
                _ if !is_there => format!("no rule is called \"{name}\""),
                (None, _) | (_, None) => continue,
                (Some(rule), Some(other)) if other.id == rule.id => {
                    "a rule does not inhibit itself".to_string()
                }
                (Some(rule), Some(other)) if other.priority > rule.priority => {
                    format!("\"{name}\" is more urgent and must not be kept quiet by this rule")
                }
                (Some(rule), Some(other)) if other.inhibits.contains(&rule.id) => {
                    format!("\"{name}\" inhibits this rule too; both would stay quiet")
                }
                (Some(_), Some(_)) => continue,
            };
            let names = places.iter().map(|place| place.id.as_str());
            let suggestion = match is_there {
                false => closest(name, names).map(str::to_string),
                true => None,
            };
            let message = format!("rule \"{id}\", `inhibits`: {message}");
            mistakes.push(Mistake { message, suggestion, ..place.clone() });
        }
    }
}

/// What is allowed but doubtful; `place` is where the rule stands.
pub fn warnings(rule: &Rule, place: Mistake) -> Vec<Mistake> {
    let mut messages = Vec::new();
    match &rule.until {
        None if rule.kind == Kind::Physiological && chatters(&rule.when) => {
            messages.push(
                "without `until` a value that swings about the limit opens and closes the alert".to_string(),
            );
        }
        None => {}
        Some(until) => {
            if let Some(answers) = both_met(&rule.when, until) {
                messages.push(format!("`until` can be met while `when` still is: {answers}"));
            }
        }
    }
    let warn = |message| Mistake { message: format!("rule \"{}\": {message}", rule.id), ..place.clone() };
    messages.into_iter().map(warn).collect()
}

/// Whether a measured number is compared with a limit.
fn chatters(when: &Expression) -> bool {
    when.thresholds().iter().any(|threshold| match &threshold.question {
        Some(Question::Measure(..)) => true,
        Some(Question::Fact(_)) | None => false,
    })
}

/// Answers under which both conditions are met, if some are found near the limits written in them. Only where `until`
/// asks nothing that `when` does not: different questions about one patient are seldom independent.
fn both_met(when: &Expression, until: &Expression) -> Option<String> {
    if !until.questions().all(|question| when.questions().any(|asked| asked == question)) {
        return None;
    }
    let mut choices: BTreeMap<Question, Vec<FactValue>> = BTreeMap::new();
    for expression in [when, until] {
        for question in expression.questions() {
            let candidates = candidates(question, &[when, until]);
            choices.insert(question.clone(), candidates);
        }
    }
    let total = choices.values().try_fold(1usize, |total, values| total.checked_mul(values.len()))?;
    if total > TRIES {
        return None;
    }
    for number in 0..total {
        let mut rest = number;
        let mut answers = Answers(BTreeMap::new());
        for (question, values) in &choices {
            answers.0.insert(question, &values[rest % values.len()]);
            rest /= values.len();
        }
        if when.verdict(&answers) == Verdict::Met && until.verdict(&answers) == Verdict::Met {
            let shown = answers.0.iter().map(|(question, answer)| format!("{question} {answer}"));
            return Some(shown.collect::<Vec<_>>().join(", "));
        }
    }
    None
}

/// Values on and about every limit the question is compared with.
fn candidates(question: &Question, expressions: &[&Expression]) -> Vec<FactValue> {
    let mut found: Vec<FactValue> = Vec::new();
    let mut add = |value: FactValue| {
        if !found.contains(&value) {
            found.push(value);
        }
    };
    for expression in expressions {
        for (at, part) in expression.parts().iter().enumerate() {
            let limit = match &part.kind {
                PartKind::Compare(_, left, right) if expression.asked(*left) == Some(question) => *right,
                PartKind::Compare(_, left, right) if expression.asked(*right) == Some(question) => *left,
                PartKind::In(left, values) if expression.asked(*left) == Some(question) => {
                    values.iter().cloned().for_each(&mut add);
                    continue;
                }
                PartKind::Ask(asked) if asked == question => {
                    kinds(expression.parts()[at].gives).into_iter().for_each(&mut add);
                    continue;
                }
                _ => continue,
            };
            if let PartKind::Constant(value) = &expression.parts()[limit].kind {
                near(value).into_iter().for_each(&mut add);
            }
        }
    }
    found
}

/// Values of a kind that need no limit to be interesting.
fn kinds(kind: Type) -> Vec<FactValue> {
    match kind {
        Type::Flag => vec![FactValue::Flag(true), FactValue::Flag(false)],
        Type::Band => Band::ALL.into_iter().map(FactValue::Band).collect(),
        Type::Number => vec![FactValue::whole(0)],
        Type::Text => vec![FactValue::text("")],
        Type::Duration => vec![FactValue::Duration(Span::ZERO)],
    }
}

fn near(value: &FactValue) -> Vec<FactValue> {
    match value {
        FactValue::Number(quantity) => {
            [-1, 0, 1].map(|step| FactValue::number(Value(quantity.value.0 + step))).to_vec()
        }
        FactValue::Duration(span) => [-1, 0, 1].map(|step| FactValue::Duration(Span(span.0 + step))).to_vec(),
        FactValue::Flag(_) | FactValue::Text(_) | FactValue::Band(_) => vec![value.clone()],
    }
}

struct Answers<'a>(BTreeMap<&'a Question, &'a FactValue>);

impl Facts for Answers<'_> {
    fn measure(&self, analyte: Analyte, measure: &Measure) -> Option<FactValue> {
        self.0.get(&Question::Measure(analyte, measure.clone())).map(|answer| (*answer).clone())
    }
    fn fact(&self, fact: Fact) -> Option<FactValue> {
        self.0.get(&Question::Fact(fact)).map(|answer| (*answer).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::doubles::{POLICY, analytes, rule_text};
    use super::super::expression::Known;
    use super::super::file::RuleSet;
    use super::super::policy;

    fn load(text: &str) -> Result<RuleSet, Vec<super::Mistake>> {
        let analytes = analytes();
        let files =
            [("a.toml".to_string(), text.to_string()), (policy::FILE.to_string(), POLICY.to_string())];
        RuleSet::load("hash", &files, &Known { analytes: &analytes })
    }
    #[track_caller]
    fn warned(lines: &str, words: &str) {
        let set = load(&rule_text("a", lines)).expect("allowed");
        let shown: Vec<&str> = set.warnings.iter().map(|warning| warning.message.as_str()).collect();
        if words.is_empty() {
            assert!(shown.is_empty(), "{shown:?}");
        } else {
            assert!(shown.iter().any(|message| message.contains(words)), "{shown:?}");
        }
    }

    #[test]
    fn an_until_that_leaves_the_alert_in_its_condition_is_noticed() {
        let fall = "when = 'day >= 0 && day <= 10 && phosphate.last <= 2'\n";
        warned(&format!("{fall}until = 'phosphate.last > 2.2'"), "");
        warned(&format!("{fall}until = 'phosphate.last > 1.8'"), "`until` can be met while `when` still is");
        warned(&format!("{fall}until = 'phosphate.last >= 2'"), "phosphate.last 2");
        warned(&format!("{fall}until = 'day > 10 || phosphate.last > 2'"), "");
        warned("when = 'crs_ews.band >= \"amber\"'\nuntil = 'crs_ews.band < \"amber\"'", "");
        warned(
            "when = 'crs_ews.band >= \"amber\"'\nuntil = 'crs_ews.band <= \"amber\"'",
            "crs_ews.band amber",
        );
    }

    #[test]
    fn a_limit_without_until_is_noticed() {
        warned("when = 'temperature.last >= 38'", "without `until`");
        warned("when = 'crs.grade >= 2'", "");
    }

    #[test]
    fn inhibitions_are_checked() {
        let high =
            |id: &str, lines: &str| rule_text(id, lines).replace("priority = \"low\"", "priority = \"high\"");
        let low = rule_text("low-rule", "when = 'seizure'\ninhibits = [\"high-rule\"]");
        let mistakes = load(&format!("{low}{}", high("high-rule", "when = 'seizure'"))).expect_err("refused");
        assert!(mistakes[0].message.contains("more urgent"), "{mistakes:?}");
        let ring = format!(
            "{}{}",
            rule_text("a", "when = 'seizure'\ninhibits = [\"b\"]"),
            rule_text("b", "when = 'seizure'\ninhibits = [\"a\"]")
        );
        assert!(load(&ring).expect_err("refused")[0].message.contains("both would stay quiet"));
        let broken =
            rule_text("a", "when = 'seizure'\ninhibits = [\"nope\", \"b\"]").replace("source =", "sauce =");
        let mistakes =
            load(&format!("{broken}{}", rule_text("b", "when = 'nothing_known'"))).expect_err("refused");
        let of = |words: &str| mistakes.iter().filter(|mistake| mistake.message.contains(words)).count();
        assert_eq!(
            (of("no rule is called \"nope\""), of("no rule is called \"b\"")),
            (1, 0),
            "{mistakes:#?}"
        );
        assert!(of("sauce") > 0 && of("nothing_known") > 0, "{mistakes:#?}");
        let gone =
            load(&rule_text("crs-3", "when = 'seizure'\ninhibits = [\"crs-33\"]")).expect_err("refused");
        assert_eq!(gone[0].suggestion.as_deref(), Some("crs-3"));
        assert!(
            load(&rule_text("a", "when = 'seizure'\ninhibits = [\"a\"]")).expect_err("refused")[0]
                .message
                .contains("itself")
        );
    }
}
