//! Connections that aren't logged in yet: so many at once, and the oldest gives way to the newest, so
//! that those who say nothing keep nobody out.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Connections at once that aren't logged in.
const STRANGERS_MAX: usize = 64;

/// All of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Strangers(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    last: u64,
    /// The oldest first.
    waiting: VecDeque<(u64, oneshot::Sender<()>)>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Stranger {
    strangers: Strangers,
    number: u64,
    stays: oneshot::Receiver<()>,
}

impl Strangers {
    /// Takes one in; the oldest goes where there are too many.
    pub(crate) fn enter(&self) -> Stranger {
        let (send, stays) = oneshot::channel();
        let mut inner = self.inner();
        inner.last += 1;
        let number = inner.last;
        inner.waiting.push_back((number, send));
        if inner.waiting.len() > STRANGERS_MAX {
            inner.waiting.pop_front();
        }
        drop(inner);
        Stranger { strangers: self.clone(), number, stays }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stranger {
    /// Resolves when its place is another one's.
    pub(crate) async fn gives_way(&mut self) {
        // Nothing is ever sent: the other end is dropped.
        let _ = (&mut self.stays).await;
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.strangers.inner().waiting.retain(|(number, _)| *number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn the_oldest_gives_way() {
        let strangers = Strangers::default();
        let mut all: Vec<Stranger> = (0..STRANGERS_MAX).map(|_| strangers.enter()).collect();
        assert!(all[0].gives_way().now_or_never().is_none());
        // A place that is given back is free.
        drop(all.pop());
        all.push(strangers.enter());
        assert!(all[0].gives_way().now_or_never().is_none());
        let newest = strangers.enter();
        assert!(all[0].gives_way().now_or_never().is_some());
        assert!(all[1].gives_way().now_or_never().is_none());
        drop((all, newest));
        assert!(strangers.inner().waiting.is_empty());
    }
}
