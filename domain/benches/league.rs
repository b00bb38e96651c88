//! How long a league of a million players takes for what is asked of it: a result, a rank, a page, the
//! places around a player; and for a snapshot of it.
//!
//! `cargo bench -p playhouse-domain --bench league`

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use playhouse_domain::games::league::{self, Command, Event, League, Played};
use playhouse_domain::refusal::Refusal;
use playhouse_domain::room::{Caller, Cx, Reply, Rules, Seed};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::codec;
use playhouse_protocol::ids::{AccountId, MatchId, RoomId};
use uuid::Uuid;

/// How many players there are.
const PLAYERS: u32 = 1_000_000;

/// How many play in each match.
const TOGETHER: u32 = 8;

fn account(n: u32) -> AccountId {
    // Spread over all ids, as random ones are.
    AccountId(Uuid::from_u128(
        u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835),
    ))
}

fn result(first: u32) -> Command {
    let one = |n: u32| Played {
        account: account((first + n * 7919) % PLAYERS),
        name: format!("player {}", (first + n * 7919) % PLAYERS),
        place: n as u16 + 1,
    };
    let match_id = MatchId(Uuid::from_u128(first.into()));
    Command::Rate { match_id, played: (0..TOGETHER).map(one).collect() }
}

struct Stage {
    room: RoomId,
    caller: Caller,
    league: League,
}

impl Stage {
    fn ask(&self, command: Command) -> Result<(Vec<Event>, league::Reply), Refusal> {
        let (room, caller, seed) = (&self.room, &self.caller, Seed([0; 32]));
        let cx = Cx { now: Timestamp::from_ms(1), room, caller, seed, revision: 1 };
        let effects = self.league.decide(&cx, command)?;
        let Reply::Now(reply) = effects.reply else { unreachable!("it answers at once") };
        Ok((effects.events, reply))
    }

    fn rate(&mut self, first: u32) {
        let (events, _) = self.ask(result(first)).expect("it counts");
        events.iter().for_each(|event| self.league.apply(Timestamp::from_ms(1), event));
    }
}

/// A league in which everybody has played at least once.
fn full() -> Stage {
    let room = league::room("arena").expect("it has a room");
    let caller = Caller::Room("game:1".parse().expect("a room"));
    let mut stage = Stage { league: League::new(&room), room, caller };
    (0..PLAYERS).step_by(2).for_each(|first| stage.rate(first));
    stage
}

fn million(c: &mut Criterion) {
    let mut stage = full();
    let mut next = 1;
    c.bench_function("league/a result of eight", |b| {
        b.iter(|| {
            next = (next + 104_729) % PLAYERS;
            stage.rate(next);
        });
    });
    let mut looks = |name: &str, command: &dyn Fn(u32) -> Command| {
        c.bench_function(&format!("league/{name}"), |b| {
            b.iter(|| {
                next = (next + 104_729) % PLAYERS;
                black_box(stage.ask(command(next)).expect("it answers"))
            });
        });
    };
    looks("a rank", &|n| Command::Ranks(vec![account(n)]));
    looks("a page of 100 from any place", &|n| Command::Page { from: n + 1, count: 100 });
    looks("100 places around a player", &|n| Command::Around { account: account(n), count: 100 });
    looks("100 friends", &|n| {
        Command::Among((0..100).map(|f| account((n + f) % PLAYERS)).collect())
    });
    let bytes = codec::encode(&stage.league);
    println!("a snapshot has {} bytes", bytes.len());
    let mut slow = c.benchmark_group("league/snapshot");
    slow.sample_size(10);
    slow.bench_function("write", |b| b.iter(|| black_box(codec::encode(&stage.league))));
    slow.bench_function("read", |b| {
        b.iter(|| black_box(League::upcast_state(League::SCHEMA, &bytes).expect("it reads")));
    });
    slow.finish();
}

criterion_group!(benches, million);
criterion_main!(benches);
