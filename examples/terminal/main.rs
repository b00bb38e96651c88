//! The arena in a terminal, over QUIC: one's own avatar moves at once, everybody else as the server tells it.
//!
//! ```sh
//! cargo run --example terminal -- http://127.0.0.1:8080                         # an open match, as a guest
//! cargo run --example terminal -- http://127.0.0.1:8080 --login ann --bots 5    # or one of its own
//! ```

mod hands;
mod picture;
#[path = "../wish/mod.rs"]
mod wish;

use std::io::{IsTerminal, stdout};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Parser;
use playhouse_loadtest::play::PlayError;
use playhouse_loadtest::play::find::settings_of;
use playhouse_loadtest::play::journey::{Journey, JourneyError};
use playhouse_loadtest::play::player::Player;
use playhouse_protocol::game::control::{ClientControl, Refused};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{
    self, DisableMouseCapture, EnableMouseCapture, Event, KeyCode, KeyEvent, KeyEventKind,
    KeyModifiers,
};
use ratatui::crossterm::execute;
use tokio::sync::mpsc;

use self::hands::Hands;
use self::picture::{Stand, draw};
use self::wish::Wanted;

/// How often a picture is drawn. 33 ms, as often as states come.
const FRAME: Duration = Duration::from_millis(33);

/// How long it tries to come in, and to come back. 30 s, as long as a seat is kept.
const COME_WITHIN: Duration = Duration::from_secs(30);

/// How many keys wait to be read. 256; more are dropped.
const KEYS_MAX: usize = 256;

/// Play the arena in a terminal.
#[derive(Debug, Parser)]
struct Arguments {
    /// The server, `http://…`.
    server: String,
    #[command(flatten)]
    wanted: Wanted<5, 20>,
    /// The account's password.
    #[arg(
        long,
        env = "PLAYHOUSE_PASSWORD",
        hide_env_values = true,
        default_value = "a terminal's password"
    )]
    password: String,
    /// The name that others see.
    #[arg(long)]
    name: Option<String>,
    /// Plays over WebSocket in place of QUIC.
    #[arg(long)]
    websocket: bool,
}

/// The player wants to go.
fn is_quit(event: &Event) -> bool {
    let Event::Key(KeyEvent { code, modifiers, kind: KeyEventKind::Press, .. }) = event else {
        return false;
    };
    let control_c = *code == KeyCode::Char('c') && modifiers.contains(KeyModifiers::CONTROL);
    *code == KeyCode::Esc || control_c
}

/// Reads keys on a thread of its own, which ends with the process.
fn keys() -> mpsc::Receiver<Event> {
    let (send, keys) = mpsc::channel(KEYS_MAX);
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            if send.try_send(event).is_err() && send.is_closed() {
                break;
            }
        }
    });
    keys
}

/// What a connection's time in the match came to.
enum Ended {
    /// The player goes.
    Quit,
    /// The match is over; how it ended was told, or not.
    Over,
    /// The connection is lost.
    Lost(PlayError),
}

struct Game {
    terminal: DefaultTerminal,
    keys: mpsc::Receiver<Event>,
    stand: Stand,
}

impl Game {
    /// Plays on one connection: a picture, the keys, a stretch of play, and again.
    async fn stay(&mut self, player: &mut Player<Hands>) -> anyhow::Result<Ended> {
        if let Err(error) = player.connection.say(&ClientControl::Ready(true)).await {
            return Ok(Ended::Lost(error));
        }
        loop {
            while let Ok(event) = self.keys.try_recv() {
                if is_quit(&event) {
                    let _ = player.connection.say(&ClientControl::Leave).await;
                    return Ok(Ended::Quit);
                }
                player.mind.take(&event);
            }
            self.stand.note(player);
            self.terminal.draw(|frame| draw(frame, &self.stand, Some(player)))?;
            match player.play(FRAME, |player| player.results.is_some()).await {
                Ok(false) => {}
                Ok(true) | Err(PlayError::Closed { code: 1, .. }) => return Ok(Ended::Over),
                Err(PlayError::Closed { code, reason }) if matches!(code, 2 | 4 | 5) => {
                    bail!("{}", farewell(code).unwrap_or(&reason))
                }
                Err(error) => return Ok(Ended::Lost(error)),
            }
        }
    }

