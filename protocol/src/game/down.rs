//! The head of a datagram from the server. Events and entities follow it, see [`event`](super::event) and
//! [`snapshot`](super::snapshot).

use super::bits::{BitReader, BitWriter};
use super::packet::{DOWN, Malformed, read_kind};

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
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
        fn bytes_from_outside_never_panic(bytes: Vec<u8>) {
            let _ = DownHead::read(&mut BitReader::new(&bytes));
        }
    }
}
