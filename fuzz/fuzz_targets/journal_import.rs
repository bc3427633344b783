//! Any bytes as an export: imported whole, or refused with its line, and nothing left behind.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use stormwatch::journal;

fuzz_target!(|bytes: &[u8]| {
    // In memory where the machine has such a folder: this is about reading, not about the disk.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.expect("a folder can be made");
    match journal::import(folder.path(), bytes, |_| {}) {
        Ok(copied) => {
            let report = journal::verify(folder.path(), |_| {}).expect("an import can be verified");
            assert_eq!(report.entries, copied.entries);
        }
        Err(_) => assert!(!folder.path().join("journal.db").exists()),
    }
});
