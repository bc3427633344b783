//! The conditions of a points table: `crp >= 30 and crp_ratio >= 2`, `product is axi-cel|brexu-cel`, `not oxygen`.

use crate::model::Value;

/// What is asked of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// Limits in thousandths.
    AtLeast(i64),
    Above(i64),
    AtMost(i64),
    Below(i64),
    Is(Vec<String>),
    IsNot(Vec<String>),
    Yes,
    No,
}

/// One name and what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub name: String,
    pub test: Test,
}

/// All of these. The error says what is wrong and what to write.
pub(super) fn parse(text: &str) -> Result<Vec<Condition>, String> {
    text.split(" and ").map(one).collect()
}

fn one(text: &str) -> Result<Condition, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let condition = |name: &str, test: Test| Ok(Condition { name: name.to_owned(), test });
    let list = |text: &str| text.split('|').map(str::to_owned).collect();
    match words.as_slice() {
        ["not", name] => condition(name, Test::No),
        [name] => condition(name, Test::Yes),
        [name, "is", those] => condition(name, Test::Is(list(those))),
        [name, "is_not", those] => condition(name, Test::IsNot(list(those))),
        [name, sign, number] => {
            let limit = Value::parse(number).ok_or_else(|| format!("`{number}` is not a number"))?.0;
            let test = match *sign {
                ">=" => Test::AtLeast(limit),
                ">" => Test::Above(limit),
                "<=" => Test::AtMost(limit),
                "<" => Test::Below(limit),
                other => {
                    return Err(format!("`{other}` is not a comparison: write >=, >, <=, <, is or is_not"));
                }
            };
            condition(name, test)
        }
        _other_shapes => Err(format!(
            "cannot read `{text}`: write `name >= 1.5`, `name is word|word`, `name` or `not name`, joined by `and`"
        )),
    }
}

/// As people read it: `38.0 or more`.
pub(super) fn show(conditions: &[Condition]) -> String {
    let each: Vec<String> = conditions
        .iter()
        .map(|condition| {
            let name = condition.name.replace('_', " ");
            let limit = |sign: &str, limit: i64| format!("{name} {sign} {}", Value(limit));
            match &condition.test {
                Test::AtLeast(at) => limit(">=", *at),
                Test::Above(at) => limit(">", *at),
                Test::AtMost(at) => limit("<=", *at),
                Test::Below(at) => limit("<", *at),
                Test::Is(words) => format!("{name} {}", words.join(" or ")),
                Test::IsNot(words) => format!("{name} not {}", words.join(" or ")),
                Test::Yes => name,
                Test::No => format!("not {name}"),
            }
        })
        .collect();
    each.join(" and ")
}
