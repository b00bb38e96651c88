//! A poll: many watch its bars, people vote at a rate, in bursts, and everybody may come back at once.
//!
//! How long a vote takes to the screen is counted from the moment it was due to the moment a watcher
//! has read a publication that shows it: the tallies say how many ballots they show, and the receipt
//! says which ballot it is.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::Rng;
use serde::Deserialize;
use serde_json::json;

use crate::harness::meter::{Outcome, times};
use crate::harness::scenario::ScenarioError;
use crate::harness::seen::Seen;
use crate::harness::stage::{Cast, Stage, Verdict};
use crate::harness::watch::Crowd;
use crate::harness::{HarnessError, Promise};
use crate::presenter::{Presenter, id_of};
use crate::voter::{Door, Receipt, Vote, Voter};

/// How long watchers may take to see the last vote. 5 s; a publication is due ten times a second.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(5);

/// The table `[poll]` of a scenario.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// How many watch, 0 to 19,000: the process has 20,000 descriptors. Default 0.
    pub watchers: usize,
    /// The share of watchers who never read, 0 to 1. Default 0.
    pub silent: f64,
    /// How many options there are, 2 to 50. Default 4.
    pub options: Option<u8>,
    /// True if each voter joins first, as a browser that scanned the code does; else votes are
    /// anybody's. Default false. A joined voter takes two requests.
    pub join: bool,
    /// When all watchers hang up and come back, in seconds from the beginning. Default never.
    pub storm_s: Option<f64>,
    /// How long the watchers idle before anybody votes, in seconds, 0 to 60. Their memory is measured
    /// then. Default 1.
    pub idle_s: Option<f64>,
}

impl Plan {
    /// Says what is out of bounds.
    ///
    /// # Errors
    ///
    /// [`ScenarioError::Bounds`].
    pub fn check(&self) -> Result<(), ScenarioError> {
        let options = (2..=50).contains(&self.options.unwrap_or(4));
        let silent = (0.0..=1.0).contains(&self.silent);
        let idle = (0.0..=60.0).contains(&self.idle_s.unwrap_or(1.0));
        if self.watchers <= 19_000 && options && silent && idle {
            return Ok(());
        }
        Err(ScenarioError::Bounds(
            "poll: watchers are 0 to 19,000, silent 0 to 1, options 2 to 50, idle_s 0 to 60",
        ))
    }
}

/// A vote that was acknowledged.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    due_us: u32,
    choice: u8,
    receipt: Receipt,
}

/// All votes of a run.
#[derive(Debug, Default)]
pub struct Votes {
    acknowledged: Vec<Acknowledged>,
    /// Votes that had no answer: they may count or not.
    open: usize,
}

/// The people of a poll.
pub struct Audience {
    stage: Arc<Stage>,
    poll: String,
    options: u8,
    join: bool,
    crowd: Arc<Crowd>,
    storm: tokio::task::JoinHandle<()>,
    votes: Mutex<Votes>,
    memory_kib: Option<f64>,
}

impl Audience {
    fn votes(&self) -> std::sync::MutexGuard<'_, Votes> {
        self.votes.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn vote(&self, nth: u64) -> Result<(u8, Receipt), crate::buyer::No> {
        let choice = self.stage.chance(nth).random_range(0..self.options);
        let mut voter = if self.join {
            Voter::join(&self.stage.client, Door::Poll(&self.poll)).await?
        } else {
            Voter::of(self.stage.client.clone())
        };
        Ok((choice, voter.vote(&self.poll, &Vote::options([choice])).await?))
    }
}

impl Cast for Audience {
    type Plan = Plan;

    async fn prepare(stage: Arc<Stage>, plan: Plan) -> Result<Self, HarnessError> {
        let presenter = Presenter::new(stage.organizer().await?);
        let options = plan.options.unwrap_or(4);
        let names: Vec<String> = (1..=options).map(|n| format!("Option {n}")).collect();
        let voters = if plan.join { "device" } else { "anyone" };
        let asks = json!({ "title": "Which of these?", "kind": "single", "options": names,
            "voters": voters });
        let poll = id_of(&presenter.make_open(asks).await?).to_owned();
        let before = stage.reading();
        let channel = format!("poll:{poll}");
        let crowd = Crowd::gather(&stage, &channel, plan.watchers, plan.silent).await?;
        tokio::time::sleep(Duration::from_secs_f64(plan.idle_s.unwrap_or(1.0))).await;
        let memory_kib = before.zip(stage.reading()).filter(|_| plan.watchers > 0);
        let memory_kib = memory_kib.map(|(before, after)| {
            after.rss_kib.saturating_sub(before.rss_kib) as f64 / plan.watchers as f64
        });
        let crowd = Arc::new(crowd);
        let storm = tokio::spawn(crowd.clone().storm_after(plan.storm_s));
        let (votes, join) = (Mutex::default(), plan.join);
        Ok(Self { stage, poll, options, join, crowd, storm, votes, memory_kib })
    }

