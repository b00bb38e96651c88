//! Showings: scheduling and listing them.

use actix_web::http::StatusCode;
use bytes::Bytes;
use playhouse_actors::handle::{AskError, Rooms};
use playhouse_domain::movie::{Movie, MovieInfo};
use playhouse_domain::room::{Audience, Rules};
use playhouse_domain::screen::{Command, Plan, Screen};
use playhouse_domain::showing::view::SeatMap;
use playhouse_domain::showing::{Showing, ShowingInfo, Terms};
use playhouse_domain::text::key_part;
use playhouse_protocol::ids::{CommandKey, MovieId, RoomId, ShowingId};

use super::requests::{ShowingRequest, ShowingsQuery};
use super::screens;
use crate::app::App;
use crate::asking::{Outcome, ask, new_id, unexpected};
use crate::http::auth::Identity;
use crate::http::error::Problem;
use crate::http::paging::Page;
use crate::lists::{self, Range};

pub(super) fn room(showing: ShowingId) -> RoomId {
    RoomId::of(Showing::KIND, showing.0)
}

/// The terms of holds as the operator set them.
fn terms(settings: &crate::config::Cinema) -> Terms {
    Terms {
        hold: settings.hold,
        hold_max: settings.hold_max,
        offer: settings.offer,
        seats_per_buyer: settings.seats_per_buyer,
        cancel_before: settings.cancel_before,
    }
}

/// Schedules a showing on its screen, and waits until it is on sale.
///
/// # Errors
///
/// `not_found` for a movie that is not known, `showing_overlaps`, and what else the screen refuses.
pub async fn schedule(
    app: &App,
    who: &Identity,
    request: ShowingRequest,
    key: Option<CommandKey>,
) -> Result<Outcome<ShowingInfo>, Problem> {
    let showing = ShowingId(new_id(who, Showing::KIND, key.as_ref()));
    if key.is_some()
        && let Some(made) = made_before(&app.rooms, showing, &request).await?
    {
        return Ok(Outcome::Done(made));
    }
    let movie = movie(&app.rooms, request.movie_id).await?;
    let plan = Plan {
        showing,
        movie: movie.id,
        movie_title: movie.title,
        minutes: movie.minutes,
        starts_at: request.starts_at,
        prices: request.prices,
        currency: app.config.cinema.currency.clone(),
        terms: terms(&app.config.cinema),
    };
    let (screen, command) = (screens::room(request.screen_id), Command::Schedule(Box::new(plan)));
    let look = |_| format!("/api/showings/{showing}");
    match ask::<Screen>(&app.rooms, who, &screen, key, &command, look).await? {
        Outcome::Done(_) => Ok(Outcome::Done(get(&app.rooms, showing).await?)),
        Outcome::Pending(pending) => Ok(Outcome::Pending(pending)),
    }
}

/// The showing that an earlier command under the same key made. Its id alone tells: what the screen
/// is asked holds more than the request says (the movie's title and length), and that may have
/// changed since.
async fn made_before(
    rooms: &Rooms,
    showing: ShowingId,
    request: &ShowingRequest,
) -> Result<Option<ShowingInfo>, Problem> {
    let made = match get(rooms, showing).await {
        Ok(made) => made,
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => return Ok(None),
        Err(problem) => return Err(problem),
    };
    let same = made.movie_id == request.movie_id
        && made.screen_id == request.screen_id
        && made.starts_at == request.starts_at
        && made.prices == request.prices;
    if same { Ok(Some(made)) } else { Err(AskError::KeyReused.into()) }
}

async fn movie(rooms: &Rooms, movie: MovieId) -> Result<MovieInfo, Problem> {
    let room = RoomId::of(Movie::KIND, movie.0);
    let seen = rooms.view(&room, Audience::Public).await?;
    serde_json::from_slice(&seen.json).map_err(|_| unexpected(&room))
}

/// One showing.
///
/// # Errors
///
/// `not_found`.
pub async fn get(rooms: &Rooms, showing: ShowingId) -> Result<ShowingInfo, Problem> {
    let room = room(showing);
    let seen = rooms.view(&room, Audience::Public).await?;
    let map: SeatMap = serde_json::from_slice(&seen.json).map_err(|_| unexpected(&room))?;
    Ok(map.showing)
}

/// What is on, by time, each with its free seats by kind: one read of one table, however many
/// showings there are.
///
/// # Errors
///
/// The store's problem.
pub async fn list(rooms: &Rooms, query: &ShowingsQuery, page: &Page) -> Result<Bytes, Problem> {
    let (table, prefix) = match (&query.movie, &query.theater) {
        (Some(movie), _) => ("showings_by_movie", format!("{movie}/")),
        (None, Some(theater)) => ("showings_by_theater", format!("{}/", key_part(theater))),
        (None, None) => ("showings", String::new()),
    };
    let from = query.from.map(|from| format!("{prefix}{from}"));
    let before = query.to.map(|to| format!("{prefix}{to}"));
    let range = Range { table, prefix, from, before, descending: false };
    match (query.movie, &query.theater) {
        (Some(_), Some(theater)) => {
            let wanted = key_part(theater);
            let there = |row: &str| {
                serde_json::from_str::<ShowingInfo>(row)
                    .is_ok_and(|info| key_part(&info.theater) == wanted)
            };
            lists::page_of(rooms, range, page, there).await
        }
        _ => lists::page(rooms, range, page).await,
    }
}
