//! Randomness from the operating system, for run ids and for jitter.

use crate::domain::run::RunId;
use crate::domain::time::Moment;

/// Ten random bytes, or a mix of what differs between processes when the kernel gives none.
fn bytes() -> [u8; 10] {
    let mut bytes = [0u8; 10];
    if ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes).is_err() {
        // A run id must be unique, not secret; a host without getrandom still gets unique ones.
        let pid = u64::from(std::process::id());
        let nanos = super::clock::now().epoch_ms().unsigned_abs();
        bytes[..8].copy_from_slice(&(pid.rotate_left(40) ^ nanos).to_le_bytes());
    }
    bytes
}

/// A new run id: UUID v7, so that ids sort by the moment they were minted.
pub(crate) fn run_id(now: Moment) -> RunId {
    RunId::mint(now, bytes())
}

/// A number in `[0, 1)`, for jitter.
pub(crate) fn unit() -> f64 {
    let bytes = bytes();
    let number = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    f64::from(number) / (f64::from(u32::MAX) + 1.0)
}
