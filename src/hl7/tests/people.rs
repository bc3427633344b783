//! Rows 71 to 77 of the conformance table: patients, drugs and device alarms.

use super::*;
use crate::model::{Census, CensusKind, DrugStatus, Location, PatientId};

fn census(kind: &str, rest: &str) -> Vec<Census> {
    let text = format!("MSH|^~\\&|HIS|KUH|SW|KUH|20261122081500+0900||ADT^{kind}|A1|P|2.5\n{rest}");
    let content = content(&text);
    assert_eq!(content.problems, []);
    content
        .groups
        .iter()
        .flat_map(|group| &group.parts)
        .map(|part| match part {
            Part::Census(census) => census.clone(),
            other => panic!("no census: {other:?}"),
        })
        .collect()
}

const PERSON: &str = "PID|1||CT0007^^^KUH^MR||TEST^ALPHA||19600102|M\nPV1|1|I|6E^01^1\n";

#[test]
fn every_adt_event_has_its_meaning() {
    for (events, wanted) in [
        (vec!["A01", "A04", "A06"], CensusKind::Admit),
        (vec!["A05"], CensusKind::Expect),
        (vec!["A02"], CensusKind::Move),
        (vec!["A03"], CensusKind::Discharge),
        (vec!["A08", "A28", "A31"], CensusKind::Update),
        (vec!["A11"], CensusKind::CancelAdmit),
        (vec!["A12"], CensusKind::CancelMove),
        (vec!["A13"], CensusKind::CancelDischarge),
    ] {
        for event in events {
            let found = census(event, &format!("EVN|{event}|20261122080000+0900\n{PERSON}"));
            assert_eq!(found.len(), 1);
            assert_eq!((found[0].kind, found[0].other.clone()), (wanted, None), "{event}");
            assert_eq!(found[0].location, Some(Location { ward: "6E".into(), bed: "01".into() }));
            let person = found[0].person.as_ref().expect("a person");
            assert_eq!((person.family.as_str(), person.given.as_str()), ("TEST", "ALPHA"));
            assert_eq!((person.birth_date.as_str(), person.sex.as_str()), ("1960-01-02", "M"));
        }
    }
}

#[test]
fn row_74_an_event_happened_when_evn_6_says_else_evn_2_else_msh_7() {
    let when = |evn: &str| census("A02", &format!("{evn}\n{PERSON}"))[0].at;
    assert_eq!(when("EVN|A02|20261122080000+0900||||20261122074500+0900"), at("2026-11-22T07:45:00+09:00"));
    assert_eq!(when("EVN|A02|20261122080000+0900"), at("2026-11-22T08:00:00+09:00"));
    assert_eq!(when("EVN|A02"), at("2026-11-22T08:15:00+09:00"));
    let content = content(&format!("MSH|^~\\&|HIS|KUH|SW|KUH|||ADT^A02|A1|P|2.5\nEVN|A02\n{PERSON}"));
    assert_eq!((content.groups.len(), content.problems[0].place.as_str()), (0, "EVN^1^2"));
}

#[test]
fn row_72_a_merge_names_the_survivor_and_who_ceases() {
    let id = |text: &str| PatientId::parse(text).expect("an id");
    let found = census(
        "A40",
        "EVN|A40|20261122\nPID|1||NEW1^^^KUH^MR\nMRG|OLD1^^^KUH^MR\nPID|2||NEW2^^^KUH^MR\nMRG|OLD2^^^KUH^MR",
    );
    let pairs: Vec<(PatientId, Option<PatientId>)> =
        found.iter().map(|c| (c.patient.clone(), c.other.clone())).collect();
    assert_eq!(pairs, [(id("NEW1"), Some(id("OLD1"))), (id("NEW2"), Some(id("OLD2")))]);
    assert!(found.iter().all(|census| census.kind == CensusKind::Merge));
    for event in ["A18", "A34", "A35", "A36", "A41", "A42", "A47"] {
        assert_eq!(
            census(event, "PID|1||NEW1^^^KUH^MR\nMRG|OLD1^^^KUH^MR")[0].kind,
            CensusKind::Merge,
            "{event}"
        );
    }
    for event in ["A35", "A41", "A42"] {
        let found = census(event, "PID|1||NEW1^^^KUH^MR\nMRG|NEW1^^^KUH^MR||ACCOUNT9");
        assert_eq!(
            (found[0].kind, found[0].other.clone()),
            (CensusKind::Update, None),
            "{event}: only an account changed"
        );
    }
}

