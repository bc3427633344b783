//! One event of every kind, for golden files and tests. Made up, as every value here.

use crate::model::assessment::{Assessment, Charted, Factors, Ice};
use crate::model::event::{
    Action, ActionKind, Actor, Delivery, DisplayReport, Event, Rating, Rejection, Role, Site,
};
use crate::model::{
    AlertId, Analyte, AnalyteSettings, Bound, Census, CensusKind, Location, Observation, OxygenDevice,
    PatientId, Person, Quality, Quantity, RateLimit, Span, Status, Therapy, TherapyAction, TherapyKind, Time,
    Value,
};

pub(crate) fn patient() -> PatientId {
    PatientId::parse("0012345").expect("an identifier")
}

pub(crate) fn observed(number: i64) -> Event {
    Event::Observed(Observation {
        patient: patient(),
        analyte: Analyte::TEMPERATURE,
        quantity: Some(Quantity::exactly(Value(38_400))),
        measured_at: Time(1_795_298_400_000 + number),
        source: "MONITOR|6E".into(),
        code: "8310-5^LN".into(),
        status: Status::Final,
        quality: Quality::default(),
        order: None,
        device: None,
        original: "38.4 Cel".into(),
    })
}

pub(crate) fn events() -> Vec<Event> {
    let mut events = clinical();
    events.extend(actions());
    events.extend(of_the_service());
    events
}

fn clinical() -> Vec<Event> {
    let at = Time(1_795_298_400_000);
    vec![
        observed(0),
        Event::Observed(Observation {
            patient: patient(),
            analyte: Analyte::PHOSPHATE,
            quantity: Some(Quantity { value: Value(2_300), bound: Bound::AtMost }),
            measured_at: at,
            source: "LIS|KUH".into(),
            code: "2777-1^LN".into(),
            status: Status::Corrected,
            quality: Quality { implausible: true, specimen: true, ..Quality::default() },
            order: Some("S-77".into()),
            device: Some("AU5800".into()),
            original: "0.74 mmol/L \u{7d50}\u{679c}".into(),
        }),
        Event::Census(Census {
            patient: patient(),
            kind: CensusKind::Admit,
            location: Some(Location { ward: "6E".into(), bed: "07".into() }),
            person: Some(Person { family: "\u{5c71}\u{7530}".into(), sex: "F".into(), ..Person::default() }),
            other: None,
            at,
        }),
        Event::Therapy(Therapy {
            patient: patient(),
            kind: TherapyKind::Oxygen,
            action: TherapyAction::Started,
            at,
            until: None,
            agent: None,
            product: None,
            device: Some(OxygenDevice::NasalCannula),
            flow: Some(Value(2_000)),
            dose: None,
            airway_only: false,
            source: "nurse:sato".into(),
            order: None,
        }),
        Event::Assessed {
            patient: patient(),
            assessment: Assessment {
                at,
                by: "sato".into(),
                ice: Some(Ice { orientation: 4, naming: 3, commands: 1, writing: 0, attention: 1 }),
                charted: Some(Charted { crs: Some(1), icans: None, iec_hs: None }),
                ..Assessment::default()
            },
        },
        Event::Factors {
            patient: patient(),
            factors: Factors { age: Some(61), easix_pre: Some(Value(2_150)), ..Factors::default() },
            by: "mori".into(),
        },
    ]
}

fn actions() -> Vec<Event> {
    let kinds = [
        ActionKind::Acknowledge { comment: "seen".into() },
        ActionKind::Shelve { minutes: 30, reason: "bath".into() },
        ActionKind::Unshelve,
        ActionKind::OutOfService { reason: "trial".into() },
        ActionKind::BackInService,
        ActionKind::Rate { rating: Rating::Useful },
        ActionKind::Undo,
        ActionKind::Close { comment: "sensor off".into() },
    ];
    let by = Actor { name: "sato".into(), role: Role::Nurse };
    kinds
        .into_iter()
        .map(|kind| Event::Acted(Action { alert: AlertId::new(41, 1), by: by.clone(), kind }))
        .collect()
}

fn of_the_service() -> Vec<Event> {
    vec![
        Event::Rejected(Rejection {
            id: "q-1".into(),
            source: "LIS|KUH".into(),
            via: "mllp".into(),
            class: "unknown-unit".into(),
            reason: "unit `furlong` is not known; add it to units.toml".into(),
            place: "OBX^3".into(),
            patient: Some(patient()),
        }),
        Event::Rules {
            hash: "ab12".into(),
            author: "mori".into(),
            files: vec![("crs.toml".into(), "[[rule]]\n".into())],
        },
        Event::RulesRefused { author: "mori".into(), reason: "rule without a case".into() },
        Event::Terminology {
            hash: "cd34".into(),
            analytes: vec![AnalyteSettings {
                name: Analyte::TEMPERATURE,
                unit: "\u{b0}C".into(),
                title_en: "Temperature".into(),
                title_ja: "\u{4f53}\u{6e29}".into(),
                hard_min: Some(Value::whole(20)),
                hard_max: Some(Value::whole(45)),
                soft_min: None,
                soft_max: None,
                rate: Some(RateLimit { change: Some(Value::whole(2)), percent: None, within: Span::HOUR }),
                stale_after: Span::hours(6),
                decimals: 1,
                continuous: true,
                upper_normal: None,
                same_assay: false,
            }],
        },
        Event::Site(Site::default()),
        Event::Display(DisplayReport {
            display: "d1".into(),
            ward: "6E".into(),
            painting: true,
            sound: Some(false),
        }),
        Event::Delivery(Delivery {
            alert: AlertId::new(41, 1),
            step: 1,
            channel: "webhook:pager".into(),
            delivered: true,
            detail: "200".into(),
        }),
        Event::Heard { source: "LIS|KUH".into(), via: "mllp".into(), skew_seconds: Some(-3) },
        Event::Service { part: "mqtt".into(), healthy: false, detail: "broker gone".into() },
        Event::Tick,
    ]
}
