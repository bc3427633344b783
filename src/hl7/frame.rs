//! MLLP: `<VT>message<FS><CR>` in a stream of bytes. No socket is touched here; the caller brings bytes and
//! takes frames. Every byte is looked at once, and memory never exceeds the largest allowed frame.

use crate::model::limits;

use super::scan;

pub const VT: u8 = 0x0b;
pub const FS: u8 = 0x1c;
pub const CR: u8 = b'\r';

/// Bytes of a frame above the limit that are kept, so that its MSH can still be answered.
const HEAD: usize = 4096;

/// Bounds of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameLimits {
    /// Largest frame in bytes, without VT, FS and CR.
    pub max_frame: usize,
    /// Bytes in a row outside any frame before the connection is given up.
    pub max_garbage: usize,
    /// FS alone ends a frame. Some senders forget the CR; others have FS inside text, so this is a choice.
    pub lenient_end: bool,
}

impl Default for FrameLimits {
    fn default() -> FrameLimits {
        FrameLimits { max_frame: limits::FRAME_MAX, max_garbage: limits::GARBAGE_MAX, lenient_end: false }
    }
}

/// What the stream held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framed {
    Message(Vec<u8>),
    /// MLLP release 2: the peer has (or has not) stored our last message. Not HL7.
    CommitAck {
        positive: bool,
    },
    /// The peer began a new frame, or went away, before it finished this one. Never to be acknowledged.
    Truncated {
        partial: Vec<u8>,
    },
    /// The frame passed the limit. Its beginning, for the answer; the rest is thrown away as it comes.
    TooLarge {
        head: Vec<u8>,
    },
    /// So many bytes outside frames that this is no MLLP. Close the connection.
    Garbage,
    /// A frame with nothing in it.
    Empty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Outside a frame.
    Hunting,
    InFrame,
    /// In a frame, the last byte was FS.
    SawFs,
    /// In a frame above the limit; nothing is kept.
    Skipping,
    SkippingSawFs,
    /// Given up.
    Dead,
}

/// Cuts a stream into frames. Feed it with [`Framer::push`], then call [`Framer::next`] until it is `None`.
#[derive(Debug)]
pub struct Framer {
    limits: FrameLimits,
    state: State,
    /// Pushed and not yet looked at, from `read` on.
    pending: Vec<u8>,
    read: usize,
    /// The content of the frame so far.
    frame: Vec<u8>,
    /// Outside frames, since the last frame.
    garbage_run: usize,
    garbage: u64,
    /// The first bytes ever, if they were outside a frame: enough to know HTTP and TLS.
    greeting: Vec<u8>,
    framed_before: bool,
    /// The last frame ended at FS alone; a CR that follows belongs to it.
    cr_may_follow: bool,
}

impl Framer {
    pub fn new(limits: FrameLimits) -> Framer {
        Framer {
            limits,
            state: State::Hunting,
            pending: Vec::new(),
            read: 0,
            frame: Vec::new(),
            garbage_run: 0,
            garbage: 0,
            greeting: Vec::new(),
            framed_before: false,
            cr_may_follow: false,
        }
    }

