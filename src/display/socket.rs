//! One WebSocket: a screen or a program that follows its wards.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Extension, State};
use axum::response::Response;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::Interval;

use super::action;
use super::caller::{Caller, SUBPROTOCOL};
use super::follow::{Follower, Subscription};
use super::form::{Form, parse};
use super::hub::{Live, Start};
use super::problem::Problem;
use super::state::Shared;
use crate::clock::Stopwatch;
use crate::model::limits::SOCKET_FRAME_MAX;
use crate::model::{ActionKind, Role};

/// The first frame must come within so long.
const SUBSCRIBE_WITHIN: Duration = Duration::from_secs(5);
const HEARTBEAT: Duration = Duration::from_secs(2);
const PING: Duration = Duration::from_secs(10);
/// Nothing heard for so long, not even an answer to a ping: the connection is dead. [engineering]
const DEAD: Duration = Duration::from_secs(25);
/// One frame must leave within so long, or the connection is given up. [engineering]
const SEND_WITHIN: Duration = Duration::from_secs(10);
/// Acknowledgements of one connection under way at once.
const UNDER_WAY: usize = 16;

pub async fn open(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade
        .protocols([SUBPROTOCOL])
        .max_message_size(SOCKET_FRAME_MAX)
        .max_frame_size(SOCKET_FRAME_MAX)
        .on_upgrade(move |socket| async move {
            state.metrics.sockets.inc();
            // Dropped on every way out, also where the task is torn down with the runtime.
            let _counted = Counted(state.clone());
            let mut connection = Connection { socket, heard: Stopwatch::start() };
            if let Err(end) = follow(&state, caller, &mut connection).await {
                connection.close(end).await;
            }
        })
}

struct Counted(Shared);
impl Drop for Counted {
    fn drop(&mut self) {
        self.0.metrics.sockets.dec();
    }
}

/// Why a connection ends.
enum End {
    /// The other side is gone.
    Gone,
    /// We end it, with a reason the page can show.
    Refused(String),
    Stopping,
}

struct Connection {
    socket: WebSocket,
    heard: Stopwatch,
}

impl Connection {
    async fn send(&mut self, text: Utf8Bytes) -> Result<(), End> {
        self.put(Message::Text(text)).await
    }

