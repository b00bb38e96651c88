//! Who watches a room, what they were told, and what they can recover.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use playhouse_domain::room::Audience;
use playhouse_domain::time::Timestamp;

use crate::watch::WatcherId;

/// How many records' changes are kept for each audience. 1,024: at 20 publications a second a
/// minute's absence and more.
const HISTORY_MAX: usize = 1024;

/// How many changes one recovery may send. More costs more than the whole view.
const RECOVER_MAX: usize = 512;

/// How long a watcher may be without room before it is cut off.
pub(crate) const LAG_MAX: Duration = Duration::from_secs(10);

/// The changes of the newest records for one audience.
#[derive(Debug)]
struct History {
    /// Every change of a record past this one is here.
    complete_after: u64,
    changes: VecDeque<(u64, Bytes)>,
}

/// One watcher's standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Gets each publication.
    Current,
    /// Had no room since; gets the newest view as soon as it has.
    Lagging(Timestamp),
}

/// One audience: its watchers, and where its stream stands.
#[derive(Debug)]
struct Channel {
    watchers: BTreeMap<WatcherId, Standing>,
    /// Publications led to this record; none pending before it.
    published: u64,
    /// The newest durable record that changed something for this audience. Publications lead to it
    /// and no further: records after it are nothing to this audience, and where its stream stands
    /// must be the same after a restart.
    changed: u64,
    /// When the last publication left.
    last: Timestamp,
    /// True if something is pending that watchers were not told.
    dirty: bool,
    history: History,
}

/// All audiences of one room that are watched or whose history is kept.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    channels: BTreeMap<Audience, Channel>,
    /// Who watches while the room is read back.
    aside: Option<Aside>,
}

/// Watches of a state that was thrown away.
#[derive(Debug)]
struct Aside {
    /// The record that had last rewritten the past.
    rewritten: u64,
    /// The watchers of each audience, and the record to which publications had led them.
    audiences: BTreeMap<Audience, (BTreeMap<WatcherId, Standing>, u64)>,
}

/// Where publications must go now.
pub(crate) struct Due {
    pub(crate) audience: Audience,
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) current: Vec<WatcherId>,
    pub(crate) lagging: Vec<WatcherId>,
}

impl Watchers {
    /// Keeps the history of `audience` from `seq` on, if it is not kept already.
    pub(crate) fn track(&mut self, audience: &Audience, seq: u64) {
        self.channels.entry(audience.clone()).or_insert_with(|| Channel {
            watchers: BTreeMap::new(),
            published: seq,
            changed: seq,
            last: Timestamp::ZERO,
            dirty: false,
            history: History { complete_after: seq, changes: VecDeque::new() },
        });
    }

    /// Every audience that is tracked.
    pub(crate) fn audiences(&self) -> impl Iterator<Item = &Audience> {
        self.channels.keys()
    }

    /// Notes what a durable record changed for `audience`.
    pub(crate) fn changed(&mut self, audience: &Audience, seq: u64, json: Vec<u8>) {
        let Some(channel) = self.channels.get_mut(audience) else { return };
        channel.dirty = true;
        channel.changed = channel.changed.max(seq);
        channel.history.changes.push_back((seq, json.into()));
        if channel.history.changes.len() > HISTORY_MAX
            && let Some((seq, _)) = channel.history.changes.pop_front()
        {
            channel.history.complete_after = seq;
        }
    }

    /// Takes what was replayed as told: nobody was watching then. A stream begins no earlier than
    /// `since`, the record that last rewrote the past.
    pub(crate) fn settle(&mut self, since: u64) {
        for channel in self.channels.values_mut() {
            channel.changed = channel.changed.max(since);
            channel.published = channel.changed;
            channel.dirty = false;
        }
    }

    /// The record that the publications for `audience` have led to.
    pub(crate) fn published(&self, audience: &Audience) -> Option<u64> {
        self.channels.get(audience).map(|channel| channel.published)
    }

    pub(crate) fn add(&mut self, audience: &Audience, watcher: WatcherId) {
        if let Some(channel) = self.channels.get_mut(audience) {
            channel.watchers.insert(watcher, Standing::Current);
        }
    }

