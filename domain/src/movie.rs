//! A movie and what is said about it.

use playhouse_protocol::ids::{MovieId, RoomId};
use serde::{Deserialize, Serialize};

use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Audience, Cx, Effects, Policy, Retention, Rules};
use crate::rows::RowChange;
use crate::text::{self, key_part};
use crate::time::Timestamp;

/// The longest movie, in minutes. 900: the longest that cinemas have shown runs about 14 hours.
pub const MINUTES_MAX: u16 = 900;

/// What is said about a movie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Its title, 1 to 120 characters.
    pub title: String,
    /// How long it runs, 1 to [`MINUTES_MAX`].
    pub minutes: u16,
    /// Its genre, at most 40 characters.
    pub genre: Option<String>,
    /// What it is about, at most 2,000 characters.
    pub synopsis: Option<String>,
    /// From which age it may be seen, at most 12 characters.
    pub age_rating: Option<String>,
    /// Where its poster is: an https or http address, at most 500 characters.
    pub poster_url: Option<String>,
    /// The language it is shown in, at most 40 characters.
    pub language: Option<String>,
}

impl Details {
    fn checked(self) -> Result<Self, Refusal> {
        let short = |what, text: Option<String>, max| {
            text.map(|text| text::line(what, &text, max)).transpose()
        };
        if !(1..=MINUTES_MAX).contains(&self.minutes) {
            let message = format!("a movie runs 1 to {MINUTES_MAX} minutes, not {}", self.minutes);
            return Err(Refusal::new(RefusalKind::Invalid, "bad_minutes", message));
        }
        let poster_url = short("poster_url", self.poster_url, 500)?;
        let web = |url: &String| url.starts_with("https://") || url.starts_with("http://");
        if poster_url.as_ref().is_some_and(|url| !web(url) || url.contains(char::is_whitespace)) {
            let message = "poster_url must be an http or https address";
            return Err(Refusal::new(RefusalKind::Invalid, "bad_url", message));
        }
        Ok(Self {
            title: text::line("title", &self.title, 120)?,
            minutes: self.minutes,
            genre: short("genre", self.genre, 40)?,
            synopsis: self.synopsis.map(|t| text::lines("synopsis", &t, 2000)).transpose()?,
            age_rating: short("age_rating", self.age_rating, 12)?,
            poster_url,
            language: short("language", self.language, 40)?,
        })
    }
}

/// One movie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movie {
    id: MovieId,
    details: Option<Details>,
    /// The key of its row, so that a new title takes the old row away.
    row: Option<String>,
    /// The row that the newest event took away.
    old_row: Option<String>,
}

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Make the movie. Organizers.
    Create(Details),
    /// Say something else about it. Organizers.
    Update {
        /// What is said from now on.
        details: Details,
        /// The revision the caller saw.
        expect: Option<u64>,
    },
}

/// What can become true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// This is said about it.
    Described(Details),
}

/// A movie as everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovieInfo {
    /// Its id.
    pub id: MovieId,
    /// Its title.
    pub title: String,
    /// How long it runs.
    pub minutes: u16,
    /// Its genre.
    pub genre: Option<String>,
    /// What it is about.
    pub synopsis: Option<String>,
    /// From which age it may be seen.
    pub age_rating: Option<String>,
    /// Where its poster is.
    pub poster_url: Option<String>,
    /// The language it is shown in.
    pub language: Option<String>,
}

impl MovieInfo {
    fn new(id: MovieId, details: Details) -> Self {
        let Details { title, minutes, genre, synopsis, age_rating, poster_url, language } = details;
        Self { id, title, minutes, genre, synopsis, age_rating, poster_url, language }
    }
}

impl Movie {
    fn info(&self) -> Option<MovieInfo> {
        self.details.clone().map(|details| MovieInfo::new(self.id, details))
    }
}

impl Rules for Movie {
    const KIND: &'static str = "movie";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Event = Event;
    type Reply = MovieInfo;
    type View = MovieInfo;
    type Change = MovieInfo;

    fn new(id: &RoomId) -> Self {
        let id = MovieId(id.uuid().unwrap_or_default());
        Self { id, details: None, row: None, old_row: None }
    }

    fn decide(&self, cx: &Cx<'_>, command: Command) -> Result<Effects<Self>, Refusal> {
        if !cx.caller.organizes() {
            let message = "only organizers may do this";
            return Err(Refusal::new(RefusalKind::Forbidden, "forbidden", message));
        }
        let details = match (command, &self.details) {
            (Command::Create(details), None) => details,
            (Command::Create(_), Some(_)) => {
                let message = "the movie was made before";
                return Err(Refusal::new(RefusalKind::Conflict, "already_exists", message));
            }
            (Command::Update { .. }, None) => return Err(Refusal::not_found("movie")),
            (Command::Update { expect, .. }, _) if expect.is_some_and(|e| e != cx.revision) => {
                let message = format!("the movie is at revision {}", cx.revision);
                return Err(Refusal::new(RefusalKind::Stale, "stale_revision", message)
                    .with("revision", [cx.revision]));
            }
            (Command::Update { details, .. }, Some(_)) => details,
        };
        let details = details.checked()?;
        let reply = MovieInfo::new(self.id, details.clone());
        Ok(Effects::reply(vec![Event::Described(details)], reply))
    }

