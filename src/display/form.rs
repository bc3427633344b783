//! Reading what a person or program sent, field by field, so that a refusal names the field and the remedy.

use std::cell::RefCell;

use serde_json::{Map, Value as Json};

use super::problem::Problem;
use crate::model::{Time, Value};

/// A JSON object being read. `null` counts as absent; a field nobody asked for is refused at the end.
#[derive(Debug)]
pub struct Form<'a> {
    fields: &'a Map<String, Json>,
    /// `ice.` for the fields of `ice`.
    path: String,
    asked: RefCell<Vec<&'static str>>,
}

/// The body as JSON; an empty body is an empty object.
pub fn parse(body: &[u8]) -> Result<Json, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Json::Object(Map::new()));
    }
    serde_json::from_slice(body)
        .map_err(|cause| Problem::unreadable(format!("the body is not JSON: {cause}")))
}

impl<'a> Form<'a> {
    pub fn of(body: &'a Json) -> Result<Form<'a>, Problem> {
        match body {
            Json::Object(fields) => Ok(Form { fields, path: String::new(), asked: RefCell::default() }),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
                Err(Problem::unreadable("the body is not a JSON object; send {\"field\": value}"))
            }
        }
    }

    /// The field's full name, for refusals.
    pub fn name(&self, field: &str) -> String {
        format!("{}{field}", self.path)
    }

    fn refuse(&self, field: &str, wanted: &str) -> Problem {
        let name = self.name(field);
        Problem::field(name.clone(), format!("`{name}` {wanted}"))
    }

    fn get(&self, field: &'static str) -> Option<&'a Json> {
        self.asked.borrow_mut().push(field);
        self.fields.get(field).filter(|value| !value.is_null())
    }

    /// Trimmed; at most `most` characters, no control characters.
    pub fn text(&self, field: &'static str, most: usize) -> Result<Option<String>, Problem> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| self.refuse(field, "is text; put it in quotes"))?.trim();
        if text.chars().count() > most {
            return Err(self.refuse(field, &format!("has more than {most} characters; shorten it")));
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(self.refuse(field, "has control characters; leave them out"));
        }
        Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
    }

    /// One of these words.
    pub fn word(&self, field: &'static str, words: &[&str]) -> Result<Option<String>, Problem> {
        let Some(word) = self.text(field, 64)? else { return Ok(None) };
        if words.contains(&word.as_str()) {
            return Ok(Some(word));
        }
        Err(self.refuse(field, &format!("is {word:?}; use one of {}", words.join(", "))))
    }

    /// A JSON number.
    pub fn number(&self, field: &'static str) -> Result<Option<Value>, Problem> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let number = value.as_f64().and_then(Value::from_f64);
        number
            .map(Some)
            .ok_or_else(|| self.refuse(field, "is a number; write it without quotes, with a point"))
    }

    /// A JSON number or text that holds one, as it was written.
    pub fn written_number(&self, field: &'static str) -> Result<Option<String>, Problem> {
        match self.get(field) {
            None => Ok(None),
            Some(Json::Number(number)) => Ok(Some(number.to_string())),
            Some(Json::String(text)) if text.len() <= 64 => Ok(Some(text.trim().to_owned())),
            Some(_) => Err(self.refuse(field, "is a number such as 38.4")),
        }
    }

    /// A whole number from `least` to `most`.
    pub fn whole(&self, field: &'static str, least: u32, most: u32) -> Result<Option<u32>, Problem> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let number =
            value.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| (least..=most).contains(n));
        number
            .map(Some)
            .ok_or_else(|| self.refuse(field, &format!("is a whole number from {least} to {most}")))
    }

    /// A whole number of at most 255.
    pub fn small(&self, field: &'static str, least: u8, most: u8) -> Result<Option<u8>, Problem> {
        let number = self.whole(field, u32::from(least), u32::from(most))?;
        Ok(number.and_then(|n| u8::try_from(n).ok()))
    }

