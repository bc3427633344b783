//! CRS early warning, from `alert-rules/scores/crs-ews.toml`: unvalidated points for a first grade 2 or more
//! within 24 h.
//!
//! Block sums are the parts `prior` (B), `dynamic` (D), `detection` (H), and `p` = B + D, which alone may claim
//! lead time. The value is T = B + D + H of what is known; what is missing counts nothing, is named, and
//! leaves the band open. After tocilizumab or a steroid the score is labelled as not interpretable.
//!
//! Inputs by name, from the engine's windows; each item may be given as points under its id instead (`B1` … `H3`).
//!
//! | name | unit | what |
//! |---|---|---|
//! | `product` | word | CAR-T product |
//! | `easix_pre`, `ferritin_pre` | -, ng/mL | before lymphodepletion, before infusion |
//! | `disease_active` | flag | neither complete nor partial response, or bulky |
//! | `temperature_max_6h` | °C | highest of 6 h |
//! | `hours_to_first_fever`, `hours_to_high_fever` | h or `never` | from infusion to the first >= 38.0, >= 38.9 |
//! | `phosphate_min_24h`, `phosphate_baseline` | mg/dL | lowest of 24 h; median of day -1 to 0 |
//! | `phosphate_suspended` | flag, optional | replaced within 24 h, or tumor lysis, or kidney injury |
//! | `pai1`, `pai1_baseline` | ng/mL | latest of 36 h and before infusion, same assay |
//! | `heart_rate_median_1h`, `heart_rate` | /min | median of 1 h; latest |
//! | `crp`, `crp_earlier` | mg/L | latest of 36 h; 12 to 36 h before that |
//! | `ferritin` | ng/mL | latest of 48 h |
//! | `systolic`, `map`, `systolic_baseline` | mmHg | sustained 5 min; median before infusion |
//! | `spo2` | % | sustained 5 min |
//! | `oxygen`, `new_oxygen` | flag | on oxygen; new since infusion |
//! | `respiratory_rate` | /min | latest |
//! | `day` | days, optional | for the risk set |
//! | `post_treatment`, `endpoint_reached`, `hard_rule` | flag, optional | not claimed unless stated |

use super::answer::Score;
use super::card::Card;
use super::input::Inputs;
use super::table::Tables;

/// T, 0 to 26 points, with its band.
pub fn compute(inputs: &Inputs, tables: &Tables) -> Score {
    tables.crs.compute(inputs)
}

pub fn card(tables: &Tables) -> Card {
    tables.crs.card()
}
