//! qSOFA, SIRS, SOFA, CAR-HEMATOTOX, HScore, IEC-HS: edges and vectors.

use super::support::{answer, check, line, points, score};
use crate::engine::score::hscore::probability;
use crate::model::Value;

#[test]
fn qsofa_counts_its_three_criteria() {
    check("qsofa", "respiratory_rate 22, systolic 100, gcs 14", "3");
    check("qsofa", "respiratory_rate 21, systolic 101, gcs 15", "0");
    check("qsofa", "respiratory_rate 21.999, systolic 100.001, altered_mentation yes", "1");
    check("qsofa", "respiratory_rate 25, systolic 90", ">2");
    let found = score("qsofa", &line("respiratory_rate 25, systolic 90"));
    assert!(found.flags.contains(&"positive: 2 or more".to_owned()));
    assert_eq!(found.missing, ["gcs"]);
}

#[test]
fn sirs_counts_its_four_criteria() {
    check("sirs", "temperature 38.0, heart_rate 90, respiratory_rate 20, wbc 12", "0");
    check("sirs", "temperature 38.1, heart_rate 91, respiratory_rate 21, wbc 12.1", "4");
    check("sirs", "temperature 36.0, heart_rate 90, respiratory_rate 20, wbc 4", "0");
    check("sirs", "temperature 35.9, heart_rate 90, respiratory_rate 20, wbc 3.9", "2");
    check("sirs", "temperature 37, heart_rate 80, respiratory_rate 18, paco2 31.9, wbc 8, bands 11", "2");
    check("sirs", "temperature 39, heart_rate 120, wbc 0.1", ">3");
}

const WELL: &str = "pao2 95, fio2 21, ventilated no, platelets 200, bilirubin 0.8, map 85, vasopressors 0, gcs 15, creatinine 0.9";

fn sofa_with(changes: &str) -> &'static str {
    let names: Vec<&str> = changes.split(',').filter_map(|pair| pair.trim().split(' ').next()).collect();
    let kept: Vec<&str> = WELL
        .split(',')
        .filter(|pair| !names.contains(&pair.trim().split(' ').next().unwrap_or_default()))
        .collect();
    format!("{}, {changes}", kept.join(",")).leak()
}

#[test]
fn sofa_gives_the_points_of_each_organ() {
    check("sofa", WELL, "0");
    for (changes, expected) in [
        ("pao2 79.9, fio2 20", "1"),
        ("pao2 80, fio2 20", "0"),
        ("pao2 59.9, fio2 20", "2"),
        ("pao2 39, fio2 20", "2"),
        ("pao2 39, fio2 20, ventilated yes", "3"),
        ("pao2 40, fio2 20, ventilated yes", "2"),
        ("pao2 19, fio2 20, ventilated yes", "4"),
        ("platelets 149.9", "1"),
        ("platelets 99.9", "2"),
        ("platelets 49.9", "3"),
        ("platelets 19.9", "4"),
        ("bilirubin 1.2", "1"),
        ("bilirubin 2.0", "2"),
        ("bilirubin 6.0", "3"),
        ("bilirubin 12", "4"),
        ("map 69.9", "1"),
        ("dopamine 5", "2"),
        ("dobutamine 0.1", "2"),
        ("dopamine 5.1", "3"),
        ("dopamine 15.1", "4"),
        ("norepinephrine 0.1", "3"),
        ("norepinephrine 0.101", "4"),
        ("epinephrine 0.05", "3"),
        ("gcs 14", "1"),
        ("gcs 12", "2"),
        ("gcs 9", "3"),
        ("gcs 5", "4"),
        ("creatinine 1.2", "1"),
        ("creatinine 2.0", "2"),
        ("creatinine 3.5", "3"),
        ("creatinine 5.0", "4"),
        ("urine 499", "3"),
        ("urine 199", "4"),
        ("urine 500", "0"),
    ] {
        check("sofa", sofa_with(changes), expected);
    }
}

