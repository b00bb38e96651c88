//! What a league answers, and what a result leads to.

use playhouse_protocol::ids::{AccountId, MatchId};

use super::board::Record;
use super::command::{
    Change, Corrected, Correction, Page, PastSeason, Played, Ranked, Ranks, Reply, Season, Standing,
};
use super::{BEST_KEPT, Event, League, PAGE_MAX, PLAYERS_MAX, SEASON, SEASONS_KEPT, TOP};
use crate::games::skill::{self, Skill};
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Caller, Cx, Effects};
use crate::time::Timestamp;

impl League {
    pub(super) fn rate(
        &self,
        cx: &Cx<'_>,
        id: MatchId,
        played: &[Played],
    ) -> Result<Effects<Self>, Refusal> {
        of_a_match(cx)?;
        let mut events: Vec<_> =
            self.season.is_none().then_some(Event::SeasonBegan).into_iter().collect();
        let season = self.season.as_ref().map_or(1, |season| season.number);
        let before: Vec<Skill> = played.iter().map(|one| self.skill(one.account, season)).collect();
        let known = played.iter().filter(|one| self.board.get(one.account).is_some()).count();
        if self.board.len() + played.len() - known > PLAYERS_MAX {
            let message = format!("the league of {} has {PLAYERS_MAX} players", self.game);
            return Err(Refusal::new(RefusalKind::Conflict, "league_full", message));
        }
        let teams: Vec<_> =
            before.iter().zip(played).map(|(skill, one)| (vec![*skill], one.place)).collect();
        let after = skill::rated(&teams).into_iter().flatten();
        let changes: Vec<Change> = played
            .iter()
            .zip(before.iter().zip(after))
            .map(|(Played { account, name, place }, (before, after))| {
                let (account, name, place) = (*account, name.clone(), *place);
                Change { account, name, place, before: *before, after }
            })
            .collect();
        events.push(Event::Rated { match_id: id, changes: changes.clone() });
        Ok(Effects::reply(events, Reply::Rated(changes)))
    }

    pub(super) fn correct(
        &self,
        cx: &Cx<'_>,
        match_id: MatchId,
        rated_at: Timestamp,
        corrections: &[Correction],
    ) -> Result<Effects<Self>, Refusal> {
        of_a_match(cx)?;
        let season = self.season.as_ref().filter(|season| season.began_at <= rated_at);
        let one = |correction: &Correction| {
            let Correction { account, points, won } = *correction;
            let own = self.board.get(account)?;
            let record = (own.season == season?.number).then_some(own)?;
            let (skill, won) =
                (record.skill.with_points(points), record.won.saturating_add_signed(won));
            Some(Corrected { account, skill, won })
        };
        let changes: Vec<_> = corrections.iter().filter_map(one).collect();
        let corrected = (!changes.is_empty()).then_some(Event::Corrected { match_id, changes });
        Ok(Effects::reply(corrected.into_iter().collect(), Reply::Noted))
    }

    pub(super) fn corrected(&mut self, change: &Corrected) {
        let Some(record) = self.board.get(change.account).cloned() else { return };
        let Corrected { account, skill, won } = *change;
        self.board.put(account, Record { skill, won, ..record });
    }

    pub(super) fn begin_season(&self, cx: &Cx<'_>) -> Result<Effects<Self>, Refusal> {
        if !cx.caller.administers() {
            let message = "only administrators begin a season";
            return Err(Refusal::new(RefusalKind::Forbidden, "forbidden", message));
        }
        let begins = self.board.ranked() > 0 || self.season.is_none();
        let events = begins.then_some(Event::SeasonBegan).into_iter().collect();
        Ok(Effects::reply(events, Reply::Noted))
    }

    pub(super) fn season_began(&mut self, at: Timestamp) {
        let number = self.season.as_ref().map_or(1, |season| season.number + 1);
        if let Some(Season { number, began_at, .. }) = self.season.take() {
            let (players, best) = (self.board.ranked() as u32, self.ranked(0, BEST_KEPT));
            self.past.push(PastSeason { number, began_at, ended_at: at, players, best });
            if self.past.len() > SEASONS_KEPT {
                self.past.remove(0);
            }
        }
        self.season = Some(Season { number, began_at: at, until: at + SEASON });
        self.board.begin(number);
    }

    pub(super) fn take(&mut self, at: Timestamp, change: &Change) {
        let season = self.season.as_ref().map_or(1, |season| season.number);
        let before = self.board.get(change.account).cloned().map(|record| record.in_season(season));
        let (matches, won) = before.map_or((0, 0), |record| (record.matches, record.won));
        let record = Record {
            name: change.name.clone(),
            skill: change.after,
            season,
            matches: matches + 1,
            won: won + u32::from(change.place == 1),
            last: at,
        };
        self.board.put(change.account, record);
    }

    /// How good `account` is thought to be in `season`.
    pub(super) fn skill(&self, account: AccountId, season: u32) -> Skill {
        let record = self.board.get(account).cloned();
        record.map_or_else(Skill::default, |record| record.in_season(season).skill)
    }

    pub(super) fn page(&self, from: u32, count: u16) -> Page {
        let from = from.saturating_sub(1) as usize;
        self.page_of(self.ranked(from, usize::from(count).min(PAGE_MAX)))
    }

    pub(super) fn around(&self, account: AccountId, count: u16) -> Page {
        let count = usize::from(count).min(PAGE_MAX);
        let place = self.board.place(account);
        let from = |place: usize| {
            // Whoever is among the last sees as many as everybody else.
            let last = self.board.ranked().saturating_sub(count);
            place.saturating_sub(count / 2).min(last)
        };
        self.page_of(place.map_or_else(Vec::new, |place| self.ranked(from(place), count)))
    }

    pub(super) fn among(&self, accounts: &[AccountId]) -> Page {
        let mut ranks: Vec<Ranked> = accounts
            .iter()
            .take(PAGE_MAX)
            .filter_map(|account| self.ranked_one(*account))
            .collect();
        ranks.sort_by_key(|ranked| (ranked.rank, ranked.account));
        ranks.dedup();
        self.page_of(ranks)
    }

    pub(super) fn ranks(&self, accounts: &[AccountId]) -> Vec<Ranks> {
        let season = self.season.as_ref().map_or(1, |season| season.number);
        let one = |account: &AccountId| Ranks {
            account: *account,
            skill: self.skill(*account, season),
            ranked: self.ranked_one(*account),
        };
        accounts.iter().take(PAGE_MAX).map(one).collect()
    }

    fn ranked_one(&self, account: AccountId) -> Option<Ranked> {
        let rank = self.board.rank(account)?;
        Some(Ranked::of(rank, account, self.board.get(account)?))
    }

    fn ranked(&self, from: usize, count: usize) -> Vec<Ranked> {
        let all = self.board.from(from).take(count);
        all.map(|(rank, account, record)| Ranked::of(rank, account, record)).collect()
    }

    fn page_of(&self, items: Vec<Ranked>) -> Page {
        Page { season: self.season.clone(), players: self.board.ranked() as u32, items }
    }

    pub(super) fn standing(&self) -> Standing {
        Standing { game: self.game.clone(), page: self.page(1, TOP as u16) }
    }
}

/// Refuses everybody but a match.
fn of_a_match(cx: &Cx<'_>) -> Result<(), Refusal> {
    if matches!(cx.caller, Caller::Room(room) if room.kind() == "game") {
        return Ok(());
    }
    let message = "only a match tells a league its result";
    Err(Refusal::new(RefusalKind::Forbidden, "forbidden", message))
}
