//! A match that is over, as a film: played once more from its inputs, and encoded as it is played, for as long as
//! somebody watches.

use std::time::Duration;

use actix_web::http::StatusCode;
use bytes::Bytes;
use futures_util::{Stream, stream};
use playhouse_actors::Rooms;
use playhouse_domain::games::match_room::{Command, ReplayPage, Reply};
use playhouse_domain::games::replay::{Head, Replay, ReplayError};
use playhouse_domain::room::Caller;
use playhouse_protocol::game::Table;
use playhouse_protocol::game::film::Camera;
use playhouse_protocol::ids::MatchId;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};

use super::run::{ask, room};
use crate::asking::unexpected;
use crate::http::error::Problem;

/// How many films are watched at once. 16: each holds its match, its log and what waits to be read, some 10 MiB
/// together at most.
static FILMS: Semaphore = Semaphore::const_new(16);

/// How many of them are played on at this moment. 2: a match is played some hundred times as fast as it was, and
/// those that are on must not feel it.
static PLAYED: Semaphore = Semaphore::const_new(2);

/// How long who finds no room should wait before another try. 2 s: a short film is read by then.
const AGAIN: Duration = Duration::from_secs(2);

/// How long a part may wait to be read before the film ends there. 30 s: whoever watches reads ahead.
const READ_WITHIN: Duration = Duration::from_secs(30);

/// How many bytes go out at once. 64 KiB: some twenty seconds of ten players.
const PART_BYTES: usize = 64 << 10;

/// How many such parts are made ahead of whoever watches; past it the match is played no further until they read.
/// 4.
const PARTS: usize = 4;

/// After how many frames one stands for itself. 150, five seconds at 30 Hz: to show any moment takes the reading of
/// as many at most, which a page does between two pictures.
const KEY_EVERY: u32 = 150;

/// The film of match `id`, once it is over.
///
/// # Errors
///
/// The room's refusal; `overloaded` while as many are watched as may be.
pub async fn film(
    rooms: &Rooms,
    id: MatchId,
) -> Result<impl Stream<Item = Result<Bytes, ReplayError>> + use<>, Problem> {
    let permit = permit()?;
    let (head, log) = whole(rooms, id).await?;
    let (parts, comes) = mpsc::channel(PARTS);
    let out = Out { parts, runtime: Handle::current() };
    tokio::task::spawn_blocking(move || make(&head, &log, &out, permit));
    Ok(stream::unfold(comes, |mut comes| async move { Some((comes.recv().await?, comes)) }))
}

/// Lets one more match be played again.
pub(super) fn permit() -> Result<SemaphorePermit<'static>, Problem> {
    FILMS.try_acquire().map_err(|_| {
        let detail = "as many replays are watched as can be";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail).retry_after(AGAIN)
    })
}

/// Waits until a match may be played on.
pub(super) fn turn(runtime: &Handle) -> SemaphorePermit<'static> {
    runtime.block_on(PLAYED.acquire()).expect("it is never closed")
}

/// What is needed to play the match again.
pub(super) async fn whole(rooms: &Rooms, id: MatchId) -> Result<(Head, Vec<u8>), Problem> {
    let mut log = Vec::new();
    loop {
        let command = Command::Replay { after: log.len() as u32 };
        let told = ask(rooms, &room(id), Caller::Nobody, None, &command).await?;
        let Reply::Replay(page) = told.reply else { return Err(unexpected(&room(id))) };
        let ReplayPage { head, bytes, next, total, .. } = *page;
        log.extend_from_slice(&bytes);
        if next >= total || bytes.is_empty() {
            return Ok((head, log));
        }
    }
}

/// The way to whoever watches.
struct Out {
    parts: mpsc::Sender<Result<Bytes, ReplayError>>,
    runtime: Handle,
}

impl Out {
    /// Waits until there is room for `part`; false if nobody reads any more.
    fn send(&self, part: Result<Bytes, ReplayError>) -> bool {
        let sent = tokio::time::timeout(READ_WITHIN, self.parts.send(part));
        matches!(self.runtime.block_on(sent), Ok(Ok(())))
    }
}

/// Plays the match and sends its film, until it is over or nobody watches any more.
fn make(head: &Head, log: &[u8], out: &Out, permit: SemaphorePermit<'static>) {
    if let Err(error) = send(head, log, out) {
        tracing::warn!(game = head.game, %error, "a replay cannot be shown to its end");
        // Whoever watches sees that it is cut off.
        out.send(Err(error));
    }
    drop(permit);
}

fn send(head: &Head, log: &[u8], out: &Out) -> Result<(), ReplayError> {
    let mut replay = Replay::open(head, log)?;
    let schema = head.kind()?.schema();
    let (mut table, mut camera) = (Table::new(schema), Camera::new(schema, KEY_EVERY));
    loop {
        let mut part = Vec::with_capacity(PART_BYTES * 2);
        let turn = turn(&out.runtime);
        while part.len() < PART_BYTES && replay.play_tick()? {
            replay.world().write(&mut table);
            let happened = replay.happened().all().iter().map(|happening| &happening.event);
            camera.frame(&table, happened, &mut part);
        }
        drop(turn);
        let last = part.len() < PART_BYTES;
        if !out.send(Ok(part.into())) || last {
            return Ok(());
        }
    }
}
