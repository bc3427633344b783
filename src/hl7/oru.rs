//! Observations: ORU^R01, R30, R31, R32 and OUL^R21, R22, R23. Rows are read in the order they come; which
//! order, specimen and patient they belong to follows from what came before them.

use crate::model::{RawValue, Reading, ReadingTime, Status, Time};

use super::content::{Content, Group, Part, Problem, code};
use super::field::Field;
use super::header::Header;
use super::message::{Message, Segment};
use super::patient::{PatientRef, read_location};
use super::settings::{MeasuredAt, ReadSettings};
use super::time::read_time;
use super::value::{read_codings, read_order_status, read_status, read_units, read_value};

pub(super) fn read(message: &Message, header: &Header, settings: &ReadSettings, content: &mut Content) {
    let mut rows = Rows {
        settings,
        specimen_first: header.message_code == "OUL",
        content,
        order: Order::default(),
        control_order: None,
        specimen: Specimen::default(),
        device: None,
        counts: Counts::default(),
        last_time: (String::new(), None),
        last: Last::Nothing,
    };
    for segment in message.segments() {
        rows.take(&segment);
    }
    if rows.counts.patient == 0 && rows.counts.row > 0 {
        content
            .problems
            .push(no_patient(1, "the message has no PID; send the patient's identifier in PID-3"));
    }
}

/// The observations of a message that is about something else: its rows are read as those of a result.
pub(super) fn read_beside(
    message: &Message,
    header: &Header,
    settings: &ReadSettings,
    content: &mut Content,
) {
    if !message.segments().any(|segment| segment.name() == "OBX") {
        return;
    }
    let mut beside = Content { groups: Vec::new(), problems: Vec::new(), ..content.clone() };
    read(message, header, settings, &mut beside);
    content.groups.extend(beside.groups.into_iter().filter(|group| !group.parts.is_empty()));
    // What is wrong with the message itself was said by whoever it is for.
    content.problems.extend(beside.problems.into_iter().filter(|problem| problem.segment == "OBX"));
    content.warnings = beside.warnings;
}

/// What every row of an order carries a copy of is bounded, so that a message of a few megabytes stays one.
const ORDER_NOTES: usize = 8;
const LONGEST: usize = 200;
/// Values read from one row.
const VALUES: usize = 16;

pub(super) fn no_patient(sequence: usize, reason: &str) -> Problem {
    Problem::at(("PID", sequence, 3), code::REQUIRED, "no-patient", reason)
}

/// What a comment belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Order,
    Rows { from: usize },
}

#[derive(Default)]
struct Counts {
    patient: usize,
    order: usize,
    row: usize,
}

/// The OBR rows stand under.
#[derive(Default)]
struct Order {
    number: Option<String>,
    at: Option<ReadingTime>,
    issued: Option<Time>,
    status: Option<Status>,
    notes: Vec<String>,
    /// Its first part in the group.
    from: usize,
}

#[derive(Default)]
struct Specimen {
    code: Option<String>,
    number: Option<String>,
    at: Option<ReadingTime>,
}

struct Rows<'a> {
    settings: &'a ReadSettings,
    /// OUL: SPM stands before its orders. ORU: after their rows.
    specimen_first: bool,
    content: &'a mut Content,
    order: Order,
    /// ORC-3, else ORC-2, for the OBR that follows.
    control_order: Option<String>,
    specimen: Specimen,
    /// What the containment row of a device said (OBX-18).
    device: Option<String>,
    counts: Counts,
    /// Rows of one message mostly share their time: read it once.
    last_time: (String, Option<ReadingTime>),
    last: Last,
}