#[test]
fn a_merge_that_names_nobody_and_a_moved_visit_merge_nobody() {
    for (event, mrg) in
        [("A40", "MRG|"), ("A40", "MRG|NEW1^^^KUH^MR"), ("A40", "ZZZ|"), ("A45", "MRG|OLD1^^^KUH^MR")]
    {
        let text =
            format!("MSH|^~\\&|HIS|KUH|SW|KUH|20261122||ADT^{event}|A1|P|2.5\nPID|1||NEW1^^^KUH^MR\n{mrg}");
        let content = content(&text);
        assert_eq!(
            (content.groups.len(), content.problems[0].place.as_str()),
            (0, "MRG^1^1"),
            "{event} {mrg}"
        );
    }
}

#[test]
fn a_swap_names_both_and_where_the_first_now_lies() {
    let found = census(
        "A17",
        "EVN|A17|20261122\nPID|1||P1^^^KUH^MR\nPV1|1|I|6E^02^1\nPID|2||P2^^^KUH^MR\nPV1|2|I|6E^01^1",
    );
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].patient.as_str(), found[0].kind), ("P1", CensusKind::Swap));
    assert_eq!(found[0].other.as_ref().expect("the other").as_str(), "P2");
    assert_eq!(found[0].location.as_ref().expect("a place").bed, "02");
    let half =
        content("MSH|^~\\&|HIS|KUH|SW|KUH|20261122||ADT^A17|A1|P|2.5\nPID|1||P1^^^KUH^MR\nPV1|1|I|6E^02^1");
    assert_eq!((half.groups.len(), half.problems.len()), (0, 1));
}

#[test]
fn row_75_empty_says_nothing_and_two_quotes_say_nothing_is_there() {
    let person = |pid: &str| census("A08", pid)[0].person.clone();
    assert_eq!(person("PID|1||CT0007^^^KUH^MR||||"), None, "nothing said about the person");
    let some = person("PID|1||CT0007^^^KUH^MR||||19600102|").expect("a birth date");
    assert_eq!((some.family.as_str(), some.birth_date.as_str(), some.sex.as_str()), ("", "1960-01-02", ""));
    let cleared = person("PID|1||CT0007^^^KUH^MR||\"\"||\"\"|\"\"").expect("said to be nothing");
    assert_eq!((cleared.family.as_str(), cleared.given.as_str()), (CLEARED, CLEARED));
    assert_eq!((cleared.birth_date.as_str(), cleared.sex.as_str()), (CLEARED, CLEARED));
    let kana = person("PID|1||CT0007||患者^太郎^^^^^L^I~カンジャ^タロウ^^^^^L^P||196001").expect("a person");
    assert_eq!((kana.family.as_str(), kana.given.as_str()), ("患者", "太郎"));
    assert_eq!((kana.phonetic.as_str(), kana.birth_date.as_str()), ("カンジャ タロウ", "1960-01"));
}

