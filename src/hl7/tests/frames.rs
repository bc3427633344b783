//! Rows 1 to 19 of the conformance table, as far as they concern bytes.

use bytes::BytesMut;
use proptest::prelude::*;
use tokio_util::codec::Decoder;

use super::*;
use crate::hl7::frame::{encode, unframed};

const FIRST: &str = "MSH|^~\\&|LIS|KUH|SW|KUH|20261122081500+0900||ORU^R01|A1|P|2.5\r\
                     PID|1||CT0001^^^KUH^MR\rOBR|1|||X\rOBX|1|NM|8310-5^T^LN||36.6|Cel|||||F\r";
const SECOND: &str = "MSH|^~\\&|LIS|KUH|SW|KUH|20261122081501+0900||ORU^R01|A2|P|2.5\r\
                      PID|1||CT0002^^^KUH^MR\rOBR|1|||X\rOBX|1|NM|8310-5^T^LN||40.1|Cel|||||F\r";

fn two_in_one_read() -> Vec<u8> {
    let mut bytes = encode(FIRST.as_bytes()).expect("framable");
    bytes.extend(encode(SECOND.as_bytes()).expect("framable"));
    bytes
}

fn framer() -> Framer {
    Framer::new(FrameLimits::default())
}

fn all(framer: &mut Framer) -> Vec<Framed> {
    std::iter::from_fn(|| framer.next()).collect()
}

fn cut(pieces: &[&[u8]]) -> Vec<Framed> {
    let mut framer = framer();
    let mut found = Vec::new();
    for piece in pieces {
        framer.push(piece);
        found.extend(all(&mut framer));
    }
    found
}

fn text(framed: &Framed) -> &str {
    match framed {
        Framed::Message(bytes) => std::str::from_utf8(bytes).expect("text"),
        other => panic!("no message: {other:?}"),
    }
}

#[test]
fn two_messages_in_one_read_keep_both_patients() {
    let found = cut(&[&two_in_one_read()]);
    assert_eq!(found.len(), 2);
    let mut seen = Vec::new();
    for framed in &found {
        let message = Message::parse(text(framed).as_bytes(), &tokyo()).expect("a message");
        let content = read(&message, &tokyo()).expect("content");
        let patient = content.groups[0].patient.as_ref().expect("a patient").id.to_string();
        let value = readings(&content)[0].value.clone();
        seen.push((message.control_id_raw().to_owned(), patient, value));
    }
    use crate::model::RawValue::Number;
    assert_eq!(
        seen,
        [
            ("A1".into(), "CT0001".into(), Number("36.6".into())),
            ("A2".into(), "CT0002".into(), Number("40.1".into())),
        ]
    );
}

/// Why the framing is our own: the published codec makes one frame of the two, and the second patient's fever
/// would be gone without an error.
#[test]
fn the_published_codec_loses_the_second_of_two_messages() {
    let mut codec = hl7_mllp_codec::MllpCodec::new();
    let mut buffer = BytesMut::from(two_in_one_read().as_slice());
    let only = codec.decode(&mut buffer).expect("no error is reported").expect("a frame");
    assert!(only.windows(2).any(|pair| pair == [0x1c, b'\r']), "the first frame's end lies inside");
    assert_eq!(codec.decode(&mut buffer).expect("no error is reported"), None, "and nothing follows");
}

/// And it panics where the end of a frame comes before its beginning.
#[test]
fn the_published_codec_panics_on_a_trailer_before_a_header() {
    let outcome = std::panic::catch_unwind(|| {
        let mut codec = hl7_mllp_codec::MllpCodec::new();
        codec.decode(&mut BytesMut::from(&b"\x1c\r\x0bMSH"[..])).map(|_| ())
    });
    assert!(outcome.is_err());
}

#[test]
fn row_01_one_frame_in_one_read_is_one_message() {
    let found = cut(&[&encode(FIRST.as_bytes()).expect("framable")]);
    assert_eq!(found, [Framed::Message(FIRST.as_bytes().to_vec())]);
}

#[test]
fn row_02_one_byte_a_read_gives_the_same() {
    let bytes = two_in_one_read();
    let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(cut(&pieces), cut(&[&bytes]));
}

#[test]
fn row_03_two_frames_in_one_read_come_in_order() {
    let found = cut(&[&two_in_one_read()]);
    assert_eq!(found.iter().map(text).collect::<Vec<_>>(), [FIRST, SECOND]);
}

#[test]
fn row_04_one_and_a_half_frames_are_one_then_one() {
    let bytes = two_in_one_read();
    let middle = FIRST.len() + 3 + SECOND.len() / 2;
    let mut framer = framer();
    framer.push(&bytes[..middle]);
    assert_eq!(all(&mut framer).iter().map(text).collect::<Vec<_>>(), [FIRST]);
    assert!(framer.in_frame());
    framer.push(&bytes[middle..]);
    assert_eq!(all(&mut framer).iter().map(text).collect::<Vec<_>>(), [SECOND]);
    assert!(!framer.in_frame());
}

