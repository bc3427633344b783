//! A listener's profile, key by key, and its TLS.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::certificates::Authority;
use super::support::*;

/// What the keys of a profile change is tested here or in the conformance table; a new key has to say where.
const TESTED: [(&str, &str); 28] = [
    ("name", "a_message_is_the_same_only_on_the_same_listener"),
    ("bind", "a_message_is_the_same_only_on_the_same_listener"),
    ("acks", "row_23"),
    ("strict", "row_44"),
    ("lenient_end", "row_11"),
    ("time_zone", "row_66"),
    ("charset", "the_set_of_a_listener_is_believed_before_msh_18"),
    ("charset_fallback", "the_set_of_a_listener_is_believed_before_msh_18"),
    ("authority", "row_71"),
    ("identifier_types", "the_best_type_of_identifier_is_the_listener_s"),
    ("bed", "the_bed_is_named_as_the_listener_names_it"),
    ("measured_at", "the_time_of_measurement_is_looked_for_where_the_listener_says"),
    ("orders_are_given", "an_order_counts_as_given_only_where_the_listener_says_so"),
    ("decimal_comma", "row_61"),
    ("processing_id", "row_29"),
    ("accept", "only_the_types_a_listener_is_for_are_read"),
    ("ignore", "only_the_types_a_listener_is_for_are_read"),
    ("sequence_numbers", "row_40"),
    ("max_frame_bytes", "row_09"),
    ("max_garbage_bytes", "noise_is_bounded_as_the_listener_says"),
    ("stall_seconds", "row_14"),
    ("frame_seconds", "row_14"),
    ("max_messages_per_second", "a_fast_sender_is_slowed_and_loses_nothing"),
    ("max_connections", "a_listener_has_so_many_places_and_no_more"),
    ("max_connections_per_address", "row_18"),
    ("tls", "mutual_tls_is_renewed_without_a_restart"),
    ("certificate", "mutual_tls_is_renewed_without_a_restart"),
    ("client_ca", "mutual_tls_is_renewed_without_a_restart"),
];

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("readable")
}

/// Public fields of a profile's struct.
fn keys(file: &str, profile: &str) -> Vec<String> {
    let source = read(file);
    let body = source.split(&format!("pub struct {profile} {{")).nth(1).expect("the profile");
    let body = body.split("\n}").next().expect("its fields");
    let keys = body.lines().filter_map(|line| Some(line.trim().strip_prefix("pub ")?.split_once(':')?.0));
    keys.map(str::to_owned).collect()
}

#[test]
fn every_key_of_a_listener_and_of_a_broker_stands_in_the_handbook() {
    let handbook = read("docs/intake.md");
    let all = [keys("src/intake/listener.rs", "Listener"), keys("src/intake/broker.rs", "Broker")].concat();
    assert!(all.len() > 35, "{all:?}");
    for key in all {
        assert!(handbook.contains(&format!("`{key}`")), "{key} is not explained in docs/intake.md");
    }
}

#[test]
fn every_key_of_a_listener_has_its_test() {
    let tests: String = [
        "profiles.rs",
        "conformance/answers.rs",
        "conformance/encoding.rs",
        "conformance/framing.rs",
        "conformance/meaning.rs",
        "conformance/repetition.rs",
    ]
    .iter()
    .map(|file| read(&format!("tests/suite/{file}")))
    .collect();
    for key in keys("src/intake/listener.rs", "Listener") {
        let named = TESTED.iter().find(|(tested, _)| *tested == key);
        let (_, test) = named.unwrap_or_else(|| panic!("{key} has no test"));
        assert!(tests.contains(&format!("fn {test}")), "{test} of {key} is no test");
    }
}