    async fn arrive(&self, nth: u64, due: Instant) {
        let outcome = self.vote(nth).await;
        match &outcome {
            Ok(_) => self.stage.meter.note("vote", due, Outcome::Ok),
            Err(no) if no.code().is_empty() => {
                self.stage.meter.note("vote", due, Outcome::Failed);
                self.votes().open += 1;
            }
            Err(no) => self.stage.meter.note("vote", due, Outcome::Refused(no.code())),
        }
        if let Ok((choice, receipt)) = outcome {
            let due_us = self.stage.meter.at_us(due);
            self.votes().acknowledged.push(Acknowledged { due_us, choice, receipt });
        }
    }

    fn word(&self) -> String {
        let (there, size) = self.crowd.there();
        format!("{there} of {size} watch")
    }

    async fn finish(self) -> Result<Verdict, HarnessError> {
        self.storm.abort();
        let _ = self.storm.await;
        let presenter = Presenter::new(self.stage.organizer().await?);
        let closed = presenter.close(&self.poll).await?;
        let tally = presenter.look(&self.poll).await?["tally"].clone();
        let ballots = tally["ballots"].as_u64().unwrap_or_default();
        self.crowd.reaches(ballots, CAUGHT_UP_WITHIN).await;
        let seen = match Arc::try_unwrap(self.crowd) {
            Ok(crowd) => crowd.leave().await,
            Err(_) => {
                return Err(HarnessError::Needs("the crowd is still being told to come back"));
            }
        };
        let export = presenter.export(&self.poll).await?;
        let votes = self.votes.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        let counts = tally["counts"].as_array().into_iter().flatten();
        let counts: Vec<u64> = counts.filter_map(serde_json::Value::as_u64).collect();
        let mut verdict = crowd_verdict(&seen, Some(ballots));
        verdict.promises.insert(
            0,
            Promise::new(
                "every acknowledged vote counts exactly once",
                votes.count_once(ballots, &counts),
            ),
        );
        let closing = closed["closing"].as_str().unwrap_or_default();
        verdict.promises.insert(
            1,
            Promise::new(
                "every receipt is in the poll's log, and the log ends with its closing hash",
                votes.are_in(&export, closing),
            ),
        );
        if let Some(times) = votes.to_screens(&seen, ballots) {
            self.stage.meter.add("screen", &times);
        }
        if let Some(kib) = self.memory_kib {
            verdict.figures.insert("watcher.memory_kib".into(), kib);
        }
        Ok(verdict)
    }
}

/// What watchers were told: no gap, nothing that went back, and all of them saw the end: `mark`, or
/// else what the one who saw most has seen.
#[must_use]
pub fn crowd_verdict(seen: &[Seen], mark: Option<u64>) -> Verdict {
    let mut verdict = Verdict::default();
    let reading = || seen.iter().filter(|seen| !seen.silent);
    let fault = reading().find_map(|seen| seen.faults.first());
    let publications: usize = reading().map(|seen| seen.frames.len()).sum();
    let (anew, recovered) = reading().fold((0, 0), |(anew, recovered), seen| {
        (anew + seen.anew.saturating_sub(1), recovered + seen.recovered)
    });
    let unbroken = match fault {
        Some(fault) => Err(fault.clone()),
        None => Ok(format!("{publications} publications to {} watchers", reading().count())),
    };
    let what = "what each watcher was told is one unbroken line that never goes back";
    verdict.promises.push(Promise::new(what, unbroken));
    let last = |seen: &Seen| seen.frames.last().map_or(0, |frame| u64::from(frame.mark));
    if let Some(mark) = mark.or_else(|| reading().map(last).max()) {
        let behind = reading().filter(|seen| last(seen) != mark).count();
        let all = match behind {
            0 => Ok(format!("all {} are at {mark}", reading().count())),
            _ => Err(format!("{behind} of {} watchers are not at {mark}", reading().count())),
        };
        verdict.promises.push(Promise::new("every watcher reaches the newest state", all));
    }
    let back: Vec<Duration> = reading().flat_map(|seen| seen.back.iter().copied()).collect();
    let mut put = |name: &str, value: f64| verdict.figures.insert(name.into(), value);
    put("watcher.publications", publications as f64);
    put("watcher.silent", (seen.len() - reading().count()) as f64);
    put("watcher.recovered", f64::from(recovered));
    put("watcher.began_anew", f64::from(anew));
    put("watcher.breaks", back.len() as f64);
    if let Some(longest) = back.iter().max() {
        put("watcher.back_max_ms", longest.as_secs_f64() * 1e3);
    }
    verdict
}

impl Votes {
    /// Each receipt is another record, each option has as many votes as were acknowledged, and nothing
    /// else counts but what had no answer.
    fn count_once(&self, ballots: u64, counts: &[u64]) -> Result<String, String> {
        let told = self.acknowledged.len() as u64;
        let numbers: BTreeSet<u32> = self.acknowledged.iter().map(|v| v.receipt.number).collect();
        if numbers.len() as u64 != told {
            return Err(format!("{told} votes have {} different receipts", numbers.len()));
        }
        let most = told + self.open as u64;
        if !(told..=most).contains(&ballots) {
            return Err(format!("{ballots} ballots count, {told} were acknowledged"));
        }
        for (option, count) in counts.iter().enumerate() {
            let own = self.acknowledged.iter().filter(|v| usize::from(v.choice) == option).count();
            if !(own as u64..=own as u64 + self.open as u64).contains(count) {
                return Err(format!("option {option} has {count} votes, acknowledged were {own}"));
            }
        }
        Ok(format!("{told} acknowledged, {ballots} count, {} without an answer", self.open))
    }

