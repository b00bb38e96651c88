//! Which sessions are open: asked of the account's room, remembered for at most a second, and
//! forgotten at once when this server ends one.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use playhouse_actors::Rooms;
use playhouse_actors::handle::AskError;
use playhouse_actors::watch::{Publication, Sink, SinkFull, WatchEnd};
use playhouse_domain::account::{Account, AccountInfo, Change, SessionInfo};
use playhouse_domain::room::{Audience, Rules};
use playhouse_protocol::ids::{AccountId, RoomId, SessionId};
use serde::Deserialize;
use tokio::sync::watch;

/// How long an answer is believed. 1 s: a session that ended elsewhere is believed no longer.
pub const BELIEVED: Duration = Duration::from_secs(1);

/// How many accounts are remembered. 20,000, a few MiB; past it those no longer believed go.
const REMEMBERED_MAX: usize = 20_000;

/// An account with its open sessions, as the room told.
#[derive(Debug, Clone)]
pub struct Open {
    /// The account.
    pub account: AccountInfo,
    /// Its open sessions, at most `SESSIONS_MAX` of the rules.
    pub sessions: Arc<[SessionInfo]>,
}

impl Open {
    /// True if `session` is open.
    #[must_use]
    pub fn has(&self, session: SessionId) -> bool {
        self.sessions.iter().any(|open| open.id == session)
    }
}

#[derive(Deserialize)]
struct Told {
    account: AccountInfo,
    sessions: Vec<SessionInfo>,
}

impl From<Told> for Open {
    fn from(told: Told) -> Self {
        Self { account: told.account, sessions: told.sessions.into() }
    }
}

/// The memory of open sessions.
#[derive(Clone)]
pub struct Sessions {
    rooms: Rooms,
    known: Arc<Mutex<HashMap<AccountId, (Instant, Open)>>>,
    /// How often something was forgotten: an answer that was asked for before is not kept.
    forgotten: Arc<AtomicU64>,
}

impl Sessions {
    /// An empty memory.
    #[must_use]
    pub fn new(rooms: Rooms) -> Self {
        Self { rooms, known: Arc::default(), forgotten: Arc::default() }
    }

    /// The account with its open sessions; none if there is no such account.
    ///
    /// # Errors
    ///
    /// [`AskError`] if the account's room does not answer.
    pub async fn of(&self, account: AccountId) -> Result<Option<Open>, AskError> {
        if let Some((at, open)) = self.known.lock().get(&account)
            && at.elapsed() < BELIEVED
        {
            return Ok(Some(open.clone()));
        }
        // The time before the question: what is remembered is never older than it says.
        let (asked, forgotten) = (Instant::now(), self.forgotten.load(Ordering::Acquire));
        let seen = match self.rooms.view(&room(account), Audience::Presenter).await {
            Ok(seen) => seen,
            Err(AskError::NoSuchRoom) => return Ok(None),
            Err(error) => return Err(error),
        };
        let Ok(told) = serde_json::from_slice::<Told>(&seen.json) else { return Ok(None) };
        let open = Open::from(told);
        let mut known = self.known.lock();
        if known.len() >= REMEMBERED_MAX {
            known.retain(|_, (at, _)| at.elapsed() < BELIEVED);
        }
        let is_newest = self.forgotten.load(Ordering::Acquire) == forgotten;
        if known.len() < REMEMBERED_MAX && is_newest {
            known.insert(account, (asked, open.clone()));
        }
        Ok(Some(open))
    }

    /// Something about the account changed here: ask again.
    pub fn forget(&self, account: AccountId) {
        let mut known = self.known.lock();
        self.forgotten.fetch_add(1, Ordering::Release);
        known.remove(&account);
    }

