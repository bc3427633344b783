//! Rows 43 to 56 of the conformance table: line ends, odd segments, escapes and character sets.

use super::*;

const MSH: &str = "MSH|^~\\&|LIS|KUH|SW|KUH|20261122081500+0900||ORU^R01^ORU_R01|A1|P|2.5";

fn names(message: &Message) -> Vec<&str> {
    message.segments().map(|segment| segment.name()).collect()
}

fn parse(raw: &[u8]) -> Message {
    Message::parse(raw, &tokyo()).expect("a message")
}

/// ISO-2022-JP, as a sender in Japan writes it.
fn jis(text: &str) -> Vec<u8> {
    Charset::Iso2022Jp.encode(text)
}

#[test]
fn row_43_every_kind_of_line_end_keeps_every_segment() {
    for end in ["\r", "\n", "\r\n", "\r\n\r\n", "\n\r"] {
        let text = [MSH, "PID|1||X", "OBR|1", "OBX|1|NM|a||1"].join(end);
        assert_eq!(names(&parse(text.as_bytes())), ["MSH", "PID", "OBR", "OBX"], "{end:?}");
        assert_eq!(names(&parse((text + end).as_bytes())), ["MSH", "PID", "OBR", "OBX"], "{end:?}");
    }
    let mixed = format!("{MSH}\rPID|1||X\nOBR|1\r\n\r\n  \nOBX|1|NM|a||1");
    let message = parse(mixed.as_bytes());
    assert_eq!(names(&message), ["MSH", "PID", "OBR", "OBX"]);
    assert_eq!(message.warnings(), []);
    assert_eq!(message.segments().nth(3).expect("OBX").field(5).raw(), "1");
}

#[test]
fn row_44_a_line_end_inside_a_field_is_joined_or_refused() {
    let text = format!("{MSH}\rOBR|1||||||||||||pain\rsince Monday\r\rworse|15\rOBX|1|NM|a||1");
    let message = parse(text.as_bytes());
    assert_eq!(names(&message), ["MSH", "OBR", "OBX"]);
    let obr = message.segment("OBR").expect("OBR");
    assert_eq!(obr.field(13).raw(), "pain\rsince Monday\r\rworse");
    assert_eq!(obr.field(14).raw(), "15");
    assert_eq!(message.warnings(), [Warning::Joined { line: 3 }, Warning::Joined { line: 4 }]);
    let strict = ReadSettings { strict: true, ..tokyo() };
    let refused = Message::parse(text.as_bytes(), &strict).expect_err("strict");
    assert_eq!(refused, Malformed::Stray { line: 3 });
    let answer = Answer::from(&refused);
    assert_eq!((answer.code, answer.problems[0].code), (AckCode::AE, 100));
}

#[test]
fn a_line_feed_inside_a_field_is_text_where_segments_end_at_cr() {
    let text = format!("{MSH}\rOBX|1|TX|a||first\nsecond|x\rOBX|2|NM|a||1");
    let message = parse(text.as_bytes());
    assert_eq!(names(&message), ["MSH", "OBX", "OBX"]);
    assert_eq!(message.segments().nth(1).expect("OBX").field(5).raw(), "first\nsecond");
    let strict =
        Message::parse(text.as_bytes(), &ReadSettings { strict: true, ..tokyo() }).expect("no stray line");
    assert_eq!(names(&strict), ["MSH", "OBX", "OBX"]);
    let feeds = text.replace('\r', "\r\n").replace("first\nsecond", "first");
    let strict = Message::parse(feeds.as_bytes(), &ReadSettings { strict: true, ..tokyo() }).expect("CR LF");
    assert_eq!(names(&strict), ["MSH", "OBX", "OBX"]);
}

#[test]
fn row_45_fieldless_local_and_unknown_segments_lose_nothing() {
    let text = format!("{MSH}\rPID|1||X\rPV1\rZZ1|a|b\rQQQ|1\rEVN  \rOBX|1|NM|a||1");
    let message = parse(text.as_bytes());
    assert_eq!(names(&message), ["MSH", "PID", "PV1", "ZZ1", "QQQ", "EVN", "OBX"]);
    let pv1 = message.segment("PV1").expect("PV1");
    assert_eq!((pv1.field_count(), pv1.field(3).raw(), pv1.field(0).raw()), (0, "", ""));
    assert_eq!(message.segment("ZZ1").expect("ZZ1").field(2).raw(), "b");
    assert_eq!(message.segment("OBX").expect("OBX").field(5).raw(), "1");
    assert_eq!(message.warnings(), []);
}

