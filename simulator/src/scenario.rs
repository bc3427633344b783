//! `scenario`: plays a story told in text over MLLP, ending now.
//!
//! ```text
//! # what it is about
//! case a fall of a third from the patient's own baseline
//!   bed 07
//!   -26h  phosphate 3.5 mg/dL
//!     0h  infusion tisa-cel
//!    24h  phosphate 2.3 mg/dL
//!    24h  temperature 38.6
//! ```
//!
//! Each `case` is a patient of its own. Times count from the infusion; the last line of the file happens now.
//! Lines that judge (`expect`, `still`, `never`, `after`) are skipped, so that a rule's case can be played as
//! it is.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

use crate::hl7::{self, Administration, Group, Row, Sender};
use crate::moment;
use crate::person::Person;
use crate::say;
use crate::send::{Mllp, control_of};
use crate::story::{self, Case, Deed, Step};
use crate::telemetry;

#[derive(clap::Args, Clone)]
pub struct Options {
    /// The stories to play, one after another.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    #[arg(long, default_value = "127.0.0.1:2575")]
    pub mllp: String,
    #[arg(long, default_value = "6E")]
    pub ward: String,
}

/// The messages of all cases in order of time, the last one at `now`. `run` begins each MSH-10 and each
/// patient's id.
pub fn messages(cases: &[Case], ward: &str, run: &str, now: i64) -> Result<Vec<String>> {
    let last = cases.iter().flat_map(|case| &case.steps).map(|step| step.at).max().unwrap_or(0);
    let mut timed: Vec<(i64, String)> = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let person = patient(case, index, ward, run, now);
        let first = case.steps.iter().map(|step| step.at).min().unwrap_or(0);
        let admitted = now - last + first - moment::HOUR;
        let control = |number: usize| format!("{run}.{}.{number}", index + 1);
        timed.push((admitted, hl7::admission(&person, "A01", &control(0), admitted)));
        let mut running = Vec::new();
        for step in &case.steps {
            let at = now - last + step.at;
            let written = step_message(&person, &control(step.line), at, step, &mut running)?;
            timed.extend(written.into_iter().map(|message| (at, message)));
        }
    }
    timed.sort_by_key(|(at, _)| *at);
    Ok(timed.into_iter().map(|(_, message)| message).collect())
}

fn patient(case: &Case, index: usize, ward: &str, run: &str, now: i64) -> Person {
    Person {
        id: format!("{run}-{}", index + 1),
        number: index + 1,
        ward: ward.to_string(),
        bed: case.bed.clone().unwrap_or_else(|| format!("{:02}", index + 1)),
        female: index.is_multiple_of(2),
        born: now - 61 * 365 * moment::DAY,
        weight: 60.0,
    }
}

/// A drug as it was given, kept while it runs.
#[derive(Clone)]
struct Given {
    order: String,
    agent: String,
    code: String,
    amount: &'static str,
    unit: &'static str,
    start: i64,
}

impl Given {
    fn write(&self, person: &Person, control: &str, at: i64, end: Option<i64>) -> String {
        let given = Administration {
            order: &self.order,
            code: &self.code,
            amount: self.amount.into(),
            unit: self.unit,
            start: self.start,
            end,
            route: "IV^Intravenous^HL70162",
        };
        hl7::administration(person, control, at, &given)
    }
}

/// The message of one step; none for the end of what never began. `running` holds the vasopressors that have
/// not yet ended.
fn step_message(
    person: &Person,
    control: &str,
    at: i64,
    step: &Step,
    running: &mut Vec<Given>,
) -> Result<Option<String>> {
    let drug = |agent: &str, code: &str, amount, unit| Given {
        order: format!("{}-{}", person.id, step.line),
        agent: agent.to_string(),
        code: format!("{code}^99STW"),
        amount,
        unit,
        start: at,
    };
    let once = |code: &str| drug("", code, "1", "{dose}").write(person, control, at, Some(at));
    let observed = |rows: Vec<Row>| {
        let group =
            Group { panel: "SCENARIO^Scenario^99STW".into(), filler: control.into(), collected: at, rows };
        hl7::results(person, Sender::Ward, control, at, &[group])
    };
    Ok(Some(match &step.deed {
        Deed::Result { code, value, unit } => observed(vec![row(code, value, unit)]),
        Deed::Infusion(product) => once(&format!("{}^{}", product.code(), product.name())),
        Deed::Dose(code) => once(code),
        Deed::Vasopressor(agent, true) => {
            let given = drug(agent, &format!("{agent}^{agent}"), "0.1", "ug/kg/min");
            let message = given.write(person, control, at, None);
            running.push(given);
            message
        }
        Deed::Vasopressor(agent, false) => {
            let Some(index) = running.iter().position(|given| &given.agent == agent) else { return Ok(None) };
            running.remove(index).write(person, control, at, Some(at))
        }
        Deed::Oxygen(Some((device, flow))) => observed(telemetry::oxygen_rows(device, *flow)),
        Deed::Oxygen(None) => observed(telemetry::oxygen_rows("none", 0.0)),
        Deed::Move(event) => hl7::admission(person, event, control, at),
        Deed::Send(path) => std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?
            .replace("\r\n", "\r")
            .replace('\n', "\r")
            .replace("{patient}", &person.id)
            .replace("{ward}", &person.ward)
            .replace("{bed}", &person.bed)
            .replace("{control}", control)
            .replace("{time}", &moment::hl7(at)),
    }))
}

