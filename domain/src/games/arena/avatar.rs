//! One player's step: what a client plays ahead of the server, and so what the page has once more in
//! JavaScript. `avatar.json` holds both to the same states.

use serde::{Deserialize, Serialize};

use super::ground::Ground;
use super::schema::Action;
use super::trig;

/// How far a player goes in a tick, in centimetres: 5.4 m/s.
pub const PACE: i32 = 18;

/// In how many ways a player can go.
const WAYS: usize = 16;

/// How long a weapon is not ready after a shot, in ticks: 2.5 shots a second.
pub const RELOAD: u32 = 12;

/// The same of a rapid one: 5 a second.
pub const RELOAD_RAPID: u32 = 6;

/// The step of each way: nothing, then 16 ways around.
pub const STEPS: [(i32, i32); WAYS + 1] = {
    let (mut steps, mut way) = ([(0, 0); WAYS + 1], 0);
    while way < WAYS {
        steps[way + 1] = trig::along(way as i32 * (trig::TURN / WAYS as i32), PACE);
        way += 1;
    }
    steps
};

/// What of a player its own actions move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Body {
    /// Centimetres.
    pub x: i32,
    /// Centimetres.
    pub y: i32,
    /// How far it went in the last tick.
    pub vx: i32,
    /// How far it went in the last tick.
    pub vy: i32,
    /// Where it looks, in 1,024ths of a turn.
    pub aim: u16,
    /// The first tick in which its weapon is ready.
    pub ready: u32,
}

impl Body {
    /// Does what `action` says in `tick`. True if that is to fire: the weapon is then not ready for
    /// `reload` ticks. A way that there is not is to stand.
    pub fn step(&mut self, ground: &Ground, action: Action, tick: u32, reload: u32) -> bool {
        let (dx, dy) = STEPS.get(usize::from(action.go)).copied().unwrap_or_default();
        let x = ground.slide_x(self.x, self.y, dx);
        let y = ground.slide_y(x, self.y, dy);
        (self.vx, self.vy) = (x - self.x, y - self.y);
        (self.x, self.y) = (x, y);
        self.aim = action.aim;
        let fires = action.fire && tick >= self.ready;
        if fires {
            self.ready = tick + reload;
        }
        fires
    }
}
