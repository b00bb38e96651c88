//! Screens: making and listing them.

use bytes::Bytes;
use playhouse_actors::handle::Rooms;
use playhouse_domain::room::{Audience, Rules};
use playhouse_domain::screen::{Command, Details, Reply, Screen, ScreenInfo, View};
use playhouse_domain::showing::{RowSpec, SeatKind};
use playhouse_protocol::ids::{CommandKey, RoomId, ScreenId};

use super::requests::{PlanRowRequest, ScreenRequest};
use crate::asking::{ask_now, new_id, unexpected};
use crate::http::auth::Identity;
use crate::http::error::Problem;
use crate::http::paging::Page;
use crate::lists::{self, Range};

/// How long a screen is cleaned if nobody says. 15 min, as most houses plan.
const CLEANING_MINUTES: u16 = 15;

pub(super) fn room(screen: ScreenId) -> RoomId {
    RoomId::of(Screen::KIND, screen.0)
}

impl From<PlanRowRequest> for RowSpec {
    fn from(request: PlanRowRequest) -> Self {
        let PlanRowRequest { row, seats, kind, gaps, kinds } = request;
        Self { row, seats, kind: kind.unwrap_or(SeatKind::Standard), gaps, kinds }
    }
}

impl From<ScreenRequest> for Details {
    fn from(request: ScreenRequest) -> Self {
        let ScreenRequest { name, theater, rows, cleaning_minutes } = request;
        let rows = rows.into_iter().map(Into::into).collect();
        let cleaning_minutes = cleaning_minutes.unwrap_or(CLEANING_MINUTES);
        Self { name, theater, rows, cleaning_minutes }
    }
}

/// Sets up a screen.
///
/// # Errors
///
/// The room's refusal.
pub async fn create(
    rooms: &Rooms,
    who: &Identity,
    request: ScreenRequest,
    key: Option<CommandKey>,
) -> Result<ScreenInfo, Problem> {
    let room = room(ScreenId(new_id(who, Screen::KIND, key.as_ref())));
    let command = Command::Create(request.into());
    match ask_now::<Screen>(rooms, who, &room, key, &command).await?.reply {
        Reply::Created(screen) => Ok(screen),
        Reply::Scheduled(_) => Err(unexpected(&room)),
    }
}

/// One screen.
///
/// # Errors
///
/// `not_found`.
pub async fn get(rooms: &Rooms, screen: ScreenId) -> Result<ScreenInfo, Problem> {
    let room = room(screen);
    let seen = rooms.view(&room, Audience::Public).await?;
    let view: View = serde_json::from_slice(&seen.json).map_err(|_| unexpected(&room))?;
    Ok(view.screen)
}

/// Every screen, by theatre and name.
///
/// # Errors
///
/// The store's problem.
pub async fn list(rooms: &Rooms, page: &Page) -> Result<Bytes, Problem> {
    lists::page(rooms, Range { table: "screens", ..Range::default() }, page).await
}

/// When what is on one screen, by time.
///
/// # Errors
///
/// The store's problem.
pub async fn schedule(rooms: &Rooms, screen: ScreenId, page: &Page) -> Result<Bytes, Problem> {
    let range =
        Range { table: "screen_schedule", prefix: format!("{screen}/"), ..Range::default() };
    lists::page(rooms, range, page).await
}
