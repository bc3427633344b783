//! One patient's stay as a stream of messages in order of time.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::assay::{self, Panel};
use crate::body::Body;
use crate::chance::Chance;
use crate::course::{Course, Grade};
use crate::hl7::{self, Administration, Group, Row, Sender};
use crate::labs::{Lab, Labs, Phosphate};
use crate::moment::{DAY, HOUR, MINUTE};
use crate::person::Person;
use crate::report::{self, Words};
use crate::telemetry::{self, Detail};
use crate::therapy::{self, Therapy, Treatment};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    Mllp,
    Mqtt,
}

/// What a message is about, for faults and figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    Place,
    Laboratory,
    Vitals,
    Therapy,
    Examination,
}

/// One message as it leaves the hospital's systems.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Seconds since 1970: when it is sent.
    pub at: i64,
    pub via: Via,
    /// Of MQTT; empty for MLLP.
    pub topic: String,
    pub body: String,
    pub about: About,
}

/// How often the ward measures.
#[derive(Clone, Copy, Debug)]
pub enum Cadence {
    /// A demo ward: hourly long before `live`, every 15 and 5 minutes shortly before, every minute from then
    /// on.
    Watched { live: i64 },
    /// A cohort: every so many seconds in days 0 to 14 and during CRS, every 8 h otherwise.
    Recorded { every: i64 },
}

/// When samples are taken and how long the laboratory needs.
#[derive(Clone, Copy, Debug)]
pub struct Rhythm {
    pub cadence: Cadence,
    /// One of the instants at which blood is drawn; the others follow every 12 h.
    pub drawn: i64,
    /// Minutes from drawing to result.
    pub delay: (f64, f64),
    /// One of the instants at which ICE is examined; every 12 h, every 8 h in CRS.
    pub examined: i64,
    /// Whether vital signs go over MQTT; otherwise they are charted over MLLP.
    pub over_mqtt: bool,
}

/// How often the laboratory errs; shares of values or samples.
#[derive(Clone, Copy, Debug)]
pub struct Slips {
    pub corrected: f64,
    pub unobtainable: f64,
    pub late: f64,
    pub switched: f64,
}

impl Slips {
    /// Corrections 0.5 %, haemolysed or too little 1 %: engineering.
    pub const USUAL: Slips = Slips { corrected: 0.005, unobtainable: 0.01, late: 0.0, switched: 0.0 };
}

/// What a stay is made of.
pub struct Plan {
    pub person: Person,
    pub course: Course,
    /// Seconds since 1970.
    pub infusion: i64,
    pub admitted: i64,
    /// When the stay ends; never for a demo ward.
    pub discharged: Option<i64>,
    pub rhythm: Rhythm,
    pub slips: Slips,
    /// Begins every MSH-10 of this run.
    pub run: String,
}

pub struct Stay {
    pub plan: Plan,
    pub given: Vec<Therapy>,
    pub body: Body,
    pub labs: Labs,
    vitals_chance: Chance,
    labs_chance: Chance,
    counted: u64,
    next_vitals: i64,
    next_draw: i64,
    next_examination: i64,
    /// Everything sampled before this instant is in `pending`.
    sampled_until: i64,
    pending: BTreeMap<(i64, u64), Message>,
}

const CHUNK: i64 = 6 * HOUR;
/// LOINC 59408-5, whose sensor falls off most often.
const SPO2: &str = "59408-5";

