//! A player of the server's own: goes to the nearest food by ways from which it gets out again.
//!
//! It looks at the three cells ahead, once a move. One that is taken is out of the question; one from which fewer
//! cells can be reached than it is long is bad, and so is one that another head may reach in the same move. Of what
//! is left it takes the one nearest to food, for three of nine seconds; in the others it goes straight on, so that
//! people get something too.

use playhouse_protocol::game::Input;
use playhouse_protocol::game::table::Entity;

use super::schema::{FOOD, HEAD, PLAYERS_MAX, bend_of, go, head, place_of_bend};
use super::snake::{Ground, STEPS, cells};
use super::{Cells, SIZE_MAX, TICKS_A_MOVE};
use crate::games::bot::{Bot, Sight};
use crate::games::{Seat, hash};

/// A cell that a snake's body has.
const BODY: u8 = 1;
/// A cell that somebody's head may be in after the move.
const REACHED: u8 = 2;

/// How many cells beyond its own length it looks whether it can get to.
const ROOM: u16 = 24;

/// How long it is hungry in each of [`MOODS`] times as long, in ticks: 3 s.
const MOOD: u32 = 60;
const MOODS: u32 = 3;

/// A bot.
pub(super) struct Crawler {
    ground: Ground,
    seat: Seat,
    chance: u64,
    said: Input,
    cells: Box<Cells>,
    /// In which look each cell was reached, and the number of the newest look.
    looked: Box<[u32; SIZE_MAX * SIZE_MAX]>,
    looks: u32,
    /// Cells to look at next.
    next: Vec<(u8, u8)>,
    food: Vec<(u8, u8)>,
}

/// Where a snake's head is, in cells, once the move that it is in is made.
fn arrives(ground: Ground, tick: u32, fields: &[i32]) -> Option<(u8, u8)> {
    let [vx, vy, x, y, ..] = *fields else { return None };
    let half = i32::from(tick % TICKS_A_MOVE == 1);
    let cell =
        |at: i32, by: i32| ((at + by * half).rem_euclid(2 * i32::from(ground.size)) / 2) as u8;
    Some((cell(x, vx), cell(y, vy)))
}

/// The cells of the snake of `seat`, whose head is `of`.
pub(super) fn body<'a>(
    ground: Ground,
    sight: &Sight<'a>,
    seat: u16,
    of: Entity<'a>,
) -> Option<impl Iterator<Item = (u8, u8)> + use<'a>> {
    let at = arrives(ground, sight.tick(), of.fields)?;
    let moves = sight.tick().div_ceil(TICKS_A_MOVE) as u8;
    let (length, newest) = (of.fields[head::LENGTH] as u8, of.fields[head::NEWEST] as u8);
    let sight = *sight;
    let bend = move |n: u8| {
        let (slot, field) = place_of_bend(seat, n);
        bend_of(sight.get(slot)?.fields, field)
    };
    Some(cells(ground, moves, (at, length), newest, bend))
}

impl Crawler {
    pub(super) fn new(ground: Ground, seat: Seat, seed: u64) -> Self {
        let all = SIZE_MAX * SIZE_MAX;
        Self {
            ground,
            seat,
            chance: hash::of(&(seed, seat)),
            said: Input::NEUTRAL,
            cells: Box::new(Cells::EMPTY),
            looked: Box::new([0; SIZE_MAX * SIZE_MAX]),
            looks: 0,
            next: Vec::with_capacity(all),
            food: Vec::with_capacity(all),
        }
    }

    /// Notes what is where.
    fn read(&mut self, sight: &Sight<'_>) {
        self.cells.0.fill(0);
        self.food.clear();
        for (slot, entity) in sight.entities() {
            match (entity.kind, entity.fields) {
                (HEAD, _) if slot < PLAYERS_MAX => self.read_snake(sight, slot, entity),
                (FOOD, [x, y]) => self.food.push((*x as u8, *y as u8)),
                _ => {}
            }
        }
    }

