//! Rooms through their handle, over the embedded store: real threads, real disk.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use playhouse_actors::handle::{Answer, AskError};
use playhouse_actors::journal::sled::SledJournal;
use playhouse_actors::journal::{Journal, Rewrite, Row, RowQuery};
use playhouse_actors::performer::{Attempt, Performer, Performing, TryAgain};
use playhouse_actors::watch::{Publication, Sink, SinkFull, StreamPosition, WatchEnd};
use playhouse_actors::{Rooms, Start};
use playhouse_domain::duty::{Duty, DutyId, DutyResult};
use playhouse_domain::refusal::{Refusal, RefusalKind};
use playhouse_domain::room::{Audience, Caller, Cx, Effects, Policy, Rules, Ticket};
use playhouse_domain::rows::RowChange;
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::{CommandKey, RoomId};
use serde::{Deserialize, Serialize};

/// A tally that can ring a bell later, have work done outside, and tell another tally.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Tally {
    name: String,
    value: u64,
    bell: Option<Timestamp>,
    owed: Vec<(DutyId, Option<RoomId>)>,
    duties: u64,
    pad: Vec<u8>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Command {
    Add(u64),
    RingIn(Duration),
    Work,
    AddElsewhere(RoomId),
    Pad(Vec<u8>),
    /// Holds up the room's thread.
    Nap(Duration),
    Panic,
}

#[derive(Debug, Serialize, Deserialize)]
enum Event {
    Added(u64),
    BellSet(Timestamp),
    Rang,
    Owed(DutyId, Option<RoomId>),
    Done(DutyId),
    Padded(Vec<u8>),
}

fn ticket(id: DutyId) -> Ticket {
    Ticket(uuid::Uuid::from_u128(u128::from(id.0)))
}

impl Rules for Tally {
    const KIND: &'static str = "tally";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Event = Event;
    type Reply = u64;
    type View = u64;
    type Change = u64;

    fn new(id: &RoomId) -> Self {
        Self { name: id.key().to_owned(), ..Self::default() }
    }

    fn decide(&self, cx: &Cx<'_>, command: Command) -> Result<Effects<Self>, Refusal> {
        let owe = |to| {
            let id = DutyId(self.duties + 1);
            Ok(Effects::later(vec![Event::Owed(id, to)], ticket(id)))
        };
        match command {
            Command::Add(0) => Err(Refusal::new(RefusalKind::Invalid, "nothing", "add something")),
            Command::Add(n) => Ok(Effects::reply(vec![Event::Added(n)], self.value + n)),
            Command::RingIn(time) => Ok(Effects::reply(vec![Event::BellSet(cx.now + time)], 0)),
            Command::Work => owe(None),
            Command::AddElsewhere(room) => owe(Some(room)),
            Command::Pad(bytes) => Ok(Effects::reply(vec![Event::Padded(bytes)], self.value)),
            Command::Nap(time) => {
                std::thread::sleep(time);
                Ok(Effects::reply(vec![], 0))
            }
            Command::Panic => panic!("told to"),
        }
    }

    fn apply(&mut self, _: Timestamp, event: &Event) {
        match event {
            Event::Added(n) => self.value += n,
            Event::BellSet(at) => self.bell = Some(*at),
            Event::Rang => {
                self.bell = None;
                self.value += 100;
            }
            Event::Owed(id, to) => {
                self.duties = id.0;
                self.owed.push((*id, to.clone()));
            }
            Event::Done(id) => self.owed.retain(|(owed, _)| owed != id),
            Event::Padded(bytes) => self.pad.extend(bytes),
        }
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.bell
    }

    fn wake(&self, _: &Cx<'_>) -> Effects<Self> {
        Effects::events(vec![Event::Rang])
    }

    fn duties(&self) -> Vec<Duty> {
        let duty = |(id, to): &(DutyId, Option<RoomId>)| match to {
            Some(room) => Duty::tell::<Self>(*id, room.clone(), &Command::Add(7)),
            None => Duty::external(*id, "work", &()),
        };
        self.owed.iter().map(duty).collect()
    }

    fn duty_done(&self, _: &Cx<'_>, id: DutyId, _: DutyResult) -> Effects<Self> {
        Effects::events(vec![Event::Done(id)]).settle(ticket(id), Ok(id.0))
    }

    fn view(&self, _: Timestamp, _: &Audience) -> Option<u64> {
        Some(self.value)
    }

    fn change(&self, event: &Event, _: &Audience) -> Option<u64> {
        matches!(event, Event::Added(_) | Event::Rang).then_some(self.value)
    }

    fn row_changes(&self, _: &Event) -> Vec<RowChange> {
        self.rows()
    }

