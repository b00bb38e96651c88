//! A screen: its seats, and its schedule, in which no two showings overlap.
//!
//! A showing takes its slot here first: the slot and the duty to open the showing's room are one
//! record, so a crash between the two leaves neither a slot without a showing nor a showing without
//! its slot.

use std::collections::BTreeMap;
use std::time::Duration;

use playhouse_protocol::ids::{MovieId, RoomId, ScreenId, ShowingId};
use serde::{Deserialize, Serialize};

use crate::duty::{Duty, DutyId, DutyResult};
use crate::money::Money;
use crate::refusal::{Refusal, RefusalKind};
use crate::room::{Audience, Cx, Effects, Policy, Retention, Rules, Ticket};
use crate::rows::RowChange;
use crate::showing::{self, Opening, RowSpec, SeatKind, SeatPlan, Showing, Terms};
use crate::text::{self, key_part};
use crate::time::Timestamp;

/// The longest cleaning time, in minutes. 240.
pub const CLEANING_MINUTES_MAX: u16 = 240;

/// How far ahead a showing can be planned. Five years.
pub const AHEAD_MAX: Duration = Duration::from_secs(5 * 366 * 24 * 60 * 60);

/// How many showings to come a screen may have. 5,000: ten a day for more than a year.
pub const SLOTS_MAX: usize = 5000;

/// How long after its end a showing stays in the schedule. 30 days.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What a screen is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Its name, 1 to 60 characters.
    pub name: String,
    /// The theatre it belongs to, 1 to 60 characters.
    pub theater: String,
    /// Its seats.
    pub rows: Vec<RowSpec>,
    /// How long it is cleaned after each showing.
    pub cleaning_minutes: u16,
}

/// A showing to be planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The showing to be.
    pub showing: ShowingId,
    /// The movie.
    pub movie: MovieId,
    /// Its title.
    pub movie_title: String,
    /// How long it runs.
    pub minutes: u16,
    /// When it starts.
    pub starts_at: Timestamp,
    /// The price of each kind of seat.
    pub prices: BTreeMap<SeatKind, Money>,
    /// ISO 4217 code of the currency.
    pub currency: String,
    /// The terms of holds.
    pub terms: Terms,
}

/// What can be asked. All of it by organizers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Make the screen.
    Create(Details),
    /// Plan a showing; answered once it is on sale.
    Schedule(Box<Plan>),
}

/// What can become true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The screen was made.
    Created(Details),
    /// A showing has its slot; its room must be opened.
    Scheduled {
        /// Everything about it.
        plan: Box<Plan>,
        /// Under which the outcome is settled.
        ticket: Ticket,
    },
    /// The showing's room is open.
    Opened(DutyId),
    /// The showing's room could not be opened: its slot is free again.
    Refused(DutyId),
}

/// What the caller is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The screen was made.
    Created(ScreenInfo),
    /// The showing is on sale.
    Scheduled(ShowingId),
}

/// A screen as everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreenInfo {
    /// Its id.
    pub id: ScreenId,
    /// Its name.
    pub name: String,
    /// The theatre it belongs to.
    pub theater: String,
    /// Its rows.
    pub rows: Vec<RowSpec>,
    /// How many seats it has.
    pub seats: u32,
    /// How long it is cleaned after each showing.
    pub cleaning_minutes: u16,
}

/// A showing's time on the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotInfo {
    /// The showing.
    pub showing_id: ShowingId,
    /// The screen.
    pub screen_id: ScreenId,
    /// The movie.
    pub movie_id: MovieId,
    /// Its title.
    pub movie_title: String,
    /// When it starts.
    pub starts_at: Timestamp,
    /// When the movie is over.
    pub ends_at: Timestamp,
    /// When the screen is clean again.
    pub clean_at: Timestamp,
}

/// One screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screen {
    id: ScreenId,
    details: Option<Details>,
    /// Slots by start. Invariant: each ends, cleaning included, before the next begins.
    slots: BTreeMap<Timestamp, SlotInfo>,
    /// Showings whose room must be opened.
    opening: BTreeMap<DutyId, (Plan, Ticket)>,
    duties_given: u64,
    /// Slots that the newest event changed; none if they are gone.
    changed: Vec<(Timestamp, ShowingId)>,
}

/// What an audience sees: the screen with its slots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The screen.
    pub screen: ScreenInfo,
    /// Its slots by start.
    pub slots: Vec<SlotInfo>,
}

fn minutes(n: u16) -> Duration {
    Duration::from_secs(u64::from(n) * 60)
}

