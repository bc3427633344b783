//! How fast the fold goes with every score and every shipped rule on: entries a second on one core, memory of a patient
//! after 14 days; what a start from a snapshot spares; then rule evaluations a second with some hundred rules, and what judging only the rules whose inputs
//! changed saves. A JSON line each.
#![allow(clippy::print_stdout, reason = "the printed lines are what this program is for")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a bench measures time")]

use std::time::Instant;

use stormwatch::engine::feature::View;
use stormwatch::engine::rule::{Known, RuleSet, shipped};
use stormwatch::engine::{Engine, Touch, concerns, matters, score};
use stormwatch::model::{
    Analyte, Census, CensusKind, Entry, Event, Location, Observation, PatientId, Quality, Quantity, Span,
    Status, Therapy, TherapyAction, TherapyKind, Time, Value,
};
use stormwatch::terminology::Terminology;

const PATIENTS: usize = 4;
const DAYS: i64 = 14;
const START: Time = Time(1_790_000_000_000);

fn main() {
    let mut engine = Engine::new();
    let mut seq = 0;
    let mut apply = |at: Time, event: Event, engine: &mut Engine| {
        seq += 1;
        engine.apply(&Entry { seq, accepted_at: at, event }).len()
    };
    let terminology = Terminology::builtin();
    let analytes = terminology.analytes().to_vec();
    apply(START, Event::Terminology { hash: "t".into(), analytes }, &mut engine);
    apply(
        START,
        Event::Rules { hash: "r".into(), author: "bench".into(), files: shipped::rules() },
        &mut engine,
    );
    for n in 0..PATIENTS {
        apply(START, Event::Census(admission(n)), &mut engine);
        apply(START, Event::Therapy(infusion(n)), &mut engine);
    }
    let began = Instant::now();
    let (mut entries, mut changes) = (0u64, 0usize);
    for minute in 0..DAYS * 24 * 60 {
        let at = START + Span::minutes(minute);
        for n in 0..PATIENTS {
            for (analyte, value) in readings(n as i64, minute) {
                changes += apply(at, Event::Observed(observation(n, analyte, value, at)), &mut engine);
                entries += 1;
            }
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let bytes: usize = engine.patients().map(|p| p.bytes()).sum();
    println!(
        "{{\"bench\":\"fold\",\"entries_per_second\":{:.0},\"entries\":{entries},\"changes\":{changes},\
         \"rules\":{},\"simulated_days\":{DAYS},\"memory_per_patient_mib\":{:.2}}}",
        entries as f64 / seconds,
        engine.rules().rules.len(),
        bytes as f64 / PATIENTS as f64 / 1_048_576.0
    );
    restart(&engine, seconds);
    rules(&engine, &terminology);
}

/// A start from a snapshot, beside the fold that it spares.
fn restart(engine: &Engine, folding: f64) {
    let began = Instant::now();
    let bytes = engine.to_bytes();
    let wrote = began.elapsed().as_secs_f64();
    let began = Instant::now();
    let again = Engine::from_bytes(&bytes).expect("what was written can be read");
    let read = began.elapsed().as_secs_f64();
    assert!(again.to_bytes() == bytes, "the same engine");
    println!(
        "{{\"bench\":\"restart\",\"snapshot_mib_per_patient\":{:.2},\"write_ms_per_patient\":{:.1},\
         \"read_ms_per_patient\":{:.1},\"times_faster_than_folding\":{:.0}}}",
        bytes.len() as f64 / PATIENTS as f64 / 1_048_576.0,
        wrote * 1e3 / PATIENTS as f64,
        read * 1e3 / PATIENTS as f64,
        folding / read
    );
}

/// The shipped rules three times over, under other names.
fn many_rules(terminology: &Terminology) -> RuleSet {
    let mut files = shipped::rules();
    for copy in ["b", "c"] {
        for (name, text) in shipped::rules() {
            if name.contains('/') || name == "escalation.toml" {
                continue;
            }
            let renamed = text.lines().map(|line| match line.strip_prefix("id = \"") {
                Some(id) => format!("id = \"{copy}-{id}\n"),
                None => format!("{line}\n"),
            });
            files.push((format!("{copy}-{name}"), renamed.collect()));
        }
    }
    RuleSet::load("bench", &files, &Known { analytes: terminology.analytes() }).expect("sound rules")
}

/// Judges rules after each of a minute's vital signs: all of them, and those whose inputs the reading can have moved.
fn rules(engine: &Engine, terminology: &Terminology) {
    const MINUTES: usize = 300;
    let set = many_rules(terminology);
    let references: Vec<_> = set.rules.iter().map(|rule| rule.references()).collect();
    let patient = engine.patient(&patient(0)).expect("admitted");
    let settings = |analyte: Analyte| engine.settings(analyte);
    let view = View { patient, settings: &settings, now: engine.now() };
    let judge = |only_touched: bool| {
        let (began, mut judged, mut met) = (Instant::now(), 0u64, 0u64);
        for _ in 0..MINUTES {
            for (analyte, _) in readings(0, 1) {
                let touch = Touch::Analyte(Analyte::named(analyte));
                let regraded: Vec<&'static str> =
                    score::NAMES.into_iter().filter(|name| matters(name, touch)).collect();
                for (rule, reads) in set.rules.iter().zip(&references) {
                    if !only_touched || concerns(reads, touch, &regraded) {
                        judged += 1;
                        met += u64::from(rule.when.verdict(&view).name() == "met");
                    }
                }
            }
        }
        (began.elapsed().as_secs_f64(), judged, met)
    };
    let ((all, every, met), (touched, some, _)) = (judge(false), judge(true));
    println!(
        "{{\"bench\":\"rules\",\"rules\":{},\"evaluations_per_second\":{:.0},\"met\":{met},\
         \"evaluated_of_all\":{:.3},\"us_per_reading_all\":{:.1},\"us_per_reading_touched\":{:.1},\"times_faster\":{:.2}}}",
        set.rules.len(),
        every as f64 / all,
        some as f64 / every as f64,
        all * 1e6 / (MINUTES * 7) as f64,
        touched * 1e6 / (MINUTES * 7) as f64,
        all / touched
    );
}

fn patient(n: usize) -> PatientId {
    PatientId::parse(&format!("P{n}")).expect("a plain identifier")
}

fn admission(n: usize) -> Census {
    let location = Some(Location { ward: "6E".into(), bed: format!("{n:02}") });
    Census { patient: patient(n), kind: CensusKind::Admit, location, person: None, other: None, at: START }
}

fn infusion(n: usize) -> Therapy {
    Therapy {
        patient: patient(n),
        kind: TherapyKind::Infusion,
        action: TherapyAction::Given,
        at: START + Span::hours(24),
        until: None,
        agent: None,
        product: Some("tisa-cel".into()),
        device: None,
        flow: None,
        dose: None,
        airway_only: false,
        source: "bench".into(),
        order: None,
    }
}

/// Seven vital signs a minute, and four laboratory values every six hours.
fn readings(n: i64, minute: i64) -> Vec<(&'static str, i64)> {
    let wave = (minute * 7 + n * 13) % 40 - 20;
    let mut all = vec![
        ("temperature", 37_000 + wave * 60),
        ("heart_rate", 90_000 + wave * 1_000),
        ("systolic", 118_000 - wave * 800),
        ("diastolic", 70_000 - wave * 400),
        ("map", 86_000 - wave * 500),
        ("spo2", 97_000 - (wave.abs() / 10) * 1_000),
        ("respiratory_rate", 16_000 + (wave / 5) * 1_000),
    ];
    if minute % 360 == 0 {
        all.extend([
            ("phosphate", 3_400 - minute / 10),
            ("crp", 10_000 + minute),
            ("platelets", 130_000),
            ("ldh", 280_000),
        ]);
    }
    all
}

fn observation(n: usize, analyte: &str, value: i64, at: Time) -> Observation {
    Observation {
        patient: patient(n),
        analyte: Analyte::parse(analyte).expect("a known name"),
        quantity: Some(Quantity::exactly(Value(value))),
        measured_at: at,
        source: "bench".into(),
        code: "bench".into(),
        status: Status::Final,
        quality: Quality::default(),
        order: None,
        device: None,
        original: String::new(),
    }
}
