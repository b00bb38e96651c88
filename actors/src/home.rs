//! What work that lasts asks of the room that it is done for.

use std::marker::PhantomData;
use std::time::Duration;

use playhouse_domain::refusal::Refusal;
use playhouse_domain::restart;
use playhouse_domain::room::{Caller, Rules};
use playhouse_protocol::codec;
use playhouse_protocol::ids::RoomId;
use tracing::warn;

use crate::handle::AskError;
use crate::performer::WeakRooms;

/// How long one answer is waited for before the command is given again. 10 s: a disk that takes longer
/// holds the room up anyway. Every command of such work may be given twice.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// How often the pause between attempts doubles. 5: it ends at 1.6 s, so that work goes on soon after
/// the disk does.
const DOUBLINGS: u32 = 5;

/// The room will not do it, now or later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HomeError {
    /// The rules said no: it is over, or others have taken it up.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It cannot take what it was given.
    #[error("the room cannot take it: {0}")]
    Unfit(AskError),
    /// It told something else than it was asked.
    #[error("the room told something else than it was asked")]
    Answer,
    /// There are no rooms any more.
    #[error("the rooms are gone")]
    Gone,
}

/// A room as those see it who work for it while it owes a duty.
#[derive(Clone)]
pub struct Home<R> {
    rooms: WeakRooms,
    room: RoomId,
    kind: PhantomData<fn() -> R>,
}

impl<R: Rules> Home<R> {
    /// The room `room`.
    #[must_use]
    pub fn new(rooms: WeakRooms, room: RoomId) -> Self {
        debug_assert_eq!(room.kind(), R::KIND, "a command goes to a room of its own kind");
        Self { rooms, room, kind: PhantomData }
    }

    /// Its name.
    #[must_use]
    pub fn room(&self) -> &RoomId {
        &self.room
    }

    /// Gives `command` to the room on behalf of the server, again and again until there is an answer: while
    /// the journal fails the work waits, and nothing of it is lost. Also while the server shuts down.
    ///
    /// # Errors
    ///
    /// See [`HomeError`].
    pub async fn ask(&self, command: &R::Command) -> Result<R::Reply, HomeError> {
        let command = codec::encode(command);
        let mut attempts = 0;
        loop {
            let reason = match self.ask_once(command.clone()).await? {
                Ok(reply) => return Ok(reply),
                Err(AskError::Refused(refusal)) => return Err(HomeError::Refused(refusal)),
                Err(
                    error @ (AskError::TooLarge { .. }
                    | AskError::Poisoned { .. }
                    | AskError::NoSuchRoom),
                ) => return Err(HomeError::Unfit(error)),
                Err(passing) => passing.to_string(),
            };
            if attempts == 0 {
                warn!(room = %self.room, reason, "what is done for a room waits for it");
            }
            tokio::time::sleep(restart::pause(attempts, rand::random())).await;
            attempts = (attempts + 1).min(DOUBLINGS);
        }
    }

    async fn ask_once(&self, command: Vec<u8>) -> Result<Result<R::Reply, AskError>, HomeError> {
        let rooms = self.rooms.get().ok_or(HomeError::Gone)?;
        let told = rooms.tell(&self.room, Caller::System, None, command, ANSWER_WAIT).await;
        Ok(told.and_then(|told| codec::decode(&told.reply).map_err(|_| AskError::Failed)))
    }
}
