//! Numbers, units, bounds, limits, times and statuses.

use super::*;
use crate::model::{FindingKind, Ice};

#[test]
fn phosphate_in_moles_and_in_mass_is_the_same_phosphate() {
    assert_eq!(value("2777-1", "LN", "3.5", "mg/dL"), 3_500);
    assert_eq!(value("14879-1", "LN", "1.13", "mmol/L"), 3_500);
    assert_eq!(value("14879-1", "LN", "0.74", "mmol/L"), 2_292);
    assert_eq!(value("2777-1", "LN", "740", "umol/L"), 2_292);
    // A molar code with a unit of mass: the unit that was given counts.
    assert_eq!(value("14879-1", "LN", "3.5", "mg/dL"), 3_500);
    assert_eq!(value("3H040000002327101", "JC10", "3.5", "mg/dl"), 3_500);
    let refused = meaning(&reading("2777-1", "LN", "2.0", "mEq/L")).expect_err("refused");
    assert_eq!(refused.class, "unknown-unit");
    assert!(refused.reason.contains("charge of phosphate"), "{}", refused.reason);
    assert_eq!(class(&reading("2777-1", "LN", "2.0", "")), "unknown-unit");
}

#[test]
fn platelets_in_units_of_ten_thousand_are_ten_times_as_many() {
    for unit in ["10^4/µL", "10*4/uL", "×10⁴/µL", "万/μL", "10000/mm3", "*10＾4/ul", "x10^4/mm3"] {
        assert_eq!(value("777-3", "LN", "15.8", unit), 158_000, "{unit}");
    }
    for unit in ["10*9/L", "10^3/uL", "*10＾3/ul", "K/uL", "10³/µL", "x10e3/uL", "千/μl"] {
        assert_eq!(value("2A050000001930101", "JC10", "158", unit), 158_000, "{unit}");
    }
    assert_eq!(value("777-3", "LN", "158000", "/μL"), 158_000);
    // An unescaped `^` falls apart in an HL7 field.
    let mut parted = reading("777-3", "LN", "15.8", "10");
    parted.units.push("4/uL".into());
    assert_eq!(observed(&parted).quantity, Some(Quantity::exactly(Value::whole(158))));
    // `G/L` is giga for some and gram for others.
    assert_eq!(class(&reading("777-3", "LN", "158", "G/L")), "unknown-unit");
}

#[test]
fn crp_is_told_apart_by_its_unit() {
    assert_eq!(value("1988-5", "LN", "3.0", "mg/dL"), 30_000);
    assert_eq!(value("1988-5", "LN", "30", "mg/L"), 30_000);
    assert_eq!(value("5C070000002306201", "JC10", "3.0", "㎎/㎗"), 30_000);
}

#[test]
fn temperature_is_read_in_celsius_and_fahrenheit() {
    assert_eq!(value("8310-5", "LN", "101.3", "[degF]"), 38_500);
    assert_eq!(value("8310-5", "LN", "100.4", "°F"), 38_000);
    assert_eq!(value("150364", "MDC", "101.66", "266560^MDC_DIM_FAHR^MDC"), 38_700);
    for (number, unit) in
        [("38.7", "Cel"), ("３８．７", "℃"), ("38.7", "268192^MDC_DIM_DEGC^MDC"), ("38.7 ℃", "")]
    {
        assert_eq!(value("8310-5", "LN", number, unit), 38_700, "{number} {unit}");
    }
    assert_eq!(class(&reading("150344", "MDC", "384.5", "Cel")), "hard-limit");
    assert_eq!(class(&reading("8310-5", "LN", "101.3", "Cel")), "hard-limit");
}

#[test]
fn inspired_oxygen_is_per_cent_or_a_fraction() {
    for (number, unit) in
        [("40", "%"), ("0.4", "%"), ("0.4", ""), ("0.40", "1"), ("40", "{score}"), ("４０", "％")]
    {
        assert_eq!(value("3150-0", "LN", number, unit), 40_000, "{number} {unit}");
    }
    assert_eq!(value("3150-0", "LN", "1.0", ""), 100_000);
    assert_eq!(value("3150-0", "LN", "0.21", "%"), 21_000);
    assert_eq!(class(&reading("3150-0", "LN", "5", "%")), "hard-limit");
    assert_eq!(class(&reading("3150-6", "LN", "40", "%")), "unknown-code");
    // A saturation is never read as a fraction.
    assert_eq!(class(&reading("59408-5", "LN", "0.97", "%")), "hard-limit");
}

