//! Somebody who watches a match: a connection without a seat, which is told the film of the match as it
//! is played, some seconds late (`docs/wire.md`).

use playhouse_actors::ticker::{FilmPart, WATCH_DELAY};
use playhouse_protocol::game::control::{
    ClientControl, Closed, Hello, Refused, ServerControl, Watched, decode,
};
use playhouse_protocol::ids::MatchId;
use tokio::time::Duration;

use super::Stage;
use super::admission::Permit;
use super::carrier::Player;
use super::ending::End;
use super::session::{suits, why};
use super::{figures, run};

/// How many bytes of a film one message has at most. 12 KiB: a message is at most 16.
const FILM_BYTES: usize = 12 << 10;

/// How long a watcher's queue may take to get room before the film goes on without a part. 1 s.
const ROOM_WITHIN: Duration = Duration::from_secs(1);

/// How often a full queue is looked at. 100 ms: as often as there are parts.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Serves somebody who said `hello` to watch match `id`, until one side ends it.
pub(super) async fn watch(
    stage: &Stage,
    player: &mut Player,
    permit: &mut Permit,
    (version, hello, id): (u16, Hello, MatchId),
) -> End {
    let refused = End::Refused;
    let Some(_place) = stage.watchers() else { return refused(Refused::Full) };
    let seen = match run::seen(stage.rooms(), id).await {
        Ok(seen) => seen,
        Err(error) => return refused(why(&error)),
    };
    let kind = match suits(&seen.info, &hello) {
        Ok(kind) => kind,
        Err(error) => return refused(error),
    };
    permit.joined();
    let mut watching = stage.ticker().watch(&run::room(id));
    let delay_ms = WATCH_DELAY.as_millis() as u32;
    let watched = Watched { version, tick_hz: kind.schema().tick_hz, delay_ms };
    if !player.carrier.control(&ServerControl::Watching(watched)) {
        return End::Slow;
    }
    let (gone, stopping) = (player.carrier.gone(), stage.stopping());
    tokio::pin!(gone, stopping);
    figures::watchers(1.0);
    let end = loop {
        tokio::select! {
            part = watching.next() => match part {
                Some(part) if show(player, &part).await => {}
                Some(_) => watching.left_out(),
                None => break End::Closed(Closed::Over),
            },
            message = player.control.recv() => break match message.as_deref().map(decode) {
                Some(Ok(ClientControl::Leave)) => End::Closed(Closed::Left),
                Some(_) => End::Closed(Closed::Malformed),
                None => End::Gone,
            },
            () = &mut stopping => break End::Closed(Closed::Stopping),
            () = &mut gone => break End::Gone,
        }
    };
    figures::watchers(-1.0);
    end
}

/// Sends a part, in pieces that a message has room for. False if the client does not read: whatever it has
/// of the part is of no use to it without the rest.
async fn show(player: &Player, part: &FilmPart) -> bool {
    let mut fresh = part.fresh;
    for piece in part.bytes.chunks(FILM_BYTES) {
        let message = ServerControl::Film { fresh, bytes: piece.to_vec() };
        fresh = false;
        let queued = async {
            while !player.carrier.control(&message) {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        if tokio::time::timeout(ROOM_WITHIN, queued).await.is_err() {
            return false;
        }
    }
    true
}
