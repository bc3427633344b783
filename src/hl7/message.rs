//! One HL7 v2 message, read without loss: the decoded text stays whole, and an index says where its segments
//! and fields are. Writing what was read gives the same text, with CR after every segment.

use super::charset::{self, Charset};
use super::delimiters::Delimiters;
use super::field::Field;
use super::scan;
use super::settings::ReadSettings;
use super::warning::{Malformed, Warning};

#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    end: u32,
    /// Index of its first field separator in `bars`.
    first_bar: u32,
    /// MSH, FHS or BHS: its fields count from the separator itself.
    header: bool,
}

/// A message and the index of its parts.
#[derive(Clone, Debug)]
pub struct Message {
    text: String,
    delimiters: Delimiters,
    spans: Vec<Span>,
    /// Where every field separator is.
    bars: Vec<u32>,
    charset: Charset,
    warnings: Vec<Warning>,
}

impl Message {
    /// Reads one message. Byte order mark and blanks before MSH are passed over.
    pub fn parse(raw: &[u8], settings: &ReadSettings) -> Result<Message, Malformed> {
        let mut warnings = Vec::new();
        let raw = start_of_header(raw, &mut warnings)?;
        let (text, charset) = charset::decode_message(raw, settings, &mut warnings)?;
        Message::index(text, charset, warnings, settings)
    }

    /// Reads only the header, for an answer to a message that is too large or otherwise beyond use: the first line
    /// that begins with MSH, whatever stands before it.
    pub fn head(raw: &[u8], settings: &ReadSettings) -> Result<Message, Malformed> {
        let start = start_of_header(raw, &mut Vec::new())?;
        let lines = || start.split(|byte| matches!(byte, b'\r' | b'\n'));
        let is_header = |line: &&[u8]| line.len() > 3 && line.starts_with(b"MSH");
        let line = lines().map(<[u8]>::trim_ascii_start).find(is_header);
        Message::parse(line.or(lines().next()).unwrap_or(start), settings)
    }

    fn index(
        text: String,
        charset: Charset,
        mut warnings: Vec<Warning>,
        settings: &ReadSettings,
    ) -> Result<Message, Malformed> {
        if u32::try_from(text.len()).is_err() {
            return Err(Malformed::TooLong);
        }
        if !HEADERS.iter().any(|name| text.starts_with(name)) {
            return Err(Malformed::NoHeader);
        }
        let delimiters = Delimiters::read(&text).ok_or(Malformed::NoSeparator)?;
        if delimiters.doubtful {
            warnings.push(Warning::OddDelimiters);
        }
        let mut index = Index {
            text: &text,
            field: delimiters.field,
            settings,
            spans: Vec::with_capacity(32),
            bars: Vec::with_capacity(text.len() / 6 + 16),
            warnings,
            line: 0,
        };
        index.run()?;
        let Index { spans, bars, warnings, .. } = index;
        Ok(Message { text, delimiters, spans, bars, charset, warnings })
    }

    pub fn segments(&self) -> impl DoubleEndedIterator<Item = Segment<'_>> + ExactSizeIterator {
        (0..self.spans.len()).map(move |index| Segment { message: self, index })
    }
    /// The first segment of that name.
    pub fn segment(&self, name: &str) -> Option<Segment<'_>> {
        self.segments().find(|segment| segment.name() == name)
    }
    /// MSH, or the batch header where there is none.
    pub fn msh(&self) -> Segment<'_> {
        self.segment("MSH").unwrap_or(Segment { message: self, index: 0 })
    }
    /// MSH-10 exactly as sent, escape sequences untouched: what MSA-2 must repeat.
    pub fn control_id_raw(&self) -> &str {
        self.msh().field(10).raw()
    }
    pub fn delimiters(&self) -> &Delimiters {
        &self.delimiters
    }
    /// The set it was read in.
    pub fn charset(&self) -> Charset {
        self.charset
    }
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
    /// The decoded text, line ends as they came.
    pub fn text(&self) -> &str {
        &self.text
    }
    /// The text before and after MSH-7. A sender that repeats a message stamps it anew; everything else is the
    /// same, and that is what makes it a repetition.
    pub fn without_time(&self) -> [&str; 2] {
        let msh = self.msh();
        let bars = msh.bars();
        let end = msh.span().end as usize;
        let place = |index: usize| bars.get(index).map_or(end, |bar| *bar as usize);
        [&self.text[..place(5)], &self.text[place(6)..]]
    }
    /// The message written again: every segment's own text, CR after each.
    pub fn write(&self) -> String {
        let mut out = String::with_capacity(self.text.len() + 1);
        for segment in self.segments() {
            out.push_str(segment.raw());
            out.push('\r');
        }
        out
    }
    /// The bytes of an answer, in the set its request declared.
    pub fn encode(&self, answer: &str) -> Vec<u8> {
        if answer.is_ascii() {
            return answer.as_bytes().to_vec();
        }
        let declared =
            self.msh().field(18).repetitions().filter_map(|name| Charset::parse(name.raw())).last();
        let charset = if self.text.is_ascii() { declared.unwrap_or(self.charset) } else { self.charset };
        charset.encode(answer)
    }
}

