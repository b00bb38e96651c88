//! The ground: a square of walls and floor, where players come in and what lies about.
//!
//! It is 32 by 32 cells of 256 cm, so a place is 0 to 8,191 cm each way. Its text has a line for each row
//! of cells: `#` wall, `.` floor, `s` a place to come in, `h` health, `r` a rapid weapon. The edge is wall.

use serde::{Deserialize, Serialize};

use super::schema::ITEMS_MAX;

/// How many cells a ground has each way.
pub const CELLS: usize = 32;

/// How wide a cell is, as a power of two, in centimetres.
const CELL_BITS: u32 = 8;

/// Half the width of a player, in centimetres: they move as squares and are hit as circles.
pub const RADIUS: i32 = 40;

/// How many places to come in a ground has at most.
const SPAWNS_MAX: usize = 32;

/// Which ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Map {
    /// Walls and alleys.
    #[default]
    Yard,
    /// Hardly a wall: everybody sees everybody.
    Open,
}

impl Map {
    /// Every ground.
    pub const ALL: [Self; 2] = [Self::Yard, Self::Open];

    /// As settings name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yard => "yard",
            Self::Open => "open",
        }
    }

    /// Its text.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Yard => include_str!("yard.txt"),
            Self::Open => include_str!("open.txt"),
        }
    }

    /// What the text says.
    #[must_use]
    pub fn ground(self) -> &'static Ground {
        static GROUNDS: [Ground; 2] =
            [Ground::read(Map::Yard.text()), Ground::read(Map::Open.text())];
        &GROUNDS[self as usize]
    }
}

/// A ground.
#[derive(Debug)]
pub struct Ground {
    /// A bit for each cell of a row.
    walls: [u32; CELLS],
    spawns: Some32<(i32, i32)>,
    items: Some32<Item>,
}

/// Up to 32 of something.
#[derive(Debug)]
struct Some32<T> {
    all: [Option<T>; SPAWNS_MAX],
    count: usize,
}

/// Where something to pick up comes again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Centimetres.
    pub x: i32,
    /// Centimetres.
    pub y: i32,
    /// What.
    pub what: What,
}

/// What can be picked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Makes whole again.
    Health = 0,
    /// A weapon that fires at twice the rate, for a while.
    Rapid = 1,
}

impl<T: Copy> Some32<T> {
    const fn push(&mut self, one: T) {
        self.all[self.count] = Some(one);
        self.count += 1;
    }
}

impl Ground {
    const fn read(text: &str) -> Self {
        let text = text.as_bytes();
        assert!(text.len() == CELLS * (CELLS + 1), "a ground has 32 lines of 32 cells");
        let (mut walls, mut at) = ([0; CELLS], 0);
        let mut spawns = Some32 { all: [None; SPAWNS_MAX], count: 0 };
        let mut items = Some32 { all: [None; SPAWNS_MAX], count: 0 };
        while at < CELLS * CELLS {
            let (row, column) = (at / CELLS, at % CELLS);
            let (x, y) = (middle(column as i32), middle(row as i32));
            match text[row * (CELLS + 1) + column] {
                b'#' => walls[row] |= 1 << column,
                b's' => spawns.push((x, y)),
                b'h' => items.push(Item { x, y, what: What::Health }),
                b'r' => items.push(Item { x, y, what: What::Rapid }),
                b'.' => {}
                _ => panic!("a ground has walls, floor, places to come in and things"),
            }
            let edge = row == 0 || row == CELLS - 1 || column == 0 || column == CELLS - 1;
            assert!(!edge || text[row * (CELLS + 1) + column] == b'#', "the edge is wall");
            at += 1;
        }
        assert!(spawns.count > 0 && items.count <= ITEMS_MAX as usize, "players come in somewhere");
        Self { walls, spawns, items }
    }

    /// True if the cell is wall. Beyond the edge everything is.
    #[must_use]
    pub fn is_wall(&self, column: i32, row: i32) -> bool {
        let row = usize::try_from(row).ok().and_then(|row| self.walls.get(row));
        row.is_none_or(|row| !(0..CELLS as i32).contains(&column) || row >> column & 1 == 1)
    }

    /// Where to come in, one of them for each `chance`.
    #[must_use]
    pub fn spawn(&self, chance: u64) -> (i32, i32) {
        self.spawns.all[(chance % self.spawns.count as u64) as usize].unwrap_or_default()
    }

    /// What lies about, by number.
    pub fn items(&self) -> impl Iterator<Item = (usize, &Item)> {
        self.items.all.iter().flatten().enumerate()
    }

    /// Where a player at (`x`, `y`) is who goes `by` along x: there, or at the wall before it.
    #[must_use]
    pub fn slide_x(&self, x: i32, y: i32, by: i32) -> i32 {
        slide(x, y, by, |column, row| self.is_wall(column, row))
    }

    /// The same along y.
    #[must_use]
    pub fn slide_y(&self, x: i32, y: i32, by: i32) -> i32 {
        slide(y, x, by, |row, column| self.is_wall(column, row))
    }

    /// True if nothing stands between the two places: goes from cell to cell along the line.
    #[must_use]
    pub fn is_clear(&self, from: (i32, i32), to: (i32, i32)) -> bool {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let (mut column, mut row) = (cell(from.0), cell(from.1));
        let end = (cell(to.0), cell(to.1));
        // How far it is to the next cell each way, both in parts of the line's width times its height.
        let (width, height) = (i64::from(dx.abs()), i64::from(dy.abs()));
        let mut beside = edge(from.0, dx) * height;
        let mut below = edge(from.1, dy) * width;
        while !self.is_wall(column, row) {
            if (column, row) == end {
                return true;
            }
            if row == end.1 || column != end.0 && beside <= below {
                column += dx.signum();
                beside += height << CELL_BITS;
            } else {
                row += dy.signum();
                below += width << CELL_BITS;
            }
        }
        false
    }
}

/// The cell that a place is in.
#[must_use]
pub fn cell(place: i32) -> i32 {
    place >> CELL_BITS
}

/// The middle of a cell.
#[must_use]
pub const fn middle(cell: i32) -> i32 {
    (cell << CELL_BITS) + (1 << (CELL_BITS - 1))
}

/// How far it is from `place` to the next cell that way, in centimetres.
fn edge(place: i32, way: i32) -> i64 {
    let within = place & ((1 << CELL_BITS) - 1);
    i64::from(if way > 0 { (1 << CELL_BITS) - within } else { within + 1 })
}

/// Where a player is who goes `by` along one axis from `place`, while `across` on the other: `by` is less
/// than a cell, so there is one row of cells to run into.
fn slide(place: i32, across: i32, by: i32, is_wall: impl Fn(i32, i32) -> bool) -> i32 {
    let to = place + by;
    let ahead = cell(if by > 0 { to + RADIUS - 1 } else { to - RADIUS });
    let mut beside = cell(across - RADIUS)..=cell(across + RADIUS - 1);
    if by == 0 || !beside.any(|beside| is_wall(ahead, beside)) {
        return to;
    }
    let wall = ahead << CELL_BITS;
    if by > 0 { wall - RADIUS } else { wall + (1 << CELL_BITS) + RADIUS }
}
