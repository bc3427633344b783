//! Reads a points table from TOML and says everything that is wrong with it, with line and remedy.

use toml::Spanned;

use super::answer::Band;
use super::ask::{Ask, AskKind, suggest};
use super::condition::{self, Condition, Test};
use super::table::{BandPart, BandRule, Block, Derived, Form, Item, Level, Mistake, RiskSet, Table, Treated};
use super::table_rows::{BandRow, BlockRow, DerivedRow, File, InputRow, ItemRow, LevelRow};
use crate::model::Value;
use crate::toml_file;

/// Tables that exist; what the program knows how to place.
const TABLES: [&str; 2] = ["crs_ews", "icans_ews"];

/// Collects mistakes while the file is turned into a table.
struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    mistakes: Vec<Mistake>,
}

/// The table in `text`; every mistake at once where it is not sound.
pub(super) fn read(file: &str, text: &str) -> Result<Table, Vec<Mistake>> {
    let mut reader = Reader { file, text, mistakes: Vec::new() };
    let (rows, faults) = toml_file::read::<File>(text);
    for fault in &faults {
        let at = fault.span.as_ref().map_or(0, |span| span.start);
        let what = fault.message.lines().next().unwrap_or("not TOML").to_owned();
        reader.mistake_at(at, what, "crs-ews.toml, as built in, shows the form");
    }
    let (Some(rows), true) = (rows, faults.is_empty()) else { return Err(reader.mistakes) };
    let table = reader.table(rows);
    if reader.mistakes.is_empty() { Ok(table) } else { Err(reader.mistakes) }
}

