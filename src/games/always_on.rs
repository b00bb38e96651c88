//! A match of the server's own that is always on: its bots play, whoever comes joins them, and once it is over the
//! next one begins. One at a time, also after a crash: which one it is stands in the data directory.

use std::path::PathBuf;
use std::time::Duration;

use playhouse_actors::Rooms;
use playhouse_actors::handle::AskError;
use playhouse_domain::games::match_room::{Command, Creation, Phase};
use playhouse_domain::room::Caller;
use playhouse_protocol::ids::MatchId;
use uuid::Uuid;

use super::run;
use crate::private::{self, PrivateError};

/// The file in the data directory that names the match.
const FILE: &str = "always-on-match";

/// How often it is looked whether the match is over. 1 s: who wants to play on need not wait for the next one.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long it rests after a match that was not played to its end. 10 s: one that cannot be played is not tried over
/// and over.
const REST: Duration = Duration::from_secs(10);

/// A match that is always on.
pub struct AlwaysOn {
    rooms: Rooms,
    data: PathBuf,
    creation: Creation,
}

impl AlwaysOn {
    /// Matches as `creation` says, each after the other, named in the directory `data`.
    #[must_use]
    pub fn new(rooms: Rooms, data: PathBuf, creation: Creation) -> Self {
        Self { rooms, data, creation }
    }

    /// Keeps one on, until dropped.
    pub async fn keep(self) {
        let mut told = false;
        loop {
            match self.one().await {
                Ok(Phase::Concluded) => {
                    told = false;
                    tokio::time::sleep(LOOK_EVERY).await;
                    continue;
                }
                Ok(_) => {}
                // While it goes on failing it is said once.
                Err(error) if !told => {
                    told = true;
                    tracing::warn!(%error, "the match that is always on is not");
                }
                Err(_) => {}
            }
            tokio::time::sleep(REST).await;
        }
    }

    /// Begins the match that is to be on, or finds the one that is, and waits for its end.
    async fn one(&self) -> Result<Phase, NotOn> {
        let id = self.named()?;
        let create = Command::Create(Box::new(self.creation.clone()));
        match self.ask(id, &create).await {
            // It was made by an earlier version, with other settings: it is played to its end.
            Err(AskError::Refused(refusal)) if refusal.code == "already_exists" => {}
            made => made?,
        }
        loop {
            match self.phase(id).await? {
                Phase::Lobby => self.ask(id, &Command::Start).await?,
                Phase::Check | Phase::Countdown | Phase::Active => {}
                over @ (Phase::Concluded | Phase::Void) => {
                    self.name_another()?;
                    return Ok(over);
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn ask(&self, id: MatchId, command: &Command) -> Result<(), AskError> {
        run::ask(&self.rooms, &run::room(id), Caller::System, None, command).await.map(drop)
    }

    async fn phase(&self, id: MatchId) -> Result<Phase, AskError> {
        Ok(run::seen(&self.rooms, id).await?.info.phase)
    }

    /// Which match it is. The name is on the disk before there is a match, so that a crash leaves none over.
    fn named(&self) -> Result<MatchId, PrivateError> {
        let kept = private::read(&self.data.join(FILE))?;
        let id =
            kept.and_then(|bytes| Uuid::parse_str(std::str::from_utf8(&bytes).ok()?.trim()).ok());
        id.map_or_else(|| self.name_another(), |id| Ok(MatchId(id)))
    }

    fn name_another(&self) -> Result<MatchId, PrivateError> {
        let id = Uuid::from_bytes(rand::random());
        private::write(&self.data, FILE, id.to_string().as_bytes())?;
        Ok(MatchId(id))
    }
}

/// The match is not on.
#[derive(Debug, thiserror::Error)]
enum NotOn {
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error(transparent)]
    Name(#[from] PrivateError),
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::time::Instant;

    use playhouse_domain::games::match_room::rows::MatchRow;

    use super::*;
    use crate::config::Config;
    use crate::http::paging::Page;
    use crate::server::Server;

    /// How long two matches of one kill each may take on a busy machine.
    const WITHIN: Duration = Duration::from_secs(60);

    fn config(data: &Path) -> Config {
        let mut config = Config::default();
        config.store.data = data.to_owned();
        config.http.addr.set_port(0);
        config.quic.enabled = false;
        config
    }

    fn always_on(server: &Server, data: &Path) -> AlwaysOn {
        let creation = Creation {
            game: "arena".to_owned(),
            title: None,
            settings: Some(r#"{"map":"open","frags":1}"#.to_owned()),
            seats: 9,
            bots: 8,
            listed: true,
        };
        AlwaysOn::new(server.app().rooms.clone(), data.to_owned(), creation)
    }

    async fn listed(server: &Server, over: bool) -> Vec<MatchRow> {
        let page = Page::new(None, None).unwrap();
        let list = run::list(&server.app().rooms, None, over, &page).await.unwrap();
        let list: serde_json::Value = serde_json::from_slice(&list).unwrap();
        serde_json::from_value(list["items"].clone()).unwrap()
    }

    /// Waits until `enough` matches were played; there is never more than one that is not over.
    async fn played(server: &Server, enough: usize) -> BTreeSet<MatchId> {
        let start = Instant::now();
        loop {
            assert!(listed(server, false).await.len() <= 1, "one at a time");
            let over = listed(server, true).await;
            if over.len() >= enough {
                assert!(over.iter().all(|row| !row.winners.is_empty()), "{over:?}");
                return over.into_iter().map(|row| row.id).collect();
            }
            assert!(start.elapsed() < WITHIN, "{} matches were played", over.len());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    #[actix_web::test]
    async fn the_bots_play_one_match_after_the_other_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(config(folder.path())).await.unwrap();
        let keeping = actix::spawn(always_on(&server, folder.path()).keep());
        played(&server, 2).await;
        keeping.abort();
        server.stop().await;
        let server = Server::start(config(folder.path())).await.unwrap();
        let keeping = actix::spawn(always_on(&server, folder.path()).keep());
        played(&server, 4).await;
        keeping.abort();
        server.stop().await;
    }
}
