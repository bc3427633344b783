//! Orders and appointments (ORM^O01, OML, SIU) that may carry the infusion of day 0. What they order is handed
//! on with its code; most of it concerns nobody here, and whoever knows the codes leaves it out in silence.

use crate::model::{DrugGiven, DrugStatus};

use super::content::{Content, Part};
use super::header::Header;
use super::message::{Message, Segment};
use super::oru::no_patient;
use super::settings::ReadSettings;
use super::therapy::{Order, amount, group, instant, take_patient};
use super::value::read_codings;

const NO_PID: &str = "the message has no PID; send the patient's identifier in PID-3";

pub(super) fn read_orders(message: &Message, settings: &ReadSettings, content: &mut Content) {
    let mut order = Order::default();
    let (mut patients, mut tests, mut drugs) = (0, 0, 0);
    for segment in message.segments() {
        match segment.name() {
            "PID" => {
                patients += 1;
                order = Order::default();
                take_patient(&segment, patients, settings, content);
            }
            "PV1" => group(content).location = super::patient::read_location(&segment, settings),
            "ORC" => order = Order::read(&segment, settings),
            "TQ1" => order.time(&segment, settings),
            "OBR" => {
                tests += 1;
                let performed = instant(segment.field(7).component(1).raw(), settings);
                let planned = instant(segment.field(36).component(1).raw(), settings);
                push(content, &segment, 4, format!("OBR^{tests}"), String::new(), &order, |drug| {
                    drug.starts_at = performed.or(planned).or(drug.starts_at);
                });
            }
            "RXO" => {
                drugs += 1;
                let dose = amount(segment.field(2), segment.field(4));
                push(content, &segment, 1, format!("RXO^{drugs}"), dose, &order, |_| {});
            }
            _ => {}
        }
    }
    if patients == 0 {
        content.problems.push(no_patient(1, NO_PID));
    }
}

fn push(
    content: &mut Content,
    segment: &Segment<'_>,
    code_field: usize,
    place: String,
    dose: String,
    order: &Order,
    adjust: impl FnOnce(&mut DrugGiven),
) {
    let codings = read_codings(&segment.field(code_field).first());
    if codings.is_empty() {
        return;
    }
    let status = if order.is_cancelled() || order.is_stopped() {
        DrugStatus::Withdrawn
    } else if order.state == "CM" {
        DrugStatus::Given
    } else {
        DrugStatus::Ordered
    };
    let mut drug = DrugGiven {
        place,
        codings,
        starts_at: order.starts_at,
        ends_at: order.ends_at,
        dose,
        rate: String::new(),
        status,
        order: order.number.clone(),
    };
    adjust(&mut drug);
    group(content).parts.push(Part::Drug(drug));
}

/// SIU: the appointment's services, planned, done or called off.
pub(super) fn read_appointment(
    message: &Message,
    header: &Header,
    settings: &ReadSettings,
    content: &mut Content,
) {
    let schedule = message.segment("SCH");
    let word = |n: usize, component: usize| {
        schedule.map(|sch| sch.field(n).component(component).word()).unwrap_or_default()
    };
    let state = word(25, 1).to_ascii_uppercase();
    let status =
        if matches!(header.trigger.as_str(), "S15" | "S16" | "S17" | "S26") || state.starts_with("CANCEL") {
            DrugStatus::Withdrawn
        } else if state.starts_with("COMPLETE") {
            DrugStatus::Given
        } else {
            DrugStatus::Ordered
        };
    let number = [word(1, 1), word(2, 1)].into_iter().find(|word| !word.is_empty());
    let (mut patients, mut services) = (0, 0);
    for segment in message.segments() {
        match segment.name() {
            "PID" => {
                patients += 1;
                take_patient(&segment, patients, settings, content);
            }
            "PV1" => group(content).location = super::patient::read_location(&segment, settings),
            "AIS" => {
                services += 1;
                let codings = read_codings(&segment.field(3).first());
                if codings.is_empty() {
                    continue;
                }
                let drug = DrugGiven {
                    place: format!("AIS^{services}"),
                    codings,
                    starts_at: instant(segment.field(4).component(1).raw(), settings)
                        .or_else(|| instant(&word(11, 4), settings)),
                    ends_at: None,
                    dose: String::new(),
                    rate: String::new(),
                    status,
                    order: number.clone(),
                };
                group(content).parts.push(Part::Drug(drug));
            }
            _ => {}
        }
    }
    if patients == 0 {
        content.problems.push(no_patient(1, NO_PID));
    }
}

/// S12 to S26: appointments made, moved, done or called off.
pub(super) fn knows_appointment(trigger: &str) -> bool {
    let number = trigger.strip_prefix('S').and_then(|number| number.parse::<u8>().ok());
    number.is_some_and(|number| (12..=26).contains(&number))
}
