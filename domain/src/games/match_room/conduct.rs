//! How people behave: what they say, and what whoever runs the match may do about it.
//!
//! Somebody who is muted, removed or banned is known by account or guest id, so another name, another
//! ticket or an old resume token changes nothing. A guest can become another guest by a new token: a
//! ban of a guest is worth a device that does not know how.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Match;
use super::beside::Said;
use super::command::Reply;
use super::decide::{Decided, no_seat, over, person};
use super::event::{Event, Reason};
use super::player::Player;
use crate::games::Seat;
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Cx, Effects};
use crate::text::line;
use crate::time::Timestamp;

/// How many characters one line has at most. 200: what one reads while playing.
pub const SAID_MAX: usize = 200;

/// How many lines are kept, the newest. 30: what a panel shows.
pub const LINES_KEPT: usize = 30;

/// How many lines one player may say within [`TALK_WINDOW`]. 5.
pub const LINES_IN_WINDOW: u8 = 5;

/// The window in which lines are counted. 10 s.
pub const TALK_WINDOW: Duration = Duration::from_secs(10);

/// How many can be muted, how many banned, and how many removed within [`REMOVED_FOR`]. 256: twice as many as have seats.
pub const LISTED_MAX: usize = 256;

/// For how long whoever was removed may not come back. 5 min: long enough to be missed by a match, short enough
/// that it is no ban.
pub const REMOVED_FOR: Duration = Duration::from_secs(5 * 60);

/// Who was removed lately, and until when they stay away.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Removed(Vec<(Player, Timestamp)>);

impl Removed {
    pub(super) fn add(&mut self, at: Timestamp, player: Player) {
        self.0.retain(|(who, until)| *who != player && *until > at);
        self.0.push((player, at + REMOVED_FOR));
    }

    /// How long `player` still stays away.
    pub(super) fn still(&self, player: Player, now: Timestamp) -> Option<Duration> {
        let until = self.0.iter().find(|(who, _)| *who == player)?.1;
        (until > now).then(|| until.since(now))
    }

    fn lately(&self, now: Timestamp) -> usize {
        self.0.iter().filter(|(_, until)| *until > now).count()
    }
}

/// What was said, and who may not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Conduct {
    pub(super) said: VecDeque<Said>,
    /// How much was said in all.
    count: u32,
    /// Who spoke lately: since when it is counted, and how often.
    talkers: Vec<(Player, Timestamp, u8)>,
    muted: Vec<Player>,
    banned: Vec<Player>,
}

impl Conduct {
    pub(super) fn is_muted(&self, player: Player) -> bool {
        self.muted.contains(&player)
    }

    pub(super) fn is_banned(&self, player: Player) -> bool {
        self.banned.contains(&player)
    }

    /// How many lines `player` has said in the window that `now` is in.
    fn lately(&self, player: Player, now: Timestamp) -> u8 {
        let recent = |since: Timestamp| now.since(since) < TALK_WINDOW;
        let own = self.talkers.iter().find(|(who, since, _)| *who == player && recent(*since));
        own.map_or(0, |(.., count)| *count)
    }

    pub(super) fn say(
        &mut self,
        at: Timestamp,
        seat: Seat,
        player: Player,
        name: &str,
        text: &str,
    ) {
        self.count += 1;
        let (name, text) = (name.to_owned(), text.to_owned());
        self.said.push_back(Said { number: self.count, at, seat, name, text });
        if self.said.len() > LINES_KEPT {
            self.said.pop_front();
        }
        // Who fell silent is forgotten, so there are never more than can speak.
        self.talkers.retain(|(_, since, _)| at.since(*since) < TALK_WINDOW);
        match self.talkers.iter_mut().find(|(who, ..)| *who == player) {
            Some((.., count)) => *count += 1,
            None => self.talkers.push((player, at, 1)),
        }
    }

    pub(super) fn mute(&mut self, player: Player, muted: bool) {
        self.muted.retain(|other| *other != player);
        if muted {
            self.muted.push(player);
        }
    }