#[test]
fn a_bed_is_named_as_the_site_names_it() {
    let place = |template: &str, pv1: &str| {
        let settings = ReadSettings { bed: template.into(), ..tokyo() };
        let text = format!("MSH|^~\\&|HIS|KUH|SW|KUH|20261122||ADT^A01|A1|P|2.5\nPID|1||CT1\nPV1|1|I|{pv1}");
        let content = read(&message(&text), &settings).expect("content");
        content.groups[0].location.clone().map(|location| (location.ward, location.bed))
    };
    let named = |ward: &str, bed: &str| Some((ward.to_owned(), bed.to_owned()));
    assert_eq!(place("{room}", "6E^01^1"), named("6E", "01"));
    assert_eq!(place("{room}", "6E^^1"), named("6E", "1"));
    assert_eq!(place("{room}-{bed}", "6E^612^2"), named("6E", "612-2"));
    assert_eq!(place("{room}-{bed}", "6E"), named("6E", ""));
    assert_eq!(place("{bed}", "6E^612^"), named("6E", "612"));
    assert_eq!(place("{room}", "6E&x^01&y^1"), named("6E", "01"));
    assert_eq!(place("{room}", "\"\"^\"\""), None);
    assert_eq!(place("{room}", ""), None);
}

fn drugs(kind: &str, rest: &str) -> Vec<crate::model::DrugGiven> {
    let text = format!(
        "MSH|^~\\&|HIS|KUH|SW|KUH|20261122081500+0900||{kind}|A1|P|2.5\nPID|1||CT0007^^^KUH^MR\n{rest}"
    );
    content(&text)
        .groups
        .iter()
        .flat_map(|group| &group.parts)
        .map(|part| match part {
            Part::Drug(drug) => drug.clone(),
            other => panic!("no drug: {other:?}"),
        })
        .collect()
}

#[test]
fn a_given_drug_is_a_dose_or_a_running_rate() {
    let one = |orc: &str, rxa: &str| drugs("RAS^O17", &format!("ORC|{orc}\n{rxa}")).remove(0);
    let dose = one(
        "RE|P1|F1",
        "RXA|0|1|20261122090000|20261122090000|TOCI^Tocilizumab^L|480|mg^mg^UCUM|||||||||||||CP",
    );
    assert_eq!((dose.status, dose.dose.as_str(), dose.rate.as_str()), (DrugStatus::Given, "480 mg", ""));
    assert_eq!((dose.starts_at, dose.ends_at), (Some(at("2026-11-22T09:00:00+09:00")), None));
    assert_eq!((dose.order.as_deref(), dose.codings[0].name.as_str()), (Some("P1"), "Tocilizumab"));
    let rate = one("RE|P2", "RXA|0|1|20261122090000||NOR^Norepinephrine^L|0.1|ug/kg/min");
    assert_eq!(
        (rate.status, rate.dose.as_str(), rate.rate.as_str()),
        (DrugStatus::Started, "", "0.1 ug/kg/min")
    );
    let per = one("RE|P2", "RXA|0|1|20261122090000|20261122110000|NOR^Norepinephrine^L|5|mL|||||h");
    assert_eq!((per.status, per.rate.as_str()), (DrugStatus::Started, "5 mL/h"));
    assert_eq!(per.ends_at, Some(at("2026-11-22T11:00:00+09:00")));
    let concentration = one("RE|P2", "RXA|0|1|20261122090000||X^X^L|5|mg/mL");
    assert_eq!((concentration.status, concentration.dose.as_str()), (DrugStatus::Given, "5 mg/mL"));
    assert_eq!(one("DC|P2", "RXA|0|1|20261122090000||NOR^N^L|0|ug/kg/min").status, DrugStatus::Stopped);
    for refused in [
        "RXA|0|1|20261122090000||A^A^L|1|mg|||||||||||||RE",
        "RXA|0|1|20261122090000||A^A^L|1|mg|||||||||||||CP|D",
    ] {
        assert_eq!(one("RE|P2", refused).status, DrugStatus::Withdrawn, "{refused}");
    }
}

#[test]
fn a_pump_that_runs_at_nothing_is_stopped() {
    for rate in ["0|ug/kg/min", "0.0|mL/h", "0|mL|||||h"] {
        let text = format!("ORC|RE|P2\nRXA|0|1|20261122090000||NOR^Norepinephrine^L|{rate}");
        assert_eq!(drugs("RAS^O17", &text).remove(0).status, DrugStatus::Stopped, "{rate}");
    }
}

