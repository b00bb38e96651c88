//! Channels: what each name means, and who may follow it. Nobody follows more than they are
//! entitled to.

use playhouse_domain::room::{Audience, Role};
use playhouse_protocol::ids::{AccountId, RoomId};
use playhouse_protocol::live::Error;
use playhouse_protocol::live::command::CHANNEL_BYTES_MAX;

use super::doors::Who;

/// The channel of an administrator's figures.
pub(super) const ADMIN_ROOMS: &str = "admin:rooms";

/// What a channel is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Channel {
    /// The room of the same name, as one audience sees it.
    Room {
        /// Which room.
        room: RoomId,
        /// As whom.
        audience: Audience,
    },
    /// How the rooms stand, once a second; nothing to recover.
    AdminRooms,
}

impl Channel {
    /// For figures: a handful of names.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::AdminRooms => "admin",
            Self::Room { audience: Audience::Own(_), .. } => "account",
            Self::Room { .. } => "showing",
        }
    }
}

/// What `name` is for `who` (nobody in particular, if none).
///
/// # Errors
///
/// [`Error::PERMISSION_DENIED`] if it is not for them, [`Error::UNKNOWN_CHANNEL`] if no channel can
/// have that name.
pub(super) fn entitled(name: &str, who: Option<&Who>) -> Result<Channel, Error> {
    if name.is_empty() || name.len() > CHANNEL_BYTES_MAX {
        return Err(Error::BAD_REQUEST);
    }
    if name == ADMIN_ROOMS {
        let admin = who.is_some_and(|who| who.role == Role::Admin);
        return if admin { Ok(Channel::AdminRooms) } else { Err(Error::PERMISSION_DENIED) };
    }
    let room: RoomId = name.parse().map_err(|_| Error::UNKNOWN_CHANNEL)?;
    // Only the usual way to write a UUID names a room: others would be rooms of their own.
    let key = room.uuid().filter(|key| key.hyphenated().to_string() == room.key());
    let key = key.ok_or(Error::UNKNOWN_CHANNEL)?;
    let audience = match room.kind() {
        "showing" => Audience::Public,
        "account" => {
            let own = who.map(|who| who.account).filter(|own| *own == AccountId(key));
            Audience::Own(own.ok_or(Error::PERMISSION_DENIED)?)
        }
        _ => return Err(Error::UNKNOWN_CHANNEL),
    };
    Ok(Channel::Room { room, audience })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ANN: &str = "00000000-0000-4000-8000-00000000000a";
    const BOB: &str = "00000000-0000-4000-8000-00000000000b";

    fn who(account: &str, role: Role) -> Who {
        let account = AccountId(Uuid::parse_str(account).unwrap());
        Who { account, role }
    }

    #[test]
    fn nobody_follows_more_than_they_are_entitled_to() {
        let people = [
            None,
            Some(who(ANN, Role::User)),
            Some(who(ANN, Role::Organizer)),
            Some(who(ANN, Role::Admin)),
        ];
        // For each channel what nobody in particular, a user, an organizer and an administrator get.
        let ok = 0;
        let table: [(String, [u32; 4]); 9] = [
            (format!("showing:{ANN}"), [ok, ok, ok, ok]),
            (format!("account:{ANN}"), [103, ok, ok, ok]),
            (format!("account:{BOB}"), [103, 103, 103, 103]),
            (ADMIN_ROOMS.to_owned(), [103, 103, 103, ok]),
            (format!("unique:{ANN}"), [102; 4]),
            (format!("screen:{ANN}"), [102; 4]),
            ("showing:a".to_owned(), [102; 4]),
            (format!("account:{}", ANN.replace('-', "")), [102; 4]),
            (format!("account:{}", ANN.to_uppercase()), [102; 4]),
        ];
        for (channel, expected) in table {
            for (person, code) in people.iter().zip(expected) {
                let got = entitled(&channel, person.as_ref()).map_or_else(|e| e.code, |_| ok);
                assert_eq!(got, code, "{channel} for {person:?}");
            }
        }
    }

    #[test]
    fn a_showing_is_seen_as_everybody_sees_it_and_an_account_as_its_own() {
        let ann = who(ANN, Role::Admin);
        let audience = |name: String| match entitled(&name, Some(&ann)).unwrap() {
            Channel::Room { audience, .. } => audience,
            Channel::AdminRooms => panic!("no room"),
        };
        assert_eq!(audience(format!("showing:{BOB}")), Audience::Public);
        assert_eq!(audience(format!("account:{ANN}")), Audience::Own(ann.account));
    }

    #[test]
    fn names_out_of_bounds_are_no_requests() {
        for name in [String::new(), format!("showing:{}", "a".repeat(300))] {
            assert_eq!(entitled(&name, None), Err(Error::BAD_REQUEST));
        }
        for name in ["showing", "a b", "showing:\0", "rooms:admin", "admin:"] {
            assert_eq!(entitled(name, None), Err(Error::UNKNOWN_CHANNEL), "{name:?}");
        }
    }
}
