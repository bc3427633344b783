//! Playing cases: entries in order of time, ticks when they are due, expectations in between.

use super::case::{Case, CaseLine, CaseStep, Expectation, admission, location, patient};
use super::evaluate::Verdict;
use super::expression::{Expression, length};
use super::facts::Facts;
use super::file::{Rule, RuleSet};
use crate::engine::feature::View;
use crate::model::event::DisplayReport;
use crate::model::{
    Action, Actor, Alert, AlertState, Census, CensusKind, Change, Entry, Event, PatientId, Role, Span, Time,
};

/// Ticks at one instant before the fold is called stuck.
const TICKS_AT_ONCE: u32 = 16;
/// Ticks in one case before it is given up: a month of minutes.
const TICKS_MAX: u32 = 50_000;

/// What plays a case: the engine, or a stand-in for it in tests.
pub trait Fold {
    fn apply(&mut self, entry: &Entry) -> Vec<Change>;
    /// The next instant at which time alone changes something.
    fn next_due(&self) -> Option<Time>;
    /// Shows the facts of a patient as they are now; not called where the patient is not known.
    fn show(&self, patient: &PatientId, look: &mut dyn FnMut(&dyn Facts));
}

/// Sees the facts after every entry; coverage is one.
pub trait Witness {
    fn see(&mut self, facts: &dyn Facts);
}

/// For plain runs.
impl Witness for () {
    fn see(&mut self, _facts: &dyn Facts) {}
}

/// An expectation that was not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub line: usize,
    /// The expectation as written.
    pub expected: String,
    /// What was there instead, in a sentence.
    pub found: String,
}

/// How one case went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub file: String,
    pub line: usize,
    pub name: String,
    pub failures: Vec<Failure>,
    /// What happened to alerts, one line each with its offset.
    pub transcript: Vec<String>,
}

impl Outcome {
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Plays one case. `opening` are the events that hold before it: terminology, rules, settings of the site.
pub fn run(
    case: &Case,
    rules: &RuleSet,
    opening: &[Event],
    fold: &mut dyn Fold,
    witness: &mut dyn Witness,
) -> Outcome {
    let mut run = Run::begin(case, rules, opening, fold, witness);
    let mut failures = Vec::new();
    for line in &case.lines {
        failures.extend(run.line(line));
    }
    let transcript = run.transcript;
    Outcome { file: case.file.clone(), line: case.line, name: case.name.clone(), failures, transcript }
}

/// Whether a case passes; stops at the first expectation that is not met.
pub fn passes(case: &Case, rules: &RuleSet, opening: &[Event], fold: &mut dyn Fold) -> bool {
    let mut nobody = ();
    let mut run = Run::begin(case, rules, opening, fold, &mut nobody);
    case.lines.iter().all(|line| run.line(line).is_none())
}

impl<'a> Run<'a> {
    /// Applies what holds before the first line.
    fn begin(
        case: &'a Case,
        rules: &'a RuleSet,
        opening: &[Event],
        fold: &'a mut dyn Fold,
        witness: &'a mut dyn Witness,
    ) -> Run<'a> {
        let first = case.begin + case.lines.first().map_or(Span::ZERO, |line| line.at);
        let (alerts, transcript) = (Vec::new(), Vec::new());
        let mut run = Run { case, rules, fold, witness, seq: 0, now: first, ticks: 0, alerts, transcript };
        for event in opening {
            run.happen(event.clone());
        }
        let report =
            DisplayReport { display: "case".into(), ward: location().ward, painting: true, sound: None };
        run.happen(Event::Display(report));
        if !admits(case) {
            run.happen(admission(first));
        }
        run
    }
}
/// Whether the case writes its own admission.
fn admits(case: &Case) -> bool {
    case.lines.iter().any(|line| match &line.step {
        CaseStep::Happens(Event::Census(Census { kind, .. })) => *kind == CensusKind::Admit,
        CaseStep::Happens(_) | CaseStep::Acts { .. } | CaseStep::Expects(_) => false,
    })
}

struct Run<'a> {
    case: &'a Case,
    rules: &'a RuleSet,
    fold: &'a mut dyn Fold,
    witness: &'a mut dyn Witness,
    seq: u64,
    now: Time,
    ticks: u32,
    /// As last heard of, in order of appearance.
    alerts: Vec<Alert>,
    transcript: Vec<String>,
}