#[test]
fn an_order_counts_as_given_where_the_house_says_so_or_the_order_is_complete() {
    let told = |state: &str, settings: &ReadSettings| {
        let text = format!(
            "MSH|^~\\&|HIS|KUH|SW|KUH|20261122||RDE^O11|A1|P|2.5\nPID|1||CT1\nORC|NW|P1|||{state}\n\
             RXE|^^^20261122100000|NOR^Norepinephrine^L|||||||||||||||||||||0.2|ug/kg/min"
        );
        let mut content = read(&message(&text), settings).expect("content");
        match content.groups[0].parts.remove(0) {
            Part::Drug(drug) => drug.status,
            other => panic!("no drug: {other:?}"),
        }
    };
    let given = ReadSettings { orders_are_given: true, ..tokyo() };
    assert_eq!(told("", &tokyo()), DrugStatus::Ordered);
    assert_eq!(told("", &given), DrugStatus::Started);
    assert_eq!(told("CM", &tokyo()), DrugStatus::Started);
}

#[test]
fn a_drug_without_time_or_code_is_a_problem() {
    let text = "MSH|^~\\&|HIS|KUH|SW|KUH|20261122||RAS^O17|A1|P|2.5\nPID|1||CT1\nORC|RE\nRXA|0|1|||A^A^L|1|mg\nRXA|0|2|20261122|||1|mg\nRXA|0|3|20261122||B^B^L|1|mg";
    let content = content(text);
    let places: Vec<&str> = content.problems.iter().map(|problem| problem.place.as_str()).collect();
    assert_eq!(places, ["RXA^1^3", "RXA^2^5"]);
    assert_eq!(content.groups[0].parts.len(), 1);
}

#[test]
fn an_ordered_drug_is_not_a_given_one() {
    let one = |orc: &str, rest: &str| drugs("RDE^O11", &format!("ORC|{orc}\n{rest}")).remove(0);
    let order = one("NW|P1", "TQ1|1||||||20261122100000|20261122120000\nRXE||DEX^Dexamethasone^L|10||mg");
    assert_eq!((order.status, order.dose.as_str()), (DrugStatus::Ordered, "10 mg"));
    assert_eq!(order.starts_at, Some(at("2026-11-22T10:00:00+09:00")));
    assert_eq!(order.ends_at, Some(at("2026-11-22T12:00:00+09:00")));
    let older = one("NW|P1", "RXE|^^^20261122100000|DEX^D^L|10||mg||||||||||||||||||0.2|ug/kg/min");
    assert_eq!(
        (older.starts_at, older.rate.as_str()),
        (Some(at("2026-11-22T10:00:00+09:00")), "0.2 ug/kg/min")
    );
    assert_eq!(one("CA|P1", "RXE||DEX^D^L|10||mg").status, DrugStatus::Withdrawn);
    assert_eq!(one("DC|P1", "RXE||DEX^D^L|10||mg").status, DrugStatus::Stopped);
}

