//! What is told of matches by REST, as JSON. Rooms encode their own views; `Session` describes the same.
//! `league`: leaderboards, players, friends.

pub mod league;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use playhouse_domain::games::match_room::ReplayPage;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The games that there are, and where they are played.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Games {
    /// The games.
    pub games: Vec<Game>,
    /// Host and UDP port for native clients; none where the game transport is off.
    #[schema(example = "play.example.org:4433")]
    pub quic: Option<String>,
    /// Where browsers open WebTransport; none where the game transport is off.
    #[schema(example = "https://play.example.org:4433/play")]
    pub webtransport: Option<String>,
    /// The SHA-256 of the server's own certificate, in base64: for `serverCertificateHashes`, and for
    /// native clients, who believe this certificate and no other. None: others vouch for it.
    pub certificate_hash: Option<String>,
    /// Where matches are played over WebSocket.
    #[schema(example = "wss://play.example.org/ws/play")]
    pub websocket: String,
}

/// A game. Open to more fields: one game alone is told with what its clients need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Game {
    /// Its name, as in paths.
    #[schema(example = "arena")]
    pub game: String,
    /// The version of its rules.
    pub rules: u16,
    /// How many players it takes to begin.
    pub players_min: u16,
    /// How many players there can be.
    pub players_max: u16,
    /// True if one can join while it is played.
    pub join_late: bool,
    /// How many ticks a second.
    pub tick_hz: u16,
    /// The hash of what its entities, inputs and events consist of: a client must have the same.
    pub schema_hash: u32,
}

/// A token for somebody without an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GuestToken {
    /// The token, for `Authorization: Bearer`.
    pub guest_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// In how many seconds it ends.
    pub expires_in: u64,
}

/// A seat, and what lets its player in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatTaken {
    /// The match.
    #[schema(format = "uuid")]
    pub session_id: String,
    /// The seat.
    pub seat: u16,
    /// Lets one connection in, once: the first message of the connection brings it.
    pub ticket: String,
    /// In how many seconds it ends.
    pub expires_in: u64,
    /// Host and UDP port for native clients; none where the game transport is off.
    #[schema(example = "play.example.org:4433")]
    pub quic: Option<String>,
    /// Where browsers open WebTransport; none where the game transport is off.
    #[schema(example = "https://play.example.org:4433/play")]
    pub webtransport: Option<String>,
    /// The SHA-256 of the server's own certificate, in base64. None: others vouch for it.
    pub certificate_hash: Option<String>,
    /// Where the match is played over WebSocket.
    #[schema(example = "wss://play.example.org/ws/play")]
    pub websocket: String,
}

/// A match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// The game.
    #[schema(example = "arena")]
    pub game: String,
    /// What it is called.
    pub title: Option<String>,
    /// The game's settings, all of them, as JSON text.
    pub settings: String,
    /// `lobby`, `check`, `countdown`, `active`, `concluded` or `void`.
    #[schema(example = "lobby")]
    pub phase: String,
    /// The host's seat, if the host has one.
    pub host: Option<u16>,
    /// How many seats there are.
    pub seats: u16,
    /// How many players it takes to begin.
    pub players_min: u16,
    /// True if a seat can be taken now.
    pub open: bool,
    /// Who has a seat.
    pub players: Vec<SessionPlayer>,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When the phase ends by itself.
    #[schema(format = DateTime)]
    pub until: Option<String>,
    /// When it began to be played.
    #[schema(format = DateTime)]
    pub began_at: Option<String>,
    /// When it ended.
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
    /// The match epoch: how often it was taken up.
    pub epoch: u32,
    /// How it ended: `Concluded` with its results, or `Void` with the reason.
    #[schema(value_type = Option<Object>)]
    pub ending: Option<serde_json::Value>,
    /// True if it counts for the leaderboard. This and what follows is told where the match is looked at.
    #[serde(default)]
    pub rated: bool,
    /// What it changed there, once that is known.
    #[serde(default)]
    pub ratings: Vec<RatingChange>,
    /// What was said, the newest 30 lines.
    #[serde(default)]
    pub said: Vec<SaidLine>,
    /// The seats of those who are muted.
    #[serde(default)]
    pub muted: Vec<u16>,
    /// Who was found to have cheated.
    #[serde(default)]
    pub verdicts: Vec<Foul>,
}

