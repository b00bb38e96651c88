//! What players of a match were told, and whether it is one story.

use std::collections::BTreeMap;

use playhouse_domain::games::arena::schema::{KILL, PLAYERS_MAX, SCORE, SCORES};
use playhouse_protocol::game::control::Results;
use playhouse_protocol::game::{Received, Table, TimedEvent};

/// The most of what was seen that a crash may take, in ticks. 15: the 500 ms that a match may be ahead of the disk.
const LOST_MAX: u32 = 15;

/// How many stretches of one player are kept. 2,000: twice as many kills as a run has.
const STRETCHES_MAX: usize = 2000;

/// Somebody killed somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kill {
    tick: u32,
    by: u16,
    whom: u16,
}

/// What everybody had at a tick: frags by seat, with the generation of the score.
type Frags = BTreeMap<u16, (u8, i32)>;

/// What one player was told without a break: over one connection and in one epoch.
#[derive(Debug, Clone, Default, PartialEq)]
struct Stretch {
    epoch: u8,
    /// The first state's tick, and the newest's.
    ticks: Option<(u32, u32)>,
    /// The scores at the first whole state, and at the newest whole one.
    scores: Option<((u32, Frags), (u32, Frags))>,
    kills: Vec<Kill>,
    /// True if events were given up: too many waited.
    gave_up: bool,
}

/// What one player was told.
#[derive(Debug, Clone, Default)]
pub(super) struct Diary {
    /// The seat of each connection.
    pub(super) seats: Vec<u16>,
    /// How the match ended, if the player was there.
    pub(super) results: Option<Results>,
    /// Why the player did not play to the end.
    pub(super) failed: Option<String>,
    stretches: Vec<Stretch>,
}

impl Diary {
    /// Another connection or epoch begins.
    pub(super) fn begin(&mut self, epoch: u8) {
        if self.stretches.len() < STRETCHES_MAX {
            self.stretches.push(Stretch { epoch, ..Stretch::default() });
        }
    }

    /// Something happened.
    pub(super) fn hear(&mut self, event: &TimedEvent) {
        let Some(stretch) = self.stretches.last_mut() else { return };
        if event.event.kind == KILL {
            let [by, whom] = [0, 1].map(|at| event.event.fields[at] as u16);
            stretch.kills.push(Kill { tick: event.tick, by, whom });
        }
    }

    /// The newest state came.
    pub(super) fn see(&mut self, world: &Table, received: Received) {
        let Some(stretch) = self.stretches.last_mut() else { return };
        let tick = received.tick;
        stretch.gave_up |= received.events_lost;
        let first = stretch.ticks.map_or(tick, |(first, _)| first);
        stretch.ticks = Some((first, tick));
        if received.whole {
            match &mut stretch.scores {
                None => stretch.scores = Some(((tick, frags(world)), (tick, frags(world)))),
                Some((_, newest)) => *newest = (tick, frags(world)),
            }
        }
    }

    /// How often events were given up.
    #[must_use]
    pub(super) fn gave_up(&self) -> usize {
        self.stretches.iter().filter(|stretch| stretch.gave_up).count()
    }

    fn is_one_seat(&self) -> bool {
        self.seats.iter().all(|seat| *seat == self.seats[0])
    }

    /// Finds where ticks go back within an epoch, or further than a crash may take from one to the next.
    fn goes_back(&self) -> Option<String> {
        let told = self.stretches.iter().filter_map(|s| Some((s.epoch, s.ticks?)));
        let told: Vec<_> = told.collect();
        let seat = self.seats.first().copied().unwrap_or_default();
        told.windows(2).find_map(|pair| {
            let [(before, (_, newest)), (after, (first, _))] = [pair[0], pair[1]];
            let least = if before == after { newest } else { newest.saturating_sub(LOST_MAX) };
            (first < least).then(|| {
                format!(
                    "seat {seat} was at tick {newest} of epoch {before}, then at {first} of {after}"
                )
            })
        })
    }
}

