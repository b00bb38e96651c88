//! What must hold once the world is at rest, said from the records on the disk alone.

use std::collections::{BTreeMap, BTreeSet};

use playhouse_domain::money::Money;
use playhouse_domain::poll::{self, Asking, Definition, Poll, Results, Voters};
use playhouse_domain::room::{Audience, Caller, Cx, Reply as Answer, Rules, Seed};
use playhouse_domain::showing::command::{BookingStatus, Opening, Terms};
use playhouse_domain::showing::{Reply, RowSpec, SeatKind, Showing, View};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::codec;
use playhouse_protocol::ids::{MovieId, RoomId, ScreenId};
use uuid::Uuid;

use super::people::{self, Act, OPTIONS};
use super::world::{HOLD, World};
use crate::host::record::Record;
use crate::host::scope_of;
use crate::journal::{Frame, Journal};

/// What a seat costs, in cents.
pub(super) const PRICE: u64 = 950;

/// Two rows of six seats at one price.
pub(super) fn opening(now: u64) -> Opening {
    let row = |row: &str| RowSpec {
        row: row.into(),
        seats: 6,
        kind: SeatKind::Standard,
        gaps: vec![],
        kinds: BTreeMap::new(),
    };
    let terms = Terms { hold: HOLD, hold_max: HOLD * 4, offer: HOLD, ..Terms::default() };
    let day = 24 * 60 * 60 * 1000;
    Opening {
        movie: MovieId(Uuid::from_u128(1)),
        movie_title: "Metropolis".into(),
        screen: ScreenId(Uuid::from_u128(2)),
        screen_name: "One".into(),
        theater: "Odeon".into(),
        starts_at: Timestamp::from_ms(now + 10 * day),
        ends_at: Timestamp::from_ms(now + 11 * day),
        rows: vec![row("A"), row("B")],
        prices: [(SeatKind::Standard, Money::from_cents(PRICE))].into(),
        currency: "EUR".into(),
        terms,
    }
}

/// One of some options, and a vote can be changed; the first poll shows its results.
pub(super) fn definition(shown: bool) -> Definition {
    Definition {
        title: "Which?".into(),
        kind: poll::Kind::Single,
        options: (0..OPTIONS).map(|n| format!("option {n}")).collect(),
        voters: Voters::Device,
        results: if shown { Results::Live } else { Results::AfterClose },
        change: true,
        secret: false,
        seconds: None,
        questions: Asking::Off,
        ballot_key: None,
    }
}

/// A room's state, folded from its records by the rules alone.
fn folded<R: Rules>(room: &RoomId, records: &[(Frame, Record)]) -> R {
    let mut rules = R::new(room);
    for (frame, record) in records {
        for event in &record.events {
            rules.apply(frame.at, &codec::decode(event).expect("an event"));
        }
    }
    rules
}

impl World {
    pub(super) fn check(&mut self) {
        assert_eq!(self.quarantined(), Vec::<String>::new());
        for room in people::showings() {
            let records = self.records(&room);
            self.check_acked(&room, &records);
            let rules: Showing = folded(&room, &records);
            self.check_live(&room, &rules);
            self.check_seats(&room, &rules);
        }
        self.check_money();
        for room in people::polls() {
            let records = self.records(&room);
            let rules: Poll = folded(&room, &records);
            self.check_live(&room, &rules);
            self.check_votes(&room, &rules, &resets(&room, &records));
        }
    }

    /// Every record of `room`: one after the other, under claims and at times that never fall.
    fn records(&self, room: &RoomId) -> Vec<(Frame, Record)> {
        let page = self.disk.frames(room, 1, usize::MAX).expect("the disk can be read");
        assert_eq!(page.unreadable, []);
        let seqs: Vec<u64> = page.frames.iter().map(|frame| frame.seq).collect();
        assert_eq!(seqs, (1..=page.newest).collect::<Vec<_>>(), "{room} has no hole");
        assert!(page.frames.is_sorted_by_key(|frame| frame.claim), "claims never fall");
        assert!(page.frames.is_sorted_by_key(|frame| frame.at), "time never falls");
        let read = |frame: Frame| {
            let record = codec::decode(&frame.payload).expect("a record");
            (frame, record)
        };
        page.frames.into_iter().map(read).collect()
    }

    /// Every acknowledged command is in the journal once.
    fn check_acked(&self, room: &RoomId, records: &[(Frame, Record)]) {
        let mut written = BTreeSet::new();
        for (frame, record) in records {
            if let Some(remember) = &record.remember {
                assert!(
                    written.insert(remember.scope),
                    "record {} of {room} is there twice",
                    frame.seq
                );
            }
        }
        for person in &self.people {
            for acked in person.done_in(room) {
                let Some(key) = &acked.op.key else { continue };
                let scope = scope_of(&acked.op.caller, &acked.op.command, key);
                assert!(
                    written.contains(&scope),
                    "{acked:?} was acknowledged and is not in {room}"
                );
            }
        }
    }

