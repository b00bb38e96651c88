//! Jails built before they are needed, and the removal of those that were used: both off the way of a
//! job. No jail is used twice.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::cgroup::{Group, Mine, Remains};
use crate::error::Error;
use crate::image::Image;
use crate::jail::{Jail, Zygote};

/// Used jails that wait for their removal. 64: then whoever brings one more removes it itself, so
/// that jobs never come faster than their remains go.
const USED_MAX: usize = 64;
/// Used jails that one thread removes together. 8: their ends are waited for side by side, each some
/// ms on a busy machine, and there is still something left for the other threads.
const TOGETHER_MAX: usize = 8;
/// Threads of the pool at least and at most; in between as many as processors. 2: while one waits for
/// the kernel to end or to build a jail, another can work. 8: then the zygote has no more to give.
const THREADS: (usize, usize) = (2, 8);
/// User ids that are given out one after the other before the first comes again.
const SLOTS: u64 = 65_000;
/// How long a killed jail may take to be gone, in ms; it is left to the kernel after that.
const GONE_MS: u16 = 10_000;

/// A jail and the cgroups for its job.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) jail: Jail,
    pub(crate) group: Option<Group>,
}

#[derive(Debug, Default)]
struct State {
    ready: VecDeque<Place>,
    used: VecDeque<Place>,
    /// Threads of the pool that are at work on something that is in neither list.
    busy: usize,
    /// Those of them that build.
    building: usize,
    stopped: bool,
    /// Folders and jails that could not be removed.
    left: usize,
    /// Builds that failed one after the other. After 3 the pool waits for the next job before it
    /// tries again; that job builds its own jail and is told why it cannot.
    failures: u32,
}

/// Everything that jails are made from. Fields are dropped in this order: jails, zygote, cgroups.
#[derive(Debug)]
pub(crate) struct Yard {
    state: Mutex<State>,
    /// There is something to do for the pool's threads.
    work: Condvar,
    /// A thread of the pool has nothing more to do.
    calm: Condvar,
    zygote: Zygote,
    pub(crate) mine: Option<Mine>,
    /// The keepers' user outside, where they have one of their own.
    keeper: Option<u32>,
    number: AtomicU64,
    /// How many jails are kept ready, of which image.
    keep: Option<(Image, usize)>,
}

