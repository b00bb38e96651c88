//! Where connections come to a match, whether it runs at this moment or not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;
use playhouse_domain::games::{SEATS_MAX, Seat};
use playhouse_protocol::game::control::{Closed, ServerControl};

use super::figures::MatchFigures;
use super::gallery::Gallery;
use super::inbox::Inbox;
use super::link::Link;
use super::pace::Stopwatch;

/// Where a match stands that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Its epoch; modulo 256 on the wire.
    pub epoch: u32,
    /// The newest tick.
    pub tick: u32,
}

/// A connection cannot have the seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttachError {
    /// A newer one has it.
    #[error("seat {seat} has a newer connection, number {newest}")]
    Superseded {
        /// Which.
        seat: Seat,
        /// Its number.
        newest: u32,
    },
    /// No match has it.
    #[error("there is no seat {seat}")]
    NoSuchSeat {
        /// Which.
        seat: Seat,
    },
}

/// One seat's connection.
#[derive(Clone)]
pub(crate) struct Door {
    /// The number of the connection within its seat.
    pub(crate) entry: u32,
    pub(crate) link: Arc<dyn Link>,
    pub(crate) inbox: Arc<Inbox>,
}

/// What a match shares with its connections. Lives as long as either.
#[derive(Default)]
pub(crate) struct Hall {
    doors: Mutex<Doors>,
    /// Rises whenever a connection comes or goes, so that a match need not look for nothing.
    version: AtomicU64,
    tick: AtomicU32,
    /// Written now and then by the match's thread, and read by whoever wants to know.
    pub(crate) figures: Mutex<MatchFigures>,
    /// Who watches, and what they see.
    pub(crate) gallery: Gallery,
}

#[derive(Default)]
struct Doors {
    /// Bounded by [`SEATS_MAX`].
    open: BTreeMap<Seat, Door>,
    /// The epoch of the run, if there is one.
    epoch: Option<u32>,
}

impl Hall {
    fn attach(&self, seat: Seat, door: Door) -> Result<Option<Standing>, AttachError> {
        if seat.0 >= SEATS_MAX {
            return Err(AttachError::NoSuchSeat { seat });
        }
        let mut doors = self.doors.lock();
        if let Some(newest) = doors.open.get(&seat).map(|d| d.entry).filter(|n| *n >= door.entry) {
            return Err(AttachError::Superseded { seat, newest });
        }
        let replaced = doors.open.insert(seat, door);
        let standing = doors.epoch.map(|epoch| Standing { epoch, tick: self.tick() });
        self.version.fetch_add(1, Ordering::Release);
        drop(doors);
        if let Some(replaced) = replaced {
            replaced.link.close(Closed::Replaced);
        }
        Ok(standing)
    }

    fn detach(&self, seat: Seat, entry: u32) {
        let mut doors = self.doors.lock();
        if doors.open.get(&seat).is_some_and(|door| door.entry == entry) {
            doors.open.remove(&seat);
            self.version.fetch_add(1, Ordering::Release);
        }
    }

    /// The match runs from now on, in this epoch from `tick` on: everybody who is there is told, and
    /// everybody who comes later is told where it stands.
    pub(crate) fn begin(&self, epoch: u32, tick: u32) {
        self.gallery.begin(tick);
        let mut doors = self.doors.lock();
        doors.epoch = Some(epoch);
        self.tick.store(tick, Ordering::Relaxed);
        for door in doors.open.values() {
            door.link.control(&ServerControl::Epoch { epoch: epoch as u8, tick });
            if tick == 0 {
                door.link.control(&ServerControl::Begun { tick: 1 });
            }
        }
    }

    /// The match does not run any more.
    pub(crate) fn end(&self) {
        self.doors.lock().epoch = None;
    }

    /// Ends every connection.
    pub(crate) fn close(&self, why: Closed) {
        let doors = std::mem::take(&mut self.doors.lock().open);
        self.version.fetch_add(1, Ordering::Release);
        for door in doors.into_values() {
            door.link.close(why);
        }
    }

    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// The connection of `seat`.
    pub(crate) fn door(&self, seat: Seat) -> Option<Door> {
        self.doors.lock().open.get(&seat).cloned()
    }

    pub(crate) fn tick(&self) -> u32 {
        self.tick.load(Ordering::Relaxed)
    }

    pub(crate) fn ticked(&self, tick: u32) {
        self.tick.store(tick, Ordering::Relaxed);
    }
}

/// A connection's place in a match; given up when it is dropped.
pub struct Port {
    hall: Arc<Hall>,
    seat: Seat,
    entry: u32,
    inbox: Arc<Inbox>,
    clock: Stopwatch,
}

impl Port {
    /// Takes `seat` of the match behind `hall` for connection number `entry`.
    pub(crate) fn open(
        hall: Arc<Hall>,
        seat: Seat,
        entry: u32,
        link: Arc<dyn Link>,
        clock: Stopwatch,
    ) -> Result<(Self, Option<Standing>), AttachError> {
        let inbox = Arc::new(Inbox::default());
        let standing = hall.attach(seat, Door { entry, link, inbox: inbox.clone() })?;
        Ok((Self { hall, seat, entry, inbox, clock }, standing))
    }

    /// Hands the player's `datagram` to the match. Where it waits for more than it can take, the oldest
    /// is dropped.
    pub fn deliver(&self, datagram: Bytes) {
        self.inbox.put(self.clock.micros(), datagram);
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.hall.detach(self.seat, self.entry);
    }
}
