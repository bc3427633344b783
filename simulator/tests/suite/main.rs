//! What the simulator does on real sockets and in whole cohorts.
#![allow(clippy::unwrap_used)]
// The bans of clocks, files and sockets guard the server's pure floors; here they are the work itself.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod calibration;
mod cohort;
mod demo;
mod load;
mod publisher;
mod scenarios;
mod sender;
mod support;
