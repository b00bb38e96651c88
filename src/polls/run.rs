//! Making polls and running them: what presenters do.

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, Stream};
use playhouse_actors::handle::Rooms;
use playhouse_domain::poll::{self, Command, Phase, Poll, PollInfo, Reply, Voter, export};
use playhouse_domain::room::{Caller, Role};
use playhouse_protocol::ids::{CommandKey, PollId};
use rand::Rng;

use super::ballots;
use super::requests::PollRequest;
use super::votes::{code_digest, own_part};
use crate::accounts::{Bearer, Identity};
use crate::app::App;
use crate::asking::{
    Outcome, Tagged, Told, ask, ask_now, invalid, new_id, server_time, unexpected,
};
use crate::http::error::Problem;
use crate::http::paging::Page;
use crate::lists::{self, Range};

/// How many personal codes one request may draw. 1,000, as many as one command brings.
const CODES_MAX: u16 = 1000;

/// The characters of a personal code, and how many it has: 50 bits, so that nobody guesses one.
const CODE_ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const CODE_LEN: usize = 10;

fn told(room: &playhouse_protocol::ids::RoomId, reply: Reply) -> Result<PollInfo, Problem> {
    match reply {
        Reply::Poll(info) => Ok(*info),
        _ => Err(unexpected(room)),
    }
}

/// Makes a poll.
///
/// # Errors
///
/// `bad_poll`, `bad_text`, `forbidden`.
pub async fn create(
    app: &App,
    who: &Identity,
    request: PollRequest,
    key: Option<CommandKey>,
) -> Result<Outcome<PollInfo>, Problem> {
    let id = PollId(new_id(who, "poll", key.as_ref()));
    let room = poll::room(id);
    let ballot_key = ballot_key(app, who, id, &request).await?;
    let command = Command::Create(Box::new(request.definition(ballot_key)?));
    let look = |_| format!("/api/polls/{id}");
    let outcome = match ask::<Poll>(&app.rooms, who, &room, key, &command, look).await? {
        Outcome::Done(Told { reply, .. }) => Outcome::Done(told(&room, reply)?),
        Outcome::Pending(pending) => Outcome::Pending(pending),
    };
    Ok(outcome)
}

/// The key of a secret poll, drawn for those alone who may make one.
async fn ballot_key(
    app: &App,
    who: &Identity,
    id: PollId,
    request: &PollRequest,
) -> Result<Option<String>, Problem> {
    if !request.secret || who.role < Role::Organizer {
        return Ok(None);
    }
    ballots::key_for(&app.config.store.data, id).await.map(Some)
}

/// Asks something else in a poll that is not open yet.
///
/// # Errors
///
/// `poll_frozen`, `stale_revision`, `bad_poll`, `forbidden`.
pub async fn update(
    app: &App,
    who: &Identity,
    id: PollId,
    request: PollRequest,
    (expect, key): (Option<u64>, Option<CommandKey>),
) -> Result<PollInfo, Problem> {
    ask_now::<Poll>(&app.rooms, who, &poll::room(id), None, &Command::Preside).await?;
    let ballot_key = ballot_key(app, who, id, &request).await?;
    let definition = Box::new(request.definition(ballot_key)?);
    act(&app.rooms, who, id, &Command::Update { definition, expect }, key).await
}

/// What the presenter does to a poll; answers with the poll as it is then.
///
/// # Errors
///
/// The room's refusal.
pub async fn act(
    rooms: &Rooms,
    who: &Identity,
    id: PollId,
    command: &Command,
    key: Option<CommandKey>,
) -> Result<PollInfo, Problem> {
    let room = poll::room(id);
    let info = told(&room, ask_now::<Poll>(rooms, who, &room, key, command).await?.reply)?;
    if info.secret && info.phase == Phase::Closed {
        ballots::wake_roll(rooms, id).await;
    }
    Ok(info)
}

