//! Four seats side by side, bought with the keyboard and accessible names alone, while 200 rivals buy around
//! them; on the map and in the list.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fantoccini::key::Key;
use playhouse_loadtest::buyer::{Buyer, No};
use playhouse_loadtest::client::Client;
use playhouse_loadtest::house::all;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::reader::Reader;
use super::{Driver, LOOK_EVERY, WITHIN, is_live, log_in, no_error_in_the_console};
use crate::race::arrive;
use crate::server::{Server, seed, showing};

const RIVALS: usize = 200;

/// The house: so large that the rivals, who have two seats each at most, leave seats side by side.
const ROWS: u8 = 20;
const SEATS: u16 = 30;

/// How many rivals have their turn with each key that the buyer presses. 2: almost every second time that four
/// seats are chosen is in vain. That they wait for the keys, and not for a clock, makes it as hard on a busy
/// machine as on an idle one.
const TURNS: usize = 2;

/// How many rivals may be at it at most when the next key is pressed: they keep up with the keys.
const BEHIND_MAX: usize = 16;

/// How long it may take until each rival has bought once. 2 min: a debug build on a busy machine; usual is 5 s.
const FIRST_WITHIN: Duration = Duration::from_secs(120);

/// How often the buyer chooses four seats at most.
const TRIES: usize = 40;

struct House {
    path: String,
    id: String,
    /// The rivals' turns; closed when they are to go home.
    turns: Semaphore,
    /// How many of them are at it.
    acting: AtomicUsize,
    bought: AtomicUsize,
}

