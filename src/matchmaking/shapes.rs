//! What matchmaking answers, as JSON. Rooms encode their own views; these types describe the same JSON for the
//! API's description and for clients in Rust.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A ticket: somebody who looks for a match, or a party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchTicket {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// The game.
    #[schema(example = "arena")]
    pub game: String,
    /// `waiting`, `placing`, `matched`, `called_off`, `cancelled`, `expired` or `failed`.
    #[schema(example = "waiting")]
    pub state: String,
    /// Since when they wait.
    #[schema(format = DateTime)]
    pub since: String,
    /// When it was over.
    #[schema(format = DateTime)]
    pub ended_at: Option<String>,
    /// Who wants to play.
    pub members: Vec<MatchTicketMember>,
    /// The party, if it is one.
    #[schema(format = "uuid")]
    pub party: Option<String>,
    /// The match in which they have seats.
    #[schema(format = "uuid")]
    pub session: Option<String>,
    /// The region in which everybody of that match can be reached, where they named any.
    #[schema(example = "eu-west")]
    pub region: Option<String>,
    /// How much longer it takes; none where too few were matched lately to say.
    pub estimate: Option<MatchEstimate>,
    /// How many people wait, these among them.
    pub waiting: u32,
}

/// Somebody on a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchTicketMember {
    /// Who.
    #[schema(format = "uuid")]
    pub account: String,
    /// The name that is shown.
    pub name: String,
}

/// How much longer a ticket waits, as those waited who were matched lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchEstimate {
    /// Half of them waited no longer than so many seconds more.
    #[schema(example = 4)]
    pub expected_seconds: u32,
    /// Nine of ten of them did.
    #[schema(example = 12)]
    pub likely_within_seconds: u32,
}

/// Those who wait for a match of a game.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchQueue {
    /// The game.
    #[schema(example = "arena")]
    pub game: String,
    /// How many people wait.
    pub waiting: u32,
    /// How long somebody waits who comes now; none where too few were matched lately to say.
    pub estimate: Option<MatchEstimate>,
    /// The caller's newest ticket, kept for ten minutes once it is over.
    pub ticket: Option<MatchTicket>,
}

/// A party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// The account that leads it.
    #[schema(format = "uuid")]
    pub leader: String,
    /// Who is in it, longest first. Nobody once it is over.
    pub members: Vec<PartyMember>,
    /// Who was asked in and has not answered.
    pub invited: Vec<PartyInvitation>,
    /// What brings others in; for those who are in it.
    #[schema(example = "K7QX3M")]
    pub code: Option<String>,
    /// What they look for.
    pub search: Option<PartySearch>,
    /// The newest match that was found for them.
    pub found: Option<PartyMatch>,
    /// False once the viewer is neither in it nor asked in.
    pub open: bool,
}

/// Somebody in a party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartyMember {
    /// Who.
    #[schema(format = "uuid")]
    pub account: String,
    /// The name that is shown.
    pub name: String,
    /// Since when.
    #[schema(format = DateTime)]
    pub since: String,
}

/// Somebody who was asked into a party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartyInvitation {
    /// Who.
    #[schema(format = "uuid")]
    pub account: String,
    /// Their name.
    pub name: String,
    /// Until when they can come.
    #[schema(format = DateTime)]
    pub until: String,
}

/// What a party looks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartySearch {
    /// The game.
    #[schema(example = "arena")]
    pub game: String,
    /// The ticket.
    #[schema(format = "uuid")]
    pub ticket: String,
    /// Since when.
    #[schema(format = DateTime)]
    pub since: String,
}

/// A match that was found for a party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartyMatch {
    /// The game.
    #[schema(example = "arena")]
    pub game: String,
    /// The match in which everybody of the party has a seat.
    #[schema(format = "uuid")]
    pub session: String,
    /// When it was found.
    #[schema(format = DateTime)]
    pub at: String,
}

/// A party in the list of those that somebody is in or was asked into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartyRow {
    /// Its id.
    #[schema(format = "uuid")]
    pub id: String,
    /// Who leads it, by name.
    pub leader: String,
    /// How many are in it.
    pub members: u16,
    /// Until when they can come, if they were asked in and are not in it.
    #[schema(format = DateTime)]
    pub invited_until: Option<String>,
}
