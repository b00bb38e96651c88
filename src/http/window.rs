//! How often something may fail: exact sliding windows in bounded memory.
//!
//! A try takes a place before its outcome is known, so that many at once do not all slip through.
//! Once it is known the place is given back, or counts until its window is over. While all places
//! that are left are taken by tries without an outcome, one more try waits for them: it is refused
//! only if they count.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::oneshot;

/// How many keys one limit remembers. 65,536, some MiB. When they are all in use new keys are let
/// through uncounted rather than strangers refused.
pub(super) const KEYS_MAX: usize = 65_536;

/// How often a full [`Limit`] looks for keys whose window is over: 16 times in a window, so that a
/// flood of keys does not pay for a look each.
const SWEEPS_A_WINDOW: u32 = 16;

/// How many tries of one key wait for a place. 4,096: a hall that comes in at once. Each is a
/// request that is held anyway.
const WAITING_MAX: usize = 4096;

/// At most so many tries of one key that count within a window.
#[derive(Debug)]
pub struct Limit {
    max: usize,
    window: Duration,
    tries: Mutex<Tries>,
}

#[derive(Debug, Default)]
struct Tries {
    by_key: HashMap<String, Places>,
    swept: Option<Instant>,
}

/// The places of one key: those that count and those under way are at most `max`.
#[derive(Debug, Default)]
struct Places {
    /// When the tries that count began, oldest first.
    counted: VecDeque<Instant>,
    /// How many tries have no outcome yet.
    under_way: usize,
    /// Who waits for a place, longest first. Empty unless a try is under way.
    waiting: VecDeque<oneshot::Sender<Place>>,
}

/// Why a try may not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// So many counted; how long until the first no longer does.
    Over(Duration),
    /// So many wait for a place.
    Crowded,
}

/// The place of one try. Dropping it makes its outcome known.
#[derive(Debug)]
#[must_use]
pub struct Place {
    /// Nothing if the try is not limited.
    of: Option<(Arc<Limit>, String)>,
    at: Instant,
    counts: bool,
}

impl Place {
    /// Says whether the try counts; it does not until this says so.
    pub fn set_counts(&mut self, counts: bool) {
        self.counts = counts;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((limit, key)) = self.of.take() {
            limit.settle(&key, self.counts.then_some(self.at));
        }
    }
}

enum Step {
    Go(Place),
    /// Gets a place, or its end once no place will be free: ask again.
    Wait(oneshot::Receiver<Place>),
}

impl Limit {
    /// At most `max` tries that count within `window`; no limit if `max` is 0.
    #[must_use]
    pub fn new(max: u32, window: Duration) -> Arc<Self> {
        Arc::new(Self { max: max as usize, window, tries: Mutex::default() })
    }

    /// Takes a place for a try of `key`, and waits for it while it depends on the outcome of others.
    ///
    /// # Errors
    ///
    /// [`Refused`].
    pub async fn take(self: &Arc<Self>, key: &str) -> Result<Place, Refused> {
        loop {
            match self.step(key, Instant::now())? {
                Step::Go(place) => return Ok(place),
                Step::Wait(turn) => {
                    if let Ok(place) = turn.await {
                        return Ok(place);
                    }
                }
            }
        }
    }

    fn step(self: &Arc<Self>, key: &str, now: Instant) -> Result<Step, Refused> {
        let unlimited = Step::Go(Place { of: None, at: now, counts: false });
        if self.max == 0 {
            return Ok(unlimited);
        }
        let mut tries = self.tries.lock();
        if tries.by_key.len() >= KEYS_MAX && !tries.by_key.contains_key(key) {
            self.sweep(&mut tries, now);
            if tries.by_key.len() >= KEYS_MAX {
                return Ok(unlimited);
            }
        }
        let places = tries.by_key.entry(key.to_owned()).or_default();
        self.drop_old(&mut places.counted, now);
        match places.counted.front() {
            Some(first) if places.counted.len() >= self.max => {
                let passed = now.saturating_duration_since(*first);
                Err(Refused::Over(self.window.saturating_sub(passed)))
            }
            _ if places.counted.len() + places.under_way < self.max => {
                places.under_way += 1;
                Ok(Step::Go(self.place(key, now)))
            }
            _ => {
                if places.waiting.len() >= WAITING_MAX {
                    places.waiting.retain(|turn| !turn.is_closed());
                }
                if places.waiting.len() >= WAITING_MAX {
                    return Err(Refused::Crowded);
                }
                let (turn, wait) = oneshot::channel();
                places.waiting.push_back(turn);
                Ok(Step::Wait(wait))
            }
        }
    }

