//! The server is killed at each named step of each kind of command: whoever asked asks again under
//! the same key, and it has happened once.

use std::path::PathBuf;
use std::time::Duration;

use playhouse_actors::kill::Step;
use playhouse_loadtest::client::{Client, new_key};
use playhouse_loadtest::follow::Follower;
use playhouse_loadtest::live::Live;
use playhouse_loadtest::tallies::Tallies;
use serde_json::{Value, json};

use crate::server::{Server, showing};

/// How soon the step must be passed once a command is sent. 30 s, for a busy machine.
const PASSED_WITHIN: Duration = Duration::from_secs(30);

const STEPS: [Step; 5] =
    [Step::BeforeAppend, Step::BeforeSync, Step::AfterSync, Step::BeforeAnswer, Step::AfterAnswer];

/// The kinds of commands; those that followers are told of first.
const KINDS: [Kind; 12] = [
    Kind::Hold,
    Kind::Release,
    Kind::Buy,
    Kind::Cancel,
    Kind::Block,
    Kind::Vote,
    Kind::Open,
    Kind::Close,
    Kind::Extend,
    Kind::Transfer,
    Kind::Movie,
    Kind::Ask,
];

/// How many of [`KINDS`] followers are told of.
const TOLD: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Hold,
    Release,
    Buy,
    Cancel,
    Block,
    Vote,
    Open,
    Close,
    Extend,
    Transfer,
    Movie,
    Ask,
}

/// A command about to be sent, and how to see afterwards that it happened once.
struct Case {
    by: Client,
    method: reqwest::Method,
    path: String,
    body: Value,
    /// What to look at, as whom, and what must be there.
    look: (Client, String, Seen),
}

