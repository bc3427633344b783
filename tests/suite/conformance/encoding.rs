//! Rows 43 to 56: line ends, odd segments, escapes and character sets, by what the ward gets to see.

use std::time::Instant;

use crate::support::*;

/// A service with one patient, and a message with two temperatures around whatever is odd.
fn ward() -> Service {
    let service = Service::start();
    service.send(&adt("E1", "01", "A", "A01"));
    service
}

fn around(control: &str, odd: &str) -> String {
    let at = stamp(-30);
    let mut message = oru("E1", control, -40, "F", &[(TEMPERATURE.0, TEMPERATURE.1, "37.1", "Cel")]);
    message.push_str(odd);
    message.push_str(&format!("OBX|9|NM|8310-5^T^LN||38.2|Cel|||||F|||{at}\n"));
    message
}

/// Sends bytes as they are.
fn send(service: &Service, bytes: &[u8]) -> String {
    let mut line = service.connect();
    line.write(&[&[0x0b], bytes, &[0x1c, b'\r']].concat());
    line.answer().expect("an answer")
}

#[test]
fn row_43_every_kind_of_line_end_keeps_every_segment() {
    for (n, end) in ["\r", "\n", "\r\n", "\r\r", "\n\n"].into_iter().enumerate() {
        let service = ward();
        let text = around(&format!("L{n}"), "").replace('\n', end);
        assert!(send(&service, text.trim_end().as_bytes()).contains("MSA|AA|"), "{end:?}");
        assert_eq!(service.values("E1", "temperature"), [37.1, 38.2], "{end:?}");
    }
}

#[test]
fn row_44_a_line_end_inside_a_field_is_joined_or_refused_as_the_listener_says() {
    let odd = "OBR|2|||PANEL^Panel^L|||20261101||||||history of fever\nand chills\n";
    let service = ward();
    assert_eq!(code(&service.send(&around("CR", odd))), "AA");
    assert_eq!(service.values("E1", "temperature"), [37.1, 38.2]);
    assert_eq!(service.figure("stormwatch_oddities_total{what=\"joined-line\"}"), 1);
    let strict = Service::configured("[[mllp]]\nstrict = true\n");
    let answer = strict.send(&around("CR", odd));
    assert!(answer.contains("MSA|AE|CR") && answer.contains("|100^"), "{answer}");
}

#[test]
fn row_45_fieldless_local_and_unknown_segments_lose_nothing() {
    let service = ward();
    assert_eq!(code(&service.send(&around("Z", "PV1\nZAB|1|x^y\nQQQ|what\nFT1|1\n"))), "AA");
    assert_eq!(service.values("E1", "temperature"), [37.1, 38.2]);
}

#[test]
fn row_46_a_segment_of_two_letters_harms_neither_side() {
    let service = ward();
    assert_eq!(code(&service.send(&around("ZX", "ZX|1|x\n"))), "AA");
    assert_eq!(service.values("E1", "temperature"), [37.1, 38.2]);
    assert_eq!(service.figure("stormwatch_oddities_total{what=\"odd-segment\"}"), 1);
}

#[test]
fn a_segment_name_in_small_letters_is_refused_and_not_read_as_text() {
    let service = ward();
    let answer = service.send(&around("SMALL", "obx|5|NM|8310-5^T^LN||39.9|Cel|||||F\n"));
    assert!(answer.contains("MSA|AE|SMALL") && answer.contains("capitals"), "{answer}");
}

#[test]
fn row_47_a_byte_order_mark_is_passed_over() {
    let service = ward();
    let answer = service.send(&format!("\u{feff}{}", around("BOM", "")));
    assert!(answer.contains("MSA|AA|BOM"), "{answer}");
    assert_eq!(service.values("E1", "temperature").len(), 2);
}

#[test]
fn row_48_and_row_49_escapes_say_delimiters_and_unfinished_ones_lose_nothing() {
    let service = Service::start();
    let name = "A\\T\\B \\X41\\ \\H\\C\\N\\ D \\ E";
    assert_eq!(
        code(&service.send(&adt("E2", "01", "ESC", "A01").replace("TEST^PATIENT", &format!("{name}^X")))),
        "AA"
    );
    let shown = service.get("/api/v1/patients/E2").to_string();
    assert!(shown.contains("A&B A C D \\\\ E"), "{shown}");
}

#[test]
fn row_49_a_lone_mark_is_text() {
    let service = ward();
    assert_eq!(code(&service.send(&around("LONE", "NTE|1|L|CRP \\ 38.5, A\\E\\R\\B\n"))), "AA");
    assert_eq!(service.values("E1", "temperature"), [37.1, 38.2]);
}

