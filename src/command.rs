//! Floor 4. The commands: each reads its input, asks one part, prints, and says how it went.
//!
//! Exit codes: 0 good; 1 the answer is no; 2 it could not be asked.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::cli::{Arguments, Command, RulesCommand, ServeArguments, TerminologyCommand};
use crate::config::Config;
use crate::{explain, journal_command, rules, score, serve, terminology_command, user};

/// Runs one command; the exit code.
pub fn run(arguments: Arguments) -> anyhow::Result<u8> {
    match arguments.command {
        Command::Serve(arguments) => {
            log();
            serve::run(&arguments).map(|()| 0)
        }
        Command::Score { name, json } => {
            say(&score::run(&name, &input(&json)?).map_err(|refused| anyhow::anyhow!("{refused}"))?);
            Ok(0)
        }
        Command::Check { config, rules, terminology } => check(config, rules, terminology),
        Command::Rules(command) => answer(match &command {
            RulesCommand::Test { folder, format } => rules::test(folder.as_deref(), format)?,
            RulesCommand::Coverage { folder, format } => rules::coverage(folder.as_deref(), format)?,
            RulesCommand::List { folder } => rules::list(folder.as_deref())?,
        }),
        Command::Terminology(TerminologyCommand::Try { message, terminology, config, listener }) => {
            let arguments = ServeArguments { config, terminology, ..ServeArguments::default() };
            let config = Config::load(&arguments).map_err(|mistakes| anyhow::anyhow!(mistakes.join("\n")))?;
            answer(terminology_command::try_message(
                &serve::terminology(&config.terminology)?,
                &config.door(listener.as_deref())?,
                &bytes(&message)?,
            ))
        }
        Command::Explain { alert, data } => answer(explain::run(&alert, &data)?),
        Command::Backtest(_) => anyhow::bail!("backtest is not part of this version"),
        Command::Journal { command, data } => Ok(journal_command::run(&data, &command)),
        Command::User(command) => user::run(&command),
    }
}

fn answer(answer: rules::Answer) -> anyhow::Result<u8> {
    say(&answer.report);
    Ok(u8::from(!answer.good))
}

#[allow(clippy::print_stdout)] // What a command answers is its standard output.
fn say(text: &str) {
    println!("{}", text.trim_end_matches('\n'));
}

/// Text of a file, or of standard input for `-`.
fn input(place: &str) -> anyhow::Result<String> {
    Ok(String::from_utf8_lossy(&bytes(place)?).into_owned())
}

/// A message may be written in any character set.
fn bytes(place: &str) -> anyhow::Result<Vec<u8>> {
    if place != "-" {
        return std::fs::read(Path::new(place)).with_context(|| format!("reading {place}"));
    }
    let mut read = Vec::new();
    std::io::stdin().read_to_end(&mut read).context("reading standard input")?;
    Ok(read)
}

/// Configuration, rules and terminology: every mistake at once.
fn check(
    config: Option<PathBuf>,
    rules: Option<PathBuf>,
    terminology: Option<PathBuf>,
) -> anyhow::Result<u8> {
    let arguments = ServeArguments { config, rules, terminology, ..ServeArguments::default() };
    let (config, mut mistakes) = Config::read(&arguments);
    mistakes.extend(serve::check(&config)?);
    if mistakes.is_empty() {
        say("configuration, rules and terminology are good");
        return Ok(0);
    }
    say(&format!("{}\n{} mistakes", mistakes.join("\n"), mistakes.len()));
    Ok(2)
}

fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,rumqttc=warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
