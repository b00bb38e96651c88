//! Rules alone, on one core: decisions and their facts a second for a house of 500 seats and for a
//! poll of 10,000 voters.
//!
//! `cargo bench -p playhouse-domain --bench rules`.

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use playhouse_domain::money::Money;
use playhouse_domain::poll::{self, Asking, Choice, Definition, Poll, Results, Voter, Voters};
use playhouse_domain::room::{Caller, Cx, Reply as Answer, Role, Rules, Seed};
use playhouse_domain::showing::command::{Opening, Terms};
use playhouse_domain::showing::{Command, Reply, RowSpec, SeatKind, Showing, Want};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::{AccountId, GuestId, MovieId, PollId, RoomId, ScreenId};
use uuid::Uuid;

const ROWS: u8 = 20;
const SEATS: u16 = 25;

/// A room without a host: what is decided is applied, and nothing is written.
struct Bare<R: Rules> {
    room: RoomId,
    rules: R,
    now: Timestamp,
    revision: u64,
}

impl<R: Rules> Bare<R> {
    fn new(room: RoomId) -> Self {
        let rules = R::new(&room);
        Self { room, rules, now: Timestamp::from_ms(1_800_000_000_000), revision: 0 }
    }

    fn ask(&mut self, caller: &Caller, command: R::Command) -> Answer<R::Reply> {
        let seed = Seed::derive(&[&self.revision.to_le_bytes()]);
        let (room, now, revision) = (&self.room, self.now, self.revision);
        let cx = Cx { now, room, caller, seed, revision };
        let effects = self.rules.decide(&cx, command).expect("it is not refused");
        for event in &effects.events {
            self.rules.apply(now, event);
        }
        self.revision += 1;
        effects.reply
    }
}

fn house() -> Bare<Showing> {
    let row = |n: u8| RowSpec {
        row: char::from(b'A' + n).to_string(),
        seats: SEATS,
        kind: SeatKind::Standard,
        gaps: vec![12],
        kinds: BTreeMap::new(),
    };
    let mut house = Bare::<Showing>::new(RoomId::of(Showing::KIND, Uuid::from_u128(1)));
    let day = std::time::Duration::from_secs(24 * 60 * 60);
    let opening = Opening {
        movie: MovieId(Uuid::from_u128(1)),
        movie_title: "Metropolis".into(),
        screen: ScreenId(Uuid::from_u128(2)),
        screen_name: "One".into(),
        theater: "Odeon".into(),
        starts_at: house.now + day * 10,
        ends_at: house.now + day * 11,
        rows: (0..ROWS).map(row).collect(),
        prices: [(SeatKind::Standard, Money::from_cents(950))].into(),
        currency: "EUR".into(),
        terms: Terms::default(),
    };
    house.ask(&Caller::System, Command::Open(Box::new(opening)));
    house
}

fn person(n: u128) -> Caller {
    Caller::Account { id: AccountId(Uuid::from_u128(n)), role: Role::User }
}

/// Two decisions: a hold and its release.
fn hold_and_release(house: &mut Bare<Showing>, n: u64, seats: Want) {
    let caller = person(u128::from(n % 100));
    let hold = Command::Hold { seats, expect: None, name: "Ann".into() };
    let Answer::Now(Reply::Hold(hold)) = house.ask(&caller, hold) else { panic!("a hold") };
    house.ask(&caller, Command::Release { hold: hold.hold_id, expect: None });
}

fn seats(c: &mut Criterion) {
    let mut group = c.benchmark_group("seats_500");
    group.throughput(Throughput::Elements(2));
    let (mut house, mut n) = (house(), 0);
    group.bench_function("hold two by name and release", |b| {
        b.iter(|| {
            n += 1;
            let row = char::from(b'A' + (n % u64::from(ROWS)) as u8);
            let want = Want::Named(vec![format!("{row}3"), format!("{row}4")]);
            hold_and_release(&mut house, n, black_box(want));
        });
    });
    group.bench_function("hold the best two and release", |b| {
        b.iter(|| {
            n += 1;
            hold_and_release(&mut house, n, black_box(Want::Best { count: 2, kind: None }));
        });
    });
    group.finish();
}

fn votes(c: &mut Criterion) {
    let mut poll = Bare::<Poll>::new(poll::room(PollId(Uuid::from_u128(1))));
    let presenter = Caller::Account { id: AccountId(Uuid::from_u128(9)), role: Role::Organizer };
    let definition = Definition {
        title: "Which?".into(),
        kind: poll::Kind::Single,
        options: ["A", "B", "C", "D"].map(str::to_owned).to_vec(),
        voters: Voters::Device,
        results: Results::Live,
        change: true,
        secret: false,
        seconds: None,
        questions: Asking::Off,
        ballot_key: None,
    };
    poll.ask(&presenter, poll::Command::Create(Box::new(definition)));
    poll.ask(&presenter, poll::Command::Open);
    let mut group = c.benchmark_group("poll");
    group.throughput(Throughput::Elements(1));
    let mut n = 0_u32;
    group.bench_function("vote, a new round every 10,000 votes", |b| {
        b.iter(|| {
            n += 1;
            if n.is_multiple_of(10_000) {
                poll.ask(&presenter, poll::Command::Reset);
                poll.ask(&presenter, poll::Command::Open);
            }
            let guest = GuestId(Uuid::from_u128(u128::from(n)));
            let choice = Choice::Options(vec![(n % 4) as u8]);
            let voter = Voter::Device(guest);
            let vote = poll::Command::Vote { voter, choice, name: None, key: None };
            poll.ask(&Caller::Guest(guest), black_box(vote));
        });
    });
    group.finish();
}

criterion_group!(benches, seats, votes);
criterion_main!(benches);
