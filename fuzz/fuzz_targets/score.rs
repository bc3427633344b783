//! Any text as the input of every score: an answer, or an error that names the field.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use stormwatch::engine::score::{NAMES, Tables};
use stormwatch::score;

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::builtin);

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for name in NAMES {
        match score::run_with(name, text, &TABLES) {
            Ok(answer) => assert!(!answer.is_empty()),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
});
