//! Batches: FHS, BHS, messages, BTS, FTS. Each message is taken for itself; the counts are compared.

/// The messages of one frame or file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch<'a> {
    /// Each from its MSH up to the next, without batch headers and trailers. A frame without any MSH, or with
    /// text before the first one, comes back whole, as one thing to be refused.
    pub messages: Vec<&'a [u8]>,
    /// Batch headers or trailers were there, or more than one message.
    pub is_batch: bool,
    /// The sum of BTS-1, where every trailer states it.
    pub declared: Option<usize>,
    /// Lines that belong to no message.
    pub stray: bool,
}

impl Batch<'_> {
    /// What BTS-1 promised is not what came.
    pub fn is_miscounted(&self) -> bool {
        self.declared.is_some_and(|declared| declared != self.messages.len())
    }
}

/// Splits at segments named MSH. No set we read has CR or LF inside a character, so lines are safe to look at
/// before decoding.
pub fn split(raw: &[u8]) -> Batch<'_> {
    let mut messages = Vec::new();
    let mut declared: Option<usize> = None;
    let (mut envelope, mut stray) = (false, false);
    let mut open: Option<usize> = None;
    let mut at = 0;
    while at < raw.len() {
        let end =
            super::scan::first(&raw[at..], [b'\r', b'\n', b'\r']).map_or(raw.len(), |length| at + length);
        let line = &raw[at..end];
        let indent = indent(line);
        match name(&line[indent..]) {
            Some(b"MSH") => {
                messages.extend(open.map(|start| &raw[start..at]));
                open = Some(at + indent);
            }
            Some(b"FHS" | b"BHS" | b"BTS" | b"FTS") => {
                messages.extend(open.take().map(|start| &raw[start..at]));
                envelope = true;
                if line[indent..].starts_with(b"BTS") {
                    declared = trailer_count(&line[indent..])
                        .map(|count| declared.unwrap_or(0) + count)
                        .or(declared);
                }
            }
            _ => stray |= open.is_none() && indent < line.len(),
        }
        if stray && messages.is_empty() && open.is_none() {
            break;
        }
        at = end + 1;
    }
    messages.extend(open.map(|start| &raw[start..]));
    if messages.is_empty() {
        return Batch { messages: vec![raw], is_batch: envelope, declared, stray };
    }
    Batch { is_batch: envelope || messages.len() > 1, messages, declared, stray }
}

/// A byte order mark, blanks and controls before a segment.
fn indent(line: &[u8]) -> usize {
    let mark = if line.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    mark + line[mark..].iter().take_while(|byte| **byte == b' ' || byte.is_ascii_control()).count()
}

/// The segment name a line starts with: three letters or digits and something that can separate.
fn name(line: &[u8]) -> Option<&[u8; 3]> {
    let name = line.first_chunk::<3>()?;
    match line.get(3) {
        Some(separator) if separator.is_ascii_alphanumeric() || *separator == b' ' => None,
        Some(_) => Some(name),
        None => (name == b"BTS" || name == b"FTS").then_some(name),
    }
}

fn trailer_count(line: &[u8]) -> Option<usize> {
    let separator = *line.get(3)?;
    let count = line[4..].split(|byte| *byte == separator).next()?;
    std::str::from_utf8(count).ok()?.trim().parse().ok()
}
