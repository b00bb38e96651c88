//! Who watches a match from outside: its film as it is played, some seconds late.
//!
//! While somebody watches, the match's thread makes a film of its states ([`Camera`]), once for all who
//! watch; while nobody does, it costs nothing. A part of it is shown once the match is [`WATCH_DELAY`]
//! further, so that nobody can tell a player where the others are; by then it is on the disk, and no
//! failure takes back what was shown. Whoever comes, or cannot follow, goes on at the newest part that
//! stands for itself.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use playhouse_domain::games::Happening;
use playhouse_protocol::game::film::Camera;
use playhouse_protocol::game::{Schema, Table};
use tokio::sync::watch;

use super::port::Hall;

/// How late whoever watches sees a match. 3 s: where somebody was then is of no use in an arena.
pub const WATCH_DELAY: Duration = Duration::from_secs(3);

/// How many parts a second has. 10: what is written to each watcher, whatever the rate of ticks.
const PARTS_PER_SECOND: u16 = 10;

/// After how many parts one stands for itself. 20: whoever comes sees something within 2 s.
const KEY_EVERY: u32 = 20;

/// How many parts are kept that were shown. 50: with each watcher's own queue, whoever is 5 s behind is
/// too far behind.
const SHOWN_KEPT: usize = 50;

/// What is shown of a match, and who watches.
pub(crate) struct Gallery {
    film: Mutex<Film>,
    watchers: AtomicUsize,
    shown: watch::Sender<Shown>,
}

/// How far it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Shown {
    /// The number of the first part that is not.
    to: u64,
    /// True once the match is over, and all of it is shown.
    over: bool,
}

#[derive(Default)]
struct Film {
    /// In the order of their numbers, which have no gap.
    parts: VecDeque<Part>,
    /// The number of the next one.
    next: u64,
}

struct Part {
    number: u64,
    /// The last tick in it.
    tick: u32,
    /// True if it stands for itself.
    key: bool,
    bytes: Bytes,
}

impl Default for Gallery {
    fn default() -> Self {
        let (film, watchers) = (Mutex::default(), AtomicUsize::default());
        Self { film, watchers, shown: watch::Sender::new(Shown::default()) }
    }
}

impl Gallery {
    fn is_watched(&self) -> bool {
        self.watchers.load(Ordering::Relaxed) > 0
    }

    /// The match goes on from `tick`: what was filmed of later ones did not happen.
    pub(crate) fn begin(&self, tick: u32) {
        let mut film = self.film.lock();
        let to = self.shown.borrow().to;
        while film.parts.back().is_some_and(|part| part.tick > tick && part.number >= to) {
            film.parts.pop_back();
        }
        film.next = film.parts.back().map_or(to, |part| part.number + 1);
        self.shown.send_if_modified(|shown| std::mem::take(&mut shown.over));
    }

    fn push(&self, tick: u32, key: bool, bytes: Bytes) {
        let mut film = self.film.lock();
        let number = film.next;
        film.next += 1;
        film.parts.push_back(Part { number, tick, key, bytes });
    }

    /// Shows what is old enough at `tick`, and forgets what was shown long ago.
    fn show(&self, tick: u32) {
        let mut film = self.film.lock();
        let shown = *self.shown.borrow();
        let old = film.parts.iter().take_while(|part| part.tick <= tick).last();
        let to = old.map_or(shown.to, |part| (part.number + 1).max(shown.to));
        let before = film.parts.iter().take_while(|part| part.number < to).count();
        film.parts.drain(..before.saturating_sub(SHOWN_KEPT));
        drop(film);
        if to != shown.to {
            self.shown.send_replace(Shown { to, ..shown });
        }
    }

    /// The match is over, or cannot go on now: nothing of it need be kept from anybody.
    pub(crate) fn over(&self) {
        let to = self.film.lock().next;
        self.shown.send_replace(Shown { to, over: true });
    }
}

/// The match's half: the camera, while somebody watches.
#[derive(Default)]
pub(crate) struct Reel {
    camera: Option<Camera>,
    making: Vec<u8>,
    /// How many frames the part has that is made.
    frames: u32,
    /// How many parts there were since the camera began.
    parts: u32,
}