    fn read_snake(&mut self, sight: &Sight<'_>, slot: u16, entity: Entity<'_>) {
        let ground = self.ground;
        let Some(cells) = body(ground, sight, slot, entity) else { return };
        cells.for_each(|at| self.cells.put(at, BODY));
        let Some(at) = arrives(ground, sight.tick(), entity.fields) else { return };
        if slot == self.seat.0 {
            return;
        }
        for next in (0..4).filter_map(|way| ground.next(at, way)) {
            if self.cells.get(next) == 0 {
                self.cells.put(next, REACHED);
            }
        }
    }

    /// How many cells can be reached from `at`, counted to `enough`.
    fn room(&mut self, at: (u8, u8), enough: u16) -> u16 {
        self.looks += 1;
        self.next.clear();
        self.look(at);
        let mut count = 0;
        while let Some(from) = self.next.get(usize::from(count)).copied() {
            count += 1;
            if count >= enough {
                break;
            }
            let ground = self.ground;
            for next in (0..4).filter_map(|way| ground.next(from, way)) {
                self.look(next);
            }
        }
        count
    }

    fn look(&mut self, at: (u8, u8)) {
        let place = usize::from(at.1) * SIZE_MAX + usize::from(at.0);
        if self.cells.get(at) != BODY && self.looked[place] != self.looks {
            self.looked[place] = self.looks;
            self.next.push(at);
        }
    }

    /// How far it is from `at` to the nearest food.
    fn to_food(&self, at: (u8, u8)) -> u16 {
        let apart = |a: u8, b: u8| {
            let straight = u16::from(a.abs_diff(b));
            let around = u16::from(self.ground.size).saturating_sub(straight);
            if self.ground.walls { straight } else { straight.min(around) }
        };
        let far = |food: &(u8, u8)| apart(at.0, food.0) + apart(at.1, food.1);
        self.food.iter().map(far).min().unwrap_or(0)
    }

    fn choose(&mut self, tick: u32, at: (u8, u8), way: u8, length: u8) -> u8 {
        let hungry = (tick / MOOD + u32::from(self.seat.0)).is_multiple_of(MOODS);
        self.chance = hash::of(&self.chance);
        let turned = (self.chance >> 20) as u8 % 4;
        let enough = u16::from(length) + ROOM;
        let mut best = (None, way);
        for n in 0..STEPS.len() as u8 {
            let to = (n + turned) % 4;
            let next = self.ground.next(at, to).filter(|next| self.cells.get(*next) != BODY);
            let Some(next) = next.filter(|_| to != (way + 2) % 4) else { continue };
            // Beyond what it needs one room is as good as another.
            let room = self.room(next, enough).min(enough);
            let reached = self.cells.get(next) == REACHED;
            let wants = if hungry { u16::MAX - self.to_food(next) } else { u16::from(to == way) };
            let worth = (room.min(length.into()), !reached, room, wants);
            if best.0.is_none_or(|known| known < worth) {
                best = (Some(worth), to);
            }
        }
        best.1
    }
}

impl Bot for Crawler {
    fn act(&mut self, sight: &Sight<'_>) -> Input {
        let mine = sight.get(self.seat.0).filter(|mine| mine.kind == HEAD);
        let Some(mine) = mine else {
            self.said = Input::NEUTRAL;
            return self.said;
        };
        // The next tick only ends a move.
        if sight.tick() % TICKS_A_MOVE == 1 && self.said != Input::NEUTRAL {
            return self.said;
        }
        self.read(sight);
        let Some(at) = arrives(self.ground, sight.tick(), mine.fields) else { return self.said };
        let (slot, field) = place_of_bend(self.seat.0, mine.fields[head::NEWEST] as u8);
        let newest = sight.get(slot).and_then(|coil| bend_of(coil.fields, field));
        let Some(newest) = newest else { return self.said };
        let way = self.choose(sight.tick(), at, newest.way, mine.fields[head::LENGTH] as u8);
        self.said = go(way);
        self.said
    }
}
