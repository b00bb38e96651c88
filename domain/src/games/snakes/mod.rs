//! snakes: everybody is a snake that grows by what it eats and dies of what it runs into.
//!
//! - [`schema`]: what there is on the wire, and in which slot. [`snake`]: one snake and its cells.
//! - this file: the match. `table`: what is told of it. `bot`: players of the server's own.
//!
//! There are 20 ticks a second, and everybody goes a cell in every other of them. A player says which way to go;
//! up to two ways are kept until the moves in which they are gone, so that two quick keys are two bends. Whoever
//! runs into a wall, a snake (also into itself) or head to head dies, all of one move at once, and comes in again
//! after 3 s. What is left of the dead is food. It ends after its time, or once somebody is as long as it takes;
//! the score is the greatest length that one ever had.

mod bot;
pub mod schema;
pub mod snake;
mod table;
#[cfg(test)]
mod tests;

use playhouse_protocol::game::{Schema, Table};
use serde::{Deserialize, Serialize};

use self::schema::{FOOD_MAX, LENGTH_MAX, PLAYERS_MAX};
use self::snake::{GROWS, Ground, STEPS, Snake};
use super::bot::Bot;
use super::game::{Game, Happenings, Hears, Outcome, SeatInput, Suspicion};
use super::settings::within;
use super::{BySeat, Seat, hash};
use crate::refusal::Refusal;

/// Everybody goes a cell in every so many ticks: ten cells a second.
const TICKS_A_MOVE: u32 = 2;
/// How long the dead wait: 3 s.
const RESPAWN: u32 = 60;
/// Every so many cells of the dead are food.
const LEFT_EVERY: usize = 4;
/// How many places are tried in one move for whoever comes in, and for food. 16: on a ground that is half full one
/// of them is free but for once in 65,536 times; then the next move tries again.
const TRIES: u32 = 16;
/// How many cells ahead are free where somebody comes in: half a second.
const AHEAD: usize = 5;

/// The widest ground, in cells.
const SIZE_MAX: usize = 64;

/// What can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How many cells the ground has each way: 24 to 64.
    pub size: u8,
    /// True if there is a wall around it; else what leaves it on one side comes in on the other.
    pub walls: bool,
    /// How much food lies about, at least: 1 to 96.
    pub food: u8,
    /// How long it lasts, in minutes: 1 to 30.
    pub minutes: u8,
    /// Whoever is so long ends it: 10 to 96.
    pub length: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self { size: 48, walls: true, food: 24, minutes: 5, length: 80 }
    }
}

/// A match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snakes {
    settings: Settings,
    /// What chance says next.
    chance: u64,
    tick: u32,
    /// How many moves were made, modulo 256.
    moves: u8,
    players: BySeat<Player>,
    /// By number, as many as there can be.
    food: Vec<Option<Food>>,
    over: bool,
}

/// Somebody in a seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Player {
    alive: bool,
    /// As it is, or as it was when it died.
    snake: Snake,
    entered: u32,
    /// When the life began, or the next one may.
    life: u32,
    /// The way that was wished for last, and those that are still to be gone.
    wish: Option<u8>,
    next: [Option<u8>; 2],
    /// The greatest length.
    best: u8,
    kills: u16,
    deaths: u16,
}

/// Something to eat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Food {
    at: (u8, u8),
    born: u32,
}

/// What is in each cell: 0 nothing, else a seat and one, or food.
struct Cells([u8; SIZE_MAX * SIZE_MAX]);

/// In a cell with food.
const EDIBLE: u8 = u8::MAX;

impl Cells {
    const EMPTY: Self = Self([0; SIZE_MAX * SIZE_MAX]);

    fn get(&self, (x, y): (u8, u8)) -> u8 {
        self.0[usize::from(y) % SIZE_MAX * SIZE_MAX + usize::from(x) % SIZE_MAX]
    }

    fn put(&mut self, (x, y): (u8, u8), what: u8) {
        self.0[usize::from(y) % SIZE_MAX * SIZE_MAX + usize::from(x) % SIZE_MAX] = what;
    }
}

impl Player {
    /// Takes in which way the player wants to go.
    fn listen(&mut self, way: u8) {
        if self.wish == Some(way) {
            return;
        }
        self.wish = Some(way);
        let free = self.next.iter().position(Option::is_none).unwrap_or(1);
        self.next[free] = Some(way);
    }

    /// Which way the snake goes next: the first of what was wished for that is a bend.
    fn way(&mut self) -> u8 {
        let way = self.snake.way();
        while let Some(wished) = self.next[0] {
            self.next = [self.next[1], None];
            if wished % 2 != way % 2 {
                return wished;
            }
        }
        way
    }
}

