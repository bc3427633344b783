//! Changes as text, one line each: what golden tests read and two folds are compared by.

use crate::model::{Change, Entry};

/// The lines of one entry's changes: sequence, instant, what changed.
pub fn lines(entry: &Entry, changes: &[Change]) -> String {
    let mut text = String::new();
    for change in changes {
        let line = match change {
            Change::Patient(id) => format!("patient {id}"),
            Change::Alert { change, alert, cause } => format!(
                "alert {} {} {} {} {} {}: {cause}",
                alert.id,
                change.name(),
                alert.rule,
                alert.priority.name(),
                alert.state.name(),
                alert.patient.as_ref().map_or("-", |p| p.as_str()),
            ),
            Change::Notify(told) => {
                let roles: Vec<&str> = told.roles.iter().map(|role| role.name()).collect();
                format!(
                    "notify {} step {} attempt {} {}: {}",
                    told.alert,
                    told.step,
                    told.attempt,
                    roles.join("+"),
                    told.reason
                )
            }
            Change::Rules { hash } => format!("rules {hash}"),
        };
        text.push_str(&format!("{} {} {line}\n", entry.seq, entry.accepted_at.rfc3339()));
    }
    text
}
