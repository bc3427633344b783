//! Rows 1 to 20: frames on a stream, as senders really write them.

use std::io::{Read as _, Write as _};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::*;

const SOON: Duration = Duration::from_millis(300);

fn admission(patient: &str, control: &str) -> Vec<u8> {
    frame(&adt(patient, "01", control, "A01"))
}

fn framing(service: &Service, what: &str) -> u64 {
    service.figure(&format!("stormwatch_mllp_framing_total{{what=\"{what}\"}}"))
}

#[test]
fn row_01_one_frame_in_one_read_gets_one_answer_in_one_write() {
    let service = Service::start();
    let mut line = service.connect();
    line.write(&admission("F1", "ONE"));
    // Some senders read an answer once and no more.
    let mut buffer = [0u8; 65_536];
    let count = line.stream.read(&mut buffer).expect("an answer");
    let answer = String::from_utf8_lossy(&buffer[..count]);
    assert!(answer.starts_with("\u{b}MSH|") && answer.ends_with("\r\u{1c}\r"), "{answer:?}");
    assert!(answer.contains("MSA|AA|ONE\r"), "{answer}");
}

#[test]
fn row_02_one_byte_a_read_gives_the_same() {
    let service = Service::start();
    let mut line = service.connect();
    line.stream.set_nodelay(true).expect("set");
    for byte in admission("F2", "SLOW") {
        line.write(&[byte]);
    }
    assert!(line.answer().expect("an answer").contains("MSA|AA|SLOW"));
    // Reading a long frame in small pieces costs no more than its length.
    let long = oru("F2", "LONG", 0, "F", &[(TEMPERATURE.0, TEMPERATURE.1, "37.1", "Cel")])
        + &format!("OBX|2|TX|NOTE^Note^L||{}||||||F\n", "x".repeat(2_000_000));
    let began = Instant::now();
    for piece in frame(&long).chunks(1400) {
        line.write(piece);
    }
    assert!(line.answer().expect("an answer").contains("MSA|AA|LONG"));
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
}

#[test]
fn row_03_and_row_04_frames_are_told_apart_wherever_a_read_ends() {
    let service = Service::start();
    let mut line = service.connect();
    let (first, second, third) = (admission("F3", "A"), admission("F4", "B"), admission("F5", "C"));
    line.write(&[first, second].concat());
    assert!(line.answer().expect("one").contains("MSA|AA|A"));
    assert!(line.answer().expect("two").contains("MSA|AA|B"));
    let (half, rest) = third.split_at(third.len() / 2);
    line.write(&[admission("F6", "D"), half.to_vec()].concat());
    assert!(line.answer().expect("the whole one").contains("MSA|AA|D"));
    assert!(line.is_silent(SOON));
    line.write(rest);
    assert!(line.answer().expect("the other").contains("MSA|AA|C"));
}

#[test]
fn row_04_one_and_a_half_frames_are_one_answer_then_another() {
    let service = Service::start();
    let mut line = service.connect();
    let both = [admission("F7", "A"), admission("F8", "B")].concat();
    line.write(&both[..both.len() - 2]);
    assert!(line.answer().expect("one").contains("MSA|AA|A"));
    assert!(line.is_silent(SOON));
    line.write(&both[both.len() - 2..]);
    assert!(line.answer().expect("two").contains("MSA|AA|B"));
}

#[test]
fn row_05_fs_and_cr_in_different_reads_end_one_frame() {
    let service = Service::start();
    let mut line = service.connect();
    let whole = admission("F9", "SPLIT");
    line.write(&whole[..whole.len() - 1]);
    assert!(line.is_silent(SOON), "FS alone ends nothing");
    line.write(b"\r");
    assert!(line.answer().expect("an answer").contains("MSA|AA|SPLIT"));
}

#[test]
fn row_06_a_trailer_before_the_header_is_counted_and_harms_nothing() {
    let service = Service::start();
    let mut line = service.connect();
    line.write(&[b"\x1c\r".to_vec(), admission("G1", "AFTER")].concat());
    assert!(line.answer().expect("an answer").contains("MSA|AA|AFTER"));
    assert_eq!(framing(&service, "noise"), 1);
    assert_eq!(service.get_text("/healthz").0, 200);
}

