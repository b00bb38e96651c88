//! Registrations: both names are an account's own, or neither is.

use std::collections::BTreeMap;
use std::time::Duration;

use playhouse_protocol::codec;
use playhouse_protocol::ids::RoomId;
use proptest::collection::vec;
use proptest::prelude::*;

use super::rig::{Room, account_room, registration, told};
use crate::account::{Account, Reply, names};
use crate::duty::{Duty, DutyResult};
use crate::refusal::Refusal;
use crate::room::{self, Audience, Caller, Rules};
use crate::time::Timestamp;
use crate::unique::{CLAIM, UniqueName};

/// Accounts, names, and somebody who carries messages between them.
#[derive(Default)]
struct World {
    now: Timestamp,
    accounts: Vec<Room<Account>>,
    names: BTreeMap<RoomId, Room<UniqueName>>,
}

impl World {
    /// Somebody wants to be `username`; the answer at once, if there is one.
    fn register(&mut self, username: &str, email: &str) -> Option<Refusal> {
        let mut room = Room::new(account_room(self.accounts.len() as u128 + 1));
        let asked = room.ask(self.now, &Caller::System, registration(username, email));
        self.accounts.push(room);
        match asked {
            Ok(reply) => {
                assert!(matches!(reply, room::Reply::Later(_)), "the names are not claimed yet");
                None
            }
            Err(refusal) => Some(refusal),
        }
    }

    fn owed(&self) -> Vec<(usize, Duty)> {
        let of = |(n, room): (usize, &Room<Account>)| {
            room.rules.duties().into_iter().map(move |duty| (n, duty))
        };
        self.accounts.iter().enumerate().flat_map(of).collect()
    }

    /// Carries a message; the answer may be lost on the way back.
    fn perform(&mut self, account: usize, duty: &Duty, answer_arrives: bool) {
        let (name, command) = told(duty);
        let caller = Caller::Room(self.accounts[account].id.clone());
        let room = self.names.entry(name.clone()).or_insert_with(|| Room::new(name));
        let result = match room.ask(self.now, &caller, command) {
            Ok(_) => DutyResult::Done(codec::encode(&())),
            Err(refusal) => DutyResult::Refused(refusal),
        };
        if answer_arrives {
            self.accounts[account].done(self.now, duty.id, result);
        }
    }

    /// Carries messages until nobody owes any.
    fn finish(&mut self) {
        for _ in 0..1000 {
            let Some((account, duty)) = self.owed().into_iter().next() else { return };
            self.perform(account, &duty, true);
        }
        panic!("the saga does not end");
    }

    fn owner(&self, name: &RoomId) -> Option<RoomId> {
        let room = self.names.get(name)?;
        room.rules.view(self.now, &Audience::Public).map(|view| view.owner)
    }

    fn names_of(account: &Room<Account>) -> Option<[RoomId; 2]> {
        let info = account.rules.info()?;
        Some([names::username_room(&info.username), names::email_room(&info.email)])
    }

    /// Whoever is in use owns both names.
    fn check(&self) {
        for account in &self.accounts {
            for name in Self::names_of(account).into_iter().flatten() {
                let owner = self.owner(&name);
                assert_eq!(owner.as_ref(), Some(&account.id), "{name} of {}", account.id);
            }
        }
    }

    /// How the registration of `account` ended.
    fn outcome(&self, account: usize) -> String {
        match &self.accounts[account].settled[..] {
            [] => "open".to_owned(),
            [(_, Ok(Reply::Account(info)))] => format!("registered {}", info.username),
            [(_, Ok(other))] => panic!("a registration led to {other:?}"),
            [(_, Err(refusal))] => refusal.code.clone().into_owned(),
            more => panic!("a registration was settled {} times", more.len()),
        }
    }
}

#[test]
fn a_registration_is_settled_once_both_names_are_its_own() {
    let mut world = World::default();
    world.register("Ann", "Ann@Example.org");
    assert_eq!(world.outcome(0), "open");
    assert!(world.accounts[0].rules.info().is_none(), "nobody is there before that");
    world.finish();
    assert_eq!(world.outcome(0), "registered Ann");
    world.check();
}