impl Reel {
    /// Films the state at the tick of `table`, if somebody watches.
    pub(crate) fn tick(
        &mut self,
        gallery: &Gallery,
        schema: &'static Schema,
        table: &Table,
        happened: &[Happening],
    ) {
        if !gallery.is_watched() {
            if self.camera.is_some() {
                *self = Self::default();
            }
            return;
        }
        let tick = table.tick();
        let frames = u32::from(schema.tick_hz / PARTS_PER_SECOND).max(1);
        let camera = self.camera.get_or_insert_with(|| Camera::new(schema, frames * KEY_EVERY));
        camera.frame(table, happened.iter().map(|happening| &happening.event), &mut self.making);
        self.frames += 1;
        if self.frames == frames {
            let key = self.parts.is_multiple_of(KEY_EVERY);
            let size = self.making.len();
            let making = std::mem::replace(&mut self.making, Vec::with_capacity(size * 2));
            gallery.push(tick, key, making.into());
            (self.frames, self.parts) = (0, self.parts + 1);
        }
        let delay = WATCH_DELAY.as_secs() as u32 * u32::from(schema.tick_hz);
        gallery.show(tick.saturating_sub(delay));
    }
}

/// A part of a film.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilmPart {
    /// True if it does not follow on the part before: it stands for itself.
    pub fresh: bool,
    /// Frames, as `playhouse_protocol::game::film` has them. The same bytes for everybody.
    pub bytes: Bytes,
}

/// Somebody's look at a match, for as long as it is held.
pub struct Watching {
    hall: Arc<Hall>,
    shown: watch::Receiver<Shown>,
    /// The number of the next part; none at first, and after one was left out.
    next: Option<u64>,
    /// No part before this one is shown again.
    least: u64,
}

impl Watching {
    pub(crate) fn new(hall: Arc<Hall>) -> Self {
        hall.gallery.watchers.fetch_add(1, Ordering::Relaxed);
        let shown = hall.gallery.shown.subscribe();
        Self { hall, shown, next: None, least: 0 }
    }

    /// The next part, once it is shown. None once the match is over and all of it was shown.
    pub async fn next(&mut self) -> Option<FilmPart> {
        loop {
            let shown = *self.shown.borrow_and_update();
            if let Some(part) = self.take(shown.to) {
                return Some(part);
            }
            if shown.over {
                return None;
            }
            self.shown.changed().await.ok()?;
        }
    }

    /// The last part did not reach whoever watches: it goes on at one that stands for itself.
    pub fn left_out(&mut self) {
        self.next = None;
    }

