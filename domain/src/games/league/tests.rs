//! What a league promises.

use playhouse_protocol::ids::AccountId;
use uuid::Uuid;

use super::board::Record;
use super::*;
use crate::games::skill::{self, Skill};
use crate::room::{Reply as Answer, Role, Seed};

fn account(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(n))
}

fn played(n: u128, place: u16) -> Played {
    Played { account: account(n), name: format!("player {n}"), place }
}

/// A league in the hand of a test; every record goes through the codec.
struct Stage {
    room: RoomId,
    rules: League,
    now: Timestamp,
    revision: u64,
}

impl Stage {
    fn new() -> Self {
        let room = room("arena").unwrap();
        Self { rules: League::new(&room), room, now: Timestamp::from_ms(1_000_000), revision: 0 }
    }

    fn take(&mut self, events: Vec<Event>) {
        self.revision += u64::from(!events.is_empty());
        for event in events {
            let event: Event = codec::decode(&codec::encode(&event)).unwrap();
            self.rules.apply(self.now, &event);
        }
        let bytes = codec::encode(&self.rules);
        assert_eq!(League::upcast_state(1, &bytes).unwrap(), self.rules, "it is what it stores");
    }

    fn ask(&mut self, caller: &Caller, command: Command) -> Result<Reply, Refusal> {
        let (room, seed, revision) = (&self.room, Seed([0; 32]), self.revision);
        let cx = Cx { now: self.now, room, caller, seed, revision };
        let effects = self.rules.decide(&cx, command)?;
        self.take(effects.events);
        match effects.reply {
            Answer::Now(reply) => Ok(reply),
            other => panic!("{other:?}"),
        }
    }

    fn rate(&mut self, results: &[(u128, u16)]) -> Vec<Change> {
        let played = results.iter().map(|(n, place)| played(*n, *place)).collect();
        let match_id = MatchId(Uuid::from_u128(self.revision.into()));
        let caller = Caller::Room("game:1".parse().unwrap());
        match self.ask(&caller, Command::Rate { match_id, played }).unwrap() {
            Reply::Rated(changes) => changes,
            other => panic!("{other:?}"),
        }
    }

