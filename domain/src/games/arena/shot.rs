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
    /// Where it is, in centimetres.
    pub at: (i32, i32),
    /// How far it flies in a tick, in centimetres.
    pub by: (i32, i32),
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
    /// Up to a wall, in [`PARTS`] of a centimetre.
    by: (i32, i32),
}

impl Shot {
    /// The shot that the player with `body` fires in `tick`.
    #[must_use]
    pub fn new(body: &Body, tick: u32, behind: u8) -> Self {
        let (at, by) = ((body.x, body.y), trig::along(body.aim.into(), PACE));
        Self { at, by, born: tick, left: TICKS, behind }
    }

    /// Flies for a tick. The way that it took; it flies on if there is any of it left.
    pub fn fly(&mut self, ground: &Ground) -> Way {
        let (from, by) = (self.at, self.by);
        let is_free = |part: &i32| {
            let at = |from: i32, by: i32| cell(from + by * part / PARTS);
            !ground.is_wall(at(from.0, by.0), at(from.1, by.1))
        };
        let parts = (1..=PARTS).take_while(is_free).count() as i32;
        self.at = (from.0 + by.0, from.1 + by.1);
        self.left = if parts < PARTS { 0 } else { self.left - 1 };
        Way { from, by: (by.0 * parts, by.1 * parts) }
    }
}

impl Way {
    /// False if a player with `body` now cannot be met, wherever they were.
    #[must_use]
    pub fn is_near(&self, body: &Body) -> bool {
        (body.x - self.from.0).abs() <= NEAR && (body.y - self.from.1).abs() <= NEAR
    }

    /// How far along the way a player at `place` is met, in an order; none if not at all. For one who is
    /// [near](Self::is_near): no number here is larger than 2^62 then.
    #[must_use]
    pub fn meets(&self, place: (i32, i32)) -> Option<i64> {
        let from_start = |place: i32, from: i32| i64::from((place - from) * PARTS);
        let (x, y) = (from_start(place.0, self.from.0), from_start(place.1, self.from.1));
        let (vx, vy) = (i64::from(self.by.0), i64::from(self.by.1));
        let (along, len) = (x * vx + y * vy, (vx * vx + vy * vy).max(1));
        // From the nearest point of the way, all of it multiplied by `len`.
        let nearest = along.clamp(0, len);
        let (dx, dy) = (x * len - vx * nearest, y * len - vy * nearest);
        let reach = i64::from(RADIUS * PARTS) * len;
        (dx * dx + dy * dy <= reach * reach).then_some(along)
    }
}
