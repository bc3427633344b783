//! Drugs: given (RAS^O17, RXA) and ordered (RDE^O11, RXE).

use crate::model::{DrugGiven, DrugStatus, Time};

use super::content::{Content, Group, Part, Problem, code};
use super::field::Field;
use super::message::{Message, Segment};
use super::oru::{brief, first_word, no_patient};
use super::patient::{PatientRef, read_location};
use super::settings::ReadSettings;
use super::time::read_time;
use super::value::read_codings;

/// What precedes a drug row and belongs to it.
#[derive(Default)]
pub(super) struct Order {
    /// ORC-1: `NW`, `CA`, `DC`, …
    pub control: String,
    /// ORC-5: `CM`, `IP`, …
    pub state: String,
    /// The placer's number, which order and administration share; else the filler's.
    pub number: Option<String>,
    pub starts_at: Option<Time>,
    pub ends_at: Option<Time>,
}

impl Order {
    pub fn read(orc: &Segment<'_>, settings: &ReadSettings) -> Order {
        let timing = orc.field(7);
        Order {
            control: orc.field(1).component(1).word().to_ascii_uppercase(),
            state: orc.field(5).component(1).word().to_ascii_uppercase(),
            number: first_word([orc.field(2), orc.field(3)]),
            starts_at: instant(timing.component(4).raw(), settings)
                .or_else(|| instant(orc.field(15).component(1).raw(), settings)),
            ends_at: instant(timing.component(5).raw(), settings),
        }
    }
    pub fn time(&mut self, tq1: &Segment<'_>, settings: &ReadSettings) {
        self.starts_at = instant(tq1.field(7).component(1).raw(), settings).or(self.starts_at);
        self.ends_at = instant(tq1.field(8).component(1).raw(), settings).or(self.ends_at);
    }
    pub fn is_cancelled(&self) -> bool {
        matches!(self.control.as_str(), "CA" | "OC" | "CR" | "DE") || self.state == "CA"
    }
    pub fn is_stopped(&self) -> bool {
        matches!(self.control.as_str(), "DC" | "OD" | "DR" | "HD" | "OH") || self.state == "DC"
    }
}

pub(super) fn instant(raw: &str, settings: &ReadSettings) -> Option<Time> {
    read_time(raw, &settings.zone).map(|time| time.at)
}

pub(super) fn read(message: &Message, settings: &ReadSettings, content: &mut Content) {
    let mut order = Order::default();
    let (mut patients, mut given, mut ordered) = (0, 0, 0);
    for segment in message.segments() {
        match segment.name() {
            "PID" => {
                patients += 1;
                order = Order::default();
                take_patient(&segment, patients, settings, content);
            }
            "PV1" => group(content).location = read_location(&segment, settings),
            "ORC" => order = Order::read(&segment, settings),
            "TQ1" => order.time(&segment, settings),
            "RXA" => {
                given += 1;
                match read_administration(&segment, &order, given, settings) {
                    Ok(drug) => group(content).parts.push(Part::Drug(drug)),
                    Err(problem) => content.problems.push(problem),
                }
            }
            "RXE" => {
                ordered += 1;
                match read_encoded_order(&segment, &order, ordered, settings) {
                    Ok(drug) => group(content).parts.push(Part::Drug(drug)),
                    Err(problem) => content.problems.push(problem),
                }
            }
            _ => {}
        }
    }
    if patients == 0 {
        content
            .problems
            .push(no_patient(1, "the message has no PID; send the patient's identifier in PID-3"));
    }
}

pub(super) fn take_patient(
    pid: &Segment<'_>,
    sequence: usize,
    settings: &ReadSettings,
    content: &mut Content,
) {
    let patient = PatientRef::read(pid, settings);
    if patient.is_none() {
        let reason = "no identifier in PID-3 that the site knows patients by; check authority and type";
        content.problems.push(no_patient(sequence, reason));
    }
    content.groups.push(Group { patient, location: None, parts: Vec::new() });
}

pub(super) fn group(content: &mut Content) -> &mut Group {
    if content.groups.is_empty() {
        content.groups.push(Group::default());
    }
    content.groups.last_mut().expect("one was pushed if there was none")
}

