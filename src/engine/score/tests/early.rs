//! The early-warning tables: worked examples, edges of every item, bands, what treatment and missing inputs do.

use super::support::{answer, line, points, score};
use crate::engine::score::{Band, Inputs, Score, Tables, compute};
use crate::model::Value;

/// Everything known and unremarkable, without a prior risk.
const CALM: &str = "product tisa-cel, easix_pre 1.1, ferritin_pre 300, disease_active no, temperature_max_6h 36.9, \
    hours_to_first_fever never, hours_to_high_fever never, phosphate_min_24h 3.3, phosphate_baseline 3.4, pai1 23, \
    pai1_baseline 22.5, heart_rate_median_1h 84, heart_rate 84, crp 5, crp_earlier 4, ferritin 320, systolic 118, \
    map 85, systolic_baseline 120, spo2 97, oxygen no, new_oxygen no, respiratory_rate 16";

const CALM_ICANS: &str = "product tisa-cel, easix_pre 1.1, ferritin_pre 300, crp_pre 5, ecog 0, crs_grade_max_72h 0, \
    hours_to_first_fever never, hours_to_high_fever never, phosphate_min_48h 3.3, il6_max_first_36h 5, \
    fibrinogen 300, d_dimer 1, d_dimer_baseline 1, platelets 120, ferritin 320, soft_sign no, \
    temperature_max_48h 36.9, day 1";

fn changed(start: &str, changes: &str) -> &'static str {
    let name = |pair: &str| pair.trim().split(' ').next().unwrap_or_default().to_owned();
    let names: Vec<String> = changes.split(',').map(name).collect();
    let kept: Vec<&str> = start.split(',').filter(|pair| !names.contains(&name(pair))).collect();
    format!("{}, {changes}", kept.join(",")).leak()
}

fn crs(changes: &str) -> Score {
    score("crs_ews", &line(changed(CALM, changes)))
}

fn icans(changes: &str) -> Score {
    score("icans_ews", &line(changed(CALM_ICANS, changes)))
}

/// `B D H T band`.
fn sums(score: &Score) -> String {
    let part =
        |name| score.part(name).and_then(|part| part.value).map_or("?".to_owned(), |value| value.to_string());
    let band = score.band.map_or("?", Band::name);
    format!("{} {} {} {} {band}", part("prior"), part("dynamic"), part("detection"), answer(score))
}

const ACTIVE: &str = "easix_pre 2.6, ferritin_pre 900, disease_active yes";
const AXI: &str = "product axi-cel, easix_pre 7.2, ferritin_pre 2400, disease_active yes";

#[test]
fn the_five_worked_examples_have_their_sums_and_bands() {
    assert_eq!(sums(&crs("phosphate_min_24h 3.3")), "0 0 0 0 green");
    let second = crs(
        "temperature_max_6h 37.6, phosphate_baseline 3.5, phosphate_min_24h 2.9, pai1 ?, heart_rate_median_1h 92",
    );
    // PAI-1 is missing: it counts nothing and is named, and the band is green whatever it is.
    assert_eq!(sums(&second), "0 2 0 2 green");
    assert!(second.is_floor());
    assert_eq!(second.missing, ["pai1"]);
    assert!(!second.band_open);
    let third = format!(
        "{ACTIVE}, temperature_max_6h 38.4, hours_to_first_fever 60, phosphate_min_24h 2.3, pai1 41.0, \
         heart_rate_median_1h 112, crp 40, crp_earlier 15, ferritin 1000"
    );
    assert_eq!(sums(&crs(&third)), "3 8 0 11 amber");
    let fourth = format!(
        "{AXI}, temperature_max_6h 39.4, hours_to_first_fever 20, hours_to_high_fever 20, phosphate_min_24h 1.9, \
         pai1 70, pai1_baseline 24, heart_rate_median_1h 134, crp 80, crp_earlier 40, ferritin 4800, systolic 88, \
         respiratory_rate 22"
    );
    assert_eq!(sums(&crs(&fourth)), "5 13 4 22 red");
    let fifth = format!(
        "{AXI}, ferritin 2400, temperature_max_6h 36.8, phosphate_min_24h 3.4, pai1 24, pai1_baseline 24, heart_rate_median_1h 80"
    );
    assert_eq!(sums(&crs(&fifth)), "5 0 0 5 green");
}

/// Each change with the points it gives to its item.
fn edges(judge: fn(&str) -> Score, item: &str, pairs: &[(&str, i64)]) {
    for (changes, expected) in pairs {
        assert_eq!(points(&judge(changes), item), Some(Value::whole(*expected)), "{item}: {changes}");
    }
}

