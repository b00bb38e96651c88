//! Who comes with a ticket or token that lets nobody in: named in the log and to administrators.
//!
//! An honest player does it now and then: a page that was open overnight, a ticket that was slow. Who goes on with it
//! tries to get in. The token itself is kept and told nowhere.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Instant;

use parking_lot::Mutex;
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::MatchId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::limit::{Rate, network};

/// How many addresses are remembered, each for each reason. 256: more than an administrator looks through; one more,
/// and the one that was quiet for the longest is forgotten.
const KEPT_MAX: usize = 256;

/// How many lines a second the log has of it. 10: who comes from ever new addresses does not fill the disk.
const LINES_A_SECOND: u32 = 10;

/// Why a ticket or token lets nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It was not made by this server, or was changed, or is a token for something else.
    Forged,
    /// Its time is over.
    Expired,
    /// It was used before, or its seat was given up.
    Used,
}

impl Cause {
    fn name(self) -> &'static str {
        match self {
            Self::Forged => "forged",
            Self::Expired => "expired",
            Self::Used => "used",
        }
    }
}

/// One who came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comer {
    /// From where.
    pub(super) address: IpAddr,
    /// `native`, `webtransport` or `websocket`.
    pub(super) by: &'static str,
    /// The match that was asked for; none where nothing that was said can be believed.
    pub(super) game: Option<MatchId>,
}

/// Somebody whose ticket or token let nobody in, as an administrator is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TurnedAway {
    /// The address; of IPv6 the /64 network, which one household has.
    #[schema(value_type = String)]
    pub address: IpAddr,
    /// Why.
    pub cause: Cause,
    /// How often, since the server started.
    pub times: u64,
    /// The match that was asked for the last time; null where nothing that was said can be believed.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub session_id: Option<MatchId>,
    /// What they came by the last time: `native`, `webtransport` or `websocket`.
    pub by: &'static str,
    /// When it was the last time.
    #[schema(value_type = String, format = "date-time")]
    pub last_at: Timestamp,
}

/// Those who were turned away, the newest [`KEPT_MAX`] addresses and reasons.
#[derive(Default)]
pub(super) struct Turned {
    kept: Mutex<BTreeMap<(IpAddr, Cause), TurnedAway>>,
    lines: Rate<()>,
}

impl Turned {
    /// Notes that `comer` was turned away at `now`. The log has the first time and every doubling.
    pub(super) fn note(&self, comer: Comer, cause: Cause, now: Timestamp) {
        let times = self.count(comer, cause, now);
        if times.is_power_of_two() && self.lines.admit((), Instant::now(), LINES_A_SECOND) {
            let Comer { address, by, game } = comer;
            let (game, cause) = (game.map(tracing::field::display), cause.name());
            tracing::warn!(%address, cause, game, by, times, "a ticket or token lets nobody in");
        }
    }

    /// How often this address came for that reason, this time included.
    fn count(&self, Comer { address, by, game }: Comer, cause: Cause, now: Timestamp) -> u64 {
        let (address, kept) = (network(address), &mut *self.kept.lock());
        let key = (address, cause);
        if kept.len() >= KEPT_MAX && !kept.contains_key(&key) {
            let quiet = kept.iter().min_by_key(|(_, one)| one.last_at).map(|(key, _)| *key);
            quiet.map(|key| kept.remove(&key));
        }
        let before = kept.get(&key).map_or(0, |one| one.times);
        let (times, session_id) = (before + 1, game);
        kept.insert(key, TurnedAway { address, cause, times, session_id, by, last_at: now });
        times
    }

    /// Those who are remembered, the newest first.
    pub(super) fn newest(&self) -> Vec<TurnedAway> {
        let mut all: Vec<_> = self.kept.lock().values().cloned().collect();
        all.sort_by_key(|one| Reverse(one.last_at));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comer(n: u16) -> Comer {
        let [a, b] = n.to_be_bytes();
        Comer { address: IpAddr::from([10, 0, a, b]), by: "native", game: None }
    }

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    #[test]
    fn each_address_is_counted_for_each_reason_and_the_newest_come_first() {
        let turned = Turned::default();
        let counted = [(1, Cause::Forged), (2, Cause::Used), (1, Cause::Forged), (1, Cause::Used)];
        let times: Vec<_> =
            (0..).zip(counted).map(|(ms, (n, why))| turned.count(comer(n), why, at(ms))).collect();
        assert_eq!(times, [1, 1, 2, 1]);
        let told: Vec<_> = turned.newest().iter().map(|one| (one.cause, one.times)).collect();
        assert_eq!(told, [(Cause::Used, 1), (Cause::Forged, 2), (Cause::Used, 1)]);
    }

    #[test]
    fn who_comes_from_ever_new_addresses_takes_no_more_memory_and_who_goes_on_is_kept() {
        let turned = Turned::default();
        for n in 0..2000 {
            turned.count(comer(n), Cause::Forged, at(u64::from(n)));
            turned.count(comer(7), Cause::Used, at(u64::from(n)));
        }
        let told = turned.newest();
        assert_eq!(told.len(), KEPT_MAX);
        let mallory = told.iter().find(|one| one.cause == Cause::Used).unwrap();
        assert_eq!(mallory.times, 2000);
    }

    #[test]
    fn a_household_on_ipv6_is_one() {
        let turned = Turned::default();
        for address in ["2001:db8::1", "2001:db8::2"] {
            let comer = Comer { address: address.parse().unwrap(), ..comer(1) };
            turned.count(comer, Cause::Forged, at(1));
        }
        assert_eq!(turned.newest().len(), 1);
    }
}
