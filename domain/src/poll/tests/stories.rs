//! What a poll promises, one story each.

use playhouse_protocol::codec;
use serde_json::json;
use uuid::Uuid;

use super::super::*;
use super::stage::{
    Stage, account, asks, device, guest, key, options, person, presenter, start, words,
};
use crate::duty::Work;
use crate::refusal::RefusalKind;
use crate::room::{Caller, Reply as Answer, Role};
use crate::unique::UniqueName;

#[test]
fn a_poll_goes_from_draft_to_open_to_closed() {
    let mut stage = Stage::new(asks(Kind::Single));
    let seen = stage.seen(&Audience::Public);
    assert_eq!((&seen["poll"]["title"], &seen["poll"]["options"]), (&json!(null), &json!([])));
    assert_eq!(Stage::code_of(stage.vote(1, options(&[0]))), "poll_not_open");

    let info = stage.run(Command::Open);
    assert_eq!((info.phase, info.round, info.opened_at), (Phase::Open, 1, Some(start())));
    assert_eq!(stage.seen(&Audience::Public)["poll"]["title"], "Which?");
    let first = stage.vote(1, options(&[0])).unwrap();
    let second = stage.vote(2, options(&[2])).unwrap();
    assert_eq!((first.number, second.number), (2, 3), "the opening is record 1");
    assert_eq!(stage.counts(), json!([1, 0, 1]));

    stage.pass(1000);
    let info = stage.run(Command::Close);
    assert_eq!((info.phase, info.closed_at), (Phase::Closed, Some(stage.now)));
    assert_eq!(info.closing, Some(stage.rules.log.head()));
    assert_eq!(Stage::code_of(stage.vote(3, options(&[0]))), "poll_closed");
    assert_eq!(stage.vote(1, options(&[0])), Ok(first), "a repeat has its receipt");
    assert_eq!(stage.counts(), json!([1, 0, 1]), "tallies are final");
    let open = stage.ask(&presenter(), Command::Open);
    assert_eq!(Stage::code_of(open), "poll_closed");
    assert_eq!(stage.run(Command::Close), info, "closed stays closed");
    stage.check_replay();
}

#[test]
fn a_vote_counts_once_however_often_it_comes() {
    let mut stage = Stage::open(Definition { change: false, ..asks(Kind::Single) });
    let caller = Caller::Guest(guest(1));
    let send = |stage: &mut Stage, choice: &[u8], by: &str| {
        stage.vote_as(&caller, device(1), options(choice), None, Some(by))
    };
    let receipt = send(&mut stage, &[1], "k1").unwrap();
    let records = stage.log.len();
    for by in ["k1", "k1", "k2"] {
        assert_eq!(send(&mut stage, &[1], by), Ok(receipt), "the same vote, the same receipt");
    }
    assert_eq!(stage.log.len(), records, "and nothing is written");
    assert_eq!(Stage::code_of(send(&mut stage, &[2], "k1")), "key_reused");
    assert_eq!(Stage::code_of(send(&mut stage, &[2], "k3")), "voted_before");
    assert_eq!(stage.counts(), json!([0, 1, 0]));
}

#[test]
fn a_vote_that_arrives_late_does_not_undo_a_later_one() {
    let mut stage = Stage::open(asks(Kind::Single));
    let caller = Caller::Guest(guest(1));
    let send = |stage: &mut Stage, choice: &[u8], by: &str| {
        stage.vote_as(&caller, device(1), options(choice), None, Some(by))
    };
    let first = send(&mut stage, &[0], "k1").unwrap();
    let second = send(&mut stage, &[1], "k2").unwrap();
    assert_eq!((first.ballot, second.ballot), (first.number, first.number), "one ballot");
    assert_eq!(send(&mut stage, &[0], "k1"), Ok(first), "the network delivers k1 again");
    assert_eq!(stage.counts(), json!([0, 1, 0]));
    let back = send(&mut stage, &[0], "k3").unwrap();
    assert_ne!(back, first, "meant anew, it is another record");
    assert_eq!(stage.counts(), json!([1, 0, 0]));
    stage.run(Command::Close);
    assert_eq!(send(&mut stage, &[1], "k2"), Ok(second), "also after the closing");
}