#[test]
fn each_edge_of_the_crs_table_gives_its_points() {
    edges(
        crs,
        "B1",
        &[
            ("product brexu-cel", 2),
            ("product ide-cel", 1),
            ("product cilta-cel", 1),
            ("product liso-cel", 0),
        ],
    );
    edges(
        crs,
        "B2",
        &[("easix_pre 2.339", 0), ("easix_pre 2.34", 1), ("easix_pre 4.67", 1), ("easix_pre 4.671", 2)],
    );
    edges(crs, "B3", &[("ferritin_pre 650", 0), ("ferritin_pre 650.1", 1)]);
    edges(
        crs,
        "D1",
        &[
            ("temperature_max_6h 37.4", 0),
            ("temperature_max_6h 37.5", 1),
            ("temperature_max_6h 37.9", 1),
            ("temperature_max_6h 38.0", 2),
            ("temperature_max_6h 38.8", 2),
            ("temperature_max_6h 38.9", 3),
        ],
    );
    edges(
        crs,
        "D2",
        &[
            ("hours_to_first_fever 71.9", 1),
            ("hours_to_first_fever 72", 0),
            ("hours_to_first_fever 20, hours_to_high_fever 36", 2),
            ("hours_to_first_fever 20, hours_to_high_fever 36.1", 1),
            ("hours_to_first_fever 60, hours_to_high_fever ?", 1),
        ],
    );
    let phosphate = |now: &str| format!("phosphate_baseline 4.0, phosphate_min_24h {now}");
    for (now, expected) in [("3.401", 0), ("3.4", 1), ("2.801", 1), ("2.8", 2), ("1.9", 2)] {
        edges(crs, "D3", &[(&phosphate(now), expected)]);
    }
    edges(
        crs,
        "D3",
        &[
            ("phosphate_baseline 2.5, phosphate_min_24h 2.4", 1),
            ("phosphate_baseline 2.2, phosphate_min_24h 1.99", 2),
        ],
    );
    edges(
        crs,
        "D4",
        &[
            ("pai1_baseline 10, pai1 17.9", 0),
            ("pai1_baseline 10, pai1 18", 1),
            ("pai1_baseline 10, pai1 25", 2),
            ("pai1_baseline 49, pai1 50", 0),
            ("pai1_baseline 49, pai1 50.1", 2),
        ],
    );
    edges(
        crs,
        "D5",
        &[("heart_rate_median_1h 110", 0), ("heart_rate_median_1h 111", 1), ("heart_rate_median_1h 131", 2)],
    );
    edges(
        crs,
        "D6",
        &[("crp 30, crp_earlier 15", 1), ("crp 29.9, crp_earlier 10", 0), ("crp 40, crp_earlier 20.1", 0)],
    );
    edges(crs, "D7", &[("ferritin 700, ferritin_pre 350", 1), ("ferritin 650, ferritin_pre 300", 0)]);
}

#[test]
fn each_edge_of_the_detection_block_gives_its_points() {
    edges(
        crs,
        "H1",
        &[
            ("systolic 101, heart_rate 70", 0),
            ("systolic 100, heart_rate 70", 1),
            ("systolic 91, heart_rate 70", 1),
            ("systolic 90, heart_rate 70", 3),
            ("map 70", 0),
            ("map 69", 1),
            ("map 65", 1),
            ("map 64.9", 3),
            ("systolic 110, heart_rate 98.9", 0),
            ("systolic 110, heart_rate 99", 1),
            ("systolic 110, heart_rate 121", 3),
            ("systolic 120, systolic_baseline 160", 3),
            ("systolic 120, systolic_baseline 159", 0),
        ],
    );
    edges(
        crs,
        "H2",
        &[
            ("spo2 94", 0),
            ("spo2 93", 1),
            ("spo2 92", 1),
            ("spo2 91", 3),
            ("oxygen yes, new_oxygen yes", 3),
            ("oxygen yes, new_oxygen no, spo2 90", 0),
        ],
    );
    edges(crs, "H3", &[("respiratory_rate 20", 0), ("respiratory_rate 21", 1), ("respiratory_rate 25", 2)]);
}