    fn rows(&self) -> Vec<RowChange> {
        vec![RowChange::put("tallies", self.name.clone(), &self.value)]
    }

    fn policy() -> Policy {
        Policy { idle: Duration::from_millis(300), mailbox: 16, ..Policy::default() }
    }
}

/// Fails twice, then works; counts by key.
#[derive(Default)]
struct Flaky {
    attempts: AtomicU32,
    keys: Mutex<Vec<uuid::Uuid>>,
}

impl Performer for Flaky {
    fn perform(&self, attempt: Attempt) -> Performing {
        self.keys.lock().push(attempt.key);
        let n = self.attempts.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            if n < 2 {
                return Err(TryAgain { reason: "not yet".into() });
            }
            Ok(DutyResult::Done(vec![]))
        })
    }
}

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Sink for Heard {
    fn publish(&self, publication: &Arc<Publication>) -> Result<(), SinkFull> {
        self.0.lock().push(String::from_utf8(publication.json.to_vec()).unwrap());
        Ok(())
    }

    fn ended(&self, reason: WatchEnd) {
        self.0.lock().push(format!("{reason:?}"));
    }
}

fn room(name: &str) -> RoomId {
    RoomId::new("tally", name).unwrap()
}

fn key(text: &str) -> Option<CommandKey> {
    CommandKey::new(text)
}

async fn ask(rooms: &Rooms, name: &str, command: Command) -> Result<Answer<u64>, AskError> {
    rooms.ask::<Tally>(&room(name), Caller::System, None, &command).await
}

async fn add(rooms: &Rooms, name: &str, n: u64) -> Result<Answer<u64>, AskError> {
    ask(rooms, name, Command::Add(n)).await
}

fn reply(answer: Result<Answer<u64>, AskError>) -> u64 {
    match answer {
        Ok(Answer::Done { reply, .. }) => reply,
        other => panic!("no reply: {other:?}"),
    }
}

/// The last row whose key starts with `prefix`.
async fn newest_row(rooms: &Rooms, prefix: &str) -> (String, String) {
    let row = rooms.rows(tallies(prefix)).await.unwrap().remove(0);
    (row.key, row.value)
}

/// Asks for the last row whose key starts with `prefix`.
fn tallies(prefix: &str) -> RowQuery {
    RowQuery {
        table: "tallies".into(),
        prefix: prefix.into(),
        after: None,
        before: None,
        descending: true,
        limit: 1,
    }
}

/// Runs `story` with rooms over the store in `dir`, then shuts them down.
fn with_rooms<F: Future<Output = ()>>(dir: &Path, story: impl FnOnce(Rooms) -> F) {
    let flaky: Arc<dyn Performer> = Arc::new(Flaky::default());
    with_performer(dir, flaky, story);
}

fn with_performer<F: Future<Output = ()>>(
    dir: &Path,
    performer: Arc<dyn Performer>,
    story: impl FnOnce(Rooms) -> F,
) {
    with_journal(Arc::new(SledJournal::open(dir).unwrap()), performer, story);
}

fn with_journal<F: Future<Output = ()>>(
    journal: Arc<SledJournal>,
    performer: Arc<dyn Performer>,
    story: impl FnOnce(Rooms) -> F,
) {
    actix::System::new().block_on(async {
        let rooms =
            Start::new(journal).kind::<Tally>().performer("work", performer).start().unwrap();
        story(rooms.clone()).await;
        assert!(rooms.shut_down(Duration::from_secs(5)).await);
    });
}

/// Waits until `done` holds, at most 10 s.
async fn until<F: Future<Output = bool>>(mut done: impl FnMut() -> F) {
    for _ in 0..1000 {
        if done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come about within 10 s");
}

#[test]
fn what_was_acknowledged_is_there_after_a_restart_and_a_key_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let once = async |rooms: Rooms| {
        let (a, command) = (room("a"), Command::Add(3));
        let answer = rooms.ask::<Tally>(&a, Caller::System, key("k"), &command).await;
        let Ok(Answer::Done { reply, repeated, .. }) = answer else { panic!("no reply") };
        assert_eq!(reply, 3);
        repeated
    };
    with_rooms(dir.path(), async |rooms| assert!(!once(rooms).await));
    with_rooms(dir.path(), async |rooms| {
        assert!(once(rooms.clone()).await);
        assert_eq!(reply(add(&rooms, "a", 1).await), 4);
    });
}

#[test]
fn a_list_read_after_a_write_shows_it() {
    let dir = tempfile::tempdir().unwrap();
    with_rooms(dir.path(), async |rooms| {
        for n in 1..=20 {
            add(&rooms, &format!("r{n:02}"), n).await.unwrap();
            assert_eq!(newest_row(&rooms, "r").await, (format!("r{n:02}"), n.to_string()));
        }
    });
}

