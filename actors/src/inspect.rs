//! What administrators ask of rooms: how they stand, their past, and to change it.

use playhouse_domain::room::{Audience, Caller};
use playhouse_protocol::ids::RoomId;
use serde_json::Value;
use tokio::sync::oneshot;

use crate::handle::{AskError, Rooms};
use crate::host::kind::Kind;
use crate::host::{Crash, DeadLetter, Status};
use crate::journal::figures::JournalFigures;
use crate::journal::{Journal, Rewrite};
use crate::past;
use crate::room::Request;
use crate::shared::Overview;

/// How often a snapshot is asked for while its room is rebuilt meanwhile. 5: a restart by another
/// administrator comes between once.
const SNAPSHOT_ATTEMPTS: usize = 5;

impl Rooms {
    /// How `room` stands. Loads it if it is not in memory.
    ///
    /// # Errors
    ///
    /// [`AskError::NoSuchRoom`] if there is no such kind of room.
    pub async fn status(&self, room: &RoomId) -> Result<Status, AskError> {
        let (reply, answer) = oneshot::channel();
        self.send(room, Request::Status { reply })?;
        answer.await.map_err(|_| AskError::NoSuchRoom)
    }

    /// Closes `room` to everybody until [`Self::reopen`].
    ///
    /// # Errors
    ///
    /// [`AskError::Overloaded`].
    pub fn quarantine(&self, room: &RoomId, reason: String) -> Result<(), AskError> {
        self.send(room, Request::Quarantine(reason))
    }

    /// Rebuilds `room` from its journal and opens it if it was quarantined.
    ///
    /// # Errors
    ///
    /// [`AskError::Overloaded`].
    pub fn reopen(&self, room: &RoomId) -> Result<(), AskError> {
        self.send(room, Request::Reopen)
    }

    /// Has a snapshot of the newest record of `room` stored: that record.
    ///
    /// # Errors
    ///
    /// [`AskError::NoSuchRoom`], [`AskError::Quarantined`], [`AskError::StoreUnavailable`].
    pub async fn snapshot(&self, room: &RoomId) -> Result<u64, AskError> {
        let _open = self.enter()?;
        let mut outcome = Err(AskError::OutcomeUnknown);
        for _ in 0..SNAPSHOT_ATTEMPTS {
            // Waits until the room is loaded.
            match self.view(room, Audience::Presenter).await {
                Ok(_) | Err(AskError::NoSuchRoom) => {}
                Err(error) => return Err(error),
            }
            let (reply, answer) = oneshot::channel();
            self.send(room, Request::Snapshot { reply })?;
            outcome = self.wait(answer).await.unwrap_or(Err(AskError::OutcomeUnknown));
            if !matches!(outcome, Err(AskError::Rebuilding { .. })) {
                break;
            }
        }
        Ok(outcome?.revision)
    }

    /// Gives the quarantined `room` another past on behalf of `by`, and opens it: its revision
    /// then. What `rewrite` leaves out is undone for good, whoever was told of it, though its
    /// records stay to be looked at; the stream epoch changes.
    ///
    /// # Errors
    ///
    /// [`AskError::NotQuarantined`], [`AskError::Unrepairable`], [`AskError::StoreUnavailable`].
    pub async fn rewrite(
        &self,
        room: &RoomId,
        by: Caller,
        rewrite: Rewrite,
    ) -> Result<u64, AskError> {
        let _open = self.enter()?;
        let (reply, answer) = oneshot::channel();
        self.send(room, Request::Rewrite { by, rewrite, reply })?;
        let told = self.wait(answer).await.unwrap_or(Err(AskError::OutcomeUnknown))?;
        Ok(told.revision)
    }

    /// The newest rebuilds after a failure, oldest first; at most 100.
    #[must_use]
    pub fn crashes(&self) -> Vec<(RoomId, Crash)> {
        self.inner.shared.stats.crashes()
    }

    /// How the journal does.
    #[must_use]
    pub fn journal_figures(&self) -> JournalFigures {
        let shared = &self.inner.shared;
        shared.committer.figures(shared.journal.syncs())
    }

    /// Counts by kind, and the quarantined rooms.
    #[must_use]
    pub fn overview(&self) -> Overview {
        self.inner.shared.overview()
    }

    /// The newest commands that were set aside, oldest first.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<(RoomId, DeadLetter)> {
        self.inner.shared.stats.dead_letters()
    }

    /// The past of `room` as JSON, from record `from` on, at most `limit` records, secrets left
    /// out.
    ///
    /// # Errors
    ///
    /// [`AskError::StoreUnavailable`], [`AskError::NoSuchRoom`].
    pub async fn past(
        &self,
        room: &RoomId,
        from: u64,
        limit: usize,
    ) -> Result<serde_json::Value, AskError> {
        let kind = self.inner.shared.kinds.get(room.kind()).ok_or(AskError::NoSuchRoom)?.clone();
        let id = room.clone();
        let page = self.read(move |journal| journal.frames(&id, from, limit)).await?;
        Ok(past::page(&kind, &page))
    }

    /// What those who run `room` saw with record `record`, as JSON:
    /// `{"room","record","at","oldest","newest","view"}`. Of a kind whose past is not kept `at` is
    /// null.
    ///
    /// # Errors
    ///
    /// [`AskError::NoSuchRoom`] also for a record that is not there yet, [`AskError::RecordGone`] for
    /// one that was dropped, [`AskError::Unrepairable`] for one that cannot be read,
    /// [`AskError::StoreUnavailable`].
    pub async fn view_at(&self, room: &RoomId, record: u64) -> Result<Value, AskError> {
        self.past_of(room, move |kind, room, journal| past::view_at(&kind, &room, record, journal))
            .await
    }

    /// How `part` of `room` became what it is, as JSON: `{"room","part","complete","steps"}`.
    ///
    /// # Errors
    ///
    /// [`AskError::NoSuchRoom`] also where there never was such a part, [`AskError::Unrepairable`],
    /// [`AskError::StoreUnavailable`].
    pub async fn biography(&self, room: &RoomId, part: &str) -> Result<Value, AskError> {
        let part = part.to_owned();
        self.past_of(room, move |kind, room, journal| past::biography(&kind, &room, &part, journal))
            .await
    }

    /// Looks into the past of `room`, away from it.
    async fn past_of(
        &self,
        room: &RoomId,
        look: impl FnOnce(Kind, RoomId, &dyn Journal) -> Result<Value, AskError> + Send + 'static,
    ) -> Result<Value, AskError> {
        let shared = self.inner.shared.clone();
        let kind = shared.kinds.get(room.kind()).ok_or(AskError::NoSuchRoom)?.clone();
        let turn = shared.pasts.acquire().await;
        let _turn = turn.map_err(|e| AskError::StoreUnavailable { reason: e.to_string() })?;
        let room = room.clone();
        self.read(move |journal| Ok(look(kind, room, journal))).await?
    }
}
