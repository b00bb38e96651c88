//! Best-available against trying every arrangement.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::best::best;
use super::super::*;

/// One place of a row: an aisle, or a seat with its kind and whether it is free.
type Place = Option<(SeatKind, bool)>;

fn place() -> impl Strategy<Value = Place> {
    let kind = prop_oneof![
        6 => Just(SeatKind::Standard),
        1 => Just(SeatKind::Premium),
        1 => Just(SeatKind::Accessible),
        1 => Just(SeatKind::Companion),
    ];
    prop_oneof![1 => Just(None), 8 => (kind, prop::bool::weighted(0.7)).prop_map(Some)]
}

/// A row of at most 12 places, without aisles at its ends or side by side.
fn line() -> impl Strategy<Value = Vec<Place>> {
    prop::collection::vec(place(), 1..=12).prop_filter_map("a row has a seat", |mut line| {
        line.dedup_by(|a, b| a.is_none() && b.is_none());
        let from = line.iter().position(Option::is_some)?;
        let to = line.iter().rposition(Option::is_some)?;
        Some(line[from..=to].to_vec())
    })
}

fn spec(n: usize, line: &[Place]) -> RowSpec {
    let mut row = RowSpec {
        row: char::from(b'A' + n as u8).to_string(),
        seats: 0,
        kind: SeatKind::Standard,
        gaps: vec![],
        kinds: BTreeMap::new(),
    };
    for place in line {
        match place {
            None => row.gaps.push(row.seats),
            Some((kind, _)) => {
                row.seats += 1;
                row.kinds.insert(row.seats, *kind);
            }
        }
    }
    row
}

/// Every arrangement of the house on paper, with how good it is as the manual says it.
fn every(lines: &[Vec<Place>], count: usize, kind: Option<SeatKind>) -> Vec<(Vec<i64>, usize)> {
    use SeatKind::{Accessible, Companion};
    let width = lines.iter().map(Vec::len).max().unwrap() as i64;
    let mut found = Vec::new();
    let mut seats_before = 0;
    for (row, line) in lines.iter().enumerate() {
        let free = |x: i64| match usize::try_from(x).ok().and_then(|x| line.get(x)) {
            Some(Some((kind, true))) => Some(*kind),
            _ => None,
        };
        let mut first_seat = seats_before;
        for (x, place) in (0..).zip(line) {
            let Some(_) = place else { continue };
            let index = first_seat;
            first_seat += 1;
            let last = x + count as i64 - 1;
            let Some(kinds) = (x..=last).map(free).collect::<Option<Vec<_>>>() else { continue };
            let many = |wanted: SeatKind| kinds.iter().filter(|k| **k == wanted).count() as i64;
            let spared = match kind {
                None => many(Accessible) + many(Companion),
                Some(Accessible) => {
                    if many(Accessible) == 0 || many(Accessible) + many(Companion) < count as i64 {
                        continue;
                    }
                    many(Accessible) - 1
                }
                Some(kind) if many(kind) < count as i64 => continue,
                Some(_) => 0,
            };
            // Alone: free, for anybody, and with nothing free on its far side.
            let alone = |seat: i64, beyond: i64| {
                let anybodys = free(seat).is_some_and(|k| k != Accessible && k != Companion);
                i64::from(anybodys && free(beyond).is_none())
            };
            let singles = alone(x - 1, x - 2) + alone(last + 1, last + 2);
            let across = (x + last - (width - 1)).pow(2);
            let along = (2 * row as i64 - (lines.len() as i64 - 1)).pow(2);
            found.push((vec![spared, singles, across + along], index));
        }
        seats_before = first_seat;
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8 * ProptestConfig::default().cases))]

    #[test]
    fn best_available_is_the_best_of_all_arrangements_and_found_if_there_is_any(
        lines in prop::collection::vec(line(), 1..=4),
        count in 1..=6_u8,
        kind in prop::option::of(prop::sample::select(SeatKind::ALL.to_vec())),
    ) {
        let specs = lines.iter().enumerate().map(|(n, line)| spec(n, line)).collect();
        let plan = SeatPlan::new(specs).unwrap();
        let free: Vec<bool> = lines.iter().flatten().flatten().map(|(_, free)| *free).collect();
        let found = best(&plan, |seat| free[usize::from(seat)], count, kind);
        let expected = every(&lines, usize::from(count), kind).into_iter().min();
        let expected = expected.map(|(_, first)| {
            (first as u16..).take(usize::from(count)).collect::<Vec<SeatIndex>>()
        });
        prop_assert_eq!(found, expected);
    }
}
