//! stormwatch warns a ward of a cytokine storm before it breaks.
//!
//! The journal is the input; everything else is a fold over it. ARCHITECTURE.md has the map.

pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod display;
pub mod engine;
pub mod explain;
pub mod files;
pub mod fold;
pub mod hl7;
pub mod intake;
pub mod journal;
pub mod journal_command;
pub mod metrics;
pub mod model;
pub mod notify;
pub mod rules;
pub mod score;
pub mod serve;
pub mod telemetry;
pub mod terminology;
pub mod terminology_command;
pub mod tls;
pub mod toml_file;
pub mod user;
