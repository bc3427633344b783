//! The sequence number protocol (MSH-13, MSA-4): a sender that numbers its messages hears when one is missing.
//!
//! 0 asks for the number expected next; -1 asks to begin anew with whatever comes; both carry nothing else. A number
//! above the expected one is refused, so that the missing message is sent first. One below it has been here before:
//! it is taken as any other, because a repetition has no second effect and a sender that lost count must not lose
//! results.

use std::collections::BTreeMap;

use crate::hl7::{self, AckCode, Answer, Problem};

/// Senders whose numbers are remembered.
const SENDERS: usize = 4096;
/// MSA-4 where nothing is expected yet: any number is taken as the first.
const ANY: i64 = -1;

/// What a number means when it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Take the message; its answer says what is expected then.
    Take { then: i64 },
    /// It only speaks of numbers.
    Talk { expected: i64 },
    /// Messages before it are missing.
    Gap { expected: i64 },
}

/// The number each sender is expected to send next.
#[derive(Debug, Default)]
pub(super) struct Sequences {
    expected: BTreeMap<String, i64>,
}

impl Sequences {
    pub fn knows(&self, sender: &str) -> bool {
        self.expected.contains_key(sender)
    }

    /// The last number of a sender that is durable, as found when it was first heard again.
    pub fn found(&mut self, sender: &str, last: Option<i64>) {
        if self.expected.len() >= SENDERS {
            // The journal knows the numbers of those that are forgotten.
            self.expected.clear();
        }
        self.expected.insert(sender.to_owned(), last.map_or(ANY, |last| last + 1));
    }

    pub fn turn(&self, sender: &str, number: i64) -> Turn {
        let expected = self.expected.get(sender).copied().unwrap_or(ANY);
        match number {
            0 => Turn::Talk { expected },
            ..0 => Turn::Talk { expected: ANY },
            _ if expected == ANY || number == expected => Turn::Take { then: number.saturating_add(1) },
            _ if number > expected => Turn::Gap { expected },
            _ => Turn::Take { then: expected },
        }
    }

    /// A message is durable, or a request to begin anew was heard.
    pub fn settle(&mut self, sender: &str, then: i64) {
        self.expected.insert(sender.to_owned(), then);
    }
}

/// The answer to a number that is not the one expected, or to one that only asks.
pub(super) fn answer(turn: Turn, number: i64) -> Answer {
    match turn {
        Turn::Take { then } => {
            Answer { expected_sequence: Some(then), ..Answer::new(AckCode::AA, Vec::new()) }
        }
        Turn::Talk { expected } => {
            Answer { expected_sequence: Some(expected), ..Answer::new(AckCode::AA, Vec::new()) }
        }
        Turn::Gap { expected } => {
            let reason =
                format!("sequence number {number} came, {expected} is expected; send that one first");
            let problem = Problem::at(("MSH", 1, 13), hl7::content::code::SEQUENCE, "sequence-gap", reason);
            Answer { expected_sequence: Some(expected), ..Answer::new(AckCode::AR, vec![problem]) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_40_numbers_are_taken_in_their_order() {
        let mut sequences = Sequences::default();
        assert_eq!(sequences.turn("LIS", 0), Turn::Talk { expected: ANY });
        assert_eq!(sequences.turn("LIS", 7), Turn::Take { then: 8 }, "the first number is where it begins");
        sequences.settle("LIS", 8);
        assert_eq!(sequences.turn("LIS", 0), Turn::Talk { expected: 8 });
        assert_eq!(sequences.turn("LIS", 7), Turn::Take { then: 8 }, "before it: taken, nothing moves");
        assert_eq!(sequences.turn("LIS", 9), Turn::Gap { expected: 8 });
        assert_eq!(sequences.turn("LIS", -1), Turn::Talk { expected: ANY });
        assert_eq!(sequences.turn("HIS", 3), Turn::Take { then: 4 }, "each sender counts for itself");
    }

    #[test]
    fn the_journal_says_where_to_go_on_after_a_restart() {
        let mut sequences = Sequences::default();
        sequences.found("LIS", Some(41));
        assert_eq!(sequences.turn("LIS", 43), Turn::Gap { expected: 42 });
        sequences.found("HIS", None);
        assert!(sequences.knows("HIS"));
        assert_eq!(sequences.turn("HIS", 9), Turn::Take { then: 10 });
    }

    #[test]
    fn many_senders_take_little_room() {
        let mut sequences = Sequences::default();
        for n in 0..3 * SENDERS {
            sequences.found(&n.to_string(), Some(1));
        }
        assert!(sequences.expected.len() <= SENDERS);
    }
}