fn frags(world: &Table) -> Frags {
    let of = |seat: u16| {
        let score = world.get(SCORES + seat).filter(|score| score.kind == SCORE)?;
        Some((seat, (score.generation, score.fields[0])))
    };
    (0..PLAYERS_MAX).filter_map(of).collect()
}

/// What all players of one match were told.
#[derive(Debug, Clone, Default)]
pub(super) struct Story {
    /// What each was told.
    pub(super) diaries: Vec<Diary>,
}

impl Story {
    /// Everybody who came back had the seat from before.
    ///
    /// # Errors
    ///
    /// Who had not.
    pub(super) fn seats(&self) -> Result<usize, String> {
        match self.diaries.iter().find(|diary| !diary.is_one_seat()) {
            Some(diary) => Err(format!("somebody had the seats {:?}", diary.seats)),
            None => Ok(self.diaries.iter().map(|diary| diary.seats.len().saturating_sub(1)).sum()),
        }
    }

    /// Ticks never go back within an epoch, and from one to the next by no more than 500 ms.
    ///
    /// # Errors
    ///
    /// Where they do.
    pub(super) fn ticks(&self) -> Result<usize, String> {
        match self.diaries.iter().find_map(Diary::goes_back) {
            Some(fault) => Err(fault),
            None => Ok(self.diaries.iter().map(|diary| diary.stretches.len()).sum()),
        }
    }

    /// For each player and each epoch after another one: the newest tick of the one before, and the epoch.
    pub(super) fn breaks(&self) -> Vec<(u32, u8)> {
        let mut breaks = Vec::new();
        for diary in &self.diaries {
            let played: Vec<_> = diary.stretches.iter().filter(|s| s.ticks.is_some()).collect();
            for pair in played.windows(2).filter(|pair| pair[0].epoch != pair[1].epoch) {
                let newest = pair[0].ticks.map_or(0, |(_, newest)| newest);
                breaks.push((newest, pair[1].epoch));
            }
        }
        breaks
    }

    /// Every kill was told once, in order, and to all who were there.
    ///
    /// # Errors
    ///
    /// Which was not.
    pub(super) fn kills(&self) -> Result<usize, String> {
        let mut known: BTreeMap<(u8, u32), Vec<(u16, u16)>> = BTreeMap::new();
        let mut told = 0;
        let whole = |stretch: &&Stretch| !stretch.gave_up;
        for stretch in self.diaries.iter().flat_map(|d| &d.stretches).filter(whole) {
            let kills = &stretch.kills;
            if !kills.is_sorted_by_key(|kill| kill.tick) {
                return Err(format!("kills came out of order: {kills:?}"));
            }
            told += kills.len();
            let Some(((first, _), (last, _))) = &stretch.scores else { continue };
            let mut own: BTreeMap<u32, Vec<(u16, u16)>> = BTreeMap::new();
            for kill in kills {
                own.entry(kill.tick).or_default().push((kill.by, kill.whom));
            }
            for tick in first + 1..=*last {
                let own = own.remove(&tick).unwrap_or_default();
                let others = known.entry((stretch.epoch, tick)).or_insert_with(|| own.clone());
                if *others != own {
                    let epoch = stretch.epoch;
                    return Err(format!(
                        "of tick {tick} in epoch {epoch} one was told {others:?}, another {own:?}"
                    ));
                }
            }
        }
        Ok(told)
    }

    /// The scores that players were shown grew by just the kills that they were told.
    ///
    /// # Errors
    ///
    /// Where they did not.
    pub(super) fn scores(&self) -> Result<usize, String> {
        let mut compared = 0;
        for stretch in self.diaries.iter().flat_map(|d| &d.stretches).filter(|s| !s.gave_up) {
            let Some(((from, before), (to, after))) = &stretch.scores else { continue };
            for (seat, (generation, frags)) in after {
                let Some((_, then)) = before.get(seat).filter(|(then, _)| then == generation)
                else {
                    continue;
                };
                let counts =
                    |kill: &&Kill| kill.by == *seat && (from + 1..=*to).contains(&kill.tick);
                let told = stretch.kills.iter().filter(counts).count();
                compared += 1;
                if i64::from(frags - then) != told as i64 {
                    return Err(format!(
                        "from tick {from} to {to} of epoch {} seat {seat} went from {then} to {frags} frags, and \
                         {told} kills were told",
                        stretch.epoch
                    ));
                }
            }
        }
        Ok(compared)
    }