#[test]
fn each_edge_of_the_icans_table_gives_its_points() {
    edges(icans, "B1", &[("product axi-cel", 2), ("product ide-cel", 0)]);
    edges(
        icans,
        "B2",
        &[
            ("easix_pre 4.671", 0),
            ("easix_pre 4.671, ferritin_pre 651", 1),
            ("easix_pre 4.671, ferritin_pre 651, crp_pre 30", 2),
            ("easix_pre 4.67, ferritin_pre 650, crp_pre 29.9", 0),
        ],
    );
    edges(icans, "B3", &[("ecog 1", 0), ("ecog 2", 1), ("ecog 0, frail yes", 1)]);
    edges(icans, "N1", &[("crs_grade_max_72h 1", 1), ("crs_grade_max_72h 2", 2), ("crs_grade_max_72h 4", 3)]);
    edges(
        icans,
        "N2",
        &[("hours_to_first_fever 10, hours_to_high_fever 36", 1), ("hours_to_first_fever 40", 0)],
    );
    edges(
        icans,
        "N3",
        &[("phosphate_min_48h 2.5", 0), ("phosphate_min_48h 2.4", 1), ("phosphate_min_48h 1.9", 2)],
    );
    edges(icans, "N4", &[("il6_max_first_36h 15.9", 0), ("il6_max_first_36h 16", 1)]);
    edges(icans, "N5", &[("fibrinogen 149", 1), ("d_dimer 2", 1), ("platelets 49", 1), ("platelets 50", 0)]);
    edges(icans, "N6", &[("ferritin 651, ferritin_pre 325", 1), ("ferritin 640, ferritin_pre 300", 0)]);
    edges(icans, "N7", &[("soft_sign yes", 2)]);
    edges(
        icans,
        "N8",
        &[("temperature_max_48h 37.9", 0), ("temperature_max_48h 38.0", 1), ("temperature_max_48h 38.9", 2)],
    );
    edges(
        icans,
        "N9",
        &[
            ("day 3, product liso-cel", 1),
            ("day 8, product liso-cel", 1),
            ("day 2, product liso-cel", 0),
            ("day 9, product liso-cel", 0),
            ("day 2, product axi-cel", 1),
            ("day 8, product axi-cel", 0),
            ("day 10, product brexu-cel", 1),
            ("day 9, product tisa-cel", 1),
        ],
    );
}

#[test]
fn blocks_are_capped_and_p_leaves_detection_out() {
    let found = crs(&format!("{AXI}, systolic 85, spo2 90"));
    assert_eq!(found.part("prior").and_then(|part| part.value), Some(Value::whole(5)));
    assert_eq!(found.part("p").and_then(|part| part.value), Some(Value::whole(5)));
    assert_eq!(answer(&found), "11");
    let worst = icans("product axi-cel, easix_pre 5, ferritin_pre 700, crp_pre 40, ecog 3");
    assert_eq!(worst.part("prior").and_then(|part| part.value), Some(Value::whole(4)));
}

#[test]
fn bands_begin_where_the_table_says() {
    let bands = |judge: fn(&str) -> Score, ids: &str| judge(ids).band;
    for (ids, band) in [
        ("B1 2, B2 2, D1 1", Band::Green),
        ("B1 2, B2 1, D1 2", Band::Yellow),
        ("B1 2, B2 2, D1 3", Band::Yellow),
        ("B1 2, B2 2, D1 3, D5 1", Band::Amber),
        ("B1 2, B2 2, B3 1, D1 3, D5 2, D6 1", Band::Amber),
        ("B1 2, B2 2, B3 1, D1 3, D5 2, H3 1", Band::Red),
        ("B1 2, B2 2, B3 1, D1 3, D3 2, D4 2, D5 2", Band::Red),
        ("hard_rule yes", Band::Red),
    ] {
        assert_eq!(bands(crs, ids), Some(band), "crs {ids}");
    }
    for (ids, band) in [
        ("B1 2, B2 2, N1 2", Band::Green),
        ("B1 2, B2 1, N1 3", Band::Yellow),
        ("B1 2, B2 2, N1 3, N2 1", Band::Amber),
        ("N1 3, N3 2, N7 2, N8 2, N9 1, B1 2, B2 2", Band::Amber),
        ("hard_rule yes", Band::Red),
    ] {
        assert_eq!(bands(icans, ids), Some(band), "icans {ids}");
    }
}

#[test]
fn what_is_missing_counts_nothing_is_named_and_leaves_the_band_open() {
    let open = crs("temperature_max_6h 38.5, hours_to_first_fever 10, phosphate_min_24h ?, pai1 ?");
    assert_eq!((answer(&open).as_str(), open.band, open.band_open), ("3", Some(Band::Green), true));
    assert_eq!((open.missing.len(), open.is_floor()), (2, true), "{:?}", open.missing);
    let nothing = compute("crs_ews", &Inputs::new(), &Tables::builtin()).expect("known");
    assert_eq!((nothing.value, nothing.band, nothing.band_open), (None, None, true));
    let floor = crs(&format!(
        "{AXI}, temperature_max_6h 38.9, hours_to_first_fever 10, phosphate_min_24h ?, respiratory_rate ?"
    ));
    assert_eq!((floor.band, floor.band_open), (Some(Band::Amber), true));
    assert!(floor.flags.contains(&"band amber or higher".to_owned()), "{:?}", floor.flags);
    assert_eq!(floor.available, (12, 14));
}

