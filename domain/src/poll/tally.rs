//! What the ballots of one round add up to, kept as they come.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::chain::hex;
use super::choice::{Marks, json};
use super::definition::{Definition, Kind};
use super::quiz::Scores;
use super::runoff::Runoff;
use super::words::Cloud;
use crate::bug::{self, Bug};

/// What the ballots of one round add up to: always the sum over the ballots as they are now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Tally {
    /// How many ballots.
    pub(super) ballots: u32,
    /// How many for each option; for a rating, each of 1 to 5; of a ranking, its first place alone.
    pub(super) counts: Vec<u32>,
    pub(super) cloud: Cloud,
    /// Of a quiz.
    pub(super) scores: Scores,
}

impl Tally {
    /// Nothing, for the poll `asks`. Words that are out of sight stay there.
    pub(super) fn clear(&mut self, asks: &Definition) {
        let len = match asks.kind {
            Kind::Rating => 5,
            Kind::Words { .. } => 0,
            _ => asks.options.len(),
        };
        self.ballots = 0;
        self.counts = vec![0; len];
        self.cloud.clear();
        self.scores = Scores::default();
    }

    /// One ballot says `marks`.
    pub(super) fn add(&mut self, asks: &Definition, marks: &Marks) {
        self.ballots += 1;
        self.mark(asks, marks, true);
    }

    /// One ballot says `to` instead of `from`.
    pub(super) fn change(&mut self, asks: &Definition, from: &Marks, to: &Marks) {
        if !bug::is(Bug::StaleTally) {
            self.mark(asks, from, false);
        }
        self.mark(asks, to, true);
    }

    fn mark(&mut self, asks: &Definition, marks: &Marks, more: bool) {
        let options = match marks {
            Marks::Words(ids) => return ids.iter().for_each(|id| self.cloud.count(*id, more)),
            Marks::Options(options) => options,
        };
        let counted = if asks.kind == Kind::Ranked { &options[..1] } else { options };
        let first = u8::from(asks.kind == Kind::Rating);
        for option in counted {
            if let Some(count) = self.counts.get_mut(usize::from(option - first)) {
                *count = if more { *count + 1 } else { *count - 1 };
            }
        }
    }

    /// The body of the closing record, which an auditor compares with a count of its own.
    ///
    /// Words are too many for one record: it has how many different ones there are, and the
    /// SHA-256 of a line for each, `count word`, most often first and then by their UTF-8, with a
    /// line feed between them.
    pub(super) fn body(&self, asks: &Definition, runoff: Option<&Runoff>) -> String {
        let mut body = format!(r#"{{"ballots":{}"#, self.ballots);
        match asks.kind {
            Kind::Words { .. } => {
                let (distinct, digest) = (self.cloud.distinct(), hex(&self.words_digest()));
                body.push_str(&format!(r#","distinct":{distinct},"words_sha256":"{digest}""#));
            }
            _ => body.push_str(&format!(r#","counts":{}"#, json(&self.counts))),
        }
        if let Some(Runoff { rounds, winner }) = runoff {
            let rounds: Vec<_> = rounds.iter().map(|round| &round.counts).collect();
            body.push_str(&format!(r#","rounds":{},"winner":{}"#, json(&rounds), json(winner)));
        }
        if let Kind::Quiz { .. } = asks.kind {
            let best: Vec<_> = self.scores.best().collect();
            body.push_str(&format!(r#","best":{}"#, json(&best)));
        }
        body.push('}');
        body
    }

    fn words_digest(&self) -> [u8; 32] {
        let mut words: Vec<_> = self.cloud.said().collect();
        words.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let lines: Vec<_> = words.iter().map(|(word, count)| format!("{count} {word}")).collect();
        Sha256::digest(lines.join("\n")).into()
    }
}
