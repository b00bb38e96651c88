//! Reading what was played, along with playing it again.

use playhouse_protocol::game::bits::BitReader;
use playhouse_protocol::game::{Field, Input, Schema, ViewTick};

use super::{
    ANEW, BadLog, Before, CHUNK_TICKS, Did, HASHED, LAG_BITS, LAG_SMALL_BITS, MOMENT_BITS, ROW_MAX,
    SEAT_BITS, SEATS, signed, sixteenths, view_of,
};
use crate::games::Seat;
use crate::games::game::SeatInput;

/// Reads what a [`Writer`](super::Writer) packed, along with playing it: for each tick [`Self::changes`], then
/// [`Self::inputs`].
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

    /// Who came (true) and went (false) before the next tick, in order, into `changes`. False if there is no
    /// next tick.
    ///
    /// # Errors
    ///
    /// [`BadLog`]; what was read then means nothing.
    pub fn changes(&mut self, changes: &mut Vec<(Seat, bool)>) -> Result<bool, BadLog> {
        changes.clear();
        if self.body.is_none() && self.left.is_empty() {
            return Ok(false);
        }
        let mut body = match self.body.take() {
            Some(body) => body,
            None => self.chunk()?,
        };
        read_changes(&mut body.bits, &mut self.before, changes)?;
        self.body = Some(body);
        Ok(true)
    }

    /// What everybody who is there does in that tick, by rising seat, into `inputs`, and the hash of the world
    /// after it, where the log has one. `looks` says whether what somebody saw matters for what they do.
    ///
    /// # Errors
    ///
    /// [`BadLog`]; what was read then means nothing.
    pub fn inputs(
        &mut self,
        looks: impl Fn(Seat, Input) -> bool,
        inputs: &mut Vec<SeatInput>,
    ) -> Result<Option<u64>, BadLog> {
        inputs.clear();
        let mut body = self.body.take().ok_or(BadLog::Damaged)?;
        self.tick = self.tick.checked_add(1).ok_or(BadLog::Damaged)?;
        let mut from = 0;
        while let Some(at) = self.before.next(from) {
            from = at + 1;
            let seat = Seat(at as u16);
            let did = &mut self.before.did[at];
            if body.bits.flag()? {
                read_input(&mut body.bits, self.before.schema, did)?;
            }
            let view = match looks(seat, did.input) {
                true => read_view(&mut body.bits, did, self.tick)?,
                false => ViewTick::default(),
            };
            inputs.push(SeatInput { seat, input: did.input, view });
        }
        body.left -= 1;
        if body.left > 0 {
            self.body = Some(body);
            return Ok(None);
        }
        body.bits.finish()?;
        Ok(body.hash)
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

fn read_input(bits: &mut BitReader<'_>, schema: &Schema, did: &mut Did) -> Result<(), BadLog> {
    if bits.flag()? {
        did.changed = bits.read(schema.input.len() as u32)? as u32;
    }
    let (mut input, mut place) = (0, 0);
    for (at, field) in schema.input.iter().enumerate() {
        let was = schema.input_value(did.input, at);
        let changed = did.changed >> at & 1 == 1;
        let value = if changed { read_value(bits, field, was)? } else { was };
        input |= (value as u64 & ((1 << field.bits) - 1)) << place;
        place += u32::from(field.bits);
    }
    did.input = Input { bits: input };
    Ok(())
}

fn read_value(bits: &mut BitReader<'_>, field: &Field, was: i32) -> Result<i32, BadLog> {
    let small = u32::from(field.small_bits);
    if small > 0 && !bits.flag()? {
        return Ok(field.wrap(i64::from(was) + signed(bits.read(small)?, small)));
    }
    Ok(field.wrap(bits.read(field.bits.into())? as i64))
}

fn read_view(bits: &mut BitReader<'_>, did: &mut Did, tick: u32) -> Result<ViewTick, BadLog> {
    if bits.flag()? {
        did.lag = match (bits.flag()?, bits) {
            (false, bits) => {
                let by = signed(bits.read(LAG_SMALL_BITS)?, LAG_SMALL_BITS);
                u8::try_from(i64::from(did.lag) + by).map_err(|_| BadLog::Damaged)?
            }
            (true, bits) => match bits.flag()? {
                false => bits.read(LAG_BITS)? as u8,
                true => return Ok(view_of(bits.read(MOMENT_BITS)?)),
            },
        };
    }
    let now = sixteenths(ViewTick { tick, frac: 0 });
    now.checked_sub(did.lag.into()).map(view_of).ok_or(BadLog::Damaged)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::games::find;

    proptest! {
        #[test]
        fn bytes_from_outside_never_panic(
            log in prop::collection::vec(any::<u8>(), 0..200), sound in any::<bool>(),
        ) {
            // Half of them at least begin like a chunk.
            let head = [ANEW, 3, log.len() as u8, 0];
            let log = if sound { [&head[..], &log].concat() } else { log };
            let schema = find("arena").unwrap().schema();
            let mut reader = Reader::new(schema, 0, &log);
            let (mut changes, mut inputs) = (Vec::new(), Vec::new());
            while let Ok(true) = reader.changes(&mut changes) {
                if reader.inputs(|seat, input| (input.bits + u64::from(seat.0)) % 3 == 0, &mut inputs).is_err() {
                    break;
                }
            }
        }
    }
}
