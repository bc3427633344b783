//! Judging a condition: three answers, a trace of every part, no way to fail and a bounded cost.

use serde::{Deserialize, Serialize};

use super::bounds::{Comparison, arithmetic, compare, negated};
use super::expression::{Expression, Part, PartKind, Question};
use super::facts::{FactValue, Facts};
use crate::model::{Analyte, Value};

/// What a condition says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verdict {
    Met,
    NotMet,
    Unknown,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Met => "met",
            Verdict::NotMet => "not met",
            Verdict::Unknown => "unknown",
        }
    }
    fn of(answer: &Option<FactValue>) -> Verdict {
        match answer {
            Some(FactValue::Flag(true)) => Verdict::Met,
            Some(FactValue::Flag(false)) => Verdict::NotMet,
            Some(FactValue::Number(_) | FactValue::Text(_) | FactValue::Duration(_) | FactValue::Band(_))
            | None => Verdict::Unknown,
        }
    }
}

/// One thing a condition looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    pub question: Question,
    /// `None` for named facts.
    pub analyte: Option<Analyte>,
    /// `change_from_baseline("24h")`, or the fact's name; empty for an analyte's plain last value.
    pub feature: String,
    pub result: Option<FactValue>,
    /// `<=` and the limit it was compared with, where that is a plain number.
    pub comparison: Option<(String, Value)>,
}

/// A verdict with its proof.
#[derive(Clone, Debug, PartialEq)]
pub struct Traced {
    pub verdict: Verdict,
    /// The answer of each part, in the order of [`Expression::parts`]; `None` is unknown.
    pub trace: Vec<Option<FactValue>>,
    pub reads: Vec<Read>,
    /// What was asked and not known, as written; nothing inside `has(…)`.
    pub missing: Vec<String>,
}

/// A line of an explanation: the words of a comparison, what was found, and the verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub words: String,
    pub found: String,
    pub verdict: Verdict,
}

impl Expression {
    /// The verdict alone: nothing is allocated, and what cannot matter any more is not asked.
    pub fn verdict(&self, facts: &dyn Facts) -> Verdict {
        Verdict::of(&self.quick(self.parts().len() - 1, facts))
    }

    /// The verdict with the answer of every part.
    pub fn evaluate(&self, facts: &dyn Facts) -> Traced {
        let mut trace: Vec<Option<FactValue>> = Vec::with_capacity(self.parts().len());
        let mut missing = Vec::new();
        for part in self.parts() {
            let answer = combine(part, facts, |at| trace[at].clone());
            if let (PartKind::Ask(question), None) = (&part.kind, &answer) {
                let name = question.to_string();
                if !missing.contains(&name) {
                    missing.push(name);
                }
            }
            trace.push(answer);
        }
        let reads = self.reads(&trace);
        let verdict = Verdict::of(trace.last().unwrap_or(&None));
        Traced { verdict, trace, reads, missing }
    }

    fn quick(&self, at: usize, facts: &dyn Facts) -> Option<FactValue> {
        let part = &self.parts()[at];
        match &part.kind {
            PartKind::And(left, right) => match flag(self.quick(*left, facts)) {
                Some(false) => Some(FactValue::Flag(false)),
                known => both(known, flag(self.quick(*right, facts))).map(FactValue::Flag),
            },
            PartKind::Or(left, right) => match flag(self.quick(*left, facts)) {
                Some(true) => Some(FactValue::Flag(true)),
                known => either(known, flag(self.quick(*right, facts))).map(FactValue::Flag),
            },
            _ => combine(part, facts, |child| self.quick(child, facts)),
        }
    }

    fn reads(&self, trace: &[Option<FactValue>]) -> Vec<Read> {
        let mut reads: Vec<Read> = Vec::new();
        for (at, part) in self.parts().iter().enumerate() {
            let PartKind::Ask(question) = &part.kind else { continue };
            let (analyte, feature) = match question {
                Question::Measure(analyte, super::facts::Measure::Last) => (Some(*analyte), String::new()),
                Question::Measure(analyte, measure) => (Some(*analyte), measure.to_string()),
                Question::Fact(fact) => (None, fact.to_string()),
            };
            let comparison = self.compared(at);
            let read =
                Read { question: question.clone(), analyte, feature, result: trace[at].clone(), comparison };
            if !reads.contains(&read) {
                reads.push(read);
            }
        }
        reads
    }

