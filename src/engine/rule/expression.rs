//! A condition, checked: typed parts with their places, ready to be judged.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bounds::{Arithmetic, Comparison};
use super::facts::{Fact, FactValue, Measure, Type};
use super::lower;
use super::token::Fault;
use crate::model::{Analyte, AnalyteSettings, Span, Value};

/// What conditions may speak of besides the catalogue: the analytes of the terminology in force.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    pub analytes: &'a [AnalyteSettings],
}

impl Known<'_> {
    pub fn has(&self, analyte: Analyte) -> bool {
        self.analytes.iter().any(|row| row.name == analyte)
    }
    pub fn analyte(&self, name: &str) -> Option<Analyte> {
        Analyte::parse(name).filter(|analyte| self.has(*analyte))
    }
}

/// Something a condition asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Question {
    Measure(Analyte, Measure),
    Fact(Fact),
}

/// One part. Children stand before their parents; the last part is the whole condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Bytes of the condition's text.
    pub span: Range<usize>,
    pub kind: PartKind,
    pub gives: Type,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PartKind {
    Constant(FactValue),
    Ask(Question),
    Has(Question),
    Not(usize),
    And(usize, usize),
    Or(usize, usize),
    Negate(usize),
    Arithmetic(Arithmetic, usize, usize),
    Compare(Comparison, usize, usize),
    In(usize, Vec<FactValue>),
    Choose(usize, usize, usize),
}

/// A condition that has been read and checked. Judging it is in `evaluate.rs`.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Expression {
    text: Arc<str>,
    parts: Vec<Part>,
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.text)
    }
}
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What a condition reads, each once and in order, so that only touched rules are judged again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct References {
    pub analytes: Vec<Analyte>,
    pub facts: Vec<Fact>,
    /// The longest window any part looks back over.
    pub window: Option<Span>,
}

impl References {
    /// Takes in what another condition reads.
    pub fn join(&mut self, other: &References) {
        self.analytes.extend(&other.analytes);
        self.analytes.sort_unstable();
        self.analytes.dedup();
        self.facts.extend(&other.facts);
        self.facts.sort_unstable();
        self.facts.dedup();
        self.window = self.window.max(other.window);
    }
}

/// A number in a condition that decides something: `-15` in `phosphate.change_from_baseline("24h") <= -15`.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// Where the number stands in the condition's text, sign included.
    pub span: Range<usize>,
    pub value: Value,
    /// What it is compared with, where that is a single question.
    pub question: Option<Question>,
}

impl Expression {
    /// Reads and checks a condition; every mistake at once.
    pub fn compile(text: &str, known: &Known) -> Result<Expression, Vec<Fault>> {
        let parts = lower::lower(text, known)?;
        Ok(Expression { text: text.into(), parts })
    }

    pub fn text(&self) -> &str {
        &self.text
    }
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }
    /// The words of one part.
    pub fn words(&self, part: &Part) -> &str {
        &self.text[part.span.clone()]
    }

    /// The yes-or-no parts that are not made of others: comparisons and flags. Coverage counts these.
    pub fn atoms(&self) -> Vec<usize> {
        let is_atom = |part: &Part| match &part.kind {
            PartKind::Compare(..) | PartKind::In(..) | PartKind::Has(_) => true,
            PartKind::Ask(_) => part.gives == Type::Flag,
            PartKind::Constant(_)
            | PartKind::Not(_)
            | PartKind::And(..)
            | PartKind::Or(..)
            | PartKind::Negate(_)
            | PartKind::Arithmetic(..)
            | PartKind::Choose(..) => false,
        };
        (0..self.parts.len()).filter(|at| is_atom(&self.parts[*at])).collect()
    }

    pub fn questions(&self) -> impl Iterator<Item = &Question> {
        self.parts.iter().filter_map(|part| match &part.kind {
            PartKind::Ask(question) | PartKind::Has(question) => Some(question),
            PartKind::Constant(_)
            | PartKind::Not(_)
            | PartKind::And(..)
            | PartKind::Or(..)
            | PartKind::Negate(_)
            | PartKind::Arithmetic(..)
            | PartKind::Compare(..)
            | PartKind::In(..)
            | PartKind::Choose(..) => None,
        })
    }

    pub fn references(&self) -> References {
        let mut references = References::default();
        for question in self.questions() {
            let mut one = References::default();
            match question {
                Question::Measure(analyte, measure) => {
                    one.analytes.push(*analyte);
                    one.window = measure.window();
                }
                Question::Fact(fact) => {
                    one.facts.push(*fact);
                    one.window = fact.window();
                }
            }
            references.join(&one);
        }
        references
    }

    /// The numbers whose change by one step some case should notice.
    pub fn thresholds(&self) -> Vec<Threshold> {
        let mut found = Vec::new();
        for part in &self.parts {
            if let PartKind::Compare(_, left, right) = part.kind {
                for (number, other) in [(left, right), (right, left)] {
                    let PartKind::Constant(FactValue::Number(quantity)) = &self.parts[number].kind else {
                        continue;
                    };
                    let question = self.asked(other).cloned();
                    found.push(Threshold {
                        span: self.parts[number].span.clone(),
                        value: quantity.value,
                        question,
                    });
                }
            }
            found.extend(self.limit_within(part));
        }
        found
    }

    /// The limit in `spo2.sustained_below(88, "5m")`.
    fn limit_within(&self, part: &Part) -> Option<Threshold> {
        let PartKind::Ask(question @ Question::Measure(_, measure)) = &part.kind else { return None };
        let value = measure.limit()?;
        let words = self.words(part);
        let open = words.find('(')? + 1;
        let number = words[open..].split(',').next()?;
        let start = part.span.start + open + (number.len() - number.trim_start().len());
        Some(Threshold { span: start..start + number.trim().len(), value, question: Some(question.clone()) })
    }

    /// The question a part is, if it is one.
    pub fn asked(&self, part: usize) -> Option<&Question> {
        match &self.parts[part].kind {
            PartKind::Ask(question) => Some(question),
            PartKind::Constant(_)
            | PartKind::Has(_)
            | PartKind::Not(_)
            | PartKind::And(..)
            | PartKind::Or(..)
            | PartKind::Negate(_)
            | PartKind::Arithmetic(..)
            | PartKind::Compare(..)
            | PartKind::In(..)
            | PartKind::Choose(..) => None,
        }
    }
}

