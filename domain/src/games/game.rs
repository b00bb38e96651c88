//! What a game is.
//!
//! A game is a value that is stepped, one tick at a time, by what its players do. The same value and
//! the same inputs lead to the same value on every machine, to the bit: a game computes with integers
//! only, reads no clock, and draws what chance it needs from the seed that it was given. So a match can
//! be gone on with after a crash, and watched again from its inputs alone.
//!
//! What goes over the wire is the state itself: [`Game::write`] writes it into a [`Table`] without
//! rounding, since a game keeps its state in the units of its [`Schema`].

use playhouse_protocol::game::{EntitySet, Event, Input, Schema, Table, ViewTick};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::bot::Bot;
use super::{Seat, Shape, hash};
use crate::refusal::Refusal;

/// The rules of a game, and the state of one match of it. The state itself is what a checkpoint stores.
///
/// `step` and `write` allocate nothing once the match runs: everything has a bound, and its memory
/// is taken when a match begins or a player comes.
pub trait Game: Clone + Send + Serialize + DeserializeOwned + 'static {
    /// The game's name, part of addresses and records: stable for ever.
    const NAME: &'static str;
    /// The version of the rules. Another one plays the same inputs otherwise, so checkpoints and
    /// replays of another version are refused: raise it with every change of what a tick leads to.
    const RULES: u16;
    /// How many players it takes.
    const PLAYERS_MIN: u16;
    /// How many can play, at most [`SEATS_MAX`](super::SEATS_MAX).
    const PLAYERS_MAX: u16;
    /// True if a player may come while it is played.
    const JOIN_LATE: bool;
    /// What matches are formed for those who look for one.
    const SHAPE: Shape = Shape::free_for_all(Self::PLAYERS_MIN, Self::PLAYERS_MAX);
    /// What its entities, inputs and events consist of.
    const SCHEMA: &'static Schema;

    /// What can be chosen when a match is made. Read strictly from JSON.
    type Settings: Default + Serialize + DeserializeOwned;

    /// Checks what JSON alone does not.
    ///
    /// # Errors
    ///
    /// `bad_settings` with what is wrong.
    fn check(settings: &Self::Settings) -> Result<(), Refusal> {
        let _ = settings;
        Ok(())
    }

    /// A match that nobody has entered yet.
    fn new(settings: &Self::Settings, seed: u64) -> Self;

    /// How many ticks were played.
    fn tick(&self) -> u32;

    /// True if somebody has `seat`.
    fn has(&self, seat: Seat) -> bool;

    /// A player takes `seat`, between two ticks. A seat that is taken already stays as it is.
    fn enter(&mut self, seat: Seat);

    /// The player in `seat` is gone, between two ticks.
    fn leave(&mut self, seat: Seat);

    /// True if what the player in `seat` saw matters for what `input` does in the next tick. Where it does
    /// not, `step` is told of nothing that was seen, and the log has nothing of it.
    fn looks(&self, seat: Seat, input: Input) -> bool {
        let _ = (seat, input);
        false
    }

    /// One tick. `inputs` has at most one for each seat, by rising seat. A seat without one does nothing,
    /// which is the same as an input of zeros that saw nothing.
    fn step(&mut self, inputs: &[SeatInput], happened: &mut Happenings);

    /// Writes the state into `table`, all of it, from [`Table::begin`] on.
    fn write(&self, table: &mut Table);

    /// Puts every entity into `seen` that the player in `seat` may know of. `seen` is empty before. A game that
    /// hides nothing need not say so.
    fn visible(&self, seat: Seat, seen: &mut EntitySet) {
        let _ = seat;
        *seen = EntitySet::below(Self::SCHEMA.entities_max);
    }

    /// How much it matters to the player in `seat` to hear of the entity in `slot` soon: the higher, the
    /// sooner, where not everything has room.
    fn priority(&self, seat: Seat, slot: u16) -> u16 {
        let _ = (seat, slot);
        1
    }

    /// A hash of what the player in `seat` may know, for which it takes memory; with none, of the whole
    /// state.
    fn view_hash(&self, seat: Option<Seat>) -> u64 {
        let Some(seat) = seat else { return hash::of(self) };
        let (mut table, mut seen) = (Table::new(Self::SCHEMA), EntitySet::EMPTY);
        self.write(&mut table);
        self.visible(seat, &mut seen);
        hash::of_seen(&table, &seen)
    }

    /// How it came out, once it is over. It stays over.
    fn outcome(&self) -> Option<Outcome>;

    /// How it stands now.
    fn standings(&self) -> Outcome;

    /// What a client needs to show any match of the game beside its state, as JSON: walls, say.
    #[must_use]
    fn scenery() -> serde_json::Value {
        serde_json::Value::Null
    }

    /// A bot for `seat`, with chance of its own.
    fn bot(settings: &Self::Settings, seat: Seat, seed: u64) -> Box<dyn Bot>;
}

