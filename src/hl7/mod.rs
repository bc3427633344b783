//! Floor 1. HL7 v2: bytes to words and back. MLLP framing, a lossless parser, readers of the messages a ward
//! sends, and the acknowledgements they expect.
//!
//! Reading order: [`frame`] cuts the stream, [`message`] indexes one message, [`read`] gives its content,
//! [`ack`] answers it. Nothing here reads a clock, a file or a socket.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod ack;
mod adt;
mod alarm;
pub mod batch;
pub mod charset;
pub mod content;
pub mod delimiters;
pub mod escape;
pub mod field;
pub mod frame;
pub mod header;
mod iso2022;
pub mod message;
mod order;
mod oru;
pub mod patient;
pub mod read;
mod replies;
mod scan;
pub mod settings;
#[cfg(test)]
mod tests;
mod therapy;
pub mod time;
mod value;
mod warning;

pub use ack::{AckCode, AckStamp, Answer, acknowledge, acknowledge_unreadable};
pub use batch::{Batch, split};
pub use charset::Charset;
pub use content::{CLASSES, Content, DeviceAlarm, Group, ODDITIES, Part, Problem, Refusal};
pub use delimiters::Delimiters;
pub use field::{Component, Field, Repetition, Subcomponent};
pub use frame::{FrameLimits, Framed, Framer, Unframeable};
pub use header::Header;
pub use message::{Message, Segment};
pub use patient::{CLEARED, PatientRef};
pub use read::read;
pub use replies::{AckMode, Replies, When, answers, answers_to_bytes, mode};
pub use settings::{MeasuredAt, ReadSettings};
pub use time::{read_time, write_time};
pub use value::read_number;
pub use warning::{Malformed, Warning};
