//! The ordinary allocator, and what it gets back too soon.

use std::alloc::{GlobalAlloc, Layout, System};

use super::large::{self, Large};
use super::small::{self, Small};

/// Pieces with more than this are rare, and aligned by the ordinary allocator.
const ALIGN_MAX: usize = 16;

/// Who keeps a piece when it is freed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keeper {
    Small(usize),
    Large(usize),
    Nobody,
}

impl Keeper {
    fn of(layout: Layout) -> Keeper {
        if layout.align() > ALIGN_MAX {
            return Keeper::Nobody;
        }
        let small = || small::class_of(layout.size()).map(Keeper::Small);
        small()
            .or_else(|| large::place_of(layout.size()).map(Keeper::Large))
            .unwrap_or(Keeper::Nobody)
    }
}

/// The layout that a piece asked for as `layout` really has.
fn whole(layout: Layout, keeper: Keeper) -> Layout {
    match keeper {
        Keeper::Small(class) => small::layout_of(class),
        Keeper::Large(place) => {
            Layout::from_size_align(large::bytes_of(place), ALIGN_MAX).unwrap_or(layout)
        }
        Keeper::Nobody => layout,
    }
}

/// The ordinary allocator, and what is kept from it.
pub(super) struct Rest {
    small: Small,
    large: Large,
}

impl Rest {
    /// Nothing is kept yet.
    pub(super) const fn new() -> Rest {
        Rest { small: Small::new(), large: Large::new() }
    }

    fn take(&self, keeper: Keeper) -> *mut u8 {
        match keeper {
            Keeper::Small(class) => self.small.take(class),
            Keeper::Large(place) => self.large.take(place),
            Keeper::Nobody => std::ptr::null_mut(),
        }
    }
}

#[expect(unsafe_code, reason = "an allocator is unsafe by its nature")]
// SAFETY: every piece comes from the ordinary allocator with the layout `whole`, which is as large as what
// was asked for and depends on nothing but that; a piece that is kept is handed out for the same one.
unsafe impl GlobalAlloc for Rest {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let keeper = Keeper::of(layout);
        let kept = self.take(keeper);
        if kept.is_null() {
            // SAFETY: the layout has a size.
            unsafe { System.alloc(whole(layout, keeper)) }
        } else {
            kept
        }
    }

    #[inline(never)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let keeper = Keeper::of(layout);
        let kept = self.take(keeper);
        // SAFETY: the layout has a size, and a kept piece has it at least.
        unsafe {
            if kept.is_null() {
                return System.alloc_zeroed(whole(layout, keeper));
            }
            kept.write_bytes(0, layout.size());
        }
        kept
    }

    #[inline(never)]
    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        let keeper = Keeper::of(layout);
        // SAFETY: what has this keeper came from `System` with its layout, and the caller gives it up.
        let is_kept = unsafe {
            match keeper {
                Keeper::Small(class) => self.small.keep(class, piece),
                Keeper::Large(place) => self.large.keep(place, piece),
                Keeper::Nobody => false,
            }
        };
        if !is_kept {
            // SAFETY: the piece came from `System` with this layout.
            unsafe { System.dealloc(piece, whole(layout, keeper)) }
        }
    }

    #[inline(never)]
    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, new_bytes: usize) -> *mut u8 {
        // SAFETY: the caller promises that the new size fits the alignment.
        let new = unsafe { Layout::from_size_align_unchecked(new_bytes, layout.align()) };
        match (Keeper::of(layout), Keeper::of(new)) {
            // SAFETY: the piece came from the ordinary allocator with this layout.
            (Keeper::Nobody, Keeper::Nobody) => unsafe { System.realloc(piece, layout, new_bytes) },
            (one, other) if one == other => piece,
            // SAFETY: both pieces hold the smaller number of bytes, and the old one is given back once.
            _ => unsafe {
                let moved = self.alloc(new);
                if !moved.is_null() {
                    std::ptr::copy_nonoverlapping(piece, moved, layout.size().min(new_bytes));
                    self.dealloc(piece, layout);
                }
                moved
            },
        }
    }
}