const HEADERS: [&str; 3] = ["MSH", "FHS", "BHS"];

/// What may stand before MSH is thrown away: a byte order mark, blanks, line ends, stray frame marks.
fn start_of_header<'a>(raw: &'a [u8], warnings: &mut Vec<Warning>) -> Result<&'a [u8], Malformed> {
    let mut rest = raw;
    while let Some(&byte) = rest.first() {
        if let Some(after) = rest.strip_prefix(b"\xef\xbb\xbf") {
            warnings.push(Warning::ByteOrderMark);
            rest = after;
        } else if byte == b' ' || byte.is_ascii_control() {
            rest = &rest[1..];
        } else {
            break;
        }
    }
    if rest.is_empty() { Err(Malformed::Empty) } else { Ok(rest) }
}

/// The index while it is built, line by line.
struct Index<'a> {
    text: &'a str,
    field: u8,
    settings: &'a ReadSettings,
    spans: Vec<Span>,
    bars: Vec<u32>,
    warnings: Vec<Warning>,
    line: usize,
}

/// What a line is.
enum Line {
    Blank,
    /// A segment that begins so many bytes into the line.
    Segment {
        indent: usize,
        odd: bool,
    },
    Continuation,
    /// `obx|1|…`: a name we know, in small letters.
    SmallLetters,
}

/// Segments that carry what we read; in small letters they would be taken for text.
const KNOWN: [&str; 18] = [
    "MSH", "EVN", "PID", "PV1", "MRG", "ORC", "OBR", "OBX", "NTE", "SPM", "RXA", "RXE", "RXO", "TQ1", "SCH",
    "AIS", "DSC", "ADD",
];

impl Index<'_> {
    fn run(&mut self) -> Result<(), Malformed> {
        let bytes = self.text.as_bytes();
        let field = self.field;
        // A listener that insists on CR takes LF for text, unless the message has no CR at all.
        let feed = if self.settings.strict && bytes.contains(&b'\r') { b'\r' } else { b'\n' };
        let (mut start, mut first_bar) = (0, 0);
        let mut failure = None;
        scan::marks(bytes, field, |at, byte| {
            if byte == field {
                self.bars.push(at as u32);
                return true;
            }
            if byte != b'\r' && byte != feed {
                return true;
            }
            if at > start
                && let Err(malformed) = self.take_line(start, at, first_bar)
            {
                failure = Some(malformed);
                return false;
            }
            start = at + 1;
            first_bar = self.bars.len();
            true
        });
        match failure {
            Some(malformed) => Err(malformed),
            None if start < bytes.len() => self.take_line(start, bytes.len(), first_bar),
            None => Ok(()),
        }
    }

    fn take_line(&mut self, start: usize, end: usize, first_bar: usize) -> Result<(), Malformed> {
        self.line += 1;
        let line = self.line;
        match self.classify(&self.text.as_bytes()[start..end]) {
            Line::Blank => Ok(()),
            Line::Segment { indent, odd } => {
                if odd {
                    self.warn(Warning::OddSegment { line });
                }
                if self.spans.len() == self.settings.max_segments {
                    return Err(Malformed::TooManySegments { limit: self.settings.max_segments });
                }
                let start = start + indent;
                let text = &self.text[start..end];
                if !self.spans.is_empty() && text.starts_with("MSH") {
                    self.warn(Warning::SecondHeader { line });
                }
                let header = text.as_bytes().get(3) == Some(&self.field)
                    && HEADERS.iter().any(|name| text.starts_with(name));
                self.spans.push(Span {
                    start: start as u32,
                    end: end as u32,
                    first_bar: first_bar as u32,
                    header,
                });
                self.bound_fields()
            }
            Line::SmallLetters => Err(Malformed::SmallLetters { line }),
            Line::Continuation if self.settings.strict => Err(Malformed::Stray { line }),
            Line::Continuation => {
                self.warn(Warning::Joined { line });
                if let Some(last) = self.spans.last_mut() {
                    last.end = end as u32;
                }
                self.bound_fields()
            }
        }
    }

    fn bound_fields(&self) -> Result<(), Malformed> {
        let first = self.spans.last().map_or(0, |span| span.first_bar as usize);
        if self.bars.len() - first > self.settings.max_fields {
            return Err(Malformed::TooManyFields {
                segment: self.spans.len(),
                limit: self.settings.max_fields,
            });
        }
        Ok(())
    }

    /// A message of nothing but oddities must not grow a list of them as long as itself.
    fn warn(&mut self, warning: Warning) {
        if self.warnings.len() < 100 {
            self.warnings.push(warning);
        }
    }

    fn classify(&self, line: &[u8]) -> Line {
        let blank = |byte: &u8| *byte == b' ' || byte.is_ascii_control();
        let indent = match line.first() {
            Some(byte) if blank(byte) => line.iter().take_while(|byte| blank(byte)).count(),
            _ => 0,
        };
        let line = &line[indent..];
        if line.is_empty() {
            return Line::Blank;
        }
        let name =
            line.iter().take(5).take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).count();
        let after = line.get(name);
        if name == 0 || !line[0].is_ascii_uppercase() {
            let small = line.get(3) == Some(&self.field)
                && KNOWN.iter().any(|known| line[..3].eq_ignore_ascii_case(known.as_bytes()));
            return if small { Line::SmallLetters } else { Line::Continuation };
        }
        let separated = after == Some(&self.field);
        // `OBX |1|`, typed by hand.
        let spaced = name == 3 && line[3..].iter().find(|byte| **byte != b' ') == Some(&self.field);
        // `PV1` alone is a segment without fields.
        let alone = name == 3 && line[3..].iter().all(blank);
        match name {
            3 if separated || alone => Line::Segment { indent, odd: indent > 0 },
            3 if spaced => Line::Segment { indent, odd: true },
            // Better an unknown segment of its own than text that shifts the fields of the one before.
            2 | 4 if separated && !self.settings.strict => Line::Segment { indent, odd: true },
            _ => Line::Continuation,
        }
    }
}

