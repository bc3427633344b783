//! Who a message is about and where that person lies: PID and PV1.

use crate::model::{Location, PatientId, Person};

use super::field::{Field, Repetition};
use super::message::Segment;
use super::settings::ReadSettings;

/// In a [`Person`] of ours, HL7's `""`: known to be nothing. An empty text says nothing, and what is known
/// stays.
pub const CLEARED: &str = "\"\"";

/// A patient as a message names one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatientRef {
    pub id: PatientId,
    /// Set where PID-5, PID-7 or PID-8 says something. A field that is empty was not said; [`CLEARED`] was said
    /// to be nothing.
    pub person: Option<Person>,
}

impl PatientRef {
    pub fn read(pid: &Segment<'_>, settings: &ReadSettings) -> Option<PatientRef> {
        let id = identify(pid.field(3), settings)?;
        Some(PatientRef { id, person: read_person(pid) })
    }
}

/// The identifier among several (PID-3, MRG-1) that the site knows patients by. With an authority configured
/// only its own counts, the best type first; without one the first of type MR, else the first there is.
pub fn identify(identifiers: Field<'_>, settings: &ReadSettings) -> Option<PatientId> {
    let mut best: Option<(usize, PatientId)> = None;
    for identifier in identifiers.repetitions() {
        let Some(id) = PatientId::parse(&identifier.component(1).word()) else { continue };
        let kind = identifier.component(5).word();
        let rank = match &settings.authority {
            Some(authority) if !is_of(&identifier, authority) => continue,
            Some(_) => {
                let types = &settings.identifier_types;
                types.iter().position(|known| known.eq_ignore_ascii_case(&kind)).unwrap_or(types.len())
            }
            None => usize::from(!kind.eq_ignore_ascii_case("MR")),
        };
        if best.as_ref().is_none_or(|(known, _)| rank < *known) {
            best = Some((rank, id));
        }
    }
    best.map(|(_, id)| id)
}

/// The authority's own name or its universal id.
fn is_of(identifier: &Repetition<'_>, authority: &str) -> bool {
    let assigner = identifier.component(4);
    [1, 2].into_iter().any(|n| {
        let name = assigner.subcomponent(n).text();
        !name.is_empty() && name.trim().eq_ignore_ascii_case(authority)
    })
}

fn read_person(pid: &Segment<'_>) -> Option<Person> {
    let (names, birth, sex) = (pid.field(5), pid.field(7), pid.field(8));
    if names.is_empty() && birth.is_empty() && sex.is_empty() {
        return None;
    }
    let mut person = Person::default();
    if names.is_null() {
        (person.family, person.given, person.phonetic) = (CLEARED.into(), CLEARED.into(), CLEARED.into());
    }
    for name in names.repetitions().filter(|name| !name.is_empty() && !name.is_null()) {
        let family = name.component(1).subcomponent(1).text().trim().to_owned();
        let given = name.component(2).word();
        // Component 8: I ideographic, A alphabetic, P phonetic.
        if name.component(8).raw() == "P" {
            person.phonetic = format!("{family} {given}").trim().to_owned();
        } else if person.family.is_empty() && person.given.is_empty() {
            (person.family, person.given) = (family, given);
        }
    }
    person.birth_date = if birth.is_null() { CLEARED.into() } else { read_date(birth.component(1).raw()) };
    person.sex = if sex.is_null() { CLEARED.into() } else { sex.component(1).word() };
    Some(person)
}

/// `YYYY-MM-DD` as far as it goes; empty for what is no date.
fn read_date(raw: &str) -> String {
    let digits: Vec<&str> =
        [(0, 4), (4, 6), (6, 8)].into_iter().filter_map(|(from, to)| raw.get(from..to)).collect();
    let good = digits.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    if good { digits.join("-") } else { String::new() }
}

/// PV1-3 as ward and bed; `None` where it says neither.
pub fn read_location(pv1: &Segment<'_>, settings: &ReadSettings) -> Option<Location> {
    let place = pv1.field(3);
    let word = |n: usize| {
        let component = place.component(n);
        if component.is_null() { String::new() } else { component.subcomponent(1).text().trim().to_owned() }
    };
    let (ward, room, bed) = (word(1), word(2), word(3));
    let mut name = settings
        .bed
        .replace("{ward}", &ward)
        .replace("{room}", &room)
        .replace("{bed}", &bed)
        .trim()
        .to_owned();
    // A template such as `{room}-{bed}` without either leaves only its punctuation.
    if !name.contains(char::is_alphanumeric) {
        name = if room.is_empty() { bed } else { room };
    }
    (!ward.is_empty() || !name.is_empty()).then_some(Location { ward, bed: name })
}
