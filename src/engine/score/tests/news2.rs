//! NEWS2: every edge of every band, one step to each side, on both scales.

use super::support::{answer, check, line, points, score};
use crate::model::Value;

const NORMAL: &str =
    "respiratory_rate 16, spo2 97, oxygen no, systolic 120, pulse 70, consciousness A, temperature 37.0";

/// The normal patient with one value changed; the first of a repeated name is dropped.
fn with(changes: &str) -> &'static str {
    let names: Vec<&str> = changes.split(',').filter_map(|pair| pair.trim().split(' ').next()).collect();
    let kept: Vec<&str> = NORMAL
        .split(',')
        .filter(|pair| !names.contains(&pair.trim().split(' ').next().unwrap_or_default()))
        .collect();
    format!("{}, {changes}", kept.join(",")).leak()
}

/// (value, points) pairs on either side of each edge of the chart.
fn edges(name: &str, extra: &str, pairs: &[(&str, i64)]) {
    for (value, expected) in pairs {
        let text = with(&format!("{name} {value}{extra}"));
        let found = score("news2", &line(text));
        let term = name.replace('_', " ").replace("spo2", "SpO2");
        assert_eq!(points(&found, &term), Some(Value::whole(*expected)), "{text}");
    }
}

#[test]
fn each_edge_of_breathing_gives_its_points() {
    edges(
        "respiratory_rate",
        "",
        &[
            ("7", 3),
            ("8", 3),
            ("9", 1),
            ("11", 1),
            ("12", 0),
            ("20", 0),
            ("21", 2),
            ("24", 2),
            ("25", 3),
            ("26", 3),
        ],
    );
    edges(
        "spo2",
        "",
        &[("90", 3), ("91", 3), ("92", 2), ("93", 2), ("94", 1), ("95", 1), ("96", 0), ("97", 0), ("100", 0)],
    );
    let low = [("82", 3), ("83", 3), ("84", 2), ("85", 2), ("86", 1), ("87", 1), ("88", 0), ("92", 0)];
    edges("spo2", ", scale 2", &low);
    edges("spo2", ", scale 2, oxygen yes", &low);
    edges("spo2", ", scale 2", &[("93", 0), ("95", 0), ("97", 0), ("100", 0)]);
    edges(
        "spo2",
        ", scale 2, oxygen yes",
        &[("93", 1), ("94", 1), ("95", 2), ("96", 2), ("97", 3), ("100", 3)],
    );
}

#[test]
fn each_edge_of_circulation_and_temperature_gives_its_points() {
    edges(
        "systolic",
        "",
        &[
            ("89", 3),
            ("90", 3),
            ("91", 2),
            ("100", 2),
            ("101", 1),
            ("110", 1),
            ("111", 0),
            ("219", 0),
            ("220", 3),
            ("221", 3),
        ],
    );
    edges(
        "pulse",
        "",
        &[
            ("39", 3),
            ("40", 3),
            ("41", 1),
            ("50", 1),
            ("51", 0),
            ("90", 0),
            ("91", 1),
            ("110", 1),
            ("111", 2),
            ("130", 2),
            ("131", 3),
            ("132", 3),
        ],
    );
    edges(
        "temperature",
        "",
        &[
            ("34.9", 3),
            ("35.0", 3),
            ("35.1", 1),
            ("36.0", 1),
            ("36.1", 0),
            ("38.0", 0),
            ("38.1", 1),
            ("39.0", 1),
            ("39.1", 2),
            ("39.2", 2),
        ],
    );
    for letter in ["C", "V", "P", "U"] {
        edges("consciousness", "", &[(letter, 3)]);
    }
    edges("oxygen", "", &[("yes", 2), ("no", 0)]);
}

#[test]
fn values_are_rounded_half_up_before_the_chart() {
    edges("temperature", "", &[("38.04", 0), ("38.05", 1), ("36.04", 1), ("36.05", 0)]);
    edges("respiratory_rate", "", &[("20.4", 0), ("20.5", 2)]);
    edges("systolic", "", &[("90.4", 3), ("90.5", 2)]);
}

#[test]
fn the_worked_examples_have_their_totals() {
    for (text, expected) in [
        (
            "respiratory_rate 18, spo2 97, oxygen no, systolic 118, pulse 84, consciousness A, temperature 36.8",
            "0",
        ),
        (
            "respiratory_rate 22, spo2 93, oxygen no, systolic 98, pulse 118, consciousness A, temperature 39.2",
            "10",
        ),
        (
            "respiratory_rate 26, spo2 95, oxygen yes, systolic 86, pulse 134, consciousness V, temperature 39.6",
            "17",
        ),
        (
            "scale 2, respiratory_rate 20, spo2 90, oxygen no, systolic 120, pulse 88, consciousness A, temperature 37.0",
            "0",
        ),
        (
            "scale 2, respiratory_rate 20, spo2 95, oxygen yes, systolic 120, pulse 88, consciousness A, temperature 37.0",
            "4",
        ),
    ] {
        check("news2", text, expected);
    }
}

#[test]
fn the_worst_patient_has_20_points() {
    let text =
        "respiratory_rate 30, spo2 80, oxygen yes, systolic 80, pulse 140, consciousness U, temperature 34.0";
    let found = score("news2", &line(text));
    assert_eq!(answer(&found), "20");
    assert!(found.flags.contains(&"emergency response: 7 or more".to_owned()));
}

#[test]
fn one_item_missing_leaves_the_score_open_and_what_is_certain_stands() {
    let found = score(
        "news2",
        &line("respiratory_rate 26, spo2 95, oxygen yes, systolic 86, pulse 134, temperature 39.6"),
    );
    assert_eq!(answer(&found), ">14");
    assert_eq!(found.missing, ["consciousness"]);
    assert_eq!(found.available, (6, 7));
    assert!(found.flags.contains(&"partial".to_owned()));
    assert!(found.flags.contains(&"emergency response: 7 or more".to_owned()));
    let calm = score("news2", &line("respiratory_rate 16, spo2 97"));
    assert_eq!((calm.value, calm.at_least), (None, None));
}

#[test]
fn a_single_3_is_named() {
    let found = score("news2", &line(with("systolic 88")));
    assert!(found.flags.contains(&"a single parameter scores 3".to_owned()), "{:?}", found.flags);
    assert!(!score("news2", &line(NORMAL)).flags.contains(&"a single parameter scores 3".to_owned()));
}

#[test]
fn a_bound_decides_where_it_can() {
    check("news2", with("spo2 >=96"), "0");
    check("news2", with("spo2 >=94"), "?");
    check("news2", with("systolic <85"), "3");
}
