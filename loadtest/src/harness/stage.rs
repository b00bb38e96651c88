//! What every scene is given: the server, the meter, chance, and when the server came back last.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::machine::Reading;
use super::meter::{Figures, Meter};
use super::{HarnessError, Place, Promise};
use crate::client::{Client, ClientError};

/// What every scene is given.
#[derive(Debug)]
pub struct Stage {
    /// Where the server is, `http://…`.
    pub base: String,
    /// A client of it, nobody in particular. All that are made of it share their connections.
    pub client: Client,
    /// What is measured.
    pub meter: Meter,
    /// What chance is drawn from.
    pub seed: u64,
    /// How long people arrive.
    pub duration: Duration,
    place: Place,
    /// The own server's process; 0 if it is not ours.
    pid: AtomicU32,
    /// When the server was ready last.
    ready: Mutex<Instant>,
}

impl Stage {
    /// A stage at `base`.
    #[must_use]
    pub fn new(base: &str, place: Place, seed: u64, duration: Duration) -> Self {
        let client = Client::new(base);
        let (meter, pid) = (Meter::default(), AtomicU32::new(0));
        let ready = Mutex::new(Instant::now());
        Self { base: base.to_owned(), client, meter, seed, duration, place, pid, ready }
    }

    /// The organizer, newly logged in: access tokens are short-lived.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn organizer(&self) -> Result<Client, ClientError> {
        self.place.log_in(&self.client).await
    }

    /// The chance of the `nth` of something; the same in every run of one seed.
    #[must_use]
    pub fn chance(&self, nth: u64) -> StdRng {
        StdRng::seed_from_u64(self.seed ^ nth.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// The own server is ready, as this process.
    pub fn server_is_ready(&self, pid: u32) {
        self.pid.store(pid, Ordering::Relaxed);
        *self.ready.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Instant::now();
    }

    /// When the server was ready last.
    #[must_use]
    pub fn ready_since(&self) -> Instant {
        *self.ready.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The own server's process.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        Some(self.pid.load(Ordering::Relaxed)).filter(|pid| *pid > 0)
    }

    /// What the own server takes now.
    #[must_use]
    pub fn reading(&self) -> Option<Reading> {
        self.pid().and_then(Reading::of)
    }
}

/// What was found after the run.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// The promises that were checked.
    pub promises: Vec<Promise>,
    /// Figures beside those of the meter.
    pub figures: Figures,
}

/// One kind of people and what they do. A new one is one file in `scenes`, one table of
/// [`super::scenario::Scenario`] and one line in [`super::run`].
pub trait Cast: Send + Sync + Sized + 'static {
    /// Makes on the server what people need, and lets those in who are there from the beginning.
    fn prepare(
        stage: std::sync::Arc<Stage>,
        plan: Self::Plan,
    ) -> impl Future<Output = Result<Self, HarnessError>> + Send;

    /// The table of the scenario.
    type Plan: Send;

    /// The `nth` person arrives, who was due then. What is done is told to the meter.
    fn arrive(&self, nth: u64, due: Instant) -> impl Future<Output = ()> + Send;

    /// A word on what happens now, for the line of progress.
    fn word(&self) -> String {
        String::new()
    }

    /// Everybody has come: waits for what is still under way, and checks every promise.
    fn finish(self) -> impl Future<Output = Result<Verdict, HarnessError>> + Send;
}
