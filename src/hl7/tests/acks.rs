//! Rows 21 to 35 and 41, 42: answers, envelopes and batches.

use super::*;
use crate::hl7::content::code;

fn request(msh: &str) -> Message {
    message(&format!("{msh}\nPID|1||CT0007^^^KUH^MR\nOBR|1|||X\nOBX|1|NM|8310-5^T^LN||36.6|Cel|||||F"))
}

fn ack(request: &Message, code: AckCode, problems: Vec<Problem>) -> Message {
    let text = acknowledge(request, &Answer::new(code, problems), &stamp());
    assert!(text.ends_with('\r'), "every segment ends with CR");
    assert!(!text.contains('\n'));
    Message::parse(text.as_bytes(), &tokyo()).expect("an answer is a message")
}

fn raw(message: &Message, segment: &str, field: usize) -> String {
    message.segment(segment).expect("the segment").field(field).raw().to_owned()
}

fn problem() -> Problem {
    Problem::at(("OBX", 3, 5), code::TYPE, "bad-value", "unit furlong is not known | use mg/dL")
}

const V25: &str =
    "MSH|^~\\&|LIS|KUH|SW|WARD|20261122081500+0900||ORU^R01^ORU_R01|A1|P|2.5||||||UNICODE UTF-8";

#[test]
fn row_21_the_plain_answer_is_right_in_every_field() {
    let text = acknowledge(&request(V25), &Answer::new(AckCode::AA, Vec::new()), &stamp());
    assert_eq!(
        text,
        "MSH|^~\\&|SW|WARD|LIS|KUH|20261122081503+0900||ACK^R01^ACK|SW-1|P|2.5||||||UNICODE UTF-8\rMSA|AA|A1\r"
    );
}

fn asks(accept: &str, application: &str) -> Header {
    let text = format!("MSH|^~\\&|LIS|KUH|SW|KUH|20261122||ORU^R01|A1|P|2.5|||{accept}|{application}");
    Header::of(&message(&text), &tokyo())
}

#[test]
fn rows_21_to_26_the_sender_says_which_answers_it_wants() {
    use AckCode::{AA, AE, AR, CA, CE, CR};
    let none: [AckCode; 0] = [];
    for (accept, application, on_success, on_error, on_rejection) in [
        ("", "", vec![AA], vec![AE], vec![AR]),
        ("AL", "NE", vec![CA], vec![CE], vec![CR]),
        ("AL", "", vec![CA], vec![CE], vec![CR]),
        ("AL", "AL", vec![CA, AA], vec![CA, AE], vec![CR]),
        ("NE", "AL", vec![AA], vec![AE], vec![AR]),
        ("", "AL", vec![AA], vec![AE], vec![AR]),
        ("NE", "", vec![AA], vec![AE], vec![AR]),
        ("NE", "NE", none.to_vec(), none.to_vec(), none.to_vec()),
        ("ER", "NE", none.to_vec(), vec![CE], vec![CR]),
        ("SU", "NE", vec![CA], none.to_vec(), none.to_vec()),
        ("NE", "ER", none.to_vec(), vec![AE], vec![AR]),
        ("ER", "AL", vec![AA], vec![AE], vec![CR]),
        ("al", "ne", vec![CA], vec![CE], vec![CR]),
    ] {
        let replies = mode(&asks(accept, application), AckMode::Auto);
        assert!(!replies.odd);
        assert_eq!(replies.codes(AA), on_success, "{accept}/{application}");
        assert_eq!(replies.codes(AE), on_error, "{accept}/{application}");
        assert_eq!(replies.codes(AR), on_rejection, "{accept}/{application}");
    }
    assert_eq!(
        mode(&asks("AL", "AL"), AckMode::Original).codes(AA),
        [AA],
        "row 23, one answer by configuration"
    );
    assert_eq!(mode(&asks("", ""), AckMode::Enhanced).codes(AE), [CE]);
    assert_eq!(mode(&asks("NE", "NE"), AckMode::Original).codes(AA), none);
}

#[test]
fn row_26_an_unknown_wish_counts_as_none() {
    let replies = mode(&asks("ACCEPT/ACKNOLWEDGE", ""), AckMode::Auto);
    assert_eq!(replies.codes(AckCode::AA), [AckCode::AA]);
    assert!(replies.odd);
}

#[test]
fn row_27_a_failed_store_is_said_with_error_207() {
    let failed = Problem::at(("MSH", 1, 0), code::INTERNAL, "journal", "cannot store now; send again later");
    for (wanted, text) in [(AckCode::AR, "AR"), (AckCode::CR, "CR")] {
        let answer = ack(&request(V25), wanted, vec![failed.clone()]);
        assert_eq!(raw(&answer, "MSA", 1), text);
        assert_eq!(raw(&answer, "ERR", 3), "207^Application internal error^HL70357");
        assert_eq!(raw(&answer, "ERR", 4), "E");
    }
}

