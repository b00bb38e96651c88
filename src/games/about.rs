//! What a client needs to know of a game beside its matches, how a match's ticks stand, and, for operators, how
//! the connections of its players do.

use std::time::Duration;

use playhouse_actors::ticker::figures::{MatchFigures, PlayerFigures};
use playhouse_actors::ticker::spread::Spread;
use playhouse_domain::games::match_room::PlayerInfo;
use playhouse_domain::games::{GameKind, find};
use playhouse_protocol::game::PeerFigures;
use playhouse_protocol::ids::{MatchId, RoomId};
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
    /// What crosses the wire, of everybody who is connected now, since each of them connected.
    pub wire: WireFigures,
}

/// What crosses the wire between a match and those who play it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct WireFigures {
    /// How many are connected.
    pub players: u16,
    /// How many datagrams were sent.
    pub sent: u64,
    /// How many bytes they had.
    pub sent_bytes: u64,
    /// How many of them were full states.
    pub full_states: u64,
    /// How many inputs came in time.
    pub inputs_real: u64,
    /// How many ticks of a player had none.
    pub inputs_missed: u64,
}

impl WireFigures {
    fn add(mut self, peer: &PeerFigures) -> Self {
        self.players += 1;
        self.sent += peer.sent;
        self.sent_bytes += peer.sent_bytes;
        self.full_states += peer.full_states;
        self.inputs_real += peer.inputs_real;
        self.inputs_missed += peer.inputs_held + peer.inputs_neutral;
        self
    }
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
            wire: figures
                .players
                .iter()
                .filter_map(|player| player.peer.as_ref())
                .fold(WireFigures::default(), WireFigures::add),
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
    let figures = stage.ticker().figures_of(&run::room(id));
    let running = figures.filter(|figures| figures.tick_hz > 0);
    // The room of a match that runs is not asked: whoever plays looks every second.
    if running.is_none() {
        run::get(stage.rooms(), id).await?;
    }
    Ok(SessionFigures { running: running.as_ref().map(Into::into) })
}

/// A match that is played here, as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlayedMatch {
    /// Its room, `game:` and its id.
    #[schema(example = "game:0190c7e2-0000-7000-8000-000000000000")]
    pub room: String,
    /// What it is called.
    pub title: Option<String>,
    /// How its ticks stand.
    #[serde(flatten)]
    pub running: RunningFigures,
    /// How much happened in a tick that there was no room for.
    pub unheard: u64,
    /// How often its players did what no honest client does.
    pub suspicions: u64,
    /// Who plays, by seat.
    pub players: Vec<PlayedBy>,
}

/// A player of a match, as an operator sees it. Counts are since the match was taken up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlayedBy {
    /// The seat.
    pub seat: u16,
    /// The name that is shown.
    pub name: Option<String>,
    /// True for one of the server's own.
    pub bot: bool,
    /// How often the player did what no honest client does: say what no input is, or that it saw what it cannot
    /// have seen.
    pub suspicions: u32,
    /// What it was the last time: `impossible_input`, `saw_the_future` or `saw_the_past`.
    pub suspected_of: Option<String>,
    /// The tick of the last time: once the match is over, its replay shows it (`/games/{id}/replay#tick=`).
    pub suspected_at: Option<u32>,
    /// How many datagrams the match did not come to read.
    pub unread: u64,
    /// The connection, if there is one.
    pub connection: Option<PlayedOver>,
}

/// A player's connection, as an operator sees it. Counts are since it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlayedOver {
    /// The round trip, smoothed.
    pub rtt_us: u32,
    /// The shortest of the last 10 to 20 s.
    pub rtt_min_us: u32,
    /// How much round trips differ.
    pub jitter_us: u32,
    /// How many of 1,000 datagrams to the player were lost, of the last hundred or so.
    pub loss_down_permille: u16,
    /// The same of those from the player.
    pub loss_up_permille: u16,
    /// A datagram goes out every so many ticks: more than one where the way is narrow.
    pub every_ticks: u8,
    /// Datagrams to the player.
    pub sent: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Ticks in which nothing was sent, since the way was still full.
    pub choked: u64,
    /// Datagrams of the player.
    pub received: u64,
    /// Those that were dropped: malformed, replayed, of another epoch, too many.
    pub dropped: u64,
    /// Ticks for which no input had come in time.
    pub inputs_missed: u64,
    /// Inputs that came too late or too early.
    pub inputs_astray: u64,
}

impl From<PeerFigures> for PlayedOver {
    fn from(peer: PeerFigures) -> Self {
        Self {
            rtt_us: peer.rtt_us,
            rtt_min_us: peer.rtt_min_us,
            jitter_us: peer.jitter_us,
            loss_down_permille: peer.loss_down_permille,
            loss_up_permille: peer.loss_up_permille,
            every_ticks: peer.every_ticks,
            sent: peer.sent,
            sent_bytes: peer.sent_bytes,
            choked: peer.choked,
            received: peer.received,
            dropped: peer.dropped,
            inputs_missed: peer.inputs_held + peer.inputs_neutral,
            inputs_astray: peer.inputs_late + peer.inputs_early,
        }
    }
}

impl PlayedBy {
    fn new(figures: &PlayerFigures, known: &[PlayerInfo]) -> Self {
        let name = known.iter().find(|player| player.seat == figures.seat);
        let newest = figures.suspected.newest();
        Self {
            seat: figures.seat.0,
            name: name.map(|player| player.name.clone()),
            bot: figures.bot,
            suspicions: figures.suspected.times(),
            suspected_of: newest.map(|mark| mark.of.name().to_owned()),
            suspected_at: newest.map(|mark| mark.last),
            unread: figures.unread,
            connection: figures.peer.map(Into::into),
        }
    }
}

/// The matches that are played here, at most `limit`: those first whose players do what no honest client does, then
/// those that are late. As of about a second ago.
pub async fn played(stage: &Stage, limit: usize) -> Vec<PlayedMatch> {
    let suspicions =
        |of: &MatchFigures| of.players.iter().map(|p| u64::from(p.suspected.times())).sum();
    let mut running: Vec<(u64, RoomId, MatchFigures)> = stage
        .ticker()
        .figures()
        .matches
        .into_iter()
        .filter(|(_, figures)| figures.tick_hz > 0)
        .map(|(room, figures)| (suspicions(&figures), room, figures))
        .collect();
    running.sort_by_key(|(suspicions, _, figures)| {
        std::cmp::Reverse((*suspicions, figures.lateness.max()))
    });
    running.truncate(limit);
    let mut matches = Vec::with_capacity(running.len());
    for (suspicions, room, figures) in running {
        // One that has just ended is told without names.
        let id = room.uuid().map(MatchId);
        let seen = match id {
            Some(id) => run::seen(stage.rooms(), id).await.ok().map(|seen| seen.info),
            None => None,
        };
        let known = seen.as_ref().map_or(&[][..], |info| &info.players);
        matches.push(PlayedMatch {
            players: figures.players.iter().map(|one| PlayedBy::new(one, known)).collect(),
            title: seen.as_ref().and_then(|info| info.title.clone()),
            room: room.to_string(),
            running: (&figures).into(),
            unheard: figures.unheard,
            suspicions,
        });
    }
    matches
}
