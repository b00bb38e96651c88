//! A small cinema, made over the wire by somebody who organizes.

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::client::{Client, ClientError};

/// A movie of the programme: title, minutes, genre, age, synopsis.
type Movie = (&'static str, u16, &'static str, &'static str, &'static str);

const MOVIES: [Movie; 6] = [
    (
        "Metropolis",
        153,
        "Science fiction",
        "12",
        "In a city of towers the son of its master falls for a teacher of those who keep it running.",
    ),
    (
        "The General",
        79,
        "Comedy",
        "0",
        "An engine driver loses his locomotive and his sweetheart to spies, and goes after both.",
    ),
    (
        "Nosferatu",
        94,
        "Horror",
        "16",
        "A clerk travels to a far castle to sell a house, and something follows him home.",
    ),
    (
        "Safety Last!",
        73,
        "Comedy",
        "0",
        "A shop assistant promises a stunt to draw a crowd, and has to climb the building himself.",
    ),
    (
        "Sherlock Jr.",
        45,
        "Comedy",
        "0",
        "A projectionist who would be a detective dreams himself into the film he shows.",
    ),
    ("The Passion of Joan of Arc", 114, "Drama", "12", "A trial, told in faces."),
];

/// Each screen: theatre, name, rows.
fn screens() -> [(&'static str, &'static str, Value); 4] {
    let row = |row: &str, seats: u16, kind: &str, gaps: &[u16]| json!({ "row": row, "seats": seats, "kind": kind, "gaps": gaps });
    let accessible = |mut row: Value| {
        row["kinds"] = json!({ "1": "accessible", "2": "companion" });
        row
    };
    let hall = vec![
        accessible(row("A", 14, "standard", &[7])),
        row("B", 16, "standard", &[8]),
        row("C", 18, "standard", &[9]),
        row("D", 18, "standard", &[9]),
        row("E", 20, "premium", &[10]),
        row("F", 20, "premium", &[10]),
        row("G", 20, "standard", &[10]),
        row("H", 20, "standard", &[10]),
    ];
    let studio = vec![
        accessible(row("A", 8, "standard", &[])),
        row("B", 9, "standard", &[]),
        row("C", 10, "premium", &[]),
        row("D", 10, "standard", &[]),
    ];
    let attic = vec![
        row("A", 6, "standard", &[3]),
        row("B", 6, "standard", &[3]),
        accessible(row("C", 8, "premium", &[4])),
    ];
    [
        ("Odeon", "Great Hall", hall.clone().into()),
        ("Odeon", "Studio", studio.clone().into()),
        ("Rialto", "Main Screen", hall[..6].to_vec().into()),
        ("Rialto", "Attic", attic.into()),
    ]
}

/// How far ahead the programme reaches, in hours.
const AHEAD_HOURS: i64 = 20;

/// The house as it was made.
#[derive(Debug, Clone)]
pub struct House {
    movies: Vec<Value>,
    screens: Vec<Value>,
}

/// All items of a list.
///
/// # Errors
///
/// [`ClientError`].
pub async fn all(client: &Client, path: &str) -> Result<Vec<Value>, ClientError> {
    let mut items = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let join = if path.contains('?') { '&' } else { '?' };
        let at = cursor.as_ref().map_or(String::new(), |c| format!("&cursor={c}"));
        let page = client.get(&format!("{path}{join}limit=200{at}")).await?;
        items.extend(page["items"].as_array().cloned().unwrap_or_default());
        cursor = page["next"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return Ok(items);
        }
    }
}

impl House {
    /// Makes what is not there yet of movies and screens. `organizer` may organize.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn open(organizer: &Client) -> Result<Self, ClientError> {
        let there = all(organizer, "/api/movies").await?;
        let mut movies = Vec::new();
        for (title, minutes, genre, age, synopsis) in MOVIES {
            let movie = match there.iter().find(|m| m["title"] == title) {
                Some(movie) => movie.clone(),
                None => {
                    let body = json!({ "title": title, "minutes": minutes, "genre": genre,
                        "age_rating": age, "synopsis": synopsis, "language": "silent" });
                    organizer.post_as(&format!("demo-movie-{minutes}"), "/api/movies", body).await?
                }
            };
            movies.push(movie);
        }
        let there = all(organizer, "/api/screens").await?;
        let mut made = Vec::new();
        for (n, (theater, name, rows)) in screens().into_iter().enumerate() {
            let same = |s: &&Value| s["name"] == name && s["theater"] == theater;
            let screen = match there.iter().find(same) {
                Some(screen) => screen.clone(),
                None => {
                    let body = json!({ "theater": theater, "name": name, "rows": rows });
                    organizer.post_as(&format!("demo-screen-{n}"), "/api/screens", body).await?
                }
            };
            made.push(screen);
        }
        Ok(Self { movies, screens: made })
    }

    /// Puts showings on sale so that each screen is busy for the next hours, from `now` on. Returns
    /// how many were added. Asking again adds only what is missing.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn plan(&self, organizer: &Client, now: Timestamp) -> Result<usize, ClientError> {
        let prices = json!({ "standard": "9.50", "premium": "13.50", "accessible": "9.50", "companion": "0.00" });
        let mut added = 0;
        for (n, screen) in self.screens.iter().enumerate() {
            // A slot every three hours fits the longest movie; screens start apart from each other.
            let slot = 3 * 3600;
            let offset = i64::try_from(n).unwrap_or(0) * 2700 + 1800;
            let first = (now.as_second() - offset).div_euclid(slot) + 1;
            for k in first..=first + AHEAD_HOURS / 3 {
                let at = Timestamp::from_second(k * slot + offset).unwrap_or(now);
                if at < now + 20.minutes() {
                    continue;
                }
                let pick = usize::try_from(k).unwrap_or(0) + n;
                let movie = &self.movies[pick % self.movies.len()];
                let body = json!({ "movie_id": movie["id"], "screen_id": screen["id"],
                    "starts_at": at.to_string(), "prices": prices });
                let key = format!("demo-showing-{n}-{k}");
                match organizer.post_as(&key, "/api/showings", body).await {
                    Ok(_) => added += 1,
                    // Planned before: the key is remembered for a day, the slot for ever.
                    Err(error) if error.code() == "showing_overlaps" => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(added)
    }
}