#[test]
fn inspired_oxygen_is_the_same_as_a_fraction_and_in_per_cent() {
    for (written, unit) in [("0.4", ""), ("0.4", "1"), ("0.4", "%"), ("40", "%"), ("４０", "％"), ("40", "")]
    {
        assert_eq!(value("3150-0", "LN", written, unit), 40_000, "{written} {unit}");
    }
}

#[test]
fn other_laboratories_units_lead_to_the_same_value() {
    assert_eq!(value("2160-0", "LN", "88.4", "μmol/L"), 1_000);
    assert_eq!(value("1975-2", "LN", "17.1", "umol/L"), 1_000);
    assert_eq!(value("718-7", "LN", "120", "g/L"), 12_000);
    assert_eq!(value("718-7", "LN", "10", "mmol/L"), 16_110);
    assert_eq!(value("3255-7", "LN", "2.5", "g/L"), 250_000);
    assert_eq!(value("48065-7", "LN", "500", "ng/mL{FEU}"), 500);
    assert_eq!(value("32693-4", "LN", "18", "mg/dL"), 1_998);
    assert_eq!(value("2571-8", "LN", "1.5", "mmol/L"), 132_855);
    assert_eq!(value("17861-6", "LN", "2.5", "mmol/L"), 10_020);
    assert_eq!(value("2276-4", "LN", "2247", "pmol/L"), 1_000_000);
    assert_eq!(value("2532-0", "LN", "4", "ukat/L"), 240_000);
    assert_eq!(value("2951-2", "LN", "140", "mEq/L"), 140_000);
    assert_eq!(value("6690-2", "LN", "45", "10*2/uL"), 4_500);
    assert_eq!(value("26881-3", "LN", "16", "ng/L"), 16_000);
    assert_eq!(value("2703-7", "LN", "10", "kPa"), 75_006);
    assert_eq!(value("5981-6", "LN", "41.0", "ug/L"), 41_000);
    assert_eq!(value("29463-7", "LN", "60500", "g"), 60_500);
    assert_eq!(value("9192-6", "LN", "1500", "mL"), 1_500_000);
    assert_eq!(class(&reading("9187-6", "LN", "300", "mL")), "unknown-unit");
}

#[test]
fn a_bound_is_kept_whoever_wrote_it() {
    let cases = [
        ("<0.5", Bound::Below),
        ("0.5未満", Bound::Below),
        ("０．５ 未満", Bound::Below),
        ("＜0.5", Bound::Below),
        ("0.5>", Bound::Below),
        ("< 0.5 mg/dL", Bound::Below),
        ("≦0.5", Bound::AtMost),
        ("0.5以下", Bound::AtMost),
        ("0.5以上", Bound::AtLeast),
        (">=0.5", Bound::AtLeast),
        ("0.5<", Bound::Above),
        ("> 0.5", Bound::Above),
        ("greater than 0.5", Bound::Above),
    ];
    for (text, bound) in cases {
        let quantity = observed(&reading("1988-5", "LN", text, "mg/dL")).quantity;
        assert_eq!(quantity, Some(Quantity { value: Value(5_000), bound }), "{text}");
    }
    let mut structured = reading("2276-4", "LN", "", "ng/mL");
    structured.value = RawValue::Structured {
        comparator: ">".into(),
        first: "100000".into(),
        separator: String::new(),
        second: String::new(),
    };
    let seen = observed(&structured);
    assert_eq!(seen.quantity, Some(Quantity { value: Value::whole(100_000), bound: Bound::Above }));
    assert_eq!(seen.original, ">100000 ng/mL");
    structured.value = RawValue::Structured {
        comparator: String::new(),
        first: "100".into(),
        separator: "-".into(),
        second: "200".into(),
    };
    assert_eq!(class(&structured), "interval");
}

#[test]
fn no_value_is_never_zero() {
    for text in ["None", "---", "測定不能", "\"\"", "", "N/A", "-100", "NaN", "溶血", "***"] {
        let seen = observed(&reading("2777-1", "LN", text, "mg/dL"));
        assert_eq!((seen.quantity, seen.status), (None, Status::Unavailable), "{text}");
    }
    let mut absent = reading("2777-1", "LN", "", "mg/dL");
    absent.value = RawValue::Absent;
    assert_eq!(observed(&absent).status, Status::Unavailable);
    absent.status = Status::Corrected;
    assert_eq!(observed(&absent).status, Status::Deleted, "a correction to nothing takes the value back");
}

