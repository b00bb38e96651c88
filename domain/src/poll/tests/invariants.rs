//! What must hold of every poll, said a second time and more slowly than the rules say it.

use std::collections::{BTreeMap, BTreeSet};

use playhouse_protocol::codec;

use super::super::chain::{Canonical, Hash, RecordKind};
use super::super::log::What;
use super::super::*;
use super::stage::Stage;
use crate::room::Caller;

impl Stage {
    /// What must hold after every event.
    pub(super) fn check(&self) {
        let Some(asks) = self.rules.asks().cloned() else { return };
        self.check_tally(&asks);
        self.check_chain();
        self.check_rows();
        self.check_secrecy(&asks);
        self.check_hidden();
    }

    /// The newest choice of each voter, from the log alone.
    pub(super) fn choices(&self) -> Vec<Choice> {
        let cloud = &self.rules.tally.cloud;
        let newest = |number: &u32| self.rules.log.vote(*number).unwrap().marks.choice(cloud);
        self.rules.ballots.values().map(newest).collect()
    }

    /// The tallies are the fold of the ballots, and no ballot counts twice.
    fn check_tally(&self, asks: &Definition) {
        let rules = &self.rules;
        let mut counts = vec![0_u32; rules.tally.counts.len()];
        let mut words: BTreeMap<String, u32> = BTreeMap::new();
        for choice in self.choices() {
            match choice {
                Choice::Words(said) => {
                    assert_eq!(said.iter().collect::<BTreeSet<_>>().len(), said.len());
                    said.into_iter().for_each(|word| *words.entry(word).or_default() += 1);
                }
                Choice::Options(marks) => {
                    let counted = if asks.kind == Kind::Ranked { &marks[..1] } else { &marks[..] };
                    let first = usize::from(asks.kind == Kind::Rating);
                    counted.iter().for_each(|mark| counts[usize::from(*mark) - first] += 1);
                }
            }
        }
        assert_eq!(rules.tally.counts, counts, "tallies are the fold of the ballots");
        let said: BTreeMap<_, _> =
            rules.tally.cloud.said().map(|(word, count)| (word.to_owned(), count)).collect();
        assert_eq!(said, words, "words are the fold of the ballots");
        assert_eq!(rules.tally.ballots as usize, rules.ballots.len());

        let votes = (0..=rules.log.newest()).filter_map(|number| rules.log.vote(number));
        let newest: BTreeSet<u32> = rules.ballots.values().copied().collect();
        assert_eq!(newest.len(), rules.ballots.len(), "each record is one voter's");
        let replaced: BTreeSet<u32> = votes.clone().filter_map(|vote| vote.before).collect();
        assert!(newest.is_disjoint(&replaced), "what was replaced counts no longer");
        assert_eq!(newest.len() + replaced.len(), votes.count(), "every record counts or does not");
        assert_eq!(replaced.len() as u32, rules.changes);
    }

    /// The chain holds, worked out anew from what an export says.
    fn check_chain(&self) {
        let log = &self.rules.log;
        let (first, mut previous) = log.start();
        for number in first + 1..=log.newest() {
            let row = log.row(number, &self.rules.tally.cloud).unwrap();
            let mut nonce = [0; 16];
            for (byte, pair) in nonce.iter_mut().zip(row.nonce.as_bytes().chunks(2)) {
                *byte = u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
            }
            let (kind, ballot, elapsed_ms) = (row.kind, row.ballot, row.elapsed_ms);
            let canonical = Canonical { number, kind, ballot, elapsed_ms, body: &row.body, nonce };
            previous = canonical.hash(&previous);
            assert_eq!(row.hash, previous, "record {number} follows on");
            assert!(!row.body.contains('\n'));
            if let Some(receipt) = self.receipts.get(&number) {
                assert_eq!((receipt.hash, receipt.ballot), (row.hash, row.ballot));
            }
        }
        assert_eq!(log.head(), previous);
    }

    /// The lists say what the state says.
    fn check_rows(&self) {
        let rows = self.rules.rows().into_iter();
        let rows: BTreeMap<_, _> =
            rows.map(|row| ((row.table, row.key), row.value.unwrap())).collect();
        assert_eq!(rows, self.rows, "lists are functions of the state");
    }

    /// No event, and nothing in the state, has both a name and what was voted; the host writes the
    /// caller beside the events, so that counts too.
    fn check_secrecy(&self, asks: &Definition) {
        if !asks.secret {
            return;
        }
        let nameless = |voter: &Voter| matches!(voter, Voter::Ballot(_));
        assert!(self.rules.ballots.keys().all(nameless));
        for (_, caller, bytes) in &self.log {
            if let Event::Voted { voter, elapsed_ms, name, .. } = codec::decode(bytes).unwrap() {
                assert!(nameless(&voter) && name.is_none() && elapsed_ms == 0);
                assert_eq!(*caller, Caller::Nobody);
            }
            assert!(!matches!(caller, Caller::Guest(_)), "no record names a voter");
        }
    }

