//! Hidden results leak on no way out: two polls in which as many voted look the same to everybody, byte
//! for byte and frame for frame, whatever was voted. Every kind of poll.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use playhouse_loadtest::client::Client;
use playhouse_loadtest::presenter::Presenter;
use playhouse_loadtest::voter::{Door, Vote, Voter};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::{id_of, open_poll};
use crate::server::Server;

/// How long a frame may take to come.
const SOON: Duration = Duration::from_secs(20);

/// What tells any two polls apart, whatever is voted in them. All of it has one length.
const TELLS_APART: [&str; 12] = [
    "id",
    "join_code",
    "opened_at",
    "closes_at",
    "closed_at",
    "server_time",
    "hash",
    "closing",
    "ballot_key",
    "channel",
    "epoch",
    "head",
];

/// Words and names that are hidden, which nobody must find anywhere.
const HIDDEN: [&str; 4] = ["wistful", "a much longer word", "Wilhelmina", "Zoe"];

/// `value` without what tells any two polls apart, and without what a voter said themselves.
fn alike(mut value: Value) -> String {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(parts) => {
                for (name, part) in parts {
                    match part {
                        Value::String(_) if TELLS_APART.contains(&name.as_str()) => {
                            *part = json!("…");
                        }
                        _ => strip(part),
                    }
                }
            }
            Value::Array(parts) => parts.iter_mut().for_each(strip),
            _ => {}
        }
    }
    if let Some(vote) = value.pointer_mut("/mine/vote").and_then(Value::as_object_mut) {
        vote.retain(|part, _| !["choice", "words", "name"].contains(&part.as_str()));
    }
    strip(&mut value);
    value.to_string()
}

/// Somebody in the hall who follows the poll, and sees every frame as it comes.
struct Hall(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Hall {
    async fn enter(server: &Server, channel: &str) -> Self {
        let url = server.base().replacen("http", "ws", 1);
        let (mut socket, _) = connect_async(format!("{url}/connection/websocket")).await.unwrap();
        let follow = json!({ "id": 2, "subscribe": { "channel": channel } });
        let both = format!("{}\n{follow}", json!({ "id": 1, "connect": {} }));
        socket.send(Message::text(both)).await.unwrap();
        Self(socket)
    }

    /// The next line that tells something of the poll: how long it is, and what it says.
    async fn next(&mut self) -> (String, Value) {
        loop {
            let frame = tokio::time::timeout(SOON, self.0.next()).await.expect("a frame comes");
            let Message::Text(text) = frame.expect("it stays open").unwrap() else { continue };
            for line in text.lines() {
                let said: Value = serde_json::from_str(line).unwrap();
                if said.get("push").is_some() || said.get("subscribe").is_some() {
                    let noted = format!("hall, {} bytes: {}", line.len(), alike(said.clone()));
                    return (noted, said);
                }
            }
        }
    }
}

/// Everything that is told of one poll.
struct Watch<'a> {
    server: &'a Server,
    poll: Value,
    path: String,
    hall: Hall,
    told: Vec<String>,
}

impl Watch<'_> {
    /// Takes down the next frame in the hall.
    async fn frame(&mut self) {
        let (noted, _) = self.hall.next().await;
        self.told.push(noted);
    }

    /// Takes down what `who` gets by REST: the whole answer, and how long each part of it is.
    async fn look(&mut self, who: Option<&Client>) {
        for path in [self.path.clone(), format!("{}/export.csv", self.path)] {
            let mut asked = reqwest::Client::new().get(format!("{}{path}", self.server.base()));
            if let Some(token) = who.and_then(Client::token) {
                asked = asked.bearer_auth(token);
            }
            let answer = asked.send().await.unwrap();
            let status = answer.status();
            let head: usize = answer
                .headers()
                .iter()
                .map(|(name, value)| name.as_str().len() + value.len())
                .sum();
            let body = answer.text().await.unwrap();
            let said: Value = serde_json::from_str(&body).unwrap_or_else(|_| json!(body));
            // One's own part is as long as what one said.
            let own = said.pointer("/mine/vote").is_some_and(Value::is_object);
            let sizes = if own { (0, 0) } else { (head, body.len()) };
            let said = alike(said);
            self.told.push(format!("{}, {status}, {sizes:?} bytes: {said}", who.is_some()));
        }
    }

    /// Votes, over whichever way `voter` has; takes down the receipt.
    async fn vote(&mut self, voter: &mut Voter, vote: &Vote) {
        let id = id_of(&self.poll).to_owned();
        let receipt = match self.poll["secret"] == true {
            true => {
                let ballot = voter.ballot(&self.poll, None).await.unwrap();
                voter.cast(&id, &ballot, vote).await.unwrap()
            }
            false => voter.vote(&id, vote).await.unwrap(),
        };
        self.told.push(alike(json!(receipt)));
    }
}

