//! Starting the rooms: kinds and performers are registered, shards claimed, due rooms woken.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::sync::{Arc, OnceLock};

use actix::Arbiter;
use actix::prelude::Actor;
use parking_lot::Mutex;
use playhouse_domain::room::Rules;
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::RoomId;
use tokio::sync::{Semaphore, watch};
use tracing::info;

use crate::clock::{Clock, SystemClock};
use crate::handle::{Inner, Rooms};
use crate::host::kind::Kind;
use crate::journal::committer::Committer;
use crate::journal::{Journal, JournalError};
use crate::lane::Mailbox;
use crate::lists::{self, Rebuilt};
use crate::performer::{Performer, WeakRooms};
use crate::room::Request;
use crate::shard::{Route, ShardActor};
use crate::shared::{PASTS_MAX, READS_MAX, REBUILDS_MAX, SNAPSHOTS_MAX, Shared, Stats, TELLS_MAX};

/// Rooms about to start.
pub struct Start {
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    threads: usize,
    kinds: BTreeMap<&'static str, Kind>,
    performers: HashMap<&'static str, (Arc<dyn Performer>, Semaphore)>,
    /// True if lists that other rules made are made anew.
    lists: bool,
}

impl Start {
    /// Rooms kept in `journal`, on the machine's clock, on as many threads as it has cores (at
    /// most 16).
    #[must_use]
    pub fn new(journal: Arc<dyn Journal>) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(16);
        Self {
            journal,
            clock: Arc::new(SystemClock::start()),
            threads,
            kinds: BTreeMap::new(),
            performers: HashMap::new(),
            lists: true,
        }
    }

    /// Registers the kind of room whose rules are `R`.
    #[must_use]
    pub fn kind<R: Rules>(mut self) -> Self {
        let kind = Kind::of::<R>();
        self.kinds.insert(kind.name, kind);
        self
    }

    /// Registers who performs duties of `kind`.
    #[must_use]
    pub fn performer(mut self, kind: &'static str, performer: Arc<dyn Performer>) -> Self {
        let turns = Semaphore::new(performer.parallel());
        self.performers.insert(kind, (performer, turns));
        self
    }

    /// Some kinds of room alone, for a moment: the lists stay as they are, and rooms of other kinds
    /// sleep on, whatever they owe.
    #[must_use]
    pub fn some_kinds(mut self) -> Self {
        self.lists = false;
        self
    }

    /// Uses `clock` for the time.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Makes every list anew from what the rooms are. Nothing else may use the store meanwhile.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the store cannot be read or written; the next start does it again.
    pub fn rebuild_lists(&self) -> Result<Rebuilt, JournalError> {
        lists::rebuild(&*self.journal, &self.kinds)
    }

    /// Makes the lists anew if they were made by other rules, claims every shard, starts their actors and wakes the rooms that owe something. Blocks for
    /// as long as the store takes to claim 64 shards and to read its two indexes.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the store cannot be claimed or read.
    ///
    /// # Panics
    ///
    /// Outside an actix system.
    pub fn start(self) -> Result<Rooms, JournalError> {
        if self.lists && self.journal.lists()?.is_none_or(|name| name != lists::name(&self.kinds)) {
            let Rebuilt { rooms, rows, left_out } = self.rebuild_lists()?;
            info!(rooms, rows, left_out = left_out.len(), "made the lists anew");
        }
        let claims = self.journal.claim_all()?;
        let mut due: Vec<Vec<(Timestamp, RoomId)>> = vec![Vec::new(); claims.len()];
        for (at, room) in self.journal.due()? {
            due[usize::from(room.shard().0)].push((at, room));
        }
        let owing = self.journal.owing()?;
        let stats = Stats::default();
        self.kinds.values().for_each(|kind| stats.register(kind));
        let shared = Arc::new(Shared {
            waiting: self.kinds.keys().map(|kind| (*kind, Arc::default())).collect(),
            weights: self.kinds.keys().map(|kind| (*kind, Arc::default())).collect(),
            kinds: self.kinds,
            committer: Committer::start(self.journal.clone()),
            generation: self.journal.generation().into(),
            journal: self.journal,
            clock: self.clock,
            rebuilds: Semaphore::new(REBUILDS_MAX),
            tells: Semaphore::new(TELLS_MAX),
            reads: Semaphore::new(READS_MAX),
            pasts: Semaphore::new(PASTS_MAX),
            snapshots: Semaphore::new(SNAPSHOTS_MAX),
            performers: self.performers,
            draining: watch::Sender::new(false),
            open: AtomicI64::new(0),
            next_id: AtomicU64::new(1),
            stats,
            rooms: OnceLock::new(),
        });
        let arbiters: Vec<Arbiter> = (0..self.threads).map(|_| Arbiter::new()).collect();
        let mut shards = Vec::with_capacity(claims.len());
        for (n, (claim, due)) in claims.into_iter().zip(due).enumerate() {
            let shared = shared.clone();
            let addr =
                ShardActor::start_in_arbiter(&arbiters[n % arbiters.len()].handle(), move |_| {
                    ShardActor::new(shared, claim, due)
                });
            shards.push(Mailbox::new(addr));
        }
        let inner = Arc::new(Inner { shards, shared, threads: Mutex::new(arbiters) });
        let _ = inner.shared.rooms.set(Arc::downgrade(&inner));
        for (performer, _) in inner.shared.performers.values() {
            performer.opened(WeakRooms::new(Arc::downgrade(&inner)));
        }
        wake_owing(&inner, owing);
        Ok(Rooms::from_inner(inner))
    }
}

/// Wakes the rooms that owe a duty, a few at a time, so that a restart is no storm.
fn wake_owing(inner: &Arc<Inner>, owing: Vec<RoomId>) {
    let inner = inner.clone();
    actix::spawn(async move {
        for rooms in owing.chunks(REBUILDS_MAX) {
            for room in rooms {
                let Some(turn) = inner.shared.turn(room) else { continue };
                let mut route = Route { room: room.clone(), request: Request::Touch, turn };
                let shard = &inner.shards[usize::from(room.shard().0)];
                while let Err(error) = shard.try_send(route) {
                    route = error.into_inner();
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    });
}
