//! The two kinds of datagram, to the bit. `docs/wire.md` shows the same in tables.

use super::bits::{BitReader, BitWriter};
use super::input::{Input, ViewTick};
use super::schema::Schema;
use crate::limits::{DATAGRAM_BYTES_MAX, INPUTS_REPEATED};

/// A datagram cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It is cut off.
    #[error("the datagram is cut off")]
    Short,
    /// Something follows where it should end.
    #[error("the datagram goes on past its end")]
    LeftOver,
    /// It is not of the kind that this end reads.
    #[error("the datagram is of another kind")]
    Kind,
    /// It is longer than one may be.
    #[error("the datagram is too long")]
    Long,
    /// It acknowledges what was never sent.
    #[error("the datagram acknowledges what was never sent")]
    NeverSent,
    /// It names an entity, kind, tick or baseline that there is not.
    #[error("the datagram names what there is not")]
    Unknown,
}

/// Why a datagram was dropped. None of these harms the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Dropped {
    /// It cannot be read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It belongs to another epoch of the match.
    #[error("the datagram is of another epoch")]
    Epoch,
    /// It was taken in already, or is older than what is remembered.
    #[error("the datagram came before or is too old")]
    Replayed,
    /// More came than one a tick, past what a stall explains.
    #[error("too many datagrams")]
    TooMany,
}

/// The kind of a datagram from the server, in its lowest three bits.
const DOWN: u64 = 1;

/// The kind of a datagram to the server.
const UP: u64 = 2;

/// How long something may be held before it is acknowledged, in ms; longer is said as this, which is no
/// measure of the round trip.
pub(super) const HOLD_MAX_MS: u8 = u8::MAX;

/// How an acknowledged datagram's depth is said where no input of it is known.
pub(super) const DEPTH_UNKNOWN: i8 = i8::MIN;

/// How many bits of its number a datagram from the server has.
pub(super) const NUMBER_BITS: u32 = 4;

/// What the server acknowledges of the client's datagrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DownAck {
    /// The newest datagram's number.
    pub seq: u16,
    /// Which of the 16 before it came, the one before it in the lowest bit.
    pub bits: u16,
    /// For how long the newest was held, in ms.
    pub hold_ms: u8,
    /// How long before its tick closed its newest input came, in quarter ticks.
    pub depth: i8,
}

/// The head of a datagram from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DownHead {
    /// True if events before the first one here were given up.
    pub resync: bool,
    /// True if events follow.
    pub events: bool,
    pub epoch: u8,
    /// The lowest four bits of the datagram's number: from gaps in them the client knows what it lost.
    pub number: u8,
    pub tick: u16,
    /// How many ticks ago the baseline was; 0: nothing is the baseline.
    pub baseline_age: u8,
    pub ack: Option<DownAck>,
}

impl DownHead {
    pub(super) fn write(&self, writer: &mut BitWriter<'_>) {
        writer.write(DOWN, 3);
        for flag in [self.resync, self.events, self.ack.is_some(), false, false] {
            writer.flag(flag);
        }
        writer.write(self.epoch.into(), 8);
        writer.write(self.number.into(), NUMBER_BITS);
        writer.write(self.tick.into(), 16);
        writer.write(self.baseline_age.into(), 6);
        if let Some(ack) = &self.ack {
            writer.write(ack.seq.into(), 16);
            writer.write(ack.bits.into(), 16);
            writer.write(ack.hold_ms.into(), 8);
            writer.write(ack.depth as u8 as u64, 8);
        }
    }

    pub(super) fn read(reader: &mut BitReader<'_>) -> Result<Self, Malformed> {
        let [resync, events, acks] = read_kind(reader, DOWN)?;
        Ok(Self {
            resync,
            events,
            epoch: reader.read(8)? as u8,
            number: reader.read(NUMBER_BITS)? as u8,
            tick: reader.read(16)? as u16,
            baseline_age: reader.read(6)? as u8,
            ack: if acks {
                Some(DownAck {
                    seq: reader.read(16)? as u16,
                    bits: reader.read(16)? as u16,
                    hold_ms: reader.read(8)? as u8,
                    depth: reader.read(8)? as u8 as i8,
                })
            } else {
                None
            },
        })
    }
}

