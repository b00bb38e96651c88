//! What all shards and rooms of one server share.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::Mutex;
use playhouse_protocol::ids::RoomId;
use serde::Serialize;
use tokio::sync::{Semaphore, watch};

use crate::clock::Clock;
use crate::handle::Inner;
use crate::host::kind::Kind;
use crate::host::{Crash, DeadLetter};
use crate::journal::Journal;
use crate::journal::committer::Committer;
use crate::lane::Turn;
use crate::performer::Performer;

/// How many rooms may be rebuilt at once. 50, as Pekko chose: enough to keep the disk busy, few
/// enough that a restart is no storm.
pub(crate) const REBUILDS_MAX: usize = 50;

/// How many commands rooms may have under way to other rooms. 1,024: far more than rooms that
/// are busy at once on one machine; more wait their turn.
pub(crate) const TELLS_MAX: usize = 1024;

/// How many reads of lists and pasts may run at once. 8: reads come from memory mostly, and more
/// would only fight for two cores.
pub(crate) const READS_MAX: usize = 8;

/// How many snapshots may be made away from their rooms at once. 2: each holds one large state, and
/// nobody waits for them.
pub(crate) const SNAPSHOTS_MAX: usize = 2;

/// How many looks into rooms' pasts may be under way at once. 2: each replays up to all records of a
/// room, and lists must not wait for that.
pub(crate) const PASTS_MAX: usize = 2;

/// How many dead letters are kept for an administrator. The newest 1,000.
const DEAD_LETTERS_MAX: usize = 1000;

/// How many rebuilds after a failure are kept for an administrator. The newest 100, of all rooms.
const CRASHES_MAX: usize = 100;

/// What all shards and rooms share.
pub(crate) struct Shared {
    pub(crate) kinds: BTreeMap<&'static str, Kind>,
    /// How many requests wait for rooms of each kind.
    pub(crate) waiting: BTreeMap<&'static str, Arc<AtomicUsize>>,
    /// What the rooms of each kind in memory add up to.
    pub(crate) weights: BTreeMap<&'static str, Arc<Weight>>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) committer: Committer,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) generation: Arc<str>,
    pub(crate) rebuilds: Semaphore,
    pub(crate) tells: Semaphore,
    pub(crate) reads: Semaphore,
    pub(crate) pasts: Semaphore,
    pub(crate) snapshots: Semaphore,
    pub(crate) performers: HashMap<&'static str, (Arc<dyn Performer>, Semaphore)>,
    /// True once the server is shutting down.
    pub(crate) draining: watch::Sender<bool>,
    /// Asks from outside that are not answered yet.
    pub(crate) open: AtomicI64,
    pub(crate) next_id: AtomicU64,
    pub(crate) stats: Stats,
    /// The way back in, for duties that tell other rooms.
    pub(crate) rooms: OnceLock<Weak<Inner>>,
}

impl Shared {
    /// A number never given before in this run.
    pub(crate) fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// A place among the requests that wait for `room`; none if there is no such kind of room.
    pub(crate) fn turn(&self, room: &RoomId) -> Option<Turn> {
        self.waiting.get(room.kind()).cloned().map(Turn::new)
    }

    /// What `room`, of a kind that there is, will add to the figures of its kind.
    pub(crate) fn share(&self, room: &RoomId) -> Share {
        let kind = self.weights.get(room.kind()).cloned().unwrap_or_default();
        Share { kind, watchers: 0, bytes: 0 }
    }

    /// How the rooms stand.
    pub(crate) fn overview(&self) -> Overview {
        let mut overview = self.stats.overview();
        for (kind, stats) in &mut overview.kinds {
            let weight = self.weights.get(kind.as_str());
            stats.waiting =
                self.waiting.get(kind.as_str()).map_or(0, |w| w.load(Ordering::Relaxed));
            stats.watchers = weight.map_or(0, |w| w.watchers.load(Ordering::Relaxed));
            stats.bytes = weight.map_or(0, |w| w.bytes.load(Ordering::Relaxed));
        }
        overview
    }
}

/// What the rooms of one kind in memory add up to.
#[derive(Debug, Default)]
pub(crate) struct Weight {
    watchers: AtomicUsize,
    bytes: AtomicUsize,
}

/// What one room adds to the figures of its kind, until it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    kind: Arc<Weight>,
    watchers: usize,
    bytes: usize,
}

