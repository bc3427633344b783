//! Finding single bytes eight at a time: framing and indexing look at every byte once, so this is where
//! their speed is decided.

const ONES: u64 = 0x0101_0101_0101_0101;
const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// 0x80 in each byte of `word` that equals the byte spread over `pattern`; exact, without false hits.
#[inline]
fn equal(word: u64, pattern: u64) -> u64 {
    let x = word ^ pattern;
    !(((x & LOW) + LOW) | x | LOW)
}

/// Calls `found` with the position and value of every byte of `bytes` that is one of `wanted`, in order.
/// Stops early when `found` answers `false`.
#[inline]
pub fn each(bytes: &[u8], wanted: [u8; 3], mut found: impl FnMut(usize, u8) -> bool) {
    let [a, b, c] = wanted.map(|byte| u64::from(byte) * ONES);
    let mut chunks = bytes.chunks_exact(8);
    let mut at = 0;
    for chunk in &mut chunks {
        let word = u64::from_le_bytes(chunk.try_into().expect("chunks_exact gives eight bytes"));
        let mut hits = equal(word, a) | equal(word, b) | equal(word, c);
        while hits != 0 {
            let i = at + (hits.trailing_zeros() / 8) as usize;
            if !found(i, bytes[i]) {
                return;
            }
            hits &= hits - 1;
        }
        at += 8;
    }
    for (i, byte) in chunks.remainder().iter().enumerate() {
        if wanted.contains(byte) && !found(at + i, *byte) {
            return;
        }
    }
}

/// Bytes below this are line ends and other controls.
const CONTROLS: u8 = 0x10;

/// Calls `found` for every byte that is `field` or a control below 0x10 (CR and LF among them), in order: what
/// an index of a message needs, in two comparisons a word. Stops early when `found` answers `false`.
#[inline]
pub fn marks(bytes: &[u8], field: u8, mut found: impl FnMut(usize, u8) -> bool) {
    let pattern = u64::from(field) * ONES;
    let mut chunks = bytes.chunks_exact(8);
    let mut at = 0;
    for chunk in &mut chunks {
        let word = u64::from_le_bytes(chunk.try_into().expect("chunks_exact gives eight bytes"));
        // Adding 0x70 carries into the top bit from 0x10 on.
        let low = !(((word & LOW) + u64::from(0x80 - CONTROLS) * ONES) | word | LOW);
        let mut hits = equal(word, pattern) | low;
        while hits != 0 {
            let i = at + (hits.trailing_zeros() / 8) as usize;
            if !found(i, bytes[i]) {
                return;
            }
            hits &= hits - 1;
        }
        at += 8;
    }
    for (i, byte) in chunks.remainder().iter().enumerate() {
        if (*byte == field || *byte < CONTROLS) && !found(at + i, *byte) {
            return;
        }
    }
}

/// Position of the first byte that is one of `wanted`.
#[inline]
pub fn first(bytes: &[u8], wanted: [u8; 3]) -> Option<usize> {
    let mut place = None;
    each(bytes, wanted, |at, _| {
        place = Some(at);
        false
    });
    place
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_wanted_byte_is_found_in_order(bytes in proptest::collection::vec(any::<u8>(), 0..200), wanted: [u8; 3]) {
            let mut seen = Vec::new();
            each(&bytes, wanted, |at, byte| { seen.push((at, byte)); true });
            let expected: Vec<_> = bytes.iter().copied().enumerate().filter(|(_, b)| wanted.contains(b)).collect();
            prop_assert_eq!(seen, expected);
            let mut marked = Vec::new();
            marks(&bytes, wanted[0], |at, byte| { marked.push((at, byte)); true });
            let expected: Vec<_> =
                bytes.iter().copied().enumerate().filter(|(_, b)| *b == wanted[0] || *b < CONTROLS).collect();
            prop_assert_eq!(marked, expected);
            prop_assert_eq!(first(&bytes, wanted), bytes.iter().position(|b| wanted.contains(b)));
        }
    }
}
