//! The case language: what happened to one patient, hour by hour, and which alerts a rule must give.
//!
//! `alert-rules/README.md` has the grammar. A case reads as events with their offset from the infusion and
//! expectations between them; `run.rs` plays it.

use super::expression::Known;
use super::file::RuleSet;
use super::line;
use super::mistake::{Mistake, Source};
use crate::model::{
    ActionKind, AlertState, Event, Location, PatientId, Person, Priority, Quantity, Role, Span, Time,
};
use crate::model::{Census, CensusKind};

/// What a case may speak of.
#[derive(Clone, Copy)]
pub struct Vocabulary<'a> {
    pub known: Known<'a>,
    pub rules: &'a RuleSet,
    /// Number and unit of an analyte as canonical quantity, as terminology would at the door; `None` where the
    /// unit is not one of the analyte's. An empty unit is the canonical one.
    pub convert: &'a dyn Fn(&str, &str, &str) -> Option<Quantity>,
}

/// One case.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub file: String,
    /// Of its `case` line, from 1.
    pub line: usize,
    pub name: String,
    /// The instant of offset 0.
    pub begin: Time,
    /// In order of time, then as written.
    pub lines: Vec<CaseLine>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CaseLine {
    /// From `begin`.
    pub at: Span,
    pub line: usize,
    /// As written, for reports.
    pub text: String,
    pub step: CaseStep,
}

#[derive(Clone, Debug, PartialEq)]
pub enum CaseStep {
    Happens(Event),
    /// A person acts on the open alert of a rule.
    Acts {
        rule: String,
        by: Role,
        kind: ActionKind,
    },
    Expects(Expectation),
}

/// What must be true at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    pub rule: String,
    /// The rule has no open alert; nothing else is looked at.
    pub none: bool,
    /// The case says that no newer data are needed (`still`, `without new data`).
    pub without_new_data: bool,
    pub priority: Option<Priority>,
    pub state: Option<AlertState>,
    /// Another alert keeps it quiet. Without this word either is right.
    pub inhibited: bool,
    /// At least so many escalation steps were taken.
    pub step: Option<u32>,
    pub told: Option<Role>,
}

/// The one patient of a case.
pub fn patient() -> PatientId {
    PatientId::parse("CASE").expect("a plain identifier")
}

/// Where the patient of a case lies until a line says otherwise.
pub fn location() -> Location {
    Location { ward: "case".into(), bed: "1".into() }
}

/// An admission at the instant of the case's first line, for cases that do not write their own.
pub fn admission(at: Time) -> Event {
    Event::Census(Census {
        patient: patient(),
        kind: CensusKind::Admit,
        location: Some(location()),
        person: None::<Person>,
        other: None,
        at,
    })
}

/// 2026-01-05T00:00:00+09:00, a Monday, where a case does not say when it begins.
pub const BEGIN: Time = Time(1_767_538_800_000);

/// Reads a case file; every mistake at once.
pub fn parse(file: &str, text: &str, vocabulary: &Vocabulary) -> Result<Vec<Case>, Vec<Mistake>> {
    let source = Source { file, text };
    let mut cases: Vec<Case> = Vec::new();
    let mut mistakes = Vec::new();
    let mut start = 0;
    for (index, whole) in text.split_inclusive('\n').enumerate() {
        let line_start = start;
        start += whole.len();
        let words = match line::words(whole) {
            Ok(words) if words.is_empty() => continue,
            Ok(words) => words,
            Err(fault) => {
                mistakes.push(source.fault(line_start, &fault));
                continue;
            }
        };
        if words[0].text == "case" {
            let name = whole.trim_start()["case".len()..].split(" #").next().unwrap_or("").trim().to_string();
            if name.is_empty() {
                mistakes.push(
                    source.mistake(line_start..start, "a case has a name: what it shows, in a sentence"),
                );
            }
            let (file, line) = (file.to_string(), index + 1);
            cases.push(Case { file, line, name, begin: BEGIN, lines: Vec::new() });
            continue;
        }
        let Some(case) = cases.last_mut() else {
            mistakes.push(source.mistake(line_start..start, "a file begins with `case` and its name"));
            continue;
        };
        match line::read(&words, case.begin, vocabulary) {
            Ok(line::Read::Begin(begin)) if case.lines.is_empty() => case.begin = begin,
            Ok(line::Read::Begin(_)) => {
                mistakes.push(
                    source.mistake(line_start..start, "`begin` stands before the first event of a case"),
                );
            }
            Ok(line::Read::Steps(steps)) => case.lines.extend(steps.into_iter().map(|(at, step)| CaseLine {
                at,
                line: index + 1,
                text: whole.split(" #").next().unwrap_or("").trim().to_string(),
                step,
            })),
            Err(faults) => mistakes.extend(faults.iter().map(|fault| source.fault(line_start, fault))),
        }
    }
    for case in &mut cases {
        case.lines.sort_by_key(|line| line.at);
        mistakes.extend(unfinished(case, source));
    }
    if mistakes.is_empty() { Ok(cases) } else { Err(mistakes) }
}

