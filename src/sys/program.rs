//! The program's own pages in memory.

use std::ffi::{c_int, c_void};

/// Gives back the pages of hb's program code; they return from the page cache when they are needed.
///
/// Reading arguments, building a client and sending the start touches most of the program once. A
/// job of three hours needs next to nothing of it, and somebody may run hundreds of them.
pub(crate) fn forget_pages() {
    forget_but(libc::PF_W);
}

/// Gives back the pages of its constants only.
///
/// A page that returns costs a microsecond. Where much of the code goes on being used, forgetting
/// all of it would cost more than a tenth of a short run; what one part of the program reads, the next
/// one hardly does.
pub(crate) fn forget_constants() {
    forget_but(libc::PF_W | libc::PF_X);
}

/// Forgets segments that have none of these flags.
#[expect(unsafe_code, reason = "program headers and madvise are C")]
fn forget_but(mut flags: u32) {
    // SAFETY: the callback is of the required type, and the flags outlive the call.
    unsafe { libc::dl_iterate_phdr(Some(forget), (&raw mut flags).cast()) };
}

#[expect(unsafe_code, reason = "program headers and madvise are C")]
unsafe extern "C" fn forget(
    object: *mut libc::dl_phdr_info,
    _bytes: usize,
    flags: *mut c_void,
) -> c_int {
    const PAGE_BYTES: usize = 4096;
    // SAFETY: the flags are what `forget_but` has given and the headers those of a loaded object; only
    // segments that are never written to are dropped, so what comes back from the file is what was there.
    unsafe {
        let flags = *flags.cast::<u32>();
        let object = &*object;
        for index in 0..usize::from(object.dlpi_phnum) {
            let header = &*object.dlpi_phdr.add(index);
            if header.p_type == libc::PT_LOAD && header.p_flags & flags == 0 {
                let start = object.dlpi_addr as usize + header.p_vaddr as usize;
                let end = start + header.p_memsz as usize;
                let first = start.next_multiple_of(PAGE_BYTES);
                let bytes = (end / PAGE_BYTES * PAGE_BYTES).saturating_sub(first);
                libc::madvise(first as *mut c_void, bytes, libc::MADV_DONTNEED);
            }
        }
    }
    0
}
