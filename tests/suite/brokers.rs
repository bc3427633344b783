//! MQTT 3.1.1 and 5, against Mosquitto: TLS, passwords, several brokers, topics, formats, backlogs.

use std::io::{BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::broker::{Broker, connected, free_port, temperature};
use super::certificates::Authority;
use super::support::*;

fn arrives(service: &Service, patient: &str, value: f64) {
    let there = || service.values(patient, "temperature").contains(&value).then_some(());
    eventually(PATIENCE, there).unwrap_or_else(|| panic!("{value} of {patient} did not arrive"));
}

/// A password file of Mosquitto's with one user.
fn passwords(folder: &std::path::Path, password: &str) {
    let file = folder.join("passwords");
    let status = Command::new("mosquitto_passwd")
        .args(["-b", "-c"])
        .arg(&file)
        .args(["ward", password])
        .stderr(Stdio::null())
        .status()
        .expect("mosquitto_passwd is missing; run `make test-tools`");
    assert!(status.success());
}

#[test]
fn two_brokers_of_two_versions_one_with_tls_and_a_password_feed_one_ward() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new(folder.path(), "broker-ca");
    let (certificate, key) = authority.sign("broker");
    passwords(folder.path(), "geheim");
    let lines = format!(
        "allow_anonymous false\npassword_file {{folder}}/passwords\ncafile {}\ncertfile {}\nkeyfile {}\n",
        authority.file.display(),
        certificate.display(),
        key.display()
    );
    let password_file = folder.path().join("ours");
    std::fs::write(&password_file, "geheim\n").expect("written");
    let (ca, ours) = (authority.file.clone(), password_file.clone());
    let secure = Broker::start_in(folder, free_port(), &lines);
    let plain = Broker::start();
    let config = format!(
        "[[mqtt]]\nname = \"secure\"\nurl = \"mqtts://localhost:{}\"\nversion = \"5\"\nca_file = \"{}\"\nuser = \"ward\"\n\
         password_file = \"{}\"\ntopics = [\"gw/{{bed}}/of/{{ward}}\"]\n\
         [[mqtt]]\nname = \"plain\"\nurl = \"{}\"\n",
        secure.port,
        ca.display(),
        ours.display(),
        plain.url()
    );
    let service = Service::configured(&config);
    service.send(&adt("M1", "01", "A", "A01"));
    service.send(&adt("M2", "02", "B", "A01"));
    connected(&service, "secure");
    connected(&service, "plain");
    plain.publish("stormwatch/v1/6E/02/vitals", &temperature("M2", 20, "37.2"));
    arrives(&service, "M2", 37.2);
    let publish = |value: &str, seconds| {
        let status = Command::new("mosquitto_pub")
            .args([
                "-h",
                "localhost",
                "-p",
                &secure.port.to_string(),
                "-q",
                "1",
                "-u",
                "ward",
                "-P",
                "geheim",
            ])
            .arg("--cafile")
            .arg(&ca)
            .args(["-t", "gw/01/of/6E", "-m", &temperature("M1", seconds, value)])
            .status()
            .expect("mosquitto_pub is missing; run `make test-tools`");
        assert!(status.success());
    };
    publish("38.1", 30);
    arrives(&service, "M1", 38.1);
    let points = service.get("/api/v1/patients/M1/series?analyte=temperature")["points"].clone();
    assert_eq!(points[0]["source"], "6E/01", "the template says which level is the ward: {points}");
}

#[test]
fn a_password_that_was_changed_is_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    passwords(folder.path(), "old");
    let ours = folder.path().join("ours");
    std::fs::write(&ours, "wrong\n").expect("written");
    let (port, path) = (free_port(), folder.path().to_owned());
    let _broker = Broker::start_in(folder, port, "allow_anonymous false\npassword_file {folder}/passwords\n");
    let config = format!(
        "[[mqtt]]\nurl = \"mqtt://127.0.0.1:{port}\"\nuser = \"ward\"\npassword_file = \"{}\"\n",
        ours.display()
    );
    let service = Service::configured(&config);
    let down = || {
        let alerts = service.get("/api/v1/alerts").to_string();
        alerts.contains("service-impaired").then_some(())
    };
    eventually(PATIENCE, down).expect("a broker that does not let us in is told of");
    std::fs::write(path.join("ours"), "old\n").expect("written");
    connected(&service, "mqtt");
    let up = || {
        let alerts = service.get("/api/v1/alerts");
        let rows = alerts["alerts"].as_array().expect("alerts").clone();
        rows.iter()
            .find(|alert| alert["rule"] == "service-impaired" && alert["state"] != "active")
            .map(|_| ())
    };
    eventually(PATIENCE, up).expect("and of its coming back");
}