impl Screen {
    fn create(&self, details: Details) -> Result<Effects<Self>, Refusal> {
        if self.details.is_some() {
            return Err(Refusal::conflict("already_exists", "the screen was made before"));
        }
        SeatPlan::new(details.rows.clone())?;
        if details.cleaning_minutes > CLEANING_MINUTES_MAX {
            let message = format!("cleaning takes at most {CLEANING_MINUTES_MAX} minutes");
            return Err(Refusal::invalid("bad_minutes", message));
        }
        let details = Details {
            name: text::line("name", &details.name, 60)?,
            theater: text::line("theater", &details.theater, 60)?,
            ..details
        };
        let reply = Reply::Created(self.info(&details));
        Ok(Effects::reply(vec![Event::Created(details)], reply))
    }

    fn info(&self, details: &Details) -> ScreenInfo {
        let Details { name, theater, rows, cleaning_minutes } = details.clone();
        let seats = rows.iter().map(|row| u32::from(row.seats)).sum();
        ScreenInfo { id: self.id, name, theater, rows, seats, cleaning_minutes }
    }

    fn slot(&self, details: &Details, plan: &Plan) -> SlotInfo {
        let ends_at = plan.starts_at + minutes(plan.minutes);
        SlotInfo {
            showing_id: plan.showing,
            screen_id: self.id,
            movie_id: plan.movie,
            movie_title: plan.movie_title.clone(),
            starts_at: plan.starts_at,
            ends_at,
            clean_at: ends_at + minutes(details.cleaning_minutes),
        }
    }

    fn schedule(&self, cx: &Cx<'_>, plan: Box<Plan>) -> Result<Effects<Self>, Refusal> {
        let details = self.details.as_ref().ok_or_else(|| Refusal::not_found("screen"))?;
        if self.slots.values().any(|slot| slot.showing_id == plan.showing) {
            return Err(Refusal::conflict("already_exists", "the showing was planned before"));
        }
        if plan.starts_at <= cx.now {
            let message = format!("a showing starts in the future, not at {}", plan.starts_at);
            return Err(Refusal::invalid("starts_in_past", message));
        }
        if plan.starts_at > cx.now + AHEAD_MAX {
            let message = "a showing can be planned at most five years ahead".to_owned();
            return Err(Refusal::invalid("starts_too_late", message));
        }
        for kind in SeatPlan::new(details.rows.clone())?.by_kind().keys() {
            if !plan.prices.contains_key(kind) {
                let message = format!("there is no price for {kind} seats");
                return Err(Refusal::invalid("price_missing", message).with("kinds", [kind]));
            }
        }
        let slot = self.slot(details, &plan);
        let conflicts: Vec<&SlotInfo> = self
            .slots
            .values()
            .filter(|other| other.starts_at < slot.clean_at && slot.starts_at < other.clean_at)
            .collect();
        if !conflicts.is_empty() {
            let other = conflicts[0];
            let message = format!(
                "the screen is taken by '{}' from {} until {}, cleaning included",
                other.movie_title, other.starts_at, other.clean_at
            );
            return Err(Refusal::conflict("showing_overlaps", message)
                .with("conflicts", conflicts.iter().map(|slot| slot.showing_id)));
        }
        let coming = self.slots.values().filter(|slot| slot.clean_at > cx.now).count();
        if coming >= SLOTS_MAX {
            let message = format!("a screen has at most {SLOTS_MAX} showings to come");
            return Err(Refusal::conflict("schedule_full", message));
        }
        let ticket = Ticket(cx.seed.uuid(0));
        Ok(Effects::later(vec![Event::Scheduled { plan, ticket }], ticket))
    }

    fn open_command(&self, plan: &Plan) -> Option<showing::Command> {
        let details = self.details.as_ref()?;
        Some(showing::Command::Open(Box::new(Opening {
            movie: plan.movie,
            movie_title: plan.movie_title.clone(),
            screen: self.id,
            screen_name: details.name.clone(),
            theater: details.theater.clone(),
            starts_at: plan.starts_at,
            ends_at: plan.starts_at + minutes(plan.minutes),
            rows: details.rows.clone(),
            prices: plan.prices.clone(),
            currency: plan.currency.clone(),
            terms: plan.terms.clone(),
        })))
    }