impl Reader<'_> {
    fn mistake_at(&mut self, at: usize, what: impl Into<String>, remedy: impl Into<String>) {
        let line = self.text[..at.min(self.text.len())].matches('\n').count() + 1;
        let file = self.file.to_owned();
        self.mistakes.push(Mistake { file, line, what: what.into(), remedy: remedy.into() });
    }

    fn mistake<T>(&mut self, at: &Spanned<T>, what: impl Into<String>, remedy: impl Into<String>) {
        self.mistake_at(at.span().start, what, remedy);
    }

    fn unknown(&mut self, at: &Spanned<String>, name: &str, kind: &str, known: &[&str]) {
        let remedy = match suggest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", known.join(", ")),
        };
        self.mistake(at, format!("unknown {kind} `{name}`"), remedy);
    }

    fn table(&mut self, rows: File) -> Table {
        let name = self.name(&rows.name);
        let mut asks = self.asks(&rows.input);
        let derived = self.derived(rows.derived, &asks);
        let blocks = self.blocks(&rows.block);
        let items = self.items(&rows.item, &blocks, &asks, &derived);
        let bands = self.bands(&rows.band, &blocks, &asks);
        let predictive =
            rows.predictive.iter().filter_map(|id| self.block(id, id.get_ref(), &blocks)).collect();
        let ids: Vec<&str> = items.iter().map(|item| item.id.as_str()).collect();
        for id in &rows.post_treatment.items {
            if !ids.contains(&id.get_ref().as_str()) {
                self.unknown(id, id.get_ref(), "item", &ids);
            }
        }
        self.optional_flag(&rows.post_treatment.input, &asks);
        self.optional_flag(&rows.risk_set.endpoint_reached, &asks);
        asks.extend(items.iter().map(points_ask));
        let treated = rows.post_treatment;
        Table {
            name,
            version: rows.version,
            title_en: rows.title.en,
            title_ja: rows.title.ja,
            endpoint: rows.endpoint,
            source: rows.source,
            limits: rows.limits,
            asks,
            derived,
            blocks,
            items,
            bands,
            predictive,
            risk_set: RiskSet {
                first_day: rows.risk_set.first_day,
                last_day: rows.risk_set.last_day,
                products: rows.risk_set.products.into_iter().collect(),
                endpoint_reached: rows.risk_set.endpoint_reached.into_inner(),
            },
            treated: Treated {
                input: treated.input.into_inner(),
                items: treated.items.into_iter().map(Spanned::into_inner).collect(),
                label: treated.label,
            },
            probability: rows
                .probability
                .calibrated
                .then_some((rows.probability.intercept, rows.probability.slope)),
        }
    }

    fn name(&mut self, name: &Spanned<String>) -> &'static str {
        match TABLES.into_iter().find(|known| known == name.get_ref()) {
            Some(known) => known,
            None => {
                self.unknown(name, name.get_ref(), "table", &TABLES);
                TABLES[0]
            }
        }
    }

    fn asks(&mut self, rows: &[InputRow]) -> Vec<Ask> {
        let mut asks: Vec<Ask> = Vec::new();
        for row in rows {
            let name = row.name.get_ref();
            if asks.iter().any(|ask| ask.name == *name) {
                self.mistake(&row.name, format!("input `{name}` is listed twice"), "remove one");
            }
            let thousandths = |units: i64| units.saturating_mul(1000);
            let kind = match (row.kind.get_ref().as_str(), row.max) {
                ("number", Some(max)) => {
                    AskKind::Number { min: thousandths(row.min), max: thousandths(max), whole: false }
                }
                ("number", None) => {
                    self.mistake(
                        &row.kind,
                        format!("input `{name}` has no max"),
                        "give the highest possible value",
                    );
                    AskKind::Word
                }
                ("hours", _) => AskKind::HoursOrNever,
                ("flag", _) => AskKind::Flag,
                ("word", _) => AskKind::Word,
                (other, _) => {
                    self.unknown(&row.kind, other, "kind", &["number", "hours", "flag", "word"]);
                    AskKind::Word
                }
            };
            if row.optional && kind != AskKind::Flag && name != "day" {
                let remedy = "only flags, which are not claimed unless stated, and the day may be optional";
                self.mistake(&row.name, format!("input `{name}` is optional"), remedy);
            }
            asks.push(Ask {
                name: name.clone().into(),
                unit: row.unit.clone().into(),
                kind,
                meaning: row.meaning.clone().into(),
                optional: row.optional,
                plain: row.plain.iter().map(|name| name.clone().into()).collect(),
            });
        }
        asks
    }

    fn derived(&mut self, rows: Vec<DerivedRow>, asks: &[Ask]) -> Vec<Derived> {
        let numbers: Vec<&str> =
            asks.iter().filter(|ask| is_number(ask)).map(|ask| ask.name.as_ref()).collect();
        let mut derived = Vec::new();
        for row in rows {
            let (form, of) = match (row.ratio, row.percent_fall, row.fall) {
                (Some(of), None, None) => (Form::Ratio, of),
                (None, Some(of), None) => (Form::PercentFall, of),
                (None, None, Some(of)) => (Form::Fall, of),
                _none_or_several => {
                    let what = format!("`{}` needs one form", row.name.get_ref());
                    self.mistake(
                        &row.name,
                        what,
                        "write ratio, percent_fall or fall = [\"first\", \"second\"]",
                    );
                    continue;
                }
            };
            for name in &of {
                if !numbers.contains(&name.as_str()) {
                    self.unknown(&row.name, name, "number", &numbers);
                }
            }
            derived.push(Derived { name: row.name.into_inner(), unit: row.unit, form, of });
        }
        derived
    }

    fn blocks(&mut self, rows: &[BlockRow]) -> Vec<Block> {
        for row in rows {
            let id = row.id.get_ref();
            if id.len() != 1 || !id.starts_with(|letter: char| letter.is_ascii_uppercase()) || id == "T" {
                self.mistake(&row.id, format!("block id `{id}`"), "use one capital letter other than T");
            }
        }
        rows.iter()
            .map(|row| Block {
                id: row.id.get_ref().clone(),
                name: row.name.clone(),
                title_en: row.title.en.clone(),
                cap: row.cap,
            })
            .collect()
    }

    fn block(&mut self, at: &Spanned<String>, id: &str, blocks: &[Block]) -> Option<usize> {
        let found = blocks.iter().position(|block| block.id == id);
        if found.is_none() {
            let ids: Vec<&str> = blocks.iter().map(|block| block.id.as_str()).collect();
            self.unknown(at, id, "block", &ids);
        }
        found
    }

    fn items(&mut self, rows: &[ItemRow], blocks: &[Block], asks: &[Ask], derived: &[Derived]) -> Vec<Item> {
        let mut items: Vec<Item> = Vec::new();
        for row in rows {
            let id = row.id.get_ref();
            if items.iter().any(|item| item.id == *id) || asks.iter().any(|ask| ask.name == *id) {
                self.mistake(&row.id, format!("item id `{id}` is taken"), "give each item its own");
            }
            if row.source.get_ref().trim().is_empty() {
                self.mistake(
                    &row.source,
                    format!("item `{id}` has no source"),
                    "cite a paper or write engineering",
                );
            }
            let adds_up = match row.combine.as_ref().map(|combine| combine.get_ref().as_str()) {
                None | Some("highest") => false,
                Some("sum") => true,
                Some(other) => {
                    let at = row.combine.as_ref().unwrap_or(&row.id);
                    self.unknown(at, other, "way to combine", &["highest", "sum"]);
                    false
                }
            };
            if let Some(flag) = &row.suspended_by {
                self.optional_flag(flag, asks);
            }
            let levels = row.level.iter().map(|level| self.level(level, asks, derived)).collect();
            let Some(block) = self.block(&row.block, row.block.get_ref(), blocks) else { continue };
            items.push(Item {
                id: id.clone(),
                block,
                title_en: row.title.en.clone(),
                window: row.window.clone(),
                adds_up,
                suspended_by: row.suspended_by.as_ref().map(|flag| flag.get_ref().clone()),
                levels,
                source: row.source.get_ref().clone(),
            });
        }
        items
    }

    fn level(&mut self, row: &LevelRow, asks: &[Ask], derived: &[Derived]) -> Level {
        if *row.points.get_ref() < 0 {
            self.mistake(&row.points, "points below 0", "points are whole numbers from 0");
        }
        let least = row.least.as_ref().map_or(1, |least| *least.get_ref());
        if let Some(at) = &row.least
            && (least == 0 || least > row.when.len())
        {
            self.mistake(at, format!("least = {least}"), format!("1 to {} lines can be met", row.when.len()));
        }
        let engineering = match row.evidence.get_ref().as_str() {
            "published" => false,
            "engineering" => true,
            other => {
                self.unknown(&row.evidence, other, "evidence", &["published", "engineering"]);
                true
            }
        };
        let when = row.when.iter().map(|line| self.conditions(line, asks, derived)).collect();
        Level { points: *row.points.get_ref(), when, least, engineering }
    }

    fn conditions(&mut self, line: &Spanned<String>, asks: &[Ask], derived: &[Derived]) -> Vec<Condition> {
        let conditions = match condition::parse(line.get_ref()) {
            Ok(conditions) => conditions,
            Err(what) => {
                self.mistake(line, what, "");
                return Vec::new();
            }
        };
        let mut known: Vec<&str> = asks.iter().map(|ask| ask.name.as_ref()).collect();
        known.extend(derived.iter().map(|derived| derived.name.as_str()));
        for condition in &conditions {
            let name = condition.name.as_str();
            let ask = asks.iter().find(|ask| ask.name == name);
            let number = ask.map_or(derived.iter().any(|derived| derived.name == name), is_number);
            let fits = match condition.test {
                Test::AtLeast(_) | Test::Above(_) | Test::AtMost(_) | Test::Below(_) => number,
                Test::Is(_) | Test::IsNot(_) => ask.is_some_and(|ask| ask.kind == AskKind::Word),
                Test::Yes | Test::No => ask.is_some_and(|ask| ask.kind == AskKind::Flag),
            };
            if !known.contains(&name) {
                self.unknown(line, name, "input", &known);
            } else if !fits {
                let remedy = "numbers are compared, words are asked with is, flags stand alone or after not";
                self.mistake(line, format!("`{name}` cannot be asked like this"), remedy);
            }
        }
        conditions
    }

    fn optional_flag(&mut self, name: &Spanned<String>, asks: &[Ask]) {
        let flag = |ask: &&Ask| ask.kind == AskKind::Flag && ask.optional;
        let flags: Vec<&str> = asks.iter().filter(flag).map(|ask| ask.name.as_ref()).collect();
        if !flags.contains(&name.get_ref().as_str()) {
            self.unknown(name, name.get_ref(), "optional flag", &flags);
        }
    }

    fn bands(&mut self, rows: &[BandRow], blocks: &[Block], asks: &[Ask]) -> Vec<BandRule> {
        let mut bands = Vec::new();
        for row in rows {
            let known = ["yellow", "amber", "red"];
            let Some(band) = Band::parse(row.name.get_ref()).filter(|band| *band != Band::Green) else {
                self.unknown(&row.name, row.name.get_ref(), "band", &known);
                continue;
            };
            let when = row.when.iter().map(|line| self.band_line(line, blocks, asks)).collect();
            bands.push(BandRule { band, when });
        }
        bands
    }

    fn band_line(&mut self, line: &Spanned<String>, blocks: &[Block], asks: &[Ask]) -> Vec<BandPart> {
        let conditions = match condition::parse(line.get_ref()) {
            Ok(conditions) => conditions,
            Err(what) => {
                self.mistake(line, what, "");
                return Vec::new();
            }
        };
        let mut parts = Vec::new();
        for Condition { name, test } in conditions {
            match test {
                Test::AtLeast(least) => {
                    let blocks = if name == "T" {
                        (0..blocks.len()).collect()
                    } else {
                        name.split('+').filter_map(|id| self.block(line, id, blocks)).collect()
                    };
                    parts.push(BandPart::Sum { blocks, least });
                }
                Test::Yes => {
                    self.optional_flag(&Spanned::new(line.span(), name.clone()), asks);
                    parts.push(BandPart::Flag(name));
                }
                Test::Above(_)
                | Test::AtMost(_)
                | Test::Below(_)
                | Test::Is(_)
                | Test::IsNot(_)
                | Test::No => {
                    // Only a band that never falls when points rise can be bounded while inputs are missing.
                    let what = format!("a band cannot ask this of `{name}`");
                    self.mistake(line, what, "write sums with >=, or an optional flag");
                }
            }
        }
        parts
    }
}

fn is_number(ask: &Ask) -> bool {
    match ask.kind {
        AskKind::Number { .. } | AskKind::HoursOrNever => true,
        AskKind::Flag | AskKind::Word | AskKind::Words(_) => false,
    }
}

/// An item's points may be given directly, under its id.
fn points_ask(item: &Item) -> Ask {
    let most = Value::whole(item.most()).0;
    Ask {
        name: item.id.clone().into(),
        unit: "".into(),
        kind: AskKind::Number { min: 0, max: most, whole: true },
        meaning: format!("points of {}, in place of its inputs", item.title_en).into(),
        optional: true,
        plain: [].as_slice().into(),
    }
}
