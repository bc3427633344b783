//! A service to test: started on a free port, spoken to over real sockets, gone with its folder.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::clock::Clock;
use crate::display::access::{Access, Identity, NewUser, Wards};
use crate::display::{self, Hub, Parts, Retried};
use crate::engine::Engine;
use crate::engine::rule::shipped;
use crate::fold::{self, Audience};
use crate::journal::{Journal, Opened, Quarantined, Submission};
use crate::metrics::Metrics;
use crate::model::{
    Analyte, Census, CensusKind, Change, Entry, Event, Location, Observation, PatientId, Person, Quality,
    Quantity, Role, Span, Status, Therapy, TherapyAction, TherapyKind, Time, Value,
};
use crate::terminology::Terminology;
use crate::tls::Tls;

/// How long a test waits for what must come; far above what it takes.
pub const SOON: Duration = Duration::from_secs(60);

struct Publisher(Hub);
impl Audience for Publisher {
    fn about_to_apply(&mut self) {}
    fn applied(&mut self, entry: &Entry, changes: &[Change], engine: &Engine) {
        self.0.publish(entry, changes, engine);
    }
    fn due(&mut self, _at: Option<Time>) {}
}

pub struct House {
    pub folder: Arc<tempfile::TempDir>,
    pub at: SocketAddr,
    pub access: Access,
    pub clock: Clock,
    pub journal: Journal,
    pub hub: Hub,
    /// How often a row of quarantine was tried again.
    pub retries: Arc<AtomicUsize>,
    stop: watch::Sender<bool>,
    served: tokio::task::JoinHandle<Result<(), display::Error>>,
}

/// The shipped rules, the built-in terminology, and nobody in bed.
pub async fn house() -> House {
    let house = reopened(Arc::new(tempfile::tempdir().expect("a folder"))).await;
    let terminology = Terminology::builtin();
    house
        .happen(vec![
            Event::Terminology { hash: "t".into(), analytes: terminology.analytes().to_vec() },
            Event::Rules { hash: "r".into(), author: "test".into(), files: shipped::rules() },
        ])
        .await;
    house
}

/// The service over what lies in the folder: the journal is folded again, and displays hear of it.
pub async fn reopened(folder: Arc<tempfile::TempDir>) -> House {
    opened(folder, None).await
}

/// The same, with TLS where there are files for it.
pub async fn opened(folder: Arc<tempfile::TempDir>, tls: Option<Tls>) -> House {
    let clock = Clock::system();
    let Opened { journal, reader, tail, last_seq: _ } =
        Journal::open(folder.path(), clock.clone()).expect("a journal");
    let access = Access::open(folder.path()).expect("an access file");
    let hub = Hub::new(&access);
    let mut publisher = Publisher(hub.clone());
    let mut engine = Engine::new();
    for entry in reader.entries(1).expect("readable") {
        let entry = entry.expect("readable");
        let changes = engine.apply(&entry);
        publisher.applied(&entry, &changes, &engine);
    }
    let (fold, _thread) = fold::start(engine, tail, publisher);
    let terminology = Arc::new(Terminology::builtin());
    let retries = Arc::new(AtomicUsize::new(0));
    let counted = retries.clone();
    let parts = Parts {
        fold,
        journal: journal.clone(),
        reader,
        hub: hub.clone(),
        access: access.clone(),
        clock: clock.clone(),
        metrics: Metrics::new(),
        terminology: Arc::new(move || terminology.clone()),
        retry: Arc::new(move |_id| {
            counted.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { Ok(Retried { used: 1, rejected: 0 }) })
        }),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = listener.local_addr().expect("an address");
    let (stop, stopping) = watch::channel(false);
    let served = tokio::spawn(display::run(listener, tls, parts, stopping));
    House { folder, at, access, clock, journal, hub, retries, stop, served }
}

impl House {
    /// Stops the service; the folder stays.
    pub async fn close(self) -> Arc<tempfile::TempDir> {
        self.stop.send_replace(true);
        self.served.await.expect("no panic").expect("served well");
        let journal = self.journal;
        tokio::task::spawn_blocking(move || journal.close()).await.expect("no panic");
        self.folder
    }