#[test]
fn work_that_fails_is_repeated_under_one_key_until_it_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let flaky = Arc::new(Flaky::default());
    with_performer(dir.path(), flaky.clone(), async |rooms| {
        assert_eq!(reply(ask(&rooms, "a", Command::Work).await), 1);
    });
    let keys = flaky.keys.lock();
    assert_eq!(keys.len(), 3);
    assert!(keys.iter().all(|k| *k == keys[0]));
}

#[test]
fn a_room_tells_another_exactly_once() {
    let dir = tempfile::tempdir().unwrap();
    with_rooms(dir.path(), async |rooms| {
        assert_eq!(reply(ask(&rooms, "a", Command::AddElsewhere(room("b"))).await), 1);
        assert_eq!(reply(add(&rooms, "b", 1).await), 8);
    });
}

#[test]
fn a_room_that_sleeps_is_woken_in_time_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    with_rooms(dir.path(), async |rooms| {
        for name in ["soon", "later"] {
            let time = Duration::from_millis(if name == "soon" { 400 } else { 1500 });
            ask(&rooms, name, Command::RingIn(time)).await.unwrap();
        }
        until(async || rooms.overview().kinds["tally"].loaded == 0).await;
        until(async || newest_row(&rooms, "soon").await.1 == "100").await;
    });
    with_rooms(dir.path(), async |rooms| {
        until(async || {
            &*rooms.view(&room("later"), Audience::Public).await.unwrap().json == b"100"
        })
        .await;
    });
}

#[test]
fn a_watcher_goes_on_from_its_offset_after_a_restart_without_a_gap_or_a_repeat() {
    let dir = tempfile::tempdir().unwrap();
    let mut position = None;
    with_rooms(dir.path(), async |rooms| {
        let heard = Arc::new(Heard::default());
        let watching =
            rooms.watch(&room("a"), Audience::Public, None, heard.clone()).await.unwrap();
        add(&rooms, "a", 1).await.unwrap();
        until(async || heard.0.lock().len() == 1).await;
        assert_eq!(heard.0.lock()[0], r#"{"from":0,"to":1,"change":1}"#);
        position = Some(StreamPosition { offset: 1, ..watching.position.clone() });
        drop(watching);
        add(&rooms, "a", 1).await.unwrap();
    });
    with_rooms(dir.path(), async |rooms| {
        let heard = Arc::new(Heard::default());
        let watching =
            rooms.watch(&room("a"), Audience::Public, position.clone(), heard).await.unwrap();
        assert!(watching.recovered);
        assert_eq!(&*watching.publications[0].json, br#"{"from":1,"to":2,"change":2}"#);
        assert_eq!(watching.publications.len(), 1);
    });
}

#[test]
fn a_full_room_answers_overloaded_and_loses_nothing_it_took() {
    let dir = tempfile::tempdir().unwrap();
    with_rooms(dir.path(), async |rooms| {
        let asks = (0..2000).map(|_| add(&rooms, "a", 1));
        let answers = futures_util::future::join_all(asks).await;
        let taken = answers.iter().filter(|a| a.is_ok()).count() as u64;
        let refused = answers.iter().filter_map(|a| a.as_ref().err());
        assert!(refused.clone().all(|e| matches!(e, AskError::Overloaded { .. })));
        assert!(refused.count() > 0, "2,000 at once are more than a mailbox of 16 takes");
        assert_eq!(rooms.overview().kinds["tally"].waiting, 0, "all of them were answered");
        assert_eq!(reply(add(&rooms, "a", 1).await), taken + 1);
    });
}

#[test]
fn who_waits_in_a_mailbox_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    with_rooms(dir.path(), async |rooms| {
        reply(add(&rooms, "a", 1).await);
        let waiting = || rooms.overview().kinds["tally"].waiting;
        let asks = async {
            let nap = ask(&rooms, "a", Command::Nap(Duration::from_secs(1)));
            let adds = futures_util::future::join_all((0..5).map(|_| add(&rooms, "a", 1)));
            let (_, answers) = futures_util::future::join(nap, adds).await;
            assert!(answers.iter().all(Result::is_ok));
        };
        let counted = until(async || waiting() == 5);
        futures_util::future::join(asks, counted).await;
        assert_eq!(waiting(), 0);
    });
}

#[test]
fn a_command_that_panics_is_set_aside_and_its_neighbours_go_on() {
    let dir = tempfile::tempdir().unwrap();
    with_rooms(dir.path(), async |rooms| {
        add(&rooms, "a", 1).await.unwrap();
        // A room that sleeps forgets its count: a watched one stays awake on a busy machine too.
        let sink = Arc::new(Heard::default());
        let _awake = rooms.watch(&room("a"), Audience::Public, None, sink).await.unwrap();
        for attempt in 1..=3 {
            let error = ask(&rooms, "a", Command::Panic).await.unwrap_err();
            assert_eq!(matches!(error, AskError::Poisoned { .. }), attempt == 3);
        }
        assert_eq!(rooms.dead_letters().len(), 1);
        assert_eq!(reply(add(&rooms, "a", 1).await), 2);
        assert_eq!(reply(add(&rooms, "b", 1).await), 1);
    });
}

#[test]
fn a_quarantined_room_says_so_and_works_again_once_it_is_reopened() {
    let dir = tempfile::tempdir().unwrap();
    with_rooms(dir.path(), async |rooms| {
        add(&rooms, "a", 1).await.unwrap();
        rooms.quarantine(&room("a"), "to be looked at".into()).unwrap();
        assert!(matches!(add(&rooms, "a", 1).await, Err(AskError::Quarantined { .. })));
        assert_eq!(rooms.overview().quarantined.len(), 1);
        assert_eq!(reply(add(&rooms, "b", 1).await), 1);
        rooms.reopen(&room("a")).unwrap();
        assert_eq!(reply(add(&rooms, "a", 1).await), 2);
    });
}

#[test]
fn after_the_shutdown_began_new_work_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    with_rooms(dir.path(), async |rooms| {
        add(&rooms, "a", 1).await.unwrap();
        assert!(rooms.shut_down(Duration::from_secs(5)).await);
        assert_eq!(add(&rooms, "a", 1).await, Err(AskError::ShuttingDown));
    });
}

