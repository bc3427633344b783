//! Starts the service on free ports and speaks to it: MLLP, HTTP, WebSocket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

const VT: u8 = 0x0b;
const FS: u8 = 0x1c;

/// A running service with its own data folder.
pub struct Service {
    process: Child,
    pub http: String,
    pub mllp: String,
    pub data: PathBuf,
    _folder: Option<tempfile::TempDir>,
}

impl Service {
    pub fn start() -> Service {
        Service::start_with(&[])
    }

    pub fn start_with(more: &[&str]) -> Service {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        let mut service = Service::start_in(&data, more);
        service._folder = Some(folder);
        service
    }

    /// With a configuration file of this text; ports and folders are still those of a test.
    pub fn configured(config: &str) -> Service {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("stormwatch.toml");
        std::fs::write(&file, config).expect("written");
        let file = file.to_str().expect("a plain path").to_owned();
        let mut service = Service::start_in(&folder.path().join("data"), &["--config", &file]);
        service._folder = Some(folder);
        service
    }

    pub fn start_in(data: &Path, more: &[&str]) -> Service {
        Service::start_as(Command::new(env!("CARGO_BIN_EXE_stormwatch")), data, more)
    }

    /// As the command says, which ends by running the service with the arguments given to it.
    pub fn start_as(mut command: Command, data: &Path, more: &[&str]) -> Service {
        let root = env!("CARGO_MANIFEST_DIR");
        command.arg("serve");
        for (flag, folder) in [("--rules", "alert-rules"), ("--terminology", "terminology")] {
            if !more.contains(&flag) {
                command.args([flag, &format!("{root}/{folder}")]);
            }
        }
        let mut process = command
            .args(["--http", "127.0.0.1:0", "--mllp", "127.0.0.1:0"])
            .args(["--data", data.to_str().expect("a plain path")])
            .args(more)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let line = lines.next().expect("a line before the end").expect("text");
        let word = |name: &str| {
            let at = line.find(name).unwrap_or_else(|| panic!("no {name} in {line:?}")) + name.len();
            line[at..].split(' ').next().expect("a word").to_owned()
        };
        Service { http: word("http="), mllp: word("mllp="), process, data: data.to_owned(), _folder: None }
    }

    /// kill -9, and a new process on the same folder.
    pub fn crash_and_restart(mut self) -> Service {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
        let folder = self._folder.take();
        let mut next = Service::start_in(&self.data, &[]);
        next._folder = folder;
        next
    }

    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// SIGTERM; the exit code.
    pub fn stop(&mut self) -> Option<i32> {
        let pid = self.process.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().expect("kill exists");
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(status) = self.process.try_wait().expect("a child") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    pub fn connect(&self) -> Line {
        Line::to(&self.mllp)
    }

    /// Sends one message on a connection of its own; the acknowledgement's text.
    pub fn send(&self, message: &str) -> String {
        self.connect().exchange(message)
    }

    pub fn get(&self, path: &str) -> Json {
        let (status, text) = self.get_text(path);
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
    }

    pub fn get_text(&self, path: &str) -> (u16, String) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent.get(format!("http://{}{path}", self.http)).call().expect("an answer");
        (answer.status().as_u16(), answer.body_mut().read_to_string().expect("text"))
    }