impl Share {
    /// From now on it is so much. Costs nothing while that is what it was.
    pub(crate) fn is(&mut self, watchers: usize, bytes: usize) {
        let change = |total: &AtomicUsize, from: &mut usize, to: usize| {
            if *from != to {
                total.fetch_add(to.wrapping_sub(*from), Ordering::Relaxed);
                *from = to;
            }
        };
        change(&self.kind.watchers, &mut self.watchers, watchers);
        change(&self.kind.bytes, &mut self.bytes, bytes);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.is(0, 0);
    }
}

/// Counts, by kind of room.
#[derive(Default)]
pub(crate) struct Stats {
    kinds: Mutex<BTreeMap<&'static str, KindStats>>,
    quarantined: Mutex<BTreeMap<RoomId, String>>,
    dead: Mutex<VecDeque<(RoomId, DeadLetter)>>,
    crashes: Mutex<VecDeque<(RoomId, Crash)>>,
}

/// Counts of one kind of room.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct KindStats {
    /// Rooms in memory now.
    pub loaded: u64,
    /// Rebuilds after a failure, since the start.
    pub failures: u64,
    /// Commands that were set aside, since the start.
    pub dead_letters: u64,
    /// The kind's mailbox bound.
    pub mailbox: usize,
    /// Requests that wait for any of its rooms now, in the shards' mailboxes or the rooms' own.
    pub waiting: usize,
    /// Watches of its rooms.
    pub watchers: usize,
    /// Bytes of its rooms in memory, about: the encoded size of their newest snapshots and of what
    /// followed.
    pub bytes: usize,
}

/// How the rooms stand, for an administrator.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// Counts by kind.
    pub kinds: BTreeMap<String, KindStats>,
    /// Quarantined rooms with the reason.
    pub quarantined: BTreeMap<String, String>,
}

impl Stats {
    pub(crate) fn register(&self, kind: &Kind) {
        let stats = KindStats { mailbox: kind.policy.mailbox, ..KindStats::default() };
        self.kinds.lock().insert(kind.name, stats);
    }

    fn with(&self, room: &RoomId, change: impl FnOnce(&mut KindStats)) {
        if let Some(stats) = self.kinds.lock().get_mut(room.kind()) {
            change(stats);
        }
    }

    pub(crate) fn loaded(&self, room: &RoomId) {
        self.with(room, |s| s.loaded += 1);
    }

    pub(crate) fn unloaded(&self, room: &RoomId) {
        self.with(room, |s| s.loaded = s.loaded.saturating_sub(1));
        self.quarantined.lock().remove(room);
    }

    pub(crate) fn failed(&self, room: &RoomId, crash: Crash) {
        self.with(room, |s| s.failures += 1);
        let mut crashes = self.crashes.lock();
        if crashes.len() >= CRASHES_MAX {
            crashes.pop_front();
        }
        crashes.push_back((room.clone(), crash));
    }

    pub(crate) fn crashes(&self) -> Vec<(RoomId, Crash)> {
        self.crashes.lock().iter().cloned().collect()
    }

    pub(crate) fn last_crash(&self, room: &RoomId) -> Option<Crash> {
        let crashes = self.crashes.lock();
        crashes.iter().rfind(|(whose, _)| whose == room).map(|(_, crash)| crash.clone())
    }

    pub(crate) fn quarantined(&self, room: &RoomId, reason: String) {
        self.quarantined.lock().insert(room.clone(), reason);
    }

    pub(crate) fn reopened(&self, room: &RoomId) {
        self.quarantined.lock().remove(room);
    }

    pub(crate) fn dead_letter(&self, room: &RoomId, letter: DeadLetter) {
        self.with(room, |s| s.dead_letters += 1);
        let mut dead = self.dead.lock();
        if dead.len() >= DEAD_LETTERS_MAX {
            dead.pop_front();
        }
        dead.push_back((room.clone(), letter));
    }

    pub(crate) fn dead_letters(&self) -> Vec<(RoomId, DeadLetter)> {
        self.dead.lock().iter().cloned().collect()
    }

    fn overview(&self) -> Overview {
        let counts =
            |(kind, stats): (&&'static str, &KindStats)| ((*kind).to_owned(), stats.clone());
        Overview {
            kinds: self.kinds.lock().iter().map(counts).collect(),
            quarantined: self
                .quarantined
                .lock()
                .iter()
                .map(|(room, reason)| (room.to_string(), reason.clone()))
                .collect(),
        }
    }
}
