//! What every handler shares.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use playhouse_actors::handle::Rooms;

use crate::accounts::Accounts;
use crate::backups::Backups;
use crate::config::Config;
use crate::http::limit::Limits;
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
    /// What the server is doing.
    pub phase: Phase,
}

/// What the server is doing; shared by everything that must know.
#[derive(Debug, Clone, Default)]
pub struct Phase(Arc<AtomicU8>);

const STARTING: u8 = 0;
const SERVING: u8 = 1;
const STOPPING: u8 = 2;

impl Phase {
    /// From now on the server is ready for work.
    pub fn serve(&self) {
        self.0.store(SERVING, Ordering::Release);
    }

    /// From now on new work is refused.
    pub fn stop(&self) {
        self.0.store(STOPPING, Ordering::Release);
    }

    /// True between start and shutdown.
    #[must_use]
    pub fn is_serving(&self) -> bool {
        self.0.load(Ordering::Acquire) == SERVING
    }

    /// True once the shutdown has begun.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.0.load(Ordering::Acquire) == STOPPING
    }

    /// For people: `starting`, `serving` or `stopping`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.0.load(Ordering::Acquire) {
            STARTING => "starting",
            SERVING => "serving",
            _ => "stopping",
        }
    }
}
