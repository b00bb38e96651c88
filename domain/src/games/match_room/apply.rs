//! Taking facts in. Nothing here can fail: what could be refused was refused before.

use super::backfill::Backfill;
use super::command::{Phase, Presence};
use super::conduct::Conduct;
use super::course::Course;
use super::ending::Ending;
use super::event::{Event, Reason};
use super::fairness::Fairness;
use super::player::TokenHash;
use super::seats::{Holder, Person, Seated, Seats};
use super::{ACTIVE_TIME, AWAY_TIME, LEFT_MAX, LOBBY_AGAIN, LOBBY_TIME, Match, Setup};
use crate::games::Seat;
use crate::time::Timestamp;

impl Match {
    pub(super) fn apply_event(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Created { .. } => self.created(at, event),
            Event::Reserved { .. } => self.reserved(event),
            Event::Entered { seat, resume, via } => self.connect(at, *seat, *resume, *via),
            Event::Resumed { seat, next, via } => self.connect(at, *seat, *next, *via),
            Event::Gone { seat } => {
                let before = matches!(self.phase, Phase::Lobby | Phase::Check);
                if let Some(seated) = self.seats.get_mut(*seat) {
                    is_away(seated, at, before);
                }
            }
            Event::Ready { seat, ready } => {
                if let Some(seated) = self.seats.get_mut(*seat) {
                    seated.ready = *ready;
                }
            }
            Event::CheckBegan { until } => self.goes_to(Phase::Check, Some(*until)),
            Event::CountdownBegan { until } => self.goes_to(Phase::Countdown, Some(*until)),
            Event::CalledOff => self.called_off(at),
            Event::Began => {
                self.began_at = Some(at);
                self.goes_to(Phase::Active, Some(at + ACTIVE_TIME));
                self.offers();
            }
            Event::TakenUp { via } => self.taken_up(at, *via),
            Event::Ticked { to, packed, checkpoint, roster } => {
                self.course.push(*to, packed, checkpoint.as_deref(), *roster);
            }
            Event::Faulted { tick } => self.course.faults = self.course.faults.after(*tick),
            Event::Freed { seat, why } => {
                if *why == Reason::Removed {
                    self.was_removed(at, *seat);
                }
                self.free(*seat);
            }
            Event::Ended(ending) => self.ended(at, ending),
            Event::Arranged { .. } => self.arranged(event),
            Event::Invited { seats, until } => self.invited(seats, *until),
            Event::Rated(ratings) => self.was_rated(at, ratings),
            Event::Reported => self.was_reported(),
            Event::Said { seat, text } => self.said(at, *seat, text),
            Event::Muted { player, muted } => self.conduct.mute(*player, *muted),
            Event::Banned { player } => self.conduct.ban(*player),
            Event::Deleted { .. } => self.deleted(),
            Event::Judged { account, tick, corrections } => {
                self.fairness.judge(*account, *tick, corrections);
            }
            Event::Corrected => self.fairness.corrected(),
            Event::Offered => {
                self.backfill.told();
                self.offers();
            }
        }
    }

    fn said(&mut self, at: Timestamp, seat: Seat, text: &str) {
        let Some(seated) = self.seats.get(seat) else { return };
        let Some(player) = seated.person().map(|person| person.player) else { return };
        self.conduct.say(at, seat, player, &seated.name, text);
    }

    fn goes_to(&mut self, phase: Phase, until: Option<Timestamp>) {
        (self.phase, self.until) = (phase, until);
    }

    fn created(&mut self, at: Timestamp, event: &Event) {
        let Event::Created { creation, host, rules, seed } = event else { return };
        let lobby_until = at + LOBBY_TIME;
        self.seats = Seats::new(creation.seats, creation.bots);
        self.roster = 1;
        self.setup = Some(Box::new(Setup {
            creation: (**creation).clone(),
            host: *host,
            house: host.is_none(),
            rules: *rules,
            seed: *seed,
            created_at: at,
            lobby_until,
        }));
        self.goes_to(Phase::Lobby, Some(lobby_until));
    }

    fn reserved(&mut self, event: &Event) {
        let Event::Reserved { seat, player, name, ticket, until } = event else { return };
        let ticket = Some((*ticket, *until));
        if let Some(seated) = self.seats.get_mut(*seat) {
            seated.name.clone_from(name);
            if let Some(person) = seated.person_mut() {
                person.ticket = ticket;
                person.away_until = person.away_until.max(person.away_until.and(Some(*until)));
            }
            return;
        }
        let person = Person { player: *player, ticket, resume: None, away_until: None };
        let (name, holder) = (name.clone(), Holder::Person(person));
        self.seats.set(*seat, Some(Seated { name, holder, ready: false, came: 0, entry: 0 }));
    }

    /// A connection has the seat.
    fn connect(&mut self, at: Timestamp, seat: Seat, resume: TokenHash, via: u64) {
        self.held_by(at, via);
        self.entries += 1;
        let Some(seated) = self.seats.get_mut(seat) else { return };
        seated.entry = self.entries;
        // Who was invited came to play.
        seated.ready |= self.arranged.is_some();
        if seated.came == 0 {
            self.roster += 1;
            seated.came = self.roster;
        }
        if let Some(person) = seated.person_mut() {
            (person.ticket, person.resume, person.away_until) = (None, Some(resume), None);
        }
    }

    /// This run of the server holds the connections from now on: those of another ended with it.
    fn held_by(&mut self, at: Timestamp, via: u64) {
        if std::mem::replace(&mut self.via, via) == via {
            return;
        }
        if self.phase == Phase::Active {
            self.until = Some(at + ACTIVE_TIME);
        }
        let before = matches!(self.phase, Phase::Lobby | Phase::Check);
        let here = self.seats.iter_mut().filter(|seated| seated.presence() == Presence::Here);
        here.for_each(|seated| is_away(seated, at, before));
    }

    /// It runs again: whoever is away has the whole time to come back, however long it stood still.
    fn taken_up(&mut self, at: Timestamp, via: u64) {
        self.epoch += 1;
        self.held_by(at, via);
        for person in self.seats.iter_mut().filter_map(Seated::person_mut) {
            person.away_until = person.away_until.map(|until| until.max(at + AWAY_TIME));
        }
    }

    fn called_off(&mut self, at: Timestamp) {
        let Some(setup) = self.setup.as_deref_mut() else { return };
        setup.lobby_until = setup.lobby_until.max(at + LOBBY_AGAIN);
        let until = setup.lobby_until;
        self.goes_to(Phase::Lobby, Some(until));
    }

    fn free(&mut self, seat: Seat) {
        let Some(seated) = self.seats.set(seat, None) else { return };
        self.backfill.freed();
        self.offers();
        if seated.came > 0 {
            self.roster += 1;
        }
        let Some(player) = seated.person().map(|person| person.player) else { return };
        if self.phase == Phase::Active && seated.came > 0 {
            self.left.retain(|(other, _)| *other != player);
            self.left.push((player, seated.name));
            if self.left.len() > LEFT_MAX {
                self.left.remove(0);
            }
        }
        if let Some(setup) = self.setup.as_deref_mut().filter(|setup| setup.host == Some(player)) {
            // Whoever is there for longest, and nobody who never came unless there is nobody else.
            let others = self.seats.people();
            let next = others.min_by_key(|(_, seated, _)| {
                (seated.presence() != Presence::Here, seated.came == 0, seated.came)
            });
            setup.host = next.map(|(_, _, person)| person.player).or(setup.host);
        }
    }

    fn ended(&mut self, at: Timestamp, ending: &Ending) {
        self.course.names =
            self.seats.iter().map(|(seat, seated)| (seat, seated.name.clone())).collect();
        self.course.close();
        self.seats.clear();
        self.left.clear();
        self.ended_at = Some(at);
        self.ending = Some(ending.clone());
        let phase = match ending {
            Ending::Concluded { .. } => Phase::Concluded,
            Ending::Void(_) => Phase::Void,
        };
        self.goes_to(phase, None);
    }

    /// What is left says that there was a match, so that its id names no other.
    fn deleted(&mut self) {
        (self.ending, self.course) = (None, Course::default());
        (self.arranged, self.conduct) = (None, Conduct::default());
        (self.fairness, self.backfill) = (Fairness::default(), Backfill::default());
        if let Some(setup) = self.setup.as_deref_mut() {
            (setup.host, setup.creation.title, setup.creation.settings) = (None, None, None);
        }
    }
}

/// The connection of `seated` ended.
fn is_away(seated: &mut Seated, at: Timestamp, before: bool) {
    // Before it begins, who is away is asked again.
    seated.ready &= !before;
    if let Some(person) = seated.person_mut() {
        person.away_until = Some(at + AWAY_TIME);
    }
}
