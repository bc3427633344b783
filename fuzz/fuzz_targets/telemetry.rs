//! Any bytes as an MQTT payload: read and understood row by row, or refused with a class.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use stormwatch::model::{PatientId, Time};
use stormwatch::telemetry;
use stormwatch::terminology::{self, Terminology};

static TERMINOLOGY: LazyLock<Terminology> = LazyLock::new(Terminology::builtin);

fuzz_target!(|payload: &[u8]| {
    if telemetry::is_hl7(payload) {
        return;
    }
    let somebody = PatientId::parse("P1").expect("a plain identifier");
    match telemetry::read(payload) {
        Ok(sent) => {
            for reading in &sent.readings {
                if let Err(refused) =
                    TERMINOLOGY.observe(reading, &somebody, "6E/01", Time(1_790_000_000_000))
                {
                    assert!(terminology::CLASSES.contains(&refused.class));
                    assert!(!refused.reason.is_empty());
                }
            }
        }
        Err(problem) => assert!(telemetry::CLASSES.contains(&problem.class)),
    }
});
