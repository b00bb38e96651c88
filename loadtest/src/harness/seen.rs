//! What one watcher was told, and whether it is one unbroken line.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

/// How many publications a watcher notes, at most. 40,000: an hour at ten a second; later ones are
/// checked and not noted.
const NOTED_MAX: usize = 40_000;

/// How many faults a watcher tells of. One shows what is wrong.
const FAULTS_MAX: usize = 3;

/// A publication that reached a watcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// When, in microseconds since the run's beginning.
    pub at_us: u32,
    /// How many ballots it shows, of a poll; else the newest record.
    pub mark: u32,
}

/// All that one watcher was told.
#[derive(Debug, Default)]
pub struct Seen {
    /// Each publication.
    pub frames: Vec<Frame>,
    /// How often it went on from its own offset.
    pub recovered: u32,
    /// How often it began with a whole view. 1 is the beginning.
    pub anew: u32,
    /// How often its connection broke.
    pub breaks: u32,
    /// How long it took to go on, each time, from when the server was there.
    pub back: Vec<Duration>,
    /// What was wrong with what it was told.
    pub faults: Vec<String>,
    /// True if it never read anything.
    pub silent: bool,
    epoch: String,
    offset: u64,
    mark: u32,
    is_poll: bool,
}

#[derive(Deserialize)]
struct Message {
    push: Option<Push>,
}

/// What is pushed.
#[derive(Deserialize)]
pub(super) struct Push {
    #[serde(rename = "pub")]
    pub(super) publication: Option<Publication>,
}

/// A publication, as far as it is looked at.
#[derive(Deserialize)]
pub(super) struct Publication {
    offset: u64,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    from: Option<u64>,
    to: Option<u64>,
    view: Option<Part>,
    change: Option<Part>,
}

/// What a view and a change have in common. All else is skipped unread.
#[derive(Deserialize)]
struct Part {
    tally: Option<Tally>,
}

#[derive(Deserialize)]
struct Tally {
    ballots: u32,
}

impl Seen {
    /// How far it has come, as [`Frame::mark`].
    #[must_use]
    pub fn mark(&self) -> u32 {
        self.mark
    }

    fn fault(&mut self, fault: String) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        }
    }

    fn frame(&mut self, at_us: u32, part: Option<&Part>) {
        match part.and_then(|part| part.tally.as_ref()) {
            Some(Tally { ballots }) if *ballots < self.mark => {
                let (had, offset) = (self.mark, self.offset);
                self.fault(format!("{ballots} ballots after {had} at offset {offset}"));
            }
            Some(Tally { ballots }) => {
                self.is_poll = true;
                self.mark = *ballots;
            }
            None if self.is_poll => {}
            None => self.mark = u32::try_from(self.offset).unwrap_or(u32::MAX),
        }
        if self.frames.len() < NOTED_MAX {
            self.frames.push(Frame { at_us, mark: self.mark });
        }
    }

    /// Takes in one publication.
    pub(super) fn take(&mut self, at_us: u32, publication: &Publication) {
        let Publication { offset, data } = publication;
        let follows = data.view.is_some() || data.from == Some(self.offset);
        if data.to != Some(*offset) || *offset <= self.offset || !follows {
            let (from, had) = (data.from, self.offset);
            self.fault(format!("a publication from {from:?} to {offset} came at offset {had}"));
        }
        self.offset = self.offset.max(*offset);
        self.frame(at_us, data.view.as_ref().or(data.change.as_ref()));
    }

    /// Takes in a frame, which may hold several messages.
    pub(super) fn text(&mut self, at_us: u32, text: &str) {
        for line in text.lines().filter(|line| line.contains("\"push\"")) {
            match serde_json::from_str::<Message>(line) {
                Ok(Message { push: Some(Push { publication: Some(publication) }) }) => {
                    self.take(at_us, &publication);
                }
                Ok(_) => {}
                Err(error) => self.fault(format!("a message that is none: {error}")),
            }
        }
    }

    /// Takes in the reply to `subscribe`.
    pub(super) fn subscribed(&mut self, at_us: u32, mut reply: Value) {
        let epoch = reply["epoch"].as_str().unwrap_or_default().to_owned();
        if reply["recovered"] == true {
            if epoch != self.epoch {
                self.fault(format!("recovered in epoch {epoch}, not in {}", self.epoch));
            }
            self.recovered += 1;
            let publications = reply["publications"].take();
            let publications: Result<Vec<Publication>, _> = match publications {
                Value::Null => Ok(Vec::new()),
                some => serde_json::from_value(some),
            };
            match publications {
                Ok(publications) => {
                    publications.iter().for_each(|publication| self.take(at_us, publication));
                }
                Err(error) => self.fault(format!("a recovery that is none: {error}")),
            }
            return;
        }
        let offset = reply["offset"].as_u64().unwrap_or_default();
        if epoch == self.epoch && offset < self.offset {
            self.fault(format!("began anew at {offset}, behind {}", self.offset));
        }
        self.anew += 1;
        self.epoch = epoch;
        self.offset = offset;
        let part = serde_json::from_value(reply["data"]["view"].take()).ok();
        self.frame(at_us, part.as_ref());
    }

    /// What to send as `subscribe`.
    pub(super) fn request(&self, channel: &str) -> Value {
        let mut request = json!({ "channel": channel });
        if !self.epoch.is_empty() {
            request["recover"] = true.into();
            request["epoch"] = self.epoch.clone().into();
            request["offset"] = self.offset.into();
        }
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_seven() -> Seen {
        let mut seen = Seen::default();
        let view = json!({ "tally": { "ballots": 3 } });
        seen.subscribed(0, json!({ "epoch": "e", "offset": 7, "data": { "view": view } }));
        seen
    }

    fn push(data: &str, offset: u64) -> String {
        format!(r#"{{"push":{{"channel":"x","pub":{{"offset":{offset},"data":{data}}}}}}}"#)
    }

    #[test]
    fn an_unbroken_line_has_no_fault_and_marks_how_many_ballots_it_shows() {
        let mut seen = at_seven();
        seen.text(5, &push(r#"{"from":7,"to":8,"change":{"tally":{"ballots":4}}}"#, 8));
        seen.text(6, &push(r#"{"to":10,"view":{"poll":{},"tally":{"ballots":6}}}"#, 10));
        assert_eq!(seen.faults, Vec::<String>::new());
        let marks: Vec<u32> = seen.frames.iter().map(|frame| frame.mark).collect();
        assert_eq!(marks, [3, 4, 6]);
    }

    #[test]
    fn a_gap_a_repeat_a_step_back_and_a_foreign_epoch_are_faults() {
        for (data, offset) in [
            (r#"{"from":8,"to":9,"change":{}}"#, 9),
            (r#"{"from":6,"to":7,"change":{}}"#, 7),
            (r#"{"to":7,"view":{"tally":{"ballots":3}}}"#, 7),
            (r#"{"to":8,"view":{"tally":{"ballots":2}}}"#, 8),
        ] {
            let mut seen = at_seven();
            seen.text(5, &push(data, offset));
            assert_eq!(seen.faults.len(), 1, "{data}");
        }
        let mut seen = at_seven();
        seen.subscribed(5, json!({ "epoch": "other", "recovered": true, "offset": 7 }));
        assert_eq!(seen.faults.len(), 1);
    }
}
