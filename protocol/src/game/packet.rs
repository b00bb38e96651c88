//! What the two kinds of datagram share. `docs/wire.md` shows every bit of them.

use super::bits::{BitReader, BitWriter};
use crate::limits::DATAGRAM_BYTES_MAX;

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
pub(super) const DOWN: u64 = 1;

/// The kind of a datagram to the server.
pub(super) const UP: u64 = 2;

/// How long something may be held before it is acknowledged, in ms; longer is said as this, which is no
/// measure of the round trip.
pub(super) const HOLD_MAX_MS: u8 = u8::MAX;

/// How an acknowledged datagram's depth is said where no input of it is known.
pub(super) const DEPTH_UNKNOWN: i8 = i8::MIN;

/// A reader of a datagram that is not too long.
pub(super) fn whole(bytes: &[u8]) -> Result<BitReader<'_>, Malformed> {
    if bytes.len() > DATAGRAM_BYTES_MAX {
        return Err(Malformed::Long);
    }
    Ok(BitReader::new(bytes))
}

/// The first three flags of a datagram of this kind; the other two are not in use yet.
pub(super) fn read_kind(reader: &mut BitReader<'_>, kind: u64) -> Result<[bool; 3], Malformed> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
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
    }
}
