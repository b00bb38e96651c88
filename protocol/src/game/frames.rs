//! A reliable stream's bytes, taken apart into [control messages](super::control).

use crate::limits::CONTROL_BYTES_MAX;

/// A stream's bytes, taken apart into messages. Holds at most one message and what one read brought.
#[derive(Debug, Default)]
pub struct Frames {
    waiting: Vec<u8>,
}

/// A stream named a message that is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a control message of {0} bytes is longer than {CONTROL_BYTES_MAX}")]
pub struct TooLong(pub u32);

impl Frames {
    /// Takes in what a read brought. Memory follows the bytes that came, not the length they name.
    pub fn push(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    /// The next whole message's bytes, without the length. Ask until there is none, before more is pushed.
    ///
    /// # Errors
    ///
    /// [`TooLong`] as soon as the length is there; the stream is of no more use.
    pub fn next_message(&mut self) -> Result<Option<Vec<u8>>, TooLong> {
        let Some((head, rest)) = self.waiting.split_first_chunk::<4>() else { return Ok(None) };
        let len = u32::from_le_bytes(*head);
        if len as usize > CONTROL_BYTES_MAX {
            return Err(TooLong(len));
        }
        let Some(message) = rest.get(..len as usize) else { return Ok(None) };
        let message = message.to_vec();
        self.waiting.drain(..4 + len as usize);
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::game::control::{ClientControl, Entry, Hello, decode, framed};

    #[test]
    fn a_message_arrives_whole_however_the_stream_is_cut() {
        let messages = [
            ClientControl::Hello(Hello::new(7, Entry::Ticket("t".to_owned()))),
            ClientControl::Ready(true),
        ];
        let bytes: Vec<u8> = messages.iter().flat_map(framed).collect();
        for size in 1..bytes.len() {
            let (mut frames, mut read) = (Frames::default(), Vec::new());
            for piece in bytes.chunks(size) {
                frames.push(piece);
                while let Some(message) = frames.next_message().unwrap() {
                    read.push(decode::<ClientControl>(&message).unwrap());
                }
            }
            assert_eq!(read, messages, "in pieces of {size}");
        }
    }

    #[test]
    fn a_length_past_the_bound_ends_the_stream_before_anything_is_held_for_it() {
        let mut frames = Frames::default();
        frames.push(&u32::MAX.to_le_bytes());
        assert_eq!(frames.next_message(), Err(TooLong(u32::MAX)));
    }

    proptest! {
        #[test]
        fn bytes_from_outside_never_panic(bytes: Vec<u8>) {
            let mut frames = Frames::default();
            frames.push(&bytes);
            while let Ok(Some(_)) = frames.next_message() {}
        }
    }
}
