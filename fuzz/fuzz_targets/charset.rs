//! Any bytes in any set: text comes out, bounded, and line ends stay where they were.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stormwatch::hl7::Charset;

const NAMES: [&str; 12] = [
    "UTF-8",
    "8859/1",
    "8859/2",
    "8859/9",
    "8859/11",
    "8859/15",
    "ISO IR87",
    "SHIFT_JIS",
    "EUC-JP",
    "GB 18030-2000",
    "KS X 1001",
    "BIG-5",
];

fuzz_target!(|bytes: &[u8]| {
    let lines = bytes.iter().filter(|byte| **byte == b'\r').count();
    for name in NAMES {
        let charset = Charset::parse(name).expect("a known name");
        let (text, _) = charset.decode(bytes);
        assert!(text.len() <= 4 * bytes.len() + 16, "{name} grows without bound");
        assert_eq!(text.matches('\r').count(), lines, "{name} eats line ends");
        let encoded = charset.encode(&text);
        let (again, _) = charset.decode(&encoded);
        assert_eq!(again.matches('\r').count(), lines, "{name} eats line ends on its way back");
    }
});
