//! Everybody who was rated, in the order of the leaderboard.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use playhouse_protocol::ids::AccountId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use super::order::Order;
use crate::games::skill::Skill;
use crate::time::Timestamp;

/// A player's record in one league.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The name that was shown in the newest match.
    pub(super) name: String,
    pub(super) skill: Skill,
    /// The season of the newest match.
    pub(super) season: u32,
    /// How many matches of that season.
    pub(super) matches: u32,
    /// In how many of them nobody did better.
    pub(super) won: u32,
    pub(super) last: Timestamp,
}

impl Record {
    /// The same at the beginning of season `season`: once for each season that lies between.
    pub(super) fn in_season(mut self, season: u32) -> Self {
        // What is known fades to nothing after a few.
        for _ in 0..season.saturating_sub(self.season).min(SEASONS_FADED) {
            self.skill = self.skill.next_season();
        }
        if self.season != season {
            (self.season, self.matches, self.won) = (season, 0, 0);
        }
        self
    }
}

/// After so many seasons away nothing more is forgotten. 50: less than a millionth is left of what was
/// known.
const SEASONS_FADED: u32 = 50;

/// Where somebody stands: more points first, then the lower id.
type Key = (Reverse<i32>, AccountId);

/// Everybody who was rated.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Board {
    records: BTreeMap<AccountId, Record>,
    /// Those who played in the newest season. Follows from the records, so it is not stored.
    order: Order<Key>,
    season: u32,
}

impl Board {
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// How many are in the leaderboard.
    pub(super) fn ranked(&self) -> usize {
        self.order.len()
    }

    pub(super) fn get(&self, account: AccountId) -> Option<&Record> {
        self.records.get(&account)
    }

    /// From now on those who play in `season` are in the leaderboard, and nobody else.
    pub(super) fn begin(&mut self, season: u32) {
        self.season = season;
        self.order = Order::default();
    }

    pub(super) fn put(&mut self, account: AccountId, record: Record) {
        if let Some(before) = self.records.get(&account) {
            self.order.remove(&key(account, before));
        }
        if record.season == self.season {
            self.order.insert(key(account, &record));
        }
        self.records.insert(account, record);
    }

    /// The rank of `account`, from 1; equal points share one. None if they are not in the leaderboard.
    pub(super) fn rank(&self, account: AccountId) -> Option<u32> {
        let record = self.records.get(&account)?;
        self.order.rank(&key(account, record))?;
        Some(self.rank_of(record.skill.points()))
    }

    /// The rank that `points` have.
    fn rank_of(&self, points: i32) -> u32 {
        self.order.before(&(Reverse(points), AccountId(Uuid::nil()))) as u32 + 1
    }

    /// How many are before `account`, equals included.
    pub(super) fn place(&self, account: AccountId) -> Option<usize> {
        self.order.rank(&key(account, self.records.get(&account)?))
    }

    /// Those from the place `from` on, with their ranks.
    pub(super) fn from(&self, from: usize) -> impl Iterator<Item = (u32, AccountId, &Record)> {
        let mut last: Option<(i32, u32)> = None;
        self.order.from(from).enumerate().map(move |(at, (Reverse(points), account))| {
            let rank = match last {
                Some((of, rank)) if of == *points => rank,
                None => self.rank_of(*points),
                Some(_) => (from + at) as u32 + 1,
            };
            last = Some((*points, rank));
            (rank, *account, &self.records[account])
        })
    }
}

fn key(account: AccountId, record: &Record) -> Key {
    (Reverse(record.skill.points()), account)
}

impl Serialize for Board {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (self.season, &self.records).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Board {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (season, records): (u32, BTreeMap<AccountId, Record>) = Deserialize::deserialize(from)?;
        let plays = records.iter().filter(|(_, record)| record.season == season);
        let order = Order::of(plays.map(|(account, record)| key(*account, record)).collect());
        Ok(Self { records, order, season })
    }
}