/// The settings of a game in which nothing can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoSettings {}

/// What the player in one seat does in one tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatInput {
    /// Who.
    pub seat: Seat,
    /// What they do.
    pub input: Input,
    /// What they saw when they did it.
    pub view: ViewTick,
}

/// What the player in `seat` does, of what [`Game::step`] is told that all do.
#[must_use]
pub fn input_of(inputs: &[SeatInput], seat: Seat) -> SeatInput {
    let nothing = SeatInput { seat, input: Input::NEUTRAL, view: ViewTick::default() };
    inputs.binary_search_by_key(&seat, |input| input.seat).map_or(nothing, |at| inputs[at])
}

/// How a match came out, or how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Everybody who plays, the best first.
    pub standings: Vec<Standing>,
}

/// How one player did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Who.
    pub seat: Seat,
    /// 1 for the best. Equal scores share a place.
    pub place: u16,
    /// As the game counts.
    pub score: i32,
}

impl Outcome {
    /// The outcome of these scores: the higher the better.
    #[must_use]
    pub fn by_score(scores: impl IntoIterator<Item = (Seat, i32)>) -> Self {
        let mut scores: Vec<_> = scores.into_iter().collect();
        scores.sort_by_key(|(seat, score)| (std::cmp::Reverse(*score), *seat));
        let mut standings: Vec<Standing> = Vec::with_capacity(scores.len());
        for (seat, score) in scores {
            let place = match standings.last() {
                Some(last) if last.score == score => last.place,
                _ => standings.len() as u16 + 1,
            };
            standings.push(Standing { seat, place, score });
        }
        Self { standings }
    }
}

/// What happened in one tick, and who hears of it. Made once and used again for every tick.
#[derive(Debug)]
pub struct Happenings {
    all: Vec<Happening>,
    suspicions: Vec<(Seat, Suspicion)>,
    dropped: u32,
}

/// One thing that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Happening {
    /// Who hears of it.
    pub hears: Hears,
    /// What happened, as a kind of the schema says.
    pub event: Event,
}

/// Who hears of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hears {
    /// Everybody in the match.
    All,
    /// The player in one seat.
    One(Seat),
}

/// What an honest client does not do. It gains nothing by it; it is noted so that somebody may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suspicion {
    /// An input that no client of ours makes.
    ImpossibleInput,
    /// It claims to have seen what was not there yet.
    SawTheFuture,
    /// It claims to have seen nothing since long ago.
    SawThePast,
}

impl Suspicion {
    /// The name in records and figures.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ImpossibleInput => "impossible_input",
            Self::SawTheFuture => "saw_the_future",
            Self::SawThePast => "saw_the_past",
        }
    }
}

impl Happenings {
    /// How much of one tick is kept, of either sort. 512: a game's own bounds keep it below; what is past
    /// it is counted and dropped.
    pub const MAX: usize = 512;

    /// Nothing happened yet.
    #[must_use]
    pub fn new() -> Self {
        let (all, suspicions) = (Vec::with_capacity(Self::MAX), Vec::with_capacity(Self::MAX));
        Self { all, suspicions, dropped: 0 }
    }

    /// Forgets everything: the next tick begins.
    pub fn clear(&mut self) {
        self.all.clear();
        self.suspicions.clear();
        self.dropped = 0;
    }

    /// Tells `hears` that the schema's event `kind` happened.
    pub fn tell(&mut self, hears: Hears, kind: u8, values: &[i32]) {
        match self.all.len() {
            Self::MAX => self.dropped += 1,
            _ => self.all.push(Happening { hears, event: Event::new(kind, values) }),
        }
    }

    /// Notes what the player in `seat` did that an honest client does not do.
    pub fn suspect(&mut self, seat: Seat, of: Suspicion) {
        match self.suspicions.len() {
            Self::MAX => self.dropped += 1,
            _ => self.suspicions.push((seat, of)),
        }
    }

    /// What happened, in order.
    #[must_use]
    pub fn all(&self) -> &[Happening] {
        &self.all
    }

    /// What no honest client does, in order.
    #[must_use]
    pub fn suspicions(&self) -> &[(Seat, Suspicion)] {
        &self.suspicions
    }

    /// How much there was no room for.
    #[must_use]
    pub fn dropped(&self) -> u32 {
        self.dropped
    }
}

impl Default for Happenings {
    fn default() -> Self {
        Self::new()
    }
}