impl Stay {
    pub fn new(plan: Plan, chance: &mut Chance) -> Self {
        let phosphate = Phosphate::draw(&plan.course, chance);
        let given = therapy::plan(&plan.course, plan.person.weight, phosphate.low_at(), chance);
        let body = Body::draw(&plan.course, &given, plan.infusion, chance);
        let labs = Labs::draw(&plan.course, &given, &phosphate, chance);
        let (vitals_chance, labs_chance) = (Chance::new(chance.word(), 1), Chance::new(chance.word(), 2));
        let first = |anchor: i64, every: i64| {
            plan.admitted + HOUR + (anchor - plan.admitted - HOUR).rem_euclid(every)
        };
        let mut stay = Self {
            next_vitals: plan.admitted + 10 * MINUTE,
            next_draw: first(plan.rhythm.drawn, 12 * HOUR),
            next_examination: first(plan.rhythm.examined, 4 * HOUR),
            sampled_until: plan.admitted,
            given,
            body,
            labs,
            vitals_chance,
            labs_chance,
            counted: 0,
            pending: BTreeMap::new(),
            plan,
        };
        stay.move_person("A01", stay.plan.admitted);
        if let Some(at) = stay.plan.discharged {
            stay.move_person("A03", at);
        }
        stay.give();
        stay
    }

    /// When the next message leaves, without taking it.
    pub fn next_at(&mut self) -> Option<i64> {
        loop {
            let first = self.pending.keys().next().map(|key| key.0);
            let over = self.plan.discharged.is_some_and(|end| self.sampled_until >= end);
            match first {
                Some(at) if at < self.sampled_until || over => return Some(at),
                _ if over => return None,
                _ => self.sample(),
            }
        }
    }

    pub fn take(&mut self) -> Option<Message> {
        self.next_at()?;
        self.pending.pop_first().map(|(_, message)| message)
    }

    pub fn hour(&self, at: i64) -> f64 {
        (at - self.plan.infusion) as f64 / HOUR as f64
    }

    fn instant(&self, hour: f64) -> i64 {
        self.plan.infusion + (hour * HOUR as f64).round() as i64
    }

    fn is_over(&self, at: i64) -> bool {
        self.plan.discharged.is_some_and(|end| at >= end)
    }

    fn control(&mut self) -> String {
        self.counted += 1;
        format!("{}.{}.{}", self.plan.run, self.plan.person.number, self.counted)
    }

    fn push(&mut self, at: i64, via: Via, topic: String, body: String, about: About) {
        self.counted += 1;
        self.pending.insert((at, self.counted), Message { at, via, topic, body, about });
    }

    fn move_person(&mut self, event: &str, at: i64) {
        let control = self.control();
        let body = hl7::admission(&self.plan.person, event, &control, at);
        self.push(at, Via::Mllp, String::new(), body, About::Place);
    }

    fn sample(&mut self) {
        let end = self.sampled_until + CHUNK;
        while self.next_vitals < end {
            let at = self.next_vitals;
            if !self.is_over(at) {
                self.measure(at);
            }
            self.next_vitals = self.vitals_after(at);
        }
        while self.next_draw < end {
            let at = self.next_draw;
            if !self.is_over(at) {
                self.draw_blood(at);
            }
            self.next_draw = at + 12 * HOUR;
        }
        while self.next_examination < end {
            let at = self.next_examination;
            let slot = (at - self.plan.rhythm.examined).div_euclid(4 * HOUR);
            let due = slot % 3 == 0 || (slot % 2 == 0 && self.in_crs(at));
            if due && !self.is_over(at) {
                self.examine(at);
            }
            self.next_examination = at + 4 * HOUR;
        }
        self.sampled_until = end;
    }

    fn in_crs(&self, at: i64) -> bool {
        let hour = self.hour(at);
        self.plan
            .course
            .reached(Grade::One)
            .is_some_and(|onset| (onset..self.plan.course.crs_end).contains(&hour))
    }

    fn vitals_after(&self, at: i64) -> i64 {
        match self.plan.rhythm.cadence {
            Cadence::Watched { live } => match live - at {
                ahead if ahead > DAY => at + 60 * MINUTE,
                ahead if ahead > 2 * HOUR => at + 15 * MINUTE,
                // Not past the start: from then on every minute counts.
                ahead if ahead > 0 => (at + 5 * MINUTE).min(live + (at - live).rem_euclid(MINUTE)),
                _ => at + MINUTE,
            },
            Cadence::Recorded { every } => {
                let day = (at - self.plan.infusion).div_euclid(DAY);
                if (0..=14).contains(&day) || self.in_crs(at) { at + every } else { at + 8 * HOUR }
            }
        }
    }

