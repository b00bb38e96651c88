//! Tournaments over real sockets: registering, playing, disputes, kills.

use std::time::{Duration, Instant};

use playhouse_loadtest::client::Client;
use playhouse_loadtest::live::Live;
use playhouse_loadtest::play::find::settings_of;
use playhouse_loadtest::play::journey::Journey;
use playhouse_loadtest::play::pilot::Pilot;
use playhouse_protocol::game::control::ClientControl;
use serde_json::{Value, json};

use crate::server::Server;

/// How long anything may take. 60 s: matches of bots on a busy machine; usual are seconds.
const WITHIN: Duration = Duration::from_secs(60);

/// A tournament on a server of its own: two hit each other once, and results stand at once.
struct Cup {
    server: Server,
    admin: Client,
    path: String,
    people: Vec<Client>,
}

/// An hour from now.
fn later() -> String {
    (jiff::Timestamp::now() + Duration::from_secs(3600)).to_string()
}

impl Cup {
    async fn open(request: Value, names: &[&str]) -> Self {
        let server = Server::start();
        let admin = server.admin().await;
        let mut whole = json!({ "title": "Friday cup", "game": "arena", "starts_at": later(),
            "settings": { "map": "open", "minutes": 1, "frags": 1, "sight": 120 },
            "check_in_minutes": 0, "dispute_minutes": 0, "seeding": "as_entered" });
        for (name, value) in request.as_object().unwrap() {
            whole[name] = value.clone();
        }
        let made = admin.post("/api/tournaments", whole).await.expect("a tournament is made");
        let path = format!("/api/tournaments/{}", made["id"].as_str().unwrap());
        let mut people = Vec::new();
        for name in names {
            let person = server.person(name).await;
            person.post(&format!("{path}/register"), json!({})).await.expect("one can register");
            people.push(person);
        }
        Self { server, admin, path, people }
    }

    async fn act(&self, who: &Client, what: &str, body: Value) -> Result<Value, String> {
        let told = who.post(&format!("{}/{what}", self.path), body).await;
        told.map_err(|error| error.code().to_owned())
    }

    async fn info(&self) -> Value {
        self.admin.get(&self.path).await.expect("the tournament is there")
    }

