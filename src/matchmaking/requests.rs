//! What is asked of matchmaking, as JSON. Strict: a field that does not exist is an error.

use playhouse_protocol::ids::{AccountId, PartyId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// Somebody who looks for a match.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketRequest {
    /// The game.
    #[schema(example = "arena")]
    pub game: String,
    /// The party that is to play together. Its leader looks for all.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub party: Option<PartyId>,
    /// How far it is to which region. None: anywhere is as good.
    #[serde(default)]
    #[schema(max_items = 8)]
    pub regions: Vec<RegionRequest>,
}

/// A region, and how far it is.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegionRequest {
    /// Its name: 1 to 24 of a to z, 0 to 9 and -.
    #[schema(example = "eu-west", pattern = "^[a-z0-9-]{1,24}$")]
    pub region: String,
    /// How long the way there and back takes, as measured.
    #[schema(example = 24, maximum = 10000)]
    pub ms: u16,
}

/// Somebody who is asked into a party.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationRequest {
    /// Their user name.
    #[schema(example = "bob")]
    pub username: String,
}

/// Somebody who has a party's code.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartyCodeRequest {
    /// The code, in any case, with or without spaces and hyphens.
    #[schema(example = "K7QX3M")]
    pub code: String,
}

/// Who is to lead a party.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaderRequest {
    /// A member's account.
    #[schema(value_type = String, format = "uuid")]
    pub account: AccountId,
}

/// Of one's own parties.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PartiesQuery {
    /// 1 to 200 of them, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// What the page before gave as `next`.
    pub cursor: Option<String>,
}
