//! Points, tie-breaks and places.
//!
//! A pairing that is won gives two points, a drawn one each side one, so that all are whole numbers. A bye
//! counts as won. Of equal points, in a Swiss, whoever met the stronger stands higher: Buchholz, the sum of
//! the points of everybody they met; then, and in a round robin at once, Sonneborn-Berger: what they took
//! from each, times the points of that one. Then more pairings won; then the better seed. For both sums a bye
//! counts as somebody who has as many points as oneself (so does FIDE Handbook C.07, by and large). A pairing
//! that was won since the other did not come counts like any other.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::Tournament;
use super::command::FormatKind;
use super::draw::swiss::Standing;
use super::draw::{Side, bracket};
use super::pairing::Winner;

/// How one player stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Line {
    /// The player's seed, from 1.
    pub seed: u16,
    /// Two for each pairing won, one for each drawn.
    pub points: u16,
    /// How many pairings they won, byes included.
    pub won: u16,
    /// How many nobody won.
    pub drawn: u16,
    /// How many they lost, or had nothing of.
    pub lost: u16,
    /// The sum of the points of those they met.
    pub buchholz: u32,
    /// The sum of what they took from each, times that one's points.
    pub sonneborn_berger: u32,
}

/// What one player took from another, or from a bye.
struct Met {
    who: u16,
    from: Option<u16>,
    took: u16,
}

impl Tournament {
    /// Who met whom, of all pairings that are over.
    fn meetings(&self) -> impl Iterator<Item = Met> {
        self.pairings.iter().filter_map(|one| Some((one.sides, one.over()?.winner))).flat_map(
            |([a, b], winner)| {
                let (to_a, to_b) = match winner {
                    Winner::A => (2, 0),
                    Winner::B => (0, 2),
                    Winner::Draw => (1, 1),
                    Winner::Nobody => (0, 0),
                };
                let met = |who: Side, from: Side, took| {
                    Some(Met { who: who.player()?, from: from.player(), took })
                };
                [met(a, b, to_a), met(b, a, to_b)].into_iter().flatten()
            },
        )
    }

    /// How everybody stands, by number.
    pub(super) fn lines(&self) -> Vec<Line> {
        let mut lines: Vec<Line> =
            (1..=self.field).map(|seed| Line { seed, ..Line::default() }).collect();
        for Met { who, took, .. } in self.meetings() {
            let line = &mut lines[usize::from(who)];
            line.points += took;
            match took {
                2 => line.won += 1,
                1 => line.drawn += 1,
                _ => line.lost += 1,
            }
        }
        let points: Vec<u32> = lines.iter().map(|line| u32::from(line.points)).collect();
        for Met { who, from, took } in self.meetings() {
            let theirs = points[usize::from(from.unwrap_or(who))];
            let line = &mut lines[usize::from(who)];
            line.buchholz += theirs;
            line.sonneborn_berger += u32::from(took) * theirs;
        }
        lines
    }

    /// How everybody stands, the best first. None of an elimination.
    pub(super) fn table(&self) -> Option<Vec<Line>> {
        let kind = self.setup.as_deref()?.creation.format.kind();
        let mut lines = self.lines();
        match kind {
            FormatKind::Elimination => return None,
            FormatKind::RoundRobin => lines.sort_by_key(|line| {
                Reverse((line.points, line.sonneborn_berger, line.won, Reverse(line.seed)))
            }),
            FormatKind::Swiss => lines.sort_by_key(|line| {
                let ties = (line.buchholz, line.sonneborn_berger);
                Reverse((line.points, ties, line.won, Reverse(line.seed)))
            }),
        }
        Some(lines)
    }

    /// How those who are still there stand before a Swiss round, the best first.
    pub(super) fn standings(&self) -> Vec<Standing> {
        let table = self.table().unwrap_or_default();
        let stays = |line: &&Line| !self.entrants[usize::from(line.seed) - 1].out;
        table.iter().filter(stays).map(|line| self.standing(line)).collect()
    }

    fn standing(&self, line: &Line) -> Standing {
        let mut standing =
            Standing { no: line.seed - 1, points: line.points, ..Standing::default() };
        for pairing in &self.pairings {
            let Some(side) = pairing.side_of(standing.no) else { continue };
            match pairing.sides[1 - side] {
                Side::Player(other) => {
                    standing.met.insert(other);
                    standing.first += if side == 0 { 1 } else { -1 };
                }
                Side::Nobody | Side::Unknown => standing.had_bye = true,
            }
        }
        standing
    }

    /// The place of each, by number, once everything is over.
    pub(super) fn places(&self) -> Vec<u16> {
        let mut places = vec![0; usize::from(self.field)];
        match self.table() {
            Some(table) => {
                for (place, line) in (1..).zip(table) {
                    places[usize::from(line.seed) - 1] = place;
                }
            }
            None => self.places_in_bracket(&mut places),
        }
        places
    }

    /// Whoever lost in the same round shares a place: as many stand higher as went on.
    fn places_in_bracket(&self, places: &mut [u16]) {
        let size = bracket::size(self.field);
        for (no, pairing) in (0..).zip(&self.pairings) {
            let Some(outcome) = pairing.over() else { continue };
            let is_third = no + 1 == size;
            let (wins, loses) = match (is_third, size >> pairing.round) {
                (true, _) => (3, 4),
                (false, on) => (1, on + 1),
            };
            // Where nobody wins the third place, both who could have had it share it.
            if is_third && outcome.winner == Winner::Nobody {
                continue;
            }
            for (side, winner) in [Winner::A, Winner::B].into_iter().enumerate() {
                if let Some(player) = pairing.sides[side].player() {
                    let won = outcome.winner == winner;
                    places[usize::from(player)] = if won { wins } else { loses };
                }
            }
        }
    }
}
