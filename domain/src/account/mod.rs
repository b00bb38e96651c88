//! An account: who somebody is, how they prove it, and what they may do.
//!
//! Secrets come in hashed and leave only toward the server itself: passwords as argon2id in PHC
//! form, refresh tokens as SHA-256.
//!
//! - [`command`]: what can be asked, what can become true, what is answered.
//! - [`names`]: user names and e-mail addresses, and the rooms that keep them unique.
//! - [`sessions`]: log-ins and the rotation of their refresh tokens.

pub mod command;
mod decide;
pub mod names;
pub mod sessions;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use playhouse_protocol::ids::{AccountId, RoomId, SessionId};
use serde::{Deserialize, Serialize};

pub use self::command::{AccountInfo, Change, Command, Event, Reply, SessionInfo, View};
pub use self::decide::{wrong_login, wrong_password};
use self::sessions::Session;
use crate::duty::{Duty, DutyId, DutyResult};
use crate::notice::Notice;
use crate::refusal::Refusal;
use crate::room::{Audience, Caller, Cx, Effects, Policy, Retention, Role, Rules, Ticket};
use crate::rows::RowChange;
use crate::time::Timestamp;
use crate::unique::{Claims, Standing};

/// How many pieces of news are kept. The newest 50.
pub const NOTICES_MAX: usize = 50;

/// What is true of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    id: AccountId,
    profile: Option<Profile>,
    state: State,
    sessions: BTreeMap<SessionId, Session>,
    notices: VecDeque<Notice>,
    duties_given: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Profile {
    username: String,
    email: String,
    /// PHC string.
    password: String,
    role: Role,
    banned: bool,
    since: Timestamp,
    /// Under which the registration is settled.
    ticket: Ticket,
    claims: Claims,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    /// Nobody registered.
    New,
    /// The names are being claimed.
    Claiming,
    /// In use.
    Active,
    /// A name was taken; the account is none.
    Rejected,
}

impl Account {
    fn active(&self) -> Option<&Profile> {
        self.profile.as_ref().filter(|_| self.state == State::Active)
    }

    fn info(&self) -> Option<AccountInfo> {
        let profile = self.active()?;
        Some(AccountInfo {
            id: self.id,
            username: profile.username.clone(),
            email: profile.email.clone(),
            role: profile.role,
            banned: profile.banned,
            since: profile.since,
        })
    }

    fn with_claims(&mut self, change: impl FnOnce(&mut Claims, &mut dyn FnMut() -> DutyId)) {
        let given = &mut self.duties_given;
        let mut next = || {
            *given += 1;
            DutyId(*given)
        };
        if let Some(profile) = &mut self.profile {
            change(&mut profile.claims, &mut next);
        }
    }

    fn registering(&mut self, at: Timestamp, event: &Event) {
        let Event::Registering { username, email, password, role, ticket } = event else { return };
        self.state = State::Claiming;
        self.profile = Some(Profile {
            username: username.clone(),
            email: email.clone(),
            password: password.clone(),
            role: *role,
            banned: false,
            since: at,
            ticket: *ticket,
            claims: Claims::default(),
        });
        let rooms = vec![names::username_room(username), names::email_room(email)];
        self.with_claims(|claims, next| *claims = Claims::begin(rooms, next));
    }
}

impl Rules for Account {
    const KIND: &'static str = "account";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Event = Event;
    type Reply = Reply;
    type View = View;
    type Change = Change;

    fn new(id: &RoomId) -> Self {
        Self {
            id: AccountId(id.uuid().unwrap_or_default()),
            profile: None,
            state: State::New,
            sessions: BTreeMap::new(),
            notices: VecDeque::new(),
            duties_given: 0,
        }
    }

    fn decide(&self, cx: &Cx<'_>, command: Command) -> Result<Effects<Self>, Refusal> {
        self.decide_command(cx, command)
    }

