//! Floor 1. Rules: conditions a clinician can read, judged with proof.
//!
//! Start at [`file`] (what a rule is), then [`expression`] (what its condition is), then [`case`] (how a rule
//! is tested). Nothing here reads a clock, a file or a socket.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod act;
mod bounds;
pub mod case;
pub mod catalogue;
pub mod coverage;
#[cfg(test)]
mod doubles;
pub mod evaluate;
pub mod expression;
pub mod facts;
mod fields;
pub mod file;
pub mod judge;
mod line;
mod lint;
mod lower;
pub mod mistake;
pub mod policy;
pub mod report;
pub mod run;
pub mod shipped;
mod syntax;
mod token;
mod treatment;

pub use evaluate::{Read, Traced, Verdict};
pub use expression::{Expression, Known, Question, References, Threshold};
pub use facts::{Band, Fact, FactValue, Facts, Measure, Type};
pub use file::{Grounds, Rationale, Rule, RuleSet, WhenUnknown};
pub use judge::{Glance, Judgement};
pub use mistake::Mistake;
pub use policy::{OnCall, Policies, Policy, Shift, Step};
pub use token::Fault;