#[test]
fn a_taken_name_is_refused_and_the_other_given_back() {
    let mut world = World::default();
    for (username, email, outcome) in [
        ("ann", "ann@example.org", "registered ann"),
        ("ANN", "bob@example.org", "username_taken"),
        ("bob", "ANN@example.ORG", "email_taken"),
        ("bob", "bob@example.org", "registered bob"),
    ] {
        world.register(username, email);
        world.finish();
        assert_eq!(world.outcome(world.accounts.len() - 1), outcome, "{username} {email}");
    }
    world.check();
}

#[test]
fn a_rejected_registration_keeps_no_password() {
    let mut world = World::default();
    for _ in 0..2 {
        world.register("ann", "ann@example.org");
        world.finish();
    }
    let profile = world.accounts[1].rules.profile.as_ref().unwrap();
    assert_eq!((world.outcome(1).as_str(), profile.password.as_str()), ("username_taken", ""));
}

#[test]
fn a_repeated_registration_joins_in_or_hears_the_same() {
    let mut world = World::default();
    world.register("ann", "ann@example.org");
    world.register("ann", "other@example.org");
    let again = |world: &mut World, account: usize, email| {
        let now = world.now;
        world.accounts[account].ask(now, &Caller::System, registration("ann", email))
    };
    let waiting = again(&mut world, 0, "ann@example.org").unwrap();
    assert!(matches!(waiting, room::Reply::Later(_)));
    assert_eq!(again(&mut world, 0, "x@example.org").unwrap_err().code, "already_exists");
    world.finish();
    assert_eq!(again(&mut world, 0, "ann@example.org").unwrap_err().code, "already_exists");
    assert_eq!(again(&mut world, 1, "other@example.org").unwrap_err().code, "username_taken");
}

#[test]
fn a_claim_that_nobody_confirms_runs_out() {
    let mut world = World::default();
    world.register("ann", "ann@example.org");
    let (account, duty) = world.owed().remove(0);
    world.perform(account, &duty, false);
    world.register("ann", "bob@example.org");
    let contested = world.owed().into_iter().find(|(n, _)| *n == 1).unwrap().1;
    world.perform(1, &contested, true);
    assert_eq!(world.outcome(1), "username_taken");

    world.now = world.now + CLAIM;
    world.register("ann", "eve@example.org");
    for (_, duty) in world.owed().into_iter().filter(|(n, _)| *n == 2) {
        world.perform(2, &duty, true);
    }
    // The first comes back after all, and is told that it was too late.
    world.finish();
    assert_eq!(
        (world.outcome(0).as_str(), world.outcome(2).as_str()),
        ("username_taken", "registered ann")
    );
    world.check();
}

#[test]
fn a_name_belongs_to_rooms_and_is_nobody_elses_to_take() {
    let mut room = Room::<UniqueName>::new(names::username_room("ann"));
    for caller in [Caller::System, Caller::Nobody] {
        let refused = room.ask(Timestamp::ZERO, &caller, crate::unique::Command::Claim);
        assert_eq!(refused.unwrap_err().code, "not_found");
    }
}

