//! A screen's seats: rows, gaps, kinds, names and places.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::refusal::{Refusal, RefusalKind};

/// How many rows a screen may have. 100: the largest houses have about 60.
pub const ROWS_MAX: usize = 100;

/// How many seats a screen may have. 10,000: an arena; its plan encodes to far under 64 KiB.
pub const SEATS_MAX: usize = 10_000;

/// How many seats a row may have. 200.
pub const ROW_SEATS_MAX: u16 = 200;

/// What sort of seat it is; prices go by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SeatKind {
    /// An ordinary seat.
    Standard,
    /// A better seat.
    Premium,
    /// A place for a wheelchair, or a seat that is easy to reach.
    Accessible,
    /// The seat beside an accessible one.
    Companion,
}

impl SeatKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Standard, Self::Premium, Self::Accessible, Self::Companion];

    /// True for seats that best-available leaves for those who need them while others are free.
    #[must_use]
    pub fn is_reserved(self) -> bool {
        matches!(self, Self::Accessible | Self::Companion)
    }
}

impl fmt::Display for SeatKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Standard => "standard",
            Self::Premium => "premium",
            Self::Accessible => "accessible",
            Self::Companion => "companion",
        })
    }
}

/// One row as an organizer describes it. Seats are numbered from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowSpec {
    /// The row's name: 1 to 3 letters, upper case.
    pub row: String,
    /// How many seats it has.
    pub seats: u16,
    /// The kind of all seats that `kinds` does not name.
    pub kind: SeatKind,
    /// Seats after which there is an aisle.
    pub gaps: Vec<u16>,
    /// Seats of another kind, by number.
    pub kinds: BTreeMap<u16, SeatKind>,
}

/// A seat by its place in the plan: rows from the front, seats by number, counted through.
pub type SeatIndex = u16;

/// One seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    /// Its index in the plan.
    pub index: SeatIndex,
    /// The row's index.
    pub row: usize,
    /// Its number in the row, from 1.
    pub number: u16,
    /// Its place in the row, where an aisle takes a place too, from 0.
    pub x: u16,
    /// Its kind.
    pub kind: SeatKind,
}

/// A checked plan. Stored as its rows; the rest is worked out from them once, so that looking at a
/// seat costs no search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<RowSpec>", into = "Vec<RowSpec>")]
pub struct SeatPlan {
    rows: Vec<RowSpec>,
    /// The index of each row's first seat, and the number of all seats at the end.
    starts: Vec<SeatIndex>,
    /// Every seat, by its index.
    seats: Vec<Seat>,
    /// The width of the widest row in places.
    width: u16,
}

impl TryFrom<Vec<RowSpec>> for SeatPlan {
    type Error = Refusal;

    fn try_from(rows: Vec<RowSpec>) -> Result<Self, Refusal> {
        Self::new(rows)
    }
}

impl From<SeatPlan> for Vec<RowSpec> {
    fn from(plan: SeatPlan) -> Self {
        plan.rows
    }
}

fn invalid(message: String) -> Refusal {
    Refusal::new(RefusalKind::Invalid, "bad_seat_plan", message)
}

impl SeatPlan {
    /// Checks `rows`.
    ///
    /// # Errors
    ///
    /// `bad_seat_plan` with what is wrong.
    pub fn new(rows: Vec<RowSpec>) -> Result<Self, Refusal> {
        if rows.is_empty() || rows.len() > ROWS_MAX {
            return Err(invalid(format!("a screen has 1 to {ROWS_MAX} rows, not {}", rows.len())));
        }
        let mut starts = vec![0];
        let mut seats: Vec<Seat> = Vec::new();
        for (n, row) in rows.iter().enumerate() {
            check_row(row)?;
            if rows[..n].iter().any(|other| other.row == row.row) {
                return Err(invalid(format!("row {} is there twice", row.row)));
            }
            if seats.len() + usize::from(row.seats) > SEATS_MAX {
                return Err(invalid(format!("a screen has at most {SEATS_MAX} seats")));
            }
            seats.extend(seats_in(n, row, seats.len() as SeatIndex));
            starts.push(seats.len() as SeatIndex);
        }
        let width = |row: &RowSpec| row.seats + row.gaps.len() as u16;
        let width = rows.iter().map(width).max().unwrap_or_default();
        Ok(Self { rows, starts, seats, width })
    }

    /// The rows as they were described.
    #[must_use]
    pub fn rows(&self) -> &[RowSpec] {
        &self.rows
    }

    /// How many seats there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.seats.len()
    }

    /// Never true: a plan has a seat.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }

    /// The seat at `index`.
    #[must_use]
    pub fn seat(&self, index: SeatIndex) -> Option<Seat> {
        self.seats.get(usize::from(index)).copied()
    }

    /// The seats of row `row`, by number.
    #[must_use]
    pub fn seats_of(&self, row: usize) -> &[Seat] {
        &self.seats[usize::from(self.starts[row])..usize::from(self.starts[row + 1])]
    }

    /// Every seat, from the front.
    #[must_use]
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// The name of the seat at `index`: `A12`.
    #[must_use]
    pub fn name(&self, index: SeatIndex) -> String {
        self.seat(index).map_or_else(
            || format!("#{index}"),
            |seat| format!("{}{}", self.rows[seat.row].row, seat.number),
        )
    }

    /// The seat called `name`, in any case.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<SeatIndex> {
        let digits = name.find(|c: char| c.is_ascii_digit())?;
        let (row, number) = name.split_at(digits);
        let number: u16 = number.parse().ok().filter(|_| !number.starts_with('0'))?;
        let row = self.rows.iter().position(|spec| spec.row.eq_ignore_ascii_case(row))?;
        (1..=self.rows[row].seats).contains(&number).then(|| self.starts[row] + number - 1)
    }

    /// The width of the widest row in places.
    #[must_use]
    pub fn width(&self) -> u16 {
        self.width
    }

    /// How many seats of each kind there are.
    #[must_use]
    pub fn by_kind(&self) -> BTreeMap<SeatKind, u32> {
        let mut counts = BTreeMap::new();
        for seat in &self.seats {
            *counts.entry(seat.kind).or_default() += 1;
        }
        counts
    }
}