#[test]
fn row_46_a_two_letter_segment_harms_neither_side() {
    let text = format!("{MSH}\rOBX|1|NM|a||1|mg\rPV|x|y\r  NTE|1||indented\rOBX|2|NM|b||2");
    let message = parse(text.as_bytes());
    assert_eq!(names(&message), ["MSH", "OBX", "PV", "NTE", "OBX"]);
    assert_eq!(message.segments().nth(1).expect("OBX").field_count(), 6);
    assert_eq!(message.segments().nth(4).expect("OBX").field(5).raw(), "2");
    assert_eq!(message.warnings(), [Warning::OddSegment { line: 3 }, Warning::OddSegment { line: 4 }]);
    let typed = parse(format!("{MSH}\rPID |1||X\rOBX|1|NM|a||1").as_bytes());
    assert_eq!(names(&typed), ["MSH", "PID", "OBX"]);
    assert_eq!(typed.segment("PID").expect("PID").field(3).raw(), "X");
}

#[test]
fn row_47_a_byte_order_mark_is_passed_over() {
    let message = parse(format!("\u{feff}{MSH}\rPID|1||X").as_bytes());
    assert_eq!(message.control_id_raw(), "A1");
    assert_eq!(message.warnings(), [Warning::ByteOrderMark]);
    let message = parse(format!("\r\n\u{b}{MSH}\rPID|1||X").as_bytes());
    assert_eq!(message.control_id_raw(), "A1");
}

#[test]
fn row_48_escape_sequences_become_what_they_stand_for() {
    let text = |raw: &str| escape::unescape(raw, &Delimiters::USUAL).into_owned();
    for (raw, wanted) in [
        ("\\F\\\\S\\\\T\\\\R\\\\E\\", "|^&~\\"),
        ("a\\X0D0A\\b", "a\r\nb"),
        ("\\X303A\\", "0:"),
        ("\\XE4BAAC\\", "京"),
        ("\\XE9\\", "é"),
        ("\\X0\\ \\XZZ\\ \\X\\", "\\X0\\ \\XZZ\\ \\X\\"),
        ("one\\.br\\two\\.sp2\\three\\.sk3\\four", "one\ntwo\n\nthree   four"),
        ("\\.in+4\\\\.ti-2\\\\.fi\\\\.nf\\text\\.ce\\middle", "text\nmiddle"),
        ("\\.xx\\ \\.b\\ \\.\\", "\\.xx\\ \\.b\\ \\.\\"),
        ("\\H\\12.5\\N\\", "12.5"),
        ("\\Zxx\\ \\C2842\\ \\M2442\\", "\\Zxx\\ \\C2842\\ \\M2442\\"),
        ("\\P\\", "#"),
        ("\\.sp99999999999\\", "\n".repeat(80).as_str()),
    ] {
        assert_eq!(text(raw), wanted, "{raw}");
    }
}

#[test]
fn row_49_unfinished_sequences_lose_nothing() {
    let text = |raw: &str| escape::unescape(raw, &Delimiters::USUAL).into_owned();
    for (raw, wanted) in [
        ("CRP \\ 38.5", "CRP \\ 38.5"),
        ("A\\E\\R\\B", "A\\R\\B"),
        ("a\\", "a\\"),
        ("\\", "\\"),
        ("\\\\", "\\\\"),
        ("\\\\\\", "\\\\\\"),
        ("5 \\ 6 \\F\\ 7", "5 \\ 6 | 7"),
        ("C:\\temp\\file", "C:\\temp\\file"),
    ] {
        assert_eq!(text(raw), wanted, "{raw}");
    }
}

#[test]
fn row_50_a_level_without_a_delimiter_does_not_exist() {
    let text = "MSH|^~|LIS|KUH|SW|KUH|20261122||ORU^R01|A1|P|2.5\rOBX|1|ST|a^b&c||x \\T\\ y&z~w";
    let message = parse(text.as_bytes());
    let obx = message.segment("OBX").expect("OBX");
    assert_eq!(obx.field(3).component(2).text(), "b&c");
    assert_eq!(obx.field(3).component(2).subcomponents().count(), 1);
    assert_eq!(obx.field(5).component(1).text(), "x \\T\\ y&z");
    assert_eq!(obx.field(5).repetitions().count(), 2);
    let none = parse(b"MSH||LIS|KUH|SW|KUH|20261122||ORU^R01|A1|P|2.5\rOBX|1|ST|a^b~c");
    assert_eq!(none.control_id_raw(), "A1");
    assert_eq!(none.segment("OBX").expect("OBX").field(3).component(1).raw(), "a^b~c");
}

