//! Memory for the first moments of the process, without a system call for each page.
//!
//! `hb` lives for a millisecond around most jobs. The allocator of a static binary maps and unmaps
//! pages one by one at such sizes, and that was a fifth of hb's whole cost. So the first
//! [`ARENA_BYTES`] come from a fixed piece of the program's own memory, handed out in order and never
//! taken back; what is untouched costs nothing. When it is used up, everything goes to the ordinary
//! allocator, so a run of thirty days behaves as usual.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes handed out before the ordinary allocator takes over; a short run needs about half.
const ARENA_BYTES: usize = 512 * 1024;

/// Larger pieces always come from the ordinary allocator: they would use the arena up at once.
const PIECE_BYTES_MAX: usize = 16 * 1024;

#[repr(align(4096))]
struct Arena(UnsafeCell<[u8; ARENA_BYTES]>);

/// The allocator of the whole program.
pub(crate) struct StartMemory {
    arena: Arena,
    used: AtomicUsize,
}

impl StartMemory {
    /// Nothing is handed out yet.
    pub(crate) const fn new() -> StartMemory {
        StartMemory { arena: Arena(UnsafeCell::new([0; ARENA_BYTES])), used: AtomicUsize::new(0) }
    }

    fn holds(&self, piece: *mut u8) -> bool {
        let start = self.arena.0.get().addr();
        (start..start + ARENA_BYTES).contains(&piece.addr())
    }

    /// A piece of the arena; null when there is no room.
    fn take(&self, layout: Layout) -> *mut u8 {
        let mut used = self.used.load(Ordering::Relaxed);
        loop {
            let start = used.next_multiple_of(layout.align());
            let end = start + layout.size();
            if layout.size() > PIECE_BYTES_MAX || layout.align() > 4096 || end > ARENA_BYTES {
                return std::ptr::null_mut();
            }
            match self.used.compare_exchange_weak(used, end, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return self.arena.0.get().cast::<u8>().wrapping_add(start),
                Err(now) => used = now,
            }
        }
    }
}

#[expect(unsafe_code, reason = "the arena is shared between threads; each byte is handed out once")]
// SAFETY: `used` only grows, by compare and exchange, so no two callers get the same bytes.
unsafe impl Sync for StartMemory {}

#[expect(unsafe_code, reason = "an allocator is unsafe by its nature")]
// SAFETY: pieces of the arena are aligned, disjoint and live as long as the program; everything else
// is passed on to the ordinary allocator with the layout it was asked for.
unsafe impl GlobalAlloc for StartMemory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let piece = self.take(layout);
        // SAFETY: the caller keeps the promises of `alloc`.
        if piece.is_null() { unsafe { System.alloc(layout) } } else { piece }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // No byte of the arena is handed out twice, so all of them still are zero.
        let piece = self.take(layout);
        // SAFETY: the caller keeps the promises of `alloc_zeroed`.
        if piece.is_null() { unsafe { System.alloc_zeroed(layout) } } else { piece }
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        if !self.holds(piece) {
            // SAFETY: a piece outside of the arena came from the ordinary allocator.
            unsafe { System.dealloc(piece, layout) }
        }
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, new_bytes: usize) -> *mut u8 {
        if !self.holds(piece) {
            // SAFETY: a piece outside of the arena came from the ordinary allocator.
            return unsafe { System.realloc(piece, layout, new_bytes) };
        }
        if new_bytes <= layout.size() {
            return piece;
        }
        // SAFETY: the new layout is valid because the caller's is; both pieces hold the old bytes.
        unsafe {
            let larger = self.alloc(Layout::from_size_align_unchecked(new_bytes, layout.align()));
            if !larger.is_null() {
                std::ptr::copy_nonoverlapping(piece, larger, layout.size());
            }
            larger
        }
    }
}