/// What the client acknowledges of the server's datagrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UpAck {
    /// The newest state's tick.
    pub tick: u16,
    /// Which of the 32 ticks before it came, the one before it in the lowest bit.
    pub bits: u32,
    /// For how long the newest was held, in ms.
    pub hold_ms: u8,
}

/// The newest inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UpInputs {
    /// The tick of the newest.
    pub tick: u16,
    /// What was seen while the newest was chosen.
    pub view_tick: u16,
    pub view_frac: u8,
    /// The newest, and those of the ticks before it.
    pub inputs: [Input; 1 + INPUTS_REPEATED],
    /// How many there are.
    pub count: usize,
}

/// A datagram to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Up {
    pub epoch: u8,
    pub seq: u16,
    pub ack: Option<UpAck>,
    pub inputs: Option<UpInputs>,
}

impl Up {
    pub(super) fn write(&self, writer: &mut BitWriter<'_>, schema: &Schema) {
        writer.write(UP, 3);
        for flag in [self.ack.is_some(), self.inputs.is_some(), false, false, false] {
            writer.flag(flag);
        }
        writer.write(self.epoch.into(), 8);
        writer.write(self.seq.into(), 16);
        if let Some(ack) = &self.ack {
            writer.write(ack.tick.into(), 16);
            writer.write(ack.bits.into(), 32);
            writer.write(ack.hold_ms.into(), 8);
        }
        if let Some(inputs) = &self.inputs {
            writer.write(inputs.tick.into(), 16);
            writer.write(inputs.view_tick.into(), 16);
            writer.write(inputs.view_frac.into(), 8);
            writer.write(inputs.count as u64 - 1, 2);
            let mut newer = Input::NEUTRAL;
            for (n, input) in inputs.inputs[..inputs.count].iter().enumerate() {
                write_input(writer, schema, *input, (n > 0).then_some(newer));
                newer = *input;
            }
        }
    }

    pub(super) fn read(bytes: &[u8], schema: &Schema) -> Result<Self, Malformed> {
        let mut reader = whole(bytes)?;
        let [acks, has_inputs, unused] = read_kind(&mut reader, UP)?;
        if unused {
            return Err(Malformed::Kind);
        }
        let (epoch, seq) = (reader.read(8)? as u8, reader.read(16)? as u16);
        let ack = if acks {
            Some(UpAck {
                tick: reader.read(16)? as u16,
                bits: reader.read(32)? as u32,
                hold_ms: reader.read(8)? as u8,
            })
        } else {
            None
        };
        let inputs = if has_inputs { Some(read_inputs(&mut reader, schema)?) } else { None };
        reader.finish()?;
        Ok(Self { epoch, seq, ack, inputs })
    }
}

fn read_inputs(reader: &mut BitReader<'_>, schema: &Schema) -> Result<UpInputs, Malformed> {
    let (tick, view_tick) = (reader.read(16)? as u16, reader.read(16)? as u16);
    let (view_frac, count) = (reader.read(8)? as u8, reader.read(2)? as usize + 1);
    let mut inputs = [Input::NEUTRAL; 1 + INPUTS_REPEATED];
    for n in 0..count {
        let newer = n.checked_sub(1).map(|n| inputs[n]);
        inputs[n] = read_input(reader, schema, newer)?;
    }
    Ok(UpInputs { tick, view_tick, view_frac, inputs, count })
}

/// Writes an input: whole, or against the one of the tick after it as one bit that says whether it is
/// another, and if so for each field a bit and, where it is set, the field's bits xor those of the newer.
fn write_input(writer: &mut BitWriter<'_>, schema: &Schema, input: Input, newer: Option<Input>) {
    let xor = input.bits ^ newer.unwrap_or_default().bits;
    if newer.is_some() {
        writer.flag(xor != 0);
        if xor == 0 {
            return;
        }
    }
    let mut at = 0;
    for field in schema.input {
        let bits = u32::from(field.bits);
        let value = (xor >> at) & ((1 << bits) - 1);
        if newer.is_some() {
            writer.flag(value != 0);
        }
        if newer.is_none() || value != 0 {
            writer.write(value, bits);
        }
        at += bits;
    }
}

