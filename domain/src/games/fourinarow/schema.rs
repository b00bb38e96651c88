//! What four in a row consists of on the wire: a board, how it stands, and two clocks.
//!
//! A clock that runs is carried by itself, so that a tick in which nobody moves costs nothing but its frame.

use playhouse_protocol::game::{EntityKind, Field, Group, Input, Schema};

/// The board. In slot 0.
pub const BOARD: u8 = 0;
/// How it stands. In slot 1.
pub const STANDS: u8 = 1;
/// A player's clock. In slot [`CLOCKS`] plus seat.
pub const CLOCK: u8 = 2;

/// The slots of the clocks.
pub const CLOCKS: u16 = 2;
const SLOTS: u16 = CLOCKS + 2;

/// The fields of [`STANDS`], by number.
pub mod stands {
    /// How many discs are in: the number of the move that is due.
    pub const DISCS: usize = 0;
    /// The seat that began.
    pub const FIRST: usize = 1;
    /// Who offers a draw: a seat and one; 0 nobody.
    pub const OFFER: usize = 2;
    /// 0 while it is played, else how it ended: [`super::super::How`].
    pub const ENDED: usize = 3;
    /// Who won: a seat and one; 0 nobody.
    pub const WINNER: usize = 4;
}

/// A one, then from below a bit for each disc: 0 of whoever began, 1 of the other.
const fn column(name: &'static str) -> [Field; 1] {
    [Field::unsigned(name, 7)]
}
const COLUMN_1: [Field; 1] = column("column_1");
const COLUMN_2: [Field; 1] = column("column_2");
const COLUMN_3: [Field; 1] = column("column_3");
const COLUMN_4: [Field; 1] = column("column_4");
const COLUMN_5: [Field; 1] = column("column_5");
const COLUMN_6: [Field; 1] = column("column_6");
const COLUMN_7: [Field; 1] = column("column_7");

const DISCS: [Field; 1] = [Field::unsigned("discs", 6).small(1)];
const FIRST: [Field; 1] = [Field::unsigned("first", 1)];
const OFFER: [Field; 1] = [Field::unsigned("offer", 2)];
const ENDED: [Field; 2] = [Field::unsigned("ended", 3), Field::unsigned("winner", 2)];

const RUNS: [Field; 1] = [Field::signed("runs", 2)];
/// In ticks.
const LEFT: [Field; 1] = [Field::unsigned("left", 16).small(3).carried(0, 0)];

/// What four in a row consists of.
pub static SCHEMA: Schema = Schema {
    name: "fourinarow",
    tick_hz: 20,
    entities_max: SLOTS,
    kinds: &[
        EntityKind {
            name: "board",
            groups: &[
                Group(&COLUMN_1),
                Group(&COLUMN_2),
                Group(&COLUMN_3),
                Group(&COLUMN_4),
                Group(&COLUMN_5),
                Group(&COLUMN_6),
                Group(&COLUMN_7),
            ],
        },
        EntityKind {
            name: "stands",
            groups: &[Group(&DISCS), Group(&FIRST), Group(&OFFER), Group(&ENDED)],
        },
        EntityKind { name: "clock", groups: &[Group(&RUNS), Group(&LEFT)] },
    ],
    input: &[
        // How many discs were in when it was chosen: what is meant for another move is not done.
        Field::unsigned("move", 6),
        // 0: nothing; 1 to 7: drop into that column.
        Field::unsigned("drop", 3),
        // 0: nothing; 1: offer a draw; 2: accept one; 3: resign.
        Field::unsigned("say", 2),
    ],
    events: &[],
};
const _: () = SCHEMA.prove();

/// What a player says beside dropping discs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Say {
    /// Nothing.
    #[default]
    Nothing,
    /// Offers a draw.
    Offer,
    /// Accepts one.
    Accept,
    /// Gives up.
    Resign,
}

/// What a player does in a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Action {
    /// How many discs were in when it was chosen.
    pub at: u8,
    /// Into which column to drop a disc, from 0.
    pub drop: Option<u8>,
    /// What to say.
    pub say: Say,
}

impl Action {
    /// What `input` says.
    #[must_use]
    pub fn of(input: Input) -> Self {
        let value = |at| SCHEMA.input_value(input, at);
        let say = match value(2) {
            1 => Say::Offer,
            2 => Say::Accept,
            3 => Say::Resign,
            _ => Say::Nothing,
        };
        Self { at: value(0) as u8, drop: (value(1) as u8).checked_sub(1), say }
    }

    /// As it is sent.
    #[must_use]
    pub fn input(self) -> Input {
        let drop = self.drop.map_or(0, |column| i32::from(column) + 1);
        SCHEMA.pack_input(&[self.at.into(), drop, self.say as i32])
    }
}
