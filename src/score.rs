//! Floor 4. `stormwatch score NAME`: any score by hand, from JSON objects to JSON lines.

use std::fmt::Write as _;
use std::sync::LazyLock;

use serde_json::{Map, Value as Json};

use crate::engine::score::{self, Ask, AskKind, Card, Input, InputValue, Inputs, NAMES, Tables, suggest};
use crate::model::{AnalyteSettings, Bound, Quantity, Time, Value};
use crate::terminology::{Refused, Terminology};

/// Why nothing was computed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("unknown score `{name}`{}; known: {}", did_you_mean(.name, &NAMES), NAMES.join(", "))]
    UnknownScore { name: String },
    #[error("no input: give one JSON object, or one on each line; {{}} tells what is missing")]
    Empty,
    #[error("line {line}: not JSON: {reason}")]
    NotJson { line: usize, reason: String },
    #[error("line {line}: not a JSON object; write {{\"name\": value, …}}")]
    NotAnObject { line: usize },
    /// Every mistake of every object, each with its line.
    #[error("{}", .0.join("\n"))]
    Inputs(Vec<String>),
}

/// The score `name` of every JSON object in `input`, one line of JSON for each, with the built-in tables.
///
/// A number is in the unit of the score's card. Text may carry a comparator and a unit (`"< 0.05"`,
/// `"8.0 mg/dL"`), an object `value`, `unit` and `measured_at`; null is missing.
pub fn run(name: &str, input: &str) -> Result<String, Error> {
    run_with(name, input, &Tables::builtin())
}

/// As [`run`], with the site's own points tables.
pub fn run_with(name: &str, input: &str, tables: &Tables) -> Result<String, Error> {
    let card = score::card(name, tables).ok_or_else(|| Error::UnknownScore { name: name.to_owned() })?;
    let mut answers = String::new();
    let mut mistakes = Vec::new();
    for (line, object) in objects(input)? {
        match read(&card, &object) {
            Ok(inputs) => {
                let answer =
                    score::compute(name, &inputs, tables).expect("a score with a card can be computed");
                writeln!(answers, "{}", answer.to_json()).expect("writing to a string cannot fail");
            }
            Err(found) => mistakes.extend(found.into_iter().map(|mistake| format!("line {line}: {mistake}"))),
        }
    }
    if !mistakes.is_empty() {
        return Err(Error::Inputs(mistakes));
    }
    Ok(answers)
}

/// A JSON object and the line it begins on.
type Numbered = (usize, Map<String, Json>);

fn objects(input: &str) -> Result<Vec<Numbered>, Error> {
    let line_at = |offset: usize| {
        let begun = input[offset..].len() - input[offset..].trim_start().len();
        input[..offset + begun].matches('\n').count() + 1
    };
    let mut stream = serde_json::Deserializer::from_str(input).into_iter::<Json>();
    let mut objects = Vec::new();
    let mut offset = 0;
    while let Some(next) = stream.next() {
        let line = line_at(offset);
        match next {
            Ok(Json::Object(object)) => objects.push((line, object)),
            Ok(Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_)) => {
                return Err(Error::NotAnObject { line });
            }
            Err(error) => return Err(Error::NotJson { line: error.line(), reason: error.to_string() }),
        }
        offset = stream.byte_offset();
    }
    if objects.is_empty() { Err(Error::Empty) } else { Ok(objects) }
}

