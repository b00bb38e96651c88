//! The duty `run`: taking a match up, making its ticks durable, and what becomes of a panic.
//!
//! A run outlives the attempts at its duty. Where its room is rebuilt, the host makes another attempt,
//! which joins the run that goes on: a disk that fails costs a match a pause and nothing else. Only where
//! the room refuses its ticks (it was rewound, or is over) does the run end, so that the next attempt
//! takes the match up as the room has it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use playhouse_domain::duty::DutyResult;
use playhouse_domain::games::World;
use playhouse_domain::games::match_room::{
    CHECKPOINT_BYTES_MAX, Command, Match, NO_ROOM, Reply, Run, RunMatch, Ticked, Ticks, Verdict,
};
use playhouse_domain::refusal::{Refusal, RefusalKind};
use playhouse_domain::restart;
use playhouse_protocol::codec;
use playhouse_protocol::game::control::Closed;
use playhouse_protocol::ids::RoomId;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tracing::{error, info};

use super::play::{End, Placed, Play, Reins, WORDS_MAX, Word};
use super::port::Hall;
use super::queue::WAIT_MAX;
use super::{Inner, MATCHES_MAX, Ticker};
use crate::home::HomeError;
use crate::host::panic_text;
use crate::journal::committer::chain;
use crate::performer::{Attempt, Performer, Performing, Resting, TryAgain, WeakRooms};

/// How long an attempt may take before another joins the run. A day: longer than any match, so that
/// nothing but a mistake is found by it.
const ATTEMPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Without a panic for so long, the next one counts as the first. 10 s.
const CALM: Duration = Duration::from_secs(10);

/// The room of one match, as its run sees it.
type Home = crate::home::Home<Match>;

/// How a run ended: with the duty's result, or so that it must be taken up again.
type Ended = Result<DutyResult, String>;

/// A run under way, for those who join it.
pub(super) struct Running {
    ended: watch::Receiver<Option<Ended>>,
    /// The number of the newest attempt; older ones give way to it.
    attempt: watch::Sender<u64>,
}

/// One attempt at a run's duty.
struct Joined {
    ended: watch::Receiver<Option<Ended>>,
    newest: watch::Receiver<u64>,
    attempt: u64,
}

/// Why a run is not begun.
#[derive(Debug)]
enum NotEntered {
    Stopping,
    /// As many run as can.
    Full,
}

impl Running {
    fn join(&self) -> Joined {
        self.attempt.send_modify(|attempt| *attempt += 1);
        let (ended, newest) = (self.ended.clone(), self.attempt.subscribe());
        let attempt = *newest.borrow();
        Joined { ended, newest, attempt }
    }
}

impl Performer for Ticker {
    /// Twice as many attempts as matches: those that gave way leave room at once, but not before the
    /// newer one has come.
    fn parallel(&self) -> usize {
        2 * MATCHES_MAX
    }

    fn attempt_timeout(&self) -> Duration {
        ATTEMPT
    }

    fn opened(&self, rooms: WeakRooms) {
        let _ = self.0.rooms.set(rooms);
    }

    fn perform(&self, attempt: Attempt) -> Performing {
        let inner = self.0.clone();
        Box::pin(async move {
            let run: RunMatch = codec::decode(&attempt.payload)
                .map_err(|error| TryAgain { reason: error.to_string() })?;
            inner.join(run).await.map_err(|reason| TryAgain { reason })
        })
    }

    /// Every match hands over its last ticks, and ends once they are durable.
    fn rest(&self, within: Duration) -> Resting {
        let inner = self.0.clone();
        Box::pin(async move {
            inner.stopping.send_replace(true);
            let mut count = inner.count.subscribe();
            let ended = count.wait_for(|count| *count == 0);
            tokio::time::timeout(within, ended).await.is_ok_and(|ended| ended.is_ok())
        })
    }
}

/// Takes a run out of the list, however it ends.
struct Listed {
    inner: Arc<Inner>,
    room: RoomId,
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.inner.runs.lock().remove(&self.room);
        self.inner.count.send_modify(|count| *count -= 1);
    }
}

