//! What is told of a match of snakes: everything, to everybody.

use playhouse_protocol::game::Table;

use super::schema::{
    COIL, COILED, COILS, COILS_EACH, FOOD, FOODS, HEAD, PLAYERS_MAX, SCORE, SCORES,
};
use super::snake::{Bend, STEPS};
use super::{Player, Snakes, TICKS_A_MOVE};
use crate::games::Seat;

impl Snakes {
    pub(super) fn write_table(&self, table: &mut Table) {
        table.begin(self.tick);
        for (Seat(seat), player) in self.players.iter() {
            if player.alive {
                self.write_snake(table, seat, player);
            }
            let stands = [player.best.into(), player.kills.into(), player.deaths.into()];
            table.put(SCORES + seat, SCORE, player.entered as u8, &stands);
        }
        for (n, food) in self.food.iter().enumerate() {
            let Some(food) = food else { continue };
            let (x, y) = food.at;
            table.put(FOODS + n as u16, FOOD, food.born as u8, &[x.into(), y.into()]);
        }
    }

    fn write_snake(&self, table: &mut Table, seat: u16, player: &Player) {
        let (snake, life) = (&player.snake, player.life as u8);
        let (vx, vy) = STEPS[usize::from(snake.way() % 4)];
        // Who came in has not gone anywhere yet.
        let stands = snake.length == 1;
        let (vx, vy) = if stands { (0, 0) } else { (i32::from(vx), i32::from(vy)) };
        let (x, y) = (self.halves(snake.head.0, vx), self.halves(snake.head.1, vy));
        let (length, newest) = (snake.length.into(), snake.newest.into());
        table.put(seat, HEAD, life, &[vx, vy, x, y, length, newest]);
        let coils = snake.bends.chunks(usize::from(COIL));
        for (n, bends) in (0..u16::from(snake.made).div_ceil(COIL)).zip(coils) {
            let mut values = [0; 2 * COIL as usize];
            for (n, Bend { after, way }) in bends.iter().enumerate() {
                [values[2 * n], values[2 * n + 1]] = [i32::from(*after), i32::from(*way)];
            }
            table.put(COILS + seat * COILS_EACH + n, COILED, life, &values);
        }
    }

    /// A head's place along one axis, in halves of a cell: in the first tick of a move it is half-way there.
    fn halves(&self, cell: u8, speed: i32) -> i32 {
        let back = if self.tick % TICKS_A_MOVE == 1 { speed } else { 0 };
        (2 * i32::from(cell) - back).rem_euclid(2 * i32::from(self.settings.size))
    }

    /// The nearer the sooner, one's own before all; food and scores at last.
    pub(super) fn urgency(&self, seat: Seat, slot: u16) -> u16 {
        let of = match slot {
            head if head < PLAYERS_MAX => head,
            COILS.. => (slot - COILS) / COILS_EACH,
            _ => return 1,
        };
        let (own, other) = (self.players.get(seat), self.players.get(Seat(of)));
        let (Some(own), Some(other)) = (own, other) else { return 1 };
        if of == seat.0 {
            return u16::MAX;
        }
        let (own, other) = (own.snake.head, other.snake.head);
        let far = own.0.abs_diff(other.0).max(own.1.abs_diff(other.1));
        200 - u16::from(far)
    }
}
