//! Stories of a ward, told entry by entry, with every due tick between them.

mod given;
mod golden;
mod grades;
mod histories;
mod life;
mod machinery;
mod means;
mod moves;
mod order;
mod snapshot;

use super::Engine;
use super::transcript;
use crate::model::event::{DisplayReport, Rating, Rejection};
use crate::model::{
    Action, ActionKind, Actor, Alert, AlertState, Analyte, Assessment, Bound, Census, CensusKind, Change,
    Entry, Event, Factors, FindingKind, Location, Notification, Observation, OxygenDevice, PatientId,
    Quality, Quantity, Role, Span, Status, Therapy, TherapyAction, TherapyKind, Time, Value,
};
use crate::terminology::Terminology;

/// 2026-01-05T00:00:00Z: offset 0 of every story.
pub const BEGIN: Time = Time(1_767_571_200_000);

const POLICY: &str = r#"
[acknowledgement]
high = "5m"
medium = "30m"
low = "8h"
source = "a test"

[[policy]]
id = "bedside"
about = "the nurse, then the physician"
step = [{ after = "0s", roles = ["nurse"] }, { after = "10m", roles = ["physician"] }]
repeat = { every = "5m", times = 2 }
nobody_watching = "1m"

[[policy]]
id = "both"
about = "nurse and physician must both answer"
step = [{ after = "0s", roles = ["nurse", "physician"] }, { after = "3m", roles = ["physician"] }]
acknowledge_by = ["nurse", "physician"]
"#;

/// A rule of low priority with these lines of its own.
pub fn rule(id: &str, lines: &str) -> String {
    let priority = if lines.contains("priority") { "" } else { "priority = \"low\"" };
    let escalate = if lines.contains("escalate") { "" } else { "escalate = \"bedside\"" };
    format!(
        r#"
[[rule]]
id = "{id}"
title = {{ en = "A", ja = "あ" }}
{lines}
{priority}
{escalate}
kind = "physiological"
instruction = {{ en = "Look.", ja = "見る。" }}
source = "a test"
evidence = "engineering"
rationale = {{ cause = "storm", consequence = "harm", response = "look", time_to_respond = "30m" }}
"#
    )
}

pub fn id(text: &str) -> PatientId {
    PatientId::parse(text).expect("an identifier")
}

pub fn nurse() -> Actor {
    Actor { name: "n1".into(), role: Role::Nurse }
}

pub fn physician() -> Actor {
    Actor { name: "d1".into(), role: Role::Physician }
}

pub struct Story {
    pub engine: Engine,
    pub now: Time,
    pub entries: Vec<Entry>,
    pub heard: Vec<(Time, Change)>,
    pub text: String,
}

impl Story {
    /// A ward with these rules, a painting display and one admitted patient, P1.
    pub fn of(rules: &[String]) -> Story {
        let mut story = Story::empty();
        let files = vec![
            ("escalation.toml".to_string(), POLICY.to_string()),
            ("rules.toml".to_string(), rules.concat()),
        ];
        story.rules(&files);
        story.display(true);
        story.census("P1", CensusKind::Admit, Some("12"), None);
        story
    }

    pub fn empty() -> Story {
        Story::from(BEGIN)
    }

    /// A ward of which only the analytes are known, from this instant on.
    pub fn from(now: Time) -> Story {
        let mut story =
            Story { engine: Engine::new(), now, entries: Vec::new(), heard: Vec::new(), text: String::new() };
        let analytes = Terminology::builtin().analytes().to_vec();
        story.happen(Event::Terminology { hash: "t".into(), analytes });
        story
    }

    pub fn rules(&mut self, files: &[(String, String)]) {
        self.happen(Event::Rules { hash: "r".into(), author: "test".into(), files: files.to_vec() });
        let refused = self.engine.alerts().find(|a| &*a.rule == "rules-refused" && a.is_open());
        assert!(
            refused.is_none(),
            "{:?}",
            refused.and_then(|a| a.transitions.last().map(|t| t.cause.clone()))
        );
    }

    pub fn happen(&mut self, event: Event) {
        let entry = Entry { seq: self.entries.len() as u64 + 1, accepted_at: self.now, event };
        let changes = self.engine.apply(&entry);
        self.text += &transcript::lines(&entry, &changes);
        self.heard.extend(changes.into_iter().map(|change| (self.now, change)));
        self.entries.push(entry);
    }

    /// Lets time pass to this offset, with a tick at every instant the engine asks for.
    pub fn at(&mut self, offset: &str) -> &mut Story {
        let until = BEGIN + Span::parse(offset).expect("an offset");
        self.pass_until(until);
        self
    }

    pub fn later(&mut self, span: Span) {
        self.pass_until(self.now + span);
    }

