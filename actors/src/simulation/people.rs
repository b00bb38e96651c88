//! Callers: what they ask, again and again until they know how it ended, and what they remember.

use std::collections::BTreeMap;

use playhouse_domain::poll::{self, Choice, Voter};
use playhouse_domain::room::{Caller, Role, Rules};
use playhouse_domain::showing::{self, Showing};
use playhouse_protocol::codec;
use playhouse_protocol::ids::{AccountId, BookingId, CommandKey, GuestId, HoldId, PollId, RoomId};
use uuid::Uuid;

use super::Chance;

/// How many buyers, voters and presenters there are.
const BUYERS: u128 = 6;
const VOTERS: u128 = 6;

/// How many options the polls have.
pub(super) const OPTIONS: u8 = 3;

/// What is asked, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    Hold,
    Release(HoldId),
    Extend(HoldId),
    Purchase(HoldId),
    Cancel(BookingId),
    Wait,
    Vote(u8),
    Preside,
}

/// One command of one caller.
#[derive(Debug, Clone)]
pub(super) struct Op {
    pub(super) room: RoomId,
    pub(super) caller: Caller,
    pub(super) key: Option<CommandKey>,
    pub(super) command: Vec<u8>,
    pub(super) act: Act,
}

/// A command that was acknowledged.
#[derive(Debug, Clone)]
pub(super) struct Acked {
    pub(super) op: Op,
    pub(super) reply: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Buyer,
    Voter,
    Presenter,
}

pub(super) struct Person {
    n: u128,
    part: Part,
    /// What was asked and is not known yet, with its number.
    pub(super) asking: Option<(u64, Op)>,
    /// True if `asking` was acknowledged before and must be told the same again.
    pub(super) repeats: Option<Vec<u8>>,
    pub(super) acked: Vec<Acked>,
    holds: Vec<(RoomId, HoldId)>,
    bookings: Vec<(RoomId, BookingId)>,
    /// The newest vote in each poll that was acknowledged.
    pub(super) votes: BTreeMap<RoomId, (u8, poll::Receipt)>,
    /// The server that this person talks to.
    pub(super) server: u64,
    keys: u64,
}

pub(super) fn showings() -> [RoomId; 2] {
    [1, 2].map(|n| RoomId::of(Showing::KIND, Uuid::from_u128(n)))
}

pub(super) fn polls() -> [RoomId; 2] {
    [1, 2].map(|n| poll::room(PollId(Uuid::from_u128(n))))
}

pub(super) fn account(n: u128) -> AccountId {
    AccountId(Uuid::from_u128(100 + n))
}

pub(super) fn presenter() -> Caller {
    Caller::Account { id: account(99), role: Role::Organizer }
}

pub(super) fn everybody() -> Vec<Person> {
    let buyers = (0..BUYERS).map(|n| (n, Part::Buyer));
    let voters = (BUYERS..BUYERS + VOTERS).map(|n| (n, Part::Voter));
    let all = buyers.chain(voters).chain([(99, Part::Presenter)]);
    all.map(|(n, part)| Person::new(n, part)).collect()
}

impl Person {
    fn new(n: u128, part: Part) -> Self {
        Self {
            n,
            part,
            asking: None,
            repeats: None,
            acked: Vec::new(),
            holds: Vec::new(),
            bookings: Vec::new(),
            votes: BTreeMap::new(),
            server: 0,
            keys: 0,
        }
    }

    /// True for whoever buys.
    pub(super) fn buys(&self) -> bool {
        self.part == Part::Buyer
    }

    pub(super) fn account(&self) -> AccountId {
        account(self.n)
    }

    pub(super) fn voter(&self) -> Voter {
        Voter::Device(GuestId(Uuid::from_u128(1000 + self.n)))
    }

    fn key(&mut self) -> CommandKey {
        self.keys += 1;
        CommandKey::new(&format!("{}-{}", self.n, self.keys)).expect("a short key")
    }

    /// What to ask next.
    pub(super) fn choose(&mut self, chance: &mut Chance) -> Op {
        // An answer may have been lost on its way, so that a client asks again.
        if chance.of(120)
            && let Some(Acked { op, reply }) = chance.pick(&self.acked).cloned()
        {
            self.repeats = Some(reply);
            return op;
        }
        match self.part {
            Part::Buyer => self.buy(chance),
            Part::Voter => self.vote(chance),
            Part::Presenter => self.preside(chance),
        }
    }

