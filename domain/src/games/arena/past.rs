//! Where a player was in the last ticks, so that shots meet them where their shooter saw them.

use serde::{Deserialize, Serialize};

/// How far back a shooter's view is followed, in 256ths of a tick: 7.5 ticks, 250 ms. Whoever sees later
/// than that has to aim ahead, so that nobody is hit long after having gone behind a wall.
pub const REWIND_MAX: u64 = 7 * 256 + 128;

/// How many ticks are remembered, the newest included: as many as it takes to look [`REWIND_MAX`] back.
const TICKS: usize = (REWIND_MAX / 256) as usize + 2;

/// Where a player was in the last ticks of this life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Past([Option<(u16, u16)>; TICKS]);

impl Past {
    /// The player is at (`x`, `y`) in `tick`, the one after the last that was noted.
    pub fn note(&mut self, tick: u32, x: i32, y: i32) {
        self.0[tick as usize % TICKS] = Some((x as u16, y as u16));
    }

    /// Where the player was `back` 256ths of a tick before `tick`, the newest. None before this life.
    #[must_use]
    pub fn at(&self, tick: u32, back: u64) -> Option<(i32, i32)> {
        let place = |ticks: u64| {
            let tick = u64::from(tick).checked_sub(ticks).filter(|_| ticks < TICKS as u64)?;
            self.0[tick as usize % TICKS].map(|(x, y)| (i32::from(x), i32::from(y)))
        };
        let (later, part) = (place(back >> 8)?, (back & 255) as i32);
        let earlier = if part == 0 { later } else { place((back >> 8) + 1)? };
        let between = |later: i32, earlier: i32| later + (((earlier - later) * part) >> 8);
        Some((between(later.0, earlier.0), between(later.1, earlier.1)))
    }
}