#[test]
fn a_message_is_the_same_only_on_the_same_listener() {
    let port = super::broker::free_port();
    let service = Service::configured(&format!(
        "[[mllp]]\nname = \"one\"\n[[mllp]]\nname = \"two\"\nbind = \"127.0.0.1:{port}\"\n"
    ));
    let message = adt("L1", "01", "SAME", "A01");
    let first = service.send(&message);
    assert_eq!(service.send(&message), first);
    let mut other = Line::to(&format!("127.0.0.1:{port}"));
    let second = other.exchange(&message);
    assert!(second.contains("MSA|AA|SAME") && second != first, "answered anew");
    assert_eq!(service.figure("stormwatch_messages_total{answer=\"repeated\",via=\"mllp\"}"), 1);
}

#[test]
fn an_order_counts_as_given_only_where_the_listener_says_so() {
    let order = format!(
        "{}ORC|NW|P1\nRXE|^^^{}|NOR^Norepinephrine^L|||||||||||||||||||||0.1|ug/kg/min\n",
        adt("L9", "01", "ORDER", "A01").replace("ADT^A01", "RDE^O11"),
        stamp(-5)
    );
    for (setting, running) in [("", 0), ("orders_are_given = true\n", 1)] {
        let service = Service::configured(&format!("[[mllp]]\n{setting}"));
        service.send(&adt("L9", "01", "IN", "A01"));
        assert_eq!(code(&service.send(&order)), "AA");
        let therapies = service.get("/api/v1/patients/L9")["therapies"].as_array().expect("a list").clone();
        let vasopressors = therapies.iter().filter(|therapy| therapy["kind"] == "vasopressor");
        assert_eq!(vasopressors.count(), running, "{therapies:?}");
    }
}

fn named_in(set: &str, bytes_of: fn(char) -> Vec<u8>) -> (Vec<u8>, &'static str) {
    let text = adt("L2", "01", "SET", "A01").replacen("|P|2.5\n", &format!("|P|2.5||||||{set}\n"), 1);
    let text = text.replace("TEST^", "山田^").replace('\n', "\r");
    (
        text.chars()
            .flat_map(|letter| if letter.is_ascii() { vec![letter as u8] } else { bytes_of(letter) })
            .collect(),
        "山田",
    )
}

#[test]
fn the_set_of_a_listener_is_believed_before_msh_18() {
    let shift_jis = |letter: char| stormwatch::hl7::Charset::ShiftJis.encode(&letter.to_string());
    for (config, set) in [("charset = \"shift_jis\"", "8859/1"), ("charset_fallback = \"shift_jis\"", "")] {
        let service = Service::configured(&format!("[[mllp]]\n{config}\n"));
        let (bytes, name) = named_in(set, shift_jis);
        let mut line = service.connect();
        line.write(&[&[0x0b], bytes.as_slice(), &[0x1c, b'\r']].concat());
        assert!(line.answer().expect("an answer").contains("MSA|AA|SET"));
        assert!(service.get("/api/v1/patients/L2").to_string().contains(name), "{config}");
    }
}

#[test]
fn the_best_type_of_identifier_is_the_listener_s() {
    let service = Service::configured("[[mllp]]\nauthority = \"KUH\"\nidentifier_types = [\"AN\", \"MR\"]\n");
    service.send(&adt("X", "01", "ID", "A01").replace("X^^^KUH^MR", "L3^^^KUH^MR~L4^^^KUH^AN"));
    assert_eq!(service.get("/api/v1/patients/L4")["bed"], "01");
}

#[test]
fn the_bed_is_named_as_the_listener_names_it() {
    let service = Service::configured("[[mllp]]\nbed = \"{room}-{bed}\"\n");
    service.send(&adt("L5", "512", "BED", "A01"));
    assert_eq!(service.get("/api/v1/patients/L5")["bed"], "512-1");
}

