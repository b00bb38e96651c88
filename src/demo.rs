//! The demo: a small cinema on sale, an evening of polls, a contest, and simulated people who use the public
//! wire; and matches that the server's own bots play.
//!
//! Nothing here has a way in of its own but those matches: the house is made and visited over HTTP, as
//! anybody would.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use futures_util::future::join_all;
use jiff::Timestamp;
use playhouse_domain::games::match_room::Creation;
use playhouse_loadtest::client::{Client, ClientError};
use playhouse_loadtest::evening::{Evening, Guest};
use playhouse_loadtest::house::House;
use playhouse_loadtest::marathon::Marathon;
use playhouse_loadtest::people::Person;
use rand::Rng;
use tokio::task::JoinSet;

use crate::app::App;
use crate::games::always_on::{AlwaysOn, Until};

/// How often the programme is looked at, so that it never runs out. 5 min.
const PLAN_EVERY: Duration = Duration::from_secs(300);

/// The time between two people's arrivals. 50 ms: passwords are hashed one after the other.
const ARRIVE_EVERY: Duration = Duration::from_millis(50);

/// How long the stage rests between two rounds of the polls. 2 s; also the pause before the next
/// attempt when the server does not answer.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// How long it is from one contest to the next, and until it is looked again whether programs can be judged. 10 s.
const CONTEST_AGAIN: Duration = Duration::from_secs(10);

/// The matches that are always on, each with the file that names it. Those that bots play are short, so that their
/// end and their replay are seen, and have room for some visitors; at the table the computer waits for one.
fn matches() -> Vec<(&'static str, Until, Creation)> {
    let creation = |game: &str, title: &str, settings: &str, seats, bots| {
        let (game, title) = (game.to_owned(), Some(title.to_owned()));
        Creation { game, title, settings: Some(settings.to_owned()), seats, bots, listed: true }
    };
    let arena = r#"{"map":"yard","minutes":5,"frags":40}"#;
    let snakes = r#"{"walls":false,"minutes":5,"length":80}"#;
    vec![
        ("always-on-match", Until::Over, creation("arena", "The open arena", arena, 24, 7)),
        ("always-on-snakes", Until::Over, creation("snakes", "The snake pit", snakes, 24, 7)),
        ("always-on-table", Until::Taken, creation("fourinarow", "Beat the computer", "{}", 2, 1)),
    ]
}

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
    // Empty if the demo was killed just when it made it.
    if let Ok(kept) = std::fs::read_to_string(&path)
        && !kept.trim().is_empty()
    {
        return Ok(kept.trim().to_owned());
    }
    // Letters and digits that cannot be mistaken for each other.
    let alphabet = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut chance = rand::rng();
    let drawn: String =
        (0..16).map(|_| char::from(alphabet[chance.random_range(0..alphabet.len())])).collect();
    std::fs::create_dir_all(data)
        .with_context(|| format!("failed to make the data directory {}", data.display()))?;
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(&path);
    let mut file = file.with_context(|| format!("failed to write {}", path.display()))?;
    writeln!(file, "{drawn}").with_context(|| format!("failed to write {}", path.display()))?;
    Ok(drawn)
}

/// The demo of a server that runs.
pub struct Demo {
    client: Client,
    password: String,
    people: usize,
    /// The polls, unless nobody could make them.
    evening: Option<Evening>,
    matches: Vec<AlwaysOn>,
}

impl Demo {
    /// The demo at `base`, whose administrator has `password`, with so many simulated people.
    #[must_use]
    pub fn new(base: &str, password: String, people: usize) -> Self {
        Self { client: Client::new(base), password, people, evening: None, matches: Vec::new() }
    }

