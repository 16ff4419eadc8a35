//! Work that several threads share.

use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does `work` for each of some things once, on at most so many threads. Each has a state of its own, which is
/// answered as the work leaves it.
pub(crate) fn share<S: Send, I>(
    threads: usize,
    things: impl IntoIterator<Item = I, IntoIter: Send>,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, I) + Sync,
) -> Vec<S> {
    let things = Mutex::new(things.into_iter());
    // A thread that panics while it takes one out leaves the others in order.
    let next = || things.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = || {
        let mut state = state();
        while let Some(thing) = next() {
            work(&mut state, thing);
        }
        state
    };
    thread::scope(|scope| {
        // One that can't be started isn't needed.
        let start = |_| thread::Builder::new().spawn_scoped(scope, run).ok();
        let others: Vec<_> = (1..threads).filter_map(start).collect();
        let mut states = vec![run()];
        for other in others {
            // It ended by a defect, and that is told here.
            states.push(other.join().unwrap_or_else(|defect| std::panic::resume_unwind(defect)));
        }
        states
    })
}

/// What `work` makes of each of some things, in their order.
pub(crate) fn map<I, T: Send>(
    threads: usize,
    things: impl IntoIterator<Item = I, IntoIter: Send>,
    work: impl Fn(I) -> T + Sync,
) -> Vec<T> {
    let done =
        share(threads, things.into_iter().enumerate(), Vec::new, |done, (at, thing)| done.push((at, work(thing))));
    let mut done: Vec<(usize, T)> = done.into_iter().flatten().collect();
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, made)| made).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_is_worked_on_once() {
        for (threads, count) in [(1, 0), (1, 5), (2, 1), (2, 1_000), (3, 7)] {
            let states = share(threads, 0..count, Vec::new, |done: &mut Vec<usize>, number| done.push(number));
            assert!((1..=threads).contains(&states.len()));
            let mut done = states.concat();
            done.sort_unstable();
            assert!(done.into_iter().eq(0..count), "{threads} threads");
            assert!(map(threads, 0..count, |number| number + 1).into_iter().eq(1..=count), "{threads} threads");
        }
    }
}
