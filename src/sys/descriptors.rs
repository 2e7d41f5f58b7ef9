//! How many files and connections this process may have open.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Where the system does not say, it is what most systems begin with.
const LIMIT_UNKNOWN: u64 = 1024;

/// As many as may be open now.
pub(crate) fn limit() -> u64 {
    getrlimit(Resource::RLIMIT_NOFILE).map_or(LIMIT_UNKNOWN, |(soft, _)| soft)
}

/// Lets as many be open as are wanted, as far as the system allows it without asking anybody: the soft
/// limit is low for the sake of old programs that call `select`, and whoever does not may raise it to the
/// hard one. It is never lowered.
pub(crate) fn raise_limit(wanted: u64) {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < wanted.min(hard)
    {
        // With the limit as it is there is less room, and that is known where it matters.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, wanted.min(hard), hard);
    }
}
