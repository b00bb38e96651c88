//! How a browser becomes a voter: it joins by a code or a link, and is given a voter token.
//!
//! One browser is one device: a cookie that scripts cannot read holds 128 bits of chance, and the
//! device's id is a hash of it. Joining again with the cookie gives a token of the same device; who
//! knows an id (from a journal, say) cannot make the cookie from it.

use std::net::IpAddr;

use actix_web::http::StatusCode;
use playhouse_actors::handle::{AskError, Rooms};
use playhouse_domain::poll::{Poll, code, series};
use playhouse_domain::room::{Audience, Caller, Rules, Seed};
use playhouse_domain::unique;
use playhouse_protocol::ids::{GuestId, PollId, RoomId, SeriesId};

use super::requests::JoinRequest;
use super::shapes::Joined;
use super::{run, series as polls_series};
use crate::app::App;
use crate::asking::{invalid, unexpected};
use crate::http::error::Problem;
use crate::http::limit::Limits;

/// What a browser keeps in its cookie: 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device(String);

impl Device {
    /// A device that nobody has seen.
    #[must_use]
    pub fn new() -> Self {
        Self(uuid::Uuid::from_bytes(rand::random()).simple().to_string())
    }

    /// The device that a cookie holds, if it can be one of ours.
    #[must_use]
    pub fn read(cookie: &str) -> Option<Self> {
        let digits = cookie.len() == 32 && cookie.bytes().all(|b| b.is_ascii_hexdigit());
        digits.then(|| Self(cookie.to_owned()))
    }

    /// What the cookie holds.
    #[must_use]
    pub fn cookie(&self) -> &str {
        &self.0
    }

    /// As rooms know it.
    #[must_use]
    pub fn guest(&self) -> GuestId {
        GuestId(Seed::derive(&[b"device", self.0.as_bytes()]).uuid(0))
    }
}

impl Default for Device {
    fn default() -> Self {
        Self::new()
    }
}

/// Where a code or a link leads.
struct Place {
    poll: Option<PollId>,
    series: Option<SeriesId>,
}

/// Lets the browser with `device` join, or a new one if there is none.
///
/// # Errors
///
/// `unknown_code`, `not_found`, `too_many_requests`.
pub async fn join(
    app: &App,
    limits: &Limits,
    from: IpAddr,
    request: &JoinRequest,
    device: Option<Device>,
) -> Result<(Joined, Device), Problem> {
    let place = match request {
        JoinRequest { code: Some(code), poll_id: None, series_id: None } => {
            let tried = limits.code(from).await?;
            let place = by_code(&app.rooms, code).await;
            match &place {
                // Only a code that nobody has counts.
                Err(problem) if problem.code() == "unknown_code" => drop(tried),
                _ => tried.give_back(),
            }
            place?
        }
        JoinRequest { code: None, poll_id: Some(poll), series_id: None } => {
            run::info(&app.rooms, *poll).await?;
            Place { poll: Some(*poll), series: None }
        }
        JoinRequest { code: None, poll_id: None, series_id: Some(series) } => {
            by_series(&app.rooms, *series).await?
        }
        _ => {
            let detail = "name one of code, poll_id and series_id";
            return Err(invalid("bad_join", detail));
        }
    };
    let device = match device {
        Some(device) => device,
        None => {
            // A new device counts, whatever it does.
            drop(limits.join(from).await?);
            Device::new()
        }
    };
    let (voter_token, lasts) = app.accounts.voter_token(device.guest());
    let joined = Joined {
        poll_id: place.poll.map(|id| id.to_string()),
        series_id: place.series.map(|id| id.to_string()),
        voter_token,
        token_type: "Bearer".to_owned(),
        expires_in: lasts.as_secs(),
    };
    Ok((joined, device))
}

fn unknown() -> Problem {
    let detail = "nobody has this code: look at it again";
    Problem::new(StatusCode::NOT_FOUND, "unknown_code", detail)
}

async fn by_code(rooms: &Rooms, typed: &str) -> Result<Place, Problem> {
    let name = code::room(typed).ok_or_else(unknown)?;
    let seen = match rooms.view(&name, Audience::Public).await {
        Err(AskError::NoSuchRoom) => return Err(unknown()),
        seen => seen?,
    };
    let view: unique::View = serde_json::from_slice(&seen.json).map_err(|_| unexpected(&name))?;
    place_of(rooms, &view.owner).await
}

async fn place_of(rooms: &Rooms, owner: &RoomId) -> Result<Place, Problem> {
    match (owner.kind(), owner.uuid()) {
        (Poll::KIND, Some(id)) => Ok(Place { poll: Some(PollId(id)), series: None }),
        (series::Series::KIND, Some(id)) => by_series(rooms, SeriesId(id)).await,
        // A code of a party.
        _ => Err(unknown()),
    }
}

async fn by_series(rooms: &Rooms, id: SeriesId) -> Result<Place, Problem> {
    let info = polls_series::info(rooms, id, Caller::Nobody).await?;
    Ok(Place { poll: info.current, series: Some(id) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_known_again_by_its_cookie_and_never_by_its_id() {
        let device = Device::new();
        let again = Device::read(device.cookie()).unwrap();
        assert_eq!(again.guest(), device.guest());
        assert!(!device.guest().to_string().replace('-', "").contains(device.cookie()));
        assert_ne!(Device::new().guest(), device.guest());
        for cookie in ["", "x", &"g".repeat(32), &"a".repeat(33)] {
            assert_eq!(Device::read(cookie), None, "{cookie}");
        }
    }
}
