//! The matches that are owed.

use playhouse_protocol::ids::{MatchId, TournamentId};

use super::event::Event;
use super::pairing::{Pairing, Stage};
use super::{Entrant, Setup, Tournament};
use crate::duty::{Duty, DutyId, DutyResult};
use crate::games::match_room::{self, Arrangement, Creation, Invited, Match};
use crate::room::Seed;
use crate::time::Timestamp;

/// How many duties a pairing can have: more than matches.
const PER_PAIRING: u64 = 1 << 8;

/// The id of the `nth` match of `pairing`, from 1. Nobody can know it before and take it away: it is derived
/// from the tournament's, which is in a namespace of its own.
pub(super) fn match_id(tournament: TournamentId, pairing: u16, nth: u8) -> MatchId {
    let (id, pairing) = (tournament.0, pairing.to_be_bytes());
    MatchId(Seed::derive(&[b"tournament", id.as_bytes(), &pairing, &[nth]]).uuid(0))
}

fn duty_id(pairing: u16, matches: u8) -> DutyId {
    DutyId(u64::from(pairing) * PER_PAIRING + u64::from(matches))
}

fn is_owed(one: &Pairing) -> bool {
    matches!(one.stage, Stage::Playing { arranged: false, .. })
}

impl Tournament {
    pub(super) fn owed(&self) -> Vec<Duty> {
        let Some(setup) = self.setup.as_deref().filter(|_| !self.phase.is_over()) else {
            return Vec::new();
        };
        let all = (0..).zip(&self.pairings).filter(|(_, one)| is_owed(one));
        all.filter_map(|(no, one)| self.match_owed(setup, no, one)).collect()
    }

    /// The duty to arrange the match that pairing `no` waits for. Who was second goes first in the next.
    fn match_owed(&self, setup: &Setup, no: u16, one: &Pairing) -> Option<Duty> {
        let mut players = one.players()?;
        if one.matches.is_multiple_of(2) {
            players.reverse();
        }
        let creation = Creation {
            game: setup.creation.game.clone(),
            title: Some(format!("{}, round {}", setup.creation.title, one.round)),
            settings: setup.creation.settings.clone(),
            seats: 2,
            bots: 0,
            listed: true,
        };
        let invited = players.map(|player| {
            let Entrant { account, entry, .. } = &self.entrants[usize::from(player)];
            Invited { account: *account, name: entry.name.clone() }
        });
        let arrangement =
            Arrangement { creation, rated: setup.creation.rated, invited: invited.into() };
        let room = match_room::room(one.match_id?);
        let command = match_room::Command::Arrange(Box::new(arrangement));
        Some(Duty::tell::<Match>(duty_id(no, one.matches), room, &command))
    }

    /// What the end of a duty leads to: the match is there, or there can be none.
    pub(super) fn arranged(&self, now: Timestamp, duty: DutyId, result: &DutyResult) -> Vec<Event> {
        let number = u16::try_from(duty.0 / PER_PAIRING).ok();
        let owed = |no: &u16| {
            let one = self.pairings.get(usize::from(*no));
            one.is_some_and(|one| is_owed(one) && duty_id(*no, one.matches) == duty)
        };
        let Some(pairing) = number.filter(|no| !self.phase.is_over() && owed(no)) else {
            return vec![];
        };
        let event = match result {
            DutyResult::Done(_) => Event::Arranged { pairing },
            DutyResult::Refused(_) => self.without_result(now, pairing),
        };
        self.settled(now, vec![event])
    }
}
