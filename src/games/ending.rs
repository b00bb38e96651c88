//! Why a player's connection ends, and how the client is told: by a last message, and by the code that
//! the transport closes with (`docs/games-api.md`).

use playhouse_protocol::game::control::{Closed, Refused, ServerControl};

/// Why a player's connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was in a match.
    Closed(Closed),
    /// It was not let in.
    Refused(Refused),
    /// It did not read what it was told.
    Slow,
    /// It did not say in time who it is.
    Silent,
    /// The client is gone, or its network.
    Gone,
}

impl End {
    /// The code that the transport closes with; over WebSocket it is 4000 more.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Closed(Closed::Left) | Self::Gone => 0,
            Self::Closed(Closed::Over) => 1,
            Self::Closed(Closed::Replaced) => 2,
            Self::Closed(Closed::Stopping) => 3,
            Self::Closed(Closed::Away) => 4,
            Self::Closed(Closed::Removed) => 5,
            Self::Closed(Closed::Malformed) => 6,
            Self::Slow => 7,
            Self::Silent => 8,
            Self::Refused(Refused::Version { .. }) => 16,
            Self::Refused(Refused::Schema) => 17,
            Self::Refused(Refused::Entry) => 18,
            Self::Refused(Refused::Full) => 19,
            Self::Refused(Refused::Over) => 20,
            Self::Refused(Refused::Busy) => 21,
            Self::Refused(Refused::Malformed) => 22,
        }
    }

    /// One word for it: for figures, and beside the code.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed(Closed::Left) => "left",
            Self::Gone => "gone",
            Self::Closed(Closed::Over) => "over",
            Self::Closed(Closed::Replaced) => "replaced",
            Self::Closed(Closed::Stopping) => "stopping",
            Self::Closed(Closed::Away) => "away",
            Self::Closed(Closed::Removed) => "removed",
            Self::Closed(Closed::Malformed) => "malformed",
            Self::Slow => "slow",
            Self::Silent => "silent",
            Self::Refused(Refused::Version { .. }) => "refused_version",
            Self::Refused(Refused::Schema) => "refused_schema",
            Self::Refused(Refused::Entry) => "refused_entry",
            Self::Refused(Refused::Full) => "refused_full",
            Self::Refused(Refused::Over) => "refused_over",
            Self::Refused(Refused::Busy) => "refused_busy",
            Self::Refused(Refused::Malformed) => "refused_malformed",
        }
    }

    /// The last message; none where nobody would read it.
    #[must_use]
    pub fn told(self) -> Option<ServerControl> {
        match self {
            Self::Closed(why) => Some(ServerControl::Closed(why)),
            Self::Refused(why) => Some(ServerControl::Refused(why)),
            Self::Slow | Self::Silent | Self::Gone => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_a_code_and_a_name_of_its_own() {
        let ends = Closed::ALL.map(End::Closed).into_iter().chain(Refused::ALL.map(End::Refused));
        let ends: Vec<End> = ends.chain([End::Slow, End::Silent]).collect();
        let manual = include_str!("../../docs/games-api.md");
        for (n, end) in ends.iter().enumerate() {
            for other in &ends[..n] {
                assert!(end.code() != other.code() && end.name() != other.name(), "{end:?}");
            }
            let row = format!("| {} | `{}` |", end.code(), end.name());
            assert!(manual.contains(&row), "docs/games-api.md lacks {row}");
        }
    }
}
