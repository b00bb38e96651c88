//! Somebody who follows a room: each step leads on from the one before.

use playhouse_loadtest::live::Live;
use serde_json::{Value, json};

/// One channel as its follower knows it.
#[derive(Debug)]
pub(super) struct Followed {
    channel: String,
    epoch: String,
    offset: u64,
    /// How often it went on from its own position, and how often it was given the whole view.
    pub(super) recovered: u64,
    pub(super) anew: u64,
}

impl Followed {
    pub(super) fn of(channel: &str) -> Self {
        let (channel, epoch) = (channel.to_owned(), String::new());
        Self { channel, epoch, offset: 0, recovered: 0, anew: 0 }
    }

    /// True if every step of the room is told, and not its newest view alone.
    pub(super) fn has_every_step(&self) -> bool {
        !["poll:", "series:", "game:"].iter().any(|kind| self.channel.starts_with(kind))
    }

    /// Follows on `live`, from where it was.
    pub(super) async fn subscribe(&mut self, live: &mut Live) {
        let mut request = json!({ "channel": self.channel });
        if !self.epoch.is_empty() {
            request["recover"] = true.into();
            request["epoch"] = self.epoch.clone().into();
            request["offset"] = self.offset.into();
        }
        let reply = live.command("subscribe", request).await;
        let reply = reply.unwrap_or_else(|error| panic!("{}: {error}", self.channel));
        let epoch = reply["epoch"].as_str().unwrap_or_default().to_owned();
        let offset = reply["offset"].as_u64().unwrap_or_default();
        assert!(offset >= self.offset, "{} went back: {reply}", self.channel);
        assert!(self.epoch.is_empty() || self.epoch == epoch, "nobody rewrote {}", self.channel);
        if reply["recovered"] == true {
            // What was missed leads on from where the follower was.
            assert_eq!(offset, self.offset, "{reply}");
            self.recovered += 1;
            for publication in reply["publications"].as_array().into_iter().flatten() {
                self.take(publication);
            }
        } else {
            self.anew += 1;
            (self.epoch, self.offset) = (epoch, offset);
        }
    }

    /// Takes in what was pushed on `live`; how much that was.
    pub(super) fn hear(&mut self, pushes: &[Value]) -> usize {
        let own = |push: &&Value| push["channel"] == *self.channel && push["pub"].is_object();
        let heard: Vec<&Value> = pushes.iter().filter(own).collect();
        heard.iter().for_each(|push| self.take(&push["pub"]));
        heard.len()
    }

    fn take(&mut self, publication: &Value) {
        let data = &publication["data"];
        let (from, to) = (data["from"].as_u64(), data["to"].as_u64());
        assert_eq!(to, publication["offset"].as_u64(), "{}: {publication}", self.channel);
        assert!(to > Some(self.offset), "{} at {}: {publication}", self.channel, self.offset);
        if !data["view"].is_object() {
            assert_eq!(from, Some(self.offset), "no gap in {}: {publication}", self.channel);
        }
        self.offset = to.unwrap_or_default();
    }
}
