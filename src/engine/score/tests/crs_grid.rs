//! The whole CRS table against a second formulation of it (`tests/golden/grids.py`), and what is special.

use super::support::{answer, check, inputs, line, score};
use crate::engine::score::crs::oxygen_word;
use crate::model::{OxygenDevice, Value};

const GRID: &str = include_str!("../../../../tests/golden/crs-grid.txt");

const fn flag(cell: &str) -> &str {
    match cell.as_bytes() {
        b"y" => "yes",
        b"n" => "no",
        _unknown => "?",
    }
}

#[test]
fn every_combination_of_crs_inputs_has_the_grade_of_the_table() {
    let mut lines = GRID.lines();
    let header = lines.next().expect("a header");
    let columns: Vec<(&str, &str)> = header
        .split_once('|')
        .expect("a divider")
        .1
        .split_whitespace()
        .map(|column| column.split_once('/').expect("oxygen/airway_only"))
        .collect();
    let mut cells = 0;
    for row in lines {
        let (keys, expected) = row.split_once('|').expect("a divider");
        let keys: Vec<&str> = keys.split_whitespace().collect();
        let [fever, episode, masked, vasopressors, vasopressin, hypotension] = keys[..] else {
            panic!("{row}")
        };
        for ((oxygen, airway_only), expected) in columns.iter().zip(expected.split_whitespace()) {
            let temperature = match fever {
                "y" => "38.0",
                "n" => "37.9",
                _unknown => "?",
            };
            let case = inputs(&[
                ("temperature_max", temperature),
                ("episode", flag(episode)),
                ("masked", flag(masked)),
                ("vasopressors", vasopressors),
                ("vasopressin", flag(vasopressin)),
                ("hypotension", flag(hypotension)),
                ("oxygen", oxygen),
                ("airway_only", flag(airway_only)),
            ]);
            let found = score("crs", &case);
            assert_eq!(answer(&found), expected, "{row} at {oxygen}/{airway_only}");
            if found.value.is_none() {
                assert!(!found.missing.is_empty(), "undecided and nothing missing: {row}");
            } else {
                assert!(found.missing.is_empty(), "decided and something missing: {row}");
            }
            cells += 1;
        }
    }
    assert_eq!(cells, 3 * 3 * 3 * 5 * 3 * 3 * 5 * 2);
}

#[test]
fn the_eight_worked_examples_have_their_grades() {
    let fever = "temperature_max 38.4, episode no, masked no";
    let masked = "temperature_max 36.8, episode yes, masked yes";
    let neither = "temperature_max 36.8, episode no, masked no";
    for (start, rest, expected) in [
        (fever, "vasopressors 0, vasopressin no, hypotension no, oxygen none", "1"),
        (fever, "vasopressors 0, vasopressin no, hypotension yes, oxygen none", "2"),
        (fever, "vasopressors 1, vasopressin yes, oxygen low", "3"),
        (fever, "vasopressors 1, vasopressin no, oxygen low", "3"),
        (masked, "vasopressors 2, vasopressin no, oxygen none", "4"),
        (masked, "vasopressors 0, vasopressin no, hypotension no, oxygen none", "0"),
        (neither, "vasopressors 0, vasopressin no, hypotension yes, oxygen low", "0"),
        (fever, "vasopressors 0, vasopressin no, hypotension no, oxygen positive_pressure", "4"),
    ] {
        check("crs", format!("{start}, {rest}").leak(), expected);
    }
}

#[test]
fn fever_begins_at_exactly_38() {
    let rest = "vasopressors 0, vasopressin no, hypotension no, oxygen none, episode no";
    check("crs", format!("temperature_max 37.999, {rest}").leak(), "0");
    check("crs", format!("temperature_max 38.0, {rest}").leak(), "1");
    check("crs", format!("temperature_max <38, {rest}").leak(), "0");
    check("crs", format!("temperature_max >=38, {rest}").leak(), "1");
    check("crs", format!("temperature_max <39, {rest}").leak(), "?");
}

#[test]
fn fever_without_therapy_data_is_grade_1_or_more_and_never_grade_1() {
    let found = score("crs", &line("temperature_max 38.6"));
    assert_eq!((found.value, found.at_least), (None, Some(Value::whole(1))));
    assert_eq!(found.missing, ["vasopressors", "vasopressin", "hypotension", "oxygen"]);
    assert!(found.flags.contains(&"possible >= 1".to_owned()), "{:?}", found.flags);
}

