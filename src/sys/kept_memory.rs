//! Pieces of memory of some pages, kept for whoever asks next.
//!
//! The allocator of the static binary gets a piece of more than a few kilobytes from the kernel and gives it
//! back when it is freed: two system calls, and a fault for each page. For `hb run` that happens a few
//! times; a receiver that writes ten thousand pings per second in batches spends a quarter of its time
//! on it. So pieces between [`PIECE_BYTES_MIN`] and [`PIECE_BYTES_MAX`] are rounded up to a power of two,
//! and a few freed ones of each size are kept in a list that runs through the pieces themselves.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};

/// Smaller pieces are the allocator's own business, and it is good at them.
pub(super) const PIECE_BYTES_MIN: usize = 4 * 1024;

/// Larger pieces go back to the kernel: they are rare, and keeping them would be felt.
const PIECE_BYTES_MAX: usize = 256 * 1024;

/// Sizes that are kept: powers of two from the smallest to the largest.
const SIZES: usize = 7;

/// Bytes of each size that are kept at most.
const KEPT_BYTES_MAX: usize = 512 * 1024;

/// A freed piece; what is written in it leads to the next one.
struct Freed {
    next: *mut Freed,
}

/// The freed pieces of one size.
struct Kept {
    is_taken: AtomicBool,
    list: UnsafeCell<(*mut Freed, usize)>,
}

impl Kept {
    const fn empty() -> Kept {
        Kept { is_taken: AtomicBool::new(false), list: UnsafeCell::new((null_mut(), 0)) }
    }

    /// Does something with the list, unless somebody else does: then nobody waits.
    fn with<T>(&self, change: impl FnOnce(&mut (*mut Freed, usize)) -> T) -> Option<T> {
        if self.is_taken.swap(true, Ordering::Acquire) {
            return None;
        }
        #[expect(unsafe_code, reason = "whoever has set the flag has the list for itself")]
        // SAFETY: the flag was clear and is set now, so nobody else is between these two lines.
        let done = change(unsafe { &mut *self.list.get() });
        self.is_taken.store(false, Ordering::Release);
        Some(done)
    }
}

/// The freed pieces of all sizes.
pub(super) struct KeptMemory([Kept; SIZES]);

#[expect(unsafe_code, reason = "the lists are reached by one thread at a time")]
// SAFETY: see `Kept::with`; a piece in a list belongs to nobody else.
unsafe impl Sync for KeptMemory {}

/// The place of a size among those that are kept.
fn size_of(layout: Layout) -> Option<usize> {
    let bytes = layout.size();
    if !(PIECE_BYTES_MIN..=PIECE_BYTES_MAX).contains(&bytes) || layout.align() > 16 {
        return None;
    }
    let place = bytes.next_power_of_two().ilog2() - PIECE_BYTES_MIN.ilog2();
    usize::try_from(place).ok()
}

/// The layout that pieces of this place really have.
fn whole(place: usize) -> Layout {
    Layout::from_size_align(PIECE_BYTES_MIN << place, 16).unwrap_or(Layout::new::<u128>())
}

impl KeptMemory {
    /// Nothing is kept yet.
    pub(super) const fn new() -> KeptMemory {
        KeptMemory([const { Kept::empty() }; SIZES])
    }

    /// A piece.
    #[inline(never)]
    pub(super) fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(place) = size_of(layout) else {
            #[expect(unsafe_code, reason = "an allocator is unsafe by its nature")]
            // SAFETY: the caller keeps the promises of `alloc`.
            return unsafe { System.alloc(layout) };
        };
        let kept = self.0[place].with(|(first, count)| {
            let piece = *first;
            if !piece.is_null() {
                #[expect(unsafe_code, reason = "a list that runs through its own pieces")]
                // SAFETY: what is in the list was written by `dealloc` and is read by nobody else.
                let next = unsafe { (*piece).next };
                *first = next;
                *count -= 1;
            }
            piece.cast::<u8>()
        });
        match kept {
            Some(piece) if !piece.is_null() => piece,
            #[expect(unsafe_code, reason = "an allocator is unsafe by its nature")]
            // SAFETY: the layout has a size.
            Some(_) | None => unsafe { System.alloc(whole(place)) },
        }
    }

    /// Takes back what [`KeptMemory::alloc`] gave for this layout.
    #[inline(never)]
    pub(super) fn dealloc(&self, piece: *mut u8, layout: Layout) {
        let Some(place) = size_of(layout) else {
            #[expect(unsafe_code, reason = "an allocator is unsafe by its nature")]
            // SAFETY: it came from `System` with this layout.
            return unsafe { System.dealloc(piece, layout) };
        };
        let is_kept = self.0[place].with(|(first, count)| {
            if (*count + 1) * (PIECE_BYTES_MIN << place) > KEPT_BYTES_MAX {
                return false;
            }
            let freed = piece.cast::<Freed>();
            #[expect(unsafe_code, reason = "a list that runs through its own pieces")]
            // SAFETY: the piece is larger than a pointer, aligned, and nobody's any more.
            unsafe {
                (*freed).next = *first;
            }
            *first = freed;
            *count += 1;
            true
        });
        if is_kept != Some(true) {
            #[expect(unsafe_code, reason = "an allocator is unsafe by its nature")]
            // SAFETY: every piece of this place came from `System` with this layout.
            unsafe {
                System.dealloc(piece, whole(place));
            }
        }
    }

    /// Whether a piece of one layout is large enough for another: then nothing has to move.
    pub(super) fn is_same(&self, from: Layout, to: usize) -> bool {
        let to = Layout::from_size_align(to, from.align());
        match (size_of(from), to.ok().and_then(size_of)) {
            (Some(one), Some(other)) => one == other,
            _ => false,
        }
    }

    /// Whether a piece of this layout is the allocator's own business alone.
    pub(super) fn is_plain(&self, layout: Layout) -> bool {
        size_of(layout).is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::alloc::Layout;

    use super::{KEPT_BYTES_MAX, KeptMemory, PIECE_BYTES_MAX, PIECE_BYTES_MIN};

    #[test]
    fn pieces_come_back_and_belong_to_one_owner() {
        let memory = KeptMemory::new();
        for bytes in [1, PIECE_BYTES_MIN, PIECE_BYTES_MIN + 1, 65_536, PIECE_BYTES_MAX, 1 << 20] {
            let layout = Layout::from_size_align(bytes, 8).expect("a layout");
            let count = 2 * KEPT_BYTES_MAX / bytes.max(4096) + 2;
            for _ in 0..3 {
                let pieces: Vec<*mut u8> = (0..count).map(|_| memory.alloc(layout)).collect();
                let different: std::collections::BTreeSet<_> = pieces.iter().collect();
                assert_eq!(different.len(), count, "{bytes}");
                pieces.into_iter().for_each(|piece| memory.dealloc(piece, layout));
            }
        }
    }

    #[test]
    fn threads_do_not_get_each_others_pieces() {
        let memory = KeptMemory::new();
        std::thread::scope(|scope| {
            for mark in 0..4u8 {
                let memory = &memory;
                scope.spawn(move || {
                    let layout = Layout::from_size_align(5000, 8).expect("a layout");
                    for _ in 0..20_000 {
                        let piece = memory.alloc(layout);
                        #[expect(unsafe_code, reason = "the piece is this thread's own")]
                        // SAFETY: it has 5000 bytes.
                        unsafe {
                            piece.write_bytes(mark, 5000);
                            assert_eq!(piece.add(4999).read(), mark);
                            assert_eq!(piece.read(), mark);
                        }
                        memory.dealloc(piece, layout);
                    }
                });
            }
        });
    }
}