fn read_input(
    reader: &mut BitReader<'_>,
    schema: &Schema,
    newer: Option<Input>,
) -> Result<Input, Malformed> {
    let mut xor = 0;
    if newer.is_none() || reader.flag()? {
        let mut at = 0;
        for field in schema.input {
            let bits = u32::from(field.bits);
            if newer.is_none() || reader.flag()? {
                xor |= reader.read(bits)? << at;
            }
            at += bits;
        }
    }
    Ok(Input { bits: newer.unwrap_or_default().bits ^ xor })
}

/// A reader of a datagram that is not too long.
pub(super) fn whole(bytes: &[u8]) -> Result<BitReader<'_>, Malformed> {
    if bytes.len() > DATAGRAM_BYTES_MAX {
        return Err(Malformed::Long);
    }
    Ok(BitReader::new(bytes))
}

/// The first three flags of a datagram of this kind; the other two are not in use yet.
fn read_kind(reader: &mut BitReader<'_>, kind: u64) -> Result<[bool; 3], Malformed> {
    let found = reader.read(3)?;
    let flags = [reader.flag()?, reader.flag()?, reader.flag()?];
    if found != kind || reader.read(2)? != 0 {
        return Err(Malformed::Kind);
    }
    Ok(flags)
}

/// The number nearest to `near` whose lowest 16 bits are `low`; none if it would be below 0.
pub(super) fn expand(near: u32, low: u16) -> Option<u32> {
    let further = low.wrapping_sub(near as u16) as i16;
    near.checked_add_signed(further.into())
}

/// How many bits say how many entities a datagram tells of.
pub(super) const COUNT_BITS: u32 = 10;

/// What follows about an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// `0`: the difference to the datagram's baseline.
    Delta,
    /// `10` and 6 bits: the difference to the state so many ticks ago.
    OwnDelta(u8),
    /// `110`: kind, generation and every field.
    New,
    /// `1110`: nothing, the slot is empty.
    Gone,
    /// `1111`: nothing, its state is not told here.
    Untold,
}

impl Mark {
    pub(super) fn write(self, writer: &mut BitWriter<'_>) {
        match self {
            Self::Delta => writer.flag(false),
            Self::OwnDelta(age) => writer.write(u64::from(age) << 2 | 0b01, 8),
            Self::New => writer.write(0b011, 3),
            Self::Gone => writer.write(0b0111, 4),
            Self::Untold => writer.write(0b1111, 4),
        }
    }

    pub(super) fn read(reader: &mut BitReader<'_>) -> Result<Self, Malformed> {
        if !reader.flag()? {
            return Ok(Self::Delta);
        }
        if !reader.flag()? {
            return Ok(Self::OwnDelta(reader.read(6)? as u8));
        }
        if !reader.flag()? {
            return Ok(Self::New);
        }
        Ok(if reader.flag()? { Self::Untold } else { Self::Gone })
    }
}

/// How many bits [`write_gap`] takes.
pub(super) fn gap_bits(gap: u16) -> u32 {
    match gap {
        0 => 1,
        1..=8 => 5,
        9..=72 => 9,
        _ => 13,
    }
}

/// Writes how many are left out, up to 1,023: `0` for none, `10` and 3 bits for up to 8, `110` and 6 bits for
/// up to 72, `111` and 10 bits for any.
pub(super) fn write_gap(writer: &mut BitWriter<'_>, gap: u16) {
    match gap {
        0 => writer.flag(false),
        1..=8 => writer.write(u64::from(gap - 1) << 2 | 0b01, 5),
        9..=72 => writer.write(u64::from(gap - 9) << 3 | 0b011, 9),
        _ => writer.write(u64::from(gap) << 3 | 0b111, 13),
    }
}

/// Reads what [`write_gap`] wrote.
pub(super) fn read_gap(reader: &mut BitReader<'_>) -> Result<u16, Malformed> {
    if !reader.flag()? {
        return Ok(0);
    }
    if !reader.flag()? {
        return Ok(reader.read(3)? as u16 + 1);
    }
    if !reader.flag()? {
        return Ok(reader.read(6)? as u16 + 9);
    }
    Ok(reader.read(10)? as u16)
}

