//! Passwords, tokens, sessions: everything about who is asking.
//!
//! - [`entry`]: how somebody gets in: registering, logging in, refreshing, another password.
//! - [`password`]: hashing on threads of its own. [`keys`]: what signs. [`tokens`]: what is signed.
//! - [`sessions`]: which log-ins are open.
//!
//! The rules (names, sessions, rotation) are `domain::account`'s.

pub mod entry;
pub mod keys;
pub mod password;
pub mod sessions;
pub mod tokens;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_web::http::StatusCode;
use parking_lot::RwLock;
use playhouse_actors::Rooms;
use playhouse_actors::handle::{Answer, AskError};
use playhouse_domain::account::{Account, AccountInfo, Command, Reply};
use playhouse_domain::room::{Caller, Role};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::{AccountId, GuestId, SessionId};
use uuid::Uuid;

pub use self::entry::Tokens;
use self::keys::{Keys, KeysError};
use self::password::Passwords;
use self::sessions::{Sessions, room};
pub use self::tokens::Guest;
use self::tokens::Unbelieved;
use crate::config::Config;
use crate::http::error::Problem;

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub account: AccountId,
    /// Its user name.
    pub username: String,
    /// What it may do now.
    pub role: Role,
    /// The session.
    pub session: SessionId,
    /// When the token ends, in seconds since 1970.
    pub expires_at: u64,
}

impl Identity {
    /// The caller as rooms know it.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller::Account { id: self.account, role: self.role }
    }
}

impl From<&Identity> for Caller {
    fn from(who: &Identity) -> Self {
        who.caller()
    }
}

/// Whoever shows a token: an account, or a browser that joined a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bearer {
    /// An account.
    Account(Identity),
    /// A browser.
    Guest(Guest),
}

impl Bearer {
    /// The caller as rooms know it.
    #[must_use]
    pub fn caller(&self) -> Caller {
        match self {
            Self::Account(who) => who.caller(),
            Self::Guest(guest) => Caller::Guest(guest.id),
        }
    }

    /// What limits know them by.
    #[must_use]
    pub fn id(&self) -> Uuid {
        match self {
            Self::Account(who) => who.account.0,
            Self::Guest(guest) => guest.id.0,
        }
    }

    /// When the token ends, in seconds since 1970.
    #[must_use]
    pub fn expires_at(&self) -> u64 {
        match self {
            Self::Account(who) => who.expires_at,
            Self::Guest(guest) => guest.expires_at,
        }
    }
}

/// Everything about who is asking. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    inner: Arc<Inner>,
}

