//! Matches that another room arranges: for players who looked for one, or as a pairing of a tournament.
//!
//! A seat is kept for each of the invited, and nobody else can take it. The match begins by itself once
//! all of them are there, or after [`INVITED_TIME`] with those who came. When it is over it tells the
//! league of its game, if it counts, and whoever arranged it; it owes that until it is done.

use std::time::Duration;

use playhouse_protocol::codec;
use playhouse_protocol::ids::{AccountId, RoomId};
use serde::{Deserialize, Serialize};

use super::Match;
use super::beside::RatingChange;
use super::command::{Arrangement, Invited, Phase, Presence};
use super::decide::{Decided, over};
use super::ending::{Ending, Placing, PlayerId};
use super::event::Event;
use super::player::Player;
use super::seats::{Holder, Person, Seated};
use crate::duty::{Duty, DutyId, DutyResult};
use crate::games::league::{self, League, Played};
use crate::games::tournament::{self, MatchOutcome, Tournament};
use crate::games::{GameKind, Seat};
use crate::matchmaking::{self, Matchmaking};
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Caller, Cx, Rules};
use crate::text::line;
use crate::time::Timestamp;

/// How long the invited have to come. 60 s: they were told on a page that they look at.
pub const INVITED_TIME: Duration = Duration::from_secs(60);

/// The duty to tell the league.
pub(super) const RATE: DutyId = DutyId(2);

/// The duty to tell whoever arranged it.
pub(super) const REPORT: DutyId = DutyId(3);

/// What is true of a match that was arranged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Arranged {
    by: RoomId,
    /// True if it counts.
    pub(super) rated: bool,
    /// Until when the invited may come.
    pub(super) until: Timestamp,
    invited: Vec<AccountId>,
    /// What it changed, once the league was told.
    pub(super) ratings: Option<Vec<RatingChange>>,
    /// True once whoever arranged it was told.
    reported: bool,
}

impl Arranged {
    /// The room that arranged it.
    pub(super) fn by(&self) -> &RoomId {
        &self.by
    }

    /// How many people it was arranged for.
    pub(super) fn people(&self) -> u16 {
        self.invited.len() as u16
    }
}

impl Match {
    pub(super) fn arrange(&self, cx: &Cx<'_>, arrangement: Arrangement) -> Decided {
        let Caller::Room(by) = cx.caller else {
            let message = "matches are arranged by other rooms";
            return Err(Refusal::new(RefusalKind::Forbidden, "forbidden", message));
        };
        let Arrangement { mut creation, rated, invited } = arrangement;
        if let Some(arranged) = self.arranged.as_deref().filter(|arranged| arranged.by == *by) {
            let same = arranged.invited.iter().eq(invited.iter().map(|invited| &invited.account));
            if same {
                return self.with_info(cx, vec![]);
            }
        }
        if self.setup.is_some() {
            return Err(Refusal::conflict("already_exists", "the match was made before"));
        }
        creation.bots = creation.bots.min(creation.seats.saturating_sub(invited.len() as u16));
        let invited = checked(&creation, invited)?;
        let created = self.creates(cx, creation, None)?;
        let until = cx.now + INVITED_TIME;
        let arranged = Event::Arranged { by: by.clone(), rated, invited, until };
        self.with_info(cx, vec![created, arranged])
    }

    /// A seat is kept for each of the invited.
    pub(super) fn arranged(&mut self, event: &Event) {
        let Event::Arranged { by, rated, invited, until } = event else { return };
        for (seat, Invited { account, name }) in invited.iter().enumerate() {
            self.seats.set(Seat(seat as u16), Some(kept(*account, name.clone(), *until)));
        }
        if let Some(setup) = self.setup.as_deref_mut() {
            (setup.house, setup.lobby_until) = (false, *until);
        }
        self.until = Some(*until);
        let invited = invited.iter().map(|invited| invited.account).collect();
        self.arranged = Some(Box::new(Arranged {
            by: by.clone(),
            rated: *rated,
            until: *until,
            invited,
            ratings: None,
            reported: false,
        }));
    }

