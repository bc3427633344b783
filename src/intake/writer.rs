//! The writing half of a connection: answers in the order of their messages, each whole and in one write.

use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tracing::warn;

use super::desk::Outcome;
use crate::hl7;

/// A sender that does not read its answers for so long is let go. [engineering]
const READ_WITHIN: Duration = Duration::from_secs(60);

/// Writes answers in the order of their messages; those that are ready together share a write.
pub(super) async fn write_answers<S>(mut writer: S, mut waiting: mpsc::Receiver<oneshot::Receiver<Outcome>>)
where
    S: AsyncWrite + Unpin,
{
    while let Some(next) = waiting.recv().await {
        let mut bytes = Vec::new();
        let mut go_on = add(&mut bytes, next.await);
        while go_on {
            let Ok(mut more) = waiting.try_recv() else { break };
            match more.try_recv() {
                Ok(outcome) => go_on = add(&mut bytes, Ok(outcome)),
                Err(oneshot::error::TryRecvError::Empty) => {
                    // Whole answers only, and none later than it has to be.
                    if !put(&mut writer, &bytes).await {
                        return;
                    }
                    bytes.clear();
                    go_on = add(&mut bytes, more.await);
                }
                Err(oneshot::error::TryRecvError::Closed) => break,
            }
        }
        if !put(&mut writer, &bytes).await || !go_on {
            break;
        }
    }
    let _ = tokio::time::timeout(READ_WITHIN, writer.shutdown()).await;
}

/// `false`: the sender is gone, or reads nothing.
async fn put<S: AsyncWrite + Unpin>(writer: &mut S, bytes: &[u8]) -> bool {
    let whole = async {
        writer.write_all(bytes).await?;
        writer.flush().await
    };
    matches!(tokio::time::timeout(READ_WITHIN, whole).await, Ok(Ok(())))
}

/// Frames one outcome's answers; `false` where the message could not be stored and the sender must stop.
fn add(bytes: &mut Vec<u8>, outcome: Result<Outcome, oneshot::error::RecvError>) -> bool {
    let Ok(outcome) = outcome else { return false };
    for answer in &outcome.answers {
        match hl7::frame::encode(answer) {
            Ok(frame) => bytes.extend(frame),
            Err(error) => warn!(%error, "an answer cannot be framed"),
        }
    }
    true
}
