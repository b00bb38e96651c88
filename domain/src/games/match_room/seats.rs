//! Who has which seat.

use serde::{Deserialize, Serialize};

use super::command::Presence;
use super::player::{Player, TokenHash};
use crate::games::Seat;
use crate::time::Timestamp;

/// Somebody in a seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seated {
    pub(super) name: String,
    pub(super) holder: Holder,
    pub(super) ready: bool,
    /// The roster's version that brought them; 0 while they are in none.
    pub(super) came: u32,
    /// The newest connection's number; 0 while there was none.
    pub(super) entry: u32,
}

/// Who it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Holder {
    /// One of the server's bots.
    Bot,
    /// A person.
    Person(Person),
}

/// A person in a seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Person {
    pub(super) player: Player,
    /// The ticket that was not used yet, and until when it can be.
    pub(super) ticket: Option<(TokenHash, Timestamp)>,
    /// What brings them back.
    pub(super) resume: Option<TokenHash>,
    /// Until when the seat is kept while there is no connection. None: there is one, or the seat waits
    /// for its ticket.
    pub(super) away_until: Option<Timestamp>,
}

impl Seated {
    pub(super) fn person(&self) -> Option<&Person> {
        match &self.holder {
            Holder::Bot => None,
            Holder::Person(person) => Some(person),
        }
    }

    pub(super) fn person_mut(&mut self) -> Option<&mut Person> {
        match &mut self.holder {
            Holder::Bot => None,
            Holder::Person(person) => Some(person),
        }
    }

    pub(super) fn presence(&self) -> Presence {
        match self.person() {
            None => Presence::Bot,
            Some(_) if self.entry == 0 => Presence::Reserved,
            Some(person) if person.away_until.is_none() => Presence::Here,
            Some(_) => Presence::Away,
        }
    }

    /// True if they take part if it begins now.
    pub(super) fn plays(&self) -> bool {
        matches!(self.presence(), Presence::Bot | Presence::Here)
    }

    /// When the seat is free by itself.
    pub(super) fn until(&self) -> Option<Timestamp> {
        let person = self.person()?;
        match self.presence() {
            Presence::Reserved => person.ticket.map(|(_, until)| until).max(person.away_until),
            Presence::Away => person.away_until,
            Presence::Here | Presence::Bot => None,
        }
    }
}

/// The seats of a match.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Seats(Vec<Option<Seated>>);

impl Seats {
    /// So many seats, the last ones with bots.
    pub(super) fn new(count: u16, bots: u16) -> Self {
        let first = count.saturating_sub(bots);
        let bot = |seat: u16| Seated {
            name: format!("Bot {}", seat - first + 1),
            holder: Holder::Bot,
            ready: true,
            came: 1,
            entry: 0,
        };
        Self((0..count).map(|seat| (seat >= first).then(|| bot(seat))).collect())
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn get(&self, seat: Seat) -> Option<&Seated> {
        self.0.get(seat.index())?.as_ref()
    }

    pub(super) fn get_mut(&mut self, seat: Seat) -> Option<&mut Seated> {
        self.0.get_mut(seat.index())?.as_mut()
    }

    pub(super) fn set(&mut self, seat: Seat, seated: Option<Seated>) -> Option<Seated> {
        let place = self.0.get_mut(seat.index())?;
        std::mem::replace(place, seated)
    }

    /// Everybody, by rising seat.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Seat, &Seated)> {
        let seat = |(at, seated): (usize, _)| Some((Seat(at as u16), Option::as_ref(seated)?));
        self.0.iter().enumerate().filter_map(seat)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Seated> {
        self.0.iter_mut().flatten()
    }

    /// Every person, by rising seat.
    pub(super) fn people(&self) -> impl Iterator<Item = (Seat, &Seated, &Person)> {
        self.iter().filter_map(|(seat, seated)| Some((seat, seated, seated.person()?)))
    }

    /// The lowest seat that nobody has.
    pub(super) fn free(&self) -> Option<Seat> {
        self.all_free().next()
    }

    /// The seats that nobody has, the lowest first.
    pub(super) fn all_free(&self) -> impl Iterator<Item = Seat> {
        let free = self.0.iter().enumerate().filter(|(_, seated)| seated.is_none());
        free.map(|(at, _)| Seat(at as u16))
    }

    /// The seat of `player`.
    pub(super) fn of(&self, player: Player) -> Option<Seat> {
        self.people().find(|(_, _, person)| person.player == player).map(|(seat, ..)| seat)
    }

    /// How many take part if it begins now.
    pub(super) fn playing(&self) -> usize {
        self.iter().filter(|(_, seated)| seated.plays()).count()
    }

    /// True if everybody who takes part is ready.
    pub(super) fn all_ready(&self) -> bool {
        self.iter().all(|(_, seated)| seated.ready || !seated.plays())
    }
}
