//! A game with its type erased, and the registry of games.

use std::marker::PhantomData;

use playhouse_protocol::codec;
use playhouse_protocol::game::{EntitySet, Input, Schema, Table};
use serde::{Deserialize, Serialize};

use super::arena::Arena;
use super::bot::Bot;
use super::fourinarow::FourInARow;
use super::game::{Game, Happenings, Outcome, SeatInput};
use super::settings::{SETTINGS_BYTES_MAX, bad_settings};
use super::snakes::Snakes;
use super::{SEATS_MAX, Seat, Shape};
use crate::refusal::Refusal;

/// Every game there is. Adding one is a line here.
static KINDS: &[&dyn GameKind] =
    &[&Of::<Arena>(PhantomData), &Of::<Snakes>(PhantomData), &Of::<FourInARow>(PhantomData)];

/// Every game there is.
#[must_use]
pub fn kinds() -> &'static [&'static dyn GameKind] {
    KINDS
}

/// The game called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn GameKind> {
    #[cfg(feature = "drill")]
    if name == <super::drill::Drill as Game>::NAME {
        return Some(&Of::<super::drill::Drill>(PhantomData));
    }
    KINDS.iter().copied().find(|kind| kind.name() == name)
}

/// A game, without its type.
pub trait GameKind: Send + Sync {
    /// [`Game::NAME`].
    fn name(&self) -> &'static str;
    /// [`Game::RULES`].
    fn rules(&self) -> u16;
    /// [`Game::PLAYERS_MIN`].
    fn players_min(&self) -> u16;
    /// [`Game::PLAYERS_MAX`].
    fn players_max(&self) -> u16;
    /// [`Game::JOIN_LATE`].
    fn join_late(&self) -> bool;
    /// [`Game::SHAPE`].
    fn shape(&self) -> Shape;
    /// [`Game::SCHEMA`].
    fn schema(&self) -> &'static Schema;
    /// [`Game::scenery`].
    fn scenery(&self) -> serde_json::Value;

    /// Reads and checks settings, a JSON object, and gives all of them, as [`Self::open`] takes them.
    ///
    /// # Errors
    ///
    /// `bad_settings` with what is wrong.
    fn settings(&self, json: Option<&str>) -> Result<String, Refusal>;

    /// A match that nobody has entered yet.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] if `settings` are none that [`Self::settings`] gave.
    fn open(&self, settings: &str, seed: u64) -> Result<Box<dyn World>, Unreadable>;

    /// The match as it was when [`World::checkpoint`] gave `checkpoint`.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] if it is none of this game and this version of its rules.
    fn restore(&self, checkpoint: &[u8]) -> Result<Box<dyn World>, Unreadable>;

    /// A bot for `seat`, with chance of its own.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] if `settings` are none that [`Self::settings`] gave.
    fn bot(&self, settings: &str, seat: Seat, seed: u64) -> Result<Box<dyn Bot>, Unreadable>;
}

/// Stored settings, a checkpoint or a log cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} of the game {game} cannot be used: {why}")]
pub struct Unreadable {
    /// `settings`, `a checkpoint`, `a log`.
    pub what: &'static str,
    /// The game's name.
    pub game: String,
    /// What is wrong.
    pub why: String,
}

/// One match of some game: [`Game`] without its type. Whatever it does not say itself, [`Game`] says.
pub trait World: Send {
    /// The game's registration.
    fn kind(&self) -> &'static dyn GameKind;
    /// [`Game::tick`].
    fn tick(&self) -> u32;
    /// True if somebody has `seat`.
    fn has(&self, seat: Seat) -> bool;
    /// [`Game::enter`].
    fn enter(&mut self, seat: Seat);
    /// [`Game::leave`].
    fn leave(&mut self, seat: Seat);
    /// [`Game::looks`].
    fn looks(&self, seat: Seat, input: Input) -> bool;
    /// [`Game::step`].
    fn step(&mut self, inputs: &[SeatInput], happened: &mut Happenings);
    /// [`Game::write`].
    fn write(&self, table: &mut Table);
    /// [`Game::visible`].
    fn visible(&self, seat: Seat, seen: &mut EntitySet);
    /// [`Game::priority`].
    fn priority(&self, seat: Seat, slot: u16) -> u16;
    /// [`Game::view_hash`].
    fn view_hash(&self, seat: Option<Seat>) -> u64;
    /// [`Game::outcome`].
    fn outcome(&self) -> Option<Outcome>;
    /// [`Game::standings`].
    fn standings(&self) -> Outcome;
    /// The whole state, for [`GameKind::restore`].
    fn checkpoint(&self) -> Vec<u8>;
    /// A copy that goes its own way: what a checkpoint is made of while the match goes on.
    fn fork(&self) -> Box<dyn World>;

