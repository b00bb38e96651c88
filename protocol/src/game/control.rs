//! The messages on a match's reliable stream: entry, lobby, start, end. Whatever belongs to a tick rides in
//! the datagrams instead.
//!
//! Each is a `u32` (little-endian) with its length, at most [`CONTROL_BYTES_MAX`], and that many bytes of the
//! codec. On the WebSocket, which keeps messages apart, a first byte tells them from datagrams
//! ([`CONTROL_MARK`], [`DATAGRAM_MARK`]) and there is no length.
//!
//! [`Hello`] begins with the versions that the client speaks, and always will: a server that does not know the
//! rest can still answer with the versions that it speaks ([`Refused::Version`]).

use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use super::reasons::{Closed, Refused};
use crate::codec::{self, DecodeError};
use crate::limits::{CONTROL_BYTES_MAX, GAME_VERSIONS};

/// The first byte of a control message where a transport carries both.
pub const CONTROL_MARK: u8 = 1;

/// The first byte of a datagram where a transport carries both.
pub const DATAGRAM_MARK: u8 = 0;

/// What a client says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientControl {
    /// The first message: who comes, and how it speaks.
    Hello(Hello),
    /// Ready to begin, or not yet.
    Ready(bool),
    /// The host begins the countdown.
    Start,
    /// Leaves for good; the seat is free at once.
    Leave,
}

/// The first message of a connection.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The oldest version that the client speaks.
    pub oldest: u16,
    /// The newest version that the client speaks.
    pub newest: u16,
    /// The hash of the game's schema.
    pub schema_hash: u32,
    /// What lets it in.
    pub entry: Entry,
}

/// Without the entry, which is a secret.
impl std::fmt::Debug for Hello {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hello")
            .field("oldest", &self.oldest)
            .field("newest", &self.newest)
            .field("schema_hash", &self.schema_hash)
            .finish_non_exhaustive()
    }
}

/// What lets a client in. The first two are secrets. At most [`TOKEN_BYTES_MAX`](crate::limits::TOKEN_BYTES_MAX).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// A ticket for a new seat.
    Ticket(String),
    /// The newest resume token of a seat that is its own already.
    Resume(String),
    /// The id of a match to watch, without a seat. No secret.
    Watch(String),
}

/// Which it is.
impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ticket(_) => "Ticket(..)",
            Self::Resume(_) => "Resume(..)",
            Self::Watch(_) => "Watch(..)",
        })
    }
}

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerControl {
    /// The client is in.
    Welcome(Welcome),
    /// Who is there; after each change until the match begins, and when players come and go later.
    Lobby(Lobby),
    /// The match begins in so many ms; none: the countdown was broken off.
    Countdown(Option<u32>),
    /// The match runs; its first tick is `tick`.
    Begun {
        /// The first tick.
        tick: u32,
    },
    /// The match goes on from an earlier tick after a failure: everything of another epoch is void.
    Epoch {
        /// The new epoch.
        epoch: u8,
        /// The tick that it goes on from.
        tick: u32,
    },
    /// The match is over.
    Concluded(Results),
    /// The client is not let in; the server closes after it.
    Refused(Refused),
    /// The connection ends.
    Closed(Closed),
    /// The client is in, to watch.
    Watching(Watched),
    /// A piece of the film that is watched.
    Film {
        /// True if it does not follow on the piece before, and stands for itself.
        fresh: bool,
        /// Frames, as `film` has them; one may end in a later piece.
        bytes: Vec<u8>,
    },
}

/// What a client that watches needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// The version that is spoken from now on.
    pub version: u16,
    /// How many ticks a second.
    pub tick_hz: u16,
    /// How late it is shown, in ms.
    pub delay_ms: u32,
}

/// What a client that is let in needs to know.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The version that is spoken from now on.
    pub version: u16,
    /// The client's seat.
    pub seat: u16,
    /// How many ticks a second.
    pub tick_hz: u16,
    /// The match's epoch: datagrams of any other are dropped.
    pub epoch: u8,
    /// The newest tick; 0 while the match has not begun.
    pub server_tick: u32,
    /// The hash of the game's schema.
    pub schema_hash: u32,
    /// The token that brings this seat back once, in place of all before it. A secret.
    pub resume: String,
    /// The server's bounds.
    pub limits: Bounds,
}

/// Without the resume token, which is a secret.
impl std::fmt::Debug for Welcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Welcome")
            .field("version", &self.version)
            .field("seat", &self.seat)
            .field("tick_hz", &self.tick_hz)
            .field("epoch", &self.epoch)
            .field("server_tick", &self.server_tick)
            .field("schema_hash", &self.schema_hash)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// The server's bounds, for a client's information.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// The largest datagram.
    pub datagram_bytes: u16,
    /// How far ahead of the newest closed tick an input may be.
    pub input_ahead_ticks: u8,
    /// For how long a seat waits for its player to come back, in ms.
    pub reconnect_ms: u32,
}

/// Who is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lobby {
    /// The seat that may start the match.
    pub host: Option<u16>,
    /// Every seat that is taken, lowest first.
    pub players: Vec<LobbyPlayer>,
}