    /// Returns once `session` of `account` has ended, at once if it already has.
    pub async fn ended(&self, account: AccountId, session: SessionId) {
        loop {
            let (told, mut heard) = watch::channel(Heard::Nothing);
            let sink = Arc::new(Ear { session, told });
            let watch = self.rooms.watch(&room(account), Audience::Presenter, None, sink).await;
            let watching = match watch {
                Ok(watching) => watching,
                Err(AskError::NoSuchRoom) => return,
                Err(_) => {
                    tokio::time::sleep(BELIEVED).await;
                    continue;
                }
            };
            let said = watching.view.as_deref().and_then(Said::read);
            if said.is_none_or(|said| said.ends(session)) {
                return;
            }
            let heard = heard.wait_for(|h| *h != Heard::Nothing).await.map(|h| *h);
            self.forget(account);
            if heard.is_ok_and(|heard| heard == Heard::Ended) {
                return;
            }
        }
    }
}

/// What the room says to those who watch it as the server.
#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    view: Option<Told>,
    #[serde(default)]
    change: Option<Change>,
}

impl Said {
    fn read(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// True if `session` is over by these words.
    fn ends(&self, session: SessionId) -> bool {
        let ended = |change: &Change| change.sessions_ended.contains(&session);
        let gone = |told: &Told| !told.sessions.iter().any(|open| open.id == session);
        self.change.as_ref().is_some_and(ended) || self.view.as_ref().is_some_and(gone)
    }
}

/// The room of `account`.
#[must_use]
pub fn room(account: AccountId) -> RoomId {
    RoomId::of(Account::KIND, account.0)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Nothing,
    Ended,
    /// The watch ended; look again.
    Lost,
}

/// Listens for the end of one session.
struct Ear {
    session: SessionId,
    told: watch::Sender<Heard>,
}

impl Sink for Ear {
    fn publish(&self, publication: &Arc<Publication>) -> Result<(), SinkFull> {
        match Said::read(&publication.json) {
            Some(said) if said.ends(self.session) => self.tell(Heard::Ended),
            Some(_) => {}
            None => self.tell(Heard::Lost),
        }
        Ok(())
    }

    fn ended(&self, _: WatchEnd) {
        self.tell(Heard::Lost);
    }
}

impl Ear {
    /// The first thing heard counts.
    fn tell(&self, news: Heard) {
        self.told.send_if_modified(|heard| {
            let first = *heard == Heard::Nothing;
            if first {
                *heard = news;
            }
            first
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    fn heard(words: &[Value]) -> Heard {
        let (told, heard) = watch::channel(Heard::Nothing);
        let ear = Ear { session: SessionId(Uuid::from_u128(1)), told };
        let (of, audience) = (room(AccountId(Uuid::from_u128(9))), Audience::Presenter);
        for words in words {
            let json = words.to_string().into();
            let said = Publication::new(of.clone(), audience.clone(), 1, json);
            ear.publish(&Arc::new(said)).unwrap();
        }
        *heard.borrow()
    }

    #[test]
    fn a_session_is_over_when_the_room_says_so_and_not_before() {
        let id = |n: u128| Uuid::from_u128(n).to_string();
        let account = json!({ "id": id(9), "username": "ann", "email": "ann@example.org",
            "role": "user", "banned": false, "since": "2027-05-01T20:00:00.000Z" });
        let time = "2027-05-01T20:00:00.000Z";
        let view = |n| {
            let open = json!({ "id": id(n), "opened_at": time, "used_at": time, "until": time });
            json!({ "to": 1, "view": { "account": account, "sessions": [open] } })
        };
        let ended = |n| json!({ "from": 0, "to": 1, "change": { "sessions_ended": [id(n)] } });
        let account_changed = json!({ "from": 0, "to": 1, "change": { "account": account } });
        assert_eq!(heard(&[ended(2), account_changed, view(1)]), Heard::Nothing);
        assert_eq!(heard(&[ended(1)]), Heard::Ended);
        assert_eq!(heard(&[view(2)]), Heard::Ended, "the newest view no longer has it");
        assert_eq!(heard(&[json!("?")]), Heard::Lost, "what cannot be read is asked again");
    }
}