impl Run<'_> {
    fn line(&mut self, line: &CaseLine) -> Option<Failure> {
        let fail = |found: String| Failure { line: line.line, expected: line.text.clone(), found };
        if let Err(stuck) = self.pass_until(self.case.begin + line.at) {
            return Some(fail(stuck));
        }
        match &line.step {
            CaseStep::Happens(event) => {
                self.happen(event.clone());
                None
            }
            CaseStep::Acts { rule, by, kind } => {
                let Some(alert) = self.open(rule).map(|alert| alert.id.clone()) else {
                    return Some(fail(format!(
                        "there is no open alert of {rule} to act on; {}",
                        self.open_list()
                    )));
                };
                let by = Actor { name: by.name().to_string(), role: *by };
                self.happen(Event::Acted(Action { alert, by, kind: kind.clone() }));
                None
            }
            CaseStep::Expects(expectation) => self.miss(line, expectation).map(fail),
        }
    }

    /// Lets time pass: a tick at each instant the fold asks for.
    fn pass_until(&mut self, until: Time) -> Result<(), String> {
        let mut at_once = 0;
        while let Some(due) = self.fold.next_due().filter(|due| *due <= until) {
            at_once = if due <= self.now { at_once + 1 } else { 0 };
            self.ticks += 1;
            if at_once > TICKS_AT_ONCE || self.ticks > TICKS_MAX {
                return Err(format!("a timer that is due at {} never goes off", self.offset(due)));
            }
            self.now = self.now.max(due);
            self.happen(Event::Tick);
        }
        self.now = self.now.max(until);
        Ok(())
    }

    fn happen(&mut self, event: Event) {
        self.seq += 1;
        let entry = Entry { seq: self.seq, accepted_at: self.now, event };
        for change in self.fold.apply(&entry) {
            self.hear(change);
        }
        let witness = &mut self.witness;
        self.fold.show(&patient(), &mut |facts| witness.see(facts));
    }

    fn hear(&mut self, change: Change) {
        let at = self.offset(self.now);
        match change {
            Change::Alert { change, alert, cause } => {
                let (rule, state, priority) = (&alert.rule, alert.state.name(), alert.priority.name());
                self.transcript.push(format!("{at}  {} {rule} {priority} {state}: {cause}", change.name()));
                match self.alerts.iter_mut().find(|known| known.id == alert.id) {
                    Some(known) => *known = *alert,
                    None => self.alerts.push(*alert),
                }
            }
            Change::Notify(told) => {
                let Some(alert) = self.alerts.iter_mut().find(|known| known.id == told.alert) else { return };
                alert.step = told.step;
                let new = told
                    .roles
                    .iter()
                    .filter(|role| !alert.told.contains(role))
                    .copied()
                    .collect::<Vec<Role>>();
                alert.told.extend(new);
                let roles: Vec<&str> = told.roles.iter().map(|role| role.name()).collect();
                let (rule, step) = (&alert.rule, told.step);
                self.transcript.push(format!(
                    "{at}  told {} of {rule}, step {step}: {}",
                    roles.join(" and "),
                    told.reason
                ));
            }
            Change::Patient(_) | Change::Rules { .. } => {}
        }
    }

    fn offset(&self, at: Time) -> String {
        length(at - self.case.begin)
    }

    /// The newest alert of the rule that somebody may have to look at.
    fn open(&self, rule: &str) -> Option<&Alert> {
        self.alerts.iter().rev().find(|alert| alert.rule.as_ref() == rule && alert.is_open())
    }

    fn open_list(&self) -> String {
        let open: Vec<String> = self
            .alerts
            .iter()
            .filter(|alert| alert.is_open())
            .map(|alert| format!("{} {} {}", alert.rule, alert.priority.name(), alert.state.name()))
            .collect();
        if open.is_empty() { "no alert is open".into() } else { format!("open are {}", open.join(", ")) }
    }

    /// What is wrong with an expectation now.
    fn miss(&self, line: &CaseLine, expectation: &Expectation) -> Option<String> {
        if let Some(rule) = self.rules.get(&expectation.rule)
            && let Some(stale) = self.without_data(line, expectation, rule)
        {
            return Some(stale);
        }
        let rule = expectation.rule.as_str();
        match (self.open(rule), expectation.none) {
            (None, true) => None,
            (Some(alert), true) => Some(format!("{rule} is {}: {}", alert.state.name(), last_cause(alert))),
            (Some(alert), false) => differs(alert, expectation).map(|words| {
                let ended =
                    expectation.state == Some(AlertState::Returned) && alert.state == AlertState::Active;
                if ended { words + &self.why_not_over(rule) } else { words }
            }),
            (None, false) if expectation.state == Some(AlertState::Closed) => {
                let closed = self.alerts.iter().any(|alert| alert.rule.as_ref() == rule);
                (!closed).then(|| format!("{rule} was never raised"))
            }
            (None, false) => Some(format!("{rule} is not there; {}{}", self.open_list(), self.why_not(rule))),
        }
    }

    /// A passing expectation proves nothing once the case's data have run out: the rule looks at windows that are
    /// empty by then, and *no alert* would be true of any rule.
    fn without_data(&self, line: &CaseLine, expectation: &Expectation, rule: &Rule) -> Option<String> {
        let timers = expectation.step.is_some() || expectation.told.is_some();
        let kept = expectation
            .state
            .is_some_and(|state| state != AlertState::Active && state != AlertState::Returned);
        if expectation.without_new_data || timers || kept {
            return None;
        }
        let remedy = "add data, or say that none are needed: `still RULE` or `… without new data`";
        let Some(last) = self.case.last_data(line.at) else {
            return Some(format!("the case has no data before {}; {remedy}", length(line.at)));
        };
        let reach = rule.references().window.unwrap_or(Span::ZERO).0 + rule.hold.0 + rule.cooldown.0;
        let gap = Span(line.at.0 - last.0);
        (gap.0 > reach).then(|| {
            let (last, gap, reach) = (length(last), length(gap), length(Span(reach)));
            format!("the data end at {last}, {gap} before this, and {} looks back {reach}; {remedy}", rule.id)
        })
    }

    /// The rule's condition as it stands now, for a rule that should have been there.
    fn why_not(&self, id: &str) -> String {
        self.rules.get(id).map_or(String::new(), |rule| self.stands("its condition", &rule.when))
    }

    /// What keeps an alert that should have ended.
    fn why_not_over(&self, id: &str) -> String {
        let Some(rule) = self.rules.get(id) else { return String::new() };
        rule.until.as_ref().map_or(String::new(), |until| self.stands("`until`", until))
    }

    /// A condition with those of its comparisons that are not met.
    fn stands(&self, name: &str, condition: &Expression) -> String {
        let mut words = String::new();
        self.fold.show(&patient(), &mut |facts| {
            let traced = condition.evaluate(facts);
            words = format!("; {name} is {}", traced.verdict.name());
            for line in condition.lines(&traced).iter().filter(|line| line.verdict != Verdict::Met) {
                words += &format!("; {} is {} ({})", line.words, line.verdict.name(), line.found);
            }
        });
        words
    }
}