/// What is to be seen of a command that happened once.
enum Seen {
    /// A seat is this.
    Seat(String, &'static str),
    /// So many ballots.
    Ballots(u64),
    /// The poll is in this phase.
    Phase(&'static str),
    /// The list has so many of that name under that key.
    Listed(&'static str, String, usize),
    /// A booking with that name on it.
    Name(String),
}

struct House {
    server: Server,
    order: PathBuf,
    admin: Client,
    buyer: Client,
    showing: String,
    seats: u32,
}

impl House {
    async fn open(folder: &tempfile::TempDir) -> Self {
        let order = folder.path().join("kill");
        let server = Server::with(&[("PLAYHOUSE_TEST_KILL", order.to_str().unwrap())]);
        let admin = server.admin().await;
        let buyer = server.person("buyer").await;
        let showing = showing(&admin, 8, 25).await;
        Self { server, order, admin, buyer, showing, seats: 0 }
    }

    /// A seat that nobody had.
    fn seat(&mut self) -> String {
        self.seats += 1;
        let row = char::from(b'A' + u8::try_from(self.seats / 25).unwrap());
        format!("{row}{}", self.seats % 25 + 1)
    }

    async fn held(&mut self) -> (String, String) {
        let seat = self.seat();
        let holds = format!("{}/holds", self.showing);
        let hold = self.buyer.post(&holds, json!({ "seats": [seat] })).await.unwrap();
        (seat, format!("{holds}/{}", hold["hold_id"].as_str().unwrap()))
    }

    async fn booked(&mut self) -> (String, String) {
        let (seat, hold) = self.held().await;
        let pay = json!({ "payment_token": "ok" });
        let booking = self.buyer.post(&format!("{hold}/purchase"), pay).await.unwrap();
        (seat, format!("/api/bookings/{}", booking["id"].as_str().unwrap()))
    }

    async fn poll(&self, open: bool) -> (Value, String) {
        let asks = json!({ "title": "Which?", "kind": "single", "options": ["A", "B"],
            "questions": "open", "voters": "account" });
        let poll = self.admin.post("/api/polls", asks).await.unwrap();
        let path = format!("/api/polls/{}", poll["id"].as_str().unwrap());
        if open {
            self.admin.post(&format!("{path}/open"), json!({})).await.unwrap();
        }
        (poll, path)
    }

    async fn case(&mut self, kind: Kind) -> Case {
        let (admin, buyer) = (self.admin.clone(), self.buyer.clone());
        let seats = format!("{}/seats", self.showing);
        let post = |by: &Client, path: String, body: Value, look| Case {
            by: by.clone(),
            method: reqwest::Method::POST,
            path,
            body,
            look,
        };
        match kind {
            Kind::Hold => {
                let seat = self.seat();
                let look = (buyer.clone(), seats, Seen::Seat(seat.clone(), "held"));
                post(&buyer, format!("{}/holds", self.showing), json!({ "seats": [seat] }), look)
            }
            Kind::Release => {
                let (seat, hold) = self.held().await;
                let look = (buyer.clone(), seats, Seen::Seat(seat, "free"));
                let case = post(&buyer, hold, Value::Null, look);
                Case { method: reqwest::Method::DELETE, ..case }
            }
            Kind::Extend => {
                let (seat, hold) = self.held().await;
                let look = (buyer.clone(), seats, Seen::Seat(seat, "held"));
                post(&buyer, format!("{hold}/extend"), json!({}), look)
            }
            Kind::Buy => {
                let (seat, hold) = self.held().await;
                let look = (buyer.clone(), seats, Seen::Seat(seat, "sold"));
                post(&buyer, format!("{hold}/purchase"), json!({ "payment_token": "ok" }), look)
            }
            Kind::Cancel => {
                let (seat, booking) = self.booked().await;
                let look = (buyer.clone(), seats, Seen::Seat(seat, "free"));
                post(&buyer, format!("{booking}/cancel"), json!({}), look)
            }
            Kind::Transfer => {
                let (_, booking) = self.booked().await;
                let name = format!("Heir {}", self.seats);
                let look = (buyer.clone(), booking.clone(), Seen::Name(name.clone()));
                post(&buyer, format!("{booking}/transfer"), json!({ "name": name }), look)
            }
            Kind::Block => {
                let seat = self.seat();
                let look = (admin.clone(), seats, Seen::Seat(seat.clone(), "blocked"));
                let body = json!({ "seats": [seat], "reason": "broken" });
                post(&admin, format!("{}/blocks", self.showing), body, look)
            }
            Kind::Movie => {
                let title = format!("Film {}", new_key());
                let look = ("items", title.clone(), 1);
                let look = Seen::Listed(look.0, look.1, look.2);
                let body = json!({ "title": title, "minutes": 90 });
                let list = "/api/movies?limit=100".to_owned();
                post(&admin, "/api/movies".into(), body, (admin.clone(), list, look))
            }
            Kind::Vote => {
                let (_, path) = self.poll(true).await;
                let look = (admin, path.clone(), Seen::Ballots(1));
                post(&buyer, format!("{path}/votes"), json!({ "choice": [1] }), look)
            }
            Kind::Open => {
                let (_, path) = self.poll(false).await;
                let look = (admin.clone(), path.clone(), Seen::Phase("open"));
                post(&admin, format!("{path}/open"), json!({}), look)
            }
            Kind::Close => {
                let (_, path) = self.poll(true).await;
                let look = (admin.clone(), path.clone(), Seen::Phase("closed"));
                post(&admin, format!("{path}/close"), json!({}), look)
            }
            Kind::Ask => {
                let (_, path) = self.poll(true).await;
                let questions = format!("{path}/questions");
                let look = Seen::Listed("questions", "Is the organ original?".into(), 1);
                let look = (admin, questions.clone(), look);
                post(&buyer, questions, json!({ "text": "Is the organ original?" }), look)
            }
        }
    }

    /// Kills the server at `step` of `case`, and sees that it happened once.
    async fn kill_at(&mut self, step: Step, kind: Kind, case: Case) {
        let Case { by, method, path, body, look } = case;
        let key = new_key();
        std::fs::write(&self.order, step.name()).unwrap();
        let asking = {
            let (by, method, path, key, body) =
                (by.clone(), method.clone(), path.clone(), key.clone(), body.clone());
            tokio::spawn(async move { by.ask(method, &path, Some(&key), Some(&body)).await })
        };
        self.server.killed(PASSED_WITHIN).await;
        assert!(!self.order.exists(), "it was killed at {step:?}");
        self.server.run();
        let told = asking.await.unwrap().unwrap_or_else(|e| panic!("{kind:?} at {step:?}: {e}"));
        let again = by.ask(method, &path, Some(&key), Some(&body)).await;
        let again = again.unwrap_or_else(|e| panic!("{kind:?} again after {step:?}: {e}"));
        for name in ["id", "hold_id", "number", "seats"] {
            assert_eq!(told[name], again[name], "{kind:?} at {step:?} has one outcome");
        }
        check(&look).await.unwrap_or_else(|seen| panic!("{kind:?} at {step:?}: {seen}"));
        self.tidy().await;
    }

    /// One buyer may have ten seats at once.
    async fn tidy(&self) {
        let seats = self.buyer.get(&format!("{}/seats", self.showing)).await.unwrap();
        for hold in seats["mine"]["holds"].as_array().unwrap() {
            let hold = hold["hold_id"].as_str().unwrap();
            self.buyer.delete(&format!("{}/holds/{hold}", self.showing)).await.unwrap();
        }
        for booking in seats["mine"]["bookings"].as_array().unwrap() {
            if booking["status"] == "paid" {
                let path = format!("/api/bookings/{}/cancel", booking["id"].as_str().unwrap());
                self.buyer.post(&path, json!({})).await.unwrap();
            }
        }
    }
}

/// Sees what must be there; says what is there instead.
async fn check((by, path, seen): &(Client, String, Seen)) -> Result<(), Value> {
    let there = by.get(path).await.unwrap();
    let holds = match seen {
        Seen::Seat(seat, state) => {
            let rows = there["rows"].as_array().unwrap().iter();
            let mut seats = rows.flat_map(|row| row["seats"].as_array().unwrap());
            seats.any(|s| s["id"] == **seat && s["state"] == *state)
        }
        Seen::Ballots(many) => there["tally"]["ballots"] == *many,
        Seen::Phase(phase) => there["poll"]["phase"] == *phase,
        Seen::Listed(list, name, many) => {
            let of = |thing: &&Value| thing["title"] == **name || thing["text"] == **name;
            there[list].as_array().unwrap().iter().filter(of).count() == *many
        }
        Seen::Name(name) => there["name"] == **name,
    };
    if holds { Ok(()) } else { Err(there) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_step_of_any_command_leaves_it_done_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::open(&folder).await;
    for kind in KINDS {
        for step in STEPS {
            let case = house.case(kind).await;
            house.kill_at(step, kind, case).await;
        }
    }
}

/// Somebody who follows what a command is about.
enum Follows {
    Seats(Follower),
    Tallies(Tallies),
}

impl Follows {
    fn of(case: &Case) -> Self {
        let id = case.path.split('/').nth(3).unwrap();
        let path = &case.look.1;
        match path.starts_with("/api/polls") {
            true => Self::Tallies(Tallies::of(id)),
            false => Self::Seats(Follower::of(path.split('/').nth(3).unwrap())),
        }
    }

    /// Goes on from where it was, on a connection of its own.
    async fn go_on(&mut self, house: &House) -> Live {
        let mut live = Live::connect(&house.server.base(), house.admin.token()).await.unwrap();
        let followed = match self {
            Self::Seats(seats) => seats.subscribe(&mut live).await,
            Self::Tallies(tallies) => tallies.subscribe(&mut live).await,
        };
        followed.unwrap_or_else(|error| panic!("a follower: {error}"));
        live
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_broadcast_leaves_no_follower_with_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::open(&folder).await;
    for kind in &KINDS[..TOLD] {
        let case = house.case(*kind).await;
        let mut followers = [Follows::of(&case), Follows::of(&case)];
        let [one, other] = &mut followers;
        let connections = [one.go_on(&house).await, other.go_on(&house).await];
        house.kill_at(Step::MidBroadcast, *kind, case).await;
        drop(connections);
        for follower in &mut followers {
            follower.go_on(&house).await;
            if let Follows::Seats(seats) = follower {
                assert_eq!((seats.recovered, seats.anew), (1, 1), "{kind:?}: from its own offset");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_a_snapshot_and_the_compaction_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::open(&folder).await;
    let holds = format!("{}/holds", house.showing);
    std::fs::write(&house.order, Step::BeforeCompaction.name()).unwrap();
    let mut sent = 0_u32;
    // A snapshot is stored once 256 records lie behind the one before.
    while house.order.exists() {
        sent += 1;
        assert!(sent < 400, "a snapshot is stored");
        let seat =
            format!("{}{}", char::from(b'A' + u8::try_from(sent % 8).unwrap()), 1 + sent % 25);
        let body = json!({ "seats": [seat] });
        let asking = house.buyer.ask(reqwest::Method::POST, &holds, None, Some(&body));
        let asked = tokio::time::timeout(Duration::from_millis(500), asking).await;
        let Ok(Ok(hold)) = asked else { continue };
        let hold = format!("{holds}/{}", hold["hold_id"].as_str().unwrap());
        let _ = tokio::time::timeout(Duration::from_millis(500), house.buyer.delete(&hold)).await;
    }
    house.server.killed(PASSED_WITHIN).await;
    house.server.run();
    let seats = house.buyer.get(&format!("{}/seats", house.showing)).await.unwrap();
    let totals = &seats["seats"];
    assert_eq!(totals["total"], 200);
    house.tidy().await;
    let case = house.case(Kind::Buy).await;
    house.kill_at(Step::AfterSync, Kind::Buy, case).await;
}
