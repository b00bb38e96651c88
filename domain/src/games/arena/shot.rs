//! A shot: where it flies, and whom it meets.

use serde::{Deserialize, Serialize};

use super::avatar::{self, Body};
use super::ground::{Ground, RADIUS, cell};
use super::trig;

/// How far a shot flies in a tick, in centimetres: 30 m/s.
pub const PACE: i32 = 100;

/// For how many ticks a shot flies: 18 m.
pub const TICKS: u32 = 18;

/// Into how many parts its way in a tick is cut to see whether it ran into a wall: 20 cm each.
const PARTS: i32 = 5;

/// Who is further away than this each way, in centimetres, is not met: a shot's way in a tick, half a
/// player, and what a player goes in the time that is looked back.
const NEAR: i32 = PACE + RADIUS + 9 * (avatar::PACE + 1);

/// A shot that flies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shot {
    /// Centimetres.
    pub x: i32,
    /// Centimetres.
    pub y: i32,
    /// Centimetres a tick.
    pub vx: i32,
    /// Centimetres a tick.
    pub vy: i32,
    /// The tick in which it was fired.
    pub born: u32,
    /// For how many ticks it flies on.
    pub left: u32,
    /// How far its shooter sees behind, in 256ths of a tick. Less than a tick: the rest it has caught up.
    pub behind: u8,
}

/// A shot's way in one tick.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    from: (i32, i32),
    by: (i32, i32),
    /// How much of it there is, in [`PARTS`].
    parts: i32,
}

impl Shot {
    /// The shot that the player with `body` fires in `tick`.
    #[must_use]
    pub fn new(body: &Body, tick: u32, behind: u8) -> Self {
        let (vx, vy) = trig::along(body.aim.into(), PACE);
        Self { x: body.x, y: body.y, vx, vy, born: tick, left: TICKS, behind }
    }

    /// Flies for a tick. The way that it took; it flies on if there is any of it left.
    pub fn fly(&mut self, ground: &Ground) -> Way {
        let (from, by) = ((self.x, self.y), (self.vx, self.vy));
        (self.x, self.y) = (self.x + self.vx, self.y + self.vy);
        self.left -= 1;
        let is_free = |part: &i32| {
            let at = |from: i32, by: i32| cell(from + by * part / PARTS);
            !ground.is_wall(at(from.0, by.0), at(from.1, by.1))
        };
        let parts = (1..=PARTS).take_while(is_free).count() as i32;
        if parts < PARTS {
            self.left = 0;
        }
        Way { from, by, parts }
    }
}

impl Way {
    /// False if a player who is at `place` now cannot be met, wherever they were.
    #[must_use]
    pub fn is_near(&self, place: (i32, i32)) -> bool {
        (place.0 - self.from.0).abs() <= NEAR && (place.1 - self.from.1).abs() <= NEAR
    }

    /// How far along the way a player at `place` is met, in an order; none if not at all.
    #[must_use]
    pub fn meets(&self, place: (i32, i32)) -> Option<i64> {
        let square = |x: i64, y: i64| x * x + y * y;
        let (x, y) = (i64::from(place.0 - self.from.0), i64::from(place.1 - self.from.1));
        let (vx, vy) = (i64::from(self.by.0 * self.parts), i64::from(self.by.1 * self.parts));
        // Everything in parts of PARTS, since the way is.
        let (x, y) = (x * i64::from(PARTS), y * i64::from(PARTS));
        let reach = i64::from(RADIUS * PARTS).pow(2);
        let (along, len) = (x * vx + y * vy, square(vx, vy));
        let met = if along <= 0 {
            square(x, y) <= reach
        } else if along >= len {
            square(x - vx, y - vy) <= reach
        } else {
            (x * vy - y * vx).pow(2) <= reach * len
        };
        met.then_some(along)
    }
}
