//! An honest player: a connection with the client's half of the game protocol on top, which takes in
//! what comes and gives an input for each tick.

use std::time::{Duration, Instant};

use bytes::Bytes;
use playhouse_protocol::game::control::{Entry, Lobby, Results, ServerControl, Welcome};
use playhouse_protocol::game::{ClientPeer, Input, Micros, Schema, Table, ViewTick};

use super::{Connection, Heard, PlayError};

/// How often it is looked whether an input is due. 4 ms, an eighth of a tick at 30 Hz.
const LOOK_EVERY: Duration = Duration::from_millis(4);

/// How many gaps between states are kept. 100,000: an hour at 30 Hz.
const GAPS_MAX: usize = 100_000;

/// What a player does in each tick, by what it sees.
pub type Choose = Box<dyn FnMut(u32, &Table) -> Input + Send>;

/// A player in a match.
pub struct Player {
    /// The connection.
    pub connection: Connection,
    /// The client's half of the protocol.
    pub peer: ClientPeer,
    /// How it was welcomed.
    pub welcome: Welcome,
    /// The newest lobby.
    pub lobby: Option<Lobby>,
    /// How the match ended.
    pub results: Option<Results>,
    /// True once the match is played.
    pub begun: bool,
    /// How many states came that were newer than all before.
    pub states: u64,
    /// The longest time between two of them.
    pub longest_gap: Duration,
    /// How far apart they were, at most [`GAPS_MAX`].
    gaps: Vec<Duration>,
    newest_at: Option<Instant>,
    choose: Choose,
    began: Instant,
}

impl Player {
    /// Enters a match by `entry` over `connection`, and does there what `choose` says.
    ///
    /// # Errors
    ///
    /// [`PlayError`].
    pub async fn enter(
        mut connection: Connection,
        schema: &'static Schema,
        entry: Entry,
        choose: Choose,
    ) -> Result<Self, PlayError> {
        let welcome = connection.enter(schema.hash(), entry).await?;
        let peer = ClientPeer::new(schema, welcome.epoch, welcome.server_tick, Micros(0));
        Ok(Self {
            connection,
            peer,
            begun: welcome.server_tick > 0,
            welcome,
            lobby: None,
            results: None,
            states: 0,
            longest_gap: Duration::ZERO,
            gaps: Vec::new(),
            newest_at: None,
            choose,
            began: Instant::now(),
        })
    }

    fn now(&self) -> Micros {
        Micros(u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// Forgets how long states were apart.
    pub fn measure_anew(&mut self) {
        (self.states, self.longest_gap, self.newest_at) = (0, Duration::ZERO, None);
        self.gaps.clear();
    }

    /// The gap between new states that this share of them did not exceed; zero if there was none.
    #[must_use]
    pub fn gap(&self, share: f64) -> Duration {
        let mut gaps = self.gaps.clone();
        gaps.sort_unstable();
        let at = (gaps.len() as f64 * share) as usize;
        gaps.get(at.min(gaps.len().saturating_sub(1))).copied().unwrap_or_default()
    }

    /// Plays until `enough` says so, at most for `within`. True if it said so.
    ///
    /// # Errors
    ///
    /// [`PlayError`], as when the server ends the connection.
    pub async fn play(
        &mut self,
        within: Duration,
        mut enough: impl FnMut(&Self) -> bool,
    ) -> Result<bool, PlayError> {
        let deadline = Instant::now() + within;
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !enough(self) {
            if Instant::now() >= deadline {
                return Ok(false);
            }
            let heard = tokio::select! {
                heard = self.connection.next() => Some(heard?),
                _ = look.tick() => None,
            };
            if let Some(heard) = heard {
                self.hear(heard);
            }
            if self.begun {
                self.act().await?;
            }
        }
        Ok(true)
    }

    fn hear(&mut self, heard: Heard) {
        let now = self.now();
        match heard {
            Heard::Datagram(datagram) => {
                let received = self.peer.receive(now, &datagram);
                if received.is_ok_and(|received| received.newest) {
                    let at = Instant::now();
                    if let Some(before) = self.newest_at.replace(at) {
                        self.longest_gap = self.longest_gap.max(at - before);
                        if self.gaps.len() < GAPS_MAX {
                            self.gaps.push(at - before);
                        }
                    }
                    self.states += 1;
                }
            }
            Heard::Control(ServerControl::Lobby(lobby)) => self.lobby = Some(lobby),
            Heard::Control(ServerControl::Begun { .. }) => self.begun = true,
            Heard::Control(ServerControl::Epoch { epoch, tick }) => {
                self.begun = true;
                self.peer.restart(epoch, tick, now);
            }
            Heard::Control(ServerControl::Concluded(results)) => self.results = Some(results),
            Heard::Control(_) => {}
        }
    }

    /// Gives the inputs that are due, in one datagram.
    async fn act(&mut self) -> Result<(), PlayError> {
        let now = self.now();
        let mut gave = false;
        while let Some(tick) = self.peer.input_due(now) {
            let input = (self.choose)(tick, self.peer.world());
            let view: ViewTick = self.peer.view(now);
            self.peer.push_input(tick, input, view);
            gave = true;
        }
        if gave {
            let mut datagram = Vec::new();
            self.peer.encode(now, &mut datagram);
            self.connection.send(Bytes::from(datagram)).await?;
        }
        Ok(())
    }
}