#[test]
fn what_is_no_number_is_refused_and_never_guessed() {
    for text in
        ["38,7", "1,234", "(+)", "2+", "12 34", "1-4", "0.5～2", "<0.5<", "positive", "38.7H", "1.2.3"]
    {
        assert_eq!(class(&reading("8310-5", "LN", text, "Cel")), "number", "{text}");
    }
    let refused = meaning(&reading("8310-5", "LN", "38,7", "Cel")).expect_err("refused");
    assert!(refused.reason.contains("`38,7`") && refused.reason.contains("comma"), "{}", refused.reason);
    let prose = meaning(&reading("8310-5", "LN", "see the note of Dr Tanaka", "Cel")).expect_err("refused");
    assert!(!prose.reason.contains("Tanaka"), "free text may name a person: {}", prose.reason);
    let mut unusable = reading("8310-5", "LN", "", "Cel");
    unusable.value = RawValue::Unusable("ED".into());
    assert_eq!(class(&unusable), "unusable-type");
}

#[test]
fn an_item_of_an_ice_that_is_withdrawn_withdraws_the_ice() {
    for status in [Status::Wrong, Status::Deleted] {
        let mut item = reading("ice-writing", "cart-ews", "1", "");
        item.status = status;
        let seen = observed(&item);
        assert_eq!((seen.analyte, seen.quantity, seen.status), (Analyte::ICE, None, status));
        assert_eq!((seen.measured_at, seen.code.as_str()), (NOW, Ice::CODE));
    }
}

#[test]
fn examinations_are_corrected_and_withdrawn_by_message() {
    let part = |code: &str, system: &str, value: &str, status| {
        let mut row = reading(code, system, value, "");
        row.status = status;
        match meaning(&row) {
            Ok(Meaning::Examined(part)) => part,
            other => panic!("no part of an examination: {other:?}"),
        }
    };
    let parts = [
        part("capd", "cart-ews", "9", Status::Wrong),
        part("67775-7", "LN", "", Status::Deleted),
        part("ice-writing", "cart-ews", "0", Status::Corrected),
    ];
    let (found, refused) = assessments(&parts, "HIS|KUH");
    assert_eq!(found[0].settles, [FindingKind::Ice, FindingKind::Capd, FindingKind::Acvpu]);
    assert_eq!((found[0].ice, found[0].capd, found[0].acvpu.as_ref()), (None, None, None));
    assert!(refused[0].reason.contains("counts no more"), "{}", refused[0].reason);
    let (found, _) = assessments(&[part("capd", "cart-ews", "11", Status::Corrected)], "HIS|KUH");
    assert_eq!((found[0].capd, found[0].settles.as_slice()), (Some(11), [FindingKind::Capd].as_slice()));
    let mut ecog = reading("ecog", "cart-ews", "2", "");
    ecog.status = Status::Wrong;
    assert_eq!(class(&ecog), "withdrawn-factor");
}

#[test]
fn limits_refuse_or_flag() {
    assert_eq!(class(&reading("2777-1", "LN", "31", "mg/dL")), "hard-limit");
    let seen = observed(&reading("2777-1", "LN", "0.4", "mg/dL"));
    assert!(seen.quality.implausible);
    assert!(observed(&reading("2777-1", "LN", "3.4", "mg/dL")).quality.is_good());
    let lead_off = observed(&reading("8867-4", "LN", "0", "bpm"));
    assert_eq!(lead_off.quantity, Some(Quantity::exactly(Value::ZERO)));
    assert!(lead_off.quality.signal && lead_off.quality.implausible);
    assert_eq!(class(&reading("9269-2", "LN", "14.5", "{score}")), "number");
}

#[test]
fn time_is_needed_and_may_not_lie_ahead() {
    let mut late = reading("8867-4", "LN", "80", "bpm");
    late.measured_at = None;
    assert_eq!(class(&late), "no-time");
    let at = |minutes| ReadingTime { at: NOW + Span::minutes(minutes), date_only: false, ambiguous: false };
    late.measured_at = Some(at(6));
    assert_eq!(class(&late), "future-time");
    late.measured_at = Some(at(5));
    assert_eq!(observed(&late).measured_at, NOW + Span::minutes(5));
    late.measured_at = Some(ReadingTime { date_only: true, ..at(-600) });
    assert!(observed(&late).quality.time);
}

