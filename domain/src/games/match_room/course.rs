//! What was played: the newest checkpoint, the log, and where the rules failed.

use serde::{Deserialize, Serialize};

use super::ticks::{Ticks, Verdict};

/// How many bytes the log of a match may have. 6 MiB: 100 players for half an hour, at a byte for each player and
/// tick, which is what players take who fight all the time. Once less than 64 KiB is left the match must
/// be concluded.
pub const LOG_BYTES_MAX: usize = 6 * 1024 * 1024;

/// What is kept free for the ticks that are under way when the log is found to be full. 64 KiB.
const LOG_SPARE: usize = 64 * 1024;

/// How many ticks one command may bring. 64: two seconds at 30 Hz, four times as far as a match may run
/// ahead of the disk.
pub const TICKS_AT_ONCE_MAX: u32 = 64;

/// How many bytes the packed ticks of one command may have. 20 KiB: with the checkpoint within a command.
pub const PACKED_BYTES_MAX: usize = 20 * 1024;

/// How many bytes a checkpoint may have. 40 KiB: with the ticks within a command.
pub const CHECKPOINT_BYTES_MAX: usize = 40 * 1024;

/// Failures so close to the first, in ticks, are taken for the same one. 30: a second at 30 Hz.
const SAME_FAULT: u32 = 30;

/// How often a match may fail in all. 20: one that fails now and then is still of no use.
const FAULTS_MAX: u32 = 20;

/// What was played.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Course {
    /// How many ticks are durable.
    pub(super) tick: u32,
    pub(super) checkpoint: Option<Vec<u8>>,
    pub(super) log: Vec<u8>,
    /// Where in the log the first ticks after the checkpoint are.
    since: u32,
    /// The roster's version that the world has.
    pub(super) aligned: u32,
    pub(super) faults: Faults,
    /// Who had a seat at the end.
    pub(super) names: Vec<(crate::games::Seat, String)>,
}

/// Where the rules failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Faults {
    first: u32,
    /// How often near `first`.
    count: u32,
    total: u32,
    /// The tick whose inputs are left out.
    pub(super) without: Option<u32>,
}

impl Course {
    /// The ticks since the checkpoint.
    pub(super) fn since(&self) -> &[u8] {
        self.log.get(self.since as usize..).unwrap_or_default()
    }

    pub(super) fn is_full(&self) -> bool {
        self.log.len() + LOG_SPARE > LOG_BYTES_MAX
    }

    /// True if `ticks` has room in one command and in the log.
    pub(super) fn fits(&self, ticks: &Ticks) -> bool {
        let checkpoint = ticks.checkpoint.as_ref().map_or(0, Vec::len);
        ticks.to - ticks.from <= TICKS_AT_ONCE_MAX
            && ticks.packed.len() <= PACKED_BYTES_MAX
            && checkpoint <= CHECKPOINT_BYTES_MAX
            && self.log.len() + ticks.packed.len() <= LOG_BYTES_MAX
    }

    pub(super) fn push(&mut self, to: u32, packed: &[u8], checkpoint: Option<&[u8]>, roster: u32) {
        self.log.extend_from_slice(packed);
        (self.tick, self.aligned) = (to, roster);
        if let Some(checkpoint) = checkpoint {
            self.checkpoint = Some(checkpoint.to_vec());
            self.since = self.log.len() as u32;
        }
    }

    /// What is left of it once it is over: enough to play it again.
    pub(super) fn close(&mut self) {
        self.checkpoint = None;
        self.log.shrink_to_fit();
        self.since = 0;
    }

    /// The same without what was played, for what does not look at it.
    pub(super) fn without_log(&self) -> Self {
        let Self { tick, since, aligned, faults, .. } = *self;
        let (checkpoint, log, names) = (None, Vec::new(), Vec::new());
        Self { tick, checkpoint, log, since, aligned, faults, names }
    }
}

impl Faults {
    /// The same after a failure at `tick`.
    pub(super) fn after(mut self, tick: u32) -> Self {
        let again = self.count > 0 && tick.abs_diff(self.first) <= SAME_FAULT;
        if again {
            self.count += 1;
        } else {
            (self.first, self.count) = (tick, 1);
        }
        self.total += 1;
        self.without = (self.count > 1).then_some(tick);
        self
    }

    /// What becomes of a match with these.
    pub(super) fn verdict(self) -> Verdict {
        match self.count {
            _ if self.total > FAULTS_MAX => Verdict::Void,
            0 | 1 => Verdict::Again,
            2 => Verdict::WithoutInputs,
            _ => Verdict::Void,
        }
    }
}
