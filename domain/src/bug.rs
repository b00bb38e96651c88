//! Mistakes that can be switched on, to show that the tests would find them.
//!
//! Only test builds have them (feature `seeded-bugs`): elsewhere [`is`] is always false, and nothing
//! of it is left in the program.

/// A mistake that somebody could make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// Seats that somebody named are held although they are not free.
    SeatTakenTwice,
    /// The seats of a cancelled booking do not come back.
    CancelledSeatsStaySold,
    /// A hold that ran out runs out once more, whoever has its seats by then.
    HoldExpiresTwice,
    /// A changed vote is counted without taking the earlier one back.
    StaleTally,
    /// A vote's key is not looked up.
    VoteKeyForgotten,
    /// An answer does not wait until its record is on disk.
    AnswerBeforeSync,
    /// A rebuild leaves out the last record.
    ReplayOneShort,
    /// A replaced owner takes records of the next one for its own.
    ForeignRecords,
    /// Whoever takes over a shard does so under the claim of the owner before.
    ClaimNotRaised,
    /// A rebuild does not remember which commands were decided.
    OutcomesForgotten,
    /// Each attempt at a duty has another key.
    DutyKeyDrawnAnew,
    /// A watcher that was away is not told the first thing it missed.
    GapAfterRecovery,
    /// A record is decided before the one it follows.
    TimeFallsBack,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::SeatTakenTwice,
        Self::CancelledSeatsStaySold,
        Self::HoldExpiresTwice,
        Self::StaleTally,
        Self::VoteKeyForgotten,
        Self::AnswerBeforeSync,
        Self::ReplayOneShort,
        Self::ForeignRecords,
        Self::ClaimNotRaised,
        Self::OutcomesForgotten,
        Self::DutyKeyDrawnAnew,
        Self::GapAfterRecovery,
        Self::TimeFallsBack,
    ];
}

#[cfg(feature = "seeded-bugs")]
mod switch {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        static ON: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// True if `bug` is switched on in this thread.
    #[must_use]
    pub fn is(bug: Bug) -> bool {
        ON.get() == Some(bug)
    }

    /// Switches `bug` on in this thread, or every one off.
    pub fn switch(bug: Option<Bug>) {
        ON.set(bug);
    }
}

#[cfg(feature = "seeded-bugs")]
pub use switch::{is, switch};

/// False: this build has no mistakes to switch on.
#[cfg(not(feature = "seeded-bugs"))]
#[must_use]
#[inline(always)]
pub const fn is(_: Bug) -> bool {
    false
}
