//! The demo: a small cinema on sale, and simulated people who use the public wire.
//!
//! Nothing here has a way in of its own: the house is made and visited over HTTP, as anybody would.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use playhouse_loadtest::client::Client;
use playhouse_loadtest::house::House;
use playhouse_loadtest::people::Person;
use rand::Rng;
use tokio::task::JoinSet;

/// How often the programme is looked at, so that it never runs out. 5 min.
const PLAN_EVERY: Duration = Duration::from_secs(300);

/// The time between two people's arrivals. 50 ms: passwords are hashed one after the other.
const ARRIVE_EVERY: Duration = Duration::from_millis(50);

/// The password of the demo's administrator: drawn at the first start, kept beside the data for
/// the next.
///
/// # Errors
///
/// If the file cannot be read or written.
pub fn password(data: &Path) -> anyhow::Result<String> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let path = data.join("demo-password");
    if let Ok(kept) = std::fs::read_to_string(&path) {
        return Ok(kept.trim().to_owned());
    }
    // Letters and digits that cannot be mistaken for each other.
    let alphabet = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut chance = rand::rng();
    let drawn: String =
        (0..16).map(|_| char::from(alphabet[chance.random_range(0..alphabet.len())])).collect();
    std::fs::create_dir_all(data).with_context(|| format!("failed to make {}", data.display()))?;
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(&path);
    let mut file = file.with_context(|| format!("failed to make {}", path.display()))?;
    writeln!(file, "{drawn}").with_context(|| format!("failed to write {}", path.display()))?;
    Ok(drawn)
}

/// What somebody who started the demo wants to know.
#[must_use]
pub fn welcome(url: &str, password: &str) -> String {
    format!(
        "
  Playhouse is open:   {url}/
  Organizer's page:    {url}/organizer
  API:                 {url}/api/docs
  Administrator:       admin, password {password}

  Payments are a test: no money moves. Stop with Ctrl-C.
"
    )
}

/// Opens the house at `base` and lets `people` simulated people in, until dropped.
///
/// # Errors
///
/// If the house cannot be opened.
pub async fn run(base: String, password: String, people: usize) -> anyhow::Result<()> {
    let client = Client::new(&base);
    let organizer = client.log_in("admin", &password).await?;
    let house = House::open(&organizer).await?;
    house.plan(&organizer, Timestamp::now()).await?;
    tracing::info!(people, "the demo's house is open");
    let mut crowd = JoinSet::new();
    let seed = rand::random();
    for n in 0..people {
        let client = client.clone();
        crowd.spawn(async move {
            tokio::time::sleep(ARRIVE_EVERY * u32::try_from(n).unwrap_or(0)).await;
            match Person::arrive(&client, n, seed).await {
                Ok(person) => person.live().await,
                Err(error) => tracing::warn!(n, %error, "a simulated person could not come in"),
            }
        });
    }
    loop {
        tokio::time::sleep(PLAN_EVERY).await;
        // The access token lives 15 min; a log-in each time is simple and cheap.
        let planned = async {
            let organizer = client.log_in("admin", &password).await?;
            house.plan(&organizer, Timestamp::now()).await
        };
        if let Err(error) = planned.await {
            tracing::warn!(%error, "the demo's programme could not be planned on");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_drawn_once_and_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let data = tempfile::tempdir().unwrap();
        let first = password(data.path()).unwrap();
        assert_eq!(first.len(), 16);
        assert_eq!(password(data.path()).unwrap(), first);
        let mode = std::fs::metadata(data.path().join("demo-password")).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }
}