    pub(super) fn invite(&self, cx: &Cx<'_>, invited: Vec<Invited>) -> Decided {
        let by = self.arranged.as_deref().map(|arranged| &arranged.by);
        if !matches!(cx.caller, Caller::Room(room) if by == Some(room)) {
            let message = "only the room that arranged the match invites to it";
            return Err(Refusal::new(RefusalKind::Forbidden, "forbidden", message));
        }
        if self.phase.is_over() {
            return Err(over());
        }
        let player = |invited: &Invited| Player::Account(invited.account);
        let new: Vec<_> =
            invited.into_iter().filter(|one| self.seats.of(player(one)).is_none()).collect();
        if new.is_empty() {
            return self.with_info(cx, vec![]);
        }
        let late = self.phase == Phase::Active && !self.kind().is_some_and(GameKind::join_late);
        if late || new.iter().any(|one| self.admits(player(one), cx.now).is_err()) {
            return Err(Refusal::conflict("match_begun", "the match takes these people no more"));
        }
        let free: Vec<_> = self.seats.all_free().collect();
        if free.len() < new.len() {
            let (free, new) = (free.len(), new.len());
            return Err(Refusal::conflict(
                "match_full",
                format!("{free} seats are free for {new} people"),
            ));
        }
        let named = new.into_iter().map(|Invited { account, name }| {
            Ok(Invited { account, name: line("a name", &name, super::NAME_MAX)? })
        });
        let named = named.collect::<Result<Vec<_>, Refusal>>()?;
        let (seats, until) = (free.into_iter().zip(named).collect(), cx.now + INVITED_TIME);
        self.with_info(cx, vec![Event::Invited { seats, until }])
    }

    /// Seats are kept for more people.
    pub(super) fn invited(&mut self, seats: &[(Seat, Invited)], until: Timestamp) {
        self.backfill.invited(seats.len());
        for (seat, Invited { account, name }) in seats {
            self.seats.set(*seat, Some(kept(*account, name.clone(), until)));
        }
    }

    /// True if nobody who was invited is still to come.
    pub(super) fn all_came(&self) -> bool {
        let mut people = self.seats.people().peekable();
        people.peek().is_some() && people.all(|(_, seated, _)| seated.presence() == Presence::Here)
    }

    /// What is owed once it is over.
    pub(super) fn reports(&self) -> Vec<Duty> {
        let Some(arranged) = self.arranged.as_deref().filter(|_| self.phase.is_over()) else {
            return Vec::new();
        };
        let rates = (arranged.rated && arranged.ratings.is_none()).then(|| self.rates()).flatten();
        let report = (!arranged.reported).then(|| self.report(arranged)).flatten();
        rates.into_iter().chain(report).chain(self.corrects()).collect()
    }

    /// The duty to tell the league, if there is something to tell.
    fn rates(&self) -> Option<Duty> {
        let played = self.counts();
        // One alone has beaten nobody.
        if played.len() < 2 {
            return None;
        }
        let league = league::room(&self.setup.as_deref()?.creation.game)?;
        let command = league::Command::Rate { match_id: self.id, played };
        Some(Duty::tell::<League>(RATE, league, &command))
    }

    /// Who counts, and how they did. Who left before the end did worse than everybody who stayed.
    fn counts(&self) -> Vec<Played> {
        let Some(Ending::Concluded { results, .. }) = &self.ending else { return Vec::new() };
        let last = results.iter().filter_map(|placing| placing.place).max().unwrap_or(0) + 1;
        let one = |Placing { player, name, place, .. }: &Placing| {
            let Some(PlayerId::Account(account)) = player else { return None };
            Some(Played { account: *account, name: name.clone(), place: place.unwrap_or(last) })
        };
        results.iter().filter_map(one).collect()
    }