struct Inner {
    rooms: Rooms,
    passwords: Passwords,
    sessions: Sessions,
    keys: RwLock<Keys>,
    config: Arc<Config>,
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_ms(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn unauthenticated(code: &'static str, detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, code, detail)
}

fn bad_token() -> Problem {
    unauthenticated("bad_token", "the access token is not good, log in again")
}

fn not_believed(why: Unbelieved) -> Problem {
    match why {
        Unbelieved::Expired => {
            unauthenticated("token_expired", "the access token has expired, refresh it")
        }
        Unbelieved::Foreign => bad_token(),
    }
}

impl Accounts {
    /// Opens the accounts of `rooms`, with the keys in the data directory.
    ///
    /// # Errors
    ///
    /// [`KeysError`].
    pub fn open(config: Arc<Config>, rooms: Rooms) -> Result<Self, KeysError> {
        let keys = RwLock::new(Keys::open(&config.store.data, now())?);
        let settings = &config.accounts;
        let passwords = Passwords::start(settings.hash_threads, settings.hash_queue);
        let sessions = Sessions::new(rooms.clone());
        Ok(Self { inner: Arc::new(Inner { rooms, passwords, sessions, keys, config }) })
    }

    async fn ask(&self, account: AccountId, command: &Command) -> Result<Reply, Problem> {
        let room = room(account);
        match self.inner.rooms.ask::<Account>(&room, Caller::System, None, command).await? {
            Answer::Done { reply, .. } => Ok(reply),
            Answer::Accepted { .. } => Err(AskError::OutcomeUnknown.into()),
        }
    }

    /// Ends one session of an account.
    ///
    /// # Errors
    ///
    /// If the room does not answer.
    pub async fn end(&self, account: AccountId, session: SessionId) -> Result<(), Problem> {
        self.ask(account, &Command::LogOut { session }).await?;
        self.inner.sessions.forget(account);
        Ok(())
    }

    /// Ends all sessions of an account.
    ///
    /// # Errors
    ///
    /// If the room does not answer.
    pub async fn end_all(&self, account: AccountId) -> Result<(), Problem> {
        self.ask(account, &Command::LogOutAll).await?;
        self.inner.sessions.forget(account);
        Ok(())
    }

    /// Changes what an account may do, or whether it is let in, on behalf of an administrator.
    ///
    /// # Errors
    ///
    /// `forbidden`, `not_found`.
    pub async fn administer(
        &self,
        by: &Identity,
        account: AccountId,
        command: &Command,
    ) -> Result<AccountInfo, Problem> {
        let room = room(account);
        let answer = self.inner.rooms.ask::<Account>(&room, by.caller(), None, command).await;
        self.inner.sessions.forget(account);
        match answer? {
            Answer::Done { reply: Reply::Account(info), .. } => Ok(info),
            Answer::Done { reply, .. } => Err(unexpected(&reply)),
            Answer::Accepted { .. } => Err(AskError::OutcomeUnknown.into()),
        }
    }

    /// Believes an access token, or says why not.
    ///
    /// # Errors
    ///
    /// `bad_token`, `token_expired`, `session_ended`.
    pub async fn verify(&self, token: &str) -> Result<Identity, Problem> {
        let claims = tokens::read_access(&self.inner.keys.read(), token).map_err(not_believed)?;
        let open = self.inner.sessions.of(claims.sub).await?.ok_or_else(bad_token)?;
        if !open.has(claims.sid) {
            let detail = "the session has ended, log in again";
            return Err(unauthenticated("session_ended", detail));
        }
        Ok(Identity {
            account: claims.sub,
            username: open.account.username,
            role: open.account.role,
            session: claims.sid,
            expires_at: claims.exp,
        })
    }

    /// Believes an access token or a voter token, or says why not.
    ///
    /// # Errors
    ///
    /// As [`Self::verify`].
    pub async fn recognize(&self, token: &str) -> Result<Bearer, Problem> {
        let guest = tokens::read_voter(&self.inner.keys.read(), token);
        match guest {
            Ok(guest) => Ok(Bearer::Guest(guest)),
            Err(Unbelieved::Expired) => Err(not_believed(Unbelieved::Expired)),
            Err(Unbelieved::Foreign) => self.verify(token).await.map(Bearer::Account),
        }
    }

    /// A voter token for the browser `id`: the token, and how long it lasts.
    #[must_use]
    pub fn voter_token(&self, id: GuestId) -> (String, Duration) {
        let lasts = self.inner.config.accounts.voter_ttl;
        let expires_at = (now() + lasts).ms() / 1000;
        (tokens::voter(&self.inner.keys.read(), Guest { id, expires_at }), lasts)
    }

    /// Signs or believes tokens of another sort with the keys of the house.
    pub(crate) fn with_keys<T>(&self, what: impl FnOnce(&Keys) -> T) -> T {
        what(&self.inner.keys.read())
    }

    /// The account as it is now, with its open sessions.
    ///
    /// # Errors
    ///
    /// If the room does not answer, or there is no such account.
    pub async fn open_sessions(&self, account: AccountId) -> Result<sessions::Open, Problem> {
        self.inner.sessions.of(account).await?.ok_or_else(|| AskError::NoSuchRoom.into())
    }

    /// Returns once the session has ended: by a log-out, a new password, a lost role or a ban. For
    /// sockets, which close then.
    pub async fn session_end(&self, identity: &Identity) {
        self.inner.sessions.ended(identity.account, identity.session).await;
    }

    /// Draws a new key and signs with it from now on.
    ///
    /// # Errors
    ///
    /// [`KeysError`].
    pub fn rotate_keys(&self) -> Result<(), KeysError> {
        *self.inner.keys.write() = rotate_keys(&self.inner.config)?;
        Ok(())
    }
}

/// Draws a new key in the data directory, which no server uses.
///
/// # Errors
///
/// [`KeysError`].
pub fn rotate_keys(config: &Config) -> Result<Keys, KeysError> {
    let life = config.accounts.refresh_ttl + Duration::from_secs(60);
    Keys::rotate(&config.store.data, now(), life)
}

fn unexpected(reply: &Reply) -> Problem {
    let what = std::mem::discriminant(reply);
    tracing::error!(?what, "an account answered something else than what it was asked");
    AskError::Failed.into()
}
