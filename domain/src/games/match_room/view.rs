//! What is seen of a match.

use playhouse_protocol::ids::AccountId;
use serde_json::Value;

use super::Match;
use super::beside::{Beside, MatchView, RatingChange};
use super::command::{MatchInfo, PlayerInfo};
use super::ending::Ending;
use super::event::Event;
use crate::games::Seat;

impl Match {
    /// The match as everybody may know it.
    pub(super) fn info(&self) -> Option<MatchInfo> {
        let setup = self.setup.as_deref().filter(|_| !self.is_deleted())?;
        let player = |(seat, seated): (Seat, &super::seats::Seated)| PlayerInfo {
            seat,
            name: seated.name.clone(),
            state: seated.presence(),
            ready: seated.ready,
            entry: seated.entry,
        };
        Some(MatchInfo {
            id: self.id,
            game: setup.creation.game.clone(),
            title: setup.creation.title.clone(),
            settings: setup.settings(),
            phase: self.phase,
            host: setup.host.and_then(|host| self.seats.of(host)),
            seats: setup.creation.seats,
            players_min: self.players_min(),
            open: self.is_open(),
            players: self.seats.iter().map(player).collect(),
            created_at: setup.created_at,
            until: self.until,
            began_at: self.began_at,
            ended_at: self.ended_at,
            epoch: self.epoch,
            ending: self.ending.clone().map(Ending::public),
        })
    }

    /// The same with what goes on beside it.
    pub(super) fn seen(&self) -> Option<MatchView> {
        Some(MatchView { info: self.info()?, beside: self.beside() })
    }

    pub(super) fn beside(&self) -> Beside {
        let arranged = self.arranged.as_deref();
        let ratings = arranged.and_then(|arranged| arranged.ratings.as_deref());
        let ratings = ratings.unwrap_or_default().iter();
        let is_muted =
            |(_, _, person): &(_, _, &super::seats::Person)| self.conduct.is_muted(person.player);
        Beside {
            rated: arranged.is_some_and(|arranged| arranged.rated),
            ratings: ratings.map(|rating| self.fairness.with(*rating)).collect(),
            said: self.conduct.said.iter().cloned().collect(),
            muted: self.seats.people().filter(is_muted).map(|(seat, ..)| seat).collect(),
            verdicts: self.fouls(),
        }
    }

    /// What the match changed for `account`, verdicts of cheating with it.
    pub(super) fn rating(&self, account: AccountId) -> Option<RatingChange> {
        let ratings = self.arranged.as_deref()?.ratings.as_ref()?;
        let own = ratings.iter().find(|rating| rating.account == account);
        own.map(|own| self.fairness.with(*own))
    }

    /// Who has or had a seat.
    pub(super) fn names(&self) -> Vec<(Seat, String)> {
        if self.phase.is_over() {
            return self.course.names.clone();
        }
        self.seats.iter().map(|(seat, seated)| (seat, seated.name.clone())).collect()
    }

    /// True if `event` changed something that is seen.
    pub(super) fn shows(&self, event: &Event) -> bool {
        match event {
            Event::Ticked { .. }
            | Event::Faulted { .. }
            | Event::Reported
            | Event::Corrected
            | Event::Offered
            | Event::Banned { .. } => false,
            Event::Created { .. }
            | Event::Reserved { .. }
            | Event::Entered { .. }
            | Event::Resumed { .. }
            | Event::Gone { .. }
            | Event::Ready { .. }
            | Event::CheckBegan { .. }
            | Event::CountdownBegan { .. }
            | Event::CalledOff
            | Event::Began
            | Event::TakenUp { .. }
            | Event::Freed { .. }
            | Event::Ended(_)
            | Event::Arranged { .. }
            | Event::Invited { .. }
            | Event::Rated(_)
            | Event::Said { .. }
            | Event::Muted { .. }
            | Event::Judged { .. }
            | Event::Deleted { .. } => true,
        }
    }
}

/// `event` without its secrets: tokens, the chance that a match is given, and what was played, of which
/// there is too much to show.
pub(super) fn inspected(event: &Event) -> Value {
    let shown = match event {
        Event::Ticked { to, packed, checkpoint, roster } => {
            let checkpoint = checkpoint.as_ref().map(Vec::len);
            let of = serde_json::json!({
                "to": to, "packed_bytes": packed.len(), "checkpoint_bytes": checkpoint, "roster": roster,
            });
            return serde_json::json!({ "Ticked": of });
        }
        other => serde_json::to_value(other),
    };
    let mut shown = shown.unwrap_or_else(|e| e.to_string().into());
    for secret in ["/Created/seed", "/Reserved/ticket", "/Entered/resume", "/Resumed/next"] {
        if let Some(secret) = shown.pointer_mut(secret) {
            *secret = "(not shown)".into();
        }
    }
    shown
}
