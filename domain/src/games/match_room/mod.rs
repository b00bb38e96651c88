//! The room of one match: from its making to its results.
//!
//! - [`command`], [`event`]: what can be asked and what can become true.
//! - [`player`]: who plays, and the hashes of what proves it. [`ticks`]: what the ticker tells.
//! - [`ending`]: how it came out.

pub mod command;
pub mod ending;
pub mod event;
pub mod player;
pub mod ticks;

use std::time::Duration;

pub use self::command::{
    Command, Creation, Entered, Joined, MatchInfo, Phase, PlayerInfo, Presence, ReplayPage, Reply,
    Roster, Run, Ticked,
};
pub use self::ending::{Ending, Placing, PlayerId, Why};
pub use self::event::{Event, Reason};
pub use self::player::{Player, TokenHash};
pub use self::ticks::{Finished, RunMatch, Ticks, Verdict};

/// The name of the duty that a match owes while it is played: to run it.
pub const RUN: &str = "run";

/// How long a ticket can be used. 30 s: a page that was told it connects at once.
pub const TICKET_TIME: Duration = Duration::from_secs(30);

/// How long a seat is kept for a player whose connection ended. 30 s: a tunnel, a reload, a restart of
/// the server.
pub const AWAY_TIME: Duration = Duration::from_secs(30);

/// How long those who are not ready have to say so once the host starts. 15 s.
pub const CHECK_TIME: Duration = Duration::from_secs(15);

/// How long the countdown is. 3 s: everybody's page is drawn by then.
pub const COUNTDOWN: Duration = Duration::from_secs(3);

/// How long a match may wait to be started. 15 min.
pub const LOBBY_TIME: Duration = Duration::from_secs(15 * 60);