#[test]
fn row_07_line_feeds_nuls_and_blanks_between_frames_are_passed_over() {
    let service = Service::start();
    let mut line = service.connect();
    let mut bytes = admission("G2", "A");
    bytes.extend(b"\n\0\0  \r\n");
    bytes.extend(admission("G3", "B"));
    line.write(&bytes);
    assert!(line.answer().expect("one").contains("MSA|AA|A"));
    assert!(line.answer().expect("two").contains("MSA|AA|B"));
    assert!(framing(&service, "noise") >= 1);
}

#[test]
fn row_08_much_noise_without_a_frame_closes_the_connection() {
    let service = Service::start();
    let before = service.memory();
    let mut line = service.connect();
    let _ = line.stream.write_all(&[b'x'; 200_000]);
    assert!(line.is_closed(PATIENCE));
    assert!(framing(&service, "garbage") >= 1);
    assert!(service.memory() < before + 16);
}

#[test]
fn row_09_a_frame_above_the_limit_is_refused_by_its_header_and_the_connection_closed() {
    let service = Service::configured("[[mllp]]\nmax_frame_bytes = 65536\n");
    let mut line = service.connect();
    let long = oru("G4", "HUGE", 0, "F", &[(TEMPERATURE.0, TEMPERATURE.1, "37.1", "Cel")])
        + &format!("OBX|2|TX|NOTE^Note^L||{}||||||F\n", "x".repeat(500_000));
    line.write(&frame(&long));
    let answer = line.answer().expect("the reason");
    assert!(answer.contains("MSA|AR|HUGE") && answer.contains("|207^"), "{answer}");
    assert!(line.is_closed(PATIENCE));
    assert_eq!(framing(&service, "too_large"), 1);
    assert!(service.values("G4", "temperature").is_empty());
    assert!(service.quarantine().iter().any(|row| row["class"] == "too-large"));
    assert!(service.send(&adt("G5", "01", "NEXT", "A01")).contains("MSA|AA|NEXT"));
}

#[test]
fn row_10_a_frame_begun_anew_puts_the_half_into_quarantine_and_takes_the_whole() {
    let service = Service::start();
    let mut line = service.connect();
    let whole = admission("G6", "HALF");
    line.write(&[whole[..whole.len() / 2].to_vec(), admission("G7", "WHOLE")].concat());
    assert!(line.answer().expect("one answer").contains("MSA|AA|WHOLE"));
    assert!(line.is_silent(SOON), "half a frame is never answered");
    assert_eq!(framing(&service, "truncated"), 1);
    assert!(service.quarantine().iter().any(|row| row["class"] == "truncated"));
    assert_eq!(service.get_text("/api/v1/patients/G6").0, 404);
}

#[test]
fn row_11_fs_without_cr_ends_a_frame_only_where_the_listener_says_so() {
    let strict = Service::start();
    let mut line = strict.connect();
    let mut without = admission("G8", "NO-CR");
    without.pop();
    line.write(&without);
    assert!(line.is_silent(SOON));
    let lenient = Service::configured("[[mllp]]\nlenient_end = true\n");
    let mut line = lenient.connect();
    line.write(&without);
    assert!(line.answer().expect("an answer").contains("MSA|AA|NO-CR"));
}

#[test]
fn row_12_fs_inside_text_is_text() {
    let service = Service::start();
    let message = adt("G9", "01", "FS-INSIDE", "A01").replace("TEST^PATIENT", "TE\u{1c}ST^PATIENT");
    assert!(service.send(&message).contains("MSA|AA|FS-INSIDE"));
    assert_eq!(service.get("/api/v1/patients/G9")["bed"], "01", "the segments after it were read");
}