impl Inner {
    /// Waits for the end of the run of the match in `room`, which is begun if none is under way.
    async fn join(self: Arc<Self>, run: RunMatch) -> Ended {
        let room: RoomId = run.room.parse().map_err(|_| format!("{} is no room", run.room))?;
        let Joined { mut ended, mut newest, attempt } = match self.clone().enter(room.clone()) {
            Ok(joined) => joined,
            Err(NotEntered::Stopping) => return Err("the server is stopping".to_owned()),
            Err(NotEntered::Full) => return self.turn_away(&room, run.played, Instant::now()),
        };
        tokio::select! {
            ended = ended.wait_for(Option::is_some) => match ended {
                Ok(ended) => ended.clone().unwrap_or_else(|| Err(by_surprise())),
                Err(_) => Err(by_surprise()),
            },
            // Where the run is no longer in the list it has ended, and says how.
            Ok(_) = newest.wait_for(|newest| *newest != attempt) => {
                Err("a newer attempt has joined the run".to_owned())
            }
        }
    }

    /// Joins the run of the match in `room`, which is begun if none is under way.
    fn enter(self: Arc<Self>, room: RoomId) -> Result<Joined, NotEntered> {
        let mut runs = self.runs.lock();
        if let Some(running) = runs.get(&room) {
            return Ok(running.join());
        }
        if *self.stopping.borrow() {
            return Err(NotEntered::Stopping);
        }
        if runs.len() >= self.matches_max {
            return Err(NotEntered::Full);
        }
        self.queue.lock().leave(&room);
        let (tell, ended) = watch::channel(None);
        let running = Running { ended, attempt: watch::Sender::new(0) };
        let joined = running.join();
        runs.insert(room.clone(), running);
        drop(runs);
        self.count.send_modify(|count| *count += 1);
        let listed = Listed { inner: self.clone(), room: room.clone() };
        tokio::spawn(async move {
            let ended = self.drive(room).await;
            drop(listed);
            tell.send_replace(Some(ended));
        });
        Ok(joined)
    }

    /// As many matches run as can: the one in `room` is tried again, unless it was never `played` and has waited for
    /// its turn for too long.
    fn turn_away(&self, room: &RoomId, played: bool, now: Instant) -> Ended {
        let mut queue = self.queue.lock();
        let waited = queue.ask(room, now);
        let message = format!("{} matches run already", self.matches_max);
        if played || waited < WAIT_MAX {
            return Err(message);
        }
        queue.leave(room);
        Ok(DutyResult::Refused(Refusal::new(RefusalKind::TooMany, NO_ROOM, message)))
    }

    /// Runs the match until it is over.
    async fn drive(&self, room: RoomId) -> Ended {
        let rooms = self.rooms.get().cloned().unwrap_or_default();
        let hall = self.hall(&room);
        let home = Home::new(rooms, room);
        let ended = self.drive_in(&home, &hall).await;
        hall.end();
        if *self.stopping.borrow() {
            hall.close(Closed::Stopping);
        } else {
            hall.gallery.over();
        }
        ended
    }

    async fn drive_in(&self, home: &Home, hall: &Arc<Hall>) -> Ended {
        let (mut faults, mut last) = (0, None::<Instant>);
        loop {
            let run = match home.take_up(self.via).await {
                Ok(run) => run,
                Err(HomeError::Refused(refusal)) => return Ok(DutyResult::Refused(refusal)),
                Err(error) => return Err(error.to_string()),
            };
            let epoch = run.epoch;
            match self.play(home, hall, run).await? {
                End::Over(finished) => return Ok(DutyResult::Done(codec::encode(&finished))),
                End::Stopped => return Err("the server is stopping".to_owned()),
                End::Fault { tick, what } => {
                    error!(room = %home.room(), epoch, tick, what, "a match panicked");
                    if home.fault(epoch, tick).await.map_err(|e| e.to_string())? == Verdict::Void {
                        return Err("the match panicked too often".to_owned());
                    }
                    if last.is_some_and(|last| last.elapsed() > CALM) {
                        faults = 0;
                    }
                    tokio::time::sleep(restart::pause(faults, rand::random())).await;
                    (faults, last) = (faults + 1, Some(Instant::now()));
                }
            }
        }
    }

