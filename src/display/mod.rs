//! Floor 3. What people and programs see and do: HTTP, WebSocket, the web pages.
//!
//! Start reading at [`route`]: one table has every address, who may use it and what answers it. [`hub`] is how a change
//! reaches every screen.

pub mod access;
mod action;
mod alerts;
mod allowance;
mod assets;
mod bind;
mod caller;
mod chart;
mod cursor;
mod door;
mod follow;
mod form;
mod hub;
mod overview;
mod patients;
mod presence;
mod probe;
mod problem;
mod quarantine;
mod review;
mod route;
mod serve;
mod sign_in;
mod socket;
mod state;
mod view;

#[cfg(test)]
mod tests;

pub use bind::{Port, Refusal, bind_allowed};
#[doc(hidden)]
pub use follow::is_subscription;
pub use hub::Hub;
pub use serve::{Error, run};
pub use state::{Parts, Retried, Retry, TerminologyNow};
