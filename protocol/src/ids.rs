//! The names of things: rooms, accounts, shards.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::limits::{ROOM_KEY_BYTES_MAX, ROOM_KIND_BYTES_MAX, SHARDS};

/// A room's name: its kind and its key, written `kind:key` (`showing:0190…`). Cheap to clone.
///
/// The kind is 1 to 24 lower-case letters or underscores. The key is 1 to 200 bytes of UTF-8
/// without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId {
    text: Arc<str>,
    kind_len: u8,
}

/// A text is not the name of a room.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{text}' is not a room id: it must be kind:key, a kind of lower-case letters and a key of at most {ROOM_KEY_BYTES_MAX} bytes without control characters"
)]
pub struct BadRoomId {
    /// The first 64 characters of what was given.
    pub text: String,
}

impl RoomId {
    /// Names the room `key` of `kind`.
    ///
    /// # Errors
    ///
    /// [`BadRoomId`] if either part breaks the rules above.
    pub fn new(kind: &str, key: impl fmt::Display) -> Result<Self, BadRoomId> {
        format!("{kind}:{key}").parse()
    }

    /// Names the room of `kind` whose key is a UUID, which always fits.
    ///
    /// # Panics
    ///
    /// If `kind` is not a kind, which is a mistake in the program.
    #[must_use]
    pub fn of(kind: &'static str, key: Uuid) -> Self {
        Self::new(kind, key).expect("a constant kind and a uuid make a room id")
    }

    /// The part before the colon.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.text[..usize::from(self.kind_len)]
    }

    /// The part after the colon.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.text[usize::from(self.kind_len) + 1..]
    }

    /// The key as a UUID, where it is one.
    #[must_use]
    pub fn uuid(&self) -> Option<Uuid> {
        Uuid::parse_str(self.key()).ok()
    }

    /// The whole name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The shard that the room lives on: FNV-1a (64 bits) of the whole name, modulo [`SHARDS`].
    /// Stored data depends on it, so it never changes.
    #[must_use]
    pub fn shard(&self) -> Shard {
        let hash = self.text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
            (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
        });
        Shard((hash % u64::from(SHARDS)) as u8)
    }
}

impl FromStr for RoomId {
    type Err = BadRoomId;

    fn from_str(text: &str) -> Result<Self, BadRoomId> {
        let bad = || BadRoomId { text: text.chars().take(64).collect() };
        let (kind, key) = text.split_once(':').ok_or_else(bad)?;
        let kind_ok = (1..=ROOM_KIND_BYTES_MAX).contains(&kind.len())
            && kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let key_ok =
            (1..=ROOM_KEY_BYTES_MAX).contains(&key.len()) && !key.chars().any(char::is_control);
        if !kind_ok || !key_ok {
            return Err(bad());
        }
        Ok(Self { text: text.into(), kind_len: kind.len() as u8 })
    }
}

impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for RoomId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for RoomId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// One of the [`SHARDS`] parts that rooms are spread over: the unit of order, fencing and moving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Shard(pub u8);

impl Shard {
    /// Every shard, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..SHARDS).map(Self)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Declares a newtype over a UUID, so that one kind of id cannot be given for another.
macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

uuid_ids! {
    /// An account: a person who registered.
    AccountId;
    /// One log-in of an account; its tokens die with it.
    SessionId;
    /// A person without an account, known by a signed token alone.
    GuestId;
    /// A movie.
    MovieId;
    /// A screen: one auditorium of a theatre.
    ScreenId;
    /// A showing: one movie on one screen at one time.
    ShowingId;
    /// Seats set aside for one buyer until a deadline.
    HoldId;
    /// Seats that were bought.
    BookingId;
    /// A place on a showing's wait list.
    WaitId;
    /// A poll.
    PollId;
    /// Polls in order, under one join code.
    SeriesId;
    /// A match: one game, played once.
    MatchId;
    /// A wish to play: it ends in a match, or is taken back.
    TicketId;
    /// People who want to play together.
    PartyId;
    /// A tournament: matches between many, with one winner.
    TournamentId;
    /// A program that was handed in, to be compiled and run.
    JobId;
    /// A contest: problems that programs solve, judged while others watch.
    ContestId;
    /// One program that was sent in for a problem of a contest.
    SubmissionId;
    /// A question in a contest, or what an organizer said to everybody.
    ClarificationId;
}

/// What makes a command exactly once: chosen by the caller, at most 128 bytes of visible ASCII
/// (a UUID by habit). Scope: one caller and one kind of command.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CommandKey(String);

impl CommandKey {
    /// Takes `text` as a key if it is 1 to 128 visible ASCII characters.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    /// The key's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_id_has_two_parts_that_can_be_read_back() {
        let id: RoomId = "unique:email:ann@example.org".parse().unwrap();
        assert_eq!((id.kind(), id.key()), ("unique", "email:ann@example.org"));
        assert_eq!(id, RoomId::new("unique", "email:ann@example.org").unwrap());
    }

    #[test]
    fn a_text_that_is_no_room_id_is_refused() {
        for text in
            ["", "showing", "showing:", ":x", "Showing:x", "a b:c", "poll:a\0b", "poll:a\nb"]
        {
            assert!(text.parse::<RoomId>().is_err(), "{text:?}");
        }
        assert!(RoomId::new("poll", "x".repeat(201)).is_err());
    }

    #[test]
    fn a_room_stays_on_its_shard_for_ever() {
        let shard = |text: &str| text.parse::<RoomId>().unwrap().shard().0;
        // Golden values: stored data depends on them.
        assert_eq!(
            (shard("showing:a"), shard("poll:b"), shard("account:c")),
            (GOLDEN.0, GOLDEN.1, GOLDEN.2)
        );
    }

    const GOLDEN: (u8, u8, u8) = (9, 12, 35);
}