impl fmt::Display for Question {
    /// As it is written in a condition.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Question::Measure(analyte, measure) => write!(f, "{analyte}.{measure}"),
            Question::Fact(fact) => write!(f, "{fact}"),
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, limit) = match self {
            Measure::Last => ("last", None),
            Measure::Age => ("age", None),
            Measure::Stale => ("stale", None),
            Measure::Baseline => ("baseline", None),
            Measure::Min(_) => ("min", None),
            Measure::Max(_) => ("max", None),
            Measure::Mean(_) => ("mean", None),
            Measure::Median(_) => ("median", None),
            Measure::Count(_) => ("count", None),
            Measure::Slope(_) => ("slope", None),
            Measure::Change(_) => ("change", None),
            Measure::ChangePercent(_) => ("change_percent", None),
            Measure::Fall(_) => ("fall", None),
            Measure::Rise(_) => ("rise", None),
            Measure::ChangeFromBaseline(_) => ("change_from_baseline", None),
            Measure::RatioToBaseline(_) => ("ratio_to_baseline", None),
            Measure::SustainedBelow(limit, _) => ("sustained_below", Some(limit)),
            Measure::SustainedAtMost(limit, _) => ("sustained_at_most", Some(limit)),
            Measure::SustainedAbove(limit, _) => ("sustained_above", Some(limit)),
            Measure::SustainedAtLeast(limit, _) => ("sustained_at_least", Some(limit)),
        };
        match (limit, self.window()) {
            (Some(limit), Some(window)) => write!(f, "{name}({limit}, \"{}\")", length(window)),
            (None, Some(window)) => write!(f, "{name}(\"{}\")", length(window)),
            (_, None) => f.write_str(name),
        }
    }
}

/// A length of time as a ward says it: 24h and 41h5m rather than 1d and 1d17h5m.
pub(super) fn length(span: Span) -> String {
    let whole = span.0.unsigned_abs();
    let (hours, rest) = (whole / 3_600_000, whole % 3_600_000);
    if hours == 0 || (hours >= 96 && whole.is_multiple_of(86_400_000)) {
        return span.to_string();
    }
    let sign = if span.0 < 0 { "-" } else { "" };
    let rest = if rest >= 1000 { Span(i64::try_from(rest).unwrap_or(0)).to_string() } else { String::new() };
    format!("{sign}{hours}h{rest}")
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fact::Given(kind, span) => write!(f, "given(\"{}\", \"{}\")", kind.name(), length(*span)),
            Fact::IceDrop(span) => write!(f, "ice_drop(\"{}\")", length(*span)),
            _ => match super::catalogue::FACTS.iter().find(|row| row.fact == *self) {
                Some(row) => f.write_str(row.name),
                None => write!(f, "{self:?}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::doubles::analytes;
    use super::*;

    fn compile(text: &str) -> Result<Expression, Vec<Fault>> {
        let analytes = analytes();
        Expression::compile(text, &Known { analytes: &analytes })
    }

    #[test]
    fn a_question_is_shown_as_it_is_written() {
        let text = "phosphate.change_from_baseline(\"24h\") <= -15 && spo2.sustained_below(88, \"5m\") \
                    && given(\"phosphate\", \"36h\") && crs_ews.band >= \"amber\" && ice_drop(\"12h\") >= 3 \
                    && temperature.last >= 38.5";
        let expression = compile(text).expect("a condition");
        for question in expression.questions() {
            assert!(text.contains(&question.to_string()), "{question}");
        }
    }

    #[test]
    fn a_length_is_said_in_hours() {
        for (span, said) in [
            ("24h", "24h"),
            ("1d17h5m", "41h5m"),
            ("5m", "5m"),
            ("-26h", "-26h"),
            ("7d", "7d"),
            ("7d1h", "169h"),
        ] {
            assert_eq!(length(Span::parse(span).expect("a span")), said);
        }
    }

    #[test]
    fn references_name_everything_read_once() {
        let text =
            "phosphate.last < 2 || phosphate.min(\"6h\") < 2 || day > 3 || heart_rate.max(\"1h\") > day";
        let references = compile(text).expect("a condition").references();
        assert_eq!(references.analytes, [Analyte::HEART_RATE, Analyte::PHOSPHATE]);
        assert_eq!(references.facts, [Fact::Day]);
        assert_eq!(references.window, Some(Span::hours(6)));
    }

    #[test]
    fn thresholds_keep_their_sign_and_place() {
        let text =
            "phosphate.change_from_baseline(\"24h\") <= -15 && 3 < day && spo2.sustained_below( 88, \"5m\")";
        let found = compile(text).expect("a condition").thresholds();
        let shown: Vec<&str> = found.iter().map(|threshold| &text[threshold.span.clone()]).collect();
        assert_eq!(shown, ["-15", "3", "88"]);
        assert_eq!(found[0].value, Value::whole(-15));
        assert_eq!(found[1].question, Some(Question::Fact(Fact::Day)));
    }
}