/// A rival buys one or two seats side by side, wherever, with each turn, and cancels what they had.
async fn rival(house: Arc<House>, client: Client, mut chance: StdRng) {
    let mut way = Buyer::Rest(client.clone());
    let mut mine: Option<String> = None;
    while let Ok(turn) = house.turns.acquire().await {
        turn.forget();
        house.acting.fetch_add(1, Ordering::Relaxed);
        if let Some(booking) = mine.take() {
            client.post(&format!("/api/bookings/{booking}/cancel"), json!({})).await.unwrap();
        }
        mine = buy(&house, &mut way, &mut chance).await;
        house.acting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Tries until seats are bought, or the house is as good as full; the booking.
async fn buy(house: &House, way: &mut Buyer, chance: &mut StdRng) -> Option<String> {
    for _ in 0..50 {
        let row = char::from(b'A' + chance.random_range(0..ROWS));
        let group = chance.random_range(1..=2);
        let first = chance.random_range(1..=SEATS - group + 1);
        let seats: Vec<String> = (first..first + group).map(|n| format!("{row}{n}")).collect();
        let hold = match way.hold(&house.id, json!({ "seats": seats })).await {
            Ok(hold) => hold,
            Err(no @ No::Unanswered(_)) => panic!("{no}"),
            Err(_) => continue,
        };
        let booking = way.purchase(&house.id, hold["hold_id"].as_str().unwrap(), "ok").await;
        house.bought.fetch_add(1, Ordering::Relaxed);
        return booking.unwrap()["id"].as_str().map(str::to_owned);
    }
    None
}

/// A seat as its accessible name tells it: row, number, state.
type Seat = (char, u16, String);

/// Reads "Row C, seat 7, standard, 9.50 EUR, free".
fn seat(name: &str) -> Option<Seat> {
    let mut parts = name.strip_prefix("Row ")?.split(", ");
    let row = parts.next()?.chars().next()?;
    let number = parts.next()?.strip_prefix("seat ")?.parse().ok()?;
    Some((row, number, parts.last()?.to_owned()))
}

/// The scripted buyer.
struct Scripted<'a> {
    reader: Reader<'a>,
    house: &'a House,
    chance: StdRng,
    /// True while the seats are a list: then up and down go from seat to seat, left and right from row to row.
    list: bool,
}

impl Scripted<'_> {
    async fn press(&self, key: impl Into<char>) {
        let deadline = Instant::now() + WITHIN;
        while self.house.acting.load(Ordering::Relaxed) > BEHIND_MAX {
            assert!(Instant::now() < deadline, "the rivals do not come to an end");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.house.turns.add_permits(TURNS);
        self.reader.press(key).await;
    }

    /// The states of all seats, as they are told now.
    async fn seats(&self) -> Vec<Seat> {
        self.reader.all("button").await.iter().filter_map(|name| seat(name)).collect()
    }

    /// Four seats side by side that are free or chosen: as many chosen as can be, else by chance. The first.
    async fn four(&mut self) -> (char, u16) {
        let seats = self.seats().await;
        assert_eq!(seats.len(), usize::from(ROWS) * usize::from(SEATS), "every seat has a name");
        let with = |wanted: &str| -> BTreeSet<(char, u16)> {
            let some = seats.iter().filter(|(.., state)| state == wanted);
            some.map(|(row, number, _)| (*row, *number)).collect()
        };
        let (free, chosen) = (with("free"), with("chosen"));
        let mut found: Vec<((char, u16), usize)> = Vec::new();
        for (row, first) in free.union(&chosen) {
            let four: Vec<_> = (*first..first + 4).map(|n| (*row, n)).collect();
            if four.iter().all(|seat| free.contains(seat) || chosen.contains(seat)) {
                found.push(((*row, *first), four.iter().filter(|s| chosen.contains(s)).count()));
            }
        }
        let most = found.iter().map(|(_, chosen)| *chosen).max().expect("four are side by side");
        found.retain(|(_, chosen)| *chosen == most);
        found.choose(&mut self.chance).expect("there are some").0
    }

    /// Goes by arrow keys to a seat; its name there.
    async fn go(&self, (row, number): (char, u16)) -> String {
        let at = match seat(&self.reader.here().await) {
            Some(at) => at,
            None => seat(&self.reader.reach(|name| seat(name).is_some()).await).unwrap(),
        };
        let [along, back, down, up] = match self.list {
            true => [Key::Down, Key::Up, Key::Right, Key::Left],
            false => [Key::Right, Key::Left, Key::Down, Key::Up],
        };
        let rows = i32::from(row as u8) - i32::from(at.0 as u8);
        let seats = i32::from(number) - i32::from(at.1);
        for (steps, forth, back) in [(rows, down, up), (seats, along, back)] {
            for _ in 0..steps.abs() {
                self.press(if steps > 0 { forth } else { back }).await;
            }
        }
        let here = self.reader.here().await;
        assert!(
            here.starts_with(&format!("Row {row}, seat {number},")),
            "the keys lead to '{here}'"
        );
        here
    }

    /// Makes these four seats the chosen ones; false if somebody was faster. `meanwhile` happens halfway.
    async fn choose(&mut self, (row, first): (char, u16), meanwhile: Option<&Client>) -> bool {
        let wanted: BTreeSet<(char, u16)> = (first..first + 4).map(|n| (row, n)).collect();
        for (row, number, state) in self.seats().await {
            if state == "chosen"
                && !wanted.contains(&(row, number))
                && self.go((row, number)).await.ends_with("chosen")
            {
                self.press(' ').await;
            }
        }
        for (done, (row, number)) in wanted.into_iter().enumerate() {
            if let (2, Some(thief)) = (done, meanwhile) {
                let seats = json!({ "seats": [format!("{row}{first}")] });
                // If somebody else was faster still it is lost as well.
                let _ = thief.post(&format!("{}/holds", self.house.path), seats).await;
                self.reader.hear("no longer free").await;
                return false;
            }
            let name = self.go((row, number)).await;
            if name.ends_with("free") {
                self.press(' ').await;
            }
            if !self.reader.here().await.ends_with("chosen") {
                return false;
            }
        }
        true
    }

    /// Holds what is chosen and pays; false if somebody was faster.
    async fn hold_and_pay(&self) -> bool {
        let hold =
            self.reader.reach(|name| name.starts_with("Hold ") || seat(name).is_some()).await;
        if hold != "Hold 4 seats" {
            return false;
        }
        self.press(Key::Enter).await;
        // The focus goes on to the payment; where somebody was faster it stays, at fewer seats.
        let less = |name: &str| {
            name.starts_with("Hold ") && name != "Hold 4 seats" || name == "Best seats"
        };
        let next = self.reader.arrive(|name| name == "Pay 38.00 EUR" || less(name)).await;
        if less(&next) {
            return false;
        }
        self.press(Key::Enter).await;
        self.reader.arrive(|name| name == "See booking").await;
        true
    }

    /// Buys four seats side by side; how often it was tried. Of the first try one seat is stolen by `thief`.
    async fn buy(&mut self, thief: &Client) -> usize {
        for tried in 0..TRIES {
            let four = self.four().await;
            let meanwhile = Some(thief).filter(|_| tried == 0);
            if self.choose(four, meanwhile).await && self.hold_and_pay().await {
                return tried + 1;
            }
        }
        panic!("somebody was faster {TRIES} times");
    }
}

/// The seats of one's paid bookings, each booking's in order.
async fn paid(client: &Client) -> Vec<Vec<(char, u16)>> {
    let bookings = all(client, "/api/bookings").await.unwrap();
    let paid = bookings.iter().filter(|booking| booking["status"] == "paid");
    let place = |name: &Value| {
        let name = name.as_str().expect("a seat has a name");
        (name.chars().next().unwrap(), name[1..].parse().unwrap())
    };
    let seats = |booking: &Value| {
        let mut seats: Vec<_> = booking["seats"].as_array().unwrap().iter().map(place).collect();
        seats.sort_unstable();
        seats
    };
    paid.map(seats).collect()
}

/// The buyer has four seats side by side, twice; no seat is sold twice, and all that is sold is somebody's.
async fn check_sales(house: &House, admin: &Client, ann: &Client, people: &[Client]) {
    let own = paid(ann).await;
    assert_eq!(own.len(), 2, "bought twice: {own:?}");
    for four in &own {
        let (row, first) = four[0];
        assert_eq!(*four, (first..first + 4).map(|n| (row, n)).collect::<Vec<_>>(), "side by side");
    }
    let mut sold: Vec<(char, u16)> = own.into_iter().flatten().collect();
    for client in people {
        sold.extend(paid(client).await.into_iter().flatten());
    }
    let map = admin.get(&format!("{}/seats", house.path)).await.unwrap();
    assert_eq!(map["seats"]["sold"], sold.len(), "what is sold is whose it is");
    assert_eq!(sold.iter().collect::<BTreeSet<_>>().len(), sold.len(), "no seat is sold twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scripted_buyer_with_keyboard_and_names_alone_buys_four_seats_together_among_200_rivals()
{
    let Some(driver) = Driver::start() else { return };
    let seed = seed();
    let server = Server::with(&[
        ("PLAYHOUSE_LIMITS_REGISTRATIONS", "1000"),
        ("PLAYHOUSE_LOG_LEVEL", "warn"),
    ]);
    let admin = server.admin().await;
    let path = showing(&admin, ROWS, SEATS).await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    let turns = Semaphore::new(RIVALS);
    let [acting, bought] = [0, 0].map(AtomicUsize::new);
    let house = Arc::new(House { path, id, turns, acting, bought });
    let people = arrive(&server, RIVALS).await;
    let mut crowd = JoinSet::new();
    for (n, client) in people.iter().cloned().enumerate() {
        let chance = StdRng::seed_from_u64(seed.wrapping_add(n as u64));
        crowd.spawn(rival(house.clone(), client, chance));
    }
    let ann = server.person("ann").await;
    let page = driver.browser("ann").await;
    log_in(&page, &server, "ann", "a long password", &house.path.replace("/api", "")).await;
    is_live(&page).await;
    let deadline = Instant::now() + FIRST_WITHIN;
    while house.bought.load(Ordering::Relaxed) < RIVALS {
        assert!(crowd.try_join_next().is_none(), "a rival went home");
        assert!(Instant::now() < deadline, "not everybody has seats");
        tokio::time::sleep(LOOK_EVERY).await;
    }

    let chance = StdRng::seed_from_u64(!seed);
    let reader = Reader::of(&driver, &page);
    let mut buyer = Scripted { reader, house: &house, chance, list: false };
    for (list, view) in [(false, "map"), (true, "list")] {
        if list {
            buyer.reader.reach(|name| name == "List view").await;
            buyer.press(Key::Enter).await;
            buyer.list = true;
        }
        let before = house.bought.load(Ordering::Relaxed);
        let tries = buyer.buy(&admin).await;
        let others = house.bought.load(Ordering::Relaxed) - before;
        println!("{view}: bought at try {tries}; the rivals bought {others} times meanwhile");
        assert!(others >= 20, "the rivals buy around it: {others} times");
    }
    house.turns.close();
    while let Some(done) = crowd.join_next().await {
        done.unwrap();
    }

    check_sales(&house, &admin, &ann, &people).await;
    no_error_in_the_console(&driver, &page, &[("/holds", 409)]).await;
    page.close().await.unwrap();
    server.saw_no_panic();
}
