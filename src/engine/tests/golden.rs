//! One patient from day -5 to day 14 under the shipped rules, as a transcript that people read.
//!
//! `UPDATE=1` writes the transcript anew; read the difference before it is kept.

#![allow(clippy::disallowed_methods, reason = "the transcript is a file")]

use std::path::Path;

use super::*;
use crate::engine::rule::shipped;
use crate::model::Factors;

/// Hours from the infusion, and the value there; between two points the value moves in a straight line.
type Course = &'static [(i64, f64)];

const TEMPERATURE: Course = &[
    (-120, 36.6),
    (36, 36.8),
    (42, 37.6),
    (46, 38.4),
    (56, 39.3),
    (64, 38.2),
    (70, 37.2),
    (84, 36.7),
    (336, 36.6),
];
const HEART_RATE: Course = &[(-120, 74.0), (40, 78.0), (56, 122.0), (72, 96.0), (96, 80.0), (336, 76.0)];
const SYSTOLIC: Course =
    &[(-120, 122.0), (46, 120.0), (54, 96.0), (58, 86.0), (61, 84.0), (64, 100.0), (80, 116.0), (336, 120.0)];
const SPO2: Course = &[(-120, 98.0), (50, 97.0), (54, 90.0), (55, 90.0), (56, 95.0), (84, 97.0), (336, 98.0)];
const BREATHS: Course = &[(-120, 15.0), (48, 17.0), (56, 24.0), (72, 18.0), (336, 15.0)];

fn along(course: Course, minute: i64) -> String {
    let hour = minute as f64 / 60.0;
    let after = course.iter().position(|(at, _)| *at as f64 >= hour).unwrap_or(course.len() - 1).max(1);
    let ((from, low), (to, high)) = (course[after - 1], course[after]);
    let share = (hour - from as f64) / (to - from) as f64;
    format!("{:.1}", low + (high - low) * share)
}

struct Ward {
    story: Story,
    lines: String,
    grades: String,
}

impl Ward {
    fn minute(&self) -> i64 {
        (self.story.now - BEGIN).0 / 60_000
    }

    /// Vital signs every ten minutes and whatever the staff answers, until this hour.
    fn until(&mut self, hour: i64) {
        while self.minute() < hour * 60 {
            let minute = self.minute();
            for (analyte, course) in
                [("heart_rate", HEART_RATE), ("spo2", SPO2), ("respiratory_rate", BREATHS)]
            {
                self.story.observe(analyte, &along(course, minute));
            }
            if minute % 60 == 0 {
                self.story.observe("temperature", &along(TEMPERATURE, minute));
            }
            if minute % 30 == 0 {
                let systolic = along(SYSTOLIC, minute);
                let diastolic = systolic.parse::<f64>().expect("a number") * 0.6;
                self.story.observe("systolic", &systolic);
                self.story.observe("diastolic", &format!("{diastolic:.0}"));
            }
            if minute % 480 == 0 {
                self.examine(minute / 60);
            }
            self.write();
            self.pass(4);
            self.answer();
            self.pass(6);
            self.write();
        }
    }

    /// One tick after so many minutes, whatever is due between: twenty days of every tick would take minutes.
    fn pass(&mut self, minutes: i64) {
        self.story.now = self.story.now + Span::minutes(minutes);
        self.story.happen(Event::Tick);
    }

    fn examine(&mut self, hour: i64) {
        let ice = match hour {
            96..104 => 8,
            104..112 => 5,
            112..128 => 7,
            _ => 10,
        };
        self.story.assess(|a| {
            a.ice_total = Some(ice);
            a.consciousness = Some("spontaneous".into());
            a.seizure = Some("none".into());
            a.motor = Some(false);
            a.edema = Some("none".into());
        });
    }

