//! Waiting for a descriptor of ours inside of the asynchronous world.

use std::os::fd::BorrowedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Returns when the descriptor can be read; never, where it cannot be watched.
#[expect(unsafe_code, reason = "tokio cannot see that a borrowed descriptor stays what it is")]
pub(crate) async fn readable(end: BorrowedFd<'_>) {
    // SAFETY: the borrow holds the descriptor open for as long as it is registered, which ends with
    // this future at the latest.
    let watched = unsafe { AsyncFd::register_with_interest(end, Interest::READABLE) };
    match watched {
        Ok(watched) => {
            let _ = watched.readable().await;
        }
        Err(_) => std::future::pending().await,
    }
}
