//! One room, its callers, its clock and its disk, all in the hand of a test.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use playhouse_domain::duty::{DutyId, DutyResult};
use playhouse_domain::room::{Audience, Caller, Policy, Retention, Seed};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::codec;
use playhouse_protocol::ids::{AccountId, CommandKey, RoomId};

use super::counter::{Command, Counter};
use crate::handle::{AskError, Position};
use crate::host::kind::Kind;
use crate::host::{DeadLetter, Input, LoadFailed, Output, Room, Started, Token, snapshot_of};
use crate::journal::{Append, Frame, Keep, Rewrite, Salvage, Snapshot, Stored};
use crate::watch::{StreamPosition, WatchEnd, WatcherId};

/// What callers and watchers were told, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    Answer(u64, Result<u64, AskError>),
    Repeated(u64, u64),
    Accepted(u64),
    Seen(u64, String),
    Started(u64, bool, Option<String>, Vec<String>),
    Published(Vec<u64>, String),
    Refreshed(Vec<u64>, String),
    Ended(u64, WatchEnd),
    Failed,
    Quarantined,
    Asleep,
}

pub(super) struct Rig {
    pub(super) room: Room,
    kind: Kind,
    pub(super) now: Timestamp,
    /// Frames on disk.
    pub(super) disk: Vec<Frame>,
    pub(super) snapshots: Vec<Snapshot>,
    /// Frames on their way.
    pub(super) on_the_way: VecDeque<Append>,
    /// What is to be kept with the newest snapshot.
    pub(super) keep: Option<Keep>,
    /// Snapshots that are to be made away from the room.
    pub(super) elsewhere: Vec<u64>,
    /// Records of rewrites on their way, with their snapshots.
    rewrites: Vec<(Append, Snapshot)>,
    pub(super) told: Vec<Told>,
    pub(super) duties: Vec<(DutyId, u64)>,
    pub(super) dead: Vec<DeadLetter>,
    pub(super) loads: usize,
    next: u64,
}

pub(super) fn caller() -> Caller {
    Caller::Account { id: AccountId(uuid::Uuid::from_u128(1)), role: Default::default() }
}

fn id() -> RoomId {
    "counter:one".parse().unwrap()
}

impl Rig {
    /// A room, loaded from an empty disk.
    pub(super) fn new() -> Self {
        Self::of(Kind::of::<Counter>())
    }

    /// The same, whose past is not kept.
    pub(super) fn forgetful() -> Self {
        let kind = Kind::of::<Counter>();
        let policy = Policy { retention: Retention::Nothing, ..kind.policy };
        Self::of(Kind { policy, ..kind })
    }

    fn of(kind: Kind) -> Self {
        let mut rig = Self {
            room: Self::fresh(&kind),
            kind,
            now: Timestamp::from_ms(1_000_000),
            disk: Vec::new(),
            snapshots: Vec::new(),
            on_the_way: VecDeque::new(),
            keep: None,
            elsewhere: Vec::new(),
            rewrites: Vec::new(),
            told: Vec::new(),
            duties: Vec::new(),
            dead: Vec::new(),
            loads: 0,
            next: 0,
        };
        rig.drain();
        rig.load();
        rig
    }

    fn fresh(kind: &Kind) -> Room {
        Room::new(id(), kind.clone(), Arc::from("g"), 1)
    }

    /// The process dies and another one starts: what was on its way is lost.
    pub(super) fn crash(&mut self) {
        self.room = Self::fresh(&self.kind);
        self.on_the_way.clear();
        self.told.clear();
        self.duties.clear();
        self.drain();
        self.load();
    }

    pub(super) fn load(&mut self) {
        self.load_in_doubt(None);
    }

    /// The journal is read, which may not be all that is on the disk.
    pub(super) fn load_in_doubt(&mut self, doubt: Option<&str>) {
        let doubt = doubt.map(str::to_owned);
        let snapshot = self.snapshots.iter().rev().nth(1).or(self.snapshots.last()).cloned();
        let from = snapshot.as_ref().map_or(0, |s| s.seq);
        let frames = self.disk.iter().filter(|f| f.seq > from).cloned().collect();
        let stored = Stored { snapshot, frames, doubt, ..Stored::default() };
        self.input(Input::Loaded(Ok(stored)));
    }

