//! The whole ICANS table against a second formulation of it (`tests/golden/grids.py`), and what is special.

use super::support::{answer, check, inputs, line, score};

const GRID: &str = include_str!("../../../../tests/golden/icans-grid.txt");

#[test]
fn every_combination_of_icans_inputs_has_the_grade_of_the_table() {
    let mut lines = GRID.lines();
    let header = lines.next().expect("a header");
    let columns: Vec<(&str, &str)> = header
        .split_once('|')
        .expect("a divider")
        .1
        .split_whitespace()
        .map(|column| column.split_once('/').expect("motor/edema"))
        .collect();
    let mut cells = 0;
    for row in lines {
        let (keys, expected) = row.split_once('|').expect("a divider");
        let keys: Vec<&str> = keys.split_whitespace().collect();
        let [ice, consciousness, seizure] = keys[..] else { panic!("{row}") };
        for ((motor, edema), expected) in columns.iter().zip(expected.split_whitespace()) {
            let motor = match *motor {
                "y" => "yes",
                "n" => "no",
                _unknown => "?",
            };
            let case = inputs(&[
                ("ice", ice),
                ("consciousness", consciousness),
                ("seizure", seizure),
                ("motor", motor),
                ("edema", edema),
            ]);
            let found = score("icans", &case);
            assert_eq!(answer(&found), expected, "{row} at {motor}/{edema}");
            assert_eq!(found.value.is_none(), !found.missing.is_empty(), "{row}: {:?}", found.missing);
            cells += 1;
        }
    }
    assert_eq!(cells, 12 * 5 * 4 * 3 * 4);
}

const CALM: &str = "seizure none, motor no, edema none";

#[test]
fn a_patient_with_full_marks_who_awakens_spontaneously_has_grade_0() {
    check("icans", format!("ice 10, consciousness spontaneous, {CALM}").leak(), "0");
}

#[test]
fn ice_3_with_a_seizure_that_resolves_is_grade_3() {
    check("icans", "ice 3, consciousness spontaneous, seizure brief, motor no, edema none", "3");
}

#[test]
fn ice_0_is_grade_3_awake_and_grade_4_unarousable() {
    check("icans", format!("ice 0, consciousness spontaneous, {CALM}").leak(), "3");
    check("icans", format!("ice 0, consciousness unarousable, {CALM}").leak(), "4");
    check("icans", "consciousness unarousable", "4");
}

#[test]
fn children_under_12_are_graded_by_capd() {
    let child = |rest: &str| format!("age 8, consciousness {rest}, {CALM}").leak() as &'static str;
    check("icans", child("spontaneous, capd 0"), "0");
    check("icans", child("spontaneous, capd 8"), "1");
    check("icans", child("voice, capd 8"), "2");
    check("icans", child("spontaneous, capd 9"), "3");
    check("icans", child("spontaneous, ice 2, capd 3"), "1");
    check("icans", format!("age 12, consciousness spontaneous, ice 10, capd 20, {CALM}").leak(), "0");
    let found =
        score("icans", &line("age 8, ice 10, consciousness spontaneous, seizure none, motor no, edema none"));
    assert_eq!((answer(&found).as_str(), found.missing), ("?", vec!["capd".to_owned()]));
}

#[test]
fn without_an_age_the_instrument_charted_tells_and_two_leave_it_open() {
    check("icans", format!("consciousness spontaneous, capd 12, {CALM}").leak(), "3");
    let both = format!("consciousness spontaneous, ice 10, capd 12, {CALM}").leak();
    let found = score("icans", &line(both));
    assert_eq!(answer(&found), "?");
    assert!(found.missing.contains(&"age".to_owned()), "{:?}", found.missing);
}

#[test]
fn ice_alone_says_at_least_and_names_what_was_not_examined() {
    let found = score("icans", &line("ice 5"));
    assert_eq!(answer(&found), ">2");
    assert_eq!(found.missing, ["consciousness", "seizure", "motor", "edema"]);
    assert!(found.flags.contains(&"possible >= 2".to_owned()));
}

#[test]
fn ice_above_10_is_not_used() {
    let found = score("icans", &line("ice 11"));
    assert!(found.missing.contains(&"ice".to_owned()));
    assert!(found.flags.iter().any(|flag| flag.starts_with("not used: ice 11")), "{:?}", found.flags);
}
