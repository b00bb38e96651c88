//! Where datagrams lie until their links have sent them: large buffers that are used again and again.

use bytes::{Bytes, BytesMut};

/// The size of one buffer. 64 KiB: 200 datagrams of usual size, so that one is full only after
/// those of the matches before have left.
const SLAB: usize = 64 * 1024;

/// How many buffers one thread keeps. 16, a MiB: links hold a few datagrams each, for a few
/// milliseconds. While each of them holds something in all 16, datagrams get memory of their own,
/// which is counted.
const SLABS: usize = 16;

/// The buffers of one thread.
pub(crate) struct Slabs {
    slabs: Vec<BytesMut>,
    current: usize,
    /// Datagrams that got memory of their own.
    misses: u64,
}

impl Default for Slabs {
    fn default() -> Self {
        let slab = || {
            let mut slab = BytesMut::with_capacity(SLAB);
            // The first split makes the buffer one that can be shared; better now than in a tick.
            drop(slab.split());
            slab
        };
        Self { slabs: (0..SLABS).map(|_| slab()).collect(), current: 0, misses: 0 }
    }
}

impl Slabs {
    /// A datagram with these bytes.
    pub(crate) fn datagram(&mut self, bytes: &[u8]) -> Bytes {
        for _ in 0..=SLABS {
            let slab = &mut self.slabs[self.current];
            let room = slab.capacity() - slab.len();
            if room >= bytes.len() || (bytes.len() <= SLAB && slab.try_reclaim(SLAB)) {
                slab.extend_from_slice(bytes);
                return slab.split().freeze();
            }
            self.current = (self.current + 1) % SLABS;
        }
        self.misses += 1;
        Bytes::copy_from_slice(bytes)
    }

    pub(crate) fn misses(&self) -> u64 {
        self.misses
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    #[test]
    fn buffers_are_used_again_once_their_datagrams_are_gone() {
        let mut slabs = Slabs::default();
        let mut held = VecDeque::new();
        for n in 0..100_000_u32 {
            let bytes = [n.to_le_bytes(); 200].concat();
            let datagram = slabs.datagram(&bytes);
            assert_eq!(datagram, bytes);
            held.push_back((bytes, datagram));
            if held.len() > 64 {
                let (bytes, datagram) = held.pop_front().unwrap();
                assert_eq!(datagram, bytes, "nobody wrote over it meanwhile");
            }
        }
        assert_eq!(slabs.misses(), 0);
    }

    #[test]
    fn links_that_hold_on_to_everything_cost_memory_of_their_own_and_nothing_else() {
        let mut slabs = Slabs::default();
        let held: Vec<Bytes> = (0..2000).map(|n| slabs.datagram(&[n as u8; 1000])).collect();
        assert!(slabs.misses() > 0);
        assert!(held.iter().enumerate().all(|(n, datagram)| datagram[..] == [n as u8; 1000]));
        drop(held);
        let misses = slabs.misses();
        for n in 0..2000 {
            slabs.datagram(&[n as u8; 1000]);
        }
        assert_eq!(slabs.misses(), misses);
    }
}
