//! The board as bits, against a board that is looked at cell by cell.

use proptest::prelude::*;

use super::super::board::{Board, CELLS, COLUMNS, ROWS};

/// A board cell by cell: 1 for the discs of whoever began, 2 for the other's.
#[derive(Clone, Default)]
pub(super) struct Slow {
    cells: [[u8; ROWS as usize]; COLUMNS as usize],
    discs: u8,
}

impl Slow {
    pub(super) fn height(&self, column: u8) -> usize {
        self.cells[usize::from(column)].iter().filter(|cell| **cell != 0).count()
    }

    pub(super) fn has_room(&self, column: u8) -> bool {
        self.height(column) < usize::from(ROWS)
    }

    pub(super) fn drop(&mut self, column: u8) {
        let height = self.height(column);
        self.cells[usize::from(column)][height] = 1 + self.discs % 2;
        self.discs += 1;
    }

    pub(super) fn after(&self, column: u8) -> Self {
        let mut after = self.clone();
        after.drop(column);
        after
    }

    /// As if whoever is to move had moved nowhere.
    pub(super) fn after_skip(&self) -> Self {
        Self { discs: self.discs + 1, ..self.clone() }
    }

    fn at(&self, column: i32, row: i32) -> u8 {
        let cell = |column: usize, row: usize| self.cells.get(column)?.get(row).copied();
        let places = usize::try_from(column).ok().zip(usize::try_from(row).ok());
        places.and_then(|(column, row)| cell(column, row)).unwrap_or(0)
    }

    pub(super) fn has_four(&self, of: u8) -> bool {
        let ways = [(0, 1), (1, 0), (1, 1), (1, -1)];
        let places = (0..7).flat_map(|column| (0..6).map(move |row| (column, row)));
        places.clone().any(|(x, y)| {
            ways.iter().any(|(dx, dy)| (0..4).all(|n| self.at(x + dx * n, y + dy * n) == of))
        })
    }

    /// True if a disc of `of` in that free cell would make four.
    fn would_win(&self, of: u8, column: u8, row: u8) -> bool {
        let mut with = self.clone();
        let cell = &mut with.cells[usize::from(column)][usize::from(row)];
        *cell == 0 && {
            *cell = of;
            with.has_four(of)
        }
    }
}

/// Plays `columns` for as long as nobody has won; what is full is left out.
pub(super) fn played(columns: &[u8]) -> (Board, Slow) {
    let (mut board, mut slow) = (Board::default(), Slow::default());
    for column in columns {
        if slow.has_room(*column) && !slow.has_four(1) && !slow.has_four(2) {
            board = board.drop(*column);
            slow.drop(*column);
        }
    }
    (board, slow)
}

proptest! {
    #[test]
    fn the_bits_say_what_the_cells_say(
        columns in proptest::collection::vec(0..COLUMNS, 0..60),
    ) {
        let (board, slow) = played(&columns);
        let mover = 1 + slow.discs % 2;
        prop_assert_eq!(board.discs(), slow.discs);
        prop_assert_eq!(board.is_won(), slow.has_four(3 - mover));
        prop_assert_eq!(board.is_full(), slow.discs == CELLS);
        for column in 0..COLUMNS {
            prop_assert_eq!(board.has_room(column), slow.has_room(column));
            for row in 0..ROWS {
                let bit = |cells: u64| Board::within(cells, column) >> (column * 7 + row) & 1 == 1;
                prop_assert_eq!(bit(board.open()), slow.height(column) == usize::from(row));
                if !board.is_won() {
                    prop_assert_eq!(bit(board.wins()), slow.would_win(mover, column, row));
                    prop_assert_eq!(bit(board.threats()), slow.would_win(3 - mover, column, row));
                }
            }
        }
    }

    #[test]
    fn a_board_is_told_and_read_as_it_is(
        columns in proptest::collection::vec(0..COLUMNS, 0..60),
    ) {
        let (board, _) = played(&columns);
        let told: Vec<_> = (0..COLUMNS).map(|column| i32::from(board.column(column))).collect();
        prop_assert_eq!(Board::of(&told), board);
    }

    #[test]
    fn whatever_is_told_is_read_as_some_board(told in proptest::collection::vec(any::<i32>(), 0..9)) {
        prop_assert!(Board::of(&told).discs() <= CELLS);
    }

    #[test]
    fn a_safe_cell_does_not_lose_at_once_and_every_other_does(
        columns in proptest::collection::vec(0..COLUMNS, 0..40),
    ) {
        let (board, slow) = played(&columns);
        let mover = 1 + slow.discs % 2;
        let wins = |of: u8, slow: &Slow| {
            (0..COLUMNS).any(|column| slow.has_room(column) && slow.after(column).has_four(of))
        };
        if board.is_won() || wins(mover, &slow) {
            return Ok(());
        }
        for column in (0..COLUMNS).filter(|column| slow.has_room(*column)) {
            let safe = Board::within(board.safe(), column) != 0;
            let after = slow.after(column);
            prop_assert_eq!(safe, !wins(3 - mover, &after), "column {}", column);
        }
    }
}
