//! EASIX family and shock indexes: worked examples, bounds, what is missing.

use super::support::{check, line, score};
use crate::engine::score::shock_index::mean_arterial;
use crate::model::Value;

#[test]
fn the_worked_examples_of_easix_hold() {
    let mild = score("easix", &line("ldh 250, creatinine 0.8, platelets 180"));
    assert_eq!(mild.value.map(|value| value.rounded(2)), Some(Value(1_110)));
    let text = "ldh 620, creatinine 1.1, platelets 95, crp 80";
    let value = |name| score(name, &line(text)).value.expect("decided");
    assert_eq!(value("easix").rounded(2), Value(7_180));
    assert_eq!(value("s_easix").rounded(2), Value(6_530));
    // CRP 80 mg/L is 8.0 mg/dL.
    assert_eq!(value("m_easix").rounded(1), Value(52_200));
}

#[test]
fn the_logarithm_is_to_base_2() {
    let found = score("s_easix", &line("ldh 400, platelets 100"));
    assert_eq!(found.value, Some(Value::whole(4)));
    assert_eq!(found.part("log2").and_then(|part| part.value), Some(Value::whole(2)));
}

#[test]
fn a_missing_factor_leaves_easix_open() {
    let found = score("easix", &line("ldh 250, platelets 180"));
    assert_eq!((found.value, found.at_least), (None, None));
    assert_eq!(found.missing, ["creatinine"]);
}

#[test]
fn a_bound_gives_a_bound() {
    // Fewer platelets than 10: at least 250 x 0.8 / 9.999.
    check("easix", "ldh 250, creatinine 0.8, platelets <10", ">20.002");
    check("shock_index", "heart_rate 120, systolic <=80", ">1.5");
}

#[test]
fn no_platelets_is_no_index() {
    let found = score("easix", &line("ldh 250, creatinine 0.8, platelets 0"));
    assert_eq!((found.value, found.at_least), (None, None));
    assert!(!found.flags.is_empty());
}

#[test]
fn shock_indexes_divide_the_heart_rate() {
    check("shock_index", "heart_rate 108, systolic 90", "1.2");
    check("modified_shock_index", "heart_rate 91, map 70", "1.3");
    check("diastolic_shock_index", "heart_rate 100, diastolic 60", "1.667");
    check("shock_index", "heart_rate 108", "?");
    assert_eq!(mean_arterial(Value::whole(120), Value::whole(75)), Value::whole(90));
    assert_eq!(mean_arterial(Value::whole(121), Value::whole(75)), Value(90_333));
}
