//! Rules, terminology and site settings enter the journal when they change, with their hash; what does not load
//! is refused and the earlier set stays.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::sync::watch;
use tracing::{info, warn};

use super::past::InForce;
use crate::config::Config;
use crate::engine::rule::{self, RuleSet};
use crate::engine::score::Tables;
use crate::files::{self, Files};
use crate::intake::Desk;
use crate::journal::{Journal, Submission};
use crate::model::Event;
use crate::terminology::Terminology;

/// How often the folders are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The code and unit tables of the folder, or the built-in ones where there is none.
pub fn terminology(folder: &Path) -> anyhow::Result<Terminology> {
    match Terminology::load(&terminology_files(folder)?) {
        Ok(terminology) => Ok(terminology),
        Err(mistakes) => {
            let mistakes: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
            bail!("{} cannot be used:\n{}", folder.display(), mistakes.join("\n"))
        }
    }
}

fn terminology_files(folder: &Path) -> anyhow::Result<Files> {
    let found = files::read(folder, "toml").context("reading the terminology")?;
    Ok(found.unwrap_or_else(Terminology::builtin_files))
}

/// The rule files of the folder, or the built-in ones where there is none.
pub fn rule_files(folder: &Path) -> anyhow::Result<Files> {
    let found = files::read(folder, "toml").context("reading the rules")?;
    Ok(found.unwrap_or_else(rule::shipped::rules))
}

/// Every mistake in the rules and the terminology of a configuration.
pub fn check(config: &Config) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let terms = Terminology::load(&terminology_files(&config.terminology)?);
    let terms = terms.unwrap_or_else(|bad| {
        found.extend(bad.iter().map(ToString::to_string));
        Terminology::builtin()
    });
    found.extend(mistakes(&rule_files(&config.rules)?, &terms));
    Ok(found)
}

/// Every mistake of a rule set, in lines a person can act on.
fn mistakes(files: &Files, terminology: &Terminology) -> Vec<String> {
    let known = rule::Known { analytes: terminology.analytes() };
    let rules = RuleSet::load("", files, &known).err().unwrap_or_default();
    let tables = Tables::of_rules(files).err().unwrap_or_default();
    rules.iter().map(ToString::to_string).chain(tables.iter().map(ToString::to_string)).collect()
}

/// At the start: whatever differs from what the journal holds takes effect now. Bad rules stop the start, because
/// a ward without its rules is worse than a service that says so at once.
pub async fn take_effect(
    config: &Config,
    in_force: Option<&InForce>,
    terminology: &Arc<Terminology>,
    journal: &Journal,
) -> anyhow::Result<()> {
    let rules = rule_files(&config.rules)?;
    let bad = mistakes(&rules, terminology);
    if !bad.is_empty() {
        bail!("{} cannot be used:\n{}", config.rules.display(), bad.join("\n"));
    }
    let mut events = Vec::new();
    if in_force.map(|known| &known.site) != Some(&config.site) {
        events.push(Event::Site(config.site.clone()));
    }
    let hash = files::version(&terminology_files(&config.terminology)?);
    if in_force.map(|known| &known.terminology) != Some(&hash) {
        events.push(Event::Terminology { hash, analytes: terminology.analytes().to_vec() });
    }
    let hash = files::version(&rules);
    if in_force.map(|known| &known.rules) != Some(&hash) || !events.is_empty() {
        events.push(Event::Rules { hash, author: author(), files: rules });
    }
    append(journal, events).await
}

/// Looks at the folders while the service runs.
pub async fn watch(config: Config, journal: Journal, desk: Desk, mut stop: watch::Receiver<bool>) {
    let mut rules = rule_files(&config.rules).map(|found| files::version(&found)).unwrap_or_default();
    let mut terms =
        terminology_files(&config.terminology).map(|found| files::version(&found)).unwrap_or_default();
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stop.changed() => return,
        }
        if let Err(error) = look(&config, &journal, &desk, &mut rules, &mut terms).await {
            warn!(%error, "a changed folder cannot be used; what was in force stays");
        }
    }
}

async fn look(
    config: &Config,
    journal: &Journal,
    desk: &Desk,
    rules: &mut String,
    terms: &mut String,
) -> anyhow::Result<()> {
    let found = terminology_files(&config.terminology)?;
    let version = files::version(&found);
    if version != *terms {
        terms.clone_from(&version);
        let loaded = Arc::new(terminology(&config.terminology)?);
        let analytes = loaded.analytes().to_vec();
        desk.use_terminology(loaded);
        append(journal, vec![Event::Terminology { hash: version, analytes }]).await?;
        info!("changed terminology is in force");
    }
    let found = rule_files(&config.rules)?;
    let version = files::version(&found);
    if version != *rules {
        rules.clone_from(&version);
        let bad = mistakes(&found, &desk.terminology());
        if bad.is_empty() {
            append(journal, vec![Event::Rules { hash: version, author: author(), files: found }]).await?;
            info!("changed rules are in force");
        } else {
            warn!(mistakes = bad.len(), "changed rules were refused");
            append(journal, vec![Event::RulesRefused { author: author(), reason: bad.join("\n") }]).await?;
        }
    }
    Ok(())
}

async fn append(journal: &Journal, events: Vec<Event>) -> anyhow::Result<()> {
    if !events.is_empty() {
        let change = Submission { source: "self".into(), via: "self", events, ..Submission::default() };
        journal.append(change).await.context("recording what is in force")?;
    }
    Ok(())
}

/// The account that changed the files, as far as the system says.
fn author() -> String {
    std::env::var("USER")
        .or_else(|_| std::env::var("LOGNAME"))
        .unwrap_or_else(|_| "the service's account".into())
}
