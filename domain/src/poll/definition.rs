//! What a poll asks, of whom, and how: everything that is set before it opens.

use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::text;

/// The longest question, in characters. 200: what a projector shows in three lines.
pub const TITLE_MAX: usize = 200;

/// The longest option, in characters. 100: one line beside a bar.
pub const OPTION_MAX: usize = 100;

/// How many options a poll has at most. 50: more do not fit a screen, and each is sent with every view.
pub const OPTIONS_MAX: usize = 50;

/// How many options can be ranked at most. 20: nobody ranks more on a phone, and a ranking is stored
/// with every ballot.
pub const RANKED_MAX: usize = 20;

/// How many words one ballot may have at most. 5.
pub const WORDS_MAX: u8 = 5;

/// How long a poll with a time limit is open: 5 s, less than which nobody can answer, to a day.
pub const SECONDS: std::ops::RangeInclusive<u32> = 5..=24 * 60 * 60;

/// The longest public key of a secret poll's ballots, in characters. 1,200: 4,096 bits of RSA in
/// base64.
const BALLOT_KEY_MAX: usize = 1200;

/// What a poll asks, of whom, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The question.
    pub title: String,
    /// How it is answered.
    pub kind: Kind,
    /// The options, in order. None for a rating and a word cloud.
    #[serde(default)]
    pub options: Vec<String>,
    /// Who may vote.
    pub voters: Voters,
    /// Who sees results, and when.
    #[serde(default)]
    pub results: Results,
    /// True if a vote can be changed while the poll is open.
    #[serde(default)]
    pub change: bool,
    /// True if who voted is kept apart from what was voted.
    #[serde(default)]
    pub secret: bool,
    /// How long it is open; until it is closed by hand, if none.
    #[serde(default)]
    pub seconds: Option<u32>,
    /// Whether the audience may ask questions.
    #[serde(default)]
    pub questions: Asking,
    /// The public key under which the ballots of a secret poll are signed, as text. Part of the
    /// poll, so that everybody is shown the same one.
    #[serde(default)]
    pub ballot_key: Option<String>,
}

/// How a poll is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One of the options.
    Single,
    /// Some of the options.
    Multiple {
        /// How many at most.
        max: u8,
    },
    /// 1 to 5.
    Rating,
    /// Some or all of the options by preference, counted by instant run-off.
    Ranked,
    /// Words of one's own.
    Words {
        /// How many at most.
        max: u8,
    },
    /// One of the options, one of which is right; the sooner the better.
    Quiz {
        /// The right option.
        right: u8,
    },
}

impl Kind {
    /// The kind's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Multiple { .. } => "multiple",
            Self::Rating => "rating",
            Self::Ranked => "ranked",
            Self::Words { .. } => "words",
            Self::Quiz { .. } => "quiz",
        }
    }

    /// How many of the options, or words, one ballot may have.
    #[must_use]
    pub fn max(self, options: usize) -> usize {
        match self {
            Self::Single | Self::Rating | Self::Quiz { .. } => 1,
            Self::Multiple { max } | Self::Words { max } => usize::from(max),
            Self::Ranked => options,
        }
    }
}

/// Who may vote. `docs/polls.md` says what each is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Voters {
    /// Whoever sends a vote, as often as they like: a show of hands.
    Anyone,
    /// Each browser that joined, once.
    Device,
    /// Each personal code, once.
    Code,
    /// Each account, once.
    Account,
}

impl Voters {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Device => "device",
            Self::Code => "code",
            Self::Account => "account",
        }
    }
}

/// Who sees results, and when. The presenter may reveal or hide them at any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Results {
    /// Everybody, as the votes land.
    #[default]
    Live,
    /// Everybody, once the poll is closed.
    AfterClose,
    /// The presenter alone, until they are revealed.
    Presenter,
}

/// Whether the audience may ask questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Asking {
    /// No.
    #[default]
    Off,
    /// Yes, and everybody sees them at once.
    Open,
    /// Yes, and everybody sees those that the presenter let through.
    Moderated,
}

fn bad(message: impl Into<String>) -> Refusal {
    Refusal::invalid("bad_poll", message)
}

impl Definition {
    /// The definition with its texts made clean, if it holds together.
    ///
    /// # Errors
    ///
    /// `bad_text` or `bad_poll` with what is wrong.
    pub fn checked(mut self) -> Result<Self, Refusal> {
        self.title = text::line("title", &self.title, TITLE_MAX)?;
        for option in &mut self.options {
            *option = text::line("option", option, OPTION_MAX)?;
        }
        self.check_options()?;
        if let Some(seconds) = self.seconds
            && !SECONDS.contains(&seconds)
        {
            let (least, most) = (SECONDS.start(), SECONDS.end());
            return Err(bad(format!("a poll is open for {least} to {most} s, not {seconds}")));
        }
        if matches!(self.kind, Kind::Quiz { .. }) {
            self.check_quiz()?;
        }
        self.check_secret()?;
        Ok(self)
    }

    fn check_options(&self) -> Result<(), Refusal> {
        let count = self.options.len();
        let (least, most) = match self.kind {
            Kind::Rating | Kind::Words { .. } => (0, 0),
            Kind::Ranked => (2, RANKED_MAX),
            Kind::Single | Kind::Multiple { .. } | Kind::Quiz { .. } => (2, OPTIONS_MAX),
        };
        if !(least..=most).contains(&count) {
            let kind = self.kind.name();
            return Err(bad(format!(
                "a poll of kind {kind} has {least} to {most} options, not {count}"
            )));
        }
        let mut sorted: Vec<&String> = self.options.iter().collect();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(bad("each option can be there once"));
        }
        let most = match self.kind {
            Kind::Multiple { .. } => count,
            Kind::Words { .. } => usize::from(WORDS_MAX),
            _ => return Ok(()),
        };
        let max = self.kind.max(count);
        if max == 0 || max > most {
            return Err(bad(format!("a ballot may have 1 to {most} of them, not {max}")));
        }
        Ok(())
    }

    fn check_quiz(&self) -> Result<(), Refusal> {
        if let Kind::Quiz { right } = self.kind
            && usize::from(right) >= self.options.len()
        {
            return Err(bad(format!("the right answer is none of the options: {right}")));
        }
        if self.seconds.is_none() {
            return Err(bad("a quiz needs a time limit, since its points go by speed"));
        }
        if self.change || self.secret || self.voters == Voters::Anyone {
            return Err(bad("a quiz takes one answer from each, for good, and is not secret"));
        }
        Ok(())
    }

    fn check_secret(&self) -> Result<(), Refusal> {
        let key = self.ballot_key.as_deref();
        if !self.secret {
            let none = key.is_none();
            return if none { Ok(()) } else { Err(bad("only a secret poll has a ballot key")) };
        }
        if self.voters == Voters::Anyone {
            return Err(bad("a secret poll must know who may vote: device, code or account"));
        }
        if self.results == Results::Live {
            return Err(bad("a secret poll shows no results while it is open"));
        }
        let fits = |key: &str| {
            (1..=BALLOT_KEY_MAX).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
        };
        match key {
            Some(key) if fits(key) => Ok(()),
            Some(_) => Err(bad("the ballot key is not visible ASCII, or too long")),
            None => Err(bad("a secret poll needs a key for its ballots")),
        }
    }
}