    /// Dropouts 0.3 %, a sensor that is off 0.5 %, artefacts the monitor marks itself 0.1 %: engineering.
    fn measure(&mut self, at: i64) {
        let hour = self.hour(at);
        let mut vitals = self.body.measured(hour, &mut self.vitals_chance);
        let fate = self.vitals_chance.unit();
        if fate < 0.003 {
            return;
        }
        let artefact = (0.008..0.009).contains(&fate);
        if artefact {
            vitals.spo2 = (vitals.spo2 - 25.0).max(50.0);
        }
        let mut signs = telemetry::signs(&vitals, self.oxygen_flow(hour));
        if (0.003..0.008).contains(&fate) {
            signs.retain(|sign| sign.code != SPO2);
        }
        let control = self.control();
        let person = &self.plan.person;
        if self.plan.rhythm.over_mqtt {
            let topic = telemetry::topic(person);
            let poor = artefact.then_some(SPO2);
            let detail = match self.plan.rhythm.cadence {
                Cadence::Watched { .. } => Detail::Full,
                Cadence::Recorded { .. } => Detail::Brief,
            };
            let body = telemetry::json(person, at, &control, &signs, poor, detail);
            self.push(at, Via::Mqtt, topic, body, About::Vitals);
        } else {
            if artefact {
                return;
            }
            let group = Group {
                panel: "VITALS^Vital signs^99STW".into(),
                filler: control.clone(),
                collected: at,
                rows: telemetry::rows(&signs),
            };
            let body = hl7::results(person, Sender::Ward, &control, at, &[group]);
            self.push(at, Via::Mllp, String::new(), body, About::Vitals);
        }
    }

    fn oxygen_flow(&self, hour: f64) -> Option<f64> {
        let running = |t: &&Therapy| t.start <= hour && t.end.is_some_and(|end| hour < end);
        self.given
            .iter()
            .filter(running)
            .find_map(|t| if let Treatment::Oxygen(_, flow) = t.treatment { Some(flow) } else { None })
    }

    /// Chemistry, blood count and coagulation in one message; what is reported later comes on its own:
    /// lactate after minutes, immunology after two hours, PAI-1 after two to four (in-house; once a day).
    fn draw_blood(&mut self, at: i64) {
        let (low, high) = self.plan.rhythm.delay;
        let main = self.labs_chance.between(low, high);
        let gas = self.labs_chance.between(4.0, 10.0);
        let immunology = self.labs_chance.between(105.0, 135.0);
        let fibrinolysis = self.labs_chance.between(120.0, 240.0);
        self.report(&[assay::BLOOD_GAS], at, gas);
        self.report(&[assay::CHEMISTRY, assay::BLOOD_COUNT, assay::COAGULATION], at, main);
        self.report(&[assay::IMMUNOLOGY], at, immunology);
        let morning = (at - self.plan.rhythm.drawn).div_euclid(12 * HOUR).rem_euclid(2) == 0;
        if morning {
            self.report(&[assay::FIBRINOLYSIS], at, fibrinolysis);
        }
    }

    fn report(&mut self, panels: &[Panel], collected: i64, minutes: f64) {
        let late = self.labs_chance.yes(self.plan.slips.late);
        let extra = if late { self.labs_chance.between(360.0, 1800.0) } else { 0.0 };
        let at = collected + ((minutes + extra) * 60.0) as i64;
        let wrong = self.labs_chance.yes(self.plan.slips.corrected);
        let control = self.control();
        let mut groups: Vec<Group> = Vec::new();
        for panel in panels {
            let rows = panel.labs.iter().map(|lab| self.row(*lab, collected)).collect();
            let filler = format!("{control}.{}", groups.len() + 1);
            groups.push(Group { panel: panel.code.to_string(), filler, collected, rows });
        }
        let sent = if wrong { report::with_first_value_wrong(&groups) } else { groups.clone() };
        let body = hl7::results(&self.plan.person, Sender::Laboratory, &control, at, &sent);
        self.push(at, Via::Mllp, String::new(), body, About::Laboratory);
        if wrong {
            let at = at + (self.labs_chance.between(30.0, 90.0) * 60.0) as i64;
            let control = self.control();
            let corrected = report::corrected(groups);
            let body = hl7::results(&self.plan.person, Sender::Laboratory, &control, at, &corrected);
            self.push(at, Via::Mllp, String::new(), body, About::Laboratory);
        }
    }