#[test]
fn a_broker_may_demand_a_certificate_of_ours() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new(folder.path(), "broker-ca");
    let (certificate, key) = authority.sign("broker");
    let (ours, our_key) = authority.sign("stormwatch");
    let lines = format!(
        "allow_anonymous true\nrequire_certificate true\ncafile {}\ncertfile {}\nkeyfile {}\n",
        authority.file.display(),
        certificate.display(),
        key.display()
    );
    let port = free_port();
    let config = |more: &str| {
        format!(
            "[[mqtt]]\nurl = \"mqtts://localhost:{port}\"\nca_file = \"{}\"\n{more}",
            authority.file.display()
        )
    };
    let with =
        config(&format!("certificate_file = \"{}\"\nkey_file = \"{}\"\n", ours.display(), our_key.display()));
    let without = config("");
    let _broker = Broker::start_in(folder, port, &lines);
    let service = Service::configured(&with);
    connected(&service, "mqtt");
    let stranger = Service::configured(&without);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(stranger.figure("stormwatch_mqtt_up{broker=\"mqtt\"}"), 0);
}

#[test]
fn a_shared_subscription_shares_with_others() {
    let broker = Broker::start();
    let port = broker.port.to_string();
    // Another consumer of the same group, that says how many came to it.
    let other = Command::new("mosquitto_sub")
        .args(["-h", "127.0.0.1", "-p", &port, "-q", "1", "-t", "$share/ward/gw/+/+/vitals", "-W", "6"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("mosquitto_sub is missing; run `make test-tools`");
    let config = format!(
        "[[mqtt]]\nurl = \"{}\"\nversion = \"5\"\ntopics = [\"$share/ward/gw/{{ward}}/{{bed}}/vitals\"]\n",
        broker.url()
    );
    let service = Service::configured(&config);
    service.send(&adt("S1", "01", "A", "A01"));
    connected(&service, "mqtt");
    let lines: String = (0..40).map(|n| temperature("S1", 400 - n, &format!("37.{n:02}")) + "\n").collect();
    broker.publish_lines("gw/6E/01/vitals", &lines);
    let theirs = String::from_utf8(other.wait_with_output().expect("it ends").stdout).expect("UTF-8");
    let (ours, theirs) = (service.values("S1", "temperature").len(), theirs.lines().count());
    assert!(ours > 0 && theirs > 0, "{ours} came to us and {theirs} to the other");
    assert_eq!(ours + theirs, 40);
}

/// Thousands wait at the broker for a service that was away: all of them arrive, each once, and none waits any more.
fn backlog(version: &str) {
    const WAITING: usize = 5_000;
    let broker = Broker::configured(
        "allow_anonymous true\nmax_queued_messages 1000000\nmax_queued_bytes 0\npersistence true\npersistence_location {folder}/\n",
    );
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("config.toml");
    let config = format!("[[mqtt]]\nurl = \"{}\"\nversion = \"{version}\"\n", broker.url());
    std::fs::write(&file, config).expect("written");
    let (data, arguments) = (folder.path().join("data"), ["--config", file.to_str().expect("a plain path")]);
    let mut service = Service::start_in(&data, &arguments);
    service.send(&adt("B1", "01", "A", "A01"));
    connected(&service, "mqtt");
    assert_eq!(service.stop(), Some(0));
    let lines: String = (0..WAITING)
        .map(|n| {
            temperature("B1", (2 * WAITING - n) as i64, &format!("3{}.{:03}", 6 + n / 1000 % 3, n % 1000))
                + "\n"
        })
        .collect();
    broker.publish_lines("stormwatch/v1/6E/01/vitals", &lines);
    let mut service = Service::start_in(&data, &arguments);
    let all = || (service.values("B1", "temperature").len() >= WAITING).then_some(());
    eventually(PATIENCE, all).expect("everything that waited arrives");
    assert_eq!(service.values("B1", "temperature").len(), WAITING, "each once");
    assert_eq!(service.figure("stormwatch_messages_total{answer=\"AA\",via=\"mqtt\"}"), WAITING as u64);
    assert_eq!(service.stop(), Some(0));
    // Nothing waits: another run hears nothing of it again.
    let service = Service::start_in(&data, &arguments);
    connected(&service, "mqtt");
    broker.publish("stormwatch/v1/6E/01/vitals", &temperature("B1", 1, "39.9"));
    arrives(&service, "B1", 39.9);
    assert_eq!(service.figure("stormwatch_messages_total{answer=\"repeated\",via=\"mqtt\"}"), 0);
    assert_eq!(service.figure("stormwatch_oddities_total{what=\"session-lost\"}"), 0, "the session was kept");
}

#[test]
fn a_backlog_of_thousands_arrives_exactly_once_over_3_1_1() {
    backlog("3.1.1");
}

#[test]
fn a_backlog_of_thousands_arrives_exactly_once_over_5() {
    backlog("5");
}

#[test]
fn senml_and_hl7_come_by_the_same_topic_as_json() {
    let broker = Broker::start();
    let service = Service::start_with(&["--mqtt", &broker.url()]);
    service.send(&adt("F1", "01", "A", "A01"));
    connected(&service, "mqtt");
    let topic = "stormwatch/v1/6E/01/vitals";
    let seconds = jiff::Timestamp::now().as_second() - 60;
    broker.publish(
        topic,
        &format!(r#"[{{"bn":"urn:stormwatch:F1:","bt":{seconds}}},{{"n":"LN:8310-5","u":"Cel","v":38.1}}]"#),
    );
    arrives(&service, "F1", 38.1);
    let message = oru("F1", "VIA-MQTT", -3, "F", &[(TEMPERATURE.0, TEMPERATURE.1, "38.2", "Cel")]);
    broker.publish(topic, &message.replace('\n', "\r"));
    arrives(&service, "F1", 38.2);
    // Some gateways leave the frame around it.
    let framed = format!("\u{b}{}\u{1c}\r", message.replace("VIA-MQTT", "FRAMED").replace("38.2", "38.3"));
    broker.publish(topic, &framed.replace('\n', "\r"));
    arrives(&service, "F1", 38.3);
    let (first, second) = (
        message.replace("VIA-MQTT", "B1").replace("38.2", "38.4"),
        message.replace("VIA-MQTT", "B2").replace("38.2", "38.5").replace("OBX|1", "OBX|2"),
    );
    broker.publish(topic, &format!("BHS|^~\\&|LIS|KUH\n{first}{second}BTS|2\n").replace('\n', "\r"));
    arrives(&service, "F1", 38.4);
    arrives(&service, "F1", 38.5);
    assert!(service.quarantine().is_empty(), "{:?}", service.quarantine());
}

#[test]
fn a_feed_takes_one_format_only_where_it_says_so() {
    let broker = Broker::start();
    let config = format!("[[mqtt]]\nurl = \"{}\"\nformat = \"hl7\"\n", broker.url());
    let service = Service::configured(&config);
    service.send(&adt("F2", "01", "A", "A01"));
    connected(&service, "mqtt");
    broker.publish("stormwatch/v1/6E/01/vitals", &temperature("F2", 30, "38.1"));
    let kept = || (!service.quarantine().is_empty()).then_some(());
    eventually(PATIENCE, kept).expect("another format is refused by name");
    assert!(service.values("F2", "temperature").is_empty());
}

/// What a scripted broker of 3.1.1 sees of its one subscriber.
#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    acknowledged: AtomicUsize,
    pings: AtomicUsize,
}

/// A broker that sends ahead without any limit, as Mosquitto 2.0.11 does with a backlog, and never gets to answering a
/// ping. `publish` writes what it likes once the subscription is there.
fn hasty_broker(publish: impl Fn(&mut TcpStream) + Send + 'static) -> (u16, Arc<Seen>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let seen = Arc::new(Seen::default());
    let counts = seen.clone();
    std::thread::spawn(move || {
        let publish = Arc::new(Mutex::new(publish));
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            counts.connections.fetch_add(1, Ordering::SeqCst);
            let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
            let mut head = [0u8; 2];
            // Everything a subscriber of one topic sends is shorter than 128 bytes, so its length is one byte.
            while reader.read_exact(&mut head).is_ok() {
                let mut rest = vec![0u8; usize::from(head[1])];
                reader.read_exact(&mut rest).expect("a whole packet");
                match head[0] >> 4 {
                    1 => stream.write_all(&[0x20, 2, 0, 0]).expect("written"),
                    4 => drop(counts.acknowledged.fetch_add(1, Ordering::SeqCst)),
                    8 => {
                        stream.write_all(&[0x90, 3, rest[0], rest[1], 1]).expect("written");
                        let (publish, mut stream) = (publish.clone(), stream.try_clone().expect("a handle"));
                        std::thread::spawn(move || publish.lock().expect("whole")(&mut stream));
                    }
                    12 => drop(counts.pings.fetch_add(1, Ordering::SeqCst)),
                    _ => {}
                }
            }
        }
    });
    (port, seen)
}

/// PUBLISH at QoS 1.
fn publication(number: u16, body: &str) -> Vec<u8> {
    let topic = "stormwatch/v1/6E/01/vitals";
    let mut rest = vec![0, topic.len() as u8];
    rest.extend_from_slice(topic.as_bytes());
    rest.extend_from_slice(&number.to_be_bytes());
    rest.extend_from_slice(body.as_bytes());
    let length = rest.len();
    let mut packet = vec![0x32, (length % 128) as u8 | 0x80, (length / 128) as u8];
    packet.append(&mut rest);
    packet
}

#[test]
fn a_broker_that_sends_ahead_without_limit_is_owed_no_acknowledgement() {
    const SENT: u16 = 15_000;
    let body = temperature("H1", 60, "37.2");
    let (port, seen) = hasty_broker(move |stream| {
        for number in 1..=SENT {
            stream.write_all(&publication(number, &body)).expect("written");
        }
    });
    let service = Service::start_with(&["--mqtt", &format!("mqtt://127.0.0.1:{port}")]);
    let heard = |answer: &str| {
        service.figure(&format!("stormwatch_messages_total{{answer=\"{answer}\",via=\"mqtt\"}}")) as usize
    };
    let mut behind = 0;
    let all = || {
        let stored = heard("AA") + heard("repeated");
        behind = behind.max(stored.saturating_sub(seen.acknowledged.load(Ordering::SeqCst)));
        (seen.acknowledged.load(Ordering::SeqCst) == usize::from(SENT)).then_some(())
    };
    eventually(4 * PATIENCE, all).expect("every publication is acknowledged");
    assert!(behind < 2_000, "acknowledgements never fall far behind the disk: {behind}");
    assert_eq!((heard("AA"), heard("repeated")), (1, usize::from(SENT) - 1));
    assert_eq!(seen.connections.load(Ordering::SeqCst), 1);
}

#[test]
fn a_busy_broker_is_not_taken_for_a_dead_one_and_a_silent_one_is() {
    let (port, seen) = hasty_broker(|stream| {
        for number in 1..=60 {
            stream.write_all(&publication(number, &temperature("H2", 60, "37.2"))).expect("written");
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    let service = Service::configured(&format!(
        "[[mqtt]]\nurl = \"mqtt://127.0.0.1:{port}\"\nkeep_alive_seconds = 5\n"
    ));
    let acknowledged = || (seen.acknowledged.load(Ordering::SeqCst) == 60).then_some(());
    eventually(PATIENCE, acknowledged).expect("all of it was taken");
    assert!(seen.pings.load(Ordering::SeqCst) >= 2, "and pings went without an answer meanwhile");
    assert_eq!(seen.connections.load(Ordering::SeqCst), 1, "who sends lives");
    let given_up = || (seen.connections.load(Ordering::SeqCst) > 1).then_some(());
    eventually(PATIENCE, given_up).expect("who does not even answer a ping is asked anew");
    drop(service);
}
