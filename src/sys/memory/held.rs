//! A value that one thread at a time may touch, and nobody waits for.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, Ordering};

/// A value that one thread at a time may touch; who comes second does without it.
pub(super) struct Held<T> {
    is_taken: AtomicBool,
    value: UnsafeCell<T>,
}

impl<T> Held<T> {
    pub(super) const fn new(value: T) -> Held<T> {
        Held { is_taken: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// Does something with the value, unless somebody else does.
    ///
    /// What is done must not panic: the value would be taken for ever, which is safe, and of no use.
    pub(super) fn with<R>(&self, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        if self.is_taken.swap(true, Ordering::Acquire) {
            return None;
        }
        #[expect(unsafe_code, reason = "whoever has set the flag has the value for itself")]
        // SAFETY: the flag was clear and is set now, so nobody else is between these two lines.
        let done = change(unsafe { &mut *self.value.get() });
        self.is_taken.store(false, Ordering::Release);
        Some(done)
    }
}

#[expect(unsafe_code, reason = "the value is reached by one thread at a time")]
// SAFETY: see `Held::with`; it hands the value from thread to thread, hence `Send`.
unsafe impl<T: Send> Sync for Held<T> {}

/// A freed piece; what is written in it leads to the next one.
struct Freed {
    next: *mut Freed,
}

/// The first of a list of freed pieces; null where there is none.
pub(super) struct First(*mut Freed);

impl First {
    /// An empty list.
    pub(super) const NONE: First = First(std::ptr::null_mut());

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_null()
    }

    /// Takes the whole list away.
    pub(super) fn take(&mut self) -> First {
        std::mem::replace(self, First::NONE)
    }

    /// Takes the first piece out; null where there is none.
    pub(super) fn pop(&mut self) -> *mut u8 {
        let piece = self.0;
        if !piece.is_null() {
            #[expect(unsafe_code, reason = "a list that runs through its own pieces")]
            // SAFETY: what is in the list was written by `push` and is read by its owner alone.
            let next = unsafe { (*piece).next };
            self.0 = next;
        }
        piece.cast()
    }

    /// Puts a piece in front.
    ///
    /// # Safety
    ///
    /// The piece is nobody's any more, aligned for a pointer and large enough for one.
    #[expect(unsafe_code, reason = "a list that runs through its own pieces")]
    pub(super) unsafe fn push(&mut self, piece: *mut u8) {
        let freed = piece.cast::<Freed>();
        // SAFETY: the caller keeps the promise above.
        unsafe {
            (*freed).next = self.0;
        }
        self.0 = freed;
    }
}

#[expect(unsafe_code, reason = "a freed piece belongs to whoever holds the list")]
// SAFETY: the pieces of a list are reached through it alone.
unsafe impl Send for First {}
