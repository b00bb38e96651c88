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
//! then for each seat that is taken, by rising seat:
//! 0                              as in the tick before
//! 1 0 | values                   the fields changed that changed last time, and the view is as before
//! 1 1 | view | for each field whether it changed | values
//!
//! view:  0 as before | 10 none | 110 lag 12 | 111 moment 40     (256ths of a tick)
//! value: 0 difference in the field's small bits | 1 in all its bits; without a mark if it has no small bits
//! ```
//!
//! A view is as before if it lags behind its tick by as much as the one before. A count of 127 is no
//! bound: a tick in which more seats change is told in several rows, each but the last one full.

use playhouse_protocol::game::bits::{BitReader, BitWriter};
use playhouse_protocol::game::packet::Malformed;
use playhouse_protocol::game::{Field, Input, Schema, ViewTick};

use super::game::SeatInput;
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

/// What lags up to here, in 256ths of a tick, is told in few bits. 16 ticks: twice what is rewound.
const LAG_BITS: u32 = 12;
const MOMENT_BITS: u32 = 40;

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

/// What one seat did, as the next tick's is the difference to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Did {
    input: Input,
    view: View,
    /// Which fields changed when any did last: a bit for each.
    changed: u32,
}

/// What was seen, told apart from the tick it was seen in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum View {
    #[default]
    None,
    Lag(u64),
    /// In 256ths of a tick: not within [`LAG_BITS`] before its tick.
    Moment(u64),
}

impl View {
    fn of(tick: u32, view: ViewTick) -> Self {
        let moment = view.parts();
        let lag = (u64::from(tick) << 8).checked_sub(moment).filter(|lag| *lag < 1 << LAG_BITS);
        match (moment, lag) {
            (0, _) => Self::None,
            (_, Some(lag)) => Self::Lag(lag),
            (moment, None) => Self::Moment(moment),
        }
    }

    fn at(self, tick: u32) -> ViewTick {
        match self {
            Self::None => ViewTick::default(),
            Self::Lag(lag) => ViewTick::of_parts((u64::from(tick) << 8).saturating_sub(lag)),
            Self::Moment(moment) => ViewTick::of_parts(moment),
        }
    }
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
    inputs: Vec<SeatInput>,
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

    /// A tick is played with `inputs`, by rising seat. A seat without one does nothing.
    pub fn tick(&mut self, inputs: &[SeatInput]) {
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

fn pack_inputs(bits: &mut BitWriter<'_>, before: &mut Before, tick: u32, inputs: &[SeatInput]) {
    let mut inputs = inputs.iter().peekable();
    let mut from = 0;
    while let Some(at) = before.next(from) {
        from = at + 1;
        while inputs.next_if(|input| input.seat.index() < at).is_some() {}
        let own = inputs.next_if(|input| input.seat.index() == at);
        let (input, view) =
            own.map_or_else(Default::default, |own| (own.input, View::of(tick, own.view)));
        let was = before.did[at];
        let differs = (input, view) != (was.input, was.view);
        bits.flag(differs);
        if differs {
            let changed = changed(before.schema, was.input, input);
            before.did[at] = Did { input, view, changed };
            pack_did(bits, before.schema, &was, &before.did[at]);
        }
    }
}

/// Which fields differ: a bit for each.
fn changed(schema: &Schema, was: Input, is: Input) -> u32 {
    let differs = |at: &usize| schema.input_value(was, *at) != schema.input_value(is, *at);
    (0..schema.input.len()).filter(differs).fold(0, |changed, at| changed | 1 << at)
}

fn pack_did(bits: &mut BitWriter<'_>, schema: &Schema, was: &Did, did: &Did) {
    let usual = did.changed == was.changed && did.view == was.view;
    bits.flag(!usual);
    if !usual {
        pack_view(bits, was.view, did.view);
        bits.write(did.changed.into(), schema.input.len() as u32);
    }
    for (at, field) in schema.input.iter().enumerate() {
        if did.changed >> at & 1 == 1 {
            let (was, is) = (schema.input_value(was.input, at), schema.input_value(did.input, at));
            pack_value(bits, field, was, is);
        }
    }
}

fn pack_view(bits: &mut BitWriter<'_>, was: View, is: View) {
    match is {
        same if same == was => bits.flag(false),
        View::None => bits.write(0b01, 2),
        View::Lag(lag) => {
            bits.write(0b011, 3);
            bits.write(lag, LAG_BITS);
        }
        View::Moment(moment) => {
            bits.write(0b111, 3);
            bits.write(moment, MOMENT_BITS);
        }
    }
}

fn pack_value(bits: &mut BitWriter<'_>, field: &Field, was: i32, is: i32) {
    let small = u32::from(field.small_bits);
    if small > 0 {
        let by = difference(field, was, is);
        let fits = (by << (64 - small)) >> (64 - small) == by;
        bits.flag(!fits);
        if fits {
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
    let unused = 64 - u32::from(field.bits);
    (by << unused) >> unused
}

/// Reads what a [`Writer`] packed.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    left: &'a [u8],
    before: Before,
    tick: u32,
    body: Option<Body<'a>>,
}

/// The chunk that is being read.
#[derive(Debug, Clone)]
struct Body<'a> {
    bits: BitReader<'a>,
    left: u8,
    hash: Option<u64>,
}

/// What was played in one tick.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tick {
    /// Which.
    pub tick: u32,
    /// Who came (true) and went (false) before it, in order.
    pub changes: Vec<(Seat, bool)>,
    /// What everybody who is there did, by rising seat.
    pub inputs: Vec<SeatInput>,
    /// The hash of the world after it, where the log has one.
    pub hash: Option<u64>,
}

impl<'a> Reader<'a> {
    /// Reads `log`, which goes on after `tick` ticks and whose first chunk can be read without any before.
    #[must_use]
    pub fn new(schema: &'static Schema, tick: u32, log: &'a [u8]) -> Self {
        Self { left: log, before: Before::new(schema), tick, body: None }
    }