#[test]
fn sofa_without_blood_gas_decides_less() {
    let respiration = |text| points(&score("sofa", &line(text)), "respiration");
    assert_eq!(respiration("spo2 92, fio2 30, ventilated no"), Some(Value::whole(2)));
    assert_eq!(respiration("spo2 90, fio2 60, ventilated no"), Some(Value::whole(2)));
    // A ventilated patient below 235 has 3 or 4.
    assert_eq!(respiration("spo2 90, fio2 60, ventilated yes"), None);
    // 315 or more says "below 400 or not": 0 or 1.
    assert_eq!(respiration("spo2 96, fio2 21, ventilated no"), None);
    // Above 97 % nothing can be said.
    assert_eq!(respiration("spo2 98, fio2 50, ventilated no"), None);
}

#[test]
fn sofa_tells_the_sum_without_platelets_and_the_change() {
    let found = score("sofa", &line(sofa_with("platelets 15, creatinine 2.5, sofa_baseline 3")));
    assert_eq!(answer(&found), "6");
    assert_eq!(found.part("without_platelets").and_then(|part| part.value), Some(Value::whole(2)));
    assert_eq!(found.part("change").and_then(|part| part.value), Some(Value::whole(3)));
}

#[test]
fn sofa_without_rates_is_open_only_as_far_as_rates_could_matter() {
    let text =
        "pao2 95, fio2 21, ventilated no, platelets 200, bilirubin 0.8, map 60, gcs 15, creatinine 0.9";
    let found = score("sofa", &line(text));
    assert_eq!(answer(&found), ">1");
    assert_eq!(found.missing, ["dopamine", "dobutamine", "epinephrine", "norepinephrine"]);
}

#[test]
fn hematotox_weighs_platelets_and_ferritin_double() {
    check("hematotox", "platelets 175.1, neutrophils 1.201, hemoglobin 9.1, crp 29.9, ferritin 649", "0");
    check("hematotox", "platelets 175, neutrophils 1.2, hemoglobin 9.0, crp 30, ferritin 650", "5");
    check("hematotox", "platelets 75, neutrophils 1.2, hemoglobin 9.0, crp 30, ferritin 2000", "5");
    check("hematotox", "platelets 74.9, neutrophils 1.2, hemoglobin 9.0, crp 30, ferritin 2000.1", "7");
    check("hematotox", "platelets 50, ferritin 300", ">2");
}

const HSCORE_NONE: &str = "immunosuppressed no, temperature 38.3, organomegaly none, hemoglobin 9.3, wbc 5.1, platelets 111, \
                           ferritin 1999, triglycerides 132, fibrinogen 251, ast 29, hemophagocytosis no";

#[test]
fn hscore_runs_from_0_to_337() {
    check("hscore", HSCORE_NONE, "0");
    let all = "immunosuppressed yes, temperature 39.5, organomegaly both, hemoglobin 9.2, wbc 5.0, platelets 110, \
               ferritin 6001, triglycerides 355, fibrinogen 250, ast 30, hemophagocytosis yes";
    check("hscore", all, "337");
    let middle = "immunosuppressed yes, temperature 38.4, organomegaly one, hemoglobin 9.2, wbc 5.0, platelets 111, \
                  ferritin 2000, triglycerides 132.7, fibrinogen 251, ast 29, hemophagocytosis no";
    check("hscore", middle, "177");
    let found = score("hscore", &line(middle));
    assert!(found.flags.contains(&"probability 54 to 70 %".to_owned()), "{:?}", found.flags);
    check("hscore", "ferritin 9000, triglycerides 400", ">114");
}