    fn place(self: &Arc<Self>, key: &str, at: Instant) -> Place {
        Place { of: Some((self.clone(), key.to_owned())), at, counts: false }
    }

    /// A try of `key` has its outcome; if it counts, with when it began.
    fn settle(self: &Arc<Self>, key: &str, counts: Option<Instant>) {
        let now = Instant::now();
        let mut turns = Vec::new();
        // Dropped after the lock: who waits there is told that no place will be free.
        let mut nothing_left = VecDeque::new();
        {
            let mut tries = self.tries.lock();
            let Some(places) = tries.by_key.get_mut(key) else { return };
            places.under_way -= 1;
            if let Some(at) = counts {
                let later = places.counted.partition_point(|other| *other <= at);
                places.counted.insert(later, at);
            }
            self.drop_old(&mut places.counted, now);
            if places.counted.len() >= self.max {
                nothing_left = std::mem::take(&mut places.waiting);
            }
            while places.counted.len() + places.under_way < self.max
                && let Some(turn) = places.waiting.pop_front()
            {
                if !turn.is_closed() {
                    places.under_way += 1;
                    turns.push((turn, self.place(key, now)));
                }
            }
            if places.counted.is_empty() && places.under_way == 0 {
                tries.by_key.remove(key);
            }
        }
        drop(nothing_left);
        for (turn, place) in turns {
            // Whoever went away meanwhile drops the place, which goes to the next.
            drop(turn.send(place));
        }
    }

    fn sweep(&self, tries: &mut Tries, now: Instant) {
        let pause = self.window / SWEEPS_A_WINDOW;
        if tries.swept.is_some_and(|at| now.saturating_duration_since(at) < pause) {
            return;
        }
        tries.swept = Some(now);
        tries.by_key.retain(|_, places| {
            self.drop_old(&mut places.counted, now);
            !places.counted.is_empty() || places.under_way > 0
        });
    }

