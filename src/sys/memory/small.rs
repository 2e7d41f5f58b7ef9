//! Small pieces of memory, kept by the thread that freed them.
//!
//! The allocator of the static binary has one lock, and maps and unmaps the pages of rare sizes: a receiver
//! spends a fifth of its time there, much of it waking threads that wait for the lock. So a thread that
//! lives long has lists of freed pieces of its own, which cost neither a lock nor a call.
//!
//! The hard part is that pieces travel: what a connection has read is freed by the thread that writes it
//! to the store, and its answer the other way. A thread whose list is full hands a batch of pieces over to
//! the [`Small::shelves`], where a thread whose list is empty finds it.
//!
//! Every piece comes from the ordinary allocator and may go back there at any time: nothing is carved, so
//! nothing is lost where a list is full, and a thread without lists needs to know nothing of all this.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::held::{First, Held};

/// Larger pieces are another's business.
pub(super) const PIECE_BYTES_MAX: usize = 4092;

/// Sizes below this lie [`FINE_BYTES`] apart, as those of the ordinary allocator do.
const FINE_BYTES_MAX: usize = 1020;
const FINE_BYTES: usize = 16;

/// Larger sizes lie as far apart as this.
const COARSE_BYTES: usize = 256;

/// What the ordinary allocator needs for itself: pieces that leave it room waste none.
const SPARED_BYTES: usize = 4;

/// Classes of the fine sizes, and of all.
const CLASSES_FINE: usize = 64;
const CLASSES: usize = 76;

/// Bytes of a batch, and pieces of it at least and at most.
const BATCH_BYTES: usize = 4096;
const BATCH_MIN: usize = 4;
const BATCH_MAX: usize = 64;

/// Batches of each class on the shelf at most.
const SHELF_MAX: usize = 64;

/// Bytes on all shelves at most; beyond them pieces go back to the ordinary allocator.
const SHELVES_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The class of pieces that have room for as many bytes.
pub(super) fn class_of(bytes: usize) -> Option<usize> {
    let with_spared = bytes + SPARED_BYTES - 1;
    if bytes <= FINE_BYTES_MAX {
        Some(with_spared / FINE_BYTES)
    } else if bytes <= PIECE_BYTES_MAX {
        let first = (FINE_BYTES_MAX + SPARED_BYTES) / COARSE_BYTES;
        Some(CLASSES_FINE - first + with_spared / COARSE_BYTES)
    } else {
        None
    }
}

/// The bytes that pieces of this class really have.
pub(super) fn bytes_of(class: usize) -> usize {
    match class.checked_sub(CLASSES_FINE) {
        None => (class + 1) * FINE_BYTES - SPARED_BYTES,
        Some(coarse) => FINE_BYTES_MAX + (coarse + 1) * COARSE_BYTES,
    }
}

/// How many pieces of this class travel together.
fn batch_of(class: usize) -> usize {
    (BATCH_BYTES / bytes_of(class)).clamp(BATCH_MIN, BATCH_MAX)
}

/// One thread's freed pieces of one class.
struct List {
    pieces: First,
    count: usize,
    /// A whole batch, or nothing.
    spare: First,
}

impl List {
    const EMPTY: List = List { pieces: First::NONE, count: 0, spare: First::NONE };
}

/// One thread's freed pieces.
type Lists = [List; CLASSES];

thread_local! {
    /// This thread's lists; null where it has none. A plain pointer without an end of its own: the
    /// allocator is also called before and after everything else that a thread has.
    static OWN: Cell<*mut Lists> = const { Cell::new(null_mut()) };
}

/// This thread's list of a class.
fn own(class: usize) -> Option<&'static mut List> {
    let lists = OWN.with(Cell::get);
    #[expect(unsafe_code, reason = "lists without a lock")]
    // SAFETY: `keep_pieces` has made them for this thread alone, which is here and nowhere else; no
    // reference outlives one call of `take` or `keep`, and neither calls the other.
    unsafe { lists.as_mut() }.map(|lists| &mut lists[class])
}

/// Batches of one class that no thread holds.
struct Shelf {
    batches: [First; SHELF_MAX],
    count: usize,
}

impl Shelf {
    const EMPTY: Shelf = Shelf { batches: [First::NONE; SHELF_MAX], count: 0 };
}

/// The pieces of all classes that no thread holds.
pub(super) struct Small {
    shelves: [Held<Shelf>; CLASSES],
    bytes: AtomicUsize,
}

impl Small {
    /// Nothing is kept yet.
    pub(super) const fn new() -> Small {
        Small { shelves: [const { Held::new(Shelf::EMPTY) }; CLASSES], bytes: AtomicUsize::new(0) }
    }

