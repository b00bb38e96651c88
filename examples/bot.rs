//! A bot that plays a match of the arena on a server that runs, and prints how it came out.
//!
//! ```sh
//! cargo run --example bot -- http://127.0.0.1:8080                          # an open match, as a guest
//! cargo run --example bot -- http://127.0.0.1:8080 --login rob --bots 3     # or one of its own
//! ```

mod wish;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use playhouse_loadtest::play::PlayError;
use playhouse_loadtest::play::find::settings_of;
use playhouse_loadtest::play::journey::{Journey, JourneyError};
use playhouse_loadtest::play::pilot::Pilot;
use playhouse_loadtest::play::player::Player;
use playhouse_protocol::game::control::{ClientControl, Refused, Results};

use self::wish::Wanted;

/// How long it tries to come in, and to come back.
const COME_WITHIN: Duration = Duration::from_secs(30);

/// How long a match may take: as long as any can.
const MATCH_WITHIN: Duration = Duration::from_secs(90 * 60);

/// How often it says how it is doing.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// Plays a match of the arena to its end, and prints the results.
#[derive(Debug, Parser)]
struct Arguments {
    /// The server, `http://…`.
    server: String,
    #[command(flatten)]
    wanted: Wanted<3, 10>,
    /// The account's password.
    #[arg(
        long,
        env = "PLAYHOUSE_PASSWORD",
        hide_env_values = true,
        default_value = "a bot's password"
    )]
    password: String,
    /// Plays over WebSocket in place of QUIC.
    #[arg(long)]
    websocket: bool,
    /// What its chance is drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn is_over(error: &JourneyError) -> bool {
    matches!(error, JourneyError::Play(PlayError::Refused(Refused::Over)))
}

/// Plays on one connection until it ends.
async fn stay(player: &mut Player<Pilot>, last: Instant) -> Result<bool, PlayError> {
    player.connection.say(&ClientControl::Ready(true)).await?;
    while Instant::now() < last {
        if player.play(TELL_EVERY, |player| player.results.is_some()).await? {
            return Ok(true);
        }
        let figures = player.peer.figures();
        let (compared, corrected) = player.mind.own().figures();
        println!(
            "tick {}: ping {} ms, {} of 1,000 lost; {corrected} of {compared} steps were not as predicted",
            player.peer.world().tick(),
            figures.rtt_us / 1000,
            figures.loss_down_permille,
        );
    }
    Ok(false)
}

async fn play(arguments: &Arguments) -> anyhow::Result<Option<Results>> {
    let (client, id) = arguments
        .wanted
        .with(&arguments.password)
        .find(arguments.server.trim_end_matches('/'))
        .await?;
    let mut journey = Journey::join(&client, &id, None).await?;
    if arguments.websocket {
        journey = journey.by_web();
    }
    let settings = settings_of(&journey.session().await?);
    println!("match {id}, seat {}", journey.way().seat);
    let mut mind = Pilot::new(&settings, journey.way().seat, arguments.seed);
    let last = Instant::now() + MATCH_WITHIN;
    while Instant::now() < last {
        let mut player = match journey.come(mind, COME_WITHIN).await {
            Err(error) if is_over(&error) => return Ok(None),
            player => player?,
        };
        let ended = stay(&mut player, last).await;
        if player.results.is_some() {
            return Ok(player.results);
        }
        match ended {
            Ok(_) | Err(PlayError::Closed { code: 1, .. }) => return Ok(None),
            // Somebody else has the seat, or nobody: going back would not help.
            Err(error @ PlayError::Closed { code: 2 | 4 | 5, .. }) => return Err(error.into()),
            Err(error) => println!("{error}: coming back"),
        }
        mind = player.mind;
    }
    Ok(None)
}

#[tokio::main]
async fn main() -> ExitCode {
    match play(&Arguments::parse()).await {
        Ok(Some(results)) => {
            println!(
                "over at tick {}{}",
                results.tick,
                if results.void { ", and void" } else { "" }
            );
            for standing in &results.standings {
                println!("{:>3}. {:<24} {:>4}", standing.place, standing.name, standing.score);
            }
            ExitCode::SUCCESS
        }
        Ok(None) => {
            println!("the match was over before it told its results");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("bot: {error:#}");
            ExitCode::FAILURE
        }
    }
}