    fn apply(&mut self, _: Timestamp, Event::Described(details): &Event) {
        let key = format!("{}/{}", key_part(&details.title), self.id);
        let before = self.row.replace(key.clone());
        self.old_row = before.filter(|before| *before != key);
        self.details = Some(details.clone());
    }

    fn view(&self, _: Timestamp, _: &Audience) -> Option<MovieInfo> {
        self.info()
    }

    fn change(&self, _: &Event, _: &Audience) -> Option<MovieInfo> {
        self.info()
    }

    fn row_changes(&self, _: &Event) -> Vec<RowChange> {
        let old = self.old_row.iter().map(|key| RowChange::delete("movies", key.clone()));
        old.chain(self.rows()).collect()
    }

    fn rows(&self) -> Vec<RowChange> {
        let row = self.row.iter().zip(self.info());
        row.map(|(key, info)| RowChange::put("movies", key.clone(), &info)).collect()
    }

    fn policy() -> Policy {
        Policy { retention: Retention::Forever, ..Policy::default() }
    }
}

#[cfg(test)]
mod tests {
    use playhouse_protocol::ids::AccountId;
    use uuid::Uuid;

    use super::*;
    use crate::room::{Caller, Role, Seed};

    fn details(title: &str) -> Details {
        Details {
            title: title.into(),
            minutes: 153,
            genre: None,
            synopsis: Some("A city.\nTwo worlds.".into()),
            age_rating: None,
            poster_url: Some("https://example.org/poster.png".into()),
            language: None,
        }
    }

    fn ask(
        movie: &mut Movie,
        caller: &Caller,
        command: Command,
    ) -> Result<Vec<RowChange>, Refusal> {
        let room = RoomId::of(Movie::KIND, Uuid::from_u128(1));
        let (now, seed) = (Timestamp::ZERO, Seed::derive(&[b"any"]));
        let effects = movie.decide(&Cx { now, room: &room, caller, seed, revision: 7 }, command)?;
        let [event] = &effects.events[..] else { panic!("one event") };
        movie.apply(now, event);
        Ok(movie.row_changes(event))
    }

    fn movie() -> Movie {
        Movie::new(&RoomId::of(Movie::KIND, Uuid::from_u128(1)))
    }

    #[test]
    fn a_movie_is_made_once_and_a_new_title_takes_its_old_row_away() {
        let (mut movie, system) = (movie(), Caller::System);
        let update = |title: &str, expect| Command::Update { details: details(title), expect };
        assert_eq!(ask(&mut movie, &system, update("M", None)).unwrap_err().code, "not_found");
        let rows = ask(&mut movie, &system, Command::Create(details(" Metropolis "))).unwrap();
        assert_eq!((rows.len(), movie.info().unwrap().title.as_str()), (1, "Metropolis"));
        let again = ask(&mut movie, &system, Command::Create(details("M"))).unwrap_err();
        assert_eq!(again.code, "already_exists");
        let stale = ask(&mut movie, &system, update("M", Some(6))).unwrap_err();
        assert_eq!(stale.code, "stale_revision");
        let rows = ask(&mut movie, &system, update("M", Some(7))).unwrap();
        assert!(rows.len() == 2 && rows[0].value.is_none() && rows[1].value.is_some());
    }

    #[test]
    fn what_makes_no_sense_is_not_said_and_only_organizers_say_it() {
        let user = Caller::Account { id: AccountId(Uuid::nil()), role: Role::User };
        let refused = |caller: &Caller, details| {
            ask(&mut movie(), caller, Command::Create(details)).unwrap_err().code
        };
        let of = || details("Metropolis");
        assert_eq!(refused(&user, of()), "forbidden");
        for (details, code) in [
            (details(" "), "bad_text"),
            (details("M\u{202e}"), "bad_text"),
            (Details { minutes: 0, ..of() }, "bad_minutes"),
            (Details { minutes: MINUTES_MAX + 1, ..of() }, "bad_minutes"),
            (Details { poster_url: Some("javascript:alert(1)".into()), ..of() }, "bad_url"),
            (Details { synopsis: Some("x".repeat(2001)), ..of() }, "bad_text"),
        ] {
            assert_eq!(refused(&Caller::System, details), code);
        }
    }
}
