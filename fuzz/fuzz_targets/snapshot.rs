//! Any bytes as a snapshot: an engine comes out that can be written again, or a refusal; never a crash.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stormwatch::engine::Engine;
use stormwatch::model::{Entry, Event, Time};

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut engine) = Engine::from_bytes(bytes) else { return };
    let written = engine.to_bytes();
    let again = Engine::from_bytes(&written).expect("what was written can be read");
    assert!(again.to_bytes() == written, "two forms of one engine");
    engine.apply(&Entry { seq: engine.seq().saturating_add(1), accepted_at: Time(1_790_000_000_000), event: Event::Tick });
});