/// All that is told of a poll that asks `asks`, in which everybody votes for `vote` and one changes it to
/// `change` where that is allowed, until its results are revealed; and then.
async fn told(
    server: &Server,
    presenter: &Presenter,
    asks: &Value,
    vote: &Vote,
) -> [Vec<String>; 2] {
    let (poll, path) = open_poll(presenter.client(), asks.clone()).await;
    let id = id_of(&poll).to_owned();
    let hall = Hall::enter(server, &format!("poll:{id}")).await;
    let mut seen = Watch { server, poll, path, hall, told: Vec::new() };
    seen.frame().await;
    let stranger = Voter::join(&server.client(), Door::Poll(&id)).await.unwrap();
    let mut voters = Vec::new();
    for n in 0..3 {
        let mut voter = Voter::join(&server.client(), Door::Poll(&id)).await.unwrap();
        if n == 1 {
            voter.go_live().await.unwrap();
        }
        seen.vote(&mut voter, vote).await;
        seen.frame().await;
        for who in [None, Some(stranger.client()), Some(voter.client())] {
            seen.look(who).await;
        }
        voters.push(voter);
    }
    if seen.poll["change"] == true && seen.poll["secret"] == false {
        // Nothing is said of it in the hall: the next frame is that of the closing.
        let change = if asks["kind"] == "words" { Vote::words(&["c"]) } else { Vote::options([1]) };
        seen.vote(&mut voters[0], &change).await;
        seen.look(None).await;
    }
    if let Some(word) = vote.words.as_ref().and_then(|words| words.first())
        && seen.poll["secret"] == false
    {
        presenter.word(&id, word, true).await.unwrap();
        presenter.word(&id, word, false).await.unwrap();
        seen.look(None).await;
    }
    if asks["results"] == "presenter" {
        presenter.close(&id).await.unwrap();
        seen.frame().await;
        for who in [None, Some(stranger.client()), Some(voters[0].client())] {
            seen.look(who).await;
        }
        presenter.reveal(&id).await.unwrap();
    } else {
        presenter.close(&id).await.unwrap();
    }
    let hidden = std::mem::take(&mut seen.told);
    seen.frame().await;
    seen.look(None).await;
    [hidden, seen.told]
}

/// What is asked, and what is voted in the one poll and in the other: of other sizes where there are such.
fn kinds() -> Vec<(Value, Vote, Vote)> {
    let abc = json!(["A", "B", "C"]);
    vec![
        (json!({ "kind": "single", "options": abc }), Vote::options([0]), Vote::options([2])),
        (
            json!({ "kind": "multiple", "options": abc, "max": 3 }),
            Vote::options([0]),
            Vote::options([0, 1, 2]),
        ),
        (json!({ "kind": "rating", "options": [] }), Vote::options([5]), Vote::options([2])),
        (json!({ "kind": "ranked", "options": abc }), Vote::options([0]), Vote::options([2, 1, 0])),
        (
            json!({ "kind": "words", "options": [], "max": 2 }),
            Vote::words(&[HIDDEN[0]]),
            Vote::words(&[HIDDEN[1], "b"]),
        ),
        (
            json!({ "kind": "quiz", "options": abc, "right": 0, "seconds": 600 }),
            Vote::options([0]).named(HIDDEN[2]),
            Vote::options([2]).named(HIDDEN[3]),
        ),
    ]
}

async fn looks_alike(server: &Server, presenter: &Presenter, asks: &Value, votes: [&Vote; 2]) {
    let [one, shown] = told(server, presenter, asks, votes[0]).await;
    let [other, otherwise] = told(server, presenter, asks, votes[1]).await;
    assert!(one.len() > 20, "much was told: {one:?}");
    assert_eq!(one, other, "{asks}");
    for text in &one {
        let tells = ["counts", "words\":[", "distinct", "runoff", "best\":", "score\":{"];
        assert!(!tells.iter().any(|part| text.contains(part)), "{asks}: {text}");
        assert!(!HIDDEN.iter().any(|word| text.contains(word)), "{asks}: {text}");
    }
    assert_ne!(shown, otherwise, "{asks}: what is revealed does differ");
}

/// Figures of sizes are told in steps, so that no single vote shows in them; and nothing is named.
async fn figures_and_log_tell_nothing(server: &Server) {
    let figures = server.client().text("/metrics").await.unwrap();
    let size = |line: &str| line.rsplit(' ').next().and_then(|n| n.parse::<f64>().ok());
    for (name, step) in [
        ("playhouse_rooms_bytes{kind=\"poll\"}", 1024.0),
        ("_sent_bytes_total", 65_536.0),
        ("_received_bytes_total", 65_536.0),
    ] {
        let line = figures.lines().find(|line| !line.starts_with('#') && line.contains(name));
        let bytes = line.and_then(size).unwrap_or_else(|| panic!("no {name} in {figures}"));
        assert_eq!(bytes % step, 0.0, "{name}");
    }
    let log = server.logged();
    for word in HIDDEN {
        assert!(!figures.contains(word) && !log.contains(word), "'{word}' is told");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_results_leak_on_no_way_out() {
    let server = Server::start();
    let presenter = Presenter::new(server.admin().await);
    for (kind, one, other) in kinds() {
        for results in ["presenter", "after_close"] {
            let mut asks = kind.clone();
            asks["results"] = json!(results);
            asks["change"] = json!(kind["kind"] != "quiz");
            looks_alike(&server, &presenter, &asks, [&one, &other]).await;
        }
    }
    figures_and_log_tell_nothing(&server).await;
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_results_of_secret_polls_leak_on_no_way_out() {
    let server = Server::start();
    let presenter = Presenter::new(server.admin().await);
    for (kind, one, other) in kinds().into_iter().filter(|(kind, ..)| kind["kind"] != "quiz") {
        let mut asks = kind.clone();
        asks["results"] = json!("presenter");
        asks["secret"] = json!(true);
        looks_alike(&server, &presenter, &asks, [&one, &other]).await;
    }
    figures_and_log_tell_nothing(&server).await;
    server.saw_no_panic();
}
