//! The rules and cases this program was built with. Tests hold these tables against the folder.

/// Rule, escalation and score files by path below `alert-rules/`.
pub const RULES: [(&str, &str); 13] = [
    ("crs.toml", include_str!("../../../alert-rules/crs.toml")),
    ("escalation.toml", include_str!("../../../alert-rules/escalation.toml")),
    ("fever.toml", include_str!("../../../alert-rules/fever.toml")),
    ("haemodynamic.toml", include_str!("../../../alert-rules/haemodynamic.toml")),
    ("hlh.toml", include_str!("../../../alert-rules/hlh.toml")),
    ("neuro.toml", include_str!("../../../alert-rules/neuro.toml")),
    ("pai1.toml", include_str!("../../../alert-rules/pai1.toml")),
    ("phosphate.toml", include_str!("../../../alert-rules/phosphate.toml")),
    ("respiratory.toml", include_str!("../../../alert-rules/respiratory.toml")),
    ("scores.toml", include_str!("../../../alert-rules/scores.toml")),
    ("scores/crs-ews.toml", include_str!("../../../alert-rules/scores/crs-ews.toml")),
    ("scores/icans-ews.toml", include_str!("../../../alert-rules/scores/icans-ews.toml")),
    ("technical.toml", include_str!("../../../alert-rules/technical.toml")),
];

/// Case files by path below `alert-rules/`.
pub const CASES: [(&str, &str); 10] = [
    ("cases/crs.case", include_str!("../../../alert-rules/cases/crs.case")),
    ("cases/fever.case", include_str!("../../../alert-rules/cases/fever.case")),
    ("cases/haemodynamic.case", include_str!("../../../alert-rules/cases/haemodynamic.case")),
    ("cases/hlh.case", include_str!("../../../alert-rules/cases/hlh.case")),
    ("cases/neuro.case", include_str!("../../../alert-rules/cases/neuro.case")),
    ("cases/pai1.case", include_str!("../../../alert-rules/cases/pai1.case")),
    ("cases/phosphate.case", include_str!("../../../alert-rules/cases/phosphate.case")),
    ("cases/respiratory.case", include_str!("../../../alert-rules/cases/respiratory.case")),
    ("cases/scores.case", include_str!("../../../alert-rules/cases/scores.case")),
    ("cases/technical.case", include_str!("../../../alert-rules/cases/technical.case")),
];

/// The rule set of the program itself, for a service without a rules folder and for hashing.
pub fn rules() -> Vec<(String, String)> {
    RULES.map(owned).to_vec()
}

pub fn cases() -> Vec<(String, String)> {
    CASES.map(owned).to_vec()
}

fn owned((name, text): (&str, &str)) -> (String, String) {
    (name.to_string(), text.to_string())
}
