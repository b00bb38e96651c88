//! Passwords, tokens, sessions: everything about who is asking.
//!
//! - [`password`]: hashing on threads of its own. [`keys`]: what signs. [`tokens`]: what is signed.
//! - [`sessions`]: which log-ins are open.
//!
//! The rules (names, sessions, rotation) are `domain::account`'s.

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
use playhouse_domain::account::{Account, AccountInfo, Command, Reply, names};
use playhouse_domain::room::{Audience, Caller, Role};
use playhouse_domain::time::Timestamp;
use playhouse_domain::unique;
use playhouse_protocol::ids::{AccountId, RoomId, SessionId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use self::keys::{Keys, KeysError};
use self::password::Passwords;
use self::sessions::{Sessions, room};
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

/// The tokens of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Tokens {
    /// Shown with every request: `Authorization: Bearer …`.
    pub access_token: String,
    /// Exchanged for the next tokens, once. Absent if it was set as a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// `Bearer`.
    pub token_type: &'static str,
    /// For how many seconds the access token is good.
    pub expires_in: u64,
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

/// The one answer to a log-in that does not fit, whatever did not.
fn wrong_login() -> Problem {
    unauthenticated("wrong_login", "the name or the password is wrong")
}

fn bad_token() -> Problem {
    unauthenticated("bad_token", "the access token is not good, log in again")
}

fn not_believed(why: tokens::Unbelieved) -> Problem {
    match why {
        tokens::Unbelieved::Expired => {
            unauthenticated("token_expired", "the access token has expired, refresh it")
        }
        tokens::Unbelieved::Foreign => bad_token(),
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

    /// Registers an account.
    ///
    /// # Errors
    ///
    /// `bad_username`, `bad_email`, `bad_password`, `username_taken`, `email_taken`, `overloaded`.
    pub async fn register(
        &self,
        username: &str,
        email: &str,
        password: &str,
        role: Role,
    ) -> Result<AccountInfo, Problem> {
        // Cheap checks first: a hash is dear.
        let (username, email) = (names::username(username)?, names::email(email)?);
        let password = self.inner.passwords.hash(password).await?;
        let account = AccountId(Uuid::now_v7());
        match self.ask(account, &Command::Register { username, email, password, role }).await? {
            Reply::Account(info) => Ok(info),
            other => Err(unexpected(&other)),
        }
    }

    /// Makes the administrator `name` unless the name is taken. True if it was made.
    ///
    /// # Errors
    ///
    /// As [`Self::register`].
    pub async fn create_admin(&self, name: &str, password: &str) -> Result<bool, Problem> {
        if self.find(name).await?.is_some() {
            return Ok(false);
        }
        let email = names::no_address(name);
        match self.register(name, &email, password, Role::Admin).await {
            Ok(_) => Ok(true),
            // An earlier registration was cut off; it goes on by itself.
            Err(problem) if ["username_taken", "email_taken"].contains(&problem.code()) => {
                Ok(false)
            }
            Err(problem) => Err(problem),
        }
    }

    /// The account that is called `login`, by user name or e-mail address.
    ///
    /// # Errors
    ///
    /// If the room that knows does not answer.
    pub async fn find(&self, login: &str) -> Result<Option<AccountId>, Problem> {
        let Some(name) = names::login_room(login) else { return Ok(None) };
        let seen = match self.inner.rooms.view(&name, Audience::Public).await {
            Ok(seen) => seen,
            Err(AskError::NoSuchRoom) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let owner = serde_json::from_slice::<unique::View>(&seen.json).ok();
        Ok(owner.and_then(|view| RoomId::uuid(&view.owner)).map(AccountId))
    }

    /// The account `id`, if `password` is its own. Takes as long for an account that is not there.
    async fn check(
        &self,
        id: Option<AccountId>,
        password: &str,
    ) -> Result<Option<AccountInfo>, Problem> {
        let known = match id {
            Some(id) => match self.ask(id, &Command::ReadCredentials).await {
                Ok(Reply::Credentials { account, password }) => Some((account, password)),
                Ok(other) => return Err(unexpected(&other)),
                Err(problem) if problem.code() == "not_found" => None,
                Err(problem) => return Err(problem),
            },
            None => None,
        };
        let (account, hash) = known.unzip();
        let fits = self.inner.passwords.verify(password, hash).await?;
        Ok(account.filter(|_| fits))
    }

    /// Opens a session.
    ///
    /// # Errors
    ///
    /// `wrong_login` for an unknown name and a wrong password alike, `banned`, `overloaded`.
    pub async fn log_in(&self, login: &str, password: &str) -> Result<Tokens, Problem> {
        let id = self.find(login).await?;
        let account = self.check(id, password).await?.ok_or_else(wrong_login)?;
        let session = SessionId(Uuid::new_v4());
        let (token, refresh) = tokens::refresh(&self.inner.keys.read(), account.id, session);
        let until = now() + self.inner.config.accounts.refresh_ttl;
        self.ask(account.id, &Command::LogIn { session, refresh, until }).await?;
        self.inner.sessions.forget(account.id);
        Ok(self.tokens(account.id, session, token))
    }

    fn tokens(&self, account: AccountId, session: SessionId, refresh: String) -> Tokens {
        let life = self.inner.config.accounts.access_ttl.as_secs();
        let iat = now().ms() / 1000;
        let access_token =
            tokens::access(&self.inner.keys.read(), account, session, iat, iat + life);
        Tokens {
            access_token,
            refresh_token: Some(refresh),
            token_type: "Bearer",
            expires_in: life,
        }
    }

    /// Exchanges a refresh token.
    ///
    /// # Errors
    ///
    /// `bad_refresh_token`, `session_ended`, `refresh_token_reused` (the session is ended then).
    pub async fn refresh(&self, token: &str) -> Result<Tokens, Problem> {
        let bad =
            || unauthenticated("bad_refresh_token", "the refresh token is not good, log in again");
        let presented = tokens::read_refresh(&self.inner.keys.read(), token).ok_or_else(bad)?;
        let (account, session) = (presented.account, presented.session);
        let (token, next) = tokens::refresh(&self.inner.keys.read(), account, session);
        let until = now() + self.inner.config.accounts.refresh_ttl;
        let (presented, repeat) = (presented.hash, self.inner.config.accounts.refresh_repeat);
        let command = Command::Refresh { session, presented, next, until, repeat };
        match self.ask(account, &command).await {
            Ok(Reply::Refreshed(_)) => Ok(self.tokens(account, session, token)),
            Ok(Reply::Reused) => {
                self.inner.sessions.forget(account);
                let detail =
                    "the refresh token was used before; its session is ended, log in again";
                Err(unauthenticated("refresh_token_reused", detail))
            }
            Ok(other) => Err(unexpected(&other)),
            Err(problem) if problem.code() == "not_found" => Err(bad()),
            Err(problem) => Err(problem),
        }
    }

    /// Ends the session of a refresh token, if it is good: for a browser whose access token is
    /// gone.
    ///
    /// # Errors
    ///
    /// If the room does not answer.
    pub async fn log_out_by_refresh(&self, token: &str) -> Result<(), Problem> {
        let presented = tokens::read_refresh(&self.inner.keys.read(), token);
        match presented {
            Some(presented) => self.end(presented.account, presented.session).await,
            None => Ok(()),
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

    /// Takes another password, and ends all other sessions.
    ///
    /// # Errors
    ///
    /// `wrong_password`, `bad_password`, `overloaded`.
    pub async fn change_password(
        &self,
        identity: &Identity,
        old: &str,
        new: &str,
    ) -> Result<(), Problem> {
        if self.check(Some(identity.account), old).await?.is_none() {
            let detail = "the old password is wrong";
            return Err(Problem::new(StatusCode::FORBIDDEN, "wrong_password", detail));
        }
        let password = self.inner.passwords.hash(new).await?;
        let command = Command::ChangePassword { password, keep: Some(identity.session) };
        self.ask(identity.account, &command).await?;
        self.inner.sessions.forget(identity.account);
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
        if !open.sessions.contains(&claims.sid) {
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