#[test]
fn a_status_decides_what_happens_to_the_value() {
    let mut row = reading("2777-1", "LN", "3.5", "mg/dL");
    row.status = Status::Pending;
    assert_eq!(meaning(&row), Ok(Meaning::Nothing));
    row.status = Status::Unavailable;
    assert_eq!((observed(&row).quantity, observed(&row).status), (None, Status::Unavailable));
    for status in [Status::Deleted, Status::Wrong] {
        row.status = status;
        row.value = RawValue::Text("38,7".into());
        assert_eq!((observed(&row).quantity, observed(&row).status), (None, status));
        row.value = RawValue::Text("3.5".into());
        assert_eq!(observed(&row).quantity, Some(Quantity::exactly(Value(3_500))));
    }
}

#[test]
fn comments_and_quality_words_flag_the_value() {
    let mut row = reading("2777-1", "LN", "5.1", "mg/dL");
    row.notes = vec!["検体溶血あり".into()];
    assert!(observed(&row).quality.specimen);
    row.notes = vec!["Specimen hemolyzed (2+)".into()];
    assert!(observed(&row).quality.specimen);
    for fit in ["溶血(-) 乳び(-) 黄疸(-)", "溶血なし", "No hemolysis", "Hemolysis: none", "not hemolyzed"]
    {
        row.notes = vec![fit.into()];
        assert!(!observed(&row).quality.specimen, "{fit}");
    }
    for unfit in ["溶血(+) 乳び(-)", "hemolysis-moderate", "溶血：強"] {
        row.notes = vec![unfit.into()];
        assert!(observed(&row).quality.specimen, "{unfit}");
    }
    row.notes = vec!["quality:poor".into(), "quality:retained".into()];
    assert!(observed(&row).quality.signal && observed(&row).quality.retained);
    row.notes = vec!["quality:good".into(), "called to the ward".into()];
    assert!(observed(&row).quality.is_good());
}

#[test]
fn a_number_is_converted_for_charts_and_cases_too() {
    let set = &*SET;
    let phosphate = set.convert(Analyte::PHOSPHATE, "1.13", "mmol/L");
    assert_eq!(phosphate, Ok(Quantity::exactly(Value(3_500))));
    assert_eq!(set.convert(Analyte::PHOSPHATE, "1.13", "pint").expect_err("refused").class, "unknown-unit");
    assert_eq!(set.convert(Analyte::PHOSPHATE, "99", "mg/dL").expect_err("refused").class, "hard-limit");
    assert_eq!(observed(&reading("phosphate", "stormwatch", "3.5", "mg/dL")).analyte, Analyte::PHOSPHATE);
}

proptest::proptest! {
    /// Whatever a sender writes, the answer is an observation or a refusal with a known class, and a plain
    /// number is never read as another one.
    #[test]
    fn any_text_is_an_observation_or_a_refusal(value in "\\PC{0,30}", unit in "\\PC{0,12}") {
        match meaning(&reading("2777-1", "LN", &value, &unit)) {
            Ok(Meaning::Observation(seen)) => proptest::prop_assert_eq!(seen.analyte, Analyte::PHOSPHATE),
            Ok(other) => proptest::prop_assert!(false, "{:?}", other),
            Err(refused) => proptest::prop_assert!(CLASSES.contains(&refused.class)),
        }
    }

    #[test]
    fn a_plain_number_is_read_as_itself(thousandths in 100i64..30_000) {
        let written = Value(thousandths).to_string();
        let wide: String = written.chars().map(|c| char::from_u32(c as u32 + 0xfee0).expect("full width")).collect();
        for text in [written, wide] {
            let seen = observed(&reading("2777-1", "LN", &text, "mg/dL"));
            proptest::prop_assert_eq!(seen.quantity, Some(Quantity::exactly(Value(thousandths))));
        }
    }

    #[test]
    fn moles_and_mass_agree_to_a_thousandth(thousandths in 100i64..9_000) {
        let molar = SET.convert(Analyte::PHOSPHATE, &Value(thousandths).to_string(), "mmol/L").expect("a value");
        let expected = libm::round(thousandths as f64 / 0.32285) as i64;
        proptest::prop_assert!((molar.value.0 - expected).abs() <= 1);
    }
}
