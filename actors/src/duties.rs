//! Performs what rooms owe: commands to other rooms, and work for the registered performers.

use std::sync::Arc;
use std::time::Duration;

use playhouse_domain::bug::{self, Bug};
use playhouse_domain::duty::{DutyId, DutyResult, Work};
use playhouse_domain::room::Caller;
use playhouse_protocol::ids::{CommandKey, RoomId};
use tracing::{info, warn};
use uuid::Uuid;

use crate::handle::{AskError, Rooms};
use crate::host::Input;
use crate::lane::Lane;
use crate::performer::{Attempt, TryAgain};
use crate::shared::Shared;

/// How long one room waits for another's outcome before it asks again with the same key. 60 s.
const TELL_WAIT: Duration = Duration::from_secs(60);

/// The name space of duty keys: a random UUID (version 4), drawn once.
const KEYS: Uuid = Uuid::from_u128(0x5a1c_0c9e_6f1b_4a57_9d0e_2b8f_7c33_d1a4);

/// The idempotency key of duty `id` of `room`, the same for all attempts, for ever. What is to be
/// done is part of it: a room whose past was rewritten gives the number of a duty that was undone to
/// another, and the two must not be taken for one.
pub(crate) fn key(room: &RoomId, id: DutyId, work: &Work) -> Uuid {
    let (to, what) = match work {
        Work::Tell { room, command } => (room.as_str(), command),
        Work::External { kind, payload } => (*kind, payload),
    };
    if bug::is(Bug::DutyKeyDrawnAnew) {
        return Uuid::from_u128(rand::random());
    }
    let name = [format!("{room}/{}/{to}/", id.0).as_bytes(), what].concat();
    Uuid::new_v5(&KEYS, &name)
}

/// From which failed attempt at a duty on the log warns of it. The third: that one fails is what duties are there
/// for, and some end since the server stops, or since another attempt goes on with what they began.
const WARNED_FROM: u64 = 3;

/// One attempt at a duty.
pub(crate) struct Task {
    pub(crate) id: DutyId,
    pub(crate) attempt: u64,
    pub(crate) key: Uuid,
    pub(crate) work: Work,
}

/// Makes the attempt in the background; its result goes into the room's inner lane.
pub(crate) fn start(shared: &Arc<Shared>, room: &RoomId, lane: &Arc<Lane>, task: Task) {
    let (shared, room, lane) = (shared.clone(), room.clone(), lane.clone());
    actix::spawn(async move {
        let Task { id, attempt, key, work } = task;
        let result = match work {
            Work::Tell { room: to, command } => tell(&shared, &room, &to, key, command).await,
            Work::External { kind, payload } => {
                external(&shared, kind, Attempt { key, number: attempt as u32, payload }).await
            }
        };
        lane.post(match result {
            Ok(result) => Input::DutyDone { id, attempt, result },
            Err(TryAgain { reason }) => {
                let duty = id.0;
                if attempt < WARNED_FROM {
                    info!(%room, duty, attempt, reason, "duty failed, will try again");
                } else {
                    warn!(%room, duty, attempt, reason, "duty failed, will try again");
                }
                Input::DutyFailed { id, attempt, reason }
            }
        });
    });
}

async fn tell(
    shared: &Shared,
    from: &RoomId,
    to: &RoomId,
    key: Uuid,
    command: Vec<u8>,
) -> Result<DutyResult, TryAgain> {
    let again = |reason: String| TryAgain { reason };
    let _permit = shared.tells.acquire().await.map_err(|e| again(e.to_string()))?;
    let rooms = shared.rooms.get().and_then(std::sync::Weak::upgrade).map(Rooms::from_inner);
    let rooms = rooms.ok_or_else(|| again("the server is stopping".into()))?;
    let key = CommandKey::new(&key.to_string());
    match rooms.tell(to, Caller::Room(from.clone()), key, command, TELL_WAIT).await {
        Ok(told) => Ok(DutyResult::Done(told.reply)),
        Err(AskError::Refused(refusal)) => Ok(DutyResult::Refused(refusal)),
        Err(error) => Err(again(error.to_string())),
    }
}

async fn external(
    shared: &Shared,
    kind: &'static str,
    attempt: Attempt,
) -> Result<DutyResult, TryAgain> {
    let Some((performer, turns)) = shared.performers.get(kind) else {
        return Err(TryAgain { reason: format!("nobody performs duties of kind {kind}") });
    };
    let _permit = turns.acquire().await.map_err(|e| TryAgain { reason: e.to_string() })?;
    let limit = performer.attempt_timeout();
    match tokio::time::timeout(limit, performer.perform(attempt)).await {
        Ok(result) => result,
        Err(_) => Err(TryAgain { reason: format!("no answer within {limit:?}") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_for_one_duty_of_one_room_and_what_it_is_about() {
        let room = |name: &str| name.parse::<RoomId>().unwrap();
        let charge = |payload: &[u8]| Work::External { kind: "charge", payload: payload.to_vec() };
        let of = |name: &str, id, work: &Work| key(&room(name), DutyId(id), work);
        let ann = of("showing:a", 5, &charge(b"ann"));
        assert_eq!(ann, of("showing:a", 5, &charge(b"ann")), "for ever");
        let tell = Work::Tell { room: room("showing:a"), command: b"ann".to_vec() };
        let others = [
            of("showing:b", 5, &charge(b"ann")),
            of("showing:a", 6, &charge(b"ann")),
            of("showing:a", 5, &charge(b"bob")),
            of("showing:a", 5, &tell),
        ];
        assert!(others.iter().all(|other| *other != ann));
    }
}