fn read_administration(
    rxa: &Segment<'_>,
    order: &Order,
    sequence: usize,
    settings: &ReadSettings,
) -> Result<DrugGiven, Problem> {
    let codings = read_codings(&rxa.field(5).first());
    if codings.is_empty() {
        let reason = "the row does not say which drug was given; send a code in RXA-5";
        return Err(Problem::at(("RXA", sequence, 5), code::REQUIRED, "no-code", reason));
    }
    let raw = rxa.field(3).component(1).raw();
    let Some(starts_at) = instant(raw, settings) else {
        let reason = format!("{:?} does not say when the drug was given; send RXA-3", brief(raw));
        return Err(Problem::at(("RXA", sequence, 3), code::REQUIRED, "bad-time", reason));
    };
    let amount = amount(rxa.field(6), rxa.field(7));
    let (dose, rate) = dose_or_rate(amount, &rxa.field(12).component(1).word());
    let ends_at = instant(rxa.field(4).component(1).raw(), settings).filter(|end| *end > starts_at);
    let completion = rxa.field(20).component(1).word().to_ascii_uppercase();
    let note = rxa.field(9).text().to_ascii_lowercase();
    let status = if rxa.field(21).raw().eq_ignore_ascii_case("D")
        || order.is_cancelled()
        || matches!(completion.as_str(), "RE" | "NA")
    {
        // Refused or not administered: nothing was given, whatever was said before.
        DrugStatus::Withdrawn
    } else if order.is_stopped() || note.contains("stopped") || is_zero(&rate) {
        // A pump that runs at nothing does not run.
        DrugStatus::Stopped
    } else if rate.is_empty() {
        DrugStatus::Given
    } else {
        DrugStatus::Started
    };
    let order = order.number.clone();
    Ok(DrugGiven {
        place: format!("RXA^{sequence}"),
        codings,
        starts_at: Some(starts_at),
        ends_at,
        dose,
        rate,
        status,
        order,
    })
}

fn read_encoded_order(
    rxe: &Segment<'_>,
    order: &Order,
    sequence: usize,
    settings: &ReadSettings,
) -> Result<DrugGiven, Problem> {
    let codings = read_codings(&rxe.field(2).first());
    if codings.is_empty() {
        let reason = "the row does not say which drug was ordered; send a code in RXE-2";
        return Err(Problem::at(("RXE", sequence, 2), code::REQUIRED, "no-code", reason));
    }
    let timing = rxe.field(1);
    let (dose, mut rate) = dose_or_rate(amount(rxe.field(3), rxe.field(5)), "");
    if !rxe.field(23).is_empty() {
        rate = amount(rxe.field(23), rxe.field(24));
    }
    let status = if order.is_cancelled() {
        DrugStatus::Withdrawn
    } else if order.is_stopped() {
        DrugStatus::Stopped
    } else if !settings.orders_are_given && order.state != "CM" {
        DrugStatus::Ordered
    } else if rate.is_empty() {
        DrugStatus::Given
    } else {
        DrugStatus::Started
    };
    Ok(DrugGiven {
        place: format!("RXE^{sequence}"),
        codings,
        starts_at: instant(timing.component(4).raw(), settings).or(order.starts_at),
        ends_at: instant(timing.component(5).raw(), settings).or(order.ends_at),
        dose,
        rate,
        status,
        order: order.number.clone(),
    })
}

/// `0 ug/kg/min`.
fn is_zero(rate: &str) -> bool {
    let number = rate.split_whitespace().next().and_then(|number| number.parse::<f64>().ok());
    number == Some(0.0)
}

/// `480 mg`, from an amount and its unit; empty where there is no amount.
pub(super) fn amount(number: Field<'_>, unit: Field<'_>) -> String {
    let number = number.component(1).word();
    if number.is_empty() {
        return number;
    }
    let unit = [1, 2].into_iter().map(|n| unit.component(n).word()).find(|word| !word.is_empty());
    format!("{number} {}", unit.unwrap_or_default()).trim().to_owned()
}

/// An amount in a time is a rate (`0.1 ug/kg/min`, or 0.1 ug/kg with `min` in RXA-12); otherwise it is a dose.
fn dose_or_rate(amount: String, per: &str) -> (String, String) {
    let unit_of_time = |unit: &str| {
        let unit = unit.trim().trim_end_matches(char::is_numeric).to_ascii_lowercase();
        matches!(unit.as_str(), "h" | "hr" | "hour" | "min" | "m" | "s" | "sec" | "d" | "day")
    };
    if per.contains('/') {
        return (amount, per.to_owned());
    }
    if unit_of_time(per) {
        let per = per.trim().trim_end_matches('1');
        return (String::new(), format!("{amount}/{per}"));
    }
    match amount.rsplit_once('/') {
        Some((_, unit)) if unit_of_time(unit) => (String::new(), amount),
        _ => (amount, String::new()),
    }
}