#[test]
fn row_05_fs_and_cr_may_come_in_different_reads() {
    let bytes = encode(FIRST.as_bytes()).expect("framable");
    let (most, cr) = bytes.split_at(bytes.len() - 1);
    let mut framer = framer();
    framer.push(most);
    assert_eq!(framer.next(), None);
    framer.push(cr);
    assert_eq!(all(&mut framer).iter().map(text).collect::<Vec<_>>(), [FIRST]);
}

#[test]
fn row_06_a_trailer_before_the_header_is_garbage_and_no_panic() {
    let mut framer = framer();
    framer.push(b"\x1c\r");
    framer.push(&encode(FIRST.as_bytes()).expect("framable"));
    assert_eq!(all(&mut framer).iter().map(text).collect::<Vec<_>>(), [FIRST]);
    assert_eq!(framer.garbage_bytes(), 2);
}

#[test]
fn row_07_bytes_between_frames_are_counted_and_ignored() {
    let mut framer = framer();
    for body in [FIRST, SECOND] {
        framer.push(b"\n\0  ");
        framer.push(&encode(body.as_bytes()).expect("framable"));
    }
    assert_eq!(all(&mut framer).iter().map(text).collect::<Vec<_>>(), [FIRST, SECOND]);
    assert_eq!(framer.garbage_bytes(), 8);
}

#[test]
fn row_08_too_much_garbage_ends_the_connection_and_keeps_nothing() {
    let mut framer = framer();
    let mut found = Vec::new();
    for _ in 0..100 {
        framer.push(&[b'x'; 1000]);
        found.extend(all(&mut framer));
    }
    assert_eq!(found, [Framed::Garbage]);
    framer.push(&encode(FIRST.as_bytes()).expect("framable"));
    assert_eq!(framer.next(), None, "an abandoned connection stays abandoned");
}

#[test]
fn row_09_a_frame_above_the_limit_gives_its_head_and_no_more() {
    let mut framer = Framer::new(FrameLimits { max_frame: 10_000, ..FrameLimits::default() });
    framer.push(b"\x0b");
    framer.push(FIRST.as_bytes());
    let mut found = Vec::new();
    for _ in 0..100 {
        framer.push(&[b'A'; 1000]);
        found.extend(all(&mut framer));
    }
    let [Framed::TooLarge { head }] = found.as_slice() else { panic!("{found:?}") };
    assert!(head.len() <= 4096);
    let message = Message::head(head, &tokyo()).expect("its MSH is readable");
    assert_eq!(message.control_id_raw(), "A1");
    framer.push(b"\x1c\r");
    framer.push(&encode(SECOND.as_bytes()).expect("framable"));
    assert_eq!(all(&mut framer).iter().map(text).collect::<Vec<_>>(), [SECOND]);
}

#[test]
fn row_09_a_frame_at_the_limit_is_taken() {
    let limits = FrameLimits { max_frame: FIRST.len(), ..FrameLimits::default() };
    let mut framer = Framer::new(limits);
    framer.push(&encode(FIRST.as_bytes()).expect("framable"));
    assert_eq!(all(&mut framer).iter().map(text).collect::<Vec<_>>(), [FIRST]);
    let mut framer = Framer::new(FrameLimits { max_frame: FIRST.len() - 1, ..limits });
    framer.push(&encode(FIRST.as_bytes()).expect("framable"));
    assert!(matches!(framer.next(), Some(Framed::TooLarge { .. })));
}

#[test]
fn row_10_a_frame_begun_anew_drops_the_earlier_half() {
    let found = cut(&[b"\x0bMSH|half", &encode(SECOND.as_bytes()).expect("framable")]);
    assert_eq!(found[0], Framed::Truncated { partial: b"MSH|half".to_vec() });
    assert_eq!(text(&found[1]), SECOND);
    assert_eq!(found.len(), 2);
}

#[test]
fn row_11_fs_without_cr_is_text_when_strict_and_an_end_when_lenient() {
    assert_eq!(cut(&[b"\x0bab\x1ccd\x1c\r"]), [Framed::Message(b"ab\x1ccd".to_vec())]);
    let mut lenient = Framer::new(FrameLimits { lenient_end: true, ..FrameLimits::default() });
    lenient.push(b"\x0bab\x1c\x0bcd\x1c");
    assert_eq!(all(&mut lenient), [Framed::Message(b"ab".to_vec()), Framed::Message(b"cd".to_vec())]);
    lenient.push(b"\r\x0bef\x1c\r");
    assert_eq!(all(&mut lenient), [Framed::Message(b"ef".to_vec())]);
    lenient.push(b"\x0bgh\x1c\r");
    assert_eq!(all(&mut lenient), [Framed::Message(b"gh".to_vec())]);
    assert_eq!(lenient.garbage_bytes(), 0, "the CR belongs to the frame it follows");
}

#[test]
fn row_12_fs_inside_text_is_kept() {
    assert_eq!(cut(&[b"\x0ba\x1c\x1cb\x1c\x1c\r"]), [Framed::Message(b"a\x1c\x1cb\x1c".to_vec())]);
}

