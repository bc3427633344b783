//! Floor 1. Terminology: codes, units and words of senders -> analytes and canonical units.
//!
//! Everything it knows is data in the folder `terminology/`; a set is loaded as text and checked as a whole,
//! so that a mistake in a code map is found when the map is edited and not when a result is lost.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod analyte;
mod code;
mod drug;
mod examine;
mod factor;
mod mapping;
mod number;
mod observe;
mod quantity;
mod share;
mod sheet;
mod text;
mod unit;
mod words;

#[cfg(test)]
mod tests;

use crate::model::{Analyte, AnalyteSettings};

use analyte::AnalyteRow;
use code::Codes;
use drug::Drugs;
use sheet::Sheet;
use unit::Units;
use words::Words;

pub use examine::{Examination, Examined, assessments};
pub use observe::{CLASSES, Meaning, Refused};
pub use share::{Share, counts};
pub use sheet::Mistake;

/// The files of the built-in set, by their path inside `terminology/`.
const BUILTIN: [(&str, &str); 9] = [
    ("analytes.toml", include_str!("../../terminology/analytes.toml")),
    ("units.toml", include_str!("../../terminology/units.toml")),
    ("words.toml", include_str!("../../terminology/words.toml")),
    ("drugs.toml", include_str!("../../terminology/drugs.toml")),
    ("codes/loinc.toml", include_str!("../../terminology/codes/loinc.toml")),
    ("codes/mdc.toml", include_str!("../../terminology/codes/mdc.toml")),
    ("codes/jlac10.toml", include_str!("../../terminology/codes/jlac10.toml")),
    ("codes/unused.toml", include_str!("../../terminology/codes/unused.toml")),
    ("codes/local.toml", include_str!("../../terminology/codes/local.toml")),
];

/// Files every set has; those under `codes/` may have any name.
const NEEDED: [&str; 4] = ["analytes.toml", "units.toml", "words.toml", "drugs.toml"];

/// A complete, checked set: what senders write, and what it means.
#[derive(Clone, Debug)]
pub struct Terminology {
    analytes: Vec<AnalyteRow>,
    settings: Vec<AnalyteSettings>,
    units: Units,
    words: Words,
    codes: Codes,
    drugs: Drugs,
}

impl Terminology {
    /// The set this program was built with.
    pub fn builtin() -> Terminology {
        Terminology::load(&Terminology::builtin_files()).expect("the built-in set is loaded by a test")
    }

    /// The text of the built-in set, by path inside the set: for a site to start its own from, and for
    /// hashing.
    pub fn builtin_files() -> Vec<(String, String)> {
        BUILTIN.iter().map(|(path, text)| ((*path).to_string(), (*text).to_string())).collect()
    }

    /// Reads a set from its files (path inside the set, text). All mistakes of all files at once, in the
    /// order of files and lines; nothing is loaded where there is one.
    pub fn load(files: &[(String, String)]) -> Result<Terminology, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        for needed in NEEDED {
            if !files.iter().any(|(path, _)| path == needed) {
                mistakes.push(of_file(needed, "the file is missing", "add it; the built-in set has one"));
            }
        }
        let sheet = |path: &'static str| Sheet::parse(path, text_of(files, path));
        let (of_analytes, of_units) = (sheet("analytes.toml"), sheet("units.toml"));
        let (of_words, of_drugs) = (sheet("words.toml"), sheet("drugs.toml"));
        let analytes = analyte::read(&of_analytes);
        let mut units = Units::read(&of_units, &analytes);
        units.connect(&analytes, &mut mistakes);
        let words = Words::read(&of_words);
        let drugs = Drugs::read(&of_drugs);
        let mut codes = Codes::default();
        let mut sheets = vec![of_analytes, of_units, of_words, of_drugs];
        for (path, text) in files {
            if path.starts_with("codes/") {
                let of_codes = Sheet::parse(path, text);
                codes.read(path, &of_codes, &analytes, &units);
                sheets.push(of_codes);
            } else if !NEEDED.contains(&path.as_str()) {
                mistakes.push(of_file(path, "no such file belongs to a set", "code files lie in codes/"));
            }
        }
        codes.index(&analytes, &mut mistakes);
        code::check_units(&codes, &units, &mut mistakes);
        mistakes.extend(sheets.into_iter().flat_map(Sheet::into_mistakes));
        if mistakes.is_empty() {
            let settings = analytes.iter().map(|row| row.settings.clone()).collect();
            return Ok(Terminology { analytes, settings, units, words, codes, drugs });
        }
        mistakes.sort();
        mistakes.dedup();
        Err(mistakes)
    }

    /// Every analyte with its unit, titles, limits and ages, in the order of the file.
    pub fn analytes(&self) -> &[AnalyteSettings] {
        &self.settings
    }

    pub fn settings(&self, analyte: Analyte) -> Option<&AnalyteSettings> {
        self.settings.iter().find(|settings| settings.name == analyte)
    }

    fn row(&self, analyte: Analyte) -> &AnalyteRow {
        let row = self.analytes.iter().find(|row| row.settings.name == analyte);
        row.expect("codes name analytes of the set, checked when it was loaded")
    }
}

fn text_of<'t>(files: &'t [(String, String)], path: &str) -> &'t str {
    files.iter().find(|(known, _)| known == path).map_or("", |(_, text)| text.as_str())
}

fn of_file(file: &str, message: &str, remedy: &str) -> Mistake {
    Mistake { file: file.into(), line: 0, column: 0, message: message.into(), remedy: remedy.into() }
}