    fn pass_until(&mut self, until: Time) {
        assert!(until >= self.now, "a story goes forward");
        while let Some(due) = self.engine.next_due().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.happen(Event::Tick);
            let next = self.engine.next_due();
            assert!(
                next.is_none_or(|next| next > self.now),
                "after a tick at {:?} the next is {next:?}",
                self.now
            );
        }
        self.now = until;
    }

    pub fn seen(&self, patient: &str, analyte: &str, value: &str) -> Observation {
        Observation {
            patient: id(patient),
            analyte: Analyte::parse(analyte).expect("an analyte"),
            quantity: Some(Quantity { value: Value::parse(value).expect("a number"), bound: Bound::Exactly }),
            measured_at: self.now,
            source: "LIS".into(),
            code: format!("{analyte}^L"),
            status: Status::Final,
            quality: Quality::default(),
            order: None,
            device: None,
            original: value.into(),
        }
    }

    pub fn observe(&mut self, analyte: &str, value: &str) {
        let seen = self.seen("P1", analyte, value);
        self.happen(Event::Observed(seen));
    }

    /// Says something else of the result measured at this offset.
    pub fn correct(&mut self, analyte: &str, value: &str, measured: &str, status: Status) {
        let mut seen = self.seen("P1", analyte, value);
        seen.measured_at = BEGIN + Span::parse(measured).expect("an offset");
        seen.status = status;
        if matches!(status, Status::Deleted | Status::Wrong) {
            seen.quantity = None;
        }
        self.happen(Event::Observed(seen));
    }

    pub fn therapy(&self, kind: TherapyKind, action: TherapyAction, agent: Option<&str>) -> Therapy {
        Therapy {
            patient: id("P1"),
            kind,
            action,
            at: self.now,
            until: None,
            agent: agent.map(String::from),
            product: None,
            device: None,
            flow: None,
            dose: None,
            airway_only: false,
            source: "PDMS".into(),
            order: None,
        }
    }

    pub fn treat(&mut self, kind: TherapyKind, action: TherapyAction, agent: Option<&str>) {
        let therapy = self.therapy(kind, action, agent);
        self.happen(Event::Therapy(therapy));
    }

    pub fn infuse(&mut self) {
        self.treat(TherapyKind::Infusion, TherapyAction::Given, Some("tisa-cel"));
    }

    pub fn oxygen(&mut self, action: TherapyAction, device: OxygenDevice, flow: Option<i64>) {
        let mut therapy = self.therapy(TherapyKind::Oxygen, action, None);
        therapy.device = Some(device);
        therapy.flow = flow.map(Value::whole);
        self.happen(Event::Therapy(therapy));
    }

    pub fn assess(&mut self, fill: impl FnOnce(&mut Assessment)) {
        let mut assessment = Assessment { at: self.now, by: "n1".into(), ..Assessment::default() };
        fill(&mut assessment);
        self.happen(Event::Assessed { patient: id("P1"), assessment });
    }

    pub fn census(&mut self, patient: &str, kind: CensusKind, bed: Option<&str>, other: Option<&str>) {
        let location = bed.map(|bed| Location { ward: "W".into(), bed: bed.into() });
        let census =
            Census { patient: id(patient), kind, location, person: None, other: other.map(id), at: self.now };
        self.happen(Event::Census(census));
    }

    pub fn display(&mut self, painting: bool) {
        let report = DisplayReport { display: "wall".into(), ward: "W".into(), painting, sound: None };
        self.happen(Event::Display(report));
    }

    pub fn act(&mut self, rule: &str, by: Actor, kind: ActionKind) {
        let alert = self.newest(rule).id.clone();
        self.happen(Event::Acted(Action { alert, by, kind }));
    }

    pub fn acknowledge(&mut self, rule: &str, by: Actor) {
        self.act(rule, by, ActionKind::Acknowledge { comment: String::new() });
    }

    /// The newest alert of this rule.
    #[track_caller]
    pub fn newest(&self, rule: &str) -> &Alert {
        let of_rule = self.engine.alerts().filter(|a| &*a.rule == rule);
        of_rule
            .max_by_key(|a| (a.is_open(), a.raised_at))
            .unwrap_or_else(|| panic!("{rule} was not raised\n{}", self.text))
    }

    pub fn state(&self, rule: &str) -> Option<AlertState> {
        let open = self.engine.open_alerts().find(|a| &*a.rule == rule).map(|a| a.state);
        open.or_else(|| self.engine.alerts().find(|a| &*a.rule == rule).map(|a| a.state))
    }

    /// Tellings of this rule's alerts: minutes since offset 0, step, attempt.
    pub fn told(&self, rule: &str) -> Vec<(i64, u32, u32)> {
        let of_rule = |told: &Notification| self.engine.alert(&told.alert).is_some_and(|a| &*a.rule == rule);
        let all = self.heard.iter().filter_map(|(at, change)| match change {
            Change::Notify(told) if of_rule(told) => {
                Some(((*at - BEGIN).0 / 60_000, told.step, told.attempt))
            }
            Change::Notify(_) | Change::Alert { .. } | Change::Patient(_) | Change::Rules { .. } => None,
        });
        all.collect()
    }
}
