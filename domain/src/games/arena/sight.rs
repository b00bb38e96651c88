//! What is told of a match, and to whom.
//!
//! A player sees what nothing stands before, as far as sight goes: others by any part of them, not their
//! middle alone, so that nobody steps out from behind a wall unseen. The dead see from where they fell.
//! Scores everybody knows.

use playhouse_protocol::game::{EntitySet, Table};

use super::ground::RADIUS;
use super::schema::{AVATAR, ITEM, ITEMS, PLAYERS_MAX, SCORE, SCORES, SHOT, SHOTS, SHOTS_EACH};
use super::{Arena, Player};
use crate::games::Seat;

/// How far beside the middle of a player is looked, in centimetres: nearly their edge.
const BESIDE: i32 = RADIUS - 4;

impl Arena {
    pub(super) fn write_table(&self, table: &mut Table) {
        table.begin(self.tick);
        for (seat, player) in self.players.iter() {
            self.write_player(table, seat.0, player);
        }
        for (at, item) in self.ground().items().filter(|(at, _)| self.items[*at] <= self.tick) {
            let since = self.items[at] as u8;
            table.put(ITEMS + at as u16, ITEM, since, &[item.x, item.y, item.what as i32]);
        }
    }

    fn write_player(&self, table: &mut Table, seat: u16, player: &Player) {
        let Player { body, .. } = player;
        if player.is_alive() {
            let is = |until: u32| i32::from(until > self.tick);
            let (rapid, shield) = (is(player.rapid), is(player.shield));
            let health = i32::from(player.health);
            let values = [body.vx, body.vy, body.x, body.y, body.aim.into(), health, rapid, shield];
            table.put(seat, AVATAR, player.life as u8, &values);
        }
        let score = [player.frags.into(), player.deaths.into()];
        table.put(SCORES + seat, SCORE, player.entered as u8, &score);
        for (at, shot) in player.shots.iter().enumerate() {
            let Some(shot) = shot else { continue };
            let slot = SHOTS + seat * SHOTS_EACH + at as u16;
            table.put(slot, SHOT, shot.born as u8, &[shot.by.0, shot.by.1, shot.at.0, shot.at.1]);
        }
    }

    pub(super) fn seen_by(&self, seat: Seat, seen: &mut EntitySet) {
        self.players.in_turn(0).for_each(|seat| seen.insert(SCORES + seat.0));
        let Some(viewer) = self.players.get(seat) else { return };
        let eye = (viewer.body.x, viewer.body.y);
        for (Seat(at), player) in self.players.iter() {
            if player.is_alive() && (at == seat.0 || self.sees_player(eye, player)) {
                seen.insert(at);
            }
            for (n, shot) in player.shots.iter().enumerate() {
                if shot.is_some_and(|shot| self.sees(eye, shot.at)) {
                    seen.insert(SHOTS + at * SHOTS_EACH + n as u16);
                }
            }
        }
        for (at, item) in self.ground().items() {
            if self.items[at] <= self.tick && self.sees(eye, (item.x, item.y)) {
                seen.insert(ITEMS + at as u16);
            }
        }
    }

    fn sees(&self, eye: (i32, i32), place: (i32, i32)) -> bool {
        self.is_near(eye, place) && self.ground().is_clear(eye, place)
    }

    /// Sees the middle, or an edge to either side.
    fn sees_player(&self, eye: (i32, i32), player: &Player) -> bool {
        let (x, y) = (player.body.x, player.body.y);
        let slants = (x - eye.0 > 0) == (y - eye.1 > 0);
        let (dx, dy) = if slants { (BESIDE, -BESIDE) } else { (BESIDE, BESIDE) };
        let edges = [(x, y), (x + dx, y + dy), (x - dx, y - dy)];
        self.is_near(eye, (x, y)) && edges.iter().any(|edge| self.ground().is_clear(eye, *edge))
    }

    fn is_near(&self, eye: (i32, i32), place: (i32, i32)) -> bool {
        let (x, y, far) = (eye.0 - place.0, eye.1 - place.1, i32::from(self.settings.sight) * 100);
        x * x + y * y <= far * far
    }

    /// The nearer the sooner; what flies before what walks, and scores at last.
    pub(super) fn urgency(&self, seat: Seat, slot: u16) -> u16 {
        let Some(viewer) = self.players.get(seat) else { return 1 };
        let of = |place: (i32, i32), most: i32| {
            let (x, y) = (viewer.body.x - place.0, viewer.body.y - place.1);
            let far = x.abs().max(y.abs()) / 16;
            (most - far).max(most / 4) as u16
        };
        let player = |seat: u16| self.players.get(Seat(seat));
        let shot = slot.saturating_sub(SHOTS);
        let flies =
            player(shot / SHOTS_EACH).map(|player| player.shots[usize::from(shot % SHOTS_EACH)]);
        match slot {
            own if own == seat.0 => u16::MAX,
            other if other < PLAYERS_MAX => {
                player(other).map_or(1, |p| of((p.body.x, p.body.y), 600))
            }
            SHOTS.. => flies.flatten().map_or(1, |shot| of(shot.at, 800)),
            _ => 30,
        }
    }
}