#[test]
fn delimiters_that_repeat_or_are_letters_separate_nothing() {
    let message = parse(b"MSH|&&&&|LIS|KUH|SW|KUH|20261122||ORU&R01|A1|P|2.5\rOBX|1|ST|a&b^c~d");
    assert_eq!(message.control_id_raw(), "A1");
    assert_eq!(message.warnings(), [Warning::OddDelimiters]);
    assert_eq!(message.segment("OBX").expect("OBX").field(3).component(2).raw(), "b^c~d");
    let letters = parse(b"MSH|abcd|LIS|KUH|SW|KUH|20261122||ORU^R01|A1|P|2.5\rPID|1||X");
    assert_eq!(letters.control_id_raw(), "A1");
    let refusal = read(&letters, &tokyo()).expect_err("nothing can be trusted to it");
    assert_eq!((refusal.code, refusal.problem.place.as_str()), (AckCode::AR, "MSH^1^2"));
    for other in ["MSH|^~\\}|", "MSH|^~&\\|", "MSH|^~\\&#|", "MSH|^~\\&#!?|", "MSH^~|\\&^"] {
        let separator = &other[3..4];
        let fields = ["", "", "", "", "2026", "", "ORU", "ID-9", "P", "2.5"].join(separator);
        let message = parse(format!("{other}{fields}\rPID{separator}1").as_bytes());
        assert_eq!(message.control_id_raw(), "ID-9", "{other}");
        assert_eq!(message.msh().field(12).raw(), "2.5", "{other}");
    }
}

/// ISO-2022-JP in PID-11: the kanji for "capital" is the bytes of `5~`, and others hold `|` and `^`.
#[test]
fn row_51_kanji_shift_no_field() {
    let mut raw = format!("{MSH}||||||~ISO IR87||ISO 2022-1994\rPID|1||CT0007||").into_bytes();
    raw.extend(jis("患者^太郎^^^^^L^I~カンジャ^タロウ^^^^^L^P||19600101|M|||東京都京橋1-2^^東京"));
    raw.extend(b"|next\rOBX|1|NM|a||1");
    assert!(jis("東京").iter().any(|byte| b"|^~\\&".contains(byte)), "a delimiter hides in the bytes");
    let message = parse(&raw);
    assert_eq!(message.charset(), Charset::Iso2022Jp);
    let pid = message.segment("PID").expect("PID");
    assert_eq!(pid.field(11).component(1).text(), "東京都京橋1-2");
    assert_eq!(pid.field(11).component(3).text(), "東京");
    assert_eq!(pid.field(12).raw(), "next");
    assert_eq!(pid.field(5).repetitions().count(), 2);
    assert_eq!(message.warnings(), []);
}

#[test]
fn row_52_kanji_before_msh_18_leave_the_control_id_right() {
    let mut raw = b"MSH|^~\\&|LIS|".to_vec();
    raw.extend(jis("京都大学病院"));
    raw.extend(b"|SW|KUH|20261122081500||ORU^R01|KANJI-7|P|2.5||||||~ISO IR87||ISO 2022-1994\rPID|1||X");
    let message = parse(&raw);
    assert_eq!(message.control_id_raw(), "KANJI-7");
    assert_eq!(message.msh().field(4).text(), "京都大学病院");
    let answer = acknowledge(&message, &Answer::new(AckCode::AA, Vec::new()), &stamp());
    let again = parse(&message.encode(&answer));
    assert_eq!(again.msh().field(6).text(), "京都大学病院");
    assert_eq!(again.segment("MSA").expect("MSA").field(2).raw(), "KANJI-7");

    let shift = encoding_rs::SHIFT_JIS.encode("表|ソ能").0;
    let mut raw = b"MSH|^~\\&|LIS|".to_vec();
    raw.extend(shift.iter());
    raw.extend(b"|KUH|20261122081500||ORU^R01|SJIS-7|P|2.5\rPID|1||X");
    let settings = ReadSettings { fallback: Charset::ShiftJis, ..tokyo() };
    let message = Message::parse(&raw, &settings).expect("a message");
    assert_eq!((message.msh().field(4).raw(), message.control_id_raw()), ("表", "SJIS-7"));
}

