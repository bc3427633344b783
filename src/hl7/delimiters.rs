//! The characters that separate the parts of one message, as its own header segment states them.

/// MSH-1 and MSH-2. A level whose character is missing does not exist in the message: with MSH-2 `^~` an
/// ampersand is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delimiters {
    pub field: u8,
    pub component: Option<u8>,
    pub repetition: Option<u8>,
    pub escape: Option<u8>,
    pub subcomponent: Option<u8>,
    /// Since 2.7: marks text that was cut off. Separates nothing.
    pub truncation: Option<u8>,
    /// MSH-2 held something that cannot separate (a letter, a repeated or non-ASCII character); that level is
    /// taken as missing.
    pub doubtful: bool,
    /// MSH-2 held a letter or digit: it is no MSH-2 at all, and content must not be trusted to it.
    pub unusable: bool,
}

impl Delimiters {
    /// `|^~\&`
    pub const USUAL: Delimiters = Delimiters {
        field: b'|',
        component: Some(b'^'),
        repetition: Some(b'~'),
        escape: Some(b'\\'),
        subcomponent: Some(b'&'),
        truncation: None,
        doubtful: false,
        unusable: false,
    };

    /// Reads the start of a header segment, `MSH|^~\&|…`. `None` where there is no field separator.
    pub fn read(header: &str) -> Option<Delimiters> {
        let field = *header.as_bytes().get(3)?;
        if !field.is_ascii_graphic() || field.is_ascii_alphanumeric() {
            return None;
        }
        let rest = &header[4..];
        let end = rest.find([char::from(field), '\r', '\n']).unwrap_or(rest.len());
        let mut found = Delimiters {
            field,
            component: None,
            repetition: None,
            escape: None,
            subcomponent: None,
            truncation: None,
            doubtful: false,
            unusable: false,
        };
        let mut seen = vec![field];
        for (place, letter) in rest[..end].chars().enumerate() {
            found.unusable |= letter.is_alphanumeric();
            let good = letter.is_ascii_graphic()
                && !letter.is_ascii_alphanumeric()
                && !seen.contains(&(letter as u8));
            if !good || place > 4 {
                found.doubtful = true;
                continue;
            }
            let byte = letter as u8;
            seen.push(byte);
            match place {
                0 => found.component = Some(byte),
                1 => found.repetition = Some(byte),
                2 => found.escape = Some(byte),
                3 => found.subcomponent = Some(byte),
                _ => found.truncation = Some(byte),
            }
        }
        Some(found)
    }
}
