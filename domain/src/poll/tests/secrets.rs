//! Secret polls: who voted stands apart from what was voted.

use playhouse_protocol::codec;
use serde_json::json;

use super::super::*;
use super::rolls::request;
use super::stage::{Stage, account, asks, device, guest, options, person, presenter, words};
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
    /// Device `n` asks for a ballot: the poll whether it may have one, then the roll.
    pub(super) fn issue(&mut self, n: u128, request: u8) -> Result<(), Refusal> {
        let (caller, voter) = (Caller::Guest(guest(n)), device(n));
        let records = self.log.len();
        let answer = self.ask(&caller, Command::Admit { voter })?;
        assert_eq!(answer, Answer::Now(Reply::Admitted));
        assert!(
            self.log[records..].iter().all(|(_, by, _)| *by != caller),
            "no record of who asked"
        );
        self.book.issue(self.now, &caller, voter, request)
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
    assert_eq!(Stage::code_of(stage.issue(1, 1)), "poll_not_open");
    stage.run(Command::Open);
    stage.issue(1, 1).unwrap();
    stage.issue(1, 1).unwrap();
    assert_eq!(Stage::code_of(stage.issue(1, 2)), "ballot_issued_before");
    let receipt = stage.cast(1, options(&[1])).unwrap();
    assert_eq!(stage.cast(1, options(&[1])), Ok(receipt));
    stage.issue(2, 2).unwrap();
    stage.cast(2, options(&[1])).unwrap();
    assert!(stage.counts().is_null());
    assert_eq!(Stage::code_of(stage.ask(&presenter(), Command::Show(true))), "poll_secret");
    assert_eq!(Stage::code_of(stage.csv(&presenter())), "results_hidden", "nor the log");
    stage.run(Command::Close);
    assert_eq!(stage.counts(), json!([0, 2, 0]));
    assert_eq!(Stage::code_of(stage.issue(3, 3)), "poll_closed");
    stage.check_replay();
}

#[test]
fn only_the_polls_voters_are_admitted_and_as_themselves() {
    let admit = |stage: &mut Stage, caller: &Caller, voter| {
        let records = stage.log.len();
        let answer = stage.ask(caller, Command::Admit { voter });
        assert_eq!(stage.log.len(), records, "the journal does not have who asked");
        answer.map(|answer| assert_eq!(answer, Answer::Now(Reply::Admitted)))
    };
    let mut stage = Stage::open(secret(Kind::Single));
    admit(&mut stage, &Caller::Guest(guest(1)), device(1)).unwrap();
    for (caller, voter) in [
        (Caller::Guest(guest(2)), device(1)),
        (Caller::Nobody, device(1)),
        (Caller::Nobody, ballot(1)),
        (person(1), Voter::Account(account(1))),
    ] {
        assert_eq!(Stage::code_of(admit(&mut stage, &caller, voter)), "wrong_voter");
    }
    let mut stage = Stage::open(Definition { voters: Voters::Code, ..secret(Kind::Single) });
    let code = Digest16::of(b"code");
    let unknown = admit(&mut stage, &Caller::Nobody, Voter::Code(code));
    assert_eq!(Stage::code_of(unknown), "unknown_code");
    stage.ask(&presenter(), Command::AddCodes(vec![code])).unwrap();
    admit(&mut stage, &Caller::Nobody, Voter::Code(code)).unwrap();
    let mut open = Stage::open(asks(Kind::Single));
    let refused = admit(&mut open, &Caller::Guest(guest(1)), device(1));
    assert_eq!(Stage::code_of(refused), "poll_not_secret");
}

#[test]
fn a_ballot_is_cast_without_a_name_and_a_name_casts_none() {
    let mut stage = Stage::open(secret(Kind::Single));
    stage.issue(1, 1).unwrap();
    let records = stage.log.len();
    for caller in [Caller::Guest(guest(1)), presenter(), Caller::System] {
        let cast = stage.vote_as(&caller, ballot(1), options(&[0]), None, None);
        assert_eq!(Stage::code_of(cast), "ballot_with_name");
    }
    assert_eq!(Stage::code_of(stage.vote(1, options(&[0]))), "ballot_needed");
    assert_eq!(stage.log.len(), records, "what is refused leaves no trace");
}

