//! What the arena's entities, inputs and events consist of, and which slot is whose.
//!
//! A slot belongs to a seat or a place on the ground for ever, and what stands in it is told from what
//! stood there before by the tick in which it came. So nothing that is out of sight moves what is seen to
//! another slot or number.

use playhouse_protocol::game::{EntityKind, EventKind, Field, Group, Input, Schema};

/// How many can play. 100: what one datagram a tick can tell of.
pub const PLAYERS_MAX: u16 = 100;

/// How many shots of one player fly at once. 3: the last of them fly out before the fastest weapon fires a
/// fourth.
pub const SHOTS_EACH: u16 = 3;

/// How many pick-ups a ground has at most.
pub const ITEMS_MAX: u16 = 24;

/// The slots of scores, one for each seat; those of avatars come before.
pub const SCORES: u16 = PLAYERS_MAX;
/// The slots of pick-ups.
pub const ITEMS: u16 = SCORES + PLAYERS_MAX;
/// The slots of shots, three for each seat.
pub const SHOTS: u16 = ITEMS + ITEMS_MAX;
const SLOTS: u16 = SHOTS + PLAYERS_MAX * SHOTS_EACH;

/// A player on the ground: speed, place, aim, health, what they have. In the slot of the seat.
pub const AVATAR: u8 = 0;
/// How a player stands. In [`SCORES`] plus seat.
pub const SCORE: u8 = 1;
/// Something to pick up. In [`ITEMS`] plus its number.
pub const ITEM: u8 = 2;
/// A shot. In [`SHOTS`] plus three times the seat, plus 0 to 2.
pub const SHOT: u8 = 3;

/// A shot hit: to who fired it and to who was hit.
pub const HIT: u8 = 0;
/// A player died: to all.
pub const KILL: u8 = 1;
/// A player picked something up: to them.
pub const PICK: u8 = 2;

/// The fields of an avatar, by number.
pub mod avatar {
    /// Centimetres a tick.
    pub const VX: usize = 0;
    /// Centimetres a tick.
    pub const VY: usize = 1;
    /// Centimetres.
    pub const X: usize = 2;
    /// Centimetres.
    pub const Y: usize = 3;
    /// 1,024ths of a turn.
    pub const AIM: usize = 4;
    /// 1 to 100.
    pub const HEALTH: usize = 5;
    /// 1 if it fires at twice the rate.
    pub const RAPID: usize = 6;
    /// 1 if it cannot be hurt.
    pub const SHIELD: usize = 7;
}

const SPEED: [Field; 2] = [Field::signed("vx", 6), Field::signed("vy", 6)];
const PLACE: [Field; 2] = [
    Field::unsigned("x", 13).small(6).carried(0, 0),
    Field::unsigned("y", 13).small(6).carried(1, 0),
];
const AIM: [Field; 1] = [Field::unsigned("aim", 10).wrapping().small(6)];
const HEALTH: [Field; 1] = [Field::unsigned("health", 7)];
const HAS: [Field; 2] = [Field::unsigned("rapid", 1), Field::unsigned("shield", 1)];

const FRAGS: [Field; 2] =
    [Field::unsigned("frags", 10).small(2), Field::unsigned("deaths", 10).small(2)];

const THING: [Field; 3] =
    [Field::unsigned("x", 13), Field::unsigned("y", 13), Field::unsigned("what", 1)];

const FLIGHT: [Field; 4] = [
    Field::signed("vx", 8),
    Field::signed("vy", 8),
    Field::unsigned("x", 13).carried(0, 0),
    Field::unsigned("y", 13).carried(1, 0),
];

const SEAT: u8 = 7;

/// What the arena consists of.
pub static SCHEMA: Schema = Schema {
    name: "arena",
    tick_hz: 30,
    entities_max: SLOTS,
    kinds: &[
        EntityKind {
            name: "avatar",
            groups: &[Group(&SPEED), Group(&PLACE), Group(&AIM), Group(&HEALTH), Group(&HAS)],
        },
        EntityKind { name: "score", groups: &[Group(&FRAGS)] },
        EntityKind { name: "item", groups: &[Group(&THING)] },
        EntityKind { name: "shot", groups: &[Group(&FLIGHT)] },
    ],
    input: &[
        // 0: stand; 1 to 16: go along so many sixteenths of a turn, less one.
        Field::unsigned("go", 5),
        Field::unsigned("aim", 10).wrapping().small(5),
        Field::unsigned("fire", 1),
    ],
    events: &[
        EventKind {
            name: "hit",
            fields: &[
                Field::unsigned("by", SEAT),
                Field::unsigned("whom", SEAT),
                // Where the shot flew.
                Field::unsigned("along", 10),
            ],
        },
        EventKind {
            name: "kill",
            fields: &[Field::unsigned("by", SEAT), Field::unsigned("whom", SEAT)],
        },
        EventKind { name: "pick", fields: &[Field::unsigned("what", 1)] },
    ],
};
const _: () = SCHEMA.prove();

/// What a player does in a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Action {
    /// 0: stand. 1 to 16: go along so many sixteenths of a turn, less one.
    pub go: u8,
    /// Where to look, in 1,024ths of a turn.
    pub aim: u16,
    /// Fire, if the weapon is ready.
    pub fire: bool,
}

impl Action {
    /// What `input` says.
    #[must_use]
    pub fn of(input: Input) -> Self {
        let value = |at| SCHEMA.input_value(input, at);
        Self { go: value(0) as u8, aim: value(1) as u16, fire: value(2) == 1 }
    }

    /// As it is sent.
    #[must_use]
    pub fn input(self) -> Input {
        SCHEMA.pack_input(&[self.go.into(), self.aim.into(), self.fire.into()])
    }
}
