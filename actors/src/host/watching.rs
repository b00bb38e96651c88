//! Seeing and following a room: views, the start of a watch, publications.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use playhouse_domain::bug::{self, Bug};
use playhouse_domain::room::{Audience, Recovery};

use super::gate::{Gated, GatedWatch};
use super::room::Room;
use super::{Output, Started, Token};
use crate::handle::{AskError, Seen};
use crate::watch::{Publication, StreamPosition, Viewer, WatcherId};

impl Room {
    pub(super) fn view(&mut self, token: Token, viewer: Viewer) {
        let (now, generation) = (self.now, self.generation.clone());
        let Some(live) = self.live_mut() else { return };
        let result = match catch_unwind(AssertUnwindSafe(|| live.seen(now, &viewer))) {
            Ok(Some((_, json))) => Ok(Seen {
                position: StreamPosition {
                    epoch: format!("{generation}-{}", live.rewritten).into(),
                    offset: live.seq,
                },
                json: json.into(),
            }),
            Ok(None) => Err(AskError::NoSuchRoom),
            Err(_) => Err(AskError::Failed),
        };
        self.gate_now(Gated::Seen { token, viewer, result });
    }

    pub(super) fn watch(
        &mut self,
        token: Token,
        watcher: WatcherId,
        viewer: Viewer,
        recover: Option<StreamPosition>,
    ) {
        let now = self.now;
        let Some(live) = self.live_mut() else { return };
        let seen = catch_unwind(AssertUnwindSafe(|| live.seen(now, &viewer)));
        let (audience, view) = match seen {
            Ok(Some(seen)) => seen,
            Ok(None) => {
                return self.out.push_back(Output::Watching(token, Err(AskError::NoSuchRoom)));
            }
            Err(_) => return self.out.push_back(Output::Watching(token, Err(AskError::Failed))),
        };
        let seq = live.seq;
        self.watchers.track(&audience, seq);
        self.gate_now(Gated::Watch(Box::new(GatedWatch {
            token,
            watcher,
            viewer,
            audience,
            recover,
            view,
        })));
    }

    pub(super) fn start_watch(&mut self, watch: GatedWatch) {
        // What is pending goes to those who watch already, so that the newcomer's first
        // publication starts where its view ends.
        self.publish(Some(&watch.audience));
        let Some(live) = self.live() else { return };
        // Records since the last publication changed nothing for this audience. A newcomer stands
        // where the others stand, so that the next publication follows on for all of them.
        let offset = self.watchers.published(&watch.audience).unwrap_or(live.durable);
        let position = StreamPosition { epoch: self.epoch(live), offset };
        let missed = self.missed(&watch, &position);
        let recovered = missed.is_some();
        let view = (!recovered).then(|| {
            let view = String::from_utf8_lossy(&watch.view);
            format!(r#"{{"to":{},"view":{view}}}"#, position.offset).into()
        });
        self.watchers.add(&watch.audience, watch.watcher);
        let started = Started {
            watcher: watch.watcher,
            position,
            view,
            recovered,
            missed: missed.unwrap_or_default(),
        };
        self.out.push_back(Output::Watching(watch.token, Ok(started)));
    }

    fn missed(
        &self,
        watch: &GatedWatch,
        position: &StreamPosition,
    ) -> Option<Vec<Arc<Publication>>> {
        let from = watch.recover.as_ref()?;
        let everything = self.kind.policy.recovery == Recovery::EveryStep;
        if !everything || from.epoch != position.epoch || from.offset > position.offset {
            return None;
        }
        let changes = self.watchers.recover(&watch.audience, from.offset)?;
        let mut last = from.offset;
        let mut missed = Vec::with_capacity(changes.len());
        for (seq, json) in changes.into_iter().skip(usize::from(bug::is(Bug::GapAfterRecovery))) {
            missed.push(self.publication(&watch.audience, last, seq, &json));
            last = seq;
        }
        Some(missed)
    }

    pub(super) fn publication(
        &self,
        audience: &Audience,
        from: u64,
        to: u64,
        change: &[u8],
    ) -> Arc<Publication> {
        let change = String::from_utf8_lossy(change);
        let json = format!(r#"{{"from":{from},"to":{to},"change":{change}}}"#);
        Arc::new(Publication::new(self.id.clone(), audience.clone(), to, json.into()))
    }

    /// Publishes what is due, or what is pending for `only` at once.
    pub(super) fn publish(&mut self, only: Option<&Audience>) {
        let (now, every) = (self.now, self.kind.policy.publish_every);
        for due in self.watchers.due(now, every, only) {
            let Some(live) = self.live_mut() else { return };
            let pending = live.rules.take_pending(&due.audience);
            let whole =
                self.kind.policy.recovery == Recovery::NewestOnly && !due.current.is_empty();
            // While more is on its way to the disk the whole may not be told, what changed may.
            let view = if whole { self.newest(&due.audience) } else { None };
            if let Some(view) = view {
                self.out.push_back(Output::Publish(view, due.current));
            } else if let Some(change) = pending.filter(|_| !due.current.is_empty()) {
                let publication = self.publication(&due.audience, due.from, due.to, &change);
                self.out.push_back(Output::Publish(publication, due.current));
            }
            if !due.lagging.is_empty()
                && let Some(view) = self.newest(&due.audience)
            {
                self.out.push_back(Output::Refresh(view, due.lagging));
            }
        }
    }

    /// The newest view as a publication; none while it shows what is not on disk yet.
    fn newest(&mut self, audience: &Audience) -> Option<Arc<Publication>> {
        let now = self.now;
        let to = self.watchers.published(audience);
        let live = self.live_mut().filter(|live| live.durable >= live.seq)?;
        let view = catch_unwind(AssertUnwindSafe(|| live.view(now, audience))).ok()??;
        let to = to.unwrap_or(live.seq);
        let view = String::from_utf8_lossy(&view);
        let json = format!(r#"{{"to":{to},"view":{view}}}"#);
        Some(Arc::new(Publication::new(self.id.clone(), audience.clone(), to, json.into())))
    }
}
