//! Memory that was freed.

/// Gives the system back what was freed. Making summaries takes many times as much as they do, for a moment, and the C
/// library of GNU keeps freed memory that lies between memory in use.
pub(super) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: looks after its own lists under their locks; memory in use stays where it is.
    let _ = unsafe { libc::malloc_trim(0) };
}
