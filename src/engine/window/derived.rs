//! Values that were worked out from other measurements and stand where none was measured.

use super::{Sample, Window};
use crate::model::Time;

impl Window {
    /// Puts what was worked out for an instant in the place of what was worked out for it before, which has the same
    /// `code`; gives back what no longer holds. What senders say of their own results does not touch it.
    pub fn derive(&mut self, at: Time, code: u16, derived: Option<Sample>) -> Vec<Sample> {
        let before: Vec<Sample> = self.between(at, at).filter(|s| s.code == code).collect();
        if before.iter().copied().eq(derived) {
            return Vec::new();
        }
        for old in &before {
            self.remove(old);
        }
        if let Some(sample) = derived {
            self.insert(sample);
            self.trim();
        }
        before
    }
}
