//! A match in the hand of a test.

use playhouse_protocol::game::{Input, ViewTick};

use super::super::*;

pub(super) const UP: u8 = 0;
pub(super) const RIGHT: u8 = 1;
pub(super) const DOWN: u8 = 2;
pub(super) const LEFT: u8 = 3;

pub(super) struct Stage {
    pub(super) game: Snakes,
    pub(super) happened: Happenings,
}

impl Stage {
    /// So many players, who are not in yet and do not come in by themselves; no food.
    pub(super) fn new(settings: Settings, seats: u16) -> Self {
        let mut game = Snakes::new(&settings, 7);
        (0..seats).for_each(|seat| game.enter(Seat(seat)));
        game.players.iter_mut().for_each(|(_, player)| player.life = u32::MAX);
        game.settings.food = 0;
        Self { game, happened: Happenings::new() }
    }

    pub(super) fn open(seats: u16) -> Self {
        Self::new(Settings { walls: false, ..Settings::default() }, seats)
    }

    /// Puts a snake with its head there after it came along `way` for so many cells.
    pub(super) fn put(&mut self, seat: u16, head: (u8, u8), way: u8, length: u8) {
        let moves = self.game.moves;
        let player = self.player_mut(seat);
        player.alive = true;
        player.snake.come_in(head, way, moves.wrapping_sub(length - 1));
        (player.snake.length, player.snake.grows) = (length, 0);
    }

    pub(super) fn player(&self, seat: u16) -> &Player {
        &self.game.players[Seat(seat)]
    }

    pub(super) fn player_mut(&mut self, seat: u16) -> &mut Player {
        &mut self.game.players[Seat(seat)]
    }

    pub(super) fn lives(&self, seat: u16) -> bool {
        self.player(seat).alive
    }

    pub(super) fn cells(&self, seat: u16) -> Vec<(u8, u8)> {
        self.player(seat).snake.cells(self.game.ground(), self.game.moves).collect()
    }

    pub(super) fn lay(&mut self, at: (u8, u8)) {
        let free = self.game.food.iter_mut().find(|food| food.is_none()).unwrap();
        *free = Some(Food { at, born: 0 });
    }

    pub(super) fn food(&self) -> Vec<(u8, u8)> {
        self.game.food.iter().flatten().map(|food| food.at).collect()
    }

    /// One tick, in which those say that.
    pub(super) fn tick(&mut self, inputs: &[(u16, Input)]) {
        let input = |(seat, input): &(u16, Input)| {
            let view = ViewTick::default();
            SeatInput { seat: Seat(*seat), input: *input, view }
        };
        let inputs: Vec<_> = inputs.iter().map(input).collect();
        self.happened.clear();
        self.game.step(&inputs, &mut self.happened);
    }

    /// A whole move, in which those turn that way.
    pub(super) fn go(&mut self, ways: &[(u16, u8)]) {
        let inputs: Vec<_> = ways.iter().map(|(seat, way)| (*seat, schema::go(*way))).collect();
        if self.game.tick % TICKS_A_MOVE == 1 {
            self.tick(&[]);
        }
        self.tick(&inputs);
    }

    pub(super) fn moves(&mut self, count: u32) {
        (0..count).for_each(|_| self.go(&[]));
    }

    /// Who died in the last tick, and of whom: a seat and one.
    pub(super) fn deaths(&self) -> Vec<(i32, i32)> {
        let fields = self.happened.all().iter().map(|one| one.event.fields);
        fields.map(|fields| (fields[0], fields[1])).collect()
    }
}
