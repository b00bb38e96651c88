//! One pass of matchmaking over 10,000 tickets, on one core.
//!
//! `cargo bench -p playhouse-domain --bench matchmaking`.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use playhouse_domain::games::skill::Skill;
use playhouse_domain::matchmaking::{self, Command, Matchmaking, Member, Region, Wish};
use playhouse_domain::room::{Caller, Cx, Role, Rules, Seed};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::codec;
use playhouse_protocol::ids::{AccountId, RoomId};
use uuid::Uuid;

const TICKETS: u64 = 10_000;

fn start() -> Timestamp {
    Timestamp::from_ms(1_800_000_000_000)
}

/// Chance from a number (SplitMix64).
fn lot(n: u64) -> u64 {
    let z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Somebody with a skill of 5 to 45, near one of five regions and further from the others.
fn wish(n: u64) -> (Caller, Command) {
    let account = AccountId(Uuid::from_u128(u128::from(n)));
    let mean = 5.0 + 40.0 * (lot(n) % 10_000) as f64 / 10_000.0;
    let skill = Skill { mean, deviation: 2.0 };
    let home = lot(n + 1_000_000) % 5;
    let region = |r: u64| Region { name: format!("r{r}"), ms: (20 + 45 * r.abs_diff(home)) as u16 };
    let member = Member { account, name: "P".into(), skill };
    let regions = (0..5).map(region).collect();
    let wish = Wish { id: None, party: None, members: vec![member], regions };
    (Caller::Account { id: account, role: Role::User }, Command::Queue(Box::new(wish)))
}

fn cx<'a>(room: &'a RoomId, caller: &'a Caller, now: Timestamp, revision: u64) -> Cx<'a> {
    let seed = Seed::derive(&[&revision.to_le_bytes()]);
    Cx { now, room, caller, seed, revision }
}

fn full(room: &RoomId) -> Matchmaking {
    let mut rules = Matchmaking::new(room);
    for n in 0..TICKETS {
        let (caller, command) = wish(n);
        let effects = rules.decide(&cx(room, &caller, start(), n), command).expect("there is room");
        effects.events.iter().for_each(|event| rules.apply(start(), event));
    }
    rules
}

/// A whole pass: the slices are 20 ms apart, which is not waited for. How many slices it was, and the
/// longest.
fn pass(room: &RoomId, rules: &mut Matchmaking) -> (u32, Duration) {
    let began = start() + Duration::from_secs(10);
    let (mut now, mut slices, mut longest) = (began, 0, Duration::ZERO);
    while now.since(began) < Duration::from_millis(20)
        || rules.wake_at().is_some_and(|at| at <= now)
    {
        let slice = std::time::Instant::now();
        let effects = rules.wake(&cx(room, &Caller::System, now, u64::from(slices)));
        effects.events.iter().for_each(|event| rules.apply(now, event));
        longest = longest.max(slice.elapsed());
        (slices, now) = (slices + 1, now + Duration::from_millis(20));
    }
    (slices, longest)
}

fn passes(c: &mut Criterion) {
    let room = matchmaking::room("arena").expect("arena is a name");
    let stored = codec::encode(&full(&room));
    let make = || codec::decode::<Matchmaking>(&stored).expect("it was stored just now");
    let (slices, longest) = pass(&room, &mut make());
    println!("{TICKETS} tickets, {} bytes: {slices} slices, the longest {longest:?}", stored.len());
    let mut group = c.benchmark_group("matchmaking");
    group.sample_size(20);
    group.bench_function("a pass over 10,000 tickets", |b| {
        b.iter_batched(make, |mut rules| black_box(pass(&room, &mut rules)), BatchSize::LargeInput);
    });
    group.finish();
}

criterion_group!(benches, passes);
criterion_main!(benches);
