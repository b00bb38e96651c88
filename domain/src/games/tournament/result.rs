//! Results, disputes and rulings.

use playhouse_protocol::ids::{AccountId, MatchId};

use super::command::{MatchOutcome, Reply, Ruling};
use super::decide::{Decided, account};
use super::event::Event;
use super::pairing::{Again, By, Outcome, Pairing, Stage, Winner};
use super::{DRAWS_MAX, MATCHES_MAX, RULING_TIME, Setup, TEXT_MAX, Tournament, VOIDS_MAX};
use crate::games::match_room;
use crate::refusal::Refusal;
use crate::room::{Caller, Cx, Effects};
use crate::text::lines;
use crate::time::Timestamp;

impl Tournament {
    /// A match came to its end. What is told of any but the newest of a pairing that waits for it changes
    /// nothing.
    pub(super) fn result(&self, cx: &Cx<'_>, id: MatchId, outcome: &MatchOutcome) -> Decided {
        if *cx.caller != Caller::Room(match_room::room(id)) {
            return Err(Refusal::forbidden("forbidden", "only a match tells how it came out"));
        }
        let waits = |one: &Pairing| one.match_id == Some(id) && one.stage.is_playing();
        let found = (0..).zip(&self.pairings).find(|(_, one)| waits(one));
        let events = match found.filter(|_| !self.phase.is_over()) {
            Some((no, pairing)) => self.settled(cx.now, self.judged(cx.now, no, pairing, outcome)),
            None => vec![],
        };
        Ok(Effects::reply(events, Reply::Noted))
    }

    fn judged(&self, now: Timestamp, no: u16, one: &Pairing, told: &MatchOutcome) -> Vec<Event> {
        let Some(players) = one.players() else { return vec![] };
        let accounts = players.map(|player| self.entrants[usize::from(player)].account);
        let winner = match accounts.map(|account| told.came.contains(&account)) {
            [true, false] => Winner::A,
            [false, true] => Winner::B,
            [false, false] => return vec![self.nobody_came(now, no, players)],
            [true, true] if told.void => return vec![self.without_result(now, no)],
            [true, true] => return vec![self.played(now, no, one, placed(accounts, told))],
        };
        vec![self.reported(now, no, Outcome { winner, by: By::NoShow })]
    }

    fn nobody_came(&self, now: Timestamp, no: u16, players: [u16; 2]) -> Event {
        let elimination = self.setup.as_deref().is_some_and(Setup::is_elimination);
        let winner = if elimination { better(players) } else { Winner::Nobody };
        self.reported(now, no, Outcome { winner, by: By::NoShow })
    }

    fn played(&self, now: Timestamp, no: u16, one: &Pairing, winner: Winner) -> Event {
        let elimination = self.setup.as_deref().is_some_and(Setup::is_elimination);
        match winner {
            Winner::Draw if elimination && one.draws < DRAWS_MAX => {
                Event::Again { pairing: no, why: Again::Drawn }
            }
            Winner::Draw if elimination => self.undecided(now, no),
            winner => self.reported(now, no, Outcome { winner, by: By::Play }),
        }
    }

    /// A match of pairing `no` had no result: it is played again, or counts as if nobody had won.
    pub(super) fn without_result(&self, now: Timestamp, no: u16) -> Event {
        match self.pairings[usize::from(no)].voids {
            voids if voids < VOIDS_MAX => Event::Again { pairing: no, why: Again::Void },
            _ => self.undecided(now, no),
        }
    }

    /// Play decides nothing in pairing `no`.
    fn undecided(&self, now: Timestamp, no: u16) -> Event {
        let elimination = self.setup.as_deref().is_some_and(Setup::is_elimination);
        let players = self.pairings[usize::from(no)].players().unwrap_or_default();
        let winner = if elimination { better(players) } else { Winner::Draw };
        self.reported(now, no, Outcome { winner, by: By::Seed })
    }

    fn reported(&self, now: Timestamp, pairing: u16, outcome: Outcome) -> Event {
        let time = self.setup.as_deref().map(Setup::dispute_time).unwrap_or_default();
        Event::Reported { pairing, outcome, until: now + time }
    }

