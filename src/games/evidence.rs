//! What shows in a match that is over who does what no honest client does: it is played once more from its inputs,
//! and what its rules noted then they note again, at the same ticks.

use std::collections::BTreeMap;

use playhouse_actors::Rooms;
use playhouse_domain::games::match_room::Command;
use playhouse_domain::games::replay::{Head, Replay, ReplayError};
use playhouse_domain::games::{Mark, Seat, Suspected};
use playhouse_domain::room::Caller;
use playhouse_protocol::ids::{AccountId, CommandKey, MatchId};
use serde::Serialize;
use tokio::runtime::Handle;
use utoipa::ToSchema;

use super::film;
use super::run::{self, room};
use crate::accounts::Identity;
use crate::asking::unexpected;
use crate::http::error::Problem;

/// How many stays in a seat are told of, those first that began first. 256: twice as many as there are seats; whoever
/// wants to fill the list leaves and comes again as often.
const STAYS_MAX: usize = 256;

/// After how many ticks another match may be played on. 1,800: a minute at 30 Hz, which takes some milliseconds.
const TICKS_AT_ONCE: u32 = 1800;

/// What shows in a match who does what no honest client does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Evidence {
    /// How many ticks the match has, from 1.
    pub ticks: u32,
    /// Who did what, by seat and by the tick of the first time.
    pub items: Vec<Suspect>,
}

/// What somebody did of one sort.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Suspect {
    /// The seat.
    pub seat: u16,
    /// The name of whoever had the seat at the end; none if that was somebody else, or nobody.
    pub name: Option<String>,
    /// What: `impossible_input`, `saw_the_future` or `saw_the_past`.
    pub of: String,
    /// How often.
    pub times: u32,
    /// The tick of the first time: `/games/{id}/replay#tick=` shows it.
    pub first_tick: u32,
    /// The tick of the last time.
    pub last_tick: u32,
}

/// What shows in match `id`, once it is over.
///
/// # Errors
///
/// The room's refusal; `overloaded` while as many matches are played again as may be.
pub async fn evidence(rooms: &Rooms, id: MatchId) -> Result<Evidence, Problem> {
    let permit = film::permit()?;
    let (head, log) = film::whole(rooms, id).await?;
    let names = names(rooms, id).await?;
    let runtime = Handle::current();
    let played = tokio::task::spawn_blocking(move || {
        let evidence = play(&head, &log, &names, &runtime);
        drop(permit);
        evidence
    });
    match played.await {
        Ok(Ok(evidence)) => Ok(evidence),
        Ok(Err(error)) => {
            tracing::warn!(%id, %error, "a match that is over cannot be played again");
            Err(unexpected(&room(id)))
        }
        Err(_) => Err(unexpected(&room(id))),
    }
}

/// Says that `account` cheated in match `id` at `tick`, or takes that back.
///
/// # Errors
///
/// The room's refusal.
pub async fn judge(
    rooms: &Rooms,
    who: &Identity,
    id: MatchId,
    (account, tick): (AccountId, Option<u32>),
    key: Option<CommandKey>,
) -> Result<(), Problem> {
    run::ask(rooms, &room(id), who.caller(), key, &Command::Judge { account, tick }).await?;
    Ok(())
}

/// Who had a seat at the end.
async fn names(rooms: &Rooms, id: MatchId) -> Result<Vec<(Seat, String)>, Problem> {
    let command = Command::Replay { after: u32::MAX };
    let told = run::ask(rooms, &room(id), Caller::System, None, &command).await?;
    match told.reply {
        playhouse_domain::games::match_room::Reply::Replay(page) => Ok(page.names),
        _ => Err(unexpected(&room(id))),
    }
}

/// Plays the match to its end and notes what its rules note.
fn play(
    head: &Head,
    log: &[u8],
    names: &[(Seat, String)],
    runtime: &Handle,
) -> Result<Evidence, ReplayError> {
    let mut replay = Replay::open(head, log)?;
    // How often each seat was taken: who comes later has done nothing that those before did.
    let mut stays: BTreeMap<Seat, usize> = BTreeMap::new();
    let mut noted: BTreeMap<(Seat, usize), Suspected> = BTreeMap::new();
    let mut plays = true;
    while plays {
        let turn = film::turn(runtime);
        for _ in 0..TICKS_AT_ONCE {
            plays = replay.play_tick()?;
            if !plays {
                break;
            }
            for (seat, came) in replay.changes() {
                *stays.entry(*seat).or_default() += usize::from(*came);
            }
            let tick = replay.world().tick();
            for (seat, of) in replay.happened().suspicions() {
                let stay = (*seat, stays.get(seat).copied().unwrap_or_default());
                if noted.contains_key(&stay) || noted.len() < STAYS_MAX {
                    noted.entry(stay).or_default().add(*of, tick);
                }
            }
        }
        drop(turn);
    }
    let name_of = |(seat, stay): (Seat, usize)| {
        let last = stays.get(&seat).copied().unwrap_or_default() == stay;
        let named = names.iter().find(|(of, _)| *of == seat && last);
        named.map(|(_, name)| name.clone())
    };
    let items = noted.iter().flat_map(|(stay, suspected)| {
        let name = name_of(*stay);
        suspected.marks().map(move |mark| Suspect::new(stay.0, name.clone(), mark))
    });
    Ok(Evidence { ticks: replay.world().tick(), items: items.collect() })
}

impl Suspect {
    fn new(seat: Seat, name: Option<String>, mark: &Mark) -> Self {
        Self {
            seat: seat.0,
            name,
            of: mark.of.name().to_owned(),
            times: mark.times,
            first_tick: mark.first,
            last_tick: mark.last,
        }
    }
}
