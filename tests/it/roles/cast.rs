//! Who asks, and the things that belong to others.

use std::collections::BTreeMap;

use playhouse_loadtest::client::Client;
use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{ADMIN, Server};

pub(super) const PASSWORD: &str = "a long password";

/// Those who ask, in the order of the table's signs.
pub(super) const ROLES: [&str; 5] = ["nobody", "voter", "user", "organizer", "administrator"];

/// Their accounts.
const NAMES: [&str; 5] = ["", "", "uma", "otto", "admin"];

/// A house in which everything belongs to Ann, who buys, or to Olga, who presents.
pub(super) struct Cast {
    pub(super) server: Server,
    pub(super) ann: Client,
    olga: Client,
    http: reqwest::Client,
    /// What each name in a path stands for.
    pub(super) things: BTreeMap<&'static str, String>,
    /// The bearer tokens of the roles.
    tokens: [Option<String>; 5],
    asked: usize,
}

/// What somebody was answered.
pub(super) struct Told {
    pub(super) status: u16,
    pub(super) text: String,
}

fn password(role: usize) -> &'static str {
    if NAMES[role] == "admin" { ADMIN } else { PASSWORD }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

impl Cast {
    pub(super) async fn meet() -> Self {
        let tier = if nix::unistd::geteuid().is_root() { "full" } else { "rootless-no-cgroup" };
        let server = Server::with(&[
            ("PLAYHOUSE_CINEMA_HOLD", "10m"),
            ("PLAYHOUSE_JUDGE_ENABLED", "true"),
            ("PLAYHOUSE_JUDGE_TIER", tier),
            // No compiler is asked for its version: modules need none.
            ("PATH", "/none"),
        ]);
        let admin = server.admin().await;
        let ann = server.person("ann").await;
        let mut cast = Self {
            olga: organizer(&server, &admin, "olga").await,
            http: reqwest::Client::new(),
            things: BTreeMap::new(),
            tokens: Default::default(),
            asked: 0,
            ann,
            server,
        };
        organizer(&cast.server, &admin, "otto").await;
        cast.server.person("uma").await;
        cast.sell_out().await;
        cast.present().await;
        cast.host().await;
        cast.gather().await;
        let me = cast.ann.get("/api/accounts/me").await.unwrap();
        cast.things.insert("id", text(&me, "id"));
        cast.things.insert("room", format!("account:{}", text(&me, "id")));
        for (name, thing) in [("record", "1"), ("part", "A1"), ("name", "no.backup")] {
            cast.things.insert(name, thing.to_owned());
        }
        for role in 2..ROLES.len() {
            cast.log_in(role).await;
        }
        cast
    }

    /// Ann has booked A1, holds A2, and waits, since Olga's friends have the rest.
    async fn sell_out(&mut self) {
        let showing = crate::server::showing(&self.olga, 1, 4).await;
        let hold = self.hold(&self.ann, &showing, json!(["A1"])).await;
        let body = json!({ "payment_token": "ok", "name": "Marked Ann" });
        let booking =
            self.ann.post(&format!("{showing}/holds/{hold}/purchase"), body).await.unwrap();
        let held = self.hold(&self.ann, &showing, json!(["A2"])).await;
        self.hold(&self.olga, &showing, json!(["A3", "A4"])).await;
        let wait =
            self.ann.post(&format!("{showing}/waitlist"), json!({ "count": 2 })).await.unwrap();
        let whole = self.ann.get(&showing).await.unwrap();
        self.things.insert("showing", text(&whole, "id"));
        self.things.insert("movie", text(&whole, "movie_id"));
        self.things.insert("screen", text(&whole, "screen_id"));
        self.things.insert("booking", text(&booking, "id"));
        self.things.insert("hold", held);
        self.things.insert("wait", text(&wait, "wait_id"));
    }

    async fn hold(&self, who: &Client, showing: &str, seats: Value) -> String {
        let hold = who.post(&format!("{showing}/holds"), json!({ "seats": seats })).await;
        text(&hold.expect("the seats are free"), "hold_id")
    }

