//! Rules as a ward writes them: TOML files become a [`RuleSet`], or the list of all their mistakes.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::catalogue::closest;
use super::expression::{Expression, Known, References};
use super::fields::{Fields, Found, document, text_start};
use super::lint;
use super::mistake::{Mistake, Source};
use super::policy::{self, Policies};
use crate::model::{Analyte, Kind, Priority, Span};

/// One rule, read and checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// `phosphate-fall`: lower-case words joined by hyphens.
    pub id: Arc<str>,
    pub title_en: Arc<str>,
    pub title_ja: Arc<str>,
    /// What to do first, in a sentence.
    pub instruction_en: Arc<str>,
    pub instruction_ja: Arc<str>,
    /// Raises the alert when met.
    pub when: Expression,
    /// Ends it when met; without it, `when` not being met does. Unknown never ends anything.
    pub until: Option<Expression>,
    /// `when` must have been met this long without a break (`for` in the file).
    pub hold: Span,
    /// Becoming met while the alert is acknowledged makes it active again at once.
    pub worsens: Option<Expression>,
    pub priority: Priority,
    pub kind: Kind,
    /// A policy of `escalation.toml`; `None` for info, which tells nobody.
    pub escalate: Option<Arc<str>>,
    /// Rules that stay quiet for this patient while this one's alert is open.
    pub inhibits: Vec<Arc<str>>,
    /// Stays until a person ends it, even when the condition is over.
    pub latch: bool,
    /// Not raised again so soon after it ended.
    pub cooldown: Span,
    /// Judged and shown on the rules page, told to nobody.
    pub shadow: bool,
    pub unknown: WhenUnknown,
    pub source: Arc<str>,
    pub grounds: Grounds,
    pub rationale: Rationale,
    /// The file it stands in.
    pub file: Arc<str>,
}

/// What an unknown condition does. It never closes an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WhenUnknown {
    /// Nothing: what is open stays, nothing opens.
    Keep,
    /// Counts as met: not knowing is itself the finding.
    Raise,
}

/// Where the limits of a rule come from (`evidence` in the file).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grounds {
    Published,
    Engineering,
}

impl Grounds {
    pub fn name(self) -> &'static str {
        match self {
            Grounds::Published => "published",
            Grounds::Engineering => "engineering",
        }
    }
}

/// Why the rule exists (ISA-18.2): without an answer to each of these, an alert is noise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rationale {
    pub cause: Arc<str>,
    pub consequence: Arc<str>,
    pub response: Arc<str>,
    pub time_to_respond: Span,
}

impl Rule {
    /// Everything its conditions read.
    pub fn references(&self) -> References {
        let mut references = self.when.references();
        for expression in self.until.iter().chain(&self.worsens) {
            references.join(&expression.references());
        }
        references
    }

    /// Its conditions with their names in the file.
    pub fn conditions(&self) -> Vec<(&'static str, &Expression)> {
        let mut all = vec![("when", &self.when)];
        all.extend(self.until.iter().map(|until| ("until", until)));
        all.extend(self.worsens.iter().map(|worsens| ("worsens", worsens)));
        all
    }
}

/// All rules in force, with who is told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RuleSet {
    /// Given by the caller: the hash of the files.
    pub hash: Arc<str>,
    /// In order of file name, then of place in the file.
    pub rules: Vec<Rule>,
    pub policies: Policies,
    /// Doubtful, but allowed: shown by `check` and on the rules page.
    pub warnings: Vec<Mistake>,
    by_analyte: BTreeMap<Analyte, Vec<usize>>,
}

impl RuleSet {
    /// Reads rule files, given as (name, text); every mistake at once. `scores/` belongs to others and is passed over.
    pub fn load(hash: &str, files: &[(String, String)], known: &Known) -> Result<RuleSet, Vec<Mistake>> {
        let mut reading = Reading {
            known,
            rules: Vec::new(),
            places: Vec::new(),
            mistakes: Vec::new(),
            warnings: Vec::new(),
        };
        let mut files: Vec<Source> = files
            .iter()
            .map(|(file, text)| Source { file, text })
            .filter(|source| source.file.ends_with(".toml") && !source.file.contains("scores/"))
            .collect();
        files.sort_by_key(|source| source.file);
        let policies = match files.iter().find(|source| source.file.ends_with(policy::FILE)) {
            Some(source) => policy::read(*source, &mut reading.mistakes),
            None => {
                let empty = Source { file: policy::FILE, text: "" };
                let message =
                    "this file is missing; it says who is told when, copy the shipped one beside the rules";
                reading.mistakes.push(empty.mistake(0..0, message));
                Policies::default()
            }
        };
        for source in files.iter().filter(|source| !source.file.ends_with(policy::FILE)) {
            reading.file(*source, &policies);
        }
        lint::inhibitions(&reading.rules, &reading.places, &mut reading.mistakes);
        if !reading.mistakes.is_empty() {
            reading.mistakes.sort();
            return Err(reading.mistakes);
        }
        Ok(RuleSet::new(hash, reading.rules, policies, reading.warnings))
    }

