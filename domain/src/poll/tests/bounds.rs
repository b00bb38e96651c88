//! What happens at each bound.

use playhouse_protocol::codec;
use playhouse_protocol::limits::COMMAND_BYTES_MAX;

use super::super::decide::{CODES_AT_ONCE_MAX, CODES_MAX, HIDDEN_MAX};
use super::super::votes::{BALLOTS_MAX, CHANGES_EACH_MAX, CHANGES_MAX};
use super::super::words::DISTINCT_MAX;
use super::super::*;
use super::secrets::secret;
use super::stage::{Stage, asks, device, guest, options, presenter, start, words};
use crate::room::Caller;

/// What a test of a bound does without the checks after each step, which take their time.
impl Stage {
    fn apply(&mut self, event: &Event) {
        self.rules.apply(self.now, event);
    }

    fn fill(&mut self, n: u128, choice: &Choice, voter: Voter) {
        let number = self.rules.log.newest() + 1;
        let hash = chain::Hash(std::array::from_fn(|i| (n >> (i % 8)) as u8));
        let (choice, key) = (choice.clone(), Some(u64::MAX - u64::from(number)));
        let elapsed_ms = u32::MAX;
        self.apply(&Event::Voted { voter, choice, name: None, key, elapsed_ms, hash });
    }

    fn decides(&self, caller: &Caller, command: Command) -> Result<Effects<Poll>, Refusal> {
        let seed = crate::room::Seed([0; 32]);
        let cx = Cx { now: self.now, room: &self.room, caller, seed, revision: 1 };
        self.rules.decide(&cx, command)
    }

    fn refused(&self, caller: &Caller, command: Command) -> String {
        self.decides(caller, command).err().map_or_else(String::new, |r| r.code.into_owned())
    }
}

fn vote_of(n: u128, marks: &[u8]) -> (Caller, Command) {
    let (voter, choice) = (device(n), options(marks));
    (Caller::Guest(guest(n)), Command::Vote { voter, choice, name: None, key: None })
}

#[test]
fn a_full_poll_takes_no_more_voters_and_still_answers_those_it_has() {
    let mut stage = Stage::open(asks(Kind::Single));
    for n in 0..BALLOTS_MAX as u128 {
        stage.fill(n, &options(&[0]), device(n));
    }
    let (caller, command) = vote_of(BALLOTS_MAX as u128, &[0]);
    assert_eq!(stage.refused(&caller, command), "poll_full");
    let (caller, command) = vote_of(7, &[0]);
    assert!(stage.decides(&caller, command).unwrap().events.is_empty(), "a repeat has its receipt");
    let (caller, command) = vote_of(7, &[1]);
    assert!(stage.decides(&caller, command).is_ok(), "a vote can still be changed");
    let bytes = serde_json::to_vec(&stage.rules.view(start(), &Audience::Public)).unwrap().len();
    assert!(bytes < 1024, "a view of {bytes} bytes does not grow with the votes");
}

#[test]
fn those_who_change_their_minds_leave_room_for_others() {
    let mut stage = Stage::open(asks(Kind::Single));
    stage.vote(1, options(&[0])).unwrap();
    for n in 0..CHANGES_EACH_MAX {
        stage.vote(1, options(&[(n % 2) as u8 + 1])).unwrap();
    }
    assert_eq!(Stage::code_of(stage.vote(1, options(&[0]))), "changed_too_often");
    stage.rules.changes = CHANGES_MAX;
    let (caller, command) = vote_of(2, &[0]);
    let effects = stage.decides(&caller, command).unwrap();
    stage.apply(&effects.events[0]);
    let (caller, command) = vote_of(2, &[1]);
    assert_eq!(stage.refused(&caller, command), "poll_full");
}

