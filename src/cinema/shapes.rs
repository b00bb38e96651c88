//! What the cinema answers, as JSON: the shapes of REST, RPC and pages alike.
//!
//! Rooms encode their own views; these types describe the same JSON for the API's description and
//! for clients in Rust. The tests of the API read every answer strictly as one of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A movie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Movie {
    /// The movie's id.
    #[schema(format = "uuid")]
    pub id: String,
    /// Its title.
    #[schema(example = "Metropolis")]
    pub title: String,
    /// How long it runs.
    pub minutes: u32,
    /// What sort of movie it is.
    pub genre: Option<String>,
    /// What it is about.
    pub synopsis: Option<String>,
    /// From which age on.
    pub age_rating: Option<String>,
    /// Where its poster is.
    pub poster_url: Option<String>,
    /// The language that is spoken.
    pub language: Option<String>,
}

/// A row of a screen's plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanRow {
    /// The row's name.
    #[schema(example = "A")]
    pub row: String,
    /// How many seats it has.
    pub seats: u32,
    /// What kind they are: `standard`, `premium`, `accessible` or `companion`.
    pub kind: String,
    /// After which seats there is an aisle.
    #[serde(default)]
    pub gaps: Vec<u32>,
    /// Seats of another kind, by number.
    #[serde(default)]
    pub kinds: BTreeMap<String, String>,
}

/// A screen: one auditorium of a theatre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Screen {
    /// The screen's id.
    #[schema(format = "uuid")]
    pub id: String,
    /// Its name within the theatre.
    #[schema(example = "Screen 1")]
    pub name: String,
    /// The theatre.
    #[schema(example = "Odeon")]
    pub theater: String,
    /// Its rows, from the front.
    pub rows: Vec<PlanRow>,
    /// How many seats it has in all.
    pub seats: u32,
    /// How long it is cleaned after each showing.
    pub cleaning_minutes: u32,
}

/// How many seats are in which state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatTotals {
    /// All seats.
    pub total: u32,
    /// Those that can be held now.
    pub free: u32,
    /// Those that somebody is about to buy.
    pub held: u32,
    /// Those that are bought.
    pub sold: u32,
    /// Those that the house keeps.
    pub blocked: u32,
}

/// A showing: one movie on one screen at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Showing {
    /// The showing's id.
    #[schema(format = "uuid")]
    pub id: String,
    /// Which movie.
    #[schema(format = "uuid")]
    pub movie_id: String,
    /// Its title.
    pub movie_title: String,
    /// On which screen.
    #[schema(format = "uuid")]
    pub screen_id: String,
    /// Its name.
    pub screen_name: String,
    /// In which theatre.
    pub theater: String,
    /// When it starts.
    #[schema(format = DateTime)]
    pub starts_at: String,
    /// When the movie ends.
    #[schema(format = DateTime)]
    pub ends_at: String,
    /// The price of a seat by its kind.
    pub prices: BTreeMap<String, String>,
    /// The currency of the prices, ISO 4217.
    pub currency: String,
    /// How many seats are in which state.
    pub seats: SeatTotals,
    /// How many seats of each kind are free.
    pub free_by_kind: BTreeMap<String, u32>,
}

/// One seat of a map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Seat {
    /// The seat's name: row and number.
    #[schema(example = "A1")]
    pub id: String,
    /// Its number within the row.
    pub number: u32,
    /// Its place from the left, aisles counted: a missing place is an aisle.
    pub x: u32,
    /// What kind it is.
    pub kind: String,
    /// What it costs.
    pub price: String,
    /// `free`, `held`, `sold` or `blocked`.
    pub state: String,
}

/// One row of a map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatRow {
    /// The row's name.
    pub row: String,
    /// Its seats, from the left.
    pub seats: Vec<Seat>,
}