#[test]
fn the_time_of_measurement_is_looked_for_where_the_listener_says() {
    for (place, minutes) in [("row", 30), ("order", 90)] {
        let service = Service::configured(&format!("[[mllp]]\nmeasured_at = \"{place}\"\n"));
        service.send(&adt("L6", "01", "A", "A01"));
        let (row, order, now) = (stamp(-30), stamp(-90), stamp(0));
        service.send(&format!(
            "MSH|^~\\&|LIS|KUH|S|K|{now}||ORU^R01|T|P|2.5\nPID|1||L6^^^KUH^MR\nOBR|1|||P|||{order}\n\
             OBX|1|NM|2777-1^P^LN||3.1|mg/dL|||||F|||{row}\n"
        ));
        let point = service.get("/api/v1/patients/L6/series?analyte=phosphate")["points"][0].clone();
        let at: jiff::Timestamp = point["at"].as_str().expect("an instant").parse().expect("RFC 3339");
        let ago = jiff::Timestamp::now().duration_since(at).as_mins();
        assert!((minutes - 1..=minutes + 1).contains(&ago), "{place}: {ago} minutes ago");
    }
}

#[test]
fn only_the_types_a_listener_is_for_are_read() {
    let service = Service::configured("[[mllp]]\naccept = [\"ADT\"]\nignore = [\"MDM\"]\n");
    assert_eq!(code(&service.send(&adt("L7", "01", "A", "A01"))), "AA");
    let rows = [(TEMPERATURE.0, TEMPERATURE.1, "37.1", "Cel")];
    let refused = service.send(&oru("L7", "B", 0, "F", &rows));
    assert!(refused.contains("MSA|AR|B") && refused.contains("|200^"), "{refused}");
    let ignored = service.send("MSH|^~\\&|X|Y|S|K|20260101||MDM^T02|C|P|2.5\nTXA|1\n");
    assert!(ignored.contains("MSA|AA|C"), "{ignored}");
    assert_eq!(service.quarantine().len(), 1);
}

#[test]
fn noise_is_bounded_as_the_listener_says() {
    let service = Service::configured("[[mllp]]\nmax_garbage_bytes = 100\n");
    let mut line = service.connect();
    line.write(&[b' '; 90]);
    assert!(line.exchange(&adt("L8", "01", "FEW", "A01")).contains("MSA|AA|FEW"));
    let _ = line.stream.write_all(&[b' '; 200]);
    assert!(line.is_closed(PATIENCE));
}

#[test]
fn a_fast_sender_is_slowed_and_loses_nothing() {
    let service = Service::configured("[[mllp]]\nmax_messages_per_second = 20\n");
    let mut line = service.connect();
    let began = Instant::now();
    let all: Vec<u8> = (0..40).flat_map(|n| frame(&adt("L9", "01", &format!("N{n}"), "A08"))).collect();
    line.write(&all);
    for n in 0..40 {
        assert!(line.answer().expect("an answer").contains(&format!("MSA|AA|N{n}\r")));
    }
    let seconds = began.elapsed().as_secs_f64();
    assert!((1.8..8.0).contains(&seconds), "40 messages took {seconds:.1} s");
    let mut other = service.connect();
    assert!(other.exchange(&adt("L9", "01", "OTHER", "A08")).contains("MSA|AA|OTHER"));
}

#[test]
fn a_listener_has_so_many_places_and_no_more() {
    let service = Service::configured("[[mllp]]\nmax_connections = 3\n");
    let mut lines: Vec<Line> = (0..3).map(|_| service.connect()).collect();
    for line in &mut lines {
        assert_eq!(code(&line.exchange(&adt("M1", "01", "A", "A08"))), "AA");
    }
    assert!(service.connect().is_closed(PATIENCE));
    drop(lines);
    let freed = eventually(PATIENCE, || {
        let mut line = service.connect();
        line.stream.write_all(&frame(&adt("M1", "01", "B", "A08"))).ok()?;
        line.answer()
    });
    assert!(freed.is_some());
}