    fn new(hash: &str, rules: Vec<Rule>, policies: Policies, warnings: Vec<Mistake>) -> RuleSet {
        let mut by_analyte: BTreeMap<Analyte, Vec<usize>> = BTreeMap::new();
        for (at, rule) in rules.iter().enumerate() {
            for analyte in rule.references().analytes {
                by_analyte.entry(analyte).or_default().push(at);
            }
        }
        RuleSet { hash: hash.into(), rules, policies, warnings, by_analyte }
    }

    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id.as_ref() == id)
    }

    /// Places in [`RuleSet::rules`] of the rules that ask this analyte something directly.
    pub fn reading(&self, analyte: Analyte) -> &[usize] {
        self.by_analyte.get(&analyte).map_or(&[], |places| places)
    }

    /// The longest window any rule looks back over.
    pub fn longest_window(&self) -> Span {
        self.rules.iter().filter_map(|rule| rule.references().window).max().unwrap_or(Span::ZERO)
    }
}

/// Where a rule's names stand, for mistakes found only once all rules are read.
#[derive(Clone, Debug)]
pub struct Places {
    /// As written, also of a rule that cannot be read.
    pub id: String,
    /// Each name in `inhibits` and where it stands.
    pub inhibits: Vec<(String, Mistake)>,
}

struct Reading<'k> {
    known: &'k Known<'k>,
    rules: Vec<Rule>,
    places: Vec<Places>,
    mistakes: Vec<Mistake>,
    warnings: Vec<Mistake>,
}

const FIELDS: [&str; 19] = [
    "id",
    "title",
    "instruction",
    "when",
    "for",
    "until",
    "worsens",
    "priority",
    "kind",
    "escalate",
    "inhibits",
    "latch",
    "cooldown",
    "shadow",
    "unknown",
    "source",
    "evidence",
    "rationale",
    "note",
];

impl Reading<'_> {
    fn file(&mut self, source: Source, policies: &Policies) {
        let mut mistakes = std::mem::take(&mut self.mistakes);
        let before = mistakes.len();
        let table = document(source, &mut mistakes);
        if mistakes.len() > before {
            // What a broken file lost would only be told again, as missing fields.
            self.mistakes = mistakes;
            return;
        }
        let what = source.file.to_string();
        let mut fields =
            Fields { source, table: table.get_ref(), place: 0..0, what, mistakes: &mut mistakes };
        fields.only(&["rule"]);
        for found in fields.list("rule") {
            let id = found
                .get_ref()
                .as_table()
                .and_then(|table| table.get("id"))
                .and_then(|id| id.get_ref().as_str());
            let what = format!("rule \"{}\"", id.unwrap_or("?"));
            if let Some(inner) = fields.inner(found, what) {
                self.rule(inner, policies);
            }
        }
        self.mistakes = mistakes;
    }

    fn rule(&mut self, mut fields: Fields, policies: &Policies) {
        fields.only(&FIELDS);
        self.places.push(places(&fields));
        let Some(rule) = read_rule(&mut fields, self.known, policies) else { return };
        let id = fields.get("id").map_or(0..0, |id| id.span());
        if let Some(twin) = self.rules.iter().find(|twin| twin.id == rule.id) {
            fields.refuse(id.clone(), format!("this id is already taken in {}", twin.file), None);
        }
        self.warnings.extend(lint::warnings(&rule, fields.source.mistake(id, "")));
        self.rules.push(rule);
    }
}

/// What of a rule others refer to, whatever else is wrong with it.
fn places(fields: &Fields) -> Places {
    let id = fields.get("id").and_then(|id| id.get_ref().as_str());
    let names = fields.get("inhibits").and_then(|list| list.get_ref().as_array());
    let inhibits = names.into_iter().flatten().filter_map(|item| {
        Some((item.get_ref().as_str()?.to_string(), fields.source.mistake(item.span(), "")))
    });
    Places { id: id.unwrap_or_default().to_string(), inhibits: inhibits.collect() }
}

