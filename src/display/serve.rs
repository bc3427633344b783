//! Running the door: from a bound socket until the service stops.

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use super::door::{Door, Peer};
use super::state::{Parts, State};
use super::{presence, route};
use crate::tls::Tls;

/// Connections get so long to finish after the stop was asked for.
const DRAIN: Duration = Duration::from_secs(3);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("HTTP: {0}")]
    Listen(#[from] std::io::Error),
    #[error("{0}")]
    Access(#[from] super::access::Error),
}

/// Serves HTTP and WebSocket on `listener` until `stopping` becomes true, then stops accepting, tells every screen that
/// it will be back, and returns within three seconds.
pub async fn run(
    listener: TcpListener,
    tls: Option<Tls>,
    parts: Parts,
    mut stopping: watch::Receiver<bool>,
) -> Result<(), Error> {
    let (reports, reported) = mpsc::channel(presence::WAITING);
    let drawing = tokio::spawn(parts.hub.clone().draw(parts.fold.clone()));
    let painting = parts.hub.painting();
    let presence =
        presence::record(reported, parts.journal.clone(), parts.clock.clone(), painting, stopping.clone());
    let recording = tokio::spawn(presence);
    let renewing = tls.clone().map(|tls| tokio::spawn(tls.watch()));
    let state = Arc::new(State::new(parts, tls.is_some(), reports, stopping.clone())?);
    let service = route::router(state).into_make_service_with_connect_info::<Peer>();
    let door = Door::open(listener, tls)?;
    let mut stopped = stopping.clone();
    let serving = axum::serve(door, service).with_graceful_shutdown(async move {
        // An error means that nobody can ask for the stop any more, which is one.
        let _ = stopped.wait_for(|stopping| *stopping).await;
    });
    let mut serving = std::pin::pin!(serving.into_future());
    let asked_to_stop = async move {
        // Here too an error means that nobody is left who could ask.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    };
    let outcome = tokio::select! {
        outcome = &mut serving => outcome,
        () = asked_to_stop => {
            tokio::time::timeout(DRAIN, &mut serving).await.unwrap_or(Ok(()))
        }
    };
    drawing.abort();
    recording.abort();
    if let Some(renewing) = renewing {
        renewing.abort();
    }
    outcome.map_err(Error::Listen)
}
