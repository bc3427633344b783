//! Bad input: a clear refusal, bounded memory, and the listener lives on.

use std::io::Read as _;
use std::io::Write as _;

use super::support::*;

#[test]
fn two_frames_in_one_tcp_read_are_two_messages_with_two_answers() {
    let service = Service::start();
    let mut line = service.connect();
    let mut both = frame(&adt("T1", "01", "FIRST", "A01"));
    both.extend(frame(&adt("T2", "02", "SECOND", "A01")));
    line.write(&both);
    let (first, second) = (line.answer().expect("one"), line.answer().expect("two"));
    assert!(first.contains("MSA|AA|FIRST"), "{first}");
    assert!(second.contains("MSA|AA|SECOND"), "{second}");
}

#[test]
fn a_bad_message_gets_ae_and_sits_in_quarantine() {
    let service = Service::start();
    service.send(&adt("Q1", "01", "A", "A01"));
    let answer = service.send(&oru("Q1", "BAD", 0, "F", &[("2777-1", "LN", "3.1", "furlong")]));
    assert_eq!(code(&answer), "AE");
    assert!(answer.contains("ERR|"), "{answer}");
    let (_, text) = service.get_text("/api/v1/quarantine");
    assert!(text.contains("furlong") && text.contains("unknown-unit"), "{text}");
}

#[test]
fn one_unusable_row_never_spoils_the_good_ones() {
    let service = Service::start();
    service.send(&adt("Q2", "01", "A", "A01"));
    let rows = [("2777-1", "LN", "3.1", "furlong"), ("8310-5", "LN", "37.1", "Cel")];
    let answer = service.send(&oru("Q2", "MIX", 0, "F", &rows));
    assert_eq!(code(&answer), "AA");
    assert!(answer.contains("|W|"), "the unusable row is a warning: {answer}");
    let points = service.get("/api/v1/patients/Q2/series?analyte=temperature")["points"].clone();
    assert_eq!(points.as_array().expect("points").len(), 1);
    let (_, text) = service.get_text("/api/v1/quarantine");
    assert!(text.contains("furlong"), "{text}");
}

#[test]
fn garbage_http_and_half_frames_leave_the_listener_alive() {
    let service = Service::start();
    let before = service.memory();
    let noise: Vec<u8> = (0..65_536u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for blob in [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), noise, b"\x0bMSH|^~\\&|half a frame".to_vec()]
    {
        let mut line = service.connect();
        let _ = line.stream.write_all(&blob);
        let _ = line.stream.set_read_timeout(Some(std::time::Duration::from_millis(300)));
        let _ = line.stream.read(&mut [0u8; 4096]);
    }
    let mut line = service.connect();
    let _ = line.stream.write_all(b"\x0bMSH|^~\\&|");
    for _ in 0..100 {
        if line.stream.write_all(&[b'A'; 1_000_000]).is_err() {
            break;
        }
    }
    let grown = service.memory().saturating_sub(before);
    assert!(grown < 64, "memory grew {grown} MiB on a 100 MB frame");
    assert_eq!(
        code(&service.send(&adt("G1", "01", "GOOD", "A01"))),
        "AA",
        "a good sender is served afterwards"
    );
}

#[test]
fn an_unsupported_type_is_rejected_and_an_unreadable_text_too() {
    let service = Service::start();
    let answer = service.send("MSH|^~\\&|X|Y|S|K|20260101||QRY^A19|C1|P|2.5\nQRD|1\n");
    assert_eq!(code(&answer), "AR");
    assert_eq!(code(&service.send("this is no HL7")), "AR");
}

#[test]
fn a_control_id_comes_back_byte_for_byte() {
    let service = Service::start();
    let answer = service.send(&adt("B1", "01", "ID\\T\\7", "A01"));
    assert!(answer.contains("MSA|AA|ID\\T\\7"), "{answer}");
}

fn header(kind: &str, control: &str) -> String {
    format!("MSH|^~\\&|HIS|KUH|STORMWATCH|KUH|{}||{kind}|{control}|P|2.5\n", stamp(0))
}

#[test]
fn results_that_ride_along_in_other_messages_are_read() {
    let service = Service::start();
    service.send(&adt("W1", "01", "IN", "A01"));
    let pid = "PID|1||W1^^^KUH^MR||TEST^PATIENT\n";
    let row = |value: &str| format!("OBX|1|NM|{}^T^LN||{value}|Cel|||||F|||{}\n", TEMPERATURE.0, stamp(-5));
    for (n, kind) in ["ADT^A08", "ORM^O01", "OML^O21", "RDE^O11", "RAS^O17", "SIU^S12"].iter().enumerate() {
        let value = format!("38.{n}");
        let text = format!("{}{pid}{}", header(kind, &format!("B{n}")), row(&value));
        let answer = service.send(&text);
        assert_eq!(code(&answer), "AA", "{kind}: {answer}");
        assert!(service.values("W1", "temperature").contains(&value.parse().expect("a number")), "{kind}");
    }
    let unknown =
        format!("{}{pid}OBX|1|NM|999^Shoes^L||42|EU|||||F|||{}\n", header("ADT^A08", "B9"), stamp(-5));
    let answer = service.send(&unknown);
    assert!(
        code(&answer) == "AA" && answer.contains("ERR||OBX^1") && answer.contains("unknown-code"),
        "{answer}"
    );
}

#[test]
fn an_order_or_appointment_without_a_patient_is_refused_by_name() {
    let service = Service::start();
    for (kind, rest) in [
        ("ORM^O01", "ORC|SC|o8|||CM\nOBR|1|o7||KYM^tisagenlecleucel infusion^L|||20261101100000\n"),
        ("OML^O21", "ORC|SC|o8|||CM\nOBR|1|o7||KYM^tisagenlecleucel infusion^L|||20261101100000\n"),
        ("SIU^S14", "SCH|S1\nAIS|1||TISA^tisagenlecleucel^L|20261101100000\n"),
    ] {
        let answer = service.send(&format!("{}{rest}", header(kind, "NOPID")));
        assert!(code(&answer) == "AE" && answer.contains("no-patient"), "{kind}: {answer}");
    }
    assert_eq!(service.quarantine().len(), 3);
    let answer = service.send(&format!("{}SCH|S1\n", header("SIU^S99", "S99")));
    assert!(code(&answer) == "AR" && answer.contains("|201"), "{answer}");
}

#[test]
fn what_lies_in_the_future_freezes_nobody_and_is_not_given() {
    let service = Service::start();
    let year = 365 * 24 * 60;
    let ahead = adt("W2", "03", "AHEAD", "A01");
    let ahead = ahead.lines().map(|line| match line.starts_with("EVN") {
        true => format!("EVN||{}\n", stamp(year)),
        false => format!("{line}\n"),
    });
    let answer = service.send(&ahead.collect::<String>());
    assert!(code(&answer) == "AA" && answer.contains("future-time"), "{answer}");
    let out = service.send(&adt("W2", "03", "OUT", "A03"));
    assert_eq!(code(&out), "AA");
    assert_eq!(service.get("/api/v1/patients/W2")["admitted"], false, "the discharge counts");
    let given = format!(
        "{}PID|1||W2^^^KUH^MR\nORC|RE|P1\nRXA|0|1|{}||TOCI^Tocilizumab^L|480|mg\n",
        header("RAS^O17", "LATER"),
        stamp(30 * 24 * 60)
    );
    let answer = service.send(&given);
    assert!(code(&answer) == "AE" && answer.contains("future-time"), "{answer}");
}
