//! Points tables of the site as data: what a file says, once it has been read and found sound.

use std::fmt;
use std::sync::{Arc, LazyLock};

use super::answer::Band;
use super::ask::Ask;
use super::card::{Card, Row};
use super::condition::{self, Condition};
use super::table_file;

/// A mistake in a file, with its place and the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub file: String,
    /// 1 for the first; 0 where it concerns the whole file.
    pub line: usize,
    pub what: String,
    pub remedy: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ", line {}", self.line)?;
        }
        write!(f, ": {}", self.what)?;
        if self.remedy.is_empty() { Ok(()) } else { write!(f, "; {}", self.remedy) }
    }
}

/// The two early-warning tables in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Tables {
    pub(super) crs: Arc<Table>,
    pub(super) icans: Arc<Table>,
}

const CRS_FILE: (&str, &str) = ("crs-ews.toml", include_str!("../../../alert-rules/scores/crs-ews.toml"));
const ICANS_FILE: (&str, &str) =
    ("icans-ews.toml", include_str!("../../../alert-rules/scores/icans-ews.toml"));

impl Tables {
    /// The tables built into the program; read once.
    pub fn builtin() -> Tables {
        static BUILTIN: LazyLock<Tables> = LazyLock::new(|| {
            let read = |(file, text): (&str, &str)| match table_file::read(file, text) {
                Ok(table) => Arc::new(table),
                Err(mistakes) => panic!("a built-in table is sound, a test reads it: {}", mistakes[0]),
            };
            Tables { crs: read(CRS_FILE), icans: read(ICANS_FILE) }
        });
        BUILTIN.clone()
    }

    /// The tables of a rule set: its files under `scores/`; the built-in ones where it has none.
    pub fn of_rules(files: &[(String, String)]) -> Result<Tables, Vec<Mistake>> {
        let own: Vec<(String, String)> =
            files.iter().filter(|(path, _)| path.starts_with("scores/")).cloned().collect();
        if own.is_empty() { Ok(Tables::builtin()) } else { Tables::load(&own) }
    }

    /// Reads (file name, text) pairs; a table that no file gives stays the built-in one. Every mistake at once.
    pub fn load(files: &[(String, String)]) -> Result<Tables, Vec<Mistake>> {
        let mut tables = Tables::builtin();
        let mut mistakes = Vec::new();
        let mut given: Vec<(&'static str, &str)> = Vec::new();
        for (file, text) in files {
            let table = match table_file::read(file, text) {
                Ok(table) => table,
                Err(found) => {
                    mistakes.extend(found);
                    continue;
                }
            };
            if let Some((name, earlier)) = given.iter().find(|(name, _)| *name == table.name) {
                mistakes.push(Mistake {
                    file: file.clone(),
                    line: 0,
                    what: format!("table `{name}` is given twice, here and in {earlier}"),
                    remedy: "keep one of the two files".into(),
                });
                continue;
            }
            given.push((table.name, file));
            match table.name {
                "crs_ews" => tables.crs = Arc::new(table),
                _icans_ews => tables.icans = Arc::new(table),
            }
        }
        if mistakes.is_empty() { Ok(tables) } else { Err(mistakes) }
    }
}

/// One points table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    pub name: &'static str,
    pub version: String,
    pub title_en: String,
    pub title_ja: String,
    pub endpoint: String,
    pub source: String,
    pub limits: String,
    /// The inputs of the file, then one for each item's id: its points, given directly.
    pub asks: Vec<Ask>,
    pub derived: Vec<Derived>,
    pub blocks: Vec<Block>,
    pub items: Vec<Item>,
    pub bands: Vec<BandRule>,
    /// Indexes of the blocks that predict.
    pub predictive: Vec<usize>,
    pub risk_set: RiskSet,
    pub treated: Treated,
    /// Intercept and slope of the logistic, only where a site has calibrated it.
    pub probability: Option<(f64, f64)>,
}

/// A number made of two inputs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Derived {
    pub name: String,
    pub unit: String,
    pub form: Form,
    pub of: [String; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// First over second.
    Ratio,
    /// Fall from the first to the second, per cent of the first.
    PercentFall,
    /// First minus second.
    Fall,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Block {
    pub id: String,
    pub name: String,
    pub title_en: String,
    /// Whole points.
    pub cap: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    pub id: String,
    pub block: usize,
    pub title_en: String,
    pub window: String,
    /// Levels add up; otherwise the highest that is met counts.
    pub adds_up: bool,
    /// While this flag is set the item holds points given under its id.
    pub suspended_by: Option<String>,
    pub levels: Vec<Level>,
    pub source: String,
}

impl Item {
    /// The most it can give, whole points.
    pub fn most(&self) -> i64 {
        let points = self.levels.iter().map(|level| level.points);
        if self.adds_up { points.sum() } else { points.max().unwrap_or(0) }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Level {
    pub points: i64,
    /// Met when at least `least` of these are, each of them all of its conditions.
    pub when: Vec<Vec<Condition>>,
    pub least: usize,
    pub engineering: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct BandRule {
    pub band: Band,
    /// Any of these; each all of its parts.
    pub when: Vec<Vec<BandPart>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum BandPart {
    /// The sum of these blocks is at least so many thousandths of a point.
    Sum {
        blocks: Vec<usize>,
        least: i64,
    },
    Flag(String),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct RiskSet {
    pub first_day: i64,
    pub last_day: i64,
    pub products: Vec<(String, i64)>,
    pub endpoint_reached: String,
}

/// What changes once the patient was treated.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Treated {
    pub input: String,
    pub items: Vec<String>,
    pub label: String,
}

impl Table {
    pub fn card(&self) -> Card {
        let mut rows = Vec::new();
        for item in &self.items {
            let window = if item.window.is_empty() { String::new() } else { format!(" ({})", item.window) };
            for level in &item.levels {
                let lines: Vec<String> = level.when.iter().map(|line| condition::show(line)).collect();
                let mut text = lines.join(", or ");
                if level.least > 1 {
                    text = format!("{} of: {}", level.least, lines.join("; "));
                }
                let evidence = if level.engineering { "engineering" } else { "published" };
                let name = format!("{} {}{window}", item.id, item.title_en);
                rows.push(Row::new(&name, &format!("{text} [{evidence}]"), level.points));
            }
        }
        for block in &self.blocks {
            rows.push(Row::new(&format!("block {}: {}", block.id, block.title_en), "at most", block.cap));
        }
        Card {
            name: self.name,
            title_en: format!("{} v{}: {}", self.title_en, self.version, self.endpoint),
            title_ja: format!("{} v{}", self.title_ja, self.version),
            inputs: self.asks.clone(),
            rows,
            unit: "points".into(),
            source: self.source.clone(),
            limits: self.limits.clone(),
        }
    }
}
