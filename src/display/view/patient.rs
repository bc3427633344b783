//! A patient in the words of the API.

use serde_json::{Map, Value as Json, json};

use super::{AlertView, alias, members_text, number, number_or_null, read_back, time, time_or_null};
use crate::display::access::Identity;
use crate::engine::Engine;
use crate::engine::patient::{Grade, Patient};
use crate::engine::score::{Band, Score, Term};
use crate::model::{Alert, Analyte, PatientId, Person, Priority, Quantity, Therapy, Time, Value};

/// Therapies sent with a patient; the newest of them.
const THERAPIES: usize = 50;

/// One patient, ready to be written at any identity level. Kept as text: a tree of the same takes eight times the memory.
#[derive(Clone, Debug, PartialEq)]
pub struct PatientView {
    pub id: PatientId,
    pub alias: String,
    pub ward: String,
    pub admitted: bool,
    person: Option<Person>,
    same_name: bool,
    /// Every member that does not depend on who looks, apart from alerts.
    members: Box<str>,
    alerts: Vec<AlertView>,
}

impl PatientView {
    /// `alerts` are the patient's open ones.
    pub fn of(patient: &Patient, alerts: &[&Alert], engine: &Engine, key: &[u8; 32]) -> PatientView {
        PatientView {
            id: patient.id.clone(),
            alias: alias(key, &patient.id),
            ward: patient.location.ward.clone(),
            admitted: patient.admitted,
            person: patient.person.clone(),
            same_name: has_namesake(patient, engine),
            members: members_text(&members(patient, engine)),
            alerts: alerts.iter().map(|alert| AlertView::of(alert, engine, key)).collect(),
        }
    }

    /// The patient as a caller of this level may see it, with open alerts of at least this priority, as JSON text.
    pub fn text(&self, level: Identity, least: Priority) -> String {
        let mut head = Map::new();
        let id = match level {
            Identity::P0 | Identity::P1 | Identity::P2 => self.alias.as_str(),
            Identity::P3 => self.id.as_str(),
        };
        head.insert("id".into(), id.into());
        if let Some(person) = &self.person {
            self.identify(&mut head, person, level);
        }
        let shown = self.alerts.iter().filter(|alert| alert.priority >= least);
        let alerts: Vec<String> = shown.map(|alert| alert.text(level)).collect();
        format!("{{{},{},\"alerts\":[{}]}}", members_text(&head), self.members, alerts.join(","))
    }

    pub fn json(&self, level: Identity, least: Priority) -> Json {
        read_back(&self.text(level, least))
    }

    /// The same patient after the identifier ceased or the ward was left: nothing to show any more.
    pub fn departed(&self) -> PatientView {
        let mut members = Map::new();
        members.insert("ward".into(), self.ward.clone().into());
        members.insert("bed".into(), Json::Null);
        members.insert("admitted".into(), false.into());
        let members = members_text(&members);
        PatientView { person: None, admitted: false, members, alerts: Vec::new(), ..self.clone() }
    }

    fn identify(&self, object: &mut Map<String, Json>, person: &Person, level: Identity) {
        let full = format!("{} {}", person.family, person.given).trim().to_owned();
        let name = match level {
            Identity::P0 => return,
            Identity::P1 => initial(person),
            Identity::P2 | Identity::P3 => full,
        };
        object.insert("name".into(), name.into());
        object.insert("same_name".into(), self.same_name.into());
        if level == Identity::P3 {
            object.insert("phonetic".into(), person.phonetic.clone().into());
            object.insert("birth_date".into(), person.birth_date.clone().into());
            object.insert("sex".into(), person.sex.clone().into());
        }
    }
}

/// The first two letters of the reading, else the first of the family name.
fn initial(person: &Person) -> String {
    if person.phonetic.is_empty() {
        person.family.chars().take(1).collect()
    } else {
        person.phonetic.chars().take(2).collect()
    }
}

fn has_namesake(patient: &Patient, engine: &Engine) -> bool {
    let Some(person) = &patient.person else { return false };
    engine.patients().any(|other| {
        other.id != patient.id
            && other.admitted
            && other.location.ward == patient.location.ward
            && other.person.as_ref().is_some_and(|p| p.family == person.family && p.given == person.given)
    })
}

/// Everything of a patient that does not depend on who looks, apart from alerts.
fn members(patient: &Patient, engine: &Engine) -> Map<String, Json> {
    let text = |text: &str| if text.is_empty() { Json::Null } else { Json::from(text) };
    // Who has left lies in no bed, whatever the bed was.
    let bed = if patient.admitted { text(&patient.location.bed) } else { Json::Null };
    let day = patient.day(engine.now()).map(|day| day.rounded(1));
    let score = |name: &str| patient.scores.get(name).map_or(Json::Null, Score::to_json);
    let mut object = Map::new();
    object.insert("ward".into(), patient.location.ward.clone().into());
    object.insert("bed".into(), bed);
    object.insert("admitted".into(), patient.admitted.into());
    object.insert("day".into(), number_or_null(day));
    object.insert("product".into(), patient.product().map_or(Json::Null, Json::from));
    object.insert("infused_at".into(), time_or_null(patient.infusion().map(|infusion| infusion.at)));
    object.insert("crs".into(), grade(&patient.crs));
    object.insert("icans".into(), grade(&patient.icans));
    object
        .insert("risk".into(), json!({"crs": risk(patient, "crs_ews"), "icans": risk(patient, "icans_ews")}));
    object.insert("news2".into(), score("news2"));
    object.insert("latest".into(), latest(patient, engine));
    object.insert("therapies".into(), therapies(&patient.therapies));
    // Applying something of this patient failed: what is shown may be old, and a technical alert says so.
    object.insert("broken".into(), patient.broken.into());
    object
}

