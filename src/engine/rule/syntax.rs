//! Conditions as written: a Pratt parser for the part of CEL's syntax that rules use.

use std::ops::Range;

use super::token::{Fault, Token, tokens};
use crate::model::Value;

/// Bytes of the longest condition.
pub const TEXT_MAX: usize = 4096;
/// Deepest nesting; recursion stays bounded.
pub const DEPTH_MAX: usize = 48;
/// Most parts of one condition: the cost of judging it is bounded by this.
pub const PARTS_MAX: usize = 256;

/// A part of a condition, with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Ast {
    pub span: Range<usize>,
    pub kind: AstKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum AstKind {
    Number(Value),
    Text(String),
    Flag(bool),
    /// `day`, `crs.grade`, `phosphate.last`: names joined by points.
    Path(Vec<String>),
    /// `temperature.max("6h")`, `given("phosphate", "24h")`.
    Call {
        path: Vec<String>,
        arguments: Vec<Ast>,
    },
    List(Vec<Ast>),
    Unary {
        sign: &'static str,
        of: Box<Ast>,
    },
    Binary {
        sign: &'static str,
        left: Box<Ast>,
        right: Box<Ast>,
    },
    Choose {
        when: Box<Ast>,
        then: Box<Ast>,
        otherwise: Box<Ast>,
    },
}

/// Reads one condition.
pub fn parse(text: &str) -> Result<Ast, Fault> {
    if text.len() > TEXT_MAX {
        return Err(Fault::new(
            0..0,
            format!("a condition has at most {TEXT_MAX} bytes; this has {}", text.len()),
        ));
    }
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, parts: 0 };
    let ast = parser.expression(0)?;
    match parser.peek() {
        Token::End => Ok(ast),
        _ => Err(parser.surprise("an operator or the end")),
    }
}

/// How tightly an operator of two sides binds, as in CEL; `in` is a relation.
fn binding(token: &Token) -> Option<(&'static str, u8)> {
    match token {
        Token::Sign(sign) => match *sign {
            "?" => Some(("?", 1)),
            "||" => Some(("||", 2)),
            "&&" => Some(("&&", 3)),
            "<" | "<=" | ">" | ">=" | "==" | "!=" => Some((sign, 4)),
            "+" | "-" => Some((sign, 5)),
            "*" | "/" => Some((sign, 6)),
            _ => None,
        },
        Token::Name(name) if name == "in" => Some(("in", 4)),
        Token::Name(_) | Token::Number(_) | Token::Text(_) | Token::End => None,
    }
}