#[test]
fn who_may_vote_in_a_secret_poll_is_fixed_once_it_was_made() {
    let update = |definition| Command::Update { definition: Box::new(definition), expect: None };
    let mut stage = Stage::new(asks(Kind::Single));
    stage.run(update(Definition { voters: Voters::Account, ..asks(Kind::Single) }));
    stage.run(update(secret(Kind::Single)));
    let check = |stage: &mut Stage| {
        for definition in [
            asks(Kind::Single),
            Definition { voters: Voters::Account, ..secret(Kind::Single) },
            Definition { ballot_key: Some("other".into()), ..secret(Kind::Single) },
        ] {
            assert_eq!(Stage::code_of(stage.ask(&presenter(), update(definition))), "poll_frozen");
        }
    };
    check(&mut stage);
    stage.run(Command::Open);
    stage.run(Command::Reset);
    check(&mut stage);
    stage.run(update(Definition { title: "What?".into(), ..secret(Kind::Single) }));
}

/// Two voters and two ballots. Voter 1 asks under `requests[0]`; the ballots are cast as they are
/// numbered in `ballots`, whoever has them.
fn life(requests: [u8; 2], ballots: [u8; 2]) -> Stage {
    let mut stage = Stage::open(secret(Kind::Words { max: 1 }));
    for (n, request) in (1..).zip(requests) {
        stage.pass(1000);
        stage.issue(n, request).unwrap();
    }
    for ballot in ballots {
        stage.pass(1000);
        stage.cast(ballot, words(&[if ballot == 1 { "yes" } else { "no" }])).unwrap();
    }
    stage.run(Command::Close);
    stage
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Everything that is kept of a room: its events as they are stored and as they are shown, who
/// caused each, and its state.
fn kept<R: Rules>(rules: &R, log: &[(Timestamp, Caller, Vec<u8>)]) -> (Vec<u8>, String) {
    let mut bytes = codec::encode(rules);
    let mut shown = String::new();
    for (at, caller, event) in log {
        bytes.extend(codec::encode(&(at, caller, event)));
        shown.push_str(&R::inspect(&codec::decode(event).unwrap()).to_string());
    }
    (bytes, shown)
}

/// Until a secret poll is closed nobody sees how it stands; its room's records are there to be looked at.
#[test]
fn an_inspector_sees_that_a_secret_ballot_was_cast_and_neither_what_it_says_nor_how_long_it_is() {
    let voted = |voter, choice| Event::Voted {
        voter,
        choice,
        name: None,
        key: None,
        elapsed_ms: 0,
        hash: chain::Hash::default(),
    };
    let said = words(&["wistful"]);
    let sealed = voted(ballot(1), said.clone());
    assert_eq!(Poll::inspect(&sealed), json!({ "Voted": "(not shown)" }));
    assert!(Poll::hides_size(&sealed));
    let open = voted(device(1), said.clone());
    assert!(Poll::inspect(&open).to_string().contains("wistful") && !Poll::hides_size(&open));
    let cast = |voter| Command::Vote { voter, choice: said.clone(), name: None, key: None };
    assert_eq!(Poll::redact(&cast(ballot(1))), "Vote (not shown)");
    assert!(Poll::redact(&cast(device(1))).contains("wistful"));
    assert_eq!(Poll::redact(&Command::Admit { voter: device(1) }), "Admit (not shown)");
}

/// Which of the ballots belongs to whom is known to the voters' browsers alone: all that the poll's
/// room keeps is the same whoever asked for which, and all that the roll keeps is the same whatever
/// was cast.
#[test]
fn what_is_kept_does_not_tell_whose_ballot_is_whose() {
    let (stage, other) = (life([1, 2], [1, 2]), life([2, 1], [1, 2]));
    let poll = kept(&stage.rules, &stage.log);
    assert_eq!(poll, kept(&other.rules, &other.log));
    let (stage, other) = (life([1, 2], [1, 2]), life([1, 2], [2, 1]));
    let roll = kept(&stage.book.roll, &stage.book.log);
    assert_eq!(roll, kept(&other.book.roll, &other.book.log));
    for n in [1, 2] {
        let name = guest(n);
        assert!(!has(&poll.0, name.0.as_bytes()), "no voter of the roll is in the poll's room");
        assert!(!poll.1.contains(&name.to_string()) && !roll.1.contains(&name.to_string()));
        let Voter::Ballot(Digest16(token)) = ballot(n as u8) else { unreachable!() };
        assert!(!has(&roll.0, &token), "and no ballot is in the roll");
        assert!(
            has(&poll.0, &token) && has(&roll.0, name.0.as_bytes()),
            "the search finds what is"
        );
        assert!(!has(&poll.0, &request(n as u8).0), "what was signed is not beside what was cast");
    }
    let row = stage.rules.log.row(2, &stage.rules.tally.cloud).unwrap();
    assert_eq!(row.elapsed_ms, 0, "an export has no times");
}
