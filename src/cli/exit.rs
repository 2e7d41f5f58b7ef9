//! What hb's own exit codes mean. A job's exit status is never one of these by hb's choice.

/// Everything went well.
pub(crate) const OK: i32 = 0;

/// The thing asked for could not be done.
pub(crate) const FAILED: i32 = 1;

/// The command line is wrong: EX_USAGE.
pub(crate) const USAGE: i32 = 64;

/// An event is kept and will be sent later: EX_TEMPFAIL.
pub(crate) const TEMPORARY: i32 = 75;

/// The configuration is wrong, and `--strict` was asked for: EX_CONFIG.
pub(crate) const CONFIG: i32 = 78;
