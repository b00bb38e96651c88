//! Best-available: which seats together are the best for a party.
//!
//! A legal arrangement is `count` free seats of one row, side by side, with no aisle between. If
//! there is any, one is found. Among them the best is, in this order: the one that leaves the fewest
//! single seats behind, then the one that takes no accessible or companion seat (unless asked for),
//! then the one nearest the middle of the house.

use super::plan::{Seat, SeatIndex, SeatKind, SeatPlan};

/// How good an arrangement is; smaller is better.
type Score = (u8, bool, u32, SeatIndex);

/// The best `count` seats together of those that are `free`, of `kind` if one is asked for.
#[must_use]
pub fn best(
    plan: &SeatPlan,
    free: impl Fn(SeatIndex) -> bool,
    count: u8,
    kind: Option<SeatKind>,
) -> Option<Vec<SeatIndex>> {
    let mut best: Option<(Score, Vec<SeatIndex>)> = None;
    let count = usize::from(count).max(1);
    for row in 0..plan.rows().len() {
        for run in runs(plan, row, &free) {
            for start in 0..(run.len() + 1).saturating_sub(count) {
                let window = &run[start..start + count];
                if !window.iter().all(|seat| kind.is_none_or(|kind| seat.kind == kind)) {
                    continue;
                }
                let score = score(plan, &run, start, window, kind.is_some());
                if best.as_ref().is_none_or(|(other, _)| score < *other) {
                    best = Some((score, window.iter().map(|seat| seat.index).collect()));
                }
            }
        }
    }
    best.map(|(_, seats)| seats)
}

/// The longest runs of free seats side by side in `row`.
fn runs(plan: &SeatPlan, row: usize, free: &impl Fn(SeatIndex) -> bool) -> Vec<Vec<Seat>> {
    let mut runs: Vec<Vec<Seat>> = Vec::new();
    for seat in plan.seats_of(row).filter(|seat| free(seat.index)) {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| last.x + 1 == seat.x) => run.push(seat),
            _ => runs.push(vec![seat]),
        }
    }
    runs
}

fn score(plan: &SeatPlan, run: &[Seat], start: usize, window: &[Seat], asked: bool) -> Score {
    let (left, right) = (start, run.len() - start - window.len());
    let singles = u8::from(left == 1) + u8::from(right == 1);
    let reserved = !asked && window.iter().any(|seat| seat.kind.is_reserved());
    // Twice the distances from the middle, so that they stay whole.
    let (first, last) = (window[0], window[window.len() - 1]);
    let across = (u32::from(first.x) + u32::from(last.x)).abs_diff(u32::from(plan.width()) - 1);
    let along = (2 * first.row as u32).abs_diff(plan.rows().len() as u32 - 1);
    (singles, reserved, across * across + along * along, first.index)
}

#[cfg(test)]
mod tests {
    use super::super::plan::RowSpec;
    use super::*;

    /// Each line is a row: `.` free, `x` taken, `w` a free accessible seat, `|` an aisle.
    fn check(count: u8, house: &str, expected: &str) {
        let mut rows = Vec::new();
        let mut taken = Vec::new();
        for (n, line) in house.split_whitespace().enumerate() {
            let mut spec = RowSpec {
                row: char::from(b'A' + n as u8).to_string(),
                seats: 0,
                kind: SeatKind::Standard,
                gaps: vec![],
                kinds: Default::default(),
            };
            for c in line.chars() {
                match c {
                    '|' => spec.gaps.push(spec.seats),
                    c => {
                        spec.seats += 1;
                        taken.push(c == 'x');
                        if c == 'w' {
                            spec.kinds.insert(spec.seats, SeatKind::Accessible);
                        }
                    }
                }
            }
            rows.push(spec);
        }
        let plan = SeatPlan::new(rows).unwrap();
        let found = best(&plan, |seat| !taken[usize::from(seat)], count, None);
        let found = found.map_or("none".into(), |seats| {
            seats.iter().map(|s| plan.name(*s)).collect::<Vec<_>>().join(" ")
        });
        assert_eq!(found, expected, "{count} in {house}");
    }

    #[test]
    fn the_middle_comes_first() {
        check(1, "..... ..... .....", "B3");
        check(2, "...... ...... ......", "B3 B4");
    }

    #[test]
    fn no_single_seat_is_left_where_another_choice_exists() {
        check(2, "...", "A1 A2");
        check(2, "..... ....", "B3 B4");
        check(3, "xx....x x...x..", "B2 B3 B4");
    }

    #[test]
    fn a_single_seat_is_left_rather_than_a_party_refused() {
        check(2, "x...x", "A2 A3");
        check(4, ".....", "A1 A2 A3 A4");
    }

    #[test]
    fn an_aisle_parts_a_party_and_no_arrangement_crosses_it() {
        check(3, "..|..", "none");
        check(2, "..|..", "A1 A2");
    }

    #[test]
    fn accessible_seats_are_left_to_those_who_need_them_while_others_are_free() {
        check(1, "w..", "A3");
        check(2, "xww", "A2 A3");
    }
}
