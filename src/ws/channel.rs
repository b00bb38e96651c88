//! Channels: what each name means.
//!
//! A channel of a room has the room's name. Who may follow it, and as whom, is a rule of the room's
//! kind (`Rules::audience`).

use playhouse_domain::games::find;
use playhouse_domain::judge::queue;
use playhouse_domain::room::{Caller, Role};
use playhouse_protocol::ids::RoomId;
use playhouse_protocol::live::Error;
use playhouse_protocol::live::command::CHANNEL_BYTES_MAX;

/// The channel of an administrator's figures.
pub(super) const ADMIN_ROOMS: &str = "admin:rooms";

/// What a channel is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Channel {
    /// The room of the same name.
    Room(RoomId),
    /// How the rooms stand, once a second; nothing to recover.
    AdminRooms,
}

/// What `name` is for `who`.
///
/// # Errors
///
/// [`Error::PERMISSION_DENIED`] if it is not for them, [`Error::UNKNOWN_CHANNEL`] if no channel can
/// have that name.
pub(super) fn read(name: &str, who: &Caller) -> Result<Channel, Error> {
    if name.is_empty() || name.len() > CHANNEL_BYTES_MAX {
        return Err(Error::BAD_REQUEST);
    }
    if name == ADMIN_ROOMS {
        let admin = matches!(who, Caller::Account { role: Role::Admin, .. });
        return if admin { Ok(Channel::AdminRooms) } else { Err(Error::PERMISSION_DENIED) };
    }
    let room: RoomId = name.parse().map_err(|_| Error::UNKNOWN_CHANNEL)?;
    // Only the usual way to write a UUID names a room: others would be rooms of their own. And there are
    // rooms of games, and the judge's one queue.
    let usual = room.uuid().is_some_and(|key| key.hyphenated().to_string() == room.key());
    if usual || find(room.key()).is_some() || room == queue::room() {
        Ok(Channel::Room(room))
    } else {
        Err(Error::UNKNOWN_CHANNEL)
    }
}

#[cfg(test)]
mod tests {
    use playhouse_protocol::ids::AccountId;
    use uuid::Uuid;

    use super::*;

    const ANN: &str = "00000000-0000-4000-8000-00000000000a";

    #[test]
    fn the_figures_are_for_administrators_alone() {
        let who = |role| Caller::Account { id: AccountId(Uuid::nil()), role };
        for nobody in [Caller::Nobody, who(Role::User), who(Role::Organizer)] {
            assert_eq!(read(ADMIN_ROOMS, &nobody), Err(Error::PERMISSION_DENIED), "{nobody:?}");
        }
        assert_eq!(read(ADMIN_ROOMS, &who(Role::Admin)), Ok(Channel::AdminRooms));
    }

    #[test]
    fn a_room_has_one_channel_and_its_name() {
        let name = format!("showing:{ANN}");
        assert_eq!(read(&name, &Caller::Nobody), Ok(Channel::Room(name.parse().unwrap())));
        for other in [ANN.replace('-', ""), ANN.to_uppercase(), "a".into()] {
            let name = format!("showing:{other}");
            assert_eq!(read(&name, &Caller::Nobody), Err(Error::UNKNOWN_CHANNEL), "{name}");
        }
    }

    #[test]
    fn a_room_of_a_game_has_its_name() {
        let of = |name: &str| read(name, &Caller::Nobody);
        assert_eq!(of("league:arena"), Ok(Channel::Room("league:arena".parse().unwrap())));
        for other in ["league:chess", "league:Arena", "league:arena2"] {
            assert_eq!(of(other), Err(Error::UNKNOWN_CHANNEL), "{other}");
        }
    }

    #[test]
    fn names_out_of_bounds_are_no_requests() {
        for name in [String::new(), format!("showing:{}", "a".repeat(300))] {
            assert_eq!(read(&name, &Caller::Nobody), Err(Error::BAD_REQUEST));
        }
        for name in ["showing", "a b", "showing:\0", "rooms:admin", "admin:"] {
            assert_eq!(read(name, &Caller::Nobody), Err(Error::UNKNOWN_CHANNEL), "{name:?}");
        }
    }
}
