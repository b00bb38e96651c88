//! What time leads to, and what follows from who is there.

use super::command::{Phase, Presence};
use super::ending::{Ending, Why};
use super::event::{Event, Reason};
use super::seats::Seated;
use super::{COUNTDOWN, Match, STILL_TIME};
use crate::games::{GameKind, Seat};
use crate::time::Timestamp;

impl Match {
    pub(super) fn due_at(&self) -> Option<Timestamp> {
        let seats = self.seats.iter().filter_map(|(_, seated)| seated.until());
        let seats = seats.min().filter(|_| self.phase != Phase::Active);
        seats.into_iter().chain(self.phase_until()).min()
    }

    /// When the phase ends by itself; a match that is active, where nobody plays it.
    fn phase_until(&self) -> Option<Timestamp> {
        let active = self.phase == Phase::Active;
        self.until.map(|until| if active { until + STILL_TIME } else { until })
    }

    /// The seats whose time is over. While a match is active it is asked with its ticks alone, so that nobody loses a
    /// seat in a match that stands still, as while the server is down.
    pub(super) fn late(&self, now: Timestamp) -> Vec<Event> {
        let late = |(seat, seated): (_, &Seated)| {
            seated.until().filter(|until| *until <= now)?;
            let never = seated.presence() == Presence::Reserved;
            let why = if never { Reason::NeverCame } else { Reason::StayedAway };
            Some(Event::Freed { seat, why })
        };
        self.seats.iter().filter_map(late).collect()
    }

    /// Everything that is due.
    pub(super) fn due(&self, now: Timestamp) -> Vec<Event> {
        let late = if self.phase == Phase::Active { Vec::new() } else { self.late(now) };
        let events = self.settled(now, late);
        let after = self.after(now, &events);
        match after.phase_until().filter(|until| *until <= now) {
            Some(_) => [events, after.phase_ends(now)].concat(),
            None => events,
        }
    }

    fn phase_ends(&self, now: Timestamp) -> Vec<Event> {
        match self.phase {
            // Those who were invited and came wait for nobody any longer.
            Phase::Lobby if self.arranged.is_some() && self.has_enough() => {
                // Whoever was asked in later has as long as everybody.
                let late = self.people_who(|seated| {
                    let waits = seated.until().is_some_and(|until| until > now);
                    seated.presence() == Presence::Reserved && !waits
                });
                let mut events = self.settled(now, freed(late, Reason::NeverCame));
                if self.after(now, &events).phase == Phase::Lobby {
                    events.push(Event::CountdownBegan { until: now + COUNTDOWN });
                }
                events
            }
            Phase::Lobby => vec![Event::Ended(Ending::Void(Why::NotStarted))],
            Phase::Check => {
                let unready = self
                    .people_who(|seated| !seated.ready && seated.presence() != Presence::Reserved);
                let mut events = self.settled(now, freed(unready, Reason::NotReady));
                if self.after(now, &events).phase == Phase::Check {
                    // Everybody who is there is ready.
                    events.push(Event::CountdownBegan { until: now + COUNTDOWN });
                }
                events
            }
            Phase::Countdown if !self.has_enough() => vec![Event::CalledOff],
            Phase::Countdown => {
                let comes_late = self.kind().is_some_and(GameKind::join_late);
                let absent = self
                    .people_who(|seated| !comes_late && seated.presence() == Presence::Reserved);
                let mut events = freed(absent, Reason::NeverCame);
                events.push(Event::Began);
                events
            }
            Phase::Active => vec![Event::Ended(Ending::Void(Why::Overdue))],
            Phase::Concluded | Phase::Void => vec![],
        }
    }

    /// `events`, and what follows from them at once: a match that everybody left is over, one whose players
    /// are all ready begins to count, and one that has too few of them stops.
    pub(super) fn settled(&self, now: Timestamp, mut events: Vec<Event>) -> Vec<Event> {
        if events.is_empty() {
            return events;
        }
        let after = self.after(now, &events);
        let enough = after.has_enough();
        let follows = match after.phase {
            Phase::Concluded | Phase::Void => None,
            _ if after.is_deserted() => Some(Event::Ended(Ending::Void(Why::Deserted))),
            Phase::Check | Phase::Countdown if !enough => Some(Event::CalledOff),
            Phase::Lobby | Phase::Check if enough && after.wants_to_begin() => {
                Some(Event::CountdownBegan { until: now + COUNTDOWN })
            }
            _ => None,
        };
        events.extend(follows);
        events
    }

    fn has_enough(&self) -> bool {
        self.seats.playing() >= usize::from(self.players_min())
    }

    fn people_who<'a>(
        &'a self,
        are: impl Fn(&Seated) -> bool + 'a,
    ) -> impl Iterator<Item = Seat> + 'a {
        self.seats.people().filter(move |(_, seated, _)| are(seated)).map(|(seat, ..)| seat)
    }

    /// True if people were there, nobody is left, and it is none of the server's own.
    fn is_deserted(&self) -> bool {
        let house = self.setup.as_deref().is_some_and(|setup| setup.house);
        !house && self.entries > 0 && self.seats.people().next().is_none()
    }

    /// True if somebody is there, and whoever is there is ready.
    fn wants_to_begin(&self) -> bool {
        if self.arranged.is_some() {
            return self.all_came();
        }
        let here =
            |(_, seated, _): (_, &super::seats::Seated, _)| seated.presence() == Presence::Here;
        self.seats.people().any(here) && self.seats.all_ready()
    }

    /// The match as it is after `events`, but for what was played.
    pub(super) fn after(&self, now: Timestamp, events: &[Event]) -> Self {
        let mut after = Self {
            id: self.id,
            setup: self.setup.clone(),
            phase: self.phase,
            until: self.until,
            began_at: self.began_at,
            ended_at: self.ended_at,
            seats: self.seats.clone(),
            roster: self.roster,
            entries: self.entries,
            via: self.via,
            epoch: self.epoch,
            course: self.course.without_log(),
            left: self.left.clone(),
            ending: self.ending.clone(),
            arranged: self.arranged.clone(),
            conduct: self.conduct.clone(),
            fairness: self.fairness.clone(),
            backfill: self.backfill.clone(),
            removed: self.removed.clone(),
        };
        events.iter().for_each(|event| after.apply_event(now, event));
        after
    }
}

fn freed(seats: impl Iterator<Item = Seat>, why: Reason) -> Vec<Event> {
    seats.map(|seat| Event::Freed { seat, why }).collect()
}