    pub fn post(&self, path: &str, body: Json) -> (u16, Json) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent
            .post(format!("http://{}{path}", self.http))
            .content_type("application/json")
            .send(body.to_string())
            .expect("an answer");
        let text = answer.body_mut().read_to_string().expect("text");
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Json::String(text)))
    }

    /// Everything that reaches a subscriber from now on.
    pub fn subscribe(&self) -> Frames {
        let stream = TcpStream::connect(&self.http).expect("the port accepts");
        stream.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
        let (mut socket, _) = client(format!("ws://{}/ws/v1", self.http), stream).expect("a WebSocket");
        socket.send(Message::text(json!({"type": "subscribe"}).to_string())).expect("sent");
        let mut frames = Frames { socket };
        // What comes before the snapshot is in it; from here on every change is a frame of its own.
        frames.wait(PATIENCE, |frame| frame["type"] == "snapshot").expect("a snapshot");
        frames
    }

    /// What followed a cursor, or a snapshot where that is no longer known.
    pub fn subscribe_after(&self, cursor: &str) -> Frames {
        let stream = TcpStream::connect(&self.http).expect("the port accepts");
        stream.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
        let (mut socket, _) = client(format!("ws://{}/ws/v1", self.http), stream).expect("a WebSocket");
        let wish = json!({"type": "subscribe", "after": cursor});
        socket.send(Message::text(wish.to_string())).expect("sent");
        Frames { socket }
    }

    pub fn open_alerts(&self, patient: &str) -> Vec<Json> {
        let all = self.get(&format!("/api/v1/alerts?patient={patient}"));
        let rows = all["alerts"].as_array().or(all.as_array()).expect("a list of alerts").clone();
        rows.into_iter().filter(|alert| alert["state"] != "closed").collect()
    }

    /// Waits until an open alert of this rule is there.
    pub fn alert(&self, patient: &str, rule: &str) -> Json {
        eventually(PATIENCE, || self.open_alerts(patient).into_iter().find(|alert| alert["rule"] == rule))
            .unwrap_or_else(|| panic!("no {rule} for {patient}; open: {:#?}", self.open_alerts(patient)))
    }

    /// One figure of /metrics, by its name and labels as they are scraped; 0 where it has not counted yet.
    pub fn figure(&self, name: &str) -> u64 {
        let text = self.get_text("/metrics").1;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0, |number| number.parse::<f64>().expect("a number") as u64)
    }

    /// Values of an analyte as they are charted, in order of time.
    pub fn values(&self, patient: &str, analyte: &str) -> Vec<f64> {
        let path = format!(
            "/api/v1/patients/{patient}/series?analyte={analyte}&points=100000&from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z"
        );
        let (status, text) = self.get_text(&path);
        if status == 404 {
            return Vec::new();
        }
        let series: Json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let points = series["points"].as_array().unwrap_or_else(|| panic!("no points: {text}"));
        points.iter().filter_map(|point| point["value"].as_f64()).collect()
    }

    /// Rows in quarantine, newest first.
    pub fn quarantine(&self) -> Vec<Json> {
        self.get("/api/v1/quarantine")["quarantine"].as_array().expect("rows").clone()
    }

    /// Resident memory in MiB.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("a live process");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
        line.split_whitespace().nth(1).expect("a number").parse::<u64>().expect("a number") / 1024
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How long what must happen may take. A machine that is busy with other things is slow without a fault; who waits this
/// long in vain has found one.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Asks until there is an answer or the time is over.
pub fn eventually<T>(within: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let until = Instant::now() + within;
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() > until {
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// One MLLP connection.
pub struct Line {
    pub stream: TcpStream,
    read: Vec<u8>,
}

impl Line {
    pub fn to(address: &str) -> Line {
        let stream = TcpStream::connect(address).expect("the listener accepts");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Line { stream, read: Vec::new() }
    }

    pub fn exchange(&mut self, message: &str) -> String {
        self.write(&frame(message));
        self.answer().expect("an acknowledgement")
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("written");
    }

    /// Nothing is answered within this time.
    pub fn is_silent(&mut self, within: Duration) -> bool {
        self.stream.set_read_timeout(Some(within)).expect("a timeout");
        let silent = self.answer().is_none();
        self.stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        silent
    }

    /// The other side closes within this time; what it still says is thrown away.
    pub fn is_closed(&mut self, within: Duration) -> bool {
        let until = Instant::now() + within;
        let mut scrap = [0u8; 4096];
        while Instant::now() < until {
            let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            self.stream.set_read_timeout(Some(left)).expect("a timeout");
            match self.stream.read(&mut scrap) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => {
                    return !matches!(
                        error.kind(),
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    );
                }
            }
        }
        false
    }

    /// The next acknowledgement; `None` where the connection ends or stays silent.
    pub fn answer(&mut self) -> Option<String> {
        let mut buffer = [0u8; 65_536];
        loop {
            if let Some(end) = self.read.windows(2).position(|pair| pair == [FS, b'\r']) {
                let frame: Vec<u8> = self.read.drain(..end + 2).collect();
                return Some(String::from_utf8_lossy(&frame[1..end]).into_owned());
            }
            match self.stream.read(&mut buffer) {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.read.extend_from_slice(&buffer[..count]),
            }
        }
    }
}

pub fn frame(message: &str) -> Vec<u8> {
    let mut bytes = vec![VT];
    bytes.extend_from_slice(message.replace('\n', "\r").as_bytes());
    bytes.extend_from_slice(&[FS, b'\r']);
    bytes
}

/// MSA-1 of an acknowledgement.
pub fn code(answer: &str) -> &str {
    let msa = answer
        .split('\r')
        .find(|segment| segment.starts_with("MSA|"))
        .unwrap_or_else(|| panic!("no MSA in {answer:?}"));
    msa.split('|').nth(1).expect("MSA-1")
}

/// Frames of a subscriber.
pub struct Frames {
    socket: WebSocket<TcpStream>,
}

impl Frames {
    /// The first frame that `wanted` accepts.
    pub fn wait(&mut self, within: Duration, mut wanted: impl FnMut(&Json) -> bool) -> Option<Json> {
        let until = Instant::now() + within;
        while Instant::now() < until {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    let frame: Json = serde_json::from_str(&text).expect("frames are JSON");
                    if wanted(&frame) {
                        return Some(frame);
                    }
                }
                Ok(_) => {}
                Err(tokio_tungstenite::tungstenite::Error::Io(error))
                    if matches!(
                        error.kind(),
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    ) => {}
                Err(error) => panic!("the socket broke: {error}"),
            }
        }
        None
    }

    pub fn alert(&mut self, patient: &str, rule: &str, change: &str) -> Option<Json> {
        self.wait(PATIENCE, |frame| {
            frame["type"] == "alert"
                && frame["change"] == change
                && frame["alert"]["patient"] == patient
                && frame["alert"]["rule"] == rule
        })
    }
}

