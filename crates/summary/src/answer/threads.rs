//! Work that several threads share.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Does `work` for each number below `count` once, on at most so many threads. Each has a state of its own,
/// which is answered as the work leaves it.
pub(crate) fn share<S: Send>(
    threads: usize,
    count: usize,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) + Sync,
) -> Vec<S> {
    let next = AtomicUsize::new(0);
    let run = || {
        let mut state = state();
        loop {
            match next.fetch_add(1, Ordering::Relaxed) {
                number if number < count => work(&mut state, number),
                _ => return state,
            }
        }
    };
    thread::scope(|scope| {
        // One that can't be started isn't needed.
        let start = |_| thread::Builder::new().spawn_scoped(scope, run).ok();
        let others: Vec<_> = (1..threads.min(count)).filter_map(start).collect();
        let mut states = vec![run()];
        for other in others {
            // It ended by a defect, and that is told here.
            states.push(other.join().unwrap_or_else(|defect| std::panic::resume_unwind(defect)));
        }
        states
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_worked_on_once() {
        for (threads, count) in [(1, 0), (1, 5), (2, 1), (2, 1_000), (3, 7)] {
            let states = share(threads, count, Vec::new, |done: &mut Vec<usize>, number| done.push(number));
            assert!((1..=threads).contains(&states.len()));
            let mut done = states.concat();
            done.sort_unstable();
            assert!(done.into_iter().eq(0..count), "{threads} threads");
        }
    }
}
