//! Whom an account counts among its friends: a room of kind `friends`, its key the account's id.
//!
//! The list is the owner's alone: nobody is asked, nobody is told, and nobody else sees it. What it is for
//! is public: whose places in a leaderboard one wants to see side by side.

use playhouse_protocol::ids::{AccountId, RoomId};
use serde::{Deserialize, Serialize};

use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Audience, Caller, Cx, Effects, Policy, Rules};
use crate::time::Timestamp;

/// How many friends one has at most. 99: with oneself a page of a leaderboard.
pub const FRIENDS_MAX: usize = 99;

/// The friends of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Friends {
    owner: AccountId,
    /// In the order in which they came.
    friends: Vec<AccountId>,
}

/// What the owner can ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Count this account among the friends. One that is there stays.
    Add(AccountId),
    /// Do not count it any more.
    Remove(AccountId),
    /// Who they are.
    List,
}

/// What can become true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// One more.
    Added(AccountId),
    /// One less.
    Removed(AccountId),
}

/// The room of the friends of `owner`.
#[must_use]
pub fn room(owner: AccountId) -> RoomId {
    RoomId::of(Friends::KIND, owner.0)
}

impl Rules for Friends {
    const KIND: &'static str = "friends";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Event = Event;
    type Reply = Vec<AccountId>;
    type View = Vec<AccountId>;
    type Change = Vec<AccountId>;

    fn new(id: &RoomId) -> Self {
        Self { owner: AccountId(id.uuid().unwrap_or_default()), friends: Vec::new() }
    }

    fn decide(&self, cx: &Cx<'_>, command: Command) -> Result<Effects<Self>, Refusal> {
        if cx.caller.account() != Some(self.owner) {
            return Err(Refusal::not_found("list of friends"));
        }
        let event = match command {
            Command::Add(friend) if friend == self.owner => {
                let message = "nobody is a friend of themselves";
                return Err(Refusal::new(RefusalKind::Invalid, "own_friend", message));
            }
            Command::Add(friend) if self.friends.contains(&friend) => None,
            Command::Add(_) if self.friends.len() >= FRIENDS_MAX => {
                let message = format!("{FRIENDS_MAX} friends are enough");
                return Err(Refusal::new(RefusalKind::Conflict, "too_many_friends", message));
            }
            Command::Add(friend) => Some(Event::Added(friend)),
            Command::Remove(friend) if self.friends.contains(&friend) => {
                Some(Event::Removed(friend))
            }
            Command::Remove(_) | Command::List => None,
        };
        let mut after = self.clone();
        event.iter().for_each(|event| after.apply(cx.now, event));
        Ok(Effects::reply(event.into_iter().collect(), after.friends))
    }

    fn apply(&mut self, _: Timestamp, event: &Event) {
        match event {
            Event::Added(friend) => self.friends.push(*friend),
            Event::Removed(friend) => self.friends.retain(|other| other != friend),
        }
    }

    fn view(&self, _: Timestamp, audience: &Audience) -> Option<Vec<AccountId>> {
        (*audience == Audience::Own(self.owner)).then(|| self.friends.clone())
    }

    fn audience(&self, caller: &Caller) -> Option<Audience> {
        let is_owner = caller.account() == Some(self.owner);
        is_owner.then_some(Audience::Own(self.owner))
    }

    fn change(&self, _: &Event, _: &Audience) -> Option<Vec<AccountId>> {
        Some(self.friends.clone())
    }

    fn audiences(&self) -> Vec<Audience> {
        Vec::new()
    }

    fn policy() -> Policy {
        Policy { recovery: crate::room::Recovery::NewestOnly, ..Policy::default() }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::room::{Reply, Role, Seed};

    fn account(n: u128) -> AccountId {
        AccountId(Uuid::from_u128(n))
    }

    fn ask(rules: &mut Friends, n: u128, command: Command) -> Result<Vec<AccountId>, Refusal> {
        let caller = &Caller::Account { id: account(n), role: Role::User };
        let (room, seed, now) = (&room(account(1)), Seed([0; 32]), Timestamp::ZERO);
        let effects = rules.decide(&Cx { now, room, caller, seed, revision: 0 }, command)?;
        effects.events.iter().for_each(|event| rules.apply(now, event));
        match effects.reply {
            Reply::Now(friends) => Ok(friends),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_list_of_friends_is_its_owners_alone_and_has_a_bound() {
        let mut rules = Friends::new(&room(account(1)));
        for command in [Command::Add(account(3)), Command::Remove(account(3)), Command::List] {
            assert_eq!(ask(&mut rules, 2, command).unwrap_err().code, "not_found");
        }
        assert_eq!(rules.audience(&Caller::System), None);
        for n in [5, 3, 5] {
            ask(&mut rules, 1, Command::Add(account(n))).unwrap();
        }
        assert_eq!(ask(&mut rules, 1, Command::List).unwrap(), [account(5), account(3)]);
        ask(&mut rules, 1, Command::Remove(account(5))).unwrap();
        ask(&mut rules, 1, Command::Remove(account(5))).unwrap();
        assert_eq!(ask(&mut rules, 1, Command::List).unwrap(), [account(3)]);
        let own = ask(&mut rules, 1, Command::Add(account(1))).unwrap_err();
        assert_eq!(own.code, "own_friend");
        for n in 10..10 + FRIENDS_MAX as u128 - 1 {
            ask(&mut rules, 1, Command::Add(account(n))).unwrap();
        }
        let full = ask(&mut rules, 1, Command::Add(account(9))).unwrap_err();
        assert_eq!(full.code, "too_many_friends");
    }
}
