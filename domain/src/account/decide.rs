//! What a command leads to.

use playhouse_protocol::ids::SessionId;

use super::command::{AccountInfo, Command, Event, Reply};
use super::sessions::{Presented, SESSIONS_MAX, TokenHash};
use super::{Account, Profile, State, names};
use crate::duty::{DutyId, DutyResult};
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Caller, Cx, Effects, Role, Ticket};
use crate::time::Timestamp;
use crate::unique::Standing;

type Decided = Result<Effects<Account>, Refusal>;

fn not_found() -> Refusal {
    Refusal::not_found("account")
}

fn forbidden() -> Refusal {
    Refusal::new(RefusalKind::Forbidden, "forbidden", "only administrators may do this")
}

fn no_session() -> Refusal {
    let message = "the session has ended, log in again";
    Refusal::new(RefusalKind::Unauthenticated, "session_ended", message)
}

fn made_before() -> Refusal {
    Refusal::new(RefusalKind::Conflict, "already_exists", "the account was made before")
}

/// The one refusal of a log-in that does not fit, whatever did not.
#[must_use]
pub fn wrong_login() -> Refusal {
    let message = "the name or the password is wrong";
    Refusal::new(RefusalKind::Unauthenticated, "wrong_login", message)
}

/// The refusal of a new password to somebody who does not know the old one.
#[must_use]
pub fn wrong_password() -> Refusal {
    Refusal::new(RefusalKind::Forbidden, "wrong_password", "the old password is wrong")
}

/// The refusal for the name at `place` of the claims.
fn name_taken(place: usize) -> Refusal {
    if place == 0 {
        return names::username_taken();
    }
    Refusal::new(RefusalKind::Conflict, "email_taken", "the e-mail address is taken")
}

impl Account {
    pub(super) fn decide_command(&self, cx: &Cx<'_>, command: Command) -> Decided {
        let profile = match (&command, self.active()) {
            (Command::Register { .. }, _) => None,
            (_, None) => return Err(not_found()),
            (_, profile) => profile,
        };
        match command {
            Command::Notify(notice) => {
                if !matches!(cx.caller, Caller::Room(_)) {
                    return Err(not_found());
                }
                Ok(Effects::reply(vec![Event::Noted(notice)], Reply::Done))
            }
            Command::SetRole(role) => self.set_role(cx, role),
            Command::SetBanned(banned) => self.set_banned(cx, banned),
            // Everything below was checked by the server, which alone may ask it.
            _ if *cx.caller != Caller::System => Err(not_found()),
            Command::Register { username, email, password, role } => {
                self.register(cx, &username, &email, password, role)
            }
            Command::ReadCredentials => self.credentials(profile),
            Command::LogIn { checked, .. } if !self.has_password(&checked) => Err(wrong_login()),
            Command::LogIn { session, refresh, until, .. } => self.log_in(session, refresh, until),
            Command::Refresh { session, presented, next, until, repeat } => {
                let open = self.sessions.get(&session).ok_or_else(no_session)?;
                let account = self.info().ok_or_else(not_found)?;
                let (event, reply) = match open.presented(&presented, cx.now, repeat) {
                    Presented::Newest | Presented::Repeat => (
                        Event::Refreshed { session, presented, refresh: next, until },
                        Reply::Refreshed(account),
                    ),
                    Presented::Old => {
                        (Event::LoggedOut { sessions: vec![session], reused: true }, Reply::Reused)
                    }
                };
                Ok(Effects::reply(vec![event], reply))
            }
            Command::LogOut { session } => {
                let sessions: Vec<SessionId> =
                    self.sessions.keys().copied().filter(|id| *id == session).collect();
                Ok(Effects::reply(ended(sessions), Reply::Done))
            }
            Command::LogOutAll => {
                Ok(Effects::reply(ended(self.sessions.keys().copied().collect()), Reply::Done))
            }
            Command::ChangePassword { checked, .. } if !self.has_password(&checked) => {
                Err(wrong_password())
            }
            Command::ChangePassword { password, .. } => {
                let mut events = vec![Event::PasswordChanged { password }];
                events.extend(ended(self.sessions.keys().copied().collect()));
                Ok(Effects::reply(events, Reply::Done))
            }
        }
    }