fn row(code: &str, value: &str, unit: &str) -> Row {
    let comparator = value.chars().next().filter(|c| *c == '<' || *c == '>');
    let mut row = Row::number(code, value.to_string(), unit);
    if let Some(sign) = comparator {
        row.kind = "SN";
        row.value = format!("{sign}^{}", &value[1..]);
    }
    row
}

pub fn run(options: &Options) -> Result<()> {
    let mut stories = Vec::new();
    for file in &options.files {
        let text =
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let folder = file.parent().unwrap_or(Path::new("."));
        stories.push((file, story::read(&text, folder).with_context(|| file.display().to_string())?));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut mllp = Mllp::new(&options.mllp);
        let mut refused = 0;
        for (index, (file, cases)) in stories.iter().enumerate() {
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() as i64;
            let run = format!("SC{now}{index}");
            let messages = messages(cases, &options.ward, &run, now)?;
            for message in &messages {
                let answer = mllp.send(message).await;
                if !answer.is_good() {
                    refused += 1;
                    let control = control_of(message);
                    say::progress(&format!(
                        "warning: {control} was answered {}: {}",
                        answer.code, answer.text
                    ));
                }
            }
            say::progress(&format!("{}: {} cases, {} messages", file.display(), cases.len(), messages.len()));
        }
        if refused > 0 {
            bail!("{refused} messages were refused");
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(text: &str) -> Result<Vec<Case>> {
        story::read(text, Path::new("."))
    }

    #[test]
    fn a_story_is_read_and_its_last_line_happens_now() {
        let cases = story(
            "case one\n -26h phosphate 3.5 mg/dL # baseline\n 0h infusion tisa-cel\n 24h phosphate 0.74 mmol/L\n 24h expect phosphate-fall low\n",
        )
        .unwrap();
        assert_eq!(cases.len(), 1);
        assert_eq!(cases[0].steps.len(), 3);
        let messages = messages(&cases, "6E", "R", 1_795_302_900).unwrap();
        assert_eq!(messages.len(), 4);
        assert!(messages[0].contains("ADT^A01") && messages[2].contains("tisa-cel^"));
        assert!(messages[3].contains("|20261122081500+0900||ORU") && messages[3].contains("14879-1"));
        assert!(messages[1].contains("|20261120061500+0900|"), "50 hours before the end: {}", messages[1]);
    }

    #[test]
    fn a_running_therapy_ends_with_the_start_it_had() {
        let cases =
            story("case x\n 1h vasopressor norepinephrine start\n 3h vasopressor norepinephrine stop\n")
                .unwrap();
        let messages = messages(&cases, "6E", "R", 1_795_302_900).unwrap();
        assert!(messages[1].contains("RXA|0|1|20261122061500+0900||norepinephrine"));
        assert!(messages[2].contains("RXA|0|1|20261122061500+0900|20261122081500+0900|norepinephrine"));
    }

    #[test]
    fn oxygen_is_charted_as_device_and_flow() {
        let cases =
            story("case x\n 1h oxygen nasal_cannula 3\n 2h oxygen high_flow 40\n 3h oxygen none\n").unwrap();
        let messages = messages(&cases, "6E", "R", 1_795_302_900).unwrap();
        for (message, device, flow) in [
            (&messages[1], "nasal_cannula", "3"),
            (&messages[2], "high_flow", "40"),
            (&messages[3], "none", "0"),
        ] {
            assert!(
                message.contains(&format!("|ST|3152-6^Oxygen inhaled mechanism^LN||{device}|")),
                "{message}"
            );
            assert!(message.contains(&format!("^LN||{flow}|L/min^L/min^UCUM|")), "{message}");
        }
    }

    #[test]
    fn a_value_below_detection_keeps_its_sign() {
        let row = row("26881-3", "<1.5", "pg/mL");
        assert_eq!((row.kind, row.value.as_str()), ("SN", "<^1.5"));
    }
}
