//! A bot at the end of a connection: it sees what a client shows, and does what bots of the game do.

use playhouse_domain::games::arena::Settings;
use playhouse_domain::games::arena::avatar::Body;
use playhouse_domain::games::arena::schema::{AVATAR, SCHEMA, avatar};
use playhouse_domain::games::{Bot, Seat, Sight, find};
use playhouse_protocol::game::{ClientPeer, EntitySet, Input, Received, Table, ViewTick};
use playhouse_protocol::limits::ENTITIES_MAX;

use super::avatar::Avatar;
use super::mind::Mind;

/// A bot of the arena: others it sees as they are shown, a moment ago, and aims at them there, since a shot meets
/// whom its shooter saw; itself it sees where it is predicted to be.
pub struct Pilot {
    seat: u16,
    bot: Box<dyn Bot>,
    own: Avatar,
    shown: Table,
}

impl Pilot {
    /// A bot for `seat` in a match with these settings, with chance of its own.
    ///
    /// # Panics
    ///
    /// Never: the arena is a game, and its settings are good as JSON.
    #[must_use]
    pub fn new(settings: &Settings, seat: u16, seed: u64) -> Self {
        let json = serde_json::to_string(settings).expect("settings are plain data");
        let kind = find("arena").expect("the arena is a game");
        let bot = kind.bot(&json, Seat(seat), seed).expect("its settings are its own");
        let own = Avatar::new(settings.map, seat);
        Self { seat, bot, own, shown: Table::new(&SCHEMA) }
    }

    /// Its own avatar.
    #[must_use]
    pub fn own(&self) -> &Avatar {
        &self.own
    }

    /// Puts itself where it is by now.
    fn place(&mut self) {
        let Some(Body { x, y, vx, vy, aim, .. }) = self.own.body() else { return };
        let Some(mine) = self.shown.get(self.seat).filter(|mine| mine.kind == AVATAR) else {
            return;
        };
        let mut fields = [0; 8];
        fields.copy_from_slice(&mine.fields[..8]);
        for (at, value) in [
            (avatar::VX, *vx),
            (avatar::VY, *vy),
            (avatar::X, *x),
            (avatar::Y, *y),
            (avatar::AIM, i32::from(*aim)),
        ] {
            fields[at] = value;
        }
        self.shown.put(self.seat, AVATAR, self.own.generation(), &fields);
    }
}

impl Mind for Pilot {
    fn choose(&mut self, tick: u32, peer: &ClientPeer, view: ViewTick) -> Input {
        match peer.between(view) {
            Some(between) if between.part < 128 => self.shown.copy_from(between.older),
            Some(between) => self.shown.copy_from(between.newer),
            None => self.shown.begin(0),
        }
        self.place();
        let all = EntitySet::below(ENTITIES_MAX as u16);
        let sight = Sight::new(Seat(self.seat), self.shown.tick(), &self.shown, &all);
        let input = self.bot.act(&sight);
        self.own.push(tick, input);
        input
    }

    fn see(&mut self, peer: &ClientPeer, received: Received) {
        self.own.see(peer, received.tick);
    }

    fn restart(&mut self, _: u8, _: u32) {
        self.own.restart();
    }
}
