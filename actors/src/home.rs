//! What a run asks of its match's room.

use std::time::Duration;

use playhouse_domain::games::match_room::{Command, Reply};
use playhouse_domain::refusal::Refusal;
use playhouse_domain::restart;
use playhouse_domain::room::Caller;
use playhouse_protocol::codec;
use playhouse_protocol::ids::RoomId;
use tracing::warn;

use crate::handle::AskError;
use crate::performer::WeakRooms;

/// How long one answer is waited for before the command is given again. 10 s: a disk that takes longer
/// holds the match up anyway. Every command of a run may be given twice.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// How often the pause between attempts doubles. 5: it ends at 1.6 s, so that a match goes on soon after
/// the disk does.
const DOUBLINGS: u32 = 5;

/// The room will not do it, now or later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HomeError {
    /// The rules said no: the match is over, or another run has taken it up.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It cannot take what it was given.
    #[error("the match's room cannot take it: {0}")]
    Unfit(AskError),
    /// It told something else than it was asked.
    #[error("the match's room told something else than it was asked")]
    Answer,
    /// There are no rooms any more.
    #[error("the rooms are gone")]
    Gone,
}

/// The room of one match, as its run sees it.
pub(crate) struct Home {
    pub(crate) rooms: WeakRooms,
    pub(crate) room: RoomId,
}

impl Home {
    /// Gives `command` to the room, again and again until there is an answer: while the journal fails the
    /// match waits, and nothing of it is lost.
    pub(crate) async fn ask(&self, command: &Command) -> Result<Reply, HomeError> {
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
                warn!(room = %self.room, reason, "a match waits for its room");
            }
            tokio::time::sleep(restart::pause(attempts, rand::random())).await;
            attempts = (attempts + 1).min(DOUBLINGS);
        }
    }

    async fn ask_once(&self, command: Vec<u8>) -> Result<Result<Reply, AskError>, HomeError> {
        let rooms = self.rooms.get().ok_or(HomeError::Gone)?;
        let told = rooms.tell(&self.room, Caller::System, None, command, ANSWER_WAIT).await;
        Ok(told.and_then(|told| codec::decode(&told.reply).map_err(|_| AskError::Failed)))
    }
}
