//! What stories do with a stadium.

use std::sync::Arc;

use playhouse_actors::Ticker;
use playhouse_actors::journal::Journal;
use playhouse_domain::games::drill;
use playhouse_domain::games::match_room::{Command, MatchInfo, Reply};
use playhouse_domain::games::replay::{Replay, Verified};
use playhouse_domain::room::Caller;
use playhouse_protocol::game::Table;
use playhouse_protocol::game::control::Closed;
use playhouse_protocol::ids::RoomId;

use crate::player::Player;
use crate::stadium::{Stadium, until, with_ticker};

/// Runs `story` with matches that tick on one thread.
pub(crate) fn with_stadium<F: Future>(
    journal: Arc<dyn Journal>,
    story: impl FnOnce(Stadium) -> F,
) -> F::Output {
    with_ticker(journal, Ticker::start(1).unwrap(), story)
}

impl Player {
    pub(crate) fn world(&self) -> &Table {
        self.peer.world()
    }

    /// Why the match let go of it.
    pub(crate) fn closed(&self) -> Vec<Closed> {
        self.wire.closed.lock().clone()
    }
}

impl Stadium {
    /// Makes a match of the game `drill` with so many people and bots, and begins it.
    pub(crate) async fn begin(
        &self,
        room: &RoomId,
        settings: &drill::Settings,
        seats: (u16, u16),
    ) -> Vec<Player> {
        let settings = Some(serde_json::to_string(settings).unwrap());
        self.begin_game(room, "drill", settings, seats, || {}).await
    }

    /// Number `seat` of all people takes a seat, with a connection.
    pub(crate) async fn enter(&self, room: &RoomId, seat: u16) -> Player {
        self.enter_with(room, seat, || {}).await
    }

    /// Plays everything durable again.
    pub(crate) async fn verify(&self, room: &RoomId) -> Verified {
        let (mut log, mut head, mut ticks) = (Vec::new(), None, 0);
        loop {
            let after = log.len() as u32;
            match self.ask(room, Caller::System, Command::Replay { after }).await {
                Reply::Replay(page) if page.bytes.is_empty() => break,
                Reply::Replay(page) => {
                    log.extend_from_slice(&page.bytes);
                    (head, ticks) = (Some(page.head), page.ticks);
                }
                other => panic!("{other:?}"),
            }
        }
        let Some(head) = head else { return Verified { ticks: 0, compared: 0, hash: 0 } };
        let verified = Replay::open(&head, &log).unwrap().verify().unwrap();
        assert!(verified.ticks >= ticks);
        verified
    }

    /// Waits until at least `ticks` of the match are durable.
    pub(crate) async fn durable(&self, room: &RoomId, ticks: u32) -> Verified {
        let durable = until("ticks to be durable", async || {
            Some(self.verify(room).await).filter(|verified| verified.ticks >= ticks)
        });
        durable.await
    }

    /// Waits until the match is over.
    pub(crate) async fn over(&self, room: &RoomId) -> MatchInfo {
        let over = until("the end", async || {
            Some(self.info(room).await).filter(|info| info.phase.is_over())
        });
        over.await
    }
}