/// A player who was found to have cheated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Foul {
    /// Who.
    #[schema(format = "uuid")]
    pub account: String,
    /// The name that was shown.
    pub name: String,
    /// The tick that shows it: `/games/{id}/replay#tick=`.
    pub tick: u32,
}

/// A line that was said in a match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaidLine {
    /// From 1; no number is left out.
    pub number: u32,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// The seat of whoever said it.
    pub seat: u16,
    /// Their name then.
    pub name: String,
    /// What.
    pub text: String,
}

/// What a match changed for a player.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatingChange {
    /// Who.
    #[schema(format = "uuid")]
    pub account: String,
    /// Their points before.
    pub before: i32,
    /// Their points after.
    pub after: i32,
}

/// Who has a seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionPlayer {
    /// The seat.
    pub seat: u16,
    /// The name that is shown.
    pub name: String,
    /// `bot`, `reserved`, `here` or `away`.
    #[schema(example = "here")]
    pub state: String,
    /// True if the player is ready to begin.
    pub ready: bool,
    /// The number of the newest connection; 0 if there was none.
    pub entry: u32,
}

/// A match in lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionRow {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// The game.
    #[schema(example = "arena")]
    pub game: String,
    /// What it is called.
    pub title: Option<String>,
    /// The host's name, if the host has a seat.
    pub host: Option<String>,
    /// As of a match.
    #[schema(example = "lobby")]
    pub phase: String,
    /// How many seats there are.
    pub seats: u16,
    /// How many are taken, by people and bots.
    pub taken: u16,
    /// How many are taken by bots.
    pub bots: u16,
    /// True if a seat can be taken now.
    pub open: bool,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it began to be played.
    #[schema(format = DateTime)]
    pub began_at: Option<String>,
    /// When it ended.
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
    /// Who won, by name: more than one if they are equal.
    pub winners: Vec<String>,
}

/// A match in what somebody has played.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayedRow {
    /// The match.
    #[schema(format = "uuid")]
    pub id: String,
    /// The game.
    #[schema(example = "arena")]
    pub game: String,
    /// When it ended.
    #[schema(format = DateTime)]
    pub ended_at: String,
    /// 1 for the best; none for whoever left before the end.
    pub place: Option<u16>,
    /// The score, as the game counts.
    pub score: i32,
    /// How many played.
    pub players: u16,
    /// What it changed in the leaderboard, if it counted.
    pub rating: Option<RatingChange>,
    /// The tick that shows that they cheated, if that is the verdict: `/games/{id}/replay#tick=`.
    pub cheated_at: Option<u32>,
}

/// A part of what is needed to play a match again, bit for bit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// The game.
    #[schema(example = "arena")]
    pub game: String,
    /// The version of the game's rules that it was played by.
    pub rules: u16,
    /// The game's settings, as JSON text.
    pub settings: String,
    /// The chance that the match was given, in hexadecimal: it has more digits than JSON's numbers.
    #[schema(example = "00c0ffee00c0ffee")]
    pub seed: String,
    /// How many ticks the whole log has.
    pub ticks: u32,
    /// Who had a seat at the end.
    pub names: Vec<ReplayName>,
    /// A part of the input log, in base64; the parts joined are the log.
    pub log: String,
    /// How many bytes are there with these.
    pub next: u32,
    /// How many there are in all.
    pub total: u32,
}

/// Who had a seat at the end of a match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayName {
    /// The seat.
    pub seat: u16,
    /// The name that was shown.
    pub name: String,
}

impl From<ReplayPage> for Replay {
    fn from(page: ReplayPage) -> Self {
        let names = page.names.into_iter().map(|(seat, name)| ReplayName { seat: seat.0, name });
        Self {
            game: page.head.game,
            rules: page.head.rules,
            settings: page.head.settings,
            seed: format!("{:016x}", page.head.seed),
            ticks: page.ticks,
            names: names.collect(),
            log: STANDARD.encode(page.bytes),
            next: page.next,
            total: page.total,
        }
    }
}