    /// The export has each receipt's number and hash in one of its rows.
    fn are_in(&self, export: &str, closing: &str) -> Result<String, String> {
        let rows: HashSet<(&str, &str)> = export.lines().flat_map(pairs).collect();
        for Acknowledged { receipt, .. } in &self.acknowledged {
            let number = receipt.number.to_string();
            if !rows.contains(&(number.as_str(), receipt.hash.as_str())) {
                return Err(format!("record {number} with hash {} is not there", receipt.hash));
            }
        }
        if closing.is_empty() || !export.contains(closing) {
            return Err(format!("the closing hash {closing:?} is not there"));
        }
        Ok(format!("{} receipts in {} rows", self.acknowledged.len(), export.lines().count()))
    }

    /// The time from each vote to each watcher's screen. None if it cannot be told which ballots a
    /// tally shows, since votes without an answer may be among them.
    fn to_screens(&self, seen: &[Seen], ballots: u64) -> Option<hdrhistogram::Histogram<u64>> {
        let mut votes: Vec<(u32, u32)> =
            self.acknowledged.iter().map(|vote| (vote.receipt.ballot, vote.due_us)).collect();
        votes.sort_unstable();
        // The first record of a poll's log is no ballot, so ballots are numbered from there.
        let before = votes.first()?.0 - 1;
        if self.open > 0 || u64::from(votes.last()?.0 - before) != ballots {
            return None;
        }
        let mut times = times();
        for watcher in seen.iter().filter(|seen| !seen.silent) {
            let mut votes = votes.iter().peekable();
            for frame in &watcher.frames {
                while let Some((_, due)) = votes.next_if(|(b, _)| b - before <= frame.mark) {
                    times.saturating_record(u64::from(frame.at_us.saturating_sub(*due)).max(1));
                }
            }
        }
        Some(times)
    }
}

/// A row's columns that can be a record's number and its hash.
fn pairs(row: &str) -> impl Iterator<Item = (&str, &str)> {
    let hash = row.split(',').filter(|cell| cell.len() == 64);
    hash.flat_map(move |hash| {
        let numbers = row.split(',').filter(|cell| cell.bytes().all(|b| b.is_ascii_digit()));
        numbers.map(move |number| (number, hash))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::seen::Frame;

    fn vote(number: u32, due_us: u32, choice: u8) -> Acknowledged {
        let hash = format!("{number:064}");
        let receipt = Receipt { round: 1, number, ballot: number, hash };
        Acknowledged { due_us, choice, receipt }
    }

    fn votes() -> Votes {
        let acknowledged = vec![vote(2, 1000, 0), vote(3, 2000, 1), vote(4, 3000, 1)];
        Votes { acknowledged, open: 0 }
    }

    #[test]
    fn a_vote_that_is_lost_or_counted_twice_or_for_another_option_is_found() {
        assert!(votes().count_once(3, &[1, 2]).is_ok());
        for (ballots, counts) in [(2, [1, 1]), (4, [1, 3]), (3, [2, 1])] {
            assert!(votes().count_once(ballots, &counts).is_err(), "{ballots} {counts:?}");
        }
        let mut twice = votes();
        twice.acknowledged[2].receipt = twice.acknowledged[1].receipt.clone();
        assert!(twice.count_once(3, &[1, 2]).is_err(), "two votes with one receipt");
        let open = Votes { open: 1, ..votes() };
        assert!(open.count_once(4, &[2, 2]).is_ok(), "a vote without an answer may count");
    }

    #[test]
    fn a_receipt_that_is_not_in_the_log_is_found() {
        let row = |n: u32| format!("{n},vote,{n:064}\n");
        let log: String = (2..=4).map(row).collect();
        let closing = format!("{:064}", 4);
        assert!(votes().are_in(&log, &closing).is_ok());
        assert!(votes().are_in(&log, "").is_err(), "no closing hash");
        let altered = log.replace(&format!("{:064}", 3), &format!("{:064}", 9));
        assert!(votes().are_in(&altered, &closing).is_err());
    }

    #[test]
    fn a_vote_is_on_a_screen_when_the_first_publication_that_shows_it_was_read() {
        let frame = |at_us, mark| Frame { at_us, mark };
        let frames = vec![frame(500, 0), frame(4000, 1), frame(9000, 3)];
        let mut watcher = Seen::default();
        watcher.frames = frames;
        let times = votes().to_screens(&[watcher], 3).unwrap();
        assert_eq!(times.len(), 3);
        assert_eq!((times.min() + 5) / 10, 300, "the first, from 1,000 to 4,000");
        assert!(times.max() >= 7000, "the second, from 2,000 to 9,000");
    }
}
