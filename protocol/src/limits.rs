//! The numbers that both ends must agree on, each with its reason.

/// How many shards rooms are spread over. 64, fixed for the life of the data: enough to spread over
/// a handful of machines later, few enough that one cursor and one claim each cost nothing.
pub const SHARDS: u8 = 64;

/// The longest kind of a room, in bytes.
pub const ROOM_KIND_BYTES_MAX: usize = 24;

/// The longest key of a room, in bytes. 200 holds a name-spaced e-mail address of usual length.
pub const ROOM_KEY_BYTES_MAX: usize = 200;

/// The largest encoded command, in bytes. 64 KiB: a screen of 2,000 seats in full fits.
pub const COMMAND_BYTES_MAX: usize = 64 * 1024;

/// The largest datagram of a match, either way, in bytes. 1,100: a QUIC packet of the least MTU (1,200)
/// leaves 1,162, and WebTransport's session prefix and a few bytes of spare fit in between.
pub const DATAGRAM_BYTES_MAX: usize = 1_100;

/// How many ticks of a match are kept to delta-code against, on both ends. 64: two seconds at 30 Hz,
/// so that a second without a network needs no full state, and an age fits in six bits.
pub const RING_TICKS: usize = 64;

/// The most entities of a schema. 1,024: a hundred players with what they fire and pick up, and a set
/// of them is sixteen words.
pub const ENTITIES_MAX: usize = 1_024;

/// The most fields of one kind of entity or event. 24: more than one thing on a screen has.
pub const FIELDS_MAX: usize = 24;

/// The most kinds of entities, and of events, of a schema. 32.
pub const KINDS_MAX: usize = 32;

/// The most bits of one event with all its fields. 256: a few dozen of them fit beside the entities.
pub const EVENT_BITS_MAX: u32 = 256;

/// How many events may wait for one player's acknowledgement. 256: at 20 % loss fewer than 50 wait. When
/// it is full the player gets a full state in place of what waits, and is told so.
pub const EVENTS_WAITING_MAX: usize = 256;

/// How many ticks ahead of the newest closed tick an input may be. 16: half a second at 30 Hz, so that
/// nobody fills a queue, and a player half a second away still plays.
pub const INPUT_AHEAD_MAX: u32 = 16;

/// For how many ticks a missing input is taken to be the one before it. 3: as many as repeats could
/// have filled; after it the player lets go.
pub const INPUT_HELD_TICKS: u32 = 3;

/// How many inputs before the newest one each packet repeats. 3: all four copies of an input are lost
/// in 0.16 % of cases at 20 % loss.
pub const INPUTS_REPEATED: usize = 3;

/// The largest control message of a match, in bytes. 16 KiB: a lobby of 100 players with their names.
pub const CONTROL_BYTES_MAX: usize = 16 * 1024;

/// The longest ticket or resume token, in bytes. 1 KiB: a signed token of ours has about 400.
pub const TOKEN_BYTES_MAX: usize = 1024;

/// The newest version of the game protocol, and the oldest that is still spoken.
pub const GAME_VERSIONS: std::ops::RangeInclusive<u16> = 1..=1;
