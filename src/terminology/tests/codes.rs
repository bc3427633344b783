//! Codes of laboratories, monitors and senders; words of charts.

use super::*;

#[test]
fn japanese_laboratory_codes_match_on_analyte_and_specimen() {
    assert_eq!(observed(&reading("3B050000002327901", "JC10", "200", "U/L")).analyte.as_str(), "ldh");
    assert_eq!(observed(&reading("2B310-0000-022-062-01", "JLAC10", "41", "ng/mL")).analyte.as_str(), "pai1");
    assert_eq!(
        observed(&reading("2A990000001930955", "JC10", "15.8", "万/μL")).analyte.as_str(),
        "platelets"
    );
    // Phosphate in urine (specimen 001) must not become phosphate in blood.
    assert_eq!(class(&reading("3H040000000127101", "JC10", "60", "mg/dL")), "unknown-specimen");
    assert_eq!(class(&reading("3H040", "JC10", "3.5", "mg/dL")), "unknown-specimen");
    let mut short = reading("3H040", "JC10", "3.5", "mg/dL");
    short.specimen = Some("023".into());
    assert_eq!(observed(&short).analyte.as_str(), "phosphate");
    assert_eq!(observed(&reading("9P10000000000001", "JC10", "35.8", "cel")).analyte.as_str(), "temperature");
    assert_eq!(observed(&reading("9A751000000000001", "JC10", "92", "mm(hg)")).analyte.as_str(), "systolic");
    assert_eq!(class(&reading("9A751170100000001", "JC10", "92", "mmHg")), "refused-code");
}

#[test]
fn either_triplet_may_be_the_usable_one() {
    let mut row = reading("10206", "99LAB", "139", "IU/L^IU/L^99UNT");
    row.codings.push(coding("3B050000002327201", "JC10"));
    let seen = observed(&row);
    assert_eq!((seen.analyte.as_str(), seen.code.as_str()), ("ldh", "3B050000002327201^JC10"));
    assert_eq!(seen.original, "139 IU/L");
    row.codings[0] = coding("2777-1", "LN");
    assert_eq!(class(&row), "conflicting-codes");
}

#[test]
fn a_monitor_is_understood_by_number_or_by_id() {
    let mut row = reading("149522", "MDC", "118", "264864^MDC_DIM_BEAT_PER_MIN^MDC");
    row.codings[0].name = "MDC_PULS_RATE".into();
    assert_eq!(observed(&row).analyte.as_str(), "heart_rate");
    row.codings[0] =
        Coding { code: "999999".into(), name: "MDC_PULS_OXIM_SAT_O2".into(), system: "MDC".into() };
    row.units = vec!["262688".into(), "MDC_DIM_PERCENT".into()];
    row.value = RawValue::Number("93".into());
    assert_eq!(observed(&row).analyte.as_str(), "spo2");
    row.codings[0] =
        Coding { code: "150021".into(), name: "MDC_PRESS_BLD_NONINV_DIA".into(), system: "MDC".into() };
    assert_eq!(class(&row), "conflicting-codes");
    row.codings[0] = Coding {
        code: "69965".into(),
        name: "MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS".into(),
        system: "MDC".into(),
    };
    row.value = RawValue::Absent;
    row.status = Status::Unavailable;
    assert_eq!(meaning(&row), Ok(Meaning::Nothing));
}

#[test]
fn pai1_activity_is_never_taken_for_the_antigen() {
    assert_eq!(class(&reading("5976-6", "LN", "12", "[iU]/mL")), "refused-code");
    assert_eq!(class(&reading("5975-8", "LN", "12", "ng/mL")), "refused-code");
    assert_eq!(class(&reading("5981-6", "LN", "12", "AU/mL")), "unknown-unit");
    let mut row = reading("5975-8", "LN", "12", "ng/mL");
    row.codings.push(coding("0098781", "99ARUP"));
    let refused = SET.observe(&row, &patient(), "ARUP|SLC", NOW).expect_err("refused");
    assert!(refused.reason.contains("ARUP's test"), "{}", refused.reason);
}

#[test]
fn a_row_of_the_sender_comes_before_the_general_one() {
    let mut files = Terminology::builtin_files();
    let local = &mut files.iter_mut().find(|(path, _)| path == "codes/local.toml").expect("there").1;
    local.push_str(
        "\n[[code]]\nsender = \"MAYO\"\ncodes = [\"PAI\"]\nanalyte = \"pai1\"\ndefault_unit = \"ng/mL\"\nsource = \"test\"\n",
    );
    let set = Terminology::load(&files).expect("a good set");
    let mut row = reading("5975-8", "LN", "12", "");
    row.codings.push(coding("PAI", "99MML"));
    let seen = set.observe(&row, &patient(), "MAYO|ROCHESTER", NOW);
    let Ok(Meaning::Observation(seen)) = seen else { panic!("refused: {seen:?}") };
    assert_eq!((seen.analyte.as_str(), seen.quantity), ("pai1", Some(Quantity::exactly(Value::whole(12)))));
    let other = set.observe(&row, &patient(), "LIS|KUH", NOW).expect_err("another sender's code");
    assert_eq!(other.class, "refused-code");
}