#[test]
fn row_53_careless_escape_sequences_are_recovered() {
    let head = format!("{MSH}||||||~ISO IR87\r");
    // No return to ASCII before the segment's end.
    let mut raw = head.clone().into_bytes();
    raw.extend(b"PID|1||X||\x1b$B5~ET\rOBX|1|NM|a||38.5");
    let message = parse(&raw);
    assert_eq!(message.segment("PID").expect("PID").field(5).raw(), "京都");
    assert_eq!(message.segment("OBX").expect("OBX").field(5).raw(), "38.5");
    // Two escapes in a row, and JIS Roman, under which `\` must still be the escape character.
    let mut raw = head.clone().into_bytes();
    raw.extend(b"OBX|1|ST|a||\x1b$B\x1b(B\x1b(J5 \\T\\ 6\x1b$B5~\x1b(J|mg");
    let message = parse(&raw);
    let obx = message.segment("OBX").expect("OBX");
    assert_eq!((obx.field(5).text().as_ref(), obx.field(6).raw()), ("5 & 6京", "mg"));
    assert_eq!(message.warnings(), []);
    // JIS X 0212, half-width katakana and a four-byte escape.
    let mut raw = head.into_bytes();
    raw.extend(b"OBX|1|ST|a||\x1b$(D0!\x1b(B-\x1b(I16\x1b(B-\x1b$(B5~\x1b(B-\x1b$B5\x1b(B");
    let message = parse(&raw);
    let text = message.segment("OBX").expect("OBX").field(5).text().into_owned();
    let parts: Vec<&str> = text.split('-').collect();
    assert_eq!(parts[1..], ["ｱｶ", "京", "\u{fffd}"]);
    assert_eq!(parts[0].chars().count(), 1);
    assert_ne!(parts[0], "\u{fffd}");
    assert_eq!(message.warnings(), [Warning::Undecodable(Charset::Iso2022Jp)]);
}

#[test]
fn row_54_single_byte_sets_declared_or_not_and_bad_utf_8() {
    let declared = |name: &str, name_bytes: &[u8]| {
        let mut raw = format!("{MSH}||||||{name}\rPID|1||X||").into_bytes();
        raw.extend(name_bytes);
        raw.extend(b"\rOBX|1|NM|a||38.5");
        parse(&raw)
    };
    let family = |message: &Message| message.segment("PID").expect("PID").field(5).text().into_owned();
    let value = |message: &Message| message.segment("OBX").expect("OBX").field(5).raw().to_owned();
    for (name, bytes, wanted) in [
        ("8859/1", b"Ren\xe9".as_slice(), "René"),
        ("8859/2", b"\xa3ukasz", "Łukasz"),
        ("8859/15", b"\xa4", "€"),
        ("UNICODE UTF-8", "京".as_bytes(), "京"),
        ("UTF-8~UNICODE", "京".as_bytes(), "京"),
        ("GB 18030-2000", b"\xbe\xa9", "京"),
        ("BIG-5", b"\xa8\xca", "京"),
        ("", b"Ren\xe9", "René"),
        ("ASCII", b"\x93Ren\xe9\x94", "“René”"),
        ("", "René".as_bytes(), "René"),
        ("KLINGON", "René".as_bytes(), "René"),
    ] {
        let message = declared(name, bytes);
        assert_eq!((family(&message).as_str(), value(&message).as_str()), (wanted, "38.5"), "{name}");
    }
    let broken = declared("UNICODE UTF-8", b"Ren\xe9");
    assert_eq!((family(&broken).as_str(), value(&broken).as_str()), ("Ren\u{fffd}", "38.5"));
    assert_eq!(broken.warnings(), [Warning::Undecodable(Charset::Utf8)]);
    let unknown = declared("KLINGON", b"Ren\xe9");
    assert_eq!(unknown.warnings()[0], Warning::UnknownCharset("KLINGON".into()));
    let forced = ReadSettings { charset: Some(Charset::Iso8859(2)), ..tokyo() };
    let message = Message::parse(b"MSH|^~\\&|\xa3|||||||A1", &forced).expect("a message");
    assert_eq!(message.msh().field(3).raw(), "Ł");
}

#[test]
fn a_single_byte_set_that_was_declared_by_mistake_is_not_believed() {
    let text = "MSH|^~\\&|L|K|S|K|2026||ORU^R01|A1|P|2.5||||||8859/1\rPID|1||X||Zoë^Jürgen\r";
    let read = parse(text.as_bytes());
    assert_eq!(read.segment("PID").expect("PID").field(5).text(), "Zoë^Jürgen");
    assert_eq!(read.warnings(), [Warning::UndeclaredCharset(Charset::Utf8)]);
    let latin: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
    let read = parse(&latin);
    assert_eq!(read.segment("PID").expect("PID").field(5).text(), "Zoë^Jürgen");
    assert!(read.warnings().is_empty());
}

#[test]
fn a_set_s_name_reads_back() {
    for charset in [
        Charset::Utf8,
        Charset::Windows1252,
        Charset::Iso8859(15),
        Charset::Iso2022Jp,
        Charset::ShiftJis,
        Charset::EucJp,
        Charset::Gb18030,
        Charset::EucKr,
        Charset::Big5,
    ] {
        assert_eq!(Charset::try_from(String::from(charset)), Ok(charset));
    }
    assert!(Charset::try_from("UNICODE UTF-16".to_owned()).is_err());
}

