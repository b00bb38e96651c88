//! A pass over the line, in slices.
//!
//! A slice reads the state and says what becomes of it as one event, so that it is the same after a
//! restart. Whoever waits longest is first to look.

use std::collections::{BTreeMap, BTreeSet};

use playhouse_protocol::ids::MatchId;

use super::bounds;
use super::event::{Event, Formed, Joining, No, Place};
use super::line::strength;
use super::running::Running;
use super::search::{Group, Search};
use super::sides::{self, Unit};
use super::{Matchmaking, Plays, SLICE_FORMED_MAX, SLICE_LOOKS_MAX};
use crate::games::skill::{Skill, win_chances};
use crate::room::{Cx, Seed};

/// How many matches that run are looked at for one who could come late. 8: the nearest in skill.
const OPEN_LOOKS_MAX: usize = 8;

/// What a slice found.
#[derive(Default)]
struct Found {
    formed: Vec<Formed>,
    joining: Vec<Joining>,
    /// How many are sent to which match.
    sent: BTreeMap<MatchId, u16>,
}

impl Matchmaking {
    /// The next slice.
    pub(super) fn slice(&self, cx: &Cx<'_>, plays: Plays) -> Event {
        let shape = plays.shape;
        let (line, now) = (&self.line, cx.now);
        let mut search = Search { line, shape, now, taken: BTreeSet::new(), looks: 0 };
        let mut found = Found::default();
        let after = self.pass.cursor.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        for place in line.waiting.range((after, std::ops::Bound::Unbounded)).map(|(at, _)| *at) {
            search.looks += 1;
            if !search.taken.contains(&place.1) {
                self.look(&cx.seed, plays, &mut search, place, &mut found);
            }
            let made = found.formed.len() + found.joining.len();
            if search.looks >= SLICE_LOOKS_MAX || made >= SLICE_FORMED_MAX {
                let Found { formed, joining, .. } = found;
                return Event::Passed { to: Some(place), formed, joining };
            }
        }
        let Found { formed, joining, .. } = found;
        Event::Passed { to: None, formed, joining }
    }

    /// Looks for a place for the ticket at `place`: in a match that runs, or in one to be.
    fn look(
        &self,
        seed: &Seed,
        plays: Plays,
        search: &mut Search<'_>,
        place: Place,
        found: &mut Found,
    ) {
        if let Some(match_id) = self.open_match(search, place, &found.sent) {
            let people = self.people_of(place.1);
            *found.sent.entry(match_id).or_default() += people;
            search.taken.insert(place.1);
            found.joining.push(Joining { match_id, ticket: place.1 });
            return;
        }
        let Some(group) = search.group(place) else { return };
        if !search.shape.is_free_for_all() {
            // Making sides costs about as much as so many looks.
            search.looks += sides::TRIES_MAX;
        }
        let wait = search.now.since(place.0);
        let match_id = MatchId(seed.uuid(found.formed.len() as u64));
        let Some(formed) = self.form(plays, match_id, &group, bounds::uneven(wait)) else { return };
        search.taken.extend(formed.tickets.iter().map(|(no, _)| *no));
        found.formed.push(formed);
    }

    fn people_of(&self, no: No) -> u16 {
        self.tickets.get(&no).map_or(0, |entry| entry.ticket.members.len() as u16)
    }

    /// A match that runs, into which the ticket at `place` can come late.
    fn open_match(
        &self,
        search: &Search<'_>,
        place: Place,
        sent: &BTreeMap<MatchId, u16>,
    ) -> Option<MatchId> {
        let level = *search.line.waiting.get(&place)?;
        let brief = search.line.levels.get(&(level, place))?;
        let wait = search.now.since(place.0);
        let (reach, limit) = (bounds::reach(wait), bounds::latency(wait));
        let key = (level, MatchId(uuid::Uuid::nil()));
        let (below, above) = (search.line.open.range(..key).rev(), search.line.open.range(key..));
        let near = below.take(OPEN_LOOKS_MAX).chain(above.take(OPEN_LOOKS_MAX));
        let suits = near.filter(|(of, id)| {
            let Some(running) = self.running.get(id) else { return false };
            let room = running.room().saturating_sub(sent.get(id).copied().unwrap_or(0));
            let region = self.regions.bits(running.region.as_deref());
            of.abs_diff(level) <= reach.unsigned_abs()
                && brief.people <= room
                && brief.ways.within(limit) & region != 0
                && !self.was_there(running, place.1)
        });
        suits.min_by_key(|(of, id)| (of.abs_diff(level), *id)).map(|(_, id)| *id)
    }

    /// True if somebody on the ticket was sent to the match before.
    fn was_there(&self, running: &Running, no: No) -> bool {
        let own = self.tickets.get(&no).map(|entry| &entry.ticket.members[..]).unwrap_or_default();
        own.iter().any(|member| running.people.contains(&member.account))
    }

    /// The match that `group` makes, if it is even enough.
    fn form(
        &self,
        plays: Plays,
        match_id: MatchId,
        group: &Group,
        uneven: Option<f64>,
    ) -> Option<Formed> {
        let shape = plays.shape;
        let nos = group.units.iter().map(|unit| unit.place.1);
        let tickets: Vec<(No, u16)> = if shape.is_free_for_all() {
            nos.map(|no| (no, 0)).collect()
        } else {
            let sides = sides::split(shape, group.sides, &self.units(nos.clone())?)?;
            let mut tickets: Vec<_> = nos.zip(sides).collect();
            tickets.sort_by_key(|(no, side)| (*side, *no));
            tickets
        };
        let even = |most: f64| self.is_even(&self.sides(&tickets, shape.is_free_for_all()), most);
        // A party is as mixed as it chose to be: where everybody plays for themselves, that the parties are
        // near each other is enough.
        let parties = shape.is_free_for_all() && group.units.iter().any(|unit| unit.people > 1);
        if !parties && !uneven.is_none_or(even) {
            return None;
        }
        // Seats that stay free are for those who come late.
        let late = plays.join_late && shape.is_free_for_all();
        let seats = if late { shape.people() } else { group.people };
        let region = self.regions.nearest(group.regions, group.units.iter().map(|unit| &unit.ways));
        Some(Formed { match_id, seats, tickets, region })
    }

    fn units(&self, nos: impl Iterator<Item = No>) -> Option<Vec<Unit>> {
        nos.map(|no| {
            let ticket = &self.tickets.get(&no)?.ticket;
            Some(Unit { people: ticket.members.len() as u16, strength: strength(ticket) })
        })
        .collect()
    }

    /// The skills on each side.
    pub(super) fn sides(&self, tickets: &[(No, u16)], alone: bool) -> Vec<Vec<Skill>> {
        let mut sides: Vec<Vec<Skill>> = Vec::new();
        let all = tickets.iter().filter_map(|(no, side)| Some((self.tickets.get(no)?, *side)));
        for (entry, side) in all {
            for member in &entry.ticket.members {
                if alone || usize::from(side) >= sides.len() {
                    sides.push(Vec::new());
                }
                sides.last_mut().expect("one was pushed").push(member.skill);
            }
        }
        sides
    }

    /// True if no side's chance to win is further from the even one than `most`, as a part of it.
    fn is_even(&self, sides: &[Vec<Skill>], most: f64) -> bool {
        let count = sides.len() as f64;
        win_chances(sides).iter().all(|chance| (chance * count - 1.0).abs() <= most)
    }
}
