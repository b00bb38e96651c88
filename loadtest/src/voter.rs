//! A voter: a browser that joins polls, votes over either way, and keeps its receipts.
//!
//! What a page on a phone does, without the page: it keeps its cookie, so that it is one device
//! however often it joins; each vote has a key, so that it may be sent again after any lost answer;
//! with a live connection it votes there, and by REST when that broke.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ballot::Key;
use crate::buyer::{No, over_and_over};
use crate::client::{Client, ClientError, new_key};
use crate::live::Live;
use crate::tallies::{FollowError, Tallies};

/// How many receipts a voter keeps; the oldest goes for one more. 1,000: an evening's votes many
/// times over.
const KEPT_MAX: usize = 1000;

/// By what a browser finds a poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door<'a> {
    /// The code as somebody types it.
    Code(&'a str),
    /// A poll's id.
    Poll(&'a str),
    /// A series' id.
    Series(&'a str),
}

/// What somebody votes. Made by [`Vote::options`] or [`Vote::words`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Vote {
    /// Options by number from 0: one, some, or all by preference; of a rating 1 to 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<Vec<u8>>,
    /// Words of one's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<Vec<String>>,
    /// The name to show in a quiz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The personal code, where the poll asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

impl Vote {
    /// For options: single, multiple, ranked and quiz; for a rating the one number.
    #[must_use]
    pub fn options(choice: impl Into<Vec<u8>>) -> Self {
        Self { choice: Some(choice.into()), ..Self::default() }
    }

    /// For words of one's own.
    #[must_use]
    pub fn words(words: &[&str]) -> Self {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Self { words: Some(words), ..Self::default() }
    }

    /// The same under a name.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }

    /// The same by a personal code.
    #[must_use]
    pub fn with_code(self, code: &str) -> Self {
        Self { code: Some(code.to_owned()), ..self }
    }

    fn body(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// The proof of one vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The round of the poll.
    pub round: u32,
    /// The record's number in the poll's log.
    pub number: u32,
    /// The ballot's number, which stays when the vote is changed.
    pub ballot: u32,
    /// The record's hash.
    pub hash: String,
}

/// A vote that was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Of which poll.
    pub poll: String,
    /// What was voted.
    pub vote: Vote,
    /// The proof.
    pub receipt: Receipt,
}

/// A ballot of a secret poll, signed and not cast yet. Whoever has it can cast it, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ballot {
    token: String,
    signature: String,
}

/// One voter: a browser that joined, or somebody with an account.
pub struct Voter {
    client: Client,
    /// The cookie of the device, `playhouse_device=…`.
    device: Option<String>,
    poll: Option<String>,
    series: Option<String>,
    live: Option<Box<Live>>,
    kept: std::collections::VecDeque<Kept>,
}

impl Voter {
    /// A browser that nobody has seen joins.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: `unknown_code`, `too_many_requests` and the like.
    pub async fn join(client: &Client, door: Door<'_>) -> Result<Self, ClientError> {
        let client = client.without_token();
        let mut voter = Self::of(client);
        voter.join_again(door).await?;
        Ok(voter)
    }

    /// Somebody who votes with the account of `client`, and needs not join.
    #[must_use]
    pub fn of(client: Client) -> Self {
        let (device, poll, series, live, kept) = <_>::default();
        Self { client, device, poll, series, live, kept }
    }

    /// The same browser joins again, or elsewhere: the same voter, with a new token.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn join_again(&mut self, door: Door<'_>) -> Result<(), ClientError> {
        let body = match door {
            Door::Code(code) => json!({ "code": code }),
            Door::Poll(poll) => json!({ "poll_id": poll }),
            Door::Series(series) => json!({ "series_id": series }),
        };
        let nobody = self.client.without_token();
        let (cookie, joined) =
            nobody.post_with_cookie("/api/polls/join", self.device.as_deref(), &body).await?;
        let text = |name: &str| joined[name].as_str().map(str::to_owned);
        self.device = cookie.or(self.device.take());
        self.poll = text("poll_id");
        self.series = text("series_id");
        self.client = nobody.with_token(joined["voter_token"].as_str().unwrap_or_default());
        Ok(())
    }

    /// The voter over REST.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The cookie that makes this browser one device.
    #[must_use]
    pub fn device(&self) -> Option<&str> {
        self.device.as_deref()
    }

    /// The poll that was joined, if the code led to one.
    #[must_use]
    pub fn poll(&self) -> Option<&str> {
        self.poll.as_deref()
    }

    /// The series that was joined, if the code led to one.
    #[must_use]
    pub fn series(&self) -> Option<&str> {
        self.series.as_deref()
    }

    /// The newest acknowledged votes, oldest first.
    pub fn kept(&self) -> impl Iterator<Item = &Kept> {
        self.kept.iter()
    }

    /// Opens a live connection; from here on votes and questions go over it.
    ///
    /// # Errors
    ///
    /// [`No`].
    pub async fn go_live(&mut self) -> Result<(), No> {
        let live = Live::connect(self.client.base(), self.client.token()).await?;
        self.live = Some(Box::new(live));
        Ok(())
    }

    /// Closes the live connection, if there is one.
    pub fn hang_up(&mut self) {
        self.live = None;
    }

    /// True while there is a live connection that was not seen to break.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// Follows the poll of `tallies`, connecting if need be; goes on from where it was.
    ///
    /// # Errors
    ///
    /// [`FollowError`].
    pub async fn follow(&mut self, tallies: &mut Tallies) -> Result<(), FollowError> {
        if self.live.is_none() {
            self.live =
                Some(Box::new(Live::connect(self.client.base(), self.client.token()).await?));
        }
        let Some(live) = &mut self.live else { return Ok(()) };
        let followed = tallies.subscribe(live).await;
        if matches!(followed, Err(FollowError::Live(_))) {
            self.live = None;
        }
        followed
    }

    /// Stays on the live connection for `time`, and takes in what comes for `tallies`.
    ///
    /// # Errors
    ///
    /// [`FollowError`]; the connection is closed then.
    pub async fn watch(
        &mut self,
        tallies: &mut Tallies,
        time: Duration,
    ) -> Result<(), FollowError> {
        let Some(live) = &mut self.live else {
            tokio::time::sleep(time).await;
            return Ok(());
        };
        let watched = tallies.watch(live, time).await;
        if watched.is_err() {
            self.live = None;
        }
        watched
    }

    /// Votes in `poll` under a key of its own.
    ///
    /// # Errors
    ///
    /// [`No`].
    pub async fn vote(&mut self, poll: &str, vote: &Vote) -> Result<Receipt, No> {
        self.vote_as(&new_key(), poll, vote).await
    }

    /// Votes in `poll` under `key`: over the live connection if there is one, and by REST if there
    /// is none or it breaks meanwhile. The same key is the same vote.
    ///
    /// # Errors
    ///
    /// [`No`].
    pub async fn vote_as(&mut self, key: &str, poll: &str, vote: &Vote) -> Result<Receipt, No> {
        let mut data = vote.body();
        data["poll_id"] = poll.into();
        data["key"] = key.into();
        let answer = match self.call("poll.vote", data).await {
            Some(answer) => answer?,
            None => {
                let path = format!("/api/polls/{poll}/votes");
                self.client.post_as(key, &path, vote.body()).await?
            }
        };
        self.keep(poll, vote, answer)
    }

    /// Has a ballot of the secret `poll` (its JSON, with `ballot_key`) signed. Each voter gets one.
    ///
    /// # Errors
    ///
    /// [`No`]; [`No::Unanswered`] also if the server's signature is not good.
    pub async fn ballot(&self, poll: &Value, code: Option<&str>) -> Result<Ballot, No> {
        let wrong = |what: &str| No::Unanswered(what.to_owned());
        let key = Key::read(poll["ballot_key"].as_str().unwrap_or_default());
        let key = key.ok_or_else(|| wrong("the poll has no ballot key"))?;
        let token: [u8; 64] = rand::random();
        let (blinded, unblind) = key.blind(&token);
        let path = format!("/api/polls/{}/ballots", poll["id"].as_str().unwrap_or_default());
        let mut request = json!({ "blinded": URL_SAFE_NO_PAD.encode(blinded) });
        if let Some(code) = code {
            request["code"] = code.into();
        }
        let signed = self.client.post(&path, request).await?;
        let signature = URL_SAFE_NO_PAD.decode(signed["signature"].as_str().unwrap_or_default());
        let signature = signature.ok().and_then(|blind| unblind.finalize(&blind));
        let signature = signature.ok_or_else(|| wrong("the blind signature is not good"))?;
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        Ok(Ballot { token: text(&token), signature: text(&signature) })
    }

    /// Casts a secret ballot in `poll`: without a name, so by REST and without a token.
    ///
    /// # Errors
    ///
    /// [`No`].
    pub async fn cast(&mut self, poll: &str, ballot: &Ballot, vote: &Vote) -> Result<Receipt, No> {
        let mut body = vote.body();
        body["ballot"] = serde_json::to_value(ballot).unwrap_or_default();
        let nobody = self.client.without_token();
        let answer = nobody.post(&format!("/api/polls/{poll}/votes"), body).await?;
        self.keep(poll, vote, answer)
    }

    /// Asks a question; the question as it stands.
    ///
    /// # Errors
    ///
    /// [`No`].
    pub async fn ask(&mut self, poll: &str, text: &str, name: Option<&str>) -> Result<Value, No> {
        // Asking has no key over the live connection, so it goes where it can be repeated.
        let mut body = json!({ "text": text });
        if let Some(name) = name {
            body["name"] = name.into();
        }
        Ok(self.client.post(&format!("/api/polls/{poll}/questions"), body).await?)
    }

    /// Wants question `number` answered, or no longer; the question as it stands.
    ///
    /// # Errors
    ///
    /// [`No`].
    pub async fn want(&mut self, poll: &str, number: u64, up: bool) -> Result<Value, No> {
        let data = json!({ "poll_id": poll, "question": number, "up": up });
        if let Some(answer) = self.call("poll.want", data).await {
            return answer;
        }
        let path = format!("/api/polls/{poll}/questions/{number}/vote");
        Ok(self.client.ask(Method::PUT, &path, None, Some(&json!({ "up": up }))).await?)
    }

    /// The poll as this voter sees it: `poll`, `tally`, and under `mine` their own vote.
    ///
    /// # Errors
    ///
    /// [`No`].
    pub async fn look(&self, poll: &str) -> Result<Value, No> {
        Ok(self.client.get(&format!("/api/polls/{poll}")).await?)
    }

    /// The answer of the live connection; nothing if there is none, or it broke.
    async fn call(&mut self, method: &str, data: Value) -> Option<Result<Value, No>> {
        let live = self.live.as_mut()?;
        match over_and_over(live, method, data).await {
            Err(No::Unanswered(_)) => {
                self.live = None;
                None
            }
            answer => Some(answer),
        }
    }

    fn keep(&mut self, poll: &str, vote: &Vote, answer: Value) -> Result<Receipt, No> {
        let receipt = serde_json::from_value(answer)
            .map_err(|error| No::Unanswered(format!("a receipt that is none: {error}")))?;
        if self.kept.len() >= KEPT_MAX {
            self.kept.pop_front();
        }
        let kept = Kept { poll: poll.to_owned(), vote: vote.clone(), receipt };
        let receipt = kept.receipt.clone();
        self.kept.push_back(kept);
        Ok(receipt)
    }
}
