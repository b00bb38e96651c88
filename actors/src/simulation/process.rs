//! One simulated server: its rooms, its committer, and who waits in it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use playhouse_domain::duty::{DutyId, Work};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::RoomId;

use super::disk::Disk;
use crate::handle::{AskError, Seen};
use crate::host::kind::Kind;
use crate::host::{Input, LoadFailed, Output, Room, Started, Token, Told, snapshot_of};
use crate::journal::committer::{CommitError, Committer, Worker};
use crate::journal::{Append, Journal, JournalError, Keep, Rewrite, Snapshot};
use crate::watch::{Publication, WatchEnd, WatcherId};

/// A life of a room in memory: one that falls asleep and is loaded again is another.
pub(super) type Life = u64;

/// What a server wants done outside of itself.
#[derive(Debug)]
pub(super) enum Effect {
    Told(Token, Result<Told, AskError>),
    Watching(Token, Result<Started, AskError>),
    Seen(Token, Result<Seen, AskError>),
    Publish(Arc<Publication>, Vec<WatcherId>),
    Refresh(Arc<Publication>, Vec<WatcherId>),
    Ended(WatcherId, WatchEnd),
    Duty { life: Life, id: DutyId, attempt: u64, work: Work },
    Tick { life: Life, at: Timestamp },
    Asleep,
    Failed,
}

struct Loaded {
    host: Room,
    life: Life,
    /// When its timer rings, if one is set.
    timer: Option<Timestamp>,
}

type Inbox = Arc<Mutex<VecDeque<(RoomId, Life, Input)>>>;

pub(super) struct Process {
    disk: Arc<Disk>,
    kinds: BTreeMap<&'static str, Kind>,
    claims: Vec<u64>,
    rooms: BTreeMap<RoomId, Loaded>,
    /// When rooms that are not in memory must be woken.
    asleep: BTreeMap<RoomId, Timestamp>,
    lives: u64,
    committer: Committer,
    worker: Worker,
    inbox: Inbox,
    /// How far its clock is off, in milliseconds past the earliest.
    pub(super) skew: u64,
}

impl Process {
    /// A server takes over the disk. Also the rooms that owe something, to be touched.
    pub(super) fn start(disk: &Arc<Disk>, kinds: &[Kind], skew: u64) -> (Self, Vec<RoomId>) {
        let claims = disk.claim_all().expect("shards can be claimed");
        let due = disk.due().expect("the index can be read");
        let owing = disk.owing().expect("the index can be read");
        let (committer, worker) = Committer::by_hand(disk.clone());
        let process = Self {
            disk: disk.clone(),
            kinds: kinds.iter().map(|kind| (kind.name, kind.clone())).collect(),
            claims,
            rooms: BTreeMap::new(),
            asleep: due.into_iter().map(|(at, room)| (room, at)).collect(),
            lives: 0,
            committer,
            worker,
            inbox: Inbox::default(),
            skew,
        };
        (process, owing)
    }

    /// Rooms whose time has come and that are not in memory.
    pub(super) fn due(&self, now: Timestamp) -> Vec<RoomId> {
        let due = self.asleep.iter().filter(|(_, at)| **at <= now);
        due.map(|(room, _)| room.clone()).collect()
    }

    /// The committer works.
    pub(super) fn commit(&mut self) {
        self.worker.turn();
    }

    /// What came from the committer since the last time, oldest first.
    pub(super) fn delivered(&mut self) -> Vec<(RoomId, Life, Input)> {
        self.inbox.lock().drain(..).collect()
    }

    /// True if `room` lives `life`.
    pub(super) fn is_alive(&self, room: &RoomId, life: Life) -> bool {
        self.rooms.get(room).is_some_and(|loaded| loaded.life == life)
    }

    /// True if nothing is owed and every room in memory works.
    pub(super) fn is_at_rest(&self) -> bool {
        let rests = |loaded: &Loaded| {
            let status = loaded.host.status();
            status.phase == "live" && status.duties == 0 && status.revision == status.durable
        };
        self.rooms.values().all(rests)
    }

    /// True if `room` waits until it is read again.
    pub(super) fn rests(&self, room: &RoomId) -> bool {
        self.rooms.get(room).is_some_and(|loaded| loaded.host.status().phase == "rebuilding")
    }

    /// Rooms that are quarantined, and why.
    pub(super) fn quarantined(&self) -> Vec<String> {
        let status = self.rooms.iter().map(|(room, loaded)| (room, loaded.host.status()));
        let shut = status.filter(|(_, status)| status.phase == "quarantined");
        shut.map(|(room, status)| format!("{room}: {:?}", status.reason)).collect()
    }