impl Snakes {
    fn ground(&self) -> Ground {
        Ground { size: self.settings.size, walls: self.settings.walls }
    }

    fn alive(&self) -> impl Iterator<Item = (Seat, &Player)> {
        self.players.iter().filter(|(_, player)| player.alive)
    }

    /// Every seat, those that were left among them, by rising seat.
    fn seats(&self) -> impl Iterator<Item = Seat> + use<> {
        self.players.in_turn(0)
    }

    /// A number below `below`, by chance.
    fn draw(&mut self, below: u8) -> u8 {
        self.chance = hash::of(&self.chance);
        ((self.chance >> 11) % u64::from(below.max(1))) as u8
    }

    fn draw_cell(&mut self) -> (u8, u8) {
        (self.draw(self.settings.size), self.draw(self.settings.size))
    }

    fn listen(&mut self, inputs: &[SeatInput], happened: &mut Happenings) {
        for SeatInput { seat, input, .. } in inputs {
            let Some(player) = self.players.get_mut(*seat) else { continue };
            match schema::wish(*input) {
                Ok(Some(way)) if player.alive => player.listen(way),
                Ok(_) => {}
                Err(()) => happened.suspect(*seat, Suspicion::ImpossibleInput),
            }
        }
    }

    /// Everybody goes a cell. Whoever runs into a wall dies there and is in nobody's way; then all those at once
    /// who ran into each other.
    fn advance(&mut self, happened: &mut Happenings) {
        let (ground, moves) = (self.ground(), self.moves.wrapping_add(1));
        for seat in self.seats() {
            let Some(player) = self.players.get_mut(seat).filter(|p| p.alive) else { continue };
            let way = player.way();
            if !player.snake.go(ground, way, moves) {
                self.fall(seat, 0, happened);
            }
        }
        self.moves = moves;
        self.collide(happened);
    }

    fn collide(&mut self, happened: &mut Happenings) {
        let bodies = self.cells(1);
        let mut dies = [None; PLAYERS_MAX as usize];
        for (seat, player) in self.alive() {
            let head = player.snake.head;
            let meets = |(other, of): &(Seat, &Player)| *other != seat && of.snake.head == head;
            dies[seat.index()] = match bodies.get(head) {
                0 => self.alive().find(meets).map(|(other, _)| named(other)),
                by => Some(by),
            };
        }
        for (seat, by) in (0..).map(Seat).zip(dies) {
            if let Some(by) = by {
                self.fall(seat, by, happened);
            }
        }
    }

    /// The snake of `seat` dies of the one `by`: a seat and one; 0 for nobody.
    fn fall(&mut self, seat: Seat, by: u8, happened: &mut Happenings) {
        let (ground, moves, tick) = (self.ground(), self.moves, self.tick);
        let Self { players, food, .. } = self;
        let Some(player) = players.get_mut(seat) else { return };
        (player.alive, player.life) = (false, tick + RESPAWN);
        (player.wish, player.next) = (None, [None; 2]);
        player.deaths = player.deaths.saturating_add(1);
        for at in player.snake.cells(ground, moves).skip(1).step_by(LEFT_EVERY) {
            let Some(free) = food.iter_mut().find(|food| food.is_none()) else { break };
            *free = Some(Food { at, born: tick });
        }
        let by = if by == named(seat) { 0 } else { by };
        happened.tell(Hears::All, schema::DEATH, &[seat.0.into(), by.into()]);
        let killer = by.checked_sub(1).and_then(|by| players.get_mut(Seat(by.into())));
        if let Some(killer) = killer {
            killer.kills = killer.kills.saturating_add(1);
        }
    }

    /// What is where: of each snake all but the first `skipped` cells.
    fn cells(&self, skipped: usize) -> Cells {
        let (ground, moves, mut cells) = (self.ground(), self.moves, Cells::EMPTY);
        for (seat, player) in self.alive() {
            let of = player.snake.cells(ground, moves).skip(skipped);
            of.for_each(|at| cells.put(at, named(seat)));
        }
        cells
    }

    /// Whose head is where food is eats it.
    fn eat(&mut self) {
        for (_, player) in self.players.iter_mut().filter(|(_, player)| player.alive) {
            let lies = |food: &&mut Option<Food>| food.is_some_and(|f| f.at == player.snake.head);
            if let Some(eaten) = self.food.iter_mut().find(lies) {
                *eaten = None;
                player.snake.grows = (player.snake.grows + GROWS).min(LENGTH_MAX);
            }
            player.best = player.best.max(player.snake.length);
        }
    }

