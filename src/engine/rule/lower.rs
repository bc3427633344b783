//! From words to typed parts: names are looked up, kinds are checked, every mistake is kept.

use std::ops::Range;

use super::bounds::{Arithmetic, Comparison};
use super::catalogue::{self, Arguments, FACTS, FUNCTIONS, MEASURES, closest};
use super::expression::{Known, Part, PartKind, Question};
use super::facts::{Band, Fact, FactValue, Type};
use super::syntax::{Ast, AstKind, parse};
use super::token::Fault;
use crate::model::limits::WINDOW_SPAN;
use crate::model::{Analyte, Span, TherapyKind, Value};

/// Reads and checks a whole condition, which must be yes or no.
pub fn lower(text: &str, known: &Known) -> Result<Vec<Part>, Vec<Fault>> {
    let ast = parse(text).map_err(|fault| vec![fault])?;
    let mut lowering = Lowering { text, known, parts: Vec::new(), faults: Vec::new() };
    if let Some(root) = lowering.part(&ast) {
        lowering.require(root, Type::Flag, "a condition is yes or no");
    }
    if lowering.faults.is_empty() { Ok(lowering.parts) } else { Err(lowering.faults) }
}

struct Lowering<'a> {
    text: &'a str,
    known: &'a Known<'a>,
    parts: Vec<Part>,
    faults: Vec<Fault>,
}