#[test]
fn an_order_or_appointment_may_carry_the_infusion() {
    let found = drugs("ORM^O01", "ORC|NW|P1|||CM\nOBR|1|P1||TISA^tisagenlecleucel^L|||20261122100000+0900");
    assert_eq!((found[0].status, found[0].codings[0].code.as_str()), (DrugStatus::Given, "TISA"));
    assert_eq!(found[0].starts_at, Some(at("2026-11-22T10:00:00+09:00")));
    let found = drugs("ORM^O01", "ORC|NW|P1|||||^^^20261125100000\nRXO|AXI^axicabtagene^L|1||bag");
    assert_eq!((found[0].status, found[0].dose.as_str()), (DrugStatus::Ordered, "1 bag"));
    assert_eq!(found[0].starts_at, Some(at("2026-11-25T10:00:00+09:00")));
    let appointment = |trigger: &str| {
        let text = format!(
            "MSH|^~\\&|HIS|KUH|SW|KUH|20261122||SIU^{trigger}|A1|P|2.5\nSCH|S1\nPID|1||CT1\nRGS|1\nAIS|1||TISA^tisagenlecleucel^L|20261125100000"
        );
        match content(&text).groups[0].parts.remove(0) {
            Part::Drug(drug) => (drug.status, drug.order, drug.starts_at),
            other => panic!("no drug: {other:?}"),
        }
    };
    let day = Some(at("2026-11-25T10:00:00+09:00"));
    assert_eq!(appointment("S12"), (DrugStatus::Ordered, Some("S1".into()), day));
    assert_eq!(appointment("S15"), (DrugStatus::Withdrawn, Some("S1".into()), day));
}

fn alarm(numbers: u32) -> DeviceAlarm {
    let n = |offset: u32| numbers + offset;
    let text = format!(
        "MSH|^~\\&|MON^0012AB0000000002^EUI-64|HEMA|SW|HEMA|20261122081503+0900||ORU^R40^ORU_R40|CM-77|P|2.6|||AL|AL\n\
         PID|||CT0007^^^HEMA^MR\nPV1||I|HEMA^512^1\n\
         OBR|1|77^MON|77^MON|196616^MDC_EVT_ALARM^MDC|||20261122081500+0900||||||||||||||||||||||A-77^^0\n\
         OBX|1|ST|196670^MDC_EVT_HI^MDC|1.1.1.1.1|Temp high|||PM~SP|||R|||20261122081459+0900||||DEV9\n\
         OBX|2|NM|150364^MDC_TEMP_BODY^MDC|1.1.1.1.2|39.4|268192^MDC_DIM_DEGC^MDC|||||R\n\
         OBX|3|ST|{}^MDC_ATTR_EVENT_PHASE^MDC|1.1.1.1.3|start||||||R\n\
         OBX|4|ST|{}^MDC_ATTR_ALARM_STATE^MDC|1.1.1.1.4|active||||||R\n\
         OBX|5|ST|{}^MDC_ATTR_ALARM_INACTIVATION_STATE^MDC|1.1.1.1.5|audio-paused||||||R\n\
         OBX|6|ST|{}^MDC_ATTR_ALARM_PRIORITY^MDC|1.1.1.1.6|PH||||||R",
        n(0),
        n(1),
        n(2),
        n(3)
    );
    let mut content = content(&text);
    assert_eq!(content.groups[0].patient.as_ref().expect("a patient").id.as_str(), "CT0007");
    match &content.groups[1].parts[..] {
        [Part::Reading(value)] => assert_eq!(value.place, "OBX^2", "the value it alarms at is a value"),
        other => panic!("no value: {other:?}"),
    }
    match content.groups[0].parts.remove(0) {
        Part::DeviceAlarm(alarm) => alarm,
        other => panic!("no alarm: {other:?}"),
    }
}

#[test]
fn row_77_a_device_alarm_is_understood_by_its_reference_identifiers() {
    let found = alarm(68481);
    assert_eq!(alarm(68165), found, "the numbers do not matter");
    assert_eq!((found.event.name.as_str(), found.text.as_str()), ("MDC_EVT_HI", "Temp high"));
    assert_eq!(found.source.as_ref().expect("a source").name, "MDC_TEMP_BODY");
    assert_eq!((found.value.as_str(), found.id.as_str()), ("39.4", "A-77"));
    assert_eq!((found.phase.as_str(), found.state.as_str()), ("start", "active"));
    assert_eq!(
        (found.inactivation.as_str(), found.priority.as_str(), found.kind.as_str()),
        ("audio-paused", "PH", "SP")
    );
    assert_eq!((found.at, found.device.as_deref()), (Some(at("2026-11-22T08:14:59+09:00")), Some("DEV9")));
}