/// HL7's form of the instant so many minutes from now, UTC.
pub fn stamp(minutes: i64) -> String {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(minutes);
    at.strftime("%Y%m%d%H%M%S+0000").to_string()
}

pub fn rfc3339(minutes: i64) -> String {
    (jiff::Timestamp::now() + jiff::SignedDuration::from_mins(minutes))
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

pub fn adt(patient: &str, bed: &str, control: &str, event: &str) -> String {
    let now = stamp(0);
    format!(
        "MSH|^~\\&|HIS|KUH|STORMWATCH|KUH|{now}||ADT^{event}|{control}|P|2.5\nEVN|{event}|{now}\n\
         PID|1||{patient}^^^KUH^MR||TEST^PATIENT||19600101|M\nPV1|1|I|6E^{bed}^1\n"
    )
}

/// One row: code, system, value, unit.
pub type Row<'a> = (&'a str, &'a str, &'a str, &'a str);

pub fn oru(patient: &str, control: &str, minutes: i64, status: &str, rows: &[Row]) -> String {
    let at = stamp(minutes);
    let mut text = format!(
        "MSH|^~\\&|LIS|KUH|STORMWATCH|KUH|{}||ORU^R01|{control}|P|2.5\nPID|1||{patient}^^^KUH^MR||TEST^PATIENT\n\
         PV1|1|I|6E^01^1\nOBR|1|||PANEL^Panel^L|||{at}\n",
        stamp(0)
    );
    for (n, (code, system, value, unit)) in rows.iter().enumerate() {
        text.push_str(&format!("OBX|{}|NM|{code}^x^{system}||{value}|{unit}|||||{status}|||{at}\n", n + 1));
    }
    text
}

pub const PHOSPHATE: (&str, &str) = ("2777-1", "LN");
pub const TEMPERATURE: (&str, &str) = ("8310-5", "LN");

/// Admits a patient with a phosphate of 3.5 mg/dL before the infusion of a day ago.
pub fn with_baseline(service: &Service, patient: &str, bed: &str) {
    assert_eq!(code(&service.send(&adt(patient, bed, &format!("A-{patient}"), "A01"))), "AA");
    let baseline =
        oru(patient, &format!("B-{patient}"), -26 * 60, "F", &[(PHOSPHATE.0, PHOSPHATE.1, "3.5", "mg/dL")]);
    assert_eq!(code(&service.send(&baseline)), "AA");
    let infusion = json!({"kind": "infusion", "product": "tisa-cel", "at": rfc3339(-24 * 60)});
    let (status, body) = service.post(&format!("/api/v1/patients/{patient}/therapies"), infusion);
    assert!(status < 300, "{status} {body}");
}
