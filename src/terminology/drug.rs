//! Drugs: names and codes of what was given -> the kind of therapy that grades ask for.

use crate::model::{DrugGiven, DrugStatus, PatientId, Therapy, TherapyAction, TherapyKind};

use super::Terminology;
use super::observe::Refused;
use super::sheet::{Row, Sheet};
use super::text::{code_key, shown, word_key};

#[derive(Clone, Debug)]
struct DrugRow {
    kind: TherapyKind,
    agent: Option<String>,
    product: Option<String>,
    words: Vec<String>,
    unless: Vec<String>,
    system: Option<String>,
    codes: Vec<String>,
}

/// What `drugs.toml` says.
#[derive(Clone, Debug, Default)]
pub(super) struct Drugs {
    rows: Vec<DrugRow>,
    /// Words of forms that act where they are put: ointments, drops, inhalers.
    local_use: Vec<String>,
}

/// A word of a row inside a name.
struct Hit {
    row: usize,
    start: usize,
    end: usize,
}

impl Drugs {
    pub(super) fn read(sheet: &Sheet<'_>) -> Drugs {
        let top = sheet.top(&["drug"]);
        let local_use = top.texts("local_use").iter().map(|word| word_key(word)).collect();
        top.finish();
        let mut rows: Vec<DrugRow> = Vec::new();
        for row in sheet.rows("drug") {
            let read = read_row(&row);
            row.finish();
            let Some(read) = read else { continue };
            for word in &read.words {
                if rows.iter().any(|other| other.words.contains(word)) {
                    row.mistake(
                        "words",
                        format!("`{word}` belongs to another drug already"),
                        "keep it in one row",
                    );
                }
            }
            rows.push(read);
        }
        Drugs { rows, local_use }
    }