/// The seats of `spec`, row `row`, of which the first has the index `first`.
fn seats_in(row: usize, spec: &RowSpec, first: SeatIndex) -> impl Iterator<Item = Seat> {
    let mut gaps = spec.gaps.iter().peekable();
    let mut aisles = 0;
    (1..=spec.seats).map(move |number| {
        while gaps.next_if(|gap| **gap < number).is_some() {
            aisles += 1;
        }
        Seat {
            index: first + number - 1,
            row,
            number,
            x: number - 1 + aisles,
            kind: spec.kinds.get(&number).copied().unwrap_or(spec.kind),
        }
    })
}

fn check_row(row: &RowSpec) -> Result<(), Refusal> {
    let name = &row.row;
    if !(1..=3).contains(&name.len()) || !name.bytes().all(|b| b.is_ascii_uppercase()) {
        let shown: String = name.chars().take(10).collect();
        return Err(invalid(format!("a row's name is 1 to 3 upper-case letters, not '{shown}'")));
    }
    if row.seats == 0 || row.seats > ROW_SEATS_MAX {
        return Err(invalid(format!(
            "row {name} has 1 to {ROW_SEATS_MAX} seats, not {}",
            row.seats
        )));
    }
    let inside = row.gaps.iter().all(|gap| (1..row.seats).contains(gap));
    if !inside || !row.gaps.windows(2).all(|pair| pair[0] < pair[1]) {
        return Err(invalid(format!("the gaps of row {name} must rise and lie between its seats")));
    }
    if let Some(number) = row.kinds.keys().find(|n| !(1..=row.seats).contains(*n)) {
        return Err(invalid(format!("row {name} has no seat {number}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use playhouse_protocol::{codec, limits};

    use super::*;

    fn row(name: &str, seats: u16, gaps: &[u16]) -> RowSpec {
        let kinds = BTreeMap::new();
        RowSpec { row: name.into(), seats, kind: SeatKind::Standard, gaps: gaps.into(), kinds }
    }

    #[test]
    fn every_seat_has_a_name_that_finds_it_and_an_aisle_takes_a_place() {
        let plan = SeatPlan::new(vec![row("A", 4, &[2]), row("BB", 3, &[])]).unwrap();
        assert_eq!(plan.len(), 7);
        for seat in plan.seats() {
            assert_eq!(plan.find(&plan.name(seat.index)), Some(seat.index));
            assert_eq!(plan.seat(seat.index), Some(*seat));
        }
        let places: Vec<u16> = plan.seats_of(0).iter().map(|s| s.x).collect();
        assert_eq!(places, [0, 1, 3, 4]);
        assert_eq!(plan.find("bb3"), Some(6));
        for name in ["", "A", "A0", "A5", "A01", "C1", "1", "A1x", "A-1", "A99999999999"] {
            assert_eq!(plan.find(name), None, "{name}");
        }
        assert_eq!(plan.seat(7), None);
    }

    #[test]
    fn a_plan_is_stored_as_its_rows_and_one_that_makes_no_sense_is_not_read() {
        let plan = SeatPlan::new(vec![row("A", 4, &[2]), row("BB", 3, &[])]).unwrap();
        let bytes = codec::encode(&plan);
        assert_eq!(bytes, codec::encode(plan.rows()));
        assert_eq!(codec::decode::<SeatPlan>(&bytes).unwrap(), plan);
        assert!(codec::decode::<SeatPlan>(&codec::encode(&[row("A", 0, &[])])).is_err());
    }

    #[test]
    fn the_largest_plan_fits_a_command() {
        let row = |n: u8| RowSpec {
            row: format!("A{}{}", char::from(b'A' + n / 26), char::from(b'A' + n % 26)),
            seats: 100,
            kind: SeatKind::Standard,
            gaps: (1..100).collect(),
            kinds: (1..=100).map(|number| (number, SeatKind::Companion)).collect(),
        };
        let rows: Vec<RowSpec> = (0..100).map(row).collect();
        assert_eq!(SeatPlan::new(rows.clone()).unwrap().len(), SEATS_MAX);
        // The rest of a command, texts and prices, is far under 8 KiB.
        let len = codec::encode(&rows).len();
        assert!(len < limits::COMMAND_BYTES_MAX - 8 * 1024, "{len} bytes");
    }

    #[test]
    fn a_plan_that_makes_no_sense_is_refused() {
        for rows in [
            vec![],
            vec![row("A", 0, &[])],
            vec![row("A", 201, &[])],
            vec![row("a", 2, &[])],
            vec![row("", 2, &[])],
            vec![row("A", 2, &[]), row("A", 2, &[])],
            vec![row("A", 3, &[3])],
            vec![row("A", 4, &[2, 1])],
            (0..101).map(|n| row(&format!("A{n}"), 1, &[])).collect(),
        ] {
            assert!(SeatPlan::new(rows).is_err());
        }
    }
}
