//! Looking for a match for one ticket.
//!
//! The one who waits longest asks, and the nearest in skill are looked at first. Whoever comes in must be
//! within reach of everybody who is in, and everybody within theirs; and one region at least must be near
//! enough for all. A ticket that is overdue takes whoever can be taken at all.

use std::collections::BTreeSet;
use std::ops::Bound;

use super::bounds::{self, OVERDUE};
use super::event::{No, Place};
use super::line::{Brief, Line};
use super::sides;
use crate::games::Shape;
use crate::time::Timestamp;

/// How many neighbours a ticket looks at in one pass. 64: eight times what any match takes; what lies
/// further comes nearer as others leave.
const LOOKS_MAX: u32 = 64;

/// The same for one that is overdue. 1,024: it must be found somebody, and there are few of these.
const LOOKS_OVERDUE_MAX: u32 = 1024;

/// Who can be chosen in one slice of a pass.
pub(super) struct Search<'a> {
    pub(super) line: &'a Line,
    pub(super) shape: Shape,
    pub(super) now: Timestamp,
    /// Who was chosen already.
    pub(super) taken: BTreeSet<No>,
    /// How much was looked at.
    pub(super) looks: u32,
}

/// Those who would play together.
pub(super) struct Group {
    pub(super) units: Vec<Brief>,
    pub(super) people: u16,
    /// The regions in which all of them can be reached.
    pub(super) regions: u16,
    /// How many sides they make.
    pub(super) sides: u16,
    /// The levels that all of them accept, and those that they have.
    accepted: (i32, i32),
    had: (i32, i32),
    overdue: bool,
}

impl Group {
    fn of(anchor: Brief, now: Timestamp, sides: u16) -> Self {
        let wait = now.since(anchor.place.0);
        let reach = bounds::reach(wait);
        Self {
            units: vec![anchor],
            people: anchor.people,
            regions: anchor.ways.within(bounds::latency(wait)),
            sides,
            accepted: (anchor.level.saturating_sub(reach), anchor.level.saturating_add(reach)),
            had: (anchor.level, anchor.level),
            overdue: wait >= OVERDUE,
        }
    }

    /// Takes `brief` in, if everybody accepts everybody and it fits.
    fn take(&mut self, brief: &Brief, now: Timestamp, shape: Shape) -> bool {
        let wait = if self.overdue { OVERDUE } else { now.since(brief.place.0) };
        let reach = bounds::reach(wait);
        let own = (brief.level.saturating_sub(reach), brief.level.saturating_add(reach));
        let accepted = (self.accepted.0.max(own.0), self.accepted.1.min(own.1));
        let had = (self.had.0.min(brief.level), self.had.1.max(brief.level));
        let regions = self.regions & brief.ways.within(bounds::latency(wait));
        let agree = self.overdue || accepted.0 <= had.0 && had.1 <= accepted.1;
        if !agree || regions == 0 || !self.fits(brief.people, shape) {
            return false;
        }
        self.units.push(*brief);
        self.people += brief.people;
        (self.accepted, self.had, self.regions) = (accepted, had, regions);
        true
    }

    fn fits(&self, people: u16, shape: Shape) -> bool {
        if self.people + people > self.sides * shape.team_size {
            return false;
        }
        if shape.is_free_for_all() {
            return true;
        }
        let sizes: Vec<_> = self.units.iter().map(|unit| unit.people).chain([people]).collect();
        sides::fit(&sizes, self.sides, shape.team_size)
    }

    fn is_full(&self, shape: Shape) -> bool {
        self.people == self.sides * shape.team_size
    }
}

impl Search<'_> {
    /// A group around `anchor` that is enough for a match now.
    pub(super) fn group(&mut self, anchor: Place) -> Option<Group> {
        let level = *self.line.waiting.get(&anchor)?;
        let anchor = *self.line.levels.get(&(level, anchor))?;
        let least = bounds::least_teams(self.shape, self.now.since(anchor.place.0));
        if self.shape.is_free_for_all() {
            let group = self.gather(anchor, self.shape.teams);
            return (group.people >= least).then_some(group);
        }
        let sides = (least..=self.shape.teams).rev();
        sides.into_iter().find_map(|sides| {
            let group = self.gather(anchor, sides);
            group.is_full(self.shape).then_some(group)
        })
    }

    fn gather(&mut self, anchor: Brief, sides: u16) -> Group {
        let mut group = Group::of(anchor, self.now, sides);
        let mut looks = if group.overdue { LOOKS_OVERDUE_MAX } else { LOOKS_MAX };
        for brief in neighbours(self.line, &anchor, group.accepted) {
            if group.is_full(self.shape) || looks == 0 {
                break;
            }
            self.looks += 1;
            if self.taken.contains(&brief.place.1) {
                continue;
            }
            looks -= 1;
            group.take(brief, self.now, self.shape);
        }
        group
    }
}

/// Everybody else who waits and has a level in the window, the nearest in level first.
fn neighbours<'a>(
    line: &'a Line,
    anchor: &Brief,
    (low, high): (i32, i32),
) -> impl Iterator<Item = &'a Brief> + use<'a> {
    let (level, key) = (anchor.level, (anchor.level, anchor.place));
    let (first, last) = ((low, (Timestamp::ZERO, 0)), (high, (Timestamp::MAX, No::MAX)));
    let mut below = line.levels.range(first..key).rev().map(|(_, brief)| brief).peekable();
    let above = line.levels.range((Bound::Excluded(key), Bound::Included(last)));
    let mut above = above.map(|(_, brief)| brief).peekable();
    let far = move |brief: &&Brief| brief.level.abs_diff(level);
    std::iter::from_fn(move || match (below.peek().map(far), above.peek().map(far)) {
        (Some(below_far), Some(above_far)) if below_far <= above_far => below.next(),
        (Some(_), None) => below.next(),
        _ => above.next(),
    })
}