#[cfg(test)]
#[expect(unsafe_code, reason = "an allocator is unsafe by its nature")]
mod tests {
    use std::alloc::{GlobalAlloc, Layout};
    use std::collections::BTreeSet;
    use std::sync::mpsc;

    use super::Rest;
    use crate::sys::memory::large::{KEPT_BYTES_MAX, PIECE_BYTES_MAX, PIECE_BYTES_MIN};
    use crate::sys::memory::small;
    use crate::sys::memory::{give_back_pieces, keep_pieces};

    /// Sizes at the edges of what small and large pieces are.
    const EDGES: [usize; 13] = [
        1,
        12,
        13,
        1020,
        1021,
        small::PIECE_BYTES_MAX,
        small::PIECE_BYTES_MAX + 1,
        PIECE_BYTES_MIN,
        PIECE_BYTES_MIN + 1,
        65_536,
        PIECE_BYTES_MAX,
        PIECE_BYTES_MAX + 1,
        1 << 20,
    ];

    fn layout(bytes: usize) -> Layout {
        Layout::from_size_align(bytes, 8).expect("a layout")
    }

    #[test]
    fn pieces_come_back_and_belong_to_one_owner() {
        let memory = Rest::new();
        for keeps in [false, true] {
            if keeps {
                keep_pieces();
            }
            for bytes in EDGES {
                let (layout, count) = (layout(bytes), 2 * KEPT_BYTES_MAX / bytes.max(4096) + 200);
                for _ in 0..3 {
                    // SAFETY: each piece is given back once, with its layout.
                    let pieces: Vec<*mut u8> =
                        (0..count).map(|_| unsafe { memory.alloc(layout) }).collect();
                    let different: BTreeSet<_> = pieces.iter().collect();
                    assert_eq!(different.len(), count, "{bytes}");
                    for piece in pieces {
                        // SAFETY: as above.
                        unsafe { memory.dealloc(piece, layout) };
                    }
                }
            }
        }
        give_back_pieces();
    }

    #[test]
    fn a_piece_that_grows_or_shrinks_keeps_what_is_in_it_and_zeroed_is_zero() {
        let memory = Rest::new();
        keep_pieces();
        for from in EDGES {
            for to in EDGES {
                // SAFETY: every piece is used within its layout and given back once.
                unsafe {
                    let piece = memory.alloc_zeroed(layout(from));
                    let bytes = std::slice::from_raw_parts_mut(piece, from);
                    assert!(bytes.iter().all(|byte| *byte == 0), "{from}");
                    bytes.fill(7);
                    let moved = memory.realloc(piece, layout(from), to);
                    let kept = std::slice::from_raw_parts_mut(moved, to);
                    assert!(kept.iter().take(from).all(|byte| *byte == 7), "{from} → {to}");
                    kept.fill(9);
                    memory.dealloc(moved, layout(to));
                }
            }
        }
        give_back_pieces();
    }

    /// What one thread reads another one frees: the way of every ping.
    #[test]
    fn pieces_travel_between_threads_and_never_have_two_owners() {
        let memory = &Rest::new();
        std::thread::scope(|scope| {
            for mark in 0..3u8 {
                let (send, receive) = mpsc::sync_channel::<(usize, usize)>(500);
                scope.spawn(move || {
                    keep_pieces();
                    for round in 0..30_000usize {
                        let bytes = 1 + round * 7 % 5000;
                        // SAFETY: the piece has as many bytes.
                        let piece = unsafe {
                            let piece = memory.alloc(layout(bytes));
                            piece.write_bytes(mark, bytes);
                            piece
                        };
                        send.send((piece.expose_provenance(), bytes)).expect("somebody listens");
                    }
                    give_back_pieces();
                });
                scope.spawn(move || {
                    keep_pieces();
                    for (address, bytes) in receive {
                        let piece = std::ptr::with_exposed_provenance_mut::<u8>(address);
                        // SAFETY: the other thread has given it away.
                        unsafe {
                            let found = std::slice::from_raw_parts(piece, bytes);
                            assert!(found.iter().all(|byte| *byte == mark));
                            memory.dealloc(piece, layout(bytes));
                        }
                    }
                    give_back_pieces();
                });
            }
        });
    }
}
