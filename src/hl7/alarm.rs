//! ORU^R40 (IHE PCD-04): alarms of devices. A row's meaning is its reference identifier, never its number: the
//! same attributes are sent as 68481 and as 68165 and up.

use crate::model::Coding;

use super::content::{Content, DeviceAlarm, Group, Part};
use super::header::Header;
use super::message::{Message, Segment};
use super::oru::{self, first_word, no_patient, read_device};
use super::patient::{PatientRef, read_location};
use super::settings::ReadSettings;
use super::time::read_time;
use super::value::read_codings;

pub(super) fn read(message: &Message, header: &Header, settings: &ReadSettings, content: &mut Content) {
    let mut alarm: Option<DeviceAlarm> = None;
    let (mut patients, mut orders) = (0, 0);
    for segment in message.segments() {
        match segment.name() {
            "PID" => {
                keep(content, alarm.take());
                patients += 1;
                let patient = PatientRef::read(&segment, settings);
                // Technical alarms of a device come without a patient; then PID-3 is empty on purpose.
                if patient.is_none() && !segment.field(3).is_empty() {
                    content
                        .problems
                        .push(no_patient(patients, "no identifier in PID-3 that the site knows patients by"));
                }
                content.groups.push(Group { patient, location: None, parts: Vec::new() });
            }
            "PV1" => group(content).location = read_location(&segment, settings),
            "OBR" => {
                keep(content, alarm.take());
                orders += 1;
                alarm = Some(DeviceAlarm {
                    place: format!("OBR^{orders}"),
                    id: first_word([segment.field(29), segment.field(3)]).unwrap_or_default(),
                    at: read_time(segment.field(7).component(1).raw(), &settings.zone).map(|time| time.at),
                    ..DeviceAlarm::default()
                });
            }
            "OBX" => {
                if let Some(alarm) = &mut alarm {
                    take_row(alarm, &segment, settings);
                }
            }
            _ => {}
        }
    }
    keep(content, alarm);
    read_values(message, header, settings, content);
}

/// A device alarms at a value, and sends it along in the row of facet 2: it is a measurement like any other.
fn read_values(message: &Message, header: &Header, settings: &ReadSettings, content: &mut Content) {
    let is_value = |sub_id: &str, kind: &str| facet(sub_id) == "2" && matches!(kind, "NM" | "SN");
    let rows = message.segments().filter(|segment| segment.name() == "OBX");
    let values: Vec<bool> = rows.map(|row| is_value(row.field(4).raw(), row.field(2).raw())).collect();
    if !values.contains(&true) {
        return;
    }
    let is_row = |place: &str| {
        let number = place.split('^').nth(1).and_then(|number| number.parse::<usize>().ok());
        number.and_then(|number| values.get(number.wrapping_sub(1))) == Some(&true)
    };
    let mut all = Content { groups: Vec::new(), problems: Vec::new(), ..content.clone() };
    oru::read(message, header, settings, &mut all);
    for mut group in all.groups {
        group.parts.retain(|part| matches!(part, Part::Reading(reading) if is_row(&reading.place)));
        if !group.parts.is_empty() {
            content.groups.push(group);
        }
    }
    content.problems.extend(all.problems.into_iter().filter(|problem| is_row(&problem.place)));
}

/// The last number of OBX-4: 1 the event, 2 its source, and so on.
fn facet(sub_id: &str) -> &str {
    sub_id.rsplit('.').next().unwrap_or("")
}

fn group(content: &mut Content) -> &mut Group {
    if content.groups.is_empty() {
        content.groups.push(Group::default());
    }
    content.groups.last_mut().expect("one was pushed if there was none")
}

fn keep(content: &mut Content, alarm: Option<DeviceAlarm>) {
    if let Some(alarm) = alarm {
        group(content).parts.push(Part::DeviceAlarm(alarm));
    }
}

fn take_row(alarm: &mut DeviceAlarm, obx: &Segment<'_>, settings: &ReadSettings) {
    let Some(coding) = read_codings(&obx.field(3).first()).into_iter().next() else { return };
    let text = || obx.field(5).text().trim().to_owned();
    let reference = coding.name.to_ascii_uppercase().replace("_ALERT_", "_ALARM_");
    alarm.device = alarm.device.take().or_else(|| read_device(obx));
    match reference.as_str() {
        "MDC_ATTR_EVENT_PHASE" => alarm.phase = text(),
        "MDC_ATTR_ALARM_STATE" => alarm.state = text(),
        "MDC_ATTR_ALARM_INACTIVATION_STATE" => alarm.inactivation = text(),
        "MDC_ATTR_ALARM_PRIORITY" => alarm.priority = text(),
        "MDC_ATTR_ALARM_TYPE" => alarm.kind = text(),
        "MDC_ATTR_ALARM_SOURCE" => {
            let source = read_codings(&obx.field(5).first()).into_iter().next();
            alarm.source = alarm.source.take().or(source);
        }
        _ => take_event_or_source(alarm, obx, coding, text(), settings),
    }
}

/// The first other row is the event, the second the measurement it comes from; facets .1 and .2 say the same.
fn take_event_or_source(
    alarm: &mut DeviceAlarm,
    obx: &Segment<'_>,
    coding: Coding,
    text: String,
    settings: &ReadSettings,
) {
    let facet = facet(obx.field(4).raw());
    let is_event = facet == "1" || (facet != "2" && alarm.event == Coding::default());
    if !is_event {
        alarm.source = Some(coding);
        alarm.value = text;
        return;
    }
    alarm.event = coding;
    alarm.text = text;
    if let Some(time) = read_time(obx.field(14).component(1).raw(), &settings.zone) {
        alarm.at = Some(time.at);
    }
    // OBX-8 carries priority and type, which rows of their own may repeat.
    for flag in obx.field(8).repetitions() {
        match flag.raw() {
            "PN" | "PL" | "PM" | "PH" if alarm.priority.is_empty() => alarm.priority = flag.raw().to_owned(),
            "SP" | "ST" | "SA" if alarm.kind.is_empty() => alarm.kind = flag.raw().to_owned(),
            _ => {}
        }
    }
}
