//! The whole demo as `make demo` runs it, without the service: the ward with a broker of its own.

use std::process::Stdio;
use std::time::Duration;

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;

use crate::support::{Receiver, Reply};

#[tokio::test]
async fn a_ward_with_its_own_broker_publishes_and_takes_the_broker_with_it_when_asked_to_stop() {
    let receiver = Receiver::start(|_| Reply::Accept).await;
    let mut child = Command::new(env!("CARGO_BIN_EXE_stormwatch-simulator"))
        .args(["ward", "--beds", "2", "--broker", "127.0.0.1:0", "--mllp", &receiver.address])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(Duration::from_secs(60), lines.next_line()).await.unwrap().unwrap().unwrap();
    let address = line.strip_prefix("broker mqtt://").expect("the first line names the broker").to_string();
    let (host, port) = address.rsplit_once(':').unwrap();
    let (client, mut events) = AsyncClient::new(MqttOptions::new("wall", host, port.parse().unwrap()), 10);
    client.subscribe("stormwatch/v1/+/+/vitals", QoS::AtLeastOnce).await.unwrap();
    let mut patients = std::collections::BTreeSet::new();
    let reading = async {
        while patients.len() < 2 {
            if let Event::Incoming(Packet::Publish(p)) = events.poll().await.unwrap() {
                let body: serde_json::Value = serde_json::from_slice(&p.payload).unwrap();
                patients.insert(body["patient"].as_str().unwrap().to_string());
            }
        }
    };
    timeout(Duration::from_secs(60), reading).await.expect("vital signs of both beds arrive");
    let pid = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    let status = timeout(Duration::from_secs(60), child.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
    assert!(TcpStream::connect(&address).await.is_err(), "the broker is gone");
    assert!(receiver.messages().iter().any(|message| message.contains("ADT^A01")));
}

#[tokio::test]
async fn with_every_fault_the_ward_goes_on_and_every_patient_is_admitted() {
    let receiver = Receiver::start(|_| Reply::Accept).await;
    let faults = "duplicate,reorder,late,truncate,half-frame,bad-charset,future-clock,unit-switch,burst,garbage,\
                  correction";
    let status = Command::new(env!("CARGO_BIN_EXE_stormwatch-simulator"))
        .args(["ward", "--beds", "4", "--faults", faults, "--mllp", &receiver.address, "--for", "6s"])
        .stderr(Stdio::null())
        .status()
        .await
        .unwrap();
    assert!(status.success());
    let messages = receiver.messages();
    let count = |part: &str| messages.iter().filter(|message| message.contains(part)).count();
    assert!(count("ADT^A01") >= 4 && count("14879-1") >= 1, "unit switch shows as phosphate in moles");
    assert!(count("|||C|||") >= 1, "a corrected result");
    assert!(count("\u{FFFD}") >= 1, "bytes that are no UTF-8");
}