#[test]
fn row_28_errors_are_laid_out_as_the_version_has_them() {
    let modern = ack(&request(V25), AckCode::AE, vec![problem()]);
    assert_eq!(raw(&modern, "ERR", 1), "");
    assert_eq!(raw(&modern, "ERR", 2), "OBX^3^5");
    assert_eq!(raw(&modern, "ERR", 3), "102^Data type error^HL70357");
    assert_eq!(raw(&modern, "ERR", 4), "E");
    assert_eq!(raw(&modern, "ERR", 8), "unit furlong is not known \\F\\ use mg/dL");
    assert_eq!(raw(&modern, "MSA", 3), "");

    let old = request("MSH|^~\\&|LIS|KUH|SW|WARD|20261122||ORU^R01|A1|P|2.3.1");
    let old = ack(&old, AckCode::AE, vec![problem(), problem()]);
    assert_eq!(
        raw(&old, "ERR", 1),
        "OBX^3^5^102&Data type error&HL70357~OBX^3^5^102&Data type error&HL70357"
    );
    assert_eq!(raw(&old, "MSA", 3), "unit furlong is not known \\F\\ use mg/dL");
    assert_eq!(raw(&old, "MSA", 6), "102^Data type error^HL70357");
    assert_eq!(raw(&old, "MSH", 12), "2.3.1");
    assert_eq!(old.segments().len(), 3);
}

fn refused(msh: &str, settings: &ReadSettings) -> (u16, String) {
    let refusal = read(&request(msh), settings).expect_err("refused");
    assert_eq!(refusal.code, AckCode::AR);
    (refusal.problem.code, refusal.problem.place)
}

#[test]
fn rows_28_to_31_an_envelope_that_is_not_acceptable_is_refused_with_its_code() {
    let msh = |kind: &str, id: &str, processing: &str, version: &str| {
        format!("MSH|^~\\&|LIS|KUH|SW|KUH|20261122||{kind}|{id}|{processing}|{version}")
    };
    let production = ReadSettings { processing_id: Some("P".into()), ..tokyo() };
    let place = |field: usize| format!("MSH^1^{field}");
    assert_eq!(refused(&msh("MFN^M02", "A1", "P", "2.5"), &tokyo()), (200, place(9)));
    assert_eq!(refused(&msh("", "A1", "P", "2.5"), &tokyo()), (200, place(9)));
    assert_eq!(refused(&msh("ORU^W01", "A1", "P", "2.5"), &tokyo()), (201, place(9)));
    assert_eq!(refused(&msh("ADT^A99", "A1", "P", "2.5"), &tokyo()), (201, place(9)));
    assert_eq!(refused(&msh("ORU^R01", "A1", "T", "2.5"), &production), (202, place(11)));
    assert_eq!(refused(&msh("ORU^R01", "A1", "P", "9.9"), &tokyo()), (203, place(12)));
    assert_eq!(refused(&msh("ORU^R01", "A1", "P", "2.10"), &tokyo()), (203, place(12)));
    assert_eq!(refused(&msh("ORU^R01", "A1", "P", "3"), &tokyo()), (203, place(12)));
    assert_eq!(refused(&msh("ORU^R01", "", "P", "2.5"), &tokyo()), (101, place(10)));
    for good in ["", "2", "2.1", "2.5.1", "2.8.2", "2.9", "2.5^JPN"] {
        assert!(read(&request(&msh("ORU^R01", "A1", "T", good)), &tokyo()).is_ok(), "{good}");
    }
    assert!(read(&request(&msh("ORU^R01", "A1", "", "2.5")), &production).is_ok());
    assert!(read(&request(&msh("ORU_R01", "A1", "P", "2.5")), &production).is_ok());
    assert!(read(&request(&msh("ORU^^ORU_R01", "A1", "P", "2.5")), &production).is_ok());
}

#[test]
fn row_31_without_a_control_id_msa_2_is_empty() {
    let request = request("MSH|^~\\&|LIS|KUH|SW|KUH|20261122||ORU^R01||P|2.5");
    let refusal = read(&request, &tokyo()).expect_err("refused");
    let answer = acknowledge(&request, &Answer::from(&refusal), &stamp());
    assert!(answer.contains("\rMSA|AR|\rERR||MSH^1^10|101^"), "{answer}");
}