    /// The pairing `no` and on which side of it the caller is.
    fn own(&self, cx: &Cx<'_>, no: u16) -> Result<(&Pairing, usize), Refusal> {
        let pairing = self.pairing(no)?;
        let number = self.number(account(cx)?);
        let side = number.and_then(|number| pairing.side_of(number));
        side.map(|side| (pairing, side)).ok_or_else(|| {
            Refusal::forbidden("not_your_pairing", "only who plays the pairing may do this")
        })
    }

    fn pairing(&self, no: u16) -> Result<&Pairing, Refusal> {
        self.pairings.get(usize::from(no)).ok_or_else(|| Refusal::not_found("pairing"))
    }

    pub(super) fn dispute(&self, cx: &Cx<'_>, no: u16, text: &str) -> Result<Vec<Event>, Refusal> {
        let (pairing, _) = self.own(cx, no)?;
        let text = lines("a reason", text, TEXT_MAX)?;
        match &pairing.stage {
            Stage::Reported { .. } => {
                let (by, until) = (account(cx)?, cx.now + RULING_TIME);
                Ok(vec![Event::Disputed { pairing: no, by, text, until }])
            }
            Stage::Disputed { .. } => Ok(vec![]),
            other => Err(not_reported(other)),
        }
    }

    pub(super) fn accept(&self, cx: &Cx<'_>, no: u16) -> Result<Vec<Event>, Refusal> {
        let (pairing, side) = self.own(cx, no)?;
        match &pairing.stage {
            Stage::Reported { accepted, .. } if accepted[side] => Ok(vec![]),
            Stage::Reported { .. } => Ok(vec![Event::Accepted { pairing: no, side: side as u8 }]),
            other => Err(not_reported(other)),
        }
    }

    pub(super) fn rule(
        &self,
        setup: &Setup,
        no: u16,
        ruling: Ruling,
    ) -> Result<Vec<Event>, Refusal> {
        let pairing = self.pairing(no)?;
        if pairing.over().is_some() {
            return Err(Refusal::conflict(
                "pairing_over",
                "the pairing is over, and what followed rests on it",
            ));
        }
        if pairing.players().is_none() {
            return Err(Refusal::conflict(
                "pairing_not_open",
                "it is not known yet who meets in the pairing",
            ));
        }
        let winner = match ruling {
            Ruling::Stands => {
                let outcome = pairing.stage.outcome();
                let outcome = outcome.ok_or_else(|| not_reported(&pairing.stage))?;
                return Ok(vec![Event::Settled { pairing: no, outcome }]);
            }
            Ruling::Replay if pairing.matches >= MATCHES_MAX => {
                let message = format!("the pairing had {MATCHES_MAX} matches: decide it");
                return Err(Refusal::conflict("too_many_matches", message));
            }
            Ruling::Replay if pairing.matches == 0 => return Ok(vec![]),
            Ruling::Replay => {
                return Ok(vec![Event::Again { pairing: no, why: Again::Ordered }]);
            }
            Ruling::Draw if setup.is_elimination() => {
                return Err(Refusal::invalid(
                    "bad_ruling",
                    "somebody must go on in an elimination",
                ));
            }
            Ruling::A => Winner::A,
            Ruling::B => Winner::B,
            Ruling::Draw => Winner::Draw,
            Ruling::Void => Winner::Nobody,
        };
        Ok(vec![Event::Settled { pairing: no, outcome: Outcome { winner, by: By::Ruling } }])
    }
}

fn not_reported(stage: &Stage) -> Refusal {
    match stage {
        Stage::Over(_) => {
            Refusal::conflict("pairing_over", "the result stands: it can be disputed no more")
        }
        _ => Refusal::conflict("no_result", "the pairing has no result yet"),
    }
}

/// The better seed has won.
fn better([a, b]: [u16; 2]) -> Winner {
    if a < b { Winner::A } else { Winner::B }
}

/// Who has the better place. Whoever left before the end has none, which is worse than any.
fn placed(accounts: [AccountId; 2], told: &MatchOutcome) -> Winner {
    let [a, b] = accounts.map(|account| {
        let own = told.placings.iter().find(|(who, _)| *who == account);
        own.and_then(|(_, place)| *place).unwrap_or(u16::MAX)
    });
    match a.cmp(&b) {
        std::cmp::Ordering::Less => Winner::A,
        std::cmp::Ordering::Greater => Winner::B,
        std::cmp::Ordering::Equal => Winner::Draw,
    }
}