#[test]
fn a_vote_that_says_the_same_again_is_known_by_its_key_when_it_arrives_late() {
    let mut stage = Stage::open(asks(Kind::Single));
    let caller = Caller::Guest(guest(1));
    let send = |stage: &mut Stage, choice: &[u8], by: Option<&str>| {
        stage.vote_as(&caller, device(1), options(choice), None, by).unwrap()
    };
    send(&mut stage, &[0], Some("k1"));
    let same = send(&mut stage, &[0], Some("k2"));
    assert_eq!(send(&mut stage, &[0], None), same, "without a key it changes nothing");
    send(&mut stage, &[1], Some("k3"));
    assert_eq!(send(&mut stage, &[0], Some("k2")), same, "the network delivers k2 again");
    assert_eq!(stage.counts(), json!([0, 1, 0]), "and k3 counts");
}

#[test]
fn each_kind_takes_what_it_asks_for() {
    let multiple = || asks(Kind::Multiple { max: 2 });
    for (asked, choice, taken) in [
        (asks(Kind::Single), options(&[2]), Ok(options(&[2]))),
        (asks(Kind::Single), options(&[3]), Err("bad_choice")),
        (asks(Kind::Single), options(&[0, 1]), Err("bad_choice")),
        (asks(Kind::Single), options(&[]), Err("bad_choice")),
        (asks(Kind::Single), words(&["A"]), Err("bad_choice")),
        (multiple(), options(&[2, 0]), Ok(options(&[0, 2]))),
        (multiple(), options(&[0, 0]), Err("bad_choice")),
        (multiple(), options(&[0, 1, 2]), Err("bad_choice")),
        (asks(Kind::Rating), options(&[5]), Ok(options(&[5]))),
        (asks(Kind::Rating), options(&[0]), Err("bad_choice")),
        (asks(Kind::Rating), options(&[6]), Err("bad_choice")),
        (asks(Kind::Ranked), options(&[2, 0]), Ok(options(&[2, 0]))),
        (asks(Kind::Ranked), options(&[2, 0, 2]), Err("bad_choice")),
        (asks(Kind::Words { max: 2 }), words(&["Ice", " ICE "]), Ok(words(&["ice"]))),
        (asks(Kind::Words { max: 2 }), words(&["a", "b", "c"]), Err("bad_choice")),
        (asks(Kind::Words { max: 2 }), words(&[]), Err("bad_choice")),
        (asks(Kind::Words { max: 2 }), words(&[""]), Err("bad_text")),
        (asks(Kind::Words { max: 2 }), options(&[0]), Err("bad_choice")),
    ] {
        let mut stage = Stage::open(asked);
        match (stage.vote(1, choice.clone()), taken) {
            (Ok(_), Ok(taken)) => assert_eq!(stage.choices(), [taken]),
            (refused, Err(code)) => assert_eq!(Stage::code_of(refused), code, "{choice:?}"),
            (Err(refusal), Ok(_)) => panic!("{choice:?}: {refusal}"),
        }
        if let Kind::Single = stage.rules.asks().unwrap().kind {
            let caller = Caller::Guest(guest(2));
            let named = stage.vote_as(&caller, device(2), options(&[0]), Some("Ann"), None);
            assert_eq!(Stage::code_of(named), "bad_choice", "only a quiz takes names");
        }
    }
}

