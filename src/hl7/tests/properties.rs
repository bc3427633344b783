//! What must hold for any bytes whatever.

use proptest::prelude::*;

use super::*;

/// Reads everything there is to read of some bytes; the only demand is that it comes back.
fn exercise(raw: &[u8], settings: &ReadSettings) {
    for part in split(raw).messages {
        let Ok(message) = Message::parse(part, settings) else {
            let _ = Message::head(part, settings);
            continue;
        };
        for segment in message.segments() {
            for n in 0..segment.field_count() + 2 {
                for repetition in segment.field(n).repetitions() {
                    for component in repetition.components() {
                        for sub in component.subcomponents() {
                            let _ = sub.text();
                        }
                    }
                }
                let _ = segment.field(n).text();
            }
        }
        let answer = match read(&message, settings) {
            Ok(content) => Answer::new(AckCode::AA, content.problems),
            Err(refusal) => Answer::from(&refusal),
        };
        let text = acknowledge(&message, &answer, &stamp());
        let again = Message::parse(text.as_bytes(), settings).expect("our answer is a message");
        assert_eq!(again.segments().nth(1).map(|segment| segment.name()), Some("MSA"), "{text:?}");
        assert!(frame::encode(&message.encode(&text)).is_ok());
        let _ = mode(&Header::of(&message, settings), AckMode::Auto);
    }
}

fn settings() -> impl Strategy<Value = ReadSettings> {
    let fallback = prop_oneof![Just(Charset::Windows1252), Just(Charset::ShiftJis), Just(Charset::Big5)];
    (any::<bool>(), fallback, any::<bool>()).prop_map(|(strict, fallback, own)| ReadSettings {
        strict,
        fallback,
        authority: own.then(|| "KUH".into()),
        max_fields: 200,
        ..tokyo()
    })
}

/// Pieces that matter to the parser, in any order.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&'static [u8]> = vec![
        b"\r",
        b"\n",
        b"\r\n",
        b"|",
        b"^",
        b"~",
        b"\\",
        b"&",
        b"\"\"",
        b"PID|1||A^^^KUH^MR",
        b"OBR|1|||X|||2026112208",
        b"OBX|1|NM|a^b^LN||38.5|Cel|||||F",
        b"OBX|2|SN|a||<^5",
        b"OBX|3|ED|a||^^^Base64^AAAA",
        b"OBX||||||",
        b"NTE|1||x",
        b"SPM|1|||023",
        b"PV1|1|I|6E^01^1",
        b"ORC|DC|1",
        b"RXA|0|1|2026|2026|D^d|1|mg",
        b"RXE|^^^2026|D|1||mg",
        b"MSA|AA|1",
        b"EVN|A01|2026",
        b"MRG|B^^^KUH^MR",
        b"AIS|1||X",
        b"SCH|1",
        b"TQ1|1",
        b"DSC|1",
        b"BTS|3",
        b"FHS|^~\\&",
        b"BHS|",
        b"\x1b$B",
        b"\x1b(B",
        b"\x1b(J",
        b"\x1b",
        b"\x8f\xb0",
        b"\xe4\xba\xac",
        b"\xff",
        b"\\X0D\\",
        b"\\.sp9\\",
        b"\\Z\\",
        b"PV1",
        b"ab|",
        b"\0",
    ];
    let piece = prop_oneof![
        8 => proptest::sample::select(words).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 0..12),
    ];
    let kinds = proptest::sample::select(vec![
        "ORU^R01", "ORU^R40", "OUL^R22", "ADT^A01", "ADT^A17", "ADT^A40", "RAS^O17", "RDE^O11", "ORM^O01",
        "SIU^S12", "ACK", "x",
    ]);
    let heads = proptest::sample::select(vec!["|^~\\&", "|^~\\&#", "!@~\\%", "|^", "|", "|&&&&", "#$%&'"]);
    (heads, kinds, proptest::collection::vec(piece, 0..40)).prop_map(|(delimiters, kind, pieces)| {
        let bar = &delimiters[..1];
        let mut raw = format!(
            "MSH{delimiters}{bar}L{bar}K{bar}S{bar}K{bar}2026{bar}{bar}{kind}{bar}A1{bar}P{bar}2.5\r"
        )
        .into_bytes();
        raw.extend(pieces.concat());
        raw
    })
}

