//! Clients nobody here wrote: python-hl7's mllp_send, node-hl7-client, Mosquitto.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::support::*;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Their tools are installed by `make test-tools`; a missing one is an error that says so.
fn tool(path: &str) -> PathBuf {
    let tool = root().join("tests").join(path);
    assert!(tool.exists(), "{} is missing; run `make test-tools`", tool.display());
    tool
}

#[test]
fn mllp_send_of_python_hl7_is_answered() {
    let service = Service::start();
    let (host, port) = service.mllp.rsplit_once(':').expect("an address");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("two.hl7");
    let messages =
        adt("P1", "01", "PY1", "A01") + &oru("P1", "PY2", 0, "F", &[("8310-5", "LN", "37.4", "Cel")]);
    std::fs::write(&file, messages.replace('\n', "\r")).expect("written");
    let output = Command::new(tool(".tools/python/bin/mllp_send"))
        .args(["--loose", "--file"])
        .arg(&file)
        .args(["--port", port, host])
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("MSA|AA|PY1") && text.contains("MSA|AA|PY2"),
        "{text} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let points = service.get("/api/v1/patients/P1/series?analyte=temperature")["points"].clone();
    assert_eq!(points[0]["value"], 37.4);
}

#[test]
fn node_hl7_client_is_answered() {
    let service = Service::start();
    tool("clients/node_modules/node-hl7-client");
    let (host, port) = service.mllp.rsplit_once(':').expect("an address");
    let mut node = Command::new("node")
        .arg(root().join("tests/clients/send.mjs"))
        .args([host, port])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node runs");
    let message = adt("N1", "02", "NODE1", "A01").replace('\n', "\r");
    node.stdin.take().expect("piped").write_all(message.as_bytes()).expect("written");
    let output = node.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("AA NODE1"), "{text}");
}

/// A Mosquitto of our own on a free port.
struct Broker {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Broker {
    fn start() -> Broker {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("bound").port();
        drop(free);
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("mosquitto.conf");
        std::fs::write(&config, format!("listener {port} 127.0.0.1\nallow_anonymous true\n"))
            .expect("written");
        let command =
            ["/usr/sbin/mosquitto", "/usr/bin/mosquitto"].into_iter().find(|p| PathBuf::from(p).exists());
        let process = Command::new(command.expect("mosquitto is missing; run `make test-tools`"))
            .arg("-c")
            .arg(&config)
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto runs");
        let broker = Broker { process, port, _folder: folder };
        let address = format!("127.0.0.1:{port}");
        let up = eventually(Duration::from_secs(5), || std::net::TcpStream::connect(&address).ok());
        assert!(up.is_some(), "mosquitto did not start");
        broker
    }

    fn publish(&self, topic: &str, payload: &str) {
        let status = Command::new("mosquitto_pub")
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-q", "1", "-t", topic, "-m", payload])
            .status()
            .expect("mosquitto_pub is missing; run `make test-tools`");
        assert!(status.success());
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn payload(patient: &str, value: &str) -> String {
    format!(
        r#"{{"patient":"{patient}","time":"{}","observations":[{{"code":"8310-5","system":"LN","value":{value},"unit":"Cel"}}]}}"#,
        rfc3339(0)
    )
}

#[test]
fn mosquitto_carries_vitals_to_the_ward_and_a_bad_payload_to_quarantine() {
    let broker = Broker::start();
    let service = Service::start_with(&["--mqtt", &format!("mqtt://127.0.0.1:{}", broker.port)]);
    service.send(&adt("V1", "03", "A", "A01"));
    let connected =
        || service.get_text("/metrics").1.contains("stormwatch_mqtt_up{broker=\"mqtt\"} 1").then_some(());
    eventually(Duration::from_secs(10), connected).expect("connected to the broker");
    let read = || {
        broker.publish("stormwatch/v1/6E/03/vitals", &payload("V1", "38.6"));
        let points = service.get("/api/v1/patients/V1/series?analyte=temperature")["points"].clone();
        (!points.as_array().expect("points").is_empty()).then_some(points)
    };
    let points = eventually(Duration::from_secs(10), read).expect("the value arrives");
    assert_eq!(points[0]["value"], 38.6);
    broker.publish("stormwatch/v1/6E/03/vitals", "{\"patient\":\"V1\", broken");
    // Larger than the client library's own default limit, which would block the session for ever.
    let padded = payload("V1", "38.7")
        .replace("\"patient\"", &format!("\"note\":\"{}\",\"patient\"", "x".repeat(20_000)));
    broker.publish("stormwatch/v1/6E/03/vitals", &padded);
    broker.publish("stormwatch/v1/6E/03/vitals", &payload("V1", "38.8"));
    let went_on = || {
        let points = service.get("/api/v1/patients/V1/series?analyte=temperature")["points"].to_string();
        points.contains("38.8").then_some(())
    };
    eventually(Duration::from_secs(10), went_on).expect("no poison loop: later payloads still arrive");
    assert!(
        service.get_text("/api/v1/quarantine").1.contains("mqtt"),
        "the broken payload lies in quarantine"
    );
}
