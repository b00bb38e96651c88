//! One snake on its ground: a head, and the bends by which the rest of it follows.
//!
//! Moves are counted for all alike, modulo 256. From the head one goes back along the newest bend's way for as many
//! cells as there were moves since, then along the one before, until the snake's length is used up. The page does
//! the same (`web/game/snakes.js`); `bodies.json` holds both to the same cells.

use serde::{Deserialize, Serialize};

use super::schema::{BENDS_MAX, LENGTH_MAX};

/// The steps of up, right, down and left.
pub const STEPS: [(i8, i8); 4] = [(0, -1), (1, 0), (0, 1), (-1, 0)];

/// After so many moves straight on a bend is noted that is none. 128: moves are counted modulo 256, and it is more
/// than a snake is long.
const NOTED_AFTER: u8 = 128;

/// How much a snake grows after it comes in, in cells.
const GROWS_FIRST: u8 = 3;

/// How much a snake grows by what it eats, in cells. 1: whoever eats every second is long after a minute and a half.
pub const GROWS: u8 = 1;

/// The square that snakes go about on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ground {
    /// How many cells each way.
    pub size: u8,
    /// True if there is a wall around it; else what leaves it on one side comes in on the other.
    pub walls: bool,
}

impl Ground {
    /// The cell that is next to `from` that `way`; none beyond a wall.
    #[must_use]
    pub fn next(&self, (x, y): (u8, u8), way: u8) -> Option<(u8, u8)> {
        let (dx, dy) = STEPS[usize::from(way % 4)];
        let inside = |at: i16| (0..i16::from(self.size)).contains(&at);
        let (x, y) = (i16::from(x) + i16::from(dx), i16::from(y) + i16::from(dy));
        if self.walls && !(inside(x) && inside(y)) {
            return None;
        }
        let around = |at: i16| at.rem_euclid(i16::from(self.size.max(1))) as u8;
        Some((around(x), around(y)))
    }

    /// The cell that a snake which came from it `way` has behind it.
    fn behind(&self, from: (u8, u8), way: u8) -> (u8, u8) {
        // A snake never went through a wall.
        Self { walls: false, ..*self }.next(from, way + 2).unwrap_or(from)
    }
}

/// A bend: which way it goes on after which move, modulo 256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bend {
    /// The last move before it.
    pub after: u8,
    /// Up, right, down or left.
    pub way: u8,
}

/// A snake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snake {
    /// Where its head is.
    pub head: (u8, u8),
    /// In cells, the head among them.
    pub length: u8,
    /// By how many cells it is still to grow.
    pub grows: u8,
    /// Its newest bend, by its number in the ring.
    pub newest: u8,
    /// How many of the ring it made, all in the end.
    pub made: u8,
    /// The ring: as many as there can be.
    pub bends: Vec<Bend>,
}

impl Snake {
    /// One that is nowhere yet, with its memory.
    #[must_use]
    pub fn new() -> Self {
        let bends = vec![Bend::default(); usize::from(BENDS_MAX)];
        Self { head: (0, 0), length: 0, grows: 0, newest: 0, made: 0, bends }
    }

    /// Comes in at `head`, with move number `moves`, to go on along `way`.
    pub fn come_in(&mut self, head: (u8, u8), way: u8, moves: u8) {
        (self.head, self.length, self.grows) = (head, 1, GROWS_FIRST);
        (self.newest, self.made) = (0, 1);
        self.bends[0] = Bend { after: moves, way };
    }

    /// Which way it goes.
    #[must_use]
    pub fn way(&self) -> u8 {
        self.bends[usize::from(self.newest)].way
    }

    /// Goes along `way` in move number `moves`. False if a wall is there: then it stays where it is.
    pub fn go(&mut self, ground: Ground, way: u8, moves: u8) -> bool {
        let Some(head) = ground.next(self.head, way) else { return false };
        let before = moves.wrapping_sub(1);
        let newest = self.bends[usize::from(self.newest)];
        if newest.way != way || before.wrapping_sub(newest.after) >= NOTED_AFTER {
            self.newest = (self.newest + 1) % BENDS_MAX;
            self.made = self.made.saturating_add(1).min(BENDS_MAX);
            self.bends[usize::from(self.newest)] = Bend { after: before, way };
        }
        self.head = head;
        if self.grows > 0 {
            self.grows -= 1;
            self.length = (self.length + 1).min(LENGTH_MAX);
        }
        true
    }

    /// Its cells, from the head on, after move number `moves`.
    pub fn cells(&self, ground: Ground, moves: u8) -> impl Iterator<Item = (u8, u8)> {
        let bend = |n: u8| self.bends.get(usize::from(n)).copied();
        cells(ground, moves, (self.head, self.length), self.newest, bend)
    }
}

impl Default for Snake {
    fn default() -> Self {
        Self::new()
    }
}

/// The cells of a snake with its `head` there and that `length`, from the head on. Where a bend is not known, it
/// ends.
pub fn cells(
    ground: Ground,
    moves: u8,
    (head, length): ((u8, u8), u8),
    newest: u8,
    bend: impl Fn(u8) -> Option<Bend>,
) -> impl Iterator<Item = (u8, u8)> {
    let (mut at, mut n, mut until) = (head, newest, moves);
    let mut along = bend(n);
    let behind = move |_| {
        let mut way = along?;
        if until == way.after {
            n = (n + BENDS_MAX - 1) % BENDS_MAX;
            along = bend(n);
            way = along.filter(|way| way.after != until)?;
        }
        until = until.wrapping_sub(1);
        at = ground.behind(at, way.way);
        Some(at)
    };
    std::iter::once(head).take(length.into()).chain((1..length).map_while(behind))
}
