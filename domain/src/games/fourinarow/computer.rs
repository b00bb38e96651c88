//! The computer: looks ahead for up to a second, a bounded part of it in each tick.

use playhouse_protocol::game::Input;

use super::board::{Board, CELLS};
use super::schema::{Action, Say, stands};
use super::search::Search;
use crate::games::bot::{Bot, Sight};
use crate::games::{Seat, hash};

/// How many positions it looks at in a tick. 4,000: 0.4 ms, less than a hundredth of a tick, so that many matches
/// think at once on one thread.
const POSITIONS: u32 = 4_000;

/// For how many ticks it thinks at most. 20: a second.
const THINKS_MAX: u32 = 20;

/// For how many ticks it thinks at least. 8: what answers at once is not seen to move.
const THINKS_MIN: u32 = 8;

/// How many discs are in before it agrees to a draw.
const DRAWS_FROM: u8 = 20;

/// A computer that plays in a seat.
pub(super) struct Computer {
    seat: Seat,
    /// How many discs ahead it looks.
    deepest: u8,
    search: Search,
    /// For how many discs it thinks, and for how long; none before the first move.
    thinks: Option<(u8, u32)>,
    done: bool,
}

impl Computer {
    pub(super) fn new(level: u8, seat: Seat, seed: u64) -> Self {
        let deepest = match level {
            1 => 2,
            2 => 6,
            _ => CELLS,
        };
        let search = Search::new(hash::of(&(seed, seat)) >> 20);
        Self { seat, deepest, search, thinks: None, done: false }
    }

    /// The column to drop into, once it is thought out.
    fn think(&mut self, board: Board) -> Option<u8> {
        let discs = board.discs();
        let ticks = match self.thinks {
            Some((of, ticks)) if of == discs => ticks + 1,
            _ => {
                self.search.begin(board, self.deepest);
                self.done = false;
                1
            }
        };
        self.thinks = Some((discs, ticks));
        self.done = self.done || ticks > THINKS_MAX || self.search.run(POSITIONS);
        let (column, _) = self.search.found().filter(|_| self.done && ticks >= THINKS_MIN)?;
        Some(column)
    }

    /// True if a draw is as good as what it saw when it thought last.
    fn agrees(&self, discs: u8) -> bool {
        discs >= DRAWS_FROM && self.search.found().is_some_and(|(_, value)| value <= 0)
    }
}

impl Bot for Computer {
    fn act(&mut self, sight: &Sight<'_>) -> Input {
        let (Some(board), Some(state)) = (sight.get(0), sight.get(1)) else {
            return Input::NEUTRAL;
        };
        let (board, state) = (Board::of(board.fields), state.fields);
        let (seat, at) = (i32::from(self.seat.0), board.discs());
        if state[stands::ENDED] != 0 {
            return Input::NEUTRAL;
        }
        let others = state[stands::OFFER] == 2 - seat;
        if others && self.agrees(at) {
            return Action { at, drop: None, say: Say::Accept }.input();
        }
        if (state[stands::FIRST] + i32::from(at)) % 2 != seat {
            return Input::NEUTRAL;
        }
        match self.think(board) {
            None => Input::NEUTRAL,
            drop => Action { at, drop, say: Say::Nothing }.input(),
        }
    }
}
