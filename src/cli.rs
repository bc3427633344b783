//! Floor 5. Arguments of the command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Warns a ward of a cytokine storm before it breaks. Not a medical device; never the only alarm path.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the service.
    Serve(ServeArguments),
    /// Compute a score by hand: one JSON object, or one a line answered line by line.
    Score {
        /// crs, icans, news2, easix, …; an unknown name lists them all.
        name: String,
        /// A file with the inputs, or - for standard input.
        #[arg(long, default_value = "-")]
        json: String,
    },
    /// Check configuration, rules and terminology: every mistake at once.
    Check {
        #[arg(long)]
        config: Option<PathBuf>,
        #[arg(long)]
        rules: Option<PathBuf>,
        #[arg(long)]
        terminology: Option<PathBuf>,
    },
    /// Test, cover or list the rules.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Show how a message would be read, row by row.
    #[command(subcommand)]
    Terminology(TerminologyCommand),
    /// Say why an alert was raised, with proof that folding again gives the same.
    Explain {
        alert: String,
        #[arg(long, default_value = "./stormwatch-data")]
        data: PathBuf,
    },
    /// Fold a recorded journal again, perhaps with other rules, and compare with the truth.
    Backtest(BacktestArguments),
    /// Verify, export or import the journal.
    Journal {
        #[command(subcommand)]
        command: crate::journal_command::JournalCommand,
        #[arg(long, global = true, default_value = "./stormwatch-data")]
        data: PathBuf,
    },
    /// Add, list or revoke users and tokens.
    #[command(subcommand)]
    User(UserCommand),
}

#[derive(Clone, Debug, Default, clap::Args)]
pub struct ServeArguments {
    /// Configuration file; flags override it.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Folder of the journal.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Folder of the rule files.
    #[arg(long)]
    pub rules: Option<PathBuf>,
    /// Folder of the code and unit tables.
    #[arg(long)]
    pub terminology: Option<PathBuf>,
    /// HTTP and WebSocket address.
    #[arg(long)]
    pub http: Option<String>,
    /// MLLP address.
    #[arg(long)]
    pub mllp: Option<String>,
    /// MQTT broker: mqtt://host:port or mqtts://user:password@host:port.
    #[arg(long)]
    pub mqtt: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Run every case file.
    Test {
        folder: Option<PathBuf>,
        #[arg(long, default_value = "text")]
        format: String,
    },
    /// Which branches the cases saw, and which thresholds no case would miss; exit code 1 where any is left.
    Coverage {
        folder: Option<PathBuf>,
        #[arg(long, default_value = "text")]
        format: String,
    },
    /// Every rule with its condition and source.
    List { folder: Option<PathBuf> },
}

#[derive(Debug, Subcommand)]
pub enum TerminologyCommand {
    /// Read a message (HL7 or JSON) from a file, or - for standard input.
    Try {
        message: String,
        #[arg(long)]
        terminology: Option<PathBuf>,
        /// Configuration file: the message is read as one of its doors would.
        #[arg(long)]
        config: Option<PathBuf>,
        /// Name of the listener or broker; without it the first listener.
        #[arg(long)]
        listener: Option<String>,
    },
}

#[derive(Clone, Debug, clap::Args)]
pub struct BacktestArguments {
    /// A recording of the simulator.
    #[arg(long)]
    pub recording: Option<PathBuf>,
    /// A journal.
    #[arg(long)]
    pub data: Option<PathBuf>,
    #[arg(long)]
    pub rules: Option<PathBuf>,
    /// A second rule set to compare with.
    #[arg(long)]
    pub against: Option<PathBuf>,
    /// What really happened, a patient a line.
    #[arg(long)]
    pub truth: Option<PathBuf>,
    #[arg(long, default_value = "table")]
    pub format: String,
}

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a person (password from standard input), or a token with --token.
    Add {
        name: String,
        /// display, nurse, physician, engineer or admin.
        #[arg(long)]
        role: String,
        /// May be given more than once; none means all wards (never for a display).
        #[arg(long = "ward")]
        wards: Vec<String>,
        /// What a display may show: P0 (bed only) to P3.
        #[arg(long, default_value = "P0")]
        identity: String,
        /// Make a token instead of a password.
        #[arg(long)]
        token: bool,
        /// Days until the token ends.
        #[arg(long)]
        days: Option<u32>,
        #[arg(long, default_value = "./stormwatch-data")]
        data: PathBuf,
    },
    List {
        #[arg(long, default_value = "./stormwatch-data")]
        data: PathBuf,
    },
    Revoke {
        name: String,
        #[arg(long, default_value = "./stormwatch-data")]
        data: PathBuf,
    },
}
