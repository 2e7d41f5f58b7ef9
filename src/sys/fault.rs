//! Places where a test may make hb itself fail: `HB_FAULT=panic:courier`.
//!
//! The promise that a bug in hb cannot take the job down is only worth something if it can be
//! tried. Release builds hold nothing of this.

/// Panics here when a test asked for it.
#[cfg(debug_assertions)]
pub(crate) fn point(name: &str) {
    if let Ok(wanted) = std::env::var("HB_FAULT") {
        assert!(wanted != format!("panic:{name}"), "a fault was asked for in `{name}`");
    }
}

/// Nothing, in a release build.
#[cfg(not(debug_assertions))]
pub(crate) fn point(_name: &str) {}