#[test]
fn hscore_needs_two_lineages_for_points() {
    let with = |counts: &str| {
        let text = format!("{counts}, temperature 37").leak() as &'static str;
        points(&score("hscore", &line(text)), "cytopenia")
    };
    assert_eq!(with("hemoglobin 9.0, wbc 6, platelets 200"), Some(Value::ZERO));
    assert_eq!(with("hemoglobin 9.0, wbc 4, platelets 200"), Some(Value::whole(24)));
    assert_eq!(with("hemoglobin 9.0, wbc 4, platelets 20"), Some(Value::whole(34)));
    assert_eq!(with("hemoglobin 9.0, wbc 4"), None);
    // With two counts normal the third cannot make points.
    assert_eq!(with("hemoglobin 12, wbc 6"), Some(Value::ZERO));
}

#[test]
fn the_probability_of_hscore_is_the_printed_table() {
    let printed = [
        (90, "below 1 %"),
        (100, "1 %"),
        (110, "3 %"),
        (120, "5 %"),
        (130, "9 %"),
        (140, "16 %"),
        (150, "25 %"),
        (160, "40 %"),
        (170, "54 %"),
        (180, "70 %"),
        (190, "80 %"),
        (200, "88 %"),
        (210, "93 %"),
        (220, "96 %"),
        (230, "98 %"),
        (240, "99 %"),
        (250, "above 99 %"),
        (0, "below 1 %"),
        (337, "above 99 %"),
        (95, "1 % or less"),
        (169, "40 to 54 %"),
        (245, "99 % or more"),
        (101, "1 to 3 %"),
        (89, "below 1 %"),
        (251, "above 99 %"),
    ];
    for (points, expected) in printed {
        assert_eq!(probability(Value::whole(points)), expected, "{points}");
    }
}

#[test]
fn the_iec_hs_watch_needs_ferritin_and_two_more() {
    let ferritin = "day 5, ferritin 3001, ferritin_uln 300, ferritin_baseline 1500";
    let liver = "ast 201, ast_uln 30, ast_baseline 40, alt 20, alt_uln 40, alt_baseline 20";
    let check_iec = |rest: &str, expected: &str| check("iec_hs", rest.to_owned().leak(), expected);
    check_iec(&format!("{ferritin}, {liver}, fibrinogen 149, cytopenia_grade4 no"), "1");
    check_iec(&format!("{ferritin}, {liver}, fibrinogen 150, cytopenia_grade4 no"), "0");
    check_iec(&format!("{ferritin}, {liver}, fibrinogen 150, cytopenia_grade4 yes"), "1");
    check_iec(&format!("{ferritin}, {liver}, fibrinogen 150"), "?");
    check_iec(&format!("{ferritin}, fibrinogen 120, cytopenia_grade4 yes"), "1");
    check_iec("day 1, ferritin 90000, ferritin_uln 300, fibrinogen 100, cytopenia_grade4 yes", "0");
    // 200 is not more than five times the abnormal baseline of 40.
    let at_five = "ast 200, ast_uln 30, ast_baseline 40, alt 20, alt_uln 40, alt_baseline 20";
    check_iec(&format!("{ferritin}, {at_five}, fibrinogen 149, cytopenia_grade4 no"), "0");
    check_iec(&format!("{ferritin}, fibrinogen 120, platelets 24.9, platelets_baseline 25"), "1");
    check_iec(&format!("{ferritin}, fibrinogen 120, neutrophils 0.49, neutrophils_baseline 0.5"), "1");
    let counted = format!("{ferritin}, {at_five}, fibrinogen 120");
    check_iec(&format!("{counted}, platelets 25, neutrophils 0.5"), "0");
    check_iec(&format!("{counted}, platelets 10, platelets_baseline 24.9, neutrophils 0.5"), "0");
    check_iec(&format!("{counted}, platelets 10, neutrophils 0.5"), "?");
    check_iec(&format!("{counted}, platelets 25"), "?");
    // Neither twice the upper limit nor twice the baseline.
    check_iec(
        "day 5, ferritin 600, ferritin_uln 300, ferritin_baseline 300, fibrinogen 100, cytopenia_grade4 yes",
        "0",
    );
}
