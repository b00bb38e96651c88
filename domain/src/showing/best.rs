//! Best-available: which seats together are the best for a party.
//!
//! A legal arrangement is `count` free seats of one row, side by side, with no aisle between, and of
//! the kind that was asked for. If there is any, one is found. Among them the best is, in this order,
//! the one that
//!
//! 1. takes the fewest seats that others need more: accessible and companion seats, if nobody asked
//!    for them; accessible seats past the first, if somebody did,
//! 2. leaves the fewest single seats behind,
//! 3. lies nearest the middle of the house,
//! 4. comes first in the plan.
//!
//! Who asks for accessible seats gets at least one, and companion seats beside it for the others. A
//! single accessible or companion seat is not *left behind*: it is meant for one person.

use super::plan::{Seat, SeatIndex, SeatKind, SeatPlan};

/// How good an arrangement is; smaller is better. The last part is its first seat.
type Score = (usize, u8, u32, SeatIndex);

/// The best `count` seats together of those that are `free`, of `kind` if one is asked for. Looks at
/// each seat of the house a few times: some microseconds for 500.
#[must_use]
pub fn best(
    plan: &SeatPlan,
    free: impl Fn(SeatIndex) -> bool,
    count: u8,
    kind: Option<SeatKind>,
) -> Option<Vec<SeatIndex>> {
    let count = usize::from(count).max(1);
    let mut best: Option<Score> = None;
    for row in 0..plan.rows().len() {
        let mut rest = plan.seats_of(row);
        while let Some(from) = rest.iter().position(|seat| free(seat.index)) {
            let (run, behind) = rest[from..].split_at(run_len(&rest[from..], &free));
            rest = behind;
            for start in 0..(run.len() + 1).saturating_sub(count) {
                let score = score(plan, run, start, count, kind);
                best = best.into_iter().chain(score).min();
            }
        }
    }
    let (.., first) = best?;
    Some((first..).take(count).collect())
}

/// How many of `seats`, from the first on, are free and side by side.
fn run_len(seats: &[Seat], free: &impl Fn(SeatIndex) -> bool) -> usize {
    let pairs = seats.windows(2);
    1 + pairs.take_while(|pair| pair[0].x + 1 == pair[1].x && free(pair[1].index)).count()
}

/// How good the `count` seats from `start` on are, if they are of the right kind.
fn score(
    plan: &SeatPlan,
    run: &[Seat],
    start: usize,
    count: usize,
    kind: Option<SeatKind>,
) -> Option<Score> {
    let (left, rest) = run.split_at(start);
    let (window, right) = rest.split_at(count);
    let spared = needed_by_others(window, kind)?;
    let single = |side: &[Seat]| matches!(side, [seat] if !seat.kind.is_reserved());
    let singles = u8::from(single(left)) + u8::from(single(right));
    // Twice the distances from the middle, so that they stay whole.
    let (first, last) = (window[0], window[count - 1]);
    let across = (u32::from(first.x) + u32::from(last.x)).abs_diff(u32::from(plan.width()) - 1);
    let along = (2 * first.row as u32).abs_diff(plan.rows().len() as u32 - 1);
    Some((spared, singles, across * across + along * along, first.index))
}

/// How many of `seats` others need more than who asked for `kind`; none if they are not of it.
fn needed_by_others(seats: &[Seat], kind: Option<SeatKind>) -> Option<usize> {
    let count = |wanted: fn(SeatKind) -> bool| seats.iter().filter(|s| wanted(s.kind)).count();
    match kind {
        None => Some(count(SeatKind::is_reserved)),
        Some(SeatKind::Accessible) if count(SeatKind::is_reserved) == seats.len() => {
            count(|kind| kind == SeatKind::Accessible).checked_sub(1)
        }
        Some(kind) => seats.iter().all(|seat| seat.kind == kind).then_some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::RowSpec;
    use super::*;

    fn check(count: u8, house: &str, expected: &str) {
        check_kind(count, None, house, expected);
    }

    /// Each word is a row: `.` free, `x` taken, `w` a free accessible seat, `c` one for a companion,
    /// `|` an aisle.
    fn check_kind(count: u8, kind: Option<SeatKind>, house: &str, expected: &str) {
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
                        let kinds = [('w', SeatKind::Accessible), ('c', SeatKind::Companion)];
                        if let Some((_, kind)) = kinds.iter().find(|(sign, _)| *sign == c) {
                            spec.kinds.insert(spec.seats, *kind);
                        }
                    }
                }
            }
            rows.push(spec);
        }
        let plan = SeatPlan::new(rows).unwrap();
        let found = best(&plan, |seat| !taken[usize::from(seat)], count, kind);
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
        check(2, "www x...x", "B2 B3");
        check(3, "wc...", "A3 A4 A5");
        check(4, "....w", "A1 A2 A3 A4");
    }

    #[test]
    fn who_asks_for_an_accessible_seat_gets_one_with_companions_beside_it() {
        let accessible = Some(SeatKind::Accessible);
        check_kind(1, accessible, "...wc...", "A4");
        check_kind(2, accessible, "...ww..wc.", "A8 A9");
        check_kind(2, accessible, "...ww..xc.", "A4 A5");
        check_kind(2, accessible, "...w...c.", "none");
        check_kind(1, accessible, "...c...", "none");
    }
}