impl Lowering<'_> {
    fn push(&mut self, span: &Range<usize>, gives: Type, kind: PartKind) -> Option<usize> {
        self.parts.push(Part { span: span.clone(), kind, gives });
        Some(self.parts.len() - 1)
    }

    fn refuse(&mut self, fault: Fault) -> Option<usize> {
        self.faults.push(fault);
        None
    }

    /// Says so where a part is of another kind.
    fn require(&mut self, part: usize, wanted: Type, why: &str) -> bool {
        let found = self.parts[part].gives;
        if found != wanted {
            let span = self.parts[part].span.clone();
            self.faults.push(Fault::new(span, format!("{why}; this is {}", found.name())));
        }
        found == wanted
    }

    /// `None` where something inside was refused; the siblings are still checked.
    fn part(&mut self, ast: &Ast) -> Option<usize> {
        let span = &ast.span;
        match &ast.kind {
            AstKind::Number(value) => self.constant(span, FactValue::number(*value)),
            AstKind::Text(text) => self.constant(span, FactValue::text(text)),
            AstKind::Flag(flag) => self.constant(span, FactValue::Flag(*flag)),
            AstKind::Path(path) => {
                let (question, gives) = self.question(span, path, None)?;
                self.push(span, gives, PartKind::Ask(question))
            }
            AstKind::Call { path, arguments } => self.call(span, path, arguments),
            AstKind::List(_) => self.refuse(Fault::new(span.clone(), "a list stands only after `in`")),
            AstKind::Unary { sign, of } => self.unary(span, sign, of),
            AstKind::Binary { sign: "in", left, right } => self.member(span, left, right),
            AstKind::Binary { sign, left, right } => self.binary(span, sign, left, right),
            AstKind::Choose { when, then, otherwise } => {
                let (when, then, otherwise) = (self.part(when), self.part(then), self.part(otherwise));
                let (when, then, otherwise) = (when?, then?, otherwise?);
                let good = self.require(when, Type::Flag, "what stands before `?` is yes or no");
                let gives = self.parts[then].gives;
                let alike = self.require(otherwise, gives, "both answers of a choice are of one kind");
                (good && alike).then_some(())?;
                self.push(span, gives, PartKind::Choose(when, then, otherwise))
            }
        }
    }

    fn constant(&mut self, span: &Range<usize>, value: FactValue) -> Option<usize> {
        self.push(span, value.kind(), PartKind::Constant(value))
    }

    fn unary(&mut self, span: &Range<usize>, sign: &str, of: &Ast) -> Option<usize> {
        if let (true, AstKind::Number(value)) = (sign == "-", &of.kind) {
            return self.constant(span, FactValue::number(Value(-value.0)));
        }
        let inner = self.part(of)?;
        if sign == "!" {
            self.require(inner, Type::Flag, "`!` turns yes and no round").then_some(())?;
            return self.push(span, Type::Flag, PartKind::Not(inner));
        }
        self.require(inner, Type::Number, "`-` stands before a number").then_some(())?;
        self.push(span, Type::Number, PartKind::Negate(inner))
    }

    fn binary(&mut self, span: &Range<usize>, sign: &str, left: &Ast, right: &Ast) -> Option<usize> {
        let (left, right) = (self.part(left), self.part(right));
        let (left, right) = (left?, right?);
        if let Some(comparison) = Comparison::parse(sign) {
            return self.comparison(span, comparison, left, right);
        }
        if sign == "&&" || sign == "||" {
            let why = format!("`{sign}` joins yes and no");
            let good = self.require(left, Type::Flag, &why) & self.require(right, Type::Flag, &why);
            good.then_some(())?;
            let kind = if sign == "&&" { PartKind::And(left, right) } else { PartKind::Or(left, right) };
            return self.push(span, Type::Flag, kind);
        }
        let operation = match sign {
            "+" => Arithmetic::Plus,
            "-" => Arithmetic::Minus,
            "*" => Arithmetic::Times,
            _ => Arithmetic::Over,
        };
        let why = format!("`{sign}` reckons with numbers");
        let good = self.require(left, Type::Number, &why) & self.require(right, Type::Number, &why);
        good.then_some(())?;
        self.push(span, Type::Number, PartKind::Arithmetic(operation, left, right))
    }

    fn comparison(
        &mut self,
        span: &Range<usize>,
        comparison: Comparison,
        left: usize,
        right: usize,
    ) -> Option<usize> {
        for (band, text) in [(left, right), (right, left)] {
            if self.parts[band].gives == Type::Band && self.parts[text].gives == Type::Text {
                self.band(text)?;
            }
        }
        let (kind, other) = (self.parts[left].gives, self.parts[right].gives);
        if kind != other {
            let remedy = match (kind, other) {
                (Type::Duration, Type::Text) => Some(format!("duration({})", self.words(right))),
                (Type::Text, Type::Duration) => Some(format!("duration({})", self.words(left))),
                _ => None,
            };
            let message = format!("{} cannot be compared with {}", kind.name(), other.name());
            return self.refuse(Fault::new(span.clone(), message).suggest(remedy));
        }
        if comparison.needs_order() && (kind == Type::Flag || kind == Type::Text) {
            let message = format!("{} has no order; use == or !=", kind.name());
            return self.refuse(Fault::new(span.clone(), message));
        }
        self.push(span, Type::Flag, PartKind::Compare(comparison, left, right))
    }

    fn words(&self, part: usize) -> &str {
        &self.text[self.parts[part].span.clone()]
    }

    /// Turns a text beside a band into the band it names.
    fn band(&mut self, part: usize) -> Option<()> {
        let PartKind::Constant(FactValue::Text(text)) = &self.parts[part].kind else { return Some(()) };
        match Band::parse(text) {
            Some(band) => {
                self.parts[part].kind = PartKind::Constant(FactValue::Band(band));
                self.parts[part].gives = Type::Band;
                Some(())
            }
            None => {
                let guess = closest(text, Band::ALL.map(Band::name)).map(|name| format!("\"{name}\""));
                let message = format!("no band is called \"{text}\"; bands are green, yellow, amber and red");
                let fault = Fault::new(self.parts[part].span.clone(), message).suggest(guess);
                self.refuse(fault);
                None
            }
        }
    }

    fn member(&mut self, span: &Range<usize>, left: &Ast, right: &Ast) -> Option<usize> {
        let left = self.part(left);
        let AstKind::List(items) = &right.kind else {
            return self
                .refuse(Fault::new(right.span.clone(), "a list in square brackets stands after `in`"));
        };
        let items: Vec<Option<usize>> = items.iter().map(|item| self.part(item)).collect();
        let left = left?;
        let kind = self.parts[left].gives;
        let mut values = Vec::new();
        for item in items {
            let item = item?;
            if kind == Type::Band && self.parts[item].gives == Type::Text {
                self.band(item)?;
            }
            self.require(item, kind, "a list has values of the kind before `in`").then_some(())?;
            let PartKind::Constant(value) = &self.parts[item].kind else {
                let place = self.parts[item].span.clone();
                return self.refuse(Fault::new(place, "a list has only plain values"));
            };
            values.push(value.clone());
        }
        self.push(span, Type::Flag, PartKind::In(left, values))
    }

    fn call(&mut self, span: &Range<usize>, path: &[String], arguments: &[Ast]) -> Option<usize> {
        let name = path.join(".");
        match (name.as_str(), arguments) {
            ("duration", [one]) => {
                let length = self.span_argument(one)?;
                self.constant(span, FactValue::Duration(length))
            }
            ("has", [one]) => {
                let question = match &one.kind {
                    AstKind::Path(path) => self.question(&one.span, path, None)?.0,
                    AstKind::Call { path, arguments } => self.question(&one.span, path, Some(arguments))?.0,
                    _ => {
                        let place = one.span.clone();
                        return self.refuse(Fault::new(place, "`has` asks whether one value is known"));
                    }
                };
                self.push(span, Type::Flag, PartKind::Has(question))
            }
            ("duration" | "has", _) => {
                let shown = FUNCTIONS.iter().find(|row| row.0 == name).map(|row| row.1);
                self.refuse(Fault::new(span.clone(), format!("`{name}` takes one argument")).suggest(shown))
            }
            _ => {
                let (question, gives) = self.question(span, path, Some(arguments))?;
                self.push(span, gives, PartKind::Ask(question))
            }
        }
    }

    /// What a path, with or without parentheses, asks for.
    fn question(
        &mut self,
        span: &Range<usize>,
        path: &[String],
        arguments: Option<&[Ast]>,
    ) -> Option<(Question, Type)> {
        let name = path.join(".");
        match (arguments, name.as_str()) {
            (Some([kind, length]), "given") => {
                let (kind, length) = (self.therapy(kind), self.span_argument(length));
                return Some((Question::Fact(Fact::Given(kind?, length?)), Type::Flag));
            }
            (Some([length]), "ice_drop") => {
                let length = self.span_argument(length)?;
                return Some((Question::Fact(Fact::IceDrop(length)), Type::Number));
            }
            (_, "given" | "ice_drop" | "duration" | "has") => {
                let shown = FUNCTIONS.iter().find(|row| row.0 == name).map(|row| row.1);
                self.refuse(
                    Fault::new(span.clone(), format!("`{name}` is not used like this")).suggest(shown),
                );
                return None;
            }
            (_, _) => {}
        }
        if let Some(row) = catalogue::fact_row(&name) {
            if arguments.is_some() {
                let message = format!("`{name}` takes no arguments");
                self.refuse(Fault::new(span.clone(), message).suggest(Some(name)));
                return None;
            }
            return Some((Question::Fact(row.fact), row.gives));
        }
        match path {
            [first, measure] => match self.known.analyte(first) {
                Some(analyte) => self.measure(span, analyte, measure, arguments.unwrap_or(&[])),
                None => self.unknown(span, path),
            },
            _ => self.unknown(span, path),
        }
    }

    fn measure(
        &mut self,
        span: &Range<usize>,
        of: Analyte,
        name: &str,
        arguments: &[Ast],
    ) -> Option<(Question, Type)> {
        let Some(row) = catalogue::measure_row(name) else {
            let guess = closest(name, MEASURES.iter().map(|row| row.name))
                .and_then(catalogue::measure_row)
                .map(|row| format!("{of}.{}{}", row.name, row.arguments.shown()));
            self.refuse(Fault::new(span.clone(), format!("{of} has no `{name}`")).suggest(guess));
            return None;
        };
        let (limit, window) = match (row.arguments, arguments) {
            (Arguments::None, []) => (None, None),
            (Arguments::Window, [window]) => (None, Some(self.span_argument(window)?)),
            (Arguments::LimitAndWindow, [limit, window]) => {
                let (limit, window) = (self.number_argument(limit), self.span_argument(window));
                (Some(limit?), Some(window?))
            }
            _ => {
                let example = format!("{of}.{name}{}", row.arguments.shown());
                let message = match row.arguments {
                    Arguments::None => format!("`{name}` takes no arguments"),
                    Arguments::Window => format!("`{name}` needs a window"),
                    Arguments::LimitAndWindow => format!("`{name}` needs a limit and a window"),
                };
                self.refuse(Fault::new(span.clone(), message).suggest(Some(example)));
                return None;
            }
        };
        let measure = catalogue::measure(name, limit, window).expect("the row says which arguments fit");
        Some((Question::Measure(of, measure), row.gives))
    }

    fn unknown(&mut self, span: &Range<usize>, path: &[String]) -> Option<(Question, Type)> {
        let name = path.join(".");
        if self.known.analyte(&name).is_some() {
            let fault = Fault::new(span.clone(), format!("`{name}` is an analyte; say which of its values"))
                .suggest(Some(format!("{name}.last")));
            self.refuse(fault);
            return None;
        }
        let names = || {
            let facts = FACTS.iter().map(|row| row.name);
            facts
                .chain(FUNCTIONS.iter().map(|row| row.0))
                .chain(self.known.analytes.iter().map(|row| row.name.as_str()))
        };
        let guess = closest(&name, names()).map(str::to_string).or_else(|| {
            let first = closest(&path[0], names())?;
            // The first word is right, so the rest is too much.
            let is_whole = first == path[0];
            Some(if is_whole {
                first.to_owned()
            } else {
                [&[first.to_string()], &path[1..]].concat().join(".")
            })
        });
        let place = span.start..span.start + path[0].len().max(1);
        self.refuse(Fault::new(place, format!("unknown name `{name}`")).suggest(guess));
        None
    }

    fn span_argument(&mut self, ast: &Ast) -> Option<Span> {
        let fault = match &ast.kind {
            AstKind::Text(text) => match Span::parse(text) {
                Some(span) if span <= Span::ZERO => {
                    Fault::new(ast.span.clone(), "a duration is longer than nothing")
                }
                Some(span) if span > WINDOW_SPAN => {
                    Fault::new(ast.span.clone(), format!("nothing is kept longer than {WINDOW_SPAN}"))
                }
                Some(span) => return Some(span),
                None => Fault::new(ast.span.clone(), format!("\"{text}\" is not a duration"))
                    .suggest(Some("30s, 10m, 6h, 2d or a sum such as 1h30m")),
            },
            _ => Fault::new(ast.span.clone(), "a duration stands in quotes").suggest(Some("\"6h\"")),
        };
        self.refuse(fault);
        None
    }

    fn number_argument(&mut self, ast: &Ast) -> Option<Value> {
        match &ast.kind {
            AstKind::Number(value) => return Some(*value),
            AstKind::Unary { sign: "-", of } => {
                if let AstKind::Number(value) = of.kind {
                    return Some(Value(-value.0));
                }
            }
            _ => {}
        }
        self.refuse(Fault::new(ast.span.clone(), "a plain number stands here"));
        None
    }

    fn therapy(&mut self, ast: &Ast) -> Option<TherapyKind> {
        let AstKind::Text(text) = &ast.kind else {
            self.refuse(
                Fault::new(ast.span.clone(), "a kind of therapy stands in quotes")
                    .suggest(Some("\"phosphate\"")),
            );
            return None;
        };
        let kind = TherapyKind::parse(text);
        if kind.is_none() {
            let guess =
                closest(text, TherapyKind::ALL.map(TherapyKind::name)).map(|name| format!("\"{name}\""));
            self.refuse(
                Fault::new(ast.span.clone(), format!("no therapy is called \"{text}\"")).suggest(guess),
            );
        }
        kind
    }
}

