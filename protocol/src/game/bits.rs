//! Bits in and out of bytes, the lowest bit of each byte first.

use super::packet::Malformed;

/// The most bits that are read or written at once.
pub const BITS_AT_ONCE: u32 = 57;

/// Writes bits to the end of a buffer.
#[derive(Debug)]
pub struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    /// Bits that do not fill a byte yet.
    rest: u64,
    /// How many of them, 0 to 7.
    count: u32,
}

impl<'a> BitWriter<'a> {
    /// Writes behind what `out` holds.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, rest: 0, count: 0 }
    }

    /// Writes the lowest `bits` of `value`, up to [`BITS_AT_ONCE`].
    pub fn write(&mut self, value: u64, bits: u32) {
        debug_assert!(bits <= BITS_AT_ONCE, "{bits} bits at once");
        self.rest |= (value & ((1 << bits) - 1)) << self.count;
        self.count += bits;
        let whole = (self.count / 8) as usize;
        self.out.extend_from_slice(&self.rest.to_le_bytes()[..whole]);
        self.rest = self.rest.checked_shr(whole as u32 * 8).unwrap_or(0);
        self.count %= 8;
    }

    /// Writes one bit.
    pub fn flag(&mut self, set: bool) {
        self.write(u64::from(set), 1);
    }

    /// Copies the first `bits` of `from`.
    pub fn copy(&mut self, from: &[u8], bits: u32) {
        let mut left = bits;
        for bytes in from.chunks(4) {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            let now = left.min(bytes.len() as u32 * 8);
            self.write(u64::from_le_bytes(word), now);
            left -= now;
            if left == 0 {
                break;
            }
        }
        debug_assert_eq!(left, 0, "there are as many bits to copy");
    }

    /// How many bits were written since the buffer held `bytes`.
    #[must_use]
    pub fn bits_since(&self, bytes: usize) -> usize {
        (self.out.len() - bytes) * 8 + self.count as usize
    }

    /// Fills the last byte with zeros.
    pub fn finish(self) {
        if self.count > 0 {
            self.out.push(self.rest as u8);
        }
    }
}

/// Reads bits of a buffer.
#[derive(Debug, Clone)]
pub struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> BitReader<'a> {
    /// Reads `bytes` from their start.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bits are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.bytes.len() * 8 - self.at
    }

    /// Reads so many bits, up to [`BITS_AT_ONCE`].
    ///
    /// # Errors
    ///
    /// [`Malformed`] if there are not as many.
    pub fn read(&mut self, bits: u32) -> Result<u64, Malformed> {
        debug_assert!(bits <= BITS_AT_ONCE, "{bits} bits at once");
        if self.left() < bits as usize {
            return Err(Malformed::Short);
        }
        let from = &self.bytes[self.at / 8..];
        let mut word = [0; 8];
        let len = from.len().min(8);
        word[..len].copy_from_slice(&from[..len]);
        let value = u64::from_le_bytes(word) >> (self.at % 8);
        self.at += bits as usize;
        Ok(value & ((1 << bits) - 1))
    }

    /// Reads one bit.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if there is none.
    pub fn flag(&mut self) -> Result<bool, Malformed> {
        Ok(self.read(1)? == 1)
    }

    /// Ends the reading: less than a byte is left, and it is zeros.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if anything else is left.
    pub fn finish(mut self) -> Result<(), Malformed> {
        let left = self.left();
        if left >= 8 || self.read(left as u32)? != 0 {
            return Err(Malformed::LeftOver);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbers() -> impl Strategy<Value = Vec<(u64, u32)>> {
        proptest::collection::vec((any::<u64>(), 0..=BITS_AT_ONCE), 0..60)
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(numbers in numbers()) {
            let mut bytes = Vec::new();
            let mut writer = BitWriter::new(&mut bytes);
            for (value, bits) in &numbers {
                writer.write(*value, *bits);
            }
            writer.finish();
            let mut reader = BitReader::new(&bytes);
            for (value, bits) in numbers {
                prop_assert_eq!(reader.read(bits).unwrap(), value & ((1 << bits) - 1));
            }
            reader.finish().unwrap();
        }

        #[test]
        fn a_copy_is_the_same_bits_wherever_it_lands(numbers in numbers(), before in 0_u32..8) {
            let (mut source, mut copied, mut written) = (Vec::new(), Vec::new(), Vec::new());
            let mut writers = [&mut source, &mut written].map(BitWriter::new);
            writers[1].write(0x55, before);
            for (value, bits) in &numbers {
                for writer in &mut writers {
                    writer.write(*value, *bits);
                }
            }
            writers.into_iter().for_each(BitWriter::finish);
            let mut copy = BitWriter::new(&mut copied);
            copy.write(0x55, before);
            copy.copy(&source, numbers.iter().map(|(_, bits)| bits).sum());
            copy.finish();
            prop_assert_eq!(copied, written);
        }
    }

    #[test]
    fn the_first_bit_is_the_lowest_of_the_first_byte() {
        let mut bytes = Vec::new();
        let mut writer = BitWriter::new(&mut bytes);
        writer.flag(true);
        writer.write(0b10, 2);
        writer.write(0x1ff, 9);
        writer.finish();
        assert_eq!(bytes, [0b1111_1101, 0b0000_1111]);
    }

    #[test]
    fn what_is_not_there_cannot_be_read_and_nothing_may_be_left() {
        let mut reader = BitReader::new(&[0xff]);
        assert_eq!(reader.read(9), Err(Malformed::Short));
        assert_eq!(reader.read(7), Ok(0x7f));
        assert_eq!(reader.clone().finish(), Err(Malformed::LeftOver));
        assert_eq!(BitReader::new(&[0]).finish(), Err(Malformed::LeftOver));
        assert_eq!(reader.flag(), Ok(true));
        assert_eq!(reader.finish(), Ok(()));
    }
}
