//! Memory for the first moments of the process, without a system call for each page.
//!
//! `hb` lives for a millisecond around most jobs. The allocator of a static binary maps and unmaps
//! pages one by one at such sizes, and that was a fifth of hb's whole cost. So the first
//! [`ARENA_BYTES`] come from a fixed piece of the program's own memory, handed out in order. Only the
//! piece that was handed out last is taken back or grows in its place; that is what most growing lists
//! and passing texts are. What is untouched costs nothing. When the arena is used up, everything goes
//! to the ordinary allocator, so a run of thirty days behaves as usual.
//!
//! Nothing here is inlined: thousands of places allocate, and the half megabyte of code that this would
//! make is memory, too.
//!
//! The pages that every run touches are asked for in one call: each of them, taken by its own fault,
//! costs as much as a system call.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::rest::Rest;

/// Bytes handed out before the ordinary allocator takes over; a short run needs a twentieth.
const ARENA_BYTES: usize = 512 * 1024;

/// Larger pieces always come from the ordinary allocator: they would use the arena up at once.
const PIECE_BYTES_MAX: usize = 16 * 1024;

/// From this size on a piece is aligned as C's `malloc` would align it, whatever the layout asks for.
///
/// The unwinder is C: its exception (of 56 bytes here) is allocated by Rust for 8 and written by
/// instructions that need 16, so that a panic would end in a fault instead of where it is caught.
/// Smaller pieces hold nothing of the kind, and there are so many of them that padding each would
/// make every run touch more pages.
const C_BYTES_MIN: usize = 32;

/// What C's `malloc` aligns to.
const C_ALIGN: usize = 16;

/// The unit of memory.
const PAGE_BYTES: usize = 4096;

/// What every run uses of the arena.
const ARENA_BYTES_WARM: usize = 6 * PAGE_BYTES;

/// What every run uses of the stack, below the first function.
const STACK_BYTES_WARM: usize = 7 * PAGE_BYTES;

#[repr(align(4096))]
struct Arena(UnsafeCell<[u8; ARENA_BYTES]>);

/// The allocator of the whole program.
pub(crate) struct StartMemory {
    arena: Arena,
    used: AtomicUsize,
    /// Everything from here on has never been handed out, and is zero.
    pristine: AtomicUsize,
    /// Where everything comes from afterwards.
    rest: Rest,
}

impl StartMemory {
    /// Nothing is handed out yet.
    pub(crate) const fn new() -> StartMemory {
        let arena = Arena(UnsafeCell::new([0; ARENA_BYTES]));
        let (used, pristine) = (AtomicUsize::new(0), AtomicUsize::new(0));
        StartMemory { arena, used, pristine, rest: Rest::new() }
    }

    fn holds(&self, piece: *mut u8) -> bool {
        let start = self.arena.0.get().addr();
        (start..start + ARENA_BYTES).contains(&piece.addr())
    }

    /// Moves the end of the last piece of the arena; false when it is not the last, or does not fit.
    ///
    /// What its owner wrote there must be over before another thread gets the same bytes, also on
    /// processors that would let a write wait: hence release here and acquire wherever bytes are taken.
    #[inline(never)]
    fn move_end(&self, piece: *mut u8, from: usize, to: usize) -> bool {
        let start = piece.addr() - self.arena.0.get().addr();
        let fits = to <= PIECE_BYTES_MAX
            && start + to <= ARENA_BYTES
            && (to < C_BYTES_MIN || start.is_multiple_of(C_ALIGN));
        let (end, new_end) = (start + from, start + to);
        let moved = fits
            && self
                .used
                .compare_exchange(end, new_end, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok();
        if moved {
            self.pristine.fetch_max(new_end, Ordering::Relaxed);
        }
        moved
    }

    /// Has the kernel bring the pages that every run touches.
    #[expect(unsafe_code, reason = "madvise is C")]
    pub(crate) fn warm(&self) {
        let on_stack = 0u8;
        let stack = (&raw const on_stack).addr() & !(PAGE_BYTES - 1);
        let stack = std::ptr::without_provenance_mut(stack - STACK_BYTES_WARM);
        // SAFETY: populating pages changes nothing in them. A kernel that cannot do it, or a stack
        // that does not reach that far, answers with an error, and the pages come one by one.
        unsafe {
            #[cfg(target_os = "linux")]
            {
                libc::madvise(
                    self.arena.0.get().cast(),
                    ARENA_BYTES_WARM,
                    libc::MADV_POPULATE_WRITE,
                );
                libc::madvise(stack, STACK_BYTES_WARM, libc::MADV_POPULATE_WRITE);
            }
            #[cfg(not(target_os = "linux"))]
            let _: *mut libc::c_void = stack;
        }
    }

    /// A piece of the arena, and where what nobody has had began until now; null when there is no room.
    #[inline(never)]
    fn take(&self, layout: Layout) -> (*mut u8, usize) {
        let mut used = self.used.load(Ordering::Relaxed);
        loop {
            let start = used.next_multiple_of(alignment(layout));
            let end = start + layout.size();
            if layout.size() > PIECE_BYTES_MAX || layout.align() > 4096 || end > ARENA_BYTES {
                return (std::ptr::null_mut(), 0);
            }
            // Acquires what the thread that gave this place back had done: its mark above all.
            match self.used.compare_exchange_weak(used, end, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => {
                    let pristine = self.pristine.fetch_max(end, Ordering::Relaxed);
                    return (self.arena.0.get().cast::<u8>().wrapping_add(start), pristine);
                }
                Err(now) => used = now,
            }
        }
    }
}

/// Where a piece may begin.
fn alignment(layout: Layout) -> usize {
    if layout.size() < C_BYTES_MIN { layout.align() } else { layout.align().max(C_ALIGN) }
}

#[expect(unsafe_code, reason = "the arena is shared between threads; each byte has one owner")]
// SAFETY: `used` moves by compare and exchange alone, past a piece that is handed out or back to the
// start of one that its only owner gives up, so no two callers hold the same bytes.
unsafe impl Sync for StartMemory {}

#[expect(unsafe_code, reason = "an allocator is unsafe by its nature")]
// SAFETY: pieces of the arena are aligned, disjoint and live as long as the program; everything else
// is passed on to the ordinary allocator with the layout it was asked for.
unsafe impl GlobalAlloc for StartMemory {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let (piece, _) = self.take(layout);
        // SAFETY: the caller keeps the promises of `alloc`.
        if piece.is_null() { unsafe { self.rest.alloc(layout) } } else { piece }
    }

