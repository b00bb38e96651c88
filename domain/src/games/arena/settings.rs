//! What can be chosen of an arena.

use serde::{Deserialize, Serialize};

use super::ground::Map;
use super::schema::SCHEMA;
use crate::games::settings::within;
use crate::refusal::Refusal;

/// What can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The ground.
    pub map: Map,
    /// How long it lasts, in minutes: 1 to 30.
    pub minutes: u8,
    /// Whoever kills so many ends it: 1 to 1,000.
    pub frags: u16,
    /// How far one sees, in metres: 10 to 120.
    pub sight: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self { map: Map::Yard, minutes: 10, frags: 50, sight: 30 }
    }
}

impl Settings {
    /// How many ticks it lasts.
    pub(super) fn ticks(&self) -> u32 {
        u32::from(self.minutes) * 60 * u32::from(SCHEMA.tick_hz)
    }

    pub(super) fn check(&self) -> Result<(), Refusal> {
        within([
            ("minutes", self.minutes.into(), 1..=30),
            ("frags", self.frags.into(), 1..=1000),
            ("sight", self.sight.into(), 10..=120),
        ])
    }
}