/// The largest state that the bounds allow: a secret ranked poll of 20 options, all voters there,
/// everything ranked, as many changes as there may be.
#[test]
fn the_largest_poll_fits_a_snapshot() {
    let titles = (0..20).map(|n| format!("{n:0100}")).collect();
    let mut stage = Stage::open(Definition { options: titles, ..secret(Kind::Ranked) });
    let ranking = Choice::Options((0..20).collect());
    let hashed = |n: u128| Digest16::of(&n.to_le_bytes());
    for n in 0..BALLOTS_MAX as u128 {
        let ballot = Voter::Ballot(hashed(n));
        stage.fill(n, &ranking, ballot);
    }
    for n in 0..u128::from(CHANGES_MAX) {
        stage.fill(n, &ranking, Voter::Ballot(hashed(n)));
    }
    stage.apply(&Event::CodesAdded((0..CODES_MAX as u128).map(hashed).collect()));
    let bytes = codec::encode(&stage.rules);
    // The host's own memory of outcomes, at most 1,000, comes on top.
    let bound = codec::DECODE_BYTES_MAX - 1024 * 1024;
    assert!(bytes.len() < bound, "{} bytes of state", bytes.len());
    assert!(codec::decode::<Poll>(&bytes).unwrap() == stage.rules);
}

#[test]
fn the_largest_commands_and_events_fit_a_record() {
    let text = |n: usize, len: usize| -> String {
        let number = format!("{n:03}");
        number.chars().chain(std::iter::repeat('\u{1f980}')).take(len).collect()
    };
    let options = (0..50).map(|n| text(n, 100)).collect();
    let title = text(0, 200);
    let stage = Stage::new(Definition { title, options, ..asks(Kind::Single) });
    let create = Command::Create(Box::new(stage.rules.asks().unwrap().clone()));
    assert!(codec::encode(&create).len() < COMMAND_BYTES_MAX);
    let codes = vec![Digest16([0; 16]); CODES_AT_ONCE_MAX];
    assert!(codec::encode(&Command::AddCodes(codes)).len() < COMMAND_BYTES_MAX);
    let opened = stage.decides(&presenter(), Command::Open).unwrap();
    let bytes: usize = opened.events.iter().map(|event| codec::encode(event).len()).sum();
    assert!(bytes < COMMAND_BYTES_MAX, "{bytes} bytes say what is asked");
}

#[test]
fn words_that_were_said_before_count_when_there_is_no_room_for_new_ones() {
    let mut stage = Stage::open(asks(Kind::Words { max: 5 }));
    for n in 0..DISTINCT_MAX as u128 {
        stage.fill(n, &words(&[&format!("word {n}")]), device(n));
    }
    let said = |word: &str| {
        let voter = device(DISTINCT_MAX as u128);
        Command::Vote { voter, choice: words(&[word]), name: None, key: None }
    };
    let caller = Caller::Guest(guest(DISTINCT_MAX as u128));
    assert_eq!(stage.refused(&caller, said("another")), "too_many_words");
    assert!(stage.decides(&caller, said("Word 7")).is_ok());
    let closed = stage.decides(&presenter(), Command::Close).unwrap();
    let bytes: usize = closed.events.iter().map(|event| codec::encode(event).len()).sum();
    assert!(bytes < 1024, "a closing record of {bytes} bytes does not hold all words");
    let seen = serde_json::to_vec(&stage.rules.view(start(), &Audience::Public)).unwrap().len();
    assert!(seen < 8 * 1024, "a view of {seen} bytes does not hold all words");
}

#[test]
fn personal_codes_and_hidden_words_have_their_bounds() {
    let mut stage = Stage::new(Definition { voters: Voters::Code, ..asks(Kind::Single) });
    let code = |n: usize| Digest16::of(&n.to_le_bytes());
    let too_many = (0..=CODES_AT_ONCE_MAX).map(code).collect();
    assert_eq!(stage.refused(&presenter(), Command::AddCodes(too_many)), "too_many_codes");
    stage.apply(&Event::CodesAdded((0..CODES_MAX).map(code).collect()));
    let again = Command::AddCodes(vec![code(0)]);
    assert!(stage.decides(&presenter(), again).unwrap().events.is_empty());
    let more = Command::AddCodes(vec![code(CODES_MAX)]);
    assert_eq!(stage.refused(&presenter(), more), "too_many_codes");
    for n in 0..HIDDEN_MAX {
        stage.apply(&Event::WordHidden { word: n.to_string(), hidden: true });
    }
    let more = Command::HideWord { word: "more".into(), hidden: true };
    assert_eq!(stage.refused(&presenter(), more), "too_many_hidden");
}