/// One exchange over TLS with this certificate, trusting that authority; `None` where the handshake fails.
fn over_tls(
    address: &str,
    trusted: &Path,
    own: Option<&(std::path::PathBuf, std::path::PathBuf)>,
    control: &str,
) -> Option<String> {
    let mut roots = rustls::RootCertStore::empty();
    for authority in CertificateDer::pem_file_iter(trusted).expect("readable") {
        roots.add(authority.expect("a certificate")).expect("an authority");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = CertificateDer::pem_file_iter(certificate).expect("readable");
            let chain = chain.collect::<Result<Vec<_>, _>>().expect("certificates");
            let key = PrivateKeyDer::from_pem_file(key).expect("a key");
            builder.with_client_auth_cert(chain, key).expect("a pair that fits")
        }
    };
    let name = "localhost".try_into().expect("a name");
    let connection = rustls::ClientConnection::new(Arc::new(config), name).expect("a client");
    let stream = TcpStream::connect(address).expect("the port accepts");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut tls = rustls::StreamOwned::new(connection, stream);
    tls.write_all(&frame(&adt("T1", "01", control, "A08"))).ok()?;
    let mut buffer = [0u8; 8192];
    let count = tls.read(&mut buffer).ok().filter(|count| *count > 0)?;
    Some(String::from_utf8_lossy(&buffer[..count]).into_owned())
}

#[test]
fn mutual_tls_is_renewed_without_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let hospital = Authority::new(folder.path(), "hospital");
    let senders = Authority::new(folder.path(), "senders");
    let others = Authority::new(folder.path(), "others");
    let (certificate, key) = hospital.sign("port");
    let trusted = folder.path().join("trusted.pem");
    std::fs::copy(&senders.file, &trusted).expect("copied");
    let service = Service::configured(&format!(
        "[[mllp]]\ntls = {{ certificate = \"{}\", key = \"{}\", client_ca = \"{}\" }}\n",
        certificate.display(),
        key.display(),
        trusted.display()
    ));
    let (lis, stranger) = (senders.sign("lis"), others.sign("stranger"));
    let exchange =
        |authority: &Authority, own, control: &str| over_tls(&service.mllp, &authority.file, own, control);
    assert!(exchange(&hospital, Some(&lis), "KNOWN").expect("an answer").contains("MSA|AA|KNOWN"));
    assert!(exchange(&hospital, None, "NOBODY").is_none(), "a certificate is demanded");
    assert!(exchange(&hospital, Some(&stranger), "STRANGER").is_none(), "and one of the right authority");
    assert!(service.figure("stormwatch_mllp_framing_total{what=\"no_tls\"}") >= 2);
    // An open connection outlives the renewal of what it was made with.
    let renewed = Authority::new(folder.path(), "renewed");
    let (fresh, fresh_key) = renewed.sign("fresh");
    std::fs::copy(&fresh_key, &key).expect("copied");
    std::fs::copy(&fresh, &certificate).expect("copied");
    std::fs::copy(&others.file, &trusted).expect("copied");
    let served = || exchange(&renewed, Some(&stranger), "RENEWED");
    let answer = eventually(PATIENCE, served).expect("the new pair and the new authority are used");
    assert!(answer.contains("MSA|AA|RENEWED"), "{answer}");
    assert!(
        exchange(&renewed, Some(&lis), "FORMER").is_none(),
        "the former authority is not trusted any more"
    );
    // What cannot be used changes nothing.
    std::fs::write(&certificate, "nothing").expect("written");
    std::thread::sleep(Duration::from_secs(7));
    assert!(exchange(&renewed, Some(&stranger), "STILL").expect("an answer").contains("MSA|AA|STILL"));
}

#[test]
fn a_client_that_never_finishes_its_handshake_holds_no_place_for_long() {
    let folder = tempfile::tempdir().expect("a folder");
    let hospital = Authority::new(folder.path(), "hospital");
    let (certificate, key) = hospital.sign("port");
    let service = Service::configured(&format!(
        "[[mllp]]\ntls = {{ certificate = \"{}\", key = \"{}\" }}\n",
        certificate.display(),
        key.display()
    ));
    let mut slow = service.connect();
    slow.write(&[0x16, 3, 1]);
    assert!(
        over_tls(&service.mllp, &hospital.file, None, "OTHER").expect("an answer").contains("MSA|AA|OTHER")
    );
    assert!(slow.is_closed(PATIENCE));
}