#[test]
fn a_poll_that_does_not_hold_together_is_refused() {
    let single = || asks(Kind::Single);
    let titles = |n: usize| (0..n).map(|n| n.to_string()).collect::<Vec<_>>();
    for (definition, code) in [
        (Definition { title: " ".into(), ..single() }, "bad_text"),
        (Definition { title: "x".repeat(201), ..single() }, "bad_text"),
        (Definition { options: titles(1), ..single() }, "bad_poll"),
        (Definition { options: titles(51), ..single() }, "bad_poll"),
        (Definition { options: vec!["A".into(), "A ".into()], ..single() }, "bad_poll"),
        (Definition { options: titles(21), ..asks(Kind::Ranked) }, "bad_poll"),
        (Definition { options: titles(2), ..asks(Kind::Rating) }, "bad_poll"),
        (asks(Kind::Multiple { max: 0 }), "bad_poll"),
        (asks(Kind::Multiple { max: 4 }), "bad_poll"),
        (asks(Kind::Words { max: 6 }), "bad_poll"),
        (asks(Kind::Quiz { right: 3 }), "bad_poll"),
        (Definition { seconds: None, ..asks(Kind::Quiz { right: 0 }) }, "bad_poll"),
        (Definition { change: true, ..asks(Kind::Quiz { right: 0 }) }, "bad_poll"),
        (Definition { seconds: Some(4), ..single() }, "bad_poll"),
        (Definition { ballot_key: Some("k".into()), ..single() }, "bad_poll"),
    ] {
        let created = Stage::empty().ask(&presenter(), Command::Create(Box::new(definition)));
        assert_eq!(Stage::code_of(created), code);
    }
}

#[test]
fn only_organizers_make_polls_and_only_their_maker_runs_one() {
    let create = || Command::Create(Box::new(asks(Kind::Single)));
    assert_eq!(Stage::code_of(Stage::empty().ask(&person(1), create())), "forbidden");
    assert_eq!(Stage::code_of(Stage::empty().ask(&presenter(), Command::Open)), "not_found");

    let mut stage = Stage::new(asks(Kind::Single));
    let organizer = Caller::Account { id: account(98), role: Role::Organizer };
    let admin = Caller::Account { id: account(97), role: Role::Admin };
    for caller in [person(1), organizer, Caller::Nobody, Caller::Guest(guest(1))] {
        let commands = [
            Command::Open,
            Command::Close,
            Command::Reset,
            Command::Show(true),
            Command::AddCodes(vec![]),
            Command::HideWord { word: "a".into(), hidden: true },
            Command::HideName { ballot: 1, hidden: true },
            Command::Preside,
            Command::Update { definition: Box::new(asks(Kind::Rating)), expect: None },
        ];
        for command in commands {
            let refused = stage.ask(&caller, command);
            assert_eq!(Stage::code_of(refused), "forbidden");
        }
        let export = stage.ask(&caller, Command::Export { round: None, after: None });
        assert_eq!(Stage::code_of(export), "results_hidden");
    }
    for caller in [presenter(), admin] {
        assert_eq!(stage.ask(&caller, Command::Preside), Ok(Answer::Now(Reply::Presides)));
    }
}

#[test]
fn a_poll_that_is_made_twice_is_one() {
    let mut stage = Stage::empty();
    let create = || Command::Create(Box::new(asks(Kind::Single)));
    let Answer::Later(ticket) = stage.ask(&presenter(), create()).unwrap() else { panic!() };
    assert_eq!(stage.ask(&presenter(), create()), Ok(Answer::Later(ticket)));
    stage.work();
    let Ok(Answer::Now(Reply::Poll(info))) = stage.ask(&presenter(), create()) else { panic!() };
    assert_eq!(info.join_code.map(|code| code.len()), Some(6));
    let other = Command::Create(Box::new(asks(Kind::Rating)));
    assert_eq!(Stage::code_of(stage.ask(&presenter(), other)), "already_exists");
}

