//! fourinarow: two players drop discs into seven columns of six, in turns, and whoever has four in a row wins.
//!
//! - [`board`]: the discs, as bits. [`schema`]: what there is on the wire.
//! - this file: the match, with its clocks and its ends. `search`: looking ahead. `computer`: the server's own player.
//!
//! A turn is nothing that the wire knows of: inputs come in every tick, may come late, and go on for some ticks
//! where none came. So each names the move that it was chosen for, by how many discs were in: what is meant for
//! another move is not done, and does no harm. Chance says who begins. Nobody's clock runs until both are there;
//! then it runs for whoever is to move, and each move adds the increment. Whoever has no time left, resigns or
//! leaves has lost. A full board is a draw, and so is an offer that is accepted; an offer stands until the other one
//! moves, and each player may make one a move.

pub mod board;
mod computer;
pub mod schema;
mod search;
#[cfg(test)]
mod tests;

use playhouse_protocol::game::{Schema, Table};
use serde::{Deserialize, Serialize};

use self::board::{Board, COLUMNS};
use self::schema::{Action, CLOCKS, Say};
use super::bot::Bot;
use super::game::{Game, Happenings, Outcome, SeatInput, Suspicion};
use super::settings::within;
use super::{Seat, hash};
use crate::refusal::Refusal;

/// What can be chosen. Two players who use all their time are done within the 45 minutes that a match has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How much time each player has, in minutes: 1 to 10.
    pub minutes: u8,
    /// How much each move adds, in seconds: 0 to 30.
    pub increment: u8,
    /// How well the computer plays, where it does: 1 to 3.
    pub level: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self { minutes: 5, increment: 5, level: 3 }
    }
}

/// How a match ended. The number is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// Four in a row.
    Four = 1,
    /// The board is full.
    Full,
    /// Both agreed to a draw.
    Agreed,
    /// One resigned.
    Resigned,
    /// One had no time left.
    Late,
    /// One left.
    Left,
}

/// The end of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// How it came.
    pub how: How,
    /// Who won; nobody in a draw.
    pub winner: Option<u8>,
}

/// A match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FourInARow {
    settings: Settings,
    tick: u32,
    /// By seat.
    players: [Player; 2],
    /// The seat that begins.
    first: u8,
    board: Board,
    /// Who offers a draw.
    offer: Option<u8>,
    end: Option<End>,
}

/// Somebody in a seat, or the seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Player {
    here: bool,
    /// In ticks.
    left: u32,
    /// True if the clock ran in the last tick.
    ran: bool,
    /// How many discs were in when a draw was offered last, and one.
    offered: u8,
}

impl FourInARow {
    const HZ: u32 = schema::SCHEMA.tick_hz as u32;

    /// The seat that is to move.
    fn turn(&self) -> u8 {
        (self.first + self.board.discs()) % 2
    }

    fn is_begun(&self) -> bool {
        self.players.iter().all(|player| player.here)
    }

    fn wins(&mut self, winner: u8, how: How) {
        self.end = Some(End { how, winner: Some(winner) });
    }

    fn is_drawn(&mut self, how: How) {
        self.end = Some(End { how, winner: None });
    }

    /// The player in `seat` does what `action` says, as far as it is for the move that is due.
    fn act(&mut self, seat: u8, action: Action) -> Result<(), Suspicion> {
        let discs = self.board.discs();
        if action == Action::default() || action.at < discs && action.say != Say::Resign {
            return Ok(());
        }
        if action.at > discs {
            return Err(Suspicion::SawTheFuture);
        }
        match action.say {
            Say::Nothing => {}
            Say::Offer => self.offer(seat),
            Say::Accept if self.offer == Some(1 - seat) => self.is_drawn(How::Agreed),
            Say::Accept => {}
            Say::Resign => self.wins(1 - seat, How::Resigned),
        }
        match action.drop {
            Some(column) if self.end.is_none() => self.drop(seat, column),
            _ => Ok(()),
        }
    }

    fn offer(&mut self, seat: u8) {
        let now = self.board.discs() + 1;
        if self.offer == Some(1 - seat) {
            return self.is_drawn(How::Agreed);
        }
        let player = &mut self.players[usize::from(seat)];
        if player.offered != now {
            player.offered = now;
            self.offer = Some(seat);
        }
    }

    fn drop(&mut self, seat: u8, column: u8) -> Result<(), Suspicion> {
        if seat != self.turn() || column >= COLUMNS || !self.board.has_room(column) {
            return Err(Suspicion::ImpossibleInput);
        }
        self.board = self.board.drop(column);
        let player = &mut self.players[usize::from(seat)];
        player.left += u32::from(self.settings.increment) * Self::HZ;
        // Who moves does not accept.
        self.offer = self.offer.filter(|offers| *offers == seat);
        if self.board.is_won() {
            self.wins(seat, How::Four);
        } else if self.board.is_full() {
            self.is_drawn(How::Full);
        }
        Ok(())
    }