    /// The plain number a part is compared with, with the comparison read from the part's side.
    fn compared(&self, at: usize) -> Option<(String, Value)> {
        self.parts().iter().find_map(|part| {
            let PartKind::Compare(comparison, left, right) = &part.kind else { return None };
            let (comparison, limit) = if *left == at {
                (*comparison, *right)
            } else if *right == at {
                (comparison.mirrored(), *left)
            } else {
                return None;
            };
            match &self.parts()[limit].kind {
                PartKind::Constant(FactValue::Number(quantity)) => {
                    Some((comparison.sign().to_string(), quantity.value))
                }
                _ => None,
            }
        })
    }

    /// Each comparison with what was found, for people.
    pub fn lines(&self, traced: &Traced) -> Vec<Line> {
        self.atoms()
            .into_iter()
            .map(|at| {
                let part = &self.parts()[at];
                let inside = part.span.clone();
                let found: Vec<String> = (0..=at)
                    .filter(|child| {
                        let span = &self.parts()[*child].span;
                        span.start >= inside.start && span.end <= inside.end
                    })
                    .filter_map(|child| self.asked(child).map(|question| (question, &traced.trace[child])))
                    .map(|(question, answer)| match answer {
                        Some(answer) => format!("{question} is {answer}"),
                        None => format!("{question} is unknown"),
                    })
                    .collect();
                let verdict = Verdict::of(&traced.trace[at]);
                Line { words: self.words(part).to_string(), found: found.join(", "), verdict }
            })
            .collect()
    }
}

fn look_up(question: &Question, facts: &dyn Facts) -> Option<FactValue> {
    match question {
        Question::Measure(analyte, measure) => facts.measure(*analyte, measure),
        Question::Fact(fact) => facts.fact(*fact),
    }
}

fn flag(answer: Option<FactValue>) -> Option<bool> {
    match answer {
        Some(FactValue::Flag(flag)) => Some(flag),
        Some(FactValue::Number(_) | FactValue::Text(_) | FactValue::Duration(_) | FactValue::Band(_))
        | None => None,
    }
}

/// Kleene: one certain *no* decides.
fn both(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        (None, _) | (_, None) => None,
    }
}

/// Kleene: one certain *yes* decides.
fn either(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        (None, _) | (_, None) => None,
    }
}

/// The answer of a part; an answer of another kind than the catalogue says counts as none.
fn combine(part: &Part, facts: &dyn Facts, of: impl Fn(usize) -> Option<FactValue>) -> Option<FactValue> {
    match &part.kind {
        PartKind::Constant(value) => Some(value.clone()),
        PartKind::Ask(question) => look_up(question, facts).filter(|answer| answer.kind() == part.gives),
        PartKind::Has(question) => Some(FactValue::Flag(look_up(question, facts).is_some())),
        PartKind::Not(inner) => flag(of(*inner)).map(|known| FactValue::Flag(!known)),
        PartKind::And(left, right) => both(flag(of(*left)), flag(of(*right))).map(FactValue::Flag),
        PartKind::Or(left, right) => either(flag(of(*left)), flag(of(*right))).map(FactValue::Flag),
        PartKind::Negate(inner) => match of(*inner)? {
            FactValue::Number(quantity) => negated(quantity).map(FactValue::Number),
            FactValue::Flag(_) | FactValue::Text(_) | FactValue::Duration(_) | FactValue::Band(_) => None,
        },
        PartKind::Arithmetic(operation, left, right) => match (of(*left)?, of(*right)?) {
            (FactValue::Number(left), FactValue::Number(right)) => {
                arithmetic(left, *operation, right).map(FactValue::Number)
            }
            _ => None,
        },
        PartKind::Compare(comparison, left, right) => {
            comparison_of(*comparison, &of(*left)?, &of(*right)?).map(FactValue::Flag)
        }
        PartKind::In(left, values) => {
            let left = of(*left)?;
            let answers = values.iter().map(|value| comparison_of(Comparison::Equal, &left, value));
            answers.fold(Some(false), either).map(FactValue::Flag)
        }
        PartKind::Choose(when, then, otherwise) => match flag(of(*when))? {
            true => of(*then),
            false => of(*otherwise),
        },
    }
}