    fn page(&mut self, command: Command) -> Vec<(u32, u128)> {
        match self.ask(&Caller::Nobody, command).unwrap() {
            Reply::Page(page) => {
                page.items.iter().map(|item| (item.rank, item.account.0.as_u128())).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    fn wake(&mut self) {
        let (room, caller, seed) = (&self.room, &Caller::System, Seed([0; 32]));
        let cx = Cx { now: self.now, room, caller, seed, revision: self.revision };
        let events = self.rules.wake(&cx).events;
        self.take(events);
    }
}

#[test]
fn the_leaderboard_has_those_who_played_the_best_first() {
    let mut league = Stage::new();
    assert_eq!(league.page(Command::Page { from: 1, count: 10 }), []);
    let changes = league.rate(&[(1, 1), (2, 2)]);
    assert_eq!(changes[0].before, Skill::default());
    assert_eq!(
        changes[0].after,
        skill::rated(&[(vec![Skill::default()], 1), (vec![Skill::default()], 2),])[0][0]
    );
    league.rate(&[(3, 1), (2, 2)]);
    // 1 and 3: the second win was over somebody who had lost, so it is worth less.
    assert_eq!(league.page(Command::Page { from: 1, count: 10 }), [(1, 1), (2, 3), (3, 2)]);
    assert_eq!(league.page(Command::Page { from: 2, count: 1 }), [(2, 3)]);
    assert_eq!(league.page(Command::Page { from: 4, count: 10 }), []);
    assert_eq!(league.page(Command::Around { account: account(3), count: 1 }), [(2, 3)]);
    assert_eq!(league.page(Command::Around { account: account(2), count: 2 }), [(2, 3), (3, 2)]);
    assert_eq!(league.page(Command::Around { account: account(9), count: 2 }), []);
    let among = Command::Among(vec![account(2), account(1), account(9), account(2)]);
    assert_eq!(league.page(among), [(1, 1), (3, 2)]);
}

#[test]
fn equal_points_share_a_rank() {
    let mut league = Stage::new();
    league.rate(&[(1, 1), (2, 1)]);
    league.rate(&[(3, 1), (4, 2)]);
    let page = league.page(Command::Page { from: 1, count: 10 });
    assert_eq!(page, [(1, 3), (2, 1), (2, 2), (4, 4)]);
    let page = league.page(Command::Page { from: 3, count: 10 });
    assert_eq!(page, [(2, 2), (4, 4)], "also where a page begins between them");
}

#[test]
fn only_matches_rate_and_only_administrators_begin_a_season() {
    let mut league = Stage::new();
    let person = Caller::Account { id: account(1), role: Role::Organizer };
    let result = || Command::Rate { match_id: MatchId(Uuid::nil()), played: vec![played(1, 1)] };
    for caller in [&person, &Caller::System, &Caller::Room("poll:1".parse().unwrap())] {
        assert_eq!(league.ask(caller, result()).unwrap_err().code, "forbidden");
    }
    assert_eq!(league.ask(&person, Command::BeginSeason).unwrap_err().code, "forbidden");
}

#[test]
fn a_season_begins_empty_keeps_the_best_of_the_last_and_knows_who_was_good() {
    let mut league = Stage::new();
    for _ in 0..10 {
        league.rate(&[(1, 1), (2, 2)]);
    }
    let good = league.rules.skill(account(1), 1);
    league.now = league.now + SEASON;
    assert_eq!(league.rules.wake_at(), Some(league.now));
    league.wake();
    assert_eq!(league.rules.wake_at(), None, "a season in which nobody played does not end");
    assert_eq!(league.page(Command::Page { from: 1, count: 10 }), []);
    assert_eq!(league.rules.skill(account(1), 2), good.next_season());
    let changes = league.rate(&[(1, 2), (3, 1)]);
    assert_eq!(changes[0].before, good.next_season());
    assert_eq!(league.page(Command::Page { from: 1, count: 10 }).len(), 2);
    let Reply::Seasons(past) = league.ask(&Caller::Nobody, Command::Seasons).unwrap() else {
        panic!("not the seasons")
    };
    assert_eq!((past.len(), past[0].number, past[0].players), (1, 1, 2));
    assert_eq!((past[0].best[0].account, past[0].best[0].matches), (account(1), 10));
    let admin = Caller::Account { id: account(9), role: Role::Admin };
    league.ask(&admin, Command::BeginSeason).unwrap();
    league.ask(&admin, Command::BeginSeason).unwrap();
    assert_eq!(league.rules.season.as_ref().unwrap().number, 3, "once: nobody has played since");
}

#[test]
fn whoever_stays_away_for_seasons_is_forgotten_bit_by_bit_and_never_beyond_a_beginner() {
    let mut record = Record {
        name: "a".into(),
        skill: Skill { mean: 40.0, deviation: 1.0 },
        season: 1,
        matches: 5,
        won: 4,
        last: Timestamp::ZERO,
    };
    for season in 2..40 {
        let later = record.clone().in_season(season);
        assert!(later.skill.mean <= record.skill.mean && later.skill.mean > 25.0);
        assert!(later.skill.deviation <= Skill::default().deviation);
        assert_eq!((later.matches, later.won), (0, 0));
        record = later;
    }
    assert_eq!(record.clone().in_season(u32::MAX).season, u32::MAX, "in no time");
}

#[test]
fn what_a_cheated_match_gave_is_taken_back_in_its_own_season_alone() {
    let mut league = Stage::new();
    let rated_at = league.now + SEASON / 2;
    league.rate(&[(1, 1), (2, 2)]);
    let points = |league: &Stage, n| league.rules.skill(account(n), 1).points();
    let (won, lost) = (points(&league, 1), points(&league, 2));
    assert!(won > 0 && lost < 0, "{won}, {lost}");
    let correct = |rated_at| Command::Correct {
        match_id: MatchId(Uuid::nil()),
        rated_at,
        corrections: [(1, -won, -1), (2, -lost, 0), (9, 50, 1)]
            .map(|(n, points, won)| Correction { account: account(n), points, won })
            .to_vec(),
    };
    let game = Caller::Room("game:1".parse().unwrap());
    let admin = Caller::Account { id: account(9), role: Role::Admin };
    assert_eq!(league.ask(&admin, correct(rated_at)).unwrap_err().code, "forbidden");
    league.ask(&game, correct(rated_at)).unwrap();
    assert_eq!((points(&league, 1), points(&league, 2)), (0, 0));
    let won = |league: &Stage, n| league.rules.board.get(account(n)).map(|own| own.won);
    assert_eq!((won(&league, 1), won(&league, 2), won(&league, 9)), (Some(0), Some(0), None));
    let page = league.page(Command::Page { from: 1, count: 10 });
    assert_eq!(page, [(1, 1), (1, 2)], "the leaderboard has them at their new places");

    league.now = league.now + SEASON;
    league.wake();
    league.rate(&[(1, 1), (2, 2)]);
    let before = league.rules.clone();
    league.ask(&game, correct(rated_at)).unwrap();
    assert_eq!(league.rules, before, "what was rated in a season that is past stays");
}