    /// Where results are hidden, what everybody sees is the same whatever was voted.
    fn check_hidden(&self) {
        let seen = self.seen(&Audience::Public);
        let info = self.rules.info(false).unwrap();
        let tally = seen["tally"].as_object().unwrap();
        if !info.shown {
            assert_eq!(tally.keys().collect::<Vec<_>>(), ["ballots"], "hidden results are hidden");
            assert!(info.right.is_none());
        }
        if info.phase != Phase::Closed {
            assert!(info.right.is_none() && !tally.contains_key("best"));
        }
        let sealed = info.secret && info.phase != Phase::Closed;
        if sealed {
            let presented = self.seen(&Audience::Presenter);
            let tally = presented["tally"].as_object().unwrap();
            assert_eq!(tally.keys().collect::<Vec<_>>(), ["ballots"], "also from the presenter");
        }
    }

    /// What must hold of the step from `was` by `event`.
    pub(super) fn check_step(&self, was: &Poll, event: &Event) {
        let (before, after) = (&was.tally, &self.rules.tally);
        match event {
            Event::Voted { voter, choice, .. } => {
                let had = was.ballots.get(voter).and_then(|number| was.log.vote(*number));
                let had = had.map(|vote| vote.marks.choice(&before.cloud));
                assert_eq!(after.ballots, before.ballots + u32::from(had.is_none()));
                self.check_moved(was, had, choice);
                assert_eq!(was.phase, Phase::Open, "nothing counts but while it is open");
            }
            Event::Reset { .. } => assert_eq!(after.ballots, 0),
            Event::Updated(_) => assert_eq!((was.phase, before.ballots), (Phase::Draft, 0)),
            Event::WordHidden { .. } | Event::Created { .. } => {}
            _ => assert_eq!(before, after, "only votes and resets change tallies"),
        }
        assert!(self.rules.log.newest() >= was.log.newest(), "numbers are never given twice");
        let of = |poll: &Poll| (poll.log.head(), poll.log.newest());
        assert_eq!(of(was) == of(&self.rules), !logged(event), "each record is in the chain");
    }

    /// One ballot that said `from`, or is new, and says `to` now has moved its own marks by one each,
    /// and nobody else's.
    fn check_moved(&self, was: &Poll, from: Option<Choice>, to: &Choice) {
        let kind = self.rules.asks().unwrap().kind;
        let mut expected = marks(was);
        for (choice, by) in from.iter().map(|from| (from, -1)).chain([(to, 1)]) {
            for mark in counted(kind, choice) {
                *expected.entry(mark).or_default() += by;
            }
        }
        expected.retain(|_, count| *count != 0);
        assert_eq!(marks(&self.rules), expected, "a vote moves its own marks and no other");
    }

    /// The state is what its events make of it, from the first on and from any snapshot on.
    pub(super) fn check_replay(&self) {
        let mut replayed = Poll::new(&self.room);
        for (at, _, bytes) in &self.log {
            replayed = codec::decode(&codec::encode(&replayed)).unwrap();
            replayed.apply(*at, &codec::decode(bytes).unwrap());
        }
        assert_eq!(replayed, self.rules, "snapshot and rest are the whole");
    }
}

fn logged(event: &Event) -> bool {
    use Event::{Closed, Opened, Reset, Voted};
    matches!(event, Opened { .. } | Voted { .. } | Closed { .. } | Reset { .. })
}

#[test]
fn the_log_of_a_round_begins_where_the_one_before_ended() {
    use super::stage::{asks, options};
    let mut stage = Stage::open(asks(Kind::Single));
    stage.vote(1, options(&[0])).unwrap();
    stage.run(Command::Close);
    let end = (stage.rules.log.newest(), stage.rules.log.head());
    stage.run(Command::Reset);
    assert_eq!(stage.rules.log.start(), end);
    let What::Act(kind, _) = &stage.rules.log.entry(end.0 + 1).unwrap().what else { panic!() };
    assert_eq!(*kind, RecordKind::Reset);
    assert_ne!(end.1, Hash::default());
}

/// How often each mark was made, by its name; those that were made.
fn marks(poll: &Poll) -> BTreeMap<String, i64> {
    let options = poll.tally.counts.iter().enumerate();
    let options = options.map(|(n, count)| (n.to_string(), *count));
    let words = poll.tally.cloud.said().map(|(word, count)| (format!("word {word}"), count));
    let marks = options.chain(words).map(|(mark, count)| (mark, count.into()));
    marks.filter(|(_, count)| *count != 0).collect()
}

/// The names of the marks of `choice` that count: of a ranking its first place alone.
fn counted(kind: Kind, choice: &Choice) -> Vec<String> {
    let first = u8::from(kind == Kind::Rating);
    match choice {
        Choice::Words(words) => words.iter().map(|word| format!("word {word}")).collect(),
        Choice::Options(options) => {
            let options = if kind == Kind::Ranked { &options[..1] } else { &options[..] };
            options.iter().map(|option| (option - first).to_string()).collect()
        }
    }
}