impl Rows<'_> {
    fn take(&mut self, segment: &Segment<'_>) {
        match segment.name() {
            "PID" => self.take_patient(segment),
            "PV1" => {
                let location = read_location(segment, self.settings);
                self.group().location = location;
            }
            "ORC" => self.take_control(segment),
            "OBR" => self.take_order(segment),
            "SPM" => self.take_specimen(segment),
            "OBX" => self.take_row(segment),
            "NTE" => self.take_note(segment),
            _ => {}
        }
    }

    fn group(&mut self) -> &mut Group {
        if self.content.groups.is_empty() {
            self.content.groups.push(Group::default());
        }
        self.content.groups.last_mut().expect("one was pushed if there was none")
    }

    fn take_patient(&mut self, pid: &Segment<'_>) {
        self.counts.patient += 1;
        let patient = PatientRef::read(pid, self.settings);
        if patient.is_none() {
            let reason = "no identifier in PID-3 that the site knows patients by; check authority and type";
            self.content.problems.push(no_patient(self.counts.patient, reason));
        }
        self.content.groups.push(Group { patient, location: None, parts: Vec::new() });
        (self.order, self.specimen, self.control_order) = Default::default();
        (self.device, self.last) = (None, Last::Nothing);
    }

    /// In OUL it follows its OBR, elsewhere it precedes it.
    fn take_control(&mut self, orc: &Segment<'_>) {
        let number = first_word([orc.field(3), orc.field(2)]);
        if self.specimen_first && self.last == Last::Order {
            self.order.number = self.order.number.take().or(number);
        } else {
            self.control_order = number;
        }
    }

    fn take_order(&mut self, obr: &Segment<'_>) {
        self.counts.order += 1;
        let from = self.group().parts.len();
        let at = self.time(obr.field(7), ("OBR", self.counts.order, 7));
        let control_order = self.control_order.take();
        let number = first_word([obr.field(3)]).or(control_order);
        self.order = Order {
            number: number.or_else(|| first_word([obr.field(2)])).or_else(|| self.specimen.number.clone()),
            at: at.unwrap_or(None),
            issued: read_time(obr.field(22).component(1).raw(), &self.settings.zone).map(|time| time.at),
            status: read_order_status(obr.field(25)),
            notes: Vec::new(),
            from,
        };
        if !self.specimen_first {
            self.specimen = Specimen::default();
        }
        self.last = Last::Order;
    }

    fn take_specimen(&mut self, spm: &Segment<'_>) {
        let collected = spm.field(17).component(1).subcomponent(1).raw();
        self.specimen = Specimen {
            code: Some(short(spm.field(4).component(1).word())).filter(|word| !word.is_empty()),
            number: first_word([spm.field(2)]),
            at: read_time(collected, &self.settings.zone),
        };
        self.last = Last::Nothing;
        if self.specimen_first {
            self.order = Order { from: self.group().parts.len(), ..Order::default() };
            return;
        }
        // In ORU the specimen follows the rows it belongs to.
        let (from, code, at) = (self.order.from, self.specimen.code.clone(), self.specimen.at);
        for part in self.group().parts.iter_mut().skip(from) {
            if let Part::Reading(reading) = part {
                reading.specimen = reading.specimen.take().or_else(|| code.clone());
                reading.measured_at = reading.measured_at.or(at);
            }
        }
    }

    fn take_note(&mut self, nte: &Segment<'_>) {
        let notes: Vec<String> = nte
            .field(3)
            .repetitions()
            .map(|note| note.text().trim().to_owned())
            .filter(|note| !note.is_empty() && note != "\"\"")
            .collect();
        match self.last {
            Last::Nothing => {}
            // A comment on the order (haemolysed, lipaemic) is one on each of its rows.
            Last::Order => {
                let room = ORDER_NOTES.saturating_sub(self.order.notes.len());
                self.order
                    .notes
                    .extend(notes.into_iter().take(room).map(|note| note.chars().take(LONGEST).collect()));
            }
            Last::Rows { from } => {
                for part in self.group().parts.iter_mut().skip(from) {
                    if let Part::Reading(reading) = part {
                        reading.notes.extend(notes.iter().cloned());
                    }
                }
            }
        }
    }

    fn take_row(&mut self, obx: &Segment<'_>) {
        self.counts.row += 1;
        let sequence = self.counts.row;
        self.last = Last::Nothing;
        let codings = read_codings(&obx.field(3).first());
        let device = read_device(obx);
        let value = obx.field(5);
        if value.is_empty() && is_containment(obx, &codings) {
            self.device = device.or(self.device.take());
            return;
        }
        if codings.is_empty() {
            let reason = "the row does not say what was measured; send a code in OBX-3";
            self.content.problems.push(Problem::at(("OBX", sequence, 3), code::REQUIRED, "no-code", reason));
            return;
        }
        let Ok(measured_at) = self.measured_at(obx, sequence) else { return };
        let status = self.status(obx, sequence);
        let read = read_value(obx.field(2).raw(), value, self.settings.decimal_comma);
        if read.doubtful_type {
            let reason =
                format!("OBX-2 is {:?}, no data type; the value was read as text", brief(obx.field(2).raw()));
            self.content.warnings.push(Problem::at(("OBX", sequence, 2), code::TABLE, "value-type", reason));
        }
        let mut units = read_units(obx.field(6));
        units.extend(read.unit);
        let from = self.group().parts.len();
        let reading = Reading {
            place: format!("OBX^{sequence}"),
            codings,
            sub_id: obx.field(4).text().into_owned(),
            value: RawValue::Absent,
            units,
            status,
            measured_at,
            issued_at: self.order.issued,
            specimen: self.specimen.code.clone(),
            order: self.order.number.clone(),
            device: device.or_else(|| self.device.clone()),
            notes: self.order.notes.clone(),
        };
        let mut values = read.values;
        if values.len() > VALUES {
            let reason =
                format!("{} values in one row, only {VALUES} are read; send a row for each", values.len());
            self.content.problems.push(Problem::at(
                ("OBX", sequence, 5),
                code::TYPE,
                "too-many-values",
                reason,
            ));
            values.truncate(VALUES);
        }
        let last = values.pop().unwrap_or(RawValue::Absent);
        let group = self.group();
        group
            .parts
            .extend(values.into_iter().map(|value| Part::Reading(Reading { value, ..reading.clone() })));
        group.parts.push(Part::Reading(Reading { value: last, ..reading }));
        self.last = Last::Rows { from };
    }

    fn status(&mut self, obx: &Segment<'_>, sequence: usize) -> Status {
        if let Some(status) = read_status(obx.field(11)).or(self.order.status) {
            return status;
        }
        let reason = "no known status in OBX-11 nor OBR-25; the value counts as preliminary";
        self.content.warnings.push(Problem::at(("OBX", sequence, 11), code::TABLE, "status", reason));
        Status::Preliminary
    }

    /// `Err` where the row states a time that is none: a value at a wrong time is worse than a value less.
    fn measured_at(&mut self, obx: &Segment<'_>, sequence: usize) -> Result<Option<ReadingTime>, ()> {
        let order = self.order.at.or(self.specimen.at);
        match self.settings.measured_at {
            MeasuredAt::Order if order.is_some() => Ok(order),
            MeasuredAt::Order | MeasuredAt::Row => {
                Ok(self.time(obx.field(14), ("OBX", sequence, 14))?.or(order))
            }
        }
    }

    fn time(&mut self, field: Field<'_>, place: (&str, usize, usize)) -> Result<Option<ReadingTime>, ()> {
        let raw = field.component(1).raw().trim();
        if raw.is_empty() || raw == "\"\"" {
            return Ok(None);
        }
        if self.last_time.0 != raw {
            self.last_time = (raw.to_owned(), read_time(raw, &self.settings.zone));
        }
        if self.last_time.1.is_none() {
            let reason = format!("{:?} is no time; send YYYYMMDDHHMMSS+ZZZZ", brief(raw));
            self.content.problems.push(Problem::at(place, code::TYPE, "bad-time", reason));
            return Err(());
        }
        Ok(self.last_time.1)
    }
}

/// Identifiers are short (HL7 allows 199 characters); a longer one is cut.
fn short(word: String) -> String {
    if word.len() <= LONGEST { word } else { word.chars().take(LONGEST).collect() }
}

/// Enough of a value to recognise it in an error.
pub(super) fn brief(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Rows that only say which device the following rows come from (IHE PCD-01): no value, status X.
fn is_containment(obx: &Segment<'_>, codings: &[crate::model::Coding]) -> bool {
    obx.field(11).component(1).raw() == "X" && codings.iter().any(|coding| coding.name.starts_with("MDC_DEV"))
}

/// OBX-18: the identifier, else the universal id.
pub(super) fn read_device(obx: &Segment<'_>) -> Option<String> {
    let field = obx.field(18);
    [1, 3].into_iter().map(|n| short(field.component(n).word())).find(|word| !word.is_empty())
}

/// The first component of the first field that has one.
pub(super) fn first_word<const N: usize>(fields: [Field<'_>; N]) -> Option<String> {
    fields
        .into_iter()
        .map(|field| {
            let component = field.component(1);
            if component.is_null() {
                String::new()
            } else {
                short(component.subcomponent(1).text().trim().to_owned())
            }
        })
        .find(|word| !word.is_empty())
}
