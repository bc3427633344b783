//! Any text as a file of a site's code set: loaded, or every mistake named. And any message or payload explained.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use stormwatch::hl7::ReadSettings;
use stormwatch::terminology::Terminology;
use stormwatch::terminology_command::try_message;

static BUILTIN: LazyLock<Vec<(String, String)>> = LazyLock::new(Terminology::builtin_files);
static TERMINOLOGY: LazyLock<Terminology> = LazyLock::new(Terminology::builtin);
static SETTINGS: LazyLock<ReadSettings> = LazyLock::new(ReadSettings::default);

fuzz_target!(|bytes: &[u8]| {
    let explained = try_message(&TERMINOLOGY, &SETTINGS, bytes);
    assert!(!explained.report.is_empty());
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut files = BUILTIN.clone();
    files.push(("codes/site.toml".into(), text.into()));
    if let Err(mistakes) = Terminology::load(&files) {
        assert!(mistakes.iter().all(|mistake| !mistake.to_string().is_empty()));
    }
});
