//! Playing a match again from its log, bit for bit.

use serde::{Deserialize, Serialize};

use super::Seat;
use super::game::{Happenings, SeatInput};
use super::log::{BadLog, Reader};
use super::world::{GameKind, Unreadable, World, find};

/// What a match is besides its log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The game's name.
    pub game: String,
    /// The version of the game's rules that it was played by.
    pub rules: u16,
    /// The game's settings, all of them, as JSON.
    pub settings: String,
    /// The chance that the match was given.
    pub seed: u64,
}

/// A match cannot be played again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is no such game, or its rules are others now.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The log cannot be read on.
    #[error("the log cannot be read after tick {tick}")]
    Log {
        /// The last tick that could be read.
        tick: u32,
        /// Why.
        #[source]
        source: BadLog,
    },
    /// The world is another than it was.
    #[error("after tick {tick} the world has the hash {played:016x} and had {logged:016x}")]
    Diverged {
        /// Where it was found.
        tick: u32,
        /// What the log says.
        logged: u64,
        /// What it is now.
        played: u64,
    },
}

/// A match that is played again.
pub struct Replay<'a> {
    world: Box<dyn World>,
    reader: Reader<'a>,
    changes: Vec<(Seat, bool)>,
    inputs: Vec<SeatInput>,
    happened: Happenings,
    compared: u32,
}

/// A match that was played again to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// How many ticks it has.
    pub ticks: u32,
    /// How many hashes were compared. All were the same.
    pub compared: u32,
    /// The hash of the world at the end.
    pub hash: u64,
}

impl Head {
    /// The game.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] if there is no such game, or if its rules are others now.
    pub fn kind(&self) -> Result<&'static dyn GameKind, Unreadable> {
        let unreadable = |why: String| {
            let game = self.game.clone();
            Unreadable { what: "a match", game, why }
        };
        let kind = find(&self.game).ok_or_else(|| unreadable("there is no such game".into()))?;
        if kind.rules() != self.rules {
            let (rules, now) = (self.rules, kind.rules());
            return Err(unreadable(format!("it was played by rules {rules}, they are {now} now")));
        }
        Ok(kind)
    }

    /// The match before its first tick.
    ///
    /// # Errors
    ///
    /// As [`Self::kind`], or if the settings are none of the game's.
    pub fn open(&self) -> Result<Box<dyn World>, Unreadable> {
        self.kind()?.open(&self.settings, self.seed)
    }
}

impl<'a> Replay<'a> {
    /// Plays `log`, the whole of it, from the first tick on.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] if there is no such game, or if its rules are others now.
    pub fn open(head: &Head, log: &'a [u8]) -> Result<Self, Unreadable> {
        Ok(Self::from(head.open()?, log))
    }

    /// Plays `log` from `world` on, which is the world of the checkpoint that the log goes on from.
    #[must_use]
    pub fn from(world: Box<dyn World>, log: &'a [u8]) -> Self {
        let reader = Reader::new(world.kind().schema(), world.tick(), log);
        let (changes, inputs, happened) = (Vec::new(), Vec::new(), Happenings::new());
        Self { world, reader, changes, inputs, happened, compared: 0 }
    }

    /// Plays the next tick. False if there is none.
    ///
    /// # Errors
    ///
    /// [`ReplayError::Log`] or [`ReplayError::Diverged`].
    pub fn play_tick(&mut self) -> Result<bool, ReplayError> {
        let tick = self.reader.tick();
        let bad = |source| ReplayError::Log { tick, source };
        if !self.reader.changes(&mut self.changes).map_err(bad)? {
            return Ok(false);
        }
        for (seat, came) in &self.changes {
            match came {
                true => self.world.enter(*seat),
                false => self.world.leave(*seat),
            }
        }
        let looks = |seat, input| self.world.looks(seat, input);
        let hash = self.reader.inputs(looks, &mut self.inputs).map_err(bad)?;
        self.happened.clear();
        self.world.step(&self.inputs, &mut self.happened);
        let Some(logged) = hash else { return Ok(true) };
        let played = self.world.hash();
        if played != logged {
            return Err(ReplayError::Diverged { tick: tick + 1, logged, played });
        }
        self.compared += 1;
        Ok(true)
    }

    /// Plays all that is left, and compares every hash that the log has.
    ///
    /// # Errors
    ///
    /// [`ReplayError`], with the tick.
    pub fn verify(mut self) -> Result<Verified, ReplayError> {
        while self.play_tick()? {}
        let (ticks, hash) = (self.world.tick(), self.world.hash());
        Ok(Verified { ticks, compared: self.compared, hash })
    }

    /// The world after the last tick that was played.
    #[must_use]
    pub fn world(&self) -> &dyn World {
        &*self.world
    }

    /// The world after the last tick that was played, to be gone on with.
    #[must_use]
    pub fn into_world(self) -> Box<dyn World> {
        self.world
    }

    /// What happened in the last tick that was played.
    #[must_use]
    pub fn happened(&self) -> &Happenings {
        &self.happened
    }

    /// Who came (true) or left before the last tick that was played.
    #[must_use]
    pub fn changes(&self) -> &[(Seat, bool)] {
        &self.changes
    }

    /// What everybody did in the last tick that was played.
    #[must_use]
    pub fn inputs(&self) -> &[SeatInput] {
        &self.inputs
    }
}
