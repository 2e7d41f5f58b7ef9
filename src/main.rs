//! Arguments in, exit code out.
//!
//! There is no Rust `main` here on purpose. Rust's own start-up sets SIGPIPE to "ignored" and opens
//! `/dev/null` in place of closed descriptors, and a job started afterwards would inherit both. `hb`
//! has to know how it was started before anything changes, so it takes over at the C entry point.
#![no_main]

use std::ffi::{c_char, c_int};

/// The C entry point: the arguments go on as they came, byte for byte.
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "the C runtime calls this symbol; its name must not be mangled")]
pub extern "C" fn main(count: c_int, arguments: *const *const c_char) -> c_int {
    hb::run(count, arguments)
}
