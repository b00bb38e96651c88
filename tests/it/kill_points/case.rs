//! One command about to be sent, and how to see afterwards that it happened once.

use playhouse_loadtest::client::{Answer, Client, ClientError};
use playhouse_loadtest::follow::states;
use reqwest::Method;
use serde_json::Value;

/// What must be the same in an answer that comes again.
const FIELDS: [&str; 9] =
    ["id", "hold_id", "wait_id", "number", "seats", "title", "phase", "name", "signature"];

/// How often what is pending is asked for again. 4, for a machine so busy that ten seconds do not suffice.
const PENDING_MAX: usize = 4;

/// A command.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) by: Client,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<Value>,
    /// Whose record is its first.
    pub(super) room: Room,
    pub(super) again: Again,
    /// What must be there afterwards.
    pub(super) looks: Vec<Look>,
    /// The channel on which followers hear of it, if they do.
    pub(super) channel: Option<String>,
}

/// A room.
#[derive(Debug, Clone)]
pub(super) enum Room {
    Named(String),
    /// Of this kind, with the `id` of the answer.
    Made(&'static str),
}

/// What the same command under the same key is answered once more.
#[derive(Debug, Clone, Copy)]
pub(super) enum Again {
    /// The same, as far as it is about one thing.
    Same,
    /// Well, and not the same: tokens and codes are made anew.
    Well,
    /// Well, or this problem, because it was done before.
    Or(&'static str),
}

/// Something to look at.
#[derive(Debug, Clone)]
pub(super) enum Look {
    /// `by` sees `seen` at `path`, in which `{id}` is that of the answer.
    At { by: Client, path: String, seen: Seen },
    /// Whether somebody can log in with a password.
    LogIn { by: Client, name: String, password: &'static str, well: bool },
}

/// What is to be seen of a command that happened once.
#[derive(Debug, Clone)]
pub(super) enum Seen {
    /// At this place of the answer is this.
    At(&'static str, Value),
    /// At this place is one of these.
    OneOf(&'static str, [&'static str; 2]),
    /// At this place is a number from the first to the second.
    Between(&'static str, u64, u64),
    /// So many things of a list have this value under that name.
    Listed(&'static str, &'static str, Value, usize),
    /// A list has so many things, from the first to the second.
    Counted(&'static str, usize, usize),
    /// A seat is this.
    Seat(String, &'static str),
    /// It is refused with this problem.
    Refused(&'static str),
}

impl Case {
    /// A command that is answered the same again.
    pub(super) fn new(by: &Client, method: Method, path: impl Into<String>, body: Value) -> Self {
        let body = (!body.is_null()).then_some(body);
        let (again, looks, channel) = (Again::Same, Vec::new(), None);
        let room = Room::Named(String::new());
        Self { by: by.clone(), method, path: path.into(), body, room, again, looks, channel }
    }

    pub(super) fn post(by: &Client, path: impl Into<String>, body: Value) -> Self {
        Self::new(by, Method::POST, path, body)
    }

    /// Whose first record is in `room`.
    pub(super) fn of(self, room: impl Into<String>) -> Self {
        Self { room: Room::Named(room.into()), ..self }
    }

    /// That makes a room of `kind`.
    pub(super) fn makes(self, kind: &'static str) -> Self {
        Self { room: Room::Made(kind), ..self }
    }

    /// Whose record is in `room`, which can be followed by its name.
    pub(super) fn told_by(self, room: &str) -> Self {
        Self { channel: Some(room.to_owned()), ..self.of(room) }
    }

    pub(super) fn again(self, again: Again) -> Self {
        Self { again, ..self }
    }

    /// After which `by` sees `seen` at `path`.
    pub(super) fn sees(mut self, by: &Client, path: impl Into<String>, seen: Seen) -> Self {
        self.looks.push(Look::At { by: by.clone(), path: path.into(), seen });
        self
    }

    /// After which somebody can log in with `password`, or not.
    pub(super) fn logs_in(
        mut self,
        by: &Client,
        name: &str,
        password: &'static str,
        well: bool,
    ) -> Self {
        self.looks.push(Look::LogIn { by: by.clone(), name: name.to_owned(), password, well });
        self
    }

    /// Asks until there is an answer, under `key`: what is pending after ten seconds is asked for again.
    pub(super) async fn ask(&self, key: &str) -> Answer {
        for _ in 0..PENDING_MAX {
            let told = self.once(key).await;
            if !told.as_ref().is_ok_and(|told| told["status"] == "pending") {
                return told;
            }
        }
        self.once(key).await
    }

    async fn once(&self, key: &str) -> Answer {
        self.by.ask(self.method.clone(), &self.path, Some(key), self.body.as_ref()).await
    }

    /// The room of its first record, if it is `told` that.
    pub(super) fn first_room(&self, told: &Value) -> String {
        match &self.room {
            Room::Named(room) => room.clone(),
            Room::Made(kind) => format!("{kind}:{}", told["id"].as_str().unwrap_or_default()),
        }
    }

    /// It was `told`, asked `again`, and is there once.
    pub(super) async fn happened_once(&self, told: &Answer, again: &Answer) -> Result<(), String> {
        let done_before = |answer: &Answer, code: &str| matches!(answer, Err(error @ ClientError::Refused { .. }) if error.code() == code);
        let well = |answer: &Answer| match (answer, self.again) {
            (Ok(_), _) => true,
            (answer, Again::Or(code)) => done_before(answer, code),
            _ => false,
        };
        if !well(told) || !well(again) {
            return Err(format!("answered {told:?}, then {again:?}"));
        }
        if let (Ok(told), Ok(again), Again::Same) = (told, again, self.again) {
            for name in FIELDS {
                if told[name] != again[name] {
                    return Err(format!("{name} has two outcomes: {told}, then {again}"));
                }
            }
        }
        let id = told.as_ref().ok().and_then(|told| told["id"].as_str());
        for look in &self.looks {
            look.finds(id.unwrap_or_default()).await?;
        }
        Ok(())
    }
}

impl Look {
    /// Sees what must be there; says what is there instead.
    async fn finds(&self, id: &str) -> Result<(), String> {
        match self {
            Self::At { by, path, seen } => seen.is_at(by, &path.replace("{id}", id)).await,
            Self::LogIn { by, name, password, well } => {
                let came = by.log_in(name, password).await;
                let holds = came.is_ok() == *well;
                let says = || format!("{name} with {password}: {:?}", came.err());
                if holds { Ok(()) } else { Err(says()) }
            }
        }
    }
}

impl Seen {
    async fn is_at(&self, by: &Client, path: &str) -> Result<(), String> {
        let there = if let Self::Refused(_) = self {
            let answer = by.once(Method::GET, path, None, None).await;
            answer.map_err(|error| error.to_string())?.1
        } else {
            by.get(path).await.map_err(|error| format!("{path}: {error}"))?
        };
        let at = |place: &str| there.pointer(place).cloned().unwrap_or_default();
        let things = |list: &str| at(list).as_array().cloned().unwrap_or_default();
        let holds = match self {
            Self::At(place, value) => at(place) == *value,
            Self::OneOf(place, values) => values.iter().any(|value| at(place) == **value),
            Self::Between(place, low, high) => {
                at(place).as_u64().is_some_and(|n| (*low..=*high).contains(&n))
            }
            Self::Listed(list, name, value, many) => {
                things(list).iter().filter(|thing| thing[*name] == *value).count() == *many
            }
            Self::Counted(list, low, high) => (*low..=*high).contains(&things(list).len()),
            Self::Seat(seat, state) => states(&there).get(seat).is_some_and(|is| is == state),
            Self::Refused(code) => there["code"] == **code,
        };
        if holds { Ok(()) } else { Err(format!("{path}: {self:?} is not in {there}")) }
    }
}
