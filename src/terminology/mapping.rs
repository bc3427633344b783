//! One row of a code file: codes, for whom and of which specimen, and what they stand for.

use crate::model::Analyte;

use super::analyte::AnalyteRow;
use super::sheet::{Place, Row};
use super::text::{code_key, word_key};
use super::unit::{UnitId, Units, known_analyte};

/// Length of a complete JLAC10 code; its last two digits are the result.
const COMPLETE: usize = 17;
/// The system whose codes are the analytes' own names, for charts and for tests of a feed.
pub(super) const OWN_SYSTEM: &str = "STORMWATCH";

/// A part of the examination, or another thing that is no number with a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    OxygenDevice,
    Orientation,
    Naming,
    Commands,
    Writing,
    Attention,
    Capd,
    Acvpu,
    Ecog,
    PriorLines,
    DiseaseState,
}

impl Part {
    pub(super) fn is_of_ice(self) -> bool {
        matches!(self, Part::Orientation | Part::Naming | Part::Commands | Part::Writing | Part::Attention)
    }
}

pub(super) const PARTS: [(&str, Part); 11] = [
    ("oxygen_device", Part::OxygenDevice),
    ("ice_orientation", Part::Orientation),
    ("ice_naming", Part::Naming),
    ("ice_commands", Part::Commands),
    ("ice_writing", Part::Writing),
    ("ice_attention", Part::Attention),
    ("capd", Part::Capd),
    ("acvpu", Part::Acvpu),
    ("ecog", Part::Ecog),
    ("prior_lines", Part::PriorLines),
    ("disease_state", Part::DiseaseState),
];

/// What a code stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    Analyte(Analyte),
    Part(Part),
    /// So many per cent of the white cells are these.
    Share(Analyte),
    /// Known, and not usable; why.
    Refuse(String),
    /// Known, and of no use to any rule.
    Ignore,
}

/// One row of a code file.
#[derive(Clone, Debug)]
pub(super) struct CodeRow {
    /// `None` for a row of a sender, whatever system it names.
    pub(super) system: Option<String>,
    pub(super) sender: Option<String>,
    pub(super) codes: Vec<String>,
    pub(super) specimens: Vec<String>,
    pub(super) results: Vec<String>,
    pub(super) target: Target,
    /// Unit of a sender that sends none.
    pub(super) default_unit: Option<UnitId>,
    /// With this code, one unit means another: a volume is that of a day.
    pub(super) means: Vec<(UnitId, UnitId)>,
    pub(super) place: Place,
}

impl CodeRow {
    pub(super) fn is_of(&self, system: &str) -> bool {
        self.system.as_deref() == Some(system)
    }

    /// The sender is written whole (`LIS|KUH`) or one of its parts.
    pub(super) fn is_for(&self, sender: &str) -> bool {
        self.sender.as_deref().is_none_or(|wanted| {
            word_key(sender) == wanted || sender.split('|').any(|part| word_key(part) == wanted)
        })
    }

    pub(super) fn takes_specimen(&self, specimen: Option<&str>) -> bool {
        self.specimens.is_empty()
            || specimen.is_some_and(|sent| self.specimens.iter().any(|known| known == sent))
    }

    pub(super) fn takes_result(&self, code: &str) -> bool {
        self.results.is_empty()
            || (code.len() == COMPLETE && self.results.iter().any(|result| code.ends_with(result.as_str())))
    }

    pub(super) fn overlaps(&self, other: &CodeRow) -> bool {
        let meet =
            |a: &[String], b: &[String]| a.is_empty() || b.is_empty() || a.iter().any(|one| b.contains(one));
        self.sender == other.sender
            && meet(&self.specimens, &other.specimens)
            && meet(&self.results, &other.results)
    }
}

/// The row of an analyte or a part under its own name.
pub(super) fn own_row(name: &str, target: Target, place: &Place) -> CodeRow {
    CodeRow {
        system: Some(OWN_SYSTEM.into()),
        sender: None,
        codes: vec![code_key(name)],
        specimens: Vec::new(),
        results: Vec::new(),
        target,
        default_unit: None,
        means: Vec::new(),
        place: place.clone(),
    }
}

/// One `[[code]]` of a file whose rows belong to `file_system` unless they say otherwise.
pub(super) fn read_row(
    row: &Row<'_, '_>,
    file_system: Option<&str>,
    known: &[AnalyteRow],
    units: &Units,
) -> Option<CodeRow> {
    let codes: Vec<String> = row.texts("codes").iter().map(|code| code_key(code)).collect();
    if codes.is_empty() || codes.iter().any(String::is_empty) {
        row.mistake("codes", "a row without codes".into(), "add codes = [\"…\"]");
    }
    row.text("source");
    let sender = row.optional("sender").map(|sender| word_key(&sender));
    let system =
        row.optional("system").map(|name| code_key(&name)).or_else(|| file_system.map(str::to_string));
    if system.is_none() && sender.is_none() {
        row.mistake(
            "system",
            "neither system nor sender is named".into(),
            "add `system`, or `sender`, or both",
        );
    }
    let default_unit = row.has("default_unit").then(|| units.named(row, "default_unit")).flatten();
    if default_unit.is_some() && sender.is_none() {
        row.mistake(
            "default_unit",
            "`default_unit` without `sender`".into(),
            "name the sender whose values come without a unit",
        );
    }
    let target = target(row, known);
    let mut means = Vec::new();
    for (from, to) in row.pairs("means") {
        match (units.spelled(&from), units.spelled(&to)) {
            (Some(from), Some(to)) => means.push((from, to)),
            (None, _) | (_, None) => {
                row.mistake("means", format!("`{from}` or `{to}` is no unit"), "use units of units.toml");
            }
        }
    }
    let specimens = row.texts("specimens");
    let results = row.texts("results");
    let place = row.place();
    Some(CodeRow { system, sender, codes, specimens, results, target: target?, default_unit, means, place })
}

fn target(row: &Row<'_, '_>, known: &[AnalyteRow]) -> Option<Target> {
    let analyte = row.optional("analyte");
    let share = row.optional("share");
    let part = row.optional("part");
    let refuse = row.optional("refuse");
    let ignore = row.optional("ignore");
    if let Some(name) = &share {
        let alone = analyte.is_none() && part.is_none() && refuse.is_none() && ignore.is_none();
        if alone {
            return known_analyte(row, "share", name, known).map(Target::Share);
        }
    }
    match (analyte, part, refuse, ignore) {
        _ if share.is_some() => {
            row.mistake(
                "share",
                "a row stands for one thing: a share, or something else".into(),
                "keep one of `analyte`, `share`, `part`, `refuse`, `ignore`",
            );
            None
        }
        (Some(name), None, None, None) => known_analyte(row, "analyte", &name, known).map(Target::Analyte),
        (None, Some(name), None, None) => {
            let part =
                PARTS.into_iter().find(|(known, _)| *known == name).map(|(_, part)| Target::Part(part));
            if part.is_none() {
                let known = PARTS.map(|(name, _)| name).join(", ");
                row.mistake("part", format!("unknown part `{name}`"), &format!("known: {known}"));
            }
            part
        }
        (None, None, Some(reason), None) => Some(Target::Refuse(reason)),
        (None, None, None, Some(_)) => Some(Target::Ignore),
        _ => {
            row.mistake(
                "codes",
                "a row stands for one thing: an analyte, a part, a refusal, or nothing".into(),
                "keep one of `analyte`, `share`, `part`, `refuse`, `ignore`",
            );
            None
        }
    }
}