    fn apply(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Registering { .. } => self.registering(at, event),
            Event::Name(answered) => {
                self.with_claims(|claims, next| claims.apply(answered, next));
                let Some(profile) = &mut self.profile else { return };
                match profile.claims.standing() {
                    Standing::Won => self.state = State::Active,
                    Standing::Lost(_) => {
                        self.state = State::Rejected;
                        // Nobody will ever be asked for it.
                        profile.password.clear();
                    }
                    Standing::Pending => {}
                }
            }
            Event::LoggedIn { session, refresh, until } => {
                self.sessions.insert(*session, Session::new(*refresh, at, *until));
            }
            Event::Refreshed { session, presented, refresh, until } => {
                if let Some(session) = self.sessions.get_mut(session) {
                    session.rotate(presented, *refresh, at, *until);
                }
            }
            Event::LoggedOut { sessions, .. } => {
                self.sessions.retain(|id, _| !sessions.contains(id));
            }
            Event::PasswordChanged { password } => {
                if let Some(profile) = &mut self.profile {
                    password.clone_into(&mut profile.password);
                }
            }
            Event::RoleChanged { role } => {
                if let Some(profile) = &mut self.profile {
                    profile.role = *role;
                }
            }
            Event::Banned { banned } => {
                if let Some(profile) = &mut self.profile {
                    profile.banned = *banned;
                }
            }
            Event::Noted(notice) => {
                self.notices.push_back(notice.clone());
                if self.notices.len() > NOTICES_MAX {
                    self.notices.pop_front();
                }
            }
        }
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.sessions.values().map(|session| session.until).min()
    }

    fn wake(&self, cx: &Cx<'_>) -> Effects<Self> {
        let over = self.sessions.iter().filter(|(_, session)| session.until <= cx.now);
        let sessions = over.map(|(id, _)| *id).collect();
        Effects::events(vec![Event::LoggedOut { sessions, reused: false }])
    }

    fn duties(&self) -> Vec<Duty> {
        self.profile.iter().flat_map(|profile| profile.claims.duties()).collect()
    }

    fn duty_done(&self, _: &Cx<'_>, duty: DutyId, result: DutyResult) -> Effects<Self> {
        self.name_answered(duty, &result)
    }

    fn view(&self, _: Timestamp, audience: &Audience) -> Option<View> {
        let account = self.info()?;
        match audience {
            Audience::Own(id) if *id == self.id => {
                Some(View::Own { account, notices: self.notices.iter().rev().cloned().collect() })
            }
            Audience::Presenter => Some(View::Sessions { account, sessions: self.session_infos() }),
            Audience::Public | Audience::Own(_) => None,
        }
    }

    fn change(&self, event: &Event, audience: &Audience) -> Option<Change> {
        let mut change = Change::default();
        match (event, audience) {
            (Event::Noted(notice), Audience::Own(id)) if *id == self.id => {
                change.notices.push(notice.clone());
            }
            (Event::LoggedOut { sessions, .. }, Audience::Presenter) => {
                change.sessions_ended.clone_from(sessions);
            }
            (Event::RoleChanged { .. } | Event::Banned { .. }, Audience::Presenter) => {
                change.account = self.info();
            }
            (Event::RoleChanged { .. } | Event::Banned { .. }, Audience::Own(id))
                if *id == self.id =>
            {
                change.account = self.info();
            }
            _ => return None,
        }
        Some(change)
    }

    /// One's own account alone.
    fn audience(&self, caller: &Caller) -> Option<Audience> {
        caller.account().filter(|account| *account == self.id).map(Audience::Own)
    }

    fn audiences(&self) -> Vec<Audience> {
        vec![Audience::Own(self.id)]
    }

    fn merge(into: &mut Change, next: Change) {
        into.notices.extend(next.notices);
        into.sessions_ended.extend(next.sessions_ended);
        into.account = next.account.or(into.account.take());
    }

    fn row_changes(&self, event: &Event) -> Vec<RowChange> {
        match event {
            Event::Name(_) | Event::RoleChanged { .. } | Event::Banned { .. } => self.rows(),
            _ => Vec::new(),
        }
    }

    fn rows(&self) -> Vec<RowChange> {
        let row = |info: AccountInfo| {
            RowChange::put("accounts", names::normalised(&info.username), &info)
        };
        self.info().map(row).into_iter().collect()
    }

    fn redact(command: &Command) -> String {
        command.name().to_owned()
    }

    fn inspect(event: &Event) -> serde_json::Value {
        event.without_secrets()
    }

    fn policy() -> Policy {
        // 30 days, as long as a session: what led to one can be looked up while it lasts.
        Policy { outcomes: 1000, retention: Retention::Days(30), ..Policy::default() }
    }
}
