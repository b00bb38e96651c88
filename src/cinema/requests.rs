//! What callers of the cinema send, as JSON. Unknown fields are refused.
//!
//! What only makes sense or not within a room (a title, a plan, a seat) is left to the room's
//! rules; what is checked here keeps a request small before it gets there.

use std::collections::BTreeMap;

use playhouse_domain::money::Money;
use playhouse_domain::showing::SeatKind;
use playhouse_domain::time::Timestamp;
use playhouse_protocol::ids::{MovieId, ScreenId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// The most seats that one request names. 100: a block of house seats; a buyer's limit is lower.
pub const SEATS_MAX: usize = 100;

/// The longest name of a seat, in characters (`AA12`).
pub const SEAT_CHARS_MAX: usize = 8;

/// A new movie, or a movie's new metadata.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MovieRequest {
    /// Its title.
    #[schema(example = "Metropolis", min_length = 1, max_length = 120)]
    pub title: String,
    /// How long it runs.
    #[schema(example = 153, minimum = 1, maximum = 900)]
    pub minutes: u16,
    /// What sort of movie it is.
    pub genre: Option<String>,
    /// What it is about.
    pub synopsis: Option<String>,
    /// From which age on.
    pub age_rating: Option<String>,
    /// Where its poster is, over HTTPS.
    pub poster_url: Option<String>,
    /// The language that is spoken.
    pub language: Option<String>,
}

/// A new screen.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScreenRequest {
    /// Its name within the theatre.
    #[schema(example = "Screen 1", min_length = 1, max_length = 60)]
    pub name: String,
    /// The theatre.
    #[schema(example = "Odeon", min_length = 1, max_length = 60)]
    pub theater: String,
    /// Its rows, from the front.
    pub rows: Vec<PlanRowRequest>,
    /// How long it is cleaned after each showing. 15 if left out.
    pub cleaning_minutes: Option<u16>,
}

/// A row of a new screen.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanRowRequest {
    /// The row's name: one to three capital letters.
    #[schema(example = "A")]
    pub row: String,
    /// How many seats it has.
    #[schema(example = 12, minimum = 1)]
    pub seats: u16,
    /// What kind they are: `standard` (also if left out), `premium`, `accessible`, `companion`.
    #[schema(value_type = Option<String>, pattern = "^(standard|premium|accessible|companion)$", example = "standard")]
    pub kind: Option<SeatKind>,
    /// After which seats there is an aisle.
    #[serde(default)]
    pub gaps: Vec<u16>,
    /// Seats of another kind, by number.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    pub kinds: BTreeMap<u16, SeatKind>,
}

/// A new showing.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowingRequest {
    /// Which movie.
    #[schema(value_type = String, format = "uuid")]
    pub movie_id: MovieId,
    /// On which screen.
    #[schema(value_type = String, format = "uuid")]
    pub screen_id: ScreenId,
    /// When it starts.
    #[schema(value_type = String, format = DateTime, example = "2027-05-01T20:00:00Z")]
    pub starts_at: Timestamp,
    /// The price of a seat by its kind.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"standard": "9.50"}))]
    pub prices: BTreeMap<SeatKind, Money>,
}

/// Which seats to hold: `seats` by name, or the `best` so many together.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldRequest {
    /// The seats by name: all of them are held or none.
    #[schema(example = json!(["A1", "A2"]), max_items = 100)]
    pub seats: Option<Vec<String>>,
    /// How many seats together, the best that are free.
    pub best: Option<u8>,
    /// Of which kind the best seats must be, if not of any.
    #[schema(value_type = Option<String>, pattern = "^(standard|premium|accessible|companion)$")]
    pub kind: Option<SeatKind>,
    /// The seat map's revision that the choice rests on. Refused if it moved on since.
    pub expect: Option<u64>,
}

/// How to pay.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PurchaseRequest {
    /// What the payment provider gave the buyer's browser. The test provider's: `ok`, `declined`,
    /// `late:3`, `hang`, `flaky`.
    #[schema(example = "ok", max_length = 200)]
    pub payment_token: String,
    /// On whose name. The buyer's user name if left out.
    pub name: Option<String>,
    /// The seat map's revision that the choice rests on.
    pub expect: Option<u64>,
}

/// To whom a booking goes.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferRequest {
    /// On whose name.
    #[schema(example = "Bob")]
    pub name: String,
    /// Whose booking it becomes, by user name. It stays the caller's if left out.
    pub username: Option<String>,
    /// The seat map's revision that the choice rests on.
    pub expect: Option<u64>,
}

/// Seats for the house.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockRequest {
    /// Which seats: all of them or none.
    #[schema(example = json!(["A1", "A2"]), max_items = 100)]
    pub seats: Vec<String>,
    /// What for.
    #[schema(example = "press", min_length = 1, max_length = 80)]
    pub reason: String,
    /// The seat map's revision that the choice rests on.
    pub expect: Option<u64>,
}

/// Seats that the house gives back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnblockRequest {
    /// Which seats: all of them or none.
    #[schema(example = json!(["A1", "A2"]), max_items = 100)]
    pub seats: Vec<String>,
    /// The seat map's revision that the choice rests on.
    pub expect: Option<u64>,
}

/// A place on the wait list.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitRequest {
    /// How many seats together.
    #[schema(example = 2, minimum = 1)]
    pub count: u8,
    /// Of which kind, if not of any.
    #[schema(value_type = Option<String>, pattern = "^(standard|premium|accessible|companion)$")]
    pub kind: Option<SeatKind>,
}

/// Which page of a list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many rows at most: 1 to 200, 50 if left out.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// What the page before gave as `next`.
    pub cursor: Option<String>,
}

/// Which showings.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ShowingsQuery {
    /// Only of this movie, by id.
    #[param(value_type = Option<String>, format = "uuid")]
    pub movie: Option<MovieId>,
    /// Only in this theatre, by name.
    pub theater: Option<String>,
    /// Only those that start then or later.
    #[param(value_type = Option<String>, format = DateTime, example = "2027-05-01T00:00:00Z")]
    pub from: Option<Timestamp>,
    /// Only those that start before.
    #[param(value_type = Option<String>, format = DateTime, example = "2027-05-02T00:00:00Z")]
    pub to: Option<Timestamp>,
    /// How many rows at most: 1 to 200, 50 if left out.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
    /// What the page before gave as `next`.
    pub cursor: Option<String>,
}