fn read_rule(fields: &mut Fields, known: &Known, policies: &Policies) -> Option<Rule> {
    let id = read_id(fields);
    let title = fields.both_languages("title");
    let instruction = fields.both_languages("instruction");
    let when = fields.required("when").and_then(|found| condition(fields, found, "when", known));
    let until = fields.get("until").map(|found| condition(fields, found, "until", known));
    let worsens = fields.get("worsens").map(|found| condition(fields, found, "worsens", known));
    let priorities = Priority::ALL.map(|priority| (priority.name(), priority));
    let priority = fields.required("priority").and_then(|found| fields.word("priority", found, &priorities));
    let kinds = [("physiological", Kind::Physiological), ("technical", Kind::Technical)];
    let kind = fields.required("kind").and_then(|found| fields.word("kind", found, &kinds));
    let escalate = read_escalate(fields, priority, policies);
    let answers = [("keep", WhenUnknown::Keep), ("raise", WhenUnknown::Raise)];
    let unknown = fields.get("unknown").map(|found| fields.word("unknown", found, &answers));
    let source = fields.text("source");
    let grounds = [("published", Grounds::Published), ("engineering", Grounds::Engineering)];
    let grounds = fields.required("evidence").and_then(|found| fields.word("evidence", found, &grounds));
    let rationale = read_rationale(fields);
    let inhibits = fields.texts("inhibits").into_iter().map(|(id, _)| id).collect();
    let (hold, cooldown) =
        (fields.span("for").unwrap_or(Span::ZERO), fields.span("cooldown").unwrap_or(Span::ZERO));
    let (latch, shadow) = (fields.flag("latch"), fields.flag("shadow"));
    let ((title_en, title_ja), (instruction_en, instruction_ja)) = (title?, instruction?);
    Some(Rule {
        id: id?,
        title_en,
        title_ja,
        instruction_en,
        instruction_ja,
        when: when?,
        until: absent_or(until)?,
        hold,
        worsens: absent_or(worsens)?,
        priority: priority?,
        kind: kind?,
        escalate: escalate?,
        inhibits,
        latch,
        cooldown,
        shadow,
        unknown: absent_or(unknown)?.unwrap_or(WhenUnknown::Keep),
        source: source?.into(),
        grounds: grounds?,
        rationale: rationale?,
        file: fields.source.file.into(),
    })
}

/// A field that may be absent but not wrong.
fn absent_or<T>(field: Option<Option<T>>) -> Option<Option<T>> {
    match field {
        None => Some(None),
        Some(None) => None,
        Some(Some(value)) => Some(Some(value)),
    }
}

fn read_id(fields: &mut Fields) -> Option<Arc<str>> {
    let found = fields.required("id")?;
    let id = fields.text_of(found, "id")?;
    let good = id.len() <= 64
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && !id.ends_with('-')
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !good {
        fields.refuse(found.span(), "an id is lower-case words and digits joined by hyphens", None);
    }
    good.then(|| id.into())
}

fn condition<'a>(
    fields: &mut Fields<'a, '_>,
    found: Found<'a>,
    name: &str,
    known: &Known,
) -> Option<Expression> {
    let text = fields.text_of(found, name)?;
    let source = fields.source;
    match Expression::compile(text, known) {
        Ok(expression) => Some(expression),
        Err(faults) => {
            for fault in faults {
                let mut mistake = match text_start(source, found) {
                    Some(start) => source.fault(start, &fault),
                    None => Mistake {
                        suggestion: fault.suggestion.clone(),
                        ..source.mistake(found.span(), fault.message)
                    },
                };
                mistake.message = format!("{}, `{name}`: {}", fields.what, mistake.message);
                fields.mistakes.push(mistake);
            }
            None
        }
    }
}

/// The policy; info has none because it tells nobody.
fn read_escalate(
    fields: &mut Fields,
    priority: Option<Priority>,
    policies: &Policies,
) -> Option<Option<Arc<str>>> {
    if priority == Some(Priority::Info) {
        if let Some(found) = fields.get("escalate") {
            fields.refuse(
                found.span(),
                "info tells nobody; leave `escalate` out or choose another priority",
                None,
            );
        }
        return Some(None);
    }
    let found = fields.required("escalate")?;
    let id = fields.text_of(found, "escalate")?;
    if policies.get(id).is_none() {
        let names: Vec<&str> = policies.policies.iter().map(|policy| policy.id.as_ref()).collect();
        let guess = closest(id, names.iter().copied()).map(str::to_string);
        fields.refuse(
            found.span(),
            format!("no policy \"{id}\" in {}; there are {}", policy::FILE, names.join(", ")),
            guess,
        );
        return None;
    }
    Some(Some(id.into()))
}

