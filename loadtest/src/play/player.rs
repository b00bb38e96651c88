//! An honest player: a connection with the client's half of the game protocol on top, which takes in
//! what comes and gives an input for each tick.

use std::time::{Duration, Instant};

use bytes::Bytes;
use playhouse_protocol::game::control::{Entry, Lobby, Results, ServerControl, Welcome};
use playhouse_protocol::game::{ClientPeer, Micros, Received, Schema};

use super::mind::{Choose, Mind};
use super::{Connection, Heard, PlayError};

/// How often it is looked whether an input is due. 4 ms, an eighth of a tick at 30 Hz.
const LOOK_EVERY: Duration = Duration::from_millis(4);

/// How many gaps between states are kept. 100,000: an hour at 30 Hz.
const GAPS_MAX: usize = 100_000;

/// Who did not look for so long was not there to hear anything. 250 ms, half of what a client takes for a loss.
const SLEPT: Duration = Duration::from_millis(250);

/// How long a server may be silent before the match is played. 5 s: it says twice in that time that it is there.
const LOBBY_SILENCE: Duration = Duration::from_secs(5);

/// A player in a match, with the mind of `M`.
pub struct Player<M = Choose> {
    /// The connection.
    pub connection: Connection,
    /// The client's half of the protocol.
    pub peer: ClientPeer,
    /// How it was welcomed.
    pub welcome: Welcome,
    /// The newest lobby.
    pub lobby: Option<Lobby>,
    /// When the match begins, while it is counted down.
    pub begins: Option<Instant>,
    /// How the match ended.
    pub results: Option<Results>,
    /// True once the match is played.
    pub begun: bool,
    /// How many states came that were newer than all before.
    pub states: u64,
    /// The longest time between two of them.
    pub longest_gap: Duration,
    /// How many bytes of datagrams were sent.
    pub sent_bytes: u64,
    /// For so long nothing may come while the match is played; longer, and the connection is taken to be lost.
    /// None at first: as long as the transport has patience.
    pub silence_max: Option<Duration>,
    /// Who plays.
    pub mind: M,
    /// How far apart they were, at most [`GAPS_MAX`].
    gaps: Vec<Duration>,
    newest_at: Option<Instant>,
    began: Instant,
    heard_at: Instant,
    looked_at: Instant,
    /// What had come in all when it was looked last, in datagrams of the transport.
    came: u64,
}

impl<M: Mind> Player<M> {
    /// Enters a match by `entry` over `connection`, and does there what `mind` says.
    ///
    /// # Errors
    ///
    /// [`PlayError`].
    pub async fn enter(
        mut connection: Connection,
        schema: &'static Schema,
        entry: Entry,
        mind: M,
    ) -> Result<Self, PlayError> {
        let welcome = connection.enter(schema.hash(), entry).await?;
        Ok(Self::welcomed(connection, schema, welcome, mind))
    }

    /// The player that was let in.
    pub(super) fn welcomed(
        connection: Connection,
        schema: &'static Schema,
        welcome: Welcome,
        mut mind: M,
    ) -> Self {
        let peer = ClientPeer::new(schema, welcome.epoch, welcome.server_tick, Micros(0));
        let begun = welcome.server_tick > 0;
        if begun {
            mind.restart(welcome.epoch, welcome.server_tick);
        }
        let now = Instant::now();
        Self {
            connection,
            peer,
            welcome,
            lobby: None,
            begins: None,
            results: None,
            begun,
            states: 0,
            longest_gap: Duration::ZERO,
            sent_bytes: 0,
            silence_max: None,
            mind,
            gaps: Vec::new(),
            newest_at: None,
            began: now,
            heard_at: now,
            looked_at: now,
            came: 0,
        }
    }

    /// The time as the peer has it.
    #[must_use]
    pub fn now(&self) -> Micros {
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

    /// The gaps between new states, in order.
    #[must_use]
    pub fn gaps(&self) -> &[Duration] {
        &self.gaps
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
            if self.is_silent() {
                return Err(PlayError::TimedOut);
            }
            if self.begun {
                self.act().await?;
            }
        }
        Ok(true)
    }

    /// True if nothing came for too long. Who slept looks again before that is said.
    fn is_silent(&mut self) -> bool {
        let Some(most) = self.silence_max else { return false };
        let now = Instant::now();
        let slept = now - std::mem::replace(&mut self.looked_at, now) > SLEPT;
        if slept {
            return false;
        }
        let most = if self.begun { most } else { LOBBY_SILENCE };
        if !self.begun && now - self.heard_at > most / 2 {
            // No datagrams in a lobby; that the server is there its packets say.
            match self.connection.packets() {
                None => return false,
                Some(came) if came != self.came => (self.came, self.heard_at) = (came, now),
                Some(_) => {}
            }
        }
        now - self.heard_at > most
    }

    fn hear(&mut self, heard: Heard) {
        let now = self.now();
        match heard {
            Heard::Datagram(datagram) => {
                if let Ok(received) = self.peer.receive(now, &datagram) {
                    self.take(received);
                }
            }
            Heard::Control(ServerControl::Lobby(lobby)) => self.lobby = Some(lobby),
            Heard::Control(ServerControl::Countdown(ms)) => {
                let begins = |ms: u32| Instant::now() + Duration::from_millis(ms.into());
                self.begins = ms.map(begins);
            }
            Heard::Control(ServerControl::Begun { .. }) => {
                (self.begun, self.heard_at) = (true, Instant::now());
            }
            Heard::Control(ServerControl::Epoch { epoch, tick }) => {
                (self.begun, self.heard_at) = (true, Instant::now());
                self.peer.restart(epoch, tick, now);
                self.mind.restart(epoch, tick);
            }
            Heard::Control(ServerControl::Concluded(results)) => self.results = Some(results),
            Heard::Control(_) => {}
        }
    }

    fn take(&mut self, received: Received) {
        let at = Instant::now();
        self.heard_at = at;
        if !received.newest {
            return;
        }
        if let Some(before) = self.newest_at.replace(at) {
            self.longest_gap = self.longest_gap.max(at - before);
            if self.gaps.len() < GAPS_MAX {
                self.gaps.push(at - before);
            }
        }
        self.states += 1;
        while let Some(event) = self.peer.next_event(received.tick) {
            self.mind.hear(&event);
        }
        self.mind.see(&self.peer, received);
    }

    /// Gives the inputs that are due, in one datagram.
    async fn act(&mut self) -> Result<(), PlayError> {
        let now = self.now();
        let mut gave = false;
        while let Some(tick) = self.peer.input_due(now) {
            let view = self.peer.view(now);
            let input = self.mind.choose(tick, &self.peer, view);
            self.peer.push_input(tick, input, view);
            gave = true;
        }
        if gave {
            let mut datagram = Vec::new();
            self.peer.encode(now, &mut datagram);
            self.sent_bytes += datagram.len() as u64;
            self.connection.send(Bytes::from(datagram)).await?;
        }
        Ok(())
    }
}