    /// How many ticks were read.
    #[must_use]
    pub fn tick(&self) -> u32 {
        self.tick
    }

    /// Reads the next tick into `tick`, whose memory is used again. False if there is none.
    ///
    /// # Errors
    ///
    /// [`BadLog`]; what is in `tick` then means nothing.
    pub fn next(&mut self, tick: &mut Tick) -> Result<bool, BadLog> {
        tick.changes.clear();
        tick.inputs.clear();
        tick.hash = None;
        let mut body = match self.body.take() {
            Some(body) => body,
            None if self.left.is_empty() => return Ok(false),
            None => self.chunk()?,
        };
        self.tick = self.tick.checked_add(1).ok_or(BadLog::Damaged)?;
        tick.tick = self.tick;
        read_changes(&mut body.bits, &mut self.before, &mut tick.changes)?;
        read_inputs(&mut body.bits, &mut self.before, self.tick, &mut tick.inputs)?;
        body.left -= 1;
        if body.left == 0 {
            body.bits.finish()?;
            tick.hash = body.hash;
        } else {
            self.body = Some(body);
        }
        Ok(true)
    }

    fn chunk(&mut self) -> Result<Body<'a>, BadLog> {
        let (head, rest) = self.left.split_first_chunk::<4>().ok_or(BadLog::Short)?;
        let [flags, left, low, high] = *head;
        let len = usize::from(u16::from_le_bytes([low, high]));
        let (body, rest) = rest.split_at_checked(len).ok_or(BadLog::Short)?;
        let (hash, rest) = match flags & HASHED {
            0 => (None, rest),
            _ => {
                let (hash, rest) = rest.split_first_chunk::<8>().ok_or(BadLog::Short)?;
                (Some(u64::from_le_bytes(*hash)), rest)
            }
        };
        if flags & !(ANEW | HASHED) != 0 || left == 0 || usize::from(left) > CHUNK_TICKS {
            return Err(BadLog::Damaged);
        }
        let mut bits = BitReader::new(body);
        if flags & ANEW != 0 {
            self.before.did = [Did::default(); SEATS];
            for taken in &mut self.before.taken {
                *taken = bits.flag()?;
            }
        }
        self.left = rest;
        Ok(Body { bits, left, hash })
    }

    /// Who has a seat after what was read.
    pub fn seats(&self) -> impl Iterator<Item = Seat> + '_ {
        (0..SEATS_MAX).map(Seat).filter(|seat| self.before.taken[seat.index()])
    }
}

fn read_changes(
    bits: &mut BitReader<'_>,
    before: &mut Before,
    changes: &mut Vec<(Seat, bool)>,
) -> Result<(), BadLog> {
    while bits.flag()? {
        let count = bits.read(SEAT_BITS)? as usize;
        for _ in 0..count {
            let seat = Seat(bits.read(SEAT_BITS)? as u16);
            let came = bits.flag()?;
            before.change(seat, came);
            changes.push((seat, came));
        }
        if count < ROW_MAX {
            break;
        }
    }
    Ok(())
}

fn read_inputs(
    bits: &mut BitReader<'_>,
    before: &mut Before,
    tick: u32,
    inputs: &mut Vec<SeatInput>,
) -> Result<(), BadLog> {
    let mut from = 0;
    while let Some(at) = before.next(from) {
        from = at + 1;
        let mut did = before.did[at];
        if bits.flag()? {
            if bits.flag()? {
                did.view = read_view(bits, did.view)?;
                did.changed = bits.read(before.schema.input.len() as u32)? as u32;
            }
            did.input = read_fields(bits, before.schema, &did)?;
            before.did[at] = did;
        }
        inputs.push(SeatInput { seat: Seat(at as u16), input: did.input, view: did.view.at(tick) });
    }
    Ok(())
}

fn read_view(bits: &mut BitReader<'_>, was: View) -> Result<View, BadLog> {
    Ok(match (bits.flag()?, was) {
        (false, was) => was,
        (true, _) if !bits.flag()? => View::None,
        (true, _) if !bits.flag()? => View::Lag(bits.read(LAG_BITS)?),
        (true, _) => View::Moment(bits.read(MOMENT_BITS)?),
    })
}

fn read_fields(bits: &mut BitReader<'_>, schema: &Schema, did: &Did) -> Result<Input, BadLog> {
    let (mut input, mut place) = (0, 0);
    for (at, field) in schema.input.iter().enumerate() {
        let was = schema.input_value(did.input, at);
        let changed = did.changed >> at & 1 == 1;
        let value = if changed { read_value(bits, field, was)? } else { was };
        input |= (value as u64 & ((1 << field.bits) - 1)) << place;
        place += u32::from(field.bits);
    }
    Ok(Input { bits: input })
}

fn read_value(bits: &mut BitReader<'_>, field: &Field, was: i32) -> Result<i32, BadLog> {
    let small = u32::from(field.small_bits);
    if small > 0 && !bits.flag()? {
        let unused = 64 - small;
        let by = ((bits.read(small)? << unused) as i64) >> unused;
        return Ok(field.wrap(i64::from(was) + by));
    }
    Ok(field.wrap(bits.read(field.bits.into())? as i64))
}
