//! What a player's end is known to know.
//!
//! Every datagram is remembered for 64 ticks with the entities whose state it told. When it is acknowledged,
//! each of these may serve as a baseline. This is kept for each entity by itself, because a datagram that had
//! no room for all told only some.

use super::Micros;
use super::set::EntitySet;
use super::table::Table;
use crate::limits::RING_TICKS;

/// The slots whose state a datagram told.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Covered {
    /// The entities that it told the state of.
    pub shown: EntitySet,
    /// Those of them that it told whole.
    pub whole: EntitySet,
    /// The slots that it said are empty.
    pub gone: EntitySet,
}

/// One datagram that was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    pub tick: u32,
    pub at: Micros,
    covered: Covered,
    /// The number behind the last event that it held, if it had room for events.
    pub events_end: Option<u16>,
    /// True if it said that events were given up.
    pub resync: bool,
    acked: bool,
    /// True once it was counted as arrived or lost.
    judged: bool,
}

impl Sent {
    pub(super) fn new(
        tick: u32,
        at: Micros,
        covered: Covered,
        (events_end, resync): (Option<u16>, bool),
    ) -> Self {
        Self { tick, at, covered, events_end, resync, acked: false, judged: false }
    }
}

/// What is known about one slot; ticks, 0 for never.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// The newest acknowledged tick at which the player had its entity.
    base: u32,
    /// The newest tick at which the player was sent it.
    shown: u32,
    /// When it was first told whole and is not acknowledged yet, how often it was, and which entity.
    whole_at: u32,
    copies: u8,
    generation: u8,
}

/// In how many datagrams a new entity is told whole before it is waited for. 2: both are lost in 4 % of cases
/// at 20 % loss, and then it is a round trip late.
const COPIES: u8 = 2;

impl Slot {
    fn tell_whole(&mut self, generation: u8, tick: u32) {
        if self.copies == 0 || self.copies >= COPIES || self.generation != generation {
            (self.whole_at, self.copies, self.generation) = (tick, 0, generation);
        }
        self.copies += 1;
    }
}

/// What a player's end knows, as far as it acknowledged it.
#[derive(Debug)]
pub(super) struct Knowledge {
    sent: Box<[Option<Sent>]>,
    slots: Box<[Slot]>,
    /// The slots whose entity the player may have and was not confirmed to have dropped.
    held: EntitySet,
    /// The newest tick that was acknowledged; 0 for none.
    newest: u32,
    /// True once anything was acknowledged.
    met: bool,
}

impl Knowledge {
    pub(super) fn new(entities_max: u16) -> Self {
        Self {
            sent: vec![None; RING_TICKS].into(),
            slots: vec![Slot::default(); entities_max.into()].into(),
            held: EntitySet::EMPTY,
            newest: 0,
            met: false,
        }
    }

    /// The newest tick that was acknowledged; 0 for none.
    pub(super) fn newest(&self) -> u32 {
        self.newest
    }

    /// The slots whose entity the player may have.
    pub(super) fn held(&self) -> &EntitySet {
        &self.held
    }

    /// The newest tick at which the player is known to have had the entity in `slot`; 0 for never.
    pub(super) fn base(&self, slot: u16) -> u32 {
        self.slots[usize::from(slot)].base
    }

    /// True if the entity in `slot` was told whole just now, so that to wait is better than to tell it again.
    pub(super) fn is_awaited(&self, slot: u16, generation: u8, tick: u32, wait: u32) -> bool {
        let slot = &self.slots[usize::from(slot)];
        slot.copies >= COPIES && slot.generation == generation && tick - slot.whole_at <= wait
    }

    /// Remembers a datagram that told of `table`, in place of the one 64 ticks ago.
    pub(super) fn send(&mut self, table: &Table, sent: Sent) {
        for at in sent.covered.shown.iter() {
            let slot = &mut self.slots[usize::from(at)];
            slot.shown = sent.tick;
            if let Some(entity) = table.get(at).filter(|_| sent.covered.whole.contains(at)) {
                slot.tell_whole(entity.generation, sent.tick);
            }
        }
        for slot in sent.covered.gone.iter() {
            self.slots[usize::from(slot)].copies = 0;
        }
        self.held = self.held.union(&sent.covered.shown);
        self.sent[sent.tick as usize % RING_TICKS] = Some(sent);
    }

    /// True if a datagram of `tick` is remembered.
    pub(super) fn was_sent(&self, tick: u32) -> bool {
        self.sent[tick as usize % RING_TICKS].as_ref().is_some_and(|sent| sent.tick == tick)
    }

    /// True once anything was acknowledged.
    pub(super) fn was_met(&self) -> bool {
        self.met
    }

    /// Takes in that the datagram of `tick` arrived. It, if this was not known.
    pub(super) fn ack(&mut self, tick: u32) -> Option<Sent> {
        let sent = self.sent[tick as usize % RING_TICKS].as_mut()?;
        if sent.tick != tick || sent.acked {
            return None;
        }
        sent.acked = true;
        let sent = *sent;
        self.met = true;
        self.newest = self.newest.max(tick);
        for slot in sent.covered.shown.iter() {
            let slot = &mut self.slots[usize::from(slot)];
            slot.base = slot.base.max(tick);
        }
        for slot in sent.covered.gone.iter() {
            if self.slots[usize::from(slot)].shown < tick {
                self.held.remove(slot);
            }
        }
        Some(sent)
    }

    /// Counts the datagram of `tick` as arrived or lost, once: true if it was lost.
    pub(super) fn judge(&mut self, tick: u32) -> Option<bool> {
        let sent = self.sent[tick as usize % RING_TICKS].as_mut()?;
        if sent.tick != tick || sent.judged {
            return None;
        }
        sent.judged = true;
        Some(!sent.acked)
    }

    /// Forgets what was acknowledged, so that everything is told anew. What the player may have stays held.
    pub(super) fn forget(&mut self) {
        for sent in self.sent.iter_mut().flatten() {
            (sent.acked, sent.judged) = (true, true);
        }
        self.newest = 0;
        for slot in &mut self.slots {
            (slot.base, slot.copies) = (0, 0);
        }
    }
}
