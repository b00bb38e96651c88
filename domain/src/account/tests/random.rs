//! Whatever is done with sessions and tokens, in whatever order.

use std::collections::BTreeSet;
use std::time::Duration;

use playhouse_protocol::ids::SessionId;
use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

use super::rig::{Room, person, registered};
use super::sessions::{FIRST, LIFE, REPEAT};
use crate::account::sessions::{SESSIONS_MAX, TokenHash};
use crate::account::{Account, Command, Reply};
use crate::room::{self, Caller, Role};
use crate::time::Timestamp;

#[derive(Debug, Clone)]
enum Act {
    LogIn,
    /// Presents a token that was drawn at some time.
    Refresh(prop::sample::Index),
    LogOut(prop::sample::Index),
    NewPassword,
    Pass(u64),
    Ban,
    Crash,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => Just(Act::LogIn),
        12 => any::<prop::sample::Index>().prop_map(Act::Refresh),
        1 => any::<prop::sample::Index>().prop_map(Act::LogOut),
        1 => Just(Act::NewPassword),
        4 => (0_u64..40).prop_map(Act::Pass),
        1 => (900_u64..1100).prop_map(Act::Pass),
        1 => Just(Act::Ban),
        1 => Just(Act::Crash),
    ]
}

/// A token that was drawn, and what became of it.
struct Drawn {
    session: SessionId,
    parent: Option<usize>,
    first_used: Option<Timestamp>,
}

/// Everything that happened, seen from outside.
struct Witness {
    room: Room<Account>,
    now: Timestamp,
    tokens: Vec<Drawn>,
    /// Sessions that were seen closed.
    ended: BTreeSet<SessionId>,
    opened: Vec<SessionId>,
}

impl Witness {
    fn ask(&mut self, caller: &Caller, command: Command) -> Result<Option<Reply>, String> {
        match self.room.ask(self.now, caller, command) {
            Ok(room::Reply::Now(reply)) => Ok(Some(reply)),
            Ok(_) => Ok(None),
            Err(refusal) => Err(refusal.code.into_owned()),
        }
    }

    fn token(n: usize) -> TokenHash {
        room::Seed::derive(&[&n.to_le_bytes()]).0
    }

    fn log_in(&mut self) {
        let session = SessionId(Uuid::from_u128(self.opened.len() as u128 + 1));
        let (refresh, until) = (Self::token(self.tokens.len()), self.now + LIFE);
        let checked = FIRST.to_owned();
        if self.ask(&Caller::System, Command::LogIn { checked, session, refresh, until }).is_ok() {
            self.opened.push(session);
            self.tokens.push(Drawn { session, parent: None, first_used: None });
        }
    }

    /// True if another exchange has shown which token of a family arrived, and it is not `n`.
    fn is_passed(&self, n: usize) -> bool {
        let token = &self.tokens[n];
        let used = |other: &Drawn| other.first_used.is_some();
        let child_used = self.tokens.iter().any(|t| t.parent == Some(n) && used(t));
        let sibling_used = token.parent.is_some()
            && self.tokens.iter().enumerate().any(|(m, t)| {
                m != n && t.parent == token.parent && t.session == token.session && used(t)
            });
        child_used || sibling_used
    }

    fn refresh(&mut self, n: usize) {
        let Drawn { session, first_used, .. } = self.tokens[n];
        let (presented, next) = (Self::token(n), Self::token(self.tokens.len()));
        let (until, repeat) = (self.now + LIFE, REPEAT);
        let passed = self.is_passed(n);
        let late = first_used.is_some_and(|at| self.now.since(at) > REPEAT);
        let command = Command::Refresh { session, presented, next, until, repeat };
        match self.ask(&Caller::System, command) {
            Ok(Some(Reply::Refreshed(_))) => {
                assert!(!self.ended.contains(&session), "an ended session went on");
                assert!(!passed, "a token went on although another of its family had");
                assert!(!late, "a token went on long after its first use");
                self.tokens[n].first_used = first_used.or(Some(self.now));
                self.tokens.push(Drawn { session, parent: Some(n), first_used: None });
            }
            Ok(Some(Reply::Reused)) => {
                let drawn = |t: &&Drawn| t.parent.is_some() && t.parent == self.tokens[n].parent;
                let crowded = self.tokens.iter().filter(drawn).count() > 8;
                assert!(passed || late || crowded, "a good token was refused");
                self.ended.insert(session);
            }
            Ok(other) => panic!("an exchange led to {other:?}"),
            Err(code) => assert_eq!(code, "session_ended"),
        }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::LogIn => self.log_in(),
            Act::Refresh(n) if !self.tokens.is_empty() => self.refresh(n.index(self.tokens.len())),
            Act::LogOut(n) if !self.opened.is_empty() => {
                let session = self.opened[n.index(self.opened.len())];
                self.ask(&Caller::System, Command::LogOut { session }).unwrap();
                assert!(!self.open().contains(&session));
            }
            Act::NewPassword => {
                let (checked, password) = (FIRST.to_owned(), FIRST.to_owned());
                self.ask(&Caller::System, Command::ChangePassword { checked, password }).unwrap();
                assert!(self.open().is_empty());
            }
            Act::Ban => {
                for banned in [true, false] {
                    self.ask(&person(Role::Admin), Command::SetBanned(banned)).unwrap();
                    assert!(self.open().is_empty());
                }
            }
            Act::Pass(seconds) => {
                self.now = self.now + Duration::from_secs(*seconds);
                self.room.wake(self.now);
            }
            Act::Crash => self.room.crash(),
            Act::Refresh(_) | Act::LogOut(_) => {}
        }
        let open = self.open();
        assert!(open.len() <= SESSIONS_MAX);
        assert!(open.is_disjoint(&self.ended), "an ended session came back");
        self.ended.extend(self.opened.iter().filter(|session| !open.contains(session)));
    }

    fn open(&self) -> BTreeSet<SessionId> {
        self.room.rules.session_infos().iter().map(|info| info.id).collect()
    }
}

proptest! {

    #[test]
    fn an_ended_session_never_goes_on_and_one_token_of_a_family_goes_on(
        acts in vec(act(), 0..120),
    ) {
        let room = registered("ann", Role::User);
        let (tokens, ended, opened) = (Vec::new(), BTreeSet::new(), Vec::new());
        let mut witness = Witness { room, now: Timestamp::ZERO, tokens, ended, opened };
        for act in &acts {
            witness.act(act);
        }
        witness.room.crash();
    }
}