    /// The administrator; nobody if the account, kept from before, has another password.
    async fn organizer(&self) -> Result<Option<Client>, ClientError> {
        match self.client.log_in("admin", &self.password).await {
            Ok(organizer) => Ok(Some(organizer)),
            Err(ClientError::Refused { status: 401, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What somebody who started the demo wants to know. Makes the evening's polls, to tell where
    /// they are.
    ///
    /// # Errors
    ///
    /// If the server does not answer.
    pub async fn welcome(&mut self, app: &App) -> anyhow::Result<String> {
        let organizer = self.organizer().await?;
        if let Some(organizer) = &organizer {
            self.evening = Some(Evening::plan(organizer).await?);
        }
        let password = organizer.map(|_| self.password.as_str());
        let data = &app.config.store.data;
        let on = |(file, until, creation)| {
            AlwaysOn::new(app.rooms.clone(), (data.clone(), file), creation, until)
        };
        self.matches = matches().into_iter().map(on).collect();
        Ok(welcome(&app.public_url, data, password, self.evening.as_ref()))
    }

    /// Opens the house and lets people in, until dropped.
    ///
    /// # Errors
    ///
    /// If the house cannot be opened.
    pub async fn run(mut self) -> anyhow::Result<()> {
        let matches = std::mem::take(&mut self.matches);
        let play = join_all(matches.into_iter().map(AlwaysOn::keep));
        let (_, outcome) = tokio::join!(play, self.run_house());
        outcome
    }

    /// The cinema and the evening.
    async fn run_house(self) -> anyhow::Result<()> {
        let house = match self.organizer().await? {
            Some(organizer) => {
                let house = House::open(&organizer).await?;
                house.plan(&organizer, Timestamp::now()).await?;
                Some(house)
            }
            None => None,
        };
        tracing::info!(people = self.people, "the demo's house is open");
        let _crowd = self.crowd();
        tokio::join!(self.keep_planning(house), self.keep_asking(), self.keep_contest());
        Ok(())
    }

    /// Plans on what the house shows, for ever.
    async fn keep_planning(&self, house: Option<House>) {
        loop {
            tokio::time::sleep(PLAN_EVERY).await;
            let Some(house) = &house else { continue };
            if let Err(error) = self.plan(house).await {
                tracing::warn!(%error, "the demo's programme could not be planned on");
            }
        }
    }

    /// Runs the evening's polls, over and over. Each time with a log-in of its own: an access token
    /// lives 15 min, an evening half as long.
    async fn keep_asking(&self) {
        let Some(evening) = self.evening.as_ref().filter(|_| self.people > 0) else { return };
        loop {
            let run = async {
                let Some(organizer) = self.organizer().await? else { return Ok(()) };
                evening.run(&organizer).await
            };
            if let Err(error) = run.await {
                tracing::warn!(%error, "the demo's polls could not be run on");
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    /// Holds one contest after the other, where programs can be judged.
    async fn keep_contest(&self) {
        if self.people == 0 {
            return;
        }
        loop {
            if let Err(error) = self.hold_contest().await {
                tracing::warn!(%error, "the demo's contest could not be held");
            }
            tokio::time::sleep(CONTEST_AGAIN).await;
        }
    }

    async fn hold_contest(&self) -> Result<(), ClientError> {
        let Some(organizer) = self.organizer().await? else { return Ok(()) };
        let Some(contest) = Marathon::open(&organizer).await? else { return Ok(()) };
        tracing::info!(page = contest.page(), "the demo's contest is on");
        contest.run(&self.client).await?;
        match self.organizer().await? {
            Some(organizer) => contest.reveal(&organizer).await,
            None => Ok(()),
        }
    }

    /// Everybody comes in, one after the other, and stays until the crowd is dropped.
    fn crowd(&self) -> JoinSet<()> {
        let mut crowd = JoinSet::new();
        let seed = rand::random();
        for n in 0..self.people {
            let client = self.client.clone();
            crowd.spawn(async move {
                tokio::time::sleep(ARRIVE_EVERY * u32::try_from(n).unwrap_or(0)).await;
                match Person::arrive(&client, n, seed).await {
                    Ok(person) => person.live().await,
                    Err(error) => tracing::warn!(n, %error, "a simulated person could not come in"),
                }
            });
            if let Some(evening) = &self.evening {
                let guest = Guest::new(&self.client, &evening.series, n, seed);
                crowd.spawn(guest.live());
            }
        }
        crowd
    }

    /// The access token lives 15 min; a log-in each time is simple and cheap.
    async fn plan(&self, house: &House) -> Result<(), ClientError> {
        if let Some(organizer) = self.organizer().await? {
            house.plan(&organizer, Timestamp::now()).await?;
        }
        Ok(())
    }
}

fn welcome(url: &str, data: &Path, password: Option<&str>, evening: Option<&Evening>) -> String {
    let data = data.display();
    let administrator = password.map_or_else(
        || "admin, with the password that it was given (the demo plans no new showings)".into(),
        |password| format!("admin, password {password}"),
    );
    let polls = evening.map_or_else(String::new, |Evening { series, code, .. }| {
        format!(
            "
  Vote in its polls:   {url}/join/{code}
  Their stage:         {url}/series/{series}/present"
        )
    });
    format!(
        "
  Playhouse is open:   {url}/{polls}
  Play with its bots:  {url}/games (arena, snakes, four in a row)
  Run a program:       {url}/playground (hostile ones too)
  Take part:           {url}/contests (one is always on)
  Organizer's pages:   {url}/organizer and {url}/polls
  Administrator's:     {url}/admin
  API:                 {url}/api/docs
  Administrator:       {administrator}
  Kept in:             {data} (--fresh starts over)

  Payments are a test: no money moves. Stop with Ctrl-C.
"
    )
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
