//! A match of the server's own that is always on. Either its bots play, whoever comes joins them, and once it is over
//! the next one begins; or it waits in its lobby for those who come, and once they have its seats the next one
//! waits. One at a time, also after a crash: which one it is stands in the data directory.

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

/// How often it is looked whether the match is over. 1 s: who wants to play on need not wait for the next one.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long it rests after a match that was not played to its end. 10 s: one that cannot be played is not tried over
/// and over.
const REST: Duration = Duration::from_secs(10);

/// A match that is always on.
pub struct AlwaysOn {
    rooms: Rooms,
    data: PathBuf,
    /// The file in the data directory that names the match.
    file: &'static str,
    creation: Creation,
    until: Until,
}

/// When the next match is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Once this one, which is begun at once, is over.
    Over,
    /// Once nobody can come into this one any more: it begins when those in it are ready.
    Taken,
}

impl AlwaysOn {
    /// Matches as `creation` says, each after the other, named in `file` in the directory `data`.
    #[must_use]
    pub fn new(
        rooms: Rooms,
        (data, file): (PathBuf, &'static str),
        creation: Creation,
        until: Until,
    ) -> Self {
        Self { rooms, data, file, creation, until }
    }

    /// Keeps one on, until dropped.
    pub async fn keep(self) {
        let mut told = false;
        loop {
            match self.one().await {
                Ok(true) => {
                    told = false;
                    tokio::time::sleep(LOOK_EVERY).await;
                    continue;
                }
                Ok(false) => {}
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

    /// Begins the match that is to be on, or finds the one that is, and waits until it makes way for the next one.
    /// False if it was called off.
    async fn one(&self) -> Result<bool, NotOn> {
        let id = self.named()?;
        let create = Command::Create(Box::new(self.creation.clone()));
        match self.ask(id, &create).await {
            // It was made by an earlier version, with other settings: it is played to its end.
            Err(AskError::Refused(refusal)) if refusal.code == "already_exists" => {}
            // It ended when the server went down, and that is long ago.
            Err(AskError::Refused(refusal)) if refusal.code == "match_deleted" => {
                self.name_another()?;
                return Ok(true);
            }
            made => made?,
        }
        loop {
            let seen = run::seen(&self.rooms, id).await?.info;
            let makes_way = match (self.until, seen.phase) {
                (_, Phase::Concluded | Phase::Void) => true,
                (Until::Taken, phase) => phase != Phase::Lobby || !seen.open,
                (Until::Over, Phase::Lobby) => {
                    self.ask(id, &Command::Start).await?;
                    false
                }
                (Until::Over, Phase::Check | Phase::Countdown | Phase::Active) => false,
            };
            if makes_way {
                self.name_another()?;
                return Ok(seen.phase != Phase::Void);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn ask(&self, id: MatchId, command: &Command) -> Result<(), AskError> {
        run::ask(&self.rooms, &run::room(id), Caller::System, None, command).await.map(drop)
    }

    /// Which match it is. The name is on the disk before there is a match, so that a crash leaves none over.
    fn named(&self) -> Result<MatchId, PrivateError> {
        let kept = private::read(&self.data.join(self.file))?;
        let id =
            kept.and_then(|bytes| Uuid::parse_str(std::str::from_utf8(&bytes).ok()?.trim()).ok());
        id.map_or_else(|| self.name_another(), |id| Ok(MatchId(id)))
    }

    fn name_another(&self) -> Result<MatchId, PrivateError> {
        let id = Uuid::from_bytes(rand::random());
        private::write(&self.data, self.file, id.to_string().as_bytes())?;
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

    use playhouse_domain::games::match_room::TokenHash;
    use playhouse_domain::games::match_room::rows::MatchRow;
    use playhouse_protocol::ids::GuestId;

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
        let named = (data.to_owned(), "always-on-match");
        AlwaysOn::new(server.app().rooms.clone(), named, creation, Until::Over)
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

    /// The one match that somebody can still come into, once it is another than `taken`.
    async fn waiting(server: &Server, taken: Option<MatchId>) -> MatchId {
        let start = Instant::now();
        loop {
            let open: Vec<_> =
                listed(server, false).await.into_iter().filter(|row| row.open).collect();
            assert!(open.len() <= 1, "one at a time: {open:?}");
            if let Some(id) = open.first().map(|row| row.id).filter(|id| Some(*id) != taken) {
                return id;
            }
            assert!(start.elapsed() < WITHIN, "no table waits");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    #[actix_web::test]
    async fn a_table_waits_for_those_who_come_and_once_it_is_taken_the_next_one_waits() {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(config(folder.path())).await.unwrap();
        let rooms = server.app().rooms.clone();
        let creation = Creation {
            game: "fourinarow".to_owned(),
            title: None,
            settings: None,
            seats: 2,
            bots: 1,
            listed: true,
        };
        let named = (folder.path().to_owned(), "always-on-table");
        let table = AlwaysOn::new(rooms.clone(), named, creation, Until::Taken);
        let keeping = actix::spawn(table.keep());
        let first = waiting(&server, None).await;
        let caller = Caller::Guest(GuestId(Uuid::from_bytes([7; 16])));
        let join = Command::Join { ticket: TokenHash([1; 32]), name: "Ann".to_owned() };
        run::ask(&rooms, &run::room(first), caller, None, &join).await.unwrap();
        let second = waiting(&server, Some(first)).await;
        assert_ne!(first, second);
        // It did not begin by itself.
        let seen = run::seen(&rooms, first).await.unwrap().info;
        assert_eq!((seen.phase, seen.open), (Phase::Lobby, false));
        keeping.abort();
        server.stop().await;
    }
}