#[test]
fn a_join_code_that_somebody_has_is_drawn_anew() {
    let mut stage = Stage::empty();
    stage.ask(&presenter(), Command::Create(Box::new(asks(Kind::Single)))).unwrap();
    let taken = Refusal::new(RefusalKind::Conflict, "name_taken", "taken");
    let mut names = Vec::new();
    for _ in 0..3 {
        let duty = stage.end(DutyResult::Refused(taken.clone())).unwrap();
        let Work::Tell { room, command } = duty.work else { panic!() };
        assert_eq!(room.kind(), UniqueName::KIND);
        assert_eq!(codec::decode(&command).ok(), Some(crate::unique::Command::Claim));
        names.push(room);
    }
    assert!(names[0] != names[1] && names[1] != names[2]);
    assert!(stage.settled.is_empty(), "the answer waits for a code");
    stage.work();
    let Some(Ok(Reply::Poll(info))) = stage.settled.pop() else { panic!() };
    let code = info.join_code.unwrap();
    assert!(!names.contains(&code::room(&code).unwrap()));

    let mut unlucky = Stage::empty();
    unlucky.ask(&presenter(), Command::Create(Box::new(asks(Kind::Single)))).unwrap();
    while unlucky.end(DutyResult::Refused(taken.clone())).is_some() {}
    let Some(Ok(Reply::Poll(info))) = unlucky.settled.pop() else { panic!() };
    assert_eq!(info.join_code, None, "it can still be joined by its link");
}

#[test]
fn what_is_asked_is_fixed_once_voting_begins() {
    let mut stage = Stage::new(asks(Kind::Single));
    let to = |title: &str| Definition { title: title.into(), ..asks(Kind::Single) };
    let update = |title: &str, expect| Command::Update { definition: Box::new(to(title)), expect };
    let stale = stage.ask(&presenter(), update("Who?", Some(stage.revision - 1)));
    assert_eq!(Stage::code_of(stale), "stale_revision");
    assert_eq!(stage.run(update("Who?", Some(stage.revision))).title.as_deref(), Some("Who?"));
    stage.run(Command::Open);
    assert_eq!(Stage::code_of(stage.ask(&presenter(), update("What?", None))), "poll_frozen");
    stage.run(Command::Close);
    assert_eq!(Stage::code_of(stage.ask(&presenter(), update("What?", None))), "poll_frozen");
    stage.run(Command::Reset);
    assert_eq!(stage.run(update("What?", None)).title.as_deref(), Some("What?"));
}

#[test]
fn a_reset_drops_all_votes_and_numbers_go_on() {
    let mut stage = Stage::open(asks(Kind::Single));
    let old = stage.vote(1, options(&[0])).unwrap();
    let info = stage.run(Command::Reset);
    assert_eq!((info.phase, info.opened_at), (Phase::Draft, None));
    assert_eq!(Stage::code_of(stage.vote(1, options(&[0]))), "poll_not_open", "no vote is left");
    stage.receipts.clear();
    assert_eq!(stage.run(Command::Open).round, 2);
    let new = stage.vote(1, options(&[0])).unwrap();
    assert!(new.number > old.number && new.round == 2);
    assert_eq!(stage.counts(), json!([1, 0, 0]));
    stage.check_replay();
}

#[test]
fn a_poll_with_a_time_limit_closes_by_itself() {
    let mut stage = Stage::open(Definition { seconds: Some(30), ..asks(Kind::Single) });
    stage.pass(29_999);
    stage.vote(1, options(&[0])).unwrap();
    stage.now = stage.now + std::time::Duration::from_millis(1);
    assert_eq!(Stage::code_of(stage.vote(2, options(&[0]))), "poll_closed", "not one ms later");
    assert_eq!(stage.rules.phase, Phase::Closed);
    assert_eq!(stage.rules.wake_at(), None);
}

#[test]
fn results_are_seen_when_the_poll_says_and_when_the_presenter_does() {
    for (results, open, closed) in [
        (Results::Live, true, true),
        (Results::AfterClose, false, true),
        (Results::Presenter, false, false),
    ] {
        let mut stage = Stage::open(Definition { results, ..asks(Kind::Single) });
        stage.vote(1, options(&[0])).unwrap();
        let seen = |stage: &Stage| !stage.counts().is_null();
        assert_eq!(seen(&stage), open);
        stage.run(Command::Show(!open));
        assert_eq!(seen(&stage), !open, "the presenter has the last word");
        stage.run(Command::Show(open));
        stage.run(Command::Close);
        assert_eq!(seen(&stage), open, "also over the closing");
        stage.run(Command::Show(closed));
        assert_eq!(seen(&stage), closed);
        assert!(!stage.seen(&Audience::Presenter)["tally"]["counts"].is_null());
        stage.run(Command::Reset);
        assert_eq!(stage.rules.shown, None, "a reset forgets it");
    }
}

