//! One player's connection, from its first message to its end.

use std::sync::Arc;
use std::time::Duration;

use playhouse_actors::handle::AskError;
use playhouse_actors::ticker::Standing as Running;
use playhouse_domain::games::match_room::{
    AWAY_TIME, Command, Entered, MatchInfo, Player as Who, Reply,
};
use playhouse_domain::games::{GameKind, find};
use playhouse_domain::room::Caller;
use playhouse_protocol::game::control::{
    Bounds, ClientControl, Closed, Entry, Hello, Refused, Welcome, decode, read_hello,
};
use playhouse_protocol::ids::MatchId;
use playhouse_protocol::limits::{DATAGRAM_BYTES_MAX, INPUT_AHEAD_MAX, TOKEN_BYTES_MAX};
use tokio::time::Instant;

use super::admission::Permit;
use super::carrier::Player;
use super::ending::End;
use super::foyer::{Foyer, Place};
use super::line::Line;
use super::tokens::{self, NewResume};
use super::turned_away::{Cause, Comer};
use super::{Stage, figures, run, watching};
use crate::asking::{Told, server_time};

/// How long a client may take to say who it is. 3 s: it has its ticket before it connects.
pub(super) const HELLO_WITHIN: Duration = Duration::from_secs(3);

/// How long a match that is over may take to say how it ended. 5 s: the results are on disk by then.
const RESULTS_WITHIN: Duration = Duration::from_secs(5);

/// The least time between two control messages of a client. 50 ms: each may become a record on the
/// disk. What comes faster waits where it comes from.
const CONTROL_EVERY: Duration = Duration::from_millis(50);

/// Serves `player`, who must say by `until` who it is, until it is gone.
pub(super) async fn serve(stage: Stage, mut player: Player, mut permit: Permit, until: Instant) {
    let by = player.by;
    figures::connections(by, 1.0);
    let end = play(&stage, &mut player, &mut permit, until).await;
    player.intake.close();
    figures::connections(by, -1.0);
    figures::ended(by, end);
    tracing::debug!(by, end = end.name(), "a player's connection ended");
    player.carrier.finish(end).await;
    drop(permit);
}

async fn play(stage: &Stage, player: &mut Player, permit: &mut Permit, until: Instant) -> End {
    let first = tokio::select! {
        first = tokio::time::timeout_at(until, player.control.recv()) => first,
        () = player.carrier.gone() => return End::Gone,
    };
    let first = match first {
        Ok(Some(first)) => first,
        Ok(None) => return End::Gone,
        Err(_) => return End::Silent,
    };
    let (version, hello) = match read_hello(&first) {
        Ok(hello) => hello,
        Err(refused) => return End::Refused(refused),
    };
    if let Entry::Watch(id) = &hello.entry {
        return match id.parse() {
            Ok(id) => watching::watch(stage, player, permit, (version, hello, id)).await,
            Err(_) => End::Refused(Refused::Entry),
        };
    }
    match enter(stage, player, version, &hello).await {
        Ok(inside) => {
            permit.joined();
            let end = inside.stay(stage, player).await;
            inside.part(stage, end).await;
            end
        }
        Err(end) => end,
    }
}

/// What a client's first message asks for.
struct Wish {
    game: MatchId,
    who: Who,
    caller: Caller,
    command: Command,
    /// Of what the next resume token is made.
    resume: NewResume,
}

impl Wish {
    /// Reads what lets a client in.
    ///
    /// # Errors
    ///
    /// Why it lets nobody in, and the match that it was for.
    fn read(stage: &Stage, entry: &Entry) -> Result<Self, (Cause, Option<MatchId>)> {
        let forged = (Cause::Forged, None);
        let (resume, via) = (NewResume::draw(), stage.via());
        let (Entry::Ticket(token) | Entry::Resume(token) | Entry::Watch(token)) = entry;
        if token.len() > TOKEN_BYTES_MAX {
            return Err(forged);
        }
        stage.accounts().with_keys(|keys| match entry {
            Entry::Ticket(token) => {
                let ticket = tokens::read_ticket(keys, token)?;
                let command = Command::Enter { ticket: ticket.hash, resume: resume.hash(), via };
                let (game, who) = (ticket.game, ticket.player);
                Ok(Self { game, who, caller: tokens::caller(who), command, resume })
            }
            Entry::Resume(token) => {
                let old = tokens::read_resume(keys, token).ok_or(forged)?;
                let (seat, next) = (old.seat, resume.hash());
                let command = Command::Resume { seat, token: old.hash, next, via };
                let (game, who) = (old.game, old.player);
                Ok(Self { game, who, caller: tokens::caller(who), command, resume })
            }
            // Whoever watches has no seat to wish for.
            Entry::Watch(_) => Err(forged),
        })
    }
}

/// A client that is in a match.
struct Inside {
    game: MatchId,
    who: Who,
    entered: Entered,
    line: Arc<Line>,
    foyer: Arc<Foyer>,
    _told: Place,
}

