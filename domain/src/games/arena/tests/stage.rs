//! A match in the hand of a test.

use playhouse_protocol::game::{EntitySet, Table, ViewTick};

use super::super::*;
use crate::games::game::Happening;

pub(super) struct Stage {
    pub(super) arena: Arena,
    pub(super) happened: Happenings,
}

impl Stage {
    pub(super) fn new(settings: Settings, seats: u16) -> Self {
        let mut arena = Arena::new(&settings, 7);
        (0..seats).for_each(|seat| arena.enter(Seat(seat)));
        let mut stage = Self { arena, happened: Happenings::new() };
        stage.step(&[]);
        stage
    }

    /// On the open ground.
    pub(super) fn open(seats: u16) -> Self {
        Self::new(Settings { map: Map::Open, ..Settings::default() }, seats)
    }

    /// Puts a player somewhere, without a shield.
    pub(super) fn put(&mut self, seat: u16, x: i32, y: i32) {
        let tick = self.arena.tick;
        let player = self.player_mut(seat);
        (player.body.x, player.body.y) = (x, y);
        (player.shield, player.past) = (0, Past::default());
        player.past.note(tick, x, y);
    }

    pub(super) fn player(&self, seat: u16) -> &Player {
        &self.arena.players[Seat(seat)]
    }

    pub(super) fn player_mut(&mut self, seat: u16) -> &mut Player {
        &mut self.arena.players[Seat(seat)]
    }

    /// One tick, in which those do that, seeing what is there now.
    pub(super) fn step(&mut self, actions: &[(u16, Action)]) {
        let view = ViewTick { tick: self.arena.tick + 1, frac: 0 };
        let inputs: Vec<_> = actions
            .iter()
            .map(|(seat, action)| SeatInput { seat: Seat(*seat), input: action.input(), view })
            .collect();
        self.step_inputs(&inputs);
    }

    pub(super) fn step_inputs(&mut self, inputs: &[SeatInput]) {
        self.happened.clear();
        self.arena.step(inputs, &mut self.happened);
    }

    pub(super) fn wait(&mut self, ticks: u32) {
        (0..ticks).for_each(|_| self.step(&[]));
    }

    pub(super) fn events(&self, kind: u8) -> Vec<Happening> {
        self.happened.all().iter().filter(|one| one.event.kind == kind).copied().collect()
    }

    pub(super) fn table(&self) -> Table {
        let mut table = Table::new(&schema::SCHEMA);
        self.arena.write(&mut table);
        table
    }

    pub(super) fn seen(&self, seat: u16) -> EntitySet {
        let mut seen = EntitySet::EMPTY;
        self.arena.visible(Seat(seat), &mut seen);
        seen
    }
}

pub(super) fn fire(aim: i32) -> Action {
    Action { go: 0, aim: aim as u16, fire: true }
}

pub(super) fn go(way: u8) -> Action {
    Action { go: way, ..Action::default() }
}
