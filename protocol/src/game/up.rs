//! A datagram to the server: the newest inputs, and what came.

use super::bits::{BitReader, BitWriter};
use super::input::{Input, ViewTick};
use super::packet::{Malformed, UP, expand, read_kind, whole};
use super::schema::Schema;
use crate::limits::INPUTS_REPEATED;

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

impl UpInputs {
    /// What was seen, where `near` is a tick that is not far from it.
    pub(super) fn view(&self, near: u32) -> Option<ViewTick> {
        Some(ViewTick { tick: expand(near, self.view_tick)?, frac: self.view_frac })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::game::{EntityKind, Field, Group};
    use crate::limits::DATAGRAM_BYTES_MAX;

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
        fn bytes_from_outside_never_panic(bytes: Vec<u8>) {
            let _ = Up::read(&bytes, &SCHEMA);
        }
    }

    #[test]
    fn a_datagram_longer_than_one_may_be_is_not_read() {
        let bytes = vec![0; DATAGRAM_BYTES_MAX + 1];
        assert_eq!(Up::read(&bytes, &SCHEMA), Err(Malformed::Long));
    }
}
