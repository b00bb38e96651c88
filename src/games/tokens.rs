//! What lets a connection into a match: a ticket, which REST gives, and from then on a resume token,
//! which each use replaces.
//!
//! A ticket is a JWT under an audience of its own, so that no other token passes as one and it passes
//! as no other. Its id is a secret: the match knows the id's SHA-256, lets it in once and for 30 s. A
//! resume token is opaque, with a seal (`accounts::tokens::seal`) of its own purpose; the match knows
//! the SHA-256 of the newest one of each seat. So what was made up never reaches a room, and what the
//! journal holds lets nobody in.

use std::time::Duration;

use playhouse_domain::games::Seat;
use playhouse_domain::games::match_room::{Player, TICKET_TIME, TokenHash};
use playhouse_domain::room::{Caller, Role};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::{AccountId, GuestId, MatchId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::turned_away::Cause;
use crate::accounts::keys::Keys;
use crate::accounts::tokens::{ISSUER, Unbelieved, read, read_ended, seal, sign, unseal};

/// The audience of tickets.
const TICKETS: &str = "playhouse-ticket";

/// What resume tokens are sealed for.
const RESUME: &[u8] = b"resume";

/// A ticket as the match knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    /// Which match it is for.
    pub(super) game: MatchId,
    /// Whose it is.
    pub(super) player: Player,
    /// What the match was told of it.
    pub(super) hash: TokenHash,
}

#[derive(Serialize, Deserialize)]
struct TicketClaims {
    /// `account:<uuid>` or `guest:<uuid>`.
    sub: String,
    /// The secret.
    jti: Uuid,
    /// The match.
    mid: MatchId,
    exp: u64,
    iss: String,
    aud: String,
}

/// Draws a ticket for `player` into `game` at `now`: the token, and what the match is told of it.
pub(super) fn ticket(
    keys: &Keys,
    game: MatchId,
    player: Player,
    now: Timestamp,
) -> (String, TokenHash) {
    let jti = Uuid::from_bytes(rand::random());
    // Whole seconds: the match itself counts from when it reserved the seat.
    let exp = (now + TICKET_TIME + Duration::from_millis(999)).ms() / 1000;
    let (iss, aud) = (ISSUER.into(), TICKETS.into());
    let claims = TicketClaims { sub: subject(player), jti, mid: game, exp, iss, aud };
    (sign(keys, &claims), TokenHash::of(jti.as_bytes()))
}

/// Believes a ticket, or not.
///
/// # Errors
///
/// Why it lets nobody in, and the match that it was for.
pub(super) fn read_ticket(keys: &Keys, token: &str) -> Result<Ticket, (Cause, Option<MatchId>)> {
    let forged = (Cause::Forged, None);
    let claims: TicketClaims = match read(keys, token, TICKETS) {
        Ok(claims) => claims,
        Err(Unbelieved::Expired) => {
            let ended: TicketClaims = read_ended(keys, token, TICKETS).map_err(|_| forged)?;
            return Err((Cause::Expired, Some(ended.mid)));
        }
        Err(Unbelieved::Foreign) => return Err(forged),
    };
    let player = player_of(&claims.sub).ok_or(forged)?;
    Ok(Ticket { game: claims.mid, player, hash: TokenHash::of(claims.jti.as_bytes()) })
}

fn subject(player: Player) -> String {
    match player {
        Player::Account(id) => format!("account:{id}"),
        Player::Guest(id) => format!("guest:{id}"),
    }
}

fn player_of(subject: &str) -> Option<Player> {
    let (kind, id) = subject.split_once(':')?;
    let id: Uuid = id.parse().ok()?;
    match kind {
        "account" => Some(Player::Account(AccountId(id))),
        "guest" => Some(Player::Guest(GuestId(id))),
        _ => None,
    }
}

/// The caller that a player is to rooms. What an account may do elsewhere plays no part in a match.
pub(super) fn caller(player: Player) -> Caller {
    match player {
        Player::Account(id) => Caller::Account { id, role: Role::User },
        Player::Guest(id) => Caller::Guest(id),
    }
}

/// A resume token as the match knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Resume {
    /// Which match it is for.
    pub(super) game: MatchId,
    /// Whose it is.
    pub(super) player: Player,
    /// Which seat it brings back.
    pub(super) seat: Seat,
    /// What the match was told of it.
    pub(super) hash: TokenHash,
}

/// A secret of which a resume token will be made: what the match is told of it stands in its frame
/// before anybody is told the token.
pub(super) struct NewResume([u8; 32]);

impl NewResume {
    /// Draws one.
    pub(super) fn draw() -> Self {
        Self(rand::random())
    }

    /// What the match is told of it.
    pub(super) fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }

    /// The token for `seat` of `game`, which is `player`'s.
    pub(super) fn token(&self, keys: &Keys, game: MatchId, player: Player, seat: Seat) -> String {
        let (kind, id) = match player {
            Player::Account(id) => (0, id.0),
            Player::Guest(id) => (1, id.0),
        };
        let mut body = vec![kind];
        body.extend_from_slice(id.as_bytes());
        body.extend_from_slice(game.0.as_bytes());
        body.extend_from_slice(&seat.0.to_le_bytes());
        body.extend_from_slice(&self.0);
        seal(keys, RESUME, body)
    }
}