#[test]
fn what_is_unknown_names_itself_and_the_file_to_mend() {
    let mut row = reading("9999-9", "LN", "1", "mg/dL");
    row.codings[0].name = "Unobtainium".into();
    let refused = meaning(&row).expect_err("refused");
    assert_eq!(refused.class, "unknown-code");
    for part in ["9999-9^LN", "Unobtainium", "terminology/codes/loinc.toml"] {
        assert!(refused.reason.contains(part), "{}", refused.reason);
    }
    let refused = meaning(&reading("2777-1", "LN", "3.1", "furlong")).expect_err("refused");
    assert_eq!(refused.class, "unknown-unit");
    assert!(
        refused.reason.contains("`furlong`") && refused.reason.contains("units.toml"),
        "{}",
        refused.reason
    );
    assert_eq!(class(&reading("2777-1", "LN", "3.1 mg/dL", "mmol/L")), "conflicting-units");
    assert_eq!(meaning(&reading("789-8", "LN", "4.1", "10*6/uL")), Ok(Meaning::Nothing));
}

#[test]
fn what_is_known_before_the_infusion_comes_as_rows() {
    let factors = |code: &str, value: &str| match meaning(&reading(code, "cart-ews", value, "")) {
        Ok(Meaning::Factors(factors)) => factors,
        other => panic!("{code} {value}: {other:?}"),
    };
    assert_eq!(factors("ecog", "2").ecog, Some(2));
    assert_eq!(factors("prior-lines", "4").prior_lines, Some(4));
    for (word, state) in
        [("完全奏効", "cr"), ("Partial Response", "pr"), ("R/R", "active"), ("ＰＤ", "active")]
    {
        assert_eq!(factors("disease-state", word).disease_state.as_deref(), Some(state), "{word}");
    }
    assert_eq!(class(&reading("cart-ews:ecog", "L", "6", "")), "hard-limit");
    assert_eq!(class(&reading("cart-ews:disease-state", "L", "fair", "")), "unknown-word");
    assert_eq!(meaning(&reading("ecog", "cart-ews", "not done", "")), Ok(Meaning::Nothing));
}

#[test]
fn a_bedside_examination_is_put_together_from_its_parts() {
    let set = &*SET;
    let part = |code: &str, points: &str| {
        let row = reading(code, "cart-ews", points, "");
        match set.observe(&row, &patient(), "HIS|KUH", NOW) {
            Ok(Meaning::Examined(examined)) => examined,
            other => panic!("no part: {other:?}"),
        }
    };
    let items =
        [("orientation", "4"), ("naming", "3"), ("commands", "1"), ("writing", "0"), ("attention", "1")];
    let mut parts: Vec<Examined> =
        items.iter().map(|(item, points)| part(&format!("ice-{item}"), points)).collect();
    let (whole, refused) = assessments(&parts, "HIS|KUH");
    assert_eq!(whole.len(), 1);
    assert_eq!(whole[0].ice.and_then(crate::model::Ice::total), Some(9));
    assert!(refused.is_empty());
    parts.pop();
    let (whole, refused) = assessments(&parts, "HIS|KUH");
    assert!(whole.is_empty());
    assert_eq!(refused[0].class, "incomplete");
    assert_eq!(class(&reading("cart-ews:ice-naming", "L", "4", "")), "hard-limit");
    assert_eq!(observed(&reading("cart-ews:ice-total", "99LAB", "7", "")).analyte.as_str(), "ice");
    let level = meaning(&reading("67775-7", "LN", "Alert", "")).expect("a level");
    assert!(
        matches!(level, Meaning::Examined(Examined { part: Examination::Acvpu(ref letter), .. }) if letter == "A")
    );
}

#[test]
fn an_oxygen_device_is_known_by_its_words() {
    let cases = [
        ("鼻カニューラ", OxygenDevice::NasalCannula, None),
        ("ｶﾆｭｰﾗ ３Ｌ", OxygenDevice::NasalCannula, Some(Value::whole(3))),
        ("Nasal cannula 2.5 L/min", OxygenDevice::NasalCannula, Some(Value(2_500))),
        ("リザーバーマスク", OxygenDevice::NonRebreather, None),
        ("Non-rebreather mask", OxygenDevice::NonRebreather, None),
        ("HFNC", OxygenDevice::HighFlow, None),
        ("Room air", OxygenDevice::None, None),
        ("none", OxygenDevice::None, None),
        ("人工呼吸器", OxygenDevice::Ventilator, None),
    ];
    for (text, device, flow) in cases {
        let seen = meaning(&reading("3152-6", "LN", text, ""));
        assert_eq!(seen, Ok(Meaning::OxygenDevice { device, flow, at: NOW, withdrawn: false }), "{text}");
    }
    assert_eq!(class(&reading("3152-6", "LN", "hyperbaric chamber", "")), "unknown-word");
    assert_eq!(meaning(&reading("3152-6", "LN", "---", "")), Ok(Meaning::Nothing));
}

#[test]
fn a_reading_is_explained_step_by_step() {
    let set = &*SET;
    let steps = set.try_reading(&reading("14879-1", "LN", "0.74", "mmol/L"), &patient(), "LIS", NOW);
    assert_eq!(steps.last().map(String::as_str), Some("used: phosphate 2.292 mg/dL, final"));
    let steps = set.try_reading(&reading("2777-1", "LN", "3.1", "furlong"), &patient(), "LIS", NOW);
    assert!(steps.last().is_some_and(|step| step.starts_with("refused: unknown-unit")), "{steps:?}");
}