    /// The disk is full: what is on its way does not get there, and the journal is read back.
    pub(super) fn refuse(&mut self) {
        while let Some(first) = self.on_the_way.pop_front() {
            self.on_the_way.clear();
            let (seq, reason) = (first.frame.seq, "full".to_owned());
            self.input(Input::AppendFailed { seq, not_written: true, reason });
            self.load();
        }
    }

    pub(super) fn fail_load(&mut self) {
        let failed = LoadFailed { reason: "the disk says no".into(), damaged: false };
        self.input(Input::Loaded(Err(failed)));
    }

    pub(super) fn input(&mut self, input: Input) {
        self.room.handle(self.now, input);
        self.drain();
    }

    /// Time passes in steps of 10 ms.
    pub(super) fn pass(&mut self, time: Duration) {
        for _ in 0..time.as_millis() / 10 {
            self.now = self.now + Duration::from_millis(10);
            self.input(Input::Tick);
        }
    }

    pub(super) fn send(&mut self, key: Option<&str>, command: &Command) -> u64 {
        self.next += 1;
        let input = Input::Command {
            token: Token(self.next),
            caller: caller(),
            key: key.map(|k| CommandKey::new(k).unwrap()),
            seed: Seed([0; 32]),
            command: codec::encode(command),
        };
        self.input(input);
        self.next
    }

    pub(super) fn view(&mut self) -> u64 {
        self.next += 1;
        self.input(Input::View { token: Token(self.next), viewer: Audience::Public.into() });
        self.next
    }

    pub(super) fn watch(&mut self, recover: Option<(&str, u64)>) -> u64 {
        self.next += 1;
        let recover = recover.map(|(epoch, offset)| StreamPosition { epoch: epoch.into(), offset });
        self.input(Input::Watch {
            token: Token(self.next),
            watcher: WatcherId(self.next),
            viewer: Audience::Public.into(),
            recover,
        });
        self.next
    }

    /// The oldest frame on its way reaches the disk.
    pub(super) fn sync_one(&mut self) {
        let append = self.on_the_way.pop_front().expect("a frame is on its way");
        let seq = append.frame.seq;
        let shard = append.frame.room.shard();
        assert_eq!(seq, self.disk.last().map_or(0, |f| f.seq) + 1, "frames are contiguous");
        self.disk.push(append.frame);
        self.input(Input::Durable { seq, position: Position { shard, seq } });
    }

    pub(super) fn sync(&mut self) {
        while !self.on_the_way.is_empty() {
            self.sync_one();
        }
    }

    /// Sends a command, syncs, and says what it was answered.
    pub(super) fn ask(&mut self, key: Option<&str>, command: &Command) -> Told {
        let token = self.send(key, command);
        self.sync();
        self.answer(token).expect("the command is answered")
    }

    pub(super) fn answer(&self, token: u64) -> Option<Told> {
        let is = |told: &&Told| match told {
            Told::Answer(t, _) | Told::Repeated(t, _) | Told::Accepted(t) | Told::Seen(t, _) => {
                *t == token
            }
            _ => false,
        };
        self.told.iter().rev().find(is).cloned()
    }

    pub(super) fn pay(&mut self, id: DutyId, attempt: u64) {
        self.input(Input::DutyDone { id, attempt, result: DutyResult::Done(vec![]) });
        self.sync();
    }

    fn store(&mut self, snapshot: Snapshot) {
        let on_disk = self.disk.last().map_or(0, |f| f.seq);
        assert!(snapshot.seq <= on_disk, "only durable state is snapshotted");
        let bytes = snapshot.payload.len();
        self.snapshots.push(snapshot);
        self.room.handle(self.now, Input::SnapshotDone(Ok(bytes)));
    }

    /// The snapshot that is to be made away from the room is made.
    pub(super) fn snapshot_elsewhere(&mut self) {
        let seq = self.elsewhere.pop().expect("a snapshot is asked for");
        let stored = self.salvage(Rewrite::Rewind(seq)).unwrap().kept;
        self.store(snapshot_of(&Kind::of::<Counter>(), &id(), &stored).unwrap());
        self.drain();
    }

    /// Asks for a snapshot of the newest record.
    pub(super) fn snapshot_now(&mut self) -> u64 {
        self.next += 1;
        self.input(Input::Snapshot(Token(self.next)));
        self.next
    }

