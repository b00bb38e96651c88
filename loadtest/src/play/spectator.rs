//! Somebody who watches a match as it is played, without a seat.

use playhouse_protocol::game::control::{ClientControl, Entry, Hello, ServerControl, Watched};
use playhouse_protocol::game::film::Projector;
use playhouse_protocol::game::{Schema, Table};

use super::{Connection, PlayError};

/// Somebody who watches a match.
pub struct Spectator {
    /// The connection.
    pub connection: Connection,
    /// What they were told when they came.
    pub watched: Watched,
    /// How many bytes of film came.
    pub bytes: u64,
    /// How often the film went on at another place than where it was.
    pub cuts: u32,
    projector: Projector,
    /// What came and was not shown yet.
    film: Vec<u8>,
}

impl Spectator {
    /// Begins to watch match `id` over `connection`.
    ///
    /// # Errors
    ///
    /// [`PlayError`].
    pub async fn enter(
        mut connection: Connection,
        schema: &'static Schema,
        id: &str,
    ) -> Result<Self, PlayError> {
        let hello = Hello::new(schema.hash(), Entry::Watch(id.to_owned()));
        connection.say(&ClientControl::Hello(hello)).await?;
        let watched = match connection.control().await? {
            ServerControl::Watching(watched) => watched,
            ServerControl::Refused(why) => return Err(PlayError::Refused(why)),
            other => return Err(PlayError::Broken(format!("{other:?} in place of a film"))),
        };
        let (projector, film) = (Projector::new(schema), Vec::new());
        Ok(Self { connection, watched, bytes: 0, cuts: 0, projector, film })
    }

    /// The state at the next tick that is shown.
    ///
    /// # Errors
    ///
    /// [`PlayError`]: also once the match is over.
    pub async fn next(&mut self) -> Result<&Table, PlayError> {
        loop {
            let broken = |error: &dyn std::fmt::Display| PlayError::Broken(error.to_string());
            let shown = self.projector.show(&self.film).map_err(|error| broken(&error))?;
            if let Some(rest) = shown.map(<[u8]>::len) {
                self.film.drain(..self.film.len() - rest);
                break;
            }
            match self.connection.control().await? {
                ServerControl::Film { fresh, bytes } => self.take(fresh, &bytes),
                // How the connection ends says the rest.
                ServerControl::Closed(_) => {}
                other => return Err(broken(&format!("{other:?} in a film"))),
            }
        }
        self.projector.state().ok_or(PlayError::Broken("nothing is shown".into()))
    }

    fn take(&mut self, fresh: bool, bytes: &[u8]) {
        if fresh {
            self.cuts += u32::from(self.bytes > 0);
            self.film.clear();
        }
        self.bytes += bytes.len() as u64;
        self.film.extend_from_slice(bytes);
    }
}
