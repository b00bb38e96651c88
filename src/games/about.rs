//! What a client needs to know of a game beside its matches, and how a match's ticks stand.

use std::time::Duration;

use playhouse_actors::ticker::figures::MatchFigures;
use playhouse_actors::ticker::spread::Spread;
use playhouse_domain::games::{GameKind, find};
use playhouse_protocol::ids::MatchId;
use serde::Serialize;
use utoipa::ToSchema;

use super::Stage;
use super::run::{self, game_of};
use super::shapes::Game;
use crate::asking::no_such;
use crate::http::error::Problem;

/// A game, and what its clients need.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GameAbout {
    /// As in the list of games.
    #[serde(flatten)]
    pub game: Game,
    /// What its entities, inputs and events consist of, to the bit (`docs/wire.md`).
    #[schema(value_type = Object)]
    pub schema: serde_json::Value,
    /// What else its clients need to show it, as the game has it: walls, say.
    #[schema(value_type = Object)]
    pub scenery: serde_json::Value,
}

/// How the ticks of a match stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SessionFigures {
    /// Null while it is not played on this server.
    pub running: Option<RunningFigures>,
}

/// How the ticks of a match stand that is played. Counts are since it was taken up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RunningFigures {
    /// How often it was taken up.
    pub epoch: u32,
    /// The tick that it went on from then: what was played after it before is lost.
    pub began: u32,
    /// The newest tick.
    pub tick: u32,
    /// The newest tick that is on the disk.
    pub durable: u32,
    /// How many ticks a second there should be.
    pub tick_hz: u16,
    /// How much later than it was due a tick began.
    pub lateness_us: Times,
    /// How long it took to step the world.
    pub step_us: Times,
    /// How long it took to tell everybody.
    pub tell_us: Times,
    /// How many ticks were left out because the server was behind.
    pub skipped: u64,
    /// How many times it waited with a tick because the disk was behind.
    pub waited: u64,
}

/// How times are spread, in microseconds; at most an eighth too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Times {
    /// Half of them are no longer.
    pub p50: u64,
    /// 99 of 100 are no longer.
    pub p99: u64,
    /// The longest.
    pub max: u64,
}

impl From<&Spread> for Times {
    fn from(spread: &Spread) -> Self {
        let us = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let [p50, p99] = [0.5, 0.99].map(|share| us(spread.quantile(share)));
        Self { p50, p99, max: us(spread.max()) }
    }
}

impl From<&MatchFigures> for RunningFigures {
    fn from(figures: &MatchFigures) -> Self {
        Self {
            epoch: figures.epoch,
            began: figures.began,
            tick: figures.tick,
            durable: figures.durable,
            tick_hz: figures.tick_hz,
            lateness_us: (&figures.lateness).into(),
            step_us: (&figures.step).into(),
            tell_us: (&figures.tell).into(),
            skipped: figures.skipped,
            waited: figures.waited,
        }
    }
}

/// The game called `name`.
///
/// # Errors
///
/// `not_found`.
pub fn game(name: &str) -> Result<GameAbout, Problem> {
    let kind: &dyn GameKind = find(name).ok_or_else(|| no_such("game"))?;
    let schema = serde_json::to_value(kind.schema()).expect("a schema is plain data");
    Ok(GameAbout { game: game_of(kind), schema, scenery: kind.scenery() })
}

/// How the ticks of match `id` stand, as of about a second ago.
///
/// # Errors
///
/// `not_found`.
pub async fn figures(stage: &Stage, id: MatchId) -> Result<SessionFigures, Problem> {
    run::get(stage.rooms(), id).await?;
    let figures = stage.ticker().figures_of(&run::room(id));
    let running = figures.filter(|figures| figures.tick_hz > 0);
    Ok(SessionFigures { running: running.as_ref().map(Into::into) })
}
