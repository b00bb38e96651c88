//! Taking facts in. Nothing here can fail: what could be refused was refused before.

use playhouse_protocol::ids::AccountId;

use super::command::{Entry, Format, Phase};
use super::draw::{Side, Sides, bracket};
use super::event::Event;
use super::pairing::{Again, Outcome, Pairing, Stage};
use super::{Entrant, PLAYING_TIME, Setup, Tournament};
use crate::time::Timestamp;

impl Tournament {
    pub(super) fn apply_event(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Created { creation, organizer } => {
                self.starts_at = creation.starts_at;
                let (creation, organizer) = ((**creation).clone(), *organizer);
                self.setup = Some(Box::new(Setup { creation, organizer, created_at: at }));
            }
            Event::Registered { account, entry } => self.registered(*account, entry),
            Event::Withdrew { account } => self.withdrew(*account),
            Event::CheckInOpened { starts_at } => {
                (self.phase, self.starts_at) = (Phase::CheckIn, *starts_at);
            }
            Event::CheckedIn { account } => {
                if let Some(entrant) = self.entrant_mut(*account) {
                    entrant.checked_in = true;
                }
            }
            Event::Started { field } => self.started(at, field),
            Event::Drawn { rounds } => rounds.iter().for_each(|round| self.drawn(round)),
            Event::Concluded { places } => {
                for (entrant, place) in self.entrants.iter_mut().zip(places) {
                    entrant.place = Some(*place);
                }
                self.ended(at, Phase::Concluded);
            }
            Event::Cancelled(why) => {
                self.why = Some(*why);
                self.ended(at, Phase::Cancelled);
            }
            Event::Settled { pairing, outcome } => self.settle(*pairing, *outcome),
            Event::Began { pairing }
            | Event::Arranged { pairing }
            | Event::Again { pairing, .. }
            | Event::Reported { pairing, .. }
            | Event::Accepted { pairing, .. }
            | Event::Disputed { pairing, .. } => self.goes_on(at, *pairing, event),
        }
    }

    fn entrant_mut(&mut self, account: AccountId) -> Option<&mut Entrant> {
        self.entrants.iter_mut().find(|entrant| entrant.account == account)
    }

    fn registered(&mut self, account: AccountId, entry: &Entry) {
        let checked_in = self.phase == Phase::CheckIn;
        if let Some(entrant) = self.entrant_mut(account) {
            entrant.entry = entry.clone();
            entrant.checked_in |= checked_in;
            return;
        }
        let entry = entry.clone();
        self.entrants.push(Entrant { account, entry, checked_in, out: false, place: None });
    }

    fn withdrew(&mut self, account: AccountId) {
        if self.phase.is_before() {
            self.entrants.retain(|entrant| entrant.account != account);
        } else if let Some(entrant) = self.entrant_mut(account) {
            entrant.out = true;
        }
    }

    fn started(&mut self, at: Timestamp, field: &[AccountId]) {
        let place = |entrant: &Entrant| field.iter().position(|one| *one == entrant.account);
        self.entrants.sort_by_key(|entrant| place(entrant).unwrap_or(usize::MAX));
        self.field = field.len() as u16;
        (self.phase, self.began_at) = (Phase::Running, Some(at));
    }

    fn ended(&mut self, at: Timestamp, phase: Phase) {
        (self.phase, self.ended_at) = (phase, Some(at));
    }

    /// One more round. An elimination has all others behind its first.
    fn drawn(&mut self, pairs: &[Sides]) {
        let round = self.pairings.last().map_or(0, |last| last.round) + 1;
        self.pairings.extend(pairs.iter().map(|sides| Pairing::new(round, *sides)));
        let Some(setup) = self.setup.as_deref() else { return };
        let Format::Elimination { third_place } = setup.creation.format else { return };
        let (size, rounds) = (bracket::size(self.field), bracket::rounds(self.field));
        let unknown = |round| Pairing::new(round, [Side::Unknown; 2]);
        for round in 2..=rounds {
            self.pairings.extend((0..size >> round).map(|_| unknown(round)));
        }
        if third_place && size >= 4 {
            self.pairings.push(unknown(rounds));
        }
    }

    fn settle(&mut self, no: u16, outcome: Outcome) {
        let goes = self.goes(no);
        let Some(pairing) = self.pairings.get_mut(usize::from(no)) else { return };
        pairing.stage = Stage::Over(outcome);
        let Some((winner, loser)) = pairing.winner_and_loser() else { return };
        for (to, who) in goes.into_iter().zip([winner, loser]) {
            if let Some((to, side)) = to
                && let Some(next) = self.pairings.get_mut(usize::from(to))
            {
                next.sides[side] = who;
            }
        }
    }

    /// Where the winner and the loser of pairing `no` go, in an elimination.
    pub(super) fn goes(&self, no: u16) -> [Option<(u16, usize)>; 2] {
        let elimination = self.setup.as_deref().is_some_and(Setup::is_elimination);
        let size = bracket::size(self.field);
        let is_third = no + 1 == size;
        match self.pairings.get(usize::from(no)).filter(|_| elimination && !is_third) {
            Some(pairing) => [
                bracket::winner_goes(size, pairing.round, no),
                bracket::loser_goes(size, pairing.round, no)
                    .filter(|(to, _)| usize::from(*to) < self.pairings.len()),
            ],
            None => [None, None],
        }
    }

    fn goes_on(&mut self, at: Timestamp, no: u16, event: &Event) {
        let id = self.id;
        let Some(pairing) = self.pairings.get_mut(usize::from(no)) else { return };
        match event {
            Event::Began { .. } => {
                pairing.matches += 1;
                pairing.match_id = Some(super::duties::match_id(id, no, pairing.matches));
                pairing.stage = Stage::Playing { until: at + PLAYING_TIME, arranged: false };
            }
            Event::Again { why, .. } => again(pairing, *why),
            Event::Reported { outcome, until, .. } => {
                let (outcome, until, accepted) = (*outcome, *until, [false; 2]);
                pairing.stage = Stage::Reported { outcome, until, accepted };
            }
            Event::Disputed { by, text, until, .. } => {
                if let Some(outcome) = pairing.stage.outcome() {
                    let (by, text, until) = (*by, text.clone(), *until);
                    pairing.stage = Stage::Disputed { outcome, until, by, text };
                }
            }
            _ => match (&mut pairing.stage, event) {
                (Stage::Playing { arranged, .. }, Event::Arranged { .. }) => *arranged = true,
                (Stage::Reported { accepted, .. }, Event::Accepted { side, .. }) => {
                    accepted[usize::from(*side) % 2] = true;
                }
                _ => {}
            },
        }
    }
}

fn again(pairing: &mut Pairing, why: Again) {
    pairing.stage = Stage::Waiting;
    match why {
        Again::Drawn => pairing.draws += 1,
        Again::Void => pairing.voids += 1,
        Again::Ordered => (pairing.draws, pairing.voids) = (0, 0),
    }
}
