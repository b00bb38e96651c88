//! Movies: making, changing and listing them.

use bytes::Bytes;
use playhouse_actors::handle::Rooms;
use playhouse_domain::movie::{Command, Details, Movie, MovieInfo};
use playhouse_domain::room::{Audience, Rules};
use playhouse_protocol::ids::{CommandKey, MovieId, RoomId};

use super::requests::MovieRequest;
use crate::asking::{Tagged, ask_now, new_id};
use crate::http::auth::Identity;
use crate::http::error::Problem;
use crate::http::paging::Page;
use crate::lists::{self, Range};

fn room(movie: MovieId) -> RoomId {
    RoomId::of(Movie::KIND, movie.0)
}

impl From<MovieRequest> for Details {
    fn from(request: MovieRequest) -> Self {
        let MovieRequest { title, minutes, genre, synopsis, age_rating, poster_url, language } =
            request;
        Self { title, minutes, genre, synopsis, age_rating, poster_url, language }
    }
}

/// Makes a movie known.
///
/// # Errors
///
/// The room's refusal.
pub async fn create(
    rooms: &Rooms,
    who: &Identity,
    request: MovieRequest,
    key: Option<CommandKey>,
) -> Result<MovieInfo, Problem> {
    let room = room(MovieId(new_id(who, Movie::KIND, key.as_ref())));
    let command = Command::Create(request.into());
    Ok(ask_now::<Movie>(rooms, who, &room, key, &command).await?.reply)
}

/// Replaces what is known of a movie.
///
/// # Errors
///
/// The room's refusal.
pub async fn update(
    rooms: &Rooms,
    who: &Identity,
    movie: MovieId,
    request: MovieRequest,
    expect: Option<u64>,
    key: Option<CommandKey>,
) -> Result<MovieInfo, Problem> {
    let command = Command::Update { details: request.into(), expect };
    Ok(ask_now::<Movie>(rooms, who, &room(movie), key, &command).await?.reply)
}

/// One movie.
///
/// # Errors
///
/// `not_found`.
pub async fn get(rooms: &Rooms, movie: MovieId) -> Result<Tagged, Problem> {
    Ok(Tagged::new(rooms.view(&room(movie), Audience::Public).await?))
}

/// Every movie, by title.
///
/// # Errors
///
/// The store's problem.
pub async fn list(rooms: &Rooms, page: &Page) -> Result<Bytes, Problem> {
    lists::page(rooms, Range { table: "movies", ..Range::default() }, page).await
}
