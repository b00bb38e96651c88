//! Durable commands a second through the host: votes in polls, each on the disk before its answer.
//!
//! `cargo bench -p playhouse-actors --bench host`. The directory is `TMPDIR`'s: on a tmpfs the
//! figures say nothing, because a sync costs nothing there. `disk` is the least that one caller who
//! waits for each answer can be told: one write of a page and its fdatasync.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::SystemRunner;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use playhouse_actors::handle::Answer;
use playhouse_actors::journal::sled::SledJournal;
use playhouse_actors::{Rooms, Start};
use playhouse_domain::poll::{self, Asking, Choice, Definition, Poll, Results, Voter, Voters};
use playhouse_domain::room::{Caller, Role};
use playhouse_domain::unique::UniqueName;
use playhouse_protocol::ids::{AccountId, GuestId, PollId, RoomId};
use uuid::Uuid;

/// How many voters a poll has; each changes the vote again and again.
const VOTERS: u64 = 1000;

/// How often a voter votes in one round; a vote can be changed 20 times.
const CHANGES: u64 = 20;

/// A host on an empty store, with `polls` polls open.
struct House {
    // Before the system that its rooms run on, so that it is dropped first.
    rooms: Rooms,
    polls: Vec<RoomId>,
    system: SystemRunner,
    _dir: tempfile::TempDir,
}

fn presenter() -> Caller {
    Caller::Account { id: AccountId(Uuid::from_u128(9)), role: Role::Organizer }
}

fn definition() -> Definition {
    Definition {
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
    }
}

impl House {
    fn new(polls: u128) -> Self {
        let dir = tempfile::tempdir().expect("a directory can be made");
        let journal = SledJournal::open(dir.path()).expect("an empty directory opens");
        let system = actix::System::new();
        let start =
            || async { Start::new(Arc::new(journal)).kind::<UniqueName>().kind::<Poll>().start() };
        let rooms = system.block_on(start()).expect("an empty house starts");
        let polls = (1..=polls).map(|n| poll::room(PollId(Uuid::from_u128(n)))).collect();
        let house = Self { rooms, polls, system, _dir: dir };
        house.system.block_on(async {
            for room in &house.polls {
                let create = poll::Command::Create(Box::new(definition()));
                ask(&house.rooms, room, presenter(), create).await;
            }
        });
        house
    }

    /// How long `votes` votes take, of which `callers` are under way at any time, spread over all
    /// polls; in rounds that begin anew, so that the polls stay of one size.
    fn vote(&self, mut votes: u64, callers: u64) -> Duration {
        let mut took = Duration::ZERO;
        while votes > 0 {
            let round = votes.min(VOTERS * CHANGES * self.polls.len() as u64);
            self.system.block_on(self.begin());
            took += self.system.block_on(self.round(round, callers));
            votes -= round;
        }
        took
    }

    async fn begin(&self) {
        for room in &self.polls {
            ask(&self.rooms, room, presenter(), poll::Command::Reset).await;
            ask(&self.rooms, room, presenter(), poll::Command::Open).await;
        }
    }

    async fn round(&self, votes: u64, callers: u64) -> Duration {
        let started = Instant::now();
        let polls = self.polls.len() as u64;
        let voting = (0..callers).map(|caller| {
            let (rooms, room) = (self.rooms.clone(), self.polls[(caller % polls) as usize].clone());
            actix::spawn(async move {
                for n in (caller..votes).step_by(callers as usize) {
                    vote(&rooms, &room, n / polls).await;
                }
            })
        });
        for caller in voting.collect::<Vec<_>>() {
            caller.await.expect("no vote is refused");
        }
        started.elapsed()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.system.block_on(self.rooms.shut_down(Duration::from_secs(10)));
    }
}

async fn ask(rooms: &Rooms, room: &RoomId, caller: Caller, command: poll::Command) -> bool {
    match rooms.ask::<Poll>(room, caller, None, &command).await {
        Ok(Answer::Done { position, .. }) => position.is_some(),
        other => panic!("not done: {other:?}"),
    }
}

/// The poll's vote number `n`: another voter than the one before, another choice than that voter's
/// last.
async fn vote(rooms: &Rooms, room: &RoomId, n: u64) {
    let guest = GuestId(Uuid::from_u128(u128::from(n % VOTERS)));
    let choice = Choice::Options(vec![(n / VOTERS % 4) as u8]);
    let (voter, caller) = (Voter::Device(guest), Caller::Guest(guest));
    let vote = poll::Command::Vote { voter, choice, name: None, key: None };
    assert!(ask(rooms, room, caller, vote).await, "each vote is a record of its own on the disk");
}

fn host(c: &mut Criterion) {
    let mut group = c.benchmark_group("host");
    group.throughput(Throughput::Elements(1)).sample_size(20);
    for (name, polls, callers) in [
        ("64 polls, 4,096 votes under way", 64, 4096),
        ("one poll, 500 votes under way", 1, 500),
        ("one poll, each vote waits for the one before", 1, 1),
    ] {
        let house = House::new(polls);
        group.bench_function(name, |b| b.iter_custom(|votes| house.vote(votes, callers)));
    }
    group.finish();
}

fn disk(c: &mut Criterion) {
    let mut file: File = tempfile::tempfile().expect("a file can be made");
    let mut group = c.benchmark_group("disk");
    group.throughput(Throughput::Elements(1)).sample_size(20);
    group.bench_function("one page written and synced", |b| {
        b.iter(|| {
            file.seek(SeekFrom::Start(0)).expect("the start is there");
            file.write_all(&[7; 4096]).expect("the page is written");
            file.sync_data().expect("the page is synced");
        });
    });
    group.finish();
}

criterion_group!(benches, disk, host);
criterion_main!(benches);