impl Yard {
    pub(crate) fn new(
        zygote: Zygote,
        mine: Option<Mine>,
        keeper: Option<u32>,
        keep: Option<(Image, usize)>,
    ) -> Self {
        Self {
            state: Mutex::default(),
            work: Condvar::new(),
            calm: Condvar::new(),
            zygote,
            mine,
            keeper,
            number: AtomicU64::new(0),
            keep,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A jail with `image`: a ready one, or one that is built now.
    pub(crate) fn take(&self, image: &Image) -> Result<Place, Error> {
        let mut state = self.state();
        self.put_away_dead(&mut state);
        if let Some(at) = state.ready.iter().position(|place| place.jail.image == *image) {
            let place = state.ready.remove(at);
            // While others are ready the next is built when this job is over, not beside it.
            if state.ready.is_empty() {
                self.work.notify_all();
            }
            if let Some(place) = place {
                return Ok(place);
            }
        }
        state.failures = 0;
        drop(state);
        self.build(image)
    }

    /// Takes ready jails that died with their zygote out of the list, to be removed.
    fn put_away_dead(&self, state: &mut State) {
        let ready = std::mem::take(&mut state.ready);
        let (dead, alive): (VecDeque<_>, _) =
            ready.into_iter().partition(|place| place.jail.is_gone());
        state.ready = alive;
        if !dead.is_empty() {
            // As many as are kept ready, at most, and so a bound of its own.
            state.used.extend(dead);
            self.work.notify_all();
        }
    }

    fn build(&self, image: &Image) -> Result<Place, Error> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let make = |mine| Group::make(mine, number, self.keeper);
        let group = self.mine.as_ref().map(make).transpose()?;
        match self.zygote.build(image, (number % SLOTS) as u32, group.as_ref()) {
            Ok(jail) => Ok(Place { jail, group }),
            Err(error) => {
                let left = group.map(Group::into_remains).map_or(0, Remains::remove);
                self.state().left += left;
                Err(error)
            }
        }
    }

    /// Takes back what is left of a job, to be removed soon.
    pub(crate) fn give_back(&self, used: Place) {
        used.jail.kill();
        let mut state = self.state();
        if state.used.len() < USED_MAX && !state.stopped {
            state.used.push_back(used);
            self.work.notify_one();
            return;
        }
        drop(state);
        let left = dispose(used);
        self.state().left += left;
    }

    /// Waits until everything that was used is removed and the pool is full again. Tells how much
    /// could not be removed since the start.
    pub(crate) fn settle(&self) -> usize {
        let mut state = self.state();
        while state.busy > 0 || !state.used.is_empty() || self.wants(&state) {
            state = self.calm.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.left
    }

    /// Jails that are ready now.
    pub(crate) fn ready(&self) -> usize {
        self.state().ready.len()
    }

    /// Cgroup folders of jobs, without those of the jails that stand ready.
    pub(crate) fn job_cgroups(&self) -> usize {
        let state = self.state();
        let Some(mine) = &self.mine else { return 0 };
        mine.jobs().saturating_sub(state.ready.len() * mine.hierarchies())
    }

    pub(crate) fn roots(&self) -> usize {
        self.zygote.roots()
    }

    pub(crate) fn zygote_id(&self) -> u32 {
        self.zygote.id()
    }

    fn wants(&self, state: &State) -> bool {
        let keep = self.keep.as_ref().map_or(0, |(_, number)| *number);
        state.ready.len() + state.building < keep && state.failures < 3 && !state.stopped
    }

    /// A thread of the pool: removes what was used, and builds what is missing.
    fn serve(&self) {
        let mut state = self.state();
        loop {
            let together = state.used.len().min(TOGETHER_MAX);
            let used: Vec<Place> = state.used.drain(..together).collect();
            let wanted = used.is_empty() && self.wants(&state);
            if used.is_empty() && !wanted {
                self.calm.notify_all();
                if state.stopped {
                    return;
                }
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.busy += 1;
            state.building += usize::from(wanted);
            drop(state);
            let left: usize = used.into_iter().map(dispose).sum();
            let built = wanted.then(|| self.keep.as_ref().map(|(image, _)| self.build(image)));
            state = self.state();
            state.busy -= 1;
            state.building -= usize::from(wanted);
            state.left += left;
            match built.flatten() {
                Some(Ok(place)) => {
                    state.failures = 0;
                    state.ready.push_back(place);
                }
                Some(Err(_)) => state.failures += 1,
                None => {}
            }
        }
    }
}

/// Waits for the end of a killed jail and removes its cgroups. Tells how much is left.
fn dispose(used: Place) -> usize {
    let gone = used.jail.wait_until_gone(GONE_MS);
    drop(used.jail);
    usize::from(!gone) + used.group.map(Group::into_remains).map_or(0, Remains::remove)
}

/// The pool: the yard and its threads.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) yard: Arc<Yard>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    pub(crate) fn start(yard: Yard) -> Result<Self, Error> {
        let number = std::thread::available_parallelism().map_or(THREADS.0, NonZero::get);
        // Filled one by one, so that those that started end where another cannot start.
        let mut pool = Self { yard: Arc::new(yard), threads: Vec::new() };
        for _ in 0..number.clamp(THREADS.0, THREADS.1) {
            let yard = pool.yard.clone();
            let thread = std::thread::Builder::new()
                .name("sandbox-pool".into())
                .spawn(move || yard.serve())
                .map_err(Error::own("start a thread of the pool"))?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let ready: Vec<Place> = {
            let mut state = self.yard.state();
            state.stopped = true;
            state.ready.drain(..).collect()
        };
        for place in ready {
            place.jail.kill();
            dispose(place);
        }
        self.yard.work.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