/// A seat that is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LobbyPlayer {
    /// The seat.
    pub seat: u16,
    /// The player's name.
    pub name: String,
    /// True if the player is ready.
    pub ready: bool,
    /// False while the player's connection is lost.
    pub present: bool,
}

/// How a match ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// True if it was broken off and counts for nothing.
    pub void: bool,
    /// The last tick.
    pub tick: u32,
    /// Everyone's standing, the best first.
    pub standings: Vec<Standing>,
}

/// One player's standing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The seat.
    pub seat: u16,
    /// The player's name.
    pub name: String,
    /// The place, from 1; players that are equal share one.
    pub place: u16,
    /// The game's score.
    pub score: i64,
}

impl Hello {
    /// The hello of a client of this version.
    #[must_use]
    pub fn new(schema_hash: u32, entry: Entry) -> Self {
        let (oldest, newest) = (*GAME_VERSIONS.start(), *GAME_VERSIONS.end());
        Self { oldest, newest, schema_hash, entry }
    }
}

/// The newest version that both speak.
#[must_use]
pub fn negotiate(ours: RangeInclusive<u16>, theirs: RangeInclusive<u16>) -> Option<u16> {
    let newest = *ours.end().min(theirs.end());
    (newest >= *ours.start() && newest >= *theirs.start()).then_some(newest)
}

/// Reads a client's first message, and settles the version.
///
/// # Errors
///
/// What the client is to be told: no version in common, or not a hello.
pub fn read_hello(bytes: &[u8]) -> Result<(u16, Hello), Refused> {
    /// The number of [`ClientControl::Hello`], and the versions.
    type Start = (u32, u16, u16);
    let start = codec::decode_start::<Start, CONTROL_BYTES_MAX>(bytes);
    let Ok(((0, oldest, newest), _)) = start else { return Err(Refused::Malformed) };
    let Some(version) = negotiate(GAME_VERSIONS, oldest..=newest) else {
        return Err(Refused::Version {
            oldest: *GAME_VERSIONS.start(),
            newest: *GAME_VERSIONS.end(),
        });
    };
    match decode(bytes) {
        Ok(ClientControl::Hello(hello)) => Ok((version, hello)),
        _ => Err(Refused::Malformed),
    }
}

/// Decodes a message without its length or mark.
///
/// # Errors
///
/// [`DecodeError`] if it is not one.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    codec::decode_within::<T, CONTROL_BYTES_MAX>(bytes)
}

/// A message with its length before it, as a stream carries it.
///
/// # Panics
///
/// If the message is over [`CONTROL_BYTES_MAX`]: what goes into one is bounded where it arises.
#[must_use]
pub fn framed<T: Serialize>(message: &T) -> Vec<u8> {
    let body = codec::encode(message);
    assert!(body.len() <= CONTROL_BYTES_MAX, "a control message of {} bytes", body.len());
    let mut bytes = (body.len() as u32).to_le_bytes().to_vec();
    bytes.extend_from_slice(&body);
    bytes
}

/// A message with its mark before it, as a WebSocket carries it.
#[must_use]
pub fn marked<T: Serialize>(message: &T) -> Vec<u8> {
    let mut bytes = vec![CONTROL_MARK];
    bytes.extend_from_slice(&codec::encode(message));
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hello() -> Hello {
        Hello::new(7, Entry::Ticket("secret".to_owned()))
    }

    #[test]
    fn the_newest_common_version_is_spoken() {
        assert_eq!(negotiate(1..=3, 2..=5), Some(3));
        assert_eq!(negotiate(1..=3, 3..=3), Some(3));
        assert_eq!(negotiate(2..=3, 1..=2), Some(2));
        assert_eq!(negotiate(2..=3, 4..=5), None);
        assert_eq!(negotiate(4..=5, 2..=3), None);
        // A client that names its versions the wrong way round speaks none.
        #[expect(clippy::reversed_empty_ranges, reason = "it is what is tested")]
        let none = negotiate(1..=3, 3..=1);
        assert_eq!(none, None);
    }

    #[test]
    fn a_hello_of_another_version_is_answered_with_ours_whatever_follows() {
        let bytes = codec::encode(&ClientControl::Hello(hello()));
        assert_eq!(read_hello(&bytes), Ok((1, hello())));
        let newer = codec::encode(&(0_u32, 900_u16, 901_u16, "something else entirely"));
        assert_eq!(read_hello(&newer), Err(Refused::Version { oldest: 1, newest: 1 }));
        assert_eq!(read_hello(&codec::encode(&ClientControl::Start)), Err(Refused::Malformed));
        assert_eq!(read_hello(&bytes[..bytes.len() - 1]), Err(Refused::Malformed));
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!("{:?} {:?}", hello(), hello().entry);
        assert!(!shown.contains("secret"), "{shown}");
    }

    proptest! {
        #[test]
        fn bytes_from_outside_never_panic(bytes: Vec<u8>) {
            let _ = decode::<ClientControl>(&bytes);
            let _ = decode::<ServerControl>(&bytes);
            let _ = read_hello(&bytes);
        }
    }
}
