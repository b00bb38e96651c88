//! The sides of a match.

use serde::Serialize;

/// How many play together, and in which sides. Data of a game.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Shape {
    /// How many sides a full match has, at least 2.
    pub teams: u16,
    /// How many people make one side; 1 where everybody plays for themselves.
    pub team_size: u16,
    /// How many sides are enough once somebody has waited for long: 2 to [`Self::teams`].
    pub min_teams: u16,
}

impl Shape {
    /// How many play in a free for all at most, where a game takes more. 8: it fills within seconds, and
    /// nobody is lost in a crowd.
    pub const FREE_FOR_ALL_MAX: u16 = 8;

    /// Everybody for themselves: as many as the game takes, at most [`Self::FREE_FOR_ALL_MAX`].
    #[must_use]
    pub const fn free_for_all(players_min: u16, players_max: u16) -> Self {
        let most =
            if players_max < Self::FREE_FOR_ALL_MAX { players_max } else { Self::FREE_FOR_ALL_MAX };
        let teams = if most < 2 { 2 } else { most };
        let least = if players_min < 2 { 2 } else { players_min };
        Self { teams, team_size: 1, min_teams: if least > teams { teams } else { least } }
    }

    /// True if everybody plays for themselves. The members of a party come into the same match then, each as
    /// a side of their own.
    #[must_use]
    pub const fn is_free_for_all(self) -> bool {
        self.team_size == 1
    }

    /// How many people a full match has.
    #[must_use]
    pub const fn people(self) -> u16 {
        self.teams * self.team_size
    }

    /// How many people are enough once somebody has waited for long.
    #[must_use]
    pub const fn people_min(self) -> u16 {
        self.min_teams * self.team_size
    }

    /// How many people can come together: a party stays whole.
    #[must_use]
    pub const fn party_max(self) -> u16 {
        if self.is_free_for_all() { self.teams } else { self.team_size }
    }
}
