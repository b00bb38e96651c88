//! Those who watch matches without playing in them: what they are shown, and whether it has gaps.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use playhouse_domain::games::find;
use playhouse_protocol::game::control::Refused;
use serde_json::json;
use tokio::task::JoinSet;

use crate::client::Client;
use crate::play::spectator::Spectator;
use crate::play::{Connection, PlayError, Way};

/// How long a match is watched at most. 35 min: the longest, with its lobby.
const LONGEST: Duration = Duration::from_secs(35 * 60);

/// How long it takes until a lost connection is made again. 300 ms.
const AGAIN: Duration = Duration::from_millis(300);

/// Those who watch.
#[derive(Default)]
pub(super) struct Crowd {
    tasks: Mutex<JoinSet<()>>,
    seen: Arc<Mutex<Seen>>,
}

/// What they have seen in all.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// How many came in.
    pub(super) watchers: u64,
    /// Ticks that were shown.
    pub(super) ticks: u64,
    /// Bytes of film.
    pub(super) bytes: u64,
    /// How often the film went on elsewhere.
    pub(super) cuts: u64,
    /// Ticks that were left out without a cut, or came twice.
    pub(super) gaps: u64,
    /// Why some did not come in, the first.
    pub(super) failed: Option<String>,
}

impl Crowd {
    /// So many more watch match `id`, every second one by WebSocket, until it is over.
    pub(super) fn watch(&self, client: &Client, id: &str, watchers: u16) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        for nth in 0..watchers {
            let (client, id, seen) = (client.clone(), id.to_owned(), self.seen.clone());
            tasks.spawn(async move {
                let end = follow(&client, &id, nth % 2 == 0, &seen).await;
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                if let Err(error) = end {
                    seen.failed.get_or_insert(error.to_string());
                }
            });
        }
    }

    /// What they have seen once their matches are over.
    pub(super) async fn finish(&self) -> Seen {
        let mut tasks =
            std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        while tasks.join_next().await.is_some() {}
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Watches a match to its end, over as many connections as it takes.
async fn follow(client: &Client, id: &str, web: bool, all: &Mutex<Seen>) -> Result<(), PlayError> {
    let mut seen = Seen { watchers: 1, ..Seen::default() };
    let mut last = Ok(());
    let until = Instant::now() + LONGEST;
    while Instant::now() < until {
        last = match look(client, id, web, &mut seen).await {
            PlayError::Closed { code: 1, .. } | PlayError::Refused(Refused::Over) => {
                all.lock().unwrap_or_else(PoisonError::into_inner).add(&seen);
                return Ok(());
            }
            other => Err(other),
        };
        tokio::time::sleep(AGAIN).await;
    }
    last
}

/// One connection's time; how it ended.
async fn look(client: &Client, id: &str, web: bool, seen: &mut Seen) -> PlayError {
    let mut spectator = match enter(client, id, web).await {
        Ok(spectator) => spectator,
        Err(error) => return error,
    };
    let mut before: Option<(u32, u32)> = None;
    let end = loop {
        let tick = match spectator.next().await {
            Ok(table) => table.tick(),
            // Also where nothing was shown for long, as in a lobby: another connection does no harm.
            Err(end) => break end,
        };
        let follows = |(last, cuts)| cuts != spectator.cuts || tick == last + 1;
        seen.gaps += u64::from(!before.is_none_or(follows));
        before = Some((tick, spectator.cuts));
        seen.ticks += 1;
    };
    seen.bytes += spectator.bytes;
    seen.cuts += u64::from(spectator.cuts);
    end
}

async fn enter(client: &Client, id: &str, web: bool) -> Result<Spectator, PlayError> {
    let broken = |error: &dyn std::fmt::Display| PlayError::Broken(error.to_string());
    let mut way = client.get("/api/games").await.map_err(|error| broken(&error))?;
    (way["session_id"], way["seat"], way["ticket"]) = (json!(id), json!(0), json!(""));
    let way = Way::read(&way)?;
    let connection =
        if web { Connection::web(&way).await? } else { Connection::native(&way).await? };
    let schema = find("arena").ok_or(broken(&"there is no arena"))?.schema();
    Spectator::enter(connection, schema, id).await
}

impl Seen {
    fn add(&mut self, more: &Self) {
        self.watchers += more.watchers;
        self.ticks += more.ticks;
        self.bytes += more.bytes;
        self.cuts += more.cuts;
        self.gaps += more.gaps;
    }
}
