//! Any bytes, cut anywhere: the same frames, bounded memory, no panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stormwatch::hl7::{FrameLimits, Framed, Framer};

const LIMIT: usize = 512;

fn frames(limits: FrameLimits, pieces: impl Iterator<Item = Vec<u8>>) -> Vec<Framed> {
    let mut framer = Framer::new(limits);
    let mut found = Vec::new();
    for piece in pieces {
        framer.push(&piece);
        found.extend(std::iter::from_fn(|| framer.next()));
    }
    found.extend(framer.finish());
    found
}

fuzz_target!(|input: (bool, u8, Vec<u8>)| {
    let (lenient_end, size, bytes) = input;
    let limits = FrameLimits { max_frame: LIMIT, max_garbage: 256, lenient_end };
    let size = usize::from(size).max(1);
    let whole = frames(limits, std::iter::once(bytes.clone()));
    let cut = frames(limits, bytes.chunks(size).map(<[u8]>::to_vec));
    assert_eq!(whole, cut);
    for framed in &whole {
        if let Framed::Message(body) = framed {
            assert!(body.len() <= LIMIT);
        }
    }
});