    /// Takes bytes as they were read. What an abandoned connection still sends is dropped at once.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.state == State::Dead {
            return;
        }
        if self.read == self.pending.len() {
            self.pending.clear();
            self.read = 0;
        }
        self.pending.extend_from_slice(bytes);
    }

    /// The next thing that is complete; `None` when more bytes are needed.
    #[allow(clippy::should_implement_trait)] // `None` means "not yet" here, never "no more"
    pub fn next(&mut self) -> Option<Framed> {
        while self.read < self.pending.len() {
            let found = match self.state {
                State::Hunting => self.hunt(),
                State::InFrame => self.collect(),
                State::SawFs => self.after_fs(),
                State::Skipping => self.skip(),
                State::SkippingSawFs => self.skip_after_fs(),
                State::Dead => {
                    self.read = self.pending.len();
                    None
                }
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The peer closed. An unfinished frame comes back as [`Framed::Truncated`].
    pub fn finish(&mut self) -> Option<Framed> {
        let unfinished = match self.state {
            State::InFrame => true,
            State::SawFs => {
                self.frame.push(FS);
                true
            }
            State::Hunting | State::Skipping | State::SkippingSawFs | State::Dead => false,
        };
        self.state = State::Dead;
        self.pending = Vec::new();
        self.read = 0;
        unfinished.then(|| Framed::Truncated { partial: std::mem::take(&mut self.frame) })
    }

    /// A frame was begun and not ended: a caller may bound how long that lasts.
    pub fn in_frame(&self) -> bool {
        match self.state {
            State::InFrame | State::SawFs | State::Skipping | State::SkippingSawFs => true,
            State::Hunting | State::Dead => false,
        }
    }

    /// Bytes of the unfinished frame.
    pub fn held(&self) -> usize {
        self.frame.len()
    }

    /// Bytes seen outside frames, in all.
    pub fn garbage_bytes(&self) -> u64 {
        self.garbage
    }

    fn hunt(&mut self) -> Option<Framed> {
        if std::mem::take(&mut self.cr_may_follow) && self.pending[self.read] == CR {
            self.read += 1;
            return None;
        }
        let rest = &self.pending[self.read..];
        let start = scan::first(rest, [VT, VT, VT]);
        let outside = &rest[..start.unwrap_or(rest.len())];
        if !self.framed_before && self.greeting.len() < 8 {
            let room = 8 - self.greeting.len();
            self.greeting.extend_from_slice(&outside[..outside.len().min(room)]);
        }
        self.garbage += outside.len() as u64;
        self.garbage_run += outside.len();
        self.read += outside.len();
        if self.garbage_run > self.limits.max_garbage || speaks_something_else(&self.greeting) {
            return Some(self.give_up());
        }
        if start.is_some() {
            self.read += 1;
            self.begin();
        }
        None
    }

    fn begin(&mut self) {
        self.state = State::InFrame;
        self.frame.clear();
        self.garbage_run = 0;
        self.framed_before = true;
        self.greeting.clear();
    }

    fn collect(&mut self) -> Option<Framed> {
        let rest = &self.pending[self.read..];
        let mark = scan::first(rest, [VT, FS, FS]);
        let content = &rest[..mark.unwrap_or(rest.len())];
        if self.frame.len() + content.len() > self.limits.max_frame {
            return Some(self.overflow(content.len()));
        }
        self.frame.extend_from_slice(content);
        self.read += content.len();
        let at = mark.map(|at| rest[at])?;
        self.read += 1;
        if at == VT {
            return Some(self.restart());
        }
        if self.limits.lenient_end {
            self.cr_may_follow = true;
            return Some(self.complete());
        }
        self.state = State::SawFs;
        None
    }

    fn after_fs(&mut self) -> Option<Framed> {
        let byte = self.pending[self.read];
        if byte == CR {
            self.read += 1;
            return Some(self.complete());
        }
        // An FS that ends nothing is text; the byte after it is looked at as any other.
        if self.frame.len() + 1 > self.limits.max_frame {
            return Some(self.overflow(0));
        }
        self.frame.push(FS);
        self.state = State::InFrame;
        None
    }

    /// VT inside a frame: the peer gave up on the frame and began anew.
    fn restart(&mut self) -> Framed {
        let partial = std::mem::take(&mut self.frame);
        self.begin();
        Framed::Truncated { partial }
    }

    fn complete(&mut self) -> Framed {
        self.state = State::Hunting;
        let frame = std::mem::take(&mut self.frame);
        match frame.as_slice() {
            [] => Framed::Empty,
            [0x06] => Framed::CommitAck { positive: true },
            [0x15] => Framed::CommitAck { positive: false },
            _ => Framed::Message(frame),
        }
    }

    fn overflow(&mut self, more: usize) -> Framed {
        let mut head = std::mem::take(&mut self.frame);
        let rest = &self.pending[self.read..self.read + more];
        // The same head, however the stream was cut into reads.
        let kept = HEAD.min(self.limits.max_frame);
        head.truncate(kept);
        head.extend_from_slice(&rest[..rest.len().min(kept - head.len())]);
        head.shrink_to_fit();
        self.state = State::Skipping;
        Framed::TooLarge { head }
    }

    fn skip(&mut self) -> Option<Framed> {
        let rest = &self.pending[self.read..];
        let Some(mark) = scan::first(rest, [VT, FS, FS]) else {
            self.read = self.pending.len();
            return None;
        };
        let byte = rest[mark];
        self.read += mark + 1;
        if byte == VT {
            self.begin();
        } else if self.limits.lenient_end {
            self.cr_may_follow = true;
            self.state = State::Hunting;
        } else {
            self.state = State::SkippingSawFs;
        }
        None
    }

    fn skip_after_fs(&mut self) -> Option<Framed> {
        if self.pending[self.read] == CR {
            self.read += 1;
            self.state = State::Hunting;
        } else {
            self.state = State::Skipping;
        }
        None
    }

    fn give_up(&mut self) -> Framed {
        self.state = State::Dead;
        self.pending = Vec::new();
        self.read = 0;
        Framed::Garbage
    }
}

/// A browser, a probe or a TLS client on the plain port: no need to wait for more of it.
fn speaks_something_else(greeting: &[u8]) -> bool {
    const OTHERS: [&[u8]; 8] =
        [b"GET /", b"POST /", b"HEAD /", b"PUT /", b"OPTIONS", b"SSH-", b"\x16\x03\x01", b"\x16\x03\x03"];
    OTHERS.iter().any(|other| greeting.starts_with(other))
}

/// The text cannot be framed, because it contains VT or FS at `at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {at} of the message is 0x{byte:02x}, which MLLP uses as a frame mark; remove it")]
pub struct Unframeable {
    pub at: usize,
    pub byte: u8,
}

/// `<VT>body<FS><CR>` in one piece, to be written with one call: some senders read an answer only once.
pub fn encode(body: &[u8]) -> Result<Vec<u8>, Unframeable> {
    if let Some(at) = scan::first(body, [VT, FS, FS]) {
        return Err(Unframeable { at, byte: body[at] });
    }
    let mut frame = Vec::with_capacity(body.len() + 3);
    frame.push(VT);
    frame.extend_from_slice(body);
    frame.extend_from_slice(&[FS, CR]);
    Ok(frame)
}

/// Without an MLLP frame, which some gateways and captures leave around HL7.
pub fn unframed(body: &[u8]) -> &[u8] {
    let body = body.trim_ascii_end();
    let body = body.strip_suffix(&[FS]).unwrap_or(body);
    body.strip_prefix(&[VT]).unwrap_or(body)
}
