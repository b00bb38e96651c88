//! Voting.

use playhouse_actors::handle::Rooms;
use playhouse_domain::poll::{self, Command, Digest16, Mine, Poll, Receipt, Reply, Voter};
use playhouse_domain::room::{Caller, Seed};
use playhouse_protocol::ids::{CommandKey, PollId};
use uuid::Uuid;

use super::ballots;
use super::requests::{VoteRequest, code_voter};
use super::run;
use crate::accounts::Bearer;
use crate::app::App;
use crate::asking::{ask_now, invalid, unexpected};
use crate::http::error::Problem;

/// The longest personal code that is looked at, in characters.
const CODE_CHARS_MAX: usize = 40;

impl From<&Bearer> for Voter {
    fn from(who: &Bearer) -> Self {
        match who {
            Bearer::Account(who) => Self::Account(who.account),
            Bearer::Guest(guest) => Self::Device(guest.id),
        }
    }
}

/// What a poll knows of the personal code `typed`: in any case, with or without spaces and hyphens.
/// It is bound to the poll, so that nobody can tell that two polls have a code in common.
pub(super) fn code_digest(poll: PollId, typed: &str) -> Option<Digest16> {
    if typed.chars().count() > CODE_CHARS_MAX {
        return None;
    }
    let code: String =
        typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let bound = [b"personal code".as_slice(), poll.0.as_bytes(), code.as_bytes()].concat();
    (!code.is_empty()).then(|| Digest16::of(&bound))
}

/// Who votes: the holder of the code, if there is one, or of the token; without either somebody, whom
/// `key` makes the same at a repeat.
///
/// # Errors
///
/// `unknown_code` if the code cannot be one.
pub fn voter(
    poll: PollId,
    who: Option<&Bearer>,
    code: Option<&str>,
    key: Option<&CommandKey>,
) -> Result<Voter, Problem> {
    match (code, who, key) {
        (Some(code), ..) => code_voter(poll, code),
        (None, Some(who), _) => Ok(Voter::from(who)),
        (None, None, Some(key)) => {
            Ok(Voter::Anyone(Seed::derive(&[b"anyone", key.as_str().as_bytes()]).uuid(0)))
        }
        (None, None, None) => Ok(Voter::Anyone(Uuid::new_v4())),
    }
}

/// Votes, or changes a vote.
///
/// # Errors
///
/// `bad_choice`, `bad_ballot`, `wrong_voter` and what else the poll says against it.
pub async fn vote(
    app: &App,
    who: Option<&Bearer>,
    id: PollId,
    mut request: VoteRequest,
    key: Option<CommandKey>,
) -> Result<Receipt, Problem> {
    let choice = request.choice()?;
    let voter = match (&request.ballot, &request.code) {
        (Some(_), Some(_)) => {
            return Err(invalid("bad_ballot", "a ballot is cast without a code"));
        }
        (Some(ballot), None) => {
            let key = run::info(&app.rooms, id).await?.ballot_key;
            Voter::Ballot(ballots::checked(key.as_deref(), ballot)?)
        }
        (None, code) => voter(id, who, code.as_deref(), key.as_ref())?,
    };
    let caller = who.map_or(Caller::Nobody, Bearer::caller);
    let command = Command::Vote { voter, choice, name: request.name, key };
    let room = poll::room(id);
    match ask_now::<Poll>(&app.rooms, caller, &room, None, &command).await?.reply {
        Reply::Voted(receipt) => Ok(receipt),
        _ => Err(unexpected(&room)),
    }
}

/// What a poll has of `voter`.
///
/// # Errors
///
/// `wrong_voter`, `unknown_code`, `not_found`.
pub async fn mine(
    rooms: &Rooms,
    id: PollId,
    who: Option<&Bearer>,
    voter: Voter,
) -> Result<Mine, Problem> {
    let (room, caller) = (poll::room(id), who.map_or(Caller::Nobody, Bearer::caller));
    match ask_now::<Poll>(rooms, caller, &room, None, &Command::Mine { voter }).await?.reply {
        Reply::Mine(mine) => Ok(mine),
        _ => Err(unexpected(&room)),
    }
}

/// As [`mine`], and nothing if the poll lets others vote than such.
pub(super) async fn own_part(
    rooms: &Rooms,
    id: PollId,
    who: Option<&Bearer>,
    voter: Voter,
) -> Result<Option<Mine>, Problem> {
    match mine(rooms, id, who, voter).await {
        Ok(mine) => Ok(Some(mine)),
        Err(problem) if problem.status() == actix_web::http::StatusCode::FORBIDDEN => Ok(None),
        Err(problem) => Err(problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it_and_belongs_to_one_poll() {
        let [one, other] = [1, 2].map(|n| PollId(Uuid::from_u128(n)));
        let digest = code_digest(one, "7QK4M-X2RTB").unwrap();
        assert_eq!(code_digest(one, " 7qk4m x2rtb"), Some(digest));
        assert_ne!(code_digest(other, "7QK4M-X2RTB"), Some(digest));
        for typed in ["", " - ", &"A".repeat(41)] {
            assert_eq!(code_digest(one, typed), None, "{typed:?}");
        }
    }
}