    /// The rows a name stands for: of words that overlap the longest counts, and `unless` takes a row back.
    fn named(&self, name: &str) -> Vec<usize> {
        let key = word_key(name);
        let mut hits = Vec::new();
        for (row, drug) in self.rows.iter().enumerate() {
            if drug.unless.iter().any(|word| key.contains(word.as_str())) {
                continue;
            }
            for word in &drug.words {
                for (start, _) in key.match_indices(word.as_str()) {
                    hits.push(Hit { row, start, end: start + word.len() });
                }
            }
        }
        let inside = |hit: &Hit, other: &Hit| {
            other.row != hit.row
                && other.start <= hit.start
                && hit.end <= other.end
                && other.end - other.start > hit.end - hit.start
        };
        let mut rows: Vec<usize> = hits
            .iter()
            .filter(|hit| !hits.iter().any(|other| inside(hit, other)))
            .map(|hit| hit.row)
            .collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// The one row among these, none, or the names of several.
    fn one_of(&self, mut rows: Vec<usize>) -> Result<Option<&DrugRow>, String> {
        rows.sort_unstable();
        rows.dedup();
        match rows.as_slice() {
            [] => Ok(None),
            [row] => Ok(Some(&self.rows[*row])),
            several => {
                let names: Vec<&str> = several
                    .iter()
                    .map(|row| &self.rows[*row])
                    .filter_map(|row| row.agent.as_deref().or(row.product.as_deref()))
                    .collect();
                Err(names.join(" and "))
            }
        }
    }

    fn coded(&self, code: &str, system: &str) -> Option<usize> {
        let (code, system) = (code_key(code), code_key(system));
        self.rows.iter().position(|row| row.codes.contains(&code) && row.system.as_ref() == Some(&system))
    }

    fn is_local_use(&self, name: &str) -> bool {
        let key = word_key(name);
        self.local_use.iter().any(|word| key.contains(word.as_str()))
    }
}

fn read_row(row: &Row<'_, '_>) -> Option<DrugRow> {
    let kind = row.text("kind").and_then(|name| {
        let kind = TherapyKind::parse(&name);
        if kind.is_none() {
            let known = TherapyKind::ALL.map(TherapyKind::name).join(", ");
            row.mistake("kind", format!("unknown kind of therapy `{name}`"), &format!("known: {known}"));
        }
        kind
    });
    let words: Vec<String> = row.texts("words").iter().map(|word| word_key(word)).collect();
    let codes: Vec<String> = row.texts("codes").iter().map(|code| code_key(code)).collect();
    let system = row.optional("system").map(|system| code_key(&system));
    if words.is_empty() && codes.is_empty() {
        row.mistake("words", "a drug without words or codes".into(), "add words = [\"…\"]");
    }
    if words.iter().any(|word| word.chars().count() < 3) {
        row.mistake(
            "words",
            "a word of less than three letters stands in too many names".into(),
            "write more of it",
        );
    }
    if !codes.is_empty() && system.is_none() {
        row.mistake("codes", "codes without a system".into(), "add system = \"…\"");
    }
    let agent = row.optional("agent");
    let product = row.optional("product");
    if kind == Some(TherapyKind::Infusion) && product.is_none() {
        row.mistake("product", "an infusion without its product".into(), "add product = \"…\"");
    }
    let unless = row.texts("unless").iter().map(|word| word_key(word)).collect();
    Some(DrugRow { kind: kind?, agent, product, words, unless, system, codes })
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedDrug {
    pub kind: TherapyKind,
    pub agent: Option<String>,
    pub product: Option<String>,
}

impl Terminology {
    /// The drug that a person named in words of their own; `None` where no row knows the name.
    ///
    /// # Errors
    /// The drugs, where the name holds several.
    pub fn drug_named(&self, name: &str) -> Result<Option<NamedDrug>, String> {
        let row = self.drugs.one_of(self.drugs.named(name))?;
        Ok(row.map(|row| NamedDrug {
            kind: row.kind,
            agent: row.agent.clone(),
            product: row.product.clone(),
        }))
    }

    /// What kind of therapy a drug row is. `Ok(None)` for an order, which is not a dose yet. A drug no row
    /// knows is a therapy of kind *other* under its own name.
    ///
    /// # Errors
    /// `unknown-drug` where no name or code was sent, `ambiguous-drug` where the name holds two known drugs,
    /// `no-time` where neither start nor end was sent.
    pub fn drug(
        &self,
        given: &DrugGiven,
        patient: &PatientId,
        source: &str,
    ) -> Result<Option<Therapy>, Refused> {
        let (action, at) = match given.status {
            DrugStatus::Ordered => return Ok(None),
            DrugStatus::Given => (TherapyAction::Given, given.starts_at.or(given.ends_at)),
            DrugStatus::Started => (TherapyAction::Started, given.starts_at),
            DrugStatus::Stopped => (TherapyAction::Stopped, given.ends_at.or(given.starts_at)),
            DrugStatus::Withdrawn => (TherapyAction::Withdrawn, given.starts_at.or(given.ends_at)),
        };
        let refused = |class, reason: String| Refused::new(class, &given.place, reason);
        let name = given
            .codings
            .iter()
            .flat_map(|coding| [&coding.name, &coding.code])
            .find(|n| !n.trim().is_empty());
        let Some(name) = name else {
            return Err(refused("unknown-drug", "neither the drug's name nor its code was sent".into()));
        };
        let row = self.drug_row(given).map_err(|both| {
            let reason = format!("`{}` names {both}; send one row for each drug", shown(name, 60));
            refused("ambiguous-drug", reason)
        })?;
        let at = at.ok_or_else(|| {
            refused("no-time", format!("no time for `{}`; send its start", shown(name, 60)))
        })?;
        let local = given.codings.iter().any(|coding| self.drugs.is_local_use(&coding.name));
        let kind = row.map_or(TherapyKind::Other, |row| if local { TherapyKind::Other } else { row.kind });
        let own_name = || Some(shown(name, 60).to_lowercase());
        let until = given.ends_at.filter(|end| *end > at);
        let dose =
            [&given.rate, &given.dose].into_iter().map(|text| text.trim()).find(|text| !text.is_empty());
        Ok(Some(Therapy {
            patient: patient.clone(),
            kind,
            action,
            at,
            until,
            agent: row.map_or_else(own_name, |row| row.agent.clone()),
            product: row.and_then(|row| row.product.clone()),
            device: None,
            flow: None,
            dose: dose.map(str::to_string),
            airway_only: false,
            source: source.to_string(),
            order: given.order.clone(),
        }))
    }

    /// The row of a drug, none, or the names of two.
    fn drug_row(&self, given: &DrugGiven) -> Result<Option<&DrugRow>, String> {
        let coded = given.codings.iter().find_map(|coding| self.drugs.coded(&coding.code, &coding.system));
        if let Some(row) = coded {
            return Ok(Some(&self.drugs.rows[row]));
        }
        let mut rows: Vec<usize> = Vec::new();
        for coding in &given.codings {
            rows.extend(self.drugs.named(&coding.name));
            // A code of letters is a name too (`TOCILIZUMAB^^L`); a number is not.
            if coding.code.chars().any(char::is_alphabetic) {
                rows.extend(self.drugs.named(&coding.code));
            }
        }
        self.drugs.one_of(rows)
    }
}