#[test]
fn row_32_the_control_id_is_repeated_byte_for_byte() {
    let long = "9".repeat(199);
    for id in ["A\\T\\1", "A^B&C~D", " 7 ", long.as_str(), "\\", "12-Ä"] {
        let request = request(&format!("MSH|^~\\&|LIS|KUH|SW|KUH|20261122||ORU^R01|{id}|P|2.5"));
        assert_eq!(request.control_id_raw(), id);
        assert_eq!(raw(&ack(&request, AckCode::AA, Vec::new()), "MSA", 2), id);
    }
}

#[test]
fn a_control_id_cannot_smuggle_a_segment_into_the_answer() {
    let request = Message::parse(
        b"MSH|^~\\&|LIS\nx|KUH|SW|KUH|20261122||ORU^R01|A1\nevil\x1c|P|2.5\rPID|1||X",
        &tokyo(),
    )
    .expect("a message");
    let text = acknowledge(&request, &Answer::new(AckCode::AA, Vec::new()), &stamp());
    assert_eq!(text.matches('\r').count(), 2);
    assert!(frame::encode(text.as_bytes()).is_ok());
}

#[test]
fn row_33_an_answer_is_never_answered() {
    for text in [
        "MSH|^~\\&|LIS|KUH|SW|KUH|20261122||ACK^R01^ACK|A1|P|2.5|||AL|AL\nMSA|AA|SW-1",
        "MSH|^~\\&|LIS|KUH|SW|KUH|20261122||ACK|A1|P|2.5",
        "MSH|^~\\&|LIS|KUH|SW|KUH|20261122||ack|A1|P|2.5",
        "MSH|^~\\&|LIS|KUH|SW|KUH|20261122|||A1|P|2.2\nMSA|AA|SW-1",
    ] {
        let message = message(text);
        let header = Header::of(&message, &tokyo());
        assert!(header.is_answer);
        for listener in [AckMode::Auto, AckMode::Original, AckMode::Enhanced] {
            assert_eq!(mode(&header, listener).codes(AckCode::AA), []);
            assert_eq!(mode(&header, listener).codes(AckCode::AR), []);
        }
        assert_eq!(read(&message, &tokyo()).expect_err("nothing to read").problem.class, "answer");
    }
}

#[test]
fn a_response_to_a_question_nobody_asked_is_refused_by_its_type() {
    let text = "MSH|^~\\&|ALARM|KUH|SW|KUH|20261122||RSP^K22|A1|P|2.6\nMSA|AA|SW-1";
    let refusal = read(&message(text), &tokyo()).expect_err("refused");
    assert_eq!((refusal.code, refusal.problem.class), (AckCode::AR, "unsupported-message"));
}

#[test]
fn a_listener_reads_only_the_types_it_is_for() {
    let settings = ReadSettings { accept: vec!["oru".into(), "ADT^A01".into()], ..tokyo() };
    let refused = |kind: &str| {
        let text = format!("MSH|^~\\&|L|K|S|K|20261122||{kind}|A1|P|2.5\nEVN||20261122\nPID|1||X");
        read(&message(&text), &settings).err().map(|refusal| refusal.problem.class)
    };
    assert_eq!(refused("ORU^R01"), None);
    assert_eq!(refused("ADT^A01"), None);
    assert_eq!(refused("ADT^A02"), Some("unsupported-message"));
}

#[test]
fn the_event_of_an_old_message_stands_in_evn_1() {
    let header = Header::of(&message("MSH|^~\\&|L|K|S|K|2026||adt|A1|P|2.1\nEVN|A03|20261122"), &tokyo());
    assert_eq!(header.kind(), "ADT^A03");
}

#[test]
fn row_34_custom_delimiters_are_used_for_the_answer_too() {
    let text = "MSH!@~\\%!LIS!KUH!SW!WARD!20261122!!ORU@R01@ORU_R01!A%1!P!2.5\n\
                PID!1!!CT0007@@@KUH@MR\nOBR!1\nOBX!1!NM!8310-5@T@LN!!36.6!Cel!!!!!F";
    let request = message(text);
    let content = read(&request, &tokyo()).expect("content");
    assert_eq!(content.groups[0].patient.as_ref().expect("a patient").id.as_str(), "CT0007");
    assert_eq!(readings(&content)[0].codings[0].system, "LN");
    let answer = acknowledge(&request, &Answer::new(AckCode::AE, vec![problem()]), &stamp());
    assert_eq!(
        answer,
        "MSH!@~\\%!SW!WARD!LIS!KUH!20261122081503+0900!!ACK@R01@ACK!SW-1!P!2.5\rMSA!AE!A%1\r\
         ERR!!OBX@3@5!102@Data type error@HL70357!E!bad-value!!!unit furlong is not known | use mg/dL\r"
    );
    let request = message("MSH|^~\\&#|LIS|KUH|SW|WARD|20261122||ORU^R01|A1|P|2.7\nPID|1||X");
    let answer = acknowledge(&request, &Answer::new(AckCode::AA, Vec::new()), &stamp());
    assert!(answer.starts_with("MSH|^~\\&#|SW|WARD|LIS|KUH|"), "{answer}");
    assert!(answer.ends_with("MSA|AA|A1\r"));
    for poor in ["MSH|^|LIS|KUH|SW|WARD|2026||ORU^R01|A1|P|2.3", "MSH||LIS|KUH|SW|WARD|2026||ORU|A1|P|2.3"] {
        let text = acknowledge(&message(poor), &Answer::new(AckCode::AE, vec![problem()]), &stamp());
        assert!(text.contains("\rMSA|AE|A1|unit furlong"), "{text}");
    }
}