/// A showing's seats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatMap {
    /// The showing.
    pub showing: Showing,
    /// What `expect` and `If-Match` compare with; rises with every change.
    pub revision: u64,
    /// The rows, from the front.
    pub rows: Vec<SeatRow>,
    /// How many seats are in which state.
    pub seats: SeatTotals,
    /// The caller's own part. Only with a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mine: Option<Mine>,
    /// What was sold. Only for organizers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sales: Option<Sales>,
    /// The server's time, for an honest countdown.
    #[schema(format = DateTime)]
    pub server_time: String,
}

/// The caller's own part of a showing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mine {
    /// Seats set aside, offers of the wait list included.
    pub holds: Vec<Hold>,
    /// Seats bought.
    pub bookings: Vec<Booking>,
    /// Places on the wait list.
    pub waits: Vec<Wait>,
}

/// What was sold of a showing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sales {
    /// How many bookings stand.
    pub bookings: u32,
    /// The sum of everything paid.
    pub paid: String,
    /// The sum of what is being given back.
    pub refunding: String,
    /// The sum of what was given back.
    pub refunded: String,
}

/// Seats set aside for one buyer until a deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// The hold's id.
    #[schema(format = "uuid")]
    pub hold_id: String,
    /// Which showing.
    #[schema(format = "uuid")]
    pub showing_id: String,
    /// Which seats.
    pub seats: Vec<String>,
    /// Until when.
    #[schema(format = DateTime)]
    pub until: String,
    /// Until when it can be at the latest, extended.
    #[schema(format = DateTime)]
    pub latest: String,
    /// True if it was extended.
    pub extended: bool,
    /// True if it is an offer of the wait list.
    pub offer: bool,
    /// True while its payment is under way.
    pub paying: bool,
    /// What the seats cost together.
    #[schema(example = "19.00")]
    pub price: String,
    /// ISO 4217.
    pub currency: String,
    /// The seat map's revision with it.
    pub revision: u64,
    /// The server's time.
    #[schema(format = DateTime)]
    pub server_time: String,
}

/// Seats that were bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Booking {
    /// The booking's id.
    #[schema(format = "uuid")]
    pub id: String,
    /// Whose it is.
    #[schema(format = "uuid")]
    pub account_id: String,
    /// Which showing.
    #[schema(format = "uuid")]
    pub showing_id: String,
    /// The movie's title.
    pub movie_title: String,
    /// The screen's name.
    pub screen_name: String,
    /// The theatre.
    pub theater: String,
    /// When the showing starts.
    #[schema(format = DateTime)]
    pub starts_at: String,
    /// Which seats.
    pub seats: Vec<String>,
    /// What they cost together.
    pub price: String,
    /// ISO 4217.
    pub currency: String,
    /// On whose name.
    pub name: String,
    /// `paid`, `refunding` or `refunded`.
    pub status: String,
    /// When it was bought.
    #[schema(format = DateTime)]
    pub booked_at: String,
    /// Until when it can be cancelled.
    #[schema(format = DateTime)]
    pub cancel_until: String,
}

/// A place on a showing's wait list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// The place's id.
    #[schema(format = "uuid")]
    pub wait_id: String,
    /// Which showing.
    #[schema(format = "uuid")]
    pub showing_id: String,
    /// How many seats.
    pub count: u32,
    /// Of which kind, if not of any.
    pub kind: Option<String>,
    /// How many come first, and this one: 1 is next.
    pub position: u32,
    /// The hold that is offered to it now.
    #[schema(format = "uuid")]
    pub offered: Option<String>,
}

/// A showing's time on its screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// The showing.
    #[schema(format = "uuid")]
    pub showing_id: String,
    /// The screen.
    #[schema(format = "uuid")]
    pub screen_id: String,
    /// The movie.
    #[schema(format = "uuid")]
    pub movie_id: String,
    /// Its title.
    pub movie_title: String,
    /// When it starts.
    #[schema(format = DateTime)]
    pub starts_at: String,
    /// When the movie is over.
    #[schema(format = DateTime)]
    pub ends_at: String,
    /// When the screen is clean again.
    #[schema(format = DateTime)]
    pub clean_at: String,
}
