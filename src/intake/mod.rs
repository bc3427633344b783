//! Floor 3. The doors results come in by: HL7 over MLLP, telemetry over MQTT.
//!
//! One rule: a sender hears AA (MQTT: PUBACK) only after the journal has its events. What cannot be used goes to
//! quarantine with a reason; the rest of the same message is used.

mod broker;
mod brokers;
mod client;
mod desk;
mod listener;
pub mod mllp;
pub mod mqtt;
mod quarantine;
mod repeat;
mod seat;
mod sequence;
mod source;
mod topic;
mod translate;
mod writer;

pub use desk::{Delivery, Desk, Outcome};
pub use translate::Translated;

/// Classes of rejection that belong to no part of a message, for counting and for the operator's handbook.
pub const CLASSES: [&str; 5] = ["batch-count", "truncated", "reused-id", "sequence-gap", "not-stored"];

/// The same for what is used, or seen, although it is odd.
pub const ODDITIES: [&str; 4] =
    ["reused-control-id", "unknown-acknowledgement-wish", "session-lost", "oversized-publication"];