#[cfg(test)]
mod tests {
    use super::super::doubles::analytes;
    use super::*;

    fn faults(text: &str) -> Vec<(String, String, Option<String>)> {
        let analytes = analytes();
        let faults = lower(text, &Known { analytes: &analytes }).expect_err("refused");
        faults
            .into_iter()
            .map(|fault| (text[fault.span].to_string(), fault.message, fault.suggestion))
            .collect()
    }

    #[track_caller]
    fn refused(text: &str, at: &str, message: &str, suggestion: Option<&str>) {
        let found = faults(text);
        assert_eq!(found, [(at.into(), message.into(), suggestion.map(Into::into))], "{text}");
    }

    #[test]
    fn an_unknown_name_gets_a_guess() {
        refused("temp.last >= 38", "temp", "unknown name `temp.last`", Some("temperature.last"));
        refused("crs.grad >= 2", "crs", "unknown name `crs.grad`", Some("crs.grade"));
        refused("icans_ews.points >= 2", "icans_ews", "unknown name `icans_ews.points`", Some("icans_ews"));
        refused(
            "phosphate <= 2",
            "phosphate",
            "`phosphate` is an analyte; say which of its values",
            Some("phosphate.last"),
        );
        refused("phosphate.lst < 2", "phosphate.lst", "phosphate has no `lst`", Some("phosphate.last"));
        refused(
            "temperature.max > 38",
            "temperature.max",
            "`max` needs a window",
            Some("temperature.max(\"6h\")"),
        );
    }