/// The inputs of one object; every mistake at once.
fn read(card: &Card, object: &Map<String, Json>) -> Result<Inputs, Vec<String>> {
    let mut mistakes = Vec::new();
    let known: Vec<&str> = card.inputs.iter().flat_map(names).collect();
    for name in object.keys() {
        if !known.contains(&name.as_str()) {
            let near = did_you_mean(name, &known);
            mistakes.push(format!(
                "unknown input `{name}` for {}{near}; known: {}",
                card.name,
                known.join(", ")
            ));
        }
    }
    let mut inputs = Inputs::new();
    for ask in &card.inputs {
        // The exact name first; a plain analyte stands in only where it is absent.
        let Some(json) = names(ask).find_map(|name| object.get(name).filter(|json| !json.is_null())) else {
            continue;
        };
        match input(ask, json) {
            Ok(input) => {
                inputs.insert(ask.name.clone(), input);
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(inputs) } else { Err(mistakes) }
}

fn names(ask: &Ask) -> impl Iterator<Item = &str> {
    std::iter::once(ask.name.as_ref()).chain(ask.plain.iter().map(AsRef::as_ref))
}

fn did_you_mean(name: &str, known: &[&str]) -> String {
    suggest(name, known.iter().copied()).map_or(String::new(), |near| format!("; did you mean `{near}`?"))
}

fn input(ask: &Ask, json: &Json) -> Result<Input, String> {
    let mut measured_at = None;
    let value = match json {
        Json::Object(object) => {
            if let Some(at) = object.get("measured_at").and_then(Json::as_str) {
                let remedy =
                    || format!("{}: `{at}` is not an instant; write 2026-11-22T06:00:00+09:00", ask.name);
                measured_at = Some(Time::parse(at).ok_or_else(remedy)?);
            }
            let inner =
                object.get("value").ok_or_else(|| format!("{}: the object has no `value`", ask.name))?;
            value(ask, inner, object.get("unit").and_then(Json::as_str))?
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            value(ask, json, None)?
        }
    };
    ask.admits(&value)?;
    Ok(Input { value, measured_at, source: "by hand".into() })
}

fn value(ask: &Ask, json: &Json, unit: Option<&str>) -> Result<InputValue, String> {
    let numeric = match ask.kind {
        AskKind::Number { .. } | AskKind::HoursOrNever => true,
        AskKind::Flag | AskKind::Word | AskKind::Words(_) => false,
    };
    match json {
        Json::Bool(flag) => Ok(InputValue::Flag(*flag)),
        Json::Number(number) => quantity(ask, &number.to_string(), unit).map(InputValue::Number),
        Json::String(text) if !numeric || text == "never" => Ok(InputValue::Word(text.clone())),
        Json::String(text) => quantity(ask, text, unit).map(InputValue::Number),
        Json::Null | Json::Array(_) | Json::Object(_) => {
            Err(format!("{}: a number, text, true or false is expected", ask.name))
        }
    }
}

/// Reads `38.4`, `< 0.05`, `>=250 U/L`, `８.０ mg/dL`: what is measured as the terminology reads it, anything else as a
/// number in the score's own unit.
fn quantity(ask: &Ask, text: &str, unit: Option<&str>) -> Result<Quantity, String> {
    static BUILTIN: LazyLock<Terminology> = LazyLock::new(Terminology::builtin);
    let measured = analyte(ask, &BUILTIN).map(|settings| measured(&BUILTIN, settings, text, unit));
    match measured {
        Some(Ok(quantity)) => Ok(quantity),
        // What is known of the analyte says best what is wrong, unless it is the writing of the number.
        Some(Err(refused)) if !matches!(refused.class, "number" | "unknown-unit") => {
            Err(format!("{}: {}", ask.name, refused.reason))
        }
        Some(Err(_)) | None => plain_quantity(ask, text, unit),
    }
}

/// The analyte an input is measured as: `ferritin_pre`, `temperature_max_6h`.
fn analyte<'t>(ask: &Ask, terminology: &'t Terminology) -> Option<&'t AnalyteSettings> {
    let name = if ask.name == "pulse" { "heart_rate" } else { ask.name.as_ref() };
    let is_of = |settings: &&AnalyteSettings| {
        let rest = name.strip_prefix(settings.name.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    terminology.analytes().iter().filter(is_of).max_by_key(|settings| settings.name.as_str().len())
}

fn measured(
    terminology: &Terminology,
    settings: &AnalyteSettings,
    text: &str,
    unit: Option<&str>,
) -> Result<Quantity, Refused> {
    let own = || terminology.convert(settings.name, text, unit.unwrap_or(&settings.unit));
    let (number, behind) = split(text);
    match unit {
        // With a unit behind the number it is that; without any, the score's own.
        None if !behind.is_empty() => own().or_else(|_| terminology.convert(settings.name, number, behind)),
        Some(_) | None => own(),
    }
}

/// A number with its sign of comparison, and what stands behind it.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let begin = text.find(char::is_numeric).unwrap_or(0);
    let is_past = |c: char| !c.is_numeric() && !matches!(c, '.' | '．');
    let end = text[begin..].find(is_past).map_or(text.len(), |length| begin + length);
    (&text[..end], text[end..].trim_start())
}

/// A number with its sign of comparison, in the unit the score takes.
fn plain_quantity(ask: &Ask, text: &str, unit: Option<&str>) -> Result<Quantity, String> {
    let text = text.trim();
    let bounds = [(">=", Bound::AtLeast), ("<=", Bound::AtMost), (">", Bound::Above), ("<", Bound::Below)];
    let bound = bounds.iter().find(|(sign, _)| text.starts_with(sign));
    let rest = bound.map_or(text, |(sign, _)| text[sign.len()..].trim_start());
    let end = rest.find(|c: char| !c.is_ascii_digit() && !"+-.eE".contains(c)).unwrap_or(rest.len());
    let (number, tail) = rest.split_at(end);
    let wrong = || format!("{}: `{text}` is not a number", ask.name);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let unit = unit.unwrap_or(tail).trim();
    if !unit.is_empty() && unit != ask.unit {
        let takes = if ask.unit.is_empty() { "no unit" } else { &ask.unit };
        return Err(format!("{}: unknown unit `{unit}`; the score takes {takes}", ask.name));
    }
    let value = Value::from_f64(number).ok_or_else(wrong)?;
    Ok(Quantity { value, bound: bound.map_or(Bound::Exactly, |(_, bound)| *bound) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(name: &str, input: &str) -> Json {
        serde_json::from_str(&run(name, input).expect("sound input")).expect("one JSON line")
    }

    fn refusal(name: &str, input: &str) -> String {
        run(name, input).expect_err("a mistake").to_string()
    }

    #[test]
    fn a_grade_is_answered_with_its_terms_and_source() {
        let crs = answer("crs", r#"{"temperature_max": 38.4, "vasopressors": 1, "oxygen": "low"}"#);
        assert_eq!(crs["name"], "crs");
        assert_eq!(crs["value"], 3);
        assert_eq!(crs["missing"], Json::Array(vec![]));
        assert_eq!(crs["terms"][0]["value"], "38.4 °C");
        assert_eq!(crs["terms"][1]["points"], 3);
        assert!(crs["terms"][1]["source"].as_str().is_some_and(|source| source.contains("Lee")));
        assert!(crs["source"].as_str().is_some_and(|source| source.contains("ASTCT")));
    }

    #[test]
    fn what_is_absent_or_null_is_missing_and_never_zero() {
        let news2 = answer("news2", r#"{"respiratory_rate": 26, "temperature": null}"#);
        assert_eq!(news2["value"], Json::Null);
        assert_eq!(news2["at_least"], 3);
        assert_eq!(news2["missing"].as_array().map(Vec::len), Some(6));
    }

    #[test]
    fn several_objects_are_answered_line_by_line() {
        let lines = run("shock_index", "{\"heart_rate\": 90, \"systolic\": 120}\n\n{\"heart_rate\": 120}\n")
            .expect("sound");
        let values: Vec<Json> = lines
            .lines()
            .map(|line| serde_json::from_str::<Json>(line).expect("JSON")["value"].clone())
            .collect();
        assert_eq!(values, [serde_json::json!(0.75), Json::Null]);
        let spread =
            run("qsofa", "{\n  \"gcs\": 14,\n  \"systolic\": 95\n}").expect("an object over several lines");
        assert_eq!(spread.lines().count(), 1);
    }

    #[test]
    fn text_carries_comparators_and_units() {
        let value = |input: &str| answer("m_easix", input)["value"].clone();
        assert_eq!(
            value(r#"{"ldh": 620, "crp": "8.0 mg/dL", "platelets": "9.5 10^4/µL"}"#),
            serde_json::json!(52.211)
        );
        assert_eq!(
            value(r#"{"ldh": {"value": 620, "unit": "U/L"}, "crp": 80, "platelets": 95}"#),
            serde_json::json!(52.211)
        );
        let bound = answer("easix", r#"{"ldh": ">= 500", "creatinine": 1, "platelets": 100}"#);
        assert_eq!((&bound["value"], &bound["at_least"]), (&Json::Null, &serde_json::json!(5)));
        let at = answer("qsofa", r#"{"gcs": {"value": 14, "measured_at": "2026-11-22T06:00:00+09:00"}}"#);
        assert_eq!(at["terms"][2]["at"], "2026-11-21T21:00:00Z");
    }

    #[test]
    fn units_are_read_as_messages_have_them() {
        let easix = |platelets: &str| {
            answer("easix", &format!(r#"{{"ldh": 620, "creatinine": 1.1, "platelets": "{platelets}"}}"#))["value"].clone()
        };
        for platelets in ["95", "95 10*9/L", "9.5万/µL", "９.５ 10^4/μL", "95000 /uL"] {
            assert_eq!(easix(platelets), serde_json::json!(7.179), "{platelets}");
        }
        let fever = answer("crs", r#"{"temperature_max": "101.3 °F"}"#);
        assert_eq!(fever["terms"][0]["value"], "38.5 °C");
        let sofa = |fio2: &str| {
            answer("sofa", &format!(r#"{{"pao2": 80, "fio2": {fio2}, "ventilated": false}}"#))["terms"][0]["points"].clone()
        };
        assert_eq!(sofa("0.4"), sofa("40"));
        assert_eq!(sofa("\"0.4\""), serde_json::json!(2));
    }

    #[test]
    fn triglycerides_of_4_mmol_are_not_above_4() {
        let points = |text: &str| {
            answer("hscore", &format!(r#"{{"triglycerides": "{text}"}}"#))["terms"][5]["points"].clone()
        };
        assert_eq!(points("1.49 mmol/L"), 0);
        for text in ["1.5 mmol/L", "4.0 mmol/L", "354 mg/dL"] {
            assert_eq!(points(text), 44, "{text}");
        }
        for text in ["4.01 mmol/L", "355"] {
            assert_eq!(points(text), 64, "{text}");
        }
    }

    #[test]
    fn an_open_sofa_says_what_would_decide_it() {
        let rest = r#""ventilated": false, "platelets": 200, "bilirubin": 0.8, "map": 80, "vasopressors": 0, "gcs": 15, "creatinine": 0.8"#;
        let sofa = answer("sofa", &format!(r#"{{"spo2": 97, "fio2": 21, {rest}}}"#));
        assert_eq!((&sofa["value"], &sofa["missing"]), (&Json::Null, &serde_json::json!(["pao2"])));
    }

    #[test]
    fn early_warning_takes_items_by_id_or_by_analyte() {
        let ids = r#"{"B1":2,"B2":2,"B3":1,"B4":1,"D1":3,"D2":2,"D3":2,"D4":2,"D5":2,"D6":1,"D7":1,"H1":3,"H2":0,"H3":1}"#;
        let crs = answer("crs_ews", ids);
        assert_eq!((&crs["value"], &crs["band"]), (&Json::from(22), &Json::from("red")));
        assert_eq!((&crs["prior"], &crs["dynamic"], &crs["detection"]), (&5.into(), &13.into(), &4.into()));
        assert_eq!(crs["p"], 18);
        let plain = answer(
            "crs_ews",
            r#"{"temperature": 38.9, "phosphate": "0.74 mmol/L", "phosphate_baseline": 3.5}"#,
        );
        assert_eq!((&plain["value"], &plain["at_least"]), (&Json::from(5), &Json::from(5)));
        let never = answer("crs_ews", r#"{"hours_to_first_fever": "never"}"#);
        assert_eq!(never["terms"][5]["points"], 0);
    }

    #[test]
    fn a_wrong_name_is_told_with_a_suggestion() {
        assert!(
            refusal("new2", "{}")
                .starts_with("unknown score `new2`; did you mean `news2`?; known: crs, icans")
        );
        let input = refusal("news2", "{\"spo2\": 97}\n{\"sp02\": 97}");
        assert!(input.starts_with("line 2: unknown input `sp02` for news2; did you mean `spo2`?"), "{input}");
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let all = refusal(
            "crs",
            r#"{"temperature_max": 384, "oxygen": "lots", "vasopressors": 1.5, "masked": "yes"}"#,
        );
        assert_eq!(all.lines().count(), 4, "{all}");
        assert!(all.contains("oxygen is one of none, low"), "{all}");
    }

    #[test]
    fn what_is_no_object_is_refused_with_its_line() {
        assert_eq!(refusal("crs", "{}\n[1]"), "line 2: not a JSON object; write {\"name\": value, …}");
        assert!(refusal("crs", "{}\n{oops}").starts_with("line 2: not JSON"));
        assert!(refusal("crs", " \n").starts_with("no input"));
        assert!(refusal("easix", r#"{"crp": 1}"#).contains("unknown input"));
        assert!(refusal("m_easix", r#"{"crp": "8 stone"}"#).contains("unknown unit `stone`"));
    }

    #[test]
    fn nothing_known_has_no_value_for_any_score() {
        for name in NAMES {
            assert_eq!(answer(name, "{}")["value"], Json::Null, "{name}");
        }
    }
}