#[test]
fn names_that_look_alike_or_trick_the_eye_are_refused() {
    for name in [
        "an",
        "",
        "ann ",
        " ann",
        "a nn",
        "ann\n",
        "ann\0",
        "ann\u{202e}",
        "a\u{200b}nn",
        "аnn",
        "ａｎｎ",
        "ann\u{301}",
        "_ann",
        "-ann",
        ".ann",
        "ann/../x",
        "ann:x",
        "ann@x",
        &"a".repeat(33),
    ] {
        assert_eq!(names::username(name).unwrap_err().code, "bad_username", "{name:?}");
    }
    for name in ["ann", "Ann.B-c_9", "007", &"a".repeat(32)] {
        assert_eq!(names::username(name).as_deref(), Ok(name));
    }
    for address in [
        "",
        "ann",
        "@x.org",
        "ann@",
        "ann@org",
        "a@b@c.org",
        "ann@x..org",
        "ann@-x.org",
        "ann@x.org-",
        "an n@x.org",
        "ann@exаmple.org",
        "\"a\"@x.org",
        "ann@x.org\r\nbcc:b@x.org",
        &format!("{}@x.org", "a".repeat(65)),
        &format!("a@{}.org", "a".repeat(120)),
    ] {
        assert_eq!(names::email(address).unwrap_err().code, "bad_email", "{address:?}");
    }
    assert!(names::email("ann+tag@mail.example.org").is_ok());
}

#[test]
fn the_first_administrators_names_are_not_for_everybody() {
    let mut world = World::default();
    let code = |refusal: Option<Refusal>| refusal.unwrap().code;
    assert_eq!(code(world.register("Admin", "a@example.org")), "username_taken");
    assert_eq!(code(world.register("eve", "Admin@localhost.INVALID")), "bad_email");
    assert!(world.owed().is_empty());
}

#[derive(Debug, Clone)]
enum Step {
    Register(u8, u8),
    /// Carries one of the messages; its answer may be lost.
    Carry(prop::sample::Index, bool),
    Crash(prop::sample::Index),
    CrashName(prop::sample::Index),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (0..2_u8, 0..2_u8).prop_map(|(username, email)| Step::Register(username, email)),
        12 => (any::<prop::sample::Index>(), any::<bool>()).prop_map(|(n, a)| Step::Carry(n, a)),
        2 => any::<prop::sample::Index>().prop_map(Step::Crash),
        2 => any::<prop::sample::Index>().prop_map(Step::CrashName),
        1 => (0..400_u64).prop_map(Step::Pass),
    ]
}

impl World {
    fn step(&mut self, step: &Step) {
        match step {
            Step::Register(username, email) => {
                let address = format!("address{email}@example.org");
                assert!(self.register(&format!("name{username}"), &address).is_none());
            }
            Step::Carry(n, arrives) => {
                let owed = self.owed();
                if !owed.is_empty() {
                    let (account, duty) = &owed[n.index(owed.len())];
                    self.perform(*account, duty, *arrives);
                }
            }
            Step::Crash(n) if !self.accounts.is_empty() => {
                let n = n.index(self.accounts.len());
                self.accounts[n].crash();
            }
            Step::CrashName(n) if !self.names.is_empty() => {
                let n = n.index(self.names.len());
                self.names.values_mut().nth(n).unwrap().crash();
            }
            Step::Pass(seconds) => self.now = self.now + Duration::from_secs(*seconds),
            Step::Crash(_) | Step::CrashName(_) => {}
        }
        self.check();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2 * ProptestConfig::default().cases))]

    #[test]
    fn no_name_ever_has_two_owners_and_none_stays_without_one(steps in vec(step(), 0..80)) {
        let mut world = World::default();
        for step in &steps {
            world.step(step);
        }
        world.finish();
        world.check();
        let outcomes: Vec<String> = (0..world.accounts.len()).map(|n| world.outcome(n)).collect();
        prop_assert!(outcomes.iter().all(|outcome| outcome != "open"), "{outcomes:?}");
        // What nobody in use has can be had.
        world.now = world.now + CLAIM;
        let used: Vec<RoomId> =
            world.accounts.iter().filter_map(World::names_of).flatten().collect();
        for n in 0..2_u8 {
            let (username, other) = (format!("name{n}"), format!("fresh{n}@example.org"));
            let free = !used.contains(&names::username_room(&username));
            world.register(&username, &other);
            world.finish();
            let outcome = world.outcome(world.accounts.len() - 1);
            let expected = if free { format!("registered {username}") } else { "username_taken".to_owned() };
            prop_assert_eq!(outcome, expected);
        }
        world.check();
    }
}
