//! Baselines worked out before. Conditions ask for them at every reading, and what they rest on hardly ever changes.

use std::sync::Mutex;

use crate::model::{Time, Value};

/// Instant of the infusion, assay where it matters, and the baseline, which may be unknown.
type Row = (Time, Option<u16>, Option<Value>);

/// What was worked out, until a sample that it can rest on comes or goes. A copy of a window works its own out anew.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Vec<Row>>);

impl Clone for Kept {
    fn clone(&self) -> Kept {
        Kept::default()
    }
}

impl Kept {
    pub fn or_work_out(
        &self,
        infused: Time,
        code: Option<u16>,
        work_out: impl FnOnce() -> Option<Value>,
    ) -> Option<Value> {
        let known =
            |rows: &Vec<Row>| rows.iter().find(|row| row.0 == infused && row.1 == code).map(|row| row.2);
        if let Some(value) = self.0.lock().ok().and_then(|rows| known(&rows)) {
            return value;
        }
        let value = work_out();
        if let Ok(mut rows) = self.0.lock() {
            rows.push((infused, code, value));
        }
        value
    }

    /// A sample of `at` came or went: baselines of infusions from then on may be others.
    pub fn forget(&mut self, at: Time) {
        if let Ok(rows) = self.0.get_mut() {
            rows.retain(|(infused, ..)| *infused < at);
        }
    }
}