fn last_cause(alert: &Alert) -> String {
    alert.transitions.last().map_or(String::new(), |transition| transition.cause.clone())
}

/// How an open alert is not what was expected.
fn differs(alert: &Alert, expectation: &Expectation) -> Option<String> {
    let rule = alert.rule.as_ref();
    let state = expectation.state;
    let right_state = match state {
        Some(state) => alert.state == state,
        None => matches!(alert.state, AlertState::Active | AlertState::Acknowledged),
    };
    if !right_state {
        return Some(format!("{rule} is {}: {}", alert.state.name(), last_cause(alert)));
    }
    if expectation.inhibited && alert.inhibited_by.is_none() {
        return Some(format!("{rule} is not inhibited"));
    }
    if expectation.priority.is_some_and(|priority| priority != alert.priority) {
        return Some(format!("{rule} has priority {}", alert.priority.name()));
    }
    if expectation.step.is_some_and(|step| step != alert.step) {
        return Some(format!("{rule} has reached step {}", alert.step));
    }
    let told: Vec<&str> = alert.told.iter().map(|role| role.name()).collect();
    if expectation.told.is_some_and(|role| !alert.told.contains(&role)) {
        let told = if told.is_empty() { "nobody".to_string() } else { told.join(", ") };
        return Some(format!("{rule} was told to {told}"));
    }
    None
}

