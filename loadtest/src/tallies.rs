//! Following a poll's tallies live. Its newest state is all that is promised, so a follower may miss
//! steps, and never sees one go back.

use std::time::Duration;

use serde_json::{Value, json};

use crate::live::Live;

pub use crate::follow::FollowError;

/// One poll as a follower knows it: the first view, and every part that changed since.
#[derive(Debug, Clone, Default)]
pub struct Tallies {
    channel: String,
    epoch: String,
    offset: u64,
    poll: Value,
    tally: Value,
    stage: Value,
    /// How many publications were taken in.
    pub publications: u64,
    /// How often it went on from its own position.
    pub recovered: u64,
    /// How often it began with a whole view. 1 is the beginning.
    pub anew: u64,
}

impl Tallies {
    /// A follower of `poll` that has seen nothing yet.
    #[must_use]
    pub fn of(poll: &str) -> Self {
        Self { channel: format!("poll:{poll}"), ..Self::default() }
    }

    /// The poll's question and phase.
    #[must_use]
    pub fn poll(&self) -> &Value {
        &self.poll
    }

    /// The tallies: `ballots`, `counts` and so on, as far as they are shown.
    #[must_use]
    pub fn tally(&self) -> &Value {
        &self.tally
    }

    /// What the presenter alone sees; null for others.
    #[must_use]
    pub fn stage(&self) -> &Value {
        &self.stage
    }

    /// How many ballots count.
    #[must_use]
    pub fn ballots(&self) -> u64 {
        self.tally["ballots"].as_u64().unwrap_or_default()
    }

    /// The record up to which everything is known.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The channel, `poll:…`.
    #[must_use]
    pub fn channel(&self) -> &str {
        &self.channel
    }

    /// What to send as `subscribe`: from the own position, if there is one.
    #[must_use]
    pub fn request(&self) -> Value {
        let mut request = json!({ "channel": self.channel });
        if !self.epoch.is_empty() {
            request["recover"] = true.into();
            request["epoch"] = self.epoch.clone().into();
            request["offset"] = self.offset.into();
        }
        request
    }

    /// Subscribes on `live`, from where it was.
    ///
    /// # Errors
    ///
    /// [`FollowError`].
    pub async fn subscribe(&mut self, live: &mut Live) -> Result<(), FollowError> {
        let reply = live.command("subscribe", self.request()).await?;
        self.subscribed(&reply)
    }

    /// Takes in the reply to `subscribe`.
    ///
    /// # Errors
    ///
    /// [`FollowError::Gap`].
    pub fn subscribed(&mut self, reply: &Value) -> Result<(), FollowError> {
        let epoch = reply["epoch"].as_str().unwrap_or_default();
        if reply["recovered"] == true {
            if epoch != self.epoch {
                return Err(self.gap(reply));
            }
            self.recovered += 1;
            for publication in reply["publications"].as_array().into_iter().flatten() {
                self.take(publication)?;
            }
            return Ok(());
        }
        let view = &reply["data"]["view"];
        let offset = reply["offset"].as_u64().unwrap_or_default();
        if !view.is_object() || epoch == self.epoch && offset < self.offset {
            return Err(self.gap(reply));
        }
        self.anew += 1;
        epoch.clone_into(&mut self.epoch);
        self.offset = offset;
        self.look(view);
        Ok(())
    }

    /// Takes in whatever comes within `time`.
    ///
    /// # Errors
    ///
    /// [`FollowError`].
    pub async fn watch(&mut self, live: &mut Live, time: Duration) -> Result<(), FollowError> {
        let watched = live.linger(time).await;
        for push in live.pushes() {
            if push["channel"] == self.channel && push["pub"].is_object() {
                self.take(&push["pub"])?;
            }
        }
        Ok(watched?)
    }

    /// Takes in one publication.
    ///
    /// # Errors
    ///
    /// [`FollowError::Gap`].
    pub fn take(&mut self, publication: &Value) -> Result<(), FollowError> {
        let data = &publication["data"];
        let (to, offset) = (data["to"].as_u64(), publication["offset"].as_u64());
        if to.is_none() || to != offset || to <= Some(self.offset) {
            return Err(self.gap(publication));
        }
        if data["view"].is_object() {
            self.look(&data["view"]);
        } else if data["from"].as_u64() == Some(self.offset) && data["change"].is_object() {
            for (name, part) in
                [("poll", &mut self.poll), ("tally", &mut self.tally), ("stage", &mut self.stage)]
            {
                if data["change"][name].is_object() {
                    part.clone_from(&data["change"][name]);
                }
            }
        } else {
            return Err(self.gap(publication));
        }
        self.offset = to.unwrap_or_default();
        self.publications += 1;
        Ok(())
    }

    fn look(&mut self, view: &Value) {
        self.poll = view["poll"].clone();
        self.tally = view["tally"].clone();
        self.stage = view["stage"].clone();
    }

    fn gap(&self, came: &Value) -> FollowError {
        FollowError::Gap { at: self.offset, epoch: self.epoch.clone(), came: came.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_seven() -> Tallies {
        let view = json!({ "poll": { "phase": "open" }, "tally": { "ballots": 1 } });
        let mut tallies = Tallies::of("x");
        let reply = json!({ "epoch": "e", "offset": 7, "data": { "view": view } });
        tallies.subscribed(&reply).unwrap();
        tallies
    }

    fn change(from: u64, to: u64) -> Value {
        json!({ "offset": to,
            "data": { "from": from, "to": to, "change": { "tally": { "ballots": 2 } } } })
    }

    #[test]
    fn each_part_of_a_change_replaces_the_one_before_and_the_others_stay() {
        let mut tallies = at_seven();
        tallies.take(&change(7, 9)).unwrap();
        assert_eq!((tallies.ballots(), tallies.offset()), (2, 9));
        assert_eq!(tallies.poll()["phase"], "open");
    }

    #[test]
    fn a_step_back_and_a_change_of_something_else_are_found() {
        for wrong in [change(8, 9), change(6, 7), change(7, 7), json!({})] {
            assert!(at_seven().take(&wrong).is_err(), "{wrong}");
        }
        let older = json!({ "epoch": "e", "offset": 6, "data": { "view": {} } });
        assert!(at_seven().subscribed(&older).is_err());
    }
}