#[test]
fn after_treatment_masked_items_count_nothing_and_green_is_not_said() {
    let treated = crs("temperature_max_6h 39.5, crp 80, post_treatment yes");
    assert!(treated.flags.contains(&"post-treatment, not interpretable".to_owned()));
    assert_eq!((answer(&treated).as_str(), treated.band, treated.band_open), ("0", Some(Band::Green), true));
    assert_eq!(points(&treated, "D1"), None);
    assert_eq!(crs("post_treatment yes, hard_rule yes").band, Some(Band::Red));
}

#[test]
fn phosphate_under_replacement_holds_the_points_given() {
    let open = crs("phosphate_suspended yes, phosphate_min_24h 4.0");
    assert_eq!(points(&open, "D3"), None);
    assert_eq!((answer(&open).as_str(), open.missing), ("0", vec!["D3".to_owned()]));
    let given = crs("phosphate_suspended yes, phosphate_min_24h 4.0, D3 2");
    assert_eq!(answer(&given), "2");
    let mut inputs = line(changed(CALM, "phosphate_suspended yes, phosphate_min_24h 4.0"));
    inputs.hold([("D3".to_owned(), 2)].into());
    let held = compute("crs_ews", &inputs, &Tables::builtin()).expect("known");
    assert_eq!((answer(&held).as_str(), points(&held, "D3")), ("2", Some(Value::whole(2))));
}

#[test]
fn an_item_that_vanishes_holds_a_band_up_but_raises_none() {
    let mut inputs = line(changed(CALM, &format!("{AXI}, temperature_max_6h 38.9, pai1 ?")));
    let without = compute("crs_ews", &inputs, &Tables::builtin()).expect("known");
    assert_eq!((without.band, without.band_held), (Some(Band::Yellow), Some(Band::Yellow)));
    inputs.hold([("D4".to_owned(), 2), ("D1".to_owned(), 0)].into());
    let held = compute("crs_ews", &inputs, &Tables::builtin()).expect("known");
    assert_eq!((held.band, held.band_held), (Some(Band::Yellow), Some(Band::Amber)));
    assert_eq!(held.value, without.value, "what is held is no measurement");
}

#[test]
fn points_given_directly_must_be_possible() {
    let found = crs("D1 4");
    assert!(found.flags.iter().any(|flag| flag.starts_with("not used: D1 4")), "{:?}", found.flags);
    assert_eq!(points(&found, "D1"), Some(Value::ZERO), "the inputs stand in");
}

#[test]
fn the_risk_set_and_the_endpoint_are_stated() {
    let outside = "outside the risk set: day 0 to 14".to_owned();
    assert!(!crs("day 14").flags.contains(&outside));
    assert!(crs("day 15").flags.contains(&outside));
    assert!(!crs("day 15, product cilta-cel").flags.iter().any(|flag| flag.starts_with("outside")));
    assert!(crs("endpoint_reached yes").flags.iter().any(|flag| flag.contains("endpoint")));
}

#[test]
fn a_term_shows_what_it_looked_at_and_marks_engineering() {
    let found = crs("phosphate_min_24h 2.3, phosphate_baseline 3.4, temperature_max_6h 38.4");
    let term = |id: &str| found.terms.iter().find(|term| term.name.starts_with(id)).expect("listed").clone();
    assert_eq!(
        term("D3").value,
        "phosphate baseline 3.4 mg/dL, phosphate min 24h 2.3 mg/dL, phosphate fall 32.4 %"
    );
    assert!(term("D3").source.ends_with("[engineering]"));
    assert_eq!(term("D1").value, "38.4 °C");
}

#[test]
fn a_probability_shows_only_once_calibrated() {
    assert!(crs("").part("probability").is_none());
    let text = include_str!("../../../../alert-rules/scores/crs-ews.toml")
        .replace("calibrated = false", "calibrated = true");
    let tables = Tables::load(&[("crs-ews.toml".to_owned(), text)]).expect("sound");
    // T 0, 3, 5, 8, 11, 14 give 0.2, 1.1, 2.8, 11, 35, 70 %.
    for (ids, low, high) in [
        ("B1 0", 200, 300),
        ("D1 3", 1_050, 1_150),
        ("D1 3, D3 2", 2_750, 2_850),
        ("D1 3, D3 2, D4 2, D5 1", 10_500, 11_500),
        ("D1 3, D3 2, D4 2, D5 2, B1 2", 34_500, 35_500),
        ("D1 3, D3 2, D4 2, D5 2, B1 2, H1 3", 69_500, 70_500),
    ] {
        let found = compute("crs_ews", &line(changed(CALM, ids)), &tables).expect("known");
        let percent = found.part("probability").and_then(|part| part.value).expect("calibrated").0;
        assert!((low..=high).contains(&percent), "{ids}: {percent}");
    }
    let open = compute("crs_ews", &line(changed(CALM, "pai1 ?")), &tables).expect("known");
    assert!(open.part("probability").is_none());
}