    /// Nurse and physician answer what is active; what rings again while it is being treated is shelved.
    fn answer(&mut self) {
        let active: Vec<Alert> =
            self.story.engine.open_alerts().filter(|a| a.state == AlertState::Active).cloned().collect();
        for alert in active.iter().filter(|a| a.inhibited_by.is_none() && a.priority.name() != "info") {
            let before = alert.transitions.iter().filter(|t| t.to == AlertState::Acknowledged).count();
            let shelve = ActionKind::Shelve { minutes: 480, reason: "treatment under way".into() };
            let answers = match before {
                0 => vec![
                    (nurse(), ActionKind::Acknowledge { comment: String::new() }),
                    (physician(), ActionKind::Acknowledge { comment: String::new() }),
                ],
                _ => vec![(physician(), shelve)],
            };
            for (by, kind) in answers {
                self.story.happen(Event::Acted(Action { alert: alert.id.clone(), by, kind }));
            }
        }
    }

    fn labs(&mut self, values: &[(&str, &str)]) {
        values.iter().for_each(|(analyte, value)| self.story.observe(analyte, value));
        self.write();
    }

    fn say(&mut self, what: &str) {
        self.write();
        self.lines += &format!("{} -- {what}\n", self.clock());
    }

    fn clock(&self) -> String {
        let minute = self.minute();
        format!(
            "day {:>2} {:02}:{:02}",
            minute.div_euclid(1440),
            minute.rem_euclid(1440) / 60,
            minute.rem_euclid(60)
        )
    }

    /// Takes over what was heard since the last time.
    fn write(&mut self) {
        for (at, change) in self.story.heard.split_off(0) {
            let minute = (at - BEGIN).0.div_euclid(60_000);
            let clock = format!(
                "day {:>2} {:02}:{:02}",
                minute.div_euclid(1440),
                minute.rem_euclid(1440) / 60,
                minute.rem_euclid(60)
            );
            let line = match change {
                Change::Patient(_) => continue,
                Change::Rules { hash } => format!("rules {hash}"),
                Change::Notify(told) => {
                    let rule = self.story.engine.alert(&told.alert).map_or("?".into(), |a| a.rule.clone());
                    let roles: Vec<&str> = told.roles.iter().map(|role| role.name()).collect();
                    format!(
                        "  told {} of {rule}, step {} attempt {}",
                        roles.join("+"),
                        told.step,
                        told.attempt
                    )
                }
                Change::Alert { change, alert, cause } => {
                    let quiet = if alert.inhibited_by.is_some() { " (quiet)" } else { "" };
                    format!(
                        "{} {} {} {}{quiet}: {cause}",
                        change.name(),
                        alert.rule,
                        alert.priority.name(),
                        alert.state.name()
                    )
                }
            };
            self.lines += &format!("{clock} {line}\n");
        }
        let patient = self.story.engine.patient(&id("P1")).expect("admitted");
        let shown = |grade: &crate::engine::patient::Grade| match (grade.value(), grade.at_least()) {
            (Some(value), _) => value.to_string(),
            (None, Some(least)) => format!(">= {least}"),
            (None, None) => "unknown".to_string(),
        };
        let grades = format!("CRS {}, ICANS {}", shown(&patient.crs), shown(&patient.icans));
        if grades != self.grades {
            self.lines += &format!("{} == {grades}\n", self.clock());
            self.grades = grades;
        }
    }
}

const BASELINE: [(&str, &str); 9] = [
    ("phosphate", "3.5"),
    ("pai1", "22"),
    ("crp", "5"),
    ("ferritin", "400"),
    ("ldh", "210"),
    ("creatinine", "0.7"),
    ("platelets", "160"),
    ("fibrinogen", "320"),
    ("d_dimer", "0.6"),
];

fn before_the_infusion(ward: &mut Ward) {
    ward.story.oxygen(TherapyAction::Started, OxygenDevice::None, None);
    ward.story.treat(TherapyKind::Other, TherapyAction::Given, Some("fludarabine"));
    ward.until(-72);
    ward.say("moves to bed 7");
    ward.story.census("P1", CensusKind::Move, Some("7"), None);
    ward.until(-26);
    ward.say("what is known from before, and baseline results");
    let factors =
        Factors { age: Some(61), disease_state: Some("pr".into()), ecog: Some(1), ..Factors::default() };
    ward.story.happen(Event::Factors { patient: id("P1"), factors, by: "d1".into() });
    ward.labs(&BASELINE);
    ward.until(0);
    ward.say("infusion");
    ward.story.infuse();
}

