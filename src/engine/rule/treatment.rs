//! Lines of a case that treat or examine: `norepinephrine start`, `oxygen nasal_cannula 3`, `ice 6`.

use super::case::{CaseStep, patient};
use super::catalogue::closest;
use super::line::{Faults, Line, Word, fault, nothing_after};
use super::token::Fault;
use crate::model::{
    Assessment, Charted, Event, Factors, OxygenDevice, Span, Therapy, TherapyAction, TherapyKind, Time, Value,
};

impl Line<'_> {
    /// A therapy may be told later than it was given: `240h infusion tisa-cel at 0h`.
    pub(super) fn given_at<'w>(&self, rest: &'w [Word]) -> Result<(&'w [Word], Time), Faults> {
        let [before @ .., at, offset] = rest else { return Ok((rest, self.now())) };
        if at.text != "at" {
            return Ok((rest, self.now()));
        }
        match Span::parse(&offset.text) {
            Some(offset) => Ok((before, self.begin + offset)),
            None => Err(vec![fault(offset, "`at` needs an offset: at 0h")]),
        }
    }

    fn therapy_of(&self, kind: TherapyKind, action: TherapyAction) -> Therapy {
        Therapy {
            patient: patient(),
            kind,
            action,
            at: self.now(),
            until: None,
            agent: None,
            product: None,
            device: None,
            flow: None,
            dose: None,
            airway_only: false,
            source: "case".into(),
            order: None,
        }
    }

    pub(super) fn therapy(&self, verb: &Word, rest: &[Word]) -> Result<Therapy, Faults> {
        nothing_after(rest, if verb.text == "infusion" { 1 } else { 3 })?;
        let needs = |what: &str| vec![fault(verb, format!("`{}` needs {what}", verb.text))];
        let mut therapy = match (verb.text.as_str(), rest) {
            ("infusion", []) => return Err(needs("a product: infusion tisa-cel")),
            ("infusion", [product, ..]) => {
                let infusion = self.therapy_of(TherapyKind::Infusion, TherapyAction::Given);
                Therapy { product: Some(product.text.clone()), ..infusion }
            }
            ("oxygen", []) => return Err(needs("a device: oxygen nasal_cannula 3")),
            ("oxygen", [device, flow @ ..]) => return self.oxygen(device, flow),
            (_, []) => return Err(needs("a kind of therapy")),
            (action, [kind, agent @ ..]) => {
                let Some(found) = TherapyKind::parse(&kind.text) else {
                    let guess = closest(&kind.text, TherapyKind::ALL.map(TherapyKind::name));
                    return Err(vec![
                        fault(kind, format!("no therapy is called `{}`", kind.text)).suggest(guess),
                    ]);
                };
                let action = match action {
                    "start" => TherapyAction::Started,
                    "stop" => TherapyAction::Stopped,
                    _ => TherapyAction::Given,
                };
                let agent = agent.first().map(|agent| agent.text.clone());
                Therapy { agent, ..self.therapy_of(found, action) }
            }
        };
        if therapy.kind == TherapyKind::Vasopressor {
            therapy.order = therapy.agent.clone();
        }
        Ok(therapy)
    }

    fn oxygen(&self, device: &Word, flow: &[Word]) -> Result<Therapy, Faults> {
        let Some(found) = OxygenDevice::parse(&device.text) else {
            let guess = closest(&device.text, OxygenDevice::ALL.map(OxygenDevice::name));
            return Err(vec![
                fault(device, format!("no oxygen device is called `{}`", device.text)).suggest(guess),
            ]);
        };
        let litres = match flow.first().map(|word| (word, Value::parse(&word.text))) {
            None => None,
            Some((_, Some(litres))) => Some(litres),
            Some((word, None)) => return Err(vec![fault(word, "a flow is a number of litres a minute")]),
        };
        let action =
            if found == OxygenDevice::None { TherapyAction::Stopped } else { TherapyAction::Started };
        let airway_only = flow.iter().any(|word| word.text == "airway-only");
        let therapy = self.therapy_of(TherapyKind::Oxygen, action);
        Ok(Therapy {
            device: Some(found),
            flow: litres,
            airway_only,
            order: Some("oxygen".into()),
            ..therapy
        })
    }

    pub(super) fn vasopressor(&self, agent: &Word, rest: &[Word]) -> Result<CaseStep, Faults> {
        nothing_after(rest, 2)?;
        let action = match rest.first().map(|word| word.text.as_str()) {
            Some("start") => TherapyAction::Started,
            Some("stop") => TherapyAction::Stopped,
            Some(_) | None => {
                return Err(vec![fault(agent, format!("write `{0} start` or `{0} stop`", agent.text))]);
            }
        };
        let dose = rest.get(1).map(|word| word.text.clone());
        let therapy = self.therapy_of(TherapyKind::Vasopressor, action);
        let therapy =
            Therapy { agent: Some(agent.text.clone()), order: Some(agent.text.clone()), dose, ..therapy };
        Ok(CaseStep::Happens(Event::Therapy(therapy)))
    }

    pub(super) fn assessment(&self, verb: &Word, rest: &[Word]) -> Result<CaseStep, Faults> {
        let Some(word) = rest.first() else {
            return Err(vec![fault(verb, format!("`{}` needs a value", verb.text))]);
        };
        nothing_after(rest, if verb.text == "chart" { 2 } else { 1 })?;
        let mut assessment = Assessment { at: self.now(), by: "case".into(), ..Assessment::default() };
        let text = word.text.clone();
        let number = |word: &Word, most: u8| match word.text.parse::<u8>() {
            Ok(number) if number <= most => Ok(number),
            Ok(_) | Err(_) => Err(vec![fault(word, format!("a whole number from 0 to {most} stands here"))]),
        };
        let yes = || match text.as_str() {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(vec![fault(word, "yes or no stands here")]),
        };
        let one_of = |allowed: &[&str]| {
            let message = || format!("one of {} stands here", allowed.join(", "));
            if allowed.contains(&text.as_str()) {
                Ok(Some(text.clone()))
            } else {
                Err(vec![fault(word, message())])
            }
        };
        match verb.text.as_str() {
            "ice" => match text.as_str() {
                "sedated" | "intubated" | "asleep" | "refused" => {
                    assessment.not_testable = Some(text.clone())
                }
                _ => assessment.ice_total = Some(number(word, 10)?),
            },
            "consciousness" => {
                assessment.consciousness = one_of(&["spontaneous", "voice", "tactile", "unarousable"])?
            }
            "acvpu" => assessment.acvpu = one_of(&["A", "C", "V", "P", "U"])?,
            "seizure" => assessment.seizure = one_of(&["none", "brief", "prolonged"])?,
            "motor" => assessment.motor = Some(yes()?),
            "edema" => assessment.edema = one_of(&["none", "focal", "diffuse"])?,
            "capd" => assessment.capd = Some(number(word, 32)?),
            "soft-sign" => assessment.soft_sign = Some(yes()?),
            _ => {
                let Some(grade) = rest.get(1) else { return Err(vec![fault(word, "write `chart crs 2`")]) };
                let grade = Some(number(grade, 5)?);
                let none = Charted::default();
                assessment.charted = Some(match text.as_str() {
                    "crs" => Charted { crs: grade, ..none },
                    "icans" => Charted { icans: grade, ..none },
                    "iec_hs" => Charted { iec_hs: grade, ..none },
                    _ => return Err(vec![fault(word, "crs, icans or iec_hs stands here")]),
                });
            }
        }
        Ok(CaseStep::Happens(Event::Assessed { patient: patient(), assessment }))
    }

    /// `factors age=63 disease_state=active ferritin_pre=900`
    pub(super) fn factors(&self, rest: &[Word]) -> Result<CaseStep, Faults> {
        let mut fields = serde_json::Map::new();
        for word in rest {
            let Some((name, value)) = word.text.split_once('=') else {
                return Err(vec![fault(word, "a factor is written name=value")]);
            };
            let value = match (value, value.parse::<i64>(), Value::parse(value)) {
                ("yes", _, _) => true.into(),
                ("no", _, _) => false.into(),
                (_, _, Some(value))
                    if matches!(name, "lymphocytes_pre" | "easix_pre" | "ferritin_pre" | "crp_pre") =>
                {
                    value.0.into()
                }
                (_, Ok(number), _) => number.into(),
                (text, _, _) => text.into(),
            };
            fields.insert(name.to_string(), value);
        }
        let word = rest.first().map_or(0..0, |word| word.span.clone());
        let factors: Factors = serde_json::from_value(fields.into())
            .map_err(|error| vec![Fault::new(word, error.to_string().to_lowercase())])?;
        Ok(CaseStep::Happens(Event::Factors { patient: patient(), factors, by: "case".into() }))
    }
}