#[test]
fn a_hidden_change_of_mind_is_not_seen_at_all() {
    let hidden = Definition { results: Results::AfterClose, ..asks(Kind::Single) };
    let mut stage = Stage::open(hidden);
    stage.vote(1, options(&[0])).unwrap();
    let before = stage.seen(&Audience::Public);
    stage.vote(1, options(&[1])).unwrap();
    assert_eq!(stage.seen(&Audience::Public), before);
    let last: Event = codec::decode(&stage.log.last().unwrap().2).unwrap();
    assert_eq!(stage.rules.change(&last, &Audience::Public), None, "nor when it happened");
}

#[test]
fn who_may_vote_is_the_polls_choice() {
    let one = Uuid::from_u128(1);
    let code = Digest16::of(b"one of ours");
    let ann = (person(1), Voter::Account(account(1)));
    let guest_1 = (Caller::Guest(guest(1)), device(1));
    let hand = (Caller::Nobody, Voter::Anyone(one));
    let card = (Caller::Nobody, Voter::Code(code));
    let all = [&ann, &guest_1, &hand, &card];
    for (voters, fits) in [
        (Voters::Account, &ann),
        (Voters::Device, &guest_1),
        (Voters::Anyone, &hand),
        (Voters::Code, &card),
    ] {
        let mut stage = Stage::new(Definition { voters, ..asks(Kind::Single) });
        stage.ask(&presenter(), Command::AddCodes(vec![code, code])).unwrap();
        stage.run(Command::Open);
        for (caller, voter) in all {
            let voted = stage.vote_as(caller, *voter, options(&[0]), None, None);
            let nameless = voters == Voters::Anyone && !matches!(voter, Voter::Code(_));
            if voter == &fits.1 || nameless {
                voted.unwrap();
            } else {
                assert_eq!(Stage::code_of(voted), "wrong_voter", "{voters:?} {voter:?}");
            }
        }
        let others =
            [(person(2), Voter::Account(account(1))), (Caller::Guest(guest(2)), device(1))];
        let others = if voters == Voters::Anyone { &others[..0] } else { &others };
        for (caller, voter) in others.iter().chain([&(Caller::Nobody, Voter::Ballot(code))]) {
            let voted = stage.vote_as(caller, *voter, options(&[0]), None, None);
            assert_eq!(Stage::code_of(voted), "wrong_voter", "nobody votes as another");
        }
        if voters == Voters::Code {
            let unknown = Voter::Code(Digest16::of(b"none of ours"));
            let voted = stage.vote_as(&Caller::Nobody, unknown, options(&[0]), None, None);
            assert_eq!(Stage::code_of(voted), "unknown_code");
        }
    }
}

#[test]
fn a_voter_finds_their_own_vote_again() {
    let mut stage = Stage::open(asks(Kind::Words { max: 3 }));
    let receipt = stage.vote(1, words(&["Rust"])).unwrap();
    let mine =
        |stage: &mut Stage, n, voter| stage.ask(&Caller::Guest(guest(n)), Command::Mine { voter });
    let Ok(Answer::Now(Reply::Mine(found))) = mine(&mut stage, 1, device(1)) else { panic!() };
    let vote = found.vote.unwrap();
    assert_eq!((vote.receipt, vote.words), (receipt, Some(vec!["rust".to_owned()])));
    assert_eq!(Stage::code_of(mine(&mut stage, 2, device(1))), "wrong_voter");
    let Ok(Answer::Now(Reply::Mine(none))) = mine(&mut stage, 2, device(2)) else { panic!() };
    assert_eq!(none, Mine::default());

    let mut stage = Stage::open(Definition { voters: Voters::Account, ..asks(Kind::Single) });
    stage.vote_as(&person(1), Voter::Account(account(1)), options(&[1]), None, None).unwrap();
    let own = stage.seen(&Audience::Own(account(1)));
    assert_eq!(own["mine"]["vote"]["choice"], json!([1]));
    assert!(stage.seen(&Audience::Own(account(2)))["mine"]["vote"].is_null());
}

