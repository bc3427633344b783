//! What every score has in common, and vectors that cross several.

mod support;

mod cards;
mod crs_grid;
mod early;
mod formulas;
mod hold;
mod icans_grid;
mod news2;
mod points;
mod properties;
mod tables;
