//! The binary itself, against a receiver that answers.

use std::process::Stdio;

use tokio::process::Command;

use crate::support::{Receiver, Reply};

async fn figures(arguments: &[&str]) -> serde_json::Value {
    let output = Command::new(env!("CARGO_BIN_EXE_stormwatch-simulator"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(text.lines().count(), 1, "one line of figures: {text}");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn load_counts_every_answer_and_prints_one_line() {
    let receiver = Receiver::start(|count| if count == 20 { Reply::Reject } else { Reply::Accept }).await;
    let line = figures(&[
        "load",
        "--mllp",
        &receiver.address,
        "--connections",
        "3",
        "--in-flight",
        "4",
        "--messages",
        "500",
        "--patients",
        "2",
    ])
    .await;
    assert_eq!(
        (line["aa"].as_u64(), line["ae"].as_u64(), line["bad"].as_u64()),
        (Some(499), Some(1), Some(0))
    );
    assert_eq!(line["messages"], 500);
    assert!(line["acks_per_second"].as_f64().unwrap() > 0.0);
    let quantiles = [&line["p50_ms"], &line["p99_ms"], &line["p999_ms"]].map(|value| value.as_f64().unwrap());
    assert!(quantiles.is_sorted() && quantiles[0] > 0.0, "{quantiles:?}");
    assert_eq!(receiver.messages().len(), 500 + 6);
}

#[tokio::test]
async fn unanswered_messages_are_counted_as_bad() {
    let receiver = Receiver::start(|count| if count == 50 { Reply::Hang } else { Reply::Accept }).await;
    let line = figures(&[
        "load",
        "--mllp",
        &receiver.address,
        "--connections",
        "1",
        "--in-flight",
        "1",
        "--messages",
        "200",
        "--patients",
        "1",
    ])
    .await;
    assert_eq!((line["aa"].as_u64(), line["bad"].as_u64()), (Some(49), Some(151)));
}

#[tokio::test]
async fn a_ward_plays_its_history_and_goes_on_until_it_is_stopped() {
    let receiver = Receiver::start(|_| Reply::Accept).await;
    let status = Command::new(env!("CARGO_BIN_EXE_stormwatch-simulator"))
        .args(["ward", "--beds", "3", "--mllp", &receiver.address, "--for", "6s", "--speed", "600"])
        .stderr(Stdio::null())
        .status()
        .await
        .unwrap();
    assert!(status.success());
    let messages = receiver.messages();
    let count = |part: &str| messages.iter().filter(|message| message.contains(part)).count();
    assert_eq!(count("ADT^A01"), 3);
    assert!(count("RAS^O17") >= 3 && count("3H040") >= 10 && count("8310-5") >= 100);
    let ids: std::collections::BTreeSet<&str> =
        messages.iter().map(|message| stormwatch_simulator::send::control_of(message)).collect();
    assert_eq!(ids.len(), messages.len(), "no message id twice");
    // No message is older than those before it by more than its own second: time runs forwards.
    let times: Vec<&str> = messages.iter().map(|message| message.split('|').nth(6).unwrap()).collect();
    assert!(times.is_sorted());
}

#[tokio::test]
async fn a_mistake_on_the_command_line_is_named_and_ends_with_two() {
    let output = Command::new(env!("CARGO_BIN_EXE_stormwatch-simulator"))
        .args(["ward", "--faults", "explode"])
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("half-frame"));
}
