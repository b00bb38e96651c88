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
