//! Clients nobody here wrote: python-hl7's mllp_send, node-hl7-client, simple-hl7, paho-mqtt, mqtt for Node, Mosquitto.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::broker::{Broker, connected, temperature};
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

#[test]
fn simple_hl7_is_answered() {
    let service = Service::start();
    tool("clients/node_modules/simple-hl7");
    let (host, port) = service.mllp.rsplit_once(':').expect("an address");
    let output = Command::new("node")
        .arg(root().join("tests/clients/simple.cjs"))
        .args([host, port, "SIMPLE1", "SIMPLE2"])
        .output()
        .expect("node runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("AA SIMPLE1") && text.contains("AA SIMPLE2"), "{text}");
    assert_eq!(service.get("/api/v1/patients/W1")["bed"], "03");
}

/// One value published by a client of another make.
fn published_by(arguments: &[&str], script: &str, program: &std::path::Path) {
    let broker = Broker::start();
    let service = Service::start_with(&["--mqtt", &broker.url()]);
    service.send(&adt("V2", "04", "A", "A01"));
    connected(&service, "mqtt");
    let output = Command::new(program)
        .args(arguments)
        .arg(root().join("tests/clients").join(script))
        .args([&broker.port.to_string(), "stormwatch/v1/6E/04/vitals", &temperature("V2", 15, "38.7")])
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let arrived = || (service.values("V2", "temperature") == [38.7]).then_some(());
    eventually(PATIENCE, arrived).expect("the value arrives");
}

#[test]
fn paho_mqtt_brings_a_value_to_the_ward() {
    published_by(&[], "paho_publish.py", &tool(".tools/python/bin/python"));
}

#[test]
fn mqtt_for_node_brings_a_value_to_the_ward() {
    tool("clients/node_modules/mqtt");
    published_by(&[], "publish.mjs", std::path::Path::new("node"));
}

#[test]
fn mosquitto_carries_vitals_to_the_ward_and_a_bad_payload_to_quarantine() {
    let broker = Broker::start();
    let service = Service::start_with(&["--mqtt", &broker.url()]);
    service.send(&adt("V1", "03", "A", "A01"));
    connected(&service, "mqtt");
    broker.publish("stormwatch/v1/6E/03/vitals", &temperature("V1", 30, "38.6"));
    broker.publish("stormwatch/v1/6E/03/vitals", "{\"patient\":\"V1\", broken");
    broker.publish("stormwatch/v1/6E/03/vitals", &temperature("V1", 10, "38.8"));
    let arrived = || (service.values("V1", "temperature") == [38.6, 38.8]).then_some(());
    eventually(PATIENCE, arrived).expect("later payloads still arrive");
    assert!(service.quarantine().iter().any(|row| row["via"] == "mqtt" && row["class"] == "malformed"));
}
