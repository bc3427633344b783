//! Floor 1. Grades and scores by published scales, and the early-warning points tables of the site.
//!
//! Every score is computed from [`Inputs`]: plain names and what is known under them. What is absent is
//! unknown: it is never taken as zero and never as "low risk". A score whose answer depends on something
//! absent has no value, names what is missing, and says what is certain already (`at_least`).
//!
//! To add a score: one file here, one line in [`ALL`], its truth table.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod answer;
mod ask;
mod card;
mod condition;
pub mod crs;
pub mod early_crs;
pub mod early_icans;
pub mod easix;
pub mod hematotox;
mod hold;
pub mod hscore;
pub mod icans;
pub mod iec_hs;
mod input;
pub mod listed;
pub mod news2;
pub mod qsofa;
mod reach;
mod scale;
pub mod shock_index;
pub mod sirs;
pub mod sofa;
mod table;
mod table_file;
mod table_points;
mod table_rows;
mod tally;

#[cfg(test)]
mod tests;

pub use answer::{Band, Part, Score, Term};
pub use ask::{Ask, AskKind, suggest};
pub use card::{Card, Row};
pub use hold::BandHold;
pub use input::{Input, InputValue, Inputs};
pub use reach::{Reach, Truth};
pub use table::{Mistake, Tables};
pub use table_points::HARD;

/// One score of the list: its name in commands and JSON, how it is computed, what its page says.
struct Listed {
    name: &'static str,
    compute: fn(&Inputs, &Tables) -> Score,
    card: fn(&Tables) -> Card,
}

const fn listed(
    name: &'static str,
    compute: fn(&Inputs, &Tables) -> Score,
    card: fn(&Tables) -> Card,
) -> Listed {
    Listed { name, compute, card }
}

const ALL: [Listed; 17] = [
    listed("crs", |inputs, _| crs::compute(inputs), |_| crs::card()),
    listed("icans", |inputs, _| icans::compute(inputs), |_| icans::card()),
    listed("news2", |inputs, _| news2::compute(inputs), |_| news2::card()),
    listed("qsofa", |inputs, _| qsofa::compute(inputs), |_| qsofa::card()),
    listed("sirs", |inputs, _| sirs::compute(inputs), |_| sirs::card()),
    listed("sofa", |inputs, _| sofa::compute(inputs), |_| sofa::card()),
    listed("shock_index", |i, _| shock_index::SHOCK.compute(i), |_| shock_index::SHOCK.card()),
    listed("modified_shock_index", |i, _| shock_index::MODIFIED.compute(i), |_| shock_index::MODIFIED.card()),
    listed(
        "diastolic_shock_index",
        |i, _| shock_index::DIASTOLIC.compute(i),
        |_| shock_index::DIASTOLIC.card(),
    ),
    listed("easix", |inputs, _| easix::PLAIN.compute(inputs), |_| easix::PLAIN.card()),
    listed("s_easix", |inputs, _| easix::SIMPLE.compute(inputs), |_| easix::SIMPLE.card()),
    listed("m_easix", |inputs, _| easix::MODIFIED.compute(inputs), |_| easix::MODIFIED.card()),
    listed("hematotox", |inputs, _| hematotox::compute(inputs), |_| hematotox::card()),
    listed("hscore", |inputs, _| hscore::compute(inputs), |_| hscore::card()),
    listed("iec_hs", |inputs, _| iec_hs::compute(inputs), |_| iec_hs::card()),
    listed("crs_ews", early_crs::compute, early_crs::card),
    listed("icans_ews", early_icans::compute, early_icans::card),
];

/// The names [`compute`] and [`card`] know, in the order people read them.
pub const NAMES: [&str; ALL.len()] = {
    let mut names = [""; ALL.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = ALL[i].name;
        i += 1;
    }
    names
};

/// The score `name` of these inputs; `None` where no score has that name.
///
/// Inputs that the score does not know are not looked at; one that is out of its possible range, or of the
/// wrong kind, counts as missing and is named in `flags`.
pub fn compute(name: &str, inputs: &Inputs, tables: &Tables) -> Option<Score> {
    ALL.iter().find(|score| score.name == name).map(|score| (score.compute)(inputs, tables))
}

/// What the page of the score `name` shows; `None` where no score has that name.
pub fn card(name: &str, tables: &Tables) -> Option<Card> {
    ALL.iter().find(|score| score.name == name).map(|score| (score.card)(tables))
}