    /// Olga has a poll whose results are hidden, a question in it, and a series.
    async fn present(&mut self) {
        let poll = json!({ "title": "Olga's", "kind": "single", "options": ["A", "B"],
            "results": "presenter", "questions": "open" });
        let poll = self.olga.post("/api/polls", poll).await.unwrap();
        let path = format!("/api/polls/{}", text(&poll, "id"));
        self.olga.post(&format!("{path}/open"), json!({})).await.unwrap();
        let joined = json!({ "poll_id": poll["id"] });
        let join = async || {
            let joined = self.server.client().post("/api/polls/join", joined.clone()).await;
            text(&joined.unwrap(), "voter_token")
        };
        let (token, other) = (join().await, join().await);
        self.tokens[1] = Some(token);
        let question = json!({ "text": "Why?" });
        let question = self
            .server
            .client()
            .with_token(&other)
            .post(&format!("{path}/questions"), question)
            .await
            .unwrap();
        let series = json!({ "title": "Olga's", "polls": [poll["id"]] });
        let series = self.olga.post("/api/series", series).await.unwrap();
        self.things.insert("poll", text(&poll, "id"));
        self.things.insert("question", question["id"].to_string());
        self.things.insert("series", text(&series, "id"));
    }

    /// Olga has a match that nobody is in.
    async fn host(&mut self) {
        let made =
            self.olga.post("/api/games/arena/sessions", json!({ "seats": 8 })).await.unwrap();
        self.things.insert("session", text(&made, "id"));
        self.things.insert("game", "arena".to_owned());
        // And a tournament, for which nobody has registered.
        let soon = (jiff::Timestamp::now() + std::time::Duration::from_secs(86_400)).to_string();
        let cup =
            json!({ "title": "Olga's", "game": "arena", "format": "swiss", "starts_at": soon });
        let cup = self.olga.post("/api/tournaments", cup).await.unwrap();
        self.things.insert("tournament", text(&cup, "id"));
        self.contest(&soon).await;
        self.things.insert("soon", soon);
    }

    /// Olga has a contest that has not begun, with a problem and a question of Ann.
    async fn contest(&mut self, soon: &str) {
        let later = (jiff::Timestamp::now() + std::time::Duration::from_secs(90_000)).to_string();
        let contest = json!({ "title": "Olga's", "starts_at": soon, "ends_at": later });
        let contest = self.olga.post("/api/contests", contest).await.unwrap();
        let path = format!("/api/contests/{}", text(&contest, "id"));
        let problem =
            Some(json!({ "title": "Sums", "tests": [{ "stdin": "1", "expected": "1" }] }));
        let set = format!("{path}/problems/A");
        let key = playhouse_loadtest::client::new_key();
        self.olga.ask(Method::PUT, &set, Some(&key), problem.as_ref()).await.unwrap();
        self.ann.post(&format!("{path}/registration"), json!({})).await.unwrap();
        let asked = json!({ "text": "Why?" });
        let asked = self.ann.post(&format!("{path}/clarifications"), asked).await.unwrap();
        self.things.insert("contest", text(&contest, "id"));
        self.things.insert("clarification", text(&asked, "id"));
        self.things.insert("letter", "A".to_owned());
        self.things.insert("submission", text(&asked, "id"));
        self.things.insert("later", later);
    }

    /// Ann leads a party, looks for a match of her own, and has handed a program in.
    async fn gather(&mut self) {
        let job = json!({ "language": "wat", "source": "(module (func (export \"_start\")))" });
        let job = self.ann.post("/api/jobs", job).await.unwrap();
        self.things.insert("job", text(&job, "id"));
        let party = self.ann.post("/api/parties", json!({})).await.unwrap();
        let ticket = json!({ "game": "arena" });
        let ticket = self.ann.post("/api/match/tickets", ticket).await.unwrap();
        self.things.insert("party", text(&party, "id"));
        self.things.insert("account", text(&party, "leader"));
        self.things.insert("player", text(&party, "leader"));
        self.things.insert("ticket", text(&ticket, "id"));
    }