    /// Puts events into the journal and waits until they are folded.
    pub async fn happen(&self, events: Vec<Event>) {
        let submission = Submission { source: "test".into(), via: "self", events, ..Submission::default() };
        self.journal.append(submission).await.expect("durable");
        assert!(self.hub.wait_for(self.journal.health().last_seq, SOON).await, "the fold is behind");
    }

    pub fn user(&self, name: &str, role: Role, wards: &[&str], identity: Identity) -> String {
        let wards = if wards.is_empty() {
            Wards::Every
        } else {
            Wards::Only(wards.iter().map(|ward| (*ward).to_owned()).collect())
        };
        let user = NewUser { name: name.into(), role, wards, identity };
        self.access.add_user(&user, None, self.clock.now()).expect("added");
        self.access.add_token(name, None, self.clock.now()).expect("a token")
    }

    /// A patient in bed, infused a day ago, with a phosphate of 3.5 mg/dL before.
    pub async fn admit(&self, id: &str, ward: &str, bed: &str) {
        let now = self.clock.now();
        let patient = PatientId::parse(id).expect("an identifier");
        let infusion = Therapy {
            patient: patient.clone(),
            kind: TherapyKind::Infusion,
            action: TherapyAction::Given,
            at: now - Span::DAY,
            until: None,
            agent: None,
            product: Some("tisa-cel".into()),
            device: None,
            flow: None,
            dose: None,
            airway_only: false,
            source: "test".into(),
            order: None,
        };
        let events = vec![
            moved(id, CensusKind::Admit, ward, bed, now),
            seen(id, "phosphate", 3_500, now - Span::hours(26)),
            Event::Therapy(infusion),
        ];
        self.happen(events).await;
    }

    /// Phosphate falls by a third: the shipped rules warn.
    pub async fn phosphate_falls(&self, id: &str) {
        self.happen(vec![seen(id, "phosphate", 2_300, self.clock.now())]).await;
    }

    /// A message with a unit nobody knows waits in quarantine.
    pub async fn quarantine(&self, id: &str) {
        let row = Quarantined {
            id: id.into(),
            class: "unknown-unit".into(),
            reason: "unknown unit `furlong` of phosphate".into(),
            place: "OBX-1".into(),
            raw: b"MSH|^~\\&|LIS\rOBX|1".to_vec(),
            patient: None,
        };
        let submission = Submission {
            source: "LIS|KUH".into(),
            via: "mllp",
            quarantined: vec![row],
            ..Submission::default()
        };
        self.journal.append(submission).await.expect("durable");
    }

    pub async fn get(&self, path: &str, token: Option<&str>) -> (u16, Json) {
        self.ask("GET", path, token, None).await
    }

    pub async fn post(&self, path: &str, token: Option<&str>, body: Json) -> (u16, Json) {
        self.ask("POST", path, token, Some(body)).await
    }

    async fn ask(&self, method: &str, path: &str, token: Option<&str>, body: Option<Json>) -> (u16, Json) {
        let bearer = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        let (status, _, text) = self.raw(method, path, &bearer, body).await;
        (status, serde_json::from_str(&text).unwrap_or(Json::String(text)))
    }

    /// Status, head and body, with further header lines.
    pub async fn raw(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: Option<Json>,
    ) -> (u16, String, String) {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n{headers}\r\n{body}",
            self.at,
            body.len()
        );
        let mut stream = TcpStream::connect(self.at).await.expect("connects");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("answered");
        let answer = String::from_utf8(answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        // Small answers come whole; large ones may be chunked, of which only the sizes are in the way.
        let body = if head.contains("chunked") { unchunked(body) } else { body.to_owned() };
        (status, head.to_owned(), body)
    }

    /// A subscriber whose first frame is `subscribe`.
    pub async fn follow(&self, token: Option<&str>, subscribe: Json) -> Screen {
        let mut screen = self.connect(token).await.expect("accepted");
        screen.send(subscribe).await;
        screen
    }

