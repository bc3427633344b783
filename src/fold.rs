//! Floor 2. The thread that folds: it applies entries to the engine and answers questions in between.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::engine::Engine;
use crate::journal::{Quiet, Tail};
use crate::model::{Change, Entry, Time};

/// Questions that may wait for the fold before askers wait.
const QUESTIONS: usize = 1024;
/// Entries applied before questions are looked at again.
const TURN: usize = 256;

type Question = Box<dyn FnOnce(&Engine) + Send>;

/// The fold has stopped; the service is going down.
#[derive(Debug, thiserror::Error)]
#[error("the fold has stopped")]
pub struct FoldGone;

/// What the fold tells the rest of the service after each entry. It must not block.
pub trait Audience: Send {
    /// An entry is about to be applied.
    fn about_to_apply(&mut self);
    fn applied(&mut self, entry: &Entry, changes: &[Change], engine: &Engine);
    /// Time alone will change something then; somebody must append a tick.
    fn due(&mut self, at: Option<Time>);
    /// The journal has ended; nothing follows.
    fn ended(&mut self, _engine: &Engine) {}
}

/// Asks the engine between two entries.
#[derive(Clone, Debug)]
pub struct FoldHandle {
    questions: SyncSender<QuestionBox>,
}

struct QuestionBox(Question);
impl std::fmt::Debug for QuestionBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a question")
    }
}

impl FoldHandle {
    /// Runs `question` on the fold's thread and brings back its answer.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, FoldGone> {
        let (answer, answered) = oneshot::channel();
        let boxed = QuestionBox(Box::new(move |engine: &Engine| {
            // The asker may have gone away meanwhile; nobody misses the answer then.
            let _ = answer.send(question(engine));
        }));
        let questions = self.questions.clone();
        // The channel is bounded; waiting for room must not hold up a runtime thread.
        match questions.try_send(boxed) {
            Ok(()) => {}
            Err(std::sync::mpsc::TrySendError::Full(boxed)) => {
                tokio::task::spawn_blocking(move || questions.send(boxed))
                    .await
                    .map_err(|_| FoldGone)?
                    .map_err(|_| FoldGone)?;
            }
            Err(std::sync::mpsc::TrySendError::Disconnected(_)) => return Err(FoldGone),
        }
        answered.await.map_err(|_| FoldGone)
    }
}

/// Starts the thread. It ends when the journal's tail ends.
pub fn start(
    mut engine: Engine,
    mut tail: Tail,
    mut audience: impl Audience + 'static,
) -> (FoldHandle, JoinHandle<Engine>) {
    let (questions, asked) = sync_channel::<QuestionBox>(QUESTIONS);
    let thread = std::thread::Builder::new()
        .name("fold".into())
        .spawn(move || {
            audience.due(engine.next_due());
            loop {
                while let Ok(QuestionBox(question)) = asked.try_recv() {
                    question(&engine);
                }
                // Short, because a question must not wait for the next entry.
                match tail.wait(Duration::from_millis(2)) {
                    Ok(entry) => {
                        step(&mut engine, &entry, &mut audience);
                        for _ in 0..TURN {
                            let Ok(entry) = tail.ready() else { break };
                            step(&mut engine, &entry, &mut audience);
                        }
                        audience.due(engine.next_due());
                    }
                    Err(Quiet::Yet) => {}
                    Err(Quiet::Ended) => break,
                }
            }
            audience.ended(&engine);
            engine
        })
        .expect("the system can start one more thread");
    (FoldHandle { questions }, thread)
}

fn step(engine: &mut Engine, entry: &Entry, audience: &mut impl Audience) {
    audience.about_to_apply();
    let changes = engine.apply(entry);
    audience.applied(entry, &changes, engine);
}
