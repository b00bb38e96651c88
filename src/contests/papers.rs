//! What a contest keeps apart from itself: programs, and the tests of problems.

use actix_web::http::StatusCode;
use playhouse_actors::handle::Rooms;
use playhouse_domain::contest::paper::{self, Paper, Reply};
use playhouse_domain::judge::{Checker, File, Limits, Test};
use playhouse_domain::room::Caller;
use playhouse_protocol::codec;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::shapes::ShownFile;
use crate::asking::{ask_now, unexpected};
use crate::http::error::Problem;

/// A program that was sent in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// Its files; the first is the one that is compiled or run.
    pub files: Vec<File>,
}

/// A problem, but for what the contest itself knows of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tasks {
    /// What is to be done, Markdown.
    pub statement: String,
    /// What programs are held against.
    pub tests: Vec<Test>,
    /// Who says whether an answer is right.
    pub checker: Checker,
    /// What one run may use.
    pub run: Limits,
}

impl Program {
    /// Bytes of all its files.
    #[must_use]
    pub fn bytes(&self) -> u32 {
        self.files.iter().map(|file| file.content.len() as u32).sum()
    }

    /// Its files as text.
    #[must_use]
    pub fn shown(self) -> Vec<ShownFile> {
        let shown = |file: File| ShownFile {
            name: file.name,
            content: String::from_utf8_lossy(&file.content.0).into_owned(),
        };
        self.files.into_iter().map(shown).collect()
    }
}

/// The paper that has `what`, for `of`.
#[must_use]
pub fn id(of: Uuid, what: &impl Serialize) -> Uuid {
    paper::id(of, &codec::encode(what))
}

/// Puts `what` on paper, for `of`; again it is the same paper.
///
/// # Errors
///
/// `problem_too_large`; the store's problem.
pub async fn write(rooms: &Rooms, of: Uuid, what: &impl Serialize) -> Result<Uuid, Problem> {
    let bytes = codec::encode(what);
    let id = paper::id(of, &bytes);
    let Some(parts) = paper::writing(&bytes) else {
        let max = paper::PARTS_MAX * paper::PART_BYTES;
        let detail = format!("that makes {} bytes, there is room for {max}", bytes.len());
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Err(
            Problem::new(status, "problem_too_large", detail).with("max", vec![max.to_string()])
        );
    };
    let room = paper::room(id);
    for part in parts {
        ask_now::<Paper>(rooms, Caller::System, &room, None, &part).await?;
    }
    Ok(id)
}

/// What is on paper `id`.
///
/// # Errors
///
/// `not_found`; the store's problem.
pub async fn read<T: DeserializeOwned>(rooms: &Rooms, id: Uuid) -> Result<T, Problem> {
    let room = paper::room(id);
    let read = ask_now::<Paper>(rooms, Caller::System, &room, None, &paper::Command::Read).await?;
    match read.reply {
        Reply::Whole(bytes) => codec::decode(&bytes.0).map_err(|_| unexpected(&room)),
        Reply::Noted => Err(unexpected(&room)),
    }
}