    fn buy(&mut self, chance: &mut Chance) -> Op {
        use showing::Command::{Cancel, Extend, Hold, JoinWaitlist, Purchase, Release};
        let held = chance.pick(&self.holds).cloned();
        let booked = chance.pick(&self.bookings).cloned();
        let (room, act, command) = match (chance.below(10), held, booked) {
            (0, Some((room, hold)), _) => {
                (room, Act::Release(hold), Release { hold, expect: None })
            }
            (1, Some((room, hold)), _) => (room, Act::Extend(hold), Extend { hold, expect: None }),
            (2..=6, Some((room, hold)), _) => {
                let payment_token = if chance.of(150) { "declined" } else { "ok" }.to_owned();
                let purchase = Purchase { hold, payment_token, name: None, expect: None };
                (room, Act::Purchase(hold), purchase)
            }
            (0..=3, _, Some((room, booking))) => {
                (room, Act::Cancel(booking), Cancel { booking, expect: None })
            }
            (4, ..) => {
                let wait = JoinWaitlist { count: 1, kind: None, name: "Ann".into() };
                (showings()[chance.below(2) as usize].clone(), Act::Wait, wait)
            }
            _ => {
                let named = || ["A1", "A2", "A3", "B1", "B2"].map(str::to_owned);
                let seats = if chance.of(500) {
                    let count = 1 + chance.below(3) as u8;
                    showing::Want::Best { count, kind: None }
                } else {
                    let from = chance.below(4) as usize;
                    showing::Want::Named(named()[from..=from + chance.below(2) as usize].to_vec())
                };
                let hold = Hold { seats, expect: None, name: "Ann".into() };
                (showings()[chance.below(2) as usize].clone(), Act::Hold, hold)
            }
        };
        let caller = Caller::Account { id: self.account(), role: Role::User };
        Op { room, caller, key: Some(self.key()), command: codec::encode(&command), act }
    }

    fn vote(&mut self, chance: &mut Chance) -> Op {
        let (mark, voter) = (chance.below(OPTIONS.into()) as u8, self.voter());
        let choice = Choice::Options(vec![mark]);
        let command = poll::Command::Vote { voter, choice, name: None, key: Some(self.key()) };
        let Voter::Device(guest) = voter else { unreachable!("voters have devices") };
        let room = polls()[chance.below(2) as usize].clone();
        let (caller, command) = (Caller::Guest(guest), codec::encode(&command));
        Op { room, caller, key: None, command, act: Act::Vote(mark) }
    }

    fn preside(&mut self, chance: &mut Chance) -> Op {
        let command = match chance.below(12) {
            0 => poll::Command::Reset,
            1 | 2 => poll::Command::Close,
            3 => poll::Command::Show(chance.of(500)),
            _ => poll::Command::Open,
        };
        let room = polls()[chance.below(2) as usize].clone();
        let (key, command) = (Some(self.key()), codec::encode(&command));
        Op { room, caller: presenter(), key, command, act: Act::Preside }
    }

    /// What was asked is acknowledged. True if a vote was changed.
    pub(super) fn acknowledged(&mut self, op: Op, reply: Vec<u8>) -> bool {
        if let Some(before) = self.repeats.take() {
            // The same key is the same vote for as long as the round lasts.
            let next_round =
                matches!(op.act, Act::Vote(_)) && receipt(&reply).round != receipt(&before).round;
            assert!(next_round || reply == before, "the same key has the same outcome: {op:?}");
            let known = |acked: &Acked| acked.op.command == op.command && acked.reply == reply;
            if !next_round || self.acked.iter().any(known) {
                return false;
            }
        }
        let mut changed = false;
        match &op.act {
            Act::Vote(mark) => {
                let receipt = receipt(&reply);
                let before = self.votes.insert(op.room.clone(), (*mark, receipt));
                changed = before.is_some_and(|(_, before)| before.ballot == receipt.ballot);
            }
            // One that changed nothing (a poll that is open is opened) is not remembered.
            Act::Preside => return false,
            _ => self.served(&op, &reply),
        }
        self.acked.push(Acked { op, reply });
        changed
    }

    fn served(&mut self, op: &Op, reply: &[u8]) {
        match codec::decode(reply).expect("a reply") {
            showing::Reply::Hold(hold) if op.act == Act::Hold => {
                self.holds.push((op.room.clone(), hold.hold_id));
            }
            showing::Reply::Booking(booking) if matches!(op.act, Act::Purchase(_)) => {
                self.bookings.push((op.room.clone(), booking.id));
            }
            _ => {}
        }
        self.settled(op);
    }

    /// What was asked ended, well or not: what it was about is gone, or will be refused for ever.
    pub(super) fn settled(&mut self, op: &Op) {
        match op.act {
            Act::Release(hold) | Act::Purchase(hold) => self.holds.retain(|(_, h)| *h != hold),
            Act::Cancel(booking) => self.bookings.retain(|(_, b)| *b != booking),
            _ => {}
        }
    }

    /// What was acknowledged in `room`.
    pub(super) fn done_in<'a>(&'a self, room: &'a RoomId) -> impl Iterator<Item = &'a Acked> {
        self.acked.iter().filter(move |acked| acked.op.room == *room)
    }
}

fn receipt(reply: &[u8]) -> poll::Receipt {
    match codec::decode(reply).expect("a reply") {
        poll::Reply::Voted(receipt) => receipt,
        other => panic!("a vote was answered with {other:?}"),
    }
}
