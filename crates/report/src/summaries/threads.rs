//! Threads for work that takes a processor for long: of lower priority than those that take events in
//! and answer requests, and few, whatever is asked.

use std::panic::AssertUnwindSafe;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// How much the kernel prefers other threads, from 0 to 19.
#[cfg(target_os = "linux")]
const NICE: libc::c_int = 5;

type Job = Box<dyn FnOnce() + Send>;

/// The threads. They end when this is dropped and what they work on is done.
pub(super) struct Threads {
    jobs: Mutex<Option<Sender<Job>>>,
    count: usize,
}

/// The work ended without a result: by a defect, or the threads can't be started.
#[derive(Debug)]
pub(super) struct Ended;

impl Threads {
    /// So many threads, started when there is work.
    pub(super) fn new(count: usize) -> Threads {
        Threads { jobs: Mutex::new(None), count }
    }

    /// Does this on one of them, after what was asked before. Work whose asker has gone before it
    /// began isn't done.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Ended> {
        let (answer, answered) = oneshot::channel();
        let job = move || {
            if !answer.is_closed() {
                // Whoever waits learns of a panic by the answer that doesn't come.
                if let Ok(done) = std::panic::catch_unwind(AssertUnwindSafe(work)) {
                    let _ = answer.send(done);
                }
            }
        };
        self.jobs()?.send(Box::new(job)).map_err(|_| Ended)?;
        answered.await.map_err(|_| Ended)
    }

    fn jobs(&self) -> Result<Sender<Job>, Ended> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(jobs) = jobs.as_ref() {
            return Ok(jobs.clone());
        }
        let (send, receive) = mpsc::channel::<Job>();
        let receive = Arc::new(Mutex::new(receive));
        for number in 0..self.count {
            let receive = Arc::clone(&receive);
            let thread = std::thread::Builder::new().name(format!("summaries-{number}"));
            thread.spawn(move || work(&receive)).map_err(|_| Ended)?;
        }
        *jobs = Some(send.clone());
        Ok(send)
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    lower_priority();
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

/// Linux means the thread by 0; where the process is meant, and where it is refused, all stays as it is.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    // SAFETY: touches no memory.
    let _ = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_costs_its_own_work_only() {
        let threads = Threads::new(1);
        assert!(threads.run(|| panic!("on purpose")).await.is_err());
        assert_eq!(threads.run(|| 7).await.unwrap(), 7);
        #[cfg(target_os = "linux")]
        {
            // SAFETY: touches no memory.
            let nice = threads.run(|| unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }).await.unwrap();
            assert!(nice >= NICE, "{nice}");
        }
    }
}
