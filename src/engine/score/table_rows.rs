//! The shape of a points table's file, row by row. What a row means is in [`super::table`].

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub name: Spanned<String>,
    pub version: String,
    pub title: Title,
    pub endpoint: String,
    pub source: String,
    pub limits: String,
    pub predictive: Vec<Spanned<String>>,
    pub risk_set: RiskSetRow,
    pub post_treatment: TreatedRow,
    pub probability: Probability,
    pub input: Vec<InputRow>,
    #[serde(default)]
    pub derived: Vec<DerivedRow>,
    pub block: Vec<BlockRow>,
    pub item: Vec<ItemRow>,
    pub band: Vec<BandRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Title {
    pub en: String,
    #[serde(default)]
    pub ja: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RiskSetRow {
    pub first_day: i64,
    pub last_day: i64,
    #[serde(default)]
    pub products: BTreeMap<String, i64>,
    pub endpoint_reached: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TreatedRow {
    pub input: Spanned<String>,
    pub items: Vec<Spanned<String>>,
    pub label: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Probability {
    pub intercept: f64,
    pub slope: f64,
    pub calibrated: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InputRow {
    pub name: Spanned<String>,
    #[serde(default)]
    pub unit: String,
    pub kind: Spanned<String>,
    #[serde(default)]
    pub min: i64,
    pub max: Option<i64>,
    #[serde(default)]
    pub optional: bool,
    pub meaning: String,
    #[serde(default)]
    pub plain: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DerivedRow {
    pub name: Spanned<String>,
    #[serde(default)]
    pub unit: String,
    pub ratio: Option<[String; 2]>,
    pub percent_fall: Option<[String; 2]>,
    pub fall: Option<[String; 2]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BlockRow {
    pub id: Spanned<String>,
    pub name: String,
    pub title: Title,
    pub cap: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemRow {
    pub id: Spanned<String>,
    pub block: Spanned<String>,
    pub title: Title,
    #[serde(default)]
    pub window: String,
    pub combine: Option<Spanned<String>>,
    pub suspended_by: Option<Spanned<String>>,
    pub source: Spanned<String>,
    pub level: Vec<LevelRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LevelRow {
    pub points: Spanned<i64>,
    pub when: Vec<Spanned<String>>,
    pub least: Option<Spanned<usize>>,
    pub evidence: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BandRow {
    pub name: Spanned<String>,
    pub when: Vec<Spanned<String>>,
}