    /// Waits until `is` holds.
    async fn until(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let info = self.info().await;
            if is(&info) {
                return info;
            }
            assert!(start.elapsed() < WITHIN, "{what} does not come about: {info}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Everybody is known to the server again, which was killed.
    fn again(&mut self) {
        let client = self.server.client();
        for who in std::iter::once(&mut self.admin).chain(&mut self.people) {
            *who = client.with_token(who.token().unwrap());
        }
    }

    /// The match of `pairing`, once it can be entered.
    async fn match_of(&self, pairing: usize) -> String {
        let is = |info: &Value| info["pairings"][pairing]["state"] == "playing";
        let info = self.until("a match", is).await;
        let id = info["pairings"][pairing]["match_id"].as_str().unwrap().to_owned();
        let start = Instant::now();
        while self.admin.get(&format!("/api/games/sessions/{id}")).await.is_err() {
            assert!(start.elapsed() < WITHIN, "the match is not there");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        id
    }
}

/// Plays match `id` as `who` to its end.
async fn play(who: Client, id: String, seed: u64) {
    let mut journey = Journey::join(&who, &id, None).await.expect("there is a seat");
    let settings = settings_of(&journey.session().await.expect("the match is there"));
    let mind = Pilot::new(&settings, journey.way().seat, seed);
    let mut player = journey.come(mind, WITHIN).await.expect("one is let in");
    player.connection.say(&ClientControl::Ready(true)).await.expect("the connection stands");
    let over = player.play(Duration::from_secs(120), |player| player.results.is_some()).await;
    assert!(over.is_ok(), "{over:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tournament_is_made_entered_and_listed() {
    let cup =
        Cup::open(json!({ "format": "elimination", "check_in_minutes": 1440 }), &["ann"]).await;
    let [ann] = &cup.people[..] else { unreachable!() };
    // Check-in has opened at once: to register was to check in.
    let info = cup.until("check-in", |info| info["phase"] == "check_in").await;
    assert!(info["server_time"].is_string() && info["players"][0]["name"] == "ann", "{info}");
    assert_eq!(cup.act(ann, "start", json!({})).await, Err("forbidden".into()));
    let refused = cup.act(&cup.admin, "start", json!({})).await;
    assert_eq!(refused, Err("too_few_players".into()));
    let bob = cup.server.person("bob").await;
    assert_eq!(cup.act(&bob, "check-in", json!({})).await, Err("not_registered".into()));
    cup.act(&cup.admin, "add", json!({ "username": "bob", "name": "Bobby" })).await.unwrap();
    let nobody = cup.act(&cup.admin, "add", json!({ "username": "nobody" })).await;
    assert_eq!(nobody, Err("no_such_user".into()));
    let listed = bob.get("/api/tournaments").await.unwrap();
    assert_eq!(
        (&listed["items"][0]["players"], &listed["items"][0]["phase"]),
        (&json!(2), &json!("check_in"))
    );
    let own = bob.get("/api/tournaments/own").await.unwrap();
    assert_eq!(own["items"][0]["title"], "Friday cup", "{own}");
    cup.act(&cup.admin, "cancel", json!({})).await.unwrap();
    assert_eq!(cup.act(ann, "withdraw", json!({})).await, Err("tournament_over".into()));
    let over = bob.get("/api/tournaments?state=over").await.unwrap();
    assert_eq!(over["items"][0]["phase"], "cancelled", "{over}");
    cup.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_organizers_make_one_and_what_cannot_be_is_refused() {
    let server = Server::start();
    let (ann, admin) = (server.person("ann").await, server.admin().await);
    let request = |format: &str| json!({ "title": "Cup", "game": "arena", "format": format, "starts_at": later() });
    let refused = ann.post("/api/tournaments", request("swiss")).await.unwrap_err();
    assert_eq!(refused.code(), "forbidden");
    for (name, value) in [
        ("rounds", json!(3)),
        ("players_max", json!(1)),
        ("starts_at", json!("2020-01-01T00:00:00Z")),
    ] {
        let mut wrong = request("elimination");
        wrong[name] = value;
        let refused = admin.post("/api/tournaments", wrong).await.unwrap_err();
        assert_eq!(refused.code(), "bad_tournament", "{name}");
    }
    let twice = admin.post("/api/tournaments", request("knockout")).await.unwrap_err();
    assert_eq!(twice.code(), "invalid_body");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_elimination_is_played_to_its_champion_and_everybody_sees_it_live() {
    let cup = Cup::open(json!({ "format": "elimination" }), &["ann", "bob", "cid"]).await;
    let mut live = Live::connect(&cup.server.base(), None).await.unwrap();
    let channel = format!("tournament:{}", cup.path.rsplit('/').next().unwrap());
    let subscribed = live.command("subscribe", json!({ "channel": channel })).await.unwrap();
    assert_eq!(subscribed["data"]["view"]["phase"], "registration", "{subscribed}");
    cup.act(&cup.admin, "start", json!({})).await.unwrap();
    let push = live.push(WITHIN).await.expect("something is published");
    assert!(push.to_string().contains("\"pairings\""), "{push}");
    let semifinal = cup.match_of(1).await;
    tokio::join!(
        play(cup.people[1].clone(), semifinal.clone(), 1),
        play(cup.people[2].clone(), semifinal, 2)
    );
    let info = cup.until("the final", |info| info["pairings"][2]["state"] == "playing").await;
    let winner = info["pairings"][2]["b"].as_u64().unwrap();
    let id = cup.match_of(2).await;
    tokio::join!(
        play(cup.people[0].clone(), id.clone(), 3),
        play(cup.people[winner as usize - 1].clone(), id, 4)
    );
    let info = cup.until("the end", |info| info["phase"] == "concluded").await;
    let mut places: Vec<_> =
        info["players"].as_array().unwrap().iter().map(|one| one["place"].as_u64()).collect();
    places.sort_unstable();
    assert_eq!(places, [Some(1), Some(2), Some(3)], "{info}");
    cup.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_survives_kills_between_the_match_and_the_bracket() {
    let mut cup = Cup::open(json!({ "format": "round_robin" }), &["ann", "bob"]).await;
    cup.act(&cup.admin, "start", json!({})).await.unwrap();
    // Killed with the duty to arrange the match perhaps not done, and again.
    for _ in 0..2 {
        cup.server.kill();
        cup.server.run();
        cup.again();
    }
    let id = cup.match_of(0).await;
    let plays = [(0, 1), (1, 2)]
        .map(|(at, seed)| tokio::spawn(play(cup.people[at].clone(), id.clone(), seed)));
    let start = Instant::now();
    // Killed at the moment at which the match is known to be over, whatever the tournament knows by then.
    loop {
        let info = cup.admin.get(&format!("/api/games/sessions/{id}")).await.unwrap();
        if info["phase"] == "concluded" {
            break;
        }
        assert!(start.elapsed() < WITHIN, "the match does not end: {info}");
    }
    cup.server.kill();
    cup.server.run();
    cup.again();
    plays.iter().for_each(tokio::task::JoinHandle::abort);
    let info = cup.until("the end", |info| info["phase"] == "concluded").await;
    assert_eq!(info["pairings"][0]["matches"], 1, "{info}");
    let points: u64 =
        info["table"].as_array().unwrap().iter().map(|line| line["points"].as_u64().unwrap()).sum();
    assert_eq!(points, 2, "it counts once: {info}");
    cup.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disputed_result_waits_for_its_organizer() {
    let cup =
        Cup::open(json!({ "format": "elimination", "dispute_minutes": 60 }), &["ann", "bob"]).await;
    cup.act(&cup.admin, "start", json!({})).await.unwrap();
    let id = cup.match_of(0).await;
    tokio::join!(play(cup.people[0].clone(), id.clone(), 1), play(cup.people[1].clone(), id, 2));
    cup.until("a result", |info| info["pairings"][0]["state"] == "reported").await;
    let dispute = json!({ "pairing": 0, "text": "the light was bad" });
    cup.act(&cup.people[1], "disputes", dispute).await.unwrap();
    let seen = cup.people[0].get(&cup.path).await.unwrap();
    assert!(seen["pairings"][0]["dispute"]["text"].is_null(), "{seen}");
    let told = cup.info().await;
    assert_eq!(told["pairings"][0]["dispute"]["text"], "the light was bad");
    let ruling = json!({ "pairing": 0, "ruling": "b" });
    assert_eq!(cup.act(&cup.people[1], "decide", ruling.clone()).await, Err("forbidden".into()));
    let row = cup.act(&cup.admin, "decide", ruling).await.unwrap();
    assert_eq!((&row["phase"], &row["winner"]), (&json!("concluded"), &json!("bob")));
    cup.server.saw_no_panic();
}
