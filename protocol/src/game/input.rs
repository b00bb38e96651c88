//! What a player does in one tick, and what it saw while doing so.

/// What a player does in one tick, packed as the schema says ([`Schema::pack_input`]).
///
/// [`Schema::pack_input`]: super::Schema::pack_input
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Input {
    /// The fields one after the other, the first in the lowest bits.
    pub bits: u64,
}

impl Input {
    /// To do nothing: every field 0.
    pub const NEUTRAL: Self = Self { bits: 0 };
}

/// A moment of the world as a player saw it: so many 256ths of a tick after `tick`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct ViewTick {
    /// The whole tick.
    pub tick: u32,
    /// The part of a tick beyond it, in 256ths.
    pub frac: u8,
}

impl ViewTick {
    /// The moment in 256ths of a tick.
    #[must_use]
    pub const fn parts(self) -> u64 {
        (self.tick as u64) << 8 | self.frac as u64
    }

    /// The moment that many 256ths of a tick after tick 0.
    #[must_use]
    pub const fn of_parts(parts: u64) -> Self {
        Self { tick: (parts >> 8) as u32, frac: parts as u8 }
    }

    /// The moment so many ticks earlier, but not before tick 0.
    #[must_use]
    pub const fn back(self, ticks: u32) -> Self {
        Self::of_parts(self.parts().saturating_sub((ticks as u64) << 8))
    }
}

/// Where a tick's input comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The player sent it.
    Real,
    /// None came in time: the one before it goes on, for three ticks.
    Held,
    /// None came for longer than that: the player does nothing.
    Neutral,
}

/// What one tick's input was found to be when the tick closed. It never changes after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Resolved {
    /// What the player does.
    pub input: Input,
    /// What the player saw, never later than what it acknowledged; for an input that it did not send, as
    /// much later than the last one as ticks have passed.
    pub view: ViewTick,
    /// Where it comes from.
    pub origin: Origin,
}
