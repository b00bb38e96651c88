//! A server without sockets: rooms, a ticker, and players in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use playhouse_actors::clock::{Clock, SystemClock};
use playhouse_actors::handle::{Answer, AskError};
use playhouse_actors::journal::Journal;
use playhouse_actors::ticker::Ticker;
use playhouse_actors::{Rooms, Start};
use playhouse_domain::games;
use playhouse_domain::games::match_room::{
    self, COUNTDOWN, Command, Creation, Entered, Match, MatchInfo, Phase, RUN, Reply, TokenHash,
};
use playhouse_domain::room::Caller;
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::{GuestId, MatchId, RoomId};
use uuid::Uuid;

use crate::player::{Player, Wire};

/// How long anything is waited for. A minute: far longer than it takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A clock that can be set forward.
pub(crate) struct Ahead {
    clock: SystemClock,
    by_ms: AtomicU64,
}

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        self.clock.now() + Duration::from_millis(self.by_ms.load(Ordering::Relaxed))
    }
}

impl Ahead {
    /// From now on it is so much later.
    pub(crate) fn forward(&self, by: Duration) {
        self.by_ms.fetch_add(by.as_millis() as u64, Ordering::Relaxed);
    }
}

#[derive(Clone)]
pub(crate) struct Stadium {
    pub(crate) rooms: Rooms,
    pub(crate) ticker: Ticker,
    pub(crate) clock: Arc<Ahead>,
}

/// Runs `story` with rooms over `journal` and matches that tick in `ticker`, and shuts them down. What the
/// story leaves lives on until then.
pub(crate) fn with_ticker<F: Future>(
    journal: Arc<dyn Journal>,
    ticker: Ticker,
    story: impl FnOnce(Stadium) -> F,
) -> F::Output {
    actix::System::new().block_on(async {
        let clock = Arc::new(Ahead { clock: SystemClock::start(), by_ms: AtomicU64::new(0) });
        let start = Start::new(journal).kind::<Match>().clock(clock.clone());
        let rooms = start.performer(RUN, Arc::new(ticker.clone())).start().unwrap();
        let left = story(Stadium { rooms: rooms.clone(), ticker, clock }).await;
        assert!(rooms.shut_down(Duration::from_secs(20)).await, "everything comes to rest");
        left
    })
}

pub(crate) fn room(id: u128) -> RoomId {
    match_room::room(MatchId(Uuid::from_u128(id)))
}

fn guest(seat: u16) -> Caller {
    Caller::Guest(GuestId(Uuid::from_u128(1000 + u128::from(seat))))
}

/// Waits until `found` finds something.
pub(crate) async fn until<T>(what: &str, mut found: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = found().await {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "still waiting for {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

impl Stadium {
    pub(crate) async fn ask(&self, room: &RoomId, by: Caller, command: Command) -> Reply {
        let asked = until("an answer", async || {
            match self.rooms.ask::<Match>(room, by.clone(), None, &command).await {
                Ok(Answer::Done { reply, .. }) => Some(Ok(reply)),
                Ok(Answer::Accepted { .. }) => None,
                Err(AskError::Refused(refusal)) => Some(Err(refusal)),
                Err(_) => None,
            }
        });
        asked.await.unwrap_or_else(|refusal| panic!("{command:?} was refused: {refusal:?}"))
    }

    pub(crate) async fn info(&self, room: &RoomId) -> MatchInfo {
        match self.ask(room, Caller::System, Command::Info).await {
            Reply::Match(info) => *info,
            other => panic!("{other:?}"),
        }
    }

    /// Makes a match and begins it. `sent` is called with each datagram to a player.
    pub(crate) async fn begin_game(
        &self,
        room: &RoomId,
        game: &str,
        settings: Option<String>,
        (people, bots): (u16, u16),
        sent: fn(),
    ) -> Vec<Player> {
        // One more than come, if there can be, for somebody who comes late.
        let seats = (people + bots + 1).min(games::find(game).unwrap().players_max());
        let game = game.to_owned();
        let creation = Creation { game, title: None, settings, seats, bots, listed: false };
        self.ask(room, Caller::System, Command::Create(Box::new(creation))).await;
        let mut players = Vec::new();
        for seat in 0..people {
            players.push(self.enter_with(room, seat, sent).await);
        }
        for seat in 0..people {
            self.ask(room, guest(seat), Command::Ready(true)).await;
        }
        self.ask(room, Caller::System, Command::Start).await;
        self.clock.forward(COUNTDOWN);
        let active = until("the match to begin", async || {
            Some(self.info(room).await).filter(|info| info.phase == Phase::Active)
        });
        active.await;
        players
    }

    /// Number `seat` of all people takes a seat, with a connection.
    pub(crate) async fn enter_with(&self, room: &RoomId, seat: u16, sent: fn()) -> Player {
        let (ticket, resume) = (TokenHash::of(&[1, seat as u8]), TokenHash::of(&[2, seat as u8]));
        let name = format!("player {seat}");
        self.ask(room, guest(seat), Command::Join { ticket, name }).await;
        let via = self.ticker.via();
        let entered = self.ask(room, guest(seat), Command::Enter { ticket, resume, via }).await;
        let Reply::Entered(Entered { seat, entry, .. }) = entered else { panic!("{entered:?}") };
        let wire = Arc::new(Wire::new(sent));
        let port = self.ticker.attach(room, seat, entry, wire.clone()).unwrap();
        let schema = games::find(&self.info(room).await.game).unwrap().schema();
        Player::new(seat, schema, port, wire)
    }
}
