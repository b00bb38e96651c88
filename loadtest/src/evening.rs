//! An evening of polls: a presenter who runs a series over and over, and an audience that votes.
//!
//! Everything goes over the public wire: the series is made, led and joined as anybody would.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::buyer::No;
use crate::client::{Client, ClientError};
use crate::presenter::{Presenter, id_of};
use crate::tallies::Tallies;
use crate::voter::{Door, Vote, Voter};

/// What the series is called.
const TITLE: &str = "Festival night";

/// How long a poll is open that has no time of its own. 45 s: long enough to take a phone and vote.
const OPEN: Duration = Duration::from_secs(45);

/// How long a result stays on the stage. 15 s.
const SHOWN: Duration = Duration::from_secs(15);

/// How long a member of the audience looks before doing something, in milliseconds. 1 to 9 s: bars
/// move several times a second with some dozens of people, and come to rest before the end.
const LOOK_MS: std::ops::Range<u64> = 1000..9000;

/// How long somebody waits whom the server refuses, or does not answer. 2 s.
const RETRY: Duration = Duration::from_secs(2);

/// How likely somebody votes at a look, and changes a vote where that is allowed: most have voted
/// when the poll is half over, and a few think again.
const VOTES: (f64, f64) = (0.35, 0.06);

/// How likely somebody asks a question at a look, and wants another's answered.
const ASKS: (f64, f64) = (0.02, 0.3);

/// After how many questions nobody asks more. 12: a screenful.
const QUESTIONS_MAX: usize = 12;

const WORDS: [&str; 16] = [
    "magical",
    "organ",
    "popcorn",
    "silent",
    "late",
    "cosy",
    "loud",
    "wonderful",
    "home",
    "dark",
    "romantic",
    "crowded",
    "silver",
    "laughter",
    "goosebumps",
    "again",
];

const QUESTIONS: [&str; 10] = [
    "Will there be live music next week, too?",
    "Who restored the print we saw tonight?",
    "Is the organ original?",
    "Can the interval be longer?",
    "Which film do you like best yourselves?",
    "Are the subtitles new?",
    "May we see the projection room?",
    "Will the late show be repeated?",
    "How many films do you show a year?",
    "Where does one get the poster?",
];

const NAMES: [&str; 12] = [
    "Ada", "Bela", "Chen", "Dilan", "Ema", "Femi", "Gita", "Hugo", "Ines", "Jonas", "Kaya", "Lotte",
];

/// The polls of the evening, in order, each of another kind.
fn polls() -> [Value; 6] {
    [
        json!({ "title": "Which film shall open the festival?", "kind": "single", "change": true,
            "options": ["Metropolis", "The General", "Nosferatu", "Safety Last!"],
            "questions": "open" }),
        json!({ "title": "The evening in a word?", "kind": "words", "max": 2 }),
        json!({ "title": "When was Metropolis first shown?", "kind": "quiz", "right": 2,
            "options": ["1921", "1924", "1927", "1931"], "results": "after_close", "seconds": 25 }),
        json!({ "title": "How did you like the organ?", "kind": "rating", "change": true }),
        json!({ "title": "What do you want more of?", "kind": "multiple", "max": 2,
            "options": ["Comedies", "Live music", "Late shows", "Talks", "Popcorn"] }),
        json!({ "title": "Which seats are best?", "kind": "ranked",
            "options": ["Front", "Middle", "Back", "Balcony"] }),
    ]
}

/// The series as it was made.
#[derive(Debug, Clone)]
pub struct Evening {
    /// Its id.
    pub series: String,
    /// The code by which people join.
    pub code: String,
    polls: Vec<String>,
}

