//! Following a showing's seats live, and checking that nothing is missed or told twice.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::live::{Live, LiveError};

/// Why following went wrong.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The connection broke, or the subscription was refused.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// The stream is not one unbroken line.
    #[error("at offset {at} of epoch {epoch:?} came {came}")]
    Gap {
        /// Where the follower was.
        at: u64,
        /// In which stream.
        epoch: String,
        /// What came.
        came: Value,
    },
}

/// The seats of one showing as a follower knows them: the first view, and every change since.
#[derive(Debug, Clone, Default)]
pub struct Follower {
    channel: String,
    epoch: String,
    offset: u64,
    seats: BTreeMap<String, String>,
    totals: Value,
    /// How many publications were taken in.
    pub publications: u64,
    /// How often it went on from its own position.
    pub recovered: u64,
    /// How often it had to begin anew with a whole view. 1 is the beginning.
    pub anew: u64,
}

impl Follower {
    /// A follower of `showing` that has seen nothing yet.
    #[must_use]
    pub fn of(showing: &str) -> Self {
        Self { channel: format!("showing:{showing}"), ..Self::default() }
    }

    /// Each seat's state by its name.
    #[must_use]
    pub fn seats(&self) -> &BTreeMap<String, String> {
        &self.seats
    }

    /// How many seats are in which state, as it was told last.
    #[must_use]
    pub fn totals(&self) -> &Value {
        &self.totals
    }

    /// Subscribes on `live`, from where it was.
    ///
    /// # Errors
    ///
    /// [`FollowError`].
    pub async fn subscribe(&mut self, live: &mut Live) -> Result<(), FollowError> {
        let mut request = json!({ "channel": self.channel });
        if !self.epoch.is_empty() {
            request["recover"] = true.into();
            request["epoch"] = self.epoch.clone().into();
            request["offset"] = self.offset.into();
        }
        let reply = live.command("subscribe", request).await?;
        let epoch = reply["epoch"].as_str().unwrap_or_default();
        if reply["recovered"] == true {
            if epoch != self.epoch {
                return Err(self.gap(&reply));
            }
            self.recovered += 1;
            for publication in reply["publications"].as_array().into_iter().flatten() {
                self.take(publication)?;
            }
            return Ok(());
        }
        self.anew += 1;
        self.epoch = epoch.to_owned();
        self.offset = reply["offset"].as_u64().unwrap_or_default();
        self.look(&reply["data"]["view"]);
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

    fn take(&mut self, publication: &Value) -> Result<(), FollowError> {
        let data = &publication["data"];
        let (to, offset) = (data["to"].as_u64(), publication["offset"].as_u64());
        if to.is_none() || to != offset || to <= Some(self.offset) {
            return Err(self.gap(publication));
        }
        if data["view"].is_object() {
            self.look(&data["view"]);
        } else if data["from"].as_u64() == Some(self.offset) {
            for (seat, state) in data["change"]["seats"].as_object().into_iter().flatten() {
                self.seats.insert(seat.clone(), state.as_str().unwrap_or_default().to_owned());
            }
            self.totals = data["change"]["totals"].clone();
        } else {
            return Err(self.gap(publication));
        }
        self.offset = to.unwrap_or_default();
        self.publications += 1;
        Ok(())
    }

    fn look(&mut self, view: &Value) {
        self.seats = states(view);
        self.totals = view["seats"].clone();
    }

    fn gap(&self, came: &Value) -> FollowError {
        FollowError::Gap { at: self.offset, epoch: self.epoch.clone(), came: came.clone() }
    }
}

/// Each seat's state by its name, of a whole seat map.
#[must_use]
pub fn states(map: &Value) -> BTreeMap<String, String> {
    let rows = map["rows"].as_array().into_iter().flatten();
    let seats = rows.flat_map(|row| row["seats"].as_array().into_iter().flatten());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    seats.map(|seat| (text(&seat["id"]), text(&seat["state"]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(from: u64, to: u64, seat: &str) -> Value {
        json!({ "offset": to, "data": { "from": from, "to": to,
            "change": { "seats": { seat: "held" }, "totals": { "free": 1 } } } })
    }

    fn at_seven() -> Follower {
        Follower { offset: 7, epoch: "e".into(), ..Follower::of("x") }
    }

    #[test]
    fn changes_that_follow_on_are_taken_in() {
        let mut follower = at_seven();
        follower.take(&change(7, 9, "A1")).unwrap();
        follower.take(&change(9, 10, "A2")).unwrap();
        assert_eq!(follower.seats().len(), 2);
        assert_eq!(follower.totals()["free"], 1);
    }

    #[test]
    fn a_gap_a_repeat_and_a_step_back_are_found() {
        for wrong in [change(8, 9, "A1"), change(6, 7, "A1"), change(5, 6, "A1"), json!({})] {
            assert!(at_seven().take(&wrong).is_err(), "{wrong}");
        }
    }
}