    /// What the server shows is what the records say.
    fn check_live<R: Rules>(&mut self, room: &RoomId, rules: &R) {
        let shown = self.look(room, Audience::Presenter.into());
        let said = rules.view(Timestamp::ZERO, &Audience::Presenter);
        assert_eq!(shown, serde_json::to_value(said).expect("a view"), "{room}");
    }

    /// No seat is sold twice, and who was told of a booking has it.
    fn check_seats(&self, room: &RoomId, rules: &Showing) {
        let mut sold = BTreeSet::new();
        for person in self.people.iter().filter(|person| person.buys()) {
            let own = rules.view(Timestamp::ZERO, &Audience::Own(person.account()));
            let Some(View::Own(mine)) = own else { panic!("the showing is open") };
            for booking in &mine.bookings {
                let live = booking.status == BookingStatus::Paid;
                for seat in booking.seats.iter().filter(|_| live) {
                    assert!(sold.insert(seat.clone()), "{seat} is sold twice");
                }
            }
            let cancelled =
                |booking| person.done_in(room).any(|acked| acked.op.act == Act::Cancel(booking));
            for acked in person.done_in(room) {
                let Act::Purchase(_) = acked.op.act else { continue };
                let Ok(Reply::Booking(told)) = codec::decode(&acked.reply) else {
                    panic!("{acked:?}")
                };
                let has = mine.bookings.iter().find(|booking| booking.id == told.id);
                let has = has.unwrap_or_else(|| panic!("{told:?} is gone"));
                assert_eq!(has.seats, told.seats);
                assert_eq!(has.status == BookingStatus::Paid, !cancelled(told.id), "{has:?}");
            }
        }
        let Some(View::Presenter { map, sales }) =
            rules.view(Timestamp::ZERO, &Audience::Presenter)
        else {
            panic!("the showing is open")
        };
        let seats = map.seats;
        assert_eq!(sold.len(), seats.sold as usize);
        assert_eq!(seats.free + seats.held + seats.sold + seats.blocked, seats.total);
        let costs = Money::from_cents(u64::from(seats.sold) * PRICE);
        assert_eq!(sales.paid, costs + sales.refunded + sales.refunding);
    }

    /// The bank took what was sold, and gave back the rest.
    fn check_money(&mut self) {
        let sum = |all: &mut dyn Iterator<Item = Money>| all.fold(Money::ZERO, |a, b| a + b);
        let taken = sum(&mut self.charges.values().map(|charge| charge.amount));
        let given = sum(&mut self.refunds.values().map(|refund| refund.amount));
        let sold: u64 = people::showings()
            .iter()
            .map(|room| self.look(room, Audience::Presenter.into())["seats"]["sold"].as_u64())
            .map(|sold| sold.expect("a number"))
            .sum();
        assert_eq!(taken, given + Money::from_cents(sold * PRICE));
    }

    /// Each voter's newest acknowledged vote counts once, and nothing else does.
    fn check_votes(&self, room: &RoomId, rules: &Poll, resets: &BTreeSet<u32>) {
        let mut counts = vec![0_u64; OPTIONS.into()];
        for person in &self.people {
            let voter = person.voter();
            let poll::Voter::Device(guest) = voter else { continue };
            let caller = Caller::Guest(guest);
            let (now, seed) = (Timestamp::ZERO, Seed(Default::default()));
            let cx = Cx { now, room, caller: &caller, seed, revision: 0 };
            let mine =
                rules.decide(&cx, poll::Command::Mine { voter }).expect("one's own vote").reply;
            let Answer::Now(poll::Reply::Mine(mine)) = mine else { panic!("one's own vote") };
            let has = mine.vote.map(|vote| (vote.choice.unwrap_or_default(), vote.receipt));
            if let Some((choice, _)) = &has {
                counts[usize::from(choice[0])] += 1;
            }
            let Some((mark, receipt)) = person.votes.get(room) else {
                assert_eq!(has, None, "nobody votes without being told");
                continue;
            };
            // A reset drops every ballot of the round.
            if let Some((choice, of)) = has {
                assert_eq!((choice, of), (vec![*mark], *receipt), "the newest vote counts");
            } else {
                assert!(resets.contains(&receipt.round), "{receipt:?} is gone");
            }
        }
        let view = rules.view(Timestamp::ZERO, &Audience::Presenter).expect("a view");
        let view = serde_json::to_value(view).expect("JSON");
        assert_eq!(view["tally"]["counts"], serde_json::json!(counts), "{view}");
    }
}

/// The rounds whose ballots were dropped.
fn resets(room: &RoomId, records: &[(Frame, Record)]) -> BTreeSet<u32> {
    let (mut rules, mut resets) = (Poll::new(room), BTreeSet::new());
    for (frame, record) in records {
        for event in &record.events {
            let event = codec::decode(event).expect("an event");
            if let poll::Event::Reset { .. } = event {
                resets.extend(rules.view(frame.at, &Audience::Presenter).map(|v| v.poll.round));
            }
            rules.apply(frame.at, &event);
        }
    }
    resets
}
