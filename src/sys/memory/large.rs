//! Pieces of memory of some pages, kept for whoever asks next.
//!
//! The allocator of the static binary gets a piece of more than a few kilobytes from the kernel and gives it
//! back when it is freed: two system calls, and a fault for each page. For `hb run` that happens a few
//! times; a receiver that writes ten thousand pings per second in batches spends a quarter of its time
//! on it. So pieces between [`PIECE_BYTES_MIN`] and [`PIECE_BYTES_MAX`] are rounded up to a power of two,
//! and a few freed ones of each size are kept in a list that runs through the pieces themselves.

use super::held::{First, Held};

/// Smaller pieces are another's business.
pub(super) const PIECE_BYTES_MIN: usize = 4 * 1024;

/// Larger pieces go back to the kernel: they are rare, and keeping them would be felt.
pub(super) const PIECE_BYTES_MAX: usize = 256 * 1024;

/// Sizes that are kept: powers of two from the smallest to the largest.
const SIZES: usize = 7;

/// Bytes of each size that are kept at most.
pub(super) const KEPT_BYTES_MAX: usize = 512 * 1024;

/// The freed pieces of all sizes, with their numbers.
pub(super) struct Large([Held<(First, usize)>; SIZES]);

/// The place of a size among those that are kept.
pub(super) fn place_of(bytes: usize) -> Option<usize> {
    if !(PIECE_BYTES_MIN..=PIECE_BYTES_MAX).contains(&bytes) {
        return None;
    }
    let place = bytes.next_power_of_two().ilog2() - PIECE_BYTES_MIN.ilog2();
    usize::try_from(place).ok()
}

/// The bytes that pieces of this place really have.
pub(super) fn bytes_of(place: usize) -> usize {
    PIECE_BYTES_MIN << place
}

impl Large {
    /// Nothing is kept yet.
    pub(super) const fn new() -> Large {
        Large([const { Held::new((First::NONE, 0)) }; SIZES])
    }

    /// A kept piece of this place; null where there is none, or somebody else is at the list.
    #[inline(never)]
    pub(super) fn take(&self, place: usize) -> *mut u8 {
        let piece = self.0[place].with(|(list, count)| {
            let piece = list.pop();
            *count -= usize::from(!piece.is_null());
            piece
        });
        piece.unwrap_or(std::ptr::null_mut())
    }

    /// Keeps a piece of this place; false where it goes back.
    ///
    /// # Safety
    ///
    /// It came from the ordinary allocator with the bytes of this place, and is nobody's any more.
    #[inline(never)]
    #[expect(unsafe_code, reason = "an allocator is unsafe by its nature")]
    pub(super) unsafe fn keep(&self, place: usize, piece: *mut u8) -> bool {
        let kept = self.0[place].with(|(list, count)| {
            let has_room = (*count + 1) * bytes_of(place) <= KEPT_BYTES_MAX;
            if has_room {
                // SAFETY: every place is larger than a pointer.
                unsafe { list.push(piece) };
                *count += 1;
            }
            has_room
        });
        kept == Some(true)
    }
}