/// A case that expects nothing passes whatever the rules do.
fn unfinished(case: &Case, source: Source) -> Option<Mistake> {
    let expects = case.lines.iter().any(|line| match line.step {
        CaseStep::Expects(_) => true,
        CaseStep::Happens(_) | CaseStep::Acts { .. } => false,
    });
    let start: usize = source.text.split_inclusive('\n').take(case.line - 1).map(str::len).sum();
    (!expects).then(|| source.mistake(start..start + 4, "this case expects nothing, so it can never fail"))
}

impl Case {
    /// Names of the rules it expects something of.
    pub fn rules(&self) -> Vec<&str> {
        let mut rules: Vec<&str> = self
            .lines
            .iter()
            .filter_map(|line| match &line.step {
                CaseStep::Expects(expectation) => Some(expectation.rule.as_str()),
                CaseStep::Happens(_) | CaseStep::Acts { .. } => None,
            })
            .collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    /// The newest data at or before `at`: what measured, charted or gave something, or what a person did with an alert.
    /// Moves and displays are not data.
    pub fn last_data(&self, at: Span) -> Option<Span> {
        let is_data = |line: &&CaseLine| match &line.step {
            CaseStep::Happens(event) => match event {
                Event::Observed(_) | Event::Therapy(_) | Event::Assessed { .. } | Event::Factors { .. } => {
                    true
                }
                Event::Census(_)
                | Event::Acted(_)
                | Event::Rejected(_)
                | Event::Rules { .. }
                | Event::RulesRefused { .. }
                | Event::Terminology { .. }
                | Event::Site(_)
                | Event::Display(_)
                | Event::Delivery(_)
                | Event::Heard { .. }
                | Event::Service { .. }
                | Event::Tick => false,
            },
            CaseStep::Acts { .. } => true,
            CaseStep::Expects(_) => false,
        };
        self.lines.iter().filter(is_data).map(|line| line.at).filter(|data| *data <= at).max()
    }
}

#[cfg(test)]
mod tests {
    use super::super::doubles::{case_rules, converted};
    use super::*;
    use crate::model::{Bound, OxygenDevice, Status, TherapyAction, TherapyKind, Value};

    fn read(text: &str) -> Result<Vec<Case>, Vec<Mistake>> {
        let analytes = super::super::doubles::analytes();
        let rules = case_rules(&analytes);
        let known = Known { analytes: &analytes };
        parse("a.case", text, &Vocabulary { known, rules: &rules, convert: &converted })
    }
    fn steps(lines: &str) -> Vec<CaseStep> {
        let text = format!("case a\n{lines}\n 0h expect no fever\n");
        let case = read(&text).expect("a case").remove(0);
        case.lines.into_iter().map(|line| line.step).collect()
    }

    #[test]
    fn the_case_of_the_manual_is_read() {
        let text = "# comment\ncase a fall of a third warns\n  -26h  phosphate 3.5 mg/dL\n    0h  infusion tisa-cel  # day 0\n   24h  phosphate 2.3 mg/dL\n   24h  expect phosphate-fall low\n\ncase missing results close nothing\n  -26h  phosphate 1.13 mmol/L\n   72h  still phosphate-fall\n";
        let cases = read(text).expect("two cases");
        assert_eq!(cases.len(), 2);
        assert_eq!((cases[0].name.as_str(), cases[0].line), ("a fall of a third warns", 2));
        assert_eq!(cases[0].lines[0].at, Span::hours(-26));
        let CaseStep::Happens(Event::Observed(observation)) = &cases[1].lines[0].step else {
            panic!("an observation")
        };
        assert_eq!(observation.quantity, Some(Quantity::exactly(Value(3_500))));
        assert_eq!(observation.original, "1.13 mmol/L");
        let CaseStep::Expects(expectation) = &cases[1].lines[1].step else { panic!("an expectation") };
        assert!(expectation.without_new_data);
    }