    /// The hash of the whole state.
    fn hash(&self) -> u64 {
        self.view_hash(None)
    }

    /// Who has a seat, by rising seat.
    fn seats(&self) -> Vec<Seat> {
        (0..SEATS_MAX).map(Seat).filter(|seat| self.has(*seat)).collect()
    }
}

/// What a checkpoint holds.
#[derive(Serialize, Deserialize)]
struct Checkpoint<G> {
    rules: u16,
    state: G,
}

struct Of<G>(PhantomData<fn() -> G>);

impl<G: Game> Of<G> {
    fn unreadable(what: &'static str, why: impl ToString) -> Unreadable {
        Unreadable { what, game: G::NAME.to_owned(), why: why.to_string() }
    }

    fn read(settings: &str) -> Result<G::Settings, Unreadable> {
        serde_json::from_str(settings).map_err(|e| Self::unreadable("settings", e))
    }
}

impl<G: Game> GameKind for Of<G> {
    fn name(&self) -> &'static str {
        G::NAME
    }

    fn rules(&self) -> u16 {
        G::RULES
    }

    fn players_min(&self) -> u16 {
        G::PLAYERS_MIN
    }

    fn players_max(&self) -> u16 {
        G::PLAYERS_MAX
    }

    fn join_late(&self) -> bool {
        G::JOIN_LATE
    }

    fn shape(&self) -> Shape {
        G::SHAPE
    }

    fn schema(&self) -> &'static Schema {
        G::SCHEMA
    }

    fn scenery(&self) -> serde_json::Value {
        G::scenery()
    }

    fn settings(&self, json: Option<&str>) -> Result<String, Refusal> {
        let settings = match json {
            None => G::Settings::default(),
            Some(json) if json.len() > SETTINGS_BYTES_MAX => {
                let (max, len) = (SETTINGS_BYTES_MAX, json.len());
                return Err(bad_settings(format!("settings have at most {max} bytes, not {len}")));
            }
            Some(json) => serde_json::from_str(json)
                .map_err(|e| bad_settings(format!("these are no settings of {}: {e}", G::NAME)))?,
        };
        G::check(&settings)?;
        serde_json::to_string(&settings).map_err(|e| bad_settings(e.to_string()))
    }

    fn open(&self, settings: &str, seed: u64) -> Result<Box<dyn World>, Unreadable> {
        Ok(Box::new(Playing(G::new(&Self::read(settings)?, seed))))
    }

    fn restore(&self, checkpoint: &[u8]) -> Result<Box<dyn World>, Unreadable> {
        let unreadable = |why: String| Self::unreadable("a checkpoint", why);
        let Checkpoint::<G> { rules, state } =
            codec::decode(checkpoint).map_err(|e| unreadable(e.to_string()))?;
        if rules != G::RULES {
            return Err(unreadable(format!("its rules are {rules}, not {}", G::RULES)));
        }
        Ok(Box::new(Playing(state)))
    }

    fn bot(&self, settings: &str, seat: Seat, seed: u64) -> Result<Box<dyn Bot>, Unreadable> {
        Ok(G::bot(&Self::read(settings)?, seat, seed))
    }
}

struct Playing<G>(G);

impl<G: Game> World for Playing<G> {
    fn kind(&self) -> &'static dyn GameKind {
        &Of::<G>(PhantomData)
    }

    fn tick(&self) -> u32 {
        self.0.tick()
    }

    fn has(&self, seat: Seat) -> bool {
        self.0.has(seat)
    }

    fn enter(&mut self, seat: Seat) {
        self.0.enter(seat);
    }

    fn leave(&mut self, seat: Seat) {
        self.0.leave(seat);
    }

    fn looks(&self, seat: Seat, input: Input) -> bool {
        self.0.looks(seat, input)
    }

    fn step(&mut self, inputs: &[SeatInput], happened: &mut Happenings) {
        self.0.step(inputs, happened);
    }

    fn write(&self, table: &mut Table) {
        self.0.write(table);
    }

    fn visible(&self, seat: Seat, seen: &mut EntitySet) {
        self.0.visible(seat, seen);
    }

    fn priority(&self, seat: Seat, slot: u16) -> u16 {
        self.0.priority(seat, slot)
    }

    fn view_hash(&self, seat: Option<Seat>) -> u64 {
        self.0.view_hash(seat)
    }

    fn outcome(&self) -> Option<Outcome> {
        self.0.outcome()
    }

    fn standings(&self) -> Outcome {
        self.0.standings()
    }

    fn fork(&self) -> Box<dyn World> {
        Box::new(Self(self.0.clone()))
    }

    fn checkpoint(&self) -> Vec<u8> {
        // A reference is written as what it refers to.
        codec::encode(&Checkpoint { rules: G::RULES, state: &self.0 })
    }
}