/// The view of an up datagram, where `near` is a tick that is not far from it.
pub(super) fn view(inputs: &UpInputs, near: u32) -> Option<ViewTick> {
    Some(ViewTick { tick: expand(near, inputs.view_tick)?, frac: inputs.view_frac })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::game::{EntityKind, Field, Group};

    static SCHEMA: Schema = Schema {
        name: "up",
        tick_hz: 30,
        entities_max: 1,
        kinds: &[EntityKind { name: "dot", groups: &[Group(&[Field::unsigned("x", 4)])] }],
        input: &[Field::signed("run", 2), Field::unsigned("aim", 10), Field::unsigned("fire", 1)],
        events: &[],
    };
    const _: () = SCHEMA.prove();

    fn input() -> impl Strategy<Value = Input> {
        prop_oneof![0..1_u64 << 13, Just(0_u64), Just(1)].prop_map(|bits| Input { bits })
    }

    prop_compose! {
        fn inputs()(
            tick: u16, view_tick: u16, view_frac: u8,
            inputs in [input(), input(), input(), input()], count in 1_usize..=4,
        ) -> UpInputs {
            let mut inputs = inputs;
            inputs[count..].fill(Input::NEUTRAL);
            UpInputs { tick, view_tick, view_frac, inputs, count }
        }
    }

    proptest! {
        #[test]
        fn an_up_datagram_is_read_as_it_was_written(
            epoch: u8, seq: u16, ack in proptest::option::of(any::<(u16, u32, u8)>()),
            inputs in proptest::option::of(inputs()),
        ) {
            let ack = ack.map(|(tick, bits, hold_ms)| UpAck { tick, bits, hold_ms });
            let up = Up { epoch, seq, ack, inputs };
            let mut bytes = Vec::new();
            let mut writer = BitWriter::new(&mut bytes);
            up.write(&mut writer, &SCHEMA);
            writer.finish();
            prop_assert_eq!(Up::read(&bytes, &SCHEMA), Ok(up));
            for len in 0..bytes.len() {
                prop_assert!(Up::read(&bytes[..len], &SCHEMA).is_err());
            }
        }

        #[test]
        fn a_down_head_is_read_as_it_was_written(
            flags: [bool; 2], epoch: u8, number in 0_u8..16, tick: u16, baseline_age in 0_u8..64,
            ack in proptest::option::of(any::<(u16, u16, u8, i8)>()),
        ) {
            let [resync, events] = flags;
            let ack = ack.map(|(seq, bits, hold_ms, depth)| DownAck { seq, bits, hold_ms, depth });
            let head = DownHead { resync, events, epoch, number, tick, baseline_age, ack };
            let mut bytes = Vec::new();
            let mut writer = BitWriter::new(&mut bytes);
            head.write(&mut writer);
            writer.finish();
            prop_assert_eq!(DownHead::read(&mut BitReader::new(&bytes)), Ok(head));
        }

        #[test]
        fn a_gap_is_read_as_it_was_written(gap in 0_u16..1024) {
            let mut bytes = Vec::new();
            let mut writer = BitWriter::new(&mut bytes);
            write_gap(&mut writer, gap);
            writer.write(0, 7);
            writer.finish();
            let mut reader = BitReader::new(&bytes);
            let before = reader.left();
            prop_assert_eq!(read_gap(&mut reader), Ok(gap));
            prop_assert_eq!(before - reader.left(), gap_bits(gap) as usize);
        }

        #[test]
        fn a_tick_is_known_by_its_low_bits(near: u32, further: i16) {
            let tick = near.checked_add_signed(further.into());
            let low = (near as u16).wrapping_add_signed(further);
            prop_assert_eq!(expand(near, low), tick);
        }

        #[test]
        fn bytes_from_outside_never_panic(bytes: Vec<u8>) {
            let _ = Up::read(&bytes, &SCHEMA);
            let _ = DownHead::read(&mut BitReader::new(&bytes));
        }
    }

    #[test]
    fn a_datagram_longer_than_one_may_be_is_not_read() {
        let bytes = vec![0; DATAGRAM_BYTES_MAX + 1];
        assert_eq!(Up::read(&bytes, &SCHEMA), Err(Malformed::Long));
    }
}
