//! Who gets in from outside: TLS as `openssl` sees it, client certificates, and addresses that are refused.

use std::io::{BufRead as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::support::*;

/// A small authority with a server's and a sender's certificate, made by the test itself.
struct Papers {
    folder: tempfile::TempDir,
}

impl Papers {
    fn new() -> Papers {
        let folder = tempfile::tempdir().expect("a folder");
        let named = |common: &str, hosts: &[&str]| {
            let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
            let mut params = rcgen::CertificateParams::new(hosts).expect("host names");
            // An issuer and what it signs must not share a name, or a checker takes it for self-signed.
            params.distinguished_name.push(rcgen::DnType::CommonName, common);
            params
        };
        let mut authority = named("test authority", &[]);
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().expect("a key");
        let certificate = authority.self_signed(&key).expect("signed");
        let write =
            |name: &str, text: String| std::fs::write(folder.path().join(name), text).expect("written");
        write("ca.crt", certificate.pem());
        let issuer = rcgen::Issuer::new(authority, key);
        for name in ["server", "sender"] {
            let own = rcgen::KeyPair::generate().expect("a key");
            let params = named(name, &["localhost"]);
            write(&format!("{name}.crt"), params.signed_by(&own, &issuer).expect("signed").pem());
            write(&format!("{name}.key"), own.serialize_pem());
        }
        // Fits nobody's authority.
        let stranger = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("signed");
        write("stranger.crt", stranger.cert.pem());
        write("stranger.key", stranger.signing_key.serialize_pem());
        Papers { folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A service that speaks TLS on both ports and wants senders to show a certificate.
    fn service(&self) -> Service {
        let pair = format!("certificate = {:?}, key = {:?}", self.at("server.crt"), self.at("server.key"));
        let text = format!(
            "[http]\ntls = {{ {pair} }}\n[[mllp]]\ntls = {{ {pair}, client_ca = {:?} }}\n",
            self.at("ca.crt")
        );
        let file = self.at("stormwatch.toml");
        std::fs::write(&file, text).expect("written");
        Service::start_with(&["--config", file.to_str().expect("a plain path")])
    }

    /// `openssl s_client` with `typed` on its input; it ends when the other side closes or after five seconds.
    fn s_client(&self, address: &str, more: &[&str], typed: &[u8]) -> String {
        let mut client = Command::new("openssl")
            .args(["s_client", "-connect", address, "-servername", "localhost"])
            .args(["-verify_return_error", "-verify_hostname", "localhost", "-quiet", "-CAfile"])
            .arg(self.at("ca.crt"))
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("openssl is installed; run `make test-tools`");
        let mut input = client.stdin.take().expect("piped");
        // A handshake that was refused has closed the pipe already.
        let _ = input.write_all(typed);
        let _ = input.flush();
        let (mut out, mut err) = (client.stdout.take().expect("piped"), client.stderr.take().expect("piped"));
        let reading = std::thread::spawn(move || {
            let (mut answer, mut said) = (Vec::new(), String::new());
            let _ = out.read_to_end(&mut answer);
            let _ = err.read_to_string(&mut said);
            format!("{}\n{said}", String::from_utf8_lossy(&answer))
        });
        let ended = eventually(PATIENCE, || client.try_wait().expect("a child"));
        if ended.is_none() {
            client.kill().expect("it runs");
        }
        client.wait().expect("it ends");
        drop(input);
        reading.join().expect("no panic")
    }
}

const HELLO: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

#[test]
fn pages_are_served_over_tls_to_who_checks_the_certificate_and_to_nobody_in_the_clear() {
    let papers = Papers::new();
    let service = papers.service();
    for version in ["-tls1_3", "-tls1_2"] {
        let answer = papers.s_client(&service.http, &[version], HELLO);
        assert!(answer.contains("HTTP/1.1 200"), "{version}: {answer}");
    }
    // Ten years old and broken; rustls does not speak it at all.
    let old = papers.s_client(&service.http, &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], HELLO);
    assert!(!old.contains("HTTP/1.1"), "{old}");
    let mut plain = std::net::TcpStream::connect(&service.http).expect("the port accepts");
    plain.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    plain.write_all(HELLO).expect("sent");
    let mut answer = Vec::new();
    // An alert of TLS, or nothing: never a page.
    let _ = plain.read_to_end(&mut answer);
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP/1.1"), "{answer:?}");
}

#[test]
fn a_sender_without_a_certificate_of_the_authority_delivers_nothing() {
    let papers = Papers::new();
    let service = papers.service();
    let admission = frame(&adt("T1", "01", "TLS1", "A01"));
    let with = |name: &str| {
        let (certificate, key) = (papers.at(&format!("{name}.crt")), papers.at(&format!("{name}.key")));
        let (certificate, key) = (certificate.to_str().expect("plain"), key.to_str().expect("plain"));
        papers.s_client(&service.mllp, &["-cert", certificate, "-key", key], &admission)
    };
    let without = papers.s_client(&service.mllp, &[], &admission);
    assert!(!without.contains("MSA|"), "{without}");
    let stranger = with("stranger");
    assert!(!stranger.contains("MSA|"), "{stranger}");
    let mut plain = service.connect();
    plain.write(&admission);
    assert_eq!(plain.answer(), None, "in the clear");
    let sender = with("sender");
    assert!(sender.contains("MSA|AA|TLS1"), "{sender}");
}

fn refused(arguments: &[&str], data: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stormwatch"))
        .args(["serve", "--data", data.to_str().expect("a plain path")])
        .args(arguments)
        .env("RUST_LOG", "warn")
        .output()
        .expect("the binary starts and, refused, ends")
}

#[test]
fn an_address_other_machines_reach_is_refused_without_tls_and_users() {
    let papers = Papers::new();
    let pair = format!("certificate = {:?}, key = {:?}", papers.at("server.crt"), papers.at("server.key"));
    let encrypted = papers.at("encrypted.toml");
    std::fs::write(&encrypted, format!("[http]\ntls = {{ {pair} }}\n")).expect("written");
    let encrypted = encrypted.to_str().expect("a plain path");
    let data = papers.at("data");
    let cases: [(&[&str], &[&str]); 3] = [
        (&["--http", "0.0.0.0:0", "--mllp", "127.0.0.1:0"], &["HTTP", "TLS", "user add", "--http 127.0.0.1"]),
        (&["--http", "127.0.0.1:0", "--mllp", "0.0.0.0:0"], &["MLLP", "TLS", "user add", "--mllp 127.0.0.1"]),
        (
            &["--http", "0.0.0.0:0", "--mllp", "127.0.0.1:0", "--config", encrypted],
            &["HTTP", "no users", "user add"],
        ),
    ];
    for (arguments, words) in cases {
        let output = refused(arguments, &data);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty(), "it must not say that it listens");
        for word in words {
            assert!(said.contains(word), "{word} in {said}");
        }
    }
    let added = Command::new(env!("CARGO_BIN_EXE_stormwatch"))
        .args(["user", "add", "root", "--role", "admin", "--token", "--data"])
        .arg(&data)
        .output()
        .expect("the binary runs");
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let with_user = refused(&["--http", "0.0.0.0:0", "--mllp", "127.0.0.1:0"], &data);
    assert_eq!(with_user.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&with_user.stderr).contains("there is no TLS"));
    // With both, it serves.
    let mut serving = Command::new(env!("CARGO_BIN_EXE_stormwatch"))
        .args(["serve", "--http", "0.0.0.0:0", "--mllp", "127.0.0.1:0", "--config", encrypted, "--data"])
        .arg(&data)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut first = String::new();
    let out = serving.stdout.take().expect("piped");
    std::io::BufReader::new(out).read_line(&mut first).expect("a line");
    serving.kill().expect("it runs");
    serving.wait().expect("it ends");
    assert!(first.starts_with("listening http=0.0.0.0:"), "{first}");
}
