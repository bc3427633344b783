//! What the page of a score shows.

use serde::Serialize;

use super::ask::Ask;

/// One line of the points table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    pub item: String,
    pub condition: String,
    /// Whole points or a grade as text; a formula's row has none.
    pub points: String,
}

impl Row {
    pub fn new(item: &str, condition: &str, points: impl ToString) -> Row {
        Row { item: item.into(), condition: condition.into(), points: points.to_string() }
    }
}

/// A score explained: what it needs, its table, its unit, where it comes from and where it ends.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Card {
    pub name: &'static str,
    pub title_en: String,
    pub title_ja: String,
    pub inputs: Vec<Ask>,
    pub rows: Vec<Row>,
    /// `grade`, `points`, or the unit of a formula.
    pub unit: String,
    pub source: String,
    pub limits: String,
}
