//! Lines of a case in which a person acts or something is expected: `acknowledge fever by nurse`, `expect fever low`.

use super::case::{CaseStep, Expectation};
use super::catalogue::closest;
use super::line::{Faults, Line, Word, fault};
use crate::model::event::Rating;
use crate::model::{ActionKind, AlertState, Priority, Role, Span};

impl Line<'_> {
    fn rule(&self, verb: &Word, word: Option<&Word>) -> Result<String, Faults> {
        let Some(word) = word else { return Err(vec![fault(verb, format!("`{}` needs a rule", verb.text))]) };
        if self.vocabulary.rules.get(&word.text).is_some() {
            return Ok(word.text.clone());
        }
        let guess = closest(&word.text, self.vocabulary.rules.rules.iter().map(|rule| rule.id.as_ref()));
        Err(vec![fault(word, format!("no rule is called `{}`", word.text)).suggest(guess)])
    }

    pub(super) fn action(&self, verb: &Word, rest: &[Word]) -> Result<CaseStep, Faults> {
        let rule = self.rule(verb, rest.first())?;
        let mut by = Role::Nurse;
        let mut words: Vec<&Word> = Vec::new();
        let mut at = 1;
        while let Some(word) = rest.get(at) {
            if word.text == "by" {
                at += 1;
                by = rest
                    .get(at)
                    .and_then(|word| Role::parse(&word.text))
                    .ok_or_else(|| vec![fault(word, "`by` needs a role: by physician")])?;
            } else {
                words.push(word);
            }
            at += 1;
        }
        let text = |at: usize| words.get(at).map_or(String::new(), |word| word.text.clone());
        let kind = match verb.text.as_str() {
            "acknowledge" => ActionKind::Acknowledge { comment: text(0) },
            "shelve" => {
                let minutes =
                    Span::parse(&text(0)).and_then(|span| u32::try_from(span.0 / Span::MINUTE.0).ok());
                let minutes =
                    minutes.ok_or_else(|| vec![fault(verb, "`shelve` needs a duration: shelve RULE 30m")])?;
                ActionKind::Shelve { minutes, reason: text(1) }
            }
            "unshelve" => ActionKind::Unshelve,
            "out-of-service" => ActionKind::OutOfService { reason: text(0) },
            "back-in-service" => ActionKind::BackInService,
            "undo" => ActionKind::Undo,
            "close" => ActionKind::Close { comment: text(0) },
            _ => ActionKind::Rate {
                rating: match text(0).as_str() {
                    "useful" => Rating::Useful,
                    "known" => Rating::Known,
                    "artefact" => Rating::Artefact,
                    "threshold" => Rating::Threshold,
                    _ => return Err(vec![fault(verb, "useful, known, artefact or threshold stands here")]),
                },
            },
        };
        Ok(CaseStep::Acts { rule, by, kind })
    }

    pub(super) fn expectation(&self, verb: &Word, rest: &[Word]) -> Result<Expectation, Faults> {
        let none = rest.first().is_some_and(|word| word.text == "no");
        let rest = if none { &rest[1..] } else { rest };
        let mut expectation = Expectation {
            rule: self.rule(verb, rest.first())?,
            none,
            without_new_data: verb.text == "still",
            priority: None,
            state: None,
            inhibited: false,
            step: None,
            told: None,
        };
        let mut at = 1;
        while let Some(word) = rest.get(at) {
            let next = rest.get(at + 1);
            let mut taken = 1;
            if let Some(priority) = Priority::parse(&word.text) {
                expectation.priority = Some(priority);
            } else if let Some(state) = AlertState::parse(&word.text) {
                expectation.state = Some(state);
            } else if word.text == "inhibited" {
                expectation.inhibited = true;
            } else if word.text == "step" {
                let number = next.and_then(|word| word.text.parse().ok());
                expectation.step =
                    Some(number.ok_or_else(|| vec![fault(word, "`step` needs a number: step 2")])?);
                taken = 2;
            } else if word.text == "told" {
                let role = next.and_then(|word| Role::parse(&word.text));
                expectation.told =
                    Some(role.ok_or_else(|| vec![fault(word, "`told` needs a role: told physician")])?);
                taken = 2;
            } else if rest[at..].iter().take(3).map(|word| word.text.as_str()).eq(["without", "new", "data"])
            {
                expectation.without_new_data = true;
                taken = 3;
            } else {
                let known = [
                    "info",
                    "low",
                    "medium",
                    "high",
                    "active",
                    "acknowledged",
                    "returned",
                    "closed",
                    "shelved",
                ];
                let guess =
                    closest(&word.text, known.into_iter().chain(["inhibited", "step", "told", "without"]));
                return Err(vec![fault(word, format!("`{}` cannot be expected", word.text)).suggest(guess)]);
            }
            at += taken;
        }
        Ok(expectation)
    }
}