/// Lets a client in by its first message: its seat, its link to the match, its welcome.
async fn enter(stage: &Stage, player: &Player, version: u16, hello: &Hello) -> Result<Inside, End> {
    let refused = End::Refused;
    let turn_away = |cause, game| {
        let comer = Comer { address: player.address, by: player.by, game };
        stage.turned().note(comer, cause, server_time());
    };
    let wish = Wish::read(stage, &hello.entry).map_err(|(cause, game)| {
        turn_away(cause, game);
        refused(Refused::Entry)
    })?;
    let rooms = stage.rooms();
    let seen = run::seen(rooms, wish.game).await.map_err(|error| refused(why(&error)))?;
    let kind = suits(&seen.info, hello).map_err(refused)?;
    let room = run::room(wish.game);
    let asked = run::ask(rooms, &room, wish.caller, None, &wish.command).await;
    let (entered, since) = match asked {
        Ok(Told { reply: Reply::Entered(entered), revision }) => (entered, revision),
        Ok(_) => return Err(refused(Refused::Busy)),
        Err(error) => {
            cause_of(&error).into_iter().for_each(|cause| turn_away(cause, Some(wish.game)));
            return Err(refused(why(&error)));
        }
    };
    let line = Line::new(player.carrier.clone());
    let attached = stage.ticker().attach(&room, entered.seat, entered.entry, line.clone());
    // Somebody with a newer token was quicker.
    let (port, running) = attached.map_err(|_| End::Closed(Closed::Replaced))?;
    let schema = kind.schema();
    player.intake.open(port, schema.tick_hz, format!("{room}, seat {}", entered.seat));
    let Wish { game, who, resume, .. } = wish;
    let resume = stage.accounts().with_keys(|keys| resume.token(keys, game, who, entered.seat));
    line.welcome(Welcome {
        version,
        seat: entered.seat.0,
        tick_hz: schema.tick_hz,
        epoch: epoch(&entered, running.as_ref()),
        server_tick: running.map_or(0, |running| running.tick),
        schema_hash: schema.hash(),
        resume,
        limits: bounds(),
    });
    let foyer = stage.foyers().of(rooms, &seen);
    let told = foyer.come(&entered, since, line.clone());
    Ok(Inside { game, who, entered, line, foyer, _told: told })
}

/// The game of the match, if the client knows it as the server does and it is still to be played.
pub(super) fn suits(info: &MatchInfo, hello: &Hello) -> Result<&'static dyn GameKind, Refused> {
    if info.phase.is_over() {
        return Err(Refused::Over);
    }
    let kind = find(&info.game).ok_or(Refused::Busy)?;
    if kind.schema().hash() != hello.schema_hash {
        return Err(Refused::Schema);
    }
    Ok(kind)
}

/// The epoch on the wire: that of the run, if there is one.
fn epoch(entered: &Entered, running: Option<&Running>) -> u8 {
    running.map_or(entered.epoch, |running| running.epoch) as u8
}

fn bounds() -> Bounds {
    Bounds {
        datagram_bytes: DATAGRAM_BYTES_MAX as u16,
        input_ahead_ticks: INPUT_AHEAD_MAX as u8,
        reconnect_ms: u32::try_from(AWAY_TIME.as_millis()).unwrap_or(u32::MAX),
    }
}

/// What a client is told of why a match does not let it in.
pub(super) fn why(error: &AskError) -> Refused {
    match error {
        AskError::Refused(refusal)
            if matches!(refusal.code.as_ref(), "match_over" | "match_deleted") =>
        {
            Refused::Over
        }
        AskError::Refused(_) | AskError::NoSuchRoom => Refused::Entry,
        _ => Refused::Busy,
    }
}

/// Why a ticket or token that is one lets nobody in; none if it is not its fault.
fn cause_of(error: &AskError) -> Option<Cause> {
    let AskError::Refused(refusal) = error else { return None };
    match refusal.code.as_ref() {
        "ticket_expired" => Some(Cause::Expired),
        "ticket_refused" | "resume_refused" => Some(Cause::Used),
        _ => None,
    }
}

impl Inside {
    /// Does what the client says until one side ends it.
    async fn stay(&self, stage: &Stage, player: &mut Player) -> End {
        let (gone, ended, stopping) = (player.carrier.gone(), self.line.ended(), stage.stopping());
        tokio::pin!(gone, ended, stopping);
        let mut next = Instant::now();
        loop {
            let message = async {
                tokio::time::sleep_until(next).await;
                player.control.recv().await
            };
            let message = tokio::select! {
                end = &mut ended => return self.after_results(end).await,
                () = &mut stopping => return End::Closed(Closed::Stopping),
                () = &mut gone => return End::Gone,
                message = message => message,
            };
            let Some(message) = message else { return End::Gone };
            next = Instant::now() + CONTROL_EVERY;
            let command = match decode::<ClientControl>(&message) {
                Ok(ClientControl::Ready(ready)) => Command::Ready(ready),
                Ok(ClientControl::Start) => Command::Start,
                Ok(ClientControl::Leave) => Command::Leave,
                Ok(ClientControl::Hello(_)) | Err(_) => return End::Closed(Closed::Malformed),
            };
            let leaves = command == Command::Leave;
            let (room, caller) = (run::room(self.game), tokens::caller(self.who));
            let done = run::ask(stage.rooms(), &room, caller, None, &command).await;
            if let Err(error) = &done {
                // How the match stands is told by the lobby, which has not changed.
                tracing::debug!(%room, %error, "a player's wish was refused");
            } else if leaves {
                return End::Closed(Closed::Left);
            }
        }
    }

    /// A match that is over lets go of its players at once; they are to know how it ended.
    async fn after_results(&self, end: End) -> End {
        if end == End::Closed(Closed::Over) {
            let _ = tokio::time::timeout(RESULTS_WITHIN, self.foyer.over()).await;
        }
        end
    }

    /// Tells the match that the connection is no more, unless that is how the match wants it.
    async fn part(&self, stage: &Stage, end: End) {
        use Closed::{Away, Left, Over, Removed, Replaced};
        if matches!(end, End::Closed(Left | Over | Removed | Away | Replaced)) {
            return;
        }
        let Entered { seat, entry, .. } = self.entered;
        let (room, gone) = (run::room(self.game), Command::Gone { seat, entry });
        if let Err(error) = run::ask(stage.rooms(), &room, Caller::System, None, &gone).await {
            // After a restart the match finds out by itself whose connections are no more.
            tracing::debug!(%room, %seat, %error, "a match was not told of a lost connection");
        }
    }
}
