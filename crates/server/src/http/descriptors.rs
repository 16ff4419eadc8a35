//! How many files the process may have open, and how many of them may be connections.
//!
//! Each connection takes a file descriptor, and so do the journal, the tables and the
//! queries. If connections could take the last one, anybody who opens many would keep
//! events from being stored. So descriptors are set aside for the process's own files, and
//! no more connections are let in than fit beside them.

use std::io;

/// Descriptors set aside for the process's own files: journal, tables, queries, logs.
pub const DESCRIPTORS_RESERVED: u64 = 256;
/// As many are set aside where the limit is low; below it nothing would work.
const DESCRIPTORS_RESERVED_MIN: u64 = 48;
/// For so many connections there is one that is over the limit and told so.
pub(crate) const CONNECTIONS_PER_REFUSAL: u64 = 16;
/// However few connections there are.
pub(crate) const REFUSALS_MIN: u64 = 4;

/// Raises the limit of open files as far as this user may, and gives the one in force.
///
/// # Errors
/// The system doesn't tell its limit.
pub fn raise_descriptor_limit() -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes one `rlimit` to the address, which is a live one of ours.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let soft = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: the kernel reads one `rlimit` from the address, which is a live one of ours.
    let raised = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } == 0;
    // Some systems have a hard limit that they don't grant: then it stays as it was.
    Ok(if raised { limit.rlim_max } else { soft })
}

/// How many connections fit a limit of open files.
#[must_use]
pub fn connections_that_fit(limit: u64) -> u64 {
    let reserved = (limit / 4 * 3).clamp(DESCRIPTORS_RESERVED_MIN, DESCRIPTORS_RESERVED);
    let left = limit.saturating_sub(reserved);
    left.saturating_sub(left.div_ceil(CONNECTIONS_PER_REFUSAL + 1).max(REFUSALS_MIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_files() {
        let check = |limit: u64, expect: u64| {
            let fit = connections_that_fit(limit);
            assert_eq!(fit, expect, "{limit}");
            let refusals = (fit / CONNECTIONS_PER_REFUSAL).max(REFUSALS_MIN);
            assert!(fit == 0 || fit + refusals <= limit - DESCRIPTORS_RESERVED_MIN, "{limit}");
        };
        check(0, 0);
        check(48, 0);
        check(64, 12);
        check(256, 60);
        check(1_024, 722);
        check(4_096, 3_614);
        check(1_048_576, 986_654);
    }

    #[test]
    fn the_limit_is_raised_and_told() {
        let limit = raise_descriptor_limit().expect("a limit");
        assert!(limit >= 64 && raise_descriptor_limit().expect("a limit") == limit);
    }
}