#[test]
fn row_35_what_has_no_header_gets_ar_with_error_100() {
    let text = acknowledge_unreadable("the text does not begin with MSH | send HL7", &stamp());
    let answer = Message::parse(text.as_bytes(), &tokyo()).expect("an answer is a message");
    assert_eq!((raw(&answer, "MSA", 1), raw(&answer, "MSA", 2)), ("AR".into(), String::new()));
    assert_eq!(raw(&answer, "ERR", 3), "100^Segment sequence error^HL70357");
    assert_eq!(
        answer.segment("ERR").expect("ERR").field(8).text(),
        "the text does not begin with MSH | send HL7"
    );
    assert!(text.ends_with('\r'));
}

#[test]
fn row_09_and_44_an_unreadable_body_is_answered_by_its_head() {
    let text = |raw: &[u8], answer: &Answer| {
        let answers = answers_to_bytes(raw, &tokyo(), AckMode::Auto, answer, &stamp());
        answers.into_iter().map(|bytes| String::from_utf8(bytes).expect("text")).collect::<Vec<String>>()
    };
    let head = format!("{V25}\rPID|1||half of a mess");
    let large = &text(head.as_bytes(), &Answer::too_large(4096))[0];
    assert!(large.contains("\rMSA|AR|A1\rERR||MSH^1|207^"), "{large}");
    let stray = Answer::from(&Malformed::Stray { line: 3 });
    let stray = &text(head.as_bytes(), &stray)[0];
    assert!(stray.contains("\rMSA|AE|A1\rERR||MSH^1|100^"), "{stray}");
    let nothing = &text(b"hello", &Answer::from(&Malformed::NoHeader))[0];
    assert!(nothing.contains("\rMSA|AR|\r"), "{nothing}");
    let ack = b"MSH|^~\\&|LIS|KUH|SW|KUH|20261122||ACK^R01|A1|P|2.5\rMSA";
    assert!(text(ack, &Answer::too_large(4096)).is_empty());
    let silent = b"MSH|^~\\&|LIS|KUH|SW|KUH|20261122||ORU^R01|A1|P|2.5|||NE|NE\rPID";
    assert!(text(silent, &Answer::too_large(4096)).is_empty(), "who wants no answer gets none");
}

#[test]
fn row_37_and_38_a_repetition_differs_in_nothing_but_its_stamp() {
    let at = |time: &str, value: &str| {
        message(&format!("MSH|^~\\&|LIS|KUH|SW|KUH|{time}||ORU^R01|A1|P|2.5\nPID|1||X\nOBX|1|NM|a||{value}"))
    };
    let (first, again, other) =
        (at("20261122081500", "1"), at("20261122081700+0900", "1"), at("20261122081500", "2"));
    assert_eq!(first.without_time(), again.without_time());
    assert_ne!(first.without_time(), other.without_time());
    assert_eq!(message("MSH|^~\\&|LIS").without_time(), ["MSH|^~\\&|LIS", ""]);
}

#[test]
fn part_of_a_message_unused_is_a_warning() {
    let answer = ack(&request(V25), AckCode::AA, vec![problem()]);
    assert_eq!(raw(&answer, "ERR", 4), "W");
    let many = vec![problem(); 1000];
    let answer = ack(&request(V25), AckCode::AA, many);
    assert_eq!(answer.segments().len(), 2 + 50 + 1);
    assert!(answer.segments().last().expect("a last").field(8).raw().contains("950"));
}