    #[test]
    fn values_may_be_bounds_corrections_and_withdrawals() {
        let found = steps(
            "24h phosphate <0.5 mg/dL\n30h phosphate 3.4 mg/dL corrected measured 24h\n31h phosphate withdrawn measured 24h",
        );
        let observation = |at: usize| match &found[at] {
            CaseStep::Happens(Event::Observed(observation)) => observation.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(observation(1).quantity, Some(Quantity { value: Value(500), bound: Bound::Below }));
        let (corrected, withdrawn) = (observation(2), observation(3));
        assert_eq!((corrected.status, corrected.measured_at), (Status::Corrected, BEGIN + Span::hours(24)));
        assert_eq!((withdrawn.status, withdrawn.quantity), (Status::Deleted, None));
        assert_eq!(corrected.order, withdrawn.order);
    }

    #[test]
    fn therapies_and_assessments_are_read() {
        let found = steps(
            "1h norepinephrine start\n2h oxygen nasal_cannula 3\n3h oxygen none\n4h give phosphate\n5h ice 6\n6h seizure brief",
        );
        let therapy = |at: usize| match &found[at] {
            CaseStep::Happens(Event::Therapy(therapy)) => therapy.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!((therapy(1).kind, therapy(1).action), (TherapyKind::Vasopressor, TherapyAction::Started));
        assert_eq!(
            (therapy(2).device, therapy(2).flow),
            (Some(OxygenDevice::NasalCannula), Some(Value::whole(3)))
        );
        assert_eq!(therapy(3).action, TherapyAction::Stopped);
        assert_eq!((therapy(4).kind, therapy(4).action), (TherapyKind::Phosphate, TherapyAction::Given));
        let CaseStep::Happens(Event::Assessed { assessment, .. }) = &found[5] else {
            panic!("an assessment")
        };
        assert_eq!(assessment.ice_total, Some(6));
    }

    #[test]
    fn a_therapy_may_be_told_later_than_it_was_given() {
        let found = steps("24h infusion tisa-cel at 0h");
        let CaseStep::Happens(Event::Therapy(therapy)) = &found[1] else { panic!("a therapy: {found:?}") };
        assert_eq!(therapy.at, BEGIN);
    }

    #[test]
    fn a_series_is_written_once() {
        let found = steps("1h to 1h10m every 5m spo2 92..86 %");
        let values: Vec<Value> = found
            .iter()
            .filter_map(|step| match step {
                CaseStep::Happens(Event::Observed(observation)) => {
                    observation.quantity.map(|quantity| quantity.value)
                }
                _ => None,
            })
            .collect();
        assert_eq!(values, [Value::whole(92), Value::whole(89), Value::whole(86)]);
    }

    #[track_caller]
    fn refused(text: &str, message: &str, suggestion: Option<&str>) {
        let mistakes = read(&format!("case a\n{text}\n 0h expect no fever\n")).expect_err("refused");
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        assert!(mistakes[0].message.contains(message), "{mistakes:?}");
        assert_eq!(mistakes[0].suggestion.as_deref(), suggestion, "{mistakes:?}");
        assert_eq!(mistakes[0].line, 2);
    }

    #[test]
    fn mistakes_have_their_place_and_a_guess() {
        refused(" 24h phosphat 2.3 mg/dL", "nothing is called `phosphat`", Some("phosphate"));
        refused(" 24h phosphate 2.3 kg", "`kg` is not a unit of phosphate", None);
        refused(" 24h expect fevr low", "no rule is called `fevr`", Some("fever"));
        refused(" 24h expect fever lwo", "`lwo`", Some("low"));
        refused(" noon fever", "an offset from the infusion", None);
        refused(" 24h oxygen nasal 3", "no oxygen device", Some("nasal_cannula"));
        refused(" 24h infusion", "`infusion` needs", None);
        refused(" 24h infusion tisa-cel now", "`now` has no meaning here", None);
        refused(" 24h ice 6 seizure", "`seizure` is not a unit of ice", None);
        refused(" 24h infusion tisa-cel at noon", "`at` needs an offset", None);
    }

    #[test]
    fn a_case_that_cannot_fail_is_refused() {
        let mistakes = read("case a\n 0h phosphate 3 mg/dL\n").expect_err("refused");
        assert!(mistakes[0].message.contains("can never fail"));
    }

    #[test]
    fn the_default_begin_is_the_monday_it_says() {
        assert_eq!(Time::parse("2026-01-05T00:00:00+09:00"), Some(BEGIN));
    }
}
