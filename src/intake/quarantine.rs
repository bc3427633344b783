//! What of a delivery goes to quarantine: a row for each thing that could not be used, with the whole of what was
//! sent.

use std::collections::BTreeSet;

use ring::digest::{SHA256, digest};

use super::repeat::hex;
use super::translate::Translated;
use crate::hl7::Problem;
use crate::journal::Quarantined;
use crate::model::{Event, PatientId, Rejection};

/// Rows of one delivery; the last stands for all that would follow.
const ROWS: usize = 100;
/// Each row carries what was sent while it is on its way to the disk: so many bytes in all.
const ROOM: usize = 16 * 1024 * 1024;
/// Longest place inside an id, in characters.
const LONGEST: usize = 40;

/// A row, and the event that tells of it.
#[derive(Debug)]
pub(super) struct Kept {
    pub row: Quarantined,
    pub event: Event,
}

/// What a delivery's rows are called, up to their place and class: the same content has the same rows.
pub(super) fn beginning(raw: &[u8]) -> String {
    format!("q-{}-", hex(&digest(&SHA256, raw).as_ref()[..8]))
}

/// Rows for quarantine, in the order of the message.
pub(super) fn rows(raw: &[u8], via: &str, source: &str, translated: &Translated) -> Vec<Kept> {
    let problems = &translated.problems;
    if problems.is_empty() {
        return Vec::new();
    }
    let most = (ROOM / raw.len().max(1)).clamp(1, ROWS);
    let beginning = beginning(raw);
    let mut ids = BTreeSet::new();
    let mut kept = Vec::with_capacity(problems.len().min(most));
    for (n, problem) in problems.iter().take(most).enumerate() {
        // What is tried again after a mending has the same rows, but for those that are mended.
        let mut id = format!("{beginning}{}-{}", plain(&problem.place), problem.class);
        if !ids.insert(id.clone()) {
            id = format!("{id}-{}", n + 1);
            ids.insert(id.clone());
        }
        let more = problems.len() - n - 1;
        let reason = match more {
            1.. if n + 1 == most => format!("{}; and {more} more of this message", problem.reason),
            _ => problem.reason.clone(),
        };
        kept.push(keep(id, reason, raw, (source, via), problem, translated.patient.as_ref()));
    }
    kept
}

fn keep(
    id: String,
    reason: String,
    raw: &[u8],
    (source, via): (&str, &str),
    problem: &Problem,
    patient: Option<&PatientId>,
) -> Kept {
    let event = Event::Rejected(Rejection {
        id: id.clone(),
        source: source.to_owned(),
        via: via.to_owned(),
        class: problem.class.to_owned(),
        reason: reason.clone(),
        place: problem.place.clone(),
        patient: patient.cloned(),
    });
    let row = Quarantined {
        id,
        class: problem.class.to_owned(),
        reason,
        place: problem.place.clone(),
        raw: raw.to_vec(),
        patient: patient.cloned(),
    };
    Kept { row, event }
}

/// A place as it may stand in an address: `OBX^3^5` is `obx.3.5`.
fn plain(place: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '.' };
    let text: String = place.chars().map(letter).take(LONGEST).collect();
    text.trim_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(problems: usize) -> Translated {
        let problem = |n| Problem::at(("OBX", n, 3), 103, "unknown-code", "unknown code");
        Translated { problems: (1..=problems).map(problem).collect(), ..Translated::default() }
    }

    #[test]
    fn ten_thousand_bad_rows_become_a_hundred_that_say_so() {
        let kept = rows(b"MSH|", "mllp", "LIS|KUH", &translated(10_000));
        assert_eq!(kept.len(), ROWS);
        assert!(kept[ROWS - 1].row.reason.ends_with("and 9900 more of this message"));
        assert_eq!(kept[0].row.reason, "unknown code");
    }

    #[test]
    fn a_large_message_is_not_kept_a_hundred_times() {
        let raw = vec![b'x'; 4 * 1024 * 1024];
        let kept = rows(&raw, "mllp", "LIS|KUH", &translated(500));
        assert_eq!(kept.len(), 4);
        assert!(kept[3].row.reason.ends_with("and 496 more of this message"));
        assert_eq!(rows(&vec![b'x'; 2 * ROOM], "mllp", "LIS|KUH", &translated(2)).len(), 1);
    }

    #[test]
    fn a_row_keeps_its_name_when_another_is_mended() {
        let mut translated = translated(3);
        let name = |kept: &[Kept], n: usize| kept[n].row.id.clone();
        let before = rows(b"MSH|", "mllp", "LIS|KUH", &translated);
        translated.problems.remove(0);
        let after = rows(b"MSH|", "mllp", "LIS|KUH", &translated);
        assert_eq!(name(&before, 1), name(&after, 0));
        assert!(name(&before, 0).ends_with("-obx.1.3-unknown-code"), "{}", name(&before, 0));
        let twice = Translated { problems: vec![translated.problems[0].clone(); 2], ..Translated::default() };
        let twice = rows(b"MSH|", "mllp", "LIS|KUH", &twice);
        assert_ne!(name(&twice, 0), name(&twice, 1));
    }
}
