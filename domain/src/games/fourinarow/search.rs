//! Looking ahead, so many positions at a time.
//!
//! Negamax with alpha-beta pruning and deepening, over positions as bits, with a table of positions that were seen:
//! the way that John Tromp's Fhourstones benchmark and Pascal Pons' series "Solving Connect 4"
//! (blog.gamesolver.org) describe. The code is our own, and differs in one thing: the search keeps its own stack, so
//! that it can stop after any number of positions and go on in the next tick. It is deterministic.

use super::board::{Board, CELLS, COLUMNS};

/// What a win is worth, less the number of discs at its end: sooner is better.
const WIN: i16 = 1000;
/// What no position is worth.
const INFINITE: i16 = 2000;

/// How many positions are remembered, a power of two. 8,192: 128 KiB for each computer that plays.
const REMEMBERED: usize = 1 << 13;

/// A position that was seen, and what it is worth at least, at most, or just.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    key: u64,
    value: i16,
    depth: u8,
    bound: Bound,
    best: u8,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Bound {
    #[default]
    Nothing,
    Least,
    Most,
    Exact,
}

/// A position that is being looked at.
#[derive(Debug, Clone, Copy)]
struct Frame {
    board: Board,
    depth: u8,
    alpha: i16,
    beta: i16,
    /// The alpha that it began with.
    from: i16,
    value: i16,
    best: u8,
    /// Columns to drop into, the likely ones first, and how many of them were looked at.
    columns: [u8; COLUMNS as usize],
    count: u8,
    next: u8,
}

/// A search for the best column.
pub(super) struct Search {
    stack: Vec<Frame>,
    seen: Box<[Seen]>,
    /// Columns in the order in which equal ones are tried.
    order: [u8; COLUMNS as usize],
    root: Board,
    depth: u8,
    /// The deepest that it looks.
    deepest: u8,
    /// What was found at the last whole depth: the column, and what it is worth.
    found: Option<(u8, i16)>,
}

impl Search {
    /// Tries equal columns from the middle on, first left or first right as `chance` says.
    pub(super) fn new(chance: u64) -> Self {
        let mut order = [3, 2, 4, 1, 5, 0, 6];
        for pair in 0..3 {
            if chance >> pair & 1 == 1 {
                order.swap(2 * pair + 1, 2 * pair + 2);
            }
        }
        let stack = Vec::with_capacity(usize::from(CELLS) + 1);
        let seen = vec![Seen::default(); REMEMBERED].into();
        let root = Board::default();
        Self { stack, seen, order, root, depth: 0, deepest: 0, found: None }
    }

    /// Begins anew, with `root`, to look at most `deepest` discs ahead.
    pub(super) fn begin(&mut self, root: Board, deepest: u8) {
        self.stack.clear();
        (self.root, self.depth, self.found) = (root, 0, None);
        self.deepest = deepest.min(CELLS - root.discs());
    }

    /// What was found: the column, and whether it is above, below or just 0.
    pub(super) fn found(&self) -> Option<(u8, i16)> {
        self.found
    }

    /// Looks at up to `positions` more. True if there is nothing more to look for.
    pub(super) fn run(&mut self, positions: u32) -> bool {
        let mut left = positions;
        while left > 0 {
            if self.stack.is_empty() {
                let decided = self.found.is_some_and(|(_, value)| value.abs() > WIN / 2);
                if self.depth >= self.deepest || decided {
                    return true;
                }
                self.depth += 1;
                left -= 1;
                if let Err(value) = self.open(self.root, self.depth, -INFINITE, INFINITE) {
                    // It is decided with the next disc.
                    self.found = self.at_once().map(|column| (column, value));
                    return true;
                }
            }
            left = left.saturating_sub(1);
            self.advance();
        }
        false
    }

    /// The column by which the root is won at once, or else any.
    fn at_once(&self) -> Option<u8> {
        let (open, wins, threats) = (self.root.open(), self.root.wins(), self.root.threats());
        let any = |cells: u64| {
            self.order.into_iter().find(|column| Board::within(open & cells, *column) != 0)
        };
        any(wins).or_else(|| any(threats)).or_else(|| any(open))
    }