    pub(crate) fn remove(&mut self, watcher: WatcherId) {
        let aside = self.aside.iter_mut().flat_map(|aside| aside.audiences.values_mut());
        let aside = aside.map(|(watchers, _)| watchers);
        for watchers in self.channels.values_mut().map(|c| &mut c.watchers).chain(aside) {
            watchers.remove(&watcher);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.channels.values().all(|c| c.watchers.is_empty())
    }

    pub(crate) fn count(&self) -> usize {
        self.channels.values().map(|c| c.watchers.len()).sum()
    }

    /// The changes past `offset`, oldest first, if all of them are here and not too many.
    pub(crate) fn recover(&self, audience: &Audience, offset: u64) -> Option<Vec<(u64, Bytes)>> {
        let history = &self.channels.get(audience)?.history;
        if offset < history.complete_after {
            return None;
        }
        let start = history.changes.partition_point(|(seq, _)| *seq <= offset);
        let missed = history.changes.range(start..);
        (missed.len() <= RECOVER_MAX).then(|| missed.cloned().collect())
    }

    /// Publications are due at `now` for audiences that are `every` past their last one, or for
    /// `only` at once. Marks them as told.
    pub(crate) fn due(
        &mut self,
        now: Timestamp,
        every: Duration,
        only: Option<&Audience>,
    ) -> Vec<Due> {
        let mut due = Vec::new();
        for (audience, channel) in &mut self.channels {
            let asked = only == Some(audience);
            if only.is_some() && !asked {
                continue;
            }
            let ripe = channel.dirty && (asked || now.since(channel.last) >= every);
            let lags = channel.watchers.values().any(|s| *s != Standing::Current);
            let retry = lags && now.since(channel.last) >= every;
            if !ripe && !retry {
                continue;
            }
            due.push(channel.take(audience, now, ripe));
        }
        due
    }

    /// When [`Self::due`] will next have something.
    pub(crate) fn next_due(&self, every: Duration) -> Option<Timestamp> {
        self.channels
            .values()
            .filter(|c| {
                let lags = c.watchers.values().any(|s| *s != Standing::Current);
                (c.dirty && !c.watchers.is_empty()) || lags
            })
            .map(|c| c.last + every)
            .min()
    }

    /// The watcher had no room. True if it has had none for [`LAG_MAX`]: it is cut off.
    pub(crate) fn lagging(&mut self, watcher: WatcherId, now: Timestamp) -> bool {
        for channel in self.channels.values_mut() {
            let Some(standing) = channel.watchers.get_mut(&watcher) else { continue };
            match *standing {
                Standing::Current => *standing = Standing::Lagging(now),
                Standing::Lagging(since) if now.since(since) >= LAG_MAX => {
                    channel.watchers.remove(&watcher);
                    return true;
                }
                Standing::Lagging(_) => {}
            }
        }
        false
    }

    /// The watcher had room for the newest view and is current again.
    pub(crate) fn caught_up(&mut self, watcher: WatcherId) {
        for channel in self.channels.values_mut() {
            if let Some(standing) = channel.watchers.get_mut(&watcher) {
                *standing = Standing::Current;
            }
        }
    }

    /// The state is thrown away, which `rewritten` had last rewritten; what is read back leads on from it.
    pub(crate) fn set_aside(&mut self, rewritten: u64) {
        let audiences = std::mem::take(&mut self.channels).into_iter();
        let audiences = audiences.map(|(audience, c)| (audience, (c.watchers, c.published)));
        self.aside = Some(Aside { rewritten, audiences: audiences.collect() });
    }

    /// Those who were set aside go on; whoever has not heard of all that was read gets the newest view. If
    /// the past is another now, all of them must begin anew, and are named.
    pub(crate) fn take_back(&mut self, rewritten: u64, now: Timestamp) -> Vec<WatcherId> {
        let Some(aside) = self.aside.take() else { return Vec::new() };
        if aside.rewritten != rewritten {
            return aside.watchers().collect();
        }
        for (audience, (watchers, told)) in aside.audiences {
            let Some(channel) = self.channels.get_mut(&audience) else { continue };
            let missed = channel.published > told;
            // A stream that began with its first watcher stands where that one began.
            channel.changed = channel.changed.max(told);
            channel.published = channel.published.max(told);
            let behind = |standing| match standing {
                Standing::Current if missed => Standing::Lagging(now),
                other => other,
            };
            let watchers = watchers.into_iter().map(|(id, standing)| (id, behind(standing)));
            channel.watchers.extend(watchers);
        }
        Vec::new()
    }

    /// The audiences that somebody watches while the room is read back.
    pub(crate) fn set_aside_audiences(&self) -> Vec<Audience> {
        let aside = self.aside.iter().flat_map(|aside| &aside.audiences);
        aside.filter(|(_, (watchers, _))| !watchers.is_empty()).map(|(a, _)| a.clone()).collect()
    }

    /// Ends every watch and names them.
    pub(crate) fn clear(&mut self) -> Vec<WatcherId> {
        let watched = std::mem::take(&mut self.channels).into_values();
        let aside = self.aside.take();
        let aside = aside.iter().flat_map(Aside::watchers);
        watched.flat_map(|c| c.watchers.into_keys()).chain(aside).collect()
    }
}

impl Aside {
    fn watchers(&self) -> impl Iterator<Item = WatcherId> {
        self.audiences.values().flat_map(|(watchers, _)| watchers.keys().copied())
    }
}

impl Channel {
    fn take(&mut self, audience: &Audience, now: Timestamp, ripe: bool) -> Due {
        let with = |standing: fn(&Standing) -> bool| {
            self.watchers.iter().filter(|(_, s)| standing(s)).map(|(id, _)| *id).collect()
        };
        let current = if ripe { with(|s| *s == Standing::Current) } else { Vec::new() };
        let lagging = with(|s| *s != Standing::Current);
        let from = self.published;
        self.last = now;
        if ripe {
            self.published = self.changed;
            self.dirty = false;
        }
        Due { audience: audience.clone(), from, to: self.published, current, lagging }
    }
}
