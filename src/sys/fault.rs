//! What a bug in hb may cost: places where a test makes one, and how far it may reach.
//!
//! The promise that a bug in hb cannot take the job down is only worth something if it can be tried:
//! `HB_FAULT=panic:courier` panics there, and `HB_FAULT=abort:courier` ends the process as a kill would.
//! Release builds hold nothing of that.

/// Panics here, or ends, when a test asked for it.
#[cfg(debug_assertions)]
pub(crate) fn point(name: &str) {
    if let Ok(wanted) = std::env::var("HB_FAULT") {
        assert!(wanted != format!("panic:{name}"), "a fault was asked for in `{name}`");
        if wanted == format!("abort:{name}") {
            std::process::abort();
        }
    }
}

/// Nothing, in a release build.
#[cfg(not(debug_assertions))]
pub(crate) fn point(_name: &str) {}

/// Does a part of hb's own work whose bugs must not become the job's; none where it had one. The
/// panic's hook has noted it for the person.
pub(crate) fn contain<T>(work: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).ok()
}
