use std::collections::BTreeMap;

use stormwatch_simulator::cohort::{self, Options};
use stormwatch_simulator::product::{Product, Profile};

struct Written {
    recording: String,
    truth: String,
}

fn write(seed: u64, patients: usize, profile: Profile) -> Written {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        patients,
        seed,
        days: 30,
        out: folder.path().join("recording.ndjson"),
        truth: Some(folder.path().join("truth.ndjson")),
        profile,
        from: "2026-01-05T09:00:00+09:00".into(),
        admit_every: "8h".into(),
        vitals_every: "2h".into(),
        ward: "6E".into(),
    };
    cohort::run(&options).unwrap();
    let read = |path| std::fs::read_to_string(path).unwrap();
    Written { recording: read(options.out), truth: read(options.truth.unwrap()) }
}

fn json(line: &str) -> serde_json::Value {
    serde_json::from_str(line).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let (one, same, other) =
        (write(7, 6, Profile::Seed), write(7, 6, Profile::Seed), write(8, 6, Profile::Seed));
    assert!(one.recording == same.recording && one.truth == same.truth);
    assert!(one.recording != other.recording && one.truth != other.truth);
}

#[test]
fn a_recording_is_in_order_of_time_and_every_patient_is_admitted_infused_and_discharged() {
    let written = write(1, 12, Profile::One(Product::AxiCel));
    let lines: Vec<serde_json::Value> = written.recording.lines().map(json).collect();
    let times: Vec<&str> = lines.iter().map(|line| line["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted());
    let mut admitted: BTreeMap<String, (usize, usize, usize)> = BTreeMap::new();
    for line in &lines {
        let body = line["body"].as_str().unwrap();
        match line["via"].as_str().unwrap() {
            "mqtt" => {
                assert!(line["topic"].as_str().unwrap().starts_with("stormwatch/v1/6E/"));
                assert!(json(body)["observations"].as_array().unwrap().len() >= 6);
            }
            "mllp" => {
                assert!(body.starts_with("MSH|") && line["topic"] == "");
                let patient = body.split("\rPID|1||").nth(1).unwrap().split('^').next().unwrap().to_string();
                let seen = admitted.entry(patient).or_default();
                seen.0 += usize::from(body.contains("|ADT^A01^"));
                seen.1 += usize::from(body.contains("axi-cel^Axicabtagene"));
                seen.2 += usize::from(body.contains("|ADT^A03^"));
            }
            other => panic!("via {other}"),
        }
    }
    assert_eq!(admitted.len(), 12);
    assert!(admitted.values().all(|seen| *seen == (1, 1, 1)), "{admitted:?}");
}

#[test]
fn message_ids_never_repeat_and_fit_the_field() {
    let written = write(3, 8, Profile::Seed);
    let lines = written.recording.lines().map(json).filter(|line| line["via"] == "mllp");
    let ids: Vec<String> =
        lines.map(|l| l["body"].as_str().unwrap().split('|').nth(9).unwrap().to_string()).collect();
    let different: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert_eq!(ids.len(), different.len());
    assert!(ids.iter().all(|id| !id.is_empty() && id.len() <= 20));
}

#[test]
fn truth_names_each_grade_in_order_with_its_onset() {
    let written = write(2, 60, Profile::One(Product::BrexuCel));
    let mut with_crs = 0;
    for line in written.truth.lines().map(json) {
        assert!(line["patient"].as_str().unwrap().starts_with("S2P"));
        let steps = line["crs"].as_array().unwrap();
        with_crs += usize::from(!steps.is_empty());
        for (index, step) in steps.iter().enumerate() {
            assert_eq!(step["grade"], index + 1);
            assert!(step["onset"].as_str().unwrap() < step["end"].as_str().unwrap());
        }
        assert!(line["icans"].is_array());
    }
    assert!((44..=60).contains(&with_crs), "89 % of brexu-cel have CRS; {with_crs} of 60");
}
