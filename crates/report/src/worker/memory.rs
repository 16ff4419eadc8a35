//! The limit of memory that the kernel keeps for a worker.
//!
//! `RLIMIT_DATA` counts what is private and writable: heap, anonymous maps, stacks of
//! threads. `RLIMIT_AS` would count the program's own text and address space that nobody
//! touches as well. Past the limit the kernel refuses, and the process ends with its name
//! on the query: "memory allocation of … bytes failed".

use std::io;

/// Sizes in `/proc/self/statm` are in pages.
const PAGE_BYTES: usize = 4096;

/// Private writable memory of this process now, as `RLIMIT_DATA` counts it.
pub(crate) fn held_bytes() -> io::Result<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages = statm.split_ascii_whitespace().nth(5).and_then(|pages| pages.parse::<usize>().ok());
    let unknown = || io::Error::new(io::ErrorKind::InvalidData, "/proc/self/statm has no sixth number");
    Ok(pages.ok_or_else(unknown)?.saturating_mul(PAGE_BYTES))
}

/// Lets this process have `more_bytes` besides what it holds now, or whatever it wants.
pub(crate) fn allow(more_bytes: Option<usize>) -> io::Result<()> {
    let soft = match more_bytes {
        Some(more) => held_bytes()?.saturating_add(more) as libc::rlim_t,
        None => libc::RLIM_INFINITY,
    };
    set(libc::RLIMIT_DATA, libc::rlimit { rlim_cur: soft, rlim_max: libc::RLIM_INFINITY })
}

/// No core file of this process: it would hold rows.
pub(crate) fn no_core_file() -> io::Result<()> {
    set(libc::RLIMIT_CORE, libc::rlimit { rlim_cur: 0, rlim_max: 0 })
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
type Resource = libc::__rlimit_resource_t;
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
type Resource = libc::c_int;

fn set(resource: Resource, mut limit: libc::rlimit) -> io::Result<()> {
    let mut now = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel writes one `rlimit` to the address, which is a live one of ours.
    if unsafe { libc::getrlimit(resource, &raw mut now) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // Whoever started us may have set a hard limit that is lower; it can't be raised.
    limit.rlim_max = limit.rlim_max.min(now.rlim_max);
    limit.rlim_cur = limit.rlim_cur.min(limit.rlim_max);
    // SAFETY: the kernel reads one `rlimit` from the address, which is a live one of ours.
    if unsafe { libc::setrlimit(resource, &raw const limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_is_held() {
        let before = held_bytes().unwrap();
        let block = vec![7u8; 64 << 20];
        assert!(held_bytes().unwrap() >= before + (60 << 20), "{}", block[1]);
    }
}
