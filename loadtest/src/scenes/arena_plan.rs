//! The table `[arena]` of a scenario.

use playhouse_domain::games::arena::Settings;
use playhouse_domain::games::arena::ground::Map;
use playhouse_protocol::game::link::{Bottleneck, Path};
use serde::Deserialize;

use crate::harness::scenario::ScenarioError;

/// What a datagram has around it on the proxy's sockets, in bytes: UDP and IP.
const OVERHEAD_BYTES: usize = 28;

/// The table `[arena]` of a scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// How many of those who arrive play one match, 2 to 100. Default 8.
    pub players: u16,
    /// How many bots of the server's own play with them; with `players` at most 100. Default 0.
    pub bots: u16,
    /// The ground, `yard` or `open`. Default `yard`.
    pub map: Map,
    /// How long a match lasts, 1 to 30 minutes. Default 1.
    pub minutes: u8,
    /// Whoever kills so many ends it, 1 to 1,000. Default 1,000.
    pub frags: u16,
    /// How far one sees, 10 to 120 m. Default 30.
    pub sight: u8,
    /// For how long after a player came nothing is measured, in seconds, 0 to 60: clocks settle meanwhile.
    /// Default 5.
    pub settle_s: f64,
    /// How many watch each match without playing, to 1,000; every second one by WebSocket. Default 0.
    pub watchers: u16,
    /// What is between each player and the server. Default nothing: they connect to the server itself.
    pub link: Option<Link>,
}

/// What is between a player and the server, either way.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Link {
    /// How long a packet takes at least, in ms, 0 to 1,000.
    pub delay_ms: u16,
    /// How much longer it takes at most, in ms, 0 to 1,000.
    pub jitter_ms: u16,
    /// The share that is lost, 0 to 0.5.
    pub loss: f64,
    /// The share that later ones overtake by 20 ms, 0 to 0.5.
    pub reorder: f64,
    /// The share that comes twice, 0 to 0.5.
    pub duplicate: f64,
    /// How much passes to the player in a second, in kbit, from 32 on; the queue before it is half a second
    /// long. Default all.
    pub kbit_s: Option<u32>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            players: 8,
            bots: 0,
            map: Map::Yard,
            minutes: 1,
            frags: 1000,
            sight: 30,
            settle_s: 5.0,
            watchers: 0,
            link: None,
        }
    }
}

fn ppm(share: f64) -> u32 {
    (share * 1e6) as u32
}

impl Link {
    /// The ways there and back.
    #[must_use]
    pub fn paths(&self) -> (Path, Path) {
        let up = Path {
            delay_us: u64::from(self.delay_ms) * 1000,
            jitter_us: u64::from(self.jitter_ms) * 1000,
            loss_ppm: ppm(self.loss),
            reorder_ppm: ppm(self.reorder),
            reorder_us: 20_000,
            duplicate_ppm: ppm(self.duplicate),
            ..Path::PERFECT
        };
        let neck = self.kbit_s.map(|kbit| Bottleneck {
            bits_per_s: u64::from(kbit) * 1000,
            queue_us: 500_000,
            overhead_bytes: OVERHEAD_BYTES,
        });
        (up, Path { bottleneck: neck, ..up })
    }

    fn is_within_bounds(&self) -> bool {
        let shares = [self.loss, self.reorder, self.duplicate];
        self.delay_ms <= 1000
            && self.jitter_ms <= 1000
            && self.kbit_s.is_none_or(|kbit| kbit >= 32)
            && shares.iter().all(|share| (0.0..=0.5).contains(share))
    }
}

impl Plan {
    /// Says what is out of bounds, where `arrivals` come.
    ///
    /// # Errors
    ///
    /// [`ScenarioError::Bounds`].
    pub fn check(&self, arrivals: usize) -> Result<(), ScenarioError> {
        let players = (2..=100).contains(&self.players) && self.bots <= 100 - self.players;
        let lasts = (1..=30).contains(&self.minutes) && (1..=1000).contains(&self.frags);
        let rest = (10..=120).contains(&self.sight)
            && (0.0..=60.0).contains(&self.settle_s)
            && self.watchers <= 1000;
        if !(players && lasts && rest) {
            return Err(ScenarioError::Bounds(
                "arena: players are 2 to 100, with bots at most 100; minutes 1 to 30, frags 1 to 1,000, sight 10 \
                 to 120, settle_s 0 to 60, watchers to 1,000",
            ));
        }
        if !self.link.is_none_or(|link| link.is_within_bounds()) {
            return Err(ScenarioError::Bounds(
                "arena.link: delay_ms and jitter_ms are to 1,000, shares to 0.5, kbit_s from 32 on",
            ));
        }
        if self.bots == 0 && arrivals % usize::from(self.players) == 1 {
            return Err(ScenarioError::Bounds(
                "arena: somebody would be alone in the last match, which takes two; change load.rate or give it bots",
            ));
        }
        Ok(())
    }

    /// The settings of its matches.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings { map: self.map, minutes: self.minutes, frags: self.frags, sight: self.sight }
    }
}
