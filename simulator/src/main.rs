//! `stormwatch-simulator`: the command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use stormwatch_simulator::{cohort, load, say, scenario, ward};

/// Plays the lab and the ward for stormwatch.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Play a ward over real sockets until Ctrl-C.
    Ward(ward::Options),
    /// Write a recording of many patients and the truth about them.
    Cohort(cohort::Options),
    /// Send as fast as it is answered, and print the figures as one JSON line.
    Load(load::Options),
    /// Play stories told in text.
    Scenario(scenario::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Ward(options) => ward::run(&options),
        Command::Cohort(options) => cohort::run(&options),
        Command::Load(options) => load::run(&options),
        Command::Scenario(options) => scenario::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::progress(&format!("stormwatch-simulator: {error:#}"));
            ExitCode::from(2)
        }
    }
}