impl Evening {
    /// Makes the series as `organizer`, or finds the one that was made before.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn plan(organizer: &Client) -> Result<Self, ClientError> {
        let presenter = Presenter::new(organizer.clone());
        let mut polls = Vec::new();
        for (n, asks) in self::polls().into_iter().enumerate() {
            let poll = presenter.make_as(&format!("evening-poll-{n}"), asks).await?;
            polls.push(id_of(&poll).to_owned());
        }
        let ids: Vec<&str> = polls.iter().map(String::as_str).collect();
        let series = presenter.series_as("evening-series", TITLE, &ids).await?;
        let code = series["join_code"].as_str().unwrap_or_default().to_owned();
        Ok(Self { series: id_of(&series).to_owned(), code, polls })
    }

    /// Runs the series once, from the first poll to the last.
    ///
    /// # Errors
    ///
    /// [`ClientError`], if the server does not answer. What it refuses was done by somebody else at
    /// the same screen, and is let be.
    pub async fn run(&self, organizer: &Client) -> Result<(), ClientError> {
        let presenter = Presenter::new(organizer.clone());
        for poll in &self.polls {
            let_be(presenter.reset(poll).await)?;
            let_be(presenter.clear_questions(poll).await)?;
        }
        for (poll, asks) in self.polls.iter().zip(polls()) {
            let_be(presenter.go(&self.series, Some(poll)).await)?;
            let_be(presenter.open(poll).await)?;
            let open = asks["seconds"].as_u64().map_or(OPEN, Duration::from_secs);
            tokio::time::sleep(open).await;
            let_be(presenter.close(poll).await)?;
            tokio::time::sleep(SHOWN).await;
        }
        Ok(())
    }
}

/// A refusal is none here.
fn let_be<T>(answer: Result<T, ClientError>) -> Result<(), ClientError> {
    match answer {
        Err(ClientError::Refused { .. }) | Ok(_) => Ok(()),
        Err(error) => Err(error),
    }
}

/// One of the audience: a phone.
pub struct Guest {
    name: String,
    client: Client,
    voter: Option<Voter>,
    series: String,
    chance: StdRng,
    /// The poll that is followed.
    tallies: Option<(String, Tallies)>,
    /// The newest poll and round this guest voted in.
    voted: Option<(String, u64)>,
}

impl Guest {
    /// The `n`th guest of the audience of `series`, drawn from `seed`, on the server of `client`.
    #[must_use]
    pub fn new(client: &Client, series: &str, n: usize, seed: u64) -> Self {
        let name = match n / NAMES.len() {
            0 => NAMES[n % NAMES.len()].to_owned(),
            more => format!("{} {}", NAMES[n % NAMES.len()], more + 1),
        };
        let chance = StdRng::seed_from_u64(seed.wrapping_add(n as u64));
        let (client, series) = (client.clone(), series.to_owned());
        Self { name, client, voter: None, series, chance, tallies: None, voted: None }
    }