/// Believes a resume token, or not.
pub(super) fn read_resume(keys: &Keys, token: &str) -> Option<Resume> {
    let body = unseal(keys, RESUME, token)?;
    let (kind, rest) = body.split_first()?;
    let (id, rest) = rest.split_first_chunk::<16>()?;
    let (game, rest) = rest.split_first_chunk::<16>()?;
    let (seat, secret) = rest.split_first_chunk::<2>()?;
    let id = Uuid::from_bytes(*id);
    let player = match kind {
        0 => Player::Account(AccountId(id)),
        1 => Player::Guest(GuestId(id)),
        _ => return None,
    };
    Some(Resume {
        game: MatchId(Uuid::from_bytes(*game)),
        player,
        seat: Seat(u16::from_le_bytes(*seat)),
        hash: TokenHash::of(<&[u8; 32]>::try_from(secret).ok()?),
    })
}

#[cfg(test)]
mod tests {
    use playhouse_protocol::limits::TOKEN_BYTES_MAX;

    use super::*;
    use crate::accounts::tokens::{Guest, read_access, read_refresh, read_voter, refresh, voter};
    use crate::asking::server_time;

    fn keys() -> Keys {
        Keys::open(tempfile::tempdir().unwrap().path(), Timestamp::ZERO).unwrap()
    }

    fn players() -> [Player; 2] {
        let id = Uuid::from_u128(7);
        [Player::Account(AccountId(id)), Player::Guest(GuestId(id))]
    }

    const GAME: MatchId = MatchId(Uuid::from_u128(3));

    #[test]
    fn a_ticket_names_its_match_and_its_player_until_it_ends() {
        let keys = keys();
        for player in players() {
            let (token, hash) = ticket(&keys, GAME, player, server_time());
            assert!(token.len() <= TOKEN_BYTES_MAX, "{}", token.len());
            assert_eq!(read_ticket(&keys, &token), Ok(Ticket { game: GAME, player, hash }));
            let forged = Err((Cause::Forged, None));
            assert_eq!(read_ticket(&super::tests::keys(), &token), forged, "another house");
            let (old, _) = ticket(&keys, GAME, player, Timestamp::from_ms(1_000_000));
            let ended = Err((Cause::Expired, Some(GAME)));
            assert_eq!(read_ticket(&keys, &old), ended, "its time is over");
            assert_eq!(
                read_ticket(&super::tests::keys(), &old),
                forged,
                "nothing of it is believed"
            );
        }
        let (one, first) = ticket(&keys, GAME, players()[0], server_time());
        let (two, second) = ticket(&keys, GAME, players()[0], server_time());
        assert!(one != two && first != second, "each is another");
    }

    #[test]
    fn a_resume_token_names_its_seat_and_a_changed_one_is_not_believed() {
        let keys = keys();
        for player in players() {
            let drawn = NewResume::draw();
            let token = drawn.token(&keys, GAME, player, Seat(300));
            assert!(token.len() <= TOKEN_BYTES_MAX, "{}", token.len());
            let hash = drawn.hash();
            let read = read_resume(&keys, &token);
            assert_eq!(read, Some(Resume { game: GAME, player, seat: Seat(300), hash }));
            assert_eq!(read_resume(&super::tests::keys(), &token), None, "another house");
            let (kid, body) = token.split_once('.').unwrap();
            for at in 0..body.len() {
                let mut changed = body.as_bytes().to_vec();
                changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
                let changed = format!("{kid}.{}", String::from_utf8(changed).unwrap());
                assert_eq!(read_resume(&keys, &changed), None, "changed at {at}");
            }
        }
    }

    #[test]
    fn no_token_passes_as_another() {
        let keys = keys();
        let player = players()[0];
        let (ticket, _) = ticket(&keys, GAME, player, server_time());
        let resume = NewResume::draw().token(&keys, GAME, player, Seat(0));
        let guest = Guest { id: GuestId(Uuid::from_u128(7)), expires_at: 4_000_000_000 };
        let voter = voter(&keys, guest);
        let session = playhouse_protocol::ids::SessionId(Uuid::from_u128(2));
        let (refresh, _) = refresh(&keys, AccountId(Uuid::from_u128(7)), session);
        for other in [&resume, &voter, &refresh, &String::new(), &"x".repeat(5000)] {
            assert_eq!(read_ticket(&keys, other), Err((Cause::Forged, None)), "{other}");
        }
        for other in [&ticket, &voter, &refresh, &String::new(), &"x.".repeat(3000)] {
            assert_eq!(read_resume(&keys, other), None, "{other}");
        }
        for ours in [&ticket, &resume] {
            assert!(read_access(&keys, ours).is_err() && read_voter(&keys, ours).is_err());
            assert_eq!(read_refresh(&keys, ours), None);
        }
    }
}
