//! What a client of the arena plays ahead of the server: its own player's place and where it looks.

use playhouse_protocol::game::predict::Predicted;
use playhouse_protocol::game::table::Entity;
use playhouse_protocol::game::{Input, Origin};

use super::avatar::Body;
use super::ground::Map;
use super::schema::{AVATAR, Action, avatar};

/// A client's own player, as far as nobody else's doing moves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Own {
    map: Map,
    body: Body,
}

impl Own {
    /// As the server tells of it; none if it is no player, as when it is dead.
    #[must_use]
    pub fn of(map: Map, entity: Entity<'_>) -> Option<Self> {
        let fields = entity.fields;
        let field = |at: usize| fields.get(at).copied().filter(|_| entity.kind == AVATAR);
        let (x, y) = (field(avatar::X)?, field(avatar::Y)?);
        let (vx, vy) = (field(avatar::VX)?, field(avatar::VY)?);
        let aim = field(avatar::AIM)? as u16;
        Some(Self { map, body: Body { x, y, vx, vy, aim, ready: 0 } })
    }

    /// Where it is and where it looks. Nothing is known of its weapon.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.body
    }
}

impl Predicted for Own {
    fn step(&mut self, input: Input, _: Origin) {
        let action = Action { fire: false, ..Action::of(input) };
        self.body.step(self.map.ground(), action, 0, 0);
    }
}
