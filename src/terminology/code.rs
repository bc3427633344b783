//! Codes: which analyte, or which part of an examination, a row speaks of.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Coding;

use super::analyte::AnalyteRow;
use super::mapping::{CodeRow, OWN_SYSTEM, PARTS, Target, own_row, read_row};
use super::sheet::{Mistake, Place, Sheet};
use super::text::{code_key, shown};
use super::unit::Units;

/// Where a JLAC10 code keeps its specimen: digits 10 to 12 of 17.
const SPECIMEN: std::ops::Range<usize> = 9..12;
#[derive(Clone, Debug, Default)]
struct System {
    name: String,
    file: String,
    /// Codes of the rows are the beginnings of codes sent.
    prefix: bool,
    /// The name sent beside the code identifies too.
    names: bool,
    containment: Vec<String>,
}

/// All rows of all code files.
#[derive(Clone, Debug, Default)]
pub(super) struct Codes {
    systems: Vec<System>,
    aliases: BTreeMap<String, usize>,
    rows: Vec<CodeRow>,
    /// System and code, or the empty system for rows of a sender alone.
    index: BTreeMap<(String, String), Vec<usize>>,
}

/// What the codings of a row came to.
#[derive(Clone, Debug)]
pub(super) enum Found<'c> {
    /// The row, and the code as sent with its system: `2777-1^LN`.
    Row {
        row: &'c CodeRow,
        code: String,
    },
    /// A row that only describes the tree of devices.
    Containment,
    Unknown {
        code: String,
        file: String,
    },
    /// Known for other specimens only.
    Specimen {
        code: String,
        specimen: Option<String>,
    },
    /// Two codings name different things.
    Conflict {
        code: String,
    },
}

/// A code as it stands in the message, made comparable.
struct Sent<'c> {
    coding: &'c Coding,
    system: String,
    known: Option<usize>,
    /// Rows hold the beginnings of its codes, and the specimen is among its digits.
    prefix: bool,
    keys: Vec<String>,
}

impl Codes {
    /// Adds the rows of one file under `codes/`.
    pub(super) fn read(&mut self, file: &str, sheet: &Sheet<'_>, analytes: &[AnalyteRow], units: &Units) {
        let top = sheet.top(&["code"]);
        let name = top.optional("system").map(|name| code_key(&name));
        let aliases = top.texts("aliases");
        let prefix = match top.optional("match").as_deref() {
            None | Some("whole") => false,
            Some("prefix") => true,
            Some(other) => {
                top.mistake("match", format!("`{other}` is no way to match"), "use whole or prefix");
                false
            }
        };
        let containment = top.texts("containment").iter().map(|start| code_key(start)).collect();
        let names = top.flag("names");
        top.finish();
        if let Some(name) = &name {
            let system = System { name: name.clone(), file: file.into(), prefix, names, containment };
            for alias in aliases.iter().chain([name]) {
                if self.aliases.insert(code_key(alias), self.systems.len()).is_some() {
                    top.mistake("aliases", format!("`{alias}` names another system already"), "keep one");
                }
            }
            self.systems.push(system);
        }
        for row in sheet.rows("code") {
            let read = read_row(&row, name.as_deref(), analytes, units);
            row.finish();
            self.rows.extend(read);
        }
    }

    /// Adds a row for each analyte and part under its own name, then builds the index; rows that say the same
    /// code twice are mistakes.
    pub(super) fn index(&mut self, analytes: &[AnalyteRow], mistakes: &mut Vec<Mistake>) {
        let own =
            analytes.iter().map(|row| (row.settings.name.to_string(), Target::Analyte(row.settings.name)));
        let parts = PARTS.into_iter().map(|(name, part)| (name.to_string(), Target::Part(part)));
        let place = Place { file: "analytes.toml".into(), line: 0, column: 0 };
        self.rows.extend(own.chain(parts).map(|(name, target)| own_row(&name, target, &place)));
        for (id, row) in self.rows.iter().enumerate() {
            let system = row.system.as_deref().map_or_else(String::new, |system| self.canonical(system));
            for code in &row.codes {
                let others = self.index.entry((system.clone(), code.clone())).or_default();
                if let Some(twin) =
                    others.iter().map(|other| &self.rows[*other]).find(|other| row.overlaps(other))
                {
                    mistakes.push(row.place.mistake(
                        format!(
                            "code `{code}` is there twice, first in {} line {}",
                            twin.place.file, twin.place.line
                        ),
                        "keep one, or tell them apart by sender, specimens or results",
                    ));
                    continue;
                }
                others.push(id);
            }
        }
    }

    pub(super) fn rows(&self) -> &[CodeRow] {
        &self.rows
    }

    fn canonical(&self, system: &str) -> String {
        let key = code_key(system);
        self.aliases.get(&key).map_or(key, |known| self.systems[*known].name.clone())
    }

