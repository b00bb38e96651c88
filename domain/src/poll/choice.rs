//! What was voted: reading it, storing it, and writing it into the log.

use serde::{Deserialize, Serialize};

use super::definition::{Definition, Kind};
use super::words::{self, Cloud, WordId};
use crate::refusal::Refusal;
use crate::text;

/// The longest name of somebody in a quiz, in characters. 24: what fits beside the points.
pub const NAME_MAX: usize = 24;

/// What is voted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Choice {
    /// Options by number from 0: one, some, or all by preference. For a rating, the number 1 to 5.
    Options(Vec<u8>),
    /// Words.
    Words(Vec<String>),
}

fn bad(message: impl Into<String>) -> Refusal {
    Refusal::invalid("bad_choice", message)
}

impl Choice {
    /// The choice as it counts in the poll `asks`: in order where order means nothing, words as
    /// they are normalised, each once.
    ///
    /// # Errors
    ///
    /// `bad_choice` or `bad_text` with what is wrong.
    pub fn checked(self, asks: &Definition) -> Result<Self, Refusal> {
        match (self, asks.kind) {
            (Self::Words(typed), Kind::Words { max }) => said(typed, usize::from(max)),
            (Self::Options(marks), Kind::Rating) => match marks[..] {
                [1..=5] => Ok(Self::Options(marks)),
                _ => Err(bad("a rating is one number from 1 to 5")),
            },
            (Self::Options(marks), kind) if !matches!(kind, Kind::Words { .. }) => {
                marked(marks, kind, asks.options.len())
            }
            (Self::Options(_), _) => Err(bad("this poll asks for words")),
            (Self::Words(_), _) => Err(bad("this poll asks for options by number")),
        }
    }

    /// The body of its record: `{"choice":[0]}` or `{"words":["rust"]}`, with the `name` if any.
    pub(super) fn body(&self, name: Option<&str>) -> String {
        let choice = match self {
            Self::Options(marks) => format!(r#""choice":{}"#, json(marks)),
            Self::Words(words) => format!(r#""words":{}"#, json(words)),
        };
        match name {
            Some(name) => format!(r#"{{{choice},"name":{}}}"#, json(name)),
            None => format!("{{{choice}}}"),
        }
    }
}

/// `value` as JSON on one line.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("numbers and texts have a JSON form")
}

fn said(typed: Vec<String>, max: usize) -> Result<Choice, Refusal> {
    if typed.is_empty() || typed.len() > max {
        return Err(bad(format!("a ballot has 1 to {max} words, not {}", typed.len())));
    }
    let mut said = Vec::with_capacity(typed.len());
    for word in &typed {
        let word = words::normalised(word)?;
        if !said.contains(&word) {
            said.push(word);
        }
    }
    Ok(Choice::Words(said))
}

fn marked(mut marks: Vec<u8>, kind: Kind, options: usize) -> Result<Choice, Refusal> {
    let max = kind.max(options);
    if marks.is_empty() || marks.len() > max {
        return Err(bad(format!("a ballot has 1 to {max} options, not {}", marks.len())));
    }
    if let Some(unknown) = marks.iter().find(|mark| usize::from(**mark) >= options) {
        return Err(bad(format!("there is no option {unknown}; the last is {}", options - 1)));
    }
    let mut sorted = marks.clone();
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(bad("each option can be named once"));
    }
    if kind != Kind::Ranked {
        marks = sorted;
    }
    Ok(Choice::Options(marks))
}

/// The name of somebody in a quiz, made clean.
///
/// # Errors
///
/// `bad_text`, or `bad_choice` where the poll takes no names.
pub(super) fn name(asks: &Definition, name: Option<&str>) -> Result<Option<String>, Refusal> {
    match (name, asks.kind) {
        (None, _) => Ok(None),
        (Some(name), Kind::Quiz { .. }) => text::line("name", name, NAME_MAX).map(Some),
        (Some(_), _) => Err(bad("only a quiz takes names")),
    }
}

/// A choice as it is kept: a full poll has tens of thousands of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Marks {
    Options(Box<[u8]>),
    Words(Box<[WordId]>),
}

impl Marks {
    /// Keeps `choice`; words that are new are given numbers.
    pub(super) fn of(choice: &Choice, cloud: &mut Cloud) -> Self {
        match choice {
            Choice::Options(marks) => Self::Options(marks.as_slice().into()),
            Choice::Words(words) => Self::Words(words.iter().map(|word| cloud.id(word)).collect()),
        }
    }

    pub(super) fn choice(&self, cloud: &Cloud) -> Choice {
        match self {
            Self::Options(marks) => Choice::Options(marks.to_vec()),
            Self::Words(ids) => {
                Choice::Words(ids.iter().map(|id| cloud.text(*id).to_owned()).collect())
            }
        }
    }
}
