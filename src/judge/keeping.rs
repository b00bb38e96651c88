//! Jobs that are judged are kept for a while, and then forgotten: program, outcome, rows in lists.

use std::time::Duration;

use playhouse_actors::Rooms;
use playhouse_actors::handle::AskError;
use playhouse_actors::journal::RowQuery;
use playhouse_domain::judge::job::{self, Command, Job};
use playhouse_domain::room::Caller;
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::JobId;

use crate::asking::server_time;

/// How often it is looked for old ones. 10 min: nobody waits for it.
const LOOK_EVERY: Duration = Duration::from_secs(600);

/// How many are forgotten at each look. 1,000, 144,000 a day: two cores judge about as many, and each is one
/// record, so the others do not feel it.
const AT_ONCE: usize = 1_000;

/// Forgets jobs that were judged longer ago than they are kept.
pub struct Keeping {
    rooms: Rooms,
    keep: Duration,
}

impl Keeping {
    /// They are kept for `keep`.
    #[must_use]
    pub fn new(rooms: Rooms, keep: Duration) -> Self {
        Self { rooms, keep }
    }

    /// Looks for old ones again and again, until dropped.
    pub async fn run(self) {
        loop {
            match self.look(server_time()).await {
                Ok(0) => {}
                Ok(forgotten) => tracing::info!(forgotten, "forgot jobs that were judged long ago"),
                Err(error) => tracing::warn!(%error, "old jobs could not be forgotten"),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Forgets what is too old at `now`, the oldest first. How many jobs that were.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn look(&self, now: Timestamp) -> Result<usize, AskError> {
        let query = RowQuery {
            table: "jobs_ended".to_owned(),
            prefix: String::new(),
            after: None,
            before: Some((now - self.keep).to_string()),
            descending: false,
            limit: AT_ONCE,
        };
        let mut forgotten = 0;
        for row in self.rooms.rows(query).await? {
            let Ok(id) = serde_json::from_str::<JobId>(&row.value) else { continue };
            let room = job::room(id);
            match self.rooms.ask::<Job>(&room, Caller::System, None, &Command::Delete).await {
                Ok(_) => forgotten += 1,
                // The others need not wait for it.
                Err(AskError::Refused(why)) => tracing::warn!(%room, %why, "a job stays"),
                Err(error) => return Err(error),
            }
        }
        Ok(forgotten)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use playhouse_domain::judge::Submission;
    use playhouse_domain::room::Audience;
    use uuid::Uuid;

    use super::*;
    use crate::config::Config;
    use crate::server::Server;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    #[actix_web::test]
    async fn a_job_is_forgotten_once_it_was_judged_for_long_enough_and_one_that_waits_never() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.store.data = folder.path().to_owned();
        config.http.addr.set_port(0);
        config.quic.enabled = false;
        let server = Server::start(config).await.unwrap();
        let rooms = server.app().rooms.clone();
        let room = |n: u128| job::room(JobId(Uuid::from_u128(n)));
        // Nobody looked at the machine, so nothing runs.
        for n in [1, 2] {
            let submission = Box::new(Submission::run("c", "main.c", "x"));
            let command = Command::Submit { owner: None, submission };
            rooms.ask::<Job>(&room(n), Caller::System, None, &command).await.unwrap();
        }
        rooms.ask::<Job>(&room(1), Caller::System, None, &Command::Cancel).await.unwrap();
        let (keeping, now) = (Keeping::new(rooms.clone(), 7 * DAY), server_time());
        assert_eq!(keeping.look(now + 6 * DAY).await.unwrap(), 0);
        // It may still owe the queue its place.
        let start = Instant::now();
        while keeping.look(now + 8 * DAY).await.unwrap() == 0 {
            assert!(start.elapsed() < Duration::from_secs(30), "it stays");
        }
        assert!(rooms.view(&room(1), Audience::Presenter).await.is_err());
        assert!(rooms.view(&room(2), Audience::Presenter).await.is_ok());
        assert_eq!(keeping.look(now + 99 * DAY).await.unwrap(), 0);
        server.stop().await;
    }
}
