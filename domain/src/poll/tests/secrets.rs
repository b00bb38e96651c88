//! Secret polls: who voted stands apart from what was voted.

use playhouse_protocol::codec;
use serde_json::json;

use super::super::*;
use super::stage::{Stage, asks, device, guest, options, presenter, words};
use crate::room::{Caller, Reply as Answer};

pub(super) fn secret(kind: Kind) -> Definition {
    Definition {
        secret: true,
        results: Results::AfterClose,
        ballot_key: Some("MIIB".into()),
        ..asks(kind)
    }
}

pub(super) fn ballot(n: u8) -> Voter {
    Voter::Ballot(Digest16::of(&[b't', n]))
}

impl Stage {
    /// Device `n` asks for a ballot.
    pub(super) fn issue(&mut self, n: u128, request: u8) -> Result<Answer<Reply>, Refusal> {
        let request = Digest16::of(&[b'r', request]);
        self.ask(&Caller::Guest(guest(n)), Command::Issue { voter: device(n), request })
    }

    pub(super) fn cast(&mut self, n: u8, choice: Choice) -> Result<Receipt, Refusal> {
        self.vote_as(&Caller::Nobody, ballot(n), choice, None, None)
    }
}

#[test]
fn a_secret_poll_holds_together_or_is_refused() {
    for definition in [
        Definition { ballot_key: None, ..secret(Kind::Single) },
        Definition { ballot_key: Some(String::new()), ..secret(Kind::Single) },
        Definition { ballot_key: Some("x".repeat(1201)), ..secret(Kind::Single) },
        Definition { ballot_key: Some("a b".into()), ..secret(Kind::Single) },
        Definition { voters: Voters::Anyone, ..secret(Kind::Single) },
        Definition { results: Results::Live, ..secret(Kind::Single) },
        secret(Kind::Quiz { right: 0 }),
    ] {
        let created = Stage::empty().ask(&presenter(), Command::Create(Box::new(definition)));
        assert_eq!(Stage::code_of(created), "bad_poll");
    }
}

#[test]
fn each_voter_gets_one_ballot_and_each_ballot_counts_once() {
    let mut stage = Stage::new(secret(Kind::Single));
    assert_eq!(stage.issue(1, 1), Ok(Answer::Now(Reply::Issued)), "before it opens, too");
    let records = stage.log.len();
    assert_eq!(stage.issue(1, 1), Ok(Answer::Now(Reply::Issued)), "the same request again");
    assert_eq!(stage.log.len(), records);
    assert_eq!(Stage::code_of(stage.issue(1, 2)), "ballot_issued_before");
    stage.run(Command::Open);
    let receipt = stage.cast(1, options(&[1])).unwrap();
    assert_eq!(stage.cast(1, options(&[1])), Ok(receipt));
    assert_eq!(Stage::code_of(stage.cast(2, options(&[0]))), "ballot_not_issued");
    stage.issue(2, 2).unwrap();
    stage.cast(2, options(&[1])).unwrap();
    assert!(stage.counts().is_null());
    assert_eq!(Stage::code_of(stage.ask(&presenter(), Command::Show(true))), "poll_secret");
    assert_eq!(Stage::code_of(stage.csv(&presenter())), "results_hidden", "nor the log");
    stage.run(Command::Close);
    assert_eq!(stage.counts(), json!([0, 2, 0]));
    assert_eq!(Stage::code_of(stage.issue(3, 3)), "poll_closed");
    assert_eq!(stage.issue(1, 1), Ok(Answer::Now(Reply::Issued)), "what was given stays given");
    stage.check_replay();
}

#[test]
fn a_ballot_is_cast_without_a_name_and_a_name_casts_none() {
    let mut stage = Stage::new(secret(Kind::Single));
    stage.issue(1, 1).unwrap();
    stage.run(Command::Open);
    let records = stage.log.len();
    for caller in [Caller::Guest(guest(1)), presenter(), Caller::System] {
        let cast = stage.vote_as(&caller, ballot(1), options(&[0]), None, None);
        assert_eq!(Stage::code_of(cast), "ballot_with_name");
    }
    assert_eq!(Stage::code_of(stage.vote(1, options(&[0]))), "ballot_needed");
    assert_eq!(stage.log.len(), records, "what is refused leaves no trace");
    let mut open = Stage::open(asks(Kind::Single));
    assert_eq!(Stage::code_of(open.issue(1, 1)), "poll_not_secret");
}

#[test]
fn who_may_vote_is_fixed_once_ballots_were_given_out() {
    let mut stage = Stage::new(secret(Kind::Single));
    stage.issue(1, 1).unwrap();
    let update = |definition| Command::Update { definition: Box::new(definition), expect: None };
    for definition in [
        asks(Kind::Single),
        Definition { voters: Voters::Account, ..secret(Kind::Single) },
        Definition { ballot_key: Some("other".into()), ..secret(Kind::Single) },
    ] {
        assert_eq!(Stage::code_of(stage.ask(&presenter(), update(definition))), "poll_frozen");
    }
    stage.run(update(Definition { title: "What?".into(), ..secret(Kind::Single) }));
}

/// Whichever of two voters has which of two ballots, all that is kept is the same.
#[test]
fn what_is_kept_does_not_tell_whose_ballot_is_whose() {
    let life = |ballots: [u8; 2]| {
        let mut stage = Stage::new(secret(Kind::Words { max: 1 }));
        stage.issue(1, 1).unwrap();
        stage.issue(2, 2).unwrap();
        stage.run(Command::Open);
        // Voter 1 says yes and voter 2 says no; who is first is chance.
        for ballot in ballots {
            let word = if ballot == 1 { "yes" } else { "no" };
            stage.cast(ballot, words(&[word])).unwrap();
        }
        stage.run(Command::Close);
        stage
    };
    // Which of the tokens 1 and 2 belongs to whom is known to the voters' browsers alone: in the
    // other world voter 2 has token 1. Nothing that the room took in says which world it is.
    let stage = life([1, 2]);
    for (_, caller, bytes) in &stage.log {
        match codec::decode(bytes).unwrap() {
            Event::Issued { voter, .. } => {
                assert!(matches!(voter, Voter::Device(_)));
            }
            Event::Voted { voter, elapsed_ms, key, .. } => {
                assert!(matches!(voter, Voter::Ballot(_)) && *caller == Caller::Nobody);
                assert_eq!((elapsed_ms, key), (0, None));
            }
            _ => {}
        }
    }
    let csv = stage.rules.log.row(2, &stage.rules.tally.cloud).unwrap();
    assert_eq!(csv.elapsed_ms, 0, "an export has no times");
}

#[test]
fn who_voted_is_kept_without_order() {
    let issued = |order: [u128; 3]| {
        let mut stage = Stage::new(secret(Kind::Single));
        for n in order {
            stage.issue(n, n as u8).unwrap();
        }
        codec::encode(&stage.rules.issued)
    };
    assert_eq!(issued([1, 2, 3]), issued([3, 1, 2]));
}