    /// The duty to tell whoever arranged it, if they want to know.
    fn report(&self, arranged: &Arranged) -> Option<Duty> {
        let by = arranged.by.clone();
        match by.kind() {
            Tournament::KIND => {
                let (match_id, outcome) = (self.id, self.outcome(&arranged.invited));
                let command = tournament::Command::Result { match_id, outcome };
                Some(Duty::tell::<Tournament>(REPORT, by, &command))
            }
            Matchmaking::KIND => {
                let played = matches!(self.ending, Some(Ending::Concluded { .. }));
                let command = matchmaking::Command::Over { match_id: self.id, played };
                Some(Duty::tell::<Matchmaking>(REPORT, by, &command))
            }
            _ => None,
        }
    }

    /// How it came out for the `invited`. Those are taken to have come who have results, or still had their seat
    /// at the end: whoever does not come in time loses it.
    fn outcome(&self, invited: &[AccountId]) -> MatchOutcome {
        let placing = |Placing { player, place, .. }: &Placing| match player {
            Some(PlayerId::Account(account)) => Some((*account, *place)),
            _ => None,
        };
        let placings: Vec<_> = match &self.ending {
            Some(Ending::Concluded { results, .. }) => results.iter().filter_map(placing).collect(),
            _ => Vec::new(),
        };
        let stayed = |at: usize| self.course.names.iter().any(|(seat, _)| seat.index() == at);
        let played = |account: AccountId| placings.iter().any(|(who, _)| *who == account);
        let all = invited.iter().copied().enumerate();
        let came = all.filter(|(at, account)| stayed(*at) || played(*account));
        let came = came.map(|(_, account)| account).collect();
        let void = !matches!(self.ending, Some(Ending::Concluded { .. }));
        MatchOutcome { came, placings, void }
    }

    /// What the end of such a duty leads to.
    pub(super) fn reported(&self, duty: DutyId, result: &DutyResult) -> Vec<Event> {
        let Some(arranged) = self.arranged.as_deref() else { return Vec::new() };
        match duty {
            RATE if arranged.ratings.is_none() => vec![Event::Rated(changes(result))],
            REPORT if !arranged.reported => vec![Event::Reported],
            _ if self.is_telling(duty) => vec![Event::Offered],
            _ if self.fairness.owes(duty) => vec![Event::Corrected],
            _ => Vec::new(),
        }
    }

    pub(super) fn was_rated(&mut self, at: Timestamp, ratings: &[RatingChange]) {
        self.fairness.rated(at);
        if let Some(arranged) = self.arranged.as_deref_mut() {
            arranged.ratings = Some(ratings.to_vec());
        }
    }

    pub(super) fn was_reported(&mut self) {
        if let Some(arranged) = self.arranged.as_deref_mut() {
            arranged.reported = true;
        }
    }
}

/// What the league answered. Nothing changed where it refused: the result had counted long ago, or the
/// league is full.
fn changes(result: &DutyResult) -> Vec<RatingChange> {
    let DutyResult::Done(bytes) = result else { return Vec::new() };
    let Ok(league::Reply::Rated(changes)) = codec::decode(bytes) else { return Vec::new() };
    let one = |change: league::Change| RatingChange {
        account: change.account,
        before: change.before.points(),
        after: change.after.points(),
    };
    changes.into_iter().map(one).collect()
}

fn checked(
    creation: &super::command::Creation,
    invited: Vec<Invited>,
) -> Result<Vec<Invited>, Refusal> {
    let (count, seats) = (invited.len(), usize::from(creation.seats));
    if count == 0 || count > seats {
        let message = format!("{count} are invited to {seats} seats");
        return Err(Refusal::invalid("bad_seats", message));
    }
    let twice = |at: usize| invited[..at].iter().any(|other| other.account == invited[at].account);
    if (0..count).any(twice) {
        return Err(Refusal::invalid("bad_seats", "somebody is invited twice"));
    }
    let named = |Invited { account, name }: Invited| {
        Ok(Invited { account, name: line("a name", &name, super::NAME_MAX)? })
    };
    invited.into_iter().map(named).collect()
}

fn kept(account: AccountId, name: String, until: Timestamp) -> Seated {
    let player = Player::Account(account);
    let person = Person { player, ticket: None, resume: None, away_until: Some(until) };
    Seated { name, holder: Holder::Person(person), ready: true, came: 0, entry: 0 }
}