#[test]
fn row_13_a_connection_that_ends_inside_a_frame_leaves_no_message() {
    let mut framer = framer();
    framer.push(b"\x0bMSH|half");
    assert_eq!(framer.next(), None);
    assert_eq!(framer.finish(), Some(Framed::Truncated { partial: b"MSH|half".to_vec() }));
    assert_eq!(framer.finish(), None);
    let mut framer = super::frames::framer();
    framer.push(b"\x0bMSH|x\x1c");
    assert_eq!(framer.next(), None);
    assert_eq!(framer.finish(), Some(Framed::Truncated { partial: b"MSH|x\x1c".to_vec() }));
}

#[test]
fn row_14_and_15_a_caller_can_tell_a_stall_from_an_idle_line() {
    let mut framer = framer();
    assert!(!framer.in_frame());
    framer.push(b"\x0bMSH");
    assert_eq!(framer.next(), None);
    assert!(framer.in_frame());
    framer.push(b"|\x1c\r");
    assert!(framer.next().is_some());
    assert!(!framer.in_frame());
}

#[test]
fn row_16_an_empty_frame_is_empty() {
    assert_eq!(cut(&[b"\x0b\x1c\r"]), [Framed::Empty]);
}

#[test]
fn row_17_commit_acknowledgements_are_not_hl7() {
    let found = cut(&[b"\x0b\x06\x1c\r\x0b\x15\x1c\r"]);
    assert_eq!(found, [Framed::CommitAck { positive: true }, Framed::CommitAck { positive: false }]);
}

#[test]
fn row_19_http_and_tls_on_the_plain_port_are_known_at_once() {
    for greeting in [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".as_slice(), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"]
    {
        assert_eq!(cut(&[greeting]), [Framed::Garbage]);
        let pieces: Vec<&[u8]> = greeting.chunks(1).collect();
        assert_eq!(cut(&pieces), [Framed::Garbage]);
    }
}

#[test]
fn a_frame_mark_inside_an_answer_is_refused() {
    assert_eq!(encode(b"a\x0bb"), Err(Unframeable { at: 1, byte: 0x0b }));
    assert_eq!(encode(b"ab\x1c"), Err(Unframeable { at: 2, byte: 0x1c }));
    assert_eq!(encode(b"ab"), Ok(b"\x0bab\x1c\r".to_vec()));
}

#[test]
fn hl7_in_a_frame_is_taken_out_of_it() {
    assert_eq!(unframed(b"\x0bMSH|^~\\&|\rPID|1\r\x1c\r"), b"MSH|^~\\&|\rPID|1\r");
    assert_eq!(unframed(b"MSH|^~\\&|\r"), b"MSH|^~\\&|");
}

#[test]
fn a_long_frame_in_small_reads_comes_whole() {
    let body = vec![b'A'; 2 * 1024 * 1024];
    let frame = encode(&body).expect("framable");
    let mut framer = framer();
    let mut found = Vec::new();
    for piece in frame.chunks(1400) {
        framer.push(piece);
        found.extend(all(&mut framer));
    }
    assert_eq!(found, [Framed::Message(body)]);
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\x0b".to_vec()),
        Just(b"\x1c\r".to_vec()),
        Just(b"\x1c".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"\x06".to_vec()),
        Just(FIRST.as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..30),
    ];
    proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_stream_cut_anywhere_gives_the_same_frames(bytes in stream(), sizes in proptest::collection::vec(1usize..40, 1..60), lenient: bool) {
        let limits = FrameLimits { max_frame: 400, max_garbage: 100, lenient_end: lenient };
        let mut whole = Framer::new(limits);
        whole.push(&bytes);
        let mut expected = all(&mut whole);
        expected.extend(whole.finish());

        let mut pieces = Framer::new(limits);
        let mut found = Vec::new();
        let mut rest = bytes.as_slice();
        let mut sizes = sizes.iter().cycle();
        while !rest.is_empty() {
            let size = (*sizes.next().expect("endless")).min(rest.len());
            pieces.push(&rest[..size]);
            found.extend(all(&mut pieces));
            rest = &rest[size..];
        }
        found.extend(pieces.finish());
        prop_assert_eq!(&found, &expected);
        for framed in &found {
            match framed {
                Framed::Message(body) | Framed::Truncated { partial: body } => prop_assert!(body.len() <= 401),
                Framed::TooLarge { head } => prop_assert!(head.len() <= 4096),
                Framed::CommitAck { .. } | Framed::Garbage | Framed::Empty => {}
            }
        }
    }

    #[test]
    fn what_is_framed_comes_out_again(bodies in proptest::collection::vec("[^\u{b}\u{1c}]{2,200}", 1..8)) {
        let mut framer = framer();
        for body in &bodies {
            framer.push(&encode(body.as_bytes()).expect("no marks inside"));
        }
        let found = all(&mut framer);
        prop_assert_eq!(found.iter().map(text).collect::<Vec<_>>(), bodies);
    }
}