#[test]
fn row_13_a_connection_that_ends_inside_a_frame_leaves_nothing_behind() {
    let service = Service::start();
    let mut line = service.connect();
    let whole = admission("H1", "CUT");
    line.write(&whole[..whole.len() - 2]);
    line.stream.shutdown(std::net::Shutdown::Write).expect("shut down");
    assert!(line.answer().is_none(), "what is not whole is not acknowledged");
    assert_eq!(framing(&service, "truncated"), 1);
    assert_eq!(service.get_text("/api/v1/patients/H1").0, 404);
}

#[test]
fn row_14_a_stalled_frame_is_given_up_and_nobody_else_notices() {
    let service = Service::configured("[[mllp]]\nstall_seconds = 1\n");
    let mut stalled = service.connect();
    stalled.write(b"\x0bMSH|^~\\&|SLOW");
    let mut other = service.connect();
    assert!(other.exchange(&adt("H2", "01", "FAST", "A01")).contains("MSA|AA|FAST"));
    assert!(stalled.is_closed(PATIENCE));
    assert_eq!(framing(&service, "stalled"), 1);
    assert!(other.exchange(&adt("H3", "02", "STILL", "A01")).contains("MSA|AA|STILL"));
}

#[test]
fn row_14_frames_that_trickle_are_given_up_too_and_nobody_else_notices() {
    let service = Service::configured("[[mllp]]\nstall_seconds = 1\nframe_seconds = 2\n");
    let mut slow: Vec<Line> = (0..100).map(|_| service.connect()).collect();
    slow.iter_mut().for_each(|line| line.write(b"\x0bMSH|"));
    let mut other = service.connect();
    let began = Instant::now();
    let mut told = 0;
    while began.elapsed() < PATIENCE && !slow.is_empty() {
        // One that was closed says so with the second byte written to it.
        slow.retain_mut(|line| line.stream.write_all(b"x").is_ok());
        told += 1;
        let control = format!("T{told}");
        let message = adt("H2", "01", &control, "A08");
        assert!(other.exchange(&message).contains(&format!("MSA|AA|{control}\r")));
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(slow.is_empty(), "a byte now and then keeps no place for ever: {} are open", slow.len());
    assert!(began.elapsed() > Duration::from_secs(1), "and none is given up at once");
    assert_eq!(framing(&service, "stalled"), 100);
    assert_eq!(framing(&service, "truncated"), 100);
}

#[test]
fn row_15_an_idle_connection_is_kept() {
    let service = Service::configured("[[mllp]]\nstall_seconds = 1\nframe_seconds = 1\n");
    let mut line = service.connect();
    assert!(line.exchange(&adt("H4", "01", "BEFORE", "A01")).contains("MSA|AA|BEFORE"));
    assert!(line.is_silent(Duration::from_secs(3)));
    assert!(line.exchange(&adt("H4", "01", "AFTER", "A08")).contains("MSA|AA|AFTER"));
}

#[test]
fn row_16_an_empty_frame_is_passed_over() {
    let service = Service::start();
    let mut line = service.connect();
    line.write(&[b"\x0b\x1c\r".to_vec(), admission("H5", "NEXT")].concat());
    assert!(line.answer().expect("an answer").contains("MSA|AA|NEXT"));
    assert_eq!(framing(&service, "empty"), 1);
}

#[test]
fn row_17_commit_blocks_of_release_2_are_not_taken_for_hl7() {
    let service = Service::start();
    let mut line = service.connect();
    line.write(&[b"\x0b\x06\x1c\r\x0b\x15\x1c\r".to_vec(), admission("H6", "NEXT")].concat());
    assert!(line.answer().expect("an answer").contains("MSA|AA|NEXT"));
    assert_eq!(framing(&service, "commit_ack"), 2);
    assert!(service.quarantine().is_empty());
}

#[test]
fn row_18_an_address_has_its_share_and_stalled_frames_hold_nobody_up() {
    let service = Service::configured("[[mllp]]\nmax_connections_per_address = 500\nstall_seconds = 20\n");
    let mut slow: Vec<Line> = (0..50).map(|_| service.connect()).collect();
    slow.iter_mut().for_each(|line| line.write(b"\x0bMSH|"));
    let mut fast: Vec<Line> = (0..450).map(|_| service.connect()).collect();
    for (n, line) in fast.iter_mut().enumerate().step_by(9) {
        let control = format!("N{n}");
        assert!(line.exchange(&adt("H7", "01", &control, "A08")).contains(&format!("MSA|AA|{control}")));
    }
    let mut one_too_many = service.connect();
    assert!(one_too_many.is_closed(PATIENCE), "the address has its share");
    assert!(framing(&service, "refused") >= 1);
    drop(fast.pop());
    let freed = eventually(PATIENCE, || {
        let mut line = service.connect();
        line.stream.write_all(&admission("H8", "ROOM")).ok()?;
        line.answer()
    });
    assert!(freed.expect("a seat was given back").contains("MSA|AA|ROOM"));
}

#[test]
fn row_18_two_thousand_connections_are_served_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("config.toml");
    std::fs::write(&config, "[[mllp]]\nmax_connections = 4000\nmax_connections_per_address = 4000\n")
        .expect("written");
    // As most systems start a program: with 1,024 open files, and more for the asking.
    let mut few = Command::new("bash");
    few.args(["-c", "ulimit -Sn 1024 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_stormwatch")]);
    let arguments = ["--config", config.to_str().expect("a plain path")];
    let service = Service::start_as(few, &folder.path().join("data"), &arguments);
    open_many_files();
    let before = service.memory();
    let mut lines: Vec<Line> = (0..2000).map(|_| service.connect()).collect();
    for (n, line) in lines.iter_mut().enumerate() {
        line.write(&frame(&adt("H9", "01", &format!("K{n}"), "A08")));
    }
    for (n, line) in lines.iter_mut().enumerate() {
        let answer = line.answer().unwrap_or_else(|| panic!("no answer on connection {n}"));
        assert!(answer.contains(&format!("MSA|AA|K{n}\r")), "{answer}");
    }
    assert_eq!(service.figure("stormwatch_mllp_connections"), 2000);
    // Those that are open and silent cost the one that speaks nothing.
    let mut one = service.connect();
    for n in 0..20 {
        let began = Instant::now();
        let control = format!("ONE{n}");
        assert!(one.exchange(&adt("H9", "01", &control, "A08")).contains(&format!("MSA|AA|{control}\r")));
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }
    let grown = service.memory().saturating_sub(before);
    assert!(grown < 400, "2000 connections took {grown} MiB");
}

