//! What is wrong, or odd, about the text of a message.

use super::charset::Charset;

/// A message that cannot be read at all. Answered with AR (or AE for [`Malformed::Stray`]).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("the frame is empty; send a message that begins with MSH")]
    Empty,
    #[error("the text does not begin with MSH; send one HL7 v2 message in a frame")]
    NoHeader,
    #[error("the text is UTF-16 or UTF-32, which MLLP cannot carry; send UTF-8")]
    Wide,
    #[error("MSH has no usable field separator; send MSH|^~\\&|")]
    NoSeparator,
    #[error("line {line} begins no segment; escape line ends inside fields as \\X0D\\")]
    Stray { line: usize },
    #[error("line {line} begins with a segment's name in small letters; write names in capitals")]
    SmallLetters { line: usize },
    #[error("more than {limit} segments; split the message")]
    TooManySegments { limit: usize },
    #[error("segment {segment} has more than {limit} fields; split the message")]
    TooManyFields { segment: usize, limit: usize },
    #[error("the message is larger than 4 GiB")]
    TooLong,
}

/// Read, but not as it should have been written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The message began with a byte order mark.
    ByteOrderMark,
    /// A line that begins no segment was joined to the field before it.
    Joined { line: usize },
    /// A segment whose name has not three characters, or that is indented. Kept.
    OddSegment { line: usize },
    /// MSH-2 repeats a character or holds one that cannot separate; that level is taken as missing.
    OddDelimiters,
    /// The set of MSH-18 is not known to us.
    UnknownCharset(String),
    /// Not ASCII and nothing declared; read as this.
    UndeclaredCharset(Charset),
    /// Some bytes are no characters of this set; U+FFFD stands there.
    Undecodable(Charset),
    /// Another MSH follows: two messages in one frame.
    SecondHeader { line: usize },
}

impl Warning {
    /// A short fixed word for counting.
    pub fn name(&self) -> &'static str {
        match self {
            Warning::ByteOrderMark => "byte-order-mark",
            Warning::Joined { .. } => "joined-line",
            Warning::OddSegment { .. } => "odd-segment",
            Warning::OddDelimiters => "odd-delimiters",
            Warning::UnknownCharset(_) => "unknown-charset",
            Warning::UndeclaredCharset(_) => "undeclared-charset",
            Warning::Undecodable(_) => "undecodable-bytes",
            Warning::SecondHeader { .. } => "second-header",
        }
    }
}
