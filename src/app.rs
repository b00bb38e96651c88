//! What every handler shares.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use playhouse_actors::handle::Rooms;

use crate::accounts::Accounts;
use crate::backups::Backups;
use crate::config::Config;
use crate::games::Stage;
use crate::http::limit::Limits;
use crate::judge::Judge;
use crate::trail::Trail;
use crate::ws::Link;

/// What every handler shares, as `web::Data<App>`. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The settings.
    pub config: Arc<Config>,
    /// How the server is reached: scheme, host and port without a path (`http://127.0.0.1:8080`).
    /// For links and QR pictures.
    pub public_url: Arc<str>,
    /// All rooms.
    pub rooms: Rooms,
    /// Who is asking.
    pub accounts: Accounts,
    /// How often they may, over REST and live connections together.
    pub limits: Arc<Limits>,
    /// What is administered, and by whom.
    pub trail: Trail,
    /// Copies of everything.
    pub backups: Backups,
    /// The live connections.
    pub live: Link,
    /// Judges programs.
    pub judge: Judge,
    /// Those who play.
    pub stage: Stage,
    /// What the server is doing.
    pub phase: Phase,
}

/// What the server is doing; shared by everything that must know.
#[derive(Debug, Clone, Default)]
pub struct Phase(Arc<Doing>);

#[derive(Debug, Default)]
struct Doing {
    step: AtomicU8,
    /// What failed for good while the server serves.
    lost: OnceLock<&'static str>,
}

const STARTING: u8 = 0;
const SERVING: u8 = 1;
const STOPPING: u8 = 2;

impl Phase {
    /// From now on the server is ready for work.
    pub fn serve(&self) {
        self.0.step.store(SERVING, Ordering::Release);
    }

    /// From now on new work is refused.
    pub fn stop(&self) {
        self.0.step.store(STOPPING, Ordering::Release);
    }

    /// `what` failed for good: the server is no longer what it should be, until it is started again.
    pub fn lose(&self, what: &'static str) {
        let _ = self.0.lost.set(what);
    }

    /// What failed for good, if something did.
    #[must_use]
    pub fn lost(&self) -> Option<&'static str> {
        self.0.lost.get().copied()
    }

    /// True between start and shutdown.
    #[must_use]
    pub fn is_serving(&self) -> bool {
        self.0.step.load(Ordering::Acquire) == SERVING
    }

    /// True once the shutdown has begun.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.0.step.load(Ordering::Acquire) == STOPPING
    }

    /// For people: `starting`, `serving` or `stopping`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.0.step.load(Ordering::Acquire) {
            STARTING => "starting",
            SERVING => "serving",
            _ => "stopping",
        }
    }
}
