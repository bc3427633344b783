//! How long a result takes from the last byte of its message to the alert on a display.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::chance::Chance;
use crate::hl7::{self, Administration, Group, Row, Sender};
use crate::load::{LONGEST_PROBE, millis_at};
use crate::moment::HOUR;
use crate::person::Person;
use crate::send::{Answer, Mllp, frame, unframe};

/// Times in milliseconds.
#[derive(Serialize)]
pub struct Probed {
    probes: usize,
    alert_p50_ms: f64,
    alert_p99_ms: f64,
    /// Results that brought no alert within ten seconds.
    alert_missed: usize,
    /// From writing the same results to their acknowledgement.
    probe_ack_p50_ms: f64,
}

/// Each probe is a fresh patient: admission, baseline phosphate, infusion a day ago, then a fall of a third.
pub async fn run(
    mllp: &str,
    url: &str,
    token: Option<&str>,
    count: usize,
    ward: &str,
    run: &str,
) -> Result<Probed> {
    let mut alerts = listen(url, token).await?;
    let mut sender = Mllp::new(mllp);
    let mut stream = TcpStream::connect(mllp).await.with_context(|| format!("cannot connect to {mllp}"))?;
    stream.set_nodelay(true)?;
    let (mut alert_micros, mut ack_micros, mut missed) = (Vec::new(), Vec::new(), 0);
    // The first probe is not counted: it waits until what was sent before has been digested.
    for number in 0..=count {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs() as i64;
        let person = patient(ward, run, number, now);
        for message in prologue(&person, run, number, now) {
            let answer = sender.send(&message).await;
            if !answer.is_good() {
                bail!("a probe's message was answered {}: {}", answer.code, answer.text);
            }
        }
        while alerts.try_recv().is_ok() {}
        let block = frame(phosphate(&person, &format!("{run}P{number}F"), now, "2.30").as_bytes());
        stream.write_all(&block).await?;
        let written = Instant::now();
        let acknowledged = read_answer(&mut stream);
        let patience = if number == 0 { LONGEST_PROBE * 12 } else { LONGEST_PROBE };
        let (answer, alert) = tokio::join!(acknowledged, alert_for(&mut alerts, &person.id, patience));
        let (answered, code) = answer?;
        if code != "AA" {
            bail!("a probe's result was answered {code}");
        }
        let alert = alert?;
        if number == 0 {
            continue;
        }
        ack_micros.push((answered - written).as_micros() as u32);
        match alert {
            Some(at) => alert_micros.push(at.saturating_duration_since(written).as_micros() as u32),
            None => missed += 1,
        }
    }
    alert_micros.sort_unstable();
    ack_micros.sort_unstable();
    Ok(Probed {
        probes: count,
        alert_p50_ms: millis_at(&alert_micros, 0.5),
        alert_p99_ms: millis_at(&alert_micros, 0.99),
        alert_missed: missed,
        probe_ack_p50_ms: millis_at(&ack_micros, 0.5),
    })
}

/// Subscribes as a display does and passes every frame on with the instant it arrived.
async fn listen(url: &str, token: Option<&str>) -> Result<mpsc::UnboundedReceiver<(Instant, String)>> {
    let mut request =
        url.into_client_request().with_context(|| format!("`{url}` is not ws://host:port/ws/v1"))?;
    if let Some(token) = token {
        request.headers_mut().insert("Authorization", format!("Bearer {token}").parse()?);
    }
    let (mut socket, _) = connect_async(request).await.with_context(|| format!("cannot connect to {url}"))?;
    socket.send(Frame::text(r#"{"type":"subscribe"}"#)).await?;
    let (frames, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(frame)) = socket.next().await {
            let now = Instant::now();
            if let Frame::Text(text) = frame
                && frames.send((now, text.to_string())).is_err()
            {
                return;
            }
        }
    });
    Ok(received)
}