/// Lets this test hold thousands of connections where the system starts it with fewer.
fn open_many_files() {
    let status = Command::new("prlimit")
        .args(["--pid", &std::process::id().to_string(), "--nofile=4096:"])
        .status()
        .expect("prlimit is part of util-linux");
    assert!(status.success(), "this system lets a test open fewer than 4096 files");
}

#[test]
fn row_19_a_browser_and_a_tls_client_are_sent_away_at_once() {
    let service = Service::start();
    for greeting in
        [&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..]]
    {
        let mut line = service.connect();
        let _ = line.stream.write_all(greeting);
        assert!(line.is_closed(PATIENCE), "{greeting:?}");
    }
    assert_eq!(framing(&service, "garbage"), 2);
}

#[test]
fn row_20_who_leaves_before_the_answer_has_its_message_kept_once() {
    let service = Service::start();
    service.send(&adt("J1", "01", "A", "A01"));
    let message = oru("J1", "GONE", -5, "F", &[(TEMPERATURE.0, TEMPERATURE.1, "38.1", "Cel")]);
    let mut line = service.connect();
    line.write(&frame(&message));
    drop(line);
    let kept = || (!service.values("J1", "temperature").is_empty()).then_some(());
    eventually(PATIENCE, kept).expect("the message is durable though nobody heard so");
    assert!(service.send(&message).contains("MSA|AA|GONE"));
    assert_eq!(service.values("J1", "temperature"), [38.1]);
    assert_eq!(service.figure("stormwatch_messages_total{answer=\"repeated\",via=\"mllp\"}"), 1);
}
