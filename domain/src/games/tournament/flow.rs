//! What time leads to, and what follows from everything that happened.

use super::command::{Format, Phase};
use super::draw::{Side, bracket, circle, swiss};
use super::event::{Event, Why};
use super::pairing::{By, Outcome, Pairing, Stage, Winner};
use super::{AT_ONCE_MAX, LATE_MAX, Setup, Tournament};
use crate::room::Cx;
use crate::time::Timestamp;

impl Tournament {
    pub(super) fn due_at(&self) -> Option<Timestamp> {
        let setup = self.setup.as_deref()?;
        match self.phase {
            Phase::Registration => Some(setup.check_in_at().unwrap_or(self.starts_at)),
            Phase::CheckIn => Some(self.starts_at),
            Phase::Running => self.pairings.iter().filter_map(Pairing::until).min(),
            Phase::Concluded | Phase::Cancelled => None,
        }
    }

    /// Everything that is due.
    pub(super) fn due(&self, cx: &Cx<'_>) -> Vec<Event> {
        let Some(setup) = self.setup.as_deref() else { return vec![] };
        let first = match (self.phase, setup.check_in_at()) {
            (Phase::Registration, Some(opens)) => vec![self.opened(cx.now, opens)],
            (Phase::Registration | Phase::CheckIn, _) => {
                self.begins(cx).unwrap_or_else(|| vec![Event::Cancelled(Why::TooFew)])
            }
            _ => self.next_step(cx.now).into_iter().collect(),
        };
        self.settled(cx.now, first)
    }

    /// Check-in opens, and lasts as long as was said also where it opens late.
    fn opened(&self, now: Timestamp, opens: Timestamp) -> Event {
        let late = now.since(opens);
        let moved = if late > LATE_MAX { late } else { std::time::Duration::ZERO };
        Event::CheckInOpened { starts_at: self.starts_at + moved }
    }

    /// `events`, and everything that follows from them at once.
    pub(super) fn settled(&self, now: Timestamp, mut events: Vec<Event>) -> Vec<Event> {
        if events.is_empty() {
            return events;
        }
        let mut after = self.after(now, &events);
        while let Some(event) = after.next_step(now) {
            after.apply_event(now, &event);
            events.push(event);
        }
        events
    }

    /// The tournament as it is after `events`.
    pub(super) fn after(&self, now: Timestamp, events: &[Event]) -> Self {
        let mut after = self.clone();
        events.iter().for_each(|event| after.apply_event(now, event));
        after
    }

    /// One thing that follows from how everything stands. Each moves a pairing on or begins a round, so that
    /// they come to an end.
    fn next_step(&self, now: Timestamp) -> Option<Event> {
        let setup = self.setup.as_deref().filter(|_| self.phase == Phase::Running)?;
        if self.pairings.is_empty() {
            return Some(self.first_draw(setup));
        }
        let open = self.open_round(setup);
        let is_open = |one: &Pairing| one.is_known() && one.round <= open;
        let mut all = (0..).zip(&self.pairings).filter(|(_, one)| is_open(one));
        if let Some(event) = all.clone().find_map(|(no, one)| self.moved_on(now, no, one)) {
            return Some(event);
        }
        let playing = self.pairings.iter().filter(|one| one.stage.is_playing()).count();
        let waits = all.find(|(_, one)| one.stage == Stage::Waiting);
        if let Some((pairing, _)) = waits.filter(|_| playing < AT_ONCE_MAX) {
            return Some(Event::Began { pairing });
        }
        self.pairings.iter().all(|one| one.over().is_some()).then(|| self.next_round(setup))
    }

    /// The round that is played: the first that is not over. Of an elimination all are, as far as their
    /// players are known.
    fn open_round(&self, setup: &Setup) -> u16 {
        let first = self.pairings.iter().find(|one| one.over().is_none());
        let first = first.filter(|_| !setup.is_elimination());
        first.map_or(u16::MAX, |one| one.round)
    }

    /// What becomes of a pairing whose time is up, or whose players are not both there.
    fn moved_on(&self, now: Timestamp, no: u16, one: &Pairing) -> Option<Event> {
        let is_due = one.until().is_some_and(|until| until <= now);
        match &one.stage {
            Stage::Over(_) => None,
            Stage::Reported { outcome, .. } if is_due || one.stage.is_accepted() => {
                Some(Event::Settled { pairing: no, outcome: *outcome })
            }
            Stage::Disputed { outcome, .. } if is_due => {
                Some(Event::Settled { pairing: no, outcome: *outcome })
            }
            Stage::Reported { .. } | Stage::Disputed { .. } => None,
            Stage::Waiting | Stage::Playing { .. } => match self.walkover(one) {
                Some(outcome) => Some(Event::Settled { pairing: no, outcome }),
                None => is_due.then(|| self.without_result(now, no)),
            },
        }
    }

    /// How a pairing comes out that nobody needs to play.
    fn walkover(&self, one: &Pairing) -> Option<Outcome> {
        let there = one.sides.map(|side| side.player().is_some_and(|no| !self.is_out(no)));
        let by = if one.sides.contains(&Side::Nobody) { By::Bye } else { By::Withdrawal };
        let winner = match there {
            [true, true] => return None,
            [true, false] => Winner::A,
            [false, true] => Winner::B,
            [false, false] => Winner::Nobody,
        };
        Some(Outcome { winner, by })
    }

    fn first_draw(&self, setup: &Setup) -> Event {
        let rounds = match setup.creation.format {
            Format::Elimination { .. } => vec![bracket::first_round(self.field)],
            Format::RoundRobin => circle::rounds(self.field),
            Format::Swiss { .. } => swiss::round(&self.standings()).into_iter().collect(),
        };
        Event::Drawn { rounds }
    }

    /// All that was drawn is over.
    fn next_round(&self, setup: &Setup) -> Event {
        let drawn = self.pairings.last().map_or(0, |last| last.round);
        let more =
            matches!(setup.creation.format, Format::Swiss { .. }) && drawn < self.rounds(setup);
        let round = more.then(|| swiss::round(&self.standings())).flatten();
        match round {
            Some(round) => Event::Drawn { rounds: vec![round] },
            None => Event::Concluded { places: self.places() },
        }
    }

    /// How many rounds there are, once it is known who takes part.
    pub(super) fn rounds(&self, setup: &Setup) -> u16 {
        // Of an even field each has one fewer to meet than there are; of an odd one there is the bye too.
        let most = self.field - 1 + self.field % 2;
        match setup.creation.format {
            Format::Elimination { .. } => bracket::rounds(self.field),
            Format::RoundRobin => most,
            Format::Swiss { rounds } => rounds.unwrap_or(bracket::rounds(self.field)).min(most),
        }
    }
}