struct Parser {
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
    depth: usize,
    parts: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }
    fn place(&self) -> Range<usize> {
        self.tokens[self.at].1.clone()
    }
    fn advance(&mut self) {
        // The last token is End and is never passed.
        self.at = (self.at + 1).min(self.tokens.len() - 1);
    }
    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(found) if *found == sign)
    }
    fn expect(&mut self, sign: &'static str) -> Result<Range<usize>, Fault> {
        if !self.is_sign(sign) {
            return Err(self.surprise(&format!("`{sign}`")));
        }
        let place = self.place();
        self.advance();
        Ok(place)
    }
    fn surprise(&self, wanted: &str) -> Fault {
        let found = match self.peek() {
            Token::Number(value) => format!("the number {value}"),
            Token::Text(text) => format!("the text \"{text}\""),
            Token::Name(name) => format!("`{name}`"),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::End => "the end".to_string(),
        };
        let fault = Fault::new(self.place(), format!("expected {wanted}, found {found}"));
        let remedy = match self.peek() {
            Token::Name(name) => match name.as_str() {
                "and" => Some("&&"),
                "or" => Some("||"),
                "not" => Some("!"),
                _ => None,
            },
            Token::Number(_) | Token::Text(_) | Token::Sign(_) | Token::End => None,
        };
        fault.suggest(remedy)
    }

    fn expression(&mut self, least: u8) -> Result<Ast, Fault> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Fault::new(self.place(), format!("nested more than {DEPTH_MAX} deep")));
        }
        let mut left = self.prefix()?;
        while let Some((sign, strength)) = binding(self.peek()) {
            if strength < least {
                break;
            }
            self.advance();
            left = match sign {
                "?" => self.choice(left)?,
                _ => {
                    let right = self.expression(strength + 1)?;
                    let span = left.span.start..right.span.end;
                    Ast { span, kind: AstKind::Binary { sign, left: Box::new(left), right: Box::new(right) } }
                }
            };
        }
        self.depth -= 1;
        Ok(left)
    }

    /// CEL: `a || b ? c || d : the rest`, the rest may be another choice.
    fn choice(&mut self, when: Ast) -> Result<Ast, Fault> {
        let then = self.expression(2)?;
        self.expect(":")?;
        let otherwise = self.expression(1)?;
        let span = when.span.start..otherwise.span.end;
        let kind =
            AstKind::Choose { when: Box::new(when), then: Box::new(then), otherwise: Box::new(otherwise) };
        Ok(Ast { span, kind })
    }

    fn prefix(&mut self) -> Result<Ast, Fault> {
        let place = self.place();
        self.parts += 1;
        if self.parts > PARTS_MAX {
            return Err(Fault::new(
                place,
                format!("a condition has at most {PARTS_MAX} values; split this rule"),
            ));
        }
        let token = self.peek().clone();
        match token {
            Token::Number(value) => self.literal(place, AstKind::Number(value)),
            Token::Text(text) => self.literal(place, AstKind::Text(text)),
            Token::Name(name) => match name.as_str() {
                "true" => self.literal(place, AstKind::Flag(true)),
                "false" => self.literal(place, AstKind::Flag(false)),
                "in" => Err(self.surprise("a value")),
                _ => self.path(name, place),
            },
            Token::Sign("(") => {
                self.advance();
                let inner = self.expression(0)?;
                let end = self.expect(")")?.end;
                Ok(Ast { span: place.start..end, kind: inner.kind })
            }
            Token::Sign("[") => {
                let (items, end) = self.items("[", "]")?;
                Ok(Ast { span: place.start..end, kind: AstKind::List(items) })
            }
            Token::Sign(sign @ ("!" | "-")) => {
                self.advance();
                let of = self.expression(7)?;
                Ok(Ast { span: place.start..of.span.end, kind: AstKind::Unary { sign, of: Box::new(of) } })
            }
            Token::Sign(_) | Token::End => Err(self.surprise("a value")),
        }
    }

    fn literal(&mut self, span: Range<usize>, kind: AstKind) -> Result<Ast, Fault> {
        self.advance();
        Ok(Ast { span, kind })
    }

    fn path(&mut self, first: String, place: Range<usize>) -> Result<Ast, Fault> {
        let mut path = vec![first];
        let mut end = place.end;
        self.advance();
        while self.is_sign(".") {
            self.advance();
            let Token::Name(name) = self.peek().clone() else {
                return Err(self.surprise("a name after the point"));
            };
            end = self.place().end;
            path.push(name);
            self.advance();
        }
        if self.is_sign("(") {
            let (arguments, end) = self.items("(", ")")?;
            return Ok(Ast { span: place.start..end, kind: AstKind::Call { path, arguments } });
        }
        Ok(Ast { span: place.start..end, kind: AstKind::Path(path) })
    }

    fn items(&mut self, open: &'static str, close: &'static str) -> Result<(Vec<Ast>, usize), Fault> {
        self.expect(open)?;
        let mut items = Vec::new();
        while !self.is_sign(close) {
            items.push(self.expression(0)?);
            if !self.is_sign(",") {
                break;
            }
            self.advance();
        }
        let end = self.expect(close)?.end;
        Ok((items, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree with every pair of brackets written.
    fn shape(ast: &Ast) -> String {
        let list = |items: &[Ast]| items.iter().map(shape).collect::<Vec<_>>().join(", ");
        match &ast.kind {
            AstKind::Number(value) => value.to_string(),
            AstKind::Text(text) => format!("\"{text}\""),
            AstKind::Flag(flag) => flag.to_string(),
            AstKind::Path(path) => path.join("."),
            AstKind::Call { path, arguments } => format!("{}({})", path.join("."), list(arguments)),
            AstKind::List(items) => format!("[{}]", list(items)),
            AstKind::Unary { sign, of } => format!("{sign}{}", shape(of)),
            AstKind::Binary { sign, left, right } => format!("({} {sign} {})", shape(left), shape(right)),
            AstKind::Choose { when, then, otherwise } => {
                format!("({} ? {} : {})", shape(when), shape(then), shape(otherwise))
            }
        }
    }

    #[track_caller]
    fn reads(text: &str, tree: &str) {
        assert_eq!(shape(&parse(text).expect("parses")), tree, "{text}");
    }

    #[test]
    fn operators_bind_as_in_cel() {
        reads("a || b && c == d + e * -f", "(a || (b && (c == (d + (e * -f)))))");
        reads("a - b - c", "((a - b) - c)");
        reads("!a && b", "(!a && b)");
        reads("a ? b : c ? d : e", "(a ? b : (c ? d : e))");
        reads("a || b ? c : d", "((a || b) ? c : d)");
        reads("product in [\"x\", 'y']", "(product in [\"x\", \"y\"])");
        reads("(a || b) && temperature.max(\"6h\") >= 38.0", "((a || b) && (temperature.max(\"6h\") >= 38))");
    }

    #[track_caller]
    fn refused(text: &str, at: Range<usize>, message: &str) {
        let fault = parse(text).expect_err("refused");
        assert_eq!((fault.span, fault.message.as_str()), (at, message), "{text}");
    }

    #[test]
    fn mistakes_have_their_place() {
        refused("day >=", 6..6, "expected a value, found the end");
        refused("day >= 0 and crs", 9..12, "expected an operator or the end, found `and`");
        refused("(day >= 0", 9..9, "expected `)`, found the end");
        refused("temperature. >= 1", 13..15, "expected a name after the point, found `>=`");
        assert_eq!(parse("a and b").expect_err("and").suggestion.as_deref(), Some("&&"));
    }

    #[test]
    fn deep_nesting_is_refused_without_a_crash() {
        let deep = format!("{}day{}", "(".repeat(2000), ")".repeat(2000));
        assert!(parse(&deep).expect_err("too deep").message.contains("deep"));
        let bangs = format!("{}seizure", "!".repeat(3000));
        assert!(parse(&bangs).expect_err("too deep").message.contains("deep"));
        let many = format!("{}day", "day+".repeat(900));
        assert!(parse(&many).expect_err("too many").message.contains("split"));
        let long = "day >= 0 && ".repeat(1000);
        assert!(parse(&long).expect_err("too long").message.contains("at most"));
    }
}