#[test]
fn an_export_is_whole_and_told_when_the_results_are() {
    let mut stage = Stage::open(asks(Kind::Single));
    for n in 0..1200 {
        stage.vote_quickly(n, options(&[(n % 3) as u8]));
    }
    assert_eq!(Stage::code_of(stage.csv(&Caller::Nobody)), "results_hidden");
    assert_eq!(stage.csv(&presenter()).unwrap().lines().count(), 2 + 1 + 1200);
    stage.run(Command::Close);
    let csv = stage.csv(&Caller::Nobody).unwrap();
    assert_eq!(csv.lines().count(), 2 + 1 + 1200 + 1);
    assert!(csv.ends_with(&format!("{}\r\n", stage.rules.log.head())));
    let later = Command::Export { round: Some(7), after: Some(500) };
    assert_eq!(Stage::code_of(stage.ask(&presenter(), later)), "poll_reset");
    stage.run(Command::Show(false));
    assert_eq!(Stage::code_of(stage.csv(&Caller::Nobody)), "results_hidden");
}

#[test]
fn the_questions_room_hears_whose_poll_it_is_and_of_each_change() {
    let with = |questions| Definition { questions, ..asks(Kind::Single) };
    let told = |duties: Vec<Duty>| -> Vec<questions::Command> {
        let questions = duties.into_iter().filter_map(|duty| match duty.work {
            Work::Tell { room, command } if room.kind() == questions::Questions::KIND => {
                Some(codec::decode(&command).unwrap())
            }
            _ => None,
        });
        questions.collect()
    };
    let mut stage = Stage::empty();
    stage.ask(&presenter(), Command::Create(Box::new(with(Asking::Moderated)))).unwrap();
    let first = told(stage.work());
    let [questions::Command::Configure { version: 1.., owner, mode: Asking::Moderated, .. }] =
        first[..]
    else {
        panic!("{first:?}")
    };
    assert_eq!(owner, account(99));
    let update = |mode| Command::Update { definition: Box::new(with(mode)), expect: None };
    stage.run(update(Asking::Open));
    stage.run(update(Asking::Off));
    let second = told(stage.work());
    assert!(
        matches!(second[..], [questions::Command::Configure { mode: Asking::Off, .. }]),
        "the newest alone: {second:?}"
    );
    stage.run(update(Asking::Off));
    assert!(stage.work().is_empty(), "what does not change is not told");
    assert_eq!(key("k").as_str(), "k");
}

#[test]
fn whoever_made_the_poll_and_administrators_see_what_is_hidden() {
    let stage = Stage::open(asks(Kind::Single));
    let admin = Caller::Account { id: account(5), role: crate::room::Role::Admin };
    let organizer = Caller::Account { id: account(5), role: crate::room::Role::Organizer };
    for caller in [presenter(), admin] {
        assert_eq!(stage.rules.audience(&caller), Some(Audience::Presenter), "{caller:?}");
    }
    for caller in [person(1), organizer, Caller::Guest(guest(1)), Caller::Nobody] {
        assert_eq!(stage.rules.audience(&caller), Some(Audience::Public), "{caller:?}");
    }
    assert_eq!(Stage::empty().rules.audience(&presenter()), None, "there is no poll");
}

#[test]
fn where_anyone_may_vote_each_key_is_a_vote_also_of_a_browser_that_joined() {
    let mut stage = Stage::open(Definition { voters: Voters::Anyone, ..asks(Kind::Single) });
    let caller = Caller::Guest(guest(1));
    let mut vote = |key| stage.vote_as(&caller, device(1), options(&[0]), None, Some(key)).unwrap();
    let (first, second) = (vote("a"), vote("b"));
    assert_eq!(vote("a"), first);
    assert_ne!(first.number, second.number);
    assert_eq!(stage.counts(), serde_json::json!([2, 0, 0]));
}
