//! What can be asked of an account, what can become true of it, and what it answers.

use std::time::Duration;

use playhouse_protocol::ids::{AccountId, SessionId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::sessions::TokenHash;
use crate::notice::Notice;
use crate::room::{Role, Ticket};
use crate::time::Timestamp;
use crate::unique::Answered;

/// What can be asked. All but [`Self::Notify`] by the server itself ([`crate::room::Caller::System`]),
/// which has checked passwords and tokens, and [`Self::SetRole`] and [`Self::SetBanned`] by
/// administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// News from a room where the account takes part.
    Notify(Notice),
    /// Make the account; answered once both names are its own. The same names again join in the
    /// wait, or get the refusal that was given.
    Register {
        /// The user name.
        username: String,
        /// The e-mail address.
        email: String,
        /// The password, hashed, in PHC form.
        password: String,
        /// What it may do.
        role: Role,
    },
    /// Tell the password's hash, to check a password against.
    ReadCredentials,
    /// Open a session, if the password is still the one that was checked: checking takes a while.
    LogIn {
        /// The hash that the password was checked against.
        checked: String,
        /// Its id.
        session: SessionId,
        /// The hash of its refresh token.
        refresh: TokenHash,
        /// Until when that token can be used.
        until: Timestamp,
    },
    /// Exchange a refresh token for the next.
    Refresh {
        /// Whose.
        session: SessionId,
        /// The hash of the token that was presented.
        presented: TokenHash,
        /// The hash of the next.
        next: TokenHash,
        /// Until when the next can be used.
        until: Timestamp,
        /// How long after its first exchange a token may be exchanged again.
        repeat: Duration,
    },
    /// End one session.
    LogOut {
        /// Which.
        session: SessionId,
    },
    /// End all sessions.
    LogOutAll,
    /// Take another password, and end all sessions: whoever shares one of them is out too.
    ChangePassword {
        /// The hash that the old password was checked against; another one by now is refused.
        checked: String,
        /// The new password, hashed, in PHC form.
        password: String,
    },
    /// Let it do more or less. Less ends its sessions. Administrators.
    SetRole(Role),
    /// Shut it out, or let it in again. Administrators.
    SetBanned(bool),
}

impl Command {
    /// The command's name, without what it holds.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Notify(_) => "Notify",
            Self::Register { .. } => "Register",
            Self::ReadCredentials => "ReadCredentials",
            Self::LogIn { .. } => "LogIn",
            Self::Refresh { .. } => "Refresh",
            Self::LogOut { .. } => "LogOut",
            Self::LogOutAll => "LogOutAll",
            Self::ChangePassword { .. } => "ChangePassword",
            Self::SetRole(_) => "SetRole",
            Self::SetBanned(_) => "SetBanned",
        }
    }
}

/// What can become true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// Somebody registers; the names are being claimed.
    Registering {
        /// The user name.
        username: String,
        /// The e-mail address.
        email: String,
        /// The password's hash.
        password: String,
        /// What the account may do.
        role: Role,
        /// Under which the outcome is settled.
        ticket: Ticket,
    },
    /// A step of claiming the names.
    Name(Answered),
    /// A session was opened.
    LoggedIn {
        /// Its id.
        session: SessionId,
        /// The hash of its refresh token.
        refresh: TokenHash,
        /// Until when that can be used.
        until: Timestamp,
    },
    /// A refresh token was exchanged.
    Refreshed {
        /// Whose.
        session: SessionId,
        /// The hash of the token that was presented.
        presented: TokenHash,
        /// The hash of the next.
        refresh: TokenHash,
        /// Until when that can be used.
        until: Timestamp,
    },
    /// Sessions ended.
    LoggedOut {
        /// Which.
        sessions: Vec<SessionId>,
        /// True if an old refresh token was used again.
        reused: bool,
    },
    /// The password is another.
    PasswordChanged {
        /// Its hash.
        password: String,
    },
    /// It may do more or less.
    RoleChanged {
        /// What it may do.
        role: Role,
    },
    /// It is shut out, or let in again.
    Banned {
        /// True if it is shut out.
        banned: bool,
    },
    /// News came.
    Noted(Notice),
}

impl Event {
    /// The event as JSON, without password hashes and token hashes.
    #[must_use]
    pub fn without_secrets(&self) -> serde_json::Value {
        match self {
            Self::Registering { username, email, role, .. } => {
                json!({ "Registering": { "username": username, "email": email, "role": role } })
            }
            Self::LoggedIn { session, until, .. } => {
                json!({ "LoggedIn": { "session": session, "until": until } })
            }
            Self::Refreshed { session, until, .. } => {
                json!({ "Refreshed": { "session": session, "until": until } })
            }
            Self::PasswordChanged { .. } => json!("PasswordChanged"),
            Self::Name(_)
            | Self::LoggedOut { .. }
            | Self::RoleChanged { .. }
            | Self::Banned { .. }
            | Self::Noted(_) => serde_json::to_value(self).unwrap_or_default(),
        }
    }
}

/// What the caller is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// It is done.
    Done,
    /// The account as it is now.
    Account(AccountInfo),
    /// What a password is checked against.
    Credentials {
        /// The account.
        account: AccountInfo,
        /// The password's hash, in PHC form.
        password: String,
    },
    /// The token was exchanged; the account as it is now.
    Refreshed(AccountInfo),
    /// An old token was used again: the session is ended.
    Reused,
}

/// An account as its owner and administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountInfo {
    /// Its id.
    pub id: AccountId,
    /// The user name.
    pub username: String,
    /// The e-mail address.
    pub email: String,
    /// What it may do.
    pub role: Role,
    /// True if it is shut out.
    pub banned: bool,
    /// Since when.
    pub since: Timestamp,
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// Its id.
    pub id: SessionId,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When its token was last exchanged.
    pub used_at: Timestamp,
    /// When it ends unless its token is exchanged.
    pub until: Timestamp,
}

/// What an audience sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum View {
    /// The account's own view.
    Own {
        /// The account.
        account: AccountInfo,
        /// The newest news first.
        notices: Vec<Notice>,
    },
    /// What the server itself sees.
    Sessions {
        /// The account.
        account: AccountInfo,
        /// Its open sessions.
        sessions: Vec<SessionInfo>,
    },
}

/// What changed for an audience.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// News, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notices: Vec<Notice>,
    /// Sessions that ended. For the server itself.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub sessions_ended: Vec<SessionId>,
    /// The account, if something about it changed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub account: Option<AccountInfo>,
}
