//! ADT: who is admitted, moved, discharged or merged.

use crate::model::{Census, CensusKind, PatientId, Time};

use super::content::{Content, Group, Part, Problem, code};
use super::header::Header;
use super::message::{Message, Segment};
use super::oru::no_patient;
use super::patient::{PatientRef, identify, read_location};
use super::settings::ReadSettings;
use super::time::read_time;

/// What a trigger event means to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    One(CensusKind),
    /// Two patients change places.
    Swap,
    /// The identifier in MRG-1 gives way to the one in PID-3.
    Merge,
    /// An account or visit number gives way; patients stay who they are, unless MRG-1 says otherwise.
    Renumber,
    /// A visit moves from one patient to another. Only a person can say which values go with it.
    MoveVisit,
}

fn meaning(trigger: &str) -> Option<Meaning> {
    match trigger {
        // A06: an outpatient becomes an inpatient.
        "A01" | "A04" | "A06" => Some(Meaning::One(CensusKind::Admit)),
        "A05" | "A14" => Some(Meaning::One(CensusKind::Expect)),
        "A02" => Some(Meaning::One(CensusKind::Move)),
        "A03" => Some(Meaning::One(CensusKind::Discharge)),
        "A08" | "A28" | "A31" => Some(Meaning::One(CensusKind::Update)),
        "A11" => Some(Meaning::One(CensusKind::CancelAdmit)),
        "A12" => Some(Meaning::One(CensusKind::CancelMove)),
        "A13" => Some(Meaning::One(CensusKind::CancelDischarge)),
        "A17" => Some(Meaning::Swap),
        // A18, A34, A35 and A36 are what versions up to 2.3 had in their place.
        "A18" | "A34" | "A36" | "A40" | "A47" => Some(Meaning::Merge),
        "A35" | "A41" | "A42" => Some(Meaning::Renumber),
        "A45" => Some(Meaning::MoveVisit),
        _ => None,
    }
}

pub(super) fn knows(trigger: &str) -> bool {
    meaning(trigger).is_some()
}

pub(super) fn read(message: &Message, header: &Header, settings: &ReadSettings, content: &mut Content) {
    let Some(meaning) = meaning(&header.trigger) else { return };
    let Some(at) = happened_at(message, header, settings) else {
        let reason = "the event has no time; send EVN-2 or EVN-6";
        content.problems.push(Problem::at(("EVN", 1, 2), code::REQUIRED, "no-time", reason));
        return;
    };
    let people = people(message);
    if people.is_empty() {
        content
            .problems
            .push(no_patient(1, "the message has no PID; send the patient's identifier in PID-3"));
        return;
    }
    if meaning == Meaning::Swap {
        read_swap(&people, at, settings, content);
        return;
    }
    for (index, person) in people.iter().enumerate() {
        read_one(meaning, person, index + 1, at, settings, content);
    }
}

/// EVN-6 is when it happened, EVN-2 when it was recorded, MSH-7 when it was sent.
fn happened_at(message: &Message, header: &Header, settings: &ReadSettings) -> Option<Time> {
    let evn = message.segment("EVN");
    [6, 2]
        .into_iter()
        .find_map(|n| read_time(evn?.field(n).component(1).raw(), &settings.zone))
        .map(|time| time.at)
        .or(header.sent_at)
}

/// A PID with the PV1 and MRG that follow it.
struct Sheet<'a> {
    pid: Segment<'a>,
    pv1: Option<Segment<'a>>,
    mrg: Option<Segment<'a>>,
}

fn people(message: &Message) -> Vec<Sheet<'_>> {
    let mut sheets: Vec<Sheet<'_>> = Vec::new();
    for segment in message.segments() {
        match (segment.name(), sheets.last_mut()) {
            ("PID", _) => sheets.push(Sheet { pid: segment, pv1: None, mrg: None }),
            ("PV1", Some(sheet)) => sheet.pv1 = sheet.pv1.or(Some(segment)),
            ("MRG", Some(sheet)) => sheet.mrg = sheet.mrg.or(Some(segment)),
            _ => {}
        }
    }
    sheets
}

fn read_one(
    meaning: Meaning,
    sheet: &Sheet<'_>,
    sequence: usize,
    at: Time,
    settings: &ReadSettings,
    content: &mut Content,
) {
    let Some(patient) = PatientRef::read(&sheet.pid, settings) else {
        let reason = "no identifier in PID-3 that the site knows patients by; check authority and type";
        content.problems.push(no_patient(sequence, reason));
        return;
    };
    let former = sheet.mrg.and_then(|mrg| identify(mrg.field(1), settings)).filter(|id| *id != patient.id);
    let (kind, other) = match (meaning, former) {
        (Meaning::One(kind), _) => (kind, None),
        (Meaning::Merge | Meaning::Renumber, Some(former)) => (CensusKind::Merge, Some(former)),
        (Meaning::Renumber, None) => (CensusKind::Update, None),
        (Meaning::Merge, None) => {
            let reason = "MRG-1 names no identifier that ceases, or the surviving one again; send the former identifier";
            content.problems.push(Problem::at(("MRG", sequence, 1), code::UNKNOWN_KEY, "no-patient", reason));
            return;
        }
        (Meaning::MoveVisit, _) => {
            let reason =
                "a visit moved between patients; which values go with it has to be decided by a person";
            content.problems.push(Problem::at(("MRG", sequence, 1), code::EVENT, "visit-moved", reason));
            return;
        }
        (Meaning::Swap, _) => return,
    };
    push(content, sheet, patient, kind, other, at, settings);
}

/// PID, PV1, PID, PV1: each PV1 says where its patient lies from now on.
fn read_swap(people: &[Sheet<'_>], at: Time, settings: &ReadSettings, content: &mut Content) {
    let known: Vec<Option<PatientRef>> =
        people.iter().map(|sheet| PatientRef::read(&sheet.pid, settings)).collect();
    let [Some(first), Some(second)] = known.as_slice() else {
        let reason = "a swap names two patients, each with a known identifier in PID-3";
        content.problems.push(no_patient(people.len(), reason));
        return;
    };
    let other = Some(second.id.clone());
    push(content, &people[0], first.clone(), CensusKind::Swap, other, at, settings);
}

fn push(
    content: &mut Content,
    sheet: &Sheet<'_>,
    patient: PatientRef,
    kind: CensusKind,
    other: Option<PatientId>,
    at: Time,
    settings: &ReadSettings,
) {
    let location = sheet.pv1.and_then(|pv1| read_location(&pv1, settings));
    let census = Census {
        patient: patient.id.clone(),
        kind,
        location: location.clone(),
        person: patient.person.clone(),
        other,
        at,
    };
    content.groups.push(Group { patient: Some(patient), location, parts: vec![Part::Census(census)] });
}
