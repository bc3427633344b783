//! Any line of the journal: an event that can be read is written the same way again, and the fold takes it.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use stormwatch::engine::Engine;
use stormwatch::engine::rule::shipped;
use stormwatch::model::{Entry, Event, Time};
use stormwatch::terminology::Terminology;

const START: Time = Time(1_790_000_000_000);
/// A ward that lives longer would only slow the search down.
const ENTRIES: u64 = 200;

thread_local! {
    static WARD: RefCell<(Engine, u64)> = RefCell::new(ward());
}

fn ward() -> (Engine, u64) {
    let mut engine = Engine::new();
    let analytes = Terminology::builtin().analytes().to_vec();
    let first = [
        Event::Terminology { hash: "t".into(), analytes },
        Event::Rules { hash: "r".into(), author: "fuzz".into(), files: shipped::rules() },
    ];
    for (seq, event) in (1..).zip(first) {
        engine.apply(&Entry { seq, accepted_at: START, event });
    }
    (engine, 2)
}

fuzz_target!(|line: &[u8]| {
    let Ok(event) = serde_json::from_slice::<Event>(line) else { return };
    let written = serde_json::to_string(&event).expect("an event can be written");
    let again: Event = serde_json::from_str(&written).expect("what was written can be read");
    assert_eq!(again, event);
    // Rules and code sets of the journal were checked before they came there, and cost too much here.
    if matches!(event, Event::Rules { .. } | Event::Terminology { .. }) {
        return;
    }
    WARD.with_borrow_mut(|(engine, seq)| {
        *seq += 1;
        engine.apply(&Entry { seq: *seq, accepted_at: Time(START.0 + *seq as i64 * 60_000), event });
        if *seq > ENTRIES {
            (*engine, *seq) = ward();
        }
    });
});
