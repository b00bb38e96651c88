//! The packed input log of a match.
//!
//! What was played follows from the game, its settings, its seed and this: who came and went, and what
//! everybody did in each tick. The log is a row of chunks, one or more for each time that ticks were made
//! durable. A chunk is, in bytes with the lowest first,
//!
//! ```text
//! flags 8 | ticks 8 | length of the body 16 | body | hash 64, if flagged
//! ```
//!
//! and its body is bits, lowest first. A chunk that is flagged `anew` can be read without those before it:
//! it begins with the seats that are taken, and what it is the difference to is that nobody does anything.
//! Then for each tick:
//!
//! ```text
//! 0                              nobody came or went
//! 1 | count 7 | count times: seat 7, came 1
//! then for each seat that is taken, by rising seat: what it does, and the view if that matters
//!
//! what:  0                       as in the tick before
//!        1 0 | values            the fields changed that changed last time
//!        1 1 | for each field whether it changed | values
//! value: 0 difference in the field's small bits | 1 in all its bits; without a mark if it has no small bits
//! view:  0 as far behind as last time | 10 by so much more or less 5 | 110 so far behind 8 | 111 moment 36
//! ```
//!
//! A view is in sixteenths of a tick. Whether it matters the world says ([`World::looks`]), so a log is read
//! along with playing it. A row of 127 changes is followed by another.
//!
//! [`World::looks`]: super::World::looks

mod read;
mod write;

use playhouse_protocol::game::packet::Malformed;
use playhouse_protocol::game::{Input, Schema, ViewTick};

pub use self::read::Reader;
pub use self::write::{Logged, Writer};

use super::{SEATS_MAX, Seat};

/// How many ticks a chunk has at most. 16: with every seat taken and every bit of it new, its body is still
/// within the 64 KiB that its length can say.
const CHUNK_TICKS: usize = 16;

const ANEW: u8 = 1;
const HASHED: u8 = 2;

const SEAT_BITS: u32 = 7;
const SEATS: usize = SEATS_MAX as usize;
const _: () = assert!(SEATS == 1 << SEAT_BITS, "a seat is told in as many bits");

/// How many seats one row of changes tells of.
const ROW_MAX: usize = (1 << SEAT_BITS) - 1;

/// How many bits a view takes that is so far behind its tick: up to 16 ticks, twice what is rewound.
const LAG_BITS: u32 = 8;
/// How many bits the difference to the last one takes.
const LAG_SMALL_BITS: u32 = 5;
const MOMENT_BITS: u32 = 36;

/// Into how many parts a tick is cut for what somebody saw, as a power of two: sixteenths, 2 ms at 30 Hz.
const VIEW_BITS: u32 = 4;

/// A log cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadLog {
    /// It ends within a chunk.
    #[error("the log ends within a chunk")]
    Short,
    /// It says something that no log says.
    #[error("the log is damaged")]
    Damaged,
}

impl From<Malformed> for BadLog {
    fn from(_: Malformed) -> Self {
        Self::Damaged
    }
}

/// `view` as it is logged, and so stepped: in sixteenths of a tick.
#[must_use]
pub fn logged(view: ViewTick) -> ViewTick {
    ViewTick { frac: view.frac >> (8 - VIEW_BITS) << (8 - VIEW_BITS), ..view }
}

fn sixteenths(view: ViewTick) -> u64 {
    view.parts() >> (8 - VIEW_BITS)
}

fn view_of(sixteenths: u64) -> ViewTick {
    ViewTick::of_parts(sixteenths << (8 - VIEW_BITS))
}

/// What one seat did, as the next tick's is the difference to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Did {
    input: Input,
    /// Which fields changed when any did last: a bit for each.
    changed: u32,
    /// How far behind its tick the last view was, in sixteenths, of those that were at most 16 ticks.
    lag: u8,
}

/// What both ends remember of the tick before.
#[derive(Debug, Clone)]
struct Before {
    schema: &'static Schema,
    taken: [bool; SEATS],
    did: [Did; SEATS],
}

impl Before {
    fn new(schema: &'static Schema) -> Self {
        Self { schema, taken: [false; SEATS], did: [Did::default(); SEATS] }
    }

    fn change(&mut self, seat: Seat, came: bool) {
        self.taken[seat.index()] = came;
        self.did[seat.index()] = Did::default();
    }

    /// The first seat from `from` on that is taken.
    fn next(&self, from: usize) -> Option<usize> {
        (from..SEATS).find(|seat| self.taken[*seat])
    }
}

/// True if so many bits hold `value`, with its sign.
fn fits(value: i64, bits: u32) -> bool {
    signed(value as u64, bits) == value
}

/// The lowest `bits` of `value`, the highest of which is its sign.
fn signed(value: u64, bits: u32) -> i64 {
    let unused = 64 - bits;
    ((value << unused) as i64) >> unused
}