    fn scheduled(&mut self, at: Timestamp, plan: &Plan, ticket: Ticket) {
        let Some(details) = &self.details else { return };
        let slot = self.slot(details, plan);
        self.changed.push((slot.starts_at, slot.showing_id));
        self.slots.insert(slot.starts_at, slot);
        self.duties_given += 1;
        self.opening.insert(DutyId(self.duties_given), (plan.clone(), ticket));
        let old: Vec<Timestamp> =
            self.slots.values().filter(|s| s.clean_at + KEPT < at).map(|s| s.starts_at).collect();
        for start in old {
            if let Some(slot) = self.slots.remove(&start) {
                self.changed.push((start, slot.showing_id));
            }
        }
    }

    fn slot_key(&self, start: Timestamp, showing: ShowingId) -> String {
        format!("{}/{start}/{showing}", self.id)
    }
}

impl Rules for Screen {
    const KIND: &'static str = "screen";
    const SCHEMA: u16 = 1;
    type Command = Command;
    type Event = Event;
    type Reply = Reply;
    type View = View;
    type Change = View;

    fn new(id: &RoomId) -> Self {
        Self {
            id: ScreenId(id.uuid().unwrap_or_default()),
            details: None,
            slots: BTreeMap::new(),
            opening: BTreeMap::new(),
            duties_given: 0,
            changed: Vec::new(),
        }
    }

    fn decide(&self, cx: &Cx<'_>, command: Command) -> Result<Effects<Self>, Refusal> {
        if !cx.caller.organizes() {
            let message = "only organizers may do this";
            return Err(Refusal::new(RefusalKind::Forbidden, "forbidden", message));
        }
        match command {
            Command::Create(details) => self.create(details),
            Command::Schedule(plan) => self.schedule(cx, plan),
        }
    }

    fn apply(&mut self, at: Timestamp, event: &Event) {
        self.changed.clear();
        match event {
            Event::Created(details) => self.details = Some(details.clone()),
            Event::Scheduled { plan, ticket } => self.scheduled(at, plan, *ticket),
            Event::Opened(duty) => drop(self.opening.remove(duty)),
            Event::Refused(duty) => {
                if let Some((plan, _)) = self.opening.remove(duty) {
                    self.slots.remove(&plan.starts_at);
                    self.changed.push((plan.starts_at, plan.showing));
                }
            }
        }
    }

    fn duties(&self) -> Vec<Duty> {
        let duty = |(id, (plan, _)): (&DutyId, &(Plan, Ticket))| {
            let room = RoomId::of(Showing::KIND, plan.showing.0);
            self.open_command(plan).map(|command| Duty::tell::<Showing>(*id, room, &command))
        };
        self.opening.iter().filter_map(duty).collect()
    }

    fn duty_done(&self, _: &Cx<'_>, duty: DutyId, result: DutyResult) -> Effects<Self> {
        let Some((plan, ticket)) = self.opening.get(&duty) else { return Effects::none() };
        match result {
            DutyResult::Done(_) => Effects::events(vec![Event::Opened(duty)])
                .settle(*ticket, Ok(Reply::Scheduled(plan.showing))),
            DutyResult::Refused(refusal) => {
                Effects::events(vec![Event::Refused(duty)]).settle(*ticket, Err(refusal))
            }
        }
    }

    fn view(&self, _: Timestamp, _: &Audience) -> Option<View> {
        let screen = self.info(self.details.as_ref()?);
        Some(View { screen, slots: self.slots.values().cloned().collect() })
    }

    fn change(&self, _: &Event, audience: &Audience) -> Option<View> {
        self.view(Timestamp::ZERO, audience)
    }

    fn row_changes(&self, event: &Event) -> Vec<RowChange> {
        if matches!(event, Event::Created(_)) {
            return self.rows();
        }
        let row = |(start, showing): &(Timestamp, ShowingId)| {
            let key = self.slot_key(*start, *showing);
            match self.slots.get(start) {
                Some(slot) => RowChange::put("screen_schedule", key, slot),
                None => RowChange::delete("screen_schedule", key),
            }
        };
        self.changed.iter().map(row).collect()
    }

    fn rows(&self) -> Vec<RowChange> {
        let Some(details) = &self.details else { return Vec::new() };
        let (theater, name) = (key_part(&details.theater), key_part(&details.name));
        let key = format!("{theater}/{name}/{}", self.id);
        let screen = RowChange::put("screens", key, &self.info(details));
        let slots = self.slots.values().map(|slot| {
            let key = self.slot_key(slot.starts_at, slot.showing_id);
            RowChange::put("screen_schedule", key, slot)
        });
        std::iter::once(screen).chain(slots).collect()
    }

    fn policy() -> Policy {
        Policy { retention: Retention::Forever, ..Policy::default() }
    }
}

#[cfg(test)]
mod tests;
