//! Which sessions are open: asked of the account's room, remembered for at most a second, and
//! forgotten at once when this server ends one.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use playhouse_actors::Rooms;
use playhouse_actors::handle::AskError;
use playhouse_actors::watch::{Publication, Sink, SinkFull, WatchEnd};
use playhouse_domain::account::{Account, AccountInfo, SessionInfo};
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
    /// Its open sessions.
    pub sessions: Arc<BTreeSet<SessionId>>,
}

#[derive(Deserialize)]
struct Told {
    account: AccountInfo,
    sessions: Vec<SessionInfo>,
}

impl From<Told> for Open {
    fn from(told: Told) -> Self {
        let sessions = told.sessions.into_iter().map(|session| session.id).collect();
        Self { account: told.account, sessions: Arc::new(sessions) }
    }
}

/// The memory of open sessions.
#[derive(Clone)]
pub struct Sessions {
    rooms: Rooms,
    known: Arc<Mutex<HashMap<AccountId, (Instant, Open)>>>,
}

impl Sessions {
    /// An empty memory.
    #[must_use]
    pub fn new(rooms: Rooms) -> Self {
        Self { rooms, known: Arc::default() }
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
        let asked = Instant::now();
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
        if known.len() < REMEMBERED_MAX {
            known.insert(account, (asked, open.clone()));
        }
        Ok(Some(open))
    }

    /// Something about the account changed here: ask again.
    pub fn forget(&self, account: AccountId) {
        self.known.lock().remove(&account);
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
            if !is_open(watching.view.as_deref(), session) {
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

fn is_open(view: Option<&[u8]>, session: SessionId) -> bool {
    #[derive(Deserialize)]
    struct Whole {
        view: Told,
    }
    view.and_then(|json| serde_json::from_slice::<Whole>(json).ok())
        .is_some_and(|whole| whole.view.sessions.iter().any(|open| open.id == session))
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
        #[derive(Deserialize)]
        struct Said {
            change: Option<playhouse_domain::account::Change>,
        }
        let said = serde_json::from_slice::<Said>(&publication.json).ok();
        let ended = said
            .and_then(|said| said.change)
            .is_none_or(|change| change.sessions_ended.contains(&self.session));
        if ended {
            self.told.send_replace(Heard::Ended);
        }
        Ok(())
    }

    fn ended(&self, _: WatchEnd) {
        self.told.send_if_modified(|heard| {
            let lost = *heard == Heard::Nothing;
            if lost {
                *heard = Heard::Lost;
            }
            lost
        });
    }
}
