//! Any text as the first frame of a WebSocket client: a subscription, or a refusal in words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stormwatch::display::is_subscription;

fuzz_target!(|text: &str| {
    let bare = is_subscription(text);
    // A frame is the same frame with blanks around it.
    assert_eq!(is_subscription(&format!(" {text}\n")), bare);
});