fn comparison_of(comparison: Comparison, left: &FactValue, right: &FactValue) -> Option<bool> {
    match (left, right) {
        (FactValue::Number(left), FactValue::Number(right)) => compare(*left, comparison, *right),
        (FactValue::Flag(left), FactValue::Flag(right)) => Some(comparison.holds(left, right)),
        (FactValue::Text(left), FactValue::Text(right)) => Some(comparison.holds(left, right)),
        (FactValue::Duration(left), FactValue::Duration(right)) => Some(comparison.holds(left, right)),
        (FactValue::Band(left), FactValue::Band(right)) => Some(comparison.holds(left, right)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::doubles::{Answers, analytes};
    use super::super::expression::Known;
    use super::*;
    use proptest::prelude::*;

    fn compile(text: &str) -> Expression {
        let analytes = analytes();
        Expression::compile(text, &Known { analytes: &analytes }).expect("a condition")
    }

    #[track_caller]
    fn check(text: &str, answers: &[(&str, &str)], verdict: Verdict) {
        let (expression, answers) = (compile(text), Answers::new(answers));
        assert_eq!(expression.evaluate(&answers).verdict, verdict, "{text}");
        assert_eq!(expression.verdict(&answers), verdict, "{text}, the quick way");
    }

    #[test]
    fn a_condition_is_met_not_met_or_unknown() {
        let fall = "day >= 0 && day <= 10 && phosphate.change_from_baseline(\"24h\") <= -15";
        let name = "phosphate.change_from_baseline(\"24h\")";
        check(fall, &[("day", "1"), (name, "-34.286")], Verdict::Met);
        check(fall, &[("day", "1"), (name, "-14.999")], Verdict::NotMet);
        check(fall, &[("day", "1")], Verdict::Unknown);
        check(fall, &[("day", "11")], Verdict::NotMet);
        check(fall, &[(name, "-34")], Verdict::Unknown);
    }

    #[test]
    fn unknown_follows_kleene() {
        check("seizure || day > 1", &[("seizure", "yes")], Verdict::Met);
        check("seizure || day > 1", &[("seizure", "no")], Verdict::Unknown);
        check("day > 1 && seizure", &[("seizure", "no")], Verdict::NotMet);
        check("!seizure", &[], Verdict::Unknown);
        check("has(day) && day > 1", &[], Verdict::NotMet);
        check("!has(day)", &[], Verdict::Met);
        check("seizure ? true : true", &[], Verdict::Unknown);
    }

    #[test]
    fn bounds_bands_texts_and_durations_compare() {
        check("phosphate.last < 1.0", &[("phosphate.last", "<0.5")], Verdict::Met);
        check("phosphate.last < 0.4", &[("phosphate.last", "<0.5")], Verdict::Unknown);
        check("crs_ews.band >= \"amber\"", &[("crs_ews.band", "red")], Verdict::Met);
        check("crs_ews.band in [\"yellow\", \"amber\"]", &[("crs_ews.band", "red")], Verdict::NotMet);
        check("product in ['axi-cel', 'brexu-cel']", &[("product", "axi-cel")], Verdict::Met);
        check("product in ['axi-cel']", &[], Verdict::Unknown);
        check("phosphate.age > duration('24h')", &[("phosphate.age", "25h")], Verdict::Met);
        check(
            "heart_rate.last / systolic.last >= 0.9",
            &[("heart_rate.last", "99"), ("systolic.last", "110")],
            Verdict::Met,
        );
    }

    #[test]
    fn an_answer_of_the_wrong_kind_is_unknown() {
        check("day > 1", &[("day", "yes")], Verdict::Unknown);
    }

    #[test]
    fn the_proof_says_what_was_read_and_what_was_missing() {
        let expression =
            compile("-15 >= phosphate.change_from_baseline(\"24h\") || phosphate.last < 2 || seizure");
        let answers = Answers::new(&[("phosphate.last", "1.9")]);
        let traced = expression.evaluate(&answers);
        assert_eq!(traced.verdict, Verdict::Met);
        assert_eq!(traced.missing, ["phosphate.change_from_baseline(\"24h\")", "seizure"]);
        let shown: Vec<_> =
            traced.reads.iter().map(|read| (read.feature.as_str(), read.comparison.clone())).collect();
        let limit = |sign: &str, n| Some((sign.to_string(), Value::whole(n)));
        assert_eq!(
            shown,
            [("change_from_baseline(\"24h\")", limit("<=", -15)), ("", limit("<", 2)), ("seizure", None)]
        );
        let lines: Vec<_> =
            expression.lines(&traced).into_iter().map(|line| (line.words, line.found)).collect();
        assert_eq!(lines[1], ("phosphate.last < 2".into(), "phosphate.last is 1.9".into()));
        assert_eq!(lines[2], ("seizure".into(), "seizure is unknown".into()));
    }

    /// Conditions of numbers and flags, in words that mean the same to us and to CEL.
    fn condition() -> impl Strategy<Value = String> {
        let whole = -20i64..20;
        let number = prop_oneof![
            whole.prop_map(|n| n.to_string()),
            Just("news2".to_string()),
            Just("sofa".to_string())
        ];
        let number = number.prop_recursive(3, 12, 2, |inner| {
            (inner.clone(), prop::sample::select(vec!["+", "-", "*"]), inner)
                .prop_map(|(left, sign, right)| format!("({left} {sign} {right})"))
        });
        let signs = prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]);
        let atom = prop_oneof![
            (number.clone(), signs, number).prop_map(|(left, sign, right)| format!("{left} {sign} {right}")),
            Just("seizure".to_string()),
            Just("hypotension".to_string()),
            Just("true".to_string()),
        ];
        atom.prop_recursive(4, 24, 3, |inner| {
            prop_oneof![
                (inner.clone(), prop::sample::select(vec!["&&", "||"]), inner.clone())
                    .prop_map(|(left, sign, right)| format!("{left} {sign} {right}")),
                inner.clone().prop_map(|inner| format!("!({inner})")),
                (inner.clone(), inner.clone(), inner)
                    .prop_map(|(a, b, c)| format!("(({a}) ? ({b}) : ({c}))")),
            ]
        })
    }

    proptest! {
        #[test]
        fn known_facts_give_the_verdict_of_cel(
            text in condition(), news2 in 0i64..20, sofa in 0i64..24, seizure: bool, hypotension: bool,
        ) {
            let yes = |flag| if flag { "yes" } else { "no" };
            let answers = Answers::new(&[
                ("news2", &news2.to_string()), ("sofa", &sofa.to_string()),
                ("seizure", yes(seizure)), ("hypotension", yes(hypotension)),
            ]);
            let program = cel::Program::compile(&text).expect("CEL reads what we read");
            let mut context = cel::Context::default();
            context.add_variable("news2", news2).expect("a number");
            context.add_variable("sofa", sofa).expect("a number");
            context.add_variable("seizure", seizure).expect("a flag");
            context.add_variable("hypotension", hypotension).expect("a flag");
            let cel = program.execute(&context).expect("CEL answers");
            let ours = compile(&text).evaluate(&answers).verdict;
            prop_assert_eq!(cel == cel::Value::Bool(true), ours == Verdict::Met, "{}", text);
            prop_assert_ne!(ours, Verdict::Unknown);
        }

        #[test]
        fn more_knowledge_never_turns_a_verdict_round(
            text in condition(), news2 in 0i64..20, sofa in 0i64..24, seizure: bool, hypotension: bool, hidden in 0usize..16,
        ) {
            let yes = |flag| if flag { "yes" } else { "no" };
            let (news2, sofa) = (news2.to_string(), sofa.to_string());
            let all = [("news2", news2.as_str()), ("sofa", &sofa), ("seizure", yes(seizure)), ("hypotension", yes(hypotension))];
            let some: Vec<_> = (0..4).filter(|at| hidden & (1 << at) == 0).map(|at| all[at]).collect();
            let expression = compile(&text);
            let (known, partly) = (expression.evaluate(&Answers::new(&all)), expression.evaluate(&Answers::new(&some)));
            prop_assert!(partly.verdict == Verdict::Unknown || partly.verdict == known.verdict);
            prop_assert_eq!(expression.verdict(&Answers::new(&some)), partly.verdict);
        }

        #[test]
        fn no_text_crashes_the_reader(text in "[a-z0-9.,()!<>=&|?: \"'+*/\\[\\]≥-]{0,80}") {
            let analytes = analytes();
            if let Err(faults) = Expression::compile(&text, &Known { analytes: &analytes }) {
                prop_assert!(faults.iter().all(|fault| text.get(fault.span.clone()).is_some()));
            }
        }
    }
}
