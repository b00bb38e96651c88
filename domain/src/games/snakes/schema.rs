//! What snakes' entities, inputs and events consist of, and which slot is whose.
//!
//! A snake that goes straight on costs nothing: its head is carried by its speed, and the rest of it is told as the
//! bends it made, each of which stays what it is until its place in the ring is needed again.

use playhouse_protocol::game::{EntityKind, EventKind, Field, Group, Input, Schema};

use super::snake::Bend;

/// How many can play. 64: as many as a ground of 64 by 64 has room for.
pub const PLAYERS_MAX: u16 = 64;

/// How long a snake gets, in cells. 96: with one bend in each cell it still has room on the wire.
pub const LENGTH_MAX: u8 = 96;

/// How many bends of a snake are remembered: one for each cell that it can have.
pub const BENDS_MAX: u8 = LENGTH_MAX;

/// How much food lies about at most: what is put there, and what became of the fallen.
pub const FOOD_MAX: u16 = 128;

/// How many bends one entity tells. 8: a new one then costs a byte to say which of them it is.
pub const COIL: u16 = 8;
/// How many entities tell the bends of one snake.
pub const COILS_EACH: u16 = BENDS_MAX as u16 / COIL;

/// The slots of scores, one for each seat; those of heads come before.
pub const SCORES: u16 = PLAYERS_MAX;
/// The slots of food.
pub const FOODS: u16 = SCORES + PLAYERS_MAX;
/// The slots of bends, [`COILS_EACH`] for each seat.
pub const COILS: u16 = FOODS + FOOD_MAX;
const SLOTS: u16 = COILS + PLAYERS_MAX * COILS_EACH;

/// A snake: where its head is, how long it is, which bend is its newest. In the slot of the seat.
pub const HEAD: u8 = 0;
/// How a player stands. In [`SCORES`] plus seat.
pub const SCORE: u8 = 1;
/// Something to eat. In [`FOODS`] plus its number.
pub const FOOD: u8 = 2;
/// Eight bends. In [`COILS`] plus [`COILS_EACH`] times the seat, plus their number.
pub const COILED: u8 = 3;

/// A snake died: to all.
pub const DEATH: u8 = 0;

/// The fields of a head, by number.
pub mod head {
    /// Halves of a cell a tick.
    pub const VX: usize = 0;
    /// Halves of a cell a tick.
    pub const VY: usize = 1;
    /// Halves of a cell.
    pub const X: usize = 2;
    /// Halves of a cell.
    pub const Y: usize = 3;
    /// Cells.
    pub const LENGTH: usize = 4;
    /// The newest bend, by its number in the ring.
    pub const NEWEST: usize = 5;
}

const SPEED: [Field; 2] = [Field::signed("vx", 2), Field::signed("vy", 2)];
const PLACE: [Field; 2] = [
    Field::unsigned("x", 7).wrapping().small(2).carried(0, 0),
    Field::unsigned("y", 7).wrapping().small(2).carried(1, 0),
];
const SIZE: [Field; 1] = [Field::unsigned("length", 7).small(2)];
const NEWEST: [Field; 1] = [Field::unsigned("newest", 7).small(2)];

const STANDS: [Field; 3] = [
    Field::unsigned("best", 7).small(2),
    Field::unsigned("kills", 10).small(2),
    Field::unsigned("deaths", 10).small(2),
];
const LIES: [Field; 2] = [Field::unsigned("x", 6), Field::unsigned("y", 6)];

/// After which move, modulo 256, and which way from there.
const BEND: [Field; 2] = [Field::unsigned("at", 8), Field::unsigned("way", 2)];

const SEAT: u8 = 7;

/// What snakes consists of.
pub static SCHEMA: Schema = Schema {
    name: "snakes",
    tick_hz: 20,
    entities_max: SLOTS,
    kinds: &[
        EntityKind {
            name: "head",
            groups: &[Group(&SPEED), Group(&PLACE), Group(&SIZE), Group(&NEWEST)],
        },
        EntityKind { name: "score", groups: &[Group(&STANDS)] },
        EntityKind { name: "food", groups: &[Group(&LIES)] },
        EntityKind { name: "coil", groups: &[Group(&BEND); COIL as usize] },
    ],
    // 0: as before; 1 to 4: up, right, down, left.
    input: &[Field::unsigned("go", 3)],
    events: &[EventKind {
        name: "death",
        // Whom it ran into: 0 nobody but itself or a wall, else the seat and one.
        fields: &[Field::unsigned("whom", SEAT), Field::unsigned("by", SEAT)],
    }],
};
const _: () = SCHEMA.prove();

/// What `input` says: a way to go; none to go on. An error if there is no such way.
pub(super) fn wish(input: Input) -> Result<Option<u8>, ()> {
    match SCHEMA.input_value(input, 0) {
        0 => Ok(None),
        go @ 1..=4 => Ok(Some(go as u8 - 1)),
        _ => Err(()),
    }
}

/// The input of a player who wants to go `way`: 0 to 3 for up, right, down, left.
#[must_use]
pub fn go(way: u8) -> Input {
    SCHEMA.pack_input(&[i32::from(way % 4) + 1])
}

/// The slot and the field in which bend number `n` of the player in `seat` begins.
#[must_use]
pub fn place_of_bend(seat: u16, n: u8) -> (u16, usize) {
    let n = u16::from(n % BENDS_MAX);
    (COILS + seat * COILS_EACH + n / COIL, usize::from(n % COIL) * 2)
}

/// The bend that the `fields` of a coil hold from `at` on.
#[must_use]
pub fn bend_of(fields: &[i32], at: usize) -> Option<Bend> {
    let [after, way] = *fields.get(at..at + 2)? else { return None };
    Some(Bend { after: after as u8, way: way as u8 })
}