    fn row(&mut self, lab: Lab, collected: i64) -> Row {
        let value = self.labs.measured(lab, self.hour(collected), &mut self.labs_chance);
        let switched = self.labs_chance.yes(self.plan.slips.switched);
        let obtainable = !self.labs_chance.yes(self.plan.slips.unobtainable);
        let assay =
            if switched { assay::switched(lab).unwrap_or(assay::usual(lab)) } else { assay::usual(lab) };
        report::row(&assay, obtainable.then_some(value))
    }

    fn examine(&mut self, at: i64) {
        let hour = self.hour(at);
        if hour > 15.0 * 24.0 && hour > self.plan.course.icans_end + 24.0 {
            return;
        }
        let control = self.control();
        let points = self.plan.course.ice(hour);
        let row = Row::number("cart-ews:ice-total^ICE^99STW", points.to_string(), "{score}^{score}^UCUM");
        let group = Group {
            panel: "ICE^ICE score^99STW".into(),
            filler: control.clone(),
            collected: at,
            rows: vec![row],
        };
        let sent = at + 5 * MINUTE;
        let body = hl7::results(&self.plan.person, Sender::Ward, &control, sent, &[group]);
        self.push(sent, Via::Mllp, String::new(), body, About::Examination);
    }

    /// Writes every treatment of the stay: the nurse charts it within a few minutes.
    fn give(&mut self) {
        for (index, therapy) in self.given.clone().into_iter().enumerate() {
            let charted = (self.labs_chance.between(1.0, 4.0) * 60.0) as i64;
            let start = self.instant(therapy.start);
            let end = therapy.end.map(|hour| self.instant(hour));
            if let Treatment::Oxygen(device, flow) = therapy.treatment {
                self.chart_oxygen(start, charted, device.code(), flow);
                let followed = self.given.iter().any(|next| {
                    matches!(next.treatment, Treatment::Oxygen(..)) && Some(next.start) == therapy.end
                });
                if let Some(end) = end
                    && !followed
                {
                    self.chart_oxygen(end, charted, "none", 0.0);
                }
                continue;
            }
            let order = format!("{}-T{}", self.plan.person.id, index + 1);
            self.administer(
                &order,
                therapy.treatment,
                start,
                end.is_none().then_some(start),
                start + charted,
            );
            if let Some(end) = end {
                self.administer(&order, therapy.treatment, start, Some(end), end + charted);
            }
        }
    }

    fn administer(&mut self, order: &str, treatment: Treatment, start: i64, end: Option<i64>, at: i64) {
        let Some(words) = Words::of(treatment, &self.plan.course) else { return };
        if self.is_over(at) {
            return;
        }
        let control = self.control();
        let given = Administration {
            order,
            code: &words.code,
            amount: words.amount.to_string(),
            unit: words.unit,
            start,
            end,
            route: words.route,
        };
        let body = hl7::administration(&self.plan.person, &control, at, &given);
        self.push(at, Via::Mllp, String::new(), body, About::Therapy);
    }

    fn chart_oxygen(&mut self, since: i64, charted: i64, device: &str, flow: f64) {
        let at = since + charted;
        if self.is_over(at) {
            return;
        }
        let control = self.control();
        let group = Group {
            panel: "OXYGEN^Oxygen therapy^99STW".into(),
            filler: control.clone(),
            collected: since,
            rows: telemetry::oxygen_rows(device, flow),
        };
        let body = hl7::results(&self.plan.person, Sender::Ward, &control, at, &[group]);
        self.push(at, Via::Mllp, String::new(), body, About::Therapy);
    }
}
