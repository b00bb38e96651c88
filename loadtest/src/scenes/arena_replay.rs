//! A match that is over, played again from its log.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use playhouse_domain::games::replay::{Head, Replay};
use playhouse_protocol::game::control::Results;
use serde_json::Value;

use crate::client::{Client, ClientError};

/// The most parts of a log that are read. 1,000: of 20 KiB and more, and a log has at most 6 MiB.
const PARTS_MAX: usize = 1000;

/// The log of match `id`, with what it is besides.
async fn whole(client: &Client, id: &str) -> Result<(Head, Vec<u8>), ClientError> {
    let mut log = Vec::new();
    let mut part = Value::Null;
    for _ in 0..PARTS_MAX {
        let path = format!("/api/games/sessions/{id}/replay?after={}", log.len());
        part = client.get(&path).await?;
        let bytes = STANDARD.decode(part["log"].as_str().unwrap_or_default()).unwrap_or_default();
        log.extend_from_slice(&bytes);
        if bytes.is_empty() || log.len() as u64 >= part["total"].as_u64().unwrap_or_default() {
            break;
        }
    }
    let text = |name: &str| part[name].as_str().unwrap_or_default().to_owned();
    let head = Head {
        game: text("game"),
        rules: part["rules"].as_u64().unwrap_or_default() as u16,
        settings: text("settings"),
        seed: u64::from_str_radix(&text("seed"), 16).unwrap_or_default(),
    };
    Ok((head, log))
}

/// Plays match `id` again: how many ticks it has and how many hashes of its world were compared. What was `told`
/// of its results, and what REST has, must be what it comes to.
///
/// # Errors
///
/// Where it is another match, and [`ClientError`] if the server does not say.
pub(super) async fn holds(
    client: &Client,
    id: &str,
    told: Option<&Results>,
) -> Result<Result<(u64, u64), String>, ClientError> {
    let session = client.get(&format!("/api/games/sessions/{id}")).await?;
    if session["phase"] != "concluded" {
        return Ok(Err(format!("match {id} is {}: {}", session["phase"], session["ending"])));
    }
    let (head, log) = whole(client, id).await?;
    let told = told.cloned();
    let played = tokio::task::spawn_blocking(move || play(&head, &log, told.as_ref())).await;
    let played = played.unwrap_or_else(|panic| Err(panic.to_string()));
    Ok(played.map_err(|fault| format!("match {id}: {fault}")))
}

fn play(head: &Head, log: &[u8], told: Option<&Results>) -> Result<(u64, u64), String> {
    let replay = Replay::open(head, log).map_err(|error| error.to_string())?;
    let verified = replay.verify().map_err(|error| error.to_string())?;
    let mut again = Replay::open(head, log).map_err(|error| error.to_string())?;
    while again.play_tick().map_err(|error| error.to_string())? {}
    let standings = again.world().standings().standings;
    if let Some(told) = told {
        let mut played: Vec<_> =
            standings.iter().map(|s| (s.seat.0, s.place, i64::from(s.score))).collect();
        let mut said: Vec<_> = told.standings.iter().map(|s| (s.seat, s.place, s.score)).collect();
        played.sort_unstable();
        said.sort_unstable();
        if told.tick != verified.ticks || said != played {
            return Err(format!(
                "it comes to {played:?} at tick {}, told was {told:?}",
                verified.ticks
            ));
        }
    }
    Ok((verified.ticks.into(), verified.compared.into()))
}
