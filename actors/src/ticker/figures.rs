//! What can be known of matches that run.

use std::time::Duration;

use playhouse_domain::games::{Seat, Suspected};
use playhouse_protocol::game::PeerFigures;
use playhouse_protocol::ids::RoomId;

use super::spread::Spread;

/// How all matches of a server stand.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Each thread on which matches tick.
    pub threads: Vec<ThreadFigures>,
    /// Each match that runs, or that somebody is connected to.
    pub matches: Vec<(RoomId, MatchFigures)>,
}

/// How one thread stands. Counts are since it started.
#[derive(Debug, Clone, Default)]
pub struct ThreadFigures {
    /// How many matches it has.
    pub matches: usize,
    /// How much later than it was due each tick began.
    pub lateness: Spread,
    /// How long the thread worked.
    pub busy: Duration,
    /// How many ticks were left out because the thread was behind.
    pub skipped: u64,
    /// How many times a match waited with a tick because the disk was behind.
    pub waited: u64,
    /// How many times a match panicked.
    pub faults: u64,
    /// How many times a player did what no honest client does.
    pub suspicions: u64,
    /// How many datagrams got memory of their own, since links held on to too much.
    pub unpooled: u64,
}

/// How one match stands. Counts are since its epoch began, on this server.
#[derive(Debug, Clone, Default)]
pub struct MatchFigures {
    /// The epoch.
    pub epoch: u32,
    /// The tick that it went on from: what was played after it before is lost.
    pub began: u32,
    /// The newest tick.
    pub tick: u32,
    /// The newest tick that is on the disk.
    pub durable: u32,
    /// How many ticks a second there should be.
    pub tick_hz: u16,
    /// How much later than it was due each tick began.
    pub lateness: Spread,
    /// How long it took to close the inputs and to step the world.
    pub step: Spread,
    /// How long it took to encode and send to everybody.
    pub tell: Spread,
    /// How many ticks were left out because the thread was behind.
    pub skipped: u64,
    /// How many times it waited with a tick because the disk was behind.
    pub waited: u64,
    /// How much happened in a tick that there was no room for.
    pub unheard: u64,
    /// Who plays.
    pub players: Vec<PlayerFigures>,
}

/// How one player stands.
#[derive(Debug, Clone, Copy)]
pub struct PlayerFigures {
    /// Where.
    pub seat: Seat,
    /// True if it is one of the server's bots.
    pub bot: bool,
    /// The connection, if there is one.
    pub peer: Option<PeerFigures>,
    /// How many datagrams the player sent that the match did not come to read.
    pub unread: u64,
    /// What the player did that no honest client does.
    pub suspected: Suspected,
}

impl MatchFigures {
    /// Takes over what `from` says, within the memory that it has.
    pub(crate) fn copy_from(&mut self, from: &Self) {
        let mut players = std::mem::take(&mut self.players);
        players.clear();
        players.extend_from_slice(&from.players);
        let Self { epoch, began, tick, durable, tick_hz, skipped, waited, unheard, .. } = *from;
        let (lateness, step, tell) = (from.lateness.clone(), from.step.clone(), from.tell.clone());
        *self = Self {
            epoch,
            began,
            tick,
            durable,
            tick_hz,
            lateness,
            step,
            tell,
            skipped,
            waited,
            unheard,
            players,
        };
    }
}
