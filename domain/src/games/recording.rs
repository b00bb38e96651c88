//! Playing a match and logging it at once, so that neither can be done without the other.
//!
//! What a ticker does with a match, but for time and connections:
//!
//! 1. `Command::TakeUp` gives a [`Run`]; [`Recording::begin`] makes the world of it, as it was at the
//!    last durable tick.
//! 2. [`Recording::align`] brings it to who plays now, whenever an answer has another [`Roster`].
//! 3. [`Recording::step`], 30 times a second.
//! 4. [`Recording::take`], four times a second, gives what `Command::Ticks` makes durable.
//! 5. Once [`World::outcome`] says so, or an answer asks for it, and every tick is durable:
//!    [`Recording::finished`] is the duty's result.
//!
//! If `step` panics, the recording is of no use any more but for [`Recording::salvage`]; then
//! `Command::Fault`, and again from 1.

use playhouse_protocol::game::ViewTick;

use super::game::{Happenings, SeatInput};
use super::log::{Logged, Writer, logged};
use super::match_room::{Finished, Roster, Run, Ticks};
use super::replay::{Replay, ReplayError};
use super::world::World;
use super::{SEATS_MAX, Seat};

/// Who has a seat in the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    Nobody,
    Bot,
    /// A person, by the number that the roster has.
    Person(u32),
    /// Somebody who may not be in the roster any more.
    Stranger,
}

/// A match that is played and logged.
pub struct Recording {
    world: Box<dyn World>,
    writer: Writer,
    epoch: u32,
    /// The roster's version that the world was brought to, and the one it had in the last tick.
    roster: u32,
    stepped: u32,
    holders: Vec<Holder>,
    /// How many ticks are in what was taken.
    taken: u32,
    without: Option<u32>,
    inputs: Vec<SeatInput>,
    logged: Vec<Logged>,
}

impl Recording {
    /// The match of `run`, as it was at its last durable tick, with who plays now.
    ///
    /// # Errors
    ///
    /// [`ReplayError`] if what is stored of it cannot be played by these rules.
    pub fn begin(run: &Run) -> Result<Self, ReplayError> {
        let world = match &run.checkpoint {
            None => run.head.open()?,
            Some(checkpoint) => run.head.kind()?.restore(checkpoint)?,
        };
        let mut replay = Replay::from(world, &run.ticks);
        while replay.play_tick()? {}
        let world = replay.into_world();
        let writer = Writer::new(world.kind().schema(), world.tick(), &world.seats());
        let mut holders = vec![Holder::Nobody; usize::from(SEATS_MAX)];
        world.seats().iter().for_each(|seat| holders[seat.index()] = Holder::Stranger);
        let known = run.roster.people.iter().filter(|(_, number)| *number <= run.aligned);
        for (seat, number) in known.filter(|(seat, _)| world.has(*seat)) {
            holders[seat.index()] = Holder::Person(*number);
        }
        let bots = run.roster.bots.iter().filter(|seat| world.has(**seat));
        bots.for_each(|seat| holders[seat.index()] = Holder::Bot);
        let (epoch, taken, without) = (run.epoch, world.tick(), run.without);
        let seats = usize::from(SEATS_MAX);
        let (inputs, logged) = (Vec::with_capacity(seats), Vec::with_capacity(seats));
        let (roster, stepped) = (run.aligned, run.aligned);
        let mut recording =
            Self { world, writer, epoch, roster, stepped, holders, taken, without, inputs, logged };
        recording.align(&run.roster);
        Ok(recording)
    }

    /// Brings the world to who plays now, before the next tick.
    pub fn align(&mut self, roster: &Roster) {
        let mut wanted = vec![Holder::Nobody; self.holders.len()];
        let seats = wanted.len();
        let people = roster.people.iter().filter(|(seat, _)| seat.index() < seats);
        people.for_each(|(seat, number)| wanted[seat.index()] = Holder::Person(*number));
        let bots = roster.bots.iter().filter(|seat| seat.index() < seats);
        bots.for_each(|seat| wanted[seat.index()] = Holder::Bot);
        for (at, wanted) in wanted.into_iter().enumerate() {
            let held = std::mem::replace(&mut self.holders[at], wanted);
            if held == wanted {
                continue;
            }
            let seat = Seat(at as u16);
            if held != Holder::Nobody {
                self.world.leave(seat);
                self.writer.change(seat, false);
            }
            if wanted != Holder::Nobody {
                self.world.enter(seat);
                self.writer.change(seat, true);
            }
        }
        self.roster = roster.version;
    }

    /// Plays one tick. `inputs` has at most one for each seat, by rising seat; others are left out, and who
    /// has none does nothing.
    pub fn step(&mut self, inputs: &[SeatInput], happened: &mut Happenings) {
        let given = if self.without == Some(self.world.tick() + 1) { &[] } else { inputs };
        let mut given = given.iter().peekable();
        self.inputs.clear();
        self.logged.clear();
        for seat in (0..SEATS_MAX).map(Seat).filter(|seat| self.world.has(*seat)) {
            while given.next_if(|input| input.seat < seat).is_some() {}
            let own = given.next_if(|input| input.seat == seat);
            let (input, view) = own.map_or_else(Default::default, |own| (own.input, own.view));
            let input = self.world.kind().schema().known_bits(input);
            let looks = self.world.looks(seat, input);
            let view = if looks { logged(view) } else { ViewTick::default() };
            let did = SeatInput { seat, input, view };
            self.inputs.push(did);
            self.logged.push(Logged { did, looks });
        }
        self.world.step(&self.inputs, happened);
        self.writer.tick(&self.logged);
        self.stepped = self.roster;
    }

    /// The ticks since the last time, to be made durable; with `checkpoint` also the whole world, so that
    /// nothing before has to be played again.
    pub fn take(&mut self, checkpoint: bool) -> Ticks {
        if !checkpoint {
            return self.pack(None);
        }
        let (ticks, world) = self.take_and_fork();
        Ticks { checkpoint: Some(world.checkpoint()), ..ticks }
    }

    /// As [`Self::take`] with a checkpoint, which is still to be made, of the copy of the world: where it
    /// holds nobody up.
    pub fn take_and_fork(&mut self) -> (Ticks, Box<dyn World>) {
        let ticks = self.pack(Some(self.world.hash()));
        self.writer.anew();
        (ticks, self.world.fork())
    }

    /// After a panic in [`Self::step`]: the ticks before it, which are as good as any.
    #[must_use]
    pub fn salvage(mut self) -> Ticks {
        self.pack(None)
    }

    fn pack(&mut self, hash: Option<u64>) -> Ticks {
        let (epoch, from, roster) = (self.epoch, self.taken, self.stepped);
        // By what is logged: after a panic the world may count otherwise.
        self.taken += self.writer.waiting();
        let packed = self.writer.take(hash);
        Ticks { epoch, from, to: self.taken, packed, checkpoint: None, roster }
    }

    /// What ends the duty, once every tick is durable.
    #[must_use]
    pub fn finished(&self) -> Finished {
        let outcome = self.world.outcome().unwrap_or_else(|| self.world.standings());
        Finished { ticks: self.taken, outcome }
    }

    /// The world.
    #[must_use]
    pub fn world(&self) -> &dyn World {
        &*self.world
    }

    /// The match epoch.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// How many ticks were not taken yet.
    #[must_use]
    pub fn waiting(&self) -> u32 {
        self.writer.waiting()
    }
}