fn read_rationale(fields: &mut Fields) -> Option<Rationale> {
    let found = fields.required("rationale")?;
    let what = format!("{}, rationale", fields.what);
    let mut inner = fields.inner(found, what)?;
    inner.only(&["cause", "consequence", "response", "time_to_respond"]);
    let (cause, consequence, response) =
        (inner.text("cause"), inner.text("consequence"), inner.text("response"));
    let time = inner.required("time_to_respond").and_then(|found| inner.span_of(found, "time_to_respond"));
    Some(Rationale {
        cause: cause?.into(),
        consequence: consequence?.into(),
        response: response?.into(),
        time_to_respond: time?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::doubles::{POLICY, analytes, rule_text};
    use super::*;

    fn load(text: &str) -> Result<RuleSet, Vec<Mistake>> {
        let analytes = analytes();
        let files =
            [("crs.toml".to_string(), text.to_string()), (policy::FILE.to_string(), POLICY.to_string())];
        RuleSet::load("hash", &files, &Known { analytes: &analytes })
    }
    #[track_caller]
    fn refused(text: &str) -> Vec<(usize, String, Option<String>)> {
        let mistakes = load(text).expect_err("refused");
        mistakes.into_iter().map(|mistake| (mistake.line, mistake.message, mistake.suggestion)).collect()
    }

    #[test]
    fn a_whole_rule_is_read() {
        let text = rule_text(
            "fever",
            "when = 'temperature.last >= 38'\nuntil = 'temperature.last < 37.5'\nfor = \"10m\"",
        );
        let set = load(&text).expect("a good rule");
        let rule = set.get("fever").expect("the rule");
        assert_eq!(
            (rule.hold, rule.priority, rule.unknown),
            (Span::minutes(10), Priority::Low, WhenUnknown::Keep)
        );
        assert_eq!(rule.escalate.as_deref(), Some("bedside-first"));
        assert_eq!(set.reading(Analyte::TEMPERATURE), [0]);
        assert_eq!(set.reading(Analyte::PHOSPHATE), [0usize; 0]);
        assert!(set.warnings.is_empty(), "{:?}", set.warnings);
    }

    #[test]
    fn a_mistake_in_a_condition_has_its_line_and_column() {
        let text = rule_text("fever", "when = 'tmp.last >= 38'\nuntil = 'temperature.last < 37.5'");
        let mistake = &load(&text).expect_err("refused")[0];
        assert_eq!((mistake.line, mistake.column, mistake.length), (5, 9, 3));
        assert_eq!(mistake.message, "rule \"fever\", `when`: unknown name `tmp.last`");
        assert!(mistake.snippet.starts_with("when = 'tmp"));
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let text = rule_text("Fever", "when = 'temperature.last >='\nuntl = 'seizure'\npriority = 3")
            .replace("evidence = \"engineering\"\n", "");
        let found = refused(&text);
        let messages: Vec<&str> = found.iter().map(|(_, message, _)| message.as_str()).collect();
        assert!(messages.iter().any(|m| m.contains("an id is lower-case")), "{messages:?}");
        assert!(messages.iter().any(|m| m.contains("expected a value")), "{messages:?}");
        assert!(
            found.iter().any(|(_, m, guess)| m.contains("`untl`") && guess.as_deref() == Some("until")),
            "{found:?}"
        );
        assert!(messages.iter().any(|m| m.contains("`evidence` is missing")), "{messages:?}");
    }

    #[test]
    fn a_rule_without_its_reasons_is_refused() {
        let text = rule_text("fever", "when = 'seizure'").replace("consequence = \"harm\", ", "");
        assert_eq!(refused(&text)[0].1, "rule \"fever\", rationale: `consequence` is missing");
    }

    #[test]
    fn a_broken_file_is_told_with_its_line() {
        let found = refused("[[rule]]\nid = \"a\nwhen = 3");
        assert_eq!(found[0].0, 2, "{found:?}");
    }

    #[test]
    fn an_unknown_policy_and_a_second_id_are_refused() {
        let text = rule_text("fever", "when = 'seizure'");
        let twice = format!("{text}{}", text.replace("bedside-first", "bedside-frist"));
        let found = refused(&twice);
        assert!(found.iter().any(|(_, _, guess)| guess.as_deref() == Some("bedside-first")), "{found:?}");
        let twins = format!("{text}{text}");
        assert!(refused(&twins)[0].1.contains("already taken"));
    }
}