#[test]
fn row_50_a_level_without_a_delimiter_does_not_exist() {
    let service = Service::start();
    let message = adt("E3", "01", "SHORT", "A01").replacen("^~\\&|", "^~|", 1).replace("TEST^", "AT&T\\F^");
    assert!(service.send(&message).contains("MSA|AA|SHORT"));
    let shown = service.get("/api/v1/patients/E3").to_string();
    assert!(shown.contains("AT&T\\\\F"), "{shown}");
}

/// ISO-2022-JP as SS-MIX2 writes it.
fn japanese(control: &str) -> String {
    around(control, "")
        .replacen("|P|2.5\n", "|P|2.5||||||~ISO IR87||ISO 2022-1994\n", 1)
        .replace("PATIENT\n", "PATIENT||19600101|M|||東京都京都市\n")
}

fn jis(text: &str) -> Vec<u8> {
    stormwatch::hl7::Charset::Iso2022Jp.encode(&text.replace('\n', "\r"))
}

#[test]
fn row_51_kanji_shift_no_field() {
    let service = ward();
    assert!(send(&service, &jis(&japanese("TOKYO"))).contains("MSA|AA|TOKYO"));
    assert_eq!(service.values("E1", "temperature"), [37.1, 38.2]);
}

#[test]
fn row_52_kanji_before_msh_18_leave_the_control_id_right() {
    let service = ward();
    let text = japanese("KYOTO").replacen("|LIS|KUH|", "|LIS|京都大学病院|", 1);
    assert!(send(&service, &jis(&text)).contains("MSA|AA|KYOTO"));
    assert_eq!(service.values("E1", "temperature"), [37.1, 38.2]);
}

#[test]
fn row_53_careless_escape_sequences_are_recovered() {
    let whole = jis(&japanese("CARELESS"));
    let without_switch_back = replaced(&whole, b"\x1b(B\r", b"\r");
    let doubled = replaced(&whole, b"\x1b$B", b"\x1b(B\x1b$B");
    let roman = replaced(&whole, b"\x1b(B", b"\x1b(J");
    for (n, bytes) in [without_switch_back, doubled, roman].into_iter().enumerate() {
        assert_ne!(bytes, whole, "case {n} changes something");
        let service = ward();
        assert!(send(&service, &bytes).contains("MSA|AA|CARELESS"), "case {n}");
        assert_eq!(service.values("E1", "temperature"), [37.1, 38.2], "case {n}");
    }
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

#[test]
fn row_54_declared_undeclared_and_broken_sets_are_read() {
    let base = |set: &str| {
        adt("E4", "01", "SET", "A01")
            .replacen("|P|2.5\n", &format!("|P|2.5||||||{set}\n"), 1)
            .replace("TEST^", "René^")
    };
    let latin = |text: &str| text.replace('\n', "\r").chars().map(|c| c as u8).collect::<Vec<u8>>();
    for (bytes, odd) in [
        (latin(&base("8859/1")), None),
        (latin(&base("")), Some("undeclared-charset")),
        (base("UNICODE UTF-8").replace('\n', "\r").into_bytes(), None),
    ] {
        let service = Service::start();
        assert!(send(&service, &bytes).contains("MSA|AA|SET"));
        assert!(service.get("/api/v1/patients/E4").to_string().contains("René"));
        if let Some(odd) = odd {
            assert_eq!(service.figure(&format!("stormwatch_oddities_total{{what=\"{odd}\"}}")), 1);
        }
    }
    let service = ward();
    let broken =
        replaced(around("BAD", "NTE|1|L|x\n").replace('\n', "\r").as_bytes(), b"|x\r", b"|\xc3\x28\r");
    let declared = replaced(&broken, b"|P|2.5\r", b"|P|2.5||||||UNICODE UTF-8\r");
    assert!(send(&service, &declared).contains("MSA|AA|BAD"));
    assert_eq!(service.values("E1", "temperature"), [37.1, 38.2], "numbers are used");
    assert_eq!(service.figure("stormwatch_oddities_total{what=\"undecodable-bytes\"}"), 1);
}

#[test]
fn row_55_wide_letters_before_an_escape_are_no_trouble() {
    let service = ward();
    assert_eq!(code(&service.send(&around("WIDE", "NTE|1|L|体温\\T\\脈拍\n"))), "AA");
    assert_eq!(service.values("E1", "temperature"), [37.1, 38.2]);
}

#[test]
fn row_56_a_million_fields_or_segments_are_refused_in_bounded_time_and_memory() {
    let service = ward();
    let before = service.memory();
    let began = Instant::now();
    for odd in ["ZAB|".to_owned() + &"|".repeat(1_000_000) + "\n", "ZAB|1\n".repeat(100_000)] {
        let answer = service.send(&around("MANY", &odd));
        assert!(answer.contains("MSA|AE|MANY") && answer.contains("split the message"), "{answer}");
    }
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    let grown = service.memory().saturating_sub(before);
    assert!(grown < 96, "memory grew {grown} MiB");
}