    fn take(&mut self, to: u64) -> Option<FilmPart> {
        let film = self.hall.gallery.film.lock();
        let first = film.parts.front()?.number;
        let next = self.next.filter(|next| *next >= first);
        let number = match next {
            Some(next) => next,
            // What follows a key that was shown already is not to be shown without it.
            None => {
                let shown = film.parts.iter().take_while(|part| part.number < to);
                let key = shown.filter(|part| part.key && part.number >= self.least).last()?;
                key.number
            }
        };
        if number >= to {
            return None;
        }
        let part = film.parts.get(usize::try_from(number - first).ok()?)?;
        (self.next, self.least) = (Some(number + 1), number + 1);
        Some(FilmPart { fresh: next.is_none(), bytes: part.bytes.clone() })
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.hall.gallery.watchers.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use playhouse_domain::games::find;
    use playhouse_protocol::game::film::Projector;

    use super::*;

    /// A match that does nothing but pass.
    struct Stage {
        hall: Arc<Hall>,
        reel: Reel,
        tick: u32,
    }

    impl Stage {
        fn new() -> Self {
            Self { hall: Arc::default(), reel: Reel::default(), tick: 0 }
        }

        fn pass(&mut self, seconds: f64) {
            let schema = find("arena").unwrap().schema();
            let mut table = Table::new(schema);
            for _ in 0..(seconds * 30.0) as u32 {
                self.tick += 1;
                table.begin(self.tick);
                self.reel.tick(&self.hall.gallery, schema, &table, &[]);
            }
        }
    }

    /// Somebody who watches, with what shows it.
    struct Viewer(Watching, Projector);

    impl Viewer {
        fn of(stage: &Stage) -> Self {
            let schema = find("arena").unwrap().schema();
            Self(Watching::new(stage.hall.clone()), Projector::new(schema))
        }

        /// What can be had at once: for each part whether it is fresh, and its ticks.
        fn parts(&mut self) -> Vec<(bool, Vec<u32>)> {
            let Self(watching, projector) = self;
            let to = watching.shown.borrow().to;
            let mut parts = Vec::new();
            while let Some(FilmPart { fresh, bytes }) = watching.take(to) {
                let (mut rest, mut ticks) = (bytes.as_ref(), Vec::new());
                while let Some(after) = projector.show(rest).unwrap() {
                    ticks.push(projector.state().unwrap().tick());
                    rest = after;
                }
                parts.push((fresh, ticks));
            }
            parts
        }
    }

    #[test]
    fn a_match_is_seen_three_seconds_late_from_a_part_that_stands_for_itself() {
        let mut stage = Stage::new();
        stage.pass(10.0);
        assert!(stage.hall.gallery.film.lock().parts.is_empty(), "nobody watches");
        let mut viewer = Viewer::of(&stage);
        stage.pass(3.0);
        assert_eq!(viewer.parts(), []);
        stage.pass(0.1);
        assert_eq!(viewer.parts(), [(true, vec![301, 302, 303])]);
        stage.pass(0.2);
        assert_eq!(viewer.parts(), [(false, vec![304, 305, 306]), (false, vec![307, 308, 309])]);
        stage.pass(3.0);
        let mut late = Viewer::of(&stage);
        let (fresh, ticks) = &late.parts()[0];
        assert_eq!((*fresh, ticks[0]), (true, 361), "the newest that stands for itself");
    }

    #[test]
    fn all_who_watch_are_shown_the_same_bytes() {
        let mut stage = Stage::new();
        let mut one = Watching::new(stage.hall.clone());
        let mut two = Watching::new(stage.hall.clone());
        stage.pass(4.0);
        let to = one.shown.borrow().to;
        let (one, two) = (one.take(to).unwrap(), two.take(to).unwrap());
        assert_eq!(one.bytes.as_ptr(), two.bytes.as_ptr());
    }

    #[test]
    fn whoever_cannot_follow_goes_on_at_a_later_part_that_stands_for_itself() {
        let mut stage = Stage::new();
        let mut viewer = Viewer::of(&stage);
        stage.pass(3.5);
        assert_eq!(viewer.parts().len(), 5);
        viewer.0.left_out();
        assert_eq!(viewer.parts(), [], "none that it has seen before");
        stage.pass(1.7);
        let next = viewer.parts();
        assert_eq!((next[0].0, next[0].1[0]), (true, 61));
        // Too far behind: what it would need is not there any more.
        stage.pass(20.0);
        assert!(viewer.parts()[0].0);
        assert!(stage.hall.gallery.film.lock().parts.len() <= SHOWN_KEPT + 31);
    }

    #[test]
    fn what_did_not_happen_in_the_end_is_never_shown() {
        let mut stage = Stage::new();
        let mut viewer = Viewer::of(&stage);
        stage.pass(4.0);
        let before = viewer.parts();
        // It goes on from tick 105 after a failure.
        stage.hall.gallery.begin(105);
        (stage.reel, stage.tick) = (Reel::default(), 105);
        stage.pass(4.0);
        let after: Vec<u32> = viewer.parts().into_iter().flat_map(|part| part.1).collect();
        let all: Vec<u32> = before.into_iter().flat_map(|part| part.1).chain(after).collect();
        assert!(all.is_sorted_by(|a, b| a < b), "{all:?}");
        assert!(all.contains(&106) && all.contains(&105) && !all.contains(&0));
    }

    #[tokio::test]
    async fn once_it_is_over_all_of_it_is_shown_and_then_nothing() {
        let mut stage = Stage::new();
        let mut watching = Watching::new(stage.hall.clone());
        stage.pass(1.0);
        stage.hall.gallery.over();
        let mut count = 0;
        while watching.next().await.is_some() {
            count += 1;
        }
        assert_eq!(count, 10);
    }
}