fn the_storm(ward: &mut Ward) {
    ward.until(24);
    ward.say("phosphate 2.3");
    ward.labs(&[("phosphate", "2.3"), ("crp", "12"), ("platelets", "120")]);
    ward.until(26);
    ward.say("the laboratory corrects it to 3.2");
    ward.story.correct("phosphate", "3.2", "24h", Status::Corrected);
    ward.until(48);
    ward.say("results; PAI-1 is drawn and sent out");
    ward.labs(&[("phosphate", "2.6"), ("crp", "60"), ("ferritin", "1800"), ("platelets", "95")]);
    ward.until(50);
    ward.say("acetaminophen");
    ward.story.treat(TherapyKind::Antipyretic, TherapyAction::Given, Some("acetaminophen"));
    ward.until(55);
    ward.say("oxygen 3 L/min by cannula");
    ward.story.oxygen(TherapyAction::Started, OxygenDevice::NasalCannula, Some(3));
    ward.until(57);
    ward.say("tocilizumab, dexamethasone");
    ward.story.treat(TherapyKind::Tocilizumab, TherapyAction::Given, Some("tocilizumab"));
    ward.story.treat(TherapyKind::Steroid, TherapyAction::Given, Some("dexamethasone"));
    ward.until(60);
    ward.say("norepinephrine starts");
    ward.story.treat(TherapyKind::Vasopressor, TherapyAction::Started, Some("norepinephrine"));
    ward.until(72);
    ward.say("norepinephrine stops; results");
    ward.story.treat(TherapyKind::Vasopressor, TherapyAction::Stopped, Some("norepinephrine"));
    ward.labs(&[
        ("phosphate", "2.9"),
        ("crp", "90"),
        ("ferritin", "5200"),
        ("platelets", "60"),
        ("fibrinogen", "250"),
    ]);
    ward.until(84);
    ward.say("oxygen off");
    ward.story.oxygen(TherapyAction::Stopped, OxygenDevice::NasalCannula, None);
}

fn after_it(ward: &mut Ward) {
    ward.until(96);
    ward.say("PAI-1 of day 2 comes back: 61");
    let late = Observation { measured_at: BEGIN + Span::hours(48), ..ward.story.seen("P1", "pai1", "61") };
    ward.story.happen(Event::Observed(late));
    for day in 4..14 {
        ward.until(day * 24);
        ward.labs(&[
            ("phosphate", "3.3"),
            ("crp", "20"),
            ("ferritin", "2400"),
            ("platelets", "70"),
            ("fibrinogen", "240"),
        ]);
    }
    ward.until(336);
    ward.say("discharge");
    ward.story.census("P1", CensusKind::Discharge, None, None);
    ward.pass(60);
    ward.write();
}

fn told() -> Ward {
    let mut story = Story::from(BEGIN - Span::days(5));
    story.rules(&shipped::rules());
    story.display(true);
    story.census("P1", CensusKind::Admit, Some("12"), None);
    let mut ward = Ward { story, lines: String::new(), grades: String::new() };
    before_the_infusion(&mut ward);
    the_storm(&mut ward);
    after_it(&mut ward);
    ward
}

pub fn whole_story() -> Story {
    told().story
}

#[test]
fn one_patient_from_admission_to_discharge_reads_as_before() {
    let ward = told();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/ward/transcript.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a writable folder");
        std::fs::write(&path, &ward.lines).expect("a writable file");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let first = kept.lines().zip(ward.lines.lines()).position(|(a, b)| a != b);
    let first = first.unwrap_or(kept.lines().count().min(ward.lines.lines().count()));
    let (was, is) = (kept.lines().nth(first), ward.lines.lines().nth(first));
    assert!(kept == ward.lines, "line {} was {was:?} and is {is:?}; UPDATE=1 writes it anew", first + 1);
}
