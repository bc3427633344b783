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