    fn drop_old(&self, counted: &mut VecDeque<Instant>, now: Instant) {
        let old = |at: &Instant| now.saturating_duration_since(*at) >= self.window;
        while counted.front().is_some_and(old) {
            counted.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::{join_all, poll_immediate};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A try that takes a place at once, or the wait that it was told.
    fn take(limit: &Arc<Limit>, key: &str, now: Instant) -> Result<Place, Duration> {
        match limit.step(key, now) {
            Ok(Step::Go(place)) => Ok(place),
            Ok(Step::Wait(_)) => panic!("it waits"),
            Err(Refused::Over(wait)) => Err(wait),
            Err(Refused::Crowded) => panic!("it is crowded"),
        }
    }

    fn fail(limit: &Arc<Limit>, key: &str, now: Instant) -> Result<(), Duration> {
        take(limit, key, now).map(|mut place| place.set_counts(true))
    }

    #[test]
    fn a_try_past_the_limit_waits_until_the_first_is_out_of_the_window() {
        let (limit, start) = (Limit::new(2, SECOND * 10), Instant::now());
        // The later one may have its outcome first.
        let mut first = take(&limit, "ann", start).unwrap();
        assert_eq!(fail(&limit, "ann", start + SECOND), Ok(()));
        first.set_counts(true);
        drop(first);
        assert_eq!(fail(&limit, "ann", start + SECOND * 4), Err(SECOND * 6));
        assert_eq!(fail(&limit, "bob", start + SECOND * 4), Ok(()));
        assert_eq!(fail(&limit, "ann", start + SECOND * 10), Ok(()));
        assert_eq!(fail(&limit, "ann", start + SECOND * 10), Err(SECOND));
    }

    #[test]
    fn a_try_that_does_not_count_leaves_its_place() {
        let (limit, start) = (Limit::new(1, SECOND * 10), Instant::now());
        for _ in 0..5 {
            drop(take(&limit, "ann", start).unwrap());
        }
        assert!(limit.tries.lock().by_key.is_empty());
        assert_eq!(fail(&limit, "ann", start), Ok(()));
        assert_eq!(fail(&limit, "ann", start), Err(SECOND * 10));
    }

    #[actix_web::test]
    async fn of_many_at_once_as_many_fail_as_may_and_all_others_hear_it() {
        let limit = Limit::new(10, SECOND * 60);
        let wrong = (0..50).map(async |_| {
            let mut place = limit.take("ann").await?;
            tokio::task::yield_now().await;
            place.set_counts(true);
            Ok::<_, Refused>(())
        });
        let tried = join_all(wrong).await;
        assert_eq!(tried.iter().filter(|tried| tried.is_ok()).count(), 10);
        let over = tried.iter().filter(|tried| matches!(tried, Err(Refused::Over(_)))).count();
        assert_eq!(over, 40);
    }

    #[actix_web::test]
    async fn of_many_at_once_none_is_refused_because_of_others_that_do_not_count() {
        let limit = Limit::new(10, SECOND * 60);
        let tries = (0..1000).map(async |n| {
            let mut place = limit.take("ann").await?;
            tokio::task::yield_now().await;
            place.set_counts(n % 200 == 0);
            Ok::<_, Refused>(())
        });
        assert!(join_all(tries).await.iter().all(Result::is_ok));
        let tries = limit.tries.lock();
        assert_eq!((tries.by_key["ann"].counted.len(), tries.by_key["ann"].under_way), (5, 0));
    }

    #[actix_web::test]
    async fn a_place_that_comes_to_somebody_who_went_away_goes_to_the_next() {
        let limit = Limit::new(1, SECOND);
        let first = limit.take("ann").await.unwrap();
        let [mut gone, mut went, mut next] = [0; 3].map(|_| Box::pin(limit.take("ann")));
        for waiting in [&mut gone, &mut went, &mut next] {
            assert!(poll_immediate(waiting).await.is_none());
        }
        drop(gone);
        drop(first);
        // This one has the place, and does not look any more.
        drop(went);
        drop(poll_immediate(&mut next).await.unwrap().unwrap());
        assert!(limit.tries.lock().by_key.is_empty());
    }

    #[actix_web::test]
    async fn no_more_than_so_many_wait() {
        let limit = Limit::new(1, SECOND);
        let first = limit.take("ann").await.unwrap();
        let mut waiting = Vec::new();
        for _ in 0..WAITING_MAX {
            let mut turn = Box::pin(limit.take("ann"));
            assert!(poll_immediate(&mut turn).await.is_none());
            waiting.push(turn);
        }
        assert_eq!(limit.take("ann").await.unwrap_err(), Refused::Crowded);
        drop(waiting.pop());
        let mut last = Box::pin(limit.take("ann"));
        assert!(poll_immediate(&mut last).await.is_none(), "who went away has left a place");
        drop((waiting, first));
        assert!(poll_immediate(&mut last).await.unwrap().is_ok());
    }

    #[test]
    fn no_more_than_so_many_keys_are_remembered() {
        let (limit, start) = (Limit::new(1, SECOND * 60), Instant::now());
        for n in 0..KEYS_MAX + 10 {
            assert_eq!(fail(&limit, &n.to_string(), start), Ok(()));
        }
        assert_eq!(limit.tries.lock().by_key.len(), KEYS_MAX);
        assert!(fail(&limit, "0", start).is_err(), "those that are known still count");
        let later = take(&limit, "later", start + SECOND * 60).unwrap();
        assert_eq!(limit.tries.lock().by_key.len(), 1);
        drop(later);
    }
}