    pub(super) fn ban(&mut self, player: Player) {
        self.banned.retain(|other| *other != player);
        self.banned.push(player);
    }
}

impl Match {
    pub(super) fn say(&self, cx: &Cx<'_>, text: &str) -> Decided {
        let player = person(cx)?;
        if self.phase.is_over() {
            return Err(over());
        }
        let seat = self.seats.of(player).ok_or_else(no_seat)?;
        if self.conduct.is_muted(player) {
            let message = "whoever runs the match has muted you";
            return Err(Refusal::new(RefusalKind::Forbidden, "muted", message));
        }
        if self.conduct.lately(player, cx.now) >= LINES_IN_WINDOW {
            let window = TALK_WINDOW.as_secs();
            let message = format!("{LINES_IN_WINDOW} lines in {window} s are enough");
            return Err(Refusal::new(RefusalKind::TooMany, "too_talkative", message));
        }
        let text = line("a line", text, SAID_MAX)?;
        Ok(Effects::reply(vec![Event::Said { seat, text }], Reply::Noted))
    }

    pub(super) fn mute(&self, cx: &Cx<'_>, seat: Seat, muted: bool) -> Decided {
        let player = self.subject(cx, seat)?;
        if self.conduct.is_muted(player) == muted {
            return Ok(Effects::reply(vec![], Reply::Noted));
        }
        has_room(self.conduct.muted.len())?;
        Ok(Effects::reply(vec![Event::Muted { player, muted }], Reply::Noted))
    }

    pub(super) fn remove(&self, cx: &Cx<'_>, seat: Seat, ban: bool) -> Decided {
        let player = self.subject(cx, seat)?;
        has_room(if ban { self.conduct.banned.len() } else { self.removed.lately(cx.now) })?;
        let mut events: Vec<_> = ban.then_some(Event::Banned { player }).into_iter().collect();
        events.push(Event::Freed { seat, why: Reason::Removed });
        Ok(Effects::reply(self.settled(cx.now, events), Reply::Noted))
    }

    /// Refuses whoever was banned, or removed a moment ago.
    pub(super) fn admits(&self, player: Player, now: Timestamp) -> Result<(), Refusal> {
        if self.conduct.is_banned(player) {
            let message = "whoever runs the match has banned you from it";
            return Err(Refusal::forbidden("banned_from_match", message));
        }
        let Some(still) = self.removed.still(player, now) else { return Ok(()) };
        let seconds = still.as_millis().div_ceil(1000);
        let message = format!("whoever runs the match has removed you: come back in {seconds} s");
        Err(Refusal::forbidden("removed_from_match", message))
    }

    /// Whoever has `seat` has just been removed from it.
    pub(super) fn was_removed(&mut self, at: Timestamp, seat: Seat) {
        let seated = self.seats.get(seat).and_then(super::seats::Seated::person);
        if let Some(player) = seated.map(|person| person.player) {
            self.removed.add(at, player);
        }
    }

    /// The person in `seat`, if the caller runs the match: its host, and whoever organizes.
    fn subject(&self, cx: &Cx<'_>, seat: Seat) -> Result<Player, Refusal> {
        let host = self.setup.as_deref().and_then(|setup| setup.host);
        let is_host = host.is_some() && Player::of(cx.caller) == host;
        if !is_host && !cx.caller.organizes() {
            let message = "only the host of the match may do this";
            return Err(Refusal::new(RefusalKind::Forbidden, "not_the_host", message));
        }
        if self.phase.is_over() {
            return Err(over());
        }
        let seated = self.seats.get(seat).and_then(super::seats::Seated::person);
        let player = seated.map(|person| person.player);
        player.ok_or_else(|| Refusal::conflict("nobody_there", format!("nobody has seat {seat}")))
    }
}

fn has_room(listed: usize) -> Result<(), Refusal> {
    if listed < LISTED_MAX {
        return Ok(());
    }
    Err(Refusal::conflict("list_full", format!("{LISTED_MAX} players are on that list already")))
}