    pub(super) fn salvage(&self, rewrite: Rewrite) -> Result<Salvage, String> {
        let newest = self.disk.last().map_or(0, |f| f.seq);
        let keep = |seq| match rewrite {
            Rewrite::Rewind(to) => seq <= to,
            Rewrite::Skip(skipped) => seq != skipped,
        };
        let (kept, left_out) = self.disk.iter().cloned().partition(|f| keep(f.seq));
        if rewrite.base() > newest {
            return Err(format!("record {} is not there", rewrite.base() + 1));
        }
        let kept = Stored { snapshot: None, frames: kept, ..Stored::default() };
        Ok(Salvage { kept, left_out, newest })
    }

    /// Asks for a rewrite.
    pub(super) fn rewrite(&mut self, rewrite: Rewrite) -> u64 {
        self.next += 1;
        self.input(Input::Rewrite { token: Token(self.next), by: caller(), rewrite });
        self.next
    }

    /// The record of the rewrite reaches the disk, and the room is read again.
    pub(super) fn sync_rewrite(&mut self) -> Append {
        let (append, snapshot) = self.rewrites.pop().expect("a rewrite is on its way");
        let (seq, shard) = (append.frame.seq, append.frame.room.shard());
        assert_eq!(seq, self.disk.last().map_or(0, |f| f.seq) + 1, "frames are contiguous");
        self.disk.push(append.frame.clone());
        self.snapshots = vec![snapshot];
        self.input(Input::Rewritten(Ok(Position { shard, seq })));
        self.load();
        append
    }

    fn drain(&mut self) {
        while let Some(output) = self.room.poll() {
            let told = match output {
                Output::Load => {
                    self.loads += 1;
                    continue;
                }
                Output::Append(append) => {
                    self.on_the_way.push_back(*append);
                    continue;
                }
                Output::StartDuty { id, attempt, .. } => {
                    self.duties.push((id, attempt));
                    continue;
                }
                Output::Snapshot { snapshot, keep } => {
                    self.keep = Some(keep);
                    self.store(*snapshot);
                    continue;
                }
                Output::SnapshotElsewhere { seq, keep } => {
                    self.keep = Some(keep);
                    self.elsewhere.push(seq);
                    continue;
                }
                Output::Salvage(rewrite) => {
                    let salvaged = self.salvage(rewrite);
                    self.room.handle(self.now, Input::Salvaged(salvaged));
                    continue;
                }
                Output::Rewrite(append, snapshot) => {
                    self.rewrites.push((*append, *snapshot));
                    continue;
                }
                Output::DeadLetter(letter) => {
                    self.dead.push(letter);
                    continue;
                }
                other => tell(other),
            };
            self.told.push(told);
        }
    }
}

fn tell(output: Output) -> Told {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let ids = |ids: Vec<WatcherId>| ids.into_iter().map(|id| id.0).collect();
    match output {
        Output::Answer(token, Ok(told)) if told.reply.is_empty() => {
            Told::Answer(token.0, Ok(told.revision))
        }
        Output::Answer(token, Ok(told)) => {
            let reply = codec::decode(&told.reply).unwrap();
            if told.repeated {
                Told::Repeated(token.0, reply)
            } else {
                Told::Answer(token.0, Ok(reply))
            }
        }
        Output::Answer(token, Err(error)) => Told::Answer(token.0, Err(error)),
        Output::Accepted(token, _) => Told::Accepted(token.0),
        Output::Seen(token, seen) => Told::Seen(token.0, text(&seen.unwrap().json)),
        Output::Watching(token, Ok(Started { recovered, view, missed, .. })) => Told::Started(
            token.0,
            recovered,
            view.map(|v| text(&v)),
            missed.iter().map(|p| text(&p.json)).collect(),
        ),
        Output::Publish(publication, to) => Told::Published(ids(to), text(&publication.json)),
        Output::Refresh(publication, to) => Told::Refreshed(ids(to), text(&publication.json)),
        Output::WatchEnded(watcher, reason) => Told::Ended(watcher.0, reason),
        Output::Failed { .. } => Told::Failed,
        Output::Quarantined { .. } => Told::Quarantined,
        Output::Sleep(_) => Told::Asleep,
        other => panic!("the rig does not expect {other:?}"),
    }
}
