//! The threads on which matches tick, and how a match gets onto one.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;

use super::figures::ThreadFigures;
use super::pace::{Stopwatch, wait_until, wake_precisely};
use super::play::Play;
use super::worker::Worker;

/// How often a thread's figures are made known. 1 s.
const FIGURES_EVERY: Duration = Duration::from_secs(1);

/// What a thread shares with those who give it matches.
#[derive(Default)]
struct Desk {
    /// Matches that it has not taken over yet; bounded by how many may run at all.
    orders: Mutex<VecDeque<Box<Play>>>,
    /// True if there may be one, or the thread is to end.
    ring: AtomicBool,
    closed: AtomicBool,
    figures: Mutex<ThreadFigures>,
}

/// One thread.
pub(crate) struct Crew {
    desk: Arc<Desk>,
    /// How many matches it was given that have not ended.
    load: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

/// A match's share of a thread's load, until it is dropped.
pub(crate) struct Burden(Arc<AtomicUsize>);

impl Drop for Burden {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Crew {
    /// Starts thread number `number`.
    pub(crate) fn start(number: usize, clock: Stopwatch) -> io::Result<Self> {
        let desk = Arc::new(Desk::default());
        let name = format!("ticks-{number}");
        let thread = std::thread::Builder::new().name(name).spawn({
            let desk = desk.clone();
            move || work(&desk, clock)
        })?;
        Ok(Self { desk, load: Arc::default(), thread: Some(thread) })
    }

    pub(crate) fn load(&self) -> usize {
        self.load.load(Ordering::Relaxed)
    }

    /// Gives the thread a match.
    pub(crate) fn give(&self, play: Box<Play>) -> Burden {
        self.load.fetch_add(1, Ordering::Relaxed);
        self.desk.orders.lock().push_back(play);
        self.wake();
        Burden(self.load.clone())
    }

    pub(crate) fn figures(&self) -> ThreadFigures {
        self.desk.figures.lock().clone()
    }

    fn wake(&self) {
        self.desk.ring.store(true, Ordering::Release);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.desk.closed.store(true, Ordering::Release);
        self.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(desk: &Desk, clock: Stopwatch) {
    wake_precisely();
    let mut worker = Worker::default();
    let mut told = Duration::ZERO;
    loop {
        if desk.ring.swap(false, Ordering::Acquire) {
            if desk.closed.load(Ordering::Acquire) {
                return;
            }
            // Taken out one by one, so that nobody waits for the lock while a match is placed.
            while let Some(play) = { desk.orders.lock().pop_front() } {
                worker.add(play, clock.now());
            }
        }
        match worker.due() {
            Some(due) if wait_until(clock, due) => worker.turn(&|| clock.now()),
            Some(_) => {}
            None => std::thread::park(),
        }
        let now = clock.now();
        if now.saturating_sub(told) >= FIGURES_EVERY
            && let Some(mut figures) = desk.figures.try_lock()
        {
            told = now;
            *figures = worker.tools.figures.clone();
        }
    }
}
