//! Any bytes, cut anywhere: the same frames, bounded memory, no panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stormwatch::hl7::{FrameLimits, Framed, Framer};

const LIMIT: usize = 512;

fn frames<'a>(limits: FrameLimits, pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Framed> {
    let mut framer = Framer::new(limits);
    let mut found = Vec::new();
    for piece in pieces {
        framer.push(piece);
        found.extend(std::iter::from_fn(|| framer.next()));
    }
    found.extend(framer.finish());
    found
}

fuzz_target!(|bytes: &[u8]| {
    for lenient_end in [false, true] {
        let limits = FrameLimits { max_frame: LIMIT, max_garbage: 256, lenient_end };
        let whole = frames(limits, std::iter::once(bytes));
        for size in [1, 7, 1 + bytes.len() / 2] {
            assert_eq!(whole, frames(limits, bytes.chunks(size)));
        }
        for framed in &whole {
            match framed {
                Framed::Message(body) => assert!(!body.is_empty() && body.len() <= LIMIT),
                Framed::TooLarge { head } => assert!(head.len() <= LIMIT),
                Framed::Truncated { partial } => assert!(partial.len() <= LIMIT + 1),
                Framed::CommitAck { .. } | Framed::Garbage | Framed::Empty => {}
            }
        }
    }
});
