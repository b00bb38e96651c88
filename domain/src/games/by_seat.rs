//! What a game keeps of each player.

use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

use super::{SEATS_MAX, Seat};

/// A value for each seat that is taken, by seat. As long as the highest seat that was ever taken, so that it takes
/// no memory but when a player comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BySeat<T>(Vec<Option<T>>);

impl<T> Default for BySeat<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> BySeat<T> {
    /// True if somebody has `seat`.
    #[must_use]
    pub fn has(&self, seat: Seat) -> bool {
        self.get(seat).is_some()
    }

    /// What there is of the player in `seat`.
    #[must_use]
    pub fn get(&self, seat: Seat) -> Option<&T> {
        self.0.get(seat.index())?.as_ref()
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, seat: Seat) -> Option<&mut T> {
        self.0.get_mut(seat.index())?.as_mut()
    }

    /// A player takes `seat`, of whom there is `one`. A seat that is taken stays as it is, and one past
    /// [`SEATS_MAX`] is none.
    pub fn enter(&mut self, seat: Seat, one: T) {
        if seat.0 >= SEATS_MAX || self.has(seat) {
            return;
        }
        if self.0.len() <= seat.index() {
            self.0.resize_with(seat.index() + 1, || None);
        }
        self.0[seat.index()] = Some(one);
    }

    /// The player in `seat` is gone.
    pub fn leave(&mut self, seat: Seat) {
        if let Some(one) = self.0.get_mut(seat.index()) {
            *one = None;
        }
    }

    /// Everybody, by rising seat.
    pub fn iter(&self) -> impl Iterator<Item = (Seat, &T)> {
        (0..).map(Seat).zip(&self.0).filter_map(|(seat, one)| Some((seat, one.as_ref()?)))
    }

    /// The same, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Seat, &mut T)> {
        (0..).map(Seat).zip(&mut self.0).filter_map(|(seat, one)| Some((seat, one.as_mut()?)))
    }

    /// Every seat once, those that were left among them, from another one for each `turn`, so that none is always
    /// the first.
    pub fn in_turn(&self, turn: u32) -> impl Iterator<Item = Seat> + use<T> {
        let (count, first) = (self.0.len(), turn as usize);
        (0..count).map(move |at| Seat(((first + at) % count) as u16))
    }
}

/// # Panics
///
/// If nobody has the seat.
impl<T> Index<Seat> for BySeat<T> {
    type Output = T;

    fn index(&self, seat: Seat) -> &T {
        self.get(seat).expect("somebody has the seat")
    }
}

/// # Panics
///
/// If nobody has the seat.
impl<T> IndexMut<Seat> for BySeat<T> {
    fn index_mut(&mut self, seat: Seat) -> &mut T {
        self.get_mut(seat).expect("somebody has the seat")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(seats: &[u16]) -> BySeat<u16> {
        let mut all = BySeat::default();
        seats.iter().for_each(|seat| all.enter(Seat(*seat), *seat));
        all
    }

    #[test]
    fn a_seat_is_taken_once_and_free_again_once_its_player_left() {
        let mut all = of(&[4, 1, SEATS_MAX]);
        all.enter(Seat(4), 9);
        assert_eq!(all.iter().collect::<Vec<_>>(), [(Seat(1), &1), (Seat(4), &4)]);
        all.leave(Seat(4));
        all.leave(Seat(90));
        assert!(all.has(Seat(1)) && !all.has(Seat(4)) && !all.has(Seat(90)));
        all.enter(Seat(4), 9);
        assert_eq!(all[Seat(4)], 9);
    }

    #[test]
    fn every_seat_is_the_first_in_one_of_as_many_turns() {
        let all = of(&[2, 0]);
        let firsts: Vec<_> = (0..3).map(|turn| all.in_turn(turn).next().unwrap().0).collect();
        assert_eq!(firsts, [0, 1, 2]);
        assert_eq!(all.in_turn(2).collect::<Vec<_>>(), [Seat(2), Seat(0), Seat(1)]);
        assert_eq!(of(&[]).in_turn(7).next(), None);
    }
}
