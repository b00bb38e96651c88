//! What was noticed while a scenario played.

use crate::game::{ClientFigures, PeerFigures};

/// What was noticed, after the warm-up unless said otherwise.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The bytes of each datagram to a player.
    pub bytes: Vec<u32>,
    /// The most bytes of any datagram to a player, from the first on.
    pub bytes_max: u32,
    /// The bytes of each datagram of a player.
    pub bytes_up: Vec<u32>,
    /// How many ticks were between one newest state and the next, for each that came.
    pub gaps: Vec<u32>,
    /// How many ticks had a real input, and how many had none.
    pub inputs_real: u64,
    /// See above.
    pub inputs_missed: u64,
    /// How many full states were sent after the first acknowledgement, from the first tick on.
    pub full_states: u64,
    /// How many events were told to players, from the first tick on.
    pub events: u64,
    /// True if every player got just its events, once and in order.
    pub events_whole: bool,
    /// How long after its tick an event reached its player, in microseconds, for each.
    pub events_late_us: Vec<u64>,
    /// How many states were compared with the server's, from the first tick on; any difference ends the play.
    pub states_compared: u64,
    /// How many of them told of every entity in sight.
    pub states_whole: u64,
    /// For how many ticks at most a player was not told of an entity in its sight, counted by the states that came.
    pub untold_max: u32,
    /// For how long each datagram had to wait before the bottleneck, in microseconds: when it was sent, and how long.
    pub queued_us: Vec<(u64, u64)>,
    /// When each player's newest states came, in microseconds: the player's seat, the moment, the tick.
    pub fresh: Vec<(u16, u64, u32)>,
    /// Each datagram to the player that was recorded.
    pub stream: Vec<Vec<u8>>,
    /// What the server knew in the end about each player.
    pub peers: Vec<PeerFigures>,
    /// What each player knew in the end.
    pub clients: Vec<ClientFigures>,
}

impl Report {
    /// The mean bytes of a datagram to a player.
    #[must_use]
    pub fn bytes_mean(&self) -> f64 {
        mean(&self.bytes)
    }

    /// The mean bytes of a datagram of a player.
    #[must_use]
    pub fn bytes_up_mean(&self) -> f64 {
        mean(&self.bytes_up)
    }

    /// The gap between newest states that 99 of 100 do not exceed.
    #[must_use]
    pub fn gap_p99(&self) -> u32 {
        percentile(&self.gaps, 99)
    }

    /// How many of 100 ticks had no input in time.
    #[must_use]
    pub fn missed_percent(&self) -> f64 {
        self.inputs_missed as f64 * 100.0 / (self.inputs_real + self.inputs_missed).max(1) as f64
    }

    /// How late 99 of 100 events are at most, in microseconds.
    #[must_use]
    pub fn events_late_p99_us(&self) -> u64 {
        percentile(&self.events_late_us, 99)
    }

    /// The report in one line.
    #[must_use]
    pub fn line(&self) -> String {
        format!(
            "{:.1} bytes a datagram (at most {}), up {:.1}; gap p99 {}; missed {:.4} %; full states {}; \
             {} events {}, p99 {} ms; {} states compared, {} whole",
            self.bytes_mean(),
            self.bytes_max,
            self.bytes_up_mean(),
            self.gap_p99(),
            self.missed_percent(),
            self.full_states,
            self.events,
            if self.events_whole { "once and in order" } else { "NOT WHOLE" },
            self.events_late_p99_us() / 1_000,
            self.states_compared,
            self.states_whole,
        )
    }
}

fn mean(of: &[u32]) -> f64 {
    of.iter().map(|of| u64::from(*of)).sum::<u64>() as f64 / of.len().max(1) as f64
}

/// The value that so many of 100 do not exceed; the least one if there are none.
fn percentile<T: Copy + Ord + Default>(of: &[T], percent: usize) -> T {
    let mut sorted = of.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or_default()
}
