//! Every bound of the program in one place. A channel, buffer or list that could grow has its line here.

use super::time::Span;

/// Largest MLLP frame by default, in bytes: a scanned document of some megabytes may stand beside numbers.
pub const FRAME_MAX: usize = 16 * 1024 * 1024;
/// Bytes of unfinished frames of one listener, and the same again of messages on their way to the disk.
pub const FRAMES_HELD_MAX: usize = 256 * 1024 * 1024;
/// Bytes outside any frame before a connection is closed.
pub const GARBAGE_MAX: usize = 4 * 1024;
/// Largest telemetry in one MQTT publication, in bytes; a larger one is refused by name.
pub const MQTT_PACKET_MAX: usize = 1024 * 1024;
/// Largest MQTT publication that is taken off the line at all, in bytes.
pub const MQTT_FRAME_MAX: usize = 16 * 1024 * 1024;
/// A broker that insists on a larger one has it taken once, up to here (the largest MQTT knows), so that it does not
/// block all that waits behind it.
pub const MQTT_FRAME_ONCE: usize = 268_435_460;
/// Largest HTTP body, in bytes.
pub const HTTP_BODY_MAX: usize = 256 * 1024;
/// Largest WebSocket frame from a client, in bytes.
pub const SOCKET_FRAME_MAX: usize = 64 * 1024;
/// Deliveries waiting for the journal's writer before senders wait.
pub const JOURNAL_QUEUE: usize = 1024;
/// Deliveries in one commit.
pub const JOURNAL_GROUP: usize = 256;
/// Changes a subscriber may fall behind before it gets a fresh snapshot.
pub const SUBSCRIBER_QUEUE: usize = 256;
/// Changes kept for resuming subscribers.
pub const RESUME_CHANGES: usize = 4096;
/// Samples of one analyte of one patient kept in memory; the journal has the rest.
pub const WINDOW_SAMPLES: usize = 65_536;
/// How long samples stay in memory, by event time.
pub const WINDOW_SPAN: Span = Span::days(35);
/// Transitions and ledger lines kept on one alert.
pub const ALERT_HISTORY: usize = 200;
/// Closed alerts kept in memory for lists and quality figures; the journal has the rest.
pub const CLOSED_ALERTS: usize = 10_000;
/// Entries after which the fold is saved, so that a restart after a crash folds no more than about these: some seconds.
pub const SNAPSHOT_ENTRIES: u64 = 50_000;
/// Between two snapshots at least.
pub const SNAPSHOT_PAUSE: std::time::Duration = std::time::Duration::from_secs(600);
/// A measurement further in the future than this is not used.
pub const FUTURE: Span = Span::minutes(5);