#[test]
fn row_40_the_sequence_number_is_read_and_the_expected_one_said() {
    let header =
        |n: &str| Header::of(&message(&format!("MSH|^~\\&|L|K|S|K|2026||ORU^R01|A1|P|2.5|{n}")), &tokyo());
    assert_eq!(header("-1").sequence, Some(-1));
    assert_eq!(header("0").sequence, Some(0));
    assert_eq!(header("17").sequence, Some(17));
    assert_eq!(header("x").sequence, None);
    let answer = Answer { expected_sequence: Some(18), ..Answer::new(AckCode::AA, Vec::new()) };
    assert!(acknowledge(&request(V25), &answer, &stamp()).ends_with("MSA|AA|A1||18\r"));
}

#[test]
fn row_41_a_batch_is_taken_apart_and_its_count_compared() {
    let one = |id: &str| format!("MSH|^~\\&|LIS|KUH|SW|KUH|20261122||ORU^R01|{id}|P|2.5\rPID|1||X\r");
    let text = format!("FHS|^~\\&|LIS\rBHS|^~\\&|LIS\r{}{}{}BTS|4\rFTS|1\r", one("A1"), one("A2"), one("A3"));
    let batch = split(text.as_bytes());
    let ids: Vec<String> = batch
        .messages
        .iter()
        .map(|raw| Message::parse(raw, &tokyo()).expect("a message").control_id_raw().to_owned())
        .collect();
    assert_eq!(ids, ["A1", "A2", "A3"]);
    assert!(batch.is_batch && batch.is_miscounted() && !batch.stray);
    assert_eq!(batch.declared, Some(4));
    let last = std::str::from_utf8(batch.messages[2]).expect("text");
    assert!(!last.contains("BTS"));
    let right = text.replace("BTS|4", "BTS|3");
    assert!(!split(right.as_bytes()).is_miscounted());
    let two = one("A1") + &one("A2");
    assert_eq!(split(two.replace('\r', "\r\n").as_bytes()).messages.len(), 2);
    assert!(split(two.as_bytes()).is_batch);
    let single = one("A1");
    assert_eq!(split(single.as_bytes()).messages, [single.as_bytes()]);
    assert!(!split(single.as_bytes()).is_batch);
    let marked = format!("\u{feff}{single}");
    assert_eq!(split(marked.as_bytes()).messages, [single.as_bytes()]);
}

#[test]
fn text_before_the_first_message_of_a_frame_is_not_thrown_away() {
    let text = b"OBX|9|NM|rest of a message\rMSH|^~\\&|LIS||||||ORU^R01|A1\r".as_slice();
    assert_eq!(split(text).messages, [text]);
    assert_eq!(split(b"hello").messages, [b"hello"]);
    assert_eq!(split(b"").messages, [b""]);
}

#[test]
fn two_messages_read_as_one_are_refused() {
    let text = "MSH|^~\\&|L|K|S|K|2026||ORU^R01|A1|P|2.5\nPID|1||X\nMSH|^~\\&|L|K|S|K|2026||ORU^R01|A2|P|2.5\nPID|1||Y";
    let message = message(text);
    assert_eq!(message.segments().len(), 4, "nothing is lost");
    assert_eq!(read(&message, &tokyo()).expect_err("refused").problem.class, "two-messages");
}

#[test]
fn row_42_a_part_of_a_message_is_never_read_as_the_whole() {
    let head = "MSH|^~\\&|LIS|KUH|SW|KUH|20261122||ORU^R01|A1|P|2.5";
    for text in [
        format!("{head}\nPID|1||X\nDSC|next-1"),
        format!("{head}||next-1\nPID|1||X"),
        format!("{head}\nADD|more\nOBX|1|NM|a||1"),
    ] {
        let refusal = read(&message(&text), &tokyo()).expect_err("refused");
        assert_eq!(
            (refusal.code, refusal.problem.code, refusal.problem.class),
            (AckCode::AR, 207, "continuation")
        );
    }
    assert!(read(&message(&format!("{head}\nPID|1||CT1\nDSC|")), &tokyo()).is_ok());
}

#[test]
fn types_the_site_ignores_are_accepted_and_give_nothing() {
    let settings = ReadSettings { ignore: vec!["MDM".into(), "ADT^A60".into()], ..tokyo() };
    for kind in ["MDM^T02", "ADT^A60"] {
        let text = format!("MSH|^~\\&|LIS|KUH|SW|KUH|20261122||{kind}|A1|P|2.5\nPID|1||X");
        let content = read(&message(&text), &settings).expect("accepted");
        assert!(content.ignored && content.groups.is_empty());
    }
    let text = "MSH|^~\\&|LIS|KUH|SW|KUH|20261122||ADT^A61|A1|P|2.5\nPID|1||X";
    assert!(read(&message(text), &settings).is_err());
}
