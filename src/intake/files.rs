//! A connection is an open file, and most systems let a process open fewer than a listener may have.

use rustix::process::{Resource, getrlimit, setrlimit};
use tracing::warn;

/// Files the process needs beside the connections of one listener: the journal, screens, brokers. [engineering]
const BESIDE: u64 = 64;

/// Lets the process open so many more files, as far as the system allows without asking anybody: the soft limit (1,024
/// on most systems) is there for programs that use `select`, and we do not.
pub(super) fn allow(connections: usize) {
    let connections = connections as u64;
    let mut limit = getrlimit(Resource::Nofile);
    // `None` is no limit at all.
    let Some(soft) = limit.current else { return };
    let wanted = soft.saturating_add(connections);
    let most = limit.maximum.map_or(wanted, |hard| hard.min(wanted));
    limit.current = Some(most);
    let allowed = if most > soft && setrlimit(Resource::Nofile, limit).is_ok() { most } else { soft };
    if allowed < connections.saturating_add(BESIDE) {
        warn!(allowed, connections, "the system lets this process open too few files; raise LimitNOFILE");
    }
}