/// A poll as `who` may see it, with their own part.
///
/// # Errors
///
/// `not_found`.
pub async fn get(rooms: &Rooms, id: PollId, who: Option<&Bearer>) -> Result<Tagged, Problem> {
    let room = poll::room(id);
    let seen = rooms.view(&room, who.map_or(Caller::Nobody, Bearer::caller)).await?;
    let mine = match who.map(Voter::from) {
        Some(voter) => own_part(rooms, id, who, voter).await?,
        None => None,
    };
    let mut json = BytesMut::from(seen.json.strip_suffix(b"}").ok_or_else(|| unexpected(&room))?);
    json.extend_from_slice(format!(",\"revision\":{}", seen.position.offset).as_bytes());
    if let Some(mine) = &mine {
        let mine = serde_json::to_vec(mine).map_err(|_| unexpected(&room))?;
        json.extend_from_slice(b",\"mine\":");
        json.extend_from_slice(&mine);
    }
    json.extend_from_slice(format!(",\"server_time\":\"{}\"}}", server_time()).as_bytes());
    // The time is part of the answer, and what is seen depends on the reader: the tag names both.
    let reader = who.map(|who| who.id().simple().to_string()).unwrap_or_default();
    let mut tagged = Tagged::new(seen);
    let tag = format!("{}.{reader}", tagged.tag.tag());
    tagged.tag = actix_web::http::header::EntityTag::new_weak(tag);
    Ok(Tagged { json: json.freeze(), ..tagged })
}

/// The poll as everybody knows it.
///
/// # Errors
///
/// `not_found`.
pub async fn info(rooms: &Rooms, id: PollId) -> Result<PollInfo, Problem> {
    #[derive(serde::Deserialize)]
    struct Known {
        poll: PollInfo,
    }
    let room = poll::room(id);
    let seen = rooms.view(&room, Caller::Nobody).await?;
    let known: Known = serde_json::from_slice(&seen.json).map_err(|_| unexpected(&room))?;
    Ok(known.poll)
}

/// The polls that `who` made, oldest first.
///
/// # Errors
///
/// The store's problem.
pub async fn list(rooms: &Rooms, who: &Identity, page: &Page) -> Result<Bytes, Problem> {
    let prefix = format!("{}/", who.account);
    let range = Range { table: "polls_by_owner", prefix, ..Range::default() };
    lists::page(rooms, range, page).await
}

/// Draws `count` personal codes for a poll. They are told here and never again: the poll keeps
/// their digests alone.
///
/// # Errors
///
/// `bad_count`, `too_many_codes`, `forbidden`.
pub async fn draw_codes(
    rooms: &Rooms,
    who: &Identity,
    id: PollId,
    count: u16,
) -> Result<(Vec<String>, u32), Problem> {
    if !(1..=CODES_MAX).contains(&count) {
        return Err(invalid("bad_count", format!("1 to {CODES_MAX} codes can be drawn at once")));
    }
    let codes: Vec<String> = (0..count).map(|_| draw_code()).collect();
    let digests = codes.iter().filter_map(|code| code_digest(id, code)).collect();
    let room = poll::room(id);
    match ask_now::<Poll>(rooms, who, &room, None, &Command::AddCodes(digests)).await?.reply {
        Reply::Codes(total) => Ok((codes, total)),
        _ => Err(unexpected(&room)),
    }
}

/// A code like `7QK4M-X2RTB`.
fn draw_code() -> String {
    let mut rng = rand::rng();
    let mut code: String =
        (0..CODE_LEN).map(|_| char::from(CODE_ALPHABET[rng.random_range(0..32)])).collect();
    code.insert(CODE_LEN / 2, '-');
    code
}

/// The log of a poll's round as CSV, page by page. A poll that is reset meanwhile ends it in an
/// error, so that half a log is not taken for a whole one.
///
/// # Errors
///
/// `results_hidden`, `not_found`.
pub async fn export(
    rooms: &Rooms,
    who: Option<&Bearer>,
    id: PollId,
) -> Result<impl Stream<Item = Result<Bytes, Problem>> + use<>, Problem> {
    let (rooms, caller) = (rooms.clone(), who.map_or(Caller::Nobody, Bearer::caller));
    let first = export_page(&rooms, &caller, id, None).await?;
    Ok(stream::unfold(Some(Ok(first)), move |page| {
        let (rooms, caller) = (rooms.clone(), caller.clone());
        async move {
            let page: export::Page = match page? {
                Ok(page) => page,
                Err(problem) => return Some((Err(problem), None)),
            };
            let next = match page.next {
                Some(after) => {
                    Some(export_page(&rooms, &caller, id, Some((page.round, after))).await)
                }
                None => None,
            };
            Some((Ok(Bytes::from(export::csv(&page))), next))
        }
    }))
}

async fn export_page(
    rooms: &Rooms,
    caller: &Caller,
    id: PollId,
    from: Option<(u32, u32)>,
) -> Result<export::Page, Problem> {
    let room = poll::room(id);
    let (round, after) = from.unzip();
    let command = Command::Export { round, after };
    match ask_now::<Poll>(rooms, caller.clone(), &room, None, &command).await?.reply {
        Reply::Page(page) => Ok(*page),
        _ => Err(unexpected(&room)),
    }
}