    #[test]
    fn kinds_are_checked() {
        refused("phosphate.last", "phosphate.last", "a condition is yes or no; this is a number", None);
        refused("seizure > true", "seizure > true", "yes or no has no order; use == or !=", None);
        refused("product == 3", "product == 3", "a text cannot be compared with a number", None);
        refused(
            "crs_ews.band >= \"ambre\"",
            "\"ambre\"",
            "no band is called \"ambre\"; bands are green, yellow, amber and red",
            Some("\"amber\""),
        );
        refused(
            "phosphate.age > \"24h\"",
            "phosphate.age > \"24h\"",
            "a duration cannot be compared with a text",
            Some("duration(\"24h\")"),
        );
        refused("1 < 2 < 3", "1 < 2 < 3", "yes or no cannot be compared with a number", None);
    }

    #[test]
    fn durations_are_checked() {
        refused(
            "temperature.max(\"6 hours\") > 38",
            "\"6 hours\"",
            "\"6 hours\" is not a duration",
            Some("30s, 10m, 6h, 2d or a sum such as 1h30m"),
        );
        refused("temperature.max(\"90d\") > 38", "\"90d\"", "nothing is kept longer than 35d", None);
        refused(
            "given(\"phosphat\", \"24h\")",
            "\"phosphat\"",
            "no therapy is called \"phosphat\"",
            Some("\"phosphate\""),
        );
    }

    #[test]
    fn all_mistakes_come_at_once() {
        let found = faults("tmp.last > 38 && phosphate.lst < 2 && seizure + 1 > 2");
        assert_eq!(found.len(), 3, "{found:?}");
    }
}
