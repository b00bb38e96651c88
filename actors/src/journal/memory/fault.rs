//! What goes wrong with a store in memory, and when.

use std::collections::BTreeMap;

use super::state::State;

/// What goes wrong with one append.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Nothing is written, and the store says so.
    Full,
    /// Nothing is written, and the store does not know.
    Lost,
    /// Everything is written, and the store does not know.
    AnswerLost,
    /// The last frame of the batch is written in part, and the store does not know.
    Torn,
    /// Everything is written and can be read back, but is not synced: a crash before the next good
    /// append forgets it. The store does not know.
    Unsynced,
    /// The batch is delivered twice, as by a network that repeats. All is well.
    Twice,
}

impl Fault {
    const ALL: [Self; 6] =
        [Self::Full, Self::Lost, Self::AnswerLost, Self::Torn, Self::Unsynced, Self::Twice];
}

/// What goes wrong, and when.
#[derive(Default)]
pub(super) struct Trouble {
    pub(super) planned: Vec<Fault>,
    /// Of how many appends in a thousand some fault befalls, and the seed's state.
    pub(super) random: Option<(u16, u64)>,
    pub(super) appends: u64,
    /// How often each fault befell.
    pub(super) counts: BTreeMap<Fault, u64>,
    /// What is on the disk, if that is less than what can be read.
    pub(super) synced: Option<State>,
}

impl Trouble {
    pub(super) fn next(&mut self) -> Option<Fault> {
        let fault = self.draw();
        self.appends += 1;
        if let Some(fault) = fault {
            *self.counts.entry(fault).or_default() += 1;
        }
        fault
    }

    fn draw(&mut self) -> Option<Fault> {
        if let Some(fault) = self.planned.pop() {
            return Some(fault);
        }
        let (per_mille, state) = self.random.as_mut()?;
        let hit = draw(state) % 1000 < u64::from(*per_mille);
        let which = draw(state) as usize % Fault::ALL.len();
        hit.then_some(Fault::ALL[which])
    }
}

/// The next number of `SplitMix64` (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014).
pub(crate) fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