    /// Watches and votes for ever. A connection that broke is opened anew, a token that ended too.
    pub async fn live(mut self) {
        loop {
            let Err(no) = self.step().await else { continue };
            // Closed meanwhile, or too late: part of life. Only who is not known joins again.
            let known = matches!(&no, No::Refused { problem, .. } if problem["status"] != 401);
            if !known {
                (self.voter, self.tallies) = (None, None);
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// A look at the phone: joins if need be, follows the poll that the series is at, and does what
    /// comes to mind.
    async fn step(&mut self) -> Result<(), No> {
        let look = Duration::from_millis(self.chance.random_range(LOOK_MS));
        let Some(voter) = &mut self.voter else {
            let voter = Voter::join(&self.client, Door::Series(&self.series)).await?;
            self.voter = Some(voter);
            return Ok(());
        };
        let series = voter.client().get(&format!("/api/series/{}", self.series)).await?;
        let Some(poll) = series["current"].as_str() else {
            tokio::time::sleep(look).await;
            return Ok(());
        };
        if self.tallies.as_ref().is_none_or(|(followed, _)| followed != poll) {
            voter.hang_up();
            self.tallies = Some((poll.to_owned(), Tallies::of(poll)));
        }
        let Some((poll, tallies)) = &mut self.tallies else { return Ok(()) };
        let lost = |error: crate::tallies::FollowError| No::Unanswered(error.to_string());
        if !voter.is_live() {
            voter.follow(tallies).await.map_err(lost)?;
        }
        voter.watch(tallies, look).await.map_err(lost)?;
        if tallies.poll()["phase"] == "open" {
            let (poll, info) = (poll.clone(), tallies.poll().clone());
            return self.act(&poll, &info).await;
        }
        Ok(())
    }

    /// Votes, or changes the vote, or asks.
    async fn act(&mut self, poll: &str, info: &Value) -> Result<(), No> {
        let Some(voter) = &mut self.voter else { return Ok(()) };
        let round = info["round"].as_u64().unwrap_or_default();
        let voted = self.voted.as_ref() == Some(&(poll.to_owned(), round));
        let (votes, changes) = VOTES;
        let may = !voted || info["change"] == true;
        if may && self.chance.random_bool(if voted { changes } else { votes }) {
            let vote = choose(&mut self.chance, info);
            let quiz = info["kind"] == "quiz";
            let vote = if quiz { vote.named(&self.name) } else { vote };
            self.voted = Some((poll.to_owned(), round));
            return voter.vote(poll, &vote).await.map(drop);
        }
        if info["questions"] == "off" || !self.chance.random_bool(ASKS.1) {
            return Ok(());
        }
        let asked = voter.client().get(&format!("/api/polls/{poll}/questions")).await?;
        let asked = asked["questions"].as_array().cloned().unwrap_or_default();
        if asked.len() < QUESTIONS_MAX && self.chance.random_bool(ASKS.0 / ASKS.1) {
            let open: Vec<_> =
                QUESTIONS.iter().filter(|text| asked.iter().all(|q| q["text"] != **text)).collect();
            let Some(text) = open.choose(&mut self.chance) else { return Ok(()) };
            return voter.ask(poll, text, Some(&self.name)).await.map(drop);
        }
        let Some(number) = asked.choose(&mut self.chance).and_then(|q| q["id"].as_u64()) else {
            return Ok(());
        };
        voter.want(poll, number, true).await.map(drop)
    }
}

/// Something that the poll `info` takes, the options further up more often.
fn choose(chance: &mut StdRng, info: &Value) -> Vote {
    let options = info["options"].as_array().map_or(0, Vec::len);
    let most = info["max"].as_u64().unwrap_or(1).max(1);
    let mut marks: Vec<u8> = (0..u8::try_from(options).unwrap_or(u8::MAX)).collect();
    match info["kind"].as_str().unwrap_or_default() {
        "words" => {
            let many = chance.random_range(1..=most as usize);
            Vote::words(&WORDS.choose_multiple(chance, many).copied().collect::<Vec<_>>())
        }
        "rating" => Vote::options([*[5, 4, 4, 5, 3, 2, 4, 5, 1].choose(chance).unwrap_or(&5)]),
        "ranked" => {
            marks.shuffle(chance);
            marks.truncate(chance.random_range(1..=marks.len().max(1)));
            Vote::options(marks)
        }
        "multiple" => {
            marks.shuffle(chance);
            marks.truncate(chance.random_range(1..=most as usize));
            Vote::options(marks)
        }
        _ => {
            let weight = |mark: &u8| 1.0 / (1.5 + f64::from(*mark % 3));
            let mark = marks.choose_weighted(chance, weight).copied().unwrap_or_default();
            Vote::options([mark])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_evening_asks_the_audience_has_an_answer_that_fits() {
        let mut chance = StdRng::seed_from_u64(7);
        for asks in polls() {
            let options = asks["options"].as_array().map_or(0, Vec::len);
            let most = asks["max"].as_u64().unwrap_or(options.max(1) as u64) as usize;
            for _ in 0..200 {
                let vote = choose(&mut chance, &asks);
                let words = vote.words.map(|words| words.len());
                assert_eq!(words.is_some(), asks["kind"] == "words");
                assert!(words.is_none_or(|many| (1..=most).contains(&many)));
                let Some(marks) = vote.choice else { continue };
                assert!((1..=most).contains(&marks.len()), "{asks}: {marks:?}");
                let rating = asks["kind"] == "rating";
                let fits = |mark: &u8| {
                    if rating { (1..=5).contains(mark) } else { usize::from(*mark) < options }
                };
                assert!(marks.iter().all(fits), "{asks}: {marks:?}");
            }
        }
    }
}
