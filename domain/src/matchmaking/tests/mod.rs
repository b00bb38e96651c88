//! Stories, properties and the simulation of matchmaking.
//!
//! `stage` puts the room in the hand of a test, with match rooms and parties that do their duties once, and
//! checks what must hold after every event. `crowd` draws who comes.

mod crowd;
mod random;
mod simulation;
mod stage;
mod stories;

use super::Plays;
use crate::games::Shape;

/// Games of every shape.
pub(super) fn plays(name: &str) -> Option<Plays> {
    let (teams, team_size, min_teams, join_late) = match name {
        "duel" => (2, 1, 2, false),
        "fives" => (2, 5, 2, false),
        "trios" => (4, 3, 2, false),
        "crowd" => (8, 1, 2, true),
        _ => return None,
    };
    Some(Plays { shape: Shape { teams, team_size, min_teams }, join_late })
}
