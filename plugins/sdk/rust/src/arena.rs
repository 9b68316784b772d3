//! An allocator for guests: memory is taken and never given back, because the instance ends with the call.
//!
//! The standard library's allocator spends more fuel on a small rule than its arithmetic does. A guest that builds and
//! drops much more than the 32 MiB it may hold should keep the default instead.

/// Takes memory from the end of the linear memory; only the newest block can be given back or grown in place.
///
/// ```
/// # use undash_plugin_sdk::Arena;
/// #[cfg(target_arch = "wasm32")]
/// #[global_allocator]
/// static ARENA: Arena = Arena::new();
/// ```
#[derive(Debug, Default)]
pub struct Arena;

impl Arena {
    /// For a `static`.
    pub const fn new() -> Self {
        Self
    }
}

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "an allocator hands out raw memory")]
mod wasm {
    use core::alloc::{GlobalAlloc, Layout};
    use core::ptr;
    use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    const PAGE: usize = 1 << 16;

    /// The first byte that is free, and the first that is not ours yet. A guest has one thread.
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    static END: AtomicUsize = AtomicUsize::new(0);

    // SAFETY: blocks are aligned, lie in memory this module grew itself, and never overlap: `NEXT` only moves down when
    // the newest block is given back. Memory is only taken from pages grown here, which nothing else uses.
    unsafe impl GlobalAlloc for super::Arena {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            let start = NEXT.load(Relaxed).wrapping_add(layout.align() - 1) & !(layout.align() - 1);
            match start.checked_add(layout.size()) {
                Some(end) if end <= END.load(Relaxed) => {
                    NEXT.store(end, Relaxed);
                    ptr::with_exposed_provenance_mut(start)
                }
                Some(_) => grow(layout),
                None => ptr::null_mut(),
            }
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            if block.addr() + layout.size() == NEXT.load(Relaxed) {
                NEXT.store(block.addr(), Relaxed);
            }
        }

        unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            let newest = block.addr() + layout.size() == NEXT.load(Relaxed);
            if newest
                && let Some(end) = block.addr().checked_add(size)
                && end <= END.load(Relaxed)
            {
                NEXT.store(end, Relaxed);
                return block;
            }
            // SAFETY: the caller vouches for `layout` and `size`; the alignment is one that was valid before.
            unsafe {
                let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
                if !moved.is_null() {
                    ptr::copy_nonoverlapping(block, moved, layout.size().min(size));
                }
                moved
            }
        }
    }

    /// Takes pages for at least this block. Pages that follow the ones we have continue them; others start anew.
    #[cold]
    fn grow(layout: Layout) -> *mut u8 {
        let Some(wanted) = layout.size().checked_add(layout.align()) else {
            return ptr::null_mut();
        };
        let pages = wanted.div_ceil(PAGE);
        let before = core::arch::wasm32::memory_grow(0, pages);
        if before == usize::MAX {
            return ptr::null_mut();
        }
        let first = before * PAGE;
        if first != END.load(Relaxed) {
            NEXT.store(first, Relaxed);
        }
        END.store(first + pages * PAGE, Relaxed);
        let start = (NEXT.load(Relaxed) + layout.align() - 1) & !(layout.align() - 1);
        NEXT.store(start + layout.size(), Relaxed);
        ptr::with_exposed_provenance_mut(start)
    }
}
