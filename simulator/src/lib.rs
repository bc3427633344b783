//! Plays the lab and the ward for stormwatch: seeded patients with CAR-T therapy, their laboratory, their
//! monitors and the people who treat them, over real sockets.
//!
//! Knows nothing of the server. Its HL7 and MQTT writers are a second opinion, so that a mistake shared with
//! the reader cannot cancel itself out.

// The bans of clocks, files and sockets guard the server's pure floors; here they are the work itself.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod assay;
pub mod body;
pub mod broker;
pub mod cast;
pub mod chance;
pub mod cohort;
pub mod course;
pub mod curve;
pub mod fault;
pub mod feed;
pub mod hl7;
pub mod labs;
pub mod load;
pub mod moment;
pub mod person;
pub mod probe;
pub mod product;
pub mod publish;
pub mod report;
pub mod say;
pub mod scenario;
pub mod send;
pub mod stay;
pub mod story;
pub mod telemetry;
pub mod therapy;
pub mod truth;
pub mod ward;
