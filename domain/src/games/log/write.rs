//! Packing what is played.

use playhouse_protocol::game::bits::BitWriter;
use playhouse_protocol::game::{Field, Input, Schema, ViewTick};

use super::{
    ANEW, Before, CHUNK_TICKS, Did, HASHED, LAG_BITS, LAG_SMALL_BITS, MOMENT_BITS, ROW_MAX,
    SEAT_BITS, SEATS, fits, signed, sixteenths,
};
use crate::games::game::SeatInput;
use crate::games::{SEATS_MAX, Seat};

/// Packs what was played. Keeps it as it comes, without taking memory once it has what a chunk needs, and
/// packs it in [`Self::take`].
#[derive(Debug)]
pub struct Writer {
    before: Before,
    anew: bool,
    /// The tick that [`Self::take`] begins with.
    first: u32,
    ticks: Vec<Ticked>,
    changes: Vec<(Seat, bool)>,
    inputs: Vec<Logged>,
}

/// What somebody did in a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logged {
    /// Who, and what.
    pub did: SeatInput,
    /// Whether what they saw matters, as the world said before the tick.
    pub looks: bool,
}

/// How far the changes and inputs of one tick go in the writer's lists.
#[derive(Debug, Clone, Copy)]
struct Ticked {
    changes: usize,
    inputs: usize,
}

impl Writer {
    /// Goes on after `tick` ticks, with `seats` taken. The first chunk can be read without any before it.
    #[must_use]
    pub fn new(schema: &'static Schema, tick: u32, seats: &[Seat]) -> Self {
        let mut before = Before::new(schema);
        seats.iter().for_each(|seat| before.change(*seat, true));
        let ticks = Vec::with_capacity(2 * CHUNK_TICKS);
        let (changes, inputs) =
            (Vec::with_capacity(SEATS), Vec::with_capacity(SEATS * CHUNK_TICKS));
        Self { before, anew: true, first: tick + 1, ticks, changes, inputs }
    }

    /// A player came or went before the next tick. A seat beyond [`SEATS_MAX`] is left away.
    pub fn change(&mut self, seat: Seat, came: bool) {
        if seat.0 < SEATS_MAX {
            self.changes.push((seat, came));
        }
    }

    /// A tick is played with `inputs`, by rising seat. A seat without one does nothing that what it saw
    /// matters for.
    pub fn tick(&mut self, inputs: &[Logged]) {
        self.inputs.extend_from_slice(inputs);
        self.ticks.push(Ticked { changes: self.changes.len(), inputs: self.inputs.len() });
    }

    /// How many ticks wait to be taken.
    #[must_use]
    pub fn waiting(&self) -> u32 {
        self.ticks.len() as u32
    }

    /// The ticks since the last time, packed. `hash` is that of the world after the last of them.
    pub fn take(&mut self, hash: Option<u64>) -> Vec<u8> {
        let mut packed = Vec::new();
        let ticks = std::mem::take(&mut self.ticks);
        let mut from = Ticked { changes: 0, inputs: 0 };
        let chunks = ticks.chunks(CHUNK_TICKS);
        let last = chunks.len().saturating_sub(1);
        for (n, chunk) in ticks.chunks(CHUNK_TICKS).enumerate() {
            self.pack(&mut packed, from, chunk, hash.filter(|_| n == last));
            from = *chunk.last().unwrap_or(&from);
        }
        // Changes after the last tick are before the next.
        self.changes.drain(..from.changes);
        self.inputs.clear();
        self.ticks = ticks;
        self.ticks.clear();
        packed
    }

    /// Makes that the next chunk can be read without those before it: call it with each checkpoint.
    pub fn anew(&mut self) {
        self.anew = true;
        self.before.did = [Did::default(); SEATS];
    }

    fn pack(&mut self, out: &mut Vec<u8>, from: Ticked, chunk: &[Ticked], hash: Option<u64>) {
        let flags = u8::from(self.anew) * ANEW + u8::from(hash.is_some()) * HASHED;
        out.extend_from_slice(&[flags, chunk.len() as u8, 0, 0]);
        let start = out.len();
        let mut bits = BitWriter::new(out);
        if std::mem::take(&mut self.anew) {
            self.before.taken.iter().for_each(|taken| bits.flag(*taken));
        }
        let mut from = from;
        for to in chunk {
            let changes = &self.changes[from.changes..to.changes];
            pack_changes(&mut bits, &mut self.before, changes);
            let inputs = &self.inputs[from.inputs..to.inputs];
            pack_inputs(&mut bits, &mut self.before, self.first, inputs);
            self.first += 1;
            from = *to;
        }
        bits.finish();
        let len = (out.len() - start) as u16;
        out[start - 2..start].copy_from_slice(&len.to_le_bytes());
        if let Some(hash) = hash {
            out.extend_from_slice(&hash.to_le_bytes());
        }
    }
}

