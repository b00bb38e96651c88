//! How somebody gets in: registering, logging in, refreshing, another password.

use playhouse_actors::handle::AskError;
use playhouse_domain::account::{self, AccountInfo, Command, Reply, names};
use playhouse_domain::room::{Audience, Role, Seed};
use playhouse_domain::unique;
use playhouse_protocol::ids::{AccountId, CommandKey, RoomId, SessionId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Accounts, Identity, now, tokens, unauthenticated, unexpected};
use crate::http::error::Problem;

/// The tokens of a session. No `Debug`: they are secrets.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
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

/// An account whose password was known.
struct Checked {
    account: AccountInfo,
    /// What the password was checked against: if it is another by the time that something is done
    /// about it, the account's rules refuse.
    hash: String,
}

impl Accounts {
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
        self.register_as(AccountId(Uuid::now_v7()), username, email, password, role).await
    }

    /// Registers an account, once under one `key`. Nobody is logged in yet whose key it could be:
    /// it is the key of these very names, and a repeat must know the password.
    ///
    /// # Errors
    ///
    /// As [`Self::register`], and `key_reused` for a repeat with another password.
    pub async fn register_once(
        &self,
        key: &CommandKey,
        username: &str,
        email: &str,
        password: &str,
    ) -> Result<AccountInfo, Problem> {
        let (name, address) = (names::normalised(username), names::normalised(email));
        let parts = [b"nobody", b"account".as_slice(), key.as_str().as_bytes()];
        let seed = Seed::derive(&[&parts[..], &[name.as_bytes(), address.as_bytes()]].concat());
        let id = AccountId(seed.uuid(0));
        match self.register_as(id, username, email, password, Role::User).await {
            Err(problem) if problem.code() == "already_exists" => {
                let checked = self.check(Some(id), password).await?;
                checked.map(|checked| checked.account).ok_or_else(|| AskError::KeyReused.into())
            }
            answer => answer,
        }
    }

    async fn register_as(
        &self,
        id: AccountId,
        username: &str,
        email: &str,
        password: &str,
        role: Role,
    ) -> Result<AccountInfo, Problem> {
        // Cheap checks first: a hash is dear.
        let (username, email) = (names::username(username)?, names::email(email)?);
        let password = self.inner.passwords.hash(password).await?;
        match self.ask(id, &Command::Register { username, email, password, role }).await? {
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
    ) -> Result<Option<Checked>, Problem> {
        // Somebody who is not there is asked for too, as that takes its time.
        let id = id.unwrap_or_else(|| AccountId(Uuid::new_v4()));
        let known = match self.ask(id, &Command::ReadCredentials).await {
            Ok(Reply::Credentials { account, password }) => {
                Some(Checked { account, hash: password })
            }
            Ok(other) => return Err(unexpected(&other)),
            Err(problem) if problem.code() == "not_found" => None,
            Err(problem) => return Err(problem),
        };
        let hash = known.as_ref().map(|known| known.hash.clone());
        let fits = self.inner.passwords.verify(password, hash).await?;
        Ok(known.filter(|_| fits))
    }

    /// Opens a session of whoever is called `login`.
    ///
    /// # Errors
    ///
    /// `wrong_login` for an unknown name and a wrong password alike, `banned`, `overloaded`.
    pub async fn log_in(&self, login: &str, password: &str) -> Result<Tokens, Problem> {
        let id = self.find(login).await?;
        self.log_in_as(id, password).await
    }

    /// Opens a session of the account that [`Self::find`] found, or did not find.
    ///
    /// # Errors
    ///
    /// As [`Self::log_in`].
    pub async fn log_in_as(
        &self,
        id: Option<AccountId>,
        password: &str,
    ) -> Result<Tokens, Problem> {
        let checked = self.check(id, password).await?.ok_or_else(account::wrong_login)?;
        let Checked { account, hash: checked } = checked;
        let session = SessionId(Uuid::new_v4());
        let (token, refresh) = tokens::refresh(&self.inner.keys.read(), account.id, session);
        let until = now() + self.inner.config.accounts.refresh_ttl;
        let command = Command::LogIn { checked, session, refresh, until };
        match self.ask(account.id, &command).await? {
            Reply::Account(info) => {
                self.inner.sessions.forget(info.id);
                Ok(self.tokens(&info, session, token))
            }
            other => Err(unexpected(&other)),
        }
    }

    fn tokens(&self, account: &AccountInfo, session: SessionId, refresh: String) -> Tokens {
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
            Ok(Reply::Refreshed(info)) => Ok(self.tokens(&info, session, token)),
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

    /// Whose refresh token it is, if it is one of ours. It may have been used.
    #[must_use]
    pub fn owner_of(&self, refresh_token: &str) -> Option<AccountId> {
        tokens::read_refresh(&self.inner.keys.read(), refresh_token).map(|read| read.account)
    }

    /// Ends the session of a refresh token, if it is one of ours: for a browser whose access token
    /// is gone.
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

    /// Takes another password, and ends all sessions, also the one that asks.
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
        let checked = self.check(Some(identity.account), old).await?;
        let Checked { hash: checked, .. } = checked.ok_or_else(account::wrong_password)?;
        let password = self.inner.passwords.hash(new).await?;
        let command = Command::ChangePassword { checked, password };
        self.ask(identity.account, &command).await?;
        self.inner.sessions.forget(identity.account);
        Ok(())
    }
}