    /// The row for these codings. A row of the sender is asked first; codings that disagree are refused,
    /// since one of them is wrong and nobody can say which.
    pub(super) fn find(&self, codings: &[Coding], specimen: Option<&str>, sender: &str) -> Found<'_> {
        let sent: Vec<Sent<'_>> = codings.iter().filter_map(|coding| self.sent(coding)).collect();
        if sent.iter().any(|sent| self.is_containment(sent)) {
            return Found::Containment;
        }
        let mut hits: Vec<(&CodeRow, &Sent<'_>)> = Vec::new();
        let mut wrong_specimen = None;
        for one in &sent {
            for row in self.candidates(one, sender) {
                let of = one.specimen().or_else(|| specimen.map(code_key).filter(|s| !s.is_empty()));
                if row.takes_specimen(of.as_deref()) {
                    hits.push((row, one));
                } else {
                    wrong_specimen = Some(Found::Specimen { code: self.display(one), specimen: of });
                }
            }
        }
        if hits.iter().any(|(row, _)| row.sender.is_some()) {
            hits.retain(|(row, _)| row.sender.is_some());
        }
        let refused = hits.iter().find(|(row, _)| matches!(row.target, Target::Refuse(_)));
        let targets: BTreeSet<&Target> = hits.iter().map(|(row, _)| &row.target).collect();
        match (refused.or(hits.first()), wrong_specimen, sent.first()) {
            (Some((row, one)), _, _) if refused.is_some() || targets.len() == 1 => {
                Found::Row { row, code: self.display(one) }
            }
            (Some(_), _, _) => Found::Conflict { code: self.display_all(&sent) },
            (None, Some(wrong), _) => wrong,
            (None, None, first) => Found::Unknown {
                code: first.map_or_else(|| "(none)".into(), |_| self.display_all(&sent)),
                file: first
                    .and_then(|one| one.known)
                    .map_or_else(|| "codes/local.toml".into(), |known| self.systems[known].file.clone()),
            },
        }
    }

    fn sent<'c>(&self, coding: &'c Coding) -> Option<Sent<'c>> {
        let mut system = code_key(&coding.system);
        let mut code = code_key(&coding.code);
        // `cart-ews:ice-total` brings its system with it.
        if let Some((before, rest)) = code.split_once(':') {
            let spoken_for = self.aliases.contains_key(before) || self.rows.iter().any(|r| r.is_of(before));
            if spoken_for || before == OWN_SYSTEM {
                (system, code) = (before.to_string(), rest.to_string());
            }
        }
        let known = self.aliases.get(&system).copied();
        let prefix = known.is_some_and(|known| self.systems[known].prefix);
        if prefix {
            code.retain(|letter| letter != '-');
        }
        let mut keys = vec![code];
        if known.is_some_and(|known| self.systems[known].names) {
            keys.push(code_key(&coding.name));
        }
        keys.retain(|key| !key.is_empty());
        let system = known.map_or(system, |known| self.systems[known].name.clone());
        (!keys.is_empty()).then_some(Sent { coding, system, known, prefix, keys })
    }

    fn is_containment(&self, sent: &Sent<'_>) -> bool {
        let Some(known) = sent.known else { return false };
        let starts = &self.systems[known].containment;
        sent.keys.iter().any(|key| starts.iter().any(|start| key.starts_with(start.as_str())))
    }

    /// Rows of this coding for this sender; where codes are prefixes, those of the longest that fits.
    fn candidates(&self, sent: &Sent<'_>, sender: &str) -> Vec<&CodeRow> {
        let mut rows = Vec::new();
        for key in &sent.keys {
            for system in [sent.system.as_str(), ""] {
                let shortest = if sent.prefix && !system.is_empty() { 1 } else { key.len() };
                let lengths = (shortest..=key.len()).rev();
                for length in lengths {
                    let Some(start) = key.get(..length) else { continue };
                    let ids = self.index.get(&(system.to_string(), start.to_string()));
                    let fitting: Vec<&CodeRow> = ids
                        .into_iter()
                        .flatten()
                        .map(|id| &self.rows[*id])
                        .filter(|row| row.is_for(sender) && row.takes_result(key))
                        .collect();
                    if !fitting.is_empty() {
                        rows.extend(fitting);
                        break;
                    }
                }
            }
        }
        rows
    }

    fn display(&self, sent: &Sent<'_>) -> String {
        let code = if sent.coding.code.trim().is_empty() { &sent.coding.name } else { &sent.coding.code };
        let system = if sent.known.is_some() { sent.system.as_str() } else { sent.coding.system.trim() };
        format!("{}^{system}", shown(code, 40))
    }

    fn display_all(&self, sent: &[Sent<'_>]) -> String {
        sent.iter().map(|one| self.display(one)).collect::<Vec<_>>().join(" and ")
    }
}

impl Sent<'_> {
    fn specimen(&self) -> Option<String> {
        let digits = self.keys.first().filter(|_| self.prefix)?.get(SPECIMEN)?;
        (digits != "000").then(|| digits.to_string())
    }
}

/// Proves that every unit a row fixes leads to its analyte.
pub(super) fn check_units(codes: &Codes, units: &Units, mistakes: &mut Vec<Mistake>) {
    for row in codes.rows() {
        let Target::Analyte(analyte) = &row.target else { continue };
        for unit in row.default_unit.iter().chain(row.means.iter().map(|(_, to)| to)) {
            if !units.can_convert(*analyte, *unit) {
                mistakes.push(row.place.mistake(
                    format!("nothing converts `{}` into the unit of `{analyte}`", units.name(*unit)),
                    "correct the unit, or add a bridge to units.toml",
                ));
            }
        }
    }
}