    pub async fn connect(&self, token: Option<&str>) -> Result<Screen, String> {
        let stream = TcpStream::connect(self.at).await.expect("connects");
        self.upgrade(stream, token).await
    }

    /// A subscriber behind a connection that holds little.
    pub async fn connect_small(&self, token: Option<&str>) -> Screen {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        let stream = socket.connect(self.at).await.expect("connects");
        self.upgrade(stream, token).await.expect("accepted")
    }

    async fn upgrade(&self, stream: TcpStream, token: Option<&str>) -> Result<Screen, String> {
        let mut request = format!("ws://{}/ws/v1", self.at).into_client_request().expect("an address");
        if let Some(token) = token {
            let protocols = format!("stormwatch.v1, bearer.{token}").parse().expect("a header");
            request.headers_mut().insert("sec-websocket-protocol", protocols);
        }
        let connected = tokio_tungstenite::client_async(request, stream).await;
        connected.map(|(socket, _)| Screen { socket }).map_err(|cause| cause.to_string())
    }

    /// The journal's events, oldest first.
    pub fn recorded(&self) -> Vec<Event> {
        let reader = crate::journal::Reader::new(self.folder.path());
        reader.entries(1).expect("readable").map(|entry| entry.expect("readable").event).collect()
    }
}

fn unchunked(body: &str) -> String {
    let mut rest = body;
    let mut whole = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a size");
        if size == 0 {
            break;
        }
        whole.push_str(&after[..size]);
        rest = &after[size + 2..];
    }
    whole
}

pub fn moved(id: &str, kind: CensusKind, ward: &str, bed: &str, at: Time) -> Event {
    Event::Census(Census {
        patient: PatientId::parse(id).expect("an identifier"),
        kind,
        location: Some(Location { ward: ward.into(), bed: bed.into() }),
        person: Some(Person {
            family: "Yamadaxyz".into(),
            given: "Hanakoxyz".into(),
            phonetic: "ヤマダクス".into(),
            birth_date: "1961-02-03".into(),
            sex: "F".into(),
        }),
        other: None,
        at,
    })
}

pub fn seen(id: &str, analyte: &str, thousandths: i64, at: Time) -> Event {
    Event::Observed(Observation {
        patient: PatientId::parse(id).expect("an identifier"),
        analyte: Analyte::parse(analyte).expect("a name"),
        quantity: Some(Quantity::exactly(Value(thousandths))),
        measured_at: at,
        source: "LIS|KUH".into(),
        code: "2777-1^LN".into(),
        status: Status::Final,
        quality: Quality::default(),
        order: None,
        device: None,
        original: String::new(),
    })
}

/// One WebSocket of a test.
pub struct Screen {
    pub socket: WebSocketStream<TcpStream>,
}

impl Screen {
    pub async fn send(&mut self, frame: Json) {
        self.socket.send(Message::Text(frame.to_string().into())).await.expect("sent");
    }

    /// The next frame; `None` once closed.
    pub async fn next(&mut self) -> Option<Json> {
        loop {
            let received = tokio::time::timeout(SOON, self.socket.next()).await.expect("a frame comes soon");
            match received {
                Some(Ok(Message::Text(text))) => {
                    return Some(serde_json::from_str(&text).expect("a frame is JSON"));
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next frame for which `wanted` holds; the others are passed over.
    pub async fn until(&mut self, wanted: impl Fn(&Json) -> bool) -> Json {
        let search = async {
            loop {
                let frame = self.next().await.expect("the connection stays");
                if wanted(&frame) {
                    return frame;
                }
            }
        };
        tokio::time::timeout(SOON, search).await.expect("the frame comes soon")
    }

    pub async fn until_type(&mut self, kind: &str) -> Json {
        self.until(|frame| frame["type"] == kind).await
    }
}

pub fn subscribe() -> Json {
    json!({"type": "subscribe"})
}

impl Screen {
    /// Reads until the other side closes.
    pub async fn until_closed(&mut self) {
        while self.next().await.is_some() {}
    }
}