    /// All who were told how it ended were told the same.
    ///
    /// # Errors
    ///
    /// If two were told different things.
    pub(super) fn results(&self) -> Result<Option<&Results>, String> {
        let mut told = self.diaries.iter().filter_map(|diary| diary.results.as_ref());
        let Some(first) = told.next() else { return Ok(None) };
        match told.find(|other| *other != first) {
            Some(other) => Err(format!("one was told {first:?}, another {other:?}")),
            None => Ok(Some(first)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kill(tick: u32, by: u16) -> Kill {
        Kill { tick, by, whom: 9 }
    }

    fn frags(of: &[i32]) -> Frags {
        (0..).zip(of).map(|(seat, frags)| (seat, (1, *frags))).collect()
    }

    /// One player's ticks 100 to 200 of epoch 1, in which seat 0 kills twice and seat 1 once.
    fn honest() -> Diary {
        let stretch = Stretch {
            epoch: 1,
            ticks: Some((100, 200)),
            scores: Some(((100, frags(&[3, 0])), (200, frags(&[5, 1])))),
            kills: vec![kill(99, 0), kill(120, 0), kill(150, 1), kill(200, 0)],
            gave_up: false,
        };
        Diary { seats: vec![4, 4], stretches: vec![stretch], ..Diary::default() }
    }

    fn story(change: impl FnOnce(&mut Stretch)) -> Story {
        let mut other = honest();
        change(&mut other.stretches[0]);
        Story { diaries: vec![honest(), other] }
    }

    #[test]
    fn an_honest_story_holds() {
        let story = story(|_| {});
        assert_eq!((story.seats(), story.ticks()), (Ok(2), Ok(2)));
        assert_eq!((story.kills(), story.scores()), (Ok(8), Ok(4)));
        assert_eq!(story.results(), Ok(None));
    }

    #[test]
    fn a_kill_that_is_lost_repeated_or_in_another_order_is_found() {
        type Change = fn(&mut Stretch);
        let changes: [Change; 4] = [
            |s| s.kills.truncate(1),
            |s| s.kills.insert(1, kill(120, 0)),
            |s| s.kills.swap(1, 2),
            |s| s.kills[1].by = 1,
        ];
        for (n, change) in changes.into_iter().enumerate() {
            assert!(story(change).kills().is_err(), "change {n}");
        }
        assert!(story(|s| s.kills.truncate(1)).scores().is_err());
        assert!(story(|s| s.kills.insert(1, kill(120, 0))).scores().is_err());
        // Given up and said so is no loss in silence.
        let said = story(|s| (s.gave_up, s.kills) = (true, Vec::new()));
        assert!(said.kills().is_ok() && said.diaries[1].gave_up() == 1);
    }

    #[test]
    fn ticks_that_go_back_are_found() {
        let then = |epoch, first| {
            let mut diary = honest();
            let ticks = Some((first, first + 50));
            diary.stretches.push(Stretch { epoch, ticks, ..Stretch::default() });
            Story { diaries: vec![diary] }.ticks()
        };
        assert!(then(1, 200).is_ok() && then(2, 185).is_ok());
        assert!(then(1, 199).is_err() && then(2, 184).is_err());
    }

    #[test]
    fn another_seat_and_other_results_are_found() {
        let mut story = story(|_| {});
        story.diaries[0].seats.push(5);
        assert!(story.seats().is_err());
        let results = |tick| Some(Results { void: false, tick, standings: Vec::new() });
        (story.diaries[0].results, story.diaries[1].results) = (results(7), results(7));
        assert_eq!(story.results().unwrap().unwrap().tick, 7);
        story.diaries[1].results = results(8);
        assert!(story.results().is_err());
    }
}