    /// The dead whose time has come and new food are put where nothing is.
    fn fill(&mut self) {
        let mut cells = self.cells(0);
        self.food.iter().flatten().for_each(|food| cells.put(food.at, EDIBLE));
        for seat in self.seats() {
            let waits = |player: &Player| !player.alive && player.life <= self.tick;
            if self.players.get(seat).is_some_and(waits) {
                self.come_in(seat, &mut cells);
            }
        }
        let lie = self.food.iter().flatten().count();
        for _ in lie..usize::from(self.settings.food) {
            let Some(at) = self.find(|at| cells.get(at) == 0) else { break };
            let Some(free) = self.food.iter_mut().find(|food| food.is_none()) else { break };
            *free = Some(Food { at, born: self.tick });
            cells.put(at, EDIBLE);
        }
    }

    fn find(&mut self, is_good: impl Fn((u8, u8)) -> bool) -> Option<(u8, u8)> {
        (0..TRIES).map(|_| self.draw_cell()).find(|at| is_good(*at))
    }

    fn come_in(&mut self, seat: Seat, cells: &mut Cells) {
        let (ground, way, moves) = (self.ground(), self.draw(STEPS.len() as u8), self.moves);
        let is_clear = |at: (u8, u8)| {
            let ahead = |at: &(u8, u8)| ground.next(*at, way);
            let free = std::iter::successors(Some(at), ahead).take(AHEAD);
            free.take_while(|at| matches!(cells.get(*at), 0 | EDIBLE)).count() == AHEAD
        };
        let Some(at) = self.find(|at| cells.get(at) == 0 && is_clear(at)) else { return };
        let Some(player) = self.players.get_mut(seat) else { return };
        (player.alive, player.life, player.best) = (true, self.tick, player.best.max(1));
        player.snake.come_in(at, way, moves);
        cells.put(at, named(seat));
    }
}

/// A seat as cells and deaths name it: a seat and one.
fn named(seat: Seat) -> u8 {
    seat.0 as u8 + 1
}

impl Game for Snakes {
    const NAME: &'static str = "snakes";
    const RULES: u16 = 1;
    const PLAYERS_MIN: u16 = 2;
    const PLAYERS_MAX: u16 = PLAYERS_MAX;
    const JOIN_LATE: bool = true;
    const SCHEMA: &'static Schema = &schema::SCHEMA;

    type Settings = Settings;

    fn check(settings: &Settings) -> Result<(), Refusal> {
        within([
            ("size", settings.size.into(), 24..=SIZE_MAX as u32),
            ("food", settings.food.into(), 1..=96),
            ("minutes", settings.minutes.into(), 1..=30),
            ("length", settings.length.into(), 10..=LENGTH_MAX.into()),
        ])
    }

    fn new(settings: &Settings, seed: u64) -> Self {
        let (settings, food) = (*settings, vec![None; usize::from(FOOD_MAX)]);
        let players = BySeat::default();
        Self { settings, chance: seed, tick: 0, moves: 0, players, food, over: false }
    }

    fn tick(&self) -> u32 {
        self.tick
    }

    fn has(&self, seat: Seat) -> bool {
        self.players.has(seat)
    }

    fn enter(&mut self, seat: Seat) {
        if seat.0 >= PLAYERS_MAX {
            return;
        }
        let (snake, entered, life) = (Snake::new(), self.tick, self.tick);
        let (wish, next, best) = (None, [None; 2], 0);
        let player =
            Player { alive: false, snake, entered, life, wish, next, best, kills: 0, deaths: 0 };
        self.players.enter(seat, player);
    }

    fn leave(&mut self, seat: Seat) {
        self.players.leave(seat);
    }

    fn step(&mut self, inputs: &[SeatInput], happened: &mut Happenings) {
        self.tick += 1;
        if self.over {
            return;
        }
        self.listen(inputs, happened);
        if self.tick % TICKS_A_MOVE == 1 {
            self.advance(happened);
            self.eat();
            self.fill();
        }
        let last = u32::from(self.settings.minutes) * 60 * u32::from(Self::SCHEMA.tick_hz);
        let ends = |(_, player): (Seat, &Player)| player.best >= self.settings.length;
        self.over = self.tick >= last || self.players.iter().any(ends);
    }

    fn write(&self, table: &mut Table) {
        self.write_table(table);
    }

    fn priority(&self, seat: Seat, slot: u16) -> u16 {
        self.urgency(seat, slot)
    }

    fn outcome(&self) -> Option<Outcome> {
        self.over.then(|| self.standings())
    }

    fn standings(&self) -> Outcome {
        let score = |(seat, player): (Seat, &Player)| (seat, i32::from(player.best));
        Outcome::by_score(self.players.iter().map(score))
    }

    fn bot(settings: &Settings, seat: Seat, seed: u64) -> Box<dyn Bot> {
        let ground = Ground { size: settings.size, walls: settings.walls };
        Box::new(bot::Crawler::new(ground, seat, seed))
    }
}
