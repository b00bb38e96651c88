//! Matches that are over are kept for a while, and then deleted: results, replay, rows in lists.

use std::time::Duration;

use playhouse_actors::Rooms;
use playhouse_actors::handle::AskError;
use playhouse_actors::journal::RowQuery;
use playhouse_domain::games::match_room::Command;
use playhouse_domain::games::match_room::rows::Kept;
use playhouse_domain::room::Caller;
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::MatchId;

use super::run;
use crate::asking::server_time;

/// How often it is looked for old ones. 10 min: nobody waits for it.
const LOOK_EVERY: Duration = Duration::from_secs(600);

/// How many of each sort are deleted at each look. 100: a demo ends two in that time, and 14,400 a day catch up with any
/// past; each is one record, so the others do not feel it.
const AT_ONCE: usize = 100;

/// How long a match is kept that nobody played to its end. A day: bots alone fill a disk as quickly as people do, and
/// nobody comes back for it.
const UNPLAYED: Duration = Duration::from_secs(24 * 60 * 60);

/// Deletes matches that are over for longer than they are kept.
pub struct Keeping {
    rooms: Rooms,
    played: Duration,
}

impl Keeping {
    /// Those that somebody played to their end are kept for `played`, others for that long at most.
    #[must_use]
    pub fn new(rooms: Rooms, played: Duration) -> Self {
        Self { rooms, played }
    }

    /// Looks for old ones again and again, until dropped.
    pub async fn run(self) {
        loop {
            match self.look(server_time()).await {
                Ok(0) => {}
                Ok(deleted) => tracing::info!(deleted, "deleted matches that were over for long"),
                Err(error) => tracing::warn!(%error, "old matches could not be deleted"),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Deletes what is too old at `now`, the oldest first. How many matches that were.
    async fn look(&self, now: Timestamp) -> Result<usize, AskError> {
        let unplayed = self.played.min(UNPLAYED);
        let mut deleted = 0;
        for (kept, age) in [(Kept::Played, self.played), (Kept::Unplayed, unplayed)] {
            let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
            let oldest = Timestamp::from_ms(now.ms().saturating_sub(age_ms));
            for id in self.ended_before(kept, oldest).await? {
                let room = run::room(id);
                let asked = run::ask(&self.rooms, &room, Caller::System, None, &Command::Delete);
                match asked.await {
                    Ok(_) => deleted += 1,
                    // The others need not wait for it.
                    Err(AskError::Refused(why)) => tracing::warn!(%room, %why, "a match stays"),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(deleted)
    }

    async fn ended_before(&self, kept: Kept, at: Timestamp) -> Result<Vec<MatchId>, AskError> {
        let prefix = kept.prefix().to_owned();
        let before = Some(format!("{prefix}{at}"));
        let table = "matches_ended".to_owned();
        let query =
            RowQuery { table, prefix, after: None, before, descending: false, limit: AT_ONCE };
        let rows = self.rooms.rows(query).await?;
        Ok(rows.iter().filter_map(|row| serde_json::from_str(&row.value).ok()).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use playhouse_domain::games::match_room::{Creation, Phase};
    use uuid::Uuid;

    use super::*;
    use crate::config::Config;
    use crate::server::Server;

    const HOUR: Duration = Duration::from_secs(3600);

    /// A match of bots that is over.
    async fn over(rooms: &Rooms) -> MatchId {
        let id = MatchId(Uuid::from_u128(5));
        let creation = Creation {
            game: "arena".to_owned(),
            title: None,
            settings: Some(r#"{"map":"open","frags":1}"#.to_owned()),
            seats: 8,
            bots: 8,
            listed: true,
        };
        for command in [Command::Create(Box::new(creation)), Command::Start] {
            run::ask(rooms, &run::room(id), Caller::System, None, &command).await.unwrap();
        }
        let start = Instant::now();
        while run::seen(rooms, id).await.unwrap().info.phase != Phase::Concluded {
            assert!(start.elapsed() < Duration::from_secs(60), "it does not end");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        id
    }

    #[actix_web::test]
    async fn a_match_of_bots_is_deleted_after_a_day_with_its_replay_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.store.data = folder.path().to_owned();
        config.http.addr.set_port(0);
        config.quic.enabled = false;
        let server = Server::start(config).await.unwrap();
        let rooms = server.app().rooms.clone();
        let keeping = Keeping::new(rooms.clone(), 30 * 24 * HOUR);
        let (id, now) = (over(&rooms).await, server_time());
        assert_eq!(keeping.look(now + 23 * HOUR).await.unwrap(), 0);
        assert!(run::replay(&rooms, id, 0).await.unwrap().total > 0);
        assert_eq!(keeping.look(now + 25 * HOUR).await.unwrap(), 1);
        let gone = run::replay(&rooms, id, 0).await.unwrap_err();
        assert_eq!(gone.code(), "match_deleted");
        assert_eq!(run::get(&rooms, id).await.unwrap_err().code(), "not_found");
        assert_eq!(keeping.look(now + 25 * HOUR).await.unwrap(), 0);
        let days = |days: u32| Keeping::new(rooms.clone(), days * 24 * HOUR);
        assert_eq!(days(1).look(now + 99 * HOUR).await.unwrap(), 0, "there is none left");
        server.stop().await;
    }
}
