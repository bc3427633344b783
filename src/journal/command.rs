//! What the writer is asked, and what came of it.

use std::sync::mpsc as waiting;

use tokio::sync::oneshot;

use super::prepared::Prepared;
use super::quarantine::QuarantineState;
use super::sqlite::Stored;
use super::{Appended, Error};

pub(super) type Answer<T> = oneshot::Sender<Result<T, Error>>;

#[derive(Debug)]
pub(super) enum Command {
    Append {
        prepared: Box<Prepared>,
        answer: Answer<Appended>,
    },
    Mark {
        id: String,
        state: QuarantineState,
        answer: Answer<bool>,
    },
    Close {
        done: waiting::Sender<()>,
    },
    #[cfg(test)]
    Pages(u32),
}

impl Command {
    pub(super) fn refuse(self, problem: &Error) {
        match self {
            // A sender that has gone away needs no answer.
            Command::Append { answer, .. } => drop(answer.send(Err(problem.clone()))),
            Command::Mark { answer, .. } => drop(answer.send(Err(problem.clone()))),
            // The writer itself ends after its last group.
            Command::Close { .. } => {}
            #[cfg(test)]
            Command::Pages(_) => {}
        }
    }
}

/// What a command came to inside its transaction.
#[derive(Debug)]
pub(super) enum Outcome {
    Stored(Stored),
    Marked(bool),
    Nothing,
}
