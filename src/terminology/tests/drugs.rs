//! Names of drugs.

use super::*;

pub(super) fn given(name: &str) -> DrugGiven {
    DrugGiven {
        place: "RXA^1".into(),
        codings: vec![Coding { code: "1".into(), name: name.into(), system: "HOT".into() }],
        starts_at: Some(NOW),
        ends_at: None,
        dose: "8 mg".into(),
        rate: String::new(),
        status: DrugStatus::Given,
        order: Some("O1".into()),
    }
}

fn drug(name: &str) -> (TherapyKind, Option<String>) {
    let therapy = SET.drug(&given(name), &patient(), "HIS|KUH");
    let therapy = therapy.expect("a therapy").expect("not an order");
    (therapy.kind, therapy.product.or(therapy.agent))
}

#[test]
fn a_drug_is_known_by_its_names_in_both_languages() {
    let cases = [
        ("アクテムラ点滴静注用400mg", TherapyKind::Tocilizumab, "tocilizumab"),
        ("ﾃﾞｶﾄﾞﾛﾝ注射液6.6mg", TherapyKind::Steroid, "dexamethasone"),
        ("Dexamethasone sodium phosphate 10 mg", TherapyKind::Steroid, "dexamethasone"),
        ("ソル・メドロール静注用", TherapyKind::Steroid, "methylprednisolone"),
        ("メチルプレドニゾロン", TherapyKind::Steroid, "methylprednisolone"),
        ("カロナール錠500", TherapyKind::Antipyretic, "acetaminophen"),
        ("ロキソニン錠60mg", TherapyKind::Antipyretic, "loxoprofen"),
        ("ノルアドレナリン注1mg", TherapyKind::Vasopressor, "norepinephrine"),
        ("Norepinephrine bitartrate", TherapyKind::Vasopressor, "norepinephrine"),
        ("ボスミン注1mg", TherapyKind::Vasopressor, "epinephrine"),
        ("ピトレシン注射液20", TherapyKind::Vasopressor, "vasopressin"),
        ("ドブタミン点滴静注", TherapyKind::Other, "dobutamine"),
        ("リン酸Na補正液0.5mmol/mL", TherapyKind::Phosphate, "phosphate"),
        ("Potassium Phosphate 15 mmol", TherapyKind::Phosphate, "phosphate"),
        ("anakinra", TherapyKind::Anticytokine, "anakinra"),
        ("キムリア点滴静注", TherapyKind::Infusion, "tisa-cel"),
        ("イエスカルタ点滴静注", TherapyKind::Infusion, "axi-cel"),
        ("lisocabtagene maraleucel", TherapyKind::Infusion, "liso-cel"),
        ("アベクマ点滴静注", TherapyKind::Infusion, "ide-cel"),
        ("CARVYKTI", TherapyKind::Infusion, "cilta-cel"),
    ];
    for (name, kind, what) in cases {
        assert_eq!(drug(name), (kind, Some(what.to_string())), "{name}");
    }
}

#[test]
fn a_drug_that_only_looks_like_one_is_recorded_and_used_by_no_grade() {
    for name in [
        "ロキソプロフェンNaテープ100mg",
        "デキサメタゾン軟膏口腔用",
        "コデインリン酸塩散1%",
        "フルダラ静注用（フルダラビンリン酸エステル）",
        "キシロカイン注射液1%エピレナミン(アドレナリン)含有",
        "バイアスピリン錠100mg",
        "ムコダイン錠250mg",
    ] {
        assert_eq!(drug(name).0, TherapyKind::Other, "{name}");
    }
}

#[test]
fn an_order_is_not_a_dose_and_two_drugs_in_one_name_are_refused() {
    let set = &*SET;
    let mut row = given("アクテムラ");
    row.status = DrugStatus::Ordered;
    assert_eq!(set.drug(&row, &patient(), "HIS"), Ok(None));
    row.status = DrugStatus::Started;
    row.ends_at = Some(NOW + Span::HOUR);
    let therapy = set.drug(&row, &patient(), "HIS").expect("good").expect("a therapy");
    assert_eq!((therapy.action, therapy.until), (TherapyAction::Started, Some(NOW + Span::HOUR)));
    row.starts_at = None;
    assert_eq!(set.drug(&row, &patient(), "HIS").expect_err("refused").class, "no-time");
    let both = set.drug(&given("norepinephrine + vasopressin"), &patient(), "HIS").expect_err("refused");
    assert_eq!(both.class, "ambiguous-drug");
}
