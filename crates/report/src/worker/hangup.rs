//! Notices that the other end of a socket is closed while nobody reads from it.

use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::thread::Builder;

/// Calls `then` when the other end is closed, from a thread that does nothing else.
///
/// # Errors
/// There is no thread to be had.
pub(crate) fn watch(socket: UnixStream, then: fn()) -> io::Result<()> {
    Builder::new().name("hangup".to_owned()).spawn(move || {
        if wait(&socket).is_ok() {
            then();
        }
    })?;
    Ok(())
}

fn wait(socket: &UnixStream) -> io::Result<()> {
    // Without events to wait for, only the end is told: bytes that arrive wake nobody here.
    let mut end = libc::pollfd { fd: socket.as_raw_fd(), events: 0, revents: 0 };
    loop {
        // SAFETY: the kernel reads and writes one `pollfd` at the address, which is a live one of
        // ours; its descriptor is open for as long as `socket` is borrowed.
        match unsafe { libc::poll(&raw mut end, 1, -1) } {
            0 => {}
            1.. => return Ok(()),
            _ => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_end_is_noticed_and_bytes_are_not() {
        static ENDED: AtomicBool = AtomicBool::new(false);
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        watch(ours.try_clone().unwrap(), || ENDED.store(true, Ordering::Release)).unwrap();
        theirs.write_all(b"unread").unwrap();
        std::thread::sleep(Duration::from_millis(20));
        assert!(!ENDED.load(Ordering::Acquire), "bytes are no end");
        drop(theirs);
        while !ENDED.load(Ordering::Acquire) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