    /// One epoch of the match.
    async fn play(&self, home: &Home, hall: &Arc<Hall>, run: Run) -> Result<End, String> {
        let (epoch, tick) = (run.epoch, run.tick);
        let reins = Arc::new(Reins::new(tick));
        let (tell, words) = mpsc::channel(WORDS_MAX);
        let (room, hall) = (home.room().clone(), hall.clone());
        let placed = Placed { room, hall, reins: reins.clone(), words: tell };
        let made = tokio::task::spawn_blocking(move || make(placed, run)).await;
        let play = match made {
            Ok(Ok(play)) => play,
            // It cannot be played: as a panic at the next tick, which ends it if it comes again.
            Ok(Err(what)) => return Ok(End::Fault { tick: tick + 1, what }),
            Err(e) => return Err(e.to_string()),
        };
        info!(room = %home.room(), epoch, tick, "a match runs");
        let _burden = self.give(play);
        self.follow(home, &reins, words).await
    }

    /// Makes durable what the match plays, until it ends.
    async fn follow(
        &self,
        home: &Home,
        reins: &Reins,
        mut words: mpsc::Receiver<Word>,
    ) -> Result<End, String> {
        let mut stopping = self.stopping.subscribe();
        let mut refused = None;
        loop {
            let told_to_stop = async { drop(stopping.wait_for(|stopping| *stopping).await) };
            let said = tokio::select! {
                biased;
                word = words.recv() => Some(word),
                () = told_to_stop => None,
            };
            let word = match said {
                Some(word) => word,
                None => {
                    reins.stop();
                    words.recv().await
                }
            };
            match word {
                Some(Word::Ticks(..)) if refused.is_some() => {}
                Some(Word::Ticks(ticks, world)) => match home.ticks(*ticks, world).await {
                    Ok(ticked) => take_note(reins, ticked),
                    Err(error) => {
                        reins.stop();
                        refused = Some(error.to_string());
                    }
                },
                Some(Word::Ended(end, remains)) => {
                    drop(remains);
                    return refused.map_or(Ok(end), Err);
                }
                None => return Err(by_surprise()),
            }
        }
    }
}

fn by_surprise() -> String {
    "the run ended by surprise".to_owned()
}

fn take_note(reins: &Reins, ticked: Ticked) {
    if let Some(roster) = ticked.roster {
        reins.roster(roster);
    }
    if ticked.conclude {
        reins.conclude();
    }
    reins.durable(ticked.tick);
}

impl Home {
    async fn take_up(&self, via: u64) -> Result<Run, HomeError> {
        match self.ask(&Command::TakeUp { via }).await? {
            Reply::Run(run) => Ok(*run),
            _ => Err(HomeError::Answer),
        }
    }

    async fn ticks(
        &self,
        ticks: Ticks,
        world: Option<Box<dyn World>>,
    ) -> Result<Ticked, HomeError> {
        let checkpoint = match world {
            Some(world) => tokio::task::spawn_blocking(move || world.checkpoint()).await.ok(),
            None => None,
        };
        // Without one, more is played again after a crash.
        let checkpoint = checkpoint.filter(|bytes| bytes.len() <= CHECKPOINT_BYTES_MAX);
        match self.ask(&Command::Ticks(Box::new(Ticks { checkpoint, ..ticks }))).await? {
            Reply::Ticked(ticked) => Ok(ticked),
            _ => Err(HomeError::Answer),
        }
    }

    async fn fault(&self, epoch: u32, tick: u32) -> Result<Verdict, HomeError> {
        match self.ask(&Command::Fault { epoch, tick }).await? {
            Reply::Fault(verdict) => Ok(verdict),
            _ => Err(HomeError::Answer),
        }
    }
}

/// The match, brought to where it was and with all that it needs. Made away from those that run.
fn make(placed: Placed, run: Run) -> Result<Box<Play>, String> {
    let made = catch_unwind(AssertUnwindSafe(|| Play::new(placed, run).map(Box::new)));
    made.map_err(|panic| panic_text(&*panic))?.map_err(|e| chain(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_waits_a_minute_for_its_turn_and_one_that_was_played_for_as_long_as_it_takes() {
        let (ticker, start) = (Ticker::for_matches(0, 1).unwrap(), Instant::now());
        let room = RoomId::of("game", uuid::Uuid::from_u128(1));
        let turn_away =
            |played, after| ticker.0.turn_away(&room, played, start + Duration::from_secs(after));
        assert!([0, 30, 59].into_iter().all(|after| turn_away(false, after).is_err()));
        let Ok(DutyResult::Refused(why)) = turn_away(false, 60) else { panic!("it waits on") };
        assert_eq!(why.code, NO_ROOM);
        assert!((3..200).all(|n| turn_away(true, n * 30).is_err()));
    }
}
