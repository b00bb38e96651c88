//! Verdicts of cheating, and what they change in the league.
//!
//! Whoever is found to have cheated keeps nothing of what the match gave them, and those who stood behind
//! them get back what they lost in it. What the league is told follows from all verdicts of the match, so
//! a verdict that is taken back undoes what it did, whatever others were given meanwhile. Places and scores stay as
//! they were played.

use playhouse_protocol::ids::AccountId;
use serde::{Deserialize, Serialize};

use super::Match;
use super::beside::{Foul, RatingChange};
use super::command::{Phase, Reply};
use super::decide::Decided;
use super::ending::{Ending, Placing, PlayerId};
use super::event::Event;
use crate::duty::{Duty, DutyId};
use crate::games::league::{self, Correction, League};
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Cx, Effects};
use crate::time::Timestamp;

/// The first duty to tell the league of corrections has the number after this one.
const BEFORE_CORRECTIONS: u64 = 15;

/// Who cheated, and what the league was told of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Fairness {
    /// When the league was told of the result.
    rated_at: Option<Timestamp>,
    /// Who cheated, with the tick that shows it; at most everybody who has results.
    given: Vec<(AccountId, u32)>,
    /// What the verdicts change in all.
    made: Vec<Correction>,
    /// What the league has yet to be told.
    owing: Vec<Correction>,
    /// How often there was something to tell.
    tellings: u64,
}

impl Fairness {
    pub(super) fn rated(&mut self, at: Timestamp) {
        self.rated_at = Some(at);
    }

    pub(super) fn judge(
        &mut self,
        account: AccountId,
        tick: Option<u32>,
        corrections: &[Correction],
    ) {
        match (self.given.iter_mut().find(|(who, _)| *who == account), tick) {
            (Some(given), Some(tick)) => given.1 = tick,
            (None, Some(tick)) => self.given.push((account, tick)),
            (_, None) => self.given.retain(|(who, _)| *who != account),
        }
        if corrections.is_empty() {
            return;
        }
        self.tellings += 1;
        self.owing = corrections.to_vec();
        for correction in corrections {
            match self.made.iter_mut().find(|made| made.account == correction.account) {
                Some(made) => {
                    made.points += correction.points;
                    made.won += correction.won;
                }
                None => self.made.push(*correction),
            }
        }
        self.made.retain(|made| made.points != 0 || made.won != 0);
    }

    pub(super) fn corrected(&mut self) {
        self.owing.clear();
    }

    /// The duty to tell the league, as it is owed now.
    fn duty(&self) -> Option<DutyId> {
        (!self.owing.is_empty()).then_some(DutyId(BEFORE_CORRECTIONS + self.tellings))
    }

    pub(super) fn owes(&self, duty: DutyId) -> bool {
        self.duty() == Some(duty)
    }

    fn made_for(&self, account: AccountId) -> Option<&Correction> {
        self.made.iter().find(|made| made.account == account)
    }

    /// The tick that shows that `account` cheated.
    pub(super) fn tick_of(&self, account: AccountId) -> Option<u32> {
        self.given.iter().find(|(who, _)| *who == account).map(|(_, tick)| *tick)
    }

    /// What `rating` comes to with what the verdicts change.
    pub(super) fn with(&self, rating: RatingChange) -> RatingChange {
        let points = self.made_for(rating.account).map_or(0, |made| made.points);
        RatingChange { after: rating.after + points, ..rating }
    }
}

impl Match {
    pub(super) fn judge(&self, cx: &Cx<'_>, account: AccountId, tick: Option<u32>) -> Decided {
        if !cx.caller.administers() {
            let message = "only administrators say who cheated";
            return Err(Refusal::new(RefusalKind::Forbidden, "forbidden", message));
        }
        if !self.phase.is_over() {
            return Err(Refusal::conflict(
                "match_not_over",
                "who cheated is said once the match is over",
            ));
        }
        if !self.placed().any(|(id, _)| id == PlayerId::Account(account)) {
            let message = "no such account has results in this match";
            return Err(Refusal::conflict("not_in_results", message));
        }
        let last = self.course.tick;
        if let Some(tick) = tick.filter(|tick| !(1..=last).contains(tick)) {
            return Err(Refusal::invalid(
                "bad_tick",
                format!("the match has ticks 1 to {last}, not {tick}"),
            ));
        }
        if !self.reports().is_empty() {
            return Err(Refusal::conflict(
                "match_not_told",
                "it has yet to tell others how it came out",
            ));
        }
        if self.fairness.tick_of(account) == tick {
            return Ok(Effects::reply(vec![], Reply::Noted));
        }
        let corrections = self.corrections(account, tick.is_some());
        let judged = Event::Judged { account, tick, corrections };
        Ok(Effects::reply(vec![judged], Reply::Noted))
    }

    /// What the league is to be told once `account` cheated too, or not any more.
    fn corrections(&self, account: AccountId, cheated: bool) -> Vec<Correction> {
        let Some(ratings) = self.arranged.as_deref().and_then(|of| of.ratings.as_ref()) else {
            return Vec::new();
        };
        let others = self.fairness.given.iter().map(|(who, _)| *who);
        let mut given: Vec<_> = others.filter(|who| *who != account).collect();
        given.extend(cheated.then_some(account));
        let best = given.iter().map(|who| self.place_of(*who)).min();
        let one = |rating: &RatingChange| {
            let (account, place) = (rating.account, self.place_of(rating.account));
            let gained = rating.after - rating.before;
            let wanted = if given.contains(&account) {
                Correction { account, points: -gained.max(0), won: -i32::from(place == 1) }
            } else if best.is_some_and(|best| best <= place) {
                Correction { account, points: -gained.min(0), won: 0 }
            } else {
                Correction { account, points: 0, won: 0 }
            };
            let made = self.fairness.made_for(account);
            let (points, won) = made.map_or((0, 0), |made| (made.points, made.won));
            Correction { points: wanted.points - points, won: wanted.won - won, ..wanted }
        };
        let all = ratings.iter().map(one);
        all.filter(|correction| correction.points != 0 || correction.won != 0).collect()
    }

    /// The place of `account` in the results; last for whoever left before the end.
    fn place_of(&self, account: AccountId) -> u16 {
        let mut placed = self.placed();
        let own = placed.find(|(id, _)| *id == PlayerId::Account(account));
        own.and_then(|(_, placing)| placing.place).unwrap_or(u16::MAX)
    }

    /// What the league has yet to be told of verdicts.
    pub(super) fn corrects(&self) -> Option<Duty> {
        let duty = self.fairness.duty()?;
        let league = league::room(&self.setup.as_deref()?.creation.game)?;
        let rated_at = self.fairness.rated_at.or(self.ended_at).unwrap_or_default();
        let corrections = self.fairness.owing.clone();
        let command = league::Command::Correct { match_id: self.id, rated_at, corrections };
        Some(Duty::tell::<League>(duty, league, &command))
    }

    /// Who cheated, as everybody may know it.
    pub(super) fn fouls(&self) -> Vec<Foul> {
        let results = match &self.ending {
            Some(Ending::Concluded { results, .. }) if self.phase == Phase::Concluded => results,
            _ => return Vec::new(),
        };
        let foul = |(account, tick): &(AccountId, u32)| {
            let own = |placing: &&Placing| placing.player == Some(PlayerId::Account(*account));
            let name = results.iter().find(own).map(|placing| placing.name.clone());
            Foul { account: *account, name: name.unwrap_or_default(), tick: *tick }
        };
        self.fairness.given.iter().map(foul).collect()
    }
}
