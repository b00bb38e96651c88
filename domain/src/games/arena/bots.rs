//! A player of the server's own: walks about, picks up what it needs, and shoots at whom it sees.
//!
//! It knows what everybody knows, the ground, and what its [`Sight`] has. It aims ahead of whom it shoots
//! at, as their speed is seen, and misses by up to 3 degrees.

use playhouse_protocol::game::Input;

use super::ground::{CELLS, Ground, What, cell, middle};
use super::schema::{AVATAR, Action, ITEM, avatar};
use super::{shot, trig};
use crate::games::bot::{Bot, Sight};
use crate::games::{Seat, hash};

/// How far a shot is worth it, in centimetres: nearly as far as it flies.
const REACH: i32 = 1600;
/// How far it keeps from whom it shoots at, in centimetres.
const AWAY: i32 = 600;
/// By how much it misses at most, in 1,024ths of a turn.
const MISSES: u64 = 9;
/// Below this it looks for health.
const HURT: i32 = 50;

/// Too far for a bot to go.
const UNKNOWN: u16 = u16::MAX;
const ALL: usize = CELLS * CELLS;

/// A bot.
pub(super) struct Rover {
    ground: &'static Ground,
    seat: Seat,
    chance: u64,
    goal: (i32, i32),
    /// How many cells it is from each cell to the goal.
    far: Box<[u16; ALL]>,
    /// Cells to look at next, while `far` is made.
    next: Vec<u16>,
    /// Which way it goes around whom it shoots at, and until when.
    side: i32,
    turns_at: u32,
}

/// Another player, as seen.
#[derive(Clone, Copy)]
struct Seen {
    x: i32,
    y: i32,
    vx: i32,
    vy: i32,
}

impl Rover {
    pub(super) fn new(ground: &'static Ground, seat: Seat, seed: u64) -> Self {
        let (far, next) = (Box::new([UNKNOWN; ALL]), Vec::with_capacity(ALL));
        let chance = hash::of(&(seed, seat));
        Self { ground, seat, chance, goal: (-1, -1), far, next, side: 1, turns_at: 0 }
    }

    /// A number below `below`, by chance.
    fn draw(&mut self, below: u64) -> u64 {
        self.chance = hash::of(&self.chance);
        (self.chance >> 11) % below
    }

    /// Sets off for `goal`, a place.
    fn head_for(&mut self, goal: (i32, i32)) {
        let goal = (cell(goal.0), cell(goal.1));
        if goal == self.goal {
            return;
        }
        self.goal = goal;
        self.far.fill(UNKNOWN);
        self.next.clear();
        self.reach(goal, 0);
        let mut at = 0;
        while let Some(from) = self.next.get(at).copied() {
            at += 1;
            let (column, row) = (i32::from(from) % CELLS as i32, i32::from(from) / CELLS as i32);
            let far = self.far[usize::from(from)] + 1;
            for (dx, dy) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
                self.reach((column + dx, row + dy), far);
            }
        }
    }

    fn reach(&mut self, (column, row): (i32, i32), far: u16) {
        if self.ground.is_wall(column, row) {
            return;
        }
        let at = row as usize * CELLS + column as usize;
        if self.far[at] == UNKNOWN {
            self.far[at] = far;
            self.next.push(at as u16);
        }
    }

    /// Which way to go from `place` towards the goal: to the middle of the next cell that is nearer.
    fn way(&self, place: (i32, i32)) -> u8 {
        let (column, row) = (cell(place.0), cell(place.1));
        let far = |(dx, dy): &(i32, i32)| {
            let (column, row) = (column + dx, row + dy);
            let at = (row.max(0) as usize * CELLS + column.max(0) as usize).min(ALL - 1);
            self.far[at]
        };
        let steps = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)];
        let (dx, dy) = steps.into_iter().min_by_key(far).unwrap_or_default();
        let (x, y) = (middle(column + dx) - place.0, middle(row + dy) - place.1);
        if (dx, dy) == (0, 0) && x.abs() + y.abs() < 40 { 0 } else { go_along(trig::angle(x, y)) }
    }

    fn wander(&mut self, sight: &Sight<'_>, me: Seen, health: i32) -> u8 {
        let is_there = (cell(me.x), cell(me.y)) == self.goal;
        let wanted = if health < HURT { What::Health } else { What::Rapid };
        let lies = |(_, thing): (u16, playhouse_protocol::game::table::Entity<'_>)| {
            let [x, y, what] = *thing.fields else { return None };
            (thing.kind == ITEM && what == wanted as i32).then_some((x, y))
        };
        if let Some(place) = sight.entities().find_map(lies) {
            self.head_for(place);
        } else if is_there || self.goal.0 < 0 || self.turns_at <= sight.tick() {
            let (chance, lasts) = (self.draw(1 << 32), self.draw(300) as u32);
            self.turns_at = sight.tick() + 150 + lasts;
            self.head_for(self.ground.spawn(chance));
        }
        self.way((me.x, me.y))
    }

    /// Goes around whom it shoots at, and keeps away.
    fn circle(&mut self, tick: u32, towards: i32, distance: i32) -> u8 {
        if self.turns_at <= tick {
            self.turns_at = tick + 10 + self.draw(30) as u32;
            self.side = if self.draw(2) == 0 { -1 } else { 1 };
        }
        let turn = if distance > AWAY { 160 } else { 320 };
        go_along(towards + self.side * turn)
    }
}

impl Bot for Rover {
    fn act(&mut self, sight: &Sight<'_>) -> Input {
        let mine = sight.get(self.seat.0).filter(|entity| entity.kind == AVATAR);
        let Some(mine) = mine else { return Input::NEUTRAL };
        let (me, health) = (seen(mine.fields), mine.fields[avatar::HEALTH]);
        let distance = |other: &Seen| (other.x - me.x).abs().max((other.y - me.y).abs());
        let others = sight.entities().filter(|(slot, other)| {
            other.kind == AVATAR && *slot != self.seat.0 && other.fields[avatar::SHIELD] == 0
        });
        let nearest = others.map(|(_, other)| seen(other.fields)).min_by_key(distance);
        let Some(target) = nearest.filter(|target| distance(target) < REACH) else {
            let go = self.wander(sight, me, health);
            let aim = if go == 0 { mine.fields[avatar::AIM] } else { i32::from(go - 1) * 64 };
            return Action { go, aim: aim as u16, fire: false }.input();
        };
        let ticks = distance(&target) / shot::PACE + 1;
        let (x, y) = (target.x + target.vx * ticks - me.x, target.y + target.vy * ticks - me.y);
        let missed = self.draw(2 * MISSES) as i32 - MISSES as i32;
        let aim = (trig::angle(x, y) + missed).rem_euclid(trig::TURN) as u16;
        let towards = trig::angle(target.x - me.x, target.y - me.y);
        let go = self.circle(sight.tick(), towards, distance(&target));
        Action { go, aim, fire: true }.input()
    }
}

fn seen(fields: &[i32]) -> Seen {
    let [vx, vy, x, y, ..] = *fields else { return Seen { x: 0, y: 0, vx: 0, vy: 0 } };
    Seen { x, y, vx, vy }
}

/// The nearest of the sixteen ways.
fn go_along(angle: i32) -> u8 {
    ((angle + 32).rem_euclid(trig::TURN) / 64 + 1) as u8
}