    pub fn flag(&self, field: &'static str) -> Result<Option<bool>, Problem> {
        let Some(value) = self.get(field) else { return Ok(None) };
        value.as_bool().map(Some).ok_or_else(|| self.refuse(field, "is true or false"))
    }

    /// RFC 3339 with an offset.
    pub fn time(&self, field: &'static str) -> Result<Option<Time>, Problem> {
        let Some(text) = self.text(field, 64)? else { return Ok(None) };
        let wanted = "is an instant with its offset, such as 2026-11-22T06:00:00+09:00";
        Time::parse(&text).map(Some).ok_or_else(|| self.refuse(field, wanted))
    }

    /// An object inside this one.
    pub fn part(&self, field: &'static str) -> Result<Option<Form<'a>>, Problem> {
        match self.get(field) {
            None => Ok(None),
            Some(Json::Object(fields)) => {
                let path = format!("{}.", self.name(field));
                Ok(Some(Form { fields, path, asked: RefCell::default() }))
            }
            Some(_) => Err(self.refuse(field, "is an object, {\"field\": value}")),
        }
    }

    /// Objects in a list inside this one.
    pub fn list(&self, field: &'static str, most: usize) -> Result<Option<Vec<Form<'a>>>, Problem> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let rows = value.as_array().ok_or_else(|| self.refuse(field, "is a list, [{…}, …]"))?;
        if rows.is_empty() || rows.len() > most {
            return Err(self.refuse(field, &format!("has {} rows; send 1 to {most}", rows.len())));
        }
        let forms = rows.iter().enumerate().map(|(nth, row)| match row {
            Json::Object(fields) => {
                let path = format!("{}[{nth}].", self.name(field));
                Ok(Form { fields, path, asked: RefCell::default() })
            }
            _ => Err(self.refuse(field, "is a list of objects, [{…}, …]")),
        });
        forms.collect::<Result<_, _>>().map(Some)
    }

    /// What has to be there.
    pub fn needed<T>(&self, field: &'static str, found: Option<T>, wanted: &str) -> Result<T, Problem> {
        found.ok_or_else(|| self.refuse(field, &format!("is missing; {wanted}")))
    }

    /// Refuses a field nobody asked for: a misspelt one would be lost in silence.
    pub fn finish(self) -> Result<(), Problem> {
        let asked = self.asked.borrow();
        match self.fields.keys().find(|name| !asked.contains(&name.as_str())) {
            None => Ok(()),
            Some(stray) => {
                let mut known: Vec<&str> = asked.clone();
                known.sort_unstable();
                known.dedup();
                Err(self.refuse(stray, &format!("is not known here; known are {}", known.join(", "))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_refusal_names_the_field_and_the_remedy() {
        let body = json!({"ice": {"orientation": 7}, "motor": "yes", "at": "2026-11-22 06:00", "tpyo": 1});
        let form = Form::of(&body).expect("an object");
        let ice = form.part("ice").expect("an object").expect("there");
        let refused = ice.small("orientation", 0, 4).expect_err("too large");
        assert_eq!(refused.field.as_deref(), Some("ice.orientation"));
        assert!(refused.detail.contains("0 to 4"), "{}", refused.detail);
        assert!(form.flag("motor").is_err());
        assert!(form.time("at").is_err(), "an instant without an offset is a guess");
        let stray = form.finish().expect_err("a misspelt field");
        assert_eq!(stray.field.as_deref(), Some("tpyo"));
    }

    #[test]
    fn null_and_an_empty_body_are_nothing_said() {
        let body = json!({"comment": null});
        let form = Form::of(&body).expect("an object");
        assert_eq!(form.text("comment", 10).expect("absent"), None);
        assert!(form.finish().is_ok());
        assert_eq!(parse(b" \n").expect("empty"), json!({}));
        assert!(parse(b"{").is_err());
    }
}
