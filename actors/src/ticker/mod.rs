//! Where matches tick: threads of their own that own the worlds.
//!
//! A match's room owns its life, its checkpoints and its journal; while it is played it owes the duty
//! `run`, and the [`Ticker`] performs it. The room's newest checkpoint and the inputs since become a
//! world, which one thread steps on an absolute schedule. Four times a second the packed inputs go back
//! to the room, which makes them durable; a match that is half a second ahead of the disk waits for it.
//!
//! - [`link`]: what a connection is to a match. [`Port`]: what a match is to a connection.
//! - `pulse`, `pace`: when ticks are due, and waiting for that. `worker`, `crew`: one thread's matches in
//!   the order of their deadlines, as a machine without a clock, and the thread around it.
//! - `play`: one match, one tick. `chair`: its seats. `inbox`, `slabs`: datagrams in and out.
//! - `gallery`: who watches from outside.
//! - `run`: the duty: taking a match up, making its ticks durable, what becomes of a panic. `queue`: those
//!   that find no room.
//! - [`figures`], [`spread`]: how it all stands.
//!
//! `docs/ticks.md` has the promises and the bounds.

mod chair;
mod crew;
pub mod figures;
mod gallery;
mod inbox;
pub mod link;
mod pace;
mod play;
mod port;
mod pulse;
mod queue;
mod run;
mod slabs;
pub mod spread;
#[cfg(test)]
mod tests;
mod worker;

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::Mutex;
use playhouse_domain::games::Seat;
use playhouse_protocol::ids::RoomId;
use tokio::sync::watch;

use self::crew::{Burden, Crew};
use self::figures::Figures;
pub use self::gallery::{FilmPart, WATCH_DELAY, Watching};
pub use self::link::Link;
use self::pace::Stopwatch;
use self::play::Play;
use self::port::Hall;
pub use self::port::{AttachError, Port, Standing};
use self::queue::Queue;
use self::run::Running;
use crate::performer::WeakRooms;

/// How many matches may run at once, at most. 1,024: more than one machine has time for; one more waits, and is
/// tried again, until another has ended.
pub const MATCHES_MAX: usize = 1024;

/// The most threads. 64: a thread is worth having only on a core of its own.
const THREADS_MAX: usize = 64;

/// Matches that tick. Cheap to clone; its threads end with the last one.
///
/// Registered as the performer of the duty [`RUN`](playhouse_domain::games::match_room::RUN).
#[derive(Clone)]
pub struct Ticker(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    clock: Stopwatch,
    /// Names this run of the server to the rooms.
    via: u64,
    /// How many runs there may be.
    matches_max: usize,
    crews: Vec<Crew>,
    /// What matches share with their connections, for as long as there is either.
    halls: Mutex<HashMap<RoomId, Weak<Hall>>>,
    /// The runs under way, at most `matches_max`.
    runs: Mutex<HashMap<RoomId, Running>>,
    /// Those that would be one more.
    queue: Mutex<Queue>,
    /// How many runs are under way.
    count: watch::Sender<usize>,
    stopping: watch::Sender<bool>,
    rooms: OnceLock<WeakRooms>,
}

impl Ticker {
    /// Starts `threads` threads, at least one, for as many matches as there may be.
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    pub fn start(threads: usize) -> io::Result<Self> {
        Self::for_matches(MATCHES_MAX, threads)
    }

    /// Starts `threads` threads, at least one, for at most `matches` at once.
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    pub fn for_matches(matches: usize, threads: usize) -> io::Result<Self> {
        let clock = Stopwatch::start();
        let threads = threads.clamp(1, THREADS_MAX);
        let crews = (0..threads).map(|n| Crew::start(n, clock)).collect::<io::Result<_>>()?;
        Ok(Self(Arc::new(Inner {
            clock,
            via: rand::random(),
            matches_max: matches.min(MATCHES_MAX),
            crews,
            halls: Mutex::default(),
            runs: Mutex::default(),
            queue: Mutex::default(),
            count: watch::Sender::new(0),
            stopping: watch::Sender::new(false),
            rooms: OnceLock::new(),
        })))
    }

    /// The number that names this run of the server in commands to a match's room.
    #[must_use]
    pub fn via(&self) -> u64 {
        self.0.via
    }

    /// Takes `seat` of the match in `room` for connection number `entry` of that seat, through which it is
    /// reached by `link`. A connection with a lower number that had it is closed.
    ///
    /// Tells also where the match stands, if it runs at this moment. If it does not, or is taken up anew
    /// later, the link is told by a control message. Datagrams and control messages may come from now on,
    /// even before this returns: a link that must greet its client first holds them back until it has.
    ///
    /// # Errors
    ///
    /// See [`AttachError`].
    pub fn attach(
        &self,
        room: &RoomId,
        seat: Seat,
        entry: u32,
        link: Arc<dyn Link>,
    ) -> Result<(Port, Option<Standing>), AttachError> {
        Port::open(self.0.hall(room), seat, entry, link, self.0.clock)
    }

    /// Watches the match in `room`, whether it runs at this moment or not.
    #[must_use]
    pub fn watch(&self, room: &RoomId) -> Watching {
        Watching::new(self.0.hall(room))
    }

    /// How the match in `room` stands, as of about a second ago; none if it neither runs here nor is
    /// anybody connected to it.
    #[must_use]
    pub fn figures_of(&self, room: &RoomId) -> Option<figures::MatchFigures> {
        let hall = self.0.halls.lock().get(room).and_then(Weak::upgrade)?;
        let figures = hall.figures.lock().clone();
        Some(figures)
    }

    /// How the matches stand, as of about a second ago.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let threads = self.0.crews.iter().map(Crew::figures).collect();
        let halls: Vec<_> = {
            let halls = self.0.halls.lock();
            halls.iter().filter_map(|(room, hall)| Some((room.clone(), hall.upgrade()?))).collect()
        };
        let mut matches: Vec<_> =
            halls.into_iter().map(|(room, hall)| (room, hall.figures.lock().clone())).collect();
        matches.sort_by(|a, b| a.0.cmp(&b.0));
        Figures { threads, matches }
    }
}

impl Inner {
    /// What the match in `room` shares with its connections.
    fn hall(&self, room: &RoomId) -> Arc<Hall> {
        let mut halls = self.halls.lock();
        if let Some(hall) = halls.get(room).and_then(Weak::upgrade) {
            return hall;
        }
        // What nobody uses any more goes whenever the map is about to grow.
        if halls.len() == halls.capacity() {
            halls.retain(|_, hall| hall.strong_count() > 0);
        }
        let hall = Arc::new(Hall::default());
        halls.insert(room.clone(), Arc::downgrade(&hall));
        hall
    }

    /// Gives a match to the thread that has the fewest.
    fn give(&self, play: Box<Play>) -> Option<Burden> {
        let crew = self.crews.iter().min_by_key(|crew| crew.load())?;
        Some(crew.give(play))
    }
}