#[test]
fn fever_and_hypotension_without_therapy_data_is_possibly_grade_2_or_more() {
    let found = score("crs", &line("temperature_max 38.6, hypotension yes"));
    assert_eq!((found.value, found.at_least), (None, Some(Value::whole(2))));
    assert!(found.flags.contains(&"possible >= 2".to_owned()), "{:?}", found.flags);
}

#[test]
fn nothing_known_is_no_grade_and_everything_is_missing() {
    let found = score("crs", &line(""));
    assert_eq!((found.value, found.at_least), (None, None));
    for name in
        ["temperature_max", "episode", "masked", "vasopressors", "vasopressin", "hypotension", "oxygen"]
    {
        assert!(found.missing.iter().any(|missing| missing == name), "{name}");
    }
    assert!(!found.missing.contains(&"airway_only".to_owned()));
}

#[test]
fn vasopressin_alone_is_grade_3_to_be_checked() {
    let alone = "temperature_max 38.2, vasopressors 0, vasopressin yes, hypotension yes, oxygen none";
    let found = score("crs", &line(alone));
    assert_eq!(answer(&found), "3");
    assert!(found.flags.iter().any(|flag| flag.starts_with("check")), "{:?}", found.flags);
    let beside = "temperature_max 38.2, vasopressors 1, vasopressin yes, oxygen none";
    assert!(!score("crs", &line(beside)).flags.iter().any(|flag| flag.starts_with("check")));
}

#[test]
fn hypotension_without_fever_is_grade_0_and_says_that_the_criteria_are_not_met() {
    let found = score("crs", &line("temperature_max 36.9, episode no, hypotension yes, oxygen low"));
    assert_eq!(answer(&found), "0");
    assert!(found.flags.iter().any(|flag| flag.contains("criteria not met")), "{:?}", found.flags);
}

#[test]
fn a_cannula_without_its_flow_is_grade_2_or_3() {
    let rest = "temperature_max 38.5, vasopressors 0, vasopressin no, hypotension no";
    check("crs", format!("{rest}, oxygen nasal_cannula").leak(), ">2");
    check("crs", format!("{rest}, oxygen some").leak(), ">2");
    check("crs", "temperature_max 38.5, vasopressors 1, oxygen nasal_cannula", "3");
}

#[test]
fn an_impossible_input_counts_as_missing_and_is_named() {
    let found = score("crs", &line("temperature_max 384, oxygen lots"));
    assert_eq!(answer(&found), "?");
    assert_eq!(found.flags.iter().filter(|flag| flag.starts_with("not used")).count(), 2);
    assert!(found.missing.contains(&"temperature_max".to_owned()));
}

#[test]
fn oxygen_devices_stand_for_their_row_of_the_table() {
    let flow = |litres| Some(Value::whole(litres));
    for (device, flow, word) in [
        (Some(OxygenDevice::None), None, "none"),
        (Some(OxygenDevice::NasalCannula), flow(6), "low"),
        (Some(OxygenDevice::NasalCannula), Some(Value(6_001)), "high"),
        (Some(OxygenDevice::NasalCannula), None, "nasal_cannula"),
        (Some(OxygenDevice::BlowBy), flow(10), "low"),
        (Some(OxygenDevice::SimpleMask), flow(5), "high"),
        (Some(OxygenDevice::Venturi), None, "high"),
        (Some(OxygenDevice::NonRebreather), None, "high"),
        (Some(OxygenDevice::HighFlow), flow(4), "high"),
        (Some(OxygenDevice::Cpap), None, "positive_pressure"),
        (Some(OxygenDevice::Bipap), None, "positive_pressure"),
        (Some(OxygenDevice::Ventilator), None, "positive_pressure"),
    ] {
        assert_eq!(oxygen_word(device, flow), (word, false), "{device:?} {flow:?}");
    }
    assert_eq!(oxygen_word(None, flow(6)), ("low", true));
    assert_eq!(oxygen_word(None, flow(7)), ("high", true));
    assert_eq!(oxygen_word(None, None), ("some", true));
}