    async fn put(&mut self, message: Message) -> Result<(), End> {
        match tokio::time::timeout(SEND_WITHIN, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }

    async fn close(&mut self, end: End) {
        let (code, reason) = match end {
            End::Gone => return,
            End::Refused(reason) => (close_code::POLICY, reason),
            End::Stopping => (close_code::AWAY, "the service stops; come back in a moment".to_owned()),
        };
        if code == close_code::POLICY && self.send(error(&reason)).await.is_err() {
            return;
        }
        // A close frame holds at most 123 bytes of reason.
        let short: String = reason.chars().take(40).collect();
        let _ = self.put(Message::Close(Some(CloseFrame { code, reason: short.into() }))).await;
    }

    /// The next text frame; `Ok(None)` for one that only shows that the other side lives.
    fn text(&mut self, received: Option<Result<Message, axum::Error>>) -> Result<Option<Utf8Bytes>, End> {
        match received {
            None | Some(Err(_) | Ok(Message::Close(_))) => Err(End::Gone),
            Some(Ok(message)) => {
                self.heard = Stopwatch::start();
                match message {
                    Message::Text(text) => Ok(Some(text)),
                    Message::Binary(_) => Err(End::Refused("frames are JSON text".into())),
                    Message::Ping(_) | Message::Pong(_) | Message::Close(_) => Ok(None),
                }
            }
        }
    }
}

fn error(reason: &str) -> Utf8Bytes {
    json!({"type": "error", "reason": reason}).to_string().into()
}

async fn first_frame(connection: &mut Connection) -> Result<Utf8Bytes, End> {
    let wait = async {
        loop {
            let received = connection.socket.recv().await;
            if let Some(text) = connection.text(received)? {
                return Ok(text);
            }
        }
    };
    match tokio::time::timeout(SUBSCRIBE_WITHIN, wait).await {
        Ok(first) => first,
        Err(_) => Err(End::Refused("no subscription within 5 s; send {\"type\":\"subscribe\"} first".into())),
    }
}

async fn follow(state: &Shared, caller: Caller, connection: &mut Connection) -> Result<(), End> {
    let first = first_frame(connection).await?;
    let subscription = Subscription::read(&first, |ward| caller.account.wards.hold(ward), state.hub.epoch())
        .map_err(|p| End::Refused(p.detail))?;
    state.note(&caller, "connect", None, Some(&subscription.wards.join(" ")), "done").await;
    let after = subscription.after;
    let mut follower = Follower::new(state.clone(), caller, subscription);
    let mut live = match after {
        None => snapshot(&mut follower, connection).await?,
        Some(after) => match state.hub.resume(after) {
            (_, Start::Fresh) => snapshot(&mut follower, connection).await?,
            (live, Start::Resumed(missed)) => {
                follower.position = after;
                let mut whole = true;
                for news in missed {
                    match follower.missed(&news) {
                        Ok(Some(text)) => connection.send(text).await?,
                        Ok(None) => {}
                        Err(_) => whole = false,
                    }
                }
                if whole { live } else { snapshot(&mut follower, connection).await? }
            }
        },
    };
    run(&mut follower, connection, &mut live).await
}

/// Everything as it is now; what comes over the answer follows it without gap or repetition.
async fn snapshot(follower: &mut Follower, connection: &mut Connection) -> Result<Live, End> {
    let (live, text) = follower.snapshot().await.map_err(|problem| End::Refused(problem.detail))?;
    connection.send(text).await?;
    follower.note_seen().await;
    Ok(live)
}

async fn run(follower: &mut Follower, connection: &mut Connection, live: &mut Live) -> Result<(), End> {
    let state = follower.state.clone();
    let mut stopping = state.stopping.clone();
    let (answers, mut answered) = mpsc::channel::<Utf8Bytes>(UNDER_WAY);
    let mut heartbeat = every(HEARTBEAT);
    let mut ping = every(PING);
    loop {
        tokio::select! {
            news = live.recv() => match news {
                Ok(news) => match follower.frame(&news) {
                    Ok(Some(text)) => {
                        connection.send(text).await?;
                        follower.note_seen().await;
                    }
                    Ok(None) => {}
                    Err(_) => *live = snapshot(follower, connection).await?,
                },
                // It fell behind: it alone starts afresh, and nobody waited for it.
                Err(RecvError::Lagged(_)) => {
                    state.metrics.resyncs.inc();
                    *live = snapshot(follower, connection).await?;
                }
                Err(RecvError::Closed) => return Err(End::Stopping),
            },
            received = connection.socket.recv() => {
                if let Some(text) = connection.text(received)?
                    && let Err(problem) = take(follower, &text, &answers)
                {
                    connection.send(error(&problem.detail)).await?;
                }
            }
            Some(text) = answered.recv() => connection.send(text).await?,
            _ = heartbeat.tick() => {
                let is_good = follower.caller().is_still_good(&state.access, state.now());
                // A broken access file ends nobody's view: the ward goes on with what it has.
                if matches!(is_good, Ok(false)) {
                    return Err(End::Refused("signed out; sign in again".into()));
                }
                connection.send(follower.heartbeat()).await?;
            }
            _ = ping.tick() => {
                if connection.heard.elapsed() > DEAD {
                    return Err(End::Gone);
                }
                connection.put(Message::Ping(Vec::new().into())).await?;
            }
            _ = stopping.changed() => return Err(End::Stopping),
        }
    }
}

fn every(period: Duration) -> Interval {
    let mut interval = tokio::time::interval(period);
    // After a pause one heartbeat is enough.
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    interval
}

/// Takes in a frame of the client. An error is answered to this client and harms nobody else.
fn take(follower: &mut Follower, text: &str, answers: &mpsc::Sender<Utf8Bytes>) -> Result<(), Problem> {
    follower.may_send()?;
    let sent = parse(text.as_bytes())?;
    let form = Form::of(&sent)?;
    let kind = form.word("type", &["subscribe", "acknowledge", "painted", "sound"])?;
    match kind.as_deref() {
        Some("acknowledge") => {
            let alert = form.text("alert", 64)?;
            let alert = form.needed("alert", alert, "name the alert by its id")?;
            let comment = form.text("comment", 500)?.unwrap_or_default();
            form.finish()?;
            acknowledge(follower, alert, comment, text, answers)
        }
        Some("painted") => {
            let cursor = form.text("cursor", 64)?;
            let cursor = form.needed("cursor", cursor, "send the cursor of the frame that was drawn")?;
            form.finish()?;
            follower.painted(&cursor)
        }
        Some("sound") => {
            let on = form.flag("on")?;
            let on = form.needed("on", on, "true or false")?;
            form.finish()?;
            follower.sound(on);
            Ok(())
        }
        Some(_) => Err(Problem::conflict("subscribed already; open another connection for other wards")),
        None => Err(Problem::field("type", "`type` is missing; use acknowledge, painted or sound")),
    }
}

/// Goes the way of every acknowledgement; what comes of it is news for everybody, a refusal for this client alone.
fn acknowledge(
    follower: &Follower,
    alert: String,
    comment: String,
    body: &str,
    answers: &mpsc::Sender<Utf8Bytes>,
) -> Result<(), Problem> {
    if follower.caller().account.role == Role::Display {
        return Err(Problem::not_allowed("a display may not acknowledge; do it on the console or a phone"));
    }
    let Ok(place) = answers.clone().try_reserve_owned() else {
        return Err(Problem::too_often(1));
    };
    let (state, caller, body) = (follower.state.clone(), follower.caller().clone(), body.as_bytes().to_vec());
    tokio::spawn(async move {
        let kind = ActionKind::Acknowledge { comment };
        if let Err(problem) = action::perform(&state, &caller, &alert, kind, &body).await {
            let text = json!({"type": "error", "reason": problem.detail, "alert": alert}).to_string();
            place.send(text.into());
        }
    });
    Ok(())
}