    /// Gives `room` an input, loading it if need be; what it wants done.
    pub(super) fn input(&mut self, now: Timestamp, room: &RoomId, input: Input) -> Vec<Effect> {
        if !self.rooms.contains_key(room) {
            self.lives += 1;
            let kind = self.kinds[room.kind()].clone();
            let claim = self.claims[usize::from(room.shard().0)];
            let host = Room::new(room.clone(), kind, self.disk.generation().into(), claim);
            self.asleep.remove(room);
            self.rooms.insert(room.clone(), Loaded { host, life: self.lives, timer: None });
        }
        let Some(loaded) = self.rooms.get_mut(room) else { return Vec::new() };
        if matches!(input, Input::Tick) {
            loaded.timer = None;
        }
        loaded.host.handle(now, input);
        let mut effects = Vec::new();
        while let Some(output) = self.rooms.get_mut(room).and_then(|loaded| loaded.host.poll()) {
            let life = self.rooms[room].life;
            effects.extend(self.carry_out(now, room, life, output));
        }
        effects.extend(self.timer(room));
        effects
    }

    fn timer(&mut self, room: &RoomId) -> Option<Effect> {
        let loaded = self.rooms.get_mut(room)?;
        let at = loaded.host.next_timeout()?;
        if loaded.timer.is_some_and(|set| set <= at) {
            return None;
        }
        loaded.timer = Some(at);
        Some(Effect::Tick { life: loaded.life, at })
    }

    fn carry_out(
        &mut self,
        now: Timestamp,
        room: &RoomId,
        life: Life,
        output: Output,
    ) -> Option<Effect> {
        match output {
            Output::Load => self.load(room, life),
            Output::Append(append) => self.append(life, *append),
            Output::Snapshot { snapshot, keep } => self.store(life, *snapshot, keep),
            Output::SnapshotElsewhere { seq, keep } => {
                self.snapshot_elsewhere(room, life, seq, keep);
            }
            Output::Sleep(wake_at) => {
                self.rooms.remove(room);
                self.asleep.extend(wake_at.map(|at| (room.clone(), at)));
                return Some(Effect::Asleep);
            }
            Output::Answer(token, result) => return Some(Effect::Told(token, result)),
            Output::Seen(token, result) => {
                return Some(Effect::Seen(token, result));
            }
            Output::Watching(token, result) => return Some(Effect::Watching(token, result)),
            Output::Publish(publication, to) => return Some(Effect::Publish(publication, to)),
            Output::Refresh(publication, to) => return Some(Effect::Refresh(publication, to)),
            Output::WatchEnded(watcher, why) => return Some(Effect::Ended(watcher, why)),
            Output::StartDuty { id, attempt, work } => {
                return Some(Effect::Duty { life, id, attempt, work });
            }
            Output::Failed { .. } => return Some(Effect::Failed),
            Output::Quarantined { reason } => panic!("{room} is quarantined at {now:?}: {reason}"),
            Output::DeadLetter(letter) => panic!("{room} set a command aside: {letter:?}"),
            Output::Accepted(..) => {}
            Output::Salvage(_) | Output::Rewrite(..) => panic!("nobody rewrites {room}"),
        }
        None
    }

    fn load(&self, room: &RoomId, life: Life) {
        let (inbox, of) = (self.inbox.clone(), room.clone());
        let done = Box::new(move |loaded: Result<_, JournalError>| {
            let loaded = loaded.map_err(|error| LoadFailed {
                reason: error.to_string(),
                damaged: matches!(error, JournalError::Damaged { .. }),
            });
            inbox.lock().push_back((of, life, Input::Loaded(loaded)));
        });
        self.committer.load(room.clone(), done);
    }

    fn append(&self, life: Life, append: Append) {
        let (inbox, room, seq) = (self.inbox.clone(), append.frame.room.clone(), append.frame.seq);
        let done = Box::new(move |result: Result<_, CommitError>| {
            let input = match result {
                Ok(position) => Input::Durable { seq, position },
                Err(CommitError::NotWritten { reason }) => {
                    Input::AppendFailed { seq, not_written: true, reason }
                }
                Err(CommitError::Unknown { reason }) => {
                    Input::AppendFailed { seq, not_written: false, reason }
                }
            };
            inbox.lock().push_back((room, life, input));
        });
        self.committer.append(append, done).expect("the committer's queue is not full");
    }

    fn store(&self, life: Life, snapshot: Snapshot, keep: Keep) {
        let (inbox, room) = (self.inbox.clone(), snapshot.room.clone());
        let bytes = snapshot.payload.len();
        let done = Box::new(move |result: Result<(), JournalError>| {
            let result = result.map(|()| bytes).map_err(|error| error.to_string());
            inbox.lock().push_back((room, life, Input::SnapshotDone(result)));
        });
        self.committer.snapshot(snapshot, keep, done);
    }

    fn snapshot_elsewhere(&self, room: &RoomId, life: Life, seq: u64, keep: Keep) {
        let made = self.disk.salvage(room, Rewrite::Rewind(seq)).map_err(|e| e.to_string());
        match made.and_then(|s| snapshot_of(&self.kinds[room.kind()], room, &s.kept)) {
            Ok(snapshot) => self.store(life, snapshot, keep),
            Err(why) => {
                let input = Input::SnapshotDone(Err(why));
                self.inbox.lock().push_back((room.clone(), life, input));
            }
        }
    }
}
