//! Followers of rooms: each knows its position, and that what comes leads on from there.

use playhouse_domain::room::Audience;
use playhouse_protocol::ids::RoomId;
use serde_json::Value;

use crate::host::Started;
use crate::watch::{Publication, StreamPosition, WatcherId};

pub(super) struct Watcher {
    pub(super) room: RoomId,
    /// Where it stands, if it was told.
    pub(super) position: Option<StreamPosition>,
    /// The watch, and at which server, while it follows.
    pub(super) watching: Option<(u64, WatcherId)>,
    /// The watch that it asked for and was not answered yet, and at which server.
    pub(super) asked: Option<(u64, WatcherId)>,
    /// True while it takes nothing.
    pub(super) is_slow: bool,
    /// True if a publication was refused, so that only a whole view helps.
    lagged: bool,
}

impl Watcher {
    pub(super) fn of(room: RoomId) -> Self {
        Self { room, position: None, watching: None, asked: None, is_slow: false, lagged: false }
    }

    pub(super) fn audience() -> Audience {
        Audience::Public
    }

    /// The watch begins. True if it went on from its own position.
    pub(super) fn started(&mut self, server: u64, started: Started) -> bool {
        let Started { watcher, position, view, recovered, missed } = started;
        self.lagged = false;
        if let Some(own) = &self.position {
            assert_eq!(own.epoch, position.epoch, "nobody rewrote {}", self.room);
            assert!(own.offset <= position.offset, "{} went back: {own:?} {position:?}", self.room);
        }
        if recovered {
            for publication in &missed {
                self.take(publication);
            }
            let own = self.position.as_ref().map(|own| own.offset);
            assert_eq!(own, Some(position.offset), "what was missed leads up to the present");
        } else {
            let view: Value = parse(&view.expect("a view, or what was missed"));
            assert_eq!(view["to"], position.offset);
        }
        self.position = Some(position);
        self.watching = Some((server, watcher));
        recovered
    }

    /// The next publication; false if there is no room for it.
    pub(super) fn publish(&mut self, publication: &Publication) -> bool {
        if self.is_slow {
            self.lagged = true;
            return false;
        }
        self.take(publication);
        true
    }

    fn take(&mut self, publication: &Publication) {
        let own = self.position.as_mut().expect("a watcher that follows has a position");
        let told = parse(&publication.json);
        let (from, to) = (told["from"].as_u64(), told["to"].as_u64());
        assert_eq!(to, Some(publication.offset));
        assert!(
            to > Some(own.offset) || from.is_none() && to == Some(own.offset),
            "{told} at {own:?}"
        );
        match from {
            Some(from) => {
                assert!(!self.lagged, "only a whole view after what was not taken");
                assert_eq!(from, own.offset, "no gap and no repeat in {}", self.room);
            }
            None => {
                assert!(told["view"].is_object());
                self.lagged = false;
            }
        }
        own.offset = publication.offset;
    }
}

fn parse(json: &[u8]) -> Value {
    serde_json::from_slice(json).expect("JSON")
}