    fn register(
        &self,
        cx: &Cx<'_>,
        username: &str,
        email: &str,
        password: String,
        role: Role,
    ) -> Decided {
        let (username, email) = (names::username(username)?, names::email(email)?);
        if role < Role::Admin {
            names::unreserved(&username, &email)?;
        }
        if let Some(earlier) = &self.profile {
            let same = (&earlier.username, &earlier.email) == (&username, &email);
            return match earlier.claims.standing() {
                Standing::Pending if same => Ok(Effects::later(vec![], earlier.ticket)),
                Standing::Lost(place) if same => Err(name_taken(place)),
                _ => Err(made_before()),
            };
        }
        let ticket = Ticket(cx.seed.uuid(0));
        let event = Event::Registering { username, email, password, role, ticket };
        Ok(Effects::later(vec![event], ticket))
    }

    pub(super) fn name_answered(&self, duty: DutyId, result: &DutyResult) -> Effects<Self> {
        let Some(profile) = &self.profile else { return Effects::none() };
        let Some(answered) = profile.claims.on(duty, result) else { return Effects::none() };
        let effects = Effects::events(vec![Event::Name(answered)]);
        if self.state != State::Claiming {
            return effects;
        }
        // The outcome is the standing after this step; no duty is started on the copy.
        let mut claims = profile.claims.clone();
        claims.apply(&answered, || DutyId(u64::MAX));
        match claims.standing() {
            Standing::Pending => effects,
            Standing::Won => {
                let reply = Reply::Account(AccountInfo {
                    id: self.id,
                    username: profile.username.clone(),
                    email: profile.email.clone(),
                    role: profile.role,
                    banned: false,
                    since: profile.since,
                });
                effects.settle(profile.ticket, Ok(reply))
            }
            Standing::Lost(place) => effects.settle(profile.ticket, Err(name_taken(place))),
        }
    }

    /// True if `hash` is the one that passwords are checked against now.
    fn has_password(&self, hash: &str) -> bool {
        self.active().is_some_and(|profile| profile.password == hash)
    }

    fn credentials(&self, profile: Option<&Profile>) -> Decided {
        let (Some(profile), Some(account)) = (profile, self.info()) else {
            return Err(not_found());
        };
        let password = profile.password.clone();
        Ok(Effects::reply(vec![], Reply::Credentials { account, password }))
    }

    fn log_in(&self, session: SessionId, refresh: TokenHash, until: Timestamp) -> Decided {
        let account = self.info().ok_or_else(not_found)?;
        if account.banned {
            let message = "the account is shut out";
            return Err(Refusal::new(RefusalKind::Forbidden, "banned", message));
        }
        let mut events = Vec::new();
        if self.sessions.len() >= SESSIONS_MAX {
            let oldest = self.sessions.iter().min_by_key(|(_, session)| session.used_at);
            events.extend(ended(oldest.map(|(id, _)| *id).into_iter().collect()));
        }
        events.push(Event::LoggedIn { session, refresh, until });
        Ok(Effects::reply(events, Reply::Account(account)))
    }

    fn set_role(&self, cx: &Cx<'_>, role: Role) -> Decided {
        if !cx.caller.administers() {
            return Err(forbidden());
        }
        let account = self.info().ok_or_else(not_found)?;
        let mut events = vec![Event::RoleChanged { role }];
        if role < account.role {
            events.extend(ended(self.sessions.keys().copied().collect()));
        }
        Ok(Effects::reply(events, Reply::Account(AccountInfo { role, ..account })))
    }

    fn set_banned(&self, cx: &Cx<'_>, banned: bool) -> Decided {
        if !cx.caller.administers() {
            return Err(forbidden());
        }
        let account = self.info().ok_or_else(not_found)?;
        let mut events = vec![Event::Banned { banned }];
        if banned {
            events.extend(ended(self.sessions.keys().copied().collect()));
        }
        Ok(Effects::reply(events, Reply::Account(AccountInfo { banned, ..account })))
    }
}

/// The end of `sessions`, if there are any.
fn ended(sessions: Vec<SessionId>) -> Vec<Event> {
    if sessions.is_empty() {
        return Vec::new();
    }
    vec![Event::LoggedOut { sessions, reused: false }]
}
