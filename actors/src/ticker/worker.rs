//! The matches of one thread, in the order of their deadlines. No clock of its own: whoever drives it
//! says what time it is.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use playhouse_protocol::game::Cache;
use playhouse_protocol::limits::DATAGRAM_BYTES_MAX;
use tracing::error;

use super::figures::ThreadFigures;
use super::play::Play;
use super::pulse::first_beat;
use super::slabs::Slabs;
use crate::host::panic_text;

/// What the matches of one thread use one after the other.
pub(crate) struct Tools {
    pub(crate) cache: Cache,
    /// The datagram that is being made.
    pub(crate) out: Vec<u8>,
    pub(crate) slabs: Slabs,
    pub(crate) figures: ThreadFigures,
}

impl Default for Tools {
    fn default() -> Self {
        let out = Vec::with_capacity(DATAGRAM_BYTES_MAX);
        let (cache, slabs) = (Cache::new(), Slabs::default());
        Self { cache, out, slabs, figures: ThreadFigures::default() }
    }
}

/// The matches of one thread.
#[derive(Default)]
pub(crate) struct Worker {
    /// By place; a place is used again once its match has ended.
    plays: Vec<Option<Box<Play>>>,
    free: Vec<usize>,
    /// When each match's next tick is due, the earliest first. One entry for each match.
    due: BinaryHeap<Reverse<(Duration, usize)>>,
    phases: Vec<u64>,
    pub(crate) tools: Tools,
}

impl Worker {
    /// Takes a match over, which begins within one period of its ticks, where it disturbs the others the
    /// least.
    pub(crate) fn add(&mut self, mut play: Box<Play>, now: Duration) {
        let others = self.plays.iter().flatten().map(|play| play.due());
        let at = first_beat(play.tick_hz(), now, others, &mut self.phases);
        play.begin(at);
        let place = self.free.pop().unwrap_or_else(|| {
            self.plays.push(None);
            self.plays.len() - 1
        });
        self.due.push(Reverse((play.due(), place)));
        self.plays[place] = Some(play);
        self.tools.figures.matches += 1;
    }

    /// When something is due.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }

    /// Lets the match whose turn it is do what is due. A panic in it ends it and no other.
    pub(crate) fn turn(&mut self, clock: &dyn Fn() -> Duration) {
        let Some(Reverse((_, place))) = self.due.pop() else { return };
        let Some(mut play) = self.plays[place].take() else { return };
        let began = clock();
        let tools = &mut self.tools;
        match catch_unwind(AssertUnwindSafe(|| play.turn(clock, tools))) {
            Ok(None) => {
                self.due.push(Reverse((play.due(), place)));
                self.plays[place] = Some(play);
            }
            Ok(Some(end)) => {
                self.leave(place);
                play.end(end);
            }
            Err(panic) => {
                self.leave(place);
                self.tools.figures.faults += 1;
                let what = panic_text(&*panic);
                // What it leaves behind may panic once more, while it is packed or dropped.
                if catch_unwind(AssertUnwindSafe(|| play.break_off(what))).is_err() {
                    error!("what a match left behind after a panic panicked as well");
                }
            }
        }
        self.tools.figures.busy += clock().saturating_sub(began);
        self.tools.figures.unpooled = self.tools.slabs.misses();
    }

    fn leave(&mut self, place: usize) {
        self.free.push(place);
        self.tools.figures.matches -= 1;
    }
}