    async fn log_in(&mut self, role: usize) {
        let client = self.server.client().log_in(NAMES[role], password(role)).await.unwrap();
        self.tokens[role] = client.token().map(str::to_owned);
    }

    /// The bearer token of a role, if it has one.
    pub(super) fn token(&self, role: usize) -> Option<&str> {
        self.tokens[role].as_deref()
    }

    /// A text with its `{names}` filled in.
    pub(super) fn fill(&self, template: &str, role: usize) -> String {
        let mut filled = template.replace("{n}", &self.asked.to_string());
        filled = filled.replace("{password}", password(role));
        for (name, thing) in &self.things {
            filled = filled.replace(&format!("{{{name}}}"), thing);
        }
        filled
    }

    /// Asks as a role.
    pub(super) async fn ask(&mut self, role: usize, method: &str, path: &str, body: &str) -> Told {
        self.asked += 1;
        if self.tokens[role].is_none() && role > 1 {
            self.log_in(role).await;
        }
        let url = format!("{}{path}", self.server.base());
        let mut request = self.http.request(Method::from_bytes(method.as_bytes()).unwrap(), url);
        if let Some(token) = &self.tokens[role] {
            request = request.bearer_auth(token);
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        let answer = request.send().await.unwrap();
        let told = Told { status: answer.status().as_u16(), text: answer.text().await.unwrap() };
        // What ends one's own sessions ends the token too.
        let ends = method == "DELETE" && path.starts_with("/api/sessions");
        if role > 1 && told.status < 300 && (ends || path.ends_with("/password")) {
            self.tokens[role] = None;
        }
        told
    }

    /// What Ann and Olga have, as they see it themselves.
    pub(super) async fn belongings(&self) -> Value {
        let things = |name: &str| &self.things[name];
        let (ann, olga) = (&self.ann, &self.olga);
        let get = async |who: &Client, path: String| who.get(&path).await.unwrap();
        let poll = get(olga, format!("/api/polls/{}", things("poll"))).await;
        let questions = get(olga, format!("/api/polls/{}/questions", things("poll"))).await;
        let mine = get(ann, format!("/api/showings/{}/seats", things("showing"))).await;
        let series = get(olga, format!("/api/series/{}", things("series"))).await;
        let session = get(olga, format!("/api/games/sessions/{}", things("session"))).await;
        let cup = get(olga, format!("/api/tournaments/{}", things("tournament"))).await;
        still(json!({
            "account": get(ann, "/api/accounts/me".to_owned()).await,
            "booking": get(ann, format!("/api/bookings/{}", things("booking"))).await,
            "seats": [mine["mine"]["holds"], mine["mine"]["waits"]],
            "poll": [poll["poll"]["title"], poll["poll"]["phase"], poll["poll"]["options"], poll["poll"]["shown"]],
            "question": questions["questions"][0]["text"],
            "answered": questions["questions"][0]["answered"],
            "series": [series["title"], series["polls"], series["current"]],
            "session": session["phase"],
            "tournament": [cup["phase"], cup["title"], cup["players"]],
        }))
    }
}

/// What was told, without what moves on by itself: the time, and how often others did something.
fn still(mut told: Value) -> Value {
    match &mut told {
        Value::Object(fields) => {
            fields.retain(|name, _| !matches!(name.as_str(), "server_time" | "revision"));
            fields.values_mut().for_each(|value| *value = still(value.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = still(item.take())),
        _ => {}
    }
    told
}

async fn organizer(server: &Server, admin: &Client, name: &str) -> Client {
    let person = server.person(name).await;
    let me = person.get("/api/accounts/me").await.unwrap();
    let path = format!("/api/admin/accounts/{}", text(&me, "id"));
    let role = json!({ "role": "organizer" });
    admin.ask(Method::PATCH, &path, None, Some(&role)).await.unwrap();
    server.client().log_in(name, PASSWORD).await.unwrap()
}
