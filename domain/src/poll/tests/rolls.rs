//! The voter roll of a secret poll.

use playhouse_protocol::codec;
use playhouse_protocol::ids::RoomId;
use uuid::Uuid;

use super::super::roll::{self, Command, Event, Reply, Roll};
use super::super::votes::BALLOTS_MAX;
use super::super::{Digest16, Voter};
use super::stage::{account, device, guest, person, presenter};
use crate::refusal::Refusal;
use crate::room::{Audience, Caller, Cx, Reply as Answer, Retention, Rules, Seed};
use crate::time::Timestamp;

/// A roll in the hand of a test.
#[derive(Default)]
pub(super) struct Book {
    pub(super) roll: Roll,
    /// Every event as it is stored, with its time and who caused it.
    pub(super) log: Vec<(Timestamp, Caller, Vec<u8>)>,
}

pub(super) fn request(n: u8) -> Digest16 {
    Digest16::of(&[b'r', n])
}

impl Book {
    fn room() -> RoomId {
        roll::room(playhouse_protocol::ids::PollId(Uuid::from_u128(7)))
    }

    pub(super) fn issue(
        &mut self,
        now: Timestamp,
        caller: &Caller,
        voter: Voter,
        n: u8,
    ) -> Result<(), Refusal> {
        let command = Command::Issue { voter, request: request(n) };
        let command = codec::decode(&codec::encode(&command)).unwrap();
        let (room, revision) = (Self::room(), self.log.len() as u64);
        let cx = Cx { now, room: &room, caller, seed: Seed([7; 32]), revision };
        let effects = self.roll.decide(&cx, command)?;
        assert_eq!(effects.reply, Answer::Now(Reply::Issued));
        for event in effects.events {
            let bytes = codec::encode(&event);
            self.roll.apply(now, &codec::decode(&bytes).unwrap());
            self.log.push((now, caller.clone(), bytes));
        }
        Ok(())
    }

    fn give(&mut self, n: u128, request: u8) -> Result<(), String> {
        let now = Timestamp::from_ms(self.log.len() as u64);
        let issued = self.issue(now, &Caller::Guest(guest(n)), device(n), request);
        issued.map_err(|refusal| refusal.code.into_owned())
    }
}

#[test]
fn each_voter_is_given_one_ballot_which_may_be_signed_again() {
    let mut book = Book::default();
    book.give(1, 1).unwrap();
    book.give(1, 1).unwrap();
    assert_eq!(book.log.len(), 1, "the same request again writes nothing");
    assert_eq!(book.give(1, 2), Err("ballot_issued_before".into()));
    book.give(2, 1).unwrap();
    assert_eq!(book.log.len(), 2);
}

#[test]
fn a_ballot_is_given_to_its_voter_alone() {
    let ann = Voter::Account(account(1));
    let code = Voter::Code(Digest16::of(b"code"));
    let (anyone, ballot) = (Voter::Anyone(Uuid::nil()), Voter::Ballot(Digest16::of(b"token")));
    let cases = [
        (Caller::Guest(guest(1)), device(1), true),
        (Caller::Guest(guest(2)), device(1), false),
        (Caller::Nobody, device(1), false),
        (Caller::System, device(1), false),
        (person(1), ann, true),
        (person(2), ann, false),
        (presenter(), ann, false),
        (Caller::Nobody, code, true),
        (Caller::Nobody, anyone, false),
        (Caller::Nobody, ballot, false),
    ];
    for (caller, voter, given) in cases {
        let mut book = Book::default();
        let issued = book.issue(Timestamp::ZERO, &caller, voter, 1);
        match given {
            true => assert_eq!(issued, Ok(()), "{caller:?} {voter:?}"),
            false => assert_eq!(issued.unwrap_err().code, "wrong_voter", "{caller:?} {voter:?}"),
        }
        assert_eq!(book.log.len(), usize::from(given));
    }
}

#[test]
fn the_roll_is_the_same_whoever_came_first_and_whenever() {
    let kept = |order: [u128; 3], late: u64| {
        let mut book = Book::default();
        for n in order {
            let now = Timestamp::from_ms(late * n as u64);
            book.issue(now, &Caller::Guest(guest(n)), device(n), n as u8).unwrap();
        }
        codec::encode(&book.roll)
    };
    let first = kept([1, 2, 3], 0);
    for order in [[1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]] {
        assert_eq!(kept(order, 1000), first);
    }
    assert_eq!(codec::encode(&codec::decode::<Roll>(&first).unwrap()), first);
}

#[test]
fn nobody_is_shown_the_roll() {
    let mut book = Book::default();
    book.give(1, 1).unwrap();
    for audience in [Audience::Public, Audience::Presenter, Audience::Own(account(99))] {
        assert!(book.roll.view(Timestamp::ZERO, &audience).is_none());
    }
    for caller in [Caller::System, Caller::Nobody, Caller::Guest(guest(1)), presenter(), person(1)]
    {
        assert!(book.roll.audience(&caller).is_none(), "nobody follows it");
    }
    assert!(book.roll.audiences().is_empty() && book.roll.rows().is_empty());
    let command = Command::Issue { voter: device(1), request: request(1) };
    let event: Event = codec::decode(&book.log[0].2).unwrap();
    let shown = format!("{} {}", Roll::redact(&command), Roll::inspect(&event));
    assert!(
        !shown.contains(&guest(1).to_string()) && !shown.contains(&format!("{:?}", request(1)))
    );
    assert!(book.roll.row_changes(&event).is_empty());
    assert_eq!(Roll::policy().retention, Retention::Nothing, "no record outlives a snapshot");
}

#[test]
fn a_full_roll_takes_no_more_and_still_answers_those_it_has() {
    let mut book = Book::default();
    for n in 0..BALLOTS_MAX as u128 {
        book.roll.apply(Timestamp::ZERO, &Event::Issued { voter: device(n), request: request(1) });
    }
    assert_eq!(book.give(BALLOTS_MAX as u128, 1), Err("poll_full".into()));
    assert_eq!(book.give(7, 1), Ok(()));
    assert_eq!(book.give(7, 2), Err("ballot_issued_before".into()));
    let bytes = codec::encode(&book.roll).len();
    assert!(bytes < codec::DECODE_BYTES_MAX / 4, "{bytes} bytes of state");
}