    /// A kept piece of this class; null where there is none.
    #[inline(never)]
    pub(super) fn take(&self, class: usize) -> *mut u8 {
        let Some(list) = own(class) else {
            return null_mut();
        };
        if list.count == 0 {
            list.pieces = list.spare.take();
            if list.pieces.is_empty() {
                list.pieces = self.fetch(class);
            }
            if list.pieces.is_empty() {
                return null_mut();
            }
            list.count = batch_of(class);
        }
        list.count -= 1;
        list.pieces.pop()
    }

    /// Keeps a piece of this class; false where it goes back.
    ///
    /// # Safety
    ///
    /// It came from the ordinary allocator with the layout of this class, and is nobody's any more.
    #[inline(never)]
    #[expect(unsafe_code, reason = "an allocator is unsafe by its nature")]
    pub(super) unsafe fn keep(&self, class: usize, piece: *mut u8) -> bool {
        let Some(list) = own(class) else {
            return false;
        };
        if list.count == batch_of(class) {
            let full = list.pieces.take();
            let surplus = std::mem::replace(&mut list.spare, full);
            list.count = 0;
            if !surplus.is_empty()
                && let Err(surplus) = self.hand_over(class, surplus)
            {
                give_back(class, surplus);
            }
        }
        // SAFETY: every class is larger than a pointer.
        unsafe { list.pieces.push(piece) };
        list.count += 1;
        true
    }

    /// A batch from the shelf.
    fn fetch(&self, class: usize) -> First {
        let fetched = self.shelves[class].with(|shelf| {
            shelf.count = shelf.count.checked_sub(1)?;
            Some(shelf.batches[shelf.count].take())
        });
        let Some(Some(batch)) = fetched else {
            return First::NONE;
        };
        self.bytes.fetch_sub(batch_of(class) * bytes_of(class), Ordering::Relaxed);
        batch
    }

    /// Puts a batch on the shelf; gives it back where there is no room.
    fn hand_over(&self, class: usize, mut batch: First) -> Result<(), First> {
        let bytes = batch_of(class) * bytes_of(class);
        if self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes <= SHELVES_BYTES_MAX {
            self.shelves[class].with(|shelf| {
                if shelf.count < SHELF_MAX {
                    shelf.batches[shelf.count] = batch.take();
                    shelf.count += 1;
                }
            });
            if batch.is_empty() {
                return Ok(());
            }
        }
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        Err(batch)
    }
}

/// What the pieces of a class were asked for as.
pub(super) fn layout_of(class: usize) -> Layout {
    // The smallest are smaller than what they are aligned to anyway, and asking for it would cost.
    let align = if class == 0 { 8 } else { 16 };
    Layout::from_size_align(bytes_of(class), align).unwrap_or(Layout::new::<u128>())
}

/// Gives a list of pieces back to the ordinary allocator.
fn give_back(class: usize, mut list: First) {
    loop {
        let piece = list.pop();
        if piece.is_null() {
            return;
        }
        #[expect(unsafe_code, reason = "an allocator is unsafe by its nature")]
        // SAFETY: every piece of a list came from `System` with the layout of its class.
        unsafe {
            System.dealloc(piece, layout_of(class));
        }
    }
}

/// From now on this thread keeps what it frees; for threads that live long and work much.
pub(crate) fn keep_pieces() {
    if !OWN.with(Cell::get).is_null() {
        return;
    }
    #[expect(unsafe_code, reason = "an allocator is unsafe by its nature")]
    // SAFETY: the layout has a size; what is there is written before it is reached. Where there is no
    // memory, the thread goes on without lists.
    unsafe {
        let lists = System.alloc(Layout::new::<Lists>()).cast::<Lists>();
        if !lists.is_null() {
            lists.write([const { List::EMPTY }; CLASSES]);
        }
        OWN.with(|own| own.set(lists));
    }
}

/// Gives back what this thread has kept; it ends.
pub(crate) fn give_back_pieces() {
    let lists = OWN.with(|own| own.replace(null_mut()));
    if lists.is_null() {
        return;
    }
    #[expect(unsafe_code, reason = "an allocator is unsafe by its nature")]
    // SAFETY: `keep_pieces` has made them, and nobody else reaches them; they are given back once.
    unsafe {
        for (class, list) in (*lists).iter_mut().enumerate() {
            give_back(class, list.pieces.take());
            give_back(class, list.spare.take());
        }
        System.dealloc(lists.cast(), Layout::new::<Lists>());
    }
}

#[cfg(test)]
mod tests {
    use super::{CLASSES, PIECE_BYTES_MAX, bytes_of, class_of};

    #[test]
    fn every_size_has_the_smallest_class_that_holds_it() {
        for bytes in 1..=PIECE_BYTES_MAX {
            let class = class_of(bytes).expect("a class");
            assert!(class < CLASSES && bytes <= bytes_of(class), "{bytes}");
            assert!(class == 0 || bytes_of(class - 1) < bytes, "{bytes}");
        }
        assert_eq!(class_of(PIECE_BYTES_MAX + 1), None);
        assert_eq!(class_of(PIECE_BYTES_MAX), Some(CLASSES - 1));
    }
}