    /// The clock of whoever was to move and did not goes on.
    fn run_clock(&mut self, seat: u8) {
        let player = &mut self.players[usize::from(seat)];
        player.left = player.left.saturating_sub(1);
        player.ran = true;
        if player.left == 0 {
            self.wins(1 - seat, How::Late);
        }
    }

    fn score(&self, seat: u8) -> i32 {
        match self.end {
            None => 0,
            Some(End { winner: None, .. }) => 1,
            Some(End { winner: Some(winner), .. }) => 2 * i32::from(winner == seat),
        }
    }
}

impl Game for FourInARow {
    const NAME: &'static str = "fourinarow";
    const RULES: u16 = 1;
    const PLAYERS_MIN: u16 = 2;
    const PLAYERS_MAX: u16 = 2;
    const JOIN_LATE: bool = false;
    const SCHEMA: &'static Schema = &schema::SCHEMA;

    type Settings = Settings;

    fn check(settings: &Settings) -> Result<(), Refusal> {
        within([
            ("minutes", settings.minutes.into(), 1..=10),
            ("increment", settings.increment.into(), 0..=30),
            ("level", settings.level.into(), 1..=3),
        ])
    }

    fn new(settings: &Settings, seed: u64) -> Self {
        let left = u32::from(settings.minutes) * 60 * Self::HZ;
        let players = [Player { here: false, left, ran: false, offered: 0 }; 2];
        let first = (hash::of(&hash::of(&seed)) >> 40 & 1) as u8;
        let (settings, board) = (*settings, Board::default());
        Self { settings, tick: 0, players, first, board, offer: None, end: None }
    }

    fn tick(&self) -> u32 {
        self.tick
    }

    fn has(&self, seat: Seat) -> bool {
        self.players.get(seat.index()).is_some_and(|player| player.here)
    }

    fn enter(&mut self, seat: Seat) {
        if let Some(player) = self.players.get_mut(seat.index()) {
            player.here = true;
        }
    }

    /// Whoever leaves once both were there has lost.
    fn leave(&mut self, seat: Seat) {
        if !self.has(seat) {
            return;
        }
        if self.is_begun() && self.end.is_none() {
            self.wins(1 - seat.0 as u8, How::Left);
        }
        self.players[seat.index()].here = false;
    }

    fn step(&mut self, inputs: &[SeatInput], happened: &mut Happenings) {
        self.tick += 1;
        self.players.iter_mut().for_each(|player| player.ran = false);
        if self.end.is_some() || !self.is_begun() {
            return;
        }
        let turn = self.turn();
        for SeatInput { seat, input, .. } in inputs.iter().filter(|input| input.seat.0 < 2) {
            if self.end.is_none()
                && let Err(of) = self.act(seat.0 as u8, Action::of(*input))
            {
                happened.suspect(*seat, of);
            }
        }
        if self.end.is_none() && self.turn() == turn {
            self.run_clock(turn);
        }
    }

    fn write(&self, table: &mut Table) {
        table.begin(self.tick);
        let mut columns = [0; COLUMNS as usize];
        for (column, told) in (0..).zip(&mut columns) {
            *told = self.board.column(column).into();
        }
        table.put(0, schema::BOARD, 0, &columns);
        let one_more = |seat: Option<u8>| seat.map_or(0, |seat| i32::from(seat) + 1);
        let discs = self.board.discs().into();
        let (ended, winner) = self.end.map_or((0, None), |end| (end.how as i32, end.winner));
        let stands = [discs, self.first.into(), one_more(self.offer), ended, one_more(winner)];
        table.put(1, schema::STANDS, 0, &stands);
        for (seat, player) in (0..).zip(&self.players) {
            let clock = [-i32::from(player.ran), player.left as i32];
            table.put(CLOCKS + seat, schema::CLOCK, 0, &clock);
        }
    }

    fn outcome(&self) -> Option<Outcome> {
        self.end.is_some().then(|| self.standings())
    }

    /// 2 for a win, 1 for a draw.
    fn standings(&self) -> Outcome {
        let here = (0..2).filter(|seat| self.has(Seat(*seat)));
        Outcome::by_score(here.map(|seat| (Seat(seat), self.score(seat as u8))))
    }

    fn bot(settings: &Settings, seat: Seat, seed: u64) -> Box<dyn Bot> {
        Box::new(computer::Computer::new(settings.level, seat, seed))
    }
}