/// One segment, as a view into its message.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    message: &'a Message,
    index: usize,
}

/// MSH-1 and MSH-2 hold the delimiters themselves, so nothing in them separates.
const NONE: Delimiters = Delimiters {
    field: 0,
    component: None,
    repetition: None,
    escape: None,
    subcomponent: None,
    truncation: None,
    doubtful: false,
    unusable: false,
};

impl<'a> Segment<'a> {
    /// Its whole text, without the line end.
    pub fn raw(&self) -> &'a str {
        let span = self.span();
        &self.message.text[span.start as usize..span.end as usize]
    }
    /// `OBX`; for odd segments whatever stands before the first field separator.
    pub fn name(&self) -> &'a str {
        let span = self.span();
        let end = self.bars().first().map_or(span.end, |bar| *bar);
        self.message.text[span.start as usize..end as usize].trim_end()
    }
    /// Its place among the message's segments, from 0.
    pub fn position(&self) -> usize {
        self.index
    }
    /// Number of fields, counted as the standard does: MSH-1 is the separator itself.
    pub fn field_count(&self) -> usize {
        self.bars().len() + usize::from(self.is_header() && !self.bars().is_empty())
    }
    /// Field `n`, from 1; empty where there are fewer.
    pub fn field(&self, n: usize) -> Field<'a> {
        let bars = self.bars();
        let text = &self.message.text;
        let mut delimiters = &self.message.delimiters;
        let mut place = n;
        if self.is_header() {
            if n <= 2 {
                delimiters = &NONE;
            }
            if n == 1 {
                let raw = bars.first().map_or("", |bar| &text[*bar as usize..*bar as usize + 1]);
                return Field { raw, delimiters };
            }
            place = n.saturating_sub(1);
        }
        let Some(start) = place.checked_sub(1).and_then(|index| bars.get(index)) else {
            return Field { raw: "", delimiters };
        };
        let end = bars.get(place).copied().unwrap_or(self.span().end);
        Field { raw: &text[*start as usize + 1..end as usize], delimiters }
    }

    fn span(&self) -> Span {
        self.message.spans[self.index]
    }
    fn bars(&self) -> &'a [u32] {
        let spans = &self.message.spans;
        let first = spans[self.index].first_bar as usize;
        let end = spans.get(self.index + 1).map_or(self.message.bars.len(), |next| next.first_bar as usize);
        &self.message.bars[first..end]
    }
    fn is_header(&self) -> bool {
        self.span().header
    }
}