    /// Comes in, or back, while the picture says so; none if the player has enough of waiting.
    async fn come(
        &mut self,
        journey: &mut Journey,
        mind: Hands,
    ) -> anyhow::Result<Option<Player<Hands>>> {
        let coming = journey.come(mind, COME_WITHIN);
        tokio::pin!(coming);
        loop {
            tokio::select! {
                come = &mut coming => return come.map(Some).map_err(explained),
                () = tokio::time::sleep(FRAME) => {}
            }
            while let Ok(event) = self.keys.try_recv() {
                if is_quit(&event) {
                    return Ok(None);
                }
            }
            self.terminal.draw(|frame| draw(frame, &self.stand, None))?;
        }
    }

    /// Plays until the match is over or the player goes.
    async fn play(&mut self, journey: &mut Journey, mut mind: Hands) -> anyhow::Result<()> {
        loop {
            self.stand.since = Instant::now();
            let Some(mut player) = self.come(journey, mind).await? else { return Ok(()) };
            let ended = self.stay(&mut player).await?;
            match ended {
                Ended::Quit => return Ok(()),
                Ended::Over => {
                    self.stand.results = player.results.take();
                    return self.show_results().await;
                }
                Ended::Lost(why) => self.stand.lost = Some(why.to_string()),
            }
            mind = player.mind;
        }
    }

    /// Shows how it ended until a key is pressed.
    async fn show_results(&mut self) -> anyhow::Result<()> {
        let shown = Instant::now();
        loop {
            self.terminal.draw(|frame| draw(frame, &self.stand, None))?;
            let key = tokio::time::timeout(Duration::from_millis(200), self.keys.recv()).await;
            let pressed =
                matches!(key, Ok(Some(Event::Key(key))) if key.kind == KeyEventKind::Press);
            // Keys that were held when it ended are none.
            if (pressed && shown.elapsed() > Duration::from_secs(1)) || matches!(key, Ok(None)) {
                return Ok(());
            }
        }
    }
}

/// Why a connection was ended for good, in a sentence.
fn farewell(code: u32) -> Option<&'static str> {
    Some(match code {
        2 => "you play on elsewhere: another connection has your seat",
        4 => "you were away for too long, and your seat was given up",
        5 => "you lost your seat",
        _ => return None,
    })
}

/// What a player can make of why nobody is let in.
fn explained(error: JourneyError) -> anyhow::Error {
    match error {
        JourneyError::Play(PlayError::Refused(Refused::Over)) => {
            anyhow::anyhow!("the match is over")
        }
        JourneyError::Play(PlayError::Refused(Refused::Full)) => {
            anyhow::anyhow!("every seat of the match is taken")
        }
        JourneyError::Play(PlayError::Refused(Refused::Schema | Refused::Version { .. })) => {
            anyhow::anyhow!("this client is older or newer than the server")
        }
        other => anyhow::Error::from(other)
            .context(format!("the server could not be reached for {} s", COME_WITHIN.as_secs())),
    }
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if !stdout().is_terminal() {
        bail!("this is played in a terminal; the example `bot` plays without one");
    }
    let base = arguments.server.trim_end_matches('/');
    let (client, id) = arguments
        .wanted
        .with(&arguments.password)
        .find(base)
        .await
        .context("there is no match to play")?;
    let mut journey = Journey::join(&client, &id, arguments.name.as_deref())
        .await
        .context("there is no seat in the match")?;
    if arguments.websocket {
        journey = journey.by_web();
    }
    let settings = settings_of(&journey.session().await?);
    let (seat, by) = (journey.way().seat, if journey.is_web() { "WebSocket" } else { "QUIC" });
    let mind = Hands::new(&settings, seat);
    let stand = Stand::new(&settings, seat, by);
    let terminal = ratatui::try_init().context("the terminal cannot be used")?;
    // Not every terminal tells of a mouse; keys are enough.
    let _ = execute!(stdout(), EnableMouseCapture);
    let mut game = Game { terminal, keys: keys(), stand };
    let played = game.play(&mut journey, mind).await;
    let _ = execute!(stdout(), DisableMouseCapture);
    ratatui::restore();
    played?;
    for line in game.stand.results_lines() {
        println!("{line}");
    }
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("terminal: {error:#}");
            ExitCode::FAILURE
        }
    }
}