impl Fold for crate::engine::Engine {
    fn apply(&mut self, entry: &Entry) -> Vec<Change> {
        crate::engine::Engine::apply(self, entry)
    }
    fn next_due(&self) -> Option<Time> {
        crate::engine::Engine::next_due(self)
    }
    fn show(&self, patient: &PatientId, look: &mut dyn FnMut(&dyn Facts)) {
        if let Some(patient) = self.patients.get(patient) {
            look(&View { patient, settings: &|analyte| self.settings(analyte), now: self.now });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::case::{Vocabulary, parse};
    use super::super::doubles::{Answers, analytes, case_rules, converted, raised};
    use super::super::expression::Known;
    use super::*;
    use crate::model::{Alert, AlertChange, AlertId, Priority, Value};

    /// Raises `fever` at 38 °C and tells the next role every ten minutes; that is all it can do.
    #[derive(Default)]
    struct Stub {
        fever: Option<Alert>,
        due: Option<Time>,
        stuck: bool,
    }

    impl Stub {
        fn change(&self, change: AlertChange) -> Vec<Change> {
            let alert = self.fever.clone().expect("a fever");
            vec![Change::Alert { change, alert: Box::new(alert), cause: "temperature".into() }]
        }
    }

    impl Fold for Stub {
        fn apply(&mut self, entry: &Entry) -> Vec<Change> {
            match &entry.event {
                Event::Observed(seen) => {
                    let hot = seen.quantity.is_some_and(|quantity| quantity.value >= Value::whole(38));
                    if !hot || self.fever.is_some() {
                        return Vec::new();
                    }
                    self.fever = Some(raised("fever", Priority::Low, entry.accepted_at));
                    self.due = Some(entry.accepted_at + Span::minutes(10));
                    self.change(AlertChange::Raised)
                }
                Event::Acted(_) => {
                    self.fever.as_mut().expect("a fever").state = AlertState::Acknowledged;
                    self.due = None;
                    self.change(AlertChange::Acknowledged)
                }
                Event::Tick if !self.stuck => {
                    self.due = None;
                    let alert = AlertId::new(1, 1);
                    let reason = "not acknowledged in time".to_string();
                    vec![Change::Notify(crate::model::Notification {
                        alert,
                        step: 2,
                        attempt: 0,
                        roles: vec![Role::Physician],
                        reason,
                    })]
                }
                _ => Vec::new(),
            }
        }
        fn next_due(&self) -> Option<Time> {
            self.due
        }
        fn show(&self, _patient: &PatientId, look: &mut dyn FnMut(&dyn Facts)) {
            look(&Answers::default());
        }
    }

    fn play(lines: &str, stub: &mut Stub) -> Outcome {
        let analytes = analytes();
        let rules = case_rules(&analytes);
        let vocabulary =
            Vocabulary { known: Known { analytes: &analytes }, rules: &rules, convert: &converted };
        let cases = parse("a.case", &format!("case a\n{lines}\n"), &vocabulary).expect("a case");
        run(&cases[0], &rules, &[], stub, &mut ())
    }
    #[track_caller]
    fn passes_with(lines: &str) {
        let outcome = play(lines, &mut Stub::default());
        assert!(outcome.passed(), "{outcome:#?}");
    }
    #[track_caller]
    fn fails_with(lines: &str, found: &str) {
        let outcome = play(lines, &mut Stub::default());
        let all: Vec<&str> = outcome.failures.iter().map(|failure| failure.found.as_str()).collect();
        assert!(all.len() == 1 && all[0].contains(found), "{all:?}");
    }

    #[test]
    fn an_alert_is_expected_with_its_priority_and_state() {
        passes_with("0h temperature 38 °C\n0h expect fever low");
        passes_with("0h temperature 37 °C\n0h expect no fever");
        fails_with("0h temperature 38 °C\n0h expect fever high", "has priority low");
        fails_with("0h temperature 38 °C\n0h expect fever returned", "fever is active");
        fails_with(
            "0h temperature 37 °C\n0h expect fever",
            "fever is not there; no alert is open; its condition is unknown",
        );
        fails_with("0h temperature 38 °C\n0h expect no fever", "fever is active");
    }

    #[test]
    fn time_passes_by_ticks_and_roles_are_told() {
        passes_with("0h temperature 38 °C\n9m expect fever step 0\n10m expect fever step 2 told physician");
        passes_with("0h temperature 38 °C\n5m acknowledge fever\n20m expect fever step 0 acknowledged");
        fails_with("0h temperature 38 °C\n9m expect fever told physician", "told to nobody");
    }

    #[test]
    fn an_expectation_after_the_data_have_run_out_fails() {
        fails_with("0h temperature 38 °C\n1h expect fever", "the data end at 0s, 1h before this");
        fails_with("0h temperature 37 °C\n1h expect no fever", "the data end at 0s");
        fails_with("0h expect no fever", "the case has no data");
        passes_with("0h temperature 38 °C\n1h still fever");
        passes_with("0h temperature 37 °C\n1h expect no fever without new data");
    }

    #[test]
    fn acting_on_what_is_not_there_fails() {
        fails_with(
            "0h temperature 37 °C\n0h acknowledge fever\n0h expect no fever",
            "no open alert of fever to act on",
        );
    }

    #[test]
    fn a_timer_that_never_goes_off_is_told() {
        let mut stub = Stub { stuck: true, ..Stub::default() };
        let outcome = play("0h temperature 38 °C\n1h still fever", &mut stub);
        assert!(outcome.failures[0].found.contains("never goes off"), "{outcome:?}");
    }
}
