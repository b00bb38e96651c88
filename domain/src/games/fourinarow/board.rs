//! The board, as bits.
//!
//! A column has seven bits, six cells from below and one that stays empty, so that a row of four never reaches from
//! one column's top into the next one's bottom. A position is two words: the discs of whoever is to move, and all
//! discs. To add one to the lowest bit of a column carries up to its first free cell.

use serde::{Deserialize, Serialize};

/// How many columns there are.
pub const COLUMNS: u8 = 7;
/// How many cells a column has.
pub const ROWS: u8 = 6;
/// How many cells there are.
pub const CELLS: u8 = COLUMNS * ROWS;

/// How far the next cell of a line is: upwards, aside, and aslant both ways.
const WAYS: [u32; 4] = [1, HEIGHT, HEIGHT - 1, HEIGHT + 1];
const HEIGHT: u32 = ROWS as u32 + 1;
/// The lowest cell of every column.
const BOTTOM: u64 = {
    let (mut bits, mut column) = (0, 0);
    while column < COLUMNS as u32 {
        bits |= 1 << (column * HEIGHT);
        column += 1;
    }
    bits
};
/// Every cell.
const BOARD: u64 = BOTTOM * ((1 << ROWS) - 1);

const fn column_of(column: u8) -> u64 {
    ((1 << ROWS) - 1) << (column as u32 * HEIGHT)
}

/// Where the discs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Board {
    /// The discs of whoever is to move.
    mine: u64,
    /// All discs.
    all: u64,
}

impl Board {
    /// How many discs are in.
    #[must_use]
    pub fn discs(&self) -> u8 {
        self.all.count_ones() as u8
    }

    /// True if every cell is taken.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.all == BOARD
    }

    /// True if there is room in `column`.
    #[must_use]
    pub fn has_room(&self, column: u8) -> bool {
        column < COLUMNS && self.all & column_of(column) != column_of(column)
    }

    /// The board after whoever is to move drops a disc into `column`, which has room: then the other is to move.
    #[must_use]
    pub fn drop(&self, column: u8) -> Self {
        let lowest = 1 << (u32::from(column) * HEIGHT);
        Self { mine: self.mine ^ self.all, all: self.all | (self.all + lowest) }
    }

    /// True if the discs that are not of whoever is to move have four in a row.
    #[must_use]
    pub fn is_won(&self) -> bool {
        has_four(self.mine ^ self.all)
    }

    /// The free cells by which whoever is to move would win, whether they can be dropped into yet or not.
    #[must_use]
    pub fn wins(&self) -> u64 {
        completing(self.mine, self.all)
    }

    /// The same of the other one.
    #[must_use]
    pub fn threats(&self) -> u64 {
        completing(self.mine ^ self.all, self.all)
    }

    /// The cells that a disc can fall to now.
    #[must_use]
    pub fn open(&self) -> u64 {
        (self.all + BOTTOM) & BOARD
    }

    /// Of `cells`, those in `column`.
    #[must_use]
    pub fn within(cells: u64, column: u8) -> u64 {
        cells & column_of(column)
    }

    /// The cells that can be dropped into without losing at once: none if the other wins in any case.
    #[must_use]
    pub fn safe(&self) -> u64 {
        let (open, threats) = (self.open(), self.threats());
        let forced = open & threats;
        let open = match forced.count_ones() {
            0 => open,
            1 => forced,
            _ => 0,
        };
        // Not below a cell by which the other wins.
        open & !(threats >> 1)
    }

    /// A number that no other position has.
    #[must_use]
    pub fn key(&self) -> u64 {
        self.mine + self.all + BOTTOM
    }

    /// Column `column` as it is told: a one, then from below a bit for each disc, set if it is of whoever made an
    /// odd number of moves: of the second one.
    #[must_use]
    pub fn column(&self, column: u8) -> u8 {
        let second = if self.discs().is_multiple_of(2) { self.mine ^ self.all } else { self.mine };
        let cells = |bits: u64| (bits & column_of(column)) >> (u32::from(column) * HEIGHT);
        let (all, second) = (cells(self.all), cells(second));
        let height = all.count_ones();
        (0..height).fold(1, |told, row| told << 1 | (second >> row & 1) as u8)
    }

    /// The board whose columns are told so. Columns that cannot be are empty.
    #[must_use]
    pub fn of(columns: &[i32]) -> Self {
        let (mut all, mut second) = (0_u64, 0_u64);
        for (column, told) in (0..u32::from(COLUMNS)).zip(columns) {
            let told = u32::try_from(*told).unwrap_or(0).clamp(1, 127);
            let height = told.ilog2();
            for row in 0..height {
                let cell = 1 << (column * HEIGHT + row);
                all |= cell;
                if told >> (height - 1 - row) & 1 == 1 {
                    second |= cell;
                }
            }
        }
        // Whoever began is to move after an even number of discs.
        let is_first = all.count_ones().is_multiple_of(2);
        Self { mine: if is_first { all ^ second } else { second }, all }
    }
}

fn has_four(discs: u64) -> bool {
    WAYS.into_iter().any(|way| {
        let pairs = discs & discs >> way;
        pairs & pairs >> (2 * way) != 0
    })
}

/// The free cells beside three of `discs` in a line of four.
fn completing(discs: u64, all: u64) -> u64 {
    let mut cells = 0;
    for way in WAYS {
        let [up, down] = [discs << way, discs >> way];
        let (pairs_up, pairs_down) = (up & discs << (2 * way), down & discs >> (2 * way));
        // Three below and three above it, and two with one beyond.
        cells |= pairs_up & (discs << (3 * way) | down);
        cells |= pairs_down & (discs >> (3 * way) | up);
    }
    cells & (BOARD ^ all)
}