#[test]
fn a_large_room_is_snapshotted_while_it_works() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Arc::new(SledJournal::open(dir.path()).unwrap());
    let stored = || journal.salvage(&room("large"), Rewrite::Rewind(300)).unwrap().kept.snapshot;
    with_journal(journal.clone(), Arc::new(Flaky::default()), async |rooms| {
        for _ in 0..4 {
            reply(ask(&rooms, "large", Command::Pad(vec![7; 50_000])).await);
        }
        for _ in 0..300 {
            reply(add(&rooms, "large", 1).await);
        }
        until(async || stored().is_some()).await;
    });
    let snapshot = stored().expect("it was there");
    assert_eq!(snapshot.seq, 256);
    assert!(snapshot.payload.len() > 200_000, "{} bytes", snapshot.payload.len());
    journal.close();
    with_rooms(dir.path(), async |rooms| assert_eq!(reply(add(&rooms, "large", 1).await), 301));
}

#[test]
fn a_room_goes_back_to_an_earlier_record_with_its_row() {
    let dir = tempfile::tempdir().unwrap();
    with_rooms(dir.path(), async |rooms| {
        for n in 1..=5 {
            reply(add(&rooms, "undone", n).await);
        }
        rooms.quarantine(&room("undone"), "a mistake".into()).unwrap();
        let rewrite = Rewrite::Rewind(3);
        let revision = rooms.rewrite(&room("undone"), Caller::System, rewrite).await.unwrap();
        assert_eq!(revision, 6);
        assert_eq!(newest_row(&rooms, "undone").await.1, "6");
    });
    with_rooms(dir.path(), async |rooms| assert_eq!(reply(add(&rooms, "undone", 1).await), 7));
}

#[test]
fn lists_that_were_damaged_or_half_made_are_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Arc::new(SledJournal::open(dir.path()).unwrap());
    let started = |story: &dyn Fn() -> Vec<Row>| {
        let mut rows = Vec::new();
        with_journal(journal.clone(), Arc::new(Flaky::default()), async |_| rows = story());
        rows
    };
    let all = || journal.rows(&RowQuery { limit: usize::MAX, ..tallies("") }).unwrap();
    with_journal(journal.clone(), Arc::new(Flaky::default()), async |rooms| {
        for n in 1..=30 {
            reply(add(&rooms, &format!("r{n:02}"), n).await);
        }
    });
    let made = all();
    assert_eq!(made.len(), 30);

    let wrong = [RowChange::put("tallies", "r01", &99), RowChange::delete("tallies", "r02")];
    let foreign = [RowChange::put("tallies", "nobody", &1)];
    journal.put_rows(&[wrong.as_slice(), &foreign].concat()).unwrap();
    assert_ne!(started(&all), made, "a start believes what is named as whole");
    let rebuilt = Start::new(journal.clone()).kind::<Tally>().rebuild_lists().unwrap();
    assert_eq!((rebuilt.rooms, rebuilt.rows, rebuilt.left_out), (30, 30, vec![]));
    assert_eq!(all(), made);

    journal.clear_lists().unwrap();
    assert_eq!(all(), []);
    assert_eq!(started(&all), made, "a start finishes what was cut off");
}
