//! Cancelling: a client that wants a statement stopped says so on a connection of its own, with
//! the two numbers that it was given at its login. Whether they are right is told to nobody.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// The connections whose statements can be cancelled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cancels(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    last: AtomicI32,
    known: Mutex<HashMap<i32, (i32, watch::Sender<u64>)>>,
}

/// One connection's; its statements can be cancelled until it is dropped.
#[derive(Debug)]
pub(crate) struct Cancel {
    cancels: Cancels,
    /// What the client was given.
    pub(crate) number: i32,
    pub(crate) secret: i32,
    asked: watch::Receiver<u64>,
}

impl Cancels {
    /// # Errors
    /// The system's random source failed.
    pub(crate) fn register(&self) -> Result<Cancel, getrandom::Error> {
        let mut secret = [0; 4];
        getrandom::fill(&mut secret)?;
        let secret = i32::from_le_bytes(secret);
        let (send, asked) = watch::channel(0);
        let mut known = self.known();
        // Numbers come again after two thousand million connections.
        let number = loop {
            let number = self.0.last.fetch_add(1, Ordering::Relaxed).wrapping_add(1) & i32::MAX;
            if !known.contains_key(&number) {
                break number;
            }
        };
        known.insert(number, (secret, send));
        drop(known);
        Ok(Cancel { cancels: self.clone(), number, secret, asked })
    }

    pub(crate) fn cancel(&self, number: i32, secret: i32) {
        if let Some((right, send)) = self.known().get(&number)
            && *right == secret
        {
            send.send_modify(|times| *times += 1);
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<i32, (i32, watch::Sender<u64>)>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cancel {
    /// Forgets what was asked before a statement began.
    pub(crate) fn begin(&mut self) {
        self.asked.mark_unchanged();
    }

    /// Resolves when the statement at hand shall stop.
    pub(crate) async fn asked(&mut self) {
        if self.asked.changed().await.is_err() {
            std::future::pending().await
        }
    }
}

impl Drop for Cancel {
    fn drop(&mut self) {
        self.cancels.known().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn only_the_right_pair_stops_a_statement() {
        let cancels = Cancels::default();
        let mut one = cancels.register().expect("random");
        let other = cancels.register().expect("random");
        assert_ne!(one.number, other.number);
        cancels.cancel(one.number, one.secret.wrapping_add(1));
        cancels.cancel(other.number, one.secret.wrapping_sub(1));
        assert!(one.asked().now_or_never().is_none());
        cancels.cancel(one.number, one.secret);
        assert!(one.asked().now_or_never().is_some());
        // One that came before a statement isn't about it.
        cancels.cancel(one.number, one.secret);
        one.begin();
        assert!(one.asked().now_or_never().is_none());
        let number = one.number;
        drop(one);
        assert!(!cancels.known().contains_key(&number));
    }
}
