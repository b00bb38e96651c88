//! Looking for a match, alone or with a party: what REST asks of the rooms of matchmaking and of parties.
//! No rules.
//!
//! - [`tickets`]: looking for a match. [`parties`]: who looks together.
//! - [`requests`], [`shapes`]: what is asked and answered, as JSON.

pub mod parties;
pub mod requests;
pub mod shapes;
pub mod tickets;

use playhouse_domain::games::match_room::NAME_MAX;

use crate::accounts::Identity;

/// The name that others see of `who`.
fn name_of(who: &Identity) -> String {
    shown(&who.username)
}

/// The name that is shown of whoever has the user name `username`: as much of it as names have room for.
fn shown(username: &str) -> String {
    username.chars().take(NAME_MAX).collect()
}