/// When the alert about this patient's phosphate arrived; `None` when it did not within `patience`.
async fn alert_for(
    frames: &mut mpsc::UnboundedReceiver<(Instant, String)>,
    patient: &str,
    patience: Duration,
) -> Result<Option<Instant>> {
    let waiting = async {
        while let Some((at, text)) = frames.recv().await {
            if is_alert_about(&text, patient) {
                return Ok(at);
            }
        }
        bail!("the WebSocket was closed");
    };
    match timeout(patience, waiting).await {
        Ok(outcome) => outcome.map(Some),
        Err(_) => Ok(None),
    }
}

fn is_alert_about(text: &str, patient: &str) -> bool {
    // Most frames are about others: look before parsing.
    if !text.contains(patient) {
        return false;
    }
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else { return false };
    value["type"] == "alert"
        && value["change"] == "raised"
        && value["alert"]["patient"] == patient
        && value["alert"].to_string().to_lowercase().contains("phosph")
}

async fn read_answer(stream: &mut TcpStream) -> Result<(Instant, String)> {
    let mut received = Vec::new();
    loop {
        if stream.read_buf(&mut received).await? == 0 {
            bail!("the connection was closed before the acknowledgement");
        }
        if let Some(block) = unframe(&mut received) {
            let code = Answer::parse(&String::from_utf8_lossy(&block)).map(|answer| answer.code);
            return Ok((Instant::now(), code.unwrap_or_default()));
        }
    }
}

fn patient(ward: &str, run: &str, number: usize, now: i64) -> Person {
    let bed = format!("P{number}");
    let mut person = Person::draw(0, number, ward, &bed, now, &mut Chance::new(0, number as u64));
    person.id = format!("{run}-P{number}");
    person
}

fn prologue(person: &Person, run: &str, number: usize, now: i64) -> [String; 3] {
    let infusion = Administration {
        order: &format!("{}-T1", person.id),
        code: "tisa-cel^Tisagenlecleucel^99STW",
        amount: "1".into(),
        unit: "{dose}",
        start: now - 24 * HOUR,
        end: Some(now - 24 * HOUR),
        route: "IV^Intravenous^HL70162",
    };
    [
        hl7::admission(person, "A01", &format!("{run}P{number}A"), now - 27 * HOUR),
        phosphate(person, &format!("{run}P{number}B"), now - 26 * HOUR, "3.50"),
        hl7::administration(person, &format!("{run}P{number}I"), now - 24 * HOUR, &infusion),
    ]
}

fn phosphate(person: &Person, control: &str, at: i64, value: &str) -> String {
    let row = Row::number("2777-1^Phosphate^LN", value.to_string(), "mg/dL");
    let group = Group {
        panel: "CHEM^Chemistry^99LAB".into(),
        filler: control.into(),
        collected: at,
        rows: vec![row],
    };
    hl7::results(person, Sender::Laboratory, control, at, &[group])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_raised_phosphate_alert_of_the_same_patient_counts() {
        let alert = |patient: &str, change: &str, rule: &str| {
            format!(
                r#"{{"type":"alert","change":"{change}","alert":{{"patient":"{patient}","rule":"{rule}"}}}}"#
            )
        };
        assert!(is_alert_about(&alert("X-P1", "raised", "phosphate-fall"), "X-P1"));
        assert!(!is_alert_about(&alert("X-P10", "raised", "phosphate-fall"), "X-P1"));
        assert!(!is_alert_about(&alert("X-P1", "closed", "phosphate-fall"), "X-P1"));
        assert!(!is_alert_about(&alert("X-P1", "raised", "fever"), "X-P1"));
        assert!(!is_alert_about(r#"{"type":"patient","patient":{"id":"X-P1"}}"#, "X-P1"));
    }

    #[test]
    fn a_probe_prepares_an_infused_patient_with_a_baseline() {
        let person = patient("LOAD", "L1", 3, 1_795_302_900);
        let [admission, baseline, infusion] = prologue(&person, "L1", 3, 1_795_302_900);
        assert!(admission.contains("ADT^A01") && baseline.contains("|3.50|") && infusion.contains("RAS^O17"));
        assert!([admission, baseline, infusion].iter().all(|message| message.contains("L1-P3^^^KUH^MR")));
    }
}