fn grade(grade: &Grade) -> Json {
    let suggested = grade.value();
    let charted = grade.charted.as_ref();
    let terms: &[Term] = grade.suggested.as_ref().map_or(&[], |score| &score.terms);
    let counted = terms.iter().filter(|term| !term.value.is_empty());
    let reasons: Vec<String> = counted.map(|term| format!("{} {}", term.name, term.value)).collect();
    json!({
        "grade": charted.map(|c| Json::from(c.grade)).unwrap_or_else(|| number_or_null(suggested)),
        "suggested": number_or_null(suggested),
        "at_least": number_or_null(grade.at_least()),
        "charted": charted.map(|c| c.grade),
        "by": charted.map(|c| c.by.clone()),
        "charted_at": time_or_null(charted.map(|c| c.at)),
        "since": time_or_null(grade.since),
        "reasons": reasons,
        "terms": terms.iter().map(term).collect::<Vec<_>>(),
        "missing": grade.suggested.as_ref().map(|score| score.missing.clone()).unwrap_or_default(),
        "source": grade.suggested.as_ref().map(|score| score.source.clone()),
    })
}

fn risk(patient: &Patient, name: &str) -> Json {
    let Some(score) = patient.scores.get(name) else { return Json::Null };
    // The band shown has dwelt; the score's own is of this moment.
    let held = patient.bands.get(name).map(|hold| hold.band());
    json!({
        "points": number_or_null(score.value),
        "at_least": number_or_null(score.at_least),
        // Green only where it is certain: with inputs missing, "nothing found" is not "low risk".
        "band": held.or(score.band).filter(|band| *band > Band::Green || !score.band_open).map(|band| band.name()),
        "band_now": score.band.map(|band| band.name()),
        "band_open": score.band_open,
        "terms": score.terms.iter().map(term).collect::<Vec<_>>(),
        "missing": score.missing,
        "available": [score.available.0, score.available.1],
        "flags": score.flags,
        "source": score.source,
    })
}

fn term(term: &Term) -> Json {
    json!({
        "name": term.name,
        "points": number_or_null(term.points),
        "value": term.value,
        "at": time_or_null(term.measured_at),
        "source": term.source,
    })
}

/// The newest value of each analyte. One that a broker had kept is old, whatever its time says.
fn latest(patient: &Patient, engine: &Engine) -> Json {
    let mut rows = Map::new();
    for (analyte, window) in &patient.windows {
        if let Some(sample) = window.last() {
            let settings = engine.settings(*analyte);
            let stale = settings.is_some_and(|s| engine.now() - sample.at > s.stale_after);
            let doubt = window.doubt(&sample, settings.and_then(|s| s.rate.as_ref()));
            rows.insert(
                analyte.as_str().to_owned(),
                value(*analyte, sample.quantity(), sample.at, stale, doubt, engine),
            );
        }
    }
    for analyte in patient.remembered.keys() {
        if let Some(old) = patient.remembered(*analyte) {
            let row = value(*analyte, old.quantity, old.at, true, Some("retained"), engine);
            rows.insert(analyte.as_str().to_owned(), row);
        }
    }
    Json::Object(rows)
}

fn value(
    analyte: Analyte,
    quantity: Quantity,
    at: Time,
    stale: bool,
    doubt: Option<&str>,
    engine: &Engine,
) -> Json {
    let mut row = Map::new();
    row.insert("value".into(), number(shown(quantity.value, analyte, engine)));
    if let Some(sign) = quantity.bound.sign() {
        row.insert("comparator".into(), sign.into());
    }
    row.insert("unit".into(), engine.settings(analyte).map(|s| s.unit.clone()).into());
    row.insert("measured_at".into(), time(at));
    row.insert("stale".into(), stale.into());
    if let Some(flag) = doubt {
        row.insert("flag".into(), flag.into());
    }
    Json::Object(row)
}

/// Rounded to the decimals people read of this analyte.
fn shown(value: Value, analyte: Analyte, engine: &Engine) -> Value {
    engine.settings(analyte).map_or(value, |settings| value.rounded(settings.decimals))
}

fn therapies(all: &[Therapy]) -> Json {
    let newest = &all[all.len().saturating_sub(THERAPIES)..];
    newest.iter().map(therapy).collect()
}

pub fn therapy(therapy: &Therapy) -> Json {
    let mut row = Map::new();
    row.insert("kind".into(), therapy.kind.name().into());
    row.insert("action".into(), json!(therapy.action));
    row.insert("at".into(), time(therapy.at));
    let mut put = |name: &str, value: Option<Json>| {
        if let Some(value) = value {
            row.insert(name.into(), value);
        }
    };
    put("until", therapy.until.map(time));
    put("agent", therapy.agent.clone().map(Json::from));
    put("product", therapy.product.clone().map(Json::from));
    put("device", therapy.device.map(|device| device.name().into()));
    put("flow", therapy.flow.map(number));
    put("dose", therapy.dose.clone().map(Json::from));
    put("airway_only", therapy.airway_only.then_some(Json::Bool(true)));
    row.insert("source".into(), therapy.source.clone().into());
    Json::Object(row)
}
