//! Stories as text. A line is `time who what -> outcome`; time is counted from the making, in minutes.
//!
//! | who | what |
//! |---|---|
//! | `ann`, `bob`, `cid`, `dora`, `eve` | `register`, `withdraw`, `checks in`, `disputes 0`, `accepts 0` |
//! | `org` (who made it) | `starts`, `adds eve`, `drops eve`, `cancels`, `rules 0 a` |
//! | `match` | `0 a`: the newest match of pairing 0 comes out so (see `Stage::plays`) |
//! | `wall` (everybody) | who meets whom, and how it stands |

use super::super::pairing::Stage as PairingStage;
use super::super::*;
use super::stage::{Stage, account, entry, minutes, organizer, person, start};

const PEOPLE: [&str; 6] = ["nobody", "ann", "bob", "cid", "dora", "eve"];

fn number(name: &str) -> u128 {
    PEOPLE.iter().position(|one| *one == name).expect("a person") as u128
}

/// Plays `script` on a tournament of `creation`.
pub(super) fn check(creation: Creation, script: &str) -> Stage {
    let mut stage = Stage::new(creation);
    let mut told = String::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (asked, expected) = line.split_once("->").unwrap_or((line, ""));
        let mut words = asked.split_whitespace();
        let (time, who) = (words.next().unwrap(), words.next().unwrap());
        stage.until(start() + minutes(time.trim_end_matches('m').parse().unwrap()));
        let words: Vec<&str> = words.collect();
        let outcome = stage.play(who, &words);
        told.push_str(&format!("{} -> {outcome}\n", asked.trim()));
        let expected: Vec<&str> = expected.split_whitespace().collect();
        assert_eq!(outcome, expected.join(" "), "in\n{told}");
    }
    stage
}

impl Stage {
    fn play(&mut self, who: &str, words: &[&str]) -> String {
        self.wake();
        let outcome = match who {
            "wall" => return self.wall(),
            "match" => self.plays(words[0].parse().unwrap(), &words[1..].join(" ")),
            "org" => self.ask(&organizer(), organized(words)),
            _ => self.ask(&person(number(who)), asked(number(who), words)),
        };
        match outcome {
            Ok(Reply::Tournament(row)) => self.phase(&row),
            Ok(Reply::Noted) => "noted".into(),
            Err(refusal) => format!("refused: {}", refusal.code),
        }
    }

    fn phase(&self, row: &TournamentRow) -> String {
        let until = match row.phase {
            Phase::Registration | Phase::CheckIn => {
                format!(" until {}m", row.starts_at.since(start()).as_secs() / 60)
            }
            _ => String::new(),
        };
        let why = self.rules.why.map(|why| format!(": {why:?}")).unwrap_or_default();
        let winner = row.winner.as_ref().map(|name| format!(", won by {}", named(name)));
        let phase = format!("{:?}", row.phase).to_lowercase();
        format!("{phase}{until}, {} there{}{why}", row.players, winner.unwrap_or_default())
    }

    /// Each pairing: `ann-dora playing`, `bob-cid over: a by play`.
    fn wall(&self) -> String {
        let side = |side: draw::Side| match side {
            draw::Side::Unknown => "?".to_owned(),
            draw::Side::Nobody => "nobody".into(),
            draw::Side::Player(no) => named(&self.rules.entrants[usize::from(no)].entry.name),
        };
        let pairing = |one: &Pairing| {
            let stage = match &one.stage {
                PairingStage::Waiting => "waits",
                PairingStage::Playing { .. } if one.matches > 1 => "playing again",
                PairingStage::Playing { .. } => "playing",
                PairingStage::Reported { .. } => "reported",
                PairingStage::Disputed { .. } => "disputed",
                PairingStage::Over(_) => "over",
            };
            let outcome = one.stage.outcome().map(|outcome| {
                format!(": {:?} by {:?}", outcome.winner, outcome.by).to_lowercase()
            });
            let [a, b] = one.sides.map(side);
            format!("{a}-{b} {stage}{}", outcome.unwrap_or_default())
        };
        let row = self.phase(&self.rules.row().unwrap());
        [row]
            .into_iter()
            .chain(self.rules.pairings.iter().map(pairing))
            .collect::<Vec<_>>()
            .join("; ")
    }
}

fn named(name: &str) -> String {
    PEOPLE[name.trim_start_matches('P').parse::<usize>().unwrap()].into()
}

fn asked(who: u128, words: &[&str]) -> Command {
    let pairing = || words[1].parse().unwrap();
    match words[0] {
        "register" => Command::Register(entry(who)),
        "withdraw" => Command::Withdraw,
        "checks" => Command::CheckIn,
        "disputes" => Command::Dispute { pairing: pairing(), text: "they cheated".into() },
        "accepts" => Command::Accept { pairing: pairing() },
        other => panic!("nobody can {other}"),
    }
}

fn organized(words: &[&str]) -> Command {
    let who = || number(words[1]);
    match words[0] {
        "starts" => Command::Start,
        "adds" => Command::Add { account: account(who()), entry: entry(who()) },
        "drops" => Command::Drop { account: account(who()) },
        "cancels" => Command::Cancel,
        "rules" => {
            let ruling = match words[2] {
                "stands" => Ruling::Stands,
                "a" => Ruling::A,
                "b" => Ruling::B,
                "draw" => Ruling::Draw,
                "void" => Ruling::Void,
                _ => Ruling::Replay,
            };
            Command::Decide { pairing: words[1].parse().unwrap(), ruling }
        }
        other => panic!("no organizer can {other}"),
    }
}
