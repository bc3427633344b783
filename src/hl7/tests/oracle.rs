//! The `er7` crate as a second opinion: where it reads a message, it reads the same segments, fields and values.

use proptest::prelude::*;

use super::*;

/// Names, raw fields and every subcomponent's raw text must agree.
fn compare(text: &str) {
    let Ok(theirs) = er7::parse(text) else { return };
    let ours = Message::parse(text.as_bytes(), &tokyo()).expect("what er7 reads, we read");
    let names: Vec<&str> = ours.segments().map(|segment| segment.name()).collect();
    let expected: Vec<&str> = theirs.segments.iter().map(|segment| segment.name.as_str()).collect();
    assert_eq!(names, expected, "{text:?}");
    if !ours.control_id_raw().contains(['\\', '^', '&', '~']) {
        assert_eq!(theirs.control_id().unwrap_or_default(), ours.control_id_raw(), "{text:?}");
    }
    for (segment, other) in ours.segments().zip(&theirs.segments) {
        // MSH-1 and MSH-2 are the delimiters; the two crates count them alike.
        for n in 3..=segment.field_count() {
            compare_field(&segment, other, n);
        }
    }
}

fn compare_field(segment: &Segment<'_>, other: &er7::Segment, n: usize) {
    let field = segment.field(n);
    for (r, repetition) in field.repetitions().enumerate() {
        for (c, component) in repetition.components().enumerate() {
            for (s, sub) in component.subcomponents().enumerate() {
                let theirs = other
                    .field(n)
                    .and_then(|field| field.repetition(r + 1))
                    .and_then(|repetition| repetition.component(c + 1))
                    .and_then(|component| component.subcomponent(s + 1));
                let raw = theirs.map(|sub| sub.raw.as_str()).unwrap_or("");
                assert_eq!(sub.raw(), raw, "{}-{n}.{c}.{s}", segment.name());
            }
        }
    }
}

#[test]
fn both_read_our_samples_alike() {
    for text in corpus::plain_samples() {
        compare(text);
    }
}

#[test]
fn both_unescape_alike_but_for_layout() {
    let separators = er7::Separators::default();
    for raw in [
        "\\F\\\\S\\\\T\\\\R\\\\E\\",
        "a\\X0D0A\\b",
        "\\X303A\\",
        "plain",
        "\\Zxx\\",
        "\\XZZ\\",
        "a\\Fb",
        "A\\E\\R\\B",
    ] {
        assert_eq!(
            escape::unescape(raw, &Delimiters::USUAL),
            er7::escape::unescape(raw, &separators),
            "{raw}"
        );
    }
}

proptest! {
    #[test]
    fn both_escape_and_read_back_alike(value in "[ -~é京]{0,40}") {
        let separators = er7::Separators::default();
        let ours = escape::escape(&value, &Delimiters::USUAL).into_owned();
        prop_assert_eq!(&ours, &er7::escape::escape(&value, &separators).into_owned());
        prop_assert_eq!(escape::unescape(&ours, &Delimiters::USUAL).into_owned(), value);
    }

    #[test]
    fn both_read_generated_messages_alike(
        segments in proptest::collection::vec(("[A-Z][A-Z0-9]{2}", "[a-z0-9^~&\\\\|. é京]{0,60}"), 0..12),
        id in "[A-Za-z0-9]{1,20}",
    ) {
        let mut text = format!("MSH|^~\\&|LIS|KUH|SW|KUH|20261122||ORU^R01|{id}|P|2.5\r");
        for (name, rest) in segments.iter().filter(|(name, _)| !["MSH", "FHS", "BHS"].contains(&name.as_str())) {
            text.push_str(&format!("{name}|{rest}\r"));
        }
        compare(&text);
    }
}