fn pack_changes(bits: &mut BitWriter<'_>, before: &mut Before, changes: &[(Seat, bool)]) {
    let mut left = changes;
    loop {
        bits.flag(!left.is_empty());
        if left.is_empty() {
            return;
        }
        let (row, rest) = left.split_at(left.len().min(ROW_MAX));
        bits.write(row.len() as u64, SEAT_BITS);
        for (seat, came) in row {
            bits.write(u64::from(seat.0), SEAT_BITS);
            bits.flag(*came);
            before.change(*seat, *came);
        }
        if row.len() < ROW_MAX {
            return;
        }
        left = rest;
    }
}

fn pack_inputs(bits: &mut BitWriter<'_>, before: &mut Before, tick: u32, inputs: &[Logged]) {
    let mut inputs = inputs.iter().peekable();
    let mut from = 0;
    while let Some(at) = before.next(from) {
        from = at + 1;
        while inputs.next_if(|one| one.did.seat.index() < at).is_some() {}
        let own = inputs.next_if(|one| one.did.seat.index() == at);
        let input = own.map_or(Input::NEUTRAL, |own| own.did.input);
        let did = &mut before.did[at];
        bits.flag(input != did.input);
        if input != did.input {
            pack_input(bits, before.schema, did, input);
        }
        if let Some(Logged { did: SeatInput { view, .. }, looks: true }) = own {
            pack_view(bits, did, tick, *view);
        }
    }
}

/// Which fields differ: a bit for each.
fn changed(schema: &Schema, was: Input, is: Input) -> u32 {
    let differs = |at: &usize| schema.input_value(was, *at) != schema.input_value(is, *at);
    (0..schema.input.len()).filter(differs).fold(0, |changed, at| changed | 1 << at)
}

fn pack_input(bits: &mut BitWriter<'_>, schema: &Schema, did: &mut Did, input: Input) {
    let changed = changed(schema, did.input, input);
    bits.flag(changed != did.changed);
    if changed != did.changed {
        bits.write(changed.into(), schema.input.len() as u32);
    }
    for (at, field) in schema.input.iter().enumerate().filter(|(at, _)| changed >> at & 1 == 1) {
        pack_value(bits, field, schema.input_value(did.input, at), schema.input_value(input, at));
    }
    (did.input, did.changed) = (input, changed);
}

fn pack_view(bits: &mut BitWriter<'_>, did: &mut Did, tick: u32, view: ViewTick) {
    let behind = sixteenths(ViewTick { tick, frac: 0 }).checked_sub(sixteenths(view));
    let Some(lag) = behind.and_then(|lag| u8::try_from(lag).ok()) else {
        bits.write(0b111, 3);
        return bits.write(sixteenths(view), MOMENT_BITS);
    };
    let by = i64::from(lag) - i64::from(did.lag);
    if by == 0 {
        bits.flag(false);
    } else if fits(by, LAG_SMALL_BITS) {
        bits.write(0b01, 2);
        bits.write(by as u64, LAG_SMALL_BITS);
    } else {
        bits.write(0b011, 3);
        bits.write(lag.into(), LAG_BITS);
    }
    did.lag = lag;
}

fn pack_value(bits: &mut BitWriter<'_>, field: &Field, was: i32, is: i32) {
    let small = u32::from(field.small_bits);
    if small > 0 {
        let by = difference(field, was, is);
        bits.flag(!fits(by, small));
        if fits(by, small) {
            return bits.write(by as u64, small);
        }
    }
    bits.write(is as u64, field.bits.into());
}

/// How far it is from `was` to `is`, the short way if the field wraps.
fn difference(field: &Field, was: i32, is: i32) -> i64 {
    let by = i64::from(is) - i64::from(was);
    if !field.wraps {
        return by;
    }
    signed(by as u64, field.bits.into())
}
