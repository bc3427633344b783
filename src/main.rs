//! Floor 5. The binary: arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use stormwatch::cli::Arguments;

fn main() -> ExitCode {
    match stormwatch::command::run(Arguments::parse()) {
        Ok(answer) => ExitCode::from(answer),
        Err(error) => {
            // The one place where a command's failure is told.
            #[allow(clippy::print_stderr)]
            {
                eprintln!("stormwatch: {error:#}");
            }
            ExitCode::from(2)
        }
    }
}