    #[inline(never)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let (piece, pristine) = self.take(layout);
        if piece.is_null() {
            // SAFETY: the caller keeps the promises of `alloc_zeroed`.
            return unsafe { self.rest.alloc_zeroed(layout) };
        }
        // A page that nobody has touched is not to be touched only to be made what it is.
        let start = piece.addr() - self.arena.0.get().addr();
        let used_before = pristine.saturating_sub(start).min(layout.size());
        // SAFETY: the piece has the layout's size, and this is the part that others have had.
        unsafe { std::ptr::write_bytes(piece, 0, used_before) };
        piece
    }

    #[inline(never)]
    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        if self.holds(piece) {
            self.move_end(piece, layout.size(), 0);
        } else {
            // SAFETY: what is not of the arena came from there, with this layout.
            unsafe { self.rest.dealloc(piece, layout) };
        }
    }

    #[inline(never)]
    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, new_bytes: usize) -> *mut u8 {
        if !self.holds(piece) {
            // SAFETY: what is not of the arena came from there, with this layout.
            return unsafe { self.rest.realloc(piece, layout, new_bytes) };
        }
        if self.move_end(piece, layout.size(), new_bytes) || new_bytes <= layout.size() {
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

#[cfg(test)]
#[expect(unsafe_code, reason = "an allocator is unsafe by its nature")]
mod tests {
    use std::alloc::{GlobalAlloc, Layout};

    use super::StartMemory;

    #[test]
    fn what_c_may_be_given_is_aligned_as_c_expects() {
        static MEMORY: StartMemory = StartMemory::new();
        for size in 1..300 {
            let layout = Layout::from_size_align(size, 8).expect("a layout");
            let odd = Layout::from_size_align(size % 7 + 1, 1).expect("a layout");
            // SAFETY: the pieces are never used, grow to what fits a layout, and are not given back.
            unsafe {
                MEMORY.alloc(odd);
                let piece = MEMORY.alloc(layout);
                assert!(size < 32 || piece.addr().is_multiple_of(16), "{size} bytes");
                let grown = MEMORY.realloc(piece, layout, size + 32);
                assert!(grown.addr().is_multiple_of(16), "{size} bytes and 32 more");
            }
        }
    }

    #[test]
    fn pieces_never_overlap_and_what_is_asked_for_zeroed_is_zero() {
        static MEMORY: StartMemory = StartMemory::new();
        let memory = &MEMORY;
        let workers: Vec<_> = (1..=4u8)
            .map(|mark| {
                std::thread::spawn(move || {
                    let mut held: Vec<(usize, Layout)> = Vec::new();
                    let mut seed = u64::from(mark);
                    for _ in 0..20_000 {
                        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        let size = 1 + (seed >> 40) as usize % 300;
                        let layout = Layout::from_size_align(size, 8).expect("a layout");
                        // SAFETY: every piece is used within its layout and given back once.
                        unsafe {
                            let zeroed = seed >> 33 & 1 == 0;
                            let piece = if zeroed {
                                memory.alloc_zeroed(layout)
                            } else {
                                memory.alloc(layout)
                            };
                            let bytes = std::slice::from_raw_parts_mut(piece, size);
                            assert!(!zeroed || bytes.iter().all(|byte| *byte == 0));
                            bytes.fill(mark);
                            held.push((piece.expose_provenance(), layout));
                            let keep = seed >> 50 & 3 == 0;
                            if let (false, Some((address, layout))) = (keep, held.pop()) {
                                let piece = std::ptr::with_exposed_provenance_mut::<u8>(address);
                                let bytes = std::slice::from_raw_parts(piece, layout.size());
                                assert!(bytes.iter().all(|byte| *byte == mark));
                                memory.dealloc(piece, layout);
                            }
                        }
                    }
                })
            })
            .collect();
        workers.into_iter().for_each(|worker| worker.join().expect("no piece had two owners"));
    }
}
