//! ICANS early warning, from `alert-rules/scores/icans-ews.toml`: points for a first grade 2 or more within
//! 24 h, looked at on one cohort and not validated.
//!
//! The parts are `prior` (B), `dynamic` (N) and `p` = B + N. Each item may be given as points under its id
//! (`B1` … `N9`).
//!
//! | name | unit | what |
//! |---|---|---|
//! | `product` | word | CAR-T product |
//! | `easix_pre`, `ferritin_pre`, `crp_pre` | -, ng/mL, mg/L | before infusion |
//! | `ecog` | 0 to 5 | performance status |
//! | `frail` | flag, optional | poor general condition |
//! | `crs_grade_max_72h` | grade | worst of 72 h |
//! | `hours_to_first_fever`, `hours_to_high_fever` | h or `never` | from infusion to the first >= 38.0, >= 38.9 |
//! | `phosphate_min_48h` | mg/dL | lowest of 48 h |
//! | `il6_max_first_36h` | pg/mL | highest within 36 h of infusion, before tocilizumab |
//! | `fibrinogen`, `platelets` | mg/dL, 10^9/L | latest |
//! | `d_dimer`, `d_dimer_baseline` | µg/mL | latest; before infusion, same assay |
//! | `ferritin` | ng/mL | latest of 48 h |
//! | `soft_sign` | flag | tremor, handwriting, word finding with ICE still 10 |
//! | `temperature_max_48h` | °C | highest of 48 h |
//! | `day` | days | since infusion |
//! | `post_treatment`, `endpoint_reached`, `hard_rule` | flag, optional | not claimed unless stated |

use super::answer::Score;
use super::card::Card;
use super::input::Inputs;
use super::table::Tables;

/// 0 to 18 points, with its band.
pub fn compute(inputs: &Inputs, tables: &Tables) -> Score {
    tables.icans.compute(inputs)
}

pub fn card(tables: &Tables) -> Card {
    tables.icans.card()
}