proptest! {
    #[test]
    fn no_bytes_make_reading_fail(raw in proptest::collection::vec(any::<u8>(), 0..400), settings in settings()) {
        exercise(&raw, &settings);
        let headed = [b"MSH|^~\\&|".as_slice(), &raw].concat();
        exercise(&headed, &settings);
        let any_separator = [b"MSH".as_slice(), &raw].concat();
        exercise(&any_separator, &settings);
    }

    #[test]
    fn no_order_of_segments_makes_reading_fail(raw in noise(), settings in settings()) {
        exercise(&raw, &settings);
    }

    #[test]
    fn a_message_written_and_read_again_is_the_same(raw in noise()) {
        let Ok(message) = Message::parse(&raw, &tokyo()) else { return Ok(()) };
        let written = message.write();
        let again = Message::parse(written.as_bytes(), &ReadSettings { charset: Some(Charset::Utf8), ..tokyo() }).expect("readable");
        prop_assert_eq!(again.write(), written);
        let segments = |message: &Message| message.segments().map(|segment| segment.raw().to_owned()).collect::<Vec<_>>();
        prop_assert_eq!(segments(&again), segments(&message));
        prop_assert_eq!(again.control_id_raw(), message.control_id_raw());
    }

    #[test]
    fn nothing_between_the_line_ends_is_lost(raw in noise()) {
        let Ok(message) = Message::parse(&raw, &tokyo()) else { return Ok(()) };
        let kept: String = message.write().chars().filter(|letter| !letter.is_control() && *letter != ' ').collect();
        let sent: String = message.text().chars().filter(|letter| !letter.is_control() && *letter != ' ').collect();
        prop_assert_eq!(kept, sent);
    }

    #[test]
    fn what_is_escaped_reads_back(text in "\\PC{0,60}", marks in proptest::sample::select(vec!["|^~\\&", "!@~\\%", "#$%'&"])) {
        let delimiters = Delimiters::read(&format!("MSH{marks}{}", &marks[..1])).expect("delimiters");
        let plain: String = text.chars().filter(|letter| !letter.is_control()).collect();
        let lines = format!("{plain}\r\n{plain}");
        let raw = escape::escape(&lines, &delimiters);
        prop_assert!(!raw.contains(['\r', '\n']));
        prop_assert_eq!(escape::unescape(&raw, &delimiters).into_owned(), lines.clone());
    }

    #[test]
    fn japanese_text_survives_its_own_encoding(text in "[ -~ぁ-んァ-ヶ一二三四五六七八九十東京都体温脈拍白血球ｱ-ﾝ\r\n]{0,60}") {
        let raw = Charset::Iso2022Jp.encode(&text);
        let (back, bad) = Charset::Iso2022Jp.decode(&raw);
        prop_assert_eq!(back, text);
        prop_assert!(!bad);
    }
}

/// Values of a message: segments, fields, repetitions, components, subcomponents.
type Tree = Vec<(String, Vec<Vec<Vec<Vec<String>>>>)>;

fn tree() -> impl Strategy<Value = Tree> {
    use proptest::collection::vec;
    let value = "[ -~é京\\r]{0,6}";
    let field = vec(vec(vec(value, 1..3), 1..3), 1..3);
    let name = "[A-Z][A-Z0-9]{2}".prop_filter("headers come first", |name| {
        !["MSH", "FHS", "BHS", "DSC", "ADD"].contains(&name.as_str())
    });
    vec((name, vec(field, 1..6)), 1..8)
}

fn written(tree: &Tree, delimiters: &Delimiters) -> String {
    let own = |mark: Option<u8>| String::from(char::from(mark.expect("all are there")));
    let (bar, component, repetition, sub) = (
        own(Some(delimiters.field)),
        own(delimiters.component),
        own(delimiters.repetition),
        own(delimiters.subcomponent),
    );
    let join = |parts: Vec<String>, mark: &str| parts.join(mark);
    let mut text = format!("MSH{bar}{component}{repetition}{}{sub}{bar}L{bar}K\r", own(delimiters.escape));
    for (name, fields) in tree {
        let field = |field: &Vec<Vec<Vec<String>>>| {
            let one = |components: &Vec<Vec<String>>| {
                let subs = |values: &Vec<String>| {
                    join(values.iter().map(|v| escape::escape(v, delimiters).into_owned()).collect(), &sub)
                };
                join(components.iter().map(subs).collect(), &component)
            };
            join(field.iter().map(one).collect(), &repetition)
        };
        let fields: Vec<String> = fields.iter().map(field).collect();
        text.push_str(&format!("{name}{bar}{}\r", fields.join(&bar)));
    }
    text
}

fn read_back(message: &Message) -> Tree {
    let subs = |component: Component<'_>| component.subcomponents().map(|s| s.text().into_owned()).collect();
    let components = |repetition: Repetition<'_>| repetition.components().map(subs).collect();
    let fields = |segment: Segment<'_>| {
        (1..=segment.field_count())
            .map(|n| segment.field(n).repetitions().map(components).collect())
            .collect()
    };
    message.segments().skip(1).map(|segment| (segment.name().to_owned(), fields(segment))).collect()
}

proptest! {
    #[test]
    fn whatever_is_written_with_any_delimiters_reads_back_the_same(
        tree in tree(),
        marks in proptest::sample::select(vec!["|^~\\&", "!@~\\%", "$%*/+", ",;:?="]),
    ) {
        let delimiters = Delimiters::read(&format!("MSH{marks}")).expect("delimiters");
        let text = written(&tree, &delimiters);
        let message = Message::parse(text.as_bytes(), &tokyo()).expect("a message");
        prop_assert_eq!(read_back(&message), tree);
        prop_assert_eq!(message.write(), text);
    }
}