    /// Begins to look at `board`; or what it is worth, where that is known.
    fn open(&mut self, board: Board, depth: u8, alpha: i16, beta: i16) -> Result<(), i16> {
        let discs = i16::from(board.discs());
        if board.is_full() {
            return Err(0);
        }
        if board.open() & board.wins() != 0 {
            return Err(WIN - discs - 1);
        }
        let safe = board.safe();
        if safe == 0 {
            // It is lost with the other's next disc, if there is room for it.
            let last = board.discs() + 1 == CELLS;
            return Err(if last { 0 } else { discs + 2 - WIN });
        }
        if depth == 0 {
            return Err(guess(&board));
        }
        let known = self.seen[slot(&board)];
        let known = (known.key == board.key()).then_some(known);
        if let Some(known) = known.filter(|known| known.depth >= depth && !self.stack.is_empty()) {
            match known.bound {
                Bound::Exact => return Err(known.value),
                Bound::Least if known.value >= beta => return Err(known.value),
                Bound::Most if known.value <= alpha => return Err(known.value),
                _ => {}
            }
        }
        let first = known.map_or(u8::MAX, |known| known.best);
        let (columns, count) = self.likely(&board, safe, first);
        let (from, value, best) = (alpha, -INFINITE, columns[0]);
        let frame = Frame { board, depth, alpha, beta, from, value, best, columns, count, next: 0 };
        self.stack.push(frame);
        Ok(())
    }

    /// The columns with a safe cell: `first`, then those after which there are more cells to win by.
    fn likely(&self, board: &Board, safe: u64, first: u8) -> ([u8; COLUMNS as usize], u8) {
        let mut columns = [(0, 0); COLUMNS as usize];
        let mut count = 0;
        for column in self.order.into_iter().filter(|column| Board::within(safe, *column) != 0) {
            let wins = board.drop(column).threats().count_ones();
            columns[count] = (if column == first { 0 } else { 99 - wins }, column);
            count += 1;
        }
        columns[..count].sort_by_key(|(worth, _)| *worth);
        (columns.map(|(_, column)| column), count as u8)
    }

    /// Looks at the next column of the newest frame, or closes it.
    fn advance(&mut self) {
        let Some(frame) = self.stack.last_mut() else { return };
        if frame.next == frame.count || frame.alpha >= frame.beta {
            let closed = *frame;
            self.stack.pop();
            self.remember(&closed);
            return match self.stack.last_mut() {
                Some(before) => before.take(-closed.value),
                None => self.found = Some((closed.best, closed.value)),
            };
        }
        let column = frame.columns[usize::from(frame.next)];
        let (board, depth) = (frame.board.drop(column), frame.depth - 1);
        let (alpha, beta) = (-frame.beta, -frame.alpha);
        if let Err(value) = self.open(board, depth, alpha, beta)
            && let Some(frame) = self.stack.last_mut()
        {
            frame.take(-value);
        }
    }

    fn remember(&mut self, Frame { board, depth, from, beta, value, best, .. }: &Frame) {
        let bound = match *value {
            value if value <= *from => Bound::Most,
            value if value >= *beta => Bound::Least,
            _ => Bound::Exact,
        };
        self.seen[slot(board)] =
            Seen { key: board.key(), value: *value, depth: *depth, bound, best: *best };
    }
}

impl Frame {
    /// The column that is looked at is worth `value`.
    fn take(&mut self, value: i16) {
        if value > self.value {
            (self.value, self.best) = (value, self.columns[usize::from(self.next)]);
        }
        self.alpha = self.alpha.max(value);
        self.next += 1;
    }
}

/// Where a position is remembered.
fn slot(board: &Board) -> usize {
    (board.key().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 51) as usize % REMEMBERED
}

/// What a position is worth that is looked into no further: a cell to win by is worth 4 and twice that in the rows
/// that its owner is likely to get: whoever began those of odd numbers, the other the even ones.
fn guess(board: &Board) -> i16 {
    let worth = |cells: u64, odd: bool| {
        let rows: u64 = if odd { 0b01_0101 } else { 0b10_1010 };
        let likely = (0..COLUMNS).fold(0, |all, column| all | rows << (7 * u32::from(column)));
        4 * (cells.count_ones() + (cells & likely).count_ones()) as i16
    };
    let began = board.discs().is_multiple_of(2);
    worth(board.wins(), began) - worth(board.threats(), !began)
}
