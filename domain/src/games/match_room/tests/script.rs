//! Stories as text. A line is `time who what -> outcome`; time is counted from the making, in seconds.
//!
//! | who | what |
//! |---|---|
//! | `ann` (who made it), `bob`, `cid`, `dora` | `join`, `enter`, `come` (both), `ready`, `unready`, `start`, `leave`, `resume`, `gone` (their connection ends) |
//! | the same | `reenter` (with the last ticket that was used), `rewind` (with the resume token before the newest) |
//! | `house` (the server) | `start`, `restarts` |
//! | `ticker` | `takes up`, `plays 30`, `tells`, `saves` (tells with a checkpoint), `fails at 7`, `ends`, `gives up` |
//! | `wall` (everybody) | who is there |

use super::super::*;
use super::stage::{Stage, creation, person, second, start};
use crate::refusal::RefusalKind;

const PEOPLE: [&str; 5] = ["nobody", "ann", "bob", "cid", "dora"];

/// Plays `script` on the match of [`creation`].
pub(super) fn check(script: &str) -> Stage {
    check_in(creation(), script)
}

/// Plays `script` on the match of `creation`.
pub(super) fn check_in(creation: Creation, script: &str) -> Stage {
    let mut stage = Stage::new(creation);
    let mut told = String::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (asked, expected) = line.split_once("->").unwrap_or((line, ""));
        let mut words = asked.split_whitespace();
        let (time, who) = (words.next().unwrap(), words.next().unwrap());
        stage.now = start() + second(time.trim_end_matches('s').parse().unwrap());
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
        // What time does comes first.
        self.wake();
        let outcome = match who {
            "wall" => return self.wall(),
            "ticker" => self.ticker_does(words),
            "house" => match words[0] {
                "start" => self.system(Command::Start),
                _ => {
                    self.via += 1;
                    self.ticker = None;
                    return "noted".into();
                }
            },
            _ => {
                let who = PEOPLE.iter().position(|name| *name == who).expect("a person") as u128;
                self.person_does(who, words[0])
            }
        };
        match outcome {
            Ok(reply) => self.told(&reply),
            Err(refusal) => format!("refused: {}", refusal.code),
        }
    }

    fn person_does(&mut self, who: u128, what: &str) -> Result<Reply, Refusal> {
        let caller = person(who);
        let nth_last = |all: Option<&Vec<TokenHash>>, n: usize| {
            all.and_then(|all| all.iter().rev().nth(n).copied()).unwrap_or(TokenHash([0; 32]))
        };
        match what {
            "join" => self.join(who),
            "come" => self.come(who),
            "enter" | "reenter" => {
                let ticket = nth_last(self.tickets.get(&who), 0);
                self.enter(who, ticket)
            }
            "resume" => self.resume(who, nth_last(self.tokens.get(&who), 0)),
            "rewind" => self.resume(who, nth_last(self.tokens.get(&who), 1)),
            "gone" => {
                let Entered { seat, entry, .. } = self.entries[&who];
                self.system(Command::Gone { seat, entry })
            }
            "ready" => self.ask(&caller, Command::Ready(true)),
            "unready" => self.ask(&caller, Command::Ready(false)),
            "start" => self.ask(&caller, Command::Start),
            "leave" => self.ask(&caller, Command::Leave),
            other => panic!("{caller:?} cannot {other}"),
        }
    }

    fn ticker_does(&mut self, words: &[&str]) -> Result<Reply, Refusal> {
        match words[0] {
            "takes" => {
                self.take_up()?;
                return self.system(Command::Info);
            }
            "plays" => self.ticker.as_mut().unwrap().play(words[1].parse().unwrap()),
            "tells" | "saves" => return self.tell(words[0] == "saves").map(Reply::Ticked),
            "fails" => {
                let epoch = self.rules.epoch;
                return self.system(Command::Fault { epoch, tick: words[2].parse().unwrap() });
            }
            "ends" => self.finish(),
            "gives" => {
                let no = Refusal::new(RefusalKind::Conflict, "unplayable", "no");
                self.duty_ends(DutyResult::Refused(no));
            }
            other => panic!("the ticker cannot {other}"),
        }
        Ok(Reply::Noted)
    }

    fn told(&self, reply: &Reply) -> String {
        match reply {
            Reply::Match(_) => self.phase(),
            Reply::Joined(Joined { seat, until }) => {
                format!("seat {seat} until {}", self.clock(*until))
            }
            Reply::Entered(Entered { seat, entry, .. }) => format!("in seat {seat} as {entry}"),
            Reply::Noted => "noted".into(),
            Reply::Run(run) => format!("epoch {}", run.epoch),
            Reply::Ticked(Ticked { tick, roster, conclude }) => {
                let changed = if roster.is_some() { ", others play" } else { "" };
                let full = if *conclude { ", conclude" } else { "" };
                format!("{tick} ticks{changed}{full}")
            }
            Reply::Fault(verdict) => format!("{verdict:?}").to_lowercase(),
            Reply::Replay(page) => format!("{} bytes", page.total),
        }
    }

    fn phase(&self) -> String {
        let info = self.rules.info().unwrap();
        let mut phase = format!("{:?}", info.phase).to_lowercase();
        if let Some(until) = info.until {
            phase.push_str(&format!(" until {}", self.clock(until)));
        }
        match &info.ending {
            None => phase,
            Some(Ending::Void(why)) => format!("{phase}: {why:?}"),
            Some(Ending::Concluded { ticks, results }) => {
                let placing = |p: &Placing| match p.place {
                    Some(place) => format!("{place} {}", p.name),
                    None => format!("- {}", p.name),
                };
                let results: Vec<_> = results.iter().map(placing).collect();
                format!("{phase} after {ticks} ticks: {}", results.join(", "))
            }
        }
    }

    /// The phase, then everybody: `0 P1 here ready host`.
    fn wall(&self) -> String {
        let info = self.rules.info().unwrap();
        let player = |player: &PlayerInfo| {
            let mut text = format!("{} {}", player.seat, player.name);
            text.push_str(&format!(" {:?}", player.state).to_lowercase());
            if player.ready && player.state != Presence::Bot {
                text.push_str(" ready");
            }
            if info.host == Some(player.seat) {
                text.push_str(" host");
            }
            text
        };
        let players = info.players.iter().map(player);
        [self.phase()].into_iter().chain(players).collect::<Vec<_>>().join("; ")
    }

    fn clock(&self, at: Timestamp) -> String {
        format!("{}s", at.since(start()).as_secs())
    }
}
