//! An administrator gives a quarantined room another past: back to a record, or without one.
//!
//! Nothing is cut out of the journal. The state that the wanted past leads to is worked out and
//! appended as one more record, from which every later rebuild starts: revisions go on rising, and
//! what was undone stays to be looked at. The stream epoch changes, so that no watcher takes the
//! new past for the old one's continuation.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use playhouse_domain::room::Caller;
use playhouse_domain::rows::RowChange;
use playhouse_protocol::codec;

use super::commit::panic_text;
use super::record::{Cause, Record};
use super::room::{Live, Phase, Room};
use super::{Output, Token, Told};
use crate::handle::{AskError, Position};
use crate::journal::{Append, Frame, Index, Rewrite, Salvage, Snapshot};

/// A rewrite under way. One at a time; another is refused meanwhile.
pub(super) struct Rewriting {
    token: Token,
    by: Caller,
    rewrite: Rewrite,
    /// Its record, once it is worked out.
    seq: u64,
}

/// Names of rows: table and key.
type RowNames = BTreeSet<(String, String)>;

impl Room {
    pub(super) fn rewrite(&mut self, token: Token, by: Caller, rewrite: Rewrite) {
        if !matches!(self.phase, Phase::Quarantined { .. }) || self.rewriting.is_some() {
            self.out.push_back(Output::Answer(token, Err(AskError::NotQuarantined)));
            return;
        }
        self.rewriting = Some(Rewriting { token, by, rewrite, seq: 0 });
        self.out.push_back(Output::Salvage(rewrite));
    }

    pub(super) fn salvaged(&mut self, salvaged: Result<Salvage, String>) {
        let Some(Rewriting { by, rewrite, .. }) = &self.rewriting else { return };
        let work = || self.work_out(by, *rewrite, salvaged?);
        let worked_out = catch_unwind(AssertUnwindSafe(work))
            .unwrap_or_else(|panic| Err(format!("replay panicked: {}", panic_text(&*panic))));
        match worked_out {
            Ok((append, snapshot)) => {
                if let Some(rewriting) = &mut self.rewriting {
                    rewriting.seq = append.frame.seq;
                }
                self.out.push_back(Output::Rewrite(Box::new(append), Box::new(snapshot)));
            }
            Err(reason) => self.end_rewrite(Err(AskError::Unrepairable { reason })),
        }
    }

    pub(super) fn rewritten(&mut self, written: Result<Position, String>) {
        let Some(Rewriting { seq, .. }) = self.rewriting else { return };
        match written {
            Ok(position) => {
                let told = Told {
                    reply: vec![],
                    revision: seq,
                    position: Some(position),
                    repeated: false,
                };
                self.end_rewrite(Ok(told));
                self.reopen();
            }
            // What reached the disk is unknown; either past can be opened or rewritten again.
            Err(reason) => self.end_rewrite(Err(AskError::StoreUnavailable { reason })),
        }
    }

    fn end_rewrite(&mut self, result: Result<Told, AskError>) {
        if let Some(Rewriting { token, .. }) = self.rewriting.take() {
            self.out.push_back(Output::Answer(token, result));
        }
    }

    /// The record and the snapshot that make the room what `rewrite` says.
    fn work_out(
        &self,
        by: &Caller,
        rewrite: Rewrite,
        salvage: Salvage,
    ) -> Result<(Append, Snapshot), String> {
        let Salvage { kept, left_out, newest } = salvage;
        let mut live = self.past().restored(kept.snapshot.as_ref())?;
        let mut touched = RowNames::new();
        note(&mut touched, live.rules.rows());
        for frame in &kept.frames {
            if live.seq == rewrite.base() {
                self.note_left_out(&live, &left_out, &mut touched);
                // The only record that is not there is the one that is skipped.
                live.seq = frame.seq - 1;
            }
            note(&mut touched, self.past().replay_rows(&mut live, frame)?);
        }
        if live.seq == rewrite.base() {
            self.note_left_out(&live, &left_out, &mut touched);
        }
        let (room, seq, schema) = (self.id.clone(), newest + 1, self.kind.schema);
        let at = left_out.last().map_or(live.last_at, |frame| frame.at).max(live.last_at);
        let at = at.max(self.now);
        live.rewritten = seq;
        let payload = live.save();
        let cause = Cause::Rewrite { by: by.clone(), rewrite, state: payload.clone() };
        let record = Record { cause, events: vec![], remember: None, settled: vec![] };
        let frame =
            Frame { room, claim: self.claim, seq, schema, at, payload: codec::encode(&record) };
        let after = Index { wake_at: live.rules.wake_at(), owes: !live.rules.duties().is_empty() };
        let snapshot = Snapshot { room: self.id.clone(), seq, schema, at, payload };
        let rows = replaced(touched, live.rules.rows());
        Ok((Append { frame, before: kept.index, after, rows }, snapshot))
    }

    /// Notes the rows of records that are left out, as far as they can be applied to a copy.
    fn note_left_out(&self, live: &Live, left_out: &[Frame], touched: &mut RowNames) {
        let Some(first) = left_out.first() else { return };
        let mut noted = RowNames::new();
        let _ = catch_unwind(AssertUnwindSafe(|| {
            let state = live.rules.save();
            let rules = (self.kind.restore)(self.kind.schema, &state)?;
            let mut copy = Live::new(rules, self.now);
            copy.seq = first.seq - 1;
            for frame in left_out {
                note(&mut noted, self.past().replay_rows(&mut copy, frame)?);
            }
            Ok::<(), String>(())
        }));
        touched.append(&mut noted);
    }
}

fn note(touched: &mut RowNames, rows: Vec<RowChange>) {
    touched.extend(rows.into_iter().map(|row| (row.table, row.key)));
}

/// `rows`, and the end of every touched row that is not among them.
fn replaced(mut touched: RowNames, mut rows: Vec<RowChange>) -> Vec<RowChange> {
    for row in &rows {
        touched.remove(&(row.table.clone(), row.key.clone()));
    }
    rows.extend(touched.into_iter().map(|(table, key)| RowChange { table, key, value: None }));
    rows
}