#[test]
fn utf_16_and_utf_32_are_refused() {
    for big in [false, true] {
        let wide: Vec<u8> = MSH
            .encode_utf16()
            .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect();
        assert_eq!(Message::parse(&wide, &tokyo()).expect_err("wide"), Malformed::Wide);
        let marked = [if big { [0xfe, 0xff] } else { [0xff, 0xfe] }.as_slice(), &wide].concat();
        assert_eq!(Message::parse(&marked, &tokyo()).expect_err("wide"), Malformed::Wide);
    }
    let wide: Vec<u8> = MSH.chars().flat_map(|letter| (letter as u32).to_le_bytes()).collect();
    assert_eq!(Message::parse(&wide, &tokyo()).expect_err("wide"), Malformed::Wide);
}

#[test]
fn row_55_wide_characters_before_a_sequence_are_no_trouble() {
    let text = escape::unescape("体温\\T\\脈拍", &Delimiters::USUAL).into_owned();
    assert_eq!(text, "体温&脈拍");
    let content = row("OBX|1|ST|a||体温\\T\\脈拍|||||F");
    assert_eq!(readings(&content)[0].value, crate::model::RawValue::Text("体温&脈拍".into()));
}

#[test]
fn row_56_a_million_fields_or_segments_are_refused() {
    let bars = format!("{MSH}\rOBX|{}", "|".repeat(1_000_000));
    let refused = Message::parse(bars.as_bytes(), &tokyo()).expect_err("too many fields");
    assert_eq!(refused, Malformed::TooManyFields { segment: 2, limit: 10_000 });
    assert_eq!(Answer::from(&refused).code, AckCode::AE);
    let lines = format!("{MSH}\r{}", "NTE|1\r".repeat(100_000));
    let refused = Message::parse(lines.as_bytes(), &tokyo()).expect_err("too many segments");
    assert_eq!(refused, Malformed::TooManySegments { limit: 50_000 });
    let inside = format!("{MSH}\r{}", "NTE|1\r".repeat(49_999));
    assert_eq!(
        Message::parse(inside.as_bytes(), &tokyo()).expect("within the limit").segments().len(),
        50_000
    );
}

#[test]
fn row_35_what_is_no_message_is_refused() {
    for (raw, wanted) in [
        (b"".as_slice(), Malformed::Empty),
        (b"\r\n  ", Malformed::Empty),
        (b"PID|1||X", Malformed::NoHeader),
        (b"hello", Malformed::NoHeader),
        (b"MSH", Malformed::NoSeparator),
        (b"MSHA^~", Malformed::NoSeparator),
        (b"MSH\r|^~", Malformed::NoSeparator),
        (b"\x80\xff\x01\x02", Malformed::NoHeader),
        (b"OBX|1|rest of another\rMSH|^~\\&|", Malformed::NoHeader),
    ] {
        assert_eq!(Message::parse(raw, &tokyo()).expect_err("no message"), wanted, "{raw:?}");
        assert_eq!(Answer::from(&wanted).code, AckCode::AR);
    }
}

#[test]
fn fields_count_as_the_standard_counts_them() {
    let message = message("MSH|^~\\&#|LIS|KUH||\nOBX|1|NM");
    let msh = message.msh();
    let raw: Vec<&str> = (0..=8).map(|n| msh.field(n).raw()).collect();
    assert_eq!(raw, ["", "|", "^~\\&#", "LIS", "KUH", "", "", "", ""]);
    assert_eq!(msh.field_count(), 6);
    assert_eq!(msh.field(2).component(1).raw(), "^~\\&#", "MSH-2 is not split");
    assert_eq!(message.delimiters().truncation, Some(b'#'));
    assert_eq!(message.segment("OBX").expect("OBX").field_count(), 2);
}

#[test]
fn null_is_not_empty() {
    let message = message("MSH|^~\\&|\nPID|\"\"||\"\"^x~\"\"");
    let pid = message.segment("PID").expect("PID");
    assert!(pid.field(1).is_null() && !pid.field(1).is_empty());
    assert!(pid.field(2).is_empty() && !pid.field(2).is_null());
    assert!(!pid.field(3).is_null());
    assert!(pid.field(3).component(1).is_null());
    assert!(pid.field(3).repetitions().nth(1).expect("two").is_null());
    assert!(pid.field(3).component(1).subcomponent(1).is_null());
    assert_eq!(pid.field(3).component(1).word(), "");
}
